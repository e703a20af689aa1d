"""Where a replay's events come from: several files as one stream, a run's input again, and what cannot be read."""

import json

import pytest
from typer.testing import CliRunner

from streams.cli.main import main
from streams.errors import UserError
from streams.recordings.base import EndOfPartition, PartitionsAssigned, SourceError, UnreadableRecord
from streams.recordings.open import FilesSpec, OffsetsSpec
from streams.replay import replay as replays
from streams.runs.folder import Run
from streams.runs.input import find_input, parse_source
from streams.settings.load import load
from tests.streams.recordings.recorded_events import START, cascade, event, stream

EFFECTIVE = load(environ={}, overrides=["embedder.runtime=hashing", "growth.target_size=10"])
KAFKA = EFFECTIVE.settings.kafka
MAX = 1_000_000

AT_ONCE = ("--set", "kafka.request_timeout=1ms")  # a refused connection is not tried again


def write(folder, name, events):
    (folder / name).write_bytes(stream(events))
    return str(folder / name)


def alerts_of(origin, out):
    result = replays.replay(origin, out, EFFECTIVE.settings, EFFECTIVE.key)
    return (out / "alerts.jsonl").read_bytes(), result.manifest


@pytest.mark.parametrize("cut", ["in turns", "by time", "one in ten"])
def test_a_stream_in_several_files_gives_the_alerts_of_the_whole(tmp_path, cut):
    #   whole   1 2 3 4 5 6     in turns  1 3 5 | 2 4 6     by time  1 2 3 | 4 5 6
    events = cascade(80)
    first = {"in turns": events[::2], "by time": events[:40], "one in ten": events[::10]}[cut]
    rest = [one for one in events if one not in first]
    parts = [write(tmp_path, "a.jsonl", first), write(tmp_path, "b.jsonl", rest)]
    whole, _ = alerts_of(write(tmp_path, "whole.jsonl", events), tmp_path / "whole")
    merged, manifest = alerts_of(parse_source(parts, KAFKA), tmp_path / "merged")
    assert merged == whole
    assert merged
    assert (manifest.counts.applied, manifest.counts.late) == (80, 0)
    assert (manifest.input.name, manifest.input.format) == ("a.jsonl, b.jsonl", "files")


def test_each_file_is_a_partition_with_its_own_end(tmp_path):
    paths = [write(tmp_path, "a.jsonl", [event(3), event(1)]), write(tmp_path, "b.jsonl", [event(2)])]
    feed = FilesSpec(tuple(paths)).open(MAX)
    items = list(feed)
    assert items[0] == PartitionsAssigned((0, 1))
    events = [item for item in items if isinstance(item, tuple)]
    #   a: 3 then 1, which cannot come before 3; b: 2
    assert [(json.loads(raw)["event_id"], at.partition, at.offset) for raw, at, _ in events] == [
        ("event-2", 1, 0), ("event-3", 0, 0), ("event-1", 0, 1),
    ]  # fmt: skip
    assert [item for item in items if isinstance(item, EndOfPartition)] == [EndOfPartition(1), EndOfPartition(0)]
    assert feed.done == feed.total
    feed.close()


def test_what_a_file_could_not_hand_over_keeps_its_place(tmp_path):
    long = event(1, text="x" * 5_000)
    paths = [write(tmp_path, "a.jsonl", [event(0)]), write(tmp_path, "b.jsonl", [long])]
    feed = FilesSpec(tuple(paths)).open(1_000)
    (refused,) = [item for item in feed if isinstance(item, UnreadableRecord)]
    feed.close()
    assert (refused.position.source, refused.position.partition) == ("b.jsonl", 1)


def test_the_digest_of_several_files_is_that_of_their_contents(tmp_path):
    digests = set()
    for text in ("one", "one", "two"):
        paths = [write(tmp_path, "a.jsonl", [event(0)]), write(tmp_path, "b.jsonl", [event(1, text=text)])]
        feed = FilesSpec(tuple(paths)).open(MAX)
        digests.add(feed.sha256())
        feed.close()
    assert len(digests) == 2


def test_the_first_events_of_several_files_are_counted_without_their_marks(tmp_path):
    paths = [write(tmp_path, name, cascade(10, start=START + n)) for n, name in enumerate(("a.jsonl", "b.jsonl"))]
    result = replays.replay(parse_source(paths, KAFKA), tmp_path / "run", EFFECTIVE.settings, EFFECTIVE.key, at_most=7)
    assert result.manifest.counts.received == 7


@pytest.mark.parametrize(
    ("paths", "word"),
    [(("a.jsonl", "-"), "standard input"), (("a.jsonl", "a.jsonl"), "twice"), (("a.jsonl", "b"), "No such")],
)
def test_several_sources_that_cannot_be_one_stream_are_refused(tmp_path, monkeypatch, paths, word):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "a.jsonl", [event(0)])
    with pytest.raises((UserError, SourceError), match=word):
        parse_source(paths, KAFKA).open(MAX)


