"""kube/: requests, retries and credentials against a scripted API server that fails on cue."""

import base64
import gzip
import json
import os
import socket
import ssl
import stat
import subprocess
import threading
import time
import warnings

import kube_server
import support
from kube_server import config_map

GET = {"verb": "get", "resource": "configmaps", "namespace": "d", "name": "a"}
LIST = {"verb": "list", "resource": "configmaps", "namespace": "d"}
CREATE = {"verb": "create", "resource": "configmaps", "namespace": "d", "body": config_map()}
WATCH = {"verb": "watch", "resource": "configmaps", "parallel": True}
SECRET = "very-secret-7f3a"
# Delays between tries are jittered; this is below the minimum of the first.
FIRST_DELAY = 0.09


def good(call):
    call.reply(200, config_map())


def denied(call):
    call.status(401, "Unauthorized", "Unauthorized")


class Requests(kube_server.TestCase):
    def test_what_is_sent(self):
        server = self.serve(good)
        config = self.kubeconfig(server)
        patch = {**GET, "verb": "patch-merge", "body": {"data": {"x": "1"}}}
        apply = {**GET, "verb": "apply", "fieldManager": "m", "force": True, "body": config_map()}
        delete = {**GET, "verb": "delete", "preconditionUid": "u"}
        listing = {**LIST, "labelSelector": "a in (b,c)", "limit": 5, "continue": "t+/="}
        answers = self.drive(config, GET, CREATE, patch, apply, delete, listing)
        self.assertEqual([answer["code"] for answer in answers], [200] * 6)
        get, create, patched, applied, deleted, listed = server.calls
        path = "/api/v1/namespaces/d/configmaps"
        self.assertEqual((get.method, get.route, get.body), ("GET", path + "/a", None))
        self.assertEqual(get.headers["Accept"], "application/json")
        self.assertEqual(get.headers["User-Agent"], "kube_driver/1.0")
        self.assertNotIn("Authorization", get.headers)
        self.assertEqual((create.method, create.route), ("POST", path))
        self.assertEqual(create.body, config_map())
        self.assertEqual(patched.headers["Content-Type"], "application/merge-patch+json")
        self.assertEqual(applied.headers["Content-Type"], "application/apply-patch+yaml")
        self.assertEqual(applied.query, {"fieldManager": "m", "force": "true"})
        self.assertEqual(deleted.body["preconditions"], {"uid": "u"})
        self.assertEqual(
            listed.query, {"labelSelector": "a in (b,c)", "limit": "5", "continue": "t+/="}
        )
        self.assertEqual(len({call.peer for call in server.calls}), 1, "one connection")
        self.assertEqual(self.observed, [(verb, 200) for verb in
                         ("get", "create", "patch", "apply", "delete", "list")])

    def test_path_of_the_server(self):
        server = self.serve(good)
        self.call(self.kubeconfig(server.url + "/k8s/c-1/"), GET)
        self.assertEqual(server.calls[0].route, "/k8s/c-1/api/v1/namespaces/d/configmaps/a")

    def test_large_body(self):
        body = {**config_map(), "data": {"x": "x" * (2 << 20)}}
        server = self.serve(lambda call: call.reply(201, call.body))
        answer = self.call(self.kubeconfig(server), {**CREATE, "body": body})
        self.assertEqual(answer["body"], body)

    def test_many_at_once(self):
        server = self.serve(good)
        requests = [{**GET, "parallel": True}] * 60
        answers = self.drive(self.kubeconfig(server), *requests)
        self.assertEqual([answer["code"] for answer in answers], [200] * 60)

    def test_gzip(self):
        def packed(call):
            self.assertIn("gzip", call.headers["Accept-Encoding"])
            data = gzip.compress(json.dumps(config_map()).encode())
            call.reply(200, data, Content_Encoding="gzip")

        answer = self.call(self.kubeconfig(self.serve(packed)), GET)
        self.assertEqual(answer["body"], config_map())

    def test_failures_are_typed(self):
        cases = [
            (403, "Forbidden", "Forbidden"),
            (404, "NotFound", "NotFound"),
            (409, "AlreadyExists", "AlreadyExists"),
            (409, "Conflict", "Conflict"),
            (410, "Expired", "Expired"),
            (422, "Invalid", "Invalid"),
            (413, "RequestEntityTooLarge", "RequestEntityTooLarge"),
        ]
        for code, reason, wanted in cases:
            cause = {"field": "data", "message": "is wrong"}
            server = self.serve(lambda call: call.status(code, reason, "no", causes=[cause]))
            answer = self.call(self.kubeconfig(server), CREATE)
            self.assertEqual(answer["failure"]["reason"], wanted)
            self.assertEqual(answer["failure"]["message"], "create configmaps d/a: no")
            self.assertEqual(answer["failure"]["causes"], [cause])
            self.assertEqual(len(server.calls), 1)

    def test_answers_that_are_no_json(self):
        html = self.serve(lambda call: call.reply(200, b"<html>" + SECRET.encode(), "text/html"))
        failure = self.call(self.kubeconfig(html), CREATE)["failure"]
        self.assertEqual(failure["reason"], "Unreachable")
        self.assertIn(f"the answer from {html.url} is not JSON", failure["message"])
        self.assertNotIn(SECRET, self.output)
        proxy = self.serve(lambda call: call.reply(400, b"upstream\x1b is off\nmore", "text/plain"))
        failure = self.call(self.kubeconfig(proxy), GET)["failure"]
        self.assertEqual(failure["message"], "get configmaps d/a: upstream\\x1b is off")
        self.assertEqual(failure["reason"], "BadRequest")

    def test_answers_that_are_not_read(self):
        request = {**CREATE, "noBody": True}
        answer = self.call(self.kubeconfig(self.serve(good)), request)
        self.assertEqual((answer["code"], answer["body"], answer["failure"]), (200, None, None))
        html = self.serve(lambda call: call.reply(200, b"<html>", "text/html"))
        failure = self.call(self.kubeconfig(html), request)["failure"]
        self.assertIn(f"the answer from {html.url} is not JSON", failure["message"])
        conflict = self.serve(lambda call: call.status(409, "AlreadyExists", "no"))
        failure = self.call(self.kubeconfig(conflict), request)["failure"]
        self.assertEqual(failure["reason"], "AlreadyExists")

    def test_strings_with_zero_bytes(self):
        body = {**config_map(), "data": {"x": "a\0b"}}
        server = self.serve(lambda call: call.reply(200, body))
        self.assertEqual(self.call(self.kubeconfig(server), GET)["body"], body)

    def test_answer_beyond_the_limit(self):
        def bomb(call):
            data = gzip.compress(b"[" + b" " * (65 << 20) + b"]")
            call.reply(200, data, Content_Encoding="gzip")

        failure = self.call(self.kubeconfig(self.serve(bomb)), LIST)["failure"]
        self.assertEqual(failure["reason"], "RequestEntityTooLarge")
        self.assertEqual(
            failure["message"], "list configmaps d: the answer is larger than 64 MiB"
        )

    def test_no_redirects(self):
        other = self.serve(good)
        server = self.serve(lambda call: call.reply(302, b"", Location=other.url))
        answer = self.call(self.kubeconfig(server, token=SECRET), GET)
        self.assertEqual(answer["failure"]["code"], 302)
        self.assertEqual(other.calls, [])


