#!/usr/bin/python3
"""hook-manager with foreign sidecars: python3-grpcio and @grpc/grpc-js."""

import base64
import json
import os
import socket
import subprocess
import time

import support

UUID = "0c1d2e3f-0000-4000-8000-000000000001"
DOMAIN = f"""<domain type="kvm">
  <name>default_vm</name>
  <uuid>{UUID}</uuid>
  <memory unit="KiB">65536</memory>
  <os>
    <type arch="x86_64" machine="q35">hvm</type>
  </os>
</domain>"""
CLOUD_INIT = {
    "DataSource": "noCloud",
    "NoCloudMetaData": {"instance-id": "vm.default"},
    "ConfigDriveMetaData": None,
    "UserData": "#cloud-config\n",
    "NetworkData": "version: 2\n",
    "DevicesData": None,
    "VolumeName": "cloudinit",
}
# Longer than any test runs: support.PATIENCE fails a test that hangs.
LONG = "100s"


def marked(*names):
    """The domain after those sidecars, in their order."""
    return DOMAIN.replace("</domain>", "".join(f"<!--{name}-->" for name in names) + "</domain>")


class ManagerTest(support.TestCase):
    """Starts sidecars in a socket directory and runs hook-manager on it."""

    def setUp(self):
        super().setUp()
        self.sockets = self.tmp / "sockets"
        self.sockets.mkdir()

    def start(self, path, *options, kind="python"):
        """Starts a sidecar that listens at a path below the socket directory; waits until it
        does."""
        path = self.sockets / path
        path.parent.mkdir(exist_ok=True)
        if kind == "python":
            argv = ["/usr/bin/python3", support.PEERS / "sidecar.py", path, *options]
            env = None
        else:
            argv = ["node", support.PEERS / "sidecar.js", path, *options]
            env = support.node_environment()
        process = self.spawn(argv, env=env, stdout=subprocess.PIPE, text=True)
        self.wait_for_line(process.stdout, "listening")
        return process

    def argv(self, command, sidecars, *options):
        """The command line of hook-manager."""
        count = [] if sidecars is None else ["--sidecars", sidecars]
        return [
            *[support.program("hook-manager"), command, "--socket-dir", self.sockets],
            *count,
            *options,
        ]

    def manage(self, command, sidecars, *options, stdin=""):
        """Runs hook-manager to completion."""
        return support.run(self.argv(command, sidecars, *options), stdin=stdin)

    def chain(self, sidecars, *options):
        """Runs on-define-domain on DOMAIN."""
        return self.manage("on-define-domain", sidecars, "--timeout", LONG, *options, stdin=DOMAIN)

    def manage_later(self, command, sidecars, *options, stdin=DOMAIN):
        """Starts hook-manager and returns when it is waiting for sidecars."""
        document = self.write("document", stdin)
        with open(document, encoding="utf-8") as opened:
            process = self.spawn(
                self.argv(command, sidecars, "--timeout", LONG, "--log-level", "debug", *options),
                stdin=opened,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        return process

    def assert_failed(self, result, status, *words):
        """Checks that it failed with a status, wrote no result, and has the words in its last
        line."""
        self.assertEqual(result.stdout, "", result.stderr)
        self.assertEqual(result.returncode, status, result.stderr)
        last = json.loads(result.stderr.splitlines()[-1])
        self.assertEqual(last["level"], "error")
        for word in words:
            self.assertIn(word, last["msg"])

    def assert_succeeded(self, result, expected):
        """Checks that it succeeded with a result."""
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout, expected)


