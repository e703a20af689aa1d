"""Tells one cascade: gives every node of its shape a person, a chat, words, and the event that an adapter would see.

What a platform hides is hidden here too: a chat app shows no parent and only rough hop counts, most services name the
origin alone, one names the repost that somebody came by. The truth beside each event keeps what was hidden.
"""

from collections.abc import Iterator

import msgspec

from schemas.event import ForwardEvent, Kind, Media, ParentEvidence, Source
from streams.devtools.simulator.cast import Cast, Chat, Person, Village, message_id
from streams.devtools.simulator.config import SimulatorConfig
from streams.devtools.simulator.draw import Draw
from streams.devtools.simulator.library import ClaimScript, Library
from streams.devtools.simulator.mutate import MutatedText, first, retell
from streams.devtools.simulator.shapes import ShapeNode
from streams.devtools.simulator.truth import CascadeKind, CascadeTruth, EventTruth

Entry = tuple[ForwardEvent, EventTruth]
_FREQUENT_HOPS = 5
_COPIED = 0.15  # of what is passed on in a chat app goes by copy and paste, which leaves no trace of forwarding
_QUOTED = 0.06
_VIA_KNOWN = 0.6  # share of reposts whose client says by which repost it came
_JUMP = 0.03
_WANDERING = (CascadeKind.VIRAL, CascadeKind.SLOW_BURN)
_ALONE = (CascadeKind.BOT_BURST, CascadeKind.COPY_PASTE)
_PLATFORMS = ("whatsapp", "telegram", "bluesky", "x")


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be told."""

    cluster: str
    kind: CascadeKind
    claim: ClaimScript
    platform: str
    nodes: list[ShapeNode]
    media: str | None = None  # digest of a picture that travels with it
    negative_of: str | None = None


class Post(msgspec.Struct, frozen=True):
    """One message of a told cascade, with what its successors inherit."""

    event: ForwardEvent
    truth: EventTruth
    person: int
    chat: int | None
    wording: MutatedText
    origin: str  # what the platform shows as the original
    hops: int = 0

    @property
    def entry(self) -> Entry:
        """The event with its truth."""
        return self.event, self.truth

    @property
    def sharer(self) -> str:
        """Who counts as the sharer: account, else chat, else the message itself."""
        return sharer_of(self.event)


class Teller:
    """Tells cascades that share one population and one library."""

    def __init__(self, draw: Draw, config: SimulatorConfig, library: Library, cast: Cast) -> None:
        self.draw = draw
        self.config = config
        self.library = library
        self.cast = cast
        self._messages: set[str] = set()

    def message(self, platform: str, who: Person, room: Chat | None, time: int, *, repost: bool = False) -> str:
        """An identifier that no other message of the stream has."""
        while True:
            name = message_id(self.draw, platform, who, room, time, repost=repost)
            if name not in self._messages:
                self._messages.add(name)
                return name

    def tell(self, plot: Plot) -> list[Post]:
        """All messages of a cascade, in the order of its nodes."""
        telling = _Telling(self, plot)
        for i, node in enumerate(plot.nodes):
            telling.add(i, node)
        return telling.posts


class _Telling:
    def __init__(self, teller: Teller, plot: Plot) -> None:
        self._teller = teller
        self._draw = teller.draw
        self._plot = plot
        self._pack = teller.library.packs[plot.claim.lang]
        self._spoken: dict[str, set[int]] = {platform: set() for platform in _PLATFORMS}
        self.posts: list[Post] = []

    def add(self, i: int, node: ShapeNode) -> None:
        parent = self.posts[node.parent] if node.parent >= 0 else None
        lead = self.posts[node.act] if node.act != i else None
        platform = self._platform(parent, lead)
        village = self._teller.cast.village(self._draw, platform, self._plot.claim.lang)
        jumped = parent is not None and parent.event.platform != platform
        person = self._person(village, platform, None if jumped else parent, lead)
        chat = self._chat(village, platform, person, None if jumped else parent, lead)
        where = _Where(platform, village, person, chat, node.time)
        if parent is None or jumped or platform == "whatsapp":
            self.posts.append(self._write(where, parent, lead, jumped))
        else:
            self.posts.append(self._repost(where, parent))

    def _platform(self, parent: Post | None, lead: Post | None) -> str:
        if lead is not None:
            return lead.event.platform
        if parent is None:
            return self._plot.platform
        if self._plot.kind in _WANDERING and self._draw.chance(_JUMP):
            return self._draw.choice(_PLATFORMS)
        return parent.event.platform

    def _person(self, village: Village, platform: str, parent: Post | None, lead: Post | None) -> int:
        if lead is not None:
            return lead.person
        spoken = self._spoken[platform]
        if parent is None and self._plot.kind is CascadeKind.ORGANIC:
            person = self._teller.cast.loudest(village, spoken)
        else:
            heard_in = parent.chat if parent is not None and platform == "whatsapp" else None
            person = self._teller.cast.listener(self._draw, village, heard_in, spoken)
            while self._plot.kind in _ALONE and village.people[person].actor is None:
                spoken.add(person)  # a channel hides who runs it: nothing for an account of bots
                person = self._teller.cast.listener(self._draw, village, None, spoken)
        spoken.add(person)
        return person

    def _chat(self, village: Village, platform: str, person: int, parent: Post | None, lead: Post | None) -> int | None:
        own = village.people[person].chats
        if not own:
            return None
        if platform == "telegram" and self._plot.kind in _ALONE:
            return self._draw.below(len(village.chats))
        known = {post.chat for post in (parent, lead) if post is not None}
        return self._draw.choice([chat for chat in own if chat not in known] or own)

    def _write(self, where: "_Where", parent: Post | None, lead: Post | None, jumped: bool) -> Post:
        """A message in its author's own hands: first, copied, or passed on in a chat app, where words can change."""
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
        if lead is not None and self._plot.kind is not CascadeKind.BOT_BURST:
            return lead.wording
        if parent is not None:
            return retell(self._draw, parent.wording, self._pack, self._teller.config.mutations)
        start = self.posts[0].wording if self.posts else first(self._plot.claim)
        return retell(self._draw, start, self._pack, self._teller.config.mutations) if self.posts else start

    def _repost(self, where: "_Where", parent: Post) -> Post:
        """The platform's own repost or quote, which names the original."""
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
        who, chat = where.village.people[where.person], where.chat
        room = None if chat is None else where.village.chats[chat]
        message = self._teller.message(where.platform, who, room, where.time, repost=kind is Kind.FORWARD)
        pictured = self._plot.media is not None and kind is not Kind.QUOTE
        tagged = where.platform in ("bluesky", "x")
        return ForwardEvent(
            event_id=message,
            platform=where.platform,
            kind=kind,
            created_at=where.time,
            message_id=message,
            actor=who.actor,
            chat=None if room is None else room.chat_id,
            chat_size=None if room is None else room.size,
            followers=who.followers,
            text=text,
            lang=self._plot.claim.lang if tagged else None,
            urls=tuple(word for word in text.split() if word.startswith("https://")) if tagged else (),
            media=(Media(sha256=self._plot.media or ""),) if pictured else (),
            source=Source(adapter=where.platform),
        )

    def _post(self, where: "_Where", event: ForwardEvent, parent: Post | None, wording: MutatedText, hops: int) -> Post:
        truth = EventTruth(
            event_id=event.event_id,
            cluster=self._plot.cluster,
            parent=None if parent is None else parent.truth.event_id,
            depth=0 if parent is None else parent.truth.depth + 1,
            mutations=wording.mutations,
            steps=wording.steps,
            variant=wording.variant,
        )
        return Post(event, truth, where.person, where.chat, wording, event.root_ref or event.event_id, hops)


