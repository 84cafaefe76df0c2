#!/usr/bin/python3
"""hook-launcher boots guests: Debian's kernel under QEMU, with the hooks of real sidecar-shims; and
what happens when a guest, QEMU, a sidecar or the launcher fails."""

import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

import support

HOOKS = HERE / "hooks"
GUEST = support.ROOT / "build" / "e2e"
SMBIOS = support.BUILD / "samples" / "smbios"
USER_DATA = "#cloud-config\nhostname: e2e"
# For tests/lsan.supp, where libvirt cannot be opened.
WHOLE_STACKS = {"ASAN_OPTIONS": "fast_unwind_on_malloc=0"}
# How the guest is to end, as its init understands it.
BUTTON, DEAF, PANIC = "button", "deaf", "panic"


def free_port():
    """A port that is free for TCP and UDP on all addresses."""
    while True:
        with socket.create_server(("", 0)) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                udp.bind(tcp.getsockname())
                return tcp.getsockname()[1]
            except OSError:
                pass


def qemus(needle):
    """The process ids of the QEMUs whose command line contains needle."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"qemu-system" in words[0] and any(str(needle).encode() in word for word in words):
            found.append(int(entry.name))
    return found


class BootCase(support.TestCase):
    """Starts shims and the launcher, and checks what they leave behind."""

    def setUp(self):
        super().setUp()
        self.sockets = self.tmp / "sockets"
        self.sockets.mkdir()
        # The launcher's temporary directory is created here: libvirt has sockets deep in it, and
        # the path of a socket has at most 107 bytes.
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="e2e-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)
        self.addCleanup(self.end_qemus)
        self.console = self.tmp / "console"
        self.termination = self.tmp / "termination-log"
        self.name = f"b{os.getpid()}"
        self.shims = []

    def end_qemus(self):
        """Kills what a failed test may leave."""
        for pid in qemus(self.work):
            os.kill(pid, signal.SIGKILL)

    def shim(self, hooks):
        """Starts a sidecar-shim, the next by its index, with the hooks of a directory."""
        sockets = self.sockets / f"hook-sidecar-{len(self.shims)}"
        sockets.mkdir()
        argv = [support.program("sidecar-shim"), "--version", "v1alpha3", "--socket-dir", sockets]
        environment = {**os.environ, "PATH": f"{hooks}:/usr/bin:/bin"}
        process = self.spawn(argv, env=environment, stderr=subprocess.DEVNULL)
        self.shims.append(process)
        return process

    def shim_running(self, script):
        """Starts a sidecar-shim whose onDefineDomain is a shell script: "$4" is the domain."""
        hooks = self.tmp / f"hooks-{len(self.shims)}"
        path = self.write(hooks / "onDefineDomain", f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return self.shim(hooks)

    def vmi(self, end=None, grace=60, **annotations):
        """Writes the VMI and returns its path."""
        arguments = "console=ttyS0 quiet panic=-1" + (f" e2e={end}" if end else "")
        spec = {
            "terminationGracePeriodSeconds": grace,
            "domain": {
                "memory": {"guest": "128Mi"},
                "firmware": {
                    "kernelBoot": {
                        "kernelArgs": arguments,
                        "container": {
                            "kernelPath": str(GUEST / "vmlinuz"),
                            "initrdPath": str(GUEST / "initramfs"),
                        },
                    }
                },
                "devices": {
                    "autoattachGraphicsDevice": False,
                    "disks": [{"name": "seed", "disk": {"bus": "virtio"}}],
                },
            },
            "volumes": [{"name": "seed", "cloudInitNoCloud": {"userData": USER_DATA}}],
        }
        metadata = {"name": self.name, "namespace": "e2e", "annotations": annotations}
        document = {
            "apiVersion": "kubevirt.io/v1",
            "kind": "VirtualMachineInstance",
            "metadata": metadata,
            "spec": spec,
        }
        return self.write("vmi.json", json.dumps(document))

    def vmi_with_ports(self, end, *ports):
        """Writes a VMI with an interface that has these ports and returns its path."""
        vmi = self.vmi(end)
        document = json.loads(vmi.read_text(encoding="utf-8"))
        interface = {"name": "default", "masquerade": {}, "ports": list(ports)}
        document["spec"]["domain"]["devices"]["interfaces"] = [interface]
        document["spec"]["networks"] = [{"name": "default", "pod": {}}]
        vmi.write_text(json.dumps(document), encoding="utf-8")
        return vmi

    def launch(self, vmi, *options, console=None, before=(), **environment):
        """Starts the launcher with the started shims, prefixed by the words of before; its standard
        error is a pipe."""
        argv = [
            *before,
            *[support.program("hook-launcher"), "--vmi", vmi, "--sidecars", len(self.shims)],
            *["--socket-dir", self.sockets, "--termination-log", self.termination],
            *["--console", console or self.console, *options],
        ]
        environment = {**os.environ, "TMPDIR": str(self.work), **environment}
        return self.spawn(
            argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def launch_to_console(self, vmi, needle, *options):
        """Starts the launcher and waits until the guest's console has a line with needle."""
        launcher = self.launch(vmi, *options, console="-")
        self.wait_for_line(launcher.stdout, needle)
        return launcher

    def assert_nothing_left(self):
        """Checks that there is no QEMU, no temporary directory, and no sidecar: they got
        Shutdown."""
        self.assertEqual(qemus(self.work), [])
        self.assertEqual(list(self.work.iterdir()), [])
        for shim in self.shims:
            shim.wait(support.PATIENCE)
        self.assertEqual(list(self.sockets.glob("*/*")), [])

    def assert_ended(self, launcher):
        """Checks that it succeeded; returns its log."""
        _, log = launcher.communicate(timeout=support.PATIENCE)
        self.assertEqual(launcher.returncode, 0, log)
        self.assertFalse(self.termination.exists())
        self.assert_nothing_left()
        return log

    def assert_failed(self, launcher, status, stage, *words):
        """Checks that it failed in a stage, with words in the reason; returns its log."""
        _, log = launcher.communicate(timeout=support.PATIENCE)
        self.assertEqual(launcher.returncode, status, log)
        last = json.loads(log.splitlines()[-1])
        told = json.loads(self.termination.read_text(encoding="utf-8"))
        self.assertEqual(last["level"], "error")
        self.assertEqual((last["stage"], last["class"]), (told["stage"], told["class"]))
        self.assertEqual(last["stage"], stage, log)
        for word in words:
            self.assertIn(word, told["message"])
            self.assertIn(word, last["msg"])
        self.assert_nothing_left()
        return log


