#include "base/yaml_span.h"

#include "base/yaml_node.h"

bool yaml_span_of(const struct yaml_document *document, const char *pointer, struct yaml_span *out)
{
    bool exact = false;
    const struct yaml_node *node = yaml_places_find(document->places, pointer, &exact);
    if (node == NULL || !exact || node->target != NULL)
        return false;
    *out = (struct yaml_span){node->from, node->to};
    return true;
}
