#!/usr/bin/python3
"""Virtual machines in registries: hookctl appliance push and pull against Debian's docker-registry,
with a password and with tokens, over TLS; what is pushed as skopeo sees it; and artifacts that are
laid out as KubeVirt's export lays them out."""

import base64
import json
import os
import pathlib
import subprocess
import tarfile
import unittest

import yaml

import registries
import support

HOOKCTL = support.program("hookctl")

MACHINE = {
    "apiVersion": "kubevirt.io/v1",
    "kind": "VirtualMachine",
    "metadata": {
        "name": "web",
        "namespace": "prod",
        "uid": "0b6a4f9e-1f0e-4c1c-9a52-111111111111",
        "resourceVersion": "17",
        "labels": {"app": "web"},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
    },
    "spec": {
        "runStrategy": "Always",
        "dataVolumeTemplates": [{"metadata": {"name": "web.root"}, "spec": {"storage": {}}}],
        "template": {"spec": {
            "architecture": "arm64",
            "domain": {"devices": {"disks": [{"name": "root", "disk": {"bus": "virtio"}}]}},
            "volumes": [
                {"name": "root", "dataVolume": {"name": "web.root"}},
                {"name": "data", "persistentVolumeClaim": {"claimName": "web-data"}},
            ],
        }},
    },
    "status": {"ready": True},
}
PUSHED = {
    "apiVersion": "kubevirt.io/v1",
    "kind": "VirtualMachine",
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {
        "runStrategy": "Always",
        "template": {"spec": {
            "architecture": "arm64",
            "domain": {"devices": {"disks": [{"name": "root", "disk": {"bus": "virtio"}}]}},
            "volumes": [
                {"name": "root", "persistentVolumeClaim": {"claimName": "web.root"}},
                {"name": "data", "persistentVolumeClaim": {"claimName": "web-data"}},
            ],
        }},
    },
}
ROOT = b"root" * 3000 + b"\0" * (5 << 20) + b"end"
DATA = b"data" + b"\0" * ((2 << 20) - 4)


@unittest.skipIf(registries.MISSING, f"not installed: {', '.join(registries.MISSING)}")
class RegistryTest(support.TestCase):
    """A test with images of disks, and no credentials but its own."""

    def setUp(self):
        super().setUp()
        self.vm = self.write("vm.yaml", yaml.safe_dump(MACHINE))
        self.root = self.write("root.raw", ROOT)
        self.data = self.write("data.qcow2", b"")
        raw = self.write("data.raw", DATA)
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, self.data], check=True)
        self.work = self.tmp / "work"
        self.work.mkdir()
        self.env = {"HOME": str(self.tmp), "TMPDIR": str(self.work), "XDG_RUNTIME_DIR": str(self.tmp)}

    def hookctl(self, *words, status=0, env=None):
        result = support.run([HOOKCTL, "appliance", *words], env={**self.env, **(env or {})})
        self.assertEqual(result.returncode, status, result.stderr + result.stdout)
        self.assertEqual(list(self.work.iterdir()), [], "nothing temporary is left")
        return result

    def push(self, ref, *words, **options):
        return self.hookctl("push", ref, "-f", self.vm, "-d", f"root={self.root}",
                            "-d", f"web-data={self.data}", *words, **options)

    def check_pulled(self, directory, machine=PUSHED, disks=None):
        disks = {"web-root.raw": ROOT, "web-data.raw": DATA} if disks is None else disks
        names = {path.name for path in directory.iterdir()}
        self.assertEqual(names, {"vm.yaml", *disks})
        self.assertEqual(yaml.safe_load((directory / "vm.yaml").read_text()), machine)
        for name, contents in disks.items():
            self.assertEqual((directory / name).read_bytes(), contents)


