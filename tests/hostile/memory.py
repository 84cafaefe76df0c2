"""How much memory a program under attack has held."""

import pathlib

MEMORY_LIMIT = 256 << 20  # of the controller's Deployment


def resident(pid, key):
    """VmRSS or VmHWM of a process, in MiB."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith(key):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"the process has no {key}: it has ended")


def is_sanitized(pid):
    """Whether the process was built with a sanitizer, which needs memory of its own."""
    return "san.so" in pathlib.Path(f"/proc/{pid}/maps").read_text("utf-8")


def assert_memory(test, process):
    """The most memory that the process has held is below the Deployment's limit."""
    peak = resident(process.pid, "VmHWM")
    print(f"# memory at most {peak:.0f} MiB")
    if not is_sanitized(process.pid):
        test.assertLess(peak, MEMORY_LIMIT >> 20)
