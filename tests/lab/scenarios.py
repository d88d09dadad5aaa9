"""The table of the lab: what is wrong, and what fwprobe must say about it. The names and addresses are those of topology.py and
services.py, the words those of docs/causes.md. To add a scenario, add a row."""
from peers import AZURE_PORTS, FORGERS, PORTS, RELAY
from scenario import (ANY, BEFORE_THE_FIRST_ROUTER, BEHIND_THE_LAST_ROUTER, LOCAL, Fault, PATH, PROXY, RESOLVER, SERVER, SOMEWHERE,
                      UNKNOWN_HOP, Location, after, at, change, entering, fails, forward, leaving,
                      passes, redirect, warns)
from topology import ROUTERS

# The features that the program has. A row that needs another is not run and is listed as "not yet"; a location that needs
# another is shown and not compared.
IMPLEMENTED = frozenset({"path", "sni", "intercepted", "pages", "mtu", "proxy_required", "ssh_host_key"})

# Verdicts that are known to be wrong: the row's name, and a scenario.Known with what fwprobe says instead. They do not fail the run while it says that.
KNOWN = {}

HTTPS, HTTP = "tcp dport 443", "tcp dport 80"
WWW4, WWW6 = "192.0.2.80", "2001:db8:80::80"
HTTPS4, HTTPS6 = f"tcp://{WWW4}:443", f"tcp://[{WWW6}]:443"
SYN = "tcp flags & (syn | ack) == syn"
# The first bytes behind the TCP header: a TLS record of a handshake, RFC 8446 §5.1; a response of HTTP; an SSH banner.
CLIENT_HELLO = f"{HTTPS} @ih,0,16 0x1603"
STATUS_LINE = "tcp sport 80 @ih,0,32 0x48545450"
SSH_BANNER = "tcp sport 22 @ih,0,32 0x5353482d"
NO_IPV4, NO_IPV6 = "route del default via 198.51.100.1", "route del default via 2001:db8:1::1"
NO_MTU_NEWS = ("icmp type destination-unreachable icmp code frag-needed drop", "icmpv6 type packet-too-big drop")


def peer(name, scheme, path=""):
    return f"{scheme}://www.lab.test:{PORTS[name]}{path}"


def azure(variant, more="--collection DefaultCollection --token-env TOKEN"):
    return f"https://azure.lab.test:{AZURE_PORTS[variant]}/ --profile azure-devops-server {more}"


# Two routers that both answer with one private address: carriers number their insides as they like.
ONE_PRIVATE_ADDRESS = [
    change(name, ["addr add 10.66.0.1/32 dev lo", f"route replace {route} src 10.66.0.1"],
           [f"route replace {route}", "addr del 10.66.0.1/32 dev lo"])
    for name, route in (("r2", "198.51.100.0/24 via 203.0.113.1"), ("r3", "default via 203.0.113.5"))]


def small_link(size):
    """Between r2 and r3, as behind a tunnel; 1280 is the least that IPv6 takes (RFC 8200 §5)."""
    return (change("r2", [f"link set dev r3 mtu {size}"], ["link set dev r3 mtu 1500"]),
            change("r3", [f"link set dev r2 mtu {size}"], ["link set dev r2 mtu 1500"]))


APP = PORTS["http-app"]
APP4 = f"http://four.lab.test:{APP}/"


def forgets(router, port, then="drop", family="ip"):
    """A firewall that forgets a connection after a second without a packet of the client, and drops what it does not know."""
    flow = f"{family} saddr . tcp sport"
    known = f"{family} saddr . tcp sport @known update @known {{ {flow} }} accept"
    kind = {"ip": "ipv4_addr", "ip6": "ipv6_addr"}[family]
    return Fault(router, f"table inet lab {{\n  set known {{ type {kind} . inet_service; flags dynamic,timeout; timeout 1s; }}\n"
                         f"  chain forward {{\n    type filter hook forward priority filter;\n"
                         f"    tcp dport {port} {SYN} update @known {{ {flow} }} accept\n    tcp dport {port} {known}\n"
                         f"    tcp dport {port} {then}\n  }}\n}}\n")


def cuts_off(router, port, then):
    """Lets 200 kB of each connection through."""
    return Fault(router, f"table inet lab {{\n  set sizes {{ type ipv4_addr . inet_service; flags dynamic; size 65535; }}\n"
                         f"  chain forward {{\n    type filter hook forward priority filter;\n"
                         f"    tcp dport {port} update @sizes {{ ip saddr . tcp sport quota over 200 kbytes }} {then}\n  }}\n}}\n")


NO_TIME_EXCEEDED = [leaving(name, "icmp type time-exceeded drop", "icmpv6 type time-exceeded drop") for name in ROUTERS]
ANOTHER_WAY_BACK = change("r3", ["route add 198.51.100.0/24 via 203.0.113.9", "route add 2001:db8:1::/64 via 2001:db8:13::1"],
                          ["route del 198.51.100.0/24", "route del 2001:db8:1::/64"])

