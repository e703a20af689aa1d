"""Messages of which it is known which belong together: wordings, truth, and how well a clustering of them fits it.

Uncertainty is that of the rumours, not of the messages: a bootstrap draws whole rumours, for copies of one share its
luck.
"""

import gzip
import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.pipeline.intake import read_content
from schemas.event import ForwardEvent, Kind
from schemas.sighting import TextContent
from streams.devtools.simulator.config import Mutations, SimulatorConfig
from streams.devtools.simulator.files import read_truth
from streams.devtools.simulator.simulate import simulate
from streams.devtools.simulator.truth import Truth
from tests.benchmarks.metrics.scores import Interval
from tests.realdata import loaders

SAMPLE = Path(__file__).resolve().parents[3] / "examples" / "sample.jsonl.gz"
MUTATED = SimulatorConfig(seed=11, events=8_000, mutations=Mutations(surface=0.20, lexical=0.20, meaning=0.04))
"""Five times as many copies with other words as in the sample."""
ROUNDS = 1000
SEED = 7
PASSED_ON = frozenset({Kind.POST, Kind.FORWARD})

Floats = NDArray[np.float64]


class Corpus(msgspec.Struct, frozen=True, kw_only=True):
    """Messages in order of time, those too short to be matched by words left out."""

    name: str
    events: Sequence[ForwardEvent]  # the stream that they stand in, other events among it
    wordings: Sequence[TextContent]  # each once, in order of first appearance
    keys: Sequence[str]  # of each message: its event's own id
    wording_of: Sequence[int]  # of each message: position in `wordings`
    truth: Sequence[str]  # of each message: the rumour it belongs to

    def labels(self, found: Sequence[Hashable]) -> list[Hashable]:
        """A cluster for each message, from one for each wording."""
        return [found[wording] for wording in self.wording_of]


def corpus(name: str, events: Sequence[ForwardEvent], truth: Mapping[str, str], min_words: int) -> Corpus:
    """The posts and forwards of a stream that have words, with the rumour of each by its event's own id."""
    known: dict[str, TextContent] = {}
    wordings: dict[str, int] = {}
    contents, keys, wording_of, rumours = list[TextContent](), list[str](), list[int](), list[str]()
    for event in events:
        if event.kind not in PASSED_ON or event.event_id not in truth:
            continue
        content = known.setdefault(event.text, read_content(event.text, ()))
        if content.words < min_words:
            continue
        if content.fingerprint not in wordings:
            wordings[content.fingerprint] = len(contents)
            contents.append(content)
        keys.append(event.event_id)
        wording_of.append(wordings[content.fingerprint])
        rumours.append(truth[event.event_id])
    return Corpus(name=name, events=events, wordings=contents, keys=keys, wording_of=wording_of, truth=rumours)


def corpora(min_words: int) -> list[Corpus]:
    """Journalists' stories, recorded cascades, and simulated rumours with their mutations."""
    pheme, pheme_cascade = loaders.pheme(), cascades("pheme_dev_events")
    story = {str(row["cascade_id"]): str(row["story"]) for row in loaders.rows("pheme_dev_cascades")}
    sources = [event for event in pheme if event.kind is Kind.POST]
    sample, answer = sample_stream()
    mutated = simulate(MUTATED)
    return [
        corpus("PHEME sources", sources, {key: story[one] for key, one in pheme_cascade.items()}, min_words),
        corpus("PHEME cascades", pheme, pheme_cascade, min_words),
        corpus("Twitter15/16 cascades", loaders.twitter1516(), cascades("twitter1516_dev_events"), min_words),
        corpus("simulated sample", sample, answer.clusters(), min_words),
        corpus("simulated, much mutated", well_formed(mutated.lines()), mutated.truth.clusters(), min_words),
    ]


def cascades(events_file: str) -> dict[str, str]:
    """The recorded cascade of each event."""
    return {str(row["event_id"]): str(row["cascade_id"]) for row in loaders.rows(events_file)}


