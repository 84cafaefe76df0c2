"""hook-controller's reconciler against an API server in memory, where the tests control what fails
and when: one launcher pod for each VMI, a status that follows it, and everything that can prevent
that."""

import json
import signal
import sys

import support
from api_server import LOST, APIServer, Failure
from controller import Controller

VMIS = "virtualmachineinstances"
DEFINITIONS = "customresourcedefinitions"
DEFINITION = "virtualmachineinstances.kubevirt.io"
OURS = {"app.kubernetes.io/name": "hookline"}
KUBEVIRTS = {"app.kubernetes.io/managed-by": "virt-operator"}
KEY = "hooks.kubevirt.io/hookSidecars"
SIDECAR = {"image": "example.org/hook:1", "args": ["--version", "v1alpha3"]}
POLICY = """\
apiVersion: hookline.dev/v1alpha1
kind: HostPathPolicy
rules:
- pathPrefixes: [/var/lib/kubevirt/images]
"""
# Of VMIs, pods, the policy, the template and the kind of VMIs.
WATCHES = 5
# A leader keeps the lease however slow the machine is, and a follower tries often to acquire it.
LEASE = ["--lease-duration=120s", "--lease-renew-deadline=100s", "--lease-retry=200ms"]
# Expires soon when the leader is stopped.
SHORT_LEASE = ["--lease-duration=5s", "--lease-renew-deadline=4s"]


def machine(name, sidecars=(SIDECAR,), labels=None, **metadata):
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {
            "name": name,
            "namespace": "vms",
            "labels": {"hookline.dev/launch": "true"} if labels is None else labels,
            "annotations": {KEY: json.dumps(list(sidecars))},
            **metadata,
        },
        "spec": {"domain": {"devices": {}, "memory": {"guest": "64Mi"}}},
    }


class LaunchTest(support.TestCase):
    def setUp(self):
        super().setUp()
        self.server = APIServer()
        self.addCleanup(self.server.close)
        self.kubeconfig = self.write("kubeconfig", self.server.kubeconfig())
        self.policy(POLICY)
        self.definition(OURS)

    def definition(self, labels, established=True):
        """The CustomResourceDefinition of the machines, with these labels."""
        conditions = [{"type": "Established", "status": "True" if established else "False"}]
        return self.server.put(
            DEFINITIONS,
            {
                "metadata": {"name": DEFINITION, "labels": labels},
                "status": {"conditions": conditions},
            },
        )

    def policy(self, text):
        self.server.put(
            "configmaps",
            {
                "metadata": {"name": "hookline-policy", "namespace": "hookline"},
                "data": {"policy.yaml": text},
            },
        )

    def start(self, *flags, **options):
        return Controller(
            self,
            f"--kubeconfig={self.kubeconfig}",
            "--namespace=hookline",
            "--webhook-listen=",
            *LEASE,
            *flags,
            **options,
        )

    def pods(self, owner=None):
        pods = [pod for pod in self.server.all("pods")]
        return [
            pod for pod in pods if owner in (None, pod["metadata"]["ownerReferences"][0]["name"])
        ]

    def phase(self, name):
        status = self.server.get(VMIS, "vms", name).get("status")
        return status.get("phase") if isinstance(status, dict) else None

    def wait_phase(self, name, phase):
        self.server.wait(lambda: self.phase(name) == phase, f"{name} in phase {phase}")

    def condition(self, name, reason):
        """Waits until a condition of the VMI has this reason; returns its message."""

        def find():
            status = self.server.get(VMIS, "vms", name).get("status")
            conditions = status.get("conditions", []) if isinstance(status, dict) else []
            return next((c["message"] for c in conditions if c.get("reason") == reason), None)

        return self.server.wait(find, f"the reason {reason} on {name}")

    def wait_pod(self, name):
        return self.server.wait(lambda: self.pods(name), f"a pod of {name}")[0]

    def set_pod(self, pod, phase, ready=False):
        """Acts as the kubelet: puts all containers of the pod into the same state."""
        state = {"running": {}} if phase == "Running" else {"terminated": {"exitCode": 0}}
        status = {
            "phase": phase,
            "conditions": [{"type": "PodScheduled", "status": "True"}],
            "containerStatuses": [
                {"name": container["name"], "ready": ready, "restartCount": 0, "state": state}
                for container in pod["spec"]["containers"]
            ],
        }
        patch = {"spec": {"nodeName": "node1"}, "status": status}
        self.server.patch("pods", "vms", pod["metadata"]["name"], patch)

    def events(self, reason):
        return [event for event in self.server.all("events") if event["reason"] == reason]


