/* A program's options as one table: each row binds an option to a member of the program's own
 * struct. The command line (base/option_line.h), the help (base/option_help.h), the configuration
 * file (base/option_file.h) and shell completion all read it. */
#ifndef BASE_OPTION_H
#define BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The type of a value, and of the member that stores it. */
enum option_value {
    OPTION_SWITCH, /* bool: takes no value */
    OPTION_BOOLEAN, /* bool: --launch, --launch=true, --launch=false */
    OPTION_TEXT, /* char *, owned; not empty */
    OPTION_TEXT_OR_EMPTY, /* the same; may be empty */
    OPTION_CHOICE, /* the same; one of the row's choices */
    OPTION_TEXTS, /* struct option_texts: repeatable */
    OPTION_PAIRS, /* struct pairs: NAME=VALUE, repeatable, each NAME once */
    OPTION_COUNT, /* int from least to most */
    OPTION_SIZE, /* size_t from least to most */
    OPTION_RATE, /* double: a whole number of at least 1 */
    OPTION_DURATION, /* int64_t, milliseconds from least to most */
    OPTION_PARSED, /* parsed by the row's parse */
};

/* The values of a repeatable option, in order. Zeroed is empty. */
struct option_texts {
    char **items; /* owned, as is each of them */
    size_t count;
};

struct option_row {
    const char *name; /* "webhook-listen" */
    enum option_value value;
    size_t member; /* its offset in the program's struct */
    char letter; /* its short name; 0: none */
    const char *argument; /* its value's name in the help; NULL: none, or the choices */
    const char *const *choices; /* its valid values, NULL-terminated; or NULL */
    const char *initial; /* the default; NULL: none, or determined later */
    const char *bare; /* its value if none is given; NULL: it needs one */
    const char *variable; /* environment variable that replaces initial unless empty; or NULL */
    int64_t least, most; /* most 0: INT_MAX; for durations from 1 ms to 24 h */
    const char *example; /* valid durations, for errors; NULL: those of a wait */
    int (*check)(const char *text, struct error **err); /* checks a text; or NULL */
    int (*parse)(const char *text, void *member, struct error **err); /* of OPTION_PARSED */
    bool names_itself; /* the errors of check and parse need not be prefixed with the name */
    unsigned sets; /* the subcommands that have it, as bits; 0: all */
    const char *missing; /* why it is required: "how many to wait for"; NULL: it is optional */
    bool is_path; /* its value is a file or directory */
    bool dash_is_stdin; /* the value "-" is standard input */
    bool no_key; /* it is not allowed in the configuration file */
    const char *heading; /* begins a group in the help; or NULL */
    const char *help; /* NULL: the help does not list it */
};

/* How a program parses its command line, as bits. */
enum option_manner {
    OPTION_ONE_DASH = 1 << 0, /* long names may begin with one dash */
    OPTION_STOP = 1 << 1, /* the first operand ends the options */
    OPTION_NO_EMPTY = 1 << 2, /* no value may be empty */
    OPTION_SAY_ARGUMENT = 1 << 3, /* OPTION_NO_EMPTY, and errors name the missing value */
};

struct option_table {
    const struct option_row *rows;
    size_t count;
    unsigned set; /* the bits of the subcommand, for the rows' sets */
    unsigned manner; /* of enum option_manner */
    /* Sets the error for a word that is not an option; nearest is the closest option's name, or
     * NULL. NULL: the error of base/option_line.h. */
    int (*refuse)(const char *word, const char *nearest, struct error **err);
};

/* Whether the table's subcommand has the option. */
bool option_has(const struct option_table *table, const struct option_row *row);

bool option_takes_value(const struct option_row *row);
bool option_is_repeatable(const struct option_row *row);

/* What the help shows after the option: "FILE", "text|json", or NULL if it takes no value. Owned by
 * the caller. */
char *option_argument(const struct option_row *row);

/* The choices joined by separator, "" if there are none. Owned by the caller. */
char *option_choices(const struct option_row *row, const char *separator);

/* Sets each member to its default; target is the program's struct, zeroed by the caller. */
void option_set_defaults(const struct option_table *table, void *target);

/* Parses text into the option's member of target. Returns 0, or -1 with a usage error that says
 * what is valid, but does not name the option. */
int option_set(const struct option_row *row, const char *text, void *target, struct error **err);

/* Frees what the members own, and leaves them empty. */
void option_clear(const struct option_table *table, void *target);

/* Parsers for rows of OPTION_PARSED: the member is an enum log_format or an enum log_level. */
int option_parse_log_format(const char *text, void *member, struct error **err);
int option_parse_log_level(const char *text, void *member, struct error **err);

#endif
