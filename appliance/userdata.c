#include "appliance/userdata.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

/* Whether a line of the text, which begins there, is what begins a cloud-config. */
static bool is_header(const char *line)
{
    static const char header[] = "#cloud-config";
    return text_starts_with(line, header) && strchr(" \t\r\n", line[strlen(header)]) != NULL;
}

/* A template of Jinja says so in the line before. */
static bool has_header(const char *text)
{
    const char *end = strchr(text, '\n');
    return is_header(text) ||
           (text_starts_with(text, "## template:") && end != NULL && is_header(end + 1));
}

static struct appliance_userdata_password *add(
    struct appliance_userdata *userdata, enum appliance_password_form form, const char *pointer)
{
    size_t count = userdata->password_count;
    if ((count & (count - 1)) == 0) /* doubles at powers of two */
        userdata->passwords = xreallocarray(
            userdata->passwords, count > 0 ? count * 2 : 1, sizeof(*userdata->passwords));
    userdata->passwords[userdata->password_count++] =
        (struct appliance_userdata_password){.form = form, .pointer = xstrdup(pointer)};
    return &userdata->passwords[count];
}

/* Whether a value is a password: not one that locks an account. */
static bool is_literal(const json_t *value)
{
    static const char *const locked[] = {"", "*", "!", "!!", "!*", "x"};
    const char *text = json_string_value(value);
    if (text != NULL)
        return text_index(text, locked, ARRAY_SIZE(locked)) < 0;
    return json_is_number(value);
}

/* Adds the member key of the object at pointer, if it is a password. */
static void add_member(struct appliance_userdata *userdata, const json_t *object,
    const char *pointer, const char *key, enum appliance_password_form form)
{
    auto_free char *place = json_pointer_join(pointer, key);
    if (is_literal(json_object_get(object, key)))
        add(userdata, form, place);
}

static void find_account(
    struct appliance_userdata *userdata, const json_t *account, const char *pointer)
{
    add_member(userdata, account, pointer, "plain_text_passwd", APPLIANCE_PASSWORD_PLAIN);
    add_member(userdata, account, pointer, "password", APPLIANCE_PASSWORD_PLAIN);
    add_member(userdata, account, pointer, "passwd", APPLIANCE_PASSWORD_HASH);
    add_member(userdata, account, pointer, "hashed_passwd", APPLIANCE_PASSWORD_HASH);
}

/* Accounts are the items of a list, or the members of an object. */
static void find_accounts(
    struct appliance_userdata *userdata, const json_t *accounts, const char *pointer)
{
    size_t i = 0;
    const json_t *account = NULL;
    const char *name = NULL;
    json_array_foreach (accounts, i, account) {
        auto_free char *place = json_pointer_index(pointer, i);
        find_account(userdata, account, place);
    }
    json_object_foreach ((json_t *)accounts, name, account) {
        auto_free char *place = json_pointer_join(pointer, name);
        find_account(userdata, account, place);
    }
}

/* How many bytes of a line precede the password in it; 0: there is none that is literal. */
static size_t prefix_of(const char *line, size_t length)
{
    static const char *const drawn[] = {"", "R", "RANDOM"};
    const char *colon = memchr(line, ':', length);
    if (colon == NULL)
        return 0;
    size_t prefix = (size_t)(colon - line) + 1;
    auto_free char *password = xstrndup(line + prefix, length - prefix);
    return text_index(password, drawn, ARRAY_SIZE(drawn)) < 0 ? prefix : 0;
}

/* Finds a part of a string, of which it is the bytes from offset on, in the text itself. cursor
 * has not passed it. */
static void locate(const struct appliance_userdata *userdata, struct yaml_cursor *cursor,
    struct appliance_userdata_password *password, const char *part, size_t length, size_t offset)
{
    const struct yaml_document *document = appliance_userdata_document(userdata);
    struct yaml_span span;
    struct yaml_place place = yaml_place_of_byte(document, password->pointer, offset);
    if (!yaml_span_of(document, password->pointer, &span))
        return;
    while (cursor->byte < cursor->length &&
           (cursor->place.line < place.line ||
               (cursor->place.line == place.line && cursor->place.column < place.column)))
        yaml_cursor_advance(cursor);
    if (cursor->byte < span.from || cursor->byte + length > span.to ||
        memcmp(cursor->text + cursor->byte, part, length) != 0)
        return;
    password->from = cursor->byte;
    password->to = cursor->byte + length;
}

/* The lines of chpasswd.list. */
static void find_lines(struct appliance_userdata *userdata, const char *list, const char *pointer)
{
    struct yaml_cursor cursor;
    size_t number = 0;
    yaml_cursor_init(&cursor, userdata->stream.text, strlen(userdata->stream.text));
    for (const char *line = list; *line != '\0'; number++) {
        size_t length = strcspn(line, "\n");
        size_t prefix = prefix_of(line, length);
        if (prefix > 0) {
            struct appliance_userdata_password *password =
                add(userdata, APPLIANCE_PASSWORD_LINE, pointer);
            password->prefix = prefix;
            password->line = number;
            locate(userdata, &cursor, password, line + prefix, length - prefix,
                (size_t)(line - list) + prefix);
        }
        line += length + (line[length] == '\n' ? 1 : 0);
    }
}

