"""Read what Telegram and its tools write: desktop exports, MTProto dumps, Bot API updates and TDLib."""

from streams.adapters.base import Format
from streams.adapters.telegram import desktop

FORMATS: tuple[Format, ...] = (desktop.FORMAT,)

__all__ = ["FORMATS"]