class CollectTest(ManagerTest):
    """Discovering sidecars and calling their Info."""

    def test_none_expected(self):
        result = self.manage("collect", 0)
        self.assert_succeeded(result, "[]\n")

    def test_what_is_printed(self):
        self.start(
            "hook-sidecar-1/any-name",
            *["--version", "v1alpha1", "--version", "v1alpha2", "--version", "v9"],
            *["--hook", "OnDefineDomain=-5", "--hook", "PreCloudInitIso=2147483647"],
        )
        self.start("hook-sidecar-0/b.sock", "--hook", "Shutdown", kind="js")
        annotation = self.write(
            "annotation", '[{"image": "i"}, {"timeoutSeconds": 7, "failurePolicy": "Ignore"}]'
        )
        result = self.manage("collect", 2, "--timeout", LONG, "--annotation-file", annotation)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(
            json.loads(result.stdout),
            [
                {
                    "name": "hook-sidecar-0",
                    "index": 0,
                    "socket": f"{self.sockets}/hook-sidecar-0/b.sock",
                    "version": "v1alpha3",
                    "hooks": {"Shutdown": 0},
                    "timeoutSeconds": 60,
                    "failurePolicy": "Fail",
                },
                {
                    "name": "hook-sidecar-1",
                    "index": 1,
                    "socket": f"{self.sockets}/hook-sidecar-1/any-name",
                    "version": "v1alpha2",
                    "hooks": {"OnDefineDomain": -5, "PreCloudInitIso": 2147483647},
                    "timeoutSeconds": 7,
                    "failurePolicy": "Ignore",
                },
            ],
        )

    def test_sockets_of_the_same_name_are_two(self):
        self.start("hook-sidecar-0/hook.sock", "--name", "a")
        self.start("hook-sidecar-1/hook.sock", "--name", "b")
        self.assert_succeeded(self.chain(2), marked("a", "b"))

    def test_two_sockets_of_one_container_are_one(self):
        stale = socket.socket(socket.AF_UNIX)
        (self.sockets / "hook-sidecar-0").mkdir()
        stale.bind(str(self.sockets / "hook-sidecar-0" / "shim-old.sock"))
        stale.close()  # as left behind by a restarted container
        self.start("hook-sidecar-0/shim-new.sock", "--name", "new")
        self.assert_succeeded(self.chain(1), marked("new"))

    def test_a_socket_directly_in_the_directory(self):
        self.start("hook-sidecar-3.sock", "--name", "direct")
        result = self.manage("collect", 1, "--timeout", LONG)
        self.assertEqual(result.returncode, 0, result.stderr)
        [sidecar] = json.loads(result.stdout)
        self.assertEqual((sidecar["name"], sidecar["index"]), ("hook-sidecar-3", 3))

    def test_what_is_no_socket_is_ignored(self):
        self.start("hook-sidecar-0/a.sock", "--name", "a")
        self.write("sockets/hook-sidecar-0/readme", "text")
        self.write("sockets/file.sock", "text")
        elsewhere = self.tmp / "elsewhere"
        elsewhere.mkdir()
        (self.sockets / "hook-sidecar-1").symlink_to(elsewhere)
        (self.sockets / "link.sock").symlink_to(self.sockets / "hook-sidecar-0" / "a.sock")
        self.assert_succeeded(self.chain(1), marked("a"))

    def test_late_sockets(self):
        """A container's directory, then its socket, appear while the manager is waiting."""
        manager = self.manage_later("on-define-domain", 2)
        self.start("hook-sidecar-1/a.sock", "--name", "one")
        self.wait_for_line(manager.stderr, "sidecar is ready")
        self.start("hook-sidecar-0/b.sock", "--name", "zero", kind="js")
        stdout, stderr = manager.communicate(timeout=support.PATIENCE)
        self.assertEqual(manager.returncode, 0, stderr)
        self.assertEqual(stdout, marked("zero", "one"))

    def test_late_sockets_where_inotify_is_used_up(self):
        """In its own user namespace, which allows no inotify instance."""
        limited = "echo 0 >/proc/sys/user/max_inotify_instances && exec \"$@\""
        unshare = ["unshare", "--user", "--map-root-user", "sh", "-c", limited, "sh"]
        if support.run([*unshare, "true"]).returncode != 0:
            self.skipTest("user namespaces are not allowed here")
        manager = self.spawn(
            [*unshare, *self.argv("collect", 1, "--timeout", LONG)],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.start("hook-sidecar-0/a.sock")
        stdout, _ = manager.communicate(timeout=support.PATIENCE)
        self.assertEqual(json.loads(stdout)[0]["name"], "hook-sidecar-0")

    def test_names_that_are_no_text(self):
        self.start("odd/a.sock")
        odd = os.fsencode(self.sockets / "odd")
        os.rename(odd + b"/a.sock", odd + b"/\xfe.sock")
        os.rename(odd, os.fsencode(self.sockets) + b"/\xff\n-3")
        result = self.manage("collect", 1, "--timeout", LONG)
        self.assertEqual(result.returncode, 0, result.stderr)
        [sidecar] = json.loads(result.stdout)
        self.assertEqual((sidecar["name"], sidecar["index"]), (r"\xff\x0a-3", 3))
        self.assertTrue(sidecar["socket"].endswith(r"/\xfe.sock"))

    def test_a_directory_that_is_moved_in(self):
        self.start("../elsewhere/a.sock", "--name", "moved")
        manager = self.manage_later("on-define-domain", 2)
        self.start("hook-sidecar-1/a.sock", "--name", "one")
        self.wait_for_line(manager.stderr, "sidecar is ready")
        (self.tmp / "elsewhere").rename(self.sockets / "hook-sidecar-0")
        stdout, stderr = manager.communicate(timeout=support.PATIENCE)
        self.assertEqual(manager.returncode, 0, stderr)
        self.assertEqual(stdout, marked("moved", "one"))

    def test_a_socket_that_listens_late(self):
        """It is bound but refuses connections, then is replaced by one that answers."""
        (self.sockets / "hook-sidecar-0").mkdir()
        path = self.sockets / "hook-sidecar-0" / "a.sock"
        bound = socket.socket(socket.AF_UNIX)
        bound.bind(str(path))
        manager = self.manage_later("on-define-domain", 1)
        self.wait_for_line(manager.stderr, "found a socket")
        bound.close()
        path.unlink()
        self.start("hook-sidecar-0/a.sock", "--name", "late")
        stdout, stderr = manager.communicate(timeout=support.PATIENCE)
        self.assertEqual(manager.returncode, 0, stderr)
        self.assertEqual(stdout, marked("late"))

    def test_a_sidecar_that_is_restarted_before_all_are_there(self):
        first = self.start("hook-sidecar-0/a.sock", "--name", "first")
        manager = self.manage_later("on-define-domain", 2)
        self.wait_for_line(manager.stderr, "sidecar is ready")
        self.end(first)
        (self.sockets / "hook-sidecar-0" / "a.sock").unlink()
        self.start("hook-sidecar-0/a.sock", "--name", "second")
        self.wait_for_line(manager.stderr, "sidecar is ready")
        self.start("hook-sidecar-1/a.sock", "--name", "other")
        stdout, stderr = manager.communicate(timeout=support.PATIENCE)
        self.assertEqual(manager.returncode, 0, stderr)
        self.assertEqual(stdout, marked("second", "other"))

    def test_more_than_expected(self):
        for index in range(3):
            self.start(f"hook-sidecar-{index}/a.sock")
        self.assert_failed(self.manage("collect", 2, "--timeout", LONG), 1, "2 expected", "besides")

    def test_missing_ones_are_named(self):
        self.start("hook-sidecar-0/a.sock")
        (self.sockets / "hook-sidecar-1").mkdir()
        (self.sockets / "hook-sidecar-2").mkdir()
        refusing = socket.socket(socket.AF_UNIX)
        refusing.bind(str(self.sockets / "hook-sidecar-2" / "b.sock"))
        self.addCleanup(refusing.close)
        result = self.manage("collect", 4, "--timeout", "2s")
        self.assert_failed(result, 5, "1 of 4", "(hook-sidecar-0)")
        self.assert_failed(result, 5, "hook-sidecar-1 (no socket in")
        self.assert_failed(result, 5, "hook-sidecar-2/b.sock: Connection refused")
        self.assert_failed(result, 5, "hook-sidecar-3 (no sign of it)")

    def test_a_sidecar_that_never_binds(self):
        started = time.monotonic()
        self.assert_failed(self.manage("collect", 1, "--timeout", "100ms"), 5, "hook-sidecar-0")
        self.assertLess(time.monotonic() - started, 20)

    def test_info_never_answers(self):
        self.start("hook-sidecar-0/a.sock", "--behaviour", "silent-info")
        result = self.manage("collect", 1, "--timeout", "1500ms")
        self.assert_failed(result, 5, "hook-sidecar-0", "Info: no answer within 1 s")

    def test_a_socket_that_accepts_and_is_silent(self):
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(self.sockets / "silent.sock"))
        listening.listen()
        self.addCleanup(listening.close)
        self.assert_failed(self.manage("collect", 1, "--timeout", "500ms"), 5, "silent", "Info")

    def test_no_common_version(self):
        self.start("hook-sidecar-0/a.sock", "--version", "v1beta1", "--version", "v9")
        result = self.manage("collect", 1, "--timeout", LONG)
        self.assert_failed(
            result, 4, "sidecar hook-sidecar-0 (index 0)", '"v1beta1", "v9"', "v1alpha3"
        )

    def test_no_info_service(self):
        self.start("hook-sidecar-0/a.sock", "--behaviour", "no-info")
        result = self.manage("collect", 1, "--timeout", LONG)
        self.assert_failed(result, 4, "hook-sidecar-0", "UNIMPLEMENTED")

    def test_info_fails(self):
        self.start("hook-sidecar-0/a.sock", "--behaviour", "error-info")
        result = self.manage("collect", 1, "--timeout", LONG)
        self.assert_failed(result, 4, "hook-sidecar-0", "FAILED_PRECONDITION: not today")

    def test_info_that_is_no_info(self):
        self.start("hook-sidecar-0/a.sock", "--behaviour", "garbage-info")
        result = self.manage("collect", 1, "--timeout", "1s")
        self.assert_failed(result, 5, "hook-sidecar-0", "Info: INTERNAL")

    def test_unknown_hook_points_are_warned_about(self):
        self.start("hook-sidecar-0/a.sock", "--hook", "OnTea", "--hook", "OnDefineDomain")
        result = self.manage("collect", 1, "--timeout", LONG)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("OnTea", result.stderr)
        self.assertEqual(json.loads(result.stdout)[0]["hooks"], {"OnDefineDomain": 0})

    def test_a_directory_that_is_not_there(self):
        result = self.manage("collect", 1, "--socket-dir", self.tmp / "nowhere")
        self.assert_failed(result, 3, "nowhere", "No such file or directory")


