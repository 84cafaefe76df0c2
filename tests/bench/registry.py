#!/usr/bin/python3
"""Measures hookctl appliance push and pull with a disk of 1 GiB: registry.py OUTPUT.json. Packing
beside zstd -3, pushing and pulling beside skopeo with the same blobs, against Debian's
docker-registry on this machine."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from process import BUILD, BenchError, free_port, wait_until
from sample import Report

RUNS = 5
SIZE = 1 << 30
MACHINE = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "bench"},
           "spec": {"template": {"spec": {"domain": {}, "volumes": [
               {"name": "root", "persistentVolumeClaim": {"claimName": "root"}}]}}}}


def make_disk(path):
    """Like a disk with a system: programs, random data that does not compress, and zeros."""
    programs = b"".join(
        file.read_bytes() for file in sorted(pathlib.Path("/usr/bin").iterdir())
        if file.is_file() and not file.is_symlink())[: 256 << 20]
    with path.open("wb") as disk:
        disk.write(programs)
        for _ in range(256):
            disk.write(os.urandom(1 << 20))
        disk.truncate(SIZE)


def measure(words, *, before=None):
    """Seconds that a command takes."""
    if before is not None:
        before()
    start = time.monotonic()
    done = subprocess.run([str(word) for word in words], capture_output=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"{words[0]}: {done.stderr.decode()}")
    return time.monotonic() - start


def remove(path):
    """Removes a file or a directory."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def compare(report, what, ours, theirs, target):
    """Runs of both in turn; theirs is the name and the function."""
    other, measure_other = theirs
    pairs = [(ours(), measure_other()) for _ in range(RUNS)]
    report.add(f"{what}: hookctl", "s", [own for own, _ in pairs])
    report.add(f"{what}: {other}", "s", [their for _, their in pairs])
    report.add(f"{what}: hookctl to {other}", "x", [own / their for own, their in pairs], target)


class Registry:
    """docker-registry, whose storage is emptied between runs."""

    def __init__(self, folder):
        self.port = free_port()
        self.storage = folder / "registry"
        settings = {"version": 0.1, "log": {"level": "error", "accesslog": {"disabled": True}},
                    "storage": {"filesystem": {"rootdirectory": str(self.storage)}},
                    "http": {"addr": f"127.0.0.1:{self.port}"}}
        path = folder / "registry.yml"
        path.write_text(json.dumps(settings), "utf-8")
        with open(folder / "registry.log", "wb") as log:
            self.process = subprocess.Popen(["docker-registry", "serve", path], stdout=log, stderr=log)

    def __enter__(self):
        url = f"http://127.0.0.1:{self.port}/v2/"
        wait_until(lambda: subprocess.run(["curl", "-sf", url], stdout=subprocess.DEVNULL,
                                          check=False).returncode == 0, "docker-registry answers")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def empty(self):
        """Forgets all that was pushed."""
        if self.storage.exists():
            shutil.rmtree(self.storage)


def measure_all(folder, report):
    """All rows."""
    hookctl = BUILD / "hookctl"
    disk, machine, layout = folder / "disk.raw", folder / "vm.json", folder / "layout"
    packed, archive, out, copy = (
        folder / "disk.zst", folder / "vm.tar", folder / "out", folder / "copy")
    make_disk(disk)
    machine.write_text(json.dumps(MACHINE), "utf-8")
    compare(report, "packing 1 GiB",
            lambda: measure([hookctl, "appliance", "push", f"oci-archive:{archive}", "-f", machine,
                             "-d", f"root={disk}"], before=lambda: remove(archive)),
            ("zstd -3", lambda: measure(["zstd", "-3", "-q", "-f", disk, "-o", packed])), "≤ 1.2")
    measure([hookctl, "appliance", "push", f"oci-archive:{archive}", "-f", machine,
             "-d", f"root={disk}", "-o", layout], before=lambda: remove(archive))
    with Registry(folder) as registry:
        host = f"127.0.0.1:{registry.port}"
        compare(report, "pushing 1 GiB",
                lambda: measure([hookctl, "appliance", "push", f"{host}/a/vm:1", "--layout", layout],
                                before=registry.empty),
                ("skopeo", lambda: measure(
                    ["skopeo", "copy", "-q", "--dest-tls-verify=false", f"oci:{layout}",
                     f"docker://{host}/b/vm:1"], before=registry.empty)), "≤ 1.2")
        compare(report, "pulling 1 GiB",
                lambda: measure([hookctl, "appliance", "pull", f"{host}/b/vm:1", "-o", out],
                                before=lambda: remove(out)),
                ("skopeo", lambda: measure(
                    ["skopeo", "copy", "-q", "--src-tls-verify=false", f"docker://{host}/b/vm:1",
                     f"oci:{copy}:1"], before=lambda: remove(copy))), "≤ 1.2")


def main():
    """Measures, or prints why it cannot."""
    lacking = [name for name in ("docker-registry", "skopeo", "zstd", "curl") if not shutil.which(name)]
    if lacking:
        print(f"no figures of registries: {', '.join(lacking)} is not installed", file=sys.stderr)
        return
    os.environ.setdefault("TMPDIR", "/var/tmp")
    with tempfile.TemporaryDirectory(prefix="hookline-bench-") as folder:
        measure_all(pathlib.Path(folder), Report(pathlib.Path(sys.argv[1])))


if __name__ == "__main__":
    main()
