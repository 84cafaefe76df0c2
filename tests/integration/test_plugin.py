#!/usr/bin/python3
"""hook-manager serve, called as virt-launcher calls a plugin, by python3-grpcio and @grpc/grpc-js."""

import json
import os
import pathlib
import signal
import socket
import stat
import subprocess

import support
from test_manager import DOMAIN, LONG, ManagerTest, marked

SCHEMA = pathlib.Path("/usr/share/libvirt/schemas/domain.rng")
# The QEMU command line in the form of virt-launcher's XML library.
COMMAND_LINE = """\
  <commandline xmlns="http://libvirt.org/schemas/domain/qemu/1.0">
    <arg value="-fw_cfg"></arg>
    <arg value="name=opt/com.example,string=&#34;&lt;&amp;&#39;"></arg>
  </commandline>
"""
LIBVIRTXML = DOMAIN.replace("</domain>", COMMAND_LINE + "</domain>")
# How much 900 calls may add to the resident memory: leaking one document per call would be 7 MiB.
GROWTH_LIMIT_KIB = 4 << 10


class PluginTest(ManagerTest):
    """Starts hook-manager serve and calls it."""

    def setUp(self):
        super().setUp()
        self.socket = self.tmp / "plugins" / "hookline" / "hook.sock"
        self.launcher = self.tmp / "launcher" / "launcher-sock"
        self.launcher.parent.mkdir()
        self.domain = self.write("domain.xml", DOMAIN)

    def serve_later(self, sidecars, *options, **more):
        """Starts hook-manager serve."""
        argv = self.argv(
            *["serve", sidecars, "--timeout", LONG, "--plugin-socket", self.socket, *options]
        )
        return self.spawn(argv, stderr=subprocess.PIPE, text=True, **more)

    def serve(self, sidecars, *options, **more):
        """Starts it and waits until it serves."""
        process = self.serve_later(sidecars, *options, **more)
        process.started = self.wait_for_line(process.stderr, "serving MutateDomain")
        return process

    def serve_many(self, sidecars, **more):
        """Starts it for more calls than a pipe can buffer log lines for."""
        process = self.serve(sidecars, **more)
        self.spawn(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
        return process

    def client_argv(self, *options, kind="python"):
        name = {"python": "plugin_client.py", "js": "plugin_client.js"}[kind]
        program = {"python": "/usr/bin/python3", "js": "node"}[kind]
        return [program, support.PEERS / name, self.socket, self.domain, *options]

    def calls(self, *options, kind="python"):
        """Makes calls and returns their results."""
        env = support.node_environment() if kind == "js" else None
        result = support.run(self.client_argv(*options, kind=kind), env=env)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return [json.loads(line) for line in result.stdout.splitlines()]

    def call(self, *options):
        """Makes one call and returns its code, message and domain."""
        [answer] = self.calls(*options)
        return answer["code"], answer["message"], answer["domain"]

    def call_later(self, *options):
        """Starts a client."""
        return self.spawn(
            self.client_argv(*options), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def answers(self, client):
        """Waits for a client's end and returns the codes by call number."""
        stdout, _ = client.communicate(timeout=support.PATIENCE)
        return {answer["call"]: answer["code"] for answer in map(json.loads, stdout.splitlines())}

    def assert_ended(self, process, *words):
        """Checks that it ended with status 0, left no socket, and logged the words."""
        _, stderr = process.communicate(timeout=support.PATIENCE)
        self.assertEqual(process.returncode, 0, stderr)
        self.assertFalse(os.path.lexists(self.socket))
        for word in words:
            self.assertIn(word, stderr)

    def stop(self, process, *words):
        process.send_signal(signal.SIGTERM)
        self.assert_ended(process, *words)


class CallTest(PluginTest):
    """Calls one after another, and several at once."""

    def start_three(self):
        """Two of the three share a priority; the third comes first."""
        for index, priority in enumerate((0, 0, 5)):
            hook = f"OnDefineDomain={priority}"
            self.start(f"hook-sidecar-{index}/a.sock", "--name", f"s{index}", "--hook", hook)
        return marked("s2", "s0", "s1")

    def test_one_after_another(self):
        expected = self.start_three()
        self.serve_many(3)
        for kind in ("python", "js"):
            with self.subTest(kind):
                answers = self.calls("--count", 200, kind=kind)
                self.assertEqual([answer["domain"] for answer in answers], [expected] * 200)

    def test_many_at_once(self):
        expected = self.start_three()
        self.serve(3)
        for kind in ("python", "js"):
            with self.subTest(kind):
                answers = self.calls("--count", 20, "--at-once", kind=kind)
                self.assertEqual([answer["domain"] for answer in answers], [expected] * 20)

    def test_order_of_arrival(self):
        sidecar = self.start("hook-sidecar-0/a.sock")
        self.serve(1)
        self.calls("--count", 20, "--at-once", kind="js")
        seen = self.wait_for_line(sidecar.stdout, '{"call":19}')
        called = [line for line in seen.splitlines() if "called OnDefineDomain" in line]
        expected = [f'called OnDefineDomain {{"call":{number}}}' for number in range(20)]
        self.assertEqual(called, expected)

    def test_memory_does_not_grow(self):
        self.domain.write_text(DOMAIN + "<!--" + "x" * 8192 + "-->", encoding="utf-8")
        self.start_three()
        # AddressSanitizer delays freeing memory, to detect later uses.
        env = {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=1"}
        process = self.serve_many(3, env=env)
        self.calls("--count", 100)
        before = self.resident_kib(process)
        self.calls("--count", 900)
        self.assertLess(self.resident_kib(process) - before, GROWTH_LIMIT_KIB)

    @staticmethod
    def resident_kib(process):
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1])

    def test_libvirtxml(self):
        """Elements in a namespace without a prefix, and escapes in Go's form."""
        self.domain.write_text(LIBVIRTXML, encoding="utf-8")
        self.start("hook-sidecar-0/a.sock", "--name", "a")
        self.serve(1, *(["--schema"] if SCHEMA.exists() else []))
        expected = LIBVIRTXML.replace("</domain>", "<!--a--></domain>")
        self.assertEqual(self.call(), ("OK", "", expected))

    def test_without_subscriber_nothing_changes(self):
        document = "<domain>\r\n\t<name>a</name></domain>\n\n"
        self.domain.write_bytes(document.encode())
        self.start("hook-sidecar-0/a.sock", "--hook", "Shutdown")
        self.serve(1)
        self.assertEqual(self.call(), ("OK", "", document))

    def test_no_sidecars(self):
        self.serve(0)
        self.assertEqual(self.call(), ("OK", "", DOMAIN))

    def test_invocation_contexts(self):
        self.start("hook-sidecar-0/a.sock", "--name", "a")
        process = self.serve(1)
        unchanged, changed = ("OK", "", DOMAIN), ("OK", "", marked("a"))
        self.assertEqual(self.call("--context", "Boot"), changed)
        self.assertEqual(self.call("--context", "MigrationTarget"), changed)
        self.assertEqual(self.call("--context", "MigrationSource"), unchanged)
        self.assertEqual(self.call("--context", "Hibernation\n"), changed)
        self.assertEqual(self.call("--no-context"), changed)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=support.PATIENCE)
        warnings = [json.loads(line)["msg"] for line in log.splitlines() if "not known" in line]
        self.assertEqual(len(warnings), 2, log)
        self.assertIn('the invocation context "Hibernation\\x0a" is not known', warnings[0])
        self.assertIn('the invocation context "" is not known', warnings[1])

    def test_other_domain_types(self):
        sidecar = self.start("hook-sidecar-0/a.sock")
        self.serve(1)
        for kind in ("cloud-hypervisor", "", "Libvirt"):
            with self.subTest(kind):
                code, message, _ = self.call("--domain-type", kind)
                self.assertEqual(code, "INVALID_ARGUMENT")
                self.assertIn(f'"{kind}" is not supported: it must be "libvirt"', message)
        self.end(sidecar)

    def test_domains_that_are_none(self):
        self.start("hook-sidecar-0/a.sock")
        self.serve(1)
        for document in (b"", b"<domain>", b"<vm><name>a</name></vm>", b"<domain><name/></domain>"):
            with self.subTest(document):
                self.domain.write_bytes(document)
                code, message, _ = self.call()
                self.assertEqual(code, "INVALID_ARGUMENT")
                self.assertIn("the domain, before any hook", message)

    def test_other_methods(self):
        self.serve(0)
        method = "kubevirt.hooks.plugins.v1alpha1.NodeHookService/ExecuteNodeHook"
        argv = ["/usr/bin/python3", support.PEERS / "launcher.py", self.socket, method]
        env = {"HOOKLINE_PYTHON": str(support.BUILD / "python")}
        self.assertEqual(json.loads(support.run(argv, env=env).stdout)["code"], "UNIMPLEMENTED")

    def test_trace(self):
        self.start("hook-sidecar-0/a.sock", "--name", "a")
        self.serve(1, "--trace", self.tmp / "trace")
        self.calls("--count", 2)
        output = self.tmp / "trace" / "02-OnDefineDomain" / "00-hook-sidecar-0" / "output.xml"
        self.assertEqual(output.read_text(encoding="utf-8"), marked("a"))


