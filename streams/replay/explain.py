"""Explains an alert: replays its source with the run's own settings and tells each decision that led to it.

The explanation is not a second opinion kept beside the alert: the same code decides again, watched, and the alert that
comes out is compared with the one in the run folder byte for byte.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from textwrap import wrap

import msgspec

from detectors.alerting.evidence import format_alert
from detectors.pipeline.cascades import ScoreTrace, TransitionTrace
from detectors.pipeline.rows import ClusterRow
from detectors.text.formatting import many, plain, shorten
from schemas.alert import Alert, Lifecycle
from schemas.assignment import Assignment, Merge, Method
from schemas.base import encode
from schemas.event import Kind
from schemas.sighting import SPREADING
from streams.errors import UserError
from streams.replay.build import PipelineFactory, make_pipeline
from streams.replay.driver import Driver
from streams.runs.folder import Run
from streams.runs.input import find_input
from streams.settings.load import ResolvedSettings, Settings, from_values
from streams.times import moment
from streams.version import code_version

_LEAST_DIGITS = 4
_LISTED = 5  # alerts that a wrong id is answered with
_STEP = 1.5  # between two scores that are told, in sharers
_LAST = 3  # scores before the alert that are told whatever the size
_KNOWN = 100_000  # wordings remembered, so that each is told once
_SHOWN = 90  # graphemes of a message in a line
_WIDTH = 120  # characters of a line of the alert's own explanation
_TOLD = 40  # lines, unless all are asked for


class ExplainError(UserError):
    """An alert that cannot be explained. The message says rule, what came, where, and what to try."""


class AlertInRun(msgspec.Struct, frozen=True):
    """An alert and the run that it is from."""

    run: Run
    alert: Alert


class Line(msgspec.Struct, frozen=True):
    """One decision, in words."""

    time: int
    what: str
    text: str
    minor: bool = False  # may be left out of a short telling


class Explanation(msgspec.Struct, frozen=True):
    """What led to an alert, and whether the replay gave it again."""

    alert: Alert
    lines: list[Line]
    methods: dict[str, int]  # shares by how their text found the cluster
    again: Alert | None

    @property
    def identical(self) -> bool:
        """Byte for byte."""
        return self.again is not None and encode(self.again) == encode(self.alert)


def find(run: Run, prefix: str) -> AlertInRun:
    """The alert of a run whose id begins so.

    Raises:
        ExplainError: none does, or several do.

    """
    wanted = prefix.strip().lower()
    if len(wanted) < _LEAST_DIGITS:
        raise ExplainError(f"an alert is named by {_LEAST_DIGITS} digits of its id or more; got {wanted!r}")
    alerts = [alert for alert in run.alerts() if alert.alert_id.startswith(wanted)]
    if len(alerts) != 1:
        of_cluster = [alert for alert in run.alerts() if alert.cluster_id.startswith(wanted)]
        got = len(alerts) or ("a cluster" if of_cluster else "none")
        named = ", ".join(alert.alert_id[:12] for alert in (alerts or of_cluster)[:_LISTED])
        hint = f"name one of {named}" if named else "see its alerts.jsonl"
        raise ExplainError(f"one alert must have an id that begins with {wanted!r}; got {got} in {run.path}; {hint}")
    return AlertInRun(run, alerts[0])


def explain(
    found: AlertInRun, sources: Sequence[str], effective: ResolvedSettings, make: PipelineFactory = make_pipeline
) -> Explanation:
    """Replay up to the alert and tell what was decided on the way.

    Args:
        found: the alert and its run.
        sources: where the run's input is now, each file of it; none where it was, on the topic that it came from too.
        effective: for the key, the broker and the model's place; everything that decides comes from the run's manifest.
        make: the pipeline with its model; a test's stand-in may take its place.

    Raises:
        ExplainError: another key, or other checked claims.
        UserError: another input, or one that cannot be read.

    """
    manifest = found.run.manifest
    origin = find_input(found.run, sources, effective.settings.kafka, effective.kafka_password)
    if effective.key.id != manifest.key_id:
        raise ExplainError(
            f"a run is explained with its own key; got key {effective.key.id!r} for a run with {manifest.key_id!r}; "
            "set HEARSAY_KEY or key.file to that key"
        )
    settings = _as_then(from_values(manifest.settings), effective.settings)
    story = Story(found.alert)
    made = make(settings, effective.key, story.trace)
    if made.reference_digest != manifest.reference_digest:
        raise ExplainError(
            "a run is explained with the checked claims and examples of harm that it was made with; got others; "
            "set claims.file and harm.file to those"
        )
    opened = origin.open(settings.pipeline.intake.max_event_bytes)
    try:
        for output in Driver(opened, made.engine, settings.replay.batch_events, manifest.at_most).outputs():
            story.absorbed(output.clusters)
            if story.ends_with(output.alerts):
                break
    finally:
        opened.close()
    return story.explanation()


def _as_then(then: Settings, now: Settings) -> Settings:
    """What decides as it was; where the model lies and how files are read as it is now."""
    here = {name: getattr(now.embedder, name) for name in ("cache_dir", "hub")}
    return msgspec.structs.replace(
        now,
        pipeline=then.pipeline,
        embedder=msgspec.structs.replace(then.embedder, **here),
        harm=msgspec.structs.replace(then.harm, file=now.harm.file),
    )


class Story:
    """Collects the decisions about one alert's cluster, and those about clusters that were merged into it.

    Memory is bounded by the number of wordings and merges, never by the number of shares.
    """

    def __init__(self, alert: Alert) -> None:
        self._alert = alert
        self._ids = {alert.cluster_id, *alert.aliases}
        self._lines: list[Line] = []
        self._recent: deque[Line] = deque(maxlen=_LAST)
        self._methods: Counter[str] = Counter()
        self._wordings: dict[str, None] = {}
        self._next_size = 0.0
        self._said: list[tuple[int, dict[str, int]]] = []  # a batch's notifications: lines and methods until then
        self._again: Alert | None = None
        self._merged: set[str] = set()
        self._absorbed: list[Line] = []

    def trace(self, name: str, payload: msgspec.Struct) -> None:
        """Take one decision; the pipeline calls it."""
        if isinstance(payload, Assignment):
            if payload.cluster_id in self._ids:
                self._assignment(payload)
        elif isinstance(payload, Merge):
            if payload.survivor in self._ids:
                self._merge(payload)
        elif isinstance(payload, ScoreTrace):
            if payload.cluster_id in self._ids:
                self._judgement(payload)
        elif isinstance(payload, TransitionTrace):
            self._transition(payload)

    def ends_with(self, alerts: list[Alert]) -> bool:
        """Whether the alert is among a batch's; the story then ends where it was said."""
        for alert, (length, methods) in zip(alerts, self._said, strict=True):
            if alert.alert_id == self._alert.alert_id:
                self._again = alert
                del self._lines[length:]
                self._methods = Counter(methods)
                return True
        self._said.clear()
        return False

    def absorbed(self, clusters: Iterable[ClusterRow]) -> None:
        """Take the last words on clusters that were merged away, for those whose merge was not told otherwise."""
        for row in clusters:
            if row.cluster_id in self._alert.aliases and row.merged_into and row.cluster_id not in self._merged:
                who = f"cluster {row.cluster_id[:12]} ({many(row.sharers, 'sharer')})"
                text = f"{who} joins {row.merged_into[:12]} after this"
                self._absorbed.append(Line(row.last_time, "merge", text))

    def explanation(self) -> Explanation:
        """What was collected."""
        told = sorted([*self._lines, *self._absorbed], key=lambda line: line.time)
        return Explanation(self._alert, told, dict(sorted(self._methods.items())), self._again)

    def _tell(self, time: int, what: str, text: str, *, minor: bool = False) -> None:
        self._lines.append(Line(time, what, text, minor))

    def _assignment(self, assignment: Assignment) -> None:
        sighting, content = assignment.sighting, assignment.sighting.content
        if assignment.method is Method.FIRST_SHARE:
            where = f"on {sighting.platform}" + (f" in chat {sighting.chat[:8]}" if sighting.chat else "")
            self._tell(sighting.time, "founded", f"{sighting.kind} {where}: {_quoted(content.text)}")
        if sighting.kind in SPREADING:
            self._share(assignment)
        else:
            self._remark(assignment)
        if content.fingerprint and len(self._wordings) < _KNOWN:
            self._wordings[content.fingerprint] = None
        if assignment.suggestion is not None:
            other = assignment.suggestion
            told = f"{other.similarity:.3f} to cluster {other.cluster_id[:12]}: near, not joined"
            self._tell(sighting.time, "suggestion", told, minor=True)

    def _share(self, assignment: Assignment) -> None:
        sighting, content = assignment.sighting, assignment.sighting.content
        self._methods[assignment.method] += 1
        known = assignment.method is Method.FIRST_SHARE or content.fingerprint in self._wordings
        if content.fingerprint and not known:
            swaps = f", differs in {', '.join(assignment.variants)}" if assignment.variants else ""
            self._tell(sighting.time, "wording", f"{_way(assignment)}{swaps}: {_quoted(content.text)}", minor=True)

    def _remark(self, assignment: Assignment) -> None:
        """What was said about the message, which is no share; platforms' counters come too often to be told."""
        sighting = assignment.sighting
        if sighting.debunk is not None:
            by, verdict = _quoted(sighting.debunk.publisher), _quoted(sighting.debunk.verdict)
            self._tell(sighting.time, "fact-check", f"by {by}, verdict {verdict}, matched by {_way(assignment)}")
        elif sighting.report is not None:
            self._tell(sighting.time, "report", f"by a person, as {_quoted(sighting.report.category)}", minor=True)
        elif sighting.kind is Kind.DELETE:
            self._tell(sighting.time, "deleted", "a post is no longer there", minor=True)
        elif sighting.account_status is not None:
            self._tell(sighting.time, "account", f"of a sharer: {sighting.account_status}", minor=True)

    def _merge(self, merge: Merge) -> None:
        self._merged.add(merge.absorbed)
        told = f"cluster {merge.absorbed[:12]} joins {merge.survivor[:12]}, bridged by {_way(merge)}"
        self._tell(merge.time, "merge", told)

    def _judgement(self, seen: ScoreTrace) -> None:
        against = f"{self._whose(seen.cluster_id)}{seen.score:.3f} (level 1 from {seen.threshold:.3f})"
        line = Line(seen.time, "score", f"{against}, {many(seen.sharers, 'sharer')}, level {seen.level}", minor=True)
        if seen.sharers >= self._next_size:
            self._next_size = max(seen.sharers * _STEP, 1.0)
            self._recent.clear()
            self._lines.append(line)
        else:
            self._recent.append(line)

    def _whose(self, cluster_id: str) -> str:
        return "" if cluster_id == self._alert.cluster_id else f"cluster {cluster_id[:12]}, merged later: "

    def _transition(self, said: TransitionTrace) -> None:
        transition = said.transition
        if said.cluster_id in self._ids:
            self._lines.extend(self._recent)
            self._recent.clear()
            whose = self._whose(said.cluster_id)
            self._tell(transition.time, "level", f"{whose}{transition.state}: level {transition.level}")
        if isinstance(transition.state, Lifecycle):
            self._said.append((len(self._lines), dict(self._methods) if said.cluster_id in self._ids else {}))


