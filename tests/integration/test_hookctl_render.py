#!/usr/bin/python3
"""hookctl render: the pod of a VMI, or the patch to it."""

import json

import support

HOOKCTL = support.program("hookctl")
KEY = "hooks.kubevirt.io/hookSidecars"
PODS = support.UPSTREAM / "pods"


def vmi(name="testvmi", annotation=None, **kind):
    """A VMI with an annotation; the default is one valid sidecar."""
    sidecars = [{"image": "registry.example/hook:1"}] if annotation is None else annotation
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": name, "annotations": {KEY: json.dumps(sidecars)}},
        "spec": {},
        **kind,
    }


def container(pod, name):
    return next((found for found in pod["spec"]["containers"] if found["name"] == name), None)


def apply(patch, value):
    """An RFC 6902 patch of adds, replaces and removes, applied to a copy of value."""
    value = json.loads(json.dumps(value))
    for step in patch:
        *parents, last = [
            token.replace("~1", "/").replace("~0", "~") for token in step["path"].split("/")[1:]
        ]
        target = value
        for token in parents:
            target = target[int(token)] if isinstance(target, list) else target[token]
        if isinstance(target, list):
            place = len(target) if last == "-" else int(last)
            if step["op"] == "remove":
                del target[place]
            elif step["op"] == "replace":
                target[place] = step["value"]
            else:
                target.insert(place, step["value"])
        elif step["op"] == "remove":
            del target[last]
        else:
            target[last] = step["value"]
    return value


