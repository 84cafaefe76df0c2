#!/usr/bin/python3
"""Instance types and preferences by command: what hookctl expand prints, that every command reports
the same errors, that sidecars and domain are those of the expanded machine, and that the tables are
those of KubeVirt."""

import json
import re
import unittest

import yaml

import support

HOOKCTL = support.program("hookctl")
LAUNCHER = support.program("hook-launcher")
KEY = "hooks.kubevirt.io/hookSidecars"
SHARED = support.UPSTREAM.parent
GROUP = "instancetype.kubevirt.io/v1beta1"


def machine(name="vm", kind="VirtualMachine", **spec):
    """A VirtualMachine with an empty disk."""
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {
            **spec,
            "template": {
                "spec": {
                    "domain": {"devices": {}},
                    "volumes": [{"name": "root", "emptyDisk": {"capacity": "1Gi"}}],
                }
            },
        },
    }


def pool(**spec):
    """A VirtualMachinePool of such machines."""
    inner = machine(**spec)
    return {
        "apiVersion": "pool.kubevirt.io/v1alpha1",
        "kind": "VirtualMachinePool",
        "metadata": {"name": "pool", "namespace": "pools"},
        "spec": {"virtualMachineTemplate": {"spec": inner["spec"]}},
    }


def preset(kind, name, spec, **metadata):
    """An instance type or preference."""
    return {
        "apiVersion": GROUP,
        "kind": f"VirtualMachine{kind}",
        "metadata": {"name": name, **metadata},
        "spec": spec,
    }


def stream(*objects):
    """Objects as a YAML stream."""
    return yaml.safe_dump_all(objects, sort_keys=False, explicit_start=True)


def line_of(text, words):
    """The number of the first line with these words."""
    return text[: text.index(words)].count("\n") + 1


def template(vm):
    return vm["spec"]["template"]["spec"]


class Expand(support.TestCase):
    def expand(self, *objects, words=()):
        result = support.run([HOOKCTL, "expand", *words], stdin=stream(*objects))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def test_one(self):
        vm = machine(instancetype={"name": "u1.large"}, preference={"name": "alpine"}, running=True)
        expanded = yaml.safe_load(self.expand(vm))
        self.assertEqual(set(expanded["spec"]), {"running", "template"})
        domain = template(expanded)["domain"]
        self.assertEqual(domain["memory"], {"guest": "8Gi"})
        self.assertEqual(domain["cpu"], {"sockets": 2, "cores": 1, "threads": 1})
        self.assertEqual(domain["devices"]["disks"], [{"name": "root", "disk": {"bus": "virtio"}}])
        self.assertEqual(json.loads(self.expand(vm, words=["-o", "json"])), expanded)

    def test_several(self):
        mine = {"name": "mine", "kind": "VirtualMachineInstancetype"}
        spec = {"cpu": {"guest": 2}, "memory": {"guest": "3Gi"}}
        objects = [
            machine("a", instancetype={"name": "u1.small"}),
            {"apiVersion": "v1", "kind": "List", "items": [machine("b"), pool(instancetype=mine)]},
            preset("Instancetype", "mine", spec, namespace="pools"),
        ]
        documents = list(yaml.safe_load_all(self.expand(*objects)))
        self.assertEqual([one["metadata"]["name"] for one in documents], ["a", "b", "pool"])
        self.assertEqual(template(documents[0])["domain"]["memory"], {"guest": "2Gi"})
        self.assertEqual(documents[1], machine("b"))
        inner = documents[2]["spec"]["virtualMachineTemplate"]
        self.assertEqual(template(inner)["domain"]["memory"], {"guest": "3Gi"})
        self.assertNotIn("instancetype", inner["spec"])
        listed = json.loads(self.expand(*objects, words=["-o", "json"]))
        self.assertEqual(listed, {"apiVersion": "v1", "kind": "List", "items": documents})
        chosen = yaml.safe_load(self.expand(*objects, words=["--name", "pools/pool"]))
        self.assertEqual(chosen, documents[2])

    def test_status(self):
        vm = machine(instancetype={"name": "u1.small"})
        vm["status"] = {"ready": True, "instancetypeRef": {"name": "u1.small"}, "preferenceRef": {}}
        self.assertEqual(yaml.safe_load(self.expand(vm))["status"], {"ready": True})

    def test_nothing_to_expand(self):
        for objects in ([machine(kind="VirtualMachineInstance")], [preset("Preference", "p", {})]):
            result = support.run([HOOKCTL, "expand"], stdin=stream(*objects))
            self.assertEqual((result.returncode, result.stdout), (1, ""))
            self.assertIn("there is no VirtualMachine or VirtualMachinePool", result.stderr)
        result = support.run([HOOKCTL, "expand", "--name", "x"], stdin=stream(machine()))
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("there is no VirtualMachine or VirtualMachinePool called x", result.stderr)

    def test_one_error_prints_nothing(self):
        objects = [machine("a"), machine("b", preference={"name": "fedra"})]
        result = support.run([HOOKCTL, "expand"], stdin=stream(*objects))
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn('did you mean "fedora"?', result.stderr)