class Launch(LaunchTest):
    def test_from_machine_to_end(self):
        controller = self.start()
        vmi = self.server.put(VMIS, machine("vm1"))
        pod = self.wait_pod("vm1")
        owner = pod["metadata"]["ownerReferences"][0]
        self.assertEqual(
            (owner["kind"], owner["name"], owner["uid"]),
            ("VirtualMachineInstance", "vm1", vmi["metadata"]["uid"]),
        )
        self.assertIn(
            "hook-sidecar-0",
            [c["name"] for c in pod["spec"]["containers"] + pod["spec"].get("initContainers", [])],
        )
        self.wait_phase("vm1", "Scheduling")
        self.set_pod(pod, "Running", ready=True)
        self.wait_phase("vm1", "Running")
        self.set_pod(pod, "Succeeded")
        self.wait_phase("vm1", "Succeeded")
        self.server.wait(lambda: self.events("SuccessfulCreate"), "the event")
        self.server.remove("pods", "vms", pod["metadata"]["name"])
        self.server.put(VMIS, machine("vm2"))
        self.wait_pod("vm2")
        self.assertEqual((self.phase("vm1"), self.pods("vm1")), ("Succeeded", []))
        self.assertEqual(controller.end(), 0)

    def test_without_the_label(self):
        self.start()
        self.server.put(VMIS, machine("other", labels={}))
        self.server.put(VMIS, machine("ours"))
        self.wait_pod("ours")
        self.assertEqual(self.pods("other"), [])

    def test_pod_deleted_under_a_running_machine(self):
        self.start()
        self.server.put(VMIS, machine("vm"))
        pod = self.wait_pod("vm")
        self.set_pod(pod, "Running", ready=True)
        self.wait_phase("vm", "Running")
        self.server.remove("pods", "vms", pod["metadata"]["name"])
        self.wait_phase("vm", "Failed")
        self.assertEqual(self.pods("vm"), [])

    def test_held_by_a_finalizer(self):
        self.start()
        self.server.put(VMIS, machine("vm", finalizers=["example.org/wait"]))
        self.wait_pod("vm")
        self.wait_phase("vm", "Scheduling")
        self.server.patch(
            VMIS, "vms", "vm", {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
        )
        self.server.wait(lambda: not self.pods("vm"), "the pod's end")
        self.assertIn("was deleted while it was Scheduling", self.condition("vm", "Deleted"))
        self.assertEqual(self.phase("vm"), "Failed")

    def test_made_anew_under_its_name(self):
        self.start()
        self.server.put(VMIS, machine("vm"))
        first = self.wait_pod("vm")
        self.wait_phase("vm", "Scheduling")
        self.server.remove(VMIS, "vms", "vm")
        vmi = self.server.put(VMIS, machine("vm"))
        self.server.wait(lambda: len(self.pods("vm")) == 2, "another pod")
        owners = {
            pod["metadata"]["name"]: pod["metadata"]["ownerReferences"][0]["uid"]
            for pod in self.pods("vm")
        }
        self.assertEqual(len(owners), 2)
        del owners[first["metadata"]["name"]]
        self.assertEqual(list(owners.values()), [vmi["metadata"]["uid"]])

    def test_without_status_subresource(self):
        self.server.without_status.add(VMIS)
        controller = self.start()
        self.server.put(VMIS, machine("vm"))
        controller.wait_log("the phase is Scheduling", vmi="vms/vm")
        self.server.put(VMIS, machine("vm2"))
        self.wait_phase("vm2", "Scheduling")
        asked = [
            path
            for method, path in self.server.requests
            if method == "PATCH" and path.endswith("/status")
        ]
        self.assertEqual(len(asked), 1, self.server.requests)
        self.server.without_status.clear()  # an upgrade of the CRD
        self.server.put(VMIS, machine("vm3"))
        self.wait_phase("vm3", "Scheduling")

    def test_crd_that_comes_later(self):
        """The controller waits for it, and until the API server serves it; the webhooks are
        ready."""
        self.server.unknown.add(VMIS)
        self.server.remove(DEFINITIONS, "", DEFINITION)
        controller = self.start()
        said = controller.wait_log("nothing is launched: ", level="warning")["msg"]
        self.assertIn("kubectl create -k deploy/initial/standalone", said)
        controller.wait_log("using the policy of")
        self.server.wait(lambda: controller.get("/readyz")[0] == 200, "readiness")
        self.definition(OURS, established=False)
        self.server.unknown.clear()
        self.definition(OURS)
        self.server.put(VMIS, machine("vm"))
        self.wait_pod("vm")

    def test_lists_that_never_come(self):
        """The webhooks do not need them, so the replica is ready."""
        self.server.fail("GET", "/(pods|virtualmachineinstances)", 500, times=1_000_000)
        controller = self.start()
        controller.wait_log("using the policy of")
        self.server.wait(lambda: controller.get("/readyz")[0] == 200, "readiness")

    def test_crd_of_another(self):
        """VMIs of KubeVirt's kind, or of a kind without Hookline's label, are not launched; the
        replica is not ready and says why."""
        for labels, why in (
            (KUBEVIRTS, "is KubeVirt's, which launches the machines itself; install deploy/"),
            ({**OURS, **KUBEVIRTS}, "is KubeVirt's, which launches the machines itself; install "),
            ({}, "is not Hookline's: it lacks the label app.kubernetes.io/name=hookline"),
        ):
            with self.subTest(labels):
                self.definition(labels)
                controller = self.start()
                controller.wait_log(why, level="error", reason="NotLaunching")
                controller.wait_log("using the policy of")
                controller.wait_log("this replica leads")
                self.server.put(VMIS, machine("vm"))
                code, text = controller.get("/readyz")
                self.assertEqual(code, 503)
                self.assertIn(why, text)
                controller.end()
                self.assertEqual(self.pods(), [])
        controller = self.start()
        controller.wait_log("nothing is launched: ")
        self.definition(OURS)
        self.wait_pod("vm")
        self.assertEqual(controller.get("/readyz")[0], 200)

    def test_crd_that_kubevirt_takes_over(self):
        """KubeVirt is installed later: from then on nothing is launched, and running VMIs are left
        alone."""
        controller = self.start()
        self.server.put(VMIS, machine("vm"))
        pod = self.wait_pod("vm")
        self.definition({**OURS, **KUBEVIRTS})
        controller.wait_log("is KubeVirt's", level="error")
        self.server.put(VMIS, machine("later"))
        self.assertEqual(controller.get("/readyz")[0], 503)
        self.assertEqual(self.pods("later"), [])
        self.definition(OURS)
        self.wait_pod("later")
        self.assertEqual(self.wait_pod("vm"), pod)


class Obstacles(LaunchTest):
    def test_missing_dependencies(self):
        self.start()
        sidecars = [
            {
                **SIDECAR,
                "configMap": {
                    "name": "one",
                    "key": "hook.sh",
                    "hookPath": "/usr/bin/onDefineDomain",
                },
            },
            {
                **SIDECAR,
                "configMap": {
                    "name": "two",
                    "key": "hook.sh",
                    "hookPath": "/usr/bin/preCloudInitIso",
                },
            },
            {**SIDECAR, "pvc": {"name": "disk", "volumePath": "/disk"}},
        ]
        self.server.put(VMIS, machine("vm", sidecars))
        message = self.condition("vm", "MissingDependency")
        for name in ("ConfigMap one", "ConfigMap two", "PersistentVolumeClaim disk"):
            self.assertIn(name, message)
        self.assertEqual(self.pods(), [])
        self.server.wait(lambda: self.events("MissingDependency"), "the event")
        for name in ("one", "two"):
            self.server.put(
                "configmaps",
                {"metadata": {"name": name, "namespace": "vms"}, "data": {"hook.sh": ""}},
            )
        self.server.put(
            "persistentvolumeclaims", {"metadata": {"name": "disk", "namespace": "vms"}, "spec": {}}
        )
        self.wait_pod("vm")
        self.wait_phase("vm", "Scheduling")

    def test_many_missing_objects(self):
        """Of a VMI that needs many, those that follow enough missing ones are not asked for."""
        vmi = machine("vm")
        vmi["spec"]["volumes"] = [
            {"name": f"v{number}", "persistentVolumeClaim": {"claimName": f"claim-{number}"}}
            for number in range(40)
        ]
        self.start()
        self.server.put(VMIS, vmi)
        message = self.condition("vm", "MissingDependency")
        self.assertIn("PersistentVolumeClaim claim-15, and perhaps others;", message)
        claims = "/api/v1/namespaces/vms/persistentvolumeclaims/claim-"
        self.assertIn(("GET", claims + "15"), self.server.requests)
        self.assertNotIn(("GET", claims + "16"), self.server.requests)
        for number in range(40):
            claim = {"metadata": {"name": f"claim-{number}", "namespace": "vms"}, "spec": {}}
            self.server.put("persistentvolumeclaims", claim)
        self.wait_pod("vm")
        self.assertIn(("GET", claims + "39"), self.server.requests)

    def test_one_config_map_of_many(self):
        hook = {"name": "hooks", "key": "hook.sh", "hookPath": "/usr/bin/onDefineDomain"}
        text = {"metadata": {"name": "hooks", "namespace": "vms"}, "data": {"hook.sh": ""}}
        self.server.put("configmaps", text)
        for number in range(40):
            self.server.put(VMIS, machine(f"vm-{number}", [{**SIDECAR, "configMap": hook}]))
        self.start()
        self.server.wait(lambda: len(self.pods()) == 40, "all pods")
        asked = self.server.requests.count(("GET", "/api/v1/namespaces/vms/configmaps/hooks"))
        self.assertLess(asked, 40)
        self.server.remove("configmaps", "vms", "hooks")
        self.server.put(VMIS, machine("later", [{**SIDECAR, "configMap": hook}]))
        self.assertIn("ConfigMap hooks", self.condition("later", "MissingDependency"))
        self.server.put("configmaps", text)
        self.wait_pod("later")

    def test_bad_annotation(self):
        controller = self.start()
        self.server.put(
            VMIS, machine("vm", [{**SIDECAR, "imagePullPolicy": "Sometimes"}, {"hostPath": {}}])
        )
        message = self.condition("vm", "InvalidAnnotation")
        self.assertIn(f"metadata.annotations[{KEY}][0].imagePullPolicy", message)
        self.assertIn(f"; metadata.annotations[{KEY}][1].hostPath.path", message)
        self.assertEqual(self.pods(), [])
        self.server.wait(
            lambda: controller.metric('hookline_reconciles_total{result="refused"}') > 0,
            "a refusal among the metrics",
        )
        self.server.patch(
            VMIS, "vms", "vm", {"metadata": {"annotations": {KEY: json.dumps([SIDECAR])}}}
        )
        self.wait_pod("vm")

    def test_policy(self):
        controller = self.start()
        host_path = {"path": "/srv/vm", "volumePath": "/vm"}
        self.server.put(VMIS, machine("vm", [{**SIDECAR, "hostPath": host_path}]))
        self.assertIn("/srv/vm", self.condition("vm", "InvalidAnnotation"))
        self.policy(POLICY.replace("/var/lib/kubevirt/images", "/srv"))
        self.wait_pod("vm")
        self.server.remove("configmaps", "hookline", "hookline-policy")
        controller.wait_log("hookline/hookline-policy, does not exist", level="warning")
        self.server.put(VMIS, machine("vm2", [{**SIDECAR, "hostPath": host_path}]))
        said = self.condition("vm2", "InvalidAnnotation")
        self.assertIn("[0].hostPath.path: no hostPath is allowed: the policy", said)
        self.assertIn("with kubectl create -k deploy/initial/standalone", said)
        self.server.put(VMIS, machine("vm3"))  # a sidecar without a host path needs no policy
        self.wait_pod("vm3")
        self.policy("rules: 5")
        controller.wait_log("policy.yaml:", level="error")
        self.assertEqual(controller.get("/readyz")[0], 200)

    def test_bad_template(self):
        controller = self.start()
        template = {
            "metadata": {"name": "hookline-launcher-template", "namespace": "hookline"},
            "data": {"template.yaml": "- a"},
        }
        self.server.put("configmaps", template)
        controller.wait_log("template.yaml:1:1: must be", level="error")
        self.server.put(VMIS, machine("vm"))
        self.condition("vm", "InvalidPodTemplate")
        template["data"]["template.yaml"] = "metadata: {labels: {from: template}}"
        self.server.put("configmaps", template)
        self.assertEqual(self.wait_pod("vm")["metadata"]["labels"]["from"], "template")

    def test_pod_of_a_stranger(self):
        self.start()

        def steal_name():
            raise Failure(409, "AlreadyExists", "already exists")

        self.server.fail("POST", "/pods$", steal_name, times=100)
        self.server.fail("GET", "/pods/virt-launcher-vm-", self.show_stranger, times=100)
        self.server.put(VMIS, machine("vm"))
        self.assertIn("does not belong", self.condition("vm", "PodCreationFailed"))

    def show_stranger(self):
        name = self.server.requests[-1][1].rsplit("/", 1)[1]
        self.server.put("pods", {"kind": "Pod", "metadata": {"name": name, "namespace": "vms"}})

    def test_quota(self):
        self.start()
        self.server.fail("POST", "/pods$", 403, times=2)
        self.server.put(VMIS, machine("vm"))
        self.condition("vm", "PodCreationFailed")
        self.wait_pod("vm")
        self.wait_phase("vm", "Scheduling")


class Faults(LaunchTest):
    def test_answer_lost(self):
        """The pod is created, but the controller does not get the answer."""
        self.start()
        self.server.fail("POST", "/pods$", 500)
        self.server.fail("POST", "/pods$", LOST)
        self.server.put(VMIS, machine("vm"))
        self.wait_pod("vm")
        self.wait_phase("vm", "Scheduling")
        self.assertEqual(len(self.pods("vm")), 1)

    def test_conflicts(self):
        self.start()
        for _ in range(3):
            self.server.fail(
                "PATCH",
                "/status$",
                lambda: self.server.patch(
                    VMIS, "vms", "vm", {"metadata": {"labels": {"n": str(self.server.version)}}}
                ),
            )
        self.server.put(VMIS, machine("vm"))
        self.wait_phase("vm", "Scheduling")

    def test_watches_cut_and_history_compacted(self):
        controller = self.start()
        for round_ in range(5):
            for number in range(10):
                self.server.put(VMIS, machine(f"vm-{round_}-{number}"))
            self.server.wait(lambda: self.server.watching == WATCHES, "all watches")
            if round_ % 2:
                self.server.compact()
            self.server.cut_watches()
        self.server.wait(lambda: len(self.pods()) == 50, "fifty pods")
        owners = {pod["metadata"]["ownerReferences"][0]["name"] for pod in self.pods()}
        self.assertEqual(len(owners), 50)
        self.server.wait(
            lambda: all(
                vmi.get("status", {}).get("phase") == "Scheduling" for vmi in self.server.all(VMIS)
            ),
            "their phases",
        )
        self.assertGreater(controller.metric("hookline_watch_restarts_total"), 0)

    def test_wrong_typed_objects(self):
        self.start()
        wrong = machine("status")
        wrong["status"] = "Running"
        self.server.put(VMIS, wrong)
        wrong = machine("conditions")
        wrong["status"] = {"phase": 5, "conditions": "none"}
        self.server.put(VMIS, wrong)
        wrong = machine("spec")
        wrong["spec"] = ["x"]
        self.server.put(VMIS, wrong)
        wrong = machine("annotations")
        wrong["metadata"]["annotations"] = {KEY: 7}
        self.server.put(VMIS, wrong)
        wrong = machine("deep")
        deep = value = {}
        for _ in range(100):
            value["a"] = value = {}
        wrong["status"] = deep
        self.server.put(VMIS, wrong)
        self.server.put(VMIS, machine("good"))
        self.wait_phase("good", "Scheduling")
        self.condition("spec", "InvalidMachine")
        self.condition("annotations", "InvalidAnnotation")
        for name in ("status", "conditions", "deep"):
            self.wait_phase(name, "Scheduling")

    def test_pods_the_api_server_refuses(self):
        self.start()
        self.server.fail("POST", "/pods$", 422)
        self.server.put(VMIS, machine("vm"))
        self.condition("vm", "PodCreationFailed")
        self.server.put(VMIS, machine("other"))
        self.wait_pod("other")


class Leaders(LaunchTest):
    def test_next_leads_at_once_when_the_leader_ends(self):
        first = self.start()
        first.wait_log("this replica leads")
        second = self.start()
        second.wait_log("another replica leads")
        self.assertEqual(second.metric("hookline_leader"), 0)
        self.assertEqual(first.end(), 0)
        second.wait_log("this replica leads")
        self.server.put(VMIS, machine("vm"))
        self.wait_pod("vm")

    def test_who_cannot_list_leaves_the_lease_to_others(self):
        self.server.fail("GET", "^/api/v1/pods$", 500, times=sys.maxsize)
        controller = self.start()
        self.server.wait(
            lambda: sum(path == "/api/v1/pods" for _, path in self.server.requests) > 1, "lists"
        )
        self.assertEqual(self.server.all("leases"), [])
        with self.server.changed:
            self.server.faults.clear()
        controller.wait_log("this replica leads")

    def test_leader_stops_in_a_burst(self):
        """The leader is stopped with requests in flight, and resumes when another leads."""
        first = self.start(*SHORT_LEASE)
        first.wait_log("this replica leads")
        second = self.start(*SHORT_LEASE)
        second.wait_log("another replica leads")
        for number in range(100):
            self.server.put(VMIS, machine(f"vm-{number}"))
        self.server.wait(lambda: len(self.pods()) > 10, "some pods")
        first.process.send_signal(signal.SIGSTOP)
        second.wait_log("this replica leads")
        self.server.wait(lambda: len(self.pods()) == 100, "all pods")
        first.process.send_signal(signal.SIGCONT)
        first.wait_log("no longer leads")
        names = [pod["metadata"]["ownerReferences"][0]["name"] for pod in self.pods()]
        self.assertEqual(len(set(names)), len(names))
        self.server.wait(
            lambda: all(
                vmi.get("status", {}).get("phase") == "Scheduling" for vmi in self.server.all(VMIS)
            ),
            "their phases",
        )


if __name__ == "__main__":
    support.main()
