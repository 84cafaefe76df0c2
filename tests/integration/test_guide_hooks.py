#!/usr/bin/python3
"""Hooks as KubeVirt's user guide teaches them, with sed and with Python's XML library: what they
find in the domains that we hand out, what several of them add, and what libvirt's schema gets."""

import json
import os
import pathlib
import subprocess
import xml.etree.ElementTree as ElementTree

import support

SAMPLE = (support.SAMPLES / "domain.xml").read_text(encoding="utf-8")
SCHEMA = pathlib.Path("/usr/share/libvirt/schemas/domain.rng")
QEMU = "http://libvirt.org/schemas/domain/qemu/1.0"
RECORDINGS = support.UPSTREAM / "launch"
NO_SCHEMA = "libvirt's schema is not here (package libvirt0)"
# Hooks get: --vmi JSON --domain XML
ASSET_SH = """#!/bin/sh
printf %s "$4" | sed 's|<chassis></chassis>|<chassis><entry name="asset">rack 7</entry></chassis>|'
"""
BOARD_PY = """#!/usr/bin/python3
import sys
import xml.etree.ElementTree as ElementTree
domain = ElementTree.fromstring(sys.argv[4])
board = domain.find("sysinfo").find("baseBoard")
if board.find("entry[@name='product']") is None:
    ElementTree.SubElement(board, "entry", name="product").text = "Model B"
print(ElementTree.tostring(domain, encoding="unicode"))
"""
NOTHING_SH = """#!/bin/sh
printf %s "$4"
"""


def adding(text):
    """A hook that adds text at the end of the domain."""
    return f"#!/bin/sh\nprintf %s \"$4\" | sed 's|</domain>|{text}</domain>|'\n"


def argument(value):
    """A command line of QEMU with one argument."""
    return f'<qemu:commandline xmlns:qemu="{QEMU}"><qemu:arg value="{value}"/></qemu:commandline>'


def metadata(namespace, text):
    """Metadata with one element."""
    return f'<metadata><own:note xmlns:own="{namespace}">{text}</own:note></metadata>'


def as_virsh_prints(xml):
    """The domain with what virsh dumpxml has: other indentation, single quotes, no empty groups."""
    for group in ("bios", "baseBoard", "chassis"):
        xml = xml.replace(f"\t\t<{group}></{group}>\n", "")
    tree = ElementTree.fromstring(xml)
    ElementTree.indent(tree)
    return ElementTree.tostring(tree, encoding="unicode").replace('"', "'") + "\n"


class HookCase(support.TestCase):
    """Starts sidecar-shim with hooks."""

    def setUp(self):
        super().setUp()
        self.sockets = self.tmp / "sockets"
        self.sockets.mkdir()
        self.count = 0

    def hook(self, text):
        """The directory of an executable hook."""
        path = self.write(f"hook-{len(list(self.tmp.glob('hook-*')))}/onDefineDomain", text)
        path.chmod(0o755)
        path.parent.chmod(0o755)
        return path.parent

    def sidecar(self, text):
        """Starts the next sidecar, with a hook."""
        directory = self.sockets / f"hook-sidecar-{self.count}"
        directory.mkdir()
        self.count += 1
        shim = [support.program("sidecar-shim"), "--version", "v1alpha3", "--socket-dir", directory]
        path = f"{self.hook(text)}:{os.environ['PATH']}"
        self.spawn(shim, env={**os.environ, "PATH": path}, stderr=subprocess.DEVNULL)

    def manage(self, *words, domain=SAMPLE, status=0):
        """Runs hook-manager with all sidecars."""
        argv = [support.program("hook-manager"), "on-define-domain", "--sidecars", self.count]
        argv += ["--socket-dir", self.sockets, "--timeout", "100s", *words]
        result = support.run(argv, stdin=domain)
        self.assertEqual(result.returncode, status, result.stderr)
        return result


REFUSAL = support.sandbox_refusal()


