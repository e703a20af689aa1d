"""The commands that look at a run: `hearsay show` it, `calibrate` its forecasts, `export` it for other tools."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.common import (
    RUNS,
    ConfigFile,
    console,
    friendly,
    load_settings,
    say,
    working,
)

if TYPE_CHECKING:
    from streams.runs.loaded import LoadedRun

_MOST = 20
RunFolder = Annotated[Path | None, typer.Option("--run", help="The run folder; else the newest below ./runs.")]
_RUN = typer.Argument(help="The run folder; else the newest below ./runs.")


def register(main: typer.Typer) -> None:
    """Add the commands."""
    for command in (show, calibrate, export, explain, rejections):
        main.command()(command)


def show(
    run: Annotated[Path | None, _RUN] = None,
    at_most: Annotated[int, typer.Option(min=0, help="Rows of the table.")] = _MOST,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    cluster: Annotated[str | None, typer.Option(help="Only this one, by its id's first digits: its wordings.")] = None,
) -> None:
    """Sum a run up: what it read, with which settings, what it found. Of one cluster: in which words it was told."""
    import msgspec

    from detectors.similarity.templates import format_templates
    from streams.cli.summary import lines, summarise, table

    with friendly():
        if cluster is not None:
            templates = _load(run).cluster(cluster).templates()
            say([msgspec.json.encode(templates).decode()] if as_json else format_templates(templates).split("\n"))
            return
        with working("summing up"):
            found = summarise(_load(run))
        if as_json:
            typer.echo(msgspec.json.encode(found).decode())
            return
        say(list(lines(found)))
        if found.rumours:
            console().print(table(found, at_most))


def calibrate(
    run: Annotated[Path | None, _RUN] = None,
    settled_after: Annotated[
        str, typer.Option(help="Open cascades with a share in this last part of the recording are left out.")
    ] = "1d",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell how often the numbers of further sharers came true, by platform, and what would put them right."""
    import msgspec

    from streams.runs import calibration

    with friendly():
        silence = _length(settled_after)
        with working("holding forecasts against what came"):
            found = calibration.calibrate(_load(run), silence)
        if as_json:
            typer.echo(msgspec.json.encode(found).decode())
            return
        if found.platforms:
            console().print(calibration.table(found))
        say(list(calibration.lines(found)))


def export(
    run: Annotated[Path, typer.Argument(help="The run folder.")],
    clusters: Annotated[list[str] | None, typer.Argument(help="Clusters, by the first digits of their ids.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every cluster that was alerted.")] = False,
    to: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("export"),
    formats: Annotated[str, typer.Option("--format", help="graphml, gexf, csv, parquet.")] = "graphml",
) -> None:
    """Write clusters' forward graphs and shares for Gephi, spreadsheets, DuckDB or pandas."""
    from streams.errors import UserError
    from streams.runs.export import export as write

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
    from streams.runs.folder import newest
    from streams.runs.loaded import load_run

    return load_run(run or newest(RUNS))


def _length(text: str) -> int:
    """A length of time on the command line, in ms."""
    from streams.errors import UserError
    from streams.times import milliseconds

    try:
        return milliseconds(text)
    except ValueError as error:
        raise UserError(f"{error}; got {text[:40]!r} for --settled-after; try 1d") from None


def explain(
    alert_id: Annotated[str, typer.Argument(help="The alert's id, or enough of its first digits.")],
    run: RunFolder = None,
    sources: Annotated[
        list[str] | None, typer.Option("--from", help="Where the run's input is now; each file of several.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every step, nothing left out.")] = False,
    config: ConfigFile = None,
) -> None:
    """Replay up to an alert and print each decision that led to it."""
    from streams.replay import explain as explains
    from streams.runs.folder import Run, newest

    with friendly():
        effective = load_settings(config, [])
        found = explains.find(Run(run or newest(RUNS)), alert_id)
        explanation = explains.explain(found, sources or [], effective)
        say(explains.format_explanation(explanation, everything=everything))


def rejections(
    run: Annotated[Path | None, typer.Argument(help="The run folder; else the newest below ./runs.")] = None,
    opened: Annotated[bool, typer.Option("--open", help="Print the refused payloads; needs the run's key.")] = False,
    config: ConfigFile = None,
) -> None:
    """List why events were refused."""
    from streams.cli.render import rejections_table
    from streams.runs.folder import Run, newest

    with friendly():
        folder = Run(run or newest(RUNS))
        if not opened:
            console().print(rejections_table(folder.rejections()))
            return
        from streams.runs.unseal import payloads

        for payload in payloads(folder.rejections(), load_settings(config, []).key):
            typer.echo(json.dumps(payload))  # ASCII only: a payload must not draw on the terminal
