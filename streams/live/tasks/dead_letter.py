"""Publish a record that a stage cannot decode as a rejection, so the stream continues."""

import hashlib
import logging

from schemas.base import encode
from schemas.rejection import Reason, Rejection
from schemas.sighting import Position
from streams.live.app import StageApp

_log = logging.getLogger(__name__)


async def publish_dead_letter(app: StageApp, position: Position, value: bytes, error: Exception) -> None:
    """Publish a rejection and wait for its acknowledgement. Nothing of the record's content is logged."""
    key = f"{position.source}/{position.partition}/{position.offset}"
    pseudonymiser, max_bytes = app.pseudonymiser, app.settings.pipeline.intake.max_sealed_bytes
    sealed = pseudonymiser.seal(value) if 0 < len(value) <= max_bytes else b""
    rejection = Rejection(
        reason=Reason.NOT_A_FRAME,
        detail=f"a record on `{position.source}` must be one that Hearsay wrote; got another ({type(error).__name__})",
        position=position,
        size=len(value),
        sha256=hashlib.sha256(value).hexdigest(),
        sealed=sealed,
        key_id=pseudonymiser.key_id if sealed else "",
    )
    app.metrics.rejections.labels(app.stage, rejection.reason.value).inc()
    _log.warning("record rejected", extra={"position": key})
    await (await app.send("rejections", 0, key.encode(), encode(rejection)))
