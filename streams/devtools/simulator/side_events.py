"""Write the events around a message: answers, deletions, reports, fact-checks, suspended accounts, counters.

A naive schema forgets these events. None of them is a share, and each must change only the message of the event.
"""

from collections.abc import Callable

import msgspec

from schemas.event import AccountStatus, Counters, Debunk, ForwardEvent, Kind, ParentEvidence, Report, Source
from streams.devtools.simulator.cascades import CascadePlan, CascadeWriter, Entry, Post
from streams.devtools.simulator.library import ClaimScript
from streams.devtools.simulator.truth import CascadeKind, EventTruth

_HOUR = 3_600_000
_CATEGORIES = ("false_information", "violence", "spam", "fraud", "health")
_PUBLISHERS = ("Desk of Doubt", "Sach Patrika", "Second Look")  # made up
_RUMOURS = (CascadeKind.VIRAL, CascadeKind.SLOW_BURN)
_REPLIED = 0.03
_DELETED = 0.012
_REPORTED = 0.04
_COUNTED = 0.05


class SideEvents(msgspec.Struct):
    """Events about a cascade, and the messages that the events removed."""

    entries: list[Entry] = []
    clips: list[Post] = []  # uploads on platforms without visible shares; their events are among the entries
    replies: list[tuple[CascadePlan, Post]] = []  # each is a small cluster
    removed: set[str] = set()  # event ids of removed messages
    debunked_at: int | None = None


NextCluster = Callable[[], str]  # returns the next cluster id


def side_events(writer: CascadeWriter, plan: CascadePlan, posts: list[Post], next_cluster: NextCluster) -> SideEvents:
    """Return the events around a cascade before the end of the stream."""
    sides = SideEvents()
    for post in posts:
        _about_one(writer, plan, post, sides, next_cluster)
    if plan.kind is CascadeKind.BOT_BURST:
        _suspend(writer, plan, posts, sides)
    if plan.kind in _RUMOURS and len(posts) >= 10:
        _debunk(writer, plan, posts, sides)
    if plan.kind is CascadeKind.ORGANIC and writer.draw.chance(0.4):
        _upload(writer, plan, posts[0], sides)
    return sides


def _about_one(
    writer: CascadeWriter, plan: CascadePlan, post: Post, sides: SideEvents, next_cluster: NextCluster
) -> None:
    draw, platform = writer.draw, post.event.platform
    if plan.kind in (CascadeKind.BOT_BURST, CascadeKind.COPY_PASTE):
        return
    if draw.chance(_REPLIED):
        _reply(writer, plan, post, sides, next_cluster)
    if draw.chance(_DELETED):
        _delete(writer, post, sides)
    if plan.kind in _RUMOURS and draw.chance(_REPORTED):
        _report(writer, post, sides)
    if platform == "telegram" and post.truth.parent is None and len(plan.nodes) > 1:
        _count(writer, post, sides, 6)
    elif platform in ("x", "bluesky") and draw.chance(_COUNTED):
        _count(writer, post, sides, 1)


def _soon(writer: CascadeWriter, time: int, hours: float) -> int | None:
    """Return a time within so many hours, or None if the stream ends earlier."""
    later = time + 1 + round(writer.draw.unit() * hours * _HOUR)
    return later if later < writer.config.end_ms else None


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


def _add(sides: SideEvents, event: ForwardEvent, post: Post) -> None:
    sides.entries.append((event, _truth(event, post)))


def _delete(writer: CascadeWriter, post: Post, sides: SideEvents) -> None:
    time = _soon(writer, post.event.stamped_at, 5)
    if time is not None:
        _add(sides, _statement(post, Kind.DELETE, time, "1"), post)
        sides.removed.add(post.event.event_id)


def _report(writer: CascadeWriter, post: Post, sides: SideEvents) -> None:
    time = _soon(writer, post.event.stamped_at, 8)
    if time is None:
        return
    draw = writer.draw
    community = writer.population.community(draw, post.event.platform, post.wording.claim.lang)
    reporter = draw.choice(community.people)
    event = msgspec.structs.replace(
        _statement(post, Kind.REPORT, time, draw.hexadecimal(6)),
        actor=reporter.actor,
        chat=post.event.chat,
        report=Report(draw.choice(_CATEGORIES)),
    )
    _add(sides, event, post)


