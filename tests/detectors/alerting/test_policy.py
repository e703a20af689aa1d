"""The alert policy: drawn timelines, limits to the unit, a slow oracle, and what must not be said."""

import re
from collections.abc import Sequence
from itertools import pairwise
from math import inf, log

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.alerting.config import PolicyConfig
from detectors.alerting.levels import fall_thresholds
from detectors.alerting.policy import AlertPolicy
from detectors.alerting.transition import Transition
from detectors.growth import GrowthConfig, make_detector
from detectors.snapshot import SnapshotError, pack
from schemas.alert import Lifecycle

# In these timelines one unit of time is called a minute. Levels begin at 10, 12 and 14 and fall under 9, 11 and 13.
LEVELS = (10.0, 12.0, 14.0)
BIG = 50
DAY = 1440
RULES = PolicyConfig(
    hysteresis=1.0,
    cool_down_ms=30,
    subside_after_ms=120,
    check_interval_ms=30,
    close_after_ms=7 * DAY,
    close_retry_ms=DAY,
    resurface_sharers=1,
)
LETTERS = {
    Lifecycle.OPENED: "O",
    Lifecycle.ESCALATED: "E",
    Lifecycle.SUBSIDED: "S",
    Lifecycle.CLOSED: "C",
    Lifecycle.RESURFACED: "R",
    Lifecycle.MILESTONE: "M",
    Lifecycle.EVIDENCE: "F",
}
FLEETING = msgspec.structs.replace(RULES, close_after_ms=DAY, close_retry_ms=300)  # for random lives, to be short
GROWING = (Lifecycle.OPENED, Lifecycle.ESCALATED)


def short(transition: Transition) -> str:
    """O1 opened at level 1, E2, S, C, R0; M4 milestone at four times q; F2 second fact-check, F2/1 at level 1."""
    letter, level, number = LETTERS[transition.state], transition.level, transition.number
    if transition.state in (Lifecycle.SUBSIDED, Lifecycle.CLOSED):
        return letter
    if number:
        return f"{letter}{number}" + (f"/{level}" if level else "")
    return f"{letter}{level}"


class Stage:
    """What surrounds a policy: it fires timers, and reopens a closed cascade when somebody shares."""

    def __init__(self, rules: PolicyConfig = RULES, levels: tuple[float, float, float] = LEVELS) -> None:
        self.policy = AlertPolicy(rules, levels, BIG, 5)
        self.said: list[Transition] = []
        self.score, self.quiet = 0.0, True
        self.ticks: list[int] = []

    def timers(self, until: int) -> None:
        while (due := self.policy.next_timer()) is not None and due <= until:
            self.ticks.append(due)
            self.said += self.policy.tick(due, self.score, self.quiet)
            after = self.policy.next_timer()
            assert after is None or after > due, "a timer must move on"

    def share(self, time: int, score: float, sharers: float = 9, facts: int = 0) -> Sequence[Transition]:
        self.timers(time)
        if self.policy.closed:
            self.policy.reopen(time)
        self.score = score
        now = self.policy.update(time, score, sharers, facts)
        self.said += now
        return now

    def late(self, time: int) -> None:
        self.timers(time)
        if self.policy.closed:
            self.policy.reopen(time)
        self.policy.touch(time)


def minutes(word: str) -> int:
    """2d3h10 => 3070."""
    days, hours, rest = re.fullmatch(r"(?:(\d+)d)?(?:(\d+)h)?(\d*)", word).groups()
    return int(days or 0) * DAY + int(hours or 0) * 60 + int(rest or 0)


def play(drawing: str) -> tuple[list[str], list[str]]:
    """Run a drawn timeline; give what was said and what should have been, each as `time word`.

    Rows: time; what (x share, l late share, . only time passes); score from then on; N sharers; facts; fresh (y: what
    was shared may still bring sharers); says. A missing row is x, 0, 9, 0, no, nothing.
    """
    rows = {name.strip(): cells.split() for name, cells in (line.split("|") for line in drawing.strip().splitlines())}
    width = len(rows["time"])
    defaults = {"what": "x", "score": "0", "N": "9", "facts": "0", "fresh": "n", "says": "-"}
    cells = {name: rows.get(name, [default] * width) for name, default in defaults.items()}
    assert set(rows) <= {"time", *defaults}
    assert all(len(row) == width for row in cells.values()), "every row needs a cell per column"
    stage, expected = Stage(), []
    for index, word in enumerate(rows["time"]):
        time, score = minutes(word), float(cells["score"][index])
        stage.timers(time - 1)
        if cells["what"][index] == ".":
            stage.score, stage.quiet = score, cells["fresh"][index] == "n"
            stage.timers(time)
        elif cells["what"][index] == "l":
            stage.late(time)
        else:
            stage.share(time, score, float(cells["N"][index]), int(cells["facts"][index]))
            stage.quiet = cells["fresh"][index] == "n"
        expected += [f"{time} {said}" for said in cells["says"][index].split("+") if said != "-"]
    return [f"{transition.time} {short(transition)}" for transition in stage.said], expected


