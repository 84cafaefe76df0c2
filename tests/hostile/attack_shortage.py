#!/usr/bin/python3
"""Programs that run short of descriptors, threads or room for their log, while honest callers go
on. An attack succeeds if a program ends, hangs, runs a processor hot, or does not go on when the
shortage is over."""

import concurrent.futures
import contextlib
import fcntl
import http.client
import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import threading
import unittest

from attack_connections import review
from certificates import make_certificate
from controller import ALONE
from polling import poll
from test_hook_controller_launch import VMIS, LaunchTest, machine
from test_plugin import PluginTest
from test_shim import EVAL, ShimTestCase, on_define_domain
from webhooks import REVIEW_S, WebhooksCase, support

# A mount namespace, in a user namespace unless root asks for it.
MOUNTS = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--map-root-user", "--mount"]
MOUNTS_REFUSAL = support.run([*MOUNTS, "true"]).stderr.strip()
USER = 1001  # nobody else on this machine should be it
IS_ROOT = os.getuid() == 0
SHORT = "accepting failed"
LOST = "lines of this log were lost"
# How much of a processor a program may use while it has nothing to do but to try again, and for how
# long it is watched.
HOT = 0.05
WATCHED_S = 2


def cpu(process):
    """The seconds of processor time that a process has used."""
    words = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def limited(process, kind, limit):
    """Changes a limit of a process for a while."""
    before = resource.prlimit(process.pid, kind)
    resource.prlimit(process.pid, kind, (limit, before[1]))
    try:
        yield
    finally:
        resource.prlimit(process.pid, kind, before)


def no_more_files(process):
    """A process can open files only where it has closed some."""
    used = {int(path.name) for path in pathlib.Path(f"/proc/{process.pid}/fd").iterdir()}
    lowest = min(set(range(len(used) + 1)) - used)  # new numbers are below the limit
    return limited(process, resource.RLIMIT_NOFILE, lowest)


def no_files(process):
    """A process cannot open any file; those that are open stay."""
    return limited(process, resource.RLIMIT_NOFILE, 0)


def assert_not_hot(test, process):
    """Watches for some seconds that a process uses little processor time."""
    before = cpu(process)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(WATCHED_S)
    test.assertIsNone(process.poll(), "it has ended")
    used = cpu(process) - before
    print(f"# {used:.2f} s of processor time in {WATCHED_S} s")
    test.assertLess(used, HOT * WATCHED_S)


class Webhooks(WebhooksCase):
    """Reviews on connections that are kept, and on new ones."""

    def connect(self):
        connection = http.client.HTTPSConnection(
            "localhost", self.port, context=self.context, timeout=REVIEW_S
        )
        self.addCleanup(connection.close)
        return connection

    def assert_verdict(self, connection):
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/mutate-pods", body=review(), headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        self.assertEqual(answer.status, 200, text)
        self.assertTrue(json.loads(text)["response"]["allowed"])

    def reviewed(self, count):
        """That many connections, on each of which a review was answered."""
        connections = [self.connect() for _ in range(count)]
        for connection in connections:
            self.assert_verdict(connection)
        return connections


