"""An API server by script: what it answers, and how it fails, a test says call by call."""

import collections
import http.server
import json
import pathlib
import shutil
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse

import support


class Certificates:
    """A CA, a server's certificate for 127.0.0.1 and api.test, and a client's, as PEM files."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.ca = self.make("ca", "/CN=test CA", "CA:TRUE")
        self.server = self.make(
            "server", "/CN=server", "CA:FALSE", "subjectAltName=IP:127.0.0.1,DNS:api.test"
        )
        self.client = self.make("client", "/CN=client", "CA:FALSE")

    def make(self, name, subject, constraint, *extensions):
        """Makes NAME.crt and NAME.key; returns the certificate's path."""
        argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        argv += ["-nodes", "-days", "2", "-subj", subject]
        argv += ["-keyout", f"{name}.key", "-out", f"{name}.crt"]
        for extension in (f"basicConstraints=critical,{constraint}", *extensions):
            argv += ["-addext", extension]
        if name != "ca":
            argv += ["-CA", "ca.crt", "-CAkey", "ca.key"]
        subprocess.run(argv, cwd=self.directory, check=True, capture_output=True)
        return self.directory / f"{name}.crt"

    def key(self, certificate):
        """The path of a certificate's key."""
        return certificate.with_suffix(".key")

    def context(self, wants_client=False):
        """The TLS of the server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server, self.key(self.server))
        if wants_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca)
        return context


class Call(http.server.BaseHTTPRequestHandler):
    """One connection; while a request is answered, what is known of it."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def any_method(self):
        """Notes the request and lets the script answer it."""
        self.time = time.monotonic()
        length = int(self.headers.get("Content-Length", 0))
        self.text = self.rfile.read(length)
        self.body = json.loads(self.text) if self.text else None
        url = urllib.parse.urlsplit(self.path)
        self.route = url.path
        self.query = dict(urllib.parse.parse_qsl(url.query))
        self.server.calls.append(
            Noted(self.command, self.route, self.query, self.headers, self.body, self.time,
                  self.client_address)
        )
        self.server.answer(self)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = any_method

    def reply(self, code, body, content_type="application/json", **headers):
        """An answer in one piece; body is bytes, or a value that becomes JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(data)

    def status(self, code, reason, message, headers=None, **details):
        """A Status, as the API server answers a failure."""
        body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
        self.reply(code, {**body, "reason": reason, "message": message, "details": details},
                   **(headers or {}))

    def begin(self, content_type="application/json"):
        """Begins an answer that comes in chunks."""
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data):
        """One chunk."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self):
        """The end of an answer in chunks."""
        self.wfile.write(b"0\r\n\r\n")

    def drop(self):
        """Breaks the connection off."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


Noted = collections.namedtuple("Noted", "method route query headers body time peer")


class Server(socketserver.ThreadingTCPServer):
    """Listens on loopback until stop. answers: a function of a Call, or a list of such, of which
    each request takes the next and the last one stays."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, answers, context=None):
        super().__init__(("127.0.0.1", 0), Call)
        self.calls = []
        self.answers = answers
        self.lock = threading.Lock()
        self.context = context
        self.scheme = "https" if context else "http"
        self.url = f"{self.scheme}://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def finish_request(self, request, client_address):
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        """Clients break connections off in these tests."""

    def answer(self, call):
        """Lets the script answer."""
        with self.lock:
            answers = self.answers
            if isinstance(answers, list):
                answers = answers.pop(0) if len(answers) > 1 else answers[0]
        answers(call)

    def stop(self):
        """Stops to listen."""
        self.shutdown()
        self.server_close()


def event(kind, name="a", version="1", **fields):
    """A line of a watch of config maps."""
    metadata = {"name": name, "namespace": "d", "resourceVersion": version}
    return json.dumps({"type": kind, "object": {"metadata": metadata, **fields}}).encode() + b"\n"


def config_map(name="a", version="1"):
    """A config map, as small as it can be."""
    return {"kind": "ConfigMap",
            "metadata": {"name": name, "namespace": "d", "resourceVersion": version}}


class TestCase(support.TestCase):
    """A test of kube/ by its driver (tests/peers/kube_driver.c)."""

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
        """Writes a kubeconfig for a server or URL; a cluster member that is None is left out."""
        url = server if isinstance(server, str) else server.url
        entry = {"server": url, "certificate-authority": str(self.certificates.ca)}
        if url.startswith("http://"):
            del entry["certificate-authority"]
        entry.update(cluster or {})
        entry = {key: value for key, value in entry.items() if value is not None}
        return self.write("kubeconfig", json.dumps({
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": entry}],
            "users": [{"name": "u", "user": user}],
        }))

    def drive(self, config, *requests, flags=(), env=None):
        """Runs requests one after the other; returns the driver's lines, without what was only
        observed."""
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
