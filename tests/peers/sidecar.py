#!/usr/bin/python3
"""A hook sidecar on python3-grpcio, as its users write them, and broken ones: each --behaviour is a
fault that a sidecar can have. It prints a line when it listens and a line for each call."""

import argparse
import functools
import json
import os
import pathlib
import sys
import threading
from concurrent import futures

# The protobuf messages that `make peers` makes.
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / os.environ.get("HOOKLINE_BUILD", "build") / "python"))

import grpc
import callbacks_v1alpha3_pb2 as callbacks  # the messages are the same in all three versions
import info_pb2

LIMITS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
ENTITY = b"<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>"
OTHER_DOMAIN = b"<domain type='kvm'><name>other</name></domain>"


def say(text):
    print(text, flush=True)


def marked_domain(xml, mark):
    """The domain with a comment at its end, so that the order of hops shows in the result."""
    return xml.replace(b"</domain>", f"<!--{mark}--></domain>".encode())


class Sidecar:
    """The answers of one sidecar."""

    def __init__(self, options):
        self.options = options
        self.fresh = True
        self.server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), options=LIMITS)

    def add_service(self, name, handlers):
        """Adds a service by name, without generated code."""
        service = grpc.method_handlers_generic_handler(name, handlers)
        self.server.add_generic_rpc_handlers([service])

    def serve(self):
        """Binds the socket and serves Info and the Callbacks of every version."""
        if self.options.behaviour != "no-info":
            self.add_service("kubevirt.hooks.info.Info", {"Info": unary(self.info)})
        handlers = {
            "OnDefineDomain": unary(self.on_define_domain, callbacks.OnDefineDomainParams),
            "PreCloudInitIso": unary(self.pre_cloud_init_iso, callbacks.PreCloudInitIsoParams),
            "Shutdown": unary(self.shutdown),
        }
        for version in ("v1alpha1", "v1alpha2", "v1alpha3"):
            self.add_service(f"kubevirt.hooks.{version}.Callbacks", handlers)
        self.server.add_insecure_port(f"unix:{self.options.socket}")
        self.server.start()

    def info(self, _request, context):
        say("called Info")
        behaviour = self.options.behaviour
        if behaviour == "silent-info":
            threading.Event().wait()
        if behaviour == "error-info":
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not today")
        if behaviour == "garbage-info":
            return b"\xff\xff\xff"
        result = info_pb2.InfoResult(name=self.options.name, versions=self.options.version)
        for name, priority in self.options.hook:
            result.hookPoints.add(name=name, priority=priority)
        return result.SerializeToString()

    def fault(self, context):
        """What may go wrong in any call."""
        behaviour = self.options.behaviour
        if behaviour == "die":
            os._exit(1)
        if behaviour == "hang" or (behaviour == "hang-once" and self.first()):
            over = threading.Event()
            if context.add_callback(over.set):  # it is not over already
                over.wait()
            say("called off")
        if behaviour == "error":
            context.abort(grpc.StatusCode.INTERNAL, "the disk\nis gone")
        if behaviour == "late":
            context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "the hook\nwas slow")
        if self.options.gate is not None:
            with open(self.options.gate, encoding="utf-8") as gate:
                gate.read()

    def first(self):
        """Whether it was not asked this before."""
        answer, self.fresh = self.fresh, False
        return answer

    def on_define_domain(self, request, context):
        say(f"called OnDefineDomain {request.vmi.decode(errors='replace')}")
        self.fault(context)
        xml = request.domainXML
        end = b"</domain>"
        returned = {
            "empty": lambda: b"",
            "other-domain": lambda: OTHER_DOMAIN,
            "other-uuid": lambda: xml.replace(b"<uuid>0", b"<uuid>1"),
            "huge": lambda: b"<domain>" + b" " * (20 << 20) + end,
            "ill-formed": lambda: xml.replace(end, b"</domian>"),
            "not-utf8": lambda: xml.replace(end, b"<!--\xff-->" + end),
            "entity": lambda: ENTITY + xml.replace(end, b"<title>&x;</title>" + end),
            "invalid": lambda: xml.replace(end, b"<no-such-element/>" + end),
        }.get(self.options.behaviour, lambda: marked_domain(xml, self.options.name))
        return callbacks.OnDefineDomainResult(domainXML=returned()).SerializeToString()

    def pre_cloud_init_iso(self, request, context):
        say(f"called PreCloudInitIso {request.cloudInitData.decode(errors='replace')}")
        self.fault(context)
        if self.options.older is not None:
            return callbacks.PreCloudInitIsoResult(
                cloudInitNoCloudSource=self.options.older.encode()
            ).SerializeToString()
        data = json.loads(request.cloudInitData)
        legacy = json.loads(request.cloudInitNoCloudSource)
        if self.options.behaviour == "legacy":
            legacy["userData"] += f"# {self.options.name}\n"
            data = {}
        else:
            data["UserData"] += f"# {self.options.name}\n"
        if self.options.depth:
            data["NoCloudMetaData"]["deep"] = functools.reduce(
                lambda inner, _: [inner], range(self.options.depth), 0
            )
        returned = json.dumps(data).encode() if self.options.behaviour != "bad-json" else b"{"
        return callbacks.PreCloudInitIsoResult(
            cloudInitData=returned, cloudInitNoCloudSource=json.dumps(legacy).encode()
        ).SerializeToString()

    def shutdown(self, _request, context):
        say("called Shutdown")
        self.fault(context)
        return callbacks.ShutdownResult().SerializeToString()


def unary(answer, request=callbacks.ShutdownParams):
    """A handler whose result is bytes already."""
    return grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=request.FromString,
        response_serializer=lambda message: message,
    )


def hook_point(text):
    """NAME or NAME=PRIORITY."""
    name, _, priority = text.partition("=")
    return name, int(priority or 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("socket")
    parser.add_argument("--name", default="python")
    parser.add_argument("--version", action="append")
    parser.add_argument("--hook", action="append", type=hook_point, metavar="NAME[=PRIORITY]")
    parser.add_argument("--behaviour", default="mark")
    parser.add_argument("--depth", type=int, help="of a list in the cloud-init data it returns")
    parser.add_argument("--older", help="the older form of cloud-init data that it returns, alone")
    parser.add_argument("--gate", help="a FIFO: a call is answered when it was opened and closed")
    options = parser.parse_args()
    options.version = options.version or ["v1alpha3"]
    options.hook = options.hook or [("OnDefineDomain", 0)]
    sidecar = Sidecar(options)
    sidecar.serve()
    say(f"listening {options.socket}")
    threading.Event().wait()


main()
