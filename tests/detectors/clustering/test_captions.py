"""Short texts over addresses and pictures: captions, frames, and the clusters that one address links."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.clustering import Clustering
from detectors.text.content_urls import names_content
from schemas.assignment import Assignment, Frame, Merge, Method, RelatedCluster, Relation
from schemas.event import Kind
from tests.detectors.clustering.clusters import clustering, only, picture, say

CALL = "Unbelievable clip, save it now before it disappears"
HEADLINE = "Harbour wall at Ostwick gives way after the storm, three streets evacuated"  # 12 words
RUMOUR = "The harbour wall at Ostwick gave way last night and the water comes up to the second floor by noon today"
FORMS = (
    "Sea wall pictures everyone should see today",
    "Mira lo que paso junto al puerto hoy",
    "Das solltet ihr ansehen",
)


def clip(number: int) -> str:
    return f"youtube.com/watch?v=clip-{number:07d}"


def first(stage: Clustering, *args: object, **fields: object) -> Assignment:
    """Apply a share and return its own assignment, without the echo."""
    found = stage.update(say(*args, **fields))[0]
    assert isinstance(found, Assignment)
    return found


# --- equal words, other address ---------------------------------------------------------------------------------------


def test_a_call_to_look_over_two_addresses_is_two_messages_with_a_link() -> None:
    stage = clustering()
    one = first(stage, "a", CALL, 0, urls=(clip(1),))
    other = first(stage, "b", CALL, 1, urls=(clip(2),))
    assert other.cluster_id != one.cluster_id
    assert other.method is Method.FIRST_SHARE
    assert other.related == (RelatedCluster(one.cluster_id, Relation.SAME_WORDS),)


def test_each_address_of_a_call_collects_its_own_shares() -> None:
    stage = clustering()
    ids = [first(stage, str(i), CALL, i, urls=(clip(i % 3),)).cluster_id for i in range(12)]
    assert ids == ids[:3] * 4
    assert len(set(ids)) == 3


def test_a_call_without_an_address_stays_with_its_words() -> None:
    stage = clustering()
    one = first(stage, "a", CALL, 0, urls=(clip(1),))
    first(stage, "b", CALL, 1, urls=(clip(2),))
    assert first(stage, "c", CALL, 2).cluster_id == one.cluster_id


def test_words_that_mostly_spread_without_an_address_are_the_message() -> None:
    stage = clustering()
    one = first(stage, "a", CALL, 0)
    first(stage, "b", CALL, 1)
    first(stage, "c", CALL, 2)
    assert {first(stage, f"n{i}", CALL, 9 + i, urls=(clip(i),)).cluster_id for i in range(2)} == {one.cluster_id}


@pytest.mark.no_cover
def test_nearly_equal_calls_are_compared_by_their_addresses_too() -> None:
    told_again = "Unbelievable clip, save it now before it is gone"
    stage = clustering({CALL: 0.0, told_again: 10.0})
    one = first(stage, "a", CALL, 0, urls=(clip(1),))
    assert first(stage, "b", told_again, 1, urls=(clip(2),)).cluster_id != one.cluster_id
    assert first(stage, "c", told_again, 2, urls=(clip(1),)).cluster_id == one.cluster_id


@pytest.mark.parametrize(
    ("text", "a", "b"),
    [
        (RUMOUR, "kurier.example/2026/1001", "kurier.example/2026/2002"),  # long: the words are the message
        (HEADLINE, "kurier.example/news/harbour-wall", "anzeiger.example/local/harbour"),  # one story, two publishers
        (CALL, "t.co/Ab3dE5fG7h", "t.co/Zy9xW7vU5t"),  # each sender of one article has a short link of the own
        (CALL, "t.me/+AbCdEfGhIjKlMn", "t.me/+ZyXwVuTsRqPoNm"),  # invitations of two channels
        (CALL, "kurier.example", "anzeiger.example"),  # signatures with the address of a site
        (CALL, "petition.example/p/save-the-pier?ref=anna", "petition.example/p/save-the-pier?ref=ben"),  # referrals
        (CALL, "vm.tiktok.com/ZMabc12d3", "vm.tiktok.com/ZMxyz98w7"),  # two short links, perhaps of one clip
    ],
)
def test_another_address_that_names_no_other_content_leaves_equal_words_together(text: str, a: str, b: str) -> None:
    stage = clustering()
    assert first(stage, "a", text, 0, urls=(a,)).cluster_id == first(stage, "b", text, 1, urls=(b,)).cluster_id


def test_a_headline_over_two_pages_of_one_host_is_two_messages() -> None:
    stage = clustering()
    one = first(stage, "a", HEADLINE, 0, urls=("kurier.example/a/1001",))
    assert first(stage, "b", HEADLINE, 1, urls=("kurier.example/a/2002",)).cluster_id != one.cluster_id


def test_a_common_address_among_several_keeps_a_caption_together() -> None:
    stage = clustering()
    one = first(stage, "a", CALL, 0, urls=(clip(1), clip(7)))
    assert first(stage, "b", CALL, 1, urls=(clip(2), clip(7))).cluster_id == one.cluster_id


def test_a_forward_that_lost_its_address_does_not_merge_two_captions() -> None:
    stage = clustering()
    first(stage, "a", CALL, 0, urls=(clip(1),))
    second = first(stage, "b", CALL, 1, urls=(clip(2),))
    forwarded = only(stage.update(say("c", CALL, 2, Kind.FORWARD, parent="b")))
    assert (forwarded.cluster_id, forwarded.method) == (second.cluster_id, Method.LINK)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("kurier.example/a/1001", True),
        ("example.org/1001", True),
        ("youtube.com/watch?v=aB3_dEfGh1J", True),
        ("t.co/9AwTF3sRYK", False),
        ("bit.ly/harbour-wall-ostwick", False),
        ("nyti.ms/3xYzAb1", False),
        ("chat.whatsapp.com/AbCdEfGhIjKlMnOpQrStUv", False),
        ("kurier.example", False),
    ],
)
def test_only_articles_posts_and_files_are_content(url: str, named: bool) -> None:
    assert names_content(url) is named


# --- frames -----------------------------------------------------------------------------------------------------------


def test_a_text_over_many_addresses_is_a_frame_and_is_counted_once() -> None:
    stage = clustering()
    shares = [first(stage, str(i), CALL, i, urls=(clip(i),)) for i in range(20)]
    assert [share.frame for share in shares] == [None] * 4 + [Frame.ADDRESSES] * 16
    assert stage.frames == 1


def test_an_address_under_a_frame_gathers_its_own_shares_and_is_no_frame() -> None:
    stage = clustering()
    for i in range(10):
        first(stage, str(i), CALL, i, urls=(clip(i),))
    popular = [first(stage, f"p{i}", CALL, 20 + i, urls=(clip(3),)) for i in range(10)]
    assert len({share.cluster_id for share in popular}) == 1
    assert not any(share.is_frame for share in popular)


def test_results_of_a_game_are_a_frame_of_numbers() -> None:
    stage = clustering({f"I reached {n} points in Gemfall, beat me": 0.0 for n in range(1000)})
    shares = [first(stage, str(i), f"I reached {37 * i % 900} points in Gemfall, beat me", i) for i in range(20)]
    assert len({share.cluster_id for share in shares}) == 1
    assert [share.is_frame for share in shares] == [False] * 4 + [True] * 16
    assert shares[-1].frame is Frame.NUMBERS


def test_a_hoax_retold_with_the_numbers_of_twenty_districts_is_no_frame_once_it_is_copied() -> None:
    told = [f"Strangers follow children home in district {n}, keep yours inside tonight" for n in range(20)]
    stage = clustering(dict.fromkeys(told, 0.0))
    shares = [first(stage, str(i), told[i % 20], i) for i in range(60)]
    assert len({share.cluster_id for share in shares}) == 1
    assert shares[19].is_frame
    assert not shares[-1].is_frame


def test_a_count_that_rises_with_the_news_is_no_frame() -> None:
    told = [f"At least {n} people missing after the Ostwick ferry turned over" for n in range(9)]
    stage = clustering(dict.fromkeys(told, 0.0))
    assert not any(first(stage, str(i), told[i // 6], i).frame for i in range(54))


def test_a_greeting_over_many_pictures_is_a_frame_but_a_rumour_over_one_picture_is_not() -> None:
    greeting = "Blessed Tuesday to all my dear friends"
    stage = clustering()
    shares = [first(stage, str(i), greeting, i, media=(picture(str(i)),)) for i in range(10)]
    assert [share.frame for share in shares][4:] == [Frame.MEDIA, *[Frame.MEDIA] * 5]
    assert shares[-1].related == (RelatedCluster(shares[0].cluster_id, Relation.SAME_WORDS),)
    rumour = [first(stage, f"r{i}", HEADLINE, 20 + i, media=(picture("one"),)) for i in range(10)]
    assert not any(share.frame for share in rumour)


def test_copies_of_a_picture_with_other_bytes_are_one_picture_by_their_perceptual_hash() -> None:
    stage = clustering()
    copies = [picture(str(i), f"{int('f0' * 32, 16) ^ (1 << i):064x}", 90) for i in range(20)]
    assert not any(first(stage, str(i), HEADLINE, i, media=(copies[i],)).frame for i in range(20))


def test_a_long_rumour_over_many_pictures_is_no_frame() -> None:
    stage = clustering()
    assert not any(first(stage, str(i), RUMOUR, i, media=(picture(str(i)),)).frame for i in range(20))


def test_one_story_at_many_publishers_is_no_frame() -> None:
    stage = clustering()
    shares = [first(stage, str(i), HEADLINE, i, urls=(f"paper{i}.example/news/harbour",)) for i in range(20)]
    assert len({share.cluster_id for share in shares}) == 1
    assert not any(share.frame for share in shares)


@settings(deadline=None, max_examples=60)
@given(st.permutations([*range(8), *range(8), *range(4)]))
def test_the_order_of_the_shares_decides_no_cluster_of_a_call(order: list[int]) -> None:
    stage = clustering()
    groups: dict[str, set[int]] = {}
    for i, number in enumerate(order):
        groups.setdefault(first(stage, str(i), CALL, i, urls=(clip(number),)).cluster_id, set()).add(number)
    assert all(len(numbers) == 1 for numbers in groups.values())


# --- one address under several texts ----------------------------------------------------------------------------------


def test_captions_of_one_address_stay_apart_are_linked_and_count_once() -> None:
    stage = clustering()
    lead = first(stage, "a", FORMS[0], 0, urls=(clip(1),))
    decisions = stage.update(say("b", FORMS[1], 1, urls=(clip(1),)))
    own, echo = decisions
    assert isinstance(own, Assignment)
    assert isinstance(echo, Assignment)
    assert own.cluster_id != lead.cluster_id
    assert own.counts_in == echo.cluster_id == lead.cluster_id
    assert echo.echo
    assert echo.sighting is own.sighting
    assert own.related == (RelatedCluster(lead.cluster_id, Relation.SAME_ADDRESS),)
    assert echo.related == (RelatedCluster(own.cluster_id, Relation.SAME_ADDRESS),)


def test_a_third_caption_counts_in_the_first_and_not_in_the_second() -> None:
    stage = clustering()
    lead = first(stage, "a", FORMS[0], 0, urls=(clip(1),))
    for i in (1, 2):
        assert first(stage, str(i), FORMS[i], i, urls=(clip(1),)).counts_in == lead.cluster_id


def test_a_long_rumour_with_the_address_is_linked_and_counts_for_itself() -> None:
    stage = clustering()
    lead = first(stage, "a", FORMS[0], 0, urls=(clip(1),))
    rumour = only(stage.update(say("b", RUMOUR, 1, urls=(clip(1),))))
    assert rumour.counts_in is None
    assert rumour.cluster_id != lead.cluster_id
    assert first(stage, "c", FORMS[0], 2, urls=(clip(1),)).related == (
        RelatedCluster(rumour.cluster_id, Relation.SAME_ADDRESS),
    )


def test_merged_captions_count_where_they_are() -> None:
    stage = clustering()
    lead = first(stage, "a", FORMS[0], 0, urls=(clip(1),))
    first(stage, "b", FORMS[1], 1, urls=(clip(1),))
    merge, share = stage.update(say("c", FORMS[1], 2, Kind.FORWARD, parent="a", root="b", urls=(clip(1),)))
    assert isinstance(merge, Merge)
    assert isinstance(share, Assignment)
    assert (share.cluster_id, share.counts_in) == (lead.cluster_id, None)


# --- one picture under several texts ----------------------------------------------------------------------------------


def test_a_stock_photo_joins_no_texts_that_are_merely_near() -> None:
    texts = [" ".join(f"{word}{i}" for word in ("lamp", "mill", "raft", "tower", "cellar")) for i in range(9)]
    photo = picture("stock", "f0" * 32, 90)
    stage = clustering({texts[0]: 0.0, "a tenth tale of some kind that comes near the first": 38.0})
    for i, text in enumerate(texts):
        first(stage, str(i), text, i, media=(photo,))
    near = first(stage, "z", "a tenth tale of some kind that comes near the first", 20, media=(photo,))
    assert near.method is Method.FIRST_SHARE
    alone = [first(stage, f"p{i}", "", 30 + i, media=(photo,)) for i in range(3)]
    assert len({share.cluster_id for share in alone}) == 1
    assert alone[0].method is Method.FIRST_SHARE


def test_forty_claims_over_one_photo_stay_apart() -> None:
    # 40 cards: one photo, and a band of text below that changes some 10 to 30 of its 256 bits
    cards = [f"{int('f0' * 32, 16) ^ (((1 << 10 + i % 20) - 1) << 5 * i):064x}" for i in range(40)]
    stage = clustering()
    ids = {first(stage, str(i), "", i, media=(picture(str(i), pdq, 90),)).cluster_id for i, pdq in enumerate(cards)}
    assert len(ids) == 40
