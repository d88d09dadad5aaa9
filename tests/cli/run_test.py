"""`fwprobe run`: suites against real servers, and what is expected of their targets."""
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

import jsonschema
import yaml

import replay
from check_test import answer, closed_port, http, server

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
FWPROBE = os.environ["FWPROBE"]
sys.path.insert(0, str(SOURCE / "tests" / "reports"))
import validators  # noqa: E402

REPORT = jsonschema.Draft7Validator(json.loads((SOURCE / "docs/report.schema.json").read_text(encoding="utf-8")))
SUITE = jsonschema.Draft7Validator(json.loads((SOURCE / "docs/suite.schema.json").read_text(encoding="utf-8")))
PAGE = (SOURCE / "docs/suites.md").read_text(encoding="utf-8")


class Suites(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def write(self, text, name="suite.yaml"):
        (self.directory / name).write_text(text, encoding="utf-8")
        return str(self.directory / name)

    def run_suite(self, text, *arguments, env=None, **options):
        return subprocess.run([FWPROBE, "run", self.write(text), *arguments], capture_output=True, text=True, timeout=60,
                              env={"PATH": os.environ["PATH"], **(env or {})}, stdin=subprocess.DEVNULL, check=False,
                              **options)

    def report(self, text, *arguments, env=None):
        done = self.run_suite(text, "--format", "json", *arguments, env=env)
        self.assertNotEqual(done.stdout, "", done.stderr)
        document = json.loads(done.stdout)
        REPORT.validate(document)
        replay.assert_same_verdict(done.stdout, done.returncode)
        return done.returncode, document


class Expectations(Suites):
    def test_both_sides_of_a_firewall_pass(self):
        with server(http(answer(b"hello"))) as port:
            code, document = self.report(f"""
targets:
  - http://127.0.0.1:{port}/
  - {{target: "tcp://127.0.0.1:{closed_port()}", expect: fail tcp.refused}}
  - {{target: "tcp://127.0.0.1:{closed_port()}", expect: fail}}
""")
        self.assertEqual(code, 0, document)
        opened, named, any_cause = document["targets"]
        self.assertNotIn("expected", opened)
        for target, cause in ((named, "tcp.refused"), (any_cause, None)):
            self.assertEqual((target["status"], target["diagnosis"]), ("pass", None))
            self.assertEqual(target["expected"], {"status": "fail", "cause": cause,
                                                  "measured": {"status": "fail", "cause": "tcp.refused"}})
            self.assertIn("tcp.refused", [finding["cause"] for finding in target["findings"]])

    def test_what_is_open_and_should_be_closed_fails(self):
        with server(http(answer(b"hello"))) as port:
            code, document = self.report(f"targets: [{{target: 'http://127.0.0.1:{port}/', expect: fail tcp.filtered}}]\n")
        self.assertEqual(code, 1)
        target = document["targets"][0]
        self.assertEqual((target["status"], target["diagnosis"]["cause"]), ("fail", "expect.open"))
        self.assertEqual(target["diagnosis"]["responsible"], "network")
        self.assertIn(f"port {port}", target["diagnosis"]["remedy"][0])
        self.assertTrue(target["diagnosis"]["evidence"])

    def test_another_cause_than_expected_fails(self):
        code, document = self.report(f"targets: [{{target: 'tcp://127.0.0.1:{closed_port()}', expect: fail tcp.rejected}}]\n")
        self.assertEqual(code, 1)
        diagnosis = document["targets"][0]["diagnosis"]
        self.assertEqual(diagnosis["cause"], "expect.other_cause")
        self.assertIn("tcp.refused", diagnosis["explanation"])

    def test_every_format_counts_an_expected_failure_as_passed(self):
        suite = f"targets: [{{target: 'tcp://127.0.0.1:{closed_port()}', expect: fail}}]\n"
        rows = [("junit", 'failures="0"'), ("tap", "\nok 1 - tcp"), ("prometheus", "fwprobe_target_success{"), ("nagios", "OK"),
                ("text", "expected to fail, and does, with tcp.refused"), ("markdown", ""), ("csv", ""), ("html", "")]
        for form, words in rows:
            with self.subTest(form=form):
                done = self.run_suite(suite, "--format", form)
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertIn(words, done.stdout)
                if form not in ("text", "csv"):  # subprocess has made CSV's CRLF plain line ends
                    validators.validate(form, done.stdout)
        self.assertRegex(self.run_suite(suite, "--format", "prometheus").stdout, r"target_success\{[^}]*\} 1\n")


class Running(Suites):
    def test_options_of_each_level_hold(self):
        seen = []

        def serve(connection):
            seen.append(connection.recv(65536).decode())
            connection.sendall(answer(status="401 Unauthorized"))

        with server(serve) as port:
            self.write("defaults: {header: 'X-From: included'}\n", "common.yaml")
            code, document = self.report(f"""
include: [common.yaml]
site: here
defaults: {{expect-status: 401}}
groups: {{two: {{header: ["X-From: group"]}}}}
targets:
  - http://127.0.0.1:{port}/one
  - {{target: "http://127.0.0.1:{port}/two", group: two}}
  - {{target: "http://127.0.0.1:{port}/three", group: two, header: "X-From: ${{WHO}}"}}
""", env={"WHO": "own: [a]"})
        self.assertEqual(code, 0, document)
        self.assertEqual(document["run"]["vantage"]["site"], "here")
        said = {re.search(r"GET /(\w+)", text)[1]: re.search(r"X-From: (.*)\r", text)[1] for text in seen}
        self.assertEqual(said, {"one": "included", "two": "group", "three": "own: [a]"})

    def test_only_measures_what_is_asked_for(self):
        port = closed_port()
        suite = f"""
targets:
  - {{target: "tcp://127.0.0.1:{port}", id: one, tags: [red]}}
  - {{target: "tcp://127.0.0.2:{port}", id: two, tags: [red, blue]}}
  - {{target: "tcp://127.0.0.3:{port}", id: three, group: green}}
"""
        for only, hosts in ((["red"], "12"), (["blue"], "2"), (["green"], "3"), (["one", "green"], "13")):
            _, document = self.report(suite, *(word for name in only for word in ("--only", name)))
            self.assertEqual([t["host"] for t in document["targets"]], [f"127.0.0.{n}" for n in hosts])
        done = self.run_suite(suite, "--only", "gren")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("did you mean 'green'?", done.stderr)

    def test_a_dry_run_tells_and_asks_nobody(self):
        def never(connection):
            raise AssertionError("somebody connected")

        with server(never) as port:
            done = self.run_suite(f"""
targets:
  - target: http://127.0.0.1:{port}/
    header: "Authorization: secret"
    proxy: http://user:secret@127.0.0.1:1/
    expect: fail tcp.rejected
""", "--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("expect fail tcp.rejected", done.stdout)
        self.assertIn("header Authorization", done.stdout)
        self.assertNotIn("secret", done.stdout)
        self.assertIn("1 target, at most 1 at the same time", done.stdout)

    def test_one_destination_is_asked_by_as_many_as_allowed(self):
        for allowed in (1, 2):
            lock, now, most, together = threading.Lock(), [0], [0], threading.Barrier(allowed)

            def serve(connection):
                connection.recv(65536)
                with lock:
                    now[0] += 1
                    most[0] = max(most[0], now[0])
                together.wait(timeout=20)
                # Counted down before the answer, since the next target may start as soon as it is read.
                with lock:
                    now[0] -= 1
                connection.sendall(answer(b"x"))

            with self.subTest(allowed=allowed), server(serve) as port:
                targets = "".join(f"  - http://127.0.0.1:{port}/{n}\n" for n in range(20))
                code, document = self.report(f"per-destination: {allowed}\ntargets:\n{targets}")
                self.assertEqual((code, len(document["targets"]), most[0]), (0, 20, allowed))

    def test_few_descriptors_are_told_and_suffice(self):
        port = closed_port()
        targets = "".join(f"  - tcp://127.1.0.{n}:{port}\n" for n in range(100))
        done = self.run_suite(f"defaults: {{expect: fail tcp.refused}}\ntargets:\n{targets}",
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80)))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("80 open files are allowed", done.stderr)

    def test_a_signal_reports_what_was_measured(self):
        asked = threading.Event()

        def silent(connection):
            connection.recv(65536)
            asked.set()
            threading.Event().wait(30)

        with server(silent) as port:
            suite = self.write(f"targets: ['http://127.0.0.1:{port}/']\n")
            with subprocess.Popen([FWPROBE, "run", suite, "--format", "json"], stdout=subprocess.PIPE, text=True) as process:
                self.assertTrue(asked.wait(30))
                process.send_signal(signal.SIGTERM)
                document = json.loads(process.communicate(timeout=30)[0])
        self.assertEqual(process.returncode, 143)
        self.assertFalse(document["run"]["complete"])


