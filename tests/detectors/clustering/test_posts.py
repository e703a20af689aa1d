"""A post counts once: an edit is no second share and no bridge, an album is one share, a quote is none."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.clustering import Clustering
from schemas.assignment import Assignment, Merge, Method, Role, Timeliness
from schemas.event import Counters, Kind
from tests.detectors.clustering.clusters import clustering, digest, only, picture, say

WELL = "the new well in the west quarter gives salty water since sunday"
BUS = "every night bus of line nine is cancelled from monday until further notice"
CHEESE = "they sell goat cheese with chalk in it at the northern gate"


def roles(decisions):
    return [one.role for one in decisions if isinstance(one, Assignment)]


def merges(decisions):
    return [one for one in decisions if isinstance(one, Merge)]


def two_rumours(**config) -> tuple[Clustering, str, str]:
    """One share of each rumour, and their clusters."""
    stage = clustering(**config)
    well = only(stage.update(say("w", WELL, 0, actor="ada", chat="c1")))
    bus = only(stage.update(say("b", BUS, 1, actor="bob", chat="c2")))
    return stage, well.cluster_id, bus.cluster_id


# --- edits ------------------------------------------------------------------------------------------------------------


def test_an_edit_into_another_known_text_moves_nothing():
    stage, well, bus = two_rumours()
    assert stage.update(say("w2", BUS, 9, actor="ada", chat="c1", message="w")) == []
    assert (len(stage), stage.revised) == (2, 1)
    assert only(stage.update(say("x", BUS, 10, actor="eve"))).cluster_id == bus
    assert only(stage.update(say("y", WELL, 11, actor="fay"))).cluster_id == well


def test_an_edit_into_new_words_is_a_wording_of_the_cluster_and_teaches_nothing():
    stage, well, _ = two_rumours()
    edit = only(stage.update(say("w2", CHEESE, 9, actor="ada", chat="c1", message="w")))
    assert (edit.cluster_id, edit.role, edit.method) == (well, Role.REVISION, Method.LINK)
    assert only(stage.update(say("x", CHEESE, 10, actor="eve"))).method is Method.FIRST_SHARE
    assert stage.merged == 0


@pytest.mark.parametrize("fields", [{}, {"actor": "ada"}, {"actor": "an admin", "chat": "c1"}])
def test_an_event_of_kind_edit_needs_no_sender(fields):
    stage, well, _ = two_rumours()
    edit = only(stage.update(say("w2", CHEESE, 9, Kind.EDIT, message="w", **fields)))
    assert (edit.cluster_id, edit.role) == (well, Role.REVISION)
    again = only(stage.update(say("w3", CHEESE + " again", 10, actor="ada", chat="c1", message="w")))
    assert again.role is Role.REVISION  # the sender of the original is remembered


def test_an_edit_is_found_in_another_chat_and_back_to_the_first_words():
    stage, well, _ = two_rumours()
    stage.update(say("w2", CHEESE, 9, actor="ada", chat="elsewhere", message="w"))
    back = only(stage.update(say("w3", WELL, 10, actor="ada", chat="c1", message="w")))
    assert (back.cluster_id, back.role) == (well, Role.REVISION)


def test_a_message_without_a_sender_is_edited_by_its_channel():
    stage = clustering()
    first = only(stage.update(say("w", WELL, chat="channel")))
    edit = only(stage.update(say("w2", CHEESE, 9, chat="channel", message="w")))
    assert (edit.cluster_id, edit.role) == (first.cluster_id, Role.REVISION)


def test_the_id_of_another_persons_message_and_equal_words_are_no_edit():
    stage, well, _ = two_rumours()
    forward = only(stage.update(say("f", CHEESE, 9, Kind.FORWARD, actor="eve", message="w")))
    assert (forward.cluster_id, forward.role) == (well, Role.SHARE)
    stage, well, _ = two_rumours()
    assert only(stage.update(say("w2", WELL, 9, actor="ada", chat="c1", message="w"))).role is Role.SHARE


def test_an_edit_of_an_unknown_message_is_the_first_that_is_seen_of_it():
    stage, _, bus = two_rumours()
    unknown = only(stage.update(say("u", BUS, 9, Kind.EDIT, actor="eve", message="never seen")))
    assert (unknown.cluster_id, unknown.role, unknown.sighting.kind) == (bus, Role.SHARE, Kind.POST)
    late = stage.update(say("v", WELL, 3, actor="eve", message="never seen"), Timeliness.LATE)
    assert late == []  # the original, older words of the same message


def test_an_edit_far_behind_the_watermark_is_only_counted():
    stage, _, _ = two_rumours()
    assert stage.update(say("w2", CHEESE, 9, Kind.EDIT, message="w"), Timeliness.DROPPED_LATE) == []
    assert stage.revised == 1


def test_a_deletion_by_the_sender_is_no_edit():
    stage, well, _ = two_rumours()
    for timeliness in Timeliness:
        gone = only(stage.update(say("d", "", 9, Kind.DELETE, actor="ada", chat="c1", message="w"), timeliness))
        assert (gone.cluster_id, gone.role) == (well, Role.SHARE)


def test_the_texts_of_messages_are_bounded():
    stage, _, _ = two_rumours(max_message_texts=1)
    assert only(stage.update(say("w2", CHEESE, 9, actor="ada", message="w"))).role is Role.SHARE


def test_an_edit_of_a_quote_is_no_wording():
    stage, _, _ = two_rumours()
    stage.update(say("q", "who believes such a thing", 5, Kind.QUOTE, parent="w", actor="eve"))
    assert stage.update(say("q2", "nobody can believe such a thing", 6, Kind.EDIT, message="q")) == []


# --- albums -----------------------------------------------------------------------------------------------------------


def part(number, time, text="", person="ada", **fields):
    """One picture of a person's album."""
    fields = {"media": (picture(f"photo {number}"),), "actor": person, "chat": f"chat of {person}"} | fields
    return say(f"{person} {number}", text, time, Kind.FORWARD, **fields)


