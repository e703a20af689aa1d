from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from detectors.base_config import BaseConfig, short_repr
from streams.settings.tree import (
    SettingsError,
    SettingSpec,
    build,
    find,
    from_text,
    kind_of,
    read_value,
    setting_specs,
    show,
    value_at,
)


class Inner(BaseConfig, frozen=True, kw_only=True):
    big: Annotated[int, Meta(ge=2, description="Sharers of a big cascade.")] = 50
    window_ms: Annotated[int, Meta(ge=1_000, description="Length of the window.")] = 60_000
    limit: Annotated[Annotated[float, Meta(gt=0)] | None, Meta(description="Upper limit.")] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.big == 13:
            raise ValueError("inner.big is 13; choose another number")


class Outer(BaseConfig, frozen=True, kw_only=True):
    inner: Inner = Inner()
    names: tuple[str, ...] = ()
    weights: tuple[float, float] = (0.5, 0.5)
    flag: bool = False
    label: str = "a"


KNOWN = {leaf.name: leaf for leaf in setting_specs(Outer())}


def leaf(name: str) -> SettingSpec:
    return KNOWN[name]


def test_every_field_of_every_section_is_a_setting():
    assert list(KNOWN) == ["inner.big", "inner.window_ms", "inner.limit", "names", "weights", "flag", "label"]


def test_a_description_is_read_from_the_declaration():
    assert leaf("inner.big").description == "Sharers of a big cascade."
    assert leaf("inner.limit").description == "Upper limit."
    assert leaf("label").description == ""


def test_a_setting_has_one_environment_variable():
    assert leaf("inner.window_ms").variable == "HEARSAY_INNER__WINDOW_MS"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [("inner.big", "100", 100), ("inner.window_ms", "90s", 90_000), ("inner.window_ms", "5000", 5000),
     ("inner.limit", "null", None), ("inner.limit", "1.5", 1.5), ("names", "a, b,", ("a", "b")), ("names", "", ()),
     ("names", '["a, b"]', ("a, b",)), ("weights", "1,0", (1.0, 0.0)), ("flag", "true", True), ("flag", "0", False),
     ("label", "true", "true")],
)  # fmt: skip
def test_text_from_the_environment_becomes_a_value_of_the_settings_type(name, text, expected):
    value = read_value(leaf(name), text, "here", text=True)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [("inner.window_ms", "2h", 7_200_000), ("inner.window_ms", 7000, 7000), ("names", ["a"], ("a",))],
)
def test_a_typed_value_keeps_its_type(name, raw, expected):
    assert read_value(leaf(name), raw, "here", text=False) == expected


@pytest.mark.parametrize(
    ("name", "raw", "text"),
    [("inner.big", "ten", True), ("inner.big", "10", False), ("inner.big", True, False), ("inner.big", 1.5, False),
     ("inner.window_ms", "10 moons", True), ("inner.window_ms", "10", False), ("flag", "maybe", True),
     ("weights", "1", True), ("names", "[1", True), ("label", 3, False)],
)  # fmt: skip
def test_a_wrong_value_is_refused_with_rule_value_place_and_remedy(name, raw, text):
    with pytest.raises(SettingsError) as caught:
        read_value(leaf(name), raw, "x.toml", text=text)
    message = str(caught.value)
    shown = raw if text and raw.isdigit() else short_repr(raw)
    assert message.startswith(f"{name} is {shown} (from x.toml), but must be {kind_of(leaf(name))}; the default is ")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("inner.bigg", "inner.big"), ("big", "inner.big"), ("inner_big", "inner.big"), ("inner.windw", "inner.window_ms"),
     ("window", "inner.window_ms"), ("flagg", "flag")],
)  # fmt: skip
def test_an_unknown_name_is_refused_with_the_nearest_right_one(wrong, right):
    with pytest.raises(SettingsError, match=rf"\(from --set\); did you mean {right}\?"):
        find(KNOWN, wrong, "--set")
    with pytest.raises(SettingsError, match=rf"\(from HEARSAY_X\); did you mean {leaf(right).variable}\?"):
        find(KNOWN, wrong, "HEARSAY_X")


