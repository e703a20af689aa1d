"""Cascades over partitions: any placement of clusters, with transferred state as bytes, gives what one object gives."""

import gzip
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.alerting.config import PolicyConfig
from detectors.alerting.evidence import AlertContext
from detectors.pipeline.cascade_state import StateTransfer
from detectors.pipeline.cascades import CascadeOutput, Cascades
from detectors.pipeline.intake import Intake
from detectors.pipeline.ordered.clustering import OrderedClustering, WatermarkMark
from detectors.similarity.embedding import HashingEmbedder
from schemas.assignment import Assignment, Merge, Method
from schemas.event import AccountStatus, Counters, Debunk, Kind, Report
from schemas.rejection import Rejection
from tests.detectors.alerting.alert_samples import CONTEXT
from tests.detectors.clustering.clusters import digest
from tests.detectors.pipeline.sample_streams import KEY, LATENESS, NOON, config, lines, placed, shuffled_within, stream
from tests.detectors.pipeline.test_cascades import (
    DAY,
    EXPIRED,
    HOUR,
    LATE,
    MINUTE,
    SECOND,
    TEXT,
    WEEK,
    Play,
    hostile,
    people,
)
from tests.detectors.pipeline.test_live_stages import merging

SAMPLE = Path("examples/sample.jsonl.gz")


class Partitioned:
    """Several `Cascades` that look like one; what one gives another travels as bytes."""

    def __init__(self, make, home, trace=None):
        self.parts = [make(trace) for _ in range(max(home.values(), default=0) + 1)]
        self.home = home
        self.across = 0

    def at(self, cluster_id):
        return self.parts[self.home.get(cluster_id, 0)]

    def update(self, item, out):
        if not isinstance(item, Merge):
            self.at(item.cluster_id).update(item, out)
        elif self.at(item.absorbed) is self.at(item.survivor):
            self.at(item.survivor).update(item, out)
        else:
            self.across += 1
            given = msgspec.msgpack.encode(self.at(item.absorbed).send_state(item, out))
            self.at(item.survivor).receive_state(item, msgspec.msgpack.decode(given, type=StateTransfer), out)

    def advance(self, time, out):
        for part in self.parts:
            part.advance(time, out)

    def finish(self, out):
        for part in self.parts:
            part.finish(out)


def maker(made):
    context = AlertContext(made.evidence, made.policy, CONTEXT.provenance)
    return lambda trace=None: Cascades(made.cascade_settings(), context, trace)


def spread_play(home, trace=None, **sections):
    """A play whose clusters, by plain name, live where `home` says."""
    play = Play(**sections)
    play.cascades = Partitioned(maker(play.config), {digest(name): part for name, part in home.items()}, trace)
    return play


def merged(time):
    """The merge of b into a."""
    return Merge(survivor=digest("a"), absorbed=digest("b"), time=time, method=Method.EXACT, event_id=digest("bridge"))


def essence(out):
    """Alerts as a set and in order for each cluster; edges and rows as bags."""
    alerts = {}
    for alert in out.alerts:
        alerts.setdefault(alert.cluster_id, []).append(msgspec.json.encode(alert))
    return alerts, *(sorted(msgspec.json.encode(row) for row in rows) for rows in (out.edges, out.clusters))


def finished(play):
    play.cascades.finish(play.out)
    return essence(play.out)


# --- streams made by hypothesis ---------------------------------------------------------------------------------------

