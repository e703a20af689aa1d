import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli.main import main
from streams.runs.folder import Run, partial
from streams.version import code_version
from tests.streams.recordings.recorded_events import cascade, stream

HASHING = ["--set", "embedder.runtime=hashing"]
KEY = "0123456789abcdef" * 4
RUNNER = CliRunner()
OF_A_RUN = [["show"], ["report"], ["explain", "--alert", "abcdef"], ["export", "--all"], ["calibrate"], ["rejections"],
            ["forwarding-cap", "--max-forwards", "5"]]  # fmt: skip


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("HEARSAY_CONFIG", "HEARSAY_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")


def hearsay(*arguments: str, code: int = 0, **environ: str):
    result = RUNNER.invoke(main, arguments, env=environ)
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


@pytest.fixture
def day(tmp_path) -> Path:
    (tmp_path / "day.jsonl").write_bytes(stream([*cascade(80), b"{person-7 broken"]))
    (tmp_path / "empty").mkdir()
    return tmp_path / "day.jsonl"


def test_a_replay_shows_alerts_accounts_folder_and_next_steps(day):
    out = hearsay("replay", "day.jsonl", *HASHING).stdout
    assert "81 received = 80 applied + 0 duplicates + 0 late + 1 rejected (adds up)" in out
    assert "run folder: runs/day" in out
    steps = re.findall(r"^  hearsay (.+)$", out, re.MULTILINE)
    assert [step.split()[0] for step in steps] == ["show", "report", "explain", "rejections"]
    for step in steps:
        hearsay(*step.split())


def test_the_demo_key_is_warned_of_once_and_a_key_of_ones_own_is_not(day):
    assert hearsay("replay", "day.jsonl", *HASHING).stderr.count("pseudonyms use the public demo key") == 1
    assert hearsay("replay", "day.jsonl", *HASHING, HEARSAY_KEY=KEY).stderr == ""


def test_a_quiet_replay_prints_its_folder_and_nothing_else(day):
    assert hearsay("replay", "day.jsonl", "--quiet", *HASHING).stdout == "runs/day\n"


def test_a_second_replay_takes_a_new_place_unless_one_is_named(day):
    for place in ("runs/day", "runs/day-2"):
        assert hearsay("replay", "day.jsonl", "--quiet", *HASHING).stdout == f"{place}\n"
    refused = hearsay("replay", "day.jsonl", "--out", "runs/day", *HASHING, code=2)
    expected = "error: runs/day already exists; pass --overwrite to replace it, or choose another --out"
    assert refused.stderr.splitlines()[-1] == expected
    hearsay("replay", "day.jsonl", "--out", "runs/day", "--overwrite", *HASHING)


def test_options_of_a_replay_are_settings(day):
    hearsay("replay", "day.jsonl", "--at-most", "5", "--detector", "count", "--set", "growth.target_size=4", *HASHING)
    manifest = json.loads(Path("runs/day/manifest.json").read_bytes())
    assert manifest["at_most"] == manifest["counts"]["received"] == 5
    assert (manifest["settings"]["growth.detector"], manifest["settings"]["growth.target_size"]) == ("count", 4)


