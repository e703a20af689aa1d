"""Settings in one place: defaults, then a TOML file, then the environment, then the command line; the last one wins.

The environment is read here and nowhere else, so that what a run was made with can be printed, digested and repeated.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from detectors.pipeline.config import PipelineConfig
from streams.embedders import EmbedderConfig
from streams.embedders.pool.config import PoolConfig
from streams.kafka.connection import KafkaSettings
from streams.reference.load import ClaimsSettings, HarmSettings
from streams.settings.key import KEY_VARIABLE, Key, KeySettings, load_key
from streams.settings.platforms import TABLE, collect_platforms, find_for_platform, flatten_platforms, is_of_platform
from streams.settings.tree import (
    ON_COMMAND_LINE,
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

PREFIX = "HEARSAY_"
CONFIG_VARIABLE = "HEARSAY_CONFIG"
PASSWORD_VARIABLE = "HEARSAY_KAFKA_PASSWORD"  # noqa: S105 - the variable's name

_OUTSIDE = frozenset({CONFIG_VARIABLE, KEY_VARIABLE, PASSWORD_VARIABLE, "HEARSAY_DATA"})
_KUBERNETES = re.compile(r"_(SERVICE_HOST|SERVICE_PORT\w*|PORT\w*)$")  # a cluster sets these for a service "hearsay"
_SIMPLIFIED = "pipeline"  # its sections are everybody's: `growth.target_size`, not `pipeline.growth.target_size`


class ReplaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a replay reads and writes. None of these changes an alert."""

    batch_events: int = 512  # events handed over at once; more of them fill the model's batches better
    row_group_rows: int = 20_000  # rows of a table held in memory before they are written

    def __post_init__(self) -> None:
        """Refuse sizes that hold nothing."""
        for name in self.__struct_fields__:
            if getattr(self, name) < 1:
                raise ValueError(
                    f"replay.{name} must be positive; got {getattr(self, name)}; leave it out for the default"
                )


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting of the program but the key."""

    pipeline: PipelineConfig = PipelineConfig()
    embedder: EmbedderConfig = EmbedderConfig()
    claims: ClaimsSettings = ClaimsSettings()
    harm: HarmSettings = HarmSettings()
    key: KeySettings = KeySettings()
    replay: ReplaySettings = ReplaySettings()
    pool: PoolConfig = PoolConfig()
    worker: WorkerSettings = WorkerSettings()
    kafka: KafkaSettings = KafkaSettings()


class ResolvedSettings(msgspec.Struct, frozen=True):
    """The settings that a run will use, the key, and where each setting that is not a default came from."""

    settings: Settings
    key: Key
    origins: dict[str, str]
    kafka_password: str | None = None


def catalogue() -> dict[str, SettingSpec]:
    """Every setting by its name."""
    return {leaf.name: leaf for leaf in _leaves()}


def load(
    config: Path | None = None, environ: Mapping[str, str] | None = None, overrides: Sequence[str] = ()
) -> ResolvedSettings:
    """The effective settings.

    Args:
        config: a TOML file; by default the one that HEARSAY_CONFIG names, if it names one.
        environ: by default the process's own.
        overrides: `section.name=value`, as on the command line.

    Raises:
        SettingsError: an unknown name, a wrong value, an unreadable file.

    """
    environ = os.environ if environ is None else environ
    known = catalogue()
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name, raw, origin, text in _layers(config, environ, overrides, known):
        leaf = _find(known, name, origin)
        values[leaf.name] = read_value(leaf, raw, origin, text=text)
        origins[leaf.name] = origin
    settings = _settings(values, origins)
    password = _password(settings.kafka, environ)
    return ResolvedSettings(settings, load_key(settings.key, environ), origins, password)


def from_values(values: Mapping[str, Any]) -> Settings:
    """Settings from what `to_values` gave, as a run's manifest keeps them.

    Raises:
        SettingsError: a setting that this release does not have, or another type of value.

    """
    known = catalogue()
    origin = "in the run's manifest"
    read = {}
    for name, raw in values.items():
        leaf = _find(known, name, origin)
        read[leaf.name] = read_value(leaf, raw, origin, text=False)
    return _settings(read, dict.fromkeys(read, origin))


def to_values(settings: Settings) -> dict[str, Any]:
    """Every setting by its name, as JSON values."""
    return {leaf.name: msgspec.to_builtins(value) for leaf, value in _values(settings)}


def _leaves() -> Iterator[SettingSpec]:
    for leaf in setting_specs(Settings()):
        path = leaf.path[1:] if leaf.path[0] == _SIMPLIFIED else leaf.path
        if path != TABLE:
            yield msgspec.structs.replace(leaf, path=path)


def _values(settings: Settings) -> Iterator[tuple[SettingSpec, object]]:
    """Every setting and its value, those of platforms last."""
    known = catalogue()
    for leaf in known.values():
        yield leaf, value_at(settings, _full(leaf.path))
    yield from flatten_platforms(known, settings.pipeline.growth)


def _find(known: Mapping[str, SettingSpec], name: str, origin: str) -> SettingSpec:
    return find_for_platform(known, name, origin) if is_of_platform(name) else find(known, name, origin)


def _full(path: tuple[str, ...]) -> tuple[str, ...]:
    return path if path[0] in Settings.__struct_fields__ and path[0] != _SIMPLIFIED else (_SIMPLIFIED, *path)


def _settings(values: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    try:
        general = {_full(tuple(name.split("."))): value for name, value in values.items() if not is_of_platform(name)}
        settings = build(Settings(), {**general, _full(TABLE): collect_platforms(values)})
    except ValueError as error:
        named = [f"{name} {origin}" for name, origin in origins.items() if name in str(error)]
        raise SettingsError(f"{error} ({'; '.join(named)})" if named else str(error)) from None
    return settings


def _layers(
    config: Path | None, environ: Mapping[str, str], overrides: Sequence[str], known: Mapping[str, SettingSpec]
) -> Iterator[tuple[str, object, str, bool]]:
    path = config or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if path is not None:
        yield from _from_file(path, known)
    yield from _from_environment(environ)
    for name, value in map(split_override, overrides):
        yield name, value, ON_COMMAND_LINE, True


def _from_file(path: Path, known: Mapping[str, SettingSpec]) -> Iterator[tuple[str, object, str, bool]]:
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(
            f"the configuration file must be readable; got {error.strerror} for {path}; "
            f"check --config and {CONFIG_VARIABLE}"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"the configuration file must be TOML; got {error} in {path}; see docs/operate/configure.md"
        ) from None
    for name, value in _flat(tables, "", known):
        yield name, value, f"in {path}", False


def _flat(tables: Mapping[str, Any], prefix: str, known: Mapping[str, SettingSpec]) -> Iterator[tuple[str, object]]:
    for key, value in tables.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and name not in known:
            yield from _flat(value, f"{name}.", known)
        else:
            yield name, value


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, object, str, bool]]:
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in _OUTSIDE:
            continue
        name = variable.removeprefix(PREFIX)
        if "__" not in name and _KUBERNETES.search(variable):
            continue
        yield name.lower().replace("__", "."), environ[variable], f"in the environment ({variable})", True


def _password(settings: KafkaSettings, environ: Mapping[str, str]) -> str | None:
    if not settings.sasl_username:
        return None
    if environ.get(PASSWORD_VARIABLE):
        return environ[PASSWORD_VARIABLE]
    try:
        return Path(settings.sasl_password_file).read_text("utf-8").rstrip("\r\n")
    except OSError:
        raise SettingsError(
            f"a kafka.sasl_username needs its password; got none in {PASSWORD_VARIABLE} and no readable "
            "kafka.sasl_password_file; set one of them"
        ) from None
