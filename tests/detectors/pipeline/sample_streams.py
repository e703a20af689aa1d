"""Small streams for the pipeline's tests: seeded, with rumours that spread, chatter, disorder and dirt."""

import msgspec
import numpy as np

from detectors.growth import GrowthConfig
from detectors.ordering.config import OrderConfig
from detectors.pipeline.config import PipelineConfig
from detectors.pipeline.pipeline import Pipeline
from detectors.privacy.pseudonym import Pseudonymiser
from detectors.similarity.embedding import HashingEmbedder
from schemas.sighting import Position

NOON = 1_700_000_000_000
LATENESS = 30_000
KEY = Pseudonymiser(b"k" * 32, "test")
RUMOURS = (
    "The water in sector nine is poisoned, do not let your children drink it",
    "बच्चा चोर गिरोह शहर में घूम रहा है, अपने बच्चों को अकेला मत छोड़ो",
    "Kal se saare bank band rahenge, apna paisa aaj hi nikaal lo sab log",
    "A bus full of strangers was seen near the girls school this morning",
)


def config(**sections):
    base = {"order": OrderConfig(max_out_of_orderness_ms=LATENESS), "growth": GrowthConfig(target_size=10)}
    return PipelineConfig(**(base | sections))


def pipeline(settings=None, trace=None):
    return Pipeline(settings or config(), HashingEmbedder(), KEY, "0.0.0", trace)


def stream(seed=1, events=400, minutes=240):
    """Forwards of four rumours by 120 people in 12 chats, in time; a third of them name their parent."""
    rng = np.random.default_rng(seed)
    times = NOON + np.sort(rng.integers(0, minutes * 60_000, events))
    seen = {number: [] for number in range(len(RUMOURS))}
    return [_share(rng, number, int(time), seen) for number, time in enumerate(times)]


def _share(rng, number, time, seen):
    rumour = int(rng.integers(len(RUMOURS)))
    before = seen[rumour]
    parent = before[int(rng.integers(len(before)))] if before and rng.random() < 1 / 3 else None
    before.append(f"wamid.{number}")
    return {
        "event_id": f"event-{number}",
        "platform": "whatsapp",
        "kind": "forward" if parent else "post",
        "created_at": time,
        "message_id": f"wamid.{number}",
        "parent_ref": parent,
        "parent_evidence": "api_parent" if parent else "none",
        "actor": f"+9198765{int(rng.integers(120)):05d}",
        "chat": f"group-{int(rng.integers(12))}@g.us",
        "text": RUMOURS[rumour] + ("!" * int(rng.integers(3))),
    }


def lines(events):
    """Events as the bytes that a platform adapter would publish: observed when it happened, unless it says when."""
    return [msgspec.json.encode({"observed_at": event["created_at"], **event}) for event in events]


def placed(raws):
    """Bytes with their positions in one file."""
    return [(raw, Position("stream.jsonl", 0, offset)) for offset, raw in enumerate(raws)]


def shuffled_within(events, lateness, seed):
    """The events in an order of arrival in which none comes more than `lateness` behind a newer one."""
    rng = np.random.default_rng(seed)
    delays = rng.integers(0, lateness, len(events))
    order = sorted(range(len(events)), key=lambda i: (events[i]["created_at"] + int(delays[i]), i))
    return [events[i] for i in order]


def run(raws, engine=None, batch=64):
    """Everything that a whole stream gives, and the pipeline that gave it."""
    engine = engine or pipeline()
    outputs = [engine.feed(placed(raws)[start : start + batch]) for start in range(0, len(raws), batch)]
    outputs.append(engine.finish())
    return outputs, engine


def encoded(outputs, name="alerts"):
    """One kind of output as bytes, in order."""
    return [msgspec.json.encode(item) for output in outputs for item in getattr(output, name)]
