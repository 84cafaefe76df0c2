#include "guest/firmware.h"

#include <unistd.h>

/* Debian and Ubuntu with 4 MiB of flash and with 2; Fedora, and KubeVirt's own image; Arch. */
static const struct place {
    const char *code;
    const char *vars;
} plain[] = {
    {"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
    {"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
    {"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},
    {"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"},
};
static const struct place secure[] = {
    {"/usr/share/OVMF/OVMF_CODE_4M.ms.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"},
    {"/usr/share/OVMF/OVMF_CODE.ms.fd", "/usr/share/OVMF/OVMF_VARS.ms.fd"},
    {"/usr/share/OVMF/OVMF_CODE.secboot.fd", "/usr/share/OVMF/OVMF_VARS.secboot.fd"},
    {"/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd", "/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd"},
};
_Static_assert(ARRAY_SIZE(plain) == ARRAY_SIZE(secure), "one loop for both");

int guest_firmware_find(
    bool secure_boot, bool any, const char **code, const char **vars, struct error **err)
{
    const struct place *places = secure_boot ? secure : plain;
    const struct place *found = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(plain) && found == NULL; i++) {
        if (access(places[i].code, R_OK) == 0 && access(places[i].vars, R_OK) == 0)
            found = &places[i];
    }
    if (found == NULL && !any)
        return error_set(err, ERROR_IO,
            "no OVMF%s found on this machine, such as %s (package ovmf)",
            secure_boot ? " for Secure Boot" : "", places[0].code);
    if (found == NULL)
        found = &places[0];
    *code = found->code;
    *vars = found->vars;
    return 0;
}
