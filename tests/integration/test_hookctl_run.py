"""hookctl run: hooks in their sandboxes, with the mounts, user and environment of the rendered pod;
what it shows; every way in which a hook or the machine fails; and that nothing is left behind.
test_hookctl_sandbox.py has what happens where there are no user namespaces."""

import base64
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import socket
import subprocess

import hook_runs
import support
from hook_runs import (
    CLOUD_INIT_PY,
    DESCRIPTION_PY,
    DOMAIN,
    FAIL_SH,
    HOOKCTL,
    LOOK_PY,
    TITLE_SH,
    UUID,
    config_map,
    machine,
    manifests,
    sandboxes_of,
    script_entry,
)

SCHEMA = pathlib.Path("/usr/share/libvirt/schemas/domain.rng")
REFUSAL = support.sandbox_refusal()


@support.unittest.skipIf(REFUSAL, REFUSAL)
class RunTestCase(hook_runs.RunTestCase):
    """On a machine with user namespaces."""


class ChainTest(RunTestCase):
    def test_hooks_of_config_maps(self):
        self.write_machine(
            [script_entry("title.sh"), script_entry("description.py", version="v1alpha3")],
            {"title.sh": TITLE_SH, "description.py": DESCRIPTION_PY},
        )
        result = self.run_hooks()
        self.assertEqual(
            result.stdout,
            DOMAIN.replace(
                "\t<memory",
                "\t<title>by shell</title>\n\t<description>vm</description>\n\t<memory",
            ),
        )
        rows = [line.split() for line in result.stderr.splitlines()]
        self.assertEqual(rows[0], ["SIDECAR", "CALL", "HOOK", "LINES", "TIME"])
        self.assertEqual(rows[1][:5], ["hook-sidecar-0", "1", "OnDefineDomain", "+1", "-0"])
        self.assertEqual(rows[2][:5], ["hook-sidecar-1", "1", "OnDefineDomain", "+1", "-0"])
        self.assertEqual(len(rows), 3)
        self.assertNotIn("\033", result.stderr)

    def test_domain_on_standard_input(self):
        self.write_machine([script_entry("title.sh")], {"title.sh": TITLE_SH})
        result = self.run_hooks("--domain", "-", stdin=DOMAIN)
        self.assertIn("<title>by shell</title>", result.stdout)

    def test_one_of_several_machines(self):
        objects = [
            machine([script_entry("title.sh")], name="one"),
            machine([script_entry("description.py")], name="two"),
            config_map({"title.sh": TITLE_SH, "description.py": DESCRIPTION_PY}),
        ]
        self.write("vm.yaml", manifests(*objects))
        several = self.run_hooks(status=2).stderr
        self.assertRegex(several, "choose with --name .*default/one, .*default/two")
        none = self.run_hooks("--name", "three", status=1).stderr
        self.assertIn("no virtual machine called three", none)
        self.assertIn("<description>two<", self.run_hooks("--name", "two").stdout)

    def test_template_of_a_virtual_machine(self):
        template = machine([script_entry("description.py")])
        virtual_machine = {
            "apiVersion": "kubevirt.io/v1",
            "kind": "VirtualMachine",
            "metadata": {"name": "from-template"},
            "spec": {"template": {"metadata": template["metadata"], "spec": template["spec"]}},
        }
        scripts = config_map({"description.py": DESCRIPTION_PY})
        self.write("vm.yaml", manifests(virtual_machine, scripts))
        self.assertIn("<description>from-template<", self.run_hooks().stdout)

    def test_no_sidecars(self):
        self.write_machine([])
        without = {**machine([]), "metadata": {"name": "vm"}}
        for words in ([], ["--annotation-key", "example.org/hooks"], None):
            with self.subTest(words):
                if words is None:
                    self.write("vm.yaml", manifests(without))
                result = self.run_hooks(*(words or []))
                self.assertEqual(result.stdout, DOMAIN)
                self.assertIn("vm has no hook sidecars", result.stderr)

    def test_hook_directory_without_a_hook(self):
        self.write_machine([script_entry("title.sh")], {"title.sh": TITLE_SH})
        hooks = self.tmp / "hooks"
        hooks.mkdir()
        words = ["--hook", f"0={hooks}"]
        self.assertIn(f"{hooks}, given with --hook 0, has no exec", self.run_hooks(*words, status=1).stderr)
        closed = hooks / "onDefineDomain"
        closed.write_text(TITLE_SH, encoding="utf-8")
        closed.chmod(0o644)
        message = f"{closed} is there, but not executable: chmod +x"
        self.assertIn(message, self.run_hooks(*words, status=1).stderr)
        other = hooks / "preCloudInitIso"
        other.write_text(CLOUD_INIT_PY, encoding="utf-8")
        other.chmod(0o755)
        self.assertIn(f"warning: {message}", self.run_hooks(*words).stderr)

    def test_hook_directory_comes_first(self):
        self.write_machine(
            [script_entry("fail.sh"), script_entry("title.sh")],
            {"fail.sh": FAIL_SH, "title.sh": TITLE_SH},
        )
        directory = self.write_hook("hooks", DESCRIPTION_PY)
        result = self.run_hooks("--hook", f"00={directory}")
        self.assertIn("<description>vm</description>", result.stdout)
        self.assertIn("<title>by shell</title>", result.stdout)

    def test_binary_key_of_a_config_map(self):
        data = base64.b64encode(TITLE_SH.encode()).decode()
        self.write(
            "vm.yaml",
            manifests(
                machine([script_entry("title.sh")]), config_map({}, binaryData={"title.sh": data})
            ),
        )
        self.assertIn("<title>by shell</title>", self.run_hooks().stdout)

    def test_image_of_its_own(self):
        self.write_machine(
            [
                {"image": "registry.example/hook:1", "args": ["--version", "v1alpha1", "--other"]},
                {"image": "registry.example/hook:1", "command": ["/hook"], "args": ["run"]},
            ]
        )
        directory = self.write_hook("hooks", TITLE_SH)
        result = self.run_hooks("--hook", f"0={directory}")
        self.assertIn("<title>by shell</title>", result.stdout)
        self.assertIn("note: hook-sidecar-0 has its own image", result.stderr)
        self.assertIn("note: hook-sidecar-1 has its own command", result.stderr)
        self.assertNotIn("warning: hook-sidecar-0", result.stderr)
        self.assertIn("warning: hook-sidecar-1 has no hook here", result.stderr)
        self.assertIn("--hook 1=DIR", result.stderr)
        self.assertRegex(result.stderr, r"hook-sidecar-1 +- +not called")

    def test_image_of_the_shim(self):
        entry = {"image": "quay.io/kubevirt/sidecar-shim:v1.9.0", **script_entry("stdin.py")}
        entry["args"] += ["--stdin"]
        script = "#!/usr/bin/python3\nimport json, sys\nprint(json.load(sys.stdin)['domain'])\n"
        self.write_machine([entry], {"stdin.py": script})
        self.assertNotIn("note:", self.run_hooks().stderr)

    def test_cloud_init(self):
        self.write_machine(
            [script_entry("cloud.py", "preCloudInitIso"), script_entry("title.sh")],
            {"cloud.py": CLOUD_INIT_PY, "title.sh": TITLE_SH},
        )
        data = {
            "DataSource": "noCloud",
            "NoCloudMetaData": {"instance-id": "vm"},
            "UserData": "#cloud-config\n",
        }
        path = self.write("cloud-init.json", json.dumps(data))
        out = self.tmp / "out.json"
        result = self.run_hooks("--cloud-init", path, "--cloud-init-output", out, "--diff")
        self.assertEqual(json.loads(out.read_text())["UserData"], "#cloud-config\nuser: hook\n")
        self.assertIn("<title>by shell</title>", result.stdout)
        self.assertRegex(result.stderr, r"hook-sidecar-0 +1 +PreCloudInitIso +\+1 -0")
        self.assertIn("user: hook", result.stderr)


