"""Reddit: dumps of submissions and comments, listings of the API, and objects that are damaged or hostile."""

import json
from typing import Any

import pytest
from hypothesis import given

from schemas.event import Counters, Kind, ParentEvidence
from streams.adapters.base import Converted, Options
from streams.adapters.opening import Opening
from streams.adapters.reddit import EDITED, FORMAT, TEXT_REMOVED, convert, convert_line
from streams.adapters.registry import recognise
from tests.streams.adapters.file import MemoryFile
from tests.streams.adapters.mutations import mutations
from tests.streams.adapters.outcomes import AT, check_accepted, events_of, items_of, reason_of

RUMOUR = "Bakers in Tarsk put chalk in the flour"
COLLECTED = AT // 1000 + 7200


def submission(**more: Any) -> dict[str, Any]:
    return {
        "id": "2zq81", "name": "t3_2zq81", "subreddit": "tarsk", "subreddit_subscribers": 5400, "author": "rook",
        "author_fullname": "t2_9x", "created_utc": AT // 1000, "title": RUMOUR, "selftext": "", "is_self": False,
        "url": "https://paper.example/chalk", "permalink": "/r/tarsk/comments/2zq81/bakers/", "num_crossposts": 4,
        "retrieved_on": COLLECTED, **more,
    }  # fmt: skip


def comment(**more: Any) -> dict[str, Any]:
    return {
        "id": "m77", "name": "t1_m77", "subreddit": "tarsk", "author": "wren", "created_utc": str(AT // 1000),
        "body": "My uncle is a baker, this is nonsense", "parent_id": "t1_m70", "link_id": "t3_2zq81", **more,
    }  # fmt: skip


def listing(*children: tuple[str, Any]) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"children": [{"kind": kind, "data": data} for kind, data in children]}}


def first(value: object) -> Any:
    return events_of(convert(value))[0]


def notes(value: object) -> tuple[str, ...]:
    outcome = convert(value)
    assert isinstance(outcome, Converted)
    return outcome.notes


def test_a_submission_is_a_post_in_its_subreddit() -> None:
    event, counter = events_of(convert(submission(selftext="Look at the &lt;picture&gt; &amp; share")))
    assert (event.event_id, event.message_id, event.kind) == ("t3_2zq81", "t3_2zq81", Kind.POST)
    assert (event.actor, event.chat, event.chat_size) == ("rook", "tarsk", 5400)
    assert (event.created_at, event.observed_at) == (AT, None)
    assert event.text == RUMOUR + "\nLook at the <picture> & share"
    assert event.urls == ("https://paper.example/chalk",)
    assert (counter.kind, counter.message_id, counter.counters) == (Kind.COUNTER, "t3_2zq81", Counters(forwards=4))
    assert counter.created_at == counter.observed_at == COLLECTED * 1000
    assert counter.event_id == f"t3_2zq81#c{COLLECTED * 1000}"


def test_a_counter_has_the_time_of_the_second_collection_or_none() -> None:
    later = submission(_meta={"retrieved_2nd_on": COLLECTED + 60})
    assert events_of(convert(later))[1].created_at == (COLLECTED + 60) * 1000
    _, counter = events_of(convert(submission(retrieved_on=None)))
    assert (counter.event_id, counter.created_at) == ("t3_2zq81", None)
    assert len(events_of(convert(submission(num_crossposts=None)))) == 1


def test_a_crosspost_names_its_direct_parent() -> None:
    event = first(submission(crosspost_parent="t3_2zq80", crosspost_parent_list=[{"name": "t3_2zq80"}]))
    assert (event.kind, event.parent_ref, event.root_ref) == (Kind.FORWARD, "t3_2zq80", "t3_2zq80")
    assert event.parent_evidence is ParentEvidence.API_PARENT
    chain = submission(crosspost_parent="t3_2zq80", crosspost_parent_list=[{"crosspost_parent": "t3_2zq70"}])
    assert (first(chain).parent_ref, first(chain).root_ref) == ("t3_2zq80", "t3_2zq70")


def test_a_comment_is_a_reply_and_never_a_share() -> None:
    (event,) = events_of(convert(comment()))
    assert (event.kind, event.parent_ref, event.root_ref) == (Kind.REPLY, "t1_m70", "t3_2zq81")
    assert (event.message_id, event.created_at, event.actor) == ("t1_m77", AT, "wren")
    assert event.parent_evidence is ParentEvidence.API_PARENT


def test_a_comment_of_an_old_dump_has_its_id_alone() -> None:
    event = first(comment(name=None, parent_id=4711, link_id=None))
    assert (event.message_id, event.parent_ref, event.parent_evidence) == ("t1_m77", None, ParentEvidence.NONE)


