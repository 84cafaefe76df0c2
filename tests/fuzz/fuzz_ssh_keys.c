/* A file of --ssh-key: each key that comes out is one line of its text. */
#include <stddef.h>
#include <stdint.h>

#include "cli/appliance/ssh_keys.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct option_texts keys = {0};
    struct error *error = NULL;
    auto_free char *text = xstrndup((const char *)data, size);
    auto_free char *copy = xmalloc(size + 1);
    memcpy(copy, data, size);
    copy[size] = '\0';
    int result = cli_ssh_keys_parse(&keys, "keys", copy, size, &error);
    check((result == 0) == (error == NULL));
    check(result < 0 || keys.count > 0);
    for (size_t i = 0; i < keys.count; i++) {
        check(strpbrk(keys.items[i], "\r\n") == NULL);
        check(strstr(text, keys.items[i]) != NULL);
    }
    error_free(error);
    cli_ssh_keys_clear(&keys);
    return 0;
}
