"""`fwprobe judge`: reports judged again, files that are none, and controls from another vantage."""
import copy
import json
import os
import pathlib
import tempfile
import unittest

import jsonschema

from check_test import answer, closed_port, fwprobe, http, server
from replay import judge

SCHEMA = jsonschema.Draft7Validator(
    json.loads((pathlib.Path(os.environ["SOURCE_DIR"]) / "docs" / "report.schema.json").read_text(encoding="utf-8")))


def elsewhere(document, host="build-9", address="10.9.9.9", hours=0):
    """The report as if another machine had measured it."""
    moved = copy.deepcopy(document)
    moved["run"]["vantage"].update(host=host, addresses=[address])
    for target in moved["targets"]:
        for measurement in target["measurements"]:
            if measurement["kind"] == "environment":
                measurement.update(host=host, addresses=[address])
            hour = (int(measurement["started"][11:13]) + hours) % 24
            measurement["started"] = measurement["started"][:11] + f"{hour:02}" + measurement["started"][13:]
    return moved


class Judge(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def file(self, content, name="report.json"):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    def measured(self, *arguments):
        return json.loads(fwprobe("--format", "json", "--timeout", "2s", *arguments).stdout)


class Again(Judge):
    def test_a_file_and_standard_input_give_the_report_again(self):
        path = str(self.folder / "first.json")
        with server(http(answer(b"hello", content_type=b"text/html"))) as port:
            first = fwprobe(f"http://127.0.0.1:{port}/", f"tcp://127.0.0.1:{closed_port()}", "--report", f"json={path}")
        for arguments, text in (([path], None), (["-"], pathlib.Path(path).read_text(encoding="utf-8"))):
            done = judge(*arguments, report=text)
            self.assertEqual((done.returncode, done.stderr), (1, ""))
            self.assertEqual(done.stdout, first.stdout)

    def test_output_options_are_those_of_check(self):
        with server(http(answer(b"hello"))) as port:
            path = self.file(self.measured(f"http://127.0.0.1:{port}/"))
        self.assertIn("\x1b[", judge(path, "--color", "always").stdout)
        self.assertNotIn("Measurements", judge(path, "--quiet").stdout)
        self.assertIn("Measurements", judge(path, "--verbose").stdout)
        self.assertEqual(json.loads(judge(path, "--format", "json").stdout), json.loads(pathlib.Path(path).read_text()))
        second = self.folder / "second.json"
        judge(path, "--report", f"json={second}")
        self.assertEqual(json.loads(second.read_text()), json.loads(pathlib.Path(path).read_text()))
        done = judge(path, "--report", "json=/nonexistent/r.json")
        self.assertEqual(done.returncode, 3)
        self.assertIn("/nonexistent/r.json", done.stderr)

    def test_warnings_fail_when_strict(self):
        with server(http(answer(b"hello"))) as port:
            path = self.file(self.measured(f"http://127.0.0.1:{port}/", "--allowlist", "appcircle"))
        self.assertEqual(judge(path).returncode, 0)
        self.assertEqual(judge(path, "--strict").returncode, 1)

    def test_verdicts_are_made_anew_from_the_measurements(self):
        with server(http(answer(b"hello"))) as port:
            document = self.measured(f"http://127.0.0.1:{port}/")
        target = document["targets"][0]
        target.update(status="fail", findings=[], diagnosis=None)
        exchange = [m for m in target["measurements"] if m["kind"] == "http"][-1]
        self.assertEqual(judge(self.file(document)).returncode, 0)
        exchange["response"]["status"] = 503
        done = judge(self.file(document), "--format", "json")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["targets"][0]["diagnosis"]["cause"], "http.server_error")

    def test_proxies_and_lists_are_part_of_the_report_and_passwords_are_not(self):
        proxy = closed_port()
        done = fwprobe("https://service.example.test/", "--allowlist", "azure-devops", "--format", "json",
                       env={"HTTPS_PROXY": f"http://user:sekret@127.0.0.1:{proxy}", "NO_PROXY": "other.test",
                            "SEKRET": "sekret"})
        self.assertNotIn("sekret", done.stdout)
        document = json.loads(done.stdout)
        self.assertEqual(document["targets"][0]["settings"]["proxies"]["variables"],
                         [{"name": "HTTPS_PROXY", "value": f"http://***@127.0.0.1:{proxy}"},
                          {"name": "NO_PROXY", "value": "other.test"}])
        self.assertEqual([one["name"] for one in document["allowlists"]], ["azure-devops"])
        again = judge(self.file(document), "--format", "json")
        self.assertEqual(json.loads(again.stdout), document)
        self.assertEqual(document["targets"][0]["diagnosis"]["cause"], "proxy.unreachable")


