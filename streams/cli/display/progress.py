"""Progress bars on standard error, on a terminal only.

In a pipe, standard error carries warnings and errors alone.
"""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from schemas.alert import Alert
from streams.cli.display.alerts import print_alert
from streams.replay.replay import ReplayProgress
from streams.times import format_time


class ProgressBar:
    """A count of records and the share of a total in any unit; `total` is None if unknown."""

    def __init__(self, title: str, total: int | None) -> None:
        self._progress = _progress(title, _Records(), Console(stderr=True))
        self._task = self._progress.add_task(title, total=total, records=0)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def __call__(self, records: int, done: int) -> None:
        """Show so many records, and so much of the total."""
        self._progress.update(self._task, completed=done, records=records)


class ReplayScreen:
    """A replay observer that prints alerts to `console` and draws a progress bar on `errors`.

    Args:
        console: for alerts.
        errors: for progress; nothing is drawn unless a terminal.
        alerts: print the alerts.

    """

    def __init__(self, console: Console, errors: Console, *, alerts: bool = True) -> None:
        self._console = console if alerts else None
        self._progress = _progress("replaying", _Events(), errors)
        self._task = self._progress.add_task("replaying", total=None, events=0, alerts=0, reached="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def progress(self, now: ReplayProgress) -> None:
        """Update the progress bar."""
        self._progress.update(
            self._task,
            completed=now.done,
            total=now.total,
            events=now.events,
            alerts=now.alerts,
            reached=format_time(now.event_time) if now.event_time > 0 else "",
        )

    def alert(self, alert: Alert) -> None:
        """Print an alert."""
        if self._console is not None:
            print_alert(alert, self._console)


class _Records(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Return the number of records and the rate."""
        records = task.fields["records"]
        return Text(f"{records:,} records  {_rate(task, records):,.0f}/s")


class _Events(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Return the numbers of events and alerts, the rate, and the event time reached."""
        events, alerts, reached = (task.fields[name] for name in ("events", "alerts", "reached"))
        return Text(f"{events:,} events  {_rate(task, events):,.0f}/s  {alerts} alerts  {reached}")


def _rate(task: Task, count: int) -> float:
    return count / task.elapsed if task.elapsed else 0.0


def _progress(title: str, counts: ProgressColumn, errors: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn(title),
        BarColumn(),
        counts,
        TimeRemainingColumn(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    )


__all__ = ["ProgressBar", "ReplayScreen"]
