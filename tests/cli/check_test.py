"""`fwprobe check` as a whole: exit codes, report files, signals, deadlines, and servers that mean no good."""
import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import replay

FWPROBE = os.environ["FWPROBE"]


def fwprobe(*arguments, env=None, text=True):
    environment = {"PATH": os.environ["PATH"], **(env or {})}
    return subprocess.run([FWPROBE, "check", *arguments], capture_output=True, text=text, timeout=60, env=environment,
                          stdin=subprocess.DEVNULL)


def report(*arguments, env=None):
    done = fwprobe("--format", "json", *arguments, env=env)
    replay.assert_same_verdict(done.stdout, done.returncode)
    return done.returncode, json.loads(done.stdout)


@contextlib.contextmanager
def server(serve, family=socket.AF_INET, address="127.0.0.1"):
    """A TCP server on a free port; `serve(connection)` runs for each connection and its errors end only that one."""
    stop = threading.Event()
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.bind((address, 0))
        listener.listen(16)
        threads = []

        def one(connection):
            with connection, contextlib.suppress(OSError):
                serve(connection)

        def accept():
            while not stop.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=one, args=(connection,), daemon=True))
                threads[-1].start()

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stop.set()
            listener.shutdown(socket.SHUT_RDWR)


def http(response, read_first=True):
    def serve(connection):
        if read_first:
            connection.recv(65536)
        connection.sendall(response)
    return serve


def answer(body=b"", status="200 OK", headers=b"", content_type=b"text/plain"):
    return (f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n".encode() + b"Content-Type: " +
            content_type + b"\r\n" + headers + b"\r\n" + body)


def closed_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