class Redacted(Judge):
    def test_no_format_names_the_machine_the_server_or_its_addresses(self):
        with server(http(answer(b"see http://intranet.acme.test/ at 10.20.30.40"))) as port:
            document = self.measured(f"http://server.acme.test:{port}/secret/?key=hunter2", "--resolve",
                                     "server.acme.test=127.0.0.1", "--site", "lobby", "--egress", "10.20.30.41")
        document["run"]["vantage"].update(host="build-7", addresses=["10.20.30.41"])
        path = self.file(document)
        self.assertEqual(document["summary"]["status"], "pass", document["targets"][0]["findings"])
        for name in ("text", "json", "markdown", "junit", "tap", "csv", "prometheus", "nagios"):
            done = judge(path, "--redact", "--verbose", "--format", name)
            self.assertEqual((done.returncode, done.stderr), (0, ""), name)
            for word in ("build-7", "acme", "intranet", "10.20.30.4", "lobby", "secret", "hunter2"):
                self.assertNotIn(word, done.stdout, name)
        first, second = (judge(path, "--redact", "--format", "json").stdout for _ in range(2))
        self.assertNotEqual(json.loads(first)["run"]["vantage"]["addresses"], ["10.20.30.41"])
        self.assertNotEqual(first, second, "each redaction has a key of its own")


class Refused(Judge):
    def refused(self, said, *arguments, report=None):
        done = judge(*arguments, report=report)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(said, done.stderr)

    def test_what_is_no_report(self):
        with server(http(answer(b"hello"))) as port:
            document = self.measured(f"http://127.0.0.1:{port}/")
        good = self.file(document, "good.json")
        self.refused("REPORT")
        self.refused("/nonexistent/r.json: No such file or directory", "/nonexistent/r.json")
        self.refused("Is a directory", str(self.folder))
        self.refused("report.json:1:1: not JSON", self.file(""))
        self.refused("report.json:2:8: not JSON", self.file('{\n "a" : \x1b[2J}'))
        self.refused("standard input:1:1: not JSON", "-", report="<html>")
        self.refused("/schema: is missing", self.file("{}"))
        self.refused("/targets: is an array with at least one target", self.file({**document, "targets": []}))
        self.refused("larger than 64 MiB", "/dev/zero")
        for pointer, edit in (("/targets/0/settings", lambda t: t.pop("settings")),
                              ("/targets/0/measurements/0/kind", lambda t: t["measurements"][0].update(kind="ping")),
                              ("/targets/0/measurements/0/id", lambda t: t["measurements"][0].update(id=7))):
            broken = copy.deepcopy(document)
            edit(broken["targets"][0])
            self.refused(pointer, self.file(broken))
            self.refused(pointer, good, "--control", self.file(broken))
        self.refused("cannot both be standard input", "-", "--control", "-")
        self.refused("/schema: fwprobe/report/v2 is of a newer fwprobe; this one reads fwprobe/report/v1",
                     self.file({**document, "schema": "fwprobe/report/v2", "new": {"shape": []}}))
        self.refused("--redact and --control exclude each other", good, "--redact", "--control", good)
        self.refused("'yaml' is not a format; there are text, json", good, "--format", "yaml")
        self.refused("did you mean '--control'?", good, "--contrl", good)

    def test_what_a_report_says_does_not_reach_the_terminal_as_a_command(self):
        with server(http(answer(b"hello"))) as port:
            document = self.measured(f"http://127.0.0.1:{port}/")
        document["run"]["vantage"].update(host="\x1b]0;owned\x07", site="\x1b[2J")
        control = elsewhere(document, host="\x1b[31mcontrol")
        done = judge(self.file(document), "--control", self.file(control, "control.json"), "--verbose")
        self.assertEqual(done.returncode, 0, done.stderr)
        for byte in ("\x1b", "\x07"):
            self.assertNotIn(byte, done.stdout)