HEALTHY = [
    passes("https over both families", "https://www.lab.test/", findings={f"{WWW4}:443": None, f"[{WWW6}]:443": None}),
    passes("https over IPv4", "https://www.lab.test/ -4"),
    passes("https over IPv6", "https://www.lab.test/ -6"),
    passes("https to an address", f"https://{WWW4}/"),
    passes("https to an IPv6 address", f"https://[{WWW6}]/"),
    passes("http", "http://www.lab.test/"),
    passes("tcp", "tcp://www.lab.test:443"),
    passes("tls", "tls://www.lab.test:443"),
    passes("ssh", "ssh://www.lab.test"),
    passes("ssh, and the host key that was asked for", "ssh://www.lab.test --ssh-fingerprint {key:ed25519}", needs=["ssh_host_key"]),
    passes("ssh, and the key that was asked for is the server's second",
           "ssh://www.lab.test --ssh-fingerprint {key:rsa} --ssh-fingerprint {key:ecdsa}", needs=["ssh_host_key"]),
    passes("the server's second key through a SOCKS proxy", f"ssh://{WWW4} --proxy socks5://203.0.113.82:1080 --ssh-fingerprint {{key:ecdsa}}",
           needs=["ssh_host_key"]),
    passes("an SSH server that says something before its banner, slowly", peer("ssh-slow", "ssh")),
    passes("a mail server's port, as tcp", peer("smtp", "tcp")),
    passes("Azure DevOps Server with a token", azure("server-2022")),
    passes("Azure DevOps Server 2020", azure("server-2020")),
    passes("Azure DevOps Server below /tfs", azure("tfs-prefix", "--collection tfs/DefaultCollection --token-env TOKEN")),
    passes("a public name that must be public", "http://public.lab.test/ --expect-public"),
    passes("addresses inside an expected prefix",
           "https://www.lab.test/ --expect-address 192.0.2.0/24 --expect-address 2001:db8::/32"),
    passes("a client without IPv6, a name with both", "https://www.lab.test/", change("client", [NO_IPV6])),
    passes("a client without IPv4, a name with both", "https://www.lab.test/ --dns-server 2001:db8:53::66",
           change("client", [NO_IPV4])),
    passes("a name with IPv6 only", "https://six.lab.test/"),
    passes("through an HTTP proxy to https", "https://www.lab.test/ --proxy http://203.0.113.82:3128"),
    passes("through an HTTP proxy to http", "http://www.lab.test/ --proxy http://203.0.113.82:3128"),
    passes("through an HTTP proxy with a password", "https://www.lab.test/ --proxy http://user:secret@203.0.113.82:3129"),
    passes("through a SOCKS proxy", f"https://{WWW4}/ --proxy socks5://203.0.113.82:1080"),
    passes("the proxy of the environment", "https://www.lab.test/", environment={"https_proxy": "http://proxy.lab.test:3128"}),
    passes("no_proxy in the environment", "https://www.lab.test/",
           environment={"https_proxy": "http://203.0.113.82:3999", "no_proxy": ".lab.test"}),
    passes("routers that never say when a packet's time is exceeded", "https://www.lab.test/", *NO_TIME_EXCEEDED),
    passes("the same, traced", "https://www.lab.test/ --trace always", *NO_TIME_EXCEEDED, needs=["path"]),
    passes("traced although nothing is wrong", "https://www.lab.test/ --trace always", needs=["path"]),
    passes("no ICMP at all", "https://www.lab.test/",
           *(leaving(name, "meta l4proto icmp drop", "icmpv6 type { 1, 2, 3, 4, 128, 129 } drop") for name in ROUTERS + ("server",)),
           *(forward(name, "meta l4proto { icmp, ipv6-icmp } drop") for name in ROUTERS)),
    passes("answers that come another way", "https://www.lab.test/", ANOTHER_WAY_BACK),
    passes("answers that come another way, traced", "https://www.lab.test/ --trace always", ANOTHER_WAY_BACK, needs=["path"]),
    passes("a relay on the first router that answers whatever the TTL", "https://www.lab.test/", redirect("r1", HTTPS, RELAY)),
    passes("the same relay, traced", "https://www.lab.test/ --trace always", redirect("r1", HTTPS, RELAY), needs=["path"]),
    passes("routers with one private address, traced", f"{HTTPS4} --trace always", *ONE_PRIVATE_ADDRESS, needs=["path"]),
    passes("five attempts", "https://www.lab.test/ --attempts 5"),
    passes("two resolvers that agree", "https://www.lab.test/ --dns-server 203.0.113.66 --dns-server 203.0.113.67"),
    passes("a resolver asked over IPv6", "https://www.lab.test/ --dns-server 2001:db8:53::66"),
    passes("an alias", "https://alias.lab.test/ --dns-server 203.0.113.69"),
    passes("an address given by --resolve", f"https://www.lab.test/ --resolve www.lab.test={WWW4}"),
    passes("a slow server", peer("http-slow", "http", "/")),
    passes("a redirect that is followed", "http://www.lab.test/here"),
    passes("a status that was asked for", "https://www.lab.test/418 --expect-status 418"),
    passes("an answer without a body", "http://www.lab.test/204"),
    passes("a small link whose routers say so", "http://www.lab.test/large", *small_link(1300)),
    passes("a large certificate chain", "https://large-chain.lab.test/"),
    passes("a page that mentions another port", "https://www.lab.test/foreign"),
    passes("a page that mentions http", "https://www.lab.test/insecure"),
    passes("a SYN that is lost once", f"{HTTPS4} --timeout 4s", forward("r2", f"{HTTPS} {SYN} limit rate 1/minute burst 1 packets drop")),
    passes("a server certificate for another name, asked for by --sni", f"https://{WWW4}/ --sni www.lab.test"),
    passes("a listed destination", "https://www.lab.test/ --allowlist {lists}/listed.yaml"),
]

# What a firewall, a router or the server can do to a SYN.
REJECTIONS = [(4, "icmp", "admin-prohibited", "tcp.rejected"), (4, "icmp", "net-prohibited", "tcp.rejected"),
              (4, "icmp", "host-prohibited", "tcp.rejected"), (4, "icmp", "net-unreachable", "tcp.net_unreachable"),
              (4, "icmp", "host-unreachable", "tcp.host_unreachable"), (4, "icmp", "port-unreachable", "tcp.port_unreachable"),
              (4, "icmp", "prot-unreachable", "tcp.port_unreachable"), (6, "icmpv6", "admin-prohibited", "tcp.rejected"),
              (6, "icmpv6", "policy-fail", "tcp.rejected"), (6, "icmpv6", "reject-route", "tcp.rejected"),
              (6, "icmpv6", "no-route", "tcp.net_unreachable"), (6, "icmpv6", "addr-unreachable", "tcp.host_unreachable"),
              (6, "icmpv6", "port-unreachable", "tcp.port_unreachable")]
FOLLOWING = {"r1": "r2", "r2": "r3"}