class Push(RegistryTest):
    def test_what_is_pushed_is_kubevirts_artifact_and_comes_back(self):
        registry = registries.DockerRegistry(self)
        ref = f"localhost:{registry.port}/vms/web:1"
        pushed = self.push(ref).stdout
        self.assertRegex(pushed, rf"^{ref}@sha256:[0-9a-f]{{64}}\n$")
        index = self.inspect(ref)
        self.assertEqual(index["artifactType"], registries.VM_TYPE)
        self.assertEqual(index["mediaType"], registries.INDEX_TYPE)
        self.assertRegex(
            index["annotations"]["org.opencontainers.image.created"], r"^\d{4}-\d\d-\d\dT[\d:]{8}Z$")
        [item] = index["manifests"]
        self.assertEqual(item["platform"], {"architecture": "arm64", "os": "linux"})
        single = f"localhost:{registry.port}/vms/web@{item['digest']}"
        manifest = self.inspect(single)
        self.assertEqual(manifest["artifactType"], registries.VM_TYPE)
        self.assertEqual(manifest["config"]["mediaType"], registries.VM_CONFIG)
        self.assertEqual(json.loads(registry.blob(manifest["config"]["digest"]).read_text()), PUSHED)
        described = [(layer["mediaType"], layer["annotations"]) for layer in manifest["layers"]]
        self.assertEqual(described, [
            (registries.DISK_TYPE, {"io.kubevirt.disk.name": "web-root",
                                    "io.kubevirt.disk.size": str(len(ROOT)),
                                    "org.opencontainers.image.title": "web-root.raw.zst"}),
            (registries.DISK_TYPE, {"io.kubevirt.disk.name": "web-data",
                                    "io.kubevirt.disk.size": "2Mi",
                                    "org.opencontainers.image.title": "web-data.raw.zst"}),
        ])
        image = subprocess.run(["zstd", "-dcq", registry.blob(manifest["layers"][0]["digest"])],
                               capture_output=True, check=True).stdout
        self.assertEqual(image, ROOT)
        for number, name in enumerate([ref, pushed.strip(), single]):
            out = self.tmp / f"out{number}"
            self.hookctl("pull", name, "-o", out)
            self.check_pulled(out)

    def inspect(self, ref):
        return json.loads(subprocess.run(
            ["skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{ref}"],
            capture_output=True, check=True).stdout)

    def test_skopeo_copies_the_single_manifest(self):
        registry = registries.DockerRegistry(self)
        ref = f"localhost:{registry.port}/vms/web"
        self.push(f"{ref}:1")
        name = self.inspect(f"{ref}:1")["manifests"][0]["digest"]
        subprocess.run(["skopeo", "copy", "-q", "--src-tls-verify=false", f"docker://{ref}@{name}",
                        f"oci:{self.tmp}/copy:1"], check=True)
        self.hookctl("pull", f"oci:{self.tmp}/copy", "-o", self.tmp / "out")
        self.check_pulled(self.tmp / "out")

    def test_what_is_there_is_not_sent_again(self):
        registry = registries.DockerRegistry(self)
        host = f"localhost:{registry.port}"
        self.push(f"{host}/vms/web:1")
        uploads, puts = registry.count("POST"), registry.count("PUT")
        self.assertEqual(uploads, 3)
        self.push(f"{host}/vms/web:2")
        self.assertEqual(registry.count("POST"), uploads)
        self.assertEqual(registry.count("PUT"), puts + 2)  # the manifest and the index
        self.push(f"{host}/vms/other:1", "--mount-from", "vms/web")
        self.assertEqual(registry.count("PUT"), puts + 4)  # blobs are taken over
        self.hookctl("pull", f"{host}/vms/other:1", "-o", self.tmp / "out")
        self.check_pulled(self.tmp / "out")

    def test_chunks(self):
        registry = registries.DockerRegistry(self)
        random = pathlib.Path("/dev/urandom").open("rb").read(3 << 20)
        self.root.write_bytes(random)
        ref = f"localhost:{registry.port}/vms/web:1"
        self.push(ref, "--chunk-size", "1")
        self.assertEqual(registry.count("PATCH"), 3)
        self.hookctl("pull", ref, "-o", self.tmp / "out")
        self.assertEqual((self.tmp / "out" / "web-root.raw").read_bytes(), random)

    def test_an_archive_is_laid_out_as_kubevirts(self):
        path = self.tmp / "vm.oci.tar"
        self.push(f"oci-archive:{path}")
        with tarfile.open(path) as archive:
            names = archive.getnames()
            index = json.load(archive.extractfile("index.json"))
        self.assertEqual(names[:2], ["oci-layout", "index.json"])
        self.assertEqual(
            names[2], "blobs/sha256/" + index["manifests"][0]["digest"].partition(":")[2])
        self.assertEqual(len(names), 6)
        self.hookctl("pull", f"oci-archive:{path}", "-o", self.tmp / "out")
        self.check_pulled(self.tmp / "out")

    def test_the_layout_is_kept(self):
        registry = registries.DockerRegistry(self)
        layout = self.tmp / "layout"
        ref = f"localhost:{registry.port}/vms/web:1"
        self.push(ref, "-o", layout)
        names = {path.name for path in layout.iterdir()}
        self.assertEqual(names, {"oci-layout", "index.json", "blobs"})
        self.hookctl("pull", f"oci:{layout}", "-o", self.tmp / "out")
        self.check_pulled(self.tmp / "out")
        again = f"localhost:{registry.port}/vms/again:1"
        self.hookctl("push", again, "--layout", layout)
        self.hookctl("pull", again, "-o", self.tmp / "out2")
        self.check_pulled(self.tmp / "out2")
        refusal = self.push(ref, "-o", layout, status=2).stderr
        self.assertIn("is already there", refusal)

    def test_a_layout_with_links(self):
        """A layout of a stranger must not choose which files of this machine are pushed."""
        registry = registries.DockerRegistry(self)
        layout = self.tmp / "layout"
        self.push(f"localhost:{registry.port}/vms/web:1", "-o", layout)
        blobs = sorted(layout.glob("blobs/sha256/*"), key=lambda path: path.stat().st_size)
        blobs[-1].rename(self.tmp / "secret")
        blobs[-1].symlink_to(self.tmp / "secret")
        for target in (f"localhost:{registry.port}/vms/b:1", f"oci-archive:{self.tmp}/b.tar"):
            refusal = self.hookctl("push", target, "--layout", layout, status=1).stderr
            self.assertIn("it is a symbolic link", refusal)
        self.assertFalse((self.tmp / "b.tar").exists())

    def test_a_disk_that_the_machine_does_not_have(self):
        refusal = self.hookctl("push", "localhost/a", "-f", self.vm, "-d", f"rot={self.root}", status=1)
        self.assertIn('"rot" is not a claim of the VM, nor a volume with one; its claims: '
                      "web.root and web-data", refusal.stderr)
        refusal = self.push("localhost/a", "-d", f"web.root={self.root}", status=2)
        self.assertIn("the disk is given twice", refusal.stderr)

    def test_an_appliance_is_pushed_as_its_machine(self):
        sample = support.SAMPLES / "appliances" / "site.yaml"
        refused = self.hookctl("push", "127.0.0.1:1/x:1", "-f", sample, status=1)
        self.assertIn("the VirtualMachine that it was published from", refused.stderr)

    def test_an_artifact_is_not_a_container_disk(self):
        registry = registries.DockerRegistry(self)
        ref = f"127.0.0.1:{registry.port}/vms/web:1"
        self.push(ref)
        words = ["pull", ref, "--containerdisk", "-o", self.tmp / "out"]
        refused = self.hookctl(*words, status=1)
        self.assertIn("read it without --containerdisk", refused.stderr)

    def test_a_claim_without_a_disk_is_a_warning(self):
        path = self.tmp / "vm.oci.tar"
        said = self.hookctl("push", f"oci-archive:{path}", "-f", self.vm, "-d", f"root={self.root}")
        self.assertIn("warning: the artifact has no disk for the claim web-data", said.stderr)
        self.hookctl("pull", f"oci-archive:{path}", "-o", self.tmp / "out")
        self.check_pulled(self.tmp / "out", disks={"web-root.raw": ROOT})

    def test_an_image_with_a_backing_file_is_refused(self):
        overlay = self.tmp / "overlay.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", self.root, overlay],
                       check=True)
        path = self.tmp / "vm.oci.tar"
        refusal = self.hookctl(
            "push", f"oci-archive:{path}", "-f", self.vm, "-d", f"root={overlay}", status=1)
        self.assertIn("is a qcow2 image with a backing file", refusal.stderr)
        self.assertFalse(path.exists())

    def test_progress_on_a_terminal(self):
        main, terminal = os.openpty()
        process = self.spawn([HOOKCTL, "appliance", "push", f"oci-archive:{self.tmp}/vm.tar", "-f", self.vm,
                              "-d", f"root={self.root}", "-d", f"web-data={self.data}"],
                             env={**os.environ, **self.env}, stdout=subprocess.DEVNULL, stderr=terminal)
        os.close(terminal)
        shown = b""
        try:
            while piece := os.read(main, 4096):
                shown += piece
        except OSError:  # the terminal has no other end any longer
            pass
        os.close(main)
        self.assertEqual(process.wait(support.PATIENCE), 0)
        self.assertRegex(shown.decode(), r"web-root +packing +\d+% of 5 MiB")
        self.assertTrue(shown.endswith(b"\x1b[J"), "it is removed at the end")

    def test_usage(self):
        for words, message in [
            (["push", "localhost/a"], "give one file with the VirtualMachine"),
            (["push", "localhost/a@sha256:" + 64 * "0", "-f", self.vm], "push to a tag"),
            (["push", "a/B", "-f", self.vm], "is not a repository"),
            (["push", "localhost/a", "--containerdisk"], "takes one --disk NAME=PATH"),
            (["push", "localhost/a", "-f", self.vm, "--layout", self.tmp], "--layout goes without"),
            (["pull", "localhost/a"], "--output DIR is missing: where the files go"),
            (["pull", "localhost/a", "-o", self.tmp], "is already there"),
            (["pull", "localhost/a", "-o", self.tmp / "x", "--username", "u"],
             "--username and --password-file belong together"),
        ]:
            self.assertIn(message, self.hookctl(*words, status=2).stderr)


