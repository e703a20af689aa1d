"""A forest that grows leaf by leaf and joins tree by tree, and knows its shape after every step, exactly.

Distances between all pairs cost minutes to compute at ten thousand nodes; kept up to date they cost a walk to the root.

Wiener 1947, doi:10.1021/ja01193a005 (the sum of all distances, here per tree and with subtree sizes).
"""

from __future__ import annotations

import msgspec


class Tree(msgspec.Struct, gc=False):
    """What the root of a tree of two or more nodes knows: the sum of all depths, and how many nodes at each depth."""

    paths: int
    levels: list[int]


class Node(msgspec.Struct, gc=False):  # parents only point upwards, so there is no cycle to collect
    """One message, its place in the tree, and how many hang below it."""

    message: str
    event_id: str
    time: int
    flags: int
    parent: Node | None = None
    size: int = 1  # nodes in its subtree, itself among them
    children: int = 0
    tree: Tree | None = None  # roots of two or more only


class Totals(msgspec.Struct):
    """Sums and maxima over all trees. No step ever lowers a maximum: trees join, they never part."""

    trees: int = 0
    wiener: int = 0  # sum of the distances of all pairs in the same tree
    pairs: int = 0  # twice the number of those pairs
    paths: int = 0  # sum of all depths
    depth: int = 0
    breadth: int = 0
    children: int = 0  # the largest out-degree


class Forest:
    """Trees of nodes, none deeper than `max_depth`, and the totals over them.

    The same numbers as with A, the sum of subtree sizes over a tree's edges, and B, the sum of their squares, where
    the distances of a tree of n nodes sum up to nA - B; here that sum is kept itself.
    """

    __slots__ = ("max_depth", "nodes", "totals")

    def __init__(self, max_depth: int) -> None:
        self.max_depth = max_depth
        self.nodes: dict[str, Node] = {}
        self.totals = Totals()

    def plant(self, node: Node) -> Node:
        """A new node as a tree of its own; O(1)."""
        self.nodes[node.message] = node
        self.totals.trees += 1
        self.totals.breadth = self.totals.breadth or 1
        return node

    def hang_leaf(self, leaf: Node, above: Node) -> bool:
        """`plant` and `hang` of a single new node in one walk: this is what nearly every event does.

        False where `above` is as deep as allowed: the leaf hangs beside it.
        """
        self.nodes[leaf.message] = leaf
        totals, root, steps, sizes = self.totals, above, 0, 0
        while (up := root.parent) is not None:
            sizes += root.size
            root.size += 1
            root = up
            steps += 1
        fits = steps < self.max_depth
        if not fits and above.parent is not None:
            above.size -= 1
            sizes -= above.size
            steps -= 1
            above = above.parent
        n = root.size
        tree = root.tree or _sprout(root)
        totals.wiener += tree.paths + steps * n - 2 * sizes + n
        totals.pairs += 2 * n
        root.size = n + 1
        leaf.parent = above
        above.children = children = above.children + 1
        if children > totals.children:  # noqa: PLR1730 - on every event, and a call costs four branches
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

    def hang(self, node: Node, above: Node) -> bool:
        """Put the tree of `node`, a root, under `above`, a node of another tree; O(depth of both).

        False where that would be too deep: it hangs as far up as it must, or stays a root if it fits under nobody.

        With n, A the size and the sum of depths of the upper tree, n', A' those of the lower, D the sum of the
        distances of the upper tree's nodes to `above`, the distances between the two sum up to n'D + nn' + nA';
        D is A at the root and changes by n - 2s with each step down to a subtree of size s.
        """
        root, depth = climb(above)
        lower = node.tree or _sprout(node)
        excess = depth + len(lower.levels) - self.max_depth
        if excess > depth:
            return False
        for _ in range(excess):
            above = above.parent or above
        depth -= max(excess, 0)
        upper, totals = root.tree or _sprout(root), self.totals
        n, added = root.size, node.size
        distances, step = upper.paths, above
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
        node.parent, node.tree = above, None
        above.children += 1
        totals.children = max(totals.children, above.children)
        totals.breadth = max(totals.breadth, _overlay(upper.levels, lower.levels, depth + 1))
        totals.depth = max(totals.depth, len(upper.levels) - 1)
        return excess <= 0

    def absorb(self, other: Forest) -> None:
        """Take in the trees of a forest that has no node in common with this one."""
        self.nodes.update(other.nodes)
        mine, theirs = self.totals, other.totals
        for name in ("trees", "wiener", "pairs", "paths"):
            setattr(mine, name, getattr(mine, name) + getattr(theirs, name))
        for name in ("depth", "breadth", "children"):
            setattr(mine, name, max(getattr(mine, name), getattr(theirs, name)))


def climb(node: Node) -> tuple[Node, int]:
    """The root above a node, and the node's depth."""
    depth = 0
    while node.parent is not None:
        node = node.parent
        depth += 1
    return node, depth


def _sprout(root: Node) -> Tree:
    root.tree = tree = Tree(0, [1])
    return tree


def _overlay(upper: list[int], lower: list[int], offset: int) -> int:
    """Add the lower tree's nodes by depth, shifted down, to the upper tree's; the widest level that changed."""
    upper.extend([0] * (offset + len(lower) - len(upper)))
    widest = 0
    for depth, width in enumerate(lower, offset):
        upper[depth] += width
        widest = max(widest, upper[depth])
    return widest
