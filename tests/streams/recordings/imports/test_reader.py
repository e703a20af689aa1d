"""Imported files: one source sorted by time, with an outcome for every item, whatever holds the files."""

import gzip
import json
import os
import zipfile
from contextlib import closing

import msgspec
import pytest
import zstandard
from PIL import Image

from detectors.privacy.pseudonym import Pseudonymiser
from schemas.event import ForwardEvent, Kind
from schemas.rejection import Reason
from schemas.sighting import RawEvent
from streams.adapters.base import FormatError, Options
from streams.errors import UserError
from streams.kafka.connection import KafkaSettings
from streams.recordings.base import SourceError, UnreadableRecord
from streams.recordings.import_files import import_to_file, proposed_profile
from streams.recordings.imports.choices import DEFAULTS, ImportChoices
from streams.recordings.imports.edge import pseudonymise
from streams.recordings.open import FileSpec, FilesSpec, digest_of, imported
from streams.recordings.publish import publish
from tests.streams.recordings.imports.formats import HEAD, line_format

MAX = 1 << 20
LOG = f"{HEAD}\n1772600300|ana|the bridge is shut\n1772600100|ben|is it\n?|cy|no time\n1772600200|ana|joined\n"


def open_(path, imports=DEFAULTS):
    return FileSpec(str(path), imports).open(MAX)


def events(reader):
    with closing(reader):
        return [msgspec.json.decode(record.raw, type=ForwardEvent) for record in reader if isinstance(record, RawEvent)]


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def test_an_import_gives_its_events_in_the_order_of_time_and_its_refusals_with_their_lines(tmp_path):
    reader = open_(write(tmp_path / "log.txt", LOG))
    refused, *found = list(reader)
    assert isinstance(refused, UnreadableRecord)
    assert (refused.reason, refused.position.offset, refused.raw) == (Reason.FOREIGN_ITEM, 3, b"?|cy|no time")
    assert [(one.position.offset, json.loads(one.raw)["actor"]) for one in found] == [(2, "ben"), (1, "ana")]
    (report,) = reader.reports()
    assert report.balanced
    assert (report.read, report.events, report.skipped, report.refused) == (4, 2, {"system": 1}, {"no_time": 1})
    assert (report.first, report.last) == (1772600100000, 1772600300000)


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        zstandard.ZstdCompressor().compress,
        lambda data: data.decode().encode("utf-16"),
        lambda data: data.decode().encode("utf-16-le"),
        lambda data: data.decode().encode("utf-16-be"),
        lambda data: data.decode().encode("utf-32"),
        lambda data: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"),
    ],
    ids=["gzip", "zstd", "UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "byte-order mark and CRLF"],
)
def test_a_packed_file_gives_the_events_of_the_plain_file(tmp_path, pack):
    plain = events(open_(write(tmp_path / "a.txt", LOG)))
    assert events(open_(write(tmp_path / "b.txt", pack(LOG.encode())))) == plain


def test_an_archive_gives_the_events_of_its_text_and_the_hashes_of_its_pictures(tmp_path):
    picture = tmp_path / "gate.png"
    Image.radial_gradient("L").resize((320, 240)).save(picture)
    text = f"{HEAD}\n1772600300|ana|picture gate.png\n1772600301|ana|picture ../../etc/passwd\n"
    with zipfile.ZipFile(tmp_path / "chat.zip", "w") as archive:
        archive.writestr("media/gate.png", picture.read_bytes())
        archive.writestr("../outside.txt", "no messages")
        archive.writestr("_chat.txt", text)
    write(tmp_path / "log.txt", text)
    zipped, plain = (events(open_(tmp_path / name)) for name in ("chat.zip", "log.txt"))
    assert zipped == plain
    (media,) = zipped[0].media
    assert media.pdq is not None
    assert zipped[1].media == ()


def test_a_damaged_picture_has_a_digest_and_no_perceptual_hash(tmp_path):
    write(tmp_path / "gate.png", b"\x89PNG and no more")
    (event,) = events(open_(write(tmp_path / "log.txt", f"{HEAD}\n1772600300|ana|picture gate.png\n")))
    assert (event.media[0].pdq, len(event.media[0].sha256)) == (None, 64)


