"""What every growth detector promises, whatever it measures."""

from itertools import pairwise
from math import isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.growth import DETECTORS, GrowthConfig, GrowthDetector, make_detector
from detectors.growth.base import NEVER
from detectors.growth.baseline import Baseline
from detectors.growth.config import NAMES
from detectors.snapshot import SnapshotError
from schemas.evidence import GrowthEvidence

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
T0 = 1_700_000_000_000
GRID = 15_000 << 22
"""A shift that every detector's time grid (minutes, quarters of minutes, whole seconds, doubled) fits into."""

# Linear state: the union, the order and a retraction come out exactly. The others cannot, and say so.
LINEAR = ("L", "count", "rate", "ewma", "glr", "seismic")
quick = settings(max_examples=40, deadline=None)
every = pytest.mark.parametrize("name", NAMES)
linear = pytest.mark.parametrize("name", LINEAR)

weights = st.sampled_from([1.0, 2.0, 8.0])
histories = st.lists(st.tuples(st.integers(T0, T0 + 2 * DAY), weights), min_size=1, max_size=40)


def fed(name, history, **settings):
    detector = make_detector(GrowthConfig(detector=name, **settings))
    for time, weight in history:
        detector.update(time, weight)
    return detector


def test_the_registry_holds_every_name_that_the_settings_take():
    assert tuple(DETECTORS) == NAMES
    assert all(name == detector.name for name, detector in DETECTORS.items())


@every
def test_a_detector_is_what_the_protocol_says(name):
    detector = make_detector(GrowthConfig(detector=name))
    assert isinstance(detector, GrowthDetector)
    assert type(detector) is DETECTORS[name]
    assert not hasattr(detector, "__dict__"), "slots keep a cascade's state small"


@every
def test_nothing_seen_is_no_alert_and_finite(name):
    detector = make_detector(GrowthConfig(detector=name, min_sharers=1))
    score = detector.score(T0)
    assert isfinite(score)
    assert score < detector.thresholds()[0]
    assert detector.level(score) == 0
    assert detector.size == 0
    assert detector.quiet(T0)
    assert isinstance(detector.explain(T0), GrowthEvidence)


@every
def test_thresholds_rise_and_the_rule_names_q(name):
    detector = make_detector(GrowthConfig(detector=name, target_size=50))
    first, second, third = detector.thresholds()
    assert 0 < first < second < third
    assert "q = 50" in detector.rule()
    assert "cold-start rule" in detector.rule()


@every
def test_the_rule_beside_a_higher_limit_says_how_it_follows_from_the_first(name):
    for config in (GrowthConfig(detector=name), GrowthConfig(detector=name, threshold=12.5)):
        detector = make_detector(config)
        assert detector.explain(T0, 0).rule == detector.explain(T0, 1).rule == detector.rule()
        for level, times in ((2, 4), (3, 16)):
            told = detector.explain(T0, level)
            assert told.threshold == detector.thresholds()[level - 1]
            assert told.rule.startswith(detector.rule() + "; ")
            assert told.rule.endswith(f" at level {level}")
            assert f" {times} " in told.rule


@every
def test_a_bigger_q_asks_for_more(name):
    limits = [
        make_detector(GrowthConfig(detector=name, target_size=target_size)).thresholds()[0]
        for target_size in (5, 50, 500, 5000)
    ]
    assert all(lower < higher for lower, higher in pairwise(limits))


@every
def test_a_threshold_of_the_operators_own_is_taken_as_it_is(name):
    detector = make_detector(GrowthConfig(detector=name, threshold=12.5))
    assert detector.thresholds()[0] == 12.5
    assert detector.rule() == "threshold set by the operator"


@pytest.mark.no_cover
@every
def test_a_cascade_that_gets_very_big_fast_reaches_the_third_level(name):
    detector = make_detector(GrowthConfig(detector=name, target_size=20))
    level = 0
    for second in range(2000):
        now = detector.level(detector.update(T0 + second * 1000))
        assert now >= level, "this cascade only grows"
        level = now
    assert level == 3


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"count", "seismic"}])
def test_one_sharer_a_day_raises_nothing(name):
    detector = make_detector(GrowthConfig(detector=name, target_size=50))
    assert not any(detector.level(detector.update(T0 + day * DAY)) for day in range(60))


