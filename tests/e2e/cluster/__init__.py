"""The clusters that the end-to-end tests run on."""

import os
import shutil

from .existing import ExistingCluster
from .kind import KindCluster
from .local import LocalCluster
from .provider import ProviderError

PROVIDERS = {cluster.name: cluster for cluster in (KindCluster, ExistingCluster, LocalCluster)}


def provider(name=None):
    """The provider of that name; the default is the variable PROVIDER, or else what suits this
    machine. Raises ProviderError."""
    name = name or os.environ.get("PROVIDER") or suitable()
    if name not in PROVIDERS:
        raise ProviderError(f"PROVIDER must be kind, existing or local, not {name!r}")
    return PROVIDERS[name]()


def suitable():
    """kind if Docker and kind are installed; local for root on Debian."""
    if shutil.which("docker") and shutil.which("kind"):
        return "kind"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        return "local"
    raise ProviderError(
        "no cluster to test on: install docker and kind, or set PROVIDER=existing and KUBECONFIG, "
        "or run as root on Debian for a local cluster"
    )
