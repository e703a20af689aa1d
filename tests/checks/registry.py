"""Every stateful detector, with its adapter."""

from functools import partial
from typing import Any

import msgspec
import numpy as np

from detectors.alerting.config import PolicyConfig
from detectors.alerting.policy import AlertPolicy
from detectors.growth import DETECTORS, GrowthConfig, make_detector
from detectors.ordering.config import OrderConfig
from detectors.ordering.event_time import EventTime, PartitionTime, Stamps
from detectors.ordering.progress import PartitionWatermark, Standing
from detectors.ordering.reorder import ReorderBuffer
from detectors.similarity.neighbours import NeighbourIndex
from detectors.similarity.sketch import SketchConfig, Sketcher, SketchIndex
from detectors.spread.edges import EdgeConfig, EdgeInference
from detectors.spread.graph import ForwardGraph, GraphConfig
from detectors.spread.recent_joins import WindowConfig, WindowCounter
from detectors.spread.sharers import DistinctSharers, SharersConfig
from schemas.event import ParentEvidence
from schemas.sighting import Sighting
from tests.checks import streams
from tests.checks.battery import Adapter
from tests.checks.budgeted import BUDGET, OPENINGS, UNDER_BUDGET
from tests.checks.counters import CASES, COUNTERS
from tests.checks.whole import CLUSTERING, PIPELINE, RUMOURS, cluster_hostile, wording

NO_DEDUPE = "second deliveries are removed by ReorderBuffer, before it"
NO_REORDER = "order is made by ReorderBuffer, before it"
NO_TIME = "it knows no time"

GRID = 15_000 << 22  # whole cells of every growth detector's time grid


def grow(name: str, detector: Any, item: tuple[Any, ...]) -> Any:
    """One item into a growth detector."""
    kind, *rest = item
    if kind != "merge":
        return getattr(detector, kind)(*rest)
    shares, duplicates = rest
    other = make_detector(GrowthConfig(detector=name))
    for time in shares:
        other.update(time)
    return detector.merge(other, [(time, 1.0) for time in duplicates])


# Bytes of Python objects, the settings (about 800 bytes, which all cascades share) included.
GROWTH_BOUNDS = {
    "L": 1_600,
    "count": 1_300,
    "rate": 4_000,
    "ewma": 1_400,
    "kleinberg": 1_400,
    "cusum": 1_400,
    "glr": 8_000,
    "seismic": 30_000,
}

GROWTH = [
    Adapter(
        name=f"growth {name}",
        covers=DETECTORS[name],
        make=partial(make_detector, GrowthConfig(detector=name)),
        stream=streams.growth_items,
        step=partial(grow, name),
        hostile=streams.growth_hostile,
        bound=bound,
        slack=1.1 if name == "seismic" else 1.05,  # its bins grow with the logarithm of the age
        shift=streams.growth_shifted,
        shift_ms=GRID,
        exempt={"duplicates": NO_DEDUPE, "shuffle": NO_REORDER},
    )
    for name, bound in GROWTH_BOUNDS.items()
]


def order_stream(seed: int) -> list[Any]:
    """Two partitions, interleaved."""
    found = [
        streams.sighting(number, time, partition=number % 2)
        for number, time in enumerate(streams.times(seed, 200, 4_000))
    ]
    return streams.with_progress(found)


def order_shuffled(items: list[Any], rng: np.random.Generator) -> list[Any]:
    """Out of order within the lateness."""
    return streams.with_progress(streams.disordered(items, lambda each: each.time, rng))


