#!/usr/bin/python3
"""hookctl appliance publish and convert: a VM as an appliance, as a VirtualMachineTemplate, and
back."""

import base64
import copy
import json
import re
import unittest

import yaml

import api_server
import support

HOOKCTL = support.program("hookctl")
UPSTREAM = support.UPSTREAM.parent
CASES = UPSTREAM / "appliance" / "cases"
VM_SPEC = "appliance.kubevirt.io/vm-spec"
PARAMETERS = "appliance.kubevirt.io/parameters"
UID = "6b6f2a4e-0000-4000-8000-0000000000aa"
# What identifies one machine, or its cluster: none of it may be in what is made of it.
IDENTITY = (
    "f0f0f0f0-1111-4222-8333-444444444444",  # uid
    "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",  # UUID of the firmware
    "S3R1AL",
    "CHASSIS-7",
    "02:00:00:aa:bb:cc",
    "resourceVersion",
    "creationTimestamp",
    "managedFields",
    "finalizers",
    "generation",
    "revisionName",
    "last-applied",
    "observed-api-version",
    "restore.kubevirt.io",
    "printableStatus",
)
USER_DATA = """\
#cloud-config
user: fedora  # the account
password: hunter2-hunter2
chpasswd: {expire: false}
runcmd:
- "echo ${HOME} ${{HOME}} $HOME > /tmp/x"
"""


def machine(**changes):
    """A VM as a cluster has it."""
    spec = {
        "runStrategy": "RerunOnFailure",
        "instancetype": {"kind": "VirtualMachineClusterInstancetype", "name": "u1.medium"},
        "preference": {"name": "fedora", "revisionName": "web1-fedora-revision"},
        "dataVolumeTemplates": [
            {
                "metadata": {"name": "web1-os", "creationTimestamp": None},
                "spec": {
                    "sourceRef": {"kind": "DataSource", "name": "fedora", "namespace": "images"},
                    "storage": {"resources": {"requests": {"storage": "34087042032"}}},
                },
            },
            {
                "metadata": {"name": "web1-scratch"},
                "spec": {
                    "source": {"blank": {}},
                    "storage": {"resources": {"requests": {"storage": "5Gi"}}},
                },
            },
        ],
        "template": {
            "metadata": {
                "creationTimestamp": None,
                "labels": {"kubevirt.io/domain": "web1", "tier": "front"},
            },
            "spec": {
                "domain": {
                    "chassis": {"serial": "CHASSIS-7", "sku": "small"},
                    "firmware": {
                        "uuid": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
                        "serial": "S3R1AL",
                        "bootloader": {"efi": {"secureBoot": False}},
                    },
                    "devices": {
                        "disks": [
                            {"name": "scratch", "disk": {"bus": "virtio"}},
                            {"name": "root", "disk": {"bus": "virtio"}, "bootOrder": 1},
                            {"name": "data", "disk": {"bus": "scsi"}, "serial": "DATA01"},
                            {"name": "init", "disk": {"bus": "virtio"}},
                        ],
                        "filesystems": [{"name": "shared", "virtiofs": {}}],
                        "interfaces": [
                            {
                                "name": "default",
                                "masquerade": {},
                                "macAddress": "02:00:00:aa:bb:cc",
                                "ports": [{"port": 80}],
                            }
                        ],
                    },
                },
                "networks": [{"name": "default", "pod": {}}],
                "terminationGracePeriodSeconds": 180,
                "volumes": [
                    {"name": "root", "dataVolume": {"name": "web1-os"}},
                    {"name": "scratch", "dataVolume": {"name": "web1-scratch"}},
                    {"name": "data", "persistentVolumeClaim": {"claimName": "web1-data"}},
                    {"name": "shared", "persistentVolumeClaim": {"claimName": "shared"}},
                    {"name": "init", "cloudInitNoCloud": {"userData": USER_DATA}},
                ],
            },
        },
    }
    vm = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {
            "name": "web1",
            "namespace": "demo",
            "uid": "f0f0f0f0-1111-4222-8333-444444444444",
            "resourceVersion": "4711",
            "generation": 3,
            "creationTimestamp": "2026-01-02T03:04:05Z",
            "managedFields": [{"manager": "kubectl"}],
            "finalizers": ["kubevirt.io/virtualMachineControllerFinalize"],
            "labels": {"app": "web"},
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "{}",
                "kubevirt.io/latest-observed-api-version": "v1",
                "restore.kubevirt.io/lastRestoreUID": "x",
                "team": "blue",
            },
        },
        "spec": spec,
        "status": {"printableStatus": "Running"},
    }
    for path, value in changes.items():
        *parents, last = path.split("__")
        inner = vm
        for key in parents:
            inner = inner[key]
        inner[last] = value
    return vm


