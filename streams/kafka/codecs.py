"""List the compression codecs that both Kafka clients can read.

An adapter chooses the codec of its records, and the libraries of most codecs are optional for the clients. A worker
without the library of a codec would end at the first such record, and again at each start.
"""

from aiokafka import codec as worker_codecs
from kafka import codec as reader_codecs

CODECS = ("gzip", "snappy", "lz4", "zstd")
"""The codecs of Kafka's record format."""

REMEDY = "pip install -e . installs cramjam, lz4, python-snappy and zstandard"


def unreadable() -> list[str]:
    """Return the codecs that a worker, or a command that reads a topic, cannot read."""
    clients = (worker_codecs, reader_codecs)
    return [name for name in CODECS if not all(getattr(client, f"has_{name}")() for client in clients)]
