"""Flatten nested settings structs into a catalogue of named settings, and build structs from values.

No setting is known by name here, so a new field of any settings struct is at once a setting with an environment
variable, a check and a row in the documentation. Bounds and descriptions come from the field's `msgspec.Meta`.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from detectors.base_config import convert, short_repr
from streams.errors import UserError
from streams.times import LONGEST, format_duration, parse_duration

PREFIX = "HEARSAY_"
COMMAND_LINE = "--set"

_NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,20})?")

S = TypeVar("S", bound=msgspec.Struct)


class SettingsError(UserError, ValueError):
    """A setting that does not exist or has a wrong value; the message gives name, value, source and remedy."""


class SettingSpec(msgspec.Struct, frozen=True):
    """One setting: place in the tree of structs, declared type, default."""

    path: tuple[str, ...]
    type: Any
    default: Any

    @property
    def name(self) -> str:
        """The name in files and on the command line, such as `growth.target_size`."""
        return ".".join(self.path)

    @property
    def variable(self) -> str:
        """The name of the environment variable, such as `HEARSAY_GROWTH__TARGET_SIZE`."""
        return PREFIX + "__".join(self.path).upper()

    @property
    def description(self) -> str:
        """The description in the declaration, "" without any."""
        info = inspect.type_info(self.type)
        schema = info.extra_json_schema if isinstance(info, inspect.Metadata) else None
        return str((schema or {}).get("description", ""))

    @property
    def is_duration(self) -> bool:
        """True if the setting counts milliseconds, so "10m" is a value."""
        return self.path[-1].endswith("_ms")


def setting_specs(config: msgspec.Struct, path: tuple[str, ...] = ()) -> Iterator[SettingSpec]:
    """Yield each setting of a struct, in the order of the fields; the values of `config` are the defaults."""
    for field in msgspec.structs.fields(config):
        here, value = (*path, field.name), getattr(config, field.name)
        if isinstance(value, msgspec.Struct):
            yield from setting_specs(value, here)
        else:
            yield SettingSpec(here, field.type, value)


def build(base: S, values: Mapping[tuple[str, ...], Any], path: tuple[str, ...] = ()) -> S:
    """Return a copy of `base` with other values at some paths.

    Raises:
        ValueError: a struct refuses a value, or the relation of two values.

    """
    fields: dict[str, Any] = {}
    for name in base.__struct_fields__:
        here, value = (*path, name), getattr(base, name)
        fields[name] = build(value, values, here) if isinstance(value, msgspec.Struct) else values.get(here, value)
    return type(base)(**fields)


def from_text(base: S, overrides: Sequence[str]) -> S:
    """Return a copy of `base` with overrides `name=value`, as on a command line.

    Raises:
        SettingsError: an unknown name or a wrong value.

    """
    known = {spec.name: spec for spec in setting_specs(base)}
    values = {}
    for name, text in map(split_override, overrides):
        spec = find(known, name, COMMAND_LINE)
        values[spec.path] = read_value(spec, text, COMMAND_LINE, text=True)
    try:
        return build(base, values)
    except ValueError as error:
        raise SettingsError(str(error)) from None


def split_override(override: str) -> tuple[str, str]:
    """Split `name=value`.

    Raises:
        SettingsError: no `=`.

    """
    name, equals, value = override.partition("=")
    if not equals:
        raise SettingsError(
            f"--set {short_repr(override)} has no value; write name=value, as in growth.target_size=100"
        )
    return name, value


def value_at(config: msgspec.Struct, path: tuple[str, ...]) -> object:
    """Return the value at a path of field names."""
    value: object = config
    for name in path:
        value = getattr(value, name)
    return value


def find(catalogue: Mapping[str, SettingSpec], name: str, source: str) -> SettingSpec:
    """Return the setting of a name, in upper or lower case, with or without `_ms`.

    Args:
        catalogue: settings by name.
        name: the name to look up.
        source: the origin of the name: `--set`, an environment variable or a file; the error names it.

    Raises:
        SettingsError: no such setting; the message suggests the most similar name.

    """
    wanted = name.strip().lower()
    spec = catalogue.get(wanted) or catalogue.get(f"{wanted}_ms")
    if spec is None:
        similar = _most_similar(catalogue, wanted)
        suggestion = similar and f"did you mean {similar.variable if source.startswith(PREFIX) else similar.name}?"
        raise SettingsError(
            f"unknown setting {short_repr(name)} (from {source}); "
            f"{suggestion or '`hearsay settings` lists all settings'}"
        )
    return spec


def _most_similar(catalogue: Mapping[str, SettingSpec], wanted: str) -> SettingSpec | None:
    names = {full: full for full in catalogue} | {
        spec.path[-1]: full for full, spec in reversed(list(catalogue.items()))
    }
    short = {alias.removesuffix("_ms"): full for alias, full in names.items()} | names
    for candidate in (wanted, wanted.rpartition(".")[2], wanted.replace("_", ".")):
        close = difflib.get_close_matches(candidate, short, n=1, cutoff=0.7)
        if close:
            return catalogue[short[close[0]]]
    return None


def read_value(spec: SettingSpec, raw: object, source: str, *, text: bool) -> object:
    """Return a setting's value, checked against the declaration.

    Args:
        spec: the setting.
        raw: a typed value from a file, or text from the environment or the command line.
        source: the origin of the value; the error names it.
        text: True reads numbers, booleans and lists from text.

    Raises:
        SettingsError: another type, or a value out of bounds.

    """
    try:
        value = _from_text(spec, raw, text=text) if isinstance(raw, str) else raw
        return convert(value, spec.type, strict=not text)
    except (ValueError, RecursionError):  # msgspec's own error is a ValueError
        raise SettingsError(
            f"{spec.name} is {_shown(spec, raw, text=text)} (from {source}), but must be {kind_of(spec)}; "
            f"the default is {show(spec, spec.default)}"
        ) from None


def _from_text(spec: SettingSpec, raw: str, *, text: bool) -> object:
    if spec.is_duration and not (text and raw.strip().lstrip("-").isdigit()):
        return raw if raw.strip().lower() in ("null", "none") else parse_duration(raw)
    if text and raw.strip()[:1] in ("[", "{"):
        return msgspec.json.decode(raw)
    if text and isinstance(_type_info(spec), _LISTS):
        return [part.strip() for part in raw.split(",") if part.strip()]
    return raw


def _shown(spec: SettingSpec, raw: object, *, text: bool) -> str:
    if text and isinstance(raw, str) and _NUMBER.fullmatch(raw.strip()):
        return raw.strip()
    return short_repr(format_duration(raw) if spec.is_duration and isinstance(raw, int) else raw)


def show(spec: SettingSpec, value: object) -> str:
    """Return a value as TOML; `none`, which TOML lacks, for an unset value."""
    if spec.is_duration and isinstance(value, int):
        value = format_duration(value)
    if value is None:
        return "none"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(msgspec.json.encode(item).decode() for item in value) + "]"
    return msgspec.json.encode(value).decode()


def kind_of(spec: SettingSpec) -> str:
    """Return the type and the bounds of a setting in words, such as "a whole number of at least 1"."""
    return _in_words(_type_info(spec), spec)


_LISTS = (inspect.VarTupleType, inspect.TupleType)
_NAMES: dict[type[inspect.Type], str] = {
    inspect.IntType: "a whole number",
    inspect.FloatType: "a number",
    inspect.BoolType: "true or false",
    inspect.NoneType: "none",
}


def _type_info(spec: SettingSpec) -> inspect.Type:
    info = inspect.type_info(spec.type)
    return info.type if isinstance(info, inspect.Metadata) else info


def _in_words(info: inspect.Type, spec: SettingSpec) -> str:
    match info:
        case inspect.UnionType(types=types):
            return " or ".join(_in_words(one, spec) for one in types)
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(map(str, values))
        case inspect.StrType(min_length=least):
            return "a text of at least one character" if least else "a text"
        case inspect.IntType() if spec.is_duration:
            is_instant = isinstance(spec.default, int) and spec.default > LONGEST
            return ("a time in ms since 1970" if is_instant else "a duration") + _bounds(info, format_duration)
        case inspect.IntType() | inspect.FloatType():
            return _NAMES[type(info)] + _bounds(info, "{:g}".format if isinstance(info, inspect.FloatType) else str)
        case _:
            return _NAMES.get(type(info), "a list")


def _bounds(info: inspect.IntType | inspect.FloatType, in_words: Callable[[Any], object]) -> str:
    words = {
        name: in_words(bound)
        for name in ("gt", "ge", "lt", "le", "multiple_of")
        if (bound := getattr(info, name)) is not None
    }
    if "ge" in words and "le" in words:
        return f" from {words['ge']} to {words['le']}"
    lower = [f"{phrase} {words[name]}" for name, phrase in _PHRASES.items() if name in words]
    return f" {' and '.join(lower)}" if lower else ""


_PHRASES = {
    "gt": "above",
    "ge": "of at least",
    "lt": "below",
    "le": "at most",
    "multiple_of": "in multiples of",
}
