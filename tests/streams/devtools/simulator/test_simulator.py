"""The simulated stream keeps what its truth promises."""

import gzip
import hashlib
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.base import encode
from schemas.event import ForwardEvent, Kind, ParentEvidence
from schemas.sighting import SPREADING
from streams.devtools.simulator import (
    SAMPLE,
    CascadeKind,
    Disorder,
    Mix,
    Mutations,
    SeenOutcome,
    Simulation,
    SimulatorConfig,
    raw_identifiers,
    read_truth,
    simulate,
    write_simulation,
)
from streams.devtools.simulator.cascades import sharer_of
from streams.devtools.simulator.clock import CONSTANT_S, Day, reaction_seconds
from streams.devtools.simulator.draw import Draw, WeightedRoundRobin
from streams.devtools.simulator.shapes import Branching, branching, burst, copies, star, trickle

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
SHARES = (Kind.POST, Kind.FORWARD, Kind.QUOTE)
SMALL = SimulatorConfig(seed=3, events=400)


@pytest.fixture(scope="module")
def sample() -> Simulation:
    return simulate(SAMPLE)


def distinct(simulation: Simulation) -> dict[str, ForwardEvent]:
    return {event.event_id: event for event in simulation.events}


def draws(seed: int = 1) -> Draw:
    return Draw(np.random.default_rng(seed))


# --- The stream as a whole ---------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    once, again = b"\n".join(simulate(SMALL).lines()), b"\n".join(simulate(SMALL).lines())
    assert once == again
    assert once != b"\n".join(simulate(msgspec.structs.replace(SMALL, seed=4)).lines())


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_the_hash_seed_of_the_process_does_not_matter(hash_seed: str) -> None:
    code = (
        "import hashlib; from streams.devtools.simulator import simulate, SimulatorConfig; "
        "print(hashlib.sha256(b'\\n'.join(simulate(SimulatorConfig(seed=3, events=400)).lines())).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    printed = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=True, text=True, cwd=EXAMPLES.parent
    ).stdout
    assert printed.strip() == hashlib.sha256(b"\n".join(simulate(SMALL).lines())).hexdigest()


@pytest.mark.parametrize("events", [1, 2, 50, 777])
def test_a_stream_has_exactly_as_many_events_as_were_asked_for(events: int) -> None:
    simulation = simulate(SimulatorConfig(seed=5, events=events))
    assert len(simulation.events) == len(simulation.truth.events) == events
    assert {event.event_id for event in simulation.events} == {truth.event_id for truth in simulation.truth.events}


def test_a_stream_can_be_asked_for_by_clusters() -> None:
    truth = simulate(SimulatorConfig(seed=5, cascades=60)).truth
    asked_for = [cascade for cascade in truth.cascades if cascade.topic != "reply"]
    assert len(asked_for) == 60


def test_without_disorder_events_arrive_in_the_order_of_event_time() -> None:
    simulation = simulate(SMALL)
    times = [(event.created_at, event.event_id) for event in simulation.events]
    assert times == sorted(times)
    assert simulation.malformed == simulation.truth.exceptions == []


def test_nothing_happens_before_the_start_or_after_the_end(sample: Simulation) -> None:
    times = [event.created_at for event in sample.events]
    assert SAMPLE.start_ms <= min(times)
    assert max(times) < SAMPLE.end_ms


def test_nine_of_ten_clusters_are_small_talk_and_most_of_that_is_never_passed_on(sample: Simulation) -> None:
    cascades = sample.truth.cascades
    small = [cascade for cascade in cascades if cascade.kind is CascadeKind.SMALL_TALK]
    assert len(small) / len(cascades) > 0.88
    assert sum(cascade.posts == 1 for cascade in small) / len(small) > 0.6


def test_a_mix_of_one_kind_gives_that_kind_and_what_fills_the_stream_up() -> None:
    nothing = dict.fromkeys(Mix.__struct_fields__, 0.0)
    truth = simulate(SimulatorConfig(seed=2, cascades=4, mix=Mix(**{**nothing, "copy_paste": 1.0}))).truth
    assert {cascade.kind for cascade in truth.cascades} == {CascadeKind.COPY_PASTE}


# --- The truth against the events --------------------------------------------------------------------------------


