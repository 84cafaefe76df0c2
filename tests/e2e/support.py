"""Shared by the end-to-end tests: the cluster, our images on it, kubectl, and waiting with watches.

A test file runs in `make e2e` or alone: it starts the cluster, loads the images that are built, and
leaves both for the next file. PROVIDER selects the cluster (tests/e2e/README.md)."""

import http.client
import json
import pathlib
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[2] / "deploy" / "images"))

import oci
from cluster import provider
from integration.support import BUILD, PATIENCE, ROOT, TestCase, main, poll, program, run


VERSION = (ROOT / "VERSION").read_text(encoding="utf-8").strip()
LOGS = BUILD / "e2e" / "logs"
INITIAL = ROOT / "deploy" / "initial"
# The minor version of Kubernetes since which API servers have match conditions.
MATCH_CONDITIONS = 28
# What the Pod Security Standard "restricted" requires of a pod, and more.
RESTRICTED_POD = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
RESTRICTED = {
    "runAsUser": 107,
    "runAsGroup": 107,
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
# Arguments for kubectl: the namespace of Hookline, and its replicas.
SYSTEM = ["--namespace=hookline-system"]
# The tests read the metrics through the API server, which the NetworkPolicy of deploy/ does not let in.
METRICS_READERS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "metrics-readers", "namespace": "hookline-system"},
    "spec": {
        "podSelector": {"matchLabels": {"app.kubernetes.io/component": "controller"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"ports": [{"protocol": "TCP", "port": 8080}]}],
    },
}
CONTROLLER = ["--selector=app.kubernetes.io/component=controller"]
# What a replica logs when the policy changes.
POLICY_READ = "using the policy of|everything that needs a policy is denied|no hostPath is allowed"


def image(name):
    """The full name of one of our images."""
    return f"ghcr.io/hookline/{name}:{VERSION}"


def manifest(*objects):
    """Objects, given as dictionaries or as text, in the form that kubectl reads."""
    texts = [item if isinstance(item, str) else json.dumps(item) for item in objects]
    return "".join(f"---\n{text}\n" for text in texts)  # begun with a brace, it would be one object


class KubectlError(Exception):
    """kubectl failed; the text is its standard error."""


