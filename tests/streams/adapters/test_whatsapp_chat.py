"""WhatsApp's chat exports: layouts of regions, texts in place of messages, pasted chats, two exports of one chat."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.event import ForwardEvent, IdScope, Kind, Media
from streams.adapters.base import Converted, FormatError, Options, Outcome, Refused, Skipped
from streams.adapters.opening import Opening
from streams.adapters.registry import recognise
from streams.adapters.whatsapp.chat_export import MAX_PASTED, MAX_TEXT, chat_name, read, recognises
from streams.adapters.whatsapp.grammar import parse
from tests.streams.adapters.file import MemoryFile
from tests.streams.adapters.whatsapp_locales import LRM, NNBSP, PHONES, Phone

ZONE = Options(zone="Asia/Kolkata")
KOLKATA = ZoneInfo("Asia/Kolkata")
START = datetime(2026, 3, 4, 9, 5, 30, tzinfo=KOLKATA)
PICTURE = Media(sha256="7" * 64)
RUMOUR = "The ferry at Otter Quay sank at noon: do not let the children board"
BOTH = pytest.mark.parametrize("ios", [False, True], ids=["android", "ios"])
EVERY_PHONE = pytest.mark.parametrize("phone", PHONES.values(), ids=PHONES)


class Export(MemoryFile):
    """An export in memory, with a name and with the attachments next to it."""

    def __init__(self, data: bytes | str, name: str = "WhatsApp Chat with Otter Quay.txt", **how: object) -> None:
        super().__init__(data, piece=int(how.pop("piece", 4096)), **how)  # type: ignore[arg-type, call-overload]
        self.name = name
        self.files = {"IMG-20260304-WA0007.jpg": PICTURE, "00000012-PHOTO-2026-03-04-09-05-30.jpg": PICTURE}
        self.asked: list[str] = []

    def media(self, path: str) -> Media | None:
        self.asked.append(path)
        return self.files.get(path)


def outcomes(text: bytes | str, options: Options = ZONE, **how: object) -> list[Outcome]:
    return [outcome for _, outcome in read(Export(text, **how), options)]


def events(text: bytes | str, options: Options = ZONE, **how: object) -> list[ForwardEvent]:
    return [event for one in outcomes(text, options, **how) if isinstance(one, Converted) for event in one.events]


def reasons(text: bytes | str, options: Options = ZONE, **how: object) -> Counter[str]:
    found = outcomes(text, options, **how)
    return Counter(str(one.reason) for one in found if not isinstance(one, Converted))


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def android(*lines: str, day: int = 14) -> str:
    """Lines at 10:00, 10:01, ... of a day in March, on a British phone."""
    return "".join(f"{day:02d}/03/2026, 10:{number:02d} - {line}\n" for number, line in enumerate(lines))


def apple(*lines: str, day: int = 14) -> str:
    """The same on an iPhone."""
    return "".join(f"[{day:02d}.03.26, 10:{number:02d}:07] {line}\n" for number, line in enumerate(lines))


@EVERY_PHONE
@BOTH
def test_an_export_of_every_region_gives_the_same_messages(phone: Phone, ios: bool) -> None:
    def line(minutes: int, rest: str) -> str:
        return phone.header(START + timedelta(minutes=minutes), ios=ios) + rest

    mark = LRM if ios else ""
    omitted = f"{LRM}image omitted" if ios else f"<{phone.omitted}>"
    attached = (
        f"{LRM}<attached: 00000012-PHOTO-2026-03-04-09-05-30.jpg>"
        if ios
        else f"{LRM}IMG-20260304-WA0007.jpg ({phone.attached})"
    )
    text = "\n".join(
        [
            line(0, ("Otter Quay: " + LRM if ios else "") + "Messages and calls are end-to-end encrypted."),
            line(1, ("Otter Quay: " + LRM if ios else "") + phone.created),
            line(2, f"Ada: {RUMOUR}\n\nTell all: now"),
            line(3, f"Ada: {omitted}"),
            line(4, f"\u202a+91 98111 00022\u202c: {mark}{phone.deleted}"),
            line(700, f"\u202a+91 98111 00022\u202c: {RUMOUR} {LRM}<{phone.edited}>"),
            line(701, f"Ada: {attached}\nlook at this"),
            line(60 * 24 * 20, "~ Bo: at last"),
            line(60 * 24 * 20, "~ Bo: and again"),
            "",
        ]
    )
    got = outcomes(text, Options(zone="Asia/Kolkata", day_first=True))
    assert [one.reason for one in got if not isinstance(one, Converted)] == [
        "system",
        "system",
        "media_omitted",
        "deleted",
    ]
    first, second, third, fourth, fifth = (one.events[0] for one in got if isinstance(one, Converted))
    assert (first.actor, first.text) == ("Ada", f"{RUMOUR}\n\nTell all: now")
    assert (second.actor, second.text) == ("+919811100022", RUMOUR)
    assert (third.text, third.media) == ("look at this", (PICTURE,))
    assert (fourth.actor, fourth.text, fifth.text) == ("Bo", "at last", "and again")
    assert [one.chat for one in (first, fifth)] == ["Otter Quay"] * 2
    to_minute = timedelta() if ios else timedelta(seconds=30)
    wanted = [START + timedelta(minutes=minutes) - to_minute for minutes in (2, 700, 701, 28_800, 28_800)]
    assert [one.created_at for one in (first, second, third, fourth)] == [ms(at) for at in wanted[:4]]
    assert fifth.created_at == ms(wanted[4]) + (0 if ios else 1), "the order within a minute is kept"


@EVERY_PHONE
@BOTH
def test_an_export_is_recognised_by_its_content(phone: Phone, ios: bool) -> None:
    text = f"{phone.header(START, ios=ios)}Ada: {RUMOUR}\n{phone.header(START, ios=ios)}Bo: oh\n"
    found = recognise(Opening(text.encode(), "a.txt"))
    assert found is not None
    assert found.name == "whatsapp-chat"


@pytest.mark.parametrize(
    "text",
    [
        "Dear all,\nthe minutes of 3/4/26 follow.\n",
        "id,date,text\n1,2026-03-04 10:15,hello\n",
        '[{"id": 1}]',
        "[1, 2, 3]",
        "",
        "1. The ferry\n2. The quay\n",
        "[2026-05-14 07:15:00] INFO: pump on\n[2026-05-14 07:15:01] ERROR: valve: stuck\n",
        "2026-05-14 07:15:00 - lock.pump: on\n2026-05-14 07:15:01 - lock.valve: off\n",
        "2026/05/14 07:14:00 [info] 7#0\n2026/05/14 07:15:00 [warn] 7: pump\n2026/05/14 07:15:01 [error] 7#0\n",
        "14.05.2026 07:15:00 INFO started\n14.05.2026 07:15:01 DEBUG step 1: on\n14.05.2026 07:15:01 INFO done\n",
        "[2026-05-14 07:15] Ada: The ferry\n[2026-05-14 07:16] Bo: oh\n",  # signal-export
        "[07:15:00] <ada> The ferry\n[07:15:04] <bo> oh\n",
    ],
)
def test_other_texts_are_not_recognised(text: str) -> None:
    assert not recognises(Opening(text.encode()))


def test_text_copied_from_whatsapp_web_is_a_chat() -> None:
    lines = f"[21:15, 5/14/2026] Ada: {RUMOUR}\nthe second line\n[21:16, 5/14/2026] +44 7700 900123: oh\n"
    assert recognises(Opening(lines.encode()))
    first, second = events(lines)
    assert (first.actor, first.text) == ("Ada", f"{RUMOUR}\nthe second line")
    assert (second.actor, second.created_at) == ("+447700900123", ms(datetime(2026, 5, 14, 21, 16, tzinfo=KOLKATA)))


def test_text_copied_from_whatsapp_web_has_the_ids_of_the_export() -> None:
    copied = events(f"[9:15 PM, 5/14/2026] Ada: {RUMOUR}\n")
    exported = events(f"14.05.26, 21:15 - Ada L: {RUMOUR}\n")
    assert [one.message_id for one in copied] == [one.message_id for one in exported]


def test_messages_below_a_title_are_recognised() -> None:
    assert recognises(Opening(b"Saved by Ada\n\n14/05/2026, 07:15 - Ada: The ferry\n14/05/2026, 07:16 - Bo: oh\n"))


LAYOUTS = {
    "[1:55 PM, 13/6/2018] a: m": ((13, 6, 2018), 1, 55, 0, "pm"),
    "3/6/18, 1:55 p.m. - a: m": ((3, 6, 18), 1, 55, 0, "pm"),
    "03-06-2018, 01.55 PM - a: m": ((3, 6, 2018), 1, 55, 0, "pm"),
    "13.06.18 21.25.15: a: m": ((13, 6, 18), 21, 25, 15, ""),
    "[06.13.18 21:25:15] a: m": ((6, 13, 18), 21, 25, 15, ""),
    "13. 6. 2018. 21:25:15 a: m": ((13, 6, 2018), 21, 25, 15, ""),
    f"{LRM}[3/6/18 1:55:00 p. m.] a: m": ((3, 6, 18), 1, 55, 0, "pm"),
    f"[3/6/18, 1:55:00{NNBSP}PM] a: m": ((3, 6, 18), 1, 55, 0, "pm"),
    "13.06.2018 г., 21:25 - a: m": ((13, 6, 2018), 21, 25, 0, ""),
    "13.06.2018, 21:25 Uhr - a: m": ((13, 6, 2018), 21, 25, 0, "uhr"),
    "\ufeff2018/06/13, 21:25 - a: m": ((2018, 6, 13), 21, 25, 0, ""),
    "13/06/18, 21:25 – a: m": ((13, 6, 18), 21, 25, 0, ""),
}


@pytest.mark.parametrize("line", LAYOUTS)
def test_a_header_is_read_in_each_layout(line: str) -> None:
    numbers, hour, minute, second, word = LAYOUTS[line]
    found = parse(line)
    assert found is not None
    header = found[1]
    assert (header.numbers, header.hour, header.minute, header.second) == (numbers, hour, minute, second)
    assert header.words[1] == word
    assert line[header.end :] == "a: m"


PERIODS = {
    "上午 12:10": 0, "凌晨 1:10": 1, "中午 12:10": 12, "中午 1:10": 13,
    "下午 3:10": 15, "晚上 11:10": 23, "午夜 12:10": 0,
    "সকাল 9:10": 9, "দুপুর 1:10": 13, "রাত 2:10": 2, "রাত 9:10": 21,
}  # fmt: skip


@pytest.mark.parametrize("clock", PERIODS)
def test_the_part_of_the_day_gives_the_hour(clock: str) -> None:
    (event,) = events(f"2026/3/14 {clock} - Ada: {RUMOUR}\n")
    assert event.created_at == ms(datetime(2026, 3, 14, PERIODS[clock], 10, tzinfo=KOLKATA))


def test_a_word_next_to_a_clock_of_24_hours_has_no_meaning() -> None:
    text = "14.3.2026 zot 9:10 - Ada: one\n14.3.2026 zot 21:10 - Ada: two\n"
    assert [one.created_at for one in events(text)] == [
        ms(datetime(2026, 3, 14, hour, 10, tzinfo=KOLKATA)) for hour in (9, 21)
    ]


def test_an_unknown_word_next_to_a_clock_of_12_hours_refuses_the_file() -> None:
    with pytest.raises(FormatError, match="24 hours or to English"):
        outcomes("14.3.2026 9:10 zot - Ada: one\n14.3.2026 10:10 zot - Ada: two\n")


def test_days_of_other_calendars_are_read() -> None:
    assert [one.created_at for one in events("14/3/2569, 10:10 - Ada: one\n")] == [
        ms(datetime(2026, 3, 14, 10, 10, tzinfo=KOLKATA))
    ]
    for day, gregorian in (("۱۴۰۴/۱۲/۲۳", (2026, 3, 14)), ("1403/12/30", (2025, 3, 20)), ("1388/1/1", (2009, 3, 21))):
        (event,) = events(f"{day}, 10:10 - Ada: one\n")
        assert event.created_at == ms(datetime(*gregorian, 10, 10, tzinfo=KOLKATA))
    with pytest.raises(FormatError, match="Islamic"):
        outcomes("1447/9/25, 10:10 - Ada: one\n1447/9/26, 10:10 - Ada: two\n")


def test_an_event_carries_no_claim_that_an_export_cannot_make() -> None:
    (event,) = events(android(f"Ada: {RUMOUR}"))
    assert (event.kind, event.platform, event.id_scope) == (Kind.POST, "whatsapp", IdScope.PLATFORM)
    assert (event.hops_min, event.frequently_forwarded, event.parent_ref, event.root_ref) == (0, None, None, None)
    assert event.event_id == event.message_id
    assert len(event.event_id) == 32
    assert event.observed_at is None


IN_PLACE = {
    "null": "empty",
    "<Media omitted>": "media_omitted",
    "This message was deleted": "deleted",
    "You deleted this message": "deleted",
    "Waiting for this message. This may take a while.": "waiting",
    "Missed voice call": "call",
    "Voice call, 12 min": "call",
    "<View once voice message omitted>": "view_once",
    "location: https://maps.google.com/?q=12.9716,77.5946": "location",
    "live location shared": "location",
    "Otter Café (3 Quay Rd): https://foursquare.com/v/51a2445e5019c80b56934c75": "location",
    "Ada Quay.vcf (file attached)": "contact",
    "IMG-20260304-WA0999.jpg (file attached)": "media_missing",
    "POLL:\nShall we go?\nOPTION: yes (3 votes)\nOPTION: no (0 votes)": "poll",
    "<This message was edited>": "empty",
    "": "empty",
}


@pytest.mark.parametrize("text", IN_PLACE)
def test_a_text_in_place_of_a_message_is_skipped_with_its_reason(text: str) -> None:
    assert reasons(android(f"Ada: {text}", "Bo: hello")) == {IN_PLACE[text]: 1}
    assert reasons(apple(f"Ada: {LRM}{text}", "Bo: hello")) == {IN_PLACE[text]: 1}


@pytest.mark.parametrize(
    "text",
    [
        "null and void",
        "He asked: did you see the missed voice call?",
        "The media omitted the number of the dead",
        "This message was deleted by nobody I know, says Bo",
        "Meet here: at noon https://maps.google.com/?q=12.9,77.5 bring ropes",
        "a < b and b > c",
        "see (the file attached)",
        "report.pdf (see page 4)",
    ],
)
def test_a_text_that_only_resembles_one_is_a_message(text: str) -> None:
    assert [one.text for one in events(android(f"Ada: {text}"))] == [text]


SYSTEM = [
    'Ada created group "Lot 4: sheep"',
    "Ada changed the subject from “Lot: 3” to “Lot 4: sheep”",
    'Ada changed the group name from "a: b" to "c: d"',
    "Your security code with Dr: Bo changed. Tap to learn more.",
    "Ada added Dr: Bo",
    "Ada left",
    "Messages and calls are end-to-end encrypted. Learn more: here",
    "Qux zarblat “Lot 4: sheep” frob",
]


@pytest.mark.parametrize("text", SYSTEM)
def test_a_system_message_is_no_message_though_it_has_a_colon(text: str) -> None:
    assert reasons(android("Ada: one", text, "Bo: two")) == {"system": 1}


def test_on_ios_the_mark_of_direction_shows_a_system_message_of_any_language() -> None:
    text = apple(f"Otter Quay: {LRM}Zarblat frob: qux", f"Ada: {LRM}Ada zarblat frob", "Bo: two")
    assert reasons(text) == {"system": 2}


def test_a_long_text_behind_a_mark_of_direction_is_a_message() -> None:
    long = " ".join(["the ferry sank at noon"] * 30)
    assert [one.text for one in events(apple(f"Ada: {LRM}{long}"))] == [long]


def test_marks_of_direction_are_cut_at_the_start_of_lines_only_and_joiners_stay() -> None:
    text = f"Ada: क्‍ष नहीं\n{LRM}दूसरी{LRM} पंक्ति\n\u200fتیسری‌لائن"
    assert events(android(text))[0].text == f"क्‍ष नहीं\nदूसरी{LRM} पंक्ति\nتیسری‌لائن"


@pytest.mark.parametrize(
    ("line", "text", "asked"),
    [
        ("IMG-20260304-WA0007.jpg (file attached)", "", "IMG-20260304-WA0007.jpg"),
        ("IMG-20260304-WA0007.jpg (zarblat frob)\nwords", "words", "IMG-20260304-WA0007.jpg"),
        ("IMG-20260304-WA0007.jpg <attached>", "", "IMG-20260304-WA0007.jpg"),
        ("IMG-20260304-WA0007.jpg (Datei angehängt)\nwords", "words", "IMG-20260304-WA0007.jpg"),
        ("Sheep list.pdf (file attached)\nwords", "words", "Sheep list.pdf"),
        (f"{LRM}<attached: 00000012-PHOTO-2026-03-04-09-05-30.jpg>", "", "00000012-PHOTO-2026-03-04-09-05-30.jpg"),
        (
            f"words {LRM}<Anhang: 00000012-PHOTO-2026-03-04-09-05-30.jpg>",
            "words",
            "00000012-PHOTO-2026-03-04-09-05-30.jpg",
        ),
        (f"Sheep.pdf • {LRM}2 pages {LRM}<attached: 00000013-Sheep.pdf>", "", "00000013-Sheep.pdf"),
    ],
)
def test_an_attachment_is_hashed_and_the_rest_is_its_caption(line: str, text: str, asked: str) -> None:
    export = Export(apple(f"Ada: {line}") if LRM in line else android(f"Ada: {line}"))
    export.files[asked] = PICTURE
    ((_, outcome),) = read(export, ZONE)
    assert isinstance(outcome, Converted)
    assert (outcome.events[0].text, outcome.events[0].media) == (text, (PICTURE,))
    assert export.asked == [asked]


@pytest.mark.parametrize("file", ["../../key.pem", "..\\key.pem", "/etc/x.jpg", ".hidden.jpg"])
def test_a_name_that_leads_to_another_folder_is_not_followed(file: str) -> None:
    export = Export(android(f"Ada: {file} (file attached)"))
    assert [one.reason for _, one in read(export, ZONE)] == ["media_missing"]
    assert export.asked == []


def test_a_caption_of_media_that_were_left_out_is_a_message() -> None:
    assert [one.text for one in events(android(f"Ada: <Media omitted>\n{RUMOUR}"))] == [RUMOUR]
    assert [one.text for one in events(apple(f"Ada: {RUMOUR} {LRM}image omitted"))] == [RUMOUR]
    assert reasons(android("Ada: <Media omitted>\nIMG-20260304-WA0001.jpg")) == {"media_omitted": 1}


def test_an_edited_message_is_noted_and_its_mark_is_no_text() -> None:
    (outcome,) = outcomes(android(f"Ada: {RUMOUR} <This message was edited>"))
    assert isinstance(outcome, Converted)
    assert outcome.events[0].text == RUMOUR
    assert "edited" in outcome.notes
    (outcome,) = outcomes(apple(f"Ada: {RUMOUR} {LRM}<zarblat frob>"))
    assert isinstance(outcome, Converted)
    assert outcome.events[0].text == RUMOUR


@pytest.mark.parametrize(
    ("written", "actor"),
    [
        ("\u202a+91 98111 00022\u202c", "+919811100022"),
        ("+1 (555) 010-0199", "+15550100199"),
        ("~ Bo", "Bo"),
        (f"~{NNBSP}Bo", "Bo"),
        ("~\u00a0Bo", "Bo"),
        ("Bo\u00a0K", "Bo K"),
        ("+९१ ९८१११ ०००२२", "+919811100022"),
        ("re:Bo", "re:Bo"),
    ],
)
def test_a_sender_has_one_name_in_every_way_of_writing(written: str, actor: str) -> None:
    assert events(android(f"{written}: hello"))[0].actor == actor


def test_a_message_may_begin_on_the_line_below_its_sender() -> None:
    assert [one.text for one in events(android("Ada:\nfirst\nsecond"))] == ["first\nsecond"]


# Pasted chats
#
#   14 March 10:00  Ada: look what they write
#                        [10 March lines of another chat]      <- continuation
#   14 March 10:01  Bo: oh


def test_lines_of_a_pasted_chat_stay_in_the_message() -> None:
    pasted = "10/03/2026, 08:00 - Cy: it sank\n10/03/2026, 08:01 - Di: no"
    got = events(android(f"Ada: look what they write\n{pasted}\nso?", "Bo: oh"))
    assert [one.text for one in got] == [f"look what they write\n{pasted}\nso?", "oh"]


def test_a_header_of_another_layout_stays_in_the_message() -> None:
    pasted = "[14/03/2026, 10:00:30] Cy: it sank"
    assert [one.text for one in events(android(f"Ada: see\n{pasted}", "Bo: oh"))] == [f"see\n{pasted}", "oh"]


def test_a_message_less_than_a_day_early_is_a_message() -> None:
    text = android("Ada: one", day=14) + android("Bo: two", day=13) + android("Cy: three", day=14)
    assert [one.text for one in events(text)] == ["one", "two", "three"]


def test_one_message_of_a_wrong_clock_does_not_swallow_the_messages_after_it() -> None:
    ahead = "14/03/2027, 10:00 - Bo: from the future\n"
    text = android("Ada: one") + ahead + android("Cy: two", "Di: three")
    assert [one.text for one in events(text)] == ["one", "from the future", "two", "three"]
    many = (
        android("Ada: one")
        + ahead
        + "".join(android(*["Cy: " + "x" * 900] * 60) for _ in range(MAX_PASTED // 50_000 + 1))
    )
    assert len(events(many + "15/03/2027, 10:00 - Bo: later\n")) > 60


def test_the_order_of_day_and_month_is_asked_for_where_the_dates_do_not_show_it() -> None:
    text = "03/04/2026, 10:00 - Ada: one\n03/04/2026, 10:01 - Bo: two\n"
    with pytest.raises(FormatError, match=r"--day-first .* --month-first"):
        outcomes(text)
    for day_first, month in ((True, 4), (False, 3)):
        (first, _) = events(text, Options(zone="Asia/Kolkata", day_first=day_first))
        assert first.created_at == ms(datetime(2026, month, 3 if day_first else 4, 10, tzinfo=KOLKATA))


def test_the_order_is_decided_over_the_whole_file_and_reported() -> None:
    text = "".join(f"03/{day:02d}/2026, 10:00 - Ada: day {day}\n" for day in (4, 4, 5, 13))
    got = outcomes(text, Options(zone="Asia/Kolkata", day_first=True))
    assert isinstance(got[0], Converted)
    assert got[0].events[0].created_at == ms(datetime(2026, 3, 4, 10, tzinfo=KOLKATA))
    assert got[0].notes == ("dates are read month first, by the dates of the file",)
    assert [one.notes for one in got[1:] if isinstance(one, Converted)] == [(), (), ()]


def test_a_file_without_messages_and_a_file_without_a_zone_are_refused_with_advice() -> None:
    with pytest.raises(FormatError, match="--zone Asia/Kolkata"):
        outcomes(android("Ada: one"), Options())
    with pytest.raises(FormatError, match="no time zone is named 'Mars/Base'"):
        outcomes(android("Ada: one"), Options(zone="Mars/Base"))
    for name in ("../../etc/passwd", "Europe", "\0", "a" * 5000):
        with pytest.raises(FormatError, match="no time zone"):
            outcomes(android("Ada: one"), Options(zone=name))
    with pytest.raises(FormatError, match="no line opens"):
        outcomes("Dear all,\nhello\n")


# The clock in Berlin, 29 March 2026: 01:59 -> 03:00; 25 October 2026: 02:59 -> 02:00 again.


def test_an_hour_that_does_not_exist_is_read_with_the_offset_before_the_change() -> None:
    berlin = Options(zone="Europe/Berlin")
    (event,) = events("29.03.2026, 02:30 - Ada: one\n", berlin)
    assert event.created_at == ms(datetime(2026, 3, 29, 1, 30, tzinfo=UTC))


def test_an_hour_that_comes_twice_is_the_first_until_the_order_shows_the_second() -> None:
    berlin = Options(zone="Europe/Berlin")
    clocks = ("01:30", "02:10", "02:50", "02:05", "02:55", "03:05")
    text = "".join(f"25.10.2026, {clock} - Ada: {number}\n" for number, clock in enumerate(clocks))
    wanted = [(23, 30), (0, 10), (0, 50), (1, 5), (1, 55), (2, 5)]
    got = [datetime.fromtimestamp((one.created_at or 0) / 1000, UTC) for one in events(text, berlin)]
    assert [(at.hour, at.minute) for at in got] == wanted


# Two exports of one chat

INDIA, GERMANY = PHONES["en-IN"], PHONES["de"]


def two_exports() -> tuple[str, str]:
    """The same six messages from a phone in Kolkata (Android) and from a phone in Berlin (iOS)."""
    berlin = ZoneInfo("Europe/Berlin")
    said = [
        ("Ada", "Ada Quay", RUMOUR),
        ("+91 98111 00022", "Bo", "ok"),
        ("Cy", "~ Cyrus", "ok"),
        ("Ada", "Ada Quay", f"{RUMOUR}\nsecond line @\u2068Bo\u2069"),
        ("Cy", "~ Cyrus", "14 days later"),
    ]
    first, second = "", ""
    for number, (here, there, text) in enumerate(said):
        at = START + timedelta(minutes=number // 3) + (timedelta(days=14) if number == 4 else timedelta())
        other = text.replace("\u2068Bo\u2069", "\u2068Robert\u2069") + (
            f" {LRM}<{GERMANY.edited}>" if number == 0 else ""
        )
        first += INDIA.header(at) + f"{here}: {text}\n"
        second += (
            GERMANY.header((at + timedelta(seconds=number)).astimezone(berlin), ios=True) + f"{there}: {other}\r\n"
        )
    return first, second


def test_two_exports_of_one_chat_have_the_same_messages() -> None:
    first, second = two_exports()
    here = events(first, name="WhatsApp Chat with Otter Quay.txt")
    there = events(second, Options(zone="Europe/Berlin"), name="WhatsApp Chat - Otter Quay.zip")
    assert [one.event_id for one in here] == [one.event_id for one in there]
    assert len({one.event_id for one in here}) == 5, "equal texts of one minute are two messages"
    assert [one.actor for one in here] != [one.actor for one in there], "names belong to a phone"


def test_a_renamed_chat_is_another_chat_until_it_is_named() -> None:
    first, second = two_exports()
    renamed = "WhatsApp Chat - Otter Quay 2.zip"
    there = {one.event_id for one in events(second, Options(zone="Europe/Berlin"), name=renamed)}
    assert there.isdisjoint(one.event_id for one in events(first))
    named = Options(zone="Europe/Berlin", chat="Otter Quay")
    assert [one.event_id for one in events(second, named, name=renamed)] == [one.event_id for one in events(first)]


@pytest.mark.parametrize(
    "name",
    [
        "WhatsApp Chat with Otter Quay.txt",
        "WhatsApp Chat - Otter Quay.zip",
        "Otter.zip/WhatsApp Chat with Otter Quay.txt",
        "WhatsApp_Chat_with_Otter_Quay.txt",
        "WhatsApp Chat with Otter Quay (2).txt",
        "WhatsApp Chat mit Otter Quay.txt",
        "Chat de WhatsApp con Otter Quay.txt",
        "Conversa do WhatsApp com Otter Quay.txt",
        "Discussion WhatsApp avec Otter Quay.txt",
        "Chat WhatsApp con Otter Quay.zip",
        "Chat WhatsApp dengan Otter Quay.txt",
        "Чат WhatsApp с Otter Quay.txt",
        "Otter Quay ile WhatsApp Sohbeti.txt",
        "Otter Quay.txt",
    ],
)
def test_the_chat_is_named_by_its_file(name: str) -> None:
    assert chat_name(name) == "Otter Quay"


def test_an_unpacked_chat_of_an_iphone_is_named_by_its_first_line() -> None:
    text = apple(f"Otter Quay: {LRM}Messages and calls are end-to-end encrypted.", f"Ada: {RUMOUR}")
    assert [one.chat for one in events(text, name="_chat.txt")] == ["Otter Quay"]
    (outcome,) = outcomes(apple(f"Ada: {RUMOUR}"), name="_chat.txt")
    assert isinstance(outcome, Converted)
    assert outcome.events[0].chat == "_chat"
    assert any("--chat NAME" in note for note in outcome.notes)


# Damage


def test_a_byte_order_mark_and_foreign_line_ends_change_nothing() -> None:
    text = android(f"Ada: {RUMOUR}\nmore", "Bo: oh")
    assert events(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()) == events(text)


def test_a_message_with_bytes_that_are_no_text_is_refused_alone() -> None:
    data = android("Ada: one", "Bo: two\nXX", "Cy: three").encode().replace(b"XX", b"\xff\xfe")
    got = outcomes(data)
    assert [type(one) for one in got] == [Converted, Refused, Converted]
    assert isinstance(got[1], Refused)
    assert got[1].reason == "not_utf8"


def test_a_truncated_file_gives_the_messages_before_the_cut_and_one_refusal() -> None:
    got = outcomes(android("Ada: one", "Bo: two")[:-1] + "\n", damaged=True)
    assert [type(one) for one in got] == [Converted, Converted, Refused]


def test_text_before_the_first_message_is_one_refusal() -> None:
    assert reasons("some\nlines\n\n" + android("Ada: one")) == {"no_header": 1}


def test_a_message_without_an_end_is_refused_and_the_next_is_read() -> None:
    text = android("Ada: one\n" + ("x" * 999 + "\n") * (MAX_TEXT // 1000 + 2), "Bo: two")
    got = outcomes(text)
    assert [type(one) for one in got] == [Refused, Converted]


def test_a_line_longer_than_any_message_is_refused_and_a_sender_longer_than_any_name_is_none() -> None:
    got = outcomes(android("Ada: " + "x" * MAX_TEXT, "y" * 200 + ": one", "Bo: two"))
    assert [getattr(one, "reason", "event") for one in got] == ["too_large", "system", "event"]


def test_the_position_is_the_line_of_the_header() -> None:
    text = android("Ada: one\nmore\nand more", "Bo: two")
    assert [position for position, _ in read(Export(text), ZONE)] == [0, 3]


@given(st.binary(max_size=300), st.integers(0, 3))
def test_no_bytes_raise_anything_but_a_refusal_of_the_file(noise: bytes, place: int) -> None:
    lines = android("Ada: one", "Bo: two\nmore", "Cy: three").encode().splitlines(keepends=True)
    data = b"".join((*lines[:place], noise, *lines[place:]))
    try:
        got = outcomes(data)
    except FormatError:
        return
    assert all(isinstance(one, Converted | Skipped | Refused) for one in got)


_LETTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<>\u200b\u200e\u200f\ufeff")
_PEOPLE = st.sampled_from(["Ada", "Bo K", "+91 98111 00022", "Ćy 🌊", "दीपा", "re:Di"])
_TEXTS = st.lists(st.text(_LETTERS | st.just(":"), max_size=40), min_size=1, max_size=4).map("\n".join)


@given(
    st.sampled_from(sorted(PHONES)),
    st.booleans(),
    st.lists(st.tuples(_PEOPLE, _TEXTS, st.integers(0, 3 * 86_400)), min_size=1, max_size=8),
)
def test_any_texts_written_by_any_phone_are_read_as_they_were_written(
    region: str, ios: bool, messages: list[tuple[str, str, int]]
) -> None:
    phone = PHONES[region]
    at, text, wanted = START, "", []
    for who, said, later in messages:
        assume(not any(parse(line) for line in said.split("\n")))
        at += timedelta(seconds=later)
        text += phone.header(at, ios=ios) + f"{who}: {said}\n"
        stamp = at.replace(microsecond=0) if ios else at.replace(second=0, microsecond=0)
        wanted.append((who, " ".join(said.split()), ms(stamp)))
    got = outcomes(text, Options(zone="Asia/Kolkata", day_first=region != "en-US"))
    assert len(got) == len(wanted)
    for outcome, (who, said, at_ms) in zip(got, wanted, strict=True):
        if isinstance(outcome, Converted):
            event = outcome.events[0]
            assert (event.actor, " ".join(event.text.split())) == (who.replace(" 98111 ", "98111"), said)
            assert event.created_at is not None
            assert 0 <= event.created_at - at_ms < 60_000
        else:
            assert isinstance(outcome, Skipped)
            assert outcome.reason in {"empty", "poll", "call"}
