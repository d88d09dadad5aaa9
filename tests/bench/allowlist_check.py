#!/usr/bin/env python3
"""1,000 entries of an outbound list, every tenth black-holed, with a timeout of 2 s: wall time, CPU, resident peak, and whether
every answer is right; beside it a bare loop of connect(2) over the same addresses, and a start of the program that does nothing.
Runs in user and network namespaces of its own, over loopback: no privileges, nothing is left.

    allowlist_check.py FWPROBE USAGE_OF BARE_CONNECT [RUNS]
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


def cpu(usage_of, command, ends_with, stdin=None):
    (_, seconds, _), code, _ = black_holes.measure(usage_of, command, stdin)
    assert code == ends_with, f"{command} ended with {code}"
    return seconds


def inside(fwprobe, usage_of, bare_connect, runs, folder):
    path = folder / "list.yaml"
    path.write_text(LIST + "".join(f"  - prefix: {address}\n" for address in ADDRESSES), encoding="utf-8")
    with black_holes.network(DROPPED, LISTENER):
        bare = [bare_connect, str(black_holes.PORT), str(TIMEOUT_S)]
        black_holes.show("bare CPU s", [cpu(usage_of, bare, 1, "\n".join(ADDRESSES)) for _ in range(runs)])
        black_holes.show("start CPU s", [cpu(usage_of, [fwprobe, "--version"], 0) for _ in range(runs)])
        black_holes.compare(usage_of, [fwprobe, "allowlist", "check", str(path), "--timeout", f"{TIMEOUT_S}s"], wrong_answers, GOALS,
                            runs)


if __name__ == "__main__":
    black_holes.run(inside, runs=9, programs=3)
