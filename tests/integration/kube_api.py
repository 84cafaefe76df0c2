"""A Kubernetes API server in memory, for the tests of kube/: it follows the protocol of lists,
watches and resourceVersions, and breaks it where a test asks for that."""

import copy
import json
import subprocess
import threading

import http_server
import support

PATIENCE = 120


class Answer:
    """What the server answers because of a fault; code None: it hangs up instead, at a given
    event."""

    def __init__(self, code, body=None, after=False, until=None):
        self.code = code
        self.body = body
        self.after = after  # the request is executed, and only its answer is lost
        self.until = until


def status(code, reason, message="the test says so"):
    """A failure in the API server's format."""
    return Answer(code, http_server.failure(code, reason, message))


class Api:
    """The objects, their history, and who watches them."""

    def __init__(self):
        self.changed = threading.Condition(threading.RLock())
        self.objects = {}  # by path
        self.version = 100
        self.compacted = 0  # older history is gone
        self.history = []  # (version, path, type, object) or (version, None, None, bytes)
        self.pages = {}  # by continue token
        self.requests = []  # (verb, path, query, body)
        self.fault = lambda verb, path, query, body: None
        self.watchers = 0
        self.cuts = 0  # of all watches: each increment ends the earlier ones
        self.end_in_order = False  # how
        self.server = None
        self.port = 0
        self.start()

    def start(self):
        """Listens, on the same port as before."""
        self.server = http_server.Server(self.handle, self.port)
        self.port = self.server.port

    def stop(self):
        """Ends with all its connections, as if it were killed."""
        self.server.stop()
        self.server.hang_up()
        self.cut()

    def kubeconfig(self):
        """A kubeconfig for it."""
        return http_server.kubeconfig({"server": self.server.url})

    # For the tests

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
        """Sends bytes to all open watches."""
        with self.changed:
            self.history.append((self.version, None, None, data))
            self.changed.notify_all()

    def compact(self):
        """Compacts the history, as etcd does."""
        with self.changed:
            self.compacted = self.version
            self.pages.clear()

    def cut(self, in_order=False):
        """Ends all open watches."""
        with self.changed:
            self.cuts += 1
            self.end_in_order = in_order
            self.changed.notify_all()

    def count(self, verb):
        """The number of requests with a verb."""
        with self.changed:
            return sum(request[0] == verb for request in self.requests)

    def await_state(self, predicate):
        """Waits until the predicate is true; it is evaluated after each change and request."""
        with self.changed:
            if not self.changed.wait_for(predicate, PATIENCE):
                raise AssertionError(f"timed out waiting; requests: {self.requests}")

    def await_watch(self, count=1):
        """Waits until there is a watch."""
        self.await_state(lambda: self.watchers >= count)

    # For clients

    def handle(self, call):
        """Answers a request, or does what the test's fault says."""
        verb = "WATCH" if "watch" in call.query else call.command
        request = (verb, call.route, call.query, call.body)
        fault = self.note(*request)
        if fault is None and verb == "WATCH":
            self.watch(call)
            return
        answer = fault
        if fault is None or fault.after:
            answer = self.answer(*request)
        if fault is not None and fault.code is None:
            if fault.until is not None:
                fault.until.wait()
            call.close_connection = True
            return
        call.reply(answer.code, answer.body)

    def note(self, verb, path, query, body):
        """Records a request; returns the fault for it, or None."""
        with self.changed:
            self.requests.append((verb, path, query, body))
            fault = self.fault(verb, path, query, body)
            self.changed.notify_all()
            return fault

    def answer(self, verb, path, query, body):
        """The answer to a request that is not a watch."""
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
        """Whether a path names a whole collection."""
        return path.count("/") == (3 if path.startswith("/api/") else 4)

    @staticmethod
    def is_below(path, collection):
        """Whether an object belongs to a collection: of a kind, in all namespaces."""
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

    def watch(self, call):
        """Sends the events after a version, until the watch is cut."""
        version = int(call.query["resourceVersion"])
        call.begin()
        with self.changed:
            if version < self.compacted:
                error = {"type": "ERROR", "object": status(410, "Expired").body}
                call.chunk(json.dumps(error).encode() + b"\n")
                call.end()
                return
            cuts = self.cuts
            history = self.history
            position = len(history)
            past = [entry for entry in history if entry[0] > version and entry[1] is not None]
            self.watchers += 1
            self.changed.notify_all()
        try:
            self.send_events(call, past)
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
                self.send_events(call, new)
        except OSError:
            pass
        with self.changed:
            self.watchers -= 1
            self.changed.notify_all()
        if self.end_in_order:
            call.end()
        else:
            call.close_connection = True

    def send_events(self, call, entries):
        """Sends the part of the history that belongs to the collection."""
        for _, path, kind, value in entries:
            if path is None:
                call.chunk(value)
            elif self.is_below(path, call.route):
                whole = {"kind": "ConfigMap", "apiVersion": "v1", **value}
                text = json.dumps({"type": kind, "object": whole})
                call.chunk(text.encode() + b"\n")


class Driver:
    """A running kube_controller_driver, and its output so far."""

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
        """Keeps its output."""
        for line in self.process.stdout:
            with self.said:
                self.lines.append(json.loads(line))
                self.said.notify_all()

    def order(self, **command):
        """Sends it a command."""
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def await_lines(self, predicate):
        """Waits until the predicate of all lines is true."""
        with self.said:
            if not self.said.wait_for(lambda: predicate(self.lines), PATIENCE):
                self.test.fail(f"timed out waiting; lines so far: {self.lines}")

    def await_line(self, key, value=None, count=1):
        """Waits for that many lines with a key, and a value if one is given."""

        def those(lines):
            return [line for line in lines if key in line and value in (None, line[key])]

        self.await_lines(lambda lines: len(those(lines)) >= count)
        return those(self.lines)[count - 1]

    def all(self, key):
        """The values of a key in the lines so far."""
        with self.said:
            return [line[key] for line in self.lines if key in line]

    def end(self):
        """Ends it in an orderly way, and checks that it ends."""
        self.process.stdin.close()
        self.test.assertEqual(self.process.wait(PATIENCE), 0)
