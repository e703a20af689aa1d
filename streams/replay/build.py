"""Build the pipeline of a replay, and record its code, model, settings and reference data."""

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
from streams.recordings.open import TOPIC, imported
from streams.reference.load import load_reference_data
from streams.replay.driver import ReplayPipeline
from streams.runs.manifest import InputFile, InputReport, Manifest, RunCounts
from streams.settings.key import Key
from streams.settings.load import Settings, to_values
from streams.version import code_version

_NO_REPORT = InputReport()  # of a run that begins


class RunProvenance(msgspec.Struct, frozen=True, kw_only=True):
    """Code, model, settings and reference data behind a run: the fields of a manifest besides input and counts."""

    settings: dict[str, Any]
    settings_digest: str
    code_version: str
    schema_versions: dict[str, int]
    model_revision: str
    reference_digest: str | None
    key_id: str

    def manifest(
        self,
        reader: SourceReader,
        at_most: int | None,
        counts: RunCounts,
        report: InputReport = _NO_REPORT,
        *,
        complete: bool,
    ) -> Manifest:
        """Return the manifest of a run. A complete run reads the source to its end for the digest."""
        digest = reader.sha256() if complete else None
        size = reader.total if reader.total is not None else (reader.done if digest else None)
        size = None if reader.format == TOPIC else size
        return Manifest(
            complete=complete,
            input=_input_file(reader, size, digest),
            at_most=at_most,
            counts=counts,
            report=report,
            **msgspec.structs.asdict(self),
        )


def _input_file(reader: SourceReader, size: int | None, digest: str | None) -> InputFile:
    foreign = imported(reader)
    return InputFile(
        name=reader.name,
        format=reader.format,
        bytes=size,
        sha256=digest,
        imports=foreign.settings if foreign is not None else None,
        files=foreign.reports() if foreign is not None else (),
    )


class PipelineBuild(msgspec.Struct, frozen=True):
    """Pipeline of a replay, with the revision of its model and the digest of its reference data."""

    pipeline: ReplayPipeline
    model_revision: str
    reference_digest: str | None = None


def run_provenance(settings: Settings, key: Key, build: PipelineBuild) -> RunProvenance:
    """Return the provenance of a run: no paths, and no setting of the machine or the broker."""
    places = ("embedder.cache_dir", "embedder.allow_download", "claims.file", "harm.file")
    private = (*places, "key.", "replay.", "pool.", "worker.", "kafka.")
    values = {name: value for name, value in to_values(settings).items() if not name.startswith(private)}
    return RunProvenance(
        settings=values,
        settings_digest=settings.pipeline.digest(),
        code_version=code_version(),
        schema_versions=schema_versions(),
        model_revision=build.model_revision,
        reference_digest=build.reference_digest,
        key_id=key.id,
    )


def schema_versions() -> dict[str, int]:
    """Return the schema version of each message, by class name."""
    kinds = [getattr(schemas, name) for name in schemas.__all__]
    return {kind.__name__: _version(kind) for kind in kinds if issubclass(kind, Message)}


def _version(kind: type[Message]) -> int:
    (field,) = (field for field in msgspec.structs.fields(kind) if field.name == "schema_version")
    return int(field.default_factory())


class ModelMissingError(UserError):
    """Failure to load the model. The message gives the cause and the command that checks the installation."""


class PipelineFactory(Protocol):
    """Builder of a pipeline; tests pass a stand-in."""

    def __call__(self, settings: Settings, key: Key, trace: Trace | None = None) -> PipelineBuild:
        """Build the pipeline. The pipeline reports each decision to `trace`."""
        ...


def load_embedder(settings: Settings) -> Embedder:
    """Load the model.

    Raises:
        ModelMissingError: the model does not load.

    """
    try:
        return make_embedder(settings.embedder)
    except ValueError as error:
        raise ModelMissingError(f"cannot load the model: {error}; run `hearsay doctor` for details") from error


def make_pipeline(settings: Settings, key: Key, trace: Trace | None = None) -> PipelineBuild:
    """Build the production pipeline with the model and the reference data.

    Raises:
        ModelMissingError: the model does not load.
        UserError: a reference file cannot be read.

    """
    reference = load_reference_data(settings.claims, settings.harm)
    embedder = load_embedder(settings)
    matcher = reference.matcher(settings.pipeline.clustering, embedder, settings.embedder.cache_dir)
    pipeline = Pipeline(settings.pipeline, embedder, key.pseudonymiser(), code_version(), trace, matcher=matcher)
    return PipelineBuild(pipeline, embedder.revision, matcher.digest)
