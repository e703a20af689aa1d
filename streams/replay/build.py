"""Build the pipeline of a replay, and record what it was built from."""

from typing import Any, Protocol

import msgspec

import schemas
from detectors.pipeline.cascades import Trace
from detectors.pipeline.pipeline import Pipeline
from detectors.similarity.embedding import Embedder
from schemas.base import Message
from streams.embedders import make_embedder
from streams.errors import UserError
from streams.recordings.base import SourceReader
from streams.recordings.open import TOPIC
from streams.reference.load import load_reference_data
from streams.replay.driver import ReplayPipeline
from streams.runs.folder import InputFile, Manifest, RunCounts
from streams.settings.key import Key
from streams.settings.load import Settings, to_values
from streams.version import code_version


class RunProvenance(msgspec.Struct, frozen=True, kw_only=True):
    """What a manifest says of a run beside its input and counts."""

    settings: dict[str, Any]
    settings_digest: str
    code_version: str
    schema_versions: dict[str, int]
    model_revision: str
    reference_digest: str | None
    key_id: str

    def manifest(self, source: SourceReader, at_most: int | None, counts: RunCounts, *, complete: bool) -> Manifest:
        """The manifest of a run of this recipe."""
        digest = source.sha256() if complete else None
        size = source.total if source.total is not None else (source.done if digest else None)
        size = None if source.format == TOPIC else size
        return Manifest(
            complete=complete,
            input=InputFile(name=source.name, format=source.format, bytes=size, sha256=digest),
            at_most=at_most,
            counts=counts,
            **msgspec.structs.asdict(self),
        )


class PipelineBuild(msgspec.Struct, frozen=True):
    """What a replay drives, and what it was made from beside the settings."""

    engine: ReplayPipeline
    model_revision: str
    reference_digest: str | None = None


def run_provenance(settings: Settings, key: Key, made: PipelineBuild) -> RunProvenance:
    """What a run with these settings is made from; nothing in it tells where it ran."""
    places = ("embedder.cache_dir", "embedder.hub", "claims.file", "harm.file")
    private = (*places, "key.", "replay.", "pool.", "worker.", "kafka.")
    values = {name: value for name, value in to_values(settings).items() if not name.startswith(private)}
    return RunProvenance(
        settings=values,
        settings_digest=settings.pipeline.digest(),
        code_version=code_version(),
        schema_versions=schema_versions(),
        model_revision=made.model_revision,
        reference_digest=made.reference_digest,
        key_id=key.id,
    )


def schema_versions() -> dict[str, int]:
    """The version of each message's schema."""
    kinds = [getattr(schemas, name) for name in schemas.__all__]
    return {kind.__name__: _version(kind) for kind in kinds if issubclass(kind, Message)}


def _version(kind: type[Message]) -> int:
    (field,) = (field for field in msgspec.structs.fields(kind) if field.name == "schema_version")
    return int(field.default_factory())


class ModelMissingError(UserError):
    """The model does not load. The message says what came and what to try."""


class PipelineFactory(Protocol):
    """Makes what a replay drives, and says what is in it."""

    def __call__(self, settings: Settings, key: Key, trace: Trace | None = None) -> PipelineBuild:
        """The engine, and what it was made from."""
        ...


def load_embedder(settings: Settings) -> Embedder:
    """The model.

    Raises:
        ModelMissingError: it does not load.

    """
    try:
        return make_embedder(settings.embedder)
    except ValueError as error:
        raise ModelMissingError(f"the model must load; got: {error}; `hearsay doctor` tells more") from error


def make_pipeline(settings: Settings, key: Key, trace: Trace | None = None) -> PipelineBuild:
    """The real pipeline with the real model and all that is known."""
    knowledge = load_reference_data(settings.claims, settings.harm)
    embedder = load_embedder(settings)
    limits, cache_dir = settings.pipeline.clustering, settings.embedder.cache_dir
    recogniser = knowledge.recogniser(limits, embedder, cache_dir)
    engine = Pipeline(settings.pipeline, embedder, key.pseudonymiser(), code_version(), trace, recogniser=recogniser)
    return PipelineBuild(engine, embedder.revision, recogniser.digest)
