import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.similarity.sketch import Sketch, SketchConfig, Sketcher, SketchIndex, estimate
from detectors.snapshot import SnapshotError, pack
from detectors.text.normalise import normalise
from tests.detectors.text.text_strategies import texts

CONFIG = SketchConfig()
SKETCHER = Sketcher(CONFIG)
BASES = (
    "the dam at the north end of the valley broke last night and the water will reach the town by the morning",
    "दिल्ली के सभी स्कूल कल से अगले आदेश तक बंद रहेंगे सरकार ने सभी लोगों से घर में रहने की अपील की है कृपया सबको बताएं",
    "قالت الحكومة إن جميع المدارس في المدينة ستغلق أبوابها ابتداء من يوم غد حتى إشعار آخر بسبب العاصفة القوية القادمة",
    "நாளை முதல் அனைத்து பள்ளிகளும் மூடப்படும் என்று அரசு அறிவித்துள்ளது மக்கள் வீட்டிலேயே இருக்க வேண்டும் என்று கேட்டுக்கொள்ளப்படுகிறார்கள்",
    "政府宣布从明天开始全市所有学校停课直到另行通知请大家留在家里不要外出注意安全并转告亲戚朋友",
)


def exact_jaccard(a: str, b: str) -> float:
    one, other = set(SKETCHER.shingles(a)), set(SKETCHER.shingles(b))
    return len(one & other) / len(one | other) if one and other else 0.0


def edited(text: str, edits: int, seed: int) -> str:
    chance = np.random.default_rng(seed)
    letters = list(text)
    for place in chance.integers(0, len(letters), size=edits):
        letters[place] = "xyzqw"[place % 5]
    return "".join(letters)


def test_shingles_are_runs_of_four_letters_over_the_bounds_of_words() -> None:
    assert list(SKETCHER.shingles("the dam")) == ["thed", "heda", "edam"]


def test_where_a_character_is_a_syllable_two_make_a_shingle() -> None:
    assert list(SKETCHER.shingles("疫苗有效 covid19")) == ["疫苗", "苗有", "有效", "covi", "ovid", "vid1", "id19"]
    assert list(SKETCHER.shingles("안녕하세요")) == ["안녕", "녕하", "하세", "세요"]


def test_a_text_shorter_than_a_shingle_is_one() -> None:
    assert list(SKETCHER.shingles("dam")) == ["dam"]
    assert list(SKETCHER.shingles("水")) == ["水"]
    assert list(SKETCHER.shingles("")) == []


def test_a_joiner_that_many_leave_out_makes_no_difference() -> None:
    assert SKETCHER.sketch("می\u200cخواهم بروم") == SKETCHER.sketch("میخواهم بروم")


def test_a_sketch_is_the_same_on_every_run_and_machine() -> None:
    sketch = SKETCHER.sketch("the dam broke")
    assert len(sketch) == 512
    assert sketch[:8].hex() == "2dbdbf56a3b801c3"


def test_an_empty_text_resembles_nothing() -> None:
    assert SKETCHER.sketch("") == b""
    assert estimate(b"", b"") == 0.0
    assert estimate(SKETCHER.sketch("the dam"), b"") == 0.0


def test_sketches_of_different_kinds_cannot_be_compared() -> None:
    short = Sketcher(SketchConfig(permutations=64)).sketch("the dam")
    with pytest.raises(ValueError, match="128 and 64 permutations cannot be compared"):
        estimate(SKETCHER.sketch("the dam"), short)
    with pytest.raises(ValueError, match="64 permutations instead of 128"):
        SketchIndex(CONFIG).add("a", short)


@given(texts)
def test_a_text_resembles_itself_fully_and_estimates_are_symmetric(text: str) -> None:
    sketch, other = SKETCHER.sketch(normalise(text)), SKETCHER.sketch("the dam broke")
    assert estimate(sketch, sketch) == (1.0 if sketch else 0.0)
    assert estimate(sketch, other) == estimate(other, sketch)


@pytest.mark.parametrize("base", BASES)
def test_the_estimate_is_near_the_exact_jaccard_similarity_in_every_script(base: str) -> None:
    errors = [
        estimate(sketcher.sketch(base), sketcher.sketch(other)) - exact_jaccard(base, other)
        for sketcher in (Sketcher(SketchConfig(seed=seed)) for seed in range(4))  # one seed's errors are alike
        for other in (edited(base, edits, seed) for edits in range(12) for seed in range(5))
    ]
    assert abs(float(np.mean(errors))) < 0.02  # unbiased: estimates with a deviation of up to .044
    assert max(map(abs, errors)) < 0.16


def test_the_estimate_errs_no_more_than_the_slow_obvious_minhash() -> None:
    fast, slow = [], []
    for seed in range(40):
        other = edited(BASES[0], 1 + seed % 8, seed)
        truth = exact_jaccard(BASES[0], other)
        fast.append(estimate(SKETCHER.sketch(BASES[0]), SKETCHER.sketch(other)) - truth)
        slow.append(plain_minhash(BASES[0]).jaccard(plain_minhash(other)) - truth)
    assert float(np.std(fast)) <= 1.5 * float(np.std(slow))


