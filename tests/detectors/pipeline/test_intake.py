"""Raw bytes become a sighting with nobody's identity in it, or a rejection that says which rule they broke."""

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.ordering.config import OrderConfig
from detectors.pipeline.intake import DROPPED_FIELDS, Intake, read_content
from detectors.privacy.pseudonym import Pseudonymiser
from detectors.reading.config import IntakeConfig
from schemas.event import ForwardEvent, Kind
from schemas.rejection import Reason, Rejection
from schemas.sighting import Position, Sighting

KEY = Pseudonymiser(b"k" * 32, "test")
NOON = 1_700_000_000_000
HERE = Position("stream.jsonl", 0, 7)
FIELDS = st.sampled_from(ForwardEvent.__struct_fields__)


def intake(**config):
    return Intake(IntakeConfig(**config), OrderConfig(), KEY)


def event(**fields):
    base = {
        "event_id": "e-1",
        "platform": "whatsapp",
        "kind": "forward",
        "created_at": NOON,
        "message_id": "wamid.1",
        "actor": "+919812345678",
        "chat": "group-77@g.us",
        "text": "Water in sector 9 is poisoned, do not drink",
    }
    return msgspec.json.encode({name: value for name, value in (base | fields).items() if value is not None})


def rejected(raw, **config):
    outcome = intake(**config).update(raw, HERE)
    assert isinstance(outcome, Rejection), outcome
    return outcome


def test_a_sighting_carries_digests_and_no_raw_identifier():
    sighting = intake().update(event(root_ref="wamid.0", parent_ref="wamid.0"), HERE)
    assert isinstance(sighting, Sighting)
    published = msgspec.json.encode(sighting)
    for raw in (b"9812345678", b"group-77", b"wamid", b"e-1"):
        assert raw not in published
    assert sighting.root == sighting.parent
    assert len({sighting.event_id, sighting.message, sighting.root, sighting.actor, sighting.chat}) == 5


def test_the_text_is_masked_for_people_and_normalised_for_matching():
    sighting = intake().update(event(text="*Forwarded* Call +91 98123 45678 NOW!! https://ex.org/a?utm_source=x"), HERE)
    assert "98123" not in sighting.content.text
    assert sighting.content.urls == ("ex.org/a",)
    assert sighting.content.normal == sighting.content.normal.casefold()
    assert len(sighting.content.fingerprint) == 32


def test_the_sha256_is_that_of_the_exact_bytes():
    text = "पानी में ज़हर है, मत पीना"
    assert read_content(text, ()).sha256 == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("raw", "reason", "says"),
    [
        (b"{", Reason.NOT_JSON, "JSON"),
        (b"", Reason.NOT_JSON, "JSON"),
        (b"null", Reason.WRONG_TYPE, "object"),
        (b"[]", Reason.WRONG_TYPE, "object"),
        (b"\xff\xfe{\x00}\x00", Reason.NOT_UTF8, "UTF-16"),
        (b'{"text": "caf\xe9"}', Reason.NOT_UTF8, "offset 13"),
        (b'{"x": ' + b"[" * 100_000, Reason.NOT_JSON, "nested too deeply"),
        (event(event_id=None), Reason.MISSING_FIELD, "event_id"),
        (event(message_id=None), Reason.MISSING_FIELD, "$.message_id"),
        (event(event_id=""), Reason.OUT_OF_RANGE, "$.event_id"),
        (event(created_at="noon"), Reason.WRONG_TYPE, "$.created_at"),
        (event(created_at=1.5), Reason.TIME_OUT_OF_RANGE, "$.created_at"),
        (event(created_at=10**30), Reason.TIME_OUT_OF_RANGE, "created_at"),
        (event(created_at=946_684_799_999), Reason.TIME_OUT_OF_RANGE, "created_at"),
        (event(created_at=4_102_444_800_001), Reason.TIME_OUT_OF_RANGE, "created_at"),
        (event(observed_at=-5), Reason.TIME_OUT_OF_RANGE, "observed_at"),
        (event(kind="gossip-of-+919812345678"), Reason.OUT_OF_RANGE, "allowed: post, forward, quote"),
        (event(platform="Two Words"), Reason.OUT_OF_RANGE, "$.platform"),
        (event(text="x" * 1_048_576), Reason.TOO_LARGE, "1048576"),
        (event(text="x" * 65_537), Reason.TOO_LARGE, "65537"),
        (event(kind="counter"), Reason.MISSING_FIELD, "counters"),
        (event(kind="counter", counters={}, message_id=None), Reason.MISSING_FIELD, "message_id"),
        (event(kind="delete", message_id=None), Reason.MISSING_FIELD, "message_id"),
        (event(kind="account_state"), Reason.MISSING_FIELD, "account_status"),
        (event(kind="account_state", account_status="deleted", actor=None), Reason.MISSING_FIELD, "actor"),
        (event(kind="report"), Reason.MISSING_FIELD, "report"),
        (
            event(kind="report", report={"category": "x"}, message_id=None, text=None),
            Reason.MISSING_FIELD,
            "message_id",
        ),
        (event(kind="debunk"), Reason.MISSING_FIELD, "debunk"),
        (event(key_id="someone-else"), Reason.UNKNOWN_KEY, "accepted_keys"),
        (event(key_id="test"), Reason.OUT_OF_RANGE, "hexadecimal"),
    ],
)
def test_an_event_that_breaks_a_rule_is_rejected_with_its_reason(raw, reason, says):
    outcome = rejected(raw)
    assert outcome.reason is reason
    assert says in outcome.detail
    assert (outcome.position, outcome.size) == (HERE, len(raw))
    assert outcome.sha256 == hashlib.sha256(raw).hexdigest()
    assert b"9812345678" not in msgspec.json.encode(msgspec.structs.replace(outcome, sealed=b""))


