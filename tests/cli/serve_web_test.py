"""The HTTP side of the service over its sockets: pages, metrics, probes beside blackbox_exporter, who may ask, and clients that mean
no good."""
import base64
import contextlib
import datetime
import http.client
import http.server
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
BUILD = pathlib.Path(os.environ["BUILD_DIR"])
sys.path[:0] = [str(SOURCE / "tests" / "support"), str(SOURCE / "tests" / "doubles")]
import ca  # noqa: E402
from browser import Browser  # noqa: E402

HARNESS = BUILD / "web_harness"
AXE = SOURCE / "build" / "axe-core" / "axe.min.js"
PATIENCE = 60  # seconds, for what must come at all
USERS = """basic_auth_users:
  alice: '$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2'
fwprobe_bearer_token_file: token
"""
TOKEN = "0123456789abcdef0123456789abcdef"


class Service:
    def __init__(self, *options, addresses=("127.0.0.1:0",)):
        self.process = subprocess.Popen([HARNESS, *options, *addresses], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addresses = [self.process.stdout.readline().strip() for _ in addresses]
        self.context = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=PATIENCE)
        finally:
            self.process.kill()
            self.process.stdout.close()
            self.process.stderr.close()

    @property
    def address(self):
        host, _, port = self.addresses[0].rpartition(":")
        return host.strip("[]"), int(port)

    def connect(self):
        return socket.create_connection(self.address, timeout=PATIENCE)

    def ask(self, path, method="GET", headers=None, address=None):
        host, port = address or self.address
        if self.context:
            connection = http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=self.context)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            answer.text = answer.read().decode()
            return answer

    def raw(self, data):
        """What comes back until the end."""
        with self.connect() as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                while chunk := sock.recv(65536):
                    answer += chunk
            return answer


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service("--targets", "300", addresses=("127.0.0.1:0", "::1:0")))

    def test_every_place_answers(self):
        for path, kind in [("/", "text/html"), ("/?state=wrong&group=even", "text/html"), ("/?page=2", "text/html"),
                           ("/targets/bad", "text/html"), ("/targets/good/report", "text/html"), ("/metrics", "text/plain"),
                           ("/api/v1/targets", "application/json"), ("/api/v1/targets/bad", "application/json"),
                           ("/api/v1/targets/bad/history?limit=3&since=2026-01-01T00:00:00.000Z", "application/json"),
                           ("/healthz", "text/plain"), ("/readyz", "text/plain")]:
            with self.subTest(path=path):
                answer = self.service.ask(path)
                self.assertEqual(answer.status, 200, answer.text[:300])
                self.assertTrue(answer.getheader("Content-Type").startswith(kind))
                self.assertEqual(answer.getheader("X-Content-Type-Options"), "nosniff")
                self.assertEqual(answer.getheader("Cache-Control"), "no-store")
                self.assertIn("default-src 'none'", answer.getheader("Content-Security-Policy"))
                head = self.service.ask(path, "HEAD")
                self.assertEqual((head.status, head.text), (200, ""))
                self.assertGreater(int(head.getheader("Content-Length")), 0)

    def test_what_is_wrong_is_said(self):
        for method, path, status in [("GET", "/nothing", 404), ("GET", "/targets/nobody", 404), ("GET", "/targets/new/report", 404),
                                     ("GET", "/api/v1/targets/nobody/history", 404), ("GET", "/?state=strange", 400),
                                     ("GET", "/?page=0", 400), ("GET", "/%zz", 400), ("GET", "/?a=%00", 400), ("GET", "/%ff", 400),
                                     ("POST", "/metrics", 405), ("GET", "/-/reload", 405), ("OPTIONS", "/", 405),
                                     ("GET", "/api/v1/targets/bad/history?since=yesterday", 400),
                                     ("GET", "/" + "a" * 10000, 414)]:
            with self.subTest(method=method, path=path[:80]):
                answer = self.service.ask(path, method)
                self.assertEqual(answer.status, status)
                if status == 405:
                    self.assertTrue(answer.getheader("Allow"))
        self.assertEqual(self.service.ask("/", headers={"X-Large": "a" * 20000}).status, 431)
        self.assertIn(b" 413 ", self.service.raw(b"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"))

    def test_a_page_is_bounded_and_the_worst_stand_first(self):
        page = self.service.ask("/").text
        self.assertEqual(page.count("<tr>"), 101)
        self.assertLess(page.index("https://bad.example.com/"), page.index("https://good.example.com/"))
        self.assertIn("page 1 of 4", page)

    def test_the_metrics_are_prometheus_own(self):
        text = self.service.ask("/metrics").text
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_both_families_are_listened_to(self):
        port = int(self.service.addresses[1].rpartition(":")[2])
        self.assertEqual(self.service.ask("/healthz", address=("::1", port)).status, 200)

    def test_reloading_is_for_this_site_only(self):
        host, port = self.service.address
        self.assertEqual(self.service.ask("/-/reload", "POST").status, 200)
        self.assertEqual(self.service.ask("/-/reload", "POST", {"Origin": f"http://{host}:{port}"}).status, 200)
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            self.assertEqual(self.service.ask("/-/reload", "POST", headers).status, 403)

    def test_the_json_is_as_its_schema_says(self):
        import jsonschema  # Debian's python3-jsonschema
        schema = json.loads((SOURCE / "docs" / "api.schema.json").read_text(encoding="utf-8"))
        for path in ("/api/v1/targets?limit=20", "/api/v1/targets/bad", "/api/v1/targets/new", "/api/v1/targets/bad/history"):
            jsonschema.validate(json.loads(self.service.ask(path).text), schema)


