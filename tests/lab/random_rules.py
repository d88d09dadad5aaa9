"""Rulesets made at random, for a comparison of what is computed with what the kernel does. Prefixes come from a small universe, so
that they overlap, and their edges are addresses that can be tried."""

V4 = ["198.18.0.0/24", "198.18.0.64/26", "198.18.0.65/32", "198.18.0.0/15", "198.19.7.0/27", "198.18.0.128/25"]
V4_RANGES = ["198.18.0.10-198.18.0.20", "198.18.0.60-198.18.0.70", "198.19.7.3-198.19.7.40"]
V6 = ["2001:db8:1::/48", "2001:db8:1:2::/64", "2001:db8:1:2::5/128", "2001:db8::/32"]
V6_RANGES = ["2001:db8:1:2::4-2001:db8:1:2::9"]
SOURCES4 = ["198.17.255.255", "198.18.0.0", "198.18.0.9", "198.18.0.10", "198.18.0.20", "198.18.0.21", "198.18.0.59", "198.18.0.60",
            "198.18.0.63", "198.18.0.64", "198.18.0.65", "198.18.0.66", "198.18.0.70", "198.18.0.71", "198.18.0.127", "198.18.0.128",
            "198.18.0.255", "198.18.1.0", "198.19.6.255", "198.19.7.0", "198.19.7.3", "198.19.7.31", "198.19.7.32", "198.19.7.40",
            "198.19.7.41", "198.19.255.255", "198.20.0.0"]
SOURCES6 = ["2001:db7:ffff::1", "2001:db8::1", "2001:db8:1::1", "2001:db8:1:1:ffff::1", "2001:db8:1:2::1", "2001:db8:1:2::3",
            "2001:db8:1:2::4", "2001:db8:1:2::5", "2001:db8:1:2::6", "2001:db8:1:2::9", "2001:db8:1:2::a", "2001:db8:1:3::1", "2001:db8:2::1",
            "2001:db9::1"]
PORTS = [22, 80, 443]
OTHER_PORTS = [25, 8080, 1024]


def addresses(random, v6):
    single, ranges = (V6, V6_RANGES) if v6 else (V4, V4_RANGES)
    word = "ip6" if v6 else "ip"
    sign = random.choice(["", "", "", "!= "])
    kind = random.random()
    if kind < 0.5:
        return f"{word} saddr {sign}{random.choice(single)}"
    if kind < 0.7:
        return f"{word} saddr {sign}{random.choice(ranges)}"
    if kind < 0.85:
        some = disjoint(random, single)
        return f"{word} saddr {sign}{{ {', '.join(some)} }}"
    return f"{word} saddr {sign}@{'six' if v6 else 'four'}"


def disjoint(random, prefixes):
    """nft refuses intervals that overlap."""
    import ipaddress
    found = []
    for text in random.sample(prefixes, len(prefixes)):
        network = ipaddress.ip_network(text)
        if all(not network.overlaps(ipaddress.ip_network(other)) for other in found):
            found.append(text)
    return found[:random.randint(1, 3)]


def ports(random):
    kind = random.random()
    if kind < 0.4:
        return f"tcp dport {random.choice(['', '', '!= '])}{random.choice(PORTS)}"
    if kind < 0.6:
        return f"tcp dport {{ {', '.join(str(port) for port in random.sample(PORTS + OTHER_PORTS, 3))} }}"
    if kind < 0.75:
        return f"tcp dport {random.choice(['1-100', '100-500', '443-444', '!= 20-30'])}"
    if kind < 0.85:
        return f"tcp dport {random.choice(['<', '>', '<=', '>='])} {random.choice(PORTS)}"
    return random.choice(["th dport 443", "tcp sport 1024-65535", "meta l4proto tcp", "meta l4proto { tcp, udp }", "udp dport 443"])


