#include "guest/firmware.h"

#include <unistd.h>

/* Debian and Ubuntu with 4 MiB of flash and with 2; Fedora, and KubeVirt's own image; Arch. */
static const struct guest_firmware plain[] = {
    {"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
    {"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
    {"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},
    {"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"},
};
static const struct guest_firmware secure[] = {
    {"/usr/share/OVMF/OVMF_CODE_4M.ms.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"},
    {"/usr/share/OVMF/OVMF_CODE.ms.fd", "/usr/share/OVMF/OVMF_VARS.ms.fd"},
    {"/usr/share/OVMF/OVMF_CODE.secboot.fd", "/usr/share/OVMF/OVMF_VARS.secboot.fd"},
    {"/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd", "/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd"},
};
_Static_assert(ARRAY_SIZE(plain) == ARRAY_SIZE(secure), "one loop for both");

int guest_firmware_find(bool secure_boot, bool any, struct guest_firmware *out, struct error **err)
{
    const struct guest_firmware *places = secure_boot ? secure : plain;
    for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
        if (access(places[i].code, R_OK) == 0 && access(places[i].vars, R_OK) == 0) {
            *out = places[i];
            return 0;
        }
    }
    *out = places[0];
    if (any)
        return 0;
    return error_set(err, ERROR_IO, "there is no OVMF%s on this machine, such as %s (package ovmf)",
        secure_boot ? " for Secure Boot" : "", places[0].code);
}
