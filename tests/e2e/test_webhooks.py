#!/usr/bin/python3
"""The webhooks as users see them: through kubectl and the API server."""

import copy
import json
import unittest

import support
from integration.support import UPSTREAM
from support import SYSTEM, machine, owned_by

PODS = UPSTREAM / "pods"
KEY = "metadata.annotations[hooks.kubevirt.io/hookSidecars]"
# Two errors in the annotation, and one denied by the policy.
FAULTY = [
    {"configMap": {"name": "a", "key": "b", "hookPath": "/nowhere"}},
    {"imagePullPolicy": "Sometimes"},
    {"hostPath": {"path": "/etc", "volumePath": "/host-etc"}},
]
FAULTY_FIELDS = ["[0].configMap.hookPath", "[1].imagePullPolicy", "[2].hostPath.path"]
POLICY = """
apiVersion: hookline.dev/v1alpha1
kind: HostPathPolicy
rules:
- pathPrefixes: [%s]
"""


def reading(path):
    """A sidecar with a directory of its node."""
    return {
        "args": ["--version", "v1alpha2"],
        "hostPath": {"path": path, "volumePath": "/host", "readOnly": True},
    }


def launcher_pod(name, sidecars, **spec):
    """A launcher pod like KubeVirt's, reduced to the essentials."""
    compute = {
        "name": "compute",
        "image": support.image("hook-launcher"),
        "args": ["--hook-sidecars", "0"],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": {"kubevirt.io": "virt-launcher"},
            "annotations": {"hooks.kubevirt.io/hookSidecars": json.dumps(sidecars)},
        },
        # No node has the label: these tests are about the pods, not what runs in them.
        "spec": {"containers": [compute], "nodeSelector": {"example.com/none": ""}, **spec},
    }


