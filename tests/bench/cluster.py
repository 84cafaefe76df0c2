#!/usr/bin/python3
"""Measures hook-controller against a real API server: cluster.py OUTPUT.json. The controller runs
outside the cluster, as the administrator, with its default flags unless a row says otherwise.

PROVIDER=kind or existing uses an existing cluster. Otherwise the control plane of a local cluster
(tests/e2e/README.md) is started and removed, if its programs are already compiled."""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))  # before this folder, for the package cluster

import machines
from api import Api
from cluster import ProviderError, kubernetes, provider
from cluster.local import LocalCluster
from process import ROOT, BenchError, Controller, wait_until
from sample import Report, quantile

NAMESPACE, COPIES = "hookline-bench", "hookline-bench-curl"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CRD = ROOT / "deploy/initial/standalone/virtualmachineinstances.yaml"
# The pods are to be created, not to run.
TEMPLATE = "spec: {schedulerName: none}"
PARALLEL = 16  # like the controller's --launch-workers
MACHINES = 10000  # in the cache
BURST = 300
BURSTS, LATENCIES, STARTS, IDLES = 5, 40, 5, 3
IDLE_SECONDS = 30


class ControlPlane(LocalCluster):
    """A local cluster without a node and a scheduler, so that no pod runs."""

    def __init__(self):
        os.environ.setdefault("HOOKLINE_CLUSTER", "9")
        super().__init__()

    def start_all(self):
        for component in ("etcd", "kube-apiserver", "kube-controller-manager"):
            self.spawn(component)
            self.wait_ready(component)


@contextlib.contextmanager
def cluster():
    """The cluster to measure on. Raises BenchError if there is none."""
    if os.environ.get("PROVIDER", "local") != "local":
        there = provider()
        there.up()
        yield there
        return
    if os.geteuid() != 0:
        raise BenchError("a local cluster needs root (or set PROVIDER=existing and KUBECONFIG)")
    if not kubernetes.is_built():
        raise BenchError("Kubernetes is not compiled yet: make e2e PROVIDER=local does it")
    local = ControlPlane()
    if local.namespaces.keeper():
        raise BenchError(f"{local.kubeconfig.parent.name} is up: set HOOKLINE_CLUSTER to another")
    try:
        local.up()
        yield local
    finally:
        local.down()


def pods(namespace=NAMESPACE):
    """The path of the pods."""
    return f"/api/v1/namespaces/{namespace}/pods"


def vmis(namespace=NAMESPACE):
    """The path of the VMIs."""
    return f"/apis/kubevirt.io/v1/namespaces/{namespace}/virtualmachineinstances"


