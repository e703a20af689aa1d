"""Write the events of one cascade: a person, a chat, a text and an adapter's view for every node of its shape.

The events hide the same facts as the platforms: a chat app shows no parent and only rough hop counts, most services
name only the origin, one names the repost through which a sharer came. The truth of each event keeps the hidden facts.
"""

from collections.abc import Iterator

import msgspec

from schemas.event import ForwardEvent, Kind, Media, ParentEvidence, Source
from streams.devtools.simulator.config import SimulatorConfig
from streams.devtools.simulator.draw import Draw
from streams.devtools.simulator.library import ClaimScript, Library
from streams.devtools.simulator.mutate import MutatedText, mutate, original
from streams.devtools.simulator.population import Chat, Community, Person, Population, message_id
from streams.devtools.simulator.shapes import ShapeNode
from streams.devtools.simulator.truth import CascadeKind, CascadeTruth, EventTruth

Entry = tuple[ForwardEvent, EventTruth]
_FREQUENT_HOPS = 5
_COPIED = 0.15  # share of forwards in a chat app made by copy and paste, without a trace of forwarding
_QUOTED = 0.06
_VIA_KNOWN = 0.6  # share of reposts whose client names the repost through which the sharer came
_JUMP = 0.03
_WANDERING = (CascadeKind.VIRAL, CascadeKind.SLOW_BURN)
_ALONE = (CascadeKind.BOT_BURST, CascadeKind.COPY_PASTE)
_PLATFORMS = ("whatsapp", "telegram", "bluesky", "x")


class CascadePlan(msgspec.Struct, frozen=True, kw_only=True):
    """Shape, claim and platform of a cascade before its events are written."""

    cluster: str
    kind: CascadeKind
    claim: ClaimScript
    platform: str
    nodes: list[ShapeNode]
    media: str | None = None  # digest of a picture in every message
    negative_of: str | None = None


class Post(msgspec.Struct, frozen=True):
    """Message of a written cascade, with the values that its children inherit."""

    event: ForwardEvent
    truth: EventTruth
    person: int
    chat: int | None
    wording: MutatedText
    origin: str  # message that the platform shows as the original
    hops: int = 0

    @property
    def entry(self) -> Entry:
        """Return the event with its truth."""
        return self.event, self.truth

    @property
    def sharer(self) -> str:
        """Return the counted sharer: account, else chat, else message."""
        return sharer_of(self.event)


class CascadeWriter:
    """Writer of cascades that share one population and one library."""

    def __init__(self, draw: Draw, config: SimulatorConfig, library: Library, population: Population) -> None:
        self.draw = draw
        self.config = config
        self.library = library
        self.population = population
        self._messages: set[str] = set()

    def message(self, platform: str, person: Person, chat: Chat | None, time: int, *, repost: bool = False) -> str:
        """Return an identifier that is unique in the stream."""
        while True:
            name = message_id(self.draw, platform, person, chat, time, repost=repost)
            if name not in self._messages:
                self._messages.add(name)
                return name

    def write(self, plan: CascadePlan) -> list[Post]:
        """Return the messages of a cascade, in the order of the nodes."""
        draft = _Draft(self, plan)
        for i, node in enumerate(plan.nodes):
            draft.add(i, node)
        return draft.posts


