"""The tutorial of docs/appliances.md, command by command as it is there, with small disks: what it
shows is what is printed. Guests are not booted, nor disks sealed: tests/e2e/test_appliance_boot.py
does so. The appliances of samples/appliances/ are checked and completed."""

import os
import re
import shutil
import subprocess
import threading
import unittest

import yaml

import registries
import support
import test_hookctl_appliance_verbs as verbs

HOOKCTL = support.program("hookctl")
SAMPLES = support.SAMPLES / "appliances"
PAGE = (support.ROOT / "docs" / "appliances.md").read_text(encoding="utf-8")
TUTORIAL = PAGE.split("\n# Tutorial\n")[1].split("\n# Reference\n")[0]
LOCAL, CLUSTER = TUTORIAL.split("\n## 6. ")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAyVPnobygHnpg57rVat9TtzNqwcN2zfoGHQEhMqtaki me"


def steps(text):
    """The commands, and the lines that are shown after each of them."""
    found = []
    for line in text.splitlines():
        if line.startswith("    $ "):
            found.append((line[6:], []))
        elif line.startswith("    ") and found and found[-1][1] is not None:
            found[-1][1].append(line[4:])
        elif found and not line.startswith("    "):
            found.append((None, []))
    return [(command, shown) for command, shown in found if command]


def pattern(shown):
    """What matches the lines: a line "…" stands for any."""
    parts = [".*" if line == "…" else re.escape(line) + "\n" for line in shown]
    text = re.sub(r"sha256:[0-9a-f]{64}", "sha256:[0-9a-f]{64}", "".join(parts))
    generated = r"[a-z0-9]{16},\\ which\\ was\\ generated"
    return re.sub(generated, lambda match: generated.replace("\\\\", "\\"), text)


class TutorialCase(support.TestCase):
    """Runs commands of the page in a directory of its own."""

    def setUp(self):
        super().setUp()
        (self.tmp / "samples").symlink_to(support.SAMPLES)
        self.env = {"PATH": f"{support.BUILD}:{os.environ['PATH']}", "TMPDIR": str(self.tmp)}
        self.seen = 0

    def run_step(self, command, shown, changes=()):
        """Runs a command as it is in the page, with changes of names; its output is that shown."""
        for old, new in (("/home/me", str(self.tmp)), *changes):
            command = command.replace(old, new)
            shown = [line.replace(old, new) for line in shown]
        done = subprocess.run(
            ["sh", "-c", command], env={**os.environ, **self.env}, cwd=self.tmp, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=support.PATIENCE, check=False)
        self.assertRegex(done.stdout, rf"(?s)\A{pattern(shown)}\Z", command)
        self.seen += 1


@unittest.skipIf(registries.MISSING, f"not installed: {', '.join(registries.MISSING)}")
class WithoutClusterTest(TutorialCase):
    def test_its_commands(self):
        registry = registries.DockerRegistry(self)
        raw = self.write("debian.raw", b"a system".ljust(2 << 20, b"\0"))
        support.run(["qemu-img", "convert", "-O", "qcow2", raw, self.tmp / "debian.qcow2"])
        self.write("id.pub", KEY + "\n")
        changes = [("127.0.0.1:5000", f"127.0.0.1:{registry.port}")]
        for command, shown in steps(LOCAL):
            words = command.split()
            if words[0] in ("hookctl", "qemu-img") and "seal" not in words:
                with self.subTest(command):
                    self.run_step(command, shown, changes)
        self.assertEqual(self.seen, 10)
        seal = "hookctl appliance seal site.qcow2"
        self.assertIn(seal, [command for command, _ in steps(LOCAL)])
        for name in ("trial", "web1"):
            self.assertTrue(os.access(self.tmp / name / "run", os.X_OK))
        secret = (self.tmp / "web1" / "files" / "seed" / "userdata").read_text(encoding="utf-8")
        self.assertRegex(secret, r"password: [a-z0-9]{16}\n")
        self.assertIn('content: "Hello from web1"', secret)
        published = yaml.safe_load((self.tmp / "site.yaml").read_text(encoding="utf-8"))
        sample = yaml.safe_load((SAMPLES / "site.yaml").read_text(encoding="utf-8"))
        self.assertEqual(published, sample)


class Server(verbs.Server):
    """One that also answers what a user asks about himself: he may do all."""

    def on_POST(self, where, query, body):
        if where["plural"] == "selfsubjectaccessreviews":
            return 201, {**body, "status": {"allowed": True}}
        return super().on_POST(where, query, body)


