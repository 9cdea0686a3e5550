#!/usr/bin/python3
"""certs.py - a lab certificate authority and the certificates that tests need.

Owns the files of one folder: a good server certificate and its rogue sisters. Each is made once and made
again only when it is about to expire (or, for the expired one, never).

  ca.pem                          the lab CA: what a client under test trusts
  server.pem/.key                 good: signed by ca.pem, SAN IP:127.0.0.1, DNS:localhost
  wrong-name.pem/.key             signed by ca.pem, but for camera.example
  expired.pem/.key                signed by ca.pem, right name, ended yesterday
  unknown-ca.pem/.key             right name, in date, signed by another CA (unknown-ca-root.pem)
"""

import argparse
import datetime
import fcntl
import ipaddress
import json
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)
LIFE = 365 * DAY
LOCAL_NAMES = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
OTHER_NAMES = [x509.DNSName("camera.example")]
VARIANTS = ("server", "wrong-name", "expired", "unknown-ca")


def now():
    return datetime.datetime.utcnow()


def subject(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def write_private(path, data):
    """Writes so that no other user ever can read it, and no reader sees half a file."""
    part = path + ".part"
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "wb") as f:
        f.write(data)
    os.rename(part, path)


def save(folder, name, cert, key):
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                               serialization.NoEncryption())
    write_private(os.path.join(folder, name + ".key"), secret)
    write_private(os.path.join(folder, name + ".pem"), cert.public_bytes(serialization.Encoding.PEM))


def load(folder, name):
    with open(os.path.join(folder, name + ".pem"), "rb") as f:
        cert = x509.load_pem_x509_certificate(f.read())
    with open(os.path.join(folder, name + ".key"), "rb") as f:
        key = serialization.load_pem_private_key(f.read(), None)
    return cert, key


def fresh(folder, name):
    """True when the pair is there and lasts for another day."""
    try:
        return load(folder, name)[0].not_valid_after > now() + DAY
    except (OSError, ValueError):
        return False


def builder(name, issuer, key, start, end):
    return (x509.CertificateBuilder().subject_name(subject(name)).issuer_name(issuer)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(start).not_valid_after(end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False))


def key_usage(**on):
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
             "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: on.get(name, False) for name in names})


def make_ca(folder, file, name):
    key = ec.generate_private_key(ec.SECP256R1())
    cert = (builder(name, subject(name), key, now() - DAY, now() + LIFE)
            .add_extension(x509.BasicConstraints(True, 0), True)
            .add_extension(key_usage(key_cert_sign=True, crl_sign=True), True)
            .sign(key, hashes.SHA256()))
    save(folder, file, cert, key)


def make_server(folder, file, ca_file, names, start, end):
    ca, ca_key = load(folder, ca_file)
    key = ec.generate_private_key(ec.SECP256R1())
    cert = (builder("lab camera", ca.subject, key, start, end)
            .add_extension(x509.SubjectAlternativeName(names), False)
            .add_extension(x509.BasicConstraints(False, None), True)
            .add_extension(key_usage(digital_signature=True), True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), False)
            .sign(ca_key, hashes.SHA256()))
    save(folder, file, cert, key)


def make_all(folder):
    start, end = now() - DAY, now() + LIFE
    make_ca(folder, "ca", "camrelay lab CA")
    make_ca(folder, "unknown-ca-root", "somebody else's CA")
    make_server(folder, "server", "ca", LOCAL_NAMES, start, end)
    make_server(folder, "wrong-name", "ca", OTHER_NAMES, start, end)
    make_server(folder, "expired", "ca", LOCAL_NAMES, now() - 30 * DAY, now() - DAY)
    make_server(folder, "unknown-ca", "unknown-ca-root", LOCAL_NAMES, start, end)


def ensure(folder):
    """Makes what is missing or old; returns {"ca": path, "server": (cert, key), ...}. Safe for several processes."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, ".certs.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        whole = ("ca", "unknown-ca-root", "server", "wrong-name", "unknown-ca")
        if not all(fresh(folder, name) for name in whole):
            make_all(folder)
    path = lambda name: os.path.abspath(os.path.join(folder, name))
    files = {v: (path(v + ".pem"), path(v + ".key")) for v in VARIANTS}
    files["ca"] = path("ca.pem")
    return files


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("folder", help="where the files are kept (made if missing)")
    print(json.dumps(ensure(ap.parse_args().folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
