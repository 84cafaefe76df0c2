#!/usr/bin/python3
"""hook-launcher without booting a guest: the domain of a VMI, errors, and the stages with libvirt's
test driver. Guests boot in tests/e2e."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import support

VMI = """\
apiVersion: kubevirt.io/v1
kind: VirtualMachineInstance
metadata:
  name: vm
  namespace: {namespace}
  annotations: {annotations}
spec:
  terminationGracePeriodSeconds: 0
  domain:
    memory: {{guest: 64Mi}}
    devices:
      disks:
      - name: seed
        disk: {{bus: virtio}}
  volumes:
  - name: seed
    {volume}
"""
SEED = 'cloudInitNoCloud: {userData: "#cloud-config\\n"}'
TEST_DRIVER = ["--connect", "test:///default"]
QEMU = shutil.which("qemu-system-x86_64") and list(
    pathlib.Path("/usr/lib").glob("*/libvirt/connection-driver/libvirt_driver_qemu.so")
)
# Replaces xorriso, so that no test needs it.
EMPTY_ISO = "#!/bin/sh\nwhile [ \"$1\" != -o ]; do shift; done\n: > \"$2\"\n"


class LauncherTest(support.TestCase):
    """Runs the launcher on a VMI with sidecars of python3-grpcio."""

    def setUp(self):
        super().setUp()
        self.sockets = self.tmp / "sockets"
        self.sockets.mkdir()
        self.work = self.tmp / "work"
        self.work.mkdir()
        self.bin = self.tmp / "bin"
        self.tool("xorriso", EMPTY_ISO)
        self.termination = self.tmp / "termination-log"
        self.sidecars = []

    def tool(self, name, script):
        """Puts a program first in $PATH."""
        self.write(self.bin / name, script).chmod(0o755)

    def vmi(self, volume=SEED, namespace=None, annotations=None):
        """Writes a VMI in a namespace of this test only, so that no two tests launch the same
        machine."""
        text = VMI.format(
            volume=volume,
            namespace=namespace or f"n{os.getpid()}",
            annotations=json.dumps(annotations or {}),
        )
        return self.write("vmi.yaml", text)

    def sidecar(self, *options):
        """Starts a sidecar, the next by its index, and waits until it listens."""
        path = self.sockets / f"hook-sidecar-{len(self.sidecars)}" / "hook.sock"
        path.parent.mkdir()
        argv = ["/usr/bin/python3", support.PEERS / "sidecar.py", path, *options]
        process = self.spawn(argv, stdout=subprocess.PIPE, text=True)
        self.wait_for_line(process.stdout, "listening")
        self.sidecars.append(process)
        return process

    def argv(self, vmi, *options):
        """The command line."""
        return [
            *[support.program("hook-launcher"), "--vmi", vmi, "--socket-dir", self.sockets],
            *["--sidecars", len(self.sidecars), "--termination-log", self.termination, *options],
        ]

    @property
    def environment(self):
        """The environment, with the temporary directory and the tools."""
        path = f"{self.bin}:{os.environ['PATH']}"
        return {**os.environ, "TMPDIR": str(self.work), "PATH": path}

    def run_launcher(self, vmi, *options):
        """Runs it to its end."""
        return support.run(self.argv(vmi, *options), env=self.environment)

    def start(self, vmi, *options):
        """Starts it."""
        return self.spawn(
            self.argv(vmi, "--log-level", "debug", *options),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def assert_failed(self, result, status, stage, *words):
        """Checks that it failed in a stage with words in the reason, and left nothing behind."""
        self.assertEqual(result.returncode, status, result.stderr)
        last = json.loads(result.stderr.splitlines()[-1])
        told = json.loads(self.termination.read_text(encoding="utf-8"))
        self.assertEqual((last["stage"], last["class"]), (told["stage"], told["class"]))
        self.assertEqual(told["stage"], stage, result.stderr)
        for word in words:
            self.assertIn(word, told["message"])
        self.assertEqual(list(self.work.iterdir()), [])

    def finish(self, process):
        """Waits for its end; returns the same as support.run."""
        stdout, stderr = process.communicate(timeout=support.PATIENCE)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def assert_told(self, sidecar, *calls):
        """Checks that the sidecar was called for these hooks; waits for the last."""
        sidecar.terminate()
        text, _ = sidecar.communicate(timeout=support.PATIENCE)
        said = [line.split()[1] for line in text.splitlines() if line.startswith("called ")]
        self.assertEqual(said, ["Info", *calls])


class FlagTest(LauncherTest):
    """The command line."""

    def test_wrong_usage(self):
        for words, message in (
            ([], "--vmi FILE is missing"),
            (["--vmi", "x"], "--sidecars N is missing"),
            (["--vmi", "x", "--sidecars", "1e3"], '"1e3" is not a number from 0 to 256'),
            (["--vmi", "x", "--timeout", "soon"], '"soon" is not a duration'),
            (["--vmi", "x", "--pvc", "data"], '"data" is not of the form NAME=PATH'),
            (["--vmi", "x", "--pvc", "a=b", "--pvc", "a=c"], "a is given twice"),
            (["--vmi", "x", "--tmp-dir", "here"], '--tmp-dir: "here" is not an absolute path'),
            (["--dry-rum"], 'did you mean "--dry-run"?'),
            (["--vmi"], "--vmi needs a value"),
            (["vmi.yaml"], 'unexpected argument "vmi.yaml"'),
        ):
            with self.subTest(words):
                result = support.run([support.program("hook-launcher"), *words])
                self.assertEqual(result.returncode, 2)
                self.assertIn(message, result.stderr)
                self.assertEqual(result.stdout, "")

    def test_help_and_version(self):
        for word in ("--help", "-h"):
            result = support.run([support.program("hook-launcher"), word])
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertIn("--container-disk NAME=PATH", result.stdout)
        result = support.run([support.program("hook-launcher"), "--version"])
        self.assertRegex(result.stdout, r"^hook-launcher \d")


class InputTest(LauncherTest):
    """Input files with errors."""

    def test_there_is_no_such_file(self):
        result = self.run_launcher(self.tmp / "no-such-file")
        self.assert_failed(result, 3, "Input", "no-such-file", "No such file")

    def test_it_is_no_yaml(self):
        result = self.run_launcher(self.write("vmi.yaml", "a: b: c"))
        self.assert_failed(result, 1, "Input", "vmi.yaml:1:")

    def test_it_has_no_machine(self):
        path = self.write("vmi.yaml", "kind: ConfigMap\nmetadata: {name: a}\n")
        result = self.run_launcher(path)
        self.assert_failed(result, 1, "Input", "has no VirtualMachineInstance")

    def test_it_has_two_machines(self):
        path = self.vmi()
        path.write_text(path.read_text() + "---\n" + path.read_text())
        self.assert_failed(self.run_launcher(path), 1, "Input", "more than one")

    def test_the_annotation_is_wrong(self):
        key = "hooks.kubevirt.io/hookSidecars"
        path = self.vmi(annotations={key: '[{"imagePullPolicy": "Often"}]'})
        self.assert_failed(
            self.run_launcher(path), 1, "Input", "vmi.yaml:6:", "imagePullPolicy", "Often"
        )

    def test_the_annotation_file_wins(self):
        key = "hooks.kubevirt.io/hookSidecars"
        path = self.vmi(annotations={key: "[{"})
        annotation = self.write("annotation", "[]")
        result = self.run_launcher(path, "--dry-run", "--annotation-file", annotation)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_all_that_is_wrong_is_said_with_its_place(self):
        path = self.vmi()
        text = path.read_text(encoding="utf-8").replace("domain:", "nodomain: {}\n  domain:")
        path.write_text(text.replace("bus: virtio", "bus: ide"), encoding="utf-8")
        result = self.run_launcher(path)
        self.assert_failed(result, 1, "Convert", "vmi.yaml:9:", "spec.nodomain", ".bus", "ide")

    def test_the_termination_log_has_at_most_4096_bytes(self):
        path = self.vmi()
        lines = "".join(f"  field{number}: {{}}\n" for number in range(200))
        path.write_text(path.read_text(encoding="utf-8") + lines, encoding="utf-8")
        self.assert_failed(self.run_launcher(path), 1, "Convert", "spec.field0")
        self.assertLessEqual(self.termination.stat().st_size, 4096)
        self.assertGreater(self.termination.stat().st_size, 3000)


class DryRunTest(LauncherTest):
    """The printed domain."""

    def test_hooks_see_it_and_change_it(self):
        sidecar = self.sidecar("--name", "mark", "--hook", "OnDefineDomain", "--hook", "Shutdown")
        result = self.run_launcher(self.vmi(namespace="ns"), "--dry-run")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("<name>ns_vm</name>", result.stdout)
        self.assertIn("<!--mark-->", result.stdout)
        self.assert_told(sidecar, "OnDefineDomain")  # and no Shutdown: the launch is still to come
        self.assertEqual(list(self.work.iterdir()), [])

    def test_hooks_get_the_vmi_as_go_writes_it(self):
        """KubeVirt's launcher escapes <, > and &."""
        sidecar = self.sidecar("--hook", "OnDefineDomain")
        result = self.run_launcher(self.vmi(annotations={"note": "a && b < c"}), "--dry-run")
        self.assertEqual(result.returncode, 0, result.stderr)
        sidecar.terminate()
        text, _ = sidecar.communicate(timeout=support.PATIENCE)
        self.assertIn('"note":"a \\u0026\\u0026 b \\u003c c"', text)

    def test_a_cloud_init_hook_of_a_machine_without_data(self):
        self.sidecar("--hook", "PreCloudInitIso")
        result = self.run_launcher(self.vmi(volume="emptyDisk: {capacity: 1Mi}"), "--dry-run")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(
            result.stderr, "warning.*hook-sidecar-0.*PreCloudInitIso is not called, because the machine"
        )

    def test_what_a_hook_returns_is_nested(self):
        """The maximum depth is accepted; for a deeper one the error names the sidecar."""
        sidecar = self.sidecar("--hook", "PreCloudInitIso", "--depth", "98")
        result = self.run_launcher(self.vmi(), "--dry-run")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assert_told(sidecar, "PreCloudInitIso")
        self.sockets = self.tmp / "deeper"
        self.sockets.mkdir()
        self.sidecars = []
        self.sidecar("--hook", "PreCloudInitIso", "--depth", "99")
        result = self.run_launcher(self.vmi(), "--dry-run")
        self.assert_failed(
            *[result, 4, "PreCloudInitIso", "hook-sidecar-0 (index 0)", "cloudInitData"],
            "deeper than 100 levels",
        )

    def test_a_virtual_machine_is_its_template(self):
        path = self.vmi()
        indented = path.read_text(encoding="utf-8").split("spec:\n", 1)[1].replace("\n", "\n    ")
        path.write_text(
            "kind: ConfigMap\nmetadata: {name: other}\n---\n"
            "kind: VirtualMachine\nmetadata: {name: big}\nspec:\n  template:\n    spec:\n    "
            + indented
        )
        result = self.run_launcher(path, "--dry-run")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("<name>default_big</name>", result.stdout)

    def test_standard_input(self):
        text = self.vmi(namespace="ns").read_text(encoding="utf-8")
        result = support.run([support.program("hook-launcher"), "--vmi", "-", "--dry-run"], text)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("<name>ns_vm</name>", result.stdout)

    @unittest.skipUnless(support.UPSTREAM.exists(), "KubeVirt's own examples are not here")
    def test_every_machine_of_kubevirt(self):
        paths = sorted((support.UPSTREAM / "vmi").glob("*.yaml"))
        self.assertTrue(paths)
        for path in paths:
            with self.subTest(path.name):
                result = self.run_launcher(path, "--dry-run")
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertIn("</domain>", result.stdout)


