"""The commands of docs/firewall-rules.md print what stands there; FWPROBE_UPDATE_GOLDEN=1 writes it anew."""
import os
import re
import shlex
import subprocess
import unittest

FWPROBE = os.environ["FWPROBE"]
SOURCE = os.environ["SOURCE_DIR"]
PAGE = os.path.join(SOURCE, "docs/firewall-rules.md")
EXPORTS = os.path.join(SOURCE, "tests/allowlist/data/firewall")

# A command, whatever prose stands between, and what it prints.
EXAMPLE = re.compile(r"```sh\nfwprobe (?P<command>[^\n]*)\n```(?P<between>(?:(?!```).)*)```text\n(?P<output>.*?)```", re.DOTALL)


def run(command):
    done = subprocess.run([FWPROBE, *shlex.split(command)], cwd=EXPORTS, capture_output=True, text=True, timeout=60, check=False,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})
    return done.stdout + done.stderr, done.returncode


class FirewallRulesPage(unittest.TestCase):
    def setUp(self):
        with open(PAGE, encoding="utf-8") as file:
            self.page = file.read()

    def test_every_command_prints_what_the_page_shows(self):
        if os.environ.get("FWPROBE_UPDATE_GOLDEN"):
            self.page = EXAMPLE.sub(lambda found: found[0][:found.start("output") - found.start()] + run(found["command"])[0] + "```",
                                    self.page)
            with open(PAGE, "w", encoding="utf-8") as file:
                file.write(self.page)
        examples = list(EXAMPLE.finditer(self.page))
        self.assertEqual(len(examples), self.page.count("```sh\n"))
        self.assertGreaterEqual(len(examples), 9)
        for example in examples:
            with self.subTest(example["command"]):
                self.assertEqual(run(example["command"])[0], example["output"])

    def test_every_platform_has_an_example_that_decides(self):
        for name in ("nftables.json", "iptables-git-server.txt", "aws-security-groups.json#group=git-server", "aws-network-acls.json",
                     "azure-effective-nsg.json", "gcp-firewall-rules.json", "csv-rules.csv"):
            with self.subTest(name):
                self.assertIn(f"--rules {name} ", self.page)
                output, code = run(f"rules verify --rules {name} --allowlist appcircle --service 10.0.0.5:443")
                self.assertEqual(code, 1, output)
                self.assertIn("allowed     77.92.96.46" if "effective" not in name else "allowed     34.147.2.16", output)

    def test_the_same_rules_in_other_shapes_get_the_same_answer(self):
        service = "--allowlist appcircle --service 10.0.0.5:443"
        answers = set()
        for name in ("azure-nsg.json", "azure-nsg-rest.json", "azure-nsg-powershell.json"):
            output, code = run(f"rules verify --rules {name} {service}")
            self.assertEqual(code, 1, output)
            answers.add(re.sub(r"azure-nsg[a-z-]*\.json(:\d+)?", "FILE", output))
        self.assertEqual(len(answers), 1, answers)

    def test_two_files_both_have_to_allow(self):
        command = "rules verify --rules aws-security-group-rules.json --rules {} --allowlist appcircle --service 10.0.0.5:443"
        output, code = run(command.format("aws-network-acls.json#client-ports=32768-60999"))
        self.assertEqual(code, 1, output)
        self.assertIn("partly      77.92.124.0/27", output)
        self.assertIn("does not get through: 77.92.124.16/28", output)
        self.assertIn("4 of 5 entries", output)
        self.assertNotIn("not in this file", output)
        output, code = run(command.format("iptables-git-server.txt"))
        self.assertEqual((code, output.count("not in this file: aws ec2 describe-network-acls")), (1, 1), output)

    def test_the_group_beside_an_azure_group_is_missed_only_where_it_is_not_given(self):
        command = "rules verify --rules azure-nsg.json{} --allowlist appcircle --service 10.0.0.5:443"
        for other, said in (("", 1), (" --rules azure-nsg-rest.json", 0), (" --rules nftables.json", 1)):
            with self.subTest(other):
                self.assertEqual(run(command.format(other))[0].count("has to allow as well"), said)

    def test_a_part_that_is_not_in_the_file_is_refused(self):
        for name in ("aws-security-groups.json#group=sg-9", "aws-security-groups.json#nsg=x", "azure-nsg.json#nsg=other",
                     "gcp-firewall-rules.json#network=other", "csv-rules.csv#group=x"):
            with self.subTest(name):
                output, code = run(f"rules verify --rules {name} --allowlist appcircle --service 10.0.0.5:443")
                self.assertEqual(code, 2, output)
                self.assertEqual(output.count("\n"), 1, output)


if __name__ == "__main__":
    unittest.main()
