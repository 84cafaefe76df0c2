#!/usr/bin/python3
"""The attacks of the soak that clients and peers make: soak_attackers.py NAME (children.py)."""

import concurrent.futures
import contextlib
import http.client
import itertools
import os
import pathlib
import ssl
import tempfile
import threading

import children
import clients
import reviews
from attack_descendants import GENTLE
from floods import (
    CLIENT_FLOODS,
    SERVER_FLOODS,
    Uploads,
    abandon_calls,
    flood,
    open_connections,
    stay_open,
    upload_abreast,
)
from http2_frames import Client
from rpc_servers import BOUND_MIB, PLUGIN_METHOD, SHIM_METHOD, define_domain, flood_manager
from webhooks import REVIEW_S, support

HOLD_S = 2  # how long idle connections are held; the next attack follows
UPLOAD_S = 8  # until the server has dropped what is too slow
NICE = 10
GRACE_S = 10  # in which an attack ends, unless it is slow, which is no failure
ABREAST = 6  # costly reviews at once


@contextlib.contextmanager
def attacker(target, count=None):
    """Clients with addresses of their own, of which they use so many."""
    context = ssl.create_default_context(cafile=target["ca"])
    addresses = [address.replace("127.0.1.", target["net"]) for address in clients.ADDRESSES]
    with clients.many_descriptors():
        made = clients.Clients(target["webhooks"], context, support.PATIENCE, addresses[:count])
        with contextlib.closing(made):
            yield made


def idle_metrics(target, stopped, report):
    with attacker(target) as each:
        report.add("idle connections to the metrics", each.crowd(target["metrics"], 100))
        stopped.wait(HOLD_S)


def no_handshake(target, stopped, report):
    with attacker(target) as each:
        report.add("connections without TLS", each.crowd(target["webhooks"], clients.CROWD))
        stopped.wait(HOLD_S)


def kept_alive(target, stopped, report):
    with attacker(target) as each:
        report.add("connections idle after an answer", each.keep_alive(1200))
        stopped.wait(HOLD_S)


def one_address(target, stopped, report):
    with attacker(target, 1) as each:
        report.add("connections from one address", each.keep_alive(700))
        stopped.wait(HOLD_S)


def come_and_go(target, stopped, report):
    with attacker(target) as each:
        opened = each.come_and_go(stopped, threading.Event())
        report.add("connections that come and go", opened)


def long_heads(target, stopped, report):
    with attacker(target) as each:
        report.add("headers that never end", each.long_heads(1200))
        stopped.wait(HOLD_S)


def uploads(target, stopped, report):
    few, many = [(12, clients.LARGEST - 4096)], [(200, clients.LARGEST // 2)]
    for sizes in (few, many, clients.ALL_SIZES):
        over = threading.Event()
        with attacker(target) as each, contextlib.ExitStack() as stack:
            try:
                for count, size in sizes:
                    stack.enter_context(each.upload(count, size, over))
                    report.add("bodies that never end", count)
                stopped.wait(UPLOAD_S)
            finally:
                over.set()
        if stopped.is_set():
            return


def send_review(target, context, path, body):
    """Sends a review, and reads the answer, if there is one."""
    connection = http.client.HTTPSConnection(
        "localhost",
        target["webhooks"],
        context=context,
        timeout=REVIEW_S,
        source_address=(target["net"] + "1", 0),
    )
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        connection.getresponse().read()


def costly_reviews(target, stopped, report):
    context = ssl.create_default_context(cafile=target["ca"])
    bodies = list(reviews.COSTLY.values())
    for more in reviews.STRANGE.values():
        bodies.append(("/validate-machines", reviews.machine({}, more)))
        bodies.append(("/mutate-pods", reviews.pod(reviews.sidecars({"image": 7}), more)))
    bodies.append(("/mutate-pods", reviews.pod({}).ljust(clients.LARGEST)))

    def send(begin):
        for path, body in itertools.cycle(bodies[begin:] + bodies[:begin]):
            if stopped.is_set():
                return
            send_review(target, context, path, body)
            report.add("costly and strange reviews")

    with concurrent.futures.ThreadPoolExecutor(ABREAST) as pool:
        list(pool.map(send, range(ABREAST)))


def flood_server(path, method, stopped, report):
    """All that a client may do to a server, one after the other."""
    for attack, reads in itertools.product(CLIENT_FLOODS.values(), (False, True)):
        if stopped.is_set():
            return
        flood(path, method, attack, reads)
        report.add(f"floods of {path.name}")
    others = (
        lambda: abandon_calls(path, method),
        lambda: stay_open(path, method),
        lambda: Uploads(path, method, range(1, 400, 2)).run(),
        lambda: upload_abreast(path, method),
        lambda: list(open_connections(path, method, 200)),
    )
    for other in others:
        if stopped.is_set():
            return
        with contextlib.suppress(OSError):
            other()
        report.add(f"floods of {path.name}")


def flood_shim(target, stopped, report):
    flood_server(pathlib.Path(target["shim"]), SHIM_METHOD, stopped, report)


def flood_plugin(target, stopped, report):
    flood_server(pathlib.Path(target["plugin"]), PLUGIN_METHOD, stopped, report)


def check_flooded_manager(frames):
    """hook-manager ends with an error that names the sidecar, which hangs up once it has ended its
    attack: on a busy machine that may be before the first answer was due, and a time-out."""
    with tempfile.TemporaryDirectory(prefix="hookline-test-") as directory:
        _, status, peak, said = flood_manager(pathlib.Path(directory), frames)
    if status not in (3, 4, 5) or "hook-sidecar-0" not in said or peak > BOUND_MIB:
        raise AssertionError(f"hook-manager: status {status}, {peak:.0f} MiB: {said}")


def flood_client(_, stopped, report):
    for frames in SERVER_FLOODS.values():
        if stopped.is_set():
            return
        report.attempt("floods of hook-manager as a client", check_flooded_manager, frames)


def leave_processes(target, stopped, report):
    """Hooks that fail, and leave processes in each way."""
    for way in GENTLE:
        if stopped.is_set():
            return
        with contextlib.suppress(OSError, EOFError):
            client = Client(target["shim"], support.PATIENCE)
            with contextlib.closing(client):
                client.call(*define_domain(f"{target['escape']} {way}; exit 3"))
        report.add("hooks that leave processes")


ATTACKS = {
    each.__name__: each
    for each in (
        idle_metrics,
        no_handshake,
        kept_alive,
        one_address,
        come_and_go,
        long_heads,
        uploads,
        costly_reviews,
        flood_shim,
        flood_plugin,
        flood_client,
        leave_processes,
    )
}

def yield_processors():
    """Lets the others go first: in a cluster, attackers have processors of their own."""
    os.nice(NICE)
    group = pathlib.Path("/proc/self/autogroup")  # of the session, which nice does not reach
    if group.exists():
        group.write_text(str(NICE), "ascii")


if __name__ == "__main__":
    yield_processors()
    children.main(ATTACKS, GRACE_S, 0)