class _Where(msgspec.Struct, frozen=True):
    platform: str
    village: Village
    person: int
    chat: int | None
    time: int


def sharer_of(event: ForwardEvent) -> str:
    """Who counts as the sharer of a message, as the counting of distinct sharers has it."""
    return f"{event.platform} {event.actor or event.chat or event.message_id}"


def describe(plot: Plot, posts: list[Post], gone: set[str], big: int, debunked_at: int | None = None) -> CascadeTruth:
    """The truth about a cascade.

    Args:
        plot: what was told.
        posts: its messages.
        gone: event ids of messages that were deleted, or whose account fell.
        big: distinct sharers from which a cascade is big.
        debunked_at: when a fact-check of it was published.
    """
    sharers = {post.sharer for post in posts}
    return CascadeTruth(
        cluster=plot.cluster,
        kind=plot.kind,
        lang=plot.claim.lang,
        topic=plot.claim.topic,
        platform=plot.platform,
        text=posts[0].event.text,
        start=posts[0].event.created_at,
        end=posts[-1].event.created_at,
        posts=len(posts),
        sharers=len(sharers),
        remaining=len({post.sharer for post in posts if post.event.event_id not in gone}),
        depth=max(post.truth.depth for post in posts),
        big=len(sharers) >= big,
        negative_of=plot.negative_of,
        debunked_at=debunked_at,
    )


def entries(posts: list[Post]) -> Iterator[Entry]:
    """The events of posts with their truths."""
    return (post.entry for post in posts)


__all__ = ["Entry", "Plot", "Post", "Teller", "describe", "entries", "sharer_of"]
