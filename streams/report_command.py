"""The command `hearsay report`: a run as one page that opens from disk."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from streams.command_line import RUNS, friendly


def register(main: typer.Typer) -> None:
    """Add the command."""
    main.command()(report)


def report(
    run: Annotated[Path | None, typer.Argument(help="The run folder; else the newest below ./runs.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file; else NAME.html beside the run folder.")] = None,
    shown: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
) -> None:
    """Write one HTML file for people: alerts over time, growth, graphs, wordings. It needs no network."""
    from streams.report import write_report  # noqa: PLC0415 - help comes at once
    from streams.run_folder import Run, newest  # noqa: PLC0415

    with friendly():
        folder = run or newest(RUNS)
        place = write_report(Run(folder), out or folder.with_name(f"{folder.name}.html"))
        typer.echo(str(place))
        if shown:
            webbrowser.open(place.resolve().as_uri())
