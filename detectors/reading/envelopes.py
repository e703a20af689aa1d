"""Take an event out of the envelopes in which connectors, queues and log shippers deliver it.

Each envelope is a row: its name, the keys that it always has, and the paths at which its payload may be. An envelope
without a payload is refused with its name, because "missing field" would point the reader at the wrong program.
CloudEvents 1.0, section 3.1.1 of the JSON event format; Debezium change events; Confluent wire format.
"""

import base64
import binascii
from typing import Any, NamedTuple, TypeGuard

import msgspec

from detectors.reading.json_value import JsonValue, parse, parse_text
from detectors.reading.rules import InvalidEventError
from schemas.event import ForwardEvent
from schemas.rejection import Reason

MAX_DEPTH = 3
_MAX_STRINGS = 2  # times that one JSON text may hold another
_REQUIRED = frozenset(field.name for field in msgspec.structs.fields(ForwardEvent) if field.required)
_ENOUGH = 2  # required fields that make an object one of ours
_DELETED = {"d": "a deleted row", "t": "a truncated table", "delete": "a deleted row", "D": "a deleted row"}

Path = tuple[str | int, ...]


class Envelope(NamedTuple):
    """One kind of envelope."""

    name: str
    keys: frozenset[str]  # an object with all of these is such an envelope
    payloads: tuple[Path, ...]  # the first that is present holds the event
    operation: Path = ()  # of a change event: where it is called a creation, an update or a deletion


def _row(name: str, keys: str, *payloads: str, operation: str = "") -> Envelope:
    return Envelope(name, frozenset(keys.split()), tuple(map(_path, payloads)), _path(operation) if operation else ())


def _path(dotted: str) -> Path:
    return tuple(int(part) if part.isdigit() else part for part in dotted.split("."))


ENVELOPES = (
    _row("CloudEvents", "specversion type", "data", "data_base64"),
    _row("Debezium change event", "op after", "after", operation="op"),
    _row("Debezium change event", "op before", "after", operation="op"),
    _row("Maxwell change event", "database table type", "data", operation="type"),
    _row("GoldenGate change event", "op_type table", "after", operation="op_type"),
    _row("MongoDB change event", "operationType", "fullDocument", operation="operationType"),
    _row("Kafka Connect JSON with schema", "schema payload", "payload"),
    _row("Osprey action", "send_time data", "data.data"),
    _row("Osprey action", "action_name data", "data"),
    _row("kcat record", "topic partition offset payload", "payload"),
    _row("Kafka record", "topic partition offset value", "value"),
    _row("SNS notification", "TopicArn Message", "Message"),
    _row("SQS message", "MessageId Body", "Body"),
    _row("SQS message", "messageId body", "body"),
    _row("AWS Lambda batch", "Records", "Records.0.body", "Records.0.Sns.Message", "Records.0.kinesis.data"),
    _row("Pub/Sub push", "subscription message", "message.data"),
    _row("Pub/Sub message", "messageId data", "data"),
    _row("EventBridge event", "detail-type detail", "detail"),
    _row("Event Grid event", "eventType data", "data"),
    _row("Elasticsearch hit", "_source", "_source"),
    _row("log line", "@timestamp message", "message"),
    _row("log line", "log stream", "log"),
)
_WRAPPERS = ("data", "event", "payload", "value", "record", "message", "body", "detail", "after", "log", "attributes")
"""Fields in which programs of one's own wrap an event; taken only if the object inside is one of ours."""


def is_event(value: object) -> TypeGuard[dict[str, Any]]:
    """Return True for an object with several of the fields that every event needs."""
    return isinstance(value, dict) and len(_REQUIRED & value.keys()) >= _ENOUGH


