"""The methods of matching one by one, what each kind of event may do, merges, bounds and forgetting."""

import msgspec
import numpy as np
import pytest

from detectors.clustering import Clustering, ClusteringConfig
from detectors.clustering.clusters import Cluster, cluster_id
from detectors.clustering.wordings import NO_RECHECK, KnownWording
from detectors.similarity.sketch import SketchConfig, Sketcher, estimate
from schemas.assignment import Merge, Method, Suggestion, Timeliness, Variant
from schemas.event import AccountStatus, Counters, Debunk, Kind, Report
from tests.detectors.clustering.clusters import LIMITS, Angles, calls, clustering, content, digest, only, picture, say

# Lexically unrelated wordings of one claim, and angles that set their cosines:
#   DAM 0 deg -- BRIDGE 20 deg -- FLOOD 40 deg        cos 20 = .940 (match)   cos 40 = .766 (suggest)
DAM = "the old dam above the town has burst this morning"
BRIDGE = "water from a broken reservoir wall rushes downhill now"
FLOOD = "people must leave because floods are coming very soon"
CALM = "schools reopen on monday says the education office today"
ANGLES = {DAM: 0.0, BRIDGE: 20.0, FLOOD: 40.0}
NEAR = 38.0  # cos .788: between suggest and match
PDQ = "f0" * 32


# --- the methods ------------------------------------------------------------------------------------------------------


def test_a_first_text_creates_a_cluster_whose_id_a_replay_reproduces() -> None:
    one = only(clustering().update(say("a", DAM)))
    assert (one.method, one.similarity, one.suggestion) == (Method.FIRST_SHARE, None, None)
    assert one.cluster_id == cluster_id("default", digest("event a"))
    assert one.cluster_id == only(clustering().update(say("a", DAM))).cluster_id


def test_two_realms_never_share_an_id() -> None:
    assert only(clustering(realm="a").update(say("a", DAM))) != only(clustering(realm="b").update(say("a", DAM)))


def test_an_equal_text_joins_without_asking_the_model() -> None:
    stage = clustering()
    first = only(stage.update(say("a", DAM)))
    asked = calls(stage)
    second = only(stage.update(say("b", DAM, 1)))
    assert (second.cluster_id, second.method, second.similarity) == (first.cluster_id, Method.EXACT, None)
    assert calls(stage) == asked


def test_a_nearly_equal_text_joins_by_its_sketch_without_asking_the_model() -> None:
    stage = clustering()
    first = only(stage.update(say("a", DAM + " and nobody knows how many people are there at this hour")))
    asked = calls(stage)
    second = only(stage.update(say("b", DAM + " and nobody knows how many people are there at that hour", 1)))
    assert (second.cluster_id, second.method) == (first.cluster_id, Method.LEXICAL)
    assert 0.8 <= second.similarity < 1.0
    assert calls(stage) == asked


def test_a_paraphrase_joins_by_its_meaning_and_is_an_exact_hit_from_then_on() -> None:
    stage = clustering(ANGLES)
    first = only(stage.update(say("a", DAM)))
    second = only(stage.update(say("b", BRIDGE, 1)))
    third = only(stage.update(say("c", BRIDGE, 2)))
    assert (second.cluster_id, second.method, second.similarity) == (first.cluster_id, Method.EMBEDDING, 0.939693)
    assert (third.cluster_id, third.method) == (first.cluster_id, Method.EXACT)


def test_a_text_that_is_only_near_creates_a_cluster_and_suggests_the_other() -> None:
    stage = clustering(ANGLES)
    first = only(stage.update(say("a", DAM)))
    second = only(stage.update(say("b", FLOOD, 1)))
    assert second.method is Method.FIRST_SHARE
    assert second.suggestion == Suggestion(first.cluster_id, 0.766044)


def test_an_unrelated_text_creates_a_cluster_and_suggests_nothing() -> None:
    stage = clustering(ANGLES)
    stage.update(say("a", DAM))
    assert only(stage.update(say("b", CALM, 1))).suggestion is None


@pytest.mark.parametrize(("match", "method"), [(0.939693, Method.EMBEDDING), (0.939694, Method.FIRST_SHARE)])
def test_the_match_limit_is_inclusive_after_rounding(match: float, method: Method) -> None:
    stage = clustering(ANGLES, embedding_threshold=match)
    stage.update(say("a", DAM))
    assert only(stage.update(say("b", BRIDGE, 1))).method is method


@pytest.mark.parametrize(("suggest", "suggested"), [(0.766044, True), (0.766045, False)])
def test_the_suggest_limit_is_inclusive_after_rounding(suggest: float, suggested: bool) -> None:
    stage = clustering(ANGLES, suggestion_threshold=suggest)
    stage.update(say("a", DAM))
    assert (only(stage.update(say("b", FLOOD, 1))).suggestion is not None) is suggested


URL = "example.org/2026/dam-report-8841"


@pytest.mark.parametrize(
    ("first", "second", "method"),
    [
        ({"urls": (URL,)}, {"urls": (URL,)}, Method.URL),
        ({"media": (picture("p"),)}, {"media": (picture("p"),)}, Method.MEDIA),
        ({"media": (picture("p", PDQ, 90),)}, {"media": (picture("q", PDQ, 90),)}, Method.MEDIA),
        ({"urls": (URL,)}, {"urls": ("example.org/other-story-77123",)}, Method.FIRST_SHARE),
        ({"urls": ("example.org",)}, {"urls": ("example.org",)}, Method.FIRST_SHARE),  # a bare host says nothing
        ({"media": (picture("p"),)}, {"media": (picture("q"),)}, Method.FIRST_SHARE),
    ],
)
def test_an_equal_address_or_picture_lifts_a_suggestion_to_a_match(first: dict, second: dict, method: Method) -> None:
    stage = clustering({DAM: 0, FLOOD: NEAR})
    stage.update(say("a", DAM, **first))
    joined = only(stage.update(say("b", FLOOD, 1, **second)))
    assert joined.method is method
    assert joined.similarity == (None if method is Method.FIRST_SHARE else 0.788011)


# Five of ten words differ: too few letters in common for a cosine alone.
QUARRY = "the quarry road at kellmore is closed after a landslide"
CLOSURE = "kellmore: landslide, the quarry road stays shut until further notice"


def _letters_in_common(a: str, b: str) -> float:
    sketch = Sketcher(SketchConfig()).sketch
    return estimate(sketch(content(a).normal), sketch(content(b).normal))


