"""The sample server, its authority and its DNS answer as the real ones were recorded to."""
import base64
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import azure_devops  # noqa: E402
import ca  # noqa: E402
import dns  # noqa: E402

TOKEN = "sample-token"
HOOKS = "/_apis/securitynamespaces/cb594ebe-87dd-4fc9-ac2c-6a10a4c92046?api-version=6.0"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def is_marked(self):
        return all(self.headers.get(name) for name in ("X-TFS-ProcessId", "ActivityId", "X-VSS-E2EID"))


def ask(port, target, token=TOKEN, method="GET", host="127.0.0.1", **headers):
    connection = http.client.HTTPConnection(host, port, timeout=10)
    with contextlib.closing(connection):
        sent = {"Accept": "application/json", "X-TFS-FedAuthRedirect": "Suppress",
                **{name.replace("_", "-"): value for name, value in headers.items() if value is not None}}
        if token is not None:
            sent["Authorization"] = "Basic " + base64.b64encode(f":{token}".encode()).decode()
        connection.request(method, target, headers={name: value for name, value in sent.items() if value})
        return Answer(connection.getresponse())


class Healthy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.port = cls.stack.enter_context(azure_devops.running("server-2022"))
        cls.base = "/DefaultCollection"

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def test_projects_come_in_two_pages(self):
        first = ask(self.port, self.base + "/_apis/projects?api-version=6.0&$top=100")
        self.assertEqual(first.headers["Content-Type"], "application/json; charset=utf-8; api-version=6.0")
        self.assertTrue(first.is_marked())
        self.assertEqual(first.headers["x-ms-continuationtoken"], "100")
        self.assertEqual(first.json()["count"], 100)
        self.assertTrue(first.json()["value"][0]["url"].startswith(f"http://127.0.0.1:{self.port}/DefaultCollection/_apis/"))
        second = ask(self.port, self.base + "/_apis/projects?api-version=6.0&$top=100&continuationToken=100")
        self.assertEqual(second.json()["count"], 2)
        self.assertIsNone(second.headers["x-ms-continuationtoken"])

    def test_both_families_answer_on_the_same_port(self):
        if not socket.has_ipv6:
            self.skipTest("no IPv6")
        self.assertEqual(ask(self.port, self.base + "/_apis/projects", host="::1").status, 200)

    def test_a_connection_is_kept(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            for _ in range(3):
                connection.request("GET", self.base + "/_apis/connectionData")
                response = connection.getresponse()
                response.read()
                self.assertEqual(response.status, 401)
                self.assertFalse(response.will_close)
                used = connection.sock.getsockname()
            self.assertEqual(connection.sock.getsockname(), used)

    def test_without_a_credential_the_challenges_and_the_realm_show(self):
        answer = ask(self.port, self.base + "/_apis/connectionData", token=None)
        self.assertEqual(answer.status, 401)
        self.assertEqual(answer.headers.get_all("WWW-Authenticate"),
                         ["Bearer", f'Basic realm="http://127.0.0.1:{self.port}/"', "Negotiate", "NTLM"])
        self.assertIn("TF400813", answer.headers["X-TFS-ServiceError"])
        self.assertEqual(answer.headers["Server"], "Microsoft-IIS/10.0")
        self.assertTrue(answer.is_marked())

    def test_another_token_gets_an_empty_401(self):
        answer = ask(self.port, self.base + "/_apis/projects", token="other")
        self.assertEqual((answer.status, answer.body), (401, b""))

    def test_connection_data_is_preview_in_every_version(self):
        self.assertEqual(ask(self.port, self.base + "/_apis/connectionData").json()["deploymentType"], "onPremises")
        refused = ask(self.port, self.base + "/_apis/connectionData?api-version=6.0")
        self.assertEqual((refused.status, refused.json()["typeKey"]), (400, "VssInvalidPreviewVersionException"))
        self.assertEqual(ask(self.port, self.base + "/_apis/connectionData?api-version=6.0-preview").status, 200)

    def test_options_names_the_released_version(self):
        for target in ("/_apis/", "/_apis/core"):
            resources = ask(self.port, self.base + target, method="OPTIONS").json()["value"]
            projects = next(r for r in resources if (r["area"], r["resourceName"]) == ("core", "projects"))
            self.assertEqual((projects["releasedVersion"], projects["maxVersion"]), ("7.0", "7.1"))

    def test_a_repository_can_be_listed_by_git(self):
        repository = ask(self.port, self.base + "/_apis/git/repositories?api-version=6.0").json()["value"][0]
        self.assertTrue(repository["_links"]["project"]["href"].startswith("vstfs:///"))
        path = urllib.parse.urlsplit(repository["remoteUrl"]).path
        answer = ask(self.port, path + "/info/refs?service=git-upload-pack", Git_Protocol="version=2")
        self.assertEqual(answer.headers["Content-Type"], "application/x-git-upload-pack-advertisement")
        self.assertTrue(answer.body.startswith(b"001e# service=git-upload-pack\n0000000eversion 2\n"))
        self.assertEqual(ask(self.port, self.base + "/_git/nowhere/info/refs?service=git-upload-pack").json()["typeKey"],
                         "GitRepositoryNotFoundException")
        if not shutil.which("git"):
            self.skipTest("no git")
        credential = base64.b64encode(f":{TOKEN}".encode()).decode()
        listing = subprocess.run(
            ["git", "-c", "protocol.version=0", "-c", "http.proxy=", "-c", f"http.extraHeader=Authorization: Basic {credential}",
             "ls-remote", repository["remoteUrl"]], capture_output=True, text=True, timeout=30, check=False,
            env={**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0",
                 "NO_PROXY": "*", "no_proxy": "*"})
        self.assertIn("refs/heads/main", listing.stdout, listing.stderr)

    def test_permissions_are_one_answer_a_token(self):
        actions = ask(self.port, self.base + HOOKS).json()["value"][0]["actions"]
        bit = next(a["bit"] for a in actions if a["name"] == "EditSubscriptions")
        target = f"/_apis/permissions/cb594ebe-87dd-4fc9-ac2c-6a10a4c92046/{bit}?tokens=PublisherSecurity/a,PublisherSecurity/b"
        self.assertEqual(ask(self.port, self.base + target).json(), {"count": 2, "value": [True, True]})

    def test_what_is_not_there(self):
        answer = ask(self.port, "/Other/_apis/projects?api-version=6.0")
        self.assertEqual((answer.status, answer.body), (404, b"The resource cannot be found."))
        self.assertEqual(ask(self.port, self.base + "/_apis/projects", method="POST").status, 405)
        self.assertEqual(ask(self.port, self.base + "/_apis/projects?continuationToken=x").status, 400)


class Variants(unittest.TestCase):
    """One fault each: (variant, status, a header or nothing, words of the body)."""
    PROJECTS = "/DefaultCollection/_apis/projects?api-version=6.0&$top=100"

    def test_the_list_of_projects(self):
        rows = [
            ("server-2019", 400, "latest REST API version this server supports is 5.1."),
            ("tfs-2018", 400, "latest REST API version this server supports is 4.1."),
            ("localhost-url", 200, '"http://localhost/DefaultCollection/_apis/projects/'),
            ("internal-url", 200, '"http://tfs-app01.example.test:8080/DefaultCollection/'),
            ("empty", 200, '{"count": 0, "value": []}'),
            ("wrong-token", 401, ""),
            ("expired-token", 401, "The Personal Access Token used has expired."),
            ("scope-missing", 401, ""),
            ("offline", 503, "offline"),
            ("html-instead-of-json", 200, "<html>"),
            ("services", 200, '"count": 100'),
            ("services-wrong-token", 401, ""),
            ("services-203", 203, "<title>Azure DevOps Services | Sign In</title>"),
            ("conditional-access", 403, "<title>VS403463"),
            ("throttled", 429, "TF400733"),
            ("stripped-authorization", 401, ""),
        ]
        for variant, status, words in rows:
            with self.subTest(variant), azure_devops.running(variant) as port:
                answer = ask(port, self.PROJECTS)
                self.assertEqual(answer.status, status)
                self.assertIn(words, answer.body.decode())
                self.assertTrue(answer.is_marked())

    def test_what_others_answer_bears_no_mark(self):
        rows = [("windows-only", 401, "Microsoft-HTTPAPI/2.0"), ("iis-basic", 401, "Microsoft-IIS/10.0"),
                ("application-pool-stopped", 503, "Microsoft-HTTPAPI/2.0"), ("not-the-service", 200, "Microsoft-IIS/10.0"),
                ("reverse-proxy-502", 502, "nginx/1.22.1"), ("tfs-prefix", 404, "Microsoft-IIS/10.0")]
        for variant, status, server in rows:
            with self.subTest(variant), azure_devops.running(variant) as port:
                answer = ask(port, self.PROJECTS)
                self.assertEqual((answer.status, answer.headers["Server"]), (status, server))
                self.assertFalse(answer.is_marked())

    def test_every_variant_serves(self):
        for variant in azure_devops.VARIANTS:
            with self.subTest(variant), azure_devops.running(variant) as port:
                self.assertGreaterEqual(ask(port, self.PROJECTS).status, 200)

    def test_below_tfs(self):
        with azure_devops.running("tfs-prefix") as port:
            self.assertEqual(ask(port, "/tfs/DefaultCollection/_apis/projects?api-version=6.0").status, 200)

    def test_a_narrow_token_reads_code(self):
        with azure_devops.running("scope-missing") as port:
            self.assertEqual(ask(port, "/DefaultCollection/_apis/git/repositories?api-version=6.0").status, 200)

    def test_a_proxy_that_lets_only_the_api_through(self):
        with azure_devops.running("git-blocked") as port:
            self.assertEqual(ask(port, self.PROJECTS).status, 200)
            answer = ask(port, "/DefaultCollection/_git/Contoso-002/info/refs?service=git-upload-pack")
            self.assertEqual((answer.status, answer.headers["Server"]), (403, "nginx/1.22.1"))

    def test_services_redirect_unless_asked_not_to(self):
        with azure_devops.running("services") as port:
            suppressed = ask(port, self.PROJECTS, token="other")
            self.assertEqual(suppressed.status, 401)
            self.assertIn("TFS-Federated", suppressed.headers.get_all("WWW-Authenticate"))
            redirected = ask(port, self.PROJECTS, token="other", X_TFS_FedAuthRedirect="")
            self.assertEqual(redirected.status, 302)
            self.assertIn(".vssps.visualstudio.com/_signin", redirected.headers["Location"])

    def test_the_policy_is_stored_inverted(self):
        for variant, stored in (("services", False), ("services-oauth-off", True)):
            with self.subTest(variant), azure_devops.running(variant) as port:
                data = ask(port, "/DefaultCollection/_settings/organizationPolicy?__rt=fps&__ver=2").json()
                provider = data["fps"]["dataProviders"]["data"]["ms.vss-admin-web.organization-policies-data-provider"]
                policy = provider["policies"]["applicationConnection"][0]["policy"]
                self.assertEqual((policy["name"], policy["value"], policy["effectiveValue"]),
                                 ("Policy.DisallowOAuthAuthentication", stored, not stored))


class Programs(unittest.TestCase):
    """What a shell starts: the port as JSON on standard output, the end by a signal."""

    @contextlib.contextmanager
    def program(self, *command):
        with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True, cwd=HERE) as process:
            try:
                yield json.loads(process.stdout.readline())["port"]
            finally:
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(timeout=20), 0)

    def test_the_sample_server(self):
        with self.program("-m", "azure_devops", "--variant", "empty", "--token", "abc") as port:
            self.assertEqual(ask(port, Variants.PROJECTS, token="abc").json()["count"], 0)

    def test_dns(self):
        with self.program("dns.py", "--record", "a.test=127.0.0.1") as port:
            self.assertEqual(lookup(port, "a.test", dns.A)[0], 0)


