"""What a limit on forwarding would have left: the counterfactual of a cap on how often one message is passed on.

Of each message the first so many forwards stand, by event time; the later ones, and all that came after them, would
not have been. What is known of parents decides: recorded edges for the one figure, inferred ones too for the other. It
is an upper bound of what a cap does: people whose forward is refused may find the message elsewhere.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from streams.runs.folder import EDGES, Run
from streams.runs.tables import CERTAIN, RECORDED, RunTables, in_order

_COLUMNS = ("cluster_id", "time", "event_id", "message", "parent", "source", "confidence", "sharer")


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What a cascade would have been."""

    edges: int  # with a known parent
    cut: int  # edges beyond the cap
    messages: int  # that remain
    sharers: int  # distinct, that remain


class CappedCluster(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster as it was and as it would have been."""

    cluster_id: str
    messages: int
    sharers: int
    recorded: Reach  # by recorded parents alone
    inferred: Reach  # by inferred ones too


class Capped(msgspec.Struct, frozen=True, kw_only=True):
    """A run under a cap."""

    at_most: int  # forwards of one message
    messages: int
    sharers: int  # distinct in each cluster, added up
    recorded: Reach
    inferred: Reach
    clusters: tuple[CappedCluster, ...]  # those that lose anything, the most first


def cap(run: Run, at_most: int) -> Capped:
    """Work out what would remain if no message could be forwarded more than `at_most` times.

    Raises:
        RunFolderError: a run whose tables cannot be read.

    """
    clusters = [_cluster(id_, rows, at_most) for id_, rows in _by_cluster(run).items()]
    touched = [one for one in clusters if one.recorded.cut or one.inferred.cut]
    touched.sort(key=lambda one: (one.inferred.messages - one.messages, one.cluster_id))
    return Capped(
        at_most=at_most,
        messages=sum(one.messages for one in clusters),
        sharers=sum(one.sharers for one in clusters),
        recorded=_sum(one.recorded for one in clusters),
        inferred=_sum(one.inferred for one in clusters),
        clusters=tuple(touched),
    )


def _by_cluster(run: Run) -> dict[str, list[dict[str, Any]]]:
    tables = RunTables(run)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in in_order(tables.read(EDGES, _COLUMNS)).to_pylist():
        found[tables.final(row["cluster_id"])].append(row)
    return found


def _cluster(cluster_id: str, rows: list[dict[str, Any]], at_most: int) -> CappedCluster:
    return CappedCluster(
        cluster_id=cluster_id,
        messages=len({row["message"] for row in rows}),
        sharers=len({row["sharer"] for row in rows}),
        recorded=_reach(rows, at_most, inferred=False),
        inferred=_reach(rows, at_most, inferred=True),
    )


def _reach(rows: list[dict[str, Any]], at_most: int, *, inferred: bool) -> Reach:
    """Rows in order of time: a message whose parent would not have been, or had its forwards already, is none."""
    parent: dict[str, str] = {}
    for row in rows:
        above = _parent(row, inferred=inferred)
        if above is not None and above != row["message"]:
            parent.setdefault(row["message"], above)
    beyond = _beyond(rows, parent, at_most)
    gone: dict[str, bool] = {}
    for row in rows:
        _is_gone(row["message"], parent, beyond, gone)
    left = [row for row in rows if not gone[row["message"]]]
    return Reach(
        edges=len(parent),
        cut=len(beyond),
        messages=len({row["message"] for row in left}),
        sharers=len({row["sharer"] for row in left}),
    )


def _parent(row: Mapping[str, Any], *, inferred: bool) -> str | None:
    known = row["source"] in RECORDED or (inferred and row["confidence"] >= CERTAIN)
    return row["parent"] if known else None


def _beyond(rows: Iterable[Mapping[str, Any]], parent: Mapping[str, str], at_most: int) -> set[str]:
    """The messages that are a forward too many, by the order of their own times."""
    counts: dict[str, int] = defaultdict(int)
    seen: set[str] = set()
    beyond = set()
    for row in rows:
        message = row["message"]
        if message in seen or message not in parent:
            continue
        seen.add(message)
        counts[parent[message]] += 1
        if counts[parent[message]] > at_most:
            beyond.add(message)
    return beyond


def _is_gone(message: str, parent: Mapping[str, str], beyond: set[str], gone: dict[str, bool]) -> None:
    """Settle a message and all above it; a circle of parents takes nobody away."""
    path = []
    at: str | None = message
    while at is not None and at not in gone:
        path.append(at)
        gone[at] = at in beyond
        at = None if gone[at] else parent.get(at)
    lost = gone[at] if at is not None else bool(path) and gone[path[-1]]
    for one in reversed(path):
        lost = gone[one] = gone[one] or lost


def _sum(reaches: Iterable[Reach]) -> Reach:
    edges = cut = messages = sharers = 0
    for one in reaches:
        edges, cut, messages, sharers = edges + one.edges, cut + one.cut, messages + one.messages, sharers + one.sharers
    return Reach(edges=edges, cut=cut, messages=messages, sharers=sharers)


__all__ = ["Capped", "CappedCluster", "Reach", "cap"]