class Mistakes(Suites):
    def refused(self, text, said, *arguments):
        done = self.run_suite(text, *arguments)
        self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (2, "", 1), done.stderr)
        self.assertIn(said, done.stderr)

    def test_mistakes_are_told_with_their_place(self):
        self.refused("targets: [tcp://127.0.0.1:1]\njbos: 3\n", "suite.yaml:2:1: unknown key 'jbos'; did you mean 'jobs'?")
        self.refused("targets:\n  - {target: 'https://h/', timeout: soon}\n", "suite.yaml:2:37: timeout: 'soon'")
        self.refused("targets: [tcp://127.0.0.1:1]\n", "--jobs", "--jobs", "0")

    def test_includes_are_bounded(self):
        self.write("include: [suite.yaml]\n", "round.yaml")
        self.refused("include: [round.yaml]\n", "includes itself")
        self.refused("include: [none.yaml]\n", "suite.yaml:1:11: there is no file")
        for depth in range(12):
            self.write(f"include: [deep{depth + 1}.yaml]\n", f"deep{depth}.yaml")
        self.refused("include: [deep0.yaml]\n", "more than 8 files include one another")
        self.write("jobs: 3\n", "other.yaml")
        self.refused("include: [other.yaml]\ntargets: [tcp://127.0.0.1:1]\n", "other.yaml:1:1: jobs stands in the suite itself")

    def test_a_million_targets_end_with_a_message_in_bounded_memory(self):
        with open(self.directory / "million.yaml", "w", encoding="utf-8") as file:
            file.write("targets:\n")
            file.writelines(f"- tcp://h{n}:1\n" for n in range(1_000_000))
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
        sanitized = b"__asan_init" in pathlib.Path(FWPROBE).read_bytes()
        done = subprocess.run([FWPROBE, "run", str(self.directory / "million.yaml"), "--dry-run"], capture_output=True, text=True,
                              timeout=300, check=False, preexec_fn=None if sanitized else limit)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertIn("more than 100000 targets", done.stderr)