def conditions(random, family):
    """In an order and combination that nft accepts: one family a rule."""
    found = []
    v6 = family == "ip6" or (family == "inet" and random.random() < 0.4)
    if random.random() < 0.7:
        found.append(addresses(random, v6))
    if random.random() < 0.3:
        found.append("ip6 daddr 2001:db8:f::1" if v6 else random.choice(["ip daddr 192.0.2.1", "ip daddr 192.0.2.0/24", "ip daddr 203.0.113.0/24"]))
    if random.random() < 0.5:
        found.append(ports(random))
    if random.random() < 0.25:
        found.append(random.choice(["ct state new", "ct state established,related", "ct state { new, established }", "ct state != invalid",
                                    "ct state invalid", "ct status dnat", "ct status ! dnat"]))
    transport = any(text.startswith(("udp", "th ", "meta l4proto")) for text in found)
    if random.random() < 0.08 and not transport:
        found.append(random.choice(["tcp flags syn / fin,syn,rst,ack", "tcp flags ack", "tcp flags & (syn | rst) == syn"]))
    if random.random() < 0.06:
        found.append("iif lo")
    if random.random() < 0.1:
        found.append(random.choice(["fib daddr type local", "fib daddr type != local", "fib daddr type { local, broadcast }", "fib daddr type unicast",
                                    "fib saddr type local", "fib saddr type != unicast", "fib saddr type unicast"]))
    if family == "inet" and not any(text.startswith("ip") for text in found) and random.random() < 0.15:
        found.insert(0, "meta nfproto " + ("ipv6" if v6 else "ipv4"))
    return found


def verdict(random, chains):
    return random.choice(["accept", "accept", "drop", "reject", "reject with tcp reset", "return", "counter", "log", "continue"]
                         + [f"jump {chain}" for chain in chains] + [f"goto {chain}" for chain in chains])


def rule(random, family, chains):
    if random.random() < 0.1:
        targets = ["accept", "drop", "return"] + [f"jump {chain}" for chain in chains]
        keys = random.sample(PORTS + OTHER_PORTS, 3)
        return f"tcp dport vmap {{ {', '.join(f'{key} : {random.choice(targets)}' for key in keys)} }}"
    if family != "ip6" and random.random() < 0.06:
        pairs = [f"{prefix} : {random.choice(['accept', 'drop'])}" for prefix in disjoint(random, V4)]
        return f"ip saddr vmap {{ {', '.join(pairs)} }}"
    if family != "ip6" and random.random() < 0.05:
        return f"ip saddr . tcp dport {{ 198.18.0.64/26 . 443, 198.18.0.10 . 22, 198.19.7.0/27 . 80-500 }} {random.choice(['accept', 'drop'])}"
    end = verdict(random, chains)
    found = conditions(random, family)
    # "reject with tcp reset" is for TCP only, and nft wants to see that.
    if end == "reject with tcp reset" and not any(text.startswith(("tcp ", "meta l4proto tcp")) for text in found):
        found.append("meta l4proto tcp")
    if end == "reject with tcp reset" and any(text.startswith(("udp", "meta l4proto {", "th ")) for text in found):
        end = "drop"
    return " ".join(found + [end])


def table(random, family, name):
    lines = [f"table {family} {name} {{"]
    if family != "ip6":
        lines += ["set four {", "type ipv4_addr; flags interval", f"elements = {{ {', '.join(disjoint(random, V4))} }}", "}"]
    if family != "ip":
        lines += ["set six {", "type ipv6_addr; flags interval", f"elements = {{ {', '.join(disjoint(random, V6))} }}", "}"]
    chains = [f"user{i}" for i in range(random.randint(0, 3))]
    for i, chain in reversed(list(enumerate(chains))):
        lines += [f"chain {chain} {{"] + [rule(random, family, chains[i + 1:]) for _ in range(random.randint(1, 4))] + ["}"]
    hooks = [("input", 0)] + ([("input", 10)] if random.random() < 0.3 else [])
    hooks += [("output", 0)] if random.random() < 0.25 else []
    hooks += [("prerouting", random.choice([-150, -100, -50, 0]))] if random.random() < 0.2 else []
    for hook, priority in hooks:
        policy = random.choice(["accept", "drop"])
        lines += [f"chain {hook}{'' if priority == 0 else 'b'} {{", f"type filter hook {hook} priority {priority}; policy {policy}"]
        if random.random() < 0.6:
            lines.append("ct state established,related accept")
        lines += [rule(random, family, chains) for _ in range(random.randint(1, 7))] + ["}"]
    if family != "ip6" and random.random() < 0.25:
        lines += translations(random)
    return lines + ["}"]


