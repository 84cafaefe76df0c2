"""sidecar-shim, called by foreign launchers: what it announces and runs, how it reports each
failure of a hook, and that it leaves nothing behind when it ends."""

import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import threading

import support

SHIM = support.program("sidecar-shim")
INFO = "kubevirt.hooks.info.Info/Info"
VERSIONS = ("v1alpha1", "v1alpha2", "v1alpha3")
LAUNCHERS = {
    "python": ["/usr/bin/python3", support.PEERS / "launcher.py"],
    "js": ["node", support.PEERS / "launcher.js"],
}
ENVIRONMENT = {**support.node_environment(), "HOOKLINE_PYTHON": str(support.BUILD / "python")}
# Over Linux's limit of 128 KiB for one argument.
LARGE = "x" * (160 << 10)
# The document is itself the script, so that one shim can produce every failure.
EVAL = '#!/bin/sh\neval "$4"\n'
# The shim, and its processes that keep hooks and their descendants.
SHIM_NAMES = ("sidecar-shim", "keeper", "nursery")
# Nothing waits this long: the hook is ended.
FOREVER = "sleep 1000"


def method(name, version="v1alpha3"):
    return f"kubevirt.hooks.{version}.Callbacks/{name}"


def on_define_domain(domain="<domain/>", vmi="{}", version="v1alpha3"):
    """The arguments with which a launcher calls OnDefineDomain."""
    return [method("OnDefineDomain", version), f"vmi={vmi}", f"domainXML={domain}"]


def launcher_words(kind, path, calls, timeout=None):
    """The command line of a launcher that makes the calls."""
    words = [*LAUNCHERS[kind], path]
    if timeout is not None:
        words += ["--timeout", timeout]
    for number, call in enumerate(calls):
        words += ["--"] * (number > 0) + call
    return [str(word) for word in words]


class Log:
    """The log of a shim, read while it is written."""

    def __init__(self, stream):
        self.lines = []
        self.grown = threading.Condition()
        self.at_end = False
        self.thread = threading.Thread(target=self.read, args=(stream,), daemon=True)
        self.thread.start()

    def read(self, stream):
        for line in stream:
            with self.grown:
                # A sanitizer's report is not JSON.
                self.lines.append(json.loads(line) if line[0] == "{" else {"msg": line})
                self.grown.notify_all()
        with self.grown:
            self.at_end = True
            self.grown.notify_all()

    def find(self, needle):
        return next((line for line in self.lines if needle in line["msg"]), None)

    def wait_for(self, needle):
        """Waits for the first line that has needle in its message, and returns it."""
        with self.grown:
            self.grown.wait_for(lambda: self.at_end or self.find(needle), support.PATIENCE)
            line = self.find(needle)
        if line is None:
            raise AssertionError(f"the log has no {needle!r}:\n{self.lines}")
        return line

    def wait_for_count(self, needle, count):
        """Waits until count lines have needle in their messages."""

        def counted():
            return sum(needle in line["msg"] for line in self.lines) >= count

        with self.grown:
            if not self.grown.wait_for(counted, support.PATIENCE):
                raise AssertionError(f"fewer than {count} lines have {needle!r}:\n{self.lines}")

    def messages(self):
        """All messages, once the shim has ended."""
        self.thread.join(support.PATIENCE)
        return [line["msg"] for line in self.lines]


