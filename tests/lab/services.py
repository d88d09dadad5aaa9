"""The servers of one lane: real programs, each started once and used by every scenario, none with a privilege."""
import os
import pathlib
import subprocess
import time

import namespaces
import peers

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"
START_LIMIT = 30  # seconds

SERVER, SERVER_6 = "192.0.2.80", "2001:db8:80::80"
# What the lab's resolver knows. `www` and the names of certificates have the server's first address of both families.
NAMES = {
    "www": (SERVER, SERVER_6), "four": (SERVER,), "six": (SERVER_6,), "azure": (SERVER, SERVER_6),
    "other": ("192.0.2.81", "2001:db8:80::81"), "two": (SERVER, "192.0.2.81"),
    "old-tls": ("192.0.2.82", "2001:db8:80::82"), "no-tls": ("192.0.2.83", "2001:db8:80::83"),
    "client-certificate": ("192.0.2.84", "2001:db8:80::84"),
    "unknown-name": ("192.0.2.86", "2001:db8:80::86"),
    "dead": ("192.0.2.99", "2001:db8:80::99"), "public": ("192.175.48.80", "2620:4f:8000::80"),
    "null": ("0.0.0.0", "::"), "loopback": ("127.0.0.1", "::1"), "internal": ("10.20.30.40", "fd00:20::40"),
    "portal": ("198.51.100.1", "2001:db8:1::1"), "proxy": ("203.0.113.82",),
    **dict.fromkeys(("expired", "not-yet", "future", "soon", "wrong-name", "weak", "incomplete", "without-intermediate",
                     "large-chain", "revoked", "self-signed", "untrusted"), (SERVER, SERVER_6)),
}
EXTRA = {"ssh.dev.azure.com": (SERVER,)}  # a name with a published host key, on a server that has another


def output_of(command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


def text_of(log):
    return pathlib.Path(log.name).read_text(encoding="utf-8", errors="replace")


def own(path):
    """Makes a file the servers' own. In a user namespace they have this process' user already."""
    if not namespaces.in_user_namespace():
        os.chown(path, namespaces.NOBODY, namespaces.NOBODY)


def own_all(folder):
    own(folder)
    for path in pathlib.Path(folder).rglob("*"):
        own(path)


def records():
    names = {f"{name}.lab.test": addresses for name, addresses in NAMES.items()} | EXTRA
    return "".join(f'  local-data: "{name}. {"AAAA" if ":" in address else "A"} {address}"\n'
                   for name, addresses in names.items() for address in addresses)


def make_host_keys(folder):
    """Of each type one, for all lanes; a type's fingerprint, as ssh-keygen(1) prints it."""
    def make(kind):
        path = folder / f"ssh_host_{kind}"
        output_of(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path])
        return output_of(["ssh-keygen", "-l", "-f", path]).split()[1]
    return {kind: make(kind) for kind in ("ed25519", "ecdsa", "rsa")}