@support.unittest.skipIf(REFUSAL, REFUSAL)
class RunTest(HookCase):
    """hookctl run."""

    def run_hooks(self, xml, *hooks):
        """The resulting domain, and what was said."""
        self.tmp.chmod(0o755)
        entry = {"image": "sidecar-shim", "args": ["--version", "v1alpha2"]}
        key = "hooks.kubevirt.io/hookSidecars"
        vmi = {
            "apiVersion": "kubevirt.io/v1",
            "kind": "VirtualMachineInstance",
            "metadata": {"name": "vm", "annotations": {key: json.dumps([entry] * len(hooks))}},
        }
        argv = [support.program("hookctl"), "run", "-f", self.write("vm.yaml", json.dumps(vmi))]
        argv += ["--domain", self.write("domain.xml", xml)]
        for index, hook in enumerate(hooks):
            argv += ["--hook", f"{index}={self.hook(hook)}"]
        result = support.run(argv)
        self.assertEqual(result.returncode, 0, result.stderr)
        return ElementTree.fromstring(result.stdout), result.stderr

    def assert_changed(self, domain):
        """Both hooks have found what they look for."""
        self.assertEqual(domain.findtext("sysinfo/chassis/entry[@name='asset']"), "rack 7")
        self.assertEqual(domain.findtext("sysinfo/baseBoard/entry[@name='product']"), "Model B")

    def test_on_a_domain_in_kubevirts_form(self):
        domain, said = self.run_hooks(SAMPLE, ASSET_SH, BOARD_PY)
        self.assert_changed(domain)
        self.assertNotIn("form", said)

    def test_on_what_virsh_prints(self):
        domain, said = self.run_hooks(as_virsh_prints(SAMPLE), ASSET_SH, BOARD_PY)
        self.assert_changed(domain)
        lines = [line for line in said.splitlines() if "KubeVirt's form" in line]
        self.assertEqual(len(lines), 1, said)
        self.assertIn("domain.xml is not in KubeVirt's form", lines[0])

    def test_a_domain_too_large_for_a_form(self):
        large = as_virsh_prints(SAMPLE).replace("</name>", "</name>" + "<!---->" * 300000)
        domain, said = self.run_hooks(large)
        self.assertIn("domain.xml is too large to be put in KubeVirt's form", said)
        self.assertEqual(domain.findtext("name"), "default_webserver")

    def test_hooks_get_the_same_from_both(self):
        seen = []
        for xml in (SAMPLE, as_virsh_prints(SAMPLE)):
            domain, _ = self.run_hooks(xml, NOTHING_SH)
            seen.append(ElementTree.canonicalize(ElementTree.tostring(domain)).strip())
        self.assertEqual(*seen)


class SeveralTest(HookCase):
    """What several hooks add side by side."""

    def test_arguments_of_qemu_are_joined_in_order(self):
        self.sidecar(adding(argument("-first")))
        self.sidecar(adding(argument("-second")))
        result = self.manage().stdout
        (line,) = ElementTree.fromstring(result).findall(f"{{{QEMU}}}commandline")
        values = [item.get("value") for item in line]
        self.assertEqual(values, ["-msg", "timestamp=on", "-first", "-second"])

    def test_metadata_of_different_namespaces_is_joined(self):
        self.sidecar(adding(metadata("urn:one", "1")))
        self.sidecar(adding(metadata("urn:two", "2")))
        (joined,) = ElementTree.fromstring(self.manage().stdout).findall("metadata")
        tags = [item.tag for item in joined]
        self.assertEqual(tags, ["{http://kubevirt.io}kubevirt", "{urn:one}note", "{urn:two}note"])

    def test_metadata_of_one_namespace_names_both_sidecars(self):
        for text in ("1", "2", "3"):
            self.sidecar(adding(metadata("urn:one" if text != "2" else "urn:two", text)))
        result = self.manage(status=4)
        self.assertEqual(result.stdout, "")
        for words in (
            "sidecar hook-sidecar-2 (index 2)",
            'two different elements of the namespace \\"urn:one\\"',
            "the other is from sidecar hook-sidecar-0 (index 0)",
        ):
            self.assertIn(words, result.stderr)

    def test_a_sidecar_that_may_fail_gives_way(self):
        self.sidecar(adding(metadata("urn:one", "1")))
        self.sidecar(adding(metadata("urn:one", "2")))
        policy = self.write("annotation", json.dumps([{}, {"failurePolicy": "Ignore"}]))
        domain = ElementTree.fromstring(self.manage("--annotation-file", policy).stdout)
        self.assertEqual(domain.findtext("metadata/{urn:one}note"), "1")

    def test_shared_memory_of_two_hooks(self):
        shared = '<memoryBacking><access mode="shared"/></memoryBacking>'
        self.sidecar(adding(shared))
        self.sidecar(adding(shared.replace("<access", '<source type="memfd"/><access')))
        (backing,) = ElementTree.fromstring(self.manage().stdout).findall("memoryBacking")
        self.assertEqual([item.tag for item in backing], ["access", "source"])

    def test_what_libvirt_takes_once_names_both_sidecars(self):
        self.sidecar(adding("<!--mine-->"))
        self.sidecar(adding('<sysinfo type="smbios"><chassis/></sysinfo>'))
        result = self.manage(status=4)
        for words in (
            "sidecar hook-sidecar-1 (index 1)",
            '<domain> has two different <sysinfo type=\\"smbios\\">',
            "the other was there before any hook",
        ):
            self.assertIn(words, result.stderr)

    def test_without_such_elements_the_last_output_stays(self):
        self.sidecar(adding("<!--mine-->"))
        self.assertEqual(self.manage().stdout, SAMPLE.replace("</domain>", "<!--mine--></domain>"))


