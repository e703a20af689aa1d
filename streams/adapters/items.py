"""Split the bytes of a file into items: JSON values, rows of a table, lines of text.

Each function reads in one pass and in bounded memory, and gives a damaged item as `Refused` instead of raising.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Any

import ijson
import msgspec

from streams.adapters.base import Refused, TruncatedError

MAX_ITEM_BYTES = 1 << 24
"""Bytes of the longest item: 16 MiB. A longer line is refused, and read no further than its end."""

_BOM = b"\xef\xbb\xbf"
_MAX_COLUMNS = 4096
# One escape of a JSON string at a time, so an escaped backslash never begins another: a surrogate pair, half a pair,
# `\\x` with two digits, or any other.
_escape = re.compile(
    rb"\\(?:u[dD][89abAB][\dA-Fa-f]{2}\\u[dD][c-fC-F][\dA-Fa-f]{2}|(u[dD][89a-fA-F][\dA-Fa-f]{2})|x([\dA-Fa-f]{2})|.)",
    re.DOTALL,
)

Located = Iterator[tuple[int, Any]]
"""Positions with values: a JSON value, a row or a line, or `Refused` in place of one."""


def json_values(chunks: Iterable[bytes]) -> Located:
    """Yield the JSON values of a file: one a line, an array, or values one after another over several lines.

    The position is the number of the line for one value a line, else the number of the value.
    """
    lines = _Rewindable(byte_lines(chunks))
    first = lines.peek()
    if first is None:
        return
    if first.lstrip().startswith(b"[") or not _is_value(first):
        prefix = "item" if first.lstrip().startswith(b"[") else ""
        yield from json_items(lines.joined(), prefix)
        return
    for number, line in lines.numbered():
        if not isinstance(line, bytes):
            yield number, line
        elif line.strip():
            yield number, decode(line)[0]


def json_members(chunks: Iterable[bytes], *paths: str) -> Located:
    """Yield the members of the lists at some paths of the JSON values of a file, or the values without such a list.

    A path names keys, as in `data.videos`. Pages of an API are read so, one a line, as an array or as one document.
    Documents over several lines are streamed, and give the members of their lists alone. The position is the number of
    the member.
    """
    head, chunks = _first_line(chunks)
    start = head.lstrip()[:1]
    if start == b"[" and not _is_value(head):
        values: Located = json_items(chunks, "item")
    elif start == b"{" and not _is_value(head) and (path := _path_in(head, paths)):
        yield from json_items(chunks, f"{path}.item")
        return
    else:
        values = json_values(chunks)
    number = 0
    for _, value in values:
        for member in [value] if isinstance(value, Refused) else _members(value, paths):
            yield number, member
            number += 1


def _first_line(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first line that is not blank, up to the longest item, and all bytes again.

    Of a document over several lines, the start of the document is returned.
    """
    pieces, taken, data, cut = iter(chunks), list[bytes](), b"", list[TruncatedError]()
    try:
        for chunk in pieces:
            taken.append(chunk)
            data += chunk if taken[1:] else chunk.removeprefix(_BOM)
            if len(data) > _DOCUMENT_START and (b"\n" in data.lstrip() or len(data) > MAX_ITEM_BYTES):
                break
    except TruncatedError as error:
        cut.append(error)

    def whole() -> Iterator[bytes]:
        for number, piece in enumerate(taken):
            yield piece if number else piece.removeprefix(_BOM)
        if cut:
            raise cut[0]
        yield from pieces

    line = data.lstrip().partition(b"\n")[0]
    return (line if _is_value(line) else data), whole()


_DOCUMENT_START = 1 << 16


def _path_in(head: bytes, paths: Iterable[str]) -> str | None:
    """Return the first path whose last key is in the start of a document."""
    return next((path for path in paths if path and f'"{path.rpartition(".")[2]}"'.encode() in head), None)


def _members(value: Any, paths: Iterable[str]) -> list[Any]:  # noqa: ANN401 - any JSON value
    for path in filter(None, paths):
        inner = value
        for key in path.split("."):
            inner = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(inner, list):
            return inner
    return [value]


def json_items(chunks: Iterable[bytes], prefix: str) -> Located:
    """Yield the values at a path of one or several JSON documents, in the notation of ijson: `messages.item`.

    After damage nothing more can be read; the rest is one `Refused` with the position after the last value.
    """
    number = 0
    stream = _Stream(chunks)
    try:
        for value in ijson.items(stream, prefix, multiple_values=True, use_float=True):
            yield number, value
            number += 1
    except TruncatedError as error:
        yield number, Refused("truncated", str(error))
    except (ijson.JSONError, UnicodeDecodeError, RecursionError, ValueError):
        yield number, damaged(ended=stream.ended)


def damaged(*, ended: bool) -> Refused:
    """Return the refusal of the rest of a JSON document; `ended`: all bytes were there."""
    if ended:
        return Refused("truncated", "the JSON document ends too early, so nothing after this item can be read")
    return Refused("not_json", "the JSON document is damaged here, so nothing after this item can be read")


def rows(chunks: Iterable[bytes], delimiter: str = ",", escape: str | None = None) -> Located:
    """Yield the rows of a table as lists of text; the first row is the header.

    The position is the number of the row, from 0 for the header. A row over several lines is one row.
    """
    numbered = _NumberedText(chunks)
    reader = csv.reader(numbered, delimiter=delimiter, escapechar=escape, strict=False)
    csv.field_size_limit(MAX_ITEM_BYTES)
    number = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield number, Refused("not_a_row", f"the row is no part of a table ({error})")
        else:
            if row:
                yield number, _checked(row, is_utf8=numbered.is_utf8())
        number += 1
    if numbered.problem is not None:
        yield number, numbered.problem


