/* hookctl schema: the annotation as a JSON Schema. */
#include <stdio.h>

#include "annotations/schema.h"
#include "base/json.h"
#include "base/unused.h"
#include "cli/command.h"

static int schema(UNUSED const struct cli_arguments *arguments)
{
    auto_json json_t *json = annotations_json_schema();
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    return 0;
}

static const struct option_row rows[] = {CLI_HELP_ROW};

const struct cli_command cli_schema_command = {
    .name = "schema",
    .summary = "print the JSON Schema of the annotation, for editors",
    .description =
        "Prints the JSON Schema (draft 2020-12) of the annotation's value. Editors use it\n"
        "to complete and check a list of sidecars in a file of its own.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct cli_options),
    .run = schema,
};