def test_a_name_like_no_other_leads_to_the_list():
    with pytest.raises(SettingsError, match="`hearsay settings` lists all settings"):
        find(KNOWN, "zzz.qqq", "here")


@pytest.mark.parametrize("name", ["inner.window_ms", "inner.window", "Inner.Window", " inner.window "])
def test_a_duration_may_be_named_without_its_unit(name):
    assert find(KNOWN, name, "here").name == "inner.window_ms"


def test_what_is_built_has_the_given_leaves_and_else_the_defaults():
    built = build(Outer(), {("inner", "big"): 7, ("flag",): True})
    assert built == Outer(inner=Inner(big=7), flag=True)
    assert value_at(built, ("inner", "big")) == 7


def test_a_section_keeps_the_defaults_that_its_owner_gives_it():
    class Owner(msgspec.Struct, frozen=True):
        inner: Inner = Inner(window_ms=2_000)

    assert build(Owner(), {("inner", "big"): 9}) == Owner(inner=Inner(big=9, window_ms=2_000))
    assert next(leaf for leaf in setting_specs(Owner()) if leaf.name == "inner.window_ms").default == 2_000


def test_a_sections_own_check_runs():
    with pytest.raises(ValueError, match=r"Inner\.big is 1; expected `int` >= 2"):
        build(Outer(), {("inner", "big"): 1})
    with pytest.raises(ValueError, match=r"inner\.big is 13"):
        build(Outer(), {("inner", "big"): 13})


@pytest.mark.parametrize(
    ("name", "words"),
    [("inner.window_ms", "a duration of at least 1s"), ("inner.big", "a whole number of at least 2"),
     ("names", "a list"), ("flag", "true or false"), ("label", "a text"),
     ("inner.limit", "a number above 0 or none")],
)  # fmt: skip
def test_a_type_and_its_bounds_are_named_in_words(name, words):
    assert kind_of(leaf(name)) == words


@pytest.mark.parametrize(
    ("declared", "words"),
    [(Annotated[float, Meta(ge=0, lt=1)], "a number of at least 0 and below 1"),
     (Annotated[float, Meta(gt=0, le=1)], "a number above 0 and at most 1"),
     (Annotated[int, Meta(ge=0, le=9)], "a whole number from 0 to 9"),
     (Annotated[int, Meta(ge=4, multiple_of=4)], "a whole number of at least 4 and in multiples of 4"),
     (Annotated[str, Meta(min_length=1)], "a text of at least one character"),
     (Literal["a", "b"], "one of a, b"), (tuple[int, ...], "a list"), (str | None, "a text or none")],
)  # fmt: skip
def test_each_bound_of_a_declaration_has_words(declared, words):
    assert kind_of(SettingSpec(("x",), declared, None)) == words


def test_an_instant_is_no_duration():
    assert kind_of(SettingSpec(("start_ms",), int, 946_684_800_000)) == "a time in ms since 1970"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("inner.window_ms", 60_000, '"1m"'), ("names", ("a,b", "c"), '["a,b", "c"]'), ("flag", True, "true"),
     ("inner.limit", None, "none"), ("label", 'say "a"', '"say \\"a\\""')],
)  # fmt: skip
def test_a_value_is_shown_as_toml(name, value, text):
    assert show(leaf(name), value) == text


def test_a_long_value_is_shortened_in_a_message():
    assert len(short_repr("x" * 1000)) == 40


def test_overrides_change_a_value_and_leave_the_rest_of_it():
    base = Outer(label="b", flag=True)
    assert from_text(base, ["inner.window=2m", "names=x"]) == Outer(
        inner=Inner(window_ms=120_000), names=("x",), flag=True, label="b"
    )


@pytest.mark.parametrize("override", ["inner.big", "inner.bog=3", "inner.big=x", "inner.big=1", "inner.big=13"])
def test_a_wrong_override_is_refused(override):
    with pytest.raises(SettingsError):
        from_text(Outer(), [override])