UUID_NAMESPACE = uuid.UUID("6a1a24a1-4061-4607-8bf4-a3963d0c5895")


class ProofTest(BootCase):
    """The whole path from the VMI to what the guest sees."""

    def test_three_hooks_change_what_the_guest_sees(self):
        self.shim(HOOKS / "shell")
        self.shim(SMBIOS)
        self.shim(HOOKS / "python")
        vmi = self.vmi(**{"smbios.vm.kubevirt.io/baseBoardManufacturer": "Radical Edward"})
        trace = self.tmp / "trace"
        log = self.assert_ended(self.launch(vmi, "--trace", trace))
        console = self.console.read_text(encoding="utf-8", errors="replace")
        seen = [line.rstrip("\r") for line in re.findall(r"^guest: (.*)$", console, re.MULTILINE)]
        # as KubeVirt derives a machine's UUID from its name
        identity = uuid.uuid5(UUID_NAMESPACE, self.name)
        self.assertEqual(
            seen,
            [
                "board vendor: Radical Edward",
                "command line: console=ttyS0 quiet panic=-1 hook=shell"
                " hook=python-after-Radical Edward",
                f'meta-data: {{"instance-id":"{identity}","local-hostname":"{self.name}"}}',
                "user-data: #cloud-config",
                "user-data: hostname: e2e",
                "user-data: # by the shell hook",
                "user-data: # by the python hook, after 3 lines",
                "user-data: # for seed",
                "powers off",
            ],
            console,
        )
        entries = [json.loads(line) for line in log.splitlines()]
        states = [entry["state"] for entry in entries if "state" in entry]
        self.assertEqual(states[-2:], ["Shutdown", "Stopped"])
        hops = [
            (entry["hook"], entry["index"]) for entry in entries if entry["msg"] == "hook is done"
        ]
        self.assertEqual(hops[:2], [("PreCloudInitIso", 0), ("PreCloudInitIso", 2)])
        self.assertEqual(hops[2:5], [("OnDefineDomain", index) for index in (0, 1, 2)])
        self.assertEqual(sorted(hops[5:]), [("Shutdown", index) for index in (0, 1, 2)])
        self.assertEqual(len(list(trace.glob("*-OnDefineDomain/*/change.diff"))), 3)

    def test_config_drive_and_volumes(self):
        """The other kind of cloud-init data, an overlay, an empty disk, and a directory."""
        vmi = self.vmi()
        document = json.loads(vmi.read_text(encoding="utf-8"))
        spec = document["spec"]
        names = ["seed", "base", "scratch", "files"]
        spec["domain"]["devices"]["disks"] = [
            {"name": name, "disk": {"bus": "virtio"}} for name in names
        ]
        spec["volumes"] = [
            {"name": "seed", "cloudInitConfigDrive": {"userData": USER_DATA}},
            {"name": "base", "containerDisk": {"image": "example"}},
            {"name": "scratch", "emptyDisk": {"capacity": "1Mi"}},
            {"name": "files", "configMap": {"name": "files"}},
        ]
        vmi.write_text(json.dumps(document), encoding="utf-8")
        image = self.write("base.img", b"guest: from the container disk\n".ljust(1 << 20, b"\0"))
        before = image.read_bytes(), image.stat()
        files = self.tmp / "files"
        self.write(files / "..data" / "user-data", "from the config map")
        (files / "user-data").symlink_to("..data/user-data")
        log = self.assert_ended(
            self.launch(
                vmi,
                *["--container-disk", f"base={image}", "--volume-dir", f"files={files}"],
            )
        )
        console = self.console.read_text(encoding="utf-8", errors="replace")
        self.assertIn("guest: openstack/latest/user_data: hostname: e2e", console, log)
        self.assertIn("guest: user-data: from the config map", console)
        self.assertIn("guest: disk vdb: guest: from the container disk", console)
        self.assertIn("guest: disk vdc has 1048576 bytes", console)
        after = image.read_bytes(), image.stat()
        self.assertEqual(after[0], before[0])
        self.assertEqual((after[1].st_uid, after[1].st_mode), (before[1].st_uid, before[1].st_mode))

    def test_devices_of_every_kind(self):
        vmi = self.vmi()
        document = json.loads(vmi.read_text(encoding="utf-8"))
        buses = ("virtio", "sata", "scsi", "usb")
        devices = document["spec"]["domain"]["devices"]
        devices.update(
            autoattachGraphicsDevice=True,
            useVirtioTransitional=True,
            rng={},
            tpm={},
            clientPassthrough={},
            downwardMetrics={},
            watchdog={"name": "dog"},
            sound={"name": "speaker"},
            inputs=[{"name": "usb-tablet"}, {"name": "virtio-tablet", "bus": "virtio"}],
            disks=[{"name": bus, "disk": {"bus": bus}} for bus in buses]
            + [
                {"name": "metrics", "disk": {"bus": "virtio"}},
                {"name": "copy", "disk": {"bus": "virtio"}, "dedicatedIOThread": True},
                {"name": "drive", "cdrom": {"bus": "scsi"}},
            ],
        )
        image = self.write("claim/disk.img", "what the claim has\n" + 4096 * " ")
        document["spec"]["volumes"] = [
            *[{"name": bus, "emptyDisk": {"capacity": "1Mi"}} for bus in buses],
            {"name": "metrics", "downwardMetrics": {}},
            {"name": "copy", "ephemeral": {"persistentVolumeClaim": {"claimName": "claim"}}},
        ]
        vmi.write_text(json.dumps(document), encoding="utf-8")
        self.assert_ended(self.launch(vmi, "--pvc", f"claim={image.parent}"))
        console = self.console.read_text(encoding="utf-8", errors="replace")
        for line in (
            "disk vda has 1048576 bytes",
            r"disk vdb: mvbd\S*<metrics></metrics>",
            "disk vdc: what the claim has",
        ):
            self.assertRegex(console, rf"(?m)^guest: {line}", console)

    def test_efi(self):
        """With OVMF as firmware, which can boot a kernel too."""
        vmi = self.vmi()
        document = json.loads(vmi.read_text(encoding="utf-8"))
        document["spec"]["domain"]["firmware"]["bootloader"] = {"efi": {"secureBoot": False}}
        document["spec"]["domain"]["memory"]["guest"] = "256Mi"
        vmi.write_text(json.dumps(document), encoding="utf-8")
        log = self.assert_ended(self.launch(vmi))
        self.assertIn("guest: powers off", self.console.read_text(errors="replace"), log)


