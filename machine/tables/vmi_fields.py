#!/usr/bin/python3
"""Lists the fields of a VirtualMachineInstance: vmi_fields.py CRD.json > vmi_fields.txt.

CRD.json is KubeVirt's CustomResourceDefinition, as `kubectl get crd -o json` prints it. Each line
of the list is a field of spec and its type; [] stands for the items of an array. Fields of objects
that Kubernetes defines (what a pod's affinity has, and the like) are listed with the others."""

import json
import sys

VERSION = "v1"


def describe(schema):
    """The type of a value, in words."""
    if schema.get("x-kubernetes-int-or-string"):
        return "quantity"
    if "additionalProperties" in schema:
        return f"map of {describe(schema['additionalProperties'])}"
    if schema.get("type") == "array":
        return f"array of {describe(schema['items'])}"
    return schema.get("type", "object")


def walk(path, schema):
    """Yields the path and type of a field, then of the fields below it."""
    yield path, describe(schema)
    below = schema
    if schema.get("type") == "array":
        path, below = path + "[]", schema["items"]
    for name in sorted(below.get("properties", {})):
        yield from walk(f"{path}.{name}", below["properties"][name])


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        versions = json.load(file)["spec"]["versions"]
    version = next(version for version in versions if version["name"] == VERSION)
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    for path, kind in walk("spec", spec):
        print(f"{path} {kind}")


if __name__ == "__main__":
    main()
