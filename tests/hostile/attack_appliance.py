#!/usr/bin/python3
"""Tenants who want what they may not have: the Secrets of an appliance whose DataSource they may not
read, through authorizations that are copied, changed, old, replayed or forged."""

import concurrent.futures
import copy
import json
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import support
from appliance_objects import AUTHORIZATION, FROM, VM_TEXT, data_source, machine, review
from appliances import AppliancesCase, now


class Authorization(AppliancesCase):
    """VMs that come into being while the webhooks are away, so that nobody has looked at them."""

    def refused(self, vm, *words, created=None):
        """Stores a VM, which gets nothing but an Event."""
        stored = self.create(vm, created)
        uid = stored["metadata"]["uid"]

        def find():
            for event in self.api.all("events"):
                if event["involvedObject"]["uid"] == uid:
                    return event
            return None

        event = self.api.wait(find, "an Event")
        self.assertEqual(event["reason"], "ApplianceUnauthorized", event)
        for word in words:
            self.assertIn(word, event["message"])
        names = [item["metadata"]["name"] for item in self.api.all("secrets")]
        self.assertEqual(names, ["hookline-appliance-key"])

    def authorized(self):
        """A completed VM that is not stored."""
        response, vm = self.complete(machine())
        self.assertTrue(response["allowed"])
        return vm

    def test_another_name(self):
        vm = self.authorized()
        vm["metadata"]["name"] = "other"
        self.refused(vm, "it is that of the VM dev/web")

    def test_another_namespace(self):
        vm = self.authorized()
        vm["metadata"]["namespace"] = "evil"
        self.refused(vm, "it is that of the VM dev/web")

    def test_another_data_source(self):
        self.api.put("datasources", data_source(name="secret"))
        vm = self.authorized()
        vm["metadata"]["annotations"][FROM] = "golden/secret"
        self.refused(vm, "it is for the DataSource golden/fedora")

    def test_an_old_one(self):
        self.refused(self.authorized(), "an earlier VM of this name", created=now(-400))

    def test_one_of_the_future(self):
        self.refused(self.authorized(), "an earlier VM of this name", created=now(400))

    def test_each_member_changed(self):
        vm = self.authorized()
        good = json.loads(vm["metadata"]["annotations"][AUTHORIZATION])
        for number, (name, value) in enumerate(good.items()):
            changed = dict(good)
            changed[name] = value + 1 if isinstance(value, int) else f"{value}0"
            if name == "vm":
                changed[name] = f"dev/vm{number}"
            evil = copy.deepcopy(vm)
            evil["metadata"]["name"] = f"vm{number}"
            evil["metadata"]["annotations"][AUTHORIZATION] = json.dumps(changed)
            self.refused(evil, "hook-controller has not written it")

    def test_nonsense(self):
        for number, text in enumerate(
            ["", "{}", "[]", "x" * 20000, "{" * 1000, '{"vm": "dev/a", "vm": "dev/b"}', "\u0000"]
        ):
            vm = machine(f"vm{number}", **{AUTHORIZATION: text})
            vm["metadata"]["labels"] = {"appliance.kubevirt.io/name": "fedora"}
            self.refused(vm)

    def test_a_replay(self):
        """The same authorization on a second VM of the same name."""
        vm = self.authorized()
        self.create(vm)
        self.wait_secret()
        self.api.remove("virtualmachines", "dev", "web")
        self.api.remove("secrets", "dev", "web-cloudinitdisk")
        stored = self.create(vm)
        message = self.wait_event("ApplianceUnauthorized")
        self.assertIn("an earlier VM has used it", message)
        self.assertEqual(self.api.get("virtualmachines", "dev", "web"), stored)
        self.assertIsNone(self.secret())

    def test_another_key(self):
        """Authorizations of another installation, or of the time before the key was made anew."""
        vm = self.authorized()
        before = self.key()["data"]
        self.api.remove("secrets", "hookline-system", "hookline-appliance-key")
        self.api.wait(lambda: self.key() is not None and self.key()["data"] != before)
        self.controller.follow("using its key")
        self.controller.follow("using its key")
        self.refused(vm, "hook-controller has not written it")

    def test_authorization_without_from(self):
        vm = self.authorized()
        del vm["metadata"]["annotations"][FROM]
        self.refused(vm, "no longer says what it is made from")

    def test_on_create_it_is_removed(self):
        """With the webhook, no tenant's authorization reaches the VM."""
        vm = self.authorized()
        for name in ("web", "other"):
            evil = copy.deepcopy(vm)
            evil["metadata"]["name"] = name
            _, patched = self.complete(evil)
            self.assertNotIn(AUTHORIZATION, patched["metadata"]["annotations"])


