#!/usr/bin/env python3
"""10,000 TCP targets of a suite, every tenth black-holed, with a timeout of 2 s: wall time, CPU, resident peak, and whether every
verdict is right. Runs in user and network namespaces of its own, over loopback: no privileges, nothing is left.

    suite_run.py FWPROBE USAGE_OF [RUNS]
"""
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

TARGETS, PORT, TIMEOUT_S = 10_000, 8443, 2
GOAL_WALL_S = 2.6
ADDRESSES = [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(TARGETS)]
DROPPED = set(ADDRESSES[::10])
# Holds each connection until the client closes it: one that is closed at once is no open port.
LISTENER = f"""
import resource, select, socket
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
listener = socket.create_server(('0.0.0.0', {PORT}), backlog=4096)
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
SUITE = f"defaults: {{timeout: {TIMEOUT_S}s, trace: never}}\njobs: {TARGETS}\ntargets:\n"


def measure(usage_of, command):
    done = subprocess.run([usage_of, *command], capture_output=True, text=True, check=False)
    *figures, code = done.stderr.split()[-4:]
    return [float(figure) for figure in figures], int(code), done.stdout


def wrong_answers(document):
    said = {target["host"]: (target["status"], (target["diagnosis"] or {}).get("cause")) for target in document["targets"]}
    right = {address: ("fail", "tcp.filtered") if address in DROPPED else ("pass", None) for address in ADDRESSES}
    return [address for address in ADDRESSES if said.get(address) != right[address]]


def inside(fwprobe, usage_of, runs):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    rules = (f"table ip hole {{ chain in {{ type filter hook input priority 0; ip daddr {{ {', '.join(sorted(DROPPED))} }} drop\n"
             "}\n}\n")
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    listener = subprocess.Popen([sys.executable, "-c", LISTENER], stdout=subprocess.PIPE, text=True)
    try:
        assert listener.stdout.readline() == "ready\n"
        with tempfile.TemporaryDirectory() as name:
            path = pathlib.Path(name, "suite.yaml")
            path.write_text(SUITE + "".join(f"  - tcp://{address}:{PORT}\n" for address in ADDRESSES), encoding="utf-8")
            command = [*os.environ.get("FWPROBE_BENCH_WRAP", "").split(), fwprobe, "run", str(path)]
            _, code, output = measure(usage_of, [*command, "--format", "json"])
            wrong = wrong_answers(json.loads(output))
            print(f"exit code {code}, wrong answers: {len(wrong)} {wrong[:3] or ''}, {hard} open files allowed")
            samples = [measure(usage_of, command) for _ in range(runs)]
            for index, what in enumerate(("wall s", "CPU s", "resident MiB")):
                values = [sample[0][index] for sample in samples]
                goal = f"   goal {GOAL_WALL_S}" if what == "wall s" else ""
                print(f"{what:14} median {statistics.median(values):8.3f}   worst {max(values):8.3f}{goal}")
    finally:
        listener.kill()
        listener.wait()
    sys.exit(1 if wrong or code != 1 else 0)


if __name__ == "__main__":
    if os.environ.get("FWPROBE_BENCH_INSIDE"):
        inside(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 5)
    else:
        os.environ["FWPROBE_BENCH_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "-Urn", sys.executable, *map(str, sys.argv)])
