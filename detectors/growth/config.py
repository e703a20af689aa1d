"""The settings of all growth detectors: which one, what the operator calls big, and what each may assume.

They are one struct, so that a run's settings say the same whichever detector is chosen.
"""

import re
from functools import lru_cache
from math import isfinite
from typing import Any

import msgspec

NAMES = ("L", "count", "rate", "ewma", "kleinberg", "cusum", "glr", "seismic")
KERNEL_WEIGHTS = (0.05, 0.20, 0.25, 0.20, 0.15, 0.15)
"""Weights of L's six exponentials: close to SEISMIC's power law, doi:10.1145/2783258.2783401."""


_PLATFORM = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")  # as events carry it


class PlatformGrowth(msgspec.Struct, frozen=True):
    """What differs for the cascades that begin on one platform."""

    platform: str  # as events carry it
    settings: tuple[tuple[str, Any], ...]  # (field of `GrowthConfig`, value), by name


class GrowthConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Which detector, and what it may assume. Durations in ms, sizes in distinct sharers.

    Attributes:
        detector: L, count, rate, ewma, kleinberg, cusum, glr or seismic.
        big: q, the size from which the operator calls a cascade big; every cold-start threshold derives from it.
        min_sharers: below this size no score means anything and nothing is said; 3 where chats are the unit.
        threshold: level 1 in the detector's own unit instead of the cold-start rule.
        kernel_weights: L's weights of the time constants 1, 6, 36 min, 3.6, 21.6 h and 5.4 d; they add up to 1.
        calibration: by what L's expected further sharers and their range are multiplied; see `hearsay calibrate`.
        window_ms: the trailing window of `rate`, and the window of the reference burst of the other baselines.
        buckets: the parts of that window, its resolution.
        ordinary_per_hour: sharers per hour of a cascade that deserves no attention, for the change detectors.
        ewma_ms: time constant of `ewma`.
        burst_ratio: Kleinberg's s, how much faster a burst runs than the ordinary rate.
        burst_cost: Kleinberg's gamma, the price of entering a burst, in units of ln N.
        cusum_ratio: the rise that `cusum` is tuned to find, as a multiple of the ordinary rate.
        glr_shortest_ms: the shortest window of `glr`; each next one is twice as long.
        glr_scales: how many windows.
        seismic_resolution: `seismic` blurs an event's time by at most its age divided by this.
        quiet_ms: a baseline is quiet after this silence; the default is when a lone share's mass in L is under 0.1.
        platforms: any of the settings above, for the cascades whose first post is on one platform.

    Raises:
        ValueError: a value breaks its rule; the text names the setting.

    """

    detector: str = "L"
    target_size: int = 50
    min_sharers: int = 5
    threshold: float | None = None
    kernel_weights: tuple[float, float, float, float, float, float] = KERNEL_WEIGHTS
    calibration: float = 1.0
    window_ms: int = 3_600_000
    buckets: int = 60
    ordinary_per_hour: float = 1.0
    ewma_ms: int = 3_600_000
    burst_ratio: float = 2.0
    burst_cost: float = 1.0
    cusum_ratio: float = 4.0
    glr_shortest_ms: int = 60_000
    glr_scales: int = 14
    seismic_resolution: int = 8
    quiet_ms: int = 64 * 3_600_000
    platforms: tuple[PlatformGrowth, ...] = ()

    def __post_init__(self) -> None:
        """Refuse settings that no detector could work with."""
        if self.detector not in NAMES:
            raise ValueError(
                f"growth.detector must be one of {', '.join(NAMES)}; got {self.detector[:40]!r}; leave it out for L"
            )
        for name, least, hint in _LEAST:
            if not (isfinite(getattr(self, name)) and getattr(self, name) >= least):
                raise ValueError(f"growth.{name} must be at least {least}; got {getattr(self, name)}; {hint}")
        for name, hint in _ABOVE_ONE:
            if not (isfinite(getattr(self, name)) and getattr(self, name) > 1):
                raise ValueError(f"growth.{name} must be above 1; got {getattr(self, name)}; {hint}")
        self._check_kernel()
        self._check_windows()
        if self.threshold is not None and not isfinite(self.threshold):
            raise ValueError(f"growth.threshold must be finite; got {self.threshold}; leave it out for the cold rule")
        self._check_platforms()

    def on(self, platform: str | None) -> "GrowthConfig":
        """The settings of a cascade whose first post is on `platform`; the general ones where nothing differs there.

        >>> config = GrowthConfig(big=200, platforms=(PlatformGrowth("whatsapp", (("target_size", 25),)),))
        >>> config.on("whatsapp").big, config.on("telegram").big
        (25, 200)

        """
        return _on(self, platform) if self.platforms else self

    def _check_platforms(self) -> None:
        names = [one.platform for one in self.platforms]
        if len(set(names)) < len(names):
            raise ValueError(f"growth.platforms must have each platform once; got {names}; put its settings together")
        for name in names:
            if not _PLATFORM.fullmatch(name):
                raise ValueError(
                    "growth.platforms must name a platform as events do, in up to 32 small letters, digits, dots, "
                    f"dashes or underscores; got {name[:40]!r}; try growth.platforms.whatsapp"
                )
            try:
                self.on(name)
            except (TypeError, ValueError) as error:
                raise ValueError(str(error).replace("growth.", f"growth.platforms.{name}.")) from None

    def _check_kernel(self) -> None:
        weights = self.kernel_weights
        if len(weights) != len(KERNEL_WEIGHTS) or min(weights) < 0 or not abs(sum(weights) - 1) < 1e-9:
            raise ValueError(
                f"growth.kernel_weights must be six numbers of 0 or more that add up to 1; got {weights}; "
                "leave it out for the default kernel"
            )

    def _check_windows(self) -> None:
        if self.window_ms % self.buckets:
            raise ValueError(
                f"growth.window_ms must be a multiple of growth.buckets; got {self.window_ms} and {self.buckets}; "
                "try 3600000 and 60"
            )
        if self.glr_shortest_ms % 4:
            raise ValueError(
                f"growth.glr_shortest_ms must be a multiple of 4; got {self.glr_shortest_ms}; try 60000, one minute"
            )


_LEAST: tuple[tuple[str, float, str], ...] = (
    ("target_size", 2, "set the number of distinct sharers that you call big, e.g. 50"),
    ("min_sharers", 1, "try 5, or 3 where chats are the unit"),
    ("calibration", 1e-9, "leave it out, or take what `hearsay calibrate` measures"),
    ("window_ms", 1, "try 3600000, one hour"),
    ("buckets", 1, "try 60"),
    ("ordinary_per_hour", 1e-6, "set the usual sharers per hour of a cascade, e.g. 1.0"),
    ("ewma_ms", 1, "try 3600000, one hour"),
    ("burst_cost", 0, "try 1.0"),
    ("glr_shortest_ms", 4, "try 60000, one minute"),
    ("glr_scales", 1, "try 14: one minute to six days"),
    ("seismic_resolution", 2, "try 8"),
    ("quiet_ms", 1, "try 230400000, 64 hours"),
)
_ABOVE_ONE = (("burst_ratio", "try 2.0"), ("cusum_ratio", "try 4.0"))


@lru_cache(maxsize=4096)
def _on(config: GrowthConfig, platform: str | None) -> GrowthConfig:
    """With one platform's settings over the general ones, and no platforms left: equal settings are equal values."""
    here = next((dict(one.settings) for one in config.platforms if one.platform == platform), {})
    return msgspec.structs.replace(config, **{**here, "platforms": ()})


__all__ = ["KERNEL_WEIGHTS", "NAMES", "GrowthConfig", "PlatformGrowth"]