class FailureTest(PluginTest):
    """Errors of sidecars and callers; the next call succeeds nevertheless."""

    def test_sidecar_failures(self):
        faults = {
            "error": ("FAILED_PRECONDITION", "the disk"),
            "empty": ("FAILED_PRECONDITION", "empty"),
            "other-domain": ("FAILED_PRECONDITION", '"other"'),
            "ill-formed": ("FAILED_PRECONDITION", "line"),
            "die": ("FAILED_PRECONDITION", "UNAVAILABLE"),
            "hang": ("INTERNAL", "no answer within 1 s"),
        }
        annotation = self.write("annotation", '[{"image": "i", "timeoutSeconds": 1}]')
        for fault, (expected, words) in faults.items():
            with self.subTest(fault):
                sidecar = self.start("hook-sidecar-0/a.sock", "--behaviour", fault)
                process = self.serve(1, "--annotation-file", annotation)
                code, message, _ = self.call()
                self.assertEqual(code, expected)
                self.assertIn("sidecar hook-sidecar-0 (index 0): OnDefineDomain: ", message)
                self.assertIn(words, message)
                self.stop(process, '"domain"', "MutateDomain: sidecar hook-sidecar-0")
                self.end(sidecar)
                (self.sockets / "hook-sidecar-0" / "a.sock").unlink(missing_ok=True)

    def test_failures_that_are_ignored(self):
        self.start("hook-sidecar-0/a.sock", "--behaviour", "error")
        self.start("hook-sidecar-1/a.sock", "--name", "good", kind="js")
        annotation = self.write("annotation", '[{"image": "i", "failurePolicy": "Ignore"}]')
        self.serve(2, "--annotation-file", annotation)
        self.assertEqual(self.call(), ("OK", "", marked("good")))

    def test_a_sidecar_that_is_restarted(self):
        first = self.start("hook-sidecar-0/a.sock", "--name", "first")
        process = self.serve(1)
        self.assertEqual(self.call(), ("OK", "", marked("first")))
        self.end(first)
        self.assertEqual(self.call()[0], "FAILED_PRECONDITION")
        self.start("hook-sidecar-0/b.sock", "--name", "second")
        self.assertEqual(self.call(), ("OK", "", marked("second")))
        self.stop(process, "reopened")

    def start_hanging(self):
        """Starts a sidecar that answers all calls but the first, and a serving manager."""
        sidecar = self.start("hook-sidecar-0/a.sock", "--name", "a", "--behaviour", "hang-once")
        return sidecar, self.serve(1)

    def test_cancelled(self):
        sidecar, process = self.start_hanging()
        client = self.call_later("--count", 5, "--at-once")
        self.wait_for_line(sidecar.stdout, "called OnDefineDomain")
        answers = client.communicate("cancel\n", timeout=support.PATIENCE)[0].splitlines()
        self.assertEqual([json.loads(line)["code"] for line in answers], ["CANCELLED"] * 5)
        self.wait_for_line(sidecar.stdout, "called off")
        self.assertEqual(self.call(), ("OK", "", marked("a")))
        self.stop(process, "is canceled in the middle")

    def test_the_caller_dies(self):
        sidecar, process = self.start_hanging()
        client = self.call_later("--count", 5, "--at-once")
        self.wait_for_line(sidecar.stdout, "called OnDefineDomain")
        self.end(client)
        self.wait_for_line(sidecar.stdout, "called off")
        self.assertEqual(self.call(), ("OK", "", marked("a")))
        self.stop(process, "is canceled in the middle")

    def test_expired(self):
        """The first expires in its chain, the second in the queue; the third is served."""
        sidecar, process = self.start_hanging()
        patient = self.call_later("--at-once", "--timeout", 4)
        self.wait_for_line(sidecar.stdout, "called OnDefineDomain")
        self.assertEqual(self.call("--timeout", 1)[0], "DEADLINE_EXCEEDED")
        self.wait_for_line(process.stderr, "canceled before its turn")
        self.assertEqual(self.call(), ("OK", "", marked("a")))
        self.assertEqual(self.answers(patient), {0: "DEADLINE_EXCEEDED"})
        self.wait_for_line(sidecar.stdout, "called off")
        self.stop(process, "canceled in the middle")


    def test_too_many_wait(self):
        _, process = self.start_hanging()
        answers = self.calls("--count", 70, "--at-once", "--timeout", 5)
        codes = [answer["code"] for answer in answers]
        self.assertEqual(codes.count("RESOURCE_EXHAUSTED"), 70 - 64, codes)
        self.assertEqual(self.call(), ("OK", "", marked("a")))
        self.stop(process)


