"""Contract between a platform's transport and the listener around it.

A transport connects, receives items and converts them with the platform's pure functions. The listener publishes the
events, keeps the cursor, and starts the transport again when its connection ends. So a transport has no loop of its
own, and no state that must survive a restart.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from streams.adapters.base import Converted, Outcome


class Mark(NamedTuple):
    """A place in a platform's stream: the position in the platform's notation, and the platform's time in ms."""

    position: str | None = None
    at: int | None = None


START = Mark()
"""No place: a stream is read from its newest item on."""


class Arrival(NamedTuple):
    """An item's outcome, the place after the item, and the item's bytes, which a rejection keeps sealed."""

    outcome: Outcome
    mark: Mark = START
    raw: bytes = b""


def time_of(outcome: Outcome) -> int | None:
    """Return the platform's time of an item's first event, in ms; None without an event or a time."""
    return outcome.events[0].created_at if isinstance(outcome, Converted) and outcome.events else None


Sent = Sequence["asyncio.Future[Any]"]
"""Futures of published records; each completes when the broker has acknowledged its record."""


class ConnectionEndError(Exception):
    """The end of a connection to a platform; the listener connects again.

    Args:
        reason: a short word for the metric: "closed", "timeout", "status_503".
        advice: a sentence for the operator where only a change can help; shown by `/ready`.
        retry_after_s: the pause that the server asks for.

    """

    def __init__(self, reason: str, advice: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice
        self.retry_after_s = retry_after_s


class SinkError(Exception):
    """The broker did not accept a record; the listener continues from the last acknowledged place."""


class Session(Protocol):
    """The listener, as a transport sees it while a connection lasts."""

    def connected(self) -> None:
        """Report that the platform has accepted the connection."""
        ...

    async def take(self, arrival: Arrival) -> Sent:
        """Publish the events of an item. Waits while too many items are in flight, so the transport reads no further.

        Raises:
            SinkError: the broker did not accept an earlier record.

        """
        ...

    async def flush(self) -> None:
        """Wait until the broker has acknowledged every record.

        Raises:
            SinkError: the broker did not accept a record.

        """
        ...

    async def acknowledged(self, sent: Sent) -> None:
        """Wait until the broker has acknowledged some records.

        Raises:
            SinkError: the broker did not accept a record.

        """
        ...

    def missed(self, seconds: float, detail: str) -> None:
        """Report that a part of the stream cannot be had any more.

        Args:
            seconds: length of the part by the platform's time, an upper bound.
            detail: the cause, in a few words.

        """
        ...

    def turned_away(self, reason: str) -> None:
        """Count a request that was refused before its content was read, by a short reason such as `signature`."""
        ...


class Transport(Protocol):
    """The connection to one platform."""

    @property
    def name(self) -> str:
        """The name of the listener."""
        ...

    @property
    def stream(self) -> str:
        """The server and the stream on it, without any secret; cursors belong to it."""
        ...

    async def run(self, session: Session, resume: Mark) -> None:
        """Listen until the connection ends.

        Args:
            session: takes the items.
            resume: the last place that the broker has acknowledged; `START` for none.

        Raises:
            ConnectionEndError: the connection could not be made, or has ended.
            SinkError: the broker did not accept a record.

        """
        ...


__all__ = ["START", "Arrival", "ConnectionEndError", "Mark", "Sent", "Session", "SinkError", "Transport", "time_of"]