SCENARIOS = {
    "nothing is said below the limit, one says it at the limit, and once": """
        time  | 0    1    2    3    4
        score | 9.9  9.999999 10   10.5 11.9
        says  | -    -    O1   -    -
    """,
    "nothing is said of a cascade that is too small, whatever its score": """
        time  | 0    1    2    3
        score | 20   20   20   9
        N     | 3    4    4.9  5
        says  | -    -    -    -
    """,
    "the smallest cascade that is spoken of": """
        time  | 0    1
        score | 10   10
        N     | 4    5
        says  | -    O1
    """,
    "each level has its notification, at its limit": """
        time  | 0   1     2   3     4   5
        score | 10  11.9  12  13.9  14  99
        says  | O1  -     E2  -     E3  -
    """,
    "a jump skips no level": """
        time  | 0   1         2
        score | 5   14        15
        says  | -   O1+E2+E3  -
    """,
    "a rising level breaks the cool-down": """
        time  | 0   1   2
        score | 10  12  14
        says  | O1  E2  E3
    """,
    "a score that trembles around the limit opens one alert": """
        time  | 0   10   20   30   40   50   60   70   80
        score | 10  9.9  10   9.5  10.2 9.1  10   9.3  10.1
        says  | O1  -    -    -    -    -    -    -    -
    """,
    "a level subsides when the score was under its floor for two hours": """
        time  | 0   60    179   180
        what  | x   x     x     x
        score | 10  8.99  8.99  8.99
        says  | O1  -     -     S
    """,
    "at the floor it does not subside": """
        time  | 0   60  180  300
        score | 10  9   9    9
        says  | O1  -   -    -
    """,
    "one share above the floor begins the two hours anew": """
        time  | 0   60  170  175  290  294  295
        score | 10  8   9    8    8    8    8
        says  | O1  -   -    -    -    -    S
    """,
    "without shares a timer finds that it has subsided": """
        time  | 0   30   60  90  120  150
        what  | x   .    .   .   .    .
        score | 10  8.9  8   7   6    5
        says  | O1  -    -   -   -    S
    """,
    "a step down is silent, and so is the same step up again": """
        time  | 0         10   130  140  150
        score | 14        10.5 10.5 12   14
        says  | O1+E2+E3  -    -    -    -
    """,
    "from level 3 to nothing in one step": """
        time  | 0         10  130
        score | 14        1   1
        says  | O1+E2+E3  -   S
    """,
    "after it subsided, a rise is a return": """
        time  | 0   10  130  140  150
        score | 10  1   1    10   12
        says  | O1  -   S    R1   E2
    """,
    "a return may come at once at a higher level": """
        time  | 0   10  130  140
        score | 10  1   1    14
        says  | O1  -   S    R1+E2+E3
    """,
    "a slow burn is spoken of at q, and at four times q": """
        time  | 0   1d  2d  3d   4d   5d
        N     | 49  50  51  199  200  900
        says  | -   M1  -   -    M4   -
    """,
    "a slow burn that jumps past both milestones is spoken of once": """
        time  | 0   1d   2d
        N     | 49  200  201
        says  | -   M4   -
    """,
    "a cascade whose growth was spoken of has no first milestone": """
        time  | 0   10  130  1d
        score | 10  1   1    1
        N     | 40  40  41   50
        says  | O1  -   S    -
    """,
    "but its slow growth to four times q is news": """
        time  | 0   10  130  1d  2d
        score | 10  1   1    1   1
        N     | 40  40  41   50  200
        says  | O1  -   S    -   M4
    """,
    "a milestone passed while a level stands is not said, then or later": """
        time  | 0   10  20   30  150  1d
        score | 10  10  10   1   1    1
        N     | 40  50  200  201 202  203
        says  | O1  -   -    -   S    -
    """,
    "a milestone and a level at the same event are one notification": """
        time  | 0   1
        score | 1   10
        N     | 49  50
        says  | -   O1
    """,
    "a milestone waits for the cool-down to end": """
        time  | 0   10  39  40
        what  | x   x   .   .
        N     | 9   9   9   9
        facts | 0   1   1   1
        says  | -   F1  -   -
    """,
    "a fact-check is news at any size that is spoken of": """
        time  | 0  1  2  3
        N     | 3  4  5  6
        facts | 1  1  1  1
        says  | -  -  F1 -
    """,
    "a fact-check that is known when the alert opens comes with it": """
        time  | 0   1   40
        score | 9   10  10
        N     | 4   5   6
        facts | 1   1   1
        says  | -   O1  -
    """,
    "a fact-check within the cool-down is said when it ends, by a timer": """
        time  | 0   5   29  30
        what  | x   x   .   .
        score | 10  10  10  10
        facts | 0   1   1   1
        says  | O1  -   -   F1/1
    """,
    "a fact-check right at the end of the cool-down is said at once": """
        time  | 0   30
        score | 10  10
        facts | 0   1
        says  | O1  F1/1
    """,
    "a waiting fact-check travels with a rise": """
        time  | 0   5   10  40  70
        score | 10  10  12  12  12
        facts | 0   1   1   1   1
        says  | O1  -   E2  -   -
    """,
    "two fact-checks within the cool-down are one notification": """
        time  | 0   5   10  30
        what  | x   x   x   .
        score | 10  10  10  10
        facts | 0   1   2   2
        says  | O1  -   -   F2/1
    """,
    "a fact-check and a milestone do not come together": """
        time  | 0   1   30  31
        what  | x   x   .   .
        N     | 49  50  50  50
        facts | 0   1   1   1
        says  | -   F1  -   M1
    """,
    "a milestone that waits is dropped when a level rises": """
        time  | 0   10  20  40  70
        score | 1   1   10  10  10
        N     | 9   50  51  52  53
        facts | 1   1   1   1   1
        says  | F1  -   O1  -   -
    """,
    "the end of an alert respects the cool-down too": """
        time  | 0   10  120  130  149  150
        what  | x   x   x    x    .    .
        score | 10  1   1    1    1    1
        facts | 0   0   1    1    1    1
        says  | O1  -   F1/1 -    -    S
    """,
    "a cascade of which nothing was said closes in silence": """
        time  | 0  7d  8d
        what  | x  .   .
        says  | -  -   -
    """,
    "an alert closes after seven days of silence": """
        time  | 0   30  150  6d23h59  7d
        what  | x   .   .    .        .
        score | 10  1   1    1        1
        says  | O1  -   S    -        C
    """,
    "a share on the seventh day begins the week anew": """
        time  | 0  10  130  6d23h59  13d23h58  13d23h59
        what  | x  x   x    x        .         .
        score | 10 1   1    1        1         1
        says  | O1 -   S    -        -         C
    """,
    "so does a late share, although it raises nothing": """
        time  | 0  10  130  6d23h59  13d23h58  13d23h59
        what  | x  x   x    l        .         .
        score | 10 1   1    99       1         1
        says  | O1 -   S    -        -         C
    """,
    "while what was shared is fresh, it does not close; it is asked again after a day": """
        time  | 0   10  130  131  7d2h10 8d2h9 8d2h10
        what  | x   x   x    .    .      .     .
        score | 10  1   1    1    1      1     1
        fresh | y   y   y    y    y      n     n
        says  | O1  -   S    -    -      -     C
    """,
    "a timer raises nothing, whatever late shares did to the score": """
        time  | 0   30  60  90  120  150
        what  | x   .   .   .   .    .
        score | 10  99  99  99  99   99
        says  | O1  -   -   -   -    -
    """,
    "a closed alert that is shared again has resurfaced, once": """
        time  | 0   10  130  7d2h10 9d  9d1
        what  | x   x   x    .      x   x
        score | 10  1   1    1      4   4
        says  | O1  -   S    C      R0  -
    """,
    "the return of a cascade of which nothing was said is not news": """
        time  | 0  7d  9d  9d1
        what  | x  .   x   x
        score | 1  1   1   10
        says  | -  -   -   O1
    """,
    "a closed alert that returns in strength says so at once": """
        time  | 0   10  130  7d2h10 9d     9d1
        what  | x   x   x    .      x      x
        score | 10  1   1    1      12     14
        says  | O1  -   S    C      R1+E2  E3
    """,
    "after a weak return, growth opens the new episode's alert": """
        time  | 0   10  130  7d2h10 9d  9d1
        what  | x   x   x    .      x   x
        score | 10  1   1    1      4   10
        says  | O1  -   S    C      R0  O1
    """,
    "a return within the cool-down after closing waits for its end": """
        time  | 0   10  130  7d2h10 7d2h11 7d2h39 7d2h40
        what  | x   x   x    .      x      .      .
        score | 10  1   1    1      4      4      4
        says  | O1  -   S    C      -      -      R0
    """,
    "a late share reopens in silence, and the next share on time says it": """
        time  | 0   10  130  7d2h10 9d  9d5
        what  | x   x   x    .      l   x
        score | 10  1   1    1      1   4
        says  | O1  -   S    C      -   R0
    """,
    "a late share reopens in silence, and it may close in silence": """
        time  | 0   10  130  7d2h10 9d  16d 17d
        what  | x   x   x    .      l   .   x
        score | 10  1   1    1      1   1   4
        says  | O1  -   S    C      -   -   R0
    """,
    "a milestone is passed once in a cascade's life": """
        time  | 0   7d  9d  10d
        what  | x   .   x   x
        N     | 50  50  51  52
        says  | M1  C   R0  -
    """,
    "a fact-check is told once in a cascade's life": """
        time  | 0   7d  9d  10d
        what  | x   .   x   x
        facts | 1   1   1   1
        says  | F1  C   R0  -
    """,
    "each return is another episode of the same story": """
        time  | 0   10  130  140  150  270  280
        score | 10  1   1    10   1    1    10
        says  | O1  -   S    R1   -    S    R1
    """,
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_policy_says_what_the_timeline_shows_and_nothing_else(name: str) -> None:
    said, expected = play(SCENARIOS[name])
    assert said == expected


def test_an_episode_is_counted_from_zero_and_at_each_return() -> None:
    stage = Stage()
    for time, score in ((0, 10), (10, 1), (130, 1), (140, 10), (150, 1), (270, 1), (9 * DAY, 4)):
        stage.share(time, score)
    assert [(short(said), said.episode) for said in stage.said] == [
        ("O1", 0), ("S", 0), ("R1", 1), ("S", 1), ("C", 1), ("R0", 2),
    ]  # fmt: skip
    assert stage.policy.episode == 2


def test_a_return_is_spoken_of_when_enough_have_shared_again() -> None:
    # size      9 | 10  11  12        closed at 9; three must share again
    # says      C | -   -   R0
    stage = Stage(msgspec.structs.replace(RULES, resurface_sharers=3))
    for time, score in ((0, 10), (10, 1), (130, 1)):
        stage.share(time, score)
    assert [[short(said) for said in stage.share(9 * DAY + size, 4, size)] for size in (10, 11, 11, 12, 13)] == [
        [], [], [], ["R0"], [],
    ]  # fmt: skip


def test_a_return_of_too_few_is_over_in_silence() -> None:
    stage = Stage(msgspec.structs.replace(RULES, resurface_sharers=3))
    for time, score, size in (
        (0, 10, 9),
        (10, 1, 9),
        (130, 1, 9),
        (9 * DAY, 1, 10),
        (18 * DAY, 1, 11),
        (27 * DAY, 1, 12),
    ):
        stage.share(time, score, size)
    assert [short(said) for said in stage.said] == ["O1", "S", "C"]
    assert stage.policy.episode == 3


def test_a_return_in_strength_needs_no_count() -> None:
    stage = Stage(msgspec.structs.replace(RULES, resurface_sharers=3))
    for time, score in ((0, 10), (10, 1), (130, 1)):
        stage.share(time, score)
    assert [short(said) for said in stage.share(9 * DAY, 10, 10)] == ["R1"]


def test_the_level_that_stands_can_be_read() -> None:
    stage = Stage()
    levels = []
    for time, score in ((0, 12.5), (10, 10.5), (129, 10.5), (130, 10.5), (140, 1), (260, 1)):
        stage.share(time, score)
        levels.append(stage.policy.level)
    assert levels == [2, 2, 2, 1, 1, 0]


# --- timers -----------------------------------------------------------------------------------------------------------


def test_a_cascade_that_nobody_shared_has_no_timer() -> None:
    policy = AlertPolicy(RULES, LEVELS, BIG, 5)
    assert policy.next_timer() is None
    assert policy.tick(10**9, 99.0, True) == ()


def test_a_quiet_cascade_needs_one_timer_and_an_alerting_one_a_check_each_half_hour() -> None:
    stage = Stage()
    stage.share(0, 5)
    stage.share(100, 5)
    stage.timers(6 * DAY)
    assert stage.ticks == []  # only the closing is due, a week after the newest share
    assert stage.policy.next_timer() == 100 + 7 * DAY
    stage.share(6 * DAY, 10)
    for late in range(1, 100):
        stage.share(6 * DAY + late, 10)
    assert stage.ticks == [6 * DAY + 30, 6 * DAY + 60, 6 * DAY + 90]


def test_a_late_share_alone_starts_the_closing_timer() -> None:
    policy = AlertPolicy(RULES, LEVELS, BIG, 5)
    policy.touch(5)
    policy.touch(3)
    assert policy.next_timer() == 5 + 7 * DAY
    assert list(policy.tick(5 + 7 * DAY, 0.0, True)) == []
    assert policy.closed
    assert policy.next_timer() is None


def test_a_tick_before_its_time_does_nothing() -> None:
    stage = Stage()
    stage.share(0, 10)
    before = stage.policy.snapshot()
    assert stage.policy.tick(29, 1.0, True) == ()
    assert stage.policy.snapshot() == before


def test_a_tick_long_after_its_time_looks_once_and_goes_on_from_there() -> None:
    stage = Stage()
    stage.share(0, 10)
    stage.policy.tick(100, 10.0, True)
    assert stage.policy.next_timer() == 120


def test_an_event_that_claims_an_earlier_time_speaks_at_the_newest() -> None:
    stage = Stage()
    stage.share(100, 5)
    assert [said.time for said in stage.policy.update(40, 10.0, 9)] == [100]


def test_a_closed_cascade_must_be_reopened_before_it_takes_a_share() -> None:
    stage = Stage()
    stage.share(0, 5)
    stage.timers(8 * DAY)
    assert stage.policy.closed
    with pytest.raises(ValueError, match="cannot update a closed cascade; call reopen first"):
        stage.policy.update(9 * DAY, 5.0, 9)


# --- merging ----------------------------------------------------------------------------------------------------------


def alive(*shares: tuple[int, float], sharers: float = 9, facts: int = 0) -> AlertPolicy:
    stage = Stage()
    for time, score in shares:
        stage.share(time, score, sharers, facts)
    return stage.policy


def test_a_merge_that_raises_the_level_says_the_new_level_only() -> None:
    # A  --O1-------\
    # B  -----O1-E2--+-- 14.5: E3
    one, two = alive((0, 10.0)), alive((5, 12.0))
    one.merge(two)
    assert one.level == 2
    assert [short(said) for said in one.update(10, 14.5, 18)] == ["E3"]


def test_a_merge_that_does_not_raise_the_level_is_silent() -> None:
    one, two = alive((0, 10.0)), alive((5, 12.0))
    one.merge(two)
    assert list(one.update(10, 12.5, 18)) == []
    assert one.level == 2


def test_two_that_never_alerted_may_open_together() -> None:
    one, two = alive((0, 9.0)), alive((5, 9.5))
    one.merge(two)
    assert [short(said) for said in one.update(10, 10.5, 18)] == ["O1"]


def test_a_merge_brings_a_fact_check_to_the_other_side() -> None:
    claim, growing = alive((0, 1.0), sharers=2, facts=1), alive((0, 10.0))
    growing.merge(claim)
    assert [short(said) for said in growing.update(40, 10.0, 11, 1)] == ["F1/1"]


def test_a_merge_lets_a_fact_check_be_told_once() -> None:
    one, two = alive((0, 10.0), facts=1), alive((0, 10.0), facts=1)
    one.merge(two)
    assert list(one.update(40, 10.0, 18, 1)) == []


def test_a_merge_of_a_subsided_alert_into_a_standing_one_is_a_new_episode_of_it() -> None:
    # A  --O1-E2-E3----S
    # B  ---------------O1--\ the id of A: episode 0 has said level 3, so a rise needs episode 1
    one, two = alive((0, 14.0), (10, 1.0), (130, 1.0)), alive((135, 10.0))
    assert one.level == 0
    one.merge(two)
    assert (one.level, one.episode) == (1, 1)
    assert [(short(said), said.episode) for said in one.update(140, 12.0, 20)] == [("E2", 1)]


def test_a_merge_passes_a_milestone_that_neither_had_passed() -> None:
    one, two = alive((0, 1.0), sharers=30), alive((0, 1.0), sharers=25)
    one.merge(two)
    assert [short(said) for said in one.update(10, 1.0, 55)] == ["M1"]


def test_a_merge_with_a_standing_alert_forgets_a_waiting_milestone() -> None:
    waiting = Stage()
    waiting.share(0, 1.0, 9, 1)  # F1, and the cool-down runs
    waiting.share(5, 1.0, 50, 1)
    waiting.policy.merge(alive((0, 10.0), sharers=40))
    waiting.timers(60)
    assert [short(said) for said in waiting.said] == ["F1"]


def test_a_milestone_that_one_side_has_announced_is_not_announced_for_the_other() -> None:
    # A  M1 . M4 (after the cool-down)--\
    # B  M1 . (M4 waits)-----------------+-- nothing
    one, two = Stage(), Stage()
    for stage in (one, two):
        stage.share(0, 1.0, 50)
        stage.share(28, 1.0, 200)
    one.timers(40)
    assert [short(said) for said in one.said] == ["M1", "M4"]
    one.policy.merge(two.policy)
    assert list(one.policy.update(70, 1.0, 400)) == []


def returned() -> AlertPolicy:
    stage = Stage()
    for time, score in ((0, 10), (10, 1), (130, 1), (9 * DAY, 4)):
        stage.share(time, score)
    return stage.policy


def test_a_return_is_not_said_twice_after_a_merge() -> None:
    waiting = Stage()
    for time, score in ((0, 10), (10, 1), (130, 1)):
        waiting.share(time, score)
    waiting.late(9 * DAY)  # reopened, and nothing said yet
    one = returned()
    one.merge(waiting.policy)
    assert list(one.update(9 * DAY + 40, 4.0, 20)) == []


histories = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from((1.0, 8.0, 9.0, 10.0, 12.0, 14.0)), st.integers(1, 60)), max_size=12
)


