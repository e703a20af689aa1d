"""The language of profiles: columns, ids, kinds, times, counters, and the errors of wrong profiles and tables."""

from typing import Any

import pytest

from schemas.event import Counters, ForwardEvent, IdScope, Kind, Media, ParentEvidence
from streams.adapters.base import Converted, FormatError, Item, ObjectKind, Options, Refused, Skipped
from streams.adapters.opening import Opening
from streams.adapters.tables import format_of
from tests.streams.adapters.file import MemoryFile

NO_OPTIONS = Options()
AT = 1_700_000_000_000
BASE = """
name = "harbour"
platform = "telegram"
[columns]
message_id = "nr"
created_at = "when"
text = "words"
"""
SECONDS = '[time]\nformat = "unix_s"\n'


def outcomes(profile: str, table: str | bytes, options: Options = NO_OPTIONS) -> list[Item]:
    return list(format_of(profile.encode(), "harbour.toml").read(MemoryFile(table), options))


def first(profile: str, table: str | bytes, options: Options = NO_OPTIONS) -> Any:
    return outcomes(profile, table, options)[0][1]


def event(profile: str, table: str | bytes, options: Options = NO_OPTIONS) -> ForwardEvent:
    outcome = first(profile, table, options)
    assert isinstance(outcome, Converted), outcome
    return outcome.events[0]


def refused(profile: str, table: str | bytes, options: Options = NO_OPTIONS) -> str:
    outcome = first(profile, table, options)
    assert isinstance(outcome, Refused), outcome
    return outcome.reason


def table(*rows: str, header: str = "nr,when,words") -> str:
    return "\n".join([header, *rows]) + "\n"


# columns


def test_names_of_columns_are_found_in_any_case_and_an_exact_name_first() -> None:
    assert event(BASE + SECONDS, table("1,1700000000,hello", header="NR,When,WORDS")).text == "hello"
    assert event(BASE + SECONDS, table("1,1700000000,a,b", header="nr,when,Words,words")).text == "b"


def test_an_unknown_column_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(FormatError, match='has no column "words"; the nearest is "wordss"'):
        outcomes(BASE + SECONDS, table("1,1700000000,x", header="nr,when,wordss"))


def test_a_column_that_is_named_twice_is_an_error_only_if_the_profile_reads_it() -> None:
    assert event(BASE + SECONDS, table("1,1700000000,x,,", header="nr,when,words,a,a")).text == "x"
    with pytest.raises(FormatError, match='names the column "when" twice'):
        outcomes(BASE + SECONDS, table("1,1700000000,x,", header="nr,when,words,when"))


def test_a_file_without_a_header_is_refused_with_the_columns_that_are_needed() -> None:
    with pytest.raises(FormatError, match=r"holds none of the columns of harbour.*nr, when, words"):
        outcomes(BASE + SECONDS, "17,1700000000,The pier is shut\n18,1700000001,The pier is shut\n")


def test_a_header_alone_and_an_empty_file_give_no_items() -> None:
    assert outcomes(BASE + SECONDS, "nr,when,words\n") == []
    assert outcomes(BASE + SECONDS, "") == []


def test_several_columns_give_the_first_that_is_not_empty_or_are_joined_or_filled_into_a_template() -> None:
    columns = BASE.replace('"nr"', '{ template = "{room}/{nr}" }').replace('"words"', '{ join = ["title", "words"] }')
    profile = columns + 'actor = ["id", "name"]\nchat = "room"\n' + SECONDS
    header = "nr,when,words,title,id,name,room"
    got = event(profile, table("1,1700000000,shut,Pier,,una,red", header=header))
    assert (got.message_id, got.text, got.actor, got.chat) == ("red/1", "Pier\nshut", "una", "red")
    assert refused(profile, table("1,1700000000,shut,Pier,,una,", header=header)) == "no_id"


