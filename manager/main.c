/* hook-manager: calls the hook sidecars of a VM. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "manager/cmd_chain.h"
#include "manager/cmd_collect.h"
#include "manager/cmd_serve.h"
#include "manager/cmd_shutdown.h"
#include "rpc/rpc.h"

enum { MAX_COMMANDS = 3 + HOOKS_POINTS };

/* Lists the commands in the order of the help text. Returns how many. */
static size_t list_commands(const struct manager_command *commands[MAX_COMMANDS])
{
    size_t count = 0;
    commands[count++] = &manager_command_collect;
    for (const struct manager_command *chain = manager_command_chains; chain->name != NULL; chain++)
        commands[count++] = chain;
    commands[count++] = &manager_command_shutdown;
    commands[count++] = &manager_command_serve;
    return count;
}

static void print_help(const struct manager_command *const *commands, size_t count)
{
    printf("Collects the hook sidecars of a virtual machine and chains its domain XML and\n"
           "cloud-init data through them.\n\n"
           "Usage: hook-manager COMMAND [FLAGS]\n\n");
    for (size_t i = 0; i < count; i++)
        printf("  %-20s %s\n", commands[i]->name, commands[i]->summary);
    printf("\n\"hook-manager COMMAND --help\" shows a command's flags, --version the version.\n");
}

static void print_command_help(const struct manager_command *command)
{
    auto_free char *required = manager_flags_required(command->sets);
    printf("%s.\n\n%s\nUsage: hook-manager %s %s[FLAGS]\n\n", command->summary,
        command->description, command->name, required);
    manager_flags_describe(stdout, command->sets);
}

static int fail_usage(const char *command, struct error *error)
{
    auto_free char *name = xasprintf("hook-manager%s%s", command[0] != '\0' ? " " : "", command);
    auto_free char *message = text_printable(error->message, strlen(error->message), SIZE_MAX);
    fprintf(stderr, "%s: %s\n\"%s --help\" shows how it is used.\n", name, message, name);
    return error_exit_status(error->class);
}

static int run_command(const struct manager_command *command, int argc, char **argv)
{
    auto_error struct error *error = NULL;
    struct manager_flags flags;
    int status = 0;
    if (manager_flags_parse(argc, argv, command->sets, &flags, &error) < 0) {
        status = fail_usage(command->name, error);
    } else if (flags.help) {
        print_command_help(command);
    } else {
        rpc_tune_memory();
        _exit(command->run(command, &flags)); /* without exit handlers: gRPC's threads still run */
    }
    manager_flags_clear(&flags);
    return status;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    const struct manager_command *commands[MAX_COMMANDS];
    const char *names[MAX_COMMANDS];
    size_t count = list_commands(commands);
    if (streq(word, "--version")) {
        printf("hook-manager " HOOKLINE_VERSION "\n");
        return 0;
    }
    if (streq(word, "--help") || streq(word, "-h") || streq(word, "help")) {
        print_help(commands, count);
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (streq(word, commands[i]->name))
            return run_command(commands[i], argc - 1, argv + 1);
        names[i] = commands[i]->name;
    }
    auto_error struct error *error = NULL;
    auto_free char *hint = suggest_hint(word, names, count);
    if (argc < 2)
        error_set(&error, ERROR_USAGE, "a command is missing");
    else
        error_set(&error, ERROR_USAGE, "unknown command \"%s\"%s", word, hint);
    return fail_usage("", error);
}