def _count(writer: CascadeWriter, post: Post, sides: SideEvents, times: int) -> None:
    """Add snapshots of the counters of the platform, which only grow."""
    time, draw = post.event.stamped_at, writer.draw
    views, forwards = 0, 0
    for n in range(times):
        time += 600_000 + draw.below(3 * _HOUR)
        if time >= writer.config.end_ms:
            return
        views += round(draw.log_normal(400, 1.0))
        forwards += draw.below(1 + views // 40)
        counters = Counters(views=views, forwards=forwards)
        _add(sides, msgspec.structs.replace(_statement(post, Kind.COUNTER, time, str(n)), counters=counters), post)


def _suspend(writer: CascadeWriter, plan: CascadePlan, posts: list[Post], sides: SideEvents) -> None:
    """Suspend most of the accounts."""
    accounts: dict[str, Post] = {}
    for post in posts:
        accounts.setdefault(post.event.actor or "", post)
    for actor, post in accounts.items():
        time = _soon(writer, posts[-1].event.stamped_at + 2 * _HOUR, 20)
        if not actor or time is None or writer.draw.chance(0.2):
            continue
        event = ForwardEvent(
            event_id=f"account:{actor}:{time}",
            platform=plan.platform,
            kind=Kind.ACCOUNT_STATE,
            created_at=time,
            actor=actor,
            account_status=writer.draw.choice((AccountStatus.SUSPENDED, AccountStatus.TAKENDOWN)),
            source=Source(adapter=plan.platform),
        )
        _add(sides, event, post)
        sides.removed.update(post.event.event_id for post in posts if post.event.actor == actor)


def _debunk(writer: CascadeWriter, plan: CascadePlan, posts: list[Post], sides: SideEvents) -> None:
    """Add a fact-check some hours later: with the text of the message, with the claim alone, or with a message id."""
    draw = writer.draw
    time = _soon(writer, posts[len(posts) // 3].event.stamped_at + _HOUR, 10)
    if time is None or not plan.claim.sentence:
        return
    way = draw.below(3)
    mark = draw.hexadecimal(8)
    event = ForwardEvent(
        event_id=f"debunk:{mark}",
        platform="factcheck" if way < 2 else posts[0].event.platform,
        kind=Kind.DEBUNK,
        created_at=time,
        message_id=posts[0].event.message_id if way == 2 else None,
        text=(plan.claim.text, plan.claim.sentence, "")[way],
        lang=plan.claim.lang,
        debunk=Debunk(draw.choice(_PUBLISHERS), "false", f"https://facts.example.org/{plan.claim.topic}/{mark}"),
        source=Source(adapter="factcheck"),
    )
    _add(sides, event, posts[0])
    sides.debunked_at = time


def _upload(writer: CascadeWriter, plan: CascadePlan, post: Post, sides: SideEvents) -> None:
    """Add the same news as a clip on a platform with counters and without visible shares."""
    time = _soon(writer, post.event.stamped_at, 6)
    if time is None:
        return
    draw = writer.draw
    platform = draw.choice(("youtube", "instagram"))
    person = draw.choice(writer.population.community(draw, platform, plan.claim.lang).people)
    message = writer.message(platform, person, None, time)
    event = msgspec.structs.replace(
        _statement(post, Kind.POST, time, "clip", message),
        event_id=f"{platform}:{message}",
        platform=platform,
        actor=person.actor,
        followers=person.followers,
        text=plan.claim.text,
        source=Source(adapter=platform),
    )
    truth = EventTruth(event_id=event.event_id, cluster=plan.cluster, parent=post.truth.event_id, depth=1)
    clip = Post(event, truth, 0, None, post.wording, message)
    sides.entries.append(clip.entry)
    sides.clips.append(clip)
    _count(writer, clip, sides, 5)


def _reply(writer: CascadeWriter, plan: CascadePlan, post: Post, sides: SideEvents, next_cluster: NextCluster) -> None:
    time = _soon(writer, post.event.stamped_at, 2)
    if time is None:
        return
    draw, platform = writer.draw, post.event.platform
    lang = post.wording.claim.lang
    pack = writer.library.packs[lang]
    community = writer.population.community(draw, platform, lang)
    number = writer.population.new_sharer(draw, community, post.chat, {post.person})
    person = community.people[number]
    chat = None if post.chat is None else community.chats[post.chat]
    message = writer.message(platform, person, chat, time)
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
        actor=person.actor,
        chat=None if chat is None else chat.chat_id,
        chat_size=None if chat is None else chat.size,
        followers=person.followers,
        text=text,
        source=Source(adapter=platform),
    )
    claim = ClaimScript(lang, "reply", text)
    cluster = writer.library.answer(text, next_cluster)
    answer = CascadePlan(cluster=cluster, kind=CascadeKind.SMALL_TALK, claim=claim, platform=platform, nodes=[])
    truth = EventTruth(event_id=message, cluster=cluster, parent=post.truth.event_id)
    sides.replies.append((answer, Post(event, truth, number, post.chat, post.wording, message)))