TCP = [
    fails("nothing listens", "tcp://www.lab.test:4999", "tcp.refused", SERVER,
          findings={f"{WWW4}:4999": "tcp.refused", f"[{WWW6}]:4999": "tcp.refused"}),
    fails("nothing listens on the https port", "https://www.lab.test:4999/", "tcp.refused", SERVER),
    *(fails(f"{name} answers with a RST, IPv{family}", target, "tcp.reset_in_path", after(name, family, FOLLOWING[name]),
            forward(name, f"{HTTPS} reject with tcp reset"), needs=["path"])
      for name in ("r1", "r2") for family, target in ((4, HTTPS4), (6, HTTPS6))),
    # Nothing on the path tells this from the firewall of this machine.
    fails("r1 refuses in the server's name, whatever the TTL", HTTPS4, "tcp.reset_in_path", None, redirect("r1", HTTPS, 5999),
          needs=["path"]),
    # Nothing tells a RST of the last router from the server's own.
    *(fails(f"r3 answers with a RST, IPv{family}", target, "tcp.refused", SERVER, forward("r3", f"{HTTPS} reject with tcp reset"))
      for family, target in ((4, HTTPS4), (6, HTTPS6))),
    *(fails(f"the server's firewall answers with a RST, IPv{family}", target, "tcp.refused", SERVER,
            entering("server", f"{HTTPS} reject with tcp reset")) for family, target in ((4, HTTPS4), (6, HTTPS6))),
    *(fails(f"{name} drops the port, IPv{family}", target, "tcp.filtered", after(name, family, FOLLOWING[name]),
            forward(name, f"{HTTPS} drop"))
      for name in ("r1", "r2") for family, target in ((4, HTTPS4), (6, HTTPS6))),
    *(fails(f"r3 drops the port, IPv{family}", target, "tcp.filtered", BEHIND_THE_LAST_ROUTER, forward("r3", f"{HTTPS} drop"))
      for family, target in ((4, HTTPS4), (6, HTTPS6))),
    *(fails(f"the server's firewall drops the port, IPv{family}", target, "tcp.filtered", BEHIND_THE_LAST_ROUTER,
            entering("server", f"{HTTPS} drop")) for family, target in ((4, HTTPS4), (6, HTTPS6))),
    fails("r2 drops https, both families", "https://www.lab.test/", "tcp.filtered", Location("path", 2, ANY, "after", ANY, PATH),
          forward("r2", f"{HTTPS} drop"),
          findings={f"{WWW4}:443": "tcp.filtered", f"[{WWW6}]:443": "tcp.filtered"}),
    *(fails(f"r2 drops the port, and {silent} is silent about expired packets", HTTPS4, "tcp.filtered", location,
            forward("r2", f"{HTTPS} drop"), leaving(silent, "icmp type time-exceeded drop"))
      for silent, location in (("r1", after("r2", 4, "r3")), ("r2", after("r1", 4)))),
    # Another port's flow is not seen by the first router either, so that this machine is not to blame.
    fails("r2 drops the port, and no router speaks of expired packets", HTTPS4, "tcp.filtered", UNKNOWN_HOP,
          forward("r2", f"{HTTPS} drop"), *NO_TIME_EXCEEDED),
    fails("r2 drops the port, and r1 answers for one expired packet a second", HTTPS4, "tcp.filtered", after("r2", 4, "r3"),
          forward("r2", f"{HTTPS} drop"),
          leaving("r1", "icmp type time-exceeded limit rate over 1/second burst 1 packets drop")),
    fails("r2 drops everything to the server", HTTPS4, "tcp.filtered", after("r2", 4), forward("r2", f"ip daddr {WWW4} drop")),
    fails("r2 drops the server's answers", HTTPS4, "tcp.filtered", None, forward("r2", "tcp sport 443 drop")),
    fails("ssh dropped at r2", "ssh://four.lab.test", "tcp.filtered", after("r2", 4, "r3"), forward("r2", "tcp dport 22 drop")),
    *(fails(f"{name} rejects with {kind} {code}", HTTPS4 if family == 4 else HTTPS6, cause, at(name, family),
            forward(name, f"{HTTPS} reject with {kind} type {code}"))
      for name in ROUTERS for family, kind, code, cause in REJECTIONS),
    fails("the server's firewall rejects", HTTPS4, "tcp.port_unreachable", SERVER, entering("server", f"{HTTPS} reject")),
    fails("the server's firewall prohibits, IPv6", HTTPS6, "tcp.rejected", SERVER,
          entering("server", f"{HTTPS} reject with icmpv6 type admin-prohibited")),
    fails("r2 has no route", HTTPS4, "tcp.net_unreachable", at("r2", 4),
          change("r2", ["route del 192.0.2.0/24"], ["route add 192.0.2.0/24 via 203.0.113.6"])),
    fails("r2 has no route, IPv6", HTTPS6, "tcp.net_unreachable", at("r2", 6),
          change("r2", ["route del 2001:db8:80::/64"], ["route add 2001:db8:80::/64 via 2001:db8:23::3"])),
    fails("a dead host behind r3", "tcp://192.0.2.99:443 --timeout 5s", "tcp.host_unreachable", at("r3", 4)),
    fails("a dead host behind r3, IPv6", "tcp://[2001:db8:80::99]:443 --timeout 5s", "tcp.host_unreachable", at("r3", 6)),
    *(fails(f"{kind} route on r2", HTTPS4, cause, location,
            change("r2", [f"route add {kind} {WWW4}/32"], [f"route del {kind} {WWW4}/32"]))
      for kind, cause, location in (("prohibit", "tcp.rejected", at("r2", 4)), ("unreachable", "tcp.host_unreachable", at("r2", 4)),
                                    # Linux looks the route up before the TTL, so that r2 does not answer a probe either.
                                    ("blackhole", "tcp.filtered", after("r1", 4)))),
    *(fails(f"{kind} route on r2, IPv6", HTTPS6, cause, location,
            change("r2", [f"route add {kind} {WWW6}/128"], [f"route del {kind} {WWW6}/128"]))
      for kind, cause, location in (("prohibit", "tcp.rejected", at("r2", 6)), ("unreachable", "tcp.net_unreachable", at("r2", 6)),
                                    ("blackhole", "tcp.filtered", after("r1", 6)))),
    fails("a routing loop between r1 and r2", HTTPS4, "tcp.routing_loop", Location("path", ANY, "203.0.113.2", "at", ANY),
          change("r2", ["route replace 192.0.2.0/24 via 203.0.113.1"], ["route replace 192.0.2.0/24 via 203.0.113.6"])),
    fails("a routing loop between r1 and r2, IPv6", HTTPS6, "tcp.routing_loop", Location("path", ANY, "2001:db8:12::2", "at", ANY),
          change("r2", ["route replace 2001:db8:80::/64 via 2001:db8:12::1"], ["route replace 2001:db8:80::/64 via 2001:db8:23::3"])),
    fails("r2 drops the port, and has the same private address as r3", HTTPS4, "tcp.filtered",
          Location("path", 2, "10.66.0.1", "after", None, PATH), *ONE_PRIVATE_ADDRESS, forward("r2", f"{HTTPS} drop")),
    fails("one of two addresses is dropped", "https://two.lab.test/", "tcp.partial", after("r2", 4, "r3"),
          forward("r2", f"ip daddr 192.0.2.81 {HTTPS} drop"),
          findings={f"{WWW4}:443": None, "192.0.2.81:443": "tcp.filtered"}),
    fails("IPv6 is dropped and IPv4 is not", "https://www.lab.test/", "tcp.partial", after("r2", 6, "r3"),
          forward("r2", f"meta nfproto ipv6 {HTTPS} drop"), findings={f"{WWW4}:443": None, f"[{WWW6}]:443": "tcp.filtered"}),
    fails("IPv6 is rejected and IPv4 is not", "https://www.lab.test/", "tcp.partial", at("r1", 6),
          forward("r1", f"{HTTPS} reject with icmpv6 type admin-prohibited"),
          findings={f"{WWW4}:443": None, f"[{WWW6}]:443": "tcp.rejected"}),
    fails("IPv4 is refused by the server and IPv6 is not", "https://www.lab.test/", "tcp.partial", SERVER,
          entering("server", f"meta nfproto ipv4 {HTTPS} reject with tcp reset"),
          findings={f"{WWW4}:443": "tcp.refused", f"[{WWW6}]:443": None}),
    fails("every second connection is refused", f"{HTTPS4} --attempts 4", "tcp.intermittent", SOMEWHERE,
          forward("r2", f"{HTTPS} {SYN} numgen inc mod 2 0 reject with tcp reset")),
    fails("every second connection is refused, IPv6", f"{HTTPS6} --attempts 4", "tcp.intermittent", SOMEWHERE,
          forward("r2", f"{HTTPS} {SYN} numgen inc mod 2 0 reject with tcp reset"),
          says=["2 of 4 attempts succeeded; the others: tcp.refused"]),
    fails("none of three attempts gets through", f"{HTTPS4} --attempts 3", "tcp.filtered", after("r2", 4, "r3"),
          forward("r2", f"{HTTPS} drop"), says=["0 of 3 attempts"]),
    fails("two addresses, each with a cause of its own", "https://two.lab.test/", "tcp.rejected", at("r2", 4),
          forward("r2", f"ip daddr {WWW4} drop", f"ip daddr 192.0.2.81 {HTTPS} reject with icmp type admin-prohibited"),
          findings={f"{WWW4}:443": "tcp.filtered", "192.0.2.81:443": "tcp.rejected"}),
    fails("two families, each with a cause of its own", "https://www.lab.test/", "tcp.host_unreachable", at("r1", 6),
          forward("r2", f"ip daddr {WWW4} drop"),
          forward("r1", f"meta nfproto ipv6 {HTTPS} reject with icmpv6 type addr-unreachable"),
          findings={f"{WWW4}:443": "tcp.filtered", f"[{WWW6}]:443": "tcp.host_unreachable"}),
    # What this machine lacks is a note beside the address that is measured.
    fails("r2 drops https, and the client has no IPv6", "https://www.lab.test/", "tcp.filtered", after("r2", 4, "r3"),
          forward("r2", f"{HTTPS} drop"), change("client", [NO_IPV6]),
          findings={f"{WWW4}:443": "tcp.filtered", f"[{WWW6}]:443": None}),
    fails("only the first two connections get through", f"{HTTPS4} --attempts 4", "tcp.intermittent", SOMEWHERE,
          forward("r2", f"{HTTPS} {SYN} limit rate over 1/hour burst 2 packets drop")),
    fails("accepted and closed", peer("close", "tcp"), "tcp.closed_early", SERVER),
    fails("accepted and reset", peer("reset", "tcp"), "tcp.closed_early", SERVER),
    fails("accepted and closed on the https port", peer("close", "https", "/"), "tcp.closed_early", SERVER),
    fails("full-size packets vanish", "http://four.lab.test/large", "tcp.path_mtu_black_hole", SOMEWHERE, *small_link(1300),
          leaving("r3", *NO_MTU_NEWS), leaving("r2", *NO_MTU_NEWS), needs=["mtu"]),
    fails("full-size packets vanish, IPv6", "http://six.lab.test/large", "tcp.path_mtu_black_hole", SOMEWHERE, *small_link(1300),
          leaving("r3", *NO_MTU_NEWS), leaving("r2", *NO_MTU_NEWS), needs=["mtu"]),
    fails("full-size packets vanish, https", "https://four.lab.test/large", "tcp.path_mtu_black_hole", SOMEWHERE, *small_link(1300),
          leaving("r3", *NO_MTU_NEWS), leaving("r2", *NO_MTU_NEWS), needs=["mtu"]),
    *(fails(f"full-size packets of a large request vanish, IPv{family}", f"{url} --header 'X-Large: {'x' * 4000}'",
            "tcp.path_mtu_black_hole", SOMEWHERE, *small_link(1300), leaving("r2", *NO_MTU_NEWS), needs=["mtu"])
      for family, url in ((4, "http://four.lab.test/"), (6, "http://six.lab.test/"))),
    # The certificates of the server's other names are smaller and arrive: that is no filter of names.
    fails("full-size packets vanish in the handshake", "https://large-chain.lab.test/", "tcp.path_mtu_black_hole", SOMEWHERE,
          *small_link(1300),
          leaving("r3", *NO_MTU_NEWS), leaving("r2", *NO_MTU_NEWS), needs=["mtu"]),
]

