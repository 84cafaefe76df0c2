"""How much memory a program under attack has held."""

import pathlib

MEMORY_LIMIT = 256 << 20  # of the controller's Deployment


def assert_memory(test, process):
    """The most memory that the process has held is below the Deployment's limit."""
    folder = pathlib.Path(f"/proc/{process.pid}")
    peak = int((folder / "status").read_text("utf-8").split("VmHWM:")[1].split()[0]) * 1024
    print(f"# memory at most {peak >> 20} MiB")
    if "san.so" not in (folder / "maps").read_text("utf-8"):  # a sanitizer needs its own
        test.assertLess(peak, MEMORY_LIMIT)