class CloudInitTest(LauncherTest):
    """The data that hooks get and give back, and the image that the guest reads."""

    UUID = "2f1c9d4e-7a58-4b36-9c07-5e1f0a3b8d62"

    def machine(self, source, kind="cloudInitNoCloud", name="web.example", **spec):
        """Writes a VMI with a cloud-init volume."""
        vmi = {
            "apiVersion": "kubevirt.io/v1",
            "kind": "VirtualMachineInstance",
            "metadata": {"name": name, "namespace": f"n{os.getpid()}"},
            "spec": {
                "domain": {"memory": {"guest": "64Mi"}, "firmware": {"uuid": self.UUID}, "devices": {}},
                "volumes": [{"name": "seed", kind: source}],
                "terminationGracePeriodSeconds": 0,
                **spec,
            },
        }
        return self.write("vmi.yaml", json.dumps(vmi))

    def secret(self, name, **data):
        """The directory of a Secret's files."""
        for key, text in data.items():
            self.write(f"secrets/{name}/{key}", text)
        return self.tmp / "secrets" / name

    def told(self, sidecar):
        """The cloud-init data that a sidecar got, as text; it ends."""
        sidecar.terminate()
        text, _ = sidecar.communicate(timeout=support.PATIENCE)
        return re.search("^called PreCloudInitIso (.*)$", text, re.MULTILINE)[1]

    def data_of(self, vmi, *options):
        """The data that a hook gets in a dry run, as text."""
        sidecar = self.sidecar("--hook", "PreCloudInitIso")
        result = self.run_launcher(vmi, "--dry-run", *options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return self.told(sidecar)

    def image(self, vmi, *options, driver=TEST_DRIVER):
        """The label of the image that a launch makes, and its files by path."""
        xorriso = shutil.which("xorriso")
        if xorriso is None:
            self.skipTest("xorriso is not installed")
        image, tree = self.tmp / "kept.iso", self.tmp / "tree"
        self.tool(
            "xorriso",
            f'#!/bin/sh\n{xorriso} "$@" || exit\nwhile [ "$1" != -o ]; do shift; done\n'
            f'cp "$2" {image}\n',
        )
        launcher = self.start(vmi, *driver, *options)
        self.wait_for_line(launcher.stderr, '"Started"')
        launcher.terminate()
        result = self.finish(launcher)
        self.assertEqual(result.returncode, 0, result.stderr)
        # The primary volume descriptor, at sector 16, has the label (ISO 9660, 8.4).
        label = image.read_bytes()[16 * 2048 + 40 :][:32].decode().strip()
        subprocess.run(
            [xorriso, "-osirrox", "on", "-indev", image, "-extract", "/", tree],
            capture_output=True, check=True,
        )
        files = (path for path in tree.rglob("*") if path.is_file())
        return label, {str(path.relative_to(tree)): path.read_text() for path in files}

    def test_hooks_get_what_kubevirt_gives_them(self):
        """To the byte: what a hook searches for is there."""
        vmi = self.machine({"userData": "#cloud-config\nruncmd: [a && b > c]\n"})
        self.assertEqual(
            self.data_of(vmi),
            '{"DataSource":"noCloud","NoCloudMetaData":{"instance-id":"' + self.UUID + '",'
            '"local-hostname":"web"},"ConfigDriveMetaData":null,'
            '"UserData":"#cloud-config\\nruncmd: [a \\u0026\\u0026 b \\u003e c]\\n","NetworkData":"",'
            '"DevicesData":null,"VolumeName":"seed"}',
        )

    def test_the_image_of_no_cloud(self):
        keys = self.secret("k", one="ssh-ed25519 AAAA a@b\n")
        credentials = [
            {
                "sshPublicKey": {
                    "source": {"secret": {"secretName": "k"}},
                    "propagationMethod": {"noCloud": {}},
                }
            }
        ]
        vmi = self.machine(
            {"userDataBase64": "dXNlcgo=", "networkData": "version: 2\n"},
            accessCredentials=credentials,
        )
        label, files = self.image(vmi, "--volume-dir", f"k-access-cred={keys}")
        self.assertEqual(label, "cidata")
        self.assertEqual(
            json.loads(files.pop("meta-data")),
            {
                "instance-id": self.UUID,
                "local-hostname": "web",
                "public-keys": {"0": "ssh-ed25519 AAAA a@b\n"},
            },
        )
        self.assertEqual(files, {"user-data": "user\n", "network-config": "version: 2\n"})

    def test_the_image_of_a_config_drive(self):
        secret = self.secret("s", userdata="#!/bin/sh\n", networkData="{}")
        references = {"secretRef": {"name": "s"}, "networkDataSecretRef": {"name": "s"}}
        vmi = self.machine(references, "cloudInitConfigDrive", hostname="front")
        label, files = self.image(vmi, "--volume-dir", f"seed={secret}")
        self.assertEqual(label, "config-2")
        self.assertEqual(
            json.loads(files.pop("openstack/latest/meta_data.json")),
            {
                "instance_id": f"web.example.n{os.getpid()}",
                "hostname": "front",
                "uuid": self.UUID,
            },
        )
        self.assertEqual(
            files,
            {
                "openstack/latest/user_data": "#!/bin/sh\n",
                "openstack/latest/network_data.json": "{}",
            },
        )

    def test_the_image_of_network_data_alone(self):
        """A hook of the older form may change them."""
        self.sidecar("--hook", "PreCloudInitIso", "--older", '{"networkDataBase64": "dmVyc2lvbjogMQ=="}')
        label, files = self.image(self.machine({"networkData": "version: 2"}))
        self.assertEqual(label, "cidata")
        self.assertIn("meta-data", files)
        self.assertEqual(files["user-data"], "")
        self.assertEqual(files["network-config"], "version: 1")

    def tagged(self):
        """A machine with a config drive and two interfaces with tags."""
        names = {"front": {"tag": "public"}, "back": {"tag": "private"}, "other": {}}
        interfaces = [
            {"name": name, "slirp": {}, "macAddress": f"02:00:00:00:00:0{number}", **fields}
            for number, (name, fields) in enumerate(names.items())
        ]
        return self.machine(
            {"userData": "x"},
            "cloudInitConfigDrive",
            "tags",
            domain={"memory": {"guest": "64Mi"}, "devices": {"interfaces": interfaces}},
            networks=[{"name": name, "pod": {}} for name in names],
        )

    @unittest.skipUnless(QEMU, "libvirt's QEMU driver or QEMU is not installed")
    def test_the_guest_is_told_where_its_tagged_devices_are(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="h"))  # for the paths of QEMU's sockets
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)
        _, files = self.image(self.tagged(), driver=[])
        meta = json.loads(files["openstack/latest/meta_data.json"])
        self.assertEqual([device["tags"] for device in meta["devices"]], [["public"], ["private"]])
        for number, device in enumerate(meta["devices"]):
            self.assertEqual((device["type"], device["bus"]), ("nic", "pci"))
            self.assertEqual(device["mac"], f"02:00:00:00:00:0{number}")
            self.assertRegex(device["address"], r"^0000:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$")

    def test_tagged_devices_without_an_address(self):
        """Libvirt's test driver gives none."""
        launcher = self.start(self.tagged(), *TEST_DRIVER)
        self.wait_for_line(launcher.stderr, "the guest is not told the tag of interface front")
        self.wait_for_line(launcher.stderr, '"Started"')
        launcher.terminate()
        self.assertEqual(self.finish(launcher).returncode, 0)

    def test_the_older_form_in_base64(self):
        """The guest gets the data of a hook of v1alpha2."""
        older = {"userDataBase64": "aG9vaw==", "networkDataBase64": "bmV0"}
        self.sidecar("--hook", "PreCloudInitIso", "--version", "v1alpha2", "--older", json.dumps(older))
        _, files = self.image(self.machine({"userData": "mine", "networkData": "mine"}))
        self.assertEqual((files["user-data"], files["network-config"]), ("hook", "net"))

    def test_data_that_a_hook_loses(self):
        self.sidecar("--hook", "PreCloudInitIso", "--older", "{}")
        result = self.run_launcher(self.machine({"userData": "x"}), *TEST_DRIVER)
        self.assert_failed(
            result, 4, "PreCloudInitIso", "hook-sidecar-0", "neither user data nor network data"
        )

    def test_faults(self):
        """Each has its place, and what would be right."""
        empty = self.secret("empty", other="x")
        latin = self.secret("latin", userdata=b"\xfc")
        reference = {"secretRef": {"name": "s"}}
        for source, options, words in (
            ({"userDataBase64": "a b="}, [], ["userDataBase64: it is not Base64", '" " at byte 2']),
            ({"networkDataBase64": "abc"}, [], ["networkDataBase64: it is not Base64", "4"]),
            ({"userDataBase64": "/w=="}, [], ["userDataBase64: it is not UTF-8 text"]),
            (reference, [], ["is not on this machine", "--volume-dir seed=PATH"]),
            (reference, ["--volume-dir", f"seed={empty}"], ["userdata nor userData", str(empty)]),
            (reference, ["--volume-dir", f"seed={latin}"], ["secretRef: it is not UTF-8 text"]),
            ({}, [], ["has neither user data nor network data", "userDataBase64"]),
        ):
            with self.subTest(source):
                result = self.run_launcher(self.machine(source), *TEST_DRIVER, *options)
                place = "spec.volumes[0].cloudInitNoCloud"
                self.assert_failed(result, 1, "Convert", "vmi.yaml:1:", place, *words)

    def test_two_volumes(self):
        volume = {"cloudInitNoCloud": {"userData": "x"}}
        vmi = self.machine({}, volumes=[{"name": "a", **volume}, {"name": "b", **volume}])
        result = self.run_launcher(vmi, *TEST_DRIVER)
        self.assert_failed(result, 1, "Convert", "spec.volumes[1]", "the volumes a and b both hold")

    def test_credentials_for_the_guest_agent(self):
        """A launch would not do what the VMI asks for; the domain does not depend on it."""
        password = {
            "userPassword": {
                "source": {"secret": {"secretName": "p"}},
                "propagationMethod": {"qemuGuestAgent": {}},
            }
        }
        vmi = self.machine({"userData": "x"}, accessCredentials=[password])
        words = ["spec.accessCredentials[0].userPassword", "does not talk to the QEMU guest agent"]
        self.assert_failed(self.run_launcher(vmi, *TEST_DRIVER), 1, "Convert", *words)
        self.termination.unlink()
        result = self.run_launcher(vmi, "--dry-run", "--log-format", "text")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stderr, "warning: .*does not talk to the QEMU guest agent")

    @unittest.skipUnless((support.UPSTREAM / "launch").exists(), "KubeVirt's own launches are not here")
    def test_kubevirt_gave_its_hooks_the_same(self):
        """Member by member and byte by byte, for the machine as its launcher knew it."""
        folders = sorted(path.parent for path in (support.UPSTREAM / "launch").glob("*/cloud-init.json"))
        self.assertTrue(folders)
        for number, folder in enumerate(folders):
            with self.subTest(folder.name):
                expected = (folder / "cloud-init.json").read_text(encoding="utf-8").strip()
                recorded = json.loads((folder / "hook-vmi.json").read_text(encoding="utf-8"))
                data = json.loads(expected)
                secret = self.secret(
                    folder.name, userdata=data["UserData"], networkdata=data["NetworkData"]
                )
                spec = recorded["spec"]
                vmi = {
                    "kind": "VirtualMachineInstance",
                    "metadata": recorded["metadata"],
                    "spec": {
                        "domain": {"memory": {"guest": "64Mi"}, "firmware": spec["domain"]["firmware"]},
                        "volumes": spec["volumes"],
                    },
                }
                self.sockets = self.tmp / f"sockets-{number}"
                self.sockets.mkdir()
                self.sidecars = []
                path = self.write("vmi.yaml", json.dumps(vmi))
                self.assertEqual(self.data_of(path, "--volume-dir", f"ci={secret}"), expected)


