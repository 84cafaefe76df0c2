#!/usr/bin/python3
"""VMs out of DataSources in the cluster: the webhooks that complete and validate, and the Secrets
that the controller makes, against an API server in memory."""

import copy
import json
import threading

import support
from api_server import LOST
from appliance_objects import (
    ALICE,
    AUTHORIZATION,
    FROM,
    LABEL,
    PASSWORD,
    VM_SPEC,
    VM_TEXT,
    data_source,
    machine,
    review,
)
from appliances import KUBEVIRT, AppliancesCase, now


class Completion(AppliancesCase):
    def test_a_vm(self):
        """It is completed, and what its user wrote wins."""
        vm = machine(spec={"runStrategy": "Halted"}, **{"example.org/mine": "1"})
        response, patched = self.complete(vm)
        self.assertTrue(response["allowed"], response)
        spec = patched["spec"]
        self.assertEqual(spec["runStrategy"], "Halted")
        self.assertEqual(spec["instancetype"]["name"], "u1.small")
        [template] = spec["dataVolumeTemplates"]
        self.assertEqual(template["metadata"]["name"], "web-root")
        source = template["spec"]["sourceRef"]
        self.assertEqual((source["namespace"], source["name"]), ("golden", "fedora"))
        volumes = {item["name"]: item for item in spec["template"]["spec"]["volumes"]}
        self.assertEqual(
            volumes["cloudinitdisk"]["cloudInitNoCloud"], {"secretRef": {"name": "web-cloudinitdisk"}}
        )
        self.assertEqual(patched["metadata"]["annotations"]["example.org/mine"], "1")
        self.assertEqual(patched["metadata"]["labels"][LABEL], "fedora")
        self.assertNotIn(PASSWORD, json.dumps(patched))
        self.assertEqual(
            self.controller.metric(
                'hookline_webhook_reviews_total{webhook="complete-machines",result="patched"}'
            ),
            1,
        )

    def test_nothing_to_complete(self):
        for vm in (machine(source=None), machine(source=None, **{"appliance.kubevirt.io/x": "1"})):
            response, patched = self.complete(vm)
            self.assertEqual(response, {"uid": "1", "allowed": True})
            self.assertEqual(patched, vm)
        self.assertEqual(self.api.questions, [])

    def test_a_complete_vm(self):
        """What hookctl appliance create makes stays as it is, with parameters that no annotation
        has, and gets no Secret: hookctl makes it."""
        parameters = "- {name: SIZE, required: true}"
        key = "appliance.kubevirt.io/parameters"
        self.api.put("datasources", data_source(name="sized", **{key: parameters}))
        vm = self.hookctl_machine("golden/sized")
        response, patched = self.complete(vm)
        self.assertEqual(response, {"uid": "1", "allowed": True})
        self.assertEqual(patched, vm)
        self.assertEqual(self.api.questions, [])
        self.create(vm)
        self.completed(machine("other"))
        self.wait_secret("other-cloudinitdisk")
        self.assertIsNone(self.secret())
        for part in ("labels", "template"):
            less = copy.deepcopy(vm)
            less["metadata" if part == "labels" else "spec"][part] = {}
            response, _ = self.complete(less)
            self.assertIn("SIZE", response["status"]["message"])

    def test_what_is_asked(self):
        """The user's right to the DataSource, then his and the service account's to clone."""
        self.complete(machine())
        what = [
            (spec["user"], spec["resourceAttributes"]["verb"], spec["resourceAttributes"]["resource"])
            for spec in self.api.questions
        ]
        self.assertEqual(
            [what[0], *sorted(what[1:])],
            [
                ("alice", "get", "datasources"),
                ("alice", "create", "datavolumes"),
                ("system:serviceaccount:dev:default", "create", "datavolumes"),
            ],
        )
        first = self.api.questions[0]
        clone, account = sorted(self.api.questions[1:], key=lambda spec: spec["user"])
        self.assertEqual(first["groups"], ALICE["groups"])
        self.assertEqual(first["uid"], "u1")
        self.assertEqual(first["resourceAttributes"]["name"], "fedora")
        self.assertEqual(clone["resourceAttributes"]["subresource"], "source")
        self.assertEqual(clone["resourceAttributes"]["namespace"], "golden")
        self.assertIn("system:serviceaccounts:dev", account["groups"])

    def test_allowances_are_remembered(self):
        self.complete(machine())
        count = len(self.api.questions)
        self.complete(machine("web2"))
        self.assertEqual(len(self.api.questions), count)
        self.complete(machine("web3"), {**ALICE, "username": "bob"})
        self.assertEqual(len(self.api.questions), count + 2)

    def test_no_right_to_the_data_source(self):
        """The refusal is the same whether it exists or not."""
        self.api.allows = lambda spec: spec["resourceAttributes"]["verb"] != "get"
        there, _ = self.complete(machine())
        self.assertEqual(there["status"]["code"], 403)
        self.assertEqual(self.causes(there), [f"metadata.annotations[{FROM}]"])
        self.assertIn("alice may not get datasources golden/fedora", there["status"]["message"])
        absent, _ = self.complete(machine(source="golden/nothing"))
        self.assertEqual(
            json.dumps(absent), json.dumps(there).replace("golden/fedora", "golden/nothing")
        )
        reads = [path for method, path in self.api.requests if "golden/datasources" in path]
        self.assertEqual(reads, [])

    def test_no_right_to_clone(self):
        """The refusal says which bindings to make."""
        self.api.allows = lambda spec: spec["resourceAttributes"]["verb"] != "create"
        response, _ = self.complete(machine())
        self.assertEqual(response["status"]["code"], 403)
        message = response["status"]["message"]
        self.assertIn("the user alice may not clone disks of the namespace golden", message)
        self.assertIn(
            "kubectl create role appliance-clone -n golden --verb=create "
            "--resource=datavolumes.cdi.kubevirt.io/source",
            message,
        )
        self.assertIn("--role=appliance-clone --user='alice'", message)
        self.assertIn("--role=appliance-clone --serviceaccount=dev:default", message)

    def test_a_service_account_of_its_own(self):
        volume = {"name": "sa", "serviceAccount": {"serviceAccountName": "robot"}}
        self.complete(machine(spec={"template": {"spec": {"volumes": [volume]}}}))
        users = [spec["user"] for spec in self.api.questions]
        self.assertIn("system:serviceaccount:dev:robot", users)

    def test_faults(self):
        """All of them are said, with their paths."""
        text = VM_TEXT.replace("Always", "Running").replace("dataVolumeTemplates", "dataVolumeTemplate")
        self.api.put("datasources", data_source(text, name="faulty"))
        response, _ = self.complete(machine(source="golden/faulty"))
        self.assertEqual(response["status"]["code"], 422)
        fields = self.causes(response)
        self.assertIn(f"{VM_SPEC}: spec.runStrategy", fields)
        self.assertIn(f"{VM_SPEC}: spec.dataVolumeTemplate", fields)

    def test_a_bad_annotation(self):
        for source, word in (("a/b/c", "must be NAMESPACE/NAME"), ("golden/nothing", "does not exist")):
            response, _ = self.complete(machine(source=source))
            self.assertEqual(response["status"]["code"], 422)
            self.assertIn(word, response["status"]["message"])

    def test_a_generated_name(self):
        """The disks need the name: the webhook gives it."""
        vm = machine()
        del vm["metadata"]["name"]
        vm["metadata"]["generateName"] = "web-"
        _, patched = self.complete(vm)
        name = patched["metadata"]["name"]
        self.assertRegex(name, r"^web-[a-z0-9]{5}$")
        [template] = patched["spec"]["dataVolumeTemplates"]
        self.assertEqual(template["metadata"]["name"], f"{name}-root")

    def test_the_other_prefix(self):
        vm = machine(source=None, **{"appliance.hookline.dev/from": "golden/fedora"})
        _, patched = self.complete(vm)
        self.assertIn("appliance.hookline.dev/authorization", patched["metadata"]["annotations"])
        self.create(patched)
        self.wait_secret()
        both = machine(**{"appliance.hookline.dev/from": "golden/fedora"})
        response, _ = self.complete(both)
        self.assertIn("are both set", response["status"]["message"])

    def test_the_api_server_is_silent(self):
        """The VM is refused in time, to be tried again."""
        self.api.put("datasources", data_source(name="slow"))
        hold = threading.Event()
        self.addCleanup(hold.set)
        self.api.fail("POST", "subjectaccessreviews", hold.wait, times=9)
        response, _ = self.complete(machine(source="golden/slow"))
        self.assertEqual((response["allowed"], response["status"]["code"]), (False, 503))
        self.assertIn("try again", response["status"]["message"])

    def test_dry_run(self):
        """The webhook makes nothing."""
        self.api.wait(lambda: self.api.watching > 0)
        before = len([1 for method, path in self.api.requests if method != "GET"])
        self.complete(machine())
        writes = [
            path for method, path in self.api.requests if method != "GET" and "reviews" not in path
        ]
        self.assertLessEqual(len(writes), before)
        self.assertIsNone(self.secret())


