"""What tenants put into the API server to harm a controller: machines that no JSON library reads
whole, or only at great cost, and pods that claim to be a machine's."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from test_hook_controller_launch import KEY, machine

# Members of a spec.
NUMBERS = {"number": 10**20, "negative": -(2**63) - 1}
ZERO_IN_A_STRING = {"zero": "a\0b"}
ZERO_IN_A_KEY = {"a\0b": 1}
# The kubelet would send these from the node's network.
PROBES = {
    "livenessProbe": {"httpGet": {"host": "169.254.169.254", "port": 80, "path": "/"}},
    "readinessProbe": {"tcpSocket": {"host": "127.0.0.1", "port": 10250}},
}
FAULTS = 80000
DEEP = 2100
RECURSION = 20000  # that Python needs to write what is so deep


def machine_with(name, spec):
    """A machine with more members in its spec."""
    vmi = machine(name)
    vmi["spec"].update(spec)
    return vmi


def deep():
    """Members of a spec; sys.setrecursionlimit(RECURSION) must have been called."""
    value = []
    for _ in range(DEEP):
        value = [value]
    return {"deep": value}


def costly(name):
    """A machine of 1.4 MB, which is what etcd takes."""
    return machine_with(name, {"x": [[]] * 480000})


def faulty(name):
    """A machine with a fault in each value of its annotation."""
    vmi = machine(name)
    vmi["metadata"]["annotations"][KEY] = json.dumps([{"args": [1] * FAULTS}])
    return vmi


def unreadable_pod(name):
    """A launcher pod with a zero byte in a key."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "vms",
            "labels": {"kubevirt.io": "virt-launcher"},
        },
        "spec": {
            "containers": [{"name": "compute"}],
            "volumes": [{"name": "v", "csi": {"volumeAttributes": {"a\0b": "c"}}}],
        },
    }


def forged(real, **metadata):
    """A pod that has ended, with the real one's metadata except for what is given."""
    kept = {key: real["metadata"][key] for key in ("name", "namespace", "labels", "ownerReferences")}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**kept, **metadata},
        "spec": {"containers": [{"name": "compute", "image": "example.org/evil"}]},
        "status": {
            "phase": "Succeeded",
            "containerStatuses": [
                {"name": "compute", "state": {"terminated": {"exitCode": 0}}},
            ],
        },
    }


def owner(pod, **members):
    """The owner reference of a pod, with other members."""
    return [{**pod["metadata"]["ownerReferences"][0], **members}]


# What is forged of a machine's pod so that it is not the machine's.
FORGERIES = {
    "in another namespace": lambda pod: forged(pod, namespace="evil"),
    "under another name": lambda pod: forged(pod, name="virt-launcher-vm-0000000000"),
    # A kind of this name that somebody else defines.
    "of another group": lambda pod: forged(
        pod, name="other", ownerReferences=owner(pod, apiVersion="example.org/v1")
    ),
    # It names another VMI, but the uid of this one.
    "of another machine": lambda pod: forged(
        pod, name="other", ownerReferences=owner(pod, name="other")
    ),
}
