"""Propose a profile for a table, from its header and its first rows; the user checks and completes the proposal.

Columns are chosen by their names, with the words that other tools use for each field, and the notation of the times by
the values. A proposal holds names of columns only, never a value of a row.
"""

import csv
import json
import re
from collections.abc import Sequence, Set

from detectors.reading.field_names import similar_field
from streams.adapters.base import FormatError
from streams.adapters.opening import OPENING_BYTES, Opening
from streams.adapters.tables.day_order import DayOrder
from streams.adapters.tables.notes import Notes
from streams.adapters.tables.times import ISO, NUMERIC, UNIX_MS, UNIX_S, TimeProblem, TimeReader, day_order

_ROWS = 50  # of the opening, for the notation of the times
_PREFERRED = {
    "created_at": ("unix_timestamp", "timestamp_share", "created_at", "created_time", "published_at", "timestamp"),
    "message_id": ("message_id", "post_id", "tweet_id", "content_id", "id"),
    "actor": ("author_id", "user_id", "account_id", "sender_id", "actor", "author", "user"),
    "chat": ("chat_id", "group_id", "channel_id", "chat", "group", "channel"),
    "text": ("text", "body", "message", "content"),
    "urls": ("urls", "links", "url", "link"),
}
"""Names that are better than others which also fit: an id is better than a name, and a Unix time than a local one."""
_ORDER = ("message_id", "created_at", "actor", "chat", "text", "urls", "root_ref", "parent_ref", "lang")
_COUNTERS = {
    "views": ("views", "view_count", "viewcount", "plays", "play_count", "impressions", "impression_count"),
    "forwards": ("shares", "share_count", "sharecount", "forwards", "forward_count", "retweet_count", "reposts"),
}
_MARKS = ("is_forward", "is_forwarded", "forwarded", "is_fwd", "is_retweet", "is_repost", "is_share")
_ABSENT = {
    "message_id": 'message_id = "digest(chat,created_at,text)" # the table has no id that is known by its name',
    "created_at": 'created_at = "" # write the column with the time',
}


def propose(opening: Opening) -> str:
    """Return a profile in TOML for the table of an opening, with remarks where the user must choose.

    Raises:
        FormatError: the opening is no table with a header.

    """
    columns = opening.columns
    if not columns:
        raise FormatError(
            "no profile can be proposed: the file is no table whose first line names columns, separated by commas, "
            "semicolons, tabs or bars"
        )
    if not all(map(_is_name, columns)):
        raise FormatError(
            "no profile can be proposed: the first line holds values, not names of columns; add a header line, such as "
            "post_id,created,author,text"
        )
    chosen = _choose(columns)
    times = [row[chosen["created_at"]] for row in _rows(opening, columns)] if "created_at" in chosen else []
    return "\n".join(
        [
            "# A proposal: check each line against your table. docs/platforms/tables.md explains the fields.",
            'name = "my-table"',
            f"recognise = {_list([columns[place] for place in dict.fromkeys(chosen.values())])}",
            _platform(columns),
            "",
            "[columns]",
            *(_column(field, columns, chosen) for field in _ORDER if field in chosen or field in _ABSENT),
            "",
            "[time]",
            *_time(times),
            *_kind(columns),
            *_counters(columns),
            "",
            *_unused(columns, {*chosen.values(), *_marked(columns), *_counted(columns).values()}),
        ]
    )


def _choose(columns: Sequence[str]) -> dict[str, int]:
    """Return the place of the column for each field; a column serves one field."""
    chosen: dict[str, int] = {}
    plain = [_plain(name) for name in columns]
    for field in _ORDER:
        free = [place for place in range(len(columns)) if place not in chosen.values()]
        preferred = (plain.index(name) for name in _PREFERRED.get(field, (field,)) if name in plain)
        similar = similar_field(field, [columns[place] for place in free])
        found = next((place for place in preferred if place in free), None)
        if found is None and similar is not None:
            found = next(place for place in free if columns[place] == similar)
        if found is not None:
            chosen[field] = found
    return chosen


def _column(field: str, columns: Sequence[str], chosen: dict[str, int]) -> str:
    if field not in chosen:
        return _ABSENT[field]
    return f"{field} = {_text(columns[chosen[field]])}"