LOCALLY = [
    fails("this machine's firewall drops the port", HTTPS4, "tcp.filtered", BEFORE_THE_FIRST_ROUTER, leaving("client", f"{HTTPS} drop")),
    fails("this machine's firewall drops the port, IPv6", HTTPS6, "tcp.filtered", BEFORE_THE_FIRST_ROUTER,
          leaving("client", f"{HTTPS} drop")),
    fails("this machine's firewall rejects the port", HTTPS4, "local.blocked", LOCAL, leaving("client", f"{HTTPS} reject")),
    fails("this machine's firewall rejects the port, IPv6", HTTPS6, "local.blocked", LOCAL, leaving("client", f"{HTTPS} reject")),
    fails("this machine's firewall answers with a RST", HTTPS4, "tcp.reset_in_path", BEFORE_THE_FIRST_ROUTER,
          leaving("client", f"{HTTPS} reject with tcp reset"), needs=["path"]),
    fails("a prohibit route on this machine", HTTPS4, "local.blocked", LOCAL, change("client", [f"route add prohibit {WWW4}/32"],
                                                                                     [f"route del prohibit {WWW4}/32"])),
    fails("a prohibit route on this machine, IPv6", HTTPS6, "local.blocked", LOCAL,
          change("client", [f"route add prohibit {WWW6}/128"], [f"route del prohibit {WWW6}/128"])),
    fails("an unreachable route on this machine", HTTPS4, "local.no_route", LOCAL,
          change("client", [f"route add unreachable {WWW4}/32"], [f"route del unreachable {WWW4}/32"])),
    fails("a blackhole route on this machine", HTTPS4, "local.no_route", LOCAL,
          change("client", [f"route add blackhole {WWW4}/32"], [f"route del blackhole {WWW4}/32"])),
    fails("no default route", f"https://www.lab.test/ --resolve www.lab.test={WWW4},{WWW6}", "local.no_route", LOCAL,
          change("client", [NO_IPV4, NO_IPV6])),
    fails("no default route, and none to the resolver", "https://www.lab.test/", "local.no_route", LOCAL,
          change("client", [NO_IPV4, NO_IPV6])),
    fails("this machine's firewall drops DNS", "https://www.lab.test/", "local.blocked", LOCAL, leaving("client", "udp dport 53 drop")),
    fails("this machine's firewall rejects DNS", "https://www.lab.test/", "local.blocked", LOCAL,
          leaving("client", "udp dport 53 reject")),
    fails("a name with IPv6 only and no IPv6 here", "https://six.lab.test/", "local.no_address_family", LOCAL,
          change("client", [NO_IPV6])),
    fails("a name with IPv4 only and no IPv4 here", "https://four.lab.test/ --dns-server 2001:db8:53::66", "local.no_address_family",
          LOCAL, change("client", [NO_IPV4])),
    fails("a source address that is not ours", f"{HTTPS4} --source 198.51.100.250", "local.no_route", LOCAL),
    fails("a first router that is not there", HTTPS4 + " --timeout 5s", "tcp.host_unreachable", None,
          change("client", ["route replace default via 198.51.100.254"])),
    fails("every certificate of the chain lies in the future", "https://future.lab.test/", "local.clock_skew", LOCAL),
    warns("the server's Date is three days ahead", peer("http-date", "http", "/"), "local.clock_skew", LOCAL),
]

ON_THE_WAY = Location("path", None, None, None, None)