class ChainTest(ManagerTest):
    """OnDefineDomain from sidecar to sidecar."""

    def test_index_is_a_number(self):
        for index, kind in ((10, "python"), (2, "js"), (1, "python")):
            self.start(f"hook-sidecar-{index}/a.sock", "--name", f"s{index}", kind=kind)
        self.assert_succeeded(self.chain(3), marked("s1", "s2", "s10"))

    def test_priority_comes_before_index(self):
        for index, priority, kind in ((0, -1, "js"), (1, 5, "python"), (2, 5, "js")):
            hook = f"OnDefineDomain={priority}"
            self.start(
                f"hook-sidecar-{index}/a.sock", "--name", f"s{index}", "--hook", hook, kind=kind
            )
        self.assert_succeeded(self.chain(3), marked("s1", "s2", "s0"))

    def test_every_version(self):
        for index, version in enumerate(("v1alpha1", "v1alpha2", "v1alpha3")):
            self.start(f"hook-sidecar-{index}/a.sock", "--name", version, "--version", version)
        self.assert_succeeded(self.chain(3), marked("v1alpha1", "v1alpha2", "v1alpha3"))

    def test_the_vmi_arrives_as_it_is(self):
        sidecar = self.start("hook-sidecar-0/a.sock")
        vmi = self.write("vmi.json", '{"metadata":  {"name":"v\\u003cm"}}')
        self.assertEqual(self.chain(1, "--vmi", vmi).returncode, 0)
        self.wait_for_line(sidecar.stdout, '{"metadata":  {"name":"v\\u003cm"}}')

    def test_without_subscriber_nothing_changes(self):
        self.start("hook-sidecar-0/a.sock", "--hook", "Shutdown")
        document = "<domain>\r\n\t<name>a</name></domain>\n\n"
        result = self.manage("on-define-domain", 1, stdin=document.encode())
        self.assertEqual(result.stdout, document.encode())

    def test_refused_documents(self):
        """The error names the sidecar; nothing is written."""
        faults = {
            "empty": "empty",
            "other-domain": '"other"',
            "other-uuid": "uuid",
            "huge": "RESOURCE_EXHAUSTED",
            "ill-formed": "line",
            "not-utf8": "UTF-8",
            "entity": "document type",
            "error": "INTERNAL: the disk | is gone",
        }
        for fault, words in faults.items():
            with self.subTest(fault):
                sidecar = self.start("hook-sidecar-7/a.sock", "--behaviour", fault)
                result = self.chain(1)
                self.assert_failed(
                    result, 4, "sidecar hook-sidecar-7 (index 7): OnDefineDomain: ", words
                )
                self.end(sidecar)
                (self.sockets / "hook-sidecar-7" / "a.sock").unlink()

    def test_the_document_as_it_stood_is_logged(self):
        self.start("hook-sidecar-0/a.sock", "--name", "good")
        self.start("hook-sidecar-1/a.sock", "--behaviour", "empty", kind="js")
        result = self.chain(2)
        self.assert_failed(result, 4, "hook-sidecar-1")
        logged = [json.loads(line) for line in result.stderr.splitlines()]
        self.assertIn(marked("good"), [line.get("domain") for line in logged])

    def test_schema(self):
        self.start("hook-sidecar-0/a.sock", "--behaviour", "invalid")
        self.assertEqual(self.chain(1).returncode, 0)
        self.assert_failed(self.chain(1, "--schema"), 4, "hook-sidecar-0", "no-such-element")

    def test_bad_input_is_nobodys_fault(self):
        sidecar = self.start("hook-sidecar-0/a.sock")
        for document in (b"", b"<domain>", b"<domain><name/></domain>", b"\xff\xfe"):
            with self.subTest(document):
                result = self.manage("on-define-domain", 1, stdin=document)
                self.assertEqual((result.returncode, result.stdout), (1, b""), result.stderr)
                self.assertIn(b"before any hook", result.stderr.splitlines()[-1])
        self.end(sidecar)

    def test_dies_in_the_call(self):
        for kind in ("python", "js"):
            with self.subTest(kind):
                self.start("hook-sidecar-0/a.sock", "--behaviour", "die", kind=kind)
                result = self.chain(1)
                self.assert_failed(result, 4, "hook-sidecar-0", "UNAVAILABLE", "reconnecting")
                (self.sockets / "hook-sidecar-0" / "a.sock").unlink(missing_ok=True)

    def test_never_answers(self):
        self.start("hook-sidecar-0/a.sock", "--behaviour", "hang")
        annotation = self.write("annotation", '[{"image": "i", "timeoutSeconds": 1}]')
        result = self.chain(1, "--annotation-file", annotation)
        self.assert_failed(result, 5, "hook-sidecar-0", "no answer within 1 s")

    def test_a_deadline_of_the_sidecars_own(self):
        """As with a shim's --timeout; its message is not lost."""
        self.start("hook-sidecar-0/a.sock", "--behaviour", "late")
        self.assert_failed(
            self.chain(1), 5, "hook-sidecar-0", "DEADLINE_EXCEEDED: the hook | was slow"
        )

    def test_failures_that_are_ignored(self):
        faults = ("die", "empty", "error", "hang")
        for index, fault in enumerate(faults):
            self.start(f"hook-sidecar-{index}/a.sock", "--behaviour", fault)
        self.start("hook-sidecar-4/a.sock", "--name", "last", kind="js")
        entry = {"image": "i", "failurePolicy": "Ignore", "timeoutSeconds": 1}
        annotation = self.write("annotation", json.dumps([entry] * len(faults)))
        result = self.chain(5, "--annotation-file", annotation)
        self.assert_succeeded(result, marked("last"))
        for index in range(len(faults)):
            self.assertIn(f"sidecar hook-sidecar-{index} ", result.stderr)

    def start_with_gate(self, *options):
        """Starts two sidecars, the first with a gate before its answer, and the manager. Returns
        the second sidecar, the manager and the gate when the first sidecar is being called."""
        gate = self.tmp / "gate"
        os.mkfifo(gate)
        first = self.start("hook-sidecar-0/a.sock", "--name", "a", "--gate", gate)
        second = self.start("hook-sidecar-1/b.sock", "--name", "b", kind="js")
        manager = self.manage_later("on-define-domain", 2, "--warn-after", "1ms", *options)
        self.wait_for_line(first.stdout, "called OnDefineDomain")
        return second, manager, gate

    def test_gone_between_collect_and_call(self):
        second, manager, gate = self.start_with_gate()
        self.end(second)
        gate.write_text("go on", encoding="utf-8")
        stdout, stderr = manager.communicate(timeout=support.PATIENCE)
        self.assertEqual((manager.returncode, stdout), (4, ""), stderr)
        self.assertIn("sidecar hook-sidecar-1 (index 1)", stderr.splitlines()[-1])

    def test_silent_between_collect_and_call(self):
        """However many sockets it has, they share the time limit of one call."""
        entries = [{"image": "i"}, {"image": "i", "timeoutSeconds": 1}]
        annotation = self.write("annotation", json.dumps(entries))
        second, manager, gate = self.start_with_gate("--annotation-file", annotation)
        self.end(second)
        for number in range(15):
            silent = socket.socket(socket.AF_UNIX)
            self.addCleanup(silent.close)
            silent.bind(str(self.sockets / "hook-sidecar-1" / f"{number}.sock"))
            silent.listen()
        started = time.monotonic()
        gate.write_text("go on", encoding="utf-8")
        stdout, stderr = manager.communicate(timeout=support.PATIENCE)
        self.assertLess(time.monotonic() - started, 10)
        self.assertEqual((manager.returncode, stdout), (4, ""), stderr)
        self.assertIn("sidecar hook-sidecar-1 (index 1)", stderr.splitlines()[-1])
        self.assertIn("reconnecting", stderr.splitlines()[-1])

    def test_restarted_between_collect_and_call(self):
        """Its new socket has another name, as with a shim."""
        second, manager, gate = self.start_with_gate()
        self.end(second)
        self.start("hook-sidecar-1/c.sock", "--name", "c", "--version", "v1alpha1")
        gate.write_text("go on", encoding="utf-8")
        stdout, stderr = manager.communicate(timeout=support.PATIENCE)
        self.assertEqual(manager.returncode, 0, stderr)
        self.assertEqual(stdout, marked("a", "c"))
        self.assertIn("reopened", stderr)

    def test_slow_chains_are_warned_about(self):
        _, manager, gate = self.start_with_gate()
        self.wait_for_line(manager.stderr, "gives up after 20 s")
        gate.write_text("go on", encoding="utf-8")
        self.assertEqual(manager.communicate(timeout=support.PATIENCE)[0], marked("a", "b"))

    def test_text_log(self):
        self.start("hook-sidecar-0/a.sock", "--behaviour", "error")
        result = self.chain(1, "--log-format", "text", "--log-level", "error")
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertIn("hook-manager: error: sidecar hook-sidecar-0", result.stderr)


