"""An event is taken out of the envelopes of connectors and queues; an envelope without an event is named."""

import base64
import json

import pytest

from detectors.reading.envelopes import MAX_DEPTH
from schemas.rejection import Reason
from tests.detectors.reading.events import EVENT, read, record, refused

TEXT = json.dumps(EVENT)
BASE64 = base64.b64encode(TEXT.encode()).decode()
CLOUD = {"specversion": "1.0", "id": "77", "source": "/ferries", "type": "org.example.share"}
CHANGE = {"before": None, "source": {"connector": "mysql"}, "ts_ms": 1}

ENVELOPES = {
    "CloudEvents": [
        CLOUD | {"data": EVENT},
        CLOUD | {"data_base64": BASE64},
        CLOUD | {"data": TEXT, "datacontenttype": "application/json"},
    ],
    "Kafka Connect JSON with schema": [{"schema": {"type": "struct", "fields": []}, "payload": EVENT}],
    "Debezium change event": [CHANGE | {"op": op, "after": EVENT} for op in "cur"],
    "Maxwell change event": [{"database": "d", "table": "t", "type": "insert", "ts": 1, "data": EVENT}],
    "GoldenGate change event": [{"table": "d.t", "op_type": "I", "after": EVENT}],
    "MongoDB change event": [{"operationType": "insert", "fullDocument": EVENT}],
    "Osprey action": [{"send_time": "x", "data": {"action_id": 1, "action_name": "share", "data": EVENT}}],
    "kcat record": [{"topic": "t", "partition": 0, "offset": 5, "tstype": "create", "ts": 1, "payload": TEXT}],
    "Kafka record": [{"topic": "t", "partition": 0, "offset": 5, "key": None, "value": EVENT}],
    "SNS notification": [{"Type": "Notification", "TopicArn": "arn", "Message": TEXT}],
    "SQS message": [{"MessageId": "m", "Body": TEXT}, {"messageId": "m", "receiptHandle": "r", "body": TEXT}],
    "AWS Lambda batch": [{"Records": [{"messageId": "m", "body": TEXT}]}, {"Records": [{"kinesis": {"data": BASE64}}]}],
    "Pub/Sub push": [{"subscription": "s", "message": {"data": BASE64, "messageId": "1"}}],
    "EventBridge event": [{"detail-type": "t", "source": "s", "detail": EVENT}],
    "Event Grid event": [{"eventType": "t", "subject": "s", "data": EVENT}],
    "Elasticsearch hit": [{"_index": "i", "_source": EVENT}],
    "log line": [{"@timestamp": "x", "message": TEXT}, {"log": TEXT, "stream": "stdout"}],
    "`event`": [{"event": EVENT}, {"event": TEXT}],
    "`message`": [{"message": TEXT}],
    "JSON text in JSON": [TEXT, json.dumps(TEXT)],
    "JSON array of one": [[EVENT]],
}


@pytest.mark.parametrize(("name", "value"), [(name, one) for name, values in ENVELOPES.items() for one in values])
def test_an_event_is_taken_out_of_its_envelope(name, value):
    event, repairs = read(json.dumps(value).encode())
    assert event == read(record())[0]
    assert repairs.envelopes == (name,)


def test_envelopes_within_envelopes_are_listed_from_the_outermost():
    change = {"schema": {}, "payload": CHANGE | {"op": "c", "after": EVENT}}
    assert read(json.dumps(change).encode())[1].envelopes == ("Kafka Connect JSON with schema", "Debezium change event")
    queue = {"MessageId": "m", "Body": json.dumps({"TopicArn": "arn", "Message": TEXT})}
    assert read(json.dumps(queue).encode())[1].envelopes == ("SQS message", "SNS notification")


@pytest.mark.parametrize("depth", [MAX_DEPTH, MAX_DEPTH + 1])
def test_envelopes_are_opened_to_a_depth(depth):
    value = EVENT
    for _ in range(depth):
        value = CLOUD | {"data": value}
    raw = json.dumps(value).encode()
    if depth == MAX_DEPTH:
        assert read(raw)[0] == read(record())[0]
    else:
        assert refused(raw).reason is Reason.ENVELOPE


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (CLOUD, "CloudEvents"),
        (CLOUD | {"data": None}, "CloudEvents"),
        ({"schema": None, "payload": None}, "Kafka Connect"),
        (CHANGE | {"op": "d", "before": EVENT, "after": None}, "a deleted row"),
        (CHANGE | {"op": "u", "after": None}, "Debezium"),
        ({"Records": [{"body": TEXT}, {"body": TEXT}]}, "AWS Lambda batch"),
        ({"@timestamp": "x", "message": "Ulla Sandberg has logged in"}, "log line"),
    ],
)
def test_an_envelope_without_an_event_is_refused_with_its_name(value, names):
    error = refused(json.dumps(value).encode())
    assert error.reason is Reason.ENVELOPE
    assert names in error.detail
    assert "Ulla" not in error.detail


def test_a_foreign_payload_is_reported_with_its_envelope_and_its_similar_names():
    foreign = CLOUD | {"data": {"id": "1", "author": "Ulla", "network": "x", "body": "hello"}}
    error = refused(json.dumps(foreign).encode())
    assert error.reason is Reason.MISSING_FIELD
    assert "in the payload of CloudEvents" in error.detail
    assert "`network`: did you mean" in error.detail.replace("`id`, ", "")


@pytest.mark.parametrize("value", [[EVENT, EVENT], [], 5, None, "plain", True, [1]])
def test_a_value_that_is_no_object_has_the_wrong_type(value):
    assert refused(json.dumps(value).encode()).reason is Reason.WRONG_TYPE


def test_a_list_of_events_is_refused_with_the_fix():
    assert "jq -c '.[]'" in refused(json.dumps([EVENT, EVENT]).encode()).detail


@pytest.mark.parametrize("frame", [b"\0\0\0\0\x07", b"\0" + b"\0" * 7 + b"\x07", b"\x03\x00" + bytes(16)])
def test_the_frame_of_a_schema_registry_is_removed(frame):
    event, repairs = read(frame + record())
    assert event == read(record())[0]
    assert "schema-registry framing" in repairs.envelopes[0]


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        (b"\0\0\0\0\x07\x02\x06e-1", "Avro or Protobuf"),
        (b"\x03\x05" + bytes(40), "Glue"),
        (b"\x1f\x8b\x08\x00", "compressed by the sender"),
        (b"\x28\xb5\x2f\xfd\x00", "compressed by the sender"),
        (b"Obj\x01\x04", "an Avro file"),
    ],
)
def test_a_payload_that_is_not_json_is_refused_with_the_name_of_its_frame(raw, names):
    error = refused(raw)
    assert error.reason is Reason.ENVELOPE
    assert names in error.detail


def test_an_event_of_ours_with_the_keys_of_an_envelope_stays_an_event():
    event, repairs = read(record(data={"x": 1}, schema="v2", payload="x", specversion="1.0", type="t", actor=9))
    assert event.actor == "9"
    assert repairs.envelopes == ()
