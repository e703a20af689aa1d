"""Items: JSON values in each layout, rows of tables, lines; damage is an outcome of its position."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.adapters.base import Refused, TruncatedError
from streams.adapters.items import json_items, json_members, json_values, rows, text_lines

VALUES = [{"a": 1}, {"a": [2, {"b": None}]}, {"a": "é\n"}]


def pieces(data: bytes, size: int = 7) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(map(json.dumps, VALUES)),
        "\r\n\r\n".join(map(json.dumps, VALUES)),
        json.dumps(VALUES),
        json.dumps(VALUES, indent=2),
        "\n".join(json.dumps(value, indent=1) for value in VALUES),
        "\ufeff" + "\n".join(map(json.dumps, VALUES)),
    ],
    ids=["lines", "CRLF and blank lines", "array", "pretty array", "values over lines", "byte-order mark"],
)
def test_every_layout_of_json_gives_the_same_values(text: str) -> None:
    assert [value for _, value in json_values(pieces(text.encode()))] == VALUES


def test_a_line_that_is_no_json_is_refused_with_its_number_and_the_others_are_read() -> None:
    got = list(json_values([b'{"a": 1}\n{"a": \n{"a": 3}']))
    assert [number for number, _ in got] == [0, 1, 2]
    assert got[0][1] == {"a": 1}
    assert got[2][1] == {"a": 3}
    assert isinstance(got[1][1], Refused)
    assert got[1][1].reason == "not_json"


def test_a_document_that_is_cut_gives_its_items_and_then_one_refusal() -> None:
    whole = json.dumps({"messages": VALUES})
    *items, (position, last) = json_items([whole[:-12].encode()], "messages.item")
    assert [value for _, value in items] == VALUES[:2]
    assert position == 2
    assert (last.reason, "ends too early" in last.detail) == ("truncated", True)


def test_a_document_with_a_fault_in_it_names_the_fault() -> None:
    *_, (_, last) = json_items([b'{"messages": [{"a": 1}, {"a" 2}], "x": [', b'"more"]}'], "messages.item")
    assert last.reason == "not_json"


def test_values_nested_deeper_than_any_message_are_refused() -> None:
    deep = b"[" * 20_000 + b"]" * 20_000
    outcomes = [value for _, value in json_values([b'{"a": 1}\n', b'{"a": ' + deep + b"}\n", b'{"a": 3}'])]
    assert outcomes[0] == {"a": 1}
    assert isinstance(outcomes[1], Refused)
    assert outcomes[2] == {"a": 3}


def test_a_row_over_two_lines_is_one_row() -> None:
    assert list(rows(pieces(b'\xef\xbb\xbfid,text\n1,"two\nlines"\n\n2,one\n'))) == [
        (0, ["id", "text"]), (1, ["1", "two\nlines"]), (3, ["2", "one"]),
    ]  # fmt: skip


def test_a_row_in_another_encoding_is_refused_and_the_next_is_read() -> None:
    got = list(rows([b"id,text\n1,caf\xe9\n2,tea\n"]))
    assert got[1][1].reason == "not_utf8"
    assert got[2] == (2, ["2", "tea"])


def test_compressed_data_that_ends_too_early_is_one_refusal_after_the_lines() -> None:
    def cut() -> Iterator[bytes]:
        yield b"one\ntwo"
        raise TruncatedError("the archive is cut off")

    (_, first), (_, last) = text_lines(cut())
    assert first == "one"
    assert (last.reason, last.raw) == ("truncated", b"two")


def test_a_line_beyond_the_bound_is_refused_by_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.adapters.items.MAX_ITEM_BYTES", 10)
    got = list(text_lines(pieces(b"short\n" + b"x" * 100 + b"\nshort")))
    assert [value if isinstance(value, str) else value.reason for _, value in got] == ["short", "too_large", "short"]


json_any = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.text(max_size=4), json_any, max_size=3), max_size=4), st.integers(1, 40))
def test_the_size_of_the_pieces_changes_nothing(values: list[dict[str, Any]], size: int) -> None:
    data = "\n".join(map(json.dumps, values)).encode()
    assert list(json_values(pieces(data, size))) == list(json_values([data]))
    assert [value for _, value in json_values([data])] == values


@given(st.binary(max_size=60), st.integers(1, 9))
def test_no_bytes_raise(data: bytes, size: int) -> None:
    for read in (json_values, rows, text_lines):
        list(read(pieces(data, size)))
    list(json_items(pieces(data, size), "messages.item"))


PAGES = [
    {"data": {"posts": [1, {"a": 2}]}, "next": "x"},
    {"data": {"posts": []}},
    {"error": 7},
    {"data": {"posts": [3]}},
]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("as_array", [True, False])
def test_members_of_pages_are_read_in_each_layout(*, as_array: bool, indent: int | None) -> None:
    text = json.dumps(PAGES, indent=indent) if as_array else "\n".join(json.dumps(one, indent=indent) for one in PAGES)
    got = list(json_members(pieces(("\ufeff" + text).encode()), "data.other", "data.posts"))
    lone = [{"error": 7}] if as_array or indent is None else []  # a streamed document yields its members alone
    assert [value for _, value in got if not isinstance(value, dict) or "error" not in value] == [1, {"a": 2}, 3]
    assert [value for _, value in got if isinstance(value, dict) and "error" in value] == lone
    assert [number for number, _ in got] == list(range(len(got)))


def test_a_page_that_is_cut_gives_its_members_and_one_refusal() -> None:
    whole = json.dumps(PAGES[0], indent=1)
    *members, (_, last) = json_members([whole[:-30].encode()], "data.posts")
    assert [value for _, value in members][:1] == [1]
    assert last.reason == "truncated"