class ClusterCase(TestCase):
    """A test on the cluster, in its own namespace (self.namespace), which is deleted after it. When
    it fails, the contents of the namespace and the cluster's logs are kept in build/e2e/logs."""

    cluster = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if ClusterCase.cluster is None:
            ClusterCase.cluster = provider()
            ClusterCase.cluster.up()
            for archive in sorted((BUILD / "images").glob("*.tar")):
                ClusterCase.cluster.load(archive)

    def setUp(self):
        super().setUp()
        # In a copy we can set the default namespace; with --namespace, kubectl would refuse objects
        # of any other.
        self.kubeconfig = self.write("kubeconfig", self.cluster.kubeconfig.read_bytes())
        name = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "test-"}}
        created = self.kubectl("create", "-f", "-", "-o", "json", stdin=json.dumps(name))
        self.namespace = json.loads(created)["metadata"]["name"]
        self.kubectl("config", "set-context", "--current", f"--namespace={self.namespace}")
        self.addCleanup(self.kubectl, "delete", "namespace", self.namespace, "--wait=false")
        self.addCleanup(self.collect_if_failed)
        self.proxy = None
        self.connections = threading.local()
        # Pods need it, and it is created a moment after the namespace.
        self.wait_for("serviceaccount", lambda account: account["metadata"]["name"] == "default")

    # kubectl

    def command(self, *words):
        """A kubectl command for our cluster, and for our namespace unless words say otherwise."""
        start = [self.cluster.kubectl, f"--kubeconfig={self.kubeconfig}"]
        return [*start, *(str(word) for word in words)]

    def try_kubectl(self, *words, stdin=""):
        """Runs kubectl and returns its returncode, stdout and stderr."""
        return run(self.command(*words), stdin=stdin)

    def kubectl(self, *words, stdin=""):
        """Runs kubectl and returns its standard output. Raises KubectlError."""
        done = self.try_kubectl(*words, stdin=stdin)
        if done.returncode != 0:
            raise KubectlError(f"kubectl {' '.join(map(str, words))}: {done.stderr.strip()}")
        return done.stdout

    def get(self, kind, name=None, *words):
        """An object, or without a name, the list of all objects of a kind."""
        if name is not None:
            return json.loads(self.kubectl("get", kind, name, "-o", "json", *words))
        return json.loads(self.kubectl("get", kind, "-o", "json", *words))["items"]

    def apply(self, *objects):
        """Applies objects, given as dictionaries or as text, and returns kubectl's standard output
        and error, with warnings. Raises KubectlError."""
        done = self.try_kubectl("apply", "-f", "-", stdin=manifest(*objects))
        if done.returncode != 0:
            raise KubectlError(done.stderr.strip())
        return done.stdout + done.stderr

    def ask(self, method, path, body=None, kind="application/json"):
        """Sends a request, whose body is an object or text, to the API server through kubectl proxy.
        Returns the code and the object or Status in the answer. After the first call, other threads
        may call it too."""
        code, text = self.exchange(method, path, body, kind)
        return code, json.loads(text)

    def read(self, path):
        """The text at a path of the API server, even if the answer is a failure."""
        return self.exchange("GET", path, None, "text/plain")[1]

    def exchange(self, method, path, body, kind):
        """Sends one request through kubectl proxy; returns the code, and the body as text."""
        if self.proxy is None:
            words = self.follow("proxy", "--port=0").readline().split()
            self.proxy = words[-1]  # Starting to serve on 127.0.0.1:40001
        if not hasattr(self.connections, "http"):
            self.connections.http = http.client.HTTPConnection(self.proxy, timeout=PATIENCE)
            self.addCleanup(self.connections.http.close)
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        self.connections.http.request(method, path, text, {"Content-Type": kind})
        answer = self.connections.http.getresponse()
        return answer.status, answer.read().decode()

    def follow(self, *words):
        """Starts kubectl and returns its standard output as a stream, for wait_for_line()."""
        return self.spawn(self.command(*words), stdout=subprocess.PIPE, text=True).stdout

    def logs(self, pod, container):
        """What a container has logged so far."""
        return self.kubectl("logs", pod, "--container", container)

    # Waiting

    def wait(self, target, condition, timeout=PATIENCE):
        """Waits for a condition that kubectl supports, such as condition=Ready, of an object such
        as pod/NAME. Raises KubectlError."""
        self.kubectl("wait", target, f"--for={condition}", f"--timeout={timeout}s")

    def wait_for(self, kind, wanted, *words, timeout=PATIENCE):
        """Watches the objects of a kind until wanted(object) is true for one, which is returned.
        words go to kubectl get: a name, a selector, another namespace."""
        return self.wait_for_all(
            kind,
            lambda objects: next((item for item in objects if wanted(item)), None),
            *words,
            timeout=timeout,
        )

    def wait_for_all(self, kind, wanted, *words, timeout=PATIENCE):
        """Watches the objects of a kind until wanted(list of all) is true; returns what it
        returned. It is called after each change. If the watch ends, for example because the API
        server is down, it is started again."""
        deadline = time.monotonic() + timeout
        seen = {}

        def watch():
            seen.clear()
            for event in self.watch(kind, *words, deadline=deadline):
                key = event["object"]["metadata"]["uid"]
                if event["type"] == "DELETED":
                    seen.pop(key, None)
                else:
                    seen[key] = event["object"]
                result = wanted(list(seen.values()))
                if result:
                    return result
            return None

        result = poll(watch, timeout)
        if result:
            return result
        told = {item["metadata"]["name"]: item.get("status") for item in seen.values()}
        text = json.dumps(told, indent=1)
        return self.fail(f"{kind} did not reach the expected state in {timeout} s:\n{text}")

    def wait_until_gone(self, kind, *words, timeout=PATIENCE):
        """Waits until all current objects of a kind are gone."""
        words = ["wait", "--for=delete", kind, "--all", f"--timeout={timeout}s", *words]
        done = self.try_kubectl(*words)
        if done.returncode != 0 and "no matching resources found" not in done.stderr:
            self.fail(done.stderr)

    def watch(self, kind, *words, deadline):
        """The events of a watch as dictionaries with type and object, first ADDED for all existing
        objects, until the watch ends or the deadline passes."""
        command = self.command("get", kind, *words, "-o", "json", "--watch")
        kubectl = subprocess.Popen(
            [*command, "--output-watch-events"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        killer = threading.Timer(max(deadline - time.monotonic(), 0), kubectl.kill)
        killer.start()
        try:
            for line in kubectl.stdout:
                yield json.loads(line)
        finally:
            killer.cancel()
            kubectl.kill()
            kubectl.wait()
            kubectl.stdout.close()

    def wait_for_end(self, pod, container, timeout=PATIENCE):
        """Waits until a container of a pod has ended, and returns its exit status."""

        def end(item):
            statuses = item.get("status", {}).get("containerStatuses", [])
            states = {status["name"]: status["state"] for status in statuses}
            return states.get(container, {}).get("terminated")

        return end(self.wait_for("pod", end, pod, timeout=timeout))["exitCode"]

    # Hookline

    def minor_version(self):
        """The minor version, such as 20 for Kubernetes 1.20."""
        server = json.loads(self.kubectl("version", "-o", "json"))["serverVersion"]
        return int(server["minor"].rstrip("+"))

    def overlay_folder(self, name):
        """The directory of the overlay for the cluster: NAME, NAME-1.20 or NAME-since-1.28."""
        minor = self.minor_version()
        suffix = "-1.20" if minor < 21 else "-since-1.28" if minor >= MATCH_CONDITIONS else ""
        return ROOT / "deploy" / "overlays" / (name + suffix)

    def overlay(self, name):
        """All objects of an installation as dictionaries: those that are created once, and those of
        the overlay for the cluster."""
        objects = []
        for folder in (INITIAL / name, self.overlay_folder(name)):
            output = self.kubectl("create", "--dry-run=client", "-o", "json", "-k", folder)
            for item in json_values(output):
                objects += item["items"] if item["kind"] == "List" else [item]
        return objects

    def install(self, objects, add_cleanup=None):
        """Applies the objects of an overlay, waits until every replica of hook-controller is ready,
        and registers their removal, by default as a cleanup of the test."""
        objects = [*objects, METRICS_READERS]
        if any(item["kind"] == "CustomResourceDefinition" for item in objects):
            self.require_kinds_of_our_own()
        (add_cleanup or self.addCleanup)(self.uninstall, objects)
        # A kind is available a moment after its definition.
        kinds = ("Namespace", "CustomResourceDefinition")
        first = [item for item in objects if item["kind"] in kinds]
        self.apply(*first)
        for item in first:
            if item["kind"] == "CustomResourceDefinition":
                self.wait(f"crd/{item['metadata']['name']}", "condition=Established")
        self.apply(*(item for item in objects if item not in first))
        words = ["rollout", "status", "deployment/hook-controller", f"--timeout={PATIENCE}s"]
        self.kubectl(*words, "--namespace=hookline-system")

    def require_kinds_of_our_own(self):
        """Skips the test if the kind of the VMIs is not Hookline's, or if there are VMIs, which
        would be lost."""
        name = "virtualmachineinstances.kubevirt.io"
        words = ["get", "crd", name, "--ignore-not-found", "-o", "jsonpath={.metadata.labels}"]
        labels = self.kubectl(*words)
        if labels and '"app.kubernetes.io/name":"hookline"' not in labels:
            self.skipTest(f"the cluster's {name} is not Hookline's")
        if labels and self.kubectl("get", name, "-A", "-o", "name"):
            self.skipTest(f"the cluster has machines of the kind {name}")

    def uninstall(self, objects):
        """Deletes objects; missing ones are not an error."""
        self.kubeconfig = self.cluster.kubeconfig  # ours may have been removed with the test
        text = manifest(*reversed(objects))
        self.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=text)

    # Images and pods

    def load_image(self, name, files):
        """Builds an image with BusyBox and files, a map from paths in the image to local paths, and
        loads it on the nodes. Returns its full name."""
        tree = oci.Tree()
        tree.copy("/bin/busybox")
        for command in run(["/bin/busybox", "--list"]).stdout.split():
            tree.link(f"/usr/bin/{command}", "/bin/busybox")
        for path, source in files.items():
            tree.copy(source, path)
        reference = f"localhost/hookline-test/{name}:{VERSION}"
        archive = self.tmp / f"{name}.tar"
        oci.write_archive(archive, reference, tree)
        self.cluster.load(archive)
        return reference

    def pod(self, name, *containers, volumes=()):
        """A pod with that name whose containers are as restricted as Kubernetes allows."""
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": 5,
                "securityContext": RESTRICTED_POD,
                "containers": [{"securityContext": RESTRICTED, **item} for item in containers],
                "volumes": list(volumes),
            },
        }

    # Failures

    def collect_if_failed(self):
        """Keeps diagnostics of a failed test."""
        result = self._outcome.result
        if not any(test is self for test, _ in result.failures + result.errors):
            return
        folder = LOGS / self.id()
        folder.mkdir(parents=True, exist_ok=True)
        for kind in ("events", "pods", "all"):
            done = self.try_kubectl("get", kind, "-A", "-o", "yaml")
            (folder / f"{kind}.yaml").write_text(done.stdout + done.stderr, encoding="utf-8")
        for where in (self.namespace, "hookline-system"):
            for pod in self.get("pods", None, f"--namespace={where}"):
                name = pod["metadata"]["name"]
                words = ["logs", name, "--all-containers", "--prefix", f"--namespace={where}"]
                done = self.try_kubectl(*words)
                (folder / f"{where}_{name}.log").write_text(done.stdout + done.stderr)
        self.cluster.collect(folder)
        print(f"# the state of the cluster is in {folder}", flush=True)