def _platform(columns: Sequence[str]) -> str:
    named = next((name for name in columns if _plain(name) in {"platform", "network", "source_platform"}), None)
    if named is not None:
        return f"platform = {{ column = {_text(named)} }}"
    return 'platform = "other" # write the platform, such as "telegram": equal ids on two platforms are two people'


def _time(times: Sequence[str]) -> list[str]:
    """Return the notation that reads all times of the first rows, and the zone that the user must add."""
    given = [text for text in times if text.strip()]
    for form in (UNIX_S, UNIX_MS, ISO, NUMERIC):
        lacking = _lacks_zone(form, given)
        if lacking is None:
            continue
        lines = [f'format = "{form}"']
        if form == NUMERIC and _is_open(day_order(iter(given))):
            lines.append("# the first rows do not show whether the day comes first: give --day-first or --month-first")
        if lacking:
            lines.append('# zone = "Asia/Kolkata" # the times name no zone: write it here, or give --zone')
        return lines
    return [
        f'format = "{ISO}" # write the notation: unix_s, unix_ms, iso, numeric, or a pattern as strptime:%d %B %Y %H:%M'
    ]


def _lacks_zone(form: str, times: Sequence[str]) -> bool | None:
    """Return True if a time has no zone, False if all have one; None if the notation does not fit, or for no times."""
    reader = TimeReader((form,), None, None, day_first=not _is_month_first(times), note=Notes().add)
    lacking = False
    for text in times:
        try:
            reader.read(text)
        except TimeProblem as problem:
            if problem.reason != "no_zone":
                return None
            lacking = True
    return lacking if times else None


def _is_month_first(times: Sequence[str]) -> bool:
    return day_order(iter(times)).day_first() is False


def _is_open(order: DayOrder) -> bool:
    return order.day_first() is None and not order.is_empty


def _kind(columns: Sequence[str]) -> list[str]:
    return [
        line
        for place in _marked(columns)
        for line in (
            "",
            "[kind]",
            f'forward_if = {{ column = {_text(columns[place])}, values = ["1", "true", "yes"] }} # check its words',
        )
    ]


def _marked(columns: Sequence[str]) -> list[int]:
    """Return the place of the column that marks forwards, if the table has one."""
    return [place for place, name in enumerate(columns) if _plain(name) in _MARKS][:1]


def _counters(columns: Sequence[str]) -> list[str]:
    found = _counted(columns)
    lines = [f"{field} = {_text(columns[place])}" for field, place in found.items()]
    return ["", "[counters]", *lines] if lines else []


def _counted(columns: Sequence[str]) -> dict[str, int]:
    """Return the place of the column of each counter that the table has."""
    plain = [_plain(name) for name in columns]
    places = {field: [plain.index(word) for word in words if word in plain] for field, words in _COUNTERS.items()}
    return {field: found[0] for field, found in places.items() if found}


def _unused(columns: Sequence[str], used: Set[int]) -> list[str]:
    rest = [name for place, name in enumerate(columns) if place not in used and name]
    return [f"# other columns: {', '.join(map(_text, rest))}"] if rest else []


def _rows(opening: Opening, columns: Sequence[str]) -> list[list[str]]:
    lines = opening.text.split("\n")[: _ROWS + 1]
    if len(opening.data) >= OPENING_BYTES and len(lines) <= _ROWS:
        lines.pop()  # the opening ends within the last line
    try:
        rows = list(csv.reader([f"{line}\n" for line in lines], delimiter=opening.delimiter))[1:]
    except csv.Error:
        return []
    return [row for row in rows if len(row) == len(columns)]


def _is_name(column: str) -> bool:
    """Return False for a number, a time, an address or a sentence: a header line holds none."""
    return len(column) <= _MAX_NAME and not _is_value(column)


_MAX_NAME = 100
_is_value = re.compile(r".*(?:://|\d[-/.:]\d).*|[\d\s.,:+-]*\d[\d\s.,:+-]*", re.DOTALL).fullmatch


def _plain(name: str) -> str:
    return name.casefold().replace(" ", "_").replace("-", "_")


def _text(name: str) -> str:
    return json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")  # TOML allows no control character


def _list(names: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, names))}]"


__all__ = ["propose"]
