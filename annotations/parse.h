/* Parses the annotation's text to a sidecar list; reports every fault, not just the first. */
#ifndef ANNOTATIONS_PARSE_H
#define ANNOTATIONS_PARSE_H

#include <jansson.h>
#include <stddef.h>

#include "annotations/check.h"
#include "annotations/sidecar.h"
#include "base/finding.h"

/* Parses and validates the text of the annotation (docs/annotation.md). Empty text, null and []
 * give an empty list. Pointers of findings are relative to the annotation's own JSON
 * ("/0/hostPath/type"). options may be NULL. Returns the list, owned by the caller, or NULL if it
 * added errors to the findings. */
struct annotations_list *annotations_parse(const char *text, size_t length,
    const struct annotations_options *options, struct findings *findings);

/* Finds the annotation among an object's metadata.annotations, under only_key or, if that is NULL,
 * under one of the two keys. *key gets the key that has it: static, or only_key. Returns the text,
 * borrowed, or NULL: without an error if it is absent, with an error among the findings (pointers
 * relative to annotations) if both keys are there or the value is not a string. */
const char *annotations_find(
    const json_t *annotations, const char *only_key, const char **key, struct findings *findings);

#endif
