"""Listen to a stream of a Mastodon server as server-sent events.

The stream cannot be continued, so after an interruption the statuses since the cursor are read from the server's
timeline, while the new stream waits. A status of the stream is dated by its receipt; a status that is caught up has the
time of its server, because the listener's clock witnesses nothing there.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import aiohttp
import msgspec

from streams.adapters.base import Refused
from streams.adapters.fields import FieldError, Fields
from streams.adapters.mastodon.read import EventLines, ServerEvent, convert_event
from streams.adapters.mastodon.status import Server, convert_status
from streams.listeners.base import Arrival, ConnectionEndError, Mark, Session
from streams.listeners.http import bearer, get, lines_of, read_body
from streams.listeners.publisher import now_ms
from streams.settings.listen import ListenSettings

_TIMELINES = {
    "public": ("public", ()),
    "public/local": ("public", (("local", "true"),)),
    "public/remote": ("public", (("remote", "true"),)),
    "user": ("home", ()),
}
_PAGE = 40  # the most that a server gives
_PAGE_BYTES = 16 << 20
_SECRET = "HEARSAY_MASTODON_TOKEN or listen.mastodon_token_file"  # noqa: S105 - names of settings

_decode = msgspec.json.decode


class MastodonTransport:
    """A stream of one server."""

    name = "mastodon"

    def __init__(self, settings: ListenSettings, http: aiohttp.ClientSession, token: str) -> None:
        self._settings = settings
        self._http = http
        self._headers = bearer(token)
        self._base = settings.mastodon_url.rstrip("/")
        self.stream = f"{self._base} {settings.mastodon_stream}"
        self._server = Server()
        self._newest = 0  # the largest local id: a status that reaches the server late has an older one

    async def run(self, session: Session, resume: Mark) -> None:
        """Listen until the connection ends; see `Transport`."""
        address = f"{self._base}/api/v1/streaming/{self._settings.mastodon_stream}"
        async with self._get(address, ()) as answer:
            session.connected()
            if resume.position is not None:
                await self._catch_up(session, resume)
            events = EventLines()
            async for line in lines_of(answer, self._settings.max_item_bytes):
                event = line if isinstance(line, Refused) else events.add(line)
                if isinstance(event, Refused):
                    await session.take(Arrival(event))
                elif event is not None:
                    await session.take(self._arrival(event))

    def _get(
        self, address: str, params: tuple[tuple[str, str], ...]
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        settings = self._settings
        return get(
            self._http,
            address,
            params=list(params),
            headers=self._headers,
            idle_s=settings.idle_timeout_ms / 1000,
            secret=_SECRET,
            proxy=settings.proxy,
        )

    def _arrival(self, event: ServerEvent) -> Arrival:
        at = now_ms()
        outcome = convert_event(event, self._server, received_at=at)
        position = self._position(_local_id(event.data)) if event.name == "update" else None
        return Arrival(outcome, Mark(position, at), event.data)

    def _position(self, local_id: str | None) -> str | None:
        """Return the largest id so far; an id that is no number, of another server software, as it is."""
        if local_id is None or not local_id.isascii() or not local_id.isdigit():
            return local_id
        self._newest = max(self._newest, int(local_id))
        return str(self._newest)

    async def _catch_up(self, session: Session, resume: Mark) -> None:
        """Publish the statuses that the server has taken since a place, oldest first."""
        position = resume.position
        for _ in range(self._settings.mastodon_catch_up):
            newest = position
            async for arrival in self._page(newest):
                position = arrival.mark.position or position
                await session.take(arrival)
            if position == newest:
                return
        at = now_ms()
        session.missed(
            (at - (resume.at or at)) / 1000, "more statuses are missing than listen.mastodon_catch_up allows"
        )

    async def _page(self, after: str | None) -> AsyncIterator[Arrival]:
        name, more = _TIMELINES[self._settings.mastodon_stream]
        params = (*more, ("limit", str(_PAGE)), ("min_id", after or "0"))
        async with self._get(f"{self._base}/api/v1/timelines/{name}", params) as answer:
            body = await read_body(answer, _PAGE_BYTES)
        try:
            statuses = _decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise ConnectionEndError("protocol", "the server's timeline is no JSON") from None
        for status in reversed(statuses if isinstance(statuses, list) else []):
            outcome = convert_status(status, self._server)
            fields = Fields(status)
            yield Arrival(
                outcome, Mark(self._position(_id(fields)), fields.time("created_at")), msgspec.json.encode(status)
            )


def _local_id(data: bytes) -> str | None:
    try:
        return _id(Fields(_decode(data)))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _id(status: Fields) -> str | None:
    try:
        return status.id("id")
    except FieldError:
        return None


__all__ = ["MastodonTransport"]
