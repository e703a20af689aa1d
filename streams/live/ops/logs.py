"""One log line is one event with fields: JSON for machines, or words for people.

The libraries below us log at `warning`: what they say at `info` may quote a record.
"""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

_LIBRARIES = (
    "faust",
    "mode",
    "aiokafka",
    "kafka",
    "aiohttp",
    "asyncio",
    "streams.live.io.transport",
    "streams.live.io.checkpoints",
)


def set_up(level: str, style: str) -> None:
    """Send the log of this process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    if style == "json":
        handler.setFormatter(
            JsonFormatter(
                "%(asctime)s %(levelname)s %(name)s %(message)s",
                rename_fields={"asctime": "time", "levelname": "level", "name": "logger", "message": "event"},
            )
        )
    else:
        handler.setFormatter(_Words("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)


class _Words(logging.Formatter):
    """The message, then its fields."""

    _usual = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        fields = {name: value for name, value in vars(record).items() if name not in self._usual}
        return " ".join([super().format(record), *(f"{name}={value}" for name, value in fields.items())])
