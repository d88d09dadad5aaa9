"""docs/monitoring.md: its ten minutes, as they stand there, with ports that are free."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import unittest

FWPROBE = pathlib.Path(os.environ["FWPROBE"])
SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
PAGE = (SOURCE / "docs/monitoring.md").read_text()
WALK = PAGE[PAGE.index("## Ten minutes"):PAGE.index("## As a service")]
BLOCK = re.compile(r"```(sh|yaml)\n(.*?)```", re.DOTALL)
PORTS = ["8080", "8081", "9876", "9090", "9093"]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [str(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def has_verb(verb):
    shown = subprocess.run([FWPROBE, "--help"], capture_output=True, text=True, timeout=60, check=False).stdout
    return re.search(rf"^ +{verb}\b", shown, re.MULTILINE) is not None


def with_ports(text, ports):
    return re.sub(r"\b(" + "|".join(PORTS) + r")\b", lambda found: ports[found[1]], text)


class TenMinutes(unittest.TestCase):
    def test_the_walk_has_its_steps(self):
        kinds = [kind for kind, _ in BLOCK.findall(WALK)]
        self.assertEqual(kinds.count("yaml"), 1)
        self.assertGreaterEqual(kinds.count("sh"), 6)

    @unittest.skipUnless(has_verb("run") and has_verb("serve"), "this program has no `run` and `serve`")
    def test_every_command_works(self):
        ports = dict(zip(PORTS, free_ports(len(PORTS))))
        with tempfile.TemporaryDirectory() as folder:
            examples = pathlib.Path(folder, "examples")
            examples.mkdir()
            for example in (SOURCE / "docs/examples").glob("*.yml"):
                (examples / example.name).write_text(with_ports(example.read_text(), ports))
            script = ["set -eu", f'PATH={FWPROBE.parent}:$PATH']
            for kind, text in BLOCK.findall(WALK):
                text = with_ports(text, ports)
                if kind == "yaml":
                    name = re.match(r"# (\S+)\n", text)[1]
                    script.append(f"cat > {name} <<'END'\n{text}END")
                else:
                    script.append(re.sub(r"^EXAMPLES=.*", f"EXAMPLES={examples}", text, flags=re.MULTILINE))
            shell = subprocess.Popen(["bash", "-c", "\n".join(script)], cwd=folder, text=True, start_new_session=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                     env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": folder})
            try:
                output, _ = shell.communicate(timeout=240)
            except subprocess.TimeoutExpired:
                output = "a step did not end"
            finally:
                # Also what the walk has started.
                try:
                    os.killpg(shell.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            logs = "".join(f"--- {log.name}\n{log.read_text()[-2000:]}" for log in pathlib.Path(folder).glob("*/*.log"))
            self.assertEqual(shell.returncode, 0, f"{output}\n{logs}")
            self.assertIn("FwprobeTargetFailed", output)
            self.assertIn("tcp.refused", output)
            self.assertIn('target="web"', output)


if __name__ == "__main__":
    unittest.main()
