"""Mastodon: statuses, streams, reports and activities; what only followers may see is never read."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given

from detectors.reading.config import IntakeConfig
from detectors.reading.event_reader import read_event
from schemas.event import Counters, ForwardEvent, Kind, ParentEvidence
from streams.adapters.base import Converted, Options, Outcome, Refused, Skipped, date_counter, is_undated
from streams.adapters.mastodon import html
from streams.adapters.mastodon.activity import convert_activity
from streams.adapters.mastodon.html import read_html
from streams.adapters.mastodon.read import FORMAT, convert
from streams.adapters.mastodon.report import convert_webhook
from streams.adapters.mastodon.status import (
    DELETION_DATED,
    NO_VISIBILITY,
    Server,
    convert_deletion,
    convert_status,
)
from streams.adapters.opening import Opening
from streams.adapters.registry import recognise
from tests.streams.adapters.file import MemoryFile
from tests.streams.adapters.mutations import mutations

HOME = "https://kelp.example"
REEF = "https://reef.example"
RECEIVED = 1_775_034_50_000
PUBLISHED = 1_775_034_000_500
ONE, NOTE = f"{HOME}/users/una/statuses/1", f"{REEF}/notes/3"


def status(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": f"11400{number}",
        "uri": f"{HOME}/users/una/statuses/{number}",
        "url": f"{HOME}/@una/{number}",
        "created_at": "2026-04-01T09:00:00.500Z",
        "account": {"id": "5", "acct": "una", "uri": f"{HOME}/users/una", "url": f"{HOME}/@una", "followers_count": 21},
        "content": "<p>The well in Skerry is poisoned</p>",
        "spoiler_text": "",
        "visibility": "public",
        "language": "en",
        "reblog": None,
        "in_reply_to_id": None,
        "reblogs_count": 0,
        "edited_at": None,
        **more,
    }


def boost(original: dict[str, Any], **more: Any) -> dict[str, Any]:
    account = {"id": "6", "uri": f"{REEF}/users/obi", "followers_count": 3}
    return status(
        9,
        uri=f"{REEF}/users/obi/statuses/9/activity",
        account=account,
        content="",
        reblog=original,
        **more,
    )


def of(value: object, received_at: int | None = None, server: Server | None = None, **more: Any) -> list[ForwardEvent]:
    outcome = convert_status(value, server or Server(), received_at=received_at, **more)
    assert isinstance(outcome, Converted), outcome
    return list(outcome.events)


def test_a_status_is_named_by_its_uri_and_dated_by_its_receipt() -> None:
    (event,) = of(status(), RECEIVED)
    assert event.message_id == event.event_id == f"{HOME}/users/una/statuses/1"
    assert (event.kind, event.actor, event.followers) == (Kind.POST, f"{HOME}/users/una", 21)
    assert (event.created_at, event.observed_at, event.claimed_at) == (RECEIVED, RECEIVED, PUBLISHED)
    assert (event.text, event.lang) == ("The well in Skerry is poisoned", "en")


def test_a_status_of_a_file_has_the_time_of_its_server_without_a_witness() -> None:
    (event,) = of(status())
    assert (event.created_at, event.observed_at, event.claimed_at) == (PUBLISHED, None, PUBLISHED)


def test_a_boost_has_the_original_as_root_and_its_text() -> None:
    event, *rest = of(boost(status(3, language="pt", spoiler_text="Water")))
    assert not rest
    assert event.message_id == f"{REEF}/users/obi/statuses/9/activity"
    assert (event.kind, event.root_ref, event.parent_ref) == (Kind.FORWARD, f"{HOME}/users/una/statuses/3", None)
    assert event.parent_evidence is ParentEvidence.ORIGIN_ONLY
    assert (event.text, event.lang, event.actor) == (
        "Water\nThe well in Skerry is poisoned",
        "pt",
        f"{REEF}/users/obi",
    )


def test_boosts_and_quotes_are_a_counter_of_the_original_that_waits_for_its_time() -> None:
    _, counter = of(boost(status(3, reblogs_count=40, quotes_count=2)))
    assert counter.message_id == f"{HOME}/users/una/statuses/3"
    assert counter.counters == Counters(forwards=42)
    assert is_undated(counter)
    _, dated = of(status(3, reblogs_count=42), RECEIVED)
    assert dated == date_counter(msgspec.structs.replace(dated, event_id=dated.message_id), RECEIVED)
    assert dated.event_id == f"{dated.message_id}#c{RECEIVED}"


@pytest.mark.parametrize("state", ["accepted", "muted_account"])
def test_a_visible_quote_names_the_quoted_status(state: str) -> None:
    (event,) = of(status(quote={"state": state, "quoted_status": status(7)}))
    assert (event.kind, event.parent_ref) == (Kind.QUOTE, f"{HOME}/users/una/statuses/7")
    assert event.parent_evidence is ParentEvidence.API_PARENT


def test_a_quote_that_was_revoked_is_a_post() -> None:
    assert of(status(quote={"state": "revoked", "quoted_status": None}))[0].kind is Kind.POST


def test_a_reply_or_a_shallow_quote_names_its_parent_only_if_the_server_has_sent_it() -> None:
    server = Server()
    reply = status(2, in_reply_to_id="114001")
    shallow = status(4, quote={"state": "accepted", "quoted_status_id": "114001"})
    for value, kind in ((reply, Kind.REPLY), (shallow, Kind.QUOTE)):
        (unknown,) = of(value, server=Server())
        assert (unknown.kind, unknown.parent_ref, unknown.parent_evidence) == (kind, None, ParentEvidence.NONE)
    of(boost(status(1)), server=server)
    for value, kind in ((reply, Kind.REPLY), (shallow, Kind.QUOTE)):
        (known,) = of(value, server=server)
        assert (known.kind, known.parent_ref) == (kind, f"{HOME}/users/una/statuses/1")


def test_a_server_forgets_the_oldest_statuses() -> None:
    server = Server(most=2)
    for number in (1, 2, 3):
        of(status(number), server=server)
    assert convert_deletion("114001", server) == Skipped("unknown_id")
    assert isinstance(convert_deletion("114002", server), Converted)


def test_an_edit_has_an_event_of_its_own_and_keeps_the_message() -> None:
    edited = status(edited_at="2026-04-01T09:05:00Z", content="<p>The well is clean</p>")
    (event,) = of(edited, is_edit=True)
    assert (event.kind, event.message_id) == (Kind.EDIT, f"{HOME}/users/una/statuses/1")
    assert event.event_id == f"{event.message_id}@1775034300"
    assert event.created_at == 1_775_034_300_000
    (later_copy,) = of(edited)
    assert (later_copy.kind, later_copy.event_id) == (Kind.POST, event.event_id)
    assert later_copy.created_at == PUBLISHED


@pytest.mark.parametrize("hidden", ["private", "direct", "limited", ""])
def test_what_only_followers_or_mentioned_people_see_is_never_read(hidden: str) -> None:
    assert convert_status(status(visibility=hidden), Server()) == Skipped("not_public")
    assert convert_status(boost(status(visibility=hidden)), Server()) == Skipped("not_public")


def test_a_status_without_a_visibility_is_noted() -> None:
    value = status()
    del value["visibility"]
    outcome = convert_status(value, Server())
    assert isinstance(outcome, Converted)
    assert outcome.notes == (NO_VISIBILITY,)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (7, "not_an_object"),
        (status(uri=None), "missing_field"),
        (status(uri="u" * 600), "out_of_range"),
        (status(account=None), "missing_field"),
        (status(created_at="1 April"), "time_out_of_range"),
        (status(created_at=None), "missing_field"),
        (status(content=["a"]), "wrong_type"),
        (status(content="<" * (1 << 21)), "too_large"),
        (status(reblog={"id": "1"}), "missing_field"),
    ],
)
def test_a_status_that_lacks_what_an_event_needs_is_refused(value: object, reason: str) -> None:
    outcome = convert_status(value, Server())
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason


@pytest.mark.parametrize(
    ("html", "text", "urls"),
    [
        ("<p>one<br>two</p><p>three &amp; four</p>", "one\ntwo\nthree & four", ()),
        ("plain", "plain", ()),
        (
            (
                '<p>see <a href="https://dock.example/a"><span class="invisible">https://</span>dock.example'
                '<span class="invisible">/a</span></a></p>'
            ),
            "see https://dock.example/a",
            ("https://dock.example/a",),
        ),
        ('<p><a class="u-url mention" href="https://a.example/@b">@<span>b</span></a> hi</p>', "@b hi", ()),
        ('<p><a class="mention hashtag" rel="tag" href="https://a.example/tags/x">#<span>x</span></a></p>', "#x", ()),
        ('<p class="quote-inline">RE: <a href="https://a.example/1">1</a></p><p>mine</p>', "mine", ()),
        ('<p>a <a href="javascript:x()">link</a></p>', "a link", ()),
        ("<p>left open <b>and <i>deep", "left open and deep", ()),
        ("<script>var p;</script><p>kept</p>", "kept", ()),
        ("a &lt;b&gt; &#x200B;c", "a <b> \u200bc", ()),
    ],
)
def test_html_becomes_text_with_real_line_breaks_and_the_addresses_of_links(
    html: str, text: str, urls: tuple[str, ...]
) -> None:
    assert read_html(html) == (text, urls)


def test_deep_html_is_read_in_one_pass() -> None:
    text, _ = read_html("<div>" * 50_000 + "deep" + "</div>" * 50_000)
    assert text == "deep"


@pytest.mark.parametrize(
    "piece", ["<", "<a ", "<a b='", '<a href="', "<!--", "</", "<a" + " a" * 40 + ">", "<p " + "x" * 9000]
)
def test_the_parser_gets_no_tag_without_an_end_for_which_it_needs_quadratic_time(
    piece: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    monkeypatch.setattr(html._Reader, "feed", lambda _, text: given.append(text))
    read_html((piece * (1 << 12))[: 1 << 12])
    (text,) = given
    ends = [text.find(">", start) - start for start, letter in enumerate(text) if letter == "<"]
    assert all(0 < end <= 2049 for end in ends)


def sse(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"


def read(data: str | bytes, **more: Any) -> list[tuple[int, Outcome]]:
    return list(FORMAT.read(MemoryFile(data, **more), Options()))


def kinds(items: list[tuple[int, Outcome]]) -> list[str]:
    return [
        "+".join(event.kind for event in outcome.events) if isinstance(outcome, Converted) else outcome.reason
        for _, outcome in items
    ]


def test_a_recorded_stream_has_an_outcome_for_each_event_and_none_for_a_heartbeat() -> None:
    recording = (
        ":)\n\n:thump\n"
        + sse("update", json.dumps(status(1)))
        + sse("status.update", json.dumps(status(1, edited_at="2026-04-01T09:05:00Z")))
        + sse("delete", "114001")
        + sse("delete", "999")
        + sse("notification", "{}")
        + sse("filters_changed", "undefined")
        + sse("update", "{")
        + f"event: update\ndata: {json.dumps(status(2))}"
    )
    items = read(recording, piece=37)
    assert kinds(items) == ["post", "edit", "delete", "unknown_id", "other_event", "other_event", "not_json", "post"]
    assert [position for position, _ in items] == list(range(8))
    deletion = items[2][1]
    assert isinstance(deletion, Converted)
    assert deletion.notes == (DELETION_DATED,)
    (event,) = deletion.events
    edited = PUBLISHED - 500 + 5 * 60_000  # a deletion before the edit would leave the edit in place
    assert (event.event_id, event.created_at) == (f"{HOME}/users/una/statuses/1#d", edited)
    assert kinds(read(recording.replace("\n", "\r\n"))) == kinds(items)


def test_a_deletion_that_is_received_has_the_time_of_its_receipt() -> None:
    server = Server()
    of(status(1), server=server)
    outcome = convert_deletion("114001", server, received_at=RECEIVED)
    assert isinstance(outcome, Converted)
    assert (outcome.events[0].created_at, outcome.notes) == (RECEIVED, ())


@pytest.mark.parametrize("layout", ["lines", "array", "pretty"])
def test_statuses_in_json_are_read_in_each_layout(layout: str) -> None:
    values = [status(1), status(2, reblogs_count=4), boost(status(1))]
    text = (
        "\n".join(map(json.dumps, values))
        if layout == "lines"
        else json.dumps(values, indent=2 if layout == "pretty" else None)
    )
    assert kinds(read("\ufeff" + text)) == ["post", "post+counter", "forward"]


@pytest.mark.parametrize("indent", [None, 2])
def test_threads_search_results_and_outboxes_are_read_as_what_is_in_them(indent: int | None) -> None:
    thread = {"ancestors": [status(1)], "descendants": [status(2, in_reply_to_id="114001")]}
    search = {"accounts": [], "statuses": [status(1), boost(status(1))], "hashtags": []}
    outbox = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "type": "OrderedCollection",
        "totalItems": 2,
        "orderedItems": [activity("Announce", object=ONE), activity("Create", object=note())],
    }
    for value, wanted in ((thread, ["post", "reply"]), (search, ["post", "forward"]), (outbox, ["forward", "post"])):
        text = json.dumps(value, indent=indent)
        assert recognise(Opening(text.encode())) is FORMAT
        assert kinds(read(text)) == wanted
    assert kinds(read(json.dumps({"accounts": [], "statuses": [], "hashtags": []}))) == ["empty_page"]


@pytest.mark.parametrize("layout", ["lines", "array"])
def test_a_timeline_with_the_newest_first_names_the_parents_of_its_replies(layout: str) -> None:
    answer, hidden = status(2, in_reply_to_id="114001"), status(4, in_reply_to_id="114003")
    values = [hidden, answer, status(3, visibility="private"), status(1), {"id": [], "account": 1, "uri": {}}]
    text = "\n".join(map(json.dumps, values)) if layout == "lines" else json.dumps(values)
    items = read(text)
    assert kinds(items) == ["reply", "reply", "not_public", "post", "wrong_type"]
    parents = [outcome.events[0].parent_ref for _, outcome in items[:2] if isinstance(outcome, Converted)]
    assert parents == [None, status(1)["uri"]]


def test_a_status_with_the_necessary_fields_alone_is_recognised() -> None:
    names = ("content", "created_at", "account", "uri", "id")
    text = json.dumps([{name: status()[name] for name in names}])
    assert recognise(Opening(text.encode())) is FORMAT
    assert kinds(read(text)) == ["post"]


def test_events_of_a_web_socket_are_read() -> None:
    frames = [
        {"stream": ["public"], "event": "update", "payload": json.dumps(status(1))},
        {"stream": ["public"], "event": "delete", "payload": "114001"},
    ]
    text = "\n".join(map(json.dumps, frames))
    assert recognise(Opening(text.encode())) is FORMAT
    assert kinds(read(text)) == ["post", "delete"]


def test_a_stream_that_is_cut_off_keeps_what_came_before() -> None:
    recording = sse("update", json.dumps(status(1))) + 'event: update\ndata: {"id": "1'
    assert kinds(read(recording)) == ["post", "not_json"]
    assert kinds(read(recording, damaged=True))[:2] == ["post", "truncated"]
    assert kinds(read(" ", damaged=True)) == ["truncated"]
    assert kinds(read("")) == []


def report(**more: Any) -> dict[str, Any]:
    account = {"id": "8", "email": "zed@mail.example", "ip": "192.0.2.7", "account": {"uri": f"{HOME}/users/zed"}}
    body = {
        "id": "77",
        "category": "violation",
        "comment": "my neighbour Zed wrote this",
        "created_at": "2026-04-01T10:00:00Z",
        "account": account,
        "statuses": [status(1), status(2)],
        **more,
    }
    return {"event": "report.created", "created_at": "2026-04-01T10:00:00.1Z", "object": body}


def test_a_report_gives_one_event_for_each_status_and_nothing_else_of_the_reporter() -> None:
    outcome = convert_webhook(report(), Server(), received_at=RECEIVED)
    assert isinstance(outcome, Converted)
    assert [event.message_id for event in outcome.events] == [f"{HOME}/users/una/statuses/{n}" for n in (1, 2)]
    assert len({event.event_id for event in outcome.events}) == 2
    first = outcome.events[0]
    assert first.report is not None
    assert (first.kind, first.actor, first.report.category) == (Kind.REPORT, f"{HOME}/users/zed", "violation")
    assert (first.created_at, first.observed_at) == (1_775_037_600_000, RECEIVED)
    written = msgspec.json.encode(outcome.events).decode()
    assert not any(word in written for word in ("mail.example", "192.0.2.7", "neighbour"))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (report(statuses=[]), "no_status"),
        (report(statuses=[status(visibility="direct")]), "not_public"),
        (report() | {"event": "account.created"}, "other_webhook"),
        (report() | {"event": 4}, "wrong_type"),
        (report(id=None), "missing_field"),
    ],
)
def test_a_webhook_without_a_reported_public_status_is_no_event(payload: object, reason: str) -> None:
    outcome = convert_webhook(payload, Server())
    assert not isinstance(outcome, Converted)
    assert outcome.reason == reason


def activity(type_: str, **more: Any) -> dict[str, Any]:
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"{REEF}/activities/{type_}",
        "type": type_,
        "actor": f"{REEF}/users/obi",
        "published": "2026-04-01T09:00:00.5Z",
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        **more,
    }


def note(**more: Any) -> dict[str, Any]:
    return {
        "id": f"{REEF}/notes/3",
        "type": "Note",
        "content": "<p>Do not drink</p>",
        "published": "2026-04-01T09:00:00.5Z",
        **more,
    }


@pytest.mark.parametrize(
    ("value", "kind", "message_id", "root", "parent"),
    [
        (activity("Announce", object=ONE), Kind.FORWARD, f"{REEF}/activities/Announce", ONE, None),
        (activity("Create", object=note()), Kind.POST, NOTE, None, None),
        (activity("Create", object=note(inReplyTo=ONE)), Kind.REPLY, NOTE, None, ONE),
        (activity("Create", object=note(quoteUrl=ONE)), Kind.QUOTE, NOTE, None, ONE),
        (activity("Update", object=note(updated="2026-04-01T09:10:00Z")), Kind.EDIT, NOTE, None, None),
        (activity("Delete", object={"id": NOTE, "type": "Tombstone"}), Kind.DELETE, NOTE, None, None),
        (activity("Undo", object={"id": NOTE, "type": "Announce"}), Kind.DELETE, NOTE, None, None),
        (activity("Flag", object=[f"{HOME}/users/una", ONE]), Kind.REPORT, ONE, None, None),
    ],
)
def test_each_activity_is_the_event_that_it_announces(
    value: dict[str, Any], kind: Kind, message_id: str, root: str | None, parent: str | None
) -> None:
    outcome = convert_activity(value, received_at=RECEIVED)
    assert isinstance(outcome, Converted)
    (event,) = outcome.events
    assert (event.kind, event.message_id, event.root_ref, event.parent_ref) == (kind, message_id, root, parent)
    assert (event.created_at, event.observed_at) == (RECEIVED, RECEIVED)
    assert recognise(Opening(json.dumps(value).encode())) is FORMAT


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (activity("Announce", object="x", to=[f"{REEF}/users/obi/followers"]), "not_public"),
        (activity("Create", object=note(), to=[]), "not_public"),
        (activity("Update", object={"type": "Person"}), "other_object"),
        (activity("Undo", object={"type": "Follow", "id": "x"}), "other_activity"),
        (activity("Delete", object=f"{REEF}/users/obi"), "account_deleted"),
        (activity("Like", object="x"), "other_activity"),
        (activity("Flag", object=[f"{HOME}/users/una"]), "no_status"),
        (activity("Delete", object="x", published=None), "no_time"),
        (activity("Announce"), "missing_field"),
        (activity("Announce", object="x", actor=None), "missing_field"),
    ],
)
def test_an_activity_without_a_public_share_is_no_event(value: dict[str, Any], reason: str) -> None:
    outcome = convert_activity(value)
    assert not isinstance(outcome, Converted)
    assert outcome.reason == reason


@pytest.mark.parametrize("text", [":)\n\nevent: update\ndata: {}\n\n", json.dumps([status()]), json.dumps(report())])
def test_the_format_is_recognised_by_its_content(text: str) -> None:
    assert recognise(Opening(text.encode())) is FORMAT


@pytest.mark.parametrize(
    "text", ["event: concert on Friday\n", '{"uri": 1, "account": 2}', "uri,account,content\n", "data: x"]
)
def test_other_files_are_not_taken_for_mastodon(text: str) -> None:
    assert recognise(Opening(text.encode())) is None


SAMPLES = [
    boost(status(3, reblogs_count=2)),
    status(quote={"state": "accepted", "quoted_status": status(7)}, in_reply_to_id=None),
    {"stream": ["user"], "event": "status.update", "payload": json.dumps(status(edited_at="2026-04-01T09:05:00Z"))},
    report(),
    activity("Create", object=note(inReplyTo="https://a.example/1")),
    activity("Flag", object=[f"{HOME}/users/una", f"{HOME}/users/una/statuses/1"]),
]


@pytest.mark.parametrize("sample", SAMPLES, ids=range(len(SAMPLES)))
def test_any_mutation_has_an_outcome_that_intake_accepts(sample: Any) -> None:
    @given(mutations(sample))
    def check(value: object) -> None:
        outcome = convert(value, Server())
        for event in outcome.events if isinstance(outcome, Converted) else ():
            if len(event.text) <= IntakeConfig().max_text_chars:
                dated = date_counter(event, PUBLISHED) if is_undated(event) else event
                read_event(msgspec.json.encode(dated), IntakeConfig())

    check()
