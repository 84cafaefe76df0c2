#!/usr/bin/python3
"""Hooks that leave processes behind which should have ended with them: in sessions of their own,
forking as fast as they can, or after an attack on what keeps them. An attack succeeds if a process
is left when the caller has been told that its call has failed, or when sidecar-shim has ended; or if
a daemon ends that a successful call has left. If root runs the attacks, sidecar-shim has another
user ID, no capabilities and a limit of processes; once it is also process 1, its root file system
cannot be written, and its /proc hides the processes of others."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "integration"))

import support
import test_shim
from polling import poll
from test_shim import on_define_domain

USER = 1001
PROCESSES = 300  # of the user; nobody else on this machine should be it
WAYS = ("setsid", "double-fork", "clone-parent", "hiding", "namespace", "chains", "centipede", "bomb")
GENTLE = ("setsid", "double-fork", "clone-parent", "hiding", "namespace")
# Processes end at once, unless an attack has succeeded.
SOON = 5
SNAPSHOTS = 20
REPETITIONS = 20  # of an attack that needs luck
IS_ROOT = os.getuid() == 0


class Attack(test_shim.ShimTestCase):
    """A shim without privileges, and the processes that come from it."""

    is_process_1 = False

    def setUp(self):
        super().setUp()
        self.tmp.chmod(0o755)
        self.escape = self.tmp / "escape"
        subprocess.run(["cc", "-O2", "-o", self.escape, TESTS / "hostile" / "escape.c"], check=True)
        # The user may not be able to read the build.
        self.program = shutil.copy(test_shim.SHIM, self.tmp / "sidecar-shim")
        self.hook(test_shim.EVAL)
        if IS_ROOT:
            for path in (self.tmp, self.sockets):
                os.chown(path, USER, USER)
        self.addCleanup(self.kill_all)

    def start_shim(self, *flags, grace="100ms"):
        before = []
        if IS_ROOT:
            before = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
                      "--no-new-privs", "--bounding-set=-all", "prlimit", f"--nproc={PROCESSES}"]
        if self.is_process_1:
            mounts = (
                f"mount --bind {self.tmp} {self.tmp} && mount -o remount,bind,ro / && "
                'mount -t proc -o hidepid=2 proc /proc && exec "$@"'
            )
            before = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", mounts,
                      "sh", *before]
        before += ["env", f"TMPDIR={self.tmp}"]
        self.start("--kill-grace", grace, *flags, before=before)
        self.pid = self.shim.pid
        while self.name(self.pid) != "sidecar-shim":
            (self.pid,) = map(int, self.children(self.pid))

    @staticmethod
    def children(pid):
        """The process ids of a single-threaded process's children."""
        return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

    @staticmethod
    def status(pid):
        """The name, state and parent of a process."""
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
        name, state, parent = re.fullmatch(r"\d+ \((.*)\) (\S) (\d+) .*\n", text, re.DOTALL).groups()
        return name, state, int(parent)

    def left(self):
        """The processes that come from hooks."""
        found = []
        for pid in self.processes():
            try:
                name, state, _ = self.status(pid)
            except OSError:
                continue
            if name not in (*test_shim.SHIM_NAMES, "unshare") and state not in "ZX":
                found.append((pid, name))
        return found

    def kill_all(self):
        def killed():
            pids = self.processes()
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            return not pids

        poll(killed, 60, pause=0)

    def kill_escaped(self):
        """So that one attack that succeeds does not spoil the next."""
        for _ in range(1000):
            escaped = self.left()
            for pid, _ in escaped:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            if not escaped:
                return

    def assert_nothing_is_left(self):
        # A process that lives for microseconds only is easily missed.
        for _ in range(SNAPSHOTS):
            self.assertEqual(self.left(), [])

    def assert_ends(self, number=signal.SIGTERM):
        """Ends the shim, after which nothing of it is left."""
        os.kill(self.pid, number)
        self.shim.wait(support.PATIENCE)
        poll(lambda: not self.left(), SOON)
        self.assert_nothing_is_left()

    def daemon(self, ignore="", say="echo done"):
        """The script of a call that leaves a daemon, and the daemon's fifo: beside it, the daemon
        writes a file, FIFO.end, when it gets SIGTERM."""
        fifo = self.tmp / f"fifo-{len(list(self.tmp.glob('fifo-*')))}"
        os.mkfifo(fifo)
        fifo.chmod(0o666)
        trap = ignore or f"echo terminated >{fifo}.end; exit"
        inner = f"trap '{trap}' TERM; echo ready >{fifo}; while :; do sleep 30 & wait; done"
        return f'setsid sh -c "{inner}" >/dev/null 2>&1 & read _ <{fifo}; {say}', fifo

    def start_daemon(self, **options):
        """Makes a call that leaves a daemon. Returns the daemon's fifo."""
        script, fifo = self.daemon(**options)
        answer = self.call_one(on_define_domain(script))
        self.assertEqual(answer["code"], "OK", answer)
        return fifo


class Escapes(Attack):
    def test_past_its_time(self):
        self.start_shim("--timeout", "500ms")
        for way in WAYS if IS_ROOT else GENTLE:
            with self.subTest(way):
                # Beside a bomb the shell may not be able to fork.
                answer = self.call_one(on_define_domain(f"{self.escape} {way}; exec sleep 30"))
                self.assertEqual(answer["code"], "DEADLINE_EXCEEDED", answer)
                self.assert_nothing_is_left()
            self.kill_escaped()

    def test_failed(self):
        self.start_shim()
        for way in GENTLE:
            for end in ("exit 3", "kill -9 $$", "exit 0"):
                with self.subTest(way=way, end=end):
                    answer = self.call_one(on_define_domain(f"{self.escape} {way}; {end}"))
                    self.assertEqual(answer["code"], "UNKNOWN", answer)
                    self.assert_nothing_is_left()
                self.kill_escaped()

    def test_its_caller_has_gone(self):
        self.start_shim()
        for way in GENTLE:
            with self.subTest(way):
                words = on_define_domain(f"{self.escape} {way}; echo ready >&2; exec sleep 30")
                caller = self.call_in_background(words)
                self.log.wait_for("ready")
                caller.kill()
                self.log.wait_for("Failed OnDefineDomain")
                self.assert_nothing_is_left()
            self.log.lines.clear()
            self.kill_escaped()


