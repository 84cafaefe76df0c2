/* The text of the annotation is parsed, and a valid list is rendered into a pod, twice. */
#include <stddef.h>
#include <stdint.h>

#include "annotations/launcher.h"
#include "annotations/minimal_pod.h"
#include "annotations/parse.h"
#include "annotations/patch.h"
#include "annotations/render.h"
#include "base/json.h"
#include "base/text.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A second rendering changes nothing. */
static void render(const struct annotations_list *list, enum annotations_launcher launcher)
{
    struct annotations_render_options options = {.launcher = launcher};
    struct findings findings = {0};
    auto_json json_t *vmi = json_object();
    auto_json json_t *pod = annotations_minimal_pod(vmi, launcher);
    auto_json json_t *before = json_deep_copy(pod);
    auto_json json_t *once = annotations_render(pod, list, &options, &findings);
    check(json_equal(pod, before));
    check((once == NULL) == (findings.errors > 0));
    check_findings(&findings);
    if (once != NULL) {
        auto_json json_t *twice = annotations_render(once, list, &options, &findings);
        check(twice != NULL);
        auto_json json_t *patch = annotations_patch(once, twice);
        check(json_array_size(patch) == 0);
    }
    findings_clear(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum annotations_launcher launchers[] = {
        ANNOTATIONS_LAUNCHER_BUILTIN, ANNOTATIONS_LAUNCHER_PLUGIN, ANNOTATIONS_LAUNCHER_STANDALONE};
    struct annotations_options strict = {.strict = true};
    struct findings findings = {0};
    struct findings strict_findings = {0};
    const char *text = (const char *)data;
    struct annotations_list *list = annotations_parse(text, size, NULL, &findings);
    struct annotations_list *strict_list = annotations_parse(text, size, &strict, &strict_findings);
    check((list == NULL) == (findings.errors > 0));
    check((strict_list == NULL) == (strict_findings.errors > 0));
    check(list != NULL || strict_list == NULL);
    check_findings(&findings);
    if (list != NULL) {
        check(list->count <= ANNOTATIONS_MAX_SIDECARS);
        render(list, launchers[size % ARRAY_SIZE(launchers)]);
    }
    annotations_list_free(list);
    annotations_list_free(strict_list);
    findings_clear(&findings);
    findings_clear(&strict_findings);
    return 0;
}
