"""What the tests do with a broker: make a topic, write to it, read it back."""

import time
import uuid
from contextlib import closing

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

PATIENT_S = 60.0
FAST = {"request_timeout_ms": 1_500, "bootstrap_timeout_ms": 5_000, "reconnect_backoff_max_ms": 200}


def until(condition, what, within_s=PATIENT_S):
    """Wait for a condition; never for a time."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        time.sleep(0.02)


def new_topic(bootstrap, **security):
    """A topic that no other test has, of one partition."""
    name = f"broker-test-{uuid.uuid4().hex}"
    with KafkaAdminClient(bootstrap_servers=bootstrap, **security) as admin:
        admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    return name


def produce(bootstrap, topic, values, **security):
    """Write these values; each is acknowledged when this returns."""
    with closing(KafkaProducer(bootstrap_servers=bootstrap, acks="all", **security)) as producer:
        for sent in [producer.send(topic, value) for value in values]:
            sent.get(timeout=PATIENT_S)


def consume(bootstrap, topic, count, **security):
    """The first so many values."""
    found = []
    with closing(KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", **security)) as consumer:
        consumer.assign([TopicPartition(topic, 0)])

        def enough():
            found.extend(record.value for part in consumer.poll(200).values() for record in part)
            return len(found) >= count

        until(enough, f"{count} values from {topic}; got {len(found)}")
    return found
