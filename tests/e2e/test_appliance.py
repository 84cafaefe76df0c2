#!/usr/bin/python3
"""VMs out of DataSources, through kubectl and the API server, with the CustomResourceDefinitions of
KubeVirt and CDI: the order of webhooks and schemas, rights, dry runs, Secrets and their end."""

import base64
import json
import re
import shlex
import unittest

import support
from integration.appliance_objects import AUTHORIZATION, FROM, PASSWORD, VM_TEXT, data_source
from integration.support import UPSTREAM
from kubevirt import INSTANCETYPES, MACHINES, definitions
from support import SYSTEM

CDI = ("datasources.cdi.kubevirt.io", "datavolumes.cdi.kubevirt.io")
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "fedora"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
TYPE = {
    "apiVersion": "instancetype.kubevirt.io/v1beta1",
    "kind": "VirtualMachineClusterInstancetype",
    "metadata": {"name": "u1.small"},
    "spec": {"cpu": {"guest": 1}, "memory": {"guest": "2Gi"}},
}
PREFERENCE = {
    "apiVersion": "instancetype.kubevirt.io/v1beta1",
    "kind": "VirtualMachineClusterPreference",
    "metadata": {"name": "fedora"},
    "spec": {},
}


@unittest.skipUnless((UPSTREAM.parent / "crds").is_dir(), "CDI's definitions are not beside this tree")
class ApplianceTest(support.InstalledCase):
    def objects(self):
        there = {item["metadata"]["name"] for item in self.get("customresourcedefinitions")}
        kinds = definitions((*MACHINES, *INSTANCETYPES, *CDI))
        made = [item for item in kinds if item["metadata"]["name"] not in there]
        return made + self.overlay("kubevirt")

    def setUp(self):
        super().setUp()
        name = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "golden-"}}
        created = self.kubectl("create", "-f", "-", "-o", "json", stdin=json.dumps(name))
        self.golden = json.loads(created)["metadata"]["name"]
        self.addCleanup(self.kubectl, "delete", "namespace", self.golden, "--wait=false")
        claim = {**CLAIM, "metadata": {"name": "fedora", "namespace": self.golden}}
        self.apply(TYPE, PREFERENCE, claim, data_source(namespace=self.golden))
        self.grant("create", "datavolumes.cdi.kubevirt.io/source")
        self.grant("get", "datasources.cdi.kubevirt.io", "--group=system:authenticated")

    def grant(self, verb, resource, subject=None):
        """Grants a right in the golden namespace, by default to the service account of the VMs."""
        name = f"test-{verb}-{resource.partition('.')[0]}"
        subject = subject or f"--serviceaccount={self.namespace}:default"
        where = ["-n", self.golden]
        self.kubectl("create", "role", name, f"--verb={verb}", f"--resource={resource}", *where)
        self.kubectl("create", "rolebinding", name, f"--role={name}", subject, *where)

    def vm(self, name="web", source="fedora", spec=None):
        """A VM to be completed."""
        return {
            "apiVersion": "kubevirt.io/v1",
            "kind": "VirtualMachine",
            "metadata": {"name": name, "annotations": {FROM: f"{self.golden}/{source}"}},
            "spec": {} if spec is None else spec,
        }

    def create(self, vm, *words):
        """Creates a VM; kubectl does not look at it before."""
        words = ["create", "--validate=false", "-f", "-", "-o", "json", *words]
        return json.loads(self.kubectl(*words, stdin=json.dumps(vm)))

    def refusal(self, vm, *words):
        """The reason why a VM is refused."""
        done = self.try_kubectl(
            "create", "--validate=false", "-f", "-", *words, stdin=json.dumps(vm)
        )
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stderr

    def wait_secret(self, name="web-cloudinitdisk"):
        """Waits for a Secret; returns it and its userdata."""
        secret = self.wait_for("secret", lambda item: item["metadata"]["name"] == name)
        return secret, base64.b64decode(secret["data"]["userdata"]).decode()

    def alice(self):
        """Words that make kubectl act as a user who may create VMs here, and nothing else."""
        user = f"alice-{self.namespace}"
        kind = "--resource=virtualmachines.kubevirt.io"
        self.kubectl("create", "role", "alice", "--verb=create", kind)
        self.kubectl("create", "rolebinding", "alice", "--role=alice", f"--user={user}")
        return [f"--as={user}", "--as-group=system:authenticated"]

    def test_a_vm(self):
        """The schema, which requires spec.template, is checked after the webhook; the Secret is
        made once the VM exists, and goes with it."""
        vm = self.create(self.vm())
        self.assertEqual(vm["spec"]["instancetype"]["name"], "u1.small")
        [template] = vm["spec"]["dataVolumeTemplates"]
        self.assertEqual(template["spec"]["sourceRef"]["namespace"], self.golden)
        secret, userdata = self.wait_secret()
        [owner] = secret["metadata"]["ownerReferences"]
        self.assertEqual(owner["uid"], vm["metadata"]["uid"])
        self.assertNotIn(PASSWORD, userdata)
        self.kubectl("delete", "virtualmachine", "web")
        gone = support.poll(
            lambda: "NotFound" in self.try_kubectl("get", "secret", "web-cloudinitdisk").stderr,
            support.PATIENCE,
        )
        self.assertTrue(gone)

    def test_what_kubectl_checks_itself(self):
        """kubectl before 1.25 refuses a spec without a template, and takes an empty template, of
        which the webhook makes the same."""
        text = json.dumps(self.vm(spec={"template": {}}))
        made = json.loads(self.kubectl("create", "-f", "-", "-o", "json", stdin=text))
        self.assertEqual(made["spec"]["template"]["spec"]["volumes"][0]["name"], "root")
        if self.minor_version() < 25:
            known = support.poll(
                lambda: "io.kubevirt.v1.VirtualMachine" in self.kubectl("get", "--raw", "/openapi/v2"),
                support.PATIENCE,
            )
            self.assertTrue(known)
            done = self.try_kubectl("create", "-f", "-", stdin=json.dumps(self.vm("other")))
            self.assertIn('missing required field "template"', done.stderr)

    def test_the_order_of_webhooks(self):
        """Ours completes before KubeVirt's sees the VM: of two that refuse it, the first is heard."""
        service = {"name": "none", "namespace": self.namespace, "path": "/", "port": 443}
        rule = {
            "apiGroups": ["kubevirt.io"],
            "apiVersions": ["*"],
            "operations": ["CREATE"],
            "resources": ["virtualmachines"],
        }
        namespaces = {"matchLabels": {"example.com/test": self.namespace}}
        self.kubectl("label", "namespace", self.namespace, f"example.com/test={self.namespace}")
        for name, first in (("virt-api-mutator", True), ("a-mutator", False)):
            configuration = {
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": "MutatingWebhookConfiguration",
                "metadata": {"name": name},
                "webhooks": [
                    {
                        "name": "none.example.com",
                        "admissionReviewVersions": ["v1"],
                        "sideEffects": "None",
                        "failurePolicy": "Fail",
                        "clientConfig": {"service": service},
                        "rules": [rule],
                        "namespaceSelector": namespaces,
                    }
                ],
            }
            self.apply(configuration)
            self.addCleanup(
                self.kubectl, "delete", "mutatingwebhookconfiguration", name, "--ignore-not-found"
            )
            # it is known to the API server when it is called
            plain = {**self.vm(), "metadata": {"name": "plain"}, "spec": {"template": {}}}
            dry = ["--dry-run=server"]
            called = support.poll(
                lambda: "none.example.com"
                in self.try_kubectl(
                    "create", "--validate=false", "-f", "-", *dry, stdin=json.dumps(plain)
                ).stderr,
                support.PATIENCE,
            )
            self.assertTrue(called)
            said = self.refusal(self.vm(source="nothing"))
            self.assertEqual("DataSource" in said, first, said)
            self.assertEqual("none.example.com" in said, not first, said)
            self.kubectl("delete", "mutatingwebhookconfiguration", name)

    def test_rights(self):
        """Without the right to the DataSource nothing is said about it; what is said about the
        right to clone is what grants it."""
        nobody = self.alice()
        for name in ("test-create-datavolumes", "test-get-datasources"):
            self.kubectl("delete", "rolebinding", name, "-n", self.golden)
        forbidden = support.poll(
            lambda: "get datasources" in self.refusal(self.vm(), *nobody), support.PATIENCE
        )
        self.assertTrue(forbidden)
        said = self.refusal(self.vm(), *nobody)
        self.assertIn("Error from server (Forbidden)", said)
        self.assertIn(f"every authenticated user may get datasources {self.golden}/fedora", said)
        self.assertEqual(
            said.replace("nothing", "fedora"),
            self.refusal(self.vm(source="nothing"), *nobody).replace("nothing", "fedora"),
        )
        words = ["--role=test-get-datasources", "--group=system:authenticated", "-n", self.golden]
        self.kubectl("create", "rolebinding", "test-get-datasources", *words)
        said = support.poll(
            lambda: (text := self.refusal(self.vm(), *nobody)).count("may not clone") == 2 and text,
            support.PATIENCE,
        )
        self.assertTrue(said)
        commands = {
            command.strip()
            for command in re.findall(r"kubectl (create (?:role|rolebinding) [^;\n]*)", said)
        }
        self.assertEqual(len(commands), 3, said)
        for command in sorted(commands):  # role before rolebinding
            self.kubectl(*shlex.split(command))
        made = support.poll(
            lambda: self.try_kubectl(
                "create", "--validate=false", "-f", "-", *nobody, stdin=json.dumps(self.vm())
            ).returncode
            == 0,
            support.PATIENCE,
        )
        self.assertTrue(made)
        self.wait_secret()

    def test_dry_run(self):
        """The answer has the completed VM; nothing is made."""
        made = self.create(self.vm("dry"), "--dry-run=server")
        self.assertEqual(made["spec"]["instancetype"]["name"], "u1.small")
        self.create(self.vm())
        self.wait_secret()
        names = [item["metadata"]["name"] for item in self.get("secrets")]
        self.assertNotIn("dry-cloudinitdisk", names)

    def test_a_vm_of_that_name_exists(self):
        """It stays as it is, with its Secret; to apply the same again changes nothing."""
        text = json.dumps(self.vm(spec={"template": {}}))
        self.kubectl("apply", "-f", "-", stdin=text)
        _, before = self.wait_secret()
        self.assertIn("AlreadyExists", self.refusal(self.vm()))
        self.assertIn("unchanged", self.kubectl("apply", "-f", "-", stdin=text))
        _, after = self.wait_secret()
        self.assertEqual(after, before)

    def test_from_and_authorization_are_fixed(self):
        self.create(self.vm())
        for key in (FROM, AUTHORIZATION):
            done = self.try_kubectl(
                "annotate", "--overwrite", "virtualmachine", "web", f"{key}={self.golden}/x"
            )
            self.assertIn(f"metadata.annotations[{key}]", done.stderr)

    def test_a_generated_name(self):
        vm = self.vm()
        vm["metadata"] = {"generateName": "web-", "annotations": vm["metadata"]["annotations"]}
        made = self.create(vm)
        name = made["metadata"]["name"]
        self.assertRegex(name, r"^web-[a-z0-9]{5}$")
        self.wait_secret(f"{name}-cloudinitdisk")

    def test_publication(self):
        """A bad DataSource is refused when it is applied, with all faults."""
        text = VM_TEXT.replace("Always", "Running").replace("dataVolumeTemplates", "dataVolumeTemplate")
        with self.assertRaises(support.KubectlError) as raised:
            self.apply(data_source(text, namespace=self.golden, name="faulty"))
        said = str(raised.exception)
        self.assertIn('The DataSource "faulty" is invalid', said)
        for field in ("spec.runStrategy", "spec.dataVolumeTemplate"):
            self.assertIn(f"* appliance.kubevirt.io/vm-spec: {field}: ", said)

    def test_hookctl(self):
        """A VM that hookctl creates, with a required parameter, stays as it is, and its Secret is
        hookctl's."""
        parameters = {"appliance.kubevirt.io/parameters": "- {name: USER, required: true}"}
        text = VM_TEXT.replace("user: fedora", "user: ${USER}")
        source = data_source(text, namespace=self.golden, name="sized", **parameters)
        for part in (source["spec"], source["status"]):
            part["source"]["pvc"]["name"] = "fedora"
        self.apply(source)
        words = [f"{self.golden}/sized", "web", f"--namespace={self.namespace}", "--param=USER=ann"]
        words += ["--apply", f"--kubeconfig={self.kubeconfig}"]
        done = support.run([support.program("hookctl"), "appliance", "create", *words])
        self.assertEqual(done.returncode, 0, done.stderr)
        made = self.get("virtualmachine", "web")
        self.assertEqual(made["metadata"]["annotations"][FROM], f"{self.golden}/sized")
        self.assertNotIn(AUTHORIZATION, made["metadata"]["annotations"])
        secret, userdata = self.wait_secret()
        self.assertEqual(secret["metadata"]["ownerReferences"][0]["uid"], made["metadata"]["uid"])
        self.assertIn("user: ann", userdata)
        self.create(self.vm("other"))
        self.wait_secret("other-cloudinitdisk")  # the controller has seen both
        after, _ = self.wait_secret()
        self.assertEqual(after, secret)
        reasons = {
            event["reason"]
            for event in self.get("events")
            if event["involvedObject"]["name"] == "web"
        }
        self.assertEqual({reason for reason in reasons if reason.startswith("Appliance")}, set())

    def test_rights_of_the_controller(self):
        """It reads no Secrets, here or of the VMs."""
        account = "--as=system:serviceaccount:hookline-system:hook-controller"
        for verb, where, may in (
            ("create", self.namespace, "yes"),
            ("get", self.namespace, "no"),
            ("list", self.namespace, "no"),
            ("update", self.namespace, "no"),
            ("delete", self.namespace, "no"),
            ("list", "hookline-system", "no"),
        ):
            done = self.try_kubectl("auth", "can-i", verb, "secrets", "-n", where, account)
            self.assertEqual(done.stdout.strip(), may, (verb, where))
        self.create(self.vm())
        self.wait_secret()
        for pod in self.replicas():
            self.assertNotIn("forbidden", self.kubectl("logs", pod, *SYSTEM))


if __name__ == "__main__":
    support.main()
