"""Apache Kafka for development and tests, without Docker. Java runs it, Maven fetches it, and it dies with its parent.

One node on loopback that keeps one copy of everything: never for data that somebody would miss.
"""

from streams.broker.broker import Broker
from streams.broker.security import Login, TlsFiles
from streams.broker.tools import ToolMissingError

__all__ = ["Broker", "Login", "TlsFiles", "ToolMissingError"]
