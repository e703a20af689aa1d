"""Print the findings of `hearsay doctor`."""

from collections.abc import Sequence

from rich.text import Text

from streams.cli.display.tables import Column, Table
from streams.devtools.doctor import Finding, Status

_COLOURS = {Status.GOOD: "green", Status.WARNING: "yellow", Status.FAILED: "bold red"}


def findings_table(findings: Sequence[Finding]) -> Table:
    """Return one row for each check, with a remedy unless the check passed."""
    columns = (Column("check"), Column("status"), Column("found", wrap=True), Column("what to do", wrap=True))
    rows = [
        (
            finding.name,
            Text(finding.status, _COLOURS[finding.status]),
            finding.found,
            "" if finding.status is Status.GOOD else finding.remedy,
        )
        for finding in findings
    ]
    return Table(columns, list(rows))


__all__ = ["findings_table"]
