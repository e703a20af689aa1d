"""Adapters of the two detectors that others are made of: clustering, and the whole pipeline."""

import hashlib
from typing import Any

import msgspec
import numpy as np

from detectors.clustering import Clustering, ClusteringConfig
from detectors.growth import GrowthConfig
from detectors.ordering.config import OrderConfig
from detectors.pipeline.cascade_stats import CascadeConfig
from detectors.pipeline.config import PipelineConfig
from detectors.pipeline.pipeline import Pipeline
from detectors.privacy.pseudonym import Pseudonymiser
from detectors.reading.config import IntakeConfig
from detectors.similarity.embedding import HashingEmbedder
from detectors.spread.edges import EdgeConfig
from detectors.spread.graph import GraphConfig
from detectors.spread.sharers import SharersConfig
from schemas.assignment import Assignment, Merge
from schemas.event import AccountStatus, Debunk, ForwardEvent, Kind
from schemas.sighting import Position, TextContent
from tests.checks import streams
from tests.checks.battery import Adapter

RUMOURS = (
    "the tap water in the old town is poisoned do not drink it before sunday",
    "schools stay closed on friday because of the storm says the ministry",
    "forward this to ten friends and the bank will double your savings tonight",
    "two strangers in a white van were seen near the primary school again",
    "the bridge over the river will be blown up at noon stay at home everyone",
)
WORDS = ("please", "really", "urgent", "now", "today", "cousin", "saw", "police", "confirmed", "share", "before")

SMALL = ClusteringConfig(
    max_clusters=40,
    max_wordings=100,
    max_messages=200,
    max_message_texts=200,
    max_albums=50,
    max_shared_keys=50,
    max_actors=50,
    exact_until=64,
)


def wording(rng: np.random.Generator) -> str:
    """A rumour, as it stands or with a few words more."""
    text = RUMOURS[int(rng.integers(0, len(RUMOURS)))]
    more = [WORDS[int(place)] for place in rng.integers(0, len(WORDS), size=int(rng.integers(0, 5)))]
    return " ".join([*more, text] if rng.uniform() < 0.5 else [text])


def content(text: str) -> TextContent:
    """A text as intake describes it."""
    digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    return TextContent(text=text, normal=text, fingerprint=digest, words=len(text.split()), sha256=digest * 2)


def cluster_stream(seed: int) -> list[Any]:
    """Rumours in several wordings, by link and by text; statements; a silence after which all is forgotten."""
    rng = np.random.default_rng(seed)
    items = []
    for number, time in enumerate(streams.times(seed, 160, 10 * streams.MINUTE)):
        when = time + 40 * streams.DAY * (number >= 120)
        text = content(wording(rng))
        known = streams.hex_id("m", int(rng.integers(0, number + 1)))
        match int(rng.integers(0, 12)):
            case 0:
                item = streams.sighting(number, when, kind=Kind.REPLY, parent=known, content=text)
            case 1:
                item = streams.sighting(number, when, kind=Kind.DELETE, message=known, content=TextContent())
            case 2:
                status = {"kind": Kind.ACCOUNT_STATE, "account_status": AccountStatus.SUSPENDED, "message": None}
                item = streams.sighting(number, when, content=TextContent(), **status)
            case 3:
                debunk = Debunk(publisher="checker", verdict="false")
                item = streams.sighting(number, when, kind=Kind.DEBUNK, message=None, content=text, debunk=debunk)
            case 4 | 5:
                item = streams.sighting(number, when, parent=known, content=text)
            case _:
                item = streams.sighting(number, when, kind=Kind.POST, content=text)
        items.append(item)
    return items


def unshifted(said: list[Assignment | Merge] | None, shift: int) -> Any:
    """Decisions, moved back in time."""
    back = []
    for each in said or ():
        if isinstance(each, Merge):
            back.append(msgspec.structs.replace(each, time=each.time - shift))
        else:
            back.append(msgspec.structs.replace(each, sighting=streams.moved(each.sighting, -shift)))
    return back


def cluster_hostile() -> Any:
    """Every message a new text by a new person, under more addresses than are remembered."""
    rng = np.random.default_rng(0)
    for number in range(1_200):
        letters = rng.integers(97, 123, size=(8, 6))
        text = " ".join(bytes(word).decode() for word in letters.astype(np.uint8))
        urls = (f"https://example.org/{number % 90}",)
        fresh = msgspec.structs.replace(content(text), urls=urls)
        yield streams.sighting(number, streams.T0 + number * 1000, content=fresh, actor=streams.hex_id("a", number))


CLUSTERING = Adapter(
    name="clustering",
    covers=Clustering,
    make=lambda: Clustering(SMALL, HashingEmbedder(64).embed),
    stream=cluster_stream,
    step=lambda clustering, item: clustering.update(item),
    hostile=cluster_hostile,
    bound=800_000,
    shift=streams.moved,
    unshift=unshifted,
    exempt={
        "duplicates": "second deliveries are removed by ReorderBuffer, before it",
        "shuffle": "order is made by ReorderBuffer, before it",
    },
)