MEMORY = {"memory": {"guest": "64Mi"}}
SEED = {"name": "seed", "cloudInitNoCloud": {"userData": "#cloud-config\n"}}


class DocumentsTest(RunTestCase):
    """Without --domain and --cloud-init, both come from the machine."""

    def write_spec(self, entries, scripts, kind="VirtualMachineInstance", **spec):
        value = machine(entries)
        value["spec"] = {"domain": MEMORY, **spec}
        if kind == "VirtualMachine":
            inner = {"metadata": value.pop("metadata"), "spec": value.pop("spec")}
            value.update(kind=kind, metadata={"name": "vm"}, spec={"template": inner})
        return self.write("vm.yaml", manifests(value, config_map(scripts)))

    def run_bare(self, *words, status=0):
        words = [HOOKCTL, "run", "-f", self.tmp / "vm.yaml", *words]
        result = support.run(words, env=self.environment())
        self.assertEqual(result.returncode, status, result.stderr)
        self.assert_nothing_left()
        return result

    def test_the_domain_is_that_of_hook_launcher(self):
        """Of a machine whose files are not here."""
        for kind in ("VirtualMachineInstance", "VirtualMachine"):
            with self.subTest(kind):
                disks = [{"name": "root", "disk": {"bus": "virtio"}}]
                self.write_spec(
                    [script_entry("keep.sh")],
                    {"keep.sh": '#!/bin/sh\nprintf %s "$4"\n'},
                    kind,
                    domain={**MEMORY, "devices": {"disks": disks}},
                    volumes=[{"name": "root", "containerDisk": {"image": "example"}}, SEED],
                )
                launcher = [support.program("hook-launcher"), "--vmi", self.tmp / "vm.yaml"]
                expected = support.run([*launcher, "--dry-run"])
                self.assertEqual(expected.returncode, 0, expected.stderr)
                result = self.run_bare()
                self.assertEqual(result.stdout, expected.stdout)
                self.assertIn("<name>default_vm</name>", result.stdout)
                self.assertRegex(result.stderr, r"hook-sidecar-0 +1 +OnDefineDomain +unchanged")

    def test_only_a_cloud_init_hook(self):
        """It gets the user data that are in the machine, in the first call."""
        self.write_spec(
            [script_entry("cloud.py", "preCloudInitIso")], {"cloud.py": CLOUD_INIT_PY}, volumes=[SEED]
        )
        out = self.tmp / "out.json"
        result = self.run_bare("--diff", "--cloud-init-output", out)
        data = json.loads(out.read_text())
        self.assertEqual(data["UserData"], "#cloud-config\nuser: hook\n")
        self.assertEqual(data["NoCloudMetaData"]["local-hostname"], "vm")
        self.assertRegex(result.stderr, r"hook-sidecar-0 +1 +PreCloudInitIso +\+1 -0")
        self.assertIn("+  user: hook", result.stderr)
        self.assertIn("</domain>", result.stdout)

    def test_only_a_cloud_init_hook_and_no_domain(self):
        """A domain that cannot be made is not in its way."""
        self.write_spec(
            [script_entry("cloud.py", "preCloudInitIso")],
            {"cloud.py": CLOUD_INIT_PY},
            domain={},
            volumes=[SEED],
        )
        result = self.run_bare()
        self.assertEqual(result.stdout, "")
        self.assertRegex(result.stderr, r"vm.yaml:\d+:\d+: warning: spec.domain: .*how much memory")
        self.assertIn("warning: there is no domain", result.stderr)
        self.assertRegex(result.stderr, r"hook-sidecar-0 +1 +PreCloudInitIso +\+1 -0")

    def test_both_hooks_are_called_in_kubevirts_order(self):
        self.write_spec(
            [script_entry("title.sh"), script_entry("cloud.py", "preCloudInitIso")],
            {"cloud.py": CLOUD_INIT_PY, "title.sh": '#!/bin/sh\nprintf %s "$4"\n'},
            volumes=[SEED],
        )
        result = self.run_bare("--twice")
        rows = [line.split()[:3] for line in result.stderr.splitlines() if line.startswith("hook-")]
        self.assertEqual(
            rows,
            [
                ["hook-sidecar-1", "1", "PreCloudInitIso"],
                ["hook-sidecar-0", "1", "OnDefineDomain"],
                ["hook-sidecar-0", "2", "OnDefineDomain"],
            ],
        )

    def test_a_given_domain_and_data_from_the_machine(self):
        self.write_spec(
            [script_entry("cloud.py", "preCloudInitIso")],
            {"cloud.py": CLOUD_INIT_PY},
            domain={},
            volumes=[SEED],
        )
        result = self.run_bare("--domain", self.domain)
        self.assertEqual(result.stdout, DOMAIN)
        self.assertRegex(result.stderr, r"hook-sidecar-0 +1 +PreCloudInitIso +\+1 -0")
        self.assertNotIn("warning", result.stderr)

    def test_given_data_and_a_domain_from_the_machine(self):
        self.write_spec(
            [script_entry("cloud.py", "preCloudInitIso")], {"cloud.py": CLOUD_INIT_PY}, volumes=[SEED]
        )
        data = {"DataSource": "noCloud", "NoCloudMetaData": {}, "UserData": "given\n"}
        path, out = self.write("data.json", json.dumps(data)), self.tmp / "out.json"
        result = self.run_bare("--cloud-init", path, "--cloud-init-output", out)
        self.assertEqual(json.loads(out.read_text())["UserData"], "given\nuser: hook\n")
        self.assertIn("</domain>", result.stdout)

    def test_a_secret_that_is_not_here(self):
        secret = {"name": "seed", "cloudInitNoCloud": {"secretRef": {"name": "s"}}}
        self.write_spec(
            [script_entry("cloud.py", "preCloudInitIso")], {"cloud.py": CLOUD_INIT_PY}, volumes=[secret]
        )
        for words in ([], ["--domain", self.domain]):
            result = self.run_bare(*words)
            self.assertRegex(
                result.stderr,
                "warning: spec.volumes.*its Secret is not on this machine.*--volume-dir seed=PATH",
            )
        self.write("secret/userdata", "#cloud-config\n")
        out = self.tmp / "out.json"
        words = ["--volume-dir", f"seed={self.tmp / 'secret'}", "--cloud-init-output", out]
        result = self.run_bare(*words)
        self.assertEqual(json.loads(out.read_text())["UserData"], "#cloud-config\nuser: hook\n")
        self.assertNotIn("warning", result.stderr)

    def test_what_cannot_be_converted(self):
        """It is told with its place, and what to do."""
        self.write_spec(
            [script_entry("title.sh")],
            {"title.sh": TITLE_SH},
            "VirtualMachine",
            domain={"devices": {"noSuchThing": {}}},
        )
        result = self.run_bare(status=1)
        self.assertRegex(
            result.stderr, r"vm.yaml:\d+:\d+: spec.template.spec.domain.devices.noSuchThing: "
        )
        self.assertIn("give its domain XML with --domain FILE", result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual(self.run_bare("--domain", self.domain).returncode, 0)

    def test_data_that_cannot_be_made(self):
        bad = {"name": "seed", "cloudInitNoCloud": {"userDataBase64": "a!"}}
        self.write_spec(
            [script_entry("title.sh"), script_entry("cloud.py", "preCloudInitIso")],
            {"cloud.py": CLOUD_INIT_PY, "title.sh": TITLE_SH},
            volumes=[bad],
        )
        result = self.run_bare(status=1)
        self.assertIn("userDataBase64: it is not Base64", result.stderr)
        result = self.run_bare("--domain", self.domain, status=1)
        self.assertIn("userDataBase64: it is not Base64", result.stderr)
        self.assertIn("the cloud-init data of vm cannot be made here", result.stderr)

    CLOUD_ONLY = ([script_entry("cloud.py", "preCloudInitIso")], {"cloud.py": CLOUD_INIT_PY})

    def test_broken_data_fail_even_without_a_domain_hook(self):
        """And are errors; nothing is called."""
        keyless = [{"sshPublicKey": {"propagationMethod": {"noCloud": {}}}}]
        for source, spec, words in [
            ({"userDataBase64": "a-b_"}, {}, r"userDataBase64: it is not Base64"),
            ({"userDataBase64": "/w=="}, {}, r"userDataBase64: it is not UTF-8 text"),
            ({}, {}, r"cloudInitNoCloud: has neither user data nor network data"),
            ({"secretRef": {}}, {}, r"cloudInitNoCloud: has neither user data nor network data"),
            ({"userData": 5}, {}, r"userData: must be a string"),
            ({"userData": "a", "userDataBase64": "eA=="}, {}, r"userDataBase64: cannot be there"),
            ({"userData": "a"}, {"accessCredentials": keyless}, r"sshPublicKey.source: is required"),
            ({"userData": "a"}, {"hostname": 5}, r"hostname: must be a string"),
        ]:
            volume = {"name": "seed", "cloudInitNoCloud": source}
            for domain in ([], ["--domain", self.domain]):
                with self.subTest(source=source, spec=spec, domain=domain):
                    self.write_spec(*self.CLOUD_ONLY, volumes=[volume], **spec)
                    result = self.run_bare(*domain, status=1)
                    self.assertRegex(result.stderr, rf"vm.yaml:\d+:\d+: spec\.\S*{words}")
                    self.assertNotIn("warning", result.stderr)
                    self.assertIn("the cloud-init data of vm cannot be made here", result.stderr)
                    self.assertNotIn("PreCloudInitIso", result.stderr)
                    self.assertEqual(result.stdout, "")

    def test_a_refused_field_is_not_in_the_way_of_the_data(self):
        devices = {"interfaces": [{"name": "a", "sriov": {}}]}
        self.write_spec(*self.CLOUD_ONLY, domain={**MEMORY, "devices": devices}, volumes=[SEED])
        result = self.run_bare()
        self.assertRegex(result.stderr, r"warning: spec.domain.devices.interfaces\[0\].sriov: ")
        self.assertRegex(result.stderr, r"hook-sidecar-0 +1 +PreCloudInitIso +\+1 -0")
        out = self.tmp / "out.json"
        result = self.run_bare("--domain", self.domain, "--cloud-init-output", out)
        self.assertNotIn("sriov", result.stderr)
        self.assertEqual(json.loads(out.read_text())["UserData"], "#cloud-config\nuser: hook\n")

    def test_data_on_standard_output(self):
        self.write_spec(*self.CLOUD_ONLY, volumes=[SEED])
        result = self.run_bare("--cloud-init-output", "-")
        self.assertEqual(json.loads(result.stdout)["UserData"], "#cloud-config\nuser: hook\n")
        self.assertNotIn("note:", result.stderr)
        result = self.run_bare("--cloud-init-output", "-", "--domain", self.domain, status=2)
        self.assertIn("--cloud-init-output cannot be -: the domain goes", result.stderr)
        self.assertEqual([path for path in self.tmp.iterdir() if path.name == "-"], [])

    def test_changed_data_that_nothing_shows(self):
        self.write_spec(*self.CLOUD_ONLY, volumes=[SEED])
        note = "note: hooks have changed the cloud-init data: --cloud-init-output"
        self.assertIn(note, self.run_bare().stderr)
        self.assertNotIn(note, self.run_bare("--diff").stderr)
        self.assertNotIn(note, self.run_bare("--cloud-init-output", self.tmp / "out").stderr)
        other_form = '#!/bin/sh\nprintf " %s\\n" "$4"\n'
        self.write_spec(self.CLOUD_ONLY[0], {"cloud.py": other_form}, volumes=[SEED])
        self.assertNotIn(note, self.run_bare().stderr)

    def test_given_data_need_no_domain(self):
        """A machine without memory, and a hook of cloud-init alone."""
        self.write_spec(*self.CLOUD_ONLY, domain={}, volumes=[SEED])
        data = {"DataSource": "noCloud", "NoCloudMetaData": {}, "UserData": "given\n"}
        result = self.run_bare("--cloud-init", self.write("data.json", json.dumps(data)))
        self.assertRegex(result.stderr, r"hook-sidecar-0 +1 +PreCloudInitIso +\+1 -0")
        self.assertNotIn("emulation", result.stderr)

    def test_given_data_that_kubevirt_cannot_use(self):
        self.write_spec(*self.CLOUD_ONLY, volumes=[SEED])
        path = self.write("data.json", json.dumps({"DataSource": "foo", "UserData": "x"}))
        result = self.run_bare("--cloud-init", path, status=1)
        self.assertIn('data.json: DataSource cannot be "foo"', result.stderr)

    def test_a_result_that_kubevirt_cannot_use(self):
        for text, words in {
            '{"UserData":"x","NoCloudMetaData":{}}': "DataSource is missing",
            '{"DataSource":"noCloud","UserData":"x","NoCloudMetaData":{"instance-id":5}}':
                "NoCloudMetaData: instance-id must be a string",
        }.items():
            with self.subTest(text):
                script = f"#!/bin/sh\nprintf %s '{text}'\n"
                self.write_spec([self.CLOUD_ONLY[0][0]], {"cloud.py": script}, volumes=[SEED])
                result = self.run_bare(status=4)
                self.assertRegex(result.stderr, f"hook-sidecar-0.*PreCloudInitIso.*{words}")

    def test_a_hook_that_logs_to_standard_output(self):
        script = '#!/bin/sh\necho start\nprintf %s "$4"\n'
        words = 'the result is refused: it begins with "start": the hook must print only the document'
        self.write_spec([script_entry("hook.sh")], {"hook.sh": script})
        self.assertIn(words, self.run_bare(status=4).stderr)
        self.write_spec(
            [script_entry("hook.sh", "preCloudInitIso")], {"hook.sh": script}, volumes=[SEED]
        )
        self.assertIn(words, self.run_bare(status=4).stderr)

    def test_a_hook_without_data(self):
        """KubeVirt's launcher crashes then."""
        self.write_spec(*self.CLOUD_ONLY)
        result = self.run_bare()
        self.assertRegex(
            result.stderr, "warning: sidecar hook-sidecar-0 .*PreCloudInitIso is not called, because"
        )
        self.write_spec([script_entry("title.sh")], {"title.sh": TITLE_SH})
        self.assertNotIn("PreCloudInitIso", self.run_bare().stderr)

    def test_hooks_get_the_vmi_as_go_writes_it(self):
        script = """#!/bin/sh
case "$2" in
*'a \\u0026\\u0026 b \\u003c c'*) printf %s "$4" ;;
*) exit 3 ;;
esac
"""
        value = machine([script_entry("look.sh")])
        value["metadata"]["annotations"]["note"] = "a && b < c"
        value["spec"] = {"domain": MEMORY}
        self.write("vm.yaml", manifests(value, config_map({"look.sh": script})))
        self.assertIn("</domain>", self.run_bare().stdout)

    def test_an_annotation_alone_has_no_domain(self):
        self.write("vm.yaml", json.dumps([script_entry("title.sh")]))
        result = self.run_bare(status=2)
        self.assertIn("--domain is missing: an annotation alone", result.stderr)


class SandboxTest(RunTestCase):
    def look(self, entry, *words, **metadata):
        """The environment that a hook sees."""
        self.write_machine([{**script_entry("look.py"), **entry}], {"look.py": LOOK_PY}, **metadata)
        text = re.search("<description>(.*)</description>", self.run_hooks(*words).stdout)[1]
        return json.loads(text.replace("&lt;", "<").replace("&amp;", "&"))

    def test_environment_and_user(self):
        directory = self.write_hook("hooks", LOOK_PY)
        seen = self.look({"env": [{"name": "COLOUR", "value": "a b"}]}, "--hook", f"0={directory}")
        environment = seen["environment"]
        self.assertEqual(environment["COLOUR"], "a b")
        self.assertEqual(environment["CONTAINER_NAME"], "hook-sidecar-0")
        self.assertEqual(environment["XDG_RUNTIME_DIR"], "/var/run")
        self.assertRegex(environment["PATH"], "^/.hooks/0:/usr/local/sbin:")
        self.assertNotIn("TMPDIR", environment)
        self.assertEqual((seen["uid"], seen["gid"]), (107, 107))
        self.assertEqual(seen["pid"], 1)  # the shim, as in its container: the keeper's parent

    def test_machine_as_root(self):
        vmi = machine([script_entry("look.py")])
        vmi["status"] = {"runtimeUser": 0}
        self.write("vm.yaml", manifests(vmi, config_map({"look.py": LOOK_PY})))
        self.assertIn('"uid": 0', self.run_hooks().stdout)

    def test_pod_info(self):
        labels = {"app": "db", "a.b/c": "x"}
        podinfo = self.look({"downwardAPI": ["pod-info"]}, labels=labels)["podinfo"]
        self.assertEqual(sorted(podinfo), ["annotations", "labels"])
        self.assertEqual(podinfo["labels"].splitlines()[:2], ['a.b/c="x"', 'app="db"'])
        self.assertIn('hooks.kubevirt.io/hookSidecars="[{\\"args\\"', podinfo["annotations"])

    def test_only_what_is_mounted(self):
        seen = self.look({})
        self.assertNotIn("home", seen["root"])
        self.assertNotIn("root", seen["root"])
        self.assertEqual(seen["podinfo"], {})
        self.assertEqual(seen["interfaces"], ["lo"])

    def test_image_is_read_only(self):
        self.write_machine([{"image": "registry.example/hook:1"}])
        directory = self.write_hook(
            "hooks", "#!/bin/sh\ntouch /usr/bin/new || exit 7\nprintf %s \"$4\"\n"
        )
        result = self.run_hooks("--hook", f"0={directory}", status=4)
        self.assertRegex(result.stderr, "status 7.*Read-only file system")

    def host_path(self, script, status=0, **fields):
        entry = {"volumePath": "/host", **fields}
        self.write_machine([script_entry("hook.sh", hostPath=entry)], {"hook.sh": script})
        return self.run_hooks(status=status)

    def test_host_path_is_written(self):
        directory = self.tmp / "host"
        directory.mkdir()
        script = '#!/bin/sh\necho seen > /host/file\nprintf %s "$4"\n'
        self.host_path(script, path=str(directory))
        self.assertEqual((directory / "file").read_text(), "seen\n")

    def test_host_path_is_read_only(self):
        directory = self.tmp / "host"
        directory.mkdir()
        (directory / "file").write_text("here")
        script = '#!/bin/sh\ncat /host/file >&2\necho > /host/file || exit 7\nprintf %s "$4"\n'
        result = self.host_path(script, status=4, path=str(directory), readOnly=True)
        self.assertIn("here", result.stderr)
        self.assertIn("Read-only file system", result.stderr)
        self.assertEqual((directory / "file").read_text(), "here")

    def test_host_paths_that_are_created(self):
        script = '#!/bin/sh\nprintf %s "$4"\n'
        self.host_path(script, path=f"{self.tmp}/a/b", type="DirectoryOrCreate")
        self.assertTrue((self.tmp / "a" / "b").is_dir())
        self.host_path(script, path=f"{self.tmp}/a/file", type="FileOrCreate")
        self.assertTrue((self.tmp / "a" / "file").is_file())

    def test_host_path_in_a_directory_of_links(self):
        """/bin, /lib and so on link to where it is mounted."""
        directory = self.tmp / "host"
        directory.mkdir()
        (directory / "file").write_text("here")
        for place in ("/bin/more", "/lib/modules", "/lib64/a/b", "/usr/share/a/b"):
            with self.subTest(place):
                script = f'#!/bin/sh\ncat {place}/file >/dev/null && printf %s "$4"\n'
                entry = {"path": str(directory), "volumePath": place}
                self.write_machine(
                    [script_entry("hook.sh", hostPath=entry)], {"hook.sh": script}
                )
                self.run_hooks()
                self.assertEqual([path.name for path in directory.iterdir()], ["file"])

    def test_host_path_over_the_hooks(self):
        """Only the mount point of the hook is created in it, as in the cluster."""
        directory = self.tmp / "host"
        directory.mkdir()
        entry = {"path": str(directory), "volumePath": "/usr/bin"}
        self.write_machine([script_entry("title.sh", hostPath=entry)], {"title.sh": TITLE_SH})
        self.run_hooks()
        self.assertEqual([path.name for path in directory.iterdir()], ["onDefineDomain"])

    def test_device(self):
        script = '#!/bin/sh\nhead -c 4 /host | wc -c >&2\ntest -c /host || exit 7\nprintf %s "$4"\n'
        self.host_path(script, path="/dev/zero", type="CharDevice")

    def test_socket(self):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.tmp / "socket"))
            listener.listen()
            script = '#!/bin/sh\ntest -S /host || exit 7\nprintf %s "$4"\n'
            self.host_path(script, path=f"{self.tmp}/socket", type="Socket")

    def test_host_path_of_another_type(self):
        """Includes those that would hang or fail if they were opened."""
        file = self.write("file", "x")
        fifo = self.tmp / "fifo"
        os.mkfifo(fifo)
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(str(self.tmp / "socket"))
        cases = [
            (str(fifo), "File", f"the host path {fifo} is a FIFO, but its type is File"),
            (str(fifo), "FileOrCreate", "is a FIFO, but its type is FileOrCreate"),
            (str(fifo), "Socket", "is a FIFO, but its type is Socket"),
            (str(fifo), "Directory", "is a FIFO, but its type is Directory"),
            (f"{self.tmp}/socket", "File", "is a socket, but its type is File"),
            (f"{self.tmp}/socket", "DirectoryOrCreate", "is a socket, but its type is DirectoryOrCreate"),
            (str(file), "Directory", f"the host path {file} is a file, but its type is Directory"),
            (str(file), "DirectoryOrCreate", "is a file, but its type is DirectoryOrCreate"),
            (str(file), "Socket", "is a file, but its type is Socket"),
            (str(self.tmp), "File", "is a directory, but its type is File"),
            ("/dev/null", "BlockDevice", "is a character device, but its type is BlockDevice"),
            (f"{self.tmp}/nothing", "Directory", "nothing, .* a Directory: No such file"),
        ]
        for path, kind, message in cases:
            with self.subTest(kind=kind, path=path):
                result = self.host_path(TITLE_SH, status=3, path=path, type=kind)
                self.assertRegex(result.stderr, f"hook-sidecar-0: .*{message}")
                self.assertEqual(result.stdout, "")

    def test_claim(self):
        claim = {"name": "data", "volumePath": "/usr/share/data"}
        script = '#!/bin/sh\necho seen > /usr/share/data/file\nprintf %s "$4"\n'
        self.write_machine([script_entry("hook.sh", pvc=claim)], {"hook.sh": script})
        self.assertIn("give --pvc data=DIR", self.run_hooks(status=2).stderr)
        self.assertIn("--pvc", self.run_hooks("--pvc", "data", status=2).stderr)
        directory = self.tmp / "claim"
        directory.mkdir()
        self.run_hooks("--pvc", f"data={directory}")
        self.assertEqual((directory / "file").read_text(), "seen\n")

    def test_config_map_that_is_not_there(self):
        self.write_machine([script_entry("title.sh")])
        self.assertIn("no ConfigMap scripts in namespace default", self.run_hooks(status=1).stderr)
        self.write_machine([script_entry("title.sh")], {"other.sh": TITLE_SH})
        self.assertIn("it has no key title.sh", self.run_hooks(status=1).stderr)
        self.write_machine([script_entry("title.sh")], {"../title.sh": TITLE_SH})
        self.assertIn('"../title.sh" is not a file name', self.run_hooks(status=1).stderr)

    def test_unprivileged(self):
        if os.getuid() != 0 or not shutil.which("setpriv"):
            self.skipTest("only root can become another user")
        for name in ("hookctl", "sidecar-shim"):  # others may not see the build
            shutil.copy(support.program(name), self.tmp / name)
        self.write_machine([script_entry("look.py")], {"look.py": LOOK_PY})
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        result = self.run_hooks(prefix=nobody, program=self.tmp / "hookctl")
        self.assertIn('"uid": 107', result.stdout)
        script = (
            "#!/bin/sh\ncd /var/run/kubevirt-hooks && mkdir -p closed/too && touch closed/file\n"
            "chmod 000 closed/too closed\nprintf %s \"$4\"\n"
        )
        self.write_machine([script_entry("hook.sh")], {"hook.sh": script})
        self.run_hooks(prefix=nobody, program=self.tmp / "hookctl")


