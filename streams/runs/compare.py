"""Two runs side by side: which rumours are alerted in one alone, which earlier, and what that costs in alerts a day.

Runs of the same events with other settings are what an analyst compares. Two alerts speak of one rumour if their
clusters share an id or an alias, or if the founding share of one lies in the other's cluster: other thresholds cut
other clusters.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from schemas.alert import Alert, Lifecycle
from streams.runs.folder import CLUSTERS, EDGES, Run
from streams.runs.tables import RunTables

_DAY_MS = 86_400_000.0
_OVER = (Lifecycle.SUBSIDED, Lifecycle.CLOSED)
_TIMELESS = ("schema_versions", "counts", "settings")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One episode of a rumour as one run alerted it."""

    cluster_id: str
    episode: int
    first_alert: str  # its id
    first_time: int  # event time of the first alert, ms
    sharers: float  # distinct, at the first alert
    level: int  # the highest
    headline: str
    text: str  # the representative, masked


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """One episode of a rumour that both runs alerted."""

    before: Case  # in a
    after: Case  # in b
    shift_ms: int  # how much later the first alert comes in b; negative: earlier


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One run in numbers."""

    run: str
    complete: bool
    alerts: int
    rumours: int  # episodes with an alert
    days: float  # of event time that the run spans
    alerts_per_day: float
    by_state: dict[str, int]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What another run says that this one does not."""

    a: Side
    b: Side
    same_input: bool
    differing: dict[str, tuple[Any, Any]]  # settings, versions and the like: in a, in b
    gained: tuple[Case, ...]  # alerted in b alone
    lost: tuple[Case, ...]  # alerted in a alone
    earlier: tuple[Shift, ...]  # first alert earlier in b, most first
    later: tuple[Shift, ...]
    levels: tuple[Shift, ...]  # another highest level
    unmoved: int  # alerted in both at the same moment
    median_earlier_ms: float | None
    median_later_ms: float | None
    identical: bool  # the alerts are the same byte for byte

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell."""
        return self.identical or not (self.gained or self.lost or self.earlier or self.later or self.levels)


def compare(a: Run, b: Run) -> Comparison:
    """Hold one run against another.

    Raises:
        RunFolderError: a run whose tables cannot be read, as after a kill.

    """
    alerts = [list(run.alerts()) for run in (a, b)]
    one_rumour = _Rumours(alerts, (a, b))
    before, after = (_cases(said, one_rumour) for said in alerts)
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
    """Which cluster ids, of either run, mean the same rumour."""

    def __init__(self, alerts: Sequence[Sequence[Alert]], runs: Sequence[Run]) -> None:
        self._leads_to: dict[str, str] = {}
        for said in alerts:
            for alert in said:
                for alias in alert.aliases:
                    self._join(alias, alert.cluster_id)
        for said, other in zip(alerts, reversed(runs), strict=True):
            founding = {alert.evidence.first_event: alert.cluster_id for alert in said}
            for event, cluster in _clusters_of(other, founding):
                self._join(cluster, founding[event])

    def of(self, cluster_id: str) -> str:
        """The id that stands for the rumour."""
        while (further := self._leads_to.get(cluster_id, cluster_id)) != cluster_id:
            cluster_id = further
        return cluster_id

    def _join(self, one: str, other: str) -> None:
        first, second = sorted((self.of(one), self.of(other)))
        self._leads_to[second] = first


def _clusters_of(run: Run, events: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The clusters that some events lie in, in one run."""
    wanted = pc.field("event_id").isin(pa.array(events, pa.string()))
    table = RunTables(run).read(EDGES, ["event_id", "cluster_id"], wanted)
    yield from zip(table["event_id"].to_pylist(), table["cluster_id"].to_pylist(), strict=True)


def _cases(alerts: Iterable[Alert], rumours: _Rumours) -> dict[tuple[str, int], Case]:
    """Each rumour's episodes, in the order of their first alerts."""
    cases: dict[tuple[str, int], Case] = {}
    for alert in alerts:
        if alert.state in _OVER:
            continue
        key = (rumours.of(alert.cluster_id), alert.episode)
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
    return Side(
        run=run.path.name,
        complete=run.manifest.complete,
        alerts=len(alerts),
        rumours=rumours,
        days=round(days, 4),
        alerts_per_day=round(len(alerts) / days, 2) if days else float(len(alerts)),
        by_state=dict(sorted(by_state.items())),
    )


def _span_ms(run: Run) -> int:
    """Event time from the first share to the last."""
    table = RunTables(run).read(CLUSTERS, ["first_time", "last_time"])
    if not table.num_rows:
        return 0
    first, last = pc.min(table["first_time"]).value, pc.max(table["last_time"]).value
    return int(last) - int(first)


def _differing(a: Run, b: Run) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """What the two runs were made with, where it is not the same."""
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
