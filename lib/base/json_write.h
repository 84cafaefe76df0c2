/* jansson's values as text, with numbers as Kubernetes writes them. */
#ifndef BASE_JSON_WRITE_H
#define BASE_JSON_WRITE_H

#include <jansson.h>

/* A value of any kind as compact JSON; the order of an object's members is kept, and every string
 * may hold zero bytes. A double has as few digits as say it exactly, without an exponent from 1e-6
 * to 1e21: 1e20 is 100000000000000000000, so that a number that no integer of 64 bits holds is
 * written as Kubernetes sent it. Negative zero loses its sign, as it does in Kubernetes when it is
 * read again. Owned by the caller.
 * Source: Go, encoding/json, how a float64 is encoded. */
char *json_write(const json_t *value);

/* The same with the members of every object sorted by their keys, so that equal values are equal
 * texts. */
char *json_write_sorted(const json_t *value);

#endif