def unframe(raw: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Remove the bytes that a schema registry puts before a JSON value; return the rest, and their name.

    Raises:
        InvalidEventError: the bytes frame another format, or are compressed.

    """
    if raw[:1] == b"\x00" and raw[1:2] != b"{":  # not UTF-16
        return _framed(raw, (5, 9), "schema-registry framing", "Avro or Protobuf")
    if raw[:2] in {b"\x03\x00", b"\x03\x05"}:
        return _framed(raw, (18,), "Glue schema-registry framing", "compressed, Avro or Protobuf")
    if raw[:2] == b"\x1f\x8b" or raw[:4] in {b"\x28\xb5\x2f\xfd", b"Obj\x01"}:
        what = "an Avro file" if raw[:3] == b"Obj" else "compressed by the sender itself"
        raise InvalidEventError(
            Reason.ENVELOPE, f"the record is {what}; send plain JSON and set the producer's compression.type instead"
        )
    return raw, ()


def _framed(raw: bytes, sizes: tuple[int, ...], name: str, other: str) -> tuple[bytes, tuple[str, ...]]:
    for size in sizes:
        if raw[size:].lstrip()[:1] in {b"{", b'"'}:
            return raw[size:], (name,)
    raise InvalidEventError(
        Reason.ENVELOPE,
        f"the record has {name} around a payload that is not JSON, probably {other}; publish events as JSON "
        "(JsonConverter, or the registry's JSON Schema serialiser)",
    )


def unwrap(value: JsonValue) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Take an event out of its envelopes.

    Args:
        value: a JSON value.

    Returns:
        The object that may be an event, and the names of the envelopes from the outermost.

    Raises:
        InvalidEventError: the value is no object, an envelope is empty or damaged, or there are too many.

    """
    names: list[str] = []
    while True:
        value = _unquote(value, names)
        if is_event(value):
            return value, tuple(names)
        step = _open(value)
        if step is None:
            return value, tuple(names)
        if len(names) >= MAX_DEPTH:
            raise InvalidEventError(
                Reason.ENVELOPE, f"the record has more than {MAX_DEPTH} envelopes: {', '.join(names)}, {step.name}"
            )
        names.append(step.name)
        value = step.payload


class _Step(NamedTuple):
    name: str
    payload: JsonValue


def _unquote(value: JsonValue, names: list[str]) -> dict[str, Any]:
    """Parse JSON texts in place of an object, and take a list's only element."""
    for _ in range(_MAX_STRINGS):
        if not isinstance(value, str) or not value.lstrip().startswith(("{", '"', "[")):
            break
        value = parse_text(value)
        if not names:
            names.append("JSON text in JSON")
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        value = value[0]
        names.append("JSON array of one")
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        what = f"a list of {len(value)} values; write one event a record (for a file: jq -c '.[]' FILE)"
    else:
        what = "a value of another type; an event is a JSON object"
    inside = f" in {_listed(names)}" if names else ""
    raise InvalidEventError(Reason.WRONG_TYPE, f"expected an object, got {what}{inside}")


def _open(value: dict[str, Any]) -> _Step | None:
    """Return the payload of an envelope; None if the object is no envelope.

    Raises:
        InvalidEventError: a known envelope has no payload.

    """
    for envelope in ENVELOPES:
        if envelope.keys <= value.keys():
            payload = next((found for path in envelope.payloads if (found := _at(value, path)) is not None), None)
            if payload is not None or not _REQUIRED & value.keys() - envelope.keys:
                return _Step(envelope.name, _content(envelope, value, payload))
    for name in _WRAPPERS:
        inner = value.get(name)
        if isinstance(inner, str) and inner.lstrip().startswith("{"):
            inner = _parsed(inner)
        if is_event(inner):
            return _Step(f"`{name}`", inner)
    return None


def _content(envelope: Envelope, value: dict[str, Any], payload: JsonValue) -> JsonValue:
    operation = _at(value, envelope.operation) if envelope.operation else None
    if isinstance(operation, str) and operation in _DELETED:
        raise InvalidEventError(
            Reason.ENVELOPE,
            f"the envelope ({envelope.name}) is about {_DELETED[operation]} and holds no event; for a message that was "
            "deleted, publish an event of kind delete",
        )
    if payload is None:
        paths = " or ".join(f"`{'.'.join(map(str, path))}`" for path in envelope.payloads)
        raise InvalidEventError(Reason.ENVELOPE, f"the envelope ({envelope.name}) has no {paths}; put one event there")
    if isinstance(payload, str) and not payload.lstrip().startswith(("{", '"', "[")):
        return _decoded(envelope, payload)
    return payload


def _decoded(envelope: Envelope, payload: str) -> JsonValue:
    """Decode a payload in base64."""
    try:
        return parse(base64.b64decode(payload, validate=True))[0]
    except (binascii.Error, InvalidEventError):
        raise InvalidEventError(
            Reason.ENVELOPE,
            f"the envelope ({envelope.name}) holds a text that is neither JSON nor JSON in base64; send the event as a "
            "JSON object",
        ) from None


def _at(value: JsonValue, path: Path) -> JsonValue:
    for part in path:
        if isinstance(part, int):
            value = value[part] if isinstance(value, list) and len(value) == part + 1 else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def _parsed(text: str) -> JsonValue:
    """Parse a JSON text; None if the text is not JSON."""
    try:
        return parse_text(text)
    except InvalidEventError:
        return None


def _listed(names: list[str]) -> str:
    return " in ".join(reversed(names))


__all__ = ["MAX_DEPTH", "is_event", "unframe", "unwrap"]
