"""What the cluster stage foresees is what the cascades open; what the budget withholds is seen all the same."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.alerting.config import PolicyConfig
from detectors.growth import DETECTORS, GrowthConfig, PlatformGrowth
from detectors.pipeline.admission import AdmissionControl
from detectors.spread.sharers import SharersConfig
from schemas.alert import Lifecycle
from schemas.assignment import Assignment, Merge, Method, Timeliness
from schemas.event import Kind
from tests.detectors.pipeline.sample_streams import (
    config,
    encoded,
    lines,
    pipeline,
    placed,
    run,
    shuffled_within,
    stream,
)
from tests.detectors.pipeline.test_cascades import FALSE, HOUR, MINUTE, NOON, SECOND, Play, changed, digest, people, say

DAY = 24 * HOUR
OPENING = (Lifecycle.OPENED, Lifecycle.RESURFACED)
GROWTH = GrowthConfig(target_size=10)


class Budgeted(Play):
    """Cascades driven by hand, behind what foresees their openings; `spent` are the openings that it counted."""

    def __init__(self, a_day, most=100, **sections):
        self.spent = []
        policy = PolicyConfig(openings_a_day=a_day)
        super().__init__(**({"growth": GROWTH, "policy": policy} | sections))
        self.admission = AdmissionControl(a_day, self.config.growth, self.config.policy, SharersConfig(), most)
        self._update, self.cascades.update = self.cascades.update, self._stamped

    def _stamped(self, item, out):
        before = self.admission._budget.snapshot()
        item = self.admission.update(item)
        if self.admission._budget.snapshot() != before:
            self.spent.append(item.sighting.time if isinstance(item, Assignment) else item.time)
        self._update(item, out)

    def opened(self):
        return [alert.time for alert in self.out.alerts if alert.state in OPENING and alert.level == 1]


def several(play, count, every=HOUR, size=6):
    """So many cascades, one after another, each of which would open an alert."""
    for number in range(count):
        play.burst(people(size, f"{number} "), number * every, f"c{number}")


def test_within_a_days_allowance_everything_opens_as_without_a_budget():
    #  c0 -> opened   c1 -> opened
    play, free = Budgeted(2.0), Play(growth=GROWTH)
    several(play, 2)
    several(free, 2)
    assert play.told() == free.told() == [("opened", 1, 80 * SECOND), ("opened", 1, HOUR + 80 * SECOND)]


def test_beyond_it_what_is_no_stronger_is_withheld_and_counted():
    #  c0 -> opened   c1 -> opened   c2 -> withheld
    play = Budgeted(1.0)
    several(play, 3)
    assert [cluster for cluster in ("c0", "c1", "c2") if play.told(cluster)] == ["c0", "c1"]
    assert (play.admission.withheld, play.row("c2").level) == (1, 0)
    assert play.row("c2").max_score == play.row("c0").max_score  # the analyst sees what it came to


def test_beyond_it_what_is_stronger_opens_later_and_says_why_its_limit_was_higher():
    #  c0, c1, c2 of six | c3 of sixty -> opened at a higher limit, then escalated at its own
    play = Budgeted(1.0)
    several(play, 3)
    play.burst(people(60, "many "), 4 * HOUR, "c3", every=SECOND)
    first, *others = [alert for alert in play.out.alerts if alert.cluster_id == digest("c3")]
    growth = first.evidence.growth
    assert (first.state, first.level) == (Lifecycle.OPENED, 1)
    assert first.evidence.counts.sharers > 5
    assert growth.score >= growth.threshold > play.out.alerts[0].evidence.growth.threshold
    assert 0 < growth.threshold_offset < 1
    assert "because openings exceed policy.openings_a_day" in growth.rule
    assert [alert.state for alert in others] == [Lifecycle.ESCALATED] * len(others)
    assert all(alert.evidence.growth.threshold_offset == 0 for alert in others)


def test_what_was_withheld_opens_with_its_next_share_once_the_limit_has_come_down():
    #  0 h: c0, c1 opened, c2 withheld | two days later: c2 again
    play = Budgeted(1.0)
    several(play, 3)
    assert play.told("c2") == []
    play.burst(people(12, "later "), 2 * DAY, "c2")
    assert play.told("c2")[0][0] == "opened"


def test_what_is_withheld_and_gets_big_is_a_milestone_that_says_so():
    play = Budgeted(0.01)
    several(play, 1)
    play.burst(people(12, "more "), HOUR, "big")
    (alert,) = [alert for alert in play.out.alerts if alert.cluster_id == digest("big")]
    assert (alert.state, alert.level) == (Lifecycle.MILESTONE, 0)
    assert alert.headline.startswith("Large, growth alert withheld by the alert budget: 10 distinct sharers")
    assert "its growth alert was withheld by the alert budget" in alert.explanation
    assert alert.evidence.growth.threshold_offset > 0


def test_a_slow_burn_is_called_one_while_the_budget_is_spent_too():
    #  c0 spends the budget for months | one sharer a day, never near the plain limit
    play = Budgeted(0.01)
    several(play, 1)
    play.burst(people(12, "slow "), HOUR, "slow", every=DAY)
    (alert,) = [alert for alert in play.out.alerts if alert.cluster_id == digest("slow")]
    assert alert.headline.startswith("Slow burn: 10 distinct sharers")
    assert "it is not growing fast" in alert.explanation
    assert alert.evidence.growth.threshold_offset == 0


def test_what_was_withheld_and_opens_is_not_called_withheld_any_more():
    play = Budgeted(1.0)
    several(play, 3)
    assert play.cascades._open[digest("c2")].stats.withheld
    play.burst(people(12, "later "), 2 * DAY, "c2")
    assert not play.cascades._open[digest("c2")].stats.withheld


def test_a_level_that_stands_rises_by_its_own_limits_whatever_the_budget_asks_for():
    play, free = Budgeted(0.2), Play(growth=GROWTH)
    for each in (play, free):
        each.burst(people(6), 0, "a")
        each.burst(people(30, "more "), 2 * MINUTE, "a", every=SECOND)
    assert play.told("a") == free.told("a")
    assert [level for _, level, _ in play.told("a")] == [1, 2, 3]


def test_an_alert_that_has_subsided_and_comes_back_is_an_opening_again():
    #  a burst, hours of silence, a burst: opened, subsided, resurfaced
    play = Budgeted(5.0)
    play.burst(people(6), 0)
    play.until(2 * DAY)
    play.burst(people(30, "later "), 2 * DAY, every=SECOND)
    assert [state for state, _, _ in play.told()][:3] == ["opened", "subsided", "resurfaced"]
    assert play.spent == play.opened()
    assert len(play.spent) == 2


def test_a_merge_that_opens_is_an_opening_and_a_merge_of_what_stands_is_none():
    play = Budgeted(5.0)
    play.burst(people(4, "x "), 0, "a")
    play.burst(people(4, "y "), 0, "b")
    assert play.told() == []
    play.merge("a", "b", 2 * MINUTE)
    assert play.told() == [("opened", 1, 2 * MINUTE)]
    play.burst(people(6, "z "), 3 * MINUTE, "c")
    play.merge("a", "c", 10 * MINUTE)
    assert play.spent == play.opened()


def test_a_merge_with_a_forgotten_cluster_changes_nothing_or_lives_on():
    play = Budgeted(5.0)
    play.burst(people(6, "x "), 0, "b")
    play.merge("a", "nobody", MINUTE * 3)
    play.merge("a", "b", MINUTE * 4)
    play.burst(people(6, "y "), 5 * MINUTE, "a")
    assert play.spent == play.opened()
    assert len(play.spent) == 1


def test_a_closed_cascade_that_comes_back_keeps_its_size():
    play = Budgeted(5.0)
    play.burst(people(6), 0)
    play.until(9 * DAY)
    play.burst(people(6, "later "), 10 * DAY)
    assert "resurfaced" in [state for state, _, _ in play.told()]
    assert play.spent == play.opened()


def test_a_platform_with_limits_of_its_own_is_foreseen_by_those():
    growth = GrowthConfig(target_size=50, platforms=(PlatformGrowth("chat", (("target_size", 4), ("min_sharers", 3))),))
    play = Budgeted(5.0, growth=growth)
    for platform in ("chat", "feed"):
        for number, actor in enumerate(people(8, platform)):
            play.share(actor, number * 20 * SECOND, platform, platform=platform)
    assert (len(play.opened()), play.spent) == (1, play.opened())
    play.merge("feed", "chat", 10 * MINUTE)
    assert play.spent == play.opened()


def test_what_comes_late_adds_and_opens_nothing():
    play = Budgeted(5.0)
    play.burst(people(4), 0)
    for number, timeliness in enumerate((Timeliness.LATE, Timeliness.DROPPED_LATE)):
        play.share(f"late {number}", 0, timeliness=timeliness)
    assert play.spent == play.opened() == []
    play.share("next", 90 * SECOND)
    assert play.spent == play.opened()
    assert len(play.spent) == 1


def test_replies_and_second_posts_open_no_more_than_they_do_in_the_cascade():
    play = Budgeted(5.0)
    for number in range(12):
        play.share("one and the same", number * SECOND)
        play.share(f"p{number % 4}", number * SECOND, kind=Kind.REPLY)
    play.do("a", Kind.DEBUNK, MINUTE, debunk=FALSE)
    assert play.spent == play.opened()


def test_no_more_clusters_are_kept_than_the_bound():
    play = Budgeted(5.0, most=3)
    several(play, 9, size=1)
    assert len(play.admission._open) <= 3
    assert len(play.admission._closed) <= 4


def test_what_has_closed_sleeps_and_after_a_month_more_is_forgotten():
    play = Budgeted(5.0)
    several(play, 2, size=2)
    play.share("p", 20 * DAY, "c20")
    assert set(play.admission._open) == {digest("c20")}
    assert set(play.admission._closed) == {digest("c0"), digest("c1")}
    play.share("p", 50 * DAY, "c50")
    assert set(play.admission._closed) == {digest("c20")}


@pytest.mark.no_cover
@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    a_day=st.sampled_from([0.5, 2.0, 50.0]),
    name=st.sampled_from(sorted(DETECTORS)),
    merging=st.booleans(),
)
def test_every_opening_is_foreseen_and_none_else(seed, a_day, name, merging):
    #  shares of five rumours, in bursts and after hours; then either merges, or silences in which they close
    rng = np.random.default_rng(seed)
    play = Budgeted(a_day, growth=GrowthConfig(target_size=10, detector=name))
    clusters = [f"c{number}" for number in range(5)]
    gaps = [5 * SECOND, 30 * MINUTE, 4 * HOUR] + [30 * HOUR] * (not merging)
    time = 0
    for _ in range(200):
        time += int(rng.exponential(float(rng.choice(gaps))))
        if merging and rng.random() < 0.02 and len(clusters) > 1:
            play.merge(clusters[0], clusters.pop(int(rng.integers(1, len(clusters)))), time)
        else:
            play.share(f"p{int(rng.integers(80))}", time, str(rng.choice(clusters)))
    assert play.spent == play.opened()


def budgeted(a_day=2.0):
    return config(policy=PolicyConfig(openings_a_day=a_day))


def test_a_budget_that_is_never_spent_changes_no_alert():
    raws = lines(stream())
    evidence = [
        [a.evidence for out in run(raws, pipeline(s))[0] for a in out.alerts] for s in (config(), budgeted(1_000.0))
    ]
    assert evidence[0] == evidence[1] != []


def test_a_budget_gives_fewer_openings_and_the_accounts_say_how_many_were_withheld():
    raws = lines(stream(events=800))
    (free, _), (held, engine) = run(raws), run(raws, pipeline(budgeted(0.5)))
    opened = [
        len([a for out in outputs for a in out.alerts if a.state in OPENING and a.level == 1])
        for outputs in (free, held)
    ]
    assert opened[1] < opened[0]
    assert engine.counts.withheld > 0
    assert engine.counts.balanced


@pytest.mark.parametrize("seed", [1, 2])
def test_disorder_within_the_lateness_and_the_size_of_batches_change_nothing(seed):
    raws = lines(stream(seed=seed))
    expected = encoded(run(raws, pipeline(budgeted()))[0])
    assert (
        encoded(run(lines(shuffled_within(stream(seed=seed), 15_000, seed)), pipeline(budgeted()), batch=7)[0])
        == expected
    )


def test_a_restore_in_the_middle_goes_on_as_if_nothing_had_happened():
    raws = placed(lines(stream()))
    whole, first, second = (pipeline(budgeted()) for _ in range(3))
    expected = [whole.feed(raws[:150]), whole.feed(raws[150:]), whole.finish()]
    outputs = [first.feed(raws[:150])]
    second.restore(first.snapshot())
    outputs += [second.feed(raws[150:]), second.finish()]
    assert encoded(outputs) == encoded(expected)
    assert second.snapshot() == whole.snapshot()


def test_an_assignment_under_no_raised_limit_is_given_back_as_it_came():
    admission = AdmissionControl(2.0, GROWTH, PolicyConfig(), SharersConfig(), 10)
    sighting = changed(say("m", "a text", NOON, Kind.POST, actor="p"), platform="x")
    item = Assignment(cluster_id=digest("a"), sighting=sighting, method=Method.EXACT)
    assert admission.update(item) is item
    merge = Merge(
        survivor=digest("a"), absorbed=digest("b"), time=NOON, method=Method.EXACT, event_id=sighting.event_id
    )
    assert admission.update(merge) is merge
    assert b"threshold_offset" not in msgspec.json.encode(merge)