class Ends(kube_server.TestCase):
    """Requests that are cancelled in progress, by their owner or with the client."""

    def end(self, verb, *requests):
        over = threading.Event()
        self.addCleanup(over.set)
        server = self.serve([lambda call: over.wait(support.PATIENCE)])
        plugin = self.write("login", "#!/bin/sh\nexec sleep 1000\n")
        plugin.chmod(0o755)
        api_version = "client.authentication.k8s.io/v1"
        starting = {"apiVersion": api_version, "command": str(plugin)}
        for user in ({}, {"exec": starting}):
            config = self.kubeconfig(server, **user)
            flags = ["--burst", 2, "--qps", 0.001]
            self.assertEqual(self.drive(config, *requests, {"verb": verb}, flags=flags), [])

    def test_calls(self):
        """One request waits for its answer or the plugin, two for the token bucket."""
        for verb in ("cancel", "stop"):
            self.end(verb, *[{**GET, "parallel": True}] * 4)

    def test_watches(self):
        for verb in ("cancel", "stop"):
            self.end(verb, WATCH, WATCH, WATCH)

    def test_while_it_waits_to_try_again(self):
        for verb in ("cancel", "stop"):
            server = self.serve(lambda call: call.status(429, "", "", {"Retry_After": 60}))
            other = {"verb": "get", "resource": "pods", "namespace": "d", "name": ".."}
            requests = [{**GET, "parallel": True}, other, {"verb": verb}]
            [answer] = self.drive(self.kubeconfig(server), *requests)
            self.assertEqual(answer["failure"]["reason"], "BadRequest")


