"""Texts that are no message, and messages that only resemble one."""

import pytest

from detectors.pipeline.intake import read_content
from detectors.text.boilerplate import Boilerplate
from detectors.text.normalise import normalise, read_words

RUMOUR = "the ferry to Orta sank and the town hall keeps silent"


@pytest.mark.parametrize(
    "text",
    [
        "This message was deleted.",
        "\u200eThis message was deleted",
        "🚫 This message was deleted",
        "You deleted this message",
        "<Media omitted>",
        "\u200eimage omitted",
        "\u200e<attached: 00000042-PHOTO-2026-05-01-10-11-12.jpg>",
        "IMG-20260501-WA0007.jpg (file attached)",
        "VID-20260501-WA0007.mp4 (Datei angehängt)",
        "PTT-20260501-WA0003.opus (archivo adjunto)",
        "Lotte Maas joined using this group's invite link",
        "This Tweet from @somebody has been withheld in India in response to a legal demand. Learn more",
        "Messages and calls are end-to-end encrypted. Only people in this chat can read, listen to, or share them.",
        "Video unavailable\nThis video is private",
        "Essa mensagem foi apagada",
        "यह मैसेज डिलीट कर दिया गया",
    ],
)
def test_a_line_that_a_platform_writes_has_no_words(text):
    assert read_words(text).normal == ""


@pytest.mark.parametrize(
    "text",
    [
        "Delete this message at once, the ferry company pays people to spread it",
        "The police deleted this message from the group and now the ferry has sunk",
        "The media omitted that the ferry sank with forty people",
        "My cousin left the group because nobody believed that the ferry sank",
        "Good morning, the ferry to Orta sank last night",
        "Happy Diwali to all except those who sank the ferry",
        "Good morning everyone do not drink the tap water today",
        "The video is unavailable in the shops since the ferry sank",
        "At 10:15 pm - the mayor said: the ferry has sunk",
        "Subscribe to fear, the ferry sank\nand the town hall keeps silent about the dead",
    ],
)
def test_a_message_that_contains_such_words_keeps_them(text):
    assert len(normalise(text).split()) >= 8


@pytest.mark.parametrize(
    "line",
    [
        "05/03/2026, 9:41 pm - Lotte Maas: ",
        "5/3/26, 21:41 - +31 6 12345678: ",
        "[05.03.26, 21:41:07] Lotte Maas: ",
        "\u200e[2026/03/05, 21:41:07] \u202a+31 6 12345678\u202c: ",
        "[05/03, 9:41 PM] Lotte: ",
        "[9:41 PM, 3/5/2026] Lotte Maas: ",
        "05-03-2026 21.41 - Lotte: ",
        "5. 3. 2026, 21:41 - Lotte: ",
        "05/03/26, 9:41 p. m. - Lotte: ",
        "05/03/26, 9:41\u202fpm - Lotte: ",
    ],
)
def test_the_sender_line_of_an_export_is_no_part_of_the_message(line):
    assert normalise(line + RUMOUR) == normalise(RUMOUR)


def test_every_line_of_a_pasted_conversation_loses_its_sender():
    pasted = f"[05/03, 9:41 PM] Lotte: {RUMOUR}\n[05/03, 9:42 PM] Piet: is that so"
    assert normalise(pasted) == normalise(f"{RUMOUR}\nis that so")


def test_greetings_of_several_languages_are_no_message():
    for text in (
        "Good morning everyone, have a blessed Sunday",
        "GOOD MORNING!!! 🌞🌞 God bless you all",
        "सुप्रभात मित्रों 🙏 आपका दिन शुभ हो",
        "Bom dia grupo! Que Deus abençoe a todos",
        "Selamat pagi semua, semoga hari ini menyenangkan",
        "早上好！祝大家周末愉快",
        "Happy New Year 2027 to you and your family",
    ):
        assert read_words(text) == ("", Boilerplate.GREETING), text


def test_a_share_caption_alone_is_a_text_like_any_other():
    caption = "I am reading this on the Mill Daily app"
    assert read_words(caption).normal
    assert read_content(caption, ("https://news.example.org/a/9",)).boilerplate == Boilerplate.CAPTION
    assert read_content(f"{caption} https://news.example.org/a/9", ()).normal == ""


def test_a_comment_next_to_a_share_caption_is_a_message():
    text = f"{RUMOUR}, check out this article https://news.example.org/a/9"
    assert read_words(text, has_address=True).normal.startswith(normalise(RUMOUR))


def test_a_signature_is_kept_where_little_else_would_be_left():
    assert normalise("Ferry sank\n\nJoin our channel") == "ferry sank join our channel"


def test_a_signature_takes_no_other_paragraph_with_it():
    text = f"{RUMOUR}\n\nforty people are missing\n\nSubscribe | Send news | @orta_today"
    assert normalise(text) == normalise(f"{RUMOUR} forty people are missing")
