"""Progress is shown on a terminal, is gone when the report comes, and is nowhere else."""
import contextlib
import os
import pty
import re
import socket
import subprocess
import tempfile
import termios
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


def on_a_terminal(*arguments, columns=80):
    """Exit code, standard output, and what a terminal on standard error was sent."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        process = subprocess.Popen([FWPROBE, *arguments], stdout=subprocess.PIPE, stderr=theirs)
        os.close(theirs)
        seen = b""
        try:
            while data := terminal.read(65536):
                seen += data
        except OSError:  # EIO: nobody has the other end any more (pty(7))
            pass
        output = process.communicate(timeout=60)[0]
    return process.returncode, output.decode(), seen.decode()


def check_on_a_terminal(targets, *options, columns=80):
    return on_a_terminal("check", *targets, *options, columns=columns)


def lines_of(seen):
    """Everything that was ever drawn, without what moves the cursor."""
    return [line for line in re.split(r"[\r\n]|\x1b\[\d*[A-Z]", seen) if line]


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

    def test_no_line_is_wider_than_the_terminal(self):
        for count in (2, 40):
            _, _, seen = check_on_a_terminal([f"tcp://127.0.0.1:{port}" for port in closed_ports(count)], columns=20)
            self.assertLessEqual(max(map(len, lines_of(seen))), 20, repr(seen))

    def test_a_list_has_a_line_that_moves_while_nothing_answers(self):
        with contextlib.ExitStack() as stack:
            # Full: it drops each further SYN (listen(2)).
            full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
            stack.enter_context(socket.create_connection(full.getsockname()))
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            path = os.path.join(folder, "list.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write("name: test\nretrieved: 2026-01-31\ndirection: outbound\nentries:\n"
                           f"  - {{prefix: 127.0.0.1, ports: [{full.getsockname()[1]}]}}\n")
            code, _, seen = on_a_terminal("allowlist", "check", path, "--timeout", "2500ms", columns=60)
            self.assertEqual(code, 1)
            for second in range(3):
                self.assertRegex(seen, rf"\[\.+\] 0 of 1 connections, 0 accepted, {second} s")
            _, _, seen = on_a_terminal("allowlist", "check", path, "--timeout", "500ms", columns=20)
            self.assertLess(max(map(len, lines_of(seen))), 20, repr(seen))
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
