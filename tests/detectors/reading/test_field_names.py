"""A field that nearly has the name of one of ours is recognised, and no other key is ever shown."""

import pytest

from detectors.reading.field_names import FIELDS, similar_field, suggest


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("actor", "user"),
        ("actor", "author"),
        ("actor", "sender"),
        ("actor", "from"),
        ("actor", "authorId"),
        ("actor", "actr"),
        ("text", "body"),
        ("text", "content"),
        ("text", "message"),
        ("text", "fullText"),
        ("text", "txt"),
        ("created_at", "timestamp"),
        ("created_at", "time"),
        ("created_at", "date"),
        ("created_at", "createdAt"),
        ("created_at", "Created-At"),
        ("created_at", "crated_at"),
        ("message_id", "id"),
        ("message_id", "messageId"),
        ("chat", "group"),
        ("chat", "channel"),
        ("parent_ref", "reply_to"),
        ("observed_at", "receivedAt"),
        ("platform", "plattform"),
    ],
)
def test_a_similar_name_is_recognised(field, name):
    assert similar_field(field, ["zebra", name]) == name


@pytest.mark.parametrize(
    "name", ["zebra", "Ulla Sandberg", "x" * 60, "user\nname", "+49 175", "chat_size", "urls", "kind", ""]
)
def test_another_name_is_not(name):
    assert similar_field("text", [name]) is None


def test_our_own_names_are_not_similar_to_each_other():
    assert all(similar_field(field, FIELDS) is None for field in FIELDS)


def test_suggestions_name_both_fields():
    assert suggest(["text", "chat"], ["body", "x"]) == "; it has `body`: did you mean `text`?"
    assert suggest(["text"], ["x"]) == ""
