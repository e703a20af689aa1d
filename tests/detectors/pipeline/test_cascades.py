"""Cascades: what each kind of event does to alert and row; when a cascade ends, returns and is forgotten."""

import msgspec
import numpy as np
import pytest

from detectors.alerting.config import EvidenceConfig, PolicyConfig
from detectors.alerting.evidence import AlertContext
from detectors.growth import GrowthConfig
from detectors.pipeline.cascade_stats import CascadeConfig
from detectors.pipeline.cascades import CascadeOutput, Cascades
from detectors.pipeline.config import PipelineConfig
from detectors.pipeline.intake import read_content
from detectors.spread.graph import GraphConfig
from schemas.alert import Lifecycle
from schemas.assignment import Assignment, Merge, Method, Suggestion, Timeliness, Variant
from schemas.event import AccountStatus, Counters, Debunk, Kind, ParentEvidence, Report
from tests.detectors.alerting.alert_samples import CONTEXT, changed
from tests.detectors.clustering.clusters import digest, picture, say
from tests.detectors.pipeline.sample_streams import LATENESS, NOON, encoded, lines, pipeline, placed, run, stream

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
WEEK, MONTH = 7 * DAY, 30 * DAY
TEXT = "boil the leaves twice and drink them at night"
FALSE = Debunk(publisher="Alt News", verdict="false")
MISLEADING = Debunk(publisher="Boom", verdict="misleading")
LATE, EXPIRED = Timeliness.LATE, Timeliness.DROPPED_LATE


class Play:
    """Cascades driven by hand; times are given from noon, clusters, messages and people by plain names."""

    def __init__(self, trace=None, **sections):
        self.config = PipelineConfig(**({"growth": GrowthConfig(target_size=10)} | sections))
        context = AlertContext(self.config.evidence, self.config.policy, CONTEXT.provenance)
        self.cascades = Cascades(self.config.cascade_settings(), context, trace)
        self.out = CascadeOutput()
        self.events = 0

    def do(self, cluster, kind, time, text="", **fields):
        """Apply one sighting; `message` is its own unless it is given."""
        self.events += 1
        facts = {key: fields.pop(key) for key in ("timeliness", "suggestion", "variants") if key in fields}
        platform, content = fields.pop("platform", "x"), fields.pop("content", None)
        sighting = changed(say(fields.pop("name", f"{cluster} {self.events}"), text, NOON + time, kind, **fields))
        sighting = changed(sighting, platform=platform, content=content or sighting.content)
        item = Assignment(cluster_id=digest(cluster), sighting=sighting, method=Method.EXACT, **facts)
        self.cascades.update(item, self.out)

    def share(self, actor, time, cluster="a", kind=Kind.POST, text=TEXT, **fields):
        self.do(cluster, kind, time, text, actor=actor, **fields)

    def burst(self, people, start=0, cluster="a", every=20 * SECOND):
        for number, actor in enumerate(people):
            self.share(actor, start + number * every, cluster)

    def merge(self, survivor, absorbed, time):
        self.events += 1
        self.cascades.update(
            Merge(
                survivor=digest(survivor),
                absorbed=digest(absorbed),
                time=NOON + time,
                method=Method.EXACT,
                event_id=digest(f"bridge {self.events}"),
            ),
            self.out,
        )

    def until(self, time):
        self.cascades.advance(NOON + time, self.out)

    def row(self, cluster="a"):
        """The row of an open cluster."""
        last = CascadeOutput()
        self.cascades.finish(last)
        (row,) = [row for row in last.clusters if row.cluster_id == digest(cluster)]
        return row

    def told(self, cluster=None):
        """The alerts as (state, level, time from noon)."""
        alerts = [a for a in self.out.alerts if cluster is None or a.cluster_id == digest(cluster)]
        return [(alert.state.value, alert.level, alert.time - NOON) for alert in alerts]

    def ended(self):
        """The rows of clusters that are over, as (cluster's id, status)."""
        return [(row.cluster_id, row.status) for row in self.out.clusters]


def people(count, prefix="p"):
    return [f"{prefix}{number}" for number in range(count)]


def opened(**sections):
    """Six sharers, twenty seconds apart: the fifth opens an alert."""
    play = Play(**sections)
    play.burst(people(6))
    assert play.told() == [("opened", 1, 80 * SECOND)]
    return play


# --- shares -----------------------------------------------------------------------------------------------------------


def test_the_four_kinds_of_share_count_posts_people_chats_and_replies():
    play = Play()
    play.share("p0", 0, name="first", chat="c0")
    for number, kind in enumerate((Kind.FORWARD, Kind.QUOTE, Kind.REPLY, Kind.POST), start=1):
        play.share(f"p{number}", number * SECOND, kind=kind, chat=f"c{number % 2}")
    row = play.row()
    assert (row.posts, row.sharers, row.chats, row.replies) == (5, 5, 2, 1)
    counts = play.out.alerts[-1].evidence.counts
    assert (counts.posts, counts.sharers, counts.chats, counts.replies) == (5, 5, 2, 1)
    assert [edge.kind for edge in play.out.edges] == ["post", "forward", "quote", "reply", "post"]


def test_many_posts_of_one_person_are_one_sharer_and_raise_nothing():
    play = Play()
    for number in range(200):
        play.share("p0", number * SECOND)
    row = play.row()
    assert (row.posts, row.sharers, row.level, play.told()) == (200, 1, 0, [])


def test_who_has_no_name_is_known_by_the_chat_and_then_by_the_message():
    play = Play()
    for _ in range(2):
        play.do("a", Kind.POST, 0, TEXT, chat="c")
    assert play.row().sharers == 1
    play.do("a", Kind.POST, 0, TEXT, message="m1")
    play.do("a", Kind.POST, 0, TEXT, message="m2")
    assert play.row().sharers == 3
    assert [edge.sharer for edge in play.out.edges[2:]] == [digest("message m1"), digest("message m2")]


