/* What shows of an annotation at a glance, without a check of it. */
#ifndef ANNOTATIONS_OUTLINE_H
#define ANNOTATIONS_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>

struct annotations_outline {
    bool empty; /* it asks for no sidecars: empty text, null or [] */
    bool host_path; /* an entry has an object as its hostPath, in any letter case */
};

/* Reads the text in one pass, without building a value. What is not an annotation (too long, not
 * JSON, not an array) is not empty, and has no hostPath. */
struct annotations_outline annotations_outline(const char *text, size_t length);

#endif
