/* hook-controller: the webhooks and the launch of VMIs, in the cluster. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "controller/program.h"
#include "controller/settings.h"
#include "controller/webhook/webhooks.h"

static int fail(const struct error *error)
{
    auto_free char *message = text_printable(error->message, strlen(error->message), SIZE_MAX);
    fprintf(stderr, "hook-controller: %s\n", message);
    if (error->class == ERROR_USAGE)
        fprintf(stderr, "\"hook-controller --help\" shows how it is used.\n");
    return error_exit_status(error->class);
}

static int print_webhooks(const struct controller_settings *settings)
{
    auto_error struct error *error = NULL;
    const struct controller_webhooks_options options = {
        .version = settings->print_webhooks,
        .annotation_key = settings->annotation_key,
        .namespace = text_or(settings->namespace, "hookline-system"),
        .service = settings->webhook_service,
        .configuration = settings->webhook_configuration,
    };
    auto_free char *text = controller_webhooks_manifest(&options, &error);
    if (text == NULL)
        return fail(error);
    printf("%s", text);
    return 0;
}

static int run(const struct controller_settings *settings)
{
    auto_error struct error *error = NULL;
    log_init("hook-controller", settings->log_format, settings->log_level);
    if (controller_program_run(settings, &error) == 0)
        return 0;
    log_error("%s", error->message);
    return error_exit_status(error->class);
}

int main(int argc, char **argv)
{
    auto_error struct error *error = NULL;
    struct controller_settings settings = {0};
    int status = 0;
    if (controller_settings_parse(&settings, argc, argv, &error) < 0)
        status = fail(error);
    else if (settings.help)
        controller_settings_help(stdout);
    else if (settings.version)
        printf("hook-controller " HOOKLINE_VERSION "\n");
    else if (settings.print_webhooks != NULL)
        status = print_webhooks(&settings);
    else
        status = run(&settings);
    controller_settings_clear(&settings);
    return status;
}
