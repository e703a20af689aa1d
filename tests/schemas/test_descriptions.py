"""The public contracts explain themselves: every field has a description, and scalars and messages have examples."""

import jsonschema
import msgspec
import pytest

from schemas import Alert, ForwardEvent
from schemas.base import encode
from schemas.examples import EXAMPLES
from streams.kafka.contract import asyncapi, json_schema

PUBLIC = (ForwardEvent, Alert)
FIELDS = [
    pytest.param(message, name, field, id=f"{message.__name__}: {name}.{field}")
    for message in PUBLIC
    for name, definition in json_schema(message)["$defs"].items()
    for field in definition.get("properties", ())
]


def holds_a_struct(schema, definitions):
    """Whether a field holds a struct or several, which have examples of their own."""
    if "$ref" in schema:
        return definitions[schema["$ref"].rpartition("/")[2]].get("type") == "object"
    inner = [*schema.get("anyOf", ()), *([schema["items"]] if isinstance(schema.get("items"), dict) else [])]
    return any(holds_a_struct(one, definitions) for one in inner)


def resolved(message, name, field):
    """The schema of one field, with the definitions that it refers to."""
    schema = json_schema(message)
    return {**schema["$defs"][name]["properties"][field], "$defs": schema["$defs"]}


@pytest.mark.parametrize(("message", "name", "field"), FIELDS)
def test_every_field_of_a_public_message_has_a_description(message, name, field):
    description = resolved(message, name, field).get("description", "")
    assert description.endswith("."), f"{name}.{field} needs a description in `Annotated[..., Meta(description=...)]`"


@pytest.mark.parametrize(("message", "name", "field"), FIELDS)
def test_the_examples_of_a_field_are_valid_and_scalars_have_one(message, name, field):
    schema = resolved(message, name, field)
    for example in schema.get("examples", ()):
        jsonschema.Draft202012Validator(schema).validate(example)
    assert holds_a_struct(schema, schema["$defs"]) or schema.get("examples"), f"{name}.{field} needs an example"


@pytest.mark.parametrize("message", PUBLIC)
def test_every_struct_and_choice_of_a_public_message_has_a_description(message):
    definitions = json_schema(message)["$defs"]
    assert [name for name, definition in definitions.items() if not definition.get("description")] == []


@pytest.mark.parametrize("message", PUBLIC)
def test_the_examples_of_a_public_message_are_valid_messages(message):
    schema = json_schema(message)
    assert len(schema["examples"]) == len(EXAMPLES[message]) >= 1
    for written, example in zip(schema["examples"], EXAMPLES[message], strict=True):
        jsonschema.Draft202012Validator(schema).validate(written)
        assert msgspec.json.decode(encode(example), type=message) == example
        assert msgspec.convert(written, message) == example


def test_the_asyncapi_document_shows_the_same_examples():
    shown = asyncapi()["components"]["messages"]
    for message, name in ((ForwardEvent, "forward_event"), (Alert, "alert")):
        assert [example["payload"] for example in shown[name]["examples"]] == json_schema(message)["examples"]
