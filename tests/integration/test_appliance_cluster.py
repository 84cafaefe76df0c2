"""hookctl appliance against an API server: what it reads, which rights it asks for, and what --apply
creates, in which order, and takes back."""

import base64
import json
import os
import re
import signal
import threading
import uuid

import yaml

import api_server
import support

HOOKCTL = support.program("hookctl")
CASES = support.DATA / "appliance" / "cases"
PLURALS = {
    "DataSource": "datasources",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "ConfigMap": "configmaps",
    "VolumeSnapshot": "volumesnapshots",
    "VirtualMachine": "virtualmachines",
    "VirtualMachineInstancetype": "virtualmachineinstancetypes",
    "KubeVirt": "kubevirts",
}


class Server(api_server.APIServer):
    """One that also answers access reviews, and knows dry runs."""

    def __init__(self):
        self.allowed = lambda spec: True  # of a SubjectAccessReview or a SelfSubjectAccessReview
        self.reviews = []  # their specs
        self.dry = []  # what was created as a dry run
        super().__init__()

    def on_POST(self, where, query, body):
        if where["plural"] == "selfsubjectreviews":
            return 201, {**body, "status": {"userInfo": {"username": "eve"}}}
        if where["plural"].endswith("subjectaccessreviews"):
            self.reviews.append(body["spec"])
            return 201, {**body, "status": {"allowed": self.allowed(body["spec"])}}
        if query.get("dryRun") == "All":
            key = (where["plural"], where["namespace"], body["metadata"]["name"])
            if key in self.objects:
                raise api_server.Failure(409, "AlreadyExists", f"{key[0]} {key[2]} already exists")
            self.dry.append(body)
            return 201, {**body, "metadata": {**body["metadata"], "uid": str(uuid.uuid4())}}
        return super().on_POST(where, query, body)


class TestCase(support.TestCase):
    def setUp(self):
        super().setUp()
        self.api = Server()
        self.addCleanup(self.api.close)
        self.kubeconfig = self.write("kubeconfig", self.api.kubeconfig())

    def load(self, case):
        """Puts the objects of a case into the cluster, and the claims and instance types that a file
        may leave out."""
        for name, memory in (("u1.small", "2Gi"), ("u1.large", "8Gi")):
            self.api.put("virtualmachineclusterinstancetypes", {
                "metadata": {"name": name},
                "spec": {"cpu": {"guest": 2}, "memory": {"guest": memory}},
            })
        self.api.put("virtualmachineclusterpreferences", {"metadata": {"name": "fedora"}, "spec": {}})
        text = (CASES / f"{case}.in.yaml").read_text(encoding="utf-8")
        for value in yaml.safe_load_all(text):
            claim = value.get("spec", {}).get("source", {}).get("pvc")
            if value["kind"] == "DataSource":
                value["status"] = {"conditions": [{"type": "Ready", "status": "True"}]}
            if value["kind"] == "DataSource" and claim:
                self.api.put("persistentvolumeclaims", {"metadata": claim, "spec": {}})
            self.api.put(PLURALS[value["kind"]], value)

    def appliance(self, *words, **options):
        command = [HOOKCTL, "appliance", *words, "--kubeconfig", self.kubeconfig]
        return support.run(command, env={"no_proxy": "*", "NO_PROXY": "*"}, **options)

    def writes(self):
        """The requests that were to change something, without the reviews."""
        return [
            (method, path.rsplit("/", 1)[1])
            for method, path in self.api.requests
            if method != "GET" and "review" not in path
        ]


