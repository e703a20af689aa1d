"""One cascade's forward graph: a forest of messages whose shape is known after every message, exactly.

People judge a rumour by its shape, so depth, breadth and structural virality stand beside every alert; computing them
anew costs minutes at ten thousand messages, keeping them up to date costs the message's depth.

Goel, Anderson, Hofman and Watts 2016, doi:10.1287/mnsc.2015.2158 (structural virality, the mean distance between two
messages of a tree); Vosoughi, Roy and Aral 2018, doi:10.1126/science.aap9559 (depth, maximum breadth).
"""

from enum import StrEnum
from typing import Annotated, Final, Self

import msgspec
import networkx as nx
from msgspec import Meta

from detectors.base_config import BaseConfig
from detectors.snapshot import pack, unpack
from detectors.spread.forest import Forest, Node, Totals, Tree, climb
from schemas.event import ParentEvidence
from schemas.evidence import Structure
from schemas.sighting import Sighting

_DEEPEST: Final = 4096  # a chain of parents is freed by recursion in C, so no configuration may make it longer

_SEEN: Final = 1
_DELETED: Final = 2
_ORIGIN: Final = 4
_FREQUENT: Final = 8
_CAPPED: Final = 16


class GraphConfig(BaseConfig, frozen=True, kw_only=True):
    """Bounds on the forward graph of one cascade."""

    max_nodes: Annotated[
        int,
        Meta(ge=2, description="Messages stored in one cascade's forward graph; further messages are only counted."),
    ] = 100_000
    max_depth: Annotated[
        int,
        Meta(
            ge=1,
            le=_DEEPEST,
            description="Forwards in a chain at most; a deeper message becomes a sibling of its parent.",
        ),
    ] = 512


class Placement(StrEnum):
    """What became of a message and of the parent recorded for it."""

    ROOT = "root"  # stored; no parent is recorded for it
    LINKED = "linked"  # stored, with the edge to its parent
    CAPPED = "capped"  # stored; its parent sits too deep, so it hangs further up, or stays a root
    REPEATED = "repeated"  # known already; nothing new
    SECOND_PARENT = "second_parent"  # known already, with another parent: the first recorded edge stays
    SELF_PARENT = "self_parent"  # names itself as its parent: edge refused
    CYCLE = "cycle"  # its parent descends from it: edge refused
    OVERFLOW = "overflow"  # the graph is full: the message, or the unseen parent it names, is counted only


class Tally(msgspec.Struct):
    """What the graph holds and refused besides its shape; material for an alert's data notes."""

    unseen: int = 0
    deleted: int = 0
    frequently_forwarded: int = 0
    origin_edges: int = 0  # edges to the origin, because the platform tells no nearer parent: a star
    hops_at_least: int = 0  # the largest hop hint
    repeated: int = 0
    second_parents: int = 0
    self_parents: int = 0
    cycles: int = 0
    capped: int = 0
    overflow: int = 0


_OF_NODES: Final = ("unseen", "deleted", "frequently_forwarded", "origin_edges")
_OF_EVENTS: Final = ("repeated", "second_parents", "self_parents", "cycles", "capped", "overflow")
_COUNTER: Final = {
    Placement.REPEATED: "repeated",
    Placement.SECOND_PARENT: "second_parents",
    Placement.SELF_PARENT: "self_parents",
    Placement.CYCLE: "cycles",
    Placement.CAPPED: "capped",
    Placement.OVERFLOW: "overflow",
}
_LINKED: Final = Placement.LINKED  # read on every event, and an enum's members are slow to look up


class _State(msgspec.Struct, array_like=True):
    messages: list[str]
    events: list[str]
    times: list[int]
    flags: list[int]
    parents: list[int]  # positions; -1 for a root
    sizes: list[int]
    children: list[int]
    trees: list[tuple[int, Tree]]
    totals: Totals
    tally: Tally


def node_id(sighting: Sighting) -> str:
    """The id under which a sighting stands in the graph: its message, else the event itself."""
    return sighting.message or sighting.event_id


def recorded_parent(sighting: Sighting) -> tuple[str | None, bool]:
    """The parent that the platform recorded, and whether it is only the origin.

    A root alone is no parent: a repost that names its origin but no `via` came from somewhere unknown. Only where the
    platform never tells more than the origin does the edge go there; the graph is then a star and says so.
    """
    if sighting.parent_evidence is not ParentEvidence.ORIGIN_ONLY:
        return sighting.parent, False
    origin = sighting.root or sighting.parent
    return (None, False) if origin == sighting.message else (origin, origin is not None)


