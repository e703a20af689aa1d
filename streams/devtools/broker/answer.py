"""Wait until a broker answers a client and lists itself among its brokers."""

import time
from collections.abc import Callable
from contextlib import closing

from streams.devtools.broker.ports import HOST, accepts

_PAUSE_S = 0.05
_TRY_MS = 2_000


def await_answer(port: int, deadline_s: float, is_alive: Callable[[], bool]) -> bool:
    """Return True once the broker at a port answers; False at the deadline (monotonic clock, in s) or if Kafka ends."""
    from kafka import KafkaConsumer  # noqa: PLC0415 - a test run that starts no broker does not pay for the client
    from kafka.errors import KafkaError  # noqa: PLC0415

    while not accepts(port):  # quieter than the client, which reports each refusal
        if not is_alive() or time.monotonic() > deadline_s:
            return False
        time.sleep(_PAUSE_S)
    # A given version keeps the constructor from connecting: where that fails there would be nothing to close.
    consumer = KafkaConsumer(bootstrap_servers=f"{HOST}:{port}", api_version=(4, 0), reconnect_backoff_max_ms=200)
    with closing(consumer):
        while is_alive() and time.monotonic() <= deadline_s:
            try:
                consumer.bootstrap(timeout_ms=_TRY_MS, refresh=True)
            except KafkaError:
                continue
            return True
    return False