def lived(history: list[tuple[int, float, int]]) -> Stage:
    stage, time = Stage(), 0
    for gap, score, sharers in history:
        time += gap
        stage.share(time, score, sharers)
    return stage


@given(histories, histories)
def test_a_merge_is_commutative(left: list, right: list) -> None:
    one, two = lived(left).policy, lived(right).policy
    mine, theirs = one.snapshot(), two.snapshot()
    one.merge(two)
    other = AlertPolicy(RULES, LEVELS, BIG, 5)
    other.restore(theirs)
    two.restore(mine)
    other.merge(two)
    assert one.snapshot() == other.snapshot()


@given(histories, histories, histories)
def test_a_merge_is_associative(first: list, second: list, third: list) -> None:
    def three() -> list[AlertPolicy]:
        return [lived(history).policy for history in (first, second, third)]

    a, b, c = three()
    a.merge(b)
    a.merge(c)
    x, y, z = three()
    y.merge(z)
    x.merge(y)
    assert a.snapshot() == x.snapshot()


# --- properties -------------------------------------------------------------------------------------------------------

steps = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 40), st.integers(0, 300), st.sampled_from((DAY, DAY - 1, 2 * DAY))),
        st.sampled_from(("share", "share", "share", "late", "merge")),
        st.sampled_from((1.0, 8.9, 9.0, 9.9, 10.0, 11.0, 12.0, 13.0, 14.0, 20.0)),
        st.sampled_from((1, 4, 5, 20, 49, 50, 199, 200, 500)),
        st.integers(0, 3),
        st.booleans(),
    ),
    max_size=20,
)


