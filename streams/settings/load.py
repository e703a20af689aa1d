"""Resolve the settings of a run: defaults, then a TOML file, then the environment, then the command line.

The environment is read here alone, so the settings of a run can be printed, digested and repeated.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from detectors.base_config import BaseConfig
from detectors.pipeline.config import PipelineConfig
from streams.embedders import EmbedderConfig
from streams.embedders.pool.config import PoolConfig
from streams.kafka.connection import KafkaSettings
from streams.reference.load import ClaimsSettings, HarmSettings
from streams.settings.key import KEY_VARIABLE, Key, KeySettings, load_key
from streams.settings.listen import SECRETS, ListenSettings, Secrets, load_secrets
from streams.settings.platforms import TABLE, collect_platforms, find_for_platform, flatten_platforms, is_of_platform
from streams.settings.tree import (
    COMMAND_LINE,
    PREFIX,
    SettingsError,
    SettingSpec,
    build,
    find,
    read_value,
    setting_specs,
    split_override,
    value_at,
)
from streams.settings.worker import WorkerSettings
from streams.small_files import MAX_BYTES, parse_toml, read_at_most

CONFIG_VARIABLE = "HEARSAY_CONFIG"
PASSWORD_VARIABLE = "HEARSAY_KAFKA_PASSWORD"  # noqa: S105 - the variable's name

_NO_SETTINGS = frozenset({CONFIG_VARIABLE, KEY_VARIABLE, PASSWORD_VARIABLE, "HEARSAY_DATA", *SECRETS.values()})
_KUBERNETES = re.compile(r"_(SERVICE_HOST|SERVICE_PORT\w*|PORT\w*)$")  # a cluster sets these for a service "hearsay"
_PIPELINE = "pipeline"  # left out of names: `growth.target_size`, not `pipeline.growth.target_size`

_Layer = Iterator[tuple[str, object, str, bool]]  # (name, raw value, source, True if the value is text)


class ReplaySettings(BaseConfig, frozen=True, kw_only=True):
    """Sizes of reads and writes during a replay; none of them changes an alert."""

    batch_events: Annotated[
        int, Meta(ge=1, description="Events processed together; larger batches fill the model's batches better.")
    ] = 512
    row_group_rows: Annotated[
        int, Meta(ge=1, description="Rows of a Parquet table held in memory before the rows are written.")
    ] = 20_000
    max_rejections: Annotated[
        int, Meta(ge=0, description="Rejections that a run writes; further ones are only counted by reason.")
    ] = 10_000
    max_sealed_bytes: Annotated[
        int,
        Meta(
            ge=0,
            description="Sum of the sealed payloads of a run's rejections, in bytes; further rejections keep position, "
            "reason and digest.",
        ),
    ] = 1 << 20


class Settings(BaseConfig, frozen=True, kw_only=True):
    """All settings of the program except the key."""

    pipeline: PipelineConfig = PipelineConfig()
    embedder: EmbedderConfig = EmbedderConfig()
    claims: ClaimsSettings = ClaimsSettings()
    harm: HarmSettings = HarmSettings()
    key: KeySettings = KeySettings()
    replay: ReplaySettings = ReplaySettings()
    pool: PoolConfig = PoolConfig()
    worker: WorkerSettings = WorkerSettings()
    listen: ListenSettings = ListenSettings()
    kafka: KafkaSettings = KafkaSettings()


class ResolvedSettings(msgspec.Struct, frozen=True):
    """The settings of a run, the key, and the source of each setting that is not a default."""

    settings: Settings
    key: Key
    origins: dict[str, str]
    kafka_password: str | None = None
    secrets: Secrets = Secrets()


def catalogue() -> dict[str, SettingSpec]:
    """Return all settings by name, except those of single platforms."""
    specs = {}
    for spec in setting_specs(Settings()):
        path = spec.path[1:] if spec.path[0] == _PIPELINE else spec.path
        if path != TABLE:
            specs[".".join(path)] = msgspec.structs.replace(spec, path=path)
    return specs


def load(
    config: Path | None = None, environ: Mapping[str, str] | None = None, overrides: Sequence[str] = ()
) -> ResolvedSettings:
    """Resolve the settings from all sources; a later source overrides an earlier one.

    Args:
        config: a TOML file; by default the file in HEARSAY_CONFIG, if set.
        environ: environment variables; by default those of the process.
        overrides: `section.name=value`, as on the command line.

    Raises:
        SettingsError: an unknown name, a wrong value, an unreadable file.

    """
    environ = os.environ if environ is None else environ
    known = catalogue()
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name, raw, source, text in _layers(config, environ, overrides, known):
        spec = _find(known, name, source)
        values[spec.name] = read_value(spec, raw, source, text=text)
        origins[spec.name] = source
    settings = _build(values, origins)
    password = _password(settings.kafka, environ)
    secrets = load_secrets(settings.listen, environ)
    return ResolvedSettings(settings, load_key(settings.key, environ), origins, password, secrets)


def from_values(values: Mapping[str, Any]) -> Settings:
    """Return settings from the values in a run's manifest; the inverse of `to_values`.

    Raises:
        SettingsError: a setting that this release lacks, or a wrong value.

    """
    known = catalogue()
    source = "the run's manifest"
    read = {}
    for name, raw in values.items():
        spec = _find(known, name, source)
        read[spec.name] = read_value(spec, raw, source, text=False)
    return _build(read, dict.fromkeys(read, source))


def to_values(settings: Settings) -> dict[str, Any]:
    """Return all settings by name, as JSON values."""
    return {spec.name: msgspec.to_builtins(value) for spec, value in flatten(settings)}


def flatten(settings: Settings) -> Iterator[tuple[SettingSpec, object]]:
    """Yield each setting with its value, those of single platforms last."""
    known = catalogue()
    for spec in known.values():
        yield spec, value_at(settings, _struct_path(spec.path))
    yield from flatten_platforms(known, settings.pipeline.growth)


def _find(known: Mapping[str, SettingSpec], name: str, source: str) -> SettingSpec:
    return find_for_platform(known, name, source) if is_of_platform(name) else find(known, name, source)


def _struct_path(path: tuple[str, ...]) -> tuple[str, ...]:
    return path if path[0] in Settings.__struct_fields__ and path[0] != _PIPELINE else (_PIPELINE, *path)


def _build(values: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    general = {
        _struct_path(tuple(name.split("."))): value for name, value in values.items() if not is_of_platform(name)
    }
    try:
        return build(Settings(), {**general, _struct_path(TABLE): collect_platforms(values)})
    except ValueError as error:
        sources = [f"{name} from {source}" for name, source in origins.items() if name in str(error)]
        raise SettingsError(f"{error} ({', '.join(sources)})" if sources else str(error)) from None


def _layers(
    config: Path | None, environ: Mapping[str, str], overrides: Sequence[str], known: Mapping[str, SettingSpec]
) -> _Layer:
    path = config or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if path is not None:
        yield from _from_file(path, known)
    yield from _from_environment(environ)
    for name, value in map(split_override, overrides):
        yield name, value, COMMAND_LINE, True


def _from_file(path: Path, known: Mapping[str, SettingSpec]) -> _Layer:
    try:
        settings = list(_flatten_tables(parse_toml(read_at_most(path, MAX_BYTES)), "", known))
    except OSError as error:
        raise SettingsError(
            f"cannot read the configuration file {path}: {error.strerror}; check --config and {CONFIG_VARIABLE}"
        ) from None
    except (ValueError, RecursionError) as error:
        problem = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise SettingsError(
            f"the configuration file {path} is not TOML: {problem}; see docs/operate/configure.md"
        ) from None
    for name, value in settings:
        yield name, value, str(path), False


def _flatten_tables(
    tables: Mapping[str, Any], prefix: str, known: Mapping[str, SettingSpec]
) -> Iterator[tuple[str, object]]:
    for key, value in tables.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and name not in known:
            yield from _flatten_tables(value, f"{name}.", known)
        else:
            yield name, value


def _from_environment(environ: Mapping[str, str]) -> _Layer:
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in _NO_SETTINGS:
            continue
        name = variable.removeprefix(PREFIX)
        if "__" not in name and _KUBERNETES.search(variable):
            continue
        yield name.lower().replace("__", "."), environ[variable], variable, True


def _password(settings: KafkaSettings, environ: Mapping[str, str]) -> str | None:
    if not settings.sasl_username:
        return None
    if environ.get(PASSWORD_VARIABLE):
        return environ[PASSWORD_VARIABLE]
    try:
        return read_at_most(Path(settings.sasl_password_file), MAX_BYTES).decode("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise SettingsError(
            f"kafka.sasl_username is set, but there is no password: {PASSWORD_VARIABLE} is empty and "
            "kafka.sasl_password_file is not readable; set one of the two"
        ) from None
