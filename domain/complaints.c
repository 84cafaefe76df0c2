#include "domain/complaints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "base/memory.h"
#include "base/text.h"

enum { MESSAGE_MAX = 400 };

#if LIBXML_VERSION >= 21200
typedef const xmlError *complaint;
#else
typedef xmlError *complaint;
#endif

static void keep(void *context, complaint error)
{
    struct domain_complaints *complaints = context;
    if (error->level == XML_ERR_WARNING)
        return;
    if (complaints->count++ >= DOMAIN_COMPLAINTS_KEPT)
        return;
    const char *message = error->message != NULL ? error->message : "it gave no reason";
    size_t length = strcspn(message, "\n");
    auto_free char *text = text_printable(message, length, MESSAGE_MAX);
    char **slot = &complaints->kept[complaints->count - 1];
    /* Only the parser knows columns; int2 means other things elsewhere. */
    bool parser = error->domain == XML_FROM_PARSER || error->domain == XML_FROM_NAMESPACE;
    if (error->line > 0 && parser && error->int2 > 0)
        *slot = xasprintf("line %d, column %d: %s", error->line, error->int2, text);
    else if (error->line > 0)
        *slot = xasprintf("line %d: %s", error->line, text);
    else
        *slot = steal(&text);
}

void domain_complaints_begin(struct domain_complaints *complaints)
{
    *complaints = (struct domain_complaints){
        .outer_handler = xmlStructuredError,
        .outer_context = xmlStructuredErrorContext,
    };
    xmlSetStructuredErrorFunc(complaints, keep);
}

void domain_complaints_end(struct domain_complaints *complaints)
{
    xmlSetStructuredErrorFunc(complaints->outer_context, complaints->outer_handler);
}

char *domain_complaints_text(const struct domain_complaints *complaints)
{
    UT_string text;
    utstring_init(&text);
    for (size_t i = 0; i < complaints->count && i < DOMAIN_COMPLAINTS_KEPT; i++)
        utstring_printf(&text, "%s%s", i > 0 ? "; " : "", complaints->kept[i]);
    if (complaints->count > DOMAIN_COMPLAINTS_KEPT)
        utstring_printf(&text, "; and %zu more", complaints->count - DOMAIN_COMPLAINTS_KEPT);
    return utstring_body(&text);
}

void domain_complaints_clear(struct domain_complaints *complaints)
{
    for (size_t i = 0; i < DOMAIN_COMPLAINTS_KEPT; i++)
        free(complaints->kept[i]);
    *complaints = (struct domain_complaints){0};
}
