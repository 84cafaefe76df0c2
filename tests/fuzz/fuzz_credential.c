/* The output of a credential plugin: the result is a usable credential, or an error. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "kube/exec.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_error struct error *err = NULL;
    struct kube_credential read = {0};
    int result = kube_credential_parse(
        "client.authentication.k8s.io/v1", (const char *)data, size, &read, &err);
    if (result == 0) {
        check(read.token != NULL || read.certificate != NULL);
        check((read.certificate == NULL) == (read.key == NULL));
        check(read.token == NULL || strpbrk(read.token, "\r\n") == NULL);
    } else {
        check(text_is_utf8(err->message, strlen(err->message), NULL));
    }
    kube_credential_clear(&read);
    return 0;
}
