#!/usr/bin/env python3
"""fwprobe allowlist: every verb, on files in publishers' own formats, and its rules in the programs that load them."""
import datetime
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

FWPROBE = os.environ["FWPROBE"]
DATA = os.path.join(os.environ["SOURCE_DIR"], "tests/allowlist/data/lists")


def run(*arguments, stdin="", env=None):
    done = subprocess.run([FWPROBE, "allowlist", *arguments], input=stdin.encode(), capture_output=True, timeout=60,
                          env={**os.environ, **(env or {})})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def data(name):
    return os.path.join(DATA, name)


def in_namespace(command, text):
    """Runs a command as root of a network namespace of its own; nothing outside changes."""
    return subprocess.run(["unshare", "--user", "--map-root-user", "--net", "sh", "-c", command], input=text.encode(),
                          capture_output=True, timeout=60)


class Reading(unittest.TestCase):
    def test_list_names_what_is_built_in_and_what_can_be_fetched(self):
        code, out, err = run("list", env={"XDG_DATA_HOME": "/nonexistent"})
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"(?m)^appcircle +inbound +2026-11-23 +Appcircle cloud build agents$")
        self.assertRegex(out, r"(?m)^aws +outbound +- +AWS IP ranges$")

    def test_a_kept_list_is_shown_by_its_name(self):
        with tempfile.TemporaryDirectory() as home:
            kept = os.path.join(home, "fwprobe/allowlists")
            os.makedirs(kept)
            file = shutil.copy(data("aws.json"), kept)
            confirmed = datetime.datetime(2026, 10, 31, tzinfo=datetime.timezone.utc).timestamp()
            os.utime(file, (confirmed, confirmed))
            code, out, err = run("show", "aws#service=ROUTE53_HEALTHCHECKS", env={"XDG_DATA_HOME": home})
            self.assertEqual((code, err), (0, ""))
            self.assertIn("retrieved  2026-10-31, fresh for 14 days", out)
            self.assertIn("ROUTE53_HEALTHCHECKS", out)
            self.assertNotIn("CODEBUILD", out)
            self.assertRegex(run("list", env={"XDG_DATA_HOME": home})[1], r"(?m)^aws +outbound +2026-10-31 ")

    def test_show_names_the_published_spelling(self):
        code, out, _ = run("show", "appcircle")
        self.assertEqual(code, 0)
        self.assertIn("51 IPv4 and 0 IPv6 addresses", out)
        self.assertRegex(out, r"77\.92\.124\.0/27 .*\(published as 77\.92\.124\.2/27\)")

    def test_one_is_no_plural(self):
        own = "name: x\nretrieved: 2026-01-01\nfresh_for: 1d\ndirection: outbound\nentries:\n  - domain: a.example\n"
        out = run("show", "-", stdin=own)[1]
        self.assertIn("fresh for 1 day\n", out)
        self.assertIn("in force today, 1 name\n", out)

    def test_contains_answers_with_the_entry_or_the_nearest(self):
        self.assertEqual(run("contains", "appcircle", "77.92.124.30", "77.92.124.0/28")[:2], (2, ""))
        code, out, _ = run("contains", "appcircle", "77.92.124.30", "77.92.124.32:443", "2001:db8::1")
        self.assertEqual(code, 1)
        self.assertEqual(out.splitlines(), [
            "yes\t77.92.124.30\t77.92.124.2/27\tmacOS build agents, default pool",
            "no\t77.92.124.32:443\tnearest 77.92.124.2/27\tmacOS build agents, default pool",
            "no\t2001:db8::1\tno IPv6 prefix is listed"])
        self.assertEqual(run("contains", "appcircle", "34.147.2.16:443")[0], 0)

    def test_contains_takes_ipv4_in_ipv6_form_for_ipv4(self):
        code, out, _ = run("contains", "appcircle", "::ffff:77.92.124.1", "[::ffff:77.92.124.40]:443")
        self.assertEqual(code, 1)
        self.assertEqual([line.split("\t")[:3] for line in out.splitlines()],
                         [["yes", "::ffff:77.92.124.1", "77.92.124.2/27"],
                          ["no", "[::ffff:77.92.124.40]:443", "nearest 77.92.124.2/27"]])

    def test_contains_knows_ports(self):
        code, out, _ = run("contains", data("list.csv"), "192.0.2.1:443", "192.0.2.1:22", "[2001:db8::1]:8050",
                           "198.51.100.7:9")
        self.assertEqual(code, 1)
        self.assertEqual([line.split("\t")[0] for line in out.splitlines()], ["yes", "no", "yes", "yes"])
        self.assertIn("no\t192.0.2.1:22\twith other ports in 192.0.2.0/24", out)

    def test_contains_reads_addresses_from_a_file_or_standard_input(self):
        code, out, _ = run("contains", "appcircle", "--input", "-", stdin="# office\r\n34.147.2.16\r\n\n 162.19.204.13:22")
        self.assertEqual(code, 0)
        self.assertEqual(len(out.splitlines()), 2)
        code, out, _ = run("contains", "appcircle", "--input", "-", stdin="\ufeff34.147.2.16\n77.92.124.2 # gateway\n77.92.124.3;\n")
        self.assertEqual(code, 0)
        self.assertEqual([line.split("\t")[1] for line in out.splitlines()], ["34.147.2.16", "77.92.124.2", "77.92.124.3"])
        code, out, err = run("contains", "appcircle", "--input", "-", stdin="34.147.2.16\nhello\n")
        self.assertEqual(code, 2)
        self.assertIn("-:2: 'hello' is not an address", err)

    def test_many_lines_are_answered_across_the_pieces_in_which_a_file_is_read(self):
        lines = [f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}" for i in range(60000)]
        code, out, _ = run("contains", "-", "--input", self.file("\n".join(lines)), stdin="10.0.0.0/16\n")
        self.assertEqual(code, 0)
        self.assertEqual([line.split("\t")[1] for line in out.splitlines()], lines)

    def test_answers_in_pieces_are_those_of_few_lines(self):
        kinds = ("10.{0}.{1}.7", "10.{0}.{1}.9:443", "2001:db8:{0:x}:{1:x}::1", "[2001:db9::{1:x}]:22", "# {0}",
                 "  10.{0}.{1}.8\r", "", "11.{0}.{1}.1")
        lines = [kinds[i * 7 % 8 ^ i >> 9 & 7].format(i >> 8 & 255, i & 255) for i in range(60000)]
        listed = self.file("10.0.0.0/17\n2001:db8::/39\n")
        code, out, err = run("contains", listed, "--input", "-", stdin="\n".join(lines))  # the last without an end
        self.assertEqual((code, err), (1, ""))
        few = [run("contains", listed, "--input", "-", stdin="\n".join(lines[at:at + 1500]))[1]
               for at in range(0, len(lines), 1500)]
        self.assertEqual(out, "".join(few))

    def test_a_wrong_line_is_named_in_whichever_piece_it_is(self):
        for wrong in (3, 4095, 17001, 30000, 59999):
            lines = [f"10.0.{i >> 8}.{i & 255}" for i in range(60000)]
            lines[wrong] = "hello"
            lines[wrong + 2000:wrong + 2001] = ["world"]
            with self.subTest(wrong):
                code, _, err = run("contains", "-", "--input", self.file("\n".join(lines)), stdin="10.0.0.0/16\n")
                self.assertEqual(code, 2)
                self.assertIn(f":{wrong + 1}: 'hello' is not an address", err)
        code, _, err = run("contains", "appcircle", "--input", "-", stdin="34.147.2.16\n" * 40000 + "1" * 300000)
        self.assertEqual(code, 2)
        self.assertIn("-:40001: a line of more than 4096 bytes", err)

    def file(self, text):
        handle = tempfile.NamedTemporaryFile("w", delete=False)
        self.addCleanup(os.unlink, handle.name)
        with handle:
            handle.write(text)
        return handle.name