class SocketTest(PluginTest):
    """The plugin socket exists exactly while it is served."""

    def test_it_appears_when_all_are_collected(self):
        self.start("hook-sidecar-0/a.sock", "--name", "a")
        process = self.serve_later(2)
        self.wait_for_line(process.stderr, "sidecar is ready")
        self.assertTrue(self.socket.parent.is_dir())
        self.assertFalse(self.socket.exists())
        self.start("hook-sidecar-1/a.sock", "--name", "b", kind="js")
        self.wait_for_line(process.stderr, "serving MutateDomain")
        self.assertEqual(stat.S_IMODE(self.socket.stat().st_mode), 0o660)
        self.assertEqual(self.call(), ("OK", "", marked("a", "b")))

    def test_a_stale_one_goes_before_all_are_collected(self):
        """Otherwise virt-launcher would consider the plugin ready."""
        self.socket.parent.mkdir(parents=True)
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(str(self.socket))
        stale.close()
        self.start("hook-sidecar-0/a.sock", "--name", "a")
        process = self.serve_later(2)
        self.wait_for_line(process.stderr, "sidecar is ready")
        self.assertFalse(self.socket.exists())
        self.start("hook-sidecar-1/a.sock", "--name", "b")
        self.wait_for_line(process.stderr, "serving MutateDomain")
        self.assertEqual(self.call(), ("OK", "", marked("a", "b")))

    def test_one_that_is_killed_can_be_replaced(self):
        self.start("hook-sidecar-0/a.sock", "--name", "a")
        self.end(self.serve(1))
        self.assertTrue(self.socket.exists())
        self.serve(1)
        self.assertEqual(self.call(), ("OK", "", marked("a")))

    def assert_refused(self, *words):
        """Checks that it does not start, and leaves its path unchanged."""
        before = os.lstat(self.socket)
        argv = self.argv("serve", 0, "--plugin-socket", self.socket)
        self.assert_failed(support.run(argv), 3, str(self.socket), *words)
        self.assertEqual(os.lstat(self.socket).st_ino, before.st_ino)

    def test_a_living_one_is_left_alone(self):
        self.start("hook-sidecar-0/a.sock", "--name", "a")
        self.serve(1)
        self.assert_refused("another process is listening there")
        self.assertEqual(self.call(), ("OK", "", marked("a")))

    def test_what_is_no_socket_is_left_alone(self):
        self.socket.parent.mkdir(parents=True)
        target = self.tmp / "target"
        self.socket.symlink_to(target)
        self.assert_refused("symbolic link")
        self.assertFalse(target.exists())
        self.socket.unlink()
        self.socket.write_text("", encoding="utf-8")
        self.assert_refused("a file already exists there")
        self.socket.unlink()
        self.socket.mkdir()
        self.assert_refused("a directory already exists there")

    def test_a_directory_that_cannot_be_made(self):
        self.write("plugins", "")
        argv = self.argv("serve", 0, "--plugin-socket", self.socket)
        self.assert_failed(support.run(argv), 3, "plugins", "Not a directory")

    def test_a_missing_sidecar(self):
        argv = self.argv("serve", 1, "--plugin-socket", self.socket, "--timeout", "100ms")
        self.assert_failed(support.run(argv), 5, "hook-sidecar-0 (no sign of it)")
        self.assertFalse(self.socket.exists())

    def test_command_line(self):
        directory = "/var/run/kubevirt-plugin/hookline"
        wrong = {
            ("--sidecars", "1"): "--plugin-socket PATH is missing",
            ("--plugin-socket", f"{directory}/a.sock"): "--sidecars N is missing",
            ("--plugin-socket", "a.sock"): "absolute path",
            ("--plugin-socket", f"{directory}/../a.sock"): "absolute path without",
            ("--plugin-socket", f"{directory}/a"): "must end in .sock",
            ("--plugin-socket", f"{directory}/{'a' * 100}.sock"): "has 139 bytes",
            ("--vmi", "x"): "unknown flag",
            ("--grace", "soon"): "is not a duration",
        }
        for words, message in wrong.items():
            with self.subTest(words):
                result = support.run([support.program("hook-manager"), "serve", *words])
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertIn(message, result.stderr)

    def test_warnings_at_start(self):
        """A path that KubeVirt does not use, and hooks that the Plugin API does not have."""
        both = ["--hook", "OnDefineDomain", "--hook", "PreCloudInitIso"]
        self.start("hook-sidecar-0/a.sock")
        self.start("hook-sidecar-1/a.sock", *both)
        process = self.serve(2)
        logged = [json.loads(line) for line in process.started.splitlines()]
        warnings = [line["msg"] for line in logged if line["level"] == "warning"]
        self.assertEqual(len(warnings), 2, logged)
        self.assertIn("/var/run/kubevirt-plugin/", warnings[0])
        self.assertIn("sidecar hook-sidecar-1 announces PreCloudInitIso", warnings[1])
        self.assertEqual(logged[-1]["chainSeconds"], 120)


