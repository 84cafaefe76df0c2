#include "controller/settings.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utstring.h>

#include "base/file.h"
#include "base/finding.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "controller/flag.h"

#define API_VERSION "hookline.dev/v1alpha1"
#define KIND "HookControllerConfiguration"

enum {
    CONFIGURATION_LIMIT = 1024 * 1024, /* bytes of a configuration file */
    DEFAULT_WEBHOOK_THREADS = 8, /* at most, where there are more CPUs */
    ID_HELP = 'h',
    ID_VERSION = 'V',
    ID_FIRST = 256, /* plus a flag's place in the table: what getopt_long(3) returns */
};

static void set_defaults(struct controller_settings *settings)
{
    *settings = (struct controller_settings){0};
    for (size_t i = 0; i < controller_flag_count; i++) {
        if (controller_flags[i].initial != NULL)
            controller_flag_set(&controller_flags[i], controller_flags[i].initial, settings, NULL);
    }
}

/* The configuration file while it is read. */
struct source {
    const char *path;
    const struct yaml_document *document;
};

static int fault_at(const struct source *source, const char *key, struct error **err,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* An input error about the value of a key. */
static int fault_at(
    const struct source *source, const char *key, struct error **err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *message = xvasprintf(format, args);
    va_end(args);
    auto_free char *pointer = key[0] != '\0' ? json_pointer_join("", key) : xstrdup("");
    auto_free char *shown = finding_path(pointer);
    struct yaml_place place = yaml_place_of(source->document, pointer);
    return error_set(err, ERROR_INPUT, "%s:%zu:%zu: %s%s%s", source->path, place.line, place.column,
        shown, shown[0] != '\0' ? ": " : "", message);
}

/* The text of a value as a flag would have it, or NULL when it is of the wrong type for it. Owned
 * by the caller. */
static char *text_of(const struct controller_flag *flag, const json_t *value)
{
    bool is_number = flag->value == CONTROLLER_FLAG_COUNT || flag->value == CONTROLLER_FLAG_RATE;
    bool is_duration =
        flag->value == CONTROLLER_FLAG_DURATION || flag->value == CONTROLLER_FLAG_VALIDITY;
    if (flag->value == CONTROLLER_FLAG_SWITCH)
        return json_is_boolean(value) ? xstrdup(json_is_true(value) ? "true" : "false") : NULL;
    if (json_is_number(value) && (is_number || is_duration))
        return json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
    return json_is_string(value) && !is_number ? xstrdup(json_string_value(value)) : NULL;
}

static const char *type_of(const struct controller_flag *flag)
{
    switch (flag->value) {
    case CONTROLLER_FLAG_SWITCH:
        return "true or false";
    case CONTROLLER_FLAG_COUNT:
    case CONTROLLER_FLAG_RATE:
        return "a whole number";
    case CONTROLLER_FLAG_DURATION:
    case CONTROLLER_FLAG_VALIDITY:
        return "a duration as 30s";
    default:
        return "a string";
    }
}

/* Sets the one member that a key of the file names. */
static int set_key(struct controller_settings *settings, const struct source *source,
    const char *key, const json_t *value, struct error **err)
{
    auto_free char *hint = NULL;
    const struct controller_flag *flag = controller_flag_of_key(key, &hint);
    if (flag == NULL)
        return fault_at(source, key, err, "is not known%s", hint);
    auto_free char *text = text_of(flag, value);
    if (text == NULL)
        return fault_at(source, key, err, "must be %s, not %s", type_of(flag), json_kind(value));
    auto_error struct error *error = NULL;
    if (controller_flag_set(flag, text, settings, &error) < 0)
        return fault_at(source, key, err, "%s", error->message);
    return 0;
}

/* Checks that the file says what it is. */
static int check_head(
    const struct source *source, const char *key, const char *wanted, struct error **err)
{
    const char *value = json_get_string(source->document->root, key);
    if (value != NULL && streq(value, wanted))
        return 0;
    if (value == NULL)
        return fault_at(source, "", err, "%s must be %s", key, wanted);
    return fault_at(source, key, err, "must be %s", wanted);
}

static int take_document(
    struct controller_settings *settings, const struct source *source, struct error **err)
{
    const char *key = NULL;
    json_t *value = NULL;
    if (!json_is_object(source->document->root))
        return fault_at(
            source, "", err, "must be an object, not %s", json_kind(source->document->root));
    if (check_head(source, "apiVersion", API_VERSION, err) < 0 ||
        check_head(source, "kind", KIND, err) < 0)
        return -1;
    json_object_foreach (source->document->root, key, value) {
        if (!streq(key, "apiVersion") && !streq(key, "kind") &&
            set_key(settings, source, key, value, err) < 0)
            return -1;
    }
    return 0;
}

static int read_file(struct controller_settings *settings, const char *path, struct error **err)
{
    auto_free char *text = NULL;
    size_t length = 0;
    struct yaml_stream stream;
    if (file_read(path, CONFIGURATION_LIMIT, &text, &length, err) < 0 ||
        yaml_parse(path, text, length, &stream, err) < 0)
        return -1;
    int result = -1;
    if (stream.count == 1)
        result = take_document(settings, &(struct source){path, &stream.documents[0]}, err);
    else
        error_set(err, ERROR_INPUT, "%s: must be one document of kind " KIND ", not %zu", path,
            stream.count);
    yaml_stream_clear(&stream);
    return result;
}

/* What the command line says: for each flag of the table its value, borrowed, or NULL. */
struct command_line {
    const char **values;
    bool *help;
    bool *version;
};

/* The table for getopt_long(3). Owned by the caller. */
static struct option *make_options(void)
{
    struct option *options = xcalloc(controller_flag_count + 3, sizeof(*options));
    for (size_t i = 0; i < controller_flag_count; i++) {
        const struct controller_flag *flag = &controller_flags[i];
        bool is_switch = flag->value == CONTROLLER_FLAG_SWITCH;
        options[i] = (struct option){
            .name = flag->name,
            .has_arg = is_switch ? optional_argument : required_argument,
            .val = ID_FIRST + (int)i,
        };
    }
    options[controller_flag_count] = (struct option){.name = "help", .val = ID_HELP};
    options[controller_flag_count + 1] = (struct option){.name = "version", .val = ID_VERSION};
    return options;
}

static int read_flags(int argc, char **argv, const struct command_line *line, struct error **err)
{
    auto_free struct option *options = make_options();
    opterr = 0;
    optind = 0;
    for (;;) {
        int id = getopt_long(argc, argv, ":h", options, NULL);
        if (id < 0)
            break;
        if (id == ':')
            return error_set(err, ERROR_USAGE, "%s needs a value", argv[optind - 1]);
        if (id == '?')
            return controller_flag_refuse(argv[optind - 1], err);
        if (id == ID_HELP)
            *line->help = true;
        else if (id == ID_VERSION)
            *line->version = true;
        else
            line->values[id - ID_FIRST] = text_or(optarg, "true");
    }
    if (optind < argc && !*line->help && !*line->version)
        return error_set(err, ERROR_USAGE,
            "unexpected argument \"%s\" (a switch is set as in --launch=false)", argv[optind]);
    return 0;
}

/* The value that the command line gives for a member, or NULL. */
static const char *value_for(const struct command_line *line, size_t member)
{
    for (size_t i = 0; i < controller_flag_count; i++) {
        if (controller_flags[i].member == member)
            return line->values[i];
    }
    return NULL;
}

/* The file first, and then what the flags say otherwise. */
static int apply(
    struct controller_settings *settings, const struct command_line *line, struct error **err)
{
    const char *path = value_for(line, offsetof(struct controller_settings, config));
    const char *optional = value_for(line, offsetof(struct controller_settings, config_optional));
    bool may_be_missing = optional != NULL && streq(optional, "true");
    if (path != NULL && !(may_be_missing && access(path, F_OK) != 0 && errno == ENOENT) &&
        read_file(settings, path, err) < 0)
        return -1;
    for (size_t i = 0; i < controller_flag_count; i++) {
        if (line->values[i] == NULL)
            continue;
        struct error *error = NULL;
        if (controller_flag_set(&controller_flags[i], line->values[i], settings, &error) < 0) {
            error_wrap(&error, "--%s", controller_flags[i].name);
            return error_move(err, error);
        }
    }
    return 0;
}

static int count_threads(void)
{
    cpu_set_t cpus;
    int count = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
    return count < DEFAULT_WEBHOOK_THREADS ? count : DEFAULT_WEBHOOK_THREADS;
}

/* A variable of the environment that the pod's manifest sets; NULL when it is empty. */
static const char *from_environment(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The defaults that are found out. */
static void fill_in(struct controller_settings *settings)
{
    char host[256] = "";
    gethostname(host, sizeof(host) - 1);
    if (settings->identity == NULL)
        settings->identity = xstrdup(text_or(from_environment("POD_NAME"), host));
    if (settings->namespace == NULL)
        xstrset(&settings->namespace, from_environment("POD_NAMESPACE"));
    if (settings->webhook_threads == 0)
        settings->webhook_threads = count_threads();
    if (settings->policy_file != NULL)
        xstrset(&settings->policy_config_map, "");
}

/* What does not fit together. */
static int check(const struct controller_settings *settings, struct error **err)
{
    bool has_files = settings->tls_certificate != NULL || settings->tls_key != NULL;
    if ((settings->tls_certificate != NULL) != (settings->tls_key != NULL))
        return error_set(err, ERROR_USAGE,
            "--tls-certificate and --tls-key belong together: --%s is missing",
            settings->tls_key == NULL ? "tls-key" : "tls-certificate");
    if (has_files && settings->self_signed)
        return error_set(err, ERROR_USAGE,
            "--self-signed and --tls-certificate are both set: keep the one that is meant");
    if (settings->webhook_listen[0] != '\0' && !has_files && !settings->self_signed &&
        settings->print_webhooks == NULL)
        return error_set(err, ERROR_USAGE,
            "the webhooks need a certificate: --tls-certificate FILE and --tls-key FILE, or "
            "--self-signed; or no webhooks: --webhook-listen=");
    if (settings->lease_renew_deadline_ms >= settings->lease_duration_ms)
        return error_set(err, ERROR_USAGE,
            "--lease-renew-deadline must be shorter than --lease-duration, or two could lead");
    if (settings->lease_retry_ms >= settings->lease_renew_deadline_ms)
        return error_set(err, ERROR_USAGE,
            "--lease-retry must be shorter than --lease-renew-deadline, or nothing is tried again");
    return 0;
}

int controller_settings_parse(struct controller_settings *settings, int argc, char **argv,
    bool *help, bool *version, struct error **err)
{
    auto_free const char **values = xcalloc(controller_flag_count, sizeof(*values));
    const struct command_line line = {values, help, version};
    *help = false;
    *version = false;
    set_defaults(settings);
    if (read_flags(argc, argv, &line, err) < 0)
        return -1;
    if (*help || *version)
        return 0;
    if (apply(settings, &line, err) < 0)
        return -1;
    fill_in(settings);
    return check(settings, err);
}

void controller_settings_clear(struct controller_settings *settings)
{
    for (size_t i = 0; i < controller_flag_count; i++) {
        enum controller_flag_value value = controller_flags[i].value;
        char **member = (void *)((char *)settings + controller_flags[i].member);
        if (value == CONTROLLER_FLAG_TEXT || value == CONTROLLER_FLAG_TEXT_OR_NONE ||
            value == CONTROLLER_FLAG_LISTEN)
            xstrset(member, NULL);
    }
}

enum { HELP_COLUMN = 34, HELP_WIDTH = 96 };

/* Appends text wrapped at words, each line from HELP_COLUMN on; the first is there already, with
 * so many characters in it. */
static void append_wrapped(UT_string *out, size_t written, const char *text)
{
    if (written >= HELP_COLUMN)
        utstring_printf(out, "\n%*s", HELP_COLUMN, "");
    else
        utstring_printf(out, "%*s", (int)(HELP_COLUMN - written), "");
    size_t column = HELP_COLUMN;
    while (*text != '\0') {
        size_t word = strcspn(text, " ");
        if (column > HELP_COLUMN && column + 1 + word > HELP_WIDTH) {
            utstring_printf(out, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        }
        utstring_printf(out, "%s%.*s", column > HELP_COLUMN ? " " : "", (int)word, text);
        column += word + (column > HELP_COLUMN);
        text += word;
        text += strspn(text, " ");
    }
    utstring_printf(out, "\n");
}

static void append_flag(UT_string *out, const struct controller_flag *flag)
{
    if (flag->heading != NULL)
        utstring_printf(out, "\n%s:\n", flag->heading);
    bool is_switch = flag->value == CONTROLLER_FLAG_SWITCH;
    bool is_off = is_switch && streq(flag->initial, "false");
    auto_free char *left = xasprintf("  --%s%s%s", flag->name, is_switch ? "" : " ",
        is_off      ? ""
        : is_switch ? "[=false]"
                    : flag->argument);
    auto_free char *text = flag->initial != NULL && !is_off
                               ? xasprintf("%s (default %s)", flag->help, flag->initial)
                               : xstrdup(flag->help);
    utstring_printf(out, "%s", left);
    append_wrapped(out, strlen(left), text);
}

char *controller_settings_help(void)
{
    UT_string out;
    utstring_init(&out);
    utstring_printf(&out,
        "Usage: hook-controller [FLAGS]\n\n"
        "Puts hook sidecars into the launcher pods of virtual machines, validates their\n"
        "annotations, and launches virtual machines. Each flag but --config, --config-optional "
        "and\n"
        "--print-webhooks is also a key of the configuration file, in camel case:\n"
        "--webhook-listen is webhookListen.\n");
    for (size_t i = 0; i < controller_flag_count; i++)
        append_flag(&out, &controller_flags[i]);
    utstring_printf(&out, "\n  -h, --help\n      --version\n");
    return utstring_body(&out);
}
