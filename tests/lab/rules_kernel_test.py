"""The kernel is the judge: what `rules verify` says of rulesets made at random is compared with what becomes of real connections.

One firewall and one client, two namespaces with a link between. All connections of a ruleset begin at once. When an ARP request that
was sent behind them has been answered, every packet before it has been through the rules (one processor, one queue), so that
silence is a drop, without a time-out."""
import errno
import ipaddress
import json
import os
import pathlib
import random
import socket
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import namespaces
import random_rules

FWPROBE = os.environ["FWPROBE"]
SEED = int(os.environ.get("FWPROBE_SEED", "20261125"))
# The sanitizers look at the program, which gets no more to do by more rulesets of the same kinds, but takes ten times as long.
SANITIZED = b"__asan_init" in pathlib.Path(FWPROBE).read_bytes()
NFT, IPTABLES = (40, 10) if SANITIZED else (240, 60)
FIRST_PORT = 20000  # of the sources
SERVICES = [("192.0.2.1", 443), ("192.0.2.1", 22), ("2001:db8:f::1", 443)]
FIREWALL_MAC, CLIENT_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"


def run(*words, **more):
    done = subprocess.run(words, check=False, capture_output=True, text=True, **more)
    assert done.returncode == 0, (words, done.stderr, more)
    return done.stdout


