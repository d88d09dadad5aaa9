"""The README's commands work as they stand there; only the host is another one."""
import os
import re
import socket
import subprocess
import unittest

FWPROBE = os.environ["FWPROBE"]
SOURCE = os.environ["SOURCE_DIR"]


def shell_blocks(page):
    with open(os.path.join(SOURCE, page), encoding="utf-8") as file:
        return re.findall(r"```sh\n(.*?)```", file.read(), re.DOTALL)


def closed_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


class Readme(unittest.TestCase):
    def test_every_command_is_understood(self):
        seen = 0
        for page in ("README.md", "docs/azure-devops.md"):
            for block in shell_blocks(page):
                lines = block.replace("\\\n", " ").splitlines()
                for line in (text.split("#")[0].strip() for text in lines):
                    command = re.search(r"(?:fwprobe|\./dev run) (check [^>;]*)", line)
                    if not command:
                        continue
                    seen += 1
                    words = re.sub(r"https://[a-z.]+/", f"https://127.0.0.1:{closed_port()}/", command[1]).split()
                    done = subprocess.run([FWPROBE, *words], capture_output=True, text=True, timeout=60, check=False,
                                          env={"PATH": os.environ["PATH"], "AZURE_TOKEN": "a-token"})
                    self.assertEqual(done.returncode, 1, line + "\n" + done.stderr + done.stdout)
                    self.assertIn("tcp.refused", done.stdout)
        self.assertGreaterEqual(seen, 3)

    def test_every_option_that_is_named_exists(self):
        # The manual page has the options of every verb.
        help_text = subprocess.run([FWPROBE, "man"], capture_output=True, text=True, timeout=60, check=True).stdout.replace("\\-", "-")
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
            named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", file.read()))
        self.assertTrue(named)
        for option in named - {"--help", "--install"}:  # the second is cmake's
            self.assertIn(option, help_text)

    def test_the_dev_script_has_the_verbs(self):
        verbs = subprocess.run([os.path.join(SOURCE, "dev"), "help"], capture_output=True, text=True, timeout=60, check=True).stdout
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
            for verb in set(re.findall(r"\./dev ([a-z]+)", file.read())):
                self.assertIn("./dev " + verb, verbs)

    def test_the_report_in_the_readme_has_the_form_of_a_real_one(self):
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
            shown = re.search(r"```text\n(.*?)```", file.read(), re.DOTALL)[1]
        done = subprocess.run([FWPROBE, "check", f"tls://127.0.0.1:{closed_port()}"], capture_output=True, text=True, timeout=60,
                              check=False)
        for heading in ("FAIL", "Cause", "Where", "Who mends", "Certainty", "Evidence", "What to do"):
            self.assertRegex(shown, rf"(?m)^{heading}")
            self.assertRegex(done.stdout, rf"(?m)^{heading}")

    def test_the_rules_in_the_readme_are_answered_as_it_shows(self):
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
            command, shown = re.search(r"```text\n\$ fwprobe (rules verify [^\n]*)\n(.*?)```", file.read(), re.DOTALL).groups()
        folder = os.path.join(SOURCE, "tests", "allowlist", "data", "firewall")
        done = subprocess.run([FWPROBE, *command.split()], capture_output=True, text=True, timeout=60, check=False, cwd=folder)
        self.assertEqual(done.stdout, shown)


if __name__ == "__main__":
    unittest.main()
