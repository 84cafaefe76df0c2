#!/usr/bin/python3
"""The cluster that the other tests run on, and our images on it: each runs as an arbitrary user,
with a read-only root file system and without capabilities."""

import json
import subprocess

import support

# The guest has only the modules for virtio.
SEED_DISK = {"name": "seed", "disk": {"bus": "virtio"}}
SOCKETS = "/var/run/kubevirt-hooks"
# Answers what a hook's script may want of Python; no module is compiled at the start of a hook.
PYTHON = """
import ctypes, hashlib, json, lzma, os, re, sqlite3, ssl, sys, xml.dom.minidom, xml.etree.ElementTree
specs = [module.__spec__ for module in sys.modules.values() if module.__spec__]
print(json.dumps([spec.name for spec in specs if spec.cached and not os.path.exists(spec.cached)]))
"""
# For each input line, connects to the API server: prints the result, and how the connection is
# lost.
CALLER = """
import os, socket, sys
for _ in sys.stdin:
    try:
        server = socket.create_connection((os.environ["KUBERNETES_SERVICE_HOST"], 443), 60)
    except ConnectionRefusedError:
        print("refused", flush=True)
        continue
    print("connected", flush=True)
    try:
        server.recv(1)
        print("ended", flush=True)
    except ConnectionResetError:
        print("reset", flush=True)
"""


class ImagesTest(support.ClusterCase):
    """The programs in the images run in the cluster."""

    def run_in(self, name, *command):
        """The output of a command in one of our images; the command must succeed."""
        pod = f"{name}-{len(self.get('pods'))}"
        container = {"name": "it", "image": support.image(name), "command": list(command)}
        container["volumeMounts"] = [{"name": "tmp", "mountPath": "/tmp"}]
        self.apply(self.pod(pod, container, volumes=[{"name": "tmp", "emptyDir": {}}]))
        status = self.wait_for_end(pod, "it")
        output = self.logs(pod, "it")
        self.assertEqual(status, 0, output)
        return output

    def test_programs(self):
        """Every program runs, by its name in PATH and as the image's entrypoint."""
        archives = sorted((support.BUILD / "images").glob("*.tar"))
        self.assertTrue(archives, "there are no images: make images")
        for archive in archives:
            with self.subTest(archive.stem):
                said = self.run_in(archive.stem, archive.stem, "--help")
                self.assertIn(archive.stem, said)
                self.assertEqual(self.run_in(archive.stem, f"/{archive.stem}", "--help"), said)

    def test_shells_and_python(self):
        said = self.run_in("sidecar-shim", "sh", "-c", "echo $0; sed --version | head -n 1; id -u")
        self.assertEqual(said.splitlines()[::2], ["sh", "107"])
        self.assertEqual(self.run_in("sidecar-shim", "bash", "-c", "echo ${BASH##*/}"), "bash\n")
        uncompiled = self.run_in("sidecar-shim", "/usr/bin/env", "python3", "-c", PYTHON)
        self.assertEqual(json.loads(uncompiled), [])

    def test_launcher_tools(self):
        """The programs that hook-launcher runs are there, with their dependencies."""
        devices = self.run_in("hook-launcher", "qemu-system-x86_64", "-M", "q35", "-device", "help")
        self.assertIn('name "virtio-blk-pci-non-transitional"', devices)
        self.run_in("hook-launcher", "qemu-img", "create", "-q", "-f", "qcow2", "/tmp/x", "1G")
        self.assertIn("libisoburn", self.run_in("hook-launcher", "xorriso", "-version"))

    def test_shim_and_manager(self):
        """A shim's socket appears, and the manager finds it through the socket volume."""
        hooks = {"name": "hooks", "emptyDir": {}}
        shim = {
            "name": "hook-sidecar-0",
            "image": support.image("sidecar-shim"),
            "args": ["--version", "v1alpha3"],
            "volumeMounts": [
                {"name": "hooks", "mountPath": SOCKETS, "subPath": "hook-sidecar-0"},
            ],
        }
        manager = {
            "name": "manager",
            "image": support.image("hook-manager"),
            "args": ["collect", "--sidecars", "1"],
            "volumeMounts": [{"name": "hooks", "mountPath": SOCKETS}],
        }
        self.apply(self.pod("hooks", shim, manager, volumes=[hooks]))
        self.assertEqual(self.wait_for_end("hooks", "manager"), 0, self.logs("hooks", "manager"))
        self.assertIn("hook-sidecar-0", self.logs("hooks", "manager"))