CONFIG = PipelineConfig(
    intake=IntakeConfig(cached_texts=50),
    order=OrderConfig(
        max_late_streams=32, max_out_of_orderness_ms=streams.LATENESS, max_waiting=200, max_remembered_ids=500
    ),
    clustering=SMALL,
    cascade=CascadeConfig(max_cascades=30, max_closed=30),
    graph=GraphConfig(max_nodes=200),
    edges=EdgeConfig(max_chats=50, max_authors=50),
    sharers=SharersConfig(capacity=64),
    growth=GrowthConfig(target_size=6),
)


def raw(number: int, time: int, **fields: Any) -> tuple[bytes, Position]:
    """One event as a platform adapter publishes it, in one of two partitions."""
    given = {
        "event_id": f"event {number}",
        "platform": "test",
        "kind": Kind.POST,
        "message_id": f"message {number}",
        "actor": f"person {number % 41}",
        "chat": f"chat {number % 7}",
        **fields,
    }
    event = ForwardEvent(created_at=time, observed_at=time, **given)
    return msgspec.json.encode(event), Position("test", number % 2, number // 2)


def pipeline_stream(seed: int) -> list[tuple[bytes, Position]]:
    """Rumours that grow fast enough to alert, statements about them, a month of silence, and one that comes back."""
    rng = np.random.default_rng(seed)
    items = []
    for number, time in enumerate(streams.times(seed, 170, 8_000)):
        when = time + 12 * streams.DAY * (number >= 130)
        text = wording(rng)
        known = f"message {int(rng.integers(0, number + 1))}"
        match int(rng.integers(0, 14)):
            case 0:
                items.append(raw(number, when, kind=Kind.REPLY, parent_ref=known, text=text))
            case 1:
                items.append(raw(number, when, kind=Kind.DELETE, message_id=known))
            case 2:
                debunk = Debunk(publisher="checker", verdict="false")
                items.append(raw(number, when, kind=Kind.DEBUNK, message_id=None, text=text, debunk=debunk))
            case 3 | 4 | 5:
                items.append(raw(number, when, kind=Kind.FORWARD, parent_ref=known, text=text))
            case _:
                items.append(raw(number, when, text=text))
    items.insert(40, (b"not an event", Position("test", 0, 999)))
    return items


def at(item: tuple[bytes, Position]) -> int:
    """Event time; what is no event keeps to the middle of the stream."""
    try:
        return msgspec.json.decode(item[0], type=ForwardEvent).created_at
    except msgspec.DecodeError:
        return streams.T0 + 300_000


def later(item: tuple[bytes, Position], shift: int) -> tuple[bytes, Position]:
    """The same event at another time."""
    try:
        event = msgspec.json.decode(item[0], type=ForwardEvent)
    except msgspec.DecodeError:
        return item
    moved = msgspec.structs.replace(event, created_at=event.created_at + shift, observed_at=event.created_at + shift)
    return msgspec.json.encode(moved), item[1]


def alert_facts(said: Any, shift: int) -> Any:
    """What an output says, its times moved back; an alert's wording names the hour, so its numbers stand for it."""
    alerts = [
        (a.cluster_id, a.alert_id, a.state, a.level, a.time - shift, a.episode, a.evidence.growth, a.evidence.structure)
        for a in said.alerts
    ]
    edges = [msgspec.structs.replace(edge, time=edge.time - shift) for edge in said.edges]
    clusters = [
        msgspec.structs.replace(
            row,
            first_time=row.first_time - shift,
            last_time=row.last_time - shift,
            first_sightings=[
                msgspec.structs.replace(one, first_seen_at=one.first_seen_at - shift) for one in row.first_sightings
            ],
        )
        for row in said.clusters
    ]
    return alerts, edges, clusters, len(said.rejections)


def told(said: list[Any]) -> Any:
    """Everything that a reader gets, in order."""
    return [[each for out in said for each in getattr(out, name)] for name in ("alerts", "edges", "clusters")]


def pipeline_hostile() -> Any:
    """Every message a new text by a new person in a new chat, and every third a deletion of what nobody saw."""
    for number, sighting in enumerate(cluster_hostile()):
        someone = {"actor": f"person {number}", "chat": f"chat {number}"}
        if number % 3 == 2:
            yield raw(number, sighting.time, kind=Kind.DELETE, message_id=f"unseen {number}", **someone)
        else:
            yield raw(number, sighting.time, text=sighting.content.text, **someone)


PIPELINE = Adapter(
    name="pipeline",
    covers=Pipeline,
    make=lambda: Pipeline(CONFIG, HashingEmbedder(64), Pseudonymiser(b"k" * 32, "k1", remembered=100), "1.0"),
    stream=pipeline_stream,
    step=lambda pipeline, item: pipeline.feed([item]),
    finish=lambda pipeline: pipeline.finish(),
    hostile=pipeline_hostile,
    bound=1_600_000,
    shift=later,
    unshift=alert_facts,
    again=streams.repeated,
    shuffle=lambda items, rng: streams.disordered(items, at, rng),
    essence=told,
)
