"""What fwprobe said beside what it should have said, and the table of all of it."""
import sys
import threading

import scenario
import scenarios


class Result:
    """One row's run; `misses` says what is not as expected."""

    def __init__(self, row):
        self.row, self.seconds, self.misses = row, 0.0, []
        self.report, self.target, self.errors = {}, {}, ""
        self.compared = False  # the location

    @property
    def diagnosis(self):
        return self.target.get("diagnosis") or {}

    def verdict(self):
        return self.diagnosis.get("cause") or self.target.get("status") or "no report"

    def where(self):
        return scenario.place_in_words(self.diagnosis.get("location") or {})

    def known(self):
        """Wrong in the way that is known."""
        known = scenarios.KNOWN.get(self.row.name)
        return bool(self.misses) and known is not None and known.says == self.verdict()

    def judge(self, implemented):
        row = self.row
        if self.target.get("status") != row.status:
            self.misses.append(f"status {self.target.get('status')} instead of {row.status}")
        if self.diagnosis.get("cause") != row.cause:
            self.misses.append(f"{self.verdict()} instead of {row.cause or 'pass'}")
        self.compared = row.location is not None and row.location_needs <= implemented
        if self.compared:
            self.misses += row.location.differs(self.diagnosis.get("location") or {})
        self.judge_findings()
        said = " ".join([self.diagnosis.get("explanation", ""), *self.diagnosis.get("remedy", []),
                         *(finding["summary"] for finding in self.target.get("findings", []) if not self.diagnosis)])
        self.misses += [f"'{words}' is not said" for words in row.says if words not in said]

    def judge_findings(self):
        findings = self.target.get("findings", [])
        connections = {finding["subject"]: finding["cause"] for finding in reversed(findings) if finding["check"] == "tcp"}
        for subject, cause in self.row.findings.items():
            if connections.get(subject, "nothing") != cause:
                self.misses.append(f"{subject}: {connections.get(subject, 'nothing')} instead of {cause or 'pass'}")
        causes = {finding["cause"] for finding in findings}
        self.misses += [f"{cause} is in no finding" for cause in self.row.also if cause not in causes]


class Table:
    """Rows in their order, each as soon as those above it are there."""

    def __init__(self, rows):
        self.rows, self.results, self.printed, self.lock = rows, {}, 0, threading.Lock()
        self.widths = [max(len(row.name) for row in rows), max(len(row.cause or "pass") for row in rows)]
        print(self.line("scenario", "expected", "got", "s", "", "location"))

    def line(self, name, expected, got, seconds, verdict, location):
        wide, cause = self.widths
        return f"{name:{wide}}  {expected:{cause}}  {got:{cause}}  {seconds:>5}  {verdict:5} {location}".rstrip()

    def add(self, number, result):
        with self.lock:
            self.results[number] = result
            while self.printed in self.results:
                self.show(self.results[self.printed])
                self.printed += 1

    def show(self, result):
        row = result.row
        verdict = "ok" if not result.misses else "known" if result.known() else "MISS"
        where = result.where()
        if row.location and not result.compared:
            where = f"{where} (not yet compared with: {row.location})"
        print(self.line(row.name, row.cause or row.status, result.verdict(), f"{result.seconds:.1f}", verdict, where))
        for miss in result.misses:
            print(f"    {miss}")
        sys.stdout.flush()

    def missed(self):
        return [result for _, result in sorted(self.results.items()) if result.misses and not result.known()]

    def summary(self, left_out, implemented, seconds):
        """Prints it; the exit code."""
        results = [result for _, result in sorted(self.results.items())]
        for row in left_out:
            print(f"not yet: {row.name} ({row.cause or 'pass'}; needs {', '.join(sorted(row.needs - implemented))})")
        known = [result for result in results if result.known()]
        for result in known:
            print(f"known: {result.row.name}: {scenarios.KNOWN[result.row.name].why}")
        mended = [result.row.name for result in results if result.row.name in scenarios.KNOWN and not result.misses]
        for name in mended:
            print(f"mended: '{name}' is as expected now; take it out of KNOWN")
        good = [result for result in results if not result.misses]
        print(f"\n{len(good)} of {len(results)} verdicts as expected, {sum(r.row.status == 'pass' for r in good)} of them healthy; "
              f"{sum(r.compared for r in good)} locations as expected, "
              f"{sum(not r.compared and r.row.location is not None for r in good)} not yet compared; "
              f"{len(left_out)} scenarios not yet run; {len(known)} known; {seconds:.0f} s")
        return 0 if len(good) + len(known) == len(self.rows) and not mended else 1
