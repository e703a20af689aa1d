"""Everything about embedders that needs no model: settings, files, recipes, texts, the cache."""

import hashlib
import json
import os
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.embedders import PACKAGED_MODEL, EmbedderConfig, make_embedder
from streams.embedders.cache import entry
from streams.embedders.model_files import ModelError, ModelRecipe, file_digest, find, read_recipe
from streams.embedders.onnx import open_model
from streams.embedders.text import readable

ROOT = Path(__file__).parents[3]


def python(code: str, **environ: str) -> str:
    """What a fresh interpreter prints."""
    env = os.environ | {"PYTHONPATH": str(ROOT)} | environ
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, env=env, check=True
    )
    return done.stdout.strip()


# --- settings ---------------------------------------------------------------------------------------------------------


def test_importing_the_package_loads_no_runtime():
    loaded = python("import sys, streams.embedders; print(*sys.modules)").split()
    assert "streams.embedders" in loaded
    assert not {"torch", "transformers", "onnxruntime", "tokenizers", "huggingface_hub"} & set(loaded)


def test_the_hashing_runtime_needs_no_model_and_no_cache(tmp_path):
    config = EmbedderConfig(runtime="hashing", hashing_dimension=32, max_chars=4, cache_dir=str(tmp_path / "none"))
    embedder = make_embedder(config)
    assert embedder.dimension == 32
    same, cut = embedder.embed(["abcd", "abcdefg"])
    assert np.array_equal(same, cut)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"model": ""}, "EmbedderConfig.model is ''; expected `str` of length >= 1"),
        ({"max_chars": 0}, "EmbedderConfig.max_chars is 0; expected `int` >= 1"),
    ],
)
def test_a_setting_outside_its_range_is_refused(setting, message):
    with pytest.raises(ValueError, match="EmbedderConfig") as refusal:
        EmbedderConfig(**setting)
    assert message in str(refusal.value)


# --- texts ------------------------------------------------------------------------------------------------------------


@given(st.text(st.characters(codec=None), max_size=30), st.integers(1, 40))
def test_a_readable_text_encodes_and_is_no_longer_than_asked(text, max_chars):
    mended = readable(text, max_chars)
    mended.encode()
    assert len(mended) <= max_chars
    assert readable(mended, max_chars) == mended


@given(st.text(max_size=30))
def test_a_sound_text_stays_as_it_is(text):
    assert readable(text, 30) == text


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("a\ud83d b", "a\ufffd b"),
        ("\udc00\ud800", "\ufffd\ufffd"),
        ("\ud83d\ude00", "\U0001f600"),  # two halves that belong together become the sign that was meant
    ],
)
def test_halves_of_surrogate_pairs_are_mended(text, mended):
    assert readable(text, 10) == mended


def test_a_text_is_cut_after_the_last_allowed_code_point():
    assert [readable("नमस्ते", length) for length in (5, 6, 7)] == ["नमस्त", "नमस्ते", "नमस्ते"]


# --- files ------------------------------------------------------------------------------------------------------------

TRANSFORMER = {"type": "sentence_transformers.models.Transformer", "path": ""}
POOLING = {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}
NORMALIZE = {"type": "sentence_transformers.base.modules.normalize.Normalize", "path": "2_Normalize"}
DENSE = {"type": "sentence_transformers.models.Dense", "path": "2_Dense"}


def write_model(folder: Path, **files: object) -> Path:
    """A folder that looks like a model as far as the files named; a double underscore stands for a slash."""
    given_files: dict[str, object] = {
        "modules": [TRANSFORMER, POOLING, NORMALIZE],
        "1_Pooling__config": {"pooling_mode_mean_tokens": True},
        "sentence_bert_config": {"max_seq_length": 128, "do_lower_case": False},
        "config": {"model_type": "bert", "max_position_embeddings": 512},
        "tokenizer": {},
    } | files
    for name, content in given_files.items():
        if content is not None:
            path = folder / f"{name.replace('__', '/')}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content))
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def revision(folder: Path, max_chars: int = 100) -> str:
    return find(EmbedderConfig(model=str(folder), max_chars=max_chars)).revision


def test_a_revision_names_content_and_not_the_folder(tmp_path):
    one, other = write_model(tmp_path / "one"), write_model(tmp_path / "other")
    assert revision(one) == revision(other)
    assert revision(one).startswith("bert-")


