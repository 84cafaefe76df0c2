"""`make bench`'s access to the API server: Python's HTTP client for single requests, curl for bulk
requests."""

import base64
import http.client
import json
import ssl
import subprocess
import threading
import time
import urllib.parse

from process import PATIENCE, BenchError


class Api:
    """The API server of a cluster's kubeconfig; folder is for the files that curl reads."""

    def __init__(self, cluster, folder):
        words = [cluster.kubectl, f"--kubeconfig={cluster.kubeconfig}", "config", "view"]
        words += ["--raw", "--minify", "--flatten", "-o", "json"]
        config = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
        server, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.folder = folder
        self.base = server["server"]
        self.headers = {"Content-Type": "application/json"}
        self.curl_options = [f'cacert = "{self.keep("ca", server["certificate-authority-data"])}"']
        self.context = ssl.create_default_context(cafile=folder / "ca")
        if "token" in user:
            self.headers["Authorization"] = f"Bearer {user['token']}"
        if "client-certificate-data" in user:
            certificate = self.keep("certificate", user["client-certificate-data"])
            key = self.keep("key", user["client-key-data"])
            self.context.load_cert_chain(certificate, key)
            self.curl_options += [f'cert = "{certificate}"', f'key = "{key}"']
        self.curl_options += [f'header = "{name}: {text}"' for name, text in self.headers.items()]
        self.connection = self.connect()

    def keep(self, name, text):
        """Writes a base64 value of the kubeconfig to a file and returns its path."""
        path = self.folder / name
        path.write_bytes(base64.b64decode(text))
        return path

    def connect(self):
        """A connection to the API server."""
        parts = urllib.parse.urlsplit(self.base)
        return http.client.HTTPSConnection(
            parts.hostname, parts.port, context=self.context, timeout=PATIENCE
        )

    def request(self, method, path, body=None, headers=()):
        """Sends a request on the one persistent connection; returns the status and the JSON."""
        text = None if body is None else json.dumps(body)
        self.connection.request(method, path, text, {**self.headers, **dict(headers)})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def must(self, method, path, body=None):
        """Sends a request that must succeed, and returns the JSON."""
        status, answer = self.request(method, path, body)
        if status not in (200, 201, 202):
            raise BenchError(f"{method} {path}: {answer.get('message', status)}")
        return answer

    def version_of(self, path):
        """The current resourceVersion of a list."""
        return self.must("GET", f"{path}?limit=1")["metadata"]["resourceVersion"]

    def count(self, path):
        """The number of objects in a list."""
        answer = self.must("GET", f"{path}?limit=1")
        return len(answer["items"]) + answer["metadata"].get("remainingItemCount", 0)

    def watch(self, path):
        """A watch for objects that are added to a list from now on."""
        return Watch(self.connect(), path, self.version_of(path), self.headers)

    def post_all(self, path, objects, parallel=1):
        """Creates objects with one curl on persistent connections. Returns the total seconds, and
        those of each request."""
        blocks = []
        for number, item in enumerate(objects):
            body = self.folder / f"body-{number}"
            body.write_text(json.dumps(item), "utf-8")
            lines = [f'url = "{self.base}{path}"', f'data-binary = "@{body}"']
            lines.append('output = "/dev/null"')
            lines += ["silent", "show-error", "no-progress-meter"]
            lines.append('write-out = "%{http_code} %{time_total} %{num_connects}\\n"')
            blocks.append("\n".join(self.curl_options + lines))
        config = self.folder / "curl"
        config.write_text("\nnext\n".join(blocks) + "\n", "utf-8")
        words = ["curl", "--config", config]
        if parallel > 1:
            words += ["--parallel", "--parallel-max", str(parallel)]
        begin = time.monotonic()
        done = subprocess.run(words, check=False, text=True, stdout=subprocess.PIPE)
        seconds = time.monotonic() - begin
        rows = [line.split() for line in done.stdout.splitlines()]
        if len(rows) != len(blocks) or any(code != "201" for code, _, _ in rows):
            raise BenchError(f"curl: not every object was created at {path}: {done.stdout[-200:]}")
        return seconds, [float(total) for _, total, _ in rows]


class Watch(threading.Thread):
    """Records on its own thread when the objects of a watch appear: seconds by name."""

    def __init__(self, connection, path, version, headers):
        super().__init__(daemon=True)
        self.connection = connection
        self.seen = {}
        self.grown = threading.Condition()
        connection.request("GET", f"{path}?watch=1&resourceVersion={version}", headers=headers)
        self.answer = connection.getresponse()
        self.start()

    def run(self):
        for line in self.answer:
            now = time.monotonic()
            event = json.loads(line)
            if event["type"] != "ADDED":
                continue
            with self.grown:
                self.seen[event["object"]["metadata"]["name"]] = now
                self.grown.notify()

    def wait_for(self, condition, what):
        """Waits until a condition on the times by name is true, and returns its value."""
        with self.grown:
            if not self.grown.wait_for(lambda: condition(self.seen), PATIENCE):
                raise BenchError(f"{what}: not within {PATIENCE} s")
            return condition(self.seen)
