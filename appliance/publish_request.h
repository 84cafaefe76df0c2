/* What a user asks of the publication of a VM. */
#ifndef APPLIANCE_PUBLISH_REQUEST_H
#define APPLIANCE_PUBLISH_REQUEST_H

#include <stdbool.h>

/* What becomes of a literal password in the VM's user data. */
enum appliance_publish_password {
    APPLIANCE_PUBLISH_PARAMETER, /* the parameter PASSWORD, which is generated */
    APPLIANCE_PUBLISH_KEEP, /* it stays, for everyone to read */
};

/* All borrowed. */
struct appliance_publish_request {
    const char *namespace; /* of the DataSource */
    const char *name;
    const char *source; /* KIND/NAMESPACE/NAME of a pvc, snapshot or dataSource: what the DataSource
                           is about; NULL: as it is, else the claim of the VM's root disk */
    const char *instancetype; /* of the label; NULL: as the VM has it */
    const char *preference; /* likewise */
    enum appliance_publish_password password;
    bool
        in_cluster; /* the objects are read from one: Secrets are not listed, only those that the VM
                        refers to are read */
    bool fills_owner; /* the caller gives what is owned the DataSource's uid, once it is applied */
};

#endif
