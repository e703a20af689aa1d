"""The command that makes a synthetic stream: `hearsay simulate`."""

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import (
    friendly,
    say,
)


def register(main: typer.Typer) -> None:
    """Add the command."""
    main.command()(simulate)


def simulate(
    out: Annotated[Path, typer.Argument(help="The file to write, e.g. day.jsonl.gz.")],
    truth: Annotated[Path | None, typer.Option(help="Also write which event belongs to which rumour.")] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Begin with the settings of examples/.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the files that are there.")] = False,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="One of its own settings, e.g. seed=8.", metavar="NAME=VALUE")
    ] = None,
) -> None:
    """Write a synthetic stream of events, the same one for the same settings."""
    from streams.devtools.simulator import SAMPLE, SimulatorConfig, write_simulation
    from streams.errors import UserError
    from streams.settings.tree import from_text

    with friendly():
        config = from_text(SAMPLE if sample else SimulatorConfig(), overrides or [])
        for path in (out, truth):
            if path is not None and path.exists() and not overwrite:
                raise UserError(f"a file is not replaced unasked; got {path}; use --overwrite, or name another")
        try:
            write_simulation(config, out, truth)
        except OSError as error:
            raise UserError(
                f"the stream must be written; got {error.strerror} for {error.filename}; name another"
            ) from None
        say([f"wrote {out}", f"next: hearsay replay {out}"])
