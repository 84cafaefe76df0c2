/* Statuses of objects, as controllers or others write them: each is done, worked on with a sentence,
 * or failed with an error; the links of an export are HTTPS URLs with safe names. */
#include <stddef.h>
#include <stdint.h>

#include "appliance/clone.h"
#include "appliance/export.h"
#include "appliance/restore.h"
#include "appliance/snapshot.h"
#include "appliance/upload.h"
#include "base/json.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(appliance_status_look *judge, const json_t *object)
{
    auto_free char *saying = NULL;
    auto_error struct error *error = NULL;
    int result = judge(object, &saying, &error);
    check((result < 0) == (error != NULL));
    check((result == 0) == (saying != NULL));
    check(error == NULL || text_is_utf8(error->message, strlen(error->message), NULL));
}

static void read_links(const json_t *object)
{
    struct appliance_export_links links = {0};
    if (appliance_export_links_read(&links, object, false, "raw", NULL) == 0)
        check(links.count > 0);
    for (size_t i = 0; i < links.count; i++) {
        check(strchr(links.disks[i].name, '/') == NULL && links.disks[i].name[0] != '.');
        check(text_starts_with(links.disks[i].url, "https://"));
    }
    appliance_export_links_clear(&links);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static appliance_status_look *const judges[] = {appliance_clone_look, appliance_export_look,
        appliance_restore_look, appliance_snapshot_look, appliance_upload_look_ready,
        appliance_upload_look_done, appliance_upload_look_source};
    auto_json json_t *object = json_parse((const char *)data, size, 32, NULL);
    if (object == NULL)
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(judges); i++)
        look(judges[i], object);
    read_links(object);
    auto_free char *unfit = appliance_snapshot_unfit(object);
    auto_free char *volumes = appliance_snapshot_included(object);
    auto_free char *what = appliance_upload_describe(object);
    auto_json json_t *notes = appliance_snapshot_notes(object);
    auto_json json_t *manifest = appliance_export_manifest(object, size % 2 == 0, NULL);
    check(json_is_array(notes) && volumes != NULL && what != NULL);
    check(manifest == NULL || json_is_object(manifest));
    return 0;
}
