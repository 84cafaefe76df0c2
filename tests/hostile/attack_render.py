#!/usr/bin/python3
"""Launcher pods and annotations whose rendering would take more than their size: lists in which
each sidecar has to look for something, and values that each sidecar is given. However many are
sent, the others get their verdicts in time, and the controller stays below its memory limit."""

import json

from reviews import machine, pod, sidecars
from webhooks import ReviewsCase, support

COMPUTE = {"name": "compute", "image": "launcher"}
SIDECARS = 64  # the most of an annotation
VOLUMES = 6600  # of a pod that the API server takes, within 20000 JSON values
HOOK = {"name": "scripts", "key": "hook.sh", "hookPath": "/usr/bin/onDefineDomain"}
LONGEST_PATH = 4000
PREFIXES = 200
POLICY = """apiVersion: hookline.dev/v1alpha1
kind: HostPathPolicy
rules:
- pathPrefixes:
""" + "".join(f"  - /allowed/{number}\n" for number in range(PREFIXES))


def derived_name(name, kind, attempt):
    """The name of a volume whose own name is taken, as annotations/volume.c makes it."""
    value = (2166136261 + attempt) % 2**32
    for byte in f"{kind}\0{name}\0".encode():
        value = (value ^ byte) * 16777619 % 2**32
    return f"{name}-{value:08x}"


def launcher(annotations, containers=(COMPUTE,), volumes=()):
    """A launcher pod with these containers, and empty volumes with these names."""
    body = json.loads(pod(annotations))
    spec = body["request"]["object"]["spec"]
    spec["containers"] = containers
    spec["volumes"] = [{"name": name, "emptyDir": {}} for name in volumes]
    return json.dumps(body).encode()


def long_path(number):
    """A valid path of many components, other than that with another number."""
    end = f"/{number}"
    return "/a" * ((LONGEST_PATH - len(end)) // 2) + end


def hooks():
    """An annotation of as many sidecars as there may be, each with the same hook."""
    return sidecars(*[{"image": "a", "configMap": HOOK}] * SIDECARS)


def claims():
    """An annotation of valid claims that compute shares at long paths."""
    return sidecars(
        *[
            {
                "image": "a",
                "pvc": {
                    "name": "disk",
                    "volumePath": "/disk",
                    "sharedComputePath": long_path(number),
                },
            }
            for number in range(SIDECARS)
        ]
    )


class Render(ReviewsCase):
    POLICY = POLICY
    THREADS = 2

    def answers(self, path, body, count=6):
        """The responses to such reviews, sent at once with honest ones beside them."""
        self.assertLess(len(body), 3 << 20)
        answers = self.attack(path, body, count)
        for answer in answers:
            self.assertIsNotNone(answer, "no verdict")
            self.assertEqual(answer[0], 200, answer[1])
        return [json.loads(answer[1])["response"] for answer in answers]

    def assert_refused(self, body, why):
        """Each of several reviews of this pod is answered with a denial that says why."""
        for response in self.answers("/mutate-pods", body):
            self.assertFalse(response["allowed"])
            self.assertIn(why, response["status"]["message"])

    def test_selinux_options_for_every_sidecar(self):
        options = {"level": "s0:" + "c" * 2800000}
        other = {"name": "other", "securityContext": {"seLinuxOptions": options}}
        body = launcher(hooks(), [COMPUTE, other])
        self.assert_refused(body, "SELinux options of container other")

    def test_numbers_as_selinux_options_for_every_sidecar(self):
        options = {"level": [number / 7 for number in range(19000)]}
        other = {"name": "other", "securityContext": {"seLinuxOptions": options}}
        body = launcher(hooks(), [COMPUTE, other])
        self.assert_refused(body, "SELinux options of container other")

    def test_a_patch_of_megabytes(self):
        name = "v" * 1200000
        paths = ("/var/run/kubevirt-plugin", "/var/run/kubevirt/sockets")
        mounts = [{"name": name, "mountPath": path} for path in paths]
        body = launcher(sidecars({"image": "a"}), [{**COMPUTE, "volumeMounts": mounts}])
        self.assert_refused(body, "the patch that adds its sidecars")

    def test_paths_beside_many_mounts(self):
        mounts = [{"name": "v", "mountPath": "/a/"}] * VOLUMES
        body = launcher(claims(), [{**COMPUTE, "volumeMounts": mounts}])
        for response in self.answers("/mutate-pods", body):
            self.assertTrue(response["allowed"])

    def test_more_volumes_than_a_pod_has(self):
        names = [derived_name("scripts", "configMap", attempt) for attempt in range(VOLUMES)]
        body = launcher(hooks(), volumes=["scripts", *names])
        self.assert_refused(body, f"it has {VOLUMES + 1} volumes")

    def test_more_containers_than_a_pod_has(self):
        many = [{"name": f"c{number}"} for number in range(9000)]
        body = launcher(hooks(), [COMPUTE, *many])
        self.assert_refused(body, "it has 9001 containers")

    def test_volumes_with_every_derived_name(self):
        names = [derived_name("scripts", "configMap", attempt) for attempt in range(1000)]
        body = launcher(hooks(), volumes=["scripts", *names])
        self.assert_refused(body, "have the name scripts and the 8 names derived from it")

    def test_copies_of_a_volume(self):
        body = launcher(hooks(), volumes=["hook-sidecar-sockets"] * VOLUMES + ["last"])
        self.assert_refused(body, f"it has {VOLUMES + 1} volumes")

    def test_long_shared_paths(self):
        body = machine(claims())
        for response in self.answers("/validate-machines", body, 80):
            self.assertTrue(response["allowed"])

    def test_long_host_paths_and_many_prefixes(self):
        entries = [
            {"image": "a", "hostPath": {"path": long_path(number), "volumePath": "/a"}}
            for number in range(SIDECARS)
        ]
        for response in self.answers("/validate-machines", machine(sidecars(*entries)), 40):
            self.assertFalse(response["allowed"])


if __name__ == "__main__":
    support.main()