class Services:
    """Starts them in a lane's hosts; `folder` is this lane's, `certificates` everyone's."""

    def __init__(self, lane, folder, certificates):
        self.lane, self.folder, self.certificates = lane, pathlib.Path(folder), pathlib.Path(certificates)
        self.started = []  # (name, process, log)
        own(self.folder)

    def start(self):
        server, server_pieces = self.place("server", "nginx-server.conf", "sshd_config", "sshd_old_config")
        (server / "large").write_bytes(b"0123456789abcdef" * 16384)
        own_all(server)
        self.spawn("server", "nginx", ["nginx", "-e", "stderr", "-p", server, "-c", server_pieces[0]],
                   ["127.0.0.1/80", "127.0.0.1/443"])
        self.spawn("server", "sshd", ["/usr/sbin/sshd", "-D", "-e", "-f", server_pieces[1]], ["127.0.0.1/22"])
        self.spawn("server", "sshd-old", ["/usr/sbin/sshd", "-D", "-e", "-f", server_pieces[2]], ["127.0.0.1/2022"])
        # nginx asks for a client certificate and answers 400 without one; this one ends the handshake (RFC 8446 §4.4.2.4).
        self.spawn("server", "s_server", ["openssl", "s_server", "-quiet", "-www", "-accept", "4433", "-Verify", "1",
                                          "-cert_chain", self.certificates / "good-chain.pem",
                                          "-cert", self.certificates / "good.pem",
                                          "-key", self.certificates / "good.key"], ["127.0.0.1/4433"])
        self.peers("server", [])
        for host in ("r1", "r2", "server"):
            folder, (conf,) = self.place(f"{host}-middlebox", "nginx-middlebox.conf")
            own_all(folder)
            self.spawn(host, "middlebox", ["nginx", "-e", "stderr", "-p", folder, "-c", conf],
                       ["127.0.0.1/8443", "127.0.0.1/8080"])
        self.peers("r1", ["198.51.100.1"], "router")
        _, (conf,) = self.place("resolver", "unbound.conf")
        self.spawn("resolver", "unbound", ["unbound", "-d", "-c", conf], ["127.0.0.1/53"])
        self.peers("resolver", [])
        proxy, (squid, danted) = self.place("proxy", "squid.conf", "danted.conf")
        (proxy / "users").write_text("user:" + output_of(["openssl", "passwd", "-apr1", "secret"]), encoding="ascii")
        own_all(proxy)
        self.spawn("proxy", "squid", ["squid", "-N", "-f", squid], ["203.0.113.82/3128"])
        self.spawn("proxy", "danted", ["danted", "-f", danted, "-p", proxy / "danted.pid", "-N", "1"], ["203.0.113.82/1080"])
        self.wait()

    def place(self, host, *names):
        folder = self.folder / host
        folder.mkdir()
        paths = []
        for name in names:
            text = (HERE / "etc" / name).read_text(encoding="utf-8")
            for key, value in (("@folder@", str(folder)), ("@certificates@", str(self.certificates)), ("@records@", records()),
                               ("@app@", str(peers.PORTS["http-app"]))):
                text = text.replace(key, value)
            (folder / name).write_text(text, encoding="utf-8")
            paths.append(folder / name)
        return folder, paths

    def peers(self, host, arguments, role=None):
        self.spawn(host, "peers", [PYTHON, "-B", HERE / "peers.py", role or host, self.certificates, *arguments], "ready")

    def spawn(self, host, name, command, ready):
        log = open(self.folder / f"{host}-{name}.log", "w+", encoding="utf-8", errors="replace")
        command = [namespaces.which(command[0]) or command[0], *command[1:]]
        process = self.lane.hosts[host].start(namespaces.unprivileged([str(part) for part in command]), cwd=self.folder,
                                              stdout=log, stderr=subprocess.STDOUT, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        self.started.append((host, name, process, log, ready))

    def wait(self):
        """Until each of them listens; a server that ended instead is shown with its log."""
        limit = time.monotonic() + START_LIMIT
        for host, name, process, log, ready in self.started:
            while not self.listens(host, log, ready):
                if process.poll() is not None or time.monotonic() > limit:
                    raise RuntimeError(f"{name} on {host} does not start:\n{text_of(log)}")
                time.sleep(0.05)

    def listens(self, host, log, ready):
        if ready == "ready":
            return "ready" in text_of(log)
        tries = " && ".join(f"</dev/tcp/{place}" for place in ready)
        return self.lane.hosts[host].start(["/bin/bash", "-c", tries], stderr=subprocess.DEVNULL).wait() == 0

    def logs(self):
        return "".join(f"── {host} {name}\n{text}" for host, name, _, log, _ in self.started
                       if (text := text_of(log)) and text != "ready\n")

    def stop(self):
        for _, _, process, log, _ in self.started:
            process.terminate()
            log.close()
        for _, _, process, _, _ in self.started:
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
