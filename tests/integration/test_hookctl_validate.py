#!/usr/bin/python3
"""hookctl validate: the transcripts in tests/data/validate, and what cannot be in a file.

A transcript is a list of commands ("$ hookctl …", run in its folder), each with what it writes to
standard output, then to standard error, then "exit STATUS". A line that ends in "…" matches any
line with that beginning."""

import json
import os
import pty
import shlex

import support

DATA = support.DATA / "validate"
HOOKCTL = support.program("hookctl")
KEY = "hooks.kubevirt.io/hookSidecars"


def vmi(annotation, **metadata):
    """A VMI with an annotation, as JSON text."""
    return json.dumps(
        {
            "apiVersion": "kubevirt.io/v1",
            "kind": "VirtualMachineInstance",
            "metadata": {"name": "testvmi", **metadata, "annotations": {KEY: annotation}},
            "spec": {},
        }
    )


def commands(transcript):
    """The commands of a transcript, each with its expected output."""
    found = []
    for line in transcript.read_text(encoding="utf-8").splitlines():
        if line.startswith("$ hookctl "):
            found.append((shlex.split(line.removeprefix("$ hookctl ")), []))
        elif line:
            found[-1][1].append(line)
    return found


class Transcripts(support.TestCase):
    def check(self, words, expected):
        result = support.run([HOOKCTL, *words], cwd=DATA)
        actual = (result.stdout + result.stderr).splitlines() + [f"exit {result.returncode}"]
        shown = [
            wanted if wanted.endswith("…") and line.startswith(wanted[:-1]) else line
            for line, wanted in zip(actual, expected)
        ]
        self.assertEqual(shown + actual[len(expected) :], expected)

    def test_transcripts(self):
        transcripts = sorted(DATA.glob("*.txt"))
        self.assertTrue(transcripts)
        for transcript in transcripts:
            for words, expected in commands(transcript):
                with self.subTest(transcript=transcript.name, words=words):
                    self.check(words, expected)


