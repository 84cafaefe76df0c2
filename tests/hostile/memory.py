"""The memory limit of the controller's Deployment, in a memory cgroup of version 1 or 2 if one can
be created here; what a program under attack has used of it."""

import contextlib
import itertools
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from polling import poll

LIMIT = 256 << 20  # of the controller's Deployment
# The files of a cgroup, by version: the limit, and the most that was used.
FILES = {
    1: ("memory.limit_in_bytes", "memory.max_usage_in_bytes"),
    2: ("memory.max", "memory.peak"),
}
GONE_S = 10
numbers = itertools.count()


def resident(pid, key):
    """VmRSS or VmHWM of a process, in MiB."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith(key):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"the process has no {key}: it has ended")


def is_sanitized(program):
    """Whether a program is built with a sanitizer, which needs memory of its own."""
    return b"san.so" in pathlib.Path(program).read_bytes()


def own_cgroups():
    """The memory cgroups of this process, each with its version and where the hierarchy begins."""
    paths = {}
    for line in pathlib.Path("/proc/self/cgroup").read_text("utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "" or "memory" in controllers.split(","):
            paths[1 if controllers else 2] = path.lstrip("/")
    for line in pathlib.Path("/proc/self/mounts").read_text("utf-8").splitlines():
        _, top, kind, options, *_ = line.split()
        if kind == "cgroup" and "memory" in options.split(",") and 1 in paths:
            yield 1, pathlib.Path(top), pathlib.Path(top, paths[1])
        elif kind == "cgroup2" and 2 in paths:
            yield 2, pathlib.Path(top), pathlib.Path(top, paths[2])


def create():
    """Creates a cgroup with the limit below ours, or below one that ours is in. Returns its version
    and folder, or None."""
    name = f"hookline-test-{os.getpid()}-{next(numbers)}"
    for version, top, own in own_cgroups():
        for above in (own, *own.parents):
            if not above.is_relative_to(top):
                break
            with contextlib.suppress(OSError):
                folder = above / name
                folder.mkdir()
                try:
                    (folder / FILES[version][0]).write_text(str(LIMIT))
                    return version, folder
                except OSError:
                    folder.rmdir()
    return None


class MemoryLimit:
    """For one program: command is what runs it below the limit, if that is possible."""

    def __init__(self, test, program):
        self.test = test
        self.command = []
        self.version, self.folder = None, None
        self.applies = not is_sanitized(program)
        made = create() if self.applies else None
        if made is None:
            print("# no memory cgroup can be created: the limit is compared with VmHWM")
            return
        self.version, self.folder = made
        test.addCleanup(self.remove)
        self.command = ["sh", "-c", 'echo $$ >"$0"/cgroup.procs && exec "$@"', self.folder]

    def remove(self):
        """Removes the cgroup as soon as its processes have gone."""

        def removed():
            with contextlib.suppress(OSError):
                self.folder.rmdir()
                return True

        poll(removed, GONE_S, pause=0.01)

    def check(self, process):
        """The process has not exceeded the limit. Prints the most memory that it had."""
        self.test.assertIsNone(process.poll(), "it has ended: has the kernel killed it?")
        peak = resident(process.pid, "VmHWM")
        words = f"# memory at most {peak:.0f} MiB"
        if self.folder is not None:
            with contextlib.suppress(OSError):  # memory.peak is younger than cgroups
                all_of_it = int((self.folder / FILES[self.version][1]).read_text("ascii"))
                words += f", {all_of_it >> 20} MiB with the kernel's in a cgroup of {LIMIT >> 20}"
        print(words)
        if self.applies:
            self.test.assertLess(peak, LIMIT >> 20)
