"""What a cluster to test on can do, whoever provides it."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]


class ProviderError(Exception):
    """Something about the cluster does not work; the text says what, and what would."""


class Provider:
    """A cluster to test on."""

    # One of "kind", "existing" and "local".
    name = None
    # The administrator's kubeconfig, a path, and the kubectl that suits the cluster.
    kubeconfig = None
    kubectl = "kubectl"
    # Whether it has kill(), start(), restart(), compact(), drop(), cut() and mend(): see local.py.
    breakable = False

    def up(self):
        """Starts the cluster, unless it is up, and waits until it is ready. Raises ProviderError or
        CalledProcessError, as all of these do."""
        raise NotImplementedError

    def down(self):
        """Ends the cluster and removes all traces of it."""
        raise NotImplementedError

    def load(self, archive):
        """Puts the image of an OCI archive on the nodes."""
        raise NotImplementedError

    def collect(self, directory):
        """Puts the logs of the cluster itself into a directory, as far as there are any."""


def say(text):
    """Tells the person in front of the screen."""
    print(f"cluster: {text}", file=sys.stderr, flush=True)
