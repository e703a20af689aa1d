"""The baseline does what the product does, slowly: else beating it would mean nothing."""

import json

import networkx as nx
import numpy as np
import pytest

from detectors.similarity.embedding import HashingEmbedder
from streams.devtools.simulator import SimulatorConfig, simulate
from tests.benchmarks.metrics.scores import b_cubed
from tests.benchmarks.speed.naive import Naive, shape

HASHING = HashingEmbedder()


def encode(text: str) -> np.ndarray:
    return HASHING.embed([text])[0]


def line(name: str, text: str, time: int = 0, kind: str = "post", **fields: object) -> bytes:
    return json.dumps(
        {"event_id": name, "message_id": name, "kind": kind, "created_at": time, "text": text, **fields}
    ).encode()


def test_equal_texts_share_a_cluster_and_others_do_not() -> None:
    naive = Naive(0.8, encode)
    for name, text in (
        ("a", "the dam above the town broke"),
        ("b", "who has my umbrella"),
        ("c", "the dam above the town broke!"),
    ):
        naive.apply(line(name, text))
    assert naive.clusters == {"a": "a", "b": "b", "c": "a"}


def test_a_repost_without_text_follows_its_link_and_a_reply_its_words() -> None:
    naive = Naive(0.8, encode)
    naive.apply(line("a", "the dam above the town broke"))
    naive.apply(line("b", "", kind="forward", root_ref="a"))
    naive.apply(line("c", "where did you read that", kind="reply", parent_ref="a"))
    naive.apply(line("d", "", kind="forward", root_ref="unseen"))
    assert naive.clusters == {"a": "a", "b": "a", "c": "c", "d": "d"}


def test_what_is_no_share_is_passed_over_and_what_is_no_event_is_counted() -> None:
    naive = Naive(0.8, encode)
    for raw in (
        line("a", "x", kind="delete"),
        b"{",
        b"[]",
        b'{"kind":"post"}',
        line("b", "hello there"),
        line("b", "hello there"),
    ):
        naive.apply(raw)
    assert naive.clusters == {"b": "b"}
    assert naive.refused == 3


def test_the_window_alerts_once_it_is_full() -> None:
    naive = Naive(0.8, encode, alert_at=3, window_ms=100)
    # 0        60   100  159        shares; the window is the last 100 ms
    for i, time in enumerate((0, 60, 100, 159)):
        naive.apply(line(str(i), "the dam above the town broke", time))
    assert naive.alerts == [("0", 159)]


def test_remembering_saves_calls_and_changes_nothing() -> None:
    calls: list[str] = []

    def counted(text: str) -> np.ndarray:
        calls.append(text)
        return encode(text)

    lines = list(simulate(SimulatorConfig(seed=4, events=150)).lines())
    plain, remembering = Naive(0.9, counted), Naive(0.9, counted, remember=True)
    for raw in lines:
        plain.apply(raw)
    without = len(calls)
    calls.clear()
    for raw in lines:
        remembering.apply(raw)
    assert len(calls) < without
    assert remembering.clusters == plain.clusters
    assert remembering.shapes == plain.shapes


def test_the_shape_of_a_path_and_of_a_star() -> None:
    assert shape(nx.path_graph(4, create_using=nx.DiGraph)) == (3, 1, pytest.approx(10 / 6))
    star = nx.DiGraph([(0, i) for i in range(1, 5)])
    assert shape(star) == (1, 4, pytest.approx((4 * 1 + 6 * 2) / 10))
    apart = nx.DiGraph([(0, 1), (1, 2)])
    apart.add_node(9)
    assert shape(apart) == (2, 2, pytest.approx(4 / 3))


def test_it_finds_the_clusters_of_a_simulated_stream() -> None:
    simulation = simulate(SimulatorConfig(seed=4, events=300))
    naive = Naive(0.9, encode)
    for raw in simulation.lines():
        naive.apply(raw)
    truth = simulation.truth.clusters()
    names = sorted(naive.clusters)
    score = b_cubed([truth[name] for name in names], [naive.clusters[name] for name in names])
    assert score.precision > 0.6  # a cosine does not know that "ok" is no rumour
    assert score.recall > 0.8
