"""Commands that replay recorded streams and compare the results: `replay`, `sweep`, `compare`."""

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import (
    INTERRUPTED,
    ROWS,
    RUNS,
    AsJson,
    AtMost,
    ConfigFile,
    Overrides,
    Overwrite,
    add,
    check_sources,
    console,
    friendly,
    load_settings,
    open_run,
    print_json,
    print_lines,
    print_remarks,
    print_report,
    warn_of_demo_key,
    working,
)
from streams.cli.imports import (
    Chat,
    CollectedAt,
    DayFirst,
    FormatOption,
    KeepAutomatic,
    MediaOption,
    ObjectOption,
    ProfileOption,
    Tipline,
    Zone,
    read_choices,
)
from streams.errors import UNUSABLE, UserError

if TYPE_CHECKING:
    from streams.recordings.imports.choices import ImportChoices
    from streams.recordings.open import SourceSpec
    from streams.replay.replay import ReplayResult
    from streams.settings.load import ResolvedSettings

_GROUP = "Replay and compare"
DETECTORS = "L, count, rate, ewma, kleinberg, cusum, glr, seismic"
_DIFFERENT = 1  # exit code
_SOURCES = (
    "Files or folders in any format of `hearsay import --list`, events as JSON Lines or Parquet, a run folder for the "
    "input of that run, or - for standard input. Several are read as one stream."
)


def register(main: typer.Typer) -> None:
    """Add the commands of this group."""
    add(
        main,
        _GROUP,
        replay,
        "hearsay replay day.jsonl.gz --out runs/day",
        "hearsay replay chats/ result.json --zone Asia/Kolkata",
        "hearsay replay day.jsonl.gz --set growth.target_size=200 --out runs/what-if",
        "hearsay replay --topic forwards --from 2026-11-24T10:30Z",
    )
    add(main, _GROUP, sweep, "hearsay sweep day.jsonl.gz --vary growth.target_size=25,50,100")
    add(main, _GROUP, compare, "hearsay compare runs/day runs/what-if")


