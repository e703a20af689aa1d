"""Settings in nested structs as a flat catalogue of named leaves, and back; values from text, durations.

It knows no setting by name, so a new field of any configuration is a setting, documented and checked, at once.
"""

import difflib
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import NoneType
from typing import Any, TypeVar

import msgspec

from streams.errors import UserError
from streams.times import LONGEST, duration, milliseconds

_COMMENT = re.compile(r"^    (\w+)\s*:[^#\n]*#\s*(.+?)\s*$", re.MULTILINE)
_ATTRIBUTE = re.compile(r"^    (\w+): (.+(?:\n {5,}.+)*)", re.MULTILINE)
_SHOWN = 40  # characters of an offending value


ON_COMMAND_LINE = "on the command line (--set)"

S = TypeVar("S", bound=msgspec.Struct)


class SettingsError(UserError, ValueError):
    """A setting that does not exist or cannot have that value. The message says rule, value, place and a remedy."""


class SettingSpec(msgspec.Struct, frozen=True):
    """One setting: where it sits in the tree, what it may be, what it is by default, what it means."""

    path: tuple[str, ...]
    type: Any
    default: Any
    meaning: str

    @property
    def name(self) -> str:
        """As people write it: `growth.target_size`."""
        return ".".join(self.path)

    @property
    def is_duration(self) -> bool:
        """Whether it counts milliseconds, so that "10m" is a value for it."""
        return self.path[-1].endswith("_ms")

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return "HEARSAY_" + "__".join(self.path).upper()


def setting_specs(config: msgspec.Struct, path: tuple[str, ...] = ()) -> Iterator[SettingSpec]:
    """Every setting of a value, in the order of its fields; what it is set to there is its default."""
    meanings = _meanings(type(config))
    for field in msgspec.structs.fields(config):
        here, value = (*path, field.name), getattr(config, field.name)
        if isinstance(value, msgspec.Struct):
            yield from setting_specs(value, here)
        else:
            yield SettingSpec(here, field.type, value, meanings.get(field.name) or _about(type(config)))


def build(base: S, values: Mapping[tuple[str, ...], Any], path: tuple[str, ...] = ()) -> S:
    """A value like `base` but with those leaves set; its own checks run once.

    Raises:
        ValueError: what a section's own check says.

    """
    given: dict[str, Any] = {}
    for name in base.__struct_fields__:
        here, value = (*path, name), getattr(base, name)
        given[name] = build(value, values, here) if isinstance(value, msgspec.Struct) else values.get(here, value)
    return type(base)(**given)


def from_text(base: S, overrides: Sequence[str]) -> S:
    """A value with `name=value` overrides, as on a command line.

    Raises:
        SettingsError: an unknown name or a wrong value.

    """
    known = {leaf.name: leaf for leaf in setting_specs(base)}
    values = {}
    for name, text in map(split_override, overrides):
        leaf = find(known, name, ON_COMMAND_LINE)
        values[leaf.path] = read_value(leaf, text, ON_COMMAND_LINE, text=True)
    try:
        return build(base, values)
    except ValueError as error:
        raise SettingsError(str(error)) from None


def split_override(override: str) -> tuple[str, str]:
    """`name=value` in two.

    Raises:
        SettingsError: no `=` in it.

    """
    name, equals, value = override.partition("=")
    if not equals:
        raise SettingsError(f"--set takes name=value; got {shorten(override)}; try --set growth.target_size=100")
    return name, value


def value_at(config: msgspec.Struct, path: tuple[str, ...]) -> object:
    """What a leaf is set to."""
    value: object = config
    for name in path:
        value = getattr(value, name)
    return value


def find(catalogue: Mapping[str, SettingSpec], name: str, origin: str) -> SettingSpec:
    """The setting of that name, with or without `_ms`, in any case.

    Raises:
        SettingsError: there is none; the message names the nearest one.

    """
    wanted = name.strip().lower()
    leaf = catalogue.get(wanted) or catalogue.get(f"{wanted}_ms")
    if leaf is None:
        raise SettingsError(f"a setting must be one that exists; got {name!r} {origin}; {_nearest(catalogue, wanted)}")
    return leaf