def test_what_changes_no_vector_changes_no_revision(tmp_path):
    folder = write_model(tmp_path / "model")
    before = revision(folder)
    for name in ("README.md", ".cache/state.json", "onnx/model.json", "openvino/model.json", "pytorch_model.bin"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"new")
    assert revision(folder) == before


@pytest.mark.parametrize(
    "name", ["model.safetensors", "tokenizer.json", "1_Pooling/config.json", "vocab.txt", "spiece.model"]
)
def test_what_may_change_a_vector_changes_the_revision(tmp_path, name):
    folder = write_model(tmp_path / "model")
    before = revision(folder)
    (folder / name).write_bytes(b'{"changed": 1}')
    assert revision(folder) != before


def test_the_length_that_texts_are_cut_to_is_part_of_the_revision(tmp_path):
    folder = write_model(tmp_path / "model")
    assert revision(folder, max_chars=100) != revision(folder, max_chars=101)


def test_weights_that_may_run_code_are_refused(tmp_path):
    folder = write_model(tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"the folder 'model' has no safetensors weights.* \(embedder.model\)"):
        revision(folder)


def test_a_folder_of_something_else_is_refused_before_it_is_searched(tmp_path):
    folder = write_model(tmp_path / "downloads", modules=None)
    with pytest.raises(ModelError, match=r"the folder 'downloads' has no modules.json \(embedder.model\)"):
        revision(folder)


@pytest.mark.parametrize("name", ["nobody/nothing", "not a name", "/no/such/folder"])
def test_a_model_that_is_not_on_this_machine_is_refused_without_asking_a_hub(name):
    code = f"""
from streams.embedders import EmbedderConfig, make_embedder
try:
    make_embedder(EmbedderConfig(model={name!r}))
except ValueError as error:
    print(error)
"""
    message = python(code, HF_ENDPOINT="http://127.0.0.1:9")
    assert f"cannot find the model {name!r} on this machine (embedder.model)" in message
    assert "set embedder.allow_download to true" in message


def test_a_hub_name_that_was_downloaded_before_is_found_offline(tmp_path):
    commit = "0123456789abcdef0123456789abcdef01234567"
    kept = tmp_path / "models--somebody--something"
    folder = write_model(kept / "snapshots" / commit)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(commit)
    code = """
import os
from streams.embedders.config import EmbedderConfig
from streams.embedders.model_files import find
print(find(EmbedderConfig(model="somebody/something")).folder, os.environ["HF_HUB_OFFLINE"])
"""
    assert python(code, HF_HUB_CACHE=str(tmp_path), HF_HUB_OFFLINE="0").split() == [str(folder), "1"]


class Hub(BaseHTTPRequestHandler):
    """A model hub with one model, as far as its clients ask."""

    COMMIT = "89abcdef89abcdef89abcdef89abcdef89abcdef"
    folder: Path

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        path = self.path.partition("?")[0]
        if path == "/api/models/somebody/something/revision/main":
            names = [file.relative_to(self.folder).as_posix() for file in self.folder.rglob("*") if file.is_file()]
            siblings = [{"rfilename": name} for name in names]
            found = json.dumps({"id": "somebody/something", "sha": self.COMMIT, "siblings": siblings}).encode()
        elif path.startswith(prefix := f"/somebody/something/resolve/{self.COMMIT}/"):
            found = (self.folder / path.removeprefix(prefix)).read_bytes()
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(found)))
        self.send_header("ETag", f'"{hashlib.sha256(found).hexdigest()}"')
        self.send_header("X-Repo-Commit", self.COMMIT)
        self.end_headers()
        if body:
            self.wfile.write(found)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_hub_is_asked_only_when_the_settings_allow_it_and_for_safe_files_only(tmp_path):
    Hub.folder = write_model(tmp_path / "hub")
    for name in ("pytorch_model.bin", "README.md", "onnx/model.json"):
        (Hub.folder / name).parent.mkdir(exist_ok=True)
        (Hub.folder / name).write_bytes(b"unwanted")
    code = """
import os
from streams.embedders.config import EmbedderConfig
from streams.embedders.model_files import find
files = find(EmbedderConfig(model="somebody/something", allow_download=True, max_chars=100))
print(files.revision, *sorted(p.relative_to(files.folder).as_posix() for p in files.folder.rglob("*") if p.is_file()))
"""
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        where = {"HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}", "HF_HUB_CACHE": str(tmp_path / "cache")}
        came, *files = python(code, **where, HF_HUB_OFFLINE="0", HF_HUB_DISABLE_TELEMETRY="1").split()
        server.shutdown()
    assert came == revision(Hub.folder)
    assert files == [
        "1_Pooling/config.json",
        "config.json",
        "model.safetensors",
        "modules.json",
        "sentence_bert_config.json",
        "tokenizer.json",
    ]


