/* Cloud-init's user data as a text, and where the passwords of accounts are in it. What is changed
 * is replaced in the text; every other byte stays, comments included. */
#ifndef APPLIANCE_USERDATA_H
#define APPLIANCE_USERDATA_H

#include <stdbool.h>

#include "appliance/edits.h"
#include "base/yaml.h"
#include "base/yaml_span.h"

/* How a password is written, and what is to be changed beside it to write a plain one. */
enum appliance_password_form {
    APPLIANCE_PASSWORD_PLAIN, /* a scalar: nothing */
    APPLIANCE_PASSWORD_HASH, /* passwd or hashed_passwd: the key becomes plain_text_passwd */
    APPLIANCE_PASSWORD_TYPED, /* of chpasswd.users: its type becomes text */
    APPLIANCE_PASSWORD_LINE, /* of the text chpasswd.list: a part of it */
    APPLIANCE_PASSWORD_FIXED, /* must be a hash: it cannot be replaced */
};

struct appliance_userdata_password {
    enum appliance_password_form form;
    char *pointer; /* JSON Pointer of the value; owned */
    size_t prefix; /* how many bytes of the value precede the password: "USER:" */
    size_t line; /* of APPLIANCE_PASSWORD_LINE: its number, from 0 */
    size_t from; /* likewise: the bytes [from, to) of the text; 0, 0: it is not written as it is */
    size_t to;
};

/* Not to be copied. */
struct appliance_userdata {
    const char *text; /* borrowed */
    bool is_cloud_config; /* it begins with #cloud-config; all below is about such a text */
    struct yaml_stream stream; /* with at most one document */
    struct appliance_userdata_password *passwords; /* that are literal; owned */
    size_t password_count;
    struct appliance_edits edits; /* to come */
};

/* Reads user data; text is borrowed until appliance_userdata_clear, which is due either way. Only a
 * cloud-config is looked into. Returns 0, or -1 with an input error if that is not one YAML mapping.
 * Source: cloud-init's documentation: "User data formats", the modules "Users and Groups" and "Set
 * Passwords". */
int appliance_userdata_read(
    struct appliance_userdata *userdata, const char *text, struct error **err);

/* The document of a cloud-config, or NULL if it is empty. Borrowed. */
const struct yaml_document *appliance_userdata_document(const struct appliance_userdata *userdata);

/* Whether a password refers to a parameter in before, the same text with its references. */
bool appliance_userdata_is_reference(
    const struct appliance_userdata *before, const struct appliance_userdata_password *password);

/* How many bytes of indentation, spaces and the hyphens of sequences, precede a place in its line;
 * SIZE_MAX if anything else does. */
size_t appliance_userdata_column(const char *text, size_t place);

/* The text with its changes made. Owned by the caller, who wipes it: it may be secret. */
char *appliance_userdata_write(struct appliance_userdata *userdata);

void appliance_userdata_clear(struct appliance_userdata *userdata);

#endif
