"""The hooks in samples/, called like sidecar-shim calls them: what they change, that a second call
changes nothing, and their errors for bad input."""

import json
import os
import xml.etree.ElementTree as ElementTree

import support

DOMAIN = (support.SAMPLES / "domain.xml").read_text(encoding="utf-8")
HOOKS = {
    "configmap-script": support.SAMPLES / "configmap-script" / "onDefineDomain.sh",
    "cow-overlay": support.SAMPLES / "cow-overlay" / "onDefineDomain.py",
    "smbios": support.BUILD / "samples" / "smbios" / "onDefineDomain",
    "cloud-init": support.SAMPLES / "cloud-init" / "preCloudInitIso.py",
}


def vmi(name="testvm", **annotations):
    """The JSON of a VMI."""
    return json.dumps({"metadata": {"name": name, "annotations": annotations}})


class HookCase(support.TestCase):
    """Calls one hook."""

    hook = ""
    flag = "--domain"
    env = None

    def call(self, vmi_text, document):
        """Calls the hook, whether it succeeds or fails."""
        argv = [HOOKS[self.hook], "--vmi", vmi_text, self.flag, document]
        return support.run(argv, env=self.env)

    def change(self, vmi_text, document):
        """Calls the hook twice on its own output and returns it."""
        first = self.call(vmi_text, document)
        self.assertEqual(first.returncode, 0, first.stderr)
        second = self.call(vmi_text, first.stdout)
        self.assertEqual(second.returncode, 0, second.stderr)
        self.assertEqual(second.stdout, first.stdout)
        return first.stdout

    def assert_refused(self, vmi_text, document, reason):
        """Checks that the hook fails with that reason and prints no document."""
        result = self.call(vmi_text, document)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertEqual(result.stdout, "")
        self.assertIn(reason, result.stderr)

    def assert_usage(self):
        """Checks that any command line other than the shim's is rejected."""
        for words in ([], ["--vmi", "{}"], [self.flag, "x", "--vmi", "{}"]):
            result = support.run([HOOKS[self.hook], *words])
            self.assertEqual(result.returncode, 2)
            self.assertIn("usage: ", result.stderr)


class ConfigMapScript(HookCase):
    hook = "configmap-script"

    def test_description_is_added_after_the_name(self):
        lines = self.change(vmi(), DOMAIN).splitlines()
        before = DOMAIN.splitlines()
        added = [line for line in lines if line not in before]
        self.assertEqual(len(added), 1)
        self.assertTrue(added[0].startswith("\t<description>"))
        self.assertIn("<name>", lines[lines.index(added[0]) - 1])
        lines.remove(added[0])
        self.assertEqual(lines, before)

    def test_forms_of_a_document(self):
        for document in (
            "<domain><name>a</name><uuid>b</uuid></domain>",
            "<domain>\n  <name>\n  a\n  </name>\n</domain>\n",
            "<domain><name>a</name>\n<x><name>b</name></x></domain>",
        ):
            with self.subTest(document=document):
                domain = ElementTree.fromstring(self.change(vmi(), document))
                self.assertEqual(len(domain.findall(".//description")), 1)
                self.assertIn("platform team", domain.find("description").text)

    def test_description_of_the_user_is_kept(self):
        for description in ("<description>mine</description>", "<description/>"):
            document = f"<domain><name>a</name>{description}</domain>"
            self.assertEqual(self.change(vmi(), document), document)

    def test_what_is_no_domain_is_refused(self):
        self.assert_refused(vmi(), "", "no <name>")
        self.assert_usage()


