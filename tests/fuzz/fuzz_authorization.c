/* The annotation with an authorization, which tenants may write: without the key, none is valid. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "controller/appliance/authorization.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char bytes[CONTROLLER_KEY_BYTES] = {1};
    struct controller_key *key = controller_key_of(bytes);
    auto_free char *text = xstrndup((const char *)data, size);
    auto_error struct error *err = NULL;
    struct controller_authorization read;
    int result = controller_authorization_read(&read, text, "dev/web", 1, key, &err);
    check(result == -1);
    check(text_is_utf8(err->message, strlen(err->message), NULL));
    controller_authorization_clear(&read);
    controller_key_free(key);
    return 0;
}
