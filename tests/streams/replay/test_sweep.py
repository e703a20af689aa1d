"""Several settings over one stream: each run is what a replay of its own would write, and the model is asked once."""

import json
import signal

import pytest
from typer.testing import CliRunner

from streams.cli.main import main
from streams.errors import UserError
from streams.recordings.open import FileSpec, FilesSpec
from streams.replay import replay as replays
from streams.replay import sweep as sweeps
from streams.replay.build import load_embedder
from streams.replay.sweep import sweep, sweep_points
from streams.runs.folder import Run, RunWriter
from streams.settings.load import load
from tests.streams.recordings.recorded_events import START, cascade, event, stream

BASE = ["embedder.runtime=hashing"]


def settings_of(*overrides):
    return load(environ={}, overrides=[*BASE, *overrides])


def write(folder, events, name="day.jsonl"):
    (folder / name).write_bytes(stream(events))
    return str(folder / name)


def stable(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "timings.json"}


def events():
    other = [
        {**one, "event_id": f"o{n}", "text": one["text"] + f" says number {n % 5}"} for n, one in enumerate(cascade(30))
    ]
    return sorted(
        [*cascade(60), *other, b"{broken", event(7)], key=lambda one: 0 if isinstance(one, bytes) else one["created_at"]
    )


def test_every_combination_is_a_variant_in_the_order_given():
    made = sweep_points(["growth.target_size=25,50", "growth.detector=L,rate"])
    assert [one.name for one in made] == [
        "growth.target_size=25,growth.detector=L", "growth.target_size=25,growth.detector=rate",
        "growth.target_size=50,growth.detector=L", "growth.target_size=50,growth.detector=rate",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("vary", "told"),
    [
        (["growth.target_size"], "cannot read --vary 'growth.target_size': expected name=value,value,..."),
        ([], "at least one setting to vary; try --vary growth.target_size=25,50,100"),
        (["growth.target_size="], "name=value,value"),
        (["order.max_out_of_orderness=1m,2m"], "all runs share the reading and embedding"),
        (["embedder.runtime=onnx,hashing"], "all runs share the reading and embedding"),
        (["growth.target_size=" + ",".join(map(str, range(1, 66)))], "at most 64 combinations, not 65"),
    ],
)
def test_what_cannot_be_swept_is_refused(vary, told):
    with pytest.raises(UserError, match=told):
        sweep_points(vary)


@pytest.mark.parametrize("parts", [1, 2])
def test_each_run_is_what_a_replay_of_its_own_writes(tmp_path, parts):
    paths = [write(tmp_path, events()[n::parts], f"{n}.jsonl") for n in range(parts)]
    origin = FileSpec(paths[0]) if parts == 1 else FilesSpec(tuple(paths))
    chosen = sweep_points(["growth.target_size=10,40", "clustering.embedding_threshold=0.8,0.95"])
    settings = [(one.name, settings_of(*one.overrides).settings) for one in chosen]
    results = sweep(origin, tmp_path / "sweep", settings, settings_of().key)
    assert [result.folder.name for result in results] == [one.name for one in chosen]
    for (name, one), result in zip(settings, results, strict=True):
        alone = replays.replay(origin, tmp_path / "alone" / name, one, settings_of().key)
        assert stable(result.folder) == stable(alone.folder)
    assert len({(result.folder / "alerts.jsonl").read_bytes() for result in results}) > 1


def test_the_model_is_asked_once_for_each_text(tmp_path, monkeypatch):
    asked = []
    model = load_embedder(settings_of().settings)

    class Counting:
        dimension, revision = model.dimension, model.revision

        def embed(self, texts):
            asked.extend(texts)
            return model.embed(texts)

    monkeypatch.setattr(sweeps, "load_embedder", lambda _: Counting())
    source = FileSpec(write(tmp_path, events()))
    settings = [(f"v{n}", settings_of(f"growth.target_size={n}", "harm.suggest=false").settings) for n in (10, 20, 30)]
    sweep(source, tmp_path / "sweep", settings, settings_of().key)
    assert asked
    assert len(asked) == len(set(asked))


# batches  ... | first run written, Ctrl-C, second run written, both counted | ...
def test_an_interrupt_between_two_runs_leaves_both_with_the_same_events(tmp_path, monkeypatch):
    add = RunWriter.add

    def add_and_interrupt(writer, alerts, *others) -> None:
        add(writer, alerts, *others)
        if alerts:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(RunWriter, "add", add_and_interrupt)
    settings = [(f"v{n}", settings_of(f"growth.target_size={n}", "replay.batch_events=10").settings) for n in (10, 40)]
    source = FileSpec(write(tmp_path, events()))
    counts = [
        (run.manifest.counts, len(list(run.alerts())))
        for run in (Run(result.folder) for result in sweep(source, tmp_path / "sweep", settings, settings_of().key))
    ]
    assert len({one.received for one, _ in counts}) == 1
    assert counts[0][0].received < len(events())
    assert [one.alerts for one, _ in counts] == [alerts for _, alerts in counts]
    assert counts[0][1]


def said(*words):
    return CliRunner().invoke(main, ["sweep", *map(str, words), "--set", BASE[0]], env={"COLUMNS": "160"})


def test_the_command_compares_each_with_the_first(tmp_path):
    source = write(tmp_path, events())
    told = said(source, "--vary", "growth.target_size=10,200", "--out", tmp_path / "runs")
    assert told.exit_code == 0, told.output
    rows = [line.split("\t") for line in told.stdout.splitlines()]
    assert rows[0][:4] == ["target_size", "opened", "a day", "rumours"]
    assert [row[0] for row in rows[1:]] == ["10", "200"]
    assert f"runs: {tmp_path / 'runs'}" in told.stderr
    as_json = said(source, "--vary", "growth.target_size=10,200", "--out", tmp_path / "again", "--json")
    first, second = map(json.loads, as_json.stdout.splitlines())
    assert first["identical"]
    assert len(second["lost"]) + len(second["later"]) > 0


def test_a_wrong_setting_is_named_with_the_nearest_before_anything_is_read(tmp_path):
    source = write(tmp_path, cascade(5, start=START))
    told = said(source, "--vary", "growth.target_sise=1,2", "--out", tmp_path / "runs")
    assert told.exit_code == 2
    assert "did you mean growth.target_size" in told.stderr
    assert not (tmp_path / "runs").exists()
