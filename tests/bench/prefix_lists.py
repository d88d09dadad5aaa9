#!/usr/bin/env python3
"""A million prefixes and a million look-ups, beside Debian's iprange and grepcidr: the best of five runs each.

prefix_lists.py FWPROBE
"""
import ipaddress
import json
import os
import random
import subprocess
import sys
import tempfile
import time

RUNS = 5
COUNT = 1_000_000
AWS_IPV4, AWS_IPV6 = 10_666, 6_160  # entries on 2026-08-21


def prefix4(rng):
    length = rng.randint(16, 32)
    return f"{ipaddress.IPv4Address(rng.getrandbits(32) >> (32 - length) << (32 - length))}/{length}"


def prefix6(rng):
    length = rng.randint(32, 64)
    high = (0x2 << 60 | rng.getrandbits(60)) >> (64 - length) << (64 - length)
    return str(ipaddress.IPv6Network((high << 64, length)))


def aws_list(rng):
    """In the size of the real one, where a quarter of the prefixes is there for a second service."""
    def rows(count, key, prefix):
        once = [prefix(rng) for _ in range(count * 3 // 4)]
        return [{key: one, "region": f"eu-west-{i % 9}", "service": "AMAZON" if i < len(once) else "EC2",
                 "network_border_group": "eu-west-1"} for i, one in enumerate(once + once[:count - len(once)])]
    return {"syncToken": "1787356625", "createDate": "2026-08-21-23-57-05",
            "prefixes": rows(AWS_IPV4, "ip_prefix", prefix4), "ipv6_prefixes": rows(AWS_IPV6, "ipv6_prefix", prefix6)}


def near(rng, prefixes):
    """Addresses, half of them inside."""
    networks = [ipaddress.ip_network(one) for one in prefixes]
    bits = networks[0].max_prefixlen
    kind = type(networks[0].network_address)
    for _ in range(COUNT):
        network = rng.choice(networks)
        inside = int(network.network_address) | rng.getrandbits(bits) & int(network.hostmask)
        yield str(kind(inside if rng.random() < 0.5 else inside ^ 1 << rng.randrange(bits // 2, bits)))


def write(folder, name, lines):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.writelines(line + "\n" for line in lines)
    return path


def measure(*command):
    """The least wall time and the least CPU time in seconds, which tells more beside other work, and the peak memory in MiB."""
    times, cpu, memory = [], [], 0
    for _ in range(RUNS):
        started = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        times.append(time.perf_counter() - started)
        cpu.append(usage.ru_utime + usage.ru_stime)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in (0, 1):  # 1: an address that is not in the list
            sys.exit(f"{' '.join(command)} failed: {child.returncode}")
        memory = max(memory, usage.ru_maxrss)
    return min(times), min(cpu), memory / 1024


def row(what, ours, theirs=None):
    text = f"{what:<34} fwprobe {ours[0]:.3f} s, CPU {ours[1]:.3f} s, {ours[2]:5.1f} MiB"
    if theirs:
        text += (f"   {theirs[0]:.3f} s, CPU {theirs[1]:.3f} s, {theirs[2]:5.1f} MiB   {ours[0] / theirs[0]:.2f} x, "
                 f"CPU {ours[1] / theirs[1]:.2f} x")
    print(text, flush=True)


def main():
    fwprobe = (sys.argv[1], "allowlist")
    rng = random.Random(1)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        a, b = (write(folder, name, (prefix4(rng) for _ in range(COUNT))) for name in "ab")
        row("merge 1,000,000 IPv4: iprange", measure(*fwprobe, "merge", a), measure("iprange", a))
        row("intersect: iprange", measure(*fwprobe, "intersect", a, b), measure("iprange", a, "--intersect", b))
        row("subtract: iprange", measure(*fwprobe, "subtract", a, b), measure("iprange", a, "--except", b))
        c, d = (write(folder, name, (prefix6(rng) for _ in range(COUNT))) for name in "cd")
        row("merge 1,000,000 IPv6", measure(*fwprobe, "merge", c))
        row("intersect IPv6", measure(*fwprobe, "intersect", c, d))
        row("subtract IPv6", measure(*fwprobe, "subtract", c, d))

        aws = aws_list(rng)
        whole = write(folder, "aws.json", [json.dumps(aws, indent=2)])
        for family, array, key in (("IPv4", "prefixes", "ip_prefix"), ("IPv6", "ipv6_prefixes", "ipv6_prefix")):
            prefixes = [one[key] for one in aws[array]]
            plain = write(folder, f"{family}.txt", prefixes)
            asked = write(folder, f"{family}.asked", near(rng, prefixes))
            row(f"1,000,000 {family} in AWS: grepcidr", measure(*fwprobe, "contains", whole, "--input", asked),
                measure("grepcidr", "-f", plain, asked))


if __name__ == "__main__":
    main()
