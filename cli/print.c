#include "cli/print.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml_dump.h"

const char *const cli_print_formats[] = {"yaml", "json", NULL};

static void print_secret(char *take_text)
{
    fputs(take_text, stdout);
    free_secret(take_text, strlen(take_text));
}

static int print_yaml(const json_t *objects, struct error **err)
{
    for (size_t i = 0; i < json_array_size(objects); i++) {
        char *text = yaml_dump(json_array_get(objects, i), err);
        if (text == NULL)
            return -1;
        if (i > 0)
            puts("---");
        print_secret(text);
    }
    return 0;
}

int cli_print_objects(json_t *objects, const char *format, struct error **err)
{
    if (streq(format, "yaml"))
        return print_yaml(objects, err);
    auto_json json_t *list =
        json_pack("{s:s, s:s, s:O}", "apiVersion", "v1", "kind", "List", "items", objects);
    bool is_one = json_array_size(objects) == 1;
    print_secret(json_dumps(is_one ? json_array_get(objects, 0) : list, JSON_INDENT(2)));
    putchar('\n');
    return 0;
}
