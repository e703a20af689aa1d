"""Publish a record that a stage cannot decode as a rejection, so the stream continues."""

import logging

from detectors.privacy.rejections import build_rejection, seal_payload
from schemas.base import encode
from schemas.rejection import Reason
from schemas.sighting import Position
from streams.live.app import StageApp

_log = logging.getLogger(__name__)


async def publish_dead_letter(app: StageApp, position: Position, value: bytes, error: Exception) -> None:
    """Publish a rejection and wait for its acknowledgement. Nothing of the record's content is logged."""
    key = f"{position.source}/{position.partition}/{position.offset}"
    detail = f"the record on `{position.source}` was not written by Hearsay ({type(error).__name__})"
    payload = seal_payload(value, app.pseudonymiser, app.settings.pipeline.intake.max_sealed_bytes)
    rejection = build_rejection(Reason.FOREIGN_RECORD, detail, position, payload)
    app.metrics.rejections.labels(app.stage, rejection.reason.value).inc()
    _log.warning("record rejected", extra={"position": key})
    await (await app.send("rejections", 0, key.encode(), encode(rejection)))
