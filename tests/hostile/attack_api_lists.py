#!/usr/bin/python3
"""An API server that lies in its lists. The controller neither asks in a hot loop nor keeps what it
is sent without end; it says what is wrong; and when the server tells the truth, machines get their
pods."""

import itertools
import time

from lying import MIB, VMIS, Liar, page, stored, support


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


if __name__ == "__main__":
    support.main()
