#!/usr/bin/python3
"""hook-controller with a real API server under failures: a leader that is killed in a burst, an API
server that goes away and comes back, watches that are cut, a history that is compacted meanwhile,
and objects that are invalid or huge. Whatever happens, every VMI has exactly one launcher pod. The
controllers run outside the cluster, so that they can be killed; in test_launch.py one runs
inside."""

import json
import pathlib
import signal
import sys
import threading
import urllib.parse

import support

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from controller import Controller
from proxy import Proxy

SIDECARS = [{"image": "example.org/hook:1", "args": ["--version", "v1alpha3"]}] * 3
# The pods are to be created, not to run.
TEMPLATE = "spec: {nodeSelector: {hookline.dev/none: such}}"
CRD = support.ROOT / "deploy" / "initial" / "standalone" / "virtualmachineinstances.yaml"
QUICK_LEASE = ["--lease-duration=5s", "--lease-renew-deadline=3s", "--lease-retry=500ms"]


def is_scheduling(vmi):
    """Whether its pod has been created, according to its status."""
    return vmi.get("status", {}).get("phase") == "Scheduling"


def refused(vmi):
    """Whether its status says that no pod can be created for it."""
    conditions = vmi.get("status", {}).get("conditions", [])
    return any(condition.get("reason") == "InvalidMachine" for condition in conditions)


