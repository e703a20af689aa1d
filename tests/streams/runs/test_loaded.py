"""A run as objects, tables and graphs, and in the formats of other tools."""

import csv
import json
import shutil
from hashlib import sha256
from pathlib import Path

import duckdb
import nbformat
import networkx as nx
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from nbclient import NotebookClient
from typer.testing import CliRunner

import streams
from streams import load_run
from streams.cli.main import main
from streams.errors import UserError
from streams.runs.export import write_csv, write_gexf, write_graphml
from streams.runs.folder import RunFolderError
from tests.streams.runs.report import runs

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return load_run(runs.run(tmp_path_factory.mktemp("run")).path)


@pytest.fixture(scope="module")
def largest(run):
    return run.cluster(run.clusters.sort_values("sharers").iloc[-1]["cluster_id"])


def test_a_package_that_is_imported_does_not_load_pandas_for_nobody():
    assert streams.load_run is load_run
    with pytest.raises(AttributeError, match="nonsense"):
        _ = streams.nonsense


def test_the_tables_hold_what_the_manifest_counts(run):
    counts = run.manifest.counts
    assert len(run.alerts) == len(run.alerts_table) == counts.alerts > 0
    assert len(run.shares) == counts.shares
    assert run.shares["time"].is_monotonic_increasing
    assert str(run.alerts_table["time"].dtype).startswith("datetime64") or not len(run.alerts_table)


def test_a_cluster_is_found_by_its_first_digits_and_nobody_else_is(run, largest):
    assert run.cluster(largest.cluster_id[:12]).cluster_id == largest.cluster_id
    assert run.cluster(f" {largest.cluster_id[:12].upper()} ").cluster_id == largest.cluster_id
    with pytest.raises(UserError, match=r"no cluster id in .* begins with 'nobody'; `hearsay show .*` lists"):
        run.cluster("nobody")
    with pytest.raises(UserError, match=r"no cluster id in .* begins with ''"):
        run.cluster("")


def test_digits_that_several_clusters_begin_with_are_answered_with_some_of_them(tmp_path):
    words = [[sha256(f"{n} {word}".encode()).hexdigest()[:8] for word in range(9)] for n in range(20)]
    made = load_run(runs.run(tmp_path, [runs.event(n, text=" ".join(some)) for n, some in enumerate(words)]).path)
    first = made.clusters["cluster_id"].str[0].value_counts()
    digit, count = first.index[0], int(first.iloc[0])
    assert count > 1
    listed = sorted(made.clusters["cluster_id"][made.clusters["cluster_id"].str.startswith(digit)])
    with pytest.raises(UserError, match=f"matches {count} clusters in .*: {listed[0][:12]}, {listed[1][:12]}"):
        made.cluster(digit)


def test_the_first_sightings_of_a_cluster_are_those_that_an_alert_may_name(tmp_path):
    made = load_run(runs.run(tmp_path, runs.jump(20)).path)
    cluster = made.cluster(made.alerts[0].cluster_id)
    lags = {one.platform: one.lag_ms for one in cluster.first_sightings()}
    assert lags == {"telegram": 0, "whatsapp": 408_740}
    recorded = [one["platform"] for one in cluster.row["first_sightings"]]
    assert recorded == ["telegram", "whatsapp", "bluesky", "mastodon"]
    command = ["show", str(made.path), "--cluster", cluster.cluster_id]
    shown = CliRunner().invoke(main, command).stdout
    assert "reached whatsapp 6 min 48 s later (joined by equal text)." in shown
    assert "bluesky" not in shown
    told = json.loads(CliRunner().invoke(main, [*command, "--json"]).stdout)
    assert {one["platform"]: one["lag_ms"] for one in told["first_sightings"]} == lags


def test_a_cluster_on_one_platform_has_no_first_sightings(run, largest):
    assert largest.first_sightings() == ()
    assert "First seen" not in CliRunner().invoke(main, ["show", str(run.path), "--cluster", largest.cluster_id]).stdout


def test_a_cluster_of_an_older_run_has_no_first_sightings(tmp_path):
    path = runs.run(tmp_path, runs.jump(12)).path
    table = pq.read_table(path / "clusters.parquet")
    pq.write_table(table.drop_columns("first_sightings"), path / "clusters.parquet")
    older = load_run(path)
    assert older.cluster(older.alerts[0].cluster_id).first_sightings() == ()


