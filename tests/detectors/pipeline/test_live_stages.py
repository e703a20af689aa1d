"""The live stages against the pipeline: any number of partitions, any cuts, repeats, crashes: the same alerts."""

import gzip
from collections import deque
from pathlib import Path

import msgspec
import numpy as np
import pytest

from detectors.alerting.config import PolicyConfig
from detectors.pipeline.cascade_stage import CascadeStage
from detectors.pipeline.cluster_stage import ClusterStage, partition_for
from detectors.pipeline.intake import Intake
from detectors.pipeline.pipeline import provenance
from detectors.similarity.embedding import HashingEmbedder
from detectors.snapshot import SnapshotError
from schemas.alert import Basis
from schemas.assignment import Merge, Method
from schemas.cascade_commands import CascadeCommand, CascadeCommands
from schemas.event_batch import BatchEntry, EventBatch
from schemas.rejection import Rejection
from schemas.sighting import Position
from tests.detectors.pipeline.sample_streams import (
    KEY,
    LATENESS,
    NOON,
    config,
    encoded,
    lines,
    pipeline,
    run,
    shuffled_within,
    stream,
)

EMBEDDER = HashingEmbedder()
SAMPLE = Path("examples/sample.jsonl.gz")
BUDGETED = config(policy=PolicyConfig(openings_a_day=1.0))


def spread(raws, partitions, seed):
    """Events over source partitions, each partition in the order of arrival, as logs of bytes."""
    rng = np.random.default_rng(seed)
    logs = [[] for _ in range(partitions)]
    for raw in raws:
        logs[int(rng.integers(partitions))].append(raw)
    return logs


def batches_of(log, partition, partitions, rng, settings):
    """One partition's log as batches of random sizes; some are cut again and sent twice, as after a crash."""
    intake = Intake(settings.intake, settings.order, KEY)
    read = [intake.update(raw, Position("forwards", partition, n)) for n, raw in enumerate(log)]
    batches, start = [], 0
    while start < len(log):
        if start and rng.random() < 0.2:
            start = max(0, start - int(rng.integers(1, 40)))  # a worker died: it begins again where it had committed
        end = min(len(log), start + int(rng.integers(1, 40)))
        rows = [(n, read[n]) for n in range(start, end)]
        seen = tuple(BatchEntry(n, one) for n, one in rows if not isinstance(one, Rejection))
        refused = tuple(n for n, one in rows if isinstance(one, Rejection))
        batches.append(
            EventBatch(partition=partition, partitions=partitions, start=start, end=end, entries=seen, rejected=refused)
        )
        start = end
    return batches


def ordered_log(logs, rng, settings):
    """The batches of all partitions in some order that keeps each partition's own, then all fall silent."""
    queues = [deque(batches_of(log, n, len(logs), rng, settings)) for n, log in enumerate(logs)]
    out = []
    left = [n for n, queue in enumerate(queues) if queue]
    while left:
        chosen = int(rng.choice(left))
        out.append(queues[chosen].popleft())
        left = [n for n in left if queues[n]]
    ends = [len(log) for log in logs]
    out += [EventBatch(partition=n, partitions=len(logs), start=end, end=end, idle=True) for n, end in enumerate(ends)]
    return [msgspec.msgpack.decode(msgspec.msgpack.encode(batch), type=EventBatch) for batch in out]


class Deployment:
    """The cluster stage and its cascade stages, with logs between them, and crashes when asked for."""

    def __init__(self, settings, partitions, seed, *, crashes):
        self.settings = settings
        self.partitions = partitions
        self.rng = np.random.default_rng(seed)
        self.crashes = crashes
        self.sightings = [[] for _ in range(partitions)]
        self.transfers = [[] for _ in range(partitions)]
        self.alerts = {}
        self.merged_across = 0
        self.cluster = ClusterStage(settings, EMBEDDER, partitions)
        made = provenance(settings, "0.0.0", EMBEDDER.revision, KEY.key_id)
        self.make = lambda n: CascadeStage(settings, made, n, partitions)

    def run(self, log):
        saved, at, position = None, 0, 0
        while position < len(log):
            if self.crashes and self.rng.random() < 0.02:
                self.cluster, position = ClusterStage(self.settings, EMBEDDER, self.partitions), at
                if saved is not None:
                    self.cluster.restore(saved)
                continue
            if self.rng.random() < 0.05:
                saved, at = self.cluster.snapshot(), position
            items = self.cluster.reorder(log[position])
            for steps in self.cluster.assign(items):
                self.sightings[steps.partition].append(msgspec.msgpack.encode(steps))
            position += 1
        self._cascade()
        return self

    def _cascade(self):
        stages = [self.make(n) for n in range(self.partitions)]
        at = [[0, 0] for _ in stages]
        saved = [(stage.snapshot(), 0, 0) for stage in stages]
        while True:
            ready = [n for n, stage in enumerate(stages) if self._next(n, stage, at[n]) is not None]
            if not ready:
                break
            n = int(self.rng.choice(ready))
            if self.crashes and self.rng.random() < 0.02:
                stages[n] = self.make(n)
                stages[n].restore(saved[n][0])
                at[n] = [saved[n][1], saved[n][2]]
                continue
            if self.rng.random() < 0.1 and stages[n].awaited_merge is None:
                saved[n] = (stages[n].snapshot(), *at[n])
            self._step(stages[n], self._next(n, stages[n], at[n]), n, at[n])
        assert [stage.awaited_merge for stage in stages] == [None] * len(stages)
        assert all(at[n] == [len(self.sightings[n]), len(self.transfers[n])] for n in range(len(stages)))

    def _next(self, n, stage, at):
        if at[1] < len(self.transfers[n]):
            return "transfer"
        return "commands" if stage.awaited_merge is None and at[0] < len(self.sightings[n]) else None

    def _step(self, stage, what, n, at):
        if what == "transfer":
            out = stage.receive(self.transfers[n][at[1]])
            at[1] += 1
        else:
            out = stage.update(msgspec.msgpack.decode(self.sightings[n][at[0]], type=CascadeCommands))
            at[0] += 1
        for target, part in out.transfers:
            self.merged_across += 1
            self.transfers[target].append(part)
        for alert in out.alerts:
            raw = msgspec.json.encode(alert)
            assert self.alerts.setdefault(alert.alert_id, raw) == raw


