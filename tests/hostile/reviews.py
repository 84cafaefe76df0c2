"""AdmissionReviews of objects that tenants write: honest ones, and those that are strange or cost
much."""

import json

KEY = "hooks.kubevirt.io/hookSidecars"


def review(kind, group, annotations, more="", labels=None):
    """An AdmissionReview of a new object, with more members of its spec as text."""
    metadata = {"name": "a", "annotations": annotations, "labels": labels or {}}
    containers = '"containers": [{"name": "compute", "image": "launcher"}]'
    spec = "{" + containers + (", " + more if more else "") + "}"
    of = json.dumps({"group": group, "version": "v1", "kind": kind})
    return (
        '{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "1", '
        f'"kind": {of}, "namespace": "default", "operation": "CREATE", "object": {{'
        f'"metadata": {json.dumps(metadata)}, "spec": {spec}}}}}}}'
    ).encode()


def machine(annotations, more=""):
    return review("VirtualMachineInstance", "kubevirt.io", annotations, more)


def pod(annotations, more=""):
    return review("Pod", "", annotations, more, {"kubevirt.io": "virt-launcher"})


def sidecars(*entries):
    return {KEY: json.dumps(entries)}


STRANGE = {
    "a zero byte": r'"x": "a\u0000b"',
    "a number beyond 64 bits": '"x": 100000000000000000000',
    "deep nesting": '"x": ' + "[" * 300 + "]" * 300,
}

# Where they go, and what they are; each is large.
COSTLY = {
    "many faults": ("/validate-machines", machine(sidecars({"args": [1] * 80000}))),
    "as many faults as there may be values": (
        "/validate-machines",
        machine(sidecars({"args": [1] * 19000})),
    ),
    "many variables": (
        "/mutate-pods",
        pod(sidecars({"image": "a", "env": [{"name": f"V{n}"} for n in range(9900)]})),
    ),
    "many unknown fields": (
        "/validate-machines",
        machine(sidecars({f"imag{number}": 1 for number in range(15000)})),
    ),
    "many sidecars": (
        "/validate-machines",
        machine(sidecars(*[{"imagePullPolicy": "x"}] * 9000)),
    ),
    "many values": (
        "/mutate-pods",
        pod(sidecars({"image": "a"}), '"x": [' + ", ".join(["[]"] * 700000) + "]"),
    ),
}
