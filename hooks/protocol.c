#include "hooks/protocol.h"

#include "base/memory.h"
#include "base/text.h"
#include "domain/identity.h"
#include "proto/callbacks_v1alpha1.pb-c.h"
#include "proto/callbacks_v1alpha2.pb-c.h"
#include "proto/callbacks_v1alpha3.pb-c.h"

const char *const hooks_versions[HOOKS_VERSIONS] = {
    [HOOKS_V1ALPHA1] = "v1alpha1",
    [HOOKS_V1ALPHA2] = "v1alpha2",
    [HOOKS_V1ALPHA3] = HOOKS_VERSION_NEWEST,
};

static const ProtobufCServiceDescriptor *const services[HOOKS_VERSIONS] = {
    [HOOKS_V1ALPHA1] = &kubevirt__hooks__v1alpha1__callbacks__descriptor,
    [HOOKS_V1ALPHA2] = &kubevirt__hooks__v1alpha2__callbacks__descriptor,
    [HOOKS_V1ALPHA3] = &kubevirt__hooks__v1alpha3__callbacks__descriptor,
};

const struct hooks_point_row hooks_points[HOOKS_POINTS] = {
    [HOOKS_ON_DEFINE_DOMAIN] =
        {
            .name = "OnDefineDomain",
            .since = HOOKS_V1ALPHA1,
            .document = HOOKS_DOMAIN,
            .noun = "domain XML",
            .limit = DOMAIN_MAX_BYTES,
            .field = "domainXML",
            .executable = "onDefineDomain",
            .flag = "--domain",
            .key = "domain",
        },
    [HOOKS_PRE_CLOUD_INIT_ISO] =
        {
            .name = "PreCloudInitIso",
            .since = HOOKS_V1ALPHA2,
            .document = HOOKS_CLOUD_INIT,
            .noun = "cloud-init data",
            .limit = HOOKS_CLOUD_INIT_MAX_BYTES,
            .field = "cloudInitData",
            .older_field = "cloudInitNoCloudSource",
            .executable = "preCloudInitIso",
            .flag = "--cloud-init",
            .key = "cloudInit",
        },
    [HOOKS_SHUTDOWN] = {.name = "Shutdown", .since = HOOKS_V1ALPHA3},
};

const char *const hooks_executable_paths[] = {
    HOOKS_EXECUTABLE_FIRST, HOOKS_EXECUTABLE_DIRECTORY "preCloudInitIso", NULL};

enum hooks_version hooks_version_find(const char *name)
{
    int position = text_index(name, hooks_versions, HOOKS_VERSIONS);
    return position >= 0 ? (enum hooks_version)position : HOOKS_VERSIONS;
}

const char *hooks_version_choose(const char *const *offered, size_t count)
{
    for (size_t version = HOOKS_VERSIONS; version > 0; version--) {
        for (size_t i = 0; i < count; i++) {
            if (streq(hooks_versions[version - 1], offered[i]))
                return hooks_versions[version - 1];
        }
    }
    return NULL;
}

char *hooks_version_list(void)
{
    const char *newest_first[HOOKS_VERSIONS];
    for (size_t i = 0; i < HOOKS_VERSIONS; i++)
        newest_first[i] = hooks_versions[HOOKS_VERSIONS - 1 - i];
    return text_list(newest_first, HOOKS_VERSIONS);
}

const ProtobufCServiceDescriptor *hooks_version_service(enum hooks_version version)
{
    return services[version];
}

const char *hooks_point_name(enum hooks_point point)
{
    return hooks_points[point].name;
}

enum hooks_point hooks_point_find(const char *name)
{
    enum hooks_point point = 0;
    while (point < HOOKS_POINTS && !streq(hooks_points[point].name, name))
        point++;
    return point;
}

bool hooks_point_is_in(enum hooks_point point, const char *version)
{
    enum hooks_version its = hooks_version_find(version);
    return its < HOOKS_VERSIONS && its >= hooks_points[point].since;
}
