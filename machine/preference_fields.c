#include "machine/preference_fields.h"

#include <stdint.h>

#include "machine/fields.h"
#include "machine/quantity.h"
#include "machine/topology.h"

#define STRING SCHEMA_STRING, .type = "string"
#define INTEGER SCHEMA_INTEGER, .type = "integer"
#define BOOLEAN SCHEMA_BOOLEAN, .type = "boolean"
#define QUANTITY SCHEMA_QUANTITY, .type = "quantity", .check = machine_quantity_check
#define MAP SCHEMA_MAP, .type = "object"
#define OBJECT SCHEMA_OBJECT, .type = "object"
#define ARRAY SCHEMA_OBJECTS, .type = "array", .maximum = MACHINE_MAX_ITEMS
#define COPIED SCHEMA_OBJECT, .type = "object", .open = true /* checked as the VM's own */

static const struct schema_field fields[] = {
    {"clock", OBJECT},
    {"clock.preferredClockOffset", OBJECT},
    {"clock.preferredClockOffset.utc", COPIED},
    {"clock.preferredClockOffset.timezone", STRING},
    {"clock.preferredTimer", COPIED},
    {"cpu", OBJECT},
    {"cpu.preferredCPUTopology", STRING, .values = machine_topology_names},
    {"cpu.spreadOptions", OBJECT},
    {"cpu.spreadOptions.across", STRING, .values = machine_topology_spreads},
    {"cpu.spreadOptions.ratio", INTEGER, .minimum = 1, .maximum = UINT32_MAX},
    {"cpu.preferredCPUFeatures", ARRAY},
    {"cpu.preferredCPUFeatures[].name", STRING, .required = true},
    {"cpu.preferredCPUFeatures[].policy", STRING},
    {"devices", OBJECT},
    {"devices.preferredAutoattachGraphicsDevice", BOOLEAN},
    {"devices.preferredAutoattachMemBalloon", BOOLEAN},
    {"devices.preferredAutoattachPodInterface", BOOLEAN},
    {"devices.preferredAutoattachSerialConsole", BOOLEAN},
    {"devices.preferredAutoattachInputDevice", BOOLEAN},
    {"devices.preferredDisableHotplug", BOOLEAN},
    {"devices.preferredVirtualGPUOptions", COPIED},
    {"devices.preferredSoundModel", STRING},
    {"devices.preferredUseVirtioTransitional", BOOLEAN},
    {"devices.preferredInputBus", STRING},
    {"devices.preferredInputType", STRING},
    {"devices.preferredDiskBus", STRING},
    {"devices.preferredLunBus", STRING},
    {"devices.preferredCdromBus", STRING},
    {"devices.preferredDiskDedicatedIoThread", BOOLEAN},
    {"devices.preferredDiskCache", STRING},
    {"devices.preferredDiskIO", STRING},
    {"devices.preferredDiskBlockSize", COPIED},
    {"devices.preferredInterfaceModel", STRING},
    {"devices.preferredRng", COPIED},
    {"devices.preferredBlockMultiQueue", BOOLEAN},
    {"devices.preferredNetworkInterfaceMultiQueue", BOOLEAN},
    {"devices.preferredTPM", COPIED},
    {"devices.preferredInterfaceMasquerade", COPIED},
    {"devices.preferredPanicDeviceModel", STRING},
    {"devices.preferredVideoType", STRING},
    {"features", OBJECT},
    {"features.preferredAcpi", COPIED},
    {"features.preferredApic", COPIED},
    {"features.preferredHyperv", OBJECT},
    {"features.preferredHyperv.relaxed", COPIED},
    {"features.preferredHyperv.vapic", COPIED},
    {"features.preferredHyperv.spinlocks", COPIED},
    {"features.preferredHyperv.vpindex", COPIED},
    {"features.preferredHyperv.runtime", COPIED},
    {"features.preferredHyperv.synic", COPIED},
    {"features.preferredHyperv.synictimer", COPIED},
    {"features.preferredHyperv.reset", COPIED},
    {"features.preferredHyperv.vendorid", COPIED},
    {"features.preferredHyperv.frequencies", COPIED},
    {"features.preferredHyperv.reenlightenment", COPIED},
    {"features.preferredHyperv.tlbflush", COPIED},
    {"features.preferredHyperv.ipi", COPIED},
    {"features.preferredHyperv.evmcs", COPIED},
    {"features.preferredKvm", COPIED},
    {"features.preferredPvspinlock", COPIED},
    {"features.preferredSmm", COPIED},
    {"firmware", OBJECT},
    {"firmware.preferredUseBios", BOOLEAN},
    {"firmware.preferredUseBiosSerial", BOOLEAN},
    {"firmware.preferredUseEfi", BOOLEAN},
    {"firmware.preferredUseSecureBoot", BOOLEAN},
    {"firmware.preferredEfi", COPIED},
    {"machine", OBJECT},
    {"machine.preferredMachineType", STRING},
    {"volumes", OBJECT},
    {"volumes.preferredStorageClassName", STRING},
    {"preferredSubdomain", STRING},
    {"preferredTerminationGracePeriodSeconds", INTEGER, .maximum = INT64_MAX},
    {"requirements", OBJECT},
    {"requirements.cpu", OBJECT},
    {"requirements.cpu.guest", INTEGER, .maximum = UINT32_MAX, .required = true},
    {"requirements.memory", OBJECT},
    {"requirements.memory.guest", QUANTITY, .required = true},
    {"requirements.architecture", STRING},
    {"annotations", MAP},
    {"preferSpreadSocketToCoreRatio", INTEGER, .maximum = UINT32_MAX},
    {"preferredArchitecture", STRING},
    {"preferredLaunchSecurity", COPIED},
    {.path = NULL},
};

const struct schema machine_preference_schema = {.fields = fields};
