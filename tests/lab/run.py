"""The lab: runs `fwprobe` without privileges against real faults in a network of its own, and scores what it says.

    FWPROBE=path/to/fwprobe python3 run.py [PATTERN] [--lanes N] [--reports FOLDER] [-v] [--keep]

PATTERN: only scenarios whose name or cause contains it. Exit code 0 when every verdict is as expected.
"""
import argparse
import json
import os
import pathlib
import queue
import re
import shlex
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "doubles")]
import namespaces
import scenarios
from runner import Files, Runner
from verdict import Table


def explain(result, runner):
    """Everything about a miss."""
    row = result.row
    print(f"\n━━ {row.name}\n$ " + shlex.join(runner.command(row)))
    for fault in row.faults:
        print(f"── {fault.host}\n" + runner.sni.fill_in(fault.rules) + "".join(f"ip {line}\n" for line in fault.do))
    print(json.dumps(result.report, indent=1) + "\n" + result.errors)


def run_rows(rows, runners, table, stop_at_miss):
    waiting = queue.Queue()
    for item in enumerate(rows):
        waiting.put(item)
    failed = []

    def work(runner):
        while not failed:
            try:
                number, row = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                result = runner.run(row)
            except BaseException as error:
                failed.append(error)
                raise
            table.add(number, result)
            if stop_at_miss and result.misses and not result.known():
                return

    threads = [threading.Thread(target=work, args=(runner,), daemon=True) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def check_table():
    names = [row.name for row in scenarios.ROWS]
    twice = {name for name in names if names.count(name) > 1}
    unknown = scenarios.KNOWN.keys() - set(names)
    if twice or unknown:
        raise ValueError(f"names that stand twice: {sorted(twice)}; in KNOWN and not in the table: {sorted(unknown)}")


def lab(arguments, fwprobe, folder):
    started = time.monotonic()
    check_table()
    features = frozenset().union(*(row.needs | row.location_needs for row in scenarios.ROWS))
    implemented = features if arguments.all else scenarios.IMPLEMENTED
    wanted = [row for row in scenarios.ROWS if arguments.pattern in row.name or arguments.pattern in (row.cause or "pass")]
    rows = [row for row in wanted if row.needs <= implemented]
    if not rows:
        print(f"'{arguments.pattern}': " + ("none of these can be run yet" if wanted else "in no scenario's name or cause"),
              file=sys.stderr)
        return 2
    files = Files(folder, fwprobe)
    runners = [Runner(files, number, implemented) for number in range(1 if arguments.keep else min(arguments.lanes, len(rows)))]
    check_privileges(runners[0].lane)
    runners[0].start()
    for runner in runners[1:]:
        runner.start(runners[0].sni)
    table = Table(rows)
    run_rows(rows, runners, table, arguments.keep)
    if arguments.reports:
        save(table.results, pathlib.Path(arguments.reports))
    code = table.summary([row for row in wanted if row not in rows], implemented, time.monotonic() - started)
    if arguments.verbose and table.missed():
        for result in table.missed():
            explain(result, runners[0])
        print(*(runner.services.logs() for runner in runners))
    if arguments.keep:
        runners[0].shell((table.missed() or list(table.results.values()))[-1].row)
    for runner in runners:
        runner.stop()
    return code


def save(results, folder):
    """Each scenario's JSON report, by its name."""
    folder.mkdir(parents=True, exist_ok=True)
    for result in results.values():
        name = re.sub(r"\W+", "-", result.row.name)
        (folder / f"{name}.json").write_text(json.dumps(result.report), encoding="utf-8")


def check_privileges(lane):
    """What is measured must be what an ordinary user can measure."""
    status = lane.hosts["client"].run(namespaces.unprivileged(["/bin/cat", "/proc/self/status"]))
    fields = dict(re.findall(r"(?m)^(\w+):\s+(\S+)", status))
    if fields["Uid"] == "0" or int(fields["CapEff"], 16) or int(fields["CapPrm"], 16):
        raise RuntimeError(f"fwprobe would run with privileges: {fields}")


def main():
    parser = argparse.ArgumentParser(description="Scores fwprobe against real faults in network namespaces.")
    parser.add_argument("pattern", nargs="?", default="", help="only scenarios with this in their name or cause")
    parser.add_argument("--lanes", type=int, default=4, help="networks side by side (default: 4)")
    parser.add_argument("--reports", metavar="FOLDER", help="also write each scenario's JSON report there")
    parser.add_argument("--all", action="store_true", help="also what needs features that are not there yet")
    parser.add_argument("--keep", action="store_true", help="one after another; at the first miss, a shell in the client")
    parser.add_argument("-v", "--verbose", action="store_true", help="the report and the rules of each miss")
    arguments = parser.parse_args()
    fwprobe = os.environ.get("FWPROBE")
    if not fwprobe or not os.access(fwprobe, os.X_OK):
        print("lab: FWPROBE must name the program; ./dev lab sets it", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="fwprobe-lab-") as folder:
        os.chmod(folder, 0o755)
        try:
            return namespaces.inside(lambda: lab(arguments, fwprobe, pathlib.Path(folder)))
        except namespaces.Unavailable as error:
            print(f"lab: {error}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