def test_a_merged_cluster_leads_to_the_one_it_became(tmp_path):
    two = runs.renamed(runs.cascade(9), "x", runs.URDU)
    bridge = runs.event(900, created_at=runs.START + 400_000, kind="forward", parent_ref=two[0]["message_id"])
    made = load_run(runs.run(tmp_path, [*runs.cascade(9), *two, bridge | {"parent_evidence": "api_parent"}]).path)
    gone = made.clusters[made.clusters["status"] == "merged"].iloc[0]
    found = made.cluster(gone["cluster_id"])
    assert found.cluster_id == gone["merged_into"]
    assert len(found.shares) == 19
    assert set(made.shares["cluster_id"]) == {found.cluster_id}


def test_the_graph_is_the_run_s_own_measured_by_networkx(largest):
    graph = largest.graph()
    row = largest.row
    assert sum(attributes["seen"] for _, attributes in graph.nodes(data=True)) == row["posts"]
    assert graph.number_of_edges() == sum(largest.shares["source"].isin(["explicit", "origin"]))
    assert max(depth for _, depth in graph.nodes(data="depth")) == row["depth"]
    assert nx.is_forest(graph.to_undirected())
    assert not any(inferred for *_, inferred in graph.edges(data="inferred"))


def test_the_wordings_of_a_cluster_are_a_template_with_as_many_messages_as_it_has(run, largest):
    found = largest.templates()
    assert sum(template.messages for template in found.templates) + found.others == len(largest.shares)
    (slot,) = found.templates[0].slots
    assert [(value.text, value.messages) for value in slot.values] == [("", 60), ("before 9 tonight", 12)]
    told = CliRunner().invoke(main, ["show", str(run.path), "--cluster", largest.cluster_id[:12]])
    assert told.exit_code == 0, told.output
    assert "  number: – (60), before 9 tonight (12)" in told.stdout
    assert f"\t{largest.alerts[0].alert_id[:8]}\topened\t" in told.stdout
    as_json = CliRunner().invoke(main, ["show", str(run.path), "--cluster", largest.cluster_id[:12], "--json"])
    assert json.loads(as_json.stdout)["templates"][0]["text"] == found.templates[0].text
    ids = [alert["alert_id"] for alert in json.loads(as_json.stdout)["alerts"]]
    assert ids == [alert.alert_id for alert in largest.alerts]


def test_a_parent_that_nobody_saw_is_a_node_that_was_not_seen(tmp_path):
    events = [runs.event(n, kind="forward", parent_ref="gone", parent_evidence="api_parent") for n in range(3)]
    made = load_run(runs.run(tmp_path, events).path)
    graph = made.cluster(made.clusters["cluster_id"].iloc[0]).graph()
    assert [seen for _, seen in graph.nodes(data="seen")].count(False) == 1
    assert sorted(depth for _, depth in graph.nodes(data="depth")) == [0, 1, 1, 1]


def test_the_timeline_adds_up_to_posts_and_sharers(largest):
    for freq in ("1min", "1h"):
        timeline = largest.timeline(freq)
        assert timeline["posts"].sum() == largest.row["posts"]
        assert timeline["sharers"].iloc[-1] == largest.row["sharers"]


def test_the_growth_is_what_the_alerts_say(largest):
    growth = largest.growth()
    opened = largest.alerts[0]
    at = growth[growth["time"] == pd.Timestamp(opened.time, unit="ms", tz="UTC")].iloc[-1]
    assert at["score"] == pytest.approx(opened.evidence.growth.score)
    assert at["sharers"] == opened.evidence.counts.sharers


def test_wordings_are_each_there_once(largest):
    assert largest.wordings["fingerprint"].is_unique
    assert any("before 9 tonight" in text for text in largest.wordings["text"])


def test_a_notebook_shows_texts_and_runs_none(run):
    shown = run._repr_html_() + "".join(run.cluster(id_)._repr_html_() for id_ in run.alerts_table["cluster_id"])
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown
    assert 'dir="auto"' in shown
    assert "98765" not in shown


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunFolderError, match="is no run folder: manifest"):
        load_run(tmp_path)


# --- exports ----------------------------------------------------------------------------------------------------------


def said(*words):
    return CliRunner().invoke(main, [*map(str, words)], env={"COLUMNS": "160"})


def test_graphml_read_back_is_the_same_graph(tmp_path, largest):
    graph = largest.graph()
    write_graphml(graph, tmp_path / "a.graphml")
    again = nx.read_graphml(tmp_path / "a.graphml")
    assert set(again.edges) == set(graph.edges)
    assert nx.get_node_attributes(again, "depth") == nx.get_node_attributes(graph, "depth")


def test_gexf_read_back_has_every_time(tmp_path, largest):
    graph = largest.graph()
    write_gexf(graph, tmp_path / "a.gexf")
    text = (tmp_path / "a.gexf").read_text("utf-8")
    assert 'mode="dynamic" name="" timeformat="date"' in text
    again = nx.read_gexf(tmp_path / "a.gexf")
    assert set(again.edges) == set(graph.edges)
    for node, attributes in again.nodes(data=True):
        start = pd.Timestamp(attributes["start"])
        assert round(start.timestamp() * 1000) == graph.nodes[node]["time"]