class ShimTestCase(support.TestCase):
    """A shim with a socket directory and a directory of hooks in its $PATH."""

    program = SHIM

    def setUp(self):
        super().setUp()
        self.sockets = self.tmp / "sockets"
        self.hooks = self.tmp / "hooks"
        self.sockets.mkdir()
        self.hooks.mkdir()
        self.environment = {"PATH": f"{self.hooks}:/usr/bin:/bin", "SHIM_TEST": str(self.tmp)}

    def hook(self, script, name="onDefineDomain", mode=0o755):
        self.write(f"hooks/{name}", script).chmod(mode)

    def start(self, *flags, version="v1alpha3", before=()):
        """Starts a shim and waits until it listens."""
        words = [*before, self.program, "--version", version, "--socket-dir", self.sockets, *flags]
        self.shim = self.spawn(
            words, stderr=subprocess.PIPE, text=True, errors="surrogateescape", env=self.environment
        )
        self.log = Log(self.shim.stderr)
        self.path = self.log.wait_for("now exposing")["msg"].rpartition(" ")[2]

    def call(self, kind, *calls, timeout=None):
        """Makes calls with a launcher; returns their results."""
        words = launcher_words(kind, self.path, calls, timeout)
        done = support.run(words, env=ENVIRONMENT)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def call_one(self, words, kind="python", timeout=None):
        (answer,) = self.call(kind, words, timeout=timeout)
        return answer

    def call_in_background(self, words, timeout=None):
        return self.spawn(
            launcher_words("python", self.path, [words], timeout),
            stdout=subprocess.PIPE, text=True, env={**os.environ, **ENVIRONMENT},
        )

    def ends(self, status=0):
        """Waits for the shim's end and checks that it left nothing behind."""
        self.assertEqual(self.shim.wait(support.PATIENCE), status, self.log.messages())
        self.assertEqual(list(self.sockets.iterdir()), [])
        self.assert_no_hook_is_left()

    def stop(self):
        self.shim.send_signal(signal.SIGTERM)
        self.ends()

    def processes(self):
        """The process ids of the test's shim and of the processes that it has started."""
        mark = f"SHIM_TEST={self.tmp}".encode()
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    found.append(int(process.name))
            except OSError:
                continue  # it has ended, or is not ours
        return found

    @staticmethod
    def name(pid):
        """A process's name, or None if it has ended."""
        try:
            return pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
        except OSError:
            return None

    def assert_no_hook_is_left(self):
        """Checks that hooks and the processes that they started have ended; a process that was just
        killed may take a moment."""
        for pid in self.processes():
            if self.shim.poll() is None and self.name(pid) in SHIM_NAMES:
                continue
            try:
                descriptor = os.pidfd_open(pid)
            except ProcessLookupError:
                continue
            with open(descriptor, closefd=True):
                ended, _, _ = select.select([descriptor], [], [], support.PATIENCE)
            self.assertTrue(ended, f"process {pid} is left")

    def assert_failed(self, answer, code, *parts):
        self.assertEqual(answer["code"], code, answer)
        for part in parts:
            self.assertIn(part, answer["message"])


class Announcement(ShimTestCase):
    def test_info_announces_version_and_hooks_that_are_there(self):
        both = ("onDefineDomain", "preCloudInitIso")
        cases = [
            ("v1alpha1", (), []),
            ("v1alpha1", ("onDefineDomain",), ["OnDefineDomain"]),
            ("v1alpha2", both, ["OnDefineDomain", "PreCloudInitIso"]),
            ("v1alpha3", ("preCloudInitIso",), ["PreCloudInitIso", "Shutdown"]),
            ("v1alpha3", (), ["Shutdown"]),
        ]
        for version, hooks, points in cases:
            with self.subTest(version=version, hooks=hooks):
                for name in hooks:
                    self.hook(EVAL, name)
                self.start(version=version)
                for kind in LAUNCHERS:
                    (answer,) = self.call(kind, [INFO])
                    self.assertEqual(
                        answer["result"],
                        {
                            "name": "shim",
                            "hookPoints": [{"name": name, "priority": 0} for name in points],
                            "versions": [version],
                        },
                    )
                self.stop()
                self.assertIn("Info method has been called", self.log.messages())
                for name in set(both) - set(hooks):
                    self.assertIn(f"Info: {name} has not been found", self.log.messages())
                for name in hooks:
                    (self.hooks / name).unlink()

    def test_a_hook_that_is_not_executable(self):
        self.hook(EVAL, "onDefineDomain", mode=0o644)
        self.start()
        (answer,) = self.call("python", [INFO])
        self.assertNotIn({"name": "OnDefineDomain", "priority": 0}, answer["result"]["hookPoints"])
        self.stop()
        message = f"Info: {self.tmp / 'hooks/onDefineDomain'} is there, but not executable: chmod +x"
        self.assertIn(message, self.log.messages())

    def test_a_hook_that_appears_later_is_announced_then(self):
        self.start()
        self.assertEqual(len(self.call_one([INFO])["result"]["hookPoints"]), 1)
        self.hook(EVAL)
        self.assertEqual(len(self.call_one([INFO])["result"]["hookPoints"]), 2)
        self.stop()

    def test_a_file_that_is_not_executable_is_not_announced(self):
        self.hook(EVAL, mode=0o644)
        self.start()
        points = self.call_one([INFO])["result"]["hookPoints"]
        self.assertEqual([point["name"] for point in points], ["Shutdown"])
        self.stop()