class Retries(kube_server.TestCase):
    def drop(self, call):
        call.drop()

    def test_server_errors(self):
        for code in (500, 502, 503, 504):
            failing = lambda call, code=code: call.reply(code, b"")
            server = self.serve([failing, failing, good])
            answer = self.call(self.kubeconfig(server), GET)
            self.assertEqual((answer["code"], len(server.calls)), (200, 3))
            self.assertEqual(self.observed, [("get", code), ("get", code), ("get", 200)])
            first, second, _ = server.calls
            self.assertGreater(second.time - first.time, FIRST_DELAY)

    def test_only_what_is_idempotent(self):
        update = {**GET, "verb": "update", "body": config_map()}
        bare = {**GET, "verb": "update", "body": {"metadata": {"name": "a"}}}
        for request, tries in ((CREATE, 1), (bare, 1), (update, 2)):
            for failing in (lambda call: call.reply(503, b""), self.drop):
                server = self.serve([failing, good])
                answer = self.call(self.kubeconfig(server), request)
                self.assertEqual(len(server.calls), tries, request)
                self.assertEqual(answer["failure"] is None, tries == 2)

    def test_a_creation_is_not_repeated_on_another_connection(self):
        """Nor by libcurl, which by default retries on a reused connection."""
        server = self.serve([good, self.drop, good])
        answers = self.drive(self.kubeconfig(server), GET, CREATE)
        self.assertEqual(answers[1]["failure"]["reason"], "Unreachable")
        self.assertEqual(len(server.calls), 2)

    def test_retry_after(self):
        busy = lambda call: call.status(429, "TooManyRequests", "slow", {"Retry_After": 1})
        server = self.serve([busy, good])
        self.assertEqual(self.call(self.kubeconfig(server), CREATE)["code"], 200)
        self.assertGreater(server.calls[1].time - server.calls[0].time, 0.99)

    def test_an_end_to_it(self):
        busy = lambda call: call.status(429, "TooManyRequests", "slow", retryAfterSeconds=0)
        server = self.serve(busy)
        failure = self.call(self.kubeconfig(server), GET, flags=["--retries", 2])["failure"]
        self.assertEqual(len(server.calls), 3)
        self.assertEqual(failure["reason"], "TooManyRequests")
        server = self.serve(busy)
        self.call(self.kubeconfig(server), GET, flags=["--retries", -1])
        self.assertEqual(len(server.calls), 1)

    def test_answer_cut_off(self):
        def cut(call):
            call.begin()
            call.chunk(b'{"metadata": ')
            call.drop()

        server = self.serve([cut, cut, good])
        self.assertEqual(self.call(self.kubeconfig(server), GET)["body"], config_map())
        server = self.serve(cut)
        failure = self.call(self.kubeconfig(server), GET, flags=["--retries", 1])["failure"]
        self.assertEqual(failure["reason"], "Unreachable")
        self.assertIn(f"get configmaps d/a: no answer from {server.url}: ", failure["message"])

    def test_nobody_listens(self):
        """A request that did not reach a server is retried, whatever it is."""
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        failure = self.call(self.kubeconfig(url), CREATE, flags=["--retries", 1])["failure"]
        self.assertIn(f"create configmaps d/a: no answer from {url}: ", failure["message"])
        self.assertEqual(self.observed, [("create", 0), ("create", 0)])

    def test_silence(self):
        """After a timeout the next try uses a new connection."""
        over = threading.Event()
        self.addCleanup(over.set)
        server = self.serve([lambda call: over.wait(support.PATIENCE), good])
        answer = self.call(self.kubeconfig(server), GET, flags=["--timeout-ms", 300])
        self.assertEqual(answer["code"], 200)
        self.assertNotEqual(server.calls[0].peer, server.calls[1].peer)

    def test_slow_bytes(self):
        def slow(call):
            call.begin()
            for byte in json.dumps(config_map()).encode():
                call.chunk(bytes([byte]))
            call.end()

        self.assertEqual(self.call(self.kubeconfig(self.serve(slow)), GET)["body"], config_map())

    def test_connection_closed_meanwhile(self):
        """A connection that the server closed after its answer is not an error."""
        def last(call):
            call.reply(200, config_map())
            call.close_connection = True

        server = self.serve(last)
        answers = self.drive(self.kubeconfig(server), *[GET] * 5)
        self.assertEqual([answer["code"] for answer in answers], [200] * 5)
        self.assertEqual(len(server.calls), 5)

    def test_rate_limit(self):
        server = self.serve(good)
        started = time.monotonic()
        requests = [{**GET, "parallel": True}] * 12
        self.drive(self.kubeconfig(server), *requests, flags=["--qps", 20, "--burst", 2])
        # two at once, then one every 50 ms, less some tolerance for the clocks
        self.assertGreater(max(call.time for call in server.calls) - started, 0.49)


