/* What is wrong with an appliance: findings about several texts, each of them an object or a YAML
 * document in one of its annotations. */
#ifndef APPLIANCE_REPORT_H
#define APPLIANCE_REPORT_H

#include <stdbool.h>

#include "appliance/objects.h"
#include "base/finding.h"

/* The findings about one text. Their pointers are within it. */
struct appliance_text {
    const struct appliance_object *object; /* borrowed; NULL: the request (flags) */
    char *annotation; /* the key of the annotation that holds it; NULL: the object itself; owned */
    bool bare; /* the text is what pointers have below "/spec" (a bare spec) */
    struct findings findings;
};

/* Zeroed is empty. */
struct appliance_report {
    struct appliance_text **texts; /* in the order in which they were first asked for; owned */
    size_t count;
};

/* The findings about a text, empty at first. Borrowed; the pointer stays valid. */
struct findings *appliance_report_about(
    struct appliance_report *report, const struct appliance_object *object, const char *annotation);

/* Notes that a text is a bare spec, so that the places of pointers are found in it. */
void appliance_report_set_bare(
    struct appliance_report *report, const struct appliance_object *object, const char *annotation);

size_t appliance_report_errors(const struct appliance_report *report);

/* The place of a finding in its file; line 0 if there is none. */
struct yaml_place appliance_text_place(
    const struct appliance_text *text, const struct finding *finding);

/* What a finding is about: "appliance.kubevirt.io/vm-spec: spec.runStrategy",
 * "PersistentVolumeClaim shared: metadata.ownerReferences[0].uid", "" for the request. Owned by the
 * caller. */
char *appliance_text_path(const struct appliance_text *text, const struct finding *finding);

/* All errors as one error of class input, as findings_to_error does. Returns -1, or 0 if there are
 * none. */
int appliance_report_to_error(const struct appliance_report *report, struct error **err);

void appliance_report_clear(struct appliance_report *report);

#endif
