"""Banks of checked claims as publishers write them, and examples of harm as teams do."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from detectors.clustering import ClusteringConfig
from detectors.similarity.embedding import HashingEmbedder
from streams.cli.main import main
from streams.embedders.store import embed_stored
from streams.errors import UserError
from streams.reference.claims import ClaimsError, read_claims
from streams.reference.load import ClaimsSettings, HarmSettings, load_reference_data

CLAIM = {"text": "The dam has broken", "verdict": "False", "publisher": "Q", "date": "2026-01-02", "languages": ["en"]}
REVIEW = {
    "@type": "ClaimReview",
    "claimReviewed": "The dam has broken",
    "reviewRating": {"@type": "Rating", "ratingValue": 1, "bestRating": 5, "alternateName": "False"},
    "author": {"@type": "Organization", "name": "Q"},
    "datePublished": "2026-01-02",
    "url": "https://q.example/dam",
    "inLanguage": "en",
}


def written(tmp_path, content, name="bank.jsonl"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def claims_of(tmp_path, content):
    return read_claims(written(tmp_path, content)).claims


def test_one_claim_a_line_is_read(tmp_path):
    (claim, other) = claims_of(tmp_path, "\n".join(json.dumps(CLAIM | {"text": text}) for text in ("One.", "Two.")))
    assert (claim.text, claim.verdict, claim.date, claim.languages) == ("One.", "False", "2026-01-02", ("en",))
    assert other.text == "Two."


@pytest.mark.parametrize(
    "document",
    [
        REVIEW,
        [REVIEW],
        {"@context": "https://schema.org", "@graph": [REVIEW]},
        {"@type": "DataFeed", "dataFeedElement": [{"@type": "DataFeedItem", "item": [REVIEW]}]},
    ],
    ids=["alone", "list", "graph", "feed"],
)
def test_claim_reviews_are_read_however_they_are_wrapped(tmp_path, document):
    (claim,) = claims_of(tmp_path, json.dumps(document))
    assert (claim.text, claim.verdict, claim.publisher) == ("The dam has broken", "False", "Q")
    assert (claim.url, claim.languages) == (REVIEW["url"], ("en",))


def test_a_rating_without_words_is_told_in_numbers(tmp_path):
    review = REVIEW | {"reviewRating": {"ratingValue": 1, "bestRating": 5}}
    assert claims_of(tmp_path, json.dumps(review))[0].verdict == "1 of 5"


SEARCH = {
    "claims": [
        {
            "text": "Chalk is in the flour of Tarsk",
            "claimant": "a chain message",
            "claimDate": "2026-02-01T00:00:00Z",
            "claimReview": [
                {
                    "publisher": {"name": "Desk of Doubt", "site": "doubt.example"},
                    "url": "https://doubt.example/chalk",
                    "title": "No chalk",
                    "reviewDate": "2026-02-03T00:00:00Z",
                    "textualRating": "False",
                    "languageCode": "en",
                },
                {"publisher": {"site": "q.example"}, "textualRating": "Misleading", "languageCode": "pt-BR"},
            ],
        },
        {"text": "A claim that was not rated", "claimReview": [{"publisher": {"name": "Q"}}]},
    ],
    "nextPageToken": "x",
}


def test_an_answer_of_the_fact_check_tools_gives_a_claim_for_each_review(tmp_path):
    bank = read_claims(written(tmp_path, json.dumps(SEARCH)))
    first, second = bank.claims
    assert (first.text, first.verdict, first.publisher) == (SEARCH["claims"][0]["text"], "False", "Desk of Doubt")
    assert (first.url, first.date) == ("https://doubt.example/chalk", "2026-02-03T00:00:00Z")
    assert first.languages == ("en",)
    assert (second.text, second.verdict, second.publisher) == (first.text, "Misleading", "q.example")
    assert (second.url, second.languages) == (None, ("pt-BR",))
    (skipped,) = bank.skipped
    assert (skipped.entry, "verdict" in skipped.reason) == (3, True)


def test_answers_may_follow_each_other_or_come_from_a_search_by_picture(tmp_path):
    assert len(claims_of(tmp_path, f"{json.dumps(SEARCH)}\n{json.dumps(SEARCH)}\n")) == 4
    assert len(claims_of(tmp_path, json.dumps({"results": [{"claim": one} for one in SEARCH["claims"]]}))) == 2


def test_a_review_may_name_its_claim_and_its_author_elsewhere_in_the_graph(tmp_path):
    graph = [
        {"@type": "Organization", "@id": "#q", "name": "Q"},
        {"@type": "Claim", "@id": "#claim", "text": "The dam has broken"},
        {
            "@type": ["ClaimReview"],
            "itemReviewed": {"@id": "#claim"},
            "author": {"@id": "#q"},
            "reviewRating": {"alternateName": [{"@language": "en", "@value": "False"}]},
            "inLanguage": {"@type": "Language", "name": "English", "alternateName": "en"},
        },
    ]
    bank = read_claims(written(tmp_path, json.dumps({"@graph": graph})))
    (claim,) = bank.claims
    assert (claim.text, claim.verdict, claim.publisher) == ("The dam has broken", "False", "Q")
    assert claim.languages == ("en",)
    assert ["@type" in skipped.reason for skipped in bank.skipped] == [True, True]


def test_the_claim_may_be_the_reviewed_item(tmp_path):
    reviewed = {key: value for key, value in REVIEW.items() if key != "claimReviewed"} | {
        "itemReviewed": {"@type": "Claim", "name": "The dam has broken", "datePublished": "2026-01-01"}
    }
    assert claims_of(tmp_path, json.dumps(reviewed))[0].text == "The dam has broken"


TABLES = {
    "own names": """
