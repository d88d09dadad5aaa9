"""The odd peers of the lab, for what no real server does; and the sample Azure DevOps in all its variants.

    python3 peers.py ROLE FOLDER      ROLE: server, resolver, router; prints a line when all of it listens
"""
import contextlib
import pathlib
import select
import signal
import socket
import ssl
import struct
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "doubles"))
import dns
from azure_devops import server as azure_server
from azure_devops.variants import VARIANTS

AZURE_NAME = "azure.lab.test"
AZURE_TOKEN = "lab-token"
# Installations that are only wrong beside others: the public URL of a healthy one.
PUBLIC_URLS = {"foreign-url": "https://www.lab.test", "insecure-url": "http://azure.lab.test"}
AZURE_PORTS = {variant: 8401 + n for n, variant in enumerate([*VARIANTS, *PUBLIC_URLS])}


# ---- TCP peers of the server

def close(_connection):
    pass


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def silent(connection):
    connection.settimeout(30)
    while connection.recv(65536):
        pass


def read_and(then):
    def serve(connection):
        connection.recv(65536)
        then(connection)
    return serve


def send(data, then=close):
    def serve(connection):
        connection.sendall(data)
        then(connection)
    return serve


def in_pieces(*pieces, every, then=close):
    def serve(connection):
        for piece in pieces:
            time.sleep(every)  # the peer's slowness itself
            connection.sendall(piece)
        then(connection)
    return serve


def relay_to(*address):
    def serve(connection):
        with socket.create_connection(address) as onward:
            ends = {connection: onward, onward: connection}
            while True:
                for ready in select.select(list(ends), [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    ends[ready].sendall(data)
    return serve


def later(serve):
    """Silent on each client's first connection, as a server whose cache is cold."""
    met = set()

    def choose(connection):
        client = connection.getpeername()[0]
        first = client not in met
        met.add(client)
        (silent if first else serve)(connection)
    return choose


def http(body=b"hello\n", status=b"200 OK", headers=b""):
    return (b"HTTP/1.1 " + status + b"\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: %d\r\n" % len(body) +
            headers + b"\r\n" + body)


def wrong_date(connection):
    """A server three days ahead."""
    stamp = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 3 * 86400))
    connection.sendall(http(headers=f"Date: {stamp}\r\n".encode()))


def http_app(connection):
    """An application that takes GET and POST, bodies of any size, and keeps its connections."""
    answers = {b"GET": b"200 OK", b"POST": b"200 OK"}
    with connection.makefile("rb") as stream:
        while line := stream.readline(65536):
            length = 0
            while (header := stream.readline(65536).strip().lower()):
                if header.startswith(b"content-length:"):
                    length = int(header.partition(b":")[2])
            while length > 0 and (part := stream.read(min(length, 65536))):
                length -= len(part)
            status = answers.get(line.split()[0], b"405 Method Not Allowed")
            connection.sendall(b"HTTP/1.1 " + status + b"\r\nServer: lab/1.0\r\nAllow: GET, POST\r\nContent-Length: 6\r\n\r\nhello\n")