def test_the_truth_counts_distinct_sharers_as_a_slow_look_at_the_events_does(sample: Simulation) -> None:
    events, clusters = distinct(sample), sample.truth.clusters()
    sharers: dict[str, set[str]] = defaultdict(set)
    posts: Counter[str] = Counter()
    for event_id, event in events.items():
        if event.kind in SPREADING:
            sharers[clusters[event_id]].add(sharer_of(event))
            posts[clusters[event_id]] += 1
    for cascade in sample.truth.cascades:
        assert cascade.sharers == len(sharers[cascade.cluster])
        assert cascade.posts == posts[cascade.cluster]
        assert cascade.big == (cascade.sharers >= SAMPLE.target_size)


def test_what_remains_is_what_was_neither_deleted_nor_suspended(sample: Simulation) -> None:
    events, clusters = distinct(sample), sample.truth.clusters()
    deleted = {event.message_id for event in events.values() if event.kind is Kind.DELETE}
    fallen = {event.actor for event in events.values() if event.kind is Kind.ACCOUNT_STATE}
    left: dict[str, set[str]] = defaultdict(set)
    for event_id, event in events.items():
        gone = event.message_id in deleted or (event.actor in fallen and event.actor is not None)
        if event.kind in SPREADING and not gone:
            left[clusters[event_id]].add(sharer_of(event))
    in_bursts = [cascade for cascade in sample.truth.cascades if cascade.kind is CascadeKind.BOT_BURST]
    assert sum(cascade.sharers - cascade.remaining for cascade in in_bursts) > 0
    for cascade in sample.truth.cascades:
        # A bot's account may have taken part elsewhere; its suspension is charged to the burst alone.
        assert len(left[cascade.cluster]) <= cascade.remaining <= cascade.sharers


def test_a_true_parent_is_earlier_or_as_old_and_one_step_nearer_to_the_first_message(sample: Simulation) -> None:
    events = distinct(sample)
    truths = {truth.event_id: truth for truth in sample.truth.events}
    with_parent = [truth for truth in sample.truth.events if truth.parent is not None]
    assert len(with_parent) > 2_000
    for truth in with_parent:
        parent = truths[truth.parent]
        if events[truth.event_id].kind in SHARES:
            assert events[parent.event_id].created_at <= events[truth.event_id].created_at
            assert truth.cluster == parent.cluster
            assert truth.depth == parent.depth + 1


def test_each_platform_hides_what_it_hides(sample: Simulation) -> None:
    events = distinct(sample)
    truths = {truth.event_id: truth for truth in sample.truth.events}
    passed_on = [event for event in events.values() if event.kind is Kind.FORWARD]
    by_platform = defaultdict(list)
    for event in passed_on:
        by_platform[event.platform].append(event)
    assert set(by_platform) == {"whatsapp", "telegram", "bluesky", "x"}
    for event in by_platform["whatsapp"]:
        assert event.root_ref is event.parent_ref is None
        assert event.hops_min == 1
        assert event.frequently_forwarded is (truths[event.event_id].depth >= 5 and event.hops_max is None)
        assert event.chat is not None
    for platform in ("telegram", "x"):
        assert all(event.parent_ref is None and event.root_ref for event in by_platform[platform])
        assert {event.parent_evidence for event in by_platform[platform]} == {ParentEvidence.ORIGIN_ONLY}
    via = [event for event in by_platform["bluesky"] if event.parent_evidence is ParentEvidence.VIA]
    assert via
    for event in via:
        assert event.parent_ref == events[truths[event.event_id].parent].message_id
        assert event.text == ""
    assert all(event.kind in (Kind.POST, Kind.COUNTER) for event in events.values() if event.platform == "youtube")


def test_a_forward_in_a_chat_comes_from_a_chat_that_its_sender_is_in(sample: Simulation) -> None:
    """Membership is evidence of a hidden parent only if people hear things where they are members."""
    events = distinct(sample)
    parents = {truth.event_id: truth.parent for truth in sample.truth.events}
    seen_in: dict[str, set[str]] = defaultdict(set)
    for event in events.values():
        if event.platform == "whatsapp" and event.actor and event.chat:
            seen_in[event.actor].add(event.chat)
    forwards = [e for e in events.values() if e.platform == "whatsapp" and e.kind is Kind.FORWARD]
    elsewhere = [e for e in forwards if events[parents[e.event_id]].chat != e.chat]
    assert len(elsewhere) / len(forwards) > 0.6
    known = [e for e in elsewhere if events[parents[e.event_id]].chat in seen_in[e.actor]]
    assert known


def test_the_kinds_that_a_naive_schema_forgets_are_there(sample: Simulation) -> None:
    # A post is edited in none of the scenarios.
    assert {event.kind for event in sample.events} == set(Kind) - {Kind.EDIT}
    messages = {event.message_id for event in sample.events if event.kind in SPREADING}
    for event in sample.events:
        if event.kind in (Kind.DELETE, Kind.COUNTER, Kind.REPORT):
            assert event.message_id in messages


