"""List the formats, and recognise the format of a file by its content."""

from collections.abc import Sequence

from streams.adapters import bluesky, claim_feeds, reddit, telegram, tiktok, whatsapp, x, youtube
from streams.adapters.base import Format, FormatError
from streams.adapters.mastodon import read as mastodon
from streams.adapters.opening import Opening
from streams.adapters.tables import profile_formats

FORMATS: tuple[Format, ...] = (
    bluesky.FORMAT,
    mastodon.FORMAT,
    *telegram.FORMATS,
    *x.FORMATS,
    reddit.FORMAT,
    claim_feeds.FORMAT,
    *whatsapp.FORMATS,
    tiktok.FORMAT,
    youtube.FORMAT,
    *profile_formats(),
)
"""All formats that ship with Hearsay."""


def recognise(opening: Opening, formats: Sequence[Format] = FORMATS) -> Format | None:
    """Return the format of a file; None if no format has its signs.

    Raises:
        FormatError: two formats recognise the file.

    """
    found = [one for one in formats if one.recognises(opening)]
    if len(found) > 1:
        names = " and ".join(f"{one.title} ({one.name})" for one in found)
        raise FormatError(
            f"{opening.name or 'the file'} looks like {names}; name the right one with --format {found[0].name}"
        )
    return found[0] if found else None


def by_name(name: str, formats: Sequence[Format] = FORMATS) -> Format:
    """Return the format with a name.

    Raises:
        FormatError: no format has the name.

    """
    for one in formats:
        if one.name == name:
            return one
    raise FormatError(f"no format is named {name[:40]!r}; `hearsay import --list` shows the names")


__all__ = ["FORMATS", "by_name", "recognise"]
