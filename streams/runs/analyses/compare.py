"""Compare two runs: rumours alerted in one run alone, earlier or later, and the alerts per day of both.

The runs usually have equal input and different settings. Two alerts are about one rumour if their clusters share an id
or an alias, or if the first share of one cluster is in the other cluster, because other thresholds make other clusters.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from schemas.alert import Alert, Basis, Lifecycle
from streams.runs.folder import CLUSTERS, EDGES, Run

_DAY_MS = 86_400_000.0
_OVER = (Lifecycle.SUBSIDED, Lifecycle.CLOSED)
_TIMELESS = ("schema_versions", "counts", "settings")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One episode of a rumour in one run."""

    cluster_id: str
    episode: int
    first_alert: str  # id of the first alert
    first_time: int  # event time of the first alert, ms
    sharers: float  # distinct, at the first alert
    level: int  # highest level
    headline: str
    text: str  # masked representative


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """One episode of a rumour with alerts in both runs."""

    before: Case  # in a
    after: Case  # in b
    shift_ms: int  # delay of the first alert in b compared with a; negative: earlier


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one run."""

    run: str
    complete: bool
    alerts: int
    rumours: int  # episodes with an alert
    days: float  # event time from the first share to the last
    alerts_per_day: float
    openings: int  # alerts about sharers that opened, also of cascades that had subsided
    openings_per_day: float  # the rate that `policy.openings_a_day` bounds
    by_state: dict[str, int]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Differences between run a and run b."""

    a: Side
    b: Side
    same_input: bool
    differing: dict[str, tuple[Any, Any]]  # settings, versions and other provenance: in a, in b
    gained: tuple[Case, ...]  # alerts in b alone
    lost: tuple[Case, ...]  # alerts in a alone
    earlier: tuple[Shift, ...]  # first alert earlier in b, the largest shift first
    later: tuple[Shift, ...]
    levels: tuple[Shift, ...]  # different highest level
    unmoved: int  # first alert at the same time in both
    median_earlier_ms: float | None
    median_later_ms: float | None
    identical: bool  # the alerts are equal byte for byte

    @property
    def empty(self) -> bool:
        """Return True if the runs have no differences in alerts."""
        return self.identical or not (self.gained or self.lost or self.earlier or self.later or self.levels)


def compare(a: Run, b: Run) -> Comparison:
    """Compare run a with run b.

    Raises:
        RunFolderError: the tables of a run cannot be read, as after a kill.

    """
    alerts = [list(run.alerts()) for run in (a, b)]
    rumours_of_both = _Rumours(alerts, (a, b))
    before, after = (_cases(run_alerts, rumours_of_both) for run_alerts in alerts)
    both = [_shift(before[key], after[key]) for key in before if key in after]
    earlier = sorted((one for one in both if one.shift_ms < 0), key=lambda one: one.shift_ms)
    later = sorted((one for one in both if one.shift_ms > 0), key=lambda one: -one.shift_ms)
    return Comparison(
        a=_side(a, alerts[0], len(before)),
        b=_side(b, alerts[1], len(after)),
        same_input=a.manifest.input.sha256 is not None and a.manifest.input.sha256 == b.manifest.input.sha256,
        differing=dict(_differing(a, b)),
        gained=tuple(case for key, case in after.items() if key not in before),
        lost=tuple(case for key, case in before.items() if key not in after),
        earlier=tuple(earlier),
        later=tuple(later),
        levels=tuple(one for one in both if one.before.level != one.after.level),
        unmoved=sum(one.shift_ms == 0 for one in both),
        median_earlier_ms=median(-one.shift_ms for one in earlier) if earlier else None,
        median_later_ms=median(one.shift_ms for one in later) if later else None,
        identical=alerts[0] == alerts[1],
    )