class Login(RegistryTest):
    def setUp(self):
        super().setUp()
        self.ca = registries.make_certificate(self.tmp)
        self.password = self.write("password", "s3cret\n")
        self.login = ["--username", "ann", "--password-file", self.password, "--ca-file", self.ca]

    def test_a_password_over_tls(self):
        users = registries.users_file(self, "ann", "s3cret")
        registry = registries.DockerRegistry(self, tls=self.ca, users=users)
        ref = f"localhost:{registry.port}/vms/web:1"
        self.push(ref, *self.login)
        self.hookctl("pull", ref, "-o", self.tmp / "out", *self.login)
        self.check_pulled(self.tmp / "out")

        out = self.tmp / "refused"
        self.write("password", "wrong")
        refusal = self.hookctl("pull", ref, "-o", out, *self.login, status=1)
        self.assertIn("does not accept the user name and password", refusal.stderr)
        refusal = self.hookctl("pull", ref, "-o", out, "--ca-file", self.ca, status=1)
        self.assertIn("give --username and --password-file", refusal.stderr)
        refusal = self.hookctl("pull", ref, "-o", out, status=4)
        self.assertIn("certificate", refusal.stderr)
        self.assertFalse(out.exists())

    def test_credentials_that_docker_login_has_kept(self):
        users = registries.users_file(self, "ann", "s3cret")
        registry = registries.DockerRegistry(self, tls=self.ca, users=users)
        host = f"localhost:{registry.port}"
        kept = {"auths": {host: {"auth": base64.b64encode(b"ann:s3cret").decode()}}}
        self.write(".docker/config.json", json.dumps(kept))
        self.push(f"{host}/vms/web:1", "--ca-file", self.ca)
        helper = self.write("helper.json", json.dumps({"credHelpers": {host: "pass"}}))
        refusal = self.hookctl("pull", f"{host}/vms/web:1", "-o", self.tmp / "out", "--ca-file", self.ca,
                               env={"REGISTRY_AUTH_FILE": str(helper)}, status=1)
        self.assertIn(f"{helper} has them in the credential helper docker-credential-pass, which is not "
                      "run here", refusal.stderr)

    def test_tokens_of_a_server_on_another_host(self):
        tokens = registries.TokenServer(self, "ann", "s3cret", tls=self.ca)
        registry = registries.DockerRegistry(self, tls=self.ca, tokens=tokens)
        ref = f"127.0.0.1:{registry.port}/vms/web:1"
        self.push(ref, *self.login)
        scopes = "".join(path for _, path, _ in tokens.seen)
        self.assertRegex(scopes, "scope=repository%3Avms%2Fweb%3A(pull%2Cpush|push%2Cpull)")
        self.hookctl("pull", ref, "-o", self.tmp / "out", *self.login)
        self.check_pulled(self.tmp / "out")
        refusal = self.hookctl("pull", ref, "-o", self.tmp / "no", "--ca-file", self.ca, status=1)
        self.assertIn("who are you?", refusal.stderr)
        self.assertFalse((self.tmp / "no").exists())


