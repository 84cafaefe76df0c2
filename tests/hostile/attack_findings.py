#!/usr/bin/python3
"""An annotation of a quarter of a megabyte with a fault in each of its values: what is said about it
must not grow with it."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import support
from objects import faulty
from test_hook_controller_launch import VMIS, LaunchTest

# Of everything that is said: the limit of an error is half of it.
LIMIT = 64 * 1024


class Findings(LaunchTest):
    def test_launcher(self):
        path = self.write("vmi.json", json.dumps(faulty("vm")))
        argv = [support.program("hook-launcher"), "--vmi", path, "--sidecars", 1]
        result = support.run(argv)
        self.assertEqual(result.returncode, 1)
        self.assertLess(len(result.stderr), LIMIT)

    def test_status_and_log_of_the_controller(self):
        controller = self.start()
        self.server.put(VMIS, faulty("vm"))
        message = self.condition("vm", "InvalidAnnotation")
        logged = controller.wait_log("no launcher pod")["msg"]
        self.assertLess(len(message), LIMIT)
        self.assertLess(len(logged), LIMIT)


if __name__ == "__main__":
    support.main()
