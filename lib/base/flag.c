#include "base/flag.h"

#include <string.h>

#include "base/text.h"

int flag_refuse(const char *word, const char *const *names, size_t count, struct error **err)
{
    auto_free char *flag = xstrndup(word, strcspn(word, "="));
    const char *name = flag + strspn(flag, "-");
    if (text_index(name, names, count) >= 0)
        return error_set(err, ERROR_USAGE, "--%s takes no value", name);
    const char *nearest = suggest_nearest(name, names, count);
    if (nearest == NULL)
        return error_set(err, ERROR_USAGE, "unknown flag \"%s\"", flag);
    return error_set(
        err, ERROR_USAGE, "unknown flag \"%s\" (did you mean \"--%s\"?)", flag, nearest);
}

int flag_parse_duration(
    const char *name, const char *value, int64_t *milliseconds, struct error **err)
{
    if (text_parse_duration(value, milliseconds))
        return 0;
    return error_set(err, ERROR_USAGE,
        "--%s: \"%s\" is no duration from 1ms to 24h: write 30s, 250ms or 2m", name, value);
}

void flag_describe(FILE *out, int column, const char *left, const char *help)
{
    for (const char *line = help; line != NULL;) {
        const char *end = strchr(line, '\n');
        fprintf(out, "  %-*s %.*s\n", column, line == help ? left : "",
            end != NULL ? (int)(end - line) : (int)strlen(line), line);
        line = end != NULL ? end + 1 : NULL;
    }
}