class Algebra(unittest.TestCase):
    def test_merge_gives_the_fewest_prefixes_of_any_formats(self):
        code, out, _ = run("merge", "-", data("buildkite.json"), data("plain.txt"),
                           stdin="192.0.3.0/24\n198.51.100.14-198.51.100.15\n")
        self.assertEqual((code, out), (0, "192.0.2.0/23\n198.51.100.10/31\n198.51.100.12/30\n203.0.113.4/30\n"
                                          "2001:db8::1/128\n"))

    def test_a_list_of_every_direction_counts_whole(self):
        code, out, err = run("merge", data("github.json"))
        self.assertEqual(code, 0)
        self.assertIn("24 names are left out", err)
        self.assertEqual(run("contains", data("github.json"), "4.148.0.1", "192.30.252.1")[0], 0)  # actions, web

    def test_intersect_and_subtract(self):
        code, out, _ = run("intersect", "-", "appcircle", stdin="77.92.0.0/16\n")
        self.assertEqual((code, out), (0, "77.92.96.46/32\n77.92.102.192/28\n77.92.124.0/27\n"))
        code, out, _ = run("subtract", "appcircle", "-", stdin="77.92.124.0/28\n34.0.0.0/8\n")
        self.assertEqual((code, out), (0, "77.92.96.46/32\n77.92.102.192/28\n77.92.124.16/28\n162.19.204.13/32\n"))

    def test_diff_compares_sets_and_not_lines(self):
        code, out, _ = run("diff", "appcircle", "-", stdin="34.147.2.16\n162.19.204.13\n77.92.96.46/32\n"
                           "77.92.124.0/28\n77.92.124.16-77.92.124.31\n77.92.102.192/28\n")
        self.assertEqual((code, out), (0, ""))
        code, out, _ = run("diff", "appcircle", "-", stdin="34.147.2.16\n162.19.204.13\n77.92.96.46\n"
                           "77.92.124.0/28\n77.92.102.192/28\n192.0.2.1\n")
        self.assertEqual((code, out), (1, "- 77.92.124.16/28\n+ 192.0.2.1/32\n"))

    def test_a_list_of_everything_is_warned_of(self):
        code, out, err = run("merge", "-", stdin="0.0.0.0/0\n")
        self.assertEqual((code, out), (0, "0.0.0.0/0\n"))
        self.assertIn("every IPv4 address is listed (0.0.0.0/0)", err)

    def test_a_list_of_which_nothing_is_in_force_is_warned_of(self):
        head = "name: old\nretrieved: 2026-01-31\ndirection: inbound\nentries:\n"
        dates = "until: 2020-01-01", "since: 2999-01-01"
        old = head + "".join(f"  - {{prefix: 192.0.2.0/24, ports: [{n}], {when}}}\n" for n, when in enumerate(dates, 1))
        warning = "fwprobe: warning: -: none of its prefixes is in force today: as a set it is empty\n"
        for arguments, code, out in ((("merge", "-"), 0, ""), (("merge", "-", "appcircle"), 0, None),
                                     (("intersect", "-", "appcircle"), 0, ""), (("subtract", "-", "appcircle"), 0, ""),
                                     (("diff", "appcircle", "-"), 1, None)):
            done = run(*arguments, stdin=old)
            self.assertEqual((done[0], done[2]), (code, warning), arguments)
            self.assertEqual(done[1] == "", out == "", arguments)
        self.assertNotIn("none of its prefixes", run("merge", "-", stdin=head + "  - {domain: www.example}\n")[2])
        self.assertEqual(run("merge", "-", stdin=old + "  - {prefix: 192.0.2.1}\n"), (0, "192.0.2.1/32\n", ""))

    def test_host_bits_are_warned_of(self):
        self.assertIn("1 line has bits set behind the prefix length", run("merge", "-", stdin="10.0.0.1/8\n")[2])

    def test_a_warning_that_cannot_be_written_costs_nothing(self):
        with open("/dev/full", "wb") as full:
            for arguments, code, out in ((["merge", "-"], 0, b"10.0.0.0/8\n"), (["show", "nosuch"], 2, b"")):
                done = subprocess.run([FWPROBE, "allowlist", *arguments], input=b"10.0.0.1/8\n", stdout=subprocess.PIPE,
                                      stderr=full, timeout=60, check=False)
                self.assertEqual((done.returncode, done.stdout), (code, out))

    def test_no_direction_is_shown_that_the_list_does_not_say(self):
        self.assertIn("direction  the list does not say\n", run("show", "-", stdin="192.0.2.0/24\n")[1])


