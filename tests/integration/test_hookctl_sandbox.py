"""hookctl run --sandbox: which sandbox it takes where there are user namespaces and where there are
none, as root and as a user; what it says where none works; and how hooks run without one."""

import json
import os
import re
import shutil
import signal
import subprocess
import unittest

import hook_runs
import support
from hook_runs import DOMAIN, HOOKCTL, LOOK_PY, TITLE_SH, script_entry

# Runs the rest of the command line in a user namespace that has no others below it.
FORBID = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"'
NO_CAPABILITIES = ["setpriv", "--ambient-caps=-all", "--inh-caps=-all"]
REFUSAL = support.sandbox_refusal()
# Where this machine has none, tests without user namespaces run as they are.
ROOT_WITHOUT = [] if REFUSAL else ["unshare", "-Ur", "sh", "-c", FORBID, "sh"]
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
USER_WITHOUT = [
    *(["unshare", "--user", "--map-user=1000", "--keep-caps", "sh", "-c", FORBID, "sh"]),
    *NO_CAPABILITIES,
]
# Opens for writing, without writing, what the kernel shows in /proc besides processes; then the same
# in a /proc of its own. Reports the files that open, and the errors of two sysctls.
WRITE_PY = """#!/usr/bin/python3
import errno, json, os, subprocess, sys
HIDDEN = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/locks"]
SYSCTLS = ["/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches"]
null = os.stat("/dev/null").st_rdev
opened, errors = [], {}
for directory, directories, files in os.walk("/proc"):
    if directory == "/proc":
        directories[:] = [name for name in directories if not name.isdigit()]
    for name in files:
        path = os.path.join(directory, name)
        if os.path.islink(path):
            continue
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
            if os.stat(path).st_rdev != null:
                opened.append(path)
        except OSError as error:
            errors[path] = errno.errorcode[error.errno]
again = ["unshare", "-Urpf", "--mount-proc", "sh", "-c", ": >>/proc/sys/kernel/core_pattern"]
nested = subprocess.run(again, capture_output=True, text=True)
namespace = subprocess.run(["unshare", "--user", "true"], capture_output=True, text=True)
seen = {
    "opened": opened, "sysctls": [errors.get(path) for path in SYSCTLS], "count": len(errors),
    "nested": nested.returncode, "namespace": namespace.returncode,
    "shown": [path for path in HIDDEN if os.path.exists(path) and os.stat(path).st_rdev != null],
    "cpus": "processor" in open("/proc/cpuinfo").read(),
}
text = f"\\t<description>{json.dumps(seen)}</description>\\n\\t<memory"
sys.stdout.write(sys.argv[4].replace("\\t<memory", text))
"""
OF_MOUNT_NAMESPACE = "note: user namespaces do not work here: the hooks run as root"


def can_mount():
    """Whether root without a user namespace can mount here."""
    command = [*ROOT_WITHOUT, "unshare", "--mount", "--propagation=unchanged", "true"]
    return support.run(command).returncode == 0


