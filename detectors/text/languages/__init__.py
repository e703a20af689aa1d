"""Load the phrases of forwarding banners, one TOML file for each language.

A platform or a sender puts these phrases around a forwarded message; they are not part of the message. To add a
language, add a file that is named for its ISO 639-1 code.
"""

from functools import cache
from importlib.resources import files

import msgspec


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The phrases of one language, in any case."""

    banners: tuple[str, ...] = ()
    """Lines that only mark a message as forwarded, such as "Forwarded many times"."""
    forwarded_from: tuple[str, ...] = ()
    """Beginnings of a line that names the source of a message, such as "Forwarded from"."""


@cache
def load_languages() -> dict[str, Language]:
    """Return the phrases of each language by its code, in the order of the codes."""
    names = sorted(path.name for path in files(__package__).iterdir() if path.name.endswith(".toml"))
    return {
        name.removesuffix(".toml"): msgspec.toml.decode(files(__package__).joinpath(name).read_bytes(), type=Language)
        for name in names
    }
