#!/usr/bin/python3
"""Pods that claim to be a VMI's launcher pod, and must not decide about the VMI: in another
namespace, under another name, of another API group, or under the real pod's name after it was
deleted."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import support
from objects import FORGERIES, forged
from polling import poll
from test_hook_controller_launch import VMIS, LaunchTest, machine


class ForgedPods(LaunchTest):
    def running(self, *flags):
        """A controller, and a VMI that runs; returns the VMI's pod."""
        self.controller = self.start(*flags)
        self.server.put(VMIS, machine("vm"))
        pod = self.wait_pod("vm")
        self.set_pod(pod, "Running", ready=True)
        self.wait_phase("vm", "Running")
        return self.pods("vm")[0]

    def reconciled(self):
        """How often the controller has reconciled a VMI."""
        return self.controller.metric('hookline_reconciles_total{result="ok"}')

    def reconcile(self):
        """Has the controller reconcile the VMI again."""
        before = self.reconciled()
        self.server.patch(VMIS, "vms", "vm", {"metadata": {"annotations": {"touched": "yes"}}})
        poll(lambda: self.reconciled() > before, support.PATIENCE)

    def forge(self, pod):
        """Creates a pod, and waits until the controller has it in its cache."""
        cached = 'hookline_cached_objects{kind="Pod"}'
        before = self.controller.metric(cached)
        self.server.put("pods", pod)
        poll(lambda: self.controller.metric(cached) > before, support.PATIENCE)

    def check(self, how):
        """A forged pod decides nothing about the VMI."""
        self.forge(FORGERIES[how](self.running()))
        self.reconcile()
        self.assertEqual(self.phase("vm"), "Running")

    def test_in_another_namespace(self):
        self.check("in another namespace")

    def test_under_another_name(self):
        self.check("under another name")

    def test_of_another_group(self):
        self.check("of another group")

    def test_of_another_machine(self):
        self.check("of another machine")

    def test_in_place_of_the_real_one(self):
        """The real pod is deleted, and another is created under its name at once."""
        pod = self.running()
        name = pod["metadata"]["name"]
        with self.server.changed:
            self.server.remove("pods", "vms", name)
            self.server.put("pods", forged(pod))
        self.server.wait(lambda: self.phase("vm") in ("Succeeded", "Failed"), "the VMI's end")
        self.assertEqual(self.phase("vm"), "Failed")

    def test_events(self):
        """Only the real pod's sidecars are reported."""
        pod = self.running()
        name = pod["metadata"]["name"]
        crashed = {"name": "hook-sidecar-0", "state": {"terminated": {"exitCode": 1}}}
        status = {"phase": "Running", "containerStatuses": [crashed]}
        self.forge({**forged(pod, name="other"), "status": status})
        self.server.patch("pods", "vms", name, {"status": status})
        self.server.wait(
            lambda: any(name in event["message"] for event in self.events("SidecarCrashed")),
            "the event",
        )
        metric = 'hookline_events_total{reason="SidecarCrashed"}'
        self.assertEqual(self.controller.metric(metric), 1)


if __name__ == "__main__":
    support.main()