class Smbios(HookCase):
    hook = "smbios"
    key = "smbios.vm.kubevirt.io/baseBoardManufacturer"

    def manufacturer(self, document):
        """The entry's text, after checking that each part of it exists once."""
        domain = ElementTree.fromstring(document)
        self.assertEqual([e.get("mode") for e in domain.findall("os/smbios")], ["sysinfo"])
        path = "sysinfo[@type='smbios']/baseBoard/entry[@name='manufacturer']"
        entries = domain.findall(path)
        self.assertEqual(len(entries), 1)
        return entries[0].text

    def test_manufacturer_is_set(self):
        changed = self.change(vmi(**{self.key: "Example Boards Inc."}), DOMAIN)
        self.assertEqual(self.manufacturer(changed), "Example Boards Inc.")
        self.assertIn('<qemu:arg value="-msg"></qemu:arg>', changed)

    def test_forms_of_a_document(self):
        for document in (
            "<domain></domain>",
            "<domain><os><smbios mode='host'/></os></domain>",
            "<domain><sysinfo type='fwcfg'><entry name='a'>b</entry></sysinfo></domain>",
            "<domain><sysinfo type='smbios'><baseBoard><entry name='manufacturer'>x</entry>"
            "<entry name='product'>y</entry></baseBoard></sysinfo></domain>",
            "<domain><sysinfo type='smbios'><baseBoard><!-- c --></baseBoard></sysinfo></domain>",
        ):
            with self.subTest(document=document):
                changed = self.change(vmi(**{self.key: "<&> \"ü\""}), document)
                self.assertEqual(self.manufacturer(changed), "<&> \"ü\"")

    def test_without_annotation_nothing_changes(self):
        self.assertEqual(self.change(vmi(), DOMAIN), DOMAIN)
        self.assertEqual(self.change("{}", DOMAIN), DOMAIN)

    def test_bad_input_is_refused(self):
        right = vmi(**{self.key: "x"})
        self.assert_refused("", DOMAIN, "not a JSON object")
        self.assert_refused("[", DOMAIN, "not a JSON object")
        self.assert_refused(vmi(**{self.key: 7}), DOMAIN, "is not a string")
        self.assert_refused(vmi(**{self.key: "a\u001bb"}), DOMAIN, "control characters")
        self.assert_refused(right, "", "not an XML document")
        self.assert_refused(right, "<domain>", "not an XML document")
        self.assert_refused(right, "<machine/>", "not an XML document with the root element domain")
        self.assert_usage()


