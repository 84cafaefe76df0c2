"""AdmissionReviews of objects that tenants write, and a controller whose webhooks are asked for a
verdict on them, many at once."""

import concurrent.futures
import http.client
import json

from webhooks import REVIEW_S, WebhooksCase

KEY = "hooks.kubevirt.io/hookSidecars"
COMPUTE = {"name": "compute", "image": "launcher"}


def review(kind, group, annotations, more="", labels=None, containers=(COMPUTE,)):
    """An AdmissionReview of a new object, with more members of its spec as text."""
    metadata = {"name": "a", "annotations": annotations, "labels": labels or {}}
    spec = f'{{"containers": {json.dumps(containers)}{", " + more if more else ""}}}'
    of = json.dumps({"group": group, "version": "v1", "kind": kind})
    return (
        '{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "1", '
        f'"kind": {of}, "namespace": "default", "operation": "CREATE", "object": {{'
        f'"metadata": {json.dumps(metadata)}, "spec": {spec}}}}}}}'
    ).encode()


def machine(annotations, more=""):
    return review("VirtualMachineInstance", "kubevirt.io", annotations, more)


def pod(annotations, more="", containers=(COMPUTE,)):
    return review("Pod", "", annotations, more, {"kubevirt.io": "virt-launcher"}, containers)


def sidecars(*entries):
    return {KEY: json.dumps(entries)}


class ReviewsCase(WebhooksCase):
    """A hook-controller that reviews objects."""

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
