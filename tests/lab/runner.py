"""Runs one scenario: a lane with its servers, the row's faults in it, and fwprobe as an ordinary user in its client."""
import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import time

import certificates
import namespaces
import peers
import services
import topology
from verdict import Result

RUN_LIMIT = 60  # seconds; a run that takes longer has not kept its own deadline
DEFAULTS = {"--dns-server": "203.0.113.66", "--ca-file": "{ca}", "--timeout": "2s", "--deadline": "25s"}
ALLOWLISTS = {
    "listed": "direction: outbound\nports: [443]\nentries:\n  - prefix: 192.0.2.0/24\n  - prefix: 2001:db8:80::/48\n",
    "elsewhere": "direction: outbound\nports: [443]\nentries:\n  - prefix: 192.175.48.0/24\n  - prefix: 2620:4f:8000::/48\n",
    "inbound": "direction: inbound\nentries:\n  - prefix: 192.175.48.0/24\n",
    "host-bits": "direction: inbound\nentries:\n  - prefix: 198.51.100.70/26\n",
}


class Files:
    """The lab's files, in a folder that ordinary users can read."""

    def __init__(self, folder, fwprobe):
        self.folder = folder
        self.certificates = folder / "certificates"
        self.certificates.mkdir()
        certificates.make(self.certificates)
        self.host_keys = services.make_host_keys(self.certificates)
        services.own_all(self.certificates)
        self.lists = folder / "lists"
        self.lists.mkdir()
        for name, text in ALLOWLISTS.items():
            (self.lists / f"{name}.yaml").write_text(f"name: {name}\nretrieved: 2026-01-31\n{text}", encoding="utf-8")
        self.fwprobe = folder / "fwprobe"  # its own folder may be closed to other users
        shutil.copy(fwprobe, self.fwprobe)
        self.fwprobe.chmod(0o755)

    def fill_in(self, arguments):
        for key, path in (("{ca}", self.certificates / "trusted.pem"), ("{all_ca}", self.certificates / "all.pem"),
                          ("{unknown_ca}", self.certificates / "unknown" / "root.pem"), ("{lists}", self.lists),
                          *((f"{{key:{kind}}}", fingerprint) for kind, fingerprint in self.host_keys.items())):
            arguments = arguments.replace(key, str(path))
        return arguments


class SniOffset:
    """Where the server name stands in fwprobe's ClientHello: rules can match bytes at a place only."""

    def __init__(self, lane, files):
        name = "offset.lab.test"
        listener = ("import socket\nl = socket.create_server(('127.0.0.1', 0))\nprint(l.getsockname()[1], flush=True)\n"
                    "c = l.accept()[0]\nprint(c.recv(65536).hex(), flush=True)\n")
        client = lane.hosts["client"]
        process = client.start(namespaces.unprivileged([services.PYTHON, "-c", listener]), stdout=subprocess.PIPE, text=True)
        port = process.stdout.readline().strip()
        hello = [str(files.fwprobe), "check", f"tls://127.0.0.1:{port}", "--sni", name, "--timeout", "1s"]
        client.start(namespaces.unprivileged(hello),
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).wait()
        self.bytes = bytes.fromhex(process.communicate()[0]).find(name.encode())
        if self.bytes < 0:
            raise RuntimeError("fwprobe's ClientHello has no server name")

    def fill_in(self, rules):
        """Replaces {sni:NAME} by a match of the bytes that follow the TCP header (nft(8), raw payload expression)."""
        return re.sub(r"{sni:([^}]+)}", lambda name: f"@ih,{self.bytes * 8},{len(name[1]) * 8} 0x{name[1].encode().hex()}", rules)


class Runner:
    """One lane with its servers."""

    def __init__(self, files, number, implemented):
        self.files, self.implemented = files, implemented
        self.lane = topology.Lane()
        folder = files.folder / f"lane{number}"
        folder.mkdir()
        self.services = services.Services(self.lane, folder, files.certificates)

    def start(self, sni=None):
        self.services.start()
        # The client has fresh addresses and routes for each row.
        self.before = {name: host.state() for name, host in self.lane.hosts.items() if name != "client"}
        self.sni = sni or SniOffset(self.lane, self.files)

    def command(self, row):
        arguments = shlex.split(row.arguments)
        for option, value in DEFAULTS.items():
            if option not in arguments:
                arguments += [option, value]
        # An IPv6 address in brackets is no pattern, and there is no shell.
        return [str(self.files.fwprobe), "check", *(self.files.fill_in(word) for word in arguments), "--format", "json"]

    @contextlib.contextmanager
    def faults(self, row):
        """In force while the block runs; the client has fresh addresses."""
        self.lane.renumber()
        done = []
        try:
            for fault in row.faults:
                done.append(fault)
                host = self.lane.hosts[fault.host]
                if fault.rules:
                    host.nft(self.sni.fill_in(fault.rules))
                if fault.do:
                    host.ip(*fault.do)
            yield
        finally:
            for fault in reversed(done):
                host = self.lane.hosts[fault.host]
                if fault.rules:
                    host.nft("flush ruleset\n")
                if fault.undo:
                    host.ip(*fault.undo)
            for name in {fault.host for fault in done if fault.do and fault.host in self.before}:
                if difference := self.lane.hosts[name].state() ^ self.before[name]:
                    raise RuntimeError(f"the scenario '{row.name}' leaves {name} changed: {difference}")

    def run(self, row):
        result = Result(row)
        with self.faults(row):
            started = time.monotonic()
            process = self.lane.hosts["client"].start(
                namespaces.unprivileged(self.command(row)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                # LeakSanitizer traces its own process, which one that has given up its user may not; every other test looks for leaks.
                env={"PATH": "/usr/bin:/bin", "TOKEN": peers.AZURE_TOKEN, "ASAN_OPTIONS": "detect_leaks=0", **row.environment})
            try:
                output, errors = process.communicate(timeout=RUN_LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
                output, errors = process.communicate()
                result.misses.append(f"did not end within {RUN_LIMIT} s")
            result.seconds = time.monotonic() - started
            result.errors = errors
        try:
            result.report = json.loads(output)
            result.target = result.report["targets"][0]
        except (ValueError, LookupError) as error:
            result.misses.append(f"no report, exit code {process.returncode}: {error}; {errors.strip()}")
            return result
        if errors:
            result.misses.append(f"on standard error: {errors.strip()}")
        expected = {"pass": 0, "warn": 0, "fail": 1, "error": 3}[row.status]
        if process.returncode != expected:
            result.misses.append(f"exit code {process.returncode} instead of {expected}")
        result.judge(self.implemented)
        return result

    def shell(self, row):
        """The row's faults, and a shell in the client, until it ends."""
        with self.faults(row):
            pid = os.readlink("/proc/self")
            print("\nThe faults are in force. This is the client; the command was\n  " + shlex.join(self.command(row)))
            for name, host in self.lane.hosts.items():
                print(f"  nsenter --net=/proc/{pid}/fd/{host.file} bash   # {name}")
            files = [host.file for host in self.lane.hosts.values()]
            subprocess.run(self.lane.hosts["client"].command(["/bin/bash"]), pass_fds=files, check=False)

    def stop(self):
        self.services.stop()
        self.lane.close()
