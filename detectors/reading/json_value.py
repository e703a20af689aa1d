"""Turn the bytes of a record into a JSON value, and replace halves of characters that a cut has left.

A sender that cuts a text after a number of UTF-16 units or bytes leaves half a character, which no strict decoder
accepts (RFC 8259 section 8.2, DOI 10.17487/RFC8259). One character must not cost the share. CESU-8, which Java and
MySQL write: Unicode Technical Report 26.
"""

import json
import re
from typing import Any

from detectors.reading.rules import InvalidEventError
from schemas.rejection import Reason

JsonValue = dict[str, Any] | list[Any] | str | int | float | bool | None
"""A decoded JSON value."""

BOM = b"\xef\xbb\xbf"
_REPLACEMENT = "\ufffd"
_MAX_DIGITS = 4300  # of an integer; Python refuses to convert more, and no field accepts as many
_surrogate = re.compile("[\ud800-\udfff]").search
# The start of a character directly before the end of a string: what a cut after a number of bytes leaves.
_cut_bytes = re.compile(rb'(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})(?=")')


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value; write null, or leave the field out")


def _integer(digits: str) -> int:
    return int(digits[:_MAX_DIGITS])


_decode = json.JSONDecoder(parse_int=_integer, parse_constant=_refuse_constant).decode


def parse(raw: bytes) -> tuple[JsonValue, bool]:
    """Parse a record.

    Args:
        raw: one JSON value, in UTF-8 or CESU-8, with or without a byte-order mark.

    Returns:
        The value, and True if a character cut within its bytes was replaced. Strings may still hold surrogates.

    Raises:
        InvalidEventError: the bytes are not UTF-8, or not JSON.

    """
    text, mended = _text(raw.removeprefix(BOM))
    return parse_text(text), mended


def parse_text(text: str) -> JsonValue:
    """Parse a JSON text; integers keep every digit, and a constant such as NaN is an error.

    Raises:
        InvalidEventError: the text is not JSON.

    """
    try:
        value: JsonValue = _decode(text)
    except json.JSONDecodeError as error:
        why = f"{error.msg[0].lower()}{error.msg[1:].removesuffix(' at')} at character {error.pos}"
    except RecursionError:
        why = "it is nested too deeply"
    except ValueError as error:
        why = str(error)
    else:
        return value
    raise InvalidEventError(Reason.NOT_JSON, f"the event is not a JSON object: {why}")


def mend(text: str) -> tuple[str, bool]:
    """Join the halves of surrogate pairs, and replace a lone half by U+FFFD; return the text, and True if replaced."""
    if text.isascii() or not _surrogate(text):
        return text, False
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole, whole.count(_REPLACEMENT) > text.count(_REPLACEMENT)


def _text(raw: bytes) -> tuple[str, bool]:
    if _is_utf16(raw):
        raise InvalidEventError(Reason.NOT_UTF8, "the event is UTF-16; write JSON in UTF-8")
    try:
        return raw.decode("utf-8", "surrogatepass"), False
    except UnicodeDecodeError as error:
        mended = _mend_cut(raw)
        if mended is None:
            raise InvalidEventError(
                Reason.NOT_UTF8, f"the event is not UTF-8: invalid byte at offset {error.start}; write JSON in UTF-8"
            ) from None
        return mended, True


def _mend_cut(raw: bytes) -> str | None:
    """Replace characters that a string's end cuts; None if the record does not otherwise prove to be UTF-8.

    A lone byte before a quote may be a letter of Latin-1 or of a similar encoding. A second byte of the same character,
    or a whole character elsewhere in the record, excludes that.
    """
    cut = _cut_bytes.findall(raw)
    try:
        text = _cut_bytes.sub(_REPLACEMENT.encode(), raw).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
    others = len(re.findall("[^\x00-\x7f]", text)) > len(cut)
    return text if cut and (others or max(map(len, cut)) > 1) else None


def _is_utf16(raw: bytes) -> bool:
    head = raw[:4]
    return head.startswith((b"\xff\xfe", b"\xfe\xff")) or head[1::2] == b"\0\0" or head[::2] == b"\0\0"


__all__ = ["BOM", "mend", "parse", "parse_text"]
