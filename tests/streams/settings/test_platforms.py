"""Settings of one platform: the same in a file, in the environment and on the command line; wrong ones are refused."""

import json

import pytest

from detectors.growth import GrowthConfig, make_detector
from streams import load_run
from streams.recordings.open import FileSpec
from streams.replay import replay as replays
from streams.replay.sweep import sweep, sweep_points
from streams.runs.analyses.compare import compare
from streams.runs.folder import Run
from streams.runs.report.gather import ReportLimits, gather
from streams.settings.load import from_values, load, to_values
from streams.settings.render import as_toml
from streams.settings.tree import SettingsError
from tests.streams.recordings.recorded_events import cascade, stream

LOW = "growth.platforms.whatsapp.target_size"


def toml(tmp_path, text):
    path = tmp_path / "hearsay.toml"
    path.write_text(text, "utf-8")
    return path


def test_file_environment_and_command_line_say_the_same(tmp_path):
    config = toml(tmp_path, '[growth.platforms.whatsapp]\ntarget_size = 6\nwindow = "10m"\n')
    names = {"TARGET_SIZE": "6", "WINDOW": "10m"}
    environ = {f"HEARSAY_GROWTH__PLATFORMS__WHATSAPP__{name}": value for name, value in names.items()}
    overrides = [f"{LOW}=6", "growth.platforms.WhatsApp.window_ms=600000"]
    made = [load(config, {}), load(environ=environ), load(environ={}, overrides=overrides)]
    assert made[0].settings == made[1].settings == made[2].settings
    assert len({one.settings.pipeline.digest() for one in made}) == 1
    here = made[0].settings.pipeline.growth.on("whatsapp")
    assert (here.target_size, here.window_ms) == (6, 600_000)
    assert made[1].origins[LOW] == "HEARSAY_GROWTH__PLATFORMS__WHATSAPP__TARGET_SIZE"


def test_a_later_source_overrides_one_setting_of_a_platform_and_leaves_the_others(tmp_path):
    tables = "[growth]\ntarget_size = 60\n[growth.platforms.whatsapp]\ntarget_size = 6\nmin_sharers = 3\n"
    config = toml(tmp_path, tables)
    growth = load(config, {}, [f"{LOW}=9"]).settings.pipeline.growth
    assert (growth.on("whatsapp").target_size, growth.on("whatsapp").min_sharers, growth.on("x").target_size) == (
        9,
        3,
        60,
    )


REFUSALS = {
    "growth.platforms.whatsapp.target_siz=6": """unknown setting
        'growth.platforms.whatsapp.target_siz' (from --set); did you mean growth.platforms.whatsapp.target_size?""",
    f"{LOW}=many": f"""{LOW} is 'many' (from --set), but must be a whole number of at least 2; the default is
        50""",
    f"{LOW}=1": f"{LOW} is 1 (from --set), but must be a whole number of at least 2; the default is 50",
    "growth.platforms.whatsapp.window=61s": """growth.platforms.whatsapp.window_ms is 61000, not a multiple of
        growth.platforms.whatsapp.window_buckets (60); try 3600000 and 60 (growth.platforms.whatsapp.window_ms from
        --set)""",
    "growth.platforms=6": f"""'growth.platforms' (from --set) names no setting of a platform; write
        growth.platforms.PLATFORM.NAME, as in {LOW}""",
    "growth.platforms.whatsapp=6": f"""'growth.platforms.whatsapp' (from --set) names no setting of a platform; write
        growth.platforms.PLATFORM.NAME, as in {LOW}""",
    "growth.platforms.what sapp.target_size=6": """growth.platforms: 'what sapp' is no name of a platform; use
        the name in the events, up to 32 small letters, digits, dots, dashes or underscores, as in
        growth.platforms.whatsapp""",
}


@pytest.mark.parametrize("override", REFUSALS)
def test_what_is_wrong_is_refused_with_the_name_the_place_and_a_remedy(override):
    with pytest.raises(SettingsError) as caught:
        load(environ={}, overrides=[override])
    assert str(caught.value) == " ".join(REFUSALS[override].split())


def test_a_platform_without_settings_in_the_file_changes_nothing(tmp_path):
    assert load(toml(tmp_path, "[growth.platforms.whatsapp]\n"), {}).settings == load(environ={}).settings


def test_a_manifest_and_a_printed_file_give_them_again(tmp_path):
    overrides = [f"{LOW}=6", "growth.platforms.a.b.threshold=4.5", "growth.platforms.x.kernel_weights=[1,0,0,0,0,0]"]
    effective = load(environ={}, overrides=overrides)
    values = json.loads(json.dumps(to_values(effective.settings)))
    assert {name: value for name, value in values.items() if "platforms." in name} == {
        LOW: 6,
        "growth.platforms.a.b.threshold": 4.5,
        "growth.platforms.x.kernel_weights": [1.0, 0, 0, 0, 0, 0],
    }
    assert from_values(values) == effective.settings
    assert load(toml(tmp_path, as_toml(effective)), {}).settings == effective.settings


def two_platforms(tmp_path):
    """One burst on Telegram and one of another text on WhatsApp, at the same time."""
    other = [
        {**one, "event_id": f"o{n}", "message_id": f"o{n}", "parent_ref": None, "platform": "whatsapp"}
        for n, one in enumerate(cascade(30, text="All banks stay closed from Monday on, fetch your money today"))
    ]
    path = tmp_path / "day.jsonl"
    path.write_bytes(stream(sorted([*cascade(30), *other], key=lambda one: one["created_at"])))
    return FileSpec(str(path))


def platforms_alerted(folder):
    return {name for alert in Run(folder).alerts() for name, _ in alert.evidence.counts.platforms}


def test_a_sweep_varies_a_platforms_setting_as_replays_of_their_own_would_and_they_compare(tmp_path):
    origin, base = two_platforms(tmp_path), ["embedder.runtime=hashing", "growth.target_size=200"]
    chosen = sweep_points([f"{LOW}=10,200"])
    settings = [(one.name, load(environ={}, overrides=[*base, *one.overrides]).settings) for one in chosen]
    key = load(environ={}).key
    low, high = sweep(origin, tmp_path / "sweep", settings, key)
    assert platforms_alerted(low.folder) == {"whatsapp"}
    assert platforms_alerted(high.folder) == set()
    alone = replays.replay(origin, tmp_path / "alone", settings[0][1], key)
    assert (alone.folder / "alerts.jsonl").read_bytes() == (low.folder / "alerts.jsonl").read_bytes()
    told = compare(Run(low.folder), Run(high.folder))
    assert told.differing[LOW] == (10, 200)
    assert len(told.lost) == 1
    (shown,) = gather(Run(low.folder), ReportLimits()).rumours
    assert shown.curve.thresholds == list(make_detector(GrowthConfig(target_size=10)).thresholds())
    assert shown.curve.score == [
        round(score, 4) for score in load_run(low.folder).cluster(shown.cluster_id).growth()["score"]
    ]