class Descriptors(Webhooks):
    """No descriptor is free, for connections from API servers, probes and attackers."""

    def test_no_connection_yet(self):
        """The first connection cannot be accepted, and waits."""
        process = self.controller.process
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            with no_more_files(process):
                verdict = pool.submit(self.assert_verdict, self.connect())
                self.controller.wait_log(SHORT)
                assert_not_hot(self, process)
                self.assertFalse(verdict.done())
            verdict.result()

    def test_new_ones_are_served_though_none_ends_by_itself(self):
        """Those that are open go on; idle ones make way."""
        process = self.controller.process
        kept = self.reviewed(8)
        with no_more_files(process):
            for _ in range(4):
                self.assert_verdict(self.connect())
            self.assert_verdict(kept[-1])
            assert_not_hot(self, process)
        self.assert_verdict(self.connect())
        told = [line for line in self.controller.lines if SHORT in line["msg"]]
        self.assertEqual(len(told), 1, told)  # not one for each try
        self.assertIn("Too many open files", told[0]["msg"])
        self.assertEqual(told[0]["level"], "warning")

    def test_they_are_free_again_elsewhere(self):
        """Descriptors become free that no connection has had."""
        process = self.controller.process
        self.reviewed(1)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            with no_more_files(process):
                verdict = pool.submit(self.assert_verdict, self.connect())
                self.controller.wait_log(SHORT)
            verdict.result()
        self.assert_verdict(self.connect())

    def test_probes(self):
        """The port of the metrics, which the main loop serves."""
        process = self.controller.process
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            with no_more_files(process):
                probe = pool.submit(self.controller.get, "/healthz")
                self.controller.wait_log("metrics server: new connections wait")
                assert_not_hot(self, process)
                self.assertFalse(probe.done())
            self.assertEqual(probe.result()[0], 200)

    def test_certificates(self):
        """They are replaced meanwhile, and cannot be read."""
        with no_more_files(self.controller.process):
            make_certificate(self.tmp, "new", "/CN=localhost", "subjectAltName=DNS:localhost")
            for name in ("tls.key", "tls.crt"):
                os.rename(self.tmp / f"new{name[3:]}", self.tmp / name)
            fault = self.controller.wait_log("the previous certificate stays in use")["msg"]
            self.assertIn("Too many open files", fault)
        self.controller.wait_log("a new certificate is in use")
        told = [line for line in self.controller.lines if "the previous" in line["msg"]]
        self.assertEqual(len(told), 1)


class API(LaunchTest):
    """What the controller needs for the API server is not there: it tries again."""

    def assert_goes_on(self, controller, shortage):
        """All connections to the API server are broken during the shortage."""
        with shortage:
            self.server.http.hang_up()
            self.server.put(VMIS, machine("vm"))
            assert_not_hot(self, controller.process)
            self.assertFalse(self.pods("vm"))
        self.wait_pod("vm")

    def test_descriptors(self):
        controller = self.start()
        self.server.wait(lambda: controller.get("/readyz")[0] == 200, "readiness")
        self.assert_goes_on(controller, no_files(controller.process))


class Log(Webhooks):
    """Threads that serve webhooks write to a log that takes no more."""

    def launch(self, stderr, before=()):
        """Starts the controller."""
        flags = ["--metrics-listen=127.0.0.1:0", "--log-format=json", "--log-level=debug"]
        argv = [*before, support.program("hook-controller"), *self.flags, *flags]
        self.process = self.spawn(argv, stderr=stderr)

    def wait_ports(self, stream):
        for name, message in ("port", "serving the webhooks"), ("metrics_port", "serving metrics"):
            line = self.wait_for_line(stream, message).splitlines()[-1]
            setattr(self, name, json.loads(line)["port"])

    def write_much(self, count=200):
        """Has the threads write to the log: of each of these, they log a failed handshake."""
        for _ in range(count):
            with socket.create_connection(("127.0.0.1", self.port), REVIEW_S) as client:
                client.sendall(b"GET / HTTP/1.1\r\n\r\n")
                while client.recv(4096):
                    pass

    def assert_serves(self):
        for _ in range(4):
            self.assert_verdict(self.connect())
        probe = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=REVIEW_S)
        probe.request("GET", "/healthz")
        self.assertEqual(probe.getresponse().status, 200)
        probe.close()
        assert_not_hot(self, self.process)


class UnreadLog(Log):
    """Nobody reads it for a while."""

    def start(self):
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        self.log = open(reader, encoding="utf-8")
        self.addCleanup(self.log.close)
        self.launch(writer)
        os.close(writer)
        self.wait_ports(self.log)

    def test_served(self):
        self.write_much()
        self.assert_serves()
        lines = []
        reader = threading.Thread(target=self.read, args=(lines,), daemon=True)
        reader.start()

        def told():
            self.write_much(1)
            return [line["msg"] for line in list(lines) if LOST in line["msg"]]

        self.assertIn("nobody reads the log", poll(told, support.PATIENCE)[0])
        self.process.terminate()
        self.assertEqual(self.process.wait(support.PATIENCE), 0)
        reader.join(support.PATIENCE)

    def read(self, lines):
        """Reads the log to its end; all lines are whole."""
        for line in self.log:
            lines.append(json.loads(line))


