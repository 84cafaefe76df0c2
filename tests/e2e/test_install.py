#!/usr/bin/python3
"""Hookline installed with Kustomize: what operators see and do."""

import base64
import json
import re

import support
from support import CONTROLLER, SYSTEM

CONFIGURATIONS = ("mutatingwebhookconfiguration", "validatingwebhookconfiguration")
SECRET = "hookline-webhook-certificate"


class InstalledTest(support.InstalledCase):
    """The state after the installation."""

    def leader(self):
        """The leader; checks that there is exactly one."""
        leading = [pod for pod in self.replicas() if self.metrics(pod)["hookline_leader"] == 1]
        self.assertEqual(len(leading), 1)
        return leading[0]

    def test_replicas(self):
        """Both are ready, and the leader holds the Lease."""
        deployment = self.get("deployment", "hook-controller", *SYSTEM)
        self.assertEqual(deployment["status"]["readyReplicas"], 2)
        self.assertEqual(len(self.replicas()), 2)
        lease = self.get("lease", "hookline-controller", *SYSTEM)
        self.assertRegex(lease["spec"]["holderIdentity"], f"^{self.leader()}_")

    def test_health(self):
        for pod in self.replicas():
            self.assertEqual(self.page(pod, "healthz"), "ok\n")
            self.assertEqual(self.page(pod, "readyz"), "ok\n")

    def test_metrics_are_those_of_the_documentation(self):
        """The Service serves exactly the metrics in the table of docs/operations.md."""
        service = "/api/v1/namespaces/hookline-system/services/hookline-metrics:metrics"
        page = self.kubectl("get", "--raw", f"{service}/proxy/metrics")
        served = set(re.findall("^# TYPE (hookline_[a-z_]+)", page, re.MULTILINE))
        text = (support.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
        self.assertEqual(served, set(re.findall("`(hookline_[a-z_]+)", text)))
        self.assertIn("process_resident_memory_bytes", page)

    def test_disruption_budget(self):
        """One replica can be evicted, the other not until the first is replaced."""
        self.wait_for(
            "poddisruptionbudget", lambda it: it["status"]["disruptionsAllowed"] == 1, *SYSTEM
        )
        first, second = self.replicas()
        self.assertEqual(self.evict(first).returncode, 0)
        refused = self.evict(second)
        self.assertIn("disruption budget", refused.stderr)
        self.rolled_out()

    def evict(self, pod):
        """Evicts a replica and returns the result."""
        eviction = {
            "apiVersion": "policy/v1" if self.minor_version() > 21 else "policy/v1beta1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": "hookline-system"},
        }
        path = f"/api/v1/namespaces/hookline-system/pods/{pod}/eviction"
        return self.try_kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(eviction))

    def test_it_has_no_rights_on_its_node(self):
        """According to the kernel, not the manifest."""
        found = support.processes(self.replicas())
        if not found:
            self.skipTest("the node's processes cannot be seen from here")
        self.assertEqual(len(found), 2)
        for process in found:
            status = (process / "status").read_text(encoding="utf-8")
            for line in ("Uid:\t65532\t65532", "Gid:\t65532\t65532", "NoNewPrivs:\t1"):
                self.assertIn(line, status)
            for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                self.assertRegex(status, f"{capabilities}:\t0+\n")
            self.assertIn("Seccomp:\t2\n", status)
            mounts = (process / "mountinfo").read_text(encoding="utf-8")
            self.assertRegex(mounts, r"(?m)^\S+ \S+ \S+ \S+ / ro,")

    def test_nothing_is_logged_as_wrong(self):
        """No replica has logged a warning or error since its start."""
        self.leader()
        for pod in self.replicas():
            lines = map(json.loads, self.logs_of(pod).splitlines())
            self.assertEqual([line for line in lines if line["level"] not in ("info", "debug")], [])

    def logs_of(self, pod):
        """The log of a replica so far."""
        return self.kubectl("logs", pod, *SYSTEM)


