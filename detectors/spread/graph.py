"""Forward graph of one cascade: a forest of messages, with the exact shape after every message.

Reviewers judge a rumour by its shape, so every alert quotes depth, breadth and structural virality. A full computation
takes minutes at ten thousand messages; an update takes a walk of the message's depth.

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
from detectors.spread.forest import Forest, Node, Totals, Tree, find_root
from schemas.event import ParentEvidence
from schemas.evidence import Structure
from schemas.sighting import Sighting

_DEEPEST: Final = 4096  # the interpreter frees a chain of parents by recursion in C, so the chain must be bounded

_SEEN: Final = 1
_DELETED: Final = 2
_ORIGIN: Final = 4
_FREQUENT: Final = 8
_CAPPED: Final = 16
_REPOST: Final = 32


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
    """Result of adding a message and its recorded parent to the graph."""

    ROOT = "root"  # stored without a parent
    LINKED = "linked"  # stored with the edge to the parent
    CAPPED = "capped"  # stored under an ancestor of the parent, or as a root, because the parent is too deep
    REPEATED = "repeated"  # known already, no change
    SECOND_PARENT = "second_parent"  # known already with another parent; the first edge is kept
    SELF_PARENT = "self_parent"  # stored; the message names itself as parent, edge refused
    CYCLE = "cycle"  # stored; the parent descends from the message, edge refused
    OVERFLOW = "overflow"  # only counted: the graph has no room for the message or its unseen parent


class Tally(msgspec.Struct):
    """Counts of stored and refused messages, for the data notes of an alert."""

    unseen: int = 0
    deleted: int = 0
    frequently_forwarded: int = 0
    origin_edges: int = 0  # edges to the origin, where the platform records no nearer parent
    hops_at_least: int = 0  # the largest hop count that a platform reported
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
_LINKED: Final = Placement.LINKED  # read on every event; access to enum members is slow


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
    """Return the id of a sighting's node: the message, or else the event."""
    return sighting.message or sighting.event_id


def recorded_parent(sighting: Sighting) -> tuple[str | None, bool]:
    """Return the recorded parent, and True if the recorded parent is only the origin.

    A root alone is no parent: a repost that names its origin but no `via` has an unknown parent. The edge leads to the
    origin only if the platform never records more (`origin_only`); the graph is then a star, marked as such.
    """
    if sighting.parent_evidence is not ParentEvidence.ORIGIN_ONLY:
        return sighting.parent, False
    origin = sighting.root or sighting.parent
    return (None, False) if origin == sighting.message else (origin, origin is not None)