def test_a_configuration_file_and_the_environment_are_heard(day, tmp_path):
    (tmp_path / "mine.toml").write_text('[growth]\ntarget_size = 60\n[embedder]\nruntime = "hashing"\n')
    hearsay("replay", "day.jsonl", "--config", "mine.toml", HEARSAY_GROWTH__MIN_SHARERS="7")
    settings = json.loads(Path("runs/day/manifest.json").read_bytes())["settings"]
    assert (settings["growth.target_size"], settings["growth.min_sharers"]) == (60, 7)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["replay", "none.jsonl"], "error: cannot read none.jsonl: No such file or directory; check the path"),
     (["replay", "empty"], "error: cannot read the folder empty: no file in it holds events"),
     (["replay", "day.jsonl", "--set", "growth.target_siz=3"], "did you mean growth.target_size"),
     (["replay", "day.jsonl", "--set", "growth.target_size=x"], "growth.target_size is 'x' (from --set), but must be"),
     (["replay", "day.jsonl", "--detector", "psychic"], "is 'psychic' (from --set), but must be one of L, count"),
     (["replay", "day.jsonl", "--config", "none.toml"], "cannot read the configuration file none.toml: No such file"),
     (["explain", "--alert", "abcdef"], "no run folder below runs; name a run folder, or make one with"),
     (["export", "--all"], "no run folder below runs"),
     *[([*words, "nowhere"], "is no run folder: manifest.json") for words in OF_A_RUN],
     (["sweep", "none.jsonl", "--vary", "growth.target_size=10,20"], "cannot read none.jsonl: No such file or"),
     (["publish", "none.jsonl"], "cannot read none.jsonl: No such file or directory"),
     (["calibrate", "--inactive-for", "soon"], "got 'soon' for --inactive-for; try 1d"),
     (["settings", "--into", "none.md"], "cannot rewrite the page none.md: No such file or directory; check --into"),
     (["settings", "--set", "nothing=1"], "unknown setting 'nothing' (from --set)"),
     (["simulate", "--out", "day.jsonl"], "day.jsonl already exists; pass --overwrite to replace it"),
     (["simulate", "--out", "x.jsonl", "--truth", "day.jsonl"], "replace it, or choose another --truth"),
     (["simulate", "--out", "no/such/place.jsonl"], "cannot write no/such/place.jsonl: no folder no/such"),
     (["simulate", "--out", "x.jsonl", "--set", "seed=-1"], "seed is -1 (from --set), but must be a whole number")],
)  # fmt: skip
def test_what_a_person_can_put_right_is_one_line_and_code_2(day, arguments, words):
    result = hearsay(*arguments, code=2)
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_some_bad_events_do_not_change_the_exit_code(tmp_path):
    (tmp_path / "dirt.jsonl").write_bytes(stream(cascade(2)) + b"{\n" * 18)
    assert "2 applied" in hearsay("replay", "dirt.jsonl", *HASHING).stdout


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"[" + b",".join(stream(cascade(3)).splitlines()) + b"]", "a JSON array of events on one line"),
        (stream(cascade(2)) + b"{\n" * 19, "only 2 of 21 records could be used"),
        (b"author;body\nUlla Sandberg;hello\n", "CSV with semicolons of 2 columns, with `author`, `body`"),
    ],
)
def test_a_source_of_which_hardly_any_record_is_an_event_ends_with_its_own_exit_code(tmp_path, source, reason):
    (tmp_path / "foreign").write_bytes(source)
    found = hearsay("replay", "foreign", *HASHING, code=3)
    assert reason in found.stderr
    assert len([line for line in found.stderr.splitlines() if line.startswith("error: ")]) == 1
    assert "Ulla" not in found.stdout + found.stderr
    assert (tmp_path / "runs" / "foreign" / "manifest.json").is_file()
    assert reason in hearsay("show", "runs/foreign").stdout


def test_a_sweep_over_a_foreign_source_ends_with_the_same_exit_code(tmp_path):
    (tmp_path / "foreign.jsonl").write_bytes(b"[\n{},\n{}\n]\n")
    found = hearsay("sweep", "foreign.jsonl", "--vary", "growth.target_size=50,100", *HASHING, code=3)
    assert "a JSON array of objects over several lines" in found.stderr


# a pipe that stays open   |== 600 events ==|  ...nothing more comes...  signal
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_keeps_its_whole_batches_and_says_so(tmp_path, sent):
    command = [sys.executable, "-c", "from streams.cli.main import main; main()", "replay", "-", *HASHING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False) as process:
        process.stdin.write(stream(cascade(600)))
        process.stdin.flush()
        alerts = tmp_path / "runs" / "stdin.partial" / "alerts.jsonl"
        while not (alerts.exists() and alerts.stat().st_size):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(sent)
        out = process.communicate()[0].decode()
    assert process.returncode == 130
    assert "interrupted: the run folder holds the results up to the interruption" in out
    run = Run(tmp_path / "runs" / "stdin.partial")
    assert not run.manifest.complete
    assert run.manifest.counts.received == 512
    assert run.manifest.counts.alerts == len(list(run.alerts()))
    assert run.manifest.counts.balanced


