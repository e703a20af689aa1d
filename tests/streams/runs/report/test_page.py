"""The page as a file: whole, quiet on the network, deaf to what messages want of it."""

import base64
import hashlib
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from streams.cli.main import main
from streams.runs.folder import CLUSTERS, EDGES, Run
from streams.runs.report import write_report
from streams.runs.report.gather import ReportLimits, gather
from streams.runs.report.gather import _platforms as gather_platforms
from tests.streams.runs.report import runs

WEB = Path(__file__).parents[4] / "streams" / "runs" / "report" / "web"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    run = runs.run(folder)
    return run, write_report(run, folder / "run.html").read_text("utf-8")


def test_the_page_tells_what_the_run_holds(made):
    run, page = made
    data = runs.data_of(page)
    assert data["manifest"]["counts"]["alerts"] == len(list(run.alerts()))
    assert sum(len(one["alerts"]) for one in data["rumours"]) == len(list(run.alerts()))
    assert sum(data["volume"]["shares"]) == data["manifest"]["counts"]["shares"]
    for rumour in data["rumours"]:
        assert rumour["shape"]["total"] == rumour["posts"]
        assert rumour["curve"]["sharers"][-1] == rumour["sharers"]
        assert sum(posts for _, posts in rumour["platforms"]) == rumour["posts"]


def test_the_curve_crosses_its_limit_where_the_alert_was_raised(made):
    for rumour in runs.data_of(made[1])["rumours"]:
        curve, opened = rumour["curve"], rumour["alerts"][0]
        crossed = next(
            at for at, score in zip(curve["time"], curve["score"], strict=True) if score >= curve["thresholds"][0]
        )
        assert crossed == opened["time"]
        assert opened["evidence"]["growth"]["threshold"] == curve["thresholds"][0]


def test_small_platforms_are_one_group_and_the_counts_add_up(made):
    run, _ = made
    largest = max(gather(run, ReportLimits()).rumours, key=lambda one: one.posts)
    assert all(posts >= 5 for _, posts in largest.platforms)
    shown = gather_platforms((("a", 40), ("b", 7), ("c", 3)), 5)
    assert shown == [("a", 40), ("other platforms", 10)]
    assert gather_platforms((("a", 40), ("b", 7)), 5) == [("a", 40), ("b", 7)]
    many = tuple((f"p{n}", 5 + n) for n in range(12))
    assert sum(posts for _, posts in gather_platforms(many, 5)) == sum(posts for _, posts in many)


def test_a_platform_with_few_posts_has_no_first_sighting_on_the_page(tmp_path):
    for few, shown in ((4, ["telegram", "whatsapp"]), (5, ["telegram", "whatsapp", "bluesky", "mastodon"])):
        folder = tmp_path / str(few)
        folder.mkdir()
        (rumour,) = gather(runs.run(folder, runs.jump(12, few)), ReportLimits()).rumours
        assert [one.platform for one in rumour.first_sightings] == shown
        assert rumour.first_sightings[0].lag == rumour.first_sightings[0].joined_by == ""
        assert rumour.first_sightings[1].joined_by == "equal text"


def test_a_page_of_an_older_run_has_no_first_sightings(tmp_path):
    run = runs.run(tmp_path, runs.jump(12))
    path = run.path / CLUSTERS
    pq.write_table(pq.read_table(path).drop_columns("first_sightings"), path)
    assert [one.first_sightings for one in gather(Run(run.path), ReportLimits()).rumours] == [[]]


def test_a_page_gives_the_time_of_each_count(made):
    _, page = made
    assert "Counts at the end of the run; an alert has the counts of its own time." in page
    assert "Sharers and posts are counted at the end of the run." in page
    assert "Data notes at the latest alert" in page


def test_wordings_are_kept_with_how_they_were_recognised(made):
    texts = {one["text"]: one for rumour in runs.data_of(made[1])["rumours"] for one in rumour["wordings"]}
    other = next(one for text, one in texts.items() if "before 9 tonight" in text)
    assert other["variants"] == "number"
    assert other["similarity"] > 0.5


def test_wordings_are_shown_as_a_sentence_with_slots(made):
    shown = [family for rumour in runs.data_of(made[1])["rumours"] for family in rumour["templates"]]
    (family,) = [one for one in shown if one["template"].startswith("Boil your water")]
    assert "{number}" in family["template"]
    (slot,) = family["slots"]
    assert slot == ["number", [["", 60], ["before 9 tonight", 12]]]
    assert (family["messages"], family["wordings"]) == (72, 2)