class Tls(kube_server.TestCase):
    def refusal(self, config, **options):
        answer = self.call(config, GET, **options)
        self.assertEqual(answer["failure"]["reason"], "Unreachable")
        return answer["failure"]["message"]

    def data(self, path):
        return base64.b64encode(path.read_bytes()).decode()

    def test_inline_ca_and_client_certificate(self):
        server = self.serve(good, wants_client=True)
        certificates = self.certificates
        key = certificates.key(certificates.client)
        inline = self.kubeconfig(
            server,
            {"certificate-authority-data": self.data(certificates.ca)},
            **{"client-certificate-data": self.data(certificates.client)},
            **{"client-key-data": self.data(key)},
        )
        self.assertEqual(self.call(inline, GET)["code"], 200)
        files = self.kubeconfig(
            server, **{"client-certificate": str(certificates.client), "client-key": str(key)}
        )
        self.assertEqual(self.call(files, GET)["code"], 200)
        self.refusal(self.kubeconfig(server), flags=["--retries", -1])

    def test_server_is_verified(self):
        """Only by the CA in the kubeconfig."""
        server = self.serve(good)
        other = kube_server.Certificates(self.tmp / "other")
        for cluster in ({"certificate-authority": str(other.ca)}, {"certificate-authority": None}):
            config = self.kubeconfig(server, cluster, token=SECRET)
            message = self.refusal(config, flags=["--retries", -1])
            self.assertIn("SSL certificate problem", message)
        insecure = {"certificate-authority": None, "insecure-skip-tls-verify": True}
        self.assertEqual(self.call(self.kubeconfig(server, insecure), GET)["code"], 200)
        self.assertEqual(len(server.calls), 1)

    def test_server_name(self):
        server = self.serve(good)
        named = self.kubeconfig(server, {"tls-server-name": "api.test"})
        self.assertEqual(self.call(named, GET)["code"], 200)
        self.assertEqual(server.calls[0].headers["Host"], server.url.split("/")[-1])
        wrong = self.kubeconfig(server, {"tls-server-name": "other.test"})
        self.assertIn("other.test", self.refusal(wrong))

    def test_tls_1_1_is_refused(self):
        server = self.serve(good)
        server.context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            server.context.minimum_version = ssl.TLSVersion.TLSv1
            server.context.maximum_version = ssl.TLSVersion.TLSv1_1
        self.refusal(self.kubeconfig(server), flags=["--retries", -1])
        self.assertEqual(server.calls, [])


