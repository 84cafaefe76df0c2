/* Kubernetes quantities ("500m", "64Mi", "1e3"), as numbers that can be compared. */
#ifndef ANNOTATIONS_QUANTITY_H
#define ANNOTATIONS_QUANTITY_H

#include <stdbool.h>

/* A quantity in billionths, the smallest unit that Kubernetes keeps. */
typedef unsigned __int128 annotations_quantity;

/* Parses a quantity that is not negative; rounds up to a whole billionth, as Kubernetes does.
 * Returns false for anything else, and for more than 2^63 - 1.
 * Source: Kubernetes API reference, Quantity. */
bool annotations_quantity_parse(const char *text, annotations_quantity *out);

#endif