def test_a_hostile_text_stays_a_text(made):
    _, page = made
    assert page.count("<script") == 2
    assert "\\u003c/script>\\u003cscript>document.title" in page
    assert any(runs.HOSTILE in one["text"] for one in runs.data_of(page)["rumours"])


def test_the_page_asks_the_network_for_nothing(made):
    _, page = made
    before, _, rest = page.partition('<script type="application/json"')
    markup = before + rest.partition("</script>")[2].partition("<script>")[0]
    assert not re.findall(r"(?:src|href|url\()=?[\"']?(?:https?:)?//", markup)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    script = page.rsplit("<script>", 1)[1].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'")
    assert f"script-src 'sha256-{digest}'" in policy


def test_nobody_is_named(made):
    _, page = made
    for name in (runs.SECRET, "98765", "Family group", "person-", "chat-1", "message-1"):
        assert name not in page


def test_only_the_rumours_that_fit_are_shown_the_highest_first(made):
    run, _ = made
    whole, cut = gather(run, ReportLimits()), gather(run, ReportLimits(rumours=2))
    level = lambda one: (max(alert.level for alert in one.alerts), one.sharers)  # noqa: E731 - a key
    best = sorted(whole.rumours, key=level, reverse=True)[:2]
    assert {one.cluster_id for one in cut.rumours} == {one.cluster_id for one in best}


def test_a_run_without_alerts_has_a_page(tmp_path):
    run = runs.run(tmp_path, [runs.event(n, text=f"nothing like message {n * 7919}") for n in range(3)])
    data = runs.data_of(write_report(run, tmp_path / "quiet.html").read_text("utf-8"))
    assert data["rumours"] == []


def test_the_command_says_where_the_page_is_and_refuses_in_one_line(tmp_path, made):
    run, _ = made
    said = CliRunner().invoke(main, ["report", str(run.path), "--out", str(tmp_path / "page.html")])
    assert (said.exit_code, said.stdout) == (0, f"{tmp_path / 'page.html'}\n")
    again = CliRunner().invoke(main, ["report", str(run.path), "--out", str(tmp_path / "page.html")])
    assert (again.exit_code, again.stdout) == (2, "")
    assert "page.html already exists; pass --overwrite to replace it, or choose another --out" in again.stderr
    over = ["report", str(run.path), "--out", str(tmp_path / "page.html"), "--overwrite"]
    assert CliRunner().invoke(main, over).exit_code == 0
    nowhere = CliRunner().invoke(main, ["report", str(run.path), "--out", str(tmp_path / "no" / "page.html")])
    assert nowhere.exit_code == 2
    assert "choose another --out" in nowhere.stderr
    broken = shutil.copytree(run.path, tmp_path / "broken")
    (broken / EDGES).write_bytes(b"")
    cut = CliRunner().invoke(main, ["report", str(broken)])
    assert cut.exit_code == 2
    assert "replay the source again" in cut.stderr


def test_a_run_of_before_wordings_were_kept_says_what_to_do(tmp_path, made):
    old = shutil.copytree(made[0].path, tmp_path / "old")
    (old / "wordings.parquet").unlink()
    said = CliRunner().invoke(main, ["report", str(old)])
    assert said.exit_code == 2
    assert "wordings.parquet" in said.stderr
    assert Run(old).manifest.complete


def test_the_committed_script_is_what_the_sources_build(tmp_path):
    if shutil.which("npm") is None:
        pytest.skip("NO npm HERE: whether the report's script is what its sources build is not checked")
    shutil.copytree(WEB, tmp_path / "web", ignore=shutil.ignore_patterns("node_modules"))
    for words in (["npm", "ci", "--no-audit", "--no-fund"], ["node", "build.js", str(tmp_path / "out")]):
        done = subprocess.run(words, cwd=tmp_path / "web", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assets = files("streams.runs.report") / "assets"
    for name in ("report.js", "report.css", "LICENSES.txt"):
        assert (tmp_path / "out" / name).read_bytes() == (assets / name).read_bytes(), "run `make report-assets`"


@pytest.mark.parametrize(("display", "opens"), [(None, 0), (":0", 1)])
def test_a_browser_is_opened_only_where_there_is_a_screen(tmp_path, made, monkeypatch, display, opens):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    if display:
        monkeypatch.setenv("DISPLAY", display)
    said = CliRunner().invoke(main, ["report", str(made[0].path), "--out", str(tmp_path / "page.html"), "--open"])
    assert said.exit_code == 0
    assert opened == [(tmp_path / "page.html").as_uri()] * opens
