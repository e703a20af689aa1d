"""A cluster for each message of a corpus as the real pipeline finds it, over its whole stream or by its words alone."""

from collections.abc import Hashable, Sequence

from detectors.clustering import ClusteringConfig
from detectors.pipeline.config import PipelineConfig
from tests.benchmarks.corpora.gold import Corpus
from tests.benchmarks.corpora.tracks import NAMES, Remembering, Run, run
from tests.benchmarks.studies.texts import posts


def streamed(one: Corpus, embedder: Remembering, config: ClusteringConfig) -> Run:
    """The whole stream that a corpus stands in, with its links."""
    return run(one.events, PipelineConfig(clustering=config), embedder)


def labels_in(found: Run, one: Corpus) -> list[Hashable]:
    """A cluster for each message; one that the pipeline refused or dropped is alone."""
    cluster_of = found.cluster_of()
    return [cluster_of.get(name, key) for key, name in zip(one.keys, digests_of(one), strict=True)]


def digests_of(one: Corpus) -> list[str]:
    """The event digest of each message."""
    platform = {event.event_id: event.platform for event in one.events}
    return [NAMES.event(key, platform[key]) for key in one.keys]


def online(
    one: Corpus, embedder: Remembering, config: ClusteringConfig, order: Sequence[int] | None = None
) -> list[str]:
    """A cluster for each wording, in the order of `wordings`, where each comes once by an author of its own.

    A wording that the pipeline takes for no message, or for a comment, is alone.
    """
    taken = range(len(one.wordings)) if order is None else order
    events = posts([one.wordings[n].text for n in taken])
    cluster_of = run(events, PipelineConfig(clustering=config), embedder).cluster_of()
    names = [NAMES.event(event.event_id, event.platform) for event in events]
    found = {n: cluster_of.get(name, name) for n, name in zip(taken, names, strict=True)}
    return [found[n] for n in range(len(one.wordings))]
