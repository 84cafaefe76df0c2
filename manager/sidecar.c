#include "manager/sidecar.h"

int manager_sidecar_blame(const struct manager_sidecar *sidecar, struct error **err)
{
    if (sidecar->index < 0)
        return error_wrap(err, "sidecar %s", sidecar->name);
    return error_wrap(err, "sidecar %s (index %ld)", sidecar->name, sidecar->index);
}
