/* The SSH keys of --ssh-key. */
#ifndef CLI_APPLIANCE_SSH_KEYS_H
#define CLI_APPLIANCE_SSH_KEYS_H

#include "base/option.h"

enum { CLI_SSH_KEYS_MAX_BYTES = 64 << 10 }; /* of a file */

/* Adds each given key: the key itself ("ssh-ed25519 AAAA… comment"), or each line of a file of them,
 * without empty lines and comments. Returns 0, or -1 with an io error, or an input error that names
 * the file and line that is not a public key. */
int cli_ssh_keys_add(
    struct option_texts *keys, const struct option_texts *given, struct error **err);

/* Adds the keys in the text of a file, which is taken apart; name is the file's in errors. Returns 0,
 * or -1 with an input error. */
int cli_ssh_keys_parse(
    struct option_texts *keys, const char *name, char *text, size_t length, struct error **err);

void cli_ssh_keys_clear(struct option_texts *keys);

#endif
