"""Define the messages: one msgspec struct for each is its type, its validation and its JSON Schema."""

from schemas.alert import Alert
from schemas.assignment import Assignment, Merge
from schemas.cascade_commands import CascadeCommands
from schemas.cursor import Cursor
from schemas.event import ForwardEvent
from schemas.event_batch import EventBatch
from schemas.rejection import Rejection
from schemas.sighting import Sighting
from schemas.state_transfer_chunk import StateTransferChunk
from schemas.watermark_report import WatermarkReport

__all__ = [
    "Alert",
    "Assignment",
    "CascadeCommands",
    "Cursor",
    "EventBatch",
    "ForwardEvent",
    "Merge",
    "Rejection",
    "Sighting",
    "StateTransferChunk",
    "WatermarkReport",
]
