"""The stored sample of each state format loads, and nothing of the sample is lost."""

import ast
from pathlib import Path

import pytest

from tests.checks import states
from tests.checks.states import FOLDER, all_states, opened, path_of, renamed, samples_of

PACKAGES = [Path(__file__).parents[2] / name for name in ("detectors", "streams")]
STATES = {stored.name: stored for stored in all_states()}


@pytest.mark.parametrize("name", STATES)
def test_every_version_of_a_state_loads(name):
    stored = STATES[name]
    today = opened(stored.empty().snapshot())
    paths = list(samples_of(stored))
    assert path_of(stored, today.version) in paths, "python -m tests.checks.states writes the sample of a new version"
    for path in paths:
        data = renamed(path.read_bytes(), today.name)
        loaded = stored.empty()
        loaded.restore(data)
        if opened(data).version == today.version:
            assert loaded.snapshot() == data, "the format changed: raise its version and migrate the one before"


@pytest.mark.parametrize("name", STATES)
def test_a_sample_is_not_the_state_of_a_detector_that_has_seen_nothing(name):
    stored = STATES[name]
    path = path_of(stored, opened(stored.empty().snapshot()).version)
    assert opened(path.read_bytes()).state != opened(stored.empty().snapshot()).state


def formats_in_the_code():
    """Find the name of each format where a snapshot is packed; a digest behind a space is cut off."""
    for path in (path for package in PACKAGES for path in package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            packs = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "pack"
            packs = packs or (isinstance(node, ast.Call) and any(getattr(one, "id", "") == "pack" for one in node.args))
            if packs:
                yield from (text for text in map(name_of, node.args) if text)


def name_of(argument):
    """Read the constant beginning of an argument, if there is one."""
    if isinstance(argument, ast.JoinedStr):
        argument = argument.values[0]
    text = argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else ""
    return text.partition(" ")[0].partition(".")[0]


def test_every_format_that_is_packed_has_a_sample():
    stored = {opened(path.read_bytes()).format.partition(".")[0] for path in FOLDER.glob("*.msgpack")}
    assert set(formats_in_the_code()) <= stored


def test_a_sample_belongs_to_a_format():
    known = {path for stored in STATES.values() for path in samples_of(stored)}
    assert set(FOLDER.glob("*.msgpack")) == known


def test_writing_the_samples_again_replaces_none(tmp_path, monkeypatch):
    monkeypatch.setattr(states, "FOLDER", tmp_path)
    states.main()
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    one = next(iter(tmp_path.iterdir()))
    one.write_bytes(b"kept")
    states.main()
    assert one.read_bytes() == b"kept"
    assert {path.name for path in tmp_path.iterdir()} == set(written)
