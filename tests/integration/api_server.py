"""A small Kubernetes API server in memory, over plain HTTP: objects of any kind with list, watch,
create, merge patch, update and delete, conflicting resourceVersions, and faults on demand. It
replaces a real one where a test must control when something fails, or where no cluster is
available."""

import base64
import json
import re
import threading
import urllib.parse
import uuid

import http_server

PATH = re.compile(
    r"^/(?:api|apis/(?P<group>[^/]+))/(?P<version>[^/]+)(?:/namespaces/(?P<namespace>[^/]+))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<subresource>[^/]+))?$"
)


def merge(target, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def json_patch(target, operations):
    """RFC 6902, of which the controller uses test and add, of members of objects."""
    result = copied(target)
    for operation in operations:
        *parents, name = operation["path"].split("/")[1:]
        place = result
        for each in parents:
            place = place[int(each) if isinstance(place, list) else each]
        if operation["op"] == "add":
            place[name] = operation["value"]
        elif place.get(name) != operation["value"]:
            raise Failure(422, "Invalid", "the server rejected our request due to an error in it")
    return result


def copied(value):
    """A deep copy of JSON, however deep."""
    return json.loads(json.dumps(value))


LOST = object()


class Failure(Exception):
    """Answers with a Status."""

    def __init__(self, code, reason, message):
        super().__init__(message)
        self.code = code
        self.status = http_server.failure(code, reason, message)


class APIServer:
    """The objects, and the HTTP server that serves them."""

    def __init__(self):
        self.changed = threading.Condition()
        self.version = 100
        self.objects = {}  # (plural, namespace, name) -> object
        self.history = []  # (version, plural, type, object)
        self.requests = []  # (method, path), in order
        self.unknown = set()  # plurals that the server does not know
        self.without_status = set()  # plurals without the status subresource
        self.faults = []  # [(predicate(method, path), answer code or callable, times)]
        self.epoch = 0  # raised to cut watches
        self.watching = 0  # open watches
        self.oldest = 0  # the resourceVersion up to which history is compacted
        self.most = None  # changes in history; None: all are kept
        self.questions = []  # the spec of each SubjectAccessReview, in order
        self.allows = lambda spec: True  # its answer
        self.http = http_server.Server(self.handle)

    def close(self):
        self.cut_watches()
        self.http.stop()

    def kubeconfig(self):
        return http_server.kubeconfig({"server": self.http.url})

    # for the tests

    def put(self, plural, value):
        """Creates an object or changes it, which keeps its uid, without validation."""
        with self.changed:
            metadata = value.setdefault("metadata", {})
            key = (plural, metadata.get("namespace", ""), metadata["name"])
            before = self.objects.get(key, {}).get("metadata", {})
            metadata.setdefault("uid", before.get("uid") or str(uuid.uuid4()))
            self.store("MODIFIED" if key in self.objects else "ADDED", key, value)
            return copied(value)

    def get(self, plural, namespace, name):
        with self.changed:
            return copied(self.objects.get((plural, namespace, name)))

    def all(self, plural):
        with self.changed:
            return [
                copied(value) for key, value in sorted(self.objects.items()) if key[0] == plural
            ]

    def patch(self, plural, namespace, name, patch):
        with self.changed:
            key = (plural, namespace, name)
            self.store("MODIFIED", key, merge(self.objects[key], patch))

    def remove(self, plural, namespace, name):
        with self.changed:
            key = (plural, namespace, name)
            value = copied(self.objects[key])
            self.store("DELETED", key, value)

    def wait(self, predicate, what="what the test waits for", timeout=60):
        """Waits until predicate() of the objects is true; returns its result."""
        with self.changed:
            if not self.changed.wait_for(predicate, timeout):
                objects = json.dumps(list(self.objects.values()))[:4000]
                raise AssertionError(f"{what} did not come: {self.requests[-30:]}, {objects}")
            return predicate()

    def fail(self, method, pattern, answer, times=1):
        """Makes the next matching requests fail with a code, or LOST: handled, but not answered. A
        callable is called, and what it raises is the answer."""
        with self.changed:
            self.faults.append([method, re.compile(pattern), answer, times])

    def cut_watches(self):
        with self.changed:
            self.epoch += 1
            self.changed.notify_all()

    def compact(self):
        """Forgets what happened: a watch from an older resourceVersion is Expired."""
        with self.changed:
            self.version += 1
            self.oldest = self.version

    def keep(self, most):
        """Keeps only the last changes from now on: a watch that has missed others is Expired, so
        that a test may last long."""
        with self.changed:
            self.most = most

    # implementation

    def store(self, kind, key, value):
        self.version += 1
        value["metadata"]["resourceVersion"] = str(self.version)
        if kind == "DELETED":
            self.objects.pop(key, None)
        else:
            self.objects[key] = value
        self.history.append((self.version, key, kind, copied(value)))
        if self.most is not None and len(self.history) > 2 * self.most:
            self.oldest = self.history[-self.most - 1][0]
            del self.history[: -self.most], self.requests[: -self.most]
        self.changed.notify_all()

    def handle(self, call):
        match = PATH.match(call.route)
        lost = False
        try:
            lost = self.note(call.command, call.route)
            if not match or match["plural"] in self.unknown:
                raise Failure(404, "NotFound", "the server could not find the requested resource")
            where = {
                key: urllib.parse.unquote(value or "") for key, value in match.groupdict().items()
            }
            if call.command == "GET" and call.query.get("watch") in ("true", "1"):
                self.watch(call, where)
                return
            code, answer = getattr(self, "on_" + call.command)(where, call.query, call.body)
        except Failure as failure:
            code, answer = failure.code, failure.status
        except ConnectionError:
            return
        if lost:
            call.close_connection = True
        else:
            call.reply(code, answer)

    def note(self, method, path):
        """Records a request and fails it if it is to fail; returns whether its answer is lost."""
        with self.changed:
            self.requests.append((method, path))
            self.changed.notify_all()
            for fault in self.faults:
                if fault[3] > 0 and fault[0] == method and fault[1].search(path):
                    fault[3] -= 1
                    break
            else:
                return False
        if callable(fault[2]):
            fault[2]()
        elif fault[2] is not LOST:
            raise Failure(fault[2], "", f"a fault on demand: {method} {path}")
        return fault[2] is LOST

    def selected(self, key, value, where, query):
        if key[0] != where["plural"] or where["namespace"] not in ("", key[1]):
            return False
        labels = value["metadata"].get("labels") or {}
        for term in filter(None, query.get("labelSelector", "").split(",")):
            name, equals, wanted = term.partition("=")
            if name not in labels or equals and labels[name] != wanted.lstrip("="):
                return False
        wanted = query.get("fieldSelector", "")
        return not wanted.startswith("metadata.name=") or key[2] == wanted.partition("=")[2]

    def find(self, where):
        key = (where["plural"], where["namespace"], where["name"])
        if key not in self.objects:
            raise Failure(404, "NotFound", f'{where["plural"]} "{where["name"]}" not found')
        if where["subresource"] == "status" and where["plural"] in self.without_status:
            raise Failure(404, "NotFound", "the server could not find the requested resource")
        return key, self.objects[key]

    def on_GET(self, where, query, _):
        with self.changed:
            if where["name"]:
                return 200, copied(self.find(where)[1])
            found = [
                value
                for key, value in sorted(self.objects.items())
                if self.selected(key, value, where, query)
            ]
            begin = int(query.get("continue") or 0)
            end = begin + int(query.get("limit") or len(found))
            metadata = {"resourceVersion": str(self.version)}
            if end < len(found):
                metadata["continue"] = str(end)
            return 200, {"kind": "List", "metadata": metadata, "items": copied(found[begin:end])}

    def on_POST(self, where, _, body):
        with self.changed:
            if where["plural"] == "subjectaccessreviews":
                self.questions.append(body["spec"])
                return 201, {**body, "status": {"allowed": self.allows(body["spec"])}}
            metadata = body["metadata"]
            metadata.setdefault("namespace", where["namespace"])
            if "name" not in metadata:
                metadata["name"] = metadata["generateName"] + uuid.uuid4().hex[:8]
            key = (where["plural"], metadata["namespace"], metadata["name"])
            if key in self.objects:
                raise Failure(409, "AlreadyExists", f'{where["plural"]} "{key[2]}" already exists')
            metadata["uid"] = str(uuid.uuid4())
            if where["plural"] == "secrets":
                text = body.pop("stringData", {})
                body.setdefault("data", {}).update(
                    {name: base64.b64encode(value.encode()).decode() for name, value in text.items()}
                )
            self.store("ADDED", key, body)
            return 201, copied(body)

    def changed_object(self, where, value, body):
        version = body.get("metadata", {}).get("resourceVersion")
        if version is not None and version != value["metadata"]["resourceVersion"]:
            raise Failure(409, "Conflict", "the object has been modified")

    def on_PUT(self, where, _, body):
        with self.changed:
            key, value = self.find(where)
            self.changed_object(where, value, body)
            body["metadata"]["uid"] = value["metadata"]["uid"]
            self.store("MODIFIED", key, body)
            return 200, copied(body)

    def on_PATCH(self, where, _, body):
        with self.changed:
            key, value = self.find(where)
            if isinstance(body, list):
                self.store("MODIFIED", key, json_patch(value, body))
                return 200, copied(self.objects[key])
            self.changed_object(where, value, body)
            patch = {"status": body.get("status")} if where["subresource"] == "status" else body
            if where["subresource"] == "" and where["plural"] not in self.without_status:
                patch = {name: part for name, part in body.items() if name != "status"}
            result = merge(value, patch)
            if result != value:
                self.store("MODIFIED", key, result)
            return 200, copied(self.objects[key])

    def on_DELETE(self, where, _, body):
        with self.changed:
            key, value = self.find(where)
            wanted = ((body or {}).get("preconditions") or {}).get("uid")
            if wanted not in (None, value["metadata"]["uid"]):
                raise Failure(409, "Conflict", "the uid in the precondition is another")
            self.store("DELETED", key, copied(value))
            return 200, value

    def watch(self, call, where):
        since = int(call.query.get("resourceVersion") or 0)
        with self.changed:
            epoch = self.epoch
            if since < self.oldest:
                raise Failure(410, "Expired", "too old resource version")
        call.begin()
        with self.changed:
            self.watching += 1
            self.changed.notify_all()
        try:
            self.send_events(call, where, since, epoch)
        finally:
            with self.changed:
                self.watching -= 1
            call.close_connection = True

    def send_events(self, call, where, since, epoch):
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.epoch != epoch or self.version > since)
                if self.epoch != epoch or self.most is not None and since < self.oldest:
                    return
                events = [entry for entry in self.history if entry[0] > since]
                since = self.version
            for _, key, kind, value in events:
                if self.selected(key, value, where, call.query):
                    call.chunk(json.dumps({"type": kind, "object": value}).encode() + b"\n")
