"""The sentence on the platforms that a cluster has reached."""

import msgspec
import pytest

from detectors.alerting.evidence import build_alert
from detectors.alerting.jumps import joined_by, jumps
from detectors.alerting.sentences import format_alert
from schemas.assignment import Method
from schemas.base import encode
from schemas.evidence import FirstSighting
from tests.detectors.alerting.alert_samples import CONTEXT, FIRST, MINUTE, SEEN, changed
from tests.detectors.alerting.test_evidence import OPENED


def seen(
    platform: str, lag: int, method: Method = Method.EXACT, *, precision: int = 0, similarity: float | None = None
) -> FirstSighting:
    return FirstSighting(
        platform=platform,
        first_seen_at=FIRST + lag,
        lag_ms=lag,
        joined_by=method,
        event="ab" * 16,
        similarity=similarity,
        precision_ms=precision,
    )


START = seen("telegram", 0, Method.FIRST_SHARE)


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ([seen("x", 14 * MINUTE)], "reached x 14 min later (joined by equal text)"),
        (
            [seen("x", 62 * MINUTE, Method.EMBEDDING, similarity=0.874), seen("vk", 1440 * MINUTE, Method.MEDIA)],
            (
                "reached x 1 h 2 min later (joined by text of similar meaning, similarity 0.87), "
                "vk 1 d later (joined by an equal picture)"
            ),
        ),
        ([seen("x", 400, Method.LINK)], "reached x within a second (joined by a link to a known message)"),
        ([seen("x", 0, Method.FIRST_SHARE)], "reached x within a second"),
        ([seen("x", 30_000, precision=MINUTE)], "reached x within a minute (joined by equal text)"),
        ([seen("x", 330_000, precision=MINUTE)], "reached x 5 min later (joined by equal text)"),
        (
            [seen("x", 7 * MINUTE, Method.URL, precision=1440 * MINUTE)],
            "reached x within a day (joined by an equal address)",
        ),
    ],
)
def test_a_sentence_gives_each_platform_the_lag_and_the_match(others: list[FirstSighting], words: str) -> None:
    assert jumps([START, *others]) == f"First seen on telegram at 2026-11-24 08:52 UTC; {words}"


def test_where_the_first_platform_is_hidden_each_lag_is_from_the_first_share() -> None:
    found = jumps([seen("telegram", 3 * MINUTE), seen("x", 9 * MINUTE)])
    assert found == (
        "Reached telegram 3 min after the first share (joined by equal text), "
        "x 9 min after the first share (joined by equal text)"
    )


def test_a_long_list_of_platforms_ends_with_their_number() -> None:
    others = [seen(f"p{number}", number * MINUTE) for number in range(1, 9)]
    assert jumps([START, *others]).endswith("p5 5 min later (joined by equal text), and 3 more platforms")
    assert jumps([START, *others[:6]]).endswith(", and 1 more platform")


@pytest.mark.parametrize("method", list(Method))
def test_every_method_but_the_first_share_has_words(method: Method) -> None:
    assert bool(joined_by(seen("x", 5, method))) is (method is not Method.FIRST_SHARE)


def test_a_platform_with_fewer_than_k_posts_shows_no_first_sighting() -> None:
    #  telegram 45 posts, whatsapp 7; x has 3 and is hidden
    alert = build_alert(SEEN, OPENED, CONTEXT)
    assert [one.platform for one in alert.evidence.first_sightings] == ["telegram", "whatsapp"]
    assert b'"x"' not in encode(alert)
    few = changed(SEEN, counts=changed(SEEN.counts, platforms=(("telegram", 45), ("whatsapp", 4), ("x", 3))))
    alone = build_alert(few, OPENED, CONTEXT)
    assert alone.evidence.first_sightings == ()
    assert "First seen" not in alone.explanation
    assert "whatsapp" not in encode(alone).decode()


def test_a_terminal_shows_the_jump_in_a_line_of_its_own() -> None:
    alert = build_alert(SEEN, OPENED, CONTEXT)
    line = (
        "  across First seen on telegram at 2026-11-24 08:52 UTC; reached whatsapp 14 min later (joined by equal text)"
    )
    assert line in format_alert(alert).split("\n")
    without = build_alert(changed(SEEN, first_sightings=()), OPENED, CONTEXT)
    assert "across" not in format_alert(without)


def test_a_platforms_name_cannot_break_the_line() -> None:
    assert "\n" not in jumps([START, seen("x\n  known  all false", MINUTE)])


def test_an_alert_of_an_older_release_has_no_first_sightings() -> None:
    alert = build_alert(SEEN, OPENED, CONTEXT)
    older = msgspec.json.decode(encode(alert))
    del older["evidence"]["first_sightings"]
    assert msgspec.convert(older, type(alert)).evidence.first_sightings == ()
