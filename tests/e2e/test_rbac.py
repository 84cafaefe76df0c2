#!/usr/bin/python3
"""The permissions that Hookline is installed with are sufficient, and none is superfluous.

A controller runs outside the cluster with the token of its service account, and does everything
that needs a permission. Then the same without each single permission: the API server must refuse
it."""

import base64
import json
import pathlib
import re
import sys

import support

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from controller import Controller

SYSTEM = "hookline-system"
ACCOUNT = "hook-controller"
SECRET = f"/api/v1/namespaces/{SYSTEM}/secrets/hookline-webhook-certificate"
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases/hookline-controller"
CONFIGURATIONS = [
    f"/apis/admissionregistration.k8s.io/v1/{kind}webhookconfigurations/hookline"
    for kind in ("mutating", "validating")
]
MERGE = "application/merge-patch+json"
WRONG = base64.b64encode(b"wrong").decode()
# What a sidecar may need from its namespace.
SIDECAR = {
    "args": ["--version", "v1alpha3"],
    "configMap": {"name": "script", "key": "hook", "hookPath": "/usr/bin/onDefineDomain"},
    "pvc": {"name": "data", "volumePath": "/data"},
}
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
}
SCRIPT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "script"}}


class Forbidden(Exception):
    """The API server has refused a request of the controller."""


