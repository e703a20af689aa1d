"""Lay out a forward graph by time and by tree, and reduce the graph to a readable number of messages.

Event time runs from left to right. Each tree has rows of its own, and a message is in the middle of its forwards.
Depth therefore reads as steps to the right, and the page draws the positions without a force simulation.
"""

from collections.abc import Sequence

import msgspec

from streams.runs.report.payload import Forwarder, Shape
from streams.runs.tables import MIN_CONFIDENCE, RECORDED

_SHORT = 12


class Share(msgspec.Struct, frozen=True):
    """Message with its parent, from the table of shares."""

    message: str
    parent: str | None
    time: int
    sharer: str
    source: str
    confidence: float


class _Tree(msgspec.Struct):
    """Graph as indices, in order of time; in `order` a parent precedes its children."""

    shares: list[Share]
    parent: list[int]
    children: list[list[int]]
    order: list[int]
    depth: list[int]
    descendants: list[int]


def lay_out(shares: Sequence[Share], max_nodes: int, max_forwarders: int) -> tuple[Shape, list[Forwarder]]:
    """Return the layout of a graph and its most influential messages.

    Time and memory are linear in the number of shares, apart from one sort.

    Args:
        shares: shares of one cluster.
        max_nodes: nodes of the layout; nodes with the most descendants come first.
        max_forwarders: influential messages to return.

    """
    tree = _tree(shares)
    ranked = sorted(range(len(tree.shares)), key=lambda node: (-tree.descendants[node], tree.depth[node], node))
    return _shape(tree, sorted(ranked[:max_nodes])), _forwarders(tree, max_forwarders)


def _tree(shares: Sequence[Share]) -> _Tree:
    first: dict[str, Share] = {}
    for share in sorted(shares, key=lambda share: share.time):
        first.setdefault(share.message, share)
    unseen: dict[str, Share] = {}
    for share in first.values():  # a message known only as a parent is drawn too
        if share.source in RECORDED and share.parent is not None and share.parent not in first:
            unseen.setdefault(share.parent, Share(share.parent, None, share.time, "", "unseen", 0.0))
    nodes = [*unseen.values(), *first.values()]
    index = {share.message: number for number, share in enumerate(nodes)}
    parent = [_parent(share, index) for share in nodes]
    order, depth = _walk(parent, _children(parent))
    parent = [above if depth[number] else -1 for number, above in enumerate(parent)]
    descendants = [0] * len(nodes)
    for number in reversed(order):
        if parent[number] >= 0:
            descendants[parent[number]] += descendants[number] + 1
    return _Tree(nodes, parent, _children(parent), order, depth, descendants)


def _children(parent: Sequence[int]) -> list[list[int]]:
    children: list[list[int]] = [[] for _ in parent]
    for number, above in enumerate(parent):
        if above >= 0:
            children[above].append(number)
    return children


def _parent(share: Share, index: dict[str, int]) -> int:
    known = share.parent is not None and (share.source in RECORDED or share.confidence >= MIN_CONFIDENCE)
    return index.get(share.parent or "", -1) if known and share.parent != share.message else -1


def _walk(parent: list[int], children: list[list[int]]) -> tuple[list[int], list[int]]:
    """Walk depth first, parents before children. A cycle starts at its earliest message."""
    order: list[int] = []
    depth = [-1] * len(parent)
    roots = [number for number, above in enumerate(parent) if above < 0]
    for root in (*roots, *range(len(parent))):
        if depth[root] >= 0:
            continue
        depth[root] = 0
        stack = [root]
        while stack:
            number = stack.pop()
            order.append(number)
            for child in reversed(children[number]):
                if depth[child] < 0:
                    depth[child] = depth[number] + 1
                    stack.append(child)
    return order, depth


def _shape(tree: _Tree, drawn: Sequence[int]) -> Shape:
    position = {number: at for at, number in enumerate(drawn)}
    rows = _rows(tree, position)
    return Shape(
        time=[tree.shares[number].time for number in drawn],
        row=[rows[number] for number in drawn],
        parent=[position.get(tree.parent[number], -1) for number in drawn],
        recorded=[int(tree.shares[number].source in RECORDED) for number in drawn],
        depth=[tree.depth[number] for number in drawn],
        children=[len(tree.children[number]) for number in drawn],
        descendants=[tree.descendants[number] for number in drawn],
        hidden=_hidden(tree, position),
        message=[tree.shares[number].message[:_SHORT] for number in drawn],
        total=len(tree.shares),
    )


def _hidden(tree: _Tree, position: dict[int, int]) -> list[int]:
    """Count for each drawn node the hidden descendants without a drawn node between."""
    hidden = [0] * len(position)
    nearest = [-1] * len(tree.shares)  # position of the nearest drawn ancestor
    for number in tree.order:
        above = tree.parent[number]
        if above >= 0:
            nearest[number] = position.get(above, nearest[above])
        if number not in position and nearest[number] >= 0:
            hidden[nearest[number]] += 1
    return hidden


def _rows(tree: _Tree, position: dict[int, int]) -> dict[int, float]:
    """Place leaves in rows of their own, in the order of the walk; centre other nodes on their drawn children."""
    rows: dict[int, float] = {}
    below: dict[int, list[float]] = {}
    free = 0
    for number in tree.order:
        if number in position and not any(child in position for child in tree.children[number]):
            rows[number] = float(free)
            free += 1
    for number in reversed(tree.order):
        if number not in position:
            continue
        if number not in rows:
            span = below[number]
            rows[number] = (min(span) + max(span)) / 2
        below.setdefault(tree.parent[number], []).append(rows[number])
    return rows


def _forwarders(tree: _Tree, max_forwarders: int) -> list[Forwarder]:
    nodes = range(len(tree.shares))
    ranked = sorted(nodes, key=lambda number: (-tree.descendants[number], -len(tree.children[number]), number))
    return [
        Forwarder(
            message=tree.shares[number].message[:_SHORT],
            sharer=tree.shares[number].sharer[:_SHORT],
            time=tree.shares[number].time,
            depth=tree.depth[number],
            children=len(tree.children[number]),
            descendants=tree.descendants[number],
        )
        for number in ranked[:max_forwarders]
        if tree.descendants[number]
    ]


__all__ = ["Share", "lay_out"]
