#!/usr/bin/python3
"""Which objects an API server with match conditions sends to the webhooks: the expressions in the
manifests, evaluated by a foreign CEL implementation."""

import copy
import json

import yaml

import support
from support import ROOT

OVERLAYS = ("kubevirt-since-1.28", "standalone-since-1.28")
KEYS = ("hooks.kubevirt.io/hookSidecars", "hookline.dev/hookSidecars")
PREFIXES = ("appliance.kubevirt.io/", "appliance.hookline.dev/")
# Each kind, and the paths at which its objects can have the annotation.
PLACES = {
    "VirtualMachineInstance": ["metadata"],
    "VirtualMachine": ["metadata", "spec.template.metadata"],
    "VirtualMachineInstanceReplicaSet": ["metadata", "spec.template.metadata"],
    "VirtualMachinePool": [
        "metadata",
        "spec.virtualMachineTemplate.metadata",
        "spec.virtualMachineTemplate.spec.template.metadata",
    ],
    "VirtualMachineInstancetype": ["metadata", "spec"],
    "VirtualMachineClusterInstancetype": ["metadata", "spec"],
    "VirtualMachinePreference": ["metadata", "spec"],
    "VirtualMachineClusterPreference": ["metadata", "spec"],
}
# Operations on an object, and whether it is sent to the webhook, by the change of its annotation.
OPERATIONS = ("create", "label", "status", "spec", "delete")
TABLE = {
    "absent": (False, False, False, False, False),
    "there": (True, False, False, True, False),
    "added": (True, True, True, True, False),
    "changed": (True, True, True, True, False),
    "removed": (False, False, False, False, False),
}


def path(root, place):
    """The object at a path, created if it does not exist."""
    for part in place.split("."):
        root = root.setdefault(part, {})
    return root