class Exports(unittest.TestCase):
    def export(self, *arguments):
        code, out, err = run("export", *arguments)
        self.assertEqual((code, err), (0, ""))
        return out

    def test_nft_loads_the_rules_twice(self):
        for arguments in (["appcircle", "--port", "443", "--port", "8000-8100"], ["azure-devops"],
                          [data("cloudflare-api.json"), "--port", "any", "--name", "7edge"],
                          [data("microsoft365.json") + "#service=Skype"]):
            with self.subTest(arguments):
                code, text, _ = run("export", *arguments, "--as", "nftables")
                self.assertEqual(code, 0)
                done = in_namespace("cat > /dev/shm/$$ && nft -f /dev/shm/$$ && nft -f /dev/shm/$$ && nft list ruleset; "
                                    "code=$?; rm /dev/shm/$$; exit $code", text)
                self.assertEqual(done.returncode, 0, done.stderr.decode())
                self.assertIn("accept", done.stdout.decode())

    def test_no_name_is_a_word_of_nft_or_a_chain_that_is_there(self):
        users = "table inet filter { chain input { type filter hook input priority 0; ip saddr 198.51.100.1 drop; }; }\n"
        for name in ("input", "ip", "log", "drop", "set", "accept", "7"):
            text = users + self.export("appcircle", "--as", "nftables", "--port", "443", "--name", name)
            done = in_namespace("nft -f - && nft list chain inet filter input", text)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            self.assertIn("198.51.100.1 drop", done.stdout.decode(), name)

    def test_iptables_loads_the_rules(self):
        for form, source in (("iptables", "appcircle"), ("ip6tables", data("cloudflare-ips-v6.txt"))):
            with self.subTest(form):
                if not shutil.which(f"{form}-restore"):
                    self.skipTest(f"{form}-restore is not installed")
                text = self.export(source + ("" if form == "iptables" else "#direction=inbound"), "--as", form,
                                   "--port", "22", "--port", "443")
                done = in_namespace(f"{form}-restore --noflush && {form}-save", text)
                self.assertEqual(done.returncode, 0, done.stderr.decode())
                self.assertEqual(done.stdout.decode().count("-j ACCEPT"), text.count("-j ACCEPT"))

    def test_ipset_restores_the_set_twice(self):
        if not shutil.which("ipset"):
            self.skipTest("ipset is not installed")
        text = self.export(data("fastly-public-ip-list.json"), "--as", "ipset")
        done = in_namespace("ipset restore && ipset list -t", text + text)
        if b"Kernel error" in done.stderr or b"Operation not permitted" in done.stderr:
            self.skipTest("this kernel has no ipset: " + done.stderr.decode())
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertIn("Name: allow-fastly-v4", done.stdout.decode())
        self.assertIn("Number of entries: 2", done.stdout.decode())

    def test_documents_are_json_and_csv(self):
        permissions = json.loads(self.export("appcircle", "--as", "aws-sg", "--port", "443"))
        self.assertEqual([one["CidrIp"] for one in permissions[0]["IpRanges"]],
                         ["34.147.2.16/32", "77.92.96.46/32", "77.92.102.192/28", "77.92.124.0/27", "162.19.204.13/32"])
        template = json.loads(self.export("appcircle", "--as", "azure-nsg", "--port", "443"))
        self.assertEqual(template["resources"][0]["properties"]["destinationPortRanges"], ["443"])
        for form in ("json", "csv"):
            text = self.export("appcircle", "--as", form)
            code, out, _ = run("diff", "appcircle", "-", stdin=text)
            self.assertEqual((code, out), (0, ""))


