"""lib/http against Python's HTTP: unix sockets on both sides, delayed answers, clients that hang
up, GET with a body, binary answers."""

import http.client
import http.server
import os
import socket
import socketserver
import stat
import subprocess
import threading

import support

DRIVER = support.program("tests/peers/http_driver")


class UnixConnection(http.client.HTTPConnection):
    """A connection to a unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=support.PATIENCE)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class ServerTest(support.TestCase):
    """A driver that serves, on its event loop or on threads."""

    def setUp(self):
        super().setUp()
        self.socket = self.tmp / "http.sock"

    def serve(self, threads, listen=None):
        """Starts a driver. Returns the process and the port."""
        process = self.spawn(
            [DRIVER, "serve", listen or f"unix:{self.socket}", threads],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        word, port = process.stdout.readline().split()
        self.assertEqual(word, "port")
        return process, int(port)

    def stop(self, process):
        """Ends a driver in an orderly way."""
        process.stdin.close()
        self.assertEqual(process.wait(support.PATIENCE), 0)

    def connect(self):
        """A connection that is closed when the test ends."""
        connection = UnixConnection(self.socket)
        self.addCleanup(connection.close)
        return connection

    def ask(self, connection, method, path, body=None):
        """The code and the body of an answer."""
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def test_a_unix_socket_is_made_and_removed(self):
        process, port = self.serve(0)
        self.assertEqual(port, -1)
        self.assertEqual(stat.S_IMODE(os.lstat(self.socket).st_mode), 0o600)
        self.assertEqual(self.ask(self.connect(), "GET", "/binary"), (200, b"a\0b\0"))
        self.stop(process)
        self.assertFalse(self.socket.exists())

    def test_a_server_that_was_killed_leaves_a_socket_that_is_replaced(self):
        process, _ = self.serve(0)
        second = support.run([DRIVER, "serve", f"unix:{self.socket}", "0"])
        self.assertEqual(second.returncode, 1)
        self.assertIn("another process is listening there", second.stderr)
        process.kill()
        process.wait()
        self.assertTrue(self.socket.exists())
        process, _ = self.serve(0)
        self.assertEqual(self.ask(self.connect(), "GET", "/echo", b"{}"), (200, b"{}"))
        self.stop(process)

    def test_bodies_on_get(self):
        for threads in (0, 2):
            process, _ = self.serve(threads)
            connection = self.connect()
            for body in (b"[]", b"x" * 100_000, bytes(range(256)), None):
                self.assertEqual(self.ask(connection, "GET", "/echo", body), (200, body or b""))
            self.stop(process)

    def test_an_answer_comes_later_and_the_connection_goes_on(self):
        for threads in (0, 2):
            process, _ = self.serve(threads)
            waiting = self.connect()
            for _ in range(3):
                waiting.request("GET", "/later")
                self.wait_for_line(process.stdout, "later")
                self.assertEqual(self.ask(self.connect(), "POST", "/release", b"")[0], 204)
                self.assertEqual(waiting.getresponse().read(), b"released\n")
            self.assertEqual(self.ask(waiting, "GET", "/echo", b"1"), (200, b"1"))
            self.stop(process)

    def test_a_client_that_hangs_up_is_told_of(self):
        for threads in (0, 2):
            process, port = self.serve(threads, "127.0.0.1:0")
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=support.PATIENCE)
            connection.request("GET", "/later")
            self.wait_for_line(process.stdout, "later")
            connection.close()
            self.wait_for_line(process.stdout, "hangup")
            self.assertEqual(self.ask(connection, "GET", "/binary"), (200, b"a\0b\0"))
            connection.close()
            self.stop(process)

    def test_a_server_ends_though_an_answer_is_owed(self):
        for threads in (0, 2):
            process, _ = self.serve(threads)
            self.connect().request("GET", "/later")
            self.wait_for_line(process.stdout, "later")
            self.stop(process)


class Handler(http.server.BaseHTTPRequestHandler):
    """Echoes the request."""

    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "a unix socket"

    def log_message(self, *_):
        pass

    def answer(self):
        """For all methods."""
        length = int(self.headers.get("Content-Length", 0))
        fields = [self.headers.get(name) for name in ("Host", "Accept", "Authorization")]
        words = " ".join([self.command, self.path, *fields]).encode()
        body = words + b"\0" + self.rfile.read(length)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = answer


class UnixServer(socketserver.ThreadingUnixStreamServer):
    """Serves Handler."""

    daemon_threads = True


class ClientTest(support.TestCase):
    """A driver that calls a Python server."""

    def test_requests_over_a_unix_socket(self):
        path = self.tmp / "docker.sock"
        server = UnixServer(str(path), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        for method, body in (("GET", None), ("GET", "{}"), ("POST", "[1]"), ("DELETE", None)):
            words = [DRIVER, method, path, "/v1/a?b=c", *([] if body is None else [body])]
            proxy = {"HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"}
            done = support.run(words, env=proxy)
            self.assertEqual(done.returncode, 0, done.stderr)
            says = f"200\n{method} /v1/a?b=c localhost application/json Bearer secret\0{body or ''}"
            self.assertEqual(done.stdout, says)

    def test_nobody_listens(self):
        done = support.run([DRIVER, "GET", self.tmp / "none.sock", "/"])
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"no answer from {self.tmp}/none.sock: ", done.stderr)


if __name__ == "__main__":
    support.main()