def test_no_cell_is_a_formula_and_no_character_breaks_xml(tmp_path):
    graph = nx.DiGraph()
    for name in ("=1+1", "@b"):
        graph.add_node(
            name, time=runs.START, sharer="-s\x00\x1b", chat="+c", platform="p", kind="post", seen=True, depth=0
        )
    graph.add_edge("=1+1", "@b", source="explicit", confidence=1.0, inferred=False)
    write_csv(graph, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = list(csv.reader(file))[1:]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
    for write, read in ((write_graphml, nx.read_graphml), (write_gexf, nx.read_gexf)):
        write(graph, tmp_path / "a.xml")
        assert read(tmp_path / "a.xml").nodes["@b"]["sharer"] == "-s"


def test_duckdb_and_pandas_read_the_tables(tmp_path, run, largest):
    done = said("export", run.path, "--cluster", largest.cluster_id[:12], "--out", tmp_path, "--format", "parquet,csv")
    assert done.exit_code == 0, done.output
    parquet, edges = map(Path, done.stdout.split())
    assert len(pd.read_parquet(parquet)) == len(largest.shares)
    assert len(pd.read_csv(edges)) == largest.graph().number_of_edges()
    counted = duckdb.sql(f"select count(distinct sharer) from '{parquet}'").fetchall()
    assert counted == [(int(largest.row["sharers"]),)]
    whole = duckdb.sql(f"select count(*) from '{run.path}/edges.parquet'").fetchall()
    assert whole == [(run.manifest.counts.shares,)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "no cluster given; pass --cluster ID or --all"),
        (("--all", "--cluster", "a"), "both --cluster and --all given"),
        (("--cluster", "nobody"), "begins with 'nobody'"),
        (("--all", "--format", "docx"), "unknown format 'docx'; pass --format with one or more of graphml"),
    ],
)
def test_an_export_asked_wrongly_is_one_line_and_code_2(run, tmp_path, words, told):
    done = said("export", run.path, *words, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert told in done.stderr


def test_every_alerted_cluster_is_exported_at_once(run, tmp_path):
    done = said("export", run.path, "--all", "--out", tmp_path / "out")
    assert len(list((tmp_path / "out").glob("*.graphml"))) == run.alerts_table["cluster_id"].nunique()
    assert done.exit_code == 0


def test_an_export_replaces_nothing_unasked(run, largest, tmp_path):
    (tmp_path / f"{largest.cluster_id[:12]}.csv").write_text("mine")
    words = ("export", run.path, "--cluster", largest.cluster_id, "--out", tmp_path, "--format", "graphml,csv")
    refused = said(*words)
    assert refused.exit_code == 2
    assert f"{largest.cluster_id[:12]}.csv already exists; pass --overwrite to replace it" in refused.stderr
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]
    assert said(*words, "--overwrite").exit_code == 0
    assert len(list(tmp_path.iterdir())) == 2


def tampered(run, folder: Path, cluster_id: str) -> str:
    """Copy a run with another id for its largest cluster; return the id."""
    shutil.copytree(run.path, folder)
    old = run.clusters.sort_values("sharers").iloc[-1]["cluster_id"]
    for name in ("clusters.parquet", "edges.parquet", "wordings.parquet"):
        table = pq.read_table(folder / name)
        at = table.schema.get_field_index("cluster_id")
        ids = [cluster_id if one == old else one for one in table["cluster_id"].to_pylist()]
        pq.write_table(table.set_column(at, table.schema.field(at), [ids]), folder / name)
    return cluster_id


@pytest.mark.parametrize(
    "form", ["../harvest", "{out}/elsewhere/x", "sub/harvest", "..", "a\0b", "81f0c2aa5d1b4e0f9a7c/../x"]
)
def test_an_export_writes_nothing_outside_its_folder(run, tmp_path, form):
    (tmp_path / "elsewhere").mkdir()
    cluster_id = tampered(run, tmp_path / "run", form.format(out=tmp_path))
    before = sorted(tmp_path.rglob("*"))
    done = said(
        "export", tmp_path / "run", "--cluster", cluster_id, "--out", tmp_path / "out", "--format", "csv,gexf,parquet"
    )
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert "that is not a digest" in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("words", [(), ("--overwrite",)])
@pytest.mark.parametrize("there", [True, False])
def test_an_export_follows_no_link_out_of_its_folder(run, largest, tmp_path, words, there):
    target = tmp_path / "ledger.csv"
    if there:
        target.write_text("sums")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / f"{largest.cluster_id[:12]}.csv").symlink_to(target)
    done = said(
        "export", run.path, "--cluster", largest.cluster_id, "--out", tmp_path / "out", "--format", "csv", *words
    )
    assert done.exit_code == 2
    assert "is a link, and an export stays in its folder" in done.stderr
    assert (target.read_text() if target.exists() else None) == ("sums" if there else None)


