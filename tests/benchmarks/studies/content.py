"""How well checked claims are recognised, and what that costs: python -m tests.benchmarks.studies.content.

Half of the recorded rumour texts with a verdict are the bank; altered copies of them must be found, the other half must
not. A synthetic bank of 20,000 claims says what loading and looking up cost. What each figure means: docs/evaluation.md.
"""

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from detectors.clustering import ClusteringConfig
from detectors.pipeline.intake import read_content
from detectors.reference.claims import ClaimIndex, claim_id
from detectors.reference.harm import HarmConfig, HarmExample, HarmExamples
from detectors.similarity.embedding import Embedder, HashingEmbedder, Vectors
from detectors.similarity.sketch import Sketcher
from schemas.claim import Claim, ClaimMatch, HarmSuggestion, Nearness
from streams.reference.load import ClaimsSettings, HarmSettings, load_reference_data
from tests.benchmarks.corpora.tracks import Remembering, require_data, shipped, table
from tests.realdata import loaders

CONFIG = ClusteringConfig()
SKETCHER = Sketcher(CONFIG.sketch)
SEED = 20_261_127
CLAIMS = 20_000
LOOK_UPS = 2_000
HARM = HarmConfig()
LEASTS = (0.30, 0.35, 0.40, 0.50, 0.55, 0.60)
ANY = 1e-6  # any example at all
LANGUAGES = ("ar", "en", "es", "hi")

Alter = Callable[[np.random.Generator, str], str]


def main() -> None:
    """Print the tables."""
    require_data()
    embedder = shipped()
    judge_claims(embedder)
    judge_cost(embedder)
    judge_harm(embedder)


def make_bank(texts: Sequence[str], embedder: Embedder) -> ClaimIndex:
    """A bank with these claims."""
    claims = [Claim(text=text, verdict="False", publisher="benchmark") for text in texts]
    contents = [read_content(text, ()) for text in texts]
    return ClaimIndex(CONFIG, claims, contents, embedder.embed([content.normal for content in contents]))


def look_up(bank: ClaimIndex, text: str, embedder: Embedder) -> tuple[ClaimMatch, ...]:
    """What a new wording is recognised as."""
    content = read_content(text, ())
    return bank.match(content, SKETCHER.sketch(content.normal), embedder.embed([content.normal])[0])


# --- altered copies ---------------------------------------------------------------------------------------------------


def typos(rng: np.random.Generator, text: str) -> str:
    """Every tenth letter or so is left out."""
    return "".join(letter for letter in text if not (letter.isalpha() and rng.random() < 0.06))


def shortened(rng: np.random.Generator, text: str) -> str:
    """The last third is gone."""
    words = text.split()
    return " ".join(words[: max(4, round(len(words) * 2 / 3))])


def forwarded(rng: np.random.Generator, text: str) -> str:
    """Between a banner and a call to pass it on."""
    return f"*Forwarded as received* 🙏 {text} Please share this with all your family and friends before they delete it"


def thinned(rng: np.random.Generator, text: str) -> str:
    """Every fifth word is gone."""
    return " ".join(word for word in text.split() if rng.random() >= 0.2)


def denied(rng: np.random.Generator, text: str) -> str:
    """A correction that quotes it."""
    return f"It is not true that {text}"


ALTERED: dict[str, Alter] = {
    "the same": lambda rng, text: text,
    "typing errors": typos,
    "forwarding banner and call": forwarded,
    "last third left out": shortened,
    "every fifth word left out": thinned,
    "quoted in a denial": denied,
}


def judge_claims(embedder: Embedder) -> None:
    """Recall of each alteration, and what other texts are taken for."""
    texts = sorted({str(row["text"]) for row in loaders.rows("covid_rumours_dev")})
    rng = np.random.default_rng(SEED)
    order = rng.permutation(len(texts))
    known, others = [texts[n] for n in order[::2]], [texts[n] for n in order[1::2]]
    bank = make_bank(known, embedder)
    own = {text: bank_id(text) for text in known}
    rows = [recalled(name, alter, known, own, bank, embedder) for name, alter in ALTERED.items()]
    print(f"\n=== checked claims: {len(known)} rumour texts as the bank, {len(others)} others ===")
    table("altered copies of the bank's texts", ("copies", "texts", "match", "match or suggest", "its own claim"), rows)
    apart = [("other half (some are the same rumour)", others), *unrelated()]
    rows = [strangers(name, group, bank, embedder) for name, group in apart]
    table("texts that are not in the bank", ("texts", "texts", "match", "match or suggest"), rows)


def bank_id(text: str) -> str:
    """The id of a claim of `make_bank`."""
    return claim_id(Claim(text=text, verdict="False", publisher="benchmark"))


def recalled(
    name: str, alter: Alter, known: Sequence[str], own: dict[str, str], bank: ClaimIndex, embedder: Embedder
) -> tuple[str, int, float, float, float]:
    """Shares of altered copies that are recognised."""
    rng = np.random.default_rng(SEED)
    found = [(text, look_up(bank, alter(rng, text), embedder)) for text in known]
    matched = sum(is_match(claims) for _, claims in found)
    right = sum(bool(claims) and claims[0].claim_id == own[text] for text, claims in found)
    return name, len(known), matched / len(known), sum(bool(c) for _, c in found) / len(known), right / len(known)


def is_match(claims: Sequence[ClaimMatch]) -> bool:
    """Whether a claim is repeated, not only resembled."""
    return any(claim.nearness is Nearness.MATCH for claim in claims)