def test_a_name_that_no_hub_knows_is_refused_in_this_process_too(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")  # so that what `find` sets is taken back afterwards
    monkeypatch.setenv("TRANSFORMERS_OFFLINE", "1")
    with pytest.raises(ModelError, match=r"cannot find the model 'nobody/nothing' on this machine \(embedder.model\)"):
        find(EmbedderConfig(model="nobody/nothing"))


def test_the_packaged_model_is_found_and_can_be_exported():
    files = find(EmbedderConfig())
    assert (files.folder / "model.safetensors").is_file()
    assert read_recipe(files.folder) == ModelRecipe(pooling="mean", max_tokens=256)
    assert EmbedderConfig().model == PACKAGED_MODEL


# --- recipes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "recipe"),
    [
        ({}, ModelRecipe(pooling="mean", max_tokens=128)),
        ({"modules": [TRANSFORMER, POOLING]}, ModelRecipe(pooling="mean", max_tokens=128)),
        ({"1_Pooling__config": {"pooling_mode_cls_token": True}}, ModelRecipe(pooling="cls", max_tokens=128)),
        ({"1_Pooling__config": {"pooling_mode": "cls"}}, ModelRecipe(pooling="cls", max_tokens=128)),
        ({"sentence_bert_config": {}}, ModelRecipe(pooling="mean", max_tokens=512)),
        (
            {"sentence_bert_config": None, "tokenizer_config": {"model_max_length": 64}},
            ModelRecipe(pooling="mean", max_tokens=64),
        ),
        (
            {
                "sentence_bert_config": {},
                "tokenizer_config": {"model_max_length": 1e30},
                "config": {"max_position_embeddings": 99},
            },
            ModelRecipe(pooling="mean", max_tokens=99),
        ),
    ],
)
def test_a_simple_model_can_be_exported(tmp_path, files, recipe):
    assert read_recipe(write_model(tmp_path, **files)) == recipe


@pytest.mark.parametrize(
    ("files", "came"),
    [
        ({"modules": [TRANSFORMER, POOLING, DENSE]}, "got Transformer, Pooling, Dense"),
        ({"modules": [TRANSFORMER]}, "got Transformer"),
        ({"1_Pooling__config": {"pooling_mode_max_tokens": True}}, "got max"),
        ({"1_Pooling__config": {"pooling_mode_lasttoken": True}}, "got lasttoken"),
        ({"1_Pooling__config": {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}}, "got mean+cls"),
        ({"1_Pooling__config": {"pooling_mode": ["mean", "max"]}}, "got mean+max"),
        ({"1_Pooling__config": {}}, "got none"),
        ({"sentence_bert_config": {"do_lower_case": True}}, "got do_lower_case"),
        ({"config_sentence_transformers": {"default_prompt_name": "query"}}, "got query"),
        ({"tokenizer": None}, "a tokenizer.json; got none"),
    ],
)
def test_a_model_that_does_more_needs_the_other_runtime(tmp_path, files, came):
    with pytest.raises(ModelError, match=r'set embedder\.runtime to "sentence-transformers"') as refusal:
        read_recipe(write_model(tmp_path, **files))
    assert came in str(refusal.value)


@pytest.mark.parametrize("content", [{"what": 1}, "text", [{"path": "x"}]])
def test_settings_files_that_nobody_wrote_are_refused(tmp_path, content):
    with pytest.raises(ModelError, match=r"cannot read the model's modules.json: .*choose another"):
        read_recipe(write_model(tmp_path, modules=content))


# --- the exporting process --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo noise >&2; echo the model is no good >&2; exit 3", r"^the model is no good$"),
        (
            "echo 'MemoryError: too big' >&2; exit 1",
            r"the model's graph for onnxruntime: MemoryError: too big",
        ),
        (
            "exit 9",
            r"cannot export the model's graph for onnxruntime: exit status 9 \(embedder.model\); set embedder.runtime",
        ),
        ("kill -KILL $$", r"cannot export the model's graph for onnxruntime: exit status -9"),
    ],
)
def test_a_failed_export_is_told_in_one_line_and_leaves_nothing(tmp_path, monkeypatch, script, message):
    interpreter = tmp_path / "python"
    interpreter.write_text(f"#!/bin/sh\ncat > /dev/null\n{script}\n")
    interpreter.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(interpreter))
    folder = write_model(tmp_path / "model")
    with pytest.raises(ModelError, match=message):
        open_model(find(EmbedderConfig(model=str(folder))), tmp_path / "cache")
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]


