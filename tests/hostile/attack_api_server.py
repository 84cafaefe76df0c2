#!/usr/bin/python3
"""An API server, perhaps an aggregated one, that lies about lists, watches and resourceVersions.
The controller neither asks in a hot loop nor keeps what it sends without end; it says what is
wrong; and when the server tells the truth, machines get their pods."""

import itertools
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


class Lists(Liar):
    def attack(self, lie, says):
        controller = self.lie_in_lists(lie, says)
        self.assert_pace("list")
        self.tell_the_truth(controller)

    def endless(self, items):
        """Pages that never end, each with another token."""
        numbers = itertools.count()
        return lambda call: call.reply(200, page(items(next(numbers)), f"t{next(numbers)}"))

    def attack_pages(self, lie, says):
        """The list is given up, although no page of it fails."""
        controller = self.lie_in_lists(lie, says)
        before = len(self.times["list"])
        controller.follow(says)
        controller.follow(says)
        controller.follow(says)
        self.assertLess(len(self.times["list"]) - before, 100)
        self.tell_the_truth(controller)

    def test_empty_pages(self):
        self.attack_pages(self.endless(lambda _: []), "but no further object")

    def test_the_same_page(self):
        items = [stored("a"), stored("b")]
        self.attack_pages(self.endless(lambda _: items), "but no further object")

    def test_the_same_token(self):
        names = itertools.count()
        lie = lambda call: call.reply(200, page([stored(f"x{next(names)}")], "again"))
        self.attack_pages(lie, "the same continue token")

    def test_objects_without_end(self):
        """Each page has others. What is kept of them is bounded."""

        def items(number):
            return [stored(f"m{number}-{i}", uid="x" * MIB) for i in range(10)]

        controller = self.lie_in_lists(self.endless(items), "take more than 64 MiB")
        controller.follow("take more than 64 MiB")
        controller.follow("take more than 64 MiB")
        self.tell_the_truth(controller)

    def test_expired(self):
        gone = lambda call: call.status(410, "Expired", "the list has expired")
        self.attack(gone, "the list has expired")

    def test_no_version(self):
        self.attack(lambda call: call.reply(200, page(version="")), "resourceVersion")

    def test_html(self):
        html = b"<html>\n<body>login</body></html>\n"
        self.attack(lambda call: call.reply(403, html, "text/html"), "<html>")
        self.assertEqual(self.pods(), self.pods("honest"))

    def test_a_huge_failure(self):
        """Of the text of a failure only its beginning is kept."""
        text = b"x" * (100 * MIB)
        self.attack(lambda call: call.reply(403, text, "text/plain"), "list virtualmachine")

    def test_a_redirect(self):
        """Nobody is followed anywhere, least of all with credentials."""
        other = []
        self.lies = lambda call: (
            other.append(call.path)
            if "elsewhere" in call.path
            else call.reply(
                307, b"", Location=f"{self.server.http.url}/elsewhere/{VMIS}", Retry_After=1
            )
        )
        controller = self.start()
        controller.wait_log("307")
        self.assert_pace("list")
        self.assertEqual(other, [])
        self.tell_the_truth(controller)

    def test_strange_versions(self):
        """They are the server's own; a watch that it then refuses begins with another list."""
        for version in ("0", "x", "99999999999999999999"):
            with self.subTest(version):
                self.lies = lambda call, at=version: call.reply(200, page(version=at))
                self.events = lambda call: call.status(400, "BadRequest", "invalid version")
                self.over.clear()
                controller = self.start()
                controller.wait_log("invalid version")
                self.assert_pace("watch")
                self.tell_the_truth(controller)
                controller.end()

    def test_a_list_that_drips(self):
        """A byte at a time; it is given up after 30 s, and asked for again."""
        began = threading.Event()

        def drip(call):
            self.lies = None
            call.begin()
            began.set()
            for byte in itertools.cycle(b" "):
                call.chunk(bytes([byte]))
                if self.over.wait(1):
                    break

        self.lies = drip
        controller = self.start()
        self.assertTrue(began.wait(support.PATIENCE))
        self.assert_goes_on(controller)

    def test_retry_after_years(self):
        """A minute at most is waited."""
        busy = []

        def lie(call):
            self.lies = None
            busy.append(call.time)
            call.status(429, "TooManyRequests", "later", {"Retry_After": 3 * 365 * 86400})

        self.lies = lie
        controller = self.start()
        self.server.wait(lambda: len(self.times["list"]) > 1, "another try", support.PATIENCE)
        self.assertGreater(self.times["list"][1] - busy[0], 1)
        self.tell_the_truth(controller)