def test_a_rejected_payload_is_sealed_and_opens_with_the_key():
    raw = event(created_at="noon")
    outcome = rejected(raw)
    assert b"9812345678" not in msgspec.json.encode(outcome)
    assert KEY.open(outcome.sealed) == raw


def test_a_payload_above_the_bound_is_not_copied():
    assert rejected(b"{" * 11, max_sealed_bytes=10).sealed == b""
    assert rejected(b"{" * 10, max_sealed_bytes=10).sealed != b""


@pytest.mark.parametrize("size", [99, 100, 101])
def test_the_size_limit_holds_at_the_byte(size):
    raw = b" " * (size - 2) + b"{}"
    expected = Reason.TOO_LARGE if size > 100 else Reason.MISSING_FIELD
    assert rejected(raw, max_event_bytes=100).reason is expected


@pytest.mark.parametrize("sign", [1, -1])
def test_a_time_that_differs_from_the_observation_gives_way_to_it_in_either_direction(sign):
    #   observed          + or - 30 s, the wait of the reorder buffer
    #   |-----------------|
    #                     created here: believed      one ms further: replaced
    believed = intake().update(event(observed_at=NOON, created_at=NOON + sign * 30_000), HERE)
    replaced = intake().update(event(observed_at=NOON, created_at=NOON + sign * 30_001), HERE)
    assert (believed.time, believed.replaced) == (NOON + sign * 30_000, None)
    assert (replaced.time, replaced.replaced) == (NOON, NOON + sign * 30_001)


def test_without_an_observation_the_record_is_the_witness_of_the_future_only():
    #   recorded by the topic   | an hour ahead: replaced | an hour behind: an adapter may deliver late
    ahead = intake().update(event(created_at=NOON + 3_600_000), HERE, NOON)
    behind = intake().update(event(created_at=NOON - 3_600_000), HERE, NOON)
    assert (ahead.time, ahead.replaced, ahead.progress) == (NOON, NOON + 3_600_000, NOON)
    assert (behind.time, behind.replaced, behind.progress) == (NOON - 3_600_000, None, 0)


def test_what_a_device_claims_is_used_only_without_any_other_stamp():
    def timed(recorded_at=None, **stamps):
        return intake().update(event(**({"created_at": None} | stamps)), HERE, recorded_at).time

    assert timed(claimed_at=NOON + 5, created_at=NOON) == NOON
    assert timed(claimed_at=NOON + 5, observed_at=NOON) == NOON
    assert timed(NOON, claimed_at=NOON - 99_000) == NOON
    assert timed(claimed_at=NOON + 5) == NOON + 5
    assert timed(observed_at=NOON) == NOON


def test_an_event_without_any_time_is_rejected_with_the_names_of_the_three_fields():
    refusal = rejected(event(created_at=None))
    assert refusal.reason is Reason.MISSING_FIELD
    assert "`$.created_at`, `$.claimed_at` and `$.observed_at` are all missing" in refusal.detail


def test_pseudonyms_from_a_known_key_pass_unchanged():
    digest = "ab" * 16
    given = {"event_id": digest, "message_id": digest, "actor": digest, "chat": digest}
    sighting = intake(accepted_keys=("theirs",)).update(event(key_id="theirs", **given), HERE)
    assert (sighting.event_id, sighting.actor, sighting.key_id) == (digest, digest, "theirs")


def test_unknown_fields_are_tolerated():
    assert isinstance(intake().update(event(invented_later={"a": 1}), HERE), Sighting)


def test_frequently_forwarded_means_five_hops_at_least():
    assert intake().update(event(frequently_forwarded=True, hops_min=1), HERE).hops_min == 5
    assert intake().update(event(frequently_forwarded=True, hops_min=9), HERE).hops_min == 9


