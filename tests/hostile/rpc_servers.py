"""The programs that a peer may flood over gRPC: sidecar-shim and hook-manager serve as servers,
hook-manager as the client of a sidecar; and the honest calls that they answer meanwhile."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import support
import callbacks_v1alpha3_pb2
import domain_hook_pb2
import info_pb2
from floods import Sidecar

SHIM_METHOD = "/kubevirt.hooks.v1alpha3.Callbacks/OnDefineDomain"
PLUGIN_METHOD = "/kubevirt.hooks.plugins.v1alpha1.DomainHookService/MutateDomain"
# How much one peer may add to the resident memory, at most.
BOUND_MIB = 80
DOMAIN = b"<domain><name>x</name><uuid>0c1d2e3f-0000-4000-8000-000000000001</uuid></domain>"

# Honest calls: a method and a request; and the answer to the last.
INFO = ("/kubevirt.hooks.info.Info/Info", b"")
MUTATION = (
    PLUGIN_METHOD,
    domain_hook_pb2.MutateDomainRequest(
        domain_type="libvirt",
        domain=b"<domain/>",
        vmi=b"{}",
        sidecar_context=domain_hook_pb2.SidecarContext(invocation_context="MigrationSource"),
    ).SerializeToString(),
)
MUTATED = domain_hook_pb2.MutateDomainResponse(domain=b"<domain/>").SerializeToString()


def shim_info(*points):
    """The answer of a shim with these hook points to INFO."""
    return info_pb2.InfoResult(
        name="shim",
        versions=["v1alpha3"],
        hookPoints=[info_pb2.HookPoint(name=point) for point in points],
    ).SerializeToString()


def define_domain(document):
    """A call of OnDefineDomain."""
    sent = callbacks_v1alpha3_pb2.OnDefineDomainParams(domainXML=document.encode(), vmi=b"{}")
    return SHIM_METHOD, sent.SerializeToString()


def defined_domain(document):
    """Its answer."""
    return callbacks_v1alpha3_pb2.OnDefineDomainResult(domainXML=document).SerializeToString()


def spawn(test, words, said, environment=None):
    """Starts a program for a test and waits for a line of its log, whose rest is dropped."""
    process = test.spawn(words, env=environment, stderr=subprocess.PIPE, text=True)
    test.wait_for_line(process.stderr, said)
    test.spawn(["/usr/bin/cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
    return process


def start_shim(test, directory, path="", *flags):
    """Starts a sidecar-shim with its socket in a directory and hooks in a $PATH, by default none;
    returns the process and the socket."""
    directory.mkdir(parents=True, exist_ok=True)
    words = [support.program("sidecar-shim"), "--version", "v1alpha3", "--socket-dir", directory]
    environment = {**os.environ, "PATH": path or str(test.tmp)}
    process = spawn(test, [*words, *flags], "is now exposing", environment)
    return process, max(directory.glob("shim-*.sock"), key=lambda each: each.stat().st_ctime_ns)


def start_plugin(test):
    """Starts a hook-manager serve without sidecars; returns the process and the socket."""
    sockets = test.tmp / "no-sockets"
    sockets.mkdir(exist_ok=True)
    path = test.tmp / "plugin" / "hook.sock"
    words = ["--sidecars", 0, "--socket-dir", sockets, "--plugin-socket", path]
    return spawn(test, [support.program("hook-manager"), "serve", *words], "serving Mutate"), path


def start_chain(sockets):
    """Starts a hook-manager that has the one sidecar below a directory of sockets define DOMAIN."""
    words = ["on-define-domain", "--sidecars", "1", "--socket-dir", sockets, "--timeout", "100s"]
    process = subprocess.Popen(
        [support.program("hook-manager"), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdin.write(DOMAIN)
    process.stdin.close()
    process.stdin = None
    return process


def flood_manager(directory, frames):
    """Has a sidecar flood a hook-manager with these frames; returns the sidecar, and the exit
    status, the largest resident memory in MiB, and the log of hook-manager."""
    path = directory / "sockets" / "hook-sidecar-0" / "a.sock"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    sidecar = Sidecar(path, frames)
    sidecar.start()
    with start_chain(path.parent.parent) as process:
        sidecar.join(support.PATIENCE)
        said = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return sidecar, process.returncode, usage.ru_maxrss / 1024, said
