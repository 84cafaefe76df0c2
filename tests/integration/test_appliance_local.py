#!/usr/bin/python3
"""hookctl appliance create --local: what users see of a machine that is made here, and that nothing
is left when it fails. tests/e2e boots such machines."""

import os
import signal
import subprocess

import support

APPLIANCE = """
apiVersion: cdi.kubevirt.io/v1beta1
kind: DataSource
metadata:
  name: small
  namespace: images
  annotations:
    appliance.kubevirt.io/vm-spec: |
      spec:
        instancetype: {name: u1.nano}
        dataVolumeTemplates:
          - metadata: {name: root}
            spec: {storage: {resources: {requests: {storage: 2Mi}}}}
        template:
          spec:
            domain: {devices: {}}
            volumes:
              - {name: root, dataVolume: {name: root}}
              - name: seed
                cloudInitNoCloud: {userData: "#cloud-config\\npassword: not-to-be-seen\\n"}
spec:
  source: {pvc: {name: small-1, namespace: images}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: small-1, namespace: images}
spec: {resources: {requests: {storage: 1Mi}}}
"""


class AppliancesHere(support.TestCase):
    def setUp(self):
        super().setUp()
        self.manifest = self.write("small.yaml", APPLIANCE)
        self.image = self.write("small.img", b"data".ljust(1 << 20, b"\0"))
        self.out = self.tmp / "out"
        self.out.mkdir()
        self.argv = [support.program("hookctl"), "appliance", "create", "-f", self.manifest, "vm1"]

    def create(self, *options, **environment):
        return support.run(
            [*self.argv, "--local", self.out / "vm1", *options], env=environment or None
        )

    def assert_nothing_made(self):
        self.assertEqual(list(self.out.iterdir()), [])

    def put_qemu_img(self, script):
        """Puts a qemu-img first in the path; returns that path."""
        path = self.write("bin/qemu-img", f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return f"{path.parent}:{os.environ['PATH']}"

    def test_a_machine_with_its_image_beside_the_manifest(self):
        done = self.create()
        self.assertEqual(done.returncode, 0, done.stderr)
        directory = self.out / "vm1"
        self.assertEqual(done.stdout.splitlines()[0], "hook-launcher \\")
        self.assertIn(f"--overlay vm1-root={directory}/disks/root.qcow2 \\", done.stdout)
        self.assertNotIn("not on this machine", done.stderr)
        self.assertIn("the password of vm1 is ", done.stderr)
        password = done.stderr.split("the password of vm1 is ")[1].split(";")[0]
        user_data = (directory / "files" / "seed" / "userdata").read_text(encoding="utf-8")
        self.assertRegex(user_data, f'password: "?{password}"?\\n')
        everything = b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())
        self.assertNotIn(b"not-to-be-seen", everything)
        info = support.run(["qemu-img", "info", directory / "disks" / "root.qcow2"])
        self.assertIn("2 MiB (2097152 bytes)", info.stdout)
        self.assertIn("backing file format: raw", info.stdout)
        # hook-launcher takes it as it is
        path = f"{support.BUILD}:{os.environ['PATH']}"
        domain = support.run([directory / "run", "--dry-run"], env={"PATH": path})
        self.assertEqual(domain.returncode, 0, domain.stderr)
        self.assertIn(f'<source file="{directory}/disks/root.qcow2">', domain.stdout)
        self.assertIn("<name>default_vm1</name>", domain.stdout)

    def test_the_directory_is_there(self):
        (self.out / "vm1").mkdir()
        done = self.create()
        self.assertEqual(done.returncode, 1)
        self.assertIn("vm1 is already there: choose another directory", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_the_image_is_not_there(self):
        self.image.unlink()
        done = self.create()
        self.assertEqual(done.returncode, 1)
        self.assertIn(
            "VirtualMachine vm1: spec.dataVolumeTemplates[0]: its image is not here: give it with "
            "--source small=PATH, or put small.qcow2 (.img, .raw) beside the manifest",
            done.stderr,
        )
        self.assertNotIn("the password of", done.stderr)
        self.assert_nothing_made()

    def test_what_the_instance_type_has_and_the_launcher_has_not(self):
        gpu = """---
apiVersion: instancetype.kubevirt.io/v1beta1
kind: VirtualMachineClusterInstancetype
metadata: {name: gpu}
spec: {cpu: {guest: 1}, memory: {guest: 1Gi}, gpus: [{name: gpu, deviceName: vendor.example/gpu}]}
"""
        self.write("small.yaml", APPLIANCE + gpu)
        done = self.create("--instancetype", "gpu")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(
            done.stderr,
            r"VirtualMachine vm1: spec\.template\.spec\.domain\.devices\.gpus: is not supported "
            r'.*; the instance type "gpu" \(.*small\.yaml:\d+:\d+: spec\.gpus\) sets it',
        )
        self.assert_nothing_made()

    def test_options_that_exclude_each_other(self):
        for options, words in (
            (["--local", self.out / "x", "--apply"], "--local and --apply exclude each other"),
            (["--local", self.out / "x", "--expand"], "--local and --expand exclude each other"),
            (["--source", "a=b"], "--source needs --local DIR"),
        ):
            done = support.run([*self.argv, *options])
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(words, done.stderr)
        self.assert_nothing_made()

    def test_qemu_img_fails(self):
        path = self.put_qemu_img("echo 'no space left on device' >&2; exit 1")
        done = self.create(PATH=path)
        self.assertEqual(done.returncode, 3)
        self.assertIn("the disk vm1-root: qemu-img exited with status 1: no space", done.stderr)
        self.assert_nothing_made()

    def test_it_is_interrupted(self):
        """While qemu-img runs: it has written half of a disk."""
        path = self.put_qemu_img(
            'for word in "$@"; do case $word in */disks/*) echo half >"$word" ;; esac; done\n'
            f"echo begun >{self.tmp}/begun; exec sleep 1000"
        )
        os.mkfifo(self.tmp / "begun")
        process = self.spawn(
            [*self.argv, "--local", self.out / "vm1"],
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.assertEqual((self.tmp / "begun").read_text(encoding="utf-8"), "begun\n")
        self.assertNotEqual(list(self.out.iterdir()), [])
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=support.PATIENCE)
        self.assertEqual(process.returncode, 6, said)
        self.assert_nothing_made()


if __name__ == "__main__":
    support.main()