def claim(name, modes=("ReadWriteOnce",), namespace="demo", **metadata):
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": {"accessModes": list(modes), "resources": {"requests": {"storage": "2Gi"}}},
    }


def without_identity(vm):
    """The VM but for what conversions drop."""
    vm = copy.deepcopy(vm)
    metadata = vm["metadata"]
    vm["metadata"] = {key: metadata[key] for key in ("name", "namespace", "labels")}
    vm["metadata"]["annotations"] = {"team": "blue"}
    vm.pop("status")
    spec = vm["spec"]
    del spec["preference"]["revisionName"]
    del spec["dataVolumeTemplates"][0]["metadata"]["creationTimestamp"]
    del spec["template"]["metadata"]["creationTimestamp"]
    domain = spec["template"]["spec"]["domain"]
    del domain["firmware"]["uuid"], domain["firmware"]["serial"], domain["chassis"]["serial"]
    del domain["devices"]["interfaces"][0]["macAddress"]
    return vm


class Forms(support.TestCase):
    def files(self, *objects):
        self.number = getattr(self, "number", 0) + 1
        return self.write(f"{self.number}.yaml", yaml.safe_dump_all(objects))

    def hookctl(self, *words, status=0, stdin=""):
        result = support.run([HOOKCTL, "appliance", *words], stdin=stdin)
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertEqual(result.stdout != "", status == 0)
        return result

    def made(self, *words, stdin=""):
        """The objects that a subcommand prints."""
        return list(yaml.safe_load_all(self.hookctl(*words, stdin=stdin).stdout))

    def assert_anonymous(self, text):
        for word in IDENTITY:
            self.assertNotIn(word, text)

    # publish

    def test_publish(self):
        objects = [machine(), claim("web1-data", uid="u1", resourceVersion="5")]
        objects += [claim("shared", ("ReadWriteMany",)), claim("web1-os")]
        path = self.files(*objects)
        result = self.hookctl("publish", "-f", path, "demo/web")
        self.assert_anonymous(result.stdout)
        self.assertNotIn("hunter2", result.stdout)
        source, *owned = yaml.safe_load_all(result.stdout)
        self.assertEqual([one["metadata"]["name"] for one in owned], ["web1-data", "shared"])
        self.assertEqual(source["spec"], {"source": {"pvc": {"name": "web1-os", "namespace": "demo"}}})
        labels = source["metadata"]["labels"]
        self.assertEqual(labels["instancetype.kubevirt.io/default-instancetype"], "u1.medium")
        self.assertEqual(labels["instancetype.kubevirt.io/default-preference"], "fedora")
        vm = yaml.safe_load(source["metadata"]["annotations"][VM_SPEC])
        templates = {one["metadata"]["name"]: one["spec"] for one in vm["spec"]["dataVolumeTemplates"]}
        self.assertEqual(
            templates["root"]["sourceRef"],
            {"kind": "DataSource", "name": "web", "namespace": "demo"},
        )
        self.assertEqual(templates["scratch"]["source"], {"blank": {}})
        self.assertEqual(
            templates["data"]["source"], {"pvc": {"name": "web1-data", "namespace": "demo"}}
        )
        names = [one["name"] for one in yaml.safe_load(source["metadata"]["annotations"][PARAMETERS])]
        self.assertEqual(names, ["DOLLAR", "PASSWORD"])
        checked = support.run([HOOKCTL, "appliance", "check", "-f", "-"], stdin=result.stdout)
        self.assertEqual((checked.returncode, checked.stdout), (0, ""), checked.stderr)
        self.round_trip(objects, result.stdout)

    def round_trip(self, objects, published):
        """What create makes of what publish printed is the VM again, with a password of its own."""
        words = ["create", "-f", "-", "-f", self.files(*objects[1:]), "demo/web", "web1", "-n", "demo"]
        vm, secret = self.made(*words, "-p", "PASSWORD=new-pass-1", stdin=published)
        self.assertEqual(
            secret["stringData"]["userdata"],
            USER_DATA.replace("password: hunter2-hunter2", 'password: "new-pass-1"'),
        )
        expected = without_identity(objects[0])["spec"]
        spec = vm["spec"]
        templates = expected.pop("dataVolumeTemplates")
        made = spec.pop("dataVolumeTemplates")
        self.assertEqual([one["metadata"]["name"] for one in made[:2]], ["web1-root", "web1-scratch"])
        self.assertEqual(made[0]["spec"]["storage"], templates[0]["spec"]["storage"])
        self.assertEqual(made[1]["spec"], templates[1]["spec"])
        volumes = spec["template"]["spec"].pop("volumes")
        expected["template"]["spec"].pop("volumes")
        self.assertEqual(spec, expected)
        self.assertEqual(
            [next(key for key in volume if key != "name") for volume in volumes],
            ["dataVolume"] * 3 + ["persistentVolumeClaim", "cloudInitNoCloud"],
        )
        # what create made can be published again, with the Secret written into the user data
        again = self.files(vm | {"spec": spec | {"dataVolumeTemplates": made}}, secret)
        vm["spec"]["template"]["spec"]["volumes"] = volumes
        again = self.files(vm | {"spec": {**vm["spec"], "dataVolumeTemplates": made}}, secret)
        twice = self.hookctl("publish", "-f", again, "demo/web")
        self.assertNotIn("new-pass-1", twice.stdout)
        self.assertNotIn("kind: Secret", twice.stdout)
        first = yaml.safe_load_all(published)
        old = yaml.safe_load(next(first)["metadata"]["annotations"][VM_SPEC])
        new = yaml.safe_load(
            next(yaml.safe_load_all(twice.stdout))["metadata"]["annotations"][VM_SPEC]
        )
        for one in (old, new):
            one["spec"]["dataVolumeTemplates"].pop()  # its claim is another one now
            one["spec"]["template"]["spec"]["volumes"].pop()  # quoted, in the second
        self.assertEqual(new["spec"], old["spec"])

    def test_publish_owner(self):
        """What is owned gets the uid of the DataSource, once that is known."""
        source = {
            "apiVersion": "cdi.kubevirt.io/v1beta1",
            "kind": "DataSource",
            "metadata": {
                "name": "web",
                "namespace": "demo",
                "uid": UID,
                "labels": {"mine": "1"},
                "annotations": {"note": "2"},
            },
            "spec": {"source": {"snapshot": {"name": "s", "namespace": "demo"}}},
        }
        path = self.files(machine(), claim("web1-data"), claim("shared", ["ReadWriteMany"]))
        without = self.hookctl("publish", "-f", path, "demo/web")
        self.assertNotIn("ownerReferences", without.stdout)
        self.assertIn("does not refer to it yet", without.stderr)
        made, *owned = self.made("publish", "-f", path, "-f", self.files(source), "demo/web")
        self.assertEqual(made["spec"], source["spec"])
        self.assertEqual(made["metadata"]["labels"]["mine"], "1")
        self.assertEqual(made["metadata"]["annotations"]["note"], "2")
        self.assertNotIn("uid", made["metadata"])
        for one in owned:
            [reference] = one["metadata"]["ownerReferences"]
            self.assertEqual(
                reference,
                {
                    "apiVersion": "cdi.kubevirt.io/v1beta1",
                    "kind": "DataSource",
                    "name": "web",
                    "uid": UID,
                    "controller": True,
                    "blockOwnerDeletion": True,
                },
            )
        # a reference that is there already, without uid: case 01 of the contract
        reference = {key: value for key, value in reference.items() if key != "uid"}
        owned = self.files(claim("old", ownerReferences=[reference]))
        refused = self.hookctl("publish", "-f", owned, "demo/web", status=1)
        self.assertRegex(refused.stderr, r"ownerReferences\[0\]\.uid: is required .*--apply")
        _, mended = self.made("publish", "-f", owned, "-f", self.files(source), "demo/web")
        self.assertEqual(mended["metadata"]["ownerReferences"][0]["uid"], UID)

    def test_publish_keeps_what_is_asked_for(self):
        path = self.files(machine())
        words = ["publish", "-f", path, "images/web", "--source", "snapshot/demo/sealed"]
        words += ["--instancetype", "u1.large", "--preference", "VirtualMachinePreference/mine"]
        result = self.hookctl(*words, "--password", "keep")
        source = yaml.safe_load(result.stdout)
        self.assertEqual(
            source["spec"]["source"], {"snapshot": {"name": "sealed", "namespace": "demo"}}
        )
        labels = source["metadata"]["labels"]
        self.assertEqual(labels["instancetype.kubevirt.io/default-instancetype"], "u1.large")
        self.assertEqual(labels["instancetype.kubevirt.io/default-preference"], "mine")
        self.assertEqual(
            labels["instancetype.kubevirt.io/default-preference-kind"], "VirtualMachinePreference"
        )
        self.assertIn("hunter2-hunter2", result.stdout)
        self.assertIn("literal password", result.stderr)
        self.assertIn("cannot own it", result.stderr)
        for words in (["publish"], ["convert", "--to", "template"]):
            for wrong in ("Demo/web", "demo/We_b", "de.mo/web", f"{'n' * 64}/web", "demo/-"):
                refused = self.hookctl(*words, "-f", path, wrong, status=2)
                self.assertRegex(refused.stderr, "a name(space)? has lower-case letters")
        for wrong in ("pvc/demo", "pvc//x", "disk/demo/x", "pvc/a/b/c", "/"):
            refused = self.hookctl("publish", "-f", path, "d/w", "--source", wrong, status=1)
            self.assertIn("--source: must be pvc, snapshot or dataSource", refused.stderr)

    def test_publish_secrets(self):
        vm = machine()
        volumes = vm["spec"]["template"]["spec"]["volumes"]
        volumes[-1]["cloudInitNoCloud"] = {"secretRef": {"name": "init"}}
        volumes.append({"name": "conf", "configMap": {"name": "conf"}})
        volumes.append({"name": "key", "secret": {"secretName": "nowhere"}})
        data = {"userdata": base64.b64encode(USER_DATA.encode()).decode()}
        secret = {"apiVersion": "v1", "kind": "Secret", "data": data}
        secret["metadata"] = {"name": "init", "namespace": "demo"}
        config = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}}
        config["metadata"] = {"name": "conf", "namespace": "demo"}
        path = self.files(vm, secret, config)
        result = self.hookctl("publish", "-f", path, "demo/web")
        self.assertNotIn("hunter2", result.stdout)
        self.assertIn("Secret nowhere of the namespace demo is not among", result.stderr)
        source, *owned = yaml.safe_load_all(result.stdout)
        self.assertEqual([one["kind"] for one in owned], ["ConfigMap"])
        boilerplate = yaml.safe_load(source["metadata"]["annotations"][VM_SPEC])
        init = boilerplate["spec"]["template"]["spec"]["volumes"][4]["cloudInitNoCloud"]
        expected = USER_DATA.replace("${", "${DOLLAR}{")
        self.assertEqual(
            init["userData"], expected.replace("hunter2-hunter2", '"${PASSWORD}"')
        )
        kept = self.made("publish", "-f", path, "demo/web", "--password", "keep")
        self.assertEqual([one["kind"] for one in kept[1:]], ["Secret", "ConfigMap"])

    def test_publish_without_namespaces(self):
        """Manifests that name no namespace are of the DataSource's."""
        vm = machine()
        del vm["metadata"]["namespace"]
        data = claim("web1-data")
        del data["metadata"]["namespace"]
        dump = {"name": "memory", "memoryDump": {"claimName": "dump"}}
        vm["spec"]["template"]["spec"]["volumes"].append(dump)
        source, *owned = self.made("publish", "-f", self.files(vm, data), "images/web")
        self.assertEqual(
            source["spec"]["source"], {"pvc": {"name": "web1-os", "namespace": "images"}}
        )
        self.assertEqual(
            owned[0]["metadata"], {"name": "web1-data", "namespace": "images"}
        )
        self.assertNotIn("memory", source["metadata"]["annotations"][VM_SPEC])

    def test_publish_parameters(self):
        """References to declared parameters stay, with their declarations."""
        vm = machine()
        vm["metadata"]["annotations"][PARAMETERS] = "[{name: SIZE, value: 9Gi}, {name: UNUSED}]"
        scratch = vm["spec"]["dataVolumeTemplates"][1]["spec"]["storage"]
        scratch["resources"]["requests"]["storage"] = "${SIZE}"
        source = self.made("publish", "-f", self.files(vm), "demo/web")[0]
        annotations = source["metadata"]["annotations"]
        self.assertIn("storage: ${SIZE}", annotations[VM_SPEC])
        self.assertEqual(
            yaml.safe_load(annotations[PARAMETERS])[0], {"name": "SIZE", "value": "9Gi"}
        )

    def test_too_many_parameters(self):
        """What is made must be what check and create take."""
        names = [f"P{index}" for index in range(101)]
        vm = machine()
        vm["metadata"]["annotations"][PARAMETERS] = json.dumps([{"name": name} for name in names])
        vm["spec"]["template"]["metadata"]["labels"]["all"] = "".join(f"${{{name}}}" for name in names)
        template = {
            "apiVersion": "template.kubevirt.io/v1beta1", "kind": "VirtualMachineTemplate",
            "metadata": {"name": "t", "namespace": "demo"},
            "spec": {"parameters": [{"name": name} for name in names], "virtualMachine": vm},
        }
        for words in (["publish", "-f", self.files(vm), "demo/web"],
                      ["convert", "--to", "datasource", "-f", self.files(template)]):
            result = support.run([HOOKCTL, "appliance", *words])
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertIn("parameters; at most 100 are allowed", result.stderr)
            self.assertEqual(result.stdout, "")

    def test_publish_usage(self):
        path = self.files(machine(), machine(metadata__name="web2"))
        self.assertIn("web2", self.hookctl("publish", "-f", path, "d/w", status=2).stderr)
        made = self.made("publish", "-f", path, "--vm", "web2", "d/w")
        self.assertEqual(made[0]["metadata"]["name"], "w")
        for operand in ("w", "/w", "d/", "a/b/c"):
            self.hookctl("publish", "-f", path, operand, status=2)
        nothing = self.hookctl("publish", "-f", self.files(claim("a")), "d/w", status=1)
        self.assertIn("no DataSource d/w", nothing.stderr)
        bare = machine()
        bare["spec"]["template"]["spec"]["volumes"] = []
        bare["spec"]["template"]["spec"]["domain"]["devices"] = {}
        bare["spec"]["dataVolumeTemplates"] = []
        refused = self.hookctl("publish", "-f", self.files(bare), "d/w", status=1)
        self.assertIn("no disk of a claim", refused.stderr)

    # convert

    def template_of(self, vm, *words):
        result = self.hookctl("convert", "--to", "template", "-f", self.files(vm), *words)
        return yaml.safe_load(result.stdout), result

    def test_vm_and_template(self):
        vm = machine(spec__template__spec__hostname="web-host")
        template, result = self.template_of(vm)
        self.assert_anonymous(result.stdout)
        self.assertIn("literal password", result.stderr)
        spec = template["spec"]
        self.assertEqual(template["apiVersion"], "template.kubevirt.io/v1beta1")
        self.assertEqual(spec["virtualMachine"]["metadata"]["name"], "${NAME}")
        names = [one["metadata"]["name"] for one in spec["virtualMachine"]["spec"]["dataVolumeTemplates"]]
        self.assertEqual(names, ["${NAME}-os", "${NAME}-scratch"])
        self.assertEqual(
            spec["parameters"][0],
            {"name": "NAME", "description": "Name of the virtual machine", "value": "web1"},
        )
        # nothing carries the machine: what is in the template is in the VM once
        self.assertEqual(set(template["metadata"]), {"name", "namespace"})
        self.assertEqual(set(spec), {"parameters", "virtualMachine"})
        text = result.stdout
        [back] = self.made("convert", "--to", "vm", "-f", "-", stdin=text)
        self.assertEqual(back, without_identity(vm))
        [other] = self.made("convert", "--to", "vm", "-f", "-", "-p", "NAME=db7", stdin=text)
        self.assertEqual(other["metadata"]["name"], "db7")
        self.assertEqual(other["spec"]["dataVolumeTemplates"][0]["metadata"]["name"], "db7-os")
        self.assertEqual(
            other["spec"]["template"]["spec"]["volumes"][0]["dataVolume"]["name"], "db7-os"
        )
        labels = other["spec"]["template"]["metadata"]["labels"]
        self.assertEqual(labels, {"kubevirt.io/domain": "db7", "tier": "front"})

    def test_template_with_identity(self):
        vm = machine()
        template, _ = self.template_of(vm, "--with-identity")
        [back] = self.made("convert", "--to", "vm", "-f", self.files(template))
        domain = back["spec"]["template"]["spec"]["domain"]
        self.assertEqual(domain, vm["spec"]["template"]["spec"]["domain"])

    def test_texts_that_look_like_parameters(self):
        """Nothing of a VM is taken for a parameter that is none."""
        for text in (
            "${NAME}",
            "${NAME} ${VM_NAME} ${HOSTNAME}",
            "$${X} ${X}${X} ${",
            "${{X}}",
            "a ${{X}} b",
            "${X} }} ${{",
            "\\${X}",
            "${a_Z9}",
            "${DOLLAR}${DOLLAR_2}",
            "${{HOME}}",
            "${not-one}",
            "${}",
        ):
            with self.subTest(text):
                vm = machine()
                vm["metadata"]["annotations"]["text"] = text
                template, _ = self.template_of(vm)
                [back] = self.made("convert", "--to", "vm", "-f", self.files(template))
                self.assertEqual(back["metadata"]["annotations"]["text"], text)
                self.assertEqual(back["metadata"]["name"], "web1")
                self.assertEqual(back["spec"], without_identity(vm)["spec"])

    def test_template_and_appliance(self):
        """The appliance of a VM's template makes the VM again."""
        vm = machine()
        vm["spec"]["template"]["spec"]["volumes"][-1]["cloudInitNoCloud"]["userData"] = "#!/bin/sh\n"
        vm["spec"]["dataVolumeTemplates"][0]["metadata"]["name"] = "web1-root"
        vm["spec"]["template"]["spec"]["volumes"][0]["dataVolume"]["name"] = "web1-root"
        template, _ = self.template_of(vm)
        [source] = self.made("convert", "--to", "datasource", "-f", self.files(template), "demo/web")
        self.assertEqual(
            source["spec"]["source"], {"dataSource": {"name": "fedora", "namespace": "images"}}
        )
        self.assertNotIn(PARAMETERS, source["metadata"]["annotations"])
        path = self.files(source)
        checked = support.run([HOOKCTL, "appliance", "check", "-f", path])
        self.assertEqual(checked.returncode, 0, checked.stdout)
        [back] = self.made("create", "-f", path, "demo/web", "web1", "-n", "demo")
        self.assertEqual(back["spec"], without_identity(vm)["spec"])

    @unittest.skipUnless(CASES.is_dir(), "the cases of the contract are not beside this tree")
    def test_appliances_of_the_contract(self):
        """An appliance makes the same VM when it has been a template, and its template the same."""
        for path, words in (
            ("02-golden-image", ["--instancetype", "u1.large"]),
            ("03-defaults", []),
            ("05-disks", []),
            ("08-parameters", ["-p", "SIZE=40Gi", "-p", "CORES=4", "-p", "TOKEN=k9-a1b2"]),
        ):
            with self.subTest(path):
                given = CASES / f"{path}.in.yaml"
                text = self.hookctl("convert", "--to", "template", "-f", given).stdout
                template, bare = yaml.safe_load_all(text)
                self.assertNotIn(VM_SPEC, json.dumps([template, bare]))
                [source] = self.made("convert", "--to", "datasource", "-f", "-", stdin=text)
                original = next(yaml.safe_load_all(given.read_text()))
                self.assertEqual(source["spec"], original["spec"])
                self.assertEqual(
                    source["metadata"].get("labels"), original["metadata"].get("labels")
                )
                claims = [one for one in yaml.safe_load_all(given.read_text())][1:]
                made = ["v1", "-n", "demo", *words]
                operand = f"{original['metadata']['namespace']}/{original['metadata']['name']}"
                [before] = self.made("create", "-f", given, operand, *made)
                [after] = self.made("create", "-f", self.files(source, *claims), operand, *made)
                self.assertEqual(after, before)
                parameters = original["metadata"].get("annotations", {}).get(PARAMETERS, "[]")
                kept = [one for one in template["spec"]["parameters"] if one["name"] != "NAME"]
                self.assertEqual(kept, yaml.safe_load(parameters))

    def test_template_of_others(self):
        """A template as KubeVirt's own controller makes it."""
        template = {
            "apiVersion": "template.kubevirt.io/v1beta1",
            "kind": "VirtualMachineTemplate",
            "metadata": {"name": "golden", "namespace": "tpl", "labels": {"os": "fedora"}},
            "spec": {
                "message": "Log in to ${NAME} as fedora",
                "parameters": [
                    {
                        "name": "NAME",
                        "required": True,
                        "generate": "expression",
                        "from": "vm-[a-z0-9]{5}",
                    },
                    {"name": "CORES", "value": "2"},
                ],
                "virtualMachine": {
                    "metadata": {"name": "${NAME}"},
                    "spec": {
                        "runStrategy": "Always",
                        "dataVolumeTemplates": [
                            {
                                "metadata": {"name": "root-${NAME}"},
                                "spec": {
                                    "source": {"pvc": {"name": "copy", "namespace": "tpl"}},
                                    "storage": {},
                                },
                            }
                        ],
                        "template": {
                            "spec": {
                                "domain": {
                                    "cpu": {"cores": "${{CORES}}"},
                                    "memory": {"guest": "2Gi"},
                                    "devices": {},
                                },
                                "volumes": [
                                    {"name": "root", "dataVolume": {"name": "root-${NAME}"}}
                                ],
                            }
                        },
                    },
                },
            },
            "status": {"conditions": []},
        }
        path = self.files(template)
        [vm] = self.made("convert", "--to", "vm", "-f", path, "-p", "CORES=4")
        self.assertRegex(vm["metadata"]["name"], r"^vm-[a-z0-9]{5}$")
        self.assertEqual(vm["metadata"]["namespace"], "tpl")
        self.assertEqual(vm["spec"]["template"]["spec"]["domain"]["cpu"], {"cores": 4})
        [source] = self.made("convert", "--to", "datasource", "-f", path)
        self.assertEqual(source["spec"], {"source": {"pvc": {"name": "copy", "namespace": "tpl"}}})
        self.assertEqual(source["metadata"]["labels"], {"os": "fedora"})
        text = yaml.safe_dump(source)
        [made] = self.made("create", "-f", "-", "tpl/golden", "a1", "-n", "demo", stdin=text)
        self.assertEqual(
            made["spec"]["dataVolumeTemplates"][0]["metadata"]["name"], "a1-root"
        )
        again, bare = self.made("convert", "--to", "template", "-f", "-", stdin=text)
        self.assertEqual(again["spec"]["message"], template["spec"]["message"])
        self.assertEqual(bare["spec"], source["spec"])
        self.assertEqual(
            again["spec"]["virtualMachine"]["spec"]["dataVolumeTemplates"],
            template["spec"]["virtualMachine"]["spec"]["dataVolumeTemplates"],
        )

    # clone

    def test_clone(self):
        vm = machine()
        volumes = vm["spec"]["template"]["spec"]["volumes"]
        volumes[-1]["cloudInitNoCloud"] = {"secretRef": {"name": "web1-init"}}
        secret = {"apiVersion": "v1", "kind": "Secret", "stringData": {"userdata": USER_DATA}}
        secret["metadata"] = {"name": "web1-init", "namespace": "demo", "uid": "s1"}
        path = self.files(vm, claim("web1-data"), claim("shared", ["ReadWriteMany"]), secret)
        result = self.hookctl("clone", "-f", path, "demo/web1", "web2")
        self.assert_anonymous(result.stdout)
        copy_, made = yaml.safe_load_all(result.stdout)
        expected = without_identity(vm)
        expected["metadata"]["name"] = "web2"
        spec, old = copy_["spec"], expected["spec"]
        self.assertEqual(copy_["metadata"], expected["metadata"])
        templates = {one["metadata"]["name"]: one["spec"] for one in spec.pop("dataVolumeTemplates")}
        names = {"root": "web1-os", "scratch": "web1-scratch", "data": "web1-data"}
        self.assertEqual(set(templates), {f"web2-{name}" for name in names})
        for name, source in names.items():
            self.assertEqual(
                templates[f"web2-{name}"]["source"],
                {"pvc": {"name": source, "namespace": "demo"}},
            )
        sizes = [one["spec"]["storage"] for one in old.pop("dataVolumeTemplates")]
        self.assertEqual(templates["web2-root"]["storage"], sizes[0])
        volumes = spec["template"]["spec"].pop("volumes")
        old["template"]["spec"].pop("volumes")
        old["template"]["metadata"]["labels"]["kubevirt.io/domain"] = "web2"
        self.assertEqual(spec, old)
        self.assertEqual(volumes[0], {"name": "root", "dataVolume": {"name": "web2-root"}})
        self.assertEqual(
            volumes[3], {"name": "shared", "persistentVolumeClaim": {"claimName": "shared"}}
        )
        self.assertEqual(volumes[4]["cloudInitNoCloud"], {"secretRef": {"name": "web2-init"}})
        self.assertEqual(made["metadata"], {"name": "web2-init", "namespace": "demo"})
        self.assertEqual(made["stringData"], secret["stringData"])
        checked = support.run([HOOKCTL, "validate", "-f", "-"], stdin=result.stdout)
        self.assertEqual(checked.returncode, 0, checked.stdout)

    def test_clone_usage(self):
        path = self.files(machine(), machine(metadata__name="web2"))
        for name in ("Web", "a/b", "-a", "a.b", "a" * 64):
            self.hookctl("clone", "-f", path, "--", "web1", name, status=2)
        self.assertIn("already", self.hookctl("clone", "-f", path, "web1", "web2", status=1).stderr)
        self.hookctl("clone", "-f", path, "web7", "web8", status=1)
        self.hookctl("clone", "-f", path, "web1", status=2)
        long = "a" * 60
        made = self.made("clone", "-f", path, "web1", long)[0]
        for template in made["spec"]["dataVolumeTemplates"]:
            self.assertLessEqual(len(template["metadata"]["name"]), 63)

    def test_convert_usage(self):
        vm = self.files(machine())
        self.assertIn("publish", self.hookctl("convert", "--to", "datasource", "-f", vm, status=2).stderr)
        self.hookctl("convert", "-f", vm, status=2)
        self.hookctl("convert", "--to", "pod", "-f", vm, status=2)
        self.hookctl("convert", "--to", "template", status=2)
        self.hookctl("convert", "--to", "template", "-f", vm, "a/b/c", status=2)
        unknown = self.template_of(machine())[0]
        unknown["spec"]["parameters"].pop()
        refused = self.hookctl("convert", "--to", "vm", "-f", self.files(unknown), status=1)
        self.assertRegex(refused.stderr, r"spec\.virtualMachine\.spec\..*DOLLAR")
        unknown["spec"]["virtualMachine"] = None
        for to in ("vm", "datasource"):
            refused = self.hookctl("convert", "--to", to, "-f", self.files(unknown), status=1)
            self.assertIn("spec.virtualMachine: must be", refused.stderr)
        named, _ = self.template_of(machine(), "lib/web-tpl")
        self.assertEqual(named["metadata"], {"name": "web-tpl", "namespace": "lib"})


