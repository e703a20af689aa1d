"""How many processes embed, how much may wait for them, and how long a silent or failing one is borne.

None of these changes a vector, so they stand apart from the settings that can.
"""

import msgspec


class PoolConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Processes, batches, memory and patience of the embedding pool; none of these changes a vector."""

    processes: int = 1  # each holds the model once and computes on one thread
    batch_texts: int = 32  # texts handed to a process at once; a failure costs so many again
    max_waiting: int = 1_024  # distinct texts not embedded yet; callers with more wait for room
    remembered: int = 20_000  # recent vectors kept, two kilobytes each with the default model; 0 keeps none
    timeout_ms: int = 60_000  # a batch may take so long before its process is replaced
    start_timeout_ms: int = 600_000  # loading may take so long; the first time, the model's graph is exported too
    attempts: int = 3  # fresh processes that must fail at one text, while they do others, before it is given up
    restart_delay_ms: int = 100  # before the second start of a failing process; doubled with each failure in a row
    max_restart_delay_ms: int = 30_000  # between two starts of a failing process

    def __post_init__(self) -> None:
        """Refuse numbers with which nothing would ever be embedded."""
        for name in self.__struct_fields__:
            least = 0 if name == "remembered" else 1
            if getattr(self, name) < least:
                raise ValueError(
                    f"{name} must be at least {least}; got {getattr(self, name)} (pool.{name}); leave it out for the "
                    "default"
                )
        if self.max_waiting < self.processes * self.batch_texts:
            raise ValueError(
                f"max_waiting must hold a batch for every process ({self.processes * self.batch_texts}); got "
                f"{self.max_waiting} (pool.max_waiting); try 1024"
            )
        if self.max_restart_delay_ms < self.restart_delay_ms:
            raise ValueError(
                f"max_restart_delay_ms must be at least restart_delay_ms ({self.restart_delay_ms}); "
                f"got {self.max_restart_delay_ms} "
                "(pool.max_restart_delay_ms); try 30000"
            )
