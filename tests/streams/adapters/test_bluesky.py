"""Bluesky's Jetstream: each kind of frame in both versions, and frames that are damaged or hostile."""

import hashlib
import json
from base64 import b32encode
from typing import Any

import msgspec
import pytest
from hypothesis import given

from detectors.reading.config import IntakeConfig
from detectors.reading.event_reader import read_event
from schemas.event import AccountStatus, ForwardEvent, Kind, Media, ParentEvidence
from streams.adapters.base import Converted, Options, Refused, Skipped
from streams.adapters.bluesky import FORMAT, convert, place_of, sha256_of_cid
from streams.adapters.opening import Opening
from streams.adapters.registry import recognise
from tests.streams.adapters.file import MemoryFile
from tests.streams.adapters.mutations import mutations

WREN, ROOK, TERN = "did:plc:wren", "did:plc:rook", "did:web:tern.example"
AT = 1_775_034_000_250_999  # microseconds
ORIGINAL = f"at://{WREN}/app.bsky.feed.post/3kferry"
SHA = hashlib.sha256(b"a photograph of the pier").digest()
CID = "b" + b32encode(b"\x01\x55\x12\x20" + SHA).decode().lower().rstrip("=")


def commit(record: dict[str, Any] | None, did: str = ROOK, operation: str = "create", **more: Any) -> dict[str, Any]:
    collection = (record or {}).get("$type", "app.bsky.feed.post")
    body = {"rev": "3kr1", "operation": operation, "collection": collection, "rkey": "3kx", **more}
    if record is not None:
        body |= {"record": record, "cid": "bafyreirecord"}
    return {"did": did, "time_us": AT, "kind": "commit", "commit": body}


def post(text: str = "The ferry at Ormsby sank", **more: Any) -> dict[str, Any]:
    return {"$type": "app.bsky.feed.post", "createdAt": "2026-04-01T08:59:58.120Z", "text": text, **more}


def repost(**more: Any) -> dict[str, Any]:
    subject = {"cid": "bafyreiferry", "uri": ORIGINAL}
    return {"$type": "app.bsky.feed.repost", "createdAt": "2026-04-01T09:00:00Z", "subject": subject, **more}


def in_version_2(frame: dict[str, Any]) -> dict[str, Any]:
    kind = frame["kind"]
    body = frame["commit"] if kind == "commit" else {kind: frame[kind]}
    envelope = {"seq": 4711, "did": frame["did"], "time": "2026-04-01T09:00:00.250999Z"}
    payload = {"$type": f"network.bsky.jetstream.subscribeEvents#{kind}", **envelope, **body}
    return {"$type": "message", "payload": payload}


def the(outcome: object) -> ForwardEvent:
    assert isinstance(outcome, Converted), outcome
    (event,) = outcome.events
    return event


def test_a_post_has_the_time_of_the_witness_and_keeps_the_claim_of_its_author_apart() -> None:
    event = the(convert(commit(post(langs=["en", "de"]))))
    assert event.event_id == f"at://{ROOK}/app.bsky.feed.post/3kx#3kr1"
    assert event.message_id == f"at://{ROOK}/app.bsky.feed.post/3kx"
    assert (event.kind, event.actor, event.text, event.lang) == (Kind.POST, ROOK, "The ferry at Ormsby sank", "en")
    assert event.created_at == event.observed_at == AT // 1000
    assert event.claimed_at == 1_775_033_998_120
    assert event.source is not None
    assert event.source.cursor == str(AT)


@pytest.mark.parametrize("claim", ["yesterday", "2026-04-01T09:00:00", "0001-01-01T00:00:00Z", 17, None])
def test_a_claim_that_is_no_time_is_left_out_and_noted(claim: object) -> None:
    outcome = convert(commit(post(createdAt=claim)))
    assert the(outcome).claimed_at is None
    assert isinstance(outcome, Converted)
    assert bool(outcome.notes) == (claim is not None)


def test_a_repost_names_the_original_and_the_hop_only_where_the_hop_is_known() -> None:
    via = f"at://{TERN}/app.bsky.feed.repost/3kv"
    seen = the(convert(commit(repost(via={"cid": "bafyreivia", "uri": via}))))
    assert (seen.kind, seen.root_ref, seen.parent_ref) == (Kind.FORWARD, ORIGINAL, via)
    assert seen.parent_evidence is ParentEvidence.VIA
    unseen = the(convert(commit(repost())))
    assert (unseen.root_ref, unseen.parent_ref, unseen.parent_evidence) == (ORIGINAL, None, ParentEvidence.NONE)


def test_a_reply_names_its_parent_and_its_root_and_a_reply_with_a_quote_is_a_reply() -> None:
    parent = f"at://{TERN}/app.bsky.feed.post/3kp"
    record = post(
        reply={"parent": {"uri": parent}, "root": {"uri": ORIGINAL}},
        embed={"$type": "app.bsky.embed.record", "record": {"uri": ORIGINAL}},
    )
    event = the(convert(commit(record)))
    assert (event.kind, event.parent_ref, event.root_ref) == (Kind.REPLY, parent, ORIGINAL)
    assert event.parent_evidence is ParentEvidence.API_PARENT


