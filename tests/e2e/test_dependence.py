#!/usr/bin/python3
"""What depends on Hookline in a cluster with KubeVirt while it runs, is gone, or hangs: each row of
the table in docs/install.md, checked with the API server.

The kinds are KubeVirt's own if ../shared/upstream is beside this tree, otherwise stand-ins. The
table has one column for Kubernetes with match conditions (1.28 and later), and one for older
ones."""

import concurrent.futures
import contextlib
import copy
import json
import os
import signal

import support
from kubevirt import INSTANCETYPES, MACHINES, definitions
from support import SYSTEM, machine

KEY = "hookline.dev/hookSidecars"  # KubeVirt rejects its own when its gate is off
RIGHT = [{"args": ["--version", "v1alpha3"]}]
FAULTY = [{"args": ["--version", "v1alpha3"], "imagePullPolicy": "Sometimes"}]
TYPES = "instancetype.kubevirt.io/v1beta1"
SETS = ("virtualmachineinstancereplicasets", "virtualmachinepools")
# The result of a request: accepted, denied by the webhook, or refused because no webhook answers.
TAKEN, DENIED, UNANSWERED = "taken", "denied", "unanswered"


def annotated(item, sidecars):
    """A copy of a machine or pod with the annotation, or without one where sidecars is None."""
    item = copy.deepcopy(item)
    annotations = item["metadata"].setdefault("annotations", {})
    if sidecars is not None:
        annotations[KEY] = json.dumps(sidecars)
    return item


