"""A Kubernetes API server in memory, for the tests of kube/: it keeps the protocol of lists,
watches and resourceVersions, and breaks it where a test asks for that."""

import copy
import http.server
import json
import socket
import socketserver
import subprocess
import threading
import urllib.parse

import support

PATIENCE = 120


class Answer:
    """What a fault lets the server answer; code None: it hangs up instead, at a given event."""

    def __init__(self, code, body=None, headers=None, after=False, until=None):
        self.code = code
        self.body = body
        self.headers = headers or {}
        self.after = after  # the request is done, and only its answer is lost
        self.until = until


def status(code, reason, message="the test says so"):
    """A failure as the API server puts it."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
    return Answer(code, body | {"reason": reason, "message": message})


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """The sockets of the API server."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, api, port):
        self.api = api
        self.connections = set()
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request, client_address):
        """Clients that hang up are no news."""


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self):
        self.server.connections.discard(self.connection)
        super().finish()

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def handle_request(self):
        """Reads a request and answers it, or does what the test's fault says."""
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        api = self.server.api
        verb = "WATCH" if "watch" in query else self.command
        fault = api.note(verb, url.path, query, body)
        if fault is None and verb == "WATCH":
            api.watch(self, url.path, query)
            return
        answer = fault
        if fault is None or fault.after:
            answer = api.answer(verb, url.path, query, body)
        if fault is not None and fault.code is None:
            if fault.until is not None:
                fault.until.wait()
            self.close_connection = True
            return
        self.send(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request

    def send(self, answer):
        """Sends an answer whole."""
        text = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.code)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def send_chunk(self, data):
        """Sends a part of an answer."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


class Api:
    """The objects, their history, and who watches them."""

    def __init__(self):
        self.changed = threading.Condition(threading.RLock())
        self.objects = {}  # by path
        self.version = 100
        self.compacted = 0  # what was before is gone
        self.history = []  # (version, path, type, object) or (version, None, None, bytes)
        self.pages = {}  # by continue token
        self.requests = []  # (verb, path, query, body)
        self.fault = lambda verb, path, query, body: None
        self.watchers = 0
        self.cuts = 0  # of all watches: each ends those that began before
        self.end_in_order = False  # how
        self.server = None
        self.port = 0
        self.start()

    def start(self):
        """Listens, at the same port as before."""
        self.server = Server(self, self.port)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self):
        """Ends, with all connections, as when it is killed."""
        self.server.shutdown()
        self.server.server_close()
        for connection in list(self.server.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.cut()

    def kubeconfig(self):
        """A kubeconfig for it."""
        cluster = {"name": "a", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}
        context = {"name": "a", "context": {"cluster": "a", "user": "a"}}
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "a",
                "clusters": [cluster],
                "contexts": [context],
                "users": [{"name": "a", "user": {}}],
            }
        )

    # What the test does

    def put(self, path, **members):
        """Makes or changes the object at a path."""
        with self.changed:
            old = self.objects.get(path)
            self.version += 1
            _, _, namespace, _, name = path.rsplit("/", 4)
            metadata = {"name": name, "namespace": namespace, "uid": f"uid-{self.version}"}
            if old is not None:
                metadata["uid"] = old["metadata"]["uid"]
            metadata["resourceVersion"] = str(self.version)
            given = copy.deepcopy(members)
            metadata = {**given.pop("metadata", {}), **metadata}
            self.objects[path] = {**given, "metadata": metadata}
            kind = "ADDED" if old is None else "MODIFIED"
            self.history.append((self.version, path, kind, self.objects[path]))
            self.changed.notify_all()
            return self.objects[path]

    def delete(self, path):
        """Deletes the object at a path."""
        with self.changed:
            self.version += 1
            gone = copy.deepcopy(self.objects.pop(path))
            gone["metadata"]["resourceVersion"] = str(self.version)
            self.history.append((self.version, path, "DELETED", gone))
            self.changed.notify_all()

    def inject(self, data):
        """Sends bytes to all watches that there are."""
        with self.changed:
            self.history.append((self.version, None, None, data))
            self.changed.notify_all()

    def compact(self):
        """Forgets the history, as etcd does."""
        with self.changed:
            self.compacted = self.version
            self.pages.clear()

    def cut(self, in_order=False):
        """Ends all watches that there are."""
        with self.changed:
            self.cuts += 1
            self.end_in_order = in_order
            self.changed.notify_all()

    def count(self, verb):
        """How many requests of a verb there were."""
        with self.changed:
            return sum(request[0] == verb for request in self.requests)

    def await_state(self, predicate):
        """Waits until the predicate is true; it is evaluated after each change and request."""
        with self.changed:
            if not self.changed.wait_for(predicate, PATIENCE):
                raise AssertionError(f"it did not come; requests: {self.requests}")

    def await_watch(self, count=1):
        """Waits until somebody watches."""
        self.await_state(lambda: self.watchers >= count)

    # What a client asks for

    def note(self, verb, path, query, body):
        """Writes down a request; returns the fault for it, or None."""
        with self.changed:
            self.requests.append((verb, path, query, body))
            fault = self.fault(verb, path, query, body)
            self.changed.notify_all()
            return fault

    def answer(self, verb, path, query, body):
        """The answer to a request that is no watch."""
        with self.changed:
            if verb == "POST":
                name = body["metadata"]["name"]
                path = f"{path}/{name}"
                if path in self.objects:
                    return status(409, "AlreadyExists")
                return Answer(201, self.put(path, **body))
            if verb == "GET" and path not in self.objects and self.is_list(path):
                return self.list(path, query)
            if path not in self.objects:
                return status(404, "NotFound")
            old = self.objects[path]
            if verb == "PUT":
                if body["metadata"]["resourceVersion"] != old["metadata"]["resourceVersion"]:
                    return status(409, "Conflict")
                return Answer(200, self.put(path, **body))
            if verb == "PATCH":
                return Answer(200, self.put(path, **{**old, **body}))
            return Answer(200, old)

    @staticmethod
    def is_list(path):
        """Whether a path is that of a whole kind."""
        return path.count("/") == (3 if path.startswith("/api/") else 4)

    @staticmethod
    def is_below(path, collection):
        """Whether an object is of a collection: of a kind, in all namespaces."""
        group, plural = collection.rsplit("/", 1)
        return path.startswith(f"{group}/namespaces/") and path.split("/")[-2] == plural

    def list(self, path, query):
        """A list, or a page of one."""
        token = query.get("continue")
        if token is None:
            there = sorted(self.objects.items())
            items = [value for key, value in there if self.is_below(key, path)]
            version = self.version
        elif token in self.pages:
            version, items = self.pages[token]
        else:
            return status(410, "Expired")
        limit = int(query.get("limit") or len(items))
        metadata = {"resourceVersion": str(version)}
        if len(items) > limit:
            metadata["continue"] = f"{version}-{len(items)}"
            self.pages[metadata["continue"]] = (version, items[limit:])
        items = [
            {key: value for key, value in item.items() if key not in ("apiVersion", "kind")}
            for item in items[:limit]
        ]
        return Answer(200, {"kind": "List", "metadata": metadata, "items": copy.deepcopy(items)})

    def watch(self, handler, path, query):
        """Sends what happens after a version, until it is cut."""
        version = int(query["resourceVersion"])
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.flush()
        with self.changed:
            if version < self.compacted:
                error = {"type": "ERROR", "object": status(410, "Expired").body}
                handler.send_chunk(json.dumps(error).encode() + b"\n")
                handler.send_chunk(b"")
                return
            cuts = self.cuts
            history = self.history
            position = len(history)
            past = [entry for entry in history if entry[0] > version and entry[1] is not None]
            self.watchers += 1
            self.changed.notify_all()
        try:
            self.send_events(handler, path, past)
            while True:
                with self.changed:
                    self.changed.wait_for(
                        lambda: self.cuts != cuts or len(self.history) > position
                    )
                    new = self.history[position:]
                    position += len(new)
                    ended = self.cuts != cuts
                if ended:
                    break
                self.send_events(handler, path, new)
        except OSError:
            pass
        with self.changed:
            self.watchers -= 1
            self.changed.notify_all()
        if self.end_in_order:
            handler.send_chunk(b"")
        else:
            handler.close_connection = True

    def send_events(self, handler, collection, entries):
        """Sends a part of the history, as far as it is of the collection."""
        for _, path, kind, value in entries:
            if path is None:
                handler.send_chunk(value)
            elif self.is_below(path, collection):
                whole = {"kind": "ConfigMap", "apiVersion": "v1", **value}
                text = json.dumps({"type": kind, "object": whole})
                handler.send_chunk(text.encode() + b"\n")


class Driver:
    """A running kube_controller_driver, and what it has said."""

    def __init__(self, test, api, *arguments):
        config = test.tmp / f"kubeconfig-{api.port}"
        if not config.exists():  # another driver may be reading it
            test.write(config.name, api.kubeconfig())
        program = support.program("tests/peers/kube_controller_driver")
        self.process = test.spawn(
            [program, config, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.test = test
        self.lines = []
        self.said = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        """Keeps what it says."""
        for line in self.process.stdout:
            with self.said:
                self.lines.append(json.loads(line))
                self.said.notify_all()

    def order(self, **command):
        """Gives it a command."""
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def await_lines(self, predicate):
        """Waits until the predicate of all lines is true."""
        with self.said:
            if not self.said.wait_for(lambda: predicate(self.lines), PATIENCE):
                self.test.fail(f"it did not come; all that came: {self.lines}")

    def await_line(self, key, value=None, count=1):
        """Waits for so many lines with a key, and a value if one is given."""

        def those(lines):
            return [line for line in lines if key in line and value in (None, line[key])]

        self.await_lines(lambda lines: len(those(lines)) >= count)
        return those(self.lines)[count - 1]

    def all(self, key):
        """What the lines so far say at a key."""
        with self.said:
            return [line[key] for line in self.lines if key in line]

    def end(self):
        """Ends it in order, and sees that it does."""
        self.process.stdin.close()
        self.test.assertEqual(self.process.wait(PATIENCE), 0)