class RightsTest(support.ClusterCase):
    def setUp(self):
        super().setUp()
        self.objects = self.overlay("standalone")
        for item in self.objects:
            if item["kind"] == "Deployment":
                item["spec"]["replicas"] = 0
            if item["metadata"]["name"] == "hookline-launcher-template":
                # The pods are to be created, not to run.
                item["data"]["template.yaml"] = "spec: {nodeSelector: {example.com/none: such}}"
            for webhook in item.get("webhooks", []):
                webhook["namespaceSelector"] = {"matchLabels": {"example.com/none": "such"}}
        self.install(self.objects)
        self.apply(SCRIPT, CLAIM)
        self.pods = f"/api/v1/namespaces/{self.namespace}/pods"
        self.vmis = f"/apis/kubevirt.io/v1/namespaces/{self.namespace}/virtualmachineinstances"
        self.config = self.write("account", json.dumps(self.account()))
        self.lives = 0

    def account(self):
        """A kubeconfig for the controller's service account."""
        config = json.loads(self.kubectl("config", "view", "--raw", "--minify", "-o", "json"))
        path = f"/api/v1/namespaces/{SYSTEM}/serviceaccounts/{ACCOUNT}/token"
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        code, answer = self.ask("POST", path, request)
        self.assertEqual(code, 201, answer)
        config["users"][0]["user"] = {"token": answer["status"]["token"]}
        return config

    # What a controller does

    def live(self, *flags):
        """Has a controller do everything that it can do. Raises Forbidden."""
        self.lives += 1
        for path in (SECRET, LEASE):
            self.ask("DELETE", path)
        for path in CONFIGURATIONS:
            bundle = {"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": WRONG}
            self.ask("PATCH", path, [bundle], "application/json-patch+json")
        self.controller = Controller(
            self,
            f"--kubeconfig={self.config}",
            f"--namespace={SYSTEM}",
            "--webhook-listen=127.0.0.1:0",
            "--self-signed",
            "--lease-retry=100ms",
            "--drain=100ms",
            *flags,
        )
        try:
            self.hold_certificate()
            self.lead()
            if "--launch=false" in flags:
                self.report_crash(self.create_pod())
            else:
                self.launch()
        finally:
            self.controller.end()
            self.remove_machines()

    def hold_certificate(self):
        """It creates the certificate, creates it again, and writes it to the webhook
        configurations."""
        self.until("it is ready", lambda: self.controller.get("/readyz")[0] == 200)
        self.ask("PATCH", SECRET, {"data": {"tls.crt": WRONG}}, MERGE)

        def is_right():
            _, secret = self.ask("GET", SECRET)
            ca = base64.b64decode(secret["data"]["ca.crt"])
            bundles = [
                self.ask("GET", path)[1]["webhooks"][0]["clientConfig"]["caBundle"]
                for path in CONFIGURATIONS
            ]
            return secret["data"]["tls.crt"] != WRONG and all(
                ca in base64.b64decode(bundle) for bundle in bundles
            )

        self.until("the certificate is known", is_right)

    def lead(self):
        """It acquires the Lease, and renews it."""

        def is_renewed():
            code, lease = self.ask("GET", LEASE)
            return code == 200 and lease["spec"]["renewTime"] != lease["spec"]["acquireTime"]

        self.until("it leads and goes on leading", is_renewed)

    def launch(self):
        """It creates the pods of two VMIs, deletes the first one's, and looks for the other's."""
        ended, lost = f"ended-{self.lives}", f"lost-{self.lives}"
        for name in (ended, lost):
            vmi = support.launched_machine(name, [SIDECAR])
            vmi["metadata"]["finalizers"] = ["example.com/held"]
            code, answer = self.ask("POST", self.vmis, vmi)
            self.assertEqual(code, 201, answer)
        for name in (ended, lost):
            pod = self.until("there is a pod", lambda vmi=name: self.pod_of(vmi))
            self.report_crash(pod)
            self.until("the VMI runs", lambda vmi=name: self.phase(vmi) == "Running")
        self.ask("DELETE", f"{self.vmis}/{ended}")
        self.until("its pod is deleted", lambda: not self.pod_of(ended))
        self.ask("DELETE", f"{self.pods}/{self.pod_of(lost)}?gracePeriodSeconds=0")
        self.until("the VMI has failed", lambda: self.phase(lost) == "Failed")

    def report_crash(self, pod):
        """It records an Event for a sidecar that has crashed, and another when it crashes again."""
        compute = {"name": "compute", "state": {"running": {}}, "ready": True, "restartCount": 0}
        sidecar = {"name": "hook-sidecar-0", "ready": False}
        sidecar["state"] = {"terminated": {"exitCode": 1, "reason": "Error"}}
        for crashes in (1, 2):
            sidecar["restartCount"] = crashes - 1
            statuses = [{"image": "", "imageID": "", **item} for item in (compute, sidecar)]
            status = {"phase": "Running", "containerStatuses": statuses}
            code, answer = self.ask("PATCH", f"{self.pods}/{pod}/status", {"status": status}, MERGE)
            self.assertEqual(code, 200, answer)
            self.until(f"the Event counts {crashes}", lambda n=crashes: self.crashes(pod) == n)

    def create_pod(self):
        """Creates a launcher pod like KubeVirt's, and returns its name."""
        name = f"kubevirts-{self.lives}"
        _, vmi = self.ask("POST", self.vmis, support.machine(name))
        pod = self.pod(
            name,
            {"name": "compute", "image": support.image("hook-launcher")},
            {"name": "hook-sidecar-0", "image": support.image("sidecar-shim")},
        )
        pod["spec"]["nodeSelector"] = {"example.com/none": "such"}
        pod["metadata"]["labels"] = {"kubevirt.io": "virt-launcher"}
        pod["metadata"]["ownerReferences"] = [support.owned_by(vmi)]
        code, answer = self.ask("POST", self.pods, pod)
        self.assertEqual(code, 201, answer)
        return name

    def pod_of(self, vmi):
        """The name of a VMI's pod, or None."""
        for pod in self.ask("GET", self.pods)[1]["items"]:
            if pod["metadata"]["ownerReferences"][0]["name"] == vmi:
                return pod["metadata"]["name"]
        return None

    def phase(self, vmi):
        """The phase of a VMI."""
        return self.ask("GET", f"{self.vmis}/{vmi}")[1].get("status", {}).get("phase")

    def crashes(self, pod):
        """The number of crashes of a pod's sidecar in its Events."""
        path = f"/api/v1/namespaces/{self.namespace}/events?fieldSelector=reason=SidecarCrashed"
        events = self.ask("GET", path)[1]["items"]
        return sum(event["count"] for event in events if pod in event["message"])

    def remove_machines(self):
        """Removes the VMIs and pods of one run."""
        for vmi in self.ask("GET", self.vmis)[1]["items"]:
            path = f"{self.vmis}/{vmi['metadata']['name']}"
            self.ask("PATCH", path, {"metadata": {"finalizers": None}}, MERGE)
        self.ask("DELETE", self.vmis)
        self.ask("DELETE", self.pods + "?gracePeriodSeconds=0")

    def until(self, what, wanted):
        """Waits until wanted() is true, and returns its result. Raises Forbidden."""

        def ask():
            page = self.controller.get("/metrics")[1]
            refused = re.search(r'hookline_api_requests_total{verb="(\w+)",code="403"} [1-9]', page)
            if refused:
                self.controller.wait_log(" cannot ")  # it is counted before it is logged
                raise Forbidden(refused[1])
            return wanted()

        result = support.poll(ask, support.PATIENCE, pause=0.02)
        if not result:
            self.fail(f"timed out waiting until {what}:\n{self.controller.text()}")
        return result

    # Its permissions

    def roles(self):
        """The path and the rules of each role."""
        return [
            (role_path(item), item["rules"])
            for item in self.objects
            if item["kind"] in ("Role", "ClusterRole")
        ]

    def set_rules(self, path, rules):
        """Gives a role these rules."""
        code, answer = self.ask("PATCH", path, {"rules": rules}, MERGE)
        self.assertEqual(code, 200, answer)

    def may(self, path, right):
        """Whether the controller has a permission, according to the API server."""
        resource, _, subresource = right["resources"][0].partition("/")
        attributes = {
            "group": right["apiGroups"][0],
            "resource": resource,
            "subresource": subresource,
            "verb": right["verbs"][0],
            "name": right.get("resourceNames", [""])[0],
            "namespace": SYSTEM if "/roles/" in path else self.namespace,
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": f"system:serviceaccount:{SYSTEM}:{ACCOUNT}",
                "resourceAttributes": attributes,
            },
        }
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        return self.ask("POST", path, review)[1]["status"]["allowed"]

    def wait_until_known(self, path, right, allowed):
        """Waits until API servers know that a permission was granted or revoked."""
        known = support.poll(
            lambda: self.may(path, right) == allowed, support.PATIENCE, pause=0.01
        )
        self.assertTrue(known, f"another rule gives the same as {right}")

    def test_all_are_enough(self):
        self.live()
        self.assertNotIn("forbidden", self.controller.text())

    def test_those_of_the_base_are_enough_beside_kubevirt(self):
        """Where Hookline launches nothing, the additions of the overlay standalone are not
        needed."""
        for path, rules in self.roles():
            if path.endswith("-launch"):
                self.set_rules(path, [])
                for right in singles(rules):
                    self.wait_until_known(path, right, False)
        self.live("--launch=false")
        self.assertNotIn("forbidden", self.controller.text())

    def test_none_is_superfluous(self):
        for path, rules in self.roles():
            all_rights = list(singles(rules))
            for right in all_rights:
                self.set_rules(path, [other for other in all_rights if other is not right])
                with self.subTest(right):
                    self.wait_until_known(path, right, False)
                    self.assert_missed(right)
                self.set_rules(path, rules)
                self.wait_until_known(path, right, True)

    def assert_missed(self, right):
        """Without a permission the API server refuses the request, and the log says so."""
        with self.assertRaises(Forbidden):
            self.live()
        resource = right["resources"][0].partition("/")[0]
        messages = "\n".join(line["msg"] for line in self.controller.lines if line)
        self.assertIn(f'cannot {right["verbs"][0]} resource "{resource}', messages)


def role_path(role):
    """The path of a Role or ClusterRole in the API."""
    start = "/apis/rbac.authorization.k8s.io/v1"
    if role["kind"] == "Role":
        return f"{start}/namespaces/{SYSTEM}/roles/{role['metadata']['name']}"
    return f"{start}/clusterroles/{role['metadata']['name']}"


def singles(rules):
    """The rules, split into one for each verb of each resource."""
    for rule in rules:
        for resource in rule["resources"]:
            for verb in rule["verbs"]:
                yield {**rule, "resources": [resource], "verbs": [verb]}


if __name__ == "__main__":
    support.main()
