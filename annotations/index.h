/* What the lists of a launcher pod hold, by what identifies it. A tenant decides how long they are,
 * and every sidecar looks for several items: each list is read once. */
#ifndef ANNOTATIONS_INDEX_H
#define ANNOTATIONS_INDEX_H

#include <jansson.h>

/* Returns {name: [item, …]}, in the order of the list, without the items that have no name. New
 * reference. */
json_t *annotations_index_names(const json_t *list);

/* Adds an item to such an index. */
void annotations_index_add(json_t *names, const char *name, json_t *item);

/* Returns {place: mount} with the first of a container's mounts at each place. New reference. */
json_t *annotations_index_places(const json_t *mounts);

/* Returns the place of a mount path: two paths that are the same but for their form have the same
 * one. Owned by the caller. */
char *annotations_index_place(const char *path);

#endif
