"""Every format is read by a program of its kind, whatever the texts in a report are."""
import copy
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from validators import HERE, VALIDATORS, comma_separated, validate

FWPROBE = os.environ["FWPROBE"]
GOLDEN = {"junit": "report.junit.xml", "tap": "report.tap", "csv": "report.csv", "prometheus": "report.prom",
          "nagios": "report.nagios", "markdown": "report.md"}
MARK = "hx7"  # stands in every hostile text, so that its way into the report is seen
HOSTILE = [
    "</system-out></testsuite><script>alert(1)</script>&amp;]]><!--hx7",
    "hx7' onload='x\" y=\"",
    '=HYPERLINK("http://evil.example/hx7";"x")', "+hx7", "-hx7", "@hx7", "\thx7", "\rhx7=1", "  =hx7", "＝hx7",
    'hx7","=1+1"\r\n"=2',
    "hx7 @octocat #1 !2 GH-3 ~bug %v1 $5 :100: a@evil.example @team/all AB#4 org/repo#5",
    "hx7 [x](http://evil.example) ![i](http://evil.example/i.png) <http://evil.example> www.evil.example",
    "hx7 <img src=x onerror=alert(1)><details><a href='//evil.example'>",
    "hx7 https://evil.example/ http://[2001:100::1]:80/ mailto:a@evil.example",
    "hx7 `a` ``b`` ```\n````\n~~~~\n</details> | x | \\| y \\",
    "# hx7\n\n---\n\n- [x] done\n1. one\n[^1]\n\n[^1]: note\n\n    code",
    "hx7\n# SKIP\nBail out!\n1..0\nok 1 - x # TODO\n  ...\nnot ok \\# 2",
    "hx7 | 'a'=1;;; | b=2\n|c",
    'hx7"} 1\nfwprobe_evil{x="y"} 2\n# TYPE x gauge\\',
    "hx7\x1b]0;owned\x07\x1b[2J\x00\x85\u009b\u202e\u200b\ufeff\uffff\u2028",
    "hx7 " + "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301" * 50,
    "hx7" + "A" * 100_000, "hx7" + "&<|`@" * 20_000,
]
# Texts of a report that come from elsewhere.
FREE = {"host", "site", "reason", "subject", "issuer", "greeting", "first_bytes", "detail", "because", "text", "comments",
        "software", "value", "ocsp_detail", "serial", "signature", "key_type", "search"}


def judge(document, *arguments):
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        return subprocess.run([FWPROBE, "judge", file.name, *arguments], capture_output=True, timeout=60, check=False)


def with_text(value, text):
    """The document with `text` wherever the network, a file or another program may have put one."""
    if isinstance(value, list):
        return [with_text(one, text) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: text if key in FREE and isinstance(one, str) else
            [text] if key in ("dns_names", "verified_path", "auth_schemes") else with_text(one, text)
            for key, one in value.items()}


def hostile_report(document, text):
    document = copy.deepcopy(document)
    for target in document["targets"]:
        target["measurements"] = [with_text(one, text) for one in target["measurements"]]
    document["run"]["vantage"].update(host=text, site=text)
    return document


class Formats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.document = json.loads((HERE / "golden" / "report.json").read_text(encoding="utf-8"))
        # The healthy target's certificate is judged: it must fail for its text to be in every format.
        handshake = next(one for one in cls.document["targets"][1]["measurements"] if one["kind"] == "tls")
        handshake["verify_errors"] = [{"code": 10, "text": "certificate has expired", "depth": 0}]
        handshake["chain"][0]["not_after"] = "2026-01-01T00:00:00.000Z"

    def test_golden_files_are_valid(self):
        for name, file in GOLDEN.items():
            with self.subTest(name):
                validate(name, (HERE / "golden" / file).read_bytes().decode())

    def test_every_format_of_the_table_has_a_validator(self):
        done = judge(self.document, "--format", "none")
        named = done.stderr.decode().split("there are ")[1].strip().replace(" and ", ", ").split(", ")
        self.assertEqual(set(named), set(VALIDATORS))

    def test_hostile_texts_stay_texts(self):
        for text in HOSTILE:
            report = hostile_report(self.document, text)
            for name in VALIDATORS:
                for more in ([], ["--verbose", "--strict"]):
                    with self.subTest(text=text[:60], format=name, more=more):
                        done = judge(report, "--format", name, *more)
                        self.assertEqual(done.returncode, 2 if name == "nagios" else 1, done.stderr)
                        shown = done.stdout.decode()
                        validate(name, shown)
                        self.assertIn(MARK, shown)
            with self.subTest(text=text[:60], format="redacted"):
                done = judge(report, "--redact", "--format", "markdown")
                self.assertEqual(done.returncode, 1, done.stderr)
                validate("markdown", done.stdout.decode())

    def test_a_spreadsheet_gets_the_same_words_as_everyone(self):
        done = judge(self.document, "--format", "csv")
        rows = comma_separated(done.stdout.decode())
        document = json.loads(judge(self.document, "--format", "json").stdout)
        findings = [finding for target in document["targets"] for finding in target["findings"]]
        summary = rows[0].index("summary")
        self.assertEqual([row[summary].removeprefix("'") for row in rows[1:]], [finding["summary"] for finding in findings])


if __name__ == "__main__":
    unittest.main()
