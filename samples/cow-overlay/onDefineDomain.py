#!/usr/bin/python3
"""onDefineDomain --vmi JSON --domain XML

Points the VM's first disk at its own copy-on-write overlay over an image that many VMs share. The
image is in IMAGES, which is only read; the first call creates the overlay in OVERLAYS, and later
calls find it there. An overlay of another image is left alone, and the VM does not start. Exit
status: 0, or 1 for bad input, 2 for wrong usage."""

import json
import os
import subprocess
import sys
import tempfile
from xml.dom import minidom
from xml.parsers.expat import ExpatError

ANNOTATION = "cow-overlay.hookline.dev/image"
# These must be the same directories in the compute container, where QEMU opens both files.
IMAGES = os.environ.get("IMAGES", "/images")
OVERLAYS = os.environ.get("OVERLAYS", "/overlays")
# Where both are mounted: below this directory under hookctl run --sandbox none, which mounts nothing.
ROOT = os.environ.get("HOOKLINE_ROOT", "")


class BadInput(Exception):
    """The hook's input is wrong; the text says how."""


def qemu_img(*words):
    """Runs qemu-img and returns what it prints."""
    result = subprocess.run(
        ["qemu-img", *words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if result.returncode != 0:
        raise BadInput(f"qemu-img {words[0]}: {result.stderr.strip()}")
    return result.stdout


def image_info(path, *options):
    """What qemu-img knows about an image, even while a VM has it open."""
    return json.loads(qemu_img("info", "--force-share", "--output=json", *options, ROOT + path))


def file_below(directory, name, what):
    """The path of a file in directory; name must not lead elsewhere."""
    if not isinstance(name, str) or name in ("", ".", "..") or "/" in name or "\0" in name:
        raise BadInput(f"{what} must be the name of a file in {directory}, not {name!r}")
    return os.path.join(directory, name)


def check_overlay(overlay, image):
    """Refuses an overlay whose backing image is not image."""
    info = image_info(overlay, "-f", "qcow2")
    backing = info.get("backing-filename")
    if backing != image:
        raise BadInput(
            f"{overlay} is over {backing or 'no image'}, not over {image}: "
            "remove it, if the data in it is not needed, or set the annotation back"
        )


def ensure_overlay(overlay, image):
    """Creates a missing overlay atomically: an interrupted call leaves no partial overlay, and one
    that another call has created meanwhile is kept."""
    if not os.path.lexists(ROOT + overlay):
        info = image_info(image)
        backing = ["-u", "-b", image, "-F", info["format"]]
        with tempfile.TemporaryDirectory(prefix=".new-", dir=ROOT + OVERLAYS) as directory:
            new = os.path.join(directory, "overlay")
            qemu_img("create", "-q", "-f", "qcow2", *backing, new, str(info["virtual-size"]))
            try:
                os.link(new, ROOT + overlay)
            except FileExistsError:
                pass
    check_overlay(overlay, image)


def children(element, name):
    """The children of an element that are elements of that name."""
    return [child for child in element.childNodes if child.nodeName == name]


def first_disk(domain):
    """The first disk that is not a CD-ROM or floppy."""
    for devices in children(domain, "devices"):
        for disk in children(devices, "disk"):
            if disk.getAttribute("device") in ("", "disk"):
                return disk
    raise BadInput("the domain has no disk to point at the overlay")


def ensure_child(document, parent, name):
    """The first child of that name; inserted as the first child if there is none."""
    found = children(parent, name)
    if found:
        return found[0]
    return parent.insertBefore(document.createElement(name), parent.firstChild)


def point_disk(document, disk, overlay):
    """Makes the disk a qcow2 file. The driver keeps its other options. The backing chain in the
    domain is the old source's and is removed: libvirt detects the new one itself."""
    disk.setAttribute("type", "file")
    source = ensure_child(document, disk, "source")
    for name in list(source.attributes.keys()):
        source.removeAttribute(name)
    while source.firstChild:
        source.removeChild(source.firstChild)
    source.setAttribute("file", overlay)
    driver = ensure_child(document, disk, "driver")
    if not driver.hasAttribute("name"):
        driver.setAttribute("name", "qemu")
    driver.setAttribute("type", "qcow2")
    for chain in children(disk, "backingStore"):
        disk.removeChild(chain)


def change(vmi_text, domain_text):
    """Returns the domain as text, with its first disk on an overlay if the VM asks for one."""
    try:
        vmi = json.loads(vmi_text)
        metadata = vmi["metadata"]
        annotations = metadata.get("annotations") or {}
        name = metadata["name"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"the VMI is not a JSON object with a name: {error!r}") from error
    try:
        document = minidom.parseString(domain_text)
    except (ExpatError, ValueError) as error:
        raise BadInput(f"the domain is not well-formed XML: {error}") from error
    domain = document.documentElement
    if domain.nodeName != "domain":
        raise BadInput(f"the domain's root element is {domain.nodeName}")
    if ANNOTATION not in annotations:
        return domain_text
    image = file_below(IMAGES, annotations[ANNOTATION], f"the annotation {ANNOTATION}")
    overlay = file_below(OVERLAYS, f"{name}.qcow2", "the VM's name")
    disk = first_disk(domain)
    ensure_overlay(overlay, image)
    point_disk(document, disk, overlay)
    return domain.toxml()


def main(argv):
    """Runs the hook; returns its exit status."""
    if len(argv) != 5 or argv[1] != "--vmi" or argv[3] != "--domain":
        print("usage: onDefineDomain --vmi JSON --domain XML", file=sys.stderr)
        return 2
    try:
        sys.stdout.write(change(argv[2], argv[4]))
    except (BadInput, OSError) as error:
        print(f"cow-overlay hook: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
