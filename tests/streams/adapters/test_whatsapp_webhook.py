"""Webhooks of the Business Cloud API: marks of forwarding, tiplines and groups, signatures, the handshake."""

import hashlib
import hmac
import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import ForwardEvent, Kind, Media, Report
from streams.adapters.base import Converted, Options, Outcome, Refused, Skipped, TiplineKind
from streams.adapters.opening import Opening
from streams.adapters.registry import recognise
from streams.adapters.whatsapp import webhook
from streams.adapters.whatsapp.webhook import convert, handshake, read, signature_ok
from tests.streams.adapters.file import MemoryFile
from tests.streams.adapters.mutations import mutations

RUMOUR = "The ferry at Otter Quay sank at noon, do not let the children board"
NO_OPTIONS = Options()
DIGEST = hashlib.sha256(b"a picture").digest()


def message(**fields: Any) -> dict[str, Any]:
    return {
        "from": "919811100022",
        "id": "wamid.QUFBQUFB",
        "timestamp": "1772601390",
        "type": "text",
        "text": {"body": RUMOUR},
    } | fields


def value(*messages: Any, **fields: Any) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550100199", "phone_number_id": "200300400"},
        "contacts": [{"profile": {"name": "Ada"}, "wa_id": "919811100022"}],
        "messages": list(messages),
    } | fields


def payload(*values: Any) -> dict[str, Any]:
    changes = [{"field": "messages", "value": one} for one in values]
    return {"object": "whatsapp_business_account", "entry": [{"id": "5", "changes": changes}]}


def outcomes(given: Any, options: Options = NO_OPTIONS) -> list[Outcome]:
    return list(convert(given, options))


def only(given: Any, options: Options = NO_OPTIONS) -> ForwardEvent:
    (outcome,) = outcomes(given, options)
    assert isinstance(outcome, Converted)
    (event,) = outcome.events
    return event


def one(**fields: Any) -> ForwardEvent:
    return only(payload(value(message(**fields))))


def reason(**fields: Any) -> str:
    (outcome,) = outcomes(payload(value(message(**fields))))
    assert not isinstance(outcome, Converted)
    return outcome.reason


def test_a_question_to_a_tipline_is_a_report() -> None:
    event = one()
    assert (event.platform, event.chat, event.kind) == ("whatsapp.tipline", "200300400", Kind.REPORT)
    assert event.report == Report(category="tipline")
    assert (event.event_id, event.message_id) == ("wamid.QUFBQUFB", "wamid.QUFBQUFB")
    assert (event.actor, event.text, event.created_at) == ("919811100022", RUMOUR, 1_772_601_390_000)


def test_the_option_makes_a_question_a_post() -> None:
    event = only(payload(value(message())), Options(tipline_unmarked=TiplineKind.POST))
    assert (event.kind, event.report) == (Kind.POST, None)


def test_a_message_in_a_group_is_a_post_of_the_group() -> None:
    event = one(group_id="Y2hhdA")
    assert (event.platform, event.chat, event.kind, event.report) == ("whatsapp", "Y2hhdA", Kind.POST, None)


@pytest.mark.parametrize(
    ("context", "often"),
    [
        ({"forwarded": True}, None),
        ({"frequently_forwarded": True}, True),
        ({"forwarded": True, "frequently_forwarded": True}, True),
    ],
)
@pytest.mark.parametrize("group", [{}, {"group_id": "Y2hhdA"}], ids=["tipline", "group"])
def test_a_mark_makes_a_message_a_forward_of_at_least_one_hop(
    context: dict[str, bool], often: bool | None, group: dict[str, str]
) -> None:
    event = one(context=context, **group)
    assert (event.kind, event.hops_min, event.frequently_forwarded) == (Kind.FORWARD, 1, often)
    assert event.report is None