class WrongUse(unittest.TestCase):
    def test_each_is_one_line_that_says_what_would_be_right(self):
        rows = [
            (["merg"], "did you mean 'merge'?"),
            ([], "'fwprobe allowlist --help'"),
            (["show"], "LIST is required"),
            (["show", "nosuch"], "neither a published list (appcircle, azure-devops) nor a file"),
            (["show", "aws"], "'fwprobe allowlist update aws' fetches it"),
            (["show", "appcircle#service=x"], "unknown filter 'service'"),
            (["contains", "appcircle"], "no address; write them behind the list, or --input FILE"),
            (["contains", "appcircle", "1.2.3"], "'1.2.3' is not an address"),
            (["contains", "appcircle", "1.2.3.4:0"], "has no port from 1 to 65535"),
            (["contains", "appcircle", "1.2.3.4:65536"], "has no port from 1 to 65535"),
            (["contains", "appcircle", "1.2.3.0/24"], "is not an address"),
            (["contains", "appcircle", "--input", "/nonexistent"], "No such file or directory"),
            (["contains", "-", "--input", "-"], "cannot both be standard input"),
            (["intersect", "-", "-"], "only one of the lists can be standard input"),
            (["merge", "-", "-"], "standard input can be read once only"),
            (["merge", "/"], "Is a directory"),
            (["diff", "appcircle"], "NEW is required"),
            (["export", "appcircle"], "--as is required"),
            (["export", "appcircle", "--as", "pf"], "'pf' is not a format; write nftables, iptables"),
            (["export", "appcircle", "--as", "nftables"], "names no ports for 34.147.2.16; say which are meant: --port 443"),
            (["export", "appcircle", "--as", "nftables", "--port", "0"], "'0' is neither a port from 1 to 65535"),
            (["export", "appcircle", "--as", "nftables", "--port", "any", "--port", "1"], "exclude each other"),
            (["export", "appcircle", "--as", "nftables", "--port", "1", "--name", "a b"], "'a b' is not a name"),
            (["export", data("plain.txt"), "--as", "csv"], "does not say its direction"),
        ]
        for arguments, message in rows:
            with self.subTest(arguments):
                code, out, err = run(*arguments, stdin="192.0.2.1\n", env={"XDG_DATA_HOME": "/nonexistent"})
                self.assertEqual((code, out), (2, ""))
                self.assertEqual(err.count("\n"), 1)
                self.assertIn(message, err)

    def test_every_verb_says_the_same_of_a_text_that_is_none(self):
        for text in ("192.0.2.1 # a\0b\n", "192.0.2.1 # Zürich\n".encode("latin-1").decode("utf-8", "surrogateescape"),
                     "192.0.2.1\n".encode("utf-16-le").decode()):
            with self.subTest(text), tempfile.NamedTemporaryFile() as file:
                file.write(text.encode("utf-8", "surrogateescape"))
                file.flush()
                merged, shown = run("merge", file.name), run("show", file.name)
                self.assertEqual(merged, shown)
                self.assertRegex(merged[2], r":1:(2|13|14): .*save (it|the file) as UTF-8")

    def test_filters_stand_behind_standard_input_as_behind_a_file(self):
        for arguments in (["-#direction=inbound"], ["--", "-#direction=inbound"]):
            code, out, err = run("export", "--as", "iptables", "--port", "443", *arguments, stdin="192.0.2.1\n")
            self.assertEqual((code, err), (0, ""))
            self.assertIn("-s 192.0.2.1/32 -p tcp --dport 443 -j ACCEPT", out)
        self.assertEqual(run("merge", "-#family=ipv6", stdin="192.0.2.1\n2001:db8::/32\n"), (0, "2001:db8::/32\n", ""))
        code, out, err = run("contains", "-#direction=up", "192.0.2.1", stdin="192.0.2.1\n")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("fwprobe: -: direction=up is neither inbound", err)
        done = subprocess.run([FWPROBE, "check", "--allowlist", "-#direction=out", "tcp://127.0.0.1:1"], input=b"192.0.2.1\n",
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"direction=out is neither inbound", done.stderr)

    def test_files_that_are_no_lists_are_refused(self):
        for text, message in (("", "-:1:1: the file is empty"), ("# none\n", "the list is empty"),
                              ('{"prefixes": [', "-:1:14: the file ends in the middle of a value: it was cut short"),
                              ("<html>", "a web page (HTML)"), ("10.0.0.0/8\n10.0.0.0/99\n", "-:2:1: '10.0.0.0/99'"),
                              ("10.0.0.9-10.0.0.1\n", "runs backwards")):
            with self.subTest(text):
                code, out, err = run("merge", "-", stdin=text)
                self.assertEqual((code, out), (2, ""))
                self.assertIn(message, err)

    def test_a_file_of_more_than_50_mib_is_refused(self):
        with tempfile.NamedTemporaryFile() as file:
            file.truncate(60 * 1024 * 1024)
            file.write(b"192.0.2.1\n# ")
            file.flush()
            code, _, err = run("merge", file.name)
            self.assertEqual(code, 2)
            self.assertRegex(err, "larger than 50 MiB|zero byte|not UTF-8|is not a prefix")


