"""Choices of the user about files of foreign formats."""

import msgspec

from streams.adapters.base import Options


class ImportChoices(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Choices about files of foreign formats; a run keeps them, so that it can be repeated."""

    options: Options = Options()
    format: str | None = None  # name of the format, instead of recognition
    profile: str | None = None  # TOML of a table's profile
    profile_name: str = ""  # the name of its file, for errors
    media: str | None = None  # folder of the pictures and files that the exports name


DEFAULTS = ImportChoices()
"""No choice: every format is recognised, and every fact is in the files."""


__all__ = ["DEFAULTS", "ImportChoices"]
