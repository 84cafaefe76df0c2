"""Compiles Kubernetes from Debian's source package, once: a cache keeps the programs."""

import os
import pathlib
import shutil
import subprocess

from .provider import ProviderError

VERSION = "1.20.2"
CACHE = pathlib.Path(os.environ.get("HOOKLINE_CACHE", "/var/cache/hookline"))
PROGRAMS = CACHE / f"kubernetes-{VERSION}"
COMMANDS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet",
    "kubectl",
)
GO = "/usr/lib/go-1.19/bin"
# Debian's package of the release of reflect2 that works with Go 1.18 and later.
REFLECT2 = pathlib.Path("/usr/share/gocode/src/github.com/modern-go/reflect2")


def is_built():
    """Whether the cache has all programs."""
    return all((PROGRAMS / name).exists() for name in (*COMMANDS, "pause"))


def build(say):
    """Fetches, compiles and caches what is missing; about six minutes on two cores. The caller
    holds the cache's lock. Raises CalledProcessError."""
    if is_built():
        return
    work = PROGRAMS / "work"
    shutil.rmtree(work, ignore_errors=True)  # left by a build that was killed
    try:
        say(f"fetching the source of Kubernetes {VERSION}")
        source = unpack(work, fetch(work))
        mend(source)
        (work / "bin").mkdir()
        compile_all(source, work, say)
        for program in (work / "bin").iterdir():
            program.rename(PROGRAMS / program.name)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def fetch(work):
    """Downloads the source package, which apt verifies, and returns the path of the upstream
    archive. apt uses its own lists below work, so that the machine's are not changed."""
    (work / "apt/lists/partial").mkdir(parents=True)
    words = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
    wanted = ["Created-By: Packages", "Codename: bookworm", "Component: main"]
    mirrors = output([*words, *wanted]).split() or ["http://deb.debian.org/debian"]
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (work / "apt/sources.list").write_text(
        f"deb-src [signed-by={keyring}] {mirrors[0]} bookworm main\n", encoding="utf-8"
    )
    options = {
        "Dir::Etc::SourceList": work / "apt/sources.list",
        "Dir::Etc::SourceParts": "-",
        "Dir::State::Lists": work / "apt/lists",
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    output([*apt, "update"])
    output([*apt, "source", "--download-only", "kubernetes"], cwd=work)
    archives = list(work.glob(f"kubernetes_*{VERSION}.orig.tar.*"))
    if not archives:
        raise ProviderError(f"Debian's source package kubernetes no longer has version {VERSION}")
    return archives[0]


def unpack(work, archive):
    """Unpacks the source where GOPATH builds expect it, and returns that directory."""
    source = work / "gopath/src/k8s.io/kubernetes"
    source.mkdir(parents=True)
    output(["tar", "-xf", archive, "-C", source, "--strip-components=1"])
    return source


def mend(source):
    """Replaces the vendored reflect2, which corrupts memory when compiled by a newer Go and would
    crash the API server."""
    vendored = source / "vendor/github.com/modern-go/reflect2"
    for old in vendored.glob("*.go"):
        old.unlink()
    for new in REFLECT2.glob("*.go"):
        shutil.copy(new, vendored)


def compile_all(source, work, say):
    """Compiles the programs into work/bin."""
    environment = {
        **os.environ,
        "PATH": f"{GO}:{os.environ['PATH']}",  # the generator calls go, too
        "GOPATH": str(work / "gopath"),
        "GOCACHE": str(work / "gocache"),
        "GO111MODULE": "off",
        "GOFLAGS": "",
        "CGO_ENABLED": "0",
    }

    def go_build(target, packages, flags=()):
        words = [f"{GO}/go", "build", "-trimpath", *flags, "-o", target, *packages]
        output(words, cwd=source, env=environment)

    say("generating its OpenAPI definitions")
    generator = work / "openapi-gen"
    go_build(generator, ["./vendor/k8s.io/kube-openapi/cmd/openapi-gen"])
    words = [generator, "-O", "zz_generated.openapi", "-r", work / "violations"]
    words += ["-i", ",".join(packages_with_openapi(source))]
    words += ["-p", "k8s.io/kubernetes/pkg/generated/openapi"]
    words += ["-h", "hack/boilerplate/boilerplate.generatego.txt"]
    output(words, cwd=source, env=environment)

    say("compiling it, which takes a few minutes")
    major, minor, _ = VERSION.split(".")
    settings = {"gitVersion": f"v{VERSION}", "gitMajor": major, "gitMinor": minor}
    # /version reports the first, the kubelet the second.
    versions = ("client-go/pkg/version", "component-base/version")
    linker = ["-s", "-w"]
    linker += [
        f"-X k8s.io/kubernetes/vendor/k8s.io/{package}.{name}={value}"
        for package in versions
        for name, value in settings.items()
    ]
    packages = [f"./cmd/{command}" for command in COMMANDS]
    go_build(f"{work}/bin/", packages, ["-ldflags", " ".join(linker)])
    pause = "build/pause/linux/pause.c"
    output(["gcc", "-static", "-O2", "-o", work / "bin/pause", pause], cwd=source)


def packages_with_openapi(source):
    """The import paths of the packages with a comment that requests OpenAPI definitions."""
    words = ["grep", "-rl", "--include=*.go", "+k8s:openapi-gen=", "pkg", "cmd", "staging/src"]
    folders = {os.path.dirname(name) for name in output(words, cwd=source).split()}
    prefix = "staging/src/"
    return sorted(
        folder[len(prefix) :] if folder.startswith(prefix) else f"k8s.io/kubernetes/{folder}"
        for folder in folders
    )


def output(words, **options):
    """Runs a command and returns its standard output. Raises CalledProcessError with its standard
    error."""
    words = [str(word) for word in words]
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise subprocess.CalledProcessError(done.returncode, words[0], done.stdout, done.stderr)
    return done.stdout
