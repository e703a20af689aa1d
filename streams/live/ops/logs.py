"""Set up logging: each log line is one event with fields, as JSON for machines or as text for people.

Libraries log at level `warning`, because their lines at level `info` may quote a record.
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
    """Send the log of this process to standard error.

    Args:
        level: name of the lowest level to log.
        style: `json`, or `text` for people.
    """
    handler = logging.StreamHandler(sys.stderr)
    if style == "json":
        handler.setFormatter(
            JsonFormatter(
                "%(asctime)s %(levelname)s %(name)s %(message)s",
                rename_fields={"asctime": "time", "levelname": "level", "name": "logger", "message": "event"},
            )
        )
    else:
        handler.setFormatter(_TextFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)


class _TextFormatter(logging.Formatter):
    """Formats a message followed by its fields."""

    _standard = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        fields = {name: value for name, value in vars(record).items() if name not in self._standard}
        return " ".join([super().format(record), *(f"{name}={value}" for name, value in fields.items())])
