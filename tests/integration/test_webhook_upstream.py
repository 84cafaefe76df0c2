"""KubeVirt's own pods through the webhook: the result in the API server, computed with another
implementation of RFC 6902."""

import base64
import copy
import json
import unittest

import jsonpatch
import support
import test_render_upstream as upstream
import test_webhook_server as server


@unittest.skipUnless(upstream.PODS.is_dir(), "KubeVirt's pods are not beside this tree")
class WebhookUpstream(server.WebhookServer):
    """The server's policy allows KubeVirt's image directory."""

    flags = [f"--shim-image={upstream.SHIM_IMAGE}"]

    def admit(self, pod):
        """The pod after the webhook's patch, and the response."""
        request = json.loads(server.review())
        request["request"]["object"] = pod
        answer, text = self.ask(self.connect(), "POST", "/mutate-pods", json.dumps(request))
        self.assertEqual(answer.status, 200, text)
        response = json.loads(text)["response"]
        self.assertTrue(response["allowed"], text)
        patch = json.loads(base64.b64decode(response.get("patch", b"W10=")))
        return jsonpatch.apply_patch(copy.deepcopy(pod), patch), response

    def pods(self, gate):
        paths = sorted(upstream.PODS.glob(f"*.{gate}.json"))
        self.assertTrue(paths)
        for path in paths:
            yield path.name.removesuffix(f".{gate}.json"), json.loads(path.read_text("utf-8"))

    def test_gate_off_becomes_gate_on(self):
        wanted = dict(self.pods("gate-on"))
        for name, pod in self.pods("gate-off"):
            with self.subTest(name):
                admitted, response = self.admit(pod)
                self.assertEqual("patch" in response, name in wanted)
                expected = upstream.normalize(wanted.get(name, pod))
                admitted = upstream.normalize(admitted)
                self.assertEqual(upstream.without_hostpath(admitted), expected)

    def test_gate_on_gets_only_what_kubevirt_does_not_know(self):
        for name, pod in self.pods("gate-on"):
            with self.subTest(name):
                _, response = self.admit(pod)
                self.assertEqual("patch" in response, name.endswith("hostpath"))

    def test_a_second_time_changes_nothing(self):
        for gate in ("gate-off", "gate-on"):
            for name, pod in self.pods(gate):
                with self.subTest(name, gate=gate):
                    admitted, _ = self.admit(pod)
                    _, response = self.admit(admitted)
                    self.assertNotIn("patch", response)


if __name__ == "__main__":
    support.main()
