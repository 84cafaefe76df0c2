"""hook-controller without an API server: flags and configuration file, the webhooks over TLS,
metrics and health, and how it ends."""

import base64
import json
import signal
import socket

import support
from certificates import make_certificate
from controller import ALONE, CONTROLLER, Controller

POLICY = """\
apiVersion: hookline.dev/v1alpha1
kind: HostPathPolicy
rules:
- pathPrefixes: [/var/lib/kubevirt/images]
"""
KEY = "hooks.kubevirt.io/hookSidecars"
SIDECAR = {"image": "example.org/hook:1", "args": ["--version", "v1alpha3"]}


def launcher_pod(sidecars):
    """A launcher pod that has the annotation but no sidecars yet."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "virt-launcher-vm",
            "labels": {"kubevirt.io": "virt-launcher"},
            "annotations": {KEY: json.dumps(sidecars)},
        },
        "spec": {
            "containers": [
                {
                    "name": "compute",
                    "image": "example.org/launcher:1",
                    "command": ["hook-launcher"],
                    "securityContext": {"runAsUser": 107},
                }
            ],
            "volumes": [],
        },
    }


def machine(sidecars):
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": "vm", "annotations": {KEY: json.dumps(sidecars)}},
        "spec": {"domain": {"devices": {}}},
    }


def review(value, namespace="default"):
    kinds = {
        "Pod": ("", "pods"),
        "VirtualMachineInstance": ("kubevirt.io", "virtualmachineinstances"),
    }
    group, resource = kinds[value["kind"]]
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": group, "version": "v1", "kind": value["kind"]},
            "resource": {"group": group, "version": "v1", "resource": resource},
            "name": value["metadata"]["name"],
            "namespace": namespace,
            "operation": "CREATE",
            "object": value,
        },
    }


class ControllerTest(support.TestCase):
    """Has a certificate for localhost, and starts controllers that do not need an API server."""

    def setUp(self):
        super().setUp()
        self.certificate("tls")
        self.policy = self.write("policy.yaml", POLICY)

    def certificate(self, name):
        """NAME.crt, which is its own CA, and NAME.key in self.tmp."""
        make_certificate(self.tmp, name, f"/CN={name}", "subjectAltName=DNS:localhost")

    def start(self, *flags):
        return Controller(
            self,
            *ALONE,
            f"--policy-file={self.policy}",
            f"--tls-certificate={self.tmp / 'tls.crt'}",
            f"--tls-key={self.tmp / 'tls.key'}",
            "--webhook-listen=127.0.0.1:0",
            *flags,
        )

    def post(self, controller, path, body, connection=None):
        """Posts to a webhook; returns status and answer."""
        connection = connection or controller.webhook(self.tmp / "tls.crt")
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if answer.status == 200 else text.decode()


class Flags(support.TestCase):
    def fails(self, flags, status, *words):
        result = support.run(
            [CONTROLLER, *flags], env={"KUBECONFIG": str(self.tmp / "none"), "HOME": str(self.tmp)}
        )
        self.assertEqual(result.returncode, status, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def test_help_and_version(self):
        result = support.run([CONTROLLER, "--help"])
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("--webhook-listen", result.stdout)
        result = support.run([CONTROLLER, "--version"])
        self.assertRegex(result.stdout, r"^hook-controller \d+\.\d+")

    def test_unknown_flag(self):
        self.fails(["--webhok-listen=:1"], 2, "webhok-listen", "--webhook-listen", "--help")

    def test_bad_value(self):
        self.fails(["--launch-workers=many"], 2, "launch-workers", "many")
        self.fails(["--self-signed", "--metrics-listen=:70000"], 2, "--metrics-listen", ":70000")

    def test_configuration_file(self):
        config = self.write(
            "config.yaml",
            "apiVersion: hookline.dev/v1alpha1\n"
            "kind: HookControllerConfiguration\n"
            "launchWorkrs: 3\n",
        )
        self.fails([f"--config={config}"], 1, f"{config}:3", "launchWorkrs", "launchWorkers")

    def test_no_api_server(self):
        self.fails(["--webhook-listen="], 1, str(self.tmp / "none"))

    def test_bad_policy_file(self):
        policy = self.write("policy.yaml", "kind: HostPathPolicy\n")
        self.fails(
            [*ALONE, "--webhook-listen=", f"--policy-file={policy}"], 1, str(policy), "apiVersion"
        )

    def test_certificate_missing(self):
        self.fails(
            [*ALONE, "--policy-config-map=", "--webhook-listen=127.0.0.1:0",
             f"--tls-certificate={self.tmp}/tls.crt", f"--tls-key={self.tmp}/tls.key"],
            3, f"{self.tmp}/tls.crt",
        )  # fmt: skip

    def test_port_taken(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            listen = f"127.0.0.1:{other.getsockname()[1]}"
            self.fails(
                [*ALONE, "--policy-config-map=", "--webhook-listen=", f"--metrics-listen={listen}"],
                3,
                listen,
            )


class Webhooks(ControllerTest):
    def test_pod_gets_its_sidecars(self):
        controller = self.start()
        status, answer = self.post(controller, "/mutate-pods", review(launcher_pod([SIDECAR])))
        self.assertEqual(status, 200)
        response = answer["response"]
        self.assertEqual((response["allowed"], response["patchType"]), (True, "JSONPatch"))
        patch = base64.b64decode(response["patch"]).decode()
        self.assertIn("hook-sidecar-0", patch)
        self.assertIn("example.org/hook:1", patch)
        self.assertEqual(
            controller.metric(
                'hookline_webhook_reviews_total{webhook="mutate-pods",result="patched"}'
            ),
            1,
        )

    def test_host_path_outside_the_policy(self):
        controller = self.start()
        sidecar = {**SIDECAR, "hostPath": {"path": "/etc", "volumePath": "/host"}}
        _, answer = self.post(controller, "/mutate-pods", review(launcher_pod([sidecar])))
        self.assertFalse(answer["response"]["allowed"])
        self.assertEqual(answer["response"]["status"]["code"], 403)
        self.assertIn("/etc", answer["response"]["status"]["message"])

    def test_machine_with_every_fault_and_a_warning(self):
        controller = self.start()
        sidecars = [
            {**SIDECAR, "imagePullPolicy": "Sometimes"},
            {**SIDECAR, "pvc": {"name": "a"}},
            {**SIDECAR, "imge": "x"},
        ]
        _, answer = self.post(controller, "/validate-machines", review(machine(sidecars)))
        causes = [cause["field"] for cause in answer["response"]["status"]["details"]["causes"]]
        self.assertEqual(len(causes), 2, causes)
        self.assertIn("imagePullPolicy", causes[0])
        self.assertIn("volumePath", causes[1])
        _, answer = self.post(controller, "/validate-machines", review(machine(sidecars[2:])))
        self.assertTrue(answer["response"]["allowed"])
        self.assertIn("imge", answer["response"]["warnings"][0])

    def test_one_connection_for_many(self):
        controller = self.start()
        connection = controller.webhook(self.tmp / "tls.crt")
        connection.connect()
        first = connection.sock
        for _ in range(20):
            self.assertEqual(
                self.post(controller, "/mutate-pods", review(launcher_pod([])), connection)[0], 200
            )
            self.assertIs(connection.sock, first)

    def test_new_certificate_is_served(self):
        controller = self.start()
        self.assertEqual(self.post(controller, "/mutate-pods", review(launcher_pod([])))[0], 200)
        self.certificate("other")
        (self.tmp / "other.key").rename(self.tmp / "tls.key")
        (self.tmp / "other.crt").rename(self.tmp / "tls.crt")
        controller.wait_log("certificate", level="info")
        self.assertEqual(self.post(controller, "/mutate-pods", review(launcher_pod([])))[0], 200)

    def test_no_policy_at_all(self):
        self.policy = ""
        controller = Controller(
            self, *ALONE, "--policy-config-map=", f"--tls-certificate={self.tmp / 'tls.crt'}",
            f"--tls-key={self.tmp / 'tls.key'}", "--webhook-listen=127.0.0.1:0",
        )  # fmt: skip
        sidecar = {**SIDECAR, "hostPath": {"path": "/etc", "volumePath": "/host"}}
        _, answer = self.post(controller, "/mutate-pods", review(launcher_pod([sidecar])))
        self.assertTrue(answer["response"]["allowed"])


class Life(ControllerTest):
    def test_health(self):
        controller = self.start()
        self.assertEqual(controller.get("/healthz")[0], 200)
        self.assertEqual(controller.get("/readyz")[0], 200)
        status, text = controller.get("/metrics")
        self.assertEqual(status, 200)
        self.assertIn("hookline_build_info", text)
        self.assertGreater(controller.metric("hookline_certificate_expiry_seconds"), 0)

    def test_review_under_way_is_answered(self):
        controller = self.start("--drain=10s")
        body = json.dumps(review(launcher_pod([SIDECAR]))).encode()
        connection = controller.webhook(self.tmp / "tls.crt")
        connection.putrequest("POST", "/mutate-pods")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        connection.send(body[:100])
        controller.process.send_signal(signal.SIGTERM)
        controller.wait_log("shutting down")
        status, text = controller.get("/readyz")
        self.assertEqual(status, 503)
        self.assertIn("shutting down", text)
        connection.send(body[100:])
        self.assertTrue(json.loads(connection.getresponse().read())["response"]["allowed"])
        connection.close()
        self.assertEqual(controller.process.wait(support.PATIENCE), 0)

    def test_client_that_never_ends_does_not_hold_it(self):
        controller = self.start("--drain=300ms")
        connection = controller.webhook(self.tmp / "tls.crt")
        connection.putrequest("POST", "/mutate-pods")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", "1000")
        connection.endheaders()
        connection.send(b"{")
        self.assertEqual(controller.end(), 0)
        connection.close()

    def test_second_signal_ends_it_at_once(self):
        controller = self.start("--drain=10m")
        controller.process.send_signal(signal.SIGTERM)
        controller.wait_log("shutting down")
        self.assertEqual(controller.end(signal.SIGINT), 0)


if __name__ == "__main__":
    support.main()
