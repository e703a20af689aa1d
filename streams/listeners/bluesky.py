"""Listen to Bluesky's Jetstream over a web socket, version 1 or 2 by its address.

Version 1 continues at a time, a few seconds before the cursor because the order of frames is loose; version 2 at a
sequence number, which is exact but known to one server only. On a server without a cursor, both continue by the time of
the newest frame. Version 2 refuses a position that it has deleted (`CursorTooOld`); then the listener starts at the
newest frame and reports how much is missing.
"""

from typing import Any

import aiohttp
import msgspec

from streams.adapters.base import Refused
from streams.adapters.bluesky import convert, place_of
from streams.listeners.base import START, Arrival, ConnectionEndError, Mark, Session
from streams.listeners.http import end_of_status, ends
from streams.settings.listen import ListenSettings

_V2 = "subscribeEvents"
_MOST_SEQUENCE = 10**15  # a larger position is a time in microseconds, in both versions
_GAP_MS = 60_000  # between the place asked for and the first frame, above which a part counts as missing
_TOO_OLD = "CursorTooOld"
_FRAME_OVERHEAD = 4  # times the size of a record

_decode = msgspec.json.decode


class BlueskyTransport:
    """A web socket to one Jetstream."""

    name = "bluesky"

    def __init__(self, settings: ListenSettings, http: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._http = http
        self.stream = settings.bluesky_url
        self._is_v2 = _V2 in settings.bluesky_url

    async def run(self, session: Session, resume: Mark) -> None:
        """Listen until the connection ends; see `Transport`."""
        try:
            await self._listen(session, resume, resume)
        except _CursorTooOldError:
            await self._listen(session, START, resume)

    async def _listen(self, session: Session, begin: Mark, resume: Mark) -> None:
        """Read frames from a place on.

        Args:
            session: takes the frames.
            begin: the place to ask for; `START` for the newest frame.
            resume: the place after the last acknowledged frame.

        """
        settings = self._settings
        with ends():
            try:
                socket = await self._http.ws_connect(
                    settings.bluesky_url,
                    params=self._params(begin),
                    heartbeat=settings.idle_timeout_ms / 2000,
                    max_msg_size=_FRAME_OVERHEAD * settings.max_item_bytes,
                    proxy=settings.proxy or None,
                    decode_text=False,
                )
            except aiohttp.WSServerHandshakeError as error:
                raise await self._refusal(error, begin) from None
            async with socket:
                session.connected()
                first = True
                async for message in socket:
                    if message.type not in _CONTENT:
                        raise ConnectionEndError("protocol")
                    arrival = _arrival(message.data)
                    if first and arrival.mark.at is not None:
                        first = False
                        _report_gap(session, begin, resume, arrival.mark)
                    await session.take(arrival)

    def _params(self, begin: Mark) -> list[tuple[str, str]]:
        settings = self._settings
        names = ("collections", "kinds") if self._is_v2 else ("wantedCollections", None)
        params = [(names[0], collection) for collection in settings.bluesky_collections]
        if names[1] is not None:
            params += [(names[1], "commit"), (names[1], "account")]
        params.append(("maxMessageSizeBytes", str(settings.max_item_bytes)))
        cursor = self._cursor(begin)
        return params if cursor is None else [*params, ("cursor", str(cursor))]

    def _cursor(self, begin: Mark) -> int | None:
        """Return the position to ask for: a sequence number, or a time in microseconds."""
        position = begin.position or ""
        number = int(position) if position.isdigit() else None
        if number is not None and number < _MOST_SEQUENCE:
            return number
        if number is None and begin.at is not None:
            number = begin.at * 1000
        return None if number is None else max(0, number - self._settings.bluesky_rewind_ms * 1000)

    async def _refusal(self, error: aiohttp.WSServerHandshakeError, begin: Mark) -> Exception:
        """Return the error of a refused connection; its name is in the body, which the web socket client discards."""
        if error.status != 400:
            return end_of_status(error.status, error.headers or {}, "the address, listen.bluesky_url")
        headers = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "aGVhcnNheSBsaXN0ZW5lcg==",
        }
        async with self._http.get(
            self._settings.bluesky_url, params=self._params(begin), headers=headers, proxy=self._settings.proxy or None
        ) as answer:
            name = _error_name(await answer.content.read(4096))
        if name == _TOO_OLD and begin != START:
            return _CursorTooOldError()
        return ConnectionEndError(
            "status_400",
            f"the server refuses the request ({name or 'without a name'}); check listen.bluesky_url and "
            "listen.bluesky_collections",
        )


class _CursorTooOldError(Exception):
    """The server has deleted the position."""


_CONTENT = frozenset({aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY})


def _arrival(data: bytes) -> Arrival:
    try:
        frame = _decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Arrival(Refused("not_json", "the frame is not one JSON value"), START, data)
    position, at = place_of(frame)
    return Arrival(convert(frame), Mark(None if position is None else str(position), at), data)


def _report_gap(session: Session, begin: Mark, resume: Mark, first: Mark) -> None:
    """Report the part between the last acknowledged frame and the first frame that came, if there is one."""
    if resume.at is None or first.at is None or first.at - resume.at <= _GAP_MS:
        return
    seconds = (first.at - resume.at) / 1000
    cause = "the server had no frames of the place asked for"
    if begin == START:
        cause = f"the server has deleted the frames after the cursor ({_TOO_OLD})"
        if (resume.position or "").isdigit() and (first.position or "").isdigit():
            cause += f", {max(0, int(first.position or 0) - int(resume.position or 0) - 1)} sequence numbers"
    session.missed(seconds, cause)


def _error_name(body: bytes) -> str:
    try:
        answer: Any = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    name = answer.get("error") if isinstance(answer, dict) else None
    return name if isinstance(name, str) and name.isidentifier() and len(name) < 64 else ""


__all__ = ["BlueskyTransport"]