def net(decisions):
    """Shares by cluster after all merges and withdrawals."""
    shares: dict[str, int] = {}
    for one in decisions:
        if isinstance(one, Merge):
            shares[one.survivor] = shares.get(one.survivor, 0) + shares.pop(one.absorbed, 0)
        elif one.role in {Role.SHARE, Role.WITHDRAWAL}:
            shares[one.cluster_id] = shares.get(one.cluster_id, 0) + (1 if one.role is Role.SHARE else -1)
    return {cluster: count for cluster, count in shares.items() if count}


def apply(stage, sightings):
    return [decision for sighting in sightings for decision in stage.update(sighting)]


@pytest.mark.parametrize("group", [None, "album"])
@pytest.mark.parametrize("caption", range(4))
def test_an_album_is_one_share_whichever_part_has_the_caption(caption, group):
    stage = clustering()
    fields = {} if group is None else {"group": digest(group)}
    parts = [part(n, n, WELL if n == caption else "", **fields) for n in range(4)]
    decisions = apply(stage, parts)
    (shares,) = net(decisions).values()
    assert (shares, len(stage)) == (1, 1)
    assert all(merge.same_post for merge in merges(decisions))
    # Every picture alone, and the words alone, now lead to the album's cluster.
    again = [say(f"alone {n}", "", 9_000 + n, media=(picture(f"photo {n}"),)) for n in range(4)]
    again.append(say("words", WELL, 9_999))
    assert len({only(stage.update(sighting)).cluster_id for sighting in again}) == 1


@given(orders=st.lists(st.permutations(range(3)), min_size=2, max_size=5))
def test_albums_of_many_people_are_one_rumour_in_any_order_of_their_parts(orders):
    stage, decisions = clustering(), []
    for person, order in enumerate(orders):
        times = [10_000 * person + 500 * place for place in range(3)]
        parts = [part(n, time, WELL if n == 0 else "", f"p{person}") for n, time in zip(order, times, strict=True)]
        decisions += apply(stage, parts)
    assert list(net(decisions).values()) == [len(orders)]
    assert len(stage) == 1


def test_pictures_without_any_words_stay_apart_unless_the_platform_names_the_album():
    stage = clustering()
    assert roles(apply(stage, [part(n, n) for n in range(3)])) == [Role.SHARE] * 3
    assert len(stage) == 3
    stage = clustering()
    assert roles(apply(stage, [part(n, n, group=digest("g")) for n in range(3)])) == [Role.SHARE]
    assert len(stage) == 1


@pytest.mark.parametrize(("wait", "clusters"), [(2_000, 1), (2_001, 2)])
def test_a_picture_belongs_to_the_words_of_the_last_two_seconds(wait, clusters):
    stage = clustering()
    apply(stage, [part(0, 0, WELL), part(1, wait)])
    assert len(stage) == clusters


@pytest.mark.parametrize("other", [{"actor": "bob"}, {"chat": "another"}, {"chat": None}])
def test_a_picture_of_another_sender_or_chat_is_a_post_of_its_own(other):
    stage = clustering()
    assert roles(apply(stage, [part(0, 0, WELL), part(1, 1, **other)])) == [Role.SHARE] * 2


