#!/usr/bin/python3
"""Appliances without a cluster: hookctl appliance create --local, whose machines hook-launcher
boots, and hookctl appliance seal."""

import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))
sys.path.insert(0, str(HERE))

import support
import test_boot

GUEST = test_boot.GUEST
HOOKCTL = support.program("hookctl")
MARK = b"marked by the guest\n"
OLD_PASSWORD = "a-literal-password"

APPLIANCE = """
apiVersion: cdi.kubevirt.io/v1beta1
kind: DataSource
metadata:
  name: guest
  namespace: images
  annotations:
    appliance.kubevirt.io/vm-spec: |
      apiVersion: kubevirt.io/v1
      kind: VirtualMachine
      spec:
        runStrategy: Always
        dataVolumeTemplates:
          - metadata: {{name: root}}
            spec:
              sourceRef: {{kind: DataSource, name: guest}}
              storage: {{resources: {{requests: {{storage: 32Mi}}}}}}
          - metadata: {{name: data}}
            spec:
              source: {{blank: {{}}}}
              storage: {{resources: {{requests: {{storage: 2Mi}}}}}}
        template:
          spec:
            domain:
              memory: {{guest: 128Mi}}
              firmware:
                kernelBoot:
                  kernelArgs: console=ttyS0 quiet panic=-1 e2e={word}
                  container: {{image: guest, kernelPath: {kernel}, initrdPath: {initrd}}}
              devices:
                autoattachGraphicsDevice: false
                disks:
                  - {{name: root, disk: {{bus: virtio}}}}
                  - {{name: data, disk: {{bus: virtio}}}}
                  - {{name: seed, disk: {{bus: virtio}}}}
                interfaces:
                  - {{name: default, masquerade: {{}}, ports: [{{port: 80}}]}}
            networks:
              - {{name: default, pod: {{}}}}
            volumes:
              - {{name: root, dataVolume: {{name: root}}}}
              - {{name: data, dataVolume: {{name: data}}}}
              - name: seed
                cloudInitNoCloud:
                  userData: |-
                    #cloud-config
                    user: admin
                    password: {password}
spec:
  source:
    pvc: {{name: guest-1, namespace: images}}
"""


class Machine:
    """A machine that runs, and what its guest has said."""

    def __init__(self, process, lines):
        self.process = process
        text = "\n".join(lines)

        def said(pattern):
            found = re.search(rf"(?m)^guest: {pattern}\r?$", text)
            return found[1] if found else None

        self.text = text
        self.uuid = said("UUID: (.*)")
        self.mac = said("MAC address: (.*)")
        self.instance = said(r'meta-data: .*"instance-id":"([^"]*)".*')
        self.password = said("user-data: password: (.*)")


class ApplianceCase(support.TestCase):
    """Creates machines here, and boots them."""

    def setUp(self):
        super().setUp()
        # hook-launcher's sockets are deep in its temporary directory, whose path must be short
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="e2e-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)
        self.addCleanup(self.end_qemus)

    def end_qemus(self):
        """Kills what a failed test may leave."""
        for pid in [*test_boot.qemus(self.work), *test_boot.qemus(self.tmp)]:
            os.kill(pid, 9)

    def create(self, manifest, name, *options):
        """Creates a machine's directory."""
        directory = self.tmp / name
        argv = [HOOKCTL, "appliance", "create", "-f", manifest, "images/guest", name]
        done = subprocess.run(
            [*argv, "--local", directory, *options], capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"--vmi {directory}/vmi.yaml", done.stdout)
        self.assertNotIn(OLD_PASSWORD, done.stdout)
        return directory

    def boot(self, directory, port, *options):
        """Runs the script."""
        path = f"{support.BUILD}:{os.environ['PATH']}"
        with (directory / "log").open("w", encoding="utf-8") as log:
            return self.spawn(
                [directory / "run", "--console", "-", "--port", f"80={port}", *options],
                env={**os.environ, "PATH": path, "TMPDIR": str(self.work)},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                errors="replace",
            )

    def boot_machine(self, directory, port):
        """Runs the script, and waits until the guest has told all about itself."""
        process = self.boot(directory, port)
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if "waiting for the power button" in line:
                return Machine(process, lines)
        self.fail("\n".join([*lines, (directory / "log").read_text(encoding="utf-8")]))

    def manifest(self, word):
        """Writes an appliance whose guest does what the word says."""
        text = APPLIANCE.format(
            kernel=GUEST / "vmlinuz",
            initrd=GUEST / "initramfs",
            password=OLD_PASSWORD,
            word=word,
        )
        return self.write("appliance.yaml", text)


