"""Choose the ports of a broker.

The ports are below the range of ephemeral ports. A client that keeps calling the port of a dead broker may receive an
ephemeral port equal to the port of the broker, and the broker could not restart.
"""

import secrets
import socket

import msgspec

from streams.errors import UserError

HOST = "127.0.0.1"
_LOWEST, _HIGHEST = 20_000, 32_000  # ephemeral ports begin at 32768 on Linux, at 49152 on macOS
_TRIES = 1_000


class Ports(msgspec.Struct, frozen=True):
    """Ports of one broker: for clients, for the controller, and for authenticated clients."""

    plain: int
    controller: int
    secured: int


def choose(plain: int | None = None) -> Ports:
    """Choose ports that are free now.

    Args:
        plain: port for clients, free or not; a free port if None.

    Raises:
        UserError: no free port was found.

    """
    chosen: list[int] = [] if plain is None else [plain]
    for _ in range(_TRIES):
        if len(chosen) == len(Ports.__struct_fields__):
            return Ports(*chosen)
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        if port not in chosen and is_free(port):
            chosen.append(port)
    raise UserError(
        f"no free ports for the broker in {_TRIES} tries from {_LOWEST} to {_HIGHEST} on {HOST}; "
        "stop programs that use these ports"
    )


def require_free(port: int) -> None:
    """Check that a port is free.

    Raises:
        UserError: another process uses the port, or the user may not use the port.

    """
    if not is_free(port):
        raise UserError(f"port {port} is not free; stop the process that uses the port, or choose another --port")


def is_free(port: int) -> bool:
    """Return True if a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Java does: a closed port may stay in TIME_WAIT
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            return False
    return True


def accepts(port: int) -> bool:
    """Return True if a server listens on the port."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False