DNS = [
    fails("NXDOMAIN", "https://missing.lab.test/", "dns.nxdomain", RESOLVER),
    fails("NODATA", "https://nodata.lab.test/", "dns.nodata", RESOLVER),
    fails("NODATA for the wanted family", "https://six.lab.test/ -4", "dns.nodata", RESOLVER),
    fails("SERVFAIL", "https://www.servfail.test/", "dns.servfail", RESOLVER),
    fails("REFUSED", "https://refused.lab.test/", "dns.refused", RESOLVER),
    fails("a resolver that is silent about a name", "https://silent.lab.test/", "dns.timeout", RESOLVER),
    fails("r1 drops port 53", "https://www.lab.test/", "dns.timeout", RESOLVER, forward("r1", "udp dport 53 drop", "tcp dport 53 drop")),
    fails("r1 drops port 53 over UDP only", "https://www.lab.test/", "dns.timeout", RESOLVER, forward("r1", "udp dport 53 drop")),
    fails("the resolver's machine drops port 53", "https://www.lab.test/", "dns.timeout", RESOLVER,
          entering("resolver", "udp dport 53 drop", "tcp dport 53 drop")),
    fails("no resolver on that machine", "https://www.lab.test/ --dns-server 203.0.113.74", "dns.unreachable", RESOLVER),
    fails("r1 prohibits port 53", "https://www.lab.test/", "dns.unreachable", RESOLVER,
          forward("r1", "udp dport 53 reject with icmpx type admin-prohibited", "tcp dport 53 reject with icmpx type admin-prohibited")),
    fails("a resolver that does not exist", "https://www.lab.test/ --dns-server 203.0.113.77 --timeout 5s", "dns.unreachable", RESOLVER),
    fails("an answer that is cut short", "https://www.lab.test/ --dns-server 203.0.113.70", "dns.malformed", RESOLVER),
    fails("the answer to another question", "https://www.lab.test/ --dns-server 203.0.113.72", "dns.malformed", RESOLVER),
    fails("aliases in a circle", "https://loop.lab.test/ --dns-server 203.0.113.69", "dns.cname_loop", RESOLVER),
    fails("0.0.0.0", "https://null.lab.test/", "dns.sinkhole", RESOLVER),
    fails("loopback", "https://loopback.lab.test:4999/", "dns.sinkhole", RESOLVER),
    fails("a private address where a public one is expected", "https://internal.lab.test/ --expect-public", "dns.private_address",
          RESOLVER),
    fails("a public address where a private one is expected", "https://www.lab.test/ --expect-private", "dns.public_address", RESOLVER),
    fails("an address outside the expected prefix", "https://www.lab.test/ --expect-address 10.0.0.0/8", "dns.public_address", RESOLVER),
    warns("two resolvers that name different addresses", "http://www.lab.test/ --dns-server 203.0.113.66 --dns-server 203.0.113.68",
          "dns.disagreement", RESOLVER),
    fails("a resolver that knows the name and one that does not",
          "https://four.lab.test/ --dns-server 203.0.113.66 --dns-server 203.0.113.68", "dns.disagreement", RESOLVER),
    warns("one of two resolvers is silent", "https://www.lab.test/ --dns-server 203.0.113.66 --dns-server 203.0.113.67", "dns.timeout",
          RESOLVER, forward("r1", "ip daddr 203.0.113.67 meta l4proto { tcp, udp } th dport 53 drop")),
    fails("r1 redirects port 53 to a forger that says 0.0.0.0", "https://www.lab.test/", "dns.sinkhole", RESOLVER,
          redirect("r1", "udp dport 53", FORGERS["null"])),
    fails("r1 redirects port 53 to a forger that knows no name", "https://www.lab.test/", "dns.nxdomain", RESOLVER,
          redirect("r1", "meta l4proto { tcp, udp } th dport 53", FORGERS["nxdomain"])),
    fails("r1 redirects port 53 to a forger that names an internal server", "http://public.lab.test/ --expect-public -4",
          "dns.private_address", RESOLVER, redirect("r1", "udp dport 53", FORGERS["private"])),
    fails("two answers to one question, a forged one first", "https://www.lab.test:4999/ --dns-server 203.0.113.71", "dns.forged_answer",
          ON_THE_WAY),
]

TLS = [
    fails("r2 drops the ClientHello", "https://four.lab.test/", "tls.client_hello_dropped", after("r2", 4, "r3"),
          forward("r2", f"{CLIENT_HELLO} drop")),
    fails("r2 drops the ClientHello, IPv6", "https://six.lab.test/", "tls.client_hello_dropped", after("r2", 6, "r3"),
          forward("r2", f"{CLIENT_HELLO} drop")),
    fails("r1 drops the ClientHello", "tls://four.lab.test:443", "tls.client_hello_dropped", after("r1", 4, "r2"),
          forward("r1", f"{CLIENT_HELLO} drop")),
    fails("r2 resets on the ClientHello", "https://four.lab.test/", "tls.client_hello_reset", after("r2", 4, "r3"),
          forward("r2", f"{CLIENT_HELLO} reject with tcp reset")),
    fails("r2 resets on the ClientHello, IPv6", "https://six.lab.test/", "tls.client_hello_reset", after("r2", 6, "r3"),
          forward("r2", f"{CLIENT_HELLO} reject with tcp reset")),
    fails("r1 resets on the ClientHello", "https://four.lab.test/", "tls.client_hello_reset", after("r1", 4, "r2"),
          forward("r1", f"{CLIENT_HELLO} reject with tcp reset")),
    # The firewall sees the SYN and not its answer: what follows is no part of a connection that it knows. r3 names itself by
    # the link of its answers.
    fails("answers come another way, and r2's firewall keeps state", "https://four.lab.test/", "tls.client_hello_dropped",
          Location("path", 2, "203.0.113.2", "after", "203.0.113.10", PATH), forward("r2", "ct state invalid drop"), ANOTHER_WAY_BACK),
    fails("a server that never answers the ClientHello", peer("silent", "tls"), "tls.client_hello_dropped", BEHIND_THE_LAST_ROUTER),
    fails("a server that resets on the ClientHello", peer("hello-reset", "tls"), "tls.client_hello_reset", BEHIND_THE_LAST_ROUTER),
    fails("a server that closes on the ClientHello", peer("hello-close", "tls"), "tls.client_hello_reset", BEHIND_THE_LAST_ROUTER),
    fails("a server that stops in the middle of its ServerHello", peer("hello-stall", "tls"), "tls.handshake_timeout", None),
    fails("r2 drops the ClientHello of IPv6 only", "https://www.lab.test/", "tls.client_hello_dropped", after("r2", 6, "r3"),
          forward("r2", f"meta nfproto ipv6 {CLIENT_HELLO} drop"),
          findings={f"{WWW4}:443": None, f"[{WWW6}]:443": None}),
    fails("r2 drops the server's certificate", "https://four.lab.test/", "tls.client_hello_dropped", None,
          forward("r2", "tcp sport 443 @ih,0,16 0x1603 drop")),
    fails("r2 drops this server name", "https://four.lab.test/", "tls.sni_filtered", after("r2", 4, "r3"),
          forward("r2", f"{HTTPS} {{sni:four.lab.test}} drop"), needs=["sni"]),
    fails("r2 drops this server name, IPv6", "https://six.lab.test/", "tls.sni_filtered", after("r2", 6, "r3"),
          forward("r2", f"{HTTPS} {{sni:six.lab.test}} drop"), needs=["sni"]),
    fails("r2 resets on this server name", "https://four.lab.test/", "tls.sni_filtered", after("r2", 4, "r3"),
          forward("r2", f"{HTTPS} {{sni:four.lab.test}} reject with tcp reset"), needs=["sni"]),
    fails("r1 resets on this server name", "https://www.lab.test/", "tls.sni_filtered", Location("path", 1, ANY, "after", ANY, PATH),
          forward("r1", f"{HTTPS} {{sni:www.lab.test}} reject with tcp reset"), needs=["sni"]),
    fails("an expired certificate", "https://expired.lab.test/", "tls.certificate_expired", SERVER),
    fails("a certificate that is not valid yet", "https://not-yet.lab.test/", "tls.certificate_not_yet_valid", SERVER),
    fails("a certificate for another name", "https://wrong-name.lab.test/", "tls.certificate_name_mismatch", SERVER),
    fails("a self-signed certificate", "https://self-signed.lab.test/", "tls.certificate_self_signed", SERVER),
    fails("an unknown root", "https://untrusted.lab.test/", "tls.certificate_untrusted", SERVER),
    fails("no --ca-file for a private authority", "https://www.lab.test/ --ca-file {unknown_ca}", "tls.certificate_untrusted", SERVER),
    # A leaf alone does not tell whether its issuer is an intermediate: the more general of the two.
    fails("a leaf alone", "https://incomplete.lab.test/", "tls.certificate_untrusted", SERVER),
    fails("a leaf and its root, without the intermediate", "https://without-intermediate.lab.test/", "tls.certificate_incomplete_chain",
          SERVER),
    fails("one of two addresses does not send the intermediate", f"https://www.lab.test/ --resolve www.lab.test={WWW4},192.0.2.87",
          "tls.certificate_incomplete_chain", SERVER),
    fails("a revoked certificate, as its stapled OCSP response says", "https://revoked.lab.test/", "tls.certificate_revoked", SERVER),
    fails("a weak key", "https://weak.lab.test/", "tls.certificate_weak", SERVER),
    warns("a certificate that expires soon", "https://soon.lab.test/", "tls.certificate_expires_soon", SERVER),
    fails("old versions only", "https://old-tls.lab.test/", "tls.protocol_version", SERVER),
    fails("the alert protocol_version", peer("old-alert", "tls"), "tls.protocol_version", SERVER),
    fails("no cipher suite in common", peer("cipher-alert", "tls"), "tls.no_common_cipher", SERVER),
    fails("the alert internal_error", peer("alert", "tls"), "tls.alert", SERVER),
    fails("a server that does not know the name", "https://unknown-name.lab.test/", "tls.unrecognized_name", SERVER),
    fails("a client certificate is required", "https://www.lab.test:4433/", "tls.client_certificate_required", SERVER),
    fails("a client certificate is required, said after the handshake", "https://client-certificate.lab.test/",
          "tls.client_certificate_required", SERVER),
    fails("plain HTTP on the TLS port", "https://no-tls.lab.test/", "tls.not_tls", SERVER),
    fails("SSH on the TLS port", "tls://www.lab.test:22", "tls.not_tls", SERVER),
    fails("an inspecting middlebox on r2", "https://four.lab.test/", "tls.intercepted", after("r1", 4, "r2"),
          redirect("r2", HTTPS, 8443), needs=["intercepted"], says=["the server answers from 4"]),
    fails("an inspecting middlebox on r2, IPv6", "https://six.lab.test/", "tls.intercepted", after("r1", 6, "r2"),
          redirect("r2", HTTPS, 8443), needs=["intercepted"]),
    # The server's distance is hidden then; datagrams show that r2 is a router.
    fails("a middlebox on r2 that takes every port", "https://four.lab.test/", "tls.intercepted", after("r1", 4, "r2"),
          redirect("r2", "meta l4proto tcp", 8443), needs=["intercepted"]),
    fails("an inspecting middlebox on r2, and no router speaks of expired packets", "https://four.lab.test/", "tls.intercepted",
          Location("path", 1, None, "after", None, PATH), redirect("r2", HTTPS, 8443), *NO_TIME_EXCEEDED, needs=["intercepted"]),
    # Nothing tells it from a scanner on this machine.
    fails("an inspecting middlebox on r1", "https://four.lab.test/", "tls.intercepted", UNKNOWN_HOP, redirect("r1", HTTPS, 8443),
          needs=["intercepted"]),
    # As a device that lets SYNs through and takes over later.
    fails("an inspecting middlebox in front of the server", "https://four.lab.test/", "tls.intercepted", UNKNOWN_HOP,
          redirect("server", HTTPS, 8443), needs=["intercepted"], says=["from the same distance, 4"]),
    warns("an inspecting middlebox on r2 that this machine trusts", "https://four.lab.test/ --ca-file {all_ca}", "tls.intercepted",
          after("r1", 4, "r2"), redirect("r2", HTTPS, 8443), needs=["intercepted"]),
    # Nothing in it says whose it is.
    fails("somebody on r2 answers with an unknown authority", "https://four.lab.test/", "tls.certificate_untrusted", None,
          redirect("r2", HTTPS, 8444)),
]