@pytest.mark.parametrize("angle", [NEAR, 5.0])  # a cosine below the match limit, and one above it
@pytest.mark.parametrize("shared", [{"urls": (URL,)}, {"media": (picture("p"),)}])
def test_fewer_letters_in_common_suffice_where_an_address_or_picture_is_equal(shared: dict, angle: float) -> None:
    common = _letters_in_common(QUARRY, CLOSURE)
    assert 0 < common < 0.5
    for least, joins in ((common, True), (common + 0.001, False)):
        for keys in (shared, {}):
            limits = {"min_lexical_read": 0.5, "min_lexical_sharing": least, "caption_words": 0}
            stage = clustering({QUARRY: 0, CLOSURE: angle}, **limits)
            first = only(stage.update(say("a", QUARRY, **shared)))
            second = only(stage.update(say("b", CLOSURE, 1, **keys)))
            if joins and keys:
                assert second.cluster_id == first.cluster_id
                assert second.method is (Method.URL if "urls" in keys else Method.MEDIA)
            else:
                assert (second.method, second.suggestion) == (Method.FIRST_SHARE, None)


def test_a_match_by_words_precedes_a_cluster_with_the_address_and_fewer_letters_in_common() -> None:
    #  cosine to the text: QUARRY 1 (with the address, few letters in common), its copy .985 (all letters)
    copy = CLOSURE + " says the council"
    assert _letters_in_common(QUARRY, CLOSURE) < 0.5 < _letters_in_common(copy, CLOSURE)
    limits = {"lexical_threshold": 0.99, "min_lexical_read": 0.5, "caption_words": 0}
    stage = clustering({QUARRY: 0, CLOSURE: 0, copy: 10}, **limits)
    stage.update(say("a", QUARRY, urls=(URL,)))
    words = only(stage.update(say("b", copy, 1)))
    joined = only(stage.update(say("c", CLOSURE, 2, urls=(URL,))))
    assert (joined.cluster_id, joined.method) == (words.cluster_id, Method.EMBEDDING)


def test_an_equal_address_does_not_join_texts_that_are_not_even_near() -> None:
    stage = clustering()
    stage.update(say("a", DAM, urls=(URL,)))
    assert stage.update(say("b", CALM, 1, urls=(URL,)))[0].method is Method.FIRST_SHARE


def test_an_address_also_counts_when_a_later_share_brought_it() -> None:
    stage = clustering({DAM: 0, FLOOD: NEAR})
    first = only(stage.update(say("a", DAM)))
    stage.update(say("b", DAM, 1, urls=(URL,)))
    assert only(stage.update(say("c", FLOOD, 2, urls=(URL,)))).cluster_id == first.cluster_id


def _flipped(bits: int) -> str:
    return f"{int(PDQ, 16) ^ ((1 << bits) - 1):064x}"


@pytest.mark.parametrize(
    ("pdq", "quality", "same"),
    [(_flipped(8), 50, True), (_flipped(9), 50, False), (_flipped(8), 49, False), (_flipped(8), None, False)],
)
def test_pictures_are_one_within_8_bits_of_good_quality(pdq: str, quality: int | None, same: bool) -> None:
    stage = clustering()
    first = only(stage.update(say("a", media=(picture("p", PDQ, 50),))))
    second = only(stage.update(say("b", time=1, media=(picture("q", pdq, quality),))))
    assert (second.cluster_id == first.cluster_id) is same


def test_nearness_of_pictures_does_not_creep_from_one_to_the_next() -> None:
    # PDQ --8 bits-- second --8 bits-- third: the third is 16 bits from the first
    stage = clustering()
    ids = [
        only(stage.update(say(str(i), time=i, media=(picture(str(i), _flipped(bits), 90),)))).cluster_id
        for i, bits in enumerate((0, 8, 16))
    ]
    assert ids[0] == ids[1] != ids[2]


def test_only_the_last_pictures_are_compared_with() -> None:
    stage = clustering(max_pictures=2, min_words=1)
    hashes = [f"{1 << (64 * i) | (0xFFFFFFFFFFFFFFFF << (64 * i)):064x}" for i in range(3)]
    for i, pdq in enumerate(hashes):
        stage.update(say(str(i), time=i, media=(picture(str(i), pdq, 90),)))
    nearly = f"{int(hashes[0], 16) ^ 1:064x}"
    assert only(stage.update(say("z", time=9, media=(picture("z", nearly, 90),)))).method is Method.FIRST_SHARE
    again = f"{int(hashes[2], 16) ^ 1:064x}"
    assert only(stage.update(say("y", time=10, media=(picture("y", again, 90),)))).method is Method.MEDIA


# --- short texts ------------------------------------------------------------------------------------------------------


def test_good_morning_is_no_rumour() -> None:
    stage = clustering()
    ids = {only(stage.update(say(str(i), "Good morning friends", i))).cluster_id for i in range(5)}
    assert len(ids) == 5
    assert calls(stage) == 0


def test_a_text_of_exactly_the_least_number_of_words_may_match() -> None:
    stage = clustering()
    ids = {only(stage.update(say(str(i), "the dam has burst", i))).cluster_id for i in range(3)}
    assert len(ids) == 1


def test_a_short_text_still_joins_by_link_address_or_picture() -> None:
    stage = clustering()
    first = only(stage.update(say("a", "look at this", urls=(URL,), media=(picture("p"),))))
    by_url = only(stage.update(say("b", "omg", 1, urls=(URL,))))
    by_picture = only(stage.update(say("c", "", 2, media=(picture("p"),))))
    by_link = only(stage.update(say("d", "wow", 3, Kind.FORWARD, parent="a")))
    assert [x.method for x in (by_url, by_picture, by_link)] == [Method.URL, Method.MEDIA, Method.LINK]
    assert {x.cluster_id for x in (by_url, by_picture, by_link)} == {first.cluster_id}


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("one two three four five six seven", Method.FIRST_SHARE),  # guarded: .85 + .05 is more than cos 26 = .899
        ("one two three four five six seven eight", Method.EMBEDDING),
    ],
)
def test_a_text_of_few_words_must_be_nearer(text: str, method: Method) -> None:
    stage = clustering({DAM: 0, text: 26})
    stage.update(say("a", DAM))
    assert only(stage.update(say("b", text, 1))).method is method


# --- links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ref", ["parent", "root"])
def test_a_forward_joins_its_parents_or_its_roots_cluster_whatever_it_says(ref: str) -> None:
    stage = clustering()
    first = only(stage.update(say("a", DAM)))
    second = only(stage.update(say("b", "", 1, Kind.FORWARD, **{ref: "a"})))
    third = only(stage.update(say("c", "", 2, Kind.FORWARD, parent="b")))
    assert (second.method, third.method) == (Method.LINK, Method.LINK)
    assert first.cluster_id == second.cluster_id == third.cluster_id