class Deputies(AppliancesCase):
    """Those who create VMs for others: what they may read is not what the others may read."""

    def test_a_pool(self):
        vm = machine()
        owner = {"kind": "VirtualMachinePool", "name": "p", "uid": "1", "controller": True}
        vm["metadata"]["ownerReferences"] = [owner]
        for user in (KUBEVIRT, ALICE):
            response, _ = self.complete(vm, user)
            self.assertEqual(response["status"]["code"], 403)
            self.assertIn("a VM that a VirtualMachinePool creates", response["status"]["message"])
        self.assertEqual(self.api.questions, [])

    def test_a_pool_of_complete_vms(self):
        """That is what a refusal advises."""
        vm = self.hookctl_machine()
        owner = {"kind": "VirtualMachinePool", "name": "p", "uid": "1", "controller": True}
        vm["metadata"]["ownerReferences"] = [owner]
        response, patched = self.complete(vm, KUBEVIRT)
        self.assertTrue(response["allowed"], response)
        self.assertEqual(patched, vm)

    def test_a_restored_vm(self):
        """It is left as it is."""
        vm = machine(spec={"template": {}})
        response, patched = self.complete(vm, KUBEVIRT)
        self.assertTrue(response["allowed"])
        self.assertEqual(patched, vm)
        self.assertEqual(self.api.questions, [])

    def test_a_copy(self):
        """A VM with the authorization of another loses it, and is not completed."""
        _, completed = self.complete(machine())
        count = len(self.api.questions)
        for user in (ALICE, KUBEVIRT):
            copied = copy.deepcopy(completed)
            copied["metadata"]["name"] = "copy"
            response, patched = self.complete(copied, user)
            self.assertTrue(response["allowed"])
            self.assertIn("is another VM's", response["warnings"][0])
            del copied["metadata"]["annotations"][AUTHORIZATION]
            self.assertEqual(patched, copied)
        self.assertEqual(len(self.api.questions), count)


