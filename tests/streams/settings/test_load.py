import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.cli.common import put_into
from streams.errors import UserError
from streams.reference.load import load_reference_data
from streams.settings.key import DEMO_KEY
from streams.settings.load import Settings, catalogue, from_values, load, to_values
from streams.settings.render import as_markdown, as_toml, rows
from streams.settings.tree import SettingsError

OPERATE = Path(__file__).parents[3] / "docs" / "operate" / "reference.md"
KEY = "0123456789abcdef" * 4


def settings(environ=None, overrides=(), config=None) -> Settings:
    return load(config, environ or {}, overrides).settings


def toml(tmp_path, text: str) -> Path:
    path = tmp_path / "hearsay.toml"
    path.write_text(text, "utf-8")
    return path


def test_without_any_source_all_settings_are_defaults():
    effective = load(environ={})
    assert effective.settings == Settings()
    assert effective.origins == {}


# defaults -> file -> environment -> command line: each later one wins
def test_the_last_source_wins(tmp_path):
    config = toml(tmp_path, "[growth]\ntarget_size = 60\n")
    environ = {"HEARSAY_GROWTH__TARGET_SIZE": "70"}
    assert settings().pipeline.growth.target_size == 50
    assert settings(config=config).pipeline.growth.target_size == 60
    assert settings(environ, config=config).pipeline.growth.target_size == 70
    assert settings(environ, ["growth.target_size=80"], config).pipeline.growth.target_size == 80
    assert (
        settings(environ, ["growth.target_size=80", "growth.target_size=90"], config).pipeline.growth.target_size == 90
    )


def test_each_setting_tells_where_it_came_from(tmp_path):
    config = toml(tmp_path, "[growth]\ntarget_size = 60\nmin_sharers = 3\n")
    effective = load(config, {"HEARSAY_GROWTH__MIN_SHARERS": "4"}, ["growth.detector=count"])
    assert effective.origins == {
        "growth.target_size": str(config),
        "growth.min_sharers": "HEARSAY_GROWTH__MIN_SHARERS",
        "growth.detector": "--set",
    }


def test_the_environment_may_name_the_file(tmp_path):
    config = toml(tmp_path, "[growth]\ntarget_size = 60\n")
    assert settings({"HEARSAY_CONFIG": str(config)}).pipeline.growth.target_size == 60
    other = tmp_path / "other.toml"
    other.write_text("[growth]\ntarget_size = 61\n")
    assert settings({"HEARSAY_CONFIG": str(config)}, config=other).pipeline.growth.target_size == 61


def test_a_duration_is_written_with_its_unit_and_then_needs_none_in_its_name(tmp_path):
    config = toml(tmp_path, '[policy]\ncool_down = "10m"\nclose_after_ms = 5000\n')
    policy = settings({"HEARSAY_POLICY__CHECK_INTERVAL": "1h"}, config=config).pipeline.policy
    assert (policy.cool_down_ms, policy.close_after_ms, policy.check_interval_ms) == (600_000, 5000, 3_600_000)


def test_a_section_within_a_section_is_named_by_both(tmp_path):
    nested = next(name for name in catalogue() if name.startswith("clustering.sketch."))
    assert nested.count(".") == 2
    assert catalogue()[nested].variable.startswith("HEARSAY_CLUSTERING__SKETCH__")


@pytest.mark.parametrize(
    ("environ", "overrides", "words"),
    [({}, ["growth.target_sise=1"], "'growth.target_sise' (from --set); did you mean growth.target_size?"),
     ({}, ["policy.alerts_a_day=9"], "'policy.alerts_a_day' (from --set); did you mean policy.openings_a_day?"),
     ({"HEARSAY_GROWTH__TARGET_SISE": "1"}, [],
      "(from HEARSAY_GROWTH__TARGET_SISE); did you mean HEARSAY_GROWTH__TARGET_SIZE?"),
     ({"HEARSAY_GROWTH_TARGET_SIZE": "1"}, [], "did you mean HEARSAY_GROWTH__TARGET_SIZE?"),
     ({}, ["growth.target_size"], "--set 'growth.target_size' has no value; write name=value, as in growth.target"),
     ({}, ["growth.target_size=many"],
      "growth.target_size is 'many' (from --set), but must be a whole number of at least 2; the default is 50"),
     ({"HEARSAY_POLICY__COOL_DOWN": "soon"}, [],
      "policy.cool_down_ms is 'soon' (from HEARSAY_POLICY__COOL_DOWN), but must be a duration of at least 0; the def"),
     ({}, ["growth.target_size=1"], "growth.target_size is 1 (from --set), but must be a whole number of at least 2; "),
     ({}, ["growth.threshold=inf"], "growth.threshold is 'inf' (from --set), but must be a number or none; "),
     ({}, ["growth.detector=psychic"], "growth.detector is 'psychic' (from --set), but must be one of L, count, cusum"),
     ({}, ["growth.window=61s"], "of growth.window_buckets (60); try 3600000 and 60 (growth.window_ms from --set)"),
     ({}, ["replay.batch_events=0"], "replay.batch_events is 0 (from --set), but must be a whole number of at least"),
     ({}, ["worker.log_level=loud"], "worker.log_level is 'loud' (from --set), but must be one of debug, error, info,"),
     ({}, ["worker.port=65536"], "worker.port is 65536 (from --set), but must be a whole number from 0 to 65535"),
     ({}, ["worker.standby_replicas=-1"], "worker.standby_replicas is -1 (from --set), but must be a whole number of"),
     ({}, ["clustering.model_scripts=Elvish"], "(clustering.model_scripts from --set)"),
     ({}, ["order.max_out_of_orderness=-1"], "order.max_out_of_orderness_ms is -1 (from --set), but must be a dur")],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_rule_value_place_and_remedy(environ, overrides, words):
    with pytest.raises(SettingsError) as caught:
        load(environ=environ, overrides=overrides)
    assert words in str(caught.value)


def test_an_unknown_name_in_the_file_is_refused(tmp_path):
    config = toml(tmp_path, "[grwth]\ntarget_size = 60\n")
    with pytest.raises(SettingsError, match=r"'grwth.target_size' \(from .*hearsay.toml\); did you mean growth"):
        load(config, {})


def test_a_wrong_type_in_the_file_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"growth.target_size is '60' \(from .*hearsay.toml\), but must be a whole"):
        load(toml(tmp_path, '[growth]\ntarget_size = "60"\n'), {})


