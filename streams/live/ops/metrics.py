"""Define the metrics that a worker exposes to Prometheus."""

import contextlib
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from schemas.alert import Alert
from schemas.watermark_report import WatermarkReport
from streams.embedders.pool.worker import FailureKind
from streams.live.ops.event_times import EventTimes

_SECONDS = (0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LATENCIES = (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 45, 60, 90, 120, 300, 600, 3600)

_OUTCOMES = (
    "received", "applied", "duplicates", "late", "rejected", "waiting", "unmatched", "conflicts", "forced",
)  # fmt: skip


class Metrics:
    """All metrics of a worker, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.events = Counter("hearsay_events", "events processed by a stage", ["stage"], registry=registry)
        self.rejections = Counter(
            "hearsay_rejections", "records rejected by a stage", ["stage", "reason"], registry=registry
        )
        self.tombstones = Counter(
            "hearsay_tombstones", "records without a value, which are no events", registry=registry
        )
        self.alerts = Counter("hearsay_alerts", "alerts published", ["state", "level", "basis"], registry=registry)
        self.alert_latency = Histogram(
            "hearsay_alert_latency_seconds",
            "delay from the event time of an alert to its publication",
            buckets=_LATENCIES,
            registry=registry,
        )
        self.ordered_events = Gauge(
            "hearsay_ordered_events",
            "events of the ordered log: received = applied + duplicates + late + rejected + waiting",
            ["where"],
            registry=registry,
        )
        self.event_times = EventTimes(registry)
        self.withheld = Gauge(
            "hearsay_withheld_cascades",
            "cascades over the base threshold, but below the threshold that policy.openings_a_day has raised",
            registry=registry,
        )
        self.watermark = Gauge("hearsay_watermark_seconds", "event time of the watermark", registry=registry)
        self.watermark_delay = Gauge(
            "hearsay_watermark_delay_seconds", "delay of the watermark behind the clock", registry=registry
        )
        self.partition_watermark = Gauge(
            "hearsay_partition_watermark_seconds", "event time reached in a source partition", ["partition"],
            registry=registry,
        )  # fmt: skip
        self.lag = Gauge(
            "hearsay_input_lag_records", "records on the broker that a stage has not read", ["stage", "partition"],
            registry=registry,
        )  # fmt: skip
        self.novel = Counter("hearsay_novel_texts", "new texts embedded by the embed stage", registry=registry)
        self.without_vector = Counter(
            "hearsay_texts_without_vector", "texts that the model fails on", registry=registry
        )
        self.embed_batch = Histogram(
            "hearsay_embed_batch_texts", "texts in a batch for the model", buckets=(1, 2, 4, 8, 16, 32, 64),
            registry=registry,
        )  # fmt: skip
        self.embed_seconds = Histogram(
            "hearsay_embed_batch_seconds", "time of the model for a batch", buckets=_SECONDS, registry=registry
        )
        self.embed_failures = Counter(
            "hearsay_embed_failures", "batches that the model failed on", ["kind"], registry=registry
        )
        self.clusters = Gauge("hearsay_clusters", "clusters held by the cluster stage", registry=registry)
        self.cascades = Gauge(
            "hearsay_cascades", "cascades held by a cascade partition", ["partition"], registry=registry
        )
        self.state_bytes = Gauge(
            "hearsay_state_bytes", "size of the last checkpoint", ["stage", "partition"], registry=registry
        )
        self.checkpoint_seconds = Histogram(
            "hearsay_checkpoint_seconds", "time to write a checkpoint", ["stage"], buckets=_SECONDS, registry=registry
        )
        self.rebalances = Counter(
            "hearsay_rebalances", "rebalances of a stage's consumer group", ["stage"], registry=registry
        )

    def embedded(self, texts: int, seconds: float) -> None:
        """See `streams.embedders.pool.pool.Observer`."""
        self.embed_batch.observe(texts)
        self.embed_seconds.observe(seconds)

    def failed(self, kind: FailureKind) -> None:
        """See `streams.embedders.pool.pool.Observer`."""
        self.embed_failures.labels(str(kind)).inc()

    def given_up(self) -> None:
        """See `streams.embedders.pool.pool.Observer`."""
        self.without_vector.inc()

    def forget(self, stage: str, partition: int) -> None:
        """Remove the gauges of a partition that moves to another worker."""
        for gauge in (self.lag, self.state_bytes):
            with contextlib.suppress(KeyError):
                gauge.remove(stage, str(partition))
        own = {"intake": self.partition_watermark, "cascade": self.cascades}.get(stage)
        if own is not None:
            with contextlib.suppress(KeyError):
                own.remove(str(partition))

    def observe_report(self, report: WatermarkReport, clusters: int) -> None:
        """Set the watermark and the event counts of the ordered log, and the number of clusters."""
        self.event_times.observe(report, time.monotonic())
        for where in _OUTCOMES:
            self.ordered_events.labels(where).set(getattr(report, where))
        self.withheld.set(report.withheld)
        self.watermark.set(report.time / 1000)
        self.watermark_delay.set(time.time_ns() / 1e9 - report.time / 1000)
        self.clusters.set(clusters)

    def observe_alert(self, alert: Alert) -> None:
        """Count an alert at its publication."""
        self.alerts.labels(alert.state.value, str(alert.level), alert.basis.value).inc()
        self.alert_latency.observe(max(0.0, time.time_ns() / 1e9 - alert.time / 1000))
