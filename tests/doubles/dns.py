"""A small DNS server (RFC 1035) over UDP and TCP on 127.0.0.1: A, AAAA and CNAME records from its arguments, NXDOMAIN for every
other name.

    python3 dns.py --record azure.example.test=127.0.0.1 --record azure.example.test=::1 --cname www.example.test=azure.example.test
"""
import argparse
import contextlib
import ipaddress
import json
import signal
import socketserver
import struct
import sys
import threading

A, CNAME, AAAA = 1, 5, 28
NOERROR, FORMERR, NXDOMAIN, NOTIMP = 0, 1, 3, 4
TTL = 60


class Zone:
    """Names in lower case with what they have."""

    def __init__(self, records=(), cnames=()):
        self.addresses = {}
        self.cnames = {name.lower().rstrip("."): target.lower().rstrip(".") for name, target in cnames}
        for name, address in records:
            self.addresses.setdefault(name.lower().rstrip("."), []).append(ipaddress.ip_address(address))

    def find(self, name, kind):
        """The answer section as (owner, type, data), and whether the name at its end exists."""
        chain, owner = [], name.lower()
        while owner in self.cnames and owner not in (before for before, _, _ in chain):
            chain.append((owner, CNAME, self.cnames[owner]))
            owner = self.cnames[owner]
        version = {A: 4, AAAA: 6}.get(kind)
        found = [(owner, kind, a) for a in self.addresses.get(owner, []) if a.version == version]
        return chain + found, owner in self.addresses or owner in self.cnames

    def answer(self, query):
        """None for what is no query at all."""
        if len(query) < 12:
            return None
        number, flags, questions = struct.unpack(">HHH", query[:6])
        if flags & 0x8000:
            return None
        if flags & 0x7800:
            return header(number, flags, NOTIMP, 0, 0)
        parsed = read_question(query) if questions == 1 else None
        if not parsed:
            return header(number, flags, FORMERR, 0, 0)
        name, kind, end = parsed
        answers, exists = self.find(name, kind)
        code = NOERROR if exists else NXDOMAIN
        body = b"".join(wire_name(owner) + struct.pack(">HHIH", of, 1, TTL, len(data)) + data
                        for owner, of, data in ((o, t, wire_data(d)) for o, t, d in answers))
        return header(number, flags, code, 1, len(answers)) + query[12:end] + body


def header(number, flags, code, questions, answers):
    """QR, AA and RA set; opcode and RD as asked (RFC 1035 §4.1.1)."""
    return struct.pack(">6H", number, 0x8480 | (flags & 0x7900) | code, questions, answers, 0, 0)


def read_question(query):
    labels, at = [], 12
    while at < len(query) and query[at]:
        size = query[at]
        if size > 63 or at + 1 + size >= len(query) or len(labels) > 127:
            return None
        labels.append(query[at + 1:at + 1 + size].decode("latin-1"))
        at += 1 + size
    if at + 5 > len(query):
        return None
    return ".".join(labels), struct.unpack(">H", query[at + 1:at + 3])[0], at + 5


def wire_name(name):
    return b"".join(bytes([len(label)]) + label.encode("latin-1") for label in name.split(".")) + b"\0"


def wire_data(data):
    return wire_name(data) if isinstance(data, str) else data.packed


def handlers(zone):
    class Udp(socketserver.BaseRequestHandler):
        def handle(self):
            data, socket = self.request
            reply = zone.answer(data)
            if reply:
                socket.sendto(reply, self.client_address)

    class Tcp(socketserver.StreamRequestHandler):
        timeout = 10

        def handle(self):
            with contextlib.suppress(OSError):
                while len(size := self.rfile.read(2)) == 2:
                    reply = zone.answer(self.rfile.read(struct.unpack(">H", size)[0]))
                    if not reply:
                        return
                    self.wfile.write(struct.pack(">H", len(reply)) + reply)
    return Udp, Tcp


class TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True


def bind(zone, address, port):
    """Both transports on one port."""
    udp, tcp = handlers(zone)
    for _ in range(20):
        stream = TcpServer((address, port), tcp)
        try:
            return [stream, socketserver.UDPServer((address, stream.server_address[1]), udp)]
        except OSError:
            stream.server_close()
            if port:
                raise
    raise OSError("no port is free for both UDP and TCP")


@contextlib.contextmanager
def running(records=(), cnames=(), address="127.0.0.1", port=0):
    """Serves while the block runs; the value is the port."""
    servers = bind(Zone(records, cnames), address, port)
    threads = [threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield servers[0].server_address[1]
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
        for thread in threads:
            thread.join()


def pair(text):
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=VALUE")
    return name, value


def main():
    parser = argparse.ArgumentParser(description="Serves until SIGINT or SIGTERM. Prints its port as JSON.")
    parser.add_argument("--record", type=pair, action="append", default=[], metavar="NAME=ADDRESS")
    parser.add_argument("--cname", type=pair, action="append", default=[], metavar="NAME=TARGET")
    parser.add_argument("--address", default="127.0.0.1", help="where to listen")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    arguments = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    with running(arguments.record, arguments.cname, arguments.address, arguments.port) as port:
        print(json.dumps({"port": port}), flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0


if __name__ == "__main__":
    sys.exit(main())
