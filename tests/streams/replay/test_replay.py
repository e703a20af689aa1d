import gc
import gzip
import io
import json
import os
import signal
from pathlib import Path

import pytest

from detectors.pipeline.pipeline import PipelineOutput, StreamCounts
from detectors.reading.profile import InputProfile
from schemas.alert import Alert
from schemas.rejection import Rejection
from streams.recordings.base import SourceError, sha256_of
from streams.recordings.open_file import open_source
from streams.replay import build
from streams.replay import driver as driver_module
from streams.replay import replay as replays
from streams.runs.folder import Run, RunFolderError, RunWriter, partial
from streams.settings.load import load
from tests.streams.recordings.recorded_events import START, cascade, event, stream

EFFECTIVE = load(environ={}, overrides=["embedder.runtime=hashing"])


class Witness:
    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self.steps: list[replays.ReplayProgress] = []

    def progress(self, now: replays.ReplayProgress) -> None:
        self.steps.append(now)

    def alert(self, alert: Alert) -> None:
        self.alerts.append(alert)


class Recorder:
    """Stands in for the pipeline: applies everything, remembers its batches, does what it is told at one of them."""

    def __init__(self, at: int = -1, act=None) -> None:
        self.batches: list[list[int]] = []
        self.refused: list[Rejection] = []
        self._at, self._act = at, act
        self._applied = 0

    def feed(self, batch) -> PipelineOutput:
        if len(self.batches) == self._at:
            self._act()
        self.batches.append([position.offset for _, position, _ in batch])
        self._applied += len(batch)
        return PipelineOutput()

    def reject(self, raw, position, reason, detail) -> Rejection:
        rejection = Rejection(reason=reason, detail=detail, position=position, size=len(raw), sha256="")
        self.refused.append(rejection)
        return rejection

    def finish(self) -> PipelineOutput:
        self.batches.append([])
        return PipelineOutput()

    @property
    def event_time(self) -> int:
        return 0

    @property
    def profile(self) -> InputProfile:
        return InputProfile()

    @property
    def counts(self) -> StreamCounts:
        refused = len(self.refused)
        return StreamCounts(
            received=self._applied + refused, applied=self._applied, duplicates=0, late=0, rejected=refused, waiting=0,
            unmatched=0, conflicts=0, revised=0, forced=0, withheld=0,
        )  # fmt: skip


def write(folder: Path, events, name: str = "day.jsonl") -> str:
    path = folder / name
    path.write_bytes(stream(events))
    return str(path)


def replay(source: str, out: Path, effective=EFFECTIVE, **options) -> replays.ReplayResult:
    return replays.replay(source, out, effective.settings, effective.key, **options)


def stand_in(engine):
    return lambda settings, key, trace=None: build.PipelineBuild(engine, "none")


def stable(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "timings.json"}


def drive(tmp_path, lines, batch: int, at_most: int | None = None, engine=None):
    engine = engine or Recorder()
    source = open_source(write(tmp_path, lines), 1 << 20)
    driver = driver_module.Driver(source, engine, batch, at_most)
    outputs = list(driver.outputs())
    source.close()
    return engine, driver, outputs


def test_a_cascade_that_takes_off_raises_an_alert(tmp_path):
    result = replay(write(tmp_path, cascade(80)), tmp_path / "run")
    counts = result.manifest.counts
    assert (counts.received, counts.applied, counts.clusters, counts.shares) == (80, 80, 1, 80)
    assert counts.balanced
    assert next(alert.state for alert in Run(result.folder).alerts()) == "opened"
    assert counts.alerts == len(list(Run(result.folder).alerts()))


def test_few_shares_raise_nothing(tmp_path):
    assert replay(write(tmp_path, cascade(4)), tmp_path / "run").manifest.counts.alerts == 0


def test_the_same_input_and_settings_give_the_same_bytes(tmp_path):
    source = write(tmp_path, cascade(80))
    one, other = replay(source, tmp_path / "a"), replay(source, tmp_path / "b")
    assert stable(one.folder) == stable(other.folder)


def test_where_a_file_lies_is_no_part_of_the_result(tmp_path):
    (tmp_path / "x").mkdir()
    one = replay(write(tmp_path, cascade(80)), tmp_path / "a")
    other = replay(write(tmp_path / "x", cascade(80)), tmp_path / "b")
    assert stable(one.folder) == stable(other.folder)


