#!/usr/bin/env python3
"""10,000 TCP targets of a suite, every tenth black-holed, with a timeout of 2 s: wall time, CPU, resident peak, and whether every
verdict is right. Runs in user and network namespaces of its own, over loopback: no privileges, nothing is left.

    suite_run.py FWPROBE USAGE_OF [RUNS]
"""
import black_holes

TIMEOUT_S = 2
GOALS = {"wall s": 2.6, "CPU s": None, "resident MiB": None}
ADDRESSES = black_holes.addresses(10_000)
DROPPED = set(ADDRESSES[::10])
# Holds each connection until the client closes it: one that is closed at once is no open port.
LISTENER = f"""
import resource, select, socket
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
listener = socket.create_server(('0.0.0.0', {black_holes.PORT}), backlog=4096)
listener.setblocking(False)
poll, held = select.epoll(), {{}}
poll.register(listener, select.EPOLLIN)
print('ready', flush=True)
while True:
    for number, _ in poll.poll():
        if number != listener.fileno():
            held.pop(number).close()
            continue
        try:
            while True:
                connection = listener.accept()[0]
                held[connection.fileno()] = connection
                poll.register(connection, select.EPOLLIN)
        except BlockingIOError:
            pass
"""
SUITE = f"defaults: {{timeout: {TIMEOUT_S}s, trace: never}}\njobs: {len(ADDRESSES)}\ntargets:\n"


def wrong_answers(document):
    said = {target["host"]: (target["status"], (target["diagnosis"] or {}).get("cause")) for target in document["targets"]}
    right = {address: ("fail", "tcp.filtered") if address in DROPPED else ("pass", None) for address in ADDRESSES}
    return [address for address in ADDRESSES if said.get(address) != right[address]]


def inside(fwprobe, usage_of, runs, folder):
    path = folder / "suite.yaml"
    path.write_text(SUITE + "".join(f"  - tcp://{address}:{black_holes.PORT}\n" for address in ADDRESSES), encoding="utf-8")
    with black_holes.network(sorted(DROPPED), LISTENER):
        black_holes.compare(usage_of, [fwprobe, "run", str(path)], wrong_answers, GOALS, runs)


if __name__ == "__main__":
    black_holes.run(inside, runs=5)