def _checked(row: list[str], *, is_utf8: bool) -> list[str] | Refused:
    if not is_utf8:
        return Refused("not_utf8", "the row is not UTF-8; convert the file with iconv, e.g. from WINDOWS-1252")
    if len(row) > _MAX_COLUMNS:
        return Refused("too_many_columns", f"the row has {len(row)} columns; at most {_MAX_COLUMNS} are read")
    return row


def text_lines(chunks: Iterable[bytes]) -> Located:
    """Yield the lines of a text without their ends; a line that is not UTF-8 is `Refused`."""
    for number, line in _Rewindable(byte_lines(chunks)).numbered():
        if not isinstance(line, bytes):
            yield number, line
            continue
        try:
            yield number, line.decode("utf-8")
        except UnicodeDecodeError:
            yield number, Refused("not_utf8", "the line is not UTF-8; convert the file with iconv", line)


def byte_lines(chunks: Iterable[bytes]) -> Iterator[bytes | Refused]:
    """Yield the lines of a file as bytes, without their ends and without a byte-order mark."""
    rest, skipped, first = b"", 0, True
    pieces = iter(chunks)
    while True:
        try:
            chunk = next(pieces, None)
        except TruncatedError as error:
            if rest:
                yield Refused("truncated", f"the line is cut off: {error}", rest)
            else:
                yield Refused("truncated", str(error))
            return
        if chunk is None:
            break
        if first and chunk:
            chunk, first = chunk.removeprefix(_BOM), False
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield _too_long(len(line) + skipped) if skipped else line.removesuffix(b"\r")
            skipped = 0
        if len(rest) > MAX_ITEM_BYTES:
            skipped, rest = skipped + len(rest), b""
    if skipped:
        yield _too_long(skipped + len(rest))
    elif rest:
        yield rest.removesuffix(b"\r")


def _too_long(size: int) -> Refused:
    return Refused("too_large", f"the line has {size} bytes; at most {MAX_ITEM_BYTES} are read")


def decode(raw: bytes) -> tuple[Any, int]:
    r"""Decode one JSON value, and mend escapes that are no JSON: `\x0B`, and half a surrogate pair.

    Returns:
        The value, or `Refused` in its place, and the number of mended escapes.

    """
    try:
        return msgspec.json.decode(raw), 0
    except UnicodeDecodeError:
        return Refused("not_utf8", "the item is not UTF-8; convert the file with iconv", raw), 0
    except RecursionError:
        return Refused("not_json", "the item is nested too deeply", raw), 0
    except msgspec.MsgspecError:
        mended, number = _mend(raw)
        if not number:
            return Refused("not_json", "the item is not one JSON value", raw), 0
    try:
        return msgspec.json.decode(mended), number
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Refused("not_json", "the item is not one JSON value", raw), 0


def encode(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Encode a decoded JSON value again, for a refusal; empty if JSON in UTF-8 cannot hold the value."""
    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError, RecursionError):  # half a pair, a huge number, deep nesting
        return b""


def _mend(raw: bytes) -> tuple[bytes, int]:
    """Rewrite escapes that are no JSON; return the bytes and the number of rewritten escapes."""
    number = 0

    def rewrite(found: re.Match[bytes]) -> bytes:
        nonlocal number
        half, digits = found.groups()
        if half is None and digits is None:
            return found.group()
        number += 1
        return rb"\ufffd" if digits is None else rb"\u00" + digits

    return _escape.sub(rewrite, raw), number


def _is_value(line: bytes) -> bool:
    try:
        msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


class _Rewindable:
    """Lines whose first can be looked at before the iteration."""

    def __init__(self, lines: Iterator[bytes | Refused]) -> None:
        self._lines = lines
        self._before: list[bytes | Refused] = []

    def peek(self) -> bytes | None:
        """Return the first line that is not blank; None if there is none, or if it cannot be read."""
        for line in self._lines:
            self._before.append(line)
            if not isinstance(line, bytes):
                return b""
            if line.strip():
                return line
        return None

    def numbered(self) -> Iterator[tuple[int, bytes | Refused]]:
        """Yield all lines with their numbers from 0."""
        number = 0
        for lines in (self._before, self._lines):
            for line in lines:
                yield number, line
                number += 1

    def joined(self) -> Iterator[bytes]:
        """Yield all lines with their ends; a line that cannot be read ends the file."""
        for _, line in self.numbered():
            if not isinstance(line, bytes):
                raise TruncatedError(line.detail)
            yield line + b"\n"


class _Stream:
    """Pieces of bytes as the file that ijson reads."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""
        self.ended = False

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes; none at the end."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                self.ended = True
                return b""
            self._rest = chunk
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


class _NumberedText:
    """Lines of a table as text, with their ends; remembers why the lines ended early."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._lines = byte_lines(chunks)
        self._is_utf8 = True
        self.problem: Refused | None = None

    def is_utf8(self) -> bool:
        """Return True if all lines since the last call are UTF-8."""
        result, self._is_utf8 = self._is_utf8, True
        return result

    def __iter__(self) -> "_NumberedText":
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        if not isinstance(line, bytes):
            self.problem = line
            raise StopIteration
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            text, self._is_utf8 = line.decode("utf-8", "replace"), False
        return text.replace("\0", "") + "\n"


__all__ = [
    "MAX_ITEM_BYTES", "byte_lines", "damaged", "decode", "encode", "json_items", "json_members", "json_values", "rows",
    "text_lines",
]  # fmt: skip
