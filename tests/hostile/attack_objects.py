#!/usr/bin/python3
"""Objects that no JSON library reads whole, or only at great cost: the controller goes on with all
others, and stays below the memory limit of its Deployment."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import support
from test_hook_controller_launch import VMIS, LaunchTest, machine

MEMORY_LIMIT = 256 << 20  # of the Deployment
STRANGE = {
    "number": 10**20,
    "negative": -(2**63) - 1,
    "zero": "a\0b",
}


class Objects(LaunchTest):
    def assert_goes_on(self, controller):
        """A machine that is created now gets its pod, and the controller is ready."""
        self.server.put(VMIS, machine("honest"))
        self.wait_launched("honest")
        self.server.wait(lambda: controller.get("/readyz")[0] == 200, "readiness")

    def wait_launched(self, name):
        """Waits for the pod of a machine."""

        def find():
            owners = [pod["metadata"].get("ownerReferences", []) for pod in self.server.all("pods")]
            return any(owner["name"] == name for each in owners for owner in each)

        self.server.wait(find, f"the pod of {name}")

    def peak(self, controller):
        """The most memory that the controller has had, in bytes."""
        path = pathlib.Path(f"/proc/{controller.process.pid}/status")
        for line in path.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
        raise AssertionError("no VmHWM")

    def attack(self, **spec):
        """Puts a machine with such members into the list before the controller starts, and changes
        another to it afterwards."""
        self.server.put(VMIS, machine("before"))
        evil = self.server.get(VMIS, "vms", "before")
        evil["spec"].update(spec)
        self.server.put(VMIS, evil)
        controller = self.start()
        self.assert_goes_on(controller)
        later = machine("later")
        later["spec"].update(spec)
        self.server.put(VMIS, later)
        self.server.put(VMIS, machine("after"))
        self.wait_launched("after")

    def test_numbers_beyond_64_bits(self):
        self.attack(number=STRANGE["number"], negative=STRANGE["negative"])

    def test_zero_byte_in_a_string(self):
        self.attack(zero=STRANGE["zero"])

    def test_zero_byte_in_a_key(self):
        self.attack(**{"a\0b": 1})

    def test_deep_nesting(self):
        deep = []
        for _ in range(2100):
            deep = [deep]
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(20000)
        self.addCleanup(sys.setrecursionlimit, limit)
        self.attack(deep=deep)

    def test_pod_with_a_zero_byte_in_a_key(self):
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": "virt-launcher-a",
                "namespace": "vms",
                "labels": {"kubevirt.io": "virt-launcher"},
            },
            "spec": {
                "containers": [{"name": "compute"}],
                "volumes": [{"name": "v", "csi": {"volumeAttributes": {"a\0b": "c"}}}],
            },
        }
        self.server.put("pods", pod)
        self.assert_goes_on(self.start())

    def test_memory_of_costly_objects(self):
        """Six machines of 1.4 MB, which is what etcd takes."""
        for number in range(6):
            vmi = machine(f"large-{number}")
            vmi["spec"]["x"] = [[]] * 480000
            self.server.put(VMIS, vmi)
        controller = self.start()
        self.assert_goes_on(controller)
        peak = self.peak(controller)
        print(f"# peak of {peak >> 20} MiB")
        self.assertLess(peak, MEMORY_LIMIT)


if __name__ == "__main__":
    support.main()
