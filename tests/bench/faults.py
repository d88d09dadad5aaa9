#!/usr/bin/env python3
"""Speed of the diagnosis, over the lab's network with a round-trip time: fwprobe as an ordinary user, beside `traceroute -T`
and `mtr --tcp` as root and beside sslscan, in one run. Wall times are of whole processes, starts included; the best of all runs,
for the machine may be busy. Figures are printed, never asserted.

    faults.py FWPROBE DELAY_RELAY [RUNS]
"""
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

LAB = pathlib.Path(__file__).resolve().parent.parent / "lab"
sys.path[:0] = [str(LAB), str(LAB.parent / "doubles")]
import namespaces
import scenarios
from runner import Files, Runner
from scenario import fails, forward, passes, place_in_words
from services import NAMES, SERVER

RTT_MS = 50
STEP_MS = 2000  # fwprobe's --timeout
THREE_TRIPS = 3 * RTT_MS + 200
PORT = "tcp dport 443"
TARGET = f"tcp://{SERVER}:443 --timeout {STEP_MS}ms"
PATHS = (  # the fault, and the time in which its cause and hop must be known
    (fails("r2 drops the port", TARGET, "tcp.filtered", None, forward("r2", f"{PORT} drop")), STEP_MS + 100),
    (fails("nothing listens", f"tcp://{SERVER}:4999", "tcp.refused", None), THREE_TRIPS),
    (fails("r2 answers with a RST", TARGET, "tcp.reset_in_path", None, forward("r2", f"{PORT} reject with tcp reset")), THREE_TRIPS),
    (fails("r2 rejects", TARGET, "tcp.rejected", None, forward("r2", f"{PORT} reject with icmp type admin-prohibited")),
     THREE_TRIPS),
)
PICTURES = (
    (fails("no cipher suite in common", scenarios.peer("cipher-alert", "tls") + " -4", "tls.no_common_cipher", None), 600),
    (fails("old versions only", "tls://old-tls.lab.test:443 -4", "tls.protocol_version", None), 600),
)
HEALTHY = passes("healthy", f"https://www.lab.test/ -4 --timeout {STEP_MS}ms")


class Far:
    """A client whose first link has a round-trip time: the relay's far end is a router in front of r1."""

    def __init__(self, runner, relay):
        self.lane, self.turn = runner.lane, 0
        client = self.lane.hosts["client"]
        # The relay's number in this /proc, which may be another than in our PID namespace.
        script = 'read -r pid rest </proc/self/stat; echo "$pid"; exec "$0" "$1"'
        self.relay = subprocess.Popen(client.command(["/bin/sh", "-c", script, str(relay), str(RTT_MS)]), pass_fds=[client.file],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        pid = self.relay.stdout.readline().strip()
        if self.relay.stdout.readline() != "ready\n":
            sys.exit("no TUN devices here: the figures need /dev/net/tun")
        self.gateway = namespaces.Host("gateway")
        client.run([namespaces.which("nsenter"), f"--net=/proc/{pid}/ns/net", "--", namespaces.which("ip"), "link", "set", "far",
                    "netns", self.gateway.place], pass_fds=[self.gateway.file])
        self.gateway.sysctl(net__ipv4__ip_forward=1)
        self.lane.hosts["r1"].link("gateway", self.gateway, "r1")
        self.gateway.ip("link set lo up", "link set far up", "link set r1 up", "addr add 10.98.0.2/30 dev r1",
                        "addr add 10.99.255.1/32 dev far", "route add 10.99.0.0/16 dev far", "route add default via 10.98.0.1")
        self.lane.hosts["r1"].ip("link set gateway up", "addr add 10.98.0.1/30 dev gateway", "route add 10.99.0.0/16 via 10.98.0.2")
        self.lane.hosts["r2"].ip("route add 10.99.0.0/16 via 203.0.113.1")
        for name, via in (("resolver", "203.0.113.65"), ("proxy", "203.0.113.81")):
            self.lane.hosts[name].ip(f"route add 10.99.0.0/16 via {via}")
        client.ip("link set near up")

    def renumber(self):
        """As Lane.renumber(), for the same reason: routers count ICMP errors by address."""
        self.turn += 1
        address = f"10.99.{self.turn // 250}.{1 + self.turn % 250}"
        self.lane.hosts["client"].ip("addr flush dev near", f"addr add {address}/32 dev near",
                                     f"route replace default dev near src {address}")

    def close(self):
        self.relay.stdin.close()
        self.relay.wait()
        self.gateway.close()


def measure(host, command):
    """Milliseconds, and what it said."""
    started = time.monotonic()
    process = host.start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={"PATH": "/usr/bin:/usr/sbin"})
    output = process.communicate()[0]
    return (time.monotonic() - started) * 1000, output


