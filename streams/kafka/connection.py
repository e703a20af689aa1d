"""How to reach the broker: one set of settings for every client, with TLS and SASL.

kafka-python and Faust are told the same things by different names; both get them from here.
"""

import re
import ssl
from typing import Any, Literal

import msgspec

from streams.errors import UserError

_ADDRESS = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[\w.-]+):(?P<port>\d{1,5})")


class KafkaSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the broker is, how to speak to it, and how the topics are cut. None of these changes an alert."""

    bootstrap: str = "127.0.0.1:9092"  # servers, separated by commas
    prefix: str = ""  # put before the name of every topic and group, so that deployments can share a cluster
    security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"  # with TLS, SASL, both or neither
    ca_file: str = ""  # authorities that the broker's certificate is held against; the system's by default
    cert_file: str = ""  # our own certificate, where the broker wants one
    cert_key_file: str = ""  # the key of that certificate
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"  # how the password is proved
    sasl_username: str = ""  # the password comes from HEARSAY_KAFKA_PASSWORD or from the file below
    sasl_password_file: str = ""  # holds the password; HEARSAY_KAFKA_PASSWORD goes before it
    source_partitions: int = 4  # of `forwards` and `sightings`
    cascade_partitions: int = 4  # of `assignments`, `state-transfers` and `alerts`; part of the stages' state
    replication_factor: int = 1  # of topics that we create; 3 in production
    request_timeout_ms: int = 30_000  # after which an answer of the broker is no longer waited for

    def __post_init__(self) -> None:
        """Refuse combinations that no broker could be spoken to with."""
        for name in ("source_partitions", "cascade_partitions", "replication_factor", "request_timeout_ms"):
            if getattr(self, name) < 1:
                raise ValueError(f"kafka.{name} must be positive; got {getattr(self, name)}; leave it out")
        _servers(self.bootstrap)
        if self.security.startswith("sasl") != bool(self.sasl_username):
            raise ValueError(
                f"kafka.sasl_username belongs to a kafka.security of sasl_plaintext or sasl_ssl; got security "
                f"{self.security!r} and {'a' if self.sasl_username else 'no'} username; set both or neither"
            )
        if bool(self.cert_file) != bool(self.cert_key_file):
            raise ValueError("kafka.cert_file and kafka.cert_key_file go together; got one of them; set both")
        if (self.ca_file or self.cert_file) and "ssl" not in self.security:
            raise ValueError(
                f"kafka.ca_file and kafka.cert_file need TLS; got kafka.security {self.security!r}; "
                'set it to "ssl" or "sasl_ssl"'
            )


def servers(settings: KafkaSettings) -> list[tuple[str, int]]:
    """Host and port of each server that `kafka.bootstrap` names."""
    return _servers(settings.bootstrap)


def ssl_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    """What TLS needs, or None without it.

    Raises:
        UserError: a file that is not there or not PEM.
    """
    if not settings.security.endswith("ssl"):
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
        if settings.cert_file:
            context.load_cert_chain(settings.cert_file, settings.cert_key_file)
    except OSError as error:
        raise UserError(
            f"the files for TLS must be readable PEM; got {error.strerror or error} (kafka.ca_file, kafka.cert_file, "
            "kafka.cert_key_file); check the paths"
        ) from None
    return context


def client_options(settings: KafkaSettings, password: str | None) -> dict[str, Any]:
    """Options for any client of kafka-python."""
    options: dict[str, Any] = {
        "bootstrap_servers": [f"{host}:{port}" for host, port in servers(settings)],
        "security_protocol": settings.security.upper(),
        "request_timeout_ms": settings.request_timeout_ms,
        "client_id": "hearsay",
    }
    context = ssl_context(settings)
    if context is not None:
        options["ssl_context"] = context
    if settings.security.startswith("sasl"):
        options |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": password,
        }
    return options


def _servers(bootstrap: str) -> list[tuple[str, int]]:
    found = [_ADDRESS.fullmatch(server.strip()) for server in bootstrap.split(",")]
    if not all(found):
        raise ValueError(
            f"kafka.bootstrap must be host:port, or more of them separated by commas; got {bootstrap[:80]!r}; "
            'try "127.0.0.1:9092"'
        )
    return [(one["host"], int(one["port"])) for one in found if one]
