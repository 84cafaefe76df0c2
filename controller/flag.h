/* The one table of what hook-controller can be told: its flags, the keys of its configuration
 * file, their defaults and the help all come from it. Internal to controller/settings.c. */
#ifndef CONTROLLER_FLAG_H
#define CONTROLLER_FLAG_H

#include <stddef.h>

#include "controller/settings.h"

/* What a value is, and with that the type of the member that it is put into. */
enum controller_flag_value {
    CONTROLLER_FLAG_TEXT, /* char * */
    CONTROLLER_FLAG_TEXT_OR_NONE, /* the same; may be empty */
    CONTROLLER_FLAG_LISTEN, /* the same, of http/listener.h */
    CONTROLLER_FLAG_SWITCH, /* bool */
    CONTROLLER_FLAG_COUNT, /* int from 1 to most */
    CONTROLLER_FLAG_RATE, /* double, from a whole number */
    CONTROLLER_FLAG_DURATION, /* int64_t, milliseconds */
    CONTROLLER_FLAG_VALIDITY, /* the same, for longer */
    CONTROLLER_FLAG_LAUNCHER, /* enum annotations_launcher */
    CONTROLLER_FLAG_LOG_FORMAT, /* enum log_format */
    CONTROLLER_FLAG_LOG_LEVEL, /* enum log_level */
};

struct controller_flag {
    const char *heading; /* of the help, where a group begins; else NULL */
    const char *name; /* "webhook-listen" */
    const char *argument; /* as the help calls it; NULL for switches */
    enum controller_flag_value value;
    size_t member; /* offset in struct controller_settings */
    const char *initial; /* the default; NULL: none, or found out later */
    int most; /* for counts */
    bool no_key; /* it cannot stand in the configuration file */
    const char *help;
};

extern const struct controller_flag controller_flags[];
extern const size_t controller_flag_count;

/* The flag's key in the configuration file: "webhookListen". Owned by the caller. */
char *controller_flag_key(const struct controller_flag *flag);

/* The flag that a key of the configuration file sets, or NULL with ` (did you mean "KEY"?)` or ""
 * in *hint, owned by the caller. Static. */
const struct controller_flag *controller_flag_of_key(const char *key, char **hint);

/* Refuses a word that getopt_long(3) did not like, as flag_refuse does. */
int controller_flag_refuse(const char *word, struct error **err);

/* Puts the value that text means into its member. Returns 0, or -1 with a usage error that says
 * what would be right, and not which flag it is. */
int controller_flag_set(const struct controller_flag *flag, const char *text,
    struct controller_settings *settings, struct error **err);

#endif