@pytest.mark.parametrize("ref", ["parent", "root"])
def test_siblings_of_a_message_nobody_saw_share_a_cluster_and_it_joins_them_when_it_comes(ref: str) -> None:
    stage = clustering()
    first = only(stage.update(say("b", "", 1, Kind.FORWARD, **{ref: "a"})))
    second = only(stage.update(say("c", "", 2, Kind.FORWARD, **{ref: "a"})))
    root = only(stage.update(say("a", DAM, 3)))
    copy = only(stage.update(say("d", DAM, 4)))
    assert [x.method for x in (first, second, root, copy)] == [
        Method.FIRST_SHARE,
        Method.LINK,
        Method.LINK,
        Method.EXACT,
    ]
    assert len({x.cluster_id for x in (first, second, root, copy)}) == 1


def test_a_message_seen_again_joins_itself() -> None:
    stage = clustering()
    first = only(stage.update(say("a", DAM, message="m")))
    edited = only(stage.update(say("b", CALM, 1, message="m")))
    assert (edited.cluster_id, edited.method) == (first.cluster_id, Method.LINK)


def test_the_words_of_a_forward_become_a_wording_of_its_cluster() -> None:
    stage = clustering()
    first = only(stage.update(say("a", DAM)))
    stage.update(say("b", CALM, 1, Kind.FORWARD, parent="a"))
    assert only(stage.update(say("c", CALM, 2))).cluster_id == first.cluster_id


def test_a_forward_near_the_cluster_that_it_is_linked_to_suggests_nothing() -> None:
    stage = clustering(ANGLES)
    stage.update(say("a", DAM))
    assert only(stage.update(say("b", FLOOD, 1, Kind.FORWARD, parent="a"))).suggestion is None


def test_a_reply_is_clustered_by_its_own_words_and_never_by_what_it_answers() -> None:
    stage = clustering()
    first = only(stage.update(say("a", DAM)))
    other = only(stage.update(say("b", CALM, 1, Kind.REPLY, parent="a", root="a")))
    same = only(stage.update(say("c", DAM, 2, Kind.REPLY, parent="b", root="a")))
    short = only(stage.update(say("d", "no way", 3, Kind.REPLY, parent="a", root="a")))
    assert (other.method, short.method) == (Method.FIRST_SHARE, Method.FIRST_SHARE)
    assert (same.cluster_id, same.method) == (first.cluster_id, Method.EXACT)
    assert len({first.cluster_id, other.cluster_id, short.cluster_id}) == 3


def test_a_reply_to_a_message_nobody_saw_does_not_claim_it() -> None:
    stage = clustering()
    reply = only(stage.update(say("b", CALM, 1, Kind.REPLY, parent="a", root="a")))
    assert only(stage.update(say("a", DAM, 2))).cluster_id != reply.cluster_id


def test_a_quote_joins_what_it_quotes_and_its_own_words_are_not_learned() -> None:
    stage = clustering()
    first = only(stage.update(say("a", DAM)))
    quote = only(stage.update(say("b", CALM, 1, Kind.QUOTE, parent="a")))
    later = only(stage.update(say("c", CALM, 2)))
    assert (quote.cluster_id, quote.method) == (first.cluster_id, Method.LINK)
    assert later.cluster_id != first.cluster_id


def test_a_quote_without_a_reference_is_a_post() -> None:
    stage = clustering()
    first = only(stage.update(say("a", DAM)))
    assert only(stage.update(say("b", DAM, 1, Kind.QUOTE))).cluster_id == first.cluster_id


# --- merges -----------------------------------------------------------------------------------------------------------


def test_a_bridge_between_two_near_clusters_makes_them_one_and_the_earlier_id_stays() -> None:
    # DAM ---.94--- BRIDGE ---.94--- FLOOD        DAM ---.77--- FLOOD (near enough to each other)
    stage = clustering(ANGLES)
    first, second = only(stage.update(say("a", DAM))), only(stage.update(say("b", FLOOD, 1)))
    merge, joined = stage.update(say("c", BRIDGE, 2))
    assert merge == Merge(
        survivor=first.cluster_id,
        absorbed=second.cluster_id,
        time=2,
        method=Method.EMBEDDING,
        event_id=digest("event c"),
        similarity=0.939693,
    )
    assert joined.cluster_id == first.cluster_id
    assert stage.resolve(second.cluster_id) == first.cluster_id
    assert only(stage.update(say("d", FLOOD, 3))).cluster_id == first.cluster_id
    assert len(stage) == 1


def test_a_bridge_that_shares_few_letters_with_the_other_cluster_only_suggests_it() -> None:
    stage = clustering(ANGLES, bridge_threshold=0.5)
    first, second = only(stage.update(say("a", DAM))), only(stage.update(say("b", FLOOD, 1)))
    joined = only(stage.update(say("c", BRIDGE, 2)))
    assert (joined.cluster_id, joined.method) == (first.cluster_id, Method.EMBEDDING)
    assert joined.suggestion == Suggestion(second.cluster_id, 0.939693)
    assert len(stage) == 2


REPORTED = "the old dam above the town has burst and nobody knows how many people are still there at this hour"
NEARLY = REPORTED.replace("this hour", "that hour")
RETOLD = NEARLY.replace("people are still there", "villagers wait")


def test_a_text_that_joins_by_its_letters_bridges_like_one_that_joins_by_its_meaning() -> None:
    # REPORTED ---letters--- NEARLY ---.94--- RETOLD        REPORTED ---.77--- RETOLD (near enough to each other)
    stage = clustering({REPORTED: 0, NEARLY: 20, RETOLD: 40})
    first, second = only(stage.update(say("a", REPORTED))), only(stage.update(say("b", RETOLD, 1)))
    assert stage.texts_to_embed([say("c", NEARLY, 2)]) == [NEARLY]
    merge, joined = stage.update(say("c", NEARLY, 2))
    assert (merge.survivor, merge.absorbed) == (first.cluster_id, second.cluster_id)
    assert (merge.method, merge.similarity) == (Method.EMBEDDING, 0.939693)
    assert (joined.cluster_id, joined.method) == (first.cluster_id, Method.LEXICAL)


def test_a_text_that_joins_by_its_letters_bridges_nothing_where_the_two_are_not_near_each_other() -> None:
    stage = clustering({REPORTED: 0, NEARLY: 25, RETOLD: 50})
    first, second = only(stage.update(say("a", REPORTED))), only(stage.update(say("b", RETOLD, 1)))
    joined = only(stage.update(say("c", NEARLY, 2)))
    assert (joined.cluster_id, joined.method) == (first.cluster_id, Method.LEXICAL)
    assert joined.suggestion == Suggestion(second.cluster_id, 0.906308)


UNPROPOSED = REPORTED.replace("people are still there at this hour", "are missing in the mud below it")


