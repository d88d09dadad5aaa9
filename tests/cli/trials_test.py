"""--idle, --upload and --methods: nothing of them is sent unasked, a signal ends them, and reports of them judge the same again."""
import collections
import json
import os
import signal
import subprocess
import threading
import unittest

from check_test import FWPROBE, report, server


class Application:
    """Answers every request and keeps its connections; notes what was asked."""

    def __init__(self):
        self.requests, self.bodies, self.heads = collections.Counter(), collections.Counter(), []
        self.kept = threading.Event()  # a connection has carried two answers

    def __call__(self, connection):
        answered = 0
        with connection.makefile("rb") as stream:
            while line := stream.readline(65536):
                method, length = line.split()[0].decode(), 0
                while (header := stream.readline(65536).strip()):
                    self.heads.append(header.decode())
                    if header.lower().startswith(b"content-length:"):
                        length = int(header.partition(b":")[2])
                self.requests[method] += 1
                while length > 0 and (part := stream.read(min(length, 65536))):
                    length -= len(part)
                    self.bodies[method] += len(part)
                    assert not part.strip(b"\0"), "a body of zeros"
                connection.sendall(b"HTTP/1.1 200 OK\r\nServer: app\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")
                answered += 1
                if answered == 2:
                    self.kept.set()


class Trials(unittest.TestCase):
    def check(self, *options):
        application = Application()
        with server(application) as port:
            code, document = report(f"http://127.0.0.1:{port}/", "--no-proxy", *options)
        return application, code, document["targets"][0]

    def test_nothing_is_tried_unasked(self):
        application, code, target = self.check()
        self.assertEqual(code, 0, target)
        self.assertEqual(application.requests, {"GET": 1})
        self.assertEqual({measurement["kind"] for measurement in target["measurements"]}, {"environment", "tcp", "http"})

    def test_all_three_together_pass_and_have_the_users_headers(self):
        application, code, target = self.check("--idle", "1s", "--upload", "3MiB", "--methods", "--header", "X-Key: k")
        self.assertEqual(code, 0, target)
        self.assertEqual(application.bodies, {"POST": 3 * 1024 * 1024 + 1})
        self.assertEqual({method: application.requests[method] for method in ("OPTIONS", "PUT", "PATCH", "DELETE")},
                         {"OPTIONS": 1, "PUT": 1, "PATCH": 1, "DELETE": 1})
        self.assertEqual(application.heads.count("X-Key: k"), application.requests.total())
        self.assertEqual(sum(head.startswith("If-Match:") for head in application.heads), 4)
        summaries = " ".join(finding["summary"] for finding in target["findings"])
        for words in ("3145728 bytes got through", "of silence the same connection carries a request", "every method is answered"):
            self.assertIn(words, summaries)

    def test_the_deadline_is_longer_by_the_silence(self):
        _, code, target = self.check("--idle", "2s", "--deadline", "1s")
        self.assertEqual(code, 0, target)

    def test_a_silence_without_a_protocol_is_ended_by_a_keep_alive_probe(self):
        listening = threading.Event()
        with server(lambda connection: listening.wait(20)) as port:
            code, document = report(f"tcp://127.0.0.1:{port}", "--no-proxy", "--idle", "1s")
            listening.set()
        self.assertEqual(code, 0, document["targets"][0])
        self.assertIn("keep-alive probe is answered", json.dumps(document["targets"][0]["findings"]))

    def test_a_signal_ends_a_silence(self):
        application = Application()
        with server(application) as port:
            process = subprocess.Popen([FWPROBE, "check", f"http://127.0.0.1:{port}/", "--no-proxy", "--idle", "1h", "--format", "json"],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"]})
            self.assertTrue(application.kept.wait(20))
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130)
        self.assertFalse(json.loads(output)["run"]["complete"])


if __name__ == "__main__":
    unittest.main()
