#!/usr/bin/env python3
"""One healthy https check over a path with 50 ms RTT, beside curl on the same path and a bare program that checks nothing.

Four round trips are needed (DNS, TCP, TLS 1.3, HTTP); what is printed is what comes on top of them, and the CPU and
memory that the whole process used. Runs in user and network namespaces of its own: no privileges, nothing is left.

    healthy_check.py FWPROBE DELAY_RELAY USAGE_OF BARE_HTTPS [RUNS]
"""
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

RTT_MS = 50
NAME = "azure.example.test"


def sh(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def make_certificate(folder):
    sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
       "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", folder / "key.pem",
       "-out", folder / "cert.pem")


def far(relay, *command):
    """A server on the far side; it runs until the end."""
    return subprocess.Popen(["nsenter", "-t", str(relay.pid), "-n", *command], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def serve(folder, relay):
    (folder / "nginx.conf").write_text(f"""
user root root; daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}
http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 10.99.0.2:443 ssl; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem; ssl_protocols TLSv1.2 TLSv1.3;
    location / {{ return 200 "ok"; }} }} }}""")
    return [far(relay, "nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")),
            far(relay, "dnsmasq", "--no-daemon", "--no-resolv", "--no-hosts", "--port=53", "--listen-address=10.99.0.2",
                "--bind-interfaces", f"--address=/{NAME}/10.99.0.2", "--user=", "--group=")]


def measure(usage_of, command):
    """Exit code and output of one whole process, its wall and CPU milliseconds, and its resident peak in MiB."""
    done = subprocess.run([usage_of, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    wall, cpu, resident, code = done.stderr.splitlines()[-1].split()
    return int(code), done.stdout + done.stderr, float(wall) * 1000, float(cpu) * 1000, float(resident)


def until_healthy(usage_of, command, tries=100):
    for _ in range(tries):
        if measure(usage_of, command)[0] == 0:
            return
    sys.exit("the servers did not come up: " + measure(usage_of, command)[1])


def round_trip_ms(tries=9):
    """What the path takes, which is more than the relay was asked for: kernels answer a SYN without a server's help."""
    def connect():
        begin = time.perf_counter()
        socket.create_connection(("10.99.0.2", 443)).close()
        return (time.perf_counter() - begin) * 1000
    return statistics.median(connect() for _ in range(tries))


def inside(fwprobe, delay_relay, usage_of, bare_https, runs):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make_certificate(folder)
        relay = subprocess.Popen([delay_relay, str(RTT_MS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        servers = []
        try:
            if relay.stdout.readline() != "ready\n":
                sys.exit("no TUN devices here: the figures need /dev/net/tun")
            enter = ["nsenter", "-t", str(relay.pid), "-n"]
            sh("ip", "link", "set", "lo", "up")
            sh("ip", "address", "add", "10.99.0.1", "peer", "10.99.0.2", "dev", "near")
            sh("ip", "link", "set", "near", "up")
            sh(*enter, "ip", "link", "set", "lo", "up")
            sh(*enter, "ip", "address", "add", "10.99.0.2", "peer", "10.99.0.1", "dev", "far")
            sh(*enter, "ip", "link", "set", "far", "up")
            servers = serve(folder, relay)
            # curl has no resolver option in Debian's build: it is given the address, and one RTT is added for DNS.
            commands = {
                "fwprobe": [fwprobe, "check", f"https://{NAME}/", "--dns-server", "10.99.0.2", "--ca-file",
                            str(folder / "cert.pem"), "-4"],
                "curl": ["curl", "-sS", "-4", "--resolve", f"{NAME}:443:10.99.0.2", "--cacert", str(folder / "cert.pem"),
                         f"https://{NAME}/"],
                "bare": [bare_https, "1", NAME, "-", "443", str(folder / "cert.pem"), "10.99.0.2"],
            }
            trips = {"fwprobe": 4, "curl": 3, "bare": 4}
            for command in commands.values():
                until_healthy(usage_of, command)
            samples = {tool: [] for tool in commands}
            for _ in range(runs):
                for tool, command in commands.items():
                    samples[tool].append(measure(usage_of, command))
            rtt = round_trip_ms()
            print(f"a round trip: {rtt:.2f} ms")
            print(f"{'':10}{'round trips':>12}{'over them, ms':>15}{'CPU ms':>9}{'resident MiB':>14}")
            for tool, rows in samples.items():
                over = statistics.median(row[2] for row in rows) - trips[tool] * rtt
                print(f"{tool:10}{trips[tool]:>12}{over:>15.1f}{statistics.median(row[3] for row in rows):>9.1f}"
                      f"{max(row[4] for row in rows):>14.1f}")
        finally:
            for server in servers:
                server.send_signal(signal.SIGTERM)
                server.wait()
            relay.stdin.close()
            relay.wait()


if __name__ == "__main__":
    if os.environ.get("FWPROBE_BENCH_INSIDE"):
        inside(*sys.argv[1:5], int(sys.argv[5]) if len(sys.argv) > 5 else 20)
    else:
        os.environ["FWPROBE_BENCH_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "-Urn", sys.executable, *map(str, sys.argv)])