@support.unittest.skipUnless(SCHEMA.exists(), NO_SCHEMA)
class SchemaTest(HookCase):
    """With --schema, what KubeVirt's form has beyond libvirt's schema is no fault of a hook, and is
    gone at the end."""

    def assert_valid(self, xml):
        """Another check finds nothing to take out: with a hook that changes nothing the same bytes
        come back."""
        self.assertEqual(self.manage("--schema", domain=xml).stdout, xml)

    def test_our_own(self):
        claim = "<filesystemOverhead>0.055</filesystemOverhead><capacity>1073741824</capacity>"
        xml = SAMPLE.replace('<alias name="ua-root"></alias>', f"{claim}<alias name='ua-root'/>")
        self.assertIn(claim, xml)
        self.sidecar(ASSET_SH)
        valid = self.manage("--schema", domain=xml).stdout
        domain = ElementTree.fromstring(valid)
        self.assertEqual(domain.findtext("sysinfo/chassis/entry"), "rack 7")
        for gone in ("sysinfo/bios", "sysinfo/baseBoard", ".//filesystemOverhead", ".//capacity"):
            self.assertIsNone(domain.find(gone), gone)
        self.assert_valid(valid)

    def test_what_several_add_is_valid(self):
        self.sidecar(adding(argument("-first") + metadata("urn:one", "1")))
        self.sidecar(adding(argument("-second") + metadata("urn:two", "2")))
        self.manage("--schema")

    def test_what_is_really_wrong_is_told(self):
        self.sidecar(adding("<nonsense/>"))
        result = self.manage("--schema", status=4)
        self.assertIn("hook-sidecar-0 (index 0)", result.stderr)
        self.assertIn("nonsense", result.stderr)

    @support.unittest.skipUnless(RECORDINGS.is_dir(), "KubeVirt's domains are not here")
    def test_every_domain_of_kubevirt(self):
        self.sidecar(NOTHING_SH)
        paths = sorted(RECORDINGS.glob("*/domain.*.xml"))
        self.assertTrue(paths)
        for path in paths:
            with self.subTest(f"{path.parent.name} {path.name}"):
                xml = path.read_text(encoding="utf-8")
                self.assert_valid(self.manage("--schema", domain=xml).stdout)


VMI = """\
apiVersion: kubevirt.io/v1
kind: VirtualMachineInstance
metadata: {name: vm, namespace: %s}
spec:
  terminationGracePeriodSeconds: 0
  domain:
    memory: {guest: 64Mi}
    devices: {autoattachPodInterface: false}
"""


