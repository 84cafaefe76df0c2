"""hookctl appliance create -f: cases, each an input beside the objects that it makes or the messages
that it gets. Those of tests/data are our own; those of the recordings were written from the rules of
KubeVirt and CDI.

An input's first line is "# run: hookctl appliance …"; its file is added with -f. NAME.out.yaml has the
objects, in which a string "~PATTERN" is a regular expression. A line of our NAME.txt has parts,
separated by " | ", which are in one line of standard error. Without NAME.out.yaml, nothing is
printed and the exit status is 1."""

import pathlib
import re
import shlex
import unittest

import yaml

import support

HOOKCTL = support.program("hookctl")
OURS = support.DATA / "appliance" / "cases"
RECORDED = support.ROOT.parent / "shared" / "upstream" / "appliance" / "cases"
PASSWORD = "correct-horse-9"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5vdC1hLWtleS1idXQtMzItYnl0ZXMtbG9uZy0h me@example"


def documents(text):
    """The documents of a YAML stream."""
    return [value for value in yaml.safe_load_all(text) if value is not None]


def difference(expected, found, path=""):
    """Where two values differ, or None; expected strings with a tilde are patterns."""
    if isinstance(expected, str) and expected.startswith("~") and isinstance(found, str):
        pattern = expected[1:]
        return None if re.fullmatch(pattern, found) else f"{path}: {found!r} is not {pattern!r}"
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in [*expected, *(key for key in found if key not in expected)]:
            if key not in expected or key not in found:
                return f"{path}.{key}: is {'missing' if key in expected else 'too much'}"
            inner = difference(expected[key], found[key], f"{path}.{key}")
            if inner:
                return inner
        return None
    if isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            return f"{path}: {len(found)} items, not {len(expected)}"
        pairs = zip(expected, found)
        differences = (difference(*pair, f"{path}[{i}]") for i, pair in enumerate(pairs))
        return next(filter(None, differences), None)
    return None if expected == found else f"{path}: {found!r} is not {expected!r}"


def bare(text):
    """A message without what may be written in several ways: quotes within paths."""
    return re.sub(r'\["([^"\]]*)"\]', r"[\1]", text)


def parts_of_recorded(line):
    """What a line of a recorded list of messages says in any words: its path, its quoted values, and
    its sizes. The places are those of another version of the file."""
    line = re.sub(r"^\S+\.yaml:(\d+:\d+|…): ", "", line.strip())
    line = re.sub(r"^(label |vm-spec: |…vm-spec: )", "", line)
    path, _, message = line.partition(": ")
    message = re.sub(r"\([^\"]*\)$", "", message)
    path = re.sub(r" has a literal .*", "", path)
    parts = [path, *re.findall(r'"([^"]+)"', message)]
    parts += re.findall(r"\b\d+(?:[KMGT]i)\b", message)
    return [re.sub(r"^dataVolumeTemplates", "spec.dataVolumeTemplates", part) for part in parts]


class Cases(support.TestCase):
    def run_case(self, path, drop=()):
        """Runs the command of an input, without the flags to drop."""
        first = path.read_text(encoding="utf-8").splitlines()[0]
        command = re.sub(r"\s{2,}\(.*$", "", first.removeprefix("# run: "))
        words = [word for word in shlex.split(command) if word not in drop]
        self.assertEqual(words[:2], ["hookctl", "appliance"], first)
        self.write("pw", PASSWORD + "\n")
        self.write("key.pub", f"# a comment\n{KEY}\n")
        (self.tmp / path.name).write_bytes(path.read_bytes())
        return support.run([HOOKCTL, *words[1:], "-f", path.name], cwd=self.tmp)

    def check_output(self, result, path):
        """Compares the output with the expected objects, or checks that there is none."""
        expected = path.with_name(path.name.replace(".in.", ".out."))
        if not expected.exists():
            self.assertEqual((result.returncode, result.stdout), (1, ""), result.stderr)
            return
        self.assertEqual(result.returncode, 0, result.stderr)
        wanted = documents(expected.read_text(encoding="utf-8"))
        found = documents(result.stdout)
        self.assertIsNone(difference(wanted, found), result.stdout + result.stderr)

    def check_messages(self, lines, stderr):
        """Each line's parts are in one line of standard error."""
        said = [bare(line) for line in stderr.splitlines()]
        for parts in lines:
            found = any(all(bare(part) in line for part in parts) for line in said)
            self.assertTrue(found, f"{parts} in:\n{stderr}")

    def test_ours(self):
        paths = sorted(OURS.glob("*.in.yaml"))
        self.assertGreater(len(paths), 25)
        for path in paths:
            with self.subTest(path.name):
                result = self.run_case(path)
                self.check_output(result, path)
                messages = path.with_name(path.name.replace(".in.yaml", ".txt"))
                if messages.exists():
                    lines = messages.read_text(encoding="utf-8").splitlines()
                    self.check_messages([line.split(" | ") for line in lines], result.stderr)

    @unittest.skipUnless(RECORDED.exists(), "there are no recorded cases here")
    def test_recorded(self):
        for path in sorted(RECORDED.glob("*.in.yaml")):
            with self.subTest(path.name):
                self.check_output(self.run_case(path), path)

    @unittest.skipUnless(RECORDED.exists(), "there are no recorded cases here")
    def test_recorded_refusal(self):
        path = RECORDED / "09-refused.in.yaml"
        text = (RECORDED / "09-refused.txt").read_text(encoding="utf-8")
        result = self.run_case(path)
        self.check_messages(map(parts_of_recorded, text.splitlines()), result.stderr)

    @unittest.skipUnless(RECORDED.exists(), "there are no recorded cases here")
    def test_recorded_seed(self):
        path = RECORDED / "01-seed.in.yaml"
        text = (RECORDED / "01-seed.txt").read_text(encoding="utf-8")
        errors, warnings = text.split("warnings, with and without --repair:\n")
        strict = self.run_case(path, drop=("--repair",))
        self.assertEqual((strict.returncode, strict.stdout), (1, ""))
        self.check_messages(map(parts_of_recorded, errors.splitlines()[1:]), strict.stderr)
        self.check_messages(map(parts_of_recorded, warnings.splitlines()), strict.stderr)
        self.check_messages(
            map(parts_of_recorded, warnings.splitlines()), self.run_case(path).stderr
        )

    def test_a_second_completion_changes_nothing(self):
        """The VM that comes out, published again as a boilerplate, makes the same VM."""
        for path in [OURS / "34-identity.in.yaml", OURS / "29-label-is-not-used.in.yaml"]:
            with self.subTest(path.name):
                once = documents(self.run_case(path).stdout)[0]
                [source, *_] = documents(path.read_text(encoding="utf-8"))
                source["metadata"]["annotations"]["appliance.kubevirt.io/vm-spec"] = yaml.safe_dump(once)
                command = path.read_text(encoding="utf-8").splitlines()[0]
                again = self.write("again.in.yaml", command + "\n" + yaml.safe_dump(source))
                twice = documents(self.run_case(pathlib.Path(again)).stdout)
                self.assertIsNone(difference([once], twice))


if __name__ == "__main__":
    support.main()