class CloudInitTest(ManagerTest):
    """PreCloudInitIso from sidecar to sidecar."""

    def start_hook(self, index, *options, kind="python"):
        self.start(
            f"hook-sidecar-{index}/a.sock",
            *["--hook", "PreCloudInitIso", "--name", f"s{index}", *options],
            kind=kind,
        )

    def chain_data(self, sidecars, text):
        return self.manage("pre-cloud-init-iso", sidecars, "--timeout", LONG, stdin=text)

    def test_all_are_called(self):
        """Includes those that use the older form, whatever their position."""
        self.start_hook(0, kind="js")
        self.start_hook(1, "--behaviour", "legacy", "--version", "v1alpha2")
        self.start_hook(2)
        result = self.chain_data(3, json.dumps(CLOUD_INIT))
        self.assertEqual(result.returncode, 0, result.stderr)
        expected = {**CLOUD_INIT, "UserData": "#cloud-config\n# s0\n# s1\n# s2\n"}
        self.assertEqual(json.loads(result.stdout), expected)

    def test_the_older_form_in_base64(self):
        """What it has comes to the next sidecar, and to the result."""
        data = {**CLOUD_INIT, "NetworkData": "version: 2\n"}
        encoded = {
            "userDataBase64": base64.b64encode(b"#cloud-config\nuser: a && b\n").decode(),
            "networkDataBase64": base64.b64encode(b"version: 1\n").decode(),
        }
        self.start_hook(0, "--version", "v1alpha2", "--older", json.dumps(encoded))
        self.start_hook(1)
        result = self.chain_data(2, json.dumps(data))
        self.assertEqual(result.returncode, 0, result.stderr)
        expected = {
            **CLOUD_INIT,
            "UserData": "#cloud-config\nuser: a && b\n# s1\n",
            "NetworkData": "version: 1\n",
        }
        self.assertEqual(json.loads(result.stdout), expected)
        self.assertRegex(result.stderr, "warning.*hook-sidecar-0.*its cloudInitData is empty")

    def test_data_that_get_lost(self):
        """One of the two texts: a warning. Both: no guest starts with nothing."""
        data = {**CLOUD_INIT, "NetworkData": "version: 2\n"}
        self.start_hook(0, "--version", "v1alpha2", "--older", '{"networkData": "version: 2\\n"}')
        result = self.chain_data(1, json.dumps(data))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(result.stdout), {**data, "UserData": ""})
        self.assertRegex(
            result.stderr,
            "warning.*hook-sidecar-0.*PreCloudInitIso: .*; it returned no user data, of which it got some",
        )
        (self.sockets / "hook-sidecar-0" / "a.sock").unlink()
        for older, words in {
            "{}": "it returned neither user data nor network data",
            '{"userDataBase64": "x"}': "userDataBase64: it is not Base64",
            '{"secretRef": {"name": "s"}}': "a hook comes too late to name a Secret",
        }.items():
            with self.subTest(older):
                self.start_hook(0, "--older", older)
                result = self.chain_data(1, json.dumps(data))
                self.assert_failed(result, 4, "hook-sidecar-0", "PreCloudInitIso", words)
                (self.sockets / "hook-sidecar-0" / "a.sock").unlink()

    def test_without_data_nothing_is_called(self):
        self.start_hook(0, "--behaviour", "die")
        for text in ("", "null", " null\n"):
            result = self.chain_data(1, text)
            self.assert_succeeded(result, text)
            self.assertRegex(result.stderr, "warning.*hook-sidecar-0.*PreCloudInitIso is not called")

    def test_v1alpha1_has_no_such_hook(self):
        self.start_hook(0, "--version", "v1alpha1")
        result = self.chain_data(1, json.dumps(CLOUD_INIT))
        self.assert_succeeded(result, json.dumps(CLOUD_INIT))
        self.assertIn("PreCloudInitIso", result.stderr)

    def test_faults(self):
        for fault, words in {"bad-json": "JSON", "die": "UNAVAILABLE"}.items():
            with self.subTest(fault):
                self.start_hook(0, "--behaviour", fault)
                result = self.chain_data(1, json.dumps(CLOUD_INIT))
                self.assert_failed(result, 4, "hook-sidecar-0", "PreCloudInitIso", words)
                (self.sockets / "hook-sidecar-0" / "a.sock").unlink()

    def test_secrets_are_not_logged(self):
        self.start_hook(0, "--behaviour", "error")
        data = {**CLOUD_INIT, "UserData": "#cloud-config\npassword: swordfish\n"}
        result = self.manage(
            *["pre-cloud-init-iso", 1, "--timeout", LONG, "--log-level", "debug"],
            stdin=json.dumps(data),
        )
        self.assert_failed(result, 4, "hook-sidecar-0")
        self.assertNotIn("swordfish", result.stderr)