def test_a_file_that_is_no_toml_or_not_there_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"the configuration file .*hearsay.toml is not TOML: .*line 1"):
        load(toml(tmp_path, "growth: big"), {})
    with pytest.raises(SettingsError, match=r"cannot read the configuration file .*none.toml: No such file"):
        load(tmp_path / "none.toml", {})


def test_variables_that_a_cluster_sets_for_a_service_are_not_settings():
    names = ("SERVICE_HOST", "SERVICE_PORT_HTTP", "PORT", "PORT_80_TCP_ADDR", "PORT_80_TCP_PROTO")
    assert load(environ={f"HEARSAY_{name}": "10.0.0.1" for name in names}).settings == Settings()


def test_without_a_key_the_demo_key_is_used_and_says_so():
    key = load(environ={"HEARSAY_KEY": ""}).key
    assert (key.id, key.secret, key.is_demo) == ("demo", DEMO_KEY, True)


def test_a_key_comes_from_the_environment_or_from_a_file(tmp_path):
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    from_file = load(environ={}, overrides=[f"key.file={file}"]).key
    from_environment = load(environ={"HEARSAY_KEY": KEY}).key
    assert from_file.secret == from_environment.secret == bytes.fromhex(KEY)
    assert from_file.id == from_environment.id
    assert not from_file.is_demo


def test_the_environments_key_goes_before_the_files(tmp_path):
    file = tmp_path / "key"
    file.write_text("ff" * 32)
    assert load(environ={"HEARSAY_KEY": KEY}, overrides=[f"key.file={file}"]).key.secret == bytes.fromhex(KEY)


def test_another_key_has_another_name_unless_it_is_named():
    one, other = load(environ={"HEARSAY_KEY": KEY}).key, load(environ={"HEARSAY_KEY": KEY[::-1]}).key
    assert one.id != other.id
    assert one.id not in KEY
    assert load(environ={"HEARSAY_KEY": KEY, "HEARSAY_KEY__ID": "2026-01"}).key.id == "2026-01"


@pytest.mark.parametrize("given", ["secret-password", KEY[:30], KEY * 3, KEY[:-1], "zz" * 32])
def test_what_is_no_key_is_refused_and_never_shown(given):
    with pytest.raises(SettingsError, match="is not 32 to 128 hexadecimal digits") as caught:
        load(environ={"HEARSAY_KEY": given})
    assert given not in str(caught.value)
    assert f"{len(given)} characters (not shown)" in str(caught.value)


def test_a_key_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"cannot read the key file .*none: No such file"):
        load(environ={}, overrides=[f"key.file={tmp_path / 'none'}"])
    (tmp_path / "binary").write_bytes(b"\xff" * 32)
    with pytest.raises(SettingsError, match=r"the key file .*binary has bytes other than hexadecimal digits"):
        load(environ={}, overrides=[f"key.file={tmp_path / 'binary'}"])


def test_a_name_without_a_key_and_the_demo_name_with_one_are_refused():
    with pytest.raises(SettingsError, match=r"key.id is 'mine', but there is no key"):
        load(environ={}, overrides=["key.id=mine"])
    with pytest.raises(SettingsError, match=r"key.id is 'demo', the name of the public demo key"):
        load(environ={"HEARSAY_KEY": KEY}, overrides=["key.id=demo"])
    assert load(environ={}, overrides=["key.id=demo"]).key.is_demo


