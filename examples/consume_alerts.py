"""Handle each alert on the topic `alerts` exactly once, with one or many members of a consumer group.

Kafka delivers at least once. The script therefore records each handled alert in the same transaction as its effect, here
in an SQLite file that all members share, and commits the offsets afterwards. A kill at any moment loses no alert and
repeats none. Run `python examples/consume_alerts.py`; settings come from HEARSAY_KAFKA__BOOTSTRAP and the other
HEARSAY_KAFKA__ variables, or from --set kafka.bootstrap=...
"""

import argparse
import logging
import signal
import sqlite3
from contextlib import suppress

import msgspec
from kafka import KafkaConsumer
from kafka.errors import CommitFailedError

from schemas import Alert
from streams.kafka.connection import client_options
from streams.settings.load import load

TABLES = """
CREATE TABLE IF NOT EXISTS handled (alert_id TEXT PRIMARY KEY, case_id TEXT, level INTEGER, headline TEXT);
CREATE TABLE IF NOT EXISTS names (cluster_id TEXT PRIMARY KEY, case_id TEXT);
"""
LOG = logging.getLogger("cases")
MAX_ROWS = 1_000_000  # rows per table; Kafka does not deliver older alerts again


class Cases:
    """Store of the case of each cluster, and of the handled alerts."""

    def __init__(self, path: str, rows: int = MAX_ROWS) -> None:
        self._db = sqlite3.connect(path, timeout=60, isolation_level=None)
        self._db.executescript(TABLES)
        self._rows = rows

    def handle(self, alert: Alert) -> str | None:
        """Add an alert to its case; return the id of the case, or None if the alert was handled before."""
        with self._db:  # one transaction
            self._db.execute("BEGIN IMMEDIATE")
            if self._db.execute("SELECT 1 FROM handled WHERE alert_id = ?", [alert.alert_id]).fetchone():
                return None
            case = self._case(alert)
            row = (alert.alert_id, case, alert.level, alert.headline)
            self._db.execute("INSERT INTO handled VALUES (?, ?, ?, ?)", row)  # replace with the work of your service
            self._db.execute("DELETE FROM handled WHERE rowid <= (SELECT max(rowid) FROM handled) - ?", [self._rows])
            self._db.execute("DELETE FROM names WHERE rowid <= (SELECT max(rowid) FROM names) - ?", [self._rows])
        return case

    def _case(self, alert: Alert) -> str:
        """Return the case of a cluster. Clusters of one rumour may merge; each former id leads to the case."""
        ids = (alert.cluster_id, *alert.aliases)
        found = (self._db.execute("SELECT case_id FROM names WHERE cluster_id = ?", [name]).fetchone() for name in ids)
        case: str = next((row[0] for row in found if row), alert.cluster_id)
        self._db.executemany("INSERT OR REPLACE INTO names VALUES (?, ?)", [(name, case) for name in ids])
        return case


def consume(consumer: KafkaConsumer, cases: Cases) -> None:
    """Handle alerts until an interrupt."""
    while True:
        for records in consumer.poll(timeout_ms=1000).values():
            for record in records:
                try:
                    alert = msgspec.json.decode(record.value or b"", type=Alert)
                except msgspec.MsgspecError as error:
                    LOG.warning("no alert at partition %s, offset %s: %s", record.partition, record.offset, error)
                    continue
                case = cases.handle(alert)
                if case:
                    LOG.info("%s: %s %s: %s", case, alert.state, alert.level, alert.headline)
        with suppress(CommitFailedError):  # another member owns the partition now and reads the same store
            consumer.commit()


def main() -> None:
    """Read the command line, join the consumer group and handle alerts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--group", default="cases", help="name of the consumer group; kafka.prefix is prepended")
    parser.add_argument("--store", default="cases.sqlite", help="SQLite file that the members of the group share")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="change a setting of Hearsay")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.basicConfig(format="%(message)s")
    LOG.setLevel(logging.INFO)
    resolved = load(overrides=given.set)
    kafka = resolved.settings.kafka
    options = client_options(kafka, resolved.kafka_password)
    options |= {"group_id": kafka.prefix + given.group, "auto_offset_reset": "earliest", "enable_auto_commit": False}
    options |= {"allow_auto_create_topics": False, "session_timeout_ms": 6_000, "heartbeat_interval_ms": 2_000}
    with suppress(KeyboardInterrupt), KafkaConsumer(kafka.prefix + "alerts", **options) as consumer:
        consume(consumer, Cases(given.store))


if __name__ == "__main__":
    main()