class DependenceCase(support.InstalledCase):
    """Hookline with KubeVirt; its replicas are not restarted however long they are silent."""

    since = None  # whether the API server must have match conditions

    def installed_now(self):
        minor = self.minor_version()
        if (minor >= support.MATCH_CONDITIONS) != self.since:
            wanted = "1.28 or later" if self.since else "before 1.28"
            self.skipTest(f"this Kubernetes is 1.{minor}, and these rows are for one {wanted}")
        super().installed_now()

    def objects(self):
        there = {item["metadata"]["name"] for item in self.get("customresourcedefinitions")}
        kinds = definitions(MACHINES + INSTANCETYPES)
        made = [item for item in kinds if item["metadata"]["name"] not in there]
        objects = made + self.overlay("kubevirt")
        for item in objects:
            if item["kind"] == "Deployment":
                [container] = item["spec"]["template"]["spec"]["containers"]
                for probe in ("livenessProbe", "readinessProbe"):
                    container[probe]["failureThreshold"] = 1000
        return objects

    # States

    def be_gone(self):
        """Removes all replicas until the end of the test."""
        scale = ["scale", "deployment/hook-controller", *SYSTEM]
        self.addCleanup(self.rolled_out)
        self.addCleanup(self.kubectl, *scale, "--replicas=2")
        self.kubectl(*scale, "--replicas=0")
        self.wait_until_gone("pods", *SYSTEM)
        self.wait_for(
            "endpoints", lambda item: not support.targets(item), "hookline-webhook", *SYSTEM
        )

    def hang(self):
        """Stops the processes of all replicas until the end of the test."""
        stopped = [int(process.name) for process in support.processes(self.replicas())]
        if not stopped:
            self.skipTest("the node's processes cannot be seen from here")
        self.assertEqual(len(stopped), 2)
        for process in stopped:
            self.addCleanup(os.kill, process, signal.SIGCONT)
            os.kill(process, signal.SIGSTOP)

    # Rows

    def request(self, method, path, body=None, kind="application/merge-patch+json"):
        """The result of a request, and the answer."""
        kind = "application/json" if method == "POST" else kind
        code, answer = self.ask(method, path, body, kind)
        if code in (200, 201, 202):
            return TAKEN, answer
        if code in (403, 422) and "imagePullPolicy" in answer["message"]:
            return DENIED, answer
        self.assertIn("failed calling webhook", answer["message"])
        self.assertIn(".hookline.dev", answer["message"])
        self.assertIn(code, (500, 504))
        return UNANSWERED, answer

    def path(self, kind, name=None):
        """The path of the objects of a kind, or of one."""
        roots = {
            "pods": "/api/v1",
            "virtualmachinepools": "/apis/pool.kubevirt.io/v1beta1",
            "virtualmachineinstancetypes": f"/apis/{TYPES}",
            "virtualmachineclusterpreferences": f"/apis/{TYPES}",
        }
        where = "" if "cluster" in kind else f"/namespaces/{self.namespace}"
        end = f"/{name}" if name else ""
        return f"{roots.get(kind, '/apis/kubevirt.io/v1')}{where}/{kind}{end}"

    def create(self, kind, name, item):
        """Creates an object. Returns the result, and its path."""
        name = f"{self.namespace}-{name}"  # some are cluster-scoped
        item = copy.deepcopy(item)
        item["metadata"]["name"] = name
        return self.request("POST", self.path(kind), item)[0], self.path(kind, name)

    def each_kind(self, what, sidecars, do):
        """Calls do(kind, name, object) for a machine of each kind, in parallel, because each may
        wait for timeouts; returns the results by kind."""
        machines = self.machines(sidecars)
        with concurrent.futures.ThreadPoolExecutor(len(machines)) as pool:
            calls = {kind: pool.submit(do, kind, what, item) for kind, item in machines.items()}
            return {kind: call.result() for kind, call in calls.items()}

    def machines(self, sidecars):
        """A machine of each kind, with the annotation in its template."""
        vmi = machine("m")
        template = annotated({"metadata": {}, "spec": vmi["spec"]}, sidecars)
        vm = {"runStrategy": "Halted", "template": template}
        selector = {"matchLabels": {"vm": "m"}}
        template["metadata"]["labels"] = {"vm": "m"}
        preset = {"annotations": template["metadata"]["annotations"]}
        preset.update(cpu={"guest": 1}, memory={"guest": "64Mi"})

        def item(group, kind, spec):
            return {"apiVersion": group, "kind": kind, "metadata": {}, "spec": spec}

        return {
            "virtualmachineinstances": annotated(vmi, sidecars),
            "virtualmachines": item("kubevirt.io/v1", "VirtualMachine", vm),
            "virtualmachineinstancereplicasets": item(
                "kubevirt.io/v1",
                "VirtualMachineInstanceReplicaSet",
                {"replicas": 0, "selector": selector, "template": template},
            ),
            "virtualmachinepools": item(
                "pool.kubevirt.io/v1beta1",
                "VirtualMachinePool",
                {
                    "replicas": 0,
                    "selector": selector,
                    "virtualMachineTemplate": {
                        "metadata": {"labels": {"vm": "m"}},
                        "spec": vm,
                    },
                },
            ),
            "virtualmachineinstancetypes": item(TYPES, "VirtualMachineInstancetype", preset),
            "virtualmachineclusterpreferences": item(
                TYPES, "VirtualMachineClusterPreference", {"annotations": preset["annotations"]}
            ),
        }

    def pod(self, sidecars):
        """A launcher pod as KubeVirt would make it; no node takes it."""
        compute = {
            "name": "compute",
            "image": support.image("hook-launcher"),
            "args": ["--hook-sidecars", "0"],
        }
        metadata = {"labels": {"kubevirt.io": "virt-launcher"}}
        spec = {"containers": [compute], "nodeSelector": {"example.com/none": ""}}
        item = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        return annotated(item, sidecars)

    def live(self, path):
        """Does to an object what KubeVirt and its owner do: labels, status writes, which are
        updates of a VMI, adding and removing a finalizer, and deletion. Returns the result of
        each."""
        patches = (
            {"metadata": {"labels": {"example.com/new": "1"}}},
            {"metadata": {"annotations": {"example.com/new": "1"}}},
            {"status": {"phase": "Scheduling"}},
            {"status": {"phase": "Running"}, "metadata": {"finalizers": ["example.com/held"]}},
        )
        results = [self.request("PATCH", path, patch)[0] for patch in patches]
        results.append(self.request("DELETE", path)[0])
        patch = {"metadata": {"finalizers": None}}
        return [*results, self.request("PATCH", path, patch)[0]]

    def assert_nobody_waits(self):
        """Rows (a) and (d), and (c) for a VMI without the annotation."""

        def do(kind, name, item):
            result, path = self.create(kind, name, item)
            change = {"virtualmachines": {"runStrategy": "Always"}}
            change.update(dict.fromkeys(SETS, {"replicas": 1}))
            spec = change.get(kind, {})
            return [result, self.request("PATCH", path, {"spec": spec})[0], *self.live(path)]

        for kind, results in self.each_kind("plain", None, do).items():
            with self.subTest(kind=kind):
                self.assertEqual(results, [TAKEN] * 8)
        result, path = self.create("pods", "plain", self.pod(None))
        self.assertEqual(result, TAKEN)
        self.request("DELETE", path)

    def assert_annotated(self, right, faulty):
        """Row (b): the results for machines with a valid and an invalid annotation; and (d) for
        those that were admitted."""

        def do(kind, name, item):
            result, path = self.create(kind, name, item)
            return [result, *(self.live(path) if result == TAKEN else [])]

        for what, sidecars, wanted in (("right", RIGHT, right), ("faulty", FAULTY, faulty)):
            for kind, results in self.each_kind(what, sidecars, do).items():
                with self.subTest(kind=kind, sidecars=what):
                    self.assertEqual(results, [TAKEN] * 7 if wanted == TAKEN else [wanted])

    def assert_pod(self, right, faulty, names=None):
        """Row (c): the results for the pods of such machines, and the containers that they then
        have."""
        for what, sidecars, wanted in (("right", RIGHT, right), ("faulty", FAULTY, faulty)):
            result, path = self.create("pods", what, self.pod(sidecars))
            self.assertEqual(result, wanted)
            if result == TAKEN:
                containers = self.ask("GET", path)[1]["spec"]["containers"]
                self.assertEqual([item["name"] for item in containers], names)

    @contextlib.contextmanager
    def older_machine(self):
        """An annotated VMI that was created before the context and is changed after it."""
        kind = "virtualmachineinstances"
        result, path = self.create(kind, "older", self.machines(RIGHT)[kind])
        self.assertEqual(result, TAKEN)
        yield
        self.assertEqual(self.live(path), [TAKEN] * 6)

    def test_running(self):
        self.assert_nobody_waits()
        self.assert_annotated(right=TAKEN, faulty=DENIED)
        self.assert_pod(TAKEN, DENIED, ["compute", "hook-sidecar-0"])


class BeforeMatchConditionsTest(DependenceCase):
    """Kubernetes before 1.28: while no replica answers, everything passes unchecked."""

    since = False

    def assert_unchecked(self):
        self.assert_nobody_waits()
        self.assert_annotated(right=TAKEN, faulty=TAKEN)
        self.assert_pod(TAKEN, TAKEN, ["compute"])

    def test_gone(self):
        with self.older_machine():
            self.be_gone()
            self.assert_unchecked()

    def test_hanging(self):
        with self.older_machine():
            self.hang()
            self.assert_unchecked()


class SinceMatchConditionsTest(DependenceCase):
    """Kubernetes 1.28 and later: while no replica answers, objects with the annotation are
    refused."""

    since = True

    def assert_refused(self):
        self.assert_nobody_waits()
        self.assert_annotated(right=UNANSWERED, faulty=UNANSWERED)
        self.assert_pod(UNANSWERED, UNANSWERED)

    def test_gone(self):
        with self.older_machine():
            self.be_gone()
            self.assert_refused()

    def test_hanging(self):
        with self.older_machine():
            self.hang()
            self.assert_refused()


del DependenceCase

if __name__ == "__main__":
    support.main()
