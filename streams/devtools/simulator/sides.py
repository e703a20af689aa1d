"""What happens around a message: answers, deletions, reports, fact-checks, fallen accounts, counters.

These are the events that a naive schema forgets. None of them is a share, and each must change what it is about and
nothing else.
"""

from collections.abc import Callable

import msgspec

from schemas.event import AccountStatus, Counters, Debunk, ForwardEvent, Kind, ParentEvidence, Report, Source
from streams.devtools.simulator.library import ClaimScript
from streams.devtools.simulator.story import Entry, Plot, Post, Teller
from streams.devtools.simulator.truth import CascadeKind, EventTruth

_HOUR = 3_600_000
_CATEGORIES = ("false_information", "violence", "spam", "fraud", "health")
_PUBLISHERS = ("Desk of Doubt", "Sach Patrika", "Second Look")  # made up
_RUMOURS = (CascadeKind.VIRAL, CascadeKind.SLOW_BURN)
_REPLIED = 0.03
_DELETED = 0.012
_REPORTED = 0.04
_COUNTED = 0.05


class Sides(msgspec.Struct):
    """What was said about a cascade, and what it took away."""

    entries: list[Entry] = []
    clips: list[Post] = []  # uploads where shares are not shown; their events are among the entries
    replies: list[tuple[Plot, Post]] = []  # each is a little cluster of its own
    gone: set[str] = set()  # event ids of messages that no longer stand
    debunked_at: int | None = None


Claimed = Callable[[], str]  # gives the next cluster id


def around(teller: Teller, plot: Plot, posts: list[Post], next_cluster: Claimed) -> Sides:
    """Everything that happens around a told cascade before the stream ends."""
    sides = Sides()
    for post in posts:
        _about_one(teller, plot, post, sides, next_cluster)
    if plot.kind is CascadeKind.BOT_BURST:
        _suspend(teller, plot, posts, sides)
    if plot.kind in _RUMOURS and len(posts) >= 10:
        _debunk(teller, plot, posts, sides)
    if plot.kind is CascadeKind.ORGANIC and teller.draw.chance(0.4):
        _upload(teller, plot, posts[0], sides)
    return sides


def _about_one(teller: Teller, plot: Plot, post: Post, sides: Sides, next_cluster: Claimed) -> None:
    draw, platform = teller.draw, post.event.platform
    if plot.kind in (CascadeKind.BOT_BURST, CascadeKind.COPY_PASTE):
        return
    if draw.chance(_REPLIED):
        _reply(teller, plot, post, sides, next_cluster)
    if draw.chance(_DELETED):
        _delete(teller, post, sides)
    if plot.kind in _RUMOURS and draw.chance(_REPORTED):
        _report(teller, post, sides)
    if platform == "telegram" and post.truth.parent is None and len(plot.nodes) > 1:
        _count(teller, post, sides, 6)
    elif platform in ("x", "bluesky") and draw.chance(_COUNTED):
        _count(teller, post, sides, 1)


def _soon(teller: Teller, time: int, hours: float) -> int | None:
    """A time within so many hours, unless the stream ends before it."""
    later = time + 1 + round(teller.draw.unit() * hours * _HOUR)
    return later if later < teller.config.end_ms else None


def _statement(post: Post, kind: Kind, time: int, mark: str, message: str | None = None) -> ForwardEvent:
    event = post.event
    return ForwardEvent(
        event_id=f"{kind}:{mark}:{event.message_id}",
        platform=event.platform,
        kind=kind,
        created_at=time,
        message_id=message or event.message_id,
        source=Source(adapter=event.platform),
    )


def _truth(event: ForwardEvent, post: Post) -> EventTruth:
    return EventTruth(event_id=event.event_id, cluster=post.truth.cluster, parent=post.truth.event_id)


def _add(sides: Sides, event: ForwardEvent, post: Post) -> None:
    sides.entries.append((event, _truth(event, post)))


def _delete(teller: Teller, post: Post, sides: Sides) -> None:
    time = _soon(teller, post.event.created_at, 5)
    if time is not None:
        _add(sides, _statement(post, Kind.DELETE, time, "1"), post)
        sides.gone.add(post.event.event_id)


def _report(teller: Teller, post: Post, sides: Sides) -> None:
    time = _soon(teller, post.event.created_at, 8)
    if time is None:
        return
    draw = teller.draw
    village = teller.cast.village(draw, post.event.platform, post.wording.claim.lang)
    reporter = draw.choice(village.people)
    event = msgspec.structs.replace(
        _statement(post, Kind.REPORT, time, draw.hexadecimal(6)),
        actor=reporter.actor,
        chat=post.event.chat,
        report=Report(draw.choice(_CATEGORIES)),
    )
    _add(sides, event, post)


