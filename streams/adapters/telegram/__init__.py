"""Read what Telegram and its tools write: desktop exports, MTProto dumps, Bot API updates and TDLib."""

from streams.adapters.base import Format
from streams.adapters.telegram import bot_api, desktop, mtproto, tdlib

FORMATS: tuple[Format, ...] = (desktop.FORMAT, mtproto.FORMAT, bot_api.FORMAT, tdlib.FORMAT)

__all__ = ["FORMATS"]