def test_a_part_of_a_column_is_taken_by_a_pattern_or_replaced() -> None:
    matched = BASE.replace('"nr"', '{ column = "nr", match = "#(\\\\d+)" }') + SECONDS
    assert event(matched, table("post #71,1700000000,x")).message_id == "71"
    replaced = BASE.replace('"nr"', '{ column = "nr", replace = ["_", "/"] }') + SECONDS
    assert event(replaced, table("red_71,1700000000,x")).message_id == "red/71"
    both = BASE.replace('"nr"', '{ template = "{words}>{nr}", replace = ["^.*>", "p"] }') + SECONDS
    assert event(both, table("71,1700000000,x")).message_id == "p71"


def test_an_id_can_be_a_digest_so_that_equal_rows_are_one_message() -> None:
    profile = BASE.replace('"nr"', '"digest(chat,created_at,text)"') + 'chat = "room"\n' + SECONDS
    header = "room,when,words"
    rows = table("red,1700000000,x", "red,1700000000,x", "red,1700000001,x", "blue,1700000000,x", header=header)
    ids = [one.events[0].message_id for _, one in outcomes(profile, rows) if isinstance(one, Converted)]
    assert (ids[0] == ids[1], len(set(ids)), len(ids[0] or "")) == (True, 3, 32)


def test_urls_are_split_and_each_is_kept_once() -> None:
    profile = BASE + 'urls = ["a", "b"]\n' + SECONDS + '[split]\nurls = "[,\\\\s]+"\n'
    row = '1,1700000000,x,"http://a.example, http://b.example,nan",http://a.example'
    got = event(profile, table(row, header="nr,when,words,a,b"))
    assert got.urls == ("http://a.example", "http://b.example")


def test_constants_and_the_chat_of_an_option_fill_what_the_table_lacks() -> None:
    got = event(BASE + SECONDS, table("1,1700000000,x"), Options(chat="red"))
    assert (got.chat, got.actor, got.lang) == ("red", None, None)
    constant = event(
        BASE + SECONDS + '[constants]\nchat = "blue"\nlang = "sw"\n', table("1,1700000000,x"), Options(chat="red")
    )
    assert (constant.chat, constant.lang) == ("blue", "sw")


def test_ids_are_unique_on_the_platform_unless_the_profile_limits_them_to_the_chat() -> None:
    assert event(BASE + SECONDS, table("1,1700000000,x")).id_scope is IdScope.PLATFORM
    profile = 'id_scope = "chat"\n' + BASE + 'chat = "room"\n' + SECONDS
    assert event(profile, table("1,1700000000,x,red", header="nr,when,words,room")).id_scope is IdScope.CHAT


def test_files_of_a_column_are_hashed_where_they_are_at_hand() -> None:
    class WithPicture(MemoryFile):
        def media(self, path: str) -> Media | None:
            return Media(sha256="0" * 64) if path == "pier.jpg" else None

    profile = BASE + 'media = "picture"\n' + SECONDS
    source = WithPicture(table("1,1700000000,,pier.jpg gone.jpg", header="nr,when,words,picture"))
    ((_, outcome),) = format_of(profile.encode(), "p").read(source, NO_OPTIONS)
    assert outcome.events[0].media == (Media(sha256="0" * 64),)


# kinds and parents


def test_a_row_with_an_original_is_a_forward_of_it() -> None:
    got = event(BASE + 'root_ref = "orig"\n' + SECONDS, table("2,1700000000,,1", header="nr,when,words,orig"))
    assert (got.kind, got.root_ref, got.parent_evidence) == (Kind.FORWARD, "1", ParentEvidence.ORIGIN_ONLY)


def test_conditions_decide_the_kind_and_a_reply_comes_before_a_quote() -> None:
    profile = BASE + 'reply_to = "re"\nquote_of = "qu"\n' + SECONDS
    profile += '[kind]\nforward_if = { column = "fwd", values = ["Ja"] }\nhops_min = 2\n'
    header = "nr,when,words,fwd,re,qu"
    rows = ("1,1700000000,x,ja,,", "2,1700000000,x,nein,7,8", "3,1700000000,x,,,8", "4,1700000000,x,,nan,")
    read = outcomes(profile, table(*rows, header=header))
    got = [one.events[0] for _, one in read if isinstance(one, Converted)]
    assert [one.kind for one in got] == [Kind.FORWARD, Kind.REPLY, Kind.QUOTE, Kind.POST]
    assert [one.parent_ref for one in got] == [None, "7", "8", None]
    assert [one.hops_min for one in got] == [2, 0, 0, 0]