@pytest.mark.parametrize(
    "embed",
    [
        {"$type": "app.bsky.embed.record", "record": {"uri": ORIGINAL}},
        {"$type": "app.bsky.embed.recordWithMedia", "record": {"record": {"uri": ORIGINAL}}, "media": {}},
    ],
    ids=["record", "record with media"],
)
def test_a_quote_names_the_quoted_post(embed: dict[str, Any]) -> None:
    event = the(convert(commit(post(embed=embed))))
    assert (event.kind, event.parent_ref, event.root_ref) == (Kind.QUOTE, ORIGINAL, None)
    assert event.parent_evidence is ParentEvidence.API_PARENT


def test_an_embedded_list_is_no_quote() -> None:
    embed = {"$type": "app.bsky.embed.record", "record": {"uri": f"at://{WREN}/app.bsky.graph.list/3kl"}}
    event = the(convert(commit(post(embed=embed))))
    assert (event.kind, event.parent_ref) == (Kind.POST, None)


def test_addresses_come_from_links_in_the_text_and_from_the_card_and_not_from_mentions() -> None:
    facets = [
        {"features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://harbour.example/log"}]},
        {"features": [{"$type": "app.bsky.richtext.facet#mention", "did": WREN}]},
    ]
    card = {"$type": "app.bsky.embed.external", "external": {"uri": "https://pier.example/1", "thumb": blob()}}
    event = the(convert(commit(post(facets=facets, embed=card))))
    assert event.urls == ("https://harbour.example/log", "https://pier.example/1")
    assert event.media == ()  # the picture of a card belongs to the page


def blob() -> dict[str, Any]:
    return {"$type": "blob", "ref": {"$link": CID}, "mimeType": "image/jpeg", "size": 24}


@pytest.mark.parametrize(
    "embed",
    [
        {"$type": "app.bsky.embed.images", "images": [{"alt": "", "image": blob()}]},
        {"$type": "app.bsky.embed.video", "video": blob()},
        {"$type": "app.bsky.embed.gallery", "media": [{"$type": "app.bsky.embed.gallery#image", "image": blob()}]},
        {
            "$type": "app.bsky.embed.recordWithMedia",
            "record": {"record": {"uri": ORIGINAL}},
            "media": {"$type": "app.bsky.embed.images", "images": [{"image": blob()}]},
        },
    ],
    ids=["images", "video", "gallery", "record with media"],
)
def test_the_cid_of_a_picture_or_clip_is_its_sha256(embed: dict[str, Any]) -> None:
    assert the(convert(commit(post(embed=embed)))).media == (Media(SHA.hex()),)


def test_a_cid_of_another_codec_or_a_cut_cid_gives_no_hash() -> None:
    dag_cbor = "b" + b32encode(b"\x01\x71\x12\x20" + SHA).decode().lower().rstrip("=")
    assert sha256_of_cid(CID) == SHA.hex()
    assert [sha256_of_cid(cid) for cid in (dag_cbor, CID[:-1], CID + "a", "z" + CID[1:], "b" + "1" * 58, "")] == [
        None
    ] * 6


def test_an_edit_has_another_event_id_and_the_same_message_id() -> None:
    first = the(convert(commit(post())))
    edit = the(convert(commit(post("It did not sink"), operation="update", rev="3kr2")))
    assert edit.kind is Kind.EDIT
    assert (edit.message_id, edit.event_id) == (first.message_id, f"{first.message_id}#3kr2")


def test_a_deletion_names_the_message_also_of_a_repost() -> None:
    frame = commit(None, operation="delete", collection="app.bsky.feed.repost", rev="3kr9")
    event = the(convert(frame))
    assert (event.kind, event.message_id) == (Kind.DELETE, f"at://{ROOK}/app.bsky.feed.repost/3kx")
    assert event.event_id == f"{event.message_id}#d:3kr9"


@pytest.mark.parametrize(
    ("account", "status"),
    [
        ({"active": False, "status": "takendown"}, AccountStatus.TAKENDOWN),
        ({"active": False, "status": "suspended"}, AccountStatus.SUSPENDED),
        ({"active": False, "status": "deleted"}, AccountStatus.DELETED),
        ({"active": False, "status": "deactivated"}, AccountStatus.DEACTIVATED),
        ({"active": True}, AccountStatus.ACTIVE),
    ],
)
def test_the_state_of_an_account_is_a_statement(account: dict[str, Any], status: AccountStatus) -> None:
    frame = {"did": WREN, "time_us": AT, "kind": "account", "account": {**account, "did": WREN, "seq": 9}}
    for version in (frame, in_version_2(frame)):
        event = the(convert(version))
        assert (event.kind, event.actor, event.account_status) == (Kind.ACCOUNT_STATE, WREN, status)
        assert event.event_id == f"account/{WREN}/9"


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (commit({"$type": "app.bsky.feed.like", "subject": {"uri": ORIGINAL}}), "like"),
        (commit({"$type": "app.bsky.graph.follow"}), "follow"),
        (commit({"$type": "app.bsky.graph.block"}), "other_collection"),
        ({"did": WREN, "time_us": AT, "kind": "identity", "identity": {"did": WREN}}, "identity"),
        (
            {"did": WREN, "time_us": AT, "kind": "account", "account": {"active": False, "status": "throttled"}},
            "account_status",
        ),
        (
            {"did": WREN, "time_us": AT, "kind": "account", "account": {"active": False, "status": "desynchronized"}},
            "account_status",
        ),
        ({"did": WREN, "time_us": AT, "kind": "account", "account": {"active": False}}, "account_status"),
        ({"$type": "message", "payload": {"$type": "#info", "name": "OutdatedCursor"}}, "server_notice"),
        ({"$type": "error", "error": "ConsumerTooSlow"}, "server_notice"),
        (in_version_2({"did": WREN, "time_us": AT, "kind": "sync", "sync": {}}), "sync"),
    ],
)
def test_frames_without_a_share_are_skipped_with_the_reason(frame: dict[str, Any], reason: str) -> None:
    assert convert(frame) == Skipped(reason)


