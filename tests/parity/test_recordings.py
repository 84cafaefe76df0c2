#!/usr/bin/python3
"""The domains that hook-launcher hands to hooks are those of KubeVirt's launcher, but for what
docs/launcher.md lists. `make parity` prints the comparison."""

import unittest

import parity
import support
from compare import Allowed


class RecordingsTest(support.TestCase):
    def compare(self, directory):
        """Compares all VMIs of a directory."""
        allowed = Allowed.read(parity.PAGE.read_text(encoding="utf-8"))
        results, refused = parity.compare_all(directory, allowed)
        self.assertTrue(results or refused, directory)
        self.assertEqual(refused, {})
        for result in results:
            with self.subTest(result.name):
                self.assertEqual(result.faults(), [])
        self.assertGreaterEqual(parity.share_over_all(results), parity.LEAST_OVER_ALL)

    def test_our_own(self):
        self.compare(parity.OWN)

    @unittest.skipUnless(parity.RECORDINGS.is_dir(), "KubeVirt's recordings are not here")
    def test_kubevirts(self):
        self.compare(parity.RECORDINGS)

    def test_more(self):
        usual = (parity.OWN, parity.RECORDINGS)
        more = [path for path in parity.directories()[0] if path not in usual]
        if not more:
            self.skipTest("PARITY names no directory with more recordings")
        for directory in more:
            self.compare(directory)


if __name__ == "__main__":
    support.main()
