#!/usr/bin/python3
"""Artifacts and registries that are broken or hostile: hookctl appliance pull and push say what is
wrong, credentials go nowhere that they should not, and nothing half is left behind."""

import base64
import json
import signal
import subprocess
import tarfile
import threading
import unittest

import yaml

import registries
import support

HOOKCTL = support.program("hookctl")
MACHINE = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "a"},
           "spec": {"template": {"spec": {"domain": {}, "volumes": [
               {"name": "root", "persistentVolumeClaim": {"claimName": "root"}}]}}}}
DISK = b"disk" + b"\0" * ((1 << 20) - 4)
BASIC = "Basic " + base64.b64encode(b"ann:s3cret").decode()


@unittest.skipIf(registries.MISSING, f"not installed: {', '.join(registries.MISSING)}")
class FaultTest(support.TestCase):
    def setUp(self):
        super().setUp()
        self.work = self.tmp / "work"
        self.work.mkdir()
        self.env = {"HOME": str(self.tmp), "TMPDIR": str(self.work), "XDG_RUNTIME_DIR": str(self.tmp)}
        self.password = self.write("password", "s3cret\n")
        self.login = ["--username", "ann", "--password-file", self.password]
        (self.tmp / "out").mkdir()

    def refused(self, message, status, *words):
        """Runs the command, which must fail so and leave nothing behind."""
        result = support.run([HOOKCTL, "appliance", *words], env=self.env)
        self.assertEqual(result.returncode, status, result.stderr + result.stdout)
        self.assertIn(message, result.stderr)
        self.nothing_left()

    def nothing_left(self):
        self.assertEqual(list(self.work.iterdir()), [])
        self.assertEqual(list((self.tmp / "out").iterdir()), [])

    def pull_refused(self, message, ref, *words, status=1):
        self.refused(message, status, "pull", ref, "-o", self.tmp / "out" / "vm", *words)

    def pull(self, ref, *words):
        result = support.run([HOOKCTL, "appliance", "pull", ref, "-o", self.tmp / "vm", *words],
                             env=self.env)
        self.assertEqual(result.returncode, 0, result.stderr)

    def artifact(self, **options):
        return registries.Artifact(MACHINE, [("root", "1Mi", registries.compress(DISK))], **options)

    def archive(self, artifact, *more):
        return f"oci-archive:{artifact.write_tar(self.tmp / 'a.tar', *more)}"


