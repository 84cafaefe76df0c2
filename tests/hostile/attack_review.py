#!/usr/bin/python3
"""Objects that tenants write and the API server sends for review: each gets a verdict, none keeps a
webhook thread busy, and all together stay below the memory limit of the Deployment."""

import json

from reviews import COSTLY, STRANGE, machine, pod, sidecars
from webhooks import ReviewsCase, support

LARGEST_ANSWER = 64 << 10


class Review(ReviewsCase):
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

    def assert_short(self, answers):
        for answer in answers:
            self.assertIsNotNone(answer, "no verdict")
            self.assertEqual(answer[0], 200)
            self.assertLess(len(answer[1]), LARGEST_ANSWER)

    def test_an_annotation_of_many_faults(self):
        self.assert_short(self.attack(*COSTLY["many faults"]))

    def test_an_annotation_that_is_all_faults(self):
        """It is within the budget of values, so that each fault is found."""
        answers = self.attack(*COSTLY["as many faults as there may be values"])
        self.assert_short(answers)
        for answer in answers:
            self.assertIn("and 18900 more", answer[1])

    def test_an_annotation_of_many_variables(self):
        for answer in self.attack(*COSTLY["many variables"]):
            self.assertIsNotNone(answer, "no verdict")
            self.assertEqual(answer[0], 200)
            self.assertTrue(json.loads(answer[1])["response"]["allowed"])

    def test_an_annotation_of_many_unknown_fields(self):
        self.assert_short(self.attack(*COSTLY["many unknown fields"]))

    def test_an_annotation_of_many_sidecars(self):
        self.assert_short(self.attack(*COSTLY["many sidecars"]))

    def test_memory_of_costly_objects(self):
        for answer in self.attack(*COSTLY["many values"]):
            self.assertIsNotNone(answer, "no verdict")


if __name__ == "__main__":
    support.main()
