"""`make install` installs every file where packagers expect it, and another program can link the
library."""

import os
import subprocess
import unittest

import support

USER_OF_THE_LIBRARY = r"""
#include <hookline/manager.h>
#include <stdio.h>

int main(void)
{
    struct hookline_manager_error *error = NULL;
    struct hookline_manager_options options = {
        .size = sizeof(options),
        .socket_directory = "/nowhere",
        .sidecars = 1,
    };
    struct hookline_manager *manager = hookline_manager_new(&options, &error);
    if (manager == NULL || hookline_manager_collect(manager, &error) == 0)
        return 1;
    puts(hookline_manager_error_message(error));
    hookline_manager_error_free(error);
    hookline_manager_free(manager);
    return 0;
}
"""


@unittest.skipIf(support.BUILD.name != "build", "skipped: the installed build is the plain one")
class Install(support.TestCase):
    def setUp(self):
        super().setUp()
        environment = {key: value for key, value in os.environ.items() if "MAKE" not in key}
        done = subprocess.run(
            ["make", "install", f"DESTDIR={self.tmp}", "PREFIX=/opt/hookline"],
            cwd=support.ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=support.PATIENCE * 5,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.prefix = self.tmp / "opt/hookline"

    def test_programs_run_from_where_they_are_installed(self):
        version = (support.ROOT / "VERSION").read_text(encoding="utf-8").strip()
        for name in ("hookctl", "hookctl-online", "kubectl-hookline", "hook-manager"):
            done = support.run([self.prefix / "bin" / name, "--version"])
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(version, done.stdout)
        done = support.run([self.prefix / "bin/sidecar-shim", "--build-version"])
        self.assertIn(version, done.stdout)

    def test_every_program_has_its_man_page_and_completion(self):
        for page in ("hookctl.1", "hookctl-appliance.1", "hook-manager.1", "sidecar-shim.1", "hookline-policy.5"):
            path = self.prefix / f"share/man/man{page[-1]}" / page
            self.assertIn(".TH", path.read_text(encoding="utf-8"))
        for completion in (
            "bash-completion/completions/hookctl",
            "zsh/site-functions/_hookctl",
            "fish/vendor_completions.d/hookctl.fish",
        ):
            self.assertIn("hookctl", (self.prefix / "share" / completion).read_text(encoding="utf-8"))
        done = support.run([self.prefix / "bin/kubectl_complete-hookline", "valid"])
        self.assertTrue(done.stdout.startswith("validate\t"), done.stdout)

    def test_another_program_links_the_library(self):
        source = self.write("user.c", USER_OF_THE_LIBRARY)
        described = support.run(
            ["pkg-config", "--cflags", "--libs", f"--define-variable=prefix={self.prefix}", "hookline-manager"],
            env={"PKG_CONFIG_PATH": str(self.prefix / "lib/pkgconfig")},
        )
        self.assertEqual(described.returncode, 0, described.stderr)
        linked = support.run(
            ["gcc", "-Wall", "-Werror", source, "-o", self.tmp / "user", *described.stdout.split()]
        )
        self.assertEqual(linked.returncode, 0, linked.stderr)
        done = support.run([self.tmp / "user"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("/nowhere", done.stdout)


if __name__ == "__main__":
    support.main()
