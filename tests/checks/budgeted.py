"""Adapters of the budget of alerts: the bucket itself, what foresees the openings, and the pipeline under a budget."""

import dataclasses
from typing import Any

import msgspec

from detectors.alerting.budget import AlertBudget
from detectors.alerting.config import PolicyConfig
from detectors.clustering import Clustering
from detectors.growth import GrowthConfig
from detectors.pipeline.admission import AdmissionControl
from detectors.pipeline.pipeline import Pipeline
from detectors.privacy.pseudonym import Pseudonymiser
from detectors.similarity.embedding import HashingEmbedder
from detectors.spread.sharers import SharersConfig
from schemas.assignment import Assignment, Merge, Method
from tests.checks import streams
from tests.checks.battery import Adapter
from tests.checks.whole import CONFIG, PIPELINE, SMALL, cluster_hostile, cluster_stream, unshifted

EVERY_OPENING = "two openings of one moment are two; second deliveries are removed by ReorderBuffer, before it"
IN_ORDER = "order is made by ReorderBuffer, before it"
POLICY = PolicyConfig(openings_a_day=1.0)


def ask_and_spend(budget: AlertBudget, time: int) -> float:
    """What an opening would have to be, and then the opening."""
    threshold_offset = budget.threshold_offset(time)
    budget.spend(time)
    return threshold_offset


BUDGET = Adapter(
    name="alert budget",
    covers=AlertBudget,
    make=lambda: AlertBudget(2.0),
    stream=lambda seed: streams.times(seed, 200, 5 * streams.HOUR),
    step=ask_and_spend,
    hostile=lambda: (streams.T0 + number * streams.MINUTE for number in range(20_000)),
    bound=400,
    shift=lambda time, shift: time + shift,
    exempt={"duplicates": EVERY_OPENING, "shuffle": IN_ORDER},
)


def assigned(seed: int) -> list[Assignment | Merge]:
    """What clustering says of the rumours of its own stream."""
    clustering = Clustering(SMALL, HashingEmbedder(64).embed)
    return [item for sighting in cluster_stream(seed) for item in clustering.update(sighting)]


def moved(item: Assignment | Merge, shift: int) -> Assignment | Merge:
    """The same at another time."""
    back: Assignment | Merge = unshifted([item], -shift)[0]
    return back


def everyone_alone() -> Any:
    """Every message founds a cluster of its own."""
    for sighting in cluster_hostile():
        yield Assignment(cluster_id=sighting.event_id, sighting=sighting, method=Method.FIRST_SHARE)


OPENINGS = Adapter(
    name="openings",
    covers=AdmissionControl,
    make=lambda: AdmissionControl(
        1.0, GrowthConfig(target_size=4, min_sharers=3), POLICY, SharersConfig(capacity=64), 30
    ),
    stream=assigned,
    step=lambda openings, item: (openings.update(item), openings.withheld),
    hostile=everyone_alone,
    bound=150_000,
    shift=moved,
    unshift=lambda said, shift: said and (moved(said[0], -shift), said[1]),
    exempt={"duplicates": EVERY_OPENING, "shuffle": IN_ORDER},
)

UNDER_BUDGET = dataclasses.replace(
    PIPELINE,
    name="pipeline under a budget",
    make=lambda: Pipeline(
        msgspec.structs.replace(CONFIG, policy=POLICY),
        HashingEmbedder(64),
        Pseudonymiser(b"k" * 32, "k1", remembered=100),
        "1.0",
    ),
    bound=1_750_000,
)