def perform(stage: Stage, script: list, spurious: bool = False, restore_at: int = -1) -> None:
    """Act a random script: shares, late shares, merges with another that lived through the same beginning."""
    time = facts = 0
    for index, (gap, what, score, sharers, more, quiet) in enumerate(script):
        time, facts = time + gap, max(facts, more)
        if index == restore_at:
            fresh = AlertPolicy(FLEETING, LEVELS, BIG, 5)
            fresh.restore(stage.policy.snapshot())
            stage.policy = fresh
        if spurious and (due := stage.policy.next_timer()) is not None and due > 0:
            stage.policy.tick(due - 1, 99.0, True)
        stage.quiet = quiet
        if what == "late":
            stage.late(time)
        elif what == "merge" and not stage.policy.closed:
            stage.timers(time)
            if not stage.policy.closed:
                stage.policy.merge(
                    lived([(gap, score, sharers) for gap, _, score, sharers, _, _ in script[:index][-4:]]).policy
                )
                stage.said += stage.policy.update(time, score, sharers, facts)
        else:
            stage.share(time, score, sharers, facts)


@given(steps)
def test_whatever_happens_nothing_is_said_twice_and_time_goes_forward(script: list) -> None:
    stage = Stage(FLEETING)
    perform(stage, script)
    said = [(t.state, t.level, t.episode, t.number) for t in stage.said]
    assert len(said) == len(set(said))
    assert len({key[:3] for key in said if not key[3]}) == sum(not key[3] for key in said)
    assert all(one.time <= two.time and one.episode <= two.episode for one, two in pairwise(stage.said))