class _Rumours:
    """Disjoint sets of the cluster ids of both runs; each set is one rumour."""

    def __init__(self, alerts: Sequence[Sequence[Alert]], runs: Sequence[Run]) -> None:
        self._parents: dict[str, str] = {}
        for run_alerts in alerts:
            for alert in run_alerts:
                for alias in alert.aliases:
                    self._join(alias, alert.cluster_id)
        for run_alerts, other in zip(alerts, reversed(runs), strict=True):
            clusters = {alert.evidence.first_event: alert.cluster_id for alert in run_alerts}
            for event, cluster in _clusters_of(other, clusters):
                self._join(cluster, clusters[event])

    def of(self, cluster_id: str) -> str:
        """Return the representative id of the rumour of a cluster."""
        while (parent := self._parents.get(cluster_id, cluster_id)) != cluster_id:
            cluster_id = parent
        return cluster_id

    def _join(self, one: str, other: str) -> None:
        first, second = sorted((self.of(one), self.of(other)))
        self._parents[second] = first


def _clusters_of(run: Run, events: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the events with their clusters in a run."""
    wanted = pc.field("event_id").isin(pa.array(events, pa.string()))
    table = run.table(EDGES, ["event_id", "cluster_id"], wanted)
    yield from zip(table["event_id"].to_pylist(), table["cluster_id"].to_pylist(), strict=True)


def _cases(alerts: Iterable[Alert], rumours: _Rumours) -> dict[tuple[str, Basis, int], Case]:
    """Return the episodes of the rumours, in the order of their first alerts; each basis has its own episodes."""
    cases: dict[tuple[str, Basis, int], Case] = {}
    for alert in alerts:
        if alert.state in _OVER:
            continue
        key = (rumours.of(alert.cluster_id), alert.basis, alert.episode)
        known = cases.get(key)
        if known is None:
            cases[key] = _case(alert)
        elif alert.level > known.level:
            cases[key] = msgspec.structs.replace(known, level=alert.level)
    return cases


def _case(alert: Alert) -> Case:
    return Case(
        cluster_id=alert.cluster_id,
        episode=alert.episode,
        first_alert=alert.alert_id,
        first_time=alert.time,
        sharers=alert.evidence.counts.sharers,
        level=alert.level,
        headline=alert.headline,
        text=alert.evidence.text.representative,
    )


def _shift(before: Case, after: Case) -> Shift:
    return Shift(before=before, after=after, shift_ms=after.first_time - before.first_time)


def _side(run: Run, alerts: Sequence[Alert], rumours: int) -> Side:
    by_state: dict[str, int] = {}
    for alert in alerts:
        by_state[alert.state] = by_state.get(alert.state, 0) + 1
    days = _span_ms(run) / _DAY_MS
    openings = sum(_opens(alert) for alert in alerts)
    return Side(
        run=run.path.name,
        complete=run.manifest.complete,
        alerts=len(alerts),
        rumours=rumours,
        days=round(days, 4),
        alerts_per_day=_per_day(len(alerts), days),
        openings=openings,
        openings_per_day=_per_day(openings, days),
        by_state=dict(sorted(by_state.items())),
    )


def _opens(alert: Alert) -> bool:
    """Return True for the opening of an alert about sharers, also of a cascade that had subsided."""
    return alert.basis is Basis.SHARERS and alert.level > 0 and alert.state in (Lifecycle.OPENED, Lifecycle.RESURFACED)


def _per_day(count: int, days: float) -> float:
    return round(count / days, 2) if days else float(count)


def _span_ms(run: Run) -> int:
    """Return the event time from the first share to the last, in ms."""
    table = run.table(CLUSTERS, ["first_time", "last_time"])
    if not table.num_rows:
        return 0
    first, last = pc.min(table["first_time"]).value, pc.max(table["last_time"]).value
    return int(last) - int(first)


def _differing(a: Run, b: Run) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield the differences in settings, versions and other provenance."""
    first, second = (msgspec.to_builtins(run.manifest) for run in (a, b))
    for name in sorted(first.keys() | second.keys()):
        if name not in _TIMELESS and first.get(name) != second.get(name):
            yield name, (first.get(name), second.get(name))
    yield from _differing_settings(a.manifest.settings, b.manifest.settings)


def _differing_settings(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for name in sorted(a.keys() | b.keys()):
        if a.get(name) != b.get(name):
            yield name, (a.get(name), b.get(name))


__all__ = ["Case", "Comparison", "Shift", "Side", "compare"]