def test_a_recorded_parent_makes_a_tree_and_one_that_nobody_saw_is_counted_as_unseen():
    #  m0 <- m1 <- m2        gone <- m3
    play = Play()
    evidence = ParentEvidence.API_PARENT
    play.share("p0", 0, name="m0", message="m0")
    play.share("p1", 1, kind=Kind.FORWARD, message="m1", parent="m0", parent_evidence=evidence)
    play.share("p2", 2, kind=Kind.FORWARD, message="m2", parent="m1", parent_evidence=evidence)
    play.share("p3", 3, kind=Kind.FORWARD, message="m3", parent="gone", parent_evidence=evidence)
    row = play.row()
    assert (row.nodes, row.unseen, row.trees, row.depth) == (5, 1, 2, 2)
    assert play.out.edges[1].parent == digest("message m0")


def test_a_reply_hangs_under_what_it_answers_only_where_that_is_seen_here():
    play = Play()
    evidence = ParentEvidence.API_PARENT
    play.share("p0", 0, message="m0")
    play.share("p1", 1, kind=Kind.REPLY, message="m1", parent="m0", parent_evidence=evidence)
    play.share("p2", 2, kind=Kind.REPLY, message="m2", parent="elsewhere", parent_evidence=evidence)
    row = play.row()
    assert (row.nodes, row.unseen, row.trees) == (3, 0, 2)


def test_the_first_text_is_the_representative_and_a_picture_without_words_waits_for_it():
    play = Play()
    play.do("a", Kind.POST, 0, actor="p0", media=(picture("leaf"),))
    play.burst(people(6, "q"), 1)
    play.share("p9", 10 * MINUTE, text=TEXT + " tonight")
    text = play.out.alerts[0].evidence.text
    assert (text.representative, text.wordings) == (TEXT, 1)
    assert text.media_sha256 == (picture("leaf").sha256,)
    assert (play.row().representative, play.row().wordings) == (TEXT, 2)


def test_the_representative_is_the_masked_text():
    raw = "Boil the leaves twice, then call Dr Rao on +91 98765 43210 or write to rao@example.com"
    play = Play()
    for actor in people(6):
        play.share(actor, 0, content=read_content(raw, ()))
    for said in (play.out.alerts[0].evidence.text.representative, play.row().representative):
        assert said.startswith("Boil the leaves twice")
        assert "98765" not in said
        assert "rao@" not in said
    assert b"98765" not in msgspec.json.encode(play.out.alerts)


def test_variants_and_near_misses_reach_the_tables_and_the_alert():
    play = Play()
    near = Suggestion(digest("b"), 0.81)
    play.share("p0", 0, variants=(Variant.NEGATION, Variant.NUMBER), suggestion=near)
    play.burst(people(6, "q"))
    edge = play.out.edges[0]
    assert (edge.variants, edge.suggestion, edge.suggestion_similarity) == ("negation,number", digest("b"), 0.81)
    assert play.out.alerts[0].evidence.text.variants == (("negation", 1), ("number", 1))


# --- arrivals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("timeliness", [LATE, EXPIRED])
def test_what_comes_late_adds_and_raises_nothing(timeliness):
    #  on time   1  2  3  4                   late   5 6 7 8 9       the next one on time speaks
    play = Play()
    play.burst(people(4))
    for actor in people(20, "late"):
        play.share(actor, 0, timeliness=timeliness)
    assert play.told() == []
    row = play.row()
    assert (row.sharers, row.posts, row.late, row.level) == (24, 24, 20, 0)
    play.share("q", 100 * SECOND)
    assert play.told() != []
    assert any(note.startswith("20 late posts") for note in play.out.alerts[0].evidence.notes)


def test_a_late_share_is_growth_for_the_next_one_and_an_expired_one_is_size_only():
    scores = {}
    for timeliness in (LATE, EXPIRED):
        play = Play()
        play.burst(people(4))
        for actor in people(4, "late"):
            play.share(actor, 0, timeliness=timeliness)
        play.share("q", 100 * SECOND)
        scores[timeliness] = play.row().max_score
    assert scores[LATE] > scores[EXPIRED] + 0.5


def test_a_late_share_is_no_silence():
    #  0 ...... 3 d late share ...... 7 d: open ...... 10 d: closed
    play = Play()
    play.share("p0", 0)
    play.share("p1", 3 * DAY, timeliness=LATE)
    play.until(10 * DAY - 1)
    assert play.ended() == []
    play.until(10 * DAY)
    assert play.ended() == [(digest("a"), "closed")]


# --- statements -------------------------------------------------------------------------------------------------------


def test_counters_are_the_highest_that_each_message_showed():
    play = Play()
    play.share("p0", 0, message="m0")
    play.share("p1", 0, message="m1")
    for message, views, forwards in (("m0", 100, 7), ("m0", 90, 9), ("m1", 5, None)):
        play.do("a", Kind.COUNTER, 1, message=message, counters=Counters(views=views, forwards=forwards))
    play.burst(people(6, "q"), 2)
    counts = play.out.alerts[0].evidence.counts
    assert (counts.views, counts.forwards) == (105, 9)
    assert any("9 forwards" in note for note in play.out.alerts[0].evidence.notes)
    assert (counts.posts, counts.sharers) == (5, 5)


def test_no_counter_is_not_a_counter_of_nought():
    assert opened().out.alerts[0].evidence.counts.views is None


def test_counters_of_more_messages_than_the_bound_are_left_out():
    play = Play(cascade=CascadeConfig(max_counters=2))
    play.share("p0", 0)
    for message in ("m0", "m1", "m2", "m0"):
        play.do("a", Kind.COUNTER, 1, message=message, counters=Counters(views=10))
    play.do("a", Kind.COUNTER, 1, message="m1", counters=Counters(views=30))
    play.burst(people(6, "q"), 2)
    assert play.out.alerts[0].evidence.counts.views == 40


