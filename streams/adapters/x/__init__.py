"""Convert the formats of X: its API, a person's own archive, captures of its pages, Community Notes."""

from streams.adapters.base import Format
from streams.adapters.x import api_v1, api_v2, archive, community_notes, zeeschuimer

FORMATS: tuple[Format, ...] = (
    api_v2.FORMAT,
    api_v1.FORMAT,
    archive.FORMAT,
    archive.ACCOUNT_FORMAT,
    zeeschuimer.FORMAT,
    community_notes.FORMAT,
    community_notes.STATES_FORMAT,
)
"""The formats of X."""

__all__ = ["FORMATS"]
