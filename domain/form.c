#include "domain/form.h"

#include <stdlib.h>
#include <string.h>

#include "domain/print.h"
#include "domain/surplus.h"
#include "domain/tree.h"

char *domain_form(const char *xml, size_t length, size_t *out_length, struct error **err)
{
    auto_tree xmlDoc *document = domain_tree_read(xml, length, err);
    if (document == NULL)
        return NULL;
    domain_surplus_add(document);
    char *form = domain_print_document(document, out_length);
    /* A final newline is not part of the document, and files have one. */
    if (*out_length + 1 == length && memcmp(form, xml, *out_length) == 0 &&
        xml[length - 1] == '\n') {
        free(form);
        form = xstrndup(xml, length);
        *out_length = length;
    }
    return form;
}
