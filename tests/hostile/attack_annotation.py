#!/usr/bin/python3
"""Annotations and machines that are cheap to write and costly to check: honest reviews beside them
get their verdict in time, honest machines their pods, and memory stays below the limit of the
Deployment."""

import json
import time

from launching import VMIS, LaunchingCase
from launching import machine as launched
from reviews import KEY, machine
from test_hook_controller_launch import SIDECAR
from webhooks import ReviewsCase, support

# If each takes a second, all together take far longer than the time-out of a webhook.
CLIENTS, TIMES = 96, 2
HOST_PATHS = [{"hostPath": {"path": "/"}}] * 63
# Just short enough for an annotation.
FAULTS = [{"command": [0] * 129000}, *HOST_PATHS]
UNNAMED = [{"env": [{}] * 87000}]
# As many as one pod has within the budget of what is read and cached.
CONTAINERS = 3900


def annotation(entries):
    """The text without a superfluous byte."""
    return json.dumps(entries, separators=(",", ":"))


class Reviews(ReviewsCase):
    def assert_honest_verdicts(self, body):
        """Honest reviews get their verdict beside many such."""
        answers = self.attack("/validate-machines", body, CLIENTS, TIMES, support.PATIENCE)
        for answer in answers:
            if answer is not None:
                self.assertEqual(answer[0], 200)

    def test_sidecars_that_look_for_their_faults(self):
        self.assert_honest_verdicts(machine({KEY: annotation(FAULTS)}))

    def test_values_without_what_is_required(self):
        self.assert_honest_verdicts(machine({KEY: annotation(UNNAMED)}))


# A machine that nobody launches.
OWNER = {
    "apiVersion": "kubevirt.io/v1",
    "kind": "VirtualMachineInstance",
    "name": "evil",
    "uid": "1",
    "controller": True,
}


def launcher_pod(name, entries=(), **status):
    """A launcher pod of KubeVirt."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "vms",
            "labels": {"kubevirt.io": "virt-launcher"},
            "annotations": {KEY: annotation(list(entries))},
            "uid": name,
            "ownerReferences": [OWNER],
        },
        "spec": {"containers": [{"name": "compute"}, {"name": "hook-sidecar-0"}]},
        "status": {"phase": "Running", **status},
    }


class Objects(LaunchingCase):
    def assert_launched(self, controller):
        """A machine that is created now gets its pod."""
        self.server.put(VMIS, launched("honest"))
        began = time.monotonic()
        self.wait_launched("honest")
        print(f"# the honest machine has its pod after {time.monotonic() - began:.2f} s")
        self.memory.check(controller.process)

    def test_pods_whose_annotation_changes_again_and_again(self):
        controller = self.start()
        self.server.put("pods", launcher_pod("evil", FAULTS))
        for number in range(1000):
            more = {"metadata": {"annotations": {"changed": str(number)}}}
            self.server.patch("pods", "vms", "evil", more)
        self.assert_launched(controller)

    def test_pods_of_many_containers_in_trouble(self):
        controller = self.start()
        for number in range(240):
            containers = [
                {"name": f"hook-sidecar-{index}", "restartCount": number}
                for index in range(CONTAINERS)
            ]
            self.server.put("pods", launcher_pod("evil", [SIDECAR], containerStatuses=containers))
        self.assert_launched(controller)

    def test_machines_that_need_what_does_not_exist(self):
        """With 50 requests to the API server a second."""
        controller = self.start("--kube-qps=50", "--kube-burst=50")
        for number in range(20):
            evil = launched(f"evil-{number}")
            evil["spec"]["volumes"] = [
                {"name": f"v{index}", "persistentVolumeClaim": {"claimName": f"c{number}-{index}"}}
                for index in range(256)
            ]
            self.server.put(VMIS, evil)
        self.assert_launched(controller)


if __name__ == "__main__":
    support.main()
