"""The sample server on the wire: HTTP/1.1 with kept connections, on 127.0.0.1 and ::1, with or without TLS."""
import contextlib
import errno
import http.server
import socket
import socketserver
import ssl
import threading

from .message import Headers, Request
from .variants import VARIANTS


def handler(answer, context):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        wbufsize = -1  # headers and body in one segment
        disable_nagle_algorithm = True

        def setup(self):
            if context:
                self.request.settimeout(self.timeout)
                self.request = context.wrap_socket(self.request, server_side=True)
            super().setup()

        def finish(self):
            try:
                super().finish()
            finally:
                self.request.close()  # with TLS it is not the socket that the listener knows

        def serve(self):
            length = int(self.headers.get("Content-Length", "0"))
            self.rfile.read(min(length, 1 << 20))
            response = answer(Request.parse(self.command, self.path, Headers(self.headers.items())))
            self.send_response_only(response.status)
            if response.content_type:
                self.send_header("Content-Type", response.content_type)
            for name, value in response.headers:
                self.send_header(name, value)
            self.send_header("Date", self.date_time_string())
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(response.body)
            self.wfile.flush()

        do_GET = do_HEAD = do_OPTIONS = do_POST = do_PATCH = do_PUT = do_DELETE = serve

        def log_message(self, *_):
            """Standard error is for what is wrong with the sample server itself."""
    return Handler


class Listener(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address, port, make_handler):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), make_handler)

    def server_bind(self):
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        socketserver.TCPServer.server_bind(self)  # without HTTPServer's look-up of the host's name

    def handle_error(self, request, client_address):
        """A client that goes away or refuses the certificate is what many tests are about."""


def listen(make_handler, port=0, addresses=("127.0.0.1", "::1")):
    """Listeners on one port of all these addresses; an address family that this machine lacks is left out."""
    for _ in range(20):
        first = Listener(addresses[0], port, make_handler)
        listeners = [first]
        try:
            for address in addresses[1:]:
                try:
                    listeners.append(Listener(address, first.server_address[1], make_handler))
                except OSError as error:
                    if port or error.errno == errno.EADDRINUSE:  # another program has it there, so take the next one
                        raise
            return listeners
        except OSError:
            for listener in listeners:
                listener.server_close()
            if port:
                raise
    raise OSError("no port is free on all addresses")


@contextlib.contextmanager
def running(variant, host="127.0.0.1", certificate=None, key=None, port=0, **settings):
    """Serves a variant while the block runs; the value is its port. `certificate`: PEM, leaf first."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    site = []
    listeners = listen(handler(lambda request: site[0](request), context), port)
    port = listeners[0].server_address[1]
    name = f"[{host}]" if ":" in host else host
    site.append(VARIANTS[variant].build(f"{'https' if context else 'http'}://{name}:{port}", **settings))
    threads = [threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01}) for listener in listeners]
    for thread in threads:
        thread.start()
    try:
        yield port
    finally:
        for listener in listeners:
            listener.shutdown()
            listener.server_close()
        for thread in threads:
            thread.join()
