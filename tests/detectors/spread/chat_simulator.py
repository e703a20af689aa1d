"""A small world of chats in which it is known who passed a message on to whom."""

import heapq
from dataclasses import dataclass

import numpy as np

from schemas.event import Kind
from schemas.sighting import Sighting, TextContent

MINUTE = 60_000


@dataclass(frozen=True)
class Share:
    """What a detector sees, where the sender was seen before, and the true parent (None: nobody monitored it)."""

    sighting: Sighting
    member_chats: tuple[str, ...]
    parent: str | None


def simulate(seed: int, *, monitored: float, known: float, size: int = 600) -> list[Share]:
    """One cascade in event-time order.

    Each member of a chat passes a post on with a small probability after a power-law delay (not the detector's own:
    plateau 10 minutes, tail exponent 0.5), to one to three other chats within minutes, at the first exposure that moves
    them. `monitored` is the share of chats that are seen, `known` the share of memberships.
    """
    rng = np.random.default_rng(seed)
    users, chats = 1500, 300
    popularity = 1 / np.arange(1, chats + 1) ** 0.4
    member_of = [
        np.sort(
            rng.choice(chats, size=int(min(2 + rng.geometric(0.35), 8)), replace=False, p=popularity / popularity.sum())
        )
        for _ in range(users)
    ]
    members: list[list[int]] = [[] for _ in range(chats)]
    for user, own in enumerate(member_of):
        for chat in own:
            members[chat].append(user)
    seen = rng.random(chats) < monitored
    remembered = [{int(c) for c in own if rng.random() < known} for own in member_of]
    posts: list[tuple[int, int, int, int, int, int | None]] = []  # time, number, user, chat, hops, parent's number
    acted: set[int] = set()
    waiting: list[tuple[int, int, int, int | None]] = [(0, int(rng.integers(users)), -1, None)]
    while waiting and len(posts) < size:
        time, user, from_chat, parent = heapq.heappop(waiting)
        if user in acted:
            continue
        acted.add(user)
        hops = 0 if parent is None else posts[parent][4] + 1
        others = [int(c) for c in member_of[user] if c != from_chat]
        for chat in rng.permutation(others)[: 1 + int(rng.integers(3))]:
            time += int(rng.integers(1_000, MINUTE))
            number = len(posts)
            posts.append((time, number, user, int(chat), hops, parent))
            for member in members[chat]:
                if member != user and rng.random() < 0.035:
                    delay = 10 * MINUTE * (rng.random() if rng.random() < 0.4 else (1 - rng.random()) ** -2)
                    heapq.heappush(waiting, (time + int(delay) + 1, member, int(chat), number))
    return [_share(post, posts, seen, remembered) for post in sorted(posts) if seen[post[3]]]


def _share(post, posts, seen, remembered) -> Share:
    time, number, user, chat, hops, parent = post
    frequent = hops >= 5
    sighting = Sighting(
        event_id=f"{number:032x}",
        platform="sim",
        kind=Kind.FORWARD if hops else Kind.POST,
        time=time,
        key_id="k",
        content=TextContent(),
        message=f"{number:032x}",
        hops_min=5 if frequent else min(hops, 1),
        hops_max=None if frequent else 4 if hops else 0,
        frequently_forwarded=frequent,
        actor=f"{user:032x}",
        chat=f"{chat:032x}",
    )
    visible = parent is not None and seen[posts[parent][3]]
    where = tuple(f"{c:032x}" for c in sorted(remembered[user]) if seen[c])
    return Share(sighting, where, f"{parent:032x}" if visible else None)
