"""kube/watch: streams that arrive in pieces, break, fall silent, or contain something other than
events."""

import json
import subprocess
import threading

import kube_server
import support
from kube_server import config_map, event

WATCH = {"verb": "watch", "resource": "configmaps", "namespace": "d"}
GET = {"verb": "get", "resource": "configmaps", "namespace": "d", "name": "a"}


def stream(*pieces):
    """An answer with these pieces as chunks."""
    def answer(call):
        call.begin()
        for piece in pieces:
            call.chunk(piece)
        call.end()

    return answer


class Watch(kube_server.TestCase):
    def watch(self, answers, flags=(), **options):
        """Runs a watch; returns its events as (type, name, version), what it skipped, and its
        failure."""
        self.server = self.serve(answers)
        *lines, end = self.drive(self.kubeconfig(self.server), {**WATCH, **options}, flags=flags)
        self.assertTrue(end["end"])
        skipped = [line["skipped"] for line in lines if "skipped" in line]
        events = [
            (line["event"], line["object"]["metadata"].get("name"),
             line["object"]["metadata"]["resourceVersion"])
            for line in lines if "event" in line
        ]
        return events, skipped, end["failure"]

    def test_what_is_asked(self):
        options = {"labelSelector": "a=b", "resourceVersion": "7", "timeoutSeconds": 60}
        _, _, failure = self.watch(stream(), **options)
        self.assertIsNone(failure)
        [call] = self.server.calls
        self.assertEqual(call.route, "/api/v1/namespaces/d/configmaps")
        self.assertEqual(call.query, {
            "watch": "true", "allowWatchBookmarks": "true", "labelSelector": "a=b",
            "resourceVersion": "7", "timeoutSeconds": "60",
        })
        self.assertNotIn("Accept-Encoding", call.headers)
        self.assertEqual(self.observed, [("watch", 200)])

    def test_timeout_is_jittered(self):
        self.watch(stream())
        self.assertIn(int(self.server.calls[0].query["timeoutSeconds"]), range(290, 351))

    def test_pieces(self):
        bookmark = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "9"}}}
        text = event("ADDED", "a", "1") + event("MODIFIED", "\xe9", "2")
        text += event("DELETED", "b", "3") + json.dumps(bookmark).encode() + b"\n"
        wanted = [("ADDED", "a", "1"), ("MODIFIED", "\xe9", "2"), ("DELETED", "b", "3"),
                  ("BOOKMARK", None, "9")]
        for size in (1, 7, len(text)):
            pieces = [text[at:at + size] for at in range(0, len(text), size)]
            self.assertEqual(self.watch(stream(*pieces)), (wanted, [], None))

    def test_large_event(self):
        text = event("ADDED", data={"x": "x" * (3 << 20)})
        pieces = [text[at:at + 10000] for at in range(0, len(text), 10000)]
        self.assertEqual(self.watch(stream(*pieces)), ([("ADDED", "a", "1")], [], None))

    def test_many_events(self):
        text = b"".join(event("ADDED", f"n{i}", str(i + 1)) for i in range(5000))
        events, _, failure = self.watch(stream(text))
        self.assertEqual([name for _, name, _ in events], [f"n{i}" for i in range(5000)])
        self.assertIsNone(failure)

    def test_events_come_at_once(self):
        """Each arrives before the next is sent."""
        seen = threading.Event()
        self.addCleanup(seen.set)

        def answer(call):
            call.begin()
            call.chunk(event("ADDED", "a", "1"))
            self.assertTrue(seen.wait(support.PATIENCE))
            call.chunk(event("ADDED", "b", "2"))
            call.end()

        server = self.serve(answer)
        driver = self.spawn(
            [support.program("tests/peers/kube_driver"), "--kubeconfig", self.kubeconfig(server)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        driver.stdin.write(json.dumps(WATCH))
        driver.stdin.close()
        self.wait_for_line(driver.stdout, '"name":"a"')
        seen.set()
        self.wait_for_line(driver.stdout, '"name":"b"')
        self.wait_for_line(driver.stdout, '"end":true')

    def test_cut_in_an_event(self):
        def cut(call):
            call.begin()
            call.chunk(event("ADDED") + event("ADDED", "b", "2")[:30])
            call.drop()

        events, skipped, failure = self.watch(cut)
        self.assertEqual((events, skipped), ([("ADDED", "a", "1")], []))
        self.assertEqual(failure["reason"], "Unreachable")
        self.assertIn(f"watch configmaps d: no answer from {self.server.url}: ", failure["message"])
        self.assertEqual(len(self.server.calls), 1)

    def test_ended_in_an_event(self):
        events, skipped, failure = self.watch(stream(event("ADDED"), event("ADDED")[:30]))
        self.assertEqual((events, skipped, failure), ([("ADDED", "a", "1")], [], None))

    def test_expired(self):
        answer = lambda call: call.status(410, "Expired", "too old resource version: 1 (9)")
        _, _, failure = self.watch(answer, resourceVersion="1")
        self.assertEqual(failure["reason"], "Expired")
        self.assertEqual(
            failure["message"], "watch configmaps d: too old resource version: 1 (9)"
        )

    def test_expired_as_an_event(self):
        status = {"kind": "Status", "code": 410, "reason": "Gone", "message": "too old"}
        text = json.dumps({"type": "ERROR", "object": status}).encode() + b"\n"
        events, _, failure = self.watch(stream(event("ADDED") + text + event("ADDED", "b", "2")))
        self.assertEqual(events, [("ADDED", "a", "1")])
        self.assertEqual((failure["reason"], failure["code"]), ("Expired", 410))

    def test_error_events(self):
        for status, reason in (({"code": 500}, "InternalError"), (None, "Unknown"), ([], "Unknown"),
                               ({"code": "410"}, "Unknown"), ({"code": 1 << 40}, "Unknown")):
            text = json.dumps({"type": "ERROR", "object": status}).encode() + b"\n"
            self.assertEqual(self.watch(stream(text))[2]["reason"], reason)

    def test_what_is_no_event(self):
        wrong = [
            (b"no json", "its line of 7 bytes is not JSON (column 4)"),
            (b"[]", "its type is missing or not a string"),
            (b'{"type": "RENAMED", "object": {}}', 'its type "RENAMED" is unknown'),
            (b'{"type": "ADDED", "object": 7}', "its object is a number"),
            (event("ADDED", "b", 7)[:-1],
             'ADDED configmaps "d/b": metadata.resourceVersion is missing or not a string'),
            (event("ADDED", "c" * 600)[:-1], f"it is {len(event('ADDED', 'c' * 600)) - 1} bytes long; "
             "the limit is 500"),
        ]
        pieces = [line + b"\n" for line, _ in wrong]
        events, skipped, failure = self.watch(
            stream(*pieces, event("ADDED", "d", "8")), maxEvent=500
        )
        self.assertEqual(events, [("ADDED", "d", "8")])
        prefix = "watch configmaps d: an event was skipped: "
        self.assertEqual(skipped, [prefix + why for _, why in wrong])
        self.assertIsNone(failure)

    def test_answer_that_is_no_watch(self):
        def page(call):
            call.reply(200, b"<html>sign in</html>\n", "text/html")

        _, _, failure = self.watch(page)
        self.assertEqual(failure["reason"], "Unreachable")
        self.assertIn("is not JSON", failure["message"])

    def test_failures_are_not_retried(self):
        for code, reason in ((403, "Forbidden"), (503, "InternalError"), (429, "TooManyRequests")):
            answer = lambda call: call.status(code, reason, "no", {"Retry_After": 2})
            _, _, failure = self.watch(answer)
            self.assertEqual((failure["reason"], failure["retryAfterMs"]), (reason, 2000))
            self.assertEqual(len(self.server.calls), 1)

    def test_silence(self):
        """The client gives up on a silent server some seconds after the watch should have ended."""
        over = threading.Event()
        self.addCleanup(over.set)

        def silent(call):
            call.begin()
            call.chunk(event("ADDED"))
            over.wait(support.PATIENCE)

        events, _, failure = self.watch(silent, timeoutSeconds=1)
        self.assertEqual(events, [("ADDED", "a", "1")])
        self.assertEqual(failure["reason"], "Unreachable")
        self.assertEqual(
            failure["message"], f"watch configmaps d: {self.server.url} has sent nothing for 11 s"
        )

    def test_outlives_the_timeout_of_calls(self):
        released = threading.Event()
        self.addCleanup(released.set)

        def watch(call):
            call.begin()
            released.wait(support.PATIENCE)
            call.chunk(event("ADDED"))
            call.end()

        def silent(_):
            released.wait(support.PATIENCE)

        def release(call):
            released.set()
            call.reply(200, config_map())

        answers = [silent, release]  # of the call: the first try times out

        def answer(call):
            watch(call) if call.query else answers.pop(0)(call)

        server = self.serve(answer)
        lines = self.drive(self.kubeconfig(server), {**WATCH, "parallel": True}, GET,
                           flags=["--timeout-ms", 300])
        self.assertEqual([line["failure"] for line in lines if "failure" in line], [None, None])
        self.assertIn(("get", 0), self.observed)

    def test_canceled_from_its_event(self):
        def endless(call):
            call.begin()
            call.chunk(b"".join(event("ADDED", f"n{i}", str(i + 1)) for i in range(100)))
            over.wait(support.PATIENCE)

        over = threading.Event()
        self.addCleanup(over.set)
        server = self.serve([endless, lambda call: call.reply(200, config_map())])
        lines = self.drive(self.kubeconfig(server), {**WATCH, "cancelAfter": 3}, GET)
        self.assertEqual([line.get("event") for line in lines], ["ADDED"] * 3 + [None])
        self.assertEqual(lines[-1]["code"], 200)


if __name__ == "__main__":
    support.main()
