"""Define the profile of a table: which columns hold the parts of an event, in TOML.

A profile is data, so a user can read any table without a line of code. A wrong profile is an error that names the
field; a column that a user's profile names and the file lacks is an error that names the nearest column.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from schemas.event import IdScope, Kind
from streams.adapters.base import FormatError
from streams.adapters.tables.times import check_format
from streams.small_files import parse_toml

DIGEST = re.compile(r"digest\(([a-z_, ]+)\)")
DIGEST_FIELDS = frozenset({"chat", "actor", "created_at", "text", "urls"})
_ALTERNATIVE = "|"


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A value made of columns: of one column, of several, or of a template."""

    column: str | None = None
    join: tuple[str, ...] = ()  # columns, joined by line breaks
    template: str | None = None  # "{chat}/{number}"; empty if one of its columns is
    match: str | None = None  # regular expression: the first group that matches, else the whole match
    replace: tuple[str, str] | None = None  # regular expression and replacement


Columns = str | tuple[str, ...] | Part
"""One column, several of which the first that is not empty counts (all of them for urls), or a `Part`.

A name may list alternatives of which the first that the table has is taken: `Page Name|Group Name`.
"""


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A condition on one column: one of several values, any value, or a match of a regular expression."""

    column: str
    values: tuple[str, ...] = ()
    present: bool | None = None
    match: str | None = None


Conditions = Condition | tuple[Condition, ...]
"""One condition, or several of which one must hold."""


class PlatformColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A column that names the platform, and our names for its words."""

    column: str
    names: dict[str, str] = {}


class EventColumns(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Columns of the parts of an event; see `ForwardEvent` for their meaning."""

    message_id: Columns
    created_at: Columns
    edited_at: Columns | None = None
    actor: Columns | None = None
    chat: Columns | None = None
    text: Columns | None = None
    urls: Columns | None = None
    media: Columns | None = None  # paths of files
    object: Columns | None = None  # an id, an address or a text, as `--object` names it
    root_ref: Columns | None = None
    parent_ref: Columns | None = None
    reply_to: Columns | None = None  # the parent of a reply
    quote_of: Columns | None = None  # the parent of a quote
    conversation: Columns | None = None  # the root of a reply
    lang: Columns | None = None
    followers: Columns | None = None
    chat_size: Columns | None = None
    cursor: Columns | None = None


class Times(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Notation of the times, and the zone of those that name none."""

    format: str | tuple[str, ...]
    zone: str | None = None

    @property
    def formats(self) -> tuple[str, ...]:
        """The notations in the order in which they are tried."""
        return (self.format,) if isinstance(self.format, str) else self.format


class Kinds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Kind of each row: the first of forward, reply and quote whose condition holds, else the default.

    Without `forward_if` a row with a `root_ref` is a forward; without `reply_if` one with a `reply_to` a reply; without
    `quote_if` one with a `quote_of` a quote.
    """

    default: Kind = Kind.POST
    forward_if: Conditions | None = None
    reply_if: Conditions | None = None
    quote_if: Conditions | None = None
    hops_min: Annotated[int, Meta(ge=0, le=1_000)] = 0  # of a forward


class CounterColumns(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Columns of the platform's counters."""

    views: str | None = None
    forwards: str | tuple[str, ...] | None = None  # several are added up
    collected_at: str | None = None
    of_original: bool = False  # the counters of a forward are those of its original


class TextRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Repairs of the text of a forward."""

    remove: str | None = None  # regular expression, removed
    cut: str | None = None  # regular expression: a matching text lacks its end, and is left out


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A profile of tables; docs/platforms/tables.md explains the fields."""

    name: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    title: str = ""
    people: str = "ids"
    notes: tuple[str, ...] = ()
    recognise: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    platform: str | PlatformColumn
    id_scope: IdScope = IdScope.PLATFORM
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] | None = None
    escape: Annotated[str, Meta(min_length=1, max_length=1)] | None = None
    items: str | None = None  # for JSON: the key of the list of rows; empty: each value is a row
    columns: EventColumns
    time: Times
    kind: Kinds = Kinds()
    counters: CounterColumns = CounterColumns()
    text: TextRules = TextRules()
    split: dict[str, str] = {}
    constants: dict[str, str] = {}


def read_profile(data: bytes, source: str) -> Profile:
    """Read and check a profile.

    Args:
        data: TOML.
        source: the name of its file, for errors.

    Raises:
        FormatError: the profile is no TOML, lacks a field, or has one that is unknown or wrong.

    """
    try:
        values = parse_toml(data)
    except ValueError as error:
        raise FormatError(f"the profile {source} is no TOML: {error}") from None
    try:
        profile = msgspec.convert(values, Profile)
    except (msgspec.ValidationError, RecursionError) as error:
        raise FormatError(f"the profile {source}: {error}{_meant(str(error))}") from None
    try:
        _check(profile)
    except FormatError as error:
        raise FormatError(f"the profile {source}: {error}") from None
    return profile


def nearest(name: str, names: Sequence[str]) -> str | None:
    """Return the name that is most like another, whatever the case; None if none is like it."""
    plain = {_plain(one): one for one in reversed(names)}
    found = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=0.5)
    return plain[found[0]] if found else None


