/* hookctl explain: what a field of the annotation means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "annotations/fields.h"
#include "annotations/sidecar.h"
#include "base/text.h"
#include "cli/command.h"

enum { WIDTH = 80 };

/* A path without what people may put around it: the annotation's key, "hookSidecars", and
 * indexes, whether "[]" or "[0]". Owned by the caller. */
static char *bare_path(const char *path)
{
    static const char *const prefixes[] = {
        ANNOTATIONS_KEY_KUBEVIRT, ANNOTATIONS_KEY_HOOKLINE, "hookSidecars"};
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
        size_t length = strlen(prefixes[i]);
        if (strncmp(path, prefixes[i], length) == 0 && strchr("[.", path[length]) != NULL) {
            path += length;
            break;
        }
    }
    char *bare = xcalloc(strlen(path) + 1, 1);
    size_t used = 0;
    for (; *path != '\0'; path++) {
        const char *end = *path == '[' ? strchr(path, ']') : NULL;
        if (end != NULL)
            path = end;
        else if (*path != '.' || used > 0)
            bare[used++] = *path;
    }
    return bare;
}

/* Writes text between an indent and WIDTH columns, broken at spaces. */
static void print_wrapped(const char *text, int indent)
{
    size_t column = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (column > 0 && column + 1 + length > WIDTH) {
            putchar('\n');
            column = 0;
        }
        if (column == 0)
            column = (size_t)printf("%*s%.*s", indent, "", (int)length, text);
        else
            column += (size_t)printf(" %.*s", (int)length, text);
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_section(const char *title, const char *text)
{
    if (text == NULL)
        return;
    printf("\n%s:\n", title);
    print_wrapped(text, 4);
}

/* The fields of an object, or of a sidecar when parent is NULL. */
static void print_children(const struct schema_field *parent)
{
    const struct schema_field *field = schema_child(&annotations_schema, parent);
    if (field != NULL)
        printf("\nFIELDS:\n");
    for (; field != NULL; field = schema_next(field)) {
        printf(
            "  %s <%s>%s\n", schema_name(field), field->type, field->required ? " -required-" : "");
        print_wrapped(field->rule, 6);
    }
}

static void explain_sidecars(void)
{
    printf("ANNOTATION: " ANNOTATIONS_KEY_KUBEVIRT " <array of objects>\n");
    print_section("DESCRIPTION",
        "A JSON array with an object for each hook sidecar: a container that runs beside the "
        "virtual machine and may change its libvirt domain before it starts. The "
        "annotation " ANNOTATIONS_KEY_HOOKLINE " may hold the array instead.");
    print_children(NULL);
}

static void explain_field(const struct schema_field *field)
{
    printf("FIELD: %s <%s>%s\n", field->path, field->type, field->required ? " -required-" : "");
    print_section("DESCRIPTION", field->help);
    if (field->ours)
        print_section("NOTE", "KubeVirt does not know this field; Hookline does.");
    print_section("RULE", field->rule);
    print_section("DEFAULT", field->fallback);
    printf("\nEXAMPLE:\n    %s\n", field->example);
    print_children(field);
}

static size_t field_count(void)
{
    size_t count = 0;
    while (annotations_schema.fields[count].path != NULL)
        count++;
    return count;
}

static struct error *unknown_field(const char *name)
{
    size_t count = field_count();
    auto_free const char **paths = xcalloc(count, sizeof(*paths));
    for (size_t i = 0; i < count; i++)
        paths[i] = annotations_schema.fields[i].path;
    auto_free char *hint = suggest_hint(name, paths, count);
    struct error *error = NULL;
    error_set(&error, ERROR_USAGE, "hook sidecars have no field \"%s\"%s", name, hint);
    return error;
}

static int explain(const struct cli_arguments *arguments)
{
    auto_free char *bare = bare_path(arguments->operand != NULL ? arguments->operand : "");
    if (bare[0] == '\0') {
        explain_sidecars();
        return 0;
    }
    for (const struct schema_field *field = annotations_schema.fields; field->path != NULL;
         field++) {
        auto_free char *known = bare_path(field->path);
        if (!streq(known, bare))
            continue;
        explain_field(field);
        return 0;
    }
    return cli_fail(arguments, unknown_field(arguments->operand));
}

static const char *field_choice(size_t index)
{
    return index < field_count() ? annotations_schema.fields[index].path : NULL;
}

static const struct option_row rows[] = {CLI_HELP_ROW};

const struct cli_command cli_explain_command = {
    .name = "explain",
    .summary = "describe the fields of a hook sidecar",
    .description = "Describes a field of the annotation, given by its path: image, hostPath.type,\n"
                   "env[].name. Without FIELD, lists the fields of a sidecar.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct cli_options),
    .operand = "FIELD",
    .operand_choice = field_choice,
    .run = explain,
};
