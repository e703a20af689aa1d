"""Resolve the abbreviated ids of clusters and alerts.

One rule for every command and for notebooks: any prefix that a single id begins with is enough.
"""

from collections.abc import Sequence
from pathlib import Path

from streams.errors import UserError

_DIGITS = 12  # of each id in a list of candidates
_LISTED = 5
_SHOWN = 40  # characters of an unknown prefix in a message


def normalise_prefix(prefix: str) -> str:
    """Return a prefix as ids are spelled: lower case, without spaces around."""
    return prefix.strip().lower()


def resolve_id(prefix: str, matches: Sequence[str], noun: str, run: Path, hint: str) -> str:
    """Return the single id that a prefix matches.

    Args:
        prefix: the prefix that the user typed.
        matches: the ids that begin with the prefix.
        noun: "cluster" or "alert", for messages.
        run: the run folder, for messages.
        hint: the action to take if no id matches.

    Raises:
        UserError: no id matches, or several do; the message lists some of several.

    """
    if not matches:
        raise UserError(f"no {noun} id in {run} begins with {prefix[:_SHOWN]!r}; {hint}")
    if len(matches) > 1:
        raise UserError(
            f"{prefix[:_SHOWN]!r} matches {len(matches)} {noun}s in {run}: {list_ids(matches)}; give more digits"
        )
    return matches[0]


def list_ids(ids: Sequence[str]) -> str:
    """Return the first ids of a list, abbreviated, and the number of the others."""
    shown = ", ".join(id_[:_DIGITS] for id_ in ids[:_LISTED])
    others = len(ids) - _LISTED
    return f"{shown} and {others} more" if others > 0 else shown


__all__ = ["list_ids", "normalise_prefix", "resolve_id"]
