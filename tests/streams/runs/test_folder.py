import json
import os
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from schemas.alert import Alert
from schemas.rejection import Rejection
from streams.runs.folder import Run, RunFolderError, RunWriter, free_path, is_left_over, newest, partial
from streams.runs.manifest import InputFile, Manifest, RunCounts, Timings

FIXTURES = Path(__file__).parents[2] / "schemas" / "fixtures" / "v1"
ALERT = msgspec.json.decode((FIXTURES / "alert-opened.json").read_bytes(), type=Alert)
REJECTION = msgspec.json.decode((FIXTURES / "rejection-sealed.json").read_bytes(), type=Rejection)
TIMINGS = Timings(
    started_at="2026-01-05T08:00:00+00:00",
    wall_seconds=1.0,
    cpu_seconds=1.0,
    events_per_second=1.0,
    events_per_cpu_second=1.0,
    peak_memory_mib=1.0,
    source="/data/day.jsonl",
    machine="x",
    python="3",
    cores=2,
)


def manifest(*, complete: bool = True, **counts: int) -> Manifest:
    return Manifest(
        complete=complete,
        input=InputFile(name="day.jsonl", format="jsonl", bytes=10, sha256="ab" * 32 if complete else None),
        at_most=None,
        settings={"growth.target_size": 50},
        settings_digest="cd" * 16,
        code_version="0.1.0",
        schema_versions={"Alert": 1},
        model_revision="m",
        key_id="demo",
        counts=RunCounts(**counts),
    )


def writer(out: Path, *, overwrite: bool = False) -> RunWriter:
    return RunWriter(out, overwrite=overwrite, row_group_rows=10, max_rejections=100, max_sealed_bytes=1000)


def write(out: Path, *, complete: bool = True, overwrite: bool = False, alerts=(ALERT,)) -> Path:
    with writer(out, overwrite=overwrite) as folder:
        folder.begin(manifest(complete=False))
        folder.add(alerts, [REJECTION])
        return folder.end(manifest(complete=complete), TIMINGS)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


TABLES = ["clusters.parquet", "edges.parquet", "wordings.parquet"]
ALL = sorted([*TABLES, ".hearsay-run", "alerts.jsonl", "manifest.json", "rejections.jsonl", "timings.json"])


def test_a_run_folder_holds_alerts_rejections_tables_manifest_and_timings(tmp_path):
    folder = write(tmp_path / "runs" / "demo")
    assert folder == tmp_path / "runs" / "demo"
    assert names(folder) == ALL
    assert pq.read_table(folder / "edges.parquet").num_rows == 0


def test_what_was_written_reads_back(tmp_path):
    run = Run(write(tmp_path / "demo"))
    assert run.manifest == manifest()
    assert list(run.alerts()) == [ALERT]
    assert list(run.rejections()) == [REJECTION]
    assert run.source == "/data/day.jsonl"


def test_the_same_run_gives_the_same_bytes(tmp_path):
    one, other = write(tmp_path / "a"), write(tmp_path / "b")
    for name in ALL:
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_while_a_run_goes_on_its_place_stays_free_and_its_alerts_can_be_read(tmp_path):
    out = tmp_path / "demo"
    with writer(out) as folder:
        folder.begin(manifest(complete=False))
        folder.add([ALERT])
        assert not out.exists()
        running = Run(partial(out))
        assert not running.manifest.complete
        assert list(running.alerts()) == [ALERT]


def test_a_run_that_was_killed_leaves_what_it_had_and_the_next_one_takes_its_place(tmp_path):
    out = tmp_path / "demo"
    killed = writer(out)
    killed.begin(manifest(complete=False))
    killed.add([ALERT])
    with (partial(out) / "alerts.jsonl").open("ab") as file:
        file.write(b'{"half a li')
    assert list(Run(partial(out)).alerts()) == [ALERT]
    killed.close()
    assert write(out) == out
    assert not partial(out).exists()


def test_an_interrupted_run_keeps_its_own_name_and_leaves_the_older_run_alone(tmp_path):
    out = tmp_path / "demo"
    write(out)
    assert write(out, complete=False, overwrite=True, alerts=()) == partial(out)
    assert names(partial(out)) == ALL
    assert not Run(partial(out)).manifest.complete
    assert list(Run(out).alerts()) == [ALERT]
    assert pq.read_table(partial(out) / "clusters.parquet").num_rows == 0