@given(steps)
def test_whatever_happens_no_level_is_skipped(script: list) -> None:
    stage = Stage(FLEETING)
    perform(stage, [step for step in script if step[1] != "merge"])
    reached: dict[int, int] = {}
    for transition in stage.said:
        rises = transition.state in GROWING or (transition.state is Lifecycle.RESURFACED and transition.level)
        if rises:
            assert transition.level == reached.get(transition.episode, 0) + 1
            assert (transition.state is Lifecycle.ESCALATED) == (transition.level > 1)
            reached[transition.episode] = transition.level


@given(steps)
def test_whatever_happens_only_a_rising_level_breaks_the_cool_down(script: list) -> None:
    stage = Stage(FLEETING)
    perform(stage, script)
    for one, two in pairwise(stage.said):
        rises = two.state in GROWING or (two.state is Lifecycle.RESURFACED and two.level)
        assert rises or two.time - one.time >= FLEETING.cool_down_ms


@given(steps)
def test_whatever_happens_an_end_is_said_of_what_was_said(script: list) -> None:
    stage = Stage(FLEETING)
    perform(stage, [step for step in script if step[1] != "merge"])
    open_level, spoken = 0, False
    for transition in stage.said:
        if transition.state is Lifecycle.SUBSIDED:
            assert open_level
        if transition.state is Lifecycle.CLOSED:
            assert spoken
        if transition.state is Lifecycle.RESURFACED:
            assert transition.episode
        spoken = transition.state is not Lifecycle.CLOSED
        open_level = (
            0 if transition.state in (Lifecycle.SUBSIDED, Lifecycle.CLOSED) else max(open_level, transition.level)
        )


