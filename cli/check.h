/* The check of one object: finds its annotation, parses it, and reports what is wrong with it by
 * its place in the file. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "annotations/sidecar.h"
#include "cli/object.h"
#include "cli/report.h"
#include "hostpath/policy.h"

struct cli_check_options {
    bool strict; /* unknown fields are errors */
    const char *annotation_key; /* the one key to look for; NULL: KubeVirt's and ours */
    const struct hostpath_policy *policy; /* or NULL */
};

/* Checks an object that is no config map. *key, where key is not NULL, gets the key of its
 * annotation, or NULL when it has none and for a bare array. Returns its sidecars, owned by the
 * caller, an empty list when it has no annotation; or NULL when errors went to the report. */
struct annotations_list *cli_check_object(const struct cli_object *object,
    const struct cli_check_options *options, const char **key, struct cli_report *report);

/* Reports findings about the annotation of an object whose pointers are relative to the
 * annotation's own JSON: those of annotations_parse and annotations_render. annotation_key is as
 * cli_check_object gave it. */
void cli_check_report(const struct cli_object *object, const char *annotation_key,
    const struct findings *findings, struct cli_report *report);

#endif
