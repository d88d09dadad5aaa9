"""The certificates of the lab's servers: one sound chain, and one of each fault."""
import datetime
import pathlib

import ca

DAY = datetime.timedelta(days=1)
ANY = ["*.lab.test"]


def chain_in_the_future(folder, now):
    """What a machine sees whose clock is a year behind: authority and leaf, issued on different days that are both to come."""
    future = ca.Authority(folder, "Lab future root")
    path = future.sign("intermediate1", "Lab future servers", "ec", ca.AUTHORITY, now + 200 * DAY, now + 2000 * DAY)
    future.config("intermediate1")
    future.intermediates.insert(0, path["pem"])
    future.issuer = "intermediate1"
    future.issue("leaf", ANY, not_before=now + 300 * DAY, not_after=now + 390 * DAY)
    return future.root


def revoke(authority, leaf, response):
    """Writes the OCSP response (RFC 6960) that a server staples to say so."""
    folder, issuer = authority.folder, authority.issuer
    ca.openssl("ca", "-config", folder / f"{issuer}.cnf", "-cert", folder / f"{issuer}.pem", "-keyfile", folder / f"{issuer}.key",
               "-revoke", leaf.certificate, "-crl_reason", "keyCompromise")
    ca.openssl("ocsp", "-index", folder / f"{issuer}.index", "-CA", folder / f"{issuer}.pem", "-issuer", folder / f"{issuer}.pem",
               "-rsigner", folder / f"{issuer}.pem", "-rkey", folder / f"{issuer}.key", "-cert", leaf.certificate, "-ndays", "7",
               "-respout", response)


def make(folder):
    """Files below `folder`; trusted.pem holds the roots that a client of the lab trusts, all.pem the inspecting one as well."""
    folder = pathlib.Path(folder)
    now = datetime.datetime.now(datetime.timezone.utc)
    for name in ("unknown", "inspection", "self-signed", "future"):
        (folder / name).mkdir()
    good = ca.Authority(folder, "Lab root")
    good.add_intermediate("Lab servers")
    good.issue("good", ANY, addresses=["192.0.2.80", "2001:db8:80::80"])
    incomplete = good.issue("incomplete", ANY)
    (folder / "without-intermediate.pem").write_bytes(incomplete.certificate.read_bytes() + good.root.read_bytes())
    good.issue("expired", ANY, not_before=now - 97 * DAY, not_after=now - 7 * DAY)
    good.issue("not-yet", ANY, not_before=now + 7 * DAY, not_after=now + 97 * DAY)
    good.issue("soon", ANY, not_before=now - 80 * DAY, not_after=now + 5 * DAY)
    good.issue("wrong-name", ["www.example.test"])
    good.issue("large-chain", ANY + [f"a-rather-long-name-{n}.example.test" for n in range(150)])
    good.issue("weak", ANY, key="rsa-1024")
    ca.Authority(folder / "unknown", "Some other root").issue("leaf", ANY)
    revoke(good, good.issue("revoked", ANY), folder / "revoked.der")
    # As FortiOS names its built-in authority: the device's serial number.
    inspection = ca.Authority(folder / "inspection", "FG100FTK20012345/O=Fortinet/OU=Certificate Authority")
    inspection.issue("leaf", ANY)
    ca.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90", "-subj",
               "/CN=self-signed.lab.test", "-addext", "subjectAltName=DNS:self-signed.lab.test", "-keyout",
               folder / "self-signed" / "root.key", "-out", folder / "self-signed" / "root.pem")
    future_root = chain_in_the_future(folder / "future", now)
    trusted = "".join(path.read_text(encoding="utf-8") for path in (good.root, future_root))
    (folder / "trusted.pem").write_text(trusted, encoding="utf-8")
    (folder / "all.pem").write_text(trusted + inspection.root.read_text(encoding="utf-8"), encoding="utf-8")
