"""A forest that grows by leaves and by joined trees, with exact totals of its shape after every step.

Distances between all pairs take minutes to compute at ten thousand nodes; an update of the totals takes one walk to the
root.

Wiener 1947, doi:10.1021/ja01193a005 (the sum of all distances, here per tree and with subtree sizes).
"""

from __future__ import annotations

import msgspec


class Tree(msgspec.Struct, gc=False):
    """Totals of a tree of two or more nodes, kept at its root: the sum of all depths, and the nodes per depth."""

    paths: int
    levels: list[int]


class Node(msgspec.Struct, gc=False):  # a parent has no reference to its children, so no cycle needs collection
    """One message, its parent, and the size of its subtree."""

    message: str
    event_id: str
    time: int
    flags: int
    parent: Node | None = None
    size: int = 1  # nodes in the subtree, including this node
    children: int = 0
    tree: Tree | None = None  # only at the root of two or more nodes


class Totals(msgspec.Struct):
    """Sums and maxima over all trees. No maximum ever falls, because trees join and never part."""

    trees: int = 0
    wiener: int = 0  # sum of the distances of all pairs within a tree
    pairs: int = 0  # twice the number of those pairs
    paths: int = 0  # sum of all depths
    depth: int = 0
    breadth: int = 0
    children: int = 0  # the largest out-degree


class Forest:
    """Trees of nodes, none deeper than `max_depth`, and the totals over all trees.

    The sum of distances equals nA - B for a tree of n nodes, with A the sum of subtree sizes over the edges of the tree
    and B the sum of the squared sizes; here the sum of distances itself is kept.
    """

    __slots__ = ("max_depth", "nodes", "totals")

    def __init__(self, max_depth: int) -> None:
        self.max_depth = max_depth
        self.nodes: dict[str, Node] = {}
        self.totals = Totals()

    def add_root(self, node: Node) -> Node:
        """Add a node as a tree of its own and return the node; O(1)."""
        self.nodes[node.message] = node
        self.totals.trees += 1
        self.totals.breadth = self.totals.breadth or 1
        return node

    def add_leaf(self, leaf: Node, parent: Node) -> bool:
        """Add a new node under `parent` in one walk to the root, the common case.

        Returns False if `parent` is at `max_depth`; the leaf then becomes its sibling.
        """
        self.nodes[leaf.message] = leaf
        totals, root, steps, sizes = self.totals, parent, 0, 0
        while (up := root.parent) is not None:
            sizes += root.size
            root.size += 1
            root = up
            steps += 1
        fits = steps < self.max_depth
        if not fits and parent.parent is not None:
            parent.size -= 1
            sizes -= parent.size
            steps -= 1
            parent = parent.parent
        n = root.size
        tree = root.tree or _new_tree(root)
        totals.wiener += tree.paths + steps * n - 2 * sizes + n
        totals.pairs += 2 * n
        root.size = n + 1
        leaf.parent = parent
        parent.children = children = parent.children + 1
        if children > totals.children:  # noqa: PLR1730 - once per event, and a call costs as much as four branches
            totals.children = children
        steps += 1
        tree.paths += steps
        totals.paths += steps
        levels = tree.levels
        if steps == len(levels):
            levels.append(1)
            totals.depth = max(totals.depth, steps)
            return fits
        levels[steps] = width = levels[steps] + 1
        if width > totals.breadth:  # noqa: PLR1730 - as above
            totals.breadth = width
        return fits

    def attach(self, node: Node, parent: Node) -> bool:
        """Attach the tree of `node`, a root, under `parent`, a node of another tree; O(depth of both).

        Returns False if the joined tree would be deeper than `max_depth`. The tree is then attached to the nearest
        ancestor of `parent` with enough room, or stays a tree of its own if there is none.

        The distances between both trees sum up to n'D + nn' + nA', with n the size of the upper tree, n' and A' the
        size and the sum of depths of the lower tree, and D the sum of distances from `parent` to the nodes of the upper
        tree. D equals the upper tree's sum of depths at the root, and changes by n - 2s with each step down to a
        subtree of size s.
        """
        root, depth = find_root(parent)
        lower = node.tree or _new_tree(node)
        excess = depth + len(lower.levels) - self.max_depth
        if excess > depth:
            return False
        for _ in range(excess):
            parent = parent.parent or parent
        depth -= max(excess, 0)
        upper, totals = root.tree or _new_tree(root), self.totals
        n, added = root.size, node.size
        distances, step = upper.paths, parent
        while step.parent is not None:
            distances += n - 2 * step.size
            step.size += added
            step = step.parent
        root.size += added
        gained = lower.paths + added * (depth + 1)
        totals.wiener += added * distances + n * (added + lower.paths)
        totals.pairs += 2 * n * added
        totals.paths += added * (depth + 1)
        totals.trees -= 1
        upper.paths += gained
        node.parent, node.tree = parent, None
        parent.children += 1
        totals.children = max(totals.children, parent.children)
        totals.breadth = max(totals.breadth, _add_levels(upper.levels, lower.levels, depth + 1))
        totals.depth = max(totals.depth, len(upper.levels) - 1)
        return excess <= 0

    def merge(self, other: Forest) -> None:
        """Add the trees of a forest without common nodes."""
        self.nodes.update(other.nodes)
        mine, theirs = self.totals, other.totals
        for name in ("trees", "wiener", "pairs", "paths"):
            setattr(mine, name, getattr(mine, name) + getattr(theirs, name))
        for name in ("depth", "breadth", "children"):
            setattr(mine, name, max(getattr(mine, name), getattr(theirs, name)))


def find_root(node: Node) -> tuple[Node, int]:
    """Return the root of a node's tree, and the depth of the node."""
    depth = 0
    while node.parent is not None:
        node = node.parent
        depth += 1
    return node, depth


def _new_tree(root: Node) -> Tree:
    root.tree = tree = Tree(0, [1])
    return tree


def _add_levels(upper: list[int], lower: list[int], offset: int) -> int:
    """Add the nodes per depth of the lower tree, shifted by `offset`; return the widest changed level."""
    upper.extend([0] * (offset + len(lower) - len(upper)))
    widest = 0
    for depth, width in enumerate(lower, offset):
        upper[depth] += width
        widest = max(widest, upper[depth])
    return widest
