#!/usr/bin/python3
"""A launcher on python3-grpcio, which calls the methods of a sidecar one after the other over one
connection. For each it prints one line of JSON: code, message and the fields of the result.

usage: launcher.py SOCKET [--timeout SECONDS] METHOD [FIELD=TEXT|FIELD=@FILE]... [-- METHOD ...]

METHOD is the full name, as kubevirt.hooks.info.Info/Info; it need not exist."""

import argparse
import json
import os
import pathlib
import sys

sys.path.insert(0, os.environ.get("HOOKLINE_PYTHON", ""))

import callbacks_v1alpha1_pb2
import callbacks_v1alpha2_pb2
import callbacks_v1alpha3_pb2
import grpc
import info_pb2

MODULES = {
    module.DESCRIPTOR.package: module
    for module in (
        info_pb2,
        callbacks_v1alpha1_pb2,
        callbacks_v1alpha2_pb2,
        callbacks_v1alpha3_pb2,
    )
}
LIMITS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


def messages(method):
    """The classes of a method's request and result; those of Shutdown for an unknown one."""
    service, name = method.rsplit("/", 1)
    module = MODULES.get(service.rsplit(".", 1)[0], callbacks_v1alpha3_pb2)
    return tuple(
        getattr(module, name + suffix, getattr(callbacks_v1alpha3_pb2, "Shutdown" + suffix))
        for suffix in ("Params", "Result")
    )


def request_bytes(kind, fields):
    """The request with FIELD=TEXT and FIELD=@FILE put in."""
    values = {}
    for field in fields:
        name, text = field.split("=", 1)
        values[name] = pathlib.Path(text[1:]).read_bytes() if text[:1] == "@" else text.encode()
    return kind(**values).SerializeToString()


def shown(message):
    """The fields of a message, bytes as text."""
    if isinstance(message, info_pb2.InfoResult):
        points = [{"name": point.name, "priority": point.priority} for point in message.hookPoints]
        return {"name": message.name, "hookPoints": points, "versions": list(message.versions)}
    names = [field.name for field in message.DESCRIPTOR.fields]
    return {name: getattr(message, name).decode() for name in names}


def call(channel, method, fields, timeout):
    """Calls a method and returns what came of it."""
    request, result = messages(method)
    invoke = channel.unary_unary(f"/{method}", response_deserializer=result.FromString)
    try:
        answer = invoke(request_bytes(request, fields), timeout=timeout)
    except grpc.RpcError as error:
        return {"code": error.code().name, "message": error.details(), "result": None}
    return {"code": "OK", "message": "", "result": shown(answer)}


def main():
    parser = argparse.ArgumentParser(description="Calls the methods of a sidecar.")
    parser.add_argument("socket")
    parser.add_argument("--timeout", type=float)
    options, words = parser.parse_known_args(sys.argv[1:])
    calls = [[]]
    for word in words:
        if word == "--":
            calls.append([])
        else:
            calls[-1].append(word)
    with grpc.insecure_channel(f"unix:{options.socket}", options=LIMITS) as channel:
        for method, *fields in calls:
            print(json.dumps(call(channel, method, fields, options.timeout)), flush=True)


if __name__ == "__main__":
    main()
