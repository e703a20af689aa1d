"""Messages as released versions wrote them. Files are added here and never changed."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

import schemas
from schemas.base import Message, encode
from streams.kafka.contract import MESSAGES, asyncapi, file_name, json_schema

FIXTURES = Path(__file__).parent / "fixtures"
GOOD = sorted(FIXTURES.glob("v*/*.json"))
WRONG = sorted((FIXTURES / "wrong").glob("*.json"))
KINDS = {file_name(kind).removesuffix(".json"): kind for kind in MESSAGES}
SCHEMAS = {kind: json_schema(kind) for kind in MESSAGES}
DRAFT_07 = asyncapi()


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def kind_of(path: Path) -> type[Message]:
    return KINDS[path.stem.partition("-")[0]]


def with_unknown_fields(value):
    if isinstance(value, dict):
        return {**{key: with_unknown_fields(inner) for key, inner in value.items()}, "from_a_later_release": [1]}
    return [with_unknown_fields(item) for item in value] if isinstance(value, list) else value


def draft_07(kind: type[Message]) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator({"$ref": f"#/components/schemas/{kind.__name__}", **DRAFT_07})


@pytest.mark.parametrize("path", GOOD, ids=name)
def test_a_message_of_any_release_decodes(path):
    message = msgspec.json.decode(path.read_bytes(), type=kind_of(path))
    written = json.loads(path.read_bytes())
    assert json.loads(encode(message)) == {"schema_version": 1, **written}


@pytest.mark.parametrize("path", GOOD, ids=name)
def test_fields_of_a_later_release_are_ignored(path):
    raw = path.read_bytes()
    extended = json.dumps(with_unknown_fields(json.loads(raw)))
    kind = kind_of(path)
    assert msgspec.json.decode(extended, type=kind) == msgspec.json.decode(raw, type=kind)
    jsonschema.Draft202012Validator(SCHEMAS[kind]).validate(json.loads(extended))


@pytest.mark.parametrize("path", GOOD, ids=name)
def test_both_generated_schemas_accept_the_message(path):
    kind, message = kind_of(path), json.loads(path.read_bytes())
    jsonschema.Draft202012Validator(SCHEMAS[kind]).validate(message)
    draft_07(kind).validate(message)


@pytest.mark.parametrize("path", WRONG, ids=name)
def test_a_wrong_message_is_refused_by_the_decoder_and_by_both_schemas(path):
    kind, raw = kind_of(path), path.read_bytes()
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(raw, type=kind)
    assert not jsonschema.Draft202012Validator(SCHEMAS[kind]).is_valid(json.loads(raw))
    assert not draft_07(kind).is_valid(json.loads(raw))


def test_every_message_of_the_contract_has_a_fixture_a_wrong_one_and_a_schema():
    contract = {getattr(schemas, exported) for exported in schemas.__all__}
    assert {kind_of(path) for path in GOOD} == {kind_of(path) for path in WRONG} == set(MESSAGES) == contract
