#!/usr/bin/python3
"""Programs that run short of descriptors, threads or room for their log, while honest callers go on.
An attack succeeds if a program ends, hangs, runs a processor hot, or does not go on when the
shortage is over."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import resource
import subprocess
import threading

from memory import assert_memory
from webhooks import REVIEW_S, WebhooksCase, support
from attack_connections import review

SHORT = "accepting failed"
# How much of a processor a program may use while it has nothing to do but to try again, and for how
# long it is watched.
HOT = 0.5
WATCHED_S = 2


def cpu(process):
    """The seconds of processor time that a process has used."""
    words = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def few_files(process, more):
    """Lets a process open only so many more files; in the end, as many as before."""
    before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    used = {int(path.name) for path in pathlib.Path(f"/proc/{process.pid}/fd").iterdir()}
    unused = [number for number in range(len(used) + more + 1) if number not in used]
    limit = unused[more]  # the numbers of descriptors are below that
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (limit, before[1]))
    try:
        yield
    finally:
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, before)


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
            with few_files(process, 0):
                verdict = pool.submit(self.assert_verdict, self.connect())
                self.controller.wait_log(SHORT)
                assert_not_hot(self, process)
                self.assertFalse(verdict.done())
            verdict.result()

    def test_new_ones_are_served_though_none_ends_by_itself(self):
        """Those that are open go on; idle ones make way."""
        process = self.controller.process
        kept = self.reviewed(8)
        with few_files(process, 0):
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
            with few_files(process, 0):
                verdict = pool.submit(self.assert_verdict, self.connect())
                self.controller.wait_log(SHORT)
            verdict.result()
        self.assert_verdict(self.connect())

    def test_probes(self):
        """The port of the metrics, which the main loop serves."""
        process = self.controller.process
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            with few_files(process, 0):
                probe = pool.submit(self.controller.get, "/healthz")
                self.controller.wait_log("metrics server: new connections wait")
                assert_not_hot(self, process)
                self.assertFalse(probe.done())
            self.assertEqual(probe.result()[0], 200)


if __name__ == "__main__":
    support.main()
