"""The embedders with real weights: the packaged model, and small ones made up here."""

import hashlib
import importlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectors.similarity.embedding import EmbeddingError, HashingEmbedder
from streams.embedders import EmbedderConfig, make_embedder
from streams.embedders.libraries import load
from streams.embedders.model_files import ModelError, find, read_recipe
from streams.embedders.onnx import GRAPH, REFUSED, ExportJob, OnnxEmbedder

pytestmark = pytest.mark.model

ROOT = Path(__file__).parents[3]

TEXTS = [
    "",
    "no",
    "Two hostages have left the café in Sydney",
    "BREAKING: two hostages leave the cafe in Sydney!",
    "The bridge was closed after a truck lost its load of gravel this morning",
    "The bridge was closed. " * 30,
    "गर्म पानी पीने से वायरस नहीं मरता",
    "الماء الساخن لا يقتل الفيروس",
    "喝热水不能杀死病毒",
    "การดื่มน้ำร้อนไม่ได้ฆ่าไวรัส",
    "half a pair \ud83d",
    "https://example.org/a/long/path?with=a&query=string 2014-12-15T16:05:00Z",
]


@pytest.fixture(scope="module")
def packaged():
    """The default embedder, from the user's cache: the first run on a machine exports its graph."""
    return make_embedder(EmbedderConfig())


@pytest.fixture(scope="module")
def alone(packaged):
    """Each text's vector when it is the only one in its call."""
    return [packaged.embed([text])[0].tobytes() for text in TEXTS]


# --- the promise: a vector is a function of its text ------------------------------------------------------------------


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, len(TEXTS) - 1), max_size=12))
def test_a_vector_does_not_depend_on_its_batch_mates_bit_for_bit(packaged, alone, company):
    vectors = packaged.embed([TEXTS[i] for i in company])
    assert vectors.shape == (len(company), packaged.dimension)
    assert [vector.tobytes() for vector in vectors] == [alone[i] for i in company]


def test_another_process_with_other_threads_gives_the_same_bits_and_never_loads_pytorch(packaged, alone):
    code = f"""
import sys, hashlib
from streams.embedders import EmbedderConfig, make_embedder
vectors = make_embedder(EmbedderConfig()).embed({TEXTS!r})
print(hashlib.sha256(vectors.tobytes()).hexdigest(), *sys.modules)
"""
    env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "4"}
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, env=env, check=True)
    digest, *loaded = done.stdout.decode().split()
    assert digest == hashlib.sha256(b"".join(alone)).hexdigest()
    assert "onnxruntime" in loaded
    assert not {"torch", "transformers", "sentence_transformers", "onnx", "huggingface_hub"} & set(loaded)


def test_threads_that_embed_at_once_do_not_disturb_each_other(packaged, alone):
    with ThreadPoolExecutor(4) as pool:
        several = list(pool.map(packaged.embed, [TEXTS[i:] + TEXTS[:i] for i in range(len(TEXTS))]))
    for i, vectors in enumerate(several):
        assert [vector.tobytes() for vector in vectors] == alone[i:] + alone[:i]


