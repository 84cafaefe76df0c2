#include "kube/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static char **copy_list(char **list)
{
    size_t count = 0;
    while (list != NULL && list[count] != NULL)
        count++;
    if (list == NULL)
        return NULL;
    char **copy = xcalloc(count + 1, sizeof(*copy));
    for (size_t i = 0; i < count; i++)
        copy[i] = xstrdup(list[i]);
    return copy;
}

static struct kube_exec *copy_exec(const struct kube_exec *exec)
{
    struct kube_exec *copy = xcalloc(1, sizeof(*copy));
    copy->argv = copy_list(exec->argv);
    copy->environment = copy_list(exec->environment);
    copy->provide_cluster_info = exec->provide_cluster_info;
    copy->cluster_config = json_incref(exec->cluster_config);
    xstrset(&copy->api_version, exec->api_version);
    xstrset(&copy->install_hint, exec->install_hint);
    return copy;
}

struct kube_config *kube_config_copy(const struct kube_config *config)
{
    struct kube_config *copy = xcalloc(1, sizeof(*copy));
    copy->insecure = config->insecure;
    xstrset(&copy->origin, config->origin);
    xstrset(&copy->server, config->server);
    xstrset(&copy->namespace, config->namespace);
    xstrset(&copy->tls_server_name, config->tls_server_name);
    xstrset(&copy->proxy_url, config->proxy_url);
    xstrset(&copy->ca_file, config->ca_file);
    xstrset(&copy->ca_data, config->ca_data);
    xstrset(&copy->certificate_file, config->certificate_file);
    xstrset(&copy->certificate_data, config->certificate_data);
    xstrset(&copy->key_file, config->key_file);
    xstrset(&copy->key_data, config->key_data);
    xstrset(&copy->token, config->token);
    xstrset(&copy->token_file, config->token_file);
    xstrset(&copy->username, config->username);
    xstrset(&copy->password, config->password);
    copy->exec = config->exec != NULL ? copy_exec(config->exec) : NULL;
    return copy;
}

static void free_text_secret(char *text)
{
    free_secret(text, text != NULL ? strlen(text) : 0);
}

/* Overwrites the strings: a plugin's arguments and environment may hold secrets, too. */
static void free_list(char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        free_text_secret(list[i]);
    free(list);
}

void kube_config_free(struct kube_config *config)
{
    if (config == NULL)
        return;
    free(config->origin);
    free(config->server);
    free(config->namespace);
    free(config->tls_server_name);
    free_text_secret(config->proxy_url);
    free(config->ca_file);
    free(config->ca_data);
    free(config->certificate_file);
    free(config->certificate_data);
    free(config->key_file);
    free_text_secret(config->key_data);
    free_text_secret(config->token);
    free(config->token_file);
    free(config->username);
    free_text_secret(config->password);
    if (config->exec != NULL) {
        free_list(config->exec->argv);
        free_list(config->exec->environment);
        json_decref(config->exec->cluster_config);
        free(config->exec->api_version);
        free(config->exec->install_hint);
        free(config->exec);
    }
    free(config);
}