class LocalTest(ApplianceCase):
    """Two machines of one appliance, side by side."""

    def test_two_machines_of_one_appliance(self):
        manifest = self.manifest("appliance")
        raw = self.write("guest.raw", b"from the source\n".ljust(4 << 20, b"\0"))
        source = self.tmp / "source.qcow2"
        subprocess.run(
            ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, source], check=True
        )
        raw.unlink()
        before = source.read_bytes()
        directories = [
            self.create(manifest, name, "--source", f"guest={source}") for name in ("one", "two")
        ]
        ports = [test_boot.free_port() for _ in directories]
        machines = [self.boot_machine(*pair) for pair in zip(directories, ports)]
        for machine, port in zip(machines, ports):
            # the source's data on a disk of the size that is asked for, an empty disk, cloud-init
            self.assertIn("guest: disk vda: from the source", machine.text)
            self.assertIn(f"guest: disk vda has {32 << 20} bytes", machine.text)
            self.assertIn(f"guest: disk vdb has {2 << 20} bytes", machine.text)
            self.assertIn("guest: user-data: user: admin", machine.text)
            self.assertEqual(machine.instance, machine.uuid)
            with socket.create_connection(("127.0.0.1", port), support.PATIENCE) as connection:
                self.assertEqual(connection.makefile().read().strip(), machine.uuid)
        for what in ("uuid", "mac", "instance", "password"):
            values = [getattr(machine, what) for machine in machines]
            self.assertNotIn(None, values, what)
            self.assertNotEqual(*values, what)
            self.assertNotIn(OLD_PASSWORD, values)
        for machine in machines:
            machine.process.terminate()
            machine.process.stdout.read()
            self.assertEqual(machine.process.wait(support.PATIENCE), 0)
        # each has kept what its guest wrote, and the source is as it was
        for directory in directories:
            self.assertEqual(self.read_disk(directory / "disks" / "root.qcow2", 4096), MARK)
        self.assertEqual(source.read_bytes(), before)
        self.assertEqual(list(self.work.iterdir()), [])

    def read_disk(self, path, offset):
        """What a disk has at an offset, as long as the mark."""
        raw = self.tmp / "raw"
        support.run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", path, raw])
        return raw.read_bytes()[offset : offset + len(MARK)]


# The first program of the guest on the sealed disk.
DISK_INIT = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs devtmpfs /dev
exec >/dev/ttyS0 2>&1
for file in {files}; do
    [ -e "$file" ] && echo "guest: $file: $(/bin/busybox head -c 40 "$file")"