class Reach(AppliancesCase):
    """DataSources that lend rights which their users do not have."""

    def setUp(self):
        super().setUp()
        self.api.allows = lambda spec: spec["resourceAttributes"].get("namespace") != "secret"

    def test_a_chain(self):
        """The DataSource refers to one that the user may not read."""
        secret = data_source(VM_TEXT, namespace="secret", name="inner")
        self.api.put("datasources", secret)
        mine = data_source(None, namespace="dev", name="mine")
        mine["spec"] = {"source": {"dataSource": {"name": "inner", "namespace": "secret"}}}
        del mine["status"]
        self.api.put("datasources", mine)
        response, patched = self.complete(machine(source="dev/mine"))
        self.assertNotIn("7lx3", json.dumps([response, patched]))

    def test_a_claim_elsewhere(self):
        """Its size, and whether it exists, are not said."""
        mine = data_source(namespace="dev", name="mine")
        mine["spec"] = {"source": {"pvc": {"name": "disk", "namespace": "secret"}}}
        mine["status"]["source"] = mine["spec"]["source"]
        self.api.put("datasources", mine)
        absent, _ = self.complete(machine(source="dev/mine"))
        self.api.put(
            "persistentvolumeclaims",
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": "disk", "namespace": "secret"},
                "spec": {"resources": {"requests": {"storage": "77Gi"}}},
                "status": {"capacity": {"storage": "77Gi"}},
            },
        )
        there, _ = self.complete(machine(source="dev/mine"))
        self.assertNotIn("77Gi", json.dumps(there))
        self.assertEqual(there["allowed"], absent["allowed"])
        self.assertEqual(there.get("status"), absent.get("status"))


class Pretenders(AppliancesCase):
    """Who reaches the webhooks' port without being an API server names any user in a review."""

    verified = False

    def test_a_user_who_may_read(self):
        """The DataSource is completed only if everybody may read it."""
        admin = {"username": "admin", "groups": ["system:masters", "system:authenticated"]}
        self.api.allows = lambda spec: "system:masters" in spec.get("groups", [])
        response, patched = self.complete(machine(), admin)
        self.assertEqual(response["status"]["code"], 403)
        message = response["status"]["message"]
        self.assertIn("not every authenticated user may get datasources golden/fedora", message)
        self.assertIn("--client-ca-file", message)
        self.assertEqual(patched, machine())
        [asked] = self.api.questions
        self.assertEqual(asked["groups"], ["system:authenticated"])
        self.assertNotIn("admin", json.dumps(asked))
        absent, _ = self.complete(machine(source="golden/nothing"), admin)
        self.assertEqual(
            json.dumps(absent), json.dumps(response).replace("golden/fedora", "golden/nothing")
        )

    def test_a_claim_of_the_vms_namespace(self):
        """Nor is a claim there read for a VM that nobody creates there."""
        self.api.allows = lambda spec: spec["resourceAttributes"].get("namespace") != "secret"
        mine = data_source(namespace="dev", name="mine")
        mine["spec"] = {"source": {"pvc": {"name": "disk", "namespace": "secret"}}}
        mine["status"]["source"] = mine["spec"]["source"]
        self.api.put("datasources", mine)
        self.api.put(
            "persistentvolumeclaims",
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": "disk", "namespace": "secret"},
                "spec": {"resources": {"requests": {"storage": "77Gi"}}},
            },
        )
        vm = machine(source="dev/mine")
        vm["metadata"]["namespace"] = "secret"
        self.complete(vm)
        asked = [spec["resourceAttributes"] for spec in self.api.questions]
        self.assertIn(
            ("get", "persistentvolumeclaims", "secret"),
            [(item["verb"], item["resource"], item["namespace"]) for item in asked],
        )

    def test_a_claim_beside_the_vm(self):
        """A VM that uses a claim of its namespace is completed without a look at it."""
        first = "      volumes:\n"
        claim = "      - {name: data, persistentVolumeClaim: {claimName: data}}\n"
        text = VM_TEXT.replace(first, first + claim)
        text = text.replace("disks:\n", "disks:\n          - {name: data, disk: {bus: virtio}}\n")
        self.api.put("datasources", data_source(text))
        self.api.allows = lambda spec: spec["resourceAttributes"].get("namespace") != "dev"
        response, _ = self.complete(machine())
        self.assertTrue(response["allowed"], response)

    def test_what_everybody_may_read(self):
        self.completed(machine())
        self.wait_secret()