def test_a_text_bridges_to_a_cluster_near_its_own_also_where_banding_does_not_propose_it() -> None:
    stage = clustering({REPORTED: 0, NEARLY: 20, UNPROPOSED: 40})
    first, second = only(stage.update(say("a", REPORTED))), only(stage.update(say("b", UNPROPOSED, 1)))
    wordings = stage._search._wordings
    assert not wordings.is_contested(wordings.sketch(content(NEARLY)), first.cluster_id, 0.0)
    assert stage.texts_to_embed([say("c", NEARLY, 2)]) == [NEARLY]
    merge, joined = stage.update(say("c", NEARLY, 2))
    assert (merge.survivor, merge.absorbed) == (first.cluster_id, second.cluster_id)
    assert (joined.cluster_id, joined.method) == (first.cluster_id, Method.LEXICAL)


EARLY = {REPORTED: 0, NEARLY: 20, RETOLD: 40}
ALIKE = estimate(*(Sketcher(SketchConfig()).sketch(text) for text in (NEARLY, RETOLD)))


def early(**config: object) -> tuple[Clustering, str, str]:
    """A text between two came before the second of them; gives the clusters of the two."""
    stage = clustering(EARLY, **config)
    first = only(stage.update(say("a", REPORTED)))
    assert only(stage.update(say("b", NEARLY, 1))).cluster_id == first.cluster_id
    second = only(stage.update(say("c", RETOLD, 2)))
    assert second.suggestion == Suggestion(first.cluster_id, 0.766044)
    return stage, first.cluster_id, second.cluster_id


def test_a_text_that_came_before_the_cluster_it_bridges_to_makes_them_one_when_it_comes_again() -> None:
    # REPORTED creates | NEARLY joins by its letters | RETOLD creates, .77 from REPORTED | NEARLY again: .94 from RETOLD
    stage, first, second = early()
    merge, joined = stage.update(say("d", NEARLY, 3))
    assert merge == Merge(
        survivor=first,
        absorbed=second,
        time=3,
        method=Method.EMBEDDING,
        event_id=digest("event d"),
        similarity=0.939693,
    )
    assert (joined.cluster_id, joined.method) == (first, Method.EXACT)


def test_a_paraphrase_that_came_before_the_cluster_it_bridges_to_makes_them_one_when_it_comes_again() -> None:
    stage = clustering(ANGLES)
    first = only(stage.update(say("a", DAM)))
    assert only(stage.update(say("b", BRIDGE, 1))).method is Method.EMBEDDING
    second = only(stage.update(say("c", FLOOD, 2)))
    merge, _ = stage.update(say("d", BRIDGE, 3))
    assert (merge.survivor, merge.absorbed) == (first.cluster_id, second.cluster_id)


def test_a_text_that_created_its_cluster_is_not_compared_again() -> None:
    stage, first, _ = early()
    asked = calls(stage)
    assert only(stage.update(say("d", REPORTED, 3))).cluster_id == first
    assert only(stage.update(say("e", RETOLD, 3))).cluster_id != first
    assert calls(stage) == asked


@pytest.mark.parametrize(("least", "merged"), [(ALIKE, True), (ALIKE + 1e-6, False)])
def test_a_text_that_comes_again_bridges_only_where_it_shares_enough_letters(least: float, merged: bool) -> None:
    stage, first, second = early(bridge_threshold=least)
    asked = calls(stage)
    stage.update(say("d", NEARLY, 3))
    assert (stage.resolve(second) == first) is merged
    assert (calls(stage) > asked) is merged


def test_a_text_is_compared_again_once_for_each_cluster_that_its_own_meets() -> None:
    # FLOOD -41 deg    REPORTED 0    NEARLY 9    RETOLD 41        cos 41 = .755 (suggest), cos 32 = .848 (no match)
    stage = clustering({REPORTED: 0, NEARLY: 9, RETOLD: 41, FLOOD: -41})
    first = only(stage.update(say("a", REPORTED)))
    stage.update(say("b", NEARLY, 1))
    stage.update(say("c", RETOLD, 2))
    asked = []
    for time in (3, 4):
        assert only(stage.update(say(f"d{time}", NEARLY, time))).cluster_id == first.cluster_id
        asked.append(calls(stage))
    assert asked[0] == asked[1]
    stage.update(say("e", FLOOD, 5))  # meets REPORTED: RETOLD still shares letters with NEARLY
    for time in (6, 7):
        assert only(stage.update(say(f"d{time}", NEARLY, time))).cluster_id == first.cluster_id
        asked.append(calls(stage))
    assert [n - asked[1] for n in asked[2:]] == [2, 2]  # FLOOD, and NEARLY once


def test_a_text_that_comes_again_bridges_nothing_where_the_two_are_not_near_each_other() -> None:
    stage = clustering({REPORTED: 0, NEARLY: 25, RETOLD: 50})
    first = only(stage.update(say("a", REPORTED)))
    stage.update(say("b", NEARLY, 1))
    assert only(stage.update(say("c", RETOLD, 2))).suggestion is None
    assert only(stage.update(say("d", NEARLY, 3))).cluster_id == first.cluster_id
    assert len(stage) == 2


def test_a_merged_cluster_goes_on_knowing_what_both_were_near_to() -> None:
    stage, first, second = early()
    stage.update(say("x", CALM, 3))
    stage.update(say("y", CALM, 4, Kind.FORWARD, parent="c"))  # RETOLD's cluster and CALM's are one
    merge, _ = stage.update(say("d", NEARLY, 5))
    assert (merge.survivor, merge.absorbed) == (first, second)


def test_a_cluster_that_was_forgotten_is_bridged_to_by_nothing() -> None:
    stage, first, _ = early(retention_ms=10)
    stage.update(say("d", REPORTED, 9))
    assert only(stage.update(say("e", NEARLY, 13))).cluster_id == first
    assert len(stage) == 1


def test_only_the_last_clusters_that_one_met_are_remembered() -> None:
    stage, first, second = early(max_link_candidates=1, bridge_threshold=0.5)
    assert [[other.id for other in stage._clusters.link_candidates(one)] for one in stage._clusters] == [
        [second],
        [first],
    ]
    third = only(stage.update(say("x", FLOOD, 3)))
    stage._clusters.link_candidate(stage._clusters.get(first), stage._clusters.get(third.cluster_id))
    assert only(stage.update(say("d", NEARLY, 4))).cluster_id == first  # RETOLD's is no longer known to be near
    assert len(stage) == 3


def test_a_wording_and_a_cluster_of_before_they_could_meet_still_load() -> None:
    cluster = msgspec.msgpack.decode(msgspec.msgpack.encode(["a", 1, 2, 3, True, "dam", [], []]), type=Cluster)
    wording = msgspec.msgpack.decode(msgspec.msgpack.encode(["a", []]), type=KnownWording)
    assert (cluster.link_candidates, cluster.candidate_epoch, wording.checked_at) == ([], 0, NO_RECHECK)


