"""Live cascade stage: the numbered commands of one partition in, alerts out.

Each cascade lives on one partition. A merge of cascades on two partitions transfers the state of the absorbed cascade:
its partition sends the state when it reaches the merge, and the survivor's partition waits there for the state. The
merge therefore takes place at the same position in both orders, whichever worker is faster.
"""

from collections import deque
from collections.abc import Iterator

import msgspec

from detectors.alerting.evidence import AlertContext
from detectors.pipeline.cascade_state import StateTransfer
from detectors.pipeline.cascades import CascadeOutput, Cascades
from detectors.pipeline.cluster_stage import partition_for
from detectors.pipeline.config import PipelineConfig
from detectors.snapshot import SnapshotError, pack, unchanged, unpack
from schemas.alert import Provenance
from schemas.assignment import Merge
from schemas.cascade_commands import CascadeCommand, CascadeCommands
from schemas.state_transfer_chunk import StateTransferChunk

_decode_transfer = msgspec.msgpack.Decoder(StateTransfer).decode
_CHUNK_BYTES = 512 * 1024  # well below a broker's default limit on a record


class _State(msgspec.Struct, array_like=True):
    cascades: bytes
    next_command: int
    last_merge: int
    chunks: list[StateTransferChunk]
    partition: int
    partitions: int


class StageOutput(CascadeOutput):
    """Alerts and table rows in order, and chunks of state, each with its target partition."""

    transfers: list[tuple[int, StateTransferChunk]] = msgspec.field(default_factory=list)


class CascadeStage:
    """Applies the commands of one partition, each command once, by its number.

    Memory is that of `Cascades`, the state transfers received before their merge, and the pending commands behind a
    merge that waits. The caller passes no further commands while `awaited_merge` is set.
    """

    def __init__(self, config: PipelineConfig, provenance: Provenance, partition: int, partitions: int) -> None:
        context = AlertContext(config.evidence, config.policy, provenance)
        self.cascades = Cascades(config.cascade_settings(infer_edges=False), context)
        self._digest = config.digest()
        self._partition = partition
        self._partitions = partitions
        self._next_command = 0
        self._last_merge = 0  # number of the last applied merge
        self._chunks: dict[int, dict[int, StateTransferChunk]] = {}  # merge number -> chunk number -> chunk
        self._pending: deque[CascadeCommand] = deque()

    @property
    def awaited_merge(self) -> int | None:
        """Number of the merge whose state transfer is incomplete and blocks the pending commands, if any."""
        return self._pending[0].merge_number if self._pending else None

    def update(self, commands: CascadeCommands) -> StageOutput:
        """Apply the new commands.

        Raises:
            SnapshotError: earlier commands are missing, or the number of partitions differs.
        """
        self._check(commands)
        self._pending.extend(commands.commands[max(0, self._next_command + len(self._pending) - commands.first) :])
        return self._apply_pending()

    def receive(self, chunk: StateTransferChunk) -> StageOutput:
        """Take a chunk of a state transfer; apply the pending commands if the transfer is complete."""
        if chunk.merge_number > self._last_merge:
            self._chunks.setdefault(chunk.merge_number, {})[chunk.chunk] = chunk
        return self._apply_pending()

    def snapshot(self) -> bytes:
        """Return the state without the pending commands; the caller must pass those commands again."""
        chunks = [received[number] for _, received in sorted(self._chunks.items()) for number in sorted(received)]
        state = _State(
            self.cascades.snapshot(),
            self._next_command,
            self._last_merge,
            chunks,
            self._partition,
            self._partitions,
        )
        return pack(f"cascade {self._digest}", 5, state)

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot.

        Raises:
            SnapshotError: the snapshot has another version, other settings, or another partition.
        """
        state = unpack(f"cascade {self._digest}", 5, _State, data, dict.fromkeys(range(1, 5), unchanged))
        if (state.partition, state.partitions) != (self._partition, self._partitions):
            raise SnapshotError(
                f"the state was saved for cascade partition {state.partition} of {state.partitions}, but this worker "
                f"has partition {self._partition} of {self._partitions}; set kafka.cascade_partitions back, or start a "
                "new kafka.prefix"
            )
        self.cascades.restore(state.cascades)
        self._next_command, self._last_merge = state.next_command, state.last_merge
        self._chunks = {}
        for chunk in state.chunks:
            self._chunks.setdefault(chunk.merge_number, {})[chunk.chunk] = chunk
        self._pending.clear()

    def _check(self, commands: CascadeCommands) -> None:
        if commands.partitions != self._partitions:
            raise SnapshotError(
                f"commands are for {commands.partitions} cascade partitions, but {self._partitions} are configured; "
                "set kafka.cascade_partitions to the same number for all workers"
            )
        expected = self._next_command + len(self._pending)
        if commands.first > expected:
            raise SnapshotError(
                f"commands {expected} to {commands.first - 1} of cascade partition {self._partition} are missing from "
                "the topic `assignments`; replay the topic `sightings` from the last checkpoint"
            )

    def _apply_pending(self) -> StageOutput:
        out = StageOutput()
        while self._pending and self._apply(self._pending[0], out):
            self._pending.popleft()
            self._next_command += 1
        return out

    def _apply(self, command: CascadeCommand, out: StageOutput) -> bool:
        """Apply a command; return False for a merge without a complete state transfer."""
        if command.assignment is not None:
            self.cascades.update(command.assignment, out)
        elif command.watermark is not None:
            self.cascades.advance(command.watermark, out)
        elif command.merge is not None:
            return self._merge(command.merge, command.merge_number, out)
        return True

    def _merge(self, merge: Merge, number: int, out: StageOutput) -> bool:
        absorbed = partition_for(merge.absorbed, self._partitions)
        survivor = partition_for(merge.survivor, self._partitions)
        if absorbed == survivor:
            self.cascades.update(merge, out)
        elif absorbed == self._partition:
            data = msgspec.msgpack.encode(self.cascades.send_state(merge, out))
            out.transfers += [(survivor, chunk) for chunk in _split(number, data)]
        else:
            transfer = self._take_transfer(number)
            if transfer is None:
                return False
            self.cascades.receive_state(merge, transfer, out)
        self._last_merge = number
        return True

    def _take_transfer(self, number: int) -> StateTransfer | None:
        """Assemble the state transfer of a merge and drop the chunks; None if a chunk is missing."""
        chunks = self._chunks.get(number, {})
        if not chunks or len(chunks) < next(iter(chunks.values())).chunks:
            return None
        data = b"".join(chunks[chunk].data for chunk in sorted(chunks))
        self._chunks = {known: received for known, received in self._chunks.items() if known > number}
        return _decode_transfer(data)


def _split(merge_number: int, data: bytes) -> Iterator[StateTransferChunk]:
    starts = range(0, len(data), _CHUNK_BYTES)
    for number, start in enumerate(starts):
        part = data[start : start + _CHUNK_BYTES]
        yield StateTransferChunk(merge_number=merge_number, chunk=number, chunks=len(starts), data=part)