def test_counters_of_a_message_only_grow(sample: Simulation) -> None:
    shown: dict[str, tuple[int, int]] = {}
    for event in sorted(distinct(sample).values(), key=lambda event: event.created_at):
        if event.counters is not None:
            now = (event.counters.views or 0, event.counters.forwards or 0)
            before = shown.get(event.message_id or "", (0, 0))
            assert now >= before
            assert now[1] >= before[1]
            shown[event.message_id or ""] = now


def test_a_debunk_comes_after_the_rumour_began(sample: Simulation) -> None:
    debunked = [cascade for cascade in sample.truth.cascades if cascade.debunked_at is not None]
    assert debunked
    assert all(cascade.start < cascade.debunked_at for cascade in debunked)


def test_raw_identifiers_are_found_wherever_they_stand() -> None:
    event = ForwardEvent(
        event_id="e",
        platform="x",
        kind=Kind.POST,
        created_at=1,
        actor="a",
        parent_ref="p",
        text="call +91 01234 56789 now",
    )
    assert raw_identifiers([event]) == {"e", "a", "p", "+91 01234 56789"}


def test_identifiers_look_real_and_belong_to_nobody(sample: Simulation) -> None:
    for event in sample.events:
        if event.platform == "whatsapp" and event.actor:
            assert event.actor.isdigit()
            assert any(
                event.actor.startswith(f"{code}0")
                for code in ("91", "234", "880", "94", "92", "20", "52", "55", "62", "66")
            )
    assert any(event.chat and event.chat.endswith("@g.us") for event in sample.events)
    assert any((event.root_ref or "").startswith("at://did:plc:") for event in sample.events)


# --- Disorder ----------------------------------------------------------------------------------------------------


def test_arrivals_stray_by_no_more_than_the_bound() -> None:
    simulation = simulate(msgspec.structs.replace(SMALL, disorder=Disorder(delay_ms=5_000)))
    arrived = [event.observed_at for event in simulation.events]
    assert arrived == sorted(arrived)
    delays = [event.observed_at - event.created_at for event in simulation.events]
    assert 0 <= min(delays) < max(delays) <= 5_000
    assert simulation.truth.exceptions == []


@settings(max_examples=15, deadline=None)
@given(
    st.builds(
        Disorder,
        delay_ms=st.sampled_from([0, 1, 30_000]),
        late=st.sampled_from([0.0, 0.1, 0.5]),
        dropped_late=st.sampled_from([0.0, 0.1]),
        duplicates=st.sampled_from([0.0, 0.2, 1.0]),
        malformed=st.sampled_from([0.0, 0.1, 1.0]),
    ),
    st.integers(0, 1_000),
)
def test_what_is_late_is_what_the_rule_of_the_watermark_says(disorder: Disorder, seed: int) -> None:
    simulation = simulate(SimulatorConfig(seed=seed, events=120, disorder=disorder))
    expected = {row.line: row for row in simulation.truth.exceptions}
    newest, seen = 0, set()
    for line, raw in enumerate(simulation.lines()):
        outcome = expected[line].outcome if line in expected else SeenOutcome.APPLIED
        if outcome is SeenOutcome.REJECTED:
            continue
        event = msgspec.json.decode(raw, type=ForwardEvent)
        behind = newest - event.created_at
        if event.event_id in seen:
            assert outcome is SeenOutcome.DUPLICATE
        elif behind > disorder.max_out_of_orderness_ms + disorder.allowed_lateness_ms:
            assert outcome is SeenOutcome.DROPPED_LATE
        elif behind > disorder.max_out_of_orderness_ms:
            assert outcome is SeenOutcome.LATE
        else:
            assert outcome is SeenOutcome.APPLIED
        seen.add(event.event_id)
        newest = max(newest, event.created_at)
    assert len(seen) == 120


def test_late_dropped_late_duplicate_and_malformed_lines_all_occur() -> None:
    disorder = Disorder(late=0.05, dropped_late=0.05, duplicates=0.05, malformed=0.05)
    truth = simulate(msgspec.structs.replace(SMALL, disorder=disorder)).truth
    assert {row.outcome for row in truth.exceptions} == set(SeenOutcome) - {SeenOutcome.APPLIED}
    assert {row.reason for row in truth.exceptions if row.reason} >= {
        "not_json",
        "not_utf8",
        "missing_field",
        "too_large",
    }


