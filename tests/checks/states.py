"""One stored sample of each state format: `python -m tests.checks.states` writes the samples that are missing.

A state that one release writes must load in the next one, or be refused by its version. The samples hold the code to
that: a field that is added, dropped or moved without a new version changes the state of a sample.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from detectors.pipeline.cascade_stage import CascadeStage
from detectors.pipeline.cluster_stage import ClusterStage
from detectors.pipeline.pipeline import Pipeline, provenance
from detectors.similarity.embedding import HashingEmbedder
from detectors.snapshot import pack, unpack
from schemas.cascade_commands import CascadeCommands
from schemas.event_batch import BatchEntry, EventBatch
from schemas.rejection import Rejection
from streams.live.io.checkpoints import Checkpoint
from tests.checks.battery import SEEDS, Adapter
from tests.checks.registry import REGISTRY
from tests.checks.whole import CONFIG, PIPELINE, pipeline_stream

FOLDER = Path(__file__).parents[1] / "fixtures" / "states"
ITEMS = 60
"""Items of its stream that a detector has seen when its state is stored."""
CASCADE_PARTITIONS = 1


class Envelope(NamedTuple):
    """The name, version and encoded state of a snapshot."""

    name: str
    version: int
    state: bytes

    @property
    def format(self) -> str:
        """Return the name without the digest of the settings that some formats carry behind a space."""
        return self.name.partition(" ")[0]


class CheckpointFormat:
    """The state of a stage with its input offsets, as workers store it."""

    def __init__(self, checkpoint: Checkpoint | None = None) -> None:
        self._checkpoint = checkpoint

    def snapshot(self) -> bytes:
        """Return the checkpoint as bytes."""
        return pack("checkpoint", 1, self._checkpoint)

    def restore(self, data: bytes) -> None:
        """Load a checkpoint."""
        self._checkpoint = unpack("checkpoint", 1, Checkpoint, data)


class StoredState(NamedTuple):
    """A class with a state format: how to build it empty, and filled as its sample is."""

    name: str
    empty: Callable[[], Any]
    filled: Callable[[], Any]


def opened(data: bytes) -> Envelope:
    """Split a snapshot into name, version and state."""
    name, version, state = msgspec.msgpack.decode(data, type=tuple[str, int, msgspec.Raw])
    return Envelope(name, version, bytes(state))


def renamed(data: bytes, name: str) -> bytes:
    """Return a snapshot under the name of another, which may carry the digest of other settings."""
    _, version, state = msgspec.msgpack.decode(data, type=tuple[str, int, msgspec.Raw])
    return msgspec.msgpack.encode((name, version, state))


def path_of(stored: StoredState, version: int) -> Path:
    """Return the path of a sample."""
    return FOLDER / f"{stored.name.replace(' ', '-')}-{version}.msgpack"


def samples_of(stored: StoredState) -> Iterator[Path]:
    """Yield the samples of a format, of every version."""
    yield from sorted(FOLDER.glob(f"{stored.name.replace(' ', '-')}-[0-9]*.msgpack"))


def all_states() -> list[StoredState]:
    """List every class with a state format."""
    return [
        *(StoredState(adapter.name, adapter.make, partial(fed, adapter)) for adapter in REGISTRY),
        StoredState(
            "ordered clustering", partial(part, "ordered_clustering"), partial(part, "ordered_clustering", ITEMS)
        ),
        StoredState("cascades", partial(part, "cascades"), partial(part, "cascades", ITEMS)),
        StoredState("cluster stage", cluster_stage, lambda: stages()[0]),
        StoredState("cascade stage", cascade_stage, lambda: stages()[1]),
        StoredState("checkpoint", CheckpointFormat, lambda: CheckpointFormat(Checkpoint({"ordered": 7}, b"state", 3))),
    ]


def fed(adapter: Adapter) -> Any:
    """Return a detector that has seen the beginning of its stream."""
    detector = adapter.make()
    for item in adapter.stream(SEEDS[0])[:ITEMS]:
        adapter.step(detector, item)
    return detector


def part(name: str, items: int = 0) -> Any:
    """Return a part of a pipeline that has seen some items."""
    pipeline: Pipeline = PIPELINE.make()
    for item in pipeline_stream(SEEDS[0])[:items]:
        pipeline.feed([item])
    return getattr(pipeline, name)


def cluster_stage() -> ClusterStage:
    """Return an empty cluster stage."""
    return ClusterStage(CONFIG, HashingEmbedder(64), CASCADE_PARTITIONS)


def cascade_stage() -> CascadeStage:
    """Return an empty cascade stage."""
    return CascadeStage(CONFIG, provenance(CONFIG, "1.0", "hashing", "k1"), 0, CASCADE_PARTITIONS)


def stages() -> tuple[ClusterStage, CascadeStage]:
    """Return both stages after the same events."""
    cluster, cascade = cluster_stage(), cascade_stage()
    intake = PIPELINE.make().intake
    for offset, (raw, position) in enumerate(pipeline_stream(SEEDS[0])[:ITEMS]):
        read = intake.update(raw, position)
        entries = () if isinstance(read, Rejection) else (BatchEntry(offset, read),)
        rejected = () if entries else (offset,)
        batch = EventBatch(partition=0, partitions=1, start=offset, end=offset + 1, entries=entries, rejected=rejected)
        for commands in cluster.assign(cluster.reorder(batch)):
            cascade.update(msgspec.msgpack.decode(msgspec.msgpack.encode(commands), type=CascadeCommands))
    return cluster, cascade


def main() -> None:
    """Write the samples that are missing; a stored sample is never replaced."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for stored in all_states():
        data = stored.filled().snapshot()
        path = path_of(stored, opened(data).version)
        if not path.exists():
            path.write_bytes(data)


if __name__ == "__main__":
    main()
