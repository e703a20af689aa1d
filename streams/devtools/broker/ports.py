"""Chooses the ports that a broker listens on.

They lie below the range from which systems serve outgoing connections: a client that keeps calling a dead broker's
port from that range can be given the very port as its own, and the broker could not come back to it.
"""

import secrets
import socket

import msgspec

from streams.errors import UserError

HOST = "127.0.0.1"
_LOWEST, _HIGHEST = 20_000, 32_000  # Linux serves outgoing connections from 32768 up, macOS from 49152
_TRIES = 1_000


class Ports(msgspec.Struct, frozen=True):
    """Where one broker listens: for clients, for itself, and for clients that must prove who they are."""

    plain: int
    controller: int
    secured: int


def choose(plain: int | None = None) -> Ports:
    """Ports that were free a moment ago.

    Args:
        plain: the one for clients, if it is to be this one, free or not.

    Raises:
        UserError: none is left.

    """
    chosen: list[int] = [] if plain is None else [plain]
    for _ in range(_TRIES):
        if len(chosen) == len(Ports.__struct_fields__):
            return Ports(*chosen)
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        if port not in chosen and is_free(port):
            chosen.append(port)
    raise UserError(
        f"the broker needs free ports; got none in {_TRIES} tries from {_LOWEST} to {_HIGHEST} on {HOST}; "
        "end what occupies them"
    )


def require_free(port: int) -> None:
    """Refuse a port where somebody listens.

    Raises:
        UserError: somebody does, or it is no port that this user may have.

    """
    if not is_free(port):
        raise UserError(
            f"the broker's port must be free; got {port}, where somebody listens (--port); end that, or name another"
        )


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Java does: a closed port may linger
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            return False
    return True


def accepts(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False
