"""The command `hearsay sweep`: one stream under several settings, and what each says beside the first."""

import signal
from pathlib import Path
from typing import Annotated

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


def register(main: typer.Typer) -> None:
    """Add the command."""
    main.command()(sweep)


def sweep(  # noqa: PLR0917 - typer passes by name
    sources: Annotated[list[str], typer.Argument(help="As for replay; several are read as one stream.")],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary", help="A setting and its values, e.g. growth.target_size=25,50,100. Repeat for combinations."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A folder for the runs; else a new one below ./runs.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the runs that are there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print each comparison as one JSON object a line.")] = False,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Replay under several settings, reading and embedding once, and compare each with the first."""
    import msgspec

    from streams.cli import render as show
    from streams.cli.compare import sweep_table
    from streams.replay import sweep as sweeps
    from streams.runs import folder as run_folder
    from streams.runs.compare import compare
    from streams.runs.input import parse_source

    with friendly():
        chosen = sweeps.sweep_points(vary or [])
        effective = load_settings(config, [*(overrides or [])])
        settings = [(one.name, load_settings(config, [*(overrides or []), *one.overrides]).settings) for one in chosen]
        origin = parse_source(sources, effective.settings.kafka, effective.kafka_password)
        warn_of_demo_key(effective)
        place = out or run_folder.free_place(RUNS, f"{origin.stem}-sweep")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with show.Screen(console(), console(stderr=True), alerts=False) as screen:
            results = sweeps.sweep(origin, place, settings, effective.key, overwrite=overwrite, observer=screen)
        runs = [run_folder.Run(result.folder) for result in results]
        found = [compare(runs[0], run) for run in runs]
        if as_json:
            say([msgspec.json.encode(one).decode() for one in found])
        else:
            console().print(sweep_table(found))
            say([f"runs: {place}"])
        if not all(result.manifest.complete for result in results):
            raise typer.Exit(INTERRUPTED)