def test_a_deleted_message_takes_its_share_back_once_and_withdraws_no_alert():
    #  share 0..5 (alert at the fifth)    delete 5, delete 5 again, delete what nobody saw
    play = Play()
    for number in range(6):
        play.share(f"p{number}", number * 20 * SECOND, message=f"m{number}")
    before = play.told()
    for message in ("m5", "m5", "unknown"):
        play.do("a", Kind.DELETE, 3 * MINUTE, message=message)
    row = play.row()
    assert (row.sharers, row.posts, row.deleted, row.nodes) == (5, 6, 1, 6)
    assert play.told() == before


def test_a_deletion_leaves_a_sharer_whose_other_post_stands():
    play = Play()
    for message in ("m0", "m1"):
        play.share("p0", 0, message=message)
    play.do("a", Kind.DELETE, 1, message="m0")
    assert play.row().sharers == 1
    play.do("a", Kind.DELETE, 2, message="m1")
    assert (play.row().sharers, play.row().deleted) == (0, 2)


def test_a_deletion_may_name_its_message_as_parent_or_root():
    play = Play()
    for number in range(2):
        play.share(f"p{number}", 0, message=f"m{number}")
    play.do("a", Kind.DELETE, 1, message=None, parent="m0")
    play.do("a", Kind.DELETE, 1, message=None, root="m1")
    assert (play.row().sharers, play.row().deleted) == (0, 2)


def test_a_deletion_of_a_message_beyond_the_graphs_bound_changes_nothing():
    play = Play(graph=GraphConfig(max_nodes=2))
    for number in range(4):
        play.share(f"p{number}", number, message=f"m{number}")
    play.do("a", Kind.DELETE, 5, message="m3")
    assert (play.row().sharers, play.row().deleted) == (4, 0)


def test_the_deletion_of_a_message_that_was_only_pointed_at_takes_nobodys_share():
    play = Play()
    play.share("p0", 0, kind=Kind.FORWARD, parent="gone", parent_evidence=ParentEvidence.API_PARENT)
    play.do("a", Kind.DELETE, 1, message="gone")
    assert play.row().sharers == 1


@pytest.mark.parametrize("status", list(AccountStatus))
def test_an_account_that_is_not_active_any_more_takes_all_its_posts_back(status):
    play = opened()
    for _ in range(3):
        play.share("p0", 3 * MINUTE)
    before = play.told()
    for actor in ("p0", "stranger"):
        play.do("a", Kind.ACCOUNT_STATE, 4 * MINUTE, message=None, actor=actor, account_status=status)
    assert play.row().sharers == (6 if status is AccountStatus.ACTIVE else 5)
    assert play.told() == before


def test_posts_taken_down_with_their_account_are_noted_once():
    #  p0 posts m0 m1; suspended; then the platform deletes m0 too; p1 deletes a post of their own
    play = Play()
    for actor, message in (("p0", "m0"), ("p0", "m1"), ("p1", "m2")):
        play.share(actor, 0, message=message)
    play.do("a", Kind.ACCOUNT_STATE, 1, message=None, actor="p0", account_status=AccountStatus.SUSPENDED)
    play.do("a", Kind.DELETE, 2, message="m0")
    play.do("a", Kind.DELETE, 3, message="m2")
    assert (play.row().deleted, play.row().sharers) == (3, 0)
    play.burst(people(6, "q"), 4)
    assert any(note.startswith("3 posts deleted or taken down") for note in play.out.alerts[0].evidence.notes)


def test_deleting_the_whole_burst_lets_the_alert_subside_and_says_nothing_else():
    #  0: 30 sharers (levels 1, 2, 3)     10 min: all accounts suspended     then silence
    play = Play()
    play.burst(people(30))
    assert [level for _, level, _ in play.told()] == [1, 2, 3]
    for actor in people(30):
        play.do("a", Kind.ACCOUNT_STATE, HOUR, message=None, actor=actor, account_status=AccountStatus.TAKENDOWN)
    assert play.row().sharers == 0
    assert len(play.told()) == 3
    play.until(DAY)
    assert [(state, level) for state, level, _ in play.told()[3:]] == [("subsided", 0)]
    assert HOUR + 2 * HOUR <= play.told()[-1][2] <= HOUR + 3 * HOUR


def test_reports_count_people_and_their_categories_from_k_on():
    #  health: k people      spam: k - 1 people, hate: one       one of them complains twice
    k = EvidenceConfig().k_anonymity
    play = Play()
    play.share("p0", 0)
    reporters = [("health", f"r{n}") for n in range(k)] + [("spam", f"s{n}") for n in range(k - 1)] + [("hate", "h")]
    for category, actor in [*reporters, reporters[0]]:
        play.do("a", Kind.REPORT, 1, actor=actor, report=Report(category))
    play.burst(people(6, "q"), 2)
    content = play.out.alerts[0].evidence.content
    assert (content.reports, content.report_categories) == (2 * k, (("health", k),))
    assert (play.row().reports, play.row().sharers) == (2 * k, 7)


def test_reports_without_a_name_count_each_and_categories_are_bounded():
    play = Play(cascade=CascadeConfig(max_debunks=2), evidence=EvidenceConfig(k_anonymity=1))
    play.share("p0", 0)
    for category in ("a", "b", "c", "b", "x" * 100):
        play.do("a", Kind.REPORT, 1, report=Report(category))
    play.burst(people(6, "q"), 2)
    content = play.out.alerts[0].evidence.content
    assert (content.reports, content.report_categories) == (5, (("a", 1), ("b", 2)))


def test_platforms_with_fewer_than_k_posts_are_not_named():
    k = EvidenceConfig().k_anonymity
    play = Play(growth=GrowthConfig(target_size=10, min_sharers=2 * k))
    names = ["telegram"] * k + ["whatsapp"] * (k - 1) + ["x"]
    for number, platform in enumerate(names):
        play.share(f"p{number}", number, platform=platform)
    assert play.out.alerts[0].evidence.counts.platforms == (("telegram", k),)
    assert b"whatsapp" not in msgspec.json.encode(play.out.alerts)