class Docs(Suites):
    def setUp(self):
        super().setUp()
        self.examples = re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE, re.DOTALL)
        self.write("defaults: {attempts: 2}\n", "common.yaml")
        self.write(subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=ca", "-keyout", os.devnull],
            capture_output=True, text=True, check=True).stdout, "ca.pem")

    def test_every_example_is_understood_and_fits_the_schema(self):
        self.assertEqual([name for name, _ in self.examples], ["suite.yaml", "every-key.yaml"])
        for name, text in self.examples:
            with self.subTest(example=name):
                SUITE.validate(yaml.safe_load(text))
                done = self.run_suite(text, "--dry-run", env={"AZURE_TOKEN": "t", "ALERT_AUTHORIZATION": "Bearer t",
                                                              "SLACK_URL": "https://hooks.example.com/x"})
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_schema_has_every_option_of_check(self):
        text = subprocess.run([FWPROBE, "check", "--help"], capture_output=True, text=True, check=True).stdout
        sections = re.split(r"^(\S.*):$|^\[Option Group: (.*)\]$", text, flags=re.MULTILINE)
        options = {option for name, body in zip(sections[1::3], sections[3::3]) if name != "Output"
                   for option in re.findall(r"^ +(?:-\w,)?--([a-z0-9-]+)", body, re.MULTILINE)}
        options -= {"help", "token-stdin"}
        self.assertIn("token-env", options)
        schema = SUITE.schema["definitions"]
        self.assertEqual(options, set(schema["options"]["properties"]))
        for part in ("level", "target"):
            self.assertLessEqual(options, set(schema[part]["properties"]), part)

    def test_the_schema_says_no_to_mistakes(self):
        for text in ("{jbos: 3}", "{targets: [{name: x}]}", "{targets: [{target: x, timeuot: 3s}]}", "{targets: [], jobs: many}",
                     "{defaults: {format: json}}", "{defaults: {expect: maybe}}"):
            self.assertFalse(SUITE.is_valid(yaml.safe_load(text)), text)


if __name__ == "__main__":
    unittest.main()