NAMES = tuple(f"c{number}" for number in range(6))
PAUSES = (0, SECOND, 20 * SECOND, MINUTE, 3 * HOUR, 5 * DAY, WEEK - 1, WEEK, 10 * DAY, 31 * DAY)
STATEMENTS = {
    "counter": (Kind.COUNTER, {"counters": Counters(views=9, forwards=3)}),
    "delete": (Kind.DELETE, {}),
    "suspend": (Kind.ACCOUNT_STATE, {"account_status": AccountStatus.SUSPENDED}),
    "report": (Kind.REPORT, {"report": Report("spam")}),
    "debunk": (Kind.DEBUNK, {"debunk": Debunk("d", "false")}),
}
steps = st.lists(
    st.tuples(
        st.sampled_from(["burst", "burst", "share", "share", "late", "expired", "merge", "merge", "mark", *STATEMENTS]),
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
        st.integers(0, 7),
        st.sampled_from(PAUSES),
    ),
    min_size=15,
    max_size=70,
)
homes = st.sampled_from([2, 5]).flatmap(
    lambda parts: st.fixed_dictionaries({name: st.integers(0, parts - 1) for name in NAMES})
)


class Script:
    """Drawn steps played to the end: a merged cluster is not spoken of again, as from the clustering."""

    def __init__(self, play):
        self.play = play
        self.merged = {}
        self.now = 0

    def run(self, drawn):
        for what, name, other, number, pause in drawn:
            self.now += pause
            self.step(what, self.stands_for(name), self.stands_for(other), number)
        self.play.until(self.now + 60 * DAY)
        return self.play

    def stands_for(self, name):
        while name in self.merged:
            name = self.merged[name]
        return name

    def step(self, what, name, other, number):
        play, message = self.play, f"m{number}"
        if what == "burst":
            play.burst(people(8, "pq"[number % 2]), self.now, name, SECOND)
            self.now += 8 * SECOND
        elif what == "share":
            play.share(f"p{number}", self.now, name, message=message, chat=f"c{number % 4}")
        elif what in ("late", "expired"):
            play.until(self.now)  # before a late one, time goes on as far as it has come
            back, timeliness = (20 * SECOND, LATE) if what == "late" else (12 * DAY, EXPIRED)
            play.share(f"p{number}", max(0, self.now - back), name, message=message, timeliness=timeliness)
        elif what == "mark":
            play.until(self.now)
        elif what == "merge":
            if name != other:
                self.merged[other] = name
                play.merge(name, other, self.now)
        else:
            kind, fields = STATEMENTS[what]
            play.do(name, kind, self.now, TEXT, actor=f"p{number}", message=message, **fields)


@pytest.mark.no_cover
@settings(deadline=None, max_examples=150)
@given(steps, homes)
def test_any_stream_over_any_partitions_gives_what_one_object_gives(drawn, home):
    spread = Script(spread_play(home)).run(drawn)
    assert finished(spread) == finished(Script(Play()).run(drawn))


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("parts", [2, 5])
def test_a_long_hostile_stream_over_partitions_gives_what_one_object_gives(seed, parts):
    rng = np.random.default_rng(seed)
    sections = {"policy": PolicyConfig(cool_down_ms=0)}
    spread = spread_play({name: int(rng.integers(parts)) for name in NAMES}, **sections)
    hostile(spread, seed, 1500)
    assert len(spread.out.alerts) > 10
    assert finished(spread) == finished(hostile(Play(**sections), seed, 1500))


# --- streams through the real clustering ------------------------------------------------------------------------------


def decided(raws, made):
    """What the clustering gives cascades to do: assignments, merges and watermarks."""
    clustering, intake = OrderedClustering(made, HashingEmbedder()), Intake(made.intake, made.order, KEY)
    read = [intake.update(raw, position) for raw, position in placed(raws)]
    sightings = [one for one in read if not isinstance(one, Rejection)]
    out = []
    for start in range(0, len(sightings), 64):
        out += clustering.assign(clustering.reorder(sightings[start : start + 64]))
        out.append(WatermarkMark(clustering.order.watermark))
    return out + clustering.assign(clustering.flush())


def applied(cascades, items):
    out = CascadeOutput()
    for item in items:
        if isinstance(item, WatermarkMark):
            cascades.advance(item.time, out)
        else:
            cascades.update(item, out)
    cascades.finish(out)
    return essence(out)


