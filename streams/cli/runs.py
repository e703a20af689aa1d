"""Commands that look at a run: `show`, `report`, `explain`, `export`, `calibrate`, `rejections`, `forwarding-cap`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import (
    ROWS,
    AsJson,
    AtMost,
    ConfigFile,
    Overwrite,
    RunFolder,
    add,
    friendly,
    load_settings,
    open_run,
    print_json,
    print_lines,
    print_remarks,
    print_report,
    working,
)
from streams.errors import UserError

if TYPE_CHECKING:
    from streams.runs.loaded import LoadedRun

_GROUP = "Look at a run"
_PREFIX = "Any prefix of the id that is unique in the run."


def register(main: typer.Typer) -> None:
    """Add the commands of this group."""
    add(main, _GROUP, report, "hearsay report runs/day --open")
    add(main, _GROUP, show, "hearsay show runs/day", "hearsay show runs/day --cluster 1d5b77")
    add(main, _GROUP, explain, "hearsay explain runs/day --alert 644bfee3")
    add(
        main,
        _GROUP,
        export,
        "hearsay export runs/day --cluster 1d5b77 --format gexf,csv",
        "hearsay export runs/day --all --out graphs",
    )
    add(main, _GROUP, calibrate, "hearsay calibrate runs/day", "hearsay calibrate runs/day --inactive-for 6h")
    add(main, _GROUP, rejections, "hearsay rejections runs/day", "hearsay rejections runs/day --open")
    add(main, _GROUP, forwarding_cap, "hearsay forwarding-cap runs/day --max-forwards 5")


def report(
    run: RunFolder = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File to write. Default: RUN.html, next to the run folder.")
    ] = None,
    overwrite: Overwrite = False,
    shown: Annotated[bool, typer.Option("--open", help="Open the page in a browser, if there is a screen.")] = False,
) -> None:
    """Write a run as one HTML page that works offline: alerts over time, growth, graphs and wordings."""
    with friendly():
        print_report(open_run(run), out, overwrite=overwrite, shown=shown)


def show(
    run: RunFolder = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ID", help=f"Show the wordings and alerts of one cluster. {_PREFIX}")
    ] = None,
    at_most: AtMost = ROWS,
    as_json: AsJson = False,
) -> None:
    """Summarise a run: the input, the counts, the settings and the rumours, highest level first."""
    with friendly():
        loaded = _load(run)

        from streams.cli.display import run as display
        from streams.cli.display.tables import print_table

        if cluster is not None:
            one = loaded.cluster(cluster)
            if as_json:
                print_json(display.cluster_json(one))
            else:
                print_lines(display.cluster_lines(one))
                print_table(display.alerts_table(one))
            return
        with working("summarising"):
            found = display.summarise(loaded)
        if as_json:
            print_json(found)
            return
        print_lines(list(display.lines(found)))
        if found.rumours:
            table, remarks = display.rumours_table(found, at_most)
            print_table(table)
            print_remarks(remarks)


def explain(  # noqa: PLR0917 - typer passes by name
    alert: Annotated[str, typer.Option(metavar="ID", help=f"Alert to explain. {_PREFIX}")],
    run: RunFolder = None,
    sources: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="FILE", help="Current place of the run's input. Repeat for several files."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Print every step.")] = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Replay the input of a run up to an alert, and print each decision that led to the alert."""
    with friendly():
        effective = load_settings(config)
        folder = open_run(run)

        from streams.replay import explain as explains

        found = explains.find(folder, alert)
        with working("replaying"):
            explanation = explains.explain(found, sources or [], effective)
        if as_json:
            print_json(explains.to_json(explanation))
        else:
            print_lines(explains.format_explanation(explanation, everything=everything))


