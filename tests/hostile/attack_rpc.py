#!/usr/bin/python3
"""One peer floods a gRPC connection: sidecar-shim and hook-manager serve as servers, hook-manager
as the client of a malicious sidecar. Their memory must stay within a bound, a flood must end the
connection, and honest calls on other connections must be answered meanwhile.

An attack sends a fixed amount, in which an unguarded program exceeds the bound, and stops early
when its connection ends."""

import contextlib
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import support
from floods import (
    CLIENT_FLOODS,
    SERVER_FLOODS,
    Uploads,
    abandon_calls,
    flood,
    open_connections,
    stay_open,
    upload_abreast,
)
from http2_frames import Client
from memory import resident
from rpc_servers import (
    BOUND_MIB,
    INFO,
    MUTATED,
    MUTATION,
    PLUGIN_METHOD,
    SHIM_METHOD,
    flood_manager,
    shim_info,
    start_plugin,
    start_shim,
)

# Within which honest calls are answered, however many cores there are.
HONEST_SECONDS = 10


class Outcome:
    """What an attack reports."""

    refused = False  # the server ended its connection


class Honest(threading.Thread):
    """Makes honest calls, each on a connection of its own, until it is told to stop; the last one
    begins after that."""

    def __init__(self, call):
        super().__init__(daemon=True)
        self.call = call
        self.over = threading.Event()
        self.answered = 0
        self.slowest = 0
        self.failure = None

    def run(self):
        last = False
        while not last and self.failure is None:
            last = self.over.is_set()
            start = time.monotonic()
            try:
                self.call()
            except Exception as failure:
                self.failure = repr(failure)
            self.answered += 1
            self.slowest = max(self.slowest, time.monotonic() - start)
            self.over.wait(0.01)

    def finish(self):
        self.over.set()
        self.join(support.PATIENCE)


class ServerTest:
    """Attacks on a server: subclasses start it and know its methods."""

    def start(self):
        """Starts the server; returns its process."""
        raise NotImplementedError

    def honest(self):
        """Makes one honest call on a connection of its own."""
        client = Client(self.socket, HONEST_SECONDS)
        self.assertEqual(client.call(*self.honest_call()), self.expected)
        client.close()

    @contextlib.contextmanager
    def watched(self, name, floods=True):
        """Runs an attack beside honest calls and checks what it cost. The attack sets
        outcome.refused."""
        process = self.start()
        self.honest()
        before = resident(process.pid, "VmRSS")
        honest = Honest(self.honest)
        honest.start()
        outcome = Outcome()
        try:
            yield outcome
        finally:
            honest.finish()
            peak = resident(process.pid, "VmHWM")
            self.end(process)
        lost = honest.failure is not None
        print(
            f"# {self.program}: {name}: {before:.0f} MiB, {peak:.0f} at most; slowest of"
            f" {honest.answered} honest calls {honest.slowest:.2f} s{' (lost)' if lost else ''};"
            f" refused: {outcome.refused}",
            flush=True,
        )
        self.assertIsNone(honest.failure)
        self.assertLess(peak - before, BOUND_MIB)
        if floods:
            self.assertTrue(outcome.refused, "the flood did not end the connection")

    def test_floods(self):
        for name, attack in CLIENT_FLOODS.items():
            for reads in (False, True):
                with self.subTest(name, reads=reads), self.watched(name) as outcome:
                    outcome.refused = flood(self.socket, self.method, attack, reads)

    def test_calls_that_are_abandoned(self):
        """300 connections, each with nearly as many calls as it may open and reset, which close."""
        with self.watched("300 connections with 950 calls", floods=False):
            abandon_calls(self.socket, self.method)

    def test_calls_that_stay_open(self):
        """As many as are allowed, with the largest headers and as much data as fits."""
        with self.watched("750 open calls", floods=False):
            stay_open(self.socket, self.method)

    def test_large_messages_that_do_not_end(self):
        """Each of 200 calls sends as much as its windows allow."""
        with self.watched("200 large messages", floods=False):
            Uploads(self.socket, self.method, range(1, 400, 2)).run()

    def test_large_messages_on_many_connections(self):
        """Each of 30 connections sends two, as far as its windows allow."""
        with self.watched("60 large messages on 30 connections", floods=False):
            upload_abreast(self.socket, self.method)

    def test_many_connections(self):
        """More than the server accepts, each with an open call."""
        with self.watched("200 connections", floods=False):
            for opened in open_connections(self.socket, self.method, 200):
                if opened % 20 == 0:
                    self.honest()


class ShimTest(ServerTest, support.TestCase):
    """sidecar-shim."""

    program = "sidecar-shim"
    method = SHIM_METHOD
    expected = None

    def start(self):
        process, self.socket = start_shim(self, self.tmp / "sockets")
        self.expected = shim_info("Shutdown")
        return process

    def honest_call(self):
        return INFO


class PluginTest(ServerTest, support.TestCase):
    """hook-manager serve."""

    program = "hook-manager"
    method = PLUGIN_METHOD
    expected = MUTATED

    def start(self):
        process, self.socket = start_plugin(self)
        return process

    def honest_call(self):
        return MUTATION


class ClientTest(support.TestCase):
    """hook-manager, and a sidecar that floods it."""

    def test_floods(self):
        for name, frames in SERVER_FLOODS.items():
            with self.subTest(name):
                start = time.monotonic()
                sidecar, status, peak, said = flood_manager(self.tmp, frames)
                print(
                    f"# hook-manager as a client: {name}: {peak:.0f} MiB at most, exit status"
                    f" {status} after {time.monotonic() - start:.2f} s; refused: {sidecar.refused}",
                    flush=True,
                )
                self.assertIn(status, (3, 4), said)
                self.assertIn("hook-sidecar-0", said)
                self.assertLess(peak, BOUND_MIB)
                self.assertTrue(sidecar.refused, "the flood did not end the connection")


if __name__ == "__main__":
    support.main()