class Proxies(kube_server.TestCase):
    def serve_proxy(self):
        """A proxy that handles CONNECT; returns its URL and the request lines that it got."""
        asked = []
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def pump(source, target):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

        def serve():
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                head = b""
                while b"\r\n\r\n" not in head:
                    head += client.recv(4096)
                asked.append(head.split(b"\r\n")[0].decode())
                host, port = asked[-1].split()[1].split(":")
                if host != "127.0.0.1":
                    client.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
                    client.close()
                    continue
                target = socket.create_connection((host, int(port)))
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                for ends in ((client, target), (target, client)):
                    threading.Thread(target=pump, args=ends, daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}", asked

    def test_of_the_configuration(self):
        proxy, asked = self.serve_proxy()
        server = self.serve(good)
        address = server.url.split("/")[-1]
        config = self.kubeconfig(server, {"proxy-url": proxy})
        self.assertEqual(self.call(config, GET, env={"NO_PROXY": "*"})["code"], 200)
        self.assertEqual(asked, [f"CONNECT {address} HTTP/1.1"])
        named = self.kubeconfig(server, {"proxy-url": proxy, "tls-server-name": "api.test"})
        self.assertEqual(self.call(named, GET)["code"], 200)
        self.assertEqual(asked, [f"CONNECT {address} HTTP/1.1"] * 2)

    def test_of_the_environment(self):
        """Not for this machine itself, as in Go."""
        server = self.serve(good)
        config = self.kubeconfig(server)
        env = {"HTTPS_PROXY": "http://127.0.0.1:1"}
        self.assertEqual(self.call(config, GET, env=env)["code"], 200)
        far = self.kubeconfig("https://api.test")
        proxy, asked = self.serve_proxy()
        self.call(far, GET, env={"HTTPS_PROXY": proxy}, flags=["--retries", -1])
        self.assertEqual(asked, ["CONNECT api.test:443 HTTP/1.1"])

    def test_password_of_a_proxy_stays_secret(self):
        config = self.kubeconfig("https://api.test",
                                 {"proxy-url": f"http://user:{SECRET}@127.0.0.1:1"})
        self.assertIsNotNone(self.call(config, GET, flags=["--retries", -1])["failure"])
        self.assertNotIn(SECRET, self.output)


class Credentials(kube_server.TestCase):
    def bearers(self, server):
        return [call.headers["Authorization"] for call in server.calls]

    def test_token(self):
        server = self.serve(good)
        self.call(self.kubeconfig(server, token=SECRET), GET)
        self.assertEqual(self.bearers(server), [f"Bearer {SECRET}"])

    def test_token_that_is_refused(self):
        server = self.serve(denied)
        failure = self.call(self.kubeconfig(server, token=SECRET), GET)["failure"]
        self.assertEqual((failure["reason"], len(server.calls)), ("Unauthorized", 1))
        self.assertNotIn(SECRET, self.output)

    def test_no_token_without_tls(self):
        config = self.kubeconfig("http://127.0.0.1:1", token=SECRET)
        result = support.run(
            [support.program("tests/peers/kube_driver"), "--kubeconfig", config]
        )
        self.assertIn("credentials are not sent without TLS", result.stderr)
        self.assertNotIn(SECRET, result.stderr)

    def test_basic(self):
        server = self.serve(good)
        self.call(self.kubeconfig(server, username="u", password=SECRET), GET)
        wanted = base64.b64encode(f"u:{SECRET}".encode()).decode()
        self.assertEqual(self.bearers(server), [f"Basic {wanted}"])

    def test_token_file_that_changes(self):
        """As the kubelet does it: by replacing the file."""
        token = self.write("token", "one\n")

        def rotate(call):
            self.write("new", "two\n").rename(token)
            call.reply(200, config_map())

        def remove(call):
            token.unlink()
            call.reply(200, config_map())

        server = self.serve([rotate, remove, good])
        self.drive(self.kubeconfig(server, tokenFile="token"), GET, GET, GET)
        self.assertEqual(self.bearers(server), ["Bearer one", "Bearer two", "Bearer two"])

    def test_token_file_is_read_again_when_refused(self):
        token = self.write("token", "one")
        self.write("empty", " \n")
        server = self.serve([denied, good])
        self.call(self.kubeconfig(server, tokenFile=str(token)), GET)
        self.assertEqual(self.bearers(server), ["Bearer one"] * 2)
        server = self.serve(denied)
        failure = self.call(self.kubeconfig(server, tokenFile=str(token)), GET)["failure"]
        self.assertEqual((failure["reason"], len(server.calls)), ("Unauthorized", 2))
        failure = self.call(self.kubeconfig(server, tokenFile="empty"), GET)["failure"]
        self.assertIn("empty: it contains no token", failure["message"])


