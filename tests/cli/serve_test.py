"""`fwprobe serve` as a whole: what it depends on fails and comes back."""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
import urllib.request

FWPROBE = pathlib.Path(os.environ["FWPROBE"])
PATIENCE = 120  # seconds, for what must come at all
NAME = "one.example.test"


def free_port():
    """For TCP and UDP."""
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        udp.bind(tcp.getsockname())
        return tcp.getsockname()[1]


@contextlib.contextmanager
def ended(process):
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def resolver(port):
    return ended(subprocess.Popen(["dnsmasq", "--no-daemon", f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces",
                                   "--no-resolv", "--no-hosts", f"--address=/{NAME}/127.0.0.1", "--user=", "--group="],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))


class Service:
    """Its log is read line by line; what comes too late ends it, which ends the log."""

    def __init__(self, folder, suite):
        self.port = free_port()
        path = pathlib.Path(folder, "suite.yaml")
        path.write_text(f"{suite}serve: {{listen: ['127.0.0.1:{self.port}'], database: history.db}}\n")
        self.process = subprocess.Popen([FWPROBE, "serve", "--config", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True)
        self.log = []

    def __enter__(self):
        self.late = threading.Timer(PATIENCE, self.process.kill)
        self.late.start()
        return self

    def __exit__(self, *_):
        self.late.cancel()
        with ended(self.process):
            self.process.terminate()
            self.process.wait(timeout=PATIENCE)

    def until(self, *words):
        for line in self.process.stdout:
            self.log.append(line)
            if all(word in line for word in words):
                return line
        raise AssertionError(f"no line with {words} in:\n{''.join(self.log)}")

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE) as answer:
            return answer.read().decode()


class Serving(unittest.TestCase):
    def test_a_resolver_that_dies_is_told_and_so_is_its_return(self):
        port, closed = free_port(), free_port()
        # A name that leads to this machine is itself a finding: what is expected tells it from the resolver's failures.
        suite = f"""
defaults: {{interval: 1s, timeout: 2s, trace: never, dns-server: '127.0.0.1:{port}'}}
targets:
  - {{target: 'tcp://{NAME}:{closed}', id: by-name, expect: fail dns.sinkhole}}
  - {{target: 'tcp://127.0.0.1:{closed}', id: by-address, expect: fail tcp.refused}}
"""
        with tempfile.TemporaryDirectory() as folder, Service(folder, suite) as service:
            def becomes(cause, as_expected):
                line = service.until("event=change target=by-name", f"cause={cause} ")
                self.assertIn(f"as_expected={as_expected} ", line)

            becomes("dns.unreachable", "no")
            with resolver(port) as one:
                becomes("dns.sinkhole", "yes")
                one.send_signal(signal.SIGSTOP)
                becomes("dns.timeout", "no")
            becomes("dns.unreachable", "no")
            metrics = service.get("/metrics")
            self.assertRegex(metrics, r'fwprobe_target_cause_info{target="by-name".*cause="dns.unreachable".*} 1\n')
            self.assertRegex(metrics, r'fwprobe_target_as_expected{target="by-address".*} 1\n')
            self.assertEqual(service.get("/readyz"), "ready\n")
            with resolver(port):
                becomes("dns.sinkhole", "yes")
            self.assertFalse([line for line in service.log if "target=by-address" in line and "as_expected=no" in line])


if __name__ == "__main__":
    unittest.main()