class Calls(ShimTestCase):
    def test_every_version_answers_whatever_was_announced(self):
        self.hook('#!/bin/sh\nprintf "%s\\n" "$@"\n')
        self.start(version="v1alpha1")
        calls = [on_define_domain("<domain>ä\n</domain>", '{"a": "&"}', v) for v in VERSIONS]
        for kind in LAUNCHERS:
            for answer in self.call(kind, *calls):
                self.assertEqual(
                    answer["result"],
                    {"domainXML": '--vmi\n{"a": "&"}\n--domain\n<domain>ä\n</domain>\n'},
                )
        self.stop()
        self.assertIn("OnDefineDomain method has been called", self.log.messages())
        self.assertIn("Executing onDefineDomain", self.log.messages())

    def test_pre_cloud_init_iso(self):
        self.hook('#!/bin/sh\nprintf "%s|" "$@"\n', "preCloudInitIso")
        self.start(version="v1alpha2")
        calls = [
            [method("PreCloudInitIso", version), "vmi={}", 'cloudInitData={"UserData": "x"}',
             'cloudInitNoCloudSource={"userData": "legacy"}']
            for version in ("v1alpha2", "v1alpha3")
        ]
        for kind in LAUNCHERS:
            for answer in self.call(kind, *calls):
                self.assertEqual(
                    answer["result"],
                    {
                        "cloudInitData": '--vmi|{}|--cloud-init|{"UserData": "x"}|',
                        "cloudInitNoCloudSource": "",
                    },
                )
        self.stop()
        self.assertIn("PreCloudInitIso method has been called", self.log.messages())

    def test_input_that_no_hook_could_use_is_refused(self):
        self.hook(EVAL)
        self.hook(EVAL, "preCloudInitIso")
        self.start()
        not_utf8 = self.write("not-utf8", b"<domain>\xff</domain>")
        zero = self.write("zero", b"<domain>\0</domain>")
        cases = [
            (on_define_domain(vmi=""), "the VMI is empty"),
            (on_define_domain(vmi="[]"), "the VMI must be a JSON object, not an array"),
            (on_define_domain(vmi='{"a": '), "the VMI is not JSON"),
            (on_define_domain(vmi="[" * 10000), "the VMI is not JSON"),
            (on_define_domain(f"@{not_utf8}"), "the domain XML is not UTF-8 at byte 8"),
            (on_define_domain(f"@{zero}"), "the domain XML contains a zero byte"),
            ([method("PreCloudInitIso"), "vmi={}"], "the cloud-init data is empty"),
            ([method("PreCloudInitIso"), "vmi={}", "cloudInitData=1"], "the cloud-init data must be a"),
        ]
        for kind in LAUNCHERS:
            answers = self.call(kind, *(words for words, _ in cases))
            for answer, (_, message) in zip(answers, cases):
                self.assert_failed(answer, "INVALID_ARGUMENT", message)
        self.stop()

    def test_unknown_methods_are_unimplemented(self):
        self.start()
        for kind in LAUNCHERS:
            names = (method("Nothing"), method("PreCloudInitIso", "v1alpha1"), "no.Service/Info")
            for answer in self.call(kind, *([name] for name in names)):
                self.assertEqual(answer["code"], "UNIMPLEMENTED")
        self.stop()

    def test_calls_run_at_the_same_time(self):
        self.hook(EVAL)
        self.start()
        meeting = self.tmp / "meeting"
        os.mkfifo(meeting)
        first = self.call_in_background(on_define_domain(f"cat {meeting}"))
        self.log.wait_for("Executing")
        answer = self.call_one(on_define_domain(f"echo met > {meeting}; echo second"))
        self.assertEqual(answer["result"], {"domainXML": "second\n"})
        self.assertEqual(json.loads(first.stdout.read())["result"], {"domainXML": "met\n"})
        self.stop()


    def test_sixteen_hooks_run_at_the_same_time_and_no_more(self):
        self.hook(EVAL)
        self.start()
        meeting = self.tmp / "meeting"
        os.mkfifo(meeting)
        callers = []
        for number in range(16):
            script = f"dd bs=1 count=1 status=none <{meeting} >&2; echo {number}"
            callers.append(self.call_in_background(on_define_domain(script)))
        self.log.wait_for_count("Executing onDefineDomain", 16)
        self.assert_failed(
            self.call_one(on_define_domain("echo")), "RESOURCE_EXHAUSTED", "16 hooks, the maximum"
        )
        self.assertEqual(self.call_one([INFO])["code"], "OK")
        with open(meeting, "r+b", buffering=0) as gate:  # a byte for each
            gate.write(bytes(len(callers)))
            for number, caller in enumerate(callers):
                answer = json.loads(caller.stdout.read())
                self.assertEqual(answer["result"], {"domainXML": f"{number}\n"})
        self.assertEqual(self.call_one(on_define_domain("echo fine"))["code"], "OK")
        self.stop()