def test_a_key_shows_its_name_only():
    effective = load(environ={"HEARSAY_KEY": KEY})
    for shown in (repr(effective.key), repr(effective), as_toml(effective)):
        assert KEY not in shown
        assert repr(effective.key.secret) not in shown
        assert effective.key.id in shown


def test_the_effective_settings_are_printed_as_a_file_that_gives_them_again(tmp_path):
    effective = load(environ={}, overrides=["growth.target_size=77", "policy.cool_down=90m", "growth.threshold=6.5"])
    text = as_toml(effective)
    assert "target_size = 77  # from --set" in text
    assert 'cool_down = "90m"' in text
    assert tomllib.loads(text)
    assert load(toml(tmp_path, text), {}).settings == effective.settings


def test_the_default_settings_as_a_file_give_the_defaults_again(tmp_path):
    assert load(toml(tmp_path, as_toml(load(environ={}))), {}).settings == Settings()


def test_settings_survive_a_manifest():
    effective = settings(overrides=["growth.target_size=77", "growth.threshold=6.5", "policy.milestones=[2,8]"])
    assert from_values(to_values(effective)) == effective


def test_a_manifest_with_a_setting_of_another_release_is_refused():
    with pytest.raises(SettingsError, match=r"'growth.moon' \(from the run's manifest\)"):
        from_values({"growth.moon": 1})


def test_every_setting_has_a_row_and_a_description():
    table = as_markdown()
    for name, spec in catalogue().items():
        assert spec.description[:1].isupper(), f"{name} needs a description in its msgspec.Meta: a full phrase"
        assert spec.description.endswith("."), name
        assert f"| `{name}` | `" in table
    assert len(list(rows(load(environ={})))) == len(catalogue())


def test_the_documented_table_is_the_generated_one():
    page = OPERATE.read_text("utf-8")
    assert put_into(page, "settings", as_markdown()) == page, "run `hearsay settings --into docs/operate/reference.md`"


def test_settings_are_resolved_and_printed_without_the_model_or_a_table_library():
    heavy = ("torch", "onnxruntime", "sentence_transformers", "transformers", "pandas", "pyarrow", "faust", "kafka")
    program = (
        "import sys; from streams.settings import load, render; render.as_toml(load.load(environ={})); "
        f"render.as_markdown(); print([name for name in {heavy} if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


NAMES = sorted(catalogue())


@given(st.sampled_from(NAMES), st.text(max_size=30))
def test_any_text_for_any_setting_is_a_value_or_a_refusal(name, text):
    try:
        effective = load(environ={}, overrides=[f"{name}={text}"])
    except SettingsError:
        pass
    else:
        assert effective.origins.keys() == {name}


@given(st.text(max_size=30), st.text(max_size=10))
def test_any_name_is_a_setting_or_a_refusal(name, text):
    try:
        load(environ={}, overrides=[f"{name}={text}"])
    except SettingsError:
        pass
    else:
        assert name.strip().lower() in NAMES or name.strip().lower() + "_ms" in NAMES


HOSTILE = {
    "deep arrays": "detector = " + "[" * 6000,
    "deep tables": "[growth]\ntarget_size = " + "{b = " * 3000,
    "a deep key": ".".join(["a"] * 40_000) + " = 1",
    "a deep section": "[" + ".".join(["a"] * 40_000) + "]",
    "a deep value": "[growth]\ntarget_size = " + "[" * 300 + "]" * 300,
    "too many digits": "[growth]\ntarget_size = " + "7" * 9000,
    "a long name": "n" * 500_000 + " = 1",
    "a long value": "[growth]\ndetector = '" + "n" * 500_000 + "'",
    "no text": "\0" * 40,
    "a large file": "# comment\n" * 200_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_in_one_short_line(tmp_path, text):
    (tmp_path / "hearsay.toml").write_text(text)
    with pytest.raises(SettingsError) as refused:
        load(tmp_path / "hearsay.toml", environ={})
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500 + len(str(tmp_path))


@pytest.mark.parametrize("value", ["[" * 90_000, "{" * 90_000, "7" * 90_000])
def test_a_hostile_value_of_a_variable_is_refused(value):
    with pytest.raises(SettingsError, match=r"growth.target_size is .{1,60} \(from HEARSAY_GROWTH__TARGET_SIZE\)"):
        load(environ={"HEARSAY_GROWTH__TARGET_SIZE": value})


@pytest.mark.parametrize("name", ["key.file", "harm.file", "claims.file"])
def test_a_device_without_an_end_is_refused(name):
    def read() -> None:
        loaded = load(environ={}, overrides=[f"{name}=/dev/zero"]).settings
        load_reference_data(loaded.claims, loaded.harm)

    with pytest.raises(UserError, match=f"more than [0-9,]+ bytes.*{name}"):
        read()
    with pytest.raises(SettingsError, match="/dev/zero: more than 1,048,576 bytes; check --config"):
        load(Path("/dev/zero"), environ={})
