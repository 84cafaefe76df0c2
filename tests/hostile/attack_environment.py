#!/usr/bin/python3
"""A variable that the environment already has and a kubeconfig sets for its credential plugin: the
plugin must get the kubeconfig's value alone, however it reads its environment."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import http_server
import support
from controller import Controller
from polling import poll

CREDENTIAL = {
    "apiVersion": "client.authentication.k8s.io/v1",
    "kind": "ExecCredential",
    "status": {"token": "t"},
}


class Environment(support.TestCase):
    def test_each_name_occurs_once(self):
        seen = self.tmp / "seen"
        script = f"""#!/usr/bin/python3
import os
variables = open("/proc/self/environ").read().split("\\0")
with open("{seen}.new", "w") as file:
    file.write(" ".join(item for item in variables if item.startswith("PROFILE=")))
os.rename("{seen}.new", "{seen}")
print({json.dumps(CREDENTIAL)!r})
"""
        plugin = self.write("login", script)
        plugin.chmod(0o755)
        user = {
            "exec": {
                "apiVersion": CREDENTIAL["apiVersion"],
                "command": str(plugin),
                "interactiveMode": "Never",
                "env": [{"name": "PROFILE", "value": "right"}],
            }
        }
        # nobody listens there, but the plugin runs first
        config = http_server.kubeconfig({"server": "https://127.0.0.1:1"}, user)
        kubeconfig = self.write("kubeconfig", config)
        flags = [f"--kubeconfig={kubeconfig}", "--namespace=hookline", "--webhook-listen="]
        Controller(self, *flags, env={"PROFILE": "wrong"})
        poll(seen.exists, support.PATIENCE)
        self.assertEqual(seen.read_text(), "PROFILE=right")


if __name__ == "__main__":
    support.main()
