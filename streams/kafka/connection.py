"""Define the settings of the connection to the broker, with TLS and SASL, for every client.

kafka-python and Faust have different names for the same options; this module provides the options of both.
"""

import re
import ssl
from typing import Annotated, Any, Literal

from msgspec import Meta

from detectors.base_config import BaseConfig
from streams.errors import UserError

_ADDRESS = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[\w.-]+):(?P<port>\d{1,5})")


class KafkaSettings(BaseConfig, frozen=True, kw_only=True):
    """Address of the broker, security, partitions of the topics, and the records to read.

    Only the records to read can change an alert, where an adapter uses transactions.
    """

    bootstrap: Annotated[str, Meta(description="Addresses of Kafka brokers, each host:port, separated by commas.")] = (
        "127.0.0.1:9092"
    )
    prefix: Annotated[
        str, Meta(description="Prefix of each topic and consumer group, to run several deployments on one cluster.")
    ] = ""
    security: Annotated[
        Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"],
        Meta(description="Security protocol: TLS, SASL, both (`sasl_ssl`) or neither (`plaintext`)."),
    ] = "plaintext"
    ca_file: Annotated[
        str,
        Meta(description="File of certificate authorities that sign the broker's certificate. Empty: the system's."),
    ] = ""
    cert_file: Annotated[str, Meta(description="File of the client certificate, if the broker requires one.")] = ""
    cert_key_file: Annotated[str, Meta(description="File of the client certificate's private key.")] = ""
    sasl_mechanism: Annotated[
        Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"], Meta(description="SASL mechanism for the password.")
    ] = "SCRAM-SHA-512"
    sasl_username: Annotated[
        str,
        Meta(description="SASL user name; the password comes from HEARSAY_KAFKA_PASSWORD or kafka.sasl_password_file."),
    ] = ""
    sasl_password_file: Annotated[
        str, Meta(description="File of the SASL password; HEARSAY_KAFKA_PASSWORD takes precedence.")
    ] = ""
    source_partitions: Annotated[
        int, Meta(ge=1, description="Partitions of the topics `forwards` and `sightings`.")
    ] = 4
    cascade_partitions: Annotated[
        int,
        Meta(
            ge=1,
            description="Partitions of `assignments`, `state-transfers` and `alerts`; workers with state refuse a "
            "change.",
        ),
    ] = 4
    replication_factor: Annotated[
        int, Meta(ge=1, description="Replicas of each created topic; use 3 in production.")
    ] = 1
    isolation: Annotated[
        Literal["read_committed", "read_uncommitted"],
        Meta(
            description="Records of transactions to read: `read_committed` leaves out those of aborted transactions "
            "and waits for open ones, `read_uncommitted` reads every record at once."
        ),
    ] = "read_committed"
    request_timeout_ms: Annotated[int, Meta(ge=1, description="Time after which a request to the broker fails.")] = (
        30_000
    )

    def __post_init__(self) -> None:
        """Check the addresses, and the combination of security settings."""
        super().__post_init__()
        _servers(self.bootstrap)
        if self.security.startswith("sasl") != bool(self.sasl_username):
            raise ValueError(
                f"kafka.security is {self.security!r} and kafka.sasl_username is "
                f"{'set' if self.sasl_username else 'empty'}; a user name needs sasl_plaintext or sasl_ssl, and these "
                "need a user name"
            )
        if bool(self.cert_file) != bool(self.cert_key_file):
            raise ValueError("only one of kafka.cert_file and kafka.cert_key_file is set; set both")
        if (self.ca_file or self.cert_file) and "ssl" not in self.security:
            raise ValueError(
                f"kafka.ca_file and kafka.cert_file need TLS, but kafka.security is {self.security!r}; "
                'set kafka.security to "ssl" or "sasl_ssl"'
            )


def servers(settings: KafkaSettings) -> list[tuple[str, int]]:
    """Return host and port of each server in `kafka.bootstrap`."""
    return _servers(settings.bootstrap)


def ssl_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    """Return the TLS context, or None without TLS.

    Raises:
        UserError: a file is missing or not PEM.
    """
    if not settings.security.endswith("ssl"):
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
        if settings.cert_file:
            context.load_cert_chain(settings.cert_file, settings.cert_key_file)
    except OSError as error:
        raise UserError(
            f"cannot read the TLS files: {error.strerror or error}; check that kafka.ca_file, kafka.cert_file and "
            "kafka.cert_key_file are paths of PEM files"
        ) from None
    return context


def client_options(settings: KafkaSettings, password: str | None) -> dict[str, Any]:
    """Return options for a client of kafka-python."""
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
            f"kafka.bootstrap is {bootstrap[:80]!r}; write host:port, as in 127.0.0.1:9092, and commas between several "
            "servers"
        )
    return [(one["host"], int(one["port"])) for one in found if one]
