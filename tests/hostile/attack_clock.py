#!/usr/bin/python3
"""The time of day is set back by an hour while a program waits: it must not wait for an hour more.
libfaketime sets it for the program alone; the monotonic clock goes on, as it does in a kernel."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import kube_server
import support
from clock import LATE, Clock
from kube_server import event
from test_plugin import PluginTest

class Launcher(PluginTest):
    def test_end_of_the_launcher(self):
        """hook-manager notices that the launcher has ended."""
        clock = Clock(self.tmp)
        with socket.socket(socket.AF_UNIX) as launcher:
            launcher.bind(str(self.launcher))
            launcher.listen()
            environment = {**os.environ, **clock.environment}
            process = self.serve_later(0, "--launcher-socket", self.launcher, env=environment)
            self.wait_for_line(process.stderr, "connected to the launcher")
            clock.set_back()
        self.launcher.unlink()
        try:
            process.wait(LATE)
        except subprocess.TimeoutExpired:
            self.fail(f"it has not noticed the end of the launcher for {LATE} s")


class Watch(kube_server.TestCase):
    def test_silent_watch(self):
        """A watch of one second whose server falls silent ends after eleven: see test_kube_watch."""
        clock = Clock(self.tmp)
        over = threading.Event()
        started = threading.Event()
        self.addCleanup(over.set)

        def silent(call):
            call.begin()
            call.chunk(event("ADDED"))
            started.set()
            over.wait(support.PATIENCE)

        request = {"verb": "watch", "resource": "configmaps", "namespace": "d", "timeoutSeconds": 1}
        config = self.kubeconfig(self.serve(silent))
        driver = self.spawn(
            [support.program("tests/peers/kube_driver"), "--kubeconfig", config],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **clock.environment, "no_proxy": "*"},
        )
        driver.stdin.write(json.dumps(request) + "\n")
        driver.stdin.close()
        self.assertTrue(started.wait(support.PATIENCE))
        self.wait_for_line(driver.stdout, '"ADDED"')
        clock.set_back()
        try:
            driver.wait(11 + LATE)
        except subprocess.TimeoutExpired:
            self.fail(f"the watch has not ended {LATE} s after it should have")
        self.assertIn("has sent nothing for 11 s", driver.stdout.read())


if __name__ == "__main__":
    support.main()
