"""Run Apache Kafka for development and tests, without Docker: Java runs Kafka, Maven fetches Kafka.

The broker is one node on loopback, with one copy of the data and by default no authentication; the broker ends with its
parent process. Do not use the broker for data of value.
"""

from streams.devtools.broker.broker import Broker
from streams.devtools.broker.security import Login, TlsFiles
from streams.devtools.broker.tools import ToolMissingError

__all__ = ["Broker", "Login", "TlsFiles", "ToolMissingError"]
