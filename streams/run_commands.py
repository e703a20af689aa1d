"""The commands that look at a run: `hearsay show` in the terminal, `hearsay export` for other tools."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.command_line import RUNS, console, friendly, say, working

if TYPE_CHECKING:
    from streams.run import LoadedRun

_MOST = 20
_RUN = typer.Argument(help="The run folder; else the newest below ./runs.")


def register(main: typer.Typer) -> None:
    """Add the commands."""
    for command in (show, export):
        main.command()(command)


def show(
    run: Annotated[Path | None, _RUN] = None,
    at_most: Annotated[int, typer.Option(min=0, help="Rows of the table.")] = _MOST,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    cluster: Annotated[str | None, typer.Option(help="Only this one, by its id's first digits: its wordings.")] = None,
) -> None:
    """Sum a run up: what it read, with which settings, what it found. Of one cluster: in which words it was told."""
    import msgspec  # noqa: PLC0415 - help comes at once

    from detectors.family import describe  # noqa: PLC0415
    from streams.run_summary import lines, summarise, table  # noqa: PLC0415

    with friendly():
        if cluster is not None:
            told = _load(run).cluster(cluster).families()
            say([msgspec.json.encode(told).decode()] if as_json else describe(told).split("\n"))
            return
        with working("summing up"):
            found = summarise(_load(run))
        if as_json:
            typer.echo(msgspec.json.encode(found).decode())
            return
        say(list(lines(found)))
        if found.rumours:
            console().print(table(found, at_most))


def export(
    run: Annotated[Path, typer.Argument(help="The run folder.")],
    clusters: Annotated[list[str] | None, typer.Argument(help="Clusters, by the first digits of their ids.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every cluster that was alerted.")] = False,
    to: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("export"),
    formats: Annotated[str, typer.Option("--format", help="graphml, gexf, csv, parquet.")] = "graphml",
) -> None:
    """Write clusters' forward graphs and shares for Gephi, spreadsheets, DuckDB or pandas."""
    from streams.errors import UserError  # noqa: PLC0415
    from streams.exports import export as write  # noqa: PLC0415

    with friendly():
        loaded = _load(run)
        chosen: list[Any] = list(clusters or [])
        if bool(chosen) == everything:
            got = "both" if everything else "neither"
            raise UserError(f"an export takes clusters or --all; got {got}; `hearsay show` lists them")
        if everything:
            chosen = list(dict.fromkeys(loaded.alerts_table["cluster_id"]))
        with working("writing"):
            for place in write(loaded, chosen, to, formats.split(",")):
                typer.echo(str(place))


def _load(run: Path | None) -> "LoadedRun":
    from streams.run import load_run  # noqa: PLC0415
    from streams.run_folder import newest  # noqa: PLC0415

    return load_run(run or newest(RUNS))