def _nearest(catalogue: Mapping[str, SettingSpec], wanted: str) -> str:
    names = {full: full for full in catalogue} | {
        leaf.path[-1]: full for full, leaf in reversed(list(catalogue.items()))
    }
    short = {alias.removesuffix("_ms"): full for alias, full in names.items()} | names
    for candidate in (wanted, wanted.rpartition(".")[2], wanted.replace("_", ".")):
        close = difflib.get_close_matches(candidate, short, n=1, cutoff=0.7)
        if close:
            name = short[close[0]]
            return f"did you mean {name} ({catalogue[name].variable} in the environment)?"
    return "`hearsay settings` prints all of them"


def read_value(leaf: SettingSpec, raw: object, origin: str, *, text: bool) -> object:
    """A setting's value from a configuration file (typed) or from the environment and command line (text).

    Raises:
        SettingsError: not a value of that setting's type.

    """
    value = raw
    try:
        if isinstance(raw, str):
            value = _from_text(leaf, raw, text=text)
        return msgspec.convert(value, leaf.type, strict=not text)
    except (msgspec.ValidationError, ValueError) as error:
        raise SettingsError(
            f"{leaf.name} must be {kind_of(leaf)} ({_plain(error)}); got {shorten(raw)} {origin}; "
            f"try {show(leaf, leaf.default)}, the default"
        ) from None


def _from_text(leaf: SettingSpec, raw: str, *, text: bool) -> object:
    if leaf.is_duration and not (text and raw.strip().lstrip("-").isdigit()):
        return raw if raw.strip().lower() in ("null", "none") else milliseconds(raw)
    if text and raw.strip()[:1] in ("[", "{"):
        return msgspec.json.decode(raw)
    if text and _is_list(leaf.type):
        return [part.strip() for part in raw.split(",") if part.strip()]
    return raw


def show(leaf: SettingSpec, value: object) -> str:
    """A value as TOML; `none` is not in TOML and stands for "not set"."""
    if leaf.is_duration and isinstance(value, int):
        value = duration(value)
    if value is None:
        return "none"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(msgspec.json.encode(item).decode() for item in value) + "]"
    return msgspec.json.encode(value).decode()


def kind_of(leaf: SettingSpec) -> str:
    """A setting's type in words."""
    choices = getattr(leaf.type, "__args__", ())
    if NoneType in choices:
        (other,) = (kind for kind in choices if kind is not NoneType)
        return f"{kind_of(msgspec.structs.replace(leaf, type=other))} or none"
    if leaf.is_duration:
        return "a duration" if leaf.default is None or leaf.default < LONGEST else "a time in ms"
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
    if leaf.type in names:
        return names[leaf.type]
    if isinstance(leaf.type, type):
        members = getattr(leaf.type, "__members__", None)
        return (
            "one of " + ", ".join(str(member.value) for member in members.values()) if members else leaf.type.__name__
        )
    if choices and all(isinstance(choice, str) for choice in choices):
        return "one of " + ", ".join(choices)
    return "a list" if _is_list(leaf.type) else str(leaf.type).replace("typing.", "")


def shorten(value: object) -> str:
    """An offending value, short enough for a message."""
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _is_list(kind: object) -> bool:
    return getattr(kind, "__origin__", None) in (tuple, list, frozenset, set)


def _plain(error: Exception) -> str:
    return str(error).replace("`", "")


def _about(struct: type[msgspec.Struct]) -> str:
    """What the section as a whole is for: better than nothing beside a setting that says nothing of itself."""
    return inspect.cleandoc(struct.__doc__ or "").partition("\n")[0]


@cache
def _meanings(struct: type[msgspec.Struct]) -> dict[str, str]:
    """What the docstring's `Attributes`, or else the comment beside a field, says: where its author keeps it true."""
    try:
        source = inspect.getsource(struct)
    except OSError:  # an interactive class, or an installation without sources: the table has no meanings, no more
        source = ""
    attributes = inspect.cleandoc(struct.__doc__ or "").partition("Attributes:\n")[2].partition("\n\n")[0]
    described = {name: " ".join(text.split()) for name, text in _ATTRIBUTE.findall(attributes)}
    return {**dict(_COMMENT.findall(source)), **described}
