/* Whether the headers of a request leave no doubt about where it ends. If they do, a client, a proxy
 * and this server may disagree, and what one takes for a body the other takes for a request of its
 * own (request smuggling). Source: RFC 9112, sections 5.1, 6.1 and 6.3. */
#ifndef HTTP_FRAMING_H
#define HTTP_FRAMING_H

#include <microhttpd.h>

/* What is wrong with the headers, as a sentence, static; NULL: nothing. A request with a fault must
 * be refused, and its connection closed. */
const char *http_framing_fault(struct MHD_Connection *connection, const char *version);

#endif