@given(steps, st.integers(0, 20))
def test_restore_and_continue_equals_continue(script: list, at: int) -> None:
    one, two = Stage(FLEETING), Stage(FLEETING)
    perform(one, script)
    perform(two, script, restore_at=at)
    assert one.said == two.said
    assert one.policy.snapshot() == two.policy.snapshot()


@pytest.mark.no_cover
@given(steps)
def test_ticks_before_their_time_change_nothing(script: list) -> None:
    one, two = Stage(FLEETING), Stage(FLEETING)
    perform(one, script)
    perform(two, script, spurious=True)
    assert one.said == two.said


class Slow:
    """The level by definition, from every look at the score: the slow, obvious version."""

    def __init__(self) -> None:
        self.looks: list[tuple[int, float, bool]] = []

    def level(self) -> int:
        return max((level for level in (1, 2, 3) if self.stands(level)), default=0)

    def stands(self, level: int) -> bool:
        limit, floor = LEVELS[level - 1], LEVELS[level - 1] - 1.0
        reached = [index for index, (_, score, counts) in enumerate(self.looks) if counts and score >= limit]
        if not reached:
            return False
        since = None
        for time, score, _ in self.looks[reached[-1] + 1 :]:
            since = None if score >= floor else time if since is None else since
            if since is not None and time - since >= RULES.subside_after_ms:
                return False
        return True


