"""The namespaces in which a local cluster lives. One process, the keeper, is PID 1 of a PID
namespace: when it ends, everything in the namespace ends, and the mounts and the node's network
disappear. The alias of the network interface to the node names the keeper, so the kernel has the
only record of a running cluster, and no file can be stale."""

import contextlib
import os
import pathlib
import select
import shlex
import signal
import subprocess

from .provider import ProviderError

# Fixed paths that the node uses. Here the directories are empty except for a mark of each cluster
# that has its own mounted there; the last cluster removes them.
NODE_DIRECTORIES = (
    "/var/lib/kubelet",
    "/var/lib/containerd",
    "/var/lib/cni",
    "/var/log/pods",
    "/var/log/containers",
    "/run/containerd",
    "/run/netns",
)

# The first process inside. It reports its outside PID, and continues when it is told to: if the
# starting program dies before the interface names the keeper, there is no keeper.
KEEPER = """
state=$1 keeper=$2
shift 2
mkdir "$state/proc"
mount --rbind /proc "$state/proc"
read -r pid _ < "$state/proc/self/stat"
mount --make-rshared /
mount -t proc proc /proc
mount -t tmpfs tmpfs "$state/etcd"
for directory; do mount --bind "$state/node$directory" "$directory"; done
ip link set lo up
echo "$pid"
read -r go
exec "$keeper" < /dev/null > /dev/null 2>&1
"""

# Starts a process that the keeper inherits, and reports its outside PID.
SPAWN = """
state=$1 log=$2
shift 2
{
    read -r pid _ < "$state/proc/self/stat"
    echo "$pid"
    exec setsid "$@" < /dev/null >> "$log" 2>&1
} &
"""


class Process:
    """A process, perhaps started by another run of this program: its PID and start time, which
    together identify it until the machine reboots. Source: proc(5), /proc/PID/stat."""

    def __init__(self, pid, start_time=None):
        self.pid = int(pid)
        self.start_time = start_time or self.read_start_time()

    def read_start_time(self):
        """When the process with this PID started, in ticks since boot; None if there is no such
        process."""
        try:
            text = pathlib.Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            return None
        fields = text.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]

    def __str__(self):
        return f"{self.pid} {self.start_time}"

    @classmethod
    def parse(cls, text):
        """Parses the result of str(); None if the text is not one."""
        words = text.split()
        return cls(words[0], words[1]) if len(words) == 2 and words[0].isdigit() else None

    def is_alive(self):
        """Whether it is still running."""
        return self.start_time is not None and self.read_start_time() == self.start_time

    def end(self, number, patience=None):
        """Sends a signal and waits up to patience seconds for the process to end. Returns whether
        it has."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return True
        try:
            # Checked after opening: the handle is for this process, not a later one with the same
            # PID.
            if self.is_alive():
                signal.pidfd_send_signal(handle, number)
                return bool(select.select([handle], [], [], patience)[0])
            return True
        finally:
            os.close(handle)


class Namespaces:
    """The namespaces of one cluster: state is its directory, link the name of the outside
    interface."""

    def __init__(self, state, link):
        self.state, self.link = state, link

    def owner(self):
        """The keeper's process and state directory from the interface's alias, or (None, None)."""
        try:
            path = pathlib.Path(f"/sys/class/net/{self.link}/ifalias")
            words = path.read_text(encoding="utf-8").split()
        except FileNotFoundError:
            return None, None
        return (Process(*words[:2]), words[2]) if len(words) == 3 else (None, None)

    def keeper(self):
        """The keeper, or None if it is not running or has another state directory."""
        keeper, state = self.owner()
        return keeper if keeper and state == str(self.state) and keeper.is_alive() else None

    def create(self, program, host, node):
        """Creates the namespaces and connects the node's network to this machine's with the
        addresses host and node; the keeper executes program. Raises CalledProcessError."""
        for directory in NODE_DIRECTORIES:
            os.makedirs(directory, exist_ok=True)
            pathlib.Path(directory, f".{self.link}").touch()
            os.makedirs(f"{self.state}/node{directory}")
        run("ip", "link", "add", self.link, "type", "veth", "peer", "name", f"{self.link}n")
        words = ["setsid", "unshare", "--pid", "--fork", "--kill-child", "--mount"]
        words += ["--propagation", "slave", "--net", "sh", "-euc", KEEPER, "keeper"]
        words += [str(self.state), str(program), *NODE_DIRECTORIES]
        with open(self.state / "log/keeper", "w", encoding="utf-8") as log:
            keeper = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        pid = keeper.stdout.readline().strip()
        if not pid:
            log = (self.state / "log/keeper").read_text(encoding="utf-8")
            raise subprocess.CalledProcessError(keeper.wait(), "unshare", "", log)
        alias = f"{Process(pid)} {self.state}"
        run("ip", "link", "set", self.link, "alias", alias)
        run("ip", "link", "set", f"{self.link}n", "netns", pid, "name", "eth0")
        run("ip", "address", "add", f"{host}/30", "dev", self.link)
        run("ip", "link", "set", self.link, "up")
        keeper.stdin.write("go\n")
        keeper.stdin.close()
        keeper.stdout.close()
        self.run("ip", "address", "add", f"{node}/30", "dev", "eth0", network=True)
        self.run("ip", "link", "set", "eth0", "up", network=True)

    def enter(self, *words, network=False):
        """The command that runs words inside, on request in the node's network."""
        keeper = self.keeper()
        if keeper is None:
            raise ProviderError("the cluster is not up")
        enter = ["nsenter", "--target", str(keeper.pid), "--pid", "--mount"]
        return [*enter, *(["--net"] if network else []), *(str(word) for word in words)]

    def run(self, *words, network=False):
        """Runs a command inside and returns its output. Raises CalledProcessError."""
        return run(*self.enter(*words, network=network))

    def spawn(self, log, words, network=False):
        """Starts a process inside that outlives us; its output is appended to the file log."""
        words = ["sh", "-euc", SPAWN, "spawn", str(self.state), str(log), *words]
        return Process(run(*self.enter(*words, network=network)))

    def destroy(self):
        """Ends everything inside and removes what is left outside."""
        keeper = self.keeper()
        if keeper is not None:
            keeper.end(signal.SIGKILL)
        with contextlib.suppress(subprocess.CalledProcessError):
            run("ip", "link", "delete", self.link)  # unless it disappeared with the node's network
        for directory in NODE_DIRECTORIES:
            pathlib.Path(directory, f".{self.link}").unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # another cluster's, or missing
                os.rmdir(directory)


def run(*words):
    """Runs a command and returns its output. Raises CalledProcessError with that output."""
    words = [str(word) for word in words]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise subprocess.CalledProcessError(
            done.returncode, shlex.join(words), done.stdout, done.stderr
        )
    return done.stdout