class MachinesTest(support.InstalledCase):
    """Objects are validated when users apply them."""

    def objects(self):
        machines = (support.ROOT / "tests/e2e/data/machines.yaml").read_text(encoding="utf-8")
        made = self.kubectl("create", "--dry-run=client", "-o", "json", "-f", "-", stdin=machines)
        return super().objects() + [
            item for value in support.json_values(made) for item in value.get("items", [value])
        ]

    def assert_refused(self, *objects, **words):
        """Checks that they are refused at apply; returns kubectl's message."""
        with self.assertRaises(support.KubectlError) as raised:
            self.apply(*objects, **words)
        return str(raised.exception)

    def test_every_finding(self):
        said = self.assert_refused(machine("faulty", FAULTY))
        self.assertIn('The VirtualMachineInstance "faulty" is invalid: ', said)
        for field in FAULTY_FIELDS:
            self.assertIn(f"\n* {KEY}{field}: ", said)
        self.assertEqual(self.get("virtualmachineinstances"), [])

    def test_causes(self):
        """A client gets each finding with its field, and the code for invalid input or denial by
        policy."""
        path = f"/apis/kubevirt.io/v1/namespaces/{self.namespace}/virtualmachineinstances"
        for sidecars, code, reason, kinds in (
            (FAULTY, 422, "Invalid", ["FieldValueInvalid"] * 2 + ["FieldValueForbidden"]),
            (FAULTY[2:], 403, "Forbidden", ["FieldValueForbidden"]),
        ):
            answered, status = self.ask("POST", path, machine("faulty", sidecars))
            self.assertEqual((answered, status["reason"]), (code, reason))
            causes = status["details"]["causes"]
            self.assertEqual([cause["reason"] for cause in causes], kinds)
        self.assertEqual([cause["field"] for cause in causes], [KEY + "[0].hostPath.path"])

    def test_escaped_key(self):
        """The API server writes JSON anew: a key that its user has escaped, in which the webhooks
        would not find ours, reaches them as it is stored."""
        key = "hooks.kubevirt.io/hookSidecars"
        path = f"/apis/kubevirt.io/v1/namespaces/{self.namespace}/virtualmachineinstances"
        text = json.dumps(machine("faulty", FAULTY))
        escaped = text.replace(key, "".join(f"\\u{ord(letter):04x}" for letter in key))
        self.assertNotIn(key, escaped)
        code, status = self.ask("POST", path, escaped)
        self.assertEqual((code, status["reason"]), (422, "Invalid"), status)

    def test_every_kind(self):
        """The annotation is in the template's metadata."""
        annotated = {"metadata": machine("", FAULTY)["metadata"], "spec": {"domain": {}}}
        virtual_machine = {"spec": {"runStrategy": "Halted", "template": annotated}}
        kinds = (
            ("kubevirt.io/v1", "VirtualMachine", virtual_machine["spec"], "spec.template."),
            (
                "kubevirt.io/v1",
                "VirtualMachineInstanceReplicaSet",
                {"replicas": 1, "template": annotated},
                "spec.template.",
            ),
            (
                "pool.kubevirt.io/v1beta1",
                "VirtualMachinePool",
                {"replicas": 1, "virtualMachineTemplate": virtual_machine},
                "spec.virtualMachineTemplate.spec.template.",
            ),
        )
        for version, kind, spec, path in kinds:
            with self.subTest(kind):
                item = {"apiVersion": version, "kind": kind, "metadata": {"name": "faulty"}}
                said = self.assert_refused({**item, "spec": spec})
                for field in FAULTY_FIELDS:
                    self.assertIn(f"\n* {path}{KEY}{field}: ", said)
                del annotated["metadata"]["annotations"]
                self.apply({**item, "spec": spec})
                annotated["metadata"] = machine("", FAULTY)["metadata"]

    def test_policy_alone(self):
        """Objects that only the policy denies are forbidden, not invalid, with every finding."""
        said = self.assert_refused(machine("forbidden", FAULTY[2:] * 2))
        self.assertIn("Error from server (Forbidden): ", said)
        denied = 'admission webhook "machines.hookline.dev" denied the request: 2 faults:'
        self.assertIn(denied, said)
        for index in (0, 1):
            self.assertIn(f"\n{KEY}[{index}].hostPath.path: ", said)

    def test_update(self):
        """An update with an error is refused, and the object is not changed."""
        good = machine("updated", [reading("/var/lib/kubevirt/images")])
        self.apply(good)
        self.assert_refused(machine("updated", FAULTY))
        self.assertEqual(
            self.get("virtualmachineinstance", "updated")["metadata"]["annotations"][
                "hooks.kubevirt.io/hookSidecars"
            ],
            good["metadata"]["annotations"]["hooks.kubevirt.io/hookSidecars"],
        )

    def test_unknown_field(self):
        """It is accepted, and kubectl prints a warning."""
        said = self.apply(machine("warned", [{"args": ["--version", "v1alpha2"], "comand": []}]))
        self.assertIn("Warning: hookSidecars[0].comand: ", said)
        self.assertIn('did you mean "command"?', said)
        self.get("virtualmachineinstance", "warned")

    def test_dry_run(self):
        """It is validated like any other request, and changes nothing."""
        text = support.manifest(machine("dry", FAULTY))
        words = ["apply", "--dry-run=server", "-f", "-"]
        refused = self.try_kubectl(*words, stdin=text)
        self.assertIn("is invalid", refused.stderr)
        taken = self.kubectl(*words, stdin=support.manifest(machine("dry", "[]")))
        self.assertIn("created (server dry run)", taken)
        self.assertEqual(self.get("virtualmachineinstances"), [])
        pod = support.manifest(launcher_pod("dry", [{"args": ["--version", "v1alpha2"]}]))
        words = ["create", "--dry-run=server", "-f", "-", "-o", "json"]
        made = json.loads(self.kubectl(*words, stdin=pod))
        names = [container["name"] for container in made["spec"]["containers"]]
        self.assertEqual(names, ["compute", "hook-sidecar-0"])
        self.assertEqual(self.get("pods"), [])