# --- damaged and tampered run folders ---------------------------------------------------------------------------------


GARBAGE = [b"harvest\n", b"{}\n", b"[" * 90_000 + b"\n", b'{"alert_id": "\xe9"}\n', b'{"a":' * 3000 + b"\n", b"\0\0\n"]
READERS = {
    "alerts.jsonl": [("show",), ("report", "--overwrite"), ("calibrate",), ("compare", "{run}"), ("export", "--all")],
    "rejections.jsonl": [("rejections",)],
}


def refused(folder: Path, words: tuple[str, ...]) -> str:
    command, *others = words
    done = said(command, folder, *(word.format(run=folder) for word in others))
    assert done.exit_code == 2, done.exception
    assert done.stderr.startswith("error: cannot read ")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
@pytest.mark.parametrize("name", READERS)
def test_a_garbage_line_in_a_run_folder_is_one_line_and_code_2(run, tmp_path, name, garbage, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(run.path, tmp_path / "run")
    lines = (tmp_path / "run" / name).read_bytes().splitlines(keepends=True)[:2]
    (tmp_path / "run" / name).write_bytes(b"".join([*lines, garbage]))
    for words in READERS[name]:
        assert f"line {len(lines) + 1} of {name}" in refused(tmp_path / "run", words)


TABLES = ("clusters.parquet", "edges.parquet", "wordings.parquet")


@pytest.mark.parametrize(("place", "other"), [(a, b) for a in TABLES for b in (*TABLES, "", "types") if a != b])
def test_a_wrong_table_in_a_run_folder_is_one_line_and_code_2(run, tmp_path, place, other, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(run.path, tmp_path / "run")
    table = pq.read_table(run.path / (other if other in TABLES else place))
    if other == "types":
        table = table.set_column(table.schema.get_field_index("cluster_id"), "cluster_id", [list(range(len(table)))])
    pq.write_table(table if other else pa.table({"yield": [3, 4]}), tmp_path / "run" / place)
    assert f"cannot read {place} in " in refused(tmp_path / "run", ("report", "--overwrite"))


def test_merges_in_a_circle_are_refused(run, tmp_path):
    shutil.copytree(run.path, tmp_path / "run")
    table = pq.read_table(run.path / "clusters.parquet")
    at = table.schema.get_field_index("merged_into")
    circle = table.set_column(at, table.schema.field(at), [table["cluster_id"].to_pylist()])
    pq.write_table(circle, tmp_path / "run" / "clusters.parquet")
    assert "its merges form a circle" in refused(tmp_path / "run", ("show",))


# --- in the terminal --------------------------------------------------------------------------------------------------


def test_show_sums_a_run_up(run):
    done = said("show", run.path)
    assert done.exit_code == 0
    assert "(adds up)" in done.stdout
    assert "growth.target_size = 10" in done.stdout
    assert "order.max_out_of_orderness_ms" not in done.stdout
    as_json = json.loads(said("show", run.path, "--json").stdout)
    assert as_json["settings"] == {"embedder.runtime": "hashing", "growth.target_size": 10}
    levels = [one["level"] for one in as_json["rumours"]]
    assert levels == sorted(levels, reverse=True)
    final = run.clusters.set_index("cluster_id")["sharers"]
    assert all(one["sharers"] == final[one["cluster_id"]] for one in as_json["rumours"])


def test_an_interrupted_run_is_summed_up_by_what_its_alerts_said(tmp_path):
    made = runs.run(tmp_path)
    table = pq.read_table(made.path / "clusters.parquet")
    pq.write_table(table.slice(0, 0), made.path / "clusters.parquet")  # open clusters have no row yet
    rumours = json.loads(said("show", made.path, "--json").stdout)["rumours"]
    assert rumours
    assert all(one["sharers"] > 0 for one in rumours)


def test_the_example_notebook_runs(tmp_path):
    runs.run(tmp_path)
    (tmp_path / "runs").mkdir()
    (tmp_path / "run").rename(tmp_path / "runs" / "demo")
    notebook = nbformat.read(ROOT / "examples" / "investigate.ipynb", as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "the committed notebook has no outputs"
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert any("text/html" in output.get("data", {}) for output in shown)
