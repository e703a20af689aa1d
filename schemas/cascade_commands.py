"""`CascadeCommands`: the cluster stage's instructions for one cascade partition, numbered without gaps."""

import msgspec

from schemas.assignment import Assignment, Merge
from schemas.base import Count, Message, Ms


class CascadeCommand(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One instruction for a cascade partition; exactly one of the first three fields is set."""

    assignment: Assignment | None = None
    merge: Merge | None = None
    watermark: Ms | None = None  # timers due at or before it fire
    merge_number: Count = 0  # of a merge, counted from 1 over all partitions; both sides use the same number


class CascadeCommands(Message, frozen=True, kw_only=True):
    """Consecutive commands of one cascade partition, on the topic `assignments`.

    Each partition numbers its commands without a gap. The numbers are a function of the ordered log, so a command that
    is sent again keeps its number.
    """

    partition: Count  # of cascades
    partitions: Count
    first: Count  # number of the first command
    commands: tuple[CascadeCommand, ...]