class FaultTest(RunTestCase):
    def test_hook_that_fails(self):
        self.write_machine(
            [script_entry("title.sh"), script_entry("fail.sh"), script_entry("title.sh")],
            {"title.sh": TITLE_SH, "fail.sh": FAIL_SH},
        )
        result = self.run_hooks(status=4)
        self.assertEqual(result.stdout, "")
        self.assertRegex(result.stderr, r"run: .*hook-sidecar-1.*status 3.*no such disk: vdz")
        self.assertRegex(result.stderr, r"hook-sidecar-1 +1 +OnDefineDomain +failed")
        self.assertRegex(result.stderr, r"hook-sidecar-2 +- +not called")

    def test_failure_that_is_ignored(self):
        self.write_machine(
            [script_entry("fail.sh", failurePolicy="Ignore"), script_entry("title.sh")],
            {"title.sh": TITLE_SH, "fail.sh": FAIL_SH},
        )
        result = self.run_hooks()
        self.assertIn("<title>by shell</title>", result.stdout)
        self.assertRegex(result.stderr, r"hook-sidecar-0 +1 +OnDefineDomain +failed, ignored")
        self.assertRegex(result.stderr, "warning: .*no such disk: vdz")

    def test_hook_that_hangs(self):
        self.write_machine(
            [script_entry("hang.sh", timeoutSeconds=1)], {"hang.sh": "#!/bin/sh\nsleep 1000\n"}
        )
        result = self.run_hooks(status=5)
        self.assertIn("hook-sidecar-0", result.stderr)
        self.assertEqual(result.stdout, "")

    def test_hook_that_leaves_a_process_behind(self):
        script = '#!/bin/sh\nsetsid sleep 1000 >/dev/null 2>&1 &\nprintf %s "$4"\n'
        self.write_machine([script_entry("hook.sh")], {"hook.sh": script})
        self.assertEqual(self.run_hooks().stdout, DOMAIN)

    def test_documents_that_are_refused(self):
        documents = {
            "empty": ("", "wrote nothing"),
            "another": (DOMAIN.replace("default_vm", "other"), "other"),
            "uuid": (DOMAIN.replace(UUID, UUID.replace("4c", "5d")), "uuid"),
            "cut": (DOMAIN[:-20], "line"),
            "doctype": ("<!DOCTYPE domain>" + DOMAIN, "document type"),
        }
        for name, (document, message) in documents.items():
            with self.subTest(name):
                script = f"#!/bin/sh\ncat <<'END'\n{document}\nEND\n" if document else "#!/bin/sh\n"
                self.write_machine([script_entry("hook.sh")], {"hook.sh": script})
                result = self.run_hooks(status=4)
                self.assertEqual(result.stdout, "")
                self.assertRegex(result.stderr, f"hook-sidecar-0.*{message}")

    def test_domain_that_is_none(self):
        self.write_machine([script_entry("title.sh")], {"title.sh": TITLE_SH})
        domain = self.write("bad.xml", "<domain>\n<name>vm</nam></domain>")
        self.assertRegex(
            self.run_hooks(domain=domain, status=1).stderr, "bad.xml: domain XML, line 2, column"
        )
        self.assertIn("nothing.xml", self.run_hooks(domain="nothing.xml", status=3).stderr)

    def test_cloud_init_data_that_are_none(self):
        """It is rejected before any hook is called."""
        self.write_machine([script_entry("title.sh")], {"title.sh": TITLE_SH})
        data = self.write("data.json", "[]")
        result = self.run_hooks("--cloud-init", data, status=1)
        self.assertRegex(result.stderr, "data.json: it must be an object, not an array")
        self.assertNotIn("SIDECAR", result.stderr)

    def test_result_that_cannot_be_written(self):
        self.write_machine([script_entry("title.sh")], {"title.sh": TITLE_SH})
        words = [HOOKCTL, "run", "-f", self.tmp / "vm.yaml", "--domain", self.domain]
        with open("/dev/full", "w", encoding="utf-8") as full:
            process = self.spawn(
                words, stdout=full, stderr=subprocess.PIPE, text=True, env=self.environment()
            )
        _, errors = process.communicate(timeout=support.PATIENCE)
        self.assertEqual(process.returncode, 3, errors)
        self.assertIn("run: standard output: writing: No space left on device", errors)
        self.assert_nothing_left()

    def test_annotation_with_errors(self):
        self.write_machine([{**script_entry("title.sh"), "hostPath": {"path": "x"}}])
        result = self.run_hooks(status=1)
        self.assertRegex(result.stderr, r"vm.yaml:\d+:\d+: .*\[0\]\.hostPath")

    def test_wrong_usage(self):
        self.write_machine([script_entry("title.sh")], {"title.sh": TITLE_SH})
        cases = [
            (["--hook", f"1={self.tmp}"], "--hook cannot be 1="),
            (["--hook", f"x={self.tmp}"], "--hook cannot be x="),
            (["--hook", str(self.tmp)], "--hook cannot be"),
            (["--cloud-init-output", "x"], "needs --cloud-init"),
            (["--domain", "-", "--cloud-init", "-"], "standard input can be read only once"),
        ]
        for words, message in cases:
            with self.subTest(words):
                self.assertIn(message, self.run_hooks(*words, status=2).stderr)

    def test_schema(self):
        if not SCHEMA.exists():
            self.skipTest(f"{SCHEMA} is not there (package libvirt0)")
        self.write_machine([script_entry("title.sh")], {"title.sh": TITLE_SH})
        self.run_hooks("--schema")
        script = '#!/bin/sh\nprintf %s "$4" | sed "s|<os>|<oss/><os>|"\n'
        self.write_machine([script_entry("hook.sh")], {"hook.sh": script})
        result = self.run_hooks("--schema", status=4)
        self.assertRegex(result.stderr, "hook-sidecar-0.*schema.*oss")


