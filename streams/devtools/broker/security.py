"""The broker's second listener: TLS, a login, or both, as a production cluster asks for them.

So that the clients' security settings are tested against what they are for.
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
    """PEM files that the broker shows, and by which it knows its clients. The certificate must name 127.0.0.1."""

    key: Path
    """Its private key, PKCS #8, not encrypted."""
    certificate: Path
    """Its certificate, followed by those between it and the authority."""
    authority: Path
    """Who must have signed a client's certificate."""
    ask_clients: bool = False
    """Whether a client must show a certificate, too."""


class Login(msgspec.Struct, frozen=True):
    """A user that may come in, by PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.

    Raises:
        ValueError: other characters than letters, digits, dot, underscore and hyphen, which Kafka would misread.

    """

    user: str
    password: str

    def __post_init__(self) -> None:
        if not all(_SAFE.fullmatch(text) for text in (self.user, self.password)):
            raise ValueError("user and password must be letters, digits, '.', '_' and '-'; got others; leave them out")


class Security(msgspec.Struct, frozen=True):
    """What the second listener asks for; without any of it there is none."""

    tls: TlsFiles | None = None
    login: Login | None = None

    @property
    def protocol(self) -> str | None:
        """Kafka's name for the combination; None if nothing is asked for."""
        if self.login is None:
            return "SSL" if self.tls else None
        return "SASL_SSL" if self.tls else "SASL_PLAINTEXT"

    def properties(self) -> dict[str, str]:
        """The listener's lines of the broker's configuration; its PEM files lie beside that."""
        lines = _tls_lines(self.tls) if self.tls else {}
        lines |= _login_lines(self.login) if self.login else {}
        return {f"listener.name.{LISTENER.lower()}.{name}": value for name, value in lines.items()}

    def format_arguments(self) -> list[str]:
        """What puts the user into a new broker's metadata, where SCRAM looks for it."""
        if self.login is None:
            return []
        user = f"[name={self.login.user},password={self.login.password}]"
        return [word for mechanism in _SCRAM for word in ("--add-scram", f"{mechanism}={user}")]

    def write_files(self, folder: Path) -> None:
        """Put the PEM files where `properties` says.

        Raises:
            UserError: one of them cannot be read.

        """
        if self.tls is None:
            return
        try:
            private = self.tls.key.read_bytes() + b"\n" + self.tls.certificate.read_bytes()
            authority = self.tls.authority.read_bytes()
        except OSError as error:
            raise UserError(
                f"the broker's TLS files must be readable; got {error.strerror} for {error.filename} (tls); name others"
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
