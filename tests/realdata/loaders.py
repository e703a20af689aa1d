"""Real cascades as streams of `ForwardEvent`, with their dirt left in.

The files are not part of the project: they are read from `HEARSAY_DATA`, or from `shared/data` beside the checkout, and
whoever needs them says so where they are absent. A chronological stream is sorted by (time, event id); ties and
negative delays stay as recorded, so a child may come before its parent.
"""

import gzip
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from schemas.event import ForwardEvent, Kind, ParentEvidence

SNOWFLAKE_EPOCH_MS = 1_288_834_974_657  # Twitter's ids carry their time from here on
UNKNOWN_START_MS = 1_600_000_000_000  # cascades without an absolute time are laid over thirty days from here
SPREAD_MS = 30 * 86_400_000

Row = dict[str, object]


def data_folder() -> Path | None:
    """Where the development data lie, or None."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("HEARSAY_DATA", beside))
    return folder if (folder / "README.md").exists() else None


def rows(name: str) -> Iterator[Row]:
    """The objects of one file, in its order."""
    folder = data_folder()
    if folder is None:
        raise FileNotFoundError("set HEARSAY_DATA to the folder of the development data")
    with gzip.open(folder / f"{name}.jsonl.gz", "rb") as lines:
        for line in lines:
            yield msgspec.json.decode(line)


def pheme() -> list[ForwardEvent]:
    """PHEME: rumour threads of 2014-15, root and reply texts, every retweet (origin only) with time and followers."""
    roots = {row["cascade_id"]: row for row in rows("pheme_dev_cascades")}
    return _chronological(_pheme_event(row, roots[row["cascade_id"]]) for row in rows("pheme_dev_events"))


def _pheme_event(row: Row, cascade: Row) -> ForwardEvent:
    kind = {"root": Kind.POST, "retweet": Kind.FORWARD, "reply": Kind.REPLY}[row["kind"]]
    root = cascade["cascade_id"].removeprefix("pheme-")
    shared = {
        "event_id": row["event_id"],
        "platform": "twitter",
        "kind": kind,
        "created_at": _ms(cascade["root_time"], row["t"]),
        "message_id": row["event_id"],
        "actor": row["user_id"],
        "followers": row.get("followers"),
        "lang": cascade["lang"],
    }
    if kind is Kind.FORWARD:  # a platform's retweet names the origin only and carries its text
        return ForwardEvent(**shared, text=cascade["text"], root_ref=root, parent_evidence=ParentEvidence.ORIGIN_ONLY)
    evidence = ParentEvidence.API_PARENT if kind is Kind.REPLY else ParentEvidence.NONE
    return ForwardEvent(
        **shared, text=row.get("text") or "", parent_ref=row["parent_event_id"], parent_evidence=evidence
    )


def twitter1516() -> list[ForwardEvent]:
    """Twitter15/16: retweet trees; the root's time comes from its snowflake id, a retweet's text is its root's."""
    texts = {row["cascade_id"]: row["text"] for row in rows("twitter1516_dev_cascades")}
    return _chronological(_twitter1516_event(row, texts[row["cascade_id"]]) for row in rows("twitter1516_dev_events"))


def _twitter1516_event(row: Row, text: str) -> ForwardEvent:
    kind = {"root": Kind.POST, "retweet": Kind.FORWARD, "reply_or_quote": Kind.QUOTE}[row["kind"]]
    root_ms = (int(row["cascade_id"].removeprefix("tw-")) >> 22) + SNOWFLAKE_EPOCH_MS
    return ForwardEvent(
        event_id=row["event_id"],
        platform="twitter",
        kind=kind,
        created_at=root_ms + round(1000 * row["t"]),
        message_id=row["event_id"],
        parent_ref=row["parent_event_id"],
        parent_evidence=ParentEvidence.API_PARENT if row["parent_event_id"] else ParentEvidence.NONE,
        actor=row["user_id"],
        text="" if kind is Kind.QUOTE else text,
    )


def casflow() -> list[ForwardEvent]:
    """CasFlow's Weibo sample: recorded multi-hop paths without texts; starts are laid over thirty days."""
    return _chronological(_structure_event(row, "weibo") for row in rows("casflow_weibo_sample"))


def telegram() -> list[ForwardEvent]:
    """Telegram: true forward headers between channels without texts; unseen roots stay unseen."""
    return _chronological(
        _structure_event(row, "telegram") for row in rows("telegram_structure_dev") if row["kind"] != "root_unseen"
    )


def coortweet() -> list[ForwardEvent]:
    """Coordinated retweets of messages that nobody saw: origin only, without texts, with absolute times."""
    return _chronological(
        ForwardEvent(
            event_id=row["event_id"],
            platform="twitter",
            kind=Kind.FORWARD,
            created_at=1000 * row["abs_time"],
            message_id=row["event_id"],
            root_ref=row["parent_event_id"],
            parent_evidence=ParentEvidence.ORIGIN_ONLY,
            actor=row["user_id"],
        )
        for row in rows("coortweet_russian_dev")
        if row["kind"] != "unseen_root"
    )


def tideh() -> list[ForwardEvent]:
    """Very large cascades: retweets with followers, nobody's account, no texts; starts are laid over thirty days."""
    return _chronological(
        msgspec.structs.replace(_structure_event(row, "twitter"), followers=row["followers"])
        for row in rows("tideh_dev")
    )


def _structure_event(row: Row, platform: str) -> ForwardEvent:
    parent = row["parent_event_id"]
    start = UNKNOWN_START_MS + _digest(row["cascade_id"]) % SPREAD_MS
    return ForwardEvent(
        event_id=row["event_id"],
        platform=platform,
        kind=Kind.FORWARD if parent else Kind.POST,
        created_at=start + round(1000 * row["t"]),
        message_id=row["event_id"],
        parent_ref=parent,
        parent_evidence=ParentEvidence.API_PARENT if parent else ParentEvidence.NONE,
        actor=row["user_id"],
    )


def merged(*streams: Iterable[ForwardEvent]) -> list[ForwardEvent]:
    """Several streams as one, in time."""
    return _chronological(event for stream in streams for event in stream)


def encoded(events: Iterable[ForwardEvent]) -> list[bytes]:
    """Events as the lines that a platform adapter would publish."""
    return [msgspec.json.encode(event) for event in events]


def _chronological(events: Iterable[ForwardEvent]) -> list[ForwardEvent]:
    return sorted(events, key=lambda event: (event.created_at, event.event_id))


def _ms(root_time: float, delay: float | None) -> int:
    return round(1000 * (root_time + (delay or 0)))


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
