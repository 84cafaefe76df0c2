#!/usr/bin/python3
"""The whole path: a VMI with hook sidecars, applied with kubectl, is launched by Hookline, its
hooks change its domain in order, and the guest reports what they have changed."""

import pathlib

import support

MANAGEMENT = """#!/bin/sh
# The first: a word on the kernel's command line.
printf '%s' "$4" | sed 's|</cmdline>| hook=config-map</cmdline>|'
"""
# The second: a word from a file on the node, and whether the file could be written.
NODE_FILE = """#!/bin/sh
word=$(cat /assets/word)
if echo spoiled 2>/dev/null > /assets/word; then mode=writable; else mode=read-only; fi
printf '%s' "$4" | sed "s|</cmdline>| hook=$word-$mode</cmdline>|"
"""
VENDOR = "Example Boards Inc."
VERSION = ["--version", "v1alpha3"]


class Launch(support.InstalledCase):
    def setUp(self):
        super().setUp()
        self.assets = f"/var/lib/kubevirt/images/{self.namespace}"
        self.guest = self.load_image(
            "guest",
            {f"/{name}": support.ROOT / "build" / "e2e" / name for name in ("vmlinuz", "initramfs")},
        )

    def on_node(self, script):
        """Runs a shell script as root on the node, whose root is at /node."""
        name = f"node-{len(self.get('pods'))}"
        container = {
            "name": "shell",
            "image": self.guest,
            "command": ["sh", "-ec", script],
            "volumeMounts": [{"name": "node", "mountPath": "/node"}],
            "securityContext": {"runAsUser": 0, "runAsNonRoot": False},
        }
        path = {"path": "/var/lib/kubevirt/images", "type": "DirectoryOrCreate"}
        self.apply(self.pod(name, container, volumes=[{"name": "node", "hostPath": path}]))
        self.assertEqual(self.wait_for_end(name, "shell"), 0)

    def put_assets(self):
        """A directory on the node with a file, which the policy allows."""
        self.on_node(f"mkdir /node/{self.namespace}; echo from-the-node > /node/{self.namespace}/word")
        self.addCleanup(self.on_node, f"rm -r /node/{self.namespace}")

    def smbios_image(self):
        """sidecar-shim with the sample's C hook, and the libraries of both."""
        hook = support.BUILD / "samples" / "smbios" / "onDefineDomain"
        shim = support.BUILD / "sidecar-shim"
        files = {"/usr/bin/onDefineDomain": hook, "/sidecar-shim": shim}
        for line in support.run(["ldd", hook, shim]).stdout.splitlines():
            path = next((word for word in line.split() if word.startswith("/")), "").rstrip(":")
            if ".so" in path:
                files[path] = pathlib.Path(path).resolve()
        return self.load_image("smbios", files)

    def machine(self, name, sidecars, **spec):
        """A VMI that boots the guest from an image with its kernel."""
        boot = {
            "kernelArgs": "console=ttyS0 quiet panic=-1",
            "container": {
                "image": self.guest,
                "kernelPath": "/vmlinuz",
                "initrdPath": "/initramfs",
            },
        }
        seed = {"userData": "#cloud-config\nhostname: cluster"}
        domain = {
            "memory": {"guest": "128Mi"},
            "firmware": {"kernelBoot": boot},
            "devices": {
                "autoattachGraphicsDevice": False,
                "disks": [{"name": "seed", "disk": {"bus": "virtio"}}],
            },
        }
        volumes = [{"name": "seed", "cloudInitNoCloud": seed}]
        vmi = support.launched_machine(name, sidecars, domain=domain, volumes=volumes, **spec)
        annotations = vmi["metadata"]["annotations"]
        annotations["smbios.vm.kubevirt.io/baseBoardManufacturer"] = VENDOR
        return vmi

    def script(self, key):
        """The part of a sidecar that runs a script from the config map "hooks"."""
        return {"name": "hooks", "key": key, "hookPath": "/usr/bin/onDefineDomain"}

    def condition(self, machine, name):
        """A condition of a VMI as status, reason and message."""
        for condition in machine.get("status", {}).get("conditions", []):
            if condition["type"] == name:
                return condition["status"], condition.get("reason"), condition.get("message", "")
        return None, None, ""

    def phases(self, name):
        """The phases of a VMI until the last one."""
        seen = []

        def final(items):
            for item in items:
                phase = item.get("status", {}).get("phase")
                if item["metadata"]["name"] == name and phase and phase not in seen:
                    seen.append(phase)
            return seen and seen[-1] in ("Succeeded", "Failed")

        self.wait_for_all("vmi", final)
        return seen

    def pod_of(self, name):
        """The launcher pod of a VMI."""
        uid = self.get("vmi", name)["metadata"]["uid"]
        pods = [
            pod
            for pod in self.get("pods")
            if pod["metadata"].get("ownerReferences", [{}])[0].get("uid") == uid
        ]
        self.assertEqual(len(pods), 1)
        return pods[0]

    def test_three_sidecars(self):
        self.put_assets()
        scripts = {"first": MANAGEMENT, "second": NODE_FILE}
        words = [f"--from-literal={key}={text}" for key, text in scripts.items()]
        self.kubectl("create", "configmap", "hooks", *words)
        assets = {"path": self.assets, "volumePath": "/assets", "readOnly": True}
        sidecars = [
            {"args": VERSION, "configMap": self.script("first")},
            {"args": VERSION, "configMap": self.script("second"), "hostPath": assets},
            {"args": VERSION, "image": self.smbios_image(), "command": ["/sidecar-shim"]},
        ]
        self.apply(self.machine("guest", sidecars))
        phases = self.phases("guest")
        pod = self.pod_of("guest")
        log = self.logs(pod["metadata"]["name"], "compute")
        self.assertEqual(phases[-1], "Succeeded", log)
        order = ["Pending", "Scheduling", "Scheduled", "Running", "Succeeded"]
        self.assertEqual(phases, [phase for phase in order if phase in phases])
        self.assertIn("Running", phases)
        self.assertIn(f"guest: board vendor: {VENDOR}", log)
        self.assertRegex(
            log, "guest: command line: .*hook=config-map hook=from-the-node-read-only\\b"
        )
        self.assertIn("guest: user-data: hostname: cluster", log)
        names = [container["name"] for container in pod["spec"]["containers"]]
        self.assertEqual(names, ["compute", "hook-sidecar-0", "hook-sidecar-1", "hook-sidecar-2"])
        # Every container has ended: the pod of a finished VMI runs nothing.
        self.wait_for("pod", lambda item: item["status"]["phase"] == "Succeeded",
            pod["metadata"]["name"])
        # The VMI owns the pod, which is deleted with it.
        self.kubectl("delete", "vmi", "guest", "--timeout=60s")
        self.wait_for_all(
            "pods",
            lambda items: all(item["metadata"]["uid"] != pod["metadata"]["uid"] for item in items),
        )

    def test_missing_config_map(self):
        """A missing dependency is named before a pod is created; when it appears, the launch
        continues."""
        self.apply(self.machine("waits", [{"args": VERSION, "configMap": self.script("first")}]))
        found = self.wait_for(
            "vmi", lambda item: self.condition(item, "Synchronized")[1] == "MissingDependency", "waits"
        )
        status, _, message = self.condition(found, "Synchronized")
        self.assertEqual(status, "False")
        self.assertIn("ConfigMap hooks", message)
        self.assertEqual(found["status"]["phase"], "Pending")
        self.assertEqual(self.get("pods"), [])
        self.kubectl("create", "configmap", "hooks", f"--from-literal=first={MANAGEMENT}")
        self.assertEqual(self.phases("waits")[-1], "Succeeded")

    def event(self, reason):
        """Waits for an Event with this reason, about a VMI."""
        return self.wait_for(
            "events",
            lambda item: item["reason"] == reason
            and item["involvedObject"]["kind"] == "VirtualMachineInstance",
        )

    def test_image_that_is_not_there(self):
        image = "localhost/hookline-test/no-such-image:1"
        self.apply(self.machine("pulls", [{"image": image, "args": VERSION}]))
        event = self.event("SidecarImagePullFailed")
        self.assertEqual(event["involvedObject"]["name"], "pulls")
        self.assertIn("hook-sidecar-0", event["message"])
        self.assertIn(image, event["message"])
        self.assertEqual(event["type"], "Warning")

    def test_sidecar_that_crashes(self):
        crash = ["sh", "-c", "echo no license found >&2; exit 3"]
        self.apply(self.machine("crashes", [{"image": self.guest, "command": crash}]))
        event = self.event("SidecarCrashed")
        self.assertIn("hook-sidecar-0", event["message"])
        self.assertIn("3", event["message"])
        self.assertIn("no license found", event["message"])
        self.assertNotEqual(self.get("vmi", "crashes")["status"].get("phase"), "Running")

    def test_hook_that_fails(self):
        broken = "#!/bin/sh\necho 'no such board' >&2\nexit 4\n"
        self.kubectl("create", "configmap", "hooks", f"--from-literal=first={broken}")
        self.apply(self.machine("fails", [{"args": VERSION, "configMap": self.script("first")}]))
        event = self.event("HookFailed")
        self.assertIn("hook-sidecar-0", event["message"])
        self.assertIn("no such board", event["message"])
        self.assertEqual(self.phases("fails")[-1], "Failed")

    def test_machine_is_deleted_while_it_runs(self):
        machine = self.machine("deleted", [], terminationGracePeriodSeconds=2)
        boot = machine["spec"]["domain"]["firmware"]["kernelBoot"]
        boot["kernelArgs"] += " e2e=deaf"
        self.apply(machine)
        self.wait_for("vmi", lambda item: item.get("status", {}).get("phase") == "Running")
        name = self.pod_of("deleted")["metadata"]["name"]
        self.kubectl("delete", "vmi", "deleted", "--timeout=60s")
        self.wait_for_all(
            "pods", lambda items: all(item["metadata"]["name"] != name for item in items)
        )


if __name__ == "__main__":
    support.main()
