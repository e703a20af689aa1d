"""From raw events to rows and alerts: ids of one chat, edits, albums and quotes leave the counts of people right."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.pipeline.cascades import Cascades
from detectors.pipeline.rows import BROADCAST_CHATS, BROADCAST_SHARERS
from schemas.assignment import Assignment, Method, Role
from schemas.event import Kind
from schemas.sighting import Position
from tests.detectors.clustering.clusters import digest, say
from tests.detectors.pipeline.sample_streams import NOON, pipeline
from tests.detectors.pipeline.test_cascades import MINUTE, SECOND, TEXT, WEEK, Play, people

FERRY = "The ferry to Sandholm ran aground at dawn and forty passengers are still on board"
FLOUR = "Flour with iron filings was found in two bakeries near the Sandholm market square"


def event(name, text="", seconds=0, **fields):
    base = {"event_id": f"event {name}", "platform": "telegram", "kind": "post", "created_at": NOON + seconds * 1000}
    return base | {"message_id": name, "actor": f"by {name}", "chat": f"chat of {name}", "text": text} | fields


def replayed(events):
    """Rows by representative text, the counts and the alerts of a stream."""
    engine = pipeline()
    raws = [(msgspec.json.encode(one), Position("test", 0, n)) for n, one in enumerate(events)]
    out, last = engine.feed(raws), engine.finish()
    rows = {row.representative: row for row in [*out.clusters, *last.clusters] if row.merged_into is None}
    return rows, engine.counts, [*out.alerts, *last.alerts], [*out.edges, *last.edges]


def spread(text, count, prefix="m", every=40, **fields):
    return [event(f"{prefix}{n}", text, n * every, **fields) for n in range(count)]


# --- ids --------------------------------------------------------------------------------------------------------------


def test_messages_numbered_in_each_chat_keep_two_rumours_apart():
    def chat(text, place):
        return [
            event(str(700 + n), text, n * 40, event_id=f"{place}/{700 + n}", actor=f"{place} {n}", chat=place)
            for n in range(8)
        ]

    rows, *_ = replayed(sorted(chat(FERRY, "north") + chat(FLOUR, "south"), key=lambda one: one["created_at"]))
    assert {text: (row.sharers, row.posts) for text, row in rows.items()} == {FERRY: (8, 8), FLOUR: (8, 8)}


def test_two_events_with_one_id_are_counted_as_a_conflict_and_the_first_is_kept():
    first, other = event("m1", FERRY), event("m2", FLOUR, 5) | {"event_id": "event m1"}
    rows, counts, *_ = replayed([first, other, first | {"observed_at": NOON + 2_000}])
    assert list(rows) == [FERRY]
    assert (counts.applied, counts.duplicates, counts.conflicts) == (1, 2, 1)
    assert counts.balanced


# --- edits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["post", "edit"])
@pytest.mark.parametrize("new", [FLOUR, FERRY + ", says the harbour master", ""])
def test_an_edit_changes_no_count_of_people_and_merges_nothing(kind, new):
    events = spread(FERRY, 9) + spread(FLOUR, 9, "f")
    before, _, alerts, _ = replayed(events)
    edit = event("m3", new, 600, event_id="edit of m3", kind=kind, actor="by m3")
    after, counts, same, _ = replayed([*events, edit])
    for text in (FERRY, FLOUR):
        for field in ("cluster_id", "sharers", "posts", "chats", "last_time", "level", "nodes"):
            assert getattr(after[text], field) == getattr(before[text], field), field
    assert after[FERRY].wordings == before[FERRY].wordings + (new.startswith(FERRY) and new != FERRY)
    assert [alert.alert_id for alert in same] == [alert.alert_id for alert in alerts]
    assert counts.revised == 1


def test_a_text_that_arrives_by_an_edit_first_is_another_rumour_later():
    edit = event("m0", FLOUR, 300, event_id="edit of m0", actor="by m0")
    rows, *_ = replayed([*spread(FERRY, 5), edit, *spread(FLOUR, 5, "f", every=100)])
    assert {text: row.sharers for text, row in rows.items()} == {FERRY: 5, FLOUR: 5}


# --- albums -----------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    caption=st.integers(0, 3), steps=st.lists(st.integers(0, 600), min_size=3, max_size=3), named=st.booleans(),
    kind=st.sampled_from(["post", "forward"]),
)  # fmt: skip
def test_albums_are_one_post_for_each_person_and_leave_other_rumours_alone(caption, steps, named, kind):
    #  p0: |picture|picture|CAPTION|picture|      p1: ...      and a rumour without pictures at the same time
    offsets = [0, steps[0], steps[0] + steps[1], sum(steps)]
    albums = []
    for person in range(6):
        for n, offset in enumerate(offsets):
            one = event(f"p{person} {n}", FERRY if n == caption else "", person * 40, actor=f"p{person}", kind=kind)
            one |= {"chat": f"chat {person}", "created_at": one["created_at"] + offset}
            one["media"] = [{"sha256": f"{n}a" * 32}]
            albums.append(one | ({"group_id": f"album {person}"} if named else {}))
    others = spread(FLOUR, 6, "f")
    rows, _, alerts, _ = replayed(sorted(albums + others, key=lambda one: one["created_at"]))
    assert {text: (row.sharers, row.posts) for text, row in rows.items()} == {FERRY: (6, 6), FLOUR: (6, 6)}
    _, _, alone, _ = replayed(others)
    flour = [alert.alert_id for alert in alerts if alert.cluster_id == rows[FLOUR].cluster_id]
    assert flour == [alert.alert_id for alert in alone]
    assert not any("merged" in note for alert in alerts for note in alert.evidence.notes)


# --- quotes -----------------------------------------------------------------------------------------------------------


def quote(name, text, parent="m0", seconds=400, **fields):
    return event(name, text, seconds, kind="quote", parent_ref=parent, parent_evidence="api_parent", **fields)


def test_quotes_with_words_are_listed_apart_from_shares():
    warned = [quote(f"q{n}", f"Do not pass this on before somebody has asked at the port {n}") for n in range(12)]
    plain, _, alerts, _ = replayed(spread(FERRY, 12))
    rows, _, same, edges = replayed([*spread(FERRY, 12), *warned])
    (row,) = rows.values()
    assert (row.sharers, row.posts, row.wordings, row.chats, row.quotes) == (12, 12, 1, 12, 12)
    assert row.max_score == plain[FERRY].max_score
    assert [alert.alert_id for alert in same] == [alert.alert_id for alert in alerts]
    assert [edge.role for edge in edges].count(Role.COMMENT) == 12
    assert all(edge.fingerprint == "" for edge in edges if edge.role is Role.COMMENT)


def test_a_quote_without_words_of_its_own_is_a_share():
    rows, *_ = replayed([*spread(FERRY, 3), quote("q0", ""), quote("q1", FERRY)])
    assert (rows[FERRY].sharers, rows[FERRY].quotes) == (5, 0)


def test_quotes_of_an_unseen_message_are_one_cluster_without_a_share():
    rows, counts, alerts, edges = replayed([quote(f"q{n}", f"my word number {n}", "gone", n * 40) for n in range(30)])
    (row,) = rows.values()
    assert (row.posts, row.sharers, row.quotes, row.representative, len(edges)) == (0, 0, 30, "", 30)
    assert alerts == []
    assert counts.balanced


class Quotes(Play):
    """Cascades driven by hand, with quotes."""

    def comment(self, time, name="q", cluster="a", **fields):
        sighting = say(name, "is that so", NOON + time, Kind.QUOTE, actor=f"by {name}", **fields)
        item = Assignment(cluster_id=digest(cluster), sighting=sighting, role=Role.COMMENT, method=Method.LINK)
        self.cascades.update(item, self.out)


def test_the_alert_counts_quotes_and_says_that_they_may_contradict():
    play = Quotes()
    for n in range(3):
        play.comment(n * SECOND, f"q{n}")
    play.burst(people(6), start=MINUTE)
    evidence = play.out.alerts[-1].evidence
    assert (evidence.counts.quotes, evidence.counts.sharers, evidence.counts.posts) == (3, 5, 5)
    assert evidence.counts.first_time == NOON + MINUTE
    assert evidence.text.representative == TEXT
    assert "3 quotes add words of the quoter's own, which may contradict it" in play.out.alerts[-1].explanation


def test_a_deleted_quote_is_no_deleted_share():
    play = Quotes()
    play.burst(people(3))
    play.comment(MINUTE, message="quote")
    play.do("a", Kind.DELETE, 2 * MINUTE, message="quote")
    assert (play.row().quotes, play.row().deleted, play.row().sharers) == (0, 0, 3)


def test_a_quote_does_not_reopen_a_closed_cascade():
    play = Quotes()
    play.burst(people(3))
    play.until(2 * WEEK)
    assert play.ended() == [(digest("a"), "closed")]
    play.comment(2 * WEEK + MINUTE)
    assert len(play.cascades) == 0
    assert (play.out.edges[-1].role, play.out.edges[-1].placed) == (Role.COMMENT, "overflow")
    play.share("returns", 2 * WEEK + 2 * MINUTE)
    assert play.row().quotes == 1


def test_quotes_survive_a_restart():
    play = Quotes()
    play.burst(people(3))
    play.comment(MINUTE)
    again = Cascades(play.config.cascade_settings(), play.cascades._context)
    again.restore(play.cascades.snapshot())
    assert again.snapshot() == play.cascades.snapshot()


# --- reach ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sharers", "chats", "is_broadcast"),
    [
        (1, BROADCAST_CHATS, True),
        (BROADCAST_SHARERS, BROADCAST_CHATS, True),
        (BROADCAST_SHARERS + 1, BROADCAST_CHATS, False),
        (1, BROADCAST_CHATS - 1, False),
    ],
)
def test_few_accounts_in_many_chats_are_a_broadcast_with_its_members(sharers, chats, is_broadcast):
    events = [
        event(f"m{n}", FERRY, n * 40, actor=f"bot {n % sharers}", chat=f"chat {n % chats}", chat_size=100)
        for n in range(2 * chats)
    ]
    rows, *_ = replayed(events)
    assert (rows[FERRY].is_broadcast, rows[FERRY].chats, rows[FERRY].members) == (is_broadcast, chats, 100 * chats)


def test_a_hidden_origin_costs_no_edge_to_another_chat():
    forwards = [
        event(f"{n}", FERRY, n * 40, chat=f"chat {n}", kind="forward", root_ref="12", parent_evidence="origin_only")
        for n in range(1, 5)
    ]
    original = event("12", FLOUR, 5, chat="chat 3", event_id="unrelated")
    rows, _, _, edges = replayed([original, *forwards])
    assert {text: row.sharers for text, row in rows.items()} == {FLOUR: 1, FERRY: 4}
    assert [edge.parent for edge in edges if edge.source in {"explicit", "origin"}] == []
