"""A certificate authority for tests, made with the openssl program: root, intermediate if wanted, and leaves with chosen
names, dates and keys.

    python3 ca.py FOLDER --name azure.example.test --address 127.0.0.1 [--intermediate] [--not-after 20200101000000Z]
"""
import argparse
import dataclasses
import datetime
import ipaddress
import json
import pathlib
import subprocess
import sys

DAY = datetime.timedelta(days=1)
KEYS = {"ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["-newkey", "rsa:2048"],
        "rsa-1024": ["-newkey", "rsa:1024"]}
CONFIG = """
[ca]
default_ca = here
[here]
database = {folder}/{name}.index
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
"""
AUTHORITY = "[extensions]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
LEAF = "[extensions]\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n"


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.strip()}")


def stamp(when):
    """GeneralizedTime, as `openssl ca` takes it."""
    return when.astimezone(datetime.timezone.utc).strftime("%Y%m%d%H%M%SZ")


@dataclasses.dataclass(frozen=True)
class Leaf:
    certificate: pathlib.Path  # the leaf alone
    chain: pathlib.Path  # leaf and intermediates, as a server presents them
    key: pathlib.Path


class Authority:
    """Issues into `folder`. Its root certificate is `root`."""

    def __init__(self, folder, name="fwprobe test root", key="ec"):
        self.folder = pathlib.Path(folder)
        self.root = self.folder / "root.pem"
        self.issuer = "root"
        self.intermediates = []
        self.config("root")
        openssl("req", "-x509", "-config", self.folder / "root.cnf", *KEYS[key], "-nodes", "-days", "3650", "-subj", f"/CN={name}",
                "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                "-keyout", self.folder / "root.key", "-out", self.root)

    def config(self, name):
        (self.folder / f"{name}.cnf").write_text(CONFIG.format(folder=self.folder, name=name), encoding="utf-8")
        (self.folder / f"{name}.index").write_text("", encoding="utf-8")

    def sign(self, file, subject, key, extensions, not_before, not_after):
        path = {kind: self.folder / f"{file}.{kind}" for kind in ("key", "csr", "ext", "pem")}
        path["ext"].write_text(extensions, encoding="utf-8")
        openssl("req", "-new", "-config", self.folder / "root.cnf", *KEYS[key], "-nodes", "-subj", f"/CN={subject}",
                "-keyout", path["key"], "-out", path["csr"])
        openssl("ca", "-batch", "-notext", "-config", self.folder / f"{self.issuer}.cnf", "-cert",
                self.folder / f"{self.issuer}.pem", "-keyfile", self.folder / f"{self.issuer}.key", "-startdate", stamp(not_before),
                "-enddate", stamp(not_after), "-extfile", path["ext"], "-extensions", "extensions", "-in", path["csr"],
                "-out", path["pem"])
        return path

    def add_intermediate(self, name="fwprobe test intermediate", key="ec"):
        """What is issued from now on is issued by it."""
        now = datetime.datetime.now(datetime.timezone.utc)
        file = f"intermediate{len(self.intermediates) + 1}"
        path = self.sign(file, name, key, AUTHORITY, now - DAY, now + 3649 * DAY)
        self.config(file)
        self.intermediates.insert(0, path["pem"])
        self.issuer = file

    def issue(self, file, names=(), addresses=(), not_before=None, not_after=None, key="ec"):
        now = datetime.datetime.now(datetime.timezone.utc)
        alternatives = [f"DNS:{name}" for name in names] + [f"IP:{ipaddress.ip_address(a)}" for a in addresses]
        extensions = LEAF + (f"subjectAltName={','.join(alternatives)}\n" if alternatives else "")
        subject = (list(names) + [str(a) for a in addresses] + [file])[0][:64]
        path = self.sign(file, subject, key, extensions, not_before or now - DAY, not_after or now + 90 * DAY)
        chain = self.folder / f"{file}-chain.pem"
        chain.write_text("".join(p.read_text(encoding="utf-8") for p in [path["pem"], *self.intermediates]), encoding="utf-8")
        return Leaf(path["pem"], chain, path["key"])


def date(text):
    try:
        return datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no date such as 20300131235959Z") from None


def main():
    parser = argparse.ArgumentParser(description="Makes a root and one leaf; prints their files as JSON.")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--name", action="append", default=[], help="a dNSName of the leaf; repeatable")
    parser.add_argument("--address", action="append", default=[], help="an iPAddress of the leaf; repeatable")
    parser.add_argument("--intermediate", action="store_true", help="put an intermediate in between")
    parser.add_argument("--not-before", type=date, metavar="YYYYMMDDHHMMSSZ")
    parser.add_argument("--not-after", type=date, metavar="YYYYMMDDHHMMSSZ")
    parser.add_argument("--key", choices=KEYS, default="ec")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    authority = Authority(arguments.folder)
    if arguments.intermediate:
        authority.add_intermediate()
    leaf = authority.issue("leaf", arguments.name, arguments.address, arguments.not_before, arguments.not_after, arguments.key)
    print(json.dumps({"root": str(authority.root), "certificate": str(leaf.certificate), "chain": str(leaf.chain),
                      "key": str(leaf.key)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
