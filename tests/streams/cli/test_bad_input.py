"""Faulty exports end with a sentence, or with an account of each item; no command ends in a traceback."""

import gzip
import json
import zipfile
from pathlib import Path
from zipfile import ZIP_DEFLATED

import pytest
from click.testing import Result
from typer.testing import CliRunner

from streams.cli.main import main

pytestmark = pytest.mark.no_cover

CHAT = "".join(f"17/05/2026, 08:{minute} - Ivo {minute}: The weir at Brock Lock gave way\n" for minute in range(10, 20))
TELEGRAM = {"name": "Brock Lock", "type": "private_group", "id": 31}
MESSAGE = {"id": 1, "type": "message", "date": "2026-05-17T08:10:00", "date_unixtime": "1779005400", "text": "The weir"}


def _archive(path: Path, *members: tuple[str, str | bytes]) -> None:
    with zipfile.ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)


def _text(path: Path, data: str | bytes) -> None:
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def _flip(path: Path) -> None:
    """Write an archive whose compressed data is damaged at its first byte, and whose directory is whole."""
    _archive(path, ("_chat.txt", CHAT))
    data = bytearray(path.read_bytes())
    data[30 + len("_chat.txt")] ^= 255
    _text(path, bytes(data))


def _unknown_method(path: Path) -> None:
    _archive(path, ("_chat.txt", CHAT))
    data = bytearray(path.read_bytes())
    data[8] = data[data.index(b"PK\1\2") + 10] = 97
    _text(path, bytes(data))


def _cut_archive(path: Path) -> None:
    _archive(path, ("_chat.txt", CHAT))
    _text(path, path.read_bytes()[:100])


FAULTS = {
    "two orders of day and month": (lambda path: _text(path, CHAT.replace("17/05", "04/05")), 2, "--day-first"),
    "a log": (lambda path: _text(path, "[2026-05-17 08:10:00] INFO: pump on\n" * 3), 2, "the log of a program"),
    "nothing": (lambda path: _text(path, ""), 2, "the file is empty"),
    "an archive within an archive": (lambda path: _archive(path, ("in.zip", b"PK\3\4")), 2, "holds no text"),
    "a cut archive": (_cut_archive, 2, "damaged or incomplete ZIP archive"),
    "a damaged member": (_flip, 2, "no known format"),
    "an unknown method": (_unknown_method, 2, "compressed by a method that is not known"),
    "an empty archive": (_archive, 2, "an empty ZIP archive"),
    "a member outside its folder": (lambda path: _archive(path, ("../../_chat.txt", CHAT)), 0, "10 with events"),
    "a cut compressed file": (lambda path: _text(path, gzip.compress(CHAT.encode())[:-12]), 0, "1 refused (truncated)"),
    "half a character": (lambda path: _text(path, CHAT.encode() + b"17/05/2026, 08:21 - Ivo: Br\xc3"), 0, "1 refused"),
    "half a message": (
        lambda path: _text(path, json.dumps(TELEGRAM | {"messages": [MESSAGE] * 2})[:-9]), 0, "1 refused (truncated)"
    ),
    "deep nesting": (
        lambda path: _text(path, json.dumps(TELEGRAM)[:-1] + ', "messages": [' + "[" * 99_999 + "]" * 99_999 + "]}"), 3,
        "1 item = 0 with events + 1 refused",
    ),
}  # fmt: skip


def _import(path: Path, zone: str) -> Result:
    words = ["import", str(path), "--zone", zone, "--raw", "--out", str(path.with_name("events.jsonl"))]
    return CliRunner().invoke(main, words, env={"COLUMNS": "200"})


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_export_has_an_outcome(tmp_path: Path, fault: str) -> None:
    write, code, sentence = FAULTS[fault]
    write(tmp_path / "export")
    done = _import(tmp_path / "export", "Europe/Oslo")
    assert isinstance(done.exception, SystemExit | None)
    assert sentence in done.output
    assert done.exit_code == code


def test_an_unknown_time_zone_ends_with_a_sentence(tmp_path: Path) -> None:
    done = _import(tmp_path, "Mars/Phobos")
    assert done.exit_code == 2
    assert "unknown time zone 'Mars/Phobos'" in done.output