def set_up():
    """This process is in the firewall's namespace; the client's is held by a descriptor."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    run("ip", "link", "set", "lo", "up")
    firewall = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    namespaces.call("unshare", namespaces.CLONE_NEWNET)
    client = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    namespaces.call("setns", firewall, namespaces.CLONE_NEWNET)
    run("ip", "link", "add", "inside", "address", FIREWALL_MAC, "type", "veth", "peer", "name", "outside", "address", CLIENT_MAC,
        "netns", f"/proc/self/fd/{client}", pass_fds=[client])
    # The masks: no limit for "unreachable", neither the namespace's nor that of the whole machine (icmp(7); 200 is any type but 1).
    for row in ("ipv4/icmp_ratemask=0", "ipv6/icmp/ratemask=200", "ipv4/conf/all/rp_filter=0", "ipv4/conf/inside/rp_filter=0"):
        path, value = row.split("=")
        with open("/proc/sys/net/" + path, "w", encoding="ascii") as file:
            file.write(value)
    batch = ["address add 192.0.2.1/32 dev inside", "address add 2001:db8:f::1/128 dev inside nodad", "link set inside up",
             "neighbour replace 192.0.2.2 lladdr %s dev inside nud permanent" % CLIENT_MAC,
             "neighbour replace fe80::2 lladdr %s dev inside nud permanent" % CLIENT_MAC,
             "route add default via 192.0.2.2 dev inside onlink",
             "route add default via fe80::2 dev inside onlink"]
    run("ip", "-batch", "-", input="\n".join(batch))
    namespaces.call("setns", client, namespaces.CLONE_NEWNET)
    run("ip", "link", "set", "lo", "up")
    batch = ["address add 192.0.2.2/32 dev outside", "address add fe80::2/64 dev outside nodad", "link set outside up",
             "route add 192.0.2.1/32 dev outside", "route add 2001:db8:f::1/128 dev outside",
             "neighbour replace 192.0.2.1 lladdr %s dev outside nud permanent" % FIREWALL_MAC,
             "neighbour replace 2001:db8:f::1 lladdr %s dev outside nud permanent" % FIREWALL_MAC]
    batch += [f"address add {address}/32 dev outside" for address in random_rules.SOURCES4]
    batch += [f"address add {address}/128 dev outside nodad" for address in random_rules.SOURCES6]
    run("ip", "-batch", "-", input="\n".join(batch))
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
    wire.bind(("outside", 0x0806))
    wire.settimeout(2)
    namespaces.call("setns", firewall, namespaces.CLONE_NEWNET)
    return firewall, client, wire


class Wire:
    def __init__(self, wire):
        self.wire, self.turn = wire, 0

    def settle(self):
        """Everything that was sent before has arrived: this request, answered by the kernel, was behind it (RFC 826). The answer is
        told from an earlier one by the hardware address that it is for."""
        self.turn += 1
        mac = [bytes.fromhex(text.replace(":", "")) for text in (FIREWALL_MAC, CLIENT_MAC)]
        asker = b"\x02\x01" + struct.pack("!I", self.turn)
        request = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + asker + socket.inet_aton("192.0.2.2") + bytes(6) + socket.inet_aton("192.0.2.1")
        self.wire.send(mac[0] + mac[1] + b"\x08\x06" + request)
        while True:
            frame = self.wire.recv(100)
            if frame[20:22] == b"\x00\x02" and frame[32:38] == asker:
                return


def listen():
    """A half-open connection, whose last packet the rules have dropped, goes with its listener: none is left for the next ruleset."""
    listeners = []
    for address, port in SERVICES:
        listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(256)
        listener.setblocking(False)
        listeners.append(listener)
    return listeners


def connect_all(firewall, client, wire, number):
    """What the kernel makes of a connection from each source to each service: accepted with its first byte, refused, or dropped.
    Each ruleset, by its number, has ports of its own: to connection tracking a SYN between the same ports as those of an earlier
    connection, which ended by a RST that the rules dropped, is not new (nf_conntrack_tcp_timeout_established: five days)."""
    listeners = listen()
    namespaces.call("setns", client, namespaces.CLONE_NEWNET)
    attempts = {}
    for which, service in enumerate(SERVICES):
        v6 = ":" in service[0]
        for source in random_rules.SOURCES6 if v6 else random_rules.SOURCES4:
            attempt = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_STREAM)
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            # At once, and not only behind a retransmission (ip(7), IP_RECVERR).
            attempt.setsockopt(*((41, 25, 1) if v6 else (0, 11, 1)))
            attempt.bind((source, FIRST_PORT + number * len(SERVICES) + which))
            attempt.setblocking(False)
            code = attempt.connect_ex(service)
            attempts[source, service] = attempt, 0 if code == errno.EINPROGRESS else code
    namespaces.call("setns", firewall, namespaces.CLONE_NEWNET)
    wire.settle()
    # Each says which one it is: rules may have given it another source.
    results, connected = {}, {}
    for index, (key, (attempt, code)) in enumerate(attempts.items()):
        code = code or attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        results[key] = "refused" if code else "dropped"
        try:
            if not code and attempt.getpeername() and attempt.send(bytes([index])) == 1:
                connected[bytes([index])] = key
        except OSError as error:
            if error.errno not in (errno.ENOTCONN, errno.EAGAIN):
                results[key] = "refused"
    wire.settle()
    for listener in listeners:
        while True:
            try:
                peer, _ = listener.accept()
            except BlockingIOError:
                break
            with peer:
                peer.setblocking(False)
                try:
                    if said := peer.recv(1):
                        results[connected[said]] = "allowed"
                except BlockingIOError:
                    pass
    for key in connected.values():
        attempt = attempts[key][0]
        code = attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if results[key] != "allowed" and code:
            results[key] = "refused"
    for one in [attempt for attempt, _ in attempts.values()] + listeners:
        one.close()
    wire.settle()
    return results


def verify(rules, lists):
    """What is computed, for each source and service; `rules` are files."""
    results = {}
    for name, services in lists:
        words = [FWPROBE, "rules", "verify", "--format", "json", "--allowlist", name]
        for file in rules:
            words += ["--rules", file]
        for address, port in services:
            words += ["--service", f"[{address}]:{port}" if ":" in address else f"{address}:{port}"]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode in (0, 1, 3), done.stderr + done.stdout
        for answer, service in zip(json.loads(done.stdout)["answers"], services, strict=True):
            for entry in answer["entries"]:
                results[entry["entry"].split("/")[0], service] = entry["verdict"], entry["rules"]
    return results


def agree(kernel, computed):
    return computed == "cannot tell" or computed == kernel or (computed == "blocked" and kernel != "allowed")


def write_lists(folder):
    lists = []
    for name, sources, services in (("four", random_rules.SOURCES4, SERVICES[:2]), ("six", random_rules.SOURCES6, SERVICES[2:])):
        path = os.path.join(folder, name + ".yaml")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"name: {name}\ntitle: t\npublisher: p\nsource: https://example.com/\nretrieved: 2026-01-01\n"
                       "direction: inbound\nentries:\n" + "".join(f'  - prefix: "{address}"\n' for address in sources))
        lists.append((path, services))
    return lists


class Comparison:
    def __init__(self, folder):
        self.folder, self.lists = folder, write_lists(folder)
        self.firewall, self.client, wire = set_up()
        self.wire = Wire(wire)
        self.rulesets, self.certain, self.total, self.failures, self.seen = 0, 0, 0, 0, {}

    def compare(self, label, ruleset, forms):
        kernel = connect_all(self.firewall, self.client, self.wire, self.rulesets)
        self.rulesets += 1
        for files in forms:
            computed = verify(files, self.lists)
            assert computed.keys() == kernel.keys()
            for key, (verdict, rules) in computed.items():
                self.total += 1
                self.certain += verdict != "cannot tell"
                self.seen[kernel[key]] = self.seen.get(kernel[key], 0) + 1
                if not agree(kernel[key], verdict):
                    self.failures += 1
                    if self.failures <= 5:
                        print(f"{label}, {files}: {key}: the kernel says {kernel[key]}, computed {verdict} by {rules}\n{ruleset}", flush=True)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def nft(self, number):
        ruleset = random_rules.nft_ruleset(random.Random(SEED + number))
        source = self.write("rules.nft", ruleset)
        loaded = subprocess.run(["nft", "-f", source], capture_output=True, text=True, check=False)
        assert loaded.returncode == 0, f"seed {SEED + number}: nft refuses\n{loaded.stderr}\n{ruleset}"
        listed = self.write("rules.json", run("nft", "-j", "list", "ruleset"))
        text = self.write("rules.txt", run("nft", "list", "ruleset"))
        self.compare(f"seed {SEED + number}", ruleset, [[listed], [text], [source]])
        run("nft", "flush", "ruleset")

    def iptables(self, number):
        ruleset = random_rules.iptables_ruleset(random.Random(SEED + number))
        run("iptables-restore", input=ruleset)
        saved = self.write("iptables.txt", run("iptables-save"))
        listed = self.write("rules.json", run("nft", "-j", "list", "ruleset"))
        self.compare(f"iptables, seed {SEED + number}", ruleset, [[saved], [listed]])
        run("nft", "flush", "ruleset")


def body():
    # /tmp is the host's: the folder goes with the process.
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(folder)
        for number in range(NFT):
            comparison.nft(number)
        certain = comparison.certain
        assert comparison.certain > 0.6 * comparison.total, (comparison.certain, comparison.total)
        for number in range(IPTABLES):
            comparison.iptables(number)
        print(f"{NFT} nftables and {IPTABLES} iptables rulesets, {comparison.total} answers, {comparison.certain} certain, "
              f"{comparison.failures} wrong; the kernel: {comparison.seen}")
        least = min(comparison.seen.get(word, 0) for word in ("allowed", "dropped", "refused"))
        assert certain and 3 * least > 5 * comparison.rulesets, comparison.seen
        return 1 if comparison.failures else 0


if __name__ == "__main__":
    namespaces.run_test(body)