class Read(TestCase):
    def same_as_with_files(self, case, *words):
        """What create prints is the same from files and from the cluster."""
        self.load(case)
        there = self.appliance("create", *words)
        self.assertEqual(there.returncode, 0, there.stderr)
        here = support.run([HOOKCTL, "appliance", "create", *words, "-f", CASES / f"{case}.in.yaml"])
        self.assertEqual(there.stdout, here.stdout)
        return there

    def test_create(self):
        self.same_as_with_files("24-templates", "images/tpl", "t1", "-n", "demo")
        self.assertEqual(self.writes(), [])

    def test_create_with_what_it_refers_to(self):
        self.same_as_with_files("31-infer", "images/infer", "i1", "-n", "demo")
        self.same_as_with_files("40-owned-elsewhere", "images/owner", "o1", "-n", "demo")

    def test_the_namespace_of_the_context(self):
        self.load("23-generated-name")
        made = self.appliance("create", "images/gen", "g1", "-o", "json")
        self.assertEqual(json.loads(made.stdout)["metadata"]["namespace"], "default")

    def test_check_and_show(self):
        self.load("25-template-faults")
        result = self.appliance("check", "images/tf")
        self.assertEqual(result.returncode, 1)
        self.assertIn(
            "images/tf: appliance.kubevirt.io/vm-spec: spec.dataVolumeTemplates[2]", result.stdout
        )
        self.load("31-infer")
        shown = json.loads(self.appliance("show", "images/infer", "-o", "json").stdout)
        self.assertEqual(shown["disks"][0]["size"], "10Gi")

    def test_absent(self):
        result = self.appliance("create", "images/none", "n1")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("DataSource images/none: there is none in the cluster", result.stderr)

    def test_an_instance_type_that_only_the_catalogue_has(self):
        """What KubeVirt installs counts only if it is in the cluster."""
        self.load("23-generated-name")
        self.api.remove("virtualmachineclusterinstancetypes", "", "u1.small")
        result = self.appliance("create", "images/gen", "g1")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn(
            'no cluster instance type "u1.small" (KubeVirt 1.9 comes with one', result.stderr
        )

    def test_forbidden(self):
        self.load("23-generated-name")
        self.api.fail("GET", "/datasources/", 403)
        result = self.appliance("create", "images/gen", "n1")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("get datasources images/gen", result.stderr)

    def test_usage(self):
        for words, needle in [
            (["create"], "NS/NAME is missing"),
            (["create", "web1"], "which appliance?"),
            (["show", "web1"], "NAMESPACE/NAME"),
            (["check", "a/b/c"], "NAMESPACE/NAME"),
            (["show"], "NS/NAME is missing"),
        ]:
            with self.subTest(words):
                result = self.appliance(*words)
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertIn(needle, result.stderr)
        self.assertEqual(self.api.requests, [])

    def test_no_cluster(self):
        self.api.close()
        result = self.appliance("show", "images/gen")
        self.assertEqual((result.returncode, result.stdout), (4, ""))

    def test_an_interrupt_ends_it(self):
        self.load("23-generated-name")
        asked, ended = self.held()
        command = [HOOKCTL, "appliance", "show", "images/gen", "--kubeconfig", self.kubeconfig]
        process = self.spawn(command, env={**os.environ, "no_proxy": "*"}, stdout=-3, stderr=-1,
                             text=True)
        asked.wait(support.PATIENCE)
        process.send_signal(signal.SIGINT)
        self.assertIn("interrupted", process.communicate(timeout=support.PATIENCE)[1])
        self.assertEqual(process.returncode, 6)
        ended.set()

    def held(self):
        """Makes the server hold back its answer about a DataSource; returns events: it was asked, and
        it may go on."""
        asked, ended = threading.Event(), threading.Event()
        answer = self.api.on_GET

        def hold(where, query, body):
            asked.set()
            ended.wait(support.PATIENCE)
            return answer(where, query, body)

        self.api.on_GET = hold
        return asked, ended


class Apply(TestCase):
    def apply(self, case, source, name, *words):
        self.load(case)
        return self.appliance("create", source, name, "-n", "demo", "--apply", *words)

    def test_objects_are_owned_by_the_vm(self):
        result = self.apply("36-password-generate", "images/pw", "p1")
        self.assertEqual(result.returncode, 0, result.stderr)
        vm = self.api.get("virtualmachines", "demo", "p1")
        secret = self.api.get("secrets", "demo", "p1-init")
        self.assertEqual(secret["metadata"]["ownerReferences"], [{
            "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "name": "p1",
            "uid": vm["metadata"]["uid"],
        }])
        password = re.search(r"password of p1 is (\S+);", result.stderr)[1]
        user_data = base64.b64decode(secret["data"]["userdata"]).decode()
        self.assertIn(password, user_data)
        self.assertNotIn(password, result.stdout + json.dumps(vm))
        self.assertEqual(
            result.stdout.splitlines(),
            ["virtualmachines.kubevirt.io/p1 created", "secrets/p1-init created"],
        )

    def test_a_dry_run_comes_first(self):
        self.apply("36-password-generate", "images/pw", "p1")
        self.assertEqual([each["kind"] for each in self.api.dry], ["VirtualMachine", "Secret"])
        self.assertEqual([path for _, path in self.writes()],
                         ["virtualmachines", "secrets", "virtualmachines", "secrets"])

    def test_nothing_is_made_if_a_part_is_refused(self):
        self.api.put("secrets", {"metadata": {"namespace": "demo", "name": "p1-init"}})
        result = self.apply("36-password-generate", "images/pw", "p1")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("p1-init", result.stderr)
        self.assertNotIn("password of", result.stderr)
        self.assertIsNone(self.api.get("virtualmachines", "demo", "p1"))

    def test_the_vm_is_taken_back(self):
        """The dry run went well, and then the Secret fails."""
        self.load("36-password-generate")
        answer = self.api.on_POST

        def refuse(where, query, body):
            if where["plural"] == "secrets" and "dryRun" not in query:
                raise api_server.Failure(403, "Forbidden", "quota")
            return answer(where, query, body)

        self.api.on_POST = refuse
        result = self.appliance("create", "images/pw", "p1", "-n", "demo", "--apply")
        self.assertEqual(result.returncode, 1)
        self.assertIn("the VirtualMachine p1 was deleted again", result.stderr)
        self.assertNotIn("password of", result.stderr)
        self.assertIsNone(self.api.get("virtualmachines", "demo", "p1"))

    def test_an_interrupt_takes_the_vm_back(self):
        self.load("36-password-generate")
        asked, ended = threading.Event(), threading.Event()
        answer = self.api.on_POST

        def hold(where, query, body):
            if where["plural"] == "secrets" and "dryRun" not in query:
                asked.set()
                ended.wait(support.PATIENCE)
                raise api_server.Failure(503, "ServiceUnavailable", "too late")
            return answer(where, query, body)

        self.api.on_POST = hold
        self.addCleanup(ended.set)
        command = [HOOKCTL, "appliance", "create", "images/pw", "p1", "-n", "demo", "--apply",
                   "--kubeconfig", self.kubeconfig]
        process = self.spawn(command, env={**os.environ, "no_proxy": "*"}, stdout=-3, stderr=-1,
                             text=True)
        self.assertTrue(asked.wait(support.PATIENCE))
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=support.PATIENCE)[1]
        self.assertIn("the VirtualMachine p1 was deleted again", said)
        self.assertEqual(process.returncode, 6)
        self.assertIsNone(self.api.get("virtualmachines", "demo", "p1"))

    def test_a_vm_of_that_name(self):
        made = {"metadata": {"namespace": "demo", "name": "g1"}}
        for origin, said in [
            (None, "not from an appliance"),
            ("images/gen", "from the same appliance, images/gen"),
            ("images/x", "from another appliance, images/x"),
        ]:
            with self.subTest(origin):
                made["metadata"]["annotations"] = {"appliance.kubevirt.io/from": origin} if origin else {}
                self.api.put("virtualmachines", made)
                result = self.apply("23-generated-name", "images/gen", "g1")
                self.assertEqual((result.returncode, result.stdout), (1, ""))
                self.assertIn(f"there is a VirtualMachine demo/g1, {said}", result.stderr)

    def test_from_files(self):
        result = self.appliance("create", "-f", CASES / "23-generated-name.in.yaml", "g1", "-n", "demo",
                                "--apply")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIsNotNone(self.api.get("virtualmachines", "demo", "g1"))


