"""Feed a recorded stream to the pipeline in batches."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from detectors.pipeline.pipeline import Output, StreamCounts
from schemas.rejection import Reason, Rejection
from schemas.sighting import Position
from streams.recordings.base import ControlEvent, EndOfPartition, Record, SourceReader, UnreadableRecord
from streams.runs.folder import RunCounts


class ReplayPipeline(Protocol):
    """What a replay drives: the pipeline, or a test's stand-in for it."""

    def feed(self, batch: Sequence[tuple[bytes, Position]]) -> Output:
        """Take raw events."""
        ...

    def expect(self, partitions: Iterable[int]) -> None:
        """Wait for these partitions."""
        ...

    def end(self, partition: int) -> Output:
        """Wait no longer for one."""
        ...

    def refuse(self, raw: bytes, position: Position, reason: Reason, detail: str) -> Rejection:
        """Count and describe what the source could not hand over."""
        ...

    def finish(self) -> Output:
        """Give what still waits, and the clusters that are open."""
        ...

    @property
    def counts(self) -> StreamCounts:
        """Where the events went so far."""
        ...

    @property
    def event_time(self) -> int:
        """How far the stream has come, in event time."""
        ...


class Driver:
    """Feeds a source to an engine in batches, and hands each batch's output on.

    What the source refused without its bytes is counted here, because the engine never sees it.
    """

    def __init__(
        self, source: SourceReader, engine: ReplayPipeline, batch_events: int, at_most: int | None = None
    ) -> None:
        self._source = source
        self._engine = engine
        self._batch_events = batch_events
        self._at_most = at_most
        self._refused = 0

    def outputs(self) -> Iterator[Output]:
        """What each batch gave, in the source's order; lastly what `finish` gave."""
        batch: list[tuple[bytes, Position]] = []
        for record in self._records():
            if not isinstance(record, tuple):
                if batch:
                    yield self._engine.feed(batch)
                yield self._aside(record)
                batch = []
                continue
            batch.append(record)
            if len(batch) == self._batch_events:
                yield self._engine.feed(batch)
                batch = []
        if batch:
            yield self._engine.feed(batch)
        yield self._engine.finish()

    def _records(self) -> Iterator[Record | ControlEvent]:
        records, left = iter(self._source), self._at_most
        while left is None or left > 0:
            record = next(records, None)
            if record is None:
                return
            yield record
            if left is not None and not isinstance(record, ControlEvent):
                left -= 1

    def _aside(self, record: UnreadableRecord | ControlEvent) -> Output:
        if isinstance(record, UnreadableRecord):
            return self._rejected(record)
        if isinstance(record, EndOfPartition):
            return self._engine.end(record.partition)
        self._engine.expect(record.partitions)
        return Output()

    def _rejected(self, refused: UnreadableRecord) -> Output:
        if refused.raw is not None:
            rejection = self._engine.refuse(refused.raw, refused.position, refused.reason, refused.detail)
        else:
            self._refused += 1
            rejection = Rejection(
                reason=refused.reason,
                detail=refused.detail,
                position=refused.position,
                size=refused.size,
                sha256=refused.sha256,
            )
        return Output(rejections=[rejection])

    @property
    def event_time(self) -> int:
        """How far the stream has come, in event time."""
        return self._engine.event_time

    def counts(
        self, alerts: int = 0, clusters: int = 0, shares: int = 0, seen: StreamCounts | None = None
    ) -> RunCounts:
        """Where the events went, those that the source refused among them; `seen` by another than the engine."""
        seen = seen or self._engine.counts
        return RunCounts(
            received=seen.received + self._refused,
            applied=seen.applied,
            duplicates=seen.duplicates,
            late=seen.late,
            rejected=seen.rejected + self._refused,
            waiting=seen.waiting,
            unmatched=seen.unmatched,
            forced=seen.forced,
            withheld=seen.withheld,
            alerts=alerts,
            clusters=clusters,
            shares=shares,
        )