def compare(items, made, parts, seed):
    """Spread what is decided over partitions by lot; give how many merges went across."""
    rng = np.random.default_rng(seed)
    merges = [item for item in items if isinstance(item, Merge)]
    ids = {item.cluster_id for item in items if isinstance(item, Assignment)}
    ids = sorted(ids | {id_ for merge in merges for id_ in (merge.survivor, merge.absorbed)})
    spread = Partitioned(maker(made), {cluster_id: int(rng.integers(parts)) for cluster_id in ids})
    assert applied(spread, items) == applied(maker(made)(), items)
    return spread.across


@pytest.mark.no_cover
@pytest.mark.parametrize("parts", [2, 5])
def test_the_sample_over_partitions_gives_what_one_object_gives(parts):
    made = config()
    items = decided(gzip.decompress(SAMPLE.read_bytes()).splitlines(), made)
    compare(items, made, parts, seed=parts)


@pytest.mark.no_cover
@pytest.mark.parametrize("parts", [2, 5])
def test_rumours_that_prove_one_over_partitions_give_what_one_object_gives(parts):
    made = config()
    for seed in range(3):
        raws = lines(shuffled_within([*merging(seed=seed), *stream(seed=seed)], LATENESS, seed))
        assert compare(decided(raws, made), made, parts, seed) > 0


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_the_state_of_a_cascade_is_transferred_once_and_nothing_stays():
    #  b: six sharers and closed at some time after 7 d         20 d: a and b are one
    play = spread_play({"a": 0, "b": 1})
    play.burst(people(6), cluster="b")
    play.until(20 * DAY)
    play.share("q", 20 * DAY, "a")
    play.merge("a", "b", 20 * DAY)
    assert play.row("a").sharers == 7
    assert [len(part) for part in play.cascades.parts] == [1, 0]
    assert play.ended()[-1] == (digest("b"), "merged")
    play.share("q", 20 * DAY + 1, "b")
    assert play.row("b").sharers == 1


def test_nothing_is_transferred_where_nothing_is_known_and_the_survivor_does_not_notice():
    play = spread_play({"a": 0, "b": 1})
    play.share("q", 0, "a")
    before = play.row("a")
    given = play.cascades.parts[1].send_state(merged(NOON), play.out)
    assert given == StateTransfer()
    play.cascades.parts[0].receive_state(merged(NOON), given, play.out)
    assert play.row("a") == before
    assert play.ended() == []


def test_timers_due_before_the_merge_fire_on_both_sides_and_no_later_ones():
    #  a shares at 0, b and c at 1:  a merge at 7 d closes a and leaves b; one at 7 d + 1 closes both
    def rows(time):
        play = spread_play({"a": 0, "b": 1, "c": 1})
        play.share("p", 0, "a")
        play.share("p", 1, "b")
        play.share("p", 1, "c")
        play.merge("a", "b", time)
        return play.ended()

    a, b, c = (digest(name) for name in "abc")
    assert rows(WEEK) == [(b, "merged"), (a, "closed")]
    assert sorted(rows(WEEK + 1)) == sorted([(b, "closed"), (c, "closed"), (b, "merged"), (a, "closed")])


def test_a_survivor_that_is_not_remembered_is_created_anew_from_the_transferred_state():
    #  the transferred state lives on under the survivor's id: nobody shares it again, so it subsides and closes there
    play = spread_play({"a": 0, "b": 1})
    play.burst(people(6), cluster="b")
    play.merge("a", "b", 3 * MINUTE)
    row = play.row("a")
    assert (row.sharers, row.merged_into) == (6, None)
    play.until(40 * DAY)
    assert play.told("a")[-1][0] == "closed"
    assert play.out.alerts[-1].aliases == (digest("b"),)
    assert play.ended() == [(digest("b"), "merged"), (digest("a"), "closed")]


