"""The summary of a run states absent fields, repairs, envelopes, and rejections that were not kept."""

from detectors.reading.profile import FieldCounts, InputProfile
from streams.cli.display.input_report import input_lines
from streams.runs.manifest import InputReport

FULL = FieldCounts(shares=10, actors=10, chats=10, originals=10, texts=10, passed_on=9, parents=9)


def printed(**fields):
    return list(input_lines(InputReport(**fields), 40))


def test_a_stream_with_every_field_prints_nothing():
    assert printed(profile=InputProfile(fields=FULL, observed=10)) == []
    assert printed() == []


def test_repairs_and_envelopes_are_printed_with_their_counts():
    profile = InputProfile(
        fields=FULL, observed=10, mended=4, envelopes={"SQS message": 2, "CloudEvents": 7}, forms={"ids as numbers": 3}
    )
    assert printed(profile=profile) == [
        "4 events mended (10 %): half a character became U+FFFD",
        "taken out of envelopes: CloudEvents (7), SQS message (2)",
        "values in another form: ids as numbers (3)",
    ]


def test_a_similar_name_is_printed_while_the_field_is_not_filled():
    fields = FieldCounts(shares=10, chats=10, originals=10, texts=10, passed_on=9, parents=9)
    profile = InputProfile(fields=fields, observed=10, similar={"actor": "sender", "chat": "group"})
    assert printed(profile=profile) == [
        "0 % of events name an actor: chats are counted, not people",
        "events without `actor` have `sender`: did you mean `actor`?",
    ]


def test_a_stream_without_observation_is_printed():
    assert printed(profile=InputProfile(fields=FULL)) == [
        "0 % of events have observed_at: a wrong clock cannot be corrected"
    ]


def test_rejections_that_were_not_kept_are_printed():
    assert printed(reasons={"not_json": 12_000, "wrong_type": 1}, unsealed=9_000, unwritten=2_001) == [
        "rejected: not_json (12,000), wrong_type (1)",
        "9,000 events rejected without keeping the payload: replay.max_sealed_bytes is reached",
        "2,001 events rejected and only counted: replay.max_rejections is reached",
    ]
