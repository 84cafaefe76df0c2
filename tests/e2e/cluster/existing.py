"""An existing cluster, given by KUBECONFIG. Its nodes can pull the images, or the command
HOOKLINE_LOAD loads them: its last argument is the path of an OCI archive."""

import os
import pathlib
import shlex
import subprocess

from .provider import Provider, ProviderError, say


class ExistingCluster(Provider):
    """The cluster of KUBECONFIG."""

    name = "existing"

    def __init__(self):
        default = pathlib.Path.home() / ".kube/config"
        self.kubeconfig = pathlib.Path(os.environ.get("KUBECONFIG") or default)
        if not self.kubeconfig.is_file():
            raise ProviderError(
                f"PROVIDER=existing: {self.kubeconfig} is no file: set KUBECONFIG to one kubeconfig"
            )

    def up(self):
        words = [self.kubectl, f"--kubeconfig={self.kubeconfig}", "wait", "node", "--all"]
        subprocess.run([*words, "--for=condition=Ready", "--timeout=60s"], check=True)

    def down(self):
        say("the cluster is left alone: it existed before")

    def load(self, archive):
        command = shlex.split(os.environ.get("HOOKLINE_LOAD", ""))
        if command:
            subprocess.run([*command, str(archive)], check=True)
        else:
            say(f"{archive.name}: the nodes must have it or pull it (HOOKLINE_LOAD is not set)")