@pytest.mark.parametrize("record", [post(langs=["en"]), repost(via={"uri": ORIGINAL}), None])
def test_both_versions_give_the_same_event_but_for_the_cursor(record: dict[str, Any] | None) -> None:
    frame = commit(record, operation="create" if record else "delete")
    first, second = the(convert(frame)), the(convert(in_version_2(frame)))
    assert msgspec.structs.replace(first, source=None) == msgspec.structs.replace(second, source=None)
    assert second.source is not None
    assert second.source.cursor == "4711"
    assert (place_of(frame), place_of(in_version_2(frame))) == ((AT, AT // 1000), (4711, AT // 1000))


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ([], "not_an_object"),
        ({"text": "hello"}, "not_a_frame"),
        (commit(post()) | {"time_us": None}, "missing_field"),
        (commit(post()) | {"time_us": 1_775_034_000}, "time_out_of_range"),
        (commit(post()) | {"did": ""}, "out_of_range"),
        (commit(post()) | {"kind": "gossip"}, "out_of_range"),
        (commit(post(text=["a"])), "wrong_type"),
        (commit(post(), rkey="k" * 600), "out_of_range"),
        (commit(post(), operation="merge"), "out_of_range"),
        (commit(repost() | {"subject": None}), "missing_field"),
        (commit(post()) | {"commit": None}, "missing_field"),
        (commit(None, operation="create"), "missing_field"),
    ],
)
def test_a_frame_without_what_an_event_needs_is_refused_by_the_name_of_the_field(frame: object, reason: str) -> None:
    outcome = convert(frame)
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason
    assert "hello" not in outcome.detail
    assert ROOK not in outcome.detail


def test_a_number_written_as_text_is_read() -> None:
    assert the(convert(commit(post()) | {"time_us": str(AT)})) == the(convert(commit(post())))


@given(
    mutations(
        commit(
            post(
                langs=["en"],
                facets=[{"features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://a.example"}]}],
                embed={"$type": "app.bsky.embed.images", "images": [{"image": blob()}]},
                reply={"parent": {"uri": ORIGINAL}, "root": {"uri": ORIGINAL}},
            )
        )
    )
)
def test_any_mutation_of_a_post_has_an_outcome_that_intake_accepts(frame: object) -> None:
    check(frame)


@given(mutations(in_version_2(commit(repost(via={"uri": ORIGINAL})))))
def test_any_mutation_of_a_repost_has_an_outcome_that_intake_accepts(frame: object) -> None:
    check(frame)


def check(frame: object) -> None:
    outcome = convert(frame)
    if isinstance(outcome, Converted):
        for event in outcome.events:
            long = len(event.text) > IntakeConfig().max_text_chars
            if not long:
                read_event(msgspec.json.encode(event), IntakeConfig())


def test_a_recording_has_an_outcome_for_each_line() -> None:
    lines = [json.dumps(commit(post())), "{", "", json.dumps(in_version_2(commit(repost()))), "7"]
    items = list(FORMAT.read(MemoryFile("\n".join(lines)), Options()))
    assert [position for position, _ in items] == [0, 1, 3, 4]
    assert [type(outcome).__name__ for _, outcome in items] == ["Converted", "Refused", "Converted", "Refused"]


def test_a_recording_that_is_cut_off_keeps_the_frames_before_the_cut() -> None:
    whole = json.dumps(commit(post())) + "\n"
    items = list(FORMAT.read(MemoryFile(whole + whole[:90], damaged=True), Options()))
    assert [type(outcome) for _, outcome in items] == [Converted, Refused]
    assert isinstance(items[1][1], Refused)
    assert items[1][1].reason == "truncated"


@pytest.mark.parametrize("frame", [commit(post()), in_version_2(commit(repost())), [commit(post())]])
def test_the_format_is_recognised_by_its_content(frame: object) -> None:
    assert recognise(Opening(json.dumps(frame).encode())) is FORMAT


def test_other_json_is_not_taken_for_frames() -> None:
    for text in ('{"did": "x", "kind": "post"}', '{"payload": {"did": "x", "seq": 1}}', "did,time_us,kind,commit"):
        assert recognise(Opening(text.encode())) is None