def plain_minhash(text: str) -> MinHash:
    sketch = MinHash(num_perm=128, seed=1)
    sketch.update_batch([shingle.encode() for shingle in SKETCHER.shingles(text)])
    return sketch


@pytest.mark.parametrize("base", BASES)
def test_a_copy_with_one_word_changed_is_found_and_another_text_is_not(base: str) -> None:
    index = SketchIndex(CONFIG)
    for number, text in enumerate(BASES):
        index.add(str(number), SKETCHER.sketch(text))
    copy = base[:20] + ("好" if base == BASES[4] else "zz") + base[21:]
    hit = index.query(SKETCHER.sketch(copy))
    assert hit is not None
    assert hit[0] == str(BASES.index(base))
    assert 0.75 <= hit[1] < 1.0
    assert index.query(SKETCHER.sketch(copy[::-1])) is None


def synthetic(agreeing: int, permutations: int = 128) -> Sketch:
    """A sketch that agrees with `synthetic(permutations)` in its first `agreeing` minima."""
    minima = np.arange(permutations, dtype="<u4")
    minima[agreeing:] += 10_000 * (agreeing + 1)
    return minima.tobytes()


def test_the_threshold_is_met_exactly_and_not_one_minimum_earlier() -> None:
    index = SketchIndex(CONFIG)
    index.add("a", synthetic(128))
    assert index.query(synthetic(78)) == ("a", 0.609375)
    assert index.query(synthetic(77)) == ("a", 0.601562)
    assert index.query(synthetic(76)) is None


def test_of_two_equally_near_the_smaller_key_answers() -> None:
    index = SketchIndex(CONFIG)
    for key in ("b", "a", "c"):
        index.add(key, synthetic(128))
    index.add("d", synthetic(120))
    assert index.query(synthetic(128)) == ("a", 1.0)
    assert index.query(synthetic(120)) == ("d", 1.0)
    index.remove("a")
    assert index.query(synthetic(128)) == ("b", 1.0)


def test_all_that_resemble_are_told_down_to_the_least_similarity_and_not_below() -> None:
    index = SketchIndex(CONFIG)
    assert index.resembling(synthetic(128), 0.0) == []
    for key, agreeing in (("a", 128), ("b", 96), ("c", 64)):
        index.add(key, synthetic(agreeing))
    assert sorted(index.resembling(synthetic(128), 0.5)) == ["a", "b", "c"]
    assert sorted(index.resembling(synthetic(128), 0.51)) == ["a", "b"]
    assert index.resembling(b"", 0.0) == []


def test_adding_again_replaces_and_removing_the_unknown_is_no_error() -> None:
    index = SketchIndex(CONFIG)
    assert index.add("a", synthetic(128)) is None
    assert index.add("a", synthetic(0)) is None
    assert len(index) == 1
    assert index.query(synthetic(128)) is None
    index.remove("never seen")
    index.remove("a")
    assert len(index) == 0
    assert index.query(synthetic(0)) is None


def test_an_empty_sketch_is_neither_taken_in_nor_found() -> None:
    index = SketchIndex(CONFIG)
    assert index.add("a", b"") is None
    assert len(index) == 0
    assert index.query(b"") is None


def test_a_full_index_evicts_the_first_added_and_says_so() -> None:
    # added:  a b c | d      capacity 3
    # then b again (now the newest), then e
    index = SketchIndex(SketchConfig(max_entries=3))
    sketches = {key: synthetic(0).replace(b"\x00", bytes([number])) for number, key in enumerate("abcde", 1)}
    assert [index.add(key, sketches[key]) for key in "abc"] == [None, None, None]
    assert index.add("d", sketches["d"]) == "a"
    assert index.add("b", sketches["b"]) is None
    assert index.add("e", sketches["e"]) == "c"
    assert [key in index for key in "abcde"] == [False, True, False, True, True]
    assert len(index) == 3
    assert index.query(sketches["a"]) is None


def test_a_flood_of_equal_texts_cannot_make_a_query_look_at_all_of_them() -> None:
    index = SketchIndex(SketchConfig(bucket_size=4))
    for number in range(1000):
        index.add(f"{number:04}", synthetic(128))
    assert len(index) == 1000
    assert index.query(synthetic(128)) == ("0000", 1.0)
    assert len(index._candidates(np.frombuffer(synthetic(128), dtype="<u4"))) == 4
    for number in range(3):
        index.remove(f"{number:04}")
    assert index.query(synthetic(128)) == ("0003", 1.0)
    index.add("new", synthetic(128))  # there is room again
    index.remove("0003")
    assert index.query(synthetic(128)) == ("new", 1.0)


def test_a_bucket_of_one_holds_one() -> None:
    index = SketchIndex(SketchConfig(bucket_size=1))
    index.add("a", synthetic(128))
    index.add("b", synthetic(128))
    assert index.query(synthetic(128)) == ("a", 1.0)
    index.remove("b")
    assert index.query(synthetic(128)) == ("a", 1.0)


