#include "cli/appliance/ssh_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

/* Source: sshd(8), AUTHORIZED_KEYS FILE FORMAT. */
static bool is_key(const char *text)
{
    static const char *const types[] = {"ssh-ed25519 ", "ssh-rsa ", "ssh-dss ", "ecdsa-sha2-",
        "sk-ssh-ed25519@openssh.com ", "sk-ecdsa-sha2-nistp256@openssh.com "};
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (text_starts_with(text, types[i]))
            return true;
    }
    return false;
}

static void add(struct option_texts *keys, char *take_key)
{
    keys->items = xreallocarray(keys->items, keys->count + 1, sizeof(*keys->items));
    keys->items[keys->count++] = take_key;
}

/* Adds the keys of a file, whose text is taken apart. */
static int add_lines(struct option_texts *keys, const char *path, char *text, struct error **err)
{
    size_t number = 0;
    size_t before = keys->count;
    for (char *line = strsep(&text, "\n"); line != NULL; line = strsep(&text, "\n")) {
        number++;
        line += strspn(line, " \t");
        line[strcspn(line, "\r")] = '\0';
        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (!is_key(line) && strstr(line, " ssh-") == NULL && strstr(line, " ecdsa-") == NULL)
            return error_set(err, ERROR_INPUT, "%s:%zu: is not a public SSH key%s", path, number,
                strstr(line, "PRIVATE KEY") != NULL ? ", but a private one" : "");
        add(keys, xstrdup(line));
    }
    if (keys->count == before)
        return error_set(err, ERROR_INPUT, "%s: has no SSH key", path);
    return 0;
}

int cli_ssh_keys_parse(
    struct option_texts *keys, const char *name, char *text, size_t length, struct error **err)
{
    if (strlen(text) != length || !text_is_utf8(text, length, NULL))
        return error_set(err, ERROR_INPUT, "%s: is not a file of public SSH keys", name);
    return add_lines(keys, name, text, err);
}

static int add_file(struct option_texts *keys, const char *path, struct error **err)
{
    auto_free char *text = NULL;
    size_t length = 0;
    if (file_read(path, CLI_SSH_KEYS_MAX_BYTES, &text, &length, err) < 0)
        return -1;
    return cli_ssh_keys_parse(keys, path, text, length, err);
}

int cli_ssh_keys_add(
    struct option_texts *keys, const struct option_texts *given, struct error **err)
{
    for (size_t i = 0; i < given->count; i++) {
        if (is_key(given->items[i]))
            add(keys, xstrdup(given->items[i]));
        else if (add_file(keys, given->items[i], err) < 0)
            return -1;
    }
    return 0;
}

void cli_ssh_keys_clear(struct option_texts *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        free(keys->items[i]);
    free(keys->items);
    *keys = (struct option_texts){0};
}
