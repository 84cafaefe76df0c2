#!/usr/bin/python3
"""Measures the webhooks of hook-controller over TLS on persistent connections: webhook.py
OUTPUT.json. h2load sends reviews of a launcher pod like KubeVirt's with three sidecars in its
annotation; and reviews of a VM that is completed from a DataSource, and of one that is not."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import appliance_objects
import machines
from api_server import APIServer
from process import BenchError, Controller, free_port
from sample import Report, quantile

RUNS = 10
REQUESTS = 5000  # per run
# Threads of the server, the CPUs that it and h2load are pinned to, and the connections.
CASES = [
    (1, "0", "1", 8, "server and h2load on a core each, 8 connections"),
    (2, "0,1", "0,1", 8, "2 server threads and h2load share 2 cores, 8 connections"),
    (1, "0", "1", 1, "server and h2load on a core each, 1 connection"),
]
COMPLETION = "appliance: the answer to a VM"
UNTOUCHED, COMPLETED = "that stays as it is", "that is completed"


def measure(folder, port, cpus, connections, path="/mutate-pods", review="review.json"):
    """One run of h2load: answers per second, and the latencies in milliseconds, sorted."""
    log = folder / "requests"
    log.unlink(missing_ok=True)
    words = ["taskset", "-c", cpus, "h2load", "--h1", f"-n{REQUESTS}", f"-c{connections}"]
    words += ["-H", "Content-Type: application/json", "-d", folder / review]
    words += [f"--log-file={log}", f"https://127.0.0.1:{port}{path}"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    rows = [line.split() for line in log.read_text("ascii").splitlines()]
    # Start in microseconds, HTTP status, and microseconds until the answer.
    if len(rows) != REQUESTS or any(status != "200" for _, status, _ in rows):
        raise BenchError("h2load: not every review was answered")
    starts = [int(start) for start, _, _ in rows]
    times = [int(time) for _, _, time in rows]
    end = max(start + time for start, time in zip(starts, times))
    return REQUESTS / (end - min(starts)) * 1e6, sorted(time / 1000 for time in times)


def make_certificate(folder):
    """The server's, in tls.key and tls.crt."""
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    words += ["-nodes", "-days", "2", "-subj", "/CN=localhost"]
    words += ["-keyout", folder / "tls.key", "-out", folder / "tls.crt"]
    subprocess.run(words, check=True, stderr=subprocess.DEVNULL)


def serving(folder, threads, port):
    """The flags of a controller that answers reviews there."""
    return [
        "--launch=false",
        "--leader-elect=false",
        f"--webhook-threads={threads}",
        f"--webhook-listen=127.0.0.1:{port}",
        f"--tls-certificate={folder}/tls.crt",
        f"--tls-key={folder}/tls.key",
    ]


def measure_pods(folder, report):
    """The rows of launcher pods."""
    (folder / "policy.yaml").write_text(machines.POLICY, "utf-8")
    (folder / "review.json").write_text(json.dumps(machines.review()), "utf-8")
    for threads, server_cpus, client_cpus, connections, what in CASES:
        port = free_port()
        flags = [*serving(folder, threads, port), f"--policy-file={folder}/policy.yaml"]
        with Controller(folder, *flags, run_by=["taskset", "-c", server_cpus]) as controller:
            controller.wait_ready()
            measure(folder, port, client_cpus, connections)  # warms it up
            runs = [measure(folder, port, client_cpus, connections) for _ in range(RUNS)]
        report.add(f"webhook: {what}: reviews", "/s", [rate for rate, _ in runs])
        report.add(f"webhook: {what}: p50", "ms", [quantile(times, 0.5) for _, times in runs])
        report.add(f"webhook: {what}: p99", "ms", [quantile(times, 0.99) for _, times in runs])


def measure_completion(folder, report):
    """The rows of VMs, one at a time, with everything in the controller's caches."""
    api = APIServer()
    try:
        for plural, value in appliance_objects.objects():
            api.put(plural, value)
        (folder / "kubeconfig").write_text(api.kubeconfig(), "utf-8")
        for what, source in ((UNTOUCHED, None), (COMPLETED, "golden/fedora")):
            spec = appliance_objects.machine(source=source)
            text = json.dumps(appliance_objects.review(spec))
            (folder / f"{what}.json").write_text(text, "utf-8")
        port = free_port()
        flags = [*serving(folder, 1, port), "--appliances", "--policy-config-map="]
        flags += [f"--kubeconfig={folder}/kubeconfig", "--namespace=hookline-system"]
        medians = {UNTOUCHED: [], COMPLETED: []}
        with Controller(folder, *flags, run_by=["taskset", "-c", "0"]) as controller:
            controller.wait_ready()
            for _ in range(RUNS + 1):
                for what, values in medians.items():
                    _, times = measure(
                        folder, port, "1", 1, "/complete-machines", f"{what}.json"
                    )
                    values.append(quantile(times, 0.5))
            done = 'hookline_webhook_reviews_total{webhook="complete-machines",result="patched"}'
            if controller.metrics().get(done, 0) < RUNS * REQUESTS:
                raise BenchError("not every VM was completed")
    finally:
        api.close()
    ratios = []
    for untouched, completed in list(zip(*medians.values()))[1:]:  # the first warms it up
        ratios.append(completed / untouched)
    for what, values in medians.items():
        report.add(f"{COMPLETION} {what}: p50", "ms", values[1:])
    report.add(f"{COMPLETION} {COMPLETED}: as a multiple of one {UNTOUCHED}", "×", ratios, "1.5 ×")


def main():
    """Measures, or prints why it cannot."""
    lacking = [name for name in ("h2load", "openssl", "taskset") if not shutil.which(name)]
    if lacking:
        print(f"no figures of the webhooks: {', '.join(lacking)} is not installed", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="hookline-bench-") as folder:
        make_certificate(pathlib.Path(folder))
        measure_pods(pathlib.Path(folder), Report(pathlib.Path(sys.argv[1])))
        measure_completion(pathlib.Path(folder), Report(pathlib.Path(sys.argv[1])))


if __name__ == "__main__":
    main()
