"""hookctl appliance clone, snapshot, restore, export and upload, against an API server in which the
tests play the controllers, and HTTPS servers for the disks."""

import base64
import fcntl
import json
import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import tarfile
import tempfile
import termios
import threading

import api_server
import disk_server
import kube_server
import support

HOOKCTL = support.program("hookctl")
INTERFACE = {"name": "net", "macAddress": "02:00:00:00:00:01", "masquerade": {}}


def vm(name="web", namespace="shop", running=False):
    """A VM with all that identifies it."""
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "runStrategy": "Halted",
            "dataVolumeTemplates": [{"metadata": {"name": "web-root"}, "spec": {}}],
            "template": {
                "spec": {
                    "hostname": "webhost",
                    "domain": {
                        "firmware": {"uuid": "6a1a24a1-4061-4607-8bf4-a3963d0c5895",
                                     "serial": "serial-1"},
                        "devices": {"interfaces": [INTERFACE]},
                    },
                    "volumes": [{"name": "root", "dataVolume": {"name": "web-root"}}],
                }
            },
        },
        "status": {"created": running},
    }


def condition(kind, status, reason, message=""):
    return {"type": kind, "status": status, "reason": reason, "message": message}


class Server(api_server.APIServer):
    """An API server that also does dry runs and answers requests for upload tokens."""

    tokens = 0

    def on_POST(self, where, query, body):
        if where["plural"] == "uploadtokenrequests":
            self.tokens += 1
            return 201, {**body, "status": {"token": f"token-{self.tokens}"}}
        if query.get("dryRun") == "All":
            return 201, body
        return super().on_POST(where, query, body)


class Verbs(support.TestCase):
    server = Server

    def setUp(self):
        super().setUp()
        self.api = self.server()
        self.addCleanup(self.api.close)
        self.config = self.write("kubeconfig", self.api.kubeconfig())
        self.env = {"KUBECONFIG": str(self.config), "no_proxy": "*", "NO_PROXY": "*"}

    def start(self, *words, **options):
        """Starts a subcommand."""
        return self.spawn(
            [HOOKCTL, "appliance", *words], env={**os.environ, **self.env}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            **{"stderr": subprocess.PIPE, **options},
        )

    def end_of(self, process, status):
        """Waits for its end; returns what it wrote."""
        out, err = process.communicate(timeout=support.PATIENCE)
        self.assertEqual(process.returncode, status, (out, err))
        return out, err

    def do(self, *words, status=0, **options):
        """Runs a subcommand; returns what it wrote."""
        return self.end_of(self.start(*words, **options), status)

    def made(self, plural):
        """The one object of a plural, once it is there."""
        self.api.wait(lambda: any(key[0] == plural for key in self.api.objects), plural)
        [made] = self.api.all(plural)
        return made

    def set_status(self, plural, made, **status):
        """What its controller says."""
        self.api.patch(plural, made["metadata"]["namespace"], made["metadata"]["name"],
                       {"status": status})

    def await_watch(self):
        self.api.wait(lambda: self.api.watching > 0, "a watch")

    def count(self, method, plural):
        return sum(request[0] == method and f"/{plural}" in request[1]
                   for request in self.api.requests)


