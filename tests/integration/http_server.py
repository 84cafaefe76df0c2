"""The base of the fake API servers: an HTTP/1.1 server on loopback, optionally with TLS, whose
answers come from a function; and the parts of the API that server and clients share."""

import contextlib
import http.server
import json
import socket
import socketserver
import threading
import time
import urllib.parse


class Call(http.server.BaseHTTPRequestHandler):
    """One connection, and the request being answered: command, route, query, headers, body (its
    JSON value, or None) and the time at which its head arrived."""

    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self):
        self.server.connections.discard(self.connection)
        super().finish()

    def log_message(self, *_):
        """Tests are silent."""

    def any_method(self):
        """Reads the request and has the server's function answer it."""
        self.time = time.monotonic()
        url = urllib.parse.urlsplit(self.path)
        self.route = url.path
        self.query = dict(urllib.parse.parse_qsl(url.query))
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.body = json.loads(text) if text else None
        self.server.answer(self)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = any_method

    def reply(self, code, body, content_type="application/json", **headers):
        """Sends an answer at once; body is bytes, or a value to encode as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(data)

    def status(self, code, reason, message, headers=None, **details):
        """Answers with the Status of a failure, like the API server."""
        self.reply(code, {**failure(code, reason, message), "details": details}, **(headers or {}))

    def begin(self, content_type="application/json"):
        """Begins a chunked answer."""
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data):
        """Sends a chunk."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self):
        """Ends a chunked answer."""
        self.wfile.write(b"0\r\n\r\n")

    def drop(self):
        """Breaks the connection."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


class Server(socketserver.ThreadingTCPServer):
    """Listens until stop(), on a free port unless one is given. answer is a function of a Call;
    context is the TLS context."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, answer, port=0, context=None):
        super().__init__(("127.0.0.1", port), Call)
        self.answer = answer
        self.context = context
        self.connections = set()
        self.port = self.server_address[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def finish_request(self, request, client_address):
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        """Clients break connections in these tests."""

    def stop(self):
        """Stops listening; connections stay open."""
        self.shutdown()
        self.server_close()

    def hang_up(self):
        """Breaks all connections."""
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def failure(code, reason, message):
    """The Status of a failure."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
    }


def kubeconfig(cluster, user=None):
    """The text of a kubeconfig with one cluster and one user."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": user or {}}],
        }
    )
