"""Read alerts from the topic `alerts` without duplicates, up to the current end or continuously.

This reader serves a terminal or a pipe. A service that must act on each alert records handled alerts itself, as
examples/consume_alerts.py does.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator

import msgspec

from schemas.alert import Alert
from streams.kafka.connection import KafkaSettings
from streams.kafka.reader import BEGINNING, END, OffsetSpec, TopicRecord, open_topic

REMEMBERED = 100_000  # alert ids; a second delivery comes soon after the first


class Received(msgspec.Struct, frozen=True):
    """An alert and its JSON on the topic."""

    alert: Alert
    raw: bytes


def read_alerts(
    settings: KafkaSettings,
    password: str | None,
    *,
    begin: OffsetSpec = BEGINNING,
    follow: bool = False,
    on_unreadable: Callable[[str], None],
) -> Iterator[Received]:
    """Yield alerts from an offset or a time, each id once.

    Without `follow`, alerts come in the order of publication, and end at the log end of the start of the call. With
    `follow`, alerts come in the order of arrival, without end.

    Args:
        settings: of the broker.
        password: for SASL.
        begin: offset or time of the first record.
        follow: wait for further alerts, also over restarts of the broker.
        on_unreadable: called with the position of each record that is not an alert, and the reason.

    Raises:
        UserError: the broker does not answer, or the topic does not exist.

    """
    with open_topic(settings, password, "alerts") as reader:
        starts = reader.offsets(begin)
        records = reader.follow(starts) if follow else reader.records(starts, reader.offsets(END))
        yield from deduplicate(records, on_unreadable)


def deduplicate(records: Iterator[TopicRecord], on_unreadable: Callable[[str], None]) -> Iterator[Received]:
    """Decode alerts, and drop each alert whose id is among the last `REMEMBERED` ids."""
    known: OrderedDict[str, None] = OrderedDict()
    for record in records:
        try:
            value = record.value or b""
            alert = msgspec.json.decode(value, type=Alert)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            on_unreadable(f"partition {record.partition}, offset {record.offset}: not an alert ({str(error)[:120]})")
            continue
        if alert.alert_id in known:
            continue
        known[alert.alert_id] = None
        if len(known) > REMEMBERED:
            known.popitem(last=False)
        yield Received(alert, value)