def export(  # noqa: PLR0917 - typer passes by name
    run: RunFolder = None,
    clusters: Annotated[
        list[str] | None, typer.Option("--cluster", metavar="ID", help=f"Cluster to export. {_PREFIX} Can be repeated.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Export every cluster with an alert.")] = False,
    formats: Annotated[
        str, typer.Option("--format", metavar="NAME,...", help="graphml, gexf, csv (edges) or parquet (shares).")
    ] = "graphml",
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder to write to.")] = Path("export"),
    overwrite: Overwrite = False,
) -> None:
    """Write forward graphs and shares of clusters for Gephi, spreadsheets, DuckDB or pandas."""
    with friendly():
        if clusters and everything:
            raise UserError("both --cluster and --all given; pass either")
        if not clusters and not everything:
            raise UserError("no cluster given; pass --cluster ID or --all; `hearsay show` lists the clusters")
        loaded = _load(run)

        from streams.runs.export import export as write

        ids = clusters or [str(id_) for id_ in dict.fromkeys(loaded.alerts_table["cluster_id"])]
        with working("writing"):
            for place in write(loaded, ids, out, formats.split(","), overwrite=overwrite):
                typer.echo(str(place))


def calibrate(
    run: RunFolder = None,
    inactive_for: Annotated[
        str,
        typer.Option(
            metavar="TIME", help="Exclude open cascades with a share in this last part of the recording, e.g. 6h."
        ),
    ] = "1d",
    as_json: AsJson = False,
) -> None:
    """Check forecast accuracy by platform, and suggest a correction.

    The table shows the share of alerts whose actual further sharers were below, inside and above the 80 % forecast.
    """
    with friendly():
        inactive_ms = _milliseconds(inactive_for)
        loaded = _load(run)

        from streams.cli.display import calibration as display
        from streams.cli.display.tables import print_table
        from streams.runs.analyses import calibration

        with working("comparing forecasts with outcomes"):
            found = calibration.calibrate(loaded, inactive_ms)
        if as_json:
            print_json(found)
            return
        if found.platforms:
            print_table(display.platforms_table(found))
        print_lines(list(display.lines(found)))


def _milliseconds(text: str) -> int:
    from streams.times import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise UserError(f"{error}; got {text[:40]!r} for --inactive-for; try 1d") from None


def rejections(
    run: RunFolder = None,
    opened: Annotated[bool, typer.Option("--open", help="Print the rejected payloads; needs the run's key.")] = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """List the reasons for rejected events, with the number of events and the position of the first."""
    with friendly():
        folder = open_run(run)
        if opened:
            from streams.runs.unseal import payloads

            for payload in payloads(folder.rejections(), load_settings(config).key):
                typer.echo(json.dumps(payload))  # ASCII only: a payload must not draw on the terminal
            return

        from streams.cli.display import rejections as display
        from streams.cli.display.input_report import rejection_lines
        from streams.cli.display.tables import print_table

        found = display.count_rejections(folder.rejections())
        if as_json:
            print_json(found)
        elif found:
            print_table(display.rejections_table(found))
            print_remarks(list(rejection_lines(folder.manifest.report)))
        else:
            typer.echo("no rejected events", err=True)


def forwarding_cap(
    max_forwards: Annotated[int, typer.Option(metavar="N", min=1, help="Maximum forwards of each message.")],
    run: RunFolder = None,
    at_most: AtMost = ROWS,
    as_json: AsJson = False,
) -> None:
    """Estimate the effect of a limit on the forwards of each message.

    Later forwards of a message, and everything after them, count as prevented. The estimate is an upper bound: a
    blocked sender may get the message elsewhere.
    """
    with friendly():
        folder = open_run(run)

        from streams.cli.display import forwarding_cap as display
        from streams.cli.display.tables import print_table
        from streams.runs.analyses.forwarding_cap import cap

        with working("removing forwards"):
            found = cap(folder, max_forwards)
        if as_json:
            print_json(found)
            return
        print_lines(list(display.lines(found)))
        if found.clusters:
            table, remarks = display.clusters_table(found, at_most)
            print_table(table)
            print_remarks(remarks)


def _load(run: Path | None) -> "LoadedRun":
    """Open a run for tables and graphs; a missing folder is refused before pandas is imported."""
    folder = open_run(run)

    from streams.runs.loaded import LoadedRun

    return LoadedRun(folder)
