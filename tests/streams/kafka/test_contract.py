import json
from pathlib import Path

import jsonschema
import pytest

from schemas.event import Kind
from streams.errors import UserError
from streams.kafka.contract import ASYNCAPI, MESSAGES, asyncapi, documents, export, file_name, json_schema
from streams.kafka.topics import TOPICS

COMMITTED = Path(__file__).parents[3] / "docs" / "schemas"


def references(value):
    if isinstance(value, dict):
        yield from ([value["$ref"]] if "$ref" in value else [])
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolve(document, reference):
    value = document
    for step in reference.removeprefix("#/").split("/"):
        value = value[step]
    return value


def test_the_committed_schemas_are_the_generated_ones():
    committed = {path.name: path.read_bytes() for path in COMMITTED.iterdir()}
    assert committed == documents(), "run `make docs`"


def test_export_writes_every_document(tmp_path):
    paths = export(tmp_path / "new" / "folder")
    assert {path.name: path.read_bytes() for path in paths} == documents()
    with pytest.raises(UserError, match=r"already exists; pass --overwrite to replace it, or choose another --out"):
        export(tmp_path / "new" / "folder")
    assert export(tmp_path / "new" / "folder", overwrite=True) == paths


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot write the schemas to .*file: .*; choose another --out"):
        export(tmp_path / "file")


@pytest.mark.parametrize("message", MESSAGES)
def test_a_schema_is_one_of_draft_2020_12(message):
    schema = json_schema(message)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:hearsay:schema:{file_name(message).removesuffix('.json')}:1"


def test_every_topic_names_messages_that_are_described():
    document = asyncapi()
    assert set(document["channels"]) == {topic.name for topic in TOPICS} >= {"forwards", "alerts", "rejections"}
    for reference in references(document):
        assert resolve(document, reference)


def test_a_message_between_our_own_stages_is_messagepack_and_any_other_is_json():
    document = asyncapi()
    said = {name: message.get("contentType") for name, message in document["components"]["messages"].items()}
    packed = {name for name, kind in said.items() if kind == "application/msgpack"}
    assert packed == {"event_batch", "cascade_commands", "state_transfer_chunk"}
    assert all(said[name] is None for name in said.keys() - packed)
    assert document["defaultContentType"] == "application/json"


def test_the_document_says_who_sends_and_who_receives():
    operations = asyncapi()["operations"]
    assert operations["receive_forwards"]["action"] == "receive"
    assert operations["send_alerts"]["action"] == "send"


def test_the_schemas_within_the_document_are_of_draft_07():
    components = asyncapi()["components"]["schemas"]
    jsonschema.Draft7Validator.check_schema({"definitions": components})
    assert "prefixItems" not in json.dumps(components)


def test_a_pair_has_two_entries_in_either_draft():
    document = asyncapi()
    (pair,) = {json.dumps(document["components"]["schemas"]["CascadeCounts"]["properties"]["platforms"]["items"])}
    validator = jsonschema.Draft7Validator(json.loads(pair))
    assert validator.is_valid(["telegram", 3])
    assert not validator.is_valid(["telegram", 3, 4])
    assert not validator.is_valid([3, "telegram"])


def test_every_kind_of_event_is_in_the_schema():
    assert set(json_schema(MESSAGES[0])["$defs"]["Kind"]["enum"]) == {kind.value for kind in Kind}


def test_the_asyncapi_document_is_version_3():
    assert json.loads(documents()[ASYNCAPI])["asyncapi"] == "3.0.0"
