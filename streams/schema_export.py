"""Writes the contract for other languages: a JSON Schema for each message, and an AsyncAPI document of the topics.

Both are generated from the structs in `schemas/`, so they cannot say anything else. JSON Schema is draft 2020-12; the
AsyncAPI document (3.0) has the same messages in the draft-07 form that its schemas are defined on.
"""

import re
from pathlib import Path
from typing import Any

import msgspec

from schemas import Alert, Assignment, ForwardEvent, Merge, Rejection, Sighting

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
ASYNCAPI = "asyncapi.json"

Schema = Any  # a JSON value


class Topic(msgspec.Struct, frozen=True):
    """A topic of the stream: what it carries, and who reads and writes it."""

    name: str
    messages: tuple[type[msgspec.Struct], ...]
    key: str
    about: str
    received: bool = False  # by Hearsay from others; all else is sent


TOPICS = (
    Topic("forwards", (ForwardEvent,), "platform", "Events of message trails, from platform adapters.", received=True),
    Topic("rejections", (Rejection,), "source", "Events that could not be used, with the reason and the position."),
    Topic("ordered", (Sighting,), "realm", "Sightings: pseudonymised, normalised, fingerprinted; one log a realm."),
    Topic("sightings", (Assignment, Merge), "cluster_id", "Each sighting's cluster, and clusters that became one."),
    Topic(
        "alerts",
        (Alert,),
        "cluster_id",
        "What a cascade does that somebody should know. It measures spread, not truth.",
    ),
)
MESSAGES = tuple(message for topic in TOPICS for message in topic.messages)


def file_name(message: type[msgspec.Struct]) -> str:
    """`forward_event.json` for `ForwardEvent`."""
    return _snake(message.__name__) + ".json"


def json_schema(message: type[msgspec.Struct]) -> dict[str, Any]:
    """A message as a JSON Schema, draft 2020-12."""
    schema = msgspec.json.schema(message)
    return {"$schema": _DRAFT, "$id": f"urn:hearsay:schema:{_snake(message.__name__)}:1", **_tidy(schema)}


def asyncapi() -> dict[str, Any]:
    """All topics and their messages as an AsyncAPI 3.0 document."""
    template = "#/components/schemas/{name}"
    _, schemas = msgspec.json.schema_components(MESSAGES, ref_template=template)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hearsay",
            "version": "1",
            "description": "Tells trust-and-safety teams that a rumour is taking off. It measures spread, not truth.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": {
            f"{'receive' if topic.received else 'send'}_{topic.name}": _operation(topic) for topic in TOPICS
        },
        "components": {
            "messages": {_snake(message.__name__): _message(message) for message in MESSAGES},
            "schemas": _draft_07(_tidy(schemas)),
        },
    }


def documents() -> dict[str, bytes]:
    """Every generated file by its name."""
    files: dict[str, Any] = {file_name(message): json_schema(message) for message in MESSAGES}
    files[ASYNCAPI] = asyncapi()
    return {
        name: msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n" for name, content in files.items()
    }


def _pretty(content: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def export(out: Path) -> list[Path]:
    """Write every generated file into a folder, which is made if need be."""
    out.mkdir(parents=True, exist_ok=True)
    for name, content in documents().items():
        (out / name).write_bytes(content)
    return [out / name for name in documents()]


def _channel(topic: Topic) -> dict[str, Any]:
    names = [_snake(message.__name__) for message in topic.messages]
    return {
        "address": topic.name,
        "description": f"{topic.about} Keyed by {topic.key}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _operation(topic: Topic) -> dict[str, Any]:
    return {
        "action": "receive" if topic.received else "send",
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": topic.about,
    }


def _message(message: type[msgspec.Struct]) -> dict[str, Any]:
    return {
        "name": _snake(message.__name__),
        "title": message.__name__,
        "summary": (message.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{message.__name__}"},
    }


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _tidy(schema: Schema) -> Schema:
    """Descriptions as they read, not as they are indented in the code."""
    if isinstance(schema, dict):
        return {
            name: _joined(value) if name == "description" and isinstance(value, str) else _tidy(value)
            for name, value in schema.items()
        }
    return [_tidy(item) for item in schema] if isinstance(schema, list) else schema


def _joined(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _draft_07(schema: Schema) -> Schema:
    """A tuple is `items` and `additionalItems` in draft-07, `prefixItems` and `items` in 2020-12."""
    if isinstance(schema, list):
        return [_draft_07(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    renamed = {"prefixItems": "items", "items": "additionalItems"} if "prefixItems" in schema else {}
    return {renamed.get(name, name): _draft_07(value) for name, value in schema.items()}