class Verdicts(unittest.TestCase):
    def test_a_healthy_server_passes(self):
        with server(http(answer(b"hello"))) as port:
            code, document = report(f"http://127.0.0.1:{port}/")
        self.assertEqual(code, 0, document)
        self.assertEqual(document["summary"], {"status": "pass", "targets": 1, "pass": 1, "warn": 0, "fail": 0, "error": 0})
        self.assertIsNone(document["targets"][0]["diagnosis"])

    def test_ipv6_passes_as_well(self):
        with server(http(answer(b"hello")), socket.AF_INET6, "::1") as port:
            code, document = report(f"http://[::1]:{port}/")
        self.assertEqual(code, 0, document)

    def assert_cause(self, cause, code, document, expected_code=1):
        diagnosis = document["targets"][0]["diagnosis"]
        self.assertIsNotNone(diagnosis, document["targets"][0]["findings"])
        self.assertEqual(diagnosis["cause"], cause, document["targets"][0]["findings"])
        self.assertEqual(code, expected_code)
        for field in ("title", "explanation", "location", "confidence", "responsible", "remedy", "evidence"):
            self.assertTrue(diagnosis[field], field)

    def test_each_fault_has_its_cause(self):
        def reset(connection):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        rows = [
            ("tcp.closed_early", lambda connection: None, "tcp://127.0.0.1:{}"),
            ("tcp.closed_early", reset, "tcp://127.0.0.1:{}"),
            ("tcp.closed_early", lambda connection: None, "tls://127.0.0.1:{}"),
            ("tls.not_tls", http(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "https://127.0.0.1:{}/"),
            ("tls.client_hello_dropped", lambda c: c.recv(65536) and threading.Event().wait(5), "tls://127.0.0.1:{}"),
            ("tls.client_hello_reset", lambda c: c.recv(65536), "tls://127.0.0.1:{}"),
            ("http.timeout", lambda c: c.recv(65536) and threading.Event().wait(5), "http://127.0.0.1:{}/"),
            ("http.closed_early", http(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), "http://127.0.0.1:{}/"),
            ("http.malformed", http(b"\0\1\2 this is no HTTP\r\n\r\n"), "http://127.0.0.1:{}/"),
            ("http.too_large", http(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"), "http://127.0.0.1:{}/"),
            ("http.too_large", http(answer(b"x" * 9_000_000)), "http://127.0.0.1:{}/"),
            ("http.unauthorized", http(answer(status="401 Unauthorized")), "http://127.0.0.1:{}/"),
            ("http.forbidden", http(answer(status="403 Forbidden")), "http://127.0.0.1:{}/"),
            ("http.not_found", http(answer(status="404 Not Found")), "http://127.0.0.1:{}/"),
            ("http.client_error", http(answer(status="429 Too Many Requests")), "http://127.0.0.1:{}/"),
            ("http.server_error", http(answer(status="503 Service Unavailable")), "http://127.0.0.1:{}/"),
            ("http.redirect_loop", http(answer(status="302 Found", headers=b"Location: /again\r\n")), "http://127.0.0.1:{}/"),
            ("ssh.not_ssh", http(b"220 mail.example.test ESMTP\r\n", read_first=False), "ssh://127.0.0.1:{}"),
            ("ssh.banner_timeout", lambda c: threading.Event().wait(5), "ssh://127.0.0.1:{}"),
        ]
        for cause, serve, target in rows:
            with self.subTest(cause=cause, target=target), server(serve) as port:
                code, document = report(target.format(port), "--timeout", "1s")
                self.assert_cause(cause, code, document)
        with self.subTest("nothing listens"):
            code, document = report(f"tcp://127.0.0.1:{closed_port()}")
            self.assert_cause("tcp.refused", code, document)

    def test_localhost_in_an_answer_is_found(self):
        body = json.dumps({"value": [{"url": "http://localhost:8080/tfs"}]}).encode()
        with server(http(answer(body, content_type=b"application/json"))) as port:
            code, document = report(f"http://probe.example.test:{port}/", "--resolve", "probe.example.test=127.0.0.1")
        self.assert_cause("content.localhost_url", code, document)

    def test_the_worst_target_decides_the_exit_code(self):
        with server(http(answer(b"hello"))) as port:
            code, document = report(f"http://127.0.0.1:{port}/", f"tcp://127.0.0.1:{closed_port()}")
        self.assertEqual(code, 1)
        self.assertEqual([target["status"] for target in document["targets"]], ["pass", "fail"])

    def test_expected_statuses(self):
        with server(http(answer(status="204 No Content"))) as port:
            self.assertEqual(report(f"http://127.0.0.1:{port}/", "--expect-status", "204")[0], 0)
            code, document = report(f"http://127.0.0.1:{port}/", "--expect-status", "200")
        self.assert_cause("http.unexpected_status", code, document)

    def test_a_proxy_that_no_proxy_keeps_out_is_compared_without_anything_secret(self):
        heard = []

        def proxy(connection):
            heard.append(connection.recv(65536))
            connection.sendall(answer(b"hello"))
        with server(proxy) as port:
            env = {"http_proxy": f"http://user:pw@127.0.0.1:{port}", "no_proxy": "localhost, 127.0.0.0/8"}
            target = f"http://127.0.0.1:{closed_port()}/"
            code, document = report(target, "--header", "X-Secret: sesame", env=env)
            diagnosis = document["targets"][0]["diagnosis"]
            self.assertEqual((code, diagnosis["cause"]), (1, "proxy.required"))
            self.assertIn("Take '127.0.0.0/8' out of no_proxy", diagnosis["remedy"][0])
            self.assertIn(f"GET {target} HTTP/1.1".encode(), heard[0])
            self.assertNotIn(b"sesame", heard[0])

            heard.clear()
            _, document = report(target, "--no-proxy", env=env)
            self.assertEqual(document["targets"][0]["diagnosis"]["cause"], "tcp.refused")
            self.assertEqual(heard, [], "under --no-proxy no proxy is contacted")

    def test_past_a_proxy_that_is_down_the_direct_way_is_compared(self):
        with server(http(answer(b"hello"))) as port:
            _, document = report(f"http://127.0.0.1:{port}/", env={"http_proxy": f"http://127.0.0.1:{closed_port()}"})
            diagnosis = document["targets"][0]["diagnosis"]
            self.assertEqual(diagnosis["cause"], "proxy.unreachable")
            self.assertIn("a direct connection works", diagnosis["explanation"])
            self.assertIn("NO_PROXY", " ".join(diagnosis["remedy"]))

    def test_attempts_that_differ_are_intermittent(self):
        seen = []

        def every_other(connection):
            seen.append(connection)
            if len(seen) % 2 == 0:
                connection.recv(1)

        with server(every_other) as port:
            code, document = report(f"tcp://127.0.0.1:{port}", "--attempts", "4")
        self.assertEqual(code, 1)
        self.assertEqual(document["targets"][0]["diagnosis"]["cause"], "tcp.intermittent")


class Limits(unittest.TestCase):
    def test_the_deadline_holds_and_says_so(self):
        with server(lambda c: threading.Event().wait(20)) as port:
            begin = time.monotonic()
            code, document = report(f"http://127.0.0.1:{port}/", "--deadline", "300ms", "--timeout", "10s")
            self.assertLess(time.monotonic() - begin, 10)
        self.assertIn(code, (1, 3))
        self.assertNotEqual(document["summary"]["status"], "pass")

    def test_a_signal_reports_what_was_measured(self):
        for number, expected in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            connected = threading.Event()

            def serve(connection):
                connection.recv(65536)
                connected.set()
                threading.Event().wait(20)

            with self.subTest(number), server(serve) as port:
                process = subprocess.Popen([FWPROBE, "check", f"http://127.0.0.1:{port}/", "--format", "json"],
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                self.assertTrue(connected.wait(20))
                process.send_signal(number)
                output, _ = process.communicate(timeout=20)
                self.assertEqual(process.returncode, expected)
                document = json.loads(output)
                self.assertFalse(document["run"]["complete"])
                kinds = [measurement["kind"] for measurement in document["targets"][0]["measurements"]]
                self.assertIn("tcp", kinds)

    def test_a_slow_drip_ends_at_the_timeout(self):
        def drip(connection):
            connection.recv(65536)
            for _ in range(400):
                connection.sendall(b"H")
                time.sleep(0.05)

        with server(drip) as port:
            begin = time.monotonic()
            code, _ = report(f"http://127.0.0.1:{port}/", "--timeout", "500ms")
            self.assertLess(time.monotonic() - begin, 15)
        self.assertEqual(code, 1)


class Output(unittest.TestCase):
    def test_nothing_that_a_server_sends_reaches_the_terminal_as_a_command(self):
        evil = b"\x1b]0;owned\x07\x1b[2J\r\nX-Next: \x9b31m\xe2\x80\xae"
        responses = [answer(status="500 \x1b[31mred", headers=b"Server: " + evil + b"\r\n"), b"\x1b[2J\x07garbage\r\n\r\n",
                     answer(status="302 Found", headers=b"Location: http://\x1b[31mhost/\r\n")]
        for response in responses:
            with server(http(response)) as port:
                done = fwprobe(f"http://127.0.0.1:{port}/", "--verbose", text=False)
            for byte in (b"\x1b", b"\x07", b"\r", b"\x9b", "\u202e".encode()):
                self.assertNotIn(byte, done.stdout.replace("─".encode(), b"").replace("•".encode(), b"") if byte == b"\x9b"
                                 else done.stdout, response)

    def test_reports_are_written_whole_and_one_failure_does_not_lose_the_others(self):
        with tempfile.TemporaryDirectory() as folder, server(http(answer(b"hello"))) as port:
            target = f"http://127.0.0.1:{port}/"
            done = fwprobe(target, "--report", f"json={folder}/report.json", "--report", f"text={folder}/report.txt")
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(f"{folder}/report.json", encoding="utf-8") as file:
                self.assertEqual(json.load(file)["schema"], "fwprobe/report/v1")
            with open(f"{folder}/report.txt", encoding="utf-8") as file:
                self.assertIn("PASS", file.read())
            self.assertEqual(sorted(os.listdir(folder)), ["report.json", "report.txt"])

            done = fwprobe(target, "--report", "json=/nonexistent/report.json", "--report", f"json={folder}/second.json")
            self.assertIn("/nonexistent/report.json", done.stderr)
            self.assertEqual(done.returncode, 3)
            self.assertTrue(os.path.exists(f"{folder}/second.json"))
            self.assertIn("PASS", done.stdout)

    def test_a_full_standard_output_is_an_error(self):
        with server(http(answer(b"hello"))) as port, open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([FWPROBE, "check", f"http://127.0.0.1:{port}/"], stdout=full, stderr=subprocess.PIPE,
                                  text=True, timeout=60)
        self.assertEqual(done.returncode, 3)
        self.assertIn("standard output", done.stderr)

    def test_a_closed_standard_stream_is_never_taken_for_a_connection(self):
        for stream in (0, 1, 2):
            received = []

            def serve(connection, received=received):
                received.append(connection.recv(65536))
                connection.sendall(answer(b"hello"))
                received.append(connection.recv(65536))

            with self.subTest(stream=stream), server(serve) as port:
                done = subprocess.run(["sh", "-c", f'exec "$0" "$@" {stream}>&-', FWPROBE, "check",
                                       f"http://127.0.0.1:{port}/", "--no-proxy"], capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 3 if stream == 1 else 0, done.stderr)
                self.assertEqual("Bad file descriptor" in done.stderr, stream == 1)
                self.assertFalse(any(b"PASS" in data for data in received))

    def test_colour_only_when_asked_for(self):
        with server(http(answer(b"hello"))) as port:
            target = f"http://127.0.0.1:{port}/"
            self.assertNotIn("\x1b[", fwprobe(target).stdout)
            self.assertIn("\x1b[", fwprobe(target, "--color", "always").stdout)
            self.assertNotIn("\x1b[", fwprobe(target, "--color", "auto", env={"NO_COLOR": "1"}).stdout)

    def test_a_header_value_is_sent_and_never_shown(self):
        received = []

        def serve(connection):
            received.append(connection.recv(65536))
            connection.sendall(answer(b"you sent: " + received[-1]))

        with server(serve) as port:
            done = fwprobe(f"http://127.0.0.1:{port}/", "--header", "X-Api-Key: sekret-value-1", "--verbose", "--format", "json")
        self.assertIn(b"X-Api-Key: sekret-value-1", received[0])
        self.assertNotIn("sekret-value-1", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
