#!/usr/bin/env python3
"""`rules verify` of 10,000 nftables rules against a list of AWS's size: wall time and resident peak, the best of five runs.

    rules_verify.py FWPROBE
"""
import json
import random
import sys
import tempfile

from prefix_lists import aws_list, measure, prefix4, prefix6, write

RULES = 10_000
GOAL_S = 1.0


def some(rng, prefixes, prefix):
    """Every second one is published."""
    return rng.choice(prefixes) if rng.random() < 0.5 else prefix(rng)


def ruleset(rng, document):
    v4 = [one["ip_prefix"] for one in document["prefixes"]]
    v6 = [one["ipv6_prefix"] for one in document["ipv6_prefixes"]]
    lines = ["table inet filter {", "chain input {", "type filter hook input priority 0; policy drop", "ct state established,related accept"]
    for number in range(RULES):
        v6_rule = number % 3 == 0
        source = f"ip6 saddr {some(rng, v6, prefix6)}" if v6_rule else f"ip saddr {some(rng, v4, prefix4)}"
        port = rng.choice(["tcp dport 443", "tcp dport 443", "tcp dport { 80, 443 }", "tcp dport 22", "tcp dport 400-500"])
        lines.append(f"{source} {port} {'drop' if rng.random() < 0.1 else 'accept'}")
    return lines + ["}", "}"]


def main():
    rng = random.Random(1)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        document = aws_list(rng)
        whole = write(folder, "aws.json", [json.dumps(document, indent=2)])
        rules = write(folder, "rules.nft", ruleset(rng, document))
        for service in ("10.0.0.5:443", "[2001:db8::5]:443"):
            seconds, _, memory = measure(sys.argv[1], "rules", "verify", "--rules", rules, "--allowlist", whole, "--direction", "inbound",
                                      "--service", service)
            print(f"{RULES} rules, AWS to {service:<18} {seconds:.3f} s {memory:5.1f} MiB   goal {GOAL_S} s", flush=True)


if __name__ == "__main__":
    main()