@pytest.mark.parametrize(
    ("stamp", "at"), [(AT / 1000 + 0.5, AT + 500), (str(AT // 1000), AT), (f"{AT // 1000}.0", AT), (AT // 1000, AT)]
)
def test_a_time_may_be_a_number_a_fraction_or_a_text(stamp: object, at: int) -> None:
    assert first(submission(created_utc=stamp)).created_at == at


@pytest.mark.parametrize("gone", ["[removed]", "[deleted]"])
def test_a_removed_text_leaves_the_title(gone: str) -> None:
    assert first(submission(selftext=gone)).text == RUMOUR
    assert notes(submission(selftext=gone)) == (TEXT_REMOVED,)
    assert notes(submission(removed_by_category="moderator")) == (TEXT_REMOVED,)
    assert reason_of(convert(comment(body=gone))) == "removed"
    assert reason_of(convert(submission(title=gone, selftext=gone, url=None))) == "removed"


@pytest.mark.parametrize(("author", "actor"), [("[deleted]", None), (None, "t2_9x"), ("rook", "rook")])
def test_a_deleted_author_is_no_person(author: str | None, actor: str | None) -> None:
    assert first(submission(author=author)).actor == actor


@pytest.mark.parametrize(
    "own",
    [
        {"is_self": True, "url": "https://www.reddit.com/r/tarsk/comments/2zq81/bakers/"},
        {"url": "https://www.reddit.com/gallery/2zq81"},
        {"url": "/r/tarsk/comments/2zq81/bakers/"},
        {"url": ""},
    ],
)
def test_the_page_of_the_post_itself_is_no_address(own: dict[str, Any]) -> None:
    assert first(submission(**own)).urls == ()


def test_an_address_elsewhere_is_kept() -> None:
    other = "https://www.reddit.com/r/velm/comments/1aa/bank/"
    assert first(submission(url=other)).urls == (other,)
    assert first(submission(url="https://a.example", url_overridden_by_dest="https://b.example/?a=1&amp;b=2")).urls == (
        "https://b.example/?a=1&b=2",
    )


def test_an_edited_text_is_noted() -> None:
    assert notes(comment(edited=AT // 1000 + 60)) == (EDITED,)
    assert notes(comment(edited=False)) == ()


def test_a_listing_gives_each_object_and_the_replies_in_it() -> None:
    inner = comment() | {"replies": listing(("t1", comment(id="m78", name="t1_m78")), ("more", {"count": 3}))}
    page = [listing(("t3", submission())), listing(("t1", inner), ("t5", {"display_name": "tarsk"}))]
    outcomes = convert_line(page, Options())
    assert [events_of(one)[0].message_id for one in outcomes[:3]] == ["t3_2zq81", "t1_m77", "t1_m78"]
    assert [reason_of(one) for one in outcomes[3:]] == ["more_comments", "other_kind"]
    assert [events_of(one)[0].kind for one in convert_line({"data": [submission(), comment()]}, Options())] == [
        Kind.POST, Kind.REPLY,
    ]  # fmt: skip
    assert [reason_of(one) for one in convert_line(listing(), Options())] == ["empty_listing"]


def test_a_listing_nested_ten_thousand_deep_is_read() -> None:
    deep: Any = ""
    for number in range(10_000):
        deep = listing(("t1", comment(id=f"d{number}", name=f"t1_d{number}") | {"replies": deep}))
    assert len(convert_line(deep, Options())) == 10_000


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"id": "x"}, "missing_field"),
        (submission(title="", url=None), "missing_field"),
        (submission(created_utc=None), "missing_field"),
        (submission(created_utc="yesterday"), "time_out_of_range"),
        (submission(created_utc=12), "time_out_of_range"),
        (submission(title=["a"]), "wrong_type"),
        (comment(name=None, id=None), "missing_field"),
        (7, "not_an_object"),
    ],
)
def test_everything_else_has_a_reason(value: object, reason: str) -> None:
    assert reason_of(convert(value)) == reason


@given(
    mutations(
        listing(
            ("t3", submission(crosspost_parent="t3_2zq80", crosspost_parent_list=[{"crosspost_parent": "t3_2"}])),
            ("t1", comment() | {"replies": listing(("t1", comment()))}),
        )
    )
)
def test_any_mutation_of_a_listing_has_outcomes_that_intake_accepts(value: object) -> None:
    outcomes = convert_line(value, Options())
    assert outcomes
    check_accepted(outcomes)


@given(mutations(submission(selftext="a", _meta={"retrieved_2nd_on": COLLECTED})))
def test_any_mutation_of_a_submission_has_an_outcome_that_intake_accepts(value: object) -> None:
    check_accepted(convert_line(value, Options()))


@pytest.mark.parametrize(
    "text",
    [
        f"{json.dumps(submission())}\n{json.dumps(comment())}\n",
        json.dumps([submission(), comment()]),
        json.dumps([listing(("t3", submission())), listing(("t1", comment()))]),
        json.dumps(listing(("t3", submission()), ("t1", comment())), indent=1),
    ],
    ids=["dump", "array", "page of comments", "listing"],
)
def test_each_layout_is_recognised_and_gives_the_same_events(text: str) -> None:
    assert recognise(Opening(text.encode())) is FORMAT
    assert [events_of(outcome)[0].kind for _, outcome in items_of(FORMAT, text)] == [Kind.POST, Kind.REPLY]


@pytest.mark.parametrize("absent", ["author", "subreddit"])
def test_items_without_an_author_or_a_forum_are_recognised(absent: str) -> None:
    for item in ({**submission(), "subreddit_id": "t5_9"}, comment()):
        text = json.dumps({name: value for name, value in item.items() if name != absent})
        assert recognise(Opening(text.encode())) is FORMAT
        assert len(items_of(FORMAT, text)) == 1


def test_a_dump_that_is_cut_off_keeps_what_is_before_the_cut() -> None:
    line = json.dumps(submission()) + "\n"
    items = items_of(FORMAT, MemoryFile(line + line[:40], damaged=True))
    assert [(position, type(outcome).__name__) for position, outcome in items] == [(0, "Converted"), (1, "Refused")]