def test_no_line_breaks_a_line_and_no_malformed_one_is_an_event() -> None:
    simulation = simulate(msgspec.structs.replace(SMALL, disorder=Disorder(malformed=0.1)))
    assert all(b"\n" not in line for line in simulation.lines())
    lines = list(simulation.lines())
    for line, raw in simulation.malformed:
        assert lines[line] == raw
    assert len(lines) == 440


# --- Files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz"])
def test_files_are_equal_byte_for_byte_whatever_they_are_called(tmp_path: Path, suffix: str) -> None:
    for name in ("a", "b"):
        write_simulation(SMALL, tmp_path / f"{name}.{suffix}", tmp_path / f"{name}.truth.json.gz")
    assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()
    assert (tmp_path / "a.truth.json.gz").read_bytes() == (tmp_path / "b.truth.json.gz").read_bytes()


def test_a_truth_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    for name in ("truth.json", "truth.json.gz"):
        simulation = write_simulation(SMALL, tmp_path / "stream.jsonl", tmp_path / name)
        assert read_truth(tmp_path / name) == simulation.truth
    rows = (tmp_path / "stream.jsonl").read_bytes().splitlines()
    assert [msgspec.json.decode(row, type=ForwardEvent) for row in rows] == simulation.events


def test_without_a_path_no_truth_is_written(tmp_path: Path) -> None:
    write_simulation(SMALL, tmp_path / "stream.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["stream.jsonl"]


# --- The sample --------------------------------------------------------------------------------------------------


def test_the_sample_is_fresh(sample: Simulation) -> None:
    """Contents are compared, because another zlib may compress the same contents into other bytes."""
    packed = (EXAMPLES / "sample.jsonl.gz").read_bytes()
    assert gzip.decompress(packed) == b"".join(line + b"\n" for line in sample.lines())
    assert packed[4:8] == b"\0\0\0\0"  # no time of writing in it
    assert read_truth(EXAMPLES / "sample.truth.json.gz") == sample.truth
    assert len(packed) < 500_000


def test_the_sample_has_what_a_first_look_should_show(sample: Simulation) -> None:
    cascades = sample.truth.cascades
    kinds = {(cascade.kind, cascade.lang) for cascade in cascades if cascade.sharers >= 80}
    assert {(CascadeKind.VIRAL, "hi"), (CascadeKind.VIRAL, "hi-Latn"), (CascadeKind.VIRAL, "en")} <= kinds
    assert {CascadeKind.ORGANIC, CascadeKind.SLOW_BURN} <= {kind for kind, _ in kinds}
    bursts = [cascade for cascade in cascades if cascade.kind is CascadeKind.BOT_BURST]
    assert bursts
    assert all(3 <= cascade.sharers <= 8 and cascade.posts > 10 * cascade.sharers for cascade in bursts)
    assert {Kind.DEBUNK, Kind.DELETE} <= {event.kind for event in sample.events}
    assert {row.outcome for row in sample.truth.exceptions} >= {
        SeenOutcome.LATE,
        SeenOutcome.DUPLICATE,
        SeenOutcome.REJECTED,
    }


def test_the_sample_is_quick_to_embed(sample: Simulation) -> None:
    assert len({event.text for event in sample.events}) < 1_500


def test_every_event_of_the_sample_keeps_the_contract(sample: Simulation) -> None:
    for event in sample.events:
        assert msgspec.json.decode(encode(event), type=ForwardEvent) == event


# --- Shapes and clocks -------------------------------------------------------------------------------------------

START, END = SAMPLE.start_ms, SAMPLE.end_ms


@pytest.mark.parametrize(
    "nodes",
    [
        star(draws(), Day(), START, END, 200),
        branching(draws(), Day(), START, END, Branching(reproduction=2.2, population=120)),
        burst(draws(), START, END, 5, 40),
        copies(draws(), Day(), START, END, 12),
        *[trickle(draws(seed), Day(), START, END) for seed in range(8)],
    ],
    ids=lambda nodes: f"{len(nodes)} nodes",
)
def test_a_shape_is_in_the_order_of_time_and_parents_come_first(nodes) -> None:
    times = [node.time for node in nodes]
    assert times == sorted(times)
    assert times[0] >= START
    assert times[-1] < END
    for i, node in enumerate(nodes):
        assert node.parent < i
        assert node.act <= i
        assert nodes[node.act].act == node.act
        assert nodes[node.act].parent == node.parent


def test_a_star_is_flat_and_a_rumour_is_deep() -> None:
    def mean_depth(nodes) -> float:
        depths: list[int] = []
        for node in nodes:
            depths.append(0 if node.parent < 0 else depths[node.parent] + 1)
        return sum(depths) / len(depths)

    flat = star(draws(), Day(), START, END, 150)
    deep = branching(draws(), Day(), START, END, Branching(reproduction=2.2, population=150))
    assert mean_depth(flat) < 1.4
    assert mean_depth(deep) > 3


def test_a_slow_burn_takes_far_longer_to_its_half() -> None:
    def half(slower: float) -> int:
        plan = Branching(reproduction=2.2, population=60, seeds=30, slower=slower)
        nodes = branching(draws(2), Day(), START, START + 30 * 86_400_000, plan)
        return nodes[len(nodes) // 2].time - START

    assert half(20.0) > 5 * half(1.0)


def test_the_quantiles_of_reaction_times_invert_the_kernels_integral() -> None:
    for seconds in (1.0, 299.0, CONSTANT_S, 301.0, 3_600.0, 86_400.0):
        height, theta = 6.265725e-4, 0.2314843
        head = height * min(seconds, CONSTANT_S)
        tail = height * CONSTANT_S / theta * (1 - (max(seconds, CONSTANT_S) / CONSTANT_S) ** -theta)
        assert reaction_seconds(head + tail) == pytest.approx(seconds, rel=1e-4)
    assert reaction_seconds(0.0) == 0.0


@given(st.integers(0, 10 * 86_400_000), st.floats(0, 1e6))
def test_a_day_has_the_same_activity_between_two_times_as_was_asked_for(time: int, seconds: float) -> None:
    day = Day()
    later = day.later(time, seconds)
    assert later > time
    assert day.activity(later) - day.activity(time) == pytest.approx(seconds * 1000, abs=5.0)


def test_evenings_are_busier_than_nights() -> None:
    hours = Counter(event.created_at // 3_600_000 % 24 for event in simulate(SAMPLE).events if event.kind in SPREADING)
    evening, night = sum(hours[hour] for hour in (13, 14, 15, 16)), sum(hours[hour] for hour in (1, 2, 3, 4))
    assert evening > 2 * night


def test_turns_are_taken_by_weight_and_ties_go_to_the_first() -> None:
    rota = WeightedRoundRobin([("a", 2.0), ("b", 1.0), ("never", 0.0), ("c", 1.0)])
    assert "".join(rota.pick() for _ in range(8)) == "abcaabca"


def test_draws_have_the_moments_they_are_named_for() -> None:
    draw = draws()
    counts = [draw.poisson(2.2) for _ in range(4_000)]
    normals = [draw.normal() for _ in range(4_000)]
    assert np.mean(counts) == pytest.approx(2.2, abs=0.1)
    assert np.var(counts) == pytest.approx(2.2, abs=0.25)
    assert np.mean(normals) == pytest.approx(0, abs=0.06)
    assert np.std(normals) == pytest.approx(1, abs=0.05)
    assert np.median([draw.log_normal(70, 0.9) for _ in range(4_000)]) == pytest.approx(70, rel=0.06)


# --- Settings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: SimulatorConfig(events=0), "SimulatorConfig.events is 0; expected `int` >= 1"),
        (lambda: SimulatorConfig(hours=-1), "SimulatorConfig.hours is -1; expected `float` > 0.0"),
        (lambda: SimulatorConfig(seed=-1), "SimulatorConfig.seed is -1"),
        (lambda: SimulatorConfig(cascades=0), "SimulatorConfig.cascades is 0; expected `int` >= 1"),
        (lambda: SimulatorConfig(languages=(("tlh", 1.0),)), "expected `str` matching regex '^(hi|hi-Latn|en"),
        (lambda: SimulatorConfig(languages=()), "SimulatorConfig.languages is (); expected `array` of length >= 1"),
        (lambda: Mix(viral=-0.1), "Mix.viral is -0.1"),
        (lambda: Mix(**dict.fromkeys(Mix.__struct_fields__, 0.0)), "all weights of mix are 0"),
        (lambda: Mutations(surface=1.2), "Mutations.surface is 1.2; expected `float` <= 1.0"),
        (lambda: Mutations(surface=0.6, lexical=0.5), "add up to 1.108, more than 1"),
        (lambda: Disorder(late=2), "Disorder.late is 2; expected `float` <= 1.0"),
        (lambda: Disorder(delay_ms=30_001), "disorder.delay_ms <= disorder.max_out_of_orderness_ms"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_words(build, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        build()
