/* The hook protocol: tables of its versions and hook points, for the code that speaks it, explains
 * it or runs hooks.
 * Source: KubeVirt, pkg/hooks and cmd/sidecars; the messages are in proto/callbacks_*.proto. */
#ifndef HOOKS_PROTOCOL_H
#define HOOKS_PROTOCOL_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

/* The directory of the sidecars' sockets: all of them in the compute container, in a sidecar only
 * its own. In most images /var/run is a symbolic link to /run. */
#define HOOKS_SOCKET_DIRECTORY "/var/run/kubevirt-hooks"
#define HOOKS_SOCKET_DIRECTORY_BEHIND_LINK "/run/kubevirt-hooks"

/* Oldest first. */
enum hooks_version {
    HOOKS_V1ALPHA1,
    HOOKS_V1ALPHA2,
    HOOKS_V1ALPHA3,
    HOOKS_VERSIONS, /* how many there are */
};

/* The same as string literals, for texts that are concatenated at compile time. */
#define HOOKS_VERSION_NEWEST "v1alpha3"
#define HOOKS_VERSIONS_OLDER "v1alpha1 or v1alpha2"
#define HOOKS_VERSIONS_ALL "v1alpha1, v1alpha2 or v1alpha3"

/* The names of the versions, oldest first: "v1alpha1", … */
extern const char *const hooks_versions[HOOKS_VERSIONS];

/* Returns the version with this name, or HOOKS_VERSIONS if there is none. */
enum hooks_version hooks_version_find(const char *name);

/* Returns the newest known version among those that a sidecar offers, or NULL. Static. */
const char *hooks_version_choose(const char *const *offered, size_t count);

/* All versions, newest first: `v1alpha3, v1alpha2 or v1alpha1`. Owned by the caller. */
char *hooks_version_list(void);

/* The Callbacks service of a version. */
const ProtobufCServiceDescriptor *hooks_version_service(enum hooks_version version);

enum hooks_point {
    HOOKS_ON_DEFINE_DOMAIN,
    HOOKS_PRE_CLOUD_INIT_ISO,
    HOOKS_SHUTDOWN,
    HOOKS_POINTS, /* how many there are */
};

/* The names and paths of the hook executables as string literals, and the directory where those
 * from a ConfigMap are mounted. */
#define HOOKS_EXECUTABLES(conjunction) "onDefineDomain " conjunction " preCloudInitIso"
#define HOOKS_EXECUTABLE_DIRECTORY "/usr/bin/"
#define HOOKS_EXECUTABLE_FIRST HOOKS_EXECUTABLE_DIRECTORY "onDefineDomain"
#define HOOKS_EXECUTABLE_PATHS(conjunction)                                                        \
    HOOKS_EXECUTABLE_FIRST " " conjunction " " HOOKS_EXECUTABLE_DIRECTORY "preCloudInitIso"

/* The paths of all hook executables, NULL-terminated. */
extern const char *const hooks_executable_paths[];

enum { HOOKS_CLOUD_INIT_MAX_BYTES = 4 << 20 };

/* The kind of document that a hook receives and returns. */
enum hooks_document {
    HOOKS_NO_DOCUMENT,
    HOOKS_DOMAIN, /* libvirt domain XML */
    HOOKS_CLOUD_INIT, /* CloudInitData, a JSON object */
};

struct hooks_point_row {
    const char *name; /* as Info announces it; also its method in Callbacks */
    enum hooks_version since;
    enum hooks_document document;
    const char *noun; /* the document's name in messages */
    size_t limit; /* of the document, in bytes */
    const char *field; /* of request and result, with the document */
    const char *older_field; /* the same in an older form; NULL: none */
    const char *executable; /* run by sidecar-shim; NULL: it answers by itself */
    const char *flag; /* passes the document to the executable */
    const char *key; /* the document's member in the JSON object on standard input */
};

extern const struct hooks_point_row hooks_points[HOOKS_POINTS];

/* The field with the VirtualMachineInstance as JSON, in every request that has a document. */
#define HOOKS_VMI_FIELD "vmi"

/* "OnDefineDomain", … Static. */
const char *hooks_point_name(enum hooks_point point);

/* Returns the hook point with this name, or HOOKS_POINTS if there is none. */
enum hooks_point hooks_point_find(const char *name);

/* Whether the named version has the hook point. */
bool hooks_point_is_in(enum hooks_point point, const char *version);

#endif