class Faults(ShimTestCase):
    def test_each_fault_of_a_hook_is_a_clear_error(self):
        cases = [
            ("exit 3", "onDefineDomain exited with status 3"),
            ("kill -9 $$", "onDefineDomain was killed by signal 9 (KILL)"),
            (
                "echo one >&2; echo two >&2; exit 1",
                "exited with status 1; its standard error ends with:\none\ntwo",
            ),
            ("printf 'a\\377\\n' >&2; exit 1", "a\\xff"),
            ("seq 1 20000 >&2; exit 1", "\n19999\n20000"),
            (":", "wrote nothing to its standard output, where the domain XML should"),
            ("exec yes", "wrote more than 16 MiB to its standard output"),
        ]
        self.hook(EVAL)
        self.start()
        for kind in LAUNCHERS:
            answers = self.call(kind, *(on_define_domain(script) for script, _ in cases))
            for answer, (_, message) in zip(answers, cases):
                self.assert_failed(answer, "UNKNOWN", message)
            self.assertLess(max(len(answer["message"]) for answer in answers), 2000)
        self.assertIn("exited with status 3", self.log.wait_for("Failed OnDefineDomain")["reason"])
        self.stop()

    def test_a_hook_past_its_time_is_ended_also_when_it_ignores_sigterm(self):
        cases = [
            (f"exec {FOREVER}", "within 0.5 s, and was killed by signal 15 (TERM)"),
            ("trap '' TERM; while :; do sleep 1; done", "killed by signal 9 (KILL)"),
            (f"echo slow >&2; {FOREVER}", "its standard error ends with:\nslow"),
        ]
        self.hook(EVAL)
        self.start("--timeout", "500ms", "--kill-grace=50ms")
        for kind in LAUNCHERS:
            answers = self.call(kind, *(on_define_domain(script) for script, _ in cases))
            for answer, (_, message) in zip(answers, cases):
                self.assert_failed(answer, "DEADLINE_EXCEEDED", message)
        self.assert_no_hook_is_left()
        self.stop()

    def test_what_a_hook_may_do_besides(self):
        cases = [
            ("seq 1 20000 >&2; printf fine", "fine"),
            (f"{FOREVER} & printf fine", "fine"),  # a grandchild that keeps the outputs open
            ("head -c 8000000 /dev/zero | tr '\\0' x", "x" * 8000000),
            ("cat; printf fine", "fine"),  # standard input is empty
        ]
        self.hook(EVAL)
        self.start()
        for kind in LAUNCHERS:
            answers = self.call(kind, *(on_define_domain(script) for script, _ in cases))
            for answer, (_, domain) in zip(answers, cases):
                self.assertEqual(answer["code"], "OK")
                self.assertTrue(answer["result"]["domainXML"] == domain)
        self.stop()
        self.assertIn("20000", self.log.messages())
        self.assertIn(
            "onDefineDomain left a process behind that held its outputs open: killed",
            self.log.messages(),
        )

    def test_hook_that_cannot_be_started(self):
        self.start()
        cases = [
            (None, 0, "starting onDefineDomain: there is no such executable in $PATH"),
            (EVAL, 0o644, "/onDefineDomain: it is not executable"),
            ("echo\n", 0o755, "a script must begin with #!"),
            ("#!/not/there\n", 0o755, "the interpreter in its first line does not exist"),
        ]
        for script, mode, message in cases:
            if script is not None:
                self.hook(script, mode=mode)
            for kind in LAUNCHERS:
                answer = self.call_one(on_define_domain(), kind)
                self.assert_failed(answer, "FAILED_PRECONDITION", message)
        self.stop()

    def test_large_values_need_standard_input(self):
        self.hook("#!/bin/sh\ncat\n")
        vmi = self.write("vmi", json.dumps({"name": LARGE}))
        domain = self.write("domain", f"<domain>{LARGE}</domain>")
        self.start()
        for kind in LAUNCHERS:
            answers = self.call(
                kind, on_define_domain(f"@{domain}"), on_define_domain("<domain/>", f"@{vmi}")
            )
            for answer, name in zip(answers, ("domain XML", "VMI")):
                self.assert_failed(answer, "INVALID_ARGUMENT", f"the {name} of 16", "--stdin")
        self.stop()
        self.start("--stdin")
        for kind in LAUNCHERS:
            answer = self.call_one(on_define_domain(f"@{domain}", f"@{vmi}"), kind)
            self.assertEqual(
                json.loads(answer["result"]["domainXML"]),
                {"vmi": {"name": LARGE}, "domain": f"<domain>{LARGE}</domain>"},
            )
        self.stop()

    def test_environment_and_arguments_together_may_be_too_large(self):
        chunk = "x" * 100_000
        # The shim itself still starts with this environment.
        count = (os.sysconf("SC_ARG_MAX") - 50_000) // len(chunk)
        self.environment |= {f"FILL_{i}": chunk for i in range(count)}
        self.hook(EVAL)
        self.start()
        domain = self.write("domain", chunk)
        vmi = self.write("vmi", json.dumps({"name": chunk}))
        answer = self.call_one(on_define_domain(f"@{domain}", f"@{vmi}"))
        self.assert_failed(answer, "FAILED_PRECONDITION", "Argument list too long", "--stdin")
        self.stop()

    def test_standard_input_keeps_json_as_it_came(self):
        self.hook('#!/bin/sh\necho "$# $(basename "$0")"; cat\n', "preCloudInitIso")
        self.start("-stdin")
        words = [method("PreCloudInitIso"), 'vmi={"n": 1.0, "big": 12345678901234567890123e5}',
                 'cloudInitData={ "UserData" : "é" }']
        self.assertEqual(
            self.call_one(words)["result"]["cloudInitData"],
            '0 preCloudInitIso\n{"vmi":{"n": 1.0, "big": 12345678901234567890123e5},'
            '"cloudInit":{ "UserData" : "é" }}\n',
        )
        self.stop()

    def test_hook_that_never_reads_its_large_input(self):
        self.hook("#!/bin/sh\nexec <&-\nprintf '<domain/>'\n")
        domain = self.write("domain", "x" * (8 << 20))
        self.start("--stdin")
        answer = self.call_one(on_define_domain(f"@{domain}"))
        self.assertEqual(answer["result"], {"domainXML": "<domain/>"})
        self.stop()

    def test_the_callers_deadline_ends_the_hook(self):
        self.hook(EVAL)
        self.start()
        for kind in LAUNCHERS:
            answer = self.call_one(on_define_domain(FOREVER), kind, timeout=0.5)
            self.assertEqual(answer["code"], "DEADLINE_EXCEEDED")
            self.assertIn("canceled", self.log.wait_for("Failed OnDefineDomain")["reason"])
            self.assert_no_hook_is_left()
            self.log.lines.clear()
        self.stop()

    def test_a_caller_that_goes_away_ends_the_hook(self):
        self.hook(EVAL)
        self.start()
        caller = self.call_in_background(on_define_domain(f"trap '' TERM; {FOREVER}"))
        self.log.wait_for("Executing")
        caller.kill()
        self.log.wait_for("Failed OnDefineDomain")
        self.assert_no_hook_is_left()
        self.stop()


