"""Settings in one place: defaults, then a TOML file, then the environment, then the command line; the last one wins.

The environment is read here and nowhere else, so that what a run was made with can be printed, digested and repeated.
"""

import hashlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from detectors.pipeline.config import PipelineConfig
from detectors.pseudonym import Pseudonymiser
from streams.connection import KafkaSettings
from streams.embedders import EmbedderConfig
from streams.embedders.pool_config import PoolConfig
from streams.knowledge import ClaimsSettings, HarmSettings
from streams.live.config import WorkerSettings
from streams.platform_settings import TABLE, find_for_platform, gather, is_of_platform, spread
from streams.setting_tree import (
    ON_COMMAND_LINE,
    Leaf,
    SettingsError,
    build,
    find,
    kind_of,
    leaves,
    read_value,
    show,
    split_override,
    value_at,
)

PREFIX = "HEARSAY_"
CONFIG_VARIABLE = "HEARSAY_CONFIG"
KEY_VARIABLE = "HEARSAY_KEY"
PASSWORD_VARIABLE = "HEARSAY_KAFKA_PASSWORD"  # noqa: S105 - the variable's name
DEMO_KEY_ID = "demo"
DEMO_KEY = b"hearsay demo key, known to all"
"""Well known on purpose: a first replay needs no set-up, and its pseudonyms protect nobody."""

_OUTSIDE = frozenset({CONFIG_VARIABLE, KEY_VARIABLE, PASSWORD_VARIABLE, "HEARSAY_DATA"})
_KUBERNETES = re.compile(r"_(SERVICE_HOST|SERVICE_PORT\w*|PORT\w*)$")  # a cluster sets these for a service "hearsay"
_HEX_KEY = re.compile(r"(?:[0-9a-fA-F]{2}){16,64}")
_BEGINS, _ENDS = "<!-- settings -->\n", "<!-- /settings -->\n"
_FOR_ONE_PLATFORM = "the same for the cascades whose first post is on that platform; what is not set there is as above"
_SIMPLIFIED = "pipeline"  # its sections are everybody's: `growth.big`, not `pipeline.growth.big`


class KeySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the pseudonymisation key is. The key itself comes from the file or from HEARSAY_KEY, never from a flag."""

    file: str = ""  # holds the key as 32 to 128 hexadecimal digits; HEARSAY_KEY goes before it
    id: str = ""  # the key's public name, kept beside every digest; by default it is derived from the key


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


class Key(msgspec.Struct, frozen=True):
    """The pseudonymisation key; shows its name only."""

    id: str
    origin: str
    secret: bytes

    def __repr__(self) -> str:
        return f"Key(id={self.id!r}, origin={self.origin!r}, secret=***)"

    @property
    def is_demo(self) -> bool:
        """Whether everybody knows it."""
        return self.secret == DEMO_KEY

    def pseudonymiser(self) -> Pseudonymiser:
        """What intake digests identifiers with."""
        return Pseudonymiser(self.secret, self.id)


class Effective(msgspec.Struct, frozen=True):
    """The settings that a run will use, the key, and where each setting that is not a default came from."""

    settings: Settings
    key: Key
    origins: dict[str, str]
    kafka_password: str | None = None


def catalogue() -> dict[str, Leaf]:
    """Every setting by its name."""
    return {leaf.name: leaf for leaf in _leaves()}


def load(
    config: Path | None = None, environ: Mapping[str, str] | None = None, overrides: Sequence[str] = ()
) -> Effective:
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
    return Effective(settings, load_key(settings.key, environ), origins, password)


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


def load_key(settings: KeySettings, environ: Mapping[str, str]) -> Key:
    """The key from HEARSAY_KEY, else from `key.file`, else the demo key.

    Raises:
        SettingsError: not a key, or a name that is not free.

    """
    given, origin = _given_key(settings, environ)
    if given is None:
        if settings.id not in ("", DEMO_KEY_ID):
            raise SettingsError(
                f"key.id must name a key that is there; got {settings.id!r} and no key; set {KEY_VARIABLE} or key.file"
            )
        return Key(DEMO_KEY_ID, "the demo key, known to everybody", DEMO_KEY)
    if not _HEX_KEY.fullmatch(given):
        raise SettingsError(
            f"the key must be 32 to 128 hexadecimal digits; got {len(given)} characters (not shown) {origin}; "
            "make one with `openssl rand -hex 32`"
        )
    if settings.id == DEMO_KEY_ID:
        raise SettingsError(
            f"key.id must not be the demo key's; got {DEMO_KEY_ID!r} with a key of your own {origin}; name it otherwise"
        )
    secret = bytes.fromhex(given)
    return Key(settings.id or _name_of(secret), origin, secret)


def rows(effective: Effective) -> Iterator[tuple[Leaf, str, str]]:
    """Each setting with its value as text and where that came from ("" for a default)."""
    for leaf, value in _values(effective.settings):
        yield leaf, show(leaf, value), effective.origins.get(leaf.name, "")


def as_toml(effective: Effective) -> str:
    """The effective settings as a TOML file that gives them again; the key is masked."""
    sections: dict[str, list[str]] = {}
    for leaf, value, origin in rows(effective):
        line = f"{leaf.path[-1].removesuffix('_ms') if value.startswith(chr(34)) else leaf.path[-1]} = {value}"
        line = f"# {line}" if value == "none" else line
        section = sections.setdefault(".".join(leaf.path[:-1]), [])
        section.append(f"{line}  # {origin}" if origin else line)
    head = f"# key: {effective.key.id} ({effective.key.origin})\n"
    return head + "".join("\n".join(["", f"[{name}]", *section, ""]) for name, section in sections.items())


def as_markdown() -> str:
    """The tables of all settings for the documentation, one a section."""
    tables: dict[str, list[str]] = {}
    for leaf in _leaves():
        row = f"| `{leaf.name}` | `{show(leaf, leaf.default)}` | {kind_of(leaf)} | {leaf.meaning} |"
        tables.setdefault(leaf.path[0], []).append(row)
    tables[TABLE[0]].append(
        f"| `{'.'.join(TABLE)}.PLATFORM.NAME` | `none` | as `{TABLE[0]}.NAME` | {_FOR_ONE_PLATFORM} |"
    )
    head = "| setting | default | what it is | what it does |\n| --- | --- | --- | --- |\n"
    return "\n".join(f"### `{name}`\n\n{head}" + "\n".join(rows) + "\n" for name, rows in tables.items())


def put_into(page: str) -> str:
    """A page with the table of all settings between its marks `<!-- settings -->` and `<!-- /settings -->`.

    Raises:
        SettingsError: the page lacks the marks.

    """
    before, begins, rest = page.partition(_BEGINS)
    _, ends, after = rest.partition(_ENDS)
    if not (begins and ends):
        raise SettingsError(
            f"a page takes the table between {_BEGINS.strip()} and {_ENDS.strip()}; got one without them"
        )
    return f"{before}{begins}\n{as_markdown()}\n{ends}{after}"


def _leaves() -> Iterator[Leaf]:
    for leaf in leaves(Settings()):
        path = leaf.path[1:] if leaf.path[0] == _SIMPLIFIED else leaf.path
        if path != TABLE:
            yield msgspec.structs.replace(leaf, path=path)


def _values(settings: Settings) -> Iterator[tuple[Leaf, object]]:
    """Every setting and its value, those of platforms last."""
    known = catalogue()
    for leaf in known.values():
        yield leaf, value_at(settings, _full(leaf.path))
    yield from spread(known, settings.pipeline.growth)


def _find(known: Mapping[str, Leaf], name: str, origin: str) -> Leaf:
    return find_for_platform(known, name, origin) if is_of_platform(name) else find(known, name, origin)


def _full(path: tuple[str, ...]) -> tuple[str, ...]:
    return path if path[0] in Settings.__struct_fields__ and path[0] != _SIMPLIFIED else (_SIMPLIFIED, *path)


def _settings(values: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    try:
        general = {_full(tuple(name.split("."))): value for name, value in values.items() if not is_of_platform(name)}
        settings = build(Settings(), {**general, _full(TABLE): gather(values)})
    except ValueError as error:
        named = [f"{name} {origin}" for name, origin in origins.items() if name in str(error)]
        raise SettingsError(f"{error} ({'; '.join(named)})" if named else str(error)) from None
    return settings


def _layers(
    config: Path | None, environ: Mapping[str, str], overrides: Sequence[str], known: Mapping[str, Leaf]
) -> Iterator[tuple[str, object, str, bool]]:
    path = config or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if path is not None:
        yield from _from_file(path, known)
    yield from _from_environment(environ)
    for name, value in map(split_override, overrides):
        yield name, value, ON_COMMAND_LINE, True


def _from_file(path: Path, known: Mapping[str, Leaf]) -> Iterator[tuple[str, object, str, bool]]:
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(
            f"the configuration file must be readable; got {error.strerror} for {path}; "
            f"check --config and {CONFIG_VARIABLE}"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"the configuration file must be TOML; got {error} in {path}; see docs/operate.md"
        ) from None
    for name, value in _flat(tables, "", known):
        yield name, value, f"in {path}", False


def _flat(tables: Mapping[str, Any], prefix: str, known: Mapping[str, Leaf]) -> Iterator[tuple[str, object]]:
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


def _given_key(settings: KeySettings, environ: Mapping[str, str]) -> tuple[str | None, str]:
    if environ.get(KEY_VARIABLE):
        return environ[KEY_VARIABLE].strip(), f"in {KEY_VARIABLE}"
    if not settings.file:
        return None, ""
    try:
        return Path(settings.file).read_text("ascii").strip(), "in the file that key.file names"
    except OSError as error:
        raise SettingsError(
            f"key.file must be readable; got {error.strerror} for {settings.file}; check the path"
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(
            "key.file must hold hexadecimal digits; got other bytes (not shown); make one with `openssl rand -hex 32`"
        ) from None


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


def _name_of(secret: bytes) -> str:
    """A key's public name: it differs whenever the key does, and does not lead back to it."""
    return "k" + hashlib.blake2b(secret, digest_size=6, person=b"hearsay:key-id").hexdigest()
