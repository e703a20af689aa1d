"""Print the differences between two runs, and the results of a sweep."""

from collections.abc import Iterator, Sequence

from detectors.text.formatting import duration, plain
from streams.cli.display.tables import Cell, Column, Table, first_rows, minute, short_id
from streams.replay.sweep import SweepPoint
from streams.runs.analyses.compare import Case, Comparison, Shift

_HIDDEN = frozenset({"settings_digest", "input"})  # the settings and the sameness of the input are printed instead


def lines(found: Comparison) -> Iterator[str]:
    """Yield the alerts and openings a day of both runs, the settings that differ, and the number of differences."""
    for name, side in (("a", found.a), ("b", found.b)):
        unfinished = "" if side.complete else "; the run is not complete"
        yield (
            f"{name}: {plain(side.run)}: {side.alerts:,} alerts on {side.rumours:,} rumours in {side.days:.1f} days, "
            f"{side.alerts_per_day:,.1f} a day, {side.openings_per_day:,.1f} openings a day{unfinished}"
        )
    if not found.same_input:
        yield "warning: the runs may have read different input"
    for name, (before, after) in found.differing.items():
        if name not in _HIDDEN:
            yield f"{name}: {plain(str(before))} → {plain(str(after))}"
    if found.empty:
        yield "no difference"
        return
    yield f"gained {len(found.gained):,}, lost {len(found.lost):,}, unmoved {found.unmoved:,}"
    for name, shifts, middle in (
        ("earlier", found.earlier, found.median_earlier_ms),
        ("later", found.later, found.median_later_ms),
    ):
        by = f", by {duration(round(middle))} in the median" if middle is not None else ""
        yield f"{name} {len(shifts):,}{by}"


def changes_table(found: Comparison, at_most: int) -> tuple[Table, list[str]]:
    """Return each rumour that the runs alerted differently, at most so many of each kind, and remarks on the rest."""
    columns = (
        Column("change"),
        Column("by", right=True),
        Column("level"),
        Column("first alert"),
        Column("cluster"),
        Column("sharers", right=True, wide=True),
        Column("text", cut=True),
    )
    kinds = {
        "gained": [_of_case("gained", case) for case in found.gained],
        "lost": [_of_case("lost", case) for case in found.lost],
        "earlier": [_of_shift("earlier", shift) for shift in found.earlier],
        "later": [_of_shift("later", shift) for shift in found.later],
        "level": [_of_shift("level", shift) for shift in found.levels if not shift.shift_ms],
    }
    rows: list[tuple[Cell, ...]] = []
    remarks = []
    for kind, all_rows in kinds.items():
        shown, remark = first_rows(kind, all_rows, at_most)
        rows += shown
        remarks += remark
    return Table(columns, rows), remarks


def sweep_table(points: Sequence[SweepPoint], found: Sequence[Comparison]) -> Table:
    """Return one row for each run: the swept values, the openings, and the differences from the first run.

    The openings a day are the rate that `policy.openings_a_day` bounds.
    """
    names = [override.partition("=")[0] for override in points[0].overrides]
    columns = (
        *(Column(label) for label in _labels(names)),
        *(Column(name, right=True) for name in ("opened", "a day", "rumours", "gained", "lost", "earlier", "later")),
        *(Column(name, right=True, wide=True) for name in ("alerts", "earlier by", "later by")),
    )
    rows = []
    for point, one in zip(points, found, strict=True):
        values = [override.partition("=")[2] for override in point.overrides]
        counts = (one.gained, one.lost, one.earlier, one.later)
        numbers = (f"{one.b.openings:,}", f"{one.b.openings_per_day:,.1f}", f"{one.b.rumours:,}")
        others = (f"{one.b.alerts:,}", _length(one.median_earlier_ms), _length(one.median_later_ms))
        rows.append((*values, *numbers, *(f"{len(cases):,}" for cases in counts), *others))
    return Table(columns, list(rows))


def _labels(names: Sequence[str]) -> Sequence[str]:
    """Return the last part of each setting's name, or the whole names if two of the parts are equal."""
    short = [name.rpartition(".")[2] for name in names]
    return short if len(set(short)) == len(short) else names


def _length(ms: float | None) -> str:
    return "" if ms is None else duration(round(ms))


def _of_case(change: str, case: Case) -> tuple[Cell, ...]:
    return _row(change, "", str(case.level), case)


def _of_shift(change: str, shift: Shift) -> tuple[Cell, ...]:
    sign = "-" if shift.shift_ms < 0 else "+"
    by = f"{sign}{duration(abs(shift.shift_ms))}" if shift.shift_ms else ""
    before, after = shift.before.level, shift.after.level
    return _row(change, by, f"{before} → {after}" if before != after else str(after), shift.before)


def _row(change: str, by: str, level: str, case: Case) -> tuple[Cell, ...]:
    sharers, text = f"{case.sharers:,.0f}", plain(case.text)
    return (change, by, level, minute(case.first_time), short_id(case.cluster_id), sharers, text)


__all__ = ["changes_table", "lines", "sweep_table"]