# The first of them has port 7001; the order is the number, so new ones go to the end.
TCP = {
    "close": close,
    "reset": reset,
    "silent": silent,
    "hello-close": read_and(close),
    "hello-reset": read_and(reset),
    # The first half of a ServerHello, RFC 8446 §4.1.3.
    "hello-stall": read_and(send(bytes.fromhex("160303007a0200007603030000000000000000"), silent)),
    "smtp": send(b"220 mail.lab.test ESMTP\r\n", silent),
    "http-half": read_and(send(http(b"hello")[:-3])),
    "http-cut": read_and(close),
    "http-junk": read_and(send(b"\0\1\2 this is no HTTP\r\n\r\n")),
    "http-slow": read_and(in_pieces(*(http()[n:n + 40] for n in range(0, len(http()), 40)), every=0.2)),
    "http-date": read_and(wrong_date),
    "http-endless-header": read_and(send(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n")),
    "http-stall": read_and(send(http(b"hello")[:-3], silent)),
    "ssh-slow": in_pieces(b"Welcome", b"\r\n", every=0.2, then=relay_to("127.0.0.1", 22)),
    "ssh-turns-away": send(b"Exceeded MaxStartups\r\n"),
    "alert": read_and(send(bytes.fromhex("15030300020250"))),  # internal_error, RFC 8446 §6.2
    "old-alert": read_and(send(bytes.fromhex("15030300020246"))),  # protocol_version
    "cipher-alert": read_and(send(bytes.fromhex("15030300020228"))),  # handshake_failure
    "http-app": http_app,
    "http-cold": later(read_and(send(http(b"hello\n" * 2000)))),
}
PORTS = {name: 7001 + n for n, name in enumerate(TCP)}


def listen(serve, port):
    """Both families on one socket (ipv6(7), IPV6_V6ONLY); a thread for each connection."""
    listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)

    def one(connection):
        with connection, contextlib.suppress(OSError):
            serve(connection)

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=one, args=(connection,), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


def serve_all(servers):
    """Until the process ends."""
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()


def start_azure(folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "good-chain.pem", folder / "good.key")
    for variant, port in AZURE_PORTS.items():
        public_url = PUBLIC_URLS.get(variant, f"https://{AZURE_NAME}:{port}")
        site = VARIANTS.get(variant, VARIANTS["server-2022"]).build(public_url, token=AZURE_TOKEN)
        serve_all(azure_server.listen(azure_server.handler(site, context), port, ("192.0.2.80", "2001:db8:80::80")))


# ---- odd resolvers, beside unbound, which has 203.0.113.66 and .67

def answer_udp(address, answers):
    """`answers(query)`: the datagrams to send back."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))

    def serve():
        while True:
            query, client = server.recvfrom(65535)
            for answer in answers(query):
                server.sendto(answer, client)
    threading.Thread(target=serve, daemon=True).start()


WWW = dns.Zone([("www.lab.test", "192.0.2.80"), ("www.lab.test", "2001:db8:80::80")])
LOOPBACK = dns.Zone([("www.lab.test", "127.0.0.1"), ("www.lab.test", "::1")])


def first_a_forgery(query):
    """As of a device on the way that is faster than the resolver: both answers arrive."""
    return [LOOPBACK.answer(query), WWW.answer(query)]


def another_question(query):
    """The right number, and the answer to what nobody asked."""
    zone = dns.Zone([("other.example.test", "192.0.2.80")])
    asked = b"\0\0\1\0\0\1\0\0\0\0\0\0" + dns.wire_name("other.example.test") + b"\0\1\0\1"
    return [query[:2] + zone.answer(asked)[2:]]


def cut_short(query):
    return [WWW.answer(query)[:-3]]


def start_resolvers():
    elsewhere = dns.Zone([("www.lab.test", "192.0.2.81"), ("www.lab.test", "2001:db8:80::81")])
    aliases = dns.Zone([("www.lab.test", "192.0.2.80"), ("www.lab.test", "2001:db8:80::80")],
                       [("loop.lab.test", "pool.lab.test"), ("pool.lab.test", "loop.lab.test"), ("alias.lab.test", "www.lab.test")])
    serve_all(dns.bind(elsewhere, "203.0.113.68", 53))
    serve_all(dns.bind(aliases, "203.0.113.69", 53))
    answer_udp("203.0.113.70", cut_short)
    answer_udp("203.0.113.71", first_a_forgery)
    answer_udp("203.0.113.72", another_question)


# ---- on a router: what its redirect rules lead to

FORGERS = {"null": 5301, "private": 5302, "nxdomain": 5303}
RELAY = 5400


def start_router(address):
    zones = {"null": dns.Zone([("www.lab.test", "0.0.0.0"), ("www.lab.test", "::")]),
             "private": dns.Zone([("public.lab.test", "10.99.0.1")]), "nxdomain": dns.Zone()}
    for name, port in FORGERS.items():
        serve_all(dns.bind(zones[name], address, port))
    listen(relay_to("192.0.2.80", 443), RELAY)  # a transparent proxy, whatever the address was


def main():
    role, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if role == "server":
        for name, serve in TCP.items():
            listen(serve, PORTS[name])
        start_azure(folder)
    elif role == "resolver":
        start_resolvers()
    else:
        start_router(sys.argv[3])
    print("ready", flush=True)
    signal.pause()


if __name__ == "__main__":
    main()
