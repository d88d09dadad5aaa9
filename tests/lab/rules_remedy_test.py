"""What `rules verify` advises mends what it finds: of rulesets made at random the advised commands are carried out, in order, in a network
namespace, and the result is verified again. Whatever was stopped has to be let through then, but for what was said to stay uncertain, and
nothing that was let through may be stopped."""
import ipaddress
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import namespaces
import random_rules

FWPROBE = os.environ["FWPROBE"]
SEED = int(os.environ.get("FWPROBE_SEED", "20261125"))
# The sanitizers look at the program, which gets no more to do by more rulesets of the same kinds, but takes ten times as long.
SANITIZED = b"__asan_init" in pathlib.Path(FWPROBE).read_bytes()
NFT, IPTABLES = (30, 10) if SANITIZED else (150, 50)
LISTS = (("four", random_rules.SOURCES4, ["192.0.2.1:443", "192.0.2.1:22"]), ("six", random_rules.SOURCES6, ["[2001:db8:f::1]:443"]))
OUTBOUND = """name: {}
title: t
publisher: p
source: https://example.com/
retrieved: 2026-01-01
direction: outbound
ports: [22, 443, 8000-8010]
entries:
"""

TRANSLATION = """table ip nat {
chain pre {
type nat hook prerouting priority -100; policy accept
ip saddr 198.18.0.0/25 tcp dport 443 dnat to 192.0.2.7:8443
ip saddr 198.19.0.0/16 tcp dport 443 redirect to :22
}
}
"""


def run(*words, **more):
    done = subprocess.run(words, check=False, capture_output=True, text=True, **more)
    assert done.returncode == 0, (words, done.stderr, more)
    return done.stdout


class Rulesets:
    def __init__(self, folder):
        self.folder = folder
        self.lists = []
        for name, sources, services in LISTS:
            self.lists.append((self.write(name + ".csv", "".join(f"{address}\n" for address in sources)), "inbound", services))
            entries = "".join(f'  - prefix: "{address}"\n' for address in sources)
            self.lists.append((self.write(name + ".yaml", OUTBOUND.format(name) + entries), "outbound", []))
        self.stopped, self.mended, self.uncertain, self.failures = 0, 0, 0, []

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        pathlib.Path(path).write_text(text, encoding="utf-8")
        return path

    def verify(self, direction, rules, *more):
        answers = {}
        for name, listed_as, services in self.lists:
            if listed_as != direction:
                continue
            words = [FWPROBE, "rules", "verify", "--format", "json", "--direction", direction, "--allowlist", name, "--rules", rules, *more]
            for service in services:
                words += ["--service", service]
            done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
            assert done.returncode in (0, 1, 3), done.stderr + done.stdout
            for answer, service in zip(json.loads(done.stdout)["answers"], services or [name], strict=True):
                answers[service] = answer
        return answers

    def mend(self, label, direction, rules, listed, *more):
        """`rules` are loaded; `listed` exports them into a file."""
        before = self.verify(direction, listed(), *more)
        advice = [line for answer in before.values() for remedy in answer["remedies"] for line in (remedy["rules"] or "").splitlines()]
        for command in advice:
            run("sh", "-c", command)
        after = self.verify(direction, listed(), *more)
        for service, answer in before.items():
            left = [ipaddress.ip_network(prefix) for prefix in answer["remedies_leave"]["addresses"]]
            then = {entry["entry"]: entry for entry in after[service]["entries"]}
            for entry in answer["entries"]:
                was, now = entry["verdict"], then[entry["entry"]]["verdict"]
                if was == "allowed":
                    good = now == "allowed"
                elif was in ("dropped", "refused", "blocked", "partly"):
                    self.stopped += 1
                    said = any(ipaddress.ip_network(entry["entry"]).subnet_of(prefix) for prefix in left)
                    self.uncertain += said
                    self.mended += not said
                    # Of an outbound entry the ports that are stopped are advised on, and not those that cannot be told.
                    open_before = direction == "outbound" and entry["cannot_tell"]
                    good = said or now == "allowed" or (open_before and now == "cannot tell")
                else:
                    continue
                if not good:
                    commands = "\n".join(advice)
                    self.failures.append(f"{label}, {more}: {entry['entry']} to {service} was {was}, is {now} by {then[entry['entry']]['rules']}"
                                         f"\n{rules}\n{commands}")
        run("nft", "flush", "ruleset")

    def nft(self, number):
        rules, direction, more = random_rules.nft_ruleset(random.Random(SEED + number)), "inbound", []
        if number % 5 == 2:
            # The kernel takes "snat" at input and postrouting only (nft_nat_validate()).
            rules = rules.replace("nat hook input", "nat hook postrouting").replace("hook input", "hook output")
            rules, direction = rules.replace("saddr", "daddr"), "outbound"
        if number % 5 == 3:
            rules = TRANSLATION + rules.replace("type filter hook input priority 10", "type filter hook forward priority 10")
        if number % 5 == 4:
            rules, more = rules.replace("type filter hook input", "type filter hook forward"), ["--behind"]
        run("nft", "-f", "-", input=rules)
        self.mend(f"seed {SEED + number}", direction, rules, lambda: self.write("rules.json", run("nft", "-j", "list", "ruleset")), *more)

    def iptables(self, number):
        rules = random_rules.iptables_ruleset(random.Random(SEED + number))
        run("iptables-restore", input=rules)
        self.mend(f"iptables, seed {SEED + number}", "inbound", rules, lambda: self.write("iptables.txt", run("iptables-save")))


def body():
    with tempfile.TemporaryDirectory() as folder:
        rulesets = Rulesets(folder)
        for number in range(NFT):
            rulesets.nft(number)
        for number in range(IPTABLES):
            rulesets.iptables(number)
        for failure in rulesets.failures[:5]:
            print(failure, flush=True)
        print(f"{NFT} nftables and {IPTABLES} iptables rulesets: of {rulesets.stopped} stopped {rulesets.mended} are mended, "
              f"{rulesets.uncertain} stay uncertain; {len(rulesets.failures)} are not as said")
        assert rulesets.mended > 5 * rulesets.uncertain
        return 1 if rulesets.failures else 0


if __name__ == "__main__":
    namespaces.run_test(body)