class InstalledCase(ClusterCase):
    """A test with Hookline installed on the cluster, once for all tests of the class."""

    installed = False

    def setUp(self):
        super().setUp()
        self.installed_now()

    def installed_now(self):
        """Installs it, unless an earlier test has."""
        if not self.installed:
            self.install(self.objects(), self.addClassCleanup)
            if not poll(lambda: review_machine(self)[0] and review_pod(self), PATIENCE):
                self.fail("the API server does not call the webhooks")
            type(self).installed = True

    def objects(self):
        """The objects to install; a class may replace or change them."""
        return self.overlay("standalone")

    def replicas(self):
        """The names of hook-controller's pods that are not terminating."""
        pods = self.get("pods", None, *CONTROLLER, *SYSTEM)
        return [
            pod["metadata"]["name"]
            for pod in pods
            if "deletionTimestamp" not in pod["metadata"]
        ]

    def set_policy(self, text):
        """Changes the policy to another text, and waits until every replica has read it."""
        before = {pod: self.kubectl("logs", pod, *SYSTEM) for pod in self.replicas()}
        patch = json.dumps({"data": {"policy.yaml": text}})
        self.kubectl("patch", "configmap", "hookline-policy", f"--patch={patch}", *SYSTEM)
        for pod, log in before.items():
            stream = self.follow("logs", "--follow", pod, *SYSTEM)
            for _ in range(len(re.findall(POLICY_READ, log)) + 1):
                while not re.search(POLICY_READ, next(stream)):
                    pass

    def rolled_out(self):
        """Waits until every replica is current and ready, and the old ones are gone."""
        words = ["rollout", "status", "deployment/hook-controller", *SYSTEM]
        self.kubectl(*words, f"--timeout={PATIENCE}s")
        self.wait_for_all("pods", lambda pods: len(pods) == 2, *CONTROLLER, *SYSTEM)

    def page(self, pod, path):
        """A page from a replica's port for metrics and health."""
        return self.kubectl(
            "get", "--raw", f"/api/v1/namespaces/hookline-system/pods/{pod}:8080/proxy/{path}"
        )

    def metrics(self, pod):
        """The metrics of a replica: values by series, with the labels as printed."""
        lines = self.page(pod, "metrics").splitlines()
        series = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in series}

    def reviews(self):
        """Keeps sending reviews while a test breaks things; see Reviews."""
        return Reviews(self)


