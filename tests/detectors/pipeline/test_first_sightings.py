"""A cluster on several platforms: its first sightings in the alert and in the table of clusters."""

import msgspec

from detectors.alerting.config import EvidenceConfig
from detectors.growth import GrowthConfig
from detectors.pipeline.cascade_stats import CascadeConfig
from schemas.assignment import Method, Timeliness
from schemas.event import Kind
from tests.detectors.clustering.clusters import digest
from tests.detectors.pipeline.test_cascades import MONTH, NOON, Play

K = EvidenceConfig().k_anonymity
MINUTE = 60_000


def sightings(play: Play, cluster: str = "a") -> dict[str, int]:
    """Return the minute of the first sighting on each platform, from the table of clusters."""
    found = play.row(cluster).first_sightings
    assert list(found) == sorted(found, key=lambda one: (one.first_seen_at, one.platform))
    return {one.platform: (one.first_seen_at - NOON) // MINUTE for one in found}


def test_an_alert_states_when_and_how_a_rumour_reached_another_platform() -> None:
    #  telegram  0 1 2 3 4
    #  whatsapp              12 13 14 15 16       the alert comes with the tenth sharer
    play = Play(growth=GrowthConfig(target_size=10, min_sharers=2 * K))
    for number in range(K):
        play.share(f"t{number}", number * MINUTE, platform="telegram")
    for number in range(K):
        play.share(f"w{number}", (12 + number) * MINUTE, platform="whatsapp", name=f"whatsapp {number}")
    (alert, *_) = play.out.alerts
    telegram, whatsapp = alert.evidence.first_sightings
    assert (telegram.platform, telegram.lag_ms) == ("telegram", 0)
    assert (whatsapp.platform, whatsapp.first_seen_at, whatsapp.lag_ms) == ("whatsapp", NOON + 12 * MINUTE, 12 * MINUTE)
    assert (whatsapp.joined_by, whatsapp.event) == (Method.EXACT, digest("event whatsapp 0"))
    assert whatsapp.precision_ms == 0
    assert "reached whatsapp 12 min later (joined by equal text)." in alert.explanation
    assert play.row().first_sightings == alert.evidence.first_sightings


def test_a_lag_is_no_finer_than_the_times_of_an_export_in_full_minutes() -> None:
    #  telegram  0:07 ...    whatsapp, in full minutes  0:40 for what was posted between 0:40 and 1:39
    play = Play(growth=GrowthConfig(target_size=10, min_sharers=2 * K))
    minute = MINUTE - NOON % MINUTE
    for number in range(K):
        play.share(f"t{number}", number * 7_000, platform="telegram")
    for number in range(K):
        play.share(f"w{number}", minute + number * MINUTE, platform="whatsapp")
    (alert, *_) = play.out.alerts
    assert [one.precision_ms for one in alert.evidence.first_sightings] == [0, MINUTE]
    assert "reached whatsapp within a minute (joined by equal text)." in alert.explanation


def test_a_platform_appears_in_the_alert_with_its_kth_post_and_in_the_table_with_its_first() -> None:
    play = Play(growth=GrowthConfig(target_size=10, min_sharers=2 * K))
    for number in range(2 * K - 1):
        play.share(f"t{number}", number * MINUTE, platform="telegram")
    play.share("w0", 20 * MINUTE, platform="whatsapp")
    assert play.out.alerts[0].evidence.first_sightings == ()
    assert "whatsapp" not in msgspec.json.encode(play.out.alerts).decode()
    assert sightings(play) == {"telegram": 0, "whatsapp": 20}


def test_a_late_share_moves_the_first_sighting_of_its_platform_back() -> None:
    play = Play()
    play.share("p0", 5 * MINUTE, platform="telegram")
    play.share("p1", 9 * MINUTE, platform="x")
    play.share("p2", 3 * MINUTE, platform="x", timeliness=Timeliness.LATE)
    assert sightings(play) == {"x": 3, "telegram": 5}
    assert [one.lag_ms for one in play.row().first_sightings] == [0, 2 * MINUTE]


def test_a_deleted_first_share_remains_the_first_sighting() -> None:
    play = Play()
    play.share("p0", 0, platform="telegram")
    play.share("p1", 7 * MINUTE, platform="x", name="first on x")
    play.share("p2", 8 * MINUTE, platform="x")
    play.do("a", Kind.DELETE, 9 * MINUTE, message="first on x", platform="x")
    assert play.row().deleted == 1
    assert sightings(play) == {"telegram": 0, "x": 7}


def test_a_merge_keeps_the_earliest_sighting_of_each_platform() -> None:
    #  a  telegram 0        x 30
    #  b  telegram 2  whatsapp 4  x 10
    for first, second in (("a", "b"), ("b", "a")):
        play = Play()
        play.share("p0", 0, first, platform="telegram")
        play.share("p1", 2 * MINUTE, second, platform="telegram")
        play.share("p2", 4 * MINUTE, second, platform="whatsapp")
        play.share("p3", 10 * MINUTE, second, platform="x")
        play.share("p4", 30 * MINUTE, first, platform="x")
        play.merge("a", "b", 31 * MINUTE)
        assert sightings(play) == {"telegram": 0, "whatsapp": 4, "x": 10}


def test_a_cascade_that_closed_and_came_back_keeps_its_first_sightings() -> None:
    play = Play()
    play.share("p0", 0, platform="telegram")
    play.share("p1", MINUTE, platform="x")
    play.until(MONTH // 2)
    assert len(play.cascades) == 0
    play.share("p2", MONTH // 2 + 3 * MINUTE, platform="whatsapp")
    play.share("p3", MONTH // 2 + 4 * MINUTE, platform="telegram")
    assert sightings(play) == {"telegram": 0, "x": 1, "whatsapp": MONTH // 2 // MINUTE + 3}


def test_platforms_beyond_the_bound_have_no_first_sighting() -> None:
    play = Play(cascade=CascadeConfig(max_platforms=2))
    for number, platform in enumerate(["x", "telegram", "bluesky", "mastodon", "x"]):
        play.share(f"p{number}", number * MINUTE, platform=platform)
    assert sightings(play) == {"x": 0, "telegram": 1}
    play.share("q0", 0, "b", platform="vk")
    play.merge("a", "b", 9 * MINUTE)
    assert sightings(play) == {"x": 0, "telegram": 1}


def test_a_platform_counted_by_an_older_release_gets_no_invented_first_sighting() -> None:
    play = Play()
    play.share("p0", 0, platform="telegram")
    (cascade,) = play.cascades._open.values()
    cascade.stats.first_sightings.shares.clear()  # a state of version 4 has none
    play.share("p1", 5 * MINUTE, platform="telegram")
    play.share("p2", 6 * MINUTE, platform="x")
    assert sightings(play) == {"x": 6}


def test_first_sightings_survive_a_snapshot() -> None:
    play, again = Play(), Play()
    play.share("p0", 0, platform="telegram")
    play.share("p1", MINUTE, platform="x")
    again.cascades.restore(play.cascades.snapshot())
    assert again.row() == play.row()
