"""The command `hearsay report`: a run as one page that opens from disk."""

import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import RUNS, friendly, working


def register(main: typer.Typer) -> None:
    """Add the command."""
    main.command()(report)


def report(
    run: Annotated[Path | None, typer.Argument(help="The run folder; else the newest below ./runs.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file; else NAME.html beside the run folder.")] = None,
    shown: Annotated[bool, typer.Option("--open", help="Open it in a browser, where there is a screen.")] = False,
) -> None:
    """Write one HTML file for people: alerts over time, growth, graphs, wordings. It needs no network."""
    from streams.runs.folder import Run, newest
    from streams.runs.report import write_report

    with friendly():
        folder = run or newest(RUNS)
        with working("gathering what the run holds"):
            place = write_report(Run(folder), out or folder.with_name(f"{folder.name}.html"))
        typer.echo(str(place))
        if shown and _has_screen():
            webbrowser.open(place.resolve().as_uri())


def _has_screen() -> bool:
    """Whether a browser would have somewhere to draw; one that runs in the terminal would take it over."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
