"""Settings of the embedding pool.

None of them changes a vector, so they are separate from the settings of the embedder.
"""

from typing import Annotated

from msgspec import Meta

from detectors.base_config import BaseConfig


class PoolConfig(BaseConfig, frozen=True, kw_only=True):
    """Processes, batches, memory and timeouts of the embedding pool; none of them changes a vector."""

    processes: Annotated[
        int, Meta(ge=1, description="Embedding processes; each loads the model and computes on one thread.")
    ] = 1
    batch_texts: Annotated[
        int, Meta(ge=1, description="Texts sent to an embedding process at once; a failure repeats the whole batch.")
    ] = 32
    max_waiting: Annotated[
        int, Meta(ge=1, description="Distinct texts that await embedding at most; callers with more texts wait.")
    ] = 1_024
    cached_vectors: Annotated[
        int,
        Meta(
            ge=0,
            description="Recent vectors kept in memory, 2 kB each with the default model; 0 keeps none.",
        ),
    ] = 20_000
    timeout_ms: Annotated[
        int, Meta(ge=1, description="Time for one batch, after which the embedding process is replaced.")
    ] = 60_000
    start_timeout_ms: Annotated[
        int,
        Meta(ge=1, description="Time for an embedding process to load the model, which the first start also exports."),
    ] = 600_000
    attempts: Annotated[
        int,
        Meta(
            ge=1,
            description="Fresh processes that must fail on one text, while other texts succeed, before the text is "
            "given up.",
        ),
    ] = 3
    restart_delay_ms: Annotated[
        int,
        Meta(
            ge=1, description="Delay before the second start of a failing process; doubles with each further failure."
        ),
    ] = 100
    max_restart_delay_ms: Annotated[
        int, Meta(ge=1, description="Longest delay between two starts of a failing process.")
    ] = 30_000

    def __post_init__(self) -> None:
        """Check that each process gets a batch, and that the delays rise."""
        super().__post_init__()
        if self.max_waiting < self.processes * self.batch_texts:
            raise ValueError(
                f"pool.max_waiting is {self.max_waiting}, less than a batch for each process: pool.processes "
                f"({self.processes}) times pool.batch_texts ({self.batch_texts}); raise pool.max_waiting to "
                f"{self.processes * self.batch_texts} or more"
            )
        if self.max_restart_delay_ms < self.restart_delay_ms:
            raise ValueError(
                f"pool.max_restart_delay_ms is {self.max_restart_delay_ms}, less than pool.restart_delay_ms "
                f"({self.restart_delay_ms}); raise the first or lower the second"
            )