def test_a_text_between_two_clusters_that_are_not_near_each_other_bridges_nothing() -> None:
    # 0 deg ---.90--- 25 deg ---.90--- 50 deg        cos 50 = .643: below suggest
    stage = clustering({DAM: 0, BRIDGE: 24, FLOOD: 50})
    first = only(stage.update(say("a", DAM)))
    second = only(stage.update(say("b", FLOOD, 1)))
    joined = only(stage.update(say("c", BRIDGE, 2)))
    assert joined.cluster_id == first.cluster_id
    assert joined.suggestion == Suggestion(second.cluster_id, 0.898794)
    assert len(stage) == 2


def test_a_forward_of_one_cluster_with_exactly_the_text_of_another_makes_them_one() -> None:
    stage = clustering()
    first, second = only(stage.update(say("a", DAM))), only(stage.update(say("b", CALM, 1)))
    merge, joined = stage.update(say("c", CALM, 2, Kind.FORWARD, parent="a"))
    assert (merge.survivor, merge.absorbed, merge.method) == (first.cluster_id, second.cluster_id, Method.EXACT)
    assert (joined.cluster_id, joined.method) == (first.cluster_id, Method.LINK)


def test_a_forward_of_one_cluster_with_nearly_the_text_of_another_makes_them_one() -> None:
    stage = clustering()
    long = CALM + " and all the buses will run as they did before the holidays began"
    first, second = only(stage.update(say("a", DAM))), only(stage.update(say("b", long, 1)))
    merge, joined = stage.update(say("c", long + " here", 2, Kind.FORWARD, parent="a"))
    assert (merge.survivor, merge.absorbed, merge.method) == (first.cluster_id, second.cluster_id, Method.LEXICAL)
    assert merge.similarity >= 0.8
    assert joined.cluster_id == first.cluster_id


def test_a_parent_and_a_root_in_two_clusters_make_them_one() -> None:
    stage = clustering()
    first, second = only(stage.update(say("a", DAM))), only(stage.update(say("b", CALM, 1)))
    merge, joined = stage.update(say("c", "", 2, Kind.FORWARD, parent="b", root="a"))
    assert (merge.survivor, merge.absorbed, merge.method) == (first.cluster_id, second.cluster_id, Method.LINK)
    assert joined.cluster_id == first.cluster_id


def test_a_forward_whose_words_are_near_another_cluster_merges_only_clusters_that_are_near() -> None:
    stage = clustering({DAM: 0, BRIDGE: 80, FLOOD: 90})
    first, second = only(stage.update(say("a", DAM))), only(stage.update(say("b", FLOOD, 1)))
    joined = only(stage.update(say("c", BRIDGE, 2, Kind.FORWARD, parent="a")))
    assert (joined.cluster_id, joined.method) == (first.cluster_id, Method.LINK)
    assert joined.suggestion == Suggestion(second.cluster_id, 0.984808)
    # nor does the forward's text, now known in the first cluster, draw the second in later:
    assert only(stage.update(say("d", FLOOD, 3))).cluster_id == second.cluster_id
    assert len(stage) == 2


def test_a_cluster_without_any_text_contradicts_nothing() -> None:
    stage = clustering({DAM: 0, BRIDGE: 10})
    first = only(stage.update(say("a", "", 0, Kind.FORWARD, root="m")))
    second = only(stage.update(say("b", DAM, 1)))
    merge, joined = stage.update(say("m", BRIDGE, 2))
    assert (merge.survivor, merge.absorbed) == (first.cluster_id, second.cluster_id)
    assert joined.cluster_id == first.cluster_id


def test_merges_chain_and_every_former_id_leads_to_the_one_that_stays() -> None:
    stage = clustering()
    texts = [f"{word} happened yesterday in the harbour of {word}" for word in ("alpha", "bravo", "candle", "dragon")]
    ids = [only(stage.update(say(str(i), text, i))).cluster_id for i, text in enumerate(texts)]
    stage.update(say("x", texts[3], 10, Kind.FORWARD, parent="2"))
    stage.update(say("y", texts[1], 11, Kind.FORWARD, parent="0"))
    merge, joined = stage.update(say("z", texts[3], 12, Kind.FORWARD, parent="1"))
    assert (merge.survivor, merge.absorbed, joined.cluster_id) == (ids[0], ids[2], ids[0])
    assert [stage.resolve(id_) for id_ in ids] == [ids[0]] * 4
    assert stage.resolve("ab" * 16) == "ab" * 16
    assert stage.merged == 3


def test_of_clusters_created_at_once_the_smaller_id_survives() -> None:
    stage = clustering()
    ids = sorted(only(stage.update(say(name, text, 5))).cluster_id for name, text in (("a", DAM), ("b", CALM)))
    merge, _ = stage.update(say("c", CALM, 6, Kind.FORWARD, parent="a"))
    assert [merge.survivor, merge.absorbed] == ids


def test_a_merged_cluster_keeps_no_more_representatives_than_the_bound() -> None:
    stage = clustering(max_representatives=1)
    stage.update(say("a", DAM))
    stage.update(say("b", CALM, 1))
    stage.update(say("c", CALM, 2, Kind.FORWARD, parent="a"))
    assert stage._search._wordings._owners == {digest(DAM): stage.resolve(cluster_id("default", digest("event b")))}
    assert only(stage.update(say("d", CALM, 3))).method is Method.EXACT  # the wording itself is still known


def test_only_so_many_former_ids_lead_on() -> None:
    stage = clustering(max_former_ids=1)
    ids = [
        only(stage.update(say(str(i), f"{w} is on fire again tonight {w}", i))).cluster_id for i, w in enumerate("xyz")
    ]
    for i in (1, 2):
        stage.update(say(f"f{i}", f"{'xyz'[i]} is on fire again tonight {'xyz'[i]}", 9 + i, Kind.FORWARD, parent="0"))
    assert [stage.resolve(id_) for id_ in ids] == [ids[0], ids[1], ids[0]]


# --- variants ---------------------------------------------------------------------------------------------------------


def test_a_negation_joins_and_is_marked_and_the_mark_is_remembered() -> None:
    text = "the city water supply is safe to drink after the accident at the plant"
    denial = "the city water supply is not safe to drink after the accident at the plant"
    stage = clustering({text: 0, denial: 10})
    first = only(stage.update(say("a", text)))
    second = only(stage.update(say("b", denial, 1)))
    third = only(stage.update(say("c", denial, 2)))
    assert first.variants == ()
    assert second.cluster_id == first.cluster_id
    assert second.variants == third.variants == (Variant.NEGATION,)
    assert third.method is Method.EXACT


