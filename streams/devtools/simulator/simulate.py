"""Compose a stream: the cascades, their times and languages, and exactly the requested number of events.

Kinds, languages and platforms take turns by weight, so a stream of a few thousand events contains every kind.
"""

import msgspec
import numpy as np

from schemas.event import ForwardEvent
from streams.devtools.simulator.cascades import CascadePlan, CascadeWriter, Entry, Post, describe, entries
from streams.devtools.simulator.clock import Day
from streams.devtools.simulator.config import SimulatorConfig
from streams.devtools.simulator.disorder import Simulation, deliver
from streams.devtools.simulator.draw import Draw, WeightedRoundRobin
from streams.devtools.simulator.library import ClaimScript, Library
from streams.devtools.simulator.population import Population
from streams.devtools.simulator.shapes import Branching, ShapeNode, branching, burst, copies, star, trickle
from streams.devtools.simulator.side_events import SideEvents, side_events
from streams.devtools.simulator.truth import CascadeKind, CascadeTruth, EventTruth, Truth

_PLATFORMS = {
    CascadeKind.SMALL_TALK: (("whatsapp", 0.6), ("telegram", 0.15), ("bluesky", 0.15), ("x", 0.1)),
    CascadeKind.ORGANIC: (("x", 0.4), ("telegram", 0.3), ("bluesky", 0.3)),
    CascadeKind.VIRAL: (("whatsapp", 0.7), ("telegram", 0.14), ("bluesky", 0.1), ("x", 0.06)),
    CascadeKind.SLOW_BURN: (("whatsapp", 0.7), ("telegram", 0.3)),
    CascadeKind.BOT_BURST: (("x", 0.6), ("telegram", 0.4)),
    CascadeKind.COPY_PASTE: (("x", 0.5), ("telegram", 0.3), ("bluesky", 0.2)),
}
_BEGINS = {  # part of the stream in which a kind begins; slow kinds begin early
    CascadeKind.SMALL_TALK: (0.0, 1.0),
    CascadeKind.ORGANIC: (0.02, 0.85),
    CascadeKind.VIRAL: (0.03, 0.6),
    CascadeKind.SLOW_BURN: (0.0, 0.15),
    CascadeKind.BOT_BURST: (0.1, 0.8),
    CascadeKind.COPY_PASTE: (0.1, 0.9),
}
_LINKED = 0.25  # share of rumours with a link; news always has one
_PICTURED = 0.3


class _Cluster(msgspec.Struct, frozen=True):
    plan: CascadePlan
    posts: list[Post]
    sides: SideEvents

    def size(self) -> int:
        return len(self.posts) + len(self.sides.entries) + len(self.sides.replies)


def simulate(config: SimulatorConfig) -> Simulation:
    """Simulate a stream of message trails with its truth. Equal configurations give equal bytes on every machine.

    Costs about 0.2 ms per event; the whole stream is in memory.
    """
    return _StreamBuilder(config).stream()