def test_an_answer_to_our_own_message_is_no_forward() -> None:
    event = one(context={"from": "15550100199", "id": "wamid.QkJC", "forwarded": False})
    assert (event.kind, event.hops_min, event.parent_ref) == (Kind.REPORT, 0, None)


TEXTS = [
    ({"type": "image", "image": {"caption": RUMOUR, "sha256": b64encode(DIGEST).decode()}}, RUMOUR, True),
    ({"type": "video", "video": {"caption": RUMOUR, "sha256": DIGEST.hex()}}, RUMOUR, True),
    ({"type": "document", "document": {"filename": "a.pdf", "sha256": DIGEST.hex().upper()}}, "", True),
    ({"type": "audio", "audio": {"sha256": b64encode(DIGEST).decode().rstrip("=")}}, "", True),
    ({"type": "button", "button": {"text": "Yes", "payload": "y"}}, "Yes", False),
    (
        {
            "type": "interactive",
            "interactive": {"type": "button_reply", "button_reply": {"id": "1", "title": "Is it true?"}},
        },
        "Is it true?",
        False,
    ),
    (
        {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "1", "title": "Health"}}},
        "Health",
        False,
    ),
]


@pytest.mark.parametrize(
    ("fields", "text", "hashed"), TEXTS, ids=[str(row[0]["type"]) + str(i) for i, row in enumerate(TEXTS)]
)
def test_texts_captions_titles_and_hashes_are_read(fields: dict[str, Any], text: str, hashed: bool) -> None:
    event = one(text=None, **fields)
    assert event.text == text
    assert event.media == ((Media(sha256=DIGEST.hex()),) if hashed else ())


@pytest.mark.parametrize("digest", ["", "zz" * 32, "abc", b64encode(b"short").decode(), 7, "é" * 44, "=" * 44])
def test_a_hash_in_no_known_form_is_left_out(digest: Any) -> None:
    assert one(type="image", image={"caption": "a", "sha256": digest}).media == ()


@pytest.mark.parametrize("kind", ["reaction", "location", "contacts", "unsupported", "system", "order"])
def test_other_types_are_skipped_by_their_name(kind: str) -> None:
    assert reason(type=kind) == kind


def test_a_number_changed_is_skipped_and_not_merged() -> None:
    assert reason(type="system", system={"type": "user_changed_number", "wa_id": "919800000001"}) == "system"


@pytest.mark.parametrize(
    ("fields", "actor"),
    [
        ({"from": None, "from_user_id": "IN.77"}, "IN.77"),
        ({"from": None}, "919811100022"),
        ({"from": 919811100022}, "919811100022"),
    ],
)
def test_the_sender_may_have_no_number(fields: dict[str, Any], actor: str) -> None:
    assert one(**fields).actor == actor


def test_a_contact_is_the_sender_only_if_it_is_the_only_one() -> None:
    people = [{"wa_id": "1"}, {"wa_id": "2"}]
    assert only(payload(value(message(**{"from": None}), contacts=people))).actor is None
    named = [{"user_id": "IN.77"}]
    assert only(payload(value(message(**{"from": None}), contacts=named))).actor == "IN.77"


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"id": None}, "no_id"),
        ({"id": "w" * 513}, "no_id"),
        ({"timestamp": None}, "no_time"),
        ({"timestamp": "yesterday"}, "no_time"),
        ({"timestamp": "-5"}, "no_time"),
        ({"text": None, "type": None}, "no_type"),
        ({"text": {"body": "  "}}, "empty"),
        ({"text": {"body": "x" * 300_000}}, "too_large"),
    ],
)
def test_a_message_without_its_frame_is_refused(fields: dict[str, Any], wanted: str) -> None:
    assert reason(**fields) == wanted


def test_statuses_and_other_fields_are_skipped() -> None:
    status = {"id": "wamid.X", "status": "delivered", "timestamp": "1772601390"}
    given = payload(value(message(), message(id="wamid.Y")), value(messages=[], statuses=[status]))
    given["entry"][0]["changes"].append({"field": "account_update", "value": {"event": "x"}})
    got = outcomes(given)
    assert [getattr(one, "reason", "event") for one in got] == ["event", "event", "status", "other_field"]