static void find_set_passwords(
    struct appliance_userdata *userdata, const json_t *object, const char *pointer)
{
    size_t i = 0;
    const json_t *item = NULL;
    const json_t *list = json_object_get(object, "list");
    auto_free char *place = json_pointer_join(pointer, "list");
    if (json_is_string(list))
        find_lines(userdata, json_string_value(list), place);
    json_array_foreach (list, i, item) {
        auto_free char *item_place = json_pointer_index(place, i);
        size_t prefix =
            json_is_string(item) ? prefix_of(json_string_value(item), json_string_length(item)) : 0;
        if (prefix > 0)
            add(userdata, APPLIANCE_PASSWORD_PLAIN, item_place)->prefix = prefix;
    }
    auto_free char *users = json_pointer_join(pointer, "users");
    json_array_foreach (json_object_get(object, "users"), i, item) {
        auto_free char *item_place = json_pointer_index(users, i);
        const char *type = text_or(json_get_string(item, "type"), "hash");
        if (!streq(type, "RANDOM"))
            add_member(userdata, item, item_place, "password",
                streq(type, "text") ? APPLIANCE_PASSWORD_PLAIN : APPLIANCE_PASSWORD_TYPED);
    }
}

/* Finds the passwords of a cloud-config, whose root or part is at pointer. */
static void find(struct appliance_userdata *userdata, const json_t *config, const char *pointer)
{
    auto_free char *user = json_pointer_join(pointer, "user");
    auto_free char *users = json_pointer_join(pointer, "users");
    auto_free char *chpasswd = json_pointer_join(pointer, "chpasswd");
    add_member(userdata, config, pointer, "password", APPLIANCE_PASSWORD_PLAIN);
    find_account(userdata, json_object_get(config, "user"), user);
    find_accounts(userdata, json_object_get(config, "users"), users);
    find_set_passwords(userdata, json_object_get(config, "chpasswd"), chpasswd);
}

int appliance_userdata_read(
    struct appliance_userdata *userdata, const char *text, struct error **err)
{
    *userdata = (struct appliance_userdata){.text = text, .is_cloud_config = has_header(text)};
    if (!userdata->is_cloud_config)
        return 0;
    if (yaml_parse("userData", text, strlen(text), &userdata->stream, err) < 0)
        return -1;
    if (userdata->stream.count > 1)
        return error_set(err, ERROR_INPUT, "userData: more than one YAML document");
    if (userdata->stream.count == 0)
        return 0;
    const json_t *root = userdata->stream.documents[0].root;
    if (!json_is_object(root))
        return error_set(
            err, ERROR_INPUT, "userData: must be a YAML mapping, not %s", json_kind(root));
    find(userdata, root, "");
    /* Ubuntu's installer: an account of the installed system, and a cloud-config for it */
    const json_t *installer = json_object_get(root, "autoinstall");
    add_member(userdata, json_object_get(installer, "identity"), "/autoinstall/identity",
        "password", APPLIANCE_PASSWORD_FIXED);
    find(userdata, json_object_get(installer, "user-data"), "/autoinstall/user-data");
    return 0;
}

const struct yaml_document *appliance_userdata_document(const struct appliance_userdata *userdata)
{
    return userdata->stream.count > 0 ? &userdata->stream.documents[0] : NULL;
}

bool appliance_userdata_is_reference(
    const struct appliance_userdata *before, const struct appliance_userdata_password *password)
{
    const struct yaml_document *document = appliance_userdata_document(before);
    const json_t *value =
        document != NULL ? json_pointer_get(document->root, password->pointer) : NULL;
    const char *text = json_string_value(value);
    for (size_t i = 0; text != NULL && i < password->line; i++) {
        text = strchr(text, '\n');
        if (text != NULL)
            text++;
    }
    if (text == NULL)
        return false;
    auto_free char *line = xstrndup(
        text, password->form == APPLIANCE_PASSWORD_LINE ? strcspn(text, "\n") : strlen(text));
    return strstr(line, "${") != NULL;
}

size_t appliance_userdata_column(const char *text, size_t place)
{
    size_t column = 0;
    for (; column < place && text[place - column - 1] != '\n'; column++) {
        if (strchr(" -", text[place - column - 1]) == NULL)
            return SIZE_MAX;
    }
    return column;
}

char *appliance_userdata_write(struct appliance_userdata *userdata)
{
    return appliance_edits_apply(&userdata->edits, userdata->text);
}

void appliance_userdata_clear(struct appliance_userdata *userdata)
{
    for (size_t i = 0; i < userdata->password_count; i++)
        free(userdata->passwords[i].pointer);
    free(userdata->passwords);
    appliance_edits_clear(&userdata->edits);
    yaml_stream_clear(&userdata->stream);
    *userdata = (struct appliance_userdata){0};
}
