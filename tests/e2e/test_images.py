#!/usr/bin/python3
"""The image archives as built, without a cluster."""

import json
import posixpath
import shutil
import tarfile
import unittest

import support
from support import oci


def blob(archive, digest):
    """A blob of an archive, as a stream."""
    return archive.extractfile(oci.blob_path(digest))


class ImagesTest(unittest.TestCase):
    """Each existing archive."""

    def setUp(self):
        self.archives = sorted((support.BUILD / "images").glob("*.tar"))
        self.assertTrue(self.archives, "make images builds them")

    def test_again_the_same(self):
        """The same files give the same image, wherever the Python modules were compiled."""
        before = [oci.identity(path) for path in self.archives]
        shutil.rmtree(support.BUILD / "images" / "bytecode")
        names = [path.stem for path in self.archives]
        done = support.run([support.ROOT / "deploy/images/build", *names])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([oci.identity(path) for path in self.archives], before)

    def test_contents(self):
        """Every image runs its own program as a user other than root; every file in it belongs to
        root and cannot be written by others, and no link dangles."""
        for path in self.archives:
            with self.subTest(path.stem), tarfile.open(path) as archive:
                manifest = json.load(blob(archive, oci.identity(path)[1]))
                config = json.load(blob(archive, manifest["config"]["digest"]))["config"]
                self.assertRegex(config["User"], r"^(107:107|65532:65532)$")
                self.assertEqual(config["Entrypoint"], [f"/{path.stem}"])
                layer = tarfile.open(fileobj=blob(archive, manifest["layers"][0]["digest"]))
                self.check_layer({entry.name: entry for entry in layer})

    def check_layer(self, entries):
        """Checks an entry of a layer."""
        self.assertEqual(list(entries), sorted(entries))
        for name, entry in entries.items():
            self.assertEqual((entry.uid, entry.gid, entry.mtime), (0, 0, 0), name)
            self.assertFalse(entry.mode & 0o6000, f"{name} runs with its owner's rights")
            if entry.issym():
                self.assertTrue(self.leads_somewhere(entries, name), f"{name} -> {entry.linkname}")
            elif not entry.mode & 0o1000:
                self.assertFalse(entry.mode & 0o022, f"{name} may be written by others")

    @staticmethod
    def leads_somewhere(entries, name):
        """Whether a path exists, following links."""
        for _ in range(20):
            parts = name.split("/")
            places = ["/".join(parts[: index + 1]) for index in range(len(parts))]
            links = [place for place in places if place in entries and entries[place].issym()]
            if not links:
                return name in entries
            target = posixpath.join("/", posixpath.dirname(links[0]), entries[links[0]].linkname)
            name = posixpath.normpath(target + name[len(links[0]) :]).lstrip("/")
        return False


if __name__ == "__main__":
    support.main()