class Bench:
    """The measurements on one cluster."""

    def __init__(self, there, folder, report):
        self.folder, self.report = folder, report
        self.api = Api(there, folder)
        self.kubeconfig = there.kubeconfig
        (folder / "policy.yaml").write_text(machines.POLICY, "utf-8")

    @contextlib.contextmanager
    def objects(self):
        """Creates the namespaces and what the controller needs; the CRD of VMIs if there is
        none."""
        crd = yaml.safe_load(CRD.read_text("utf-8"))
        name = f"{CRDS}/{crd['metadata']['name']}"
        with contextlib.ExitStack() as stack:
            if self.api.request("GET", name)[0] == 404:
                self.api.must("POST", CRDS, crd)
                stack.callback(self.api.must, "DELETE", name)
            for namespace in (NAMESPACE, COPIES):
                text = {"kind": "Namespace", "metadata": {"name": namespace}}
                self.api.must("POST", "/api/v1/namespaces", text)
                stack.callback(self.api.must, "DELETE", f"/api/v1/namespaces/{namespace}")
                account = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
                wait_until(lambda: self.api.request("GET", account)[0] == 200, account)
            wait_until(lambda: self.api.request("GET", vmis())[0] == 200, "the VMIs' CRD")
            template = {
                "kind": "ConfigMap",
                "metadata": {"name": "hookline-launcher-template"},
                "data": {"template.yaml": TEMPLATE},
            }
            for item in (machines.CONFIG_MAP, template):
                self.api.must("POST", f"/api/v1/namespaces/{NAMESPACE}/configmaps", item)
            yield

    def controller(self, *flags):
        """A newly started controller."""
        return Controller(
            self.folder,
            f"--kubeconfig={self.kubeconfig}",
            f"--namespace={NAMESPACE}",
            f"--policy-file={self.folder}/policy.yaml",
            "--webhook-listen=",
            *flags,
        )

    def clear(self):
        """Removes all VMIs and pods."""
        for path in (vmis(), pods(), pods(COPIES)):
            self.api.must("DELETE", f"{path}?gracePeriodSeconds=0")
            wait_until(lambda at=path: self.api.count(at) == 0, f"{path} are deleted")

    def wait_for_pods(self, controller, count):
        """Waits until this many VMIs have their pods in the cache, and the queue is empty."""

        def done():
            now = controller.metrics()
            depth = sum(now[f'hookline_queue_depth{{state="{s}"}}'] for s in ("ready", "working"))
            cached = now['hookline_cached_objects{kind="Pod"}']
            return now["hookline_leader"] == 1 and cached == count and depth == 0

        wait_until(done, f"the pods of {count} machines")

    def measure_latency(self):
        """From the answer to the POST of a VMI to the event of its pod, one at a time."""
        values = []
        with self.controller() as controller:
            controller.wait_ready()
            self.wait_for_pods(controller, 0)
            watch = self.api.watch(pods())
            for number in range(LATENCIES):
                self.api.must("POST", vmis(), machines.machine(f"single-{number}"))
                begin = time.monotonic()
                watch.wait_for(lambda seen, count=number + 1: len(seen) == count, "a pod")
                values.append((max(watch.seen.values()) - begin) * 1000)
                self.wait_for_pods(controller, number + 1)
        self.report.add("launch: from a VMI's creation to its pod's", "ms", values)

    def burst(self, run):
        """Pods per second created by a running controller that sees all VMIs at once, by one curl
        for the same pods one after another, and by curl PARALLEL at a time; and the milliseconds of
        curl's single requests."""
        items = [machines.machine(f"burst-{run}-{number}") for number in range(BURST)]
        with self.controller() as controller:
            controller.wait_ready()
            self.wait_for_pods(controller, 0)
            # The controller is stopped meanwhile: we measure the creation of pods, not of VMIs.
            with controller.stopped():
                self.api.post_all(vmis(), items, PARALLEL)
                watch = self.api.watch(pods())
                begin = time.monotonic()
            watch.wait_for(lambda seen: len(seen) == BURST, f"{BURST} pods")
            ours = BURST / (max(watch.seen.values()) - begin)
            self.wait_for_pods(controller, BURST)
        copies = [bare(pod) for pod in self.api.must("GET", pods())["items"]]
        serial, times = self.api.post_all(pods(COPIES), copies)
        for copy in copies:
            copy["metadata"]["name"] += "-p"
        parallel, _ = self.api.post_all(pods(COPIES), copies, PARALLEL)
        self.clear()
        return ours, BURST / serial, BURST / parallel, quantile(sorted(times), 0.5) * 1000

    def measure_bursts(self):
        """Pods per second, and how that compares with curl."""
        runs = [self.burst(run) for run in range(BURSTS)]
        ours, serial, parallel, single = zip(*runs)
        ratio = [run[0] / run[1] for run in runs]
        what = f"launch: a burst of {BURST} VMIs"
        self.report.add(f"{what}: pods", "/s", ours)
        self.report.add(f"{what}: the same pods by one curl, one after another", "/s", serial)
        self.report.add(f"{what}, as a multiple of that curl", "×", ratio, "0.8")
        self.report.add(f"{what}: the same pods by one curl, {PARALLEL} at a time", "/s", parallel)
        self.report.add("one POST of such a pod, as curl sees it", "ms", single)

    def measure_many(self):
        """Memory with many VMIs and their pods in the cache, and activity while idle."""
        flags = ["--kube-qps=5000", "--kube-burst=5000"]
        with self.controller(*flags) as controller:
            for first in range(0, MACHINES, 1000):
                names = (f"many-{number}" for number in range(first, first + 1000))
                self.api.post_all(vmis(), list(map(machines.machine, names)), PARALLEL)
            self.wait_for_pods(controller, MACHINES)
            self.add_memory("that it has made", [controller.memory()])
        starts = []
        for start in range(STARTS):
            with self.controller() as controller:
                controller.wait_ready()
                self.wait_for_pods(controller, MACHINES)
                starts.append(controller.memory())
                if start == STARTS - 1:
                    self.add_memory("after a start", starts)
                    self.measure_idle(controller)

    def add_memory(self, which, values):
        """Rows of resident and private memory."""
        name = f"controller with {MACHINES} VMIs and their pods in its cache, {which}"
        for kind, sizes in zip(("resident", "private"), zip(*values)):
            self.report.add(f"{name}: {kind}", "MiB", sizes, "40 MiB")

    def measure_idle(self, controller):
        """The leader's activity while nothing happens."""
        time.sleep(IDLE_SECONDS)  # until the last Event is written and the caches have settled
        runs = []
        for _ in range(IDLES):
            before = controller.work()
            time.sleep(IDLE_SECONDS)
            after = controller.work()
            runs.append([now - then for then, now in zip(before, after)])
        name = f"controller that leads, idle for {IDLE_SECONDS} s"
        cpu, sleeps = zip(*runs)
        self.report.add(f"{name}: CPU time", "ms", cpu, "no polling")
        self.report.add(f"{name}: it went to sleep", "times", sleeps, "no polling")


def bare(pod):
    """A pod as it was posted, for another namespace, without an owner there."""
    metadata = {key: pod["metadata"][key] for key in ("name", "labels", "annotations")}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod["spec"]}


def main():
    """Measures, or prints why it cannot."""
    try:
        with cluster() as there, tempfile.TemporaryDirectory(prefix="hookline-bench-") as folder:
            report = Report(pathlib.Path(sys.argv[1]))
            bench = Bench(there, pathlib.Path(folder), report)
            with bench.objects():
                bench.measure_latency()
                bench.clear()
                bench.measure_bursts()
                bench.measure_many()
    except (BenchError, ProviderError) as error:
        print(f"no figures of hook-controller in a cluster: {error}", file=sys.stderr)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        print(f"no figures of hook-controller in a cluster: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