def replay(  # noqa: PLR0917 - typer passes by name
    sources: Annotated[list[str] | None, typer.Argument(metavar="FILE", help=_SOURCES)] = None,
    topic: Annotated[
        str | None,
        typer.Option(
            metavar="TOPIC",
            help="Read a Kafka topic instead: `forwards`, or `ordered` to repeat a live run with its late events.",
        ),
    ] = None,
    begin: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="WHEN",
            help="Start of the topic's range: a time of publishing, an offset in each partition, or `beginning`.",
        ),
    ] = "beginning",
    end: Annotated[
        str, typer.Option("--to", metavar="WHEN", help="End of the topic's range (exclusive), or `end` for now.")
    ] = "end",
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Run folder to write. Default: a new one below ./runs.")
    ] = None,
    overwrite: Overwrite = False,
    at_most: Annotated[int | None, typer.Option(metavar="N", min=0, help="Stop after this many events.")] = None,
    detector: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"Growth detector: {DETECTORS} (growth.detector).")
    ] = None,
    shown: Annotated[
        bool, typer.Option("--open", help="Write the report as well, and open it if there is a screen.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the run folder.")] = False,
    zone: Zone = None,
    day_first: DayFirst = None,
    chat: Chat = None,
    media: MediaOption = None,
    format_name: FormatOption = None,
    profile: ProfileOption = None,
    object_kind: ObjectOption = None,
    collected_at: CollectedAt = None,
    keep_automatic: KeepAutomatic = False,
    tipline: Tipline = "report",
    as_json: AsJson = False,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Replay a recorded stream: cluster the messages, track the rumours and raise the alerts.

    The exit code is 3 if hardly any record is an event; the message names the likely format of the source.
    """
    chosen = [f"growth.detector={detector}"] if detector else []
    with friendly():
        effective = load_settings(config, [*chosen, *(overrides or [])])
        choices = read_choices(
            zone=zone, day_first=day_first, chat=chat, media=media, format_name=format_name, profile=profile,
            object_kind=object_kind, collected_at=collected_at, keep_automatic=keep_automatic, tipline=tipline,
        )  # fmt: skip
        origin = _origin(sources or [], topic, begin, end, effective, choices)
        warn_of_demo_key(effective)

        from streams.cli.display.progress import ReplayScreen
        from streams.cli.display.replay import next_steps, summary
        from streams.replay import replay as replays
        from streams.runs.folder import Run, free_path, is_left_over, partial

        place = out or free_path(RUNS, origin.stem)
        if is_left_over(place) and (overwrite or not place.exists()):
            typer.echo(f"replacing the interrupted run {partial(place)}", err=True)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # stopping a container is like Ctrl-C
        with ReplayScreen(console(), console(stderr=True), alerts=not (quiet or as_json)) as screen:
            result = replays.replay(
                origin,
                place,
                effective.settings,
                effective.key,
                at_most=at_most,
                overwrite=overwrite,
                observer=screen,
            )
        if as_json:
            print_json(result)
        elif quiet:
            print_lines([str(result.folder)])
        else:
            print_lines([*summary(result), *next_steps(result)])
        if shown:
            print_report(Run(result.folder), None, overwrite=overwrite, shown=True)
        _exit([result])


def _exit(results: "Sequence[ReplayResult]") -> None:
    """Exit with a code other than 0 if a run was interrupted, or if hardly any record was an event."""
    if not all(result.manifest.complete for result in results):
        raise typer.Exit(INTERRUPTED)
    reasons = [reason for result in results if (reason := result.manifest.report.failure)]
    if reasons:
        from detectors.text.formatting import plain

        typer.echo(f"error: {plain(reasons[0])}", err=True)
        raise typer.Exit(UNUSABLE)


def _origin(  # noqa: PLR0917 - the options as they are given
    sources: list[str],
    topic: str | None,
    begin: str,
    end: str,
    effective: "ResolvedSettings",
    choices: "ImportChoices",
) -> "SourceSpec":
    """Return the source of a replay: files with the choices about foreign formats, or a topic from `begin` to `end`.

    Raises:
        UserError: both files and a topic, neither, or an argument that does not fit.

    """
    if topic and sources:
        raise UserError("both files and --topic given; name either files or --topic forwards")
    if topic is None and not sources:
        raise UserError("no source given; name a file, or pass --topic forwards")
    if topic is None:
        if (begin, end) != ("beginning", "end"):
            raise UserError("--from and --to apply to a topic, and files were given; pass --at-most, or --topic")
        check_sources(sources)

        from streams.runs.input import parse_source

        return parse_source(sources, effective.settings.kafka, effective.kafka_password, choices)
    if topic not in {"forwards", "ordered"}:
        raise UserError(
            f"cannot replay the topic {topic[:80]!r}; pass --topic forwards or --topic ordered, without kafka.prefix"
        )

    from streams.kafka.reader import parse_offset
    from streams.recordings.open import TopicSpec

    kafka, password = effective.settings.kafka, effective.kafka_password
    return TopicSpec(kafka, password, topic, parse_offset(begin, "--from"), parse_offset(end, "--to"))


def sweep(  # noqa: PLR0917 - typer passes by name
    sources: Annotated[list[str], typer.Argument(metavar="FILE", help=_SOURCES)],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE,...",
            help="Setting and values, e.g. growth.target_size=25,50,100. Repeat for combinations.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder for the runs. Default: a new one below ./runs.")
    ] = None,
    overwrite: Overwrite = False,
    zone: Zone = None,
    day_first: DayFirst = None,
    chat: Chat = None,
    media: MediaOption = None,
    format_name: FormatOption = None,
    profile: ProfileOption = None,
    object_kind: ObjectOption = None,
    collected_at: CollectedAt = None,
    keep_automatic: KeepAutomatic = False,
    tipline: Tipline = "report",
    as_json: AsJson = False,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Replay a stream with several settings, and compare each run with the first.

    The stream is read and embedded once for all runs.
    """
    with friendly():
        effective = load_settings(config, overrides)
        check_sources(sources)
        choices = read_choices(
            zone=zone, day_first=day_first, chat=chat, media=media, format_name=format_name, profile=profile,
            object_kind=object_kind, collected_at=collected_at, keep_automatic=keep_automatic, tipline=tipline,
        )  # fmt: skip

        from streams.cli.display.comparison import sweep_table
        from streams.cli.display.progress import ReplayScreen
        from streams.cli.display.tables import print_table
        from streams.replay import sweep as sweeps
        from streams.runs.analyses.compare import compare as compare_runs
        from streams.runs.folder import Run, free_path
        from streams.runs.input import parse_source

        points = sweeps.sweep_points(vary or [])
        settings = [(one.name, load_settings(config, [*(overrides or []), *one.overrides]).settings) for one in points]
        origin = parse_source(sources, effective.settings.kafka, effective.kafka_password, choices)
        warn_of_demo_key(effective)
        place = out or free_path(RUNS, f"{origin.stem}-sweep")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with ReplayScreen(console(), console(stderr=True), alerts=False) as screen:
            results = sweeps.sweep(origin, place, settings, effective.key, overwrite=overwrite, observer=screen)
        made = [Run(result.folder) for result in results]
        found = [compare_runs(made[0], run) for run in made]
        if as_json:
            for one in found:
                print_json(one)
        else:
            print_table(sweep_table(points, found))
            print_remarks(["gained, lost, earlier and later: compared with the first row", f"runs: {place}"])
        _exit(results)


def compare(
    a: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")],
    b: Annotated[Path, typer.Argument(metavar="OTHER", help="Run folder to compare with the first.")],
    at_most: AtMost = ROWS,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 if the runs differ.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare two runs: alerts gained, lost, earlier and later.

    A rumour is gained if only OTHER alerted on it, and lost if only RUN did. --at-most applies to each kind of change.
    """
    with friendly():
        first, second = open_run(a), open_run(b)

        from streams.cli.display.comparison import changes_table, lines
        from streams.cli.display.tables import print_table
        from streams.runs.analyses.compare import compare as compare_runs

        with working("comparing"):
            found = compare_runs(first, second)
        if as_json:
            print_json(found)
        else:
            print_lines(list(lines(found)))
            if not found.empty:
                table, remarks = changes_table(found, at_most)
                print_table(table)
                print_remarks(remarks)
        if exit_code and not found.empty:
            raise typer.Exit(_DIFFERENT)
