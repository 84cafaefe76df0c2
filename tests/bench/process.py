"""hook-controller as run by `make bench`, and the kernel's figures for it."""

import contextlib
import http.client
import os
import pathlib
import signal
import socket
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))
from polling import poll

BUILD = ROOT / os.environ.get("HOOKLINE_BUILD", "build")
PATIENCE = 300  # bounds a hang


class BenchError(Exception):
    """Something cannot be measured; the text says why."""


def free_port():
    """A TCP port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_until(condition, what):
    """Polls a condition until it is true, and returns its value."""
    result = poll(condition, PATIENCE, pause=0.02)
    if not result:
        raise BenchError(f"{what}: not within {PATIENCE} s")
    return result


class Controller:
    """A hook-controller with the log folder/controller.log; run_by is a command prefix such as
    taskset. For use in a `with` statement."""

    def __init__(self, folder, *flags, run_by=()):
        self.port = free_port()
        self.log = folder / "controller.log"
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("KUBE", "POD_"))}
        environment["HOME"] = str(folder)
        listen = f"--metrics-listen=127.0.0.1:{self.port}"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*run_by, BUILD / "hook-controller", listen, *flags], stderr=log, env=environment
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)

    @contextlib.contextmanager
    def stopped(self):
        """Stops it for the duration of the context."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def get(self, path):
        """GET from its metrics server: status and text; None while it does not listen."""
        if self.process.poll() is not None:
            raise BenchError(f"hook-controller ended: {self.log.read_text('utf-8')[-2000:]}")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except ConnectionRefusedError:
            return None, ""
        finally:
            connection.close()

    def wait_ready(self):
        """Waits until it is ready to serve."""
        wait_until(lambda: self.get("/readyz")[0] == 200, "hook-controller gets ready")

    def metrics(self):
        """Its metrics by name and labels."""
        lines = self.get("/metrics")[1].splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def memory(self):
        """Its resident and private memory in MiB."""
        text = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text("utf-8")
        sizes = {line.split(":")[0]: line.split()[1] for line in text.splitlines()[1:]}
        private = int(sizes["Private_Clean"]) + int(sizes["Private_Dirty"])
        return int(sizes["Rss"]) / 1024, private / 1024

    def work(self):
        """CPU time in milliseconds, and the number of voluntary context switches, of all its
        threads so far."""
        milliseconds = sleeps = 0
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            milliseconds += int((task / "schedstat").read_text().split()[0]) / 1e6
            for line in (task / "status").read_text().splitlines():
                if line.startswith("voluntary_ctxt_switches:"):
                    sleeps += int(line.split()[1])
        return milliseconds, sleeps