ACTIONS = st.sampled_from(["add", "add", "remove", "query"])
AGREEING = st.sampled_from([0, 90, 95, 96, 97, 120, 128])
STEPS = st.lists(st.tuples(ACTIONS, st.sampled_from("abcdefgh"), AGREEING), max_size=40)


@settings(deadline=None)
@given(STEPS, st.integers(0, 40))
def test_restoring_and_continuing_equals_continuing(steps: list[tuple[str, str, int]], cut: int) -> None:
    config = SketchConfig(max_entries=4, bucket_size=2)
    through, answers = SketchIndex(config), []
    for step in steps:
        answers.append(apply(through, step))
    first, second, resumed = SketchIndex(config), SketchIndex(config), []
    for step in steps[:cut]:
        resumed.append(apply(first, step))
    second.restore(first.snapshot())
    assert second.snapshot() == first.snapshot()
    for step in steps[cut:]:
        resumed.append(apply(second, step))
    assert resumed == answers
    assert second.snapshot() == through.snapshot()


@settings(deadline=None)
@given(STEPS)
def test_the_index_answers_as_comparing_with_every_entry_would(steps: list[tuple[str, str, int]]) -> None:
    index, plain = SketchIndex(CONFIG), {}
    for action, key, agreeing in steps:
        answer = apply(index, (action, key, agreeing))
        if action == "add":
            plain[key] = synthetic(agreeing)
        elif action == "remove":
            plain.pop(key, None)
        else:
            scored = [(-estimate(sketch, synthetic(agreeing)), other) for other, sketch in plain.items()]
            near = [(score, other) for score, other in scored if -score >= CONFIG.threshold]
            assert answer == ((min(near)[1], -min(near)[0]) if near else None)


def apply(index: SketchIndex, step: tuple[str, str, int]) -> object:
    action, key, agreeing = step
    if action == "add":
        return index.add(key, synthetic(agreeing))
    if action == "remove":
        return index.remove(key)
    return index.query(synthetic(agreeing))


def test_many_entries_outgrow_the_first_matrix_and_stay_findable() -> None:
    index = SketchIndex(CONFIG)
    chance = np.random.default_rng(1)
    rows = [chance.integers(0, 1 << 32, 128, dtype=np.uint32).astype("<u4").tobytes() for _ in range(200)]
    for number, row in enumerate(rows):
        index.add(f"{number:03}", row)
    assert [index.query(row) for row in rows] == [(f"{number:03}", 1.0) for number in range(200)]


def test_a_smaller_index_takes_the_newest_of_a_snapshot() -> None:
    large, small = SketchIndex(CONFIG), SketchIndex(SketchConfig(max_entries=2))
    for key in "abc":
        large.add(key, synthetic(128))
    small.restore(large.snapshot())
    assert len(small) == 2
    assert small.query(synthetic(128)) == ("b", 1.0)


def test_a_snapshot_of_other_shingles_or_another_detector_is_refused() -> None:
    index = SketchIndex(CONFIG)
    with pytest.raises(SnapshotError, match=r"restore the settings `sketch\.\*`, or replay the log"):
        index.restore(SketchIndex(SketchConfig(width=5)).snapshot())
    with pytest.raises(SnapshotError, match="sketch-index version 1"):
        index.restore(pack("other", 1, []))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("threshold", 0.0, "SketchConfig.threshold is 0.0; expected `float` > 0.0"),
        ("threshold", 1.01, "SketchConfig.threshold is 1.01; expected `float` <= 1.0"),
        ("width", 0, "SketchConfig.width is 0; expected `int` >= 1"),
        ("dense_width", 0, "SketchConfig.dense_width"),
        ("permutations", 0, "SketchConfig.permutations"),
        ("bands", 0, "SketchConfig.bands is 0; expected `int` >= 1"),
        (
            "bands",
            33,
            r"sketch.bands \(33\) times sketch.rows \(4\) exceeds sketch.permutations \(128\); use at most 32",
        ),
        ("bands", 65, "SketchConfig.bands is 65; expected `int` <= 64"),
        ("rows", 0, "SketchConfig.rows"),
        ("max_entries", 0, "SketchConfig.max_entries"),
        ("bucket_size", 0, "SketchConfig.bucket_size"),
        ("seed", -1, "SketchConfig.seed is -1; expected `int` >= 0"),
    ],
)
def test_a_setting_that_could_never_work_is_refused(name: str, value: float, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SketchConfig(**{name: value})


def test_settings_at_their_limits_are_taken() -> None:
    assert SketchConfig(threshold=1.0, bands=32).bands == 32
    assert SketchConfig(bands=64, rows=2).rows == 2


def test_a_sketch_can_be_had_back_until_its_entry_goes() -> None:
    index = SketchIndex(SketchConfig(max_entries=1))
    index.add("a", synthetic(128))
    assert index.get("a") == synthetic(128)
    index.add("b", synthetic(0))
    assert index.get("a") is None
    assert index.get("b") == synthetic(0)
