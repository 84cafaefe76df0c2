#!/usr/bin/python3
"""The time of day jumps by hours, forward and back, while a program works. Leases, watches, retries
and deadlines do not notice; a certificate that is not valid by the new time is replaced at once."""

import http.client
import json
import socket
import ssl
import threading

from attack_connections import review
from clock import Clock
from launching import VMIS, machine
from self_signed import NAMESPACE, SelfSignedCase, support

import test_shim
from polling import poll

HOUR = 60 * 60
JUMPS = (5 * HOUR, -5 * HOUR, 0)
VALIDITY = "--certificate-validity=24h"
EXPIRED = 30 * HOUR
# Far more than the program asks for in its normal course, far less than a loop.
MOST_REQUESTS = 200


class Controllers(SelfSignedCase):
    def setUp(self):
        super().setUp()
        self.clock = Clock(self.tmp)

    def start_with_clock(self, *flags):
        controller = self.start_self_signed(VALIDITY, *flags, env=self.clock.environment)
        controller.wait_log("this replica leads")
        controller.follow("now serving its certificate")
        self.wait_right()
        return controller

    def served(self, controller):
        """The certificate that is served, valid or not."""
        if controller.webhook_port is None:
            controller.webhook_port = controller.wait_log("serving the webhooks")["port"]
        return ssl.get_server_certificate(("127.0.0.1", controller.webhook_port))

    def assert_still_leads(self, controller):
        self.assertNotIn("no longer leads", controller.text())
        self.assertEqual(controller.metric("hookline_leader"), 1)

    def await_renewals(self, count):
        """Waits until the lease was renewed, or asked for, that often."""

        def requests():
            return sum("/leases" in path for _, path in self.server.requests)

        before = requests()
        self.server.wait(lambda: requests() >= before + count, "renewals", support.PATIENCE)

    def test_a_certificate_that_expires_by_a_jump(self):
        """And one that is not valid yet, after the jump back."""
        controller = self.start_with_clock()
        for seconds in (EXPIRED, 0):
            before = self.served(controller)
            begun = len(self.server.requests)
            self.clock.set(seconds)
            controller.follow("wrote a new CA and certificate")
            controller.follow("now serving its certificate")
            self.wait_right()
            self.assertNotEqual(self.served(controller), before)
            asked = [
                path
                for _, path in self.server.requests[begun:]
                if "/leases" not in path  # it is renewed all the time
            ]
            self.assertLess(len(asked), MOST_REQUESTS)
            self.assert_still_leads(controller)
        for bundle in set(self.bundles()):
            self.assertTrue(self.leaf(controller, bundle))

    def test_a_lease(self):
        """The leader's clock jumps, and the follower's: it is not a reason to change places."""
        leader = self.start_with_clock()
        holder = self.server.get("leases", NAMESPACE, "hookline-controller")["spec"]
        for seconds in JUMPS:
            self.clock.set(seconds)
            self.await_renewals(5)
        self.assert_still_leads(leader)
        calm = Clock(self.write("follower/x", "").parent)
        follower = self.start_self_signed(VALIDITY, env=calm.environment)
        follower.wait_log("another replica leads")
        for seconds in JUMPS:
            calm.set(seconds)
            self.await_renewals(10)
        self.assert_still_leads(leader)
        self.assertNotIn("this replica leads", follower.text())
        spec = self.server.get("leases", NAMESPACE, "hookline-controller")["spec"]
        for key in ("holderIdentity", "leaseTransitions"):
            self.assertEqual(spec[key], holder[key])

    def test_watches_and_retries(self):
        """Machines get their pods, whatever time it is, and at once after a failure."""
        controller = self.start_with_clock()
        for number, seconds in enumerate(JUMPS):
            name = f"vm-{number}"
            self.server.fail("POST", "/pods", 500, 3)
            self.server.put(VMIS, machine(name))
            self.server.wait(
                lambda: sum(fault[3] for fault in self.server.faults) < 3, "a failure"
            )
            self.clock.set(seconds)
            self.server.cut_watches()
            self.wait_launched(name)
        self.assert_goes_on(controller)
        self.assert_still_leads(controller)

    def test_deadlines_of_the_webhooks(self):
        """A client that is slow, but not too slow, is not cut off by a jump; one that says nothing
        is, although the clock was set back."""
        controller = self.start_with_clock()
        self.served(controller)
        bundle = self.bundles()[0]
        context = ssl.create_default_context(cadata=bundle)
        silent = socket.create_connection(("127.0.0.1", controller.webhook_port), support.PATIENCE)
        self.addCleanup(silent.close)
        for seconds in JUMPS:
            with self.subTest(seconds):
                connection = http.client.HTTPSConnection(
                    "localhost", controller.webhook_port, context=context, timeout=support.PATIENCE
                )
                context.check_hostname = False
                body = review()
                connection.putrequest("POST", "/mutate-pods")
                connection.putheader("Content-Type", "application/json")
                connection.putheader("Content-Length", str(len(body)))
                connection.endheaders(body[:20])
                self.clock.set(seconds)
                self.await_renewals(3)
                connection.send(body[20:])
                answer = connection.getresponse()
                text = answer.read()
                self.assertEqual(answer.status, 200, text)
                self.assertTrue(json.loads(text)["response"]["allowed"])
                connection.close()
        # GnuTLS may say good-bye first: an alert (RFC 8446, section 5.1, content type 21).
        last = b"".join(iter(lambda: silent.recv(100), b""))
        self.assertIn(last[:1], (b"", b"\x15"))

    def test_a_drain(self):
        """It has its own limit, although the clock is set back while a request is under way."""
        for seconds in JUMPS[:2]:
            with self.subTest(seconds):
                self.clock.set(0)
                controller = self.start_with_clock("--drain=5s")
                context = ssl.create_default_context(cadata=self.bundles()[0])
                context.check_hostname = False
                self.served(controller)
                connection = http.client.HTTPSConnection(
                    "localhost", controller.webhook_port, context=context
                )
                self.addCleanup(connection.close)
                connection.putrequest("POST", "/mutate-pods")
                connection.putheader("Content-Type", "application/json")
                connection.putheader("Content-Length", "100000")
                connection.endheaders(b"{")
                ended = threading.Thread(target=controller.end)
                ended.start()
                controller.wait_log("shutting down")
                self.clock.set(seconds)
                ended.join(support.PATIENCE)
                self.assertFalse(ended.is_alive(), "it does not end")
                self.assertEqual(controller.process.returncode, 0)


