#!/usr/bin/python3
"""Compares the domains of hook-launcher with KubeVirt's: parity.py [DIRECTORY...]

A directory holds NAME/vmi.yaml with NAME/domain.1.xml, NAME/domain.2.xml or both: the domain that
KubeVirt's launcher hands its hooks first, and the one from which it defines the guest. Of a VMI
with interfaces the latter is libvirt's answer, which docs/launcher.md excepts. Without a directory:
those in tests/data/parity, KubeVirt's recordings if they are beside this tree, and $PARITY.

Prints for each VMI and over all what is missing, extra, different and out of order. Exits 1 below
the figures of docs/launcher.md."""

import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import support
from compare import Allowed, Comparison
from document import form, parse

PAGE = support.ROOT / "docs" / "launcher.md"
RECORDINGS = support.UPSTREAM / "launch"
OWN = support.DATA / "parity"
LEAST_OVER_ALL, LEAST_EACH = 95, 90  # percent
# The form of each document, as the trace of a launch with --twice numbers its calls.
CALLS = {"domain.1.xml": "01", "domain.2.xml": "02"}
HOOK = '#!/bin/sh\nprintf %s "$4"\n'


class Launcher:
    """Runs hook-launcher with a hook that changes nothing, so that what hooks get is kept."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.sockets = self.directory / "sockets"
        (self.sockets / "hook-sidecar-0").mkdir(parents=True)
        hook = self.directory / "bin" / "onDefineDomain"
        hook.parent.mkdir()
        hook.write_text(HOOK, encoding="utf-8")
        hook.chmod(0o755)
        argv = [support.program("sidecar-shim"), "--version", "v1alpha2", "--socket-dir"]
        self.shim = subprocess.Popen(
            [*argv, self.sockets / "hook-sidecar-0"],
            env={**os.environ, "PATH": f"{hook.parent}:{os.environ['PATH']}"},
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shim.terminate()
        self.shim.wait(support.PATIENCE)

    def domains(self, vmi):
        """The domains that hooks get for a VMI, by the names of KubeVirt's, and the one printed.
        Raises RuntimeError with the reason when it is refused."""
        trace = self.directory / "trace"
        shutil.rmtree(trace, ignore_errors=True)
        file = self.directory / "vmi.yaml"
        file.write_text(vmi, encoding="utf-8")
        argv = [support.program("hook-launcher"), "--vmi", file, "--dry-run", "--twice"]
        argv += ["--sidecars", 1, "--socket-dir", self.sockets, "--trace", trace]
        result = support.run([*argv, "--log-format", "text"])
        if result.returncode != 0:
            raise RuntimeError(result.stderr.strip().splitlines()[-1])
        found = {}
        for name, number in CALLS.items():
            (path,) = trace.glob(f"{number}-OnDefineDomain/*/input.xml")
            found[name] = path.read_text(encoding="utf-8")
        return found, result.stdout


class Result:
    """One document of one VMI, compared."""

    def __init__(self, name, ours, theirs, allowed):
        self.name = name
        self.compared = Comparison(parse(ours), parse(theirs), allowed)
        self.formed = form(parse(ours)) == ours

    def faults(self):
        """What is wrong, a line each."""
        compared = self.compared
        found = [f"extra: {path}" for path in compared.extra]
        found += [f"different: {line}" for line in compared.different]
        found += [f"order: {line}" for line in compared.disordered]
        if not self.formed:
            found.append("form: not tabs, double quotes and end tags, as KubeVirt writes it")
        if compared.share < LEAST_EACH:
            found.append(f"share: {compared.share:.1f} %, at least {LEAST_EACH} % are due")
        return found

    def line(self):
        """A row of the table."""
        compared = self.compared
        counts = [compared.total - compared.same, len(compared.extra)]
        counts += [len(compared.different), len(compared.disordered)]
        numbers = "".join(f"{count:>10}" for count in counts)
        return f"{self.name:<46}{compared.total:>7}{compared.share:>8.1f}{numbers}"


def with_namespace(vmi, domain):
    """The VMI with the namespace that it had in the cluster, which its file need not say."""
    if re.search(r"^  namespace:", vmi, re.MULTILINE):
        return vmi
    namespace = parse(domain).find("name").text.split("_")[0]
    return re.sub(r"(?m)^metadata:\n", f"metadata:\n  namespace: {namespace}\n", vmi)


def directories(given=()):
    """Where the recordings are, and which of the usual places are skipped."""
    if given:
        return [pathlib.Path(path) for path in given], []
    usual = [OWN, RECORDINGS]
    if os.environ.get("PARITY"):
        usual.append(pathlib.Path(os.environ["PARITY"]))
    return [path for path in usual if path.is_dir()], [path for path in usual if not path.is_dir()]


def compare_all(directory, allowed):
    """Compares all VMIs of a directory. Returns the results, and a reason for each refused VMI."""
    results, refused = [], {}
    with tempfile.TemporaryDirectory(prefix="hookline-test-") as work, Launcher(work) as launcher:
        for vmi in sorted(directory.glob("*/vmi.yaml")):
            theirs = {
                name: (vmi.parent / name).read_text(encoding="utf-8")
                for name in CALLS
                if (vmi.parent / name).exists()
            }
            if not theirs:
                continue
            text = vmi.read_text(encoding="utf-8")
            text = with_namespace(text, next(iter(theirs.values())))
            try:
                ours, printed = launcher.domains(text)
            except RuntimeError as error:
                refused[vmi.parent.name] = str(error)
                continue
            if printed != ours["domain.2.xml"]:
                refused[vmi.parent.name] = "the dry run prints another domain than hooks get"
            for name, domain in theirs.items():
                title = vmi.parent.name if name == "domain.2.xml" else f"{vmi.parent.name} (first)"
                results.append(Result(title, ours[name], domain, allowed))
    return results, refused


def share_over_all(results):
    """How many percent of all paths of KubeVirt's are in ours."""
    total = sum(result.compared.total for result in results)
    return 100 * sum(result.compared.same for result in results) / total if total else 0


