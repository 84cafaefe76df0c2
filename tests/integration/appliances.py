"""hook-controller with --appliances, an API server, and what users do with them: shared by tests."""

import base64
import copy
import datetime
import json

import support
from api_server import APIServer, json_patch
from appliance_objects import LABEL, machine, objects, review
from certificates import make_certificate
from controller import Controller

KUBEVIRT = {"username": "system:serviceaccount:kubevirt:kubevirt-controller", "groups": []}


def now(seconds=0):
    """A time as the API server writes it, some seconds from now."""
    time = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


class AppliancesCase(support.TestCase):
    """A controller in self.controller, whose API server, self.api, has objects()."""

    verified = True  # the webhooks know the API server by a certificate

    def setUp(self):
        super().setUp()
        self.prepare()
        self.controller = self.start()
        self.api.wait(lambda: self.key() is not None, "the key")
        self.controller.wait_log("using its key for appliances")

    def prepare(self):
        """The API server with its objects, and the certificates."""
        self.api = APIServer()
        self.addCleanup(self.api.close)
        make_certificate(self.tmp, "tls", "/CN=localhost", "subjectAltName=DNS:localhost")
        make_certificate(self.tmp, "client", "/CN=kube-apiserver", "subjectAltName=DNS:client")
        for plural, value in objects():
            self.api.put(plural, value)

    def start(self, *flags):
        """Another replica."""
        return Controller(
            self,
            f"--kubeconfig={self.write('kubeconfig', self.api.kubeconfig())}",
            "--namespace=hookline-system",
            "--launch=false",
            "--leader-elect=false",
            "--policy-config-map=",
            "--appliances",
            f"--tls-certificate={self.tmp / 'tls.crt'}",
            f"--tls-key={self.tmp / 'tls.key'}",
            "--webhook-listen=127.0.0.1:0",
            *([f"--client-ca-file={self.tmp / 'client.crt'}"] if self.verified else []),
            *flags,
        )

    def key(self):
        return self.api.get("secrets", "hookline-system", "hookline-appliance-key")

    def post(self, path, body, controller=None):
        """The response to a review."""
        connection = (controller or self.controller).webhook(
            self.tmp / "tls.crt", self.tmp / "client.crt" if self.verified else None
        )
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        self.assertEqual(answer.status, 200, text)
        return json.loads(text)["response"]

    def complete(self, vm, user=None, controller=None):
        """The response of the webhook that completes, and the VM with its patch."""
        response = self.post("/complete-machines", review(vm, user), controller)
        patched = copy.deepcopy(vm)
        if "patch" in response:
            for operation in json.loads(base64.b64decode(response["patch"])):
                if operation["op"] == "remove":
                    *parents, name = operation["path"].split("/")[1:]
                    place = patched
                    for each in parents:
                        place = place[each]
                    del place[name.replace("~1", "/")]
                else:
                    patched = json_patch(patched, [operation])
        return response, patched

    @staticmethod
    def hookctl_machine(source="golden/fedora"):
        """A VM as hookctl appliance create makes it: complete, and without an authorization."""
        volumes = [{"name": "root", "containerDisk": {"image": "example.org/fedora"}}]
        spec = {"template": {"spec": {"domain": {"devices": {}}, "volumes": volumes}}}
        vm = machine(source=source, spec=spec)
        vm["metadata"]["labels"] = {LABEL: "fedora"}
        return vm

    def create(self, vm, created=None):
        """Stores a VM, as the API server does after its webhooks."""
        vm = copy.deepcopy(vm)
        vm["metadata"]["creationTimestamp"] = created or now()
        return self.api.put("virtualmachines", vm)

    def completed(self, vm, user=None):
        """Completes a VM, which must be allowed, and stores it; returns it."""
        response, patched = self.complete(vm, user)
        self.assertTrue(response["allowed"], response)
        return self.create(patched)

    def secret(self, name="web-cloudinitdisk", namespace="dev"):
        return self.api.get("secrets", namespace, name)

    def wait_secret(self, name="web-cloudinitdisk"):
        """Waits for a Secret; returns its userdata."""
        secret = self.api.wait(lambda: self.secret(name), f"the Secret {name}")
        return base64.b64decode(secret["data"]["userdata"]).decode()

    def wait_event(self, reason):
        """Waits for an Event; returns its message."""

        def find():
            for event in self.api.all("events"):
                if event["reason"] == reason:
                    return event["message"]
            return None

        return self.api.wait(find, f"an Event {reason}")

    def causes(self, response):
        """The fields of a denial's causes."""
        self.assertFalse(response["allowed"], response)
        return [cause["field"] for cause in response["status"]["details"]["causes"]]
