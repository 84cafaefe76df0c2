#include "kube/credentials.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <utlist.h>

#include "base/file.h"
#include "kube/exec.h"

enum { MAX_TOKEN = 1 << 20 };

struct kube_credentials {
    const struct kube_config *config;
    struct kube_credential given; /* by the plugin; token: also by the token file */
    bool is_given;
    unsigned long generation; /* of given */
    struct stat file; /* the token file when it was read */
    struct kube_exec_run *run; /* of the plugin, or NULL */
    unsigned long run_number;
    struct kube_credentials_waiter *waiters;
};

struct kube_credentials *kube_credentials_new(const struct kube_config *config)
{
    struct kube_credentials *credentials = xcalloc(1, sizeof(*credentials));
    credentials->config = config;
    return credentials;
}

void kube_credentials_free(struct kube_credentials *credentials)
{
    if (credentials == NULL)
        return;
    if (credentials->run != NULL)
        kube_exec_cancel(credentials->run);
    kube_credential_clear(&credentials->given);
    free(credentials);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Reads the token file, if it has changed. If it cannot be read, the last token stays in use.
 * Returns 0, or -1 with an error if there is none. */
static int read_token_file(struct kube_credentials *credentials, struct error **err)
{
    const char *path = credentials->config->token_file;
    struct stat file = {0};
    if (stat(path, &file) == 0 && credentials->is_given && same_file(&file, &credentials->file))
        return 0;
    auto_free char *text = NULL;
    size_t length = 0;
    if (file_read(path, MAX_TOKEN, &text, &length, err) < 0)
        return -1;
    text[strcspn(text, " \t\r\n")] = '\0';
    if (text[0] == '\0')
        return error_set(err, ERROR_INPUT, "%s: it contains no token", path);
    kube_credential_clear(&credentials->given);
    credentials->given.token = xstrdup(text);
    credentials->is_given = true;
    credentials->file = file;
    credentials->generation++;
    explicit_bzero(text, length);
    return 0;
}

/* Calls the waiters for this run of the plugin, which may start the next. */
static void tell_all(
    struct kube_credentials *credentials, unsigned long run_number, const struct error *err)
{
    while (credentials->waiters != NULL && credentials->waiters->run_number == run_number) {
        struct kube_credentials_waiter *waiter = credentials->waiters;
        kube_credentials_leave(credentials, waiter);
        waiter->on_ready(waiter->user, err);
    }
}

static void on_plugin(void *user, struct kube_credential *credential, const struct error *err)
{
    struct kube_credentials *credentials = user;
    credentials->run = NULL;
    if (credential != NULL) {
        kube_credential_clear(&credentials->given);
        credentials->given = *credential;
        *credential = (struct kube_credential){0};
        credentials->is_given = true;
        credentials->generation++;
    }
    tell_all(credentials, credentials->run_number, err);
}

static bool has_expired(const struct kube_credential *credential)
{
    return credential->expires != 0 && time(NULL) >= credential->expires;
}

void kube_credentials_await(
    struct kube_credentials *credentials, struct kube_credentials_waiter *waiter)
{
    auto_error struct error *err = NULL;
    bool fresh = credentials->is_given && !has_expired(&credentials->given);
    if (credentials->config->token_file != NULL) {
        bool failed = read_token_file(credentials, &err) < 0 && !credentials->is_given;
        waiter->on_ready(waiter->user, failed ? err : NULL);
        return;
    }
    if (credentials->config->exec == NULL || fresh) {
        waiter->on_ready(waiter->user, NULL);
        return;
    }
    if (credentials->run == NULL) {
        credentials->run = kube_exec_start(credentials->config, on_plugin, credentials, &err);
        credentials->run_number++;
    }
    if (credentials->run == NULL) {
        waiter->on_ready(waiter->user, err);
        return;
    }
    waiter->waits = true;
    waiter->run_number = credentials->run_number;
    DL_APPEND(credentials->waiters, waiter);
}

void kube_credentials_leave(
    struct kube_credentials *credentials, struct kube_credentials_waiter *waiter)
{
    if (!waiter->waits)
        return;
    waiter->waits = false;
    DL_DELETE(credentials->waiters, waiter);
}

struct http_identity kube_credentials_identity(
    const struct kube_credentials *credentials, unsigned long *generation)
{
    const struct kube_config *config = credentials->config;
    *generation = credentials->generation;
    return (struct http_identity){
        .token = credentials->is_given ? credentials->given.token : config->token,
        .username = config->username,
        .password = config->password,
        .certificate = credentials->given.certificate,
        .key = credentials->given.key,
    };
}

bool kube_credentials_refused(struct kube_credentials *credentials, unsigned long generation)
{
    bool may_change = credentials->config->token_file != NULL || credentials->config->exec != NULL;
    if (may_change && generation == credentials->generation)
        credentials->is_given = false;
    return may_change;
}