def test_several_conditions_hold_if_one_does() -> None:
    conditions = '[{ column = "a", present = true }, { column = "words", match = "^FW: " }]'
    profile = BASE + SECONDS + f"[kind]\nforward_if = {conditions}\n"
    rows = table("1,1700000000,x,y", "2,1700000000,FW: x,", "3,1700000000,x,", header="nr,when,words,a")
    kinds = [one.events[0].kind for _, one in outcomes(profile, rows) if isinstance(one, Converted)]
    assert kinds == [Kind.FORWARD, Kind.FORWARD, Kind.POST]


def test_a_row_without_text_address_and_original_is_skipped() -> None:
    assert first(BASE + SECONDS, table("1,1700000000,   ")) == Skipped("empty")


# counters


def test_counters_are_an_event_of_their_own_without_a_date_unless_the_table_has_one() -> None:
    profile = BASE + SECONDS + '[counters]\nviews = "seen"\nforwards = ["a", "b"]\n'
    header = "nr,when,words,seen,a,b"
    outcome = first(profile, table('1,1700000000,x,"12,34,567","1.100",3', header=header))
    assert isinstance(outcome, Converted)
    counter = outcome.events[1]
    assert (counter.kind, counter.event_id, counter.created_at) == (Kind.COUNTER, "1", None)
    assert counter.counters == Counters(views=1_234_567, forwards=1_103)
    dated = first(profile + 'collected_at = "read"\n', table("1,1700000000,x,5,,,1700000060", header=header + ",read"))
    counter, read_at = dated.events[1], 1_700_000_060_000
    assert (counter.event_id, counter.created_at, counter.observed_at) == (f"1#c{read_at}", read_at, read_at)


@pytest.mark.parametrize(("cell", "number"), [("7", 7), ("7.0", 7), ("1 100", 1100), ("1'100", 1100), ("N/A", None)])
def test_numbers_of_followers_are_read_as_people_write_them(cell: str, number: int | None) -> None:
    profile = BASE + 'followers = "fol"\n' + SECONDS
    assert event(profile, table(f"1,1700000000,x,{cell}", header="nr,when,words,fol")).followers == number


def test_a_number_that_cannot_be_read_is_left_out_and_noted() -> None:
    outcome = first(BASE + 'followers = "fol"\n' + SECONDS, table("1,1700000000,x,1.2K", header="nr,when,words,fol"))
    assert (outcome.events[0].followers, "no whole number" in outcome.notes[0]) == (None, True)


# objects


def test_the_content_of_shared_objects_is_decided_where_it_is_certain_and_asked_for_where_not() -> None:
    profile = BASE.replace('text = "words"', 'object = "words"') + SECONDS
    by_id = event(profile, table("2,1700000000,1", "3,1700000000,1"))
    assert (by_id.kind, by_id.root_ref, by_id.text) == (Kind.FORWARD, "1", "")
    by_url = event(profile, table("2,1700000000,https://pier.example/a"))
    assert (by_url.kind, by_url.urls, by_url.root_ref) == (Kind.POST, ("https://pier.example/a",), None)
    mixed = table("2,1700000000,the pier is shut", "3,1700000000,https://pier.example/a")
    with pytest.raises(FormatError, match="--object"):
        outcomes(profile, mixed)
    assert event(profile, mixed, Options(object_kind=ObjectKind.TEXT)).text == "the pier is shut"
    assert event(profile, mixed, Options(object_kind=ObjectKind.ID)).root_ref == "the pier is shut"


def test_an_object_of_another_kind_far_below_the_first_rows_is_refused() -> None:
    profile = BASE.replace('text = "words"', 'object = "words"') + SECONDS
    rows = [f"{number},1700000000,7" for number in range(2_100)] + ["9000,1700000000,the pier"]
    assert outcomes(profile, table(*rows))[-1][1].reason == "wrong_object"


# times


