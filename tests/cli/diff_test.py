"""`fwprobe diff`: what changed between two runs, and the exit code for it."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import jsonschema

sys.path.insert(0, str(pathlib.Path(os.environ["SOURCE_DIR"]) / "tests" / "reports"))

from check_test import FWPROBE, answer, closed_port, fwprobe, http, server
from validators import validate

SCHEMA = jsonschema.Draft7Validator(
    json.loads(pathlib.Path(os.environ["SOURCE_DIR"], "docs/diff.schema.json").read_text(encoding="utf-8")))


def diff(*arguments, **options):
    return subprocess.run([FWPROBE, "diff", *arguments], capture_output=True, text=True, timeout=60, check=False, **options)


class Diff(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        with server(http(answer(b"hello"))) as port:
            cls.up, cls.down = str(cls.folder / "up.json"), str(cls.folder / "down.json")
            cls.target = f"http://127.0.0.1:{port}/"
            fwprobe(cls.target, "--report", f"json={cls.up}")
        fwprobe(cls.target, "--report", f"json={cls.down}")
        cls.other = str(cls.folder / "other.json")
        fwprobe(f"tcp://127.0.0.1:{closed_port()}", "--report", f"json={cls.other}")

    def test_exit_codes_say_whether_something_got_worse(self):
        rows = [(self.up, self.up, 0, "SAME"), (self.down, self.down, 0, "SAME"), (self.up, self.down, 1, "WORSE"),
                (self.down, self.up, 0, "BETTER"), (self.up, self.other, 0, "ONE")]
        for before, after, code, word in rows:
            with self.subTest(word):
                done = diff(before, after)
                self.assertEqual((done.returncode, done.stderr), (code, ""))
                self.assertTrue(done.stdout.startswith(word), done.stdout)
                SCHEMA.validate(json.loads(diff(before, after, "--format", "json").stdout))

    def test_json_and_markdown_say_the_same(self):
        done = diff(self.up, self.down, "--format", "json")
        target = json.loads(done.stdout)["targets"][0]
        self.assertEqual((done.returncode, target["target"], target["trend"]), (1, self.target, "worse"))
        self.assertIn({"what": "cause", "trend": "worse", "before": None, "after": "tcp.refused"}, target["changes"])
        done = diff(self.up, self.down, "--format", "markdown")
        self.assertEqual(done.returncode, 1)
        validate("markdown", done.stdout)
        self.assertIn("`tcp.refused`", done.stdout)

    def test_standard_input_is_a_report_too(self):
        with open(self.up, encoding="utf-8") as file:
            self.assertEqual(diff("-", self.down, stdin=file).returncode, 1)

    def test_hostile_names_of_places_stay_texts(self):
        document = json.loads(pathlib.Path(self.up).read_text(encoding="utf-8"))
        document["run"]["vantage"].update(host="\x1b[2J@all | `x` <b>", site="https://evil.example #1")
        hostile = self.folder / "hostile.json"
        hostile.write_text(json.dumps(document), encoding="utf-8")
        for name in ("text", "json", "markdown"):
            validate(name, diff(str(hostile), self.down, "--format", name).stdout)

    def test_what_cannot_be_used(self):
        newer = self.folder / "newer.json"
        newer.write_text(pathlib.Path(self.up).read_text(encoding="utf-8").replace("report/v1", "report/v2"))
        rows = [([self.up], "NEW"), ([self.up, "/nonexistent"], "/nonexistent: No such file"),
                (["-", "-"], "cannot both be standard input"), ([self.up, self.up, "--format", "csv"], "text, json and markdown"),
                ([str(newer), self.up], "is of a newer fwprobe; this one reads fwprobe/report/v1"),
                ([self.up, str(newer)], "is of a newer fwprobe")]
        for arguments, said in rows:
            done = diff(*arguments)
            self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (2, "", 1), done.stderr)
            self.assertIn(said, done.stderr)
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([FWPROBE, "diff", self.up, self.up], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
        self.assertEqual(done.returncode, 3)
        self.assertIn("standard output: No space left", done.stderr)


if __name__ == "__main__":
    unittest.main()