def lookup(port, name, kind, over_tcp=False):
    """(response code, number of answers)."""
    query = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + dns.wire_name(name) + struct.pack(">2H", kind, 1)
    if over_tcp:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(struct.pack(">H", len(query)) + query)
            stream = connection.makefile("rb")
            reply = stream.read(struct.unpack(">H", stream.read(2))[0])
    else:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
            connection.settimeout(10)
            connection.sendto(query, ("127.0.0.1", port))
            reply = connection.recv(4096)
    number, flags, _, answers = struct.unpack(">4H", reply[:8])
    assert number == 7 and flags & 0x8000
    return flags & 15, answers


class Dns(unittest.TestCase):
    def test_answers(self):
        records, cnames = [("a.test", "127.0.0.1"), ("a.test", "127.0.0.2")], [("www.test", "a.test"), ("gone.test", "no.test")]
        rows = [("a.test", dns.A, 0, 2), ("A.TEST", dns.A, 0, 2), ("a.test", dns.AAAA, 0, 0), ("www.test", dns.A, 0, 3),
                ("gone.test", dns.A, 3, 1), ("no.test", dns.A, 3, 0)]
        with dns.running(records, cnames) as port:
            for name, kind, code, answers in rows:
                for over_tcp in (False, True):
                    with self.subTest(name=name, kind=kind, tcp=over_tcp):
                        self.assertEqual(lookup(port, name, kind, over_tcp), (code, answers))

    def test_nonsense_is_survived(self):
        zone = dns.Zone()
        self.assertIsNone(zone.answer(b""))
        for tail in (b"", b"\xff" * 20, b"\x3fabc", b"\x01a" * 200):
            self.assertEqual(zone.answer(struct.pack(">6H", 1, 0, 1, 0, 0, 0) + tail)[3] & 15, dns.FORMERR)


