#!/usr/bin/python3
"""hookctl's command line: help at every level, wrong flags, explain, schema, completion."""

import json
import os
import shutil

import support

HOOKCTL = support.program("hookctl")


def hookctl(*words, stdin=""):
    return support.run([HOOKCTL, *words], stdin=stdin)


def subcommands():
    """The subcommands that the program's help lists."""
    help_text = hookctl("--help").stdout.split("Subcommands:\n")[1].split("\n\n")[0]
    names = [line.split()[0] for line in help_text.splitlines()]
    assert "validate" in names, help_text
    return names


class TestCase(support.TestCase):
    def link(self, name):
        """The program under another of its names."""
        path = self.tmp / name
        path.symlink_to(os.path.abspath(HOOKCTL))
        return path


class Help(TestCase):
    def test_program(self):
        shown = hookctl("--help")
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        self.assertIn("Usage: hookctl SUBCOMMAND", shown.stdout)
        self.assertLessEqual(max(map(len, shown.stdout.splitlines())), 80, shown.stdout)
        for words in (["-h"], ["help"]):
            self.assertEqual(hookctl(*words).stdout, shown.stdout)
        for name in ("validate", "render", "explain", "schema", "completion"):
            self.assertIn(name, subcommands())

    def test_every_subcommand(self):
        for name in subcommands():
            shown = hookctl(name, "--help")
            self.assertEqual((shown.returncode, shown.stderr), (0, ""))
            self.assertTrue(shown.stdout.startswith(f"Usage: hookctl {name}"), shown.stdout)
            self.assertLessEqual(max(map(len, shown.stdout.splitlines())), 80, shown.stdout)
            self.assertEqual(hookctl("help", name).stdout, shown.stdout)

    def test_nothing_to_do(self):
        result = hookctl()
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("Subcommands:", result.stderr)

    def test_version(self):
        version = (support.ROOT / "VERSION").read_text().strip()
        self.assertEqual(hookctl("--version").stdout, f"hookctl {version}\n")

    def test_kubectl_plugin(self):
        plugin = self.link("kubectl-hookline")
        self.assertIn(
            "Usage: kubectl hookline validate [-f",
            support.run([plugin, "validate", "--help"]).stdout,
        )
        result = support.run([plugin, "validate", "--no"])
        self.assertTrue(result.stderr.startswith("kubectl hookline validate: "), result.stderr)


class WrongUsage(support.TestCase):
    def test_messages(self):
        cases = [
            (["valdate"], 'hookctl: unknown subcommand "valdate" (did you mean "validate"?)'),
            (["frobnicate"], 'hookctl: unknown subcommand "frobnicate"'),
            (["help", "rendr"], 'hookctl: unknown subcommand "rendr" (did you mean "render"?)'),
            (["--verbose"], 'hookctl: unknown flag "--verbose"'),
            (
                ["validate", "--strcit"],
                'hookctl validate: unknown flag "--strcit" (did you mean "--strict"?)',
            ),
            (
                ["validate", "--polici=p.yaml"],
                'hookctl validate: unknown flag "--polici" (did you mean "--policy"?)',
            ),
            (["validate", "-x"], 'hookctl validate: unknown flag "-x"'),
            (["validate", "-f"], "hookctl validate: --filename needs a value: FILE|DIR|-"),
            (["validate", "-f", ""], "hookctl validate: --filename needs a value: FILE|DIR|-"),
            (["validate", "--output="], "hookctl validate: --output needs a value: text|json"),
            (["validate", "--strict=yes"], "hookctl validate: --strict takes no value"),
            (
                ["validate", "-o", "jsn"],
                'hookctl validate: --output cannot be "jsn": use text or json '
                '(did you mean "json"?)',
            ),
            (
                ["validate", "vmi.yaml"],
                'hookctl validate: unexpected argument "vmi.yaml": give files with -f',
            ),
            (["appliance", "pull"], "hookctl appliance pull: REF is missing"),
            (
                ["appliance", "pull", "localhost/a"],
                "hookctl appliance pull: --output DIR is missing: where the files go",
            ),
            (
                ["appliance", "import", "a.ova"],
                "hookctl appliance import: --output DIR is missing: where the files go",
            ),
            (
                ["appliance", "export", "a"],
                "hookctl appliance export: --output DIR|FILE.tar is missing: where the VM goes",
            ),
            (["schema", "x"], 'hookctl schema: unexpected argument "x"'),
            (["completion"], "hookctl completion: SHELL is missing"),
            (
                ["completion", "bsh"],
                'hookctl completion: there is no completion for "bsh": use bash, zsh or fish '
                '(did you mean "bash"?)',
            ),
            (
                ["explain", "hostPath.typ"],
                'hookctl explain: hook sidecars have no field "hostPath.typ" '
                '(did you mean "hostPath.type"?)',
            ),
            (
                ["render", "--launcher", "plugn"],
                'hookctl render: --launcher cannot be "plugn": use auto, builtin, plugin or '
                'standalone (did you mean "plugin"?)',
            ),
        ]
        for words, message in cases:
            with self.subTest(words=words):
                result = hookctl(*words)
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertEqual(result.stderr.splitlines()[0], message)
                self.assertIn('--help" shows how it is used', result.stderr)

    def test_bytes_of_an_argument_cannot_reach_the_terminal(self):
        self.assertNotIn("\x1b", hookctl("\x1b[31m").stderr)


