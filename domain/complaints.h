/* What libxml2 complains about, kept. Left alone it prints to standard error whatever no handler
 * takes; between begin and end, every error on this thread comes here (warnings are dropped),
 * whichever of its parts raises it, and then the handler that the program had is put back. */
#ifndef DOMAIN_COMPLAINTS_H
#define DOMAIN_COMPLAINTS_H

#include <libxml/xmlerror.h>
#include <stddef.h>

enum { DOMAIN_COMPLAINTS_KEPT = 5 };

struct domain_complaints {
    size_t count; /* all of them, also those that are not kept */
    char *kept[DOMAIN_COMPLAINTS_KEPT]; /* "line 3, column 7: …"; safe to print; owned */
    xmlStructuredErrorFunc outer_handler;
    void *outer_context;
};

/* complaints stays at its place until the end. */
void domain_complaints_begin(struct domain_complaints *complaints);
void domain_complaints_end(struct domain_complaints *complaints);

/* All that is kept, one after the other with "; " between, and how many more there were. Owned by
 * the caller. */
char *domain_complaints_text(const struct domain_complaints *complaints);

void domain_complaints_clear(struct domain_complaints *complaints);

#endif
