"""Build rejections: the digest and the sealed bytes of a payload, with the rule that the payload breaks.

Intake, replay and the live stages share one builder, so every rejection identifies and seals its payload alike.
"""

import hashlib

import msgspec

from detectors.privacy.pseudonym import Pseudonymiser
from schemas.rejection import Reason, Rejection
from schemas.sighting import Position


class RejectedPayload(msgspec.Struct, frozen=True):
    """Size in bytes and SHA-256 of a payload, and its sealed bytes if they are kept."""

    size: int
    sha256: str
    sealed: bytes = b""
    key_id: str = ""  # of the key that opens `sealed`


def seal_payload(raw: bytes, pseudonymiser: Pseudonymiser, max_sealed_bytes: int) -> RejectedPayload:
    """Describe a payload; seal its bytes unless there are none or more than `max_sealed_bytes`."""
    sealed = pseudonymiser.seal(raw) if 0 < len(raw) <= max_sealed_bytes else b""
    key_id = pseudonymiser.key_id if sealed else ""
    return RejectedPayload(len(raw), hashlib.sha256(raw).hexdigest(), sealed, key_id)


def build_rejection(reason: Reason, detail: str, position: Position, payload: RejectedPayload) -> Rejection:
    """Build the rejection of a payload; `detail` must not quote any value of the payload."""
    return Rejection(
        reason=reason,
        detail=detail,
        position=position,
        size=payload.size,
        sha256=payload.sha256,
        sealed=payload.sealed,
        key_id=payload.key_id,
    )
