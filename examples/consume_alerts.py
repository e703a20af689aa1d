"""Handles each alert on the topic `alerts` once, as one or many members of a consumer group.

Kafka delivers at least once. What was handled is therefore noted in the same transaction as what was done, here in an
SQLite file that all members share; the position is committed after that. A kill at any moment costs nothing and doubles
nothing. Start it with `python examples/consume_alerts.py`; settings come from HEARSAY_KAFKA__BOOTSTRAP and its
siblings, or from --set kafka.bootstrap=...
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
KEPT = 1_000_000  # rows of each table; what is older will not come again


class Cases:
    """Which case each cluster belongs to, and which alerts were handled."""

    def __init__(self, path: str, kept: int = KEPT) -> None:
        self._db = sqlite3.connect(path, timeout=60, isolation_level=None)
        self._db.executescript(TABLES)
        self._kept = kept

    def handle(self, alert: Alert) -> str | None:
        """Add an alert to its case and give the case's id; None if that was done before."""
        with self._db:  # all of it or nothing
            self._db.execute("BEGIN IMMEDIATE")
            if self._db.execute("SELECT 1 FROM handled WHERE alert_id = ?", [alert.alert_id]).fetchone():
                return None
            case = self._case(alert)
            row = (alert.alert_id, case, alert.level, alert.headline)
            self._db.execute("INSERT INTO handled VALUES (?, ?, ?, ?)", row)  # here: what your service does
            self._db.execute("DELETE FROM handled WHERE rowid <= (SELECT max(rowid) FROM handled) - ?", [self._kept])
            self._db.execute("DELETE FROM names WHERE rowid <= (SELECT max(rowid) FROM names) - ?", [self._kept])
        return case

    def _case(self, alert: Alert) -> str:
        """A rumour's clusters may turn out to be one; then any of the ids that it had leads to the case."""
        ids = (alert.cluster_id, *alert.aliases)
        found = (self._db.execute("SELECT case_id FROM names WHERE cluster_id = ?", [name]).fetchone() for name in ids)
        case: str = next((row[0] for row in found if row), alert.cluster_id)
        self._db.executemany("INSERT OR REPLACE INTO names VALUES (?, ?)", [(name, case) for name in ids])
        return case


def consume(consumer: KafkaConsumer, cases: Cases) -> None:
    """Handle what comes until told to stop."""
    while True:
        for records in consumer.poll(timeout_ms=1000).values():
            for record in records:
                try:
                    alert = msgspec.json.decode(record.value or b"", type=Alert)
                except msgspec.MsgspecError as error:
                    LOG.warning("no alert at %s:%s: %s", record.partition, record.offset, error)
                    continue
                case = cases.handle(alert)
                if case:
                    LOG.info("%s: %s %s: %s", case, alert.state, alert.level, alert.headline)
        with suppress(CommitFailedError):  # another member has the partition now, and knows what is handled
            consumer.commit()


def main() -> None:
    """Read the command line, join the group, handle alerts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--group", default="cases", help="the group's name; kafka.prefix is put before it")
    parser.add_argument("--store", default="cases.sqlite", help="the file that the group's members share")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of Hearsay")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.basicConfig(format="%(message)s")
    LOG.setLevel(logging.INFO)
    effective = load(overrides=given.set)
    kafka = effective.settings.kafka
    options = client_options(kafka, effective.kafka_password)
    options |= {"group_id": kafka.prefix + given.group, "auto_offset_reset": "earliest", "enable_auto_commit": False}
    options |= {"allow_auto_create_topics": False, "session_timeout_ms": 6_000, "heartbeat_interval_ms": 2_000}
    with suppress(KeyboardInterrupt), KafkaConsumer(kafka.prefix + "alerts", **options) as consumer:
        consume(consumer, Cases(given.store))


if __name__ == "__main__":
    main()
