"""A controller that launches machines while its API server is under attack, or attacks it."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import support
from controller import CONTROLLER
from memory import MemoryLimit
from test_hook_controller_launch import VMIS, LaunchTest, machine


class LaunchingCase(LaunchTest):
    """Controllers that run below the memory limit, and what shows that they work."""

    def start(self, *flags, **options):
        self.memory = MemoryLimit(self, CONTROLLER)
        return super().start(*flags, before=self.memory.command, **options)

    def assert_goes_on(self, controller):
        """A machine that is created now gets its pod, and the controller is ready."""
        self.server.put(VMIS, machine("honest"))
        self.wait_launched("honest")
        self.server.wait(
            lambda: controller.get("/readyz")[0] == 200, "readiness", support.PATIENCE
        )

    def wait_launched(self, name):
        """Waits for the pod of a machine."""

        def find():
            owners = [pod["metadata"].get("ownerReferences", []) for pod in self.server.all("pods")]
            return any(owner["name"] == name for each in owners for owner in each)

        self.server.wait(find, f"the pod of {name}", support.PATIENCE)