class PolicyTest(support.InstalledCase):
    """The current policy decides, for machines and for their pods."""

    def refusal(self, path):
        """Why a machine, and then a launcher pod, may not use a directory of its node; None if it
        may."""
        texts = set()
        for item in (machine("m", [reading(path)]), launcher_pod("p", [reading(path)])):
            words = ["create", "--dry-run=server", "-f", "-"]
            texts.add(self.try_kubectl(*words, stdin=support.manifest(item)).stderr or None)
        reasons = {text and text.partition("[0]")[2] for text in texts}
        self.assertEqual(len(reasons), 1, texts)
        return reasons.pop()

    def test_policy(self):
        """As installed; after a change; with a mistake; and corrected again."""
        self.assertIsNone(self.refusal("/var/lib/kubevirt/images/golden"))
        self.assertIn("/srv/golden", self.refusal("/srv/golden"))
        self.set_policy(POLICY % "/srv")
        self.assertIsNone(self.refusal("/srv/golden"))
        self.assertIn("/var/lib/kubevirt/images", self.refusal("/var/lib/kubevirt/images"))
        self.set_policy("rules: [{pathPrefix: /srv}]")
        self.assertIn("policy.yaml", self.refusal("/srv/golden"))
        self.set_policy(POLICY % "/var/lib/kubevirt/images")
        self.assertIsNone(self.refusal("/var/lib/kubevirt/images"))


class PodsTest(support.InstalledCase):
    """The API server returns launcher pods with everything that their sidecars need."""

    def setUp(self):
        super().setUp()
        self.apply(machine("owner"))
        self.owner = self.get("virtualmachineinstance", "owner")

    def create(self, pod):
        """Creates a pod that the VMI owns, and returns it from the API server."""
        pod = copy.deepcopy(pod)
        pod["metadata"].pop("namespace", None)
        pod["metadata"]["ownerReferences"] = [owned_by(self.owner)]
        # Not every cluster supports image volumes; a volume without a source is empty.
        words = ["create", "--validate=false", "-f", "-", "-o", "json"]
        return json.loads(self.kubectl(*words, stdin=json.dumps(pod)))

    def test_other_pods(self):
        """A pod without the label, or for KubeVirt's provisioning, is not changed."""
        sidecars = [{"args": ["--version", "v1alpha2"]}]
        unlabelled = launcher_pod("unlabelled", sidecars)
        del unlabelled["metadata"]["labels"]
        provisioning = launcher_pod("provisioning", sidecars)
        provisioning["metadata"]["annotations"]["kubevirt.io/ephemeral-provisioning"] = ""
        for pod in (unlabelled, provisioning):
            with self.subTest(pod["metadata"]["name"]):
                [compute] = self.create(pod)["spec"]["containers"]
                self.assertEqual(compute["name"], "compute")
                self.assertEqual(compute["args"], ["--hook-sidecars", "0"])

    def test_plugin(self):
        """A launcher without hook sidecars gets the container that calls the hooks for it."""
        pod = launcher_pod("plugin", [{"args": ["--version", "v1alpha2"]}])
        [compute] = pod["spec"]["containers"]
        del compute["args"]
        compute["volumeMounts"] = [{"name": "plugins", "mountPath": "/var/run/kubevirt-plugin"}]
        pod["spec"]["volumes"] = [{"name": "plugins", "emptyDir": {}}]
        containers = {item["name"]: item for item in self.create(pod)["spec"]["containers"]}
        self.assertEqual(set(containers), {"compute", "hook-sidecar-0", "hook-manager"})
        manager = containers["hook-manager"]
        self.assertEqual(manager["image"], support.image("hook-manager"))
        self.assertEqual(manager["args"][0], "serve")
        mounts = {item["mountPath"]: item.get("subPath") for item in manager["volumeMounts"]}
        self.assertEqual(mounts["/var/run/kubevirt-plugin/hookline"], "hookline")

    def test_a_fault(self):
        """An invalid pod is refused, because its machine may be older than the webhook."""
        with self.assertRaisesRegex(support.KubectlError, r'The Pod "faulty" is invalid: \n\* '):
            self.create(launcher_pod("faulty", FAULTY))

    @unittest.skipUnless(PODS.is_dir(), "KubeVirt's pods are not beside this tree")
    def test_kubevirts_pods(self):
        """Pods that KubeVirt rendered with its gate off become like those with the gate on; the
        latter get only what KubeVirt does not know."""
        ignored = {"metadata": {"labels": {"hookline.dev/webhooks": "ignore"}}}
        patch = ["patch", "namespace", self.namespace, f"--patch={json.dumps(ignored)}"]
        created = {}
        for gate in ("off", "on"):
            for name, pod in kubevirts_pods(gate):
                created[name, gate] = self.create(pod)
        self.kubectl(*patch)
        self.assertTrue(created)
        for (name, gate), pod in created.items():
            with self.subTest(name, gate=gate):
                wanted = dict(kubevirts_pods("on")).get(name) or dict(kubevirts_pods("off"))[name]
                host_paths = [
                    item["hostPath"] for item in pod["spec"]["volumes"] if "hostPath" in item
                ]
                self.assertEqual(
                    host_paths,
                    [{"path": "/var/lib/kubevirt/images", "type": "Directory"}]
                    * name.endswith("hostpath"),
                )
                self.assertEqual(comparable(pod), comparable(self.create(wanted)))


