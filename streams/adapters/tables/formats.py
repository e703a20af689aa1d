"""Make a format of a profile: those that ship with Hearsay, and a user's own."""

import functools
from collections.abc import Container, Sequence
from importlib.resources import files

from streams.adapters.base import Capabilities, Format, FormatError
from streams.adapters.opening import Opening
from streams.adapters.tables.profile import PlatformColumn, Profile, alternatives, columns_of, read_profile
from streams.adapters.tables.read import read_table
from streams.adapters.tables.times import UNIX_MS, UNIX_S, lacks_zone


@functools.cache
def shipped_profiles() -> tuple[Profile, ...]:
    """Return the profiles that ship with Hearsay, by name."""
    folder = files(__package__) / "profiles"
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    return tuple(read_profile(one.read_bytes(), one.name) for one in found)


@functools.cache
def profile_formats() -> tuple[Format, ...]:
    """Return the formats of the profiles that ship with Hearsay."""
    return tuple(_format(profile, strict=False) for profile in shipped_profiles())


def format_of(profile_toml: bytes, name: str) -> Format:
    """Return the format of a user's own profile.

    Args:
        profile_toml: the profile.
        name: the name of its file, for errors.

    Raises:
        FormatError: the profile cannot be read.

    """
    profile = read_profile(profile_toml, name)
    if not any(columns_of(profile.columns.created_at)):
        raise FormatError(f"the profile {name}: columns.created_at names no column; write the column with the time")
    return _format(profile, strict=True)


def recognises(profile: Profile, opening: Opening, *, own: bool = False) -> bool:
    """Return True for a table that has the columns of a profile, or for JSON that has them as fields.

    Args:
        profile: of the table.
        opening: the first bytes of the file.
        own: the profile is the user's own: it reads JSON too, and without `recognise` the columns of the id and the
            time identify its tables.

    """
    wanted = profile.recognise or (_needed(profile) if own else ())
    if not wanted:
        return False
    if opening.is_json:
        return (own or profile.items is not None) and _fits(wanted, profile.without, _KeyNames(opening))
    return _fits(wanted, profile.without, frozenset(column.casefold() for column in opening.columns))


class _KeyNames:
    """The dotted names of a JSON file: a name is there if each of its keys occurs."""

    def __init__(self, opening: Opening) -> None:
        self._keys = frozenset(key.casefold() for key in opening.keys)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and all(key in self._keys for key in name.split("."))


def _fits(wanted: Sequence[str], unwanted: Sequence[str], names: Container[str]) -> bool:
    def has(column: str) -> bool:
        return any(one.casefold() in names for one in alternatives(column))

    return all(map(has, wanted)) and not any(map(has, unwanted))


def _needed(profile: Profile) -> tuple[str, ...]:
    columns = profile.columns
    return (*columns_of(columns.message_id)[:1], *columns_of(columns.created_at)[:1])


def _format(profile: Profile, *, strict: bool) -> Format:
    return Format(
        name=profile.name,
        title=profile.title or f"a table of the profile {profile.name}",
        platforms=_platforms(profile),
        capabilities=_capabilities(profile),
        recognises=functools.partial(recognises, profile, own=strict),
        read=functools.partial(read_table, profile, strict=strict),
        needs=("zone",) if profile.time.zone is None and all(map(lacks_zone, profile.time.formats)) else (),
    )


def _platforms(profile: Profile) -> tuple[str, ...]:
    if isinstance(profile.platform, PlatformColumn):
        return tuple(dict.fromkeys(profile.platform.names.values())) or ("as the table names it",)
    return (profile.platform,)


def _capabilities(profile: Profile) -> Capabilities:
    columns, counters = profile.columns, profile.counters
    known = [
        words
        for words, column in (
            ("the direct parent", columns.parent_ref),
            ("the original of forwards", columns.root_ref or columns.object),
            ("the message that a reply answers", columns.reply_to),
            ("the quoted message", columns.quote_of),
        )
        if column is not None
    ]
    counted = [words for words, column in (("views", counters.views), ("shares", counters.forwards)) if column]
    resolution = "milliseconds" if UNIX_MS in profile.time.formats else "seconds"
    zone = (
        ""
        if {UNIX_S, UNIX_MS} >= set(profile.time.formats)
        else f", {profile.time.zone or 'zone as written, or --zone'}"
    )
    return Capabilities(
        people=profile.people if columns.actor is not None else "none",
        parents=", ".join(known) or "none",
        hops="at least 1 for a forward" if profile.kind.hops_min else "none",
        counters=" and ".join(counted) or "none",
        times=f"the platform's clock, {resolution}{zone}",
    )


__all__ = ["format_of", "profile_formats", "recognises", "shipped_profiles"]
