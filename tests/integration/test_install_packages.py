"""deploy/install-packages: which of a line's packages it installs, and what it says when that fails.
apt and dpkg are scripts here, which log how they are called."""

import os
import re
import shutil

import support

SCRIPT = support.ROOT / "deploy" / "install-packages"
LIST = support.ROOT / "deploy" / "packages.txt"


class InstallTest(support.TestCase):
    def setUp(self):
        super().setUp()
        shutil.copy(SCRIPT, self.tmp / "install-packages")
        self.programs = self.tmp / "programs"
        self.program("sudo", 'exec "$@"')
        self.program("node", "exit 0")
        self.program("npm", "exit 0")
        self.known("")
        self.installed("")
        self.apt()

    def program(self, name, text):
        self.write(f"programs/{name}", f"#!/bin/sh\n{text}\n").chmod(0o755)

    def known(self, names):
        """What apt knows."""
        self.program(
            "apt-cache",
            f'case " {names} " in *" $2 "*) printf "%s:\\n  Candidate: 1.0\\n" "$2" ;;\n'
            'none) ;; *) printf "%s:\\n  Candidate: (none)\\n" "$2" ;; esac',
        )

    def installed(self, names):
        self.program(
            "dpkg-query",
            f'case " {names} " in *" $3 "*) printf installed ;; *) echo none >&2; exit 1 ;; esac',
        )

    def apt(self, text=""):
        self.program("apt-get", f'echo "$*" >>{self.tmp}/calls\n{text}')

    def install(self, lines, part="build", path=None):
        """Returns the result, and the packages that apt was to install."""
        self.write("packages.txt", f"[build]\n{lines}\n\n[test]\nother\n")
        (self.tmp / "calls").unlink(missing_ok=True)
        path = path or f"{self.programs}:{os.environ['PATH']}"
        result = support.run([self.tmp / "install-packages", part], env={"PATH": path})
        calls = self.tmp / "calls"
        text = calls.read_text() if calls.exists() else ""
        words = re.search("install -y --no-install-recommends (.*)", text)
        return result, words[1].split() if words else []

    def test_what_is_missing(self):
        self.installed("there")
        self.assertEqual(self.install("there\nmissing  # for this\nmore")[1], ["missing", "more"])
        result, packages = self.install("there")
        self.assertEqual((result.returncode, result.stdout, packages), (0, "", []))
        self.assertEqual(self.install("there", "test")[1], ["other"])

    def test_names_that_differ(self):
        cases = [
            ("tool-14 tool", "", ["tool-14"]),
            ("tool", "", ["tool"]),
            ("tool-14 tool", "tool", []),  # either will do
            ("tool-14 tool", "tool-14", []),
            ("", "", ["tool-14"]),  # for apt to say that it is not there
        ]
        for known, installed, expected in cases:
            with self.subTest(known=known, installed=installed):
                self.known(known)
                self.installed(installed)
                self.assertEqual(self.install("tool-14|tool  # a use")[1], expected)

    def test_a_package_that_is_not_everywhere(self):
        self.assertEqual(self.install("tool-14|none\nlib")[1], ["lib"])
        self.known("tool-14")
        self.assertEqual(self.install("tool-14|none\nlib")[1], ["tool-14", "lib"])

    def test_a_failure_is_shown(self):
        """Both what apt says on standard output and on standard error; else it is silent."""
        noise = "echo Reading lists; echo E: Unable to locate package lib >&2"
        self.apt(noise)
        result, _ = self.install("lib")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(result.stdout, "installing lib\n")
        for command in ("update", "install"):
            with self.subTest(command):
                self.apt(f'{noise}\ncase "$*" in *{command}*) exit 100 ;; esac')
                result, _ = self.install("lib")
                self.assertEqual(result.returncode, 100)
                self.assertIn("Reading lists\nE: Unable to locate package lib\n", result.stderr)
                self.assertRegex(result.stderr, f"install-packages: failed: .*apt-get -qq {command}")

    def test_another_system(self):
        """Without apt, it names what is missing."""
        tools = self.tmp / "tools"
        tools.mkdir()
        for name in ("sh", "sed", "tr", "grep", "dirname", "id", "env"):
            (tools / name).symlink_to(shutil.which(name))
        result, _ = self.install("lib\ntool-14|tool", path=str(tools))
        self.assertEqual(result.returncode, 1)
        self.assertIn("install the equivalents of: lib tool-14", result.stderr)

    def test_npm_says_why(self):
        """The recipes that install what the tests need of npm."""
        for target in ("build/peers/installed", "build/e2e/helm/installed"):
            with self.subTest(target):
                recipe = support.run(["make", "-n", "-B", target], cwd=support.ROOT).stdout
                (command,) = re.findall(r"npm ci [^&]*", recipe)
                self.program("npm", 'case "$*" in *silent*) ;; *) echo "npm error: no way" >&2 ;; esac; exit 1')
                path = f"{self.programs}:{os.environ['PATH']}"
                result = support.run(["sh", "-c", command], env={"PATH": path}, cwd=self.tmp)
                self.assertEqual(result.returncode, 1)
                self.assertEqual(result.stderr, "npm error: no way\n")

    def test_usage(self):
        result, _ = self.install("lib", part="everything")
        self.assertEqual(result.returncode, 2)
        self.assertIn("usage: install-packages build|test|", result.stderr)

    def test_the_list(self):
        """Each part of the list is a part of the script, and each line a package or alternatives."""
        text = LIST.read_text(encoding="utf-8")
        name = r"[a-z0-9][a-z0-9+.-]*"
        for part in re.findall(r"^\[(\w+)\]$", text, re.MULTILINE):
            self.assertRegex(SCRIPT.read_text(encoding="utf-8"), rf"(?m)^ +{part}\) parts='.*\b{part}'")
        for line in text.splitlines():
            self.assertRegex(line, rf"^(#.*|\[\w+\]|{name}(\|{name})*( +# .*)?|)$")


if __name__ == "__main__":
    support.main()
