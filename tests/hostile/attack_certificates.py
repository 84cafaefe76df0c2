#!/usr/bin/python3
"""Others write the caBundle of the webhooks, or the Secret with the certificate, at the same time
as the controller: a CA injector, a second Hookline, an admin. Nothing of theirs is lost, writes
are paced, the log says what happened, and the webhooks serve what the caBundle trusts."""

import threading
import time

from clock import Clock
from self_signed import CONFIGURATIONS, FOREIGN, NAMES, SelfSignedCase, encoded, support

ROUNDS = 5
# The least that so many writes take: see controller/certificates/pace.c.
ROUNDS_S = 3
WRONG = encoded("wrong")
DAY_S = 24 * 60 * 60
CHANGED = "somebody else has changed the caBundle"


class Certificates(SelfSignedCase):
    def start(self, *flags):
        controller = self.start_self_signed(*flags)
        controller.wait_log("now serving its certificate")
        self.wait_right()
        return controller

    def written(self, method, plural):
        """How often the controller has written such an object."""
        return sum(m == method and f"/{plural}" in path for m, path in self.server.requests)

    def assert_right(self, controller):
        """The caBundle and the certificate fit each other, and nothing of others is lost."""
        self.wait_right()
        for bundle in set(self.bundles()):
            self.assertTrue(self.leaf(controller, bundle))
        for plural in CONFIGURATIONS:
            webhooks = self.server.get(plural, "", "hookline")["webhooks"]
            self.assertEqual(webhooks[1]["clientConfig"], FOREIGN)

    def spoil(self, plural, value=WRONG):
        """Writes another caBundle into the first webhook."""
        with self.server.changed:
            configuration = self.server.get(plural, "", "hookline")
            configuration["webhooks"][0]["clientConfig"]["caBundle"] = value
            self.server.put(plural, configuration)

    def test_another_writer_for_ever(self):
        """Each patch is undone at once. It is not a race, and each change is said once."""
        controller = self.start()
        plural = CONFIGURATIONS[0]
        over = threading.Event()
        undone = []

        def undo():
            while not over.is_set():
                with self.server.changed:
                    self.server.changed.wait_for(
                        lambda: over.is_set() or self.bundles()[0] != "wrong", 1
                    )
                    if not over.is_set() and self.bundles()[0] != "wrong":
                        undone.append(time.monotonic())
                        self.spoil(plural)

        writer = threading.Thread(target=undo)
        writer.start()
        self.addCleanup(writer.join)
        self.addCleanup(over.set)
        self.server.wait(lambda: len(undone) > ROUNDS, "the rounds", support.PATIENCE)
        over.set()
        self.assertGreater(undone[ROUNDS] - undone[1], ROUNDS_S)
        self.assert_right(controller)
        said = [entry for entry in controller.lines if CHANGED in str(entry)]
        self.assertGreater(len(said), 0)
        self.assertLessEqual(len(said), len(undone))
        self.assertIn("MutatingWebhookConfiguration hookline", said[0]["msg"])

    def test_conflicts_on_each_patch(self):
        """Somebody changes the configuration before each of our patches arrives."""
        controller = self.start()
        plural = CONFIGURATIONS[1]
        times = []

        def overtake():
            times.append(time.monotonic())
            configuration = self.server.get(plural, "", "hookline")
            configuration["metadata"]["annotations"] = {"round": str(len(times))}
            self.server.put(plural, configuration)

        self.server.fail("PATCH", plural, overtake, ROUNDS + 1)
        self.spoil(plural)
        self.server.wait(lambda: len(times) > ROUNDS, "the conflicts", support.PATIENCE)
        self.assertGreater(times[ROUNDS] - times[0], ROUNDS_S)
        self.assert_right(controller)

    def test_patches_that_are_invalid(self):
        """An API server that never takes the caBundle is a fault to be said, and no conflict."""
        controller = self.start()
        self.server.fail("PATCH", CONFIGURATIONS[0], 422, 3)
        self.spoil(CONFIGURATIONS[0])
        controller.wait_log("updating caBundle failed")
        self.assert_right(controller)

    def test_conflicts_on_each_write_of_the_secret(self):
        for code, times in ((409, ROUNDS), (403, 1), (500, 1)):
            with self.subTest(code):
                before = self.written("POST", "secrets")
                self.server.fail("POST", "/secrets", code, times)
                controller = self.start_self_signed()
                controller.wait_log("now serving its certificate")
                self.assert_right(controller)
                self.assertEqual(self.written("POST", "secrets") - before, times + 1)
                controller.end()
                self.server.remove("secrets", "hookline", "certificate")

    def expired(self):
        """The data of a Secret that expired yesterday."""
        clock = Clock(self.tmp)
        clock.set(-2 * DAY_S)
        controller = self.start_self_signed("--certificate-validity=24h", env=clock.environment)
        controller.wait_log("now serving its certificate")
        controller.end()
        return self.secret()["data"]

    def test_a_secret_of_no_use(self):
        """It gets a new pair, and keeps what else is in it."""
        good = self.pair("good")
        other = self.pair("other")
        cases = {
            "expired": (self.expired(), "expired"),
            "the key of another": ({**good, "tls.key": other["tls.key"]}, "does not belong"),
            "the CA of another": ({**good, "ca.crt": other["ca.crt"]}, "did not sign"),
            "nothing": ({}, "it has no ca.crt"),
            "empty": (dict.fromkeys(good, ""), "it has no ca.crt"),
            "no Base64": ({**good, "tls.crt": "%"}, "not Base64"),
            "a huge CA": (
                {**good, "ca.crt": encoded(" " * (1 << 20)) + good["ca.crt"]}, "ca.crt"
            ),
            "a huge certificate": ({**good, "tls.crt": encoded("x" * (1 << 20))}, "larger than"),
        }
        for what, (data, says) in cases.items():
            with self.subTest(what):
                self.put_secret({**data, "theirs": "a2VlcA=="})
                controller = self.start_self_signed()
                said = controller.wait_log("replacing its CA and certificate")
                self.assertIn(says, said["msg"])
                self.assertEqual(said["level"], "warning")
                controller.wait_log("now serving its certificate")
                self.assert_right(controller)
                self.assertEqual(self.secret()["data"]["theirs"], "a2VlcA==")
                controller.end()

    def test_another_pair_of_somebody_else(self):
        """It is valid, but does not have our CA. What was served is no longer trusted, so that
        nothing is won by waiting until API servers know the new caBundle."""
        controller = self.start()
        for name in ("first", "second", "third"):
            self.put_secret(self.pair(name))
            controller.follow("is not trusted by the caBundle; serving the new one at once")
            self.assert_right(controller)
        self.assertEqual(self.written("PUT", "secrets"), 0)

    def test_a_pair_for_another_service(self):
        """As a second Hookline that shares the Secret makes it. Neither undoes the other's work
        for ever; the log says what is wrong."""
        controller = self.start()
        self.put_secret(self.pair("second", names=[each + "x" for each in NAMES]))
        said = controller.wait_log("API servers will refuse it")
        self.assertEqual(said["level"], "warning")
        self.assertEqual(self.written("PUT", "secrets"), 0)

    def test_no_webhook_of_ours(self):
        for plural in CONFIGURATIONS:
            self.server.put(
                plural,
                {"metadata": {"name": "hookline"}, "webhooks": [self.webhooks()[1]]},
            )
        controller = self.start_self_signed()
        said = controller.wait_log("none of its webhooks is called through the Service")
        self.assertEqual(said["level"], "warning")
        controller.wait_log("now serving its certificate")
        self.assertEqual(self.written("PATCH", "mutatingwebhookconfigurations"), 0)


if __name__ == "__main__":
    support.main()