def test_two_pictures_with_words_are_two_posts():
    stage = clustering()
    assert roles(apply(stage, [part(0, 0, WELL), part(1, 1, BUS)])) == [Role.SHARE] * 2
    assert len(stage) == 2


def test_a_picture_that_spreads_already_is_a_share_of_its_own_rumour():
    stage = clustering()
    known = [say(f"k{n}", "", n, media=(picture("photo 1"),), actor=f"k{n}") for n in range(2)]
    rumour = next(iter(net(apply(stage, known))))
    decisions = apply(stage, [part(0, 10, WELL), part(1, 11)])
    assert net(decisions)[rumour] == 1
    assert len(stage) == 2


def test_the_album_id_takes_a_picture_back_from_the_rumour_that_it_resembles():
    stage = clustering()
    known = [say(f"k{n}", "", n, media=(picture("photo 1"),), actor=f"k{n}") for n in range(2)]
    decisions = apply(stage, known)
    album = digest("g")
    decisions += apply(stage, [part(1, 10, group=album), part(0, 11, WELL, group=album)])
    assert sorted(net(decisions).values()) == [1, 2]
    assert Role.WITHDRAWAL in roles(decisions)


def test_a_second_caption_of_an_album_with_an_id_is_a_wording():
    stage = clustering()
    album = digest("g")
    decisions = apply(stage, [part(0, 0, WELL, group=album), part(1, 1, CHEESE, group=album)])
    assert roles(decisions) == [Role.SHARE, Role.REVISION]
    assert len(stage) == 1


def test_a_forward_of_a_further_part_leads_to_the_message_that_counts():
    stage = clustering()
    apply(stage, [part(0, 0, WELL), part(1, 1)])
    forward = only(stage.update(say("f", "", 9, Kind.FORWARD, parent="ada 1", actor="eve")))
    assert forward.sighting.parent == digest("message ada 0")
    views = only(stage.update(say("v", "", 9, Kind.COUNTER, message="ada 1", counters=Counters(views=9))))
    assert views.sighting.message == digest("message ada 0")


def test_the_caption_finds_its_rumour_before_the_pictures_do():
    stage, well, _ = two_rumours()
    decisions = apply(stage, [part(n, 10 + n, person="eve") for n in (1, 2)])
    decisions += stage.update(part(0, 12, WELL, person="eve"))
    assert net(decisions) == {well: 1}
    assert len(stage) == 2


@pytest.mark.parametrize("cut", range(5))
@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_a_restored_clustering_goes_on_within_an_album(cut, order):
    parts = [part(n, place, WELL if n == 2 else "") for place, n in enumerate(order)]
    parts.append(say("e", BUS, 5, Kind.EDIT, message="ada 2"))
    whole, copy = clustering(), clustering()
    apply(whole, parts[:cut])
    copy.restore(whole.snapshot())
    assert apply(copy, parts[cut:]) == apply(whole, parts[cut:])
    assert copy.snapshot() == whole.snapshot()


# --- quotes -----------------------------------------------------------------------------------------------------------


def test_a_quote_with_words_of_its_own_is_a_comment_in_the_cluster_of_the_quoted_message():
    stage, well, _ = two_rumours()
    quote = only(stage.update(say("q", "please do not pass this on unchecked", 5, Kind.QUOTE, parent="w", actor="eve")))
    assert (quote.cluster_id, quote.role) == (well, Role.COMMENT)


@pytest.mark.parametrize("text", ["", WELL])
def test_a_quote_without_words_or_with_the_words_of_the_rumour_is_a_share(text):
    stage, well, _ = two_rumours()
    quote = only(stage.update(say("q", text, 5, Kind.QUOTE, parent="w", actor="eve")))
    assert (quote.cluster_id, quote.role) == (well, Role.SHARE)


def test_a_quote_with_the_words_of_another_rumour_is_a_comment():
    stage, well, _ = two_rumours()
    quote = only(stage.update(say("q", BUS, 5, Kind.QUOTE, parent="w", actor="eve")))
    assert (quote.cluster_id, quote.role) == (well, Role.COMMENT)
    assert len(stage) == 2


def test_a_quote_that_names_no_message_is_a_share_of_its_words():
    stage, _, bus = two_rumours()
    assert only(stage.update(say("q", BUS, 5, Kind.QUOTE, actor="eve"))).cluster_id == bus


def test_a_late_quote_is_a_comment_too():
    stage, _, _ = two_rumours()
    quote = say("q", "is that so", 5, Kind.QUOTE, parent="w", actor="eve")
    assert only(stage.update(quote, Timeliness.DROPPED_LATE)).role is Role.COMMENT
