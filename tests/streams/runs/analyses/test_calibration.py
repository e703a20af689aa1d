"""Forecasts compared with outcomes: the counted cascades, their ends, and the suggested settings."""

import json
from hashlib import sha256

import pytest
from typer.testing import CliRunner

from streams import load_run
from streams.cli.main import main
from streams.replay import replay as replays
from streams.runs.analyses.calibration import calibrate
from streams.settings.load import load
from tests.streams.recordings.recorded_events import MINUTE, START, cascade, stream

LETTERS = str.maketrans("0123456789", "ghijklmnop")
HOUR, DAY = 60 * MINUTE, 1440 * MINUTE


def rumour(number, sharers, start, **fields):
    """One of its own words and people, a share every ten seconds."""
    digits = [sha256(f"{number} {word}".encode()).hexdigest() for word in range(12)]
    text = " ".join(word.translate(LETTERS)[:7] for word in digits)
    made = cascade(sharers, start=start, text=text, **fields)
    return [
        {**one, "event_id": f"{number}-{one['event_id']}", "message_id": f"{number}-{one['message_id']}",
         **({"parent_ref": f"{number}-{one['parent_ref']}"} if "parent_ref" in one else {})}
        for one in made
    ]  # fmt: skip


def run(folder, events, *overrides, name="run"):
    source = folder / "day.jsonl"
    source.write_bytes(stream(sorted(events, key=lambda one: one["created_at"])))
    effective = load(environ={}, overrides=["embedder.runtime=hashing", "growth.target_size=10", *overrides])
    replays.replay(str(source), folder / name, effective.settings, effective.key)
    return load_run(folder / name)


# hours      0    1    2   ...  11                     2 days
# rumours    6    6    6   ...  6 sharers, no more     one post
def stopped(platform="telegram", count=12, sharers=6):
    """Rumours that stop as soon as they are noticed: every forecast is too high."""
    return [one for n in range(count) for one in rumour(n, sharers, START + n * HOUR, platform=platform)]


def later(at=START + 2 * DAY):
    return rumour(99, 1, at, platform="web")


def test_what_stops_at_once_lies_below_and_the_factor_puts_the_later_half_right(tmp_path):
    found = calibrate(run(tmp_path, stopped() + later()), DAY)
    (one,) = found.platforms
    assert (one.platform, one.cascades, found.still_active + found.unknown_end) == ("telegram", 12, 0)
    assert one.coverage.below == 1
    assert one.calibration < 0.2
    assert (one.later_coverage.inside, one.later_corrected.inside) == (0, 1)
    assert one.setting == f"growth.platforms.telegram.calibration={one.calibration:g}"


def test_with_the_suggested_setting_the_same_forecasts_come_true_and_nothing_is_suggested(tmp_path):
    events = stopped() + later()
    before = run(tmp_path, events, name="before")
    (one,) = calibrate(before, DAY).platforms
    after = run(tmp_path, events, one.setting, name="after")
    assert [alert.time for alert in after.alerts] == [alert.time for alert in before.alerts]  # it moves no alert
    (again,) = calibrate(after, DAY).platforms
    assert again.coverage.inside == 1
    assert again.setting is None
    assert again.calibration == pytest.approx(one.calibration, rel=0.1)  # of the whole, not of what was set


def test_what_may_still_grow_is_left_out(tmp_path):
    # hours      0 ... 11             34       |
    # rumours    12 that stop         one      | end of the recording
    fresh = rumour(50, 10, START + 34 * HOUR, platform="telegram")
    found = calibrate(run(tmp_path, stopped() + fresh + later(START + 36 * HOUR)), DAY)
    assert (found.platforms[0].cascades, found.still_active) == (12, 1)
    found = calibrate(load_run(tmp_path / "run"), HOUR)
    assert (found.platforms[0].cascades, found.still_active) == (13, 0)


def test_a_closed_cascade_is_over_and_its_next_episode_is_another(tmp_path):
    # days   0                20               30        50 s more
    #        6 sharers        closed           20 more   end
    shares = rumour(1, 26, START)
    for one in shares[6:]:
        one["created_at"] += 30 * DAY
    made = run(tmp_path, shares + later(START + 30 * DAY + 5 * MINUTE))
    episodes = [alert.episode for alert in made.alerts if alert.state in {"opened", "escalated"}]
    assert set(episodes) == {0, 1}
    (one,) = calibrate(made, 40 * DAY).platforms  # only what the run itself closed
    assert (one.cascades, one.alerts) == (1, episodes.count(0))
    (both,) = calibrate(made, MINUTE // 2).platforms
    assert (both.cascades, both.alerts) == (2, len(episodes))


def test_too_few_cascades_tell_no_factor_and_half_as_many_no_setting(tmp_path):
    few = calibrate(run(tmp_path, stopped(count=4) + later()), DAY).platforms[0]
    assert (few.calibration, few.later_coverage, few.setting) == (None, None, None)
    some = calibrate(run(tmp_path, stopped(count=9) + later(), name="some"), DAY).platforms[0]
    assert some.calibration < 0.2
    assert some.setting is None


@pytest.mark.parametrize("more", [[], ["growth.detector=rate"]])
def test_a_run_without_ranges_has_nothing_to_tell(tmp_path, more):
    events = stopped() + later() if more else later()
    found = calibrate(run(tmp_path, events, *more), DAY)
    assert (found.platforms, found.still_active, found.unknown_end) == ((), 0, 0)


def test_what_had_no_room_has_no_ending(tmp_path):
    found = calibrate(run(tmp_path, stopped() + later(), "cascade.max_cascades=3"), DAY)
    assert found.unknown_end > 0
    assert found.still_active == 0
    assert sum(one.cascades for one in found.platforms) + found.unknown_end == 12


def test_a_forecast_of_nothing_is_passed_over(tmp_path):
    small = ["growth.target_size=2", "growth.min_sharers=1", "growth.threshold=-5", "growth.calibration=1e-9"]
    assert calibrate(run(tmp_path, stopped() + later(), *small), DAY).platforms == ()


# --- the command ------------------------------------------------------------------------------------------------------


def said(*words):
    return CliRunner().invoke(main, ["calibrate", *map(str, words)])


def test_the_command_prints_platforms_and_what_to_set(tmp_path):
    made = run(tmp_path, stopped() + rumour(70, 6, START, platform="x") + later())
    shown = said(made.path)
    assert shown.exit_code == 0
    assert "telegram" in shown.stdout
    assert "--set growth.platforms.telegram.calibration=0." in shown.stdout
    found = json.loads(said(made.path, "--json").stdout)
    assert f"--set {found['platforms'][0]['setting']}" in shown.stdout


def test_a_run_without_alerts_is_reported_in_one_line(tmp_path):
    made = run(tmp_path, later())
    assert said(made.path).stdout == "run: no alert has a forecast to compare with an outcome\n"


def test_a_length_of_time_is_refused_by_name(tmp_path):
    made = run(tmp_path, later())
    shown = said(made.path, "--inactive-for", "soon")
    assert shown.exit_code == 2
    assert "got 'soon' for --inactive-for; try 1d" in shown.stderr
    assert said(made.path, "--inactive-for", "99999999999w").exit_code == 0


def test_an_interrupted_run_says_so(tmp_path):
    made = run(tmp_path, stopped() + later())
    manifest = made.path / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"complete": true', '"complete": false'))
    assert "run: interrupted, so the outcome of most cascades is unknown" in said(made.path).stdout
