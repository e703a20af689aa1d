"""Puts sightings into order and assigns each to its cluster: the one point of the stream that everything passes.

A replay and the live cluster stage drive this object. What comes out is a function of what went in, in that order, and
of nothing else: whoever applies the same log again gets the same steps again.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec

from detectors.clustering import Clustering
from detectors.ordering.reorder import ReorderBuffer
from detectors.pipeline.admission import AdmissionControl
from detectors.pipeline.config import PipelineConfig
from detectors.reference.matcher import ReferenceMatcher
from detectors.similarity.embedding import Embedder, Vectors
from detectors.snapshot import pack, unpack
from schemas.assignment import Assignment, Merge, Timeliness
from schemas.sighting import Sighting

Released = list[tuple[Sighting, Timeliness] | int]
"""Sightings in their order; a number is a watermark, whose timers are due before what follows it."""

Decided = list[Assignment | Merge | int]
"""What each cascade has to do, in order; a number is a watermark."""


class _State(msgspec.Struct, array_like=True):
    order: bytes
    clustering: bytes
    applied: int
    late: int
    openings: bytes | None = None


class OrderedClustering:
    """Reorder buffer and clustering in one. Costs what they cost; memory is bounded by their bounds."""

    def __init__(self, config: PipelineConfig, embedder: Embedder, recogniser: ReferenceMatcher | None = None) -> None:
        self.order = ReorderBuffer(config.order)
        self.clustering = Clustering(config.clustering, embedder.embed, recogniser)
        self._openings = _openings(config)
        self.applied = self.late = 0

    def release(self, sightings: Iterable[Sighting]) -> Released:
        """Push sightings in, get those whose turn has come. Before a late one the timers that are due come first."""
        update = self.order.update
        out: Released = []
        for sighting in sightings:
            released = update(sighting)
            if released and released[0][1] is not Timeliness.ON_TIME:
                out.append(self.order.watermark)
            out += released
        return out

    def mark_idle(self, partition: int) -> Released:
        """Wait no longer for a source partition that fell idle; see `ReorderBuffer.mark_idle`."""
        return list(self.order.mark_idle(partition))

    def flush(self) -> Released:
        """Get all that wait: a recorded stream has ended."""
        return list(self.order.flush())

    def texts_to_embed(self, released: Released) -> list[str]:
        """Give the normal texts among these that will probably need a vector, each once."""
        return self.clustering.texts_to_embed([item[0] for item in released if not isinstance(item, int)])

    def apply(self, released: Released, texts: Sequence[str] = (), vectors: Vectors | None = None) -> Decided:
        """Assign what was released, in order. `vectors` are those of `texts_to_embed`, if the caller has them."""
        out: Decided = []
        if vectors is not None:
            self.clustering.set_vectors(texts, vectors)
        for marks, group in groupby(released, lambda item: isinstance(item, int)):
            if marks:
                out += [item for item in group if isinstance(item, int)]
            else:
                self._assign([item for item in group if not isinstance(item, int)], out, prefetch=vectors is None)
        return out

    def _assign(self, ordered: list[tuple[Sighting, Timeliness]], out: Decided, *, prefetch: bool) -> None:
        if prefetch:
            self.clustering.prefetch([sighting for sighting, _ in ordered])
        update, openings = self.clustering.update, self._openings
        for sighting, timeliness in ordered:
            if timeliness is Timeliness.ON_TIME:
                self.applied += 1
            else:
                self.late += 1
            out += (
                update(sighting, timeliness) if openings is None else map(openings.update, update(sighting, timeliness))
            )

    @property
    def withheld(self) -> int:
        """Cascades that reached the plain limit while the budget of alerts asked for more."""
        return 0 if self._openings is None else self._openings.withheld

    def snapshot(self) -> bytes:
        """Everything that waits and every cluster."""
        openings = None if self._openings is None else self._openings.snapshot()
        state = _State(self.order.snapshot(), self.clustering.snapshot(), self.applied, self.late, openings)
        return pack("assigner", 1, state)

    def restore(self, data: bytes) -> None:
        """Take up where `snapshot` was taken, with the same settings."""
        state = unpack("assigner", 1, _State, data)
        self.order.restore(state.order)
        self.clustering.restore(state.clustering)
        self.applied, self.late = state.applied, state.late
        if self._openings is not None and state.openings is not None:
            self._openings.restore(state.openings)


def _openings(config: PipelineConfig) -> AdmissionControl | None:
    a_day = config.policy.alerts_a_day
    if a_day is None:
        return None
    return AdmissionControl(a_day, config.growth, config.policy, config.sharers, config.cascade.max_cascades)
