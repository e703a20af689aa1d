"""Who speaks: people, the chats they are in, how many hear them; with identifiers of each platform's own form.

A person passes a message on from a chat they are a member of, so that membership says something about hidden parents.
Nobody is meant: telephone numbers carry a zero that no network assigns, other identifiers are random.
"""

import msgspec

from streams.devtools.simulator.draw import Draw
from streams.devtools.simulator.library import Pack

_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_MOST_CHATS = 4
_MEMBERS_A_CHAT = 9
_CHAT_LIMIT = 1024
_TRIES = 24


class Chat(msgspec.Struct, frozen=True):
    """A group, or a channel with subscribers."""

    chat_id: str
    size: int
    members: list[int]


class Person(msgspec.Struct, frozen=True):
    """Somebody who shares: an account, or a channel that hides who runs it."""

    actor: str | None
    chats: tuple[int, ...]
    followers: int | None = None


class Village(msgspec.Struct, frozen=True):
    """The people and chats of one platform in one language."""

    people: list[Person]
    chats: list[Chat]


class Cast:
    """Villages, settled when somebody first speaks there."""

    def __init__(self, packs: dict[str, Pack], people: int) -> None:
        self._packs = packs
        self._people = people
        self._villages: dict[tuple[str, str], Village] = {}

    def village(self, draw: Draw, platform: str, lang: str) -> Village:
        """Those who write this language on this platform."""
        place = self._villages.get((platform, lang))
        if place is None:
            place = self._villages[platform, lang] = _settle(draw, platform, self._packs[lang], self._people)
        return place

    def listener(self, draw: Draw, village: Village, chat: int | None, spoken: set[int]) -> int:
        """Somebody who has not spoken yet, from the chat if there is one and it has such a member."""
        if chat is not None:
            fresh = [person for person in village.chats[chat].members if person not in spoken]
            if fresh:
                return draw.choice(fresh)
        for _ in range(_TRIES):
            person = draw.below(len(village.people))
            if person not in spoken:
                return person
        return next((p for p in range(len(village.people)) if p not in spoken), draw.below(len(village.people)))

    def loudest(self, village: Village, spoken: set[int]) -> int:
        """Whoever is heard by most and has not spoken yet."""
        free = [p for p in range(len(village.people)) if p not in spoken]
        return max(free, key=lambda p: (audience(village, p), -p))


def audience(village: Village, person: int) -> int:
    """How many hear somebody."""
    who = village.people[person]
    return who.followers if who.followers is not None else max(village.chats[chat].size for chat in who.chats)


def _settle(draw: Draw, platform: str, pack: Pack, people: int) -> Village:
    if platform == "telegram":
        return _channels(draw, pack, people)
    if platform == "whatsapp":
        return _groups(draw, pack, people)
    actor = _ACCOUNTS[platform]
    return Village([Person(actor(draw), (), round(draw.log_normal(180, 1.9))) for _ in range(people)], [])


def _groups(draw: Draw, pack: Pack, people: int) -> Village:
    """Groups of very different sizes; most people are in one to four."""
    count = max(_MOST_CHATS, people // _MEMBERS_A_CHAT)
    members: list[list[int]] = [[] for _ in range(count)]
    persons = []
    for person in range(people):
        wanted = 1 + draw.below(_MOST_CHATS)
        chats = sorted({int(count * draw.unit() ** 2) for _ in range(wanted)})
        for chat in chats:
            members[chat].append(person)
        persons.append(Person(f"{pack.calling_code}0{draw.digits(9)}", tuple(chats)))
    chats_of = [
        Chat(f"1203630{draw.digits(11)}@g.us", min(_CHAT_LIMIT, len(who) + draw.below(1 + 2 * len(who))), who)
        for who in members
    ]
    return Village(persons, chats_of)


def _channels(draw: Draw, pack: Pack, people: int) -> Village:
    """Every channel is a person of its own; one in four is a group whose members are seen to write."""
    persons, chats = [], []
    for i in range(people):
        open_group = draw.chance(0.25)
        chats.append(Chat(f"-100{1 + draw.below(9)}{draw.digits(9)}", round(draw.log_normal(900, 1.6)), [i]))
        persons.append(Person(f"{5 + draw.below(3)}{draw.digits(9)}" if open_group else None, (i,)))
    return Village(persons, chats)


def _did(draw: Draw) -> str:
    return f"did:plc:{draw.string(_BASE32, 24)}"


def _number(draw: Draw) -> str:
    return f"1{draw.digits(18)}"


def _channel(draw: Draw) -> str:
    return f"UC{draw.string(_BASE64, 22)}"


_ACCOUNTS = {"bluesky": _did, "x": _number, "youtube": _channel, "instagram": _number}


def message_id(draw: Draw, platform: str, person: Person, chat: Chat | None, time: int, *, repost: bool = False) -> str:
    """A new message's identifier in the platform's own form."""
    if platform == "whatsapp":
        return f"wamid.HBgM{draw.string(_BASE64[:26] + _BASE64[52:62], 28)}"
    if platform == "telegram" and chat is not None:
        return f"{chat.chat_id}:{10_000 + draw.below(900_000)}"
    if platform == "bluesky":
        kind = "repost" if repost else "post"
        return f"at://{person.actor}/app.bsky.feed.{kind}/3{draw.string(_BASE32, 12)}"
    if platform == "youtube":
        return draw.string(_BASE64, 11)
    return str(((time - 1_288_834_974_657) << 22) + draw.below(1 << 22))  # X's snowflake carries the time
