"""`fwprobe trace`, and paths that mean no good, in the lab's network: names, labels, forged and repeated answers.

Runs as an ordinary user would measure; see namespaces.py.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "doubles")]
import namespaces
import path_peers
import topology
from scenario import forward, leaving

PYTHON = "/usr/bin/python3"
RESOLVER = "203.0.113.74"
SERVER4, SERVER6 = "192.0.2.80", "2001:db8:80::80"
PORT = path_peers.HOSTILE_PORT
# LeakSanitizer cannot read the /proc of a program that has given up its user.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "ASAN_OPTIONS": "detect_leaks=0"}
NO_TIME_EXCEEDED = (f"meta mark != {path_peers.MARK} icmp type time-exceeded drop",
                    f"meta mark != {path_peers.MARK} icmpv6 type time-exceeded drop")
LISTENER = ("import socket, sys\n"
            "l = socket.create_server(('::', int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)\n"
            "print('ready', flush=True)\n"
            "kept = []\n"
            "while True: kept.append(l.accept())\n")


class Trace(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="fwprobe-trace-"))
        os.chmod(cls.folder, 0o755)
        cls.fwprobe = shutil.copy(os.environ["FWPROBE"], cls.folder)
        cls.lane = topology.Lane()
        cls.addClassCleanup(cls.lane.close)

    def setUp(self):
        self.lane.renumber()

    def start(self, host, *command):
        """A peer that has said that it is ready; ends with the test."""
        process = self.lane.hosts[host].start([PYTHON, *command], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "ready\n")

    def peer(self, host, *arguments):
        self.start(host, str(HERE / "path_peers.py"), *arguments)

    def listen(self, port=PORT):
        self.start("server", "-c", LISTENER, str(port))

    def fault(self, *faults):
        for fault in faults:
            host = self.lane.hosts[fault.host]
            host.nft(fault.rules)
            self.addCleanup(host.nft, "flush ruleset\n")

    def run_fwprobe(self, *arguments):
        # A resolver that is not there is the worst that a name can have.
        resolver = [] if "--dns-server" in arguments else ["--dns-server", "203.0.113.73"]
        process = self.lane.hosts["client"].start(
            namespaces.unprivileged([str(self.fwprobe), *arguments, *resolver, "--timeout", "2s"]),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=ENVIRONMENT)
        output, errors = process.communicate(timeout=60)
        self.assertEqual(errors, "")
        return process.returncode, output

    def report(self, *arguments):
        code, output = self.run_fwprobe(*arguments, "--format", "json")
        return code, json.loads(output)["targets"][0]

    def hops(self, text):
        return [re.sub(r" \([^()]* m?s\)", "", line.strip()) for line in text.splitlines() if re.match(r" *\d+(-\d+)?  \S", line)]

    def steps(self, target, flow="syn", port=PORT):
        """By lifetime, the messages of one path."""
        found = {}
        for measured in target["measurements"]:
            if measured["kind"] == "path" and measured["flow"] == flow and measured["remote"].endswith(f":{port}"):
                found.update({step["lifetime"]: step["icmp"] for step in measured["steps"] if step["icmp"]})
        return found

    # ---- the verb

    def test_the_hops_and_the_port_that_is_reached(self):
        self.listen()
        for target, routers in ((f"{SERVER4}:{PORT}", ["198.51.100.1", "203.0.113.2", "203.0.113.6"]),
                                (f"[{SERVER6}]:{PORT}", ["2001:db8:1::1", "2001:db8:12::2", "2001:db8:23::3"])):
            code, text = self.run_fwprobe("trace", target)
            self.assertEqual(code, 0, text)
            self.assertEqual(self.hops(text), [*(f"{n}  {r}" for n, r in enumerate(routers, 1)), "4  the service answered"])
            self.assertIn("accepted from a distance of 4, behind hop 3", " ".join(text.split()))

    def test_where_the_flow_ends(self):
        self.fault(forward("r2", f"tcp dport {PORT} drop"))
        code, text = self.run_fwprobe("trace", f"{SERVER4}:{PORT}")
        self.assertEqual(code, 1, text)
        self.assertEqual(self.hops(text), ["1  198.51.100.1", "2  203.0.113.2", "3-30  no answer"])
        self.assertIn("tcp.filtered", text)
        self.assertIn("on the path, behind hop 2 (203.0.113.2), in front of 203.0.113.6", " ".join(text.split()))

    def test_what_a_silent_destination_is_sent_is_bounded(self):
        """The port, and the controls beside it, of an address that lets nothing through: the most that is ever sent."""
        for address in (SERVER4, SERVER6):
            family = "ip6" if ":" in address else "ip"
            self.fault(forward("r1", f"{family} daddr {address} drop"))
            self.lane.hosts["r1"].nft("table inet count { counter syn {}\n chain c { type filter hook prerouting priority 0;\n"
                                      f" {family} daddr {address} tcp flags & (syn | ack) == syn counter name syn\n }}\n}}\n")
            client = self.lane.hosts["client"]
            process = client.start(
                namespaces.unprivileged([str(self.fwprobe), "check", f"tcp://{'[' * (family == 'ip6')}{address}{']' * (family == 'ip6')}:{PORT}",
                                         "--timeout", "4s", "--format", "json"]), stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
            waiting = []  # lines of proc_net_tcp(5) in state SYN_SENT
            while process.poll() is None:
                table = client.run(["/bin/cat", "/proc/self/net/tcp" + "6" * (family == "ip6")])
                waiting.append(sum(line.split()[3] == "02" for line in table.splitlines()[1:]))
            with process.stdout:
                paths = [item for item in json.load(process.stdout)["targets"][0]["measurements"] if item["kind"] == "path"]
            self.assertEqual(len(paths), 3)
            for path in paths:
                self.assertEqual({step["lifetime"] for step in path["steps"]}, set(range(1, 31)))
                self.assertEqual(len(path["steps"]), 30)
            self.assertGreater(max(waiting), 1)
            self.assertLessEqual(max(waiting), 40 + 1, "the connection itself, and two traces")
            counted = int(re.search(r"packets (\d+)", self.lane.hosts["r1"].run(["nft", "list", "counter", "inet", "count", "syn"]))[1])
            self.assertLessEqual(counted, 2 * (30 + 20) + 3, "of each hop one, of 20 hops a retransmission; of the connection three")
            self.lane.hosts["r1"].nft("flush ruleset\n")

    def test_fewer_hops_than_the_way_has(self):
        self.listen()
        code, target = self.report("trace", f"{SERVER4}:{PORT}", "--hops", "2")
        self.assertEqual((code, sorted(self.steps(target))), (0, [1, 2]))
        self.fault(forward("r3", f"tcp dport {PORT} drop"))
        code, target = self.report("trace", f"{SERVER4}:{PORT}", "--hops", "2")
        self.assertEqual(code, 1)
        self.assertIsNone(target["diagnosis"]["location"]["hop"], "the trace ends, not the flow")

    def test_hops_are_printed_before_the_verdict(self):
        self.fault(forward("r2", f"tcp dport {PORT} drop"))
        process = self.lane.hosts["client"].start(
            namespaces.unprivileged([str(self.fwprobe), "trace", f"{SERVER4}:{PORT}", "--timeout", "30s", "--no-names"]),
            stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        with contextlib.closing(process.stdout):
            first = [process.stdout.readline() for _ in range(4)]
            self.assertIsNone(process.poll(), "the connection still waits for its answer")
            process.kill()
            process.wait()
        self.assertEqual(self.hops("".join(first)), ["1  198.51.100.1", "2  203.0.113.2"])

    # ---- names

    def test_names_of_hops(self):
        self.listen()
        self.peer("resolver", "names", RESOLVER, "1.100.51.198.in-addr.arpa=r1.lab.test",
                  r"2.113.0.203.in-addr.arpa=\x1b[2J\xe2\x80\xaeevil.lab.test")
        code, text = self.run_fwprobe("trace", f"{SERVER4}:{PORT}", "--dns-server", RESOLVER)
        self.assertEqual(code, 0, text)
        self.assertNotIn("\x1b", text)
        hops = self.hops(text)
        self.assertEqual(hops[0], "1  198.51.100.1 r1.lab.test")
        self.assertIn("evil.lab.test", hops[1])
        self.assertEqual(hops[2], "3  203.0.113.6", "NXDOMAIN")
        _, target = self.report("trace", f"{SERVER4}:{PORT}", "--dns-server", RESOLVER)
        names = {m["name"]: m["names"] for m in target["measurements"] if m["kind"] == "dns" and m["type"] == "PTR"}
        self.assertEqual(names["1.100.51.198.in-addr.arpa"], ["r1.lab.test"])
        self.assertNotIn("6.113.0.203.in-addr.arpa", names, "what has no name is no news")
        _, target = self.report("trace", f"{SERVER4}:{PORT}", "--dns-server", RESOLVER, "--no-names")
        self.assertEqual([m for m in target["measurements"] if m["kind"] == "dns"], [])

    def test_a_resolver_that_is_silent_lengthens_nothing(self):
        self.listen()
        self.fault(forward("r1", "udp dport 53 drop"), leaving("client", "udp dport 53 drop"))
        _, with_names = self.timed("trace", f"{SERVER4}:{PORT}")
        _, without = self.timed("trace", f"{SERVER4}:{PORT}", "--no-names")
        self.assertLess(with_names, without + 0.4, "a name is waited for, 500 ms")

    def timed(self, *arguments):
        """The duration that the report says."""
        code, output = self.run_fwprobe(*arguments, "--format", "json")
        run = json.loads(output)["run"]
        seconds = [sum(float(part) * unit for part, unit in zip(run[key][11:23].split(":"), (3600, 60, 1)))
                   for key in ("started", "finished")]
        return code, (seconds[1] - seconds[0]) % 86400

    # ---- MPLS

    def test_label_stacks(self):
        self.listen()
        self.fault(leaving("r2", *NO_TIME_EXCEEDED))
        self.peer("r2", "labels", "r1")
        labels = [{"label": label, "exp": exp, "bottom": bool(bottom), "ttl": ttl} for label, exp, bottom, ttl in path_peers.LABELS]
        for target in (f"{SERVER4}:{PORT}", f"[{SERVER6}]:{PORT}"):
            code, report = self.report("trace", target)
            self.assertEqual(code, 0)
            steps = self.steps(report)
            self.assertEqual(steps[2]["mpls"], labels, target)
            self.assertEqual((steps[1]["mpls"], steps[3]["mpls"]), ([], []))
        _, text = self.run_fwprobe("trace", f"{SERVER4}:{PORT}")
        self.assertIn("MPLS label 100 exp 0 ttl 1, MPLS label 24001 exp 5 ttl 254", text)

    def test_label_stacks_that_datagrams_meet(self):
        self.fault(leaving("r2", *NO_TIME_EXCEEDED), forward("r3", f"tcp dport {PORT} drop"))
        self.peer("r2", "labels", "r1")
        for target in (f"{SERVER4}:{PORT}", f"[{SERVER6}]:{PORT}"):
            _, report = self.report("trace", target)
            self.assertEqual(self.steps(report, "udp", 33434)[2]["mpls"][0]["label"], 100, target)

    # ---- answers that mean no good

    def test_a_device_that_answers_every_lifetime_is_no_loop(self):
        self.fault(forward("r2", f"tcp dport {PORT} drop"), leaving("r2", *NO_TIME_EXCEEDED))
        self.peer("r2", "everything", "r1")
        for target, device in ((f"{SERVER4}:{PORT}", "203.0.113.2"), (f"[{SERVER6}]:{PORT}", "2001:db8:12::2")):
            code, report = self.report("trace", target)
            self.assertEqual(code, 1)
            self.assertEqual(self.steps(report)[30]["sender"], device)
            self.assertEqual(report["diagnosis"]["confidence"], "low", report["diagnosis"])

    def test_an_error_in_the_servers_name(self):
        self.fault(forward("r2", f"tcp dport {PORT} drop"))
        self.peer("r2", "as-server", "r1")
        for verb in ("trace", "check"):
            _, report = self.report(verb, f"tcp://{SERVER4}:{PORT}")
            diagnosis = report["diagnosis"]
            self.assertEqual(diagnosis["cause"], "tcp.rejected")
            self.assertEqual(diagnosis["location"], {"where": "path", "hop": 2, "address": "203.0.113.2", "precision": "after",
                                                     "next": "203.0.113.6"}, verb)


if __name__ == "__main__":
    try:
        sys.exit(namespaces.inside(lambda: not unittest.main(exit=False, verbosity=1).result.wasSuccessful()))
    except namespaces.Unavailable as error:
        print(f"lab: {error}", file=sys.stderr)
        sys.exit(1)
