"""Shows a replay to a person: progress while it runs, alerts as they come, and accounts that add up at the end.

Text from messages is shown without control and direction characters, so that no message can draw on the terminal.
"""

from collections import Counter
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from detectors.alerting.sentences import format_alert
from detectors.text.formatting import plain
from schemas.alert import Alert
from schemas.rejection import Rejection
from streams.replay import replay as replays
from streams.replay.replay import ReplayResult
from streams.runs.folder import ALERTS, CLUSTERS, EDGES, MANIFEST, REJECTIONS, TIMINGS, WORDINGS, RunCounts
from streams.runs.forwarding_cap import Capped
from streams.times import moment

_COLOURS = ("cyan", "yellow", "orange1", "red")  # by level
_LISTED = 10  # clusters under a cap
_SHORT = 12  # digits of an id that are enough to name it


def short_id(id_: str) -> str:
    """Enough of an id to name it."""
    return id_[:_SHORT]


def alert_lines(alert: Alert) -> Text:
    """An alert as a heading and what a person needs to judge it."""
    heading, _, body = format_alert(alert).partition("\n")
    colour = _COLOURS[min(alert.level, len(_COLOURS) - 1)]
    return Text(heading, style=f"bold {colour}").append("\n" + body + "\n", style="not bold default")


class _Rate(ProgressColumn):
    """Events a second, how far they have come in event time, and alerts so far."""

    def render(self, task: Task) -> Text:
        """As text."""
        events, alerts = task.fields["events"], task.fields["alerts"]
        rate = events / task.elapsed if task.elapsed else 0.0
        reached = task.fields["reached"]
        return Text(f"{events:,} events  {rate:,.0f}/s  {alerts} alerts  {reached}")


class Screen:
    """An observer that shows alerts on standard output and, on a terminal, a progress bar on standard error."""

    def __init__(self, console: Console, errors: Console, *, alerts: bool = True) -> None:
        self._console = console if alerts else None
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("replaying"),
            BarColumn(),
            _Rate(),
            TimeRemainingColumn(),
            console=errors,
            transient=True,
            disable=not errors.is_terminal,
        )
        self._task = self._progress.add_task("replaying", total=None, events=0, alerts=0, reached="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def progress(self, now: replays.ReplayProgress) -> None:
        """Move the bar."""
        self._progress.update(
            self._task,
            completed=now.done,
            total=now.total,
            events=now.events,
            alerts=now.alerts,
            reached=moment(now.event_time) if now.event_time > 0 else "",
        )

    def alert(self, alert: Alert) -> None:
        """Print an alert."""
        if self._console is not None:
            self._console.print(alert_lines(alert), highlight=False, soft_wrap=True)


def accounts(counts: RunCounts) -> str:
    """Where the events went, as a sum that a reader can check."""
    parts = [("applied", counts.applied), ("duplicates", counts.duplicates), ("late", counts.late)]
    parts += [("rejected", counts.rejected)] + ([("waiting", counts.waiting)] if counts.waiting else [])
    total = f"{counts.received:,} received = " + " + ".join(f"{count:,} {name}" for name, count in parts)
    return f"{total} ({'adds up' if counts.balanced else 'DOES NOT ADD UP: a defect, please report it'})"


def summary(result: ReplayResult) -> list[str]:
    """What a replay came to, where it lies, and what to do next."""
    counts, timings, folder = result.manifest.counts, result.timings, result.folder
    lines = [
        accounts(counts),
        f"{counts.clusters:,} clusters, {counts.shares:,} shares, {counts.alerts:,} alerts",
        "alerts measure spread, not truth",
        f"{timings.wall_seconds:,.1f} s, {timings.events_per_second:,.0f} events/s",
    ]
    if not result.manifest.complete:
        lines.append("interrupted: the folder holds what was done by then, and its manifest says so")
    if counts.withheld:
        lines.append(f"{counts.withheld:,} cascades reached the limit when policy.alerts_a_day asked for more")
    if counts.received and counts.received == counts.rejected:
        lines.append("nothing could be used: is each line one JSON object, as docs/schemas/forward_event.json says?")
    files = (ALERTS, REJECTIONS, CLUSTERS, EDGES, WORDINGS, MANIFEST, TIMINGS)
    return [*lines, f"run folder: {folder}", f"  {'  '.join(files)}"]


def capped(found: Capped) -> list[str]:
    """What a cap on forwarding would have left, in a few lines."""
    lines = [f"if no message could be forwarded more than {found.at_most} times, at least this would have remained:"]
    for name, reach in (("recorded parents alone", found.recorded), ("inferred ones too", found.inferred)):
        share = reach.messages / found.messages if found.messages else 1.0
        lines.append(
            f"  by {name}: {reach.cut:,} of {reach.edges:,} edges would be gone; {reach.messages:,} of "
            f"{found.messages:,} messages ({share:.0%}) and {reach.sharers:,} of {found.sharers:,} sharers remain"
        )
    lines += ["the clusters that lose most:"] if found.clusters else []
    lines += [
        f"  {short_id(one.cluster_id)}: {one.recorded.messages:,} of {one.messages:,} messages remain, "
        f"{one.inferred.messages:,} with inferred edges"
        for one in found.clusters[:_LISTED]
    ]
    return lines


def next_steps(result: ReplayResult) -> list[str]:
    """Commands worth trying on this run."""
    steps = []
    if result.manifest.counts.alerts:
        first = _first_alert(result)
        steps.append(f"hearsay explain {first} --run {result.folder}")
        steps += [f"hearsay show {result.folder}", f"hearsay report {result.folder}"]
    if result.manifest.counts.rejected:
        steps.append(f"hearsay rejections {result.folder}")
    return ["next:", *(f"  {step}" for step in steps)] if steps else []


def _first_alert(result: ReplayResult) -> str:
    from streams.runs.folder import Run

    alert = next(iter(Run(result.folder).alerts()), None)
    return short_id(alert.alert_id) if alert else "ALERT_ID"


def rejections_table(rejections: Iterable[Rejection]) -> Table:
    """How many events were refused for which reason, and where the first of each stands."""
    counts: Counter[str] = Counter()
    first: dict[str, Rejection] = {}
    for rejection in rejections:
        counts[rejection.reason] += 1
        first.setdefault(rejection.reason, rejection)
    table = Table("reason", "events", "first at", "its detail")
    for reason, count in counts.most_common():
        at = first[reason].position
        table.add_row(
            reason, f"{count:,}", f"{plain(at.source)}, event {at.offset + 1:,}", Text(plain(first[reason].detail))
        )
    return table