def test_rows_are_unit_vectors_in_single_precision(packaged):
    vectors = packaged.embed(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


def test_no_texts_give_no_rows(packaged):
    assert packaged.embed([]).shape == (0, 384)


def test_an_endless_text_is_cut_where_the_settings_say(packaged):
    text = "\u00a0" * 3_000 + "word " * 20_000  # spaces cost no tokens, so the cut is seen
    whole, cut, shorter = packaged.embed([text, text[:4_096], text[:4_000]])
    assert np.array_equal(whole, cut)
    assert not np.array_equal(whole, shorter)


def test_the_same_claim_is_nearer_than_another_story(packaged):
    _, _, claim, again, other, *_ = packaged.embed(TEXTS)
    assert claim @ again > 0.85
    assert claim @ other < 0.4


# --- languages: what the default model cannot tell apart --------------------------------------------------------------

ENGLISH = [
    "Drinking hot water does not kill the virus",
    "School will be closed tomorrow because of rain",
    "The bank has changed its rules for small accounts",
    "Farmers blocked the road to the capital for three days",
    "Our team won the cricket match by four wickets",
    "The price of onions has doubled since last month",
    "A new train line will open near the river",
    "Please give blood at the city hospital today",
]
HINDI = [
    "गर्म पानी पीने से वायरस नहीं मरता",
    "बारिश के कारण कल स्कूल बंद रहेगा",
    "बैंक ने छोटे खातों के नियम बदल दिए हैं",
    "किसानों ने तीन दिन तक राजधानी की सड़क रोकी",
    "हमारी टीम ने चार विकेट से क्रिकेट मैच जीता",
    "प्याज का दाम पिछले महीने से दोगुना हो गया है",
    "नदी के पास एक नई रेल लाइन खुलेगी",
    "कृपया आज शहर के अस्पताल में रक्तदान करें",
]


def unrelated(embedder, texts: list[str]) -> float:
    """The middle similarity of texts about different things."""
    vectors = embedder.embed(texts)
    return float(np.median((vectors @ vectors.T)[np.triu_indices(len(texts), 1)]))


def test_the_default_model_finds_unrelated_hindi_texts_alike_and_unrelated_english_ones_not(packaged):
    assert unrelated(packaged, ENGLISH) < 0.25
    assert unrelated(packaged, HINDI) > 0.5


def test_hashed_letters_keep_unrelated_texts_apart_in_both_languages():
    assert unrelated(HashingEmbedder(), ENGLISH) < 0.25
    assert unrelated(HashingEmbedder(), HINDI) < 0.25


def test_in_hindi_a_text_with_words_added_is_still_nearer_than_any_unrelated_one(packaged):
    vectors = packaged.embed(HINDI)
    forwarded = packaged.embed([text + " सबको बताओ" for text in HINDI])
    among = vectors @ vectors.T - np.eye(len(HINDI))
    assert (np.sum(vectors * forwarded, axis=1) > among.max(axis=1)).all()


# --- sentence-transformers, the reference -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference():
    return make_embedder(EmbedderConfig(runtime="sentence-transformers"))


def test_both_runtimes_give_the_same_vectors_under_the_same_revision(packaged, reference):
    assert packaged.revision == reference.revision
    assert packaged.dimension == reference.dimension == 384
    np.testing.assert_allclose(packaged.embed(TEXTS), reference.embed(TEXTS), atol=2e-6, rtol=0)


def test_the_reference_keeps_the_promise_too(reference):
    texts = TEXTS[:6]
    single = [reference.embed([text])[0].tobytes() for text in texts]
    assert [vector.tobytes() for vector in reference.embed(texts[::-1])] == single[::-1]
    assert reference.embed([]).shape == (0, 384)


def test_an_embedder_shows_its_revision(packaged, reference):
    assert repr(packaged) == f"OnnxEmbedder(revision={packaged.revision!r})"
    assert repr(reference) == f"SentenceTransformerEmbedder(revision={packaged.revision!r})"


# --- other models -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def save_model(tmp_path_factory):
    """Makes a small random model, as sentence-transformers itself writes it."""
    # Loaded here and not above, because PyTorch takes seconds: collecting tests stays quick.
    torch, transformers = load("torch"), load("transformers")
    parts = importlib.import_module("sentence_transformers.sentence_transformer.modules")
    SentenceTransformer = load("sentence_transformers").SentenceTransformer  # noqa: N806  a class

    bare = tmp_path_factory.mktemp("bare")
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    (bare / "vocab.txt").write_text("\n".join(vocabulary))
    transformers.BertTokenizerFast(vocab_file=str(bare / "vocab.txt"), model_max_length=48).save_pretrained(bare)
    shape = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=48,
    )
    torch.manual_seed(1)
    transformers.BertModel(shape).save_pretrained(bare)

    def save(pooling: str, *, dtype: str = "float32", fill: float | None = None) -> Path:
        folder = tmp_path_factory.mktemp(pooling)
        transformer = parts.Transformer(str(bare), model_kwargs={"dtype": dtype})
        if fill is not None:
            transformer.model.embeddings.LayerNorm.weight.data.fill_(fill)
        SentenceTransformer(modules=[transformer, parts.Pooling(32, pooling_mode=pooling)], device="cpu").save(
            str(folder)
        )
        return folder

    return save


def export(folder: Path, graph: Path) -> OnnxEmbedder:
    """What the exporting process does, here."""
    onnx_export = importlib.import_module("streams.embedders.onnx_export")  # imports PyTorch

    files = find(EmbedderConfig(model=str(folder)))
    recipe = read_recipe(folder)
    onnx_export.main(msgspec.json.encode(ExportJob(files=files, recipe=recipe, graph=graph), enc_hook=str))
    return OnnxEmbedder(files, recipe, graph)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_another_model_is_exported_by_its_own_pooling_and_window(save_model, tmp_path, pooling):
    exported = export(folder := save_model(pooling), tmp_path / GRAPH)
    reference = make_embedder(EmbedderConfig(runtime="sentence-transformers", model=str(folder)))
    assert exported.dimension == reference.dimension == 32
    texts = ["", "a", "b c d", "Many Words", "x " * 45, "x " * 46, "x " * 47 + "y"]
    vectors = exported.embed(texts)
    np.testing.assert_allclose(vectors, reference.embed(texts), atol=1e-6, rtol=0)
    full, over, far_over = vectors[4], vectors[5], vectors[6]  # 46 tokens and 2 marks fill the window of 48
    assert not np.array_equal(full, over)
    assert np.array_equal(over, far_over)


def test_weights_kept_in_half_precision_are_computed_in_single_precision(save_model):
    folder = save_model("mean", dtype="bfloat16")
    half = make_embedder(EmbedderConfig(runtime="sentence-transformers", model=str(folder)))
    vectors = half.embed(["a b c", "d e f"])
    # A vector computed in bfloat16 has 8 significant bits: rounding to them would change nothing.
    assert not np.array_equal(vectors, (vectors.view(np.uint32) & 0xFFFF0000).view(np.float32))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


def test_a_model_that_gives_no_numbers_is_refused_by_both_runtimes(save_model, tmp_path, capsys):
    folder = save_model("mean", fill=float("nan"))
    with pytest.raises(EmbeddingError, match="length nan"):
        make_embedder(EmbedderConfig(runtime="sentence-transformers", model=str(folder)))
    with pytest.raises(SystemExit) as leaving:
        export(folder, tmp_path / GRAPH)
    assert leaving.value.code == REFUSED
    assert "the model returned a vector of length nan instead of one" in capsys.readouterr().err
    with pytest.raises(EmbeddingError, match="length nan"):  # a graph that went bad after its proof
        OnnxEmbedder(find(EmbedderConfig(model=str(folder))), read_recipe(folder), tmp_path / GRAPH).embed(["a"])


def test_a_graph_that_gives_other_vectors_is_refused(save_model):
    onnx_export = importlib.import_module("streams.embedders.onnx_export")  # imports PyTorch

    files = find(EmbedderConfig(model=str(save_model("mean"))))
    with pytest.raises(ModelError, match=r"differs from the model by .* on probe .* 1e-05 .* set embedder.runtime to"):
        onnx_export.verify(HashingEmbedder(dimension=32), files)
