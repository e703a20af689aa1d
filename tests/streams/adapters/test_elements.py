"""Elements of chosen arrays in a large document: any cut of the bytes, damage, and values too large to keep."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.adapters import elements as module
from streams.adapters.base import Refused, TruncatedError
from streams.adapters.elements import Element, Path, elements
from streams.adapters.items import decode

VALUES = [
    {"n": 1, "text": 'a "quoted" ] } word\\'},
    {"n": 2, "deep": [[[[[{"x": [1, 2, {"y": "}"}]}]]]]]},
    {"n": 3, "text": "Fähre nach Öland \u2028 gesperrt"},
    7,
    "words",
    [1, [2]],
    None,
]
DOCUMENT = {
    "about": "x [ { ",
    "other": {"messages": [{"not": "these"}]},
    "groups": {
        "list": [
            {"name": "first", "id": 5, "long": {"a": 1}, "messages": VALUES, "after": 1},
            {"name": "second", "messages": []},
            {"name": "third", "id": 6, "messages": VALUES[:2]},
        ]
    },
}


def wanted(path: Path) -> bool:
    return path == ("groups", "list", None, "messages")


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def read(data: bytes, size: int = 1 << 16) -> list[Element]:
    return list(elements(pieces(data, size), wanted))


def values(found: list[Element]) -> list[object]:
    decoded = [decode(one.raw)[0] if isinstance(one.raw, bytes) else one.raw for one in found]
    return [value.reason if isinstance(value, Refused) else value for value in decoded]


@pytest.mark.parametrize("indent", [None, 1], ids=["compact", "pretty"])
@pytest.mark.parametrize("size", [1, 2, 7, 64, 1 << 16])
def test_elements_of_each_array_come_with_the_members_before_them(indent: int | None, size: int) -> None:
    data = ("\ufeff" + json.dumps(DOCUMENT, indent=indent, ensure_ascii=False)).encode()
    found = read(data, size)
    assert values(found) == VALUES + VALUES[:2]
    assert [one.head for one in found] == [{"name": "first", "id": 5, "after": 1}] * 7 + [
        {"name": "third", "id": 6}
    ] * 2


def test_members_after_the_array_are_not_known_while_its_elements_are_read() -> None:
    stream = elements([json.dumps(DOCUMENT).encode()], wanted)
    assert next(stream).head == {"name": "first", "id": 5}


def test_an_element_with_a_fault_costs_no_other_element() -> None:
    data = b'{"groups": {"list": [{"messages": [{"a": 1}, {"a": nul}, {"a" 2}, {"a": 3}]}]}}'
    assert values(read(data)) == [{"a": 1}, "not_json", "not_json", {"a": 3}]


@pytest.mark.parametrize("size", [3, 1 << 16])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"groups": {"list": [{"messages": [{"a": 1}, {"a": ', "truncated"),
        ('{"groups": {"list": [{"messages": [{"a": 1}, {"a": "b\\', "truncated"),
        ('{"groups": {"list": [{"messages": [{"a": 1}', "truncated"),
        ('{"groups": {"list": [{"messages": [{"a": 1}}]}}', "not_json"),
        ('{"groups": {"list": [{"messages": [{"a": 1}]]}}', "not_json"),
    ],
)
def test_a_document_that_is_cut_or_out_of_balance_ends_with_one_refusal(text: str, reason: str, size: int) -> None:
    assert values(read(text.encode(), size)) == [{"a": 1}, reason]


def test_a_damaged_compressed_file_gives_its_elements_and_the_reason() -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"groups": {"list": [{"messages": [{"a": 1}, {"a": 2'
        raise TruncatedError("the gzip file ends too early")

    *items, last = list(elements(chunks(), wanted))
    assert values(items) == [{"a": 1}]
    assert isinstance(last.raw, Refused)
    assert (last.raw.reason, last.raw.detail) == ("truncated", "the gzip file ends too early")


@pytest.mark.parametrize("size", [50, 1 << 16])
def test_an_element_over_the_limit_is_refused_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(module, "MAX_ITEM_BYTES", 400)
    large = {"text": "[" + "\\" * 100 + '"}' * 200, "x": [{}] * 50}
    data = json.dumps({"groups": {"list": [{"messages": [{"a": 1}, large, {"a": 3}]}]}}).encode()
    got = values(read(data, size))
    assert got == [{"a": 1}, "too_large" if size == 50 else large, {"a": 3}]


@pytest.mark.parametrize("text", ["", "  ", "[]", "{}", "[[]]", '{"groups": []}'])
def test_a_document_without_the_arrays_has_no_elements(text: str) -> None:
    assert read(text.encode()) == []


def test_nesting_without_end_costs_no_element() -> None:
    assert values(read(b"[" * 100_000)) == ["truncated"]
    other = b'{"x": ' + b"[" * 10_000 + b"]" * 10_000 + b', "groups": {"list": [{"messages": [{"a": 1}]}]}}'
    assert values(read(other, 77)) == [{"a": 1}]
    assert values(read(b'{"groups": {"list": [{"messages": [' + b"[" * 100_000)) == ["truncated"]
    deep = b'{"groups": {"list": [{"messages": [' + b"[" * 10_000 + b"]" * 10_000 + b', {"a": 1}]}]}}'
    assert values(read(deep)) == ["not_json", {"a": 1}]


@given(st.binary(max_size=300), st.integers(1, 40))
def test_no_bytes_raise(data: bytes, size: int) -> None:
    whole = b'{"groups": {"list": [{"messages": [{"a": 1}, ' + data
    assert values(read(whole, size))[0] == {"a": 1}


@given(st.text(max_size=60), st.integers(1, 9))
def test_an_escape_that_is_no_json_is_mended_where_no_backslash_escapes_it(text: str, size: int) -> None:
    written = json.dumps(text, ensure_ascii=False)
    data = '{"groups": {"list": [{"messages": [{"a": ' + written[:-1] + '\\x0B\\\\x0B"}]}]}}'
    (one,) = read(data.encode("utf-8", "surrogatepass"), size)
    assert isinstance(one.raw, bytes)
    value, mended = decode(one.raw)
    assert value == {"a": text + "\x0b\\x0B"}
    assert mended == 1
