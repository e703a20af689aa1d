"""Invented exports of one rumour: four WhatsApp groups, a Telegram group and a table of posts on X.

The rumour starts on Telegram, reaches the WhatsApp groups 15 minutes later and X after 25 minutes. All people, places
and events are made up.
"""

import csv
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.random import Generator

START = datetime(2026, 3, 4, 4, 30, tzinfo=UTC)
ZONE = "Asia/Kolkata"
RUMOUR = "The weir above Oberau has cracked and the mill quarter will be flooded before midnight, warn your families"
WORDINGS = (
    RUMOUR,
    RUMOUR + "!!",
    RUMOUR.replace("warn your families", "please warn your families"),
    RUMOUR.replace("has cracked", "cracked"),
    "URGENT. " + RUMOUR,
)
TALK = (
    "who brings the cake on Sunday", "the bus was late again", "thanks a lot", "see you at the station at six",
    "does anybody have a ladder", "the bakery is closed next week", "good match yesterday", "my phone was off",
)  # fmt: skip
WHATSAPP_AFTER = timedelta(minutes=15)
X_AFTER = timedelta(minutes=25)


def write_exports(folder: Path) -> list[Path]:
    """Write the six exports to a folder; return their paths."""
    rng = np.random.default_rng(4)
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _telegram(folder / "telegram" / "result.json", rng),
        *(_whatsapp(folder, number, rng) for number in range(4)),
        _posts_on_x(folder / "posts-on-x.csv", rng),
    ]


def _moments(count: int, after: timedelta, rng: Generator) -> list[datetime]:
    """Return the times of a growing cascade: later messages follow faster."""
    span = 70 * 60
    return [
        START + after + timedelta(seconds=round(span * (n / count) ** 0.5) + int(rng.integers(20)))
        for n in range(count)
    ]


def _talk(count: int, rng: Generator) -> list[tuple[datetime, str, str]]:
    return [
        (
            START + timedelta(seconds=int(rng.integers(5 * 3600))),
            f"Person {int(rng.integers(40))}",
            TALK[rng.integers(len(TALK))],
        )
        for _ in range(count)
    ]


def _messages(count: int, after: timedelta, prefix: str, rng: Generator) -> list[tuple[datetime, str, str]]:
    told = [
        (at, f"{prefix} {n}", WORDINGS[rng.integers(len(WORDINGS))])
        for n, at in enumerate(sorted(_moments(count, after, rng)))
    ]
    return sorted([*told, *_talk(count * 2, rng)])


def _number(person: str) -> int:
    name, number = person.split(maxsplit=1)[0], person.rsplit(maxsplit=1)[-1]
    return len(name) * 1000 + int(number)


def _telegram(path: Path, rng: Generator) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    messages = []
    for number, (at, person, text) in enumerate(_messages(45, timedelta(0), "Rider", rng), start=1):
        messages.append({
            "id": number, "type": "message", "date": at.strftime("%Y-%m-%dT%H:%M:%S"),
            "date_unixtime": str(int(at.timestamp())), "from": person,
            "from_id": f"user{1000 + _number(person)}",
            "text": text, "text_entities": [{"type": "plain", "text": text}],
        })  # fmt: skip
    export = {"name": "Oberau news", "type": "public_supergroup", "id": 424242, "messages": messages}
    path.write_text(json.dumps(export, indent=1), "utf-8")
    return path


def _whatsapp(folder: Path, number: int, rng: Generator) -> Path:
    """Write a group: two by Android telephones in India, two by iPhones set to German, one of each as an archive."""
    zone = ZoneInfo(ZONE)
    lines = []
    for at, person, text in _messages(14, WHATSAPP_AFTER + timedelta(minutes=4 * number), f"Neighbour {number}", rng):
        local = at.astimezone(zone)
        if number < 2:
            hour = local.strftime("%I:%M %p").lstrip("0").lower()
            lines.append(f"{local:%d/%m/%y}, {hour} - {person}: {text}")
        else:
            lines.append(f"[{local:%d.%m.%y, %H:%M:%S}] {person}: {text}")
    if number < 2:
        first = (
            "Messages and calls are end-to-end encrypted. Only people in this chat can read, listen to, or share them."
        )
        lines.insert(0, f"25/02/26, 9:00 am - {first}")
    else:
        first = "\u200eNachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt."
        lines.insert(0, f"[25.02.26, 09:00:00] Oberau {number}: {first}")
    text = "\n".join(lines) + "\n"
    if number % 2:
        path = folder / f"WhatsApp Chat with Oberau {number}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("_chat.txt" if number > 1 else f"WhatsApp Chat with Oberau {number}.txt", text)
    else:
        path = folder / f"WhatsApp Chat with Oberau {number}.txt"
        path.write_text(text, "utf-8")
    return path


def _posts_on_x(path: Path, rng: Generator) -> Path:
    """Write a table as 4CAT does, newest first."""
    columns = [
        "id", "thread_id", "timestamp", "unix_timestamp", "link", "subject", "body", "author", "author_fullname",
        "author_id", "source", "language_guess", "possibly_sensitive", "retweet_count", "reply_count", "like_count",
        "quote_count", "is_retweet", "retweeted_user", "is_quote_tweet", "quoted_user", "is_reply", "replied_user",
        "hashtags", "urls", "images", "mentions",
    ]  # fmt: skip
    rows = []
    for number, (at, person, text) in enumerate(_messages(60, X_AFTER, "Reader", rng)):
        id_ = str(1893000000000000000 + number)
        author = str(900_000 + _number(person))
        rows.append({
            "id": id_, "thread_id": id_, "timestamp": at.strftime("%Y-%m-%d %H:%M:%S"),
            "unix_timestamp": int(at.timestamp()), "link": f"https://x.com/i/status/{id_}", "body": text,
            "author": person.replace(" ", "_").lower(), "author_fullname": person, "author_id": author,
            "language_guess": "en", "is_retweet": "no", "is_quote_tweet": "no", "is_reply": "no",
        })  # fmt: skip
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        table.writerows(reversed(rows))
    return path
