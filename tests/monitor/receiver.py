"""A receiver of notices with faults: the path says how it answers. Each request is one line of JSON on standard output.

    python3 receiver.py ADDRESS PORT [CERTIFICATE KEY]
"""
import http.server
import json
import socket
import ssl
import struct
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen = 0

    def log_message(self, *_):
        pass

    def answer(self, status, headers=None, body=b""):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print(json.dumps({"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()},
                          "body": body.decode()}), flush=True)
        Handler.seen += 1
        fault = self.path.strip("/").split("/")[0]
        if fault == "silent":
            threading.Event().wait()
        elif fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif fault == "garbage":
            self.wfile.write(b"\x00\x01nonsense\r\n\r\n")
            self.close_connection = True
        elif fault == "429":
            self.answer(429, {"Retry-After": "7"})
        elif fault == "302":
            self.answer(302, {"Location": "/elsewhere"})
        elif fault == "echo":
            self.answer(400, body=f"no: {self.path} {self.headers['Authorization']}".encode())
        elif fault == "first-500" and Handler.seen == 1:
            self.answer(500)
        elif fault.isdigit():
            self.answer(int(fault))
        else:
            self.answer(200, body=b"ok")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """The client may go when it likes."""


server = Server((sys.argv[1], int(sys.argv[2])), Handler)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