class Check(unittest.TestCase):
    def test_check_takes_publishers_formats_and_says_when_they_are_old(self):
        done = subprocess.run([FWPROBE, "check", "tcp://127.0.0.1:1", "--timeout", "500ms", "--trace", "never", "--format",
                               "json", "--allowlist", data("aws.json") + "#service=CODEBUILD"], capture_output=True,
                              timeout=60)
        findings = json.loads(done.stdout)["targets"][0]["findings"]
        causes = [one["cause"] for one in findings if one["check"] == "allowlist"]
        self.assertEqual(causes, ["allowlist.stale", "allowlist.address_not_listed"])
        self.assertIn("the nearest is", findings[-1]["summary"])


class Page(unittest.TestCase):
    """docs/allowlists.md: every command that needs no network, and no whole list of AWS', prints what stands there."""

    def test_every_command_prints_what_the_page_shows(self):
        with open(os.path.join(os.environ["SOURCE_DIR"], "docs/allowlists.md"), encoding="utf-8") as page:
            blocks = re.findall(r"```text\n(.*?)```", page.read(), re.DOTALL)
        examples = [example.partition("\n") for block in blocks for example in block.split("$ ")[1:]]
        examples = [(command, output) for command, _, output in examples if not re.search("allowlist (check|update) |aws.json", command)]
        self.assertGreaterEqual(len(examples), 11)
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(DATA, folder, dirs_exist_ok=True)
            with open(os.path.join(folder, "my-rules.txt"), "w", encoding="utf-8") as rules:
                rules.write(run("subtract", "appcircle", "-", stdin="77.92.124.16/28\n")[1] + "192.0.2.1\n")
            os.symlink(FWPROBE, os.path.join(folder, "fwprobe"))
            for command, output in examples:
                with self.subTest(command):
                    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, timeout=60, check=False,
                                          env={"PATH": f"{folder}:{os.environ['PATH']}"})
                    self.assertEqual(done.stdout + done.stderr, output)


if __name__ == "__main__":
    unittest.main()
