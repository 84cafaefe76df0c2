"""The pods that hookctl renders, compared with those that KubeVirt's own code rendered."""

import json
import unittest

import support

PODS = support.UPSTREAM / "pods"
VMIS = support.UPSTREAM / "vmi"
SHIM_IMAGE = "quay.io/kubevirt/sidecar-shim:v1.9.0"


def load(path):
    """A pod from a file, without what differs between renderings by KubeVirt."""
    return normalize(json.loads(path.read_text(encoding="utf-8")))


def normalize(pod):
    """The pod with lists of named objects as dictionaries, and without the random
    --qemu-timeout."""
    spec = pod["spec"]
    for container in spec["containers"]:
        args = container.get("args", [])
        if "--qemu-timeout" in args:
            del args[args.index("--qemu-timeout") + 1]
        container["env"] = by_name(container.get("env", []))
        container["volumeMounts"] = sorted(container["volumeMounts"], key=json.dumps)
    spec["volumes"] = by_name(spec["volumes"])
    return pod


def by_name(items):
    """A list of named objects as a dictionary; a duplicate name fails."""
    named = {item["name"]: item for item in items}
    assert len(named) == len(items), items
    return named


def without_hostpath(pod):
    """The pod without what KubeVirt does not know."""
    names = [name for name in pod["spec"]["volumes"] if name.endswith("-hostpath")]
    for name in names:
        del pod["spec"]["volumes"][name]
        for container in pod["spec"]["containers"]:
            container["volumeMounts"] = [
                mount for mount in container["volumeMounts"] if mount["name"] != name
            ]
    return pod


@unittest.skipUnless(PODS.is_dir(), "KubeVirt's pods are not beside this tree")
class RenderUpstream(support.TestCase):
    def pairs(self):
        """The names of VMIs with sidecars, for each of which there is a pod with them and one
        without."""
        names = [path.name.removesuffix(".gate-on.json") for path in PODS.glob("*.gate-on.json")]
        self.assertTrue(names)
        return sorted(names)

    def render(self, *words):
        """The output of `hookctl render`."""
        command = [support.program("hookctl"), "render", "--shim-image", SHIM_IMAGE, *words]
        result = support.run(command)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def test_gate_off_becomes_gate_on(self):
        for name in self.pairs():
            for source in ([], ["-f", VMIS / f"{name}.yaml"]):
                with self.subTest(name, source=source):
                    pod = PODS / f"{name}.gate-off.json"
                    rendered = self.render("--pod", pod, *source, "-o", "json")
                    self.assertEqual(
                        without_hostpath(normalize(rendered)), load(PODS / f"{name}.gate-on.json")
                    )

    def test_builtin_is_found(self):
        for name in self.pairs():
            with self.subTest(name):
                pod = PODS / f"{name}.gate-off.json"
                found = self.render("--pod", pod, "-o", "json")
                named = self.render("--pod", pod, "--launcher", "builtin", "-o", "json")
                self.assertEqual(found, named)

    def test_gate_on_gets_only_what_kubevirt_does_not_know(self):
        for name in self.pairs():
            with self.subTest(name):
                patch = self.render("--pod", PODS / f"{name}.gate-on.json", "-o", "patch")
                added = [(step["op"], step["value"]["name"]) for step in patch]
                hostpath = [("add", "hook-sidecar-0-hostpath")] * 2
                self.assertEqual(added, hostpath if name.endswith("hostpath") else [])

    def test_hostpath(self):
        rendered = self.render("--pod", PODS / "vmi-with-sidecar-hostpath.gate-off.json", "-o", "json")
        volumes = by_name(rendered["spec"]["volumes"])
        self.assertEqual(
            volumes["hook-sidecar-0-hostpath"]["hostPath"],
            {"path": "/var/lib/kubevirt/images", "type": "Directory"},
        )
        sidecar = by_name(rendered["spec"]["containers"])["hook-sidecar-0"]
        self.assertIn(
            {"name": "hook-sidecar-0-hostpath", "mountPath": "/host-images"},
            sidecar["volumeMounts"],
        )

    def test_pods_without_sidecars_stay(self):
        for path in PODS.glob("*.gate-off.json"):
            if path.name.removesuffix(".gate-off.json") in self.pairs():
                continue
            with self.subTest(path.name):
                self.assertEqual(self.render("--pod", path, "-o", "patch"), [])

    def test_rendering_again_changes_nothing(self):
        for name in self.pairs():
            with self.subTest(name):
                rendered = self.render("--pod", PODS / f"{name}.gate-off.json", "-o", "json")
                pod = self.write(f"{name}.json", json.dumps(rendered))
                self.assertEqual(self.render("--pod", pod, "-o", "patch"), [])


if __name__ == "__main__":
    support.main()