class Commands(support.TestCase):
    """What the other commands make of a machine."""

    CONFLICT = (
        ':11:32: spec.template.spec.domain.cpu.cores: conflicts with the instance type "u1.small" '
        "(KubeVirt 1.9's own: spec.cpu.guest): remove one of them"
    )

    def conflicting(self):
        vm = machine(instancetype={"name": "u1.small"})
        text = """\
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: vm}
spec:
  instancetype:
    name: u1.small
  template:
    spec:
      domain:
        devices: {}
        cpu: {model: x, cores: 2}
"""
        self.assertEqual(yaml.safe_load(text)["spec"]["instancetype"], vm["spec"]["instancetype"])
        return self.write("vm.yaml", text)

    def test_same_error_everywhere(self):
        path = self.conflicting()
        domain = self.write("domain.xml", "<domain><name>default_vm</name></domain>")
        for words in (
            [HOOKCTL, "validate", "-f", path],
            [HOOKCTL, "expand", "-f", path],
            [HOOKCTL, "render", "-f", path],
            [HOOKCTL, "run", "-f", path, "--domain", domain],
            [LAUNCHER, "--dry-run", "--log-format", "text", "--vmi", path],
        ):
            with self.subTest(words[:2]):
                result = support.run(words)
                self.assertEqual(result.returncode, 1, result.stderr)
                self.assertIn(f"{path}{self.CONFLICT}", result.stdout + result.stderr)

    def test_validate_counts(self):
        result = support.run([HOOKCTL, "validate", "-o", "json", "-f", self.conflicting()])
        found = json.loads(result.stdout)
        self.assertEqual((found["errors"], found["warnings"]), (1, 0))
        finding = found["findings"][0]
        self.assertEqual(finding["path"], "spec.template.spec.domain.cpu.cores")
        self.assertEqual((finding["line"], finding["column"]), (11, 32))
        self.assertEqual((finding["kind"], finding["name"]), ("VirtualMachine", "vm"))

    def test_objects_of_another_file(self):
        """They are part of the manifests, but nothing to check."""
        inferring = machine(instancetype={"inferFromVolume": "root"})
        volume = {"name": "root", "persistentVolumeClaim": {"claimName": "root"}}
        template(inferring)["volumes"] = [volume]
        labels = {"instancetype.kubevirt.io/default-instancetype": "u1.small"}
        metadata = {"name": "root", "labels": labels}
        vm = self.write("vm.yaml", stream(inferring))
        claim = self.write(
            "claim.yaml",
            stream({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata}),
        )
        alone = support.run([HOOKCTL, "validate", "-f", vm])
        self.assertEqual(alone.returncode, 1)
        self.assertIn('the PersistentVolumeClaim "root" of namespace default', alone.stdout)
        both = support.run([HOOKCTL, "validate", "-f", vm, "-f", claim])
        self.assertEqual((both.returncode, both.stdout), (0, ""))
        nothing = support.run([HOOKCTL, "validate", "-f", claim])
        self.assertIn("warning: nothing to check here", nothing.stdout)

    def test_sidecars_of_a_preference(self):
        hooks = json.dumps([{"args": ["--version", "v1alpha3"]}])
        objects = [
            machine(preference={"name": "hooked", "kind": "VirtualMachinePreference"}),
            preset("Preference", "hooked", {"annotations": {KEY: hooks}}),
        ]
        result = support.run([HOOKCTL, "render", "-o", "json"], stdin=stream(*objects))
        self.assertEqual(result.returncode, 0, result.stderr)
        names = [one["name"] for one in json.loads(result.stdout)["spec"]["containers"]]
        self.assertEqual(names, ["compute", "hook-sidecar-0"])

    def launch(self, *objects):
        words = [LAUNCHER, "--dry-run", "--log-format", "text", "--vmi", "-"]
        return support.run(words, stdin=stream(*objects))

    def test_domain(self):
        spec = {"cpu": {"guest": 4}, "memory": {"guest": "1Gi"}}
        result = self.launch(
            machine(instancetype={"name": "mine"}, preference={"name": "mine"}),
            preset("ClusterInstancetype", "mine", spec),
            preset(
                "ClusterPreference",
                "mine",
                {
                    "cpu": {"preferredCPUTopology": "cores"},
                    "devices": {"preferredDiskBus": "virtio", "preferredInterfaceModel": "e1000e"},
                },
            ),
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r'<topology sockets="\d+" cores="4" threads="1">')
        self.assertIn(">1073741824</memory>", result.stdout)
        self.assertIn('<target bus="virtio" dev="vda">', result.stdout)
        self.assertIn('<model type="e1000e">', result.stdout)

    def test_origin_of_a_refused_field(self):
        gpus = [{"name": "gpu", "deviceName": "vendor.example/gpu"}]
        spec = {"cpu": {"guest": 1}, "memory": {"guest": "1Gi"}, "gpus": gpus}
        entry = {"image": "registry.example/hook:1"}
        vm = machine(instancetype={"name": "gpu"})
        vm["spec"]["template"]["metadata"] = {"annotations": {KEY: json.dumps([entry])}}
        text = stream(vm, preset("ClusterInstancetype", "gpu", spec))
        path = self.write("vm.yaml", text)
        line = line_of(text, "- name: gpu")
        for words in (
            [LAUNCHER, "--dry-run", "--log-format", "text", "--vmi", path],
            [HOOKCTL, "run", "-f", path],
        ):
            with self.subTest(words[:2]):
                result = support.run(words)
                self.assertNotEqual(result.returncode, 0)
                self.assertRegex(
                    result.stderr,
                    r"vm\.yaml:\d+:\d+: .*spec\.domain\.devices\.gpus: is not supported .*; "
                    rf'the instance type "gpu" \({re.escape(str(path))}:{line}:\d+: spec\.gpus\) '
                    "sets it",
                )

    def test_origin_of_a_fault_in_an_annotation(self):
        """It is at the VM, in which nothing has a line of its own, and names what has the line."""
        key = re.escape(f'["{KEY}"]')
        for name, value, fault in (
            ("value", '[{"imagePullPolicy": "Often"}]', r"\[0\]\.imagePullPolicy: .*Often"),
            ("JSON", "[{", r".*: "),
        ):
            vm = machine(preference={"name": "hooked"})
            text = stream(vm, preset("ClusterPreference", "hooked", {"annotations": {KEY: value}}))
            path = self.write(f"{name}.yaml", text)
            template_line = line_of(text, "  template:") + 1
            line = line_of(text, KEY)
            for words in (
                [LAUNCHER, "--dry-run", "--log-format", "text", "--vmi", path],
                [HOOKCTL, "run", "-f", path],
                [HOOKCTL, "render", "-f", path],
            ):
                with self.subTest(name, words=words[:2]):
                    result = support.run(words)
                    self.assertEqual(result.returncode, 1)
                    self.assertRegex(
                        result.stderr,
                        rf"{name}\.yaml:{template_line}:\d+: .*{fault}.*; "
                        rf'the preference "hooked" \({re.escape(str(path))}:{line}:\d+: '
                        rf"spec\.annotations{key}\) sets it",
                    )

    def test_misspelt_member_of_the_spec(self):
        vm = machine(instanceType={"name": "u1.small"})
        template(vm)["domain"]["memory"] = {"guest": "1Gi"}
        text = stream(vm)
        path = self.write("vm.yaml", text)
        line = line_of(text, "name: u1.small")
        for words in (
            [HOOKCTL, "validate", "-f", path],
            [HOOKCTL, "expand", "-f", path],
            [HOOKCTL, "render", "-f", path],
            [LAUNCHER, "--dry-run", "--log-format", "text", "--vmi", path],
        ):
            with self.subTest(words[:2]):
                result = support.run(words)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertRegex(
                    result.stdout + result.stderr,
                    rf"vm\.yaml:{line}:\d+: .*spec\.instanceType: is not a known field "
                    r'and is ignored \(did you mean "instancetype"\?\)',
                )

    def test_machine_of_a_list(self):
        """hook-launcher takes the one machine among the items, whose faults have their places."""
        own = preset("ClusterPreference", "mine", {"devices": {"preferredDiskBus": "sata"}})
        vm = machine(preference={"name": "mine"})
        template(vm)["domain"]["memory"] = {"guest": "1Gi"}
        vmi = {**machine("vmi", kind="VirtualMachineInstance"), "spec": template(vm)}
        untyped = {key: value for key, value in vm.items() if key not in ("kind", "apiVersion")}
        for items, name in (
            ({"kind": "List", "items": [own, vm]}, "default_vm"),
            ({"kind": "List", "items": [own, vmi]}, "default_vmi"),
        ):
            result = self.launch(items)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn(f"<name>{name}</name>", result.stdout)
        result = self.launch({"kind": "VirtualMachineList", "items": [untyped]}, own)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn('<target bus="sata" dev="sda">', result.stdout)
        result = self.launch({"kind": "List", "items": [vm, vmi]})
        self.assertEqual(result.returncode, 1)
        self.assertIn("more than one VirtualMachineInstance", result.stderr)
        template(vm)["nodomain"] = {}
        for one in (vm, vmi):
            wrong = {"kind": "List", "items": [own, one]}
            line = line_of(stream(wrong), "nodomain")
            result = self.launch(wrong)
            self.assertEqual(result.returncode, 1)
            self.assertRegex(result.stderr, rf"standard input:{line}:\d+: spec\.nodomain: ")
        vm["spec"]["preference"]["name"] = "fedra"
        wrong = {"kind": "List", "items": [own, vm]}
        result = self.launch(wrong)
        line = line_of(stream(wrong), "fedra")
        self.assertRegex(result.stderr, rf"standard input:{line}:\d+: spec\.preference\.name: ")

    def test_sizes(self):
        """Many machines that refer to one large object are refused, not copied for ever."""
        annotations = {f"{number:06}": "x" * 1000 for number in range(4000)}
        spec = {"cpu": {"guest": 1}, "memory": {"guest": "1Gi"}, "annotations": annotations}
        objects = [machine(f"m{number}", instancetype={"name": "big"}) for number in range(100)]
        text = "\n---\n".join(
            json.dumps(one) for one in [*objects, preset("ClusterInstancetype", "big", spec)]
        )
        result = support.run([HOOKCTL, "validate"], stdin=f"---\n{text}")
        self.assertEqual(result.returncode, 1)
        self.assertIn("of 25 MiB in all have been", result.stdout)


