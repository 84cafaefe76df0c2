"""Clients of hook-controller that open connections and do nothing, or upload slowly, while the API
server sends reviews and the kubelet probes. An attack succeeds if a review gets no verdict within
the webhook's time-out, or a probe fails.

The clients use addresses of their own in 127.0.0.0/8: the server counts connections by address."""

import collections
import concurrent.futures
import contextlib
import http.client
import itertools
import json
import resource
import socket
import threading
import time

from memory import assert_memory
from webhooks import REVIEW_S, WebhooksCase, support

PROBE_S = 3  # less than the server waits for a client that says nothing
REVIEWS = 20
MIB = 1024 * 1024
LARGEST = 3 * MIB  # of a review that is accepted
# More connections than any version takes, and what is left of the backlog.
CROWD = 2600
ARRIVING = 1200  # at once
ADDRESSES = [f"127.0.1.{number}" for number in range(1, 17)]
HEAD = (
    "POST /mutate-pods HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    "Content-Length: {}\r\n\r\n"
)


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

    @classmethod
    def setUpClass(cls):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most < 2 * CROWD:
            raise AssertionError(f"only {most} descriptors are allowed; {2 * CROWD} are needed")
        cls.limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 4 * CROWD), most))

    @classmethod
    def tearDownClass(cls):
        resource.setrlimit(resource.RLIMIT_NOFILE, cls.limits)

    def setUp(self):
        super().setUp()
        self.sockets = []
        self.addCleanup(self.close_all)

    def close_all(self):
        for each in self.sockets:
            each.close()

    def tcp(self, address, port, timeout=REVIEW_S):
        """A TCP connection from an address; None if there is none in that time."""
        client = socket.socket()
        client.settimeout(timeout)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.bind((address, 0))
        try:
            client.connect(("127.0.0.1", port))
        except OSError:
            client.close()
            return None
        self.sockets.append(client)
        return client

    def tls(self, address, timeout=REVIEW_S):
        """A TLS connection to the webhooks; None if the handshake is not done in that time."""
        client = self.tcp(address, self.port, timeout)
        if client is None:
            return None
        try:
            secure = self.context.wrap_socket(client, server_hostname="localhost")
        except OSError:
            return None
        self.sockets.append(secure)
        return secure

    def crowd(self, port, count, addresses):
        """Opens that many connections and says nothing. Returns how many there are."""
        return sum(
            self.tcp(addresses[number % len(addresses)], port, PROBE_S) is not None
            for number in range(count)
        )

    def keep_alive(self, count, addresses):
        """Opens that many TLS connections, on each of which a request is answered. Returns how
        many; the first that is not served ends it."""
        done = 0
        for number in range(count):
            client = self.tls(addresses[number % len(addresses)], PROBE_S)
            if client is None:
                break
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try:
                client.recv(4096)
            except OSError:
                break
            done += 1
        return done

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
            opened = self.crowd(self.controller.metrics_port, 100, addresses)
            print(f"# {opened} idle connections from {len(addresses)} addresses")
            self.assert_probes()
            self.assertEqual(self.controller.get("/metrics")[0], 200)

    # They displace one another, not the connections of the API server.
    def test_connections_that_never_shake_hands(self):
        established = self.honest()
        self.assert_verdict(established, review())
        before = established.sock
        opened = self.crowd(self.port, CROWD, ADDRESSES)
        print(f"# {opened} connections")
        self.assert_reviews()
        self.assert_verdict(established, review())
        self.assertIs(established.sock, before)
        self.assert_probes()
        assert_memory(self, self.controller.process)

    # The server would keep them open for minutes.
    def test_idle_connections_that_had_an_answer(self):
        established = self.honest()
        self.assert_verdict(established, review())
        opened = self.keep_alive(1200, ADDRESSES)
        print(f"# {opened} idle TLS connections")
        self.assert_reviews()
        self.assert_probes()
        assert_memory(self, self.controller.process)

    # New ones all the time, while the API server connects, too.
    def test_connections_that_come_and_go(self):
        stopped = threading.Event()
        full = threading.Event()
        kept = collections.deque()

        def come():
            for number in itertools.count():
                if stopped.is_set():
                    return number
                self.tcp(ADDRESSES[number % len(ADDRESSES)], self.port, PROBE_S)
                kept.extend(self.sockets)
                self.sockets.clear()
                if len(kept) > ARRIVING:
                    full.set()
                    kept.popleft().close()

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            coming = pool.submit(come)
            try:
                full.wait(support.PATIENCE)
                self.assert_reviews()
                self.assert_probes()
            finally:
                stopped.set()
            print(f"# {coming.result()} connections")
        self.sockets += kept

    # Each connection holds as many bytes of headers as it can.
    def test_heads_that_never_end(self):
        head = b"POST /mutate-pods HTTP/1.1\r\nHost: a\r\nX-Long: " + b"a" * 24_000
        for number in range(1200):
            client = self.tls(ADDRESSES[number % len(ADDRESSES)], PROBE_S)
            if client is None:
                break
            with contextlib.suppress(OSError):
                client.sendall(head)
        self.assert_reviews()
        self.assert_reviews(LARGEST)
        assert_memory(self, self.controller.process)

    # An address loses its own connections only, not those of the API server; and who shares the
    # address is served.
    def test_one_address(self):
        established = self.honest()
        self.assert_verdict(established, review())
        before = established.sock
        opened = self.keep_alive(700, ADDRESSES[:1])
        print(f"# {opened} idle TLS connections")
        self.assert_reviews()
        self.assert_reviews(address=ADDRESSES[0])
        self.assert_verdict(established, review())
        self.assertIs(established.sock, before)


class AttackUploads(Attack):
    """Reviews whose bodies never end."""

    def upload(self, count, size, stopped):
        """Sends that many bodies of a size but for their ends, at once, and goes on by one byte per
        second until stopped. Waits until all that is sent. Returns the senders."""
        ready = threading.Barrier(count + 1)

        def send(number):
            client = self.tls(ADDRESSES[number % len(ADDRESSES)])
            try:
                if client is not None:
                    client.sendall(HEAD.format(LARGEST).encode() + b" " * size)
            except OSError:
                client = None
            ready.wait(support.PATIENCE)
            while client is not None and not stopped.wait(1):
                try:
                    client.sendall(b" ")
                except OSError:
                    client = None

        pool = concurrent.futures.ThreadPoolExecutor(count)
        for number in range(count):
            pool.submit(send, number)
        ready.wait(support.PATIENCE)
        return pool

    def assert_reviews_during(self, *uploads):
        """Reviews get their verdicts while uploads, pairs of a count and a size, go on."""
        stopped = threading.Event()
        with contextlib.ExitStack() as stack:
            try:
                for count, size in uploads:
                    stack.enter_context(self.upload(count, size, stopped))
                self.assert_reviews()
                self.assert_reviews(LARGEST)
                self.assert_probes()
                assert_memory(self, self.controller.process)
            finally:
                stopped.set()

    def test_twelve_slow_uploads(self):
        self.assert_reviews_during((12, LARGEST - 4096))

    def test_two_hundred_slow_uploads(self):
        self.assert_reviews_during((200, LARGEST // 2))

    # What the large ones leave of the memory goes to small ones.
    def test_slow_uploads_of_all_sizes(self):
        sizes = (LARGEST - 4096, MIB, 250_000, 60_000, 15_000, 15_000)
        self.assert_reviews_during(*((40, size) for size in sizes))


if __name__ == "__main__":
    support.main()