class FaultTest(LauncherTest):
    """Errors before libvirt is called."""

    def test_the_disk_image_is_missing(self):
        path = self.vmi("containerDisk: {image: example}")
        image = self.tmp / "no-such-image"
        result = self.run_launcher(path, "--container-disk", f"seed={image}")
        self.assert_failed(result, 1, "Convert", "vmi.yaml:", str(image), "No such file")

    def test_the_disk_image_is_not_said(self):
        result = self.run_launcher(self.vmi("persistentVolumeClaim: {claimName: data}"))
        self.assert_failed(result, 1, "Convert", "--pvc data=PATH")

    def test_the_disk_image_cannot_be_read(self):
        path = self.vmi("containerDisk: {image: example}")
        image = self.write("image", "x" * 512)
        image.chmod(0)
        argv = self.argv(path, "--container-disk", f"seed={image}")
        if os.access(image, os.R_OK):  # root may: without its rights, then
            refusal = support.sandbox_refusal()
            if refusal:
                self.skipTest(refusal)
            argv = ["bwrap", "--unshare-user", "--uid", "1000", "--bind", "/", "/", *argv]
        result = support.run(argv, env=self.environment)
        self.assert_failed(result, 1, "Convert", str(image), "Permission denied")

    def test_the_disk_image_is_a_directory(self):
        path = self.vmi("containerDisk: {image: example}")
        result = self.run_launcher(path, "--container-disk", f"seed={self.tmp}")
        self.assert_failed(result, 1, "Convert", "neither a file nor a block device")

    def test_the_disk_image_is_broken(self):
        """It has the header of qcow2 and nothing else."""
        path = self.vmi("containerDisk: {image: example}")
        image = self.write("image", b"QFI\xfb\0\0\0\x03".ljust(512, b"\0"))
        result = self.run_launcher(path, "--container-disk", f"seed={image}", *TEST_DRIVER)
        self.assert_failed(result, 3, "Prepare", "volume seed", "qemu-img exited with status 1")

    def test_a_sidecar_does_not_come(self):
        (self.sockets / "hook-sidecar-0").mkdir()
        result = self.run_launcher(self.vmi(), "--sidecars", "1", "--timeout", "100ms")
        self.assert_failed(result, 5, "Collect", "hook-sidecar-0")

    def test_those_that_came_are_told_that_others_did_not(self):
        for behaviour, timeout, status in ((None, "1s", 5), ("error-info", "60s", 4)):
            with self.subTest(behaviour):
                self.sockets = self.tmp / f"sockets-{status}"
                self.sockets.mkdir()
                self.sidecars = []
                good = self.sidecar("--hook", "Shutdown")
                if behaviour is None:
                    (self.sockets / "hook-sidecar-1").mkdir()
                else:
                    self.sidecar("--behaviour", behaviour)
                result = self.run_launcher(self.vmi(), "--sidecars", "2", "--timeout", timeout)
                self.assert_failed(result, status, "Collect", "hook-sidecar-1")
                self.wait_for_line(good.stdout, "called Shutdown")

    def test_a_hook_fails(self):
        for hook in ("OnDefineDomain", "PreCloudInitIso"):
            with self.subTest(hook):
                path = self.vmi()
                good = self.sidecar("--hook", "Shutdown")
                bad = self.sidecar("--hook", hook, "--behaviour", "error")
                result = self.run_launcher(path, *TEST_DRIVER)
                number = len(self.sidecars) - 1
                self.assert_failed(result, 4, hook, f"hook-sidecar-{number}", "the disk")
                self.assert_told(good, "Shutdown")
                self.assert_told(bad, hook)
                for process in self.sidecars:
                    process.wait(support.PATIENCE)
                self.sidecars = []
                for entry in self.sockets.iterdir():
                    entry.rename(self.tmp / f"{hook}-{entry.name}")

    def test_a_tool_fails(self):
        self.tool("xorriso", "#!/bin/sh\necho 'no space left' >&2\nexit 5\n")
        result = self.run_launcher(self.vmi(), *TEST_DRIVER)
        self.assert_failed(
            result, 3, "Prepare", "volume seed", "xorriso exited with status 5", "no space left"
        )

    def test_a_tool_is_missing(self):
        (self.bin / "xorriso").unlink()
        result = support.run(
            self.argv(self.vmi(), *TEST_DRIVER), env={**self.environment, "PATH": str(self.bin)}
        )
        self.assert_failed(result, 3, "Prepare", "xorriso is not installed", "package xorriso")

    def test_the_console_cannot_be_written(self):
        console = self.tmp / "no-such-directory" / "console"
        result = self.run_launcher(self.vmi(), *TEST_DRIVER, "--console", console)
        self.assert_failed(result, 3, "Start", str(console), "No such file")

    def test_a_path_is_not_for_a_domain(self):
        """The message names the option, and not the file of the VMI."""
        path = self.vmi()
        deep = self.tmp / ("d" * 108)
        deep.mkdir()
        for options, words in (
            (["--console", "/tmp/a\x01b"], "--console: the path /tmp/a\\\\x01b contains"),
            (["--tmp-dir", deep], "--tmp-dir: the socket path"),
        ):
            with self.subTest(words):
                result = self.run_launcher(path, *TEST_DRIVER, *options)
                self.assertEqual(result.returncode, 2)
                self.assertIn(words, result.stderr)
                self.assertNotIn(str(path), result.stderr)

    def test_there_is_no_room_for_temporary_files(self):
        path = self.vmi()
        environment = {**self.environment, "TMPDIR": str(path)}
        result = support.run(self.argv(path), env=environment)
        self.assert_failed(result, 3, "Launch", str(path))

    def test_libvirt_is_not_there(self):
        connect = f"qemu+unix:///system?socket={self.tmp}/none"
        result = self.run_launcher(self.vmi(), "--connect", connect)
        self.assert_failed(result, 3, "Start", "opening libvirt at qemu+unix:///system")


