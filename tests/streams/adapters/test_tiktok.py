"""TikTok Research API: videos are posts, shares and views are counters, comments are replies."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given

from schemas.event import Counters, ForwardEvent, Kind, ParentEvidence
from streams.adapters.base import Converted, Options, Outcome, Refused, Skipped, is_undated
from streams.adapters.opening import Opening
from streams.adapters.registry import recognise
from streams.adapters.tiktok import FORMAT, convert
from tests.streams.adapters.file import MemoryFile
from tests.streams.adapters.mutations import mutations

AT = 1_700_000_000


def video(**more: Any) -> dict[str, Any]:
    return {
        "id": 7211111111111111123,
        "video_description": "The pier at Dunmore is shut #dunmore",
        "create_time": AT,
        "region_code": "IE",
        "share_count": 41,
        "view_count": 9_000,
        "username": "una.pier",
        "voice_to_text": "a machine heard this",
        **more,
    }


def comment(**more: Any) -> dict[str, Any]:
    return {
        "id": 7222222222222222227,
        "video_id": 7211111111111111123,
        "text": "The last boat has gone",
        "parent_comment_id": 7211111111111111123,
        "create_time": AT + 60,
        "like_count": 1,
        **more,
    }


def answer(name: str, *items: Any) -> dict[str, Any]:
    return {"data": {name: list(items), "cursor": 100, "has_more": False}, "error": {"code": "ok", "log_id": "1"}}


def events(outcome: Outcome) -> tuple[ForwardEvent, ...]:
    assert isinstance(outcome, Converted)
    return outcome.events


def test_a_video_is_a_post_and_its_shares_are_a_counter_without_a_date() -> None:
    outcome = convert(video())
    post, counter = events(outcome)
    assert (post.kind, post.message_id, post.actor) == (Kind.POST, "7211111111111111123", "una.pier")
    assert (post.created_at, post.chat, post.urls) == (AT * 1000, None, ())
    assert (counter.counters, is_undated(counter)) == (Counters(views=9_000, forwards=41), True)
    assert counter.event_id == post.message_id


def test_speech_that_a_machine_heard_is_no_text() -> None:
    outcome = convert(video())
    assert isinstance(outcome, Converted)
    assert "machine heard" not in outcome.events[0].text
    assert "voice_to_text" in outcome.notes[0]
    assert convert(video(video_description="")) == Skipped("empty", outcome.notes)


def test_a_comment_is_a_reply_without_an_author() -> None:
    (event,) = events(convert(comment()))
    assert (event.kind, event.parent_ref, event.root_ref) == (Kind.REPLY, "7211111111111111123", "7211111111111111123")
    assert (event.parent_evidence, event.actor) == (ParentEvidence.API_PARENT, None)
    (below,) = events(convert(comment(parent_comment_id=7222222222222222221)))
    assert below.parent_ref == "7222222222222222221"


def test_an_id_that_lost_digits_is_refused() -> None:
    outcome = convert(video(id=7.211111111111111e18))
    assert isinstance(outcome, Refused)
    assert "7.2" not in outcome.detail


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("shape", ["answers", "array", "objects"])
def test_answers_are_read_one_a_line_as_one_document_or_as_an_array(shape: str, indent: int | None) -> None:
    objects: list[Any] = [video(), video(id="7211111111111111124"), video(id=3)]
    answers: list[Any] = [answer("videos", *objects[:2]), answer("videos", objects[2])]
    values = {"answers": answers, "array": [answers], "objects": objects}[shape]
    text = "\n".join(json.dumps(one, indent=indent) for one in values)
    assert recognise(Opening(text.encode())) is FORMAT
    items = list(FORMAT.read(MemoryFile(text), Options()))
    assert [position for position, _ in items] == [0, 1, 2]
    assert [events(outcome)[0].message_id for _, outcome in items] == [
        "7211111111111111123",
        "7211111111111111124",
        "3",
    ]


def test_comments_are_recognised_and_read() -> None:
    text = json.dumps(answer("comments", comment()))
    assert recognise(Opening(text.encode())) is FORMAT
    assert [events(outcome)[0].kind for _, outcome in FORMAT.read(MemoryFile(text), Options())] == [Kind.REPLY]


def test_an_error_and_a_list_of_reposts_are_no_events() -> None:
    assert convert({"data": {}, "error": {"code": "scope_not_authorized"}}) == Skipped("error_answer")
    assert convert({"data": {"reposted_videos": [video()]}, "error": {"code": "ok"}}) == Skipped("reposts")
    assert isinstance(convert({"a": 1}), Refused)


@given(mutations(video()) | mutations(comment()))
def test_any_change_of_an_item_gives_an_outcome(value: Any) -> None:
    outcome = convert(value)
    assert isinstance(outcome, Converted | Skipped | Refused)
    if isinstance(outcome, Converted):
        for event in outcome.events:
            assert event.kind in {Kind.POST, Kind.REPLY, Kind.COUNTER}
            assert msgspec.json.decode(msgspec.json.encode(event), type=ForwardEvent) == event
