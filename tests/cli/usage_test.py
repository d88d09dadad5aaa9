"""Wrong usage is exit code 2, one line on standard error, nothing on standard output, and nothing is probed."""
import os
import subprocess
import tempfile
import unittest

FWPROBE = os.environ["FWPROBE"]
TARGET = "https://192.0.2.1/"


def run(*arguments, **options):
    environment = {"PATH": os.environ["PATH"], **options.pop("env", {})}
    return subprocess.run([FWPROBE, *arguments], capture_output=True, text=True, timeout=30, env=environment,
                          stdin=options.pop("stdin", subprocess.DEVNULL), **options)


class Usage(unittest.TestCase):
    def refused(self, *arguments, said, **options):
        done = run(*arguments, **options)
        with self.subTest(arguments=arguments):
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertEqual(done.stdout, "")
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            for words in [said] if isinstance(said, str) else said:
                self.assertIn(words, done.stderr)
        return done.stderr

    def test_wrong_options_and_values(self):
        azure = ["--profile", "azure-devops-server", "--collection", "c"]
        rows = [
            ([], "no verb"),
            (["chekc", TARGET], "did you mean 'check'?"),
            (["serve"], "--config is required"),
            (["serve", "--config", "no-such-file.yaml"], "no-such-file.yaml"),
            (["run"], "SUITE"),
            (["run", "/nonexistent/suite.yaml"], "/nonexistent/suite.yaml: No such file"),
            (["check"], "TARGET"),
            (["check", TARGET, "--tiemout", "3s"], "did you mean '--timeout'?"),
            (["check", TARGET, "--bogus-option"], "unknown option '--bogus-option'"),
            (["check", "ftp://host/"], "write https, http, tcp, tls or ssh"),
            (["check", "https://host:99999/"], "99999"),
            (["check", "tcp://host"], "the port is missing"),
            (["check", TARGET, "--timeout", "5"], ["--timeout", "500ms or 3s"]),
            (["check", TARGET, "--deadline", "soon"], ["--deadline", "'soon'"]),
            (["check", TARGET, "--attempts", "0"], "--attempts"),
            (["check", TARGET, "--idle", "5"], ["--idle", "500ms or 3s"]),
            (["check", TARGET, "--idle", "500ms"], ["--idle", "between 1s and 24h"]),
            (["check", TARGET, "--upload", "1GiB"], ["--upload", "10MiB"]),
            (["check", "tcp://host:1", "--upload", "1MiB"], "need targets that speak HTTP"),
            (["check", "ssh://host", "--methods"], "need targets that speak HTTP"),
            (["check", TARGET, "--dns-server", "dns.example"], ["--dns-server", "192.0.2.53"]),
            (["check", TARGET, "--resolve", "host"], ["--resolve", "HOST=ADDR"]),
            (["check", TARGET, "--expect-address", "10.0.0.1/8"], ["--expect-address", "10.0.0.0/8"]),
            (["check", TARGET, "--source", "nosuchif0"], ["--source", "interface"]),
            (["check", TARGET, "--header", "no colon"], ["--header", "'Name: value'"]),
            (["check", TARGET, "--expect-status", "2000"], ["--expect-status", "200,204,3xx"]),
            (["check", TARGET, "--format", "yaml"], ["--format: 'yaml' is not a format", "text, json"]),
            (["check", TARGET, "--report", "json"], "FORMAT=FILE"),
            (["check", TARGET, "--color", "blue"], "auto, always or never"),
            (["check", TARGET, "--trace", "sometimes"], "auto, always and never"),
            (["check", "ssh://h", "--ssh-fingerprint", "MD5:97:70:33:82:fd:29:3a:73:39:af:6a:07:ad:f8:80:49"],
             ["--ssh-fingerprint", "MD5", "ssh-keygen -lf"]),
            (["check", "ssh://h", "--ssh-fingerprint", "SHA256:short"], "Base64 of 32 bytes"),
            (["check", TARGET, "--ssh-fingerprint", "SHA256:" + 43 * "A"], "needs an ssh:// target"),
            (["check", TARGET, "--profile", "gitlab"], "azure-devops-server"),
            (["check", "tcp://host:1", "--profile", "web"], "needs"),
            (["check", TARGET, "-4", "-6"], "-4 and -6"),
            (["check", TARGET, "--expect-public", "--expect-private"], "exclude each other"),
            (["check", TARGET, "--proxy", "http://p:1", "--no-proxy"], "exclude each other"),
            (["check", TARGET, "--proxy", "ftp://p:1"], "socks5"),
            (["check", TARGET, "--sni", "192.0.2.1"], "RFC 6066"),
            (["check", TARGET, "--collection", "c"], "--collection needs --profile"),
            (["check", TARGET, "--profile", "azure-devops-server"], "--collection is missing"),
            (["check", TARGET, "--token-env", "T"], "a token needs --profile"),
            (["check", TARGET, *azure, "--token-env", "NO_SUCH"], ["NO_SUCH", "not set"]),
            (["check", TARGET, *azure, "--token-file", "/nonexistent/token"], "/nonexistent/token"),
            (["check", TARGET, *azure, "--token-stdin"], "the token is empty"),
            (["check", TARGET, "--allowlist", "/nonexistent/list.yaml"], "/nonexistent/list.yaml"),
            (["check", TARGET, "--allowlist", "nosuchlist"], ["nosuchlist", "appcircle"]),
            (["check", TARGET, "--ca-file", "/nonexistent/ca.pem"], "/nonexistent/ca.pem"),
            (["check", TARGET, "--client-key", "/nonexistent/key.pem"], "--client-cert"),
            (["check", TARGET, "-6"], ["192.0.2.1", "only IPv6 is asked for (-6"]),
            (["check", TARGET, "--source", "2001:db8::1"], ["192.0.2.1", "the family of --source"]),
            (["check", TARGET, "--source", "2001:db8::1", "-4"], ["--source", "not of the family that -4 asks for"]),
            (["check", "https://h.test/", "--resolve", "h.test=::1", "-4"], ["--resolve", "only IPv4 is asked for (-4"]),
            (["check", ""], "TARGET: the value is empty"),
            (["check", TARGET, "--timeout", ""], "--timeout: the value is empty"),
            (["check", TARGET, *azure, "--token-file", ""], "--token-file: the value is empty"),
            (["check", TARGET, "--proxy", ""], "--proxy: the value is empty"),
            (["check", TARGET, *azure[:2], "--collection", "../x"], ["--collection", "DefaultCollection"]),
            (["check", TARGET, *azure[:2], "--collection", "https://dev.azure.com/org"], "is a URL"),
            (["check", TARGET, *azure[:2], "--collection", "/"], "names no collection"),
            (["check", TARGET, *azure[:2], "--collection", "a\nb"], "control character"),
            (["check", "https://ho\x1b[31mst/"], "\\x1B[31m"),
            (["\x1b[31mcheck"], "\\x1B[31m"),
            (["explain", "\x1b[31m"], "\\x1B[31m"),
            (["trace"], "TARGET"),
            (["traec", "host:443"], "did you mean 'trace'?"),
            (["trace", "host:443", "--hop", "3"], "did you mean '--hops'?"),
            (["trace", "host:443", "other:443"], "other:443"),
            (["trace", "host:443", "--hops", "0"], "--hops"),
            (["trace", "host:443", "--hops", "65"], "--hops"),
            (["trace", "host:99999"], "99999"),
            (["trace", "2001:db8::1"], "in brackets"),
            (["trace", "host:443", "-4", "-6"], "-4 and -6"),
            (["trace", "host:443", "--sni", "name"], "unknown option '--sni'"),
            (["judge"], "REPORT is required"),
            (["judge", "/nonexistent/report.json"], "/nonexistent/report.json: No such file"),
            (["judge", "-", "--control", "-"], "cannot both be standard input"),
            (["judge", "r.json", "--profile", "web"], "unknown option '--profile'"),
            (["completion"], "bash|zsh|fish is required"),
            (["completion", "tcsh"], "write bash, zsh or fish"),
            (["man", "check"], "check"),
            (["explain", "tcp.filterd"], "did you mean 'tcp.filtered'?"),
        ]
        for arguments, said in rows:
            self.refused(*arguments, said=said)

    def test_an_empty_or_broken_token_is_refused_and_never_shown(self):
        arguments = ["check", TARGET, "--profile", "azure-devops-server", "--collection", "c", "--token-env", "T"]
        self.refused(*arguments, said="the token is empty", env={"T": ""})
        shown = self.refused(*arguments, said="the token alone", env={"T": "two sekret words"})
        self.assertNotIn("sekret", shown)

    def test_a_list_that_cannot_be_read_names_file_line_and_column(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write("name: x\ndirection: sideways\n")
            file.flush()
            self.refused("check", TARGET, "--allowlist", file.name, said=file.name + ":2:")

    def test_a_proxy_variable_that_cannot_be_used_is_named(self):
        self.refused("check", TARGET, said="HTTPS_PROXY", env={"HTTPS_PROXY": "ftp://proxy:21"})

    def test_help_and_version(self):
        for arguments in (["--help"], ["check", "--help"], ["judge", "--help"], ["trace", "--help"], ["explain", "--help"], ["completion", "--help"], ["man", "--help"],
                          ["--version"]):
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
            self.assertIn("fwprobe", done.stdout)

    def test_explain(self):
        done = run("explain")
        self.assertEqual(done.returncode, 0)
        self.assertIn("tcp.filtered", done.stdout)
        done = run("explain", "tls.certificate_expired")
        self.assertEqual(done.returncode, 0)
        self.assertIn("notAfter", done.stdout)
        with open("/dev/full", "w", encoding="utf-8") as full:
            for arguments in ([], ["tcp.filtered"]):
                done = subprocess.run([FWPROBE, "explain", *arguments], stdout=full, stderr=subprocess.PIPE, text=True,
                                      timeout=30)
                self.assertEqual(done.returncode, 3)
                self.assertIn("standard output: No space left", done.stderr)


if __name__ == "__main__":
    unittest.main()
