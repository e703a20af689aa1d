from collections import Counter

import pytest

from schemas.event import ForwardEvent, Kind, ParentEvidence
from tests.realdata import loaders

pytestmark = pytest.mark.data

ROWS = {
    "pheme_dev_events": 9_923,
    "pheme_dev_cascades": 63,
    "twitter1516_dev_events": 203_273,
    "twitter1516_dev_cascades": 452,
    "twitter_url_pairs_dev": 2_041,
    "covid_rumours_dev": 1_409,
}
CASCADES = {
    "tideh_dev": 19,
    "casflow_weibo_sample": 30,
    "coortweet_russian_dev": 1_461,
    "telegram_structure_dev": 12_423,
}
STREAMS = {
    "pheme": 9_923,
    "casflow": 7_147,
    "telegram": 42_654 - 8_649,  # rows of roots that nobody saw are no events
    "coortweet": 9_492 - 1_461,
}


@pytest.mark.parametrize(("name", "count"), ROWS.items())
def test_a_file_has_the_documented_rows(name: str, count: int) -> None:
    assert sum(1 for _ in loaders.rows(name)) == count


@pytest.mark.parametrize(("name", "count"), CASCADES.items())
def test_a_file_has_the_documented_cascades(name: str, count: int) -> None:
    assert len({row["cascade_id"] for row in loaders.rows(name)}) == count


def test_the_translations_have_the_documented_languages_and_each_segment_once_a_language() -> None:
    pairs = Counter((row["lang"], row["cluster_id"]) for row in loaders.rows("tico19_dev"))
    assert len({lang for lang, _ in pairs}) == 13
    assert set(pairs.values()) == {1}


def test_pheme_has_the_documented_stories() -> None:
    assert len({row["story"] for row in loaders.rows("pheme_dev_cascades")}) == 35


@pytest.mark.parametrize(("name", "count"), STREAMS.items())
def test_a_stream_is_in_time_and_every_event_is_itself(name: str, count: int) -> None:
    events: list[ForwardEvent] = getattr(loaders, name)()
    assert len(events) == count
    assert len({event.event_id for event in events}) == count
    keys = [(event.created_at, event.event_id) for event in events]
    assert keys == sorted(keys)


def test_a_retweet_of_pheme_names_its_origin_and_no_parent() -> None:
    forwards = [event for event in loaders.pheme() if event.kind is Kind.FORWARD]
    assert len(forwards) == 8_967
    assert all(event.root_ref and event.parent_ref is None for event in forwards)
    assert {event.parent_evidence for event in forwards} == {ParentEvidence.ORIGIN_ONLY}


def test_streams_merge_in_time() -> None:
    both = loaders.merged(loaders.casflow(), loaders.coortweet())
    assert len(both) == STREAMS["casflow"] + STREAMS["coortweet"]
    assert [event.created_at for event in both] == sorted(event.created_at for event in both)


def test_missing_data_are_named_by_the_setting_that_finds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARSAY_DATA", "/nowhere")
    assert loaders.data_folder() is None
    with pytest.raises(FileNotFoundError, match="HEARSAY_DATA"):
        next(loaders.rows("pheme_dev_events"))
