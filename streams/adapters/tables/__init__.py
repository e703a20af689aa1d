"""Read tables (CSV, TSV, JSON objects) by profiles: TOML files that name the columns."""

from streams.adapters.tables.formats import format_of, profile_formats

__all__ = ["format_of", "profile_formats"]
