"""Estimate the effect of a cap on the forwards of each message, as a counterfactual.

The first forwards of each message remain, by event time; later forwards and all their descendants are removed. One
estimate uses recorded parents only, the other also inferred parents. Both are upper bounds of the effect: a blocked
sender may get the message elsewhere.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from streams.runs.folder import EDGES, Run, sorted_by_time
from streams.runs.tables import MIN_CONFIDENCE, RECORDED, is_share

_COLUMNS = ("cluster_id", "time", "event_id", "message", "parent", "source", "confidence", "sharer", "role")


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Size of a cascade under the cap."""

    edges: int  # messages with a known parent
    cut: int  # edges beyond the cap
    messages: int  # remaining
    sharers: int  # remaining, distinct


class CappedCluster(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster without and with the cap."""

    cluster_id: str
    messages: int
    sharers: int
    recorded: Reach  # with recorded parents only
    inferred: Reach  # with inferred parents, too


class Capped(msgspec.Struct, frozen=True, kw_only=True):
    """Run under a cap."""

    at_most: int  # forwards per message
    messages: int
    sharers: int  # distinct per cluster, summed
    recorded: Reach
    inferred: Reach
    clusters: tuple[CappedCluster, ...]  # clusters with a loss, the largest loss first


def cap(run: Run, at_most: int) -> Capped:
    """Estimate the remaining messages and sharers with at most `at_most` forwards per message.

    Raises:
        RunFolderError: the tables of the run cannot be read.

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
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted_by_time(run.table(EDGES, _COLUMNS)).to_pylist():
        rows[run.final(row["cluster_id"])].append(row)
    return rows


def _cluster(cluster_id: str, rows: list[dict[str, Any]], at_most: int) -> CappedCluster:
    return CappedCluster(
        cluster_id=cluster_id,
        messages=len({row["message"] for row in rows}),
        sharers=len({row["sharer"] for row in rows if is_share(row)}),
        recorded=_reach(rows, at_most, inferred=False),
        inferred=_reach(rows, at_most, inferred=True),
    )


def _reach(rows: list[dict[str, Any]], at_most: int, *, inferred: bool) -> Reach:
    """Remove messages beyond the cap and their descendants. Expects rows in order of event time."""
    parent: dict[str, str] = {}
    for row in rows:
        above = _parent(row, inferred=inferred)
        if above is not None and above != row["message"]:
            parent.setdefault(row["message"], above)
    beyond = _beyond(rows, parent, at_most)
    removed: dict[str, bool] = {}
    for row in rows:
        _is_removed(row["message"], parent, beyond, removed)
    left = [row for row in rows if not removed[row["message"]]]
    return Reach(
        edges=len(parent),
        cut=len(beyond),
        messages=len({row["message"] for row in left}),
        sharers=len({row["sharer"] for row in left if is_share(row)}),
    )


def _parent(row: Mapping[str, Any], *, inferred: bool) -> str | None:
    known = row["source"] in RECORDED or (inferred and row["confidence"] >= MIN_CONFIDENCE)
    return row["parent"] if known else None


def _beyond(rows: Iterable[Mapping[str, Any]], parent: Mapping[str, str], at_most: int) -> set[str]:
    """Return the messages beyond the cap of their parents, in order of event time."""
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


def _is_removed(message: str, parent: Mapping[str, str], beyond: set[str], removed: dict[str, bool]) -> None:
    """Decide for a message and its ancestors; a cycle of parents removes no message."""
    path = []
    at: str | None = message
    while at is not None and at not in removed:
        path.append(at)
        removed[at] = at in beyond
        at = None if removed[at] else parent.get(at)
    lost = removed[at] if at is not None else bool(path) and removed[path[-1]]
    for one in reversed(path):
        lost = removed[one] = removed[one] or lost


def _sum(reaches: Iterable[Reach]) -> Reach:
    edges = cut = messages = sharers = 0
    for one in reaches:
        edges, cut, messages, sharers = edges + one.edges, cut + one.cut, messages + one.messages, sharers + one.sharers
    return Reach(edges=edges, cut=cut, messages=messages, sharers=sharers)


__all__ = ["Capped", "CappedCluster", "Reach", "cap"]
