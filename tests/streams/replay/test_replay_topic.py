"""A topic's range through a replay: what went to a real broker gives the alerts of the file it came from."""

import json

import pytest
from typer.testing import CliRunner

from streams.cli.main import main
from streams.runs.analyses.compare import compare
from streams.runs.folder import Run
from tests.streams.kafka.deployment import Deployment
from tests.streams.live.events import sample

HASHING = ("--set", "embedder.runtime=hashing", "--set", "growth.target_size=10")

pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def published(broker, tmp_path_factory):
    """2,500 events of the sample, in a file and on a topic of four partitions."""
    folder = tmp_path_factory.mktemp("topic")
    deployment = Deployment(broker.bootstrap, kafka__source_partitions=4)
    lines, _ = sample(seed=3, count=2_500)
    (folder / "day.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    assert deployment.call("publish", folder / "day.jsonl").exit_code == 0
    return deployment, folder


def replay(published, name, *words):
    deployment, folder = published
    done = deployment.call("replay", *words, "--out", folder / name, "--json", *HASHING)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout), Run(folder / name)


def test_published_replayed_and_compared_there_is_no_difference(published):
    _, folder = published
    _, from_file = replay(published, "from-file", folder / "day.jsonl")
    said, from_topic = replay(published, "from-topic", "--topic", "forwards")
    found = compare(from_file, from_topic)
    assert found.a.alerts > 10
    assert found.empty
    assert found.identical
    assert not found.same_input  # one is a file and one a topic: the digests are of different things
    assert said["manifest"]["input"]["format"] == "topic"
    assert said["manifest"]["counts"]["received"] == 2_500


def test_a_run_of_a_topic_is_explained_and_made_again_from_the_offsets_that_it_read(published):
    #  read 0..300 of each partition | more is published | the same records again
    deployment, folder = published
    _, run = replay(published, "range", "--topic", "forwards", "--from", "0", "--to", "300")
    _, again = replay(published, "range-again", folder / "range")
    assert again.manifest == run.manifest
    alert = next(iter(run.alerts()))
    kafka = {f"HEARSAY_{name.upper().replace('.', '__')}": value for name, value in deployment.values.items()}
    done = CliRunner().invoke(main, ["explain", str(run.path), "--alert", alert.alert_id], env=kafka)
    assert "The replay reproduced this alert byte for byte." in done.stdout, done.output


def test_a_range_that_the_topic_no_longer_has_is_refused(published):
    deployment, folder = published
    _, run = replay(published, "kept", "--topic", "forwards", "--to", "300")
    other = Deployment(deployment.kafka.bootstrap, kafka__source_partitions=4)
    done = other.call("replay", run.path, "--out", folder / "gone", *HASHING)
    assert done.exit_code == 2
    assert "no longer has the input of the run, 0:0,1:0,2:0,3:0 to" in done.stderr


def test_the_same_range_has_the_same_digest_and_the_same_bytes(published):
    runs = [replay(published, f"again-{n}", "--topic", "forwards", "--from", "0", "--to", "200")[1] for n in range(2)]
    first, second = ((run.path / "alerts.jsonl").read_bytes() for run in runs)
    assert first == second
    assert runs[0].manifest == runs[1].manifest
    assert runs[0].manifest.input.sha256 is not None
    assert runs[0].manifest.counts.received == 4 * 200


def test_rejections_name_the_place_in_the_topic(published):
    _, run = replay(published, "places", "--topic", "forwards")
    places = [one.position for one in run.rejections()]
    assert {place.source for place in places} == {"forwards"}
    assert {place.partition for place in places} <= set(range(4))
    assert len({(place.partition, place.offset) for place in places}) == len(places)


def test_a_topic_that_is_not_there_and_an_empty_range_are_one_line_and_code_2(broker, published):
    nowhere = Deployment(broker.bootstrap, create=False)
    gone = nowhere.call("replay", "--topic", "forwards", *HASHING)
    assert gone.exit_code == 2
    assert "does not exist; run `hearsay topics`" in gone.stderr
    deployment, _ = published
    empty = deployment.call("replay", "--topic", "forwards", "--from", "end", *HASHING)
    assert empty.exit_code == 2
    assert "has no record from" in empty.stderr