def test_a_folder_gives_the_events_of_its_files_and_files_of_events_with_them(tmp_path):
    event = {"event_id": "e1", "platform": "telegram", "kind": "post", "created_at": 1772600200000, "message_id": "m1"}
    write(tmp_path / "in/deep/log.txt", LOG)
    write(tmp_path / "in/day.jsonl", json.dumps(event))
    write(tmp_path / "in/photo.jpg", b"\xff\xd8\xff")
    write(tmp_path / "in/notes.txt", "nothing of use")
    write(tmp_path / "in/.hidden/log.txt", LOG)
    reader = open_(tmp_path / "in")
    assert [event.event_id for event in events(reader)] == ["1772600100/ben", "e1", "1772600300/ana"]
    assert reader.sha256() == digest_of([str(tmp_path / "in")], DEFAULTS)
    assert len(imported(reader).reports()) == 1


def test_a_folder_without_messages_is_refused(tmp_path):
    write(tmp_path / "in/notes.txt", "nothing of use")
    with pytest.raises(SourceError, match="no file in it holds events or has a known format"):
        open_(tmp_path / "in")


def test_several_files_are_sorted_as_one(tmp_path):
    one = write(tmp_path / "one.txt", f"{HEAD}\n1772600300|ana|c\n1772600100|ana|a\n")
    two = write(tmp_path / "two.txt", f"{HEAD}\n1772600200|ben|b\n")
    reader = FilesSpec((str(one), str(two))).open(MAX)
    assert [event.text for event in events(reader)] == ["a", "b", "c"]
    assert reader.sha256() == digest_of([str(one), str(two)], DEFAULTS)


def test_a_file_that_two_formats_recognise_is_refused_with_both_names(tmp_path, monkeypatch):
    both = (line_format(), line_format("guard"))
    monkeypatch.setattr("streams.recordings.imports.locate.FORMATS", both)
    path = write(tmp_path / "log.txt", LOG)
    with pytest.raises(FormatError, match=r"a log of the watch \(watch\) and a log of the guard \(guard\)"):
        open_(path)
    assert len(events(open_(path, ImportChoices(format="guard")))) == 2


def test_a_counter_without_a_time_comes_after_its_file_or_at_the_given_time(tmp_path):
    path = write(tmp_path / "log.txt", f"{HEAD}\n1772600100|ana|seen 40 times\n1772600300|ben|later\n")
    counter = events(open_(path))[-1]
    assert (counter.kind, counter.created_at, counter.event_id) == (
        Kind.COUNTER, 1772600300001, "1772600100/ana#c1772600300001",
    )  # fmt: skip
    counter = events(open_(path, ImportChoices(options=Options(collected_at=1772700000000))))[-1]
    assert counter.created_at == 1772700000000


def test_an_archive_made_to_fill_a_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("streams.recordings.imports.files._FREE_BYTES", 1 << 16)
    path = write(tmp_path / "log.txt.gz", gzip.compress(HEAD.encode() + b"\n" + b" " * (1 << 22)))
    with pytest.raises(FormatError, match="expands to more than 500 times its size"):
        list(open_(path))


@pytest.mark.parametrize(("damage", "word"), [(lambda data: data[:-40], "damaged or incomplete"), (None, "encrypted")])
def test_an_archive_that_cannot_be_read_is_refused(tmp_path, damage, word):
    path = tmp_path / "chat.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_chat.txt", LOG)
    data = bytearray(path.read_bytes())
    if damage is None:
        data[data.rindex(b"PK\x01\x02") + 8] |= 1  # the flag of encryption in the directory
    path.write_bytes(damage(bytes(data)) if damage else bytes(data))
    with pytest.raises(FormatError, match=word):
        open_(path)


def test_a_file_that_is_cut_off_gives_what_was_before_the_cut_and_one_refusal(tmp_path):
    log = HEAD + "\n" + "".join(f"{1772600000 + n}|ana|{os.urandom(8).hex()}\n" for n in range(5000))
    reader = open_(write(tmp_path / "log.txt.gz", gzip.compress(log.encode())[:-20_000]))
    found = events(reader)
    assert 100 < len(found) < 5000
    (report,) = reader.reports()
    assert report.balanced
    assert report.refused == {"truncated": 1}


