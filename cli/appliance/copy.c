#include "cli/appliance/copy.h"

#include <string.h>
#include <unistd.h>

#include "appliance/copy.h"
#include "base/json.h"
#include "cli/appliance/findings.h"
#include "cli/appliance/set.h"
#include "cli/print.h"

/* Whether text is a DNS label (RFC 1123), as the names of the disks, which begin with it, must be. */
static bool is_label(const char *text)
{
    enum { LABEL_MAX = 63 };
    static const char ends[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    size_t length = strlen(text);
    return length > 0 && length <= LABEL_MAX && strchr(ends, text[0]) != NULL &&
           strchr(ends, text[length - 1]) != NULL &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static int copy(struct cli_appliance_set *set, const struct cli_arguments *arguments,
    struct cli_report *report, struct error **err)
{
    struct appliance_report findings = {0};
    const char *name = arguments->operands[1];
    if (!is_label(name))
        return error_set(err, ERROR_USAGE,
            "%s: a name has lower-case letters, digits and dashes, at most 63", name);
    const struct appliance_object *vm =
        appliance_objects_choose(&set->objects, APPLIANCE_VM, arguments->operand, err);
    if (vm == NULL)
        return -1;
    if (appliance_objects_find(&set->objects, APPLIANCE_VM, vm->namespace, name) != NULL)
        return error_set(
            err, ERROR_INPUT, "there is a VirtualMachine %s/%s already", vm->namespace, name);
    json_t *needed = NULL;
    auto_json json_t *objects = json_array();
    json_t *made = appliance_copy_make(vm, name, &set->objects, &needed, &findings);
    cli_appliance_findings_add(&findings, report);
    appliance_report_clear(&findings);
    if (made != NULL)
        json_array_append_new(objects, made);
    json_array_extend(objects, needed);
    json_decref(needed);
    return made != NULL ? cli_print_objects(objects, "yaml", err) : 0;
}

int cli_appliance_copy(const struct cli_arguments *arguments)
{
    struct cli_appliance_set set = {0};
    struct cli_report report = {0};
    struct error *error = NULL;
    cli_appliance_set_load(&set, arguments, &report);
    int result = report.unreadable ? 0 : copy(&set, arguments, &report, &error);
    cli_report_print(&report, stderr, cli_report_colour(STDERR_FILENO));
    int status = result < 0 ? cli_fail(arguments, error) : cli_report_exit_status(&report);
    cli_report_clear(&report);
    cli_appliance_set_clear(&set);
    return status;
}
