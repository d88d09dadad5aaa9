"""`fwprobe allowlist check` as a whole: over loopback, and with faults in the lab's network."""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
sys.path[:0] = [str(SOURCE / "tests/lab"), str(SOURCE / "tests/doubles")]
import jsonschema
import namespaces
import topology

FWPROBE = os.environ["FWPROBE"]
SCHEMA = jsonschema.Draft7Validator(json.loads((SOURCE / "docs/allowlist-check.schema.json").read_text(encoding="utf-8")))
PYTHON = "/usr/bin/python3"
PORT = 8443
HEAD = "name: test\nretrieved: 2026-01-31\ndirection: outbound\n"
LISTENER = ("import socket, sys\n"
            "l = socket.create_server(('::', int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)\n"
            "print('ready', flush=True)\n"
            "while True: l.accept()\n")
FEW_LISTENERS = ("import signal, socket, sys\n"
                 "listeners = [socket.create_server((address, int(sys.argv[1]))) for address in sys.argv[2:]]\n"
                 "print('ready', flush=True)\n"
                 "signal.pause()\n")


def fwprobe(*arguments, **options):
    return subprocess.run([FWPROBE, "allowlist", "check", *arguments], capture_output=True, text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"]}, **options)


class Lists(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="fwprobe-list-"))

    def write(self, entries, head=HEAD):
        path = os.path.join(self.folder, "list.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(head + "entries:\n" + "".join(f"  - {entry}\n" for entry in entries))
        return path

    def document(self, done):
        self.assertEqual(done.stderr, "")
        document = json.loads(done.stdout)
        SCHEMA.validate(document)
        return {entry["entry"]: entry for entry in document["entries"]}, document


class Loopback(Lists):
    @classmethod
    def setUpClass(cls):
        cls.listener = cls.enterClassContext(socket.create_server(("127.0.0.1", 0)))
        cls.port = cls.listener.getsockname()[1]
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            cls.closed = unused.getsockname()[1]

    def check(self, entries, *arguments, timeout="2s"):
        done = fwprobe(self.write(entries), "--format", "json", "--timeout", timeout, *arguments)
        return done.returncode, *self.document(done)

    def test_an_address_that_accepts_is_reachable(self):
        code, entries, document = self.check([f"{{prefix: 127.0.0.1, ports: [{self.port}]}}"])
        self.assertEqual((code, document["summary"]["status"]), (0, "pass"))
        self.assertEqual(entries["127.0.0.1"]["ways"][0]["connections"]["accepted"], 1)

    def test_a_rst_shows_that_the_way_is_open(self):
        code, entries, _ = self.check([f"{{prefix: 127.0.0.1, ports: [{self.closed}]}}"])
        self.assertEqual((code, entries["127.0.0.1"]["reach"]), (0, "reachable"))
        self.assertIn("nothing listens", entries["127.0.0.1"]["summary"])

    def test_every_port_is_probed(self):
        _, entries, _ = self.check([f"{{prefix: 127.0.0.1, ports: [{self.port}, {self.closed}]}}"])
        self.assertEqual({way["port"] for way in entries["127.0.0.1"]["ways"]}, {self.port, self.closed})

    def test_all_addresses_of_a_prefix(self):
        _, entries, document = self.check([f"{{prefix: 127.0.0.64/26, ports: [{self.port}]}}"], "--all")
        self.assertEqual(document["summary"]["connections"], 64)
        self.assertEqual(entries["127.0.0.64/26"]["ways"][0]["connections"]["refused"], 64)

    def test_a_sample_is_the_default_and_always_the_same(self):
        for arguments, expected in (((), 5), (("--sample", "3"), 3)):
            _, _, document = self.check([f"{{prefix: 127.0.0.0/26, ports: [{self.port}]}}"], *arguments)
            self.assertEqual(document["summary"]["connections"], expected)

    def test_names_by_resolve_and_examples_of_wildcards(self):
        code, entries, _ = self.check(
            [f"{{domain: one.example, ports: [{self.port}]}}",
             f"{{domain: '*.example', ports: [{self.port}], examples: [two.example]}}", "{domain: '*.other.example'}"],
            "--resolve", "one.example=127.0.0.1", "--resolve", "two.example=127.0.0.1")
        self.assertEqual([entries[name]["reach"] for name in ("one.example", "*.example", "*.other.example")],
                         ["reachable", "reachable", "skipped"])
        self.assertEqual(entries["*.example"]["ways"][0]["host"], "two.example")
        self.assertIn("examples", entries["*.other.example"]["summary"])
        self.assertEqual(code, 0)

    def test_a_name_of_the_other_family_is_skipped(self):
        code, entries, _ = self.check(
            [f"{{domain: one.example, ports: [{self.port}]}}", f"{{prefix: 127.0.0.1, ports: [{self.port}]}}"],
            "--resolve", "one.example=::1", "--source", "127.0.0.1")
        self.assertEqual((code, entries["one.example"]["reach"], entries["127.0.0.1"]["reach"]),
                         (0, "skipped", "reachable"))
        self.assertIn("--source", entries["one.example"]["summary"])

    def test_a_name_that_does_not_resolve_fails_with_the_cause_of_dns(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            code, entries, _ = self.check(["{domain: name.invalid, ports: [443]}"], "--dns-server",
                                          "127.0.0.1:%d" % silent.getsockname()[1], timeout="300ms")
        entry = entries["name.invalid"]
        self.assertEqual((code, entry["reach"], entry["cause"]), (1, "unreachable", "allowlist.entry_unreachable"))
        self.assertEqual((entry["ways"][0]["cause"], entry["ways"][0]["location"]["where"]), ("dns.timeout", "resolver"))

    def test_udp_is_skipped_and_a_list_of_nothing_else_is_not_passed(self):
        code, entries, _ = self.check(["{prefix: 127.0.0.1, protocol: udp, ports: [53]}"])
        self.assertEqual((code, entries["127.0.0.1"]["reach"]), (3, "skipped"))
        self.assertIn("UDP", entries["127.0.0.1"]["summary"])

    def test_an_entry_for_any_port_says_which_one_was_probed(self):
        _, entries, _ = self.check(["{prefix: 127.0.0.1}"], "--port", str(self.port))
        self.assertEqual(entries["127.0.0.1"]["ways"][0]["port"], self.port)
        self.assertIn("any port", entries["127.0.0.1"]["summary"])

    def test_few_descriptors_are_enough(self):
        path = self.write([f"{{prefix: 127.0.4.0/22, ports: [{self.port}]}}"])
        done = subprocess.run(["/bin/sh", "-c", 'ulimit -n 40; exec "$0" "$@"', FWPROBE, "allowlist", "check", path, "--all",
                               "--format", "json"], capture_output=True, text=True, timeout=60, check=False)
        entries, document = self.document(done)
        self.assertEqual((done.returncode, document["summary"]["connections"]), (0, 1024))
        self.assertEqual(entries["127.0.4.0/22"]["ways"][0]["connections"]["failed"], 0)

    def test_the_rate_is_kept(self):
        _, _, document = self.check([f"{{prefix: 127.0.0.16/28, ports: [{self.port}]}}"], "--all", "--rate", "10/s")
        started, finished = (float(document["run"][key][17:23]) for key in ("started", "finished"))
        self.assertGreaterEqual((finished - started) % 60, 0.99)  # 16 of which 10 may start within any second

    def test_a_signal_ends_it_with_what_is_there(self):
        listener = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        port = listener.getsockname()[1]
        path = self.write([f"{{prefix: {prefix}, ports: [{port}]}}" for prefix in ("127.0.0.1", "127.0.1.0/24")])
        process = subprocess.Popen([FWPROBE, "allowlist", "check", path, "--all", "--rate", "1/s", "--format", "json"],
                                   stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        listener.accept()[0].close()  # it is at work
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)
        document = json.loads(output)
        SCHEMA.validate(document)
        self.assertFalse(document["run"]["complete"])

    def test_an_old_list_and_host_bits_are_warnings(self):
        path = self.write([f"{{prefix: 127.0.0.1/31, ports: [{self.port}]}}"], HEAD + "fresh_for: 1d\n")
        for arguments, expected in (((), 0), (("--strict",), 1)):
            done = fwprobe(path, "--format", "json", *arguments)
            _, document = self.document(done)
            self.assertEqual((done.returncode, document["summary"]["status"]), (expected, "warn"))
            self.assertEqual([(finding["cause"], finding["subject"]) for finding in document["findings"]],
                             [("allowlist.stale", "test"), ("allowlist.not_canonical", "127.0.0.1/31")])
        text = fwprobe(path).stdout
        self.assertIn("WARN  outbound list test (2026-01-31): 1 reachable", text)
        for said in ("  ! allowlist.stale: test is of 2026-01-31", "  ! allowlist.not_canonical: test publishes 127.0.0.1/31",
                     "1. Get the publisher's current list."):
            self.assertIn(said, text)

    def test_what_fails_and_what_cannot_be_told_stands_before_warnings(self):
        path = self.write(["{prefix: 127.0.0.1, protocol: udp, ports: [53]}"], HEAD + "fresh_for: 1d\n")
        self.assertEqual(fwprobe(path, "--strict").returncode, 3)

    def test_text_names_what_fails_and_what_to_do(self):
        path = self.write([f"{{prefix: 127.0.0.1, ports: [{self.port}]}}"])
        done = fwprobe(path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("PASS  outbound list test (2026-01-31): 1 reachable", done.stdout)
        self.assertIn("✓ 127.0.0.1", done.stdout)


class Usage(Lists):
    def refused(self, *arguments):
        done = fwprobe(*arguments)
        self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (2, "", 1), done.stderr)
        return done.stderr

    def test_an_inbound_list_is_refused_with_what_to_do_instead(self):
        message = self.refused("appcircle")
        self.assertRegex(message, "inbound.*rules verify.*check TARGET --allowlist appcircle")

    def test_examples_below_their_wildcard_only(self):
        for entry, said in (("{domain: '*.example', examples: [www.example.org]}", "'www.example.org' is not below"),
                            ("{domain: www.example, examples: [a.www.example]}", "wildcard domain:"),
                            ("{prefix: 192.0.2.1, examples: [a.example]}", "wildcard domain:"),
                            ("{domain: '*.example', examples: ['*.a.example']}", "wildcard itself"),
                            ("{domain: '*.example', examples: []}", "examples is a list")):
            self.assertIn(said, self.refused(self.write([entry])))

    def test_values_that_cannot_be(self):
        path = self.write(["{prefix: 10.0.0.0/8}", "{prefix: '2001:db8::/32'}"])
        for arguments, said in ((("--rate", "0"), "--rate"), (("--rate", "fast"), "--rate"), (("--sample", "0"), "--sample"),
                                (("--all", "--sample", "3"), "excludes"), (("--all",), "65536 addresses"), (("-4", "-6"), "-4"),
                                (("--trace", "always"), "auto and never")):
            self.assertIn(said, self.refused(path, *arguments))

    def test_nothing_in_force(self):
        self.assertIn("in force", self.refused(self.write(["{prefix: 192.0.2.1, until: 2020-01-01}"])))


class Network(Lists):
    """Faults at r2 of the lab's network, and a server behind r3."""

    @unittest.skipUnless("--inside" in sys.argv, "run in namespaces of its own, by the test below")
    def test_each_entry_has_its_cause_and_hop(self):
        lane = topology.Lane()
        with contextlib.ExitStack() as stack:
            stack.callback(lane.close)
            for arguments in ([LISTENER, str(PORT)], [FEW_LISTENERS, str(PORT + 1), "192.0.2.80", "192.0.2.84"]):
                server = lane.hosts["server"].start([PYTHON, "-c", *arguments], stdout=subprocess.PIPE, text=True)
                stack.callback(server.wait)
                stack.callback(server.kill)
                self.assertEqual(server.stdout.readline(), "ready\n")
            lane.hosts["r2"].nft("table inet fault { chain forward { type filter hook forward priority 0;\n"
                                 f"ip daddr 192.0.2.81 tcp dport {PORT} drop\n"
                                 f"ip daddr 192.0.2.82 tcp dport {PORT} reject with icmp type admin-prohibited\n"
                                 f"ip daddr 192.0.2.83 tcp dport {PORT} reject with tcp reset\n"
                                 f"ip daddr 192.0.2.85 tcp dport {PORT + 1} reject with tcp reset\n"
                                 "ip daddr 192.0.2.86 tcp dport 9 reject with tcp reset\n"
                                 f"ip daddr 192.0.2.88/31 tcp dport {PORT} drop\n"
                                 "ip daddr 192.0.2.87 meta l4proto tcp reject with tcp reset\n"
                                 "ip daddr 192.0.2.87 meta l4proto udp drop\n"
                                 f"ip6 daddr 2001:db8:80::81 tcp dport {PORT} drop\n}}\n}}\n")
            path = self.write([
                f"{{prefix: {prefix}, ports: [{PORT}]}}" for prefix in
                ("192.0.2.80", "192.0.2.81", "192.0.2.82", "192.0.2.83", "192.0.2.84/30", "192.0.2.88/31", "192.0.2.80/29",
                 "192.0.2.200/29", "'2001:db8:80::80'", "'2001:db8:80::81'")] + [
                     "{prefix: 192.0.2.84, ports: [9]}", "{prefix: 192.0.2.85, ports: [9]}",
                     "{prefix: 192.0.2.86, ports: [9]}", "{prefix: 192.0.2.87, ports: [10]}",
                     f"{{prefix: 192.0.2.80/31, ports: [{PORT + 1}]}}", f"{{prefix: 192.0.2.84/31, ports: [{PORT + 1}]}}"])
            os.chmod(self.folder, 0o755)
            process = lane.hosts["client"].start([FWPROBE, "allowlist", "check", path, "--format", "json", "--timeout", "2s"],
                                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            output, errors = process.communicate(timeout=60)
            # A way to one address of IPv4 and to no other.
            lane.hosts["client"].ip("route del default", "route add 192.0.2.80/32 via 198.51.100.1")
            path = self.write([f"{{prefix: {prefix}, ports: [{PORT}]}}" for prefix in ("192.0.2.80", "192.0.2.81")])
            half = lane.hosts["client"].start([FWPROBE, "allowlist", "check", path, "--format", "json"],
                                              stdout=subprocess.PIPE, text=True)
            unrouted = json.loads(half.communicate(timeout=60)[0])
            # No way over IPv6, and addresses of it that need none.
            lane.hosts["client"].ip("route add default via 198.51.100.1", "route del default via 2001:db8:1::1")
            path = self.write([f"{{domain: {name}.example, ports: [{PORT}]}}" for name in ("both", "six", "mapped", "none")] +
                              ["{prefix: '::1', ports: [9]}"])
            four = lane.hosts["client"].start(
                [FWPROBE, "allowlist", "check", path, "--format", "json", "--resolve", "both.example=192.0.2.80,2001:db8:80::80",
                 "--resolve", "six.example=2001:db8:80::80", "--resolve", "mapped.example=::ffff:192.0.2.80", "--resolve",
                 "none.example=::"], stdout=subprocess.PIPE, text=True)
            only_four = json.loads(four.communicate(timeout=60)[0])
        self.assertEqual([entry["reach"] for entry in only_four["entries"]],
                         ["reachable", "skipped", "reachable", "unknown", "reachable"], only_four)
        self.assertEqual(half.returncode, 1)
        self.assertEqual([(entry["reach"], entry["ways"][0]["cause"]) for entry in unrouted["entries"]],
                         [("reachable", None), ("unreachable", "local.no_route")])
        self.assertEqual((process.returncode, errors), (1, ""))
        document = json.loads(output)
        SCHEMA.validate(document)
        met = {}
        for entry in document["entries"]:
            way = entry["ways"][0]
            place = way["location"] or {}
            met[entry["entry"]] = (entry["reach"], way["cause"], place.get("where"), place.get("hop"), place.get("precision"))
        r2 = "203.0.113.2"
        self.assertEqual(met, {
            "192.0.2.80": ("reachable", None, None, None, None),
            "192.0.2.81": ("unreachable", "tcp.filtered", "path", 2, "after"),
            "192.0.2.82": ("unreachable", "tcp.rejected", "path", 2, "at"),
            "192.0.2.83": ("unreachable", "tcp.reset_in_path", "path", 2, "after"),
            "192.0.2.84/30": ("reachable", None, None, None, None),
            "192.0.2.88/31": ("unreachable", "tcp.filtered", "path", 2, "after"),
            "192.0.2.80/29": ("partly", "tcp.rejected", "path", 2, "at"),
            "192.0.2.200/29": met["192.0.2.200/29"],
            "2001:db8:80::80": ("reachable", None, None, None, None),
            "2001:db8:80::81": ("unreachable", "tcp.filtered", "path", 2, "after"),
            "192.0.2.84": ("reachable", None, None, None, None),
            "192.0.2.85": ("reachable", None, None, None, None),  # each of these three by its own trace
            "192.0.2.86": ("unreachable", "tcp.reset_in_path", "path", 2, "after"),
            "192.0.2.87": ("unknown", None, None, None, None),  # nothing gets there but RSTs
            "192.0.2.80/31": ("reachable", None, None, None, None),
            "192.0.2.84/31": ("partly", "tcp.reset_in_path", "path", 2, "after"),
        }, output)
        self.assertEqual(met["192.0.2.200/29"][:2], ("unknown", None))
        said = {entry["entry"]: entry["summary"] for entry in document["entries"]}
        self.assertIn("accepted; the RST of 192.0.2.81:8444 is its own", said["192.0.2.80/31"])
        rejected = next(entry for entry in document["entries"] if entry["entry"] == "192.0.2.82")
        self.assertEqual(rejected["ways"][0]["location"]["address"], r2)
        self.assertRegex(rejected["ways"][0]["remedy"][0],
                         re.escape(f"to 192.0.2.82 port {PORT} at hop 2 ({r2})"))

    @unittest.skipIf("--inside" in sys.argv, "it is inside")
    def test_inside(self):
        done = subprocess.run([PYTHON, __file__, "--inside"], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


def inside():
    result = unittest.TextTestRunner().run(Network("test_each_entry_has_its_cause_and_hop"))
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    if "--inside" in sys.argv:
        sys.exit(namespaces.inside(inside))
    unittest.main()
