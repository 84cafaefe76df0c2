"""The webhooks under attack: a hook-controller that serves them alone, with a policy from a file."""

import pathlib
import ssl
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import support
from certificates import make_certificate
from controller import ALONE, Controller

REVIEW_S = 10  # timeoutSeconds of the webhooks


class WebhooksCase(support.TestCase):
    """A hook-controller in self.controller, whose webhooks are at self.port."""

    POLICY = "apiVersion: hookline.dev/v1alpha1\nkind: HostPathPolicy\nrules: []\n"
    THREADS = 2

    def setUp(self):
        super().setUp()
        self.certificate = make_certificate(
            self.tmp, "tls", "/CN=localhost", "subjectAltName=DNS:localhost"
        )
        self.controller = Controller(
            self,
            *ALONE,
            f"--tls-certificate={self.certificate}",
            f"--tls-key={self.certificate.with_suffix('.key')}",
            f"--policy-file={self.write('policy.yaml', self.POLICY)}",
            f"--webhook-threads={self.THREADS}",
            "--webhook-listen=127.0.0.1:0",
        )
        self.port = self.controller.wait_log("serving the webhooks")["port"]
        self.context = ssl.create_default_context(cafile=self.certificate)
