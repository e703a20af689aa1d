"""Settings structs are checked against their own declaration, wherever they are constructed."""

import ast
from math import inf, nan
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

import detectors
import streams
from detectors.base_config import BaseConfig, convert, short_repr


class Band(BaseConfig, frozen=True, kw_only=True):
    rows: Annotated[int, Meta(ge=1, le=8, description="Rows.")] = 4
    share: Annotated[Annotated[float, Meta(gt=0)] | None, Meta(description="Share.")] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.share is not None and self.share > self.rows:
            raise ValueError("band.share exceeds band.rows")


class Owner(BaseConfig, frozen=True, kw_only=True):
    band: Band = Band()


@pytest.mark.parametrize("rows", [1, 8])
def test_a_value_at_a_bound_is_taken(rows):
    assert Band(rows=rows).rows == rows


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"rows": 0}, "Band.rows is 0; expected `int` >= 1"),
        ({"rows": 9}, "Band.rows is 9; expected `int` <= 8"),
        ({"rows": "4"}, "Band.rows is '4'; expected `int`, got `str`"),
        ({"rows": True}, "Band.rows is True; expected `int`, got `bool`"),
        ({"rows": "x" * 99}, "Band.rows is '" + "x" * 38 + "…; expected `int`, got `str`"),
        ({"share": 0.0}, "Band.share is 0.0; expected `float` > 0.0"),
        ({"share": nan}, "Band.share is nan; expected `float` > 0.0"),
        ({"share": inf}, "Band.share is inf; expected a finite `float`"),
        ({"share": 5.0}, "band.share exceeds band.rows"),
    ],
)
def test_a_wrong_value_is_refused_wherever_the_struct_comes_from(wrong, text):
    with pytest.raises(ValueError) as built:  # noqa: PT011 - the whole text is compared
        Band(**wrong)
    assert str(built.value) == text
    with pytest.raises(ValueError) as replaced:  # noqa: PT011
        msgspec.structs.replace(Band(), **wrong)
    assert str(replaced.value) == text
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"band": wrong}, Owner)


def test_a_section_is_checked_by_itself_and_its_owner_takes_it():
    assert Owner(band=Band(rows=2)).band.rows == 2
    with pytest.raises(ValueError, match=r"Owner\.band is 3; expected `object`, got `int`"):
        Owner(band=3)


def test_text_is_read_only_where_that_is_asked_for():
    assert convert("4", int, strict=False) == 4
    with pytest.raises(ValueError, match="Expected `int`, got `str`"):
        convert("4", int)


def test_a_shown_value_has_forty_characters_at_most():
    assert short_repr(7) == "7"
    assert len(short_repr("x" * 41)) == 40


def bases_of_settings_structs():
    """Read (name, bases) of each class named *Config or *Settings; nothing is imported."""
    for package in (detectors, streams):
        for path in Path(package.__path__[0]).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ClassDef) and node.name.endswith(("Config", "Settings")):
                    yield node.name, [ast.unparse(base) for base in node.bases]


def test_every_struct_of_settings_is_checked():
    composed = {"BaseConfig", "CascadeSettings", "ResolvedSettings"}  # the base, and values built from checked sections
    structs = dict(bases_of_settings_structs())
    assert len(structs) > 25
    assert {name for name, bases in structs.items() if bases != ["BaseConfig"]} <= composed