def lines(explanation: Explanation, *, everything: bool = False) -> list[str]:
    """The explanation for people."""
    alert = explanation.alert
    told = explanation.lines if everything else _shortened(explanation.lines)
    counted = ", ".join(f"{count} by {method}" for method, count in explanation.methods.items())
    return [
        f"alert {alert.alert_id}",
        f"cluster {alert.cluster_id}" + (f", with {len(alert.aliases)} merged into it" if alert.aliases else ""),
        "",
        *(f"{moment(line.time)}Z  {line.what:<10}  {line.text}" for line in told),
        "",
        f"shares: {counted}",
        format_alert(alert),
        "",
        *wrap(alert.explanation, _WIDTH),
        "",
        _verdict(explanation),
    ]


def _shortened(told: list[Line]) -> list[Line]:
    spare = len(told) - _TOLD
    if spare <= 0:
        return told
    minor = [at for at, line in enumerate(told) if line.minor]
    first = min(len(minor) // 2, _TOLD // 2)
    left_out = set(minor[first : first + spare])
    if not left_out:
        return told
    kept: list[Line] = []
    for at, line in enumerate(told):
        if at not in left_out:
            kept.append(line)
        elif at == min(left_out):
            kept.append(
                Line(line.time, "…", f"{len(left_out)} wordings, suggestions, scores and remarks; --all tells them")
            )
    return kept


def _verdict(explanation: Explanation) -> str:
    if explanation.identical:
        return "The replay gave this alert again, byte for byte."
    if explanation.again is None:
        return "THE REPLAY DID NOT GIVE THIS ALERT. " + _reason(explanation.alert)
    changed = ", ".join(_differences(explanation.alert, explanation.again))
    return f"THE REPLAY GAVE THIS ALERT WITH DIFFERENCES in {changed}. " + _reason(explanation.alert)


def _reason(alert: Alert) -> str:
    if alert.provenance.code_version != code_version():
        return f"It was made by version {alert.provenance.code_version}; this is {code_version()}."
    return "The version number is the same: the code changed without a new one, or this is a defect to report."


def _differences(one: msgspec.Struct, other: msgspec.Struct, path: str = "") -> list[str]:
    found = []
    for name in one.__struct_fields__:
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine == theirs:
            continue
        if isinstance(mine, msgspec.Struct) and type(mine) is type(theirs):
            found += _differences(mine, theirs, f"{path}{name}.")
        else:
            found.append(f"{path}{name}")
    return found


def _way(found: Assignment | Merge) -> str:
    """The rung of the ladder, with the similarity where there is one."""
    return found.method + ("" if found.similarity is None else f" {found.similarity:.3f}")


def _quoted(text: str) -> str:
    shown = plain(text)
    return f"“{shorten(shown, _SHOWN)}”" if shown else "(no text)"
