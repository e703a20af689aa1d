"""One command leads from six exports of three platforms to the page of one rumour."""

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from streams.cli.main import main
from tests.streams.cli.exports import RUMOUR, WHATSAPP_AFTER, X_AFTER, ZONE, write_exports

pytestmark = pytest.mark.no_cover


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    write_exports(folder / "in")
    words = ["replay", str(folder / "in"), "--zone", ZONE, "--open", "--out", str(folder / "run"),
             "--set", "embedder.runtime=hashing"]  # fmt: skip
    done = CliRunner().invoke(main, words, env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return folder, done


def test_every_message_of_the_six_files_has_an_outcome(result):
    _, done = result
    lines = re.findall(r"^\d-([\w-]+): [\d,]+ items = .*\(adds up\)$", done.stdout, re.MULTILINE)
    assert sorted(lines) == ["4cat-x", "telegram-desktop", *["whatsapp-chat"] * 4]


def test_the_rumour_is_one_cluster_on_three_platforms_and_its_alert_names_the_jumps(result):
    folder, done = result
    lines = (folder / "run" / "alerts.jsonl").read_text("utf-8").splitlines()
    alerts = [json.loads(line) for line in lines]
    assert len({alert["cluster_id"] for alert in alerts}) == 1
    assert [alert["state"] for alert in alerts][:2] == ["opened", "escalated"]
    sightings = alerts[-1]["evidence"]["first_sightings"]
    assert [one["platform"] for one in sightings] == ["telegram", "whatsapp", "x"]
    lags = [one["lag_ms"] / 60_000 for one in sightings]
    assert lags[0] == 0
    assert lags[1] == pytest.approx(WHATSAPP_AFTER.total_seconds() / 60, abs=2)  # Android exports have minutes
    assert lags[2] == pytest.approx(X_AFTER.total_seconds() / 60, abs=1)
    assert "First seen on telegram" in done.stdout


def test_the_page_opens_without_names_of_people_or_files(result):
    folder, done = result
    page = Path(done.stdout.splitlines()[-1])
    assert page == folder / "run.html"
    html = page.read_text("utf-8")
    assert RUMOUR[:40] in html
    for name in ("Neighbour", "Rider", "Reader 1", "WhatsApp Chat with"):
        assert name not in html
        assert name not in done.stdout


def test_no_file_of_the_run_holds_a_name_of_a_person_or_of_a_chat(result):
    folder, _ = result
    written = ""
    for path in (folder / "run").iterdir():
        tables = [str(pq.read_table(path).to_pylist())] if path.suffix == ".parquet" else []
        written += "".join(tables) or path.read_text("utf-8")
    assert "mill quarter" in written
    for name in ("Neighbour", "Rider 1", "Reader 1", "Oberau news", "Oberau 1", "user1", "-1000000424242", "1893000"):
        assert name not in written, name