class Explain(support.TestCase):
    def test_the_sidecar_lists_its_fields(self):
        shown = hookctl("explain").stdout
        for field in ("image <string>", "hostPath <object>", "failurePolicy <string>"):
            self.assertIn(field, shown)
        self.assertNotIn("volumePath <", shown)

    def test_a_field_lists_what_is_in_it(self):
        shown = hookctl("explain", "hostPath").stdout
        self.assertTrue(shown.startswith("FIELD: hostPath <object>"), shown)
        self.assertIn("  path <string> -required-", shown)
        self.assertIn("  readOnly <boolean>", shown)
        self.assertIn("KubeVirt does not know this field", shown)

    def test_ways_to_write_a_path(self):
        shown = hookctl("explain", "env[].name").stdout
        for path in (
            "env.name",
            "[0].env[2].name",
            "hookSidecars[0].env[].name",
            "hooks.kubevirt.io/hookSidecars[0].env.name",
        ):
            self.assertEqual(hookctl("explain", path).stdout, shown)

    def test_every_field_that_completion_offers(self):
        script = hookctl("completion", "fish").stdout
        fields = script.split("__fish_seen_subcommand_from explain' -a '")[1].split("'")[0]
        self.assertIn("image", fields.split())
        for field in fields.split():
            shown = hookctl("explain", field)
            self.assertEqual(shown.returncode, 0)
            self.assertIn("DESCRIPTION:", shown.stdout)
            self.assertLessEqual(
                max(len(line) for line in shown.stdout.split("EXAMPLE:")[0].splitlines()), 80
            )


class Schema(support.TestCase):
    def test_it_is_a_schema_of_an_array(self):
        schema = json.loads(hookctl("schema").stdout)
        self.assertEqual(schema["$schema"], "https://json-schema.org/draft/2020-12/schema")
        self.assertIn("hostPath", json.dumps(schema["items"]))


