"""Informers: list and watch neither miss nor repeat anything, whatever the API server does."""

import json
import re

import support
from kube_api import Answer, Api, Driver, status

PAUSE = re.compile(r"resuming the watch in ([\d.]+) s")
MAPS = "/api/v1/namespaces/default/configmaps"


class InformerTest(support.TestCase):
    """An informer of config maps in the driver."""

    def setUp(self):
        super().setUp()
        self.api = Api()
        self.addCleanup(self.api.stop)

    def start(self, page=10, watching=True):
        """Starts an informer, and waits until it watches."""
        driver = Driver(self, self.api, "informer", "configmaps", str(page))
        if watching:
            driver.await_line("synced")
            self.api.await_watch()
        return driver

    def put(self, *names, **members):
        """Puts config maps."""
        for name in names:
            self.api.put(f"{MAPS}/{name}", **members)

    def delete(self, name):
        """Deletes a config map."""
        self.api.delete(f"{MAPS}/{name}")

    def finish(self, driver, *steps):
        """Makes a final change, and checks that exactly steps were observed, in order, up to it."""
        self.put("last")
        driver.await_line("added", "default/last")
        driver.order(dump=True)
        dump = driver.await_line("dump")
        driver.end()
        said = [
            f"{kind} {line[kind].removeprefix('default/')}"
            for line in driver.lines
            for kind in ("added", "changed", "gone")
            if kind in line
        ]
        self.assertEqual(said, [*steps, "added last"])
        self.assertTrue(dump["same"])
        there = {
            key.split("/")[-1]: value["metadata"]["resourceVersion"]
            for key, value in self.api.objects.items()
        }
        cached = {
            key.removeprefix("default/"): value["metadata"]["resourceVersion"]
            for key, value in dump["dump"].items()
        }
        self.assertEqual(cached, there)
        return dump

    def test_a_list_comes_in_pages(self):
        names = [f"map-{i:02}" for i in range(25)]
        self.put(*names)
        driver = self.start(page=10)
        self.assertEqual(driver.all("synced"), [25])
        self.finish(driver, *[f"added {name}" for name in names])
        limits = [request[2].get("limit") for request in self.api.requests if request[0] == "GET"]
        self.assertEqual(limits, ["10", "10", "10"])

    def test_changes_come_as_they_happen(self):
        driver = self.start()
        self.put("a")
        self.put("b", data={"x": "1"})
        self.put("b", data={"x": "2"})
        self.delete("a")
        dump = self.finish(driver, "added a", "added b", "changed b", "gone a")
        self.assertEqual(dump["restarts"], 0)
        self.assertEqual(dump["dump"]["default/b"]["data"], {"x": "2"})
        self.assertEqual(dump["dump"]["default/b"]["kind"], "ConfigMap")

    def test_what_is_not_kept_is_no_change(self):
        self.put("a", data={"x": "1"}, metadata={"managedFields": [1]})
        driver = self.start()
        self.put("a", data={"x": "1"}, metadata={"managedFields": [2]})
        dump = self.finish(driver, "added a")
        self.assertNotIn("managedFields", dump["dump"]["default/a"]["metadata"])

    def test_a_dropped_connection_is_resumed_where_it_was(self):
        driver = self.start()
        self.put("a", "b")
        driver.await_line("added", "default/b")
        self.api.cut()
        self.put("c")
        self.delete("a")
        self.api.await_watch()
        dump = self.finish(driver, "added a", "added b", "added c", "gone a")
        self.assertEqual(self.api.count("GET"), 1)
        self.assertGreaterEqual(dump["restarts"], 1)
        self.assertIn("resuming the watch in", driver.all("warning")[0])

    def test_dropped_connections_that_told_of_changes_hold_up_nothing(self):
        driver = self.start()
        names = [f"map-{i}" for i in range(8)]
        for name in names:
            self.put(name)
            driver.await_line("added", f"default/{name}")
            self.api.cut()
            self.api.await_watch()
        self.finish(driver, *[f"added {name}" for name in names])
        pauses = [float(PAUSE.search(warning)[1]) for warning in driver.all("warning")]
        self.assertEqual(len(pauses), len(names))
        self.assertLessEqual(max(pauses), 1)

    def test_a_watch_that_ends_in_order_goes_on_without_a_word(self):
        driver = self.start()
        for name in "abc":
            self.put(name)
            driver.await_line("added", f"default/{name}")
            self.api.cut(in_order=True)
            self.api.await_state(lambda: self.api.watchers == 0)
            self.api.await_watch()
        dump = self.finish(driver, "added a", "added b", "added c")
        self.assertEqual(self.api.count("GET"), 1)
        self.assertEqual(dump["restarts"], 0)
        self.assertEqual(driver.all("warning"), [])

    def test_what_happened_in_a_compacted_history_is_found_out(self):
        self.put("a", "b", "c", "d", data={"x": "1"})
        driver = self.start()
        self.put("a", data={"x": "2"})
        driver.await_line("changed", "default/a")
        self.api.fault = lambda verb, *_: Answer(None) if verb == "WATCH" else None
        self.api.cut()
        self.put("b", data={"x": "2"})
        self.delete("c")
        self.delete("d")
        self.put("d", data={"x": "1"})  # another one
        self.put("e")
        self.api.compact()
        self.api.fault = lambda *_: None
        self.api.await_watch()
        driver.await_line("gone", "default/c")
        self.finish(
            driver,
            *[f"added {name}" for name in "abcd"],
            "changed a",
            "changed b",
            "gone d",
            "added d",
            "added e",
            "gone c",
        )
        self.assertIn("listing again in", driver.all("warning")[-1])

    def test_410_as_the_answer_to_a_watch(self):
        driver = self.start()
        left = [True]

        def fault(verb, *_):
            return status(410, "Expired") if verb == "WATCH" and left and left.pop() else None

        self.api.fault = fault
        self.api.cut()
        self.put("a")
        self.api.await_state(lambda: self.api.count("GET") == 2)
        self.finish(driver, "added a")

    def test_a_list_that_expires_between_its_pages_begins_anew(self):
        names = [f"map-{i:02}" for i in range(15)]
        self.put(*names)
        left = [1]

        def fault(verb, _path, query, _body):
            if verb == "GET" and "continue" in query and left:
                left.pop()
                self.delete("map-00")  # it was reported already
                return status(410, "Expired")
            return None

        self.api.fault = fault
        driver = self.start(page=10)
        added = [f"added {name}" for name in names]
        self.finish(driver, *added, "gone map-00")
        self.assertEqual(self.api.count("GET"), 4)

    def test_a_list_that_always_expires_is_asked_for_in_one(self):
        self.put(*[f"map-{i:02}" for i in range(15)])
        self.api.fault = lambda _v, _p, query, _b: (
            status(410, "Expired") if "continue" in query else None
        )
        driver = self.start(page=10)
        self.assertEqual(driver.all("synced"), [15])
        driver.end()

    def test_a_page_may_have_any_size(self):
        """65 MiB are more than the client takes of any other answer."""
        self.put("a")
        body = json.dumps({"metadata": {"resourceVersion": str(self.api.version)},
                           "items": [self.api.objects[f"{MAPS}/a"]]})
        body = body.encode().replace(b'"items": [', b'"items": [' + b" " * (65 << 20))
        self.api.fault = lambda verb, *_: Answer(200, body) if verb == "GET" else None
        driver = self.start()
        self.assertEqual(driver.all("synced"), [1])
        self.finish(driver, "added a")

    def test_wrong_and_huge_events_are_skipped(self):
        driver = self.start()
        huge = {"metadata": {"name": "h", "namespace": "default", "resourceVersion": "1"}}
        huge["data"] = {"x": "y" * (9 << 20)}
        wrong = [
            b"nonsense\n",
            b'{"type":"ADDED","object":[]}\n',
            b'{"type":"ADDED","object":{"metadata":7}}\n',
            b'{"type":"MODIFIED","object":{"metadata":{"name":5,"resourceVersion":"7"}}}\n',
            b'{"type":"DELETED","object":{"metadata":{"name":"a","resourceVersion":"7"}}}\n',
            b'{"type":"ADDED","object":{"metadata":{"name":"a","namespace":"b"}}}\n',
            b'{"type":"SURPRISE","object":{}}\n',
            b'{"type":"BOOKMARK","object":{"metadata":{}}}\n',
            json.dumps({"type": "ADDED", "object": huge}).encode() + b"\n",
        ]
        for number, line in enumerate(wrong):
            self.api.inject(line)
            self.put(f"map-{number}")
        steps = [f"added map-{number}" for number in range(len(wrong))]
        dump = self.finish(driver, *steps)
        self.assertEqual(len(driver.all("warning")), len(wrong))
        self.assertEqual(dump["restarts"], 0)

    def test_wrong_objects_in_a_list_are_skipped(self):
        self.put("a")
        good = self.api.objects[f"{MAPS}/a"]
        wrong = [None, 7, {}, {"metadata": {"name": "b", "resourceVersion": "1"}}]
        wrong.append({"metadata": {"name": "b", "namespace": "default"}})
        body = {"metadata": {"resourceVersion": str(self.api.version)}, "items": [*wrong, good]}
        self.api.fault = lambda verb, *_: Answer(200, body) if verb == "GET" else None
        driver = self.start()
        self.assertEqual(driver.all("synced"), [1])
        self.assertEqual(len(driver.all("warning")), len(wrong))
        self.finish(driver, "added a")

    def test_an_object_that_cannot_be_built_hides_no_other(self):
        large = {"n": [[]] * 20000}
        self.put("a", data={"x": 10**20, "y": "zero\0byte"})
        self.put("bad", spec=large)
        self.put("z")
        driver = self.start()
        self.assertEqual(driver.all("synced"), [2])
        self.assertEqual(driver.all("unreadable"), ["default/bad"])
        self.assertIn("too many values", driver.all("why")[0])
        self.put("z", spec={"a\0b": 1})  # what was known of it stays
        self.put("bad", spec={})
        driver.await_line("added", "default/bad")
        self.put("bad", spec=large)
        self.delete("bad")
        driver.await_line("gone", "default/bad")
        self.assertEqual(
            driver.all("unreadable"), ["default/bad", "default/z", "default/bad"]
        )
        self.put("z", spec={})
        steps = ["added a", "added z", "added bad", "gone bad", "changed z"]
        dump = self.finish(driver, *steps)
        self.assertEqual(dump["dump"]["default/a"]["data"], {"x": 1e20, "y": "zero\0byte"})
        self.assertEqual(len(driver.all("warning")), 3)

    def test_what_is_known_of_an_object_that_cannot_be_built_stays(self):
        self.put("a", "b")
        driver = self.start()
        self.put("a", spec={"a\0b": 1})
        driver.await_line("unreadable", "default/a")
        self.api.fault = lambda verb, *_: Answer(None) if verb == "WATCH" else None
        self.api.cut()
        self.delete("b")
        self.put("c")
        self.api.compact()
        self.api.fault = lambda *_: None
        self.api.await_watch()
        driver.await_line("gone", "default/b")
        self.put("a", spec={})
        self.finish(driver, "added a", "added b", "added c", "gone b", "changed a")
        self.assertEqual(driver.all("unreadable"), 2 * ["default/a"])

    def test_a_list_that_is_none_is_asked_for_again(self):
        wrong = [
            Answer(200, {"metadata": {"resourceVersion": "5"}, "items": {}}),
            Answer(200, {"items": []}),
            Answer(200, []),
            status(403, "Forbidden"),
            status(404, "NotFound"),
        ]
        self.api.fault = lambda verb, *_: wrong.pop() if verb == "GET" and wrong else None
        driver = self.start()
        self.assertEqual(wrong, [])
        self.assertGreaterEqual(len(driver.all("warning")), 2)
        self.finish(driver)

    def test_an_empty_list_may_be_null(self):
        body = {"metadata": {"resourceVersion": "100"}, "items": None}
        self.api.fault = lambda verb, *_: Answer(200, body) if verb == "GET" else None
        driver = self.start()
        self.assertEqual(driver.all("synced"), [0])
        self.finish(driver)

    def test_the_api_server_restarts(self):
        driver = self.start()
        self.put("a")
        driver.await_line("added", "default/a")
        self.api.stop()
        self.delete("a")
        self.put("b")
        driver.await_line("warning")
        self.api.start()
        self.api.await_watch()
        self.finish(driver, "added a", "gone a", "added b")
        self.assertEqual(self.api.count("GET"), 1)

    def test_an_event_in_single_bytes(self):
        driver = self.start()
        made = {"name": "ä€😀", "namespace": "default", "uid": "u", "resourceVersion": "100"}
        event = {"type": "ADDED", "object": {"metadata": made}}
        for byte in json.dumps(event, ensure_ascii=False).encode() + b"\n":
            self.api.inject(bytes([byte]))
        self.assertEqual(driver.await_line("added")["added"], "default/ä€😀")
        driver.end()

    def test_a_bookmark_moves_on_without_an_object(self):
        driver = self.start()
        bookmark = {"kind": "ConfigMap", "metadata": {"resourceVersion": "4711"}}
        self.api.inject(json.dumps({"type": "BOOKMARK", "object": bookmark}).encode() + b"\n")
        self.api.inject(b"nonsense\n")
        driver.await_line("warning")  # so the bookmark has arrived, too
        self.api.cut()
        self.api.await_state(
            lambda: any(r[2].get("resourceVersion") == "4711" for r in self.api.requests)
        )
        driver.end()

    def test_another_history_is_noticed(self):
        """After etcd was restored, the server never reaches our resourceVersion."""
        self.put("a")
        driver = self.start()

        def fault(verb, *_):
            if verb == "WATCH" and self.api.count("GET") == 1:
                return status(504, "Timeout", "Too large resource version")
            return None

        self.api.fault = fault
        self.api.cut()
        self.api.await_state(lambda: self.api.count("GET") == 2)
        self.finish(driver, "added a")

    def test_it_ends_at_any_time(self):
        driver = self.start()
        self.api.fault = lambda *_: Answer(None)
        self.api.cut()
        driver.await_line("warning")
        driver.end()
        waiting = self.start(watching=False)
        waiting.end()

    def test_warnings_name_the_request_and_what_comes_next(self):
        driver = self.start()
        self.api.stop()
        warning = driver.await_line("warning")["warning"]
        self.assertRegex(warning, re.compile("^watch configmaps.*; resuming the watch in .* s$"))
        driver.end()


if __name__ == "__main__":
    support.main()