class End(ShimTestCase):
    def test_signals(self):
        names = {
            signal.SIGHUP: "hangup",
            signal.SIGINT: "interrupt",
            signal.SIGQUIT: "quit",
            signal.SIGTERM: "terminated",
        }
        for number, name in names.items():
            self.start()
            self.shim.send_signal(number)
            self.ends()
            self.assertIn(f"sidecar-shim received signal: {name}", self.log.messages())

    def test_shutdown(self):
        for kind in LAUNCHERS:
            self.start()
            self.assertEqual(self.call_one([method("Shutdown")], kind)["code"], "OK")
            self.ends()
            self.assertIn("Hook's Shutdown callback method has been called", self.log.messages())

    def test_hooks_that_run_are_ended_and_their_callers_told(self):
        self.hook(EVAL)
        stops = {
            "signal": lambda: self.shim.send_signal(signal.SIGTERM),
            "Shutdown": lambda: self.call_one([method("Shutdown")]),
        }
        for name, stop in stops.items():
            with self.subTest(name):
                self.start("--kill-grace", "50ms")
                caller = self.call_in_background(on_define_domain(f"trap '' TERM; {FOREVER}"))
                self.log.wait_for("Executing")
                stop()
                self.assert_failed(json.loads(caller.stdout.read()), "CANCELLED", "canceled")
                self.ends()

    def test_a_silent_caller_does_not_hold_it_up(self):
        self.start()
        with socket.socket(socket.AF_UNIX) as silent:
            silent.connect(self.path)
            self.stop()

    def test_as_pid_1_it_reaps_orphans(self):
        namespace = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
        if support.run([*namespace, "true"]).returncode != 0:
            self.skipTest("pid namespaces are not permitted here")
        # The orphan's entry in /proc disappears when it is reaped; until then the hook waits.
        self.hook(
            "#!/bin/sh\n"
            "orphan=$(sh -c 'true & echo $!')\n"
            "while [ -e /proc/$orphan ]; do sleep 0.01; done\n"
            "cut -d ' ' -f 4 /proc/$PPID/stat\n"  # the parent of its keeper
        )
        self.start(before=namespace)
        self.assertEqual(self.call_one(on_define_domain())["result"], {"domainXML": "1\n"})
        children = pathlib.Path(f"/proc/{self.shim.pid}/task/{self.shim.pid}/children")
        os.kill(int(children.read_text()), signal.SIGTERM)
        self.ends()


