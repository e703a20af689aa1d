"""Print the result of a replay: the counts, the run folder, and the commands to try next."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import pyarrow.compute as pc

from detectors.pipeline.rows import BROADCAST_CHATS, BROADCAST_SHARERS
from detectors.text.formatting import many
from schemas.alert import Alert
from streams.cli.display.imports import report_lines
from streams.cli.display.input_report import input_lines
from streams.cli.display.tables import short_id
from streams.replay.replay import ReplayResult
from streams.runs.folder import ALERTS, CLUSTERS, EDGES, MANIFEST, REJECTIONS, TIMINGS, WORDINGS, Run
from streams.runs.manifest import RunCounts
from streams.runs.time_warnings import time_warnings

_FILES = (ALERTS, REJECTIONS, CLUSTERS, EDGES, WORDINGS, MANIFEST, TIMINGS)


def accounts(counts: RunCounts) -> str:
    """Return the number of events received as a sum of outcomes, and confirm the sum."""
    parts = [("applied", counts.applied), ("duplicates", counts.duplicates), ("late", counts.late)]
    parts += [("rejected", counts.rejected)] + ([("waiting", counts.waiting)] if counts.waiting else [])
    total = f"{counts.received:,} received = " + " + ".join(f"{count:,} {name}" for name, count in parts)
    return f"{total} ({'adds up' if counts.balanced else 'DOES NOT ADD UP: a defect, please report it'})"


def totals(counts: RunCounts) -> str:
    """Return the output of a run in one line."""
    quotes = f"{counts.quotes:,} quotes, " if counts.quotes else ""
    return f"{counts.clusters:,} clusters, {counts.shares:,} shares, {quotes}{counts.alerts:,} alerts"


def remarks(counts: RunCounts, *, imported: bool = False) -> list[str]:
    """Return a line for each property of the input that the counts reveal and no alert shows.

    Args:
        counts: counts of the run.
        imported: True if the input has files of foreign formats, whose event ids Hearsay has chosen.

    """
    lines = list(time_warnings(counts))
    if counts.conflicts:
        lines.append(_conflicts(counts.conflicts, imported=imported))
    if counts.revised:
        lines.append(f"{many(counts.revised, 'event')} changed or completed a post that counts already")
    if counts.unmatched:
        events = "1 event is" if counts.unmatched == 1 else f"{counts.unmatched:,} events are"
        lines.append(f"{events} about messages that the stream had not contained, and changed nothing")
    if counts.broadcasts:
        messages = "1 message was" if counts.broadcasts == 1 else f"{counts.broadcasts:,} messages were each"
        reach = f"{messages} posted in {BROADCAST_CHATS} chats or more by at most {BROADCAST_SHARERS} accounts"
        lines.append(f"{reach}; alerts count people, not reach")
    return lines


def _conflicts(count: int, *, imported: bool) -> str:
    if imported:
        messages = "1 message is" if count == 1 else f"{count:,} messages are"
        return f"{messages} in two exports with another name of the sender or another text, and the first counts"
    events = "1 event has" if count == 1 else f"{count:,} events have"
    advice = "give each event, also an edit, an event_id of its own"
    return f"{events} the event_id of an earlier event and other content, and only the first counts; {advice}"


def summary(result: ReplayResult) -> list[str]:
    """Return the counts, the speed and the run folder of a replay, in lines."""
    counts, timings = result.manifest.counts, result.timings
    lines = [
        accounts(counts),
        totals(counts),
        "alerts measure spread, not truth",
        f"{timings.wall_seconds:,.1f} s, {timings.events_per_second:,.0f} events/s",
    ]
    if not result.manifest.complete:
        lines.append("interrupted: the run folder holds the results up to the interruption; its manifest says so")
    lines += report_lines(result.manifest.input.files)
    lines += [*remarks(counts, imported=bool(result.manifest.input.files)), *uncounted_reach(Run(result.folder))]
    if counts.tombstones:
        lines.append(
            f"{counts.tombstones:,} tombstones: records without a value are no events, and are not counted above"
        )
    if counts.frames:
        frames = "1 frame: a short text" if counts.frames == 1 else f"{counts.frames:,} frames: short texts"
        lines.append(f"{frames} over different addresses, pictures or numbers; a frame raises no alert")
    if counts.withheld:
        lines.append(f"{counts.withheld:,} cascades over the threshold were withheld by policy.openings_a_day")
    lines += input_lines(result.manifest.report, counts.received)
    return [*lines, f"run folder: {result.folder}", f"  {'  '.join(_FILES)}"]


def uncounted_reach(run: Run) -> Iterator[str]:
    """Yield a line for the cluster whose counter of forwards exceeds the observed posts by most, and one for views.

    Views have a line only where no platform counts forwards.
    """
    forwards, views, posts = pc.field("forwards"), pc.field("views"), pc.field("posts")
    for counter, rows in (("forwards", forwards > posts), ("views", (views > posts) & forwards.is_null())):
        table = run.table(CLUSTERS, ["cluster_id", "posts", "counter_level", counter, f"{counter}_rise"], rows)
        if table.num_rows:
            first = table.sort_by([(counter, "descending"), ("cluster_id", "ascending")]).slice(0, 1)
            yield _reach(first.to_pylist()[0], counter, table.num_rows - 1)


def _reach(row: Mapping[str, Any], counter: str, others: int) -> str:
    posts = "1 observed post" if row["posts"] == 1 else f"{row['posts']:,} observed posts"
    which = f"platform counters show {row[counter]:,} {counter} of cluster {short_id(row['cluster_id'])}, with {posts}"
    more = f", and more {counter} than posts of {others:,} other clusters" if others else ""
    rise = row[f"{counter}_rise"]
    if row["counter_level"]:
        alerts = "a counter alert reports the rise"
    elif rise is None:
        alerts = "the growth is unknown without a second snapshot of a message, so there is no counter alert"
    else:
        alerts = f"the largest rise in counters.window_ms, {rise:,}, raises no counter alert"
    return f"{which}{more}; counters name no sharers; {alerts}"


def next_steps(result: ReplayResult) -> list[str]:
    """Return commands to try on a run."""
    steps = []
    if result.manifest.counts.alerts:
        steps += [f"hearsay show {result.folder}", f"hearsay report {result.folder}"]
        steps += [f"hearsay explain {result.folder} --alert {short_id(alert.alert_id)}" for alert in _first(result)]
    if result.manifest.counts.rejected:
        steps.append(f"hearsay rejections {result.folder}")
    return ["next:", *(f"  {step}" for step in steps)] if steps else []


def _first(result: ReplayResult) -> Iterable[Alert]:
    return islice(Run(result.folder).alerts(), 1)


__all__ = ["accounts", "next_steps", "remarks", "summary", "totals", "uncounted_reach"]
