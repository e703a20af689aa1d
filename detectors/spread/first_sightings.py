"""Keep the first share of a cascade on each platform, and the match that joined the share to the cluster.

A rumour that reaches another platform is a jump; the time between the two first sightings is the lag. The earliest
event time counts, with the smaller event id at equal times, so neither late shares nor the order of merges change the
result. Platforms of one cascade are few, so the memory is small: about 0.2 kB for each.
"""

from collections.abc import Container, Iterable, Mapping, Sequence

import msgspec

from schemas.assignment import Assignment, Merge, Method
from schemas.evidence import FirstSighting


class FirstShare(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """First share of a cascade on one platform."""

    time: int
    event_id: str
    method: Method
    similarity: float | None = None


class FirstSightings(msgspec.Struct, array_like=True):
    """First shares of one cascade by platform. An update costs about 0.1 us.

    The caller bounds the platforms: `start` for each new one, `update` for all further shares. A deleted share remains
    the first sighting: the message was on the platform at that time.
    """

    shares: dict[str, FirstShare] = {}

    def start(self, platform: str, assignment: Assignment) -> None:
        """Keep the first share that arrived from a platform."""
        sighting = assignment.sighting
        share = FirstShare(sighting.time, sighting.event_id, assignment.method, assignment.similarity)
        self.shares[platform] = share

    def update(self, platform: str, assignment: Assignment) -> None:
        """Keep a further share of a platform if the share is earlier, as a late share may be."""
        first, sighting = self.shares.get(platform), assignment.sighting
        if first is None or sighting.time > first.time:
            return
        if (sighting.time, sighting.event_id) < (first.time, first.event_id):
            self.start(platform, assignment)

    def drop(self, platform: str) -> None:
        """Forget a platform whose only post turned out to be a part of another post."""
        self.shares.pop(platform, None)

    def merge(self, other: "FirstSightings", merge: Merge, platforms: Container[str]) -> None:
        """Keep the earlier share of each platform in `platforms`.

        The share that started the absorbed cluster joined the survivor by the match that merged the two.
        """
        for platform, theirs in other.shares.items():
            share = theirs
            if theirs.method is Method.FIRST_SHARE:
                share = FirstShare(theirs.time, theirs.event_id, merge.method, merge.similarity)
            if platform in platforms:
                self.shares[platform] = min(self.shares.get(platform, share), share, key=_order)

    def evidence(self, start: int, units: Mapping[str, int]) -> tuple[FirstSighting, ...]:
        """Return the first sightings in order of time.

        Args:
            start: time of the first share of the cascade in ms.
            units: distance between two times in ms by platform, 0 for fine times. A lag is as coarse as the coarser
                of its two platforms.

        """
        found = sorted(self.shares.items(), key=lambda item: (item[1].time, item[0]))
        coarse = [units.get(platform, 0) for platform, _ in found]
        return tuple(
            FirstSighting(
                platform=platform,
                first_seen_at=share.time,
                lag_ms=max(0, share.time - start),
                joined_by=share.method,
                event=share.event_id,
                similarity=share.similarity,
                precision_ms=max(unit, coarse[0]),
            )
            for (platform, share), unit in zip(found, coarse, strict=True)
        )


def across(sightings: Sequence[FirstSighting], shown: Iterable[tuple[str, int]]) -> tuple[FirstSighting, ...]:
    """Return the first sightings on the platforms of some groups; none on fewer than two platforms.

    Args:
        sightings: first sightings of a cluster, in order of time.
        shown: groups without small ones, as (platform, posts): the time of one of few posts could identify a sharer.

    """
    platforms = {platform for platform, _ in shown}
    found = tuple(sighting for sighting in sightings if sighting.platform in platforms)
    return found if len(found) > 1 else ()


def _order(share: FirstShare) -> tuple[int, str]:
    return share.time, share.event_id


__all__ = ["FirstShare", "FirstSightings", "across"]
