"""The commands that speak to Kafka: topics, publish, record, alerts.

They only read the command line and print; the work is in a module of each one's own, which is imported when it is
asked for, so that help comes at once.
"""

import json
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import INTERRUPTED, ConfigFile, Overrides, friendly, rewrite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from streams.kafka.connection import KafkaSettings
    from streams.kafka.topics import BrokerTopic, Drift

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the file that is there.")]


def register(main: typer.Typer) -> None:
    """Make these commands part of a program."""
    for command in (topics, publish, record, alerts):
        main.command()(command)


def topics(
    create: Annotated[bool, typer.Option("--create", help="Create what is missing; nothing else is changed.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Print what differs, end with 1 if anything does.")] = False,
    into: Annotated[Path | None, typer.Option(help="Put the table into a page, between its marks.")] = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Print the topics, and how far the broker's are as they should be."""
    from streams.kafka import topics as table

    with friendly():
        if into is not None:
            rewrite(into, "topics", table.as_markdown())
            return
        with _kafka(config, overrides) as (settings, password):
            if create:
                for name in table.create(settings, password):
                    typer.echo(f"created {name}")
            found = table.standing(settings, password)
    drifts = table.drifts(settings, found)
    if check:
        for drift in drifts:
            typer.echo(drift)
        raise typer.Exit(int(bool(drifts)))
    if not create:
        _print_table(_table(settings, found, drifts))


def publish(  # noqa: PLR0917 - typer passes by name
    file: Annotated[str, typer.Argument(help="JSON Lines (plain, gzip, zstd) or Parquet; - for standard input.")],
    pace: Annotated[
        str | None, typer.Option(help="As fast as it happened times this, e.g. 10x; else at full speed.", metavar="Nx")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an interrupted run stopped.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was done as one JSON object.")] = False,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Send a recorded stream to the topic `forwards`."""
    from streams.cli.progress import Bar
    from streams.recordings import publish as publishing

    with friendly(), _kafka(config, overrides) as (settings, password):
        factor = publishing.read_pace(pace)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # a container that is stopped ends like Ctrl-C
        total = Path(file).stat().st_size if Path(file).is_file() else None
        with Bar("publishing", total) as bar:
            done = publishing.publish(file, settings, password, pace=factor, resume=resume, told=bar)
    if as_json:
        typer.echo(json.dumps({name: getattr(done, name) for name in done.__struct_fields__}))
    else:
        typer.echo(
            f"{done.published:,} published, {done.refused:,} refused because they have no bytes to send"
            + (f", after {done.resumed_after:,} of an earlier run" if done.resumed_after else "")
        )
    if not done.complete:
        typer.echo(f"interrupted; the rest: hearsay publish {file} --resume", err=True)
        raise typer.Exit(INTERRUPTED)


def record(  # noqa: PLR0917 - typer passes by name
    out: Annotated[Path, typer.Argument(help="The file to write: .jsonl, .jsonl.gz or .parquet.")],
    topic: Annotated[str, typer.Option(help="The topic's name, without kafka.prefix.")] = "forwards",
    begin: Annotated[
        str, typer.Option("--from", help="A time of publishing, an offset in each partition, or beginning.")
    ] = "beginning",
    end: Annotated[str, typer.Option("--to", help="The same, itself left out; or end, which is now.")] = "end",
    overwrite: Overwrite = False,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Write a topic, or a range of it, to a file that `hearsay replay` reads."""
    from streams.cli.progress import Bar
    from streams.kafka.reader import parse_offset
    from streams.recordings import record as recording

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with friendly(), _kafka(config, overrides) as (settings, password), Bar("recording", None) as bar:
            done = recording.record(
                out,
                settings,
                password,
                topic=topic,
                begin=parse_offset(begin, "--from"),
                end=parse_offset(end, "--to"),
                overwrite=overwrite,
                told=bar,
            )
    except KeyboardInterrupt:
        typer.echo("interrupted; nothing was written", err=True)
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(f"wrote {out}: {done.recorded:,} records")
    if done.left_out:
        typer.echo(f"{done.left_out:,} records are in no line, a .parquet file takes them too", err=True)


def alerts(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more, until Ctrl-C.")] = False,
    begin: Annotated[
        str, typer.Option("--from", help="beginning, end, a time of publishing, or an offset in each partition.")
    ] = "beginning",
    as_json: Annotated[bool, typer.Option("--json", help="Print each as one line of JSON, as it is.")] = False,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Print the alerts on the topic `alerts`, each one once."""
    from rich.console import Console

    from detectors.text.formatting import plain
    from streams.cli import render as show
    from streams.kafka.alerts import read_alerts
    from streams.kafka.reader import parse_offset

    def unreadable(what: str) -> None:
        typer.echo(f"skipped: {plain(what)}", err=True)

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(highlight=False)
    with friendly(), _kafka(config, overrides) as (settings, password), _ends_well(follow=follow):
        place = parse_offset(begin, "--from")
        for received in read_alerts(settings, password, begin=place, follow=follow, unreadable=unreadable):
            if as_json:
                typer.echo(received.raw)
            else:
                console.print(show.alert_lines(received.alert), highlight=False, soft_wrap=True)


@contextmanager
def _kafka(config: Path | None, overrides: list[str] | None) -> "Iterator[tuple[KafkaSettings, str | None]]":
    """How to reach the broker. What the client logs of a broker that is away is said in one line at the end."""
    from streams.settings.load import load

    effective = load(config, overrides=overrides or [])
    log = logging.getLogger("kafka")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield effective.settings.kafka, effective.kafka_password
    finally:
        log.setLevel(before)


@contextmanager
def _ends_well(*, follow: bool) -> Iterator[None]:
    """Somebody who follows is told to stop, that is how it ends; any other reading is broken off."""
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(0 if follow else INTERRUPTED) from None


def _table(settings: "KafkaSettings", found: "Mapping[str, BrokerTopic]", drifts: "list[Drift]") -> "Table":
    from rich.table import Table

    from streams.kafka.topics import TOPICS

    table = Table("topic", "value", "partitions", "kept", "on the broker")
    for topic in TOPICS:
        name = settings.prefix + topic.name
        state = "\n".join(drift.what for drift in drifts if drift.topic == name) or "as it should be"
        has = str(found[topic.name].partitions) if topic.name in found else "-"
        wanted = topic.partitions(settings)
        table.add_row(name, topic.message.__name__, f"{has} of {wanted}", topic.kept, state)
    return table


def _print_table(table: "Table") -> None:
    from rich.console import Console

    Console(highlight=False).print(table)