class Snapshot(Verbs):
    PLURAL = "virtualmachinesnapshots"

    def setUp(self):
        super().setUp()
        self.api.put("virtualmachines", vm())

    def succeed(self, made, **more):
        self.set_status(self.PLURAL, made, phase="Succeeded", readyToUse=True, **more)

    def test_it_waits_and_says_what_limits_it(self):
        process = self.start("snapshot", "shop/web", "s1")
        made = self.made(self.PLURAL)
        self.assertEqual(made["spec"]["source"], {"apiGroup": "kubevirt.io",
                                                  "kind": "VirtualMachine", "name": "web"})
        self.await_watch()
        self.set_status(self.PLURAL, made, phase="InProgress", readyToUse=False, conditions=[
            condition("Progressing", "True", "Source locked and operation in progress")])
        self.wait_for_line(process.stderr, "Source locked and operation in progress")
        self.succeed(
            made,
            sourceIndications=[{"indication": "NoGuestAgent", "message": "Crash-consistent."}],
            snapshotVolumes={"includedVolumes": ["root"], "excludedVolumes": ["scratch"]},
        )
        out, err = self.end_of(process, 0)
        self.assertEqual(out, "VirtualMachineSnapshot shop/s1 is ready to use (volumes: root)\n")
        self.assertIn("warning: NoGuestAgent: Crash-consistent.\n", err)
        self.assertIn("warning: these volumes are not in it: scratch\n", err)

    def test_failure_says_all(self):
        process = self.start("snapshot", "shop/web", "s1")
        made = self.made(self.PLURAL)
        self.set_status(self.PLURAL, made, phase="Failed", error={"message": "no space left"},
                        conditions=[condition("Failure", "True", "snapshot deadline exceeded")])
        _, err = self.end_of(process, 4)
        self.assertIn("hookctl appliance snapshot: VirtualMachineSnapshot shop/s1: it failed: no "
                      "space left; Failure is True (snapshot deadline exceeded)", err)

    def test_a_watch_is_cut(self):
        process = self.start("snapshot", "shop/web", "s1")
        made = self.made(self.PLURAL)
        self.await_watch()
        self.api.cut_watches()
        self.succeed(made)
        self.end_of(process, 0)

    def test_it_is_deleted_meanwhile(self):
        process = self.start("snapshot", "shop/web", "s1")
        self.made(self.PLURAL)
        self.await_watch()
        self.api.remove(self.PLURAL, "shop", "s1")
        _, err = self.end_of(process, 4)
        self.assertIn("VirtualMachineSnapshot shop/s1: it was deleted meanwhile", err)

    def test_timeout(self):
        _, err = self.do("snapshot", "shop/web", "s1", "--timeout", "1s", status=5)
        self.assertIn("not done after 1 s", err)
        self.assertIn("kubectl get virtualmachinesnapshots.snapshot.kubevirt.io s1 -n shop", err)
        self.assertIsNotNone(self.api.get(self.PLURAL, "shop", "s1"))

    def test_interrupted_and_again(self):
        process = self.start("snapshot", "shop/web", "s1")
        made = self.made(self.PLURAL)
        self.await_watch()
        process.send_signal(signal.SIGINT)
        _, err = self.end_of(process, 6)
        self.assertIn("interrupted", err)
        self.assertIn("hookctl appliance snapshot shop/web s1 waits for it again", err)
        self.succeed(made)
        out, err = self.do("snapshot", "shop/web", "s1")
        self.assertIn("exists already, and is the same", err)
        self.assertIn("is ready to use", out)
        self.assertEqual(len(self.api.all(self.PLURAL)), 1)

    def test_the_name_is_taken(self):
        other = {"metadata": {"name": "s1", "namespace": "shop"},
                 "spec": {"source": {"name": "another"}}}
        self.api.put(self.PLURAL, other)
        _, err = self.do("snapshot", "shop/web", "s1", status=1)
        self.assertIn("VirtualMachineSnapshot shop/s1 exists already, and is not what was asked "
                      "for", err)

    def test_no_vm(self):
        _, err = self.do("snapshot", "shop/absent", status=1)
        self.assertIn("there is no VirtualMachine shop/absent", err)
        self.assertEqual(self.api.all(self.PLURAL), [])

    def test_forbidden(self):
        self.api.fail("POST", self.PLURAL, 403)
        _, err = self.do("snapshot", "shop/web", "s1", status=1)
        self.assertIn("a fault on demand", err)

    def test_refused(self):
        self.api.fail("POST", self.PLURAL, 422)
        self.do("snapshot", "shop/web", "s1", status=1)

    def test_without_waiting(self):
        out, _ = self.do("snapshot", "web", "-n", "shop", "--wait=false", "--deadline", "90s")
        [made] = self.api.all(self.PLURAL)
        self.assertEqual(made["spec"]["failureDeadline"], "90s")
        self.assertRegex(made["metadata"]["name"], r"^web-\d{8}-\d{6}$")
        self.assertIn(made["metadata"]["name"], out)

    def test_dry_run(self):
        out, _ = self.do("snapshot", "shop/web", "s1", "--dry-run")
        self.assertIn("kind: VirtualMachineSnapshot", out)
        self.assertEqual(self.api.all(self.PLURAL), [])

    def test_disks_that_cannot_be_snapshotted(self):
        self.api.patch("virtualmachines", "shop", "web", {"status": {"volumeSnapshotStatuses": [
            {"name": "root", "enabled": False, "reason": "No VolumeSnapshotClass"}]}})
        _, err = self.do("snapshot", "shop/web", "s1", "--wait=false")
        self.assertIn("warning: these disks are not going to be in the snapshot: root: No "
                      "VolumeSnapshotClass", err)

    def test_usage(self):
        for words in (["snapshot"], ["snapshot", "a/b/c"], ["snapshot", "/b"], ["snapshot", "a/"],
                      ["snapshot", "shop/web", "-n", "other"], ["snapshot", "a", "b", "c"],
                      ["clone", "web"], ["restore", "web"], ["upload", "file"], ["export"],
                      ["export", "shop/web"], ["upload", "f", "x", "--access-mode", "ReadOnlyMany"]):
            with self.subTest(words=words):
                out, err = self.do(*words, status=2)
                self.assertTrue(err.startswith(f"hookctl appliance {words[0]}: "), err)
                self.assertEqual(out, "")


