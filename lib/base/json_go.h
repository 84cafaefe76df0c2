/* JSON in the form in which Go's encoding/json writes it: programs that search such text find in
 * ours what they would find in that of a Go program. */
#ifndef BASE_JSON_GO_H
#define BASE_JSON_GO_H

#include <jansson.h>

/* The compact text of a value, members in their order: <, >, & and the two line separators of
 * Unicode are escaped, and control characters in lower-case digits. Owned by the caller; NULL for
 * NULL.
 * Source: Go, package encoding/json, Marshal. */
char *json_go_text(const json_t *value);

#endif