class Rights(TestCase):
    def apply(self):
        self.load("23-generated-name")
        return self.appliance("create", "images/gen", "g1", "-n", "demo", "--apply")

    def test_what_is_asked(self):
        self.assertEqual(self.apply().returncode, 0)
        right = {"namespace": "images", "verb": "create", "group": "cdi.kubevirt.io",
                 "resource": "datavolumes", "subresource": "source"}
        self.assertEqual(self.api.reviews, [
            {"resourceAttributes": right},
            {"resourceAttributes": right, "user": "system:serviceaccount:demo:default",
             "groups": ["system:serviceaccounts", "system:serviceaccounts:demo",
                        "system:authenticated"]},
        ])

    def test_not_asked_in_the_same_namespace(self):
        self.load("23-generated-name")
        self.appliance("create", "images/gen", "g1", "-n", "images", "--apply")
        self.assertEqual(self.api.reviews, [])

    def refused(self, allowed):
        """Applies where only some are allowed; returns the message and the subjects of the roles."""
        self.api.allowed = allowed
        result = self.apply()
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertEqual(self.writes(), [])
        roles, message = result.stderr.split("hookctl appliance create: ")
        role, *bindings = [*yaml.safe_load_all(roles)]
        self.assertEqual(role["kind"], "Role")
        self.assertEqual({each["kind"] for each in bindings}, {"RoleBinding"})
        self.assertEqual(role["metadata"]["namespace"], "images")
        names = {each["metadata"]["name"] for each in bindings}
        self.assertEqual(len(names), len(bindings))  # one does not replace another
        subjects = [subject for each in bindings for subject in each["subjects"]]
        return message, [(each["kind"], each["name"]) for each in subjects]

    def test_the_service_account_may_not(self):
        message, subjects = self.refused(lambda spec: "user" not in spec)
        self.assertIn("the VM's service account demo/default may not clone", message)
        self.assertEqual(subjects, [("ServiceAccount", "default")])

    def test_the_user_may_not(self):
        message, subjects = self.refused(lambda spec: "user" in spec)
        self.assertIn("the user eve may not clone", message)
        self.assertEqual(subjects, [("User", "eve")])

    def test_neither_may(self):
        message, subjects = self.refused(lambda spec: False)
        self.assertIn("the user eve and the VM's service account demo/default", message)
        self.assertEqual(subjects, [("ServiceAccount", "default"), ("User", "eve")])

    def test_a_user_who_may_not_ask(self):
        self.api.fail("POST", "/subjectaccessreviews", 403)
        self.assertEqual(self.apply().returncode, 0)

    def test_print(self):
        self.load("42-print-rbac")
        result = self.appliance("create", "images/rb", "r1", "-n", "demo", "--print-rbac", "--apply")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual([each["kind"] for each in yaml.safe_load_all(result.stdout)],
                         ["Role", "RoleBinding"])
        self.assertEqual(self.writes(), [])


if __name__ == "__main__":
    support.main()
