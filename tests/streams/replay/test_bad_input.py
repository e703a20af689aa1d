"""Bad input is data: whatever comes, the run goes on, each line has an outcome, and the counts add up."""

import gzip
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.event import ForwardEvent, Kind
from schemas.rejection import Reason
from streams.replay import replay as replays
from streams.runs.folder import Run
from streams.settings.load import load
from tests.streams.recordings.recorded_events import DIRT, START, cascade, event, line, stream

PAGE = Path(__file__).parents[3] / "docs" / "replay-streams.md"
EFFECTIVE = load(environ={}, overrides=["embedder.runtime=hashing"])
OUTCOMES = ("applied", "duplicates", "late")


def replay(folder: Path, data: bytes, name: str = "day.jsonl") -> Run:
    source = folder / name
    source.write_bytes(data)
    result = replays.replay(str(source), folder / "run", EFFECTIVE.settings, EFFECTIVE.key, overwrite=True)
    return Run(result.folder)


def outcomes(run: Run) -> Counter[str]:
    counts = run.manifest.counts
    found = Counter({name: getattr(counts, name) for name in OUTCOMES})
    found.update(rejection.reason.value for rejection in run.rejections())
    return +found


@pytest.mark.parametrize("name", DIRT)
def test_each_kind_of_dirt_has_its_outcome(tmp_path, name):
    dirt = DIRT[name]
    run = replay(tmp_path, stream(dirt.lines))
    assert outcomes(run) == Counter(dirt.outcomes)
    assert run.manifest.counts.balanced
    assert run.manifest.complete


@pytest.mark.parametrize("name", DIRT)
def test_dirt_costs_its_neighbours_nothing(tmp_path, name):
    neighbours = cascade(5, start=START + 86_400_000)
    before = replay(tmp_path, stream(neighbours)).manifest.counts
    dirt = DIRT[name]
    mixed = [{**one, "event_id": f"clean-{one['event_id']}"} for one in neighbours]
    after = replay(tmp_path, stream([*dirt.lines, *mixed])).manifest.counts
    assert after.received == before.received + len(dirt.outcomes)
    assert after.applied == before.applied + dirt.outcomes.count("applied")


def test_a_rejection_tells_where_the_line_stands(tmp_path):
    # line     0      1         2        3       4
    #          good   (blank)   broken   good    broken
    data = stream([event(0), b"", b"{", event(1), b"[]"])
    places = [(one.position.source, one.position.offset, one.reason) for one in replay(tmp_path, data).rejections()]
    assert places == [("day.jsonl", 2, Reason.NOT_JSON), ("day.jsonl", 4, Reason.WRONG_TYPE)]


def test_rejections_stand_in_the_order_of_the_source_however_it_is_cut_into_batches(tmp_path):
    lines = [b"{", event(0), b"x" * 2_000_000, b"[]", event(1), b"y" * 2_000_000, b"{"]
    run = replay(tmp_path, stream(lines))
    assert [one.position.offset for one in run.rejections()] == [0, 2, 3, 5, 6]
    assert run.manifest.counts.received == 7


@pytest.mark.parametrize("missing", [1, 30, 300])
def test_a_file_that_is_cut_off_is_used_up_to_the_cut(tmp_path, missing):
    data = gzip.compress(stream(cascade(200)))
    run = replay(tmp_path, data[:-missing], "day.jsonl.gz")
    *_, cut = run.rejections()
    counts = run.manifest.counts
    assert cut.reason is Reason.SOURCE_TRUNCATED
    assert (counts.rejected, counts.received) == (1, counts.applied + 1)
    assert cut.position.offset == counts.applied
    assert counts.balanced


@pytest.mark.parametrize("data", [b"", b"\n\n", gzip.compress(b"", mtime=0)])
def test_a_file_without_events_is_a_run_without_events(tmp_path, data):
    run = replay(tmp_path, data)
    assert run.manifest.complete
    assert run.manifest.counts.received == 0
    assert list(run.alerts()) == list(run.rejections()) == []