# --- statements -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Kind.COUNTER, {"counters": Counters(views=5)}),
        (Kind.DELETE, {}),
        (Kind.REPORT, {"report": Report("spam")}),
        (Kind.DEBUNK, {"debunk": Debunk("desk", "false")}),
    ],
)
@pytest.mark.parametrize("ref", ["message", "parent", "root"])
def test_a_statement_goes_to_the_cluster_of_the_message_it_refers_to(kind: Kind, fields: dict, ref: str) -> None:
    stage = clustering()
    first = only(stage.update(say("a", DAM)))
    statement = only(stage.update(say("s", "", 1, kind, **{"message": None, ref: "a"}, **fields)))
    assert (statement.cluster_id, statement.method) == (first.cluster_id, Method.LINK)
    assert stage.update(say("t", "", 2, kind, message="nobody saw this", **fields)) == []
    assert stage.unmatched == 1
    assert sum(stage.methods.values()) == 1  # statements are no shares


def test_a_report_finds_the_message_by_its_words_and_teaches_nothing() -> None:
    stage = clustering(ANGLES)
    first = only(stage.update(say("a", DAM)))
    by_text = only(stage.update(say("r", DAM, 1, Kind.REPORT, report=Report("hate"))))
    by_meaning = only(stage.update(say("s", BRIDGE, 2, Kind.REPORT, report=Report("hate"))))
    nothing = stage.update(say("t", CALM, 3, Kind.REPORT, report=Report("hate")))
    assert (by_text.cluster_id, by_text.method) == (first.cluster_id, Method.EXACT)
    assert (by_meaning.cluster_id, by_meaning.method) == (first.cluster_id, Method.EMBEDDING)
    assert nothing == []
    assert only(stage.update(say("b", BRIDGE, 4))).method is Method.EMBEDDING  # still novel


def test_a_debunk_by_its_claim_creates_a_cluster_that_the_rumour_joins_later() -> None:
    stage = clustering()
    known = only(stage.update(say("d", DAM, 0, Kind.DEBUNK, message=None, debunk=Debunk("desk", "false"))))
    rumour = only(stage.update(say("a", DAM, 1)))
    assert (known.method, rumour.method) == (Method.FIRST_SHARE, Method.EXACT)
    assert rumour.cluster_id == known.cluster_id


def test_a_debunk_of_a_known_claim_joins_it_by_words() -> None:
    stage = clustering(ANGLES)
    first = only(stage.update(say("a", DAM)))
    debunk = only(stage.update(say("d", BRIDGE, 1, Kind.DEBUNK, message=None, debunk=Debunk("desk", "false"))))
    assert (debunk.cluster_id, debunk.method) == (first.cluster_id, Method.EMBEDDING)


def test_a_debunk_of_two_words_matches_nothing() -> None:
    stage = clustering()
    assert stage.update(say("d", "not true", 0, Kind.DEBUNK, message=None, debunk=Debunk("desk", "false"))) == []
    assert stage.unmatched == 1


def test_an_accounts_end_reaches_each_cluster_it_shared_once() -> None:
    stage = clustering()
    first = only(stage.update(say("a", DAM, actor="eve")))
    second = only(stage.update(say("b", CALM, 1, actor="eve")))
    stage.update(say("c", DAM, 2, actor="eve"))
    stage.update(say("d", "another text by somebody else entirely", 3, actor="bob"))
    out = stage.update(say("e", "", 4, Kind.ACCOUNT_STATE, actor="eve", account_status=AccountStatus.SUSPENDED))
    assert [x.cluster_id for x in out] == [second.cluster_id, first.cluster_id]  # least recently shared first
    gone = say("f", "", 5, Kind.ACCOUNT_STATE, actor="zed", account_status=AccountStatus.SUSPENDED)
    assert stage.update(gone) == []
    assert stage.unmatched == 1


def test_an_accounts_end_reaches_a_merged_cluster_once() -> None:
    stage = clustering()
    first = only(stage.update(say("a", DAM, actor="eve")))
    stage.update(say("b", CALM, 1, actor="eve"))
    stage.update(say("c", CALM, 2, Kind.FORWARD, parent="a"))
    out = stage.update(say("e", "", 4, Kind.ACCOUNT_STATE, actor="eve", account_status=AccountStatus.DELETED))
    assert [x.cluster_id for x in out] == [first.cluster_id]


# --- membership -------------------------------------------------------------------------------------------------------


def chats(*names: str) -> tuple[str, ...]:
    return tuple(digest(f"chat {name}") for name in names)


def test_the_chats_where_a_sender_was_seen_before_come_with_a_share_whose_parent_is_hidden() -> None:
    stage = clustering()
    seen = [
        only(stage.update(say(str(i), DAM, i, actor="eve", chat=chat))).member_chats
        for i, chat in enumerate(("one", "two", "one", None, "three"))
    ]
    assert seen == [(), chats("one"), chats("one", "two"), chats("two", "one"), chats("two", "one")]
    linked = only(stage.update(say("z", DAM, 9, Kind.FORWARD, actor="eve", chat="one", parent="0")))
    assert linked.member_chats == ()
    rooted = only(stage.update(say("y", DAM, 10, Kind.FORWARD, actor="eve", chat="one", root="0")))
    assert rooted.member_chats == chats("two", "three", "one")


def test_only_the_last_chats_clusters_and_actors_are_remembered() -> None:
    stage = clustering(chats_per_actor=2, clusters_per_actor=1, max_actors=1)
    for i, text in enumerate((DAM, CALM, FLOOD)):
        stage.update(say(str(i), text, i, actor="eve", chat=str(i)))
    assert stage._membership.chats(digest("actor eve")) == chats("1", "2")
    assert len(stage._membership.clusters(digest("actor eve"))) == 1
    stage.update(say("b", DAM, 9, actor="bob"))
    assert stage._membership.chats(digest("actor eve")) == ()
    assert stage._membership.clusters(digest("actor eve")) == ()


# --- late, expired ----------------------------------------------------------------------------------------------------


def test_a_late_share_may_create_a_cluster_and_says_that_it_was_late() -> None:
    late = only(clustering().update(say("a", DAM), Timeliness.LATE))
    assert (late.method, late.timeliness) == (Method.FIRST_SHARE, Timeliness.LATE)


def test_a_late_share_does_not_turn_the_clock_of_forgetting_back() -> None:
    stage = clustering(retention_ms=10)
    stage.update(say("a", DAM, 100))
    stage.update(say("b", CALM, 50), Timeliness.LATE)
    assert only(stage.update(say("c", DAM, 110))).method is Method.EXACT