class ShowTest(RunTestCase):
    def test_twice(self):
        self.write_machine(
            [script_entry("title.sh"), script_entry("append.sh")],
            {
                "title.sh": TITLE_SH,
                "append.sh": '#!/bin/sh\nprintf %s "$4" | sed "s|</os>|</os><!-- more -->|"\n',
            },
        )
        result = self.run_hooks("--twice", status=1)
        self.assertEqual(result.stdout.count("<!-- more -->"), 1)
        self.assertIn("hook-sidecar-1 is not idempotent", result.stderr)
        self.assertNotIn("hook-sidecar-0 is not idempotent", result.stderr)
        self.assertRegex(result.stderr, r"hook-sidecar-0 +2 +OnDefineDomain +unchanged")
        self.write_machine([script_entry("title.sh")], {"title.sh": TITLE_SH})
        self.assertNotIn("idempotent", self.run_hooks("--twice").stderr)

    def test_trace(self):
        self.write_machine([script_entry("title.sh")], {"title.sh": TITLE_SH})
        trace = self.tmp / "trace"
        result = self.run_hooks("--trace", trace)
        (hop,) = trace.glob("*-OnDefineDomain/*-hook-sidecar-0")
        self.assertEqual((hop / "input.xml").read_text(), DOMAIN)
        self.assertEqual((hop / "output.xml").read_text(), result.stdout)
        self.assertIn("+  <title>by shell</title>", (hop / "change.diff").read_text())

    def test_diff(self):
        self.write_machine([script_entry("title.sh")], {"title.sh": TITLE_SH})
        lines = self.run_hooks("--diff").stderr.splitlines()
        start = lines.index("--- before OnDefineDomain of hook-sidecar-0")
        self.assertEqual(lines[start + 1], "+++ after OnDefineDomain of hook-sidecar-0")
        self.assertEqual(lines[start + 2], "@@ -1,6 +1,7 @@")
        self.assertIn("+  <title>by shell</title>", lines)

    def test_verbose(self):
        script = '#!/bin/sh\necho "looking \033[31mround" >&2\nprintf %s "$4"\n'
        self.write_machine([script_entry("hook.sh")], {"hook.sh": script})
        self.assertNotIn("looking", self.run_hooks().stderr)
        shown = self.run_hooks("-v").stderr
        self.assertRegex(shown, r"hook-sidecar-0 \| .*looking \\x1b\[31mround")

    def run_on_terminal(self, **env):
        """The output when standard error is a terminal."""
        self.write_machine([script_entry("title.sh")], {"title.sh": TITLE_SH})
        ours, theirs = pty.openpty()
        words = [HOOKCTL, "run", "-f", self.tmp / "vm.yaml", "--domain", self.domain, "--diff"]
        process = self.spawn(
            words, stderr=theirs, stdout=subprocess.PIPE, env=self.environment(**env)
        )
        os.close(theirs)
        seen = b""
        try:
            while data := os.read(ours, 65536):
                seen += data
        except OSError:
            pass  # the other side is closed
        os.close(ours)
        output = process.stdout.read().decode()
        self.assertEqual(process.wait(support.PATIENCE), 0)
        self.assertIn("<title>by shell</title>", output)
        return seen.decode()

    def test_terminal(self):
        seen = self.run_on_terminal(TERM="xterm")
        self.assertIn("starting", seen)
        self.assertIn("\033[1A\033[J", seen)  # the progress is overwritten
        self.assertIn("\033[32m+  <title>by shell</title>\033[0m", seen)

    def test_terminal_without_colour(self):
        seen = self.run_on_terminal(TERM="xterm", NO_COLOR="1")
        self.assertIn("+  <title>by shell</title>", seen)
        self.assertNotRegex(seen, "\033\\[[0-9;]*m")