@given(
    st.lists(st.tuples(st.integers(0, 90), st.sampled_from((5.0, 8.9, 9.0, 10.0, 11.0, 12.5, 14.0)), st.integers(4, 6)))
)
def test_the_level_is_the_one_that_all_looks_at_the_score_define(script: list) -> None:
    stage, slow, time = Stage(), Slow(), 0
    for gap, score, sharers in script:
        time += gap
        before = len(stage.ticks)
        stage.timers(time)
        slow.looks += [(tick, stage.score, False) for tick in stage.ticks[before:]]
        stage.share(time, score, sharers)
        slow.looks.append((time, score, sharers >= 5))
        assert stage.policy.level == slow.level()


# --- settings and state -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["resurface_sharers", "check_interval_ms", "close_after_ms", "close_retry_ms"])
def test_what_must_be_positive_may_not_be_zero(name: str) -> None:
    PolicyConfig(**{name: 1})
    with pytest.raises(ValueError, match=rf"PolicyConfig\.{name} is 0; expected `int` >= 1"):
        PolicyConfig(**{name: 0})


@pytest.mark.parametrize("name", ["cool_down_ms", "subside_after_ms", "closed_retention_ms", "target_level_2_ms"])
def test_other_durations_may_be_zero_but_not_negative(name: str) -> None:
    PolicyConfig(**{name: 0})
    with pytest.raises(ValueError, match=rf"PolicyConfig\.{name} is -1; expected `int` >= 0"):
        PolicyConfig(**{name: -1})


@pytest.mark.parametrize("value", [-0.1, inf, float("nan")])
def test_a_hysteresis_is_a_number_of_zero_or_more(value: float) -> None:
    PolicyConfig(hysteresis=0.0)
    with pytest.raises(
        ValueError, match=r"PolicyConfig\.hysteresis is .*; expected (`float` >= 0\.0|a finite `float`)"
    ):
        PolicyConfig(hysteresis=value)


@pytest.mark.parametrize("value", [(0,), (-1, 1), (4, 1), (2, 2)])
def test_milestones_are_positive_and_rise(value: tuple[int, ...]) -> None:
    PolicyConfig(milestones=())
    with pytest.raises(
        ValueError, match=r"PolicyConfig\.milestones is .*; expected `int` >= 1|must rise; try \[1, 4\]"
    ):
        PolicyConfig(milestones=value)


