"""How a worker runs. None of these settings changes an alert."""

import msgspec


class WorkerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where a worker keeps its state, how it groups its work, and where it answers questions about itself."""

    data_dir: str = "hearsay-data"  # the folder of the local state; it is rebuilt from the broker where it is lost
    host: str = "127.0.0.1"  # where /health, /ready and /metrics are served
    port: int = 6066  # of the same; 0 for one that is free
    batch_max_events: int = 256  # events in a record between the stages, at most
    batch_max_bytes: int = 524_288  # of the events in a record, as they came; a single larger one travels alone
    linger_ms: int = 20  # how long a record waits for more events
    max_in_flight: int = 8  # records that may wait for the broker, or for the model, at once
    commit_interval_ms: int = 1_000  # between two commits of a partition's position
    checkpoint_bytes: int = 4_194_304  # of input after which state is saved; more where the state itself is larger
    checkpoint_idle_ms: int = 5_000  # of silence after which state is saved
    standby_replicas: int = 1  # other workers that keep a copy of each state
    remembered_texts: int = 65_536  # texts that the embed stage knows to be nothing new
    session_timeout_ms: int = 30_000  # silence after which the broker takes a worker for dead
    drain_timeout_ms: int = 20_000  # how long a stopping worker may take to finish its work
    log_level: str = "info"  # debug, info, warning or error
    log_format: str = "json"  # json, or text for people

    def __post_init__(self) -> None:
        """Refuse what no worker can run with."""
        for name in _POSITIVE:
            if getattr(self, name) < 1:
                raise ValueError(f"worker.{name} must be positive; got {getattr(self, name)}; leave it out")
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"worker.{name} must be one of {', '.join(allowed)}; got {getattr(self, name)!r}")
        if self.standby_replicas < 0 or not 0 <= self.port <= 65_535:
            raise ValueError(
                f"worker.standby_replicas must not be negative and worker.port must be a port; got "
                f"{self.standby_replicas} and {self.port}; leave them out"
            )


_POSITIVE = (
    "batch_max_events",
    "batch_max_bytes",
    "linger_ms",
    "max_in_flight",
    "commit_interval_ms",
    "checkpoint_bytes",
    "checkpoint_idle_ms",
    "remembered_texts",
    "session_timeout_ms",
    "drain_timeout_ms",
)
_CHOICES = {"log_level": ("debug", "info", "warning", "error"), "log_format": ("json", "text")}
