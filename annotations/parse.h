/* Annotation text → sidecar list, with every fault found at once. */
#ifndef ANNOTATIONS_PARSE_H
#define ANNOTATIONS_PARSE_H

#include <jansson.h>
#include <stddef.h>

#include "annotations/check.h"
#include "annotations/sidecar.h"
#include "base/finding.h"

/* Parses and validates the text of the annotation (contract 1 of the design, docs/annotation.md).
 * Empty text, null and [] give an empty list. Adds everything it finds; pointers of findings are
 * relative to the annotation's own JSON ("/0/hostPath/type"). options may be NULL. Returns the
 * list, owned by the caller, or NULL when there was an error among the findings. */
struct annotations_list *annotations_parse(const char *text, size_t length,
    const struct annotations_options *options, struct findings *findings);

/* The annotation of an object's metadata.annotations under one of the two keys. *key gets the
 * key under which it stands, static or only_key. Returns the text, borrowed, or NULL when there is
 * none; both keys at once, or a value that is no string, is an error among the findings (pointers
 * relative to annotations), and NULL. only_key, where not NULL, is the one key to look for. */
const char *annotations_find(
    const json_t *annotations, const char *only_key, const char **key, struct findings *findings);

#endif