text,verdict,publisher,url,date,languages
The dam has broken,False,Q,https://q.example/dam,2026-01-02,en
""",
    "ClaimReview": """
claimReviewed;reviewRating.alternateName;author.name;datePublished;inLanguage;url
The dam has broken;False;Q;2026-01-02;en;https://q.example/dam
""",
    "Fact Check Tools": """
Claim|Textual rating|Publisher site|Review date|Language code|Review URL
"The dam has broken"|False|Q|2026-01-02|en|https://q.example/dam
""",
}


@pytest.mark.parametrize("form", TABLES)
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_table_of_claims_is_read_by_the_names_of_its_columns(tmp_path, form, start):
    (claim,) = claims_of(tmp_path, start + TABLES[form].lstrip().replace("\n", "\r\n"))
    assert (claim.text, claim.verdict, claim.publisher) == ("The dam has broken", "False", "Q")
    assert (claim.url, claim.date, claim.languages) == ("https://q.example/dam", "2026-01-02", ("en",))


def test_a_row_without_a_verdict_is_skipped(tmp_path):
    bank = read_claims(written(tmp_path, "text,verdict,publisher\nOne,,Q\nTwo,False,Q\n"))
    assert [claim.text for claim in bank.claims] == ["Two"]
    assert "verdict" in bank.skipped[0].reason


def test_entries_nested_without_end_are_skipped(tmp_path):
    for deep in ("[" * 5000 + "]" * 5000, '{"item":' * 5000 + "{}" + "}" * 5000, "[" * 400 + "]" * 400):
        bank = read_claims(written(tmp_path, f"{deep}\n{json.dumps(CLAIM)}\n"))
        assert len(bank.claims) == 1


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["@graph", "@id", "@type", "claims", "claimReview", "claimReviewed", "author", "name", "text", "item",
             "reviewRating", "alternateName", "publisher", "textualRating", "languageCode", "inLanguage", "verdict"]
        ),
        inner,
        max_size=6,
    ),
    max_leaves=20,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANY_JSON)
def test_any_json_is_read_or_skipped(tmp_path, value):
    bank = read_claims(written(tmp_path, f"{json.dumps(CLAIM)}\n{json.dumps(value)}\n"))
    assert bank.claims[0].text == CLAIM["text"]
    assert all(claim.text and claim.verdict and claim.publisher for claim in bank.claims)


def test_a_bank_may_be_compressed(tmp_path):
    assert len(claims_of(tmp_path, gzip.compress(json.dumps(CLAIM).encode()))) == 1


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{not json", "malformed"),
        ("[1]", "object"),
        (json.dumps(CLAIM | {"verdict": ""}), "verdict"),
        (json.dumps({"text": "alone"}), "verdict"),
        (json.dumps(CLAIM | {"text": 7}), "text"),
        (json.dumps(REVIEW | {"claimReviewed": None}), "text"),
    ],
)
def test_an_entry_that_is_no_claim_is_skipped_and_told(tmp_path, bad, reason):
    bank = read_claims(written(tmp_path, f"{json.dumps(CLAIM)}\n{bad}\n{json.dumps(CLAIM)}\n"))
    assert len(bank.claims) == 2
    (skipped,) = bank.skipped
    assert skipped.entry == 2
    assert reason in skipped.reason


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"{}", gzip.compress(b"x", mtime=0)[:-4]])
def test_a_file_without_any_claim_is_refused_in_one_line(tmp_path, content):
    with pytest.raises(ClaimsError, match=r"claims\.file") as refusal:
        read_claims(written(tmp_path, content))
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ClaimsError, match="No such file"):
        read_claims(tmp_path / "nowhere.jsonl")


def test_the_command_tells_what_a_bank_holds_and_what_it_skipped(tmp_path):
    path = written(tmp_path, f"{json.dumps(CLAIM)}\n{{}}\n")
    said = CliRunner().invoke(main, ["claims", str(path)])
    assert said.exit_code == 0
    assert "1 claims, 1 entries skipped" in said.stdout
    assert "verdicts: False 1" in said.stdout
    as_json = CliRunner().invoke(main, ["claims", str(path), "--json"])
    assert json.loads(as_json.stdout)["text"] == CLAIM["text"]
    assert CliRunner().invoke(main, ["claims", str(tmp_path / "no")]).exit_code == 2


# --- what is known ----------------------------------------------------------------------------------------------------


def test_the_shipped_examples_name_the_harms_of_the_founding_concern():
    known = load_reference_data(ClaimsSettings(), HarmSettings())
    assert {one.category for one in known.examples} == {
        "incitement to violence", "harm to women", "harm to children", "communal unrest", "other",
    }  # fmt: skip
    assert len({one.text for one in known.examples}) == len(known.examples) >= 40


def test_a_team_has_its_own_examples_or_none(tmp_path):
    own = written(tmp_path, 'floods = ["the river rises tonight"]', "own.toml")
    assert [one.category for one in load_reference_data(ClaimsSettings(), HarmSettings(file=str(own))).examples] == [
        "floods"
    ]
    assert load_reference_data(ClaimsSettings(), HarmSettings(suggest=False)).examples == ()


@pytest.mark.parametrize("content", ["floods = 3", 'floods = ["", "a"]', "floods = []", "= nothing"])
def test_examples_that_are_none_are_refused(tmp_path, content):
    with pytest.raises(UserError, match=r"harm\.file"):
        load_reference_data(ClaimsSettings(), HarmSettings(file=str(written(tmp_path, content, "own.toml"))))


def test_what_is_known_has_the_digest_that_its_recogniser_has(tmp_path):
    bank = written(tmp_path, json.dumps(CLAIM))
    known = load_reference_data(ClaimsSettings(file=str(bank)), HarmSettings())
    assert known.matcher(ClusteringConfig(), HashingEmbedder(), str(tmp_path)).digest == known.digest
    assert known.digest != load_reference_data(ClaimsSettings(), HarmSettings()).digest


# --- kept vectors -----------------------------------------------------------------------------------------------------


class Counting(HashingEmbedder):
    """Remembers what it was asked."""

    asked = ()

    def embed(self, texts):
        self.asked = (*self.asked, *texts)
        return super().embed(texts)


def test_a_text_is_embedded_once_for_each_model(tmp_path):
    first, again, other = Counting(), Counting(), Counting(dimension=64)
    made = embed_stored(first, ["a text", "another"], str(tmp_path))
    kept = embed_stored(again, ["another", "a third", "a text"], str(tmp_path))
    assert again.asked == ("a third",)
    assert np.array_equal(kept[[2, 0]], made)
    embed_stored(other, ["a text"], str(tmp_path))
    assert other.asked == ("a text",)


def test_a_store_that_is_none_costs_time_and_nothing_else(tmp_path):
    (tmp_path / "vectors.sqlite").write_bytes(b"no database" * 100)
    made = embed_stored(Counting(), ["a text"], str(tmp_path))
    assert np.array_equal(made, HashingEmbedder().embed(["a text"]))
    in_the_way = written(tmp_path, "a file", "file")
    assert embed_stored(Counting(), ["a text"], str(in_the_way)).shape == made.shape


def test_no_texts_give_no_rows(tmp_path):
    assert embed_stored(HashingEmbedder(), [], str(tmp_path)).shape == (0, HashingEmbedder().dimension)


# --- damaged and hostile banks ----------------------------------------------------------------------------------------


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes(byte ^ 0x5A for byte in data[middle : middle + 8]) + data[middle + 8 :]


def packed(count: int = 400) -> bytes:
    lines = (json.dumps({**CLAIM, "text": f"Bridge {hash_of(n)} is closed"}) for n in range(count))
    return gzip.compress("\n".join(lines).encode(), mtime=0)


def hash_of(number: int) -> str:
    return f"{number * 2_654_435_761 % 2**32:08x}"


HOSTILE = {
    "damaged gzip": flipped(packed()),
    "truncated gzip": packed()[:-90],
    "gzip by its first bytes only": b"\x1f\x8bharvest",
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"a":' * 60_000,
    "deep arrays, closed": b"[" * 70_000 + b"]" * 70_000,
    "deep lists that decode": b"[" * 950 + b"1" + b"]" * 950,
    "no UTF-8": b"\xff\xfe\xfd" * 50,
    "bytes of zero": bytes(5000),
    "expands to 2 GB": gzip.compress(bytes(1 << 20), mtime=0) * 2048,
    "blank lines": gzip.compress(b"\n" * (32 << 20), mtime=0),
    "lines without claims": b"1\n" * 1_000_001,
    "a list without claims": b"[" + b"7," * 1_000_001 + b"7]",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_bank_is_one_line_and_code_2(tmp_path, content):
    done = CliRunner().invoke(main, ["claims", str(written(tmp_path, content))])
    assert done.exit_code == 2, done.exception
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_a_device_without_an_end_is_no_bank():
    with pytest.raises(ClaimsError, match=r"cannot read the bank of claims /dev/zero: more than 268,435,456 bytes"):
        read_claims(Path("/dev/zero"))


DAMAGED = {
    "a byte outside UTF-8": json.dumps(CLAIM).encode().replace(b"dam", b"d\xe1m"),
    "a deep line": b"[" * 100_000,
    "half a line": json.dumps(CLAIM).encode()[:-9],
}


@pytest.mark.parametrize("line", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_line_loses_its_own_claim_only(tmp_path, line):
    whole = [json.dumps({**CLAIM, "text": text}).encode() for text in ("The ferry has sunk", "The mill burns")]
    bank = read_claims(written(tmp_path, b"\n".join([whole[0], line, whole[1]])))
    assert [claim.text for claim in bank.claims] == ["The ferry has sunk", "The mill burns"]
    assert [one.entry for one in bank.skipped] == [2]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_byte_order_mark_loses_no_claim(tmp_path, pack):
    lines = "\n".join(json.dumps({**CLAIM, "text": text}) for text in ("One.", "Two."))
    assert len(claims_of(tmp_path, pack(lines.encode("utf-8-sig")))) == 2
