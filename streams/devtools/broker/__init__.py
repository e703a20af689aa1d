"""Apache Kafka for development and tests, without Docker. Java runs it, Maven fetches it, and it dies with its parent.

One node on loopback that keeps one copy of everything: never for data that somebody would miss.
"""

from streams.devtools.broker.broker import Broker
from streams.devtools.broker.security import Login, TlsFiles
from streams.devtools.broker.tools import ToolMissingError

__all__ = ["Broker", "Login", "TlsFiles", "ToolMissingError"]
