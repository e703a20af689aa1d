"""Define the manifest of a run, and the timings that two equal runs may differ in."""

from typing import Any

import msgspec

from detectors.reading.profile import InputProfile
from schemas.watermark_report import LateStream
from streams.recordings.imports.choices import ImportChoices
from streams.recordings.imports.report import FileReport

MANIFEST_VERSION = 1


class InputFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Input of a run."""

    name: str
    format: str
    bytes: int | None  # as stored; None for a pipe that was not read to its end
    sha256: str | None  # of the stored bytes; None for the same reason
    imports: ImportChoices | None = None  # choices about files of foreign formats
    files: tuple[FileReport, ...] = ()  # outcome of each file of a foreign format


class RowCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Output of a run, in rows."""

    alerts: int = 0
    clusters: int = 0
    shares: int = 0
    quotes: int = 0  # with words of their own, which are no shares
    broadcasts: int = 0  # clusters that a few accounts posted in many chats; see `ClusterRow.is_broadcast`


class RunCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Events by outcome, and output: received = applied + duplicates + late + rejected + waiting.

    A tombstone is a record without an event, so it is not among the received.
    """

    received: int = 0
    applied: int = 0
    duplicates: int = 0
    late: int = 0
    rejected: int = 0
    waiting: int = 0  # buffered until the watermark passes; 0 after a complete run
    unmatched: int = 0  # part of `applied`: statements about an unseen message
    conflicts: int = 0  # part of `duplicates`: another event with the event_id of an earlier one
    revised: int = 0  # part of `applied`: edits and further parts of posts that count already
    forced: int = 0  # part of `applied`: emitted early because the reorder buffer was full
    withheld: int = 0  # cascades over the base threshold and below the threshold of the alert budget
    corrected: int = 0  # events whose claimed time was replaced by the time of observation
    ahead: int = 0  # part of `applied`: held back, because later events contradict their time
    catching_up: int = 0  # events read by a listener that was behind
    late_streams: tuple[LateStream, ...] = ()  # platforms and chats with many late events
    tombstones: int = 0  # records without a value; not part of `received`
    frames: int = 0  # clusters recognised as a frame: one short text over many addresses, pictures or numbers
    coarse_times: dict[str, str] = {}  # platforms whose times are full days, hours or minutes only: "day", ...
    alerts: int = 0
    clusters: int = 0
    shares: int = 0
    quotes: int = 0  # with words of their own, which are no shares
    broadcasts: int = 0  # clusters that a few accounts posted in many chats

    @property
    def balanced(self) -> bool:
        """Return True if every event has an outcome."""
        return self.received == self.applied + self.duplicates + self.late + self.rejected + self.waiting


class InputReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Facts about the input besides the counts: filled fields, repairs, and the reasons of rejections."""

    profile: InputProfile = msgspec.field(default_factory=InputProfile)
    reasons: dict[str, int] = {}  # rejected events by reason
    unsealed: int = 0  # rejections written without their payload, because the run had kept enough
    unwritten: int = 0  # rejections counted only, because the run had written enough
    failure: str | None = None  # the likely reason, if hardly any event was usable


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Provenance of a run, sufficient to repeat the run."""

    manifest_version: int = MANIFEST_VERSION
    complete: bool
    input: InputFile
    at_most: int | None
    settings: dict[str, Any]
    settings_digest: str
    code_version: str
    schema_versions: dict[str, int]
    model_revision: str
    reference_digest: str | None = None  # of the checked claims and harm examples; absent in runs without both
    key_id: str
    counts: RunCounts
    report: InputReport = msgspec.field(default_factory=InputReport)


class ManifestVersion(msgspec.Struct, frozen=True):
    """Field of a manifest that every release writes."""

    manifest_version: int


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """Speed, machine and input path of a run: the values in which two equal runs may differ."""

    started_at: str
    wall_seconds: float
    cpu_seconds: float
    events_per_second: float
    events_per_cpu_second: float
    peak_memory_mib: float
    source: str  # path of the input; "-" if the input cannot be found again
    machine: str
    python: str
    cores: int


__all__ = [
    "MANIFEST_VERSION", "InputFile", "InputReport", "Manifest", "ManifestVersion", "RowCounts", "RunCounts", "Timings",
]  # fmt: skip