class InClusterTest(verbs.Disks, TutorialCase):
    server = Server

    def setUp(self):
        TutorialCase.setUp(self)
        own = self.env
        verbs.Disks.setUp(self)
        self.env = {**self.env, **own}

    def cdi_makes_it(self):
        [volume] = self.api.all("datavolumes")
        self.set_status("datavolumes", volume, phase="Succeeded")

    def play_cdi(self):
        """CDI's part of an upload."""
        self.set_status("datavolumes", self.made("datavolumes"), phase="UploadReady")
        ready = [verbs.condition("Ready", "True", "Ready")]
        self.set_status("datasources", self.made("datasources"), conditions=ready)

    def test_its_commands(self):
        self.disks.token = lambda: f"token-{self.api.tokens}"
        self.disks.on_upload = self.cdi_makes_it
        self.api.put("cdiconfigs", {"metadata": {"name": "config"}, "status": {
            "uploadProxyURL": f"127.0.0.1:{self.disks.port}",
            "uploadProxyCA": self.certificates.ca.read_text()}})
        claim = {"name": "site", "namespace": "images"}
        self.api.put("persistentvolumeclaims", {"metadata": claim, "spec": {}})
        size = {"cpu": {"guest": 1}, "memory": {"guest": "2Gi"}}
        self.api.put("virtualmachineclusterinstancetypes",
                     {"metadata": {"name": "u1.small"}, "spec": size})
        self.api.put("virtualmachineclusterpreferences",
                     {"metadata": {"name": "debian"}, "spec": {}})
        image = self.write("site.qcow2", verbs.qcow2())
        (self.tmp / "there").mkdir()
        shutil.copy(SAMPLES / "site-vm.yaml", self.tmp / "there" / "vm.yaml")
        given = self.write("roles.yaml", "")
        self.write("bin/kubectl", f"#!/bin/sh\ncat >{given}\n").chmod(0o755)
        self.env["PATH"] = f"{self.tmp}/bin:{self.env['PATH']}"
        changes = [("500.2 MiB", f"{image.stat().st_size / 1024:.1f} KiB")]
        for command, shown in steps(CLUSTER):
            # whether somebody may clone depends on the roles
            roles = given.read_text(encoding="utf-8")
            self.api.allows = lambda _, roles=roles: bool(roles)
            shown = [line for line in shown if "485.5" not in line]
            if " upload " in command:
                player = threading.Thread(target=self.play_cdi)
                player.start()
                self.run_step(command, shown, changes)
                player.join()
            else:
                self.run_step(command, shown)
        self.assertEqual(self.seen, 5)
        kinds = [each["kind"] for each in yaml.safe_load_all(given.read_text(encoding="utf-8"))]
        self.assertEqual(kinds, ["Role", "RoleBinding"])
        self.assertIsNotNone(self.api.get("virtualmachines", "dev", "web1"))


class SamplesTest(support.TestCase):
    GIVEN = {"site": ["-p", "SITE=Hello"]}

    def test_each_is_checked_and_completed(self):
        for path in sorted(SAMPLES.glob("*.yaml")):
            source = yaml.safe_load(path.read_text(encoding="utf-8"))
            if source["kind"] != "DataSource":
                continue
            with self.subTest(path.name):
                checked = support.run([HOOKCTL, "appliance", "check", "-f", path])
                self.assertEqual(checked.returncode, 0, checked.stdout)
                # that a literal password is there is said, and nothing else
                literal = checked.stdout.count("has a literal password")
                self.assertEqual(len(checked.stdout.splitlines()), literal, checked.stdout)
                words = ["create", "-f", path, "m1", *self.GIVEN.get(path.stem, [])]
                made = support.run([HOOKCTL, "appliance", *words])
                self.assertEqual(made.returncode, 0, made.stderr)
                vm = next(yaml.safe_load_all(made.stdout))
                names = [each["metadata"]["name"] for each in vm["spec"]["dataVolumeTemplates"]]
                for volume in vm["spec"]["template"]["spec"]["volumes"]:
                    if "dataVolume" in volume:
                        self.assertIn(volume["dataVolume"]["name"], names)
                self.assertNotIn("replaced-in-each-machine", made.stdout)

    def test_its_readme_lists_all(self):
        readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
        for path in SAMPLES.iterdir():
            if path.name != "README.md":
                self.assertIn(f"| `{path.name}` |", readme)


if __name__ == "__main__":
    support.main()
