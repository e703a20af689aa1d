"""The scores that were tried in L's place, each from a state that can be kept in the stream.

All need a fixed number of values for each cascade, whatever its size, and nearly all are sums over shares. Those that
are not say so.
"""

import math
from collections.abc import Callable, Mapping

import msgspec
import numpy as np
from scipy.special import betainc, gammaincinv

from detectors.growth.config import KERNEL_WEIGHTS
from detectors.growth.expected_growth import EVEN, FAINT, PRIOR, TAU_MS
from tests.benchmarks.corpora.shares import Floats, Shares

Kernel = tuple[float, ...]

QUICK: Kernel = (0.23, 0.33, 0.26, 0.08, 0.04, 0.06)
SLOW: Kernel = (0.03, 0.02, 0.06, 0.09, 0.13, 0.67)
FLAT: Kernel = (1 / 6,) * 6
HEAD_START = 0.8  # what the quick kernel's score is raised by, so that it is the lesser one in slow cascades only
SPREAD = 1 / 0.3  # direct followers to all: what L's cap comes to
SIZES = (60, 75, 90)
"""Percentiles of the sizes that make several q."""
BUDGETS = (0.5, 1.0, 2.0)
POWER = 0.5  # of N in L's score
SHAPE = 0.5  # weight of ln c in it
LESS = 0.5  # over the root of N, taken off it


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A stream's shares, and what a variant may know of the stream."""

    name: str
    q: int
    middle: int  # the first cascade of the later half
    shares: Shares
    own: Kernel = KERNEL_WEIGHTS  # fitted to the earlier half
    others: Kernel = KERNEL_WEIGHTS  # fitted to the other streams
    thinned: Mapping[int, Shares] = {}  # by how soon after the one before a share has no row, ms
    audience: Mapping[str, Shares] = {}  # the same shares with known audiences as marks, by how they are weighed

    @property
    def several_q(self) -> list[int]:
        """Sizes that somebody might call big, so that chance at one of them weighs less."""
        sizes = self.shares.final[self.shares.final >= self.shares.least]
        return sorted({math.ceil(np.percentile(sizes, at)) for at in SIZES})


Score = Callable[[Case], Floats]
"""Of a case: the score at every row of its shares."""


# --- constants --------------------------------------------------------------------------------------------------------


def mass(shares: Shares, kernel: Kernel = KERNEL_WEIGHTS) -> Floats:
    """M at every share."""
    return np.maximum(shares.sums @ np.array(kernel), FAINT * shares.size)


def reach(
    size: Floats, fresh: Floats, *, prior: float = PRIOR, power: float = POWER, cap: float | None = None
) -> Floats:
    """ln A plus the power of N; the cap only matters where M is under 1, and so is left out unless asked for."""
    ratio = (prior + size - 1.0) / (prior + size - fresh)
    spread = SPREAD if cap is None else 1.0 / (1.0 - np.minimum(cap * ratio, cap))
    found: Floats = np.log(ratio * fresh * spread) + power * np.log(size)
    return found


def exponent(shares: Shares, even: float = EVEN) -> Floats:
    """c, the exponent of growth by a power of the age, drawn to 1 by as many imagined sharers that came evenly."""
    old = np.where(shares.age_ms > 0, shares.mean_age_ms / np.maximum(shares.age_ms, 1.0), 0.5)
    found: Floats = ((1.0 - old) * shares.size + even) / (old * shares.size + even)
    return found


def shape_and_evidence(shares: Shares, *, shape: float = SHAPE, even: float = EVEN, less: float = LESS) -> Floats:
    """What L adds to ln A and the power of N: how growth bends, and how little is known yet."""
    found: Floats = shape * np.log(exponent(shares, even)) - less / np.sqrt(shares.size)
    return found


def of(
    shares: Shares, fresh: Floats, *, shape: float = SHAPE, even: float = EVEN, less: float = LESS, **others: float
) -> Floats:
    """L's score from any fresh mass; `others` are constants of `reach`."""
    return reach(shares.size, fresh, **others) + shape_and_evidence(shares, shape=shape, even=even, less=less)


def constants(*, kernel: Kernel = KERNEL_WEIGHTS, **others: float) -> Score:
    """L with other constants, by the names that they have in `of` and `reach`."""
    return lambda case: of(case.shares, mass(case.shares, kernel), **others)


def fitted(which: str) -> Score:
    """L with a kernel that was fitted to the stream's own earlier half, or to the other streams."""
    return lambda case: of(case.shares, mass(case.shares, getattr(case, which)))


