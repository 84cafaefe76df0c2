#!/usr/bin/python3
"""hookctl appliance import of OVAs: what qemu-img and tar make, and packages that are broken or
hostile."""

import hashlib
import io
import json
import pathlib
import re
import shutil
import tarfile
import unittest

import yaml

import support

HOOKCTL = support.program("hookctl")
MIB = 1 << 20
FORMAT = "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"
ALGORITHMS = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}

DESCRIPTOR = """<?xml version="1.0"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="rasd"
  xmlns:vmw="http://www.vmware.com/schema/ovf">
  <References>{files}</References>
  <DiskSection>{disks}</DiskSection>
  <VirtualSystem ovf:id="web">
    <Name>Web 1</Name>
    <OperatingSystemSection ovf:id="94" vmw:osType="{guest}"/>
    <VirtualHardwareSection>
      <Item><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType>
        <rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
      <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>
        <rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType>
        <rasd:VirtualQuantity>4096</rasd:VirtualQuantity></Item>
      <Item><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>lsilogic</rasd:ResourceSubType>
        <rasd:ResourceType>6</rasd:ResourceType></Item>
      {items}
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
"""


def pattern(size):
    """Bytes that are not all alike, with a hole."""
    block = bytes(range(256)) * 256
    return (block * (size // len(block) + 1))[: size // 2] + bytes(size - size // 2)


class Import(support.TestCase):
    def setUp(self):
        super().setUp()
        if not shutil.which("qemu-img"):
            self.skipTest("qemu-img is not installed")

    def qemu_img(self, *words):
        result = support.run(["qemu-img", *words])
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def vmdk(self, size=MIB, subformat="streamOptimized"):
        """A VMDK, and the disk that is in it."""
        raw = self.write("disk.raw", pattern(size))
        path = self.tmp / "disk.vmdk"
        words = ["convert", "-f", "raw", "-O", "vmdk", "-o", f"subformat={subformat}"]
        self.qemu_img(*words, raw, path)
        return path.read_bytes(), raw.read_bytes()

    @staticmethod
    def descriptor(disks, guest="ubuntu64Guest"):
        """A descriptor of disks: (href, attributes of the File, of the Disk)."""
        files = sections = items = ""
        for number, (href, file, disk) in enumerate(disks):
            files += f'<File ovf:id="f{number}" ovf:href="{href}" {file}/>'
            sections += (
                f'<Disk ovf:diskId="d{number}" ovf:fileRef="f{number}" ovf:capacity="{MIB}" '
                f'{disk or f"ovf:format=%{FORMAT}%".replace("%", chr(34))}/>'
            )
            items += (
                f"<Item><rasd:HostResource>ovf:/disk/d{number}</rasd:HostResource>"
                f"<rasd:InstanceID>1{number}</rasd:InstanceID><rasd:Parent>3</rasd:Parent>"
                "<rasd:ResourceType>17</rasd:ResourceType></Item>"
            )
        return DESCRIPTOR.format(files=files, disks=sections, items=items, guest=guest).encode()

    @staticmethod
    def manifest(files, algorithm="SHA256"):
        digest = ALGORITHMS[algorithm]
        lines = [f"{algorithm}({name})= {digest(data).hexdigest()}\n" for name, data in files]
        return "".join(lines).encode()

    def ova(self, files, name="web.ova", **members):
        """A tar archive of (name, bytes); members are entries of other types, name to type."""
        path = self.tmp / name
        with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
            for entry, data in files:
                info = tarfile.TarInfo(entry)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
            for entry, (kind, target) in members.items():
                info = tarfile.TarInfo(entry)
                info.type, info.linkname = kind, target
                archive.addfile(info)
        return path

    def run_import(self, *words):
        return support.run([HOOKCTL, "appliance", "import", *words], cwd=self.tmp)

    def refuse(self, path, *says, status=1):
        """Imports what must be refused; nothing is left of it."""
        before = sorted(self.tmp.iterdir())
        result = self.run_import(path, "-o", "out")
        self.assertEqual(result.returncode, status, result.stderr)
        for words in says:
            self.assertIn(words, result.stderr)
        self.assertEqual(sorted(self.tmp.iterdir()), before)
        return result

    def test_whole(self):
        disk, raw = self.vmdk()
        files = [("web.ovf", self.descriptor([("web-disk1.vmdk", f'ovf:size="{len(disk)}"', "")]))]
        files += [("web-disk1.vmdk", disk)]
        for algorithm in ALGORITHMS:
            with self.subTest(algorithm):
                shutil.rmtree(self.tmp / "out", ignore_errors=True)
                manifest = ("web.mf", self.manifest(files, algorithm))
                path = self.ova([files[0], manifest, files[1]])
                result = self.run_import(path, "-o", "out", "-n", "demo")
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual(
                    result.stdout, "out/vm.yaml\nout/web-1-rootdisk.qcow2\n"
                )
                out = self.tmp / "out"
                self.assertEqual(
                    sorted(path.name for path in out.iterdir()),
                    ["vm.yaml", "web-1-rootdisk.qcow2"],
                )
        vm = yaml.safe_load((out / "vm.yaml").read_text())
        self.assertEqual(vm["metadata"]["namespace"], "demo")
        self.assertEqual(
            vm["metadata"]["labels"], {"instancetype.kubevirt.io/default-preference": "ubuntu"}
        )
        domain = vm["spec"]["template"]["spec"]["domain"]
        self.assertEqual(domain["memory"], {"guest": "4Gi"})
        self.assertEqual(domain["cpu"]["sockets"] * domain["cpu"]["cores"], 2)
        self.assertEqual(
            domain["devices"]["disks"],
            [{"name": "rootdisk", "disk": {"bus": "scsi"}, "bootOrder": 1}],
        )
        image = out / "web-1-rootdisk.qcow2"
        info = json.loads(self.qemu_img("info", "-f", "qcow2", "--output=json", image))
        self.assertEqual((info["virtual-size"], info.get("backing-filename")), (MIB, None))
        self.qemu_img("convert", "-f", "qcow2", "-O", "raw", image, self.tmp / "again.raw")
        self.assertEqual((self.tmp / "again.raw").read_bytes(), raw)
        checked = support.run([HOOKCTL, "validate", "-f", out / "vm.yaml"])
        self.assertEqual(checked.returncode, 0, checked.stdout)

    def test_descriptor_after_the_disk_and_no_manifest(self):
        disk, _ = self.vmdk()
        path = self.ova([("d.vmdk", disk), ("web.ovf", self.descriptor([("d.vmdk", "", "")]))])
        result = self.run_import(path, "-o", "out", "--name", "db", "--network", "LAN=pod")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("has no manifest", result.stderr)
        self.assertTrue((self.tmp / "out" / "db-rootdisk.qcow2").is_file())

    def test_descriptor_with_its_files_beside_it(self):
        disk, _ = self.vmdk()
        descriptor = self.descriptor([("-O", "", "")])
        files = [("web.ovf", descriptor), ("-O", disk)]
        for name, data in files + [("web.mf", self.manifest(files))]:
            self.write(name, data)
        result = self.run_import("web.ovf", "-o", "out")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.write("-O", disk + b"\0")
        result = self.run_import("web.ovf", "-o", "again")
        self.assertEqual(result.returncode, 1)
        self.assertIn("the manifest says", result.stderr)
        self.assertFalse((self.tmp / "again").exists())

    def test_a_disk_beside_the_descriptor_that_the_manifest_does_not_name(self):
        disk, _ = self.vmdk()
        files = [("web.ovf", self.descriptor([("d.vmdk", "", "")]))]
        for name, data in [*files, ("d.vmdk", disk), ("web.mf", self.manifest(files))]:
            self.write(name, data)
        self.refuse("web.ovf", "d.vmdk, is not in the package, whose manifest does not name it")

    def test_windows_is_told_of_virt_v2v(self):
        disk, _ = self.vmdk()
        descriptor = self.descriptor([("d.vmdk", "", "")], guest="windows2019srv_64Guest")
        result = self.run_import(self.ova([("w.ovf", descriptor), ("d.vmdk", disk)]), "-o", "out")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("virt-v2v", result.stderr)

    def test_other_formats(self):
        raw = self.write("raw", pattern(MIB))
        for name, format, words in (
            ("qcow2", "http://www.gnome.org/~markmc/qcow-image-format.html", []),
            ("vpc", "http://go.microsoft.com/fwlink/?LinkId=137171", ["-o", "force_size=on"]),
            ("raw", "http://example.org/raw", []),
        ):
            with self.subTest(name):
                image = self.tmp / f"image.{name}"
                self.qemu_img("convert", "-f", "raw", "-O", name, *words, raw, image)
                descriptor = self.descriptor([("d", "", f'ovf:format="{format}"')])
                path = self.ova([("w.ovf", descriptor), ("d", image.read_bytes())])
                out = f"out-{name}"
                result = self.run_import(path, "-o", out)
                self.assertEqual(result.returncode, 0, result.stderr)
                made = self.tmp / out / "web-1-rootdisk.qcow2"
                self.qemu_img("convert", "-f", "qcow2", "-O", "raw", made, self.tmp / "again")
                self.assertEqual((self.tmp / "again").read_bytes(), raw.read_bytes())

    def test_wrong_digests(self):
        disk, _ = self.vmdk()
        descriptor = self.descriptor([("d.vmdk", "", "")])
        files = [("web.ovf", descriptor), ("d.vmdk", disk)]
        changed = disk[:-1] + bytes([disk[-1] ^ 1])
        manifest = self.manifest(files)
        for entries, says in (
            ([files[0], ("d.vmdk", changed), ("web.mf", manifest)], "d.vmdk has the SHA256 digest"),
            ([("web.ovf", descriptor + b" "), files[1], ("web.mf", manifest)], "web.ovf has the"),
            ([*files, ("web.mf", self.manifest(files[:1]))], "d.vmdk has no digest"),
            ([files[0], ("web.mf", manifest)], "is not in the package"),
            ([*files, ("web.mf", b"SHA256(d.vmdk)= 12\n")], "web.mf: line 1: "),
        ):
            with self.subTest(says):
                self.refuse(self.ova(entries), says)

    def test_missing_disk(self):
        descriptor = self.descriptor([("d.vmdk", "", "")])
        self.refuse(self.ova([("web.ovf", descriptor)]), "d.vmdk, is not in the package")
        disk, _ = self.vmdk()
        descriptor = self.descriptor([("d.vmdk", 'ovf:size="5"', "")])
        path = self.ova([("web.ovf", descriptor), ("d.vmdk", disk)])
        self.refuse(path, "the descriptor says 5")

    def test_backing_chains(self):
        """Whoever made the package must not read files of this machine."""
        secret = self.write("secret", b"secret" * 1000)
        descriptor = self.descriptor([("d", "", "ovf:format='x'")])
        base = self.tmp / "base.vmdk"
        self.qemu_img("create", "-f", "vmdk", base, "1M")
        child = self.tmp / "child.vmdk"
        self.qemu_img("create", "-f", "vmdk", "-b", base, "-F", "vmdk", child)
        overlay = self.tmp / "overlay.qcow2"
        self.qemu_img("create", "-f", "qcow2", "-b", secret, "-F", "raw", overlay)
        flat = (
            '# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\n'
            f'createType="monolithicFlat"\nRW 8 FLAT "{secret}" 0\n'
        ).encode()
        header = bytearray(self.vmdk()[0])
        header[12:20] = bytes(8)  # no capacity: QEMU then reads the descriptor in the file
        for name, data, says in (
            ("child", child.read_bytes(), "backing chain"),
            ("overlay", overlay.read_bytes(), "backing chain"),
            ("flat", flat, "in other files"),
            ("header", bytes(header), "in other files"),
        ):
            with self.subTest(name):
                self.refuse(self.ova([("web.ovf", descriptor), ("d", data)]), says)

    def test_hostile_archives(self):
        disk, _ = self.vmdk()
        descriptor = self.descriptor([("d.vmdk", "", "")])
        files = [("web.ovf", descriptor), ("d.vmdk", disk)]
        outside = self.tmp.parent / "hookline-outside"
        for entries, members, says in (
            ([*files, ("../hookline-outside", b"x")], {}, "hookline-outside"),
            ([*files, ("/tmp/hookline-outside", b"x")], {}, "hookline-outside"),
            ([*files, ("a/../../hookline-outside", b"x")], {}, "hookline-outside"),
            (files[:1], {"d.vmdk": (tarfile.SYMTYPE, "/etc/passwd")}, "d.vmdk"),
            (files[:1], {"d.vmdk": (tarfile.LNKTYPE, "web.ovf")}, "d.vmdk"),
            (files[:1], {"d.vmdk": (tarfile.CHRTYPE, "")}, "d.vmdk"),
            ([*files, files[1]], {}, "d.vmdk is there twice"),
            ([*files, ("other.ovf", descriptor)], {}, "two descriptors"),
        ):
            with self.subTest(says, members=members):
                self.refuse(self.ova(entries, **members), says)
                self.assertFalse(outside.exists())
        unsafe = self.descriptor([("../d.vmdk", "", "")])
        self.refuse(self.ova([("web.ovf", unsafe)]), 'not "../d.vmdk"')
        self.refuse(self.ova([("d.vmdk", disk)]), "has no descriptor")
        self.refuse(self.write("x.ova", b"no archive"), "x.ova")
        self.refuse(self.tmp / "nowhere.ova", "nowhere.ova", status=3)
        cut = self.ova(files).read_bytes()
        self.refuse(self.write("cut.ova", cut[: len(cut) // 2]), "cut.ova")

    def test_entities(self):
        secret = self.write("secret", "hunter2")
        for declaration in (
            f'<!DOCTYPE e [<!ENTITY x SYSTEM "file://{secret}">]>',
            '<!DOCTYPE e [<!ENTITY x "xx">]>',
            '<!DOCTYPE e SYSTEM "http://127.0.0.1:1/e.dtd">',
        ):
            with self.subTest(declaration):
                text = self.descriptor([("d.vmdk", "", "")]).decode()
                text = text.replace("?>\n", f"?>{declaration}\n", 1).replace("Web 1", "&x;")
                result = self.refuse(self.ova([("web.ovf", text.encode())]), "document type")
                self.assertNotIn("hunter2", result.stderr)

    def test_usage(self):
        path = self.ova([("web.ovf", self.descriptor([]))])
        self.assertEqual(self.run_import(path).returncode, 2)
        (self.tmp / "there").mkdir()
        result = self.run_import(path, "-o", "there")
        self.assertEqual(result.returncode, 2)
        self.assertIn("already there", result.stderr)
        self.refuse(path, "has no disk")

    def test_artifact_of_kubevirt(self):
        """An archive with an OCI layout, whatever it is called, is what pull reads."""
        vm = {
            "apiVersion": "kubevirt.io/v1",
            "kind": "VirtualMachine",
            "metadata": {"name": "web"},
            "spec": {
                "runStrategy": "Halted",
                "template": {
                    "spec": {
                        "domain": {"devices": {}, "memory": {"guest": "1Gi"}},
                        "volumes": [{"name": "root", "dataVolume": {"name": "web-root"}}],
                    }
                },
            },
        }
        manifest = self.write("vm.yaml", yaml.safe_dump(vm))
        raw = self.write("disk.raw", pattern(MIB))
        words = ["push", "-f", manifest, "-d", f"web-root={raw}", "oci-archive:web.oci.tar"]
        made = support.run([HOOKCTL, "appliance", *words], cwd=self.tmp)
        self.assertEqual(made.returncode, 0, made.stderr)
        result = self.run_import("web.oci.tar", "-o", "out")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout, "out/vm.yaml\nout/web-root.raw\n")
        self.assertEqual((self.tmp / "out" / "web-root.raw").read_bytes(), raw.read_bytes())
        damaged = bytearray((self.tmp / "web.oci.tar").read_bytes())
        damaged[damaged.index(b"\x28\xb5\x2f\xfd") + 9] ^= 1  # in the disk, which zstd packed
        self.write("damaged.oci.tar", bytes(damaged))
        self.assertNotEqual(self.run_import("damaged.oci.tar", "-o", "again").returncode, 0)
        self.assertFalse((self.tmp / "again").exists())

    def test_help(self):
        result = self.run_import("--help")
        self.assertEqual(result.returncode, 0)
        self.assertTrue(re.search("--network", result.stdout))


if __name__ == "__main__":
    support.main()