class _Draft:
    def __init__(self, writer: CascadeWriter, plan: CascadePlan) -> None:
        self._writer = writer
        self._draw = writer.draw
        self._plan = plan
        self._pack = writer.library.packs[plan.claim.lang]
        self._sharers: dict[str, set[int]] = {platform: set() for platform in _PLATFORMS}
        self.posts: list[Post] = []

    def add(self, i: int, node: ShapeNode) -> None:
        parent = self.posts[node.parent] if node.parent >= 0 else None
        lead = self.posts[node.act] if node.act != i else None
        platform = self._platform(parent, lead)
        community = self._writer.population.community(self._draw, platform, self._plan.claim.lang)
        jumped = parent is not None and parent.event.platform != platform
        person = self._person(community, platform, None if jumped else parent, lead)
        chat = self._chat(community, platform, person, None if jumped else parent, lead)
        where = _Where(platform, community, person, chat, node.time)
        if parent is None or jumped or platform == "whatsapp":
            self.posts.append(self._write(where, parent, lead, jumped))
        else:
            self.posts.append(self._repost(where, parent))

    def _platform(self, parent: Post | None, lead: Post | None) -> str:
        if lead is not None:
            return lead.event.platform
        if parent is None:
            return self._plan.platform
        if self._plan.kind in _WANDERING and self._draw.chance(_JUMP):
            return self._draw.choice(_PLATFORMS)
        return parent.event.platform

    def _person(self, community: Community, platform: str, parent: Post | None, lead: Post | None) -> int:
        if lead is not None:
            return lead.person
        sharers = self._sharers[platform]
        if parent is None and self._plan.kind is CascadeKind.ORGANIC:
            person = self._writer.population.largest_audience(community, sharers)
        else:
            source = parent.chat if parent is not None and platform == "whatsapp" else None
            person = self._writer.population.new_sharer(self._draw, community, source, sharers)
            while self._plan.kind in _ALONE and community.people[person].actor is None:
                sharers.add(person)  # a channel without a visible account is no account of bots
                person = self._writer.population.new_sharer(self._draw, community, None, sharers)
        sharers.add(person)
        return person

    def _chat(
        self, community: Community, platform: str, person: int, parent: Post | None, lead: Post | None
    ) -> int | None:
        own = community.people[person].chats
        if not own:
            return None
        if platform == "telegram" and self._plan.kind in _ALONE:
            return self._draw.below(len(community.chats))
        known = {post.chat for post in (parent, lead) if post is not None}
        return self._draw.choice([chat for chat in own if chat not in known] or own)

    def _write(self, where: "_Where", parent: Post | None, lead: Post | None, jumped: bool) -> Post:
        """Write a first message, a copy, or a forward in a chat app; the text can change."""
        wording = self._wording(parent, lead)
        copied = jumped or bool(wording.mutations) or self._draw.chance(_COPIED)
        forwarded = parent is not None and not copied
        hops = parent.hops + 1 if parent is not None and forwarded else 0
        event = self._event(where, Kind.FORWARD if forwarded else Kind.POST, wording.shown)
        if where.platform == "whatsapp" and forwarded:
            frequent = hops >= _FREQUENT_HOPS
            event = msgspec.structs.replace(
                event, hops_min=1, hops_max=None if frequent else _FREQUENT_HOPS - 1, frequently_forwarded=frequent
            )
        return self._post(where, event, parent, wording, hops)

    def _wording(self, parent: Post | None, lead: Post | None) -> MutatedText:
        if lead is not None and self._plan.kind is not CascadeKind.BOT_BURST:
            return lead.wording
        if parent is not None:
            return mutate(self._draw, parent.wording, self._pack, self._writer.config.mutations)
        start = self.posts[0].wording if self.posts else original(self._plan.claim)
        return mutate(self._draw, start, self._pack, self._writer.config.mutations) if self.posts else start

    def _repost(self, where: "_Where", parent: Post) -> Post:
        """Write a repost or a quote of the platform, with a reference to the original."""
        draw, platform = self._draw, where.platform
        wording = msgspec.structs.replace(parent.wording, mutations=())
        if platform in ("bluesky", "x") and draw.chance(_QUOTED):
            event = self._event(where, Kind.QUOTE, draw.choice(self._pack.quotes))
            evidence = ParentEvidence.API_PARENT
            event = msgspec.structs.replace(
                event, root_ref=parent.origin, parent_ref=parent.origin, parent_evidence=evidence, urls=(), media=()
            )
            return self._post(where, event, parent, wording, 0)
        event = self._event(where, Kind.FORWARD, "" if platform == "bluesky" else wording.shown)
        seen_by = parent.event.kind is Kind.FORWARD and platform == "bluesky" and draw.chance(_VIA_KNOWN)
        event = msgspec.structs.replace(
            event,
            root_ref=parent.origin,
            parent_ref=parent.event.message_id if seen_by else None,
            parent_evidence=ParentEvidence.VIA if seen_by else ParentEvidence.ORIGIN_ONLY,
        )
        return self._post(where, event, parent, wording, 0)

    def _event(self, where: "_Where", kind: Kind, text: str) -> ForwardEvent:
        person = where.community.people[where.person]
        chat = None if where.chat is None else where.community.chats[where.chat]
        message = self._writer.message(where.platform, person, chat, where.time, repost=kind is Kind.FORWARD)
        pictured = self._plan.media is not None and kind is not Kind.QUOTE
        tagged = where.platform in ("bluesky", "x")
        return ForwardEvent(
            event_id=message,
            platform=where.platform,
            kind=kind,
            created_at=where.time,
            message_id=message,
            actor=person.actor,
            chat=None if chat is None else chat.chat_id,
            chat_size=None if chat is None else chat.size,
            followers=person.followers,
            text=text,
            lang=self._plan.claim.lang if tagged else None,
            urls=tuple(word for word in text.split() if word.startswith("https://")) if tagged else (),
            media=(Media(sha256=self._plan.media or ""),) if pictured else (),
            source=Source(adapter=where.platform),
        )

    def _post(self, where: "_Where", event: ForwardEvent, parent: Post | None, wording: MutatedText, hops: int) -> Post:
        truth = EventTruth(
            event_id=event.event_id,
            cluster=self._plan.cluster,
            parent=None if parent is None else parent.truth.event_id,
            depth=0 if parent is None else parent.truth.depth + 1,
            mutations=wording.mutations,
            steps=wording.steps,
            variant=wording.variant,
        )
        return Post(event, truth, where.person, where.chat, wording, event.root_ref or event.event_id, hops)


class _Where(msgspec.Struct, frozen=True):
    platform: str
    community: Community
    person: int
    chat: int | None
    time: int


def sharer_of(event: ForwardEvent) -> str:
    """Return the counted sharer of a message, by the rule of the count of distinct sharers."""
    return f"{event.platform} {event.actor or event.chat or event.message_id}"


def describe(
    plan: CascadePlan, posts: list[Post], removed: set[str], big: int, debunked_at: int | None = None
) -> CascadeTruth:
    """Return the truth about a cascade.

    Args:
        plan: plan of the cascade.
        posts: messages of the cascade.
        removed: event ids of deleted messages and of messages of suspended accounts.
        big: number of distinct sharers from which a cascade is big.
        debunked_at: time of the fact-check; None without one.
    """
    sharers = {post.sharer for post in posts}
    return CascadeTruth(
        cluster=plan.cluster,
        kind=plan.kind,
        lang=plan.claim.lang,
        topic=plan.claim.topic,
        platform=plan.platform,
        text=posts[0].event.text,
        start=posts[0].event.stamped_at,
        end=posts[-1].event.stamped_at,
        posts=len(posts),
        sharers=len(sharers),
        remaining=len({post.sharer for post in posts if post.event.event_id not in removed}),
        depth=max(post.truth.depth for post in posts),
        big=len(sharers) >= big,
        negative_of=plan.negative_of,
        debunked_at=debunked_at,
    )


def entries(posts: list[Post]) -> Iterator[Entry]:
    """Return the events of posts with their truths."""
    return (post.entry for post in posts)


__all__ = ["CascadePlan", "CascadeWriter", "Entry", "Post", "describe", "entries", "sharer_of"]
