"""Print the calibration of a run's forecasts."""

from collections.abc import Iterator

from detectors.text.formatting import many, plain
from streams.cli.display.tables import Column, Table
from streams.runs.analyses.calibration import Calibration


def lines(found: Calibration) -> Iterator[str]:
    """Yield the number of excluded clusters, and the settings to change."""
    if not found.complete:
        yield f"{plain(found.run)}: interrupted, so the outcome of most cascades is unknown"
    if found.still_active:
        yield f"excluded: {many(found.still_active, 'cluster')} active at the end of the recording (see --inactive-for)"
    if found.unknown_end:
        yield f"excluded: {many(found.unknown_end, 'cluster')} without a recorded end"
    if not found.platforms:
        yield f"{plain(found.run)}: no alert has a forecast to compare with an outcome"
    yield from (f"--set {one.setting}" for one in found.platforms if one.setting)


def platforms_table(found: Calibration) -> Table:
    """Return one row for each platform: the shares of outcomes below, inside and above the range, and the factor."""
    columns = (
        Column("platform"),
        *(Column(name, right=True) for name in ("cascades", "alerts", "below", "inside", "above")),
        Column("factor"),
        Column("later half"),
    )
    rows = []
    for one in found.platforms:
        shares = (f"{share:.2f}" for share in (one.coverage.below, one.coverage.inside, one.coverage.above))
        factor = "" if one.calibration is None else f"{one.current:g} → {one.calibration:g}"
        halves = [f"{half.inside:.2f}" for half in (one.later_coverage, one.later_corrected) if half]
        rows.append((plain(one.platform), f"{one.cascades:,}", f"{one.alerts:,}", *shares, factor, " → ".join(halves)))
    return Table(columns, list(rows))


__all__ = ["lines", "platforms_table"]
