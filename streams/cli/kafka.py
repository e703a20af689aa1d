"""Commands for Kafka topics: `topics`, `publish`, `record`."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import (
    INTERRUPTED,
    AsJson,
    ConfigFile,
    Overrides,
    Overwrite,
    add,
    check_sources,
    friendly,
    kafka_connection,
    print_json,
    print_lines,
    rewrite,
)

_GROUP = "Kafka topics"


def register(main: typer.Typer) -> None:
    """Add the commands of this group."""
    add(main, _GROUP, topics, "hearsay topics --create", "hearsay topics --check")
    add(main, _GROUP, publish, "hearsay publish day.jsonl.gz --pace 10x", "hearsay publish day.jsonl.gz --resume")
    add(main, _GROUP, record, "hearsay record --out day.jsonl.gz --from 2026-11-24 --to 2026-11-25")


def topics(  # noqa: PLR0917 - typer passes by name
    create: Annotated[bool, typer.Option("--create", help="Create missing topics; existing ones stay as is.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Print the differences and unreadable codecs, and exit with 1 if any.")
    ] = False,
    into: Annotated[
        Path | None,
        typer.Option(metavar="PAGE", help="Rewrite the table between <!-- topics --> and <!-- /topics --> of a page."),
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """List the topics and check them against the broker."""
    with friendly():
        if into is not None:
            from streams.kafka.topics import as_markdown

            rewrite(into, "topics", as_markdown())
            return
        with kafka_connection(config, overrides) as (settings, password):
            from streams.kafka import codecs
            from streams.kafka import topics as table

            unreadable = codecs.unreadable()
            made = table.create(settings, password) if create else []
            found = table.describe(settings, password)
        drifts = table.drifts(settings, found)
        if as_json:
            from streams.cli.display.topics import topics_json

            print_json(topics_json(settings, found, drifts))
        elif create:
            print_lines([f"created {name}" for name in made] or [f"nothing to create: all {len(found)} topics exist"])
        elif check:
            print_lines([str(drift) for drift in drifts] or [f"all {len(found)} topics match the settings"])
            print_lines([f"cannot read records compressed with {name}; {codecs.REMEDY}" for name in unreadable])
        else:
            from streams.cli.display.tables import print_table
            from streams.cli.display.topics import topics_table

            print_table(topics_table(settings, found, drifts))
        if check and (drifts or unreadable):
            raise typer.Exit(1)


def publish(  # noqa: PLR0917 - typer passes by name
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="JSON Lines (plain, gzip, zstd) or Parquet; - for standard input."),
    ],
    pace: Annotated[
        str | None,
        typer.Option(metavar="Nx", help="N times the original speed, e.g. 10x. Default: full speed."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted run.")] = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Publish a recorded stream to the topic `forwards`."""
    with friendly():
        check_sources([file])
        with kafka_connection(config, overrides) as (settings, password):
            from streams.cli.display.progress import ProgressBar
            from streams.recordings import publish as publishing

            factor = publishing.read_pace(pace)
            signal.signal(signal.SIGTERM, signal.default_int_handler)  # stopping a container is like Ctrl-C
            total = Path(file).stat().st_size if Path(file).is_file() else None
            with ProgressBar("publishing", total) as bar:
                done = publishing.publish(file, settings, password, pace=factor, resume=resume, progress=bar)
        if as_json:
            print_json(done)
        else:
            resumed = f", after {done.resumed_after:,} of an earlier run" if done.resumed_after else ""
            typer.echo(f"published {done.published:,} events{resumed}; skipped {done.skipped:,} empty lines")
        if not done.complete:
            typer.echo(f"interrupted; to continue: hearsay publish {file} --resume", err=True)
            raise typer.Exit(INTERRUPTED)


def record(  # noqa: PLR0917 - typer passes by name
    out: Annotated[Path, typer.Option(metavar="FILE", help="File to write: .jsonl, .jsonl.gz or .parquet.")],
    topic: Annotated[str, typer.Option(metavar="TOPIC", help="Topic, without kafka.prefix.")] = "forwards",
    begin: Annotated[
        str,
        typer.Option(
            "--from", metavar="WHEN", help="Start: a time of publishing, an offset in each partition, or `beginning`."
        ),
    ] = "beginning",
    end: Annotated[str, typer.Option("--to", metavar="WHEN", help="End (exclusive), or `end` for now.")] = "end",
    overwrite: Overwrite = False,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Write a topic, or a range of it, to a file for `hearsay replay`."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with friendly(), kafka_connection(config, overrides) as (settings, password):
        from streams.cli.display.progress import ProgressBar
        from streams.kafka.reader import parse_offset
        from streams.recordings import record as recording

        try:
            with ProgressBar("recording", None) as bar:
                done = recording.record(
                    out,
                    settings,
                    password,
                    topic=topic,
                    begin=parse_offset(begin, "--from"),
                    end=parse_offset(end, "--to"),
                    overwrite=overwrite,
                    progress=bar,
                )
        except KeyboardInterrupt:
            typer.echo("interrupted; no file was written", err=True)
            raise typer.Exit(INTERRUPTED) from None
    typer.echo(f"wrote {out}: {done.recorded:,} records")