# --- the cache --------------------------------------------------------------------------------------------------------


class Builder:
    """Writes one file, and remembers how often it was asked to."""

    def __init__(self, content: bytes = b"dear") -> None:
        self.content, self.asked = content, 0

    def __call__(self, folder: Path) -> None:
        self.asked += 1
        assert not list(folder.iterdir()), "a builder starts from nothing"
        (folder / "graph").write_bytes(self.content)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_entry_is_built_once_and_found_afterwards(tmp_path):
    build = Builder()
    first = entry(tmp_path / "deep" / "cache", "key", build)
    assert entry(tmp_path / "deep" / "cache", "key", build) == first
    assert (first / "graph").read_bytes() == b"dear"
    assert build.asked == 1


def test_another_key_is_another_entry(tmp_path):
    build = Builder()
    assert entry(tmp_path, "one", build) != entry(tmp_path, "two", build)
    assert build.asked == 2


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    "harm",
    [
        lambda place: flip(place / "graph"),
        lambda place: (place / "graph").write_bytes(b""),
        lambda place: (place / "graph").unlink(),
        lambda place: (place / "manifest.json").unlink(),
        lambda place: (place / "manifest.json").write_bytes(b'{"files":'),
    ],
)
def test_a_rotten_entry_is_built_again(tmp_path, harm):
    build = Builder()
    harm(entry(tmp_path, "key", build))
    assert (entry(tmp_path, "key", build) / "graph").read_bytes() == b"dear"
    assert build.asked == 2
    entry(tmp_path, "key", build)
    assert build.asked == 2
    assert names(tmp_path) == ["key", "key.lock"]


def test_what_a_killed_builder_left_is_swept_away(tmp_path):
    (tmp_path / "key.partial").mkdir()
    (tmp_path / "key.partial" / "half").write_bytes(b"half")
    assert names(entry(tmp_path, "key", Builder())) == ["graph", "manifest.json"]
    assert names(tmp_path) == ["key", "key.lock"]


def test_a_failing_builder_leaves_no_entry(tmp_path):
    def fail(folder: Path) -> None:
        (folder / "graph").write_bytes(b"half")
        raise ModelError("no")

    with pytest.raises(ModelError, match="no"):
        entry(tmp_path, "key", fail)
    assert names(tmp_path) == ["key.lock"]
    assert (entry(tmp_path, "key", Builder()) / "graph").read_bytes() == b"dear"


def test_an_intact_entry_is_never_written_to(tmp_path):
    place = entry(tmp_path, "key", Builder())
    (tmp_path / "key.lock").unlink()
    before = {path: path.stat().st_mtime_ns for path in [tmp_path, place, *place.iterdir()]}
    entry(tmp_path, "key", Builder())
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert not (tmp_path / "key.lock").exists()


def test_a_cache_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelError, match=r"cannot write the model's cache folder .*\(embedder.cache_dir\)"):
        entry(tmp_path / "file" / "cache", "key", Builder())


def test_processes_that_ask_at_once_wait_for_the_one_that_builds(tmp_path):
    code = f"""
import os, time
from pathlib import Path
from streams.embedders.cache import entry
here = Path({str(tmp_path)!r})

def build(folder):
    with (here / "log").open("a") as log:
        log.write("built ")
    time.sleep(0.3)
    (folder / "graph").write_bytes(b"dear")

(here / str(os.getpid())).touch()
while not (here / "go").exists():
    time.sleep(0.01)
print((entry(here / "cache", "key", build) / "graph").read_bytes().decode())
"""
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    asking = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=env) for _ in range(3)]
    while sum(path.name.isdigit() for path in tmp_path.iterdir()) < len(asking):
        assert all(process.poll() is None for process in asking)
        time.sleep(0.01)
    (tmp_path / "go").touch()
    assert [process.communicate()[0] for process in asking] == [b"dear\n"] * 3
    assert (tmp_path / "log").read_text() == "built "


def test_a_digest_tells_files_apart(tmp_path):
    for name, content in [("one", b"a"), ("same", b"a"), ("other", b"b")]:
        (tmp_path / name).write_bytes(content)
    assert file_digest(tmp_path / "one") == file_digest(tmp_path / "same")
    assert file_digest(tmp_path / "one") != file_digest(tmp_path / "other")