class Reviews:
    """Creates machines with an invalid annotation, one after the other (as a dry run), for as long
    as the context lasts. A missing webhook would let them pass: each must be refused."""

    def __init__(self, case):
        self.case = case
        self.thread = threading.Thread(target=self.work)
        self.ended = threading.Event()
        self.refused = 0
        self.faults = []

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def work(self):
        """Creates machines until the context ends."""
        while not self.ended.is_set():
            refused, answer = review_machine(self.case)
            if refused:
                self.refused += 1
            else:
                self.faults.append(answer)


FAULTY = [{"hostPath": {"path": "relative"}}]


def review_machine(case):
    """Creates a machine with an invalid annotation, as a dry run. Returns whether it was refused
    for that, and the answer."""
    path = f"/apis/kubevirt.io/v1/namespaces/{case.namespace}/virtualmachineinstances?dryRun=All"
    code, answer = case.ask("POST", path, machine("reviewed", FAULTY))
    return code == 422 and "hostPath.path" in answer["message"], answer


def review_pod(case):
    """Creates a launcher pod with that annotation, as a dry run. Returns whether it was refused."""
    metadata = machine("reviewed", FAULTY)["metadata"]
    metadata["labels"] = {"kubevirt.io": "virt-launcher"}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [{"name": "compute", "image": "none"}]},
    }
    path = f"/api/v1/namespaces/{case.namespace}/pods?dryRun=All"
    code, answer = case.ask("POST", path, pod)
    return code == 422 and "hostPath.path" in answer["message"]