def pair(state, operation, place, key):
    """The object and the old object of a request."""
    old = {
        "metadata": {"name": "vm", "labels": {"a": "1"}, "annotations": {"other": "1"}},
        "spec": {"runStrategy": "Always", "template": {"metadata": None, "spec": {"domain": {}}}},
        "status": {"phase": "Scheduled"},
    }
    if place.startswith("spec.template"):
        old["spec"]["template"]["metadata"] = {"labels": {"b": "2"}}
    new = copy.deepcopy(old)
    if state in ("there", "changed", "removed"):
        path(old, place).setdefault("annotations", {})[key] = "[]"
    if state in ("there", "added", "changed"):
        text = "[]" if state == "there" else "[{}]"
        path(new, place).setdefault("annotations", {})[key] = text
    if operation == "create":
        return new, None
    if operation == "label":
        new["metadata"]["labels"]["a"] = "2"
        new["metadata"]["annotations"]["other"] = "2"
    elif operation == "status":
        new["status"] = {"phase": "Running"}
    elif operation == "spec":
        new["spec"]["runStrategy"] = "Halted"
    else:
        new["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        new["metadata"]["finalizers"] = []
    return new, old


def webhooks(overlay):
    """The webhooks of an overlay by name."""
    file = ROOT / "deploy" / "overlays" / overlay / "webhooks.yaml"
    documents = yaml.safe_load_all(file.read_text(encoding="utf-8"))
    return {webhook["name"]: webhook for item in documents for webhook in item["webhooks"]}


class Conditions(support.TestCase):
    def come(self, webhook, pairs):
        """Whether each object is sent to a webhook; an error in a condition fails the test."""
        conditions = [item["expression"] for item in webhook["matchConditions"]]
        cases = [{"object": new, "oldObject": old} for new, old in pairs]
        done = support.run(
            ["node", ROOT / "tests" / "peers" / "cel.js"],
            stdin=json.dumps({"expressions": conditions, "cases": cases}),
            env=support.node_environment(),
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        results = json.loads(done.stdout)
        for case, result in zip(cases, results):
            self.assertTrue(all(isinstance(item, bool) for item in result), (result, case))
        return [all(result) for result in results]

    def test_machines(self):
        """Each kind, each place, both keys, each row and column of the table."""
        rows = [
            (kind, place, key, state, operation, TABLE[state][column])
            for kind, places in PLACES.items()
            for place in places
            for key in KEYS
            for state in TABLE
            for column, operation in enumerate(OPERATIONS)
        ]
        pairs = [pair(state, operation, place, key) for _, place, key, state, operation, _ in rows]
        for overlay in OVERLAYS:
            come = self.come(webhooks(overlay)["machines.hookline.dev"], pairs)
            for row, comes in zip(rows, come):
                self.assertEqual(comes, row[-1], (overlay, *row[:-1]))

    def test_appliances(self):
        """VMs and DataSources, by annotations of their own; the webhook that completes is called
        for nothing but creations."""
        machine_keys = [prefix + name for prefix in PREFIXES for name in ("from", "authorization")]
        source_keys = [prefix + name for prefix in PREFIXES for name in ("vm-spec", "parameters")]
        for overlay in OVERLAYS:
            completes = webhooks(overlay)["completions.hookline.dev"]
            self.assertEqual([rule["operations"] for rule in completes["rules"]], [["CREATE"]])
            self.assertEqual(completes["reinvocationPolicy"], "Never")
            for name, keys in (
                ("completions.hookline.dev", machine_keys),
                ("appliances.hookline.dev", machine_keys + source_keys),
            ):
                webhook = webhooks(overlay)[name]
                rows = [
                    (key, state, operation, TABLE[state][column])
                    for key in keys
                    for state in TABLE
                    for column, operation in enumerate(OPERATIONS)
                    if name.startswith("appliances") or operation == "create"
                ]
                pairs = [
                    pair(state, operation, "metadata", key) for key, state, operation, _ in rows
                ]
                for row, comes in zip(rows, self.come(webhook, pairs)):
                    self.assertEqual(comes, row[-1], (overlay, name, *row[:-1]))
                other = {"metadata": {"annotations": {PREFIXES[0] + "other": "1"}}}
                self.assertEqual(self.come(webhook, [(other, None)]), [False])

    def test_pods(self):
        """A pod is sent only if it has one of the keys."""
        pods = [
            ({}, False),
            ({"annotations": None}, False),
            ({"annotations": {}}, False),
            ({"annotations": {"kubevirt.io/domain": "vm"}}, False),
            ({"annotations": {KEYS[0]: "[]"}}, True),
            ({"annotations": {KEYS[1]: ""}}, True),
        ]
        for overlay in OVERLAYS:
            webhook = webhooks(overlay)["pods.hookline.dev"]
            come = self.come(webhook, [({"metadata": metadata}, None) for metadata, _ in pods])
            self.assertEqual(come, [comes for _, comes in pods])

    def test_odd_objects(self):
        """KubeVirt's schema does not restrict a template's metadata: whatever is there, an object
        without a key passes, and one with a key somewhere else is sent."""
        odd = (None, "text", 7, True, [], ["annotations"], {}, {"annotations": None})
        odd += tuple({"annotations": value} for value in ("text", 7, [], [KEYS[0]], {"a": None}))
        webhook = webhooks(OVERLAYS[0])["machines.hookline.dev"]
        for has_key in (False, True):
            annotations = {KEYS[0]: "[]"} if has_key else {}
            objects = [{"metadata": {"annotations": annotations}}]
            for value in odd:
                for spec in (
                    value,
                    {"template": value},
                    {"template": {"metadata": value}},
                    {"virtualMachineTemplate": value},
                    {"virtualMachineTemplate": {"metadata": value, "spec": value}},
                    {"virtualMachineTemplate": {"spec": {"template": {"metadata": value}}}},
                ):
                    objects.append({"metadata": {"annotations": annotations}, "spec": spec})
            come = self.come(webhook, [(item, None) for item in objects])
            self.assertEqual(come, [has_key] * len(objects))

    def test_nobody_waits_who_has_no_key(self):
        """Without match conditions the webhooks fail open after a short time; with them they fail
        closed."""
        before = ROOT / "deploy" / "base" / "webhooks.yaml"
        for item in yaml.safe_load_all(before.read_text(encoding="utf-8")):
            for webhook in item["webhooks"]:
                self.assertEqual(webhook["failurePolicy"], "Ignore")
                self.assertLessEqual(webhook["timeoutSeconds"], 3)
                self.assertNotIn("matchConditions", webhook)
        for overlay in OVERLAYS:
            for webhook in webhooks(overlay).values():
                self.assertEqual(webhook["failurePolicy"], "Fail")

    def test_manifests_are_those_of_the_program(self):
        """`make webhooks` has been run since the table of keys and kinds was last changed."""
        for version, files in (
            ("1.27", ["base"]),
            ("1.28", [f"overlays/{overlay}" for overlay in OVERLAYS]),
        ):
            done = support.run([support.program("hook-controller"), f"--print-webhooks={version}"])
            self.assertEqual(done.returncode, 0, done.stderr)
            for name in files:
                file = ROOT / "deploy" / name / "webhooks.yaml"
                self.assertTrue(file.read_text(encoding="utf-8").endswith(done.stdout), file)

    def test_other_key(self):
        """With a custom key the conditions look only for that."""
        words = [support.program("hook-controller"), "--print-webhooks=v1.34.2"]
        done = support.run([*words, "--annotation-key=example.com/hooks"])
        self.assertNotIn(KEYS[0], done.stdout)
        documents = list(yaml.safe_load_all(done.stdout))
        objects = [
            ({"metadata": {"annotations": {key: "[]"}}, "spec": {}}, None)
            for key in (KEYS[0], "example.com/hooks")
        ]
        for item in documents:
            self.assertEqual(self.come(item["webhooks"][0], objects), [False, True])

    def test_wrong_flags(self):
        for flag, value, message in (
            ("print-webhooks", "latest", '"latest" is not a version of Kubernetes, such as 1.34'),
            ("print-webhooks", "1", '"1" is not a version of Kubernetes, such as 1.34'),
            ("annotation-key", "a'b", '"a\'b" is not the key of an annotation'),
        ):
            words = ["--print-webhooks=1.34", f"--{flag}={value}"]
            done = support.run([support.program("hook-controller"), *words])
            self.assertEqual(done.returncode, 2)
            self.assertIn(message, done.stderr)


if __name__ == "__main__":
    support.main()
