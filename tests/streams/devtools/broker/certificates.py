"""An authority made for a test, and what it signs: PEM files for brokers and for clients."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BEGINS = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
ENDS = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
LOOPBACK = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])


@dataclass(frozen=True)
class Pair:
    """A private key and the certificate that goes with it."""

    key: Path
    certificate: Path


class Authority:
    """Signs certificates for loopback; `file` is its own certificate, which whoever trusts it needs."""

    def __init__(self, folder, name="authority"):
        self._folder = folder
        self._name = named(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}.pem"
        own = request(self._name, self._name, self._key).add_extension(x509.BasicConstraints(True, 0), critical=True)
        self.file.write_bytes(signed(own, self._key))

    def issue(self, name):
        """A pair of this name, signed."""
        key = ec.generate_private_key(ec.SECP256R1())
        pair = Pair(self._folder / f"{name}.key", self._folder / f"{name}.crt")
        pair.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        pair.certificate.write_bytes(signed(request(named(name), self._name, key), self._key))
        return pair


def named(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def request(subject, issuer, key):
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGINS)
        .not_valid_after(ENDS)
        .add_extension(LOOPBACK, critical=False)
    )


def signed(builder, key):
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
