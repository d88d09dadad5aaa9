"""`fwprobe check` with the Azure DevOps profiles, against every variant of the sample server."""
import base64
import contextlib
import datetime
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(os.environ["SOURCE_DIR"]) / "tests" / "doubles"))

import azure_devops  # noqa: E402
import ca  # noqa: E402
import dns  # noqa: E402
import replay  # noqa: E402

FWPROBE = os.environ["FWPROBE"]
TOKEN = "s3kret-token-of-the-test"
HOST, CLOUD, INTERNAL = "azure.example.test", "dev.azure.com", "tfs-app01.example.test"
SERVER, SERVICES = "azure-devops-server", "azure-devops-services"

# variant, exit code, status, cause of the diagnosis
SERVERS = [
    ("server-2022", 0, "pass", None),
    ("server-2020", 0, "pass", None),
    ("server-25h2", 0, "pass", None),
    ("server-2019", 1, "fail", "api.version_unsupported"),
    ("tfs-2018", 1, "fail", "api.tfs_unsupported"),
    ("tfs-prefix", 1, "fail", "api.collection_not_found"),
    ("localhost-url", 1, "fail", "content.localhost_url"),
    ("empty", 0, "warn", "api.token_scope"),
    ("wrong-token", 1, "fail", "api.token_invalid"),
    ("expired-token", 1, "fail", "api.token_invalid"),
    ("scope-missing", 1, "fail", "api.token_scope"),
    ("webhook-denied", 1, "fail", "api.webhook_permission_missing"),
    ("no-basic-challenge", 1, "fail", "api.basic_auth_disabled"),
    ("offline", 1, "fail", "http.server_error"),
    ("html-instead-of-json", 1, "fail", "content.not_json"),
    ("windows-only", 1, "fail", "api.basic_auth_disabled"),
    ("iis-basic", 1, "fail", "api.basic_auth_disabled"),
    ("application-pool-stopped", 1, "fail", "http.server_error"),
    ("not-the-service", 1, "fail", "api.not_the_service"),
    ("reverse-proxy-502", 1, "fail", "http.server_error"),
    ("stripped-authorization", 1, "fail", "api.token_invalid"),
    ("git-blocked", 1, "fail", "api.git_unavailable"),
]
CLOUDS = [
    ("services", 0, "pass", None),
    ("services-wrong-token", 1, "fail", "api.token_invalid"),
    ("services-203", 1, "fail", "api.token_invalid"),
    ("services-oauth-off", 0, "warn", "api.oauth_policy_disabled"),
    ("conditional-access", 1, "fail", "http.forbidden"),
    ("throttled", 1, "fail", "http.client_error"),
]


def closed_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