class ForwardGraph:
    """Forward graph of one cascade, from recorded edges only, with its shape kept up to date.

    A deep, narrow tree passed from person to person; a flat, wide tree was broadcast. At equal size, rumours are deeper
    than other news (measured, AUC .7), and false rumours no deeper than true ones: compare the shape with the counts.

    An unseen parent becomes a node at once, marked unseen. When the parent arrives, its node is filled, and its subtree
    moves under its own parent. Both steps cost a walk to the root, never a walk over the subtree. Memory: about 300
    bytes per message, for at most `max_nodes` messages. Use `to_networkx` for algorithms over the whole graph.

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
        """Largest number of messages with the same parent."""
        return self._forest.totals.children

    def parent_of(self, message: str) -> str | None:
        """Return the parent of a message; None for a root or an unknown message."""
        node = self._forest.nodes.get(message)
        return None if node is None or node.parent is None else node.parent.message

    def original_of(self, message: str) -> str | None:
        """Follow reposts up to the original, O(depth); None for an unknown message, or an unknown original."""
        node = self._forest.nodes.get(message)
        while node is not None and node.flags & _REPOST:
            node = node.parent
        return None if node is None else node.message

    def is_deleted(self, message: str) -> bool:
        """Return True for a message marked as deleted."""
        node = self._forest.nodes.get(message)
        return node is not None and bool(node.flags & _DELETED)

    def depth_of(self, message: str) -> int | None:
        """Return the distance of a message from the root, O(depth); None for an unknown message."""
        node = self._forest.nodes.get(message)
        return None if node is None else find_root(node)[1]

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
        repost: bool = False,
    ) -> Placement:
        """Add a message under its recorded parent, or add nothing if the message is known; O(depth).

        Args:
            message: id of the message.
            parent: id of the recorded parent, if any.
            time: event time in ms.
            event_id: id of the event.
            origin: True if the parent is only the origin (see `recorded_parent`).
            hops_min: least number of forwards that the platform reports.
            frequently_forwarded: True if the platform marks the message as frequently forwarded.
            repost: True for a forward, whose counters are those of its original.
        """
        nodes = self._forest.nodes
        node = nodes.get(message)
        parent_node = None if parent is None else nodes.get(parent)
        flags = _SEEN | _REPOST if repost else _SEEN
        if node is not None or parent_node is None:
            placement = self._place(node, parent_node, Node(message, event_id, time, flags), parent)
        elif len(nodes) >= self._max_nodes:
            placement = Placement.OVERFLOW
        else:  # the common case: a new message under a known parent
            node = Node(message, event_id, time, flags)
            placement = _LINKED if self._forest.add_leaf(node, parent_node) else _mark_capped(node)
        if origin or frequently_forwarded or hops_min or placement is not _LINKED:
            self._update_tally(nodes.get(message), placement, origin, hops_min, frequently_forwarded)
        return placement

    def retract(self, message: str) -> bool:
        """Mark a message as deleted and keep its node; return False if the message is unknown or marked already."""
        node = self._forest.nodes.get(message)
        if node is None or node.flags & _DELETED:
            return False
        node.flags |= _DELETED
        self.tally.deleted += 1
        return True

    def shape(self) -> Structure:
        """Return the shape of the forest; O(1), from exact integers with one division per mean.

        Unseen messages count as nodes. Depth and breadth refer to the deepest and the widest tree, means to all nodes
        and to all pairs within a tree. Coverage is the share of seen messages with a recorded parent; the denominator
        excludes one first post if a seen message has no parent.
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
        """Add the graph of a merged cluster; `other` must not be used afterwards.

        A common message becomes one node: unseen nodes are filled, trees join. If both graphs record a parent, the edge
        of the larger graph is kept and the other edge counts as a second parent. O(size of the smaller graph).
        """
        if len(other) > len(self):
            self._forest, other._forest = other._forest, self._forest
            self.tally, other.tally = other.tally, self.tally
        self._add_tally(_OF_EVENTS, other.tally)
        self.tally.hops_at_least = max(self.tally.hops_at_least, other.tally.hops_at_least)
        mine, theirs = self._forest.nodes, other._forest.nodes
        if len(mine) + len(theirs) <= self._max_nodes and mine.keys().isdisjoint(theirs.keys()):
            self._forest.merge(other._forest)
            self._add_tally(_OF_NODES, other.tally)
            return
        for node in theirs.values():
            self._merge_node(node)

    def to_networkx(self) -> nx.DiGraph:
        """Build a networkx graph with edges from parent to child, ready for GraphML and GEXF.

        A node has the attributes `seen` and `deleted`; a seen node also `time` (ms) and `event_id`. An edge has
        `source` (explicit or origin), `confidence` (1.0 for a recorded edge) and `capped` (True if the recorded parent
        was too deep, and the edge leads to its ancestor).
        """
        graph = nx.DiGraph()
        nodes = self._forest.nodes.values()
        for node in nodes:
            seen = bool(node.flags & _SEEN)
            details = {"time": node.time, "event_id": node.event_id} if seen else {}
            graph.add_node(node.message, seen=seen, deleted=bool(node.flags & _DELETED), **details)
        for node in nodes:
            if node.parent is not None:
                source = "origin" if node.flags & _ORIGIN else "explicit"
                capped = bool(node.flags & _CAPPED)
                graph.add_edge(node.parent.message, node.message, source=source, confidence=1.0, capped=capped)
        return graph

    def snapshot(self) -> bytes:
        """Return the whole state, O(nodes)."""
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
        """Continue from a snapshot of a graph with the same configuration.

        Raises:
            SnapshotError: `data` is not such a snapshot, or has another version.
        """
        state = unpack("graph", 1, _State, data)
        columns = zip(state.messages, state.events, state.times, state.flags, state.sizes, state.children, strict=True)
        nodes = [Node(m, e, t, f, size=s, children=c) for m, e, t, f, s, c in columns]
        for node, parent in zip(nodes, state.parents, strict=True):
            node.parent = nodes[parent] if parent >= 0 else None
        for number, tree in state.trees:
            nodes[number].tree = tree
        self._forest.nodes = dict(zip(state.messages, nodes, strict=True))
        self._forest.totals, self.tally = state.totals, state.tally

    def _place(self, node: Node | None, parent_node: Node | None, new: Node, parent: str | None) -> Placement:
        """Add a root, a child of an unseen parent or a seen version of an unseen message, or refuse a repetition."""
        if node is None:
            has_unseen_parent = parent is not None and parent != new.message
            if len(self) + 1 + has_unseen_parent > self._max_nodes:
                return Placement.OVERFLOW
            if parent is not None and has_unseen_parent:
                self._forest.add_leaf(new, self._add_unseen(parent))
                return _LINKED
            node = self._forest.add_root(new)
        elif not node.flags & _SEEN:
            node.time, node.event_id = new.time, new.event_id
            node.flags |= new.flags
            self.tally.unseen -= 1
        elif parent is None or (node.parent is not None and (node.parent is parent_node or node.flags & _CAPPED)):
            return Placement.REPEATED
        elif node.parent is not None and parent != node.message:
            return Placement.SECOND_PARENT
        return Placement.ROOT if parent is None else self._link(node, parent_node, parent)

    def _link(self, node: Node, parent_node: Node | None, parent: str) -> Placement:
        """Attach a root to its recorded parent, unless the edge would close a cycle."""
        if parent == node.message:
            return Placement.SELF_PARENT
        if parent_node is None:
            if len(self) >= self._max_nodes:
                return Placement.OVERFLOW
            parent_node = self._add_unseen(parent)
        elif find_root(parent_node)[0] is node:
            return Placement.CYCLE
        return _LINKED if self._forest.attach(node, parent_node) else _mark_capped(node)

    def _add_unseen(self, message: str) -> Node:
        """Add a node for a message known only as a parent."""
        self.tally.unseen += 1
        return self._forest.add_root(Node(message, "", 0, 0))

    def _update_tally(self, node: Node | None, placement: Placement, origin: bool, hops: int, frequent: bool) -> None:
        """Count the attributes of a message apart from the shape."""
        tally = self.tally
        if (counter := _COUNTER.get(placement)) is not None:
            setattr(tally, counter, getattr(tally, counter) + 1)
        if node is None:
            return
        tally.hops_at_least = max(tally.hops_at_least, hops)
        if frequent and not node.flags & _FREQUENT:
            node.flags |= _FREQUENT
            tally.frequently_forwarded += 1
        if origin and node.parent is not None and placement in {_LINKED, Placement.CAPPED}:
            node.flags |= _ORIGIN
            tally.origin_edges += 1

    def _add_tally(self, names: tuple[str, ...], other: Tally) -> None:
        for name in names:
            setattr(self.tally, name, getattr(self.tally, name) + getattr(other, name))

    def _merge_node(self, node: Node) -> None:
        """Add a node of a graph with common messages."""
        if node.flags & _SEEN:
            self.add(
                node.message,
                None if node.parent is None else node.parent.message,
                node.time,
                node.event_id,
                origin=bool(node.flags & _ORIGIN),
                frequently_forwarded=bool(node.flags & _FREQUENT),
                repost=bool(node.flags & _REPOST),
            )
        if node.flags & _DELETED:
            self.retract(node.message)


def _mark_capped(node: Node) -> Placement:
    node.flags |= _CAPPED
    return Placement.CAPPED
