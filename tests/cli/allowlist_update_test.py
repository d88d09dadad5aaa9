"""`fwprobe allowlist update` against an HTTPS server of our own, with good and bad answers."""
import datetime
import gzip
import http.server
import json
import os
import pathlib
import select
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.environ["SOURCE_DIR"], "tests/doubles"))
import ca

FWPROBE = os.environ["FWPROBE"]


def aws(prefixes, token="1787356625"):
    return json.dumps({"syncToken": token, "createDate": "2026-08-21-23-57-05", "prefixes": [
        {"ip_prefix": prefix, "region": "eu-west-1", "service": "EC2", "network_border_group": "eu-west-1"} for prefix in prefixes],
        "ipv6_prefixes": []}).encode()


GOOD = [f"192.0.2.{n}/32" for n in range(10, 20)]


class Server(http.server.ThreadingHTTPServer):
    """Answers every GET with what `answer` makes of the request."""
    daemon_threads = True

    def __init__(self, context):
        super().__init__(("127.0.0.1", 0), Handler)
        self.context, self.answer, self.seen = context, None, []
        self.released = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """The client may go when it likes."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self):
        super().finish()
        self.request.close()

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.seen.append(dict(self.headers))
        self.server.answer(self)
        self.close_connection = True

    def give_until_the_end(self, body, close_notify):
        """Without Content-Length and chunks: the body ends with the connection."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
        if close_notify:
            self.request.unwrap()

    def give(self, body=b"", status=200, length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)


