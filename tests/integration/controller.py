"""hook-controller under test: starts it, reads its log line by line, and calls its servers."""

import http.client
import json
import os
import pathlib
import signal
import ssl
import subprocess
import threading

# Not from support: the end-to-end tests have their own.
ROOT = pathlib.Path(__file__).resolve().parents[2]
CONTROLLER = ROOT / os.environ.get("HOOKLINE_BUILD", "build") / "hook-controller"
# Bounds a hang.
PATIENCE = 120
# Flags with which it does not need an API server.
ALONE = ["--launch=false", "--leader-elect=false"]


class Controller:
    """A hook-controller process; test is the TestCase whose cleanup ends it. before are the words
    of a command that runs it."""

    def __init__(self, test, *flags, env=None, program=CONTROLLER, before=()):
        self.lines = []
        self.followed = 0  # lines that follow() has passed
        self.grown = threading.Condition()
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("KUBE", "POD_"))
        }
        environment["HOME"] = str(test.tmp)
        environment.update(env or {})
        self.process = test.spawn(
            [*before, program, "--log-format=json", "--metrics-listen=127.0.0.1:0", *flags],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.metrics_port = self.wait_log("serving metrics")["port"]
        self.webhook_port = None

    def read(self):
        with self.process.stderr as stream:
            for line in stream:
                try:
                    entry = json.loads(line)
                except ValueError:
                    entry = {"level": "raw", "msg": line}
                with self.grown:
                    self.lines.append(entry)
                    self.grown.notify_all()
        with self.grown:
            self.lines.append(None)
            self.grown.notify_all()

    def text(self):
        return "\n".join(json.dumps(line) for line in self.lines)

    def wait_log(self, message, **fields):
        """Waits for a line whose message contains this and that has these fields; returns it."""
        return self.wait_from(0, message, fields)[1]

    def follow(self, message):
        """The same, for lines after the one that follow() returned last."""
        index, line = self.wait_from(self.followed, message, {})
        self.followed = index + 1
        return line

    def wait_from(self, begin, message, fields):
        """Waits for such a line from index begin on; returns its index and the line."""

        def find():
            for index, line in enumerate(self.lines[begin:], begin):
                if line is None:
                    return index, "ended"
                if message in line["msg"] and all(
                    line.get(key) == value for key, value in fields.items()
                ):
                    return index, line
            return None

        with self.grown:
            found = self.grown.wait_for(find, PATIENCE)
        if found is None or found[1] == "ended":
            raise AssertionError(f"no line {message!r} {fields} ({found}):\n{self.text()}")
        return found

    def get(self, path):
        """GET from the metrics server: status and text."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.metrics_port, timeout=PATIENCE
        )
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metric(self, name):
        """The value of a metric, given by name and labels, such as 'hookline_leader'."""
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"no {name} in\n{self.get('/metrics')[1]}")

    def webhook(self, ca, client=None):
        """A TLS connection to the webhooks; client is a certificate beside its key."""
        if self.webhook_port is None:
            self.webhook_port = self.wait_log("serving the webhooks")["port"]
        context = ssl.create_default_context(cafile=str(ca))
        if client is not None:
            context.load_cert_chain(client, client.with_suffix(".key"))
        return http.client.HTTPSConnection(
            "localhost", self.webhook_port, context=context, timeout=PATIENCE
        )

    def end(self, number=signal.SIGTERM):
        """Ends it with a signal; returns its exit status."""
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return status