class ShutdownTest(ManagerTest):
    """Shutdown of all sidecars."""

    def test_all_that_are_there(self):
        announced = ["--hook", "Shutdown"]
        calls = [
            self.start("hook-sidecar-0/a.sock", *announced),
            self.start("hook-sidecar-1/a.sock", *announced, kind="js"),
        ]
        gone = self.start("hook-sidecar-2/a.sock", *announced)
        self.end(gone)
        result = self.manage("shutdown", 3)
        self.assertEqual((result.returncode, result.stdout), (0, ""), result.stderr)
        for sidecar in calls:
            self.wait_for_line(sidecar.stdout, "called Shutdown")

    def test_one_failure_does_not_stop_the_others(self):
        self.start("hook-sidecar-0/a.sock", "--hook", "Shutdown", "--behaviour", "error")
        second = self.start("hook-sidecar-1/a.sock", "--hook", "Shutdown")
        self.assert_failed(self.manage("shutdown", None), 4, "hook-sidecar-0", "the disk")
        self.wait_for_line(second.stdout, "called Shutdown")

    def test_one_that_goes_away_in_the_call(self):
        self.start("hook-sidecar-0/a.sock", "--hook", "Shutdown", "--behaviour", "die")
        result = self.manage("shutdown", 1)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_nobody_there(self):
        self.assertEqual(self.manage("shutdown", 2).returncode, 0)


