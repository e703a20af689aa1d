"""Count: one addition, and its edges."""

import pytest

from detectors.growth import GrowthConfig
from detectors.growth.count import Count


def test_levels_lie_at_q_four_q_and_sixteen_q():
    detector = Count(GrowthConfig(detector="count", target_size=50))
    assert detector.thresholds() == (50.0, 200.0, 800.0)
    assert detector.rule() == "q distinct sharers with q = 50, cold-start rule"


@pytest.mark.parametrize(
    ("sharers", "level"), [(49, 0), (50, 1), (51, 1), (199, 1), (200, 2), (799, 2), (800, 3), (801, 3)]
)
def test_a_level_is_met_at_its_number(sharers, level):
    detector = Count(GrowthConfig(detector="count", target_size=50))
    assert detector.level(detector.update(0, float(sharers))) == level


def test_time_does_not_matter():
    detector = Count(GrowthConfig(detector="count"))
    assert [detector.update(time) for time in (5, 0, 10**12, 3)] == [1.0, 2.0, 3.0, 4.0]
    assert detector.score(10**14) == 4.0


def test_a_deletion_counts_off():
    detector = Count(GrowthConfig(detector="count"))
    detector.update(0)
    detector.update(0)
    detector.retract(0)
    assert detector.score(0) == 1.0
