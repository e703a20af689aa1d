"""A replay of a recorded ordered log: late events stay late, repeated batches count once, silent partitions pass."""

import msgspec
import pytest

from detectors.pipeline.intake import Intake
from schemas.event_batch import BatchEntry, EventBatch
from schemas.rejection import Reason
from schemas.sighting import Position
from streams.errors import UserError
from streams.recordings.envelope import Envelope, write
from streams.recordings.open import FileSpec
from streams.replay import replay as replays
from streams.replay.sweep import sweep
from streams.runs.folder import Run
from streams.settings.load import load
from tests.streams.recordings.recorded_events import MINUTE, START, cascade, event, line

EFFECTIVE = load(environ={}, overrides=["embedder.runtime=hashing", "growth.target_size=10"])


class Log:
    """Writes event batches as live stages do: intake of each partition, then one log."""

    def __init__(self):
        settings = EFFECTIVE.settings.pipeline
        self._intake = Intake(settings.intake, settings.order, EFFECTIVE.key.pseudonymiser())
        self._end = {}
        self.values = []

    def batch(self, partition, *events, rejected=0, idle=False):
        start = self._end.get(partition, 0)
        entries = []
        for offset, one in enumerate(events, start):
            stamped = {**one, "observed_at": one["created_at"]}
            sighting = self._intake.update(line(stamped), Position("forwards", partition, offset))
            entries.append(BatchEntry(offset, sighting))
        end = self._end[partition] = start + len(events) + rejected
        found = EventBatch(
            partition=partition, partitions=2, start=start, end=end, entries=tuple(entries),
            rejected=tuple(range(end - rejected, end)), idle=idle,
        )  # fmt: skip
        self.values.append(msgspec.msgpack.encode(found))

    def save(self, path):
        records = [
            Envelope("t1.ordered", 0, n, START, "create", (), None, value) for n, value in enumerate(self.values)
        ]
        path.write_bytes(b"".join(write(record) + b"\n" for record in records))
        return str(path)


def replay(path, out):
    return replays.replay(path, out, EFFECTIVE.settings, EFFECTIVE.key)


#   partition 0   80 minutes of a rumour      partition 1   minute 70, and then one of minute five: late
def test_an_event_that_came_too_late_live_is_late_in_the_replay(tmp_path):
    log = Log()
    log.batch(0, *cascade(80, every=MINUTE))
    log.batch(1, event(901, created_at=START + 70 * MINUTE))
    log.batch(1, event(902, created_at=START + 5 * MINUTE, parent_ref="message-0"), rejected=2)
    run = Run(replay(log.save(tmp_path / "log.jsonl"), tmp_path / "run").folder)
    counts = run.manifest.counts
    assert (counts.received, counts.late, counts.rejected) == (84, 1, 2)
    assert counts.balanced
    assert counts.alerts > 0
    assert counts.waiting > 0  # the log ends before the watermark has passed them, and nothing is emitted beyond it


def test_a_batch_that_was_sent_twice_counts_once(tmp_path):
    log = Log()
    log.batch(0, *cascade(40, every=MINUTE))
    log.values.append(log.values[0])
    counts = replay(log.save(tmp_path / "log.jsonl"), tmp_path / "run").manifest.counts
    assert (counts.received, counts.duplicates) == (40, 0)


def test_a_silent_partition_holds_back_what_waits_until_the_log_calls_it_idle(tmp_path):
    log = Log()
    log.batch(0, *cascade(40, every=MINUTE))
    held = replay(log.save(tmp_path / "held.jsonl"), tmp_path / "held").manifest.counts
    log.batch(1, idle=True)
    freed = replay(log.save(tmp_path / "freed.jsonl"), tmp_path / "freed").manifest.counts
    assert (held.applied, held.waiting, held.alerts) == (0, 40, 0)
    assert freed.applied > 30
    assert freed.alerts > 0


def test_a_record_that_is_no_batch_is_a_rejection(tmp_path):
    log = Log()
    log.batch(0, *cascade(40))
    log.values.append(b"\x93not ours")
    run = Run(replay(log.save(tmp_path / "log.jsonl"), tmp_path / "run").folder)
    (rejection,) = run.rejections()
    assert (rejection.reason, rejection.position) == (Reason.FOREIGN_RECORD, Position("t1.ordered", 0, 1))


def test_a_sweep_of_the_ordered_log_is_refused(tmp_path):
    log = Log()
    log.batch(0, *cascade(4))
    source = FileSpec(log.save(tmp_path / "log.jsonl"))
    with pytest.raises(UserError, match="a sweep reads events, but the source is the ordered log"):
        sweep(source, tmp_path / "runs", [("one", EFFECTIVE.settings)], EFFECTIVE.key)
