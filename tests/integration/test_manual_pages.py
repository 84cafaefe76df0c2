"""The manual page of each program has an entry for every option of its help, and for no other."""

import re
import subprocess

import support

MANAGER_COMMANDS = ("collect", "on-define-domain", "pre-cloud-init-iso", "shutdown", "serve")


class ManualPages(support.TestCase):
    def options(self, *words):
        """The options that --help lists, with their letters."""
        done = subprocess.run(
            [support.program(words[0]), *words[1:], "--help"],
            capture_output=True,
            text=True,
            check=True,
            timeout=support.PATIENCE,
        )
        return set(re.findall(r"^ +((?:-\w, )?--[a-z-]+)", done.stdout, re.MULTILINE))

    def entries(self, page):
        """The options with an entry in a page."""
        text = (support.ROOT / "docs" / "man" / f"{page}.scd").read_text(encoding="utf-8")
        return {
            entry.replace("*", "")
            for entry in re.findall(r"^((?:\*-\w\*, )?\*--[a-z-]+\*)", text, re.MULTILINE)
        }

    def test_programs(self):
        pages = {
            "hook-controller": "hook-controller.8",
            "hook-launcher": "hook-launcher.1",
            "sidecar-shim": "sidecar-shim.1",
        }
        for program, page in pages.items():
            with self.subTest(program):
                self.assertEqual(self.options(program), self.entries(page))

    def test_subcommands_of_hookctl(self):
        for command in ("validate", "render", "run"):
            with self.subTest(command):
                self.assertEqual(
                    self.options("hookctl", command), self.entries(f"hookctl-{command}.1")
                )

    def test_subcommands_of_the_manager(self):
        options = set().union(*(self.options("hook-manager", word) for word in MANAGER_COMMANDS))
        self.assertEqual(options, self.entries("hook-manager.1"))


if __name__ == "__main__":
    support.main()