@pytest.mark.parametrize("text", ["", "\x00\x00", "\u200b\u200d", "\u202eabc\u202c", "🙂🙂", "x" * 65_536])
def test_odd_texts_are_tolerated(text):
    assert isinstance(intake().update(event(text=text), HERE), Sighting)


@given(st.binary(max_size=300))
def test_any_bytes_have_an_outcome(raw):
    assert isinstance(intake().update(raw, HERE), Sighting | Rejection)


@pytest.mark.no_cover
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(ForwardEvent.__struct_fields__) | st.text(), inner)
        ),
        max_leaves=30,
    )
)
def test_any_json_has_an_outcome(value):
    assert isinstance(intake().update(msgspec.json.encode(value), HERE), Sighting | Rejection)


def test_progress_is_kept_per_partition_and_survives_a_restore():
    first = intake()
    for second in range(5):
        at = NOON + 1000 * second
        first.update(event(created_at=at, observed_at=at), Position("s", 1, second))
    again = intake()
    again.restore(first.snapshot())
    late = event(created_at=NOON)
    assert again.update(late, Position("s", 1, 9)).progress == NOON + 4000
    assert again.update(late, Position("s", 2, 9)).progress < NOON + 4000


def test_intake_goes_on_from_how_far_a_partition_is_known_to_have_come():
    #  known: 12:00 | one event of 12:01 that nothing confirms: the partition stays where it was
    again = intake()
    again.set_progress(1, NOON)
    assert again.update(event(created_at=NOON + 60_000), Position("s", 1, 0)).progress == NOON
    assert again.update(event(created_at=NOON + 60_000), Position("s", 2, 0)).progress == 0


@pytest.mark.parametrize(
    "config",
    [
        {"max_event_bytes": 0},
        {"max_text_chars": 0},
        {"cached_texts": 0},
        {"max_sealed_bytes": -1},
        {"earliest_ms": 5, "latest_ms": 5},
    ],
)
def test_bounds_that_let_nothing_through_are_refused(config):
    with pytest.raises(ValueError, match=r"IntakeConfig\.|intake\."):
        IntakeConfig(**config)


def test_every_kind_is_either_a_share_or_a_statement():
    assert {Kind(kind) for kind in Kind} == set(Kind)
    for kind in ("post", "forward", "quote", "reply"):
        assert isinstance(intake().update(event(kind=kind), HERE), Sighting)


def test_an_edit_needs_the_message_and_a_number_of_one_chat_needs_the_chat():
    assert rejected(event(kind="edit", message_id=None)).reason is Reason.MISSING_FIELD
    lost = rejected(event(kind="delete", message_id="812", id_scope="chat", chat=None))
    assert lost.reason is Reason.MISSING_FIELD
    assert "`$.chat` is missing" in lost.detail
    assert isinstance(intake().update(event(kind="edit"), HERE), Sighting)


# --- no field is lost -------------------------------------------------------------------------------------------------

OTHERS = {
    "schema_version": None,  # of the message itself
    "event_id": "e-2",
    "platform": "telegram",
    "kind": "post",
    "created_at": NOON + 1,
    "claimed_at": NOON + 1,  # without `created_at`, see STAND_ALONE
    "observed_at": NOON - 600_000,
    "message_id": "wamid.2",
    "id_scope": "platform",
    "group_id": "album-4",
    "root_chat": "group-79@g.us",
    "parent_chat": "group-79@g.us",
    "root_ref": "wamid.3",
    "parent_ref": "wamid.3",
    "parent_evidence": "via",
    "hops_min": 2,
    "hops_max": 9,
    "frequently_forwarded": True,
    "actor": "+919812345679",
    "chat": "group-78@g.us",
    "key_id": None,  # see test_pseudonyms_from_a_known_key_pass_unchanged
    "chat_size": 12,
    "followers": 40,
    "text": "Water in sector 8 is poisoned",
    "lang": "en",
    "urls": ["https://example.org/a"],
    "media": [{"sha256": "ab" * 32}],
    "counters": {"views": 1},
    "account_status": "suspended",
    "report": {"category": "spam"},
    "debunk": {"publisher": "Desk", "verdict": "false"},
    "source": {"adapter": "wa"},
}
"""By field of an event, a value that `event()` does not have."""
STAND_ALONE = {"claimed_at": {"created_at": None}}
"""Fields that count only without another."""


def test_every_field_of_an_event_reaches_the_sighting_or_is_listed_as_dropped_with_a_reason():
    assert set(OTHERS) == set(ForwardEvent.__struct_fields__), "give a new field another value here"
    plain = intake().update(event(), HERE)
    for name, other in OTHERS.items():
        if other is None:
            continue
        changed = intake().update(event(**({name: other} | STAND_ALONE.get(name, {}))), HERE)
        assert isinstance(changed, Sighting), name
        assert (changed == plain) == (name in DROPPED_FIELDS), name
    assert all(DROPPED_FIELDS.values())
