#!/usr/bin/env python3
"""1,000 entries of an outbound list, every tenth black-holed, with a timeout of 2 s: wall time, CPU, resident peak, and whether
every answer is right. Runs in user and network namespaces of its own, over loopback: no privileges, nothing is left.

    allowlist_check.py FWPROBE USAGE_OF [RUNS]
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ENTRIES, PORT, TIMEOUT_S = 1000, 8443, 2
GOALS = {"wall s": 2.04, "CPU s": 0.030, "resident MiB": 12}
ADDRESSES = [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(ENTRIES)]
DROPPED = ADDRESSES[::10]
LISTENER = ("import socket\n"
            f"l = socket.create_server(('0.0.0.0', {PORT}), backlog=4096)\n"
            "print('ready', flush=True)\n"
            "while True: l.accept()[0].close()\n")


def measure(usage_of, command):
    done = subprocess.run([usage_of, *command], capture_output=True, text=True, check=False)
    *figures, code = done.stderr.split()[-4:]
    return [float(figure) for figure in figures], int(code), done.stdout


def wrong_answers(document):
    reach = {entry["entry"]: (entry["reach"], entry["ways"][0]["cause"]) for entry in document["entries"]}
    right = {address: ("reachable", None) for address in ADDRESSES}
    right |= {address: ("unreachable", "tcp.filtered") for address in DROPPED}
    return [address for address in right if reach.get(address) != right[address]]


def inside(fwprobe, usage_of, runs):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    rules = f"table ip hole {{ chain in {{ type filter hook input priority 0; ip daddr {{ {', '.join(DROPPED)} }} drop\n}}\n}}\n"
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    listener = subprocess.Popen([sys.executable, "-c", LISTENER], stdout=subprocess.PIPE, text=True)
    try:
        assert listener.stdout.readline() == "ready\n"
        with tempfile.TemporaryDirectory() as name:
            path = pathlib.Path(name, "list.yaml")
            path.write_text(f"name: bench\nretrieved: 2026-01-31\ndirection: outbound\nports: [{PORT}]\nentries:\n" +
                            "".join(f"  - prefix: {address}\n" for address in ADDRESSES), encoding="utf-8")
            command = [fwprobe, "allowlist", "check", str(path), "--timeout", f"{TIMEOUT_S}s"]
            _, code, output = measure(usage_of, [*command, "--format", "json"])
            wrong = wrong_answers(json.loads(output))
            print(f"exit code {code}, wrong answers: {len(wrong)} {wrong[:3] or ''}")
            samples = [measure(usage_of, command) for _ in range(runs)]
            for index, (what, goal) in enumerate(GOALS.items()):
                values = [sample[0][index] for sample in samples]
                print(f"{what:14} median {statistics.median(values):8.4f}   worst {max(values):8.4f}   goal {goal}")
    finally:
        listener.kill()
        listener.wait()
    sys.exit(1 if wrong or code != 1 else 0)


if __name__ == "__main__":
    if os.environ.get("FWPROBE_BENCH_INSIDE"):
        inside(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 9)
    else:
        os.environ["FWPROBE_BENCH_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "-Urn", sys.executable, *map(str, sys.argv)])
