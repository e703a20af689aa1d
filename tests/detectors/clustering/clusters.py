"""What the clustering tests share: sightings in one line, and a model whose cosines a test can set."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.clustering import Clustering, ClusteringConfig
from schemas.assignment import Assignment, Merge
from schemas.event import Kind, Media
from schemas.sighting import Sighting, TextContent


def digest(name: str) -> str:
    return hashlib.blake2b(name.encode(), digest_size=16).hexdigest()


def content(text: str, urls: tuple[str, ...] = ()) -> TextContent:
    normal = " ".join(text.lower().split())
    return TextContent(
        text=text,
        normal=normal,
        fingerprint=digest(normal) if normal else "",
        sha256=hashlib.sha256(text.encode()).hexdigest() if text else "",
        words=len(normal.split()),
        urls=urls,
    )


def say(name: str, text: str = "", time: int = 0, kind: Kind = Kind.POST, **fields: object) -> Sighting:
    """One sighting; `message`, `parent`, `root`, `actor`, `chat` are given as plain names."""
    for field in ("message", "parent", "root", "actor", "chat"):
        if isinstance(fields.get(field), str):
            fields[field] = digest(f"{field if field in ('actor', 'chat') else 'message'} {fields[field]}")
    fields.setdefault("message", digest(f"message {name}"))
    urls = fields.pop("urls", ())
    return Sighting(
        event_id=digest(f"event {name}"),
        platform="x",
        kind=kind,
        time=time,
        key_id="k",
        content=content(text, urls),
        **fields,
    )


def picture(name: str, pdq: str | None = None, quality: int | None = None) -> Media:
    return Media(sha256=hashlib.sha256(name.encode()).hexdigest(), pdq=pdq, pdq_quality=quality)


class Angles:
    """A model in the plane: each text has an angle in degrees, and two texts the cosine of the angle between them.

    A text without an angle is at right angles to everything. `asked` keeps the batches.
    """

    def __init__(self, angles: dict[str, float] | None = None) -> None:
        self.angles = {" ".join(text.lower().split()): angle for text, angle in (angles or {}).items()}
        self.strange: dict[str, int] = {}
        self.asked: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked.append(list(texts))
        return np.array([self.row(text) for text in texts], dtype=np.float32)

    def row(self, text: str) -> NDArray[np.float64]:
        row = np.zeros(64)
        if text in self.angles:
            row[:2] = np.cos(np.radians(self.angles[text])), np.sin(np.radians(self.angles[text]))
        else:
            row[2 + self.strange.setdefault(text, len(self.strange) % 62)] = 1.0
        return row


# Round limits for texts whose vectors are set by hand: no letters in common are asked for.
LIMITS = {"lexical_threshold": 0.80, "embedding_threshold": 0.85, "suggestion_threshold": 0.75}
LIMITS |= dict.fromkeys(("min_lexical_read", "min_lexical_unread", "bridge_threshold"), 0.0)


def clustering(angles: dict[str, float] | None = None, **config: object) -> Clustering:
    return Clustering(ClusteringConfig(**(LIMITS | config)), Angles(angles))


def calls(stage: Clustering) -> int:
    """How often the model was called."""
    return len(stage._search._vectors._embed.asked)


def only(decisions: Sequence[Assignment | Merge]) -> Assignment:
    """The assignment, where nothing else came."""
    (assignment,) = decisions
    assert isinstance(assignment, Assignment)
    return assignment