class SandboxTestCase(hook_runs.RunTestCase):
    def setUp(self):
        super().setUp()
        self.write_machine([script_entry("title.sh")], {"title.sh": TITLE_SH})

    def look(self, *words, script=LOOK_PY, **options):
        """What a hook sees that is in a config map."""
        self.write_machine([script_entry("look.py")], {"look.py": script})
        result = self.run_hooks(*words, **options)
        text = re.search("<description>(.*)</description>", result.stdout)[1]
        return json.loads(text.replace("&lt;", "<").replace("&amp;", "&"))

    def fake_bwrap(self, text):
        """An environment in whose PATH bwrap is a script, or is missing."""
        programs = self.tmp / "programs"
        programs.mkdir()
        for program in ("sh", "env", "unshare", "mount", "chroot"):
            (programs / program).symlink_to(shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin"))
        if text is not None:
            self.write("programs/bwrap", text).chmod(0o755)
        return {"PATH": str(programs)}

    def assert_no_sandbox(self, result, why):
        """One line names the way out and what it means; the real reason is at its end."""
        self.assertEqual(result.stdout, "")
        (line,) = result.stderr.splitlines()
        self.assertRegex(
            line,
            "^hookctl run: no sandbox works here.*: --sandbox none runs the hooks without one, as "
            "you, with a sidecar's mounts below a temporary directory, HOOKLINE_ROOT",
        )
        self.assertRegex(line, rf"\(.*{why}.*\)$")


class AutoTest(SandboxTestCase):
    @unittest.skipIf(REFUSAL, REFUSAL)
    def test_user_namespace(self):
        for words in ([], ["--sandbox", "auto"], ["--sandbox", "bubblewrap"]):
            with self.subTest(words):
                result = self.run_hooks(*words)
                self.assertIn("<title>by shell</title>", result.stdout)
                self.assertTrue(result.stderr.startswith("SIDECAR"), result.stderr)

    @unittest.skipUnless(os.getuid() == 0 and can_mount(), "takes root that may mount")
    def test_root_without_user_namespaces(self):
        result = self.run_hooks(prefix=ROOT_WITHOUT)
        self.assertIn("<title>by shell</title>", result.stdout)
        self.assertIn(OF_MOUNT_NAMESPACE, result.stderr)
        seen = self.look(prefix=ROOT_WITHOUT)
        self.assertEqual((seen["uid"], seen["pid"], seen["interfaces"]), (0, 1, ["lo"]))
        self.assertNotIn("home", seen["root"])
        self.assertNotIn("HOOKLINE_ROOT", seen["environment"])

    @unittest.skipUnless(os.getuid() == 0 and can_mount(), "takes root that may mount")
    def test_root_without_user_namespaces_is_confined(self):
        """The mounts are those of the sidecar, and no capability is left to change that."""
        host = self.tmp / "host"
        host.mkdir()
        script = (
            "#!/bin/sh\necho seen > /host/file\n! touch /usr/share/new 2>/dev/null || exit 7\n"
            "! mount -t tmpfs none /tmp 2>/dev/null || exit 8\n"
            '[ ! -e /home ] || exit 9\n'
            "grep -q '^CapEff:.*[1-9a-f]' /proc/self/status && exit 10\nprintf %s \"$4\"\n"
        )
        entry = script_entry("hook.sh", hostPath={"path": str(host), "volumePath": "/host"})
        self.write_machine([entry], {"hook.sh": script})
        self.assertEqual(self.run_hooks(prefix=ROOT_WITHOUT).stdout, DOMAIN)
        self.assertEqual((host / "file").read_text(), "seen\n")

    def assert_kernel_is_read_only(self, *errors, is_user=False, **options):
        """errors are those that opening a sysctl may give. Root's hooks have no user namespaces, in
        which they could mount the cgroups of the machine."""
        seen = self.look(script=WRITE_PY, **options)
        self.assertEqual(seen["opened"], [])
        self.assertGreater(seen["count"], 100)
        for error in seen["sysctls"]:
            self.assertIn(error, errors)
        self.assertNotEqual(seen["nested"], 0)
        if not is_user:
            self.assertNotEqual(seen["namespace"], 0)
        self.assertEqual((seen["shown"], seen["cpus"]), ([], True))

    @unittest.skipIf(REFUSAL, REFUSAL)
    def test_kernel_is_read_only(self):
        """For real root too: in its user namespace it has the user ID that owns the sysctls."""
        is_user = os.getuid() != 0
        errors = ["EROFS", "EACCES"] if is_user else ["EROFS"]
        self.assert_kernel_is_read_only(*errors, is_user=is_user)

    @unittest.skipIf(REFUSAL, REFUSAL)
    @unittest.skipUnless(os.getuid() == 0, "only root can become another user")
    def test_kernel_is_read_only_for_a_user(self):
        for name in ("hookctl", "sidecar-shim"):  # others may not see the build
            shutil.copy(support.program(name), self.tmp / name)
        self.assert_kernel_is_read_only(
            "EROFS", "EACCES", is_user=True, prefix=NOBODY, program=self.tmp / "hookctl"
        )

    @unittest.skipUnless(os.getuid() == 0 and can_mount(), "takes root that may mount")
    def test_kernel_is_read_only_without_user_namespaces(self):
        """For real root, whose bwrap is made to refuse user namespaces, and for that of a user
        namespace."""
        script = (
            '#!/bin/sh\ncase " $* " in *" --unshare-user "*) echo refused >&2; exit 1 ;; esac\n'
            f'exec {shutil.which("bwrap")} "$@"\n'
        )
        self.assert_kernel_is_read_only("EROFS", env=self.fake_bwrap(script))
        self.assert_kernel_is_read_only("EROFS", "EACCES", prefix=ROOT_WITHOUT)

    def test_user_without_user_namespaces(self):
        """The sandbox is never dropped."""
        if REFUSAL and os.getuid() != 0:
            self.skipTest("only root can become another user")
        for name in ("hookctl", "sidecar-shim"):  # others may not see the build
            shutil.copy(support.program(name), self.tmp / name)
        prefix = NOBODY if REFUSAL else USER_WITHOUT
        result = self.run_hooks(prefix=prefix, program=self.tmp / "hookctl", status=3)
        self.assert_no_sandbox(result, "bwrap: ")
        result = self.run_hooks(
            "--sandbox", "none", prefix=prefix, program=self.tmp / "hookctl"
        )
        self.assertIn("<title>by shell</title>", result.stdout)

    def test_bubblewrap_that_must_be(self):
        """--sandbox bubblewrap does not take the mount namespace."""
        result = self.run_hooks("--sandbox", "bubblewrap", prefix=ROOT_WITHOUT, status=3)
        self.assert_no_sandbox(result, "bwrap: ")

    def test_denial(self):
        """As of a security module or a seccomp filter: for root, too, each way is tried and told."""
        script = "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
        result = self.run_hooks(env=self.fake_bwrap(script), status=3)
        self.assert_no_sandbox(result, "bwrap: No permissions to create new namespace")
        if os.getuid() == 0:
            self.assert_no_sandbox(result, "; as root without a user namespace: ")

    def test_bubblewrap_that_says_nothing(self):
        result = self.run_hooks(env=self.fake_bwrap("#!/bin/sh\nexit 5\n"), status=3)
        self.assert_no_sandbox(result, "bwrap exited with status 5")

    def test_bubblewrap_that_hangs(self):
        """A signal ends the trial at once."""
        fifo = self.tmp / "fifo"
        os.mkfifo(fifo)
        script = f"#!/bin/sh\ntrap '' TERM INT\nexec 3>{fifo}\necho ready >&3\nexec {shutil.which('sleep')} 1000\n"
        words = [HOOKCTL, "run", "-f", self.tmp / "vm.yaml", "--domain", self.domain]
        environment = self.environment(**self.fake_bwrap(script))
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                process = self.spawn(words, stderr=subprocess.PIPE, text=True, env=environment)
                with open(fifo, encoding="utf-8") as stream:
                    self.assertEqual(stream.readline(), "ready\n")
                    process.send_signal(number)
                    self.assertEqual(stream.read(), "")  # ends with bwrap
                message = process.communicate(timeout=support.PATIENCE)[1]
                self.assertEqual(message, f"hookctl run: interrupted by {number.name}\n")
                self.assertEqual(process.returncode, 6)
                self.assert_nothing_left()

    def test_bubblewrap_that_is_missing(self):
        result = self.run_hooks(env=self.fake_bwrap(None), status=3)
        self.assert_no_sandbox(result, r"bubblewrap is not installed \(package bubblewrap\)")

    def test_no_sidecars(self):
        """They need no sandbox."""
        self.write_machine([])
        result = self.run_hooks(env=self.fake_bwrap(None))
        self.assertEqual(result.stdout, DOMAIN)

    def test_wrong_value(self):
        result = self.run_hooks("--sandbox", "chroot", status=2)
        self.assertIn(
            '--sandbox cannot be "chroot": use auto, bubblewrap or none', result.stderr
        )


@unittest.skipIf(REFUSAL, REFUSAL)
class PlaceTest(SandboxTestCase):
    """Where the mounts of a sidecar can be in a sandbox."""

    def setUp(self):
        super().setUp()
        self.host = self.tmp / "host"
        self.host.mkdir()

    def run_at(self, place, *words, status=0, scripts=None, **fields):
        """Runs a hook that has self.host mounted at a place."""
        host_path = {"path": str(self.host), "volumePath": place, **fields.pop("host_path", {})}
        scripts = scripts or {"hook": TITLE_SH}
        self.write_machine([script_entry("hook", hostPath=host_path, **fields)], scripts)
        return self.run_hooks(*words, status=status)

    def test_places_of_the_sandbox(self):
        """An error names them before anything starts; nothing is created in the host's directory."""
        for place, why in {
            "/usr/": "the sandbox has the programs of this machine there",
            "/dev": "the sandbox has its devices there",
            "/proc/x": "the sandbox has its processes there, like every container",
            "/sidecar-shim": "the sandbox has sidecar-shim there",
            "/sidecar-shim/x": "the sandbox has sidecar-shim there",
            "/.usr": "the sandbox has the programs of this machine there",
            "/.hooks/0": "the sandbox has the directories of --hook there",
        }.items():
            with self.subTest(place):
                place = place.rstrip("/")
                self.assertEqual(
                    self.run_at(place, status=1).stderr,
                    f"hookctl run: hook-sidecar-0: nothing can be mounted at {place} here: {why}; "
                    "use another path in the container\n",
                )
                self.assertEqual(list(self.host.iterdir()), [])

    def test_libraries(self):
        """A mount may be below the directory of the libraries, but not hide them."""
        libraries = subprocess.run(
            ["ldd", support.program("sidecar-shim")], capture_output=True, text=True, check=True
        ).stdout
        directory = os.path.dirname(re.search(r"=> (/\S+/libc\.so\S*)", libraries)[1])
        directory = os.path.realpath(directory)
        if not re.match("/usr/[^/]+/", directory):
            self.skipTest(f"the libraries are in {directory}")
        result = self.run_at(f"{directory}/of-hookline")
        self.assertIn("<title>by shell</title>", result.stdout)
        result = self.run_at(directory, status=1)
        self.assertIn(f"nothing can be mounted at {directory} here: ", result.stderr)
        self.assertIn("libraries that sidecar-shim needs there", result.stderr)

    def test_mount_point_in_a_read_only_mount(self):
        claim = self.tmp / "claim"
        claim.mkdir()
        fields = {
            "host_path": {"readOnly": True},
            "pvc": {"name": "data", "volumePath": "/data/a/claim"},
        }
        words = ["--pvc", f"data={claim}"]
        point = self.host / "a" / "claim"
        result = self.run_at("/data", *words, status=1, **fields)
        self.assertEqual(
            result.stderr,
            "hookctl run: hook-sidecar-0: the mount at /data/a/claim needs a directory to be mounted "
            f"on: {point} does not exist, and what is mounted at /data is read-only\n",
        )
        point.parent.mkdir()
        point.touch()
        result = self.run_at("/data", *words, status=1, **fields)
        self.assertIn(
            f"the mount at /data/a/claim is a directory, but {point}, on which it would be mounted, "
            "is not",
            result.stderr,
        )
        point.unlink()
        point.mkdir()
        script = '#!/bin/sh\necho seen >/data/a/claim/file\nprintf %s "$4"\n'
        self.run_at("/data", *words, scripts={"hook": script}, **fields)
        self.assertEqual((claim / "file").read_text(), "seen\n")
        self.assertEqual(list(point.iterdir()), [])

    def test_settings_of_this_machine(self):
        result = self.run_at("/etc/passwd/x", status=1)
        self.assertIn(
            "the mount at /etc/passwd/x cannot be below /etc/passwd: that is a file", result.stderr
        )

    def test_mount_point_that_is_left(self):
        """As in a pod, a mount below another leaves its empty mount point there, and nothing else."""
        self.run_at("/usr/bin")
        (left,) = self.host.iterdir()
        self.assertEqual((left.name, left.read_bytes()), ("onDefineDomain", b""))


class NoneTest(SandboxTestCase):
    """Needs no bubblewrap."""

    def run_bare(self, *words, **options):
        return self.run_hooks("--sandbox", "none", *words, **options)

    def test_hook_of_a_config_map(self):
        result = self.run_bare(env=self.fake_bwrap("#!/bin/sh\nexit 5\n"))
        self.assertIn("<title>by shell</title>", result.stdout)
        note, table = result.stderr.splitlines()[:2]
        self.assertEqual(note, "hookctl run: note: the hooks run without a sandbox, as you")
        self.assertTrue(table.startswith("SIDECAR"), table)

    def test_environment_and_user(self):
        seen = self.look("--sandbox", "none", env={"SECRET": "x"})
        environment = seen["environment"]
        root = environment["HOOKLINE_ROOT"]
        self.assertRegex(root, rf"^{self.temporary}/hookctl-\w+/roots/hook-sidecar-0$")
        self.assertEqual(environment["CONTAINER_NAME"], "hook-sidecar-0")
        self.assertEqual(environment["HOME"], root)
        self.assertTrue(environment["PATH"].startswith(f"{root}/usr/local/sbin:"))
        self.assertTrue(environment["PATH"].endswith(":/usr/bin:/sbin:/bin"))
        self.assertNotIn("SECRET", environment)
        self.assertEqual(seen["uid"], os.getuid())

    def test_mounts(self):
        """A hook finds them below HOOKLINE_ROOT, which it is told, and what is not enforced."""
        host, data = self.tmp / "host", self.tmp / "data"
        for directory in (host, data):
            directory.mkdir()
        script = '#!/bin/sh\nset -e\ncd "$HOOKLINE_ROOT"\necho seen > srv/data/file\nls -d srv/host >&2\nprintf %s "$4"\n'
        entry = script_entry(
            "hook.sh",
            hostPath={"path": str(host), "volumePath": "/srv/host/", "readOnly": True},
            pvc={"name": "data", "volumePath": "/srv//data"},
            downwardAPI=["pod-info"],
        )
        self.write_machine([entry], {"hook.sh": script})
        errors = self.run_bare("--pvc", f"data={data}").stderr
        self.assertEqual((data / "file").read_text(), "seen\n")
        warnings = [line for line in errors.splitlines() if ": warning: " in line]
        about = "hookctl run: warning: hook-sidecar-0: "
        self.assertIn(
            f"{about}{data} is not mounted at /srv/data without a sandbox: a hook finds it at "
            "$HOOKLINE_ROOT/srv/data",
            warnings,
        )
        self.assertIn(
            f"{about}{host} is not mounted at /srv/host without a sandbox: a hook finds it at "
            "$HOOKLINE_ROOT/srv/host, and can write to it, though it is readOnly",
            warnings,
        )
        self.assertRegex("\n".join(warnings), r"downwardapi/podinfo\n?")
        self.assertEqual(len(warnings), 3, errors)  # none about the hook and the sockets

    def test_mount_below_another(self):
        """It would be made in the directory of this machine."""
        host = self.tmp / "host"
        host.mkdir()
        entry = script_entry("title.sh", hostPath={"path": str(host), "volumePath": "/usr/bin"})
        self.write_machine([entry], {"title.sh": TITLE_SH})
        result = self.run_bare(status=1)
        self.assertIn(
            "hook-sidecar-0: the mount at /usr/bin/onDefineDomain is below the one at /usr/bin",
            result.stderr,
        )
        self.assertEqual(list(host.iterdir()), [])
        self.assertNotIn("warning", result.stderr)  # nothing before the error is of use

    def test_colon(self):
        """It would end a directory in PATH, and the hook would not be found."""
        temporary = self.tmp / "a:b"
        temporary.mkdir()
        result = self.run_bare(env={"TMPDIR": str(temporary)}, status=1)
        self.assertRegex(
            result.stderr,
            f"hook-sidecar-0: {temporary}/hookctl-\\w+/roots/hook-sidecar-0 has a colon, which ends a "
            "directory in PATH: without a sandbox, TMPDIR must be a directory without one",
        )
        self.assertEqual(list(temporary.iterdir()), [])
        directory = self.write_hook("hooks:new", hook_runs.DESCRIPTION_PY)
        result = self.run_bare("--hook", f"0={directory}", status=1)
        self.assertIn(
            f"hook-sidecar-0: {directory} has a colon, which ends a directory in PATH: without a "
            "sandbox, --hook takes a directory without one",
            result.stderr,
        )
        if not REFUSAL:  # a sandbox has a place of its own for each
            result = self.run_hooks("--hook", f"0={directory}", env={"TMPDIR": str(temporary)})
            self.assertIn("<description>vm</description>", result.stdout)

    def test_hook_directory_and_path_of_its_own(self):
        self.write_machine(
            [script_entry("title.sh", env=[{"name": "PATH", "value": "/opt:/usr/bin:/bin"}])],
            {"title.sh": TITLE_SH},
        )
        self.assertIn("<title>by shell</title>", self.run_bare().stdout)
        directory = self.write_hook("hooks", hook_runs.DESCRIPTION_PY)
        result = self.run_bare("--hook", f"0={directory}")
        self.assertIn("<description>vm</description>", result.stdout)
        self.assertNotIn("<title>", result.stdout)

    def test_hook_that_fails(self):
        self.write_machine([script_entry("fail.sh")], {"fail.sh": hook_runs.FAIL_SH})
        result = self.run_bare(status=4)
        self.assertRegex(result.stderr, "hook-sidecar-0.*status 3.*no such disk: vdz")

    def test_nothing_is_left(self):
        """Not by a hook that leaves a process behind, and not after a signal."""
        script = '#!/bin/sh\nsetsid sleep 1000 >/dev/null 2>&1 &\nprintf %s "$4"\n'
        self.write_machine([script_entry("hook.sh")], {"hook.sh": script})
        self.assertEqual(self.run_bare().stdout, DOMAIN)
        fifo = self.tmp / "fifo"
        os.mkfifo(fifo)
        script = f"#!/bin/sh\nexec 3>{fifo}\necho ready >&3\nsetsid sleep 1000 &\nsleep 1000\n"
        self.write_machine([script_entry("hang.sh")], {"hang.sh": script})
        words = [HOOKCTL, "run", "-f", self.tmp / "vm.yaml", "--domain", self.domain]
        for number, status in ((signal.SIGTERM, 6), (signal.SIGKILL, -signal.SIGKILL)):
            with self.subTest(number):
                process = self.spawn(
                    [*words, "--sandbox", "none"],
                    stderr=subprocess.DEVNULL,
                    env=self.environment(),
                )
                with open(fifo, encoding="utf-8") as stream:
                    self.assertEqual(stream.readline(), "ready\n")
                    process.send_signal(number)
                    self.assertEqual(stream.read(), "")  # ends with the last process
                self.assertEqual(process.wait(support.PATIENCE), status)
                if number == signal.SIGTERM:
                    self.assert_nothing_left()


if __name__ == "__main__":
    support.main()