def test_a_statement_never_breaks_the_silence_of_a_shared_cluster():
    #  0 share ... 6 d counter, report, deletion ... 7 d closed
    play = Play()
    play.share("p0", 0, message="m0")
    play.do("a", Kind.COUNTER, 6 * DAY, message="m0", counters=Counters(views=1))
    play.do("a", Kind.REPORT, 6 * DAY, report=Report("spam"))
    play.do("a", Kind.DELETE, 6 * DAY, message="m0")
    play.until(WEEK)
    assert play.ended() == [(digest("a"), "closed")]


# --- fact-checks ------------------------------------------------------------------------------------------------------


def test_a_fact_check_that_came_before_the_rumour_is_in_its_first_alert():
    #  0 fact-check .... 1 h: six sharers, the fifth opens
    play = Play()
    play.do("a", Kind.DEBUNK, 0, TEXT, debunk=FALSE)
    assert (play.row().sharers, play.row().posts, play.told()) == (0, 0, [])
    play.burst(people(6), HOUR)
    assert play.told() == [("opened", 1, HOUR + 80 * SECOND)]
    assert play.out.alerts[0].evidence.content.debunks == (FALSE,)
    play.until(DAY)
    assert "evidence" not in [state for state, _, _ in play.told()], "it travelled with the first alert"


def test_a_rumour_begins_with_its_first_share_however_old_its_fact_check_is():
    #  0 fact-check a      1 h fact-check b      3 d: six share a      then b is found to be a
    play = Play()
    play.do("a", Kind.DEBUNK, 0, TEXT, debunk=FALSE)
    play.do("b", Kind.DEBUNK, HOUR, TEXT, debunk=MISLEADING)
    play.burst(people(6), 3 * DAY)
    assert play.out.alerts[0].headline == "Spreading fast (level 1): 5 distinct sharers in 1 min 20 s"
    play.merge("a", "b", 3 * DAY + HOUR)
    assert (play.row().first_time, play.row().last_time) == (NOON + 3 * DAY, NOON + 3 * DAY + 100 * SECOND)
    play.do("c", Kind.DEBUNK, 3 * DAY + HOUR, TEXT, debunk=Debunk("Vishvas", "false"))
    play.merge("c", "a", 3 * DAY + 2 * HOUR)
    row = play.row("c")
    assert (row.first_time, row.last_time) == (NOON + 3 * DAY, NOON + 3 * DAY + 100 * SECOND)


def test_the_second_fact_check_speaks_when_the_cool_down_ends():
    #  80 s opened      3 min first fact-check     4 min second        80 s + 30 min evidence, with both
    play = opened()
    play.do("a", Kind.DEBUNK, 3 * MINUTE, debunk=FALSE)
    play.do("a", Kind.DEBUNK, 4 * MINUTE, debunk=MISLEADING)
    play.do("a", Kind.DEBUNK, 4 * MINUTE, debunk=FALSE)  # known already
    play.until(80 * SECOND + 30 * MINUTE - 1)
    assert len(play.told()) == 1
    play.until(80 * SECOND + 30 * MINUTE)
    assert play.told()[1:] == [("evidence", 1, 80 * SECOND + 30 * MINUTE)]
    assert play.out.alerts[1].evidence.content.debunks == (FALSE, MISLEADING)
    assert play.row().debunks == 2


@pytest.mark.parametrize("asked", [40 * MINUTE, 100 * MINUTE, 110 * MINUTE])
def test_an_alert_gives_the_silence_after_which_its_level_falls(asked):
    #  80 s opened        `asked`: a fact-check, before or after the score has fallen        the level falls
    play = Play()
    play.burst(people(5))
    play.until(asked)
    play.do("a", Kind.DEBUNK, asked, debunk=FALSE)
    opening, news = play.out.alerts
    assert (news.state, news.level) == (Lifecycle.EVIDENCE, 1)
    play.until(DAY)
    fallen = next(alert for alert in play.out.alerts if alert.state is Lifecycle.SUBSIDED)
    for alert in (opening, news):
        answer = alert.evidence.growth.lowers_when
        assert answer.startswith("no new distinct sharer for ")
        assert f"What would lower the level: {answer} (" in alert.explanation
        late = fallen.time - alert.time - milliseconds(answer.removeprefix("no new distinct sharer for "))
        assert -MINUTE <= late <= PolicyConfig().check_interval_ms  # the policy notices a fall at a check
    assert fallen.evidence.growth.lowers_when == ""


