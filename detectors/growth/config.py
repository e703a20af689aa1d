"""Settings of all growth detectors: the choice, the target size, and the parameters of each.

All detectors share one struct, so two runs with different detectors have comparable settings.
"""

import re
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta

from detectors.base_config import BaseConfig

DetectorName: TypeAlias = Literal["L", "count", "rate", "ewma", "kleinberg", "cusum", "glr", "seismic"]
NAMES: tuple[DetectorName, ...] = get_args(DetectorName)
Weight: TypeAlias = Annotated[float, Meta(ge=0)]

KERNEL_WEIGHTS = (0.05, 0.20, 0.25, 0.20, 0.15, 0.15)
"""Weights of L's six exponentials: close to SEISMIC's power law, doi:10.1145/2783258.2783401."""


_PLATFORM = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")  # as events carry the name


class PlatformGrowth(msgspec.Struct, frozen=True):
    """Settings that differ for cascades whose first post is on one platform."""

    platform: str  # as events name the platform
    settings: tuple[tuple[str, Any], ...]  # (field of `GrowthConfig`, value), by name


class GrowthConfig(BaseConfig, frozen=True, kw_only=True):
    """Choice and parameters of the growth detector. Durations in ms, sizes in distinct sharers."""

    detector: Annotated[DetectorName, Meta(description="Growth detector that scores cascades.")] = "L"
    target_size: Annotated[
        int,
        Meta(
            ge=2,
            description="Distinct sharers from which the operator calls a cascade big (q); all cold-start thresholds "
            "derive from this size.",
        ),
    ] = 50
    min_sharers: Annotated[
        int,
        Meta(
            ge=1,
            description="Distinct sharers below which a cascade raises no growth alert; use 3 where chats stand in for "
            "sharers.",
        ),
    ] = 5
    threshold: Annotated[
        float | None,
        Meta(description="Level-1 threshold in the unit of the detector's score. Unset: the cold-start rule."),
    ] = None
    kernel_weights: Annotated[
        tuple[Weight, Weight, Weight, Weight, Weight, Weight],
        Meta(
            description="Weights of L's six time constants (1, 6, 36 min, 3.6, 21.6 h, 5.4 d); the weights add up to 1."
        ),
    ] = KERNEL_WEIGHTS
    calibration: Annotated[
        float,
        Meta(
            ge=1e-9,
            description="Factor on L's expected further sharers and their range; `hearsay calibrate` suggests a value.",
        ),
    ] = 1.0
    window_ms: Annotated[
        int,
        Meta(ge=1, description="Sliding window of `rate`; also the reference burst of every detector other than L."),
    ] = 3_600_000
    window_buckets: Annotated[int, Meta(ge=1, description="Buckets into which growth.window_ms is divided.")] = 60
    ordinary_per_hour: Annotated[
        float,
        Meta(ge=1e-6, description="Sharers per hour of an ordinary cascade, the baseline of the change detectors."),
    ] = 1.0
    ewma_ms: Annotated[int, Meta(ge=1, description="Time constant of `ewma`.")] = 3_600_000
    burst_ratio: Annotated[
        float,
        Meta(gt=1, description="Kleinberg's s: rate of a burst as a multiple of the ordinary rate (`kleinberg`)."),
    ] = 2.0
    burst_cost: Annotated[
        float,
        Meta(ge=0, description="Kleinberg's gamma: cost of entering a burst, in units of ln N (`kleinberg`)."),
    ] = 1.0
    cusum_ratio: Annotated[
        float,
        Meta(gt=1, description="Rise that `cusum` is tuned to detect, as a multiple of the ordinary rate."),
    ] = 4.0
    glr_min_window_ms: Annotated[
        int, Meta(ge=4, multiple_of=4, description="Shortest window of `glr`; each further window is twice as long.")
    ] = 60_000
    glr_windows: Annotated[int, Meta(ge=1, description="Number of windows of `glr`.")] = 14
    seismic_resolution: Annotated[
        int,
        Meta(
            ge=2,
            description="Precision of `seismic`: the time of a share is rounded by at most its age divided by this.",
        ),
    ] = 8
    quiet_ms: Annotated[
        int,
        Meta(
            ge=1,
            description="Silence after which a detector other than L reports a cascade as quiet; by default, the time "
            "in which a lone share's weight in L falls below 0.1.",
        ),
    ] = 64 * 3_600_000
    platforms: Annotated[
        tuple[PlatformGrowth, ...],
        Meta(description="Growth settings that differ for cascades whose first post is on one platform."),
    ] = ()

    def __post_init__(self) -> None:
        """Check the relations between fields, and the settings of each platform."""
        super().__post_init__()
        if not abs(sum(self.kernel_weights) - 1) < 1e-9:
            raise ValueError(
                f"growth.kernel_weights is {self.kernel_weights}, which adds up to {sum(self.kernel_weights)}; "
                "choose six weights that add up to 1, or remove the setting for the default kernel"
            )
        if self.window_ms % self.window_buckets:
            raise ValueError(
                f"growth.window_ms is {self.window_ms}, not a multiple of growth.window_buckets "
                f"({self.window_buckets}); try 3600000 and 60"
            )
        self._check_platforms()

    def on(self, platform: str | None) -> "GrowthConfig":
        """Return the settings of a cascade whose first post is on `platform`; the general settings elsewhere.

        >>> config = GrowthConfig(target_size=200, platforms=(PlatformGrowth("whatsapp", (("target_size", 25),)),))
        >>> config.on("whatsapp").target_size, config.on("telegram").target_size
        (25, 200)

        """
        return _on(self, platform) if self.platforms else self

    def _check_platforms(self) -> None:
        names = [one.platform for one in self.platforms]
        if len(set(names)) < len(names):
            raise ValueError(f"growth.platforms lists a platform twice: {names}; put its settings together")
        for name in names:
            if not _PLATFORM.fullmatch(name):
                raise ValueError(
                    f"growth.platforms: {name[:40]!r} is no name of a platform; use the name in the events, up to 32 "
                    "small letters, digits, dots, dashes or underscores, as in growth.platforms.whatsapp"
                )
            try:
                self.on(name)
            except (TypeError, ValueError) as error:
                text = str(error).replace("GrowthConfig.", "growth.")
                raise ValueError(text.replace("growth.", f"growth.platforms.{name}.")) from None


@lru_cache(maxsize=4096)
def _on(config: GrowthConfig, platform: str | None) -> GrowthConfig:
    """Replace general settings by those of one platform; without `platforms`, so equal settings compare equal."""
    here = next((dict(one.settings) for one in config.platforms if one.platform == platform), {})
    return msgspec.structs.replace(config, **{**here, "platforms": ()})


__all__ = ["KERNEL_WEIGHTS", "NAMES", "GrowthConfig", "PlatformGrowth"]