class EndTest(PluginTest):
    """SIGTERM, and the end of the launcher."""

    def start_announcing(self, *options):
        """A sidecar that announces Shutdown."""
        hooks = ["--hook", "OnDefineDomain", "--hook", "Shutdown"]
        return self.start("hook-sidecar-0/a.sock", "--name", "a", *hooks, *options)

    def test_sigterm(self):
        sidecar = self.start_announcing()
        process = self.serve(1)
        self.assertEqual(self.call(), ("OK", "", marked("a")))
        self.stop(process)
        self.wait_for_line(sidecar.stdout, "called Shutdown")

    def test_sigterm_lets_the_running_request_finish(self):
        gate = self.tmp / "gate"
        os.mkfifo(gate)
        sidecar = self.start_announcing("--gate", gate)
        process = self.serve(1, "--grace", LONG)
        client = self.call_later("--count", 3, "--at-once")
        self.wait_for_line(sidecar.stdout, "called OnDefineDomain")
        process.send_signal(signal.SIGTERM)
        self.wait_for_line(process.stderr, "stopping")
        for _ in range(2):  # those in the queue, or new ones
            self.assertEqual(json.loads(client.stdout.readline())["code"], "UNAVAILABLE")
        gate.write_text("go on", encoding="utf-8")
        self.assertEqual([*self.answers(client).values()], ["OK"])
        self.wait_for_line(sidecar.stdout, "called Shutdown")
        self.assert_ended(process)

    def test_sigterm_ends_what_does_not_finish(self):
        sidecar = self.start_announcing("--behaviour", "hang-once")
        process = self.serve(1, "--grace", "100ms")
        client = self.call_later()
        self.wait_for_line(sidecar.stdout, "called OnDefineDomain")
        process.send_signal(signal.SIGTERM)
        self.wait_for_line(sidecar.stdout, "called off")
        self.wait_for_line(sidecar.stdout, "called Shutdown")
        self.assertIn(self.answers(client)[0], ("CANCELLED", "UNAVAILABLE"))
        self.assert_ended(process, "canceled in the middle")

    def test_sigterm_while_it_collects(self):
        sidecar = self.start_announcing()
        process = self.serve_later(2)
        self.wait_for_line(process.stderr, "sidecar is ready")
        self.stop(process)
        self.wait_for_line(sidecar.stdout, "called Shutdown")

    def test_a_sidecar_that_fails_to_shut_down(self):
        self.start_announcing("--behaviour", "error")
        self.stop(self.serve(1), "Shutdown", "the disk")

    def test_the_launcher_is_waited_for_and_its_end_noticed(self):
        """Its socket is moved into place when it is ready. It is a gRPC server; its socket remains
        when it is killed."""
        sidecar = self.start_announcing()
        process = self.serve(1, "--launcher-socket", self.launcher)
        init = self.launcher.with_name("launcher-init-sock")
        launcher = self.start(init)
        init.rename(self.launcher)
        self.wait_for_line(process.stderr, "connected to the launcher")
        self.assertEqual(self.call(), ("OK", "", marked("a")))
        self.end(launcher)
        self.assertTrue(self.launcher.exists())
        self.wait_for_line(sidecar.stdout, "called Shutdown")
        self.assert_ended(process, "the launcher is gone")

    def test_a_launcher_that_closes_idle_connections(self):
        sidecar = self.start_announcing()
        with socket.socket(socket.AF_UNIX) as launcher:
            launcher.bind(str(self.launcher))
            launcher.listen()
            process = self.serve(1, "--launcher-socket", self.launcher)
            for _ in range(3):
                connection, _ = launcher.accept()
                connection.sendall(b"settings")
                connection.close()
            self.assertEqual(self.call(), ("OK", "", marked("a")))
            self.launcher.unlink()
        self.wait_for_line(sidecar.stdout, "called Shutdown")
        self.assert_ended(process, "the launcher is gone")

    def test_a_launcher_that_does_not_listen_yet(self):
        self.start_announcing()
        with socket.socket(socket.AF_UNIX) as launcher:
            launcher.bind(str(self.launcher))
            process = self.serve(1, "--launcher-socket", self.launcher)
            launcher.listen()
            self.wait_for_line(process.stderr, "connected to the launcher")
        self.assert_ended(process, "the launcher is gone")

    def test_the_launcher_ends_while_sidecars_are_waited_for(self):
        sidecar = self.start_announcing()
        with socket.socket(socket.AF_UNIX) as launcher:
            launcher.bind(str(self.launcher))
            launcher.listen()
            process = self.serve_later(2, "--launcher-socket", self.launcher)
            self.wait_for_line(process.stderr, "connected to the launcher")
            self.wait_for_line(process.stderr, "sidecar is ready")
        self.wait_for_line(sidecar.stdout, "called Shutdown")
        self.assert_ended(process, "the launcher is gone")


