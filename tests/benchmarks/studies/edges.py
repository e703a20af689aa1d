"""How far a hidden parent can be told: python -m tests.benchmarks.studies.edges. No model is needed.

Recorded trees with their parents hidden, and a small world of chats in which it is known who passed a message on. The
rule that ships is held against simple ones, and its confidence against how often it is right. What each figure means:
docs/evaluation.md.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np

from detectors.spread.edges import EdgeConfig, EdgeInference
from schemas.event import ForwardEvent, Kind
from schemas.sighting import Sighting, TextContent
from tests.benchmarks.corpora.tracks import require_data, table
from tests.benchmarks.metrics.scores import Interval, bootstrap, reliability
from tests.detectors.spread.chat_simulator import Share, simulate
from tests.realdata import loaders

WORLDS = ((1.0, 0.9), (1.0, 0.5), (0.3, 0.9), (0.3, 0.5), (0.1, 0.9))  # chats monitored, memberships known
SEEDS = range(1, 13)
NODES = 200  # of a recorded tree: the deepest ones would decide everything
TREES = 300
ROUNDS = 300
MEMORIES = (16, 8, 4, 2, 1)  # posts of a chat

Guess = tuple[str | None, float]  # the parent, and how sure
Rule = Callable[[Sequence[Share]], list[Guess]]


class Judged(msgspec.Struct, frozen=True):
    """One share, what was guessed and what is true."""

    message: str
    guess: str | None
    confidence: float
    truth: str | None  # None: nobody watched it


# --- rules ------------------------------------------------------------------------------------------------------------


def remembering(posts_per_chat: int) -> Rule:
    """The rule that ships, with so many posts a chat; below a confidence of one half the parent is unknown."""

    def rule(shares: Sequence[Share]) -> list[Guess]:
        inference = EdgeInference(EdgeConfig(posts_per_chat=posts_per_chat))
        edges = [inference.update(share.sighting, share.member_chats) for share in shares]
        return [(edge.parent, edge.confidence) for edge in edges]

    return rule


def star(shares: Sequence[Share]) -> list[Guess]:
    """Everybody has it from the first."""
    first = shares[0].sighting.message if shares else None
    return [(None, 0.0), *((first, 1.0) for _ in shares[1:])]


def most_recent(shares: Sequence[Share]) -> list[Guess]:
    """Everybody has it from the one before."""
    messages = [share.sighting.message for share in shares]
    return [(before, 1.0) for before in [None, *messages[:-1]]]


def uniform(shares: Sequence[Share]) -> list[Guess]:
    """Everybody has it from anybody before."""
    rng = np.random.default_rng(7)
    messages = [share.sighting.message for share in shares]
    return [(messages[int(rng.integers(n))] if n else None, 1.0) for n in range(len(messages))]


def same_chat(shares: Sequence[Share]) -> list[Guess]:
    """From the last post in the chat that it goes to."""
    return _by_chat(shares, lambda share: (share.sighting.chat or "",), first=False)


def first_exposure(shares: Sequence[Share]) -> list[Guess]:
    """From the first post in any chat that the sender is known to be in."""
    return _by_chat(shares, lambda share: share.member_chats, first=True)


def last_exposure(shares: Sequence[Share]) -> list[Guess]:
    """From the last post in any chat that the sender is known to be in."""
    return _by_chat(shares, lambda share: share.member_chats, first=False)


def _by_chat(shares: Sequence[Share], chats: Callable[[Share], Sequence[str]], *, first: bool) -> list[Guess]:
    posts: dict[str, list[Sighting]] = defaultdict(list)
    guesses = []
    for share in shares:
        own = share.sighting
        seen = [
            post for chat in chats(share) for post in posts[chat] if post.actor != own.actor and post.time < own.time
        ]
        ordered = sorted(seen, key=lambda post: (post.time, post.event_id))
        guesses.append((ordered[0 if first else -1].message if ordered else None, 1.0))
        posts[own.chat or ""].append(own)
    return guesses


RULES: Mapping[str, Rule] = {
    "shipped": remembering(EdgeConfig().posts_per_chat),
    "star": star,
    "most recent": most_recent,
    "any earlier": uniform,
    "last in the same chat": same_chat,
    "first exposure": first_exposure,
    "last exposure": last_exposure,
}


def judge(rule: Rule, shares: Sequence[Share]) -> list[Judged]:
    """Every share but the first, which has no parent."""
    guesses = rule(shares)
    return [
        Judged(share.sighting.message or "", guess, confidence, share.parent)
        for share, (guess, confidence) in list(zip(shares, guesses, strict=True))[1:]
    ]


def right(judged: Sequence[Judged]) -> float:
    """Share of guesses that are true; where nobody watched the parent, "unknown" is true."""
    return sum(one.guess == one.truth for one in judged) / len(judged) if judged else float("nan")


def spread(found: Sequence[Sequence[Judged]]) -> Interval:
    """The share that is right, with its interval over cascades."""
    hits = np.array([sum(one.guess == one.truth for one in judged) for judged in found])
    sizes = np.array([len(judged) for judged in found])
    return bootstrap(lambda chosen: float(hits[chosen].sum() / sizes[chosen].sum()), len(found), rounds=ROUNDS)


def mean_depth(judged: Sequence[Judged], which: str) -> float:
    """Of the forest that the guesses, or the truth, make."""
    depths: dict[str, int] = {}
    for one in judged:
        above = getattr(one, which)
        depths[one.message] = 0 if above is None else depths.get(above, 0) + 1
    return float(np.mean(list(depths.values()))) if depths else float("nan")


# --- worlds -----------------------------------------------------------------------------------------------------------


def judge_world(monitored: float, known: float) -> list[Judged]:
    """Every rule in one kind of world; gives what the shipped rule said."""
    cascades = [simulate(seed, monitored=monitored, known=known) for seed in SEEDS]
    rows, ours = [], []
    for name, rule in RULES.items():
        found = [judge(rule, shares) for shares in cascades if len(shares) > 1]
        everyone = [one for judged in found for one in judged]
        visible = [one for one in everyone if one.truth is not None]
        named = [one for one in everyone if one.guess is not None]
        interval = spread(found)
        depths = (mean_depth(everyone, "guess"), mean_depth(everyone, "truth"))
        rows.append(
            (name, interval.value, interval.low, interval.high, right(visible), len(named), right(named), *depths)
        )
        ours = everyone if name == "shipped" else ours
    table(
        f"a world of chats, {monitored:.0%} of them watched, {known:.0%} of memberships known (simulated)",
        ("rule", "right", "from", "to", "parent visible", "named", "of these right", "mean depth", "true depth"),
        rows,
    )
    return ours


def print_memories() -> None:
    """What remembering more or fewer posts of each chat does, in all worlds together."""
    cascades = [simulate(seed, monitored=monitored, known=known) for monitored, known in WORLDS for seed in SEEDS]
    rows = []
    for posts in MEMORIES:
        everyone = [one for shares in cascades if len(shares) > 1 for one in judge(remembering(posts), shares)]
        named = [one for one in everyone if one.guess is not None]
        rows.append((posts, right(everyone), len(named), right(named), calibration_error(named)))
    table(
        "the shipped rule with other memories, all worlds",
        ("posts a chat", "right", "named", "of these right", "calibration error"),
        rows,
    )


def calibration_error(named: Sequence[Judged]) -> float:
    """The expected calibration error of named parents."""
    rows = _by_confidence(named)
    return sum(abs(claim - came) * count for claim, came, count in rows) / max(1, len(named))


def _by_confidence(named: Sequence[Judged]) -> list[tuple[float, float, int]]:
    return reliability(
        {str(n): one.confidence for n, one in enumerate(named)},
        {str(n): one.guess == one.truth for n, one in enumerate(named)},
    )


def print_reliability(judged: Sequence[Judged]) -> None:
    """How often a named parent is right, by how sure the rule was."""
    named = [one for one in judged if one.guess is not None]
    misses = [(one.confidence - (one.guess == one.truth)) ** 2 for one in named]
    error, brier = calibration_error(named), float(np.mean(misses)) if named else float("nan")
    table(
        f"confidence of the shipped rule, all worlds: expected calibration error {error:.3f}, Brier {brier:.3f}",
        ("mean confidence", "right", "edges"),
        _by_confidence(named),
    )


# --- recorded trees ---------------------------------------------------------------------------------------------------


def hidden(events: Sequence[ForwardEvent], cascade_of: Mapping[str, str]) -> list[list[Share]]:
    """The recorded trees in time order, each parent known to nobody but the judge."""
    trees: dict[str, list[ForwardEvent]] = defaultdict(list)
    for event in events:
        trees[cascade_of[event.event_id]].append(event)
    chosen = [tree[:NODES] for _, tree in sorted(trees.items()) if len(tree) > 1][:TREES]
    return [[_hidden(event, {one.message_id for one in tree}) for event in tree] for tree in chosen]


def _hidden(event: ForwardEvent, seen: set[str | None]) -> Share:
    sighting = Sighting(
        event_id=event.event_id,
        platform=event.platform,
        kind=Kind.FORWARD if event.parent_ref else Kind.POST,
        time=event.created_at,
        key_id="benchmark",
        content=TextContent(),
        message=event.message_id,
        actor=event.actor,
    )
    return Share(sighting, (), event.parent_ref if event.parent_ref in seen else None)


def judge_trees(name: str, events: Sequence[ForwardEvent], file: str) -> None:
    """The rules that need no chats, on recorded trees."""
    trees = hidden(events, {str(row["event_id"]): str(row["cascade_id"]) for row in loaders.rows(file)})
    rows = []
    for rule in ("shipped", "star", "most recent", "any earlier"):
        found = [judge(RULES[rule], tree) for tree in trees]
        everyone = [one for judged in found for one in judged]
        roots = {tree[0].sighting.message for tree in trees}
        inner = [one for one in everyone if one.truth is not None and one.truth not in roots]
        interval = spread(found)
        depth = float(np.mean([mean_depth(judged, "guess") for judged in found]))
        true = float(np.mean([mean_depth(judged, "truth") for judged in found]))
        rows.append((rule, interval.value, interval.low, interval.high, right(inner), len(inner), depth, true))
    table(
        f"{name}: {len(trees)} recorded trees, parents hidden, the first {NODES} messages of each; no chats are known",
        ("rule", "right", "from", "to", "not from the root", "such edges", "mean depth", "true depth"),
        rows,
    )


def main() -> None:
    """Print the tables."""
    require_data()
    judged = [one for monitored, known in WORLDS for one in judge_world(monitored, known)]
    print_reliability(judged)
    print_memories()
    judge_trees("Twitter15/16", loaders.twitter1516(), "twitter1516_dev_events")
    judge_trees("CasFlow", loaders.casflow(), "casflow_weibo_sample")
    judge_trees("Telegram", loaders.telegram(), "telegram_structure_dev")


if __name__ == "__main__":
    main()
