"""What becomes of a record that a stage cannot read: a rejection with its position, and the stream goes on."""

import hashlib
import logging

from schemas.base import encode
from schemas.rejection import Reason, Rejection
from schemas.sighting import Position
from streams.live.app import StageApp

_log = logging.getLogger(__name__)


async def poison(engine: StageApp, position: Position, value: bytes, error: Exception) -> None:
    """Publish the rejection and wait until the broker has it. Nothing of the record's content is logged."""
    key = f"{position.source}/{position.partition}/{position.offset}"
    pseudonymiser, bound = engine.pseudonymiser, engine.settings.pipeline.intake.max_sealed_bytes
    sealed = pseudonymiser.seal(value) if 0 < len(value) <= bound else b""
    rejection = Rejection(
        reason=Reason.NOT_A_FRAME,
        detail=f"a record on `{position.source}` must be one that Hearsay wrote; got another ({type(error).__name__})",
        position=position,
        size=len(value),
        sha256=hashlib.sha256(value).hexdigest(),
        sealed=sealed,
        key_id=pseudonymiser.key_id if sealed else "",
    )
    engine.metrics.rejections.labels(engine.stage, rejection.reason.value).inc()
    _log.warning("record refused", extra={"position": key})
    await (await engine.send("rejections", 0, key.encode(), encode(rejection)))