def live(raws, sources, cascades, seed, settings=None, *, crashes=True):
    settings = settings or config()
    rng = np.random.default_rng(seed)
    log = ordered_log(spread(raws, sources, seed), rng, settings)
    return Deployment(settings, cascades, seed, crashes=crashes).run(log)


TOWNS = (
    "Akola", "Bidar", "Cuttack", "Dhule", "Erode", "Firozabad", "Guntur", "Hubli", "Imphal", "Jalna", "Kolar", "Latur",
)  # fmt: skip


def merging(events=300, seed=3):
    """Pairs of rumours that begin as two clusters and prove to be one: a message that names parents in both."""
    rng = np.random.default_rng(seed)
    out, before = [], {}
    for n in range(events):
        rumour = int(rng.integers(24))
        pair, half = rumour // 2, rumour % 2
        here, there = TOWNS[pair], TOWNS[pair - 1]
        wreck = f"Near {here} and {there} a ferry sinks, {here} counts its dead"
        text = wreck if half else f"Mill of {here} burns, flee from {here} to {there} at once"
        bridge = n > events // 3 and rng.random() < 0.1 and pair * 2 in before and pair * 2 + 1 in before
        parent = before.get(pair * 2) if bridge else before.get(rumour)
        root = before.get(pair * 2 + 1) if bridge else None
        event = {
            "event_id": f"e{n}", "platform": "telegram", "kind": "forward" if parent else "post",
            "created_at": NOON + n * 20_000, "message_id": f"m{n}", "parent_ref": parent, "root_ref": root,
            "parent_evidence": "api_parent" if parent else "none", "actor": f"a{int(rng.integers(200))}",
            "chat": f"c{int(rng.integers(20))}", "text": text,
        }  # fmt: skip
        before.setdefault(rumour, f"m{n}")
        out.append({name: value for name, value in event.items() if value is not None})
    return out