def order_hostile() -> Any:
    """A partition that never moves holds everything back; then a flood of second deliveries and of old ones."""
    yield streams.sighting(0, streams.T0, partition=1)
    for number in range(1, 6_000):
        yield streams.sighting(number, streams.T0 + number * 100)
        if number % 3 == 0:
            yield streams.sighting(number // 2, streams.T0 + number // 2 * 100)


def released(said: list[Any]) -> list[tuple[str, Any]]:
    """Ids in the order of release."""
    return [(sighting.event_id, timeliness) for batch in said for sighting, timeliness in batch]


ORDER = Adapter(
    name="reorder buffer",
    covers=ReorderBuffer,
    make=lambda: ReorderBuffer(
        OrderConfig(max_out_of_orderness_ms=streams.LATENESS, max_waiting=200, max_remembered_ids=500)
    ),
    stream=order_stream,
    step=lambda buffer, item: buffer.update(item),
    finish=lambda buffer: buffer.flush(),
    hostile=order_hostile,
    bound=700_000,
    shift=streams.moved,
    unshift=lambda said, shift: [(streams.moved(each, -shift), timeliness) for each, timeliness in said],
    again=streams.repeated,
    shuffle=order_shuffled,
    essence=released,
)

PROGRESS = Adapter(
    name="progress",
    covers=PartitionWatermark,
    make=lambda: PartitionWatermark(OrderConfig()),
    stream=lambda seed: [
        (time + 40 * streams.DAY * (number % 9 == 0), f"s{number % 17}", f"c{number % 5}", Standing(number % 4))
        for number, time in enumerate(streams.times(seed, 90, 9_000))
    ],
    step=lambda progress, item: progress.observe(*item),
    hostile=lambda: (
        (streams.T0 + number * 9 * streams.DAY, f"s{number}", f"c{number}", Standing.VOTE) for number in range(3_000)
    ),
    bound=40_000,
    shift=lambda item, shift: (item[0] + shift, *item[1:]),
    unshift=lambda said, shift: said - shift if said else said,
    exempt={
        "duplicates": "a sender's newest event is its vote; second deliveries vote too",
        "shuffle": "it is what measures the disorder",
    },
)


def stamps_of(seed: int) -> list[Any]:
    """Stamps of honest senders, of claims in both directions, of a backlog, and of events without a witness."""
    items = []
    for number, time in enumerate(streams.times(seed, 120, 9_000)):
        claim = (0, 0, 7, -9)[number % 4] * streams.DAY
        observed = (time + 900, None)[number % 7 == 0] if number < 60 else streams.T0 + 9 * streams.DAY + number
        created = time if number >= 60 else time + claim
        items.append((Stamps(created, None, observed), "web", f"s{number % 23}", f"c{number % 5}"))
    return items


def stamps_moved(item: Any, shift: int) -> Any:
    """The same stamps at another time."""
    stamps, *keys = item
    return Stamps(*(None if stamp is None else stamp + shift for stamp in stamps)), *keys


def time_moved(said: EventTime | None, shift: int) -> EventTime | None:
    """A decision at another time; nothing at the end of the stream."""
    if said is None:
        return None
    replaced = None if said.replaced is None else said.replaced - shift
    progress = said.progress - shift if said.progress else 0
    return said._replace(time=said.time - shift, progress=progress, replaced=replaced)


EVENT_TIME = Adapter(
    name="event time",
    covers=PartitionTime,
    make=lambda: PartitionTime(OrderConfig()),
    stream=stamps_of,
    step=lambda times, item: times.update(*item),
    hostile=lambda: (
        (Stamps(streams.T0 - number * streams.DAY, None, streams.T0 + number), f"p{number}", f"s{number}", f"c{number}")
        for number in range(3_000)
    ),
    bound=60_000,
    shift=stamps_moved,
    unshift=time_moved,
    exempt={
        "duplicates": "a sender's newest event is its vote; second deliveries vote too",
        "shuffle": "the order of arrival is part of the decision",
    },
)


def share(sharers: DistinctSharers, item: tuple[str, str, int]) -> Any:
    """One post, one deletion, one suspension or one merge."""
    kind, sharer, time = item
    if kind == "add":
        return sharers.add(sharer, time), sharers.count, sharers.heavy
    if kind == "merge":
        other = DistinctSharers(SharersConfig(capacity=64))
        for number in range(80):
            other.add(streams.hex_id("s", number * 3), time + number)
        return sharers.merge(other), sharers.count
    return getattr(sharers, kind)(sharer), sharers.count


def sharer_stream(seed: int) -> list[tuple[str, str, int]]:
    """Posts by a few hundred people, some of them often; deletions; suspensions; a merge."""
    rng = np.random.default_rng(seed)
    items = []
    for time in streams.times(seed, 400, 1_000):
        kind = str(rng.choice(["add", "remove", "discard"], p=[0.9, 0.07, 0.03]))
        items.append((kind, streams.hex_id("s", int(rng.integers(0, 300))), time))
    return [*items[:300], ("merge", "", items[300][2]), *items[300:]]


def without_times(said: Any, shift: int) -> Any:
    """What DistinctSharers says, its times moved back."""
    if said is None or isinstance(said[0], float | None):
        return said
    first, count = said
    if isinstance(first, list):
        return [(time - shift, weight) for time, weight in first], count
    return (first[0] - shift, first[1]), count


SHARERS = Adapter(
    name="distinct sharers",
    covers=DistinctSharers,
    make=lambda: DistinctSharers(SharersConfig(capacity=64)),
    stream=sharer_stream,
    step=share,
    hostile=lambda: (("add", streams.hex_id("s", number), number) for number in range(20_000)),
    bound=10_000,
    shift=lambda item, shift: (item[0], item[1], item[2] + shift),
    unshift=without_times,
    exempt={"duplicates": NO_DEDUPE, "shuffle": NO_REORDER},
)


RECENT = Adapter(
    name="recent joins",
    covers=WindowCounter,
    make=lambda: WindowCounter(WindowConfig()),
    stream=lambda seed: streams.times(seed, 300, 40_000),
    step=lambda joins, time: (joins.add(time, 1.0), joins.counts(time)),
    hostile=lambda: (streams.T0 + number * 60_000 for number in range(20_000)),
    bound=20_000,
    shift=lambda time, shift: time + shift,
    exempt={"duplicates": NO_DEDUPE, "shuffle": NO_REORDER},
)


def vectors(seed: int, count: int) -> list[tuple[str, Any]]:
    """Unit vectors in a dozen directions, with keys; some keys come again."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(12, 16))
    out = []
    for number in range(count):
        vector = centres[number % 12] + 0.3 * rng.normal(size=16)
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        out.append((streams.hex_id("v", number % (count * 3 // 4)), unit))
    return out


def index(neighbours: NeighbourIndex, item: tuple[str, Any]) -> Any:
    """Ask, then store; past a hundred entries, forget the oldest."""
    key, vector = item
    found = neighbours.query(vector, 3, 0.5)
    neighbours.add(key, vector)
    return found, len(neighbours)


def index_hostile() -> Any:
    """As many entries as it takes, replaced over and over."""
    for key, vector in vectors(0, 3_000):
        yield str(int(key, 16) % 200), vector


NEIGHBOURS = Adapter(
    name="neighbour index",
    covers=NeighbourIndex,
    make=lambda: NeighbourIndex(16, exact_until=40, max_entries=200, graph_entries=80),
    stream=lambda seed: vectors(seed, 180),
    step=index,
    hostile=index_hostile,
    bound=250_000,
    exempt={"shift": NO_TIME, "duplicates": "a key stored again replaces itself", "shuffle": NO_REORDER},
)


def graph_stream(seed: int) -> list[tuple[Any, ...]]:
    """A tree that grows, some children before their parents, some roots; deletions."""
    rng = np.random.default_rng(seed)
    items: list[tuple[Any, ...]] = []
    for number, time in enumerate(streams.times(seed, 150, streams.MINUTE)):
        parent = streams.hex_id("m", int(rng.integers(0, number + 3))) if number % 10 else None
        if parent == streams.hex_id("m", number):
            parent = None
        items.append(("add", streams.hex_id("m", number), parent, time, streams.hex_id("e", number)))
        if number % 13 == 12:
            items.append(("retract", streams.hex_id("m", number - 5)))
    return items


def hang(graph: ForwardGraph, item: tuple[Any, ...]) -> Any:
    """One message or one deletion; the shape after it."""
    kind, *rest = item
    return getattr(graph, kind)(*rest), graph.shape()


def graph_hostile() -> Any:
    """A chain without end, then a star, then children of parents that nobody saw."""
    for number in range(4_000):
        below = number - 1 if number < 200 else 0 if number < 400 else number + 10_000
        yield ("add", streams.hex_id("m", number), streams.hex_id("m", below), number, streams.hex_id("e", number))


GRAPH = Adapter(
    name="forward graph",
    covers=ForwardGraph,
    make=lambda: ForwardGraph(GraphConfig(max_nodes=500, max_depth=64)),
    stream=graph_stream,
    step=hang,
    finish=lambda graph: graph.shape(),
    hostile=graph_hostile,
    bound=120_000,
    shift=lambda item, shift: (*item[:3], item[3] + shift, item[4]) if item[0] == "add" else item,
    again=streams.repeated,
    essence=lambda said: said[-1],
    exempt={"shuffle": NO_REORDER},
)


def edge_stream(seed: int) -> list[tuple[Sighting, tuple[str, ...]]]:
    """Shares in a few chats by a few people; every fourth with a recorded parent."""
    rng = np.random.default_rng(seed)
    items = []
    for number, time in enumerate(streams.times(seed, 200, 5 * streams.MINUTE)):
        parent = streams.hex_id("m", int(rng.integers(0, number))) if number % 4 == 3 else None
        seen_in = tuple(streams.hex_id("c", int(chat)) for chat in sorted(set(rng.integers(0, 11, size=3))))
        evidence = ParentEvidence.VIA if parent else ParentEvidence.NONE
        items.append((streams.sighting(number, time, parent=parent, parent_evidence=evidence), seen_in))
    return items


def edge_hostile() -> Any:
    """Every share by somebody else in another chat."""
    for number in range(4_000):
        someone = {"actor": streams.hex_id("a", number), "chat": streams.hex_id("c", number)}
        yield streams.sighting(number, streams.T0 + number, **someone), (streams.hex_id("c", number - 1),)


EDGES = Adapter(
    name="edge inference",
    covers=EdgeInference,
    make=lambda: EdgeInference(EdgeConfig(max_chats=50, max_authors=50)),
    stream=edge_stream,
    step=lambda edges, item: edges.update(*item),
    hostile=edge_hostile,
    bound=50_000,
    shift=lambda item, shift: (streams.moved(item[0], shift), item[1]),
    exempt={"duplicates": NO_DEDUPE, "shuffle": NO_REORDER},
)


def policy_stream(seed: int) -> list[tuple[int, float, float, int]]:
    """A score that wanders over all the limits and back, for a month, with silences."""
    rng = np.random.default_rng(seed)
    items, size = [], 0.0
    for number, time in enumerate(streams.times(seed, 300, 3 * streams.HOUR)):
        silence = streams.DAY * 9 * (number // 100)
        size += 1
        score = round(6.0 + 4.0 * float(np.sin(number / 9.0)) + float(rng.normal()), 6)
        items.append((time + silence, score, size, number // 120))
    return items


def judge(policy: AlertPolicy, item: tuple[int, float, float, int]) -> list[Any]:
    """The timers that are due before an event, then the event."""
    time, score, sharers, evidence = item
    said: list[Any] = []
    while (due := policy.next_timer()) is not None and due <= time:
        said += policy.tick(due, score - 3.0, due % 2 == 0)
    if policy.closed:
        policy.reopen(time)
    said += policy.update(time, score, sharers, evidence)
    return said


POLICY = Adapter(
    name="alert policy",
    covers=AlertPolicy,
    make=lambda: AlertPolicy(PolicyConfig(), (6.0, 7.4, 8.8), 50, 5),
    stream=policy_stream,
    step=judge,
    hostile=lambda: (item for seed in range(20) for item in later(policy_stream(seed), seed)),
    bound=6_000,
    shift=lambda item, shift: (item[0] + shift, *item[1:]),
    unshift=lambda said, shift: [msgspec.structs.replace(each, time=each.time - shift) for each in said or ()],
    exempt={"duplicates": NO_DEDUPE, "shuffle": NO_REORDER},
)


def later(items: list[tuple[int, float, float, int]], number: int) -> list[tuple[int, float, float, int]]:
    """The same half a year on."""
    return [(time + number * 180 * streams.DAY, *rest) for time, *rest in items]


SKETCHES = SketchConfig(max_entries=60, bucket_size=4)
SKETCHER = Sketcher(SKETCHES)


def sketch_stream(seed: int) -> list[tuple[str, bytes]]:
    """Rumours in many wordings, under keys of which some come again."""
    rng = np.random.default_rng(seed)
    keys = [streams.hex_id("k", int(key)) for key in rng.integers(0, 90, size=150)]
    return [(key, SKETCHER.sketch(wording(rng))) for key in keys]


def compare(index: SketchIndex, item: tuple[str, bytes]) -> Any:
    """Ask, then store; now and then forget."""
    key, sketch = item
    found = index.query(sketch)
    if key.endswith("7"):
        index.remove(key)
        return found, len(index)
    return found, index.add(key, sketch), len(index)


def sketch_hostile() -> Any:
    """New texts without end, and one text under ever new keys, which fills a band."""
    for number, each in enumerate(cluster_hostile()):
        text = RUMOURS[0] if number % 2 else each.content.text
        yield each.event_id, SKETCHER.sketch(text)


SKETCH = Adapter(
    name="sketch index",
    covers=SketchIndex,
    make=lambda: SketchIndex(SKETCHES),
    stream=sketch_stream,
    step=compare,
    hostile=sketch_hostile,
    bound=300_000,
    exempt={"shift": NO_TIME, "duplicates": "a key stored again replaces itself", "shuffle": NO_REORDER},
)

REGISTRY: list[Adapter] = [
    *GROWTH,
    ORDER,
    PROGRESS,
    EVENT_TIME,
    SHARERS,
    RECENT,
    NEIGHBOURS,
    SKETCH,
    GRAPH,
    EDGES,
    POLICY,
    COUNTERS,
    CASES,
    CLUSTERING,
    BUDGET,
    OPENINGS,
    PIPELINE,
    UNDER_BUDGET,
]

LIVE = (
    "its input is another stage's output: tests/detectors/pipeline/test_live_stages.py stops and restores it anywhere"
)

PART_OF_CLUSTERING = "its state is part of Clustering's snapshot, which passes the battery"

PARTS_OF_OTHERS: dict[str, str] = {
    "detectors.clustering.clusters.Clusters": PART_OF_CLUSTERING,
    "detectors.clustering.lru.LruDict": PART_OF_CLUSTERING,
    "detectors.clustering.keys.media_index.MediaIndex": PART_OF_CLUSTERING,
    "detectors.clustering.membership.Membership": PART_OF_CLUSTERING,
    "detectors.clustering.posts.albums.Albums": PART_OF_CLUSTERING,
    "detectors.clustering.posts.message_texts.MessageTexts": PART_OF_CLUSTERING,
    "detectors.clustering.posts.posts.Posts": PART_OF_CLUSTERING,
    "detectors.clustering.search.CandidateSearch": PART_OF_CLUSTERING,
    "detectors.clustering.keys.shared_keys.SharedKeys": PART_OF_CLUSTERING,
    "detectors.clustering.wordings.WordingIndex": PART_OF_CLUSTERING,
    "detectors.similarity.neighbours._Rows": "its state is part of NeighbourIndex's snapshot, which passes the battery",
    "detectors.ordering.watermark.Watermark": "part of ReorderBuffer's state, which passes the battery",
    "detectors.ordering.outliers.Outliers": "part of ReorderBuffer's state, which passes the battery",
    "detectors.ordering.lateness.Lateness": "part of ReorderBuffer's state, which passes the battery",
    "detectors.ordering.seen_events.SeenEvents": "part of ReorderBuffer's state, which passes the battery",
    "detectors.ordering.catching_up.CatchingUp": "part of PartitionTime's state, which passes the battery",
    "detectors.ordering.resolution.StreamResolution": "part of Pipeline's state, which passes the battery",
    "detectors.pipeline.admission._Cluster": "part of AdmissionControl's state, which passes the battery",
    "detectors.pipeline.counter_cases._Case": "part of CounterCases' state, which passes the battery",
    "detectors.pipeline.cascade.Cascade": "its state is part of Pipeline's snapshot, which passes the battery",
    "detectors.pipeline.cascade_tracker.CascadeTracker": "part of Pipeline's state, which passes the battery",
    "detectors.pipeline.ordered.clustering.OrderedClustering": "part of Pipeline's state, which passes the battery",
    "detectors.pipeline.cascade_stage.CascadeStage": LIVE,
    "detectors.pipeline.cascades.Cascades": "its state is part of Pipeline's snapshot, which passes the battery",
    "detectors.pipeline.cluster_stage.ClusterStage": LIVE,
    "detectors.pipeline.intake.Intake": "its state is part of Pipeline's snapshot, which passes the battery",
}
"""Stateful classes without an adapter of their own: qualified name -> why."""

__all__ = ["PARTS_OF_OTHERS", "REGISTRY"]