def milliseconds(text):
    """Read a duration such as "2 h 50 min"."""
    parts = text.split()
    units = {"s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY}
    return sum(int(number) * units[unit] for number, unit in zip(parts[::2], parts[1::2], strict=True))


def test_a_fact_check_after_each_cool_down_is_an_alert_of_its_own():
    play = opened()
    play.do("a", Kind.DEBUNK, HOUR, debunk=FALSE)
    play.do("a", Kind.DEBUNK, HOUR + 30 * MINUTE, debunk=MISLEADING)
    assert play.told()[1:] == [("evidence", 1, HOUR), ("evidence", 1, HOUR + 30 * MINUTE)]
    assert len({alert.alert_id for alert in play.out.alerts}) == 3


def test_a_late_fact_check_waits_for_the_next_share():
    play = opened()
    play.do("a", Kind.DEBUNK, HOUR, debunk=FALSE, timeliness=LATE)
    assert len(play.told()) == 1
    play.share("q", HOUR)
    assert play.told()[1:] == [("evidence", 1, HOUR)]


def test_more_fact_checks_than_the_bound_are_left_out():
    play = opened(cascade=CascadeConfig(max_debunks=1))
    play.do("a", Kind.DEBUNK, HOUR, debunk=FALSE)
    play.do("a", Kind.DEBUNK, 3 * HOUR, debunk=MISLEADING)
    assert [state for state, _, _ in play.told()] == ["opened", "evidence"]


def test_a_fact_check_that_nobody_shares_closes_in_silence():
    play = Play()
    play.do("a", Kind.DEBUNK, 0, TEXT, debunk=FALSE)
    play.until(WEEK)
    assert (play.ended(), play.told()) == ([(digest("a"), "closed")], [])


def test_bounds_that_hold_nothing_are_refused():
    with pytest.raises(ValueError, match=r"CascadeConfig\.max_debunks is 0; expected `int` >= 1"):
        CascadeConfig(max_debunks=0)


# --- closing, coming back, being forgotten ----------------------------------------------------------------------------


def test_a_cascade_closes_seven_days_after_its_last_share_to_the_millisecond():
    play = Play()
    play.share("p0", 0)
    play.until(WEEK - 1)
    assert (len(play.cascades), play.ended()) == (1, [])
    play.until(WEEK)
    assert (len(play.cascades), play.ended()) == (0, [(digest("a"), "closed")])
    assert play.told() == []


def test_a_closed_alert_is_said_to_be_over_and_comes_back_with_its_size():
    #  0: six sharers   subsided   silent for 7 d, asked again each day: closed     20 d: five more: resurfaced
    play = opened()
    play.until(20 * DAY)
    states = [state for state, _, _ in play.told()]
    assert states == ["opened", "subsided", "closed"]
    days, rest = divmod(play.told()[-1][2] - WEEK - 100 * SECOND, DAY)
    assert 0 <= days < 7
    assert rest == 0
    play.burst(people(5, "back"), 20 * DAY, every=DAY // 2)
    assert play.row().sharers == 11
    assert play.told()[3:] == [("resurfaced", 0, 22 * DAY)]
    back = play.out.alerts[3]
    assert (back.episode, back.evidence.counts.sharers) == (1, 11)
    assert any(note.startswith("6 sharers from before the closing") for note in back.evidence.notes)
    assert back.evidence.counts.first_time == NOON


def test_four_that_share_again_are_no_return():
    play = opened()
    play.until(20 * DAY)
    play.burst(people(4, "back"), 20 * DAY, every=DAY // 2)
    assert [state for state, _, _ in play.told()] == ["opened", "subsided", "closed"]


def test_a_fast_return_is_resurfaced_at_its_level():
    play = opened()
    play.until(20 * DAY)
    play.burst(people(6, "back"), 20 * DAY)
    assert play.told()[3][:2] == ("resurfaced", 1)


@pytest.mark.parametrize(("after", "size"), [(MONTH - 1, 2), (MONTH, 1)])
def test_a_closed_cascade_is_forgotten_after_thirty_days(after, size):
    #  0 share    7 d closed, remembered for 30 d      37 d - 1 ms: counts on      37 d: begins anew
    play = Play()
    play.share("p0", 0)
    play.until(WEEK)
    play.until(WEEK + after)
    play.share("p1", WEEK + after)
    assert play.row().sharers == size
    assert play.row().episode == size - 1


def test_no_more_closed_cascades_are_remembered_than_the_bound():
    play = Play(cascade=CascadeConfig(max_closed=2))
    for number in range(4):
        play.share("p0", number, cluster=f"c{number}")
    play.until(WEEK + 10)
    for number in range(4):
        play.share("p1", WEEK + 20, cluster=f"c{number}")
    assert [play.row(f"c{number}").sharers for number in range(4)] == [1, 1, 2, 2]


def test_what_is_still_fresh_keeps_a_cascade_open():
    play = Play()
    play.burst(people(60))
    play.until(WEEK + 20 * MINUTE)
    assert len(play.cascades) == 1
    play.until(100 * DAY)
    assert len(play.cascades) == 0
    assert play.told()[-1][0] == "closed"


# --- timers -----------------------------------------------------------------------------------------------------------


def test_a_timer_fires_before_anything_of_its_own_time_or_later():
    #  a shares at 0, so its timer is at 7 d.     b shares at 7 d: a is closed first;  a shares at 7 d: it comes back
    play = Play()
    play.share("p0", 0)
    play.share("p0", WEEK, cluster="b")
    assert play.ended() == [(digest("a"), "closed")]
    play.share("p1", WEEK)
    assert (play.row().sharers, play.row().episode) == (2, 1)


def test_a_share_one_millisecond_before_the_timer_keeps_it_open():
    play = Play()
    play.share("p0", 0)
    play.share("p1", WEEK - 1)
    play.until(WEEK)
    assert (play.ended(), play.row().episode) == ([], 0)


def test_however_often_time_is_advanced_the_same_is_said_at_the_same_times():
    #  once at the end        each hour        at every event and timer
    def told(step):
        play = Play()
        for start, prefix in ((0, "p"), (3 * DAY, "q"), (25 * DAY, "r")):
            for number in range(20):
                time = start + number * 17 * MINUTE
                if step:
                    for moment in range(0, time, step):
                        play.until(moment)
                play.share(f"{prefix}{number}", time)
        play.until(60 * DAY)
        return play.told(), play.ended(), encoded([play.out], "clusters")

    expected = told(None)
    assert {"opened", "closed", "resurfaced"} <= {state for state, _, _ in expected[0]}
    assert told(6 * HOUR) == expected
    assert told(5 * DAY + 1) == expected


def test_timers_stay_bounded_when_cascades_are_evicted_without_end():
    play = Play(cascade=CascadeConfig(max_cascades=4))
    for number in range(600):
        play.share("p0", number, cluster=f"c{number}")
    assert len(play.cascades) == 4
    assert len(play.cascades._timers) <= 2 * 4 + 64 + 1
    assert len([1 for _, status in play.ended() if status == "evicted"]) == 596


def test_the_least_recently_shared_is_evicted_as_a_row():
    #  a b a c(limit 2)  ->  b goes
    play = Play(cascade=CascadeConfig(max_cascades=2))
    for number, cluster in enumerate("abac"):
        play.share(f"p{number}", number, cluster=cluster)
    assert play.ended() == [(digest("b"), "evicted")]
    play.until(WEEK + 10)
    assert [status for _, status in play.ended()] == ["evicted", "closed", "closed"]


# --- merges -----------------------------------------------------------------------------------------------------------


def test_a_merge_counts_who_is_in_both_once_and_names_the_absorbed():
    #  a: p0 p1 p2 p3       b: p2 p3 p4 p5        together six people, eight posts
    play = Play()
    play.burst(people(4))
    play.burst(people(6)[2:], 10 * SECOND, "b")
    play.merge("a", "b", 2 * MINUTE)
    row = play.row()
    assert (row.sharers, row.posts, row.nodes, len(play.cascades)) == (6, 8, 8, 1)
    assert play.ended() == [(digest("b"), "merged")]
    assert play.out.clusters[0].merged_into == digest("a")
    assert play.told() == [("opened", 1, 2 * MINUTE)]
    alert = play.out.alerts[0]
    assert alert.aliases == (digest("b"),)
    assert alert.evidence.trigger_event == digest("bridge 9")
    assert any(note.startswith("merged from 2 clusters") for note in alert.evidence.notes)


def test_a_merge_is_what_one_cluster_would_have_been():
    apart, together = Play(), Play()
    for number in range(12):
        cluster = "ab"[number % 2]
        apart.share(f"p{number}", number * MINUTE, cluster=cluster, chat=f"c{number}")
        together.share(f"p{number}", number * MINUTE, chat=f"c{number}")
    apart.merge("a", "b", 12 * MINUTE)
    mine, other = apart.row(), together.row()
    for name in ("sharers", "posts", "chats", "nodes", "wordings", "first_time", "last_time"):
        assert getattr(mine, name) == getattr(other, name)
    scores = [play.cascades._open[digest("a")].tracker.growth.score(NOON + HOUR) for play in (apart, together)]
    assert scores[0] == pytest.approx(scores[1], abs=1e-5)


def test_what_either_side_said_is_not_said_again():
    play = Play()
    play.burst(people(6))
    play.burst(people(6, "q"), 10 * SECOND, "b")
    assert len(play.told()) == 2
    play.merge("a", "b", 3 * MINUTE)
    assert [(state, level) for state, level, _ in play.told()[2:]] == [("escalated", 2)]


def test_a_merge_brings_the_other_sides_fact_checks_counters_and_reports():
    play = Play()
    play.burst(people(6))
    play.do("b", Kind.DEBUNK, MINUTE * 2, TEXT, debunk=FALSE)
    play.share("q0", 2 * MINUTE, "b", message="mb")
    play.do("b", Kind.COUNTER, 2 * MINUTE, message="mb", counters=Counters(views=50))
    play.do("b", Kind.REPORT, 2 * MINUTE, actor="r", report=Report("spam"))
    play.merge("a", "b", HOUR)
    assert play.told()[1:] == [("evidence", 1, HOUR)]
    evidence = play.out.alerts[1].evidence
    assert (evidence.content.debunks, evidence.content.reports, evidence.counts.views) == ((FALSE,), 1, 50)


def test_a_known_claim_without_shares_merges_in_silence_and_lends_its_text():
    play = Play()
    play.do("a", Kind.POST, 0, actor="p0", media=(picture("leaf"),))
    play.do("b", Kind.DEBUNK, 1, TEXT, debunk=FALSE)
    play.do("c", Kind.DEBUNK, 2, TEXT, debunk=MISLEADING)
    play.merge("b", "c", 3)
    play.merge("a", "b", 4)
    assert (play.told(), play.row().debunks, play.row().representative) == ([], 2, TEXT)


def test_a_closed_survivor_comes_back_for_a_merge_and_its_size_counts():
    #  a: 0 .. closed 7 d          b: 8 d           8 d + 1 h: a and b are one
    play = Play()
    play.share("p0", 0)
    play.share("q0", 8 * DAY, "b")
    play.merge("a", "b", 8 * DAY + HOUR)
    assert (play.row().sharers, play.row().episode) == (2, 1)
    assert [status for _, status in play.ended()] == ["closed", "merged"]


def test_a_closed_absorbed_cascade_counts_too():
    play = Play()
    play.share("q0", 0, "b")
    play.share("p0", 8 * DAY)
    play.merge("a", "b", 8 * DAY + HOUR)
    assert (play.row().sharers, play.row().posts) == (2, 2)
    assert [status for _, status in play.ended()] == ["closed", "merged"]


def test_where_the_survivor_is_forgotten_the_absorbed_lives_on_under_its_id():
    play = Play()
    play.share("p0", 0)
    play.share("q0", 2 * MONTH, "b")
    play.merge("a", "b", 2 * MONTH)
    play.burst(people(6, "q"), 2 * MONTH)
    assert play.row().sharers == 6
    assert play.out.alerts[0].cluster_id == digest("a")
    assert play.out.alerts[0].aliases == (digest("b"),)
    play.until(3 * MONTH)
    assert play.ended()[-1] == (digest("a"), "closed")


def test_a_merge_of_what_is_forgotten_changes_nothing():
    play = Play()
    play.share("q0", 0, "b")
    play.share("p0", 2 * MONTH)
    play.merge("a", "b", 2 * MONTH)
    assert play.row().sharers == 1
    assert play.ended() == [(digest("b"), "closed")]


def test_an_evicted_cascade_that_comes_back_counts_on_and_repeats_no_alert_id():
    #  max_cascades = 1:   six share a | one shares b, so a is evicted | six more share a: a new episode
    play = Play(cascade=CascadeConfig(max_cascades=1))
    play.burst(people(6, "p"))
    play.share("x", MINUTE * 3, "b")
    play.burst(people(6, "q"), MINUTE * 4)
    assert play.row().sharers == 12
    assert play.ended()[0] == (digest("a"), "evicted")
    ids = [alert.alert_id for alert in play.out.alerts]
    assert len(ids) == len(set(ids)) > 1


@pytest.mark.parametrize("kind", [Kind.COUNTER, Kind.REPORT, Kind.DELETE])
def test_what_is_said_about_a_closed_cascade_does_not_bring_it_back(kind):
    play = Play()
    play.share("p0", 0)
    play.do("a", kind, MONTH // 2, actor="r", report=Report("spam"), counters=Counters(views=3))
    play.until(MONTH)
    assert play.ended() == [(digest("a"), "closed")]
    assert len(play.cascades) == 0


def test_a_fact_check_of_a_closed_cascade_is_known_when_it_comes_back():
    play = Play()
    play.share("p0", 0)
    play.do("a", Kind.DEBUNK, MONTH // 2, debunk=Debunk("Desk", "false"))
    assert len(play.cascades) == 0
    play.burst(people(6, "q"), MONTH // 2 + 1)
    assert play.out.alerts[-1].evidence.content.debunks == (Debunk("Desk", "false"),)


def test_more_platforms_than_the_bound_count_together():
    play = Play(cascade=CascadeConfig(max_platforms=2))
    for number, platform in enumerate(["x", "telegram", "bluesky", "mastodon", "x"]):
        play.share(f"p{number}", number, platform=platform)
    (stats,) = (cascade.stats for cascade in play.cascades._open.values())
    assert stats.platforms == {"x": 2, "telegram": 1, "other": 2}


def test_no_more_aliases_are_carried_than_the_bound():
    play = Play(cascade=CascadeConfig(max_aliases=3))
    play.share("p0", 0)
    for number in range(6):
        play.share(f"q{number}", number, cluster=f"c{number}")
        play.merge("a", f"c{number}", number)
    play.burst(people(6, "r"), MINUTE)
    alert = play.out.alerts[-1]
    assert alert.aliases == tuple(digest(f"c{number}") for number in range(3))
    assert play.row().sharers == 13


def test_merges_hold_the_bounds_of_what_is_remembered():
    #  each of six clusters is as full as it may be; the merged one is no fuller, and keeps what it knew first
    play = Play(
        cascade=CascadeConfig(max_counters=2, max_debunks=2),
        graph=GraphConfig(max_nodes=4),
        evidence=EvidenceConfig(k_anonymity=1),
    )
    for cluster in range(6):
        for number in range(4):
            name, message = f"c{cluster}", f"m{cluster}{number}"
            play.share(f"p{cluster}{number}", number, name, message=message)
            play.do(name, Kind.COUNTER, number, message=message, counters=Counters(views=10**cluster))
            play.do(name, Kind.REPORT, number, actor=f"r{cluster}{number}", report=Report(f"{cluster}{number}"))
        if cluster:
            play.merge("c0", f"c{cluster}", MINUTE)
    stats = play.cascades._open[digest("c0")].stats
    assert (len(stats.owners), play.row("c0").views, len(stats.report_categories)) == (4, 2, 2)
    play.do("c0", Kind.DEBUNK, 10 * HOUR, debunk=FALSE)
    evidence = play.out.alerts[-1].evidence
    assert (evidence.counts.sharers, evidence.counts.views) == (24, 2)
    assert evidence.content.report_categories == (("00", 1), ("01", 1))


def test_merges_of_closed_clusters_never_leave_more_alive_than_the_bound():
    #  c0 .. c5 share four days apart and close; at 28 d three merges bring back one of each pair
    play = Play(cascade=CascadeConfig(max_cascades=2))
    for number in range(6):
        play.share("p0", number * 4 * DAY, cluster=f"c{number}")
    play.until(28 * DAY)
    assert [status for _, status in play.ended()] == ["closed"] * 6
    for number in (0, 2, 4):
        play.merge(f"c{number}", f"c{number + 1}", 28 * DAY)
    assert len(play.cascades) == 2
    assert play.ended()[-1] == (digest("c0"), "evicted")


# --- a trace ----------------------------------------------------------------------------------------------------------


def test_a_trace_tells_merges_judgements_and_transitions_and_changes_nothing():
    told = []

    def story(trace=None):
        play = Play(trace)
        play.burst(people(6))
        play.share("q", 10 * SECOND, "b")
        play.merge("a", "b", 3 * MINUTE)
        play.until(40 * DAY)
        return play

    assert encoded([story(lambda name, what: told.append((name, what))).out]) == encoded([story().out])
    assert [name for name, _ in told].count("assignment") == 7
    assert [name for name, _ in told].count("merge") == 1
    last = [what for name, what in told if name == "score"][5]
    assert (last.sharers, last.level) == (6, 1)
    assert [what.transition.state for name, what in told if name == "transition"] == [
        Lifecycle.OPENED, Lifecycle.SUBSIDED, Lifecycle.CLOSED,
    ]  # fmt: skip


# --- hostile and long -------------------------------------------------------------------------------------------------

STATEMENTS = (
    (Kind.COUNTER, {"counters": Counters(views=9, forwards=3)}),
    (Kind.DELETE, {}),
    (Kind.ACCOUNT_STATE, {"account_status": AccountStatus.SUSPENDED}),
    (Kind.REPORT, {"report": Report("spam")}),
)


def hostile(play, seed, steps, after=lambda step: None):
    """A hundred days of bursts, silences, merges, late shares, deletions, takedowns and fact-checks."""
    rng = np.random.default_rng(seed)
    merged, time = {}, 0
    for step in range(steps):
        time += int(rng.choice([SECOND, MINUTE, 20 * MINUTE, 8 * HOUR], p=[0.5, 0.3, 0.15, 0.05]))
        time += 9 * DAY if rng.random() < 0.01 else 0
        cluster = f"c{int(rng.integers(6))}"
        while cluster in merged:
            cluster = merged[cluster]
        actor, message = f"p{int(rng.integers(80))}", f"m{int(rng.integers(300))}"
        dice = rng.random()
        if dice < 0.8:
            timeliness = LATE if dice < 0.04 else EXPIRED if dice < 0.06 else Timeliness.ON_TIME
            behind = 0 if timeliness is Timeliness.ON_TIME else MINUTE if timeliness is LATE else 2 * DAY
            play.share(actor, time - behind, cluster, message=message, timeliness=timeliness, chat=f"c{step % 9}")
        elif dice < 0.96:
            kind, fields = STATEMENTS[int(rng.integers(len(STATEMENTS)))]
            play.do(cluster, kind, time, actor=actor, message=message, **fields)
        elif dice < 0.98:
            play.do(cluster, Kind.DEBUNK, time, TEXT, debunk=Debunk(f"d{int(rng.integers(40))}", "false"))
        elif len(merged) < 4 and (other := f"c{int(rng.integers(6))}") not in merged and other != cluster:
            merged[other] = cluster
            play.merge(cluster, other, time)
        play.until(time)
        after(step)
    play.until(time + 60 * DAY)
    return play


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(3))
def test_no_alert_has_the_id_of_another_over_a_long_hostile_stream(seed):
    play = hostile(Play(policy=PolicyConfig(cool_down_ms=0)), seed, 3000)
    ids = [alert.alert_id for alert in play.out.alerts]
    assert len(ids) > 30
    assert len(set(ids)) == len(ids)
    assert {alert.state for alert in play.out.alerts} >= {
        Lifecycle.OPENED, Lifecycle.ESCALATED, Lifecycle.SUBSIDED, Lifecycle.EVIDENCE, Lifecycle.RESURFACED,
    }  # fmt: skip
    times = [alert.time for alert in play.out.alerts]
    assert times == sorted(times)


@pytest.mark.parametrize("seed", range(2))
def test_a_restore_anywhere_in_a_hostile_stream_goes_on_as_if_nothing_had_happened(seed):
    bounds = {"cascade": CascadeConfig(max_cascades=3, max_closed=2)}
    whole, cut = Play(**bounds), Play(**bounds)

    def restart(step):
        if step % 50 == 0:
            state = cut.cascades.snapshot()
            cut.cascades = Play(**bounds).cascades
            cut.cascades.restore(state)
            assert cut.cascades.snapshot() == state

    hostile(whole, seed, 600)
    hostile(cut, seed, 600, restart)
    for name in ("alerts", "edges", "clusters"):
        assert encoded([cut.out], name) == encoded([whole.out], name)
    assert cut.cascades.snapshot() == whole.cascades.snapshot()


def test_a_restore_does_not_wake_a_timer_of_an_evicted_cascade():
    #  a shares at 0 (timer 7 d), is evicted by b, shares again at 1 d (timer 8 d): the first timer is nobody's
    def at_risk():
        play = Play(cascade=CascadeConfig(max_cascades=1))
        for time, cluster in ((0, "a"), (1, "b"), (DAY, "a")):
            play.share("p0", time, cluster)
        return play

    whole, second = at_risk(), at_risk()
    state = second.cascades.snapshot()
    second.cascades = Play(cascade=CascadeConfig(max_cascades=1)).cascades
    second.cascades.restore(state)
    for play in (whole, second):
        play.until(WEEK + HOUR)
    assert second.cascades.snapshot() == whole.cascades.snapshot()


# --- through the whole path -------------------------------------------------------------------------------------------


def statement(kind, time, **fields):
    base = {"event_id": f"{kind}-{time}", "platform": "whatsapp", "kind": kind, "created_at": time}
    return base | fields


def test_statements_reach_their_clusters_through_the_whole_path():
    events = stream(events=120, minutes=60)
    end = events[-1]["created_at"] + 1
    first = events[0]
    said = [
        statement("counter", end, message_id=first["message_id"], counters={"views": 12}),
        statement("report", end, message_id=first["message_id"], actor="+911", report={"category": "spam"}),
        statement("delete", end, message_id=first["message_id"]),
        statement("debunk", end, text=first["text"], debunk={"publisher": "Boom", "verdict": "false"}),
        statement("delete", end + 1, message_id="nobody saw it"),
    ]
    outputs, engine = run(lines([*events, *said]))
    rows = [row for output in outputs for row in output.clusters]
    assert sum(row.deleted for row in rows) == sum(row.reports for row in rows) == sum(row.debunks for row in rows) == 1
    assert engine.counts.unmatched == 1
    assert engine.counts.balanced


def test_a_suspended_account_leaves_every_cluster_that_it_shared():
    events = stream(events=200, minutes=60)
    actor = events[0]["actor"]
    end = events[-1]["created_at"] + 1
    gone = statement("account_state", end, actor=actor, account_status="suspended")
    before = [row.sharers for output in run(lines(events))[0] for row in output.clusters]
    after = [row.sharers for output in run(lines([*events, gone]))[0] for row in output.clusters]
    shared = {event["text"].rstrip("!") for event in events if event["actor"] == actor}
    assert sum(before) - sum(after) == len(shared)


def test_a_week_of_silence_closes_through_the_whole_path():
    events = stream(events=80, minutes=60)
    last = events[-1]["created_at"]
    later = [
        {**events[0], "event_id": f"later-{day}", "message_id": f"later-{day}", "created_at": last + day * DAY,
         "text": "the market by the old mill opens late today"}
        for day in range(1, 41)
    ]  # fmt: skip
    outputs, engine = run(lines([*events, *later]))
    rows = [(row.status, row.sharers) for output in outputs for row in output.clusters]
    assert [status for status, _ in rows] == ["closed"] * 4 + ["open"]
    engine_again = pipeline()
    raws = placed(lines([*events, *later]))
    first = engine_again.feed(raws[:85])
    second = pipeline()
    second.restore(engine_again.snapshot())
    rest = [first, second.feed(raws[85:]), second.finish()]
    assert encoded(rest, "clusters") == encoded(outputs, "clusters")
    assert encoded(rest) == encoded(outputs)
    assert engine.counts.balanced
    assert LATENESS < DAY