# --- other evidence for small counts ----------------------------------------------------------------------------------


def cautious(quantile: float, prior: float = PRIOR, power: float = POWER) -> Score:
    """The lower quantile of R's Gamma posterior instead of its mean, and nothing else taken off."""

    def score(case: Case) -> Floats:
        size, fresh = case.shares.size, mass(case.shares)
        ratio = gammaincinv(prior + size - 1.0, quantile) / (prior + size - fresh)
        found: Floats = np.log(ratio * fresh) + power * np.log(size)
        return found + shape_and_evidence(case.shares, less=0.0)

    return score


def predictive(further: float, *, ahead: bool) -> Score:
    """ln P(at least q in the end) in place of ln A, N and what is taken off.

    Further sharers are negative binomial around L's expectation, with `further` as the shape. With `ahead`, plus the log
    of the share of reach that is expected to be still to come: certainty alone waits.
    """

    def score(case: Case) -> Floats:
        size, fresh = case.shares.size, mass(case.shares)
        expected = np.exp(reach(size, fresh, power=0.0))
        needed = np.maximum(case.q - size, 0.0)
        tail = betainc(np.maximum(needed, 1e-9), further, expected / (expected + further))
        found: Floats = np.log(np.maximum(np.where(needed > 0, tail, 1.0), 1e-300)) + shape_and_evidence(
            case.shares, less=0.0
        )
        return found + np.log(expected / (size + expected)) if ahead else found

    return score


# --- several time scales ----------------------------------------------------------------------------------------------


def power_mean(power: float) -> Score:
    """The fresh masses of single scales joined by a power mean; L is the power 1, the geometric mean nearly 0."""

    def score(case: Case) -> Floats:
        joined = (np.maximum(case.shares.sums, FAINT) ** power @ np.array(KERNEL_WEIGHTS)) ** (1.0 / power)
        return of(case.shares, joined)

    return score


def single_scales(case: Case) -> Floats:
    """Each scale's own score, shape (rows, 6)."""
    return np.column_stack([of(case.shares, case.shares.sums[:, j]) for j in range(len(TAU_MS))])


def mean_of_scales(case: Case) -> Floats:
    """The scores of single scales, averaged by the kernel's weights."""
    return single_scales(case) @ np.array(KERNEL_WEIGHTS)


def greatest_of_scales(case: Case) -> Floats:
    """The greatest of the scales, each against the square root of its duration: else the slowest always were it."""
    found: Floats = np.max(single_scales(case) - 0.5 * np.log(np.array(TAU_MS)), axis=1)
    return found


def two_kernels(join: Callable[[Floats, Floats], Floats]) -> Score:
    """The quick and the slow kernel's scores joined."""

    def score(case: Case) -> Floats:
        quick, slow = (of(case.shares, mass(case.shares, kernel)) for kernel in (QUICK, SLOW))
        return join(quick + HEAD_START, slow)

    return score


# --- other shapes of growth -------------------------------------------------------------------------------------------


def recent(shares: Shares, part: float) -> Floats:
    """Sharers within the last part of the age, roughly: the sums between the two nearest time constants."""
    place = np.log(np.maximum(part * shares.age_ms, TAU_MS[0]) / TAU_MS[0]) / math.log(TAU_MS[1] / TAU_MS[0])
    low = np.minimum(place.astype(np.int64), len(TAU_MS) - 2)
    rest = np.minimum(place - low, 1.0)
    row = np.arange(len(low))
    logs = np.log(np.maximum(shares.sums, FAINT))
    found: Floats = np.exp((1.0 - rest) * logs[row, low] + rest * logs[row, low + 1])
    return found


def lately(weight: float, part: float = 0.3, prior: float = EVEN) -> Score:
    """In place of the exponent: so many logs of the share of sharers that came lately, by the cascade's own age."""

    def score(case: Case) -> Floats:
        share = (recent(case.shares, part) + prior) / (case.shares.size + prior)
        return constants(shape=0.0)(case) + weight * np.log(share)

    return score


def trend(weight: float) -> Score:
    """In place of the exponent: so many logs of the sum over six minutes to the one over four hours."""
    return lambda case: constants(shape=0.0)(case) + weight * np.log(case.shares.sums[:, 1] / case.shares.sums[:, 3])


def rootless(case: Case) -> Floats:
    """L with the first share counted in the size only."""
    shares = case.shares
    root = np.exp(-shares.age_ms[:, None] / np.array(TAU_MS)) @ np.array(KERNEL_WEIGHTS)
    return of(shares, np.maximum(mass(shares) - root, FAINT * shares.size))


