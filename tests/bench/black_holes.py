"""Whole processes measured in a network of their own, over loopback, where some addresses drop whatever comes. It needs no privileges,
and nothing is left of it.
"""
import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

PORT = 8443


def addresses(count):
    return [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(count)]


@contextlib.contextmanager
def network(dropped, listener):
    """`listener`: a Python program that prints "ready" as soon as it listens on PORT of every address."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    rules = f"table ip hole {{ chain in {{ type filter hook input priority 0; ip daddr {{ {', '.join(dropped)} }} drop\n}}\n}}\n"
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    process = subprocess.Popen([sys.executable, "-c", listener], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        yield
    finally:
        process.kill()
        process.wait()


def measure(usage_of, command, stdin=None):
    done = subprocess.run([usage_of, *command], input=stdin, capture_output=True, text=True, check=False)
    *figures, code = done.stderr.split()[-4:]
    return [float(figure) for figure in figures], int(code), done.stdout


def show(what, values, goal=None):
    print(f"{what:14} median {statistics.median(values):8.4f}   worst {max(values):8.4f}" + (f"   goal {goal}" if goal else ""))


def compare(usage_of, command, wrong_answers, goals, runs):
    """Ends with 0 when every answer is right. `goals`: wall s, CPU s and resident MiB by name; None: there is none."""
    _, code, output = measure(usage_of, [*command, "--format", "json"])
    wrong = wrong_answers(json.loads(output))
    print(f"exit code {code}, wrong answers: {len(wrong)} {wrong[:3] or ''}")
    samples = [measure(usage_of, command)[0] for _ in range(runs)]
    for (what, goal), values in zip(goals.items(), zip(*samples)):
        show(what, values, goal)
    sys.exit(1 if wrong or code != 1 else 0)


def run(inside, runs, programs=2):
    """Calls inside(PROGRAM, …, RUNS, folder) in namespaces of this process's own; the command line names so many programs."""
    if os.environ.get("FWPROBE_BENCH_INSIDE"):
        with tempfile.TemporaryDirectory() as folder:
            given, rest = sys.argv[1 : 1 + programs], sys.argv[1 + programs :]
            inside(*given, int(rest[0]) if rest else runs, pathlib.Path(folder))
    else:
        os.environ["FWPROBE_BENCH_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "-Urn", sys.executable, *sys.argv])