@unittest.skipUnless(SHARED.is_dir(), "what KubeVirt installs is not beside this tree")
class Tables(support.TestCase):
    def test_catalogue(self):
        folder = SHARED / "instancetypes"
        made = support.run(
            [
                support.ROOT / "machine" / "tables" / "catalogue.py",
                folder / "common-clusterinstancetypes.yaml",
                folder / "common-clusterpreferences.yaml",
            ]
        )
        self.assertEqual((made.returncode, made.stderr), (0, ""))
        self.assertEqual(made.stdout, (support.ROOT / "machine" / "catalogue.table.c").read_text())

    def test_every_entry_is_kubevirts(self):
        """Each of KubeVirt's own does the same from its object as by its name."""
        for kind, reference in (("instancetypes", "instancetype"), ("preferences", "preference")):
            path = SHARED / "instancetypes" / f"common-cluster{kind}.yaml"
            names = re.findall(r"(?m)^  name: (\S+)$", path.read_text())
            self.assertGreater(len(names), 50)
            machines = []
            for name in names:
                spec = {"instancetype": {"name": "u1.8xlarge"}, reference: {"name": name}}
                machines.append(machine(name, **spec))
            vms = self.write("vms.yaml", stream(*machines))
            by_name = support.run([HOOKCTL, "expand", "-f", vms])
            by_object = support.run([HOOKCTL, "expand", "-f", vms, "-f", path])
            self.assertEqual((by_name.returncode, by_name.stderr), (0, ""))
            self.assertEqual(by_name.stdout, by_object.stdout)

    def fields(self, schema):
        """An object with all fields of a schema, those that may be null null."""
        if schema.get("type") == "object" and "properties" in schema:
            return {name: self.fields(one) for name, one in schema["properties"].items()}
        return None

    def test_fields(self):
        """Every field of KubeVirt's definitions is known."""
        for kind, required in (
            ("Instancetype", ["cpu.guest", "memory.guest"]),
            ("Preference", ["requirements.cpu.guest", "requirements.memory.guest"]),
        ):
            name = f"instancetype.kubevirt.io_virtualmachinecluster{kind.lower()}s.yaml"
            definition = yaml.safe_load((SHARED / "crds" / name).read_text())
            version = next(v for v in definition["spec"]["versions"] if v["name"] == "v1beta1")
            schema = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
            objects = [
                machine(**{kind.lower(): {"name": "all"}}),
                preset(f"Cluster{kind}", "all", self.fields(schema)),
            ]
            result = support.run([HOOKCTL, "validate"], stdin=stream(*objects))
            self.assertNotIn("is not a known field", result.stdout)
            # what is null is absent, so that the only faults are those of required fields
            self.assertEqual(result.returncode, 1)
            self.assertEqual(re.findall(r"spec\.([\w.]+)\) is required", result.stdout), required)
            self.assertEqual(result.stdout.count(f"spec.{kind.lower()}: "), len(required))


if __name__ == "__main__":
    support.main()