def test_a_run_is_not_replaced_unasked(tmp_path):
    write(tmp_path / "demo")
    with pytest.raises(RunFolderError, match=r"demo already exists; pass --overwrite to replace it"):
        writer(tmp_path / "demo")


def test_a_run_is_replaced_on_demand_and_as_a_whole(tmp_path):
    out = write(tmp_path / "demo")
    assert names(write(out, overwrite=True, alerts=())) == ALL
    assert list(Run(out).alerts()) == []


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_run_is_never_replaced(tmp_path, overwrite):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("x")
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "thesis")
    for name in ("thesis", "file", "link"):
        with pytest.raises(RunFolderError, match=r"already exists and is not a run folder"):
            writer(tmp_path / name, overwrite=overwrite)
    assert (tmp_path / "thesis" / "chapter.txt").exists()


NOT_OURS = {
    "an extension of a browser": {"manifest.json": '{"manifest_version": 3, "name": "Tabs", "version": "1.4"}'},
    "a web app": {"manifest.json": '{"short_name": "Weather"}', "index.html": "<p>rain</p>"},
    "a manifest alone": {"manifest.json": "{}"},
    "names of a run, without its manifest": {"alerts.jsonl": "[]", "timings.json": "{}"},
    "another marker": {".hearsay-run": "recipes", "alerts.jsonl": ""},
    "a deep manifest": {
        "manifest.json": "[" * 100_000,
        **dict.fromkeys([*TABLES, "alerts.jsonl", "rejections.jsonl"], ""),
    },
}


