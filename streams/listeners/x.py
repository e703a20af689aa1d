"""Listen to the filtered stream of X: one JSON object a line, and a blank line every twenty seconds.

Which posts come is decided by the rules that are set at X. The stream cannot be continued; with a plan that has it, X
repeats the posts of the last minutes (`backfill_minutes`), and a longer interruption is reported.
"""

import aiohttp
import msgspec

from streams.adapters.base import Options, Refused
from streams.adapters.fields import FieldError, Fields
from streams.adapters.x.api_v2 import convert_line
from streams.listeners.base import Arrival, Mark, Session, time_of
from streams.listeners.http import bearer, get, lines_of
from streams.listeners.publisher import now_ms
from streams.settings.listen import ListenSettings

_POST_FIELDS = (
    "author_id,conversation_id,created_at,edit_history_tweet_ids,entities,lang,note_tweet,public_metrics,"
    "referenced_tweets"
)
_FIELDS = (
    ("tweet.fields", _POST_FIELDS),
    ("user.fields", "public_metrics,username"),
    ("expansions", "author_id,referenced_tweets.id,referenced_tweets.id.author_id"),
)
_SECRET = "HEARSAY_X_TOKEN or listen.x_token_file"  # noqa: S105 - names of settings
_MINUTE_MS = 60_000

_decode = msgspec.json.decode


class XStream:
    """The filtered stream of one app."""

    name = "x"

    def __init__(self, settings: ListenSettings, http: aiohttp.ClientSession, token: str) -> None:
        self._settings = settings
        self._http = http
        self._headers = bearer(token)
        self.stream = settings.x_url

    async def run(self, session: Session, resume: Mark) -> None:
        """Listen until the connection ends; see `Transport`."""
        settings = self._settings
        params = list(_FIELDS)
        if settings.x_backfill_minutes and resume.at is not None:
            params.append(("backfill_minutes", str(settings.x_backfill_minutes)))
        async with get(
            self._http,
            settings.x_url,
            params=params,
            headers=self._headers,
            idle_s=settings.idle_timeout_ms / 1000,
            secret=_SECRET,
            proxy=settings.proxy,
        ) as answer:
            session.connected()
            self._report_gap(session, resume)
            async for line in lines_of(answer, settings.max_item_bytes):
                if isinstance(line, Refused):
                    await session.take(Arrival(line))
                elif line.strip():
                    for arrival in _arrivals(line):
                        await session.take(arrival)

    def _report_gap(self, session: Session, resume: Mark) -> None:
        """Report the time since the last post, unless X repeats the posts of that time."""
        if resume.at is None:
            return
        away_ms = now_ms() - resume.at - self._settings.x_backfill_minutes * _MINUTE_MS
        if away_ms > _MINUTE_MS:
            session.missed(
                away_ms / 1000, "X does not repeat the posts of an interruption; see listen.x_backfill_minutes"
            )


def _arrivals(line: bytes) -> list[Arrival]:
    try:
        value = _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return [Arrival(Refused("not_json", "the line is not one JSON value"), raw=line)]
    try:
        position = Fields(value).within("data").id("id")
    except FieldError:
        position = None
    return [Arrival(outcome, Mark(position, time_of(outcome)), line) for outcome in convert_line(value, Options())]


__all__ = ["XStream"]
