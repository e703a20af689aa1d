"""Draw the shape of a cascade: the time and the parent of each message. People, chats and words are added later.

The shapes are a star around one big account, a branching process that saturates, a burst of a few accounts, copies of
one text, and a trickle. Branching with a reproduction number above 1 in a finite population: Goel et al. 2016,
DOI 10.1287/mnsc.2015.2158.
"""

from heapq import heappop, heappush

import msgspec

from streams.devtools.simulator.clock import Day, reaction_seconds
from streams.devtools.simulator.draw import Draw

_ACT_MS = 60_000  # longest time in which one person forwards to several chats
_TRIES = 60
_MIN_REACH = 0.5  # share of the population; a branching process that stops below the share is drawn again


class ShapeNode(msgspec.Struct, frozen=True):
    """Message of a cascade. Nodes are listed in the order of time; a parent precedes its children."""

    time: int
    parent: int  # position of the parent in the list; -1 for the first message
    act: int  # position of the first message of the act: one person forwards to several chats


class Branching(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of a rumour that spreads from chat to chat."""

    reproduction: float  # acts caused by one act in a population without earlier sharers
    population: int  # people who would forward the message
    seeds: int = 4  # least number of acts caused by the first message
    slower: float = 1.0  # factor on all reaction times
    several: float = 0.15  # share of acts that reach a second chat; of these, the share that reach a third


def star(draw: Draw, day: Day, start: int, end: int, reach: int, *, quicker: float = 0.3) -> list[ShapeNode]:
    """Draw a star: nine of ten sharers forward the message of one big account. `reach` counts sharers at any time."""
    delays = [quicker * reaction_seconds(draw.unit()) for _ in range(reach)]
    times = sorted(time for delay in delays if (time := day.later(start, delay)) < end)
    nodes = [ShapeNode(start, -1, 0)]
    for i, time in enumerate(times, 1):
        nodes.append(ShapeNode(max(time, nodes[-1].time), 0 if draw.chance(0.9) else draw.below(i), i))
    return nodes


def branching(draw: Draw, day: Day, start: int, end: int, plan: Branching) -> list[ShapeNode]:
    """Draw a branching process: the largest of several attempts, or the first that reaches half the population.

    Most branching processes die out at once, as small talk does. The result represents a rumour that spread.
    """
    best: list[ShapeNode] = []
    for _ in range(_TRIES):
        nodes = _Attempt(draw, day, plan).run(start, end)
        if len(nodes) > len(best):
            best = nodes
        if len(best) >= _MIN_REACH * plan.population:
            break
    return best


class _Attempt:
    """Run of the branching process; exposures are queued in the order of time."""

    def __init__(self, draw: Draw, day: Day, plan: Branching) -> None:
        self._draw = draw
        self._day = day
        self._plan = plan
        self._exposed: list[tuple[int, int, int]] = []  # (time, order of drawing, parent)
        self._drawn = 0
        self._nodes: list[ShapeNode] = []

    def run(self, start: int, end: int) -> list[ShapeNode]:
        draw, plan, nodes = self._draw, self._plan, self._nodes
        nodes.append(ShapeNode(start, -1, 0))
        acts = 1
        for _ in range(plan.seeds + draw.poisson(plan.reproduction)):
            self._expose(0)
        while self._exposed:
            time, _, parent = heappop(self._exposed)
            if time >= end:
                break
            if not draw.chance(1.0 - acts / plan.population):
                continue
            acts += 1
            first = len(nodes)
            for time_of_copy in _act(draw, time, end, plan.several):
                nodes.append(ShapeNode(max(time_of_copy, nodes[-1].time), parent, first))
            for _ in range(draw.poisson(plan.reproduction)):
                self._expose(first + draw.below(len(nodes) - first))
        return nodes

    def _expose(self, parent: int) -> None:
        delay = self._plan.slower * reaction_seconds(self._draw.unit())
        heappush(self._exposed, (self._day.later(self._nodes[parent].time, delay), self._drawn, parent))
        self._drawn += 1


def _act(draw: Draw, time: int, end: int, several: float) -> list[int]:
    times = [time]
    while len(times) < 3 and draw.chance(several):
        times.append(min(times[-1] + 1_000 + draw.below(_ACT_MS // 3), end - 1))
    return times


def burst(draw: Draw, start: int, end: int, accounts: int, posts: int) -> list[ShapeNode]:
    """Draw a burst: a few accounts post many times, nearly at once, without forwards. Each account is one act."""
    first = [start + draw.below(2_000) for _ in range(accounts)]
    times = [(time + 700 * n + draw.below(900), account) for account, time in enumerate(first) for n in range(posts)]
    return _by_author(sorted(entry for entry in times if entry[0] < end))


def copies(draw: Draw, day: Day, start: int, end: int, accounts: int) -> list[ShapeNode]:
    """Draw copies: each account posts the same words once or twice within the hour, without forwards."""
    times = []
    for account in range(accounts):
        time = start + (0 if account == 0 else int(draw.between(5_000, 1_800_000)))
        times.append((time, account))
        if draw.chance(0.25):
            times.append((day.later(time, draw.between(60.0, 1_800.0)), account))
    return _by_author(sorted(entry for entry in times if entry[0] < end))


def _by_author(times: list[tuple[int, int]]) -> list[ShapeNode]:
    first: dict[int, int] = {}
    return [ShapeNode(time, -1, first.setdefault(author, i)) for i, (time, author) in enumerate(times)]


def trickle(draw: Draw, day: Day, start: int, end: int) -> list[ShapeNode]:
    """Draw a trickle: three of four messages are never forwarded, the others once or a few times."""
    nodes = [ShapeNode(start, -1, 0)]
    while len(nodes) < 8 and draw.chance(0.25 if len(nodes) == 1 else 0.45):
        parent = draw.below(len(nodes))
        time = day.later(nodes[parent].time, reaction_seconds(draw.unit()))
        if time >= end or time < nodes[-1].time:
            break
        nodes.append(ShapeNode(time, parent, len(nodes)))
    return nodes