PROXIES = [
    fails("nothing listens at the proxy's port", "https://www.lab.test/ --proxy http://203.0.113.82:3999", "proxy.unreachable", PROXY),
    fails("the way to the proxy is dropped", "https://www.lab.test/ --proxy http://203.0.113.82:3128", "proxy.unreachable", PROXY,
          forward("r1", "tcp dport 3128 drop")),
    fails("the way to the SOCKS proxy is rejected", f"https://{WWW4}/ --proxy socks5://203.0.113.82:1080", "proxy.unreachable", PROXY,
          forward("r1", "tcp dport 1080 reject with icmpx type admin-prohibited")),
    fails("the proxy's name does not exist", "https://www.lab.test/ --proxy http://missing.lab.test:3128", "proxy.unreachable", PROXY),
    fails("407", "https://www.lab.test/ --proxy http://203.0.113.82:3129", "proxy.auth_required", PROXY),
    fails("407 with a wrong password", "https://www.lab.test/ --proxy http://user:wrong@203.0.113.82:3129", "proxy.auth_required", PROXY),
    fails("407 to plain http", "http://www.lab.test/ --proxy http://203.0.113.82:3129", "proxy.auth_required", PROXY),
    fails("the proxy denies CONNECT", "https://www.lab.test/ --proxy http://203.0.113.82:3130", "proxy.denied", PROXY),
    fails("the proxy denies plain http", "http://www.lab.test/ --proxy http://203.0.113.82:3130", "proxy.denied", PROXY),
    fails("the SOCKS proxy's rules", "https://192.0.2.81/ --proxy socks5://203.0.113.82:1080", "proxy.denied", PROXY),
    fails("the proxy cannot reach the server", f"https://{WWW4}/ --proxy http://203.0.113.82:3128 --timeout 5s", "proxy.denied", PROXY,
          forward("r1", f"ip saddr 203.0.113.82 {HTTPS} reject with tcp reset")),
    fails("direct connections are dropped and the proxy works", "https://www.lab.test/", "proxy.required", None,
          forward("r1", f"iifname client {HTTPS} drop"), needs=["proxy_required"],
          environment={"https_proxy": "http://203.0.113.82:3128", "no_proxy": ".lab.test"}),
    fails("direct connections are rejected and the proxy works", "https://www.lab.test/", "proxy.required", None,
          forward("r1", f"iifname client {HTTPS} reject with icmpx type admin-prohibited"), needs=["proxy_required"],
          environment={"https_proxy": "http://203.0.113.82:3128", "no_proxy": ".lab.test"}),
    fails("the ClientHello is dropped and the proxy works", "https://four.lab.test/", "proxy.required", after("r1", 4),
          forward("r1", f"iifname client {CLIENT_HELLO} drop"), needs=["proxy_required"],
          environment={"https_proxy": "http://203.0.113.82:3128", "no_proxy": "other.lab.test,.lab.test"},
          says=["Take '.lab.test' out of no_proxy", "203.0.113.82:3128"]),
    fails("direct http is dropped and the proxy works", "http://four.lab.test/", "proxy.required", None,
          forward("r1", f"iifname client {HTTP} drop"), needs=["proxy_required"],
          environment={"http_proxy": "http://203.0.113.82:3128", "no_proxy": "*"}),
    fails("direct connections are dropped and the SOCKS proxy works", f"https://{WWW4}/", "proxy.required", None,
          forward("r1", f"iifname client {HTTPS} drop"), needs=["proxy_required"],
          environment={"all_proxy": "socks5://203.0.113.82:1080", "no_proxy": "192.0.2.0/24"}),
    fails("direct connections are dropped, and the proxy does not get there either", "https://four.lab.test/", "tcp.filtered",
          after("r2", 4, "r3"), forward("r2", f"{HTTPS} drop"), needs=["proxy_required"],
          environment={"https_proxy": "http://203.0.113.82:3128", "no_proxy": ".lab.test"}),
    fails("direct connections are dropped, and the proxy denies", "https://four.lab.test/", "tcp.filtered", after("r1", 4, "r2"),
          forward("r1", f"iifname client {HTTPS} drop"), needs=["proxy_required"],
          environment={"https_proxy": "http://203.0.113.82:3130", "no_proxy": ".lab.test"}),
    fails("the proxy denies, and the direct way works", "https://www.lab.test/", "proxy.denied", PROXY, needs=["proxy_required"],
          environment={"https_proxy": "http://203.0.113.82:3130"}, says=["a direct connection works", "add it to NO_PROXY"]),
    fails("no proxy listens, and the direct way works", "https://www.lab.test/", "proxy.unreachable", PROXY,
          needs=["proxy_required"], environment={"https_proxy": "http://203.0.113.82:3999"},
          says=["a direct connection works", "add it to NO_PROXY"]),
    fails("the proxy denies, and the direct way is closed as well", "https://www.lab.test/", "proxy.denied", PROXY,
          forward("r1", f"iifname client {HTTPS} reject with tcp reset"), needs=["proxy_required"],
          environment={"https_proxy": "http://203.0.113.82:3130"}, says=["a direct connection fails as well"]),
    fails("direct connections are dropped, and --no-proxy", "https://four.lab.test/ --no-proxy", "tcp.filtered", after("r1", 4, "r2"),
          forward("r1", f"iifname client {HTTPS} drop"), environment={"https_proxy": "http://203.0.113.82:3128"}),
]