class Plugins(kube_server.TestCase):
    def plugin(self, status, before="", version="v1"):
        """A plugin that records its input and prints status, in which $n is the number of its
        runs."""
        text = json.dumps({"kind": "ExecCredential", "status": status,
                           "apiVersion": f"client.authentication.k8s.io/{version}"})
        text = text.replace('"', '\\"')
        path = self.write("bin/login", f"""#!/bin/sh
echo "$KUBERNETES_EXEC_INFO" >>"{self.tmp}/told"
echo "$* $GREETING" >>"{self.tmp}/arguments"
n=$(wc -l <"{self.tmp}/told")
{before}
echo "{text}"
""")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def config(self, server, version="v1", **fields):
        return self.kubeconfig(server, exec={
            "apiVersion": f"client.authentication.k8s.io/{version}",
            "command": "bin/login",
            "interactiveMode": "Never",
            **fields,
        })

    def runs(self):
        told = self.tmp / "told"
        return told.read_text().splitlines() if told.exists() else []

    def bearers(self, server):
        return [call.headers["Authorization"] for call in server.calls]

    def test_token_is_kept(self):
        for version in ("v1", "v1beta1"):
            self.plugin({"token": "t$n"}, version=version)
            server = self.serve(good)
            config = self.config(server, version=version, args=["-v"], provideClusterInfo=True,
                                 env=[{"name": "GREETING", "value": "hello"}])
            (self.tmp / "told").unlink(missing_ok=True)
            requests = [{**GET, "parallel": True}] * 5 + [GET]
            answers = self.drive(config, *requests)
            self.assertEqual([answer["code"] for answer in answers], [200] * 6)
            self.assertEqual(self.bearers(server), ["Bearer t1"] * 6)
            [told] = [json.loads(line) for line in self.runs()]
            self.assertEqual(told["apiVersion"], f"client.authentication.k8s.io/{version}")
            self.assertEqual(told["kind"], "ExecCredential")
            self.assertIs(told["spec"]["interactive"], False)
            self.assertEqual(told["spec"]["cluster"]["server"], server.url)
            ca = base64.b64decode(told["spec"]["cluster"]["certificate-authority-data"])
            self.assertEqual(ca, self.certificates.ca.read_bytes())
            self.assertIn("-v hello", (self.tmp / "arguments").read_text())

    def test_its_environment(self):
        """The configuration's variables replace ours, and nothing replaces its input."""
        self.plugin({"token": "t"}, f'/usr/bin/env >"{self.tmp}/environment"')
        given = {"GREETING": "hello", "LAST": "1", "KUBERNETES_EXEC_INFO": "forged"}
        env = [{"name": name, "value": value} for name, value in given.items()]
        config = self.config(self.serve(good), env=[*env, {"name": "LAST", "value": "2"}])
        outer = {"GREETING": "from outside", "OTHER": "kept", "KUBERNETES_EXEC_INFO": "outer"}
        self.assertEqual(self.call(config, GET, env=outer)["code"], 200)
        lines = (self.tmp / "environment").read_text().splitlines()
        found = [line for line in lines if line.split("=")[0] in {*given, *outer}]
        [info] = [line for line in found if line.startswith("KUBERNETES_EXEC_INFO=")]
        self.assertEqual(json.loads(info.split("=", 1)[1])["kind"], "ExecCredential")
        found.remove(info)
        self.assertEqual(sorted(found), ["GREETING=hello", "LAST=2", "OTHER=kept"])
        self.assertIn(" hello", (self.tmp / "arguments").read_text())

    def test_token_that_expires(self):
        self.plugin({"token": "t$n", "expirationTimestamp": "2020-01-01T00:00:00Z"})
        server = self.serve(good)
        self.drive(self.config(server), GET, GET)
        self.assertEqual(self.bearers(server), ["Bearer t1", "Bearer t2"])
        self.plugin({"token": "t$n", "expirationTimestamp": "2999-01-01T00:00:00+01:00"})
        server = self.serve(good)
        self.drive(self.config(server), GET, GET)
        self.assertEqual(self.bearers(server), ["Bearer t3", "Bearer t3"])

    def test_token_that_is_refused(self):
        self.plugin({"token": "t$n"})
        server = self.serve([denied, good])
        self.assertEqual(self.call(self.config(server), GET)["code"], 200)
        self.assertEqual(self.bearers(server), ["Bearer t1", "Bearer t2"])
        server = self.serve(denied)
        failure = self.call(self.config(server), GET)["failure"]
        self.assertEqual(failure["reason"], "Unauthorized")
        self.assertEqual(self.bearers(server), ["Bearer t3", "Bearer t4"])

    def test_client_certificate(self):
        certificates = self.certificates
        self.plugin({
            "clientCertificateData": certificates.client.read_text(),
            "clientKeyData": certificates.key(certificates.client).read_text(),
        })
        # not echo: the shell's would turn JSON's \n into a line break
        script = (self.tmp / "bin/login").read_text().replace('echo "{', 'printf "%s\\n" "{')
        self.write("bin/login", script)
        server = self.serve(good, wants_client=True)
        self.assertEqual(self.call(self.config(server), GET)["code"], 200)

    def test_failures(self):
        cases = [
            (f'echo "no login" >&2; echo "{SECRET}"; exit 3', "exited with status 3: no login"),
            (f'echo "{SECRET}"; exit 0', "its output is not JSON (line 1, column "),
            ("head -c 2000000 /dev/zero; exit 0", "it printed more than 1048576 bytes"),
        ]
        for before, wanted in cases:
            self.plugin({"token": SECRET}, before)
            server = self.serve(good)
            failure = self.call(self.config(server), GET)["failure"]
            self.assertEqual(failure["reason"], "Unreachable")
            plugin = f"get configmaps d/a: credential plugin {self.tmp}/bin/login: "
            self.assertIn(plugin, failure["message"])
            self.assertIn(wanted, failure["message"])
            self.assertNotIn(SECRET, self.output)
            self.assertEqual(server.calls, [])

    def test_plugin_that_is_missing(self):
        config = self.config("https://127.0.0.1:1", command="no-such-plugin", installHint="Get it.")
        message = self.call(config, GET)["failure"]["message"]
        self.assertIn("credential plugin no-such-plugin: ", message)
        self.assertIn("Get it.", message)


