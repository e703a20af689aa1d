"""A small format of the tests: one message a line, as `seconds|person|text`, headed by a line with a name."""

from collections.abc import Iterator

from schemas.event import Counters, ForwardEvent, IdScope, Kind
from streams.adapters.base import Capabilities, Converted, Format, Item, Options, Outcome, Refused, Skipped, Source
from streams.adapters.items import text_lines

HEAD = "notes of the watch"


def line_format(name: str = "watch", head: str = HEAD) -> Format:
    capabilities = Capabilities("ids", "none", "none", "forwards", "seconds, by the server")
    return Format(
        name, f"a log of the {name}", ("watch",), capabilities, lambda opening: opening.text.startswith(head), read
    )


def read(source: Source, options: Options) -> Iterator[Item]:
    for number, line in text_lines(source.chunks()):
        if isinstance(line, Refused):
            yield number, line
        elif line.strip() and not line.startswith(HEAD):
            yield number, convert(line, source)


def convert(line: str, source: Source) -> Outcome:
    seconds, _, rest = line.partition("|")
    person, _, text = rest.partition("|")
    if text == "joined":
        return Skipped("system")
    if not seconds.isdigit():
        return Refused("no_time", "the time is missing", line.encode())
    at = int(seconds) * 1000
    picture = source.media(text.removeprefix("picture ")) if text.startswith("picture ") else None
    event = ForwardEvent(
        event_id=f"{seconds}/{person}", platform="watch", kind=Kind.POST, created_at=at, actor=person, chat="square",
        message_id=f"{seconds}/{person}", id_scope=IdScope.PLATFORM, text=text, media=(picture,) if picture else (),
    )  # fmt: skip
    if not text.startswith("seen "):
        return Converted((event,))
    counters = Counters(forwards=int(text.split()[1]))
    counter = ForwardEvent(
        event_id=event.event_id, platform="watch", kind=Kind.COUNTER, message_id=event.message_id, counters=counters,
        id_scope=IdScope.PLATFORM,
    )  # fmt: skip
    return Converted((event, counter))
