"""The page about tables: its example runs, and its list of profiles is complete."""

import json
import re

import msgspec

from streams.adapters.base import Converted, Options
from streams.adapters.tables import format_of, profile_formats
from streams.adapters.tables.profile import CounterColumns, EventColumns
from tests.docs.pages import ROOT, blocks, read
from tests.streams.adapters.file import MemoryFile

PAGE = ROOT / "docs" / "platforms" / "tables.md"


def test_the_example_gives_the_events_that_the_page_shows():
    (profile,), (table,), (shown,) = blocks(PAGE, "toml"), blocks(PAGE, "text"), blocks(PAGE, "json")
    items = list(format_of(profile.encode(), "harbour.toml").read(MemoryFile(table), Options()))
    events = [msgspec.to_builtins(event) for _, one in items if isinstance(one, Converted) for event in one.events]
    wanted = json.loads(shown)
    assert len(events) == len(wanted)
    for event, want in zip(events, wanted, strict=True):
        assert {name: event.get(name) for name in want} == {
            name: tuple(value) if isinstance(value, list) else value for name, value in want.items()
        }


def test_the_page_names_every_profile_that_ships():
    rows = read(PAGE).partition("## Profiles that ship")[2].partition("\n## ")[0]
    first_cells = re.findall(r"^\| (`[^|]+) \|", rows, re.MULTILINE)
    named = {name for cell in first_cells for name in re.findall(r"`([^`]+)`", cell)}
    assert named == {one.name for one in profile_formats()}


def test_the_page_names_every_column_and_counter_of_a_profile():
    text = read(PAGE)
    fields = {*EventColumns.__struct_fields__, *CounterColumns.__struct_fields__}
    rare = {"object", "parent_ref", "cursor", "of_original"}
    assert {field for field in fields if field not in text} <= rare
