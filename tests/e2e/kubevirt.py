"""KubeVirt's kinds, for tests of Hookline with KubeVirt: the CustomResourceDefinitions of a running
KubeVirt if ../shared/upstream is beside this tree, otherwise stand-ins."""

import json

import yaml

from integration.support import UPSTREAM

INSTALLED = UPSTREAM / "installed"
SOURCES = UPSTREAM.parent / "crds"
MACHINES = (
    "virtualmachineinstances.kubevirt.io",
    "virtualmachines.kubevirt.io",
    "virtualmachineinstancereplicasets.kubevirt.io",
    "virtualmachinepools.pool.kubevirt.io",
)
INSTANCETYPES = (
    "virtualmachineinstancetypes.instancetype.kubevirt.io",
    "virtualmachineclusterinstancetypes.instancetype.kubevirt.io",
    "virtualmachinepreferences.instancetype.kubevirt.io",
    "virtualmachineclusterpreferences.instancetype.kubevirt.io",
)
# The stand-ins: kind, version, short name.
STAND_INS = {
    "virtualmachineinstances": ("VirtualMachineInstance", "v1", "vmi"),
    "virtualmachines": ("VirtualMachine", "v1", "vm"),
    "virtualmachineinstancereplicasets": ("VirtualMachineInstanceReplicaSet", "v1", "vmirs"),
    "virtualmachinepools": ("VirtualMachinePool", "v1beta1", "vmpool"),
    "virtualmachineinstancetypes": ("VirtualMachineInstancetype", "v1beta1", "vminstancetype"),
    "virtualmachineclusterinstancetypes": (
        "VirtualMachineClusterInstancetype",
        "v1beta1",
        "vmclusterinstancetype",
    ),
    "virtualmachinepreferences": ("VirtualMachinePreference", "v1beta1", "vmpref"),
    "virtualmachineclusterpreferences": (
        "VirtualMachineClusterPreference",
        "v1beta1",
        "vmclusterpref",
    ),
}
# This label marks KubeVirt's own definitions.
LABELS = {"app.kubernetes.io/managed-by": "virt-operator"}


def without_empty_defaults(schema):
    """A schema without defaults of "", which Kubernetes 1.20 reads as null and rejects."""
    if isinstance(schema, list):
        return [without_empty_defaults(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: without_empty_defaults(value)
        for key, value in schema.items()
        if (key, value) != ("default", "")
    }


def stand_in(name):
    """A kind like one of KubeVirt's, with arbitrary fields and without the status subresource."""
    plural, _, group = name.partition(".")
    kind, version, short = STAND_INS[plural]
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "shortNames": [short]}
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    scope = "Cluster" if "cluster" in plural else "Namespaced"
    served = {"name": version, "served": True, "storage": True}
    served["schema"] = {"openAPIV3Schema": schema}
    spec = {"group": group, "scope": scope, "names": names, "versions": [served]}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": spec}


def definition(name):
    """The CustomResourceDefinition with a name."""
    plural, _, group = name.partition(".")
    installed = INSTALLED / f"crd-{name}.json"
    source = SOURCES / f"{group}_{plural}.yaml"
    if installed.exists():
        item = json.loads(installed.read_text(encoding="utf-8"))
    elif source.exists():
        item = yaml.safe_load(source.read_text(encoding="utf-8"))
    else:
        print(f"# ../shared/upstream has no {name}: using a stand-in", flush=True)
        item = stand_in(name)
    item = without_empty_defaults(item)
    item.pop("status", None)
    return {**item, "metadata": {"name": name, "labels": LABELS}}


def definitions(names=MACHINES):
    """The CustomResourceDefinitions with these names."""
    return [definition(name) for name in names]
