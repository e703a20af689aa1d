"""Files of X through the import: tables that belong together, archives with their account, one post in three forms."""

import json
import zipfile
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from schemas.event import ForwardEvent, Kind
from schemas.sighting import RawEvent
from streams.adapters.base import FormatError
from streams.recordings.open import FileSpec, FilesSpec
from tests.streams.adapters.x import test_api_v1, test_api_v2, test_community_notes, test_zeeschuimer


def imported(*paths: Path) -> list[ForwardEvent]:
    spec = FileSpec(str(paths[0])) if len(paths) == 1 else FilesSpec(tuple(map(str, paths)))
    with closing(spec.open(1 << 20)) as reader:
        return [msgspec.json.decode(one.raw, type=ForwardEvent) for one in reader if isinstance(one, RawEvent)]


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_tables_of_notes_find_each_other_in_a_folder_and_on_the_command_line(tmp_path: Path) -> None:
    notes = written(tmp_path / "notes-00000.tsv", test_community_notes.NOTES)
    states = written(tmp_path / "noteStatusHistory-00000.tsv", test_community_notes.STATES)
    for events in (imported(tmp_path), imported(notes, states), imported(states, notes)):
        assert [event.kind for event in events] == [Kind.DEBUNK]
    with pytest.raises(FormatError, match="noteStatusHistory"):
        imported(notes)


def test_an_archive_is_read_with_its_account_from_a_zip_and_from_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    written(folder / "account.js", test_api_v1.ACCOUNT)
    written(folder / "like.js", 'window.YTD.like.part0 = [{"like": {"tweetId": "5"}}]')
    written(folder / "tweets.js", test_api_v1.in_archive(test_api_v1.own()))
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"data/{file.name}")
    for place in (folder, tmp_path / "archive.zip"):
        post, counter = imported(place)
        assert (post.actor, post.kind, counter.kind) == ("640", Kind.POST, Kind.COUNTER)


def test_one_post_in_three_forms_has_one_id_one_author_and_one_time(tmp_path: Path) -> None:
    stamp = {"created_at": "Wed Apr 01 09:00:00 +0000 2026"}
    written(tmp_path / "a.jsonl", json.dumps(test_api_v2.page(test_api_v2.post())))
    written(tmp_path / "b.jsonl", json.dumps(test_api_v1.status(user={"id_str": "71"}, **stamp)))
    written(tmp_path / "c.ndjson", json.dumps(test_zeeschuimer.captured(test_zeeschuimer.post())))
    posts = [event for event in imported(tmp_path) if event.kind is Kind.POST]
    assert len(posts) == 3
    assert len({(post.event_id, post.message_id, post.actor, post.created_at, post.platform) for post in posts}) == 1


def test_the_counter_of_a_post_follows_the_post(tmp_path: Path) -> None:
    line = {"data": test_api_v2.repost(public_metrics={"retweet_count": 12}), "matching_rules": [{"id": "1"}]}
    post, counter = imported(written(tmp_path / "stream.jsonl", json.dumps(line)))
    assert (post.created_at or 0) < (counter.created_at or 0)