def unrelated() -> list[tuple[str, list[str]]]:
    """Texts about other things, in English and in other languages."""
    by_language: dict[str, list[str]] = {}
    for row in loaders.rows("tico19_dev"):
        by_language.setdefault(str(row["lang"]), []).append(str(row["text"]))
    pheme = sorted({str(row["text"]) for row in loaders.rows("pheme_dev_events") if row["kind"] in ("root", "reply")})
    return [
        ("replies and roots of other stories", pheme[::4]),
        *((f"tico19 {lang}", by_language[lang]) for lang in LANGUAGES),
    ]


def strangers(name: str, texts: Sequence[str], bank: ClaimIndex, embedder: Embedder) -> tuple[str, int, float, float]:
    """Shares of other texts that are taken for a claim."""
    found = [look_up(bank, text, embedder) for text in texts]
    return name, len(texts), sum(map(is_match, found)) / len(texts), sum(map(bool, found)) / len(texts)


# --- cost -------------------------------------------------------------------------------------------------------------


def judge_cost(real: Remembering) -> None:
    """Seconds to load a bank of 20,000 claims, and claims looked up each second, beside the model's own time."""
    rng = np.random.default_rng(SEED)
    words = sorted({word for row in loaders.rows("covid_rumours_dev") for word in str(row["text"]).split()})
    texts = [" ".join(rng.choice(words, 18)) for _ in range(CLAIMS)]
    embedder = HashingEmbedder(dimension=real.dimension)  # the model's share is told apart
    begin = time.process_time()
    bank = make_bank(texts, embedder)
    loaded = time.process_time() - begin
    asked = [read_content(text, ()) for text in texts[:LOOK_UPS]]
    rows = embedder.embed([content.normal for content in asked])
    sketches = [SKETCHER.sketch(content.normal) for content in asked]
    begin = time.process_time()
    for content, sketch, row in zip(asked, sketches, rows, strict=True):
        bank.match(content, sketch, row)
    per_look_up = (time.process_time() - begin) / LOOK_UPS
    per_text = real.model.cpu_s / max(1, real.model.embedded)
    table(
        f"cost of a bank of {CLAIMS} claims, CPU time of this machine",
        ("figure", "value", "unit"),
        [
            ("load, without the model", loaded, "s"),
            ("embed the bank once, then kept on disk", per_text * CLAIMS, "s"),
            ("look-up of a new wording", per_look_up * 1000, "ms"),
            ("the model's time for that wording", per_text * 1000, "ms"),
            ("share of the model's time", per_look_up / per_text, "x"),
        ],
    )


# --- categories of harm -----------------------------------------------------------------------------------------------


def judge_harm(embedder: Embedder) -> None:
    """How often a category is suggested for texts that are about none of it, and for examples that were left out."""
    examples = load_reference_data(ClaimsSettings(), HarmSettings()).examples
    nearest = HarmExamples(HarmConfig(min_cosine=ANY), examples, vectors_of(examples, embedder))
    said = {}
    for name, texts in unrelated():
        vectors = embedder.embed([read_content(text, ()).normal for text in texts])
        said[name] = [nearest.suggest(vector) for vector in vectors]
    table(
        "categories of harm: share of texts that get any suggestion, and one other than “other”",
        ("texts", "texts", "any", "a harm"),
        [(name, len(found), *suggested(found, HARM.min_cosine)) for name, found in said.items()],
    )
    move_least(examples, said, embedder)


def vectors_of(examples: Sequence[HarmExample], embedder: Embedder) -> Vectors:
    """The examples' vectors, as the program makes them."""
    return embedder.embed([read_content(example.text, ()).normal for example in examples])


def suggested(said: Sequence[HarmSuggestion | None], least: float) -> tuple[float, float]:
    """Shares of texts whose nearest example is near enough: any, and one of a harm."""
    near = [one for one in said if one is not None and one.score >= least]
    return len(near) / len(said), sum(one.category != "other" for one in near) / len(said)


def move_least(
    examples: Sequence[HarmExample], said: Mapping[str, Sequence[HarmSuggestion | None]], embedder: Embedder
) -> None:
    """The same as `harm.min_cosine` moves, beside what each example is taken for when it is left out."""
    left = left_out(examples, vectors_of(examples, embedder))
    rows = []
    for least in (HARM.min_cosine, *LEASTS):
        named = [suggested(one, least)[1] for one in said.values()]
        rows.append((f"{least:.2f}", *own_category(examples, left, least), *named))
    names = ("least, default first", "suggested", "of these right", "right", "a harm missed", *said)
    title = f"{len(examples)} examples, each left out once; then share of texts about other things that get a harm"
    table(title, names, rows)


def left_out(examples: Sequence[HarmExample], vectors: Vectors) -> list[HarmSuggestion | None]:
    """What each example is nearest to among the others, however far."""
    found = []
    for n in range(len(examples)):
        others = [*examples[:n], *examples[n + 1 :]]
        found.append(
            HarmExamples(HarmConfig(min_cosine=ANY), others, np.delete(vectors, n, axis=0)).suggest(vectors[n])
        )
    return found


def own_category(
    examples: Sequence[HarmExample], said: Sequence[HarmSuggestion | None], least: float
) -> tuple[float, float, float, float]:
    """Share that gets a suggestion, of these with their own category, that share of all; harms that get none or "other"."""
    near = [one if one is not None and one.score >= least else None for one in said]
    given = sum(one is not None for one in near)
    right = sum(one is not None and one.category == own.category for own, one in zip(examples, near, strict=True))
    harms = [one for own, one in zip(examples, near, strict=True) if own.category != "other"]
    missed = sum(one is None or one.category == "other" for one in harms)
    return given / len(near), right / given if given else np.nan, right / len(near), missed / len(harms)


if __name__ == "__main__":
    main()
