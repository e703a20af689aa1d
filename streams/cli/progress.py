"""A line on standard error that tells how far a command is; on a terminal only.

What is piped elsewhere gets results and errors, and no drawing.
"""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


class _Records(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Records so far, and how many a second."""
        records = task.fields["records"]
        rate = records / task.elapsed if task.elapsed else 0.0
        return Text(f"{records:,} records  {rate:,.0f}/s")


class Bar:
    """Shows a count of records, and a share of a whole that is counted in any unit; None where nobody knows it."""

    def __init__(self, what: str, total: int | None) -> None:
        errors = Console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn(what),
            BarColumn(),
            _Records(),
            TimeRemainingColumn(),
            console=errors,
            transient=True,
            disable=not errors.is_terminal,
        )
        self._task = self._progress.add_task(what, total=total, records=0)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def __call__(self, records: int, done: int) -> None:
        """Move it."""
        self._progress.update(self._task, completed=done, records=records)
