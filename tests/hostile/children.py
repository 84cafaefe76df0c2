"""Processes of the soak. Each runs one function of a table again and again, until its standard
input ends: when the soak closes it, or ends in any way. Then it prints a report."""

import collections
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import support

END_S = 60  # in which honest work must end; only against hangs


class Report:
    """What a child has done: counts by name, the times of its honest work, and what went wrong."""

    def __init__(self):
        self.begin = time.monotonic()
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.times = collections.defaultdict(list)  # by name
        self.failures = []

    def add(self, name, count=1):
        with self.lock:
            self.counts[name] += count

    def fail(self, what):
        with self.lock:
            self.failures.append(f"after {time.monotonic() - self.begin:.0f} s: {what}")

    def attempt(self, what, function, *arguments):
        """Calls a function whose failure, an exception, is one of the soak; and times it."""
        begin = time.monotonic()
        try:
            function(*arguments)
        except Exception as error:
            took = time.monotonic() - begin
            self.fail(f"{what}, {took:.1f} s: {error!r}")
        with self.lock:
            self.counts[what] += 1
            self.times[what].append(time.monotonic() - begin)

    def write(self, file):
        with self.lock:
            members = {"counts": self.counts, "times": self.times, "failures": self.failures}
            file.write(json.dumps(members) + "\n")
            file.flush()


def wait_for_end(stopped, report, patience, status):
    """Sets stopped when standard input ends; ends the process, with its report, if that does not."""
    sys.stdin.read()
    stopped.set()
    time.sleep(patience)
    report.write(sys.stdout)
    os._exit(status)


def main(table, patience=END_S, status=9):
    """The whole of a child: NAME in its arguments, its target in the first line of its input. When it
    has not ended some seconds after its input, it ends with this status."""
    target = json.loads(sys.stdin.readline())
    stopped = threading.Event()
    report = Report()
    watch = (stopped, report, patience, status)
    threading.Thread(target=wait_for_end, args=watch, daemon=True).start()
    step = table[sys.argv[1]]
    while not stopped.is_set():
        step(target, stopped, report)
    report.write(sys.stdout)
    os._exit(0)  # also with threads that wait for somebody


class Child:
    """A child of the soak, as the soak sees it."""

    def __init__(self, test, script, name, target):
        self.name = name
        path = pathlib.Path(__file__).resolve().parent / script
        self.process = test.spawn(
            ["/usr/bin/python3", path, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.process.stdin.write(json.dumps(target) + "\n")
        self.process.stdin.flush()

    def stop(self):
        self.process.stdin.close()

    def report(self):
        """What it did, after stop; a failure of the child itself is among the failures."""
        line = self.process.stdout.readline()
        status = self.process.wait(support.PATIENCE)
        report = json.loads(line) if line else {"counts": {}, "times": {}, "failures": []}
        if status != 0:
            report["failures"].append(f"the process has ended with status {status}")
        return report
