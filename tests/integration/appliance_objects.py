"""DataSources and virtual machines that tests of appliances use, also those on a cluster."""

FROM = "appliance.kubevirt.io/from"
AUTHORIZATION = "appliance.kubevirt.io/authorization"
VM_SPEC = "appliance.kubevirt.io/vm-spec"
LABEL = "appliance.kubevirt.io/name"
ALICE = {"username": "alice", "uid": "u1", "groups": ["dev", "system:authenticated"]}
PASSWORD = "7lx3-sx9f-5pm9"
VM_TEXT = f"""\
spec:
  instancetype: {{name: u1.small}}
  runStrategy: Always
  template:
    spec:
      domain:
        devices:
          disks:
          - {{name: root, disk: {{bus: virtio}}}}
          - {{name: cloudinitdisk, disk: {{bus: virtio}}}}
      volumes:
      - {{name: root, dataVolume: {{name: root}}}}
      - name: cloudinitdisk
        cloudInitNoCloud:
          userData: |
            #cloud-config
            user: fedora
            password: {PASSWORD}
            chpasswd: {{ expire: False }}
  dataVolumeTemplates:
  - metadata: {{name: root}}
    spec: {{storage: {{}}}}
"""


def data_source(text=VM_TEXT, namespace="golden", name="fedora", **annotations):
    """A DataSource whose disk is the claim of its name."""
    if text is not None:
        annotations = {VM_SPEC: text, **annotations}
    return {
        "apiVersion": "cdi.kubevirt.io/v1beta1",
        "kind": "DataSource",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"instancetype.kubevirt.io/default-preference": "fedora"},
            "annotations": annotations,
        },
        "spec": {"source": {"pvc": {"name": name, "namespace": namespace}}},
        "status": {
            "source": {"pvc": {"name": name, "namespace": namespace}},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def machine(name="web", source="golden/fedora", spec=None, **annotations):
    """A VM that is to be completed."""
    if source is not None:
        annotations = {FROM: source, **annotations}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": name, "namespace": "dev", "annotations": annotations},
        "spec": spec or {},
    }


def objects():
    """The DataSource golden/fedora with its claim, an instance type and a preference; each with its
    plural."""
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "fedora", "namespace": "golden"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}},
    }
    yield "datasources", data_source()
    yield "persistentvolumeclaims", claim
    for kind, name, spec in (
        ("Instancetype", "u1.small", {"cpu": {"guest": 1}, "memory": {"guest": "2Gi"}}),
        ("Preference", "fedora", {}),
    ):
        item = {
            "apiVersion": "instancetype.kubevirt.io/v1beta1",
            "kind": f"VirtualMachineCluster{kind}",
            "metadata": {"name": name},
            "spec": spec,
        }
        yield f"virtualmachinecluster{kind.lower()}s", item


def review(value, user=None, old=None, operation=None):
    """An AdmissionReview of an object."""
    group, _, version = value["apiVersion"].rpartition("/")
    request = {
        "uid": "1",
        "kind": {"group": group, "version": version, "kind": value["kind"]},
        "namespace": value["metadata"]["namespace"],
        "name": value["metadata"].get("name", ""),
        "operation": operation or ("CREATE" if old is None else "UPDATE"),
        "userInfo": user or ALICE,
        "object": value,
    }
    if old is not None:
        request["oldObject"] = old
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