class Bench:
    def __init__(self, runner, far, runs):
        self.runner, self.far, self.runs = runner, far, runs
        self.client = runner.lane.hosts["client"]

    def best(self, row, command):
        samples = []
        with self.runner.faults(row):
            for _ in range(self.runs):
                self.far.renumber()
                samples.append(measure(self.client, command))
        return min(samples, key=lambda sample: sample[0])

    def fwprobe(self, row):
        elapsed, output = self.best(row, namespaces.unprivileged(self.runner.command(row)))
        return elapsed, json.loads(output)["targets"][0]

    def path(self, row, goal):
        elapsed, target = self.fwprobe(row)
        print(f"\n{row.name}\n  {'fwprobe':12}{elapsed:8.0f} ms   goal {goal:5} ms           {said(target)}")
        port = row.arguments.split()[0].rsplit(":", 1)[1]
        for tool, command in (("traceroute", ["traceroute", "-T", "-n", "-p", port, SERVER]),
                              ("mtr", ["mtr", "--tcp", "--report", "-n", "-c", "1", "--port", port, SERVER])):
            other, output = self.best(row, command)
            hops = re.findall(r"(?m)^\s*(\d+)[.|\s-]+(\d+\.\d+\.\d+\.\d+.*)", output)
            last = re.sub(r"\s+", " ", " ".join(hops[-1])) if hops else "no hop"
            print(f"  {tool:12}{other:8.0f} ms   {other / elapsed:5.1f} times as long   its last hop: {last}")

    def picture(self, row, goal):
        elapsed, target = self.fwprobe(row)
        print(f"\n{row.name}\n  {'fwprobe':12}{elapsed:8.0f} ms   goal {goal:5} ms           {said(target)}")
        print(f"  {'':12}measured: {counted(target)}")
        host, port = row.arguments.split()[0].removeprefix("tls://").split(":")
        # sslscan uses the system's resolver: it is given the address, and needs one round trip less.
        address = NAMES[host.removesuffix(".lab.test")][0]
        other, output = self.best(row, ["sslscan", "--no-colour", f"--sni-name={host}", f"{address}:{port}"])
        accepted = len(re.findall(r"(?m)^(?:Accepted|Preferred)", output))
        print(f"  {'sslscan':12}{other:8.0f} ms   {other / elapsed:5.1f} times as long   {accepted} cipher suites, no cause")

    def healthy(self):
        elapsed, target = self.fwprobe(HEALTHY)
        asked = [item["because"] for item in target["measurements"] if item.get("because")]
        print(f"\nhealthy\n  {'fwprobe':12}{elapsed:8.0f} ms   four round trips: {4 * RTT_MS} ms   {counted(target)}")
        print(f"  {'':12}follow-ups: {len(asked)}")


def counted(target):
    kinds = [item["kind"] for item in target["measurements"]]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds)))


def said(target):
    diagnosis = target.get("diagnosis") or {}
    return f"{diagnosis.get('cause', target['status'])} ({place_in_words(diagnosis.get('location') or {})})"


def bench(fwprobe, relay, runs, folder):
    runner = Runner(Files(folder, fwprobe), 0, scenarios.IMPLEMENTED)
    with contextlib.ExitStack() as stack:
        stack.callback(runner.stop)
        runner.start()
        far = Far(runner, relay)
        stack.callback(far.close)
        tools = Bench(runner, far, runs)
        print(f"{RTT_MS} ms RTT, best of {runs}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        for row, goal in PATHS:
            tools.path(row, goal)
        for row, goal in PICTURES:
            tools.picture(row, goal)
        tools.healthy()
    return 0


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__.strip())
    fwprobe, relay = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
    with tempfile.TemporaryDirectory(prefix="fwprobe-bench-") as folder:
        os.chmod(folder, 0o755)
        try:
            return namespaces.inside(lambda: bench(fwprobe, relay, int(sys.argv[3]) if len(sys.argv) > 3 else 3,
                                                   pathlib.Path(folder)))
        except namespaces.Unavailable as error:
            sys.exit(f"faults.py: {error}")


if __name__ == "__main__":
    sys.exit(main())
