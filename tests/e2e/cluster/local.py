"""A real single-node Kubernetes on this machine, from Debian's packages only, without a container
engine: etcd, API server, controller manager, scheduler, containerd, kubelet and kube-proxy, all in
their own namespaces (namespaces.py). It needs root.

The control plane is on this machine's network, at its own loopback addresses except for the API
server; the node has its own network behind a veth pair. This machine can reach the node, its pods
and the services; they can reach this machine only at the API server's address, and nothing beyond
it. There is no DNS. Images come only from load(): a pod's imagePullPolicy must not be Always.

HOOKLINE_CLUSTER (0 to 9, default 0) is the cluster's number: clusters of different numbers share
only the compiled programs. HOOKLINE_CLUSTER_DIR is the directory for their states, HOOKLINE_CACHE
that of the programs."""

import base64
import contextlib
import datetime
import fcntl
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request

from . import kubernetes
from .namespaces import Namespaces, Process
from .provider import ROOT, Provider, ProviderError, say

sys.path.insert(0, str(ROOT / "deploy/images"))
sys.path.insert(1, str(ROOT / "tests"))
import oci
from polling import poll

CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
NODE = ("containerd", "kubelet", "kube-proxy")
COMPONENTS = (*CONTROL_PLANE, *NODE)
PAUSE_IMAGE = "localhost/hookline/pause:1"
# Bounds a start that hangs; each normally takes a few seconds.
PATIENCE = 120
# An API server with watchers takes a minute to terminate.
TERM_PATIENCE = 5