@pytest.mark.no_cover
@pytest.mark.parametrize(("sources", "cascades"), [(1, 1), (2, 4), (4, 8)])
@pytest.mark.parametrize("seed", range(3))
def test_any_partitions_give_the_alerts_of_a_replay_under_a_budget_and_withhold_as_many(sources, cascades, seed):
    raws = lines(shuffled_within(stream(seed=seed, events=600), LATENESS // 2, seed))
    outputs, engine = run(raws, pipeline(BUDGETED))
    assert engine.counts.withheld > 0
    deployment = live(raws, sources, cascades, seed, BUDGETED)
    assert sorted(deployment.alerts.values()) == sorted(encoded(outputs))
    assert deployment.cluster.report().withheld == engine.counts.withheld


@pytest.mark.no_cover
@pytest.mark.parametrize(("sources", "cascades"), [(1, 1), (2, 4), (4, 8)])
@pytest.mark.parametrize("seed", range(3))
def test_any_partitions_cuts_repeats_and_crashes_give_the_alerts_of_a_replay(sources, cascades, seed):
    raws = lines(shuffled_within(stream(seed=seed, events=600), LATENESS // 2, seed))
    expected = encoded(run(raws)[0])
    assert len(expected) > 3
    assert sorted(live(raws, sources, cascades, seed).alerts.values()) == sorted(expected)


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("settings", [config(), BUDGETED], ids=["all open", "under a budget"])
def test_clusters_on_different_partitions_that_prove_one_give_the_alerts_of_a_replay(seed, settings):
    raws = lines(merging(seed=seed))
    outputs, engine = run(raws, pipeline(settings))
    assert engine.ordered_clustering.clustering.merged > 3
    deployment = live(raws, 3, 5, seed, settings)
    assert deployment.merged_across
    assert sorted(deployment.alerts.values()) == sorted(encoded(outputs))


def counted(events):
    """Snapshots of the forwards of every eleventh message, each some minutes after the one before."""
    for number, event in enumerate(events[::11]):
        for step in range(4):
            minute = 1 + 7 * step + number % 5
            yield {
                "event_id": f"counter {number} {step}", "platform": event["platform"], "kind": "counter",
                "created_at": event["created_at"] + minute * 60_000, "message_id": event["message_id"],
                "counters": {"forwards": 10 + 1_500 * step * (1 + number % 3), "views": 20_000 * step},
            }  # fmt: skip


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(4))
def test_counter_alerts_over_partitions_and_merges_are_those_of_a_replay(seed):
    rumours = merging(seed=seed)
    raws = lines(sorted([*rumours, *counted(rumours)], key=lambda event: event["created_at"]))
    outputs, _ = run(raws)
    counters = [alert for output in outputs for alert in output.alerts if alert.basis is Basis.COUNTERS]
    assert any(alert.aliases for alert in counters)
    deployment = live(raws, 3, 5, seed)
    assert deployment.merged_across
    assert sorted(deployment.alerts.values()) == sorted(encoded(outputs))


@pytest.mark.no_cover
def test_the_sample_gives_the_alerts_of_a_replay_from_one_source_partition():
    raws = gzip.decompress(SAMPLE.read_bytes()).splitlines()
    outputs, engine = run(raws)
    deployment = live(raws, 1, 4, seed=7)
    assert sorted(deployment.alerts.values()) == sorted(encoded(outputs))
    account = deployment.cluster.report()
    assert (account.received, account.applied, account.duplicates, account.late, account.rejected, account.waiting) == (
        engine.counts.received, engine.counts.applied, engine.counts.duplicates, engine.counts.late,
        engine.counts.rejected, 0,
    )  # fmt: skip


def test_batches_that_come_again_are_no_duplicates_and_the_accounts_add_up():
    raws = [*lines(stream(events=200)), b"not json"]
    account = live(raws, 2, 2, seed=1, crashes=False).cluster.report()
    assert (account.received, account.duplicates, account.rejected, account.waiting) == (201, 0, 1, 0)
    assert account.received == account.applied + account.late + account.rejected


def test_offsets_that_the_log_lost_before_they_were_read_are_counted():
    #  read 0 .. 9, then the log begins at 25
    settings = config()
    stage = ClusterStage(settings, EMBEDDER, 1)
    for start, end in ((0, 10), (25, 30)):
        stage.assign(stage.reorder(EventBatch(partition=0, partitions=1, start=start, end=end)))
    assert stage.report().missing == 15


def test_a_state_is_refused_by_another_number_of_partitions():
    state = ClusterStage(config(), EMBEDDER, 4).snapshot()
    with pytest.raises(
        SnapshotError,
        match="saved with 4 cascade partitions, but 8 are configured",
    ):
        ClusterStage(config(), EMBEDDER, 8).restore(state)


def _cascade_stage(partition=0, partitions=2):
    settings = config()
    return CascadeStage(settings, provenance(settings, "0", EMBEDDER.revision, "k"), partition, partitions)


def test_commands_with_a_gap_before_them_are_refused():
    with pytest.raises(SnapshotError, match="commands 0 to 4 of cascade partition 0 are missing"):
        _cascade_stage().update(
            CascadeCommands(partition=0, partitions=2, first=5, commands=(CascadeCommand(watermark=1),))
        )


def test_a_cascade_state_of_another_partition_is_refused():
    with pytest.raises(SnapshotError, match="saved for cascade partition 0 of 2, but this worker has partition 1 of 2"):
        _cascade_stage(1).restore(_cascade_stage(0).snapshot())


def test_commands_behind_a_merge_wait_for_its_state_transfer():
    #  survivor here, absorbed elsewhere:   merge 1 | watermark      nothing moves until the other side has spoken
    ids = [f"{n:032x}" for n in range(64)]
    here, there = (next(one for one in ids if partition_for(one, 2) == n) for n in (0, 1))
    merge = Merge(survivor=here, absorbed=there, time=NOON, method=Method.LINK, event_id=ids[9])
    steps = (CascadeCommand(merge=merge, merge_number=1), CascadeCommand(watermark=NOON + 1))
    survivor, absorbed = _cascade_stage(0), _cascade_stage(1)
    survivor.update(CascadeCommands(partition=0, partitions=2, first=0, commands=steps))
    assert survivor.awaited_merge == 1
    ((target, part),) = absorbed.update(CascadeCommands(partition=1, partitions=2, first=0, commands=steps)).transfers
    assert target == 0
    survivor.receive(part)
    assert survivor.awaited_merge is None
    survivor.receive(part)  # the other side died and said it again
    survivor.update(
        CascadeCommands(partition=0, partitions=2, first=1, commands=(*steps[1:], CascadeCommand(watermark=NOON + 2)))
    )
    assert msgspec.msgpack.decode(survivor.snapshot())[2]