class Watches(Liar):
    def attack(self, *lines, says=None, kind="watch"):
        """Each watch has these lines, and ends."""
        self.events = self.watch(*lines)
        controller = self.start()
        if says is not None:
            controller.wait_log(says)
        self.assert_pace(kind)
        self.tell_the_truth(controller)

    def test_one_event_and_an_end(self):
        self.attack(line("MODIFIED", stored("a")))

    def test_one_bookmark_and_an_end(self):
        self.attack(line("BOOKMARK", stored("a", version="7")))

    def test_one_event_and_410(self):
        gone = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}
        event = line("MODIFIED", stored("a"))
        self.attack(event, line("ERROR", gone), says="too old", kind="list")

    def flood(self, controller, one, count):
        """Sends a line that many times, and then a good event: the program answers meanwhile."""
        batch = one * 1000
        last = self.server.put(VMIS, machine("last"))
        self.events = self.watch(*[batch] * (count // 1000), line("ADDED", last), ends=False)
        self.server.cut_watches()
        for _ in range(20):
            self.assertEqual(controller.get("/healthz")[0], 200)
        self.wait_launched("last")
        self.memory.check(controller.process)

    def start_watching(self):
        controller = self.start()
        self.assert_goes_on(controller)
        return controller

    def test_a_flood_of_bookmarks(self):
        controller = self.start_watching()
        self.flood(controller, line("BOOKMARK", {"metadata": {"resourceVersion": "1"}}), 300000)

    def test_a_flood_of_bad_events(self):
        """They are said, but not each."""
        controller = self.start_watching()
        for one in (b"nonsense\n", line("ADDED", {}), line("SURPRISE", {}),
                    line("ADDED", {"metadata": {"name": "a", "resourceVersion": "1"}})):
            self.flood(controller, one, 100000)
        self.assertLess(sum("skipped" in str(entry) for entry in controller.lines), 200)
        self.assertGreater(sum("skipped" in str(entry) for entry in controller.lines), 0)
        self.tell_the_truth(controller)

    def test_objects_without_end(self):
        """What is kept of them is bounded; the list then says which exist."""
        controller = self.start_watching()
        lines = (line("ADDED", stored(f"m{i}", uid="x" * MIB)) for i in range(100))
        self.events = self.watch(*lines, ends=False)
        self.server.cut_watches()
        controller.wait_log("take more than 64 MiB; listing again")
        self.tell_the_truth(controller)

    def test_events_that_contradict(self):
        """Objects that are added twice, go backwards, were never there, or are of another kind."""
        controller = self.start_watching()
        pods = self.pods("honest")
        real = self.server.get(VMIS, "vms", "honest")
        last = self.server.put(VMIS, machine("last"))
        old = {**real, "metadata": {**real["metadata"], "resourceVersion": "1"}}
        self.events = self.watch(
            line("ADDED", real),
            line("ADDED", old),
            line("MODIFIED", old),
            line("DELETED", stored("never")),
            line("ADDED", {**stored("alien"), "kind": "Pod"}),
            line("MODIFIED", {**old, "status": {"phase": "Running"}}),
            line("ADDED", last),
            ends=False,
        )
        self.server.cut_watches()
        controller.wait_log("an object of the kind Pod was skipped")
        self.wait_launched("last")
        self.assertEqual(self.pods("honest"), pods)
        self.assertEqual(self.pods("alien"), [])
        self.tell_the_truth(controller)


if __name__ == "__main__":
    support.main()
