"""Wait until a broker answers a client with its list of brokers."""

import time
from collections.abc import Callable

from kafka.errors import KafkaError

from streams.devtools.broker.ports import HOST, accepts
from streams.kafka import clients
from streams.kafka.connection import KafkaSettings

_PAUSE_S = 0.05
_TRY_MS = 2_000


def await_answer(port: int, deadline_s: float, is_alive: Callable[[], bool]) -> bool:
    """Return True once the broker at a port answers.

    Args:
        port: of the broker's plain listener.
        deadline_s: of the monotonic clock, after which the result is False.
        is_alive: whether the broker's process runs; the result is False when the process has ended.
    """
    while not accepts(port):  # quieter than the client, which logs each refused connection
        if not is_alive() or time.monotonic() > deadline_s:
            return False
        time.sleep(_PAUSE_S)
    settings = KafkaSettings(bootstrap=f"{HOST}:{port}", request_timeout_ms=_TRY_MS)
    options = {"api_version": (4, 0), "reconnect_backoff_max_ms": 200}  # with a version, opening does not connect
    while is_alive() and time.monotonic() <= deadline_s:
        try:
            with clients.open_consumer(settings, None, **options) as consumer:
                consumer.bootstrap(timeout_ms=_TRY_MS, refresh=True)
                return True
        except KafkaError:
            continue
    return False
