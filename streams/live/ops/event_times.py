"""Report what the live stream shows about the times of its events: as sentences of `/ready`, and as metrics.

Wrong or late times silence a platform without an error. They are no fault of the worker, so the worker stays ready: a
restart, or the traffic of another worker, would mend nothing.
"""

from prometheus_client import CollectorRegistry, Gauge

from detectors.text.formatting import many
from schemas.watermark_report import WatermarkReport
from streams.runs.time_warnings import late_warning

_FINDINGS = ("corrected", "ahead", "catching_up")
_STILL_S = 60.0  # after the last event that was read late, a listener has caught up


class EventTimes:
    """Findings of the newest watermark report about event times. Labels name the reported platforms only."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._findings = Gauge(
            "hearsay_event_times",
            "events whose time was corrected, was ahead of the stream, or was read by a listener that catches up",
            ["finding"],
            registry=registry,
        )
        self._late_share = Gauge(
            "hearsay_late_share",
            "share of late events, of platforms where it exceeds a tenth",
            ["platform"],
            registry=registry,
        )
        self._report: WatermarkReport | None = None
        self._caught_up_at = 0.0
        self._catching_up = 0  # events read late since the stream was last up to date

    def observe(self, report: WatermarkReport, now: float) -> None:
        """Take the newest report.

        Args:
            report: of the cluster stage.
            now: seconds of a monotonic clock.
        """
        before = self._report.catching_up if self._report is not None else report.catching_up
        self._catching_up = max(0, report.catching_up - before) + (self._catching_up if now < self._caught_up_at else 0)
        if report.catching_up > before:
            self._caught_up_at = now + _STILL_S
        self._report = report
        for finding in _FINDINGS:
            self._findings.labels(finding).set(getattr(report, finding))
        self._late_share.clear()
        for stream in report.late_streams:
            if stream.chat is None:
                self._late_share.labels(stream.platform).set(stream.late / stream.events)

    def reasons(self, now: float) -> list[str]:
        """Return a sentence for each stream with many late events, and one while a listener is catching up."""
        found = [] if self._report is None else [late_warning(stream) for stream in self._report.late_streams]
        if self._catching_up and now < self._caught_up_at:
            found.append(
                f"a listener is catching up: it read {many(self._catching_up, 'event')} long after the platform's "
                "time, which is used"
            )
        return found
