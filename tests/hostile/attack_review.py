#!/usr/bin/python3
"""Objects that tenants write and the API server sends for review: each gets a verdict, none keeps a
webhook thread busy, and all together stay below the memory limit of the Deployment."""

import concurrent.futures
import http.client
import json

from memory import assert_memory
from webhooks import REVIEW_S, WebhooksCase, support

KEY = "hooks.kubevirt.io/hookSidecars"
LARGEST_ANSWER = 64 << 10
POLICY = """apiVersion: hookline.dev/v1alpha1
kind: HostPathPolicy
rules:
- pathPrefixes: [/allowed]
"""


def review(kind, group, annotations, more="", labels=None):
    """An AdmissionReview of a new object, with more members of its spec as text."""
    metadata = {"name": "a", "annotations": annotations, "labels": labels or {}}
    containers = '"containers": [{"name": "compute", "image": "launcher"}]'
    spec = "{" + containers + (", " + more if more else "") + "}"
    of = json.dumps({"group": group, "version": "v1", "kind": kind})
    return (
        '{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "1", '
        f'"kind": {of}, "namespace": "default", "operation": "CREATE", "object": {{'
        f'"metadata": {json.dumps(metadata)}, "spec": {spec}}}}}}}'
    ).encode()


def machine(annotations, more=""):
    return review("VirtualMachineInstance", "kubevirt.io", annotations, more)


def pod(annotations, more=""):
    return review("Pod", "", annotations, more, {"kubevirt.io": "virt-launcher"})


def sidecars(*entries):
    return {KEY: json.dumps(entries)}


STRANGE = {
    "a zero byte": r'"x": "a\u0000b"',
    "a number beyond 64 bits": '"x": 100000000000000000000',
    "deep nesting": '"x": ' + "[" * 300 + "]" * 300,
}


class Review(WebhooksCase):
    POLICY = POLICY
    THREADS = 4

    def ask(self, path, body):
        """Sends a review; returns the status and text of the answer."""
        connection = http.client.HTTPSConnection(
            "localhost", self.port, context=self.context, timeout=REVIEW_S
        )
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def verdict(self, path, body):
        """The response to a review, which must be a verdict."""
        status, text = self.ask(path, body)
        self.assertEqual(status, 200, text[:200])
        return json.loads(text)["response"]

    def test_every_object_gets_a_verdict(self):
        for what, more in STRANGE.items():
            for path, make in (("/validate-machines", machine), ("/mutate-pods", pod)):
                with self.subTest(what, path=path):
                    self.assertTrue(self.verdict(path, make({}, more))["allowed"])
                    wrong = make(sidecars({"image": 7}), more)
                    self.assertFalse(self.verdict(path, wrong)["allowed"])

    def test_an_escaped_key_is_found_as_the_api_server_writes_it(self):
        """Go's encoding/json writes a key that was escaped in the request unescaped."""
        body = json.loads(machine(sidecars({"image": 7})))
        body = json.dumps(body, ensure_ascii=False).encode()
        self.assertFalse(self.verdict("/validate-machines", body)["allowed"])

    def test_provisioning_pods_are_not_exempt_from_the_policy(self):
        forbidden = {"hostPath": {"path": "/etc", "volumePath": "/host"}, "image": "a"}
        annotations = {**sidecars(forbidden), "kubevirt.io/ephemeral-provisioning": "true"}
        self.assertFalse(self.verdict("/mutate-pods", pod(annotations))["allowed"])

    def attack(self, path, body, count=6):
        """Sends such reviews all at once, and honest ones beside them, which must get their
        verdicts in time. Returns the answers to the others."""
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            evil = [pool.submit(self.try_to_ask, path, body) for _ in range(count)]
            for _ in range(5):
                response = self.verdict("/validate-machines", machine(sidecars({"image": "a"})))
                self.assertTrue(response["allowed"])
            return [each.result() for each in evil]

    def try_to_ask(self, path, body):
        """What ask returns, or None if there is no answer in time."""
        try:
            return self.ask(path, body)
        except (OSError, http.client.HTTPException):
            return None

    def assert_short(self, answers):
        for answer in answers:
            self.assertIsNotNone(answer, "no verdict")
            self.assertEqual(answer[0], 200)
            self.assertLess(len(answer[1]), LARGEST_ANSWER)

    def test_an_annotation_of_many_faults(self):
        body = machine(sidecars({"args": [1] * 80000}))
        self.assert_short(self.attack("/validate-machines", body))

    def test_an_annotation_of_many_variables(self):
        env = [{"name": f"V{number}"} for number in range(14500)]
        body = pod(sidecars({"image": "a", "env": env}))
        for answer in self.attack("/mutate-pods", body):
            self.assertIsNotNone(answer, "no verdict")
            self.assertEqual(answer[0], 200)

    def test_an_annotation_of_many_unknown_fields(self):
        body = machine(sidecars({f"imag{number}": 1 for number in range(15000)}))
        self.assert_short(self.attack("/validate-machines", body))

    def test_an_annotation_of_many_sidecars(self):
        body = machine(sidecars(*[{"imagePullPolicy": "x"}] * 9000))
        self.assert_short(self.attack("/validate-machines", body))

    def test_memory_of_costly_objects(self):
        more = '"x": [' + ", ".join(["[]"] * 700000) + "]"
        body = pod(sidecars({"image": "a"}), more)
        self.assertLess(len(body), 3 << 20)
        for answer in self.attack("/mutate-pods", body):
            self.assertIsNotNone(answer, "no verdict")
        assert_memory(self, self.controller.process)


if __name__ == "__main__":
    support.main()
