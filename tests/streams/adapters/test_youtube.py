"""YouTube: videos are posts, views are counters, comments are replies, and nothing is a share."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given

from schemas.event import Counters, ForwardEvent, Kind, ParentEvidence
from streams.adapters.base import Converted, Options, Outcome, Refused, Skipped, is_undated
from streams.adapters.opening import Opening
from streams.adapters.registry import recognise
from streams.adapters.youtube import FORMAT, convert
from tests.streams.adapters.file import MemoryFile
from tests.streams.adapters.mutations import mutations

AT = 1_700_000_000_000
WHEN = "2023-11-14T22:13:20Z"


def video(**more: Any) -> dict[str, Any]:
    return {
        "kind": "youtube#video",
        "id": "pier_Video1",
        "snippet": {
            "publishedAt": WHEN,
            "channelId": "UCpier",
            "title": "The pier at Dunmore",
            "description": "Shut since noon.\nhttps://pier.example/a",
            "defaultAudioLanguage": "en-IE",
        },
        "statistics": {"viewCount": "2310", "commentCount": "4"},
        **more,
    }


def comment(number: int = 1, **snippet: Any) -> dict[str, Any]:
    return {
        "kind": "youtube#comment",
        "id": f"Ug{number}",
        "snippet": {
            "textOriginal": "The last boat has gone",
            "authorChannelId": {"value": f"UC{number}"},
            "videoId": "pier_Video1",
            "publishedAt": WHEN,
            "updatedAt": WHEN,
            **snippet,
        },
    }


def thread() -> dict[str, Any]:
    answer = comment(2, parentId="Ug1")
    return {
        "kind": "youtube#commentThread",
        "id": "Ug1",
        "snippet": {"videoId": "pier_Video1", "topLevelComment": comment(), "totalReplyCount": 3},
        "replies": {"comments": [answer]},
    }


def events(outcome: Outcome) -> tuple[ForwardEvent, ...]:
    assert isinstance(outcome, Converted)
    return outcome.events


def page(*items: Any, kind: str = "youtube#videoListResponse") -> dict[str, Any]:
    return {"kind": kind, "etag": "x", "nextPageToken": "CAUQAA", "items": list(items)}


def test_a_video_is_a_post_and_its_views_a_counter_without_a_date() -> None:
    post, counter = events(convert(video()))
    assert (post.kind, post.message_id, post.actor, post.created_at) == (Kind.POST, "pier_Video1", "UCpier", AT)
    assert post.text == "The pier at Dunmore\nShut since noon.\nhttps://pier.example/a"
    assert post.lang == "en-IE"
    assert (counter.counters, counter.event_id, is_undated(counter)) == (Counters(views=2310), "pier_Video1", True)


def test_statistics_without_a_snippet_are_a_counter_alone() -> None:
    (counter,) = events(convert({"kind": "youtube#video", "id": "v", "statistics": {"viewCount": "7"}}))
    assert counter.kind is Kind.COUNTER
    assert convert({"kind": "youtube#video", "id": "v", "statistics": {}}) == Skipped("no_statistics")


def test_a_comment_is_a_reply_to_its_video_and_an_answer_a_reply_to_its_comment() -> None:
    outcome = convert(thread())
    first, second = events(outcome)
    assert {first.kind, second.kind} == {Kind.REPLY}
    assert (first.parent_ref, second.parent_ref) == ("pier_Video1", "Ug1")
    assert {first.root_ref, second.root_ref} == {"pier_Video1"}
    assert {first.parent_evidence, second.parent_evidence} == {ParentEvidence.API_PARENT}
    assert isinstance(outcome, Converted)
    assert "answers" in outcome.notes[0]


def test_an_edited_comment_is_a_version_of_its_own() -> None:
    (event,) = events(convert(comment(updatedAt="2023-11-14T23:00:00Z")))
    assert (event.event_id, event.message_id) == ("Ug1@1700002800", "Ug1")


def test_a_comment_in_html_alone_becomes_plain_text() -> None:
    (event,) = events(convert(comment(textOriginal=None, textDisplay="The boat<br>has gone &amp; won&#39;t return")))
    assert event.text == "The boat\nhas gone & won't return"


def test_a_search_result_notes_that_its_description_is_cut() -> None:
    found = {
        "kind": "youtube#searchResult",
        "id": {"kind": "youtube#video", "videoId": "v2"},
        "snippet": video()["snippet"],
    }
    outcome = convert(found)
    assert [one.message_id for one in events(outcome)] == ["v2"]
    assert isinstance(outcome, Converted)
    assert "videos.list" in outcome.notes[0]
    channel = {**found, "id": {"kind": "youtube#channel", "channelId": "UC"}}
    assert convert(channel) == Skipped("other_kind")


def test_the_title_of_a_search_result_has_no_escapes() -> None:
    snippet = {**video()["snippet"], "title": "Fish &amp; boats: it&#39;s over", "description": "a &amp; b"}
    (event,) = events(convert({"id": {"videoId": "v2"}, "snippet": snippet}))
    assert event.text == "Fish & boats: it's over\na &amp; b"
    (event, _) = events(convert(video(snippet=snippet)))
    assert event.text.startswith("Fish &amp; boats")


def test_the_addresses_of_a_description_are_those_of_the_post() -> None:
    assert events(convert(video()))[0].urls == ("https://pier.example/a",)


def without_kind(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_kind(one) for key, one in value.items() if key not in {"kind", "etag"}}
    return [without_kind(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("item", [video(), comment(), thread()], ids=["video", "comment", "thread"])
def test_partial_answers_without_kinds_are_read(item: dict[str, Any]) -> None:
    for shape in ({"items": [item]}, [item]):
        text = json.dumps(without_kind(shape), indent=2)
        assert recognise(Opening(text.encode())) is FORMAT
        [(_, outcome)] = FORMAT.read(MemoryFile(text), Options())
        assert outcome == convert(item)
    assert not FORMAT.recognises(Opening(b'{"id": 1, "snippet": "a", "title": "b"}'))


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("shape", ["lines", "array", "items"])
def test_pages_are_read_one_a_line_as_one_document_or_as_an_array(shape: str, indent: int | None) -> None:
    pages: list[Any] = [page(video(), video(id="w")), page(thread(), kind="youtube#commentThreadListResponse")]
    if shape == "array":
        text = json.dumps(pages, indent=indent)
    elif shape == "lines":
        text = "\n".join(json.dumps(one, indent=indent) for one in pages)
    else:
        text = "\n".join(json.dumps(one, indent=indent) for one in (video(), video(id="w"), thread()))
    assert recognise(Opening(text.encode())) is FORMAT
    items = list(FORMAT.read(MemoryFile(text), Options()))
    assert [position for position, _ in items] == [0, 1, 2]
    assert [len(events(outcome)) for _, outcome in items] == [2, 2, 2]


def test_an_answer_with_an_error_and_a_cut_file_are_outcomes() -> None:
    error = json.dumps({"error": {"code": 403, "message": "quota"}})
    text = json.dumps(page(video())) + "\n" + error + "\n" + json.dumps(page(video(id="w")))[:-30]
    first, second, third = (outcome for _, outcome in FORMAT.read(MemoryFile(text), Options()))
    assert (len(events(first)), second) == (2, Skipped("error_answer"))
    assert isinstance(third, Refused)


def test_nothing_of_youtube_is_a_forward() -> None:
    for value in (video(), comment(), thread()):
        assert not {one.kind for one in events(convert(value))} & {Kind.FORWARD, Kind.QUOTE}


@given(mutations(video()) | mutations(comment()) | mutations(thread()))
def test_any_change_of_an_item_gives_an_outcome(value: Any) -> None:
    outcome = convert(value)
    assert isinstance(outcome, Converted | Skipped | Refused)
    if isinstance(outcome, Converted):
        for event in outcome.events:
            assert event.kind in {Kind.POST, Kind.REPLY, Kind.COUNTER}
            assert msgspec.json.decode(msgspec.json.encode(event), type=ForwardEvent) == event
