import numpy as np
import pytest

from detectors.similarity.embedding import HashingEmbedder
from streams.devtools import doctor
from streams.devtools.doctor import Status
from streams.settings.load import load

DEFAULT = load(environ={})


class Lopsided(HashingEmbedder):
    def embed(self, texts):
        return super().embed(texts) * np.float32(2)


def missing(config):
    raise FileNotFoundError("no such model\nand more lines")


@pytest.mark.parametrize(
    ("found", "status"), [((3, 10, 14), Status.FAILED), ((3, 11, 0), Status.GOOD), ((3, 12, 1), Status.GOOD)]
)
def test_an_old_python_fails(found, status):
    assert doctor.python(found).status is status


def test_the_packages_of_this_installation_are_here():
    assert doctor.packages().status is Status.GOOD


def test_every_codec_of_kafka_can_be_read():
    assert doctor.compression() == doctor.Finding("compression", doctor.Status.GOOD, "gzip, snappy, lz4, zstd")


def test_a_codec_that_one_of_the_clients_cannot_read_is_warned_of(monkeypatch):
    monkeypatch.setattr("kafka.codec.lz4", None)
    finding = doctor.compression()
    assert (finding.status, finding.found) == (doctor.Status.WARNING, "gzip, snappy, zstd; not lz4")
    assert "lz4" in finding.remedy


def test_what_is_not_installed_is_named():
    assert doctor.packages("no-such-package").status is Status.WARNING


def test_a_model_that_loads_is_named_with_its_revision():
    finding = doctor.model(DEFAULT, lambda config: HashingEmbedder())
    assert finding.status is Status.GOOD
    assert finding.found.startswith(f"{HashingEmbedder().revision}, 256 dimensions, ready in ")


def test_a_model_that_does_not_load_fails_with_the_first_line_of_the_reason():
    finding = doctor.model(DEFAULT, missing)
    assert (finding.status, finding.found) == (Status.FAILED, "FileNotFoundError: no such model")
    assert finding.failed


def test_a_model_without_unit_vectors_fails():
    assert doctor.model(DEFAULT, lambda config: Lopsided()).failed


@pytest.mark.parametrize(
    ("given", "status"),
    [("1", Status.GOOD), ("4", Status.GOOD), ("5", Status.WARNING), ("0", Status.WARNING), ("", Status.WARNING),
     ("many", Status.WARNING)],
)  # fmt: skip
def test_more_threads_than_cores_or_none_said_is_warned_of(given, status):
    assert doctor.threads({"OMP_NUM_THREADS": given}, cores=4).status is status


@pytest.mark.parametrize(("available", "status"), [((2 << 30) - 1, Status.WARNING), (2 << 30, Status.GOOD)])
def test_little_memory_is_warned_of(available, status):
    assert doctor.memory(available).status is status


@pytest.mark.parametrize(("free", "status"), [((1 << 30) - 1, Status.WARNING), (1 << 30, Status.GOOD)])
def test_a_full_disk_is_warned_of(tmp_path, free, status):
    assert doctor.disk(tmp_path, free).status is status


def test_the_offline_switches_are_told():
    assert doctor.hub({}).found.startswith("not set")
    assert doctor.hub({"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "0"}).found == "HF_HUB_OFFLINE"


def test_the_demo_key_is_warned_of_and_a_key_of_ones_own_is_named_but_not_shown():
    assert doctor.key(DEFAULT).status is Status.WARNING
    secret = "0123456789abcdef" * 4
    finding = doctor.key(load(environ={"HEARSAY_KEY": secret, "HEARSAY_KEY__ID": "2026-01"}))
    assert finding.status is Status.GOOD
    assert finding.found == "2026-01, in HEARSAY_KEY"


def test_tools_that_are_not_here_are_no_failure():
    assert [finding.status for finding in doctor.tools(lambda name: None)] == [Status.GOOD] * 2
    assert "/usr/bin/java" in next(doctor.tools(lambda name: f"/usr/bin/{name}")).found


def test_the_whole_examination_has_one_line_a_check():
    hashing = load(environ={}, overrides=["embedder.runtime=hashing"])
    names = [finding.name for finding in doctor.examine(hashing)]
    assert names == [
        "python",
        "packages",
        "compression",
        "model",
        "threads",
        "memory",
        "disk",
        "hub offline",
        "key",
        "java",
        "mvn",
    ]