class Server(api_server.APIServer):
    """One that makes an object that is applied and is not there, as server-side apply does."""

    def on_PATCH(self, where, query, body):
        key = (where["plural"], where["namespace"], where["name"])
        if query.get("fieldManager") and key not in self.objects:
            return self.on_POST(where, {}, body)
        return super().on_PATCH(where, query, body)


class Cluster(support.TestCase):
    def setUp(self):
        super().setUp()
        self.api = Server()
        self.addCleanup(self.api.close)
        self.kubeconfig = self.write("kubeconfig", self.api.kubeconfig())

    def publish(self, *words):
        command = [HOOKCTL, "appliance", "publish", *words, "--kubeconfig", self.kubeconfig]
        return support.run(command, env={"no_proxy": "*", "NO_PROXY": "*"})

    def objects(self, plural):
        return {key[2]: value for key, value in self.api.objects.items() if key[0] == plural}

    def test_no_machine(self):
        """Without files, a machine of the cluster must be named."""
        result = self.publish("demo/web")
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("say which VM: one of the cluster with --vm, or files with -f", result.stderr)

    def test_apply(self):
        """The VM and its claims are read, the DataSource is made, and owns them by its uid."""
        for plural, value in (
            ("virtualmachines", machine()),
            ("persistentvolumeclaims", claim("web1-data")),
            ("persistentvolumeclaims", claim("shared", ["ReadWriteMany"])),
            ("persistentvolumeclaims", claim("other")),
        ):
            self.api.put(plural, value)
        dry = self.publish("--vm", "web1", "demo/web")
        self.assertEqual(dry.returncode, 0, dry.stderr)
        self.assertEqual(self.objects("datasources"), {})
        result = self.publish("--vm", "demo/web1", "demo/web", "--apply")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(
            result.stdout,
            "datasources.cdi.kubevirt.io/web applied\n"
            "persistentvolumeclaims/web1-data owned\n"
            "persistentvolumeclaims/shared owned\n",
        )
        source = self.objects("datasources")["web"]
        claims = self.objects("persistentvolumeclaims")
        for name in ("web1-data", "shared"):
            [reference] = claims[name]["metadata"]["ownerReferences"]
            self.assertEqual(reference["uid"], source["metadata"]["uid"])
            self.assertEqual(claims[name]["spec"], claim(name, claims[name]["spec"]["accessModes"])["spec"])
        self.assertNotIn("ownerReferences", claims["other"]["metadata"])
        again = self.publish("--vm", "web1", "demo/web", "--apply")
        self.assertEqual((again.returncode, again.stdout), (0, result.stdout))

    def test_apply_of_a_file(self):
        """What the cluster does not have is made with its owner."""
        reference = {"apiVersion": "cdi.kubevirt.io/v1beta1", "kind": "DataSource", "name": "web"}
        objects = [machine(), claim("shared", ["ReadWriteMany"], ownerReferences=[reference])]
        path = self.write("vm.yaml", yaml.safe_dump_all(objects))
        result = self.publish("-f", path, "demo/web", "--apply")
        self.assertEqual(result.returncode, 0, result.stderr)
        [made] = self.objects("persistentvolumeclaims").values()
        [reference] = made["metadata"]["ownerReferences"]
        self.assertEqual(reference["uid"], self.objects("datasources")["web"]["metadata"]["uid"])

    def test_absent(self):
        result = self.publish("--vm", "web7", "demo/web", "--apply")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("no VirtualMachine demo/web7", result.stderr)


if __name__ == "__main__":
    support.main()
