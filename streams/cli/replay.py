"""The command `hearsay replay`: a recorded stream, or a topic's range, through the pipeline and into a run folder."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import (
    INTERRUPTED,
    RUNS,
    ConfigFile,
    Overrides,
    console,
    friendly,
    load_settings,
    say,
    warn_of_demo_key,
)

if TYPE_CHECKING:
    from streams.recordings.open import SourceSpec
    from streams.settings.load import ResolvedSettings

_SOURCE = "JSON Lines (plain, gzip, zstd), Parquet, or a run folder for its input again; - for standard input."


def register(main: typer.Typer) -> None:
    """Add the command."""
    main.command()(replay)


def replay(  # noqa: PLR0917 - typer passes by name
    sources: Annotated[list[str] | None, typer.Argument(help=f"{_SOURCE} Several are read as one stream.")] = None,
    topic: Annotated[str | None, typer.Option(help="Read this topic instead, e.g. forwards.")] = None,
    begin: Annotated[
        str, typer.Option("--from", help="Of the topic: a time of publishing, an offset in each partition, beginning.")
    ] = "beginning",
    end: Annotated[str, typer.Option("--to", help="The same, itself left out; or end, which is now.")] = "end",
    out: Annotated[Path | None, typer.Option(help="The run folder; else a new one below ./runs.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run that is there.")] = False,
    at_most: Annotated[int | None, typer.Option(min=0, help="Read so many events and no more.")] = None,
    detector: Annotated[str | None, typer.Option(help="The growth detector: L, count, rate, ...")] = None,
    limit_forwards: Annotated[
        int | None, typer.Option(min=1, help="Also tell what a cap on forwards of one message would have left.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but where the results are.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest and timings as one JSON object.")] = False,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Find the rumours in a recorded stream, grow their graphs, raise their alerts."""
    import msgspec

    from streams.cli import render as show
    from streams.replay import replay as replays
    from streams.runs import folder as run_folder
    from streams.runs.forwarding_cap import cap

    chosen = [f"growth.detector={detector}"] if detector else []
    with friendly():
        effective = load_settings(config, [*chosen, *(overrides or [])])
        origin = _origin(sources or [], topic, begin, end, effective)
        warn_of_demo_key(effective)
        place = out or run_folder.free_place(RUNS, origin.stem)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # a container that is stopped ends like Ctrl-C
        with show.Screen(console(), console(stderr=True), alerts=not (quiet or as_json)) as screen:
            result = replays.replay(
                origin,
                place,
                effective.settings,
                effective.key,
                at_most=at_most,
                overwrite=overwrite,
                observer=screen,
            )
        capped = None if limit_forwards is None else cap(run_folder.Run(result.folder), limit_forwards)
        if as_json:
            told = msgspec.to_builtins(result, enc_hook=str) | ({} if capped is None else {"capped": capped})
            typer.echo(msgspec.json.encode(told).decode())
        else:
            say([str(result.folder)] if quiet else show.summary(result))
            say([] if capped is None else show.capped(capped))
            say([] if quiet else show.next_steps(result))
        if not result.manifest.complete:
            raise typer.Exit(INTERRUPTED)


def _origin(sources: list[str], topic: str | None, begin: str, end: str, effective: "ResolvedSettings") -> "SourceSpec":
    from streams.errors import UserError
    from streams.kafka.reader import parse_offset
    from streams.recordings.open import TopicSpec
    from streams.runs.input import parse_source

    if (topic is None) == (not sources):
        got = "both" if topic else "neither"
        raise UserError(f"a replay reads files or a topic; got {got}; name a source, or --topic forwards")
    if topic is None:
        if (begin, end) != ("beginning", "end"):
            raise UserError("--from and --to cut a topic's range; got them with a file; use --at-most, or --topic")
        return parse_source(sources, effective.settings.kafka, effective.kafka_password)
    if topic != "forwards":
        raise UserError(f"the topic that holds events is forwards; got {topic[:80]!r}; leave out kafka.prefix")
    kafka, password = effective.settings.kafka, effective.kafka_password
    return TopicSpec(kafka, password, topic, parse_offset(begin, "--from"), parse_offset(end, "--to"))
