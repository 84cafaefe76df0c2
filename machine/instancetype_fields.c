#include "machine/instancetype_fields.h"

#include <stdint.h>

#include "machine/applied_kinds.h"

static const struct schema_field fields[] = {
    {"nodeSelector", MAP},
    {"schedulerName", STRING},
    {"cpu", OBJECT, .required = true},
    {"cpu.guest", INTEGER, .minimum = 1, .maximum = UINT32_MAX, .required = true},
    {"cpu.model", STRING},
    {"cpu.dedicatedCPUPlacement", BOOLEAN},
    {"cpu.numa", COPIED},
    {"cpu.isolateEmulatorThread", BOOLEAN},
    {"cpu.realtime", COPIED},
    {"cpu.maxSockets", INTEGER, .maximum = UINT32_MAX},
    {"memory", OBJECT, .required = true},
    {"memory.guest", QUANTITY, .required = true},
    {"memory.hugepages", COPIED},
    {"memory.overcommitPercent", INTEGER, .maximum = 100},
    {"memory.maxGuest", QUANTITY},
    {"gpus", ARRAY, .open = true},
    {"hostDevices", ARRAY, .open = true},
    {"ioThreadsPolicy", STRING},
    {"ioThreads", COPIED},
    {"launchSecurity", COPIED},
    {"annotations", MAP},
    {.path = NULL},
};

const struct schema machine_instancetype_schema = {.fields = fields};
