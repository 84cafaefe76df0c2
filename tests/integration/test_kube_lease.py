"""Leader election with a Lease: one leads, another follows, whatever the API server does."""

import threading
import time

import support
from kube_api import Answer, Api, Driver, status

PATH = "/apis/coordination.k8s.io/v1/namespaces/default/leases/hook"
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"
# Duration, renew deadline and retry in ms: for a leader that must keep the lease however slow the
# machine is, and for one that is to lose it soon.
STEADY = ("60000", "50000", "50")
SHORT = ("4000", "3500", "50")


class LeaseTest(support.TestCase):
    """Candidates in drivers."""

    def setUp(self):
        super().setUp()
        self.api = Api()
        self.addCleanup(self.api.stop)

    def candidate(self, identity, times):
        """Starts a candidate."""
        return Driver(self, self.api, "lease", "hook", identity, *times)

    def spec(self):
        """The current lease."""
        return self.api.objects[PATH]["spec"]

    def await_renewal(self):
        """Waits until the lease is written again."""
        version = self.api.version
        self.api.await_state(lambda: self.api.version > version)

    def test_the_first_makes_the_lease_and_renews_it(self):
        a = self.candidate("a", STEADY)
        self.assertTrue(a.await_line("acquired")["acquired"])
        made = self.spec()
        self.assertEqual(made["holderIdentity"], "a")
        self.assertEqual(made["leaseDurationSeconds"], 60)
        self.assertEqual(made["leaseTransitions"], 0)
        self.assertRegex(made["renewTime"], TIME)
        self.assertRegex(made["acquireTime"], TIME)
        self.await_renewal()
        renewed = self.spec()
        self.assertEqual(renewed["acquireTime"], made["acquireTime"])
        self.assertGreater(renewed["renewTime"], made["renewTime"])
        self.assertEqual(renewed["leaseTransitions"], 0)
        self.await_renewal()
        self.assertEqual(self.api.count("GET"), 1)  # a renewal takes one request
        a.end()
        self.assertEqual(a.lines, [{"leader": "a"}, {"acquired": True}])

    def test_another_follows_a_leader_that_is_gone(self):
        a = self.candidate("a", SHORT)
        a.await_line("acquired")
        b = self.candidate("b", SHORT)
        b.await_line("leader", "a")
        self.assertEqual(b.all("acquired"), [])
        a.process.kill()
        b.await_line("acquired")
        self.assertEqual(self.spec()["holderIdentity"], "b")
        self.assertGreaterEqual(self.spec()["leaseTransitions"], 1)
        self.assertEqual(b.all("leader")[-1], "b")
        b.end()

    def test_a_released_lease_is_taken_at_once(self):
        a = self.candidate("a", STEADY)
        a.await_line("acquired")
        a.order(release=True)
        a.await_line("released")
        self.assertEqual(self.spec()["holderIdentity"], "")
        self.assertEqual(self.spec()["leaseDurationSeconds"], 1)
        self.assertEqual(self.spec()["leaseTransitions"], 0)
        a.end()
        self.assertEqual(a.all("lost"), [])
        b = self.candidate("b", STEADY)
        b.await_line("acquired")
        self.assertEqual(self.spec()["leaseTransitions"], 1)
        self.assertEqual(self.spec()["leaseDurationSeconds"], 60)
        b.end()

    def test_the_release_of_a_lease_that_was_changed_meanwhile(self):
        a = self.candidate("a", ("60000", "50000", "40000"))  # no renewal comes in between
        a.await_line("acquired")
        self.api.put(PATH, **{**self.api.objects[PATH], "metadata": {"labels": {"x": "y"}}})
        a.order(release=True)
        a.await_line("released")
        self.assertEqual(self.spec()["holderIdentity"], "")
        self.assertEqual(self.api.objects[PATH]["metadata"]["labels"], {"x": "y"})
        a.end()

    def test_a_release_ends_also_when_it_fails(self):
        for fault in (status(403, "Forbidden"), Answer(None)):
            with self.subTest(fault=fault.code):
                a = self.candidate("a", STEADY)
                a.await_line("acquired")
                self.api.fault = lambda *_, fault=fault: fault
                a.order(release=True)
                a.await_line("released")
                a.end()
                self.api.fault = lambda *_: None

    def test_who_does_not_hold_it_releases_nothing(self):
        a = self.candidate("a", STEADY)
        a.await_line("acquired")
        b = self.candidate("b", STEADY)
        b.await_line("leader", "a")
        b.order(held=True)
        self.assertFalse(b.await_line("held")["held"])
        b.order(release=True)
        b.await_line("released")
        self.assertEqual(self.spec()["holderIdentity"], "a")
        b.end()
        a.end()

    def test_a_leader_that_cannot_renew_gives_up_and_comes_back(self):
        a = self.candidate("a", SHORT)
        a.await_line("acquired")
        self.api.fault = lambda *_: status(500, "InternalError")
        a.await_line("lost")
        a.order(held=True)
        self.assertFalse(a.await_line("held")["held"])
        self.assertIn("giving it up", a.all("warning")[-1])
        self.api.fault = lambda *_: None
        a.await_line("acquired", count=2)
        self.assertEqual(self.spec()["leaseTransitions"], 0)  # the holder is still the same
        a.end()

    def test_a_server_that_hangs_is_no_reason_to_lead_on(self):
        a = self.candidate("a", SHORT)
        a.await_line("acquired")
        self.api.changed.acquire()  # no more requests are answered
        try:
            a.await_line("lost")
        finally:
            self.api.changed.release()
        a.await_line("acquired", count=2)
        a.end()

    def test_a_leader_whose_lease_another_has_lost_it(self):
        a = self.candidate("a", STEADY)
        a.await_line("acquired")
        old = self.api.objects[PATH]
        self.api.put(PATH, **{**old, "spec": {**old["spec"], "holderIdentity": "b"}})
        a.await_line("lost")
        a.await_line("leader", "b")
        self.await_no_write()
        a.end()

    def await_no_write(self):
        """Checks that a candidate keeps reading the lease without writing it."""
        version = self.api.version
        reads = self.api.count("GET")
        self.api.await_state(lambda: self.api.count("GET") > reads + 2)
        self.assertEqual(self.api.version, version)

    def test_only_our_own_clock_counts(self):
        """The times in the lease come from another machine."""
        for when in ("2001-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z", "nonsense"):
            with self.subTest(when=when):
                spec = {"holderIdentity": "x", "leaseDurationSeconds": 1, "leaseTransitions": 7}
                self.api.put(PATH, spec={**spec, "renewTime": when, "acquireTime": when})
                began = time.monotonic()
                b = self.candidate("b", STEADY)
                b.await_line("acquired")
                self.assertGreater(time.monotonic() - began, 1)
                self.assertEqual(self.spec()["leaseTransitions"], 8)
                b.end()

    def test_a_lease_made_of_nonsense_is_taken(self):
        for spec in (None, 5, {"holderIdentity": 5, "leaseTransitions": "x"}, {}):
            with self.subTest(spec=spec):
                self.api.put(PATH, spec=spec)
                a = self.candidate("a", STEADY)
                a.await_line("acquired")
                self.assertEqual(self.spec()["holderIdentity"], "a")
                a.end()

    def test_a_lease_that_nobody_would_wait_for_is_waited_for_as_long_as_ours(self):
        for seconds in (0, -5, 10**12):
            with self.subTest(seconds=seconds):
                self.api.put(PATH, spec={"holderIdentity": "x", "leaseDurationSeconds": seconds})
                a = self.candidate("a", SHORT)
                a.await_line("acquired")
                a.end()

    def test_a_lease_whose_creation_was_done_but_not_answered(self):
        left = [True]

        def fault(verb, *_):
            return Answer(None, after=True) if verb == "POST" and left and left.pop() else None

        self.api.fault = fault
        a = self.candidate("a", STEADY)
        a.await_line("acquired")
        self.assertEqual(self.spec()["leaseTransitions"], 0)
        a.end()

    def test_the_release_of_a_lease_that_is_about_to_be_taken(self):
        """A write that was done, but not answered yet, is undone."""
        over = threading.Event()
        self.addCleanup(over.set)
        left = [True]

        def fault(verb, *_):
            lost = verb == "POST" and left and left.pop()
            return Answer(None, after=True, until=over) if lost else None

        self.api.fault = fault
        a = self.candidate("a", STEADY)
        self.api.await_state(lambda: PATH in self.api.objects)
        self.assertEqual(self.spec()["holderIdentity"], "a")
        a.order(release=True)
        a.order(held=True)
        self.assertFalse(a.await_line("held")["held"])
        over.set()
        a.await_line("released")
        self.assertEqual(self.spec()["holderIdentity"], "")
        self.assertEqual(a.all("acquired"), [])
        a.end()

    def test_a_renewal_that_was_done_but_not_answered(self):
        a = self.candidate("a", STEADY)
        a.await_line("acquired")
        left = [True]

        def fault(verb, *_):
            return Answer(None, after=True) if verb == "PUT" and left and left.pop() else None

        self.api.fault = fault
        self.await_renewal()
        self.await_renewal()
        a.end()
        self.assertEqual(a.lines, [{"leader": "a"}, {"acquired": True}])

    def test_a_renewal_that_hangs_is_tried_anew(self):
        a = self.candidate("a", ("12000", "10000", "50"))
        a.await_line("acquired")
        over = threading.Event()
        self.addCleanup(over.set)
        left = [True]

        def fault(verb, *_):
            return Answer(None, until=over) if verb == "PUT" and left and left.pop() else None

        self.api.fault = fault
        self.api.await_state(lambda: not left)
        self.await_renewal()
        a.end()
        self.assertEqual(a.lines, [{"leader": "a"}, {"acquired": True}])

    def test_of_many_one_leads(self):
        self.api.put(PATH, spec={"holderIdentity": "x", "leaseDurationSeconds": 1})
        many = [self.candidate(f"c-{i}", STEADY) for i in range(5)]
        self.api.await_state(lambda: self.spec()["holderIdentity"] != "x")
        leader = self.spec()["holderIdentity"]
        for candidate in many:
            candidate.await_line("leader", leader)
        self.await_renewal()
        for candidate in many:
            candidate.end()
        self.assertEqual(sum(len(candidate.all("acquired")) for candidate in many), 1)

    def test_a_deleted_lease_is_made_anew(self):
        a = self.candidate("a", STEADY)
        a.await_line("acquired")
        self.api.delete(PATH)
        self.api.await_state(lambda: PATH in self.api.objects)
        self.await_renewal()
        a.end()
        self.assertEqual(a.lines, [{"leader": "a"}, {"acquired": True}])

    def test_a_refusal_is_told_once(self):
        self.api.fault = lambda *_: status(403, "Forbidden")
        a = self.candidate("a", STEADY)
        self.api.await_state(lambda: self.api.count("GET") >= 5)
        a.end()
        self.assertEqual(len(a.all("warning")), 1)
        self.assertIn("default/hook", a.all("warning")[0])


if __name__ == "__main__":
    support.main()
