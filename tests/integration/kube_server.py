"""A scripted API server: the test determines, call by call, what it answers and how it fails."""

import collections
import json
import pathlib
import shutil
import ssl
import tempfile
import threading

import http_server
import support
from certificates import make_certificate


class Certificates:
    """A CA, a server's certificate for 127.0.0.1 and api.test, and a client's, as PEM files."""

    def __init__(self, directory):
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        leaf = "basicConstraints=critical,CA:FALSE"
        names = "subjectAltName=IP:127.0.0.1,DNS:api.test"
        self.ca = make_certificate(
            directory, "ca", "/CN=test CA", "basicConstraints=critical,CA:TRUE"
        )
        self.server = make_certificate(directory, "server", "/CN=server", leaf, names, signer="ca")
        self.client = make_certificate(directory, "client", "/CN=client", leaf, signer="ca")

    def key(self, certificate):
        """The path of a certificate's key."""
        return certificate.with_suffix(".key")

    def context(self, wants_client=False):
        """The server's TLS context."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server, self.key(self.server))
        if wants_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca)
        return context


Noted = collections.namedtuple("Noted", "method route query headers body time peer")


class Server(http_server.Server):
    """Answers by a script: a function of a Call, or a list of functions, one for each request; the
    last one repeats. calls are the requests so far."""

    def __init__(self, answers, context=None):
        self.calls = []
        self.answers = answers
        self.lock = threading.Lock()
        super().__init__(self.play, context=context)

    def play(self, call):
        """Records the request and has the script answer."""
        self.calls.append(
            Noted(call.command, call.route, call.query, call.headers, call.body, call.time,
                  call.client_address)
        )
        with self.lock:
            answers = self.answers
            if isinstance(answers, list):
                answers = answers.pop(0) if len(answers) > 1 else answers[0]
        answers(call)


def event(kind, name="a", version="1", **fields):
    """A line of a watch of config maps."""
    metadata = {"name": name, "namespace": "d", "resourceVersion": version}
    return json.dumps({"type": kind, "object": {"metadata": metadata, **fields}}).encode() + b"\n"


def config_map(name="a", version="1"):
    """A minimal config map."""
    return {"kind": "ConfigMap",
            "metadata": {"name": name, "namespace": "d", "resourceVersion": version}}


class TestCase(support.TestCase):
    """A test of kube/ with its driver (tests/peers/kube_driver.c)."""

    @classmethod
    def setUpClass(cls):
        directory = tempfile.mkdtemp(prefix="hookline-test-")
        cls.addClassCleanup(shutil.rmtree, directory, ignore_errors=True)
        cls.certificates = Certificates(directory)

    def serve(self, answers, tls=True, wants_client=False):
        """Starts a server, which ends with the test."""
        context = self.certificates.context(wants_client) if tls else None
        server = Server(answers, context)
        self.addCleanup(server.stop)
        return server

    def kubeconfig(self, server, cluster=None, **user):
        """Writes a kubeconfig for a server or URL; cluster members that are None are left out."""
        url = server if isinstance(server, str) else server.url
        entry = {"server": url, "certificate-authority": str(self.certificates.ca)}
        if url.startswith("http://"):
            del entry["certificate-authority"]
        entry.update(cluster or {})
        entry = {key: value for key, value in entry.items() if value is not None}
        return self.write("kubeconfig", http_server.kubeconfig(entry, user))

    def drive(self, config, *requests, flags=(), env=None):
        """Runs requests one after the other; returns the driver's lines except mere
        observations."""
        lines = "".join(json.dumps(request) + "\n" for request in requests)
        result = support.run(
            [support.program("tests/peers/kube_driver"), "--kubeconfig", config, *flags],
            stdin=lines,
            env={"no_proxy": "", "NO_PROXY": "", "HTTPS_PROXY": "", "HTTP_PROXY": "",
                 "https_proxy": "", "http_proxy": "", **(env or {})},
        )
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        self.output = result.stdout
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        self.observed = [(line["observed"], line["code"]) for line in lines if "observed" in line]
        return [line for line in lines if "observed" not in line]

    def call(self, config, request, flags=(), env=None):
        """Runs one request; returns its answer."""
        lines = self.drive(config, request, flags=flags, env=env)
        self.assertEqual(len(lines), 1, lines)
        return lines[0]