def test_without_milestones_no_size_is_spoken_of() -> None:
    policy = AlertPolicy(msgspec.structs.replace(RULES, milestones=()), LEVELS, BIG, 5)
    assert list(policy.update(0, 1.0, 10**6)) == []


@pytest.mark.parametrize("levels", [(1.0, 1.0, 2.0), (3.0, 2.0, 1.0), (1.0, 2.0, inf), (float("nan"), 1.0, 2.0)])
def test_levels_must_rise(levels: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="are not finite and rising"):
        AlertPolicy(RULES, levels, BIG, 5)


def test_each_level_has_its_target() -> None:
    config = PolicyConfig()
    assert [config.target_ms(level) // 60_000 for level in range(4)] == [1440, 240, 60, 15]


@pytest.mark.parametrize(
    ("levels", "lines"),
    [
        ((6.0, 6.0 + log(4), 6.0 + log(16)), (5.306853, 6.693147, 8.079442)),  # a logarithm: ln 2 less
        ((50.0, 200.0, 800.0), (25.0, 100.0, 400.0)),  # a count: half
        ((-1.0, 3.0, 20.0), (-1.693147, 2.306853, 19.306853)),  # no half of a negative limit
    ],
)
def test_a_floor_lies_a_factor_of_two_under_its_limit(levels: tuple, lines: tuple) -> None:
    assert fall_thresholds(levels, log(2)) == lines


def test_a_levels_floor_can_be_read() -> None:
    assert [AlertPolicy(RULES, LEVELS, BIG, 5).fall_threshold(level) for level in (1, 2, 3)] == [9.0, 11.0, 13.0]


@pytest.mark.parametrize("name", ["L", "count", "rate", "ewma", "kleinberg", "cusum", "glr", "seismic"])
def test_every_growth_detector_can_speak_and_fall_silent_through_it(name: str) -> None:
    detector = make_detector(GrowthConfig(detector=name))
    policy = AlertPolicy(PolicyConfig(), detector.thresholds(), 50, 5)
    said: list[Transition] = []
    for second in range(400):
        time = second * 1000
        said += policy.update(time, detector.update(time), second + 1)
    while (due := policy.next_timer()) is not None:
        said += policy.tick(due, detector.score(due), detector.quiet(due))
    assert said[0].state is Lifecycle.OPENED
    assert said[-1].state is Lifecycle.CLOSED
    assert policy.closed


def test_the_state_of_another_detector_is_refused() -> None:
    with pytest.raises(SnapshotError, match="as policy version 1"):
        AlertPolicy(RULES, LEVELS, BIG, 5).restore(pack("growth.L", 1, [1]))


def test_a_state_takes_a_hundred_bytes_whatever_the_cascade() -> None:
    stage = Stage()
    for minute in range(2000):
        stage.share(minute, 14.0 if minute % 500 else 1.0, minute, 3)
    assert len(stage.policy.snapshot()) < 200


def test_a_look_that_was_put_off_comes_no_earlier_and_one_that_was_called_for_no_later():
    #  opened 0        +30 min: first look     put off to +5 h          a share is taken back at +1 h: look by +1.5 h
    policy = AlertPolicy(RULES, LEVELS, BIG, 5)
    policy.update(0, LEVELS[0], 10)
    policy.postpone_check(300)
    assert policy.next_timer() == 300
    policy.advance_check(60)
    assert policy.next_timer() == 60 + RULES.check_interval_ms
    policy.advance_check(240)
    assert policy.next_timer() == 60 + RULES.check_interval_ms


def test_a_level_that_does_not_stand_has_no_look_to_put_off():
    policy = AlertPolicy(RULES, LEVELS, BIG, 5)
    policy.update(0, 0.0, 10)
    before = policy.next_timer()
    policy.postpone_check(300)
    policy.advance_check(0)
    assert policy.next_timer() == before


def test_a_score_that_falls_by_an_event_is_looked_at_soon_although_the_look_was_put_off():
    policy = AlertPolicy(RULES, LEVELS, BIG, 5)
    policy.update(0, LEVELS[0], 10)
    policy.postpone_check(2400)
    policy.update(60, 0.0, 10)
    assert policy.next_timer() == 60 + RULES.check_interval_ms


def test_the_time_since_which_a_score_is_below_the_fall_threshold_is_known_by_level():
    policy = AlertPolicy(RULES, LEVELS, BIG, 5)
    policy.update(0, LEVELS[1], 10)
    assert [policy.below_since(level) for level in (1, 2)] == [None, None]
    policy.update(5, LEVELS[1] - 2.0, 10)
    policy.update(9, LEVELS[1] - 2.5, 10)
    assert [policy.below_since(level) for level in (1, 2)] == [None, 5]
    policy.update(10, LEVELS[1], 10)
    assert policy.below_since(2) is None
