"""Explain an alert: replay its source with the settings of the run and list each decision that led to the alert.

The explanation needs no second copy of the rules: the same code decides again under observation, and the replayed alert
is compared byte for byte with the alert in the run folder.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Any

import msgspec

from detectors.alerting.sentences import format_alert
from detectors.pipeline.cascades import ScoreTrace, TransitionTrace
from detectors.pipeline.rows import ClusterRow
from detectors.text.formatting import many, plain, shorten
from schemas.alert import Alert, Basis, Lifecycle
from schemas.assignment import Assignment, Merge, Method, Relation, Role
from schemas.base import encode
from schemas.event import Kind
from schemas.sighting import SPREADING
from streams.errors import UserError
from streams.replay.build import PipelineFactory, make_pipeline
from streams.replay.driver import Driver
from streams.replay.ordered import batch_records, pipeline_for
from streams.runs.folder import Run
from streams.runs.ids import list_ids, normalise_prefix, resolve_id
from streams.runs.input import find_input
from streams.settings.load import ResolvedSettings, Settings, from_values
from streams.times import format_time
from streams.version import code_version

_STEP = 1.5  # growth in sharers between two listed scores
_LAST_SCORES = 3  # scores before a change of level that are listed at any size
_MAX_WORDINGS = 100_000  # wordings, and platforms, remembered, so each is listed once
_SHOWN = 90  # graphemes of a message in a line
_WIDTH = 120  # characters per line of the explanation text of the alert
_MAX_LINES = 40  # decisions listed unless all are requested
_APART = {
    Role.COMMENT: ("quote", "with words of its own, no share"),
    Role.REVISION: ("wording", "new words of a post that counts already: an edit or the caption of its pictures"),
    Role.WITHDRAWAL: ("withdrawn", "a picture is part of a post that counts as another message"),
}


class ExplainError(UserError):
    """Request for an explanation that is not possible. The message gives the cause and the action to take."""


class AlertInRun(msgspec.Struct, frozen=True):
    """An alert and its run."""

    run: Run
    alert: Alert


class Decision(msgspec.Struct, frozen=True):
    """One decision of the pipeline, in words."""

    time: int
    kind: str
    text: str
    minor: bool = False  # a short explanation may omit the decision


class Explanation(msgspec.Struct, frozen=True):
    """Decisions that led to an alert, and the alert that the replay raised."""

    alert: Alert
    decisions: list[Decision]
    methods: dict[str, int]  # shares by the method that assigned their text to the cluster
    replayed: Alert | None

    @property
    def identical(self) -> bool:
        """Return True if the replayed alert equals the alert byte for byte."""
        return self.replayed is not None and encode(self.replayed) == encode(self.alert)


def find(run: Run, prefix: str) -> AlertInRun:
    """Return the alert of a run whose id begins with a prefix.

    Raises:
        UserError: no alert matches, several do, or the prefix is that of a cluster; the message lists candidates.

    """
    wanted = normalise_prefix(prefix)
    alerts = {alert.alert_id: alert for alert in run.alerts()} if wanted else {}
    matches = [id_ for id_ in alerts if id_.startswith(wanted)]
    of_cluster = [id_ for id_, alert in alerts.items() if alert.cluster_id.startswith(wanted)]
    if of_cluster and not matches:
        raise UserError(
            f"{wanted!r} is the id of a cluster in {run.path}; give the id of one of its alerts: {list_ids(of_cluster)}"
        )
    hint = f"`hearsay show {run.path} --cluster ID` lists the alerts of a cluster"
    return AlertInRun(run, alerts[resolve_id(prefix, matches, "alert", run.path, hint)])


def explain(
    found: AlertInRun, sources: Sequence[str], resolved: ResolvedSettings, factory: PipelineFactory = make_pipeline
) -> Explanation:
    """Replay up to an alert and collect the decisions on the way.

    Args:
        found: the alert and its run.
        sources: current paths of the input of the run, one per file; empty to read the recorded path or topic.
        resolved: current settings, for the key, the broker and the location of the model. The manifest of the run
            gives every setting that decides.
        factory: builder of the pipeline; tests pass a stand-in.

    Raises:
        ExplainError: the key or the reference data differ from those of the run.
        UserError: the input differs from that of the run, or cannot be read.

    """
    manifest = found.run.manifest
    source = find_input(found.run, sources, resolved.settings.kafka, resolved.kafka_password)
    if resolved.key.id != manifest.key_id:
        raise ExplainError(
            f"the run was made with key {manifest.key_id!r}, but the current key is {resolved.key.id!r}; "
            "set HEARSAY_KEY or key.file to the key of the run"
        )
    settings = _settings_of_run(from_values(manifest.settings), resolved.settings)
    log = DecisionLog(found.alert)
    build = factory(settings, resolved.key, log.trace)
    if build.reference_digest != manifest.reference_digest:
        raise ExplainError(
            "the run was made with other checked claims or harm examples; "
            "set claims.file and harm.file to the files of the run"
        )
    reader = source.open(settings.pipeline.intake.max_event_bytes)
    try:
        pipeline = pipeline_for(reader, build.pipeline)
        for output in Driver(reader, pipeline, batch_records(reader, settings), manifest.at_most).outputs():
            log.add_absorbed(output.clusters)
            if log.ends_with(output.alerts):
                break
    finally:
        reader.close()
    return log.explanation()


def _settings_of_run(recorded: Settings, current: Settings) -> Settings:
    """Return the recorded settings that decide, with the current file paths and reading options."""
    here = {name: getattr(current.embedder, name) for name in ("cache_dir", "allow_download")}
    return msgspec.structs.replace(
        current,
        pipeline=recorded.pipeline,
        embedder=msgspec.structs.replace(recorded.embedder, **here),
        harm=msgspec.structs.replace(recorded.harm, file=current.harm.file),
    )


class DecisionLog:
    """Collector of the decisions about the cluster of an alert and about clusters merged into the cluster.

    Memory is bounded by the number of wordings and merges, not by the number of shares.
    """

    def __init__(self, alert: Alert) -> None:
        self._alert = alert
        self._ids = {alert.cluster_id, *alert.aliases}
        self._decisions: list[Decision] = []
        self._recent: deque[Decision] = deque(maxlen=_LAST_SCORES)
        self._methods: Counter[str] = Counter()
        self._wordings: dict[str, None] = {}
        self._next_size = 0.0
        self._notified: list[tuple[int, dict[str, int]]] = []  # decisions and methods up to each alert of a batch
        self._replayed: Alert | None = None
        self._merged: set[str] = set()
        self._related: set[str] = set()
        self._platforms: set[str] = set()
        self._absorbed: list[Decision] = []

    def trace(self, name: str, payload: msgspec.Struct) -> None:
        """Record one decision; called by the pipeline."""
        if isinstance(payload, Assignment):
            if payload.cluster_id in self._ids:
                self._add_assignment(payload)
        elif isinstance(payload, Merge):
            if payload.survivor in self._ids:
                self._add_merge(payload)
        elif isinstance(payload, ScoreTrace):
            if payload.cluster_id in self._ids:
                self._add_score(payload)
        elif isinstance(payload, TransitionTrace):
            self._add_transition(payload)

    def ends_with(self, alerts: list[Alert]) -> bool:
        """Return True if a batch raised the alert; decisions after the alert are then dropped."""
        for alert, (length, methods) in zip(alerts, self._notified, strict=True):
            if alert.alert_id == self._alert.alert_id:
                self._replayed = alert
                del self._decisions[length:]
                self._methods = Counter(methods)
                return True
        self._notified.clear()
        return False

    def add_absorbed(self, clusters: Iterable[ClusterRow]) -> None:
        """Record merges that only the final rows of the merged clusters show."""
        for row in clusters:
            if row.cluster_id in self._alert.aliases and row.merged_into and row.cluster_id not in self._merged:
                cluster = f"cluster {row.cluster_id[:12]} ({many(row.sharers, 'sharer')})"
                text = f"{cluster} joins {row.merged_into[:12]} after this"
                self._absorbed.append(Decision(row.last_time, "merge", text))

    def explanation(self) -> Explanation:
        """Return the collected decisions in order of time."""
        decisions = sorted([*self._decisions, *self._absorbed], key=lambda decision: decision.time)
        return Explanation(self._alert, decisions, dict(sorted(self._methods.items())), self._replayed)

    def _add(self, time: int, kind: str, text: str, *, minor: bool = False) -> None:
        self._decisions.append(Decision(time, kind, text, minor))

    def _add_assignment(self, assignment: Assignment) -> None:
        sighting, content = assignment.sighting, assignment.sighting.content
        self._add_related(assignment)
        if assignment.echo:
            return
        if assignment.method is Method.FIRST_SHARE:
            where = f"on {sighting.platform}" + (f" in chat {sighting.chat[:8]}" if sighting.chat else "")
            self._add(sighting.time, "created", f"{sighting.kind} {where}: {_quoted(content.text)}")
        if assignment.role is Role.SHARE and sighting.kind in SPREADING:
            self._add_share(assignment)
        else:
            self._add_remark(assignment)
        if content.fingerprint and len(self._wordings) < _MAX_WORDINGS:
            self._wordings[content.fingerprint] = None
        if assignment.suggestion is not None:
            other = assignment.suggestion
            text = f"{other.similarity:.3f} to cluster {other.cluster_id[:12]}: similar, not joined"
            self._add(sighting.time, "suggestion", text, minor=True)

    def _add_related(self, assignment: Assignment) -> None:
        """Record each linked cluster once, at the first share that shows the link."""
        for other in assignment.related:
            if other.cluster_id not in self._related:
                self._related.add(other.cluster_id)
                how = "same words, other address" if other.relation is Relation.SAME_WORDS else "same address"
                counted = ": its sharers count here" if assignment.echo else ""
                text = f"cluster {other.cluster_id[:12]}, {how}{counted}"
                self._add(assignment.sighting.time, "linked", text)

    def _add_share(self, assignment: Assignment) -> None:
        sighting, content = assignment.sighting, assignment.sighting.content
        self._methods[assignment.method] += 1
        self._add_platform(assignment)
        known = assignment.method is Method.FIRST_SHARE or content.fingerprint in self._wordings
        if content.fingerprint and not known:
            swaps = f", differs in {', '.join(assignment.variants)}" if assignment.variants else ""
            self._add(sighting.time, "wording", f"{_method(assignment)}{swaps}: {_quoted(content.text)}", minor=True)

    def _add_platform(self, assignment: Assignment) -> None:
        """Record the first share on each further platform; the first share of all names its own."""
        platform = assignment.sighting.platform
        if platform not in self._platforms and len(self._platforms) < _MAX_WORDINGS:
            if self._platforms and assignment.method is not Method.FIRST_SHARE:
                text = f"first share on {plain(platform)}, joined by {_method(assignment)}"
                self._add(assignment.sighting.time, "platform", text)
            self._platforms.add(platform)

    def _add_remark(self, assignment: Assignment) -> None:
        """Record an event about a message that is no share; platform counters are too frequent to list."""
        sighting = assignment.sighting
        if assignment.role in _APART:
            self._add(sighting.time, *_APART[assignment.role], minor=True)
        elif sighting.debunk is not None:
            by, verdict = _quoted(sighting.debunk.publisher), _quoted(sighting.debunk.verdict)
            self._add(sighting.time, "fact-check", f"by {by}, verdict {verdict}, matched by {_method(assignment)}")
        elif sighting.report is not None:
            self._add(sighting.time, "report", f"by a user, as {_quoted(sighting.report.category)}", minor=True)
        elif sighting.kind is Kind.DELETE:
            self._add(sighting.time, "deleted", "a post was deleted", minor=True)
        elif sighting.account_status is not None:
            self._add(sighting.time, "account", f"of a sharer: {sighting.account_status}", minor=True)

    def _add_merge(self, merge: Merge) -> None:
        self._merged.add(merge.absorbed)
        text = f"cluster {merge.absorbed[:12]} joins {merge.survivor[:12]}, bridged by {_method(merge)}"
        self._add(merge.time, "merge", text)

    def _add_score(self, trace: ScoreTrace) -> None:
        score = f"{self._prefix(trace.cluster_id)}{trace.score:.3f} (level-1 threshold {trace.threshold:.3f})"
        text = f"{score}, {many(trace.sharers, 'sharer')}, level {trace.level}"
        decision = Decision(trace.time, "score", text, minor=True)
        if trace.sharers >= self._next_size:
            self._next_size = max(trace.sharers * _STEP, 1.0)
            self._recent.clear()
            self._decisions.append(decision)
        else:
            self._recent.append(decision)

    def _prefix(self, cluster_id: str) -> str:
        return "" if cluster_id == self._alert.cluster_id else f"cluster {cluster_id[:12]}, merged later: "

    def _add_transition(self, trace: TransitionTrace) -> None:
        transition = trace.transition
        if trace.cluster_id in self._ids:
            self._decisions.extend(self._recent)
            self._recent.clear()
            prefix = self._prefix(trace.cluster_id)
            kind = "level" if trace.basis is Basis.SHARERS else "counters"
            self._add(transition.time, kind, f"{prefix}{transition.state}: level {transition.level}")
        if isinstance(transition.state, Lifecycle):
            methods = dict(self._methods) if trace.cluster_id in self._ids else {}
            self._notified.append((len(self._decisions), methods))


def to_json(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation for programs, with the alert that the replay gave and the fields that differ."""
    replayed = explanation.replayed
    return {
        **msgspec.structs.asdict(explanation),
        "identical": explanation.identical,
        "differences": [] if replayed is None else _differences(explanation.alert, replayed),
    }


