#!/usr/bin/python3
"""All attacks at once, for SOAK_SECONDS, on a hook-controller, a sidecar-shim and hook-manager,
beside honest work. An attack succeeds if a review gets no verdict, or a wrong one, within the
webhook's time-out; if a probe fails, a VMI gets no pod or a call no answer; or if memory,
descriptors, threads or processes are left.

Clients are processes of their own (soak_attackers.py, soak_honest.py), so that they do not wait for
one another. What happens in the API server, which is in memory, are threads of this one."""

import os
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import attack_descendants
import objects
import support
import test_shim
from certificates import make_certificate
from children import Child, Report
from controller import Controller
from memory import LIMIT, is_sanitized, resident
from polling import poll
from rpc_servers import start_plugin, start_shim
from soak_attackers import ATTACKS
from soak_honest import HONEST
from test_hook_controller_launch import LEASE, VMIS, LaunchTest, machine

SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))
# Descriptors and threads that a program may have more than before: connections to the API server.
LEFT = 16
CHANGES = 200  # that a watch of the API server can miss; it keeps no more
# Of a program that is flooded over gRPC, by one connection after the other: the core takes its time
# to free what they leave.
RPC_BOUND_MIB = 512
HOLD_S = 1  # how long objects stay as they are, so that the controller sees them
MACHINES = 3  # honest ones at once
PHASE_S = 300  # in which a VMI must get on; only against hangs: the API server is slow beside floods
MOST_TOLD = 20  # failures
TIMEOUT = "500ms"  # of hooks that never end
# A hook that returns a document, and otherwise runs it.
HOOK = '#!/bin/sh\ncase "$4" in "<"*) printf "%s\\n" "$4" ;; *) eval "$4" ;; esac\n'


def used(process):
    """How many descriptors and threads a process has."""
    folder = pathlib.Path(f"/proc/{process.pid}")
    return [len(list((folder / name).iterdir())) for name in ("fd", "task")]


