/* The check of one object: finds its annotation, parses it, and reports each fault with its place
 * in the file. */
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

/* Checks an object, which must not be a config map. Unless key is NULL, sets *key to the key of its
 * annotation, or to NULL for an object without one and for a bare array. Returns its sidecars,
 * owned by the caller (an empty list without an annotation), or NULL when errors went to the
 * report. */
struct annotations_list *cli_check_object(const struct cli_object *object,
    const struct cli_check_options *options, const char **key, struct cli_report *report);

/* Reports findings of annotations_parse or annotations_render about the annotation of an object;
 * their pointers are relative to the annotation's own JSON. annotation_key is what cli_check_object
 * returned. */
void cli_check_report(const struct cli_object *object, const char *annotation_key,
    const struct findings *findings, struct cli_report *report);

/* Reports findings about an object; their pointers are relative to the value at pointer in it. */
void cli_check_report_below(const struct cli_object *object, const char *pointer,
    const struct findings *findings, struct cli_report *report);

#endif
