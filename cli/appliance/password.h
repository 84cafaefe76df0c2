/* Passwords from a file or a terminal. */
#ifndef CLI_APPLIANCE_PASSWORD_H
#define CLI_APPLIANCE_PASSWORD_H

#include "base/error.h"

enum { CLI_PASSWORD_MAX_BYTES = 1024 };

/* The only line of a file ("-": standard input), without its line break. Owned by the caller, to be
 * freed with cli_password_free; NULL with an io error, or an input error when there is none, or more
 * than one line. */
char *cli_password_read(const char *path, struct error **err);

/* Asks for it twice on the terminal, without an echo. Owned by the caller, to be freed with
 * cli_password_free; NULL with a usage error where there is no terminal, an input error when the two
 * differ, or a canceled one when interrupted. */
char *cli_password_ask(struct error **err);

/* Wipes it; NULL is allowed. */
void cli_password_free(char *password);

#endif
