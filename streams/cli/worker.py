"""The command that runs a worker: `hearsay worker`."""

from typing import Annotated

import typer

from streams.cli.common import (
    ConfigFile,
    Overrides,
    friendly,
    load_settings,
    warn_of_demo_key,
)


def register(main: typer.Typer) -> None:
    """Add the command."""
    main.command()(worker)


def worker(
    only: Annotated[
        str | None, typer.Option(help="Stages, separated by commas: intake, embed, cluster, cascade; else all.")
    ] = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Read the topic `forwards`, raise alerts on the topic `alerts`, until told to stop."""
    from streams.live import worker as workers

    with friendly():
        effective = load_settings(config, overrides or [])
        warn_of_demo_key(effective)
        workers.run(effective, workers.choose(only))