class LocalCluster(Provider):
    """The cluster with this number."""

    name = "local"
    breakable = True

    def __init__(self):
        os.environ["PATH"] += ":/usr/sbin:/sbin"
        number = os.environ.get("HOOKLINE_CLUSTER", "0")
        if len(number) != 1 or not number.isdigit():
            raise ProviderError(f"HOOKLINE_CLUSTER must be a number from 0 to 9, not {number!r}")
        base = os.environ.get("HOOKLINE_CLUSTER_DIR", "/var/lib/hookline")
        self.state = pathlib.Path(base).resolve() / f"cluster-{number}"
        self.kubeconfig = self.state / "kubeconfig"
        self.kubectl = str(kubernetes.PROGRAMS / "kubectl")
        self.host, self.node = f"10.98.{number}.1", f"10.98.{number}.2"
        self.loopback = f"127.98.{number}.1"
        self.pods, self.services = f"10.20{number}.0.0/16", f"10.21{number}.0.0/16"
        self.cgroup = f"/hookline-{number}"
        self.namespaces = Namespaces(self.state, f"hookline{number}")
        self.etcd = f"http://{self.loopback}:2379"
        self.containerd = self.state / "node/run/containerd/containerd.sock"

    # Life

    def build(self):
        """Compiles Kubernetes unless the cache has it."""
        with self.lock():
            kubernetes.build(say)

    def up(self):
        self.require_root()
        self.build()
        with self.lock():
            if (self.state / "up").exists() and self.namespaces.keeper():
                say(f"{self.kubeconfig.parent.name} is up already")
                return
            self.clear()
            self.state.mkdir(mode=0o700, parents=True)
            for name in ("pki", "log", "pid", "etcd"):
                (self.state / name).mkdir()
            self.write_credentials()
            program = kubernetes.PROGRAMS / "pause"
            self.namespaces.create(program, self.host, self.node)
            self.route()
            self.start_all()
            (self.state / "up").touch()

    def down(self):
        self.require_root()
        with self.lock():
            self.clear()

    def clear(self):
        """Removes the cluster, or what a failed up() has left."""
        _, state = self.namespaces.owner()
        if state not in (None, str(self.state)):
            raise ProviderError(f"a cluster with this number is up, with its state in {state}")
        self.namespaces.destroy()
        for group in self.cgroups():
            remove_cgroup(group)
        if self.state.exists():
            shutil.rmtree(self.state)
        with contextlib.suppress(OSError):
            self.state.parent.rmdir()

    @contextlib.contextmanager
    def lock(self):
        """Holds the lock of the cache: only one process at a time builds, starts or ends
        clusters."""
        kubernetes.PROGRAMS.mkdir(parents=True, exist_ok=True)
        with open(kubernetes.PROGRAMS / "lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @staticmethod
    def require_root():
        """Namespaces, mounts and addresses need root."""
        if os.geteuid() != 0:
            raise ProviderError("the local cluster needs root")

    def start_all(self):
        """Starts the components in the order of their dependencies; independent ones in
        parallel."""
        self.write_node_configuration()
        say("starting etcd, the API server and containerd")
        self.spawn("etcd")
        self.spawn("containerd")
        self.wait_ready("etcd")
        self.spawn("kube-apiserver")
        self.wait_ready("containerd")
        self.load_pause()
        self.wait_ready("kube-apiserver")
        rest = [name for name in COMPONENTS if not self.pid_file(name).exists()]
        say("starting " + ", ".join(rest))
        for name in rest:
            self.spawn(name)
        for name in rest:
            self.wait_ready(name)
        # The label by which KubeVirt's pods select their node.
        patch = {"metadata": {"labels": {"kubevirt.io/schedulable": "true"}}}
        self.request("/api/v1/nodes/node", patch)

    # What is on it

    def load(self, archive):
        if not self.containerd.is_socket():
            raise ProviderError("the cluster is not up")
        images = ["ctr", "--address", self.containerd, "--namespace", "k8s.io", "images"]
        name, digest = oci.identity(archive)
        if digest not in command(*images, "list", f"name=={name}"):
            command(*images, "import", archive)

    def load_pause(self):
        """Loads the pause image."""
        tree = oci.Tree()
        tree.copy(kubernetes.PROGRAMS / "pause", "/pause")
        archive = self.state / "pause.tar"
        oci.write_archive(archive, PAUSE_IMAGE, tree, entrypoint=["/pause"])
        self.load(archive)
        archive.unlink()

    # Breaking it

    def kill(self, component, number=signal.SIGKILL):
        """Sends a component a signal. After KILL and TERM, waits until it is gone."""
        process = self.process(component)
        if process is None or not process.is_alive():
            raise ProviderError(f"{component} is not running")
        if number == signal.SIGTERM:
            process.end(signal.SIGTERM, TERM_PATIENCE) or process.end(signal.SIGKILL)
        elif number == signal.SIGKILL:
            process.end(signal.SIGKILL)
        else:
            process.end(number, 0)

    def start(self, component):
        """Starts a component that was killed, and waits until it is ready."""
        process = self.process(component)
        if process is not None and process.is_alive():
            raise ProviderError(f"{component} is running")
        self.spawn(component)
        self.wait_ready(component)

    def restart(self, component):
        """Ends a component and starts it again."""
        self.kill(component, signal.SIGTERM)
        self.start(component)

    def compact(self):
        """Compacts etcd's history up to now: no watch can start from an older revision."""
        etcdctl = ["etcdctl", "--endpoints", self.etcd]
        environment = {**os.environ, "ETCDCTL_API": "3"}
        status = json.loads(
            command(*etcdctl, "endpoint", "status", "--write-out=json", env=environment)
        )
        revision = status[0]["Status"]["header"]["revision"]
        command(*etcdctl, "compact", "--physical", revision, env=environment)
        return revision

    def drop(self):
        """Resets the pods' current connections to the API server."""
        ours = ["src", f"{self.host}:6443", "dst", self.pods]
        command("ss", "--kill", "--tcp", "--numeric", "state", "established", *ours)

    def cut(self):
        """Cuts the pods off from the API server: their connections to it are reset, and new ones
        refused, until mend()."""
        self.namespaces.run("iptables", "-w", "-I", *self.cut_rule(), network=True)
        self.drop()

    def mend(self):
        """Ends what cut() did."""
        self.namespaces.run("iptables", "-w", "-D", *self.cut_rule(), network=True)

    def cut_rule(self):
        """The rule that refuses the pods' packets to the API server."""
        reject = ["-j", "REJECT", "--reject-with", "tcp-reset"]
        return ["FORWARD", "-p", "tcp", "-d", self.host, "--dport", "6443", *reject]

    def logs(self, component):
        """What a component has logged."""
        if component not in COMPONENTS:
            raise ProviderError(f"no component {component}: there are {', '.join(COMPONENTS)}")
        log = self.state / "log" / component
        if not log.exists():
            raise ProviderError(f"{component} was never started")
        return log.read_text(encoding="utf-8", errors="replace")

    def collect(self, directory):
        for log in sorted((self.state / "log").glob("*")):
            shutil.copy(log, directory / f"{log.name}.log")

    # Components

    def pid_file(self, component):
        """The file that records the process of a component."""
        if component not in COMPONENTS:
            raise ProviderError(f"no component {component}: there are {', '.join(COMPONENTS)}")
        return self.state / "pid" / component

    def process(self, component):
        """The process of a component, which may have ended; None if it was never started."""
        try:
            return Process.parse(self.pid_file(component).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def spawn(self, component):
        """Starts a component without waiting for it."""
        words = getattr(self, component.replace("-", "_") + "_command")()
        log = self.state / "log" / component
        process = self.namespaces.spawn(log, words, network=component in NODE)
        self.pid_file(component).write_text(str(process), encoding="utf-8")

    def etcd_command(self):
        peer = f"http://{self.loopback}:2380"
        return [
            "etcd",
            f"--data-dir={self.state}/etcd",
            f"--listen-client-urls={self.etcd}",
            f"--advertise-client-urls={self.etcd}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
        ]

    def kube_apiserver_command(self):
        pki = self.state / "pki"
        return [
            kubernetes.PROGRAMS / "kube-apiserver",
            f"--etcd-servers={self.etcd}",
            f"--bind-address={self.host}",
            "--secure-port=6443",
            f"--tls-cert-file={pki}/server.crt",
            f"--tls-private-key-file={pki}/server.key",
            f"--client-ca-file={pki}/ca.crt",
            f"--token-auth-file={pki}/tokens.csv",
            "--authorization-mode=RBAC",
            f"--service-cluster-ip-range={self.services}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={pki}/service-accounts.key",
            f"--service-account-signing-key-file={pki}/service-accounts.key",
            "--allow-privileged=true",
            "--kubelet-preferred-address-types=InternalIP",
        ]

    def kube_controller_manager_command(self):
        pki = self.state / "pki"
        return [
            kubernetes.PROGRAMS / "kube-controller-manager",
            f"--kubeconfig={self.kubeconfig}",
            f"--service-account-private-key-file={pki}/service-accounts.key",
            f"--root-ca-file={pki}/ca.crt",
            "--leader-elect=false",
            f"--bind-address={self.loopback}",
            "--port=0",
        ]

    def kube_scheduler_command(self):
        return [
            kubernetes.PROGRAMS / "kube-scheduler",
            f"--kubeconfig={self.kubeconfig}",
            "--leader-elect=false",
            f"--bind-address={self.loopback}",
            "--port=0",
        ]

    def containerd_command(self):
        return ["containerd", "--config", self.state / "containerd.toml"]

    def kubelet_command(self):
        return [
            kubernetes.PROGRAMS / "kubelet",
            f"--config={self.state}/kubelet.yaml",
            f"--kubeconfig={self.kubeconfig}",
            "--hostname-override=node",
            f"--node-ip={self.node}",
            "--container-runtime=remote",
            "--container-runtime-endpoint=unix:///run/containerd/containerd.sock",
        ]

    def kube_proxy_command(self):
        return [
            kubernetes.PROGRAMS / "kube-proxy",
            f"--kubeconfig={self.kubeconfig}",
            "--hostname-override=node",
            "--proxy-mode=iptables",
            f"--cluster-cidr={self.pods}",
            # These settings affect the machine, not only the network: leave them alone.
            "--conntrack-max-per-core=0",
            "--conntrack-tcp-timeout-established=0",
            "--conntrack-tcp-timeout-close-wait=0",
        ]

    # Readiness

    def wait_ready(self, component):
        """Waits until a component is ready. Raises ProviderError if it ends or takes too long."""

        def ask():
            if self.is_ready(component):
                return True
            if not self.process(component).is_alive():
                raise ProviderError(f"{component} ended: {self.last_words(component)}")
            return False

        if not poll(ask, PATIENCE):
            raise ProviderError(
                f"{component} is not ready after {PATIENCE} s: see {self.state}/log/{component}"
            )

    def is_ready(self, component):
        """Whether a component is ready for those that depend on it."""
        try:
            return getattr(self, component.replace("-", "_") + "_is_ready")()
        except (OSError, urllib.error.URLError, subprocess.CalledProcessError):
            return False

    def etcd_is_ready(self):
        with urllib.request.urlopen(f"{self.etcd}/health", timeout=2) as answer:
            return json.load(answer)["health"] == "true"

    def kube_apiserver_is_ready(self):
        return self.request("/readyz") == b"ok"

    def kube_controller_manager_is_ready(self):
        return bool(self.request("/api/v1/namespaces/default/serviceaccounts/default"))

    def kube_scheduler_is_ready(self):
        with socket.create_connection((self.loopback, 10259), 2):
            return True

    def containerd_is_ready(self):
        return bool(command("ctr", "--address", self.containerd, "version"))

    def kubelet_is_ready(self):
        node = json.loads(self.request("/api/v1/nodes/node"))
        started = self.pid_file("kubelet").stat().st_mtime
        for condition in node["status"].get("conditions", []):
            # The state from before a restart remains until the new kubelet reports.
            beat = datetime.datetime.fromisoformat(condition["lastHeartbeatTime"])
            if condition["type"] == "Ready" and beat.timestamp() >= int(started):
                return condition["status"] == "True"
        return False

    def kube_proxy_is_ready(self):
        rules = self.namespaces.run(
            "iptables", "-w", "-t", "nat", "-S", "KUBE-SERVICES", network=True
        )
        return self.service_address(1) in rules

    def last_words(self, component):
        """The line of a component's log that likely says why it ended."""
        lines = self.logs(component).splitlines() or ["it logged nothing"]
        fatal = [line for line in lines if line[:2] in ("F0", "F1") or "fatal" in line[:20]]
        return (fatal or lines[-1:])[0]

    def request(self, path, patch=None):
        """Sends a request to the API server as administrator, or patches an object; returns the
        body of the answer."""
        token = (self.state / "pki/tokens.csv").read_text(encoding="utf-8").split(",")[0]
        request = urllib.request.Request(f"https://{self.host}:6443{path}")
        request.add_header("Authorization", f"Bearer {token}")
        if patch is not None:
            request.method, request.data = "PATCH", json.dumps(patch).encode()
            request.add_header("Content-Type", "application/merge-patch+json")
        context = ssl.create_default_context(cafile=self.state / "pki/ca.crt")
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return answer.read()

    # Configuration

    def service_address(self, host):
        """An address of the services' network."""
        return self.services.replace("0.0/16", f"0.{host}")

    def route(self):
        """The routes between this machine, the node, its pods and the services."""
        command("ip", "route", "add", self.services, "via", self.node)
        command("ip", "route", "add", self.pods, "via", self.node)
        # Addresses without a kube-proxy rule are refused at once. Packets of the node itself need a
        # route before they reach kube-proxy's rules; those of pods and of this machine reach the
        # rules first.
        for words in (
            ["sysctl", "-qw", "net.ipv4.icmp_ratelimit=0"],
            ["ip", "route", "add", "unreachable", self.services],
            ["ip", "route", "add", self.services, "dev", "eth0", "table", "100"],
            ["ip", "rule", "add", "iif", "lo", "to", self.services, "table", "100"],
        ):
            self.namespaces.run(*words, network=True)

    def write_credentials(self):
        """Makes certificates, the key of service accounts and the administrator's kubeconfig."""
        pki = self.state / "pki"
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"]
        openssl = ["openssl", "req", "-x509", *key, "-days", "30"]
        authority = [pki / "ca.crt", pki / "ca.key"]
        command(
            *[*openssl, "-subj", "/CN=hookline-ca", "-out", authority[0], "-keyout", authority[1]],
            *["-addext", "keyUsage=critical,keyCertSign,cRLSign"],
        )
        names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"]
        alternatives = [f"DNS:{name}" for name in names]
        alternatives += [f"IP:{address}" for address in (self.host, self.service_address(1))]
        command(
            *[*openssl, "-subj", "/CN=kube-apiserver", "-CA", authority[0], "-CAkey", authority[1]],
            *["-out", pki / "server.crt", "-keyout", pki / "server.key"],
            *["-addext", "subjectAltName=" + ",".join(alternatives)],
            *["-addext", "basicConstraints=critical,CA:false"],
        )
        words = ["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout"]
        command(*words, "-out", pki / "service-accounts.key")
        token = secrets.token_hex(16)
        (pki / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n", encoding="utf-8")
        encoded = base64.b64encode(authority[0].read_bytes()).decode()
        cluster = {"server": f"https://{self.host}:6443", "certificate-authority-data": encoded}
        self.write_json(
            "kubeconfig",
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "hookline", "cluster": cluster}],
                "users": [{"name": "admin", "user": {"token": token}}],
                "contexts": [
                    {"name": "hookline", "context": {"cluster": "hookline", "user": "admin"}}
                ],
                "current-context": "hookline",
            },
        )

    def write_node_configuration(self):
        """Writes what containerd, its network plugins and the kubelet read."""
        for group in self.cgroups():
            group.mkdir(exist_ok=True)
        (self.state / "cni").mkdir()
        everywhere = [{"dst": "0.0.0.0/0"}]
        addresses = {"type": "host-local", "subnet": self.pods, "routes": everywhere}
        self.write_json(
            "cni/10-pods.conflist",
            {
                "cniVersion": "0.4.0",
                "name": "pods",
                "plugins": [
                    {"type": "ptp", "ipam": addresses},
                    {"type": "portmap", "capabilities": {"portMappings": True}},
                ],
            },
        )
        (self.state / "containerd.toml").write_text(
            f"""version = 2
[plugins."io.containerd.internal.v1.opt"]
path = "{self.state}/opt"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE_IMAGE}"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{self.state}/cni"
""",
            encoding="utf-8",
        )
        self.write_json(
            "kubelet.yaml",
            {
                "apiVersion": "kubelet.config.k8s.io/v1beta1",
                "kind": "KubeletConfiguration",
                "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
                "authorization": {"mode": "AlwaysAllow"},
                "cgroupDriver": "cgroupfs",
                "cgroupRoot": self.cgroup,
                "enforceNodeAllocatable": [],
                "clusterDNS": [self.service_address(10)],
                "clusterDomain": "cluster.local",
                "failSwapOn": False,
                # Ignore how full the machine's disks are.
                "imageGCHighThresholdPercent": 100,
                "evictionHard": {
                    "nodefs.available": "0%",
                    "imagefs.available": "0%",
                    "memory.available": "1Mi",
                },
                # A restarted kubelet reports at once, otherwise rarely, because reports are
                # expensive.
                "nodeStatusUpdateFrequency": "1s",
                "nodeStatusReportFrequency": "5m",
                "syncFrequency": "5s",
                "kubeAPIQPS": 50,
                "kubeAPIBurst": 100,
                "maxPods": 250,
                "volumePluginDir": "/var/lib/kubelet/volume-plugins",
            },
        )

    def write_json(self, name, value):
        """Writes a configuration file in JSON, which is also YAML."""
        (self.state / name).write_text(json.dumps(value, indent=1), encoding="utf-8")

    def cgroups(self):
        """The parent of the pods' cgroups, in each hierarchy of this machine."""
        mounts = pathlib.Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
        fields = [line.split() for line in mounts]
        return [
            pathlib.Path(place + self.cgroup)
            for _, place, kind, *_ in fields
            if kind.startswith("cgroup")
        ]


def remove_cgroup(group):
    """Removes a cgroup and those below it; the last of their processes may still be ending."""

    def remove():
        with contextlib.suppress(OSError):
            for folder, _, _ in os.walk(group, topdown=False):
                os.rmdir(folder)
        return not group.exists()

    if not poll(remove, TERM_PATIENCE):
        raise ProviderError(f"{group} cannot be removed: it still has processes")


def command(*words, **options):
    """Runs a command and returns its output. Raises CalledProcessError."""
    return kubernetes.output(words, **options)
