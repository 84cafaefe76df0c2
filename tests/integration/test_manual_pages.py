"""The manual page of each program has an entry for every option of its help, and for no other."""

import re
import subprocess

import support


class ManualPages(support.TestCase):
    def help(self, *words):
        """What --help prints."""
        done = subprocess.run(
            [support.program(words[0]), *words[1:], "--help"],
            capture_output=True,
            text=True,
            check=True,
            timeout=support.PATIENCE,
        )
        return done.stdout

    def options(self, *words):
        """The options that --help lists, with their letters."""
        return set(re.findall(r"^ +((?:-\w, )?--[a-z-]+)", self.help(*words), re.MULTILINE))

    def subcommands(self, *words):
        """The subcommands that --help lists."""
        return re.findall(r"^  ([a-z][a-z-]+)  ", self.help(*words), re.MULTILINE)

    def text(self, page):
        """The source of a page."""
        return (support.ROOT / "docs" / "man" / f"{page}.scd").read_text(encoding="utf-8")

    def entries(self, page):
        """The options with an entry in a page."""
        text = self.text(page)
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
        """One with options of its own has a page, as has a group with those of all its members; the
        others have an entry in that of hookctl."""
        self.assertGreater(len(self.subcommands("hookctl")), 3)
        for command in self.subcommands("hookctl"):
            with self.subTest(command):
                options = self.options("hookctl", command)
                members = self.subcommands("hookctl", command)
                for member in members:
                    options |= self.options("hookctl", command, member)
                    self.assertRegex(self.text(f"hookctl-{command}.1"), rf"(?m)^\*{member}\*")
                if options - {"-h, --help"}:
                    self.assertEqual(options, self.entries(f"hookctl-{command}.1"))
                else:
                    self.assertRegex(self.text("hookctl.1"), rf"(?m)^\*{command}\*")

    def test_subcommands_of_the_manager(self):
        words = self.subcommands("hook-manager")
        self.assertGreater(len(words), 3)
        options = set().union(*(self.options("hook-manager", word) for word in words))
        self.assertEqual(options, self.entries("hook-manager.1"))


if __name__ == "__main__":
    support.main()
