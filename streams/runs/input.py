"""Resolve the sources of a command line, and find the input of an earlier run."""

from collections.abc import Sequence
from pathlib import Path

from streams.errors import UserError
from streams.kafka.connection import KafkaSettings
from streams.recordings.imports.choices import DEFAULTS, ImportChoices
from streams.recordings.open import (
    NOWHERE,
    TOPIC,
    FileSpec,
    FilesSpec,
    OffsetsSpec,
    SourceSpec,
    digest_of,
    parse_range,
)
from streams.runs.folder import MANIFEST, Run


def parse_source(
    sources: Sequence[str],
    kafka: KafkaSettings,
    password: str | None = None,
    imports: ImportChoices = DEFAULTS,
) -> SourceSpec:
    """Return the source of a file or folder, of several as one stream, or of the input of a run folder.

    Raises:
        UserError: the input of a run is missing or has changed, or several sources include a run without one file.

    """
    if len(sources) == 1 and _is_run(sources[0]):
        return find_input(Run(Path(sources[0])), (), kafka, password)
    paths: list[str] = []
    for source in sources:
        own = find_input(Run(Path(source)), (), kafka, password) if _is_run(source) else FileSpec(source, imports)
        if not isinstance(own, FileSpec):
            raise UserError(
                f"{source} is a run of several files or of a topic, and cannot be combined with other sources; "
                "pass the run alone"
            )
        paths.append(own.path)
    return FileSpec(paths[0], imports) if len(paths) == 1 else FilesSpec(tuple(paths), imports)


def find_input(run: Run, paths: Sequence[str], kafka: KafkaSettings, password: str | None = None) -> SourceSpec:
    """Return the input of a run as a source.

    Args:
        run: the run.
        paths: current paths of the input files, in their order; empty for the recorded path.
        kafka: broker of a run over a range of a topic.
        password: password for the broker.

    Raises:
        UserError: the run was interrupted, the path of its input is unknown, or the input has changed.

    """
    wanted = run.manifest.input
    if wanted.sha256 is None:
        raise UserError(
            f"the run in {run.path} was interrupted and has no digest of its input; replay the source again"
        )
    if wanted.format == TOPIC and not paths:
        return OffsetsSpec(kafka, password, *parse_range(wanted.name))
    found = list(paths) or ([] if run.source in {None, NOWHERE} else [str(run.source)])
    if not found:
        raise UserError(
            f"the run in {run.path} has no path of its input, which was a pipe or several files; "
            "pass the path of each input file"
        )
    imports = wanted.imports or DEFAULTS
    got = digest_of(found, imports)
    if got != wanted.sha256:
        raise UserError(
            f"{Path(found[0]).name} is not the input of the run: its sha256 is {got[:12]}…, and the run had "
            f"{wanted.sha256[:12]}…; pass the path of the original file, or replay this file"
        )
    return FileSpec(found[0], imports) if len(found) == 1 else FilesSpec(tuple(found), imports)


def _is_run(source: str) -> bool:
    return source != "-" and (Path(source) / MANIFEST).is_file()