done
echo "guest: powers off"
/bin/busybox poweroff -f
"""
GONE = {
    "etc/ssh/ssh_host_rsa_key": "a host key",
    "root/.ssh/authorized_keys": "a user's key",
    "root/.bash_history": "a command",
    "var/log/syslog": "an entry",
    "var/lib/cloud/instance/user-data.txt": OLD_PASSWORD,
    "var/lib/systemd/random-seed": "a seed",
    "var/lib/systemd/credential.secret": "a key",
    "boot/loader/random-seed": "a seed",
}
STAYS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh",
    "root/notes": "a file of a user",
    "etc/nftables.conf": "rules",
}
MACHINE_ID = "0123456789abcdef0123456789abcdef"
# systemd takes the one of D-Bus if its own is empty
MACHINE_IDS = ["etc/machine-id", "var/lib/dbus/machine-id"]
PARTITION = 1 << 20


class SealTest(ApplianceCase):
    """A small system on a disk, which virt-sysprep cleans and which boots afterwards."""

    def setUp(self):
        super().setUp()
        missing = [name for name in ("virt-sysprep", "mke2fs") if shutil.which(name) is None]
        if missing:
            self.skipTest(f"{missing[0]} is not installed")
        tree = self.tmp / "tree"
        files = [*MACHINE_IDS, *GONE, *STAYS]
        for name, text in {
            **{name: f"{MACHINE_ID}\n" for name in MACHINE_IDS},
            **{"etc/os-release": "ID=debian\nVERSION_ID=12\n", "etc/debian_version": "12.0\n"},
            **{"etc/fstab": "/dev/sda1 / ext4 defaults 0 1\n"},
            **GONE,
            **STAYS,
            "sbin/init": DISK_INIT.format(files=" ".join(f"/{name}" for name in files)),
        }.items():
            self.write(tree / name, text)
        (tree / "sbin" / "init").chmod(0o755)
        for name in ("bin", "dev", "proc", "sys", "tmp", "usr/bin"):
            (tree / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(shutil.which("busybox"), tree / "bin" / "busybox")
        (tree / "bin" / "sh").symlink_to("busybox")
        raw = self.tmp / "disk.raw"
        self.disk = self.tmp / "disk.qcow2"
        # a partition table (UEFI Specification, legacy MBR), with one partition of Linux
        entry = struct.pack("<4xB3xII", 0x83, PARTITION // 512, (16 << 20) // 512)
        raw.write_bytes(bytes(446) + entry + bytes(48) + b"\x55\xaa")
        os.truncate(raw, PARTITION + (16 << 20))
        offset = ["-E", f"offset={PARTITION}"]
        for argv in (
            ["mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, *offset, raw, "16M"],
            ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, self.disk],
        ):
            done = support.run(argv)
            self.assertEqual(done.returncode, 0, done.stderr)
        raw.unlink()

    def seal(self):
        """Starts to seal the disk in place."""
        # libguestfs' own place for what it boots, which the first run builds
        environment = {"LIBGUESTFS_CACHEDIR": "/var/tmp", "TMPDIR": str(self.work)}
        return self.spawn(
            [HOOKCTL, "appliance", "seal", self.disk],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def test_a_sealed_disk_boots(self):
        self.disk.chmod(0o640)
        before = self.disk.read_bytes()
        process = self.seal()
        self.wait_for_line(process.stderr, "Examining the guest")
        self.assertTrue(support.poll(lambda: test_boot.qemus(self.tmp), support.PATIENCE))
        process.terminate()
        process.stdout.read()
        self.assertEqual(process.wait(support.PATIENCE), 6)
        self.assertEqual(self.disk.read_bytes(), before)
        self.assertEqual(list(self.tmp.glob(".seal-*")), [])
        self.assertEqual(test_boot.qemus(self.tmp), [])
        process = self.seal()
        said, progress = process.communicate(timeout=4 * support.PATIENCE)
        self.assertEqual(process.returncode, 0, progress)
        self.assertIn('Performing "machine-id"', progress)
        self.assertIn("accounts", said)
        self.assertEqual(self.disk.stat().st_mode & 0o777, 0o640)
        self.assertEqual(self.disk.read_bytes()[:4], b"QFI\xfb")
        directory = self.create(self.manifest("disk"), "own", "--source", f"root={self.disk}")
        process = self.boot(directory, test_boot.free_port())
        console = process.stdout.read()
        self.assertEqual(process.wait(support.PATIENCE), 0, (directory / "log").read_text())
        self.assertRegex(console, r"(?m)^guest: /etc/machine-id: \r?$")
        self.assertNotIn(MACHINE_ID, console)
        for name in GONE:
            self.assertNotIn(f"guest: /{name}:", console)
        for name, text in STAYS.items():
            self.assertIn(f"guest: /{name}: {text}", console)
        self.assertIn("guest: powers off", console)


if __name__ == "__main__":
    support.main()