class ForwardGraph:
    """The forward graph of one cascade, from recorded edges only, with its shape kept up to date.

    A deep, narrow tree was passed on from person to person, a flat wide one was broadcast. At equal size rumours are
    deeper than other news (measured, AUC .7), false ones no deeper than true ones: read the shape beside the counts.

    A parent that nobody saw becomes a node at once, marked unseen, and is filled when it arrives; its subtree then
    moves under its own parent. Either costs the walk to the root, never a walk over the subtree. Memory: about 300
    bytes a message, at most `max_nodes` messages. Use `to_networkx` for everything that looks at the whole graph.

    >>> graph = ForwardGraph()
    >>> _ = graph.add("b", "a", 2, "event-2"), graph.add("c", "b", 3, "event-3")
    >>> shape = graph.shape()
    >>> shape.nodes, shape.unseen, shape.depth, round(shape.structural_virality, 3)
    (3, 1, 2, 1.333)
    """

    __slots__ = ("_forest", "_max_nodes", "tally")

    def __init__(self, config: GraphConfig | None = None) -> None:
        config = config or GraphConfig()
        self._max_nodes = config.max_nodes
        self._forest = Forest(config.max_depth)
        self.tally = Tally()

    def __len__(self) -> int:
        return len(self._forest.nodes)

    def __contains__(self, message: str) -> bool:
        return message in self._forest.nodes

    @property
    def max_out_degree(self) -> int:
        """The most messages that name one message as their parent."""
        return self._forest.totals.children

    def parent_of(self, message: str) -> str | None:
        """The message above it in the graph; None for a root and for a message that is not stored."""
        node = self._forest.nodes.get(message)
        return None if node is None or node.parent is None else node.parent.message

    def depth_of(self, message: str) -> int | None:
        """How far below its tree's root a message stands, O(depth); None for one that is not stored."""
        node = self._forest.nodes.get(message)
        return None if node is None else climb(node)[1]

    def add(
        self,
        message: str,
        parent: str | None,
        time: int,
        event_id: str,
        *,
        origin: bool = False,
        hops_min: int = 0,
        frequently_forwarded: bool = False,
    ) -> Placement:
        """Put a message under its recorded parent; O(depth).

        `time` is event time in milliseconds; `origin` marks an edge to the origin (see `recorded_parent`);
        `hops_min` and `frequently_forwarded` are the platform's hop hints. The same message may come again.
        """
        nodes = self._forest.nodes
        node = nodes.get(message)
        above = None if parent is None else nodes.get(parent)
        if node is not None or above is None:
            outcome = self._place(node, above, Node(message, event_id, time, _SEEN), parent)
        elif len(nodes) >= self._max_nodes:
            outcome = Placement.OVERFLOW
        else:  # the common case: a new message below a known one
            node = Node(message, event_id, time, _SEEN)
            outcome = _LINKED if self._forest.hang_leaf(node, above) else self._cap(node)
        if origin or frequently_forwarded or hops_min or outcome is not _LINKED:
            self._note(nodes.get(message), outcome, origin, hops_min, frequently_forwarded)
        return outcome

    def retract(self, message: str) -> bool:
        """Mark a message as deleted; the tree keeps it, because others came by it. False if that is no news."""
        node = self._forest.nodes.get(message)
        if node is None or node.flags & _DELETED:
            return False
        node.flags |= _DELETED
        self.tally.deleted += 1
        return True

    def shape(self) -> Structure:
        """The forest's shape; O(1), exact integers inside, one division for each mean.

        Unseen messages are nodes like others. Depth and breadth are those of the deepest and of the widest tree, means
        run over all nodes and over all pairs in the same tree. Coverage is the share of seen messages with a recorded
        parent, among those that should have one: all but one founding post, where a seen post without parent exists.
        """
        nodes, totals, tally = len(self._forest.nodes), self._forest.totals, self.tally
        expected = nodes - tally.unseen - (totals.trees > tally.unseen)
        return Structure(
            nodes=nodes,
            unseen=tally.unseen,
            trees=totals.trees,
            depth=totals.depth,
            max_breadth=totals.breadth,
            mean_depth=totals.paths / nodes if nodes else 0.0,
            structural_virality=2 * totals.wiener / totals.pairs if totals.pairs else 0.0,
            edge_coverage=(nodes - totals.trees) / expected if expected else 1.0,
            hops_at_least=tally.hops_at_least,
            frequently_forwarded=tally.frequently_forwarded,
        )

    def merge(self, other: Self) -> None:
        """Take in the graph of a merged cluster; `other` must not be used afterwards.

        Messages known to both become one: placeholders are filled, trees join. Where both record a parent, the edge in
        the larger graph stays and the other counts as a second parent. O(size of the smaller graph).
        """
        if len(other) > len(self):
            self._forest, other._forest = other._forest, self._forest
            self.tally, other.tally = other.tally, self.tally
        self._count(_OF_EVENTS, other.tally)
        self.tally.hops_at_least = max(self.tally.hops_at_least, other.tally.hops_at_least)
        mine, theirs = self._forest.nodes, other._forest.nodes
        if len(mine) + len(theirs) <= self._max_nodes and mine.keys().isdisjoint(theirs.keys()):
            self._forest.absorb(other._forest)
            self._count(_OF_NODES, other.tally)
            return
        for node in theirs.values():
            self._take(node)

    def to_networkx(self) -> nx.DiGraph:
        """The graph that people get, edges from parent to child, ready for GraphML and GEXF.

        Nodes carry `seen` and `deleted`, seen ones `time` (ms) and `event_id`; edges carry `source` (explicit or
        origin), `confidence` (1.0: they are recorded) and `capped` (whether it leads past a parent that sat too deep).
        """
        graph = nx.DiGraph()
        nodes = self._forest.nodes.values()
        for node in nodes:
            seen = bool(node.flags & _SEEN)
            facts = {"time": node.time, "event_id": node.event_id} if seen else {}
            graph.add_node(node.message, seen=seen, deleted=bool(node.flags & _DELETED), **facts)
        for node in nodes:
            if node.parent is not None:
                source = "origin" if node.flags & _ORIGIN else "explicit"
                capped = bool(node.flags & _CAPPED)
                graph.add_edge(node.parent.message, node.message, source=source, confidence=1.0, capped=capped)
        return graph

    def snapshot(self) -> bytes:
        """The whole state, O(nodes)."""
        nodes = list(self._forest.nodes.values())
        position = {node.message: number for number, node in enumerate(nodes)}
        state = _State(
            messages=list(position),
            events=[node.event_id for node in nodes],
            times=[node.time for node in nodes],
            flags=[node.flags for node in nodes],
            parents=[-1 if node.parent is None else position[node.parent.message] for node in nodes],
            sizes=[node.size for node in nodes],
            children=[node.children for node in nodes],
            trees=[(number, node.tree) for number, node in enumerate(nodes) if node.tree is not None],
            totals=self._forest.totals,
            tally=self.tally,
        )
        return pack("graph", 1, state)

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot of a graph with the same configuration."""
        state = unpack("graph", 1, _State, data)
        columns = zip(state.messages, state.events, state.times, state.flags, state.sizes, state.children, strict=True)
        nodes = [Node(m, e, t, f, size=s, children=c) for m, e, t, f, s, c in columns]
        for node, parent in zip(nodes, state.parents, strict=True):
            node.parent = nodes[parent] if parent >= 0 else None
        for number, tree in state.trees:
            nodes[number].tree = tree
        self._forest.nodes = dict(zip(state.messages, nodes, strict=True))
        self._forest.totals, self.tally = state.totals, state.tally

    def _place(self, node: Node | None, above: Node | None, fresh: Node, parent: str | None) -> Placement:
        """Everything but a new message below a known one: roots, unseen parents, fillings, repetitions."""
        if node is None:
            names_unseen = parent is not None and parent != fresh.message
            if len(self) + 1 + names_unseen > self._max_nodes:
                return Placement.OVERFLOW
            if parent is not None and names_unseen:
                self._forest.hang_leaf(fresh, self._expect(parent))
                return _LINKED
            node = self._forest.plant(fresh)
        elif not node.flags & _SEEN:
            node.time, node.event_id = fresh.time, fresh.event_id
            node.flags |= _SEEN
            self.tally.unseen -= 1
        elif parent is None or (node.parent is not None and (node.parent is above or node.flags & _CAPPED)):
            return Placement.REPEATED
        elif node.parent is not None and parent != node.message:
            return Placement.SECOND_PARENT
        return Placement.ROOT if parent is None else self._link(node, above, parent)

    def _link(self, node: Node, above: Node | None, parent: str) -> Placement:
        """Hang a root under the parent recorded for it, unless that would bend the graph back on itself."""
        if parent == node.message:
            return Placement.SELF_PARENT
        if above is None:
            if len(self) >= self._max_nodes:
                return Placement.OVERFLOW
            above = self._expect(parent)
        elif climb(above)[0] is node:
            return Placement.CYCLE
        return _LINKED if self._forest.hang(node, above) else self._cap(node)

    def _expect(self, message: str) -> Node:
        """A placeholder for a message that others point to and nobody saw."""
        self.tally.unseen += 1
        return self._forest.plant(Node(message, "", 0, 0))

    def _cap(self, node: Node) -> Placement:
        node.flags |= _CAPPED
        return Placement.CAPPED

    def _note(self, node: Node | None, outcome: Placement, origin: bool, hops: int, frequent: bool) -> None:
        """Everything that is counted but has no part in the shape."""
        tally = self.tally
        if (counter := _COUNTER.get(outcome)) is not None:
            setattr(tally, counter, getattr(tally, counter) + 1)
        if node is None:
            return
        tally.hops_at_least = max(tally.hops_at_least, hops)
        if frequent and not node.flags & _FREQUENT:
            node.flags |= _FREQUENT
            tally.frequently_forwarded += 1
        if origin and node.parent is not None and outcome in {_LINKED, Placement.CAPPED}:
            node.flags |= _ORIGIN
            tally.origin_edges += 1

    def _count(self, names: tuple[str, ...], theirs: Tally) -> None:
        for name in names:
            setattr(self.tally, name, getattr(self.tally, name) + getattr(theirs, name))

    def _take(self, node: Node) -> None:
        """One node of a graph that shares messages with this one."""
        if node.flags & _SEEN:
            self.add(
                node.message,
                None if node.parent is None else node.parent.message,
                node.time,
                node.event_id,
                origin=bool(node.flags & _ORIGIN),
                frequently_forwarded=bool(node.flags & _FREQUENT),
            )
        if node.flags & _DELETED:
            self.retract(node.message)