class Import(RegistryTest):
    def test_an_artifact_as_kubevirt_exports_it(self):
        machine = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "a"},
                   "spec": {"template": {"spec": {"domain": {}}}}}
        artifact = registries.Artifact(
            machine, [("root", str(len(ROOT)), registries.compress(ROOT)),
                      ("data", "2Mi", registries.compress(DATA))])
        path = artifact.write_tar(self.tmp / "export.oci.tar")
        said = self.hookctl("pull", f"oci-archive:{path}", "-o", self.tmp / "out").stdout
        self.assertEqual(said, "".join(
            f"{self.tmp}/out/{name}\n" for name in ("vm.yaml", "root.raw", "data.raw")))
        self.check_pulled(self.tmp / "out", machine, {"root.raw": ROOT, "data.raw": DATA})
        self.assertLess((self.tmp / "out" / "root.raw").stat().st_blocks * 512, 1 << 20)

    def test_a_template(self):
        template = {"apiVersion": "template.kubevirt.io/v1beta1", "kind": "VirtualMachineTemplate",
                    "metadata": {"name": "t"}, "spec": {"virtualMachine": {}}}
        artifact = registries.Artifact(template, [("root", "2Mi", registries.compress(DATA))],
                                       registries.TEMPLATE_TYPE, registries.TEMPLATE_CONFIG)
        path = artifact.write_tar(self.tmp / "export.oci.tar")
        self.hookctl("pull", f"oci-archive:{path}", "-o", self.tmp / "out")
        written = yaml.safe_load((self.tmp / "out" / "template.yaml").read_text())
        self.assertEqual(written, template)
        self.assertEqual((self.tmp / "out" / "root.raw").read_bytes(), DATA)