class Completion(TestCase):
    def complete(self, *words):
        """What bash offers as completion of the last word."""
        script = self.write("hookctl.bash", hookctl("completion", "bash").stdout)
        program = (
            'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hookctl; '
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        result = support.run(
            ["bash", "-c", program, "bash", script, "hookctl", *words], cwd=self.tmp
        )
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout.split()

    def test_bash(self):
        self.write("manifest.yaml", "")
        self.assertEqual(sorted(self.complete("")), sorted([*subcommands(), "help"]))
        self.assertEqual(self.complete("val"), ["validate"])
        self.assertEqual(self.complete("-"), ["-h", "--help", "--version"])
        self.assertEqual(self.complete("help", "ren"), ["render"])
        self.assertEqual(self.complete("validate", "--st"), ["--strict"])
        self.assertEqual(self.complete("validate", "-o", ""), ["text", "json"])
        self.assertEqual(self.complete("validate", "--output", "=", "j"), ["json"])
        self.assertEqual(self.complete("validate", "--output", "="), ["text", "json"])
        self.assertEqual(self.complete("validate", "-f", "man"), ["manifest.yaml"])
        self.assertEqual(self.complete("render", "--name", "x"), [])
        self.assertEqual(
            self.complete("render", "--strict", "--launcher", "p"), ["plugin"]
        )
        self.assertEqual(self.complete("explain", "hostPath.r"), ["hostPath.readOnly"])
        self.assertEqual(self.complete("completion", ""), ["bash", "zsh", "fish"])
        self.assertEqual(self.complete("frobnicate", ""), [])
        self.assertEqual(self.complete("help", "appliance", "cr"), ["create"])
        self.assertEqual(self.complete("appliance", "help", "cr"), ["create"])
        self.assertEqual(self.complete("appliance", "cr"), ["create"])
        self.assertEqual(self.complete("appliance", "-"), ["-h", "--help"])
        self.assertEqual(self.complete("help", "app"), ["appliance"])
        self.assertEqual(self.complete("appliance", "create", "--re"), ["--repair"])
        self.assertEqual(self.complete("appliance", "create", "--password", "k"), ["keep"])
        self.assertEqual(self.complete("appliance", "check", "-f", "man"), ["manifest.yaml"])
        for member in ("seal", "upload", "import"):
            self.assertEqual(self.complete("appliance", member, "man"), ["manifest.yaml"])
            self.assertIn("--output" if member != "upload" else "--proxy",
                          self.complete("appliance", member, "-"))
        self.assertEqual(self.complete("appliance", "frobnicate", ""), [])

    def test_kubectl(self):
        self.link("kubectl-hookline")
        program = self.link("kubectl_complete-hookline")
        cases = [
            ([""], ["help", *subcommands()], 4),
            (["val"], ["validate"], 4),
            (["help", "ren"], ["render"], 4),
            (["validate", "--st"], ["--strict"], 4),
            (["validate", "-o", ""], ["text", "json"], 4),
            (["validate", "--output=j"], ["--output=json"], 4),
            (["validate", "-f", "man"], [], 0),
            (["validate", "--policy="], [], 0),
            (["validate", "--strict", ""], [], 4),
            (["render", "--name", "x"], [], 4),
            (["render", "-f", "x", "--launcher", "p"], ["plugin"], 4),
            (["explain", "hostPath.r"], ["hostPath.readOnly"], 4),
            (["completion", ""], ["bash", "zsh", "fish"], 4),
            (["frobnicate", ""], [], 4),
            (["appliance", "cr"], ["create"], 4),
            (["appliance", "seal", "disk"], [], 0),
            (["help", "appliance", "cr"], ["create"], 4),
            (["appliance", "help", "cr"], ["create"], 4),
            (["appliance", "create", "--re"], ["--repair"], 4),
            (["appliance", "create", "--password", "k"], ["keep"], 4),
            (["appliance", "check", "-f", "man"], [], 0),
            (["appliance", "frobnicate", ""], [], 4),
        ]
        for words, candidates, directive in cases:
            with self.subTest(words=words):
                *lines, last = support.run([program, *words]).stdout.splitlines()
                self.assertEqual([line.split("\t")[0] for line in lines], candidates)
                self.assertEqual(last, f":{directive}")
        if shutil.which("kubectl"):
            path = f"{self.tmp}:{os.environ['PATH']}"
            result = support.run(
                ["kubectl", "__complete", "hookline", "validate", "--st"],
                env={**os.environ, "PATH": path, "HOME": str(self.tmp)},
            )
            self.assertTrue(result.stdout.startswith("--strict\t"), result.stdout)

    def test_bash_says_nothing_about_its_own_script(self):
        script = self.write("hookctl.bash", hookctl("completion", "bash").stdout)
        result = support.run(["bash", "-n", script])
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        if shutil.which("shellcheck"):
            result = support.run(["shellcheck", "--shell=bash", script])
            self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_zsh(self):
        if not shutil.which("zsh"):
            self.skipTest("zsh is not installed")
        script = self.write("_hookctl", hookctl("completion", "zsh").stdout)
        result = support.run(["zsh", "-n", script])
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_fish(self):
        if not shutil.which("fish"):
            self.skipTest("fish is not installed")
        script = self.write("hookctl.fish", hookctl("completion", "fish").stdout)
        program = 'source $argv[1]; complete -C "hookctl validate -o "'
        result = support.run(
            ["fish", "--no-config", "-c", program, script], env={"HOME": str(self.tmp)}
        )
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        offered = [line.split("\t")[0] for line in result.stdout.splitlines()]
        self.assertEqual(sorted(offered), ["json", "text"])
        program = 'source $argv[1]; complete -C "hookctl appliance create --password "'
        result = support.run(
            ["fish", "--no-config", "-c", program, script], env={"HOME": str(self.tmp)}
        )
        offered = [line.split("\t")[0] for line in result.stdout.splitlines()]
        self.assertEqual(sorted(offered), ["ask", "generate", "keep"])


if __name__ == "__main__":
    support.main()
