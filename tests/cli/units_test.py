"""The systemd units: what systemd says about them."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
BUILD = pathlib.Path(os.environ["BUILD_DIR"])
UNITS = BUILD / "systemd"
SERVICES = ["fwprobe.service", "fwprobe-run@.service"]


def analyze(*arguments):
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C", "SYSTEMD_COLORS": "0"})
    return done.returncode, done.stdout + done.stderr


class Units(unittest.TestCase):
    def setUp(self):
        """The units as they are installed, with a program that exists, and templates as one of theirs."""
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for unit in ["fwprobe.service", "fwprobe-run@.service", "fwprobe-run@.timer"]:
            text = (UNITS / unit).read_text()
            self.assertNotIn("@CMAKE", text)
            lines = [f"ExecStart=/bin/true{line[line.index(' '):]}" if line.startswith("ExecStart=") else line
                     for line in text.splitlines()]
            (pathlib.Path(self.folder.name) / unit.replace("@.", "@office.")).write_text("\n".join(lines) + "\n")

    def path(self, unit):
        return os.path.join(self.folder.name, unit.replace("@.", "@office."))

    def test_systemd_understands_every_line(self):
        for unit in [*SERVICES, "fwprobe-run@.timer"]:
            with self.subTest(unit):
                code, output = analyze("verify", "--man=no", self.path(unit))
                # Whatever else is installed on this machine is not ours.
                ours = [line for line in output.splitlines() if "fwprobe" in line]
                self.assertEqual((code, ours), (0, []), output)

    def test_the_services_are_hardened(self):
        for unit in SERVICES:
            with self.subTest(unit):
                # 0 is best, 10 worst; what is left is the network, which is its work.
                code, output = analyze("security", "--offline=yes", "--threshold=15", "--no-pager", self.path(unit))
                self.assertEqual(code, 0, output)


if __name__ == "__main__":
    if shutil.which("systemd-analyze") is None:
        raise SystemExit("systemd-analyze is missing: ./dev test installs systemd")
    unittest.main()
