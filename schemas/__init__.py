"""The contract: one msgspec struct per message is its type, its validation and its JSON Schema."""

from schemas.alert import Alert
from schemas.assignment import Assignment, Merge
from schemas.event import ForwardEvent
from schemas.frame import CascadeCommands, EventBatch, StateTransferChunk, WatermarkReport
from schemas.rejection import Rejection
from schemas.sighting import Sighting

__all__ = [
    "Alert",
    "Assignment",
    "CascadeCommands",
    "EventBatch",
    "ForwardEvent",
    "Merge",
    "Rejection",
    "Sighting",
    "StateTransferChunk",
    "WatermarkReport",
]
