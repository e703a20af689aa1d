"""Reads alerts from the topic `alerts`, each one once, up to what is there now or for as long as somebody listens.

For a person at a terminal and for a pipe; a service that must act on each alert keeps its own account of what it has
done, as examples/consume_alerts.py does.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator

import msgspec

from schemas.alert import Alert
from streams.kafka.connection import KafkaSettings
from streams.kafka.reader import BEGINNING, END, OffsetSpec, TopicRecord, open_topic

REMEMBERED = 100_000  # alert ids; a second delivery comes soon after the first


class Received(msgspec.Struct, frozen=True):
    """An alert and its JSON as it stood on the topic."""

    alert: Alert
    raw: bytes


def read_alerts(
    settings: KafkaSettings,
    password: str | None,
    *,
    begin: OffsetSpec = BEGINNING,
    follow: bool = False,
    unreadable: Callable[[str], None],
) -> Iterator[Received]:
    """Alerts from a place on, each id once.

    Without `follow` in the order of publishing, and no further than what is there at the start; with it as they come.

    Args:
        settings: of the broker.
        password: for SASL.
        begin: where to begin.
        follow: whether to wait for more, through the broker's restarts, for ever.
        unreadable: told of each record that is no alert, by its position and why.

    Raises:
        UserError: the broker does not answer, or has no such topic.

    """
    with open_topic(settings, password, "alerts") as reader:
        starts = reader.offsets(begin)
        records = reader.follow(starts) if follow else reader.merged(starts, reader.offsets(END))
        yield from each_once(records, unreadable)


def each_once(records: Iterator[TopicRecord], unreadable: Callable[[str], None]) -> Iterator[Received]:
    """The alerts among records, without those whose id was among the last `REMEMBERED`."""
    known: OrderedDict[str, None] = OrderedDict()
    for record in records:
        try:
            alert = msgspec.json.decode(record.value, type=Alert)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            unreadable(f"partition {record.partition}, offset {record.offset}: no alert ({str(error)[:120]})")
            continue
        if alert.alert_id in known:
            continue
        known[alert.alert_id] = None
        if len(known) > REMEMBERED:
            known.popitem(last=False)
        yield Received(alert, record.value)
