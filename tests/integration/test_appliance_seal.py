#!/usr/bin/python3
"""hookctl appliance seal when something goes wrong, with programs in the place of virt-sysprep that
do what it may do. tests/e2e runs the real one."""

import os
import subprocess

import support


class SealingDisks(support.TestCase):
    def setUp(self):
        super().setUp()
        self.images = self.tmp / "images"
        self.disk = self.write("images/disk.img", b"a disk".ljust(1 << 20, b"\0"))
        self.disk.chmod(0o640)

    def put_sysprep(self, script):
        """Puts a virt-sysprep first in the path; its last argument is what it cleans."""
        path = self.write("bin/virt-sysprep", f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return f"{path.parent}:{os.environ['PATH']}"

    def argv(self, *words):
        return [support.program("hookctl"), "appliance", "seal", *words]

    def seal(self, script, *options):
        return support.run(
            self.argv(self.disk, *options), env={"PATH": self.put_sysprep(script)}
        )

    def assert_unchanged(self):
        self.assertEqual(self.disk.read_bytes(), b"a disk".ljust(1 << 20, b"\0"))
        self.assertEqual(list(self.images.iterdir()), [self.disk])

    def seal_while(self, change, *options):
        """Seals the disk, and does something meanwhile."""
        os.mkfifo(self.tmp / "begun")
        os.mkfifo(self.tmp / "go")
        path = self.put_sysprep(f"echo >{self.tmp}/begun; read -r word <{self.tmp}/go")
        process = self.spawn(
            self.argv(self.disk, *options),
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        (self.tmp / "begun").read_text(encoding="utf-8")
        kept = change()
        self.write("go", "go\n")
        said, errors = process.communicate(timeout=support.PATIENCE)
        if kept is not None:
            kept.close()
        self.assertEqual(said, "")
        return process.returncode, errors

    def test_it_fails(self):
        done = self.seal(
            "echo '[   0.0] Examining the guest ...'\n"
            "echo 'virt-sysprep: error: no operating systems were found' >&2\n"
            "echo 'If reporting bugs, …' >&2; exit 1"
        )
        self.assertEqual(done.returncode, 3)
        self.assertIn("Examining the guest ...\n", done.stderr)
        self.assertTrue(
            done.stderr.endswith(
                "virt-sysprep exited with status 1: no operating systems were found\n"
            ),
            done.stderr,
        )
        self.assert_unchanged()

    def test_in_place_and_to_a_copy(self):
        copy = self.images / "copy.img"
        # what it does to the disk, which has a qcow2 overlay on it
        write = 'for disk; do :; done; qemu-io -f qcow2 -c "write -P 1 0 4" "$disk" >&2'
        done = self.seal(write, "--output", copy)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.disk.read_bytes()[:6], b"a disk")
        self.assertEqual(copy.read_bytes()[:6], b"\1\1\1\1sk")
        self.assertEqual(copy.stat().st_size, 1 << 20)
        done = self.seal(write, "--output", copy)
        self.assertEqual(done.returncode, 2)
        self.assertIn("copy.img is already there", done.stderr)
        copy.unlink()
        done = self.seal(write, "--quiet")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("is sealed. User accounts", done.stdout)
        self.assertEqual(self.disk.read_bytes()[:6], b"\1\1\1\1sk")
        self.assertEqual(self.disk.stat().st_mode & 0o777, 0o640)
        self.assertEqual(list(self.images.iterdir()), [self.disk])

    def test_somebody_opens_the_disk_meanwhile(self):
        status, errors = self.seal_while(lambda: self.disk.open("rb"))
        self.assertEqual(status, 3)
        self.assertIn("disk.img is in use", errors)
        self.assert_unchanged()

    def test_somebody_changes_the_disk_meanwhile(self):
        status, errors = self.seal_while(lambda: os.utime(self.disk))
        self.assertEqual(status, 3)
        self.assertIn("was changed meanwhile, and is left as it is", errors)
        self.assert_unchanged()

    def test_somebody_changes_the_disk_while_it_is_copied(self):
        copy = self.images / "copy.img"
        status, errors = self.seal_while(lambda: os.utime(self.disk), "--output", copy)
        self.assertEqual(status, 3)
        self.assertIn("was changed meanwhile", errors)
        self.assert_unchanged()

    def test_it_is_read_by_others_while_it_is_copied(self):
        copy = self.images / "copy.img"
        with self.disk.open("rb"):
            done = self.seal("true", "--output", copy)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(copy.read_bytes(), self.disk.read_bytes())

    def test_nobody_reads_its_progress(self):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "wb") as closed:
            done = subprocess.run(
                self.argv(self.disk),
                env={**os.environ, "PATH": self.put_sysprep("echo '[   0.0] Examining' >&2")},
                stdout=subprocess.PIPE,
                stderr=closed,
                text=True,
                check=False,
            )
        self.assertEqual(done.returncode, 0)
        self.assertIn("is sealed", done.stdout)
        self.assertEqual(list(self.images.iterdir()), [self.disk])

    def test_it_is_killed(self):
        """The disk stays as it is, and what was on the way has a name that says what it was."""
        os.mkfifo(self.tmp / "begun")
        path = self.put_sysprep(f"echo >{self.tmp}/begun; exec sleep 1000")
        process = self.spawn(self.argv("-q", self.disk), env={**os.environ, "PATH": path})
        (self.tmp / "begun").read_text(encoding="utf-8")
        process.kill()
        self.assertEqual(process.wait(support.PATIENCE), -9)
        self.assertEqual(self.disk.read_bytes(), b"a disk".ljust(1 << 20, b"\0"))
        others = [path.name for path in self.images.iterdir() if path != self.disk]
        self.assertRegex(" ".join(others), r"^\.seal-\w{6}$")


if __name__ == "__main__":
    support.main()
