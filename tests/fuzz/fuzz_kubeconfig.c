/* A kubeconfig is read, merged with itself, and its current context chosen. The result is complete,
 * or there is an error. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "kube/config_files.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_config(const struct kube_config *config)
{
    check(config->server != NULL && config->origin != NULL);
    check(config->ca_data == NULL || config->ca_file == NULL);
    check(config->token == NULL || config->token_file == NULL);
    check((config->certificate_data == NULL && config->certificate_file == NULL) ==
          (config->key_data == NULL && config->key_file == NULL));
    check(config->exec == NULL || config->exec->argv[0] != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_error struct error *err = NULL;
    struct kube_config_files *files = kube_config_files_new();
    auto_kube_config struct kube_config *config = NULL;
    if (kube_config_files_add(files, "config", (const char *)data, size, &err) == 0) {
        check(kube_config_files_add(files, "other", (const char *)data, size, NULL) == 0);
        config = kube_config_files_choose(files, NULL, &err);
    }
    check((config == NULL) == (err != NULL));
    check(err == NULL || text_is_utf8(err->message, strlen(err->message), NULL));
    if (config != NULL) {
        auto_kube_config struct kube_config *copy = kube_config_copy(config);
        check_config(copy);
    }
    kube_config_files_free(files);
    return 0;
}