class PortTest(BootCase):
    """Ports of the guest that are forwarded from this machine."""

    def test_a_client_of_this_machine_reaches_the_guest(self):
        port = free_port()
        ports = {"port": port}, {"port": port, "protocol": "UDP"}
        launcher = self.launch_to_console(
            self.vmi_with_ports(f"serve:{port}", *ports), "waiting for a connection"
        )
        with socket.socket(type=socket.SOCK_DGRAM) as other, self.assertRaises(OSError):
            other.bind(("", port))  # QEMU listens on it
        with socket.create_connection(("127.0.0.1", port), support.PATIENCE) as connection:
            self.assertEqual(connection.makefile().read(), "hello from the guest\n")
        self.assert_ended(launcher)

    def test_a_port_is_taken(self):
        """The guest does not run at all."""
        with socket.create_server(("", 0)) as server:
            port = server.getsockname()[1]
            launcher = self.launch(self.vmi_with_ports(DEAF, {"port": port}))
            words = f"forwarding TCP port {port} to interface default: Address already in use"
            log = self.assert_failed(launcher, 3, "Start", words)
        self.assertNotIn("the guest is running", log)
        self.assertEqual(self.console.read_bytes(), b"")

    def test_a_hook_takes_the_interface_away(self):
        """Its replacement has its own ports, as with passt."""
        self.shim_running("printf %s \"$4\" | sed '/<interface/,/<.interface>/d'")
        port = free_port()
        log = self.assert_ended(self.launch(self.vmi_with_ports(None, {"port": port})))
        self.assertIn(f"TCP port {port} of interface default is not forwarded", log)