class Target(http.server.BaseHTTPRequestHandler):
    """/200, /404, /301 to /200, /large."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        status = {"/404": 404, "/301": 301, "/500": 500}.get(self.path, 200)
        body = b"x" * (100_000 if self.path == "/large" else 11)
        self.send_response(status)
        if status == 301:
            self.send_header("Location", "/200")
        self.send_header("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def metrics_of(text):
    """Name and labels of each series, with its value."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def types_of(text):
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class BesideBlackboxExporter(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        authority = ca.Authority(folder)
        leaf = authority.issue("leaf", ["localhost"], ["127.0.0.1"])
        cls.plain = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
        cls.tls = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(leaf.chain, leaf.key)
        cls.tls.socket = context.wrap_socket(cls.tls.socket, server_side=True)
        for server in (cls.plain, cls.tls):
            threading.Thread(target=server.serve_forever, daemon=True).start()
            cls.addClassCleanup(server.server_close)
            cls.addClassCleanup(server.shutdown)
        cls.service = cls.enterClassContext(Service("--ca", str(authority.root)))
        config = folder / "blackbox.yml"
        tls = f"{{ca_file: '{authority.root}'}}"
        config.write_text(f"""modules:
  http_2xx: {{prober: http, timeout: 5s, http: {{preferred_ip_protocol: ip4, tls_config: {tls}}}}}
  tcp_connect: {{prober: tcp, timeout: 5s, tcp: {{preferred_ip_protocol: ip4}}}}
  tls_connect: {{prober: tcp, timeout: 5s, tcp: {{preferred_ip_protocol: ip4, tls: true, tls_config: {tls}}}}}
""", encoding="utf-8")
        cls.port = free_port()
        cls.blackbox = subprocess.Popen(["prometheus-blackbox-exporter", f"--config.file={config}",
                                         f"--web.listen-address=127.0.0.1:{cls.port}"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.blackbox.wait, timeout=PATIENCE)
        cls.addClassCleanup(cls.blackbox.terminate)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", cls.port), timeout=PATIENCE).close()
                break
            except OSError:
                if time.monotonic() > until or cls.blackbox.poll() is not None:
                    raise
                time.sleep(0.02)  # between two looks; nothing is said when it listens

    def both(self, module, target):
        path = "/probe?" + urllib.parse.urlencode({"module": module, "target": target})
        ours = self.service.ask(path)
        theirs = self.service.ask(path, address=("127.0.0.1", self.port))
        self.assertEqual((ours.status, theirs.status), (200, 200), ours.text)
        done = subprocess.run(["promtool", "check", "metrics"], input=ours.text, capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return ours.text, theirs.text

    def test_the_shared_metrics_agree(self):
        plain, tls = self.plain.server_address[1], self.tls.server_address[1]
        for module, target in [("http_2xx", f"http://127.0.0.1:{plain}/200"), ("http_2xx", f"127.0.0.1:{plain}/large"),
                               ("http_2xx", f"http://127.0.0.1:{plain}/404"), ("http_2xx", f"http://127.0.0.1:{plain}/301"),
                               ("http_2xx", f"http://127.0.0.1:{plain}/500"), ("http_2xx", f"https://127.0.0.1:{tls}/200"),
                               ("http_2xx", f"http://127.0.0.1:{free_port()}/"), ("http_2xx", "http://nothing.test/"),
                               ("tcp_connect", f"127.0.0.1:{plain}"), ("tcp_connect", f"127.0.0.1:{free_port()}"),
                               ("tcp_connect", "nothing.test:443"),
                               ("tls_connect", f"127.0.0.1:{tls}"), ("tls_connect", f"127.0.0.1:{free_port()}")]:
            with self.subTest(module=module, target=target):
                ours, theirs = self.both(module, target)
                mine, other = metrics_of(ours), metrics_of(theirs)
                self.assertLessEqual(set(types_of(theirs).items()), set(types_of(ours).items()))
                self.assertEqual(set(other) - set(mine), set())
                for name, value in other.items():
                    if "duration" not in name and "lookup_time" not in name:
                        self.assertEqual(mine[name], value, name)
                extra = {name for name in set(mine) - set(other) if not name.startswith("fwprobe_")}
                self.assertEqual(extra, set())

    def test_what_may_not_be_asked_about_is_refused(self):
        for target, status in [("http://192.0.2.1/", 403), ("http://example.com/", 403), ("http://xtest/", 403),
                               ("http://[::ffff:127.0.0.1]:1/", 200), ("http://[::ffff:192.0.2.1]/", 403), ("", 400),
                               ("http://user:pass@192.0.2.1/", 400), ("gopher://127.0.0.1/", 400), ("http://nothing.test:60001/", 403)]:
            with self.subTest(target=target):
                answer = self.service.ask("/probe?" + urllib.parse.urlencode({"target": target}))
                self.assertEqual(answer.status, status, answer.text)
        self.assertIn("suite", self.service.ask("/probe?target=http://192.0.2.1/").text)
        self.assertEqual(self.service.ask("/probe?target=127.0.0.1&module=nothing").status, 400)

    def test_the_scrape_s_timeout_is_kept(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            path = f"/probe?target=http://127.0.0.1:{silent.getsockname()[1]}/"
            answer = self.service.ask(path, headers={"X-Prometheus-Scrape-Timeout-Seconds": "0.6"})
        metrics = metrics_of(answer.text)
        self.assertEqual(metrics["probe_success"], 0)
        # The module's own would be two seconds.
        self.assertLess(metrics["probe_duration_seconds"], 1.9)
        self.assertEqual(self.service.ask(path, headers={"X-Prometheus-Scrape-Timeout-Seconds": "soon"}).status, 400)


class WhoMayAsk(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "token").write_text(TOKEN + "\n", encoding="utf-8")

    def serve(self, text):
        config = self.folder / "web.yml"
        config.write_text(text, encoding="utf-8")
        return self.enterContext(Service("--config", str(config)))

    def test_users_and_tokens(self):
        service = self.serve(USERS)

        def basic(user, password):
            return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        for authorization, status in [(basic("alice", "correct horse"), 200), (basic("alice", "wrong"), 401),
                                      (basic("bob", "correct horse"), 401), (basic("alice", "correct horse\0x"), 401),
                                      (basic("alice", ""), 401), ("Basic ????", 401), ("Bearer " + TOKEN, 200),
                                      ("Bearer " + TOKEN[:-1], 401), ("bearer " + TOKEN, 200), ("Digest x", 401)]:
            for path in ("/metrics", "/healthz", "/", "/probe", "/nothing"):
                answer = service.ask(path, headers={"Authorization": authorization})
                self.assertEqual(answer.status == 401, status == 401, (authorization, path))
        answer = service.ask("/")
        self.assertEqual(answer.status, 401)
        self.assertIn("Basic", str(answer.headers.get_all("WWW-Authenticate")))

    def test_guessing_holds_up_nobody_who_is_known(self):
        service = self.serve(USERS)
        right = {"Authorization": "Basic " + base64.b64encode(b"alice:correct horse").decode()}
        self.assertEqual(service.ask("/healthz", headers=right).status, 200)
        guesses = [service.connect() for _ in range(60)]
        for number, sock in enumerate(guesses):
            guess = base64.b64encode(f"alice:{number}".encode()).decode()
            sock.sendall(f"GET /healthz HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {guess}\r\n\r\n".encode())
        self.assertEqual(service.ask("/healthz", headers=right).status, 200)
        for sock in guesses:
            self.assertIn(sock.recv(12)[-3:], (b"401", b"503"))
            sock.close()

    def test_tls_as_the_file_says(self):
        authority = ca.Authority(self.folder)
        server = authority.issue("server", ["localhost"], ["127.0.0.1"])
        now = datetime.datetime.now(datetime.timezone.utc)
        client = authority.sign("client", "client", "ec", "[extensions]\nextendedKeyUsage=clientAuth\n", now - ca.DAY, now + ca.DAY)
        service = self.serve(f"""tls_server_config:
  cert_file: {server.chain.name}
  key_file: {server.key}
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: root.pem
  min_version: TLS12
  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]
  curve_preferences: [CurveP256]
http_server_config:
  headers: {{X-Frame-Options: deny, Strict-Transport-Security: max-age=1}}
""")
        service.context = ssl.create_default_context(cafile=str(authority.root))
        with self.assertRaises(OSError):
            service.ask("/healthz")
        service.context.load_cert_chain(client["pem"], client["key"])
        answer = service.ask("/healthz")
        self.assertEqual((answer.status, answer.getheader("X-Frame-Options")), (200, "deny"))
        service.context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.assertEqual(service.ask("/healthz").status, 200)
        # Clear text, and silence, cost nothing but their own connection.
        self.assertNotIn(b"200 OK", service.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
        with service.connect():
            self.assertEqual(service.ask("/healthz").status, 200)

    def test_a_bad_file_is_said_with_its_place(self):
        for text, message in [("basic_auth_users:\n  alice: secret\n", ":2:10:"), ("tls_server_config:\n  cert_fil: x\n", ":2:3:"),
                              ("unknown: 1\n", ":1:1:"), ("fwprobe_bearer_token_file: missing\n", "missing"),
                              ("tls_server_config: {cert_file: no.pem, key_file: no.pem}\n", "no.pem")]:
            config = self.folder / "bad.yml"
            config.write_text(text, encoding="utf-8")
            done = subprocess.run([HARNESS, "--config", config, "127.0.0.1:0"], capture_output=True, text=True, timeout=PATIENCE, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(message, done.stderr)


class HostileClients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service("--targets", "2000"))

    def test_malformed_requests_end_their_connection_and_nothing_else(self):
        for data in [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"\0" * 1000, b"GET / HTTP/9.9\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 100_000,
                     b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                     b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n", b"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"]:
            with contextlib.suppress(OSError):  # it may be ended before all is sent
                self.service.raw(data)
            self.assertEqual(self.service.ask("/healthz").status, 200, data[:40])

    def test_many_that_say_nothing_leave_room_for_others(self):
        crowd = []
        try:
            for number in range(700):
                sock = self.service.connect()
                if number % 2:
                    sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
                crowd.append(sock)
            for _ in range(5):
                self.assertEqual(self.service.ask("/healthz").status, 200)
        finally:
            for sock in crowd:
                sock.close()

    def test_who_takes_no_answer_holds_up_nobody(self):
        greedy = []
        try:
            for _ in range(50):
                sock = self.service.connect()
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
                greedy.append(sock)
            self.assertEqual(self.service.ask("/healthz").status, 200)
        finally:
            for sock in greedy:
                sock.close()

    # UBSan's look at an object's type needs a pipe, and takes the object for none where there is no descriptor left.
    @unittest.skipIf(b"__ubsan_" in HARNESS.read_bytes(), "needs a build without UBSan")
    def test_it_recovers_when_descriptors_run_out(self):
        with Service() as service:
            limit = len(os.listdir(f"/proc/{service.process.pid}/fd")) + 3
            subprocess.run(["prlimit", f"--pid={service.process.pid}", f"--nofile={limit}:4096"], check=True, timeout=PATIENCE)
            crowd = [service.connect() for _ in range(12)]
            # Answered or not: the accept that fails is what matters.
            for sock in crowd:
                sock.close()
            subprocess.run(["prlimit", f"--pid={service.process.pid}", "--nofile=1024:4096"], check=True, timeout=PATIENCE)
            until = time.monotonic() + PATIENCE
            while True:
                with contextlib.suppress(OSError), socket.create_connection(service.address, timeout=2) as sock:
                    sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                    if sock.recv(15).endswith(b"200 OK"):
                        return
                self.assertLess(time.monotonic(), until, "it does not come back")
                time.sleep(0.1)  # between two looks


class InABrowser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service("--targets", "40"))
        cls.browser = cls.enterClassContext(Browser())
        cls.pictures = BUILD / "screenshots"
        cls.pictures.mkdir(exist_ok=True)

    def in_each_view(self, look):
        for path in ("/", "/?group=even&state=well", "/targets/bad", "/targets/new"):
            for width in (1280, 360):
                for scheme in ("light", "dark"):
                    with self.subTest(path=path, width=width, scheme=scheme):
                        page = self.browser.open(f"http://{self.service.addresses[0]}{path}", width, scheme)
                        look(f"serve-{re.sub('[^a-z]+', '-', path)}-{width}-{scheme}", page)
                        self.assertEqual([one for one in page.complaints() if "data:," not in one], [])
                        page.close()

    def test_it_fits_and_axe_finds_nothing(self):
        axe = AXE.read_text(encoding="utf-8")

        def look(name, page):
            self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), page.width)
            page.screenshot(self.pictures / f"{name}.png")
            page.evaluate(axe + "; 0")
            found = page.evaluate("""axe.run({resultTypes: ["violations"]}).then(result =>
                result.violations.map(one => one.id + ": " + one.nodes.map(node => node.html).join("\\n")))""")
            self.assertEqual(found, [])
        self.in_each_view(look)

    def test_its_script_fetches_the_page_anew(self):
        service = self.enterContext(Service())
        page = self.browser.open("about:blank", 1280)
        # Its timer is ours, so that nobody waits for fifteen seconds.
        page.ask("Page.addScriptToEvaluateOnNewDocument", source="window.setInterval = action => { window.tick = action; };")
        page.ask("Page.navigate", url=f"http://{service.addresses[0]}/")
        until = time.monotonic() + PATIENCE
        while page.evaluate("document.readyState + typeof window.tick") != "completefunction":
            self.assertLess(time.monotonic(), until)
            time.sleep(0.02)  # between two looks
        page.evaluate("document.getElementById('live').dataset.old = '1'; document.getElementById('t-bad').focus()")
        page.evaluate("window.tick()")
        state = "[document.getElementById('live').dataset.old, document.activeElement.id, document.getElementById('freshness').textContent]"
        self.assertEqual(page.evaluate(state), [None, "t-bad", ""])
        service.process.terminate()
        service.process.wait(timeout=PATIENCE)
        page.evaluate("window.tick()")
        self.assertIn("does not answer", page.evaluate(state)[2])
        page.close()


if __name__ == "__main__":
    unittest.main()