@support.unittest.skipUnless(SCHEMA.exists(), NO_SCHEMA)
class LauncherTest(HookCase):
    """hook-launcher."""

    def argv(self, *words):
        """The command line with all sidecars."""
        argv = [support.program("hook-launcher"), "--sidecars", self.count, "--vmi"]
        argv += [self.write("vmi.yaml", VMI % f"n{os.getpid()}"), "--socket-dir", self.sockets]
        return [*argv, "--termination-log", self.tmp / "termination", *words]

    def recorder(self, then=NOTHING_SH):
        """A hook that keeps each domain that it gets in a file of its own."""
        script = then.removeprefix("#!/bin/sh\n")
        return (
            f"#!/bin/sh\ncd {self.tmp}\nnumber=$(ls | grep -c '^call-')\n"
            f'printf %s "$4" > call-$number\n{script}'
        )

    def calls(self):
        """The domains that the recorder got."""
        return [path.read_text() for path in sorted(self.tmp.glob("call-*"))]

    def test_a_launch_calls_a_hook_once(self):
        self.sidecar(self.recorder())
        printed = support.run(self.argv("--dry-run")).stdout
        self.assertEqual(self.calls(), [printed])

    def test_twice_as_kubevirt_does(self):
        self.sidecar(self.recorder(adding("<!--mine-->")))
        result = support.run(self.argv("--dry-run", "--twice", "--trace", self.tmp / "trace"))
        self.assertEqual(result.returncode, 0, result.stderr)
        first, second = self.calls()
        self.assertRegex(first, f'^<domain type="(qemu|kvm)" xmlns:qemu="{QEMU}">')
        self.assertRegex(second, '^<domain type="(qemu|kvm)">')
        self.assertNotIn("mine", second)
        self.assertEqual(result.stdout, second.replace("</domain>", "<!--mine--></domain>"))
        traced = sorted(path.name for path in (self.tmp / "trace").iterdir())
        self.assertEqual(traced, ["01-OnDefineDomain", "02-OnDefineDomain"])

    def test_an_error_of_the_first_call_ends_it(self):
        failing = "case $4 in *xmlns:qemu*) echo not this one >&2; exit 1;; esac\n"
        self.sidecar(self.recorder(failing + NOTHING_SH.removeprefix("#!/bin/sh\n")))
        result = support.run(self.argv("--dry-run", "--twice"))
        self.assertEqual(result.returncode, 4, result.stderr)
        self.assertEqual(len(self.calls()), 1)
        told = json.loads((self.tmp / "termination").read_text())
        self.assertEqual(told["stage"], "OnDefineDomain")
        self.assertIn("not this one", told["message"])
        self.assertEqual(support.run(self.argv("--dry-run")).returncode, 0)

    def test_a_dry_run_prints_what_hooks_get_and_libvirt_gets_what_it_takes(self):
        surplus = "<clock></clock>"
        self.sidecar(adding(surplus))
        printed = support.run(self.argv("--dry-run"))
        self.assertEqual(printed.returncode, 0, printed.stderr)
        self.assertIn(surplus, printed.stdout)
        words = ["--connect", "test:///default", "--log-level", "debug"]
        launcher = self.spawn(self.argv(*words), stderr=subprocess.PIPE, text=True)
        self.wait_for_line(launcher.stderr, '"Started"')
        launcher.terminate()
        _, said = launcher.communicate(timeout=support.PATIENCE)
        self.assertEqual(launcher.returncode, 0, said)

    def test_two_hooks_that_add_arguments_and_metadata(self):
        self.sidecar(adding(argument("-first") + metadata("urn:one", "1")))
        self.sidecar(adding(argument("-second") + metadata("urn:two", "2")))
        result = support.run(self.argv("--dry-run"))
        self.assertEqual(result.returncode, 0, result.stderr)
        domain = ElementTree.fromstring(result.stdout)
        (line,) = domain.findall(f"{{{QEMU}}}commandline")
        self.assertEqual([item.get("value") for item in line], ["-first", "-second"])
        (joined,) = domain.findall("metadata")
        self.assertEqual(len(joined), 3)

    def test_two_hooks_that_do_not_go_together(self):
        self.sidecar(adding(metadata("urn:one", "1")))
        self.sidecar(adding(metadata("urn:one", "2")))
        result = support.run(self.argv("--dry-run"))
        self.assertEqual(result.returncode, 4)
        told = json.loads((self.tmp / "termination").read_text())
        self.assertEqual(told["stage"], "OnDefineDomain")
        self.assertRegex(told["message"], "hook-sidecar-1 .* hook-sidecar-0")


if __name__ == "__main__":
    support.main()