@unittest.skipIf(MOUNTS_REFUSAL, f"no mount namespace: {MOUNTS_REFUSAL}")
class FullLog(Log):
    """Its file system is full for a while."""

    def start(self):
        disk = self.tmp / "disk"
        disk.mkdir()
        script = f'mount -t tmpfs -o size=16k tmpfs {disk} && exec "$@" 2>>{disk}/log'
        self.launch(None, [*MOUNTS, "sh", "-c", script, "sh"])
        log = pathlib.Path(f"/proc/{self.process.pid}/root{disk}/log")

        def started():
            with contextlib.suppress(OSError):
                return "serving metrics" in log.read_text("utf-8")

        poll(started, support.PATIENCE)
        self.log = log
        with log.open(encoding="utf-8") as stream:
            self.wait_ports(stream)

    def test_served(self):
        self.write_much()
        self.assert_serves()
        os.truncate(self.log, 0)

        def told():
            self.write_much(1)
            text = self.log.read_text("utf-8").rpartition("\n")[0]  # whole lines
            return [json.loads(line)["msg"] for line in text.splitlines() if line]

        lines = poll(told, support.PATIENCE)
        self.assertRegex(lines[0], f"^[0-9]+ {LOST}: No space left")
        self.assertGreater(len(lines), 1)


class Shim(ShimTestCase):
    """sidecar-shim has no descriptor for a hook, or for a caller."""

    def test_descriptors(self):
        self.hook(EVAL)
        self.start()
        fifo = self.tmp / "fifo"
        os.mkfifo(fifo)
        words = [
            *on_define_domain(f"echo ready >&2; read _ <{fifo}; echo done"),
            "--",
            *on_define_domain("echo done"),
        ]
        known = self.call_in_background(words)
        self.log.wait_for("ready")
        with no_files(self.shim):
            fifo.write_text("\n")
            answers = [json.loads(line) for line in known.stdout]
            self.assertEqual(answers[0]["code"], "OK")
            self.assert_failed(answers[1], "FAILED_PRECONDITION", "Too many open files")
            waits = self.call_in_background(on_define_domain("echo done"))
            assert_not_hot(self, self.shim)
            self.assertIsNone(waits.poll())
        self.assertEqual(json.loads(waits.stdout.read())["code"], "OK")
        self.stop()


class Manager(PluginTest):
    """hook-manager serve has no descriptor for another caller."""

    def test_descriptors(self):
        self.start("hook-sidecar-0/a.sock", "--name", "s", "--hook", "OnDefineDomain=0")
        process = self.serve_many(1)
        self.assertEqual(self.call()[0], "OK")
        with no_files(process):
            waits = self.call_later()
            assert_not_hot(self, process)
            self.assertIsNone(waits.poll())
        self.assertEqual(self.answers(waits), {0: "OK"})
        process.terminate()
        self.assertEqual(process.wait(support.PATIENCE), 0)


@unittest.skipUnless(IS_ROOT, "only root can become another user")
class Threads(support.TestCase):
    """The user of a program may have no further thread."""

    def test_at_the_start(self):
        self.tmp.chmod(0o755)
        program = shutil.copy(support.program("hook-controller"), self.tmp)
        user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
        make_certificate(self.tmp, "tls", "/CN=localhost", "subjectAltName=DNS:localhost")
        (self.tmp / "tls.key").chmod(0o644)
        files = [f"--tls-certificate={self.tmp}/tls.crt", f"--tls-key={self.tmp}/tls.key"]
        argv = [program, *ALONE, *files, "--policy-config-map=", "--webhook-listen=127.0.0.1:0"]
        environment = {"HOME": str(self.tmp)}
        result = support.run([*user, "prlimit", "--nproc=1", *argv], env=environment)
        self.assertIn(result.returncode, (3, 6), result.stderr)
        self.assertIn("webhook server", result.stderr)
        self.assertIn("number of threads", result.stderr)


if __name__ == "__main__":
    support.main()
