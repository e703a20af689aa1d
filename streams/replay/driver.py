"""Feed a recorded stream to the pipeline in batches."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from detectors.pipeline.pipeline import PipelineOutput, StreamCounts
from detectors.privacy.rejections import RejectedPayload, build_rejection
from detectors.reading.profile import InputProfile
from schemas.rejection import Reason, Rejection
from schemas.sighting import Position, RawEvent
from streams.recordings.base import ControlEvent, EndOfPartition, Record, SourceReader, Tombstone, UnreadableRecord
from streams.recordings.recognise import OPENING_BYTES
from streams.runs.manifest import RowCounts, RunCounts


class ReplayPipeline(Protocol):
    """Pipeline that a replay drives; tests pass a stand-in."""

    def feed(self, batch: Sequence[RawEvent]) -> PipelineOutput:
        """Process raw events in their order."""
        ...

    def expect(self, partitions: Iterable[int]) -> None:
        """Hold the watermark until each of the partitions has delivered an event or ended."""
        ...

    def end(self, partition: int) -> PipelineOutput:
        """Release the watermark from a partition that has ended."""
        ...

    def reject(self, raw: bytes, position: Position, reason: Reason, detail: str) -> Rejection:
        """Count a record that the source cannot deliver, and return the rejection."""
        ...

    def finish(self) -> PipelineOutput:
        """Emit the buffered events and the open clusters."""
        ...

    @property
    def counts(self) -> StreamCounts:
        """Return the number of events per outcome so far."""
        ...

    @property
    def profile(self) -> InputProfile:
        """Return the fields, repairs and envelopes of the events so far."""
        ...

    @property
    def event_time(self) -> int:
        """Return the watermark in event time, in ms."""
        ...


class Driver:
    """Feeder of a source to a pipeline, batch by batch.

    The driver counts records without bytes itself, because the pipeline never sees such records. A tombstone is no
    event, so it is counted apart from the events.

    Args:
        reader: open source.
        pipeline: receiver of the events.
        batch_events: events per batch.
        at_most: events to read; all if None.

    """

    def __init__(
        self, reader: SourceReader, pipeline: ReplayPipeline, batch_events: int, at_most: int | None = None
    ) -> None:
        self._reader = reader
        self._pipeline = pipeline
        self._batch_events = batch_events
        self._at_most = at_most
        self._unreadable = self._tombstones = 0
        self._opening = bytearray()

    def outputs(self) -> Iterator[PipelineOutput]:
        """Yield the output of each batch in the order of the source, then the output of `finish`."""
        batch: list[RawEvent] = []
        for record in self._records():
            if isinstance(record, Tombstone):
                self._tombstones += 1
                continue
            if not isinstance(record, RawEvent):
                if batch:
                    yield self._pipeline.feed(batch)
                yield self._handle(record)
                batch = []
                continue
            batch.append(record)
            if len(batch) == self._batch_events:
                yield self._pipeline.feed(batch)
                batch = []
        if batch:
            yield self._pipeline.feed(batch)
        yield self._pipeline.finish()

    def _records(self) -> Iterator[Record | ControlEvent]:
        records, left = iter(self._reader), self._at_most
        while left is None or left > 0:
            record = next(records, None)
            if record is None:
                return
            self._keep_opening(record)
            yield record
            if left is not None and not isinstance(record, ControlEvent | Tombstone):
                left -= 1

    def _keep_opening(self, record: Record | ControlEvent) -> None:
        """Keep the first bytes of the source, by which a foreign format is recognised."""
        if len(self._opening) < OPENING_BYTES and not isinstance(record, ControlEvent | Tombstone):
            raw = record.raw if isinstance(record, RawEvent) else record.raw or record.head
            self._opening += raw[: OPENING_BYTES - len(self._opening)] + b"\n"

    def _handle(self, record: UnreadableRecord | ControlEvent) -> PipelineOutput:
        if isinstance(record, UnreadableRecord):
            return self._reject(record)
        if isinstance(record, EndOfPartition):
            return self._pipeline.end(record.partition)
        self._pipeline.expect(record.partitions)
        return PipelineOutput()

    def _reject(self, record: UnreadableRecord) -> PipelineOutput:
        if record.raw is not None:
            rejection = self._pipeline.reject(record.raw, record.position, record.reason, record.detail)
        else:
            self._unreadable += 1
            payload = RejectedPayload(record.size, record.sha256)
            rejection = build_rejection(record.reason, record.detail, record.position, payload)
        return PipelineOutput(rejections=[rejection])

    @property
    def opening(self) -> bytes:
        """Return the first bytes of the source, one record a line."""
        return bytes(self._opening)

    @property
    def profile(self) -> InputProfile:
        """Return the fields, repairs and envelopes of the events so far."""
        return self._pipeline.profile

    @property
    def event_time(self) -> int:
        """Return the watermark in event time, in ms."""
        return self._pipeline.event_time

    def counts(self, written: RowCounts | None = None, seen: StreamCounts | None = None) -> RunCounts:
        """Return the number of events per outcome, including records that the source could not deliver.

        Args:
            written: rows written to the run folder; none if None.
            seen: counts of another pipeline that reads the same stream; those of the driven pipeline if None.

        """
        seen = seen or self._pipeline.counts
        return RunCounts(
            received=seen.received + self._unreadable,
            applied=seen.applied,
            duplicates=seen.duplicates,
            late=seen.late,
            rejected=seen.rejected + self._unreadable,
            waiting=seen.waiting,
            unmatched=seen.unmatched,
            conflicts=seen.conflicts,
            revised=seen.revised,
            forced=seen.forced,
            withheld=seen.withheld,
            corrected=seen.corrected,
            ahead=seen.ahead,
            catching_up=seen.catching_up,
            late_streams=seen.late_streams,
            tombstones=self._tombstones,
            frames=seen.frames,
            coarse_times=seen.coarse_times,
            **msgspec.structs.asdict(written or RowCounts()),
        )
