"""Split a large JSON document into the elements of chosen arrays, in one pass and in bounded memory.

An export of gigabytes is one document. A parser of events builds each value in small steps and reads nothing after the
first fault. Brackets and strings alone suffice to find where an element ends: the element is then decoded as a whole,
so a faulty element is one refusal, and the elements after it are read.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from streams.adapters.base import Refused, TruncatedError
from streams.adapters.items import MAX_ITEM_BYTES, damaged, decode

MAX_DEPTH = 64
"""Nesting of the document outside the elements; deeper values are passed over."""

Path = tuple[str | None, ...]
"""The keys on the way to a value; None for a step into an array."""

_BOM = b"\xef\xbb\xbf"
_MAX_SCALAR_BYTES = 4096  # of a member of a head; longer ones are no name, type or id
_MAX_MEMBERS = 64

# Everything up to the next bracket. A string is one unit, so its brackets do not count.
_FLAT = rb'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+'
_to_bracket = re.compile(_FLAT + rb"[{}\[\]]", re.DOTALL).match


def _nested(depth: int) -> bytes:
    """Return a pattern for the inside of a value that is nested at most so deeply."""
    if depth == 0:
        return _FLAT
    return _FLAT + rb"(?:[{\[]" + _nested(depth - 1) + rb"[}\]]" + _FLAT + rb")*+"


# A whole value in one step; a value that is nested more deeply is read bracket by bracket.
_whole = re.compile(rb"[{\[]" + _nested(3) + rb"[}\]]", re.DOTALL).match
_token = re.compile(rb'[\s]*+("(?:[^"\\]++|\\.)*+"|[{}\[\],:]|[^\s"{}\[\],:]++(?=[\s"{}\[\],:]))', re.DOTALL).match
_outside = re.compile(rb'[^"{}\[\]]*+').match
_inside = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL).match
_gap = re.compile(rb"[\s,]*+").match

_OPENING = frozenset(b"{[")


class Element(NamedTuple):
    """An element of a chosen array, and the object that has the array as a member."""

    head: dict[str, Any]  # the simple members that come before the array
    raw: bytes | Refused  # the element's bytes, or the reason why it cannot be read


def elements(chunks: Iterable[bytes], wanted: Callable[[Path], bool]) -> Iterator[Element]:
    """Yield the elements of each array at a wanted path, in the order of the file.

    Args:
        chunks: the bytes of one JSON document, or of several one after another.
        wanted: returns True for the path of an array whose elements are yielded.

    Yields:
        The elements. After damage to the brackets and at an early end, the last element is a refusal of the rest.

    """
    yield from _Document(chunks, wanted).elements()


class _Frame:
    """An object or array that is open: its path, the key that was read last, and its simple members."""

    __slots__ = ("head", "is_object", "key", "path")

    def __init__(self, path: Path, *, is_object: bool) -> None:
        self.path = path
        self.is_object = is_object
        self.key: str | None = None
        self.head: dict[str, Any] = {}


class _Document:
    """Bytes of a document with the position that is read next."""

    def __init__(self, chunks: Iterable[bytes], wanted: Callable[[Path], bool]) -> None:
        self._chunks = iter(chunks)
        self._wanted = wanted
        self._buffer = b""
        self._at = 0
        self._first = True
        self._early: str | None = None  # the reason why the bytes ended early

    def elements(self) -> Iterator[Element]:
        """Yield the elements."""
        frames: list[_Frame] = []
        scalar: bytes | None = None
        while True:
            token = self._next_token()
            if token is None:
                if frames or self._early is not None or self._buffer[self._at :].strip():
                    yield Element({}, self._ending())
                return
            frame = frames[-1] if frames else None
            if token == b":":
                if frame is not None and scalar is not None:
                    frame.key, scalar = _text(scalar), None
            elif token in {b",", b"}", b"]"}:
                _keep(frame, scalar)
                scalar = None
                if token != b",":
                    if frame is None or frame.is_object is not (token == b"}"):
                        yield Element({}, damaged(ended=False))
                        return
                    frames.pop()
            elif token in {b"{", b"["}:
                path: Path = () if frame is None else (*frame.path, frame.key if frame.is_object else None)
                if len(frames) >= MAX_DEPTH:
                    self._skip(self._at, 1)
                    scalar = None
                    continue
                frames.append(_Frame(path, is_object=token == b"{"))
                scalar = None
                if token == b"[" and frame is not None and self._wanted(path):
                    yield from self._array(frame.head)
            else:
                scalar = token

    def _array(self, head: dict[str, Any]) -> Iterator[Element]:
        """Yield the elements of the array whose opening bracket was just read, up to its closing bracket."""
        while True:
            self._skip_gap()
            first = self._buffer[self._at : self._at + 1]
            if first in {b"", b"]", b"}"}:
                return
            raw = self._value() if first in {b"{", b"["} else self._next_token()
            if raw is None:
                return
            yield Element(head, raw)

    def _value(self) -> bytes | Refused | None:
        """Return the object or array at the position; None if the bytes end within it."""
        start = at = self._at
        depth = 0
        whole = _whole(self._buffer, at)
        if whole is not None:
            self._at = whole.end()
            return whole.group()
        while True:
            found = _to_bracket(self._buffer, at)
            if found is None:
                if len(self._buffer) - start > MAX_ITEM_BYTES:
                    return self._skip(at, depth)
                if not self._grow(start):
                    self._at = len(self._buffer)
                    return None
                at, start = at - start, 0
                continue
            at = found.end()
            if self._buffer[at - 1] in _OPENING:
                depth += 1
            else:
                depth -= 1
                if depth == 0:
                    self._at = at
                    return self._buffer[start:at]

    def _skip(self, at: int, depth: int) -> Refused | None:
        """Read to the end of a value that is too large to keep, from a position outside its strings."""
        in_string = False
        self._at = at
        while True:
            found = (_inside if in_string else _outside)(self._buffer, self._at)
            self._at = found.end() if found is not None else self._at
            byte = self._buffer[self._at : self._at + 1]
            if byte in {b"", b"\\"}:  # the end of the buffer, or half an escape before it
                if not self._grow(self._at, double=False):
                    self._at = len(self._buffer)
                    return None
                continue
            self._at += 1
            if byte == b'"':
                in_string = not in_string
            elif byte in {b"{", b"["}:
                depth += 1
            else:
                depth -= 1
                if depth == 0:
                    return Refused(
                        "too_large", f"the item has more than {MAX_ITEM_BYTES} bytes; larger ones are not read"
                    )

    def _next_token(self) -> bytes | None:
        """Return the next string, number, word or punctuation mark; None at the end, and if it cannot be read."""
        while True:
            found = _token(self._buffer, self._at)
            if found is not None:
                self._at = found.end()
                return found.group(1)
            if len(self._buffer) - self._at > MAX_ITEM_BYTES or not self._grow(self._at):
                return None

    def _skip_gap(self) -> None:
        while True:
            found = _gap(self._buffer, self._at)
            self._at = found.end() if found is not None else self._at
            if self._at < len(self._buffer) or not self._grow(self._at):
                return

    def _grow(self, keep: int, *, double: bool = True) -> bool:
        """Add bytes and drop those before `keep`; return False at the end.

        The kept part at least doubles, so a value over many chunks is searched in linear time.
        """
        parts = [self._buffer[keep:]]
        size = len(parts[0])
        target = 2 * size if double else size + 1
        while size < target or len(parts) == 1:
            chunk = self._chunk()
            if chunk is None:
                break
            parts.append(chunk)
            size += len(chunk)
        self._at -= keep
        self._buffer = b"".join(parts)
        return len(parts) > 1

    def _chunk(self) -> bytes | None:
        try:
            chunk = next(self._chunks, None)
        except TruncatedError as error:
            self._early = str(error)
            self._chunks = iter(())
            return None
        if chunk and self._first:
            chunk, self._first = chunk.removeprefix(_BOM), False
        return chunk

    def _ending(self) -> Refused:
        if self._early is not None:
            return Refused("truncated", self._early)
        if len(self._buffer) - self._at > MAX_ITEM_BYTES:
            return damaged(ended=False)
        return damaged(ended=True)


def _keep(frame: _Frame | None, scalar: bytes | None) -> None:
    """Keep a simple member of an object."""
    if frame is None:
        return
    key, frame.key = frame.key, None
    if scalar is None or key is None or len(scalar) > _MAX_SCALAR_BYTES or len(frame.head) >= _MAX_MEMBERS:
        return
    value, _ = decode(scalar)
    if not isinstance(value, Refused):
        frame.head[key] = value


def _text(scalar: bytes) -> str:
    value, _ = decode(scalar) if len(scalar) <= _MAX_SCALAR_BYTES else ("", 0)
    return value if isinstance(value, str) else ""


__all__ = ["MAX_DEPTH", "Element", "Path", "elements"]
