"""Read HTTP streams of lines, and name the ends of connections; no address with a secret reaches a message or a log."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager

import aiohttp

from streams.adapters.base import Refused
from streams.listeners.base import ConnectionEndError

_CONNECT_S = 30.0
_TOKEN_REFUSED = frozenset({401, 403})
_SLOW_DOWN = frozenset({420, 429, 503})


def open_session() -> aiohttp.ClientSession:
    """Return a session for one listener; the caller closes it."""
    return aiohttp.ClientSession(headers={"User-Agent": "hearsay-listener"}, auto_decompress=True)


def timeouts(idle_s: float) -> aiohttp.ClientTimeout:
    """Return the time limits of a request: for the connection, and for each silence, in seconds."""
    return aiohttp.ClientTimeout(total=None, connect=_CONNECT_S, sock_connect=_CONNECT_S, sock_read=idle_s)


def bearer(token: str) -> dict[str, str]:
    """Return the header that shows a token; no header for no token."""
    return {"Authorization": f"Bearer {token}"} if token else {}


@asynccontextmanager
async def get(
    http: aiohttp.ClientSession,
    address: str,
    *,
    params: list[tuple[str, str]],
    headers: Mapping[str, str],
    idle_s: float,
    secret: str,
    proxy: str,
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Request an address and yield the answer, if the status is 200.

    Args:
        http: the session.
        address: without the parameters.
        params: of the query.
        headers: with the token.
        idle_s: silence after which the connection counts as lost.
        secret: name of the setting that holds the token, for the advice.
        proxy: address of a proxy, or "".

    Raises:
        ConnectionEndError: no connection, another status, silence, or a broken answer.

    """
    with ends():
        async with http.get(
            address,
            params=params,
            headers=headers,
            timeout=timeouts(idle_s),
            proxy=proxy or None,
            allow_redirects=False,
        ) as answer:
            if answer.status != 200:
                raise end_of_status(answer.status, answer.headers, secret)
            yield answer


class ends:  # noqa: N801 - reads as a statement
    """Turns the errors of a connection in a block into `ConnectionEndError`, without any address."""

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Translate an error of the connection."""
        if isinstance(error, TimeoutError):  # aiohttp's own are both
            raise ConnectionEndError("timeout", "the server was silent for too long") from None
        if isinstance(error, aiohttp.ClientConnectorError):
            raise ConnectionEndError("unreachable", "the server cannot be reached; check the address") from None
        if isinstance(error, aiohttp.InvalidURL):
            raise ConnectionEndError("address", "the address is no URL; check the settings of `listen`") from None
        if isinstance(error, aiohttp.ClientError | ConnectionError):
            raise ConnectionEndError("broken") from None


def end_of_status(status: int, headers: Mapping[str, str], secret: str) -> ConnectionEndError:
    """Return the end of a connection that the server refuses with a status."""
    if status in _TOKEN_REFUSED:
        advice = f"the server refuses the access ({status}); check the token, {secret}"
    else:
        advice = f"the server answers with status {status}"
    pause = _seconds(headers.get("Retry-After")) if status in _SLOW_DOWN else None
    return ConnectionEndError(f"status_{status}", advice, pause)


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 6 else None


class Lines:
    """Puts lines together from pieces of any length, with a bound on the length of a line."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._rest = b""
        self._dropped = 0

    def add(self, piece: bytes) -> Iterator[bytes | Refused]:
        """Yield the lines that a piece completes, without their ends; a longer line is refused."""
        *lines, rest = (self._rest + piece).split(b"\n")
        self._rest = b""
        for line in lines:
            if self._dropped or len(line) > self._most:
                size, self._dropped = self._dropped + len(line), 0
                yield Refused("too_large", f"the line has {size} bytes; at most {self._most} are read")
            else:
                yield line.removesuffix(b"\r")
        if len(rest) > self._most:
            self._dropped += len(rest)
        else:
            self._rest = rest
            if self._dropped:
                self._dropped, self._rest = self._dropped + len(rest), b""


async def lines_of(answer: aiohttp.ClientResponse, most_bytes: int) -> AsyncIterator[bytes | Refused]:
    """Yield the lines of an answer as they come; a last line without an end is dropped, because it may be cut off."""
    lines = Lines(most_bytes)
    async for piece in answer.content.iter_any():
        for line in lines.add(piece):
            yield line


async def read_body(answer: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    """Return the body of an answer.

    Raises:
        ConnectionEndError: the body is longer than `most_bytes`.

    """
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > most_bytes:
            raise ConnectionEndError("too_large", f"the server's answer has more than {most_bytes} bytes")
    return bytes(body)


__all__ = ["Lines", "bearer", "end_of_status", "ends", "get", "lines_of", "open_session", "read_body", "timeouts"]
