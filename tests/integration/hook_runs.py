"""Shared by the tests of hookctl run: hooks, manifests, and a test case that runs them and checks that
nothing is left behind."""

import json
import os
import pathlib

import support

HOOKCTL = support.program("hookctl")
UUID = "4c4c4544-0042-3510-8051-b4c04f303432"
# In KubeVirt's form, which hooks get.
DOMAIN = f"""<domain type="kvm">
\t<name>default_vm</name>
\t<uuid>{UUID}</uuid>
\t<memory unit="KiB">1024</memory>
\t<os>
\t\t<type arch="x86_64" machine="q35">hvm</type>
\t</os>
</domain>
"""
# Hooks get: --vmi JSON --domain XML
TITLE_SH = """#!/bin/sh
case $4 in
*'<title>'*) printf %s "$4" ;;
*) printf %s "$4" | sed 's|\t<memory|\t<title>by shell</title>\\n\t<memory|' ;;
esac
"""
DESCRIPTION_PY = """#!/usr/bin/python3
import json, sys
vmi = json.loads(sys.argv[2])
text = f"<description>{vmi['metadata']['name']}</description>"
domain = sys.argv[4]
if text not in domain:
    domain = domain.replace("\\t<memory", f"\\t{text}\\n\\t<memory")
sys.stdout.write(domain)
"""
# Reports the hook's environment as JSON in a description.
LOOK_PY = """#!/usr/bin/python3
import json, os, pathlib, socket, sys
podinfo = pathlib.Path("/var/run/kubevirt-private/downwardapi/podinfo")
seen = {
    "environment": dict(os.environ), "uid": os.getuid(), "gid": os.getgid(), "pid": int(open(f"/proc/{os.getppid()}/stat").read().split()[3]),
    "podinfo": {path.name: path.read_text() for path in sorted(podinfo.glob("*"))},
    "interfaces": [name for _, name in socket.if_nameindex()],
    "root": sorted(os.listdir("/")),
}
text = json.dumps(seen).replace("&", "&amp;").replace("<", "&lt;")
text = f"\\t<description>{text}</description>\\n\\t<memory"
sys.stdout.write(sys.argv[4].replace("\\t<memory", text))
"""
FAIL_SH = """#!/bin/sh
echo "no such disk: vdz" >&2
exit 3
"""
CLOUD_INIT_PY = """#!/usr/bin/python3
import json, sys
data = json.loads(sys.argv[4])
data["UserData"] += "user: hook\\n"
json.dump(data, sys.stdout)
"""


def script_entry(key, hook="onDefineDomain", version="v1alpha2", **fields):
    """An entry whose hook is a key of the config map "scripts"."""
    return {
        "args": ["--version", version],
        "configMap": {"name": "scripts", "key": key, "hookPath": f"/usr/bin/{hook}"},
        **fields,
    }


def machine(entries, name="vm", **metadata):
    annotations = {"hooks.kubevirt.io/hookSidecars": json.dumps(entries)}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": name, "annotations": annotations, **metadata},
        "spec": {"domain": {}},
    }


def config_map(data, name="scripts", **fields):
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": data,
        **fields,
    }


def manifests(*objects):
    """A stream of YAML documents; JSON is YAML."""
    return "".join(f"---\n{json.dumps(value, indent=1)}\n" for value in objects)


def sandboxes_of(directory):
    """The processes in sandboxes that mount something from directory."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            mounts = (process / "mountinfo").read_text(errors="replace")
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue  # it ended meanwhile
        if str(directory) in mounts or str(directory).encode() in command:
            found.append((process.name, command))
    return found


class RunTestCase(support.TestCase):
    def setUp(self):
        super().setUp()
        self.tmp.chmod(0o755)
        self.temporary = self.tmp / "temporary"
        self.temporary.mkdir()
        self.temporary.chmod(0o1777)
        self.domain = self.write("domain.xml", DOMAIN)

    def environment(self, **more):
        return {**os.environ, "TMPDIR": str(self.temporary), **more}

    def assert_nothing_left(self):
        self.assertEqual(list(self.temporary.iterdir()), [])
        self.assertEqual(sandboxes_of(self.temporary), [])

    def run_hooks(
        self, *words, status=0, domain=None, stdin="", env=None, prefix=(), program=HOOKCTL
    ):
        """Runs the hooks of self.tmp/vm.yaml; checks the exit status and what is left behind."""
        words = [*prefix, program, "run", "-f", self.tmp / "vm.yaml", *words]
        if "--domain" not in words:
            words += ["--domain", domain or self.domain]
        result = support.run(words, stdin=stdin, env=self.environment(**(env or {})))
        self.assertEqual(result.returncode, status, result.stderr)
        self.assert_nothing_left()
        return result

    def write_machine(self, entries, scripts=None, **metadata):
        objects = [machine(entries, **metadata)]
        if scripts is not None:
            objects.append(config_map(scripts))
        return self.write("vm.yaml", manifests(*objects))

    def write_hook(self, directory, text, name="onDefineDomain"):
        path = self.write(f"{directory}/{name}", text)
        path.chmod(0o755)
        path.parent.chmod(0o755)
        return path.parent
