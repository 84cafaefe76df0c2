#!/usr/bin/python3
"""An API server that lies in its watches. The controller neither asks in a hot loop nor keeps what it
is sent without end; it says what is wrong; and when the server tells the truth, machines get their
pods."""

import threading

from lying import MIB, VMIS, Liar, line, machine, stored, support


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
        sent = threading.Event()
        self.over.set()  # a flood before this one has been taken
        over = self.over = threading.Event()
        self.addCleanup(over.set)

        def answer(call):
            call.begin()
            for _ in range(count // 1000):
                call.chunk(batch)
            call.chunk(line("ADDED", last))
            sent.set()
            over.wait(support.PATIENCE)
            call.end()

        self.events = answer
        self.server.cut_watches()
        self.assertTrue(sent.wait(support.PATIENCE), "the controller did not read it all")
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
        controller.wait_log("skipped")
        self.assertLess(sum("skipped" in str(entry) for entry in controller.lines), 200)
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
