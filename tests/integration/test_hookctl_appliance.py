"""hookctl appliance with files: the group, check, show, and the options of create."""

import json
import os
import pty
import select
import shutil
import textwrap
import unittest

import support

HOOKCTL = support.program("hookctl")
SEED = support.ROOT.parent / "shared" / "upstream" / "appliance" / "cases" / "01-seed.in.yaml"
CASES = support.DATA / "appliance" / "cases"


def appliance(*words, stdin="", **options):
    return support.run([HOOKCTL, "appliance", *words], stdin=stdin, **options)


def members():
    """The subcommands that the group's help lists."""
    text = appliance("--help").stdout.split("Subcommands:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in text.splitlines()]


class Group(support.TestCase):
    def test_help(self):
        shown = appliance("--help")
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        self.assertTrue(shown.stdout.startswith("Usage: hookctl appliance SUBCOMMAND"), shown.stdout)
        self.assertLessEqual(max(map(len, shown.stdout.splitlines())), 80, shown.stdout)
        for words in (["-h"], ["help"]):
            self.assertEqual(appliance(*words).stdout, shown.stdout)
        self.assertEqual(support.run([HOOKCTL, "help", "appliance"]).stdout, shown.stdout)
        self.assertLessEqual({"check", "show", "create"}, set(members()))

    def test_every_member(self):
        for name in members():
            with self.subTest(name):
                shown = appliance(name, "--help")
                self.assertEqual((shown.returncode, shown.stderr), (0, ""))
                self.assertTrue(shown.stdout.startswith(f"Usage: hookctl appliance {name}"))
                self.assertLessEqual(max(map(len, shown.stdout.splitlines())), 80, shown.stdout)
                self.assertNotIn("::", shown.stdout)
                for words in (["help", "appliance", name], ["appliance", "help", name]):
                    self.assertEqual(support.run([HOOKCTL, *words]).stdout, shown.stdout)

    def test_nothing_to_do(self):
        result = appliance()
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("Subcommands:", result.stderr)

    def test_wrong_usage(self):
        case = CASES / "23-generated-name.in.yaml"
        cases = [
            (["creat"], 'hookctl appliance: unknown subcommand "creat" (did you mean "create"?)'),
            (["--no"], 'hookctl appliance: unknown flag "--no"'),
            (["help", "creat"], 'hookctl appliance: unknown subcommand "creat" (did you mean "create"?)'),
            (["create", "--instancetpye", "x"],
             'hookctl appliance create: unknown flag "--instancetpye" (did you mean "--instancetype"?)'),
            (["create", "a/b", "c", "d"], 'hookctl appliance create: unexpected argument "d"'),
            (["create", "a/b", "c/d", "-f", case], "hookctl appliance create: a/b and c/d: there is one"),
            (["create", "-f", case, "--run-strategy", "always"],
             "hookctl appliance create: --run-strategy: must be Always, "),
            (["create", "-f", case, "--password", "keep", "--password-file", "x"],
             "hookctl appliance create: --password keep and --password-file exclude each other"),
            (["create", "-f", case, "-p", "NOVALUE"], "hookctl appliance create: --param"),
            (["check", "a/b", "c", "-f", case],
             'hookctl appliance check: unexpected argument "c"\n'),
        ]
        for words, message in cases:
            with self.subTest(words=words):
                result = appliance(*words)
                self.assertEqual((result.returncode, result.stdout), (2, ""), result.stderr)
                self.assertTrue(result.stderr.startswith(message), result.stderr)

    def test_neither_operand_nor_files(self):
        """What is missing is said before a cluster is looked for."""
        for name in ("check", "show", "create"):
            with self.subTest(name):
                result = appliance(name)
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertIn(
                    f"hookctl appliance {name}: NS/NAME is missing: give the one of a cluster, or "
                    "files with -f\n",
                    result.stderr,
                )

    def test_check_without_a_data_source(self):
        """A file without one is an error, not a check that has found nothing."""
        path = self.write("none.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
        for words in ([], ["images/web"]):
            result = appliance("check", "-f", path, *words)
            self.assertEqual((result.returncode, result.stdout), (1, ""))
            self.assertEqual(
                result.stderr, "hookctl appliance check: there is no DataSource in the files\n"
            )

    def test_without_the_other_program(self):
        """What needs a network says which program is missing."""
        alone = shutil.copy(HOOKCTL, self.tmp)
        result = support.run([alone, "appliance", "show", "images/fedora"])
        self.assertEqual((result.returncode, result.stdout), (3, ""))
        self.assertIn("needs the program hookctl-online", result.stderr)
        self.assertIn(str(self.tmp), result.stderr)
        shown = support.run([alone, "appliance", "show", "-f", CASES / "23-generated-name.in.yaml"])
        self.assertEqual(shown.returncode, 0, shown.stderr)

    def test_the_other_program_speaks_as_this_one(self):
        link = self.tmp / "kubectl-hookline"
        link.symlink_to(os.path.abspath(HOOKCTL))
        result = support.run(
            [link, "appliance", "show", "a/b", "--kubeconfig", self.tmp / "missing"]
        )
        self.assertTrue(result.stderr.startswith("kubectl hookline appliance show: "), result.stderr)
        self.assertIn("missing", result.stderr)

    def test_libraries(self):
        """The network's libraries are those of hookctl-online alone."""
        if not shutil.which("ldd"):
            self.skipTest("ldd is not installed")
        loaded = support.run(["ldd", HOOKCTL]).stdout
        for library in ("curl", "gnutls", "archive", "zstd"):
            self.assertNotIn(f"lib{library}", loaded)
        self.assertIn("libcurl", support.run(["ldd", support.program("hookctl-online")]).stdout)


class Check(support.TestCase):
    def test_all_of_a_directory(self):
        result = appliance("check", "-f", CASES)
        self.assertEqual(result.returncode, 1)
        self.assertIn("25-template-faults.in.yaml:", result.stdout)
        self.assertIn("22-other-kind.in.yaml:", result.stdout)
        self.assertRegex(result.stderr, r"^\d+ DataSources: \d+ errors, \d+ warning")

    def test_a_sound_one(self):
        result = appliance("check", "-f", CASES / "28-flags-win.in.yaml")
        self.assertEqual(
            (result.returncode, result.stdout), (0, ""), result.stdout + result.stderr
        )
        self.assertIn("1 DataSource: 0 errors", result.stderr)

    def test_places(self):
        path = CASES / "33-running.in.yaml"
        text = path.read_text(encoding="utf-8").replace("running: false", "running: maybe")
        copy = self.write("vm.yaml", text)
        line = next(i for i, each in enumerate(text.splitlines(), 1) if "maybe" in each)
        result = appliance("check", "-f", copy)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"{copy}:{line}:", result.stdout)
        self.assertIn("appliance.kubevirt.io/vm-spec: spec.running: ", result.stdout)

    def test_json(self):
        result = appliance("check", "-o", "json", "-f", CASES / "47-no-source.in.yaml")
        report = json.loads(result.stdout)
        self.assertEqual((result.returncode, report["errors"]), (1, len(report["findings"])))
        self.assertTrue(report["findings"][0]["file"].endswith("47-no-source.in.yaml"))

    def test_what_cannot_be_checked(self):
        empty = self.write("empty.yaml", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n")
        result = appliance("check", "-f", empty)
        self.assertEqual(result.returncode, 1)
        self.assertIn("there is no DataSource", result.stderr)
        result = appliance("check", "-f", self.tmp / "missing.yaml")
        self.assertEqual(result.returncode, 3)
        result = appliance("check", "images/nobody", "-f", CASES / "20-bare-spec.in.yaml")
        self.assertEqual(result.returncode, 1)
        self.assertIn("images/nobody", result.stderr)


class Show(support.TestCase):
    def show(self, case, *words):
        result = appliance("show", *words, "-f", CASES / f"{case}.in.yaml")
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_text(self):
        shown = self.show("24-templates", "images/tpl")
        self.assertIn("images/tpl: appliance", shown)
        self.assertIn("first: dataVolume, from PersistentVolumeClaim images/other-1", shown)
        self.assertIn("second: dataVolume, 2Gi, from http", shown)
        self.assertIn("create datavolumes/source in images", shown)
        shown = self.show("40-owned-elsewhere")
        self.assertIn("tools: persistentVolumeClaim, 4Gi, from owner-tools", shown)
        self.assertIn("PersistentVolumeClaim owner-tools", shown)
        self.assertIn("ConfigMap owner-conf", shown)
        self.assertIn("create datavolumes/source in images", shown)

    def test_json(self):
        shown = json.loads(self.show("49-parameters", "-o", "json"))
        self.assertEqual(shown["dataSource"], {"namespace": "images", "name": "pars"})
        self.assertEqual([each["name"] for each in shown["parameters"]], ["TEXT", "FLAG", "WORD"])
        golden = json.loads(self.show("23-generated-name", "-o", "json"))
        self.assertEqual(golden["kind"], "golden image")
        self.assertEqual(golden["instancetype"]["name"], "u1.small")
        self.assertEqual(golden["rights"][0]["namespace"], "images")
        self.assertEqual(golden["disks"][0]["name"], "rootdisk")

    def test_sizes(self):
        shown = json.loads(self.show("31-infer", "-o", "json"))
        self.assertEqual(shown["disks"][0]["size"], "10Gi")
        self.assertEqual(shown["instancetype"]["inferFromVolume"], "root")


class Create(support.TestCase):
    def test_json_is_a_list(self):
        made = appliance("create", "-o", "json", "-n", "demo", "p1", "-f",
                         CASES / "36-password-generate.in.yaml")
        kinds = [item["kind"] for item in json.loads(made.stdout)["items"]]
        self.assertEqual(kinds, ["VirtualMachine", "Secret"])

    def test_members_are_in_the_usual_order(self):
        for words in ([], ["--expand"]):
            made = appliance("create", "x1", "-f", CASES / "36-password-generate.in.yaml", *words)
            lines = [line for line in made.stdout.split("---")[0].splitlines() if line[0].isalpha()]
            keys = [line.split(":")[0] for line in lines]
            self.assertEqual(keys, ["apiVersion", "kind", "metadata", "spec"])

    def test_a_name_without_a_slash_is_the_vm(self):
        made = appliance("create", "-f", CASES / "23-generated-name.in.yaml", "web1", "-o", "json")
        metadata = json.loads(made.stdout)["metadata"]
        self.assertEqual((metadata["name"], metadata["namespace"]), ("web1", "default"))

    def test_several_sources(self):
        result = appliance("create", "-f", CASES / "24-templates.in.yaml", "x1")
        self.assertEqual(result.returncode, 2)
        self.assertIn("images/other", result.stderr)

    def test_an_instance_for_the_launcher(self):
        made = appliance("create", "-f", CASES / "31-infer.in.yaml", "-n", "demo", "i1", "--expand",
                         "-o", "json")
        self.assertEqual(made.returncode, 0, made.stderr)
        vmi = json.loads(made.stdout)
        self.assertEqual(vmi["kind"], "VirtualMachineInstance")
        self.assertEqual(vmi["metadata"]["name"], "i1")
        self.assertEqual(vmi["spec"]["domain"]["memory"]["guest"], "8Gi")

    def test_rights_of_the_same_namespace(self):
        result = appliance("create", "-f", CASES / "42-print-rbac.in.yaml", "-n", "images", "r1",
                           "--print-rbac")
        self.assertEqual((result.returncode, result.stdout), (0, ""))
        self.assertIn("No rights are needed", result.stderr)

    def test_generated_values_are_said(self):
        parameters = "[{name: TOKEN, generate: expression, from: 'a;[a-c]{4}'}]"
        spec = {"template": {"spec": {
            "domain": {"memory": {"guest": "1Gi"}, "devices": {}},
            "volumes": [{"name": "root", "containerDisk": {"image": "registry.example/a:1"}},
                        {"name": "init", "cloudInitNoCloud": {
                            "userData": "#cloud-config\npassword: old-password-1\n"}}]}}}
        annotations = {"appliance.kubevirt.io/parameters": parameters,
                       "appliance.kubevirt.io/vm-spec": json.dumps({"spec": spec})}
        source = {"apiVersion": "cdi.kubevirt.io/v1beta1", "kind": "DataSource",
                  "metadata": {"name": "made", "namespace": "images", "annotations": annotations},
                  "spec": {"source": {"pvc": {"name": "made", "namespace": "images"}}}}
        file = self.write("made.json", json.dumps(source))
        said = r"the parameter TOKEN of m1 is a;[abc]{4}, which was generated\n"
        result = appliance("create", "-f", file, "m1")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stderr, said)
        self.assertIn("the password of m1 is ", result.stderr)
        result = appliance("create", "-f", file, "m1", "-p", "TOKEN=mine")
        self.assertNotIn("TOKEN", result.stderr)
        result = appliance("create", "-f", file, "m1", "-n", "demo", "--print-rbac")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("of m1 is", result.stderr)

    def test_checks_say_all(self):
        source = """
            apiVersion: cdi.kubevirt.io/v1beta1
            kind: DataSource
            metadata:
              name: faulty
              namespace: images
              annotations:
                appliance.kubevirt.io/parameters: "{A: 1}"
                appliance.kubevirt.io/vm-spec: |
                  spec: {template: {spec: {domain: {devices: {disks: [{name: x}]}}}}}
            spec: {source: {pvc: {name: made}}}"""
        result = appliance("check", "-f", self.write("faulty.yaml", textwrap.dedent(source)))
        self.assertEqual(result.returncode, 1, result.stderr)
        for part in ("list of parameters", 'no volume is called "x"', "domain: has no memory",
                     "spec.source.pvc.namespace: is required"):
            self.assertIn(part, result.stdout)

    @unittest.skipUnless(SEED.exists(), "there are no recorded cases here")
    def test_checks_tell_what_the_seed_has(self):
        """Its password, and its label, which make no errors."""
        result = appliance("check", "-f", SEED)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertRegex(result.stdout, 'warning: .*"server.medium" is not used')
        self.assertRegex(result.stdout, "warning: .*userData: has a literal password")
        self.assertIn("5 errors, 2 warnings", result.stderr)

    def test_passwords_of_files(self):
        case = CASES / "36-password-generate.in.yaml"
        good = self.write("good", "pass-word-1\r\n")
        result = appliance("create", "-f", case, "p1", "--password-file", good)
        self.assertIn("pass-word-1", result.stdout)
        self.assertNotIn("pass-word-1", result.stderr)
        result = appliance("create", "-f", case, "p1", "--password-file", "-", stdin="from-stdin")
        self.assertIn("from-stdin", result.stdout)
        for text in ("", "\n", "two\nlines\n", "a\0b", "x" * 2000):
            with self.subTest(repr(text[:20])):
                bad = self.write("bad", text)
                result = appliance("create", "-f", case, "p1", "--password-file", bad)
                self.assertEqual((result.returncode, result.stdout), (1, ""), result.stderr)
        result = appliance("create", "-f", case, "p1", "--password-file", self.tmp / "none")
        self.assertEqual(result.returncode, 3)

    def test_keys(self):
        case = CASES / "37-ssh-key.in.yaml"
        result = appliance("create", "-f", case, "s1", "--ssh-key", "ssh-ed25519 AAAA you@example")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("ssh-ed25519 AAAA you@example", result.stdout)
        private = self.write("id", "-----BEGIN OPENSSH PRIVATE KEY-----\nxyz\n")
        result = appliance("create", "-f", case, "s1", "--ssh-key", private)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("id:1: is not a public SSH key, but a private one", result.stderr)
        self.assertNotIn("xyz", result.stderr)

    def ask(self, *answers):
        """Runs create --password ask on a terminal that gives these answers; returns its exit status
        and all that it wrote there."""
        case = CASES / "36-password-generate.in.yaml"
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(HOOKCTL, [HOOKCTL, "appliance", "create", "-f", str(case), "p1",
                               "--password", "ask"])
        said = b""
        answers = list(answers)
        while True:
            self.assertTrue(select.select([terminal], [], [], support.PATIENCE)[0], said)
            try:
                data = os.read(terminal, 4096)
            except OSError:  # Linux: it has ended
                break
            if not data:
                break
            said += data
            if answers and said.endswith((b": ",)):
                os.write(terminal, answers.pop(0))
                said += b"\n"
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode()

    def test_asking(self):
        status, said = self.ask(b"new-pass-7\n", b"new-pass-7\n")
        self.assertEqual(status, 0, said)
        self.assertEqual(said.count("new-pass-7"), 1, said)  # in the Secret; not echoed
        status, said = self.ask(b"new-pass-7\n", b"new-pass-8\n")
        self.assertEqual(status, 1)
        self.assertIn("the two passwords differ", said)
        status, said = self.ask(b"\x03")
        self.assertEqual(status, 6, said)

    def test_no_terminal_to_ask(self):
        result = support.run(
            ["setsid", "-w", HOOKCTL, "appliance", "create", "p1", "--password", "ask", "-f",
             CASES / "36-password-generate.in.yaml"])
        self.assertEqual(result.returncode, 2)
        self.assertIn("--password-file", result.stderr)


if __name__ == "__main__":
    support.main()
