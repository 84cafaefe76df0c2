#!/usr/bin/python3
"""Requests to the ports of hook-controller by a client that is no API server: they are not what
they seem, ask for what is none of its business, or come in a flood. It learns the verdict on what
it sent itself, and no more; a request whose end is in doubt is refused, and its connection ends."""

import json
import subprocess

from attack_connections import review as honest_review
from reviews import machine, sidecars
from http_requests import PATHS, chunked, post
from webhooks import REVIEW_S, WebhooksCase, support

# What is smuggled ends the connection, so that every attack does, and would be answered with this.
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
SMUGGLED_ANSWER = b"no /smuggled here"
FLOOD = 2000
SECRET_PATH = "/tenant/secret"
POLICY = f"""apiVersion: hookline.dev/v1alpha1
kind: HostPathPolicy
rules:
- namespaces: [tenant]
  pathPrefixes: [{SECRET_PATH}]
"""

DOUBTFUL = {
    "both lengths": post("Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "two codings": post(
        "Transfer-Encoding: chunked", "Transfer-Encoding: identity", body=b"0\r\n\r\n"
    ),
    "a list of codings": post("Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "an unknown coding": post("Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "a tab before the coding": post("Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"),
    "identity": post("Transfer-Encoding: identity", body=b"0\r\n\r\n"),
    "chunked in HTTP/1.0": post("Transfer-Encoding: chunked", body=b"0\r\n\r\n", version="1.0"),
    "two lengths": post("Content-Length: 2", "Content-Length: 3", body=b"abc"),
    "the same length twice": post("Content-Length: 3", "Content-Length: 3", body=b"abc"),
    "a list of lengths": post("Content-Length: 3, 3", body=b"abc"),
    "a signed length": post("Content-Length: +3", body=b"abc"),
    "a negative length": post("Content-Length: -1"),
    "a hexadecimal length": post("Content-Length: 0x3", body=b"abc"),
    "a length that is no number": post("Content-Length: three", body=b"abc"),
    "a length beyond 64 bits": post("Content-Length: 18446744073709551619", body=b"abc"),
    "an empty length": post("Content-Length: ", body=b""),
    "a blank before the colon": post("Content-Length : 3", body=b"abc"),
    "a blank before the coding's colon": post("Transfer-Encoding : chunked", body=b"0\r\n\r\n"),
    "a name with a control character": post("Content-Length\x0b: 3", body=b"abc"),
    "a chunk of negative size": chunked(b"-1\r\n"),
    "a chunk of signed size": chunked(b"+3\r\nabc\r\n0\r\n\r\n"),
    "a chunk of hexadecimal prefix": chunked(b"0x3\r\nabc\r\n0\r\n\r\n"),
    "a chunk of a size beyond 64 bits": chunked(b"10000000000000003\r\nabc\r\n0\r\n\r\n"),
    "a chunk without its end": chunked(b"3\r\nabcdef\r\n0\r\n\r\n"),
    "a chunk without size": chunked(b"\r\nabc\r\n0\r\n\r\n"),
    "an unknown version": post("Content-Length: 3", body=b"abc", version="1.7"),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /validate-machines\r\n\r\n",
    "no host": b"POST /validate-machines HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    "spaces in the target": b"POST /validate-machines /x HTTP/1.1\r\nHost: a\r\n"
    b"Content-Length: 0\r\n\r\n",
}


class Requests(WebhooksCase):
    POLICY = POLICY

    def send(self, data):
        """Sends bytes on a connection of its own; returns all that comes until it ends."""
        with self.connect() as client:
            try:
                client.sendall(data)
            except OSError:
                pass  # it was closed before all was sent
            return self.rest_of(client)

    def rest_of(self, client):
        answer = b""
        try:
            while piece := client.recv(65536):
                answer += piece
        except TimeoutError:
            self.fail(f"the connection did not end after {answer[-300:]}")
        except OSError:
            pass
        return answer

    def assert_serves(self):
        """An honest review gets its verdict."""
        self.assertTrue(self.verdict("/mutate-pods", honest_review())["allowed"])

    def test_doubtful_requests(self):
        for what, request in DOUBTFUL.items():
            with self.subTest(what):
                answer = self.send(request + SMUGGLED)
                self.assertNotIn(SMUGGLED_ANSWER, answer)
                if answer:
                    self.assertRegex(answer, rb"^HTTP/1\.[01] (4|505)", what)
        self.assert_serves()

    def test_a_folded_header(self):
        """It is refused, or read as one line: what is in the body is never a request."""
        inside = b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)
        for header in ("Transfer-Encoding:\r\n chunked", "X: a\r\n Transfer-Encoding: chunked"):
            with self.subTest(header):
                self.assertNotIn(SMUGGLED_ANSWER, self.send(post(header, body=inside)))

    def test_chunk_extensions(self):
        """They are allowed, and mean nothing: the verdict is that of the body."""
        body = honest_review()
        text = b'%x;a="0\\r\\n";b\r\n%s\r\n0;c\r\nX: y\r\n\r\n' % (len(body), body)
        answer = self.send(chunked(text, "Connection: close", path="/mutate-pods"))
        self.assertRegex(answer, rb"^HTTP/1.1 (200|400)")
        self.assertEqual(answer.count(b"HTTP/1.1"), 1)
        extension = b"1;" + b"x" * 100000 + b"\r\n"
        self.assertLessEqual(self.send(chunked(extension)).count(b"HTTP/1.1"), 1)
        self.assert_serves()

    def test_another_form_of_the_target(self):
        for target in ("https://a/healthz", "//healthz", "/metrics", "*", "/validate-machines/..",
                       "/validate-machines%00", "a:443"):
            with self.subTest(target):
                answer = self.send(
                    f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
                )
                self.assertRegex(answer, rb"^HTTP/1.1 (400|404|405) ")

    def test_it_tells_of_no_other_page(self):
        for path in ("/metrics", "/healthz", "/readyz", "/", "/debug/pprof", "/config.yaml"):
            with self.subTest(path):
                status, text = self.ask(path, b"{}")
                self.assertEqual(status, 404)
                self.assertEqual(text, f"there is no {path} here; use {PATHS}\n")

    def test_no_echo(self):
        """Neither headers nor a body come back."""
        secret = "c2VjcmV0LXRva2Vu"
        for method in ("TRACE", "CONNECT", "OPTIONS", "PUT", "DELETE", "PATCH", "FOO"):
            with self.subTest(method):
                head = f"{method} /mutate-pods HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                head += f"Authorization: Bearer {secret}\r\nContent-Length: {len(secret)}\r\n\r\n"
                answer = self.send((head + secret).encode())
                self.assertRegex(answer, rb"^HTTP/1.1 (405|400|404)")
                self.assertNotIn(secret.encode(), answer)

    def test_the_policy_is_learnt_by_asking_alone(self):
        """A denial names the rules of the namespace that was asked for, not those of others."""
        forbidden = {"image": "a", "hostPath": {"path": "/etc", "volumePath": "/x"}}
        answer = self.verdict("/validate-machines", machine(sidecars(forbidden)))
        self.assertFalse(answer["allowed"])
        self.assertNotIn(SECRET_PATH, json.dumps(answer))

    def test_what_the_other_ports_show(self):
        """The verdicts leave nothing of their objects in the metrics."""
        names = ("tenant-of-another", "registry.example.org/of-another")
        body = machine({**sidecars({"image": names[1]}), "x": names[0]})
        self.verdict("/validate-machines", body)
        self.verdict("/validate-machines", machine({"hooks.kubevirt.io/hookSidecars": names[0]}))
        text = self.controller.get("/metrics")[1]
        self.assertIn("hookline_", text)
        for name in (*names, SECRET_PATH):
            self.assertNotIn(name, text)

    def test_a_flood_of_pipelined_requests(self):
        """Each is answered in turn; others are served meanwhile."""
        one = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
        last = b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        with self.connect() as client:
            client.sendall(one * 200)
            self.assert_serves()
            client.sendall(one * (FLOOD - 200) + last)
            self.assertEqual(self.rest_of(client).count(b"HTTP/1.1 404"), FLOOD + 1)

    def test_a_flood_of_expectations(self):
        """Clients that ask whether they may send, and then do not, keep out nobody."""
        head = post("Content-Length: 1000000", "Expect: 100-continue")
        clients = [self.connect() for _ in range(200)]
        for client in clients:
            self.addCleanup(client.close)
            client.sendall(head)
        for client in clients:
            self.assertRegex(client.recv(100), rb"^HTTP/1.1 (100|4)")
        self.assert_serves()
        answer = self.send(post("Content-Length: 100000000", "Expect: 100-continue"))
        self.assertRegex(answer, rb"^HTTP/1.1 413")

    def test_an_unknown_expectation(self):
        answer = self.send(post("Content-Length: 2", "Expect: x", "Connection: close", body=b"{}"))
        self.assertRegex(answer, rb"^HTTP/1.1 4")

    def test_renegotiation(self):
        """TLS 1.2 would let a client make the server repeat its most costly step for ever."""
        client = subprocess.run(
            ["openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{self.port}"],
            input="R\nR\nR\n",
            capture_output=True,
            text=True,
            timeout=REVIEW_S * 3,
            check=False,
        )
        text = client.stdout + client.stderr
        self.assertIn("RENEGOTIATING", text)
        self.assertRegex(text, "(?i)no renegotiation|error|closed")
        self.assertLessEqual(text.count("RENEGOTIATING"), 1, text)
        self.assert_serves()


if __name__ == "__main__":
    support.main()