def test_events_at_the_edge_have_the_digests_that_intake_makes(tmp_path):
    names = Pseudonymiser(b"0123456789abcdef", "k1")
    path, out = write(tmp_path / "log.txt", LOG), tmp_path / "events.jsonl"
    done = import_to_file([str(path)], out, DEFAULTS, names)
    assert done.written == 2
    written = [msgspec.json.decode(line, type=ForwardEvent) for line in out.read_bytes().splitlines()]
    assert written == [pseudonymise(event, names) for event in events(open_(path))]
    assert {event.actor for event in written} == {names.actor("ana", "watch"), names.actor("ben", "watch")}
    assert b"ana" not in out.read_bytes()
    assert {event.key_id for event in written} == {"k1"}


def test_an_output_is_neither_replaced_unasked_nor_left_half_written(tmp_path):
    path, out = write(tmp_path / "log.txt", LOG), write(tmp_path / "events.jsonl.gz", "mine")
    with pytest.raises(UserError, match="already exists"):
        import_to_file([str(path)], out, DEFAULTS, None)
    assert import_to_file([str(path)], out, DEFAULTS, None, overwrite=True).written == 2
    assert gzip.decompress(out.read_bytes()).count(b"\n") == 2
    assert not list(tmp_path.glob("*.part"))


def test_an_archive_of_many_members_is_bounded_as_a_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("streams.recordings.imports.files._FREE_BYTES", 1 << 20)
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(40):
            archive.writestr(f"{number}.txt", f"{HEAD}\n" + " " * (1 << 19))
    with pytest.raises(FormatError, match="expands to more than"):
        open_(path)
    monkeypatch.setattr("streams.recordings.imports.files._MAX_MEMBERS", 39)
    with pytest.raises(FormatError, match="more than 39 texts; extract it"):
        open_(path)


@pytest.mark.parametrize(
    ("data", "match"),
    [
        ("id;when;body\n1;2026-03-04;a\n", "CSV with semicolons.*--profile-for"),
        ('{"event_id": "e", "platform": "x"}', "holds events already"),
        ("nothing of use", "no known format; `hearsay import --list`"),
        ("\ufeff \n", "the file is empty"),
        ("[07:15:00] INFO: pump on\n[07:15:01] INFO: off\n", "the log of a program; .*--format whatsapp-chat"),
    ],
)
def test_a_file_of_no_known_format_is_described_with_the_next_step(tmp_path, data, match):
    with pytest.raises(SourceError, match=match):
        import_to_file([str(write(tmp_path / "file", data))], tmp_path / "out.jsonl", DEFAULTS, None)


def test_publishing_a_file_of_a_foreign_format_is_refused_with_the_right_command(tmp_path):
    path = write(tmp_path / "log.txt", LOG)
    with pytest.raises(UserError, match=r"is a log of the watch; publish it with `hearsay import .*log.txt --publish`"):
        publish(str(path), KafkaSettings(), None)


def test_a_profile_is_proposed_completed_and_used(tmp_path):
    table = write(tmp_path / "log.csv", "nr;text;wann\n7;the bridge is shut;2026-03-04T10:16:30Z\n")
    proposed = proposed_profile(str(table))
    with pytest.raises(FormatError, match=r"own\.toml: columns\.created_at names no column"):
        open_(table, ImportChoices(profile=proposed, profile_name="own.toml"))
    completed = proposed.replace('created_at = ""', 'created_at = "wann"')
    (event,) = events(open_(table, ImportChoices(profile=completed)))
    assert (event.text, event.created_at) == ("the bridge is shut", 1772619390000)


def test_a_profile_claims_no_file_of_another_format(tmp_path):
    profile = (
        'name = "own"\nplatform = "other"\n[columns]\nmessage_id = "nr"\ncreated_at = "wann"\n[time]\nformat = "iso"\n'
    )
    log = write(tmp_path / "log.txt", f"{HEAD}\n1772600300|ana|shut, says ben, or ajar\n")
    assert events(open_(log, ImportChoices(profile=profile)))[0].platform == "watch"
