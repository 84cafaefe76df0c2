"""The servers of hook-controller: webhooks over TLS and the plain HTTP one, with well-behaved and
misbehaving clients."""

import base64
import concurrent.futures
import http.client
import json
import os
import signal
import socket
import ssl
import threading
import warnings

import support
from certificates import make_certificate
from controller import ALONE, Controller

POLICY = """\
apiVersion: hookline.dev/v1alpha1
kind: HostPathPolicy
rules:
- pathPrefixes: [/var/lib/kubevirt/images]
"""
MAX_BODY = 3 * 1024 * 1024
JSON = {"Content-Type": "application/json"}


def review(annotation=None, uid="1"):
    """An AdmissionReview of a launcher pod, as bytes."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "virt-launcher-a",
            "labels": {"kubevirt.io": "virt-launcher"},
            "annotations": {},
        },
        "spec": {"containers": [{"name": "compute", "image": "launcher", "command": ["true"]}]},
    }
    if annotation is not None:
        pod["metadata"]["annotations"]["hooks.kubevirt.io/hookSidecars"] = annotation
    return json.dumps(
        {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "request": {
                "uid": uid,
                "kind": {"group": "", "version": "v1", "kind": "Pod"},
                "resource": {"group": "", "version": "v1", "resource": "pods"},
                "namespace": "default",
                "operation": "CREATE",
                "object": pod,
            },
        }
    ).encode()


class WebhookServer(support.TestCase):
    """A running server in self.process, with its ports in self.port and self.plain_port."""

    flags = ()  # more of them

    def setUp(self):
        super().setUp()
        self.certificate = self.tmp / "tls" / "tls.crt"
        self.make_certificate("one")
        self.swap("one")
        self.start()

    def start(self):
        self.controller = Controller(
            self,
            *ALONE,
            f"--tls-certificate={self.certificate}",
            f"--tls-key={self.certificate.with_suffix('.key')}",
            f"--policy-file={self.write('policy.yaml', POLICY)}",
            "--webhook-threads=2",
            "--webhook-listen=127.0.0.1:0",
            "--metrics-listen=:0",
            "--drain=6s",
            *self.flags,
        )
        self.process = self.controller.process
        self.port = self.controller.wait_log("serving the webhooks")["port"]
        self.plain_port = self.controller.metrics_port

    def make_certificate(self, name):
        """A certificate for localhost, in a directory laid out as the kubelet does for a Secret."""
        directory = self.tmp / "tls" / f"..{name}"
        directory.mkdir(parents=True)
        make_certificate(directory, "tls", f"/CN={name}", "subjectAltName=DNS:localhost")

    def swap(self, name):
        """Switches to a certificate as the kubelet does: by renaming one symbolic link."""
        top = self.tmp / "tls"
        (top / "..new").symlink_to(f"..{name}")
        os.rename(top / "..new", top / "..data")
        for file in ("tls.crt", "tls.key"):
            if not (top / file).is_symlink():
                (top / file).symlink_to(f"..data/{file}")

    def context(self, name="one"):
        return ssl.create_default_context(cafile=self.tmp / "tls" / f"..{name}" / "tls.crt")

    def connect(self, name="one"):
        connection = http.client.HTTPSConnection(
            "localhost", self.port, context=self.context(name), timeout=support.PATIENCE
        )
        self.addCleanup(connection.close)
        return connection

    def plain(self):
        connection = http.client.HTTPConnection(
            "localhost", self.plain_port, timeout=support.PATIENCE
        )
        self.addCleanup(connection.close)
        return connection

    def raw(self, name="one"):
        """A TLS socket on which a test can send any bytes."""
        tcp = socket.create_connection(("localhost", self.port), timeout=support.PATIENCE)
        self.addCleanup(tcp.close)
        return self.context(name).wrap_socket(tcp, server_hostname="localhost")

    @staticmethod
    def ask(connection, method, path, body=None, headers=JSON):
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer, answer.read().decode()

    def assert_serves(self, name="one"):
        answer, text = self.ask(self.connect(name), "POST", "/mutate-pods", review())
        self.assertEqual(answer.status, 200, text)

    def assert_counts(self, name, value):
        """Waits until a metric has a value; a connection is counted when the server has closed
        it."""
        found = None

        def ask():
            nonlocal found
            _, text = self.ask(self.plain(), "GET", "/metrics", headers={})
            found = sum(
                float(line.split()[-1])
                for line in text.splitlines()
                if line.startswith(name + " ")
            )
            return found == value

        support.poll(ask, support.PATIENCE, pause=0.01)
        self.assertEqual(found, value)

    def assert_bad(self, reason, count):
        self.assert_counts(f'hookline_webhook_bad_connections_total{{reason="{reason}"}}', count)


class TestReviews(WebhookServer):
    """Requests that are answered."""

    def test_a_pod_gets_its_sidecar(self):
        annotation = json.dumps([{"image": "hook", "args": ["--version", "v1alpha2"]}])
        answer, text = self.ask(
            self.connect(), "POST", "/mutate-pods", review(annotation, uid="7e")
        )
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.getheader("Content-Type"), "application/json")
        response = json.loads(text)["response"]
        self.assertEqual(response["uid"], "7e")
        self.assertTrue(response["allowed"])
        self.assertIn("hook-sidecar-0", base64.b64decode(response["patch"]).decode())

    def test_a_thousand_requests_on_one_connection(self):
        connection = self.connect()
        connection.connect()
        local = connection.sock.getsockname()
        for i in range(1000):
            answer, text = self.ask(connection, "POST", "/mutate-pods", review(uid=str(i)))
            self.assertEqual(answer.status, 200)
            self.assertEqual(json.loads(text)["response"]["uid"], str(i))
            self.assertEqual(connection.sock.getsockname(), local)  # it was kept alive
        self.assert_counts(
            'hookline_webhook_reviews_total{webhook="mutate-pods",result="untouched"}', 1000
        )

    def test_many_connections_at_once(self):
        def client(number):
            connection = self.connect()
            for i in range(20):
                _, text = self.ask(connection, "POST", "/mutate-pods", review(uid=f"{number}.{i}"))
                self.assertEqual(json.loads(text)["response"]["uid"], f"{number}.{i}")
            return True

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            self.assertTrue(all(pool.map(client, range(32))))

    def test_the_content_type_may_have_parameters(self):
        headers = {"Content-Type": "Application/JSON; charset=utf-8"}
        answer, _ = self.ask(self.connect(), "POST", "/mutate-pods", review(), headers)
        self.assertEqual(answer.status, 200)

    def test_a_body_in_chunks(self):
        body = review()
        connection = self.connect()
        connection.request(
            "POST",
            "/mutate-pods",
            body=iter([body[:10], body[10:]]),
            headers=JSON,
            encode_chunked=True,
        )
        self.assertEqual(connection.getresponse().status, 200)

    def test_the_largest_body(self):
        body = review()
        body += b" " * (MAX_BODY - len(body))
        answer, text = self.ask(self.connect(), "POST", "/mutate-pods", body)
        self.assertEqual(answer.status, 200, text)


class TestRefusals(WebhookServer):
    """Rejected requests; the connection stays open, and the server continues to serve."""

    def test_wrong_requests_on_one_connection(self):
        connection = self.connect()
        cases = [
            ("POST", "/mutate-pod", JSON, 404,
             "there is no /mutate-pod here; use /mutate-pods, /complete-machines, "
             "/validate-machines or /validate-appliances\n"),
            ("GET", "/mutate-pods", JSON, 405, "/mutate-pods does not accept GET; use POST\n"),
            ("PUT", "/validate-machines", JSON, 405,
             "/validate-machines does not accept PUT; use POST\n"),
            ("POST", "/mutate-pods", {"Content-Type": "text/yaml"}, 415,
             'the content type is "text/yaml"; it must be application/json\n'),
            ("POST", "/mutate-pods", {"Content-Type": ""}, 415,
             'the content type is ""; it must be application/json\n'),
        ]  # fmt: skip
        for method, path, headers, code, says in cases:
            answer, text = self.ask(connection, method, path, review(), headers)
            self.assertEqual((answer.status, text), (code, says))
            if code == 405:
                self.assertEqual(answer.getheader("Allow"), "POST")
        answer, text = self.ask(connection, "POST", "/mutate-pods", b"{")
        self.assertEqual(answer.status, 400)
        self.assertIn("line 1", text)
        answer, _ = self.ask(connection, "POST", "/mutate-pods", review())
        self.assertEqual(answer.status, 200)
        self.assert_bad("bad-request", 6)

    def test_an_announced_body_that_is_too_large(self):
        with self.raw() as client:
            client.sendall(
                b"POST /mutate-pods HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 1)
            )
            answer = http.client.HTTPResponse(client)
            answer.begin()  # nothing of the body was sent
            self.assertEqual(answer.status, 413)
            self.assertEqual(
                answer.read().decode(), f"the body of the request is larger than {MAX_BODY} bytes\n"
            )
        self.assert_serves()

    def test_chunks_that_become_too_large(self):
        connection = self.connect()
        chunks = iter([b" " * 65536] * (MAX_BODY // 65536 + 2))
        connection.request(
            "POST", "/mutate-pods", body=chunks, headers=JSON, encode_chunked=True
        )
        self.assertEqual(connection.getresponse().status, 413)
        self.assert_bad("too-large", 1)

    def test_a_head_that_is_too_large(self):
        headers = {**JSON, "X-Large": "a" * 60000}
        answer, _ = self.ask(self.connect(), "POST", "/mutate-pods", review(), headers)
        self.assertEqual(answer.status, 431)
        self.assert_serves()

    def test_a_client_that_goes_away_in_the_middle(self):
        for end in (0, 20, 100):
            with self.raw() as client:
                client.sendall(
                    (b"POST /mutate-pods HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 100\r\n\r\n{")[: end or None]
                )  # fmt: skip
        self.assert_serves()


class TestTls(WebhookServer):
    """The handshake."""

    def test_old_versions_are_refused(self):
        context = self.context()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with socket.create_connection(("localhost", self.port), timeout=support.PATIENCE) as tcp:
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(tcp, server_hostname="localhost")
        self.assert_serves()
        self.assert_bad("tls", 1)

    def test_new_versions_are_served(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context()
            context.minimum_version = context.maximum_version = version
            connection = http.client.HTTPSConnection("localhost", self.port, context=context)
            self.addCleanup(connection.close)
            answer, _ = self.ask(connection, "POST", "/mutate-pods", review())
            self.assertEqual(answer.status, 200)

    def test_what_is_no_tls(self):
        requests = (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", os.urandom(4096), b"\x16\x03\x01\xff\xff")
        for request in requests:
            with socket.create_connection(("localhost", self.port)) as tcp:
                tcp.settimeout(support.PATIENCE)
                tcp.sendall(request)
                try:
                    tcp.shutdown(socket.SHUT_WR)
                    while tcp.recv(4096):
                        pass  # an alert, at most
                except OSError:
                    pass  # it was quicker
        self.assert_serves()
        self.assert_bad("tls", 3)

    def test_a_new_certificate_while_a_connection_is_open(self):
        connection = self.connect("one")
        self.assertEqual(self.ask(connection, "POST", "/mutate-pods", review())[0].status, 200)
        self.make_certificate("two")
        self.swap("two")
        self.controller.follow("a new certificate is in use")
        self.assert_serves("two")
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.assert_serves("one")
        # the connection from before goes on
        sock = connection.sock
        self.assertEqual(self.ask(connection, "POST", "/mutate-pods", review())[0].status, 200)
        self.assertIs(connection.sock, sock)

    def test_a_new_certificate_in_a_restless_directory(self):
        """Constant changes of other files do not delay it."""
        calm = threading.Event()

        def change():
            while not calm.wait(0.01):
                (self.tmp / "tls" / "restless").write_bytes(b"")

        self.make_certificate("two")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            changing = pool.submit(change)
            try:
                self.swap("two")
                self.controller.follow("a new certificate is in use")
                self.assertFalse(changing.done())
            finally:
                calm.set()
            changing.result()
        self.assert_serves("two")

    def test_a_bad_certificate_is_not_taken(self):
        self.make_certificate("bad")
        (self.tmp / "tls" / "..bad" / "tls.key").write_bytes(
            (self.tmp / "tls" / "..one" / "tls.key").read_bytes()
        )
        self.swap("bad")
        said = self.controller.follow("stays in use")
        self.assertEqual(said["level"], "warning")
        self.assertIn("the key does not belong to the first certificate", said["msg"])
        self.assert_serves("one")
        self.make_certificate("good")
        self.swap("good")
        self.controller.follow("a new certificate is in use")
        self.assert_serves("good")


class TestSlowClients(WebhookServer):
    """Slow clients; all at once, because each takes long."""

    def test_slow_clients_are_cut_off(self):
        head = (
            b"POST /mutate-pods HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1000\r\n"
        )

        def silent_before_the_handshake():
            return socket.create_connection(("localhost", self.port)), b""

        def silent_in_the_head():
            return self.raw(), head

        def silent_in_the_body():
            return self.raw(), head + b"\r\n{"

        def drip(client):
            """Sends a byte per second, as long as the server accepts it."""
            client.settimeout(1)
            while True:
                try:
                    client.sendall(b"a")
                    if client.recv(4096) == b"":
                        return
                except TimeoutError:
                    continue
                except (ConnectionError, ssl.SSLError):
                    return

        def silence(start):
            client, sent = start()
            client.settimeout(support.PATIENCE)
            client.sendall(sent)
            try:
                while client.recv(4096):
                    pass  # an alert, at most
            except (ConnectionError, ssl.SSLError):
                pass
            client.close()

        def drip_in_the_head():
            with self.raw() as client:
                client.sendall(head + b"X-Slow: ")
                drip(client)

        def drip_in_the_body():
            with self.raw() as client:
                client.sendall(head + b"\r\n{")
                drip(client)

        def drip_on_a_used_connection():
            connection = self.connect()
            answer, _ = self.ask(connection, "POST", "/mutate-pods", review())
            self.assertEqual(answer.status, 200)
            connection.sock.sendall(head + b"\r\n{")
            drip(connection.sock)

        starts = (silent_before_the_handshake, silent_in_the_head, silent_in_the_body)
        drips = (drip_in_the_head, drip_in_the_body, drip_on_a_used_connection)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            silent = [pool.submit(silence, start) for start in starts]
            dripping = [pool.submit(each) for each in drips]
            self.assert_serves()  # meanwhile
            for future in silent + dripping:
                future.result(support.PATIENCE)
        self.assert_serves()
        self.assert_bad("slow", len(starts) + len(drips))


class TestClientCertificates(WebhookServer):
    """--client-ca-file and --client-name."""

    def start(self):
        self.make_ca("ca")
        self.ca_file = self.tmp / "client-ca.crt"
        self.use_ca("ca")
        self.flags = (f"--client-ca-file={self.ca_file}", "--client-name=kube-apiserver")
        super().start()

    def make_ca(self, name):
        make_certificate(
            self.tmp, name, f"/CN={name}", "basicConstraints=critical,CA:TRUE",
            "keyUsage=critical,keyCertSign",
        )  # fmt: skip

    def use_ca(self, *names):
        """Replaces the file."""
        text = "".join((self.tmp / f"{name}.crt").read_text("ascii") for name in names)
        os.rename(self.write("new.crt", text), self.ca_file)

    def client(self, name, subject, *extensions, signer="ca"):
        """A TLS context with a certificate."""
        extensions = extensions or ("extendedKeyUsage=clientAuth",)
        make_certificate(
            self.tmp, name, subject, "basicConstraints=CA:FALSE", *extensions, signer=signer
        )
        context = self.context()
        context.load_cert_chain(self.tmp / f"{name}.crt", self.tmp / f"{name}.key")
        return context

    def is_served(self, context):
        """Whether a review is answered. TLS 1.3 tells a client of the refusal when it reads."""
        connection = http.client.HTTPSConnection(
            "localhost", self.port, context=context, timeout=support.PATIENCE
        )
        self.addCleanup(connection.close)
        try:
            answer, _ = self.ask(connection, "POST", "/mutate-pods", review())
        except OSError:
            return False
        return answer.status == 200

    def test_who_is_served(self):
        self.make_ca("other")
        name = "/CN=kube-apiserver"
        other_name = "subjectAltName=DNS:kube-apiserver"
        self.assertTrue(self.is_served(self.client("good", name)))
        self.assertTrue(self.is_served(self.client("named", "/CN=a", other_name)))
        bad = [
            self.context(),  # it shows none
            self.client("wrong-name", "/CN=kube-apiserver-2", "subjectAltName=DNS:a"),
            self.client("for-servers", name, "extendedKeyUsage=serverAuth"),
            self.client("wrong-ca", name, signer="other"),
            self.client("alone", name, signer=None),
        ]
        for number, context in enumerate(bad, 1):
            self.assertFalse(self.is_served(context), f"number {number}")
            self.assert_bad("tls", number)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            good = self.client(f"good-{version}", name)
            good.minimum_version = good.maximum_version = version
            self.assertTrue(self.is_served(good))

    def test_a_new_ca(self):
        self.make_ca("next")
        name = "/CN=kube-apiserver"
        old, new = self.client("old", name), self.client("new", name, signer="next")
        self.assertFalse(self.is_served(new))
        self.use_ca("ca", "next")
        self.assertTrue(self.is_served(new))
        self.controller.follow("a new client CA is in use")
        self.assertTrue(self.is_served(old))
        self.write("client-ca.crt", "nonsense")
        self.assertTrue(self.is_served(old))
        self.assertIn("no PEM certificate", self.controller.follow("stays in use")["msg"])
        self.ca_file.unlink()
        self.assertTrue(self.is_served(new))
        self.controller.follow("stays in use")
        self.use_ca("next")
        self.assertFalse(self.is_served(old))
        self.assertTrue(self.is_served(new))


class TestHealthPort(WebhookServer):
    """--health-listen."""

    flags = ("--health-listen=127.0.0.1:0",)

    def test_probes_have_a_port_of_their_own(self):
        port = self.controller.wait_log("serving health at")["port"]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=support.PATIENCE)
        self.addCleanup(connection.close)
        for path in ("/healthz", "/readyz"):
            answer, text = self.ask(connection, "GET", path, headers={})
            self.assertEqual((answer.status, text), (200, "ok\n"))
        answer, text = self.ask(connection, "GET", "/metrics", headers={})
        self.assertEqual(
            (answer.status, text), (404, "there is no /metrics here; use /healthz or /readyz\n")
        )


class TestEnd(WebhookServer):
    """SIGTERM."""

    def test_what_is_under_way_ends_well(self):
        idle = self.connect()
        self.assertEqual(self.ask(idle, "POST", "/mutate-pods", review())[0].status, 200)
        body = review()
        with self.raw() as client:
            client.sendall(
                b"POST /mutate-pods HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
            )
            self.assertIn(b"100", client.recv(4096))  # now it is in progress
            self.process.send_signal(signal.SIGTERM)
            self.wait_until_refused()
            answer, text = self.ask(self.plain(), "GET", "/readyz", headers={})
            self.assertEqual((answer.status, text), (503, "shutting down\n"))
            client.sendall(body)
            answer = http.client.HTTPResponse(client)
            answer.begin()
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.getheader("Connection"), "close")
            self.assertEqual(json.loads(answer.read())["response"]["uid"], "1")
        self.assertEqual(self.process.wait(support.PATIENCE), 0)

    def wait_until_refused(self):
        def refused():
            try:
                socket.create_connection(("localhost", self.port)).close()
                return False
            except ConnectionRefusedError:
                return True

        gone = support.poll(refused, support.PATIENCE, pause=0.01)
        self.assertTrue(gone, "new connections are still taken")


class TestPlainServer(WebhookServer):
    """Metrics and health."""

    def test_pages(self):
        connection = self.plain()
        for path, text in (("/healthz", "ok\n"), ("/readyz", "ok\n")):
            answer, body = self.ask(connection, "GET", path, headers={})
            self.assertEqual((answer.status, body), (200, text))
        answer, body = self.ask(connection, "GET", "/metrics", headers={})
        self.assertEqual(answer.getheader("Content-Type"),
            "text/plain; version=0.0.4; charset=utf-8")  # fmt: skip
        self.assertIn("hookline_build_info", body)
        answer, body = self.ask(connection, "HEAD", "/healthz", headers={})
        self.assertEqual((answer.status, body), (200, ""))
        answer, body = self.ask(connection, "GET", "/", headers={})
        self.assertEqual(
            (answer.status, body), (404, "there is no / here; use /metrics, /healthz or /readyz\n")
        )
        answer, _ = self.ask(connection, "DELETE", "/metrics", headers={})
        self.assertEqual((answer.status, answer.getheader("Allow")), (405, "GET, HEAD"))

    def test_both_families(self):
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with self.subTest(address), socket.socket(family) as client:
                try:
                    client.bind((address, 0))
                except OSError as error:
                    self.skipTest(f"no {address} here: {error}")
                client.settimeout(support.PATIENCE)
                client.connect((address, self.plain_port))
                client.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                self.assertIn(b"200 OK", client.recv(4096))

    def test_garbage(self):
        with socket.create_connection(("localhost", self.plain_port)) as client:
            client.settimeout(support.PATIENCE)
            client.sendall(b"\x00\xff garbage\r\n\r\n")
            client.recv(4096)
        answer, _ = self.ask(self.plain(), "GET", "/healthz", headers={})
        self.assertEqual(answer.status, 200)


if __name__ == "__main__":
    support.main()
