/* One replica's certificate without the rest of hook-controller, for tests:
 * KUBECONFIG NAMESPACE CONFIGURATION VALIDITY_SECONDS. Serves it; says its port on standard output,
 * and "ready" when it is. The Secret is "certificate", the Service "webhook". SIGTERM ends it. */
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "controller/certificate.h"
#include "controller/self_signed.h"
#include "controller/server.h"

static void on_ready(void *user)
{
    (void)user;
    puts("ready");
    fflush(stdout);
}

static void on_warning(void *user, const char *message)
{
    (void)user;
    log_warning("%s", message);
}

static void on_signal(struct ev_loop *loop, struct ev_signal *signal, int events)
{
    (void)signal;
    (void)events;
    ev_break(loop, EVBREAK_ALL);
}

static int fail(const struct error *error)
{
    log_error("%s", error->message);
    return error_exit_status(error->class);
}

int main(int argc, char **argv)
{
    long validity = 0;
    if (argc != 5 || !text_parse_int(argv[4], 1, 100000, &validity)) {
        fputs("self_signed_driver KUBECONFIG NAMESPACE CONFIGURATION VALIDITY_SECONDS\n", stderr);
        return 2;
    }
    log_init("self_signed_driver", LOG_TEXT, LOG_INFO);
    struct ev_signal term;
    ev_signal_init(&term, on_signal, SIGTERM);
    ev_signal_start(EV_DEFAULT_ & term);

    auto_error struct error *error = NULL;
    const struct kube_config_options where = {.kubeconfig = argv[1]};
    auto_kube_config struct kube_config *config = kube_config_load(&where, &error);
    if (config == NULL)
        return fail(error);
    const struct kube_client_options how = {.user_agent = "self_signed_driver", .warn = on_warning};
    struct kube_client *client = kube_client_new(config, &how, &error);
    if (client == NULL)
        return fail(error);
    struct controller_server *server = controller_server_webhooks("127.0.0.1:0", 2, &error);
    if (server == NULL)
        return fail(error);
    const struct controller_self_signed_options options = {
        .namespace = argv[2],
        .secret = "certificate",
        .service = "webhook",
        .webhook_configuration = argv[3],
        .validity_ms = validity * 1000,
        .on_ready = on_ready,
    };
    struct controller_self_signed *self_signed = controller_self_signed_new(client, &options);
    printf("%d\n", controller_server_port(server));
    fflush(stdout);

    ev_run(EV_DEFAULT_ 0);
    controller_self_signed_free(self_signed);
    controller_server_free(server);
    controller_certificate_set_current(NULL);
    kube_client_free(client);
    return 0;
}
