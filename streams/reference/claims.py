"""Read a bank of checked claims: one claim per line, a table, ClaimReview, or answers of Google's Fact Check Tools.

A bank comes from other organisations and may contain errors: an entry without a claim is skipped and reported. A file
that is no bank, or a small file that expands without a bound, is refused before it fills the memory.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from schemas.claim import Claim
from streams.adapters.base import Refused
from streams.adapters.items import rows
from streams.adapters.opening import OPENING_BYTES, Opening
from streams.errors import UserError
from streams.reference.claim_review import NEEDED, columns_of, from_row, read_claim, unfold
from streams.small_files import read_at_most, too_large

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_MAX_BYTES = 256 << 20  # also after decompression; the feed of all publishers has 100 MB
_MAX_ENTRIES = 1_000_000
_TOO_DEEP = "the entry is nested too deeply"


class ClaimsError(UserError):
    """A bank without usable claims; the message gives problem, path and remedy."""


class Skipped(msgspec.Struct, frozen=True):
    """An entry without a checked claim."""

    entry: int  # counted from 1
    reason: str


class ClaimFile(msgspec.Struct, frozen=True):
    """The content of a bank: claims and skipped entries."""

    claims: tuple[Claim, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def read_claims(path: Path) -> ClaimFile:
    """Read all claims of a file: JSON Lines, one JSON document or a table, plain or gzip.

    Raises:
        ClaimsError: the file cannot be read, or contains no claim.

    """
    try:
        raw = _decompressed(read_at_most(path, _MAX_BYTES))
    except (OSError, EOFError, zlib.error) as error:
        raise ClaimsError(
            f"cannot read the bank of claims {path}: {getattr(error, 'strerror', None) or error}; check claims.file"
        ) from None
    claims, skipped = [], []
    for number, entry in enumerate(_entries(raw), 1):
        if number > _MAX_ENTRIES:
            raise ClaimsError(
                f"{path} (claims.file) has more than {_MAX_ENTRIES:,} entries; remove those that are no claims"
            )
        try:
            claims.append(_claim(entry))
        except (ValueError, msgspec.MsgspecError) as error:
            skipped.append(Skipped(number, str(error)))
        except RecursionError:
            skipped.append(Skipped(number, _TOO_DEEP))
    if not claims:
        first = f"; the first entry: {skipped[0].reason}" if skipped else ""
        raise ClaimsError(
            f"{path} (claims.file) has {len(skipped)} entries and no claim{first}; write text, verdict and publisher "
            "on each line or as columns, or use ClaimReview or an answer of Google's Fact Check Tools"
        )
    return ClaimFile(tuple(claims), tuple(skipped))


def _decompressed(raw: bytes) -> bytes:
    if not raw.startswith(_GZIP):
        return raw
    with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise too_large(_MAX_BYTES)
    return data


def _entries(raw: bytes) -> Iterator[Any]:
    """Yield the entries of a table, of a document or of each line; the error of the decoder for a line of no kind."""
    opening = Opening(raw[:OPENING_BYTES])
    columns = columns_of(opening.columns)
    if columns.keys() >= set(NEEDED):
        yield from _rows(raw, opening.delimiter, columns)
        return
    raw = raw.removeprefix(_BOM)
    try:
        entries = list(unfold(msgspec.json.decode(raw)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        for line in io.BytesIO(raw):
            if line.strip():
                yield from _entries_of_line(line)
    else:
        yield from entries


def _entries_of_line(line: bytes) -> list[Any]:
    try:
        return list(unfold(msgspec.json.decode(line)))
    except msgspec.DecodeError as error:
        return [error]
    except UnicodeDecodeError:
        return [ValueError("the entry is not UTF-8")]
    except RecursionError:
        return [ValueError(_TOO_DEEP)]


def _rows(raw: bytes, delimiter: str, columns: dict[str, int]) -> Iterator[Any]:
    for number, row in rows([raw], delimiter):
        if isinstance(row, Refused):
            yield ValueError(row.detail)
        elif number:
            yield from_row(row, columns)


def _claim(entry: object) -> Claim:
    if isinstance(entry, Exception):
        raise entry
    return read_claim(entry)


__all__ = ["ClaimFile", "ClaimsError", "Skipped", "read_claims"]
