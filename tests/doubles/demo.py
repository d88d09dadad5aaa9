"""The demonstration: a sample Azure DevOps Server on this machine, with its own authority and DNS, checked by the real program;
first healthy, then with three faults. Nothing leaves the machine, and nothing stays on it.

    FWPROBE=path/to/fwprobe python3 demo.py
"""
import contextlib
import datetime
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

import azure_devops
import ca
import dns

HOST = "azure.example.test"
TOKEN = "sample-token"
DAY = datetime.timedelta(days=1)


class Scene:
    """One server to check, and what the check must say about it."""

    def __init__(self, heading, variant, cause, certificate="valid"):
        self.heading, self.variant, self.cause, self.certificate = heading, variant, cause, certificate


SCENES = [
    Scene("A healthy server", "server-2022", None),
    Scene("The server's public URL was never set: it sends every client to localhost", "localhost-url",
          "content.localhost_url"),
    Scene("The certificate has expired", "server-2022", "tls.certificate_expired", "expired"),
    Scene("The token is wrong", "wrong-token", "api.token_invalid"),
]


def say(text, colour="1"):
    print(f"\033[{colour}m{text}\033[0m" if sys.stdout.isatty() else text, flush=True)


def check(fwprobe, scene, leaves, root, dns_port, report):
    """Shows one scene; true when the report says what it must."""
    leaf = leaves[scene.certificate]
    with azure_devops.running(scene.variant, HOST, leaf.chain, leaf.key, token=TOKEN) as port:
        command = [fwprobe, "check", f"https://{HOST}:{port}/", "--profile", "azure-devops-server", "--collection",
                   "DefaultCollection", "--token-env", "AZURE_TOKEN", "--ca-file", str(root), "--dns-server",
                   f"127.0.0.1:{dns_port}"]
        say(f"\n━━ {scene.heading}\n")
        say("$ " + shlex.join(["fwprobe", *command[1:]]), "2")
        environment = {**os.environ, "AZURE_TOKEN": TOKEN}
        code = subprocess.run([*command, "--no-proxy", "--report", f"json={report}"], env=environment, check=False).returncode
    try:
        target = json.loads(report.read_text(encoding="utf-8"))["targets"][0]
    except (OSError, ValueError, LookupError) as error:
        say(f"the report cannot be read: {error}", "31")
        return False
    cause = target["diagnosis"]["cause"] if target["diagnosis"] else None
    if (code, cause) == (1 if scene.cause else 0, scene.cause):
        return True
    say(f"expected {scene.cause or 'a pass'}; the report says {cause or target['status']}, exit code {code}", "31")
    return False


def main():
    fwprobe = os.environ.get("FWPROBE")
    if not fwprobe:
        print("demo: FWPROBE must name the program; ./dev demo sets it", file=sys.stderr)
        return 2
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fwprobe-demo-")))
        authority = ca.Authority(folder, "Example Corp root")
        authority.add_intermediate("Example Corp servers")
        now = datetime.datetime.now(datetime.timezone.utc)
        leaves = {"valid": authority.issue("valid", [HOST]),
                  "expired": authority.issue("expired", [HOST], not_before=now - 97 * DAY, not_after=now - 7 * DAY)}
        port = stack.enter_context(dns.running([(HOST, "127.0.0.1"), (HOST, "::1")]))
        good = [check(fwprobe, scene, leaves, authority.root, port, folder / "report.json") for scene in SCENES]
    say(f"\n{sum(good)} of {len(good)} reports say what they must.", "32" if all(good) else "31")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