def sample_stream() -> tuple[list[ForwardEvent], Truth]:
    """The example stream's events and its known answer."""
    with gzip.open(SAMPLE, "rb") as lines:
        return well_formed(lines), read_truth(SAMPLE.with_name("sample.truth.json.gz"))


def well_formed(lines: Iterable[bytes]) -> list[ForwardEvent]:
    """The events among a simulated stream's lines, in their order, each once; some lines are none, on purpose."""
    events: dict[str, ForwardEvent] = {}
    for line in lines:
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            event = msgspec.json.decode(line, type=ForwardEvent)
            events.setdefault(event.event_id, event)
    return list(events.values())


# --- agreement --------------------------------------------------------------------------------------------------------


class Fit(msgspec.Struct, frozen=True):
    """A clustering against the truth, kept as sums for each rumour so that rumours can be drawn anew.

    Columns: messages, B-cubed precision and recall added over them, pairs rightly put together, pairs put together (one
    that two rumours share counts half for each), pairs that belong together.
    """

    sums: Floats  # shape (rumours, 6)
    clusters: int

    def figures(self, weights: Floats | None = None) -> Floats:
        """B-cubed precision, recall and F, then the same over pairs; shape (6,), or (draws, 6) for weighted rumours."""
        total = (np.ones(len(self.sums)) if weights is None else weights) @ self.sums
        messages, precision, recall, right, put, belong = np.moveaxis(total, -1, 0)
        return np.stack(
            [
                precision / messages,
                recall / messages,
                _f(precision, recall, messages, messages),
                np.where(put > 0, right / np.maximum(put, 1), 1.0),
                np.where(belong > 0, right / np.maximum(belong, 1), 1.0),
                _f(right, right, put, belong),
            ],
            axis=-1,
        )


BCUBED_F, PAIR_F = 2, 5
"""Columns of `Fit.figures`."""


def fit(truth: Sequence[Hashable], found: Sequence[Hashable]) -> Fit:
    """Count a clustering against the truth. Rumours in the order of their first messages.

    Raises:
        ValueError: unequal lengths.
    """
    cells = Counter(zip(truth, found, strict=True))
    of_truth, of_found = Counter(truth), Counter(found)
    row = {rumour: n for n, rumour in enumerate(of_truth)}
    sums = np.zeros((len(of_truth), 6))
    for (rumour, cluster), n in cells.items():
        both = [n, n * n / of_found[cluster], n * n / of_truth[rumour]]
        sums[row[rumour]] += [*both, n * (n - 1) / 2, n * (of_found[cluster] - 1) / 2, 0.0]
    sizes = np.array(list(of_truth.values()), dtype=np.float64)
    sums[:, 5] = sizes * (sizes - 1) / 2
    return Fit(sums, len(of_found))


def draws(rumours: int) -> Floats:
    """How often each rumour is drawn in each round, the same for all who ask, shape (rounds, rumours)."""
    generator = np.random.default_rng(SEED)
    return generator.multinomial(rumours, np.full(rumours, 1 / rumours), size=ROUNDS).astype(np.float64)


def interval(one: Fit, column: int, other: Fit | None = None) -> Interval:
    """A figure with its 95 % interval; with another clustering of the same messages, the difference of the two."""
    weights = draws(len(one.sums))
    value, drawn = one.figures()[column], one.figures(weights)[:, column]
    if other is not None:
        value, drawn = value - other.figures()[column], drawn - other.figures(weights)[:, column]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Interval(float(value), float(low), float(high))


def shown(found: Interval) -> str:
    """An interval as it is printed."""
    return "-" if math.isnan(found.value) else f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _f(right: Floats, also_right: Floats, of_found: Floats, of_truth: Floats) -> Floats:
    """Harmonic mean of two ratios; 0 where both are 0, 1 where there was nothing to find and nothing was found."""
    precision, recall = right / np.maximum(of_found, 1e-12), also_right / np.maximum(of_truth, 1e-12)
    total = precision + recall
    f = np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0)
    return np.where((of_found == 0) & (of_truth == 0), 1.0, f)