def format_explanation(explanation: Explanation, *, everything: bool = False) -> list[str]:
    """Return the explanation as lines of text.

    Args:
        explanation: the explanation of an alert.
        everything: True to list every decision; otherwise minor decisions beyond 40 lines are omitted.

    """
    alert = explanation.alert
    decisions = explanation.decisions if everything else _shortened(explanation.decisions)
    counts = ", ".join(f"{count} by {method}" for method, count in explanation.methods.items())
    return [
        f"alert {alert.alert_id}",
        f"cluster {alert.cluster_id}" + (f", with {len(alert.aliases)} merged into it" if alert.aliases else ""),
        "",
        *(f"{format_time(one.time)}Z  {one.kind:<10}  {one.text}" for one in decisions),
        "",
        f"shares: {counts}",
        format_alert(alert),
        "",
        *wrap(alert.explanation, _WIDTH),
        "",
        _verdict(explanation),
    ]


def _shortened(decisions: list[Decision]) -> list[Decision]:
    spare = len(decisions) - _MAX_LINES
    if spare <= 0:
        return decisions
    minor = [at for at, decision in enumerate(decisions) if decision.minor]
    first = min(len(minor) // 2, _MAX_LINES // 2)
    omitted = set(minor[first : first + spare])
    if not omitted:
        return decisions
    kept: list[Decision] = []
    for at, decision in enumerate(decisions):
        if at not in omitted:
            kept.append(decision)
        elif at == min(omitted):
            text = f"{len(omitted)} wordings, suggestions, scores and remarks omitted; pass --all to list them"
            kept.append(Decision(decision.time, "…", text))
    return kept


def _verdict(explanation: Explanation) -> str:
    if explanation.identical:
        return "The replay reproduced this alert byte for byte."
    if explanation.replayed is None:
        return "THE REPLAY DID NOT REPRODUCE THIS ALERT. " + _reason(explanation.alert)
    changed = ", ".join(_differences(explanation.alert, explanation.replayed))
    return f"THE REPLAY REPRODUCED THIS ALERT WITH DIFFERENCES in {changed}. " + _reason(explanation.alert)


def _reason(alert: Alert) -> str:
    if alert.provenance.code_version != code_version():
        return f"The alert was made by version {alert.provenance.code_version}; this is version {code_version()}."
    return "The version is the same: the code changed without a new version number, or this is a defect to report."


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


def _method(match: Assignment | Merge) -> str:
    """Return the method of a match, with the similarity if there is one."""
    return match.method + ("" if match.similarity is None else f" {match.similarity:.3f}")


def _quoted(text: str) -> str:
    shown = plain(text)
    return f"“{shorten(shown, _SHOWN)}”" if shown else "(no text)"
