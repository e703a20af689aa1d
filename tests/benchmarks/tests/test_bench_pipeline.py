"""The benchmark runs and its figures are what they are called; how large they are is nobody's business here."""

from detectors.similarity.embedding import HashingEmbedder
from streams.devtools.simulator import SAMPLE, simulate
from tests.benchmarks.speed.naive import Naive
from tests.benchmarks.speed.pipeline import Counting, Staged, batches, echoes, main, measure, quality, run_pipeline


def test_every_figure_has_a_name_of_its_own_and_the_stages_add_up(capsys, tmp_path) -> None:
    main(
        [
            "--events",
            "300",
            "--seed",
            "5",
            "--cap",
            "60",
            "--cached",
            "--runtime",
            "hashing",
            "--json",
            str(tmp_path / "f"),
        ]
    )
    printed = capsys.readouterr().out.splitlines()
    names = [line.split()[0] for line in printed]
    assert len(set(names)) == len(names)
    assert {f"pipeline.stage.{stage}" for stage in ("intake", "order", "embed", "cluster", "cascade", "alert")} <= set(
        names
    )
    assert {"ratio.naive.same_prefix", "ratio.naive_cached.same_prefix", "pipeline.known_text.p50"} <= set(names)
    assert (tmp_path / "f").read_text().count('"name"') == len(names)


def test_known_texts_never_ask_the_model() -> None:
    figures = {f.name: f.value for f in measure(300, 5, 0.01, cached=False, embedder=HashingEmbedder())}
    assert figures["pipeline.known_text.asked_the_model"] == 0
    assert figures["naive.prefix"] >= 1


def test_stages_driven_one_by_one_decide_as_the_pipeline_does() -> None:
    simulation = simulate(SAMPLE)
    lines = list(simulation.lines())
    _, pipeline, alerts = run_pipeline(lines, HashingEmbedder())
    staged = Staged(HashingEmbedder())
    staged.run(batches(lines))
    assert alerts == staged.alerts > 0
    assert staged.pipeline.counts.duplicates == pipeline.counts.duplicates
    assert all(seconds >= 0 for seconds in staged.clock.seconds.values())
    assert pipeline.counts.balanced


def test_quality_counts_the_messages_of_the_prefix_and_no_others() -> None:
    simulation = simulate(SAMPLE)
    truth = simulation.truth.clusters()
    asked = set()

    def perfect(event_id: str, platform: str) -> str:
        asked.add(event_id)
        return truth[event_id]

    score = quality(simulation, 100, perfect)
    assert (score.precision, score.recall) == (1.0, 1.0)
    first = {event.event_id for event in simulation.events[:100]}
    assert asked <= first
    assert quality(simulation, 100, lambda event_id, platform: None).precision == 1.0
    assert quality(simulation, 100, lambda event_id, platform: "one").recall == 1.0


def test_echoes_come_after_the_stream_in_order_and_with_names_of_their_own() -> None:
    simulation = simulate(SAMPLE)
    lines = echoes(simulation, 50)
    assert len({line.split(b'"event_id":"')[1].split(b'"')[0] for line in lines}) == 50
    times = [int(line.split(b'"created_at":')[1].split(b",")[0]) for line in lines]
    assert times == sorted(times)
    assert min(times) > SAMPLE.end_ms


def test_an_embedder_keeps_account() -> None:
    counting = Counting(HashingEmbedder())
    assert counting.embed(["a", "b"]).shape == (2, counting.dimension)
    assert counting.texts == 2
    assert counting.seconds >= 0


def test_the_naive_composition_stops_when_its_time_is_spent() -> None:
    figures = {f.name: f.value for f in measure(300, 5, 0.0, cached=False, embedder=HashingEmbedder())}
    assert figures["naive.prefix"] == 1
    assert Naive(0.5, lambda text: HashingEmbedder().embed([text])[0]).clusters == {}
