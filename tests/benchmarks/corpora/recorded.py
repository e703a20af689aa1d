"""Reads recorded cascades as first-share times, without the pipeline and the model, so that growth is judged in seconds.

What is lost is the error of the clustering, which `studies.growth` has; what is won is that many variants can be
compared on the same cascades.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from detectors.growth import GrowthConfig
from schemas.event import ForwardEvent, Kind
from tests.benchmarks.corpora.tracks import Track, trace
from tests.benchmarks.metrics.scores import Trace
from tests.realdata import loaders

BIG_QUANTILE = 90
"""q is this percentile of the earlier half, where the stream does not say."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded stream and how it is judged."""

    name: str
    load: Callable[[], list[ForwardEvent]]
    events_file: str
    min_sharers: int = 5
    target_size: int | None = None  # q; None: from the earlier half


STREAMS = (
    Recorded(name="PHEME", load=loaders.pheme, events_file="pheme_dev_events"),
    Recorded(name="Twitter15/16", load=loaders.twitter1516, events_file="twitter1516_dev_events"),
    Recorded(
        name="Telegram", load=loaders.telegram, events_file="telegram_structure_dev", min_sharers=3, target_size=6
    ),
    Recorded(name="CasFlow", load=loaders.casflow, events_file="casflow_weibo_sample"),
)
"""The streams on which alerts are judged."""
LARGE = Recorded(name="TiDeH", load=loaders.tideh, events_file="tideh_dev")
"""Only very large cascades: fit for forecasts, not for alerts, for nothing there stays small."""


def tracks(stream: Recorded) -> list[Track]:
    """Each recorded cascade's first shares by distinct sharers, ms, cascades by start.

    A share without a sharer's name is its own sharer. Replies are left out: they answer, and do not pass on.
    """
    cascade_of = {str(row["event_id"]): str(row["cascade_id"]) for row in loaders.rows(stream.events_file)}
    firsts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for event in stream.load():
        if event.kind == Kind.REPLY:
            continue
        sharers = firsts[cascade_of[event.event_id]]
        sharer = event.actor or event.event_id
        sharers[sharer] = min(event.created_at, sharers.get(sharer, event.created_at))
    found = [Track(name, sorted(times.values())) for name, times in firsts.items()]
    return sorted(found, key=lambda track: (track.times[0], track.name))


def halves(stream: Recorded, found: Sequence[Track]) -> tuple[int, Sequence[Track]]:
    """q and the later half of the cascades with at least two sharers."""
    earlier, later = cut(found)
    if stream.target_size is not None:
        return stream.target_size, later
    sizes = [track.final for track in earlier if track.final >= stream.min_sharers]
    return math.ceil(np.percentile(sizes, BIG_QUANTILE)), later


def cut(found: Sequence[Track]) -> tuple[Sequence[Track], Sequence[Track]]:
    """The earlier and the later half, by start, of the cascades with at least two sharers."""
    spread = [track for track in found if track.final >= 2]
    middle = len(spread) // 2
    return spread[:middle], spread[middle:]


def growth_config(stream: Recorded, q: int, detector: str) -> GrowthConfig:
    """The cold rule of one detector."""
    return GrowthConfig(detector=detector, target_size=q, min_sharers=stream.min_sharers)


def traces_of(found: Sequence[Track], config: GrowthConfig) -> list[Trace]:
    """A detector on each cascade."""
    return [trace(track, config) for track in found]


def positives(found: Sequence[Track], q: int) -> list[bool]:
    """Which cascades get big."""
    return [track.final >= q for track in found]
