"""What routers and resolvers rarely do, for trace_test.py: ICMP errors written by hand, and names of hops.

    python3 path_peers.py labels|everything|as-server DEVICE      on a router: watches what comes in there
    python3 path_peers.py names ADDRESS [REVERSE=NAME…]           a resolver of PTR records

Each prints a line when it is ready. Errors go out with a mark, so that rules can drop the kernel's own and let these pass.
"""
import socket
import struct
import sys

MARK = 7
SYN, ACK = 2, 16
LABELS = ((100, 0, 0, 1), (24001, 5, 1, 254))  # label, exp, bottom of the stack, TTL
HOSTILE_PORT = 4443  # of `everything` and `as-server`


def checksum(data):
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def extension():
    """A structure with one object, the label stack: RFC 4884 §7, RFC 4950 §3."""
    stack = b"".join(struct.pack(">I", label << 12 | exp << 9 | bottom << 8 | ttl) for label, exp, bottom, ttl in LABELS)
    body = struct.pack(">HBB", 4 + len(stack), 1, 1) + stack
    return struct.pack(">BBH", 0x20, 0, checksum(b"\x20\0\0\0" + body)) + body


def error(version, kind, code, packet, labels):
    """The message from its type on; the kernel fills ICMPv6's checksum in."""
    quoted = packet[:128].ljust(128, b"\0") + extension() if labels else packet[:128]
    words = 128 // 8 if version == 6 else 128 // 4
    length = words if labels else 0
    if version == 6:
        return struct.pack(">BBHBBH", kind, code, 0, length, 0, 0) + quoted
    head = struct.pack(">BBHBBH", kind, code, 0, 0, length, 0)
    return struct.pack(">BBHBBH", kind, code, checksum(head + quoted), 0, length, 0) + quoted


def raw(family, protocol):
    sender = socket.socket(family, socket.SOCK_RAW, protocol)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)
    return sender


def forge(message, source, destination):
    """An IPv4 packet with any source address, raw(7)."""
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(message), 0, 0, 64, socket.IPPROTO_ICMP, 0, source, destination)
    raw(socket.AF_INET, socket.IPPROTO_RAW).sendto(head + message, (socket.inet_ntoa(destination), 0))


def answer(mode, packet):
    version = packet[0] >> 4
    if version == 4:
        hops, protocol, source, destination = packet[8], packet[9], packet[12:16], packet[16:20]
        transport, expired, family, icmp = packet[(packet[0] & 15) * 4:], 11, socket.AF_INET, socket.IPPROTO_ICMP
    else:
        hops, protocol, source, destination = packet[7], packet[6], packet[8:24], packet[24:40]
        transport, expired, family, icmp = packet[40:], 3, socket.AF_INET6, socket.IPPROTO_ICMPV6
    is_syn = protocol == socket.IPPROTO_TCP and transport[13] & (SYN | ACK) == SYN
    to_port = struct.unpack(">H", transport[2:4])[0] if is_syn else 0
    if mode == "labels" and hops == 1 and protocol in (socket.IPPROTO_TCP, socket.IPPROTO_UDP):
        message = error(version, expired, 0, packet, True)
    elif mode == "everything" and to_port == HOSTILE_PORT:
        message = error(version, expired, 0, packet, False)
    elif mode == "as-server" and to_port == HOSTILE_PORT and version == 4 and hops > 1:
        return forge(error(4, 3, 13, packet, False), destination, source)
    else:
        return None
    return raw(family, icmp).sendto(message, (socket.inet_ntop(family, source), 0))


def watch(mode, device):
    incoming = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))  # ETH_P_ALL, packet(7)
    incoming.bind((device, 3))
    print("ready", flush=True)
    while True:
        packet, origin = incoming.recvfrom(2048)
        if origin[2] != socket.PACKET_OUTGOING and len(packet) >= 40:
            answer(mode, packet)


def names(address, records):
    """Any bytes may stand in a name; \\xNN writes them."""
    known = {}
    for record in records:
        reverse, name = record.split("=", 1)
        labels = name.encode().decode("unicode_escape").encode("latin-1").split(b".")
        known[reverse] = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))
    print("ready", flush=True)
    while True:
        query, client = server.recvfrom(512)
        end, labels = 12, []
        while query[end]:
            labels.append(query[end + 1:end + 1 + query[end]].decode("latin-1"))
            end += 1 + query[end]
        question = query[12:end + 5]
        if (name := known.get(".".join(labels))) is None:
            server.sendto(query[:2] + b"\x81\x83\0\1\0\0\0\0\0\0" + question, client)  # NXDOMAIN
        else:
            record = b"\xc0\x0c" + struct.pack(">HHIH", 12, 1, 60, len(name)) + name
            server.sendto(query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + question + record, client)


if __name__ == "__main__":
    if sys.argv[1] == "names":
        names(sys.argv[2], sys.argv[3:])
    else:
        watch(sys.argv[1], sys.argv[2])