def kubevirts_pods(gate):
    """The pods, by name, that KubeVirt renders from its example VMIs with its gate on or off, with
    our images and without what a node may lack."""
    for path in sorted(PODS.glob(f"*.gate-{gate}.json")):
        pod = json.loads(path.read_text(encoding="utf-8"))
        pod["spec"]["nodeSelector"] = {"example.com/none": ""}
        for container in pod["spec"]["containers"] + pod["spec"].get("initContainers", []):
            program = container["image"].rpartition("/")[2].partition(":")[0]
            if container["name"] == "compute":
                container["image"] = support.image("hook-launcher")
            elif program == "sidecar-shim":
                container["image"] = support.image("sidecar-shim")
            for amounts in container.get("resources", {}).values():
                for resource in [word for word in amounts if "kubevirt.io/" in word]:
                    del amounts[resource]
        yield path.name.removesuffix(f".gate-{gate}.json"), pod


def comparable(pod):
    """The parts of a pod, each list sorted by name, without Hookline's own additions and without
    KubeVirt's random --qemu-timeout."""
    spec = pod["spec"]
    spec["volumes"] = [item for item in spec["volumes"] if "hostPath" not in item]
    for container in spec["containers"]:
        args = container.get("args", [])
        if "--qemu-timeout" in args:
            del args[args.index("--qemu-timeout") + 1]
        container["volumeMounts"] = sorted(
            (item for item in container["volumeMounts"] if not item["name"].endswith("-hostpath")),
            key=lambda item: item["mountPath"],
        )
        container["env"] = sorted(container.get("env", []), key=lambda item: item["name"])
    for items in ("containers", "volumes"):
        spec[items].sort(key=lambda item: item["name"])
    return spec


class DownTest(support.InstalledCase):
    """While no replica answers the webhooks, machines start, and Events report it later."""

    def test_down(self):
        self.kubectl("scale", "deployment/hook-controller", "--replicas=0", *SYSTEM)
        self.wait_until_gone("pods", *SYSTEM)
        self.apply(machine("alone", [{"args": ["--version", "v1alpha2"]}]))
        owner = self.get("virtualmachineinstance", "alone")
        pod = launcher_pod("alone", [{"args": ["--version", "v1alpha2"]}])
        pod["metadata"]["ownerReferences"] = [owned_by(owner)]
        self.apply(pod)
        self.assertEqual(len(self.get("pod", "alone")["spec"]["containers"]), 1)
        self.kubectl("scale", "deployment/hook-controller", "--replicas=2", *SYSTEM)
        self.rolled_out()
        ours = "--field-selector=reportingComponent=hook-controller"
        event = self.wait_for("events", lambda item: item["reason"] == "SidecarsMissing", ours)
        self.assertEqual(event["type"], "Warning")
        self.assertEqual(event["involvedObject"]["kind"], "VirtualMachineInstance")
        self.assertEqual(event["involvedObject"]["uid"], owner["metadata"]["uid"])
        self.assertIn("pod alone", event["message"])
        described = self.kubectl("describe", "virtualmachineinstance", "alone")
        self.assertIn("SidecarsMissing", described)


if __name__ == "__main__":
    support.main()
