"""`fwprobe rules rehearse`: rules in a real kernel, as root and as an ordinary user; and that nothing is left of it."""
import contextlib
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import jsonschema

FWPROBE = os.environ["FWPROBE"]
DATA = os.path.join(os.environ["SOURCE_DIR"], "tests", "allowlist", "data", "firewall")
SCHEMA = jsonschema.Draft7Validator(
    json.loads(pathlib.Path(os.environ["SOURCE_DIR"], "docs/rules-rehearse.schema.json").read_text(encoding="utf-8")))
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
NOBODY = [shutil.which("setpriv", path=PATH), "--reuid=65534", "--regid=65534", "--clear-groups"]
SERVICE = ("--service", "203.0.113.10:443")
ALL = """table inet filter {
  chain input {
    type filter hook input priority 0; policy drop;
    ct state established,related accept
    ip saddr { 34.147.2.16, 162.19.204.13, 77.92.96.46, 77.92.124.0/27, 77.92.102.192/28 } tcp dport 443 accept comment "ci"
  }
}
"""
SIX = ["2001:db8:5::10/127", "2001:db8:6::/64"]
V4 = """*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -s 192.0.2.0/24 -p tcp -m tcp --dport 443 -j ACCEPT
-A INPUT -s 198.51.100.0/24 -p tcp -j REJECT --reject-with tcp-reset
COMMIT
"""
V6 = V4.replace("192.0.2.0/24", "2001:db8:5::/64").replace("198.51.100.0/24", "2001:db8:6::/64").replace(
    "-p tcp -j REJECT --reject-with tcp-reset", "-j REJECT --reject-with icmp6-adm-prohibited")


TRANSLATING = """table ip nat {
  chain pre {
    type nat hook prerouting priority -100; policy accept;
    ip saddr 34.147.2.16 tcp dport 443 dnat to 10.0.0.9:8443
    ip saddr 77.92.96.46 tcp dport 443 redirect to :9443
  }
}
table inet filter {
  chain input {
    type filter hook input priority 0; policy drop;
    ct state established,related accept
    tcp dport 9443 accept
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    ip daddr 10.0.0.9 tcp dport 8443 accept
  }
}
"""


class Folder(unittest.TestCase):
    user = []

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        self.folder = folder.name

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def list_of(self, *prefixes):
        return self.write("list.yaml", "name: list\ntitle: t\npublisher: p\nsource: https://example.com/\nretrieved: 2026-01-01\n"
                          "direction: inbound\nentries:\n" + "".join(f'  - prefix: "{prefix}"\n' for prefix in prefixes))

    def command(self, *words, rules, allowlist="appcircle"):
        command = [*self.user, FWPROBE, "rules", "rehearse", "--allowlist", allowlist, *words]
        for file in [rules] if isinstance(rules, str) else rules:
            command += ["--rules", file]
        return command

    def rehearse(self, *words, rules, allowlist="appcircle", path=PATH, prefix=()):
        done = subprocess.run([*prefix, *self.command(*words, rules=rules, allowlist=allowlist)], capture_output=True, text=True, timeout=60,
                              check=False, env={"PATH": path})
        if "no network namespace can be made here" in done.stderr and not prefix:
            self.skipTest(done.stderr)
        return done.returncode, done.stdout, done.stderr

    def entries(self, *words, code, **more):
        got, out, err = self.rehearse(*words, "--format", "json", **more)
        self.assertEqual((got, err), (code, ""), out)
        document = json.loads(out)
        SCHEMA.validate(document)
        return {entry["entry"]: entry for answer in document["answers"] for entry in answer["entries"]}


