"""Settings of one platform: the first post decides; merges, snapshots and the live stages keep to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.growth import GrowthConfig, PlatformGrowth, make_detector
from detectors.growth.config import NAMES
from detectors.snapshot import SnapshotError
from schemas.event import Kind
from tests.detectors.pipeline.sample_streams import config, encoded, lines, pipeline, placed, run, stream
from tests.detectors.pipeline.test_cascades import FALSE, HOUR, MINUTE, SECOND, Play, people
from tests.detectors.pipeline.test_live_stages import live, merging


def growth(**platforms):
    chosen = {name: tuple(sorted(values.items())) for name, values in sorted(platforms.items())}
    return GrowthConfig(
        target_size=50, platforms=tuple(PlatformGrowth(name, values) for name, values in chosen.items())
    )


EARLY = growth(chat={"target_size": 4, "min_sharers": 3})


def burst(play, platform, cluster, count=12, start=0, every=20 * SECOND):
    for number, actor in enumerate(people(count, cluster)):
        play.share(actor, start + number * every, cluster, platform=platform)


def test_the_same_burst_alerts_on_the_platform_where_little_is_big_and_not_on_the_other():
    #  chat:  twelve sharers in four minutes, q = 4     => told
    #  feed:  the same twelve at the same times, q = 50 => silent
    play = Play(growth=EARLY)
    burst(play, "chat", "a")
    burst(play, "feed", "b")
    assert play.told("a")[0] == ("opened", 1, 40 * SECOND)
    assert play.told("b") == []
    assert "with q = 4" in play.out.alerts[0].evidence.growth.rule


def test_each_platform_may_have_a_detector_of_its_own_and_its_alerts_name_it():
    play = Play(growth=growth(chat={"detector": "count", "threshold": 5.0}, feed={"target_size": 4}))
    burst(play, "chat", "a")
    burst(play, "feed", "b")
    made = {alert.cluster_id: (alert.evidence.growth.detector, alert.provenance.detector) for alert in play.out.alerts}
    assert sorted(made.values()) == [("L", "L"), ("count", "count")]


def test_the_first_post_decides_and_later_ones_elsewhere_change_nothing():
    play = Play(growth=EARLY)
    play.share("first", 0, platform="feed")
    burst(play, "chat", "a", start=MINUTE)
    assert play.told() == []
    assert play.row().platform == "feed"


def test_a_fact_check_that_comes_first_does_not_decide():
    #  fact-check on "web" -- first post on chat -- burst: judged as chat, and the fact-check is still known
    play = Play(growth=EARLY)
    play.do("a", Kind.DEBUNK, 0, platform="web", debunk=FALSE)
    burst(play, "chat", "a", start=HOUR)
    assert play.row().platform == "chat"
    assert play.told()[0][0] in {"opened", "evidence"}
    assert play.out.alerts[-1].evidence.content.debunks == (FALSE,)


@pytest.mark.parametrize("detector", NAMES)
def test_a_merge_across_platforms_is_judged_by_the_survivors_settings(detector):
    """As if the absorbed cluster had been judged so from the start."""
    settings = growth(chat={"detector": detector, "target_size": 20})
    across, within = Play(growth=settings), Play(growth=settings)
    for play, platform in ((across, "feed"), (within, "chat")):
        burst(play, "chat", "a", count=6)
        for number, actor in enumerate(people(6, "a")[3:] + people(6, "b")):
            play.share(actor, 10 * MINUTE + number * 20 * SECOND, "b", platform=platform)
        play.merge("a", "b", 20 * MINUTE)
    ((one,), (other,)) = (play.cascades._open.values() for play in (across, within))
    assert one.tracker.growth.name == detector
    assert one.tracker.growth.size == 12
    assert one.tracker.growth.snapshot() == other.tracker.growth.snapshot()


def test_a_claim_that_nobody_shared_takes_the_platform_of_what_merges_into_it():
    play = Play(growth=EARLY)
    play.do("a", Kind.DEBUNK, 0, platform="web", debunk=FALSE)
    burst(play, "chat", "b", start=HOUR, count=4)
    play.merge("a", "b", 2 * HOUR)
    assert play.row("a").platform == "chat"
    assert play.cascades._open[play.row("a").cluster_id].tracker.growth_config.target_size == 4


@given(st.integers(0, 24))
def test_a_restart_at_any_moment_says_the_same(cut):
    settings = growth(chat={"detector": "count", "threshold": 5.0}, feed={"target_size": 4})
    shares = [
        (cluster, platform, n * 20 * SECOND, actor)
        for cluster, platform in (("a", "chat"), ("b", "feed"))
        for n, actor in enumerate(people(12, cluster))
    ]
    shares.sort(key=lambda share: share[2])
    whole, halves = Play(growth=settings), Play(growth=settings)
    for number, (cluster, platform, time, actor) in enumerate(shares):
        if number == cut:
            state, fresh = halves.cascades.snapshot(), Play(growth=settings).cascades
            fresh.restore(state)
            halves.cascades = fresh
        for play in (whole, halves):
            play.share(actor, time, cluster, platform=platform)
    assert encoded([whole.out]) == encoded([halves.out])


def test_a_snapshot_under_other_settings_of_a_platform_is_refused():
    engine = pipeline(config(growth=EARLY))
    engine.feed(placed(lines(stream(events=20))))
    other = pipeline(config(growth=growth(chat={"target_size": 5, "min_sharers": 3})))
    with pytest.raises(SnapshotError):
        other.restore(engine.snapshot())


def test_settings_of_a_platform_change_the_digest():
    settings = (growth(), EARLY, growth(chat={"target_size": 5}), growth(web={"target_size": 5}))
    assert len({config(growth=one).digest() for one in settings}) == 4


def across_platforms(seed):
    """Rumours on two platforms that prove to be one: merges of cascades that different detectors judge."""
    return [{**event, "platform": "chat" if int(event["event_id"][1:]) % 3 else "feed"} for event in merging(seed=seed)]


@pytest.mark.parametrize("seed", range(2))
def test_the_live_stages_say_what_a_replay_says_through_merges_and_crashes(seed):
    settings = config(growth=growth(feed={"detector": "count", "threshold": 8.0}, chat={"target_size": 10}))
    raws = lines(across_platforms(seed))
    outputs, engine = run(raws, pipeline(settings))
    assert engine.ordered_clustering.clustering.merged > 3
    assert {alert.provenance.detector for output in outputs for alert in output.alerts} == {"L", "count"}
    deployment = live(raws, 3, 4, seed, settings)
    assert deployment.merged_across
    assert sorted(deployment.alerts.values()) == sorted(encoded(outputs))


# --- the settings themselves ------------------------------------------------------------------------------------------


def test_what_is_not_set_for_a_platform_is_as_in_general():
    config = EARLY
    assert config.on("chat") == GrowthConfig(target_size=4, min_sharers=3)
    assert config.on("feed") == config.on(None) == GrowthConfig(target_size=50)
    assert GrowthConfig().on("chat") == GrowthConfig()


def test_a_setting_that_is_as_in_general_gives_equal_settings():
    assert growth(chat={"target_size": 50}).on("chat") == growth(chat={"target_size": 50}).on("feed")


@pytest.mark.parametrize(
    ("platforms", "words"),
    [
        ({"chat": {"target_size": 1}}, "growth.platforms.chat.target_size is 1; expected `int` >= 2"),
        ({"chat": {"detector": "loud"}}, "growth.platforms.chat.detector is 'loud'; invalid enum value 'loud'"),
        (
            {"chat": {"window_ms": 7}},
            "growth.platforms.chat.window_ms is 7, not a multiple of growth.platforms.chat.window_buckets (60)",
        ),
        ({"Chat": {"target_size": 4}}, "growth.platforms: 'Chat' is no name of a platform"),
        ({"c" * 33: {"target_size": 4}}, "is no name of a platform; use the name in the events"),
    ],
)
def test_what_no_detector_could_work_with_is_refused_with_the_platforms_name(platforms, words):
    with pytest.raises(ValueError, match=r"growth\.platforms") as caught:
        growth(**platforms)
    assert words in str(caught.value)


def test_a_platform_comes_once():
    twice = (PlatformGrowth("chat", ()), PlatformGrowth("chat", ()))
    with pytest.raises(ValueError, match=r"growth\.platforms lists a platform twice"):
        GrowthConfig(platforms=twice)


def test_a_detector_of_a_platform_is_made_from_its_settings():
    assert make_detector(growth(chat={"detector": "rate"}).on("chat")).name == "rate"