class Socket(ShimTestCase):
    def test_name_and_mode(self):
        before = os.umask(0o022)
        self.addCleanup(os.umask, before)
        self.start()
        path = pathlib.Path(self.path)
        self.assertRegex(path.name, r"^shim-[a-z0-9]{4}\.sock$")
        self.assertEqual(path.stat().st_mode & 0o777, 0o755)
        self.stop()

    def test_a_dead_predecessors_socket_goes_and_other_things_stay(self):
        self.start()
        dead = pathlib.Path(self.path)
        self.shim.kill()
        self.shim.wait()
        self.assertTrue(dead.is_socket())
        living = socket.socket(socket.AF_UNIX)
        self.addCleanup(living.close)
        living.bind(str(self.sockets / "shim-live.sock"))
        living.listen()
        other = socket.socket(socket.AF_UNIX)
        other.bind(str(self.sockets / "other.sock"))
        other.close()
        self.write("sockets/shim-file.sock", "a file")
        others = {"shim-live.sock", "other.sock", "shim-file.sock"}
        self.start()
        own = pathlib.Path(self.path).name
        self.assertEqual({path.name for path in self.sockets.iterdir()}, others | {own})
        self.assertFalse(dead.exists())
        self.shim.send_signal(signal.SIGTERM)
        self.assertEqual(self.shim.wait(support.PATIENCE), 0)
        self.assertEqual({path.name for path in self.sockets.iterdir()}, others)

    def test_shims_share_a_directory(self):
        shims = [
            self.spawn(
                [SHIM, "--version=v1alpha3", "--socket-dir", self.sockets],
                stderr=subprocess.PIPE, text=True, env=self.environment,
            )
            for _ in range(8)
        ]
        for shim in shims:
            self.wait_for_line(shim.stderr, "now exposing")
        self.assertEqual(len(list(self.sockets.iterdir())), len(shims))

    def test_a_long_path(self):
        self.sockets = self.tmp / ("d" * 120)
        self.sockets.mkdir()
        self.start()
        self.assertTrue(pathlib.Path(self.path).is_socket())
        self.stop()