class Rehearse(Folder):
    def test_rules_that_let_the_list_through_pass(self):
        code, out, err = self.rehearse(*SERVICE, rules=self.write("rules.nft", ALL))
        self.assertEqual((code, err), (0, ""), out)
        self.assertTrue(out.startswith("PASS  5 of 5 entries of appcircle connect to 203.0.113.10:443"), out)
        self.assertIn("32 of 32 addresses connect", out)

    def test_the_json_export_of_verdict_maps(self):
        rules = self.write("rules.nft", ALL.replace("  chain input {", "  map ends { type inet_service : verdict; elements = { 443 : jump ci } }\n"
                                                    "  chain ci {\n    accept\n  }\n  chain input {").replace("443 accept", "vmap @ends"))
        listed = subprocess.run(["unshare", "-Urn", "sh", "-c", 'nft -f "$1" && nft -j list ruleset', "sh", rules], env={"PATH": PATH},
                                capture_output=True, text=True, check=True).stdout
        self.assertLess(listed.index('"map"'), listed.index('"chain"'))
        self.entries(*SERVICE, rules=self.write("rules.json", listed), code=0)

    def test_the_json_export_of_nft(self):
        entries = self.entries("--service", "10.0.0.5:443", rules=os.path.join(DATA, "nftables.json"), code=1)
        self.assertEqual([entry["verdict"] for entry in entries.values()], ["connects", "stopped", "connects", "connects", "stopped"])
        part = entries["77.92.102.192/28"]
        self.assertEqual((part["connecting"], part["addresses"]), (8, 16))
        self.assertEqual(part["example"], {"address": "77.92.102.200", "kernel": "dropped", "computed": "dropped"})

    def test_a_part_of_a_prefix_is_counted(self):
        code, out, _ = self.rehearse(*SERVICE, rules=self.write("rules.nft", ALL.replace("77.92.124.0/27", "77.92.124.0/28")))
        self.assertEqual(code, 1)
        self.assertIn("16 of 32 addresses connect", out)
        self.assertIn("77.92.124.16: the kernel says dropped, rules verify says dropped", out)

    def test_rejections_of_both_families(self):
        text = ALL.replace("    ip saddr", "    ip saddr 34.147.2.16 reject with tcp reset\n    ip saddr 77.92.124.0/27 reject\n"
                           "    ip6 saddr 2001:db8:6::/64 reject\n    ip6 saddr 2001:db8:5::/64 tcp dport 443 accept\n    ip saddr", 1)
        rules = self.write("rules.nft", text)
        entries = self.entries(*SERVICE, rules=rules, code=1)
        for entry in ("34.147.2.16/32", "77.92.124.0/27"):
            self.assertEqual(entries[entry]["example"]["kernel"], "refused")
        entries = self.entries("--service", "[2001:db8::1]:443", rules=rules, allowlist=self.list_of(*SIX, "192.0.2.1"), code=1)
        self.assertEqual(entries["2001:db8:5::10/127"]["connecting"], 2)
        self.assertEqual(entries["2001:db8:6::/64"]["example"]["kernel"], "refused")
        self.assertEqual(entries["192.0.2.1/32"]["verdict"], "skipped")

    def test_dumps_of_iptables_of_both_families(self):
        rules = [self.write("v4.txt", V4), self.write("v6.txt", V6)]
        for service, prefixes in ((SERVICE, ("192.0.2.0/25", "198.51.100.1/32", "203.0.113.1/32")),
                                  (("--service", "[2001:db8::1]:443"), (*SIX, "2001:db8:7::1/128"))):
            entries = self.entries(*service, rules=rules, allowlist=self.list_of(*prefixes), code=1)
            self.assertEqual([entry["verdict"] for entry in entries.values()], ["connects", "stopped", "stopped"])
            self.assertEqual([entries[prefix]["example"]["kernel"] for prefix in prefixes[1:]], ["refused", "dropped"])

    def test_a_service_behind_the_firewall_and_one_that_rules_translate(self):
        rules = self.write("rules.nft", TRANSLATING)
        entries = self.entries(*SERVICE, rules=rules, code=1)
        self.assertEqual([entry["verdict"] for entry in entries.values()], ["connects", "stopped", "connects", "stopped", "stopped"])
        text = ALL.replace("hook input", "hook forward").replace("77.92.124.0/27", "77.92.124.0/28")
        entries = self.entries(*SERVICE, "--behind", rules=self.write("forward.nft", text), code=1)
        self.assertEqual((entries["77.92.124.0/27"]["connecting"], entries["34.147.2.16/32"]["connecting"]), (16, 1))

    def test_rules_about_an_interface_need_its_name(self):
        rules = self.write("rules.nft", ALL.replace("tcp dport 443", 'iifname "eth0" tcp dport 443'))
        code, out, _ = self.rehearse(*SERVICE, rules=rules)
        self.assertEqual(code, 3, out)
        self.assertIn("if iifname eth0", out)
        self.assertIn("named fwprobe0", out)
        self.assertEqual(self.rehearse(*SERVICE, "--interface", "eth0", rules=rules)[0], 0)
        self.assertEqual(self.rehearse(*SERVICE, "--interface", "eth1", rules=rules)[0], 1)

    def test_a_published_prefix_may_hold_the_service(self):
        rules = self.write("rules.nft", ALL.replace("34.147.2.16,", "203.0.113.0/28,"))
        entries = self.entries(*SERVICE, rules=rules, allowlist=self.list_of("203.0.113.0/28"), code=0)
        self.assertEqual(entries["203.0.113.0/28"]["connecting"], 15)

    def test_rules_that_the_kernel_refuses(self):
        code, out, err = self.rehearse(*SERVICE, rules=self.write("rules.nft", ALL.replace("tcp dport 443", 'iif "nowhere0" tcp dport 443')))
        self.assertEqual((code, out, err.count("\n")), (2, "", 1), err)
        self.assertRegex(err, r"rules\.nft:5:\d+-\d+: Error: Interface does not exist")
        code, out, err = self.rehearse(*SERVICE, rules=self.write("v4.txt", V4.replace("-s 192.0.2.0/24", "-m set --match-set missing src")))
        self.assertEqual((code, out, err.count("\n")), (2, "", 1), err)
        self.assertIn("missing", err)
        code, out, err = self.rehearse(*SERVICE, rules=self.write("v4.txt", V4.replace("443 -j ACCEPT", "443 -j MASQUERADE")))
        self.assertEqual((code, out, err.count("\n")), (2, "", 1), err)
        self.assertRegex(err, r"line \d")

    def test_what_cannot_be_rehearsed_is_refused(self):
        rules = self.write("rules.nft", ALL)
        for words, files, allowlist, said in ((SERVICE, os.path.join(DATA, "csv-rules.csv"), "appcircle", "only nftables and iptables-save"),
                                              ((), rules, "azure-devops", "only inbound"), ((*SERVICE, "--interface", "lo"), rules, "appcircle", "--interface"),
                                              ((*SERVICE, "--interface", "a-name-of-16-chr"), rules, "appcircle", "--interface"),
                                              (SERVICE, [rules, rules], "appcircle", "one kernel"), (SERVICE, "/nonexistent", "appcircle", "--rules")):
            code, out, err = self.rehearse(*words, rules=files, allowlist=allowlist)
            self.assertEqual((code, out, err.count("\n")), (2, "", 1), err)
            self.assertIn(said, err)

    def test_a_byte_order_mark_is_no_rule(self):
        self.assertEqual(self.rehearse(*SERVICE, rules=self.write("v4.txt", "\ufeff" + V4), allowlist=self.list_of("192.0.2.0/25"))[0], 0)

    def test_an_address_that_cannot_be_tried_is_not_said_to_be_stopped(self):
        entries = self.entries("--service", "127.0.0.1:443", rules=self.write("rules.nft", ALL.replace("tcp dport 443", "tcp dport 444")), code=3)
        self.assertEqual({entry["verdict"] for entry in entries.values()}, {"cannot tell"})

    def test_a_program_that_is_missing_is_named(self):
        os.symlink(shutil.which("nft", path=PATH), os.path.join(self.folder, "nft"))
        for path, program in (("/nonexistent", "nft"), (self.folder, "ip")):
            code, out, err = self.rehearse(*SERVICE, rules=self.write("rules.nft", ALL), path=path)
            self.assertEqual((code, out, err.count("\n")), (3, "", 1), err)
            self.assertIn(f"needs the program {program},", err)

    def test_the_sbin_beside_a_bin_of_the_path_is_looked_into(self):
        self.assertEqual(self.rehearse(*SERVICE, rules=self.write("rules.nft", ALL), path="/usr/bin:/bin")[0], 0)

    def test_a_sysctl_that_forbids_namespaces_is_named(self):
        forbid = ["unshare", "-Ur", "sh", "-ec", 'echo 0 >/proc/sys/user/max_net_namespaces; echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"', "sh"]
        if subprocess.run([*forbid, "true"], check=False, capture_output=True, env={"PATH": PATH}).returncode:
            self.skipTest("user namespaces are forbidden here already")
        self.user = []  # only root's number is mapped there
        code, out, err = self.rehearse(*SERVICE, rules=self.write("rules.nft", ALL), prefix=forbid)
        self.assertEqual((code, out, err.count("\n")), (3, "", 1), err)
        self.assertIn("sysctl user.max_user_namespaces is 0", err)