class Update(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="fwprobe-update-")))
        authority = ca.Authority(cls.folder)
        now = datetime.datetime.now(datetime.timezone.utc)
        cls.root = authority.root
        cls.leaves = {"good": authority.issue("good", ["first.test", "other.test"], addresses=["127.0.0.1"]),
                      "expired": authority.issue("expired", addresses=["127.0.0.1"], not_before=now - 9 * ca.DAY,
                                                 not_after=now - ca.DAY)}

    def setUp(self):
        self.data = self.enterContext(tempfile.TemporaryDirectory(prefix="fwprobe-data-"))
        self.kept = pathlib.Path(self.data, "fwprobe/allowlists/aws.json")
        self.server = self.serve("good")

    def serve(self, leaf):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.leaves[leaf].chain, self.leaves[leaf].key)
        server = Server(context)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.addCleanup(server.released.set)
        return server

    def update(self, *arguments, answer=None, server=None, trusted=True, environment=None, host="127.0.0.1", name="aws"):
        server = server or self.server
        if answer:
            server.answer = answer
        return subprocess.run(
            [FWPROBE, "allowlist", "update", name, "--url", f"https://{host}:{server.server_address[1]}/ranges.json",
             *(["--ca-file", str(self.root)] if trusted else []), *arguments],
            capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "XDG_DATA_HOME": self.data, **(environment or {})})

    def first(self, etag='"one"'):
        done = self.update(answer=lambda handler: handler.give(aws(GOOD), ETag=etag))
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def stays(self, answer, *said, arguments=(), code=1, **options):
        """The list that is kept is what it was, and why is said."""
        before = self.kept.read_bytes()
        done = self.update(*arguments, answer=answer, **options)
        self.assertEqual((done.returncode, done.stderr), (code, ""), done.stdout)
        self.assertIn("the list that is kept stays as it is", done.stdout)
        for words in said:
            self.assertIn(words, done.stdout)
        self.assertEqual(self.kept.read_bytes(), before)
        self.assertEqual(sorted(os.listdir(self.kept.parent)), ["aws.json", "aws.json.source"])

    def test_a_first_list_is_kept_with_where_it_is_from(self):
        self.first()
        self.assertEqual(self.kept.read_bytes(), aws(GOOD))
        note = json.loads(self.kept.with_name("aws.json.source").read_text(encoding="utf-8"))
        self.assertEqual((note["etag"], note["url"][:20]), ('"one"', "https://127.0.0.1:" + note["url"][18:20]))

    def test_what_has_not_changed_is_not_sent_again(self):
        self.first()
        os.utime(self.kept, (0, 0))
        done = self.update(answer=lambda handler: handler.give(status=304))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("unchanged", done.stdout)
        self.assertEqual(self.server.seen[-1]["If-None-Match"], '"one"')
        self.assertGreater(self.kept.stat().st_mtime, 0)  # it is fresh again

    def test_changes_are_said_as_sets(self):
        self.first()
        now = GOOD[:8] + ["192.0.2.18/31", "198.51.100.0/24"]
        done = self.update(answer=lambda handler: handler.give(aws(now, "1787356626"), ETag='"two"'))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual([line for line in done.stdout.splitlines() if line[0] in "+-"], ["+ 198.51.100.0/24"])

    def test_gzip_is_understood(self):
        done = self.update(answer=lambda handler: handler.give(gzip.compress(aws(GOOD)), Content_Encoding="gzip"))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.kept.read_bytes(), aws(GOOD))

    def test_suspicious_lists_are_taken_with_accept_only(self):
        self.first()
        for text, said in ((aws(GOOD[:7], "1787356626"), "30 % fewer entries"),
                           (aws(GOOD + ["0.0.0.0/0"], "1787356626"), "0.0.0.0/0, which is wider"),
                           (aws(GOOD + ["16.0.0.0/7"], "1787356626"), "16.0.0.0/7, which is wider"),
                           (aws(GOOD, "1787356624"), "older than the list that is kept")):
            self.stays(lambda handler, text=text: handler.give(text), said, "--accept")
        done = self.update("--accept")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("accepted although it is older", done.stdout)
        self.assertEqual(self.kept.read_bytes(), aws(GOOD, "1787356624"))

    def test_a_first_list_may_not_hold_everything(self):
        for everything, said in ((["0.0.0.0/0"], "0.0.0.0/0, which is wider"),
                                 ([f"{n}.0.0.0/8" for n in range(256)], "100.0 % of all IPv4 addresses")):
            done = self.update(answer=lambda handler, everything=everything: handler.give(aws(everything)))
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("there is still no list", done.stdout)
            self.assertIn(said, done.stdout)
            self.assertFalse(self.kept.exists())

    def test_another_publishers_list_is_refused(self):
        done = self.update(answer=lambda handler: handler.give(aws(GOOD)), name="github")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("this is AWS ip-ranges.json, not GitHub meta", done.stdout)

    def test_a_note_that_cannot_be_written_is_said_of_the_note_only(self):
        note = self.kept.with_name("aws.json.source")
        note.mkdir(parents=True)
        done = self.update(answer=lambda handler: handler.give(aws(GOOD)))
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn("the list is kept, but the note beside it was not written", done.stdout)
        self.assertEqual(self.kept.read_bytes(), aws(GOOD))
        note.rmdir()
        os.mkfifo(note)
        done = self.update()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("aws.json.source is no regular file", done.stdout)

    def test_a_kept_list_that_is_a_pipe_is_not_waited_for(self):
        self.kept.parent.mkdir(parents=True)
        os.mkfifo(self.kept)
        done = self.update(answer=lambda handler: handler.give(aws(GOOD)))
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertIn("aws.json is no regular file", done.stdout)
        self.assertEqual(self.server.seen, [])
        done = subprocess.run([FWPROBE, "allowlist", "show", "aws"], capture_output=True, text=True, timeout=60, check=False,
                              env={"PATH": os.environ["PATH"], "XDG_DATA_HOME": self.data})
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("is no regular file", done.stderr)

    def test_a_link_to_the_list_stays_a_link(self):
        file = pathlib.Path(self.data, "elsewhere.json")
        file.write_bytes(aws(GOOD[:9], "1"))
        self.kept.parent.mkdir(parents=True)
        self.kept.symlink_to(file)
        self.first()
        self.assertTrue(self.kept.is_symlink())
        self.assertEqual(file.read_bytes(), aws(GOOD))

    def test_bad_answers_leave_the_list_as_it_is(self):
        self.first()
        self.stays(lambda handler: handler.give(aws(GOOD)[:100], length=5000), "http.closed_early")
        self.stays(lambda handler: handler.give(aws(GOOD)[:100]), "ranges.json:1:")
        self.stays(lambda handler: handler.give(b"<!DOCTYPE html><html><body>Please sign in</body></html>"), "not updated")
        self.stays(lambda handler: handler.give(b""), "not updated")
        self.stays(lambda handler: handler.give(status=503), "http.server_error")
        self.stays(lambda handler: handler.give(status=404), "http.not_found")

    def test_a_tag_is_for_its_own_address_only(self):
        self.first()
        self.stays(lambda handler: handler.give(status=304), "the answer is 304 Not Modified, to a request for the whole list",
                   server=self.serve("good"))

    def test_a_list_that_was_put_back_is_not_confirmed(self):
        self.first()
        self.kept.write_bytes(aws(GOOD[:9], "1787356000"))
        done = self.update(answer=lambda handler: handler.give(aws(GOOD), ETag='"one"'))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotIn("If-None-Match", self.server.seen[-1])
        self.assertEqual(self.kept.read_bytes(), aws(GOOD))

    def test_redirects_stay_on_https(self):
        self.first()
        with socket.create_server(("127.0.0.1", 0)) as plain:
            port = plain.getsockname()[1]
            self.stays(lambda handler: handler.give(status=302, Location=f"http://127.0.0.1:{port}/plain"), "not https")
            if select.select([plain], [], [], 0)[0]:
                with plain.accept()[0] as tried:
                    self.assertEqual(tried.recv(1), b"")  # a connection, and no request
        self.stays(lambda handler: handler.give(status=302, Location="ftp://127.0.0.1/plain"), "not https")
        self.stays(lambda handler: handler.give(status=302), "the answer is 302 Found")
        self.stays(lambda handler: handler.give(status=302, Location=handler.path + "/x"), "http.redirect_loop")

        def moved(handler):
            if handler.path == "/there":
                return handler.give(aws(GOOD, "1787356629"))
            return handler.give(status=302, Location="/there")
        done = self.update(answer=moved)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.kept.read_bytes(), aws(GOOD, "1787356629"))

    def test_redirects_lead_to_another_name_at_the_same_address(self):
        def moved(handler):
            if handler.headers["Host"].startswith("other.test"):
                return handler.give(aws(GOOD))
            return handler.give(status=302, Location=f"https://other.test:{self.server.server_address[1]}/there")
        done = self.update("--resolve", "first.test=127.0.0.1", "--resolve", "other.test=127.0.0.1", host="first.test", answer=moved)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.kept.read_bytes(), aws(GOOD))

    def test_a_tag_is_sent_to_the_address_that_gave_it(self):
        def moved(handler):
            if handler.path != "/there":
                return handler.give(status=302, Location="/there")
            if handler.headers["If-None-Match"] == '"there"':
                return handler.give(status=304)
            return handler.give(aws(GOOD), ETag='"there"')
        self.assertEqual(self.update(answer=moved).returncode, 0)
        self.assertIn("unchanged", self.update().stdout)
        self.assertEqual([seen.get("If-None-Match") for seen in self.server.seen], [None, None, None, '"there"'])

    def test_a_body_that_ends_with_the_connection_needs_close_notify(self):
        self.first()
        now = aws(GOOD, "1787356630")
        self.stays(lambda handler: handler.give_until_the_end(now, close_notify=False), "close_notify")
        done = self.update(answer=lambda handler: handler.give_until_the_end(now, close_notify=True))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.kept.read_bytes(), now)

    def test_a_list_without_an_end_is_given_up(self):
        self.first()
        block = b" " * (1 << 20)

        def endless(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", str(60 << 20))
            handler.end_headers()
            for _ in range(60):
                handler.wfile.write(block)
        self.stays(endless, "http.too_large", "more than 52428800 bytes of body")
        self.assertNotIn("8 MiB", self.update().stdout)

    def test_a_list_that_does_not_come_is_given_up(self):
        self.first()

        def slow(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", "5000")
            handler.end_headers()
            handler.wfile.write(b"{")
            handler.wfile.flush()
            handler.server.released.wait(30)
        self.stays(slow, "http.timeout", "bytes of the response came within", "and its end did not", arguments=("--timeout", "500ms"))

    def test_a_server_that_cannot_be_verified_is_not_believed(self):
        self.first()
        self.stays(None, "tls.certificate", trusted=False)
        expired = self.serve("expired")
        self.stays(lambda handler: handler.give(aws(GOOD)), "tls.certificate_expired", server=expired)

    def test_a_proxy_of_the_environment_is_used(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            proxy = "http://127.0.0.1:%d" % unused.getsockname()[1]
        self.first()
        self.stays(None, "proxy.unreachable", environment={"HTTPS_PROXY": proxy})

    def test_a_broken_list_is_replaced(self):
        self.first()
        self.kept.write_text("{", encoding="utf-8")
        done = self.update(answer=lambda handler: handler.give(aws(GOOD)))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("in place of a list that cannot be read", done.stdout)
        self.assertNotIn("If-None-Match", self.server.seen[-1])

    def refused(self, *arguments, environment=None):
        done = subprocess.run([FWPROBE, "allowlist", "update", *arguments], capture_output=True, text=True, timeout=60, check=False,
                              env={"PATH": os.environ["PATH"], "HOME": self.data} if environment is None else environment)
        self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (2, "", 1), done.stderr)
        return done.stderr

    def test_usage(self):
        self.assertRegex(self.refused("nobody"), "aws, .*github")
        self.assertIn("--url", self.refused("azure-service-tags"))
        self.assertIn("https://", self.refused("aws", "--url", "http://127.0.0.1/"))
        self.assertIn("XDG_DATA_HOME", self.refused("aws", environment={"PATH": os.environ["PATH"]}))


if __name__ == "__main__":
    unittest.main()
