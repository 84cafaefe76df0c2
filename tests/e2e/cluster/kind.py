"""A cluster made by kind, in Docker containers."""

import os
import pathlib
import subprocess
import tempfile

from .provider import Provider

CLUSTER = "hookline-e2e"


class KindCluster(Provider):
    """The kind cluster hookline-e2e."""

    name = "kind"

    def __init__(self):
        runtime = os.environ.get("XDG_RUNTIME_DIR", tempfile.gettempdir())
        self.kubeconfig = pathlib.Path(runtime, f"{CLUSTER}.kubeconfig")

    def up(self):
        clusters = kind("get", "clusters", output=subprocess.PIPE).split()
        if CLUSTER in clusters:
            kind("export", "kubeconfig", f"--kubeconfig={self.kubeconfig}")
        else:
            kind("create", "cluster", f"--kubeconfig={self.kubeconfig}", "--wait=120s")

    def down(self):
        kind("delete", "cluster", f"--kubeconfig={self.kubeconfig}")
        self.kubeconfig.unlink(missing_ok=True)

    def load(self, archive):
        kind("load", "image-archive", archive)

    def collect(self, directory):
        kind("export", "logs", directory)


def kind(verb, *words, output=None):
    """Runs kind, on our cluster unless it lists all clusters; returns its output on request."""
    words = ["kind", verb, *(str(word) for word in words)]
    if words[1:] != ["get", "clusters"]:
        words.append(f"--name={CLUSTER}")
    return subprocess.run(words, check=True, text=True, stdout=output).stdout