class OperatedTest(support.InstalledCase):
    """While an operator is at work, each review is answered."""

    def setUp(self):
        super().setUp()
        self.wait_for_bundles(lambda bundle: bundle)

    def wait_for_bundles(self, wanted):
        """Waits until wanted(caBundle) is true for every webhook; the bundles are bytes."""
        for configuration in CONFIGURATIONS:
            self.wait_for(
                configuration,
                lambda item: all(
                    wanted(base64.b64decode(webhook["clientConfig"].get("caBundle", "")))
                    for webhook in item["webhooks"]
                ),
                "hookline",
            )

    def assert_answered(self, reviews):
        """Checks that every review was answered, and that there were some."""
        self.assertEqual(reviews.faults, [])
        self.assertGreater(reviews.refused, 10)

    def test_restart(self):
        before = self.replicas()
        with self.reviews() as reviews:
            self.kubectl("rollout", "restart", "deployment/hook-controller", *SYSTEM)
            self.rolled_out()
        self.assert_answered(reviews)
        self.assertFalse(set(before) & set(self.replicas()))

    def test_upgrade(self):
        """Applies new manifests, with a text log and a label with the version."""
        objects = self.objects()
        for item in objects:
            item["metadata"].setdefault("labels", {})["example.com/release"] = "next"
            if item["kind"] == "Deployment":
                [container] = item["spec"]["template"]["spec"]["containers"]
                container["args"].append("--log-format=text")
        with self.reviews() as reviews:
            self.apply(*objects)
            self.rolled_out()
            self.wait_for_bundles(lambda bundle: bundle)
        self.assert_answered(reviews)
        for pod in self.replicas():
            self.assertNotIn("{", self.kubectl("logs", pod, *SYSTEM).split()[0])

    def test_a_replica_is_killed(self):
        """With SIGKILL, so that it cannot shut down in an orderly way."""
        replica = self.replicas()[0]
        self.kubectl("delete", "pod", replica, "--grace-period=0", "--force", *SYSTEM)
        self.wait_for(
            "endpoints", lambda item: replica not in support.targets(item), "hookline-webhook", *SYSTEM
        )
        with self.reviews() as reviews:
            self.rolled_out()
        self.assert_answered(reviews)

    def test_ca_bundle(self):
        """Somebody sets another caBundle, or none: it is corrected in all webhooks of both
        configurations."""
        secret = self.get("secret", SECRET, *SYSTEM)
        right = base64.b64decode(secret["data"]["ca.crt"])
        for wrong in (secret["data"]["tls.crt"], ""):
            with self.subTest(wrong):
                for configuration in CONFIGURATIONS:
                    path = "/webhooks/0/clientConfig/caBundle"
                    patch = [{"op": "replace", "path": path, "value": wrong}]
                    words = ["--type=json", f"--patch={json.dumps(patch)}"]
                    self.kubectl("patch", configuration, "hookline", *words)
                self.wait_for_bundles(lambda bundle: right in bundle)

    def test_secret(self):
        """When the Secret is deleted, the replicas agree on a new certificate, and API servers
        trust it."""
        since = ["--follow", "--since=1s"]
        logs = [self.follow("logs", *since, pod, *SYSTEM) for pod in self.replicas()]
        old = self.get("secret", SECRET, *SYSTEM)
        with self.reviews() as reviews:
            self.kubectl("delete", "secret", SECRET, *SYSTEM)
            new = self.wait_for(
                "secret",
                lambda item: item["metadata"]["uid"] != old["metadata"]["uid"],
                SECRET,
                *SYSTEM,
            )
            ca = base64.b64decode(new["data"]["ca.crt"])
            self.wait_for_bundles(lambda bundle: ca in bundle)
            for log in logs:
                self.wait_for_line(log, "now serving its certificate")
        self.assert_answered(reviews)


if __name__ == "__main__":
    support.main()