WEB = [
    fails("401", "https://www.lab.test/401", "http.unauthorized", SERVER),
    fails("403", "https://www.lab.test/403", "http.forbidden", SERVER),
    fails("404", "https://www.lab.test/404", "http.not_found", SERVER),
    fails("418", "https://www.lab.test/418", "http.client_error", SERVER),
    fails("503", "https://www.lab.test/503", "http.server_error", SERVER),
    fails("another status than asked for", "https://www.lab.test/ --expect-status 204", "http.unexpected_status", SERVER),
    fails("no answer to the request", peer("silent", "http", "/"), "http.timeout", SERVER),
    # Asked again, it answers whatever the size of its segments.
    fails("no answer to the first request only", peer("http-cold", "http", "/") + " -4", "http.timeout", SERVER),
    fails("an answer that stops", peer("http-stall", "http", "/"), "http.timeout", SERVER),
    fails("r2 drops the answer", "http://four.lab.test/", "http.timeout", None, forward("r2", f"{STATUS_LINE} drop")),
    # Full-size packets had passed: no matter of their size.
    fails("r2 lets 40 kB through and no more", "http://four.lab.test/large", "http.timeout", None,
          forward("r2", "tcp sport 80 quota over 40 kbytes drop")),
    fails("closed on the request", peer("http-cut", "http", "/"), "http.closed_early", SERVER),
    fails("closed in the middle of the answer", peer("http-half", "http", "/"), "http.closed_early", SERVER),
    fails("an answer that is no HTTP", peer("http-junk", "http", "/"), "http.malformed", SERVER),
    fails("a header without end", peer("http-endless-header", "http", "/"), "http.too_large", SERVER),
    fails("redirects in a circle", "http://www.lab.test/again", "http.redirect_loop", SERVER),
    warns("a redirect off the host", "http://www.lab.test/elsewhere", "http.redirect_off_host", SERVER),
    fails("r2 answers with a block page, 403", "http://four.lab.test/", "http.block_page", after("r1", 4, "r2"), redirect("r2", HTTP, 8080),
          needs=["pages"]),
    fails("r2 answers with a block page, 200", "http://four.lab.test/", "http.block_page", after("r1", 4, "r2"), redirect("r2", HTTP, 8082),
          needs=["pages"]),
    fails("the server answers with a block page itself", "http://four.lab.test/", "http.block_page", UNKNOWN_HOP, redirect("server", HTTP, 8080),
          needs=["pages"]),
    fails("a captive portal on r1", "http://four.lab.test/", "http.captive_portal", UNKNOWN_HOP, redirect("r1", HTTP, 8081), needs=["pages"]),
    fails("a captive portal on r2", "http://four.lab.test/", "http.captive_portal", after("r1", 4, "r2"), redirect("r2", HTTP, 8081),
          needs=["pages"]),
    fails("a URL that names localhost", "https://www.lab.test/localhost", "content.localhost_url", SERVER),
    fails("a URL that names a private address", "https://www.lab.test/private", "content.private_url", SERVER),
]

AZURE = [
    fails("no token", azure("server-2022", "--collection DefaultCollection"), "api.token_missing", SERVER),
    fails("a token that the server does not know", azure("wrong-token"), "api.token_invalid", SERVER),
    fails("a token that has expired", azure("expired-token"), "api.token_invalid", SERVER),
    fails("a token with too little scope", azure("scope-missing"), "api.token_scope", SERVER),
    fails("a URL with a path", f"https://azure.lab.test:{AZURE_PORTS['server-2022']}/DefaultCollection --profile azure-devops-server "
          "--collection DefaultCollection --token-env TOKEN", "api.url_has_path", None),
    fails("a collection that does not exist", azure("server-2022", "--collection Missing --token-env TOKEN"), "api.collection_not_found",
          SERVER),
    fails("Azure DevOps Server 2019", azure("server-2019"), "api.version_unsupported", SERVER),
    fails("Team Foundation Server", azure("tfs-2018"), "api.tfs_unsupported", SERVER),
    fails("the default page of IIS", azure("not-the-service"), "api.not_the_service", SERVER),
    fails("Windows sign-in only", azure("windows-only"), "api.basic_auth_disabled", SERVER),
    fails("cloning is blocked", azure("git-blocked"), "api.git_unavailable", SERVER),
    fails("webhooks are denied", azure("webhook-denied"), "api.webhook_permission_missing", SERVER),
    fails("the public URL was never set", azure("localhost-url"), "content.localhost_url", SERVER),
    fails("the public URL is an internal one", azure("internal-url"), "content.unreachable_url", SERVER),
    warns("the public URL names another host, which answers", azure("foreign-url"), "content.foreign_host_url", SERVER),
    warns("the public URL is http", azure("insecure-url"), "content.insecure_url", SERVER),
    fails("the application pool is stopped", azure("application-pool-stopped"), "http.server_error", SERVER),
    fails("a reverse proxy without its server", azure("reverse-proxy-502"), "http.server_error", SERVER),
    fails("a page in place of the API", azure("html-instead-of-json"), "content.not_json", SERVER),
    fails("a web server that is no Azure DevOps", "https://www.lab.test/ --profile azure-devops-server --collection DefaultCollection "
          "--token-env TOKEN", "api.not_the_service", SERVER),
    fails("Azure DevOps Server whose port r2 drops", "https://azure.lab.test/ -4 --profile azure-devops-server --collection "
          "DefaultCollection --token-env TOKEN", "tcp.filtered", after("r2", 4, "r3"), forward("r2", f"{HTTPS} drop")),
]

