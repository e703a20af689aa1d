"""The live cascade stage: one partition's numbered steps in, alerts out.

Each cascade lives on one partition. Where two that prove one rumour live on different ones, the state of the absorbed
is handed over: its partition sends it when it comes to the merge, and the survivor's waits for it there. So the merge
happens at the same place in both orders, whoever runs faster.
"""

from collections import deque
from collections.abc import Iterator

import msgspec

from detectors.alerting.evidence import AlertContext
from detectors.pipeline.cascade_state import StateTransfer
from detectors.pipeline.cascades import CascadeOutput, Cascades
from detectors.pipeline.cluster_stage import partition_for
from detectors.pipeline.config import PipelineConfig
from detectors.snapshot import SnapshotError, pack, unpack
from schemas.alert import Alert, Provenance
from schemas.assignment import Merge
from schemas.frame import CascadeCommand, CascadeCommands, StateTransferChunk

_decode_handover = msgspec.msgpack.Decoder(StateTransfer).decode
_PART_BYTES = 512 * 1024  # of a handover's piece: well under what a broker takes by default


class _State(msgspec.Struct, array_like=True):
    cascades: bytes
    next_step: int
    merged: int
    parts: list[StateTransferChunk]
    partition: int
    partitions: int


class Spread(msgspec.Struct):
    """What steps led to: alerts in order, and pieces of state with the partitions that they are for."""

    alerts: list[Alert] = []
    transfers: list[tuple[int, StateTransferChunk]] = []


class CascadeStage:
    """Applies the steps of one partition; each step once, by its number.

    Memory is that of `Cascades`, the handovers that came before their merge, and the rest of the steps behind a merge
    that waits: whoever drives the stage gives it no more while `waits_for` is set.
    """

    def __init__(self, config: PipelineConfig, provenance: Provenance, partition: int, partitions: int) -> None:
        self.cascades = Cascades(config.parts(tables=False), AlertContext(config.evidence, config.policy, provenance))
        self._digest = config.digest()
        self._partition = partition
        self._partitions = partitions
        self._next_step = 0
        self._merged = 0  # number of the last merge that was done
        self._parts: dict[int, dict[int, StateTransferChunk]] = {}  # merge -> piece -> content
        self._held: deque[CascadeCommand] = deque()

    @property
    def waits_for(self) -> int | None:
        """The number of the merge whose handover has not come, if one holds the rest up."""
        return self._held[0].merge_number if self._held else None

    def update(self, steps: CascadeCommands) -> Spread:
        """Apply the steps that are new.

        Raises:
            SnapshotError: steps are missing before these, or they are for another number of partitions.
        """
        self._check(steps)
        self._held.extend(steps.commands[max(0, self._next_step + len(self._held) - steps.first) :])
        return self._go_on()

    def receive(self, part: StateTransferChunk) -> Spread:
        """Take a piece of a handover; go on where it completes the one that was waited for."""
        if part.merge_number > self._merged:
            self._parts.setdefault(part.merge_number, {})[part.part] = part
        return self._go_on()

    def snapshot(self) -> bytes:
        """Everything but the steps that wait: they are to be given again."""
        parts = [pieces[part] for _, pieces in sorted(self._parts.items()) for part in sorted(pieces)]
        state = _State(
            self.cascades.snapshot(), self._next_step, self._merged, parts, self._partition, self._partitions
        )
        return pack(f"cascade {self._digest}", 1, state)

    def restore(self, data: bytes) -> None:
        """Take up where `snapshot` was taken.

        Raises:
            SnapshotError: another version's state, one made with other settings, or of another partition.
        """
        state = unpack(f"cascade {self._digest}", 1, _State, data)
        if (state.partition, state.partitions) != (self._partition, self._partitions):
            raise SnapshotError(
                f"the state must be of cascade partition {self._partition} of {self._partitions}; got "
                f"{state.partition} of {state.partitions}; set kafka.cascade_partitions back, or start a new prefix"
            )
        self.cascades.restore(state.cascades)
        self._next_step, self._merged = state.next_step, state.merged
        self._parts = {}
        for part in state.parts:
            self._parts.setdefault(part.merge_number, {})[part.part] = part
        self._held.clear()

    def _check(self, steps: CascadeCommands) -> None:
        if steps.partitions != self._partitions:
            raise SnapshotError(
                f"steps must be for {self._partitions} cascade partitions; got {steps.partitions}; "
                "set kafka.cascade_partitions alike for all workers"
            )
        if steps.first > self._next_step + len(self._held):
            raise SnapshotError(
                f"steps must come without a gap; got number {steps.first} after {self._next_step + len(self._held)} in "
                f"cascade partition {self._partition}; replay the topic `sightings` from the last checkpoint"
            )

    def _go_on(self) -> Spread:
        out, outputs = Spread(alerts=[], transfers=[]), CascadeOutput(alerts=[], edges=[], clusters=[])
        while self._held and self._apply(self._held[0], outputs, out):
            self._held.popleft()
            self._next_step += 1
        out.alerts = outputs.alerts
        return out

    def _apply(self, step: CascadeCommand, outputs: CascadeOutput, out: Spread) -> bool:
        """Whether the step was done; a merge may have to wait for the other side."""
        if step.assignment is not None:
            self.cascades.update(step.assignment, outputs)
        elif step.watermark is not None:
            self.cascades.advance(step.watermark, outputs)
        elif step.merge is not None:
            return self._merge(step.merge, step.merge_number, outputs, out)
        return True

    def _merge(self, merge: Merge, number: int, outputs: CascadeOutput, out: Spread) -> bool:
        absorbed, survivor = (
            partition_for(merge.absorbed, self._partitions),
            partition_for(merge.survivor, self._partitions),
        )
        if absorbed == survivor:
            self.cascades.update(merge, outputs)
        elif absorbed == self._partition:
            given = msgspec.msgpack.encode(self.cascades.send_state(merge, outputs))
            out.transfers += [(survivor, part) for part in _pieces(number, given)]
        else:
            taken = self._take(number)
            if taken is None:
                return False
            self.cascades.receive_state(merge, taken, outputs)
        self._merged = number
        return True

    def _take(self, number: int) -> StateTransfer | None:
        pieces = self._parts.get(number, {})
        if not pieces or len(pieces) < next(iter(pieces.values())).parts:
            return None
        data = b"".join(pieces[part].data for part in sorted(pieces))
        self._parts = {known: kept for known, kept in self._parts.items() if known > number}
        return _decode_handover(data)


def _pieces(number: int, data: bytes) -> Iterator[StateTransferChunk]:
    cuts = range(0, len(data), _PART_BYTES)
    for part, begin in enumerate(cuts):
        yield StateTransferChunk(
            merge_number=number, part=part, parts=len(cuts), data=data[begin : begin + _PART_BYTES]
        )
