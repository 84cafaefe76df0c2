"""Writes OCI image archives of one layer, without a container engine and without root. The same input
gives the same bytes: entries are sorted, belong to root by default, and all have the same time.
Source: the OCI image specification (layout, manifest, configuration, layer)."""

import dataclasses
import hashlib
import io
import json
import os
import pathlib
import stat
import subprocess
import tarfile
import tempfile

EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MEDIA = "application/vnd.oci.image."


@dataclasses.dataclass
class Entry:
    """What is at one path of the image: a directory, a symbolic link, or a file, whose content is
    that of a file on this machine or given as bytes."""

    mode: int
    link: str | None = None
    source: pathlib.Path | None = None
    content: bytes | None = None
    owner: int = 0  # user and group

    def info(self, name):
        """The header of this entry in the layer."""
        info = tarfile.TarInfo(name)
        info.mode, info.mtime = self.mode, EPOCH
        info.uid = info.gid = self.owner
        if self.link is not None:
            info.type, info.linkname = tarfile.SYMTYPE, self.link
        elif self.source is not None:
            info.size = self.source.stat().st_size
        elif self.content is not None:
            info.size = len(self.content)
        else:
            info.type = tarfile.DIRTYPE
        return info


class Tree:
    """The root file system of an image: a map from absolute paths to entries."""

    def __init__(self):
        self.entries = {}

    def add(self, path, entry):
        """Adds an entry at a path, with the directories above it; it replaces an earlier one."""
        path = pathlib.PurePosixPath(path)
        for parent in path.parents:
            if parent != pathlib.PurePosixPath("/"):
                self.entries.setdefault(str(parent), Entry(0o755))
        self.entries[str(path)] = entry

    def directory(self, path, mode=0o755, owner=0):
        """Adds a directory."""
        self.add(path, Entry(mode, owner=owner))

    def write(self, path, text, mode=0o644):
        """Adds a file with this text."""
        self.add(path, Entry(mode, content=text.encode()))

    def link(self, path, target):
        """Adds a symbolic link."""
        self.add(path, Entry(0o777, link=target))

    def copy(self, source, path=None):
        """Adds a file, link or directory of this machine (without its content), by default at the same
        path. Skips anything else, such as a device."""
        source = pathlib.Path(source)
        status = source.lstat()
        mode = stat.S_IMODE(status.st_mode)
        if stat.S_ISLNK(status.st_mode):
            self.link(path or source, os.readlink(source))
        elif stat.S_ISREG(status.st_mode):
            self.add(path or source, Entry(mode, source=source))
        elif stat.S_ISDIR(status.st_mode):
            self.directory(path or source, mode)

    def copy_below(self, root):
        """Adds everything below a directory, which becomes the image's root."""
        root = pathlib.Path(root)
        for source in sorted(root.rglob("*")):
            self.copy(source, "/" / source.relative_to(root))

    def write_layer(self, output):
        """Writes the layer, a tar archive, and returns its digest and size."""
        output = HashingWriter(output)
        with tarfile.open(fileobj=output, mode="w|", format=tarfile.GNU_FORMAT) as archive:
            for path, entry in sorted(self.entries.items()):
                info = entry.info(path.lstrip("/"))
                if entry.source is not None:
                    with entry.source.open("rb") as content:
                        archive.addfile(info, content)
                else:
                    archive.addfile(info, io.BytesIO(entry.content or b""))
        return "sha256:" + output.hash.hexdigest(), output.size


class HashingWriter:
    """A stream that counts and hashes what passes through it."""

    def __init__(self, output):
        self.output, self.hash, self.size = output, hashlib.sha256(), 0

    def write(self, data):
        self.hash.update(data)
        self.size += len(data)
        return self.output.write(data)


def write_archive(target, reference, tree, *, entrypoint=(), user="", environment=()):
    """Writes an image as an OCI archive to the path target. reference is its full name with a tag;
    user is "UID:GID". Returns the digest of the image's manifest."""
    blobs = {}

    def descriptor(kind, value):
        data = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        blobs[digest] = data
        return {"mediaType": MEDIA + kind, "digest": digest, "size": len(data)}

    with tempfile.TemporaryFile(dir=target.parent) as layer_file:
        layer, size = tree.write_layer(layer_file)
        created = {"Env": [f"PATH={PATH}", *environment]}
        if entrypoint:
            created["Entrypoint"] = list(entrypoint)
        if user:
            created["User"] = user
        config = {
            "architecture": architecture(),
            "os": "linux",
            "config": created,
            "rootfs": {"type": "layers", "diff_ids": [layer]},
        }
        manifest = descriptor(
            "manifest.v1+json",
            {
                "schemaVersion": 2,
                "mediaType": MEDIA + "manifest.v1+json",
                "config": descriptor("config.v1+json", config),
                "layers": [{"mediaType": MEDIA + "layer.v1.tar", "digest": layer, "size": size}],
            },
        )
        # containerd uses the first name, podman and skopeo the second.
        names = {
            "io.containerd.image.name": reference,
            "org.opencontainers.image.ref.name": reference,
        }
        index = {"schemaVersion": 2, "manifests": [{**manifest, "annotations": names}]}
        partial = target.with_name(target.name + ".new")
        with tarfile.open(partial, "w", format=tarfile.GNU_FORMAT) as archive:
            add_bytes(archive, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
            add_bytes(archive, "index.json", json.dumps(index, sort_keys=True).encode())
            for digest, data in sorted(blobs.items()):
                add_bytes(archive, blob_path(digest), data)
            layer_file.seek(0)
            info = tarfile.TarInfo(blob_path(layer))
            info.size, info.mtime = size, EPOCH
            archive.addfile(info, layer_file)
    partial.rename(target)
    return manifest["digest"]


def identity(archive):
    """The name of the image in an archive, and the digest of its manifest."""
    with tarfile.open(archive) as layout:
        manifest = json.load(layout.extractfile("index.json"))["manifests"][0]
    return manifest["annotations"]["org.opencontainers.image.ref.name"], manifest["digest"]


def blob_path(digest):
    """The path of the blob with a digest in the layout."""
    return "blobs/" + digest.replace(":", "/")


def add_bytes(archive, name, data):
    """Adds a file to a tar archive."""
    info = tarfile.TarInfo(name)
    info.size, info.mtime = len(data), EPOCH
    archive.addfile(info, io.BytesIO(data))


def architecture():
    """This machine's architecture; for the common ones, Debian's names are the specification's."""
    words = ["dpkg", "--print-architecture"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