class Load(AppliancesCase):
    def test_many_at_once(self):
        """Reviews beyond the limit are refused at once, and others are answered after them."""
        hold = threading.Event()
        self.addCleanup(hold.set)
        self.api.fail("POST", "subjectaccessreviews", lambda: hold.wait(60), times=1000)

        def complete(number):
            vm = machine(f"vm{number}")
            vm["metadata"]["namespace"] = f"dev{number % 5}"
            return self.complete(vm)[0]

        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            answers = list(pool.map(complete, range(100)))
        self.assertEqual({answer["status"]["code"] for answer in answers}, {503})
        messages = [answer["status"]["message"] for answer in answers]
        self.assertTrue(any("as many VMs at once" in message for message in messages))
        hold.set()
        with self.api.changed:
            self.api.faults.clear()
        self.assertTrue(
            support.poll(lambda: self.complete(machine())[0]["allowed"], support.PATIENCE)
        )

    def test_one_namespace(self):
        """It does not take the room of others."""
        hold = threading.Event()
        self.addCleanup(hold.set)
        self.api.put("datasources", data_source(name="slow"))
        self.api.fail("POST", "subjectaccessreviews", lambda: hold.wait(60), times=32)
        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            answers = [
                pool.submit(self.complete, machine(f"vm{number}", source="golden/slow"))
                for number in range(60)
            ]
            first = next(concurrent.futures.as_completed(answers)).result()[0]
            self.assertIn("VMs of this namespace at once", first["status"]["message"])
            self.api.wait(lambda: self.api.faults[-1][3] == 0)
            vm = machine()
            vm["metadata"]["namespace"] = "other"
            self.assertTrue(self.complete(vm)[0]["allowed"])
            hold.set()

    def test_objects_of_tenants(self):
        """Strange and large VMs get a verdict."""
        for more in (
            {"x": [[]] * 30000},
            {"template": "no object"},
            {"template": {"spec": {"volumes": {"a": 1}}}},
            {"dataVolumeTemplates": [1, None, {"metadata": 7}]},
        ):
            vm = machine(spec=more)
            response = self.post("/complete-machines", review(vm))
            self.assertIn("allowed", response)
        for metadata in ({"labels": 7}, {"annotations": {FROM: 7}}, {"ownerReferences": [1]}):
            vm = machine()
            vm["metadata"].update(metadata)
            self.assertIn("allowed", self.post("/complete-machines", review(vm)))

    def test_large_users(self):
        groups = [f"group-{number}" for number in range(20000)]
        user = {"username": "alice", "groups": groups}
        response, _ = self.complete(machine(), user)
        self.assertIn("allowed", response)

    def test_long_names(self):
        """No VM is allowed whose authorization cannot be read again."""
        user = {"username": "a" * 20000, "groups": []}
        response, _ = self.complete(machine(), user)
        self.assertFalse(response["allowed"])
        self.assertIn("the name of the user is too long", response["status"]["message"])


if __name__ == "__main__":
    support.main()
