"""`fwprobe trace` as a whole, over loopback: output, exit codes, signals. What routers say is tested in tests/lab."""
import json
import os
import signal
import socket
import subprocess
import tempfile
import unittest

import jsonschema
import replay

FWPROBE = os.environ["FWPROBE"]
with open(os.path.join(os.environ["SOURCE_DIR"], "docs/report.schema.json"), encoding="utf-8") as file:
    SCHEMA = jsonschema.Draft7Validator(json.load(file))


def trace(*arguments):
    return subprocess.run([FWPROBE, "trace", *arguments], capture_output=True, text=True, timeout=60,
                          env={"PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL, check=False)


def report(*arguments):
    done = trace("--format", "json", *arguments)
    document = json.loads(done.stdout)
    SCHEMA.validate(document)
    replay.assert_same_verdict(done.stdout, done.returncode)
    return done.returncode, document["targets"][0]


def free_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


class Trace(unittest.TestCase):
    def test_a_port_that_listens_is_reached(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            for text in (f"127.0.0.1:{port}", f"tcp://127.0.0.1:{port}", f"https://127.0.0.1:{port}/path"):
                code, target = report(text)
                self.assertEqual((code, target["status"], target["diagnosis"]), (0, "pass", None))
                self.assertEqual((target["scheme"], target["port"]), ("tcp", port))

    def test_ipv6_in_brackets(self):
        try:
            listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
        except OSError:
            self.skipTest("no IPv6 on loopback here")
        with listener:
            code, target = report(f"[::1]:{listener.getsockname()[1]}")
        self.assertEqual((code, target["host"]), (0, "::1"))

    def test_a_host_without_a_port_is_its_https_port(self):
        code, target = report("trace.example", "--resolve", "trace.example=127.0.0.1", "--timeout", "500ms")
        self.assertEqual((target["target"], target["port"]), ("tcp://trace.example:443", 443))
        self.assertIn(code, (0, 1))

    def test_a_closed_port_is_not_reached(self):
        code, target = report(f"127.0.0.1:{free_port()}")
        self.assertEqual((code, target["diagnosis"]["cause"]), (1, "tcp.refused"))

    def test_a_text_ends_with_the_verdict_and_a_file_has_it_all(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "trace.txt")
            done = trace(f"127.0.0.1:{free_port()}", "--report", f"text={path}")
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr, "")
            self.assertIn("tcp.refused", done.stdout)
            with open(path, encoding="utf-8") as text:
                self.assertIn("tcp.refused", text.read())

    def test_a_proxy_of_the_environment_is_not_asked(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            done = subprocess.run(
                [FWPROBE, "trace", f"127.0.0.1:{listener.getsockname()[1]}", "--format", "json"], capture_output=True,
                text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
                env={"PATH": os.environ["PATH"], "HTTPS_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"})
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_what_cannot_be_measured_is_three(self):
        # No resolver, no address; the name of RFC 6761 that nobody answers.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            resolver = f"127.0.0.1:{silent.getsockname()[1]}"
            code, target = report("name.invalid:443", "--dns-server", resolver, "--timeout", "30s", "--deadline", "500ms")
        self.assertIn((code, target["status"]), ((3, "error"), (1, "fail")))

    def test_a_signal_ends_it_with_what_is_there(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as resolver:
            resolver.bind(("127.0.0.1", 0))
            process = subprocess.Popen(
                [FWPROBE, "trace", "name.invalid:443", "--format", "json", "--dns-server",
                 f"127.0.0.1:{resolver.getsockname()[1]}"], stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
            resolver.recv(512)  # it is at work
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)
        document = json.loads(output)
        SCHEMA.validate(document)
        self.assertFalse(document["run"]["complete"])

    def test_a_closed_standard_output_is_said(self):
        read, write = os.pipe()
        os.close(read)
        process = subprocess.Popen([FWPROBE, "trace", "127.0.0.1:9"], stdout=write, stderr=subprocess.PIPE, text=True,
                                   stdin=subprocess.DEVNULL)
        os.close(write)
        _, errors = process.communicate(timeout=30)
        self.assertIn("the report was not written", errors)
        self.assertIn(process.returncode, (1, 3))


if __name__ == "__main__":
    unittest.main()