class CowOverlay(HookCase):
    hook = "cow-overlay"
    key = "cow-overlay.hookline.dev/image"

    def setUp(self):
        super().setUp()
        self.images = self.tmp / "images"
        self.overlays = self.tmp / "overlays"
        self.images.mkdir()
        self.overlays.mkdir()
        self.env = {"IMAGES": str(self.images), "OVERLAYS": str(self.overlays)}
        self.make_image("base.qcow2")
        self.images.chmod(0o555)
        self.addCleanup(self.images.chmod, 0o755)

    def make_image(self, name, image_format="qcow2"):
        """Creates an image that VMs share."""
        support.run(["qemu-img", "create", "-f", image_format, self.images / name, "8M"])

    def info(self, path):
        """What qemu-img reports about an image."""
        return json.loads(support.run(["qemu-img", "info", "--output=json", path]).stdout)

    def first_disk(self, document):
        """The first disk that is not a CD-ROM."""
        domain = ElementTree.fromstring(document)
        return next(d for d in domain.findall("devices/disk") if d.get("device") != "cdrom")

    def test_disk_gets_an_overlay_over_the_image(self):
        changed = self.change(vmi("web", **{self.key: "base.qcow2"}), DOMAIN)
        overlay = self.overlays / "web.qcow2"
        disk = self.first_disk(changed)
        self.assertEqual(disk.find("source").attrib, {"file": str(overlay)})
        driver = disk.find("driver").attrib
        self.assertEqual(driver["type"], "qcow2")
        self.assertEqual((driver["cache"], driver["discard"]), ("none", "unmap"))
        info = self.info(overlay)
        self.assertEqual(info["backing-filename"], str(self.images / "base.qcow2"))
        self.assertEqual(info["backing-filename-format"], "qcow2")
        self.assertEqual(info["virtual-size"], 8 * 1024 * 1024)
        self.assertEqual(os.listdir(self.overlays), ["web.qcow2"])
        self.assertIn("<qemu:commandline>", changed)

    def test_overlay_is_made_once(self):
        asks = vmi("web", **{self.key: "base.qcow2"})
        self.change(asks, DOMAIN)
        overlay = self.overlays / "web.qcow2"
        written = support.run(["qemu-io", "-c", "write -P 7 0 64k", overlay])
        self.assertEqual(written.returncode, 0, written.stderr)
        content = overlay.read_bytes()
        self.change(asks, DOMAIN)
        self.assertEqual(overlay.read_bytes(), content)

    def test_raw_image_and_other_kinds_of_disk(self):
        self.images.chmod(0o755)
        self.make_image("plain.img", "raw")
        self.images.chmod(0o555)
        document = (
            "<domain><name>a</name><devices>"
            "<disk device='cdrom' type='file'><source file='/x.iso'/></disk>"
            "<disk type='block'><source dev='/dev/pvc' name='pvc'><slices/></source>"
            "<driver name='qemu' type='raw' cache='writethrough'/>"
            "<backingStore type='file'><format type='raw'/></backingStore>"
            "<target dev='vda'/></disk>"
            "</devices></domain>"
        )
        changed = self.change(vmi("web", **{self.key: "plain.img"}), document)
        disk = self.first_disk(changed)
        self.assertEqual(disk.get("type"), "file")
        self.assertEqual(disk.find("source").attrib, {"file": str(self.overlays / "web.qcow2")})
        self.assertEqual(len(disk.find("source")), 0)
        self.assertEqual(disk.find("driver").get("cache"), "writethrough")
        self.assertIsNone(disk.find("backingStore"))
        self.assertIn("<source file=\"/x.iso\"/>", changed)
        info = self.info(self.overlays / "web.qcow2")
        self.assertEqual(info["backing-filename-format"], "raw")

    def test_overlay_of_another_image_is_left_alone(self):
        self.images.chmod(0o755)
        self.make_image("other.qcow2")
        self.images.chmod(0o555)
        self.change(vmi("web", **{self.key: "base.qcow2"}), DOMAIN)
        overlay = self.overlays / "web.qcow2"
        content = overlay.read_bytes()
        self.assert_refused(
            vmi("web", **{self.key: "other.qcow2"}), DOMAIN, "base.qcow2, not over "
        )
        self.assertEqual(overlay.read_bytes(), content)

    def test_what_is_no_overlay_is_left_alone(self):
        overlay = self.overlays / "web.qcow2"
        overlay.write_bytes(b"my data")
        self.assert_refused(vmi("web", **{self.key: "base.qcow2"}), DOMAIN, "qemu-img info")
        self.assertEqual(overlay.read_bytes(), b"my data")
        overlay.unlink()
        support.run(["qemu-img", "create", "-f", "qcow2", overlay, "8M"])
        self.assert_refused(vmi("web", **{self.key: "base.qcow2"}), DOMAIN, "is over no image")

    def test_without_annotation_nothing_changes(self):
        self.assertEqual(self.change(vmi(), DOMAIN), DOMAIN)
        self.assertEqual(os.listdir(self.overlays), [])

    def test_bad_input_is_refused(self):
        right = vmi("web", **{self.key: "base.qcow2"})
        self.assert_refused("", DOMAIN, "not a JSON object")
        self.assert_refused("[]", DOMAIN, "not a JSON object")
        self.assert_refused('{"metadata": {}}', DOMAIN, "not a JSON object with a name")
        self.assert_refused(right, "<domain>", "not well-formed")
        self.assert_refused(right, "<machine/>", "root element is machine")
        self.assert_refused(right, "<domain><devices/></domain>", "has no disk")
        self.assert_refused(vmi("web", **{self.key: "absent.img"}), DOMAIN, "absent.img")
        for name in ("../base.qcow2", "/etc/passwd", "", "..", 7):
            self.assert_refused(vmi("web", **{self.key: name}), DOMAIN, "name of a file")
        self.assert_refused(vmi("../web", **{self.key: "base.qcow2"}), DOMAIN, "name of a file")
        self.assertEqual(os.listdir(self.overlays), [])
        self.assert_usage()


