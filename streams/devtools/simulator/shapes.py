"""How a cascade grows: who passes on whose message, and when. People, chats and words are added later.

Four shapes: a star around one big account, a branching process that saturates, a burst of a few accounts, a trickle.
Branching with a reproduction number above 1 in a finite population: Goel et al. 2016, DOI 10.1287/mnsc.2015.2158.
"""

from heapq import heappop, heappush

import msgspec

from streams.devtools.simulator.clock import Day, reaction_seconds
from streams.devtools.simulator.draw import Draw

_ACT_MS = 60_000  # one person forwards to several chats within this time
_TRIES = 60
_WORTH = 0.5  # of the population: a branching process that stops below this is drawn again


class ShapeNode(msgspec.Struct, frozen=True):
    """One message of a cascade. Nodes are listed in the order of time; a parent stands before its children."""

    time: int
    parent: int  # position of the parent in the list; -1 for the first message
    act: int  # position of the first message of the same act: one person, several chats


class Branching(msgspec.Struct, frozen=True, kw_only=True):
    """A rumour that passes from chat to chat."""

    reproduction: float  # acts that follow from one act while nobody has seen the message
    population: int  # people who would pass it on
    seeds: int = 4  # acts that follow from the first message at least
    slower: float = 1.0  # factor on all reaction times
    several: float = 0.15  # share of acts that go to a second chat, and again to a third


def star(draw: Draw, day: Day, start: int, end: int, reach: int, *, quicker: float = 0.3) -> list[ShapeNode]:
    """One account is heard by many: nine of ten pass on its own message. `reach` counts those who would by and by."""
    delays = [quicker * reaction_seconds(draw.unit()) for _ in range(reach)]
    times = sorted(time for delay in delays if (time := day.later(start, delay)) < end)
    nodes = [ShapeNode(start, -1, 0)]
    for i, time in enumerate(times, 1):
        nodes.append(ShapeNode(max(time, nodes[-1].time), 0 if draw.chance(0.9) else draw.below(i), i))
    return nodes


def branching(draw: Draw, day: Day, start: int, end: int, plan: Branching) -> list[ShapeNode]:
    """The best of several attempts; one that reaches half the population is good enough.

    Most branching processes die out at once, and small talk shows those. This one stands for what got through.
    """
    best: list[ShapeNode] = []
    for _ in range(_TRIES):
        nodes = _Attempt(draw, day, plan).run(start, end)
        if len(nodes) > len(best):
            best = nodes
        if len(best) >= _WORTH * plan.population:
            break
    return best


class _Attempt:
    """One run of the branching process; exposures wait in the order of time."""

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
    """A few accounts post again and again, nearly at once; nobody forwards anybody. The act is the account."""
    first = [start + draw.below(2_000) for _ in range(accounts)]
    times = [(time + 700 * n + draw.below(900), account) for account, time in enumerate(first) for n in range(posts)]
    return _by_author(sorted(entry for entry in times if entry[0] < end))


def copies(draw: Draw, day: Day, start: int, end: int, accounts: int) -> list[ShapeNode]:
    """Each account posts the same words once or twice within the hour; nobody forwards anybody."""
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
    """Three of four messages are never passed on, the others once or a few times."""
    nodes = [ShapeNode(start, -1, 0)]
    while len(nodes) < 8 and draw.chance(0.25 if len(nodes) == 1 else 0.45):
        parent = draw.below(len(nodes))
        time = day.later(nodes[parent].time, reaction_seconds(draw.unit()))
        if time >= end or time < nodes[-1].time:
            break
        nodes.append(ShapeNode(time, parent, len(nodes)))
    return nodes