def test_an_alert_is_explained_from_the_newest_run(day):
    hearsay("replay", "day.jsonl", *HASHING)
    alert = json.loads(Path("runs/day/alerts.jsonl").read_text().splitlines()[0])
    out = hearsay("explain", "--alert", alert["alert_id"][:8]).stdout
    assert "created" in out
    assert "The replay reproduced this alert byte for byte." in out
    words = ("explain", "runs/day", "--alert", alert["alert_id"][:8])
    assert out == hearsay(*words, "--from", "day.jsonl").stdout
    as_json = json.loads(hearsay(*words, "--json").stdout)
    assert (as_json["identical"], as_json["differences"]) == (True, [])
    assert as_json["alert"] == as_json["replayed"] == alert
    assert as_json["decisions"][0]["kind"] == "created"


def test_an_interrupted_run_is_not_replaced_silently(day):
    Path("runs/other.partial").mkdir(parents=True)
    replaced = hearsay("replay", "day.jsonl", "--quiet", "--out", "runs/other", *HASHING, HEARSAY_KEY=KEY)
    assert replaced.stderr == "replacing the interrupted run runs/other.partial\n"


def test_rejections_are_listed_and_opened_with_the_key(day):
    hearsay("replay", "day.jsonl", *HASHING, HEARSAY_KEY=KEY)
    listed = hearsay("rejections").stdout
    assert "not_json" in listed
    assert "day.jsonl, event 81" in listed
    assert "person-7" not in listed
    (counted,) = json.loads(hearsay("rejections", "--json").stdout)
    assert (counted["reason"], counted["events"], counted["first"]["offset"]) == ("not_json", 1, 80)
    (opened,) = hearsay("rejections", "runs/day", "--open", HEARSAY_KEY=KEY).stdout.splitlines()
    assert json.loads(opened)["payload"] == "{person-7 broken"
    refused = hearsay("rejections", "--open", code=2)
    assert "cannot open a payload sealed with key 'k" in refused.stderr


def test_payloads_are_printed_without_anything_that_draws_on_a_terminal(tmp_path):
    (tmp_path / "day.jsonl").write_bytes("{\x1b[31m \u202e नमस्ते ".encode() + b"\xff\n" + b"x" * 2_000_000 + b"\n")
    hearsay("replay", "day.jsonl", *HASHING, code=3)
    first, second = hearsay("rejections", "--open").stdout.splitlines()
    assert first.isascii()
    assert "\x1b" not in first
    assert json.loads(first)["payload"] == "{\x1b[31m \u202e नमस्ते \\xff"
    assert json.loads(second)["payload"] is None


def test_settings_are_printed_with_their_origin_and_without_the_key():
    out = hearsay("settings", "--set", "growth.target_size=77", HEARSAY_KEY=KEY, HEARSAY_POLICY__COOL_DOWN="2h").stdout
    assert "target_size = 77  # from --set" in out
    assert 'cool_down = "2h"  # from HEARSAY_POLICY__COOL_DOWN' in out
    assert KEY not in out


def test_settings_are_printed_for_programs_with_their_origin_and_without_the_key():
    out = hearsay("settings", "--json", "--set", "growth.target_size=77", HEARSAY_KEY=KEY).stdout
    found = json.loads(out)
    assert found["settings"]["growth.target_size"] == {"value": 77, "origin": "--set"}
    assert found["settings"]["growth.min_sharers"]["origin"] == "default"
    assert found["key"]["origin"] == "in HEARSAY_KEY"
    assert KEY not in out


def test_the_table_of_settings_is_printed_for_the_documentation():
    assert hearsay("settings", "--markdown").stdout.startswith("### `intake`\n\n| setting | default |")


def test_the_table_of_settings_is_put_into_a_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- settings -->\n<!-- /settings -->\n")
    assert hearsay("settings", "--into", "page.md").stdout == ""
    assert "| `growth.target_size` |" in page.read_text()