class NothingIsLeft(Folder):
    def outside(self):
        return [subprocess.run(words, capture_output=True, text=True, check=False, env={"PATH": PATH}).stdout
                for words in (["ip", "-br", "link"], ["ip", "route"], ["ip", "-6", "route"], ["ip", "netns"], ["nft", "list", "ruleset"])]

    def test_the_machine_is_as_before(self):
        before = self.outside()
        self.rehearse(*SERVICE, rules=self.write("rules.nft", ALL))
        self.assertEqual(self.outside(), before)

    def child_elsewhere(self, parent, descriptors):
        """The child of this process that is in another network and has opened so many descriptors."""
        with contextlib.suppress(OSError), open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as file:
            for child in file.read().split():
                elsewhere = os.readlink(f"/proc/{child}/ns/net") != os.readlink("/proc/self/ns/net")
                if elsewhere and len(os.listdir(f"/proc/{child}/fd")) >= descriptors:
                    return int(child)
        return None

    def test_a_run_that_is_killed_leaves_no_process_and_no_network(self):
        rules = self.write("rules.nft", ALL.replace("tcp dport 443 accept", "tcp dport 444 accept"))
        before = self.outside()
        for moment, descriptors in (("while the network is made", 0), ("while it connects", 40)):
            with self.subTest(moment), subprocess.Popen(self.command(*SERVICE, rules=rules), stdout=subprocess.DEVNULL, env={"PATH": PATH}) as run:
                end = time.monotonic() + 30
                child = None
                while child is None and run.poll() is None and time.monotonic() < end:
                    child = self.child_elsewhere(run.pid, descriptors)
                if run.poll() == 3:
                    self.skipTest("no namespaces here")
                self.assertIsNotNone(child, run.poll())
                watched = os.pidfd_open(child)
                network = os.readlink(f"/proc/{child}/ns/net")
                run.kill()
                self.assertTrue(select.select([watched], [], [], 10)[0], "the child outlives its parent")
                os.close(watched)
            while self.processes_in(network):
                self.assertLess(time.monotonic(), end, "a program outlives the run")
        self.assertEqual(self.outside(), before)

    def processes_in(self, network):
        found = []
        for process in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{process}/ns/net") == network:
                    found.append(process)
        return found


class RehearseAsNobody(Rehearse):
    user = NOBODY

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("is not root anyhow")
        super().setUp()


class NothingIsLeftOfNobody(NothingIsLeft):
    user = NOBODY

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("is not root anyhow")
        super().setUp()


if __name__ == "__main__":
    unittest.main()