class Http2(kube_server.TestCase):
    """node supports HTTP/2; Python does not."""

    SERVER = """
const http2 = require("http2"), fs = require("fs");
const [certificate, key, deaf] = process.argv.slice(1);
const server = http2.createSecureServer({
    cert: fs.readFileSync(certificate), key: fs.readFileSync(key),
});
let sessions = 0, waiting = [];
server.on("session", (session) => { session.number = ++sessions; });
server.on("stream", (stream, headers) => {
    stream.on("error", () => {});  // the client has reset it: it had waited for long enough
    if (headers[":path"].includes("watch=true")) {
        stream.respond({":status": 200, "content-type": "application/json"});
        waiting.push(stream);
        return;
    }
    if (stream.session.number == deaf)
        return;
    const body = {metadata: {name: "a"}, sessions, watches: waiting.length};
    stream.respond({":status": 200, "content-type": "application/json"});
    stream.end(JSON.stringify(body));
    if (headers[":method"] === "DELETE")
        waiting.forEach((watch) => watch.end());
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
"""

    def start(self, deaf=""):
        """Starts it; on session number deaf it answers only watches. Returns the kubeconfig."""
        certificates = self.certificates
        words = [certificates.server, certificates.key(certificates.server), deaf]
        node = self.spawn(
            ["node", "-e", self.SERVER, *words],
            stdout=subprocess.PIPE, text=True, env=support.node_environment(),
        )
        return self.kubeconfig(f"https://127.0.0.1:{node.stdout.readline().strip()}")

    def test_one_connection(self):
        requests = [WATCH, *[{**GET, "parallel": True}] * 20, GET, {**GET, "verb": "delete"}]
        answers = self.drive(self.start(), *requests)
        self.assertEqual(len(answers), 23)
        bodies = [answer["body"] for answer in answers if "body" in answer]
        self.assertEqual({body["sessions"] for body in bodies}, {1})
        self.assertEqual(bodies[-1]["watches"], 1)
        [end] = [answer for answer in answers if "end" in answer]
        self.assertIsNone(end["failure"])

    def test_connection_on_which_nothing_comes(self):
        """Only the first request on it waits for its timeout, although a watch keeps the connection
        open."""
        requests = [WATCH, *[GET] * 5, {**GET, "verb": "delete", "preconditionUid": "u"}]
        answers = self.drive(self.start("1"), *requests, flags=["--timeout-ms", 10000])
        bodies = [answer["body"] for answer in answers if "body" in answer]
        self.assertEqual([body["sessions"] for body in bodies], [2] * 6)
        self.assertEqual(self.observed[:2], [("get", 0), ("get", 200)])
        self.assertEqual(self.observed.count(("get", 0)), 1)


if __name__ == "__main__":
    os.environ.pop("KUBECONFIG", None)
    support.main()