def test_schemas_are_written_where_they_are_wanted(tmp_path):
    listed = hearsay("schema", "--out", "out").stdout.split()
    assert "out/asyncapi.json" in listed
    assert all(Path(name).is_file() for name in listed)
    assert "already exists; pass --overwrite" in hearsay("schema", "--out", "out", code=2).stderr
    assert hearsay("schema", "--out", "out", "--overwrite").stdout.split() == listed


def test_a_simulated_stream_can_be_replayed(tmp_path):
    hearsay("simulate", "--out", "sim.jsonl.gz", "--truth", "truth.json", "--set", "events=200", "--set", "seed=8")
    assert Path("truth.json").is_file()
    hearsay("simulate", "--out", "sim.jsonl.gz", "--sample", "--overwrite", "--set", "events=200", "--set", "seed=8")
    assert "(adds up)" in hearsay("replay", "sim.jsonl.gz", *HASHING).stdout


def test_the_doctor_lists_its_checks():
    result = RUNNER.invoke(main, ["doctor", *HASHING])
    assert result.exit_code == 0
    for check in ("python", "packages", "model", "threads", "memory", "disk", "key", "java"):
        assert check in result.stdout
    found = json.loads(hearsay("doctor", "--json", *HASHING).stdout)
    assert found["version"] == code_version()
    assert {finding["name"]: finding["status"] for finding in found["findings"]}["model"] == "ok"


def test_the_doctor_fails_where_the_model_is_missing():
    result = RUNNER.invoke(main, ["doctor", "--set", "embedder.model=/no/such/model"])
    assert result.exit_code == 1
    assert "failed" in result.stdout


def test_the_place_of_a_partial_run_is_beside_its_own(tmp_path):
    assert partial(tmp_path / "runs" / "day") == tmp_path / "runs" / "day.partial"


@pytest.mark.model
@pytest.mark.parametrize(
    "module",
    ["settings.load", "runs.folder", "replay.replay", "replay.explain", "devtools.doctor", "runs.unseal", "cli.runs"],
)
def test_the_model_does_not_crash_in_a_process_that_also_searches_neighbours(module):
    code = (
        f"import streams.{module}\n"
        "from detectors.similarity.neighbours import NeighbourIndex\n"
        "from streams.embedders import EmbedderConfig, make_embedder\n"
        "vector = make_embedder(EmbedderConfig()).embed(['the mill'])[0]\n"
        "index = NeighbourIndex(384, 1, 100)\n"
        "index.add('a', vector)\nindex.add('b', -vector)\n"
        "print(index.query(vector, 1, 0.5)[0][0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "a\n"), done.stderr


def test_a_message_that_only_counters_saw_spreading_is_reported(tmp_path):
    post = {"event_id": "v", "platform": "youtube", "kind": "post", "created_at": 1_790_000_000_000, "message_id": "v",
            "actor": "a", "text": "The lighthouse at Orta has been sold to a stranger"}  # fmt: skip
    counts = [
        {"event_id": f"c{n}", "platform": "youtube", "kind": "counter", "created_at": 1_790_000_000_000 + n * 60_000,
         "message_id": "v", "counters": {"views": 40 * 10**n, "forwards": 10**n}}
        for n in range(1, 5)
    ]  # fmt: skip
    (tmp_path / "counters.jsonl").write_text("\n".join(map(json.dumps, [post, *counts])))
    out = hearsay("replay", "counters.jsonl", *HASHING).stdout
    assert "platform counters show 10,000 forwards of cluster " in out
    assert "with 1 observed post; counters name no sharers; a counter alert reports the rise" in out
    assert "Counter rising fast (level 1): views on youtube from 400 to 400,000 in 3 min" in out


MAIN = "from streams.cli.main import main; main()"


def test_a_full_standard_output_is_one_line(day):
    hearsay("replay", "day.jsonl", "--quiet", "--out", "run", *HASHING, HEARSAY_KEY=KEY)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", MAIN, "show", "run"],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert done.stderr.startswith("error: cannot write the output: No space left on device")
