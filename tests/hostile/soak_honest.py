#!/usr/bin/python3
"""The honest clients of the soak: soak_honest.py NAME (children.py)."""

import base64
import contextlib
import http.client
import itertools
import json
import pathlib
import select
import ssl
import threading
import time

import children
from http2_frames import Client
from rpc_servers import (
    DOMAIN,
    INFO,
    MUTATED,
    MUTATION,
    define_domain,
    defined_domain,
    shim_info,
    start_chain,
)
from test_hook_controller import SIDECAR, launcher_pod, machine, review
from webhooks import REVIEW_S, support

LARGE = 1_000_000  # bytes of a large review; objects have up to 1.5 MB
SCRAPE_S = 10  # Prometheus' own time-out
# What an API server's connections do: whether they are kept, whether their reviews are large, and
# the seconds between two reviews. One is idle for so long that it is always displaced.
CONNECTIONS = [
    (True, False, 0.1),
    (True, False, 0.3),
    (True, False, 1),
    (True, False, 6),
    (False, False, 0.2),
    (False, False, 0.4),
    (True, True, 2),
    (False, True, 3),
]
ALLOWED = {"path": "/var/lib/kubevirt/images/a", "type": "Directory", "volumePath": "/a"}
FORBIDDEN = {"path": "/etc", "type": "Directory", "volumePath": "/etc"}


def virtual_machine(sidecars):
    """The review of a VirtualMachine."""
    vmi = machine(sidecars)
    made = review(vmi)
    made["request"]["kind"]["kind"] = "VirtualMachine"
    made["request"]["resource"]["resource"] = "virtualmachines"
    made["request"]["object"] = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": "vm"},
        "spec": {"template": {"metadata": vmi["metadata"], "spec": vmi["spec"]}},
    }
    return made


def cases():
    """Reviews: path, body, whether it is allowed, and a part of the patch or of the message."""
    good, wrong = [SIDECAR], [{**SIDECAR, "imagePullPolicy": "Sometimes"}]
    allowed, forbidden = ([{**SIDECAR, "hostPath": path}] for path in (ALLOWED, FORBIDDEN))
    for sidecars, is_allowed, of_pod, of_machine in (
        ([], True, "", ""),
        (good, True, "hook-sidecar-0", ""),
        (wrong, False, "imagePullPolicy", "imagePullPolicy"),
        (allowed, True, ALLOWED["path"], ""),
        (forbidden, False, "/etc", "/etc"),
    ):
        yield "/mutate-pods", review(launcher_pod(sidecars)), is_allowed, of_pod
        yield "/validate-machines", review(machine(sidecars)), is_allowed, of_machine
        yield "/validate-machines", virtual_machine(sidecars), is_allowed, of_machine


class Connection:
    """A connection of an API server, which is opened anew when the server has closed it."""

    def __init__(self, target, kept):
        self.context = ssl.create_default_context(cafile=target["ca"])
        self.port = target["webhooks"]
        self.kept = kept
        self.open = None

    def close(self):
        if self.open is not None:
            self.open.close()
            self.open = None

    def post(self, path, body):
        """Sends a review; returns the response of the answer."""
        if self.open is not None and select.select([self.open.sock], [], [], 0)[0]:
            self.close()
        reused = self.open is not None
        if not reused:
            self.open = http.client.HTTPSConnection(
                "localhost", self.port, context=self.context, timeout=REVIEW_S
            )
        try:
            self.open.request("POST", path, body, {"Content-Type": "application/json"})
            answer = self.open.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            kind = "a kept" if reused else "a new"
            raise AssertionError(f"{kind} connection: {error!r}") from error
        if not self.kept or answer.will_close:
            self.close()
        if answer.status != 200:
            raise AssertionError(f"{answer.status}: {text[:200]}")
        return json.loads(text)["response"]


def check_review(connection, case, large):
    """A review gets the right verdict in time."""
    path, body, allowed, part = case
    begin = time.monotonic()
    text = json.dumps(body).encode()
    response = connection.post(path, text.ljust(LARGE) if large else text)
    if time.monotonic() - begin > REVIEW_S:
        raise AssertionError("too late")
    said = base64.b64decode(response.get("patch", "")).decode() if allowed else str(response)
    if response["allowed"] != allowed or part not in said or (said and not part):
        raise AssertionError(f"the wrong verdict: {response}")


def send_reviews(target, stopped, report):
    """The reviews of all connections."""

    def send(number, kept, large, pause):
        connection = Connection(target, kept)
        size, kind = "large" if large else "small", "kept" if kept else "new"
        for case in itertools.islice(itertools.cycle(cases()), number, None):
            if stopped.wait(pause):
                break
            what = f"{size} reviews on {kind} connections"
            report.attempt(what, check_review, connection, case, large)
        connection.close()

    threads = [
        threading.Thread(target=send, args=(number, *how)) for number, how in enumerate(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def get(port, path, timeout, part=""):
    """A page is served."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200 or part not in text:
            raise AssertionError(f"{path}: {answer.status}: {text[:200]}")


def probe(target, stopped, report):
    """The kubelet."""
    for path in ("/healthz", "/readyz"):
        report.attempt("probes", get, target["health"], path, REVIEW_S)
    stopped.wait(1)


def scrape(target, stopped, report):
    """Prometheus."""
    report.attempt("scrapes", get, target["metrics"], "/metrics", SCRAPE_S, "hookline_build_info")
    stopped.wait(1)


def call(path, made, wanted):
    """A call on a connection of its own gets its answer."""
    with contextlib.closing(Client(path, REVIEW_S)) as client:
        answer = client.call(*made)
    if answer != wanted:
        raise AssertionError(f"{made[0]}: the wrong answer: {answer[:200]}")


def call_shim(target, stopped, report):
    wanted = shim_info("OnDefineDomain", "Shutdown")
    report.attempt("calls of Info", call, target["shim"], INFO, wanted)
    wanted = defined_domain(DOMAIN + b"\n")
    made = define_domain(DOMAIN.decode())
    report.attempt("calls of OnDefineDomain", call, target["shim"], made, wanted)
    stopped.wait(0.1)


def call_plugin(target, stopped, report):
    report.attempt("calls of MutateDomain", call, target["plugin"], MUTATION, MUTATED)
    stopped.wait(0.1)


def run_chain(sockets):
    """hook-manager has a document defined."""
    with start_chain(sockets) as process:
        defined, said = process.communicate(timeout=support.PATIENCE)
    if process.returncode != 0 or DOMAIN not in defined:
        raise AssertionError(f"hook-manager: status {process.returncode}: {said.decode()}")


def run_chains(target, stopped, report):
    sockets = pathlib.Path(target["shim"]).parent.parent
    report.attempt("chains of hook-manager", run_chain, sockets)
    stopped.wait(0.5)


HONEST = {
    each.__name__: each
    for each in (send_reviews, probe, scrape, call_shim, call_plugin, run_chains)
}

if __name__ == "__main__":
    children.main(HONEST)
