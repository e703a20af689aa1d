"""Turn the rows of a table into events, as its profile says.

Reasons of skipped rows: `empty` (no text, no address, no file and no original), `cut_text` (a forward whose text lacks
its end and whose original is not named). Reasons of refused rows: `ragged_row`, `no_id`, `long_id`, `no_platform`,
`no_time`, `bad_time`, `no_zone`, `time_out_of_range`, `wrong_object`, `unclosed_quote`, and those of `items.rows`.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from schemas.event import ForwardEvent, Kind, Media, Source
from streams.adapters.base import Converted, FormatError, ObjectKind, Options, Outcome, Refused, Skipped
from streams.adapters.items import encode
from streams.adapters.platforms import FACEBOOK, INSTAGRAM, TIKTOK, YOUTUBE, X
from streams.adapters.tables.cells import Cell, Header, Row, cell, cells, listed, shown
from streams.adapters.tables.counters import CounterReader, NumberReader
from streams.adapters.tables.notes import Notes
from streams.adapters.tables.profile import PlatformColumn, Profile, columns_of, digest_fields
from streams.adapters.tables.relations import Relation, RelationReader, id_cell
from streams.adapters.tables.shared_object import kind_of
from streams.adapters.tables.times import TimeProblem, TimeReader

MAX_ID = 512
MAX_LINES = 1_000
"""Lines of the longest row; a longer one has swallowed the rows below it."""
_LONG = 20_000  # characters of a cell below which its lines are not counted

_SEPARATOR = r"[\s|]+"
_PLATFORMS = {
    "twitter": X, "x (twitter)": X, "x/twitter": X, "twitter/x": X, "fb": FACEBOOK, "ig": INSTAGRAM, "yt": YOUTUBE,
    "tik tok": TIKTOK,
}  # fmt: skip
_is_platform = re.compile("[a-z0-9][a-z0-9_.-]{0,31}").fullmatch
_is_language = re.compile(r"(?!und|zxx|mul|mis|q[a-z]{2}\b)[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,3}").fullmatch


class File(NamedTuple):
    """Facts about a file of rows before its first row."""

    options: Options
    object_kind: ObjectKind | None  # content of the column of shared objects; None without such a column
    media: Callable[[str], Media | None]  # finder of files that a column names


class Rows:
    """The rows of one table.

    Args:
        profile: of the table.
        header: its columns.
        times: reader of its times.
        notes: remarks for the report.
        file: what is known about the file.

    Raises:
        FormatError: a column is missing or named twice.

    """

    def __init__(self, profile: Profile, header: Header, times: TimeReader, notes: Notes, file: File) -> None:
        columns = profile.columns
        self._profile, self._width, self._times, self._notes, self._file = (
            profile,
            len(header.names),
            times,
            notes,
            file,
        )
        self._numbers = NumberReader(notes)
        self._platform = _platform(profile, header)
        self._digest = digest_fields(columns.message_id)
        self._id = None if self._digest else id_cell(columns.message_id, header, required=True)
        self._created = cell(columns.created_at, header, required=True) or _nothing
        self._edited = cell(columns.edited_at, header)
        self._actor, self._chat = id_cell(columns.actor, header), id_cell(columns.chat, header)
        self._relations = RelationReader(profile, header)
        self._object = id_cell(columns.object, header)
        self._text = cell(columns.text, header)
        separator = profile.split.get("urls", _SEPARATOR)
        self._urls, self._files = cells(columns.urls, header, separator), cells(columns.media, header, separator)
        self._lang, self._cursor = cell(columns.lang, header), cell(columns.cursor, header)
        self._followers, self._chat_size = cell(columns.followers, header), cell(columns.chat_size, header)
        self._counters = CounterReader(profile, header, times, self._numbers)
        self._mend = _mender(profile)
        self._constant_chat = profile.constants.get("chat") or file.options.chat
        self._constant_actor = profile.constants.get("actor")
        self._constant_lang = profile.constants.get("lang", "")
        self._source = Source(adapter=profile.name)
        self._check_content(header)
        for note in profile.notes:
            notes.add(note)
        if unused := header.unused():
            notes.add(f"columns that are not used: {listed(unused)}")

    def outcome(self, row: list[str]) -> Outcome:
        """Return the outcome of one row.

        Raises:
            FormatError: the ids of the table were rounded.

        """
        if (lines := _lines(row)) > MAX_LINES:
            return _refused(row, "unclosed_quote", f"the row runs over {lines} lines: a quotation mark is not closed")
        if len(row) != self._width:
            if len(row) < self._width or any(row[self._width :]):
                return _refused(row, "ragged_row", f"the row has {len(row)} cells, the header {self._width}")
            row = row[: self._width]
        try:
            outcome = self._convert(row)
        except TimeProblem as problem:
            return _refused(row, problem.reason, problem.detail)
        if self._notes and not isinstance(outcome, Refused):
            return outcome._replace(notes=self._notes.take())
        return outcome

    def _convert(self, row: list[str]) -> Outcome:
        relation = self._relations.read(row)
        text = self._text(row) if self._text is not None else ""
        if relation.kind is Kind.FORWARD:
            text = self._mend(text)
        urls = self._addresses(row)
        if self._object is not None:
            value = self._object(row)
            if problem := self._object_problem(value):
                return _refused(row, "wrong_object", problem)
            relation, text, urls = self._with_object(value, relation, text, urls)
        media = self._media(row)
        if not (
            text.strip() or urls or media or (relation.kind is not Kind.REPLY and (relation.root or relation.parent))
        ):
            return Skipped("cut_text" if self._text is not None and self._text(row).strip() else "empty")
        return self._event(row, relation, text, urls, media)

    def _event(
        self, row: list[str], relation: Relation, text: str, urls: tuple[str, ...], media: tuple[Media, ...]
    ) -> Outcome:
        at = self._times.read(self._created(row))
        actor = (self._actor(row) if self._actor is not None else "") or self._constant_actor
        chat = (self._chat(row) if self._chat is not None else "") or self._constant_chat
        message_id = self._id(row) if self._id is not None else self._digest_of(chat, actor, at, text, urls)
        platform = self._platform(row)
        if problem := _problem(message_id, platform, relation, actor, chat):
            return _refused(row, *problem)
        event = ForwardEvent(
            event_id=message_id if self._edited is None else self._version(self._edited, message_id, at, row),
            platform=platform,
            kind=relation.kind,
            created_at=at,
            message_id=message_id,
            id_scope=self._profile.id_scope,
            root_ref=relation.root or None,
            parent_ref=relation.parent or None,
            parent_evidence=relation.evidence,
            hops_min=self._profile.kind.hops_min if relation.kind is Kind.FORWARD else 0,
            actor=actor,
            chat=chat,
            chat_size=self._numbers.read(self._chat_size, row),
            followers=self._numbers.read(self._followers, row),
            text=text,
            lang=self._language(row),
            urls=urls,
            media=media,
            source=self._source if self._cursor is None else self._origin(self._cursor, row),
        )
        counter = self._counters.read(row, event, relation)
        return Converted((event,) if counter is None else (event, counter))

    def _with_object(
        self, value: str, relation: Relation, text: str, urls: tuple[str, ...]
    ) -> tuple[Relation, str, tuple[str, ...]]:
        """Return the relation, text and addresses of a row with its shared object."""
        if self._file.object_kind is ObjectKind.ID:
            return Relation(Kind.FORWARD, value, relation.parent), text, urls
        if self._file.object_kind is ObjectKind.URL:
            return relation, text, (*urls, value)
        return relation, value, urls

    def _object_problem(self, value: str) -> str:
        if not value:
            return "the row names no shared object"
        if self._file.options.object_kind is None and kind_of(value) is not self._file.object_kind:
            return "the shared object has another form than those of the first rows; give its kind with --object"
        return ""

    def _addresses(self, row: Row) -> tuple[str, ...]:
        if self._urls is None or not (found := self._urls(row)):
            return ()
        return tuple(dict.fromkeys(url for one in found if "." in (url := one.strip())))

    def _media(self, row: Row) -> tuple[Media, ...]:
        if self._files is None:
            return ()
        return tuple(found for path in self._files(row) if (found := self._file.media(path.strip())) is not None)

    def _language(self, row: Row) -> str | None:
        value = self._lang(row).strip() if self._lang is not None else self._constant_lang
        return value if _is_language(value) else None

    def _version(self, edited: Cell, message_id: str, at: int, row: Row) -> str:
        """Return the id of this version of a message: of an edited one, with the time of the edit in seconds."""
        value = edited(row)
        try:
            when = self._times.read(value) if value.strip() else at
        except TimeProblem:
            return message_id
        return f"{message_id}@{when // 1000}" if when > at else message_id

    def _origin(self, cursor: Cell, row: Row) -> Source:
        value = cursor(row).strip()
        return Source(adapter=self._profile.name, cursor=value) if value else self._source

    def _digest_of(self, chat: str | None, actor: str | None, at: int, text: str, urls: Sequence[str]) -> str:
        parts = {"chat": chat or "", "actor": actor or "", "created_at": str(at), "text": text, "urls": "\n".join(urls)}
        whole = "\0".join(parts[field] for field in self._digest)
        return hashlib.blake2b(whole.encode(), digest_size=16).hexdigest()

    def _check_content(self, header: Header) -> None:
        if (
            any(one is not None for one in (self._text, self._urls, self._files, self._object))
            or self._relations.has_roots
        ):
            return
        columns = self._profile.columns
        wanted = [one for value in (columns.text, columns.urls) if value is not None for one in columns_of(value)]
        raise FormatError(
            f"the table has no column with a text or an address, so its rows show no rumour; {self._profile.name} "
            f"reads {' or '.join(shown(one) for one in wanted) or 'none'}, and the table has {listed(header.names)}"
        )


def _problem(
    message_id: str, platform: str, relation: Relation, actor: str | None, chat: str | None
) -> tuple[str, str] | None:
    """Return the reason and the detail for which a row is no event."""
    if not platform:
        return "no_platform", "the row names no platform"
    if not message_id:
        return "no_id", "the row has no message id"
    if max(map(len, (message_id, relation.root, relation.parent, actor or "", chat or ""))) > MAX_ID:
        return "long_id", f"an id has more than {MAX_ID} characters; is the right column mapped?"
    return None


def _platform(profile: Profile, header: Header) -> Cell:
    """Return the function that reads the platform of a row; empty for none."""
    if not isinstance(profile.platform, PlatformColumn):
        constant = profile.platform
        return lambda _: constant
    read = cell(profile.platform.column, header, required=True) or _nothing
    names = {word.casefold(): name for word, name in (_PLATFORMS | profile.platform.names).items()}
    known: dict[str, str] = {}

    def named(row: Row) -> str:
        word = read(row).strip().casefold()
        if word not in known and len(known) < _MAX_PLATFORMS:
            known[word] = names.get(word) or re.sub("[^a-z0-9_.-]+", "-", word).strip("-._")
        found = known.get(word, "")
        return found if _is_platform(found) else ""

    return named


_MAX_PLATFORMS = 1_000  # names of one file


def _mender(profile: Profile) -> Callable[[str], str]:
    """Return the function that takes the words of the platform out of the text of a forward.

    The function returns no text for one whose end is cut off: cut copies of one message would look like other messages.
    """
    remove = re.compile(profile.text.remove) if profile.text.remove else None
    cut = re.compile(profile.text.cut) if profile.text.cut else None

    def mend(text: str) -> str:
        if remove is not None:
            text = remove.sub("", text, count=1)
        return "" if cut is not None and cut.search(text) else text

    return mend


def _nothing(_: Row) -> str:
    return ""


def _lines(row: list[str]) -> int:
    """Return the number of line breaks in the cells of a row, as far as a cell is long."""
    return sum(value.count("\n") for value in row if len(value) > _LONG)


def _refused(row: list[str], reason: str, detail: str) -> Refused:
    return Refused(reason, detail, encode(row))


__all__ = ["MAX_ID", "File", "Rows"]