def alternatives(name: str) -> list[str]:
    """Return the alternatives that a name lists: `Page Name|Group Name`."""
    return [one.strip() for one in name.split(_ALTERNATIVE)]


def columns_of(value: Columns) -> tuple[str, ...]:
    """Return the columns that a value is made of."""
    if isinstance(value, str):
        return () if DIGEST.fullmatch(value) else (value,)
    if isinstance(value, tuple):
        return value
    single = (value.column,) if value.column else ()
    return single + value.join + tuple(placeholders(value.template or ""))


def placeholders(template: str) -> list[str]:
    """Return the columns that a template names: `{chat}/{number}`."""
    return re.findall(r"\{([^{}]+)\}", template)


def digest_fields(value: Columns) -> tuple[str, ...]:
    """Return the parts of an event whose digest is the message id; empty for an id from columns."""
    found = DIGEST.fullmatch(value) if isinstance(value, str) else None
    return tuple(one.strip() for one in found[1].split(",")) if found else ()


def named_columns(profile: Profile) -> Iterator[tuple[str, str]]:
    """Yield each field of a profile with a column that it names."""
    for field in EventColumns.__struct_fields__:
        value = getattr(profile.columns, field)
        for column in columns_of(value) if value is not None else ():
            yield f"columns.{field}", column
    if isinstance(profile.platform, PlatformColumn):
        yield "platform.column", profile.platform.column
    for name in ("forward_if", "reply_if", "quote_if"):
        for condition in conditions_of(getattr(profile.kind, name)):
            yield f"kind.{name}", condition.column
    counters = profile.counters
    for name, columns in (
        ("views", (counters.views,)),
        ("forwards", counters.forwards if isinstance(counters.forwards, tuple) else (counters.forwards,)),
        ("collected_at", (counters.collected_at,)),
    ):
        for counter in columns:
            if counter is not None:
                yield f"counters.{name}", counter


def conditions_of(conditions: Conditions | None) -> tuple[Condition, ...]:
    """Return conditions as a tuple."""
    if conditions is None:
        return ()
    return (conditions,) if isinstance(conditions, Condition) else conditions


def _check(profile: Profile) -> None:
    for form in profile.time.formats:
        check_format(form)
    fields = digest_fields(profile.columns.message_id)
    if unknown := sorted(set(fields) - DIGEST_FIELDS):
        raise FormatError(f"digest({unknown[0]}) is none of {', '.join(sorted(DIGEST_FIELDS))}")
    if isinstance(profile.platform, str) and not re.fullmatch("[a-z0-9][a-z0-9_.-]{0,31}", profile.platform):
        raise FormatError("the platform needs lower-case letters and digits, such as telegram")
    for table, known in (("split", {"urls"}), ("constants", {"chat", "lang", "actor"})):
        if unknown := sorted(set(getattr(profile, table)) - known):
            raise FormatError(f"{table}.{unknown[0][:40]} is unknown; {table} may hold {', '.join(sorted(known))}")
    for field, pattern in _patterns(profile):
        try:
            re.compile(pattern)
        except re.error as error:
            raise FormatError(f"{field} is no regular expression: {error}") from None
    for name in ("forward_if", "reply_if", "quote_if"):
        for condition in conditions_of(getattr(profile.kind, name)):
            if not condition.values and condition.present is None and condition.match is None:
                raise FormatError(f"kind.{name} needs values, present or match")
    for field in EventColumns.__struct_fields__:
        value = getattr(profile.columns, field)
        if value is not None and not columns_of(value) and not digest_fields(value):
            raise FormatError(f"columns.{field} names no column")


def _patterns(profile: Profile) -> Iterator[tuple[str, str]]:
    for field in EventColumns.__struct_fields__:
        value: Any = getattr(profile.columns, field)
        if isinstance(value, Part):
            yield from ((f"columns.{field}", one) for one in (value.match, (value.replace or (None,))[0]) if one)
    for name in ("forward_if", "reply_if", "quote_if"):
        yield from ((f"kind.{name}", one.match) for one in conditions_of(getattr(profile.kind, name)) if one.match)
    yield from (("text", one) for one in (profile.text.remove, profile.text.cut) if one)
    yield from ((f"split.{name}", pattern) for name, pattern in profile.split.items())


def _meant(error: str) -> str:
    found = re.search(r"unknown field `([^`]{1,40})`(?: - at `\$(?:\.([a-z_]+))?)?", error)
    if found is None:
        return ""
    inner = {"columns": EventColumns, "time": Times, "kind": Kinds, "counters": CounterColumns, "text": TextRules}
    fields = inner.get(found[2] or "", Profile).__struct_fields__
    meant = nearest(found[1], fields)
    return f"; did you mean `{meant}`?" if meant else f"; known are {', '.join(fields)}"


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())


__all__ = [
    "Columns", "Condition", "Conditions", "CounterColumns", "EventColumns", "Kinds", "Part", "PlatformColumn",
    "Profile", "TextRules", "Times", "alternatives", "columns_of", "conditions_of", "digest_fields", "named_columns",
    "nearest", "placeholders", "read_profile",
]  # fmt: skip
