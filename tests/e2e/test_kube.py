#!/usr/bin/python3
"""kube/ with a real API server and the driver of its other tests: answers, and an API server that
goes away and comes back."""

import json
import subprocess

import support


def config_map(name, **fields):
    """A config map."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **fields}


class KubeCase(support.ClusterCase):
    def request(self, verb, name=None, resource="configmaps", **members):
        """A request about an object in the namespace, by default a config map."""
        return {"verb": verb, "resource": resource, "namespace": self.namespace,
                **({"name": name} if name else {}), **members}

    def start(self, *requests, flags=()):
        """Starts the driver with requests; its output is a stream of lines."""
        words = [support.program("tests/peers/kube_driver"), "--kubeconfig", self.kubeconfig]
        driver = self.spawn(
            [*words, *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        driver.stdin.write("".join(json.dumps(request) + "\n" for request in requests))
        driver.stdin.close()
        return driver.stdout

    def drive(self, *requests, flags=()):
        """Runs requests; returns the lines about each."""
        lines = [json.loads(line) for line in self.start(*requests, flags=flags)]
        return [
            [line for line in lines if line.get("request") == number]
            for number in range(len(requests))
        ]

    def answers(self, *requests):
        """Runs requests that have one answer each; returns the bodies, and for failures their
        reasons."""
        return [
            line["failure"]["reason"] if line["failure"] else line["body"]
            for [line] in self.drive(*requests)
        ]


class ClientTest(KubeCase):
    def test_verbs(self):
        patch = [{"op": "test", "path": "/data/x", "value": "2"}]
        patch.append({"op": "remove", "path": "/data/x"})
        stale = config_map("a", data={"x": "3"})
        stale["metadata"]["resourceVersion"] = "1"
        answers = self.answers(
            self.request("create", body=config_map("a", data={"x": "1"})),
            self.request("create", body=config_map("a")),
            self.request("get", "a"),
            self.request("patch-merge", "a", body={"data": {"x": "2", "y": "2"}}),
            self.request("patch-json", "a", body=patch),
            self.request("patch-json", "a", body=patch),
            self.request("update", "a", body=stale),
            self.request("update", "a", body=config_map("a", data={"z": "3"})),
            self.request("delete", "a", preconditionUid="other"),
            self.request("create", body=config_map("b"), dryRun=True),
            self.request("delete", "a", dryRun=True),
            self.request("delete", "a"),
            self.request("get", "a"),
            self.request("get", "b"),
        )
        created, again, got, merged, patched, twice, old, updated, *deleted = answers
        self.assertEqual((created["data"], got), ({"x": "1"}, created))
        self.assertEqual((again, twice, old), ("AlreadyExists", "Invalid", "Conflict"))
        self.assertEqual(merged["data"], {"x": "2", "y": "2"})
        self.assertEqual((patched["data"], updated["data"]), ({"y": "2"}, {"z": "3"}))
        other, dry, still, gone, *missing = deleted
        self.assertEqual((other, missing), ("Conflict", ["NotFound", "NotFound"]))
        self.assertEqual(dry["metadata"]["name"], "b")
        self.assertEqual((still["status"], gone["status"]), ("Success", "Success"))

    def test_causes(self):
        [[line]] = self.drive(self.request("create", body=config_map("A_b")))
        failure = line["failure"]
        self.assertEqual((failure["reason"], failure["code"]), ("Invalid", 422))
        self.assertEqual([cause["field"] for cause in failure["causes"]], ["metadata.name"])

    def test_apply(self):
        """A field of another manager is a conflict that names the manager, unless the request
        forces it."""
        def apply(value, manager, **members):
            body = config_map("a", data={"x": value})
            return self.request("apply", "a", body=body, fieldManager=manager, **members)

        first, [refused], forced = self.drive(
            apply("1", "one"), apply("2", "two"), apply("2", "two", force=True)
        )
        self.assertEqual(first[0]["code"], 201)
        self.assertEqual(refused["failure"]["reason"], "Conflict")
        self.assertEqual([cause["field"] for cause in refused["failure"]["causes"]], [".data.x"])
        self.assertEqual(forced[0]["body"]["data"], {"x": "2"})

    def test_pages(self):
        names = [f"n{i}" for i in range(7)]
        self.answers(*(self.request("create", body=config_map(name)) for name in names))
        selected = {"limit": 3, "fieldSelector": "metadata.name!=kube-root-ca.crt"}
        seen, more = [], ""
        while len(seen) < 100:
            [page] = self.answers(self.request("list", **selected, **{"continue": more}))
            seen.append([item["metadata"]["name"] for item in page["items"]])
            more = page["metadata"].get("continue", "")
            if not more:
                break
        self.assertEqual(seen, [names[:3], names[3:6], names[6:]])

    def test_watch(self):
        """From a resourceVersion on, no event is missing or repeated."""
        [listed] = self.answers(self.request("list"))
        version = listed["metadata"]["resourceVersion"]
        changes = [
            self.request("create", body=config_map("a")),
            *(self.request("patch-merge", "a", body={"data": {"x": str(i)}}) for i in range(20)),
            self.request("delete", "a"),
        ]
        watch = self.request("watch", resourceVersion=version, timeoutSeconds=5)
        *_, lines = self.drive(*changes, watch)
        kinds = [line["event"] for line in lines if line.get("event", "BOOKMARK") != "BOOKMARK"]
        self.assertEqual(kinds, ["ADDED", *["MODIFIED"] * 20, "DELETED"])
        self.assertEqual(lines[-1], {"end": True, "failure": None, "request": len(changes)})


class BreakingTest(KubeCase):
    def setUp(self):
        super().setUp()
        if not self.cluster.breakable:
            self.skipTest(f"the provider {self.cluster.name} breaks nothing")

    def test_api_server_goes_and_comes(self):
        """A watch reports that it broke; a request that did not reach the server waits for the next
        one."""
        watch = self.start(self.request("watch", resourceVersion="0"))
        self.wait_for_line(watch, "kube-root-ca.crt")
        self.cluster.kill("kube-apiserver")
        self.assertIn('"reason":"Unreachable"', self.wait_for_line(watch, '"end":true'))
        create = self.start(
            self.request("create", body=config_map("a")), flags=["--retries", 100]
        )
        self.wait_for_line(create, '"code":0')
        self.cluster.start("kube-apiserver")
        self.wait_for_line(create, '"code":201')

    def test_history_is_compacted(self):
        """A list and a watch from the compacted past fail with that reason."""
        self.answers(*(self.request("create", body=config_map(f"n{i}")) for i in range(3)))
        [page] = self.answers(self.request("list", limit=1))
        version = page["metadata"]["resourceVersion"]
        self.answers(self.request("delete", "n0"))
        self.cluster.compact()
        self.cluster.restart("kube-apiserver")
        [listed], watched = self.drive(
            self.request("list", limit=1, **{"continue": page["metadata"]["continue"]}),
            self.request("watch", resourceVersion=version, timeoutSeconds=10),
        )
        self.assertEqual(listed["failure"]["reason"], "Expired")
        self.assertEqual(watched[-1]["failure"]["reason"], "Expired")


if __name__ == "__main__":
    support.main()
