"""Report files, the exit codes of monitoring plugins, and disks and folders that take no file."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(os.environ["SOURCE_DIR"]) / "tests" / "reports"))

from check_test import FWPROBE, answer, closed_port, fwprobe, http, server
from replay import judge
from validators import VALIDATORS, validate


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_one_run_writes_every_format(self):
        files = {name: self.folder / name for name in VALIDATORS}
        wanted = [word for name, path in files.items() for word in ("--report", f"{name}={path}")]
        with server(http(answer(b"hello"))) as port:
            done = fwprobe(f"http://127.0.0.1:{port}/", f"tcp://127.0.0.1:{closed_port()}", "--format", "json", *wanted)
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertEqual(files["json"].read_text(encoding="utf-8"), done.stdout)
        for name, path in files.items():
            with self.subTest(name):
                validate(name, path.read_bytes().decode())
                again = judge(str(files["json"]), "--format", name)
                if name != "text":  # whose width is the terminal's
                    self.assertEqual(again.stdout, path.read_text(encoding="utf-8"))
        self.assertEqual(sorted(os.listdir(self.folder)), sorted(VALIDATORS))

    def test_what_cannot_be_written_is_said_and_costs_no_other_report(self):
        good = self.folder / "good.csv"
        bad = {"/dev/full": "No space left on device", "/nonexistent/x.xml": "No such file or directory",
               "/dev/null/x": "Not a directory", str(self.folder): "Is a directory"}
        wanted = [word for path in bad for word in ("--report", f"junit={path}")]
        with server(http(answer(b"hello"))) as port:
            done = fwprobe(f"http://127.0.0.1:{port}/", *wanted, "--report", f"csv={good}", "--format", "tap")
        self.assertEqual(done.returncode, 3, done.stderr)
        validate("tap", done.stdout)
        validate("csv", good.read_bytes().decode())
        for path, reason in bad.items():
            self.assertIn(f"fwprobe: the report was not written: {path}: {reason}\n", done.stderr)

    def test_standard_output_that_is_full_costs_no_file(self):
        good = self.folder / "good.csv"
        with server(http(answer(b"hello"))) as port, open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([FWPROBE, "check", f"http://127.0.0.1:{port}/", "--report", f"csv={good}", "--format",
                                   "nagios"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 3)
        self.assertIn("standard output: No space left on device", done.stderr)
        validate("csv", good.read_bytes().decode())

    def test_a_full_disk_keeps_the_earlier_report_and_leaves_no_scrap(self):
        report = self.folder / "report.json"
        done = fwprobe(f"tcp://127.0.0.1:{closed_port()}", "--report", f"json={report}")
        self.assertEqual(done.returncode, 1)
        disk = self.folder / "disk"
        disk.mkdir()
        # A disk of one page: the earlier report fits, a JSON report does not.
        script = ('mount -t tmpfs -o size=8k fwprobe-test "$2" && printf earlier > "$2/r.json" &&'
                  ' { "$1" judge "$3" --report json="$2/r.json" --report junit="$2/r.xml" --format csv; code=$?; } &&'
                  ' cat "$2/r.json" >&2 && ls "$2" >&2 && exit $code')
        done = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", FWPROBE, disk,
                               report], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("r.json: No space left on device", done.stderr)
        self.assertTrue(done.stderr.endswith("earlierr.json\nr.xml\n"), done.stderr)


class Guide(unittest.TestCase):
    def test_the_commands_of_the_guide_run_as_they_stand_there(self):
        page = (pathlib.Path(os.environ["SOURCE_DIR"]) / "docs" / "reports.md").read_text(encoding="utf-8")
        found = set(re.findall(r"fwprobe check https://azure\.example\.com/([^'>\n]*)", page))
        self.assertGreaterEqual(len(found), 5)
        with tempfile.TemporaryDirectory() as folder:
            for options in found:
                here = options.replace("/var/lib/node_exporter", folder).replace("$(Build.ArtifactStagingDirectory)", folder)
                done = subprocess.run([FWPROBE, "check", f"tcp://127.0.0.1:{closed_port()}", *here.split()], cwd=folder,
                                      capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
                self.assertEqual((done.returncode, done.stderr), (2 if "nagios" in options else 1, ""), options)
            for name, file in (("junit", "fwprobe.xml"), ("markdown", "fwprobe.md"), ("prometheus", "fwprobe.prom")):
                validate(name, (pathlib.Path(folder) / file).read_bytes().decode())


class MonitoringPlugin(unittest.TestCase):
    def test_exit_codes_are_those_of_monitoring_plugins(self):
        with server(http(answer(b"hello"))) as port:
            healthy = f"http://127.0.0.1:{port}/"
            rows = [
                (["check", healthy], 0, "FWPROBE OK - "),
                (["check", healthy, "--allowlist", "appcircle"], 1, "FWPROBE WARNING - "),
                (["check", healthy, "--allowlist", "appcircle", "--strict"], 2, "FWPROBE CRITICAL - "),
                (["check", f"tcp://127.0.0.1:{closed_port()}"], 2, "FWPROBE CRITICAL - "),
                (["check", healthy, "--timeout", "soon"], 3, ""),
                (["check", healthy, "--bogus"], 3, ""),
                (["judge", "/nonexistent.json"], 3, ""),
            ]
            for arguments, code, begin in rows:
                for format_option in (["--format", "nagios"], ["--format=nagios"]):
                    with self.subTest(arguments):
                        done = subprocess.run([FWPROBE, *arguments, *format_option], capture_output=True, text=True,
                                              timeout=60, stdin=subprocess.DEVNULL)
                        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
                        self.assertTrue(done.stdout.startswith(begin))
                        self.assertEqual(bool(done.stdout), bool(begin))
                        if begin:
                            validate("nagios", done.stdout)
            done = fwprobe(healthy, "--report", "nagios=/dev/null", "--timeout", "soon")
            self.assertEqual(done.returncode, 2, "only standard output decides")

    def test_what_could_not_be_measured_is_unknown(self):
        document = json.loads(fwprobe(f"tcp://127.0.0.1:{closed_port()}", "--format", "json").stdout)
        document["targets"][0].update(measurements=[], complete=False)
        done = judge("-", "--format", "nagios", report=json.dumps(document))
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertTrue(done.stdout.startswith("FWPROBE UNKNOWN - "), done.stdout)


if __name__ == "__main__":
    unittest.main()
