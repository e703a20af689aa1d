"""Configure the second listener of the broker: TLS, a login, or both, as in a production cluster.

Tests of the clients' security settings use the listener.
"""

import re
from pathlib import Path

import msgspec

from streams.errors import UserError

LISTENER = "SECURED"
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_SCRAM = MECHANISMS[1:]
_KEY_STORE, _TRUST_STORE = "server.pem", "authority.pem"
_SAFE = re.compile(r"[A-Za-z0-9._-]+")
_MODULES = "org.apache.kafka.common.security"


class TlsFiles(msgspec.Struct, frozen=True):
    """PEM files of the broker, and the authority of its clients. The certificate must name 127.0.0.1."""

    key: Path
    """Private key, PKCS #8, not encrypted."""
    certificate: Path
    """Certificate, followed by the intermediate certificates."""
    authority: Path
    """Authority of client certificates."""
    ask_clients: bool = False
    """True to require a certificate from clients."""


class Login(msgspec.Struct, frozen=True):
    """User of the broker, for PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512.

    Raises:
        ValueError: user or password has characters other than letters, digits, dot, underscore and hyphen.

    """

    user: str
    password: str

    def __post_init__(self) -> None:
        if not all(_SAFE.fullmatch(text) for text in (self.user, self.password)):
            raise ValueError(
                "user and password may contain only letters, digits, '.', '_' and '-': Kafka would misread others"
            )


class Security(msgspec.Struct, frozen=True):
    """TLS files and login of the second listener; without both there is no second listener."""

    tls: TlsFiles | None = None
    login: Login | None = None

    @property
    def protocol(self) -> str | None:
        """Return the name of the security protocol in Kafka; None without TLS and login."""
        if self.login is None:
            return "SSL" if self.tls else None
        return "SASL_SSL" if self.tls else "SASL_PLAINTEXT"

    def properties(self) -> dict[str, str]:
        """Return the settings of the listener. The PEM files are in the folder of the configuration."""
        lines = _tls_lines(self.tls) if self.tls else {}
        lines |= _login_lines(self.login) if self.login else {}
        return {f"listener.name.{LISTENER.lower()}.{name}": value for name, value in lines.items()}

    def format_arguments(self) -> list[str]:
        """Return the arguments that add the user to the metadata of a new broker, for SCRAM."""
        if self.login is None:
            return []
        user = f"[name={self.login.user},password={self.login.password}]"
        return [word for mechanism in _SCRAM for word in ("--add-scram", f"{mechanism}={user}")]

    def write_files(self, folder: Path) -> None:
        """Write the PEM files to the paths in `properties`.

        Raises:
            UserError: a file cannot be read.

        """
        if self.tls is None:
            return
        try:
            private = self.tls.key.read_bytes() + b"\n" + self.tls.certificate.read_bytes()
            authority = self.tls.authority.read_bytes()
        except OSError as error:
            raise UserError(
                f"cannot read the TLS file {error.filename}: {error.strerror}; pass the path of a readable PEM file"
            ) from None
        place = folder / _KEY_STORE
        place.touch(mode=0o600)
        place.write_bytes(private)
        (folder / _TRUST_STORE).write_bytes(authority)


def _tls_lines(tls: TlsFiles) -> dict[str, str]:
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": _KEY_STORE,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": _TRUST_STORE,
        "ssl.client.auth": "required" if tls.ask_clients else "none",
    }


def _login_lines(login: Login) -> dict[str, str]:
    plain = f'{_MODULES}.plain.PlainLoginModule required user_{login.user}="{login.password}";'
    scram = f"{_MODULES}.scram.ScramLoginModule required;"
    return {
        "sasl.enabled.mechanisms": ",".join(MECHANISMS),
        "plain.sasl.jaas.config": plain,
        **{f"{mechanism.lower()}.sasl.jaas.config": scram for mechanism in _SCRAM},
    }
