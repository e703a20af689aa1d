"""Bring the values of an event into the types of the contract, where a value allows one reading only.

null is an absent value at every depth. A value that allows two readings stays as it is, so the decoder refuses it.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from detectors.reading.config import IntakeConfig
from detectors.reading.json_value import JsonValue, mend
from detectors.reading.rules import InvalidEventError
from detectors.reading.times import read_time
from schemas.event import ForwardEvent
from schemas.rejection import Reason

_EXACT = 1 << 53  # from here on, a float has lost digits
_MAX_ID = 512  # characters; the length by which the contract marks an identifier


class Repairs(msgspec.Struct, frozen=True):
    """Repairs that the reader made in one record."""

    mended: bool = False  # half a character became U+FFFD
    envelopes: tuple[str, ...] = ()  # from the outermost
    forms: tuple[str, ...] = ()  # values in another form than the contract's, e.g. "created_at in seconds"

    def __bool__(self) -> bool:
        return self.mended or bool(self.envelopes or self.forms)


def repair(payload: dict[str, Any], config: IntakeConfig) -> tuple[dict[str, Any], Repairs]:
    """Return the fields of an event in the contract's types, and the changes.

    Args:
        payload: a decoded JSON object; unknown fields are left out.
        config: holds the accepted range of times.

    Raises:
        InvalidEventError: a value allows several readings, or none; the error states the fix and quotes no value.

    """
    forms: list[str] = []
    fields: dict[str, JsonValue] = {}
    mended = False
    for name, value in payload.items():
        convert = _CONVERT.get(name)
        if value is None or convert is None:
            continue
        cleaned, changed = (value, False) if type(value) is int else _clean(value)
        fields[name] = convert(name, cleaned, config, forms)
        mended = mended or changed
    return fields, Repairs(mended, (), tuple(dict.fromkeys(forms)))


def _clean(value: JsonValue) -> tuple[JsonValue, bool]:
    """Drop nulls at every depth, and mend the texts; True if half a character was replaced."""
    if isinstance(value, str):
        return mend(value)
    if isinstance(value, dict):
        inner = {name: _clean(one) for name, one in value.items() if one is not None}
        return {name: one for name, (one, _) in inner.items()}, any(changed for _, changed in inner.values())
    if isinstance(value, list):
        parts = [_clean(one) for one in value if one is not None]
        return [one for one, _ in parts], any(changed for _, changed in parts)
    return value, False


Converter = Callable[[str, JsonValue, IntakeConfig, list[str]], JsonValue]
"""Takes the name, the value, the limits and the list of forms; returns the value in the contract's type."""


def _as_is(name: str, value: JsonValue, config: IntakeConfig, forms: list[str]) -> JsonValue:
    return value


def _time(name: str, value: JsonValue, config: IntakeConfig, forms: list[str]) -> JsonValue:
    read = read_time(name, value, config)
    if read.form:
        forms.append(f"{name} in {read.form}")
    return read.time


def _identifier(name: str, value: JsonValue, config: IntakeConfig, forms: list[str]) -> JsonValue:
    if isinstance(value, str | bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, float):
        if value % 1 or not abs(value) < _EXACT:  # true for nan too
            raise InvalidEventError(
                Reason.WRONG_TYPE,
                f"`$.{name}` is a number with a fraction or an exponent, which has lost digits; write ids as strings",
            )
        value = int(value)
    forms.append("ids as numbers")
    return str(value)


def _word(name: str, value: JsonValue, config: IntakeConfig, forms: list[str]) -> JsonValue:
    """Return one of a field's words: capitals, spaces and hyphens do not matter."""
    if not isinstance(value, str) or value in _WORDS[name]:
        return value
    plain = value.strip().casefold().replace("-", "_").replace(" ", "_")
    if plain not in _WORDS[name]:
        return value
    forms.append(f"{name} in another spelling")
    return plain


def _platform(name: str, value: JsonValue, config: IntakeConfig, forms: list[str]) -> JsonValue:
    if not isinstance(value, str) or (plain := value.strip().casefold()) == value:
        return value
    forms.append("platform in another spelling")
    return plain


def _addresses(name: str, value: JsonValue, config: IntakeConfig, forms: list[str]) -> JsonValue:
    if not isinstance(value, str):
        return value
    if len(value.split()) > 1 or "," in value:
        raise InvalidEventError(Reason.WRONG_TYPE, f'`$.{name}` is one text; write a list of texts, such as ["…", "…"]')
    forms.append("urls as one text")
    return [value.strip()] if value.strip() else []


def _types(field: msgspec.inspect.Field) -> tuple[msgspec.inspect.Type, ...]:
    """Return the types of a field, without the descriptions around them."""
    outer = _bare(field.type)
    return tuple(_bare(one) for one in outer.types) if isinstance(outer, msgspec.inspect.UnionType) else (outer,)


def _bare(kind: msgspec.inspect.Type) -> msgspec.inspect.Type:
    return kind.type if isinstance(kind, msgspec.inspect.Metadata) else kind


def _converter(name: str, types: tuple[msgspec.inspect.Type, ...]) -> Converter:
    if name.endswith("_at"):
        return _time
    if name == "platform":
        return _platform
    if name == "urls":
        return _addresses
    if name in _WORDS:
        return _word
    ids = any(isinstance(one, msgspec.inspect.StrType) and one.max_length == _MAX_ID for one in types)
    return _identifier if ids else _as_is


_INFO = msgspec.inspect.type_info(ForwardEvent)
assert isinstance(_INFO, msgspec.inspect.StructType)  # noqa: S101 - for the type checker
_TYPES = {field.name: _types(field) for field in _INFO.fields}
_WORDS = {
    name: frozenset(str(word.value) for one in types if isinstance(one, msgspec.inspect.EnumType) for word in one.cls)
    for name, types in _TYPES.items()
    if any(isinstance(one, msgspec.inspect.EnumType) for one in types)
}
_CONVERT = {name: _converter(name, types) for name, types in _TYPES.items()}

__all__ = ["Repairs", "repair"]
