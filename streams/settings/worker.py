"""Settings of a worker; none of them changes an alert."""

from typing import Annotated, Literal

from msgspec import Meta

from detectors.base_config import BaseConfig


class WorkerSettings(BaseConfig, frozen=True, kw_only=True):
    """State folder, batches between stages, and HTTP endpoint of a worker. Durations in ms, sizes in bytes."""

    data_dir: Annotated[
        str, Meta(description="Folder of the local state, which a worker rebuilds from the broker after a loss.")
    ] = "hearsay-data"
    host: Annotated[str, Meta(description="Address on which /health, /ready and /metrics are served.")] = "127.0.0.1"
    port: Annotated[
        int, Meta(ge=0, le=65_535, description="Port of /health, /ready and /metrics; 0 takes a free port.")
    ] = 6066
    batch_max_events: Annotated[int, Meta(ge=1, description="Events in one record between two stages at most.")] = 256
    batch_max_bytes: Annotated[
        int,
        Meta(
            ge=1,
            description="Size in bytes of the source events in one record between two stages at most; a larger "
            "event gets a record of its own.",
        ),
    ] = 524_288
    linger_ms: Annotated[
        int, Meta(ge=1, description="Time that a record between two stages waits for more events.")
    ] = 20
    max_in_flight: Annotated[
        int, Meta(ge=1, description="Records of one task that may await the broker, or the model, at the same time.")
    ] = 8
    commit_interval_ms: Annotated[
        int, Meta(ge=1, description="Interval between two commits of a partition's offset.")
    ] = 1_000
    checkpoint_bytes: Annotated[
        int,
        Meta(
            ge=1, description="Input in bytes after which a task saves its state; larger states are saved less often."
        ),
    ] = 4_194_304
    checkpoint_idle_ms: Annotated[int, Meta(ge=1, description="Silence after which a task saves its state.")] = 5_000
    standby_replicas: Annotated[
        int, Meta(ge=0, description="Other workers that keep a copy of each state, for a fast takeover.")
    ] = 1
    known_texts: Annotated[
        int, Meta(ge=1, description="Known texts that the embed stage remembers, to skip their embedding.")
    ] = 65_536
    session_timeout_ms: Annotated[
        int, Meta(ge=1, description="Silence after which the broker considers a worker dead.")
    ] = 30_000
    drain_timeout_ms: Annotated[
        int, Meta(ge=1, description="Time within which a stopping worker must finish its work.")
    ] = 20_000
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Least severe level that is logged.")
    ] = "info"
    log_format: Annotated[
        Literal["json", "text"], Meta(description="Format of a log line: JSON for machines, text for people.")
    ] = "json"
