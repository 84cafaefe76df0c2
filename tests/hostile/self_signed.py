"""A controller that keeps its own certificate, and the objects that it keeps it in."""

import base64
import socket
import ssl

from launching import LaunchingCase, support
from certificates import make_certificate
from controller import Controller
from test_hook_controller_launch import LEASE

CONFIGURATIONS = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")
NAMESPACE = "hookline"
NAME = f"webhook.{NAMESPACE}.svc"
NAMES = [NAME, f"{NAME}.cluster.local", f"webhook.{NAMESPACE}", "webhook"]
OURS = {"name": "webhook", "namespace": NAMESPACE, "path": "/mutate-pods"}
FOREIGN = {"url": "https://elsewhere.example.org/hook", "caBundle": "Zm9yZWlnbg=="}
SECRET = "certificate"


def encoded(text):
    return base64.b64encode(text.encode()).decode()


class SelfSignedCase(LaunchingCase):
    """Both webhook configurations, each with two webhooks of ours and one of somebody else."""

    def setUp(self):
        super().setUp()
        for plural in CONFIGURATIONS:
            self.server.put(plural, {"metadata": {"name": "hookline"}, "webhooks": self.webhooks()})

    def webhooks(self):
        return [
            {"name": "one.hookline.dev", "clientConfig": {"service": OURS}},
            {"name": "foreign.example.org", "clientConfig": FOREIGN},
            {"name": "two.hookline.dev", "clientConfig": {"service": OURS}},
        ]

    def start_self_signed(self, *flags, env=None):
        return Controller(
            self,
            f"--kubeconfig={self.kubeconfig}",
            f"--namespace={NAMESPACE}",
            "--self-signed",
            "--webhook-listen=127.0.0.1:0",
            "--webhook-configuration=hookline",
            "--webhook-service=webhook",
            f"--certificate-secret={SECRET}",
            *LEASE,
            *flags,
            env=env,
        )

    def bundles(self):
        """The caBundle of each webhook of ours, in PEM, or None."""
        configurations = [self.server.get(plural, "", "hookline") for plural in CONFIGURATIONS]
        webhooks = [webhook for each in configurations for webhook in each["webhooks"]]
        texts = [
            webhook["clientConfig"].get("caBundle")
            for webhook in webhooks
            if "service" in webhook["clientConfig"]
        ]
        return [text and base64.b64decode(text).decode() for text in texts]

    def secret(self):
        return self.server.get("secrets", NAMESPACE, SECRET)

    def is_right(self):
        """Whether all caBundles are the same, and begin with the CA of the Secret."""
        secret = self.secret()
        bundles = set(self.bundles())
        if secret is None or None in bundles or len(bundles) > 1:
            return False
        ca = base64.b64decode(secret["data"].get("ca.crt", "")).decode()
        return ca != "" and bundles.pop().startswith(ca)

    def wait_right(self):
        self.server.wait(self.is_right, "the caBundle of the Secret", support.PATIENCE)

    def leaf(self, controller, bundle):
        """The certificate that is served to a client that trusts the bundle, and verifies the
        name of the Service; it may not be valid yet, or any longer, by our clock."""
        if controller.webhook_port is None:
            controller.webhook_port = controller.wait_log("serving the webhooks")["port"]
        context = ssl.create_default_context(cadata=bundle)
        with socket.create_connection(("127.0.0.1", controller.webhook_port), 60) as client:
            with context.wrap_socket(client, server_hostname=NAME) as secure:
                return secure.getpeercert()

    def pair(self, name, names=()):
        """The data of a Secret with a CA and a leaf of somebody else."""
        make_certificate(
            self.tmp, f"{name}-ca", f"/CN={name} CA", "basicConstraints=critical,CA:TRUE"
        )
        make_certificate(
            self.tmp,
            name,
            f"/CN={name}",
            "basicConstraints=critical,CA:FALSE",
            "subjectAltName=" + ",".join(f"DNS:{each}" for each in names or NAMES),
            signer=f"{name}-ca",
        )
        files = {"ca.crt": f"{name}-ca.crt", "tls.crt": f"{name}.crt", "tls.key": f"{name}.key"}
        return {
            key: encoded((self.tmp / file).read_text("utf-8")) for key, file in files.items()
        }

    def put_secret(self, data):
        self.server.put(
            "secrets", {"metadata": {"name": SECRET, "namespace": NAMESPACE}, "data": data}
        )
