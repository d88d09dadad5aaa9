#!/usr/bin/env python3
"""1,000 entries of an outbound list, every tenth black-holed, with a timeout of 2 s: wall time, CPU, resident peak, and whether
every answer is right. Runs in user and network namespaces of its own, over loopback: no privileges, nothing is left.

    allowlist_check.py FWPROBE USAGE_OF [RUNS]
"""
import black_holes

TIMEOUT_S = 2
GOALS = {"wall s": 2.04, "CPU s": 0.030, "resident MiB": 12}
ADDRESSES = black_holes.addresses(1000)
DROPPED = ADDRESSES[::10]
LISTENER = ("import socket\n"
            f"l = socket.create_server(('0.0.0.0', {black_holes.PORT}), backlog=4096)\n"
            "print('ready', flush=True)\n"
            "while True: l.accept()[0].close()\n")
LIST = f"name: bench\nretrieved: 2026-01-31\ndirection: outbound\nports: [{black_holes.PORT}]\nentries:\n"


def wrong_answers(document):
    reach = {entry["entry"]: (entry["reach"], entry["ways"][0]["cause"]) for entry in document["entries"]}
    right = {address: ("reachable", None) for address in ADDRESSES}
    right |= {address: ("unreachable", "tcp.filtered") for address in DROPPED}
    return [address for address in right if reach.get(address) != right[address]]


def inside(fwprobe, usage_of, runs, folder):
    path = folder / "list.yaml"
    path.write_text(LIST + "".join(f"  - prefix: {address}\n" for address in ADDRESSES), encoding="utf-8")
    with black_holes.network(DROPPED, LISTENER):
        black_holes.compare(usage_of, [fwprobe, "allowlist", "check", str(path), "--timeout", f"{TIMEOUT_S}s"], wrong_answers, GOALS,
                            runs)


if __name__ == "__main__":
    black_holes.run(inside, runs=9)
