"""Registries for the tests: Debian's docker-registry, a server of its tokens, and a registry whose
answers the test decides; and artifacts as KubeVirt lays them out, made without our code."""

import base64
import hashlib
import http.server
import io
import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import tarfile
import threading
import time
import urllib.parse

import certificates
import support
from polling import poll

VM_TYPE = "application/vnd.kubevirt.virtualmachine.v1"
VM_CONFIG = "application/vnd.kubevirt.virtualmachine.config.v1+json"
TEMPLATE_TYPE = "application/vnd.kubevirt.virtualmachinetemplate.v1"
TEMPLATE_CONFIG = "application/vnd.kubevirt.virtualmachinetemplate.config.v1+json"
DISK_TYPE = "application/vnd.kubevirt.disk.raw+zstd"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"

MISSING = [name for name in ("docker-registry", "skopeo", "htpasswd", "zstd") if not shutil.which(name)]


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def compress(data):
    return subprocess.run(["zstd", "-q"], input=data, capture_output=True, check=True).stdout


class Artifact:
    """An artifact as KubeVirt's export lays it out; its parts may be changed before it is written."""

    def __init__(self, config, disks, artifact_type=VM_TYPE, config_type=VM_CONFIG):
        self.blobs = {}
        self.layers = [self.layer(*disk) for disk in disks]
        self.manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": artifact_type,
            "config": self.add(config_type, json.dumps(config).encode()),
            "layers": self.layers,
        }

    def add(self, media_type, data):
        self.blobs[digest(data)] = data
        return {"mediaType": media_type, "digest": digest(data), "size": len(data)}

    def layer(self, name, size, compressed):
        annotations = {
            "io.kubevirt.disk.name": name,
            "io.kubevirt.disk.size": size,
            "org.opencontainers.image.title": f"{name}.raw.zst",
        }
        return {**self.add(DISK_TYPE, compressed), "annotations": annotations}

    def index(self):
        manifest = json.dumps(self.manifest).encode()
        item = self.add(MANIFEST_TYPE, manifest)
        item["platform"] = {"architecture": "amd64", "os": "linux"}
        return json.dumps({
            "schemaVersion": 2,
            "mediaType": INDEX_TYPE,
            "artifactType": self.manifest["artifactType"],
            "manifests": [item],
            "annotations": {"org.opencontainers.image.created": "2026-01-01T00:00:00Z"},
        }).encode()

    def files(self):
        index = self.index()
        files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": index}
        for name, data in self.blobs.items():
            files["blobs/sha256/" + name.partition(":")[2]] = data
        return files

    def write_tar(self, path, *more):
        """Writes the archive, before it the tarfile.TarInfo objects in more."""
        with tarfile.open(path, "w") as archive:
            for info in more:
                archive.addfile(info, io.BytesIO(b"\0" * info.size))
            for name, data in self.files().items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        return path


def make_certificate(directory):
    """A certificate for localhost and 127.0.0.1; its own CA."""
    return certificates.make_certificate(
        directory, "localhost", "/CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class DockerRegistry:
    """Debian's docker-registry, until the test ends."""

    def __init__(self, test, *, tls=None, users=None, tokens=None):
        self.port = free_port()
        self.storage = test.tmp / f"registry-{self.port}"
        self.log = test.tmp / f"registry-{self.port}.log"
        http_part = {"addr": f"127.0.0.1:{self.port}"}
        if tls is not None:
            http_part["tls"] = {"certificate": str(tls), "key": str(tls.with_suffix(".key"))}
        settings = {
            "version": 0.1,
            "log": {"accesslog": {"disabled": False}},
            "storage": {"filesystem": {"rootdirectory": str(self.storage)},
                        "delete": {"enabled": True}},
            "http": http_part,
        }
        if users is not None:
            settings["auth"] = {"htpasswd": {"realm": "test", "path": str(users)}}
        if tokens is not None:
            settings["auth"] = {"token": {
                "realm": tokens.url + "/token", "service": "test registry", "issuer": "test issuer",
                "rootcertbundle": str(tokens.certificate)}}
        # JSON is YAML
        path = test.write(f"registry-{self.port}.yml", json.dumps(settings))
        with open(self.log, "wb") as log:
            test.spawn(["docker-registry", "serve", path], stdout=log, stderr=log)
        if not poll(self.is_up, support.PATIENCE):
            test.fail("docker-registry does not listen: " + self.log.read_text())

    def is_up(self):
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        except ConnectionRefusedError:
            return False

    def blob(self, name):
        """The file in which the registry keeps a blob."""
        digits = name.partition(":")[2]
        return self.storage / f"docker/registry/v2/blobs/sha256/{digits[:2]}/{digits}/data"

    def count(self, method):
        """How many requests with this method there were."""
        return self.log.read_text().count(f'"{method} /v2/')


def users_file(test, name, password):
    line = subprocess.run(
        ["htpasswd", "-Bbn", name, password], capture_output=True, text=True, check=True).stdout
    return test.write("users", line)


class Server:
    """An HTTP server on 127.0.0.1 whose answers are the test's: handle(request) is called on a
    thread for each request, which is kept in self.seen."""

    def __init__(self, test, handle, tls=None, name="127.0.0.1"):
        self.seen = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                server.seen.append((self.command, self.path, dict(self.headers)))
                handle(self)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = serve

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.block_on_close = False
        self.port = self.http.server_address[1]
        self.url = f"{'https' if tls else 'http'}://{name}:{self.port}"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls, tls.with_suffix(".key"))
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        test.addCleanup(self.http.server_close)
        test.addCleanup(thread.join)
        test.addCleanup(self.http.shutdown)


def answer(request, code, body=b"", **headers):
    request.send_response(code)
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)


class TokenServer(Server):
    """Gives tokens that docker-registry trusts to a user with a password."""

    def __init__(self, test, user, password, tls=None, name="localhost"):
        directory = pathlib.Path(test.tmp)
        self.key = directory / "tokens.key"
        self.certificate = directory / "tokens.crt"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-subj", "/CN=tokens", "-keyout", self.key, "-out", self.certificate],
            capture_output=True, check=True)
        self.expected = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.user = user
        super().__init__(test, self.give, tls, name)

    def give(self, request):
        if request.headers.get("Authorization") != self.expected:
            answer(request, 401, b'{"errors":[{"code":"UNAUTHORIZED","message":"who are you?"}]}')
            return
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(request.path).query)
        access = []
        for scope in query.get("scope", []):
            kind, name, actions = scope.split(":")
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        answer(request, 200, json.dumps({"token": self.sign(query["service"][0], access)}).encode())

    def sign(self, service, access):
        body = "".join(self.certificate.read_text().splitlines()[1:-1])
        now = int(time.time())
        header = {"typ": "JWT", "alg": "RS256", "x5c": [body]}
        claims = {"iss": "test issuer", "sub": self.user, "aud": service, "exp": now + 300,
                  "nbf": now - 60, "iat": now, "jti": "1", "access": access}
        text = ".".join(self.encode(json.dumps(part).encode()) for part in (header, claims))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key],
                                   input=text.encode(), capture_output=True, check=True).stdout
        return f"{text}.{self.encode(signature)}"

    @staticmethod
    def encode(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