class InterruptTest(RunTestCase):
    def test_signals(self):
        fifo_directory = self.tmp / "host"
        fifo_directory.mkdir()
        fifo = fifo_directory / "fifo"
        os.mkfifo(fifo)
        host_path = {"path": str(fifo_directory), "volumePath": "/host"}
        script = (
            "#!/bin/sh\ntrap '' TERM INT\nsetsid sleep 1000 &\n"
            "echo ready > /host/fifo\nsleep 1000\n"
        )
        self.write_machine([script_entry("hang.sh", hostPath=host_path)], {"hang.sh": script})
        words = [HOOKCTL, "run", "-f", self.tmp / "vm.yaml", "--domain", self.domain]
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            with self.subTest(number):
                process = self.spawn(
                    words, stderr=subprocess.PIPE, text=True, env=self.environment()
                )
                self.assertEqual(fifo.read_text(), "ready\n")  # waits for the hook
                self.assertNotEqual(sandboxes_of(self.temporary), [])
                process.send_signal(number)
                _, errors = process.communicate(timeout=support.PATIENCE)
                self.assertEqual(process.returncode, 6, errors)
                self.assertIn(f"interrupted by {number.name}", errors)
                self.assert_nothing_left()

    def test_killed(self):
        """Nothing keeps running even if hookctl could not clean up."""
        script = "#!/bin/sh\nexec 3>/host/fifo\necho ready >&3\nsetsid sleep 1000 &\nsleep 1000\n"
        directory = self.tmp / "host"
        directory.mkdir()
        os.mkfifo(directory / "fifo")
        host_path = {"path": str(directory), "volumePath": "/host"}
        self.write_machine([script_entry("hang.sh", hostPath=host_path)], {"hang.sh": script})
        words = [HOOKCTL, "run", "-f", self.tmp / "vm.yaml", "--domain", self.domain]
        process = self.spawn(words, stderr=subprocess.DEVNULL, env=self.environment())
        with open(directory / "fifo", encoding="utf-8") as stream:
            self.assertEqual(stream.readline(), "ready\n")
            process.kill()
            self.assertEqual(stream.read(), "")  # ends with the last process


if __name__ == "__main__":
    support.main()