class Archive(FaultTest):
    def test_the_artifact_itself_is_good(self):
        self.pull(self.archive(self.artifact()))

    def test_entries_that_leave_the_archive(self):
        link = tarfile.TarInfo("blobs/link")
        link.type, link.linkname = tarfile.SYMTYPE, "../../etc/passwd"
        hard = tarfile.TarInfo("hard")
        hard.type, hard.linkname = tarfile.LNKTYPE, "/etc/passwd"
        for info, message in [
            (tarfile.TarInfo("../evil"), '"../evil" is not a path inside the archive'),
            (tarfile.TarInfo("blobs/../../evil"), "is not a path inside the archive"),
            (tarfile.TarInfo("/etc/evil"), '"/etc/evil" is not a path inside the archive'),
            (link, '"blobs/link" is a link that leaves the archive'),
            (hard, '"hard" is a link that leaves the archive'),
        ]:
            self.pull_refused(message, self.archive(self.artifact(), info))

    def test_too_many_entries(self):
        more = [tarfile.TarInfo(f"file{number}") for number in range(5000)]
        self.pull_refused("it has too many entries", self.archive(self.artifact(), *more))

    def test_an_archive_that_is_cut(self):
        path = self.artifact().write_tar(self.tmp / "a.tar")
        path.write_bytes(path.read_bytes()[:1500])
        self.pull_refused("a.tar: ", f"oci-archive:{path}")
        path.write_bytes(b"no archive")
        self.pull_refused("a.tar: ", f"oci-archive:{path}")

    def test_an_artifact_of_another_type(self):
        unknown = self.artifact(artifact_type="application/vnd.example.thing")
        self.pull_refused('artifactType "application/vnd.example.thing" is not '
                          "application/vnd.kubevirt.virtualmachine.v1", self.archive(unknown))
        config = self.artifact(config_type="application/vnd.example.config")
        self.pull_refused(
            'the artifact\'s config is "application/vnd.example.config"', self.archive(config))
        template = self.artifact(
            artifact_type=registries.TEMPLATE_TYPE, config_type=registries.TEMPLATE_CONFIG)
        self.pull_refused(
            'kind "VirtualMachine" is not VirtualMachineTemplate', self.archive(template))

    def test_a_bomb(self):
        zeros = registries.compress(b"\0" * (64 << 20))
        bomb = registries.Artifact(MACHINE, [("root", "1Mi", zeros)])
        self.pull_refused("disk root: it is larger than the 1048576 bytes that are declared",
                          self.archive(bomb))
        small = registries.Artifact(MACHINE, [("root", "65Mi", zeros)])
        self.pull_refused("disk root: it has 67108864 bytes, not the 68157440 declared",
                          self.archive(small))

    def test_disks_with_bad_annotations(self):
        packed = registries.compress(DISK)
        for disks, message in [
            ([("../root", "1Mi", packed)], '"../root" is not the name of a claim'),
            ([("", "1Mi", packed)], '"" is not the name of a claim'),
            ([("root", "-1", packed)], '"-1" is not a size, such as 10Gi'),
            ([("root", "1Mi", packed)] * 2, "the artifact has two disks root"),
            ([("root", "1Mi", b"no frame")], "it is not valid Zstandard"),
            ([("root", "1Mi", packed[:-10])], "its compressed data is cut"),
        ]:
            self.pull_refused(message, self.archive(registries.Artifact(MACHINE, disks)))
        artifact = self.artifact()
        artifact.layers[0]["mediaType"] = "application/octet-stream"
        self.pull_refused('layers[0]: "application/octet-stream" is not a disk', self.archive(artifact))

    def test_a_digest_and_a_size_that_are_not_the_contents(self):
        artifact = self.artifact()
        good = artifact.layers[0]["digest"]
        other = registries.compress(b"evil" + DISK[4:])
        self.assertEqual(len(other), artifact.layers[0]["size"])
        artifact.blobs[good] = other
        self.pull_refused(f"it has the digest {registries.digest(other)}, not {good}",
                          self.archive(artifact), status=4)
        artifact = self.artifact()
        artifact.layers[0]["size"] += 1
        self.pull_refused("bytes, not ", self.archive(artifact), status=4)
        artifact = self.artifact()
        del artifact.blobs[artifact.layers[0]["digest"]]
        self.pull_refused("it has no file blobs/sha256/", self.archive(artifact))

    def test_a_container_disk_with_an_evil_layer(self):
        for name, message in [
            ("../disk/x", '"../disk/x" is not a path inside the archive'),
            ("disk/.hidden", "/disk/.hidden is not a fit name for a file"),
            ("other/x", "there is no file in /disk"),
        ]:
            layer = self.tmp / "layer.tar"
            with tarfile.open(layer, "w") as tar:
                tar.addfile(tarfile.TarInfo(name))
            image = registries.Artifact({"architecture": "amd64", "os": "linux"}, [],
                                        config_type="application/vnd.oci.image.config.v1+json")
            del image.manifest["artifactType"]
            image.layers.append(
                image.add("application/vnd.oci.image.layer.v1.tar", layer.read_bytes()))
            image.manifest["artifactType"] = ""
            self.pull_refused(message, self.archive(image), "--containerdisk")


