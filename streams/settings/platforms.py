"""Read and write the settings of one platform, such as `growth.platforms.whatsapp.target_size`.

A platform is named as events name it, so no list of them is kept; what can be set for it is what can be set at all.
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
    """Whether a setting's name is meant for one platform."""
    return (name.strip().lower() + ".").startswith(f"{_PREFIX}.")


def find_for_platform(known: Mapping[str, SettingSpec], name: str, origin: str) -> SettingSpec:
    """The setting of that name for the platform in it.

    Args:
        known: the general settings by name.
        name: `growth.platforms.PLATFORM.NAME`.
        origin: where it was set, for a refusal.

    Raises:
        SettingsError: no platform in it, or no growth setting; the message names the nearest one.

    """
    platform, _, setting = name.strip().lower().removeprefix(_PREFIX).lstrip(".").rpartition(".")
    if not (platform and setting):
        raise SettingsError(
            f"a platform's setting is named {_PREFIX}.PLATFORM.NAME; got {name!r} {origin}; "
            f"try {_PREFIX}.whatsapp.{GrowthConfig.__struct_fields__[1]}"
        )
    here = {leaf.name: leaf for leaf in _leaves(known, platform)}
    return find(here, name, origin)


def collect_platforms(values: Mapping[str, Any]) -> tuple[PlatformGrowth, ...]:
    """What is set for platforms, by platform and name, out of all that is set."""
    found: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        if is_of_platform(name):
            platform, _, setting = name.removeprefix(f"{_PREFIX}.").rpartition(".")
            found.setdefault(platform, {})[setting] = value
    return tuple(PlatformGrowth(platform, tuple(sorted(found[platform].items()))) for platform in sorted(found))


def flatten_platforms(known: Mapping[str, SettingSpec], config: GrowthConfig) -> Iterator[tuple[SettingSpec, Any]]:
    """Each setting that is set for a platform, and to what."""
    for one in config.platforms:
        leaves = {leaf.path[-1]: leaf for leaf in _leaves(known, one.platform)}
        for setting, value in one.settings:
            yield leaves[setting], value


def _leaves(known: Mapping[str, SettingSpec], platform: str) -> Iterator[SettingSpec]:
    for leaf in known.values():
        if leaf.path[0] == _SECTION:
            yield msgspec.structs.replace(leaf, path=(*TABLE, platform, leaf.path[-1]))


__all__ = ["TABLE", "collect_platforms", "find_for_platform", "flatten_platforms", "is_of_platform"]
