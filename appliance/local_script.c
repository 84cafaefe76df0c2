#include "appliance/local_script.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

/* The text being written. */
struct command {
    char *text; /* owned */
    const char *directory; /* or NULL: "$here" */
};

static void add(struct command *command, const char *option, char *take_words)
{
    auto_free char *words = take_words;
    auto_free char *before = command->text;
    command->text = xasprintf("%s \\\n    %s %s", before, option, words);
}

/* The text as one word of a shell. Owned by the caller. */
static char *quote(const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:@%+";
    if (text[0] != '\0' && strspn(text, plain) == strlen(text))
        return xstrdup(text);
    char *quoted = xstrdup("'");
    for (const char *rest = text; rest[0] != '\0';) {
        size_t length = strcspn(rest, "'");
        auto_free char *before = quoted;
        bool more = rest[length] == '\'';
        quoted = xasprintf("%s%.*s%s", before, (int)length, rest, more ? "'\\''" : "");
        rest += length + (more ? 1 : 0);
    }
    auto_free char *before = quoted;
    return xasprintf("%s'", before);
}

/* NAME= and a file in the directory, as a word; name may be "". */
static char *word_here(const struct command *command, const char *name, const char *file)
{
    const char *equals = name[0] != '\0' ? "=" : "";
    if (command->directory == NULL)
        return xasprintf("\"%s%s$here/%s\"", name, equals, file);
    auto_free char *path = file_join(command->directory, file);
    auto_free char *word = xasprintf("%s%s%s", name, equals, path);
    return quote(word);
}

static char *word_elsewhere(const char *name, const char *path)
{
    auto_free char *word = xasprintf("%s=%s", name, path);
    return quote(word);
}

static void add_disk(struct command *command, const struct appliance_local_disk *disk)
{
    switch (disk->kind) {
    case APPLIANCE_LOCAL_OVERLAY:
        add(command, "--pvc", word_elsewhere(disk->name, disk->source));
        add(command, "--overlay", word_here(command, disk->name, disk->file));
        break;
    case APPLIANCE_LOCAL_BLANK:
        add(command, "--pvc", word_here(command, disk->name, disk->file));
        break;
    case APPLIANCE_LOCAL_CLAIM:
        add(command, "--pvc", word_elsewhere(disk->name, disk->source));
        break;
    case APPLIANCE_LOCAL_CONTAINER_DISK:
        add(command, "--container-disk", word_elsewhere(disk->name, disk->source));
        break;
    }
}

char *appliance_local_command(const struct appliance_local_disks *disks,
    const struct appliance_local_files *files, size_t sidecars, const char *directory)
{
    struct command command = {xstrdup("hook-launcher"), directory};
    add(&command, "--vmi", word_here(&command, "", APPLIANCE_LOCAL_VMI));
    for (size_t i = 0; i < disks->count; i++)
        add_disk(&command, &disks->items[i]);
    for (size_t i = 0; i < files->count; i++) {
        const struct appliance_local_directory *item = &files->items[i];
        auto_free char *file = file_join(APPLIANCE_LOCAL_FILES, item->name);
        add(&command, "--volume-dir",
            item->given != NULL ? word_elsewhere(item->name, item->given)
                                : word_here(&command, item->name, file));
    }
    add(&command, "--sidecars", xasprintf("%zu", sidecars));
    if (sidecars > 0)
        add(&command, "--socket-dir", word_here(&command, "", APPLIANCE_LOCAL_SOCKETS));
    add(&command, "--console", word_here(&command, "", APPLIANCE_LOCAL_CONSOLE));
    add(&command, "--log-format", xstrdup("text"));
    return command.text;
}

char *appliance_local_script(const struct appliance_local_disks *disks,
    const struct appliance_local_files *files, size_t sidecars)
{
    auto_free char *command = appliance_local_command(disks, files, sidecars, NULL);
    return xasprintf(
        "#!/bin/sh\n"
        "# Boots the VM in this directory. Words are added to the command; for ports of "
        "the guest:\n"
        "# run --port 22=2222\n"
        "here=$(cd -- \"$(dirname -- \"$0\")\" && pwd) || exit\n"
        "exec %s \"$@\"\n",
        command);
}