def test_an_expired_share_finds_its_cluster_and_leaves_no_trace() -> None:
    stage = clustering(ANGLES)
    first = only(stage.update(say("a", DAM, 100, urls=(URL,), actor="eve", chat="one")))
    before = stage.snapshot()
    linked = say("b", CALM, 1, Kind.FORWARD, parent="a", actor="eve", chat="two")
    found = [
        only(stage.update(sighting, Timeliness.DROPPED_LATE))
        for sighting in (linked, say("c", DAM, 1), say("e", "so bad", 1, urls=(URL,)))
    ]
    assert [x.method for x in found] == [Method.LINK, Method.EXACT, Method.URL]
    assert {x.cluster_id for x in found} == {first.cluster_id}
    assert {x.timeliness for x in found} == {Timeliness.DROPPED_LATE}
    state = say("d", "", 1, Kind.ACCOUNT_STATE, actor="eve", account_status=AccountStatus.DELETED)
    assert only(stage.update(state, Timeliness.DROPPED_LATE)).timeliness is Timeliness.DROPPED_LATE
    assert stage.snapshot() == before


def test_an_expired_share_of_something_new_is_only_counted_and_never_asks_the_model() -> None:
    stage = clustering(ANGLES)
    stage.update(say("a", DAM, 100))
    asked = calls(stage)
    for sighting in (say("b", BRIDGE, 1), say("c", "good morning", 1), say("d", DAM.upper() + "?", 1, Kind.DELETE)):
        assert stage.update(sighting, Timeliness.DROPPED_LATE) == [] or sighting.kind is Kind.DELETE
    assert stage.unmatched == 2
    assert calls(stage) == asked
    assert len(stage) == 1


def test_an_expired_reply_does_not_join_what_it_answers() -> None:
    stage = clustering()
    stage.update(say("a", DAM, 100))
    assert stage.update(say("b", CALM, 1, Kind.REPLY, parent="a"), Timeliness.DROPPED_LATE) == []


# --- vectors ----------------------------------------------------------------------------------------------------------


def test_a_vector_that_travelled_is_used_and_does_not_travel_on() -> None:
    model = Angles(ANGLES)
    stage = Clustering(ClusteringConfig(**LIMITS), model)
    sent = msgspec.structs.replace(say("a", DAM), vector=model([DAM])[0].tobytes())
    model.asked.clear()
    assert only(stage.update(sent)).sighting.vector is None
    assert model.asked == []
    assert only(stage.update(say("b", BRIDGE, 1))).method is Method.EMBEDDING


@pytest.mark.parametrize("vector", [b"", b"abc", bytes(8), np.ones(64, "<f4").tobytes(), bytes(4 * 63)])
def test_a_vector_that_is_none_of_this_models_is_computed_again(vector: bytes) -> None:
    stage = clustering(ANGLES)
    stage.update(say("a", DAM))
    sent = msgspec.structs.replace(say("b", BRIDGE, 1), vector=vector)
    assert only(stage.update(sent)).method is Method.EMBEDDING


def test_wanted_names_each_novel_text_once_and_primed_vectors_save_the_call() -> None:
    model = Angles(ANGLES)
    stage = Clustering(ClusteringConfig(**LIMITS), model)
    stage.update(say("a", DAM))
    batch = [
        say("b", BRIDGE, 1),
        say("c", BRIDGE, 2),
        say("d", DAM, 3),
        say("e", "good morning", 4),
        say("f", CALM, 5, Kind.QUOTE, parent="a"),
        say("g", FLOOD, 6, Kind.REPORT),
    ]
    wanted = stage.texts_to_embed(batch)
    assert wanted == [BRIDGE, FLOOD]
    stage.set_vectors(wanted, model(wanted))
    model.asked.clear()
    for sighting in batch:
        stage.update(sighting)
    assert model.asked == []


def test_a_prepared_batch_asks_the_model_once_and_decides_the_same() -> None:
    texts = [f"{word} closed its gates without any notice {word}" for word in ("mill", "port", "bank", "zoo", "farm")]
    batch = [say(str(i), text, i) for i, text in enumerate(texts)]
    plain, model = clustering(), Angles()
    stage = Clustering(ClusteringConfig(**LIMITS, embed_batch=3), model)
    stage.prefetch(batch)
    assert [stage.update(s) for s in batch] == [plain.update(s) for s in batch]
    assert [len(asked) for asked in model.asked] == [3, 2]


# --- bounds and forgetting --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("time", "method"), [(1000, Method.EXACT), (1001, Method.FIRST_SHARE)])
def test_a_cluster_is_forgotten_after_the_retention_time_since_its_last_share(time: int, method: Method) -> None:
    # created 0 -------- shared again 100 -------------- retention ends at 100 + 900
    stage = clustering(retention_ms=900)
    stage.update(say("a", DAM))
    stage.update(say("b", DAM, 100))
    assert only(stage.update(say("c", DAM, time))).method is method


def test_a_forgotten_cluster_is_found_by_no_method() -> None:
    stage = clustering({DAM: 0, BRIDGE: 1}, retention_ms=10)
    long = DAM + " and nobody knows how many people are there at this hour"
    fields = {"urls": (URL,), "media": (picture("p", PDQ, 90),), "actor": "eve"}
    stage.update(say("a", DAM, 0, **fields))
    stage.update(say("b", long, 0, Kind.FORWARD, parent="a"))
    again = [
        stage.update(say("c", "", 100, Kind.FORWARD, parent="a")),
        stage.update(say("d", "", 100, urls=(URL,))),
        stage.update(say("e", "", 100, media=(picture("q", PDQ, 90),))),
        stage.update(say("f", BRIDGE, 100)),
    ]
    assert [only(x).method for x in again] == [Method.FIRST_SHARE] * 4
    assert stage.update(say("g", "", 100, Kind.ACCOUNT_STATE, actor="eve")) == []
    assert stage.evicted == 1
    assert set(stage._search._wordings._owners) == {digest(BRIDGE)}
    assert digest(DAM) not in stage._search._wordings._known
    assert set(stage._search._messages) == {
        digest(f"message {name}") for name in "acdef"
    }  # the stale ones are swept out


def test_a_merged_cluster_is_forgotten_with_all_its_ids() -> None:
    stage = clustering(retention_ms=10)
    stage.update(say("a", DAM))
    second = only(stage.update(say("b", CALM, 1)))
    stage.update(say("c", CALM, 2, Kind.FORWARD, parent="a"))
    stage.update(say("d", FLOOD, 100))
    assert stage.resolve(second.cluster_id) == second.cluster_id
    assert len(stage) == 1


def test_a_flood_of_novel_texts_displaces_itself_and_not_what_grew() -> None:
    stage = clustering(max_clusters=8)
    stage.update(say("a", DAM))
    grown = only(stage.update(say("b", DAM, 1)))
    for i in range(50):
        stage.update(say(f"n{i}", f"nothing but number {i} in this text here {i * 7919}", 2 + i))
    assert len(stage) == 8
    assert only(stage.update(say("c", DAM, 100))).cluster_id == grown.cluster_id