@every
@quick
@given(history=histories)
def test_an_update_returns_the_score_at_the_clock(name, history):
    detector = make_detector(GrowthConfig(detector=name))
    clock = NEVER
    for time, weight in history:
        clock = max(clock, time)
        score = detector.update(time, weight)
        assert score == pytest.approx(detector.score(clock), abs=1.1e-6)
        assert score == round(score, 6)
        assert detector.score(NEVER) == detector.score(clock), "a time before the clock reads as the clock"


@every
@quick
@given(history=histories, wait=st.integers(0, 400 * DAY))
def test_reading_changes_nothing(name, history, wait):
    detector = fed(name, history)
    before = detector.snapshot()
    later = max(time for time, _ in history) + wait
    detector.score(later)
    detector.explain(later)
    detector.quiet(later)
    detector.falls_below(1.0, later)
    assert detector.snapshot() == before


@every
@quick
@given(history=histories, wait=st.integers(0, 400 * DAY))
def test_silence_never_raises_a_score(name, history, wait):
    if name == "seismic":
        return  # its infectiousness may rise while it forgets the early reactions that it missed
    detector = fed(name, history)
    end = max(time for time, _ in history)
    assert detector.score(end + wait) <= detector.score(end + wait // 2) <= detector.score(end)


@linear
@quick
@given(history=histories, random=st.randoms(use_true_random=False))
def test_a_linear_detector_does_not_mind_the_order(name, history, random):
    shuffled = list(history)
    random.shuffle(shuffled)
    one, other = fed(name, history), fed(name, shuffled)
    end = max(time for time, _ in history)
    assert one.score(end) == pytest.approx(other.score(end), rel=1e-9, abs=1.1e-6)


@linear
@quick
@given(history=histories, time=st.integers(T0, T0 + 2 * DAY), weight=weights)
def test_taking_back_undoes_taking(name, history, time, weight):
    end = T0 + 2 * DAY
    detector, twin = fed(name, [*history, (end, 1.0)]), fed(name, [*history, (end, 1.0)])
    detector.update(time, weight)
    detector.retract(time, weight)
    if name in ("L", "seismic") and time < min(moment for moment, _ in history):
        return  # the cascade's age is that of the first share ever seen; a deletion does not make it younger
    assert detector.score(end) == pytest.approx(twin.score(end), rel=1e-9, abs=1.1e-6)
    assert detector.size == twin.size


@linear
@quick
@given(one=histories, other=histories, both=histories)
def test_a_merge_is_the_union(name, one, other, both):
    # sharers of `both` shared first in one cascade and later in the other: the later share is the duplicate
    earlier = [(time, 1.0) for time, _ in both]
    later = [(time + HOUR, 1.0) for time, _ in both]
    first, second = fed(name, one + earlier), fed(name, other + later)
    union = fed(name, one + earlier + other)
    before = second.snapshot()
    first.merge(second, later)
    assert second.snapshot() == before, "the other stays as it is"
    end = T0 + 3 * DAY
    assert first.update(end) == pytest.approx(union.update(end), rel=1e-9, abs=1.1e-6)
    assert first.size == union.size


@every
@quick
@given(one=histories, other=histories)
def test_a_merge_is_commutative(name, one, other):
    left, right = fed(name, one), fed(name, other)
    left.merge(fed(name, other))
    right.merge(fed(name, one))
    end = T0 + 3 * DAY
    assert left.size == right.size
    assert left.score(end) == pytest.approx(right.score(end), rel=1e-9, abs=1.1e-6)


@every
@quick
@given(history=histories)
def test_merging_with_nothing_changes_nothing(name, history):
    detector, twin = fed(name, history), fed(name, history)
    detector.merge(make_detector(GrowthConfig(detector=name)))
    end = T0 + 2 * DAY
    assert detector.snapshot() == twin.snapshot()
    empty = make_detector(GrowthConfig(detector=name))
    empty.merge(twin)
    assert empty.score(end) == pytest.approx(twin.score(end), rel=1e-9, abs=1.1e-6)


@every
def test_a_merge_with_another_kind_or_other_settings_is_refused(name):
    detector = make_detector(GrowthConfig(detector=name))
    other = make_detector(GrowthConfig(detector="count" if name == "L" else "L"))
    with pytest.raises(TypeError, match=f"into {name}; use the same detector"):
        detector.merge(other)
    with pytest.raises(TypeError, match="equal settings"):
        detector.merge(make_detector(GrowthConfig(detector=name, target_size=51)))


@every
@quick
@given(history=histories, shifts=st.integers(-3, 3))
def test_a_shift_in_time_changes_no_score(name, history, shifts):
    # the grids of rate, glr and seismic are absolute, so they shift by whole cells
    detector = make_detector(GrowthConfig(detector=name))
    shifted = make_detector(GrowthConfig(detector=name))
    for time, weight in history:
        assert detector.update(time, weight) == shifted.update(time + shifts * GRID, weight)


@pytest.mark.parametrize("name", ["L", "count", "ewma", "kleinberg", "cusum"])
@quick
@given(history=histories, shift=st.integers(-T0, T0))
def test_a_detector_without_a_grid_shifts_by_any_time(name, history, shift):
    detector = make_detector(GrowthConfig(detector=name))
    shifted = make_detector(GrowthConfig(detector=name))
    for time, weight in history:
        assert detector.update(time, weight) == shifted.update(time + shift, weight)


@every
@quick
@given(history=histories, cut=st.integers(0, 40))
def test_restore_and_continue_equals_continue(name, history, cut):
    detector = fed(name, history[:cut])
    restored = make_detector(GrowthConfig(detector=name))
    restored.restore(detector.snapshot())
    for time, weight in history[cut:]:
        assert detector.update(time, weight) == restored.update(time, weight)
    assert detector.snapshot() == restored.snapshot()
    assert detector.explain(T0 + DAY) == restored.explain(T0 + DAY)


@every
def test_a_snapshot_of_another_detector_is_refused(name):
    other = make_detector(GrowthConfig(detector="count" if name == "L" else "L"))
    with pytest.raises(SnapshotError, match=rf"cannot read a snapshot of growth\..* as growth\.{name} version \d;"):
        make_detector(GrowthConfig(detector=name)).restore(other.snapshot())


@every
def test_shares_at_one_instant_are_fine(name):
    detector = make_detector(GrowthConfig(detector=name))
    scores = [detector.update(T0) for _ in range(100)]
    assert all(isfinite(score) for score in scores)
    assert scores == sorted(scores)
    assert detector.size == 100


@every
def test_a_weight_counts_as_so_many_shares_at_once(name):
    one, many = make_detector(GrowthConfig(detector=name)), make_detector(GrowthConfig(detector=name))
    one.update(T0)
    many.update(T0)
    heavy = one.update(T0 + HOUR, 4.0)
    for _ in range(4):
        light = many.update(T0 + HOUR)
    assert heavy == pytest.approx(light, abs=1.1e-6)


@pytest.mark.no_cover
@every
def test_scores_stay_finite_over_a_million_shares(name):
    count = 1_000_000 if name == "L" else 20_000
    detector = make_detector(GrowthConfig(detector=name, quiet_ms=1))
    for share in range(0, count, 1 if name == "L" else 50):
        score = detector.update(T0 + share * 60, 1.0 if name == "L" else 50.0)
    assert isfinite(score)
    assert detector.size == count
    assert len(detector.snapshot()) < 12_000


@every
def test_scores_stay_finite_over_gaps_of_years(name):
    detector = make_detector(GrowthConfig(detector=name))
    for decade in range(6):
        for share in range(3):
            assert isfinite(detector.update(T0 + decade * 3652 * DAY + share))
        assert isfinite(detector.score(T0 + (decade + 1) * 3652 * DAY))
    assert len(detector.snapshot()) < 12_000


@every
def test_light_shares_of_suspected_bots_count_a_fifth(name):
    bots, people = make_detector(GrowthConfig(detector=name)), make_detector(GrowthConfig(detector=name))
    for second in range(50):
        fifth = bots.update(T0 + second * 1000, 0.2)
        whole = people.update(T0 + second * 1000)
    assert fifth < whole
    assert bots.size == pytest.approx(10)


@every
def test_an_expired_share_only_counts(name):
    detector = fed(name, [(T0, 1.0), (T0 + MINUTE, 1.0)])
    twin = fed(name, [(T0, 1.0), (T0 + MINUTE, 1.0)])
    detector.late(T0 - 30 * DAY, 3.0, True)
    assert detector.size == twin.size + 3
    if name not in {"L", "count", "seismic"}:  # their scores do not contain the size
        assert detector.score(T0 + HOUR) == twin.score(T0 + HOUR)


@every
def test_a_late_share_counts_like_one_in_time_where_order_does_not_matter(name):
    late, ontime = fed(name, [(T0 + HOUR, 1.0)]), fed(name, [(T0, 1.0), (T0 + HOUR, 1.0)])
    late.late(T0)
    assert late.size == 2
    if name in LINEAR:
        assert late.score(T0 + HOUR) == pytest.approx(ontime.score(T0 + HOUR), abs=1.1e-6)
    else:
        assert late.score(T0 + HOUR) >= ontime.score(T0 + HOUR), "it counts at the clock: an upper bound"


@every
def test_reopening_keeps_the_size_and_nothing_else(name):
    #  T0: 40 shares .......... 30 d later: reopened
    detector = fed(name, [(T0 + second * 1000, 1.0) for second in range(40)])
    detector.reopen(T0 + 30 * DAY)
    assert detector.size == 40
    fresh = make_detector(GrowthConfig(detector=name))
    if name not in {"L", "count", "seismic"}:
        assert detector.score(T0 + 30 * DAY) == fresh.score(T0 + 30 * DAY)
    # what came before is no longer fresh, whether it comes late or is taken back
    before = detector.score(T0 + 30 * DAY)
    detector.late(T0)
    detector.retract(T0)
    assert detector.score(T0 + 30 * DAY) == before
    # a duplicate from before both were reopened counts off the size only
    fresh.reopen(T0 + 30 * DAY)
    detector.merge(fresh, [(T0, 1.0)])
    assert detector.size == 39
    if name not in {"L", "count", "seismic"}:
        assert detector.score(T0 + 30 * DAY) == before


@every
def test_a_baseline_is_quiet_after_a_long_silence(name):
    detector = fed(name, [(T0, 1.0)], quiet_ms=HOUR)
    if name == "L":
        assert not detector.quiet(T0 + HOUR)
        return
    assert not detector.quiet(T0 + HOUR - 1)
    assert detector.quiet(T0 + HOUR)


@every
def test_the_time_until_a_score_falls_is_found_to_the_millisecond(name):
    detector = fed(name, [(T0 + second * 1000, 1.0) for second in range(40)])
    end = T0 + 39_000
    value = detector.score(end) / 2
    under = detector.falls_below(value, end)
    if name == "count":
        assert under is None
        return
    assert detector.score(under) < value <= detector.score(under - 1)
    assert detector.falls_below(detector.score(end) + 1, end) == end


@pytest.mark.parametrize("name", [name for name, kind in DETECTORS.items() if issubclass(kind, Baseline)])
def test_an_ordinary_rate_above_the_alarming_one_is_refused(name):
    config = GrowthConfig(detector=name, target_size=5, ordinary_per_hour=1e6)
    if name == "rate":  # it has no ordinary rate
        assert make_detector(config).thresholds()[0] > 0
        return
    with pytest.raises(ValueError, match=r"ordinary_per_hour 1e\+06 is as fast as .* growth\.target_size 5;"):
        make_detector(config)
    assert (
        make_detector(GrowthConfig(detector=name, target_size=5, ordinary_per_hour=1e6, threshold=1.0)).thresholds()[0]
        == 1.0
    )
