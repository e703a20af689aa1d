"""Messages per CPU-second of reading exports into events, and peak memory: python -m tests.benchmarks.speed.imports.

Each row of the table is a format and a function that writes an invented export of so many messages. Each import is a
process of its own, so its memory is its own. Building the events is included, writing the events is not.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from time import process_time
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from schemas.event import Media
from streams.adapters.base import Converted, Options
from streams.adapters.registry import by_name

START_S = 1_772_000_000
TEXT = "the bridge over the lower mill is closed since noon they say no cars may cross before the army comes"
WORDS = tuple(TEXT.split())


class Row(NamedTuple):
    """A format, and the function that yields the bytes of an export with a number of messages."""

    format: str
    write: Callable[[int], Iterator[bytes]]
    options: Options = Options()
    variant: str = ""  # for several rows of one format

    @property
    def name(self) -> str:
        """The name of the row."""
        return f"{self.format}-{self.variant}" if self.variant else self.format


class File:
    """An export on disk, as a format reads it."""

    name = "export"

    def __init__(self, path: Path) -> None:
        self._path = path

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes in pieces of 256 KiB."""
        with self._path.open("rb") as file:
            while chunk := file.read(1 << 18):
                yield chunk

    def media(self, path: str) -> Media | None:
        """Return no hashes."""
        del path


def texts(count: int, seed: int = 13) -> Iterator[str]:
    """Yield invented messages of 5 to 40 words."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield " ".join(WORDS[index] for index in rng.integers(0, len(WORDS), int(rng.integers(5, 41))))


def telegram_desktop(count: int) -> Iterator[bytes]:
    """Yield the export of one supergroup; a fifth of the messages is forwarded, a fifth answers, a tenth has a link."""
    yield b'{\n "name": "Millers",\n "type": "private_supergroup",\n "id": 1700000001,\n "messages": [\n'
    for number, words in enumerate(texts(count), start=1):
        at = START_S + number
        message: dict[str, object] = {
            "id": number,
            "type": "message",
            "date": "2026-02-25T06:13:21",
            "date_unixtime": str(at),
            "from": f"Person {number % 5_000}",
            "from_id": f"user{100_000 + number % 5_000}",
        }
        if number % 5 == 0:
            message["forwarded_from"] = "Mill news"
        elif number % 5 == 1 and number > 1:
            message["reply_to_message_id"] = number - 1
        parts: list[object] = [words]
        entities = [{"type": "plain", "text": words}]
        if number % 10 == 0:
            entities.append({"type": "link", "text": f"https://mill.example/{number}"})
            parts.append(entities[-1])
        message |= {"text": parts if len(parts) > 1 else words, "text_entities": entities}
        body = "\n".join("  " + line for line in json.dumps(message, indent=1, ensure_ascii=False).splitlines())
        yield (body + (",\n" if number < count else "\n")).encode()
    yield b" ]\n}"


def whatsapp_android(count: int) -> Iterator[bytes]:
    """Yield the export of one group from an Android phone in India; a tenth of the messages has no text."""
    clock, begin = ZoneInfo("Asia/Kolkata"), START_S
    for number, words in enumerate(texts(count)):
        at = datetime.fromtimestamp(begin + 20 * number, clock)
        sender = f"+91 98111 {number % 300:05d}" if number % 3 else f"Person {number % 250}"
        text = "<Media omitted>" if number % 10 == 9 else words.replace(" they ", "\nthey ")
        yield f"{at:%d/%m/%y, %I:%M} {'am' if at.hour < 12 else 'pm'} - {sender}: {text}\n".encode()


def whatsapp_ios(count: int) -> Iterator[bytes]:
    """Yield the export of one group from an iPhone in Germany, with texts in Hindi."""
    clock, begin = ZoneInfo("Europe/Berlin"), START_S
    for number, words in enumerate(texts(count)):
        at = datetime.fromtimestamp(begin + 20 * number, clock)
        text = "\u200eBild weggelassen" if number % 10 == 9 else f"निचली मिल का पुल {words}"
        yield f"[{at:%d.%m.%y, %H:%M:%S}] ~\u202fPerson {number % 250}: {text}\r\n".encode()


ROWS = (
    Row("telegram-desktop", telegram_desktop),
    Row("whatsapp-chat", whatsapp_android, Options(zone="Asia/Kolkata"), "android"),
    Row("whatsapp-chat", whatsapp_ios, Options(zone="Europe/Berlin"), "ios"),
)


def measure(row: Row, path: Path) -> dict[str, float]:
    """Read an export, and return the messages, the CPU seconds and the growth of the peak memory in MiB."""
    chosen = by_name(row.format)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = process_time()
    events = 0
    for _, outcome in chosen.read(File(path), row.options):
        events += len(outcome.events) if isinstance(outcome, Converted) else 0
    seconds = process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"events": events, "seconds": seconds, "grown": (peak - before) / 1024, "peak": peak / 1024}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--only", help="name of one row")
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    rows = [row for row in ROWS if given.only in {None, row.name}]
    if given.path is not None:
        print(json.dumps(measure(rows[0], given.path)))
        return
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            path = Path(folder) / row.name
            with path.open("wb") as file:
                file.writelines(row.write(given.messages))
            command = [
                sys.executable,
                "-m",
                "tests.benchmarks.speed.imports",
                "--only",
                row.name,
                "--path",
                str(path),
            ]
            got = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            print(
                f"{row.name}: {got['events']:,} events from {path.stat().st_size / 1e6:.0f} MB, "
                f"{got['events'] / got['seconds']:,.0f}/CPU-s, peak memory {got['peak']:,.0f} MiB "
                f"({got['grown']:+,.0f} MiB while reading)"
            )
            path.unlink()


if __name__ == "__main__":
    main()
