"""Put sightings into event-time order and assign each to its cluster: the only step that sees the whole stream.

A replay and the live cluster stage both drive this object. The decisions are a function of the sightings and their
order alone, so a second run over the same log repeats the same decisions.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import msgspec

from detectors.clustering import Clustering
from detectors.ordering.reorder import ReorderBuffer
from detectors.ordering.resolution import PlatformTimes, StreamResolution
from detectors.pipeline.admission import AdmissionControl
from detectors.pipeline.config import PipelineConfig
from detectors.reference.matcher import ReferenceMatcher
from detectors.similarity.embedding import Embedder, Vectors
from detectors.snapshot import pack, unchanged, unpack
from schemas.assignment import Assignment, Merge, Timeliness
from schemas.sighting import SPREADING, Sighting


class WatermarkMark(msgspec.Struct, frozen=True, gc=False):
    """Position of a watermark in a sequence: timers due at or before `time` fire before the items that follow."""

    time: int  # event time in ms


OrderedItems = list[tuple[Sighting, Timeliness] | WatermarkMark]
"""Sightings in event-time order, with watermarks."""

Decisions = list[Assignment | Merge | WatermarkMark]
"""Instructions for the cascades, in order."""


class _State(msgspec.Struct, array_like=True):
    order: bytes
    clustering: bytes
    applied: int
    late: int
    admission: bytes | None = None
    corrected: int = 0
    catching_up: int = 0
    resolution: dict[str, PlatformTimes] = {}


def _without_time_counts(state: list[Any]) -> list[Any]:
    """Convert version 1, without the counts of corrected times, which begin at zero."""
    return state


class OrderedClustering:
    """Reorder buffer, clustering and, under an alert budget, admission control.

    Costs and memory bounds are those of the three parts.
    """

    def __init__(self, config: PipelineConfig, embedder: Embedder, matcher: ReferenceMatcher | None = None) -> None:
        self.order = ReorderBuffer(config.order)
        self.clustering = Clustering(config.clustering, embedder.embed, matcher)
        self._admission = _make_admission(config)
        self.resolution = StreamResolution(config.order)
        self.applied = self.late = self.corrected = self.catching_up = 0

    def reorder(self, sightings: Iterable[Sighting]) -> OrderedItems:
        """Push sightings into the reorder buffer; return the emitted sightings.

        A watermark precedes each late sighting, so timers due before the late sighting fire first.
        """
        update = self.order.update
        out: OrderedItems = []
        for sighting in sightings:
            emitted = update(sighting)
            if emitted and emitted[0][1] is not Timeliness.ON_TIME:
                out.append(WatermarkMark(self.order.watermark))
            out += emitted
        return out

    def mark_idle(self, partition: int) -> OrderedItems:
        """Stop waiting for an idle source partition; return the emitted sightings. See `ReorderBuffer.mark_idle`."""
        return list(self.order.mark_idle(partition))

    def flush(self) -> OrderedItems:
        """Return all waiting sightings at the end of a recording."""
        return list(self.order.flush())

    def texts_to_embed(self, items: OrderedItems) -> list[str]:
        """Return the distinct normal texts among the items with a probable need for a vector."""
        return self.clustering.texts_to_embed([item[0] for item in items if not isinstance(item, WatermarkMark)])

    def assign(self, items: OrderedItems, texts: Sequence[str] = (), vectors: Vectors | None = None) -> Decisions:
        """Assign ordered sightings to clusters.

        Args:
            items: as returned by `reorder`, `mark_idle` or `flush`.
            texts: the texts whose vectors the caller has, as returned by `texts_to_embed`.
            vectors: one row per text; None to compute the vectors here.
        """
        out: Decisions = []
        if vectors is not None:
            self.clustering.set_vectors(texts, vectors)
        for is_mark, group in groupby(items, _is_mark):
            if is_mark:
                out += [item for item in group if isinstance(item, WatermarkMark)]
            else:
                ordered = [item for item in group if not isinstance(item, WatermarkMark)]
                if vectors is None:
                    self.clustering.prefetch([sighting for sighting, _ in ordered])
                self._assign(ordered, out)
        return out

    @property
    def withheld(self) -> int:
        """Number of cascades that met the base threshold while the alert budget required more."""
        return 0 if self._admission is None else self._admission.withheld

    def snapshot(self) -> bytes:
        """Return the state, including all waiting sightings and all clusters."""
        admission = None if self._admission is None else self._admission.snapshot()
        state = _State(
            self.order.snapshot(),
            self.clustering.snapshot(),
            self.applied,
            self.late,
            admission,
            self.corrected,
            self.catching_up,
            self.resolution.snapshot(),
        )
        return pack("assigner", 3, state)

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot made with the same settings.

        Raises:
            SnapshotError: `data` is not such a snapshot, or has another version.
        """
        state = unpack("assigner", 3, _State, data, {1: _without_time_counts, 2: unchanged})
        self.order.restore(state.order)
        self.clustering.restore(state.clustering)
        self.applied, self.late = state.applied, state.late
        self.corrected, self.catching_up = state.corrected, state.catching_up
        self.resolution.restore(state.resolution)
        if self._admission is not None and state.admission is not None:
            self._admission.restore(state.admission)

    def _assign(self, ordered: list[tuple[Sighting, Timeliness]], out: Decisions) -> None:
        update, admission = self.clustering.update, self._admission
        for sighting, timeliness in ordered:
            if timeliness is Timeliness.ON_TIME:
                self.applied += 1
            else:
                self.late += 1
            self._count_times(sighting)
            decisions = update(sighting, timeliness)
            out += decisions if admission is None else map(admission.update, decisions)

    def _count_times(self, sighting: Sighting) -> None:
        if sighting.replaced is not None:
            self.corrected += 1
        elif sighting.catching_up:
            self.catching_up += 1
        if sighting.kind in SPREADING:
            self.resolution.update(sighting.platform, sighting.time)


def _is_mark(item: object) -> bool:
    return isinstance(item, WatermarkMark)


def _make_admission(config: PipelineConfig) -> AdmissionControl | None:
    per_day = config.policy.openings_a_day
    if per_day is None:
        return None
    return AdmissionControl(per_day, config.growth, config.policy, config.sharers, config.cascade.max_cascades)