# --- a run again ------------------------------------------------------------------------------------------------------


def test_a_run_folder_stands_for_its_input(tmp_path):
    source = write(tmp_path, "day.jsonl", cascade(40))
    first, _ = alerts_of(source, tmp_path / "first")
    again, manifest = alerts_of(parse_source([str(tmp_path / "first")], KAFKA), tmp_path / "again")
    assert again == first
    assert manifest.input.name == "day.jsonl"


def test_a_run_of_several_files_is_read_again_from_them_in_their_order(tmp_path):
    events = cascade(40)
    paths = [write(tmp_path, "a.jsonl", events[::2]), write(tmp_path, "b.jsonl", events[1::2])]
    first, _ = alerts_of(parse_source(paths, KAFKA), tmp_path / "first")
    run = Run(tmp_path / "first")
    again, _ = alerts_of(find_input(run, paths, KAFKA), tmp_path / "again")
    assert (again, Run(tmp_path / "again").manifest) == (first, run.manifest)
    with pytest.raises(UserError, match="has no path of its input"):
        parse_source([str(tmp_path / "first")], KAFKA)
    with pytest.raises(UserError, match="is not the input of the run"):
        find_input(run, paths[::-1], KAFKA)
    with pytest.raises(UserError, match="pass the run alone"):
        parse_source([*paths, str(topic_run(tmp_path))], KAFKA)


def topic_run(folder):
    """A run folder that says it was made from a topic."""
    source = write(folder, "day.jsonl", cascade(40))
    alerts_of(source, folder / "of-a-topic")
    manifest = folder / "of-a-topic" / "manifest.json"
    said = json.loads(manifest.read_text())
    said["input"] |= {"name": "forwards 0:3,1:0 to 0:9,1:7", "format": "topic"}
    manifest.write_text(json.dumps(said))
    return folder / "of-a-topic"


def test_a_run_of_a_topic_is_read_again_by_its_offsets(tmp_path):
    origin = parse_source([str(topic_run(tmp_path))], KAFKA)
    assert isinstance(origin, OffsetsSpec)
    assert (origin.topic, origin.starts, origin.ends) == ("forwards", {0: 3, 1: 0}, {0: 9, 1: 7})


def test_a_run_whose_input_has_changed_or_is_gone_is_refused(tmp_path):
    source = write(tmp_path, "day.jsonl", cascade(40))
    alerts_of(source, tmp_path / "run")
    write(tmp_path, "day.jsonl", cascade(41))
    with pytest.raises(UserError, match="is not the input of the run"):
        parse_source([str(tmp_path / "run")], KAFKA)
    (tmp_path / "day.jsonl").unlink()
    with pytest.raises(SourceError, match="No such file"):
        parse_source([str(tmp_path / "run")], KAFKA)


def test_an_interrupted_run_does_not_know_its_input(tmp_path):
    source = write(tmp_path, "day.jsonl", cascade(40))
    _, _ = alerts_of(source, tmp_path / "run")
    manifest = tmp_path / "run" / "manifest.json"
    manifest.write_text(manifest.read_text().replace(json.loads(manifest.read_text())["input"]["sha256"], ""))
    manifest.write_text(manifest.read_text().replace('"sha256": ""', '"sha256": null'))
    with pytest.raises(UserError, match="was interrupted and has no digest"):
        parse_source([str(tmp_path / "run")], KAFKA)


# --- the command ------------------------------------------------------------------------------------------------------


def hearsay(*words):
    return CliRunner().invoke(main, ["replay", *map(str, words), "--set", "embedder.runtime=hashing"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "no source given; name a file, or pass --topic forwards"),
        (("day.jsonl", "--topic", "forwards"), "both files and --topic given"),
        (("day.jsonl", "--from", "2026-01-01"), "--from and --to apply to a topic"),
        (("--topic", "alerts"), "cannot replay the topic 'alerts'; pass --topic forwards"),
        (("--topic", "forwards", "--from", "yesterday"), "invalid --from"),
        (("--topic", "forwards", "--set", "kafka.bootstrap=127.0.0.1:1", *AT_ONCE), "127.0.0.1:1"),
    ],
)
def test_what_is_asked_wrongly_is_one_line_and_code_2(words, told):
    said = hearsay(*words)
    assert said.exit_code == 2
    (line,) = [line for line in said.stderr.splitlines() if line.startswith("error: ")]
    assert told in line


def test_a_machine_gets_one_object(tmp_path):
    source = write(tmp_path, "day.jsonl", cascade(40))
    said = json.loads(hearsay(source, "--out", tmp_path / "run", "--json").stdout)
    assert said["folder"] == str(tmp_path / "run")
    assert said["manifest"]["counts"]["received"] == 40
    assert said["timings"]["events_per_second"] > 0