class Control(Judge):
    def measured(self, *arguments):
        """Of a server that both machines can mean: 127.0.0.1 is each one's own."""
        return json.loads(json.dumps(super().measured(*arguments)).replace("127.0.0.1", "203.0.113.9"))

    def compared(self, here, there):
        arguments = [self.file(here), "--control", self.file(there, "control.json")]
        done = judge(*arguments, "--format", "json")
        self.assertIn(done.returncode, (0, 1, 3), done.stderr)
        document = json.loads(done.stdout)
        errors = [error.message for error in SCHEMA.iter_errors(document)]
        self.assertEqual(errors, [])
        text = judge(*arguments).stdout
        self.assertIn("Compared with " + there["run"]["vantage"]["host"], text)
        return document["targets"][0], text

    def test_a_port_that_is_open_to_the_other_alone_is_closed_here_or_there(self):
        with server(lambda connection: connection.recv(1)) as port:
            healthy = self.measured(f"tcp://127.0.0.1:{port}")
        closed = self.measured(f"tcp://127.0.0.1:{port}")
        self.assertEqual((healthy["summary"]["status"], closed["summary"]["status"]), ("pass", "fail"))

        target, text = self.compared(closed, elsewhere(healthy))
        self.assertEqual(target["comparison"]["fault"], "here")
        self.assertEqual(target["comparison"]["control"], {"vantage": "build-9", "status": "pass", "cause": None})
        self.assertIn("Compared with build-9: the fault is at this vantage.", target["diagnosis"]["explanation"])
        self.assertIn("here: at this vantage or on its way", text)

        target, text = self.compared(healthy, elsewhere(closed))
        self.assertEqual(target["comparison"]["fault"], "there")
        self.assertEqual(target["comparison"]["control"]["cause"], "tcp.refused")
        self.assertIsNone(target["diagnosis"])
        self.assertIn("there: at the control's vantage", text)

        target, text = self.compared(closed, elsewhere(closed))
        self.assertEqual((target["comparison"]["fault"], target["comparison"]["confidence"]), ("server", "high"))
        self.assertIn("the same for both", text)

        target, text = self.compared(healthy, elsewhere(healthy))
        self.assertEqual(target["comparison"]["fault"], "none")

    def test_what_cannot_be_told(self):
        with server(http(answer(status="503 Service Unavailable"))) as port:
            failing = self.measured(f"http://127.0.0.1:{port}/")
        closed = self.measured(f"http://127.0.0.1:{port}/")
        other_target = self.measured(f"tcp://127.0.0.1:{closed_port()}")
        cut_short = elsewhere(closed)
        cut_short["targets"][0]["complete"] = False
        for there, said in ((elsewhere(closed), "a fault of its own"),
                            (failing, "from the same machine"),
                            (elsewhere(other_target), "does not hold this target"),
                            (cut_short, "was not measured to its end")):
            target, text = self.compared(failing, there)
            self.assertEqual(target["comparison"]["fault"], "unknown")
            self.assertIn(said, target["comparison"]["summary"])
            self.assertIn("cannot tell", text)

    def test_a_control_of_another_time_is_worth_less(self):
        closed = self.measured(f"tcp://127.0.0.1:{closed_port()}")
        target, _ = self.compared(closed, elsewhere(closed, hours=3))
        self.assertEqual(target["comparison"]["fault"], "server")
        self.assertIn(target["comparison"]["confidence"], ("medium", "low"))
        self.assertIn("the control was measured", target["comparison"]["notes"][0])

    def test_the_exit_code_is_that_of_the_report(self):
        closed = self.measured(f"tcp://127.0.0.1:{closed_port()}")
        path = self.file(closed)
        self.assertEqual(judge(path, "--control", path).returncode, judge(path).returncode)


if __name__ == "__main__":
    unittest.main()
