"""Export the contract for other languages: a JSON Schema for each message, and an AsyncAPI document of the topics.

Both are generated from the structs in `schemas/`, so they always agree with the code. JSON Schema is draft 2020-12. The
AsyncAPI document (3.0) holds the same messages in draft-07, its schema format. The topics are those of
`streams.kafka.topics`.
"""

import re
from pathlib import Path
from typing import Any

import msgspec

from schemas import Assignment, Merge, Sighting
from schemas.base import Message, encode
from schemas.examples import EXAMPLES
from streams.errors import UserError, already_exists
from streams.kafka.topics import TOPICS, Topic

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
ASYNCAPI = "asyncapi.json"

_PACKED = "MessagePack in the structure of the schema; strings in base64 are plain bytes instead."

Schema = Any  # a JSON value

_SENT = dict.fromkeys(topic.message for topic in TOPICS)  # unique: `EventBatch` is on two topics
_NESTED = (Sighting, Assignment, Merge)  # within event batches and cascade commands
MESSAGES: tuple[type[Message], ...] = (*_SENT, *_NESTED)


def file_name(message: type[msgspec.Struct]) -> str:
    """Return the file name of a message's schema, such as `forward_event.json` for `ForwardEvent`."""
    return _snake(message.__name__) + ".json"


def json_schema(message: type[Message]) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a message, with its examples."""
    head = {"$schema": _DRAFT, "$id": f"urn:hearsay:schema:{_snake(message.__name__)}:1"}
    examples = _examples(message)
    return {**head, **({"examples": examples} if examples else {}), **_tidy(msgspec.json.schema(message))}


def _examples(message: type[Message]) -> list[Any]:
    """Return the examples of a message as plain JSON values."""
    return [msgspec.json.decode(encode(example)) for example in EXAMPLES.get(message, ())]


def asyncapi() -> dict[str, Any]:
    """Return all topics and their messages as an AsyncAPI 3.0 document."""
    template = "#/components/schemas/{name}"
    _, schemas = msgspec.json.schema_components(MESSAGES, ref_template=template)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hearsay",
            "version": "1",
            "description": "Alerts trust-and-safety teams when a rumour takes off. Hearsay measures spread, not truth.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": {f"{'receive' if topic.inbound else 'send'}_{topic.name}": _operation(topic) for topic in TOPICS},
        "components": {
            "messages": {_snake(topic.message.__name__): _message(topic) for topic in TOPICS},
            "schemas": _draft_07(_tidy(schemas)),
        },
    }


def documents() -> dict[str, bytes]:
    """Return the content of every generated file, by file name."""
    files: dict[str, Any] = {file_name(message): json_schema(message) for message in MESSAGES}
    files[ASYNCAPI] = asyncapi()
    return {name: _pretty(content) for name, content in files.items()}


def _pretty(content: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def export(out: Path, *, overwrite: bool = False) -> list[Path]:
    """Write every generated file into a folder, created if missing, and return the paths.

    Raises:
        UserError: a file exists and `overwrite` is false, or the folder cannot be written.

    """
    files = {out / name: content for name, content in documents().items()}
    existing = [path for path in files if path.exists()]
    if existing and not overwrite:
        raise UserError(already_exists(existing[0]))
    try:
        out.mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            path.write_bytes(content)
    except OSError as error:
        raise UserError(f"cannot write the schemas to {out}: {error.strerror}; choose another --out") from None
    return list(files)


def _channel(topic: Topic) -> dict[str, Any]:
    name = _snake(topic.message.__name__)
    return {
        "address": topic.name,
        "description": f"{topic.about} {f'Keyed by {topic.key}.' if topic.key else 'Without a key.'}",
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
    }


def _operation(topic: Topic) -> dict[str, Any]:
    return {
        "action": "receive" if topic.inbound else "send",
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": topic.about,
    }


def _message(topic: Topic) -> dict[str, Any]:
    examples = [{"payload": example} for example in _examples(topic.message)]
    return {
        "name": _snake(topic.message.__name__),
        "title": topic.message.__name__,
        "summary": (topic.message.__doc__ or "").strip().splitlines()[0],
        **({"contentType": "application/msgpack", "description": _PACKED} if topic.packed else {}),
        "payload": {"$ref": f"#/components/schemas/{topic.message.__name__}"},
        **({"examples": examples} if examples else {}),
    }


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _tidy(schema: Schema) -> Schema:
    """Return a schema with descriptions free of the indentation and line breaks of the code."""
    if isinstance(schema, dict):
        return {
            name: _joined(value) if name == "description" and isinstance(value, str) else _tidy(value)
            for name, value in schema.items()
        }
    return [_tidy(item) for item in schema] if isinstance(schema, list) else schema


def _joined(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _draft_07(schema: Schema) -> Schema:
    """Convert tuples to draft-07: `prefixItems` and `items` become `items` and `additionalItems`."""
    if isinstance(schema, list):
        return [_draft_07(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    renamed = {"prefixItems": "items", "items": "additionalItems"} if "prefixItems" in schema else {}
    return {renamed.get(name, name): _draft_07(value) for name, value in schema.items()}