def test_other_settings_give_another_digest_and_other_alerts(tmp_path):
    source = write(tmp_path, cascade(80))
    eager = load(environ={}, overrides=["embedder.runtime=hashing", "growth.target_size=5"])
    one, other = replay(source, tmp_path / "a"), replay(source, tmp_path / "b", eager)
    assert one.manifest.settings_digest != other.manifest.settings_digest
    assert other.manifest.settings["growth.target_size"] == 5
    assert stable(one.folder)["alerts.jsonl"] != stable(other.folder)["alerts.jsonl"]


def test_the_manifest_says_what_made_the_run_and_not_where(tmp_path):
    source = write(tmp_path, cascade(3))
    manifest = replay(source, tmp_path / "run", at_most=2).manifest
    assert manifest.complete
    assert manifest.input.name == "day.jsonl"
    assert manifest.input.sha256 == sha256_of(source)
    assert manifest.input.bytes == Path(source).stat().st_size
    assert (manifest.at_most, manifest.counts.received) == (2, 2)
    assert manifest.model_revision.startswith("hashing")
    assert manifest.key_id == "demo"
    assert manifest.schema_versions["Alert"] == 1
    assert not any(name.startswith(("key.", "replay.", "embedder.cache")) for name in manifest.settings)
    assert str(tmp_path) not in (tmp_path / "run" / "manifest.json").read_text()


def test_timings_say_what_varies(tmp_path):
    result = replay(write(tmp_path, cascade(3)), tmp_path / "run")
    timings = json.loads((result.folder / "timings.json").read_bytes())
    assert timings["source"] == str(tmp_path / "day.jsonl")
    assert timings["wall_seconds"] >= 0
    assert timings["started_at"].endswith("+00:00")


# lines      0 1 2 | 3 4 5 | 6      batches of three, the last one short, then the end
def test_events_are_fed_in_batches_in_the_order_of_the_source(tmp_path):
    engine, driver, outputs = drive(tmp_path, [event(n) for n in range(7)], batch=3)
    assert engine.batches == [[0, 1, 2], [3, 4, 5], [6], []]
    assert len(outputs) == 4
    assert driver.counts().received == 7


# lines      0 1 X 3 | 4     X cannot be handed over: what came before it is fed first
def test_what_the_source_refuses_keeps_its_place_between_the_batches(tmp_path):
    lines = [event(0), event(1), b"x" * 2_000_000, event(3), event(4)]
    engine, driver, outputs = drive(tmp_path, lines, batch=10)
    assert engine.batches == [[0, 1], [3, 4], []]
    assert [one.reason for one in outputs[1].rejections] == ["too_large"]
    counts = driver.counts()
    assert (counts.received, counts.applied, counts.rejected) == (5, 4, 1)
    assert counts.balanced


@pytest.mark.parametrize(
    ("at_most", "fed"), [(0, []), (1, [[0]]), (4, [[0, 1, 2], [3]]), (5, [[0, 1, 2], [3, 4]]), (9, [[0, 1, 2], [3, 4]])]
)
def test_at_most_so_many_events_are_read(tmp_path, at_most, fed):
    engine, _, _ = drive(tmp_path, [event(n) for n in range(5)], batch=3, at_most=at_most)
    assert engine.batches == [*fed, []]


def test_progress_is_told_after_each_batch(tmp_path):
    witness = Witness()
    source = write(tmp_path, cascade(80))
    small = load(environ={}, overrides=["embedder.runtime=hashing", "replay.batch_events=30"])
    replay(source, tmp_path / "run", small, observer=witness)
    assert [now.events for now in witness.steps] == [30, 60, 80, 80]
    last = witness.steps[-1]
    assert last.done == last.total == Path(source).stat().st_size
    assert last.alerts == len(witness.alerts) > 0
    assert last.event_time > witness.steps[0].event_time


def interrupt() -> None:
    raise KeyboardInterrupt


