#!/usr/bin/python3
"""Objects that no JSON library reads whole, or only at great cost: the controller goes on with all
others, and stays below the memory limit of its Deployment."""

import json
import sys

from launching import VMIS, LaunchingCase, machine, support
from memory import resident
from objects import (
    NUMBERS,
    RECURSION,
    ZERO_IN_A_KEY,
    ZERO_IN_A_STRING,
    costly,
    deep,
    machine_with,
    unreadable_pod,
)

MANY = 3000  # machines
LARGEST_KIB = 1.6  # of a machine and its pod in the caches, and of what a start takes


def pod_of(owner):
    """The launcher pod of a machine."""
    metadata = owner["metadata"]
    reference = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"virt-launcher-{metadata['name']}",
            "namespace": metadata["namespace"],
            "labels": {"kubevirt.io": "virt-launcher"},
            "annotations": metadata["annotations"],
            "ownerReferences": [reference],
        },
        "spec": {"containers": [{"name": "compute"}, {"name": "hook-sidecar-0"}]},
    }


class Objects(LaunchingCase):
    def attack(self, spec):
        """Puts a machine with such members into the list before the controller starts, and changes
        another to it afterwards."""
        self.server.put(VMIS, machine("before"))
        evil = self.server.get(VMIS, "vms", "before")
        evil["spec"].update(spec)
        self.server.put(VMIS, evil)
        controller = self.start()
        self.assert_goes_on(controller)
        self.server.put(VMIS, machine_with("later", spec))
        self.server.put(VMIS, machine("after"))
        self.wait_launched("after")

    def test_numbers_beyond_64_bits(self):
        self.attack(NUMBERS)
        self.wait_launched("later")
        pods = [pod for pod in self.server.all("pods") if "later" in json.dumps(pod)]
        texts = [text for pod in pods for text in pod["metadata"]["annotations"].values()]
        # as Kubernetes writes them, not with an exponent
        self.assertTrue(any(f'"number":{NUMBERS["number"]}' in text for text in texts), texts)

    def test_zero_byte_in_a_string(self):
        self.attack(ZERO_IN_A_STRING)

    def test_zero_byte_in_a_key(self):
        self.attack(ZERO_IN_A_KEY)

    def test_deep_nesting(self):
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(RECURSION)
        self.addCleanup(sys.setrecursionlimit, limit)
        self.attack(deep())

    def test_pod_with_a_zero_byte_in_a_key(self):
        self.server.put("pods", unreadable_pod("virt-launcher-a"))
        self.assert_goes_on(self.start())

    def test_an_unreadable_status_is_told_of(self):
        self.server.put(VMIS, {**machine("evil"), "status": {"a\0b": 1}})
        controller = self.start()
        self.assert_goes_on(controller)
        series = 'hookline_unreadable_objects_total{resource="virtualmachineinstances"}'
        self.assertGreater(controller.metric(series), 0)
        self.server.put(VMIS, {**machine("evil"), "status": {"a\0b": 2}})
        self.server.wait(
            lambda: [event for event in self.server.all("events") if event["reason"] == "Unreadable"],
            "an Event",
        )

    def test_memory_of_costly_objects(self):
        """Six machines of 1.4 MB, which is what etcd takes."""
        for number in range(6):
            self.server.put(VMIS, costly(f"large-{number}"))
        controller = self.start()
        self.assert_goes_on(controller)
        self.assertIn("too many values", self.condition("large-0", "InvalidMachine"))
        self.memory.check(controller.process)

    def test_memory_of_many_at_a_start(self):
        """A new leader looks at all machines and their pods, but does not hold them at once."""
        first = self.start()
        self.server.wait(lambda: first.metric("hookline_leader") == 1, "a leader", support.PATIENCE)
        before = resident(first.process.pid, "VmHWM")
        first.end()
        for number in range(MANY):
            self.server.put(VMIS, machine(f"many-{number}"))
            owner = self.server.get(VMIS, "vms", f"many-{number}")
            self.server.put("pods", pod_of(owner))
        second = self.start()
        self.server.wait(lambda: second.metric("hookline_leader") == 1, "a leader", support.PATIENCE)
        each = (resident(second.process.pid, "VmHWM") - before) * 1024 / MANY
        print(f"# {each:.1f} KiB for each machine with its pod")
        if self.memory.applies:
            self.assertLess(each, LARGEST_KIB)


if __name__ == "__main__":
    support.main()