class Secrets(AppliancesCase):
    def test_a_secret(self):
        """It is made once the VM exists, is owned by it, and has a password of its own."""
        vm = self.completed(machine())
        userdata = self.wait_secret()
        self.assertNotIn(PASSWORD, userdata)
        self.assertIn("user: fedora", userdata)
        [owner] = self.secret()["metadata"]["ownerReferences"]
        self.assertEqual((owner["kind"], owner["name"]), ("VirtualMachine", "web"))
        self.assertEqual(owner["uid"], vm["metadata"]["uid"])
        self.assertEqual(self.secret()["type"], "Opaque")
        self.assertIn("Made the Secrets", self.wait_event("ApplianceCompleted"))
        password = userdata.partition("password: ")[2].split()[0]
        self.assertNotIn(password, json.dumps(self.api.all("virtualmachines")))
        self.assertNotIn(password, self.controller.text())

    def test_two_vms_have_two_passwords(self):
        self.completed(machine("one"))
        self.completed(machine("two"))
        one = self.wait_secret("one-cloudinitdisk")
        two = self.wait_secret("two-cloudinitdisk")
        self.assertNotEqual(one, two)

    def test_another_replica_makes_the_same(self):
        """What one replica's webhook allowed, the leader, another one, makes."""
        other = self.start("--metrics-listen=127.0.0.1:0", "--identity=other")
        other.wait_log("using its key for appliances")
        response, patched = self.complete(machine(), controller=other)
        self.assertTrue(response["allowed"], response)
        other.end()
        self.create(patched)
        self.wait_secret()

    def with_config_map(self):
        """A DataSource that owns a ConfigMap, which its VMs use."""
        text = VM_TEXT.replace(
            "      - name: cloudinitdisk\n",
            "      - {name: settings, configMap: {name: settings}}\n      - name: cloudinitdisk\n",
        )
        text = text.replace(
            "disks:\n", "disks:\n          - {name: settings, disk: {bus: virtio}}\n"
        )
        source = data_source(text, name="owner")
        for part in (source["spec"], source["status"]):
            part["source"]["pvc"]["name"] = "fedora"
        source = self.api.put("datasources", source)
        owner = {
            "apiVersion": "cdi.kubevirt.io/v1beta1",
            "kind": "DataSource",
            "name": "owner",
            "uid": source["metadata"]["uid"],
        }
        metadata = {"name": "settings", "namespace": "golden", "ownerReferences": [owner]}
        value = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}
        self.api.put("configmaps", value)

    def test_an_owned_config_map(self):
        """The VM gets a copy that it owns, if its user may read it."""
        self.with_config_map()
        vm = self.completed(machine(source="golden/owner"))
        self.wait_secret()
        copied = self.api.wait(lambda: self.api.get("configmaps", "dev", "web-settings"))
        self.assertEqual(copied["data"], {"a": "b"})
        [owner] = copied["metadata"]["ownerReferences"]
        self.assertEqual(owner["uid"], vm["metadata"]["uid"])

    def test_a_config_map_that_the_user_may_not_read(self):
        """He is told, and the VM gets its Secret without it."""
        self.with_config_map()
        self.api.allows = lambda spec: spec["resourceAttributes"]["resource"] != "configmaps"
        response, patched = self.complete(machine(source="golden/owner"))
        self.assertTrue(response["allowed"], response)
        self.assertIn("alice may not get configmaps golden/settings", json.dumps(response))
        self.create(patched)
        self.wait_secret()
        self.assertIsNone(self.api.get("configmaps", "dev", "web-settings"))

    def test_nobody_is_there_for_a_while(self):
        """A VM that was created while no controller ran gets its Secret from the next one."""
        _, patched = self.complete(machine())
        self.controller.end()
        self.create(patched)
        self.controller = self.start()
        self.wait_secret()

    def test_a_vm_of_long_ago(self):
        """What an earlier leader has made, or given up, is left alone."""
        _, patched = self.complete(machine())
        self.controller.end()
        self.create(patched, now(-1000))
        self.controller = self.start()
        self.controller.wait_log("using its key for appliances")
        self.completed(machine("other"))
        self.wait_secret("other-cloudinitdisk")
        self.assertIsNone(self.secret())

    def test_the_data_source_changes_in_between(self):
        _, patched = self.complete(machine())
        text = VM_TEXT.replace("user: fedora", "user: root")
        before = self.api.get("datasources", "golden", "fedora")
        after = data_source(text)
        after["metadata"]["uid"] = before["metadata"]["uid"]
        version = self.api.put("datasources", after)["metadata"]["resourceVersion"]
        # what the webhook allowed is made until the controller has heard of the change
        support.poll(lambda: self.version_used() == version, support.PATIENCE)
        self.create(patched)
        message = self.wait_event("ApplianceChanged")
        self.assertIn("golden/fedora", message)
        self.assertIn("delete the VM and create it again", message)
        self.assertIsNone(self.secret())

    def version_used(self):
        """The resourceVersion of the DataSource that a VM is completed from now."""
        _, patched = self.complete(machine("other"))
        return json.loads(patched["metadata"]["annotations"][AUTHORIZATION])["resourceVersion"]

    def test_a_status_changes_in_between(self):
        """A change that says nothing about the VM does not matter."""
        _, patched = self.complete(machine())
        self.api.patch("datasources", "golden", "fedora", {"metadata": {"labels": {"a": "b"}}})
        self.create(patched)
        self.wait_secret()

    def test_an_earlier_vms_secret(self):
        """That of an earlier VM of the name, which is being collected, makes way."""
        old = {"metadata": {"name": "web-cloudinitdisk", "namespace": "dev"}, "data": {"a": "b"}}
        self.api.put("secrets", old)
        self.completed(machine())
        self.api.wait(
            lambda: len([1 for item in self.api.requests if item == ("POST", "/api/v1/namespaces/dev/secrets")]) > 1
        )
        self.api.remove("secrets", "dev", "web-cloudinitdisk")
        self.wait_secret()

    def test_a_name_that_is_taken(self):
        mine = {"metadata": {"name": "web-cloudinitdisk", "namespace": "dev"}, "data": {"a": "b"}}
        self.api.put("secrets", mine)
        self.completed(machine())
        self.assertIn("Secret dev/web-cloudinitdisk exists already", self.wait_event("ApplianceNameTaken"))
        self.assertEqual(self.secret()["data"], {"a": "b"})

    def test_a_lost_answer(self):
        self.api.fail("POST", "namespaces/dev/secrets", LOST)
        self.completed(machine())
        self.wait_event("ApplianceCompleted")
        self.wait_secret()

    def test_a_failure(self):
        self.api.fail("POST", "namespaces/dev/secrets", 403)
        self.completed(machine())
        self.wait_secret()

    def test_one_of_two_fails(self):
        """What was made before the failure is not in the way."""
        self.with_config_map()
        for plural in ("configmaps", "secrets"):
            self.api.fail("POST", f"namespaces/dev/{plural}", 500)
        self.completed(machine(source="golden/owner"))
        self.wait_event("ApplianceCompleted")
        self.wait_secret()
        self.assertIsNotNone(self.api.get("configmaps", "dev", "web-settings"))

    def test_one_of_two_is_taken(self):
        """The other is made: so a new leader goes on where an earlier one stopped."""
        self.with_config_map()
        for plural, name in (("configmaps", "web-settings"), ("secrets", "one-cloudinitdisk")):
            mine = {"metadata": {"name": name, "namespace": "dev"}, "data": {"a": "b"}}
            self.api.put(plural, mine)
        self.completed(machine(source="golden/owner"))
        self.wait_secret()
        self.completed(machine("one", source="golden/owner"))
        self.api.wait(lambda: self.api.get("configmaps", "dev", "one-settings"))

    def test_the_key_is_kept(self):
        """A controller that starts again has the same key; without it, another is made."""
        before = self.key()
        self.controller.end()
        self.controller = self.start()
        self.controller.wait_log("using its key for appliances")
        self.assertEqual(self.key(), before)
        self.completed(machine())
        self.wait_secret()
        self.api.remove("secrets", "hookline-system", "hookline-appliance-key")
        self.api.wait(self.key)
        self.assertNotEqual(self.key()["data"], before["data"])

    def test_no_secret_is_read(self):
        self.completed(machine())
        self.wait_secret()
        reads = [
            path
            for method, path in self.api.requests
            if method == "GET" and "/secrets" in path and "hookline-system" not in path
        ]
        self.assertEqual(reads, [])


