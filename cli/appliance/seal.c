/* hookctl appliance seal: a disk from which machines can be made. */
#include <ev.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "appliance/seal.h"
#include "base/text.h"
#include "base/unused.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "guest/kvm.h"

struct options {
    struct cli_options common;
    char *output;
    bool quiet;
};

#define MEMBER(name) offsetof(struct options, name)

static const struct option_row rows[] = {
    {"output", OPTION_TEXT, MEMBER(output), 'o', .argument = "FILE", .is_path = true,
        .help = "the sealed copy, which must not exist (default: it takes\nthe place of DISK)"},
    {"quiet", OPTION_SWITCH, MEMBER(quiet), 'q', .help = "do not say what is being done"},
    CLI_HELP_ROW,
};

struct sealing {
    struct appliance_seal *operation;
    struct error *error;
};

static void on_progress(UNUSED void *user, const char *what)
{
    auto_free char *shown = text_printable(what, strlen(what), SIZE_MAX);
    fprintf(stderr, "%s\n", shown);
}

static void on_done(void *user, struct error *take_error)
{
    struct sealing *sealing = user;
    sealing->operation = NULL;
    sealing->error = take_error;
}

static void on_interrupt(void *user)
{
    const struct sealing *sealing = user;
    if (sealing->operation != NULL)
        appliance_seal_cancel(sealing->operation);
}

static void say_sealed(const char *path)
{
    auto_free char *shown = text_printable(path, strlen(path), SIZE_MAX);
    printf("%s is sealed. User accounts, their passwords and files, the rules of the firewall and "
           "installed software stay.\n",
        shown);
}

static int seal(const struct cli_arguments *arguments)
{
    const struct options *options = arguments->options;
    struct sealing sealing = {0};
    struct cli_interrupt interrupt;
    const struct appliance_seal_request request = {
        .disk = arguments->operand,
        .output = options->output,
        .emulate = guest_kvm_probe(NULL) < 0,
        .progress = options->quiet ? NULL : on_progress,
        .user = &sealing,
    };
    signal(SIGPIPE, SIG_IGN); /* a reader of the progress that leaves must not end it halfway */
    cli_interrupt_watch(&interrupt, on_interrupt, &sealing);
    sealing.operation = appliance_seal_start(&request, on_done, &sealing.error);
    while (sealing.operation != NULL)
        ev_run(EV_DEFAULT_ EVRUN_ONCE);
    cli_interrupt_stop(&interrupt);
    if (sealing.error != NULL)
        return cli_fail(arguments, sealing.error);
    say_sealed(text_or(options->output, arguments->operand));
    return 0;
}

const struct cli_command cli_appliance_seal_command = {
    .name = "seal",
    .summary = "clean a disk, so that machines can be made of it",
    .description =
        "Removes from the image of a Linux disk what two machines must not share, with\n"
        "virt-sysprep: the machine ID, SSH host keys, keys of users, logs, histories,\n"
        "leases, caches, and what cloud-init was told. User accounts, their passwords and\n"
        "files, and the rules of the firewall stay.\n"
        "\n"
        "DISK is a qcow2 or raw image that nothing has open. It is replaced in one step\n"
        "at the end; until then, and after a failure, it is as it was. Windows is\n"
        "refused: its own sysprep must seal it.\n"
        "\n"
        "Exit status: 0 sealed, 1 it cannot be sealed, 2 wrong usage, 3 a file or program\n"
        "failed, 5 it took over an hour, 6 interrupted.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct options),
    .operand = "DISK",
    .operand_is_path = true,
    .operand_required = true,
    .run = seal,
};
