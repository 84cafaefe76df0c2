"""Shared by the integration tests: where the programs are, how to start them, and checks that
nothing is left behind. Tests are unittest cases that report in TAP: end a file with
support.main()."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from tap import TAPTestRunner

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / os.environ.get("HOOKLINE_BUILD", "build")
PEERS = ROOT / "tests" / "peers"
DATA = ROOT / "tests" / "data"
SAMPLES = ROOT / "samples"
# KubeVirt's own inputs and outputs; a user's clone does not have them.
UPSTREAM = ROOT.parent / "shared" / "upstream" / "kubevirt"
# Bounds a hang; no test should come near it.
PATIENCE = 120

sys.path.insert(0, str(BUILD / "python"))  # the protobuf messages, for Python peers
sys.path.insert(1, str(ROOT / "tests"))

from polling import poll


def program(name):
    """The path of one of our programs."""
    return str(BUILD / name)


def node_environment():
    """The environment in which node finds @grpc/grpc-js and @grpc/proto-loader."""
    return {**os.environ, "NODE_PATH": str(ROOT / "build" / "peers" / "node_modules")}


def run(argv, stdin="", env=None, timeout=PATIENCE, cwd=None):
    """Runs a command to completion; stdin may be str or bytes; the output has the same type."""
    return subprocess.run(
        [str(word) for word in argv],
        input=stdin,
        text=isinstance(stdin, str),
        capture_output=True,
        env=None if env is None else {**os.environ, **env},
        timeout=timeout,
        cwd=cwd,
        check=False,
    )


def sandbox_refusal():
    """Why no sandbox can be created here, or None: a container may forbid user namespaces."""
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed"
    result = run(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"])
    return result.stderr.strip() or None


class TestCase(unittest.TestCase):
    """A test with a temporary directory, self.tmp, and processes that end with it."""

    maxDiff = None

    def setUp(self):
        self.tmp = pathlib.Path(tempfile.mkdtemp(prefix="hookline-test-"))
        self.addCleanup(shutil.rmtree, self.tmp, ignore_errors=True)

    def spawn(self, argv, **options):
        """Starts a process in its own process group, which is killed when the test ends."""
        process = subprocess.Popen(
            [str(word) for word in argv], start_new_session=True, **options
        )
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        """Kills a process group, if it still exists, and closes our pipes to it."""
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait(PATIENCE)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def write(self, name, text):
        """Writes a file below self.tmp and returns its path."""
        path = self.tmp / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text, encoding="utf-8")
        return path

    def wait_for_line(self, stream, needle):
        """Reads lines from a text stream until one contains needle; returns all that was read."""
        seen = ""
        for line in stream:
            seen += line
            if needle in line:
                return seen
        self.fail(f"the stream ended without {needle!r}:\n{seen}")


def main():
    """Runs the tests of the calling file, as TAP on standard output."""
    runner = TAPTestRunner()
    runner.set_stream(True)
    unittest.main(testRunner=runner)
