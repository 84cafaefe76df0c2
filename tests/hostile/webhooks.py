"""The webhooks under attack: a hook-controller that serves them alone, with a policy from a file,
and the reviews that it is sent."""

import concurrent.futures
import http.client
import json
import pathlib
import socket
import ssl
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import support
from certificates import make_certificate
from controller import ALONE, CONTROLLER, Controller
from memory import MemoryLimit
from reviews import machine, sidecars

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
        self.flags = [
            *ALONE,
            f"--tls-certificate={self.certificate}",
            f"--tls-key={self.certificate.with_suffix('.key')}",
            f"--policy-file={self.write('policy.yaml', self.POLICY)}",
            f"--webhook-threads={self.THREADS}",
            "--webhook-listen=127.0.0.1:0",
        ]
        self.start()
        self.context = ssl.create_default_context(cafile=self.certificate)

    def start(self):
        self.memory = MemoryLimit(self, CONTROLLER)
        self.controller = Controller(self, *self.flags, before=self.memory.command)
        self.port = self.controller.wait_log("serving the webhooks")["port"]

    def ask(self, path, body, patience=REVIEW_S):
        """Sends a review; returns the status and text of the answer."""
        connection = http.client.HTTPSConnection(
            "localhost", self.port, context=self.context, timeout=patience
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

    def connect(self):
        """A TLS connection to the webhooks."""
        client = socket.create_connection(("127.0.0.1", self.port), REVIEW_S)
        return self.context.wrap_socket(client, server_hostname="localhost")


class ReviewsCase(WebhooksCase):
    """Webhooks that are sent costly reviews and honest ones."""

    POLICY = """apiVersion: hookline.dev/v1alpha1
kind: HostPathPolicy
rules:
- pathPrefixes: [/allowed]
"""
    THREADS = 4

    def attack(self, path, body, count=6, times=1, patience=REVIEW_S):
        """Sends such reviews, count of them at once, and honest ones beside them, which must get
        their verdicts in time; memory stays below the limit. Returns the answers to the others."""
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            ask = [self.try_to_ask, path, body, patience]
            evil = [pool.submit(*ask) for _ in range(count * times)]
            slowest = 0
            for _ in range(5 * times):
                began = time.monotonic()
                response = self.verdict("/validate-machines", machine(sidecars({"image": "a"})))
                self.assertTrue(response["allowed"])
                slowest = max(slowest, time.monotonic() - began)
            print(f"# honest verdicts within {slowest:.2f} s")
            answers = [each.result() for each in evil]
        self.memory.check(self.controller.process)
        return answers

    def try_to_ask(self, path, body, patience):
        """What ask returns, or None if there is no answer in time."""
        try:
            return self.ask(path, body, patience)
        except (OSError, http.client.HTTPException):
            return None
