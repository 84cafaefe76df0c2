"""Clients of hook-controller that open connections and do nothing, or upload slowly, while the API
server sends reviews and the kubelet probes. An attack succeeds if a review gets no verdict within
the webhook's time-out, or a probe fails.

The clients use addresses of their own in 127.0.0.0/8: the server counts connections by address."""

import concurrent.futures
import contextlib
import http.client
import json
import threading
import time

from clients import (
    ADDRESSES,
    ALL_SIZES,
    CROWD,
    LARGEST,
    PROBE_S,
    Clients,
    many_descriptors,
)
from webhooks import REVIEW_S, WebhooksCase, support

REVIEWS = 20


def review(size=0):
    """An AdmissionReview of a launcher pod, at least that large."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "labels": {"kubevirt.io": "virt-launcher"}},
        "spec": {"containers": [{"name": "compute", "image": "launcher"}]},
    }
    request = {
        "uid": "1",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": "default",
        "operation": "CREATE",
        "object": pod,
    }
    kind = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
    return json.dumps({**kind, "request": request}).encode().ljust(size)


class Attack(WebhooksCase):
    """A hook-controller with the default limits in self.controller."""

    def setUp(self):
        super().setUp()
        self.enterContext(many_descriptors())
        self.attacker = self.clients()

    def clients(self, addresses=ADDRESSES):
        """An attacker with connections from these addresses."""
        clients = Clients(self.port, self.context, support.PATIENCE, addresses)
        self.addCleanup(clients.close)
        return clients

    def honest(self, address="127.0.0.1"):
        """A new connection of the API server."""
        connection = http.client.HTTPSConnection(
            "localhost",
            self.port,
            context=self.context,
            timeout=REVIEW_S,
            source_address=(address, 0),
        )
        self.addCleanup(connection.close)
        return connection

    def assert_verdict(self, connection, body):
        """A review gets its verdict in time. Returns how long that takes, in seconds."""
        start = time.monotonic()
        try:
            connection.request(
                "POST", "/mutate-pods", body=body, headers={"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self.fail(f"no verdict after {time.monotonic() - start:.1f} s: {error!r}")
        self.assertEqual(answer.status, 200, text)
        self.assertTrue(json.loads(text)["response"]["allowed"])
        return time.monotonic() - start

    def assert_reviews(self, size=0, address="127.0.0.1"):
        """Reviews on new connections get their verdicts."""
        times = [self.assert_verdict(self.honest(address), review(size)) for _ in range(REVIEWS)]
        print(f"# {REVIEWS} reviews from {address}, the slowest in {max(times):.3f} s")

    def probe(self, path):
        """What the kubelet gets, or None."""
        lines = [line for line in self.controller.lines if "serving health" in line["msg"]]
        port = lines[0]["port"] if lines else self.controller.metrics_port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PROBE_S)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return None
        finally:
            connection.close()

    def assert_probes(self):
        for path in ("/healthz", "/readyz"):
            self.assertEqual(self.probe(path), 200, f"the probe {path} fails")


class AttackIdle(Attack):
    """Connections on which nothing happens."""

    def test_idle_connections_to_the_metrics(self):
        for addresses in (ADDRESSES[:1], ADDRESSES):
            opened = self.clients(addresses).crowd(self.controller.metrics_port, 100)
            print(f"# {opened} idle connections from {len(addresses)} addresses")
            self.assert_probes()
            self.assertEqual(self.controller.get("/metrics")[0], 200)

    # They displace one another, not the connections of the API server.
    def test_connections_that_never_shake_hands(self):
        established = self.honest()
        self.assert_verdict(established, review())
        before = established.sock
        opened = self.attacker.crowd(self.port, CROWD)
        print(f"# {opened} connections")
        self.assert_reviews()
        self.assert_verdict(established, review())
        self.assertIs(established.sock, before)
        self.assert_probes()
        self.memory.check(self.controller.process)

    # The server would keep them open for minutes.
    def test_idle_connections_that_had_an_answer(self):
        established = self.honest()
        self.assert_verdict(established, review())
        opened = self.attacker.keep_alive(1200)
        print(f"# {opened} idle TLS connections")
        self.assert_reviews()
        self.assert_probes()
        self.memory.check(self.controller.process)

    # New ones all the time, while the API server connects, too.
    def test_connections_that_come_and_go(self):
        stopped = threading.Event()
        full = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            coming = pool.submit(self.attacker.come_and_go, stopped, full)
            try:
                full.wait(support.PATIENCE)
                self.assert_reviews()
                self.assert_probes()
            finally:
                stopped.set()
            print(f"# {coming.result()} connections")

    # Each connection holds as many bytes of headers as it can.
    def test_heads_that_never_end(self):
        self.attacker.long_heads(1200)
        self.assert_reviews()
        self.assert_reviews(LARGEST)
        self.memory.check(self.controller.process)

    # An address loses its own connections only, not those of the API server; and who shares the
    # address is served.
    def test_one_address(self):
        established = self.honest()
        self.assert_verdict(established, review())
        before = established.sock
        opened = self.clients(ADDRESSES[:1]).keep_alive(700)
        print(f"# {opened} idle TLS connections")
        self.assert_reviews()
        self.assert_reviews(address=ADDRESSES[0])
        self.assert_verdict(established, review())
        self.assertIs(established.sock, before)


class AttackUploads(Attack):
    """Reviews whose bodies never end."""

    def assert_reviews_during(self, *uploads):
        """Reviews get their verdicts while uploads, pairs of a count and a size, go on."""
        stopped = threading.Event()
        with contextlib.ExitStack() as stack:
            try:
                for count, size in uploads:
                    stack.enter_context(self.attacker.upload(count, size, stopped))
                self.assert_reviews()
                self.assert_reviews(LARGEST)
                self.assert_probes()
                self.memory.check(self.controller.process)
            finally:
                stopped.set()

    def test_twelve_slow_uploads(self):
        self.assert_reviews_during((12, LARGEST - 4096))

    def test_two_hundred_slow_uploads(self):
        self.assert_reviews_during((200, LARGEST // 2))

    def test_slow_uploads_of_all_sizes(self):
        self.assert_reviews_during(*ALL_SIZES)


if __name__ == "__main__":
    support.main()
