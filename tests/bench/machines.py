"""The input for hook-controller in `make bench`: VMIs with three sidecars, and a launcher pod with
their annotation, as large as KubeVirt's."""

import json

KEY = "hooks.kubevirt.io/hookSidecars"
CONFIG_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "hooks"},
    "data": {"hook.sh": "#!/bin/sh\nprintf '%s' \"$4\"\n"},
}
POLICY = """\
apiVersion: hookline.dev/v1alpha1
kind: HostPathPolicy
rules:
- pathPrefixes: [/var/lib/kubevirt/images]
"""
SIDECARS = [
    {
        "args": ["--version", "v1alpha3"],
        "configMap": {"name": "hooks", "key": "hook.sh", "hookPath": "/usr/bin/onDefineDomain"},
    },
    {
        "image": "registry.example/cow:v1",
        "imagePullPolicy": "IfNotPresent",
        "args": ["--version", "v1alpha2"],
        "hostPath": {
            "path": "/var/lib/kubevirt/images",
            "volumePath": "/host-images",
            "readOnly": True,
        },
    },
    {"image": "registry.example/smbios:v1", "args": ["--version", "v1alpha2"]},
]
# From KubeVirt's launcher pods: directories that compute shares, and its environment variables.
DIRECTORIES = {
    "private": "/var/run/kubevirt-private",
    "public": "/var/run/kubevirt",
    "ephemeral-disks": "/var/run/kubevirt-ephemeral-disks",
    "container-disks": "/var/run/kubevirt/container-disks",
    "libvirt-runtime": "/var/run/libvirt",
    "hotplug-disks": "/var/run/kubevirt/hotplug-disks",
    "sockets": "/var/run/kubevirt/sockets",
    "swtpm-localca": "/var/lib/swtpm-localca",
    "var-cache": "/var/cache/libvirt",
    "var-log": "/var/log/libvirt",
}
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
    "runAsGroup": 107,
    "runAsNonRoot": True,
    "runAsUser": 107,
}


def machine(name):
    """A VirtualMachineInstance to launch."""
    devices = {
        "disks": [
            {"name": "root", "bootOrder": 1, "disk": {"bus": "virtio"}},
            {"name": "data", "serial": "0123456789", "disk": {"bus": "virtio"}},
            {"name": "cloud-init", "disk": {"bus": "virtio"}},
        ],
        "interfaces": [{"name": "default", "masquerade": {}}],
        "rng": {},
    }
    user_data = "#cloud-config\npassword: fedora\nchpasswd: {expire: False}\n" + "# filler\n" * 40
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {
            "name": name,
            "labels": {"hookline.dev/launch": "true", "app": "bench"},
            "annotations": {KEY: json.dumps(SIDECARS)},
        },
        "spec": {
            "domain": {"cpu": {"cores": 2}, "devices": devices, "memory": {"guest": "1Gi"}},
            "networks": [{"name": "default", "pod": {}}],
            "terminationGracePeriodSeconds": 30,
            "volumes": [
                {"name": "root", "containerDisk": {"image": "registry.example/fedora:41"}},
                {"name": "data", "emptyDisk": {"capacity": "2Gi"}},
                {"name": "cloud-init", "cloudInitNoCloud": {"userData": user_data}},
            ],
        },
    }


def review():
    """The AdmissionReview of a launcher pod without sidecars, as the API server sends it."""
    mounts = [{"mountPath": path, "name": name} for name, path in DIRECTORIES.items()]
    command = ["/usr/bin/virt-launcher-monitor", "--qemu-timeout", "300s", "--name", "vm"]
    command += ["--uid", "5d5ac4b6-3ba0-4b7c-9b4f-3b1ffb4fdc51", "--namespace", "default"]
    command += ["--ephemeral-disk-dir", DIRECTORIES["ephemeral-disks"], "--hook-sidecars", "0"]
    command += ["--container-disk-dir", DIRECTORIES["container-disks"], "--run-as-nonroot"]
    command += ["--grace-period-seconds", "45", "--ovmf-path", "/usr/share/OVMF"]
    names = ["SHARED_FILESYSTEM_PATHS", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"]
    variables = [{"name": name, "value": DIRECTORIES["private"]} for name in names]
    field = {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}
    labels = {
        "kubevirt.io": "virt-launcher",
        "kubevirt.io/created-by": "5d5ac4b6-3ba0-4b7c-9b4f-3b1ffb4fdc51",
        "vm.kubevirt.io/name": "vm",
    }
    compute = {
        "command": command,
        "env": [*variables, {"name": "POD_NAME", "valueFrom": field}],
        "image": "registry.example/kubevirt/virt-launcher:v1.5.0",
        "imagePullPolicy": "IfNotPresent",
        "name": "compute",
        "resources": {
            "limits": {"devices.kubevirt.io/kvm": "1", "devices.kubevirt.io/tun": "1"},
            "requests": {"cpu": "100m", "ephemeral-storage": "50M", "memory": "1294Mi"},
        },
        "securityContext": RESTRICTED,
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "volumeDevices": [{"devicePath": "/dev/data", "name": "data"}],
        "volumeMounts": mounts,
    }
    disk = {
        "args": ["--copy-path", DIRECTORIES["container-disks"] + "/disk_0"],
        "command": ["/usr/bin/container-disk"],
        "image": "registry.example/fedora:41",
        "imagePullPolicy": "Always",
        "name": "volumeroot",
        "resources": {
            "limits": {"cpu": "10m", "memory": "40M"},
            "requests": {"cpu": "1m", "ephemeral-storage": "50M", "memory": "1M"},
        },
        "securityContext": RESTRICTED,
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "volumeMounts": mounts[:4],
    }
    volumes = [{"emptyDir": {}, "name": name} for name in DIRECTORIES]
    volumes.append({"name": "data", "persistentVolumeClaim": {"claimName": "data"}})
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "annotations": {KEY: json.dumps(SIDECARS), "kubevirt.io/domain": "vm"},
            "generateName": "virt-launcher-vm-",
            "labels": labels,
            "namespace": "default",
            "ownerReferences": [
                {
                    "apiVersion": "kubevirt.io/v1",
                    "blockOwnerDeletion": True,
                    "controller": True,
                    "kind": "VirtualMachineInstance",
                    "name": "vm",
                    "uid": labels["kubevirt.io/created-by"],
                }
            ],
        },
        "spec": {
            "automountServiceAccountToken": False,
            "containers": [compute, disk],
            "dnsPolicy": "ClusterFirst",
            "enableServiceLinks": False,
            "hostname": "vm",
            "initContainers": [{**disk, "name": "volumeroot-init"}],
            "nodeSelector": {"kubernetes.io/arch": "amd64", "kubevirt.io/schedulable": "true"},
            "restartPolicy": "Never",
            "schedulerName": "default-scheduler",
            "securityContext": {"fsGroup": 107, "runAsNonRoot": True, "runAsUser": 107},
            "terminationGracePeriodSeconds": 60,
            "volumes": volumes,
        },
    }
    kind = {"group": "", "version": "v1", "kind": "Pod"}
    resource = {"group": "", "version": "v1", "resource": "pods"}
    user = "system:serviceaccount:kubevirt:kubevirt-controller"
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": kind,
            "requestKind": kind,
            "resource": resource,
            "requestResource": resource,
            "name": "",
            "namespace": "default",
            "operation": "CREATE",
            "userInfo": {"username": user, "groups": ["system:serviceaccounts"]},
            "object": pod,
            "oldObject": None,
            "dryRun": False,
            "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"},
        },
    }