class PodTest(PluginTest):
    """The container that rendering adds to a pod, and the Plugin that calls it."""

    def container(self):
        """The container hook-manager of a launcher pod that has KubeVirt's two volumes."""
        sidecars = [{"image": "i", "timeoutSeconds": 7}, {"image": "i"}]
        annotations = {"hooks.kubevirt.io/hookSidecars": json.dumps(sidecars)}
        mounts = [
            {"name": "sockets", "mountPath": "/var/run/kubevirt/sockets"},
            {"name": "kubevirt-plugin-sockets", "mountPath": "/var/run/kubevirt-plugin"},
        ]
        compute = {"name": "compute", "image": "i", "volumeMounts": mounts}
        volumes = [{"name": mount["name"], "emptyDir": {}} for mount in mounts]
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "p", "annotations": annotations},
            "spec": {"containers": [compute], "volumes": volumes},
        }
        argv = [support.program("hookctl"), "render", "--pod", "-", "-o", "json"]
        result = support.run(argv, stdin=json.dumps(pod))
        self.assertEqual(result.returncode, 0, result.stderr)
        found = json.loads(result.stdout)["spec"]["containers"]
        return next(each for each in found if each["name"] == "hook-manager")

    def test_its_arguments(self):
        """They are all that serve needs; the pod's /var/run is a directory of this test."""
        arguments = [
            word.replace("/var/run/", f"{self.tmp}/run/") for word in self.container()["args"]
        ]
        self.socket = self.tmp / "run" / "kubevirt-plugin" / "hookline" / "hook.sock"
        self.write("run/hookline/hookSidecars", '[{"timeoutSeconds": 7, "image": "i"}]')
        launcher = self.tmp / "run" / "kubevirt" / "sockets" / "launcher-sock"
        launcher.parent.mkdir(parents=True)
        self.start("hook-sidecar-0/a.sock", "--name", "a")
        self.start("hook-sidecar-1/a.sock", "--name", "b")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(launcher))
            listening.listen()
            process = self.spawn(
                [support.program("hook-manager"), *arguments, "--socket-dir", self.sockets],
                stderr=subprocess.PIPE,
                text=True,
            )
            started = self.wait_for_line(process.stderr, "serving MutateDomain")
            self.assertIn('"chainSeconds":67', started)
            self.assertEqual(self.call(), ("OK", "", marked("a", "b")))
        self.assert_ended(process, "the launcher is gone")

    def test_the_plugin_calls_it(self):
        arguments = self.container()["args"]
        path = arguments[arguments.index("--plugin-socket") + 1]
        manifest = support.ROOT / "deploy" / "kubevirt" / "plugin.yaml"
        lines = [line.strip() for line in manifest.read_text(encoding="utf-8").splitlines()]
        self.assertIn(f"socketPath: {path}", lines)
        self.assertIn(f"name: {pathlib.Path(path).parent.name}", lines)


if __name__ == "__main__":
    support.main()
