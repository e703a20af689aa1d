"""Define the metrics that a listener exposes to Prometheus."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge


class ListenerMetrics:
    """All metrics of a listener, in a registry of their own. received = converted + skipped + refused."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.received = Counter("hearsay_listener_received", "items received from the platform", registry=registry)
        self.converted = Counter("hearsay_listener_converted", "items whose events were published", registry=registry)
        self.published = Counter("hearsay_listener_published", "events published to `forwards`", registry=registry)
        self.skipped = Counter(
            "hearsay_listener_skipped", "items without an event, by design of the format", ["reason"], registry=registry
        )
        self.refused = Counter(
            "hearsay_listener_refused", "items that cannot be read, which are kept as rejections", ["reason"],
            registry=registry,
        )  # fmt: skip
        self.turned_away = Counter(
            "hearsay_listener_turned_away", "requests refused before their content was read", ["reason"],
            registry=registry,
        )  # fmt: skip
        self.reconnects = Counter(
            "hearsay_listener_reconnects", "ends of the connection to the platform or to the broker", ["reason"],
            registry=registry,
        )  # fmt: skip
        self.connected = Gauge("hearsay_listener_connected", "1 while the platform is connected", registry=registry)
        self.in_flight = Gauge(
            "hearsay_listener_in_flight_items", "items whose events await the broker", registry=registry
        )
        self.missed = Counter(
            "hearsay_listener_missed_seconds", "length of the parts of the stream that cannot be had any more",
            registry=registry,
        )  # fmt: skip
        self.lag = Gauge(
            "hearsay_listener_cursor_lag_seconds",
            "delay of the newest acknowledged item behind the clock, by the platform's time",
            registry=registry,
        )

    def observe_lag(self, at: int | None) -> None:
        """Set the lag from the platform's time of the newest acknowledged item, in ms; unchanged without a time."""
        if at is not None:
            self.lag.set(max(0.0, time.time_ns() / 1e9 - at / 1000))


__all__ = ["ListenerMetrics"]
