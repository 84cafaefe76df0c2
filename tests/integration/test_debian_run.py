"""tests/debian/run (make debian13) where it cannot make its tree: it says so, and is not a failure."""

import shutil

import support


class SkipTest(support.TestCase):
    def skipped(self, uid, **programs):
        """What it says where root is uid 0, and these programs are the only special ones."""
        tools = self.tmp / "tools"
        shutil.rmtree(tools, ignore_errors=True)
        tools.mkdir()
        for name in ("sh", "dirname", "env", "mount"):
            (tools / name).symlink_to(shutil.which(name))
        for name, text in {"id": f"echo {uid}", **programs}.items():
            self.write(f"tools/{name}", f"#!/bin/sh\n{text}\n").chmod(0o755)
        cache = self.tmp / "cache"
        environment = {"PATH": str(tools), "HOOKLINE_CACHE": str(cache)}
        result = support.run([support.ROOT / "tests/debian/run", "trixie"], env=environment)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertFalse(cache.exists())
        return result.stdout

    def test_no_root(self):
        self.assertEqual(
            self.skipped(1000, debootstrap="exit 1"),
            "tests/debian/run: trixie: skipped: only root can make its tree\n",
        )

    def test_no_debootstrap(self):
        self.assertEqual(
            self.skipped(0), "tests/debian/run: trixie: skipped: debootstrap is not installed\n"
        )

    def test_no_mounts(self):
        self.assertEqual(
            self.skipped(0, debootstrap="exit 1", unshare="echo 'unshare: not permitted' >&2; exit 1"),
            "tests/debian/run: trixie: skipped: this machine allows no mounts: "
            "unshare: not permitted\n",
        )


if __name__ == "__main__":
    support.main()
