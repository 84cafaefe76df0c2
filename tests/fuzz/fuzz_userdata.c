/* Cloud-init's user data: passwords in it are replaced, and SSH keys added; what results is read
 * again. */
#include <stddef.h>
#include <stdint.h>

#include "appliance/userdata_keys.h"
#include "appliance/userdata_password.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What can be changed is a cloud-config afterwards, too, with the new password alone. */
static void change(const char *text, const char *password, const struct option_texts *keys)
{
    struct appliance_userdata userdata;
    struct appliance_userdata again;
    if (appliance_userdata_read(&userdata, text, NULL) == 0) {
        size_t replaced = 0;
        for (size_t i = 0; i < userdata.password_count; i++) {
            auto_error struct error *error = NULL;
            if (appliance_userdata_set_password(
                    &userdata, &userdata.passwords[i], password, &error) == 0)
                replaced++;
            else
                check(text_is_utf8(error->message, strlen(error->message), NULL));
        }
        bool all = replaced == userdata.password_count;
        if (all && keys != NULL)
            appliance_userdata_add_keys(&userdata, keys);
        auto_free char *written = appliance_userdata_write(&userdata);
        if (all && appliance_userdata_read(&again, written, NULL) == 0) {
            check(again.is_cloud_config == userdata.is_cloud_config);
            appliance_userdata_clear(&again);
        } else if (all) {
            appliance_userdata_clear(&again);
            check(userdata.is_cloud_config && strchr(text, '*') != NULL);
        }
    }
    appliance_userdata_clear(&userdata);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char first[] = "ssh-ed25519 AAAA me";
    char second[] = "ssh-rsa BBBB: #you";
    char *items[] = {first, second};
    const struct option_texts keys = {.items = items, .count = ARRAY_SIZE(items)};
    auto_free char *text = xstrndup((const char *)data, size);
    change(text, "n3w-1", NULL);
    change(text, "true: \"#", &keys);
    return 0;
}