class _StreamBuilder:
    def __init__(self, config: SimulatorConfig) -> None:
        self._config = config
        self._draw = Draw(np.random.default_rng(config.seed))
        self._day = Day()
        people = max(300, min(20_000, config.events // 4 if config.cascades is None else config.cascades * 5))
        self._library = Library()
        self._writer = CascadeWriter(self._draw, config, self._library, Population(self._library.packs, people))
        self._kinds = WeightedRoundRobin([(name, getattr(config.mix, name)) for name in config.mix.__struct_fields__])
        self._languages = {kind: WeightedRoundRobin(config.languages) for kind in CascadeKind}
        self._platforms = {kind: WeightedRoundRobin(_PLATFORMS[kind]) for kind in CascadeKind}
        self._rumours: list[CascadePlan] = []
        self._last_number = 0
        self._clusters: list[_Cluster] = []

    def stream(self) -> Simulation:
        """Return the events of all cascades in the order of arrival."""
        if self._config.cascades is None:
            self._until_enough(self._config.events)
        else:
            for _ in range(self._config.cascades):
                self._accept(self._cluster(CascadeKind(self._kinds.pick())))
        written = sorted(self._entries(), key=_by_time)
        truth = Truth(self._config.seed, self._cascades(), [truth for _, truth in written], [])
        return deliver(self._draw, [event for event, _ in written], truth, self._config.disorder)

    def _until_enough(self, events: int) -> None:
        left = events
        while left > 0:
            cluster = self._cluster(CascadeKind(self._kinds.pick()))
            if cluster.size() > left:
                cluster = self._single()
            self._accept(cluster)
            left -= cluster.size()

    def _accept(self, cluster: _Cluster) -> None:
        self._clusters.append(cluster)
        if cluster.plan.claim.sentence and cluster.plan.kind is not CascadeKind.SMALL_TALK:
            self._rumours.append(cluster.plan)

    def _cluster(self, kind: CascadeKind) -> _Cluster:
        plan = self._plan(kind, self._nodes(kind))
        posts = self._writer.write(plan)
        return _Cluster(plan, posts, side_events(self._writer, plan, posts, self._next_cluster))

    def _single(self) -> _Cluster:
        """Return a cluster of one message, which fills the stream up to its length."""
        plan = self._plan(CascadeKind.SMALL_TALK, self._nodes(CascadeKind.SMALL_TALK)[:1])
        return _Cluster(plan, self._writer.write(plan), SideEvents())

    def _next_cluster(self) -> str:
        self._last_number += 1
        return f"c{self._last_number:05d}"

    def _nodes(self, kind: CascadeKind) -> list[ShapeNode]:
        draw, day, max_shares, end = self._draw, self._day, self._config.max_shares, self._config.end_ms
        start = self._start(kind)
        if kind is CascadeKind.ORGANIC:
            return star(draw, day, start, end, self._between(8, draw.log_normal(75, 0.9), max_shares))
        if kind is CascadeKind.VIRAL:
            people = self._between(15, draw.log_normal(170, 0.7), max_shares * 3 // 4)
            return branching(draw, day, start, end, Branching(reproduction=draw.between(1.8, 2.6), population=people))
        if kind is CascadeKind.SLOW_BURN:
            people = self._between(15, draw.log_normal(150, 0.3), max_shares * 3 // 4)
            slow = Branching(reproduction=2.2, population=people, seeds=10 + people // 6, slower=20.0)
            return branching(draw, day, start, end, slow)
        if kind is CascadeKind.BOT_BURST:
            accounts = 3 + draw.below(6)
            return burst(draw, start, end, accounts, self._between(2, 20 * 10 ** draw.unit(), max_shares // accounts))
        if kind is CascadeKind.COPY_PASTE:
            return copies(draw, day, start, end, self._between(4, 8 + draw.below(25), max_shares // 2))
        return trickle(draw, day, start, end)

    def _between(self, low: int, value: float, high: int) -> int:
        return max(low, min(round(value), high))

    def _start(self, kind: CascadeKind) -> int:
        first, last = _BEGINS[kind]
        span = self._config.end_ms - self._config.start_ms
        start = self._config.start_ms
        return self._day.moment(start + round(first * span), start + round(last * span) - 1, self._draw.unit())

    def _plan(self, kind: CascadeKind, nodes: list[ShapeNode]) -> CascadePlan:
        lang, platform = self._languages[kind].pick(), self._platforms[kind].pick()
        claim, negative_of = self._claim(kind, lang, nodes[0].time)
        return CascadePlan(
            cluster=self._next_cluster(),
            kind=kind,
            claim=claim,
            platform=platform,
            nodes=nodes,
            media=self._draw.hexadecimal(64) if self._draw.chance(_PICTURED) else None,
            negative_of=negative_of,
        )

    def _claim(self, kind: CascadeKind, lang: str, time: int) -> tuple[ClaimScript, str | None]:
        if kind is CascadeKind.SMALL_TALK:
            return self._small_talk(lang, [plan for plan in self._rumours if plan.nodes[0].time < time])
        if kind is CascadeKind.ORGANIC:
            return self._link(self._library.news(self._draw, lang), 1.0), None
        return self._link(self._library.rumour(self._draw, lang), _LINKED), None

    def _small_talk(self, lang: str, rumours: list[CascadePlan]) -> tuple[ClaimScript, str | None]:
        """Return an everyday claim, or a hard case: a message that resembles an earlier rumour."""
        draw, library = self._draw, self._library
        u = draw.unit()
        if u < 0.18 and rumours:
            alike = draw.choice(rumours)
            if u < 0.14:
                return library.neighbour(draw, alike.claim), alike.cluster
            if (checked := library.factcheck(alike.claim)) is not None:
                return checked, alike.cluster
        elif u < 0.30:
            return library.rumour(draw, lang), None
        if u < 0.75 and (claim := library.chatter(draw, lang)) is not None:
            return claim, None
        return library.short(draw, lang), None

    def _link(self, claim: ClaimScript, probability: float) -> ClaimScript:
        if not self._draw.chance(probability):
            return claim
        address = f"https://news.example.com/{claim.topic}/{self._draw.hexadecimal(10)}"
        return msgspec.structs.replace(claim, text=f"{claim.text} {address}")

    def _entries(self) -> list[Entry]:
        written: list[Entry] = []
        for cluster in self._clusters:
            written += entries(cluster.posts)
            written += cluster.sides.entries
            written += [post.entry for _, post in cluster.sides.replies]
        return written

    def _cascades(self) -> list[CascadeTruth]:
        big = self._config.target_size
        found = []
        answers: dict[str, tuple[CascadePlan, list[Post]]] = {}
        for cluster in self._clusters:
            sides = cluster.sides
            posts = sorted([*cluster.posts, *sides.clips], key=lambda post: _by_time(post.entry))
            found.append(describe(cluster.plan, posts, sides.removed, big, sides.debunked_at))
            for plan, post in sides.replies:
                answers.setdefault(plan.cluster, (plan, []))[1].append(post)
        for plan, posts in answers.values():
            posts.sort(key=lambda post: _by_time(post.entry))
            found.append(describe(plan, posts, set(), big))
        return sorted(found, key=lambda cascade: (cascade.start, cascade.cluster))


def _by_time(entry: tuple[ForwardEvent, EventTruth]) -> tuple[int, str]:
    return entry[0].stamped_at, entry[0].event_id