SSH = [
    fails("a web server on the SSH port", "ssh://www.lab.test:80", "ssh.not_ssh", SERVER),
    fails("an HTTPS server on the SSH port", "ssh://www.lab.test:443", "ssh.not_ssh", SERVER),
    fails("a mail server on the SSH port", peer("smtp", "ssh"), "ssh.not_ssh", SERVER),
    fails("a server that says nothing", peer("silent", "ssh"), "ssh.banner_timeout", SERVER),
    fails("a server that turns clients away", peer("ssh-turns-away", "ssh"), "ssh.banner_timeout", SERVER),
    fails("r2 drops the banner", "ssh://four.lab.test", "ssh.banner_timeout", SERVER, forward("r2", f"{SSH_BANNER} drop")),
    fails("nothing listens on the SSH port", "ssh://www.lab.test:4999", "tcp.refused", SERVER),
    fails("r1 prohibits ssh", "ssh://four.lab.test", "tcp.rejected", at("r1", 4),
          forward("r1", "tcp dport 22 reject with icmpx type admin-prohibited")),
    fails("a host key that is not the published one", "ssh://ssh.dev.azure.com", "ssh.host_key_mismatch", SERVER,
          needs=["ssh_host_key"]),
    fails("a host key that is not the one that was asked for, IPv6", "ssh://six.lab.test --ssh-fingerprint {key:rsa}",
          "ssh.host_key_mismatch", SERVER, needs=["ssh_host_key"]),
    fails("a host key that is not the one that was asked for, through a SOCKS proxy", f"ssh://{WWW4} --proxy socks5://203.0.113.82:1080 --ssh-fingerprint {{key:rsa}}",
          "ssh.host_key_mismatch", SERVER, needs=["ssh_host_key"]),
    fails("an SSH server with the algorithms of ten years ago", "ssh://www.lab.test:2022", "ssh.no_common_algorithm", SERVER,
          needs=["ssh_host_key"]),
    fails("and it is not the machine that was meant", "ssh://www.lab.test:2022 --ssh-fingerprint {key:ed25519}",
          "ssh.host_key_mismatch", SERVER, needs=["ssh_host_key"]),
    fails("r2 drops the key exchange", "ssh://four.lab.test", "ssh.key_exchange_failed", SERVER,
          forward("r2", "tcp sport 22 meta length > 600 drop"), needs=["ssh_host_key"]),
]

ALLOWLISTS = [
    fails("an address that is not listed", "https://www.lab.test/ --allowlist {lists}/elsewhere.yaml",
          "allowlist.address_not_listed", SERVER),
    fails("a port that is not listed", "http://www.lab.test/ --allowlist {lists}/listed.yaml", "allowlist.port_not_listed", SERVER),
    warns("a run from an address that is not a published source",
          "https://www.lab.test/ --egress 198.51.100.77 --allowlist {lists}/inbound.yaml",
          "allowlist.vantage_not_listed", None),
    warns("a published prefix with host bits", "https://www.lab.test/ --egress 198.51.100.77 --allowlist {lists}/host-bits.yaml",
          "allowlist.not_canonical", None),
    fails("not listed, and dropped: the way comes first", "https://four.lab.test/ --allowlist {lists}/elsewhere.yaml", "tcp.filtered",
          after("r2", 4, "r3"), forward("r2", f"{HTTPS} drop"), also=["allowlist.address_not_listed"]),
]

IDLE_PORTS = (("http://four.lab.test/", 80, "ip"), ("https://four.lab.test/", 443, "ip"), ("http://six.lab.test/", 80, "ip6"),
              ("tcp://four.lab.test:443", 443, "ip"), ("tls://four.lab.test:443", 443, "ip"), ("ssh://four.lab.test", 22, "ip"))

TRIALS = [
    *(passes(f"a silent connection is kept: {target}", f"{target} --idle 2s") for target, _, _ in IDLE_PORTS),
    passes("a silent connection through a proxy", "http://www.lab.test/ --idle 2s --proxy http://203.0.113.82:3128"),
    passes("a server that closes silent connections itself", "http://four.lab.test:8090/ --idle 3s"),
    passes("a server that keeps no connection", peer("http-slow", "http", "/") + " --idle 2s"),
    *(fails(f"r2 forgets silent connections: {target}", f"{target} --idle 3s", "tcp.idle_dropped", ON_THE_WAY,
            forgets("r2", port, family=family)) for target, port, family in IDLE_PORTS),
    *(fails(f"r2 forgets silent connections and resets: {target}", f"{target} --idle 3s", "tcp.idle_dropped", ON_THE_WAY,
            forgets("r2", port, "reject with tcp reset")) for target, port in (("http://four.lab.test/", 80), ("tcp://four.lab.test:443", 443))),
    fails("nothing listens, and --idle", "tcp://four.lab.test:4999 --idle 2s", "tcp.refused", SERVER),
    passes("a large request is taken", f"{APP4} --upload 10MiB"),
    passes("a large request is taken by a server that answers first", "http://four.lab.test:8090/ --upload 10MiB"),
    fails("the server's own limit of a body, or of a proxy like it", "https://four.lab.test/ --upload 2MiB", "http.upload_blocked", SERVER),
    fails("a proxy on r2 limits bodies", f"{APP4} --upload 2MiB", "http.upload_blocked", ON_THE_WAY, redirect("r2", f"tcp dport {APP}", 8086)),
    passes("a proxy on r2 takes a body of its limit", f"{APP4} --upload 1MiB", redirect("r2", f"tcp dport {APP}", 8086)),
    fails("r2 cuts bodies off", f"{APP4} --upload 2MiB", "http.upload_blocked", ON_THE_WAY, cuts_off("r2", APP, "drop")),
    fails("r2 resets at large bodies", f"{APP4} --upload 2MiB", "http.upload_blocked", ON_THE_WAY,
          cuts_off("r2", APP, "reject with tcp reset")),
    *(passes(f"every method is answered by the server: {target}", f"{target} --methods")
      for target in ("http://www.lab.test/", "https://www.lab.test/", APP4)),
    passes("every method through a proxy", "http://www.lab.test/ --methods --proxy http://203.0.113.82:3128"),
    fails("a proxy on r2 lets GET and POST through", f"{APP4} --methods", "http.method_blocked", ON_THE_WAY,
          redirect("r2", f"tcp dport {APP}", 8086)),
    fails("r2 resets on PUT", f"{APP4} --methods", "http.method_blocked", ON_THE_WAY,
          forward("r2", f"tcp dport {APP} @ih,0,32 0x50555420 reject with tcp reset")),
    fails("r2 drops DELETE", f"{APP4} --methods", "http.method_blocked", ON_THE_WAY,
          forward("r2", f"tcp dport {APP} @ih,0,32 0x44454c45 drop")),
    fails("a block page answers GET as well: it is that", "http://four.lab.test/ --methods --upload 1MiB", "http.block_page",
          after("r1", 4, "r2"), redirect("r2", HTTP, 8080), needs=["pages"]),
]

ROWS = [*HEALTHY, *TRIALS, *TCP, *LOCALLY, *DNS, *TLS, *PROXIES, *WEB, *AZURE, *SSH, *ALLOWLISTS]
