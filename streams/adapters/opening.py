"""The first bytes of a file, as recognition sees them: text, keys of JSON objects, columns of a table."""

import csv
import re
from functools import cached_property

import msgspec

OPENING_BYTES = 1 << 16
"""Bytes of a file that suffice to recognise its format."""

_keys = re.compile(r'"([^"\\]{1,64})"\s*:').findall
_separator_line = re.compile(r'"?sep=[,;\t|]"?\s', re.IGNORECASE).match
"""The first line of some tables, by which Excel learns the delimiter."""

_DELIMITERS = ",;\t|"


class Opening:
    """The beginning of a file.

    Args:
        data: the first `OPENING_BYTES`, decompressed.
        name: the name of the file; recognition uses the content alone, and a name may only decide between two members
            of one archive.

    """

    def __init__(self, data: bytes, name: str = "") -> None:
        self.data = data
        self.name = name

    @cached_property
    def text(self) -> str:
        """The text without a byte-order mark, without white space before it, and without the line `sep=;` of Excel."""
        text = self.data.decode("utf-8", "replace").lstrip("\ufeff").lstrip()
        hint = _separator_line(text)
        return text if hint is None else text[hint.end() :].lstrip()

    @cached_property
    def is_json(self) -> bool:
        """True if the text begins with an object or an array."""
        return self.text[:1] in {"{", "["}

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of all JSON objects in the opening, at any depth; empty unless the text begins like JSON."""
        return frozenset(_keys(self.text)) if self.is_json else frozenset()

    def has(self, *groups: str) -> bool:
        """Return True if each group has a key that occurs; a group is one key, or several separated by `|`."""
        return all(any(key in self.keys for key in group.split("|")) for group in groups)

    @cached_property
    def first(self) -> object:
        """The first JSON value if it is the first line, or the whole opening; else None."""
        for candidate in (self.text.partition("\n")[0], self.text):
            try:
                return msgspec.json.decode(candidate)
            except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
                continue
        return None

    @cached_property
    def delimiter(self) -> str:
        """The delimiter of the first line as a table: the most frequent of comma, semicolon, tab and bar."""
        header = self.text.partition("\n")[0]
        return max(_DELIMITERS, key=header.count)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names in the first line as a table; empty for JSON, and for a line without a delimiter."""
        if self.is_json or not self.text:
            return ()
        try:
            row = next(csv.reader([self.text.partition("\n")[0]], delimiter=self.delimiter))
        except (csv.Error, StopIteration):
            return ()
        return tuple(column.strip() for column in row) if len(row) > 1 else ()


__all__ = ["OPENING_BYTES", "Opening"]