def translations(random):
    """Both ports are listened on. Without a rule that needs connection tracking no nat chain is called (nf_nat_inet_fn() of the kernel)."""
    lines = []
    places = [("prerouting", -160), ("prerouting", -100), ("prerouting", -40), ("prerouting", 60), ("input", 90), ("input", 100), ("input", 110)]
    for hook, priority in random.sample(places, random.randint(1, 3)):
        policy = "drop" if random.random() < 0.08 else "accept"
        lines += [f"chain nat{hook}{priority + 200} {{", f"type nat hook {hook} priority {priority}; policy {policy}"]
        if random.random() < 0.5:
            lines.append("ct state new counter")
        for _ in range(random.randint(1, 3)):
            service, other = random.choice([(443, 22), (22, 443)])
            end = random.choice(["snat to 203.0.113.9", "accept"] if hook == "input" else
                                [f"redirect to :{other}", f"dnat to 192.0.2.1:{other}", "accept"])
            lines.append(f"ip daddr 192.0.2.1 {addresses(random, False)} tcp dport {service} {random.choice([end, end, 'drop'])}")
        lines.append("}")
    if random.random() < 0.4:
        lines += ["chain answers {", f"type filter hook postrouting priority {random.choice([50, 100, 150])}; policy accept",
                  f"ip daddr {random.choice(V4)} tcp sport {random.choice([443, 22])} drop", "}"]
    return lines


def nft_ruleset(random):
    families = random.choice([["inet"], ["inet"], ["ip"], ["ip6"], ["ip", "ip6"], ["inet", "ip"]])
    lines = []
    for i, family in enumerate(families):
        lines += table(random, family, f"t{i}")
    return "\n".join(lines) + "\n"


def iptables_rule(random, chain, chains):
    words = [f"-A {chain}"]
    if random.random() < 0.6:
        words.append(random.choice(["-s", "-s", "! -s"]) + " " + random.choice(V4))
    elif random.random() < 0.3:
        words.append("-m iprange " + random.choice(["", "! "]) + "--src-range " + random.choice(V4_RANGES))
    if random.random() < 0.7:
        words.append("-p tcp")
        words.append(random.choice(["-m tcp --dport 443", "-m tcp --dport 20:80", "-m multiport --dports 22,443", "-m tcp ! --dport 22",
                                    "-m tcp --syn", "-m multiport --dports 80:100,8080", "-m tcp --tcp-flags SYN,ACK SYN", ""]))
    if random.random() < 0.25:
        words.append("-m conntrack --ctstate " + random.choice(["NEW", "RELATED,ESTABLISHED", "NEW,ESTABLISHED", "INVALID"]))
    if random.random() < 0.1:
        words.append("-i lo")
    if random.random() < 0.1:
        words.append("-m addrtype " + random.choice(["--dst-type LOCAL", "! --dst-type LOCAL", "--src-type LOCAL", "--src-type UNICAST"]))
    words.append(random.choice(["-j ACCEPT", "-j ACCEPT", "-j DROP", "-j REJECT", "-j RETURN", "-j LOG", ""]
                               + [f"-j {name}" for name in chains] + [f"-g {name}" for name in chains]))
    return " ".join(word for word in words if word)


def iptables_ruleset(random):
    chains = [f"USER{i}" for i in range(random.randint(0, 2))]
    lines = ["*filter", f":INPUT {random.choice(['ACCEPT', 'DROP'])} [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]"]
    lines += [f":{chain} - [0:0]" for chain in chains]
    if random.random() < 0.6:
        lines.append("-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
    lines += [iptables_rule(random, "INPUT", chains) for _ in range(random.randint(2, 8))]
    for i, chain in enumerate(chains):
        lines += [iptables_rule(random, chain, chains[i + 1:]) for _ in range(random.randint(1, 4))]
    return "\n".join(lines + ["COMMIT", ""])
