"""The lab's network, IPv4 and IPv6 on every link:

    client ── r1 ── r2 ── r3 ── server
              ├── resolver
              └── proxy

Addresses are those for documentation (RFC 5737, RFC 3849). One network behind r3 is global by IANA's registries and belongs to no
customer (RFC 7534, RFC 7535: AS112), for what must look public.
"""
import dataclasses

from namespaces import Host


@dataclasses.dataclass(frozen=True)
class Link:
    one: str
    other: str
    ipv4: tuple  # of each end, with the length
    ipv6: tuple


LINKS = (
    Link("r1", "client", ("198.51.100.1/24", None), ("2001:db8:1::1/64", None)),  # the client's change, see Lane.renumber
    Link("r1", "r2", ("203.0.113.1/30", "203.0.113.2/30"), ("2001:db8:12::1/64", "2001:db8:12::2/64")),
    Link("r2", "r3", ("203.0.113.5/30", "203.0.113.6/30"), ("2001:db8:23::2/64", "2001:db8:23::3/64")),
    # A short cut that only answers take, where a scenario routes them so.
    Link("r1", "r3", ("203.0.113.9/30", "203.0.113.10/30"), ("2001:db8:13::1/64", "2001:db8:13::3/64")),
    Link("r3", "server", ("192.0.2.1/24", "192.0.2.80/24"), ("2001:db8:80::1/64", "2001:db8:80::80/64")),
    Link("r1", "resolver", ("203.0.113.65/28", "203.0.113.66/28"), ("2001:db8:53::1/64", "2001:db8:53::66/64")),
    Link("r1", "proxy", ("203.0.113.81/29", "203.0.113.82/29"), ("2001:db8:82::1/64", "2001:db8:82::82/64")),
)
HOSTS = ("client", "r1", "r2", "r3", "server", "resolver", "proxy")
ROUTERS = ("r1", "r2", "r3")

# What is more than one address a host. The device of a link is named after its other end.
MORE = {
    "server": ("r3", [f"192.0.2.{n}/24" for n in range(81, 90)] + ["192.175.48.80/24"],
               [f"2001:db8:80::{n}/64" for n in range(81, 90)] + ["2620:4f:8000::80/64"]),
    "resolver": ("r1", [f"203.0.113.{n}/28" for n in range(67, 75)], [f"2001:db8:53::{n}/64" for n in range(67, 75)]),
}
ROUTES = {
    "r1": ("default via 203.0.113.2", "default via 2001:db8:12::2"),
    "r2": ("198.51.100.0/24 via 203.0.113.1", "203.0.113.64/27 via 203.0.113.1", "192.0.2.0/24 via 203.0.113.6",
           "192.175.48.0/24 via 203.0.113.6", "2001:db8:1::/64 via 2001:db8:12::1", "2001:db8:53::/64 via 2001:db8:12::1",
           "2001:db8:82::/64 via 2001:db8:12::1", "2001:db8:80::/64 via 2001:db8:23::3", "2620:4f:8000::/64 via 2001:db8:23::3"),
    "r3": ("default via 203.0.113.5", "192.175.48.0/24 dev server", "default via 2001:db8:23::2", "2620:4f:8000::/64 dev server"),
    "server": ("default via 192.0.2.1", "default via 2001:db8:80::1"),
    "resolver": ("default via 203.0.113.65", "default via 2001:db8:53::1"),
    "proxy": ("default via 203.0.113.81", "default via 2001:db8:82::1"),
}

# How each router names itself to the client: by its end of the link towards it.
HOPS = {"r1": (1, "198.51.100.1", "2001:db8:1::1"), "r2": (2, "203.0.113.2", "2001:db8:12::2"),
        "r3": (3, "203.0.113.6", "2001:db8:23::3")}


class Lane:
    """One such network. Scenarios run in it one after another; several lanes run side by side."""

    def __init__(self):
        self.hosts = {name: Host(name) for name in HOSTS}
        self.turn = 0
        for host in self.hosts.values():
            # Addresses of the lab are nobody else's: duplicate address detection would only make IPv6 wait.
            host.sysctl(net__ipv6__conf__default__accept_dad=0, net__ipv6__conf__all__accept_dad=0,
                        net__ipv4__conf__default__rp_filter=0, net__ipv4__conf__all__rp_filter=0,
                        net__ipv4__ip_unprivileged_port_start=0)
            host.ip("link set lo up")
        for name in ROUTERS:
            self.hosts[name].sysctl(net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
        for link in LINKS:
            one, other = self.hosts[link.one], self.hosts[link.other]
            one.link(link.other, other, link.one)
            for host, device, end in ((one, link.other, 0), (other, link.one, 1)):
                host.ip(*(f"addr add {address} dev {device}{' nodad' if ':' in address else ''}"
                          for address in (link.ipv4[end], link.ipv6[end]) if address), f"link set {device} up")
        for name, (device, *families) in MORE.items():
            self.hosts[name].ip(*(f"addr add {address} dev {device}{' nodad' if ':' in address else ''}"
                                  for addresses in families for address in addresses))
        for name, routes in ROUTES.items():
            self.hosts[name].ip(*(f"route add {route}" for route in routes))
        self.renumber()

    def renumber(self):
        """Gives the client addresses that no router has seen yet. Routers count ICMP errors, path MTUs and translated
        connections by address: what one scenario used up must not change the next one's."""
        self.turn += 1
        number = 9 + self.turn % 240
        self.hosts["client"].ip("addr flush dev r1 scope global", f"addr add 198.51.100.{number}/24 dev r1",
                                f"addr add 2001:db8:1::{number:x}:{self.turn:x}/64 dev r1 nodad",
                                "route replace default via 198.51.100.1", "route replace default via 2001:db8:1::1")

    def close(self):
        for host in self.hosts.values():
            host.close()