@pytest.mark.parametrize(
    ("form", "cell", "at"),
    [
        ("unix_s", "1700000000", AT),
        ("unix_s", "1700000000.25", AT + 250),
        ("unix_ms", "1700000000250", AT + 250),
        ("iso", "2023-11-14T22:13:20Z", AT),
        ("iso", "2023-11-15 03:43:20+05:30", AT),
        ("iso", "2023-11-15 03:43:20 +0530", AT),
        ("iso", "2023-11-14 17:13:20 EST", AT),
        ("iso", "2023-11-14 22:13:20 UTC", AT),
        ("numeric", "14/11/2023 22:13:20 GMT", AT),
        ("numeric", "11/14/23, 10:13 PM GMT", AT - 20_000),
        ("numeric", "14.11.2023 22.13 UTC", AT - 20_000),
        ("numeric", "2023/11/14 22:13:20 UTC", AT),
        ("strptime:%d %b %Y %H:%M %z", "14 Nov 2023 22:13 +0000", AT - 20_000),
    ],
)
def test_times_are_read_in_each_notation(form: str, cell: str, at: int) -> None:
    assert event(BASE + f'[time]\nformat = "{form}"\n', table(f'1,"{cell}",x')).created_at == at


@pytest.mark.parametrize("form", ["iso", "numeric", "strptime:%Y-%m-%d %H:%M:%S"])
def test_times_without_a_zone_need_one_from_the_profile_or_the_command_line(form: str) -> None:
    rows = table("1,2023-11-15 03:43:20,x")
    profile = BASE + f'[time]\nformat = "{form}"\n'
    with pytest.raises(FormatError, match="--zone"):
        outcomes(profile, rows)
    assert event(profile, rows, Options(zone="Asia/Kolkata")).created_at == AT
    assert event(profile + 'zone = "Asia/Kolkata"\n', rows, Options(zone="UTC")).created_at == AT
    with pytest.raises(FormatError, match="Asia/Calcuta"):
        outcomes(profile, rows, Options(zone="Asia/Calcuta"))


def test_an_abbreviation_that_is_unknown_is_no_zone() -> None:
    rows = table("1,2023-11-15 03:43:20 XYZT,x")
    with pytest.raises(FormatError, match="--zone"):
        outcomes(BASE + '[time]\nformat = "iso"\n', rows)
    assert event(BASE + '[time]\nformat = "iso"\n', rows, Options(zone="Asia/Kolkata")).created_at == AT


def test_one_time_without_a_zone_among_others_is_refused_alone() -> None:
    rows = table("1,2023-11-14 22:13:20Z,x", "2,2023-11-14 22:13:20,x")
    assert [type(one) for _, one in outcomes(BASE + '[time]\nformat = "iso"\n', rows)] == [Converted, Refused]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [("", "no_time"), ("soon", "bad_time"), ("59", "time_out_of_range"), ("1700000000000", "bad_time")],
)
def test_a_time_that_cannot_be_read_refuses_its_row(cell: str, reason: str) -> None:
    assert refused(BASE + SECONDS, table(f"1,{cell},x")) == reason


NUMERIC = BASE + '[time]\nformat = "numeric"\nzone = "UTC"\n'


@pytest.mark.parametrize(
    ("dates", "day_first"),
    [
        (["03/04/2026 10:00", "13/04/2026 10:00"], True),
        (["03/04/2026 10:00", "04/13/2026 10:00"], False),
        ([f"{day:02}/0{month}/2026 10:00" for month in (3, 4) for day in (1, 3, 5, 7, 9)], True),
        ([f"0{month}/{day:02}/2026 10:00" for month in (4, 3) for day in (9, 7, 5, 3, 1)], False),
    ],
    ids=["a day over 12", "a day over 12 second", "months in order", "months backwards"],
)
def test_the_order_of_day_and_month_is_decided_by_all_dates_of_the_table(dates: list[str], day_first: bool) -> None:
    rows = table(*(f"{number},{date},x" for number, date in enumerate(dates)))
    assert outcomes(NUMERIC, rows) == outcomes(NUMERIC, rows, Options(day_first=day_first))
    if max(int(number) for date in dates for number in date[:5].split("/")) <= 12:
        assert outcomes(NUMERIC, rows) != outcomes(NUMERIC, rows, Options(day_first=not day_first))


