#!/usr/bin/python3
"""virt-launcher's side of the Plugin API on python3-grpcio: dials the socket, waits until connected
as virt-launcher does (2 s, authority "localhost"), and calls MutateDomain with a deadline, one call
after another over that connection. For each it prints one line of JSON: its number, code, message
and domain. The VMI of call N is {"call": N}.

With --at-once all calls are started before the first is awaited, and each is printed when it ends; a
line on standard input then cancels those that are still under way."""

import argparse
import json
import os
import pathlib
import sys
import threading

# The protobuf messages that `make peers` makes.
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / os.environ.get("HOOKLINE_BUILD", "build") / "python"))

import domain_hook_pb2 as messages
import grpc

METHOD = "/kubevirt.hooks.plugins.v1alpha1.DomainHookService/MutateDomain"
DIAL_SECONDS = 2
OPTIONS = [
    ("grpc.default_authority", "localhost"),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
]


def dial(socket):
    """A channel that is connected."""
    channel = grpc.insecure_channel(f"unix:{socket}", options=OPTIONS)
    grpc.channel_ready_future(channel).result(timeout=DIAL_SECONDS)
    return channel


def start(channel, options, domain, number):
    """Starts a call and returns its future."""
    request = messages.MutateDomainRequest(
        domain_type=options.domain_type,
        domain=domain,
        vmi=json.dumps({"call": number}).encode(),
    )
    if options.context is not None:
        request.sidecar_context.invocation_context = options.context
    invoke = channel.unary_unary(
        METHOD,
        request_serializer=messages.MutateDomainRequest.SerializeToString,
        response_deserializer=messages.MutateDomainResponse.FromString,
    )
    return invoke.future(request, timeout=options.timeout)


def finish(future, number):
    """Waits for a call and prints what came of it."""
    try:
        answer = {"code": "OK", "message": "", "domain": future.result().domain.decode()}
    except grpc.RpcError as error:
        answer = {"code": error.code().name, "message": error.details(), "domain": None}
    except grpc.FutureCancelledError:
        answer = {"code": "CANCELLED", "message": "by this client", "domain": None}
    sys.stdout.write(json.dumps({"call": number, **answer}) + "\n")
    sys.stdout.flush()


def cancel_on_line(futures):
    """Cancels the calls when a line comes."""
    if sys.stdin.readline() != "":
        for future in futures:
            future.cancel()


def main():
    parser = argparse.ArgumentParser(description="Calls MutateDomain as virt-launcher does.")
    parser.add_argument("socket")
    parser.add_argument("domain", help="a file")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--at-once", action="store_true")
    parser.add_argument("--timeout", type=float, default=100)
    parser.add_argument("--domain-type", default="libvirt")
    parser.add_argument("--context", default="Boot")
    parser.add_argument("--no-context", dest="context", action="store_const", const=None)
    options = parser.parse_args()
    domain = pathlib.Path(options.domain).read_bytes()
    with dial(options.socket) as channel:
        if not options.at_once:
            for number in range(options.count):
                finish(start(channel, options, domain, number), number)
            return
        futures = [start(channel, options, domain, number) for number in range(options.count)]
        threading.Thread(target=cancel_on_line, args=[futures], daemon=True).start()
        finishers = [
            threading.Thread(target=finish, args=[future, number])
            for number, future in enumerate(futures)
        ]
        for finisher in finishers:
            finisher.start()
        for finisher in finishers:
            finisher.join()


main()
