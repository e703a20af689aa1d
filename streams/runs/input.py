"""Find the input of a run again, and open what a command line names."""

from collections.abc import Sequence
from pathlib import Path

from streams.errors import UserError
from streams.kafka.connection import KafkaSettings
from streams.recordings.base import sha256_of
from streams.recordings.open import (
    NOWHERE,
    TOPIC,
    FileSpec,
    FilesSpec,
    OffsetsSpec,
    SourceSpec,
    combine_digests,
    parse_range,
)
from streams.runs.folder import MANIFEST, Run


def parse_source(sources: Sequence[str], kafka: KafkaSettings, password: str | None = None) -> SourceSpec:
    """One file, or several in one; a run folder stands for the input that the run was made from.

    Raises:
        UserError: a run whose input is gone, or is another by now.

    """
    if len(sources) == 1 and _is_run(sources[0]):
        return find_input(Run(Path(sources[0])), (), kafka, password)
    paths: list[str] = []
    for source in sources:
        own = find_input(Run(Path(source)), (), kafka, password) if _is_run(source) else FileSpec(source)
        if not isinstance(own, FileSpec):
            raise UserError(
                f"several sources are files; got {source}, a run of several files or a topic; name it alone"
            )
        paths.append(own.path)
    return FileSpec(paths[0]) if len(paths) == 1 else FilesSpec(tuple(paths))


def find_input(run: Run, places: Sequence[str], kafka: KafkaSettings, password: str | None = None) -> SourceSpec:
    """A run's own input, to be read again.

    Args:
        run: the run.
        places: where the input is now, a file or several in their order; none where it was.
        kafka: the broker, for a run of a topic's range.
        password: for the broker.

    Raises:
        UserError: the run was interrupted, nobody knows where its input is, or another content is there by now.

    """
    wanted = run.manifest.input
    if wanted.sha256 is None:
        raise UserError(
            f"only a complete run has its input's digest; got an interrupted one in {run.path}; replay the source again"
        )
    if wanted.format == TOPIC and not places:
        return OffsetsSpec(kafka, password, *parse_range(wanted.name))
    found = list(places) or ([] if run.source in {None, NOWHERE} else [str(run.source)])
    if not found:
        raise UserError(
            f"a run's own input is needed again; got {run.path}, which does not say where that is: it came from a pipe "
            "or from several files; name it, each file in its turn"
        )
    digests = [sha256_of(path) for path in found]
    got = digests[0] if len(digests) == 1 else combine_digests(digests)
    if got != wanted.sha256:
        raise UserError(
            f"a run is read again from its own input (sha256 {wanted.sha256[:12]}…); got {Path(found[0]).name} with "
            f"another content ({got[:12]}…); name the right source, or replay this one"
        )
    return FileSpec(found[0]) if len(found) == 1 else FilesSpec(tuple(found))


def _is_run(source: str) -> bool:
    return source != "-" and (Path(source) / MANIFEST).is_file()