class Storage(FaultTest):
    """What a real registry has stored is broken."""

    def setUp(self):
        super().setUp()
        self.registry = registries.DockerRegistry(self)
        self.ref = f"localhost:{self.registry.port}/vms/a:1"
        image = self.write("root.raw", b"x" * 5000 + DISK)
        vm = self.write("vm.yaml", yaml.safe_dump(MACHINE))
        support.run([HOOKCTL, "appliance", "push", self.ref, "-f", vm, "-d", f"root={image}"], env=self.env)
        index = self.inspect(self.ref)
        name = index["manifests"][0]["digest"]
        manifest = self.inspect(f"localhost:{self.registry.port}/vms/a@{name}")
        self.disk = self.registry.blob(manifest["layers"][0]["digest"])
        self.manifest = self.registry.blob(name)

    def inspect(self, ref):
        return json.loads(subprocess.run(
            ["skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{ref}"],
            capture_output=True, check=True).stdout)

    def test_a_blob_with_another_content(self):
        data = bytearray(self.disk.read_bytes())
        for place in (-1, 0):  # of the checksum; of the magic number: the digest tells first
            broken = bytearray(data)
            broken[place] ^= 1
            self.disk.write_bytes(broken)
            self.pull_refused("it has the digest sha256:", self.ref, status=4)

    def test_a_blob_that_is_cut(self):
        self.disk.write_bytes(self.disk.read_bytes()[:-5])
        self.pull_refused("disk root: ", self.ref, status=4)

    def test_a_manifest_with_another_content(self):
        self.manifest.write_bytes(self.manifest.read_bytes().replace(b'"root"', b'"evil"'))
        self.pull_refused("the manifest has the digest sha256:", self.ref, status=4)


