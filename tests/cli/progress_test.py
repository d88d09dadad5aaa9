"""Progress is shown on a terminal, is gone when the report comes, and is nowhere else."""
import os
import pty
import socket
import subprocess
import unittest

FWPROBE = os.environ["FWPROBE"]


def closed_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def check_on_a_terminal(targets, *options):
    """Standard output, and what a terminal on standard error was sent."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        process = subprocess.Popen([FWPROBE, "check", *targets, *options], stdout=subprocess.PIPE, stderr=theirs)
        os.close(theirs)
        seen = b""
        try:
            while data := terminal.read(65536):
                seen += data
        except OSError:  # EIO: nobody has the other end any more (pty(7))
            pass
        output = process.communicate(timeout=60)[0]
    return process.returncode, output.decode(), seen.decode()


class Progress(unittest.TestCase):
    def test_a_few_targets_have_lines_that_disappear(self):
        targets = [f"tcp://127.0.0.1:{port}" for port in closed_ports(2)]
        code, output, seen = check_on_a_terminal(targets)
        self.assertEqual(code, 1)
        self.assertIn("tcp.refused", output)
        self.assertIn(targets[0] + "  ", seen)
        self.assertTrue(seen.endswith("\x1b[J"), repr(seen[-80:]))

    def test_many_targets_have_a_bar(self):
        code, _, seen = check_on_a_terminal([f"tcp://127.0.0.1:{port}" for port in closed_ports(40)])
        self.assertEqual(code, 1)
        self.assertRegex(seen, r"\[[#.]+\] \d+ of 40 targets")
        self.assertTrue(seen.endswith("\x1b[J"), repr(seen[-80:]))

    def test_quiet_shows_nothing(self):
        code, output, seen = check_on_a_terminal([f"tcp://127.0.0.1:{closed_ports(1)[0]}"], "--quiet")
        self.assertEqual((code, seen), (1, ""))
        self.assertIn("tcp.refused", output)

    def test_a_pipe_is_no_terminal(self):
        done = subprocess.run([FWPROBE, "check", f"tcp://127.0.0.1:{closed_ports(1)[0]}"], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (1, ""))


if __name__ == "__main__":
    unittest.main()