class Authority(unittest.TestCase):
    def test_a_client_that_trusts_the_root_accepts_the_leaf_alone_and_with_an_intermediate(self):
        for with_intermediate in (False, True):
            with self.subTest(with_intermediate), tempfile.TemporaryDirectory() as folder:
                authority = ca.Authority(folder)
                if with_intermediate:
                    authority.add_intermediate()
                leaf = authority.issue("leaf", ["azure.example.test"], ["127.0.0.1", "::1"], key="rsa")
                context = ssl.create_default_context(cafile=str(authority.root))
                with azure_devops.running("server-2022", certificate=leaf.chain, key=leaf.key) as port:
                    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
                        with context.wrap_socket(raw, server_hostname="azure.example.test") as tls:
                            names = {value for _, value in tls.getpeercert()["subjectAltName"]}
                    self.assertIn("127.0.0.1", names)

    def test_an_expired_leaf_is_expired(self):
        with tempfile.TemporaryDirectory() as folder:
            authority = ca.Authority(folder)
            leaf = authority.issue("leaf", ["azure.example.test"], not_before=ca.date("20200101000000Z"),
                                   not_after=ca.date("20200201000000Z"))
            context = ssl.create_default_context(cafile=str(authority.root))
            with azure_devops.running("server-2022", certificate=leaf.chain, key=leaf.key) as port:
                with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
                    with self.assertRaisesRegex(ssl.SSLCertVerificationError, "expired"):
                        context.wrap_socket(raw, server_hostname="azure.example.test")


if __name__ == "__main__":
    unittest.main()
