"""Create the population of a stream: people, chats, audiences, with identifiers in the form of each platform.

A person forwards a message from a chat of theirs, so membership carries information about hidden parents. No real
person is meant: telephone numbers contain a zero that no network assigns, other identifiers are random.
"""

import msgspec

from streams.devtools.simulator.draw import Draw
from streams.devtools.simulator.library import Pack

_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_MAX_CHATS = 4
_MEMBERS_PER_CHAT = 9
_MAX_CHAT_SIZE = 1024
_TRIES = 24


class Chat(msgspec.Struct, frozen=True):
    """Group, or channel with subscribers."""

    chat_id: str
    size: int
    members: list[int]


class Person(msgspec.Struct, frozen=True):
    """Sharer: an account, or a channel without a visible account."""

    actor: str | None
    chats: tuple[int, ...]
    followers: int | None = None


class Community(msgspec.Struct, frozen=True):
    """People and chats of one platform in one language."""

    people: list[Person]
    chats: list[Chat]


class Population:
    """Communities of a stream, each created at its first message."""

    def __init__(self, packs: dict[str, Pack], people: int) -> None:
        self._packs = packs
        self._people = people
        self._communities: dict[tuple[str, str], Community] = {}

    def community(self, draw: Draw, platform: str, lang: str) -> Community:
        """Return the writers of a language on a platform."""
        community = self._communities.get((platform, lang))
        if community is None:
            community = _create(draw, platform, self._packs[lang], self._people)
            self._communities[platform, lang] = community
        return community

    def new_sharer(self, draw: Draw, community: Community, chat: int | None, sharers: set[int]) -> int:
        """Return a person who has not shared yet, from the chat if a chat is given and has such a member."""
        if chat is not None:
            members = [person for person in community.chats[chat].members if person not in sharers]
            if members:
                return draw.choice(members)
        for _ in range(_TRIES):
            person = draw.below(len(community.people))
            if person not in sharers:
                return person
        people = range(len(community.people))
        return next((person for person in people if person not in sharers), draw.below(len(people)))

    def largest_audience(self, community: Community, sharers: set[int]) -> int:
        """Return the person with the largest audience who has not shared yet."""
        free = [person for person in range(len(community.people)) if person not in sharers]
        return max(free, key=lambda person: (audience(community, person), -person))


def audience(community: Community, number: int) -> int:
    """Return the number of followers of a person, or the size of their largest chat."""
    person = community.people[number]
    if person.followers is not None:
        return person.followers
    return max(community.chats[chat].size for chat in person.chats)


def _create(draw: Draw, platform: str, pack: Pack, people: int) -> Community:
    if platform == "telegram":
        return _channels(draw, pack, people)
    if platform == "whatsapp":
        return _groups(draw, pack, people)
    actor = _ACCOUNTS[platform]
    return Community([Person(actor(draw), (), round(draw.log_normal(180, 1.9))) for _ in range(people)], [])


def _groups(draw: Draw, pack: Pack, people: int) -> Community:
    """Create groups of very different sizes; most people are in one to four."""
    count = max(_MAX_CHATS, people // _MEMBERS_PER_CHAT)
    members: list[list[int]] = [[] for _ in range(count)]
    persons = []
    for person in range(people):
        wanted = 1 + draw.below(_MAX_CHATS)
        chats = sorted({int(count * draw.unit() ** 2) for _ in range(wanted)})
        for chat in chats:
            members[chat].append(person)
        persons.append(Person(f"{pack.calling_code}0{draw.digits(9)}", tuple(chats)))
    chats_of = [
        Chat(f"1203630{draw.digits(11)}@g.us", min(_MAX_CHAT_SIZE, len(chat) + draw.below(1 + 2 * len(chat))), chat)
        for chat in members
    ]
    return Community(persons, chats_of)


def _channels(draw: Draw, pack: Pack, people: int) -> Community:
    """Create channels with one person each; one in four is a group with visible accounts."""
    persons, chats = [], []
    for i in range(people):
        open_group = draw.chance(0.25)
        chats.append(Chat(f"-100{1 + draw.below(9)}{draw.digits(9)}", round(draw.log_normal(900, 1.6)), [i]))
        persons.append(Person(f"{5 + draw.below(3)}{draw.digits(9)}" if open_group else None, (i,)))
    return Community(persons, chats)


def _did(draw: Draw) -> str:
    return f"did:plc:{draw.string(_BASE32, 24)}"


def _number(draw: Draw) -> str:
    return f"1{draw.digits(18)}"


def _channel(draw: Draw) -> str:
    return f"UC{draw.string(_BASE64, 22)}"


_ACCOUNTS = {"bluesky": _did, "x": _number, "youtube": _channel, "instagram": _number}


def message_id(draw: Draw, platform: str, person: Person, chat: Chat | None, time: int, *, repost: bool = False) -> str:
    """Return the identifier of a new message in the form of the platform."""
    if platform == "whatsapp":
        return f"wamid.HBgM{draw.string(_BASE64[:26] + _BASE64[52:62], 28)}"
    if platform == "telegram" and chat is not None:
        return f"{chat.chat_id}:{10_000 + draw.below(900_000)}"
    if platform == "bluesky":
        kind = "repost" if repost else "post"
        return f"at://{person.actor}/app.bsky.feed.{kind}/3{draw.string(_BASE32, 12)}"
    if platform == "youtube":
        return draw.string(_BASE64, 11)
    return str(((time - 1_288_834_974_657) << 22) + draw.below(1 << 22))  # the snowflake of X contains the time