class RunTest(LauncherTest):
    """With libvirt's test driver, whose guests do nothing and end on request."""

    def run_to_guest(self, *options):
        """Starts it, and waits until the guest runs."""
        launcher = self.start(self.vmi(), *TEST_DRIVER, *options)
        self.wait_for_line(launcher.stderr, '"Started"')
        return launcher

    def test_the_hooks_are_called_in_order(self):
        hooks = ["PreCloudInitIso", "OnDefineDomain", "Shutdown"]
        words = [word for hook in hooks for word in ("--hook", hook)]
        sidecar = self.sidecar(*words)
        launcher = self.run_to_guest()
        launcher.terminate()
        result = self.finish(launcher)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assert_told(sidecar, *hooks)
        self.assertEqual(list(self.work.iterdir()), [])
        self.assertFalse(self.termination.exists())

    def test_two_launches_of_one_machine(self):
        first = self.run_to_guest()
        result = self.run_launcher(self.vmi(), *TEST_DRIVER)
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn("is already being launched, by process", result.stderr)
        self.assertIsNone(first.poll())
        self.termination.unlink()
        first.terminate()
        self.assertEqual(self.finish(first).returncode, 0)
        again = self.run_to_guest()  # the name is free again
        again.terminate()
        self.assertEqual(self.finish(again).returncode, 0)

    def test_a_sidecar_dies(self):
        sidecar = self.sidecar("--hook", "Shutdown")
        launcher = self.run_to_guest()
        sidecar.kill()
        line = self.wait_for_line(launcher.stderr, "its connection was closed").splitlines()[-1]
        self.assertEqual(json.loads(line)["sidecar"], "hook-sidecar-0")
        launcher.terminate()
        result = self.finish(launcher)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_sidecar_does_not_want_to_end(self):
        """Its failure is only a warning: the guest ended successfully."""
        self.sidecar("--hook", "Shutdown", "--behaviour", "error")
        launcher = self.run_to_guest()
        launcher.terminate()
        result = self.finish(launcher)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("telling the sidecars that the VM has ended", result.stderr)