# --- audience ---------------------------------------------------------------------------------------------------------


def relative_audience(weighed: str) -> Score:
    """Fresh mass by audience, against the mean audience of the cascade so far."""

    def score(case: Case) -> Floats:
        marked = case.audience[weighed]
        fresh = marked.marked @ np.array(KERNEL_WEIGHTS) * marked.size / marked.marks
        return of(marked, np.clip(fresh, FAINT * marked.size, marked.size))

    return score


def fresh_audience(weighed: str) -> Score:
    """Fresh mass by audience where it brings sharers, by sharers where R is estimated."""

    def score(case: Case) -> Floats:
        marked = case.audience[weighed]
        fresh = marked.marked @ np.array(KERNEL_WEIGHTS)
        return constants()(case) + np.log(np.maximum(fresh, FAINT) / mass(marked))

    return score


# --- all --------------------------------------------------------------------------------------------------------------

FAMILIES: Mapping[str, Mapping[str, Score]] = {
    "exponent and evidence": {
        "without exponent and evidence": constants(shape=0.0, less=0.0),
        "without exponent": constants(shape=0.0),
        "without evidence": constants(less=0.0),
        "exponent weight .25": constants(shape=0.25),
        "exponent weight 1": constants(shape=1.0),
        "imagined sharers 5": constants(even=5.0),
        "imagined sharers 10": constants(even=10.0),
        "imagined sharers 40": constants(even=40.0),
        "evidence 1": constants(less=1.0),
        "evidence 2": constants(less=2.0),
        "exponent weight 1, evidence 1": constants(shape=1.0, less=1.0),
    },
    "constants": {
        "a0 2": constants(prior=2.0),
        "a0 20": constants(prior=20.0),
        "power .25": constants(power=0.25),
        "power .75": constants(power=0.75),
        "power 1": constants(power=1.0),
        "a0 2, power .75": constants(prior=2.0, power=0.75),
        "a0 20, power .75": constants(prior=20.0, power=0.75),
        "a0 20, power 1": constants(prior=20.0, power=1.0),
        "power .25, evidence 2": constants(power=0.25, less=2.0),
        "a0 2, evidence 2": constants(prior=2.0, less=2.0),
        "cap .4": constants(cap=0.4),
        "cap .9": constants(cap=0.9),
    },
    "kernel": {
        "quicker kernel": constants(kernel=QUICK),
        "slower kernel": constants(kernel=SLOW),
        "flat kernel": constants(kernel=FLAT),
        "kernel of the earlier half": fitted("own"),
        "kernel of the other streams": fitted("others"),
    },
    "other evidence": {
        "R's 5 % quantile": cautious(0.05),
        "R's 5 % quantile, power .25": cautious(0.05, power=0.25),
        "R's 5 % quantile, a0 2": cautious(0.05, 2.0),
        "P(q in the end)": predictive(0.5, ahead=False),
        "P(q in the end) x ahead": predictive(0.5, ahead=True),
    },
    "scales": {
        "geometric mean of masses": power_mean(0.01),
        "power mean .5": power_mean(0.5),
        "power mean 2": power_mean(2.0),
        "mean of scales": mean_of_scales,
        "greatest of scales": greatest_of_scales,
        "mean of two kernels": two_kernels(lambda quick, slow: (quick + slow) / 2),
        "greater of two kernels": two_kernels(np.maximum),
        "log of the sum of two": two_kernels(np.logaddexp),
        "lesser of two kernels": two_kernels(np.minimum),
    },
    "other shapes of growth": {
        "lately, .5": lately(0.5),
        "quick to slow, .1": trend(0.1),
        "quick to slow, -.1": trend(-0.1),
        "first share not fresh": rootless,
    },
}
"""What was tried in place of the default, by kind."""
WEIGHED: Mapping[str, Callable[[Floats], Floats]] = {
    "log": lambda audience: np.log(audience + 10.0),
    "capped root": lambda audience: np.minimum(np.sqrt(audience + 1.0), 150.0),
}
"""What a share with so large an audience counts; one with an unknown audience counts as the median does."""
AUDIENCE: Mapping[str, Score] = {
    f"audience, {name}, {weighed}": score(weighed)
    for name, score in (("relative", relative_audience), ("fresh", fresh_audience))
    for weighed in WEIGHED
}
"""Where followers or views are known."""
