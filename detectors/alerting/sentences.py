"""Sentences about the parts of an alert's evidence, each from one struct of the contract.

They are shared by the explanation that travels with an alert and by the lines that a terminal shows, so that both say
the same. None speaks of how true a message is, and none gives a probability.
"""

from collections.abc import Iterator

from detectors.privacy.small_groups import Groups
from detectors.text.formatting import duration, many, plain, rough, shorten, whole
from schemas.alert import CascadeCounts, ContentEvidence, GrowthEvidence, Structure, TextEvidence
from schemas.assignment import Variant
from schemas.claim import ClaimMatch, Nearness

_QUOTED = 60  # graphemes of a publisher's name or verdict
_NOT_EVEN = 0.1  # how far from 1 an exponent is before it is worth a sentence
_DATE = 10  # characters of a date: the day


_SWAPS: dict[str, str] = {
    Variant.NEGATION: "of the posts negate what it says, or no longer do",
    Variant.NUMBER: "of the posts with another number",
    Variant.PLACE: "of the posts with another place",
}


def recent(counts: CascadeCounts) -> str:
    """The last window beside the one before it, which is the comparison cell."""
    window = duration(counts.recent_window)
    if 1 < counts.sharers <= counts.recent_sharers:
        return f"All {whole(counts.recent_sharers)} joined in the last {window}."
    now, before = whole(counts.recent_sharers), whole(counts.previous_sharers)
    return f"{now} joined in the last {window}, {before} in the {window} before."


def pace(growth: GrowthEvidence) -> Iterator[str]:
    """How many more, and how many each brings; each only where the detector supports it."""
    if growth.expected_further is not None:
        yield f"At this pace {expected(growth)}."
    if growth.reproduction_number is not None:
        low, high = growth.reproduction_low, growth.reproduction_high
        interval = "" if low is None or high is None else f" (90 %: {rough(low)}-{rough(high)})"
        yield f"Each sharer is followed by about {rough(growth.reproduction_number)} more{interval}."
    if growth.exponent is not None and abs(growth.exponent - 1.0) >= _NOT_EVEN:
        yield f"Growth {'speeds up' if growth.exponent > 1 else 'slows down'} (exponent {growth.exponent:.1f})."


def expected(growth: GrowthEvidence) -> str:
    """The one rough number, with its range."""
    further = growth.expected_further or 0.0
    low, high = growth.expected_low, growth.expected_high
    what = "8 in 10 recorded cascades" if growth.calibration == 1.0 else "range as calibrated"
    interval = "" if low is None or high is None else f"; {what}: {rough(low)}-{rough(high)}"
    if further < 1:
        return f"less than one more sharer is expected (rough{interval})"
    return f"about {rough(further)} more sharers are expected (rough{interval})"


def against(growth: GrowthEvidence) -> str:
    """The score beside the limit, and what fixed the limit."""
    return f"score {growth.score:.2f}, limit {growth.threshold:.2f} [{growth.rule}]"


def known_of(content: ContentEvidence) -> str:
    """What others say of the message: fact-checks and reports."""
    said = []
    matched = repeated(content)
    if content.debunks:
        first, others = content.debunks[0], len(content.debunks) + len(matched) - 1
        said.append(f"matches a fact-check by {_fact_check(first.publisher, first.verdict)}{_more(others)}")
    elif matched:
        claim = matched[0]
        checked = _fact_check(claim.publisher, claim.verdict, claim.date)
        said.append(f"repeats a claim checked by {checked}{_more(len(matched) - 1)}")
    elif content.claims:
        claim = content.claims[0]
        checked = _fact_check(claim.publisher, claim.verdict, claim.date)
        said.append(f"resembles a claim checked by {checked}, for a person to compare")
    else:
        said.append("no fact-check matched")
    if content.reports:
        kinds = f" ({listed(content.report_categories)})" if content.report_categories else ""
        said.append(f"reported by {many(content.reports, 'person', 'people')}{kinds}")
    return "; ".join(said)


def repeated(content: ContentEvidence) -> tuple[ClaimMatch, ...]:
    """The checked claims that the message repeats, nearest first, without those that it only resembles."""
    return tuple(claim for claim in content.claims if claim.nearness is Nearness.MATCH)


def _more(others: int) -> str:
    return f" and {others} more" if others else ""


def _fact_check(publisher: str, verdict: str, date: str | None = None) -> str:
    when = f", {plain(date)[:_DATE]}" if date else ""
    return f"{shorten(plain(publisher), _QUOTED)} (verdict: “{shorten(plain(verdict), _QUOTED)}”{when})"


def resemblance(content: ContentEvidence) -> Iterator[str]:
    """The category of the labelled example that the wording is nearest to, as what it is: a suggestion."""
    if content.harm is not None:
        category = shorten(plain(content.harm.category), _QUOTED)
        nearest = f"Its wording is nearest to an example of “{category}” (cosine {content.harm.score:.2f})"
        yield f"{nearest}: a suggestion for ordering a queue, not a finding."


def wordings(text: TextEvidence) -> Iterator[str]:
    """How many texts, and which of them may mean something else; nothing where there is one."""
    if text.wordings > 1 or text.variants:
        swaps = "".join(f"; {whole(count)} {_SWAPS.get(name, name)}" for name, count in text.variants)
        yield f"It circulates in {many(text.wordings, 'wording')}{swaps}."


def shape(structure: Structure) -> str:
    """The forward graph in a sentence, with the share of it that is known."""
    if structure.edge_coverage <= 0:
        known = "Shape unknown: no parents are recorded"
    else:
        known = (
            f"Shape, with {structure.edge_coverage * 100:.0f} % of parents recorded: depth {structure.depth}, "
            f"widest level {whole(structure.max_breadth)}"
        )
    hops = structure.hops_at_least
    passed = f"; passed on at least {many(hops, 'time')}, by the platforms' marks" if hops else ""
    frequent = structure.frequently_forwarded
    of_seen = structure.nodes - structure.unseen
    marked = f"; {whole(frequent)} of {many(of_seen, 'message')} marked as frequently forwarded" if frequent else ""
    return f"{known}{passed}{marked}."


def listed(groups: Groups) -> str:
    """Names and counts in a row."""
    return ", ".join(f"{plain(name)} {whole(count)}" for name, count in groups)


__all__ = [
    "against",
    "expected",
    "known_of",
    "listed",
    "pace",
    "recent",
    "repeated",
    "resemblance",
    "shape",
    "wordings",
]