class ContainerDisk(RegistryTest):
    def test_it_is_an_image_for_qemus_user_and_comes_back(self):
        registry = registries.DockerRegistry(self)
        ref = f"localhost:{registry.port}/disks/data:1"
        self.hookctl("push", ref, "--containerdisk", "-d", f"disk.qcow2={self.data}")
        subprocess.run(["skopeo", "copy", "-q", "--src-tls-verify=false", f"docker://{ref}",
                        f"oci:{self.tmp}/copy:1"], check=True)
        config = json.loads(subprocess.run(
            ["skopeo", "inspect", "--config", f"oci:{self.tmp}/copy:1"],
            capture_output=True, check=True).stdout)
        manifest = json.loads(subprocess.run(
            ["skopeo", "inspect", "--raw", f"oci:{self.tmp}/copy:1"],
            capture_output=True, check=True).stdout)
        [layer] = manifest["layers"]
        archive = subprocess.run(["zstd", "-dcq", registry.blob(layer["digest"])],
                                 capture_output=True, check=True).stdout
        self.assertEqual(config["rootfs"]["diff_ids"], [registries.digest(archive)])
        tar = tarfile.open(self.write("layer.tar", archive))
        self.addCleanup(tar.close)
        found = [(member.name, oct(member.mode), member.uid, member.gid) for member in tar]
        self.assertEqual(found, [("disk", "0o555", 107, 107), ("disk/disk.qcow2", "0o440", 107, 107)])
        self.hookctl("pull", ref, "--containerdisk", "-o", self.tmp / "out")
        self.assertEqual((self.tmp / "out" / "disk.qcow2").read_bytes(), self.data.read_bytes())
        refusal = self.hookctl("pull", ref, "-o", self.tmp / "no", status=1)
        self.assertIn("of a containerDisk, give --containerdisk", refusal.stderr)


if __name__ == "__main__":
    support.main()