class Publication(AppliancesCase):
    def test_a_bad_data_source(self):
        text = VM_TEXT.replace("Always", "Running").replace("dataVolumeTemplates", "dataVolumeTemplate")
        response = self.post("/validate-appliances", review(data_source(text)))
        fields = self.causes(response)
        self.assertIn(f"{VM_SPEC}: spec.runStrategy", fields)
        self.assertIn(f"{VM_SPEC}: spec.dataVolumeTemplate", fields)
        self.assertEqual(response["status"]["code"], 422)

    def test_not_yaml(self):
        response = self.post("/validate-appliances", review(data_source("a: [")))
        self.assertIn("line ", response["status"]["message"])

    def test_good_ones(self):
        for value in (data_source(), data_source(None), data_source(None, other="1")):
            self.assertTrue(self.post("/validate-appliances", review(value))["allowed"])

    def test_what_it_refers_to(self):
        """References to parameters that are not declared, and labels; whether its source is there
        is not looked at."""
        value = data_source(VM_TEXT.replace("user: fedora", "user: ${USER}"), name="absent")
        value["metadata"]["labels"]["appliance.kubevirt.io/vm-spec"] = "x"
        value["spec"]["source"]["snapshot"] = {"name": "a", "namespace": "b"}
        del value["status"]
        response = self.post("/validate-appliances", review(value))
        message = response["status"]["message"]
        self.assertIn("USER", message)
        label = 'metadata.labels["appliance.kubevirt.io/vm-spec"]'
        self.assertIn(f"DataSource absent: {label}", self.causes(response))
        self.assertIn("DataSource absent: spec.source", self.causes(response))
        value = data_source(name="absent")
        del value["status"]
        for source in (value["spec"]["source"], {}, {"dataSource": {"name": "b", "namespace": "b"}}):
            value["spec"]["source"] = source
            response = self.post("/validate-appliances", review(value))
            self.assertEqual(response, {"uid": "1", "allowed": True})

    def test_updates(self):
        """Only an update that changes an annotation is checked."""
        bad = data_source(VM_TEXT.replace("Always", "Running"))
        changed = copy.deepcopy(bad)
        changed["metadata"]["labels"]["x"] = "y"
        self.assertTrue(self.post("/validate-appliances", review(changed, old=bad))["allowed"])
        self.assertFalse(self.post("/validate-appliances", review(bad, old=data_source()))["allowed"])
        leaving = copy.deepcopy(bad)
        leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        response = self.post("/validate-appliances", review(leaving, old=data_source()))
        self.assertTrue(response["allowed"])

    def test_from_cannot_change(self):
        one, two, none = machine(), machine(source="golden/other"), machine(source=None)
        for old, new, allowed in (
            (one, one, True),
            (one, two, False),
            (none, one, False),
            (one, none, True),
        ):
            response = self.post("/validate-appliances", review(new, old=old))
            self.assertEqual(response["allowed"], allowed, response)
            if not allowed:
                self.assertEqual(self.causes(response), [f"metadata.annotations[{FROM}]"])

    def test_nobody_writes_authorizations(self):
        _, patched = self.complete(machine())
        changed = copy.deepcopy(patched)
        changed["metadata"]["annotations"][AUTHORIZATION] = "{}"
        response = self.post("/validate-appliances", review(changed, old=patched))
        self.assertEqual(self.causes(response), [f"metadata.annotations[{AUTHORIZATION}]"])
        response = self.post("/validate-appliances", review(patched, old=machine()))
        self.assertFalse(response["allowed"])
        self.assertTrue(self.post("/validate-appliances", review(patched, old=patched))["allowed"])


class Off(AppliancesCase):
    """Without --appliances."""

    def start(self, *flags):
        return super().start(*flags, "--appliances=false")

    def setUp(self):
        support.TestCase.setUp(self)
        self.prepare()
        self.controller = self.start()

    def test_it_says_so(self):
        response, _ = self.complete(machine())
        self.assertEqual(response["status"]["code"], 403)
        self.assertIn("it runs without --appliances", response["status"]["message"])
        self.assertTrue(self.complete(machine(source=None))[0]["allowed"])
        self.assertTrue(self.complete(self.hookctl_machine())[0]["allowed"])
        self.assertIsNone(self.key())

    def test_data_sources_are_checked(self):
        response = self.post("/validate-appliances", review(data_source("a: [")))
        self.assertFalse(response["allowed"])


if __name__ == "__main__":
    support.main()