class TraceTest(ManagerTest):
    """--trace and --timings."""

    def test_each_call_apart(self):
        self.start("hook-sidecar-0/a.sock", "--name", "a")
        self.start("hook-sidecar-1/a.sock", "--hook", "OnDefineDomain=1", "--behaviour", "empty")
        entries = [{"image": "i"}, {"image": "i", "failurePolicy": "Ignore"}]
        annotation = self.write("annotation", json.dumps(entries))
        trace = self.tmp / "trace"
        timings = self.tmp / "timings"
        for _ in range(2):
            result = self.chain(
                *[2, "--annotation-file", annotation, "--trace", trace, "--timings", timings]
            )
            self.assert_succeeded(result, marked("a"))
        files = sorted(str(path.relative_to(trace)) for path in trace.rglob("*") if path.is_file())
        call = [
            "00-hook-sidecar-1/change.diff",
            "00-hook-sidecar-1/hop.json",
            "00-hook-sidecar-1/input.xml",
            "00-hook-sidecar-1/output.xml",
            "01-hook-sidecar-0/change.diff",
            "01-hook-sidecar-0/hop.json",
            "01-hook-sidecar-0/input.xml",
            "01-hook-sidecar-0/output.xml",
        ]
        calls = ("01-OnDefineDomain", "02-OnDefineDomain")
        self.assertEqual(files, [f"{number}/{name}" for number in calls for name in call])
        hop = trace / "02-OnDefineDomain" / "01-hook-sidecar-0"
        self.assertEqual((hop / "input.xml").read_text(), DOMAIN)
        self.assertEqual((hop / "output.xml").read_text(), marked("a"))
        self.assertIn("+  <!--a-->", (hop / "change.diff").read_text())
        failed = json.loads((hop.parent / "00-hook-sidecar-1" / "hop.json").read_text())
        self.assertTrue(failed["ignored"])
        self.assertIn("empty", failed["error"])
        for path in trace.rglob("*"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)
        self.check_timings(timings)

    def check_timings(self, path):
        runs = [json.loads(line) for line in path.read_text().splitlines()]
        self.assertEqual([run["command"] for run in runs], ["on-define-domain"] * 2)
        self.assertEqual([run["exitStatus"] for run in runs], [0, 0])
        self.assertEqual(
            [hop["sidecar"] for hop in runs[0]["hops"]], ["hook-sidecar-1", "hook-sidecar-0"]
        )
        self.assertGreaterEqual(runs[0]["totalMilliseconds"], runs[0]["chainMilliseconds"])

    def test_a_trace_that_cannot_be_kept_is_a_warning(self):
        self.start("hook-sidecar-0/a.sock", "--name", "a")
        result = self.chain(1, "--trace", self.write("file", "") / "trace")
        self.assert_succeeded(result, marked("a"))
        self.assertIn("trace", result.stderr)


