/* Collects libxml2's error messages, which it would otherwise print to standard error. Between
 * begin and end, every error on this thread comes here, whichever part of libxml2 raises it
 * (warnings are dropped); end restores the program's own handler. */
#ifndef DOMAIN_COMPLAINTS_H
#define DOMAIN_COMPLAINTS_H

#include <libxml/xmlerror.h>
#include <stddef.h>

enum { DOMAIN_COMPLAINTS_KEPT = 5 };

struct domain_complaints {
    size_t count; /* of all errors, including those that are not kept */
    char *kept[DOMAIN_COMPLAINTS_KEPT]; /* "line 3, column 7: …"; safe to print; owned */
    xmlStructuredErrorFunc outer_handler;
    void *outer_context;
};

/* complaints must not move before domain_complaints_end. */
void domain_complaints_begin(struct domain_complaints *complaints);
void domain_complaints_end(struct domain_complaints *complaints);

/* The kept messages, joined by "; ", and how many more there were. Owned by the caller. */
char *domain_complaints_text(const struct domain_complaints *complaints);

void domain_complaints_clear(struct domain_complaints *complaints);

#endif