@unittest.skipUnless(IS_ROOT, "only root can mount another /proc")
class EscapesFromProcess1(Escapes):
    is_process_1 = True


class End(Attack):
    """Of process 1, the kernel kills the descendants."""

    def test_the_shim_ends(self):
        for way in GENTLE:
            with self.subTest(way):
                self.start_shim()
                words = on_define_domain(f"{self.escape} {way}; echo ready >&2; exec sleep 30")
                self.call_in_background(words)
                self.log.wait_for("ready")
                self.assert_ends()
            self.kill_escaped()

    def test_the_shim_is_killed(self):
        self.start_shim()
        words = on_define_domain(f"{self.escape} double-fork; echo ready >&2; exec sleep 30")
        self.call_in_background(words)
        self.log.wait_for("ready")
        self.start_daemon(ignore=":")
        self.assert_ends(signal.SIGKILL)


class Daemons(Attack):
    def names(self, fifos):
        """The daemons that got SIGTERM."""
        return [fifo.name for fifo in fifos if pathlib.Path(f"{fifo}.end").exists()]

    def test_they_outlive_other_calls_and_end_with_the_shim(self):
        self.start_shim(grace="60s")
        daemons = [self.start_daemon(), self.start_daemon()]
        count = len(self.left())
        script, doomed = self.daemon(say="echo ready >&2; exec sleep 30")
        caller = self.call_in_background(on_define_domain(script))
        self.log.wait_for("ready")
        caller.kill()
        self.log.wait_for("Failed OnDefineDomain")
        for words in (f"kill -9 0", "exit 3"):
            self.assertEqual(self.call_one(on_define_domain(words))["code"], "UNKNOWN")
        self.assertEqual(self.names([*daemons, doomed]), [doomed.name])
        self.assertEqual(len(self.left()), count)
        self.assert_ends()
        self.assertEqual(self.names(daemons), [fifo.name for fifo in daemons])
        self.assertEqual(self.shim.returncode, 0)

    def test_one_that_ignores_sigterm_ends_with_the_shim(self):
        self.start_shim()
        self.start_daemon(ignore=":")
        self.assert_ends()
        self.assertEqual(self.shim.returncode, 0)

    def test_calls_at_the_same_time(self):
        self.start_shim()
        meeting = self.tmp / "meeting"
        os.mkfifo(meeting)
        meeting.chmod(0o666)
        callers = []
        for end in ("echo fine", "exit 3") * 3:
            script, _ = self.daemon(ignore=":", say=f"read _ <{meeting}; {end}")
            callers.append(self.call_in_background(on_define_domain(f"echo ready >&2; {script}")))
        self.log.wait_for_count("ready", len(callers))
        with open(meeting, "r+b", buffering=0) as gate:
            gate.write(b"\n" * len(callers))
            answers = [json.loads(caller.stdout.read()) for caller in callers]
        self.assertEqual(sorted(a["code"] for a in answers), ["OK"] * 3 + ["UNKNOWN"] * 3)
        daemons = [pid for pid, name in self.left() if name == "sh"]
        self.assertEqual(len(daemons), 3)
        self.assert_ends()


class Keepers(Attack):
    """The process that keeps a hook's descendants has the hook's user ID."""

    def keep(self, attack, way="double-fork"):
        """A hook that attacks its keeper, which is its parent."""
        return (
            f"{self.escape} {way}; grep -q '(keeper)' /proc/$PPID/stat || exit 1; "
            f"{attack} $PPID; sleep 30"
        )

    def attack(self, attack):
        self.start_shim("--timeout", "500ms")
        daemon = self.start_daemon()
        count = len(self.left())
        answer = self.call_one(on_define_domain(self.keep(attack)))
        self.assertNotEqual(answer["code"], "OK", answer)
        self.assertEqual(len(self.left()), count)
        self.assertFalse(pathlib.Path(f"{daemon}.end").exists())
        self.assertEqual(self.call_one(on_define_domain("echo fine"))["code"], "OK")
        self.assert_ends()

    def test_killed(self):
        self.attack("kill -KILL")

    def test_stopped(self):
        self.attack("kill -STOP")

    def test_killed_while_processes_come_and_go(self):
        self.start_shim()
        for way in WAYS if IS_ROOT else GENTLE:
            with self.subTest(way):
                for _ in range(REPETITIONS):
                    answer = self.call_one(on_define_domain(self.keep("kill -KILL", way)))
                    self.assertEqual(answer["code"], "UNKNOWN", answer)
                    self.assert_nothing_is_left()
            self.kill_escaped()
        self.assert_ends()


class Zombies(Attack):
    def test_nobody_stays_unreaped(self):
        self.start_shim()
        for _ in range(5):
            self.call_one(on_define_domain("for i in 1 2 3 4 5; do (true & ) ; done; echo fine"))
        self.start_daemon()

        def zombies():
            found = []
            for pid in self.processes():
                for child in self.children(pid):
                    if self.status(child)[1] == "Z":
                        found.append(child)
            return found

        poll(lambda: not zombies(), SOON)
        self.assertEqual(zombies(), [])
        self.assert_ends()


if __name__ == "__main__":
    support.main()
