/* The servers of hook-controller without a cluster, for tests: CERTIFICATE KEY POLICY. Says its two
 * ports on standard output; SIGTERM drains it. */
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "controller/certificate.h"
#include "controller/certificate_files.h"
#include "controller/metrics.h"
#include "controller/server.h"

static struct controller_server *webhooks;

static char *page(void *user)
{
    (void)user;
    struct controller_metrics_now now = {.leader = false};
    return controller_metrics_text(&now);
}

static bool ready(void *user, const char **why_not)
{
    const bool *draining = user;
    *why_not = "draining";
    return !*draining;
}

static void on_drain(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    (void)timer;
    (void)events;
    if (!controller_server_busy(webhooks))
        ev_break(loop, EVBREAK_ALL);
}

static void on_signal(struct ev_loop *loop, struct ev_signal *signal, int events)
{
    (void)loop;
    (void)events;
    static struct ev_timer drain;
    *(bool *)signal->data = true;
    controller_server_quiesce(webhooks);
    log_info("draining");
    ev_timer_init(&drain, on_drain, 0.0, 0.02);
    ev_timer_start(EV_DEFAULT_ & drain);
}

static int fail(const struct error *error)
{
    log_error("%s", error->message);
    return error_exit_status(error->class);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("webhook_driver CERTIFICATE KEY POLICY\n", stderr);
        return 2;
    }
    log_init("webhook_driver", LOG_TEXT, LOG_DEBUG);
    bool draining = false;
    struct ev_signal term;
    ev_signal_init(&term, on_signal, SIGTERM);
    term.data = &draining;
    ev_signal_start(EV_DEFAULT_ & term);

    auto_error struct error *error = NULL;
    struct controller_review_options options = {
        .render = {.shim_image = "shim", .manager_image = "manager"}};
    struct hostpath_policy *policy = hostpath_policy_read(argv[3], &error);
    if (error != NULL)
        return fail(error);
    controller_rules_set(policy, &options);
    struct controller_certificate_files *files =
        controller_certificate_files_new(argv[1], argv[2], &error);
    if (files == NULL)
        return fail(error);
    const struct controller_health health = {page, ready, &draining};
    webhooks = controller_server_webhooks("127.0.0.1:0", 2, &error);
    struct controller_server *plain =
        webhooks == NULL ? NULL : controller_server_health(":0", &health, &error);
    if (plain == NULL)
        return fail(error);
    printf("%d %d\n", controller_server_port(webhooks), controller_server_port(plain));
    fflush(stdout);

    ev_run(EV_DEFAULT_ 0);
    controller_server_free(plain);
    controller_server_free(webhooks);
    controller_certificate_files_free(files);
    controller_certificate_set_current(NULL);
    controller_rules_set(NULL, &options);
    return 0;
}
