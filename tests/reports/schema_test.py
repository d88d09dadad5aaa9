"""docs/report.schema.json holds what the program prints, and says no to what it must not print."""
import copy
import http.server
import json
import os
import socket
import subprocess
import threading
import unittest

import jsonschema

FWPROBE = os.environ["FWPROBE"]
SOURCE_DIR = os.environ["SOURCE_DIR"]


def load(path):
    with open(os.path.join(SOURCE_DIR, path), encoding="utf-8") as file:
        return json.load(file)


SCHEMA = load("docs/report.schema.json")
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def check(*arguments):
    done = subprocess.run([FWPROBE, "check", "--format", "json", "--no-proxy", "--timeout", "2s", *arguments],
                          capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    return json.loads(done.stdout)


def closed_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


class Name:
    """A DNS server that knows no name: NXDOMAIN to every question."""

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()
        return "127.0.0.1:%d" % self.socket.getsockname()[1]

    def serve(self):
        while True:
            query, client = self.socket.recvfrom(4096)
            if not query:
                return
            end = query.index(b"\0", 12) + 5
            flags = b"\x81\x83"  # an answer, recursion available, RCODE 3
            self.socket.sendto(query[:2] + flags + b"\0\1\0\0\0\0\0\0" + query[12:end], client)

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self.socket.getsockname())
        self.socket.close()


class Web:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = b'{"hostile": "\x1b[2J\xff\xe2\x80\xae", "url": "http://localhost:8080/"}' + b" " * 20000
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.server.server_address[1]

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Schema(unittest.TestCase):
    def assert_valid(self, document):
        errors = [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
                  for error in VALIDATOR.iter_errors(document)]
        self.assertEqual(errors, [])

    def test_it_is_a_schema(self):
        jsonschema.Draft7Validator.check_schema(SCHEMA)

    def test_it_holds_the_golden_report(self):
        self.assert_valid(load("tests/reports/golden/report.json"))

    def test_it_holds_a_closed_port(self):
        document = check(f"tcp://127.0.0.1:{closed_port()}", "--site", "lab", "--egress", "192.0.2.7")
        self.assert_valid(document)
        self.assertEqual(document["targets"][0]["status"], "fail")
        self.assertEqual(document["run"]["vantage"]["site"], "lab")
        self.assertEqual(document["run"]["vantage"]["egress"], "192.0.2.7")

    def test_it_holds_an_unknown_name(self):
        with Name() as resolver:
            document = check("https://gone.example.test/", "--dns-server", resolver)
        self.assert_valid(document)
        self.assertEqual(document["targets"][0]["diagnosis"]["cause"], "dns.nxdomain")

    def test_it_holds_a_server_that_speaks_http(self):
        with Web() as port:
            document = check(f"http://127.0.0.1:{port}/", f"https://127.0.0.1:{port}/", f"ssh://127.0.0.1:{port}",
                             "--allowlist", "appcircle", "--allowlist", "azure-devops")
        self.assert_valid(document)
        responses = [m["response"] for m in document["targets"][0]["measurements"] if m["kind"] == "http"]
        self.assertTrue(responses[0]["body_truncated"])
        self.assertIn("\ufffd", responses[0]["body"])
        causes = [finding["cause"] for target in document["targets"] for finding in target["findings"]]
        self.assertIn("allowlist.not_canonical", causes)
        self.assertIn("allowlist.address_not_listed", causes)

    def test_it_refuses_what_breaks_the_contract(self):
        golden = load("tests/reports/golden/report.json")

        def change(edit):
            document = copy.deepcopy(golden)
            edit(document)
            return document

        rows = {
            "another schema": lambda d: d.update(schema="fwprobe/report/v2"),
            "no summary": lambda d: d.pop("summary"),
            "a time with an offset": lambda d: d["run"].update(started="2026-01-31T09:30:00.123+00:00"),
            "a time without milliseconds": lambda d: d["run"].update(started="2026-01-31T09:30:00Z"),
            "a duration that is a text": lambda d: d["targets"][0]["measurements"][0].update(duration_ms="12 ms"),
            "a source that is no address": lambda d: d["targets"][0]["diagnosis"]["flow"].update(sources=["a host"]),
            "a rule that is no text": lambda d: d["targets"][0]["diagnosis"]["rules"].update(nftables=None),
            "an unknown status": lambda d: d["targets"][0].update(status="ok"),
            "a diagnosis of a pass": lambda d: d["targets"][0].update(status="pass"),
            "a failure without a cause": lambda d: d["targets"][0]["findings"][1].update(cause=None),
            "an unknown kind": lambda d: d["targets"][0]["measurements"][0].update(kind="ping"),
            "a kind with another's fields": lambda d: d["targets"][0]["measurements"][0].update(kind="dns"),
            "a number for an id": lambda d: d["targets"][0]["measurements"][0].update(id=1),
            "a location that is nowhere": lambda d: d["targets"][0]["diagnosis"]["location"].update(where="cloud"),
        }
        for name, edit in rows.items():
            with self.subTest(name):
                self.assertFalse(VALIDATOR.is_valid(change(edit)))
        self.assertTrue(VALIDATOR.is_valid(change(lambda d: d["targets"][0].update(added="later"))))


if __name__ == "__main__":
    unittest.main()