class SignalTest(LauncherTest):
    """SIGTERM in each stage before the guest runs, and during the Shutdown calls."""

    def assert_ends_at(self, launcher, stage):
        """Ends it with SIGTERM and checks the stage."""
        launcher.terminate()
        self.assert_failed(self.finish(launcher), 6, stage, "ended by SIGTERM")

    def test_while_it_reads(self):
        """The VMI is a pipe without a writer's data."""
        fifo = self.tmp / "fifo"
        os.mkfifo(fifo)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number.name):
                launcher = self.start(fifo)
                with open(fifo, "w", encoding="utf-8"):  # it reads
                    launcher.send_signal(number)
                    self.assert_failed(self.finish(launcher), 6, "Input", f"ended by {number.name}")

    def test_while_it_reads_and_its_starter_ignores_signals(self):
        """Like a shell without job control for background commands."""
        fifo = self.tmp / "fifo"
        os.mkfifo(fifo)
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            launcher = self.start(fifo)
        finally:
            signal.signal(signal.SIGINT, before)
        with open(fifo, "w", encoding="utf-8"):  # it reads
            launcher.send_signal(signal.SIGINT)
            self.assert_failed(self.finish(launcher), 6, "Input", "ended by SIGINT")

    def test_while_it_collects(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            with self.subTest(number.name):
                launcher = self.start(self.vmi(), "--sidecars", "1")
                self.wait_for_line(launcher.stderr, "stage Collect")
                launcher.send_signal(number)
                result = self.finish(launcher)
                self.assert_failed(result, 6, "Collect", f"ended by {number.name}")

    def test_while_it_collects_the_rest(self):
        good = self.sidecar("--hook", "Shutdown")
        launcher = self.start(self.vmi(), "--sidecars", "2")
        self.wait_for_line(launcher.stderr, "stage Collect")
        self.assert_ends_at(launcher, "Collect")
        self.wait_for_line(good.stdout, "called Shutdown")

    def test_in_a_hook(self):
        for hook in ("PreCloudInitIso", "OnDefineDomain"):
            with self.subTest(hook):
                self.sockets = self.tmp / f"sockets-{hook}"
                self.sockets.mkdir()
                self.sidecars = []
                good = self.sidecar("--hook", "Shutdown")
                hanging = self.sidecar("--hook", hook, "--behaviour", "hang")
                launcher = self.start(self.vmi(), *TEST_DRIVER)
                self.wait_for_line(hanging.stdout, f"called {hook}")
                self.assert_ends_at(launcher, hook)
                self.assert_told(good, "Shutdown")

    def test_while_it_makes_images(self):
        gate = self.tmp / "gate"
        os.mkfifo(gate)
        self.tool("xorriso", f"#!/bin/sh\necho here > '{gate}'\nexec sleep 1000\n")
        launcher = self.start(self.vmi(), *TEST_DRIVER)
        with open(gate, encoding="utf-8") as opened:
            opened.read()
        self.assert_ends_at(launcher, "Prepare")

    def test_while_the_sidecars_are_told(self):
        """The shutdown continues."""
        gate = self.tmp / "gate"
        os.mkfifo(gate)
        sidecar = self.sidecar("--hook", "Shutdown", "--gate", gate)
        launcher = self.start(self.vmi(), *TEST_DRIVER)
        self.wait_for_line(launcher.stderr, '"Started"')
        launcher.terminate()
        self.wait_for_line(sidecar.stdout, "called Shutdown")
        launcher.terminate()
        with open(gate, "w", encoding="utf-8"):
            pass
        result = self.finish(launcher)
        self.assertEqual(result.returncode, 0, result.stderr)


if __name__ == "__main__":
    support.main()