class CommandLine(support.TestCase):
    def run_shim(self, *words):
        return support.run([SHIM, *words], env={"PATH": "/usr/bin:/bin"})

    def test_errors(self):
        missing = self.tmp / "missing"
        file = self.write("file", "")
        cases = [
            ("", 1, '--version is missing: give the sidecar args ["--version", "v1alpha3"]'),
            ("--version v1alpa2", 2, '(did you mean "v1alpha2"?)'),
            ("--version=", 2, '"" is not a hook protocol version: use v1alpha1, v1alpha2 or '),
            ("-version", 2, "-version needs a value"),
            ("--vesion v1alpha1", 2, "is not a flag of sidecar-shim (did you mean --version?)"),
            ("--stdin=yes", 2, "--stdin takes no value"),
            ("--timeout soon", 2, '--timeout: "soon" is not a duration from 1ms to 24h'),
            ("--kill-grace -1s", 2, '--kill-grace: "-1s" is not a duration from 1ms to 24h'),
            ("--log-format xml", 2, '"xml" is not a log format: use text or json'),
            ("--log-level loud", 2, '"loud" is not a log level'),
            (f"-version v1alpha1 -socket-dir {missing}", 3, f"{missing}: No such file"),
            (f"-version=v1alpha1 -socket-dir={file}", 3, f"{file}: Not a directory"),
        ]
        for words, status, message in cases:
            with self.subTest(words):
                done = self.run_shim(*words.split())
                self.assertEqual(done.returncode, status)
                (line,) = map(json.loads, done.stderr.splitlines())
                self.assertEqual((line["level"], line["component"]), ("error", "sidecar-shim"))
                self.assertIn(message, line["msg"])

    def test_text_log(self):
        done = self.run_shim("--log-format=text", "--log-level", "warning", "--version=v9")
        self.assertTrue(done.stderr.startswith("sidecar-shim: error: --version: "), done.stderr)

    def test_help_and_build_version(self):
        self.assertIn("Usage: sidecar-shim --version VERSION", self.run_shim("--help").stdout)
        version = (support.ROOT / "VERSION").read_text(encoding="utf-8").strip()
        self.assertEqual(self.run_shim("--build-version").stdout, f"sidecar-shim {version}\n")


if __name__ == "__main__":
    support.main()