def _count(teller: Teller, post: Post, sides: Sides, times: int) -> None:
    """Snapshots of the platform's own counters, which only grow."""
    time, draw = post.event.created_at, teller.draw
    views, forwards = 0, 0
    for n in range(times):
        time += 600_000 + draw.below(3 * _HOUR)
        if time >= teller.config.end_ms:
            return
        views += round(draw.log_normal(400, 1.0))
        forwards += draw.below(1 + views // 40)
        counters = Counters(views=views, forwards=forwards)
        _add(sides, msgspec.structs.replace(_statement(post, Kind.COUNTER, time, str(n)), counters=counters), post)


def _suspend(teller: Teller, plot: Plot, posts: list[Post], sides: Sides) -> None:
    """The platform finds most of the accounts out."""
    accounts: dict[str, Post] = {}
    for post in posts:
        accounts.setdefault(post.event.actor or "", post)
    for actor, post in accounts.items():
        time = _soon(teller, posts[-1].event.created_at + 2 * _HOUR, 20)
        if not actor or time is None or teller.draw.chance(0.2):
            continue
        event = ForwardEvent(
            event_id=f"account:{actor}:{time}",
            platform=plot.platform,
            kind=Kind.ACCOUNT_STATE,
            created_at=time,
            actor=actor,
            account_status=teller.draw.choice((AccountStatus.SUSPENDED, AccountStatus.TAKENDOWN)),
            source=Source(adapter=plot.platform),
        )
        _add(sides, event, post)
        sides.gone.update(post.event.event_id for post in posts if post.event.actor == actor)


def _debunk(teller: Teller, plot: Plot, posts: list[Post], sides: Sides) -> None:
    """A fact-check some hours on: of the message as it went round, of the claim in it, or by naming one message."""
    draw = teller.draw
    time = _soon(teller, posts[len(posts) // 3].event.created_at + _HOUR, 10)
    if time is None or not plot.claim.sentence:
        return
    way = draw.below(3)
    mark = draw.hexadecimal(8)
    event = ForwardEvent(
        event_id=f"debunk:{mark}",
        platform="factcheck" if way < 2 else posts[0].event.platform,
        kind=Kind.DEBUNK,
        created_at=time,
        message_id=posts[0].event.message_id if way == 2 else None,
        text=(plot.claim.text, plot.claim.sentence, "")[way],
        lang=plot.claim.lang,
        debunk=Debunk(draw.choice(_PUBLISHERS), "false", f"https://facts.example.org/{plot.claim.topic}/{mark}"),
        source=Source(adapter="factcheck"),
    )
    _add(sides, event, posts[0])
    sides.debunked_at = time


def _upload(teller: Teller, plot: Plot, post: Post, sides: Sides) -> None:
    """The same news as a clip, where a platform shows counters and no shares."""
    time = _soon(teller, post.event.created_at, 6)
    if time is None:
        return
    draw = teller.draw
    platform = draw.choice(("youtube", "instagram"))
    who = draw.choice(teller.cast.village(draw, platform, plot.claim.lang).people)
    message = teller.message(platform, who, None, time)
    event = msgspec.structs.replace(
        _statement(post, Kind.POST, time, "clip", message),
        event_id=f"{platform}:{message}",
        platform=platform,
        actor=who.actor,
        followers=who.followers,
        text=plot.claim.text,
        source=Source(adapter=platform),
    )
    truth = EventTruth(event_id=event.event_id, cluster=plot.cluster, parent=post.truth.event_id, depth=1)
    clip = Post(event, truth, 0, None, post.wording, message)
    sides.entries.append(clip.entry)
    sides.clips.append(clip)
    _count(teller, clip, sides, 5)


def _reply(teller: Teller, plot: Plot, post: Post, sides: Sides, next_cluster: Claimed) -> None:
    time = _soon(teller, post.event.created_at, 2)
    if time is None:
        return
    draw, platform = teller.draw, post.event.platform
    lang = post.wording.claim.lang
    pack = teller.library.packs[lang]
    village = teller.cast.village(draw, platform, lang)
    person = teller.cast.listener(draw, village, post.chat, {post.person})
    who = village.people[person]
    room = None if post.chat is None else village.chats[post.chat]
    message = teller.message(platform, who, room, time)
    text = draw.choice(pack.replies)
    event = ForwardEvent(
        event_id=message,
        platform=platform,
        kind=Kind.REPLY,
        created_at=time,
        message_id=message,
        root_ref=post.origin if platform != "whatsapp" else None,
        parent_ref=post.event.message_id,
        parent_evidence=ParentEvidence.API_PARENT,
        actor=who.actor,
        chat=None if room is None else room.chat_id,
        chat_size=None if room is None else room.size,
        followers=who.followers,
        text=text,
        source=Source(adapter=platform),
    )
    claim = ClaimScript(lang, "reply", text)
    cluster = teller.library.answer(text, next_cluster)
    answer = Plot(cluster=cluster, kind=CascadeKind.SMALL_TALK, claim=claim, platform=platform, nodes=[])
    truth = EventTruth(event_id=message, cluster=cluster, parent=post.truth.event_id)
    sides.replies.append((answer, Post(event, truth, person, post.chat, post.wording, message)))