class Restore(Verbs):
    PLURAL = "virtualmachinerestores"

    def setUp(self):
        super().setUp()
        self.api.put("virtualmachines", vm())
        self.api.put("virtualmachinesnapshots", {
            "metadata": {"name": "s1", "namespace": "shop"},
            "spec": {"source": {"kind": "VirtualMachine", "name": "web"}},
            "status": {"readyToUse": True, "phase": "Succeeded"},
        })

    def test_it_waits(self):
        process = self.start("restore", "shop/web", "s1")
        made = self.made(self.PLURAL)
        self.assertEqual(made["spec"]["targetReadinessPolicy"], "FailImmediate")
        self.await_watch()
        self.set_status(self.PLURAL, made, complete=False, conditions=[
            condition("Progressing", "True", "Creating new PVCs")])
        self.wait_for_line(process.stderr, "Creating new PVCs")
        self.set_status(self.PLURAL, made, complete=True)
        out, _ = self.end_of(process, 0)
        self.assertIn("VirtualMachine shop/web is restored to s1", out)

    def test_a_vm_that_runs(self):
        self.api.put("virtualmachines", vm(running=True))
        _, err = self.do("restore", "shop/web", "s1", status=1)
        self.assertIn("is running: stop it first (virtctl stop web -n shop)", err)
        self.assertEqual(self.api.all(self.PLURAL), [])
        self.do("restore", "shop/web", "s1", "--stop", "--wait=false")
        [made] = self.api.all(self.PLURAL)
        self.assertEqual(made["spec"]["targetReadinessPolicy"], "StopTarget")

    def test_interrupted_and_again(self):
        process = self.start("restore", "shop/web", "s1")
        made = self.made(self.PLURAL)
        self.await_watch()
        process.send_signal(signal.SIGTERM)
        self.end_of(process, 6)
        self.set_status(self.PLURAL, made, complete=False)
        process = self.start("restore", "shop/web", "s1")
        self.wait_for_line(process.stderr, "is under way already")
        self.set_status(self.PLURAL, made, complete=True)
        self.end_of(process, 0)
        self.assertEqual(len(self.api.all(self.PLURAL)), 1)

    def test_failure(self):
        process = self.start("restore", "shop/web", "s1")
        made = self.made(self.PLURAL)
        self.set_status(self.PLURAL, made, complete=False, conditions=[
            condition("Failure", "True", "Restore target failed to be ready within 5m0s")])
        _, err = self.end_of(process, 4)
        self.assertIn("it failed: Restore target failed to be ready within 5m0s", err)

    def test_what_cannot_be_restored(self):
        _, err = self.do("restore", "shop/web", "absent", status=1)
        self.assertIn("there is no VirtualMachineSnapshot shop/absent", err)
        self.api.put("virtualmachines", vm("other"))
        _, err = self.do("restore", "shop/other", "s1", status=1)
        self.assertIn("is of VirtualMachine web", err)
        self.api.patch("virtualmachinesnapshots", "shop", "s1", {"status": {"readyToUse": False}})
        _, err = self.do("restore", "shop/web", "s1", status=1)
        self.assertIn("is not ready to use", err)


class Clone(Verbs):
    PLURAL = "virtualmachineclones"

    def setUp(self):
        super().setUp()
        self.api.put("virtualmachines", vm())

    def test_it_waits_and_has_its_own_identity(self):
        process = self.start("clone", "shop/web", "copy")
        made = self.made(self.PLURAL)
        spec = made["spec"]
        self.assertEqual(spec["target"]["name"], "copy")
        self.assertRegex(spec["newMacAddresses"]["net"], r"^02(:[0-9a-f]{2}){5}$")
        self.assertNotEqual(spec["newMacAddresses"]["net"], INTERFACE["macAddress"])
        self.assertNotIn(spec["newSMBiosSerial"], ("", "serial-1"))
        self.assertEqual(json.loads(spec["patches"][0])["path"], "/spec/template/spec/hostname")
        self.await_watch()
        self.set_status(self.PLURAL, made, phase="RestoreInProgress")
        self.wait_for_line(process.stderr, "restoring its disks")
        self.set_status(self.PLURAL, made, phase="Succeeded")
        out, _ = self.end_of(process, 0)
        self.assertIn("VirtualMachine shop/copy is a clone of web", out)
        self.api.put("virtualmachines", vm("copy"))
        out, err = self.do("clone", "shop/web", "copy")  # it is done already
        self.assertIn("exists already, and is the same", err)

    def test_failure(self):
        process = self.start("clone", "shop/web", "copy")
        made = self.made(self.PLURAL)
        self.set_status(self.PLURAL, made, phase="Failed", conditions=[
            condition("Ready", "False", "snapshot x does not exist anymore")])
        _, err = self.end_of(process, 4)
        self.assertIn("VirtualMachineClone shop/web-to-copy: it failed: snapshot x does not exist",
                      err)
        _, err = self.do("clone", "shop/web", "copy", "--wait=false")
        self.assertIn("of an earlier run failed, and is made again", err)
        self.assertNotEqual(self.made(self.PLURAL)["metadata"]["uid"], made["metadata"]["uid"])

    def test_a_vm_of_that_name(self):
        self.api.put("virtualmachines", vm("copy"))
        _, err = self.do("clone", "shop/web", "copy", status=1)
        self.assertIn("VirtualMachine shop/copy exists already, and is not a clone of web", err)
        self.assertEqual(self.api.all(self.PLURAL), [])

    def test_disks_without_snapshots(self):
        self.api.patch("virtualmachines", "shop", "web", {"status": {"volumeSnapshotStatuses": [
            {"name": "root", "enabled": False, "reason": "No VolumeSnapshotClass"}]}})
        _, err = self.do("clone", "shop/web", "copy", status=1)
        self.assertIn("cannot be cloned, because KubeVirt clones snapshots of disks: root: No "
                      "VolumeSnapshotClass", err)


