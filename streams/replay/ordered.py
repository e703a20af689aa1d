"""Replay the ordered log: repeat what the live cluster stage decided, late events included.

The topic `forwards` has no order between its partitions, so a replay of it cannot know which events arrived too late.
The ordered log has that order. It contains pseudonyms only, so the replay needs no raw events.
"""

from collections.abc import Iterable, Sequence

import msgspec

from detectors.pipeline.ordered.log import OrderedLog
from detectors.pipeline.pipeline import Pipeline, PipelineOutput, StreamCounts
from detectors.reading.profile import InputProfile
from schemas.event_batch import EventBatch
from schemas.rejection import Reason, Rejection
from schemas.sighting import Position, RawEvent
from streams.kafka.topics import is_ordered_log
from streams.recordings.base import SourceReader
from streams.replay.driver import ReplayPipeline
from streams.settings.load import Settings

_unpack = msgspec.msgpack.Decoder(EventBatch).decode


def pipeline_for(reader: SourceReader, pipeline: ReplayPipeline) -> ReplayPipeline:
    """Return the pipeline that fits the records of a source: events, or the batches of the ordered log."""
    return OrderedLogPipeline(pipeline) if reads_ordered_log(reader) and isinstance(pipeline, Pipeline) else pipeline


def batch_records(reader: SourceReader, settings: Settings) -> int:
    """Return the number of records to feed at once; a record of the ordered log is a batch already."""
    return 1 if reads_ordered_log(reader) else settings.replay.batch_events


def reads_ordered_log(reader: SourceReader) -> bool:
    """Return True if a source has the batches of the ordered log."""
    return reader.topic is not None and is_ordered_log(reader.topic)


class OrderedLogPipeline:
    """A pipeline without intake: its records are event batches, which a live run has ordered.

    Nothing is emitted at the end that the log does not emit itself, so the alerts are those of the live run and no
    more; events that the watermark had not reached are counted as waiting.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._log = OrderedLog(pipeline.ordered_clustering)

    def feed(self, batch: Sequence[RawEvent]) -> PipelineOutput:
        """Process records in the order of the log. A record that is no event batch becomes a rejection, as live."""
        out = PipelineOutput()
        for record in batch:
            try:
                found = _unpack(record.raw)
            except (msgspec.DecodeError, msgspec.ValidationError) as error:
                detail = f"the record on `ordered` was not written by Hearsay ({type(error).__name__})"
                out.rejections.append(self.reject(record.raw, record.position, Reason.FOREIGN_RECORD, detail))
            else:
                self._pipeline.emit(self._log.reorder(found), out)
        return out

    def expect(self, partitions: Iterable[int]) -> None:
        """Ignore the partitions of the log: each batch names those of the source."""

    def end(self, partition: int) -> PipelineOutput:
        """Ignore the end of the log: it ends no partition of the source."""
        return PipelineOutput()

    def reject(self, raw: bytes, position: Position, reason: Reason, detail: str) -> Rejection:
        """See `ReplayPipeline`."""
        return self._pipeline.reject(raw, position, reason, detail)

    def finish(self) -> PipelineOutput:
        """Return the rows of the open clusters."""
        out = PipelineOutput()
        self._pipeline.cascades.finish(out)
        return out

    @property
    def counts(self) -> StreamCounts:
        """Return the number of events per outcome; the events that live intake rejected are among them."""
        counts = self._pipeline.counts
        return msgspec.structs.replace(
            counts, received=counts.received + self._log.received, rejected=counts.rejected + self._log.rejected
        )

    @property
    def profile(self) -> InputProfile:
        """Return an empty profile: the log has no raw events."""
        return self._pipeline.profile

    @property
    def event_time(self) -> int:
        """See `ReplayPipeline`."""
        return self._pipeline.event_time
