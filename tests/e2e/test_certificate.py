#!/usr/bin/python3
"""The certificate of hook-controller --self-signed: sharing between replicas, caBundle, renewal.
The replicas run locally, outside the cluster, and clients verify the name of the webhooks'
Service."""

import base64
import json
import socket
import ssl
import time

import support

KINDS = ("mutatingwebhookconfiguration", "validatingwebhookconfiguration")
SECRET = "certificate"
# A third of that, and of the minute by which certificates are backdated, is left at renewal.
VALIDITY = "90s"


class Replica:
    """A hook-controller, and its address."""

    def __init__(self, process, log):
        self.process = process
        self.log = log
        self.port = self.follow("serving the webhooks")["port"]

    def follow(self, needle):
        """Reads the log until a message has needle; returns that line's object."""
        for line in self.log:
            line = json.loads(line)
            if needle in line["msg"]:
                return line
        raise AssertionError(f"hook-controller ended without {needle!r}")


class SelfSignedTest(support.ClusterCase):
    """Two webhook configurations with a unique name."""

    def setUp(self):
        super().setUp()
        for kind in KINDS:
            self.configure(kind)
            self.addCleanup(self.kubectl, "delete", kind, self.namespace, "--ignore-not-found")

    def configure(self, kind):
        """Creates a webhook configuration with two webhooks that match no objects."""
        webhooks = [
            {
                "name": f"{name}.hookline.dev",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Ignore",
                "clientConfig": {"service": {"name": "webhook", "namespace": self.namespace}},
                "namespaceSelector": {"matchLabels": {"hookline.dev/test": self.namespace}},
                "rules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["pods"],
                    }
                ],
            }
            for name in ("one", "two")
        ]
        self.apply(
            {
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": {
                    KINDS[0]: "MutatingWebhookConfiguration",
                    KINDS[1]: "ValidatingWebhookConfiguration",
                }[kind],
                "metadata": {"name": self.namespace},
                "webhooks": webhooks,
            }
        )

    def start(self, *flags):
        """Starts a replica that only serves the webhooks."""
        with open(self.write(f"log-{time.monotonic_ns()}", ""), "wb") as log:
            process = self.spawn(
                [
                    support.program("hook-controller"),
                    f"--kubeconfig={self.kubeconfig}",
                    f"--namespace={self.namespace}",
                    f"--policy-file={self.policy()}",
                    f"--webhook-configuration={self.namespace}",
                    "--self-signed",
                    f"--certificate-secret={SECRET}",
                    "--webhook-service=webhook",
                    "--webhook-listen=127.0.0.1:0",
                    "--metrics-listen=",
                    "--launch=false",
                    "--leader-elect=false",
                    "--drain=1s",
                    *flags,
                ],
                stderr=log,
            )
            tail = self.spawn(
                ["tail", "--follow", "--lines=+1", f"--pid={process.pid}", log.name],
                stdout=-1,
                text=True,
            )
        return Replica(process, tail.stdout)

    def policy(self):
        """A policy that allows nothing."""
        policy = {"apiVersion": "hookline.dev/v1alpha1", "kind": "HostPathPolicy", "rules": []}
        return self.write("policy.json", json.dumps(policy))

    def bundles(self):
        """The caBundle of each webhook, in PEM, or None."""
        configurations = [self.get(kind, self.namespace) for kind in KINDS]
        webhooks = [webhook for each in configurations for webhook in each["webhooks"]]
        texts = [webhook["clientConfig"].get("caBundle") for webhook in webhooks]
        return [text and base64.b64decode(text).decode() for text in texts]

    def leaf(self, replica, bundle):
        """The serial number of the certificate that a replica serves to a client that trusts the
        bundle and verifies the Service's name, as API servers do."""
        context = ssl.create_default_context(cadata=bundle)
        with socket.create_connection(("127.0.0.1", replica.port), support.PATIENCE) as tcp:
            name = f"webhook.{self.namespace}.svc"
            with context.wrap_socket(tcp, server_hostname=name) as client:
                return client.getpeercert()["serialNumber"]

    def await_new_leaf(self, replicas, old):
        """Connects to all replicas, with each caBundle in turn, until all serve the same
        certificate and it is not old; returns it. No client may ever reject one."""

        def ask():
            nonlocal leaves
            bundles = set(self.bundles())
            leaves = {self.leaf(replica, bundle) for bundle in bundles for replica in replicas}
            return len(leaves) == 1 and old not in leaves

        leaves = set()
        if not support.poll(ask, support.PATIENCE):
            self.fail(f"the replicas do not serve a new certificate: {leaves}, before: {old}")
        return leaves.pop()

    def await_bundles(self):
        """Waits until every webhook has the same caBundle."""
        for kind in KINDS:
            self.wait_for(
                kind,
                lambda configuration: all(
                    "caBundle" in webhook["clientConfig"] for webhook in configuration["webhooks"]
                ),
                self.namespace,
            )
        self.assertEqual(len(set(self.bundles())), 1)

    def test_replicas_agree(self):
        replicas = [self.start(), self.start()]
        for replica in replicas:
            replica.follow("now serving its certificate")
        self.await_bundles()
        first = self.await_new_leaf(replicas, None)
        keys = sorted(self.get("secret", SECRET)["data"])
        self.assertEqual(keys, ["ca.crt", "tls.crt", "tls.key"])

        with self.subTest("a caBundle that somebody changes is put right"):
            patch = [
                {"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"},
                {
                    "op": "replace",
                    "path": "/webhooks/1/clientConfig/caBundle",
                    "value": self.get("secret", SECRET)["data"]["tls.crt"],
                },
            ]
            for kind in KINDS:
                before = self.get(kind, self.namespace)["webhooks"]
                self.kubectl(
                    "patch", kind, self.namespace, "--type=json", f"--patch={json.dumps(patch)}"
                )
                self.wait_for(
                    kind,
                    lambda configuration, wanted=before: configuration["webhooks"] == wanted,
                    self.namespace,
                )

        with self.subTest("a Secret that is deleted is made anew, and clients see no gap"):
            self.kubectl("delete", "secret", SECRET)
            second = self.await_new_leaf(replicas, first)
            self.assertIn("previous-ca.crt", self.get("secret", SECRET)["data"])

        with self.subTest("a Secret that is damaged gets a new pair"):
            self.kubectl("patch", "secret", SECRET, '--patch={"data": {"tls.crt": "eA=="}}')
            third = self.await_new_leaf(replicas, second)

        with self.subTest("a replica that comes later takes what is there"):
            late = self.start()
            late.follow("now serving its certificate")
            self.assertEqual(self.leaf(late, self.bundles()[0]), third)

    def test_renewal(self):
        replicas = [self.start(f"--certificate-validity={VALIDITY}") for _ in range(2)]
        for replica in replicas:
            replica.follow("now serving its certificate")
        self.await_bundles()
        first = self.await_new_leaf(replicas, None)
        second = self.await_new_leaf(replicas, first)
        self.await_new_leaf(replicas, second)

    def test_a_configuration_that_comes_later(self):
        self.kubectl("delete", KINDS[1], self.namespace)
        replica = self.start()
        said = replica.follow("does not exist")
        self.assertEqual(said["level"], "warning")
        self.assertIn(f"ValidatingWebhookConfiguration {self.namespace}", said["msg"])
        replica.follow("now serving its certificate")
        self.configure(KINDS[1])
        self.await_bundles()

    def test_a_secret_for_another_service(self):
        replica = self.start("--webhook-service=other")
        replica.follow("now serving its certificate")
        replica.process.terminate()
        self.assertEqual(replica.process.wait(support.PATIENCE), 0)
        replica = self.start()
        replica.follow("now serving its certificate")
        self.leaf(replica, self.bundles()[0])

    def test_rights_that_come_later(self):
        name = f"system:serviceaccount:{self.namespace}:default"
        config = json.loads(self.kubectl("config", "view", "--raw", "-o", "json"))
        for user in config["users"]:
            user["user"] = {"token": self.token("default")}
        replica = self.start(f"--kubeconfig={self.write('default', json.dumps(config))}")
        said = replica.follow("secrets")
        self.assertEqual(said["level"], "warning")
        self.assertIn("forbidden", said["msg"])
        self.apply(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRoleBinding",
                "metadata": {"name": self.namespace},
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "ClusterRole",
                    "name": "cluster-admin",
                },
                "subjects": [
                    {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name}
                ],
            }
        )
        self.addCleanup(self.kubectl, "delete", "clusterrolebinding", self.namespace)
        replica.follow("now serving its certificate")
        self.await_bundles()

    def token(self, account):
        """A token of a service account."""
        self.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "type": "kubernetes.io/service-account-token",
                "metadata": {
                    "name": "token",
                    "annotations": {"kubernetes.io/service-account.name": account},
                },
            }
        )
        secret = self.wait_for("secret", lambda secret: "token" in secret.get("data", {}), "token")
        return base64.b64decode(secret["data"]["token"]).decode()


if __name__ == "__main__":
    support.main()