class Disks(Verbs):
    """With a server for disks."""

    @classmethod
    def setUpClass(cls):
        directory = tempfile.mkdtemp(prefix="hookline-test-")
        cls.addClassCleanup(shutil.rmtree, directory, ignore_errors=True)
        cls.certificates = kube_server.Certificates(directory)

    def setUp(self):
        super().setUp()
        self.disks = disk_server.DiskServer(self.certificates.context())
        self.addCleanup(self.disks.stop)
        self.released = threading.Event()
        self.addCleanup(self.released.set)


# a disk with a hole
DISK = os.urandom(5000) + bytes(200000) + os.urandom(30000) + bytes(12288)
READY = {"type": "Ready", "status": "True", "reason": "PodReady",
         "lastTransitionTime": "2026-11-30T06:00:00Z"}


class Export(Disks):
    PLURAL = "virtualmachineexports"

    def setUp(self):
        super().setUp()
        self.api.put("virtualmachines", vm())
        self.disks.disks["/v/web-root/disk.img"] = DISK
        self.disks.disks["/v/web-root/disk.img.gz"] = b"gzip of it"
        self.disks.token = self.token
        (self.tmp / "out").mkdir()
        self.directory = self.tmp / "out" / "web"

    def token(self):
        [secret] = self.api.all("secrets")
        return base64.b64decode(secret["data"]["token"]).decode()

    def link(self, url=None, cert=None):
        url = url or self.disks.url
        return {
            "cert": cert if cert is not None else self.certificates.ca.read_text(),
            "volumes": [{"name": "web-root", "formats": [
                {"format": "raw", "url": f"{url}/v/web-root/disk.img"},
                {"format": "gzip", "url": f"{url}/v/web-root/disk.img.gz"}]}],
        }

    def begin(self, *words, link=None, kind="external", **options):
        """Starts an export, and plays the controller until it is ready."""
        process = self.start("export", "shop/web", "-o", self.directory, *words, **options)
        self.api.wait(lambda: any(key[0] == "secrets" for key in self.api.objects))
        made = self.made(self.PLURAL)
        self.set_status(self.PLURAL, made, phase="Ready", conditions=[READY],
                        serviceName="virt-export-" + made["metadata"]["name"],
                        links={kind: link or self.link()})
        return process

    def assert_clean(self):
        """Nothing that is of no further use is left, here or in the cluster."""
        self.assertEqual(self.api.all(self.PLURAL), [])
        self.assertEqual(self.api.all("secrets"), [])
        self.assertLessEqual(set((self.tmp / "out").iterdir()), {self.directory})

    def test_disks_and_manifest(self):
        process = self.begin()
        out, err = self.end_of(process, 0)
        self.assertEqual(out, f"VirtualMachine shop/web with 1 disk is in {self.directory}\n")
        image = self.directory / "web-root.raw"
        self.assertEqual(image.read_bytes(), DISK)
        self.assertLess(image.stat().st_blocks * 512, len(DISK))
        self.assertEqual(image.stat().st_mode & 0o777, 0o600)
        manifest = (self.directory / "vm.yaml").read_text()
        self.assertIn("claimName: web-root", manifest)
        for word in ("02:00:00:00:00:01", "serial", "6a1a24a1", "webhost", "dataVolumeTemplates",
                     "status"):
            self.assertNotIn(word, manifest)
        self.assertIn("100 %", err)
        self.assert_clean()

    def test_an_archive(self):
        """KubeVirt's form: an OCI layout, whose manifest has the VM as its config."""
        file = self.tmp / "out" / "web.oci.tar"
        self.directory = file
        _, err = self.end_of(self.begin(), 0)
        self.assertIn("packing web-root", err)
        with tarfile.open(file) as archive:
            def member(name):
                return archive.extractfile(name).read()

            def blob(descriptor):
                return member("blobs/" + descriptor["digest"].replace(":", "/"))

            index = json.loads(member("index.json"))
            manifest = json.loads(blob(index["manifests"][0]))
            if "manifests" in manifest:
                manifest = json.loads(blob(manifest["manifests"][0]))
            config = json.loads(blob(manifest["config"]))
            [layer] = manifest["layers"]
        self.assertEqual(layer["mediaType"], "application/vnd.kubevirt.disk.raw+zstd")
        self.assertEqual(layer["annotations"]["io.kubevirt.disk.name"], "web-root")
        self.assertEqual(config["kind"], "VirtualMachine")
        self.assertNotIn("02:00:00:00:00:01", json.dumps(config))
        imported = self.tmp / "imported"
        self.do("import", file, "-o", imported)
        self.assertEqual((imported / "web-root.raw").read_bytes(), DISK)
        self.assertIn("claimName: web-root", (imported / "vm.yaml").read_text())
        self.assert_clean()

    def test_something_is_there_already(self):
        self.directory.mkdir()
        _, err = self.do("export", "shop/web", "-o", self.directory, status=1)
        self.assertIn(f"{self.directory} exists already", err)
        self.assert_clean()
        _, err = self.do("export", "shop/web", "-o", self.tmp / "absent" / "web", status=3)
        self.assertIn("No such file or directory", err)
        for words in (["x.tar", "--format", "gzip"], ["x", "--wait=false"]):
            self.do("export", "shop/web", "-o", *words, status=2)

    def test_the_objects(self):
        process = self.start("export", "shop/web", "-o", self.directory)
        self.api.wait(lambda: any(key[0] == "secrets" for key in self.api.objects))
        made = self.made(self.PLURAL)
        [secret] = self.api.all("secrets")
        self.assertEqual(made["spec"]["tokenSecretRef"], secret["metadata"]["name"])
        [owner] = secret["metadata"]["ownerReferences"]
        self.assertEqual(owner["uid"], made["metadata"]["uid"])
        self.assertGreaterEqual(len(self.token()), 20)
        process.send_signal(signal.SIGINT)
        self.end_of(process, 6)
        self.assert_clean()

    def test_on_a_terminal(self):
        """One line is drawn again and again, and is gone in the end."""
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        process = self.begin(stderr=theirs)
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # its other end is closed
                break
            if not piece:
                break
            shown += piece
        self.assertEqual(process.wait(support.PATIENCE), 0)
        process.stdout.close()
        lines = [line.split(b"\x1b[K")[-1] for line in shown.split(b"\r")]
        self.assertTrue(any(b"web-root.raw: " in line for line in lines), shown)
        self.assertLessEqual(max(len(line.decode()) for line in lines), 60, shown)
        self.assertTrue(shown.endswith(b"\r\x1b[K") or shown.endswith(b"\n"), shown)

    def test_with_identity(self):
        self.end_of(self.begin("--with-identity"), 0)
        manifest = (self.directory / "vm.yaml").read_text()
        for word in ("02:00:00:00:00:01", "serial-1", "6a1a24a1", "webhost"):
            self.assertIn(word, manifest)

    def test_gzip(self):
        self.end_of(self.begin("--format", "gzip"), 0)
        self.assertEqual((self.directory / "web-root.raw.gz").read_bytes(), b"gzip of it")

    def test_resumed_where_it_was_cut(self):
        self.disks.cut(150000)
        self.disks.cut(60000)
        self.end_of(self.begin(), 0)
        self.assertEqual((self.directory / "web-root.raw").read_bytes(), DISK)
        ranges = [headers.get("Range") for _, _, headers in self.disks.calls]
        self.assertEqual(ranges, [None, "bytes=150000-", "bytes=210000-"])

    def test_a_server_that_sends_more_than_it_says(self):
        def lie(call):
            call.send_response(206)
            call.send_header("Content-Range", "bytes 0-9/10")
            call.send_header("Content-Length", "100")
            call.end_headers()
            call.wfile.write(100 * b"x")
            return True

        self.disks.faults.append(lie)
        _, err = self.end_of(self.begin(), 4)
        self.assertIn("web-root.raw: the server sends more than the 10 bytes that it announced", err)
        self.assertFalse(self.directory.exists())
        self.assert_clean()

    def test_a_stream_that_cannot_be_resumed_begins_again(self):
        self.disks.cut(4)
        self.end_of(self.begin("--format", "gzip"), 0)
        self.assertEqual((self.directory / "web-root.raw.gz").read_bytes(), b"gzip of it")
        self.assertEqual([headers.get("Range") for _, _, headers in self.disks.calls], [None] * 2)

    def test_the_disk_changed_meanwhile(self):
        """The VM was started and stopped: KubeVirt ended the server, and started another."""

        def cut_and_restart(call):
            self.disks.send_disk(call, 1000)
            [made] = self.api.all(self.PLURAL)
            again = {**READY, "lastTransitionTime": "2026-11-30T07:00:00Z"}
            self.set_status(self.PLURAL, made, conditions=[again])
            return True

        self.disks.faults.append(cut_and_restart)
        _, err = self.end_of(self.begin(), 4)
        self.assertIn("was interrupted, so that the disk may have changed", err)
        self.assertFalse(self.directory.exists())
        self.assert_clean()

    def test_another_certificate(self):
        other = kube_server.Certificates(self.tmp / "other")
        process = self.begin(link=self.link(cert=other.ca.read_text()))
        _, err = self.end_of(process, 4)
        self.assertIn("certificate", err)
        self.assert_clean()

    def test_only_the_servers_own_certificate(self):
        """KubeVirt's link may have the ingress's certificate without its CA."""
        self.end_of(self.begin(link=self.link(cert=self.certificates.server.read_text())), 0)
        self.assertEqual((self.directory / "web-root.raw").read_bytes(), DISK)

    def test_the_token_is_refused(self):
        self.disks.token = lambda: "another"
        _, err = self.end_of(self.begin(), 4)
        self.assertIn("web-root.raw: the server refuses the token (status 401)", err)
        self.assert_clean()

    def test_the_server_fails(self):
        self.disks.say(500, b"exploded")
        _, err = self.end_of(self.begin(), 4)
        self.assertIn("the server answers with status 500: exploded", err)
        self.assert_clean()

    def test_a_redirect_is_not_followed(self):
        self.disks.say(302)
        _, err = self.end_of(self.begin(), 4)
        self.assertIn("status 302", err)
        self.assert_clean()

    def test_disk_full(self):
        """A limit on the size of files stands for a disk that is full."""
        import resource

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

        process = self.begin(preexec_fn=limit)
        _, err = self.end_of(process, 3)
        self.assertIn("web-root.raw: File too large", err)
        self.assert_clean()

    def test_interrupted_in_the_download(self):
        self.disks.hang_in_body(1000, self.released)
        process = self.begin()
        self.assertTrue(self.disks.begun.wait(60))
        process.send_signal(signal.SIGINT)
        self.end_of(process, 6)
        self.assert_clean()
        self.end_of(self.begin(), 0)  # again

    def test_the_terminal_is_closed(self):
        """Nothing is left; with nohup(1), it goes on."""
        for ignored in (False, True):
            released = threading.Event()
            self.disks.begun.clear()
            self.disks.hang_in_body(1000, released)
            action = signal.SIG_IGN if ignored else signal.SIG_DFL
            process = self.begin(preexec_fn=lambda: signal.signal(signal.SIGHUP, action))
            self.assertTrue(self.disks.begun.wait(60))
            process.send_signal(signal.SIGHUP)
            if ignored:
                released.set()
            self.end_of(process, 0 if ignored else 6)
            released.set()
            self.assert_clean()

    def test_a_vm_that_runs(self):
        self.api.put("virtualmachines", vm(running=True))
        _, err = self.do("export", "shop/web", "-o", self.directory, status=1)
        self.assertIn("virtctl stop web -n shop", err)
        self.assert_clean()

    def test_it_starts_while_we_wait(self):
        process = self.start("export", "shop/web", "-o", self.directory)
        self.api.wait(lambda: any(key[0] == "secrets" for key in self.api.objects))
        made = self.made(self.PLURAL)
        self.set_status(self.PLURAL, made, phase="Pending", conditions=[
            condition("Ready", "False", "InUse", "Virtual Machine shop/web is running")])
        _, err = self.end_of(process, 4)
        self.assertIn("it cannot begin: Ready is False (Virtual Machine shop/web is running)", err)
        self.assert_clean()

    def test_the_secret_is_forbidden(self):
        self.api.fail("POST", "/secrets", 403)
        self.do("export", "shop/web", "-o", self.directory, status=1)
        self.assert_clean()

    def test_only_an_internal_link(self):
        _, err = self.end_of(self.begin(kind="internal"), 4)
        self.assertIn("no external link", err)
        self.assertIn("--server 127.0.0.1:8443", err)
        self.assert_clean()

    def test_through_a_forwarded_port(self):
        """The link's name is in the certificate, and leads nowhere."""
        link = self.link("https://api.test:443")
        process = self.begin("--server", f"127.0.0.1:{self.disks.port}", link=link,
                             kind="internal")
        _, err = self.end_of(process, 0)
        self.assertIn("kubectl port-forward -n shop service/virt-export-", err)
        self.assertEqual((self.directory / "web-root.raw").read_bytes(), DISK)

    def test_a_port_that_is_not_forwarded_yet(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        link = self.link("https://api.test:443")
        process = self.begin("--server", f"127.0.0.1:{port}", link=link, kind="internal")
        self.wait_for_line(process.stderr, "trying again")
        process.send_signal(signal.SIGINT)
        self.end_of(process, 6)
        self.assert_clean()

    def test_of_a_snapshot(self):
        self.api.put("virtualmachines", vm(running=True))
        self.api.put("virtualmachinesnapshots", {
            "metadata": {"name": "s1", "namespace": "shop"},
            "spec": {"source": {"name": "web"}},
            "status": {"readyToUse": True, "virtualMachineSnapshotContentName": "content-1"},
        })
        old = vm()
        old["metadata"]["labels"] = {"then": "yes"}
        self.api.put("virtualmachinesnapshotcontents", {
            "metadata": {"name": "content-1", "namespace": "shop"},
            "spec": {"source": {"virtualMachine": old}},
        })
        process = self.begin("--snapshot", "s1")
        [made] = self.api.all(self.PLURAL)
        self.assertEqual(made["spec"]["source"]["kind"], "VirtualMachineSnapshot")
        self.end_of(process, 0)
        self.assertIn("then:", (self.directory / "vm.yaml").read_text())

    def test_dry_run(self):
        out, _ = self.do("export", "shop/web", "-o", self.directory, "--dry-run")
        self.assertIn("kind: VirtualMachineExport", out)
        self.assertIn("kind: Secret", out)
        self.assertIn("(secret)", out)
        self.assertFalse(self.directory.exists())
        self.assert_clean()


def qcow2(size=1 << 30):
    """The header of an image, and something after it."""
    return b"QFI\xfb" + struct.pack(">IQIIQ", 3, 0, 0, 16, size) + bytes(72) + os.urandom(300000)


class Upload(Disks):
    def setUp(self):
        super().setUp()
        self.disks.token = lambda: f"token-{self.api.tokens}"
        self.file = self.write("fedora.qcow2", qcow2())
        self.disks.on_upload = lambda: self.set_phase("Succeeded")
        self.ca = ["--proxy-ca", self.certificates.ca]

    def set_phase(self, phase, **more):
        [volume] = self.api.all("datavolumes")
        self.set_status("datavolumes", volume, phase=phase, **more)

    def begin(self, *words, file=None, **options):
        """Starts an upload, and plays CDI until it takes the file."""
        process = self.start("upload", file or self.file, "images/fedora", "--proxy",
                             self.disks.url, *self.ca, *words, **options)
        self.made("datavolumes")
        self.set_phase("UploadReady")
        return process

    def finish(self, process):
        """CDI's part after the upload."""
        source = self.made("datasources")
        self.set_status("datasources", source, conditions=[condition("Ready", "True", "Ready")])
        return self.end_of(process, 0)

    def test_it_becomes_a_data_source(self):
        process = self.begin("--preference", "fedora", "--storage-class", "fast")
        [volume] = self.api.all("datavolumes")
        out, err = self.finish(process)
        self.assertEqual(volume["spec"]["source"], {"upload": {}})
        storage = volume["spec"]["storage"]
        self.assertEqual(storage["resources"]["requests"]["storage"], "1024Mi")
        self.assertEqual(storage["storageClassName"], "fast")
        self.assertEqual(self.disks.uploads, [self.file.read_bytes()])
        self.assertEqual(out, "DataSource images/fedora is ready\n")
        size = self.file.stat().st_size / 1024
        self.assertIn(f"fedora.qcow2: qcow2, {size:.1f} KiB", err)
        [source] = self.api.all("datasources")
        self.assertEqual(source["spec"]["source"]["pvc"],
                         {"namespace": "images", "name": "fedora"})
        self.assertEqual(source["metadata"]["labels"],
                         {"instancetype.kubevirt.io/default-preference": "fedora"})

    def test_a_disk_alone(self):
        """What is exported is uploaded as a claim, to recover a VM."""
        self.file = self.write("web-root.raw", bytes(510) + b"\x55\xaa" + bytes(1 << 20))
        out, _ = self.end_of(self.begin("--datasource=false"), 0)
        self.assertEqual(out, "DataVolume images/fedora is complete\n")
        self.assertEqual(self.api.all("datasources"), [])
        [volume] = self.api.all("datavolumes")
        requests = volume["spec"]["storage"]["resources"]["requests"]
        self.assertEqual(requests["storage"], "2Mi")

    def test_the_proxy_of_the_configuration(self):
        self.api.put("cdiconfigs", {"metadata": {"name": "config"}, "status": {
            "uploadProxyURL": f"127.0.0.1:{self.disks.port}",
            "uploadProxyCA": self.certificates.ca.read_text()}})
        process = self.start("upload", self.file, "images/fedora")
        self.made("datavolumes")
        self.set_phase("UploadReady")
        self.finish(process)

    def test_no_proxy(self):
        _, err = self.do("upload", self.file, "images/fedora", status=1)
        self.assertIn("kubectl port-forward -n cdi service/cdi-uploadproxy", err)
        self.assertEqual(self.api.all("datavolumes"), [])

    def test_files_that_are_no_images(self):
        cases = [
            (b"hello, world\n", [], "it is not a disk image that is known"),
            (b"", [], "it is empty"),
            (b"hello", ["--raw"], "it is a raw disk of 5 bytes"),
            (b"QFI\xfb" + struct.pack(">IQ", 3, 512) + bytes(500), [], "with a backing file"),
            (b"\x1f\x8b\x08" + bytes(100), [], "give --size"),
            (qcow2(), ["--size", "1Mi"], "is less than the disk"),
            (qcow2(), ["--size", "many"], '"many" is not a size'),
        ]
        for content, words, message in cases:
            with self.subTest(message=message):
                file = self.write("file", content)
                result = self.start("upload", file, "images/fedora", *words)
                _, err = result.communicate(timeout=support.PATIENCE)
                self.assertIn(result.returncode, (1, 2))
                self.assertIn(message, err)
                self.assertEqual(self.api.all("datavolumes"), [])
        _, err = self.do("upload", self.tmp / "absent", "images/fedora", status=3)
        self.assertIn("No such file", err)
        _, err = self.do("upload", self.tmp, "images/fedora", status=1)
        self.assertIn("it is not a file", err)

    def test_another_certificate(self):
        other = kube_server.Certificates(self.tmp / "other")
        self.ca = ["--proxy-ca", other.ca]
        _, err = self.end_of(self.begin(), 4)
        self.assertIn("certificate", err)
        self.assertEqual(self.api.all("datavolumes"), [])  # it was of no use

    def test_insecure(self):
        self.ca = ["--insecure"]
        self.finish(self.begin())

    def test_the_token_is_refused(self):
        self.disks.token = lambda: "another"
        _, err = self.end_of(self.begin(), 4)
        self.assertIn("the proxy refuses the token (status 401)", err)
        self.assertEqual(self.api.all("datavolumes"), [])

    def test_the_token_request_is_forbidden(self):
        self.api.fail("POST", "uploadtokenrequests", 403)
        self.end_of(self.begin(), 1)
        self.assertEqual(self.api.all("datavolumes"), [])

    def test_the_server_is_not_there_yet(self):
        self.disks.say(503)
        process = self.begin()
        self.wait_for_line(process.stderr, "waiting for CDI's upload server")
        self.finish(process)

    def test_the_connection_breaks(self):
        def drop(call):
            call.rfile.read(1000)
            call.drop()
            return True

        self.disks.faults = [None, drop]
        process = self.begin()
        self.finish(process)
        self.assertEqual(self.disks.uploads, [self.file.read_bytes()])

    def test_the_image_is_too_large(self):
        self.disks.faults = [None]

        def refuse(call):
            call.rfile.read(int(call.headers["Content-Length"]))
            call.reply(400, b"Saving stream failed: virtual image size is larger")
            return True

        self.disks.faults.append(refuse)
        _, err = self.end_of(self.begin(), 4)
        self.assertIn("status 400: Saving stream failed: virtual image size is larger", err)
        self.assertEqual(self.api.all("datavolumes"), [])

    def test_cdi_cannot_read_it(self):
        self.disks.on_upload = lambda: self.set_phase("UploadScheduled", conditions=[
            condition("Running", "False", "Error", "Unable to process data: not an image")])
        _, err = self.end_of(self.begin(), 4)
        self.assertIn("CDI cannot process the image: Unable to process data: not an image", err)
        self.assertEqual(self.api.all("datavolumes"), [])

    def test_interrupted_and_again(self):
        self.disks.faults = [None]
        self.disks.hang(self.released)
        process = self.begin()
        self.assertTrue(self.disks.begun.wait(60))
        process.send_signal(signal.SIGINT)
        self.end_of(process, 6)
        self.assertEqual(len(self.api.all("datavolumes")), 1)
        process = self.begin()
        _, err = self.finish(process)
        self.assertIn("DataVolume images/fedora is of the same file already (of 1024Mi, from "
                      "source upload, in phase UploadReady)", err)

    def test_interrupted_while_cdi_makes_the_disk(self):
        self.disks.on_upload = lambda: None
        process = self.begin()
        self.wait_for_line(process.stderr, "is sent; CDI makes the disk")
        self.await_watch()
        process.send_signal(signal.SIGINT)
        _, err = self.end_of(process, 6)
        self.assertIn("kubectl get datavolumes.cdi.kubevirt.io fedora -n images", err)
        # a second run: the server is at work, and then it is done
        self.disks.faults = [None]
        self.disks.say(503)
        process = self.begin()
        self.wait_for_line(process.stderr, "is at work")
        self.set_phase("Succeeded")
        self.finish(process)
        self.assertEqual(len(self.disks.uploads), 1)

    def test_the_name_is_taken(self):
        self.api.put("datavolumes", {
            "metadata": {"name": "fedora", "namespace": "images"},
            "spec": {"source": {"http": {}}, "storage": {"resources": {"requests": {
                "storage": "5Gi"}}}},
            "status": {"phase": "Succeeded"}})
        self.api.put("datasources", {"metadata": {"name": "fedora", "namespace": "images"}})
        _, err = self.do("upload", self.file, "images/fedora", "--proxy", self.disks.url, status=1)
        self.assertIn("exists already, of another file or size (of 5Gi, from source http, in phase "
                      "Succeeded), and so does the DataSource", err)
        self.api.remove("datavolumes", "images", "fedora")
        _, err = self.do("upload", self.file, "images/fedora", "--proxy", self.disks.url, status=1)
        self.assertIn("DataSource images/fedora exists already, with another source", err)
        self.assertEqual(self.api.all("datavolumes"), [])

    def test_it_is_there_already(self):
        self.finish(self.begin())
        out, err = self.do("upload", self.file, "images/fedora", "--proxy", self.disks.url)
        self.assertEqual(out, "DataSource images/fedora is ready\n")
        self.assertIn("is of the same file already", err)
        self.assertEqual(len(self.disks.uploads), 1)
        other = self.write("other.qcow2", qcow2())
        _, err = self.do("upload", other, "images/fedora", "--proxy", self.disks.url, status=1)
        self.assertIn("of another file or size", err)

    def test_without_waiting(self):
        self.disks.on_upload = lambda: None
        out, _ = self.end_of(self.begin("--wait=false"), 0)
        self.assertEqual(out, "")
        self.assertEqual(len(self.api.all("datasources")), 1)

    def test_no_storage(self):
        process = self.start("upload", self.file, "images/fedora", "--proxy", self.disks.url,
                             *self.ca)
        self.made("datavolumes")
        self.set_phase("Pending", conditions=[
            condition("Bound", "False", "ErrClaimNotValid", "no accessMode specified")])
        _, err = self.end_of(process, 4)
        self.assertIn("it cannot be made: Bound is False (no accessMode specified)", err)
        self.assertEqual(self.api.all("datavolumes"), [])

    def test_dry_run(self):
        out, _ = self.do("upload", self.file, "images/fedora", "--dry-run")
        self.assertIn("kind: DataVolume", out)
        self.assertIn("kind: DataSource", out)
        self.assertEqual(self.api.all("datavolumes"), [])


if __name__ == "__main__":
    support.main()