class GuestTest(support.ClusterCase):
    """hook-launcher runs a guest in a pod without privileges."""

    def test_guest(self):
        guest = support.ROOT / "build" / "e2e"
        files = {f"/{name}": guest / name for name in ("vmlinuz", "initramfs")}
        boot = {"container": {"kernelPath": "/vmlinuz", "initrdPath": "/initramfs"}}
        boot["kernelArgs"] = "console=ttyS0 quiet panic=-1"
        devices = {"disks": [SEED_DISK], "rng": {}}  # with a display, for which QEMU loads a module
        domain = {"memory": {"guest": "128Mi"}, "firmware": {"kernelBoot": boot}, "devices": devices}
        seed = {"name": "seed", "cloudInitNoCloud": {"userData": "#cloud-config\nhostname: pod"}}
        vmi = {
            "apiVersion": "kubevirt.io/v1",
            "kind": "VirtualMachineInstance",
            "metadata": {"name": "guest", "namespace": "e2e"},
            "spec": {"domain": domain, "volumes": [seed]},
        }
        self.kubectl("create", "configmap", "vmi", f"--from-literal=vmi.json={json.dumps(vmi)}")
        boot_directory = "/var/run/kubevirt/container-disks/kernel-boot"
        pod = self.pod(
            "launcher",
            {
                "name": "compute",
                "image": support.image("hook-launcher"),
                "args": ["--vmi", "/vmi/vmi.json", "--sidecars", "0", "--console", "-"],
                "volumeMounts": [
                    {"name": "kernel", "mountPath": boot_directory},
                    {"name": "vmi", "mountPath": "/vmi"},
                    {"name": "tmp", "mountPath": "/tmp"},
                ],
            },
            volumes=[
                {"name": "kernel", "emptyDir": {}},
                {"name": "vmi", "configMap": {"name": "vmi"}},
                {"name": "tmp", "emptyDir": {}},
            ],
        )
        kernel = {
            "name": "kernel",
            "image": self.load_image("guest", files),
            "command": ["cp", "/vmlinuz", "/initramfs", "/kernel"],
            "securityContext": support.RESTRICTED,
            "volumeMounts": [{"name": "kernel", "mountPath": "/kernel"}],
        }
        pod["spec"]["initContainers"] = [kernel]
        self.apply(pod)
        status = self.wait_for_end("launcher", "compute")
        log = self.logs("launcher", "compute")
        self.assertEqual(status, 0, log)
        self.assertIn("guest: user-data: hostname: pod", log)


class BreakingTest(support.ClusterCase):
    """The operations with which tests break the cluster do what they claim."""

    def setUp(self):
        super().setUp()
        if not self.cluster.breakable:
            self.skipTest(f"the provider {self.cluster.name} breaks nothing")

    def test_api_server_restarts(self):
        """Objects are still there afterwards."""
        self.kubectl("create", "configmap", "kept")
        self.cluster.kill("kube-apiserver")
        self.assertNotEqual(self.try_kubectl("get", "configmap", "kept").returncode, 0)
        self.cluster.start("kube-apiserver")
        self.assertEqual(self.get("configmap", "kept")["metadata"]["name"], "kept")

    def test_compaction(self):
        """After etcd's history is compacted and the API server's cache of it is gone, no watch can
        start from the past."""
        self.kubectl("create", "configmap", "first")
        version = self.get("configmap", "first")["metadata"]["resourceVersion"]
        self.kubectl("create", "configmap", "second")
        self.assertGreaterEqual(self.cluster.compact(), int(version))
        self.cluster.restart("kube-apiserver")
        path = f"/api/v1/namespaces/{self.namespace}/configmaps"
        path += f"?watch=1&timeoutSeconds=10&resourceVersion={version}"
        done = self.try_kubectl("get", "--raw", path)
        self.assertIn('"code":410', (done.stdout + done.stderr).replace(" ", ""))

    def test_cut(self):
        """Pods lose their connections to the API server, and can connect again."""
        container = {"name": "it", "image": support.image("sidecar-shim")}
        container["command"] = ["sleep", "infinity"]
        self.apply(self.pod("caller", container))
        self.wait("pod/caller", "condition=Ready")
        caller = self.spawn(
            self.command("exec", "--stdin", "caller", "--", "python3", "-c", CALLER),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

        def connect():
            caller.stdin.write("\n")
            return caller.stdout.readline()

        self.assertEqual(connect(), "connected\n")
        self.cluster.drop()
        self.assertEqual(caller.stdout.readline(), "reset\n")
        self.assertEqual(connect(), "connected\n")
        self.cluster.cut()
        try:
            self.assertEqual(caller.stdout.readline(), "reset\n")
            self.assertEqual(connect(), "refused\n")
        finally:
            self.cluster.mend()
        self.assertEqual(connect(), "connected\n")


if __name__ == "__main__":
    support.main()
