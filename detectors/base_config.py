"""Check every settings struct against the declaration of its fields.

A field declares its type, its bounds and its description in one place:
`Annotated[int, msgspec.Meta(ge=1, description="...")]`. msgspec applies such a declaration to decoded data but not to
arguments of a constructor; `BaseConfig` applies the declaration there as well, so a detector may trust its settings.
"""

from functools import cache
from math import isfinite
from typing import Any

import msgspec

_SHOWN = 40  # characters of a wrong value that an error repeats


def convert(value: object, declared: object, *, strict: bool = True) -> object:
    """Return `value` as the declared type, within the declared bounds.

    Args:
        value: a plain Python value.
        declared: a type, with or without `msgspec.Meta`.
        strict: False reads numbers and booleans from text as well.

    Raises:
        ValueError: another type, a value out of bounds, an infinite number.

    """
    converted: object = msgspec.convert(value, declared, strict=strict)
    if isinstance(converted, float) and not isfinite(converted):
        raise ValueError("Expected a finite `float`")  # an infinite setting has no JSON, hence no digest
    return converted


class BaseConfig(msgspec.Struct, frozen=True):
    """Base of all settings structs: the constructor refuses a value that its field's declaration excludes.

    A subclass that relates several fields to one another overrides `__post_init__` and calls the inherited method
    first. Construction costs about two microseconds per field.

    Raises:
        ValueError: a value breaks the declaration of its field; the text names struct, field, value and bound.

    >>> from typing import Annotated
    >>> class Banding(BaseConfig, frozen=True, kw_only=True):
    ...     rows: Annotated[int, msgspec.Meta(ge=1, description="Minima per band.")] = 4
    >>> Banding(rows=0)
    Traceback (most recent call last):
    ...
    ValueError: Banding.rows is 0; expected `int` >= 1

    """

    def __post_init__(self) -> None:
        """Check each field against its declaration."""
        for name, declared in _declarations(type(self)):
            value = getattr(self, name)
            try:
                convert(value, declared)
            except ValueError as error:
                reason = str(error)
                raise ValueError(
                    f"{type(self).__name__}.{name} is {short_repr(value)}; {reason[0].lower()}{reason[1:]}"
                ) from None


def short_repr(value: object) -> str:
    """Return the `repr` of a wrong value, cut to 40 characters for an error message."""
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


@cache
def _declarations(struct: type[msgspec.Struct]) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, field.type) for field in msgspec.structs.fields(struct))


__all__ = ["BaseConfig", "convert", "short_repr"]
