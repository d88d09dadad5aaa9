#!/usr/bin/env python3
"""CPU of full TLS 1.3 + HTTP checks of a suite beside `curl -Z` on the same URLs and a bare program that checks nothing, with
certificates of RSA and ECDSA: nginx on loopback, every check a full handshake. Prints user + system time of the clients only.

    suite_https.py FWPROBE USAGE_OF BARE_HTTPS [CHECKS]
"""
import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import tempfile

GOAL = 0.6
KEYS = {"RSA 2048": ["-newkey", "rsa:2048"], "ECDSA P-256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]}
CONFIG = """
daemon off; pid {dir}/pid; error_log stderr crit; worker_processes 1;
events {{ worker_connections 4096; }}
http {{
  access_log off; ssl_session_tickets off; ssl_session_cache off; keepalive_timeout 0;
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  server {{ listen 127.0.0.1:{port} ssl backlog=4096; ssl_protocols TLSv1.3; ssl_certificate {dir}/cert.pem;
    ssl_certificate_key {dir}/key.pem; location / {{ return 200 "ok"; }} }}
}}
"""


@contextlib.contextmanager
def nginx(key):
    with tempfile.TemporaryDirectory() as name, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        directory = pathlib.Path(name)
        subprocess.run(["openssl", "req", "-x509", *key, "-nodes", "-days", "90", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", directory / "key.pem", "-out",
                        directory / "cert.pem"], check=True, capture_output=True)
        (directory / "nginx.conf").write_text(CONFIG.format(dir=directory, port=port), encoding="utf-8")
        with subprocess.Popen(["nginx", "-c", str(directory / "nginx.conf"), "-p", name]) as server:
            try:
                while server.poll() is None:
                    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                        break
                yield port, directory
            finally:
                server.terminate()


def cpu(usage_of, command):
    done = subprocess.run([usage_of, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    _, seconds, _, code = done.stderr.split()[-4:]
    assert code == "0", done.stderr[-500:]
    return float(seconds)


def main(fwprobe, usage_of, bare_https, checks):
    missed = False
    for kind, key in KEYS.items():
        with nginx(key) as (port, directory):
            urls = [f"https://127.0.0.1:{port}/{n}" for n in range(checks)]
            suite = directory / "suite.yaml"
            suite.write_text("jobs: 50\nper-destination: 50\ndefaults: {ca-file: cert.pem, trace: never}\ntargets:\n" +
                             "".join(f"  - {url}\n" for url in urls), encoding="utf-8")
            config = directory / "curl.conf"
            config.write_text("".join(f'url = "{url}"\noutput = /dev/null\n' for url in urls), encoding="utf-8")
            curl = cpu(usage_of, ["curl", "-sS", "-Z", "--parallel-max", "50", "--no-sessionid", "--http1.1", "-H", "Connection: close",
                                  "--cacert", str(directory / "cert.pem"), "-K", str(config)])
            ours = cpu(usage_of, [fwprobe, "run", str(suite), "--format", "nagios"])
            bare = cpu(usage_of, [bare_https, str(checks), "localhost", "127.0.0.1", str(port), str(directory / "cert.pem")])
            missed = missed or ours > GOAL * curl
            print(f"{kind:12} fwprobe {ours / checks * 1e6:7.0f} µs a check   curl -Z {curl / checks * 1e6:7.0f} µs   "
                  f"ratio {ours / curl:.2f}   goal {GOAL}   bare {bare / checks * 1e6:7.0f} µs   ratio {bare / curl:.2f}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main(*sys.argv[1:4], int(sys.argv[4]) if len(sys.argv) > 4 else 10_000)
