/* What is asked of a completion, and what it results in. */
#ifndef APPLIANCE_REQUEST_H
#define APPLIANCE_REQUEST_H

#include <jansson.h>
#include <stdbool.h>

#include "appliance/random.h"
#include "base/option.h"
#include "base/pairs.h"

enum appliance_password {
    APPLIANCE_PASSWORD_GENERATE, /* a new one, in appliance_completion.password */
    APPLIANCE_PASSWORD_KEEP, /* the literal one of the boilerplate */
    APPLIANCE_PASSWORD_GIVEN,
};

/* What the user asks for. All borrowed; zeroed but for namespace and name is a valid request. */
struct appliance_request {
    const char *namespace; /* of the VM; only appliance_complete_check has NULL: any */
    const char *name; /* of the VM */
    const struct pairs *parameters; /* or NULL */
    const char *instancetype; /* NAME, or KIND/NAME; NULL: not given */
    const char *preference; /* likewise */
    const char *run_strategy; /* NULL: not given */
    const struct option_texts *ssh_keys; /* authorized_keys lines; or NULL */
    enum appliance_password password;
    const char *given_password; /* of APPLIANCE_PASSWORD_GIVEN */
    bool repair;
    struct appliance_random random;
};

/* A right that the user, and the VM's service account, need to clone a disk. */
struct appliance_right {
    char *namespace; /* of the disk's source; owned */
};

/* All owned. Zeroed is empty. */
struct appliance_completion {
    json_t *vm; /* NULL: there were errors */
    json_t *objects; /* array, what is to be created before or with the VM: Secrets, ConfigMaps */
    char *password; /* that was generated, to be said once; NULL: none */
    json_t *generated; /* object, likewise: the values of parameters that were generated, by name */
    struct appliance_right *rights; /* to clone from other namespaces: create datavolumes/source */
    size_t right_count;
};

#endif