class AzureDevOps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        folder = cls.stack.enter_context(tempfile.TemporaryDirectory())
        authority = ca.Authority(folder)
        authority.add_intermediate()
        cls.root = str(authority.root)
        cls.leaf = authority.issue("leaf", [HOST, CLOUD])
        cls.resolver = cls.stack.enter_context(
            dns.running([(name, address) for name in (HOST, CLOUD) for address in ("127.0.0.1", "::1")] +
                        [(INTERNAL, "127.0.0.1")]))

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    @contextlib.contextmanager
    def serving(self, variant, host=HOST, tls=True, **settings):
        certificate = {"certificate": self.leaf.chain, "key": self.leaf.key} if tls else {}
        with azure_devops.running(variant, host, **certificate, **{"token": TOKEN, **settings}) as port:
            yield port

    def check(self, url, profile=SERVER, collection="DefaultCollection", token=TOKEN, root=None):
        command = [FWPROBE, "check", url, "--profile", profile, "--collection", collection, "--ca-file", root or self.root,
                   "--dns-server", f"127.0.0.1:{self.resolver}", "--no-proxy", "--format", "json"]
        environment = {"PATH": os.environ["PATH"]}
        if token is not None:
            command += ["--token-env", "AZURE_TOKEN"]
            environment["AZURE_TOKEN"] = token
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False,
                              stdin=subprocess.DEVNULL)
        for secret in (TOKEN, base64.b64encode(f":{TOKEN}".encode()).decode()):
            self.assertNotIn(secret, done.stdout + done.stderr)
        try:
            replay.assert_same_verdict(done.stdout, done.returncode)
            return done.returncode, json.loads(done.stdout)["targets"][0]
        except ValueError:
            self.fail(f"no report; exit code {done.returncode}: {done.stderr}")

    def assert_outcome(self, done, code, status, cause):
        returned, target = done
        found = (returned, target["status"], target["diagnosis"] and target["diagnosis"]["cause"])
        telling = [f for f in target["findings"] if f["status"] not in ("pass", "skip")] or target["findings"]
        self.assertEqual(found, (code, status, cause), json.dumps(telling, indent=1))
        if cause:
            self.assertTrue(target["diagnosis"]["remedy"])
            # What is wrong with the URL as it was typed needs no measurement to show.
            self.assertTrue(target["diagnosis"]["evidence"] or cause == "api.url_has_path")
        return target

    def finding_about(self, target, text):
        found = [f for f in target["findings"] if text in f["subject"] or text in f["summary"]]
        self.assertTrue(found, [f["summary"] for f in target["findings"]])
        return found[0]

    def test_servers(self):
        for variant, *expected in SERVERS:
            with self.subTest(variant), self.serving(variant) as port:
                self.assert_outcome(self.check(f"https://{HOST}:{port}/"), *expected)

    def test_services(self):
        for variant, *expected in CLOUDS:
            # The usual realm names a host of the cloud, which a test must not contact.
            with self.subTest(variant), self.serving(variant, CLOUD, realm="Azure DevOps") as port:
                self.assert_outcome(self.check(f"https://{CLOUD}:{port}/", SERVICES), *expected)

    def test_every_variant_has_its_verdict(self):
        listed = {variant for variant, *_ in SERVERS + CLOUDS} | {"internal-url"}
        self.assertEqual(listed, set(azure_devops.VARIANTS))

    def test_a_healthy_report_names_product_projects_and_clone(self):
        with self.serving("server-2022") as port:
            _, target = self.check(f"https://{HOST}:{port}/")
        for words in ("Azure DevOps Server 2022 (REST 7.0)", "102 projects on 2 pages", "can be cloned", "may create webhooks"):
            self.assertEqual(self.finding_about(target, words)["status"], "pass")

    def test_the_public_url_that_cannot_be_reached(self):
        with self.serving("internal-url", public_url=f"http://{INTERNAL}:{closed_port()}") as port:
            self.assert_outcome(self.check(f"https://{HOST}:{port}/"), 1, "fail", "content.unreachable_url")

    def test_the_prefix_belongs_into_the_collection(self):
        with self.serving("tfs-prefix") as port:
            self.assert_outcome(self.check(f"https://{HOST}:{port}/", collection="tfs/DefaultCollection"), 0, "pass", None)
            target = self.assert_outcome(self.check(f"https://{HOST}:{port}/"), 1, "fail", "api.collection_not_found")
            self.assertIn("tfs/DefaultCollection", " ".join(target["diagnosis"]["remedy"]))
            self.assert_outcome(self.check(f"https://{HOST}:{port}/tfs"), 1, "fail", "api.url_has_path")

    def test_a_collection_may_hold_spaces(self):
        with self.serving("server-2022", collection="My Collection") as port:
            self.assert_outcome(self.check(f"https://{HOST}:{port}/", collection="My Collection"), 0, "pass", None)

    def test_a_collection_that_is_not_there(self):
        for variant, host, profile in (("server-2022", HOST, SERVER), ("services", CLOUD, SERVICES)):
            with self.subTest(variant), self.serving(variant, host, realm="Azure DevOps") as port:
                self.assert_outcome(self.check(f"https://{host}:{port}/", profile, "Other"), 1, "fail",
                                    "api.collection_not_found")

    def test_without_a_token(self):
        with self.serving("server-2022") as port:
            self.assert_outcome(self.check(f"https://{HOST}:{port}/", token=None), 1, "fail", "api.token_missing")

    def test_over_http_the_token_stays_here(self):
        with self.serving("server-2022", tls=False) as port:
            target = self.assert_outcome(self.check(f"http://{HOST}:{port}/"), 1, "fail", "api.token_missing")
        self.assertIn("http", self.finding_about(target, "was not sent")["summary"])

    def test_an_expired_certificate_comes_first(self):
        with tempfile.TemporaryDirectory() as folder:
            authority = ca.Authority(folder)
            now = datetime.datetime.now(datetime.timezone.utc)
            leaf = authority.issue("leaf", [HOST], not_before=now - 90 * ca.DAY, not_after=now - 7 * ca.DAY)
            with azure_devops.running("server-2022", HOST, leaf.chain, leaf.key, token=TOKEN) as port:
                self.assert_outcome(self.check(f"https://{HOST}:{port}/", root=str(authority.root)), 1, "fail",
                                    "tls.certificate_expired")

    def test_the_log_key_is_kept(self):
        with self.serving("wrong-token") as port:
            _, target = self.check(f"https://{HOST}:{port}/")
        self.assertRegex(self.finding_about(target, "is not accepted")["summary"], r"log key ActivityId [0-9a-f-]{36}")


if __name__ == "__main__":
    unittest.main()
