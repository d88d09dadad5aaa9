"""`fwprobe rules verify`: exit codes, what is said, and in which form."""
import ipaddress
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import jsonschema

FWPROBE = os.environ["FWPROBE"]
DATA = os.path.join(os.environ["SOURCE_DIR"], "tests", "allowlist", "data", "firewall")
SCHEMA = jsonschema.Draft7Validator(
    json.loads(pathlib.Path(os.environ["SOURCE_DIR"], "docs/rules-verify.schema.json").read_text(encoding="utf-8")))
ALL = """table inet filter {
  chain input {
    type filter hook input priority 0; policy drop;
    ct state established,related accept
    ip saddr { 34.147.2.16, 162.19.204.13, 77.92.96.46, 77.92.124.0/27, 77.92.102.192/28 } tcp dport 443 accept comment "ci"
  }
}
"""


def verify(*words, rules=None, text="", allowlist="appcircle"):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "rules.nft")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([FWPROBE, "rules", "verify", "--rules", rules or path, "--allowlist", allowlist, *words], input=text,
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr


def verify_json(*words, **more):
    """Exit code and answers."""
    code, out, err = verify(*words, "--format", "json", **more)
    SCHEMA.validate(json.loads(out))
    return code, json.loads(out)["answers"], err


SERVICE = ("--service", "203.0.113.10:443")


class Verify(unittest.TestCase):
    def test_rules_that_let_the_list_through_pass(self):
        code, out, err = verify(*SERVICE, text=ALL)
        self.assertEqual((code, err), (0, ""), out)
        self.assertTrue(out.startswith("PASS  5 of 5 entries of appcircle get through to 203.0.113.10:443\n"), out)
        self.assertIn('rules.nft:5 ("ci"), in inet filter input: accept', out)

    def test_a_missing_address_fails_with_the_rule_that_stops_it_and_one_to_add(self):
        code, out, _ = verify(*SERVICE, text=ALL.replace("77.92.96.46, ", "77.92.96.45, "))
        self.assertEqual(code, 1)
        self.assertIn("dropped     77.92.96.46 ", out)
        self.assertIn("the policy of inet filter input: drop", out)
        self.assertIn("ip saddr 77.92.96.46 ip daddr 203.0.113.10 tcp dport 443 accept", out)
        self.assertIn("Lets through 1 public address beyond the list (allowlist.rule_too_broad)\n  1 address: ", out)

    def test_a_part_of_a_prefix_is_named(self):
        code, answers, _ = verify_json(*SERVICE, text=ALL.replace("77.92.124.0/27", "77.92.124.0/28"))
        self.assertEqual(code, 1)
        entry = answers[0]["entries"][3]
        self.assertEqual((entry["verdict"], entry["cause"], entry["blocked"]), ("partly", "allowlist.rule_partial", ["77.92.124.16/28"]))

    def test_a_condition_that_the_flow_does_not_decide_is_no_pass(self):
        text = ALL.replace("tcp dport 443", 'iifname "eth0" tcp dport 443')
        code, out, _ = verify(*SERVICE, text=text)
        self.assertEqual(code, 3, out)
        self.assertIn("if iifname eth0", out)
        self.assertEqual(verify(*SERVICE, "--interface", "eth0", text=text)[0], 0)
        self.assertEqual(verify(*SERVICE, "--interface", "eth1", text=text)[0], 1)

    def test_an_old_list_warns(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as old:
            old.write("name: old\ntitle: old\npublisher: p\nsource: https://example.com/\nretrieved: 2026-01-01\nfresh_for: 30d\n"
                      "direction: inbound\nentries:\n  - prefix: 34.147.2.16\n")
            old.flush()
            rules = "table inet f { chain i { type filter hook input priority 0; policy drop; ip saddr 34.147.2.16 accept; }; }"
            code, out, _ = verify(*SERVICE, text=rules, allowlist=old.name)
            self.assertEqual((code, out.split("  ", 1)[0]), (0, "WARN"), out)
            self.assertIn("\nallowlist.stale: old is of 2026-01-01, ", out)
            self.assertEqual(verify(*SERVICE, "--strict", text=rules, allowlist=old.name)[0], 1)
            code, answers, _ = verify_json(*SERVICE, text=rules, allowlist=old.name)
            self.assertEqual([finding["cause"] for finding in answers[0]["findings"]], ["allowlist.stale"])
            self.assertEqual(answers[0]["status"], "warn")

    def test_rules_for_everybody_are_too_broad(self):
        text = ALL.replace("ip saddr {", "tcp dport 443 accept\n    ip saddr {")
        code, out, _ = verify(*SERVICE, text=text)
        self.assertEqual(code, 0)
        self.assertTrue(out.startswith("WARN"), out)
        self.assertIn("allowlist.rule_too_broad", out)
        self.assertIn("Never matches", out)
        self.assertEqual(verify(*SERVICE, "--strict", text=text)[0], 1)

    def test_what_translates_is_not_what_lets_everybody_through(self):
        for rule in ("masquerade", 'oifname "wan" masquerade', "accept"):
            text = f"""table ip r {{
  chain f {{ type filter hook forward priority 0; policy accept;
  }}
  chain post {{ type nat hook postrouting priority 100; policy accept;
    {rule}
  }}
}}
"""
            _, answers, _ = verify_json("--service", "10.1.0.7:443", "--behind", text=text)
            rules = [one["rule"] for one in answers[0]["excess"]["rules"]]
            self.assertEqual(len(rules), 1, rules)
            self.assertIn("rules.nft:2, the policy of ip r f: accept", rules[0])
            self.assertIn("the policy of ip r f", answers[0]["entries"][0]["rules"][0])

    def test_neighbour_discovery_is_stopped_in_either_direction(self):
        said = "ICMPv6 between the host and its neighbours on the link does not get through"
        chain = " chain %s { type filter hook %s priority 0; policy accept; %s }\n"
        # To connection tracking it is no connection (nf_conntrack_icmpv6_error() of the kernel).
        for hook, rule, stopped in (("input", "drop", True), ("output", "reject", True), ("output", "meta l4proto tcp reject", False),
                                    ("input", "ct state new,established accept; drop", True), ("input", "ct state untracked accept; drop", False),
                                    ("input", "ct state != new accept; drop", False), ("input", "ct state invalid drop", False),
                                    ("input", "ct direction original accept; drop", True),
                                    ("output", "ct state new,established,related accept; drop", True)):
            text = "table inet t {\n" + chain % (hook, hook, rule) + "}\n"
            _, out, _ = verify("--service", "[2001:db8::10]:443", text=text)
            self.assertEqual(said in out, stopped, out)

    def test_only_public_addresses_are_too_many(self):
        special = ("0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/29 192.0.2.0/24 192.168.0.0/16 "
                   "198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4")
        special6 = "::/3 2001:2::/48 2001:db8::/32 3fff::/20 4000::/2 8000::/1"
        text = f"table inet t {{\nchain i {{\ntype filter hook input priority 0; policy drop;\nip saddr {{ {special.replace(' ', ', ')} }} accept\n" \
               f"ip6 saddr {{ {special6.replace(' ', ', ')} }} accept\n}}\n}}\n"
        for service in ("203.0.113.10:443", "[2001:db8::10]:443"):
            _, answers, _ = verify_json("--service", service, text=text)
            self.assertEqual(answers[0]["excess"], {"cause": None, "addresses": "0", "rules": []})
        # Of 192.0.0.0/24 two addresses are global (RFC 7723, RFC 8155); 51 are published.
        everything = text.replace("policy drop", "policy accept")
        public = 2**32 - sum(ipaddress.ip_network(block).num_addresses for block in special.replace("/29", "/24").split()) + 2
        _, answers, _ = verify_json(*SERVICE, text=everything)
        self.assertEqual(answers[0]["excess"]["addresses"], str(public - 51))
        # RFC 2928: 2001::/23, without the parts of it that are global.
        public6 = 2**125 - 2**105 - 2**96 - 2**108 + 2 * 2**96 + 3 + 2**80 + 2 * 2**100
        _, answers, _ = verify_json("--service", "[2001:db8::10]:443", text=everything)
        self.assertEqual(answers[0]["excess"]["addresses"], str(public6))

    def test_the_rule_to_add_is_for_the_chain_that_stops_it(self):
        text = """table ip fw {
  chain world { tcp dport 443 drop
  }
  chain edge {
    type filter hook input priority 0; policy accept
    ip saddr 77.92.96.46 goto world
  }
}
"""
        code, out, _ = verify(*SERVICE, text=text)
        self.assertEqual(code, 1, out)
        rule = "ip saddr 77.92.96.46 ip daddr 203.0.113.10 tcp dport 443 accept"
        self.assertIn(f"nft insert rule ip fw world {rule}\n", out)
        self.assertEqual(out.count("nft insert"), 1, out)

    def test_a_reply_that_is_stopped_gets_a_rule_for_replies_and_none_for_the_request(self):
        code, out, _ = verify(*SERVICE, text=ALL + "table ip o {\n chain o {\n type filter hook output priority 0; policy drop\n }\n}\n")
        self.assertEqual(code, 1, out)
        self.assertIn("Allow the TCP replies from 203.0.113.10 port 443 to 34.147.2.16, ", out)
        self.assertIn("nft insert rule ip o o ip saddr 203.0.113.10 ip daddr { 34.147.2.16, ", out)
        self.assertEqual(out.count("nft insert"), 1, out)

    def test_what_stops_behind_the_first_stop_gets_its_rule_as_well(self):
        text = """table inet t {
  chain world { ip saddr 34.147.2.16 drop
  }
  chain first { type filter hook input priority 0; policy drop
    jump world
  }
  chain second { type filter hook input priority 10; policy accept
    jump world
    ct state established accept
    tcp dport 443 reject
  }
  chain back { type filter hook output priority 0; policy drop
  }
}
"""
        code, out, _ = verify(*SERVICE, text=text)
        self.assertEqual(code, 1, out)
        commands = [line.split("ip saddr")[0].strip() for line in out.splitlines() if "nft insert" in line]
        self.assertEqual(commands, [f"nft insert rule inet t {chain}" for chain in ("first", "second", "back")], out)
        self.assertNotIn("Even then", out)

    def test_a_chain_gets_a_rule_for_the_addresses_that_it_stops_and_no_others(self):
        first, both = "34.147.2.16", "{ 34.147.2.16, 77.92.96.46 }"
        hook = "type filter hook input priority %d; policy accept"
        chains = {"a": f"{hook % 0}\nip saddr {first} drop", "b": f"{hook % 5}\nip saddr {both} drop", "c": f"{hook % 6}\nip saddr {first} drop",
                  "d": f"{hook % 7}\nip saddr 77.92.96.46 accept\njump shared", "e": f"{hook % 8}\njump shared",
                  "shared": f"ip saddr {both} drop"}
        for names, wanted in (("abc", [("a", first), ("c", first), ("b", both)]), (("shared", "d", "e"), [("shared", both)])):
            text = "table ip t {\n" + "".join(f"chain {name} {{\n{chains[name]}\n}}\n" for name in names) + "}\n"
            _, out, _ = verify(*SERVICE, text=text)
            self.assertEqual([line.strip() for line in out.splitlines() if "nft insert" in line],
                             [f"nft insert rule ip t {chain} ip saddr {sources} ip daddr 203.0.113.10 tcp dport 443 accept" for chain, sources in wanted])

    def test_a_rule_that_may_stop_what_is_mended_is_named(self):
        text = """table ip t {
  chain input { type filter hook input priority 0; policy drop
  }
  chain late { type filter hook input priority 5; policy accept
    ip saddr 77.92.0.0/16 limit rate over 5/second drop comment "flood"
  }
}
"""
        code, out, _ = verify(*SERVICE, text=text)
        self.assertEqual((code, out.count("nft insert")), (1, 1), out)
        self.assertTrue(out.rstrip().endswith('"flood"), in ip t late: drop, if limit rate over 5/second'), out)
        self.assertIn("Even then it is not sure that this gets through: 77.92.96.46, 77.92.102.192/28, 77.92.124.0/27\n", out)
        _, answers, _ = verify_json(*SERVICE, text=text)
        self.assertEqual(answers[0]["remedies_leave"]["addresses"], ["77.92.96.46/32", "77.92.102.192/28", "77.92.124.0/27"])

    def test_what_surely_stops_is_named_and_not_what_may_stop_before(self):
        text = """table ip t {
  chain input { type filter hook input priority 0; policy drop
    limit rate over 5/second drop comment "flood"
    ip saddr 77.92.124.0/28 accept
    ct state established accept
  }
}
"""
        _, answers, _ = verify_json(*SERVICE, text=text)
        for entry in answers[0]["entries"]:
            self.assertEqual([rule.split(", ", 1)[1] for rule in entry["rules"]], ["the policy of ip t input: drop"])

    def test_nothing_is_put_in_front_of_a_translation(self):
        text = """table ip t {
  chain pre { type nat hook prerouting priority -100; policy accept
    ip saddr 77.92.96.46 drop
    tcp dport 443 dnat to 10.0.0.9
  }
  chain early { type filter hook prerouting priority -300; policy accept
    ip saddr { 77.92.96.46, 34.147.2.16 } drop
  }
}
"""
        code, out, _ = verify(*SERVICE, text=text)
        self.assertEqual(code, 1, out)
        self.assertIn("rules.nft (ip t pre), in front of the rule that stops it.\n", out)
        self.assertIn("Even then it is not sure that this gets through: 77.92.96.46\n", out)
        self.assertIn("nft insert rule ip t early ip saddr { 34.147.2.16, 77.92.96.46 } ip daddr 203.0.113.10 tcp dport 443 accept\n", out)
        self.assertEqual(out.count("nft insert"), 1, out)

    def test_what_comes_behind_a_drop_among_translations_is_not_guessed(self):
        text = """table ip t {
  chain first { type filter hook prerouting priority -310; policy drop
  }
  chain second { type filter hook prerouting priority -300; policy drop
  }
  chain pre { type nat hook prerouting priority -100; policy accept
    ip saddr 77.92.96.46 drop
    tcp dport 443 dnat to 10.0.0.9
  }
  chain input { type filter hook input priority 0; policy drop
  }
  chain forward { type filter hook forward priority 0; policy accept
  }
}
"""
        _, out, _ = verify(*SERVICE, text=text)
        self.assertIn("Even then it is not sure that this gets through: 77.92.96.46\n", out)
        chains = {line.split(" ip saddr")[0].strip() for line in out.splitlines() if "nft insert" in line}
        self.assertEqual(chains, {"nft insert rule ip t first", "nft insert rule ip t second"}, out)

    def test_each_of_many_chains_gets_its_rule(self):
        chain = "chain c%d {\ntype filter hook input priority %d; policy drop\n}\n"
        text = "table ip t {\n" + "".join(chain % (number, number) for number in range(40)) + "}\n"
        _, out, _ = verify(*SERVICE, text=text)
        self.assertEqual(out.count("nft insert"), 40, out)
        self.assertNotIn("Even then", out)

    def test_names_that_a_shell_could_take_for_commands_are_in_no_rule(self):
        rules = {"nftables": [{"table": {"family": "ip", "name": "t"}},
                              {"chain": {"family": "ip", "table": "t", "name": "$(id)", "type": "filter", "hook": "input", "prio": 0,
                                         "policy": "drop"}}]}
        code, out, _ = verify(*SERVICE, text=json.dumps(rules))
        self.assertEqual(code, 1, out)
        self.assertIn("What to do\n  Allow inbound TCP", out)
        self.assertNotIn("nft insert", out)

    def test_a_platform_without_a_form_gets_none_of_another(self):
        for name, form in (("gcp-firewall-rules.json", None), ("csv-rules.csv", None), ("aws-network-acls.json", None),
                           ("aws-security-groups.json#group=git-server", "aws"), ("azure-effective-nsg.json", "azure"),
                           ("iptables-git-server.txt", "iptables"), ("nftables.json", "nftables")):
            with self.subTest(name):
                _, answers, _ = verify_json("--service", "10.0.0.5:443", rules=os.path.join(DATA, name))
                remedies = answers[0]["remedies"]
                self.assertEqual([remedy["form"] for remedy in remedies], [form])
                self.assertNotIn(".json:0", json.dumps(answers))

    def test_each_file_that_stops_gets_its_own_remedy(self):
        nft = os.path.join(DATA, "nftables.json")
        group = os.path.join(DATA, "aws-security-groups.json#group=git-server")
        _, answers, _ = verify_json("--rules", nft, "--service", "10.0.0.5:443", rules=group)
        self.assertEqual([remedy["form"] for remedy in answers[0]["remedies"]], ["aws", "nftables"])

    def test_a_network_acl_behind_a_security_group_and_its_replies_get_theirs(self):
        group = os.path.join(DATA, "aws-security-groups.json#group=git-server")
        acl = {"NetworkAcls": [{"NetworkAclId": "acl-1", "Entries": [
            {"Egress": egress, "Protocol": "-1", "RuleAction": "deny", "RuleNumber": 32767, "CidrBlock": "0.0.0.0/0"}
            for egress in (False, True)]}]}
        _, out, _ = verify("--rules", group, "--service", "10.0.0.5:443", rules="-", text=json.dumps(acl))
        advice = out[out.index("What to do"):]
        self.assertIn("  Allow inbound TCP from 34.147.2.16, ", advice)
        self.assertIn(" to 10.0.0.5 port 443 at the firewall of standard input (acl-1 inbound), in front of the rule that stops it.\n", advice)
        self.assertIn(" at the firewall of standard input (acl-1 outbound, return traffic), in front of the rule that stops it.\n", advice)
        self.assertIn(" from 77.92.102.192/28, 77.92.124.0/27 to 10.0.0.5 port 443 at the firewall of ", advice)
        self.assertIn("/aws-security-groups.json (sg-0a1b2c3d4e5f60718 inbound).\n", advice)
        self.assertEqual(advice.count("aws ec2"), 1, advice)

    def test_each_group_of_azure_that_stops_is_named(self):
        path = pathlib.Path(DATA, "azure-effective-nsg.json")
        text = path.read_text(encoding="utf-8").replace('"77.92.124.0/27"', '"77.92.124.0/28"')
        _, out, _ = verify("--service", "10.0.0.5:443", rules="-", text=text)
        for group in ("servers-nsg", "git-nsg"):
            self.assertRegex(out, f"Allow inbound TCP from .*77.92.124.0/27 to 10.0.0.5 port 443 at the firewall of standard input .{group} inbound.\\.")

    def nsg(self, rules, name="git-nsg"):
        """Of (name, priority, direction, access, source, source port)."""
        return json.dumps({"name": name, "id": f"/subscriptions/s/resourceGroups/my-group/providers/Microsoft.Network/networkSecurityGroups/{name}",
                           "securityRules": [
                               {"name": rule, "priority": priority, "direction": direction, "access": access, "protocol": "*",
                                "sourceAddressPrefix": source, "sourcePortRange": port, "destinationAddressPrefix": "*",
                                "destinationPortRange": "*"}
                               for rule, priority, direction, access, source, port in [*rules, ("all", 4090, "Inbound", "Allow", "*", "*")]]})

    def test_a_rule_for_azure_gets_a_name_and_a_priority_that_are_free(self):
        stops = "162.19.0.0/16"
        for rules, priorities in (
                ([("block", 400, "Inbound", "Deny", stops, "*")], [399]),
                ([("block", 400, "Inbound", "Deny", stops, "*"), ("a", 399, "Outbound", "Allow", "*", "*")], [399]),
                ([("block", 400, "Inbound", "Deny", stops, "*"), ("a", 399, "Inbound", "Allow", "10.0.0.0/8", "*")], [398]),
                ([("block", 400, "Inbound", "Deny", stops, "*"), ("a", 399, "Inbound", "Deny", "*", "53"),
                  ("b-398", 397, "Outbound", "Allow", "*", "*")], [397]),
                ([("block", 400, "Inbound", "Deny", stops, "*"), ("tag", 300, "Inbound", "Deny", "AzureCloud", "*")], [299]),
                ([("block", 101, "Inbound", "Deny", stops, "*")], [100])):
            with self.subTest(rules):
                _, answers, _ = verify_json("--service", "10.0.0.5:443", rules="-", text=self.nsg(rules))
                self.assertEqual([remedy["rules"].split(" --direction")[0] for remedy in answers[0]["remedies"]],
                                 ["az network nsg rule create --resource-group my-group --nsg-name git-nsg --name "
                                  f"allow-tcp-443-ipv4-{priority} --priority {priority}" for priority in priorities])

    def test_services_get_priorities_of_their_own(self):
        _, answers, _ = verify_json("--service", "10.0.0.5:443", "--service", "10.0.0.6:443", rules="-",
                                    text=self.nsg([("block", 400, "Inbound", "Deny", "162.19.0.0/16", "*")]))
        self.assertEqual([answer["remedies"][0]["rules"].split("--priority ")[1][:3] for answer in answers], ["399", "398"])

    def test_groups_of_one_name_in_two_resource_groups_get_what_each_of_them_needs(self):
        one = self.nsg([("block", 400, "Inbound", "Deny", "162.19.0.0/16", "*")])
        other = self.nsg([("block", 300, "Inbound", "Deny", "34.147.0.0/16", "*")]).replace("my-group", "other-group")
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(f"[{one}, {other}]")
            file.flush()
            _, answers, _ = verify_json("--service", "10.0.0.5:443", rules=file.name + "#nsg=all")
        for remedy, group, priority, source in zip(answers[0]["remedies"], ("other-group", "my-group"), (299, 399), ("34.147.2.16", "162.19.204.13"),
                                                   strict=True):
            self.assertTrue(remedy["say"].endswith(f" ({group}/git-nsg inbound)."), remedy)
            self.assertIn(f" --resource-group {group} --nsg-name git-nsg --name allow-tcp-443-ipv4-{priority} ", remedy["rules"])
            self.assertIn(f" --source-address-prefixes {source} --source", remedy["rules"])

    def test_a_rule_that_no_other_can_be_in_front_of_has_to_be_moved(self):
        _, out, _ = verify("--service", "10.0.0.5:443", rules="-", text=self.nsg([("block", 100, "Inbound", "Deny", "162.19.0.0/16", "*")]))
        self.assertTrue(out.endswith("at the firewall of standard input (git-nsg inbound), in front of the rule that stops it: no priority is free in "
                                     "front of block (100), which needs a greater number first.\n"), out)

    def test_what_waits_for_a_rule_to_be_moved_holds_up_nothing_else(self):
        text = self.nsg([("block", 100, "Inbound", "Deny", "162.19.0.0/16", "*"), ("rest", 300, "Inbound", "Deny", "*", "*")])
        _, answers, _ = verify_json("--service", "10.0.0.5:443", rules="-", text=text)
        first, second = answers[0]["remedies"]
        self.assertIn(" --priority 299 ", first["rules"])
        self.assertIn(" --source-address-prefixes 34.147.2.16 77.92.96.46 77.92.102.192/28 77.92.124.0/27 ", first["rules"])
        self.assertIn("inbound TCP from 162.19.204.13 to ", second["say"])
        self.assertEqual((second["form"], second["rules"]), (None, None))

    def test_too_many_addresses_for_a_command_are_no_want_of_priorities(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as entries:
            entries.write("".join(f"77.{number // 250}.{number % 250}.1\n" for number in range(1001)))
            entries.flush()
            _, answers, _ = verify_json("--service", "10.0.0.5:443", "--direction", "inbound", rules="-", allowlist=entries.name,
                                        text=self.nsg([("rest", 300, "Inbound", "Deny", "*", "*")]))
        self.assertTrue(answers[0]["remedies"][0]["say"].endswith("in front of the rule that stops it."), answers[0]["remedies"])

    def test_names_of_a_group_that_a_shell_could_take_for_commands_are_in_no_rule(self):
        text = self.nsg([("block", 400, "Inbound", "Deny", "162.19.0.0/16", "*")], name="$(id)").replace("my-group", "a;b")
        _, answers, _ = verify_json("--service", "10.0.0.5:443", rules="-", text=text)
        self.assertIn('--resource-group "$RESOURCE_GROUP" --nsg-name "$NSG_NAME" ', answers[0]["remedies"][0]["rules"])

    def test_an_aws_rule_is_for_the_group_of_the_file_unless_there_are_several(self):
        path = os.path.join(DATA, "aws-security-groups.json#group=")
        for groups, said in (("git-server", "--group-id sg-0a1b2c3d4e5f60718 "), ("all", '--group-id "$SECURITY_GROUP_ID" ')):
            _, answers, _ = verify_json("--service", "10.0.0.5:25", rules=path + groups)
            self.assertIn(said, answers[0]["remedies"][0]["rules"])

    def test_standard_input_is_a_file(self):
        self.assertEqual(verify(*SERVICE, rules="-", text=ALL)[0], 0)

    def test_both_families_come_from_two_files(self):
        first = os.path.join(DATA, "iptables-save.txt")
        code, out, _ = verify("--rules", os.path.join(DATA, "ip6tables-save.txt"), *SERVICE, "--service", "[2001:db8::1]:443", rules=first)
        self.assertEqual(code, 1)
        self.assertIn("of the other address family than the service", out)

    def test_rules_that_drop_neighbour_discovery_are_noted(self):
        service = ("--service", "[2001:db8::1]:443")
        said = "without neighbour discovery"
        self.assertIn(said, verify(*service, text=ALL)[1])
        self.assertNotIn(said, verify(*service, text=ALL.replace("    ip saddr", "    meta l4proto ipv6-icmp accept\n    ip saddr"))[1])
        self.assertNotIn(said, verify(*SERVICE, text=ALL)[1])

    def test_the_option_says_the_direction_of_a_list_that_does_not(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as plain:
            plain.write("34.147.2.16\n")
            plain.flush()
            self.assertEqual(verify(*SERVICE, "--direction", "inbound", text=ALL, allowlist=plain.name)[0], 0)
            outbound = ALL.replace("hook input", "hook output").replace("ip saddr", "ip daddr").replace(" tcp dport 443", "")
            self.assertEqual(verify("--direction", "outbound", text=outbound, allowlist=plain.name)[0], 0)
            self.assertIn("does not say its direction", verify(*SERVICE, text=ALL, allowlist=plain.name)[2])

    def test_the_rule_to_add_is_for_the_destination_that_its_chain_sees(self):
        nat = """*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 10.0.0.5:8443
COMMIT
"""
        drops = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\nCOMMIT\n"
        code, out, _ = verify(*SERVICE, text=nat + drops)
        self.assertEqual(code, 1, out)
        self.assertIn("to 10.0.0.5 port 8443 at the firewall", out)
        rules = [line.strip()[len("iptables -I"):] for line in out.splitlines() if line.startswith("    iptables -I FORWARD")]
        self.assertEqual(rules, [" FORWARD -s 34.147.2.16,77.92.96.46,77.92.102.192/28,77.92.124.0/27,162.19.204.13 -d 10.0.0.5 -p tcp "
                                 "--dport 8443 -j ACCEPT"], out)
        # iptables-save has a rule for each address.
        listed = "".join("-A" + rules[0].replace(rules[0].split()[2], source) + "\n" for source in rules[0].split()[2].split(","))
        mended = drops.replace("-A FORWARD", listed + "-A FORWARD")
        self.assertEqual(verify(*SERVICE, text=nat + mended)[0], 0)

    def test_a_translation_that_changes_nothing_asks_for_no_rule_of_its_own(self):
        for translation in ("dnat to 203.0.113.10", "dnat to 203.0.113.10:443", "redirect", "redirect to :443"):
            text = ("table ip t {\nchain pre {\ntype nat hook prerouting priority -100; policy accept\n"
                    f"limit rate 5/second tcp dport 443 {translation}\n}}\n"
                    "chain input {\ntype filter hook input priority 0; policy drop\nct state established accept\n}\n}\n")
            _, out, _ = verify(*SERVICE, text=text)
            self.assertEqual(out.count("nft insert"), 1, out)

    def test_two_destinations_get_rules_of_their_own(self):
        text = """table ip t {
  chain pre {
    type nat hook prerouting priority -100; policy accept;
    ip saddr 34.147.2.16 tcp dport 443 dnat to 10.0.0.9:8443
    ip saddr 77.92.96.46 tcp dport 443 redirect to :9443
  }
  chain input {
    type filter hook input priority 0; policy drop;
    tcp dport 443 accept
    ct state established accept
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
  }
}
"""
        code, out, _ = verify(*SERVICE, text=text)
        self.assertEqual(code, 1, out)
        self.assertIn("nft insert rule ip t forward ip saddr 34.147.2.16 ip daddr 10.0.0.9 tcp dport 8443 accept\n", out)
        self.assertIn("nft insert rule ip t input ip saddr 77.92.96.46 ip daddr 203.0.113.10 tcp dport 9443 accept\n", out)

    def test_outbound_lists_need_no_service(self):
        text = "table inet t {\nchain o {\ntype filter hook output priority 0; policy accept;\n}\n}\n"
        code, out, err = verify(text=text, allowlist="azure-devops")
        self.assertEqual((code, err), (0, ""), out)
        code, out, _ = verify(text=text.replace("policy accept", "policy drop"), allowlist="azure-devops")
        self.assertEqual(code, 1, out)

    def test_an_outbound_entry_says_which_of_its_ports_get_through(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as entries:
            entries.write("name: n\ntitle: t\npublisher: p\nsource: https://example.com/\nretrieved: 2026-01-01\ndirection: outbound\n"
                          "ports: [22, 443, 8000-8010]\nentries:\n  - prefix: 13.107.6.0/24\n")
            entries.flush()
            text = ("table inet t {\nchain o {\ntype filter hook output priority 0; policy drop;\nct state established accept\n"
                    "%s\n}\n}\n")
            for rules, said, parts in (
                    ("tcp dport { 443, 8000-8005 } accept",
                     "gets through: ports 443, 8000-8005\n|does not get through: ports 22, 8006-8010\n",
                     [(None, ["22", "8006-8010"], None)]),
                    ("ip daddr 13.107.6.0/25 accept", "gets through: 13.107.6.0/25\n|does not get through: 13.107.6.128/25\n",
                     [(["13.107.6.128/25"], None, None)]),
                    ("ip saddr 10.1.0.0/16 tcp dport != 22 accept", "does not get through: port 22\n|from 10.0.0.0/16",
                     [(None, ["22"], None), (None, ["443", "8000-8010"], ["10.0.0.0/16"])]),
                    ("tcp dport 22 oifname eth9 accept\ntcp dport 443 accept", "cannot be told: port 22\n|does not get through: ports 8000-8010\n",
                     [(None, ["8000-8010"], None)])):
                with self.subTest(rules):
                    words = ("--source", "10.0.0.0/15")
                    code, out, _ = verify(*words, text=text % rules, allowlist=entries.name)
                    self.assertEqual(code, 1, out)
                    for one in said.split("|"):
                        self.assertIn(one, out)
                    _, answers, _ = verify_json(*words, text=text % rules, allowlist=entries.name)
                    entry = answers[0]["entries"][0]
                    self.assertEqual(entry["verdict"], "partly")
                    got = [(part["destinations"], part["ports"], part["sources"]) for part in entry["blocked_parts"]]
                    self.assertCountEqual(got, parts)

    def outbound(self, entries):
        file = tempfile.NamedTemporaryFile("w", suffix=".yaml")
        self.addCleanup(file.close)
        file.write("name: n\ntitle: t\npublisher: p\nsource: https://example.com/\nretrieved: 2026-01-01\ndirection: outbound\nentries:\n"
                   + "".join(f"  - prefix: {prefix}\n" + (f"    ports: [{ports}]\n" if ports else "") for prefix, ports in entries))
        file.flush()
        return file.name

    def test_an_outbound_list_gets_rules_to_add_for_each_range_of_ports(self):
        entries = self.outbound([("192.30.252.0/22", "22, 443"), ("13.107.6.0/24", "443"), ("52.0.0.0/15", "8000-8010"), ("52.8.0.0/16", ""),
                                 ("1.1.1.0/24", "53")])
        text = "table ip t {\nchain o {\ntype filter hook output priority 0; policy drop;\nct state established accept\ntcp dport 53 accept\n%s\n}\n}\n"
        for words, source in ((("--source", "10.0.0.5", "--source", "2001:db8::1"), "ip saddr 10.0.0.5 "), ((), "")):
            code, answers, _ = verify_json(*words, text=text % "", allowlist=entries)
            self.assertEqual(code, 1)
            rules = [remedy["rules"].strip() for remedy in answers[0]["remedies"]]
            self.assertEqual(rules, [f"nft insert rule ip t o {source}ip daddr {to} accept" for to in (
                "52.8.0.0/16 tcp dport 0-52", "192.30.252.0/22 tcp dport 22", "52.8.0.0/16 tcp dport 54-65535",
                "{ 13.107.6.0/24, 192.30.252.0/22 } tcp dport 443", "52.0.0.0/15 tcp dport 8000-8010")])
            self.assertEqual(verify(*words, text=text % "\n".join(rule.removeprefix("nft insert rule ip t o ") for rule in rules),
                                    allowlist=entries)[0], 0)
        _, out, _ = verify(text=text % "", allowlist=entries)
        self.assertIn("Allow outbound TCP from anywhere to 52.0.0.0/15, ports 8000-8010 at the firewall of ", out)

    def test_more_ranges_of_ports_than_there_is_advice_for_are_said(self):
        entries = self.outbound([("192.30.252.0/22", ", ".join(str(port) for port in range(1000, 1040, 2))), ("13.107.6.0/24", "1000")])
        text = "table ip t {\nchain o {\ntype filter hook output priority 0; policy drop;\nct state established accept\n}\n}\n"
        _, answers, _ = verify_json(text=text, allowlist=entries)
        self.assertEqual((len(answers[0]["remedies"]), answers[0]["remedies_leave"]["addresses"]), (16, ["192.30.252.0/22"]))

    def test_an_outbound_list_gets_rules_for_clouds_as_well(self):
        entries = self.outbound([("192.30.252.0/22", "22"), ('"2001:4860::/32"', "22")])
        group = {"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [], "IpPermissionsEgress": []}]}
        _, answers, _ = verify_json(rules="-", text=json.dumps(group), allowlist=entries)
        self.assertEqual([remedy["rules"] for remedy in answers[0]["remedies"]],
                         ["aws ec2 authorize-security-group-egress --group-id sg-1 --ip-permissions 'IpProtocol=tcp,FromPort=22,ToPort=22,"
                          "IpRanges=[{CidrIp=192.30.252.0/22}],Ipv6Ranges=[{CidrIpv6=2001:4860::/32}]'\n"])
        _, answers, _ = verify_json(rules="-", text=self.nsg([("no", 300, "Outbound", "Deny", "*", "*")]), allowlist=entries)
        self.assertEqual([line.split(" --direction")[0].split("--name ")[1] for line in answers[0]["remedies"][0]["rules"].splitlines()],
                         ["allow-tcp-22-ipv4-299 --priority 299", "allow-tcp-22-ipv6-298 --priority 298"])

    def test_entries_of_a_long_list_that_have_one_answer_stand_together(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as entries:
            entries.write("".join(f"77.92.{number}.0/25\n" for number in range(60)))
            entries.flush()
            text = ALL.replace("ip saddr { 34", "ip saddr { 77.92.7.0/25, 77.92.9.0/26, 34")
            code, out, _ = verify(*SERVICE, "--direction", "inbound", text=text, allowlist=entries.name)
            self.assertEqual(code, 1, out)
            self.assertRegex(out, r"dropped     58 entries  .*the policy of inet filter input: drop\n"
                                  r" +77.92.0.0/25, 77.92.1.0/25, 77.92.2.0/25, 77.92.3.0/25 and 54 more\n"
                                  r"partly      77.92.9.0/25  .*\n.*\nallowed     77.92.7.0/25  ")

    def test_what_cannot_be_used_is_refused_in_one_line(self):
        for words, text, said in (((), ALL, "--service"), (SERVICE, "hello", "known are"), (("--service", "203.0.113.10"), ALL, "write 203.0.113.10:443"),
                                  (SERVICE, ALL[:60], "cut short"), ((*SERVICE, "--format", "xml"), ALL, "--format"),
                                  ((*SERVICE, "--direction", "up"), ALL, "inbound or outbound"),
                                  (("--service", "[::ffff:10.0.0.5]:443"), ALL, "write 10.0.0.5:443"),
                                  (("--service", "0.0.0.0:443"), ALL, "0.0.0.0:443"), (("--service", "[::]:443"), ALL, "[::]:443")):
            code, out, err = verify(*words, text=text)
            self.assertEqual((code, out, err.count("\n")), (2, "", 1), err)
            self.assertIn(said, err)


if __name__ == "__main__":
    unittest.main()
