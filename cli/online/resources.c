#include "cli/online/resources.h"

/* In versions that KubeVirt has served since 1.1, so that an older one will do. */
const struct kube_resource cli_clones = {
    "clone.kubevirt.io", "v1beta1", "virtualmachineclones", "VirtualMachineClone", true};
const struct kube_resource cli_snapshots = {
    "snapshot.kubevirt.io", "v1beta1", "virtualmachinesnapshots", "VirtualMachineSnapshot", true};
const struct kube_resource cli_snapshot_contents = {"snapshot.kubevirt.io", "v1beta1",
    "virtualmachinesnapshotcontents", "VirtualMachineSnapshotContent", true};
const struct kube_resource cli_restores = {
    "snapshot.kubevirt.io", "v1beta1", "virtualmachinerestores", "VirtualMachineRestore", true};
const struct kube_resource cli_exports = {
    "export.kubevirt.io", "v1beta1", "virtualmachineexports", "VirtualMachineExport", true};
const struct kube_resource cli_upload_tokens = {
    "upload.cdi.kubevirt.io", "v1beta1", "uploadtokenrequests", "UploadTokenRequest", true};
const struct kube_resource cli_cdi_configs = {
    "cdi.kubevirt.io", "v1beta1", "cdiconfigs", "CDIConfig", false};