def test_dates_that_allow_both_orders_are_not_guessed() -> None:
    rows = table("1,03/04/2026 10:00,x", "2,04/04/2026 10:00,x")
    with pytest.raises(FormatError, match="--day-first or --month-first"):
        outcomes(NUMERIC, rows)
    assert event(NUMERIC, rows, Options(day_first=True)).created_at == 1_775_210_400_000
    assert event(NUMERIC, rows, Options(day_first=False)).created_at == 1_772_618_400_000


# damage


@pytest.mark.parametrize("damaged", ["1.23457E+17", "1,23457E+17", "1.2E17", "12345678901234567.0"])
def test_ids_that_a_spreadsheet_has_rounded_refuse_the_file(damaged: str) -> None:
    with pytest.raises(FormatError, match='"nr" were rounded'):
        outcomes(BASE + SECONDS, table("5,1700000000,x", f'"{damaged}",1700000000,x'))


def test_rounded_ids_in_a_template_name_its_columns() -> None:
    profile = BASE.replace('"nr"', '{ template = "{room}/{nr}" }') + SECONDS
    with pytest.raises(FormatError, match='"room" or "nr" were rounded'):
        outcomes(profile, table("1.2E+17,1700000000,x,red", header="nr,when,words,room"))


def test_long_ids_that_all_end_in_zeros_refuse_the_file_and_one_exact_id_shows_that_they_are_right() -> None:
    zeros = [f"18930000000{number:04}0000,1700000000,x" for number in range(11, 16)]
    with pytest.raises(FormatError, match="rounded"):
        outcomes(BASE + SECONDS, table(*zeros))
    assert len(outcomes(BASE + SECONDS, table(*zeros, "1893000000000150017,1700000000,x"))) == 6
    assert len(outcomes(BASE + SECONDS, table(zeros[0]))) == 1


def test_ids_that_are_round_by_nature_are_no_damage() -> None:
    nanoseconds = [f"17000000{number:02}000000000,1700000000,x" for number in range(10, 30)]
    assert len(outcomes(BASE + SECONDS, table(*nanoseconds))) == 20
    assert event(BASE + SECONDS, table("2e10,1700000000,x")).message_id == "2e10"


def test_a_number_that_a_program_wrote_with_a_decimal_is_the_same_id() -> None:
    assert event(BASE + SECONDS, table("71.0,1700000000,x")).message_id == "71"


def test_rows_that_are_ragged_damaged_or_in_another_encoding_are_refused_and_the_others_read() -> None:
    rows = b"nr,when,words\n1,1700000000\n2,1700000000,caf\xe9\n3,1700000000,a\0b\n4,1700000000,x,y\n5,1700000000,x,\n"
    got = [one.reason if isinstance(one, Refused) else "read" for _, one in outcomes(BASE + SECONDS, rows)]
    assert got == ["ragged_row", "not_utf8", "read", "ragged_row", "read"]


def test_a_quotation_mark_that_is_not_closed_is_named_and_not_taken_for_a_long_text() -> None:
    rows = table("1,1700000000,x", '2,1700000000,"The pier', *(f"{n},1700000000,x" for n in range(3, 2_000)))
    *_, last = outcomes(BASE + SECONDS, rows)
    assert isinstance(last[1], Refused)
    assert (last[1].reason, "1998 lines" in last[1].detail) == ("unclosed_quote", True)


def test_a_text_over_several_lines_is_one_row() -> None:
    assert event(BASE + SECONDS, table('1,1700000000,"a\n\nb"')).text == "a\n\nb"


def test_a_field_longer_than_any_message_is_an_outcome() -> None:
    source = MemoryFile(table("1,1700000000," + "x" * (1 << 25), "2,1700000000,x"), piece=1 << 20)
    got = [type(one) for _, one in format_of((BASE + SECONDS).encode(), "p").read(source, NO_OPTIONS)]
    assert got[0] is Refused


def test_a_header_in_another_encoding_is_an_error_that_names_iconv() -> None:
    with pytest.raises(FormatError, match="iconv"):
        outcomes(BASE + SECONDS, b"nr,when,w\xf6rds\n")