class Launch(support.ClusterCase):
    def setUp(self):
        super().setUp()
        self.apply(CRD.read_text(encoding="utf-8"))
        self.wait("crd/virtualmachineinstances.kubevirt.io", "condition=Established")
        self.addCleanup(self.kubectl, "delete", "vmi", "--all")
        self.config_map(
            "hookline-policy",
            "policy.yaml",
            "apiVersion: hookline.dev/v1alpha1\nkind: HostPathPolicy\n",
        )
        self.config_map("hookline-launcher-template", "template.yaml", TEMPLATE)

    def config_map(self, name, key, text):
        self.apply(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": name},
                "data": {key: text},
            }
        )

    def machine(self, name, **spec):
        small = {"devices": {}, "memory": {"guest": "64Mi"}}
        return support.launched_machine(name, SIDECARS, **{"domain": small, **spec})

    def create(self, *items):
        """Creates many VMIs, faster than apply does, and without apply's annotation."""
        self.kubectl(
            "create",
            "-f",
            "-",
            stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}),
        )

    def create_all(self, names):
        """Creates identical VMIs."""
        self.create(*map(self.machine, names))

    def write_status(self, name, status):
        """Creates a VMI with a foreign status, and then has it launched."""
        vmi = self.machine(name)
        del vmi["metadata"]["labels"]
        self.apply(vmi)
        vmi = {**self.get("vmi", name), "status": status}
        path = f"{vmi['apiVersion']}/namespaces/{self.namespace}/virtualmachineinstances/{name}"
        self.kubectl("replace", "--raw", f"/apis/{path}/status", "-f", "-", stdin=json.dumps(vmi))
        self.apply(self.machine(name))

    def start(self, kubeconfig=None):
        return Controller(
            self,
            f"--kubeconfig={kubeconfig or self.cluster.kubeconfig}",
            f"--namespace={self.namespace}",
            "--webhook-listen=",
            *QUICK_LEASE,
        )

    def proxied(self):
        """A proxy in front of the API server, and a kubeconfig that uses it."""
        config = json.loads(self.kubectl("config", "view", "--raw", "--minify", "-o", "json"))
        cluster = config["clusters"][0]["cluster"]
        server = urllib.parse.urlsplit(cluster["server"])
        proxy = Proxy((server.hostname, server.port or 443))
        self.addCleanup(proxy.close)
        cluster["server"] = f"https://127.0.0.1:{proxy.port}"
        cluster["tls-server-name"] = server.hostname
        return proxy, self.write("proxied.kubeconfig", json.dumps(config))

    def wait_for_pods(self, count):
        """Waits until this many VMIs are in phase Scheduling; checks that each has one pod."""
        self.wait_for_all("vmi", lambda vmis: sum(map(is_scheduling, vmis)) == count)
        owners = [pod["metadata"]["ownerReferences"][0]["uid"] for pod in self.get("pods")]
        self.assertEqual(len(owners), count)
        self.assertEqual(set(owners), {vmi["metadata"]["uid"] for vmi in self.get("vmi")})

    def test_leader_killed_in_a_burst(self):
        leader = self.start()
        leader.wait_log("this replica leads")
        other = self.start()
        other.wait_log("another replica leads")
        burst = threading.Thread(
            target=self.create_all, args=([f"vm-{number}" for number in range(200)],)
        )
        burst.start()
        self.wait_for_all("pods", lambda pods: len(pods) >= 20)
        leader.process.send_signal(signal.SIGKILL)
        other.wait_log("this replica leads")
        burst.join()
        self.wait_for_pods(200)

    def test_leader_wakes_up(self):
        """A leader that was stopped does not create pods twice, whatever requests it had in
        flight."""
        leader = self.start()
        leader.wait_log("this replica leads")
        other = self.start()
        other.wait_log("another replica leads")
        self.create_all(f"vm-{number}" for number in range(50))
        leader.process.send_signal(signal.SIGSTOP)
        other.wait_log("this replica leads")
        self.wait_for_pods(50)
        leader.process.send_signal(signal.SIGCONT)
        leader.wait_log("no longer leads")
        self.wait_for_pods(50)

    def test_api_server_restarted(self):
        if not self.cluster.breakable:
            self.skipTest("the provider cannot restart the API server")
        controller = self.start()
        controller.wait_log("this replica leads")
        self.create_all(f"before-{number}" for number in range(50))
        self.cluster.restart("kube-apiserver")
        self.create_all(f"after-{number}" for number in range(50))
        self.wait_for_pods(100)

    def test_watches_cut(self):
        proxy, kubeconfig = self.proxied()
        controller = self.start(kubeconfig)
        controller.wait_log("the caches are synced")
        for number in range(5):
            self.create_all(f"vm-{number}-{index}" for index in range(10))
            proxy.cut()
            proxy.mend()
        self.wait_for_pods(50)

    def test_history_compacted_meanwhile(self):
        """VMIs are created and deleted while the controller is cut off, and history is
        compacted."""
        if not self.cluster.breakable:
            self.skipTest("the provider cannot compact etcd's history")
        proxy, kubeconfig = self.proxied()
        controller = self.start(kubeconfig)
        controller.wait_log("the caches are synced")
        self.create_all(f"before-{number}" for number in range(20))
        self.wait_for_pods(20)
        proxy.cut()
        self.create_all(f"meanwhile-{number}" for number in range(20))
        self.kubectl("delete", "vmi", *(f"before-{number}" for number in range(10)))
        self.cluster.compact()
        self.cluster.restart("kube-apiserver")  # whose watch cache has its own history
        proxy.mend()
        # Kubernetes' garbage collector is slow to delete the pods of VMIs that were deleted
        # meanwhile.
        self.wait_for_all("pods", lambda pods: len(pods) == 30, timeout=4 * support.PATIENCE)
        self.wait_for_pods(30)

    def test_wrong_and_huge_objects(self):
        controller = self.start()
        controller.wait_log("the caches are synced")
        self.create(
            self.machine("domain", domain="none"),
            self.machine("volumes", domain={"devices": {"disks": 7}}, volumes="all"),
            self.machine("huge", domain={"devices": {}}, notes="x" * 1_000_000),
        )
        self.write_status("status", {"phase": 5, "conditions": "none"})
        self.create_all(["good"])
        for name in ("domain", "huge"):
            self.wait_for("vmi", refused, name)
        for name in ("good", "status", "volumes"):
            self.wait_for("vmi", is_scheduling, name)
        self.assertEqual(controller.get("/readyz")[0], 200)


if __name__ == "__main__":
    support.main()
