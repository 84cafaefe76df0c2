#!/usr/bin/python3
"""Hooks as KubeVirt's user guide teaches them find in hook-launcher's domain what they look for."""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import support
from test_guide_hooks import ASSET_SH, BOARD_PY, NO_SCHEMA, NOTHING_SH, SCHEMA, VMI, HookCase


@support.unittest.skipUnless(SCHEMA.exists(), NO_SCHEMA)
class LauncherHooksTest(HookCase):
    def launch(self, *words):
        """A dry run with all sidecars."""
        argv = [support.program("hook-launcher"), "--dry-run", "--sidecars", self.count]
        argv += ["--vmi", self.write("vmi.yaml", VMI % "ns"), "--socket-dir", self.sockets]
        result = support.run([*argv, *words])
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_they_change_what_they_should(self):
        for hook in (ASSET_SH, BOARD_PY):
            self.sidecar(hook)
        domain = ElementTree.fromstring(self.launch())
        self.assertEqual(domain.findtext("sysinfo/chassis/entry[@name='asset']"), "rack 7")
        self.assertEqual(domain.findtext("sysinfo/baseBoard/entry[@name='product']"), "Model B")

    def test_a_domain_that_was_printed_is_in_kubevirts_form(self):
        """What a dry run prints can be given to hooks by hand: it is as they get it."""
        printed = self.launch()
        self.sidecar(NOTHING_SH)
        self.assertEqual(self.manage(domain=printed).stdout, printed)
        self.assertIn("<baseBoard></baseBoard>", printed)


if __name__ == "__main__":
    support.main()