def test_where_nearly_all_grew_the_least_recently_shared_goes_so_that_something_new_can_grow() -> None:
    stage = clustering(max_clusters=8)
    for i in range(20):
        text = f"story number {i} about place {i * 7919} spreads"
        for j in range(2):
            stage.update(say(f"{i} {j}", text, 10 * i + j))
    assert len(stage) == 8
    assert only(stage.update(say("new", "story number 19 about place 150461 spreads", 999))).method is Method.EXACT
    assert only(stage.update(say("old", "story number 0 about place 0 spreads", 1000))).method is Method.FIRST_SHARE


def test_no_index_outgrows_its_bound() -> None:
    stage = clustering(
        max_wordings=3, max_messages=4, max_shared_keys=5, max_actors=2, max_clusters=100, clusters_per_shared_key=2
    )
    for i in range(30):
        text = f"item {i} of the list has value {i * 7919} today"
        stage.update(say(str(i), text, i, actor=str(i), urls=(f"example.org/story-{i:09}", URL)))
    assert len(stage._search._wordings._known) == 3
    assert len(stage._search._messages) == 4
    assert len(stage._search._shared_keys._clusters) == 5
    assert len(stage._search._shared_keys.clusters("u" + URL)) == 2
    assert len(stage._membership.snapshot()) == 2


def test_a_wording_that_fell_out_of_memory_is_found_again_by_its_representative() -> None:
    stage = clustering(max_wordings=1)
    first = only(stage.update(say("a", DAM)))
    stage.update(say("b", CALM, 1))
    again = only(stage.update(say("c", DAM, 2)))
    assert (again.cluster_id, again.method, again.similarity) == (first.cluster_id, Method.LEXICAL, 1.0)


def test_a_mark_seen_in_many_clusters_forgets_the_dead_ones_first() -> None:
    stage = clustering(clusters_per_shared_key=1, retention_ms=10)
    stage.update(say("a", DAM, 0, urls=(URL,)))
    second = only(stage.update(say("b", CALM, 100, urls=(URL,))))
    assert only(stage.update(say("c", "", 101, urls=(URL,)))).cluster_id == second.cluster_id


def test_only_so_many_addresses_of_one_message_are_looked_at() -> None:
    stage = clustering(shared_keys_per_share=2)
    urls = tuple(f"example.org/story-{i:09}" for i in range(5))
    stage.update(say("a", DAM, urls=urls, media=tuple(picture(str(i)) for i in range(5))))
    assert len(stage._search._shared_keys._clusters) == 4


# --- accounts ---------------------------------------------------------------------------------------------------------


def test_the_shares_of_each_method_are_counted() -> None:
    stage = clustering(ANGLES)
    for i, text in enumerate((DAM, DAM, BRIDGE, CALM)):
        stage.update(say(str(i), text, i))
    stage.update(say("f", "", 9, Kind.FORWARD, parent="0"))
    counted = {method: n for method, n in stage.methods.items() if n}
    assert counted == {Method.FIRST_SHARE: 2, Method.EXACT: 1, Method.EMBEDDING: 1, Method.LINK: 1}
    assert (stage.created, stage.merged, stage.evicted, stage.unmatched) == (2, 0, 0, 0)


# --- configuration ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"embedding_threshold": 0.0}, "ClusteringConfig.embedding_threshold is 0.0; expected `float` > 0.0"),
        ({"lexical_threshold": 1.1}, "ClusteringConfig.lexical_threshold is 1.1; expected `float` <= 1.0"),
        (
            {"suggestion_threshold": 0.9},
            r"clustering.suggestion_threshold is 0.9, above clustering.embedding_threshold \(0.85\); lower",
        ),
        (
            {"sketch": SketchConfig(threshold=0.9)},
            r"clustering.lexical_threshold is 0.8, below clustering.sketch.threshold \(0.9\), .*; raise",
        ),
        ({"short_text_margin": 1.0}, "ClusteringConfig.short_text_margin is 1.0; expected `float` < 1.0"),
        ({"pdq_distance": -1}, "ClusteringConfig.pdq_distance is -1; expected `int` >= 0"),
        ({"pdq_quality": 101}, "ClusteringConfig.pdq_quality is 101; expected `int` <= 100"),
        ({"realm": ""}, "ClusteringConfig.realm is ''; expected `str` of length >= 1"),
        ({"max_clusters": 0}, "ClusteringConfig.max_clusters is 0; expected `int` >= 1"),
    ],
)
def test_a_setting_that_could_never_work_is_refused(setting: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ClusteringConfig(**(LIMITS | setting))


HINDI_DAM = "बाँध आज रात टूट जाएगा नदी के गाँव खाली करो अभी"
HINDI_BANK = "बैंक कल सुबह बंद रहेगा सब लोग अपना पैसा निकाल लो"
HINDI_DAM_LONGER = HINDI_DAM + " सब को भेजो"


def test_what_only_the_model_finds_near_joins_nothing() -> None:
    #  cosine 1 in every case; letters in common:  dam and bank none, dam and its longer copy most
    angles = dict.fromkeys((HINDI_DAM, HINDI_BANK, HINDI_DAM_LONGER), 10.0)
    stage = clustering(angles, lexical_threshold=0.99, min_lexical_unread=0.4)
    dam = only(stage.update(say("a", HINDI_DAM)))
    bank = only(stage.update(say("b", HINDI_BANK, 1)))
    longer = only(stage.update(say("c", HINDI_DAM_LONGER, 2)))
    assert (bank.method, bank.suggestion) == (Method.FIRST_SHARE, None)
    assert (longer.method, longer.cluster_id) == (Method.EMBEDDING, dam.cluster_id)


def test_an_address_replaces_no_letters_where_the_model_cannot_read() -> None:
    angles = dict.fromkeys((HINDI_DAM, HINDI_BANK), 10.0)
    limits = {"min_lexical_read": 0.5, "min_lexical_unread": 0.5, "min_lexical_sharing": 0.0, "caption_words": 0}
    for scripts, method in ((("Latin",), Method.FIRST_SHARE), (("Latin", "Devanagari"), Method.URL)):
        stage = clustering(angles, **limits, model_scripts=scripts)
        stage.update(say("a", HINDI_DAM, urls=(URL,)))
        assert only(stage.update(say("b", HINDI_BANK, 1, urls=(URL,)))).method is method


def test_the_limit_on_letters_in_common_depends_on_what_the_model_reads() -> None:
    angles = dict.fromkeys((HINDI_DAM, HINDI_DAM_LONGER), 10.0)
    strict = {"lexical_threshold": 0.99, "min_lexical_read": 0.0, "min_lexical_unread": 0.99}
    for scripts, method in ((("Latin",), Method.FIRST_SHARE), (("Latin", "Devanagari"), Method.EMBEDDING)):
        stage = clustering(angles, **strict, model_scripts=scripts)
        stage.update(say("a", HINDI_DAM))
        assert only(stage.update(say("b", HINDI_DAM_LONGER, 1))).method is method