def test_a_chain_of_merges_over_three_partitions_adds_up():
    play = spread_play({"a": 0, "b": 1, "c": 2})
    for number, name in enumerate("abc"):
        play.burst(people(4, name), number, name, every=10 * SECOND)
    play.merge("b", "c", MINUTE)
    play.merge("a", "b", 2 * MINUTE)
    row = play.row("a")
    assert (row.sharers, row.posts) == (12, 12)
    assert play.out.alerts[-1].aliases == (digest("b"), digest("c"))
    assert [len(part) for part in play.cascades.parts] == [1, 0, 0]


def test_the_object_itself_and_its_bytes_behave_alike_and_share_nothing():
    #  one side keeps what it gave; whatever the survivor does with it later, that does not change
    outcomes = []
    for copied in (False, True):
        play = spread_play({"a": 0, "b": 1})
        play.burst(people(6), cluster="b")
        merge = merged(NOON + 3 * MINUTE)
        given = play.cascades.parts[1].send_state(merge, play.out)
        raw = msgspec.msgpack.encode(given)
        taken = msgspec.msgpack.decode(raw, type=StateTransfer) if copied else given
        play.cascades.parts[0].receive_state(merge, taken, play.out)
        play.burst(people(6, "q"), HOUR, "a")
        play.do("a", Kind.DEBUNK, HOUR + MINUTE * 3, TEXT, debunk=Debunk("d", "false"))
        outcomes.append(finished(play))
        if copied:
            assert msgspec.msgpack.encode(given) == raw
    assert outcomes[0] == outcomes[1]


def test_a_trace_over_partitions_reports_each_decision_once():
    def story(play):
        play.burst(people(6), cluster="b")
        play.share("q", 2 * MINUTE, "a")
        play.merge("a", "b", 3 * MINUTE)
        play.merge("a", "c", 4 * MINUTE)  # nothing is known of it
        play.until(40 * DAY)
        return play

    one, several = [], []
    story(Play(lambda name, what: one.append((name, what))))
    story(spread_play({"a": 0, "b": 1, "c": 1}, lambda name, what: several.append((name, what))))
    assert [name for name, _ in several].count("merge") == 2
    assert several == one


# --- when it is forgotten ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "size"), [(37 * DAY - 1, 2), (37 * DAY, 1)])
@pytest.mark.parametrize("others", ["nobody", "somebody with a timer", "a watermark"])
def test_a_closed_cascade_is_forgotten_at_its_time_whoever_else_is_there(others, after, size):
    #  a: 0 .. closed 7 d, remembered until 37 d.     z: shares at 29 d, its timer is due at 36 d
    play = Play()
    play.share("p", 0)
    play.until(WEEK)
    if others == "somebody with a timer":
        play.share("z", 29 * DAY, "z")
    if others == "a watermark":
        play.until(after)
    play.share("q", after)
    assert (play.row().sharers, play.row().episode) == (size, size - 1)


@pytest.mark.parametrize("marks", [True, False])
def test_a_fact_check_of_what_is_forgotten_begins_anew(marks):
    play = Play()
    play.share("p", 0)
    play.until(WEEK)
    if marks:
        play.until(37 * DAY)
    play.do("a", Kind.DEBUNK, 37 * DAY, TEXT, debunk=Debunk("d", "false"))
    assert (play.row().posts, play.row().debunks) == (0, 1)


def test_closed_cascades_are_held_to_their_bound_at_every_moment():
    #  one alive and two closed are room for three: the first to go is forgotten, whenever time is advanced
    for advance in (True, False):
        play = Play(cascade=msgspec.structs.replace(Play().config.cascade, max_cascades=1, max_closed=2))
        for number, cluster in enumerate("abcd"):
            play.share("p", number, cluster)
            if advance:
                play.until(number)
        play.share("q", 9, "a")
        assert play.row().sharers == 1
        play.share("q", 10, "d")
        assert play.row("d").sharers == 2
