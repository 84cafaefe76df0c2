#!/usr/bin/python3
"""Which requests the admission policy of launcher pods denies: the expressions in its manifest,
evaluated by a foreign CEL implementation."""

import copy
import json

import yaml

import support

FILE = support.ROOT / "deploy" / "launcher-pods" / "admission-policy.yaml"
CONTROLLER = "system:serviceaccount:hookline-system:hook-controller"
LABEL = "hookline.dev/launch"
OWNER = {
    "apiVersion": "kubevirt.io/v1",
    "kind": "VirtualMachineInstance",
    "name": "vm",
    "uid": "1",
    "controller": True,
}


def pod(labels=None, owners=(OWNER,), **metadata):
    """A launcher pod."""
    labels = {"kubevirt.io": "virt-launcher", LABEL: "true"} if labels is None else labels
    result = {"metadata": {"name": "virt-launcher-vm", "labels": labels, **metadata}}
    if owners:
        result["metadata"]["ownerReferences"] = [*owners]
    return result


class Policy(support.TestCase):
    def setUp(self):
        super().setUp()
        objects = yaml.safe_load_all(FILE.read_text(encoding="utf-8"))
        self.policy, self.binding = objects

    def denied(self, new, old=None, user="mallory"):
        """Whether the policy denies a request; the label must have selected it."""
        selected = any(
            item is not None and item["metadata"]["labels"].get(LABEL) == "true"
            for item in (new, old)
        )
        spec = self.policy["spec"]
        wanted = spec["matchConstraints"]["objectSelector"]["matchLabels"]
        self.assertEqual(wanted, {LABEL: "true"})
        if not selected:
            return False
        conditions = [item["expression"] for item in spec["matchConditions"]]
        rules = [item["expression"] for item in spec["validations"]]
        request = {
            "operation": "CREATE" if old is None else "UPDATE",
            "userInfo": {"username": user},
        }
        case = {"object": new, "oldObject": old, "request": request}
        done = support.run(
            ["node", support.ROOT / "tests" / "peers" / "cel.js"],
            stdin=json.dumps({"expressions": conditions + rules, "cases": [case]}),
            env=support.node_environment(),
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        [results] = json.loads(done.stdout)
        for index in range(len(conditions)):
            # an API server evaluates all of them; one that is false decides, whatever the others
            if results[index] is False:
                return False
        self.assertTrue(all(isinstance(result, bool) for result in results), results)
        return not all(results[len(conditions) :])

    def test_creation(self):
        other = {**OWNER, "kind": "VirtualMachine"}
        foreign = {**OWNER, "apiVersion": "example.org/v1"}
        mere = {key: value for key, value in OWNER.items() if key != "controller"}
        for user, denied in (("mallory", True), (CONTROLLER, False)):
            self.assertEqual(self.denied(pod(), user=user), denied)
        self.assertTrue(self.denied(pod(owners=[other, OWNER])))
        for owners in ((), [other], [foreign], [mere], [{**OWNER, "controller": False}]):
            self.assertFalse(self.denied(pod(owners=owners)), owners)
        for labels in ({}, {LABEL: "false"}, {"kubevirt.io": "virt-launcher"}):
            self.assertFalse(self.denied(pod(labels)), labels)

    def test_change(self):
        """The launcher pod itself may be changed, but no other pod into one."""
        real = pod()
        changed = copy.deepcopy(real)
        changed["metadata"]["labels"]["more"] = "yes"
        self.assertFalse(self.denied(changed, real))
        self.assertFalse(self.denied(pod({}), real))
        self.assertFalse(self.denied(pod(owners=()), real))
        self.assertTrue(self.denied(real, pod({})))
        self.assertTrue(self.denied(real, pod(owners=())))
        self.assertTrue(self.denied(real, pod(owners=[{**OWNER, "uid": "2"}])))
        self.assertTrue(self.denied(real, pod(owners=[{**OWNER, "controller": False}])))
        self.assertFalse(self.denied(real, pod({}), CONTROLLER))

    def test_is_enforced(self):
        spec = self.binding["spec"]
        self.assertEqual(spec["policyName"], self.policy["metadata"]["name"])
        self.assertEqual(spec["validationActions"], ["Deny"])
        self.assertEqual(self.policy["spec"]["failurePolicy"], "Fail")


if __name__ == "__main__":
    support.main()