def common_lines(results):
    """What is missing, extra and different over all: lines with how many documents have them."""
    for kind in ("missing", "extra", "different", "disordered"):
        counted = collections.Counter()
        for result in results:
            found = getattr(result.compared, kind)
            # Without counts and values, which differ from VMI to VMI.
            counted.update({re.split(r" \(|: ", line)[0] for line in found})
        for path, count in counted.most_common():
            yield f"  {kind:<10} {count:>4}  {path}"


def report(directory, allowed):
    """Prints the comparison of a directory. Returns whether it is as it must be."""
    results, refused = compare_all(directory, allowed)
    titles = "".join(f"{title:>10}" for title in ("missing", "extra", "different", "order"))
    print(f"{directory}\n{'VMI':<46}{'paths':>7}{'%':>8}{titles}")
    for result in results:
        print(result.line())
    for result in results:
        faults = [f"missing: {path}" for path in result.compared.missing] + result.faults()
        if faults:
            print(f"\n{result.name}\n  " + "\n  ".join(faults))
    for name, reason in refused.items():
        print(f"\n{name}\n  refused: {reason}")
    over_all = share_over_all(results)
    print(f"\nover all {len(results)} documents, {over_all:.1f} %, {len(refused)} refused")
    print("\n".join(common_lines(results)))
    return over_all >= LEAST_OVER_ALL and not refused and not any(r.faults() for r in results)


def main(given):
    allowed = Allowed.read(PAGE.read_text(encoding="utf-8"))
    found, skipped = directories(given)
    right = [report(directory, allowed) for directory in found]
    for path in skipped:
        print(f"skipped: {path} is not there")
    return 0 if right and all(right) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