def test_an_interrupted_run_leaves_a_folder_that_says_so(tmp_path):
    # batches  0 1 2 | 3 4 5 | 6 7 ... Ctrl-C in the third
    source = write(tmp_path, [event(n) for n in range(20)])
    small = load(environ={}, overrides=["replay.batch_events=3"])
    result = replay(source, tmp_path / "run", small, factory=stand_in(Recorder(2, interrupt)))
    assert result.folder == partial(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    manifest = Run(result.folder).manifest
    assert not manifest.complete
    assert manifest.input.sha256 is None
    assert (manifest.counts.received, manifest.counts.applied) == (6, 6)
    assert manifest.counts.balanced


def interrupted_while_writing(monkeypatch) -> None:
    """Send Ctrl-C to this process right after a batch with alerts is in the folder, and before it is counted."""
    add = RunWriter.add

    def add_and_interrupt(writer, alerts, *others) -> None:
        add(writer, alerts, *others)
        if alerts:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(RunWriter, "add", add_and_interrupt)


# batches  ... | written, Ctrl-C, counted | ...
def test_an_interrupt_between_writing_and_counting_a_batch_loses_no_count(tmp_path, monkeypatch):
    interrupted_while_writing(monkeypatch)
    small = load(environ={}, overrides=["embedder.runtime=hashing", "replay.batch_events=10"])
    result = replay(write(tmp_path, cascade(80)), tmp_path / "run", small)
    run = Run(result.folder)
    assert not run.manifest.complete
    counts = run.manifest.counts
    assert counts.alerts == len(list(run.alerts())) > 0
    assert counts.received < 80
    assert counts.balanced


def test_an_interrupt_while_the_folder_is_completed_takes_effect_afterwards(tmp_path, monkeypatch):
    end = RunWriter.end

    def interrupt_and_end(writer, *about) -> Path:
        signal.raise_signal(signal.SIGINT)
        return end(writer, *about)

    monkeypatch.setattr(RunWriter, "end", interrupt_and_end)
    with pytest.raises(KeyboardInterrupt):
        replay(write(tmp_path, cascade(80)), tmp_path / "run")
    run = Run(tmp_path / "run")
    assert run.manifest.complete
    assert run.manifest.counts.alerts == len(list(run.alerts())) > 0


def fail() -> None:
    raise RuntimeError("a defect")


def test_a_defect_is_raised_and_leaves_what_was_done(tmp_path):
    source = write(tmp_path, [event(n) for n in range(20)])
    with pytest.raises(RuntimeError, match="a defect"):
        replay(source, tmp_path / "run", factory=stand_in(Recorder(0, fail)))
    assert not Run(partial(tmp_path / "run")).manifest.complete


def test_garbage_is_collected_as_before_once_a_replay_has_ended(tmp_path):
    usual = gc.get_threshold()
    seen = []
    source = write(tmp_path, [event(n) for n in range(3)])
    replay(source, tmp_path / "run", factory=stand_in(Recorder(0, lambda: seen.append(gc.get_threshold()[0]))))
    with pytest.raises(RuntimeError, match="a defect"):
        replay(source, tmp_path / "other", factory=stand_in(Recorder(0, fail)))
    assert seen == [100_000]
    assert gc.get_threshold() == usual


def test_a_source_that_cannot_be_read_leaves_no_folder(tmp_path):
    with pytest.raises(SourceError, match="cannot read"):
        replay(str(tmp_path / "none"), tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_taken_is_refused_before_anything_is_loaded(tmp_path):
    source = write(tmp_path, cascade(3))
    replay(source, tmp_path / "run")
    with pytest.raises(RunFolderError, match="already exists; pass --overwrite"):
        replay(source, tmp_path / "run", factory=lambda *_: fail())


def test_a_model_that_does_not_load_is_the_users_to_put_right(tmp_path):
    wrong = load(environ={}, overrides=[f"embedder.model={tmp_path / 'nothing'}"])
    with pytest.raises(build.ModelMissingError, match=r"cannot load the model: .*hearsay doctor"):
        replay(write(tmp_path, cascade(3)), tmp_path / "run", wrong)


def test_standard_input_is_replayed_with_its_digest(tmp_path, monkeypatch):
    class Pipe:
        buffer = io.BufferedReader(io.BytesIO(stream(cascade(80))))

    monkeypatch.setattr("sys.stdin", Pipe)
    result = replay("-", tmp_path / "run")
    file = replay(write(tmp_path, cascade(80)), tmp_path / "other")
    assert result.manifest.input.sha256 == file.manifest.input.sha256
    assert result.manifest.input.bytes == file.manifest.input.bytes
    assert result.timings.source == "-"
    assert stable(result.folder)["alerts.jsonl"] == stable(file.folder)["alerts.jsonl"]


def test_the_format_of_the_file_changes_no_alert(tmp_path):
    events = cascade(80, start=START)
    plain = replay(write(tmp_path, events), tmp_path / "a")
    packed = tmp_path / "day.jsonl.gz"
    packed.write_bytes(gzip.compress(stream(events)))
    assert stable(replay(str(packed), tmp_path / "b").folder)["alerts.jsonl"] == stable(plain.folder)["alerts.jsonl"]


def test_a_file_whose_name_is_no_utf8_is_replayed(tmp_path):
    source = write(tmp_path, [*cascade(80), b"{"], os.fsdecode(b"day-\xff.jsonl"))
    result = replay(source, tmp_path / "run")
    assert result.manifest.input.name == r"day-\udcff.jsonl"
    assert result.timings.source == "-"
    assert result.manifest.counts.balanced