class Soak(attack_descendants.Attack, LaunchTest):
    def setUp(self):
        super().setUp()
        self.stopped = threading.Event()  # attacks
        self.over = threading.Event()  # honest work
        self.server.keep(CHANGES)
        self.report = Report()  # of this process
        self.programs = {}
        self.target = {"escape": str(self.escape)}
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(objects.RECURSION)
        self.addCleanup(sys.setrecursionlimit, limit)
        self.start_controller()
        self.start_peers()
        self.addCleanup(self.over.set)
        self.addCleanup(self.stopped.set)

    def start_controller(self):
        certificate = make_certificate(
            self.tmp, "tls", "/CN=localhost", "subjectAltName=DNS:localhost"
        )
        self.controller = Controller(
            self,
            f"--kubeconfig={self.kubeconfig}",
            "--namespace=hookline",
            "--webhook-listen=127.0.0.1:0",
            "--health-listen=127.0.0.1:0",
            f"--tls-certificate={certificate}",
            f"--tls-key={certificate.with_suffix('.key')}",
            *LEASE,
        )
        self.programs["hook-controller"] = self.controller.process
        self.target.update(
            ca=str(certificate),
            webhooks=self.controller.wait_log("serving the webhooks")["port"],
            health=self.controller.wait_log("serving health")["port"],
            metrics=self.controller.metrics_port,
        )
        self.controller.wait_log("this replica leads")
        self.controller.wait_log("using the policy of")

    def start_peers(self):
        """What is flooded over gRPC, and a shim whose hooks never end."""
        self.write("bin/onDefineDomain", HOOK).chmod(0o755)
        path = f"{self.tmp / 'bin'}:/usr/bin:/bin"
        shim, socket = start_shim(self, self.tmp / "chain" / "hook-sidecar-0", path)
        plugin, plugin_socket = start_plugin(self)
        self.programs.update({"sidecar-shim": shim, "hook-manager serve": plugin})
        self.target.update(shim=str(socket), plugin=str(plugin_socket))
        self.start_shim("--timeout", TIMEOUT)
        self.programs["sidecar-shim of endless hooks"] = self.shim

    # attacks of this process

    def evil_objects(self, number):
        """Machines and pods, by their plural."""
        return [
            (VMIS, objects.machine_with(f"evil-numbers-{number}", objects.NUMBERS)),
            (VMIS, objects.machine_with(f"evil-text-{number}", objects.ZERO_IN_A_STRING)),
            (VMIS, objects.machine_with(f"evil-key-{number}", objects.ZERO_IN_A_KEY)),
            (VMIS, objects.machine_with(f"evil-depth-{number}", objects.deep())),
            (VMIS, objects.machine_with(f"evil-probes-{number}", objects.PROBES)),
            (VMIS, objects.costly(f"evil-cost-{number}")),
            (VMIS, objects.faulty(f"evil-faults-{number}")),
            ("pods", objects.unreadable_pod(f"virt-launcher-evil-{number}")),
        ]

    def attack_objects(self, number):
        """Evil objects are added, changed and deleted, and the watches cut meanwhile."""
        made = self.evil_objects(number)
        for change in ("first", "second"):
            for plural, value in made:
                value["status"] = {change: number, **objects.ZERO_IN_A_KEY}
                self.server.put(plural, value)
            self.stopped.wait(HOLD_S)
            self.server.cut_watches()
        for plural, value in made:
            self.server.remove(plural, "vms", value["metadata"]["name"])
        self.remove_pods(lambda pod: "evil-" in str(pod["metadata"].get("ownerReferences")))
        self.report.add("evil objects", len(made))

    def attack_hooks(self, number):
        """A hook that never ends leaves processes, which end with its call."""
        ways = attack_descendants.WAYS if attack_descendants.IS_ROOT else attack_descendants.GENTLE
        way = ways[number % len(ways)]
        answer = self.call_one(test_shim.on_define_domain(f"{self.escape} {way}; sleep 30"))
        self.assertNotEqual(answer["code"], "OK", answer)
        self.assert_nothing_is_left()

    # honest work of this process

    def remove_pods(self, chosen):
        """Removes the pods of which chosen is true."""
        with self.server.changed:
            for key, value in list(self.server.objects.items()):
                if key[0] == "pods" and chosen(value):
                    self.server.remove(*key)
                elif key[0] == "events":
                    del self.server.objects[key]

    def pod_of(self, vmi):
        """The pod that the controller has made for a VMI, or None."""
        for key, value in self.server.objects.items():
            owners = value["metadata"].get("ownerReferences") or [{}]
            if key[0] == "pods" and owners[0].get("uid") == vmi["metadata"]["uid"]:
                return value
        return None

    def wait_for_phase(self, name, phase):
        self.server.wait(
            lambda: self.phase(name) == phase, f"{name} in phase {phase}", PHASE_S
        )

    def launch(self, name):
        """A VMI gets its pod and follows it to its end, whatever pods strangers make for it."""
        vmi = self.server.put(VMIS, machine(name))
        pod = self.server.wait(lambda: self.pod_of(vmi), f"the pod of {name}", PHASE_S)
        spec = pod["spec"]
        names = [each["name"] for each in spec["containers"] + spec.get("initContainers", [])]
        self.assertIn("hook-sidecar-0", names)
        self.set_pod(pod, "Running", ready=True)
        self.wait_for_phase(name, "Running")
        for number, forge in enumerate(objects.FORGERIES.values()):
            forged = forge(pod)
            forged["metadata"]["name"] += f"-{name}-{number}"
            self.server.put("pods", forged)
        self.over.wait(HOLD_S)
        self.assertEqual(self.phase(name), "Running")
        self.set_pod(pod, "Succeeded")
        self.wait_for_phase(name, "Succeeded")
        self.server.remove(VMIS, "vms", name)
        uid = vmi["metadata"]["uid"]
        self.remove_pods(lambda each: uid in str(each["metadata"].get("ownerReferences")))

    # the soak

    def repeat(self, event, what, function, *arguments):
        """Calls a function again and again in a thread, with numbers, until the event."""

        def run():
            number = 0
            while not event.is_set():
                self.report.attempt(what, function, *arguments, number)
                number += 1

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def start_honest(self):
        launching = [
            self.repeat(self.over, "VMIs", lambda first, n: self.launch(f"vm-{first}-{n}"), first)
            for first in range(MACHINES)
        ]
        return launching, [Child(self, "soak_honest.py", name, self.target) for name in HONEST]

    def start_attacks(self):
        threads = [
            self.repeat(self.stopped, "rounds of evil objects", self.attack_objects),
            self.repeat(self.stopped, "hooks that never end", self.attack_hooks),
        ]
        children = [
            Child(self, "soak_attackers.py", name, {**self.target, "net": f"127.0.{net}."})
            for net, name in enumerate(ATTACKS, 2)
        ]
        return threads, children

    def wait(self):
        """Until the time is over, or a program has ended."""
        ended = threading.Event()
        for process in self.programs.values():
            threading.Thread(
                target=lambda each: (each.wait(), ended.set()), args=(process,), daemon=True
            ).start()
        ended.wait(SECONDS)
        for name, process in self.programs.items():
            self.expect(process.poll() is None, f"{name} has ended: {process.returncode}")

    def finish(self, threads, children):
        """Stops them; returns the children's reports by name."""
        for child in children:
            child.stop()
        for thread in threads:
            thread.join(PHASE_S)
            self.expect(not thread.is_alive(), "a thread of the soak hangs")
        return {child.name: child.report() for child in children}

    def check_leaks(self, before):
        for name, process in self.programs.items():

            def settled():
                return all(now <= was + LEFT for now, was in zip(used(process), before[name]))

            self.expect(poll(settled, support.PATIENCE), f"{name} keeps descriptors or threads")
            print(f"# {name}: descriptors and threads {used(process)}, before {before[name]}")

    def check_memory(self, idle):
        for name, process in self.programs.items():
            peak = resident(process.pid, "VmHWM")
            print(f"# {name}: memory at most {peak:.0f} MiB, before {idle[name]:.0f}", flush=True)
            is_controller = process is self.controller.process
            bound = LIMIT >> 20 if is_controller else RPC_BOUND_MIB
            fits = peak < bound or is_sanitized(f"/proc/{process.pid}/exe")
            self.expect(fits, f"{name} had {peak:.0f} MiB of memory")

    def expect(self, right, what):
        """Notes a failure unless it is right."""
        if not right:
            self.report.fail(what)

    def tell(self, reports):
        """Prints what was done, and fails if anything went wrong."""
        failures = []
        for name, report in reports.items():
            for what, count in report["counts"].items():
                times = sorted(report["times"].get(what, []))
                said = f"{count} {what}"
                if times:
                    late = times[int(len(times) * 0.99)]
                    said += f", the slowest in {times[-1]:.2f} s, p99 {late:.2f} s"
                print(f"# {name}: {said}", flush=True)
            failures += [f"{name} {failure}" for failure in report["failures"]]
        self.assertEqual(failures[:MOST_TOLD], [], f"{len(failures)} failures")

    def test_soak(self):
        before = {name: used(process) for name, process in self.programs.items()}
        idle = {name: resident(each.pid, "VmRSS") for name, each in self.programs.items()}
        launching, honest = self.start_honest()
        attacking, attackers = self.start_attacks()
        self.wait()
        self.stopped.set()
        reports = self.finish(attacking, attackers)
        self.over.set()
        reports.update(self.finish(launching, honest))
        reports["soak"] = vars(self.report)
        self.check_memory(idle)
        self.check_leaks(before)
        self.expect(self.controller.end() == 0, "hook-controller has not ended well")
        self.tell(reports)


if __name__ == "__main__":
    support.main()