def test_an_error_and_a_refusal_never_hold_a_value_of_the_table() -> None:
    rows = table("secret-1,secret-2,secret-3", "secret-4,1700000000")
    for _, outcome in outcomes(BASE + SECONDS, rows):
        assert isinstance(outcome, Refused)
        assert "secret" not in outcome.detail


# JSON


def test_a_profile_reads_json_objects_by_dotted_names() -> None:
    profile = BASE.replace('"words"', '"body.text|words"').replace('"nr"', '"meta.id"') + SECONDS
    line = '{"meta": {"id": 18930000000000000001}, "when": 1700000000, "words": "The pier", "extra": [1]}'
    got = event(profile, line + "\n" + line)
    assert (got.message_id, got.text, got.created_at) == ("18930000000000000001", "The pier", AT)


def test_a_field_that_an_event_needs_and_no_json_object_has_is_an_error_that_names_the_nearest() -> None:
    line = '{"nr": 7, "when": 1700000000, "wordz": "The pier", "mood": "calm"}'
    with pytest.raises(FormatError, match='no column "words"; the nearest is "wordz"'):
        outcomes(BASE + SECONDS, line)
    outcome = first((BASE + SECONDS).replace('"words"', '"wordz"\nlang = "tongue"'), line)
    assert isinstance(outcome, Converted)
    assert outcome.notes == ("columns that are not used: mood",)


def test_rows_may_lie_in_a_list_of_each_json_value() -> None:
    profile = 'items = "data.posts"\n' + BASE + SECONDS
    page = '{"data": {"posts": [{"nr": "1", "when": "1700000000", "words": "x"}, 7]}, "next": null}'
    got = [type(one) for _, one in outcomes(profile, page + "\n" + page)]
    assert got == [Converted, Refused, Converted, Refused]


# profiles


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("[columns]", "[colums]"), "unknown field `colums`; did you mean `columns`"),
        (('text = "words"', 'txet = "words"'), "did you mean `text`"),
        (('message_id = "nr"', ""), "missing required field `message_id`"),
        (('message_id = "nr"', 'message_id = "digest(colour)"'), "colour"),
        (('platform = "telegram"', 'platform = "Tele gram"'), "lower-case"),
        (('format = "unix_s"', 'format = "unix"'), "is unknown; write unix_s"),
        (('format = "unix_s"', 'format = "strptime:%H:%M"'), "does not give the year"),
        (('text = "words"', 'text = { column = "words", match = "(" }'), "no regular expression"),
        (('format = "unix_s"', 'format = "unix_s"\n[kind]\nforward_if = { column = "a" }'), "needs values"),
        (('format = "unix_s"', 'format = "unix_s"\n[split]\ntext = ","'), "split.text is unknown"),
        (("[columns]", "[columns"), "is no TOML"),
    ],
)
def test_a_wrong_profile_is_an_error_that_names_the_field(change: tuple[str, str], problem: str) -> None:
    with pytest.raises(FormatError, match="the profile harbour") as caught:
        format_of((BASE + SECONDS).replace(*change).encode(), "harbour.toml")
    assert problem in str(caught.value)


def test_a_table_without_a_text_an_address_or_an_original_is_an_error() -> None:
    with pytest.raises(FormatError, match="no column with a text or an address"):
        outcomes(BASE.replace('text = "words"', "") + SECONDS, table("1,1700000000,x"))


def test_a_format_of_times_without_zones_needs_a_zone() -> None:
    profile = BASE + '[time]\nformat = "strptime:%Y-%m-%d %H:%M"\n'
    assert format_of(profile.encode(), "p").needs == ("zone",)
    assert format_of((profile + 'zone = "UTC"\n').encode(), "p").needs == ()


def test_a_profile_of_a_user_recognises_its_tables() -> None:
    own = format_of(('recognise = ["nr", "words"]\n' + BASE + SECONDS).encode(), "p")
    assert own.recognises(Opening(b"words;nr;when\n"))
    assert not own.recognises(Opening(b"words;when\n"))
    without = format_of((BASE + SECONDS).encode(), "p")
    assert without.recognises(Opening(b'{"nr": 1, "when": 2}'))
    assert not without.recognises(Opening(b'{"nr": 1}'))