def test_no_outcome_shows_an_identifier_or_a_refused_payload(tmp_path):
    lines = [
        *cascade(60),
        b"{person-7 broken",
        {**event(1), "created_at": "person-7"},
        {**event(2), "kind": "person-7"},
    ]
    run = replay(tmp_path, stream(lines))
    assert list(run.alerts())
    for file in run.path.iterdir():
        if file.name != "timings.json":
            assert not re.search(rb"person-\d|chat-\d|message-\d|event-\d", file.read_bytes()), file.name


def test_a_refused_payload_can_be_opened_with_the_key(tmp_path):
    (rejection,) = replay(tmp_path, b"{person-7 broken\n").rejections()
    assert EFFECTIVE.key.pseudonymiser().open(rejection.sealed) == b"{person-7 broken"


def test_the_page_for_analysts_has_a_row_for_each_kind_of_dirt():
    table = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", PAGE.read_text("utf-8"), re.MULTILINE))
    for name, dirt in DIRT.items():
        assert name in table, f"docs/replay-streams.md lacks a row for: {name}"
        for outcome in set(dirt.outcomes) - {"applied"}:
            assert f"`{outcome}`" in table[name], f"{name}: {outcome}"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = list(ForwardEvent.__struct_fields__)
KINDS = [kind.value for kind in Kind]
NASTY = st.text(st.characters(codec=None, categories=["Cc", "Cf", "Cs", "Lo", "Mn", "So", "Zs"]), max_size=40)
SMALL = st.integers(min_value=0, max_value=5)


@st.composite
def hostile_lines(draw) -> bytes:
    """A usable event, some of whose fields are replaced, then perhaps cut or overwritten as bytes."""
    usable = event(
        draw(SMALL),
        kind=draw(st.sampled_from(KINDS)),
        created_at=START + draw(st.integers(min_value=-(10**8), max_value=10**8)),
        parent_ref=f"message-{draw(SMALL)}",
        text=draw(NASTY | st.sampled_from(["", "the mill has poisoned the river", "good morning"])),
    )
    for name in draw(st.lists(st.sampled_from(FIELDS), max_size=2)):
        usable[name] = draw(JSON | NASTY | st.integers())
    raw = json.dumps(usable).encode()
    damage = draw(st.sampled_from(["none", "none", "none", "cut", "bytes"]))
    if damage == "cut":
        return raw[: draw(st.integers(min_value=1, max_value=len(raw)))]
    if damage == "bytes":
        at = draw(st.integers(min_value=0, max_value=len(raw) - 1))
        return (raw[:at] + draw(st.binary(min_size=1, max_size=4)) + raw[at + 1 :]).replace(b"\n", b" ")
    return raw


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(hostile_lines(), max_size=30))
def test_whatever_comes_the_run_goes_on_and_the_counts_add_up(tmp_path, lines):
    run = replay(tmp_path, b"".join(one + b"\n" for one in lines))
    counts = run.manifest.counts
    events = [
        one for number, one in enumerate(lines) if (one.removeprefix(b"\xef\xbb\xbf") if not number else one).strip()
    ]
    assert run.manifest.complete
    assert counts.received == len(events)
    assert counts.balanced
    assert counts.waiting == 0
    rejections = list(run.rejections())
    assert counts.rejected == len(rejections)
    offsets = [rejection.position.offset for rejection in rejections]
    assert offsets == sorted(set(offsets))
    assert all(rejection.detail for rejection in rejections)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(hostile_lines() | st.sampled_from([line(one) for one in cascade(8)]), max_size=20))
def test_batches_change_nothing(tmp_path, lines):
    data = b"".join(one + b"\n" for one in lines)
    written = []
    for size in (1, 3, 512):
        source = tmp_path / "day.jsonl"
        source.write_bytes(data)
        chosen = load(environ={}, overrides=["embedder.runtime=hashing", f"replay.batch_events={size}"])
        result = replays.replay(str(source), tmp_path / "run", chosen.settings, chosen.key, overwrite=True)
        written.append(
            {file.name: file.read_bytes() for file in result.folder.iterdir() if file.name != "timings.json"}
        )
    assert written[0] == written[1] == written[2]