def machine(name, sidecars=None, **spec):
    """A VirtualMachineInstance; sidecars, a list or text, become its annotation."""
    metadata = {"name": name}
    if sidecars is not None:
        text = sidecars if isinstance(sidecars, str) else json.dumps(sidecars)
        metadata["annotations"] = {"hooks.kubevirt.io/hookSidecars": text}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": metadata,
        "spec": {"domain": {"devices": {}}, **spec},
    }


def launched_machine(name, sidecars=None, **spec):
    """A machine that Hookline launches."""
    vmi = machine(name, sidecars, **spec)
    vmi["metadata"]["labels"] = {"hookline.dev/launch": "true"}
    return vmi


def owned_by(vmi):
    """The owner reference of a VMI's pod."""
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "name": vmi["metadata"]["name"],
        "uid": vmi["metadata"]["uid"],
        "controller": True,
    }


def targets(endpoints):
    """The names of the pods behind a Service."""
    return [
        address["targetRef"]["name"]
        for subset in endpoints.get("subsets", [])
        for address in subset.get("addresses", [])
    ]


def processes(pods):
    """The /proc directories of these pods' controllers, if they run on this machine."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
            name = (process / "comm").read_text(encoding="utf-8").strip()
        except OSError:
            continue
        ours = any(f"POD_NAME={pod}".encode() in environment for pod in pods)
        if ours and name == "hook-controller":
            found.append(process)
    return found


def json_values(text):
    """The JSON values in a text, one after another."""
    decoder = json.JSONDecoder()
    while text:
        value, end = decoder.raw_decode(text)
        text = text[end:].lstrip()
        yield value