class Input(support.TestCase):
    def validate(self, *words, stdin=""):
        return support.run([HOOKCTL, "validate", *words], stdin=stdin)

    def assert_faulty(self, annotation, needle):
        result = self.validate(stdin=vmi(annotation))
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertIn(needle, result.stdout)

    def test_standard_input_with_and_without_a_dash(self):
        for words in ([], ["-f", "-"]):
            result = self.validate(*words, stdin=vmi('[{"image": 3}]'))
            self.assertEqual(result.returncode, 1)
            self.assertRegex(result.stdout, rf"(?m)^<stdin>:1:\d+: {KEY}\[0\]\.image: ")

    def test_standard_input_for_two(self):
        result = self.validate("-f", "-", "-f", "-", stdin=vmi("[]"))
        self.assertEqual(result.returncode, 2)
        self.assertIn("--filename - and --filename -: standard input can be", result.stderr)
        result = self.validate("--policy", "-", stdin=vmi("[]"))
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("give one with -f, because --policy reads standard input", result.stderr)

    def test_a_policy_from_standard_input(self):
        path = self.write("vmi.json", vmi('[{"image": "a"}]'))
        policy = "apiVersion: hookline.dev/v1alpha1\nkind: HostPathPolicy\nimages: [b]\n"
        result = self.validate("--policy", "-", "-f", path, stdin=policy)
        self.assertEqual(result.returncode, 1)
        self.assertIn("the policy does not allow the image a", result.stdout)
        result = self.validate("--policy", "-", "-f", path, stdin="[]")
        self.assertIn("<stdin>:1:1: must be an object, not an array", result.stdout)

    def test_a_terminal_is_no_manifest(self):
        main, terminal = pty.openpty()
        process = self.spawn(
            [HOOKCTL, "validate"],
            stdin=terminal,
            stdout=support.subprocess.DEVNULL,
            stderr=support.subprocess.PIPE,
            text=True,
        )
        os.close(terminal)
        message = process.communicate(timeout=support.PATIENCE)[1]
        os.close(main)
        self.assertEqual(process.returncode, 2)
        self.assertIn("no manifest: give one with -f", message)

    def test_every_unreadable_file_is_named_and_the_others_are_checked(self):
        good = self.write("good.yaml", vmi('[{"image": 3}]'))
        bad = self.write("bad.yaml", "a: [")
        result = self.validate(
            "-f", self.tmp / "missing.yaml", "-f", good, "-f", bad, "-f", good / "below"
        )
        self.assertEqual(result.returncode, 3)
        self.assertIn(f"reading {self.tmp}/missing.yaml: No such file or directory", result.stdout)
        self.assertIn(f"reading {good}/below: Not a directory", result.stdout)
        self.assertRegex(result.stdout, rf"(?m)^{bad}:\d+:\d+: ")
        self.assertRegex(result.stdout, rf"(?m)^{good}:1:\d+: {KEY}\[0\]\.image: ")

    def test_config_maps_may_stand_in_files_of_their_own(self):
        config_map = self.write("a.json", '{"apiVersion": "v1", "kind": "ConfigMap"}')
        owner = self.write("b.json", vmi("[]"))
        result = support.run([HOOKCTL, "validate", "-f", config_map, "-f", owner])
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_a_cloud_init_hook_of_a_machine_without_data(self):
        """KubeVirt's launcher crashes then."""
        config_map = {"name": "c", "key": "k", "hookPath": "/usr/bin/preCloudInitIso"}
        hook = {"args": ["--version", "v1alpha3"], "configMap": config_map}
        machine = json.loads(vmi(json.dumps([hook])))
        result = support.run([HOOKCTL, "validate", "-f", self.write("a.json", json.dumps(machine))])
        self.assertEqual(result.returncode, 0)
        self.assertRegex(
            result.stdout,
            r"a.json:1:\d+: warning: .*\[0\].configMap.hookPath: the machine has no cloud-init volume",
        )
        machine["spec"] = {"volumes": [{"name": "v", "cloudInitNoCloud": {"userData": "a"}}]}
        result = support.run([HOOKCTL, "validate", "-f", self.write("a.json", json.dumps(machine))])
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_a_manifest_that_is_too_large(self):
        path = self.write("large.yaml", b"#" * (16 * 1024 * 1024 + 1))
        result = self.validate("-f", path)
        self.assertEqual(result.returncode, 3)
        self.assertIn("larger than 16777216 bytes", result.stdout)

    def test_limits_of_the_annotation(self):
        self.assert_faulty("[" + '{"image": "a"},' * 64 + '{"image": "a"}]', "64")
        self.assert_faulty(json.dumps([{"image": "a" * 300 * 1024}]), "262144 bytes")
        self.assert_faulty("[" * 10000 + "]" * 10000, "16")

    def test_an_annotation_cut_anywhere(self):
        whole = '[{"image": "a", "args": ["--version"], "hostPath": {"path": "/ü"}}]'
        documents = "".join(f"---\n{vmi(whole[:length])}\n" for length in range(1, len(whole)))
        result = self.validate(stdin=documents)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"{len(whole) - 1} annotations: {len(whole) - 1} errors", result.stderr)

    def test_an_annotation_of_any_other_type(self):
        for text in ('"x"', "3", "true", "{}", '{"image": "a"}', "[3]", '["x"]', "[[]]"):
            self.assert_faulty(text, KEY)

    def test_bytes_that_are_no_text(self):
        result = self.validate(stdin=b'{"kind": "VirtualMachineInstance", "a": "\xff\xfe"}')
        self.assertEqual(result.returncode, 3)
        self.assertIn(b"<stdin>:1:", result.stdout)

    def test_what_a_manifest_holds_cannot_reach_the_terminal(self):
        result = self.validate(stdin=vmi('[{"\\u001b[31mred": 1}]'))
        self.assertNotIn("\x1b", result.stdout + result.stderr)

    def test_a_full_disk(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            process = self.spawn(
                [HOOKCTL, "schema"], stdout=full, stderr=support.subprocess.PIPE, text=True
            )
            message = process.communicate(timeout=support.PATIENCE)[1]
        self.assertEqual(process.returncode, 3)
        self.assertEqual(
            message, "hookctl schema: writing standard output: No space left on device\n"
        )


class Output(support.TestCase):
    def test_json(self):
        path = self.write("vmi.json", vmi('[{"image": 3, "imagePulPolicy": "Always"}]'))
        missing = str(self.tmp / "missing.yaml")
        result = support.run([HOOKCTL, "validate", "-f", path, "-f", missing, "-o", "json"])
        self.assertEqual(result.returncode, 3)
        report = json.loads(result.stdout)
        self.assertEqual(report["errors"], 2)
        findings = {(found["file"], found["path"]): found for found in report["findings"]}
        wrong = findings[(str(path), f"{KEY}[0].image")]
        self.assertEqual(wrong["severity"], "error")
        self.assertEqual(wrong["class"], "input")
        self.assertEqual(wrong["line"], 1)
        self.assertEqual(wrong["column"], path.read_text().index("3,") + 1)
        self.assertEqual(
            (wrong["kind"], wrong["namespace"], wrong["name"]),
            ("VirtualMachineInstance", "default", "testvmi"),
        )
        self.assertTrue(wrong["message"])
        unknown = findings[(str(path), f"{KEY}[0].imagePulPolicy")]
        self.assertEqual(unknown["severity"], "warning")
        unreadable = findings[(missing, None)]
        self.assertEqual((unreadable["class"], unreadable["line"]), ("io", None))

    def test_many_findings(self):
        """The first thousand are shown, and all are counted."""
        wrong = {"args": [0] * 1700, **{f"x{number}": 0 for number in range(1005)}}
        path = self.write("vmi.json", vmi(json.dumps([wrong])))
        result = support.run([HOOKCTL, "validate", "-f", path])
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"{KEY}: and 700 more errors\n", result.stdout)
        self.assertIn("and 5 more warnings\n", result.stdout)
        self.assertEqual(len(result.stdout.splitlines()), 2002)
        self.assertIn("1700 errors, 1005 warnings", result.stderr)

    def on_terminal(self, env):
        """What validate writes when standard output is a terminal."""
        path = self.write("vmi.json", vmi('[{"image": 3}]'))
        main, terminal = pty.openpty()
        process = self.spawn(
            [HOOKCTL, "validate", "-f", path],
            stdout=terminal,
            stderr=support.subprocess.DEVNULL,
            env={**os.environ, "TERM": "xterm", **env},
        )
        os.close(terminal)
        written = b""
        try:
            while chunk := os.read(main, 4096):
                written += chunk
        except OSError:  # how Linux says that the other end is closed
            pass
        os.close(main)
        process.wait(support.PATIENCE)
        return written.decode()

    def test_colour_only_where_it_is_wanted(self):
        self.assertIn("\x1b[31m", self.on_terminal({"NO_COLOR": ""}))
        self.assertNotIn("\x1b", self.on_terminal({"NO_COLOR": "1"}))
        self.assertNotIn("\x1b", self.on_terminal({"TERM": "dumb"}))


if __name__ == "__main__":
    support.main()
