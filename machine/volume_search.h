/* The search for the file, device or directory of one volume. For machine/volume.c. */
#ifndef MACHINE_VOLUME_SEARCH_H
#define MACHINE_VOLUME_SEARCH_H

#include "machine/volume_item.h"

struct machine_volume_search {
    const json_t *vmi;
    const struct machine_volume_options *options;
    struct findings *findings;
    size_t index; /* among the volumes */
    const char *source_name; /* "containerDisk", … */
    const json_t *source; /* its object */
    const char *mount; /* for directories: where KubeVirt mounts them, see volume.c */
    const char *place; /* the JSON Pointer of source */
    struct machine_volume *volume; /* its name, kind and spec are set; the rest is to be found */
};

/* Returns the name of a volume's claim; that of a DataVolume has the DataVolume's name. Borrowed;
 * NULL if it has none. */
const char *machine_volume_claim(const json_t *spec);

/* Each finds one kind of volume: sets the volume, or adds errors. */
void machine_volume_find_container_disk(struct machine_volume_search *search);
void machine_volume_find_host_disk(struct machine_volume_search *search);
void machine_volume_find_claim(struct machine_volume_search *search);
void machine_volume_find_ephemeral(struct machine_volume_search *search);
void machine_volume_find_empty_disk(struct machine_volume_search *search);
void machine_volume_find_cloud_init(struct machine_volume_search *search);
void machine_volume_find_directory_iso(struct machine_volume_search *search);
void machine_volume_find_sysprep(struct machine_volume_search *search);
void machine_volume_find_metrics(struct machine_volume_search *search);

#endif
