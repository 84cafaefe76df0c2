"""The interface of a cluster to test on, whatever provides it."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]


class ProviderError(Exception):
    """Something about the cluster does not work; the text says what, and what to do."""


class Provider:
    """A cluster to test on."""

    # One of "kind", "existing" and "local".
    name = None
    # The path of the administrator's kubeconfig, and a kubectl that suits the cluster.
    kubeconfig = None
    kubectl = "kubectl"
    # Whether it has kill(), start(), restart(), compact(), drop(), cut() and mend(): see local.py.
    breakable = False

    def up(self):
        """Starts the cluster, unless it is up, and waits until it is ready. Raises ProviderError or
        CalledProcessError, as do all methods here."""
        raise NotImplementedError

    def down(self):
        """Ends the cluster and removes all traces of it."""
        raise NotImplementedError

    def load(self, archive):
        """Loads the image of an OCI archive on the nodes."""
        raise NotImplementedError

    def collect(self, directory):
        """Copies the cluster's own logs, if any, into a directory."""


def say(text):
    """Prints progress for the user."""
    print(f"cluster: {text}", file=sys.stderr, flush=True)