class CommandLineTest(ManagerTest):
    """Flags and help."""

    def test_help_and_version(self):
        manager = support.program("hook-manager")
        for words in (["--help"], ["collect", "--help"], ["shutdown", "-h"], ["--version"]):
            result = support.run([manager, *words])
            self.assertEqual((result.returncode, result.stderr), (0, ""), words)
            self.assertIn("hook-manager", result.stdout)

    def test_wrong_usage(self):
        manager = support.program("hook-manager")
        wrong = {
            (): "command is missing",
            ("colect",): 'did you mean "collect"?',
            ("collect",): "--sidecars N is missing",
            ("collect", "--sidecars", "-1"): "is not a number from 0",
            ("collect", "--sidecars", "1", "--timeout", "soon"): "is not a duration",
            ("collect", "--sidecars", "1", "--socket-dri", "x"): 'did you mean "--socket-dir"?',
            ("collect", "--sidecars", "1", "--log-format", "xml"): "text or json",
            ("collect", "--sidecars", "1", "more"): 'unexpected argument "more"',
            ("shutdown", "--vmi", "x"): "unknown flag",
            ("shutdown", "--socket-dir", ""): "--socket-dir: the value must not be empty",
            ("on-define-domain", "--schema", "x"): 'argument "x" (give a schema file as',
        }
        for words, message in wrong.items():
            with self.subTest(words):
                result = support.run([manager, *words])
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertIn(message, result.stderr)

    def test_unreadable_files(self):
        nowhere = self.tmp / "nowhere"
        self.assert_failed(self.chain(0, "--vmi", nowhere), 3, "nowhere")
        self.assert_failed(self.chain(0, "--annotation-file", nowhere), 3, "nowhere")
        self.assert_failed(self.chain(0, "--vmi", self.write("vmi", "[]")), 1, "an array")
        bad = self.write("bad", '[{"timeoutSeconds": 0}, {"failurePolicy": "Maybe"}]')
        result = self.chain(0, "--annotation-file", bad)
        self.assert_failed(result, 1, "[0].timeoutSeconds", "[1].failurePolicy")


if __name__ == "__main__":
    support.main()
