/* Objects as a subcommand's output, in YAML or JSON. */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include <jansson.h>

#include "base/error.h"
#include "base/option.h"

/* "yaml" and "json", then NULL. */
extern const char *const cli_print_formats[];

/* The option that chooses, for the tables of subcommands. */
#define CLI_OUTPUT_ROW(offset)                                                                     \
    {                                                                                              \
        "output", OPTION_CHOICE, (offset), 'o',                                                    \
            .initial = "yaml", .choices = cli_print_formats,                                       \
            .help = "several objects are a List in JSON (default: yaml)"                           \
    }

/* Writes an array of objects to standard output: in YAML a document for each; in JSON the object, or
 * a List if there is not exactly one. Wipes the text, which may have secrets. Returns 0, or -1 with
 * an internal error. */
int cli_print_objects(json_t *objects, const char *format, struct error **err);

#endif