class Network(FaultTest):
    """The registry's answers are the test's."""

    def serve(self, artifact, blob=None, before=None, **options):
        """A registry of an artifact. before(request) and blob(request, data) may answer instead."""
        index = artifact.index()

        def handle(request):
            if before is not None and before(request):
                return
            name = request.path.rpartition("/")[2]
            if request.path == "/v2/":
                registries.answer(request, 200)
            elif request.path.endswith("/manifests/1"):
                registries.answer(request, 200, index, Content_Type=registries.INDEX_TYPE)
            elif "/manifests/" in request.path:
                registries.answer(
                    request, 200, artifact.blobs[name], Content_Type=registries.MANIFEST_TYPE)
            elif blob is not None and name == artifact.layers[0]["digest"]:
                blob(request, artifact.blobs[name])
            else:
                registries.answer(request, 200, artifact.blobs[name])

        server = registries.Server(self, handle, **options)
        server.ref = f"127.0.0.1:{server.port}/vms/a:1"
        return server

    def test_a_registry_that_dies_in_the_middle(self):
        def half(request, data):
            request.send_response(200)
            request.send_header("Content-Length", str(len(data)))
            request.end_headers()
            request.wfile.write(data[: len(data) // 2])
            request.wfile.flush()
            request.connection.shutdown(2)

        server = self.serve(self.artifact(), half)
        self.pull_refused("disk root: 127.0.0.1", server.ref, status=4)

    def test_a_blob_that_is_longer_than_announced(self):
        server = self.serve(
            self.artifact(), lambda request, data: registries.answer(request, 200, data + b"more"))
        self.pull_refused("it has more than the ", server.ref, status=4)

    def test_a_registry_that_hangs(self):
        release = threading.Event()
        self.addCleanup(release.set)
        silent = self.serve(self.artifact(), before=lambda _: release.wait())
        self.pull_refused("nothing has moved for 0.3 s", silent.ref, "--timeout", "300ms", status=5)

        def stall(request, data):
            request.send_response(200)
            request.send_header("Content-Length", str(len(data)))
            request.end_headers()
            request.wfile.write(data[:10])
            request.wfile.flush()
            release.wait()

        stalling = self.serve(self.artifact(), stall)
        self.pull_refused("nothing has moved for 0.3 s", stalling.ref, "--timeout", "300ms", status=5)

    def test_an_interrupt_leaves_nothing(self):
        release, begun = threading.Event(), threading.Event()
        self.addCleanup(release.set)

        def hang(*_):
            begun.set()
            release.wait()

        server = self.serve(self.artifact(), hang)
        process = self.spawn(
            [HOOKCTL, "appliance", "pull", server.ref, "-o", self.tmp / "out" / "vm"],
            env={**self.env, "PATH": "/usr/bin:/bin"}, stderr=subprocess.PIPE, text=True)
        begun.wait(support.PATIENCE)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=support.PATIENCE)[1]
        self.assertEqual(process.returncode, 6)
        self.assertIn("interrupted", said)
        self.nothing_left()

    def test_a_token_realm_on_another_host_gets_no_credentials(self):
        thief = registries.Server(
            self, lambda request: registries.answer(request, 200, b'{"token":"t"}'), name="localhost")
        challenge = f'Bearer realm="{thief.url}/token",service="s",scope="repository:vms/a:pull"'

        def refuse(request):
            if request.headers.get("Authorization") == "Bearer t":
                return False
            registries.answer(request, 401, WWW_Authenticate=challenge)
            return True

        server = self.serve(self.artifact(), before=refuse)
        self.pull_refused(f"the token realm {thief.url} is on another host than the registry, whose "
                          "answer was not encrypted: it gets no credentials", server.ref, *self.login)
        self.assertEqual(thief.seen, [])
        self.pull(server.ref)  # a token may be had without credentials
        self.assertEqual([headers.get("Authorization") for _, _, headers in thief.seen], [None])

    def test_a_token_realm_that_is_not_encrypted_gets_no_credentials(self):
        ca = registries.make_certificate(self.tmp)
        thief = registries.Server(
            self, lambda request: registries.answer(request, 200, b'{"token":"t"}'))

        def refuse(request):
            registries.answer(request, 401, WWW_Authenticate=f'Bearer realm="{thief.url}/token"')
            return True

        server = self.serve(self.artifact(), before=refuse, tls=ca)
        self.pull_refused("is not encrypted, unlike the registry: it gets no credentials", server.ref,
                          "--ca-file", ca, *self.login)
        self.assertEqual(thief.seen, [])

    def test_a_redirect_gets_no_credentials(self):
        artifact = self.artifact()
        blob = artifact.blobs[artifact.layers[0]["digest"]]
        store = registries.Server(self, lambda request: registries.answer(request, 200, blob))

        def ask(request):
            if request.headers.get("Authorization") == BASIC:
                return False
            registries.answer(request, 401, WWW_Authenticate='Basic realm="test"')
            return True

        server = self.serve(
            artifact, before=ask,
            blob=lambda request, _: registries.answer(request, 307, Location=f"{store.url}/data?key=1"))
        self.pull(server.ref, *self.login)
        self.assertEqual((self.tmp / "vm" / "root.raw").read_bytes(), DISK)
        [(_, path, headers)] = store.seen
        self.assertEqual(path, "/data?key=1")
        self.assertNotIn("Authorization", headers)

    def test_what_a_redirect_leads_to_may_not_ask_for_credentials(self):
        store = registries.Server(
            self, lambda request: registries.answer(request, 401, WWW_Authenticate='Basic realm="x"'))
        server = self.serve(
            self.artifact(),
            blob=lambda request, _: registries.answer(request, 307, Location=f"{store.url}/data"))
        self.pull_refused("the registry answers 401", server.ref, *self.login)
        self.assertEqual([headers.get("Authorization") for _, _, headers in store.seen], [None])

    def test_a_redirect_from_https_to_http_is_refused(self):
        ca = registries.make_certificate(self.tmp)
        store = registries.Server(self, lambda request: registries.answer(request, 200))
        server = self.serve(
            self.artifact(), tls=ca,
            blob=lambda request, _: registries.answer(request, 307, Location=f"{store.url}/data"))
        self.pull_refused("which is not encrypted", server.ref, "--ca-file", ca)
        self.assertEqual(store.seen, [])

    def test_redirects_in_a_circle(self):
        server = self.serve(
            self.artifact(), blob=lambda request, _: registries.answer(request, 307, Location=request.path))
        self.pull_refused("more than 5 redirects", server.ref, status=4)

    def test_challenges_without_end(self):
        """A registry that takes the password and then wants a token, which it never accepts."""
        def ask(request):
            if request.path.startswith("/token"):
                registries.answer(request, 200, b'{"token":"t"}')
                return True
            kind = "Bearer" if "Authorization" in request.headers else "Basic"
            challenge = f'{kind} realm="{server.url}/token"'
            registries.answer(request, 401, WWW_Authenticate=challenge)
            return True

        server = self.serve(self.artifact(), before=ask)
        self.pull_refused("the registry answers 401", server.ref, *self.login)
        self.assertLess(len(server.seen), 10)

    def test_a_busy_registry_is_asked_again(self):
        refused = set()

        def busy(request):
            if request.path in refused:
                return False
            refused.add(request.path)
            registries.answer(request, 503 if "blobs" in request.path else 429, Retry_After="1")
            return True

        server = self.serve(self.artifact(), before=busy)
        self.pull(server.ref)
        self.assertEqual((self.tmp / "vm" / "root.raw").read_bytes(), DISK)
        paths = [path for _, path, _ in server.seen]
        self.assertEqual(sorted(paths), sorted([*refused, *refused]))

    def test_a_registry_that_is_busy_for_too_long(self):
        def busy(request):
            if "blobs" not in request.path:
                return False
            registries.answer(request, 429, b'{"errors":[{"code":"TOOMANYREQUESTS","message":"x"}]}',
                              Retry_After="3600")
            return True

        server = self.serve(self.artifact(), before=busy)
        self.pull_refused("the registry answers 429: TOOMANYREQUESTS: x", server.ref, status=4)
        self.assertEqual(sum("blobs" in path for _, path, _ in server.seen), 1)

    def test_an_interrupt_while_a_registry_is_busy(self):
        asked = threading.Event()

        def busy(request):
            registries.answer(request, 429, Retry_After="50")
            asked.set()
            return True

        server = self.serve(self.artifact(), before=busy)
        process = self.spawn(
            [HOOKCTL, "appliance", "pull", server.ref, "-o", self.tmp / "out" / "vm"],
            env={**self.env, "PATH": "/usr/bin:/bin"}, stderr=subprocess.PIPE, text=True)
        asked.wait(support.PATIENCE)
        process.send_signal(signal.SIGINT)
        self.assertIn("interrupted", process.communicate(timeout=support.PATIENCE)[1])
        self.assertEqual(process.returncode, 6)
        self.nothing_left()

    def test_an_upload_to_a_busy_registry(self):
        bodies = []

        def push(request):
            body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
            if request.path == "/v2/":
                registries.answer(request, 200)
            elif request.command == "HEAD":
                registries.answer(request, 404)
            elif request.command == "POST":
                registries.answer(request, 202, Location="/v2/vms/a/blobs/uploads/1")
            elif "uploads" in request.path:
                bodies.append(body)
                registries.answer(request, 503 if len(bodies) == 1 else 201)
            else:
                registries.answer(request, 201)

        server = registries.Server(self, push)
        image, vm = self.write("root.raw", DISK), self.write("vm.yaml", yaml.safe_dump(MACHINE))
        result = support.run([HOOKCTL, "appliance", "push", f"127.0.0.1:{server.port}/vms/a:1",
                              "-f", vm, "-d", f"root={image}"], env=self.env)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(bodies[0], bodies[1])
        self.assertEqual(len(bodies), 3)

    def test_an_upload_that_is_not_accepted(self):
        def refuse(request):
            length = int(request.headers.get("Content-Length", 0))
            request.rfile.read(length)
            if request.command == "HEAD":
                registries.answer(request, 404)
            elif request.command == "POST":
                registries.answer(request, 202, Location="/v2/vms/a/blobs/uploads/1?state=x")
            elif request.command == "PUT":
                registries.answer(request, 400, b'{"errors":[{"code":"DIGEST_INVALID","message":"no"}]}')
            elif request.command == "DELETE":
                registries.answer(request, 204)
            else:
                return False
            return True

        server = self.serve(self.artifact(), before=refuse)
        image = self.write("root.raw", DISK)
        vm = self.write("vm.yaml", yaml.safe_dump(MACHINE))
        self.refused("PUT: the registry answers 400: DIGEST_INVALID: no", 4,
                     "push", server.ref, "-f", vm, "-d", f"root={image}")
        self.assertEqual(server.seen[-1][:2], ("DELETE", "/v2/vms/a/blobs/uploads/1?state=x"))


if __name__ == "__main__":
    support.main()
