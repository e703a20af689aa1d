"""Read tables (CSV, TSV, JSON objects) by profiles: TOML files that name the columns."""

from streams.adapters.tables.formats import format_of, profile_formats
from streams.adapters.tables.propose import propose

__all__ = ["format_of", "profile_formats", "propose"]
