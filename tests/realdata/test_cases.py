"""Small inputs in the shape of public bug reports, each replayed as a person would: one command on the file.

The files are read from `EVALUATION_CASES`, or from `shared/cases` beside the checkout. The lessons have tests with
inputs of their own next to the code; here the files themselves are judged.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from detectors.privacy.redact import redact
from schemas.alert import Alert, Basis, Lifecycle
from streams.cli.main import main
from streams.runs.folder import CLUSTERS, EDGES, Run
from tests.benchmarks.corpora.disguises import cases_folder, load_cases
from tests.benchmarks.corpora.tracks import shipped
from tests.benchmarks.studies.disguises import judge

FOLDER = cases_folder()
GROWING = (Lifecycle.OPENED, Lifecycle.ESCALATED)
pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(FOLDER is None, reason="no folder of cases: set EVALUATION_CASES (docs/evaluation.md)"),
]


class Outcome:
    """What a replay of a file printed and wrote."""

    def __init__(self, name: str, out: Path) -> None:
        assert FOLDER is not None
        result = CliRunner().invoke(main, ["replay", str(FOLDER / name), "--out", str(out), *_facts(name)])
        self.code, self.text = result.exit_code, result.output
        self.run = Run(out)
        self.counts = self.run.manifest.counts
        self.alerts: list[Alert] = list(self.run.alerts())
        self.clusters = self.run.table(CLUSTERS).to_pylist()
        self.edges = self.run.table(EDGES).to_pylist()

    @property
    def rumours(self) -> list[dict]:
        """Clusters of several sharers that were not merged away, largest first."""
        living = [row for row in self.clusters if row["merged_into"] is None and row["sharers"] >= 5]
        return sorted(living, key=lambda row: -row["sharers"])

    @property
    def growth(self) -> list[tuple[str, int]]:
        """State and level of each alert of growth."""
        return [(str(alert.state), alert.level) for alert in self.alerts if alert.state in GROWING]

    @property
    def notes(self) -> str:
        """Every data note of the alerts."""
        return "\n".join(note for alert in self.alerts for note in alert.evidence.notes)

    @property
    def variants(self) -> set[str]:
        """Marks of the shares."""
        return {mark for edge in self.edges for mark in edge["variants"].split(",") if mark}


def _facts(name: str) -> list[str]:
    return ["--zone", "Asia/Kolkata", *FACTS.get(name, [])]


def opened_and_escalated(got: Outcome) -> None:
    """Judge the rumour of the file alone: some files have small talk that spreads as well."""
    rumour = next(row for row in got.rumours if "reservoir" in row["representative"])
    alerts = [(str(alert.state), alert.level) for alert in got.alerts if alert.cluster_id == rumour["cluster_id"]]
    assert alerts == [("opened", 1), ("escalated", 2)], got.text
    assert rumour["sharers"] >= 55


def one_rumour(got: Outcome) -> None:
    assert len(got.rumours) == 1, [row["sharers"] for row in got.rumours]
    assert ("opened", 1) in got.growth


def no_alert(got: Outcome) -> None:
    assert got.alerts == [], got.text


def unmarked(got: Outcome) -> None:
    one_rumour(got)
    assert got.variants == set()


def dates_only(got: Outcome) -> None:
    assert got.growth == []
    assert "in 0 s" not in got.text
    assert "dates" in got.text


def two_of_thirty(got: Outcome) -> None:
    assert [row["sharers"] for row in got.rumours] == [30, 30]
    assert not any(alert.aliases for alert in got.alerts)


def three_rumours(got: Outcome) -> None:
    assert [round(row["sharers"]) for row in got.rumours][:3] == [13, 13, 13]
    no_alert(got)


def one_album(got: Outcome) -> None:
    assert len(got.rumours) == 1
    assert got.rumours[0]["sharers"] == 40
    assert got.rumours[0]["posts"] == 40
    assert len({alert.cluster_id for alert in got.alerts}) == 1


def counters_alert(got: Outcome) -> None:
    assert "150,000 forwards" in got.text
    assert {alert.basis for alert in got.alerts} == {Basis.COUNTERS}
    assert (got.alerts[0].state, got.alerts[0].level) == (Lifecycle.OPENED, 1)
    assert {round(row["sharers"]) for row in got.clusters} == {1}


def all_applied(got: Outcome) -> None:
    assert got.counts.applied == got.counts.received


def applied_and_alerted(got: Outcome) -> None:
    all_applied(got)
    opened_and_escalated(got)


def masked(got: Outcome) -> None:
    written = got.text + "".join(path.read_bytes().decode("utf-8", "replace") for path in got.run.path.iterdir())
    folded = "".join(character for character in written if character not in "\ufe0f\u20e3")
    assert "9811100011" not in folded
    one_rumour(got)


def linked(got: Outcome) -> None:
    assert len(got.rumours) in (1, 4)
    if len(got.rumours) == 4:
        assert "same address" in got.text + "".join(alert.explanation for alert in got.alerts)


def at_most_two(got: Outcome) -> None:
    assert 1 <= len(got.rumours) <= 2
    assert "negation" not in got.variants


def reach_is_named(got: Outcome) -> None:
    assert "count people, not reach" in got.text


def quoted(got: Outcome) -> None:
    assert len({edge["cluster_id"] for edge in got.edges}) == 1


def place_variants(got: Outcome) -> None:
    one_rumour(got)
    assert got.variants == {"place"}


def refused_with(*words: str) -> Callable[[Outcome], None]:
    def check(got: Outcome) -> None:
        assert got.code == 3, got.text
        assert all(word.lower() in got.text.lower() for word in words), got.text

    return check


def imported(format_name: str, read: int, events: int) -> Callable[[Outcome], None]:
    def check(got: Outcome) -> None:
        assert got.code == 0, got.text
        (report,) = got.run.manifest.input.files
        assert (report.format, report.read, report.events) == (format_name, read, events), got.text
        assert report.balanced
        assert "(adds up)" in got.text

    return check


FACTS = {"r01-whatsapp-android-12h.txt": ["--day-first"], "r03-whatsapp-ios-12h-nnbsp.txt": ["--month-first"]}
"""Options for files whose dates allow two readings."""

CASES: dict[str, Callable[[Outcome], None]] = {
    "c01-control.jsonl": opened_and_escalated,
    "c02-forward-dated-as-original.jsonl": opened_and_escalated,
    "c04-times-of-a-day-only.jsonl": dates_only,
    "c05-one-fast-clock.jsonl": opened_and_escalated,
    "c06-clocks-off-by-two-minutes.jsonl": opened_and_escalated,
    "c07-edit-to-another-text.jsonl": two_of_thirty,
    "c08-ids-unique-in-chat-only.jsonl": three_rumours,
    "c09-album-of-four.jsonl": one_album,
    "c10-deleted-placeholders.jsonl": no_alert,
    "c12-share-button-captions.jsonl": no_alert,
    "c13-retweets-cut.jsonl": unmarked,
    "c14-counters-alone.jsonl": counters_alert,
    "c16-null-fields.jsonl": all_applied,
    "c18-cut-emoji.jsonl": applied_and_alerted,
    "c19a-json-array.json": refused_with("jq"),
    "c19c-trailing-commas.jsonl": refused_with("JSON array"),
    "c20a-cloudevents.jsonl": applied_and_alerted,
    "c20c-debezium.jsonl": applied_and_alerted,
    "c20e-osprey.jsonl": applied_and_alerted,
    "c20g-json-string-twice.jsonl": applied_and_alerted,
    "c21-channel-signatures.jsonl": unmarked,
    "c22-look-alike-letters.jsonl": one_rumour,
    "c23-number-in-keycaps.jsonl": masked,
    "c25-one-link-four-languages.jsonl": linked,
    "c27-simplified-and-traditional.jsonl": one_rumour,
    "c28-reconnect.jsonl": opened_and_escalated,
    "c29-greetings.jsonl": no_alert,
    "c34-one-account-many-chats.jsonl": reach_is_named,
    "c35-half-of-the-origins-hidden.jsonl": one_rumour,
    "c38-a-phone-four-minutes-fast.jsonl": opened_and_escalated,
    "c38b-one-in-a-hundred-clocks-fast.jsonl": opened_and_escalated,
    "c39-c03-by-observation.jsonl": opened_and_escalated,
    "c41-voice-note.jsonl": one_rumour,
    "c44-quotes-by-link.jsonl": quoted,
    "c46-one-hoax-twenty-towns.jsonl": place_variants,
    "c47-romanised-spellings.jsonl": at_most_two,
    "c49-urdu-keyboards.jsonl": one_rumour,
    "r01-whatsapp-android-12h.txt": imported("whatsapp-chat", read=9, events=4),
    "r03-whatsapp-ios-12h-nnbsp.txt": imported("whatsapp-chat", read=3, events=2),
    "r04-telegram-desktop-result.json": imported("telegram-desktop", read=3, events=2),
    "r06-twarc2-pages.jsonl": imported("x-api-v2", read=2, events=2),
    "r07-twitter-v1.jsonl": imported("x-api-v1", read=1, events=1),
    "r09-jetstream.jsonl": imported("bluesky-jetstream", read=5, events=5),
    "r11-crowdtangle.csv": imported("crowdtangle-facebook", read=1, events=1),
    "r12-coortweet.csv": imported("coortweet", read=1, events=1),
    "r14-pushshift.ndjson": imported("reddit", read=1, events=1),
    "r15-whatsapp-webhook.json": imported("whatsapp-webhook", read=1, events=1),
    "r17-tiktok-research.json": imported("tiktok-research", read=1, events=1),
}
"""The check of each file."""


@pytest.mark.parametrize("name", CASES)
def test_a_case_ends_as_expected(name, tmp_path):
    assert FOLDER is not None
    if not (FOLDER / name).exists():
        pytest.skip(f"{name} is not in the folder of cases")
    CASES[name](Outcome(name, tmp_path / "run"))


@cache
def judged_pairs():
    return judge(load_cases(), shipped())


def test_fewer_than_one_pair_in_twenty_is_wrong():
    outcomes = judged_pairs()
    wrong = [f"{one.pair.dimension}, {one.pair.language}" for one in outcomes if one.wrong]
    assert len(wrong) < 0.05 * len(outcomes), wrong


def test_masking_twice_changes_nothing_in_any_pair():
    for pair in load_cases():
        assert redact(redact(pair.a)) == redact(pair.a)
