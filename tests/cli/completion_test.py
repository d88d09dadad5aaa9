"""The completion scripts in the shells themselves, and the manual page as groff and mandoc read it."""
import os
import pty
import re
import select
import subprocess
import tempfile
import time
import unittest

FWPROBE = os.environ["FWPROBE"]
VERBS = (["check"], ["trace"], ["judge"], ["diff"], ["rules", "verify"], ["allowlist", "check"], ["allowlist", "export"])


def fwprobe(*arguments):
    return subprocess.run([FWPROBE, *arguments], capture_output=True, text=True, timeout=30, check=False)


def options_in_help(*verb):
    return set(re.findall(r"(?m)^\s+(?:-\w,)?(--[a-z][a-z0-9-]*)", fwprobe(*verb, "--help").stdout))


class Shells(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        for shell in ("bash", "zsh", "fish"):
            done = fwprobe("completion", shell)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            with open(self.script(shell), "w", encoding="utf-8") as file:
                file.write(done.stdout)
        with open(os.path.join(self.directory.name, "a file.json"), "w", encoding="utf-8"):
            pass

    def script(self, shell):
        return os.path.join(self.directory.name, "_fwprobe." + shell)

    def run_in(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=self.directory.name,
                              env={"PATH": os.environ["PATH"], "HOME": self.directory.name, "LC_ALL": "C.UTF-8"})
        self.assertEqual((done.returncode, done.stderr), (0, ""), command)
        return done.stdout.splitlines()

    def bash(self, *words):
        return self.run_in("bash", "--norc", "-c", 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _fwprobe; '
                           '((${#COMPREPLY[@]} == 0)) || printf "%s\\n" "${COMPREPLY[@]}"', self.script("bash"), *words)

    def fish(self, line):
        lines = self.run_in("fish", "--no-config", "-c", f"source {self.script('fish')}; complete -C '{line}'")
        return [text.split("\t")[0] for text in lines]

    ROWS = (
        ("a verb", ["fwprobe", "tr"], ["trace"]),
        ("an option", ["fwprobe", "check", "--expect-a"], ["--expect-address"]),
        ("a known value", ["fwprobe", "check", "https://host/", "--trace", "al"], ["always"]),
        ("a cause", ["fwprobe", "explain", "tcp.fil"], ["tcp.filtered"]),
        ("a built-in list", ["fwprobe", "check", "--allowlist", "app"], ["appcircle"]),
        ("a verb below a verb", ["fwprobe", "allowlist", "inter"], ["intersect"]),
        ("a list that is built in", ["fwprobe", "allowlist", "show", "azure-d"], ["azure-devops"]),
        ("a form of rules", ["fwprobe", "allowlist", "export", "appcircle", "--as", "nft"], ["nftables"]),
        ("a file", ["fwprobe", "judge", "a"], ["a file.json"]),
        ("a verb's name as a value is no verb", ["fwprobe", "check", "--site", "trace", "--attem"], ["--attempts"]),
    )

    def test_bash(self):
        for name, words, expected in self.ROWS:
            with self.subTest(name):
                self.assertEqual(self.bash(*words), expected)
        self.assertEqual(self.bash("fwprobe", "check", "--color", "=", "ne"), ["never"])
        self.assertEqual(self.bash("fwprobe", "check", "--timeout", ""), [])

    def test_bash_knows_every_option(self):
        for verb in VERBS:
            self.assertLessEqual(options_in_help(*verb), set(self.bash("fwprobe", *verb, "--")), verb)
            self.assertGreater(len(options_in_help(*verb)), 2)

    def test_fish(self):
        for name, words, expected in self.ROWS:
            with self.subTest(name):
                found = self.fish(" ".join(words))
                self.assertEqual([text.replace("\\ ", " ") for text in found], expected)

    def test_zsh(self):
        for name, words, expected in self.ROWS:
            if name != "a file":  # zsh writes it with its own quoting
                with self.subTest(name):
                    self.assertIn(" ".join(words[:-1] + expected), self.zsh(" ".join(words)))

    def zsh(self, line):
        """What stands in the line after a tab."""
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.directory.name)
            os.execvpe("zsh", ["zsh", "-f", "-i"], {"PATH": os.environ["PATH"], "HOME": self.directory.name, "TERM": "dumb",
                                                      "LC_ALL": "C.UTF-8", "COLUMNS": "200"})
        try:
            read = self.reader(terminal)
            setup = ("unsetopt zle_bracketed_paste; autoload -U compinit && compinit -D; "
                     f"source {self.script('zsh')}; PS1=; print rea''dy\n")
            os.write(terminal, setup.encode())
            read("ready")
            os.write(terminal, f"{line}\t\x01print -r -- '<\x05>'\n".encode())
            return read(">\r\n")
        finally:
            os.close(terminal)
            os.waitpid(child, 0)

    def reader(self, terminal):
        seen = ""

        def read(until):
            nonlocal seen
            end = time.monotonic() + 30
            start = len(seen)
            while until not in seen[start:]:
                self.assertTrue(select.select([terminal], [], [], max(0, end - time.monotonic()))[0], seen)
                seen += os.read(terminal, 65536).decode(errors="replace")
            return seen[start:]
        return read

    def test_an_unknown_shell_is_refused(self):
        done = fwprobe("completion", "tcsh")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("write bash, zsh or fish", done.stderr)


class ManualPage(unittest.TestCase):
    def setUp(self):
        done = fwprobe("man")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.page = done.stdout

    def test_it_is_ascii_and_neither_groff_nor_mandoc_finds_fault(self):
        self.assertTrue(self.page.isascii())
        for command in (["groff", "-man", "-Tutf8", "-ww", "-z"], ["mandoc", "-Tlint", "-Wwarning"]):
            done = subprocess.run(command, input=self.page, capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""), command)

    def test_it_has_every_verb_and_option(self):
        shown = subprocess.run(["groff", "-man", "-Tascii", "-P-c"], input=self.page, capture_output=True, text=True, timeout=60,
                               check=True).stdout
        shown = re.sub(".\b", "", shown)
        for verb in VERBS:
            self.assertIn(" ".join(["fwprobe", *verb]), shown)
            for option in options_in_help(*verb):
                self.assertIn(option, shown)
        self.assertIn("EXIT STATUS", shown)


if __name__ == "__main__":
    unittest.main()
