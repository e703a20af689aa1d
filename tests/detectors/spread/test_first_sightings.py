"""The first share on each platform: late shares, equal times, merges in any order, and platforms not shown."""

from itertools import permutations

import msgspec
import pytest

from detectors.spread.first_sightings import FirstSightings, across
from schemas.assignment import Assignment, Merge, Method
from tests.detectors.clustering.clusters import digest, say

MINUTE = 60_000


def share(
    name: str, platform: str, minute: int, method: Method = Method.EXACT, similarity: float | None = None
) -> Assignment:
    sighting = msgspec.structs.replace(say(name, "the ferry to Tarn is cancelled", minute * MINUTE), platform=platform)
    return Assignment(cluster_id=digest("c"), sighting=sighting, method=method, similarity=similarity)


def seen(*shares: Assignment) -> FirstSightings:
    """First sightings after some shares, in their order of arrival."""
    found = FirstSightings()
    for one in shares:
        platform = one.sighting.platform
        (found.update if platform in found.shares else found.start)(platform, one)
    return found


def merge(method: Method = Method.EMBEDDING, similarity: float | None = 0.83) -> Merge:
    return Merge(
        survivor=digest("c"), absorbed=digest("d"), time=0, method=method, event_id=digest("m"), similarity=similarity
    )


def joined(*parts: FirstSightings, by: Merge | None = None) -> FirstSightings:
    """Merge parts into a copy of the first one, one after the other."""
    first, *others = (FirstSightings(dict(part.shares)) for part in parts)
    for other in others:
        first.merge(other, by or merge(), {"telegram", "whatsapp", "x"})
    return first


TELEGRAM = share("a", "telegram", 2, Method.FIRST_SHARE)
WHATSAPP = share("b", "whatsapp", 16, Method.LEXICAL, 0.71)


def test_a_jump_has_the_lag_and_the_match_of_the_first_share() -> None:
    #  telegram  2 . . . 20
    #  whatsapp       16 . . 30
    found = seen(TELEGRAM, WHATSAPP, share("c", "telegram", 20), share("d", "whatsapp", 30))
    first, second = found.evidence(2 * MINUTE, {})
    assert (first.platform, first.first_seen_at, first.lag_ms) == ("telegram", 2 * MINUTE, 0)
    assert first.joined_by is Method.FIRST_SHARE
    assert (second.platform, second.lag_ms) == ("whatsapp", 14 * MINUTE)
    assert (second.joined_by, second.similarity) == (Method.LEXICAL, 0.71)
    assert second.event == WHATSAPP.sighting.event_id


def test_a_late_share_that_is_earlier_becomes_the_first_sighting() -> None:
    late = share("e", "whatsapp", 9, Method.URL)
    assert seen(TELEGRAM, WHATSAPP, late).shares["whatsapp"].method is Method.URL
    assert seen(TELEGRAM, WHATSAPP, share("e", "whatsapp", 17)).shares == seen(TELEGRAM, WHATSAPP).shares


def test_of_two_shares_at_one_time_the_smaller_event_id_counts_in_any_order() -> None:
    shares = [share(name, "x", 5) for name in "fgh"]
    smallest = min(one.sighting.event_id for one in shares)
    for order in permutations(shares):
        assert seen(*order).shares["x"].event_id == smallest


def test_a_merge_keeps_the_earlier_share_of_each_platform_in_any_order() -> None:
    parts = [
        seen(TELEGRAM, share("b", "whatsapp", 40)),
        seen(share("c", "whatsapp", 16), share("d", "x", 50)),
        seen(share("e", "x", 30), share("f", "telegram", 33)),
    ]
    for order in permutations(parts):
        times = {platform: one.time // MINUTE for platform, one in joined(*order).shares.items()}
        assert times == {"telegram": 2, "whatsapp": 16, "x": 30}


def test_the_share_that_started_an_absorbed_cluster_joined_by_the_merge() -> None:
    absorbed = seen(share("g", "whatsapp", 8, Method.FIRST_SHARE), share("h", "x", 9, Method.EXACT))
    found = joined(seen(TELEGRAM), absorbed, by=merge(Method.LEXICAL, 0.64)).shares
    assert (found["whatsapp"].method, found["whatsapp"].similarity) == (Method.LEXICAL, 0.64)
    assert (found["x"].method, found["telegram"].method) == (Method.EXACT, Method.FIRST_SHARE)


def test_a_merge_adds_no_platform_beyond_the_bound() -> None:
    found = seen(TELEGRAM)
    found.merge(seen(WHATSAPP, share("i", "x", 3)), merge(), {"telegram", "x"})
    assert set(found.shares) == {"telegram", "x"}


def test_a_platform_whose_only_post_was_withdrawn_has_no_first_sighting() -> None:
    found = seen(TELEGRAM, WHATSAPP)
    found.drop("whatsapp")
    found.drop("x")
    assert set(found.shares) == {"telegram"}


@pytest.mark.parametrize(
    ("units", "precision"),
    [({}, [0, 0]), ({"whatsapp": MINUTE}, [0, MINUTE]), ({"telegram": 60 * MINUTE}, [60 * MINUTE, 60 * MINUTE])],
)
def test_a_lag_is_as_coarse_as_the_coarser_of_its_two_platforms(units: dict[str, int], precision: list[int]) -> None:
    assert [one.precision_ms for one in seen(TELEGRAM, WHATSAPP).evidence(0, units)] == precision


def test_only_platforms_in_the_shown_groups_are_listed_and_one_alone_is_no_jump() -> None:
    found = seen(TELEGRAM, WHATSAPP, share("j", "x", 60)).evidence(2 * MINUTE, {})
    assert [one.platform for one in across(found, (("telegram", 9), ("x", 6)))] == ["telegram", "x"]
    assert across(found, (("whatsapp", 9),)) == across(found, ()) == ()
