/* A stream with a DataSource and the objects that it refers to, which is completed. What is completed
 * is well formed, and stays as it is when it is the boilerplate itself. */
#include <stddef.h>
#include <stdint.h>

#include "appliance/complete.h"
#include "appliance/source.h"
#include "base/json.h"
#include "base/yaml.h"
#include "base/yaml_dump.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t next(void *user, uint32_t limit)
{
    uint32_t *number = user;
    return (*number)++ % limit;
}

static void check_report(const struct appliance_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct appliance_text *text = report->texts[i];
        check_findings(&text->findings);
        for (size_t j = 0; j < text->findings.count; j++) {
            auto_free char *path = appliance_text_path(text, &text->findings.items[j]);
            check(text_is_utf8(path, strlen(path), NULL));
        }
    }
}

/* The names that the completion gives are short enough. */
static void check_names(const struct appliance_completion *completion)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach (json_pointer_get(completion->vm, "/spec/dataVolumeTemplates"), i, item) {
        const char *name = json_get_string(json_object_get(item, "metadata"), "name");
        check(name != NULL && strlen(name) <= 63);
    }
    json_array_foreach (completion->objects, i, item) {
        const json_t *metadata = json_object_get(item, "metadata");
        check(json_get_string(item, "kind") != NULL);
        check(strlen(json_get_string(metadata, "name")) <= 63);
        check(streq(json_get_string(metadata, "namespace"), "demo"));
    }
}

/* The same DataSource with the VM as its boilerplate. New reference. */
static json_t *with_boilerplate(const struct appliance_object *from, const json_t *vm)
{
    auto_free char *text = yaml_dump(vm, NULL);
    json_t *value = json_deep_copy(from->value);
    json_object_set_new(json_object_get(value, "metadata"), "annotations",
        json_pack("{s:s}", APPLIANCE_PREFIX "vm-spec", text));
    return value;
}

static bool complete(struct appliance_objects *objects, const struct appliance_object *from,
    enum appliance_password password, bool repair, struct appliance_completion *out)
{
    uint32_t number = 0;
    char first[] = "ssh-ed25519 AAAA me";
    char *items[] = {first};
    const struct option_texts keys = {.items = items, .count = 1};
    const struct appliance_request request = {
        .namespace = "demo",
        .name = "a-rather-long-name-of-a-virtual-machine-so-that-some-are-cut",
        .ssh_keys = password == APPLIANCE_PASSWORD_KEEP ? NULL : &keys,
        .password = password,
        .repair = repair,
        .random = {.below = next, .user = &number},
    };
    struct appliance_report report = {0};
    int result = appliance_complete(from, objects, &request, out, &report);
    check((result == 0) == (out->vm != NULL));
    check((result == 0) == (appliance_report_errors(&report) == 0));
    check_report(&report);
    appliance_report_clear(&report);
    return result == 0;
}

static void complete_twice(struct appliance_objects *objects, const struct appliance_object *from)
{
    struct appliance_completion completion;
    struct appliance_completion again;
    if (complete(objects, from, APPLIANCE_PASSWORD_GENERATE, true, &completion))
        check_names(&completion);
    appliance_completion_clear(&completion);
    if (complete(objects, from, APPLIANCE_PASSWORD_KEEP, false, &completion)) {
        check_names(&completion);
        json_t *value = with_boilerplate(from, completion.vm);
        appliance_objects_add_read(objects, value);
        const struct appliance_object *second = appliance_objects_find(objects,
            APPLIANCE_DATA_SOURCE,
            text_or(json_get_string(json_object_get(value, "metadata"), "namespace"), "default"),
            json_get_string(json_object_get(value, "metadata"), "name"));
        if (complete(objects, second, APPLIANCE_PASSWORD_KEEP, false, &again))
            check(json_equal(again.vm, completion.vm));
        appliance_completion_clear(&again);
    }
    appliance_completion_clear(&completion);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaml_stream stream;
    struct appliance_objects objects = {0};
    if (yaml_parse("objects", (const char *)data, size, &stream, NULL) < 0)
        return 0;
    for (size_t i = 0; i < stream.count; i++)
        appliance_objects_add(&objects, "objects", &stream.documents[i]);
    const struct appliance_object *from =
        appliance_objects_choose(&objects, APPLIANCE_DATA_SOURCE, NULL, NULL);
    if (from != NULL)
        complete_twice(&objects, from);
    appliance_objects_clear(&objects);
    yaml_stream_clear(&stream);
    return 0;
}