class Hooks(test_shim.ShimTestCase):
    """sidecar-shim while it calls a hook."""

    def setUp(self):
        super().setUp()
        self.clock = Clock(self.tmp)
        # for the shim alone, not for env itself
        self.prefix = [
            "env", *[f"{key}={value}" for key, value in self.clock.environment.items()]
        ]
        self.hook(test_shim.EVAL)

    def test_a_deadline_when_the_clock_is_set_back(self):
        self.start("--timeout", "5s", "--kill-grace=50ms", before=self.prefix)
        script = f"touch {self.tmp}/begun; {test_shim.FOREVER}"
        call = self.call_in_background(test_shim.on_define_domain(script))
        self.await_file("begun")
        self.clock.set(-5 * HOUR)
        self.assertIn("DEADLINE", call.communicate(timeout=support.PATIENCE)[0].upper())
        self.clock.set(0)
        self.stop()

    def test_no_deadline_when_it_is_set_forward(self):
        self.start("--timeout", "100s", before=self.prefix)
        script = f"touch {self.tmp}/begun; until test -e {self.tmp}/go; do sleep 0.1; done; "
        call = self.call_in_background(test_shim.on_define_domain(script + "echo '<domain/>'"))
        self.await_file("begun")
        self.clock.set(5 * HOUR)
        self.write("go", "")
        self.assertIn("domain/", call.communicate(timeout=support.PATIENCE)[0])
        self.stop()

    def await_file(self, name):
        self.assertTrue(poll((self.tmp / name).exists, support.PATIENCE))


if __name__ == "__main__":
    support.main()
