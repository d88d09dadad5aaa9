#!/usr/bin/env python3
"""1,000 https targets every 15 s under `fwprobe serve` (schedule, history and metrics included), beside blackbox_exporter asked for the
same as often, and a bare program that makes the same handshakes and requests at the same pace and nothing else: CPU of each run,
resident memory and descriptors. nginx on loopback, every run a full handshake. With more minutes it is a soak.

    serve_https.py FWPROBE USAGE_OF BARE_HTTPS [MINUTES]
"""
import concurrent.futures
import contextlib
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import suite_https

TARGETS, INTERVAL_S = 1000, 15
AT_ONCE = 8  # targets that are measured at the same time, by both
GOAL = "goal 590 µs, 13 MiB"
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=INTERVAL_S) as answer:
        return answer.read().decode()


@contextlib.contextmanager
def started(command, url, **options):
    """A server, from its first answer on."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options) as process:
        try:
            while process.poll() is None:
                with contextlib.suppress(OSError):
                    get(url)
                    break
                time.sleep(0.1)
            yield process
        finally:
            process.terminate()


def state(process):
    """CPU seconds, resident MiB, descriptors."""
    stat = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return ((int(stat[11]) + int(stat[12])) / TICKS, int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024,
            len(os.listdir(f"/proc/{process.pid}/fd")))


def watch(name, process, runs, minutes):
    """Looks, and asks for the metrics, as often as Prometheus would; between two looks there is a whole interval."""
    time.sleep(2 * INTERVAL_S)
    looks, counts = [], []
    until = time.monotonic() + minutes * 60
    while not looks or time.monotonic() < until:
        counts.append(runs())
        looks.append(state(process))
        time.sleep(INTERVAL_S)
    done = counts[-1] - counts[0]
    quarters = [looks[(len(looks) - 1) * quarter // 4] for quarter in range(5)]
    print(f"{name:18}{(looks[-1][0] - looks[0][0]) / done * 1e6:6.0f} µs a run ({done})   at each quarter of {minutes:g} minutes: MiB resident "
          f"{', '.join(f'{look[1]:.1f}' for look in quarters)}; descriptors {', '.join(str(look[2]) for look in quarters)}", flush=True)


def serve(fwprobe, directory, urls, minutes):
    port = free_port()
    suite = directory / "suite.yaml"
    suite.write_text(f"per-destination: {AT_ONCE}\ndefaults: {{ca-file: cert.pem, trace: never, interval: {INTERVAL_S}s}}\n"
                     f"serve: {{listen: ['127.0.0.1:{port}'], database: history.db}}\ntargets:\n" +
                     "".join(f"  - {url}\n" for url in urls), encoding="utf-8")
    metrics = f"http://127.0.0.1:{port}/metrics"

    def runs():
        counts = re.findall(r'^fwprobe_target_runs_total{.*status="(\w+)"} (\d+)$', get(metrics), re.MULTILINE)
        assert not any(int(count) for status, count in counts if status in ("fail", "error")), "a target is not healthy"
        return sum(int(count) for _, count in counts)

    with started([fwprobe, "serve", "--config", suite], metrics) as process:
        watch("fwprobe serve", process, runs, minutes)


def exporter(directory, urls, minutes):
    port = free_port()
    config = directory / "blackbox.yml"
    config.write_text(f"modules: {{web: {{prober: http, http: {{tls_config: {{ca_file: {directory}/cert.pem}}}}}}}}\n")
    base = f"http://127.0.0.1:{port}"
    done, end = [0], threading.Event()

    def ask(url):
        text = get(f"{base}/probe?module=web&target={urllib.parse.quote(url)}")
        assert "probe_success 1\n" in text, text
        done[0] += 1

    def ask_all():
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            while not end.is_set():
                began = time.monotonic()
                list(pool.map(ask, urls))
                end.wait(max(0, INTERVAL_S - (time.monotonic() - began)))

    command = ["prometheus-blackbox-exporter", f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}"]
    with started(command, base) as process:
        asking = threading.Thread(target=ask_all)
        asking.start()
        try:
            watch("blackbox_exporter", process, lambda: done[0], minutes)
        finally:
            end.set()
            asking.join()


def bare(usage_of, bare_https, port, directory):
    beat = TARGETS // 20  # the service's begins are a twentieth of an interval apart
    command = [bare_https, f"{2 * TARGETS}/{beat}", "localhost", "127.0.0.1", str(port), str(directory / "cert.pem")]
    print(f"{'bare':18}{suite_https.cpu(usage_of, command) / (2 * TARGETS) * 1e6:6.0f} µs a run ({2 * TARGETS})", flush=True)


def main(fwprobe, usage_of, bare_https, minutes):
    with suite_https.nginx(suite_https.KEYS["ECDSA P-256"]) as (port, directory):
        urls = [f"https://127.0.0.1:{port}/{n}" for n in range(TARGETS)]
        serve(fwprobe, directory, urls, minutes)
        exporter(directory, urls, min(minutes, 1))
        bare(usage_of, bare_https, port, directory)
        print(GOAL)


if __name__ == "__main__":
    main(*sys.argv[1:4], float(sys.argv[4]) if len(sys.argv) > 4 else 1)
