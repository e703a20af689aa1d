"""Load the phrases that are no message, one TOML file for each language.

Platforms and senders put these phrases around a message, or in place of a message. To add a language, add a file that
is named for its ISO 639 code. A phrase may contain `{}`, which matches a name of up to six words.
"""

from functools import cache
from importlib.resources import files

import msgspec


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The phrases of one language, in any case and without punctuation."""

    banners: tuple[str, ...] = ()
    """Lines that only mark a message as forwarded, such as "Forwarded many times"."""
    forwarded_from: tuple[str, ...] = ()
    """Beginnings of a line that names the source of a message, such as "Forwarded from"."""
    placeholders: tuple[str, ...] = ()
    """Lines that a platform writes in place of a message, such as "This message was deleted", and system lines."""
    captions: tuple[str, ...] = ()
    """Texts that a share button writes before an address, such as "Check out this article"."""
    greetings: tuple[str, ...] = ()
    """Greetings and wishes of every day, such as "good morning"."""
    greeting_words: tuple[str, ...] = ()
    """Words that only accompany a greeting, such as "everyone"."""
    continuations: tuple[str, ...] = ()
    """Labels after the ellipsis of a shortened text, such as "Read more"."""
    signatures: tuple[str, ...] = ()
    """Phrases that make the last paragraph the signature of a channel, such as "join our channel"."""


@cache
def load_languages() -> dict[str, Language]:
    """Return the phrases of each language by its code, in the order of the codes."""
    names = sorted(path.name for path in files(__package__).iterdir() if path.name.endswith(".toml"))
    return {
        name.removesuffix(".toml"): msgspec.toml.decode(files(__package__).joinpath(name).read_bytes(), type=Language)
        for name in names
    }