class Render(support.TestCase):
    def render(self, *words, stdin=""):
        return support.run([HOOKCTL, "render", *words], stdin=stdin)

    def rendered(self, *words, stdin=""):
        result = self.render(*words, "-o", "json", stdin=stdin)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def test_minimal_pod(self):
        pod = self.rendered(stdin=json.dumps(vmi()))
        self.assertEqual(pod["kind"], "Pod")
        self.assertEqual(container(pod, "hook-sidecar-0")["image"], "registry.example/hook:1")
        self.assertIsNotNone(container(pod, "compute"))

    def test_yaml_reads_back_as_the_same_pod(self):
        path = self.write("vmi.json", json.dumps(vmi()))
        pod = self.write("pod.yaml", self.render("-f", path).stdout)
        self.assertEqual(self.rendered("--pod", pod), self.rendered("-f", path))

    def test_launchers(self):
        text = json.dumps(vmi())
        plugin = self.rendered("--launcher", "plugin", "--manager-image", "m:1", stdin=text)
        self.assertEqual(container(plugin, "hook-manager")["image"], "m:1")
        builtin = self.rendered("--launcher", "builtin", stdin=text)
        self.assertIsNone(container(builtin, "hook-manager"))
        self.assertIn("--hook-sidecars", json.dumps(container(builtin, "compute")))

    def test_the_manager_reads_the_annotation_that_was_rendered(self):
        for key, words in (
            (KEY, []),
            ("hookline.dev/hookSidecars", []),
            ("example.org/hooks", ["--annotation-key", "example.org/hooks"]),
        ):
            with self.subTest(key=key):
                source = vmi()
                source["metadata"]["annotations"] = {key: source["metadata"]["annotations"][KEY]}
                text = json.dumps(source)
                pod = self.rendered("--launcher", "plugin", *words, stdin=text)
                volume = next(
                    found
                    for found in pod["spec"]["volumes"]
                    if found["name"] == "hook-manager-annotation"
                )
                path = volume["downwardAPI"]["items"][0]["fieldRef"]["fieldPath"]
                self.assertEqual(path, f"metadata.annotations['{key}']")

    def test_shim_image(self):
        text = json.dumps(vmi(annotation=[{"args": ["--version", "v1alpha3"]}]))
        pod = self.rendered("--shim-image", "shim:1", stdin=text)
        self.assertEqual(container(pod, "hook-sidecar-0")["image"], "shim:1")

    def test_pod_and_its_own_annotation(self):
        pod = self.rendered(stdin=json.dumps(vmi()))
        path = self.write("pod.json", json.dumps(pod))
        self.assertEqual(self.rendered("--pod", path), pod)
        self.assertEqual(self.rendered("-f", path), pod)
        result = self.render("--pod", path, "-o", "patch")
        self.assertEqual(json.loads(result.stdout), [])

    def test_patch(self):
        bare = self.rendered(stdin=json.dumps(vmi(annotation=[])))
        path = self.write("pod.json", json.dumps(bare))
        source = self.write("vmi.json", json.dumps(vmi()))
        patch = json.loads(self.render("-f", source, "--pod", path, "-o", "patch").stdout)
        self.assertTrue(patch)
        self.assertEqual(apply(patch, bare), self.rendered("-f", source, "--pod", path))

    def test_no_sidecars(self):
        result = self.render(stdin=json.dumps(vmi(annotation=[])))
        self.assertEqual(result.returncode, 0)
        self.assertIn("warning: VirtualMachineInstance \"testvmi\" has no hook sidecars: ", result.stderr)
        self.assertIn("name: compute", result.stdout)

    def test_nothing_is_written_when_there_are_errors(self):
        result = self.render(stdin=json.dumps(vmi(annotation=[{"image": 3}])))
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn(f"{KEY}[0].image: ", result.stderr)
        result = self.render("-f", self.tmp / "missing.yaml")
        self.assertEqual((result.returncode, result.stdout), (3, ""))

    def test_a_pod_without_compute(self):
        pod = {"kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": []}}
        path = self.write("pod.json", json.dumps(pod))
        result = self.render("-f", "-", "--pod", path, stdin=json.dumps(vmi()))
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn(f"{path}:1:", result.stderr)
        self.assertIn("compute", result.stderr)

    def test_choosing_one_of_several(self):
        path = self.write("vmis.yaml", "".join(f"---\n{json.dumps(vmi(name))}\n" for name in "ab"))
        result = self.render("-f", path)
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("there is more than one virtual machine or pod: choose", result.stderr)
        self.assertIn("VirtualMachineInstance default/a", result.stderr)
        pod = self.rendered("-f", path, "--name", "b")
        self.assertIn("b", pod["metadata"]["labels"].values())
        self.assertEqual(self.rendered("-f", path, "--name", "default/b"), pod)
        result = self.render("-f", path, "--name", "c")
        self.assertEqual(result.returncode, 1)
        self.assertIn("there is no virtual machine or pod called c", result.stderr)

    def test_kinds_that_make_a_vmi(self):
        template = {"metadata": vmi()["metadata"], "spec": {}}
        kinds = {
            "VirtualMachine": {"template": template},
            "VirtualMachineInstanceReplicaSet": {"template": template},
            "VirtualMachinePool": {"virtualMachineTemplate": {"spec": {"template": template}}},
        }
        for kind, spec in kinds.items():
            with self.subTest(kind=kind):
                manifest = {"kind": kind, "metadata": {"name": "outer"}, "spec": spec}
                pod = self.rendered(stdin=json.dumps(manifest))
                self.assertIsNotNone(container(pod, "hook-sidecar-0"))
                self.assertIn("outer", pod["metadata"]["labels"].values())
        for nameless in ('[{"image": "registry.example/hook:1"}]', json.dumps(vmi(name=""))):
            pod = self.rendered(stdin=nameless)
            self.assertIsNotNone(container(pod, "hook-sidecar-0"))
            self.assertEqual(pod["metadata"]["generateName"], "virt-launcher-vmi-")

    def test_provisioning_pods_are_left_alone(self):
        pod = {
            "kind": "Pod",
            "metadata": {
                "name": "virt-launcher-x",
                "annotations": {
                    "kubevirt.io/ephemeral-provisioning": "true",
                    KEY: '[{"image": "registry.example/hook:1"}]',
                },
            },
            "spec": {"containers": [{"name": "compute"}]},
        }
        result = self.render("-o", "json", stdin=json.dumps(pod))
        self.assertEqual(json.loads(result.stdout), pod)
        self.assertIn("temporary provisioning pod", result.stderr)

    def test_pods_that_kubevirt_rendered(self):
        if not PODS.is_dir():
            self.skipTest(f"{PODS} is not there")
        paths = sorted(PODS.glob("*.gate-on.json"))
        self.assertTrue(paths)
        for path in paths:
            with self.subTest(pod=path.name):
                wanted = json.loads(path.read_text())
                without = path.with_name(path.name.replace("gate-on", "gate-off"))
                pod = self.rendered("--pod", without, "--launcher", "builtin")
                for kind in ("containers", "volumes"):
                    names = {item["name"] for item in wanted["spec"][kind]}
                    self.assertLessEqual(names, {item["name"] for item in pod["spec"][kind]})


if __name__ == "__main__":
    support.main()