class CloudInit(HookCase):
    hook = "cloud-init"
    flag = "--cloud-init"
    asks = vmi(**{"cloud-init.hookline.dev/user": "ops"})
    entry = '{"name": "ops", "shell": "/bin/bash", "lock_passwd": true}'

    def user_data(self, text, vmi_text=None):
        """The user data that the hook returns for text."""
        data = {"DataSource": "noCloud", "UserData": text, "DevicesData": [{"type": "nic"}]}
        changed = json.loads(self.change(vmi_text or self.asks, json.dumps(data)))
        self.assertEqual({**changed, "UserData": text}, data)
        return changed["UserData"]

    def test_user_is_added(self):
        new = self.entry
        for before, after in (
            ("", f"#cloud-config\nusers:\n- default\n- {new}\n"),
            ("#cloud-config\n", f"#cloud-config\nusers:\n- default\n- {new}\n"),
            ("#cloud-config\na: 1", f"#cloud-config\na: 1\nusers:\n- default\n- {new}\n"),
            ("#cloud-config\r\na: 1\r\n", f"#cloud-config\na: 1\nusers:\n- default\n- {new}\n"),
            (
                "#cloud-config\nrun: |\n  users:\n  - x\n",
                f"#cloud-config\nrun: |\n  users:\n  - x\nusers:\n- default\n- {new}\n",
            ),
            (
                "#cloud-config\nusers:\n- default\n# more:\n- name: a\n  groups: [ops]\na: 1\n",
                "#cloud-config\nusers:\n- default\n# more:\n- name: a\n  groups: [ops]\n"
                f"- {new}\na: 1\n",
            ),
            (
                "#cloud-config\nusers: # all\n\n  - name: a\n    groups:\n    - ops\n# b\na: 1\n",
                "#cloud-config\nusers: # all\n\n  - name: a\n    groups:\n    - ops\n"
                f"  - {new}\n# b\na: 1\n",
            ),
            (
                "#cloud-config\nusers:\n- gecos: |+\n    a\n    # b\n\nz: |+\n  a\n\n",
                f"#cloud-config\nusers:\n- gecos: |+\n    a\n    # b\n\n- {new}\nz: |+\n  a\n\n",
            ),
            ("#cloud-config\nusers: []\n", f"#cloud-config\nusers: [{new}]\n"),
            (
                "#cloud-config\n---\n\"users\": [default, {name: a, groups: [ops]}, ]\n",
                f"#cloud-config\n---\n\"users\": [default, {{name: a, groups: [ops]}}, {new}]\n",
            ),
        ):
            with self.subTest(before=before):
                self.assertEqual(self.user_data(before), after)

    def test_user_who_is_there_is_left_alone(self):
        for text in (
            "#cloud-config\nusers:\n- name: ops\n  shell: /bin/sh\n",
            "#cloud-config\nusers:\n- default\n- shell: /bin/sh\n  name: 'ops' # us\n",
            "#cloud-config\nusers:\n  - ops\n",
            "#cloud-config\nusers: [default, ops]",
            '#cloud-config\nusers: [{"shell": "/bin/sh", "name": "ops"}]\n',
        ):
            with self.subTest(text=text):
                self.assertEqual(self.user_data(text), text)

    def test_ssh_key_is_set(self):
        key = 'ssh-ed25519 AAAA "me" # \\ home'
        asks = vmi(
            **{"cloud-init.hookline.dev/user": "ops", "cloud-init.hookline.dev/sshKey": key}
        )
        last = self.user_data("#cloud-config\n", asks).splitlines()[-1]
        self.assertEqual(json.loads(last[2:])["ssh_authorized_keys"], [key])

    def test_without_annotation_nothing_changes(self):
        text = '{"UserData":  "#!/bin/sh"}'
        self.assertEqual(self.change(vmi(), text), text)

    def test_forms_that_cannot_be_edited_are_refused(self):
        for text, reason in (
            ("#!/bin/sh\n", "does not begin with #cloud-config"),
            ("## template: jinja\n#cloud-config\n", "does not begin with #cloud-config"),
            ("#cloud-config\n{users: []}\n", "not a plain mapping"),
            ("#cloud-config\na: 1\n---\nb: 2\n", "not a plain mapping"),
            ("#cloud-config\nusers: default\n", "cannot tell where the list of users ends"),
            ("#cloud-config\nusers: &u [a]\n", "cannot tell where"),
            ("#cloud-config\nusers: [a] # ]\n", "cannot tell where"),
            ("#cloud-config\nusers: [[a]\n  ]\n", "cannot tell where"),
            ("#cloud-config\nusers:\n  a: b\n", "users is not a list"),
            ("#cloud-config\nusers:\nother: 1\n", "users is not a list"),
        ):
            with self.subTest(text=text):
                self.assert_refused(self.asks, json.dumps({"UserData": text}), reason)

    def test_bad_input_is_refused(self):
        data = json.dumps({"UserData": "#cloud-config\n"})
        self.assert_refused("{", data, "the VMI is not a JSON object")
        self.assert_refused("[]", data, "the VMI is not a JSON object")
        self.assert_refused(self.asks, "", "the cloud-init data is not a JSON object")
        self.assert_refused(self.asks, "[]", "the cloud-init data is not a JSON object")
        self.assert_refused(self.asks, '{"UserData": 7}', "UserData is not a string")
        for name in ("", "Ops", "a b", "a\nb", 7):
            self.assert_refused(
                vmi(**{"cloud-init.hookline.dev/user": name}), data, "is not a user name"
            )
        self.assert_refused(
            vmi(**{"cloud-init.hookline.dev/user": "a", "cloud-init.hookline.dev/sshKey": "a\nb"}),
            data,
            "not an SSH public key",
        )
        self.assert_usage()


