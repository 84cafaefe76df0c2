"""An API server, perhaps an aggregated one, that lies about lists, watches and resourceVersions."""

import json
import threading
import time

from launching import VMIS, LaunchingCase, machine, support

# So many requests in a row, each of which fails, take at least so long: see the back-off of
# lib/kube/informer.c.
TRIES = 8
TRIES_S = 2
MIB = 1 << 20


def line(kind, value):
    """An event of a watch."""
    return json.dumps({"type": kind, "object": value}).encode() + b"\n"


def page(items=(), token="", version="5"):
    """A list of machines."""
    metadata = {"resourceVersion": version, "continue": token}
    return {"kind": "VirtualMachineInstanceList", "metadata": metadata, "items": list(items)}


def stored(name, version="1", uid="uid"):
    """A machine as a server has it."""
    return machine(name, uid=uid, resourceVersion=version)


class Liar(LaunchingCase):
    """self.lies answers the lists and self.events the watches of machines, while they are set."""

    def setUp(self):
        super().setUp()
        self.lies = self.events = None
        self.times = {"list": [], "watch": []}  # of the requests for machines
        self.over = threading.Event()
        self.addCleanup(self.over.set)
        self.server.http.answer = self.answer

    def answer(self, call):
        is_watch = "watch" in call.query
        kind = "watch" if is_watch else "list"
        lie = self.events if is_watch else self.lies
        if call.command != "GET" or not call.route.endswith(f"/{VMIS}"):
            self.server.handle(call)
            return
        with self.server.changed:
            self.times[kind].append(time.monotonic())
            self.server.changed.notify_all()
        if lie is None:
            self.server.handle(call)
            return
        try:
            lie(call)
        except OSError:
            pass  # the controller has enough

    def watch(self, *lines, ends=True):
        """Answers watches with these lines."""

        def answer(call):
            call.begin()
            for each in lines:
                call.chunk(each)
            if not ends:
                self.over.wait(support.PATIENCE)
            call.end()

        return answer

    def assert_pace(self, kind):
        """The next requests do not come in a hot loop."""
        first = len(self.times[kind])
        self.server.wait(
            lambda: len(self.times[kind]) >= first + TRIES, f"{TRIES} tries", support.PATIENCE
        )
        times = self.times[kind]
        self.assertGreater(times[first + TRIES - 1] - times[first], TRIES_S)

    def tell_the_truth(self, controller):
        self.lies = self.events = None
        self.over.set()
        self.assert_goes_on(controller)
        self.memory.check(controller.process)

    def lie_in_lists(self, lie, says):
        """Starts a controller that is lied to, which says so."""
        self.lies = lie
        controller = self.start()
        said = controller.wait_log(says)
        self.assertEqual(said["level"], "warning")
        return controller