class ContainerTest(BootCase):
    """As in a container: the root is read-only, and there is no /dev/kvm."""

    def setUp(self):
        super().setUp()
        refusal = support.sandbox_refusal()
        if refusal:
            self.skipTest(refusal)
        written = self.tmp / "written"
        written.mkdir()
        self.console = written / "console"
        self.termination = written / "termination-log"
        self.sandbox = [
            *["bwrap", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev"],
            *["--proc", "/proc", "--bind", self.work, self.work, "--bind", written, written],
        ]

    def assert_boots(self, *sandbox):
        """A guest boots there, with a hook."""
        self.shim(HOOKS / "shell")
        tmp = ["--tmp-dir", self.work]
        before = [*self.sandbox, *sandbox]
        log = self.assert_ended(
            self.launch(self.vmi(), *tmp, before=before, TMPDIR="/no-such-directory")
        )
        console = self.console.read_text(encoding="utf-8", errors="replace")
        self.assertRegex(console, "guest: command line: .* hook=shell", log)

    def test_a_user_without_a_name(self):
        self.assert_boots("--unshare-user", "--uid", "12345", "--gid", "12345")

    def test_this_user(self):
        """As root, libvirt creates a directory below /run, whatever its own root directory is."""
        self.assert_boots("--tmpfs", "/run")


class SignalTest(BootCase):
    """SIGTERM once QEMU has started."""

    def test_the_guest_hears_the_power_button(self):
        self.shim(HOOKS / "shell")
        ready = self.tmp / "ready"
        launcher = self.launch_to_console(
            self.vmi(BUTTON), "waiting for the power button", "--ready-file", ready
        )
        self.assertTrue(ready.exists())
        launcher.terminate()
        self.wait_for_line(launcher.stdout, "the power button was pressed")
        self.assert_ended(launcher)
        self.assertFalse(ready.exists())

    def test_a_deaf_guest_is_destroyed_after_its_grace(self):
        launcher = self.launch_to_console(self.vmi(DEAF, grace=1), "waiting for nothing")
        launcher.terminate()
        self.assertIn("is destroyed", self.assert_ended(launcher))

    def test_a_deaf_guest_is_destroyed_at_a_second_signal(self):
        launcher = self.launch_to_console(self.vmi(DEAF), "waiting for nothing")
        launcher.terminate()
        log = self.wait_for_line(launcher.stderr, "seconds to shut down")
        while launcher.poll() is None:
            launcher.terminate()
            try:
                launcher.wait(1)
            except subprocess.TimeoutExpired:
                pass
        log += self.assert_ended(launcher)
        self.assertIn("SIGTERM: the guest is destroyed", log)

    def test_while_qemu_starts(self):
        """The emulator is a script that sends the signal, then becomes QEMU."""
        pid = self.tmp / "pid"
        emulator = self.write(
            "emulator",
            f'#!/bin/sh\nkill -TERM "$(cat {shlex.quote(str(pid))})"\n'
            'exec /usr/bin/qemu-system-x86_64 "$@"\n',
        )
        emulator.chmod(0o755)
        gate = self.tmp / "gate"
        os.mkfifo(gate)
        self.shim_running(
            f"cat {shlex.quote(str(gate))}\n"
            f"printf %s \"$4\" | sed 's|<devices>|&<emulator>{emulator}</emulator>|'"
        )
        launcher = self.launch(self.vmi(DEAF, grace=0))
        pid.write_text(str(launcher.pid), encoding="utf-8")
        with open(gate, "w", encoding="utf-8"):
            pass
        self.assertIn("SIGTERM", self.assert_ended(launcher))


class FaultTest(BootCase):
    """Failures at the start and later."""

    def test_a_domain_outside_the_schema(self):
        self.shim_running("printf %s \"$4\" | sed 's|<devices>|&<nonsense/>|'")
        self.assert_failed(self.launch(self.vmi()), 1, "Schema", "not valid by libvirt's schema")

    def test_libvirt_rejects_the_domain(self):
        self.shim_running("printf %s \"$4\" | sed 's|<memory unit=\"b\">[0-9]*|<memory>0|'")
        self.assert_failed(self.launch(self.vmi()), 1, "Start", "libvirt rejects", "emory")

    def test_qemu_dies_at_its_start(self):
        arguments = (
            "<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
            "<qemu:arg value='-abacus'/></qemu:commandline>"
        )
        self.shim_running(f"printf %s \"$4\" | sed \"s|</domain>|{arguments}&|\"")
        self.assert_failed(
            self.launch(self.vmi()), 3, "Start", "could not start the domain", "abacus"
        )

    def test_there_is_no_such_emulator(self):
        self.shim_running(
            "printf %s \"$4\" | sed 's|<devices>|&<emulator>/no/such/qemu</emulator>|'"
        )
        self.assert_failed(self.launch(self.vmi()), 3, "Start", "/no/such/qemu")

    def test_the_guest_panics(self):
        self.shim_running("printf %s \"$4\" | sed \"s|<devices>|&<panic model='isa'/>|\"")
        log = self.assert_failed(
            self.launch(self.vmi(PANIC)), 4, "Run", "the guest crashed"
        )
        self.assertIn("Stopped", log)

    def test_qemu_is_killed(self):
        self.shim(HOOKS / "shell")
        launcher = self.launch_to_console(self.vmi(DEAF), "waiting for nothing")
        [qemu] = qemus(self.work)
        os.kill(qemu, signal.SIGKILL)
        self.assert_failed(launcher, 4, "Run", "QEMU exited")

    def test_a_sidecar_dies_and_the_guest_goes_on(self):
        self.shim(HOOKS / "shell")
        self.shim(HOOKS / "python")
        launcher = self.launch_to_console(self.vmi(BUTTON), "waiting for the power button")
        self.shims[0].kill()
        log = self.wait_for_line(launcher.stderr, "its connection was closed")
        self.assertIn("hook-sidecar-0", log.splitlines()[-1])
        self.assertEqual(len(qemus(self.work)), 1)
        launcher.terminate()
        self.wait_for_line(launcher.stdout, "the power button was pressed")
        for stale in self.sockets.glob("hook-sidecar-0/*"):
            stale.unlink()  # as a killed shim leaves it
        self.assert_ended(launcher)

    def test_two_launches_of_one_machine(self):
        vmi = self.vmi(BUTTON)
        first = self.launch_to_console(vmi, "waiting for the power button")
        again = self.launch(vmi)
        _, log = again.communicate(timeout=support.PATIENCE)
        self.assertEqual(again.returncode, 3, log)
        self.assertIn("is already being launched, by process", log.splitlines()[-1])
        self.termination.unlink()
        self.assertEqual(len(qemus(self.work)), 1)
        first.terminate()
        self.assert_ended(first)

    def test_the_root_of_the_embedded_driver_is_taken(self):
        root = self.tmp / "root"
        connect = ["--connect", f"qemu:///embed?root={root}"]
        etc = root / "etc"
        etc.mkdir(parents=True)
        user = f'"+{os.getuid()}"'
        self.write(
            etc / "qemu.conf",
            f"user = {user}\ngroup = {user}\ndynamic_ownership = 0\nremember_owner = 0\n"
            'stdio_handler = "file"\nsecurity_driver = "none"\nnamespaces = []\n'
            "cgroup_controllers = []\n",
        )
        first = self.launch_to_console(self.vmi(BUTTON), "waiting for the power button", *connect)
        vmi = self.vmi(BUTTON)
        vmi.write_text(vmi.read_text(encoding="utf-8").replace('"name": "b', '"name": "o', 1))
        again = self.launch(vmi, *connect, **WHOLE_STACKS)
        _, log = again.communicate(timeout=support.PATIENCE)
        self.assertEqual(again.returncode, 3, log)
        self.assertIn("opening libvirt at qemu:///embed", log.splitlines()[-1])
        self.termination.unlink()
        first.terminate()
        self.assert_ended(first)

    def test_the_root_of_the_embedded_driver_is_not_writable(self):
        self.write("file", "no directory")
        root = self.tmp / "file" / "root"
        connect = ["--connect", f"qemu:///embed?root={root}"]
        launcher = self.launch(self.vmi(), *connect, **WHOLE_STACKS)
        self.assert_failed(launcher, 3, "Start", str(root))

    def test_the_launch_is_killed(self):
        """Its parent ends QEMU and removes what was created; the sidecars get no Shutdown."""
        launcher = self.launch_to_console(self.vmi(DEAF), "waiting for nothing")
        children = pathlib.Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children")
        os.kill(int(children.read_text().split()[0]), signal.SIGKILL)
        self.assert_failed(launcher, 6, "Launch", "was killed by signal 9")

    def test_the_parent_of_the_launch_is_killed(self):
        self.shim(HOOKS / "shell")
        launcher = self.launch_to_console(self.vmi(BUTTON), "waiting for the power button")
        launcher.kill()
        launcher.stderr.read()  # the launch itself keeps it until its end
        self.assert_nothing_left()


if __name__ == "__main__":
    support.main()
