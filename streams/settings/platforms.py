"""Resolve the growth settings of one platform, such as `growth.platforms.whatsapp.target_size`.

Any platform name that events use is accepted, and any growth setting may be overridden for a platform.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from detectors.growth import GrowthConfig, PlatformGrowth
from streams.settings.tree import SettingsError, SettingSpec, find

TABLE = ("growth", "platforms")
_SECTION = TABLE[0]
_PREFIX = ".".join(TABLE)


def is_of_platform(name: str) -> bool:
    """Return True if a setting's name begins with `growth.platforms`."""
    return (name.strip().lower() + ".").startswith(f"{_PREFIX}.")


def find_for_platform(known: Mapping[str, SettingSpec], name: str, source: str) -> SettingSpec:
    """Return the setting of a name `growth.platforms.PLATFORM.NAME`.

    Args:
        known: the general settings by name.
        name: the name to look up.
        source: the origin of the name; the error names it.

    Raises:
        SettingsError: no platform in the name, or no such growth setting; the message suggests the most similar name.

    """
    platform, _, setting = name.strip().lower().removeprefix(_PREFIX).lstrip(".").rpartition(".")
    if not (platform and setting):
        raise SettingsError(
            f"{name!r} (from {source}) names no setting of a platform; write {_PREFIX}.PLATFORM.NAME, as in "
            f"{_PREFIX}.whatsapp.target_size"
        )
    here = {spec.name: spec for spec in _specs(known, platform)}
    return find(here, name, source)


def collect_platforms(values: Mapping[str, Any]) -> tuple[PlatformGrowth, ...]:
    """Collect the settings of platforms from all values by name; sorted by platform and name."""
    platforms: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        if is_of_platform(name):
            platform, _, setting = name.removeprefix(f"{_PREFIX}.").rpartition(".")
            platforms.setdefault(platform, {})[setting] = value
    return tuple(PlatformGrowth(platform, tuple(sorted(platforms[platform].items()))) for platform in sorted(platforms))


def flatten_platforms(known: Mapping[str, SettingSpec], config: GrowthConfig) -> Iterator[tuple[SettingSpec, Any]]:
    """Yield each setting of a platform with its value."""
    for one in config.platforms:
        specs = {spec.path[-1]: spec for spec in _specs(known, one.platform)}
        for setting, value in one.settings:
            yield specs[setting], value


def _specs(known: Mapping[str, SettingSpec], platform: str) -> Iterator[SettingSpec]:
    for spec in known.values():
        if spec.path[0] == _SECTION:
            yield msgspec.structs.replace(spec, path=(*TABLE, platform, spec.path[-1]))


__all__ = ["TABLE", "collect_platforms", "find_for_platform", "flatten_platforms", "is_of_platform"]
