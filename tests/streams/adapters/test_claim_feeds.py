"""Files of checked claims are recognised, and refused with the name of the setting for them."""

import json

import pytest

from streams.adapters.base import FormatError
from streams.adapters.claim_feeds import FORMAT
from streams.adapters.opening import Opening
from streams.adapters.registry import recognise
from tests.streams.adapters.outcomes import items_of

REVIEW = {"@type": "ClaimReview", "claimReviewed": "Chalk is in the flour", "reviewRating": {"alternateName": "False"}}
ANSWER = {
    "claims": [{"text": "Chalk is in the flour", "claimReview": [{"textualRating": "False", "url": "https://q"}]}]
}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(REVIEW),
        json.dumps({"@graph": [REVIEW]}),
        json.dumps({"@type": "DataFeed", "dataFeedElement": [{"item": [REVIEW]}]}, indent=2),
        json.dumps(ANSWER),
        json.dumps({"text": "Chalk is in the flour", "verdict": "False", "publisher": "Q"}),
        "text,verdict,publisher,url\nChalk,False,Q,\n",
        "claimReviewed,alternateName\nChalk,False\n",
    ],
)
def test_a_file_of_claims_is_refused_with_the_setting_for_it(text: str) -> None:
    assert recognise(Opening(text.encode())) is FORMAT
    with pytest.raises(FormatError, match=r"claims\.file"):
        items_of(FORMAT, text)


def test_an_event_with_a_fact_check_is_no_file_of_claims() -> None:
    debunk = {
        "event_id": "d",
        "platform": "x",
        "kind": "debunk",
        "text": "a",
        "debunk": {"publisher": "Q", "verdict": "x"},
    }
    assert recognise(Opening(json.dumps(debunk).encode())) is None
