#!/usr/bin/python3
"""Every program with a root file system that cannot be written, and only what its pod mounts
beside: it works, or ends at the start with an error that names the path and says what to mount."""

import subprocess
import unittest

from attack_shortage import Webhooks
from controller import Controller
from test_hook_controller_launch import VMIS, LaunchTest, machine
from test_launcher import TEST_DRIVER, LauncherTest
from test_plugin import PluginTest
from test_shim import EVAL, ShimTestCase, on_define_domain
from webhooks import support

# Makes all file systems read-only, except for some directories and what the kernel makes up.
SCRIPT = r"""
count=$1; shift
writable=
while [ $count -gt 0 ]; do
    mount --bind "$1" "$1" || exit
    writable="$writable $1 "; shift; count=$((count - 1))
done
while read -r _ place kind _; do
    case "$writable" in *" $place "*) continue ;; esac
    case $kind in proc|sysfs|devpts|cgroup*) continue ;; esac
    mount -o remount,bind,ro "$place" || exit
done </proc/self/mounts
for place in / /tmp /var/tmp /dev/shm; do
    if (: >"$place/probe") 2>/dev/null; then echo "$place can be written" >&2; exit 99; fi
done
exec "$@"
"""


def read_only(*writable):
    """The words of a command that runs another with nothing writable but some directories."""
    return ["unshare", "--mount", "sh", "-c", SCRIPT, "sh", str(len(writable)), *map(str, writable)]


REFUSAL = support.run([*read_only(), "true"]).stderr.strip()
READ_ONLY = "Read-only file system"
REMEDY = "emptyDir"
needs_mounts = unittest.skipIf(REFUSAL, f"no file system can be made read-only: {REFUSAL}")


@needs_mounts
class Reviews(Webhooks):
    """The Deployment mounts its configuration, which it only reads."""

    def start(self):
        self.controller = Controller(self, *self.flags, before=read_only())
        self.port = self.controller.wait_log("serving the webhooks")["port"]

    def test_reviews(self):
        self.assert_verdict(self.connect())
        self.assertEqual(self.controller.get("/readyz")[0], 200)


@needs_mounts
class Launch(LaunchTest):
    """The leader creates pods, with a certificate that it has made itself."""

    def test_a_pod(self):
        self.start(before=read_only())
        self.server.put(VMIS, machine("vm"))
        self.wait_pod("vm")


@needs_mounts
class Shim(ShimTestCase):
    """A sidecar's container has its socket directory."""

    def setUp(self):
        super().setUp()
        self.hook(EVAL)

    def test_it_serves(self):
        self.start(before=read_only(self.sockets))
        answer = self.call_one(on_define_domain("(echo >/tmp/x) 2>/dev/null || echo fine"))
        self.assertEqual(answer["code"], "OK", answer)
        self.stop()

    def test_standard_input(self):
        self.hook("#!/bin/sh\ncat\n")
        self.start("--stdin", before=read_only(self.sockets))
        answer = self.call_one(on_define_domain("<domain/>"))
        self.assertEqual(answer["code"], "OK", answer)
        self.stop()

    def test_no_socket_directory(self):
        words = [self.program, "--version", "v1alpha3", "--socket-dir", self.sockets]
        result = support.run([*read_only(), *words])
        self.assertEqual(result.returncode, 3, result.stderr)
        for word in (str(self.sockets), READ_ONLY, REMEDY):
            self.assertIn(word, result.stderr)


@needs_mounts
class Manager(PluginTest):
    """The container hook-manager has the directory of its plugin socket."""

    def setUp(self):
        super().setUp()
        self.socket.parent.mkdir(parents=True)
        self.start("hook-sidecar-0/a.sock", "--name", "s", "--hook", "OnDefineDomain=0")

    def argv(self, *words):
        return [*read_only(*self.writable), *super().argv(*words)]

    def test_serve(self):
        self.writable = [self.socket.parent]
        process = self.serve(1)
        self.assertEqual(self.call()[0], "OK")
        self.stop(process)

    def test_a_chain(self):
        self.writable = []
        result = self.chain(1)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_no_place(self):
        self.writable = []
        trace = self.tmp / "trace"
        # A trace that cannot be kept does not fail the launch.
        for path, status, result in (
            (self.socket, 3, self.manage("serve", 1, "--plugin-socket", self.socket)),
            (trace, 0, self.chain(1, "--trace", trace)),
        ):
            self.assertEqual(result.returncode, status, result.stderr)
            for word in (str(path), READ_ONLY, REMEDY):
                self.assertIn(word, result.stderr)


@needs_mounts
class Launcher(LauncherTest):
    """compute has /tmp, its private directory and the termination log."""

    def launch(self, *options, writable):
        # the kubelet mounts the log as a file
        self.termination.touch()
        argv = [*read_only(self.termination, *writable), *self.argv(self.vmi(), *options)]
        return support.run(argv, env=self.environment)

    def test_it_shows_the_domain(self):
        result = self.launch("--dry-run", writable=[])
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_it_launches(self):
        process = self.spawn(
            [*read_only(self.work), *self.argv(self.vmi(), *TEST_DRIVER)],
            env=self.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.wait_for_line(process.stderr, '"Started"')
        process.terminate()
        result = self.finish(process)
        self.assertNotIn(READ_ONLY, result.stderr)

    def test_no_temporary_directory(self):
        result = self.launch(*TEST_DRIVER, writable=[])
        self.assertEqual(result.returncode, 3, result.stderr)
        for word in (str(self.work), READ_ONLY, REMEDY):
            self.assertIn(word, result.stderr)
        self.assertIn(READ_ONLY, self.termination.read_text("utf-8"))


@needs_mounts
class Command(support.TestCase):
    """hookctl reads files, and writes to standard output."""

    def test_render_and_validate(self):
        vmi = support.SAMPLES / "cloud-init" / "vmi.yaml"
        for command in ("validate", "render"):
            result = support.run([*read_only(), support.program("hookctl"), command, "-f", vmi])
            self.assertEqual(result.returncode, 0, result.stderr)


if __name__ == "__main__":
    support.main()
