"""Commands for live operation: `worker` and `alerts`."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from streams.cli.common import (
    INTERRUPTED,
    ConfigFile,
    Overrides,
    add,
    console,
    friendly,
    kafka_connection,
    load_settings,
    warn_of_demo_key,
)

_GROUP = "Run live"


def register(main: typer.Typer) -> None:
    """Add the commands of this group."""
    add(main, _GROUP, worker, "hearsay worker", "hearsay worker --only embed")
    add(main, _GROUP, alerts, "hearsay alerts --follow --from end", "hearsay alerts --json > alerts.jsonl")


def worker(
    only: Annotated[
        str | None,
        typer.Option(
            metavar="STAGE,...",
            help="Stages to run: intake, embed, cluster, cascade. Default: all.",
            show_default=False,
        ),
    ] = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Read events from the topic `forwards` and publish alerts to the topic `alerts`, until SIGTERM or Ctrl-C."""
    with friendly():
        effective = load_settings(config, overrides)

        from streams.live import worker as workers

        warn_of_demo_key(effective)
        workers.run(effective, workers.choose(only))


def alerts(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for new alerts, until Ctrl-C.")] = False,
    begin: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="WHEN",
            help="Start: `beginning`, `end`, a time of publishing, or an offset in each partition.",
        ),
    ] = "beginning",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each alert as one line of JSON, as published.")
    ] = False,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Print the alerts of the topic `alerts`, each alert once.

    Without --follow the command ends at the last alert published so far. Ctrl-C ends --follow with exit code 0.
    """

    def skipped(reason: str) -> None:
        from detectors.text.formatting import plain

        typer.echo(f"skipped: {plain(reason)}", err=True)

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with friendly(), kafka_connection(config, overrides) as (settings, password), _interruptible(follow=follow):
        from streams.cli.display.alerts import print_alert
        from streams.kafka.alerts import read_alerts
        from streams.kafka.reader import parse_offset

        place = parse_offset(begin, "--from")
        results, count = console(), 0
        for received in read_alerts(settings, password, begin=place, follow=follow, on_unreadable=skipped):
            count += 1
            if as_json:
                typer.echo(received.raw)
            else:
                print_alert(received.alert, results)
        if not count:
            typer.echo(f"no alerts on the topic {settings.prefix}alerts from {begin} on", err=True)


@contextmanager
def _interruptible(*, follow: bool) -> Iterator[None]:
    """End with exit code 0 after Ctrl-C if following, and with `INTERRUPTED` otherwise."""
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(0 if follow else INTERRUPTED) from None
