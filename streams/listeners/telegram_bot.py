"""Listen to the updates of a Telegram bot by long polling (`getUpdates`).

Telegram keeps an update until a later request names a higher number, for at most 24 hours. The next request is sent
only when the broker has acknowledged every update before, so Telegram's own memory is the cursor; the number on the
topic `cursors` serves after a change of the bot's server. The address holds the token, so no address is logged.
"""

from typing import Any

import aiohttp
import msgspec

from streams.adapters.base import Options, Refused
from streams.adapters.fields import FieldError, Fields
from streams.adapters.telegram.bot_api import convert
from streams.listeners.base import Arrival, ConnectionEndError, Mark, Session, time_of
from streams.listeners.http import end_of_status, ends, read_body, timeouts
from streams.settings.listen import ListenSettings

_KINDS = (
    "message", "edited_message", "channel_post", "edited_channel_post", "business_message", "edited_business_message",
    "deleted_business_messages",
)  # fmt: skip
_MOST_UPDATES = 100  # in one answer
_SECRET = "HEARSAY_TELEGRAM_TOKEN or listen.telegram_token_file"  # noqa: S105 - names of settings
_CONFLICT = 409

_decode = msgspec.json.decode


class TelegramBot:
    """The updates of one bot."""

    name = "telegram-bot"

    def __init__(self, settings: ListenSettings, http: aiohttp.ClientSession, token: str) -> None:
        self._settings = settings
        self._http = http
        base = settings.telegram_url.rstrip("/")
        self._address = f"{base}/bot{token}/getUpdates"
        self.stream = f"{base} {token.partition(':')[0]}"  # the bot's number, which is public

    async def run(self, session: Session, resume: Mark) -> None:
        """Poll until a request fails; see `Transport`."""
        following = int(resume.position) + 1 if (resume.position or "").isdigit() and resume.position else None
        while True:
            updates = await self._updates(following)
            session.connected()
            for update in updates:
                arrival = _arrival(update)
                if arrival.mark.position is not None:
                    following = int(arrival.mark.position) + 1
                await session.take(arrival)
            await session.flush()

    async def _updates(self, offset: int | None) -> list[object]:
        settings = self._settings
        params = [
            ("timeout", str(settings.telegram_poll_ms // 1000)),
            ("limit", str(_MOST_UPDATES)),
            ("allowed_updates", msgspec.json.encode(_KINDS).decode()),
        ]
        if offset is not None:
            params.append(("offset", str(offset)))
        idle_s = (settings.telegram_poll_ms + settings.idle_timeout_ms) / 1000
        with ends():
            async with self._http.get(
                self._address, params=params, timeout=timeouts(idle_s), proxy=settings.proxy or None
            ) as answer:
                body = await read_body(answer, _MOST_UPDATES * settings.max_item_bytes)
                return _result(answer, body)


def _result(answer: aiohttp.ClientResponse, body: bytes) -> list[object]:
    try:
        found: Any = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found = None
    fields = Fields(found)
    result = fields.get("result")
    if answer.status == 200 and fields.get("ok") is True and isinstance(result, list):
        return result
    if answer.status == 200:
        raise ConnectionEndError("protocol", "the server's answer holds no updates")
    if answer.status == _CONFLICT:
        raise ConnectionEndError(
            "status_409", "the bot has a webhook, or another program polls it; call deleteWebhook, or stop the other"
        )
    end = end_of_status(answer.status, answer.headers, _SECRET)
    pause = fields.within("parameters").count("retry_after")
    raise end if pause is None else ConnectionEndError(end.reason, end.advice, float(pause))


def _arrival(update: object) -> Arrival:
    try:
        number = Fields(update).whole("update_id")
    except FieldError:
        number = None
    outcome = convert(update, Options())
    raw = msgspec.json.encode(update) if isinstance(outcome, Refused) else b""
    return Arrival(outcome, Mark(None if number is None or number < 0 else str(number), time_of(outcome)), raw)


__all__ = ["TelegramBot"]