def fill(folder: Path, files: dict[str, str]) -> dict[str, bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(content)
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("files", NOT_OURS.values(), ids=NOT_OURS)
@pytest.mark.parametrize("name", ["demo", "demo.partial"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_that_no_run_wrote_is_never_deleted(tmp_path, files, name, overwrite):
    before = fill(tmp_path / name, files)
    with pytest.raises(RunFolderError, match=rf"{name} .*is not a run folder.*choose another --out$"):
        writer(tmp_path / "demo", overwrite=overwrite)
    assert contents(tmp_path / name) == before
    assert names(tmp_path) == [name]


def add_file(folder: Path) -> None:
    (folder / "harvest.ods").write_text("x")


def add_folder(folder: Path) -> None:
    (folder / "photos").mkdir()


def add_link(folder: Path) -> None:
    (folder / "alerts.jsonl").unlink()
    (folder / "alerts.jsonl").symlink_to(folder / "manifest.json")


@pytest.mark.parametrize("add", [add_file, add_folder, add_link])
@pytest.mark.parametrize("complete", [True, False])
def test_a_run_with_further_content_is_not_deleted(tmp_path, add, complete):
    folder = write(tmp_path / "demo", complete=complete)
    add(folder)
    before = names(folder)
    with pytest.raises(RunFolderError, match=r"holds '(harvest.ods|photos|alerts.jsonl)', which no run wrote"):
        writer(tmp_path / "demo", overwrite=True)
    assert names(folder) == before


@pytest.mark.parametrize("complete", [True, False])
def test_a_run_of_a_release_without_the_marker_opens_and_is_replaced(tmp_path, complete):
    folder = write(tmp_path / "demo", complete=complete)
    (folder / ".hearsay-run").unlink()
    assert Run(folder).manifest.complete is complete
    assert names(write(tmp_path / "demo", overwrite=True)) == ALL


def test_a_run_of_a_release_without_the_marker_is_not_replaced_with_further_content(tmp_path):
    folder = write(tmp_path / "demo")
    (folder / ".hearsay-run").unlink()
    add_file(folder)
    with pytest.raises(RunFolderError, match=r"holds 'harvest.ods', which no run wrote"):
        writer(tmp_path / "demo", overwrite=True)
    assert (folder / "harvest.ods").exists()


@pytest.mark.parametrize("mark", [b"", b"Hears"])
def test_a_run_killed_while_it_wrote_its_marker_is_replaced(tmp_path, mark):
    partial(tmp_path / "demo").mkdir()
    (partial(tmp_path / "demo") / ".hearsay-run").write_bytes(mark)
    assert names(write(tmp_path / "demo")) == ALL


def test_two_runs_do_not_write_to_one_place(tmp_path):
    with writer(tmp_path / "demo") as first:
        first.begin(manifest(complete=False))
        with pytest.raises(RunFolderError, match=r"another run is writing to .*demo.partial; wait for its end"):
            writer(tmp_path / "demo")
        assert not is_left_over(tmp_path / "demo")
        first.add([ALERT])
        first.end(manifest(), TIMINGS)
    assert list(Run(tmp_path / "demo").alerts()) == [ALERT]
    assert names(tmp_path) == ["demo"]


def test_content_that_appears_during_a_run_stays_and_so_does_the_run(tmp_path):
    with writer(tmp_path / "demo") as folder:
        fill(tmp_path / "demo", {"letters.txt": "x"})
        with pytest.raises(
            RunFolderError, match=r"cannot rename the complete run .*demo.partial to .*rename it yourself"
        ):
            folder.end(manifest(), TIMINGS)
    assert names(tmp_path / "demo") == ["letters.txt"]
    assert Run(partial(tmp_path / "demo")).manifest.complete


@pytest.mark.parametrize("out", [".", "..", "/"])
def test_a_place_without_a_name_is_refused(out, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunFolderError, match="choose another --out"):
        writer(Path(out))


def test_an_empty_folder_may_become_a_run(tmp_path):
    (tmp_path / "demo").mkdir()
    assert names(write(tmp_path / "demo")) == ALL


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunFolderError, match=r"cannot create the run folder .*: "):
        writer(tmp_path / "file" / "demo")


def test_what_is_no_run_folder_is_refused_when_read(tmp_path):
    with pytest.raises(RunFolderError, match=r"is no run folder: manifest.json: No such file"):
        Run(tmp_path)
    (tmp_path / "manifest.json").write_text('{"complete": 3}')
    with pytest.raises(RunFolderError, match=r"cannot read manifest.json in .*: "):
        Run(tmp_path)


def test_a_folder_without_timings_does_not_say_where_its_input_was(tmp_path):
    folder = write(tmp_path / "demo")
    (folder / "timings.json").unlink()
    assert Run(folder).source is None


def test_the_newest_run_is_the_one_written_last(tmp_path):
    for age, name in enumerate(("b", "a", "c")):
        folder = write(tmp_path / name)
        os.utime(folder / "manifest.json", ns=(age, age))
    assert newest(tmp_path) == tmp_path / "c"
    with pytest.raises(RunFolderError, match=r"no run folder below .*nowhere; name a run folder"):
        newest(tmp_path / "nowhere")


def test_a_place_that_is_taken_gets_a_number(tmp_path):
    assert free_path(tmp_path, "day") == tmp_path / "day"
    (tmp_path / "day").mkdir()
    (tmp_path / "day-2").mkdir()
    assert free_path(tmp_path, "day") == tmp_path / "day-3"
    (tmp_path / "day-3.partial").mkdir()
    assert free_path(tmp_path, "day") == tmp_path / "day-4"


def test_a_manifest_is_sorted_and_indented_for_a_reader(tmp_path):
    text = (write(tmp_path / "demo") / "manifest.json").read_text()
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(
    ("counts", "balanced"),
    [({}, True), ({"received": 10, "applied": 5, "duplicates": 2, "late": 1, "rejected": 1, "waiting": 1}, True),
     ({"received": 10, "applied": 9}, False)],
)  # fmt: skip
def test_counts_say_whether_they_add_up(counts, balanced):
    assert RunCounts(**counts).balanced is balanced


def test_a_run_folder_of_another_version_says_which_it_is(tmp_path):
    with writer(tmp_path / "run") as folder:
        folder.end(manifest(complete=True), TIMINGS)
    file = tmp_path / "run" / "manifest.json"
    file.write_text(file.read_text().replace('"manifest_version": 1', '"manifest_version": 7'))
    with pytest.raises(RunFolderError, match="is a run folder of version 7, and this release reads version 1"):
        Run(tmp_path / "run")
