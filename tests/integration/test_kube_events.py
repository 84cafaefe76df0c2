"""Events are written, counted, combined and limited, whatever the API server does."""

import support
from kube_api import Answer, Api, Driver, status

EVENTS = "/api/v1/namespaces/default/events"


def machine(name="vm"):
    """The object of an event."""
    metadata = {"name": name, "namespace": "default", "uid": f"uid-{name}", "resourceVersion": "7"}
    return {"metadata": metadata}


class EventsTest(support.TestCase):
    """A recorder of events in the driver."""

    def setUp(self):
        super().setUp()
        self.api = Api()
        self.addCleanup(self.api.stop)
        self.driver = Driver(self, self.api, "events")

    def record(self, message, reason="HookFailed", kind="Warning", about=None):
        """Records an event."""
        about = about or machine()
        self.driver.order(object=about, type=kind, reason=reason, message=message)

    def events(self):
        """The Events in the API server, oldest first."""
        below = [value for key, value in self.api.objects.items() if key.startswith(EVENTS)]
        return sorted(below, key=lambda value: int(value["metadata"]["uid"].split("-")[1]))

    def await_count(self, message, count):
        """Waits until an Event has this count."""
        self.api.await_state(
            lambda: any(e["message"] == message and e["count"] == count for e in self.events())
        )

    def test_an_event_says_all_that_describe_shows(self):
        self.record("hook-sidecar-0: exited with status 3")
        self.await_count("hook-sidecar-0: exited with status 3", 1)
        [event] = self.events()
        metadata = event.pop("metadata")
        self.assertRegex(metadata["name"], r"^vm\.[0-9a-f]{10,16}$")
        self.assertEqual(metadata["namespace"], "default")
        first, last = event.pop("firstTimestamp"), event.pop("lastTimestamp")
        self.assertRegex(first, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(last, first)
        self.assertEqual(
            event,
            {
                "apiVersion": "v1",
                "kind": "Event",
                "type": "Warning",
                "reason": "HookFailed",
                "message": "hook-sidecar-0: exited with status 3",
                "count": 1,
                "source": {"component": "driver"},
                "reportingComponent": "driver",
                "reportingInstance": "driver-1",
                "involvedObject": {
                    "apiVersion": "kubevirt.io/v1",
                    "kind": "VirtualMachineInstance",
                    "namespace": "default",
                    "name": "vm",
                    "uid": "uid-vm",
                    "resourceVersion": "7",
                },
            },
        )
        self.driver.end()

    def test_the_same_again_raises_the_count(self):
        for count in (1, 2, 3):
            self.record("again")
            self.await_count("again", count)
        self.record("again", kind="Normal")
        self.record("again", reason="Other")
        self.record("again", about=machine("other"))
        self.api.await_state(lambda: len(self.events()) == 4)
        self.assertEqual([event["count"] for event in self.events()], [3, 1, 1, 1])
        patches = [request for request in self.api.requests if request[0] == "PATCH"]
        self.assertEqual(len(patches), 2)
        self.assertEqual(set(patches[0][3]), {"count", "lastTimestamp", "message"})
        self.driver.end()

    def test_many_similar_events_become_one(self):
        for number in range(15):
            self.record(f"message {number}")
        combined = "(combined from similar events): message 14"
        self.await_count(combined, 6)
        own = [f"message {number}" for number in range(9)]
        self.assertEqual([event["message"] for event in self.events()], [*own, combined])
        self.driver.end()

    def test_a_loop_of_failures_does_not_flood_the_api(self):
        for number in range(200):
            self.record("failed again", reason=f"Reason{number % 2}")
        self.record("on another", about=machine("other"))
        self.await_count("on another", 1)
        self.driver.end()
        about_vm = [r for r in self.api.requests if "vm" in str(r[1]) + str(r[3])]
        self.assertLessEqual(len(about_vm), 25)
        self.assertEqual(len(self.driver.all("warning")), 1)
        self.assertIn("default/vm", self.driver.all("warning")[0])

    def test_what_the_server_refuses_is_only_a_warning(self):
        for answer in (status(404, "NotFound"), status(403, "Forbidden"), status(422, "Invalid")):
            with self.subTest(code=answer.code):
                self.api.fault = lambda *_, answer=answer: answer
                posts = self.api.count("POST")
                warnings = len(self.driver.all("warning"))
                self.record(f"refused with {answer.code}")
                line = self.driver.await_line("warning", count=warnings + 1)
                self.assertIn(f"HookFailed: refused with {answer.code}", line["warning"])
                self.assertEqual(self.api.count("POST"), posts + 1)
        self.api.fault = lambda *_: None
        self.record("refused with 403")
        self.await_count("refused with 403", 2)
        self.driver.end()

    def test_what_fails_for_a_while_is_written_later(self):
        faults = [status(503, "ServiceUnavailable"), Answer(None), status(500, "InternalError")]
        self.api.fault = lambda *_: faults.pop() if faults else None
        self.record("late")
        self.await_count("late", 1)
        self.assertEqual(self.driver.all("warning"), [])
        self.driver.end()

    def test_what_fails_for_good_is_given_up(self):
        self.api.fault = lambda *_: status(500, "InternalError")
        self.record("never")
        self.driver.await_line("warning")
        self.assertEqual(self.api.count("POST"), 5)
        self.driver.end()

    def test_a_creation_that_was_done_but_not_answered_is_not_doubled(self):
        left = [True]

        def fault(verb, *_):
            return Answer(None, after=True) if verb == "POST" and left and left.pop() else None

        self.api.fault = fault
        self.record("once")
        self.api.await_state(lambda: self.api.count("PATCH") == 1)
        self.assertEqual([event["count"] for event in self.events()], [1])
        self.driver.end()

    def test_an_event_that_has_expired_is_made_anew(self):
        self.record("old")
        self.await_count("old", 1)
        [path] = [key for key in self.api.objects if key.startswith(EVENTS)]
        self.api.delete(path)
        self.record("old")
        self.await_count("old", 2)
        self.assertEqual(len(self.events()), 1)
        self.driver.end()

    def test_messages_are_short_and_printable(self):
        self.record("€" * 2000)
        self.record("a\nb\x1b[31m", reason="Other")
        self.api.await_state(lambda: len(self.events()) == 2)
        first, second = (event["message"] for event in self.events())
        self.assertEqual(first, "€" * 340 + "…")
        self.assertEqual(second, "a\\x0ab\\x1b[31m")
        self.driver.end()

    def test_the_name_of_an_event_fits(self):
        self.record("long", about=machine("a" * 235 + ".b." + "c" * 15))
        self.await_count("long", 1)
        name = self.events()[0]["metadata"]["name"]
        self.assertRegex(name, r"^a{235}\.[0-9a-f]+$")
        self.driver.end()

    def test_what_is_held_is_written_when_it_is_released(self):
        self.driver.order(hold=True)
        for _ in range(3):
            self.record("held")
        self.driver.order(hold=False)
        self.await_count("held", 3)
        self.record("after that")
        self.await_count("after that", 1)
        self.assertEqual(self.api.count("PATCH"), 0)
        self.assertEqual(self.api.count("POST"), 2)
        self.driver.end()

    def test_nothing_is_held_for_ever(self):
        self.driver.order(hold=True)
        self.record("held")
        self.await_count("held", 1)
        self.driver.order(hold=True)
        self.record("held")
        self.await_count("held", 2)
        self.driver.end()

    def test_it_ends_with_events_under_way(self):
        self.api.fault = lambda *_: status(500, "InternalError")
        for number in range(20):
            self.record("under way", about=machine(f"vm-{number}"))
        self.api.await_state(lambda: self.api.count("POST") >= 2)
        self.driver.end()


if __name__ == "__main__":
    support.main()
