#!/usr/bin/python3
"""A VMI whose probe names a host: the kubelet would send requests from the node's network, to its
own ports or to the cloud's metadata."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import support
from objects import PROBES, machine_with
from test_hook_controller_launch import VMIS, LaunchTest


class Probes(LaunchTest):
    def test_no_pod_with_a_host(self):
        self.start()
        self.server.put(VMIS, machine_with("vm", PROBES))
        self.server.wait(lambda: self.pods("vm") or self.phase("vm"), "a pod or a refusal")
        for pod in self.pods("vm"):
            for container in pod["spec"]["containers"]:
                for name, handlers in PROBES.items():
                    for handler in handlers:
                        self.assertNotIn("host", container.get(name, {}).get(handler, {}))
        message = self.condition("vm", "InvalidMachine")
        for where in ("spec.livenessProbe.httpGet.host", "spec.readinessProbe.tcpSocket.host"):
            self.assertIn(where, message)


if __name__ == "__main__":
    support.main()