@pytest.mark.parametrize(
    "given", [None, 7, "x", [], {}, {"entry": []}, {"entry": [None]}, {"entry": [{"changes": [7]}]}]
)
def test_another_value_is_refused_or_has_no_items(given: Any) -> None:
    assert all(isinstance(one, Refused) for one in outcomes(given))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(payload(value(message()))) + "\n" + json.dumps(payload(value(message(id="b")))),
        json.dumps([payload(value(message())), payload(value(message(id="b")))]),
        json.dumps([payload(value(message(), message(id="b")))], indent=2),
        json.dumps(payload(value(message(), message(id="b"))), indent=2),
        json.dumps(value(message(), message(id="b"))),
        json.dumps(value(message())) + "\n" + json.dumps(value(message(id="b"))),
    ],
    ids=["a line each", "array", "pretty array", "pretty", "value", "values"],
)
def test_each_way_of_storing_payloads_is_recognised_and_read(text: str) -> None:
    found = recognise(Opening(text.encode()))
    assert found is not None
    assert found.name == webhook.NAME
    got = [outcome for _, outcome in read(MemoryFile(text), Options())]
    assert [one.events[0].event_id for one in got if isinstance(one, Converted)] == ["wamid.QUFBQUFB", "b"]


def test_a_damaged_line_is_refused_and_the_others_are_read() -> None:
    line = json.dumps(payload(value(message())))
    got = [outcome for _, outcome in read(MemoryFile(f"{line}\n{line[:-9]}\n{line}\n"), Options())]
    assert [type(one) for one in got] == [Converted, Refused, Converted]


@given(
    mutations(
        payload(
            value(
                message(context={"forwarded": True}, group_id="g"),
                message(type="image", image={"sha256": DIGEST.hex()}),
            )
        )
    )
)
def test_any_change_of_a_payload_gives_outcomes(given: Any) -> None:
    assert all(isinstance(one, Converted | Skipped | Refused) for one in outcomes(given))


# Signature and handshake


def signed(secret: bytes, body: bytes) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def test_a_signature_is_right_for_its_secret_and_body_alone() -> None:
    header = signed(b"secret", b"{}")
    assert signature_ok(b"secret", b"{}", header)
    assert not signature_ok(b"other", b"{}", header)
    assert not signature_ok(b"secret", b"{ }", header)
    assert not signature_ok(b"secret", b"{}", None)
    assert not signature_ok(b"secret", b"{}", "")
    assert not signature_ok(b"secret", b"{}", header.removeprefix("sha256="))
    assert not signature_ok(b"secret", b"{}", header.replace("sha256", "sha1"))
    assert not signature_ok(b"secret", b"{}", "sha256=é\ud800")


def test_no_secret_accepts_no_request() -> None:
    assert not signature_ok(b"", b"{}", signed(b"", b"{}"))


@given(st.binary(max_size=40), st.binary(min_size=1, max_size=40), st.text(max_size=80))
def test_no_other_header_is_a_signature(body: bytes, secret: bytes, header: str) -> None:
    assert signature_ok(secret, body, header) == (header.strip() == signed(secret, body))


def test_the_handshake_answers_with_the_challenge() -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "quay", "hub.challenge": "112233"}
    assert handshake(asked, "quay") == "112233"
    assert handshake(asked, "other") is None
    assert handshake(asked, "") is None
    assert handshake(asked | {"hub.mode": "unsubscribe"}, "quay") is None
    assert handshake({"hub.mode": "subscribe"}, "quay") is None
    assert handshake({"hub.mode": "subscribe", "hub.verify_token": "quay"}, "quay") is None
    assert handshake(asked | {"hub.verify_token": ""}, "") is None
