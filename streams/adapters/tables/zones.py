"""Read the abbreviations of time zones that tables write after a time.

An abbreviation may be several zones: IST is the time of India, Israel and Ireland. The first of its offsets is the
default; the zone of the command line decides if its own offset is another one of them.
"""

from datetime import datetime, timedelta, timezone, tzinfo
from typing import NamedTuple

ABBREVIATIONS: dict[str, tuple[int, ...]] = {
    "UTC": (0,), "GMT": (0,), "WET": (0,), "WEST": (60,), "CET": (60,), "CEST": (120,), "EET": (120,), "EEST": (180,),
    "MSK": (180,), "BST": (60, 360), "IST": (330, 120, 60), "IDT": (180,), "TRT": (180,), "SAST": (120,), "CAT": (120,),
    "EAT": (180,), "WAT": (60,), "GST": (240,), "PKT": (300,), "NPT": (345,), "ICT": (420,), "WIB": (420,),
    "WITA": (480,), "WIT": (540,), "HKT": (480,), "SGT": (480,), "PHT": (480,), "JST": (540,), "KST": (540,),
    "AWST": (480,), "ACST": (570,), "ACDT": (630,), "AEST": (600,), "AEDT": (660,), "NZST": (720,), "NZDT": (780,),
    "NST": (-210,), "NDT": (-150,), "AST": (-240, 180), "ADT": (-180,), "EST": (-300,), "EDT": (-240,),
    "CST": (-360, 480, -300), "CDT": (-300, -240), "MST": (-420, 480), "MDT": (-360,), "PST": (-480, 480),
    "PDT": (-420,), "AKST": (-540,), "AKDT": (-480,), "HST": (-600,), "BRT": (-180,), "ART": (-180,), "CLT": (-240,),
    "CLST": (-180,), "COT": (-300,), "PET": (-300,), "VET": (-240,),
}  # fmt: skip
"""Minutes east of UTC for each abbreviation; of several, the first is the default."""


class NamedZone(NamedTuple):
    """The zone that an abbreviation means; `is_choice`: another zone has the abbreviation too, and none was given."""

    zone: tzinfo
    is_choice: bool


def abbreviated(name: str, local: datetime, given: tzinfo | None) -> NamedZone | None:
    """Return the zone of an abbreviation; None if the abbreviation is unknown.

    Args:
        name: the abbreviation in capitals, such as IST.
        local: the time before it.
        given: the zone of the command line.

    """
    offsets = ABBREVIATIONS.get(name)
    if offsets is None:
        return None
    if len(offsets) > 1 and given is not None and _minutes(given, local) in offsets:
        return NamedZone(given, is_choice=False)
    return NamedZone(timezone(timedelta(minutes=offsets[0])), is_choice=len(offsets) > 1)


def offset_name(minutes: int) -> str:
    """Return an offset in the usual notation: `UTC+05:30`."""
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _minutes(zone: tzinfo, local: datetime) -> int | None:
    offset = zone.utcoffset(local)
    return None if offset is None else round(offset.total_seconds() / 60)


__all__ = ["ABBREVIATIONS", "NamedZone", "abbreviated", "offset_name"]