class ConfigMaps(support.TestCase):
    def test_each_holds_the_hook_beside_it(self):
        for sample in ("configmap-script", "cow-overlay", "cloud-init"):
            with self.subTest(sample=sample):
                hook = HOOKS[sample]
                text = (support.SAMPLES / sample / "configmap.yaml").read_text(encoding="utf-8")
                head, body = text.split(f"  {hook.name}: |\n")
                self.assertIn("kind: ConfigMap", head)
                lines = [line.removeprefix("    ") for line in body.splitlines()]
                self.assertEqual(lines, hook.read_text(encoding="utf-8").splitlines())


class Manifests(support.TestCase):
    def test_each_sample_is_valid(self):
        for sample in HOOKS:
            with self.subTest(sample=sample):
                argv = [support.program("hookctl"), "validate", "--strict"]
                result = support.run([*argv, "-f", support.SAMPLES / sample])
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_policy_of_cow_overlay_allows_it_and_no_other_path(self):
        folder = support.SAMPLES / "cow-overlay"
        manifest = (folder / "vmi.yaml").read_text(encoding="utf-8")
        other = self.write("vmi.yaml", manifest.replace("kubevirt/images", "kubevirt/images2"))
        argv = [support.program("hookctl"), "validate", "--policy", folder / "policy.yaml", "-f"]
        self.assertEqual(support.run([*argv, folder / "vmi.yaml"]).returncode, 0)
        result = support.run([*argv, other])
        self.assertEqual(result.returncode, 1)
        self.assertIn("the policy does not allow /var/lib/kubevirt/images2", result.stdout)


REFUSAL = support.sandbox_refusal()


@support.unittest.skipIf(REFUSAL, REFUSAL)
class Runs(support.TestCase):
    """Each sample under hookctl run, as its README says."""

    def run_sample(self, sample, *flags, manifest=None):
        """The resulting domain of a sample; no hook changes it the second time."""
        argv = [support.program("hookctl"), "run", "--twice"]
        argv += ["--domain", support.SAMPLES / "domain.xml"]
        argv += ["-f", manifest or support.SAMPLES / sample]
        result = support.run([*argv, *flags])
        self.assertEqual(result.returncode, 0, result.stderr)
        return ElementTree.fromstring(result.stdout)

    def test_configmap_script(self):
        domain = self.run_sample("configmap-script")
        self.assertIn("platform team", domain.find("description").text)

    def test_smbios(self):
        domain = self.run_sample("smbios", "--hook", f"0={HOOKS['smbios'].parent}")
        entry = domain.find("sysinfo/baseBoard/entry[@name='manufacturer']")
        self.assertEqual(entry.text, "Example Boards Inc.")

    def test_cow_overlay(self):
        folders = {name: self.tmp / name for name in ("manifests", "images", "overlays")}
        for folder in folders.values():
            folder.mkdir()
        support.run(["qemu-img", "create", "-f", "qcow2", folders["images"] / "base.qcow2", "8M"])
        for name in ("vmi.yaml", "configmap.yaml"):
            text = (support.SAMPLES / "cow-overlay" / name).read_text(encoding="utf-8")
            text = text.replace("/var/lib/kubevirt/images", str(folders["images"]))
            self.write(f"manifests/{name}", text)
        claims = [f"overlays={folders['overlays']}", f"images={folders['images']}"]
        flags = [word for claim in claims for word in ("--pvc", claim)]
        domain = self.run_sample("cow-overlay", *flags, manifest=folders["manifests"])
        source = domain.find("devices/disk/source")
        self.assertEqual(source.get("file"), "/overlays/cow-overlay.qcow2")
        self.assertEqual(os.listdir(folders["overlays"]), ["cow-overlay.qcow2"])

    def test_cloud_init(self):
        output = self.tmp / "cloud-init.json"
        data = support.SAMPLES / "cloud-init" / "cloud-init.json"
        self.run_sample("cloud-init", "--cloud-init", data, "--cloud-init-output", output)
        user_data = json.loads(output.read_text(encoding="utf-8"))["UserData"]
        self.assertIn('- {"name": "ops"', user_data)


if __name__ == "__main__":
    support.main()
