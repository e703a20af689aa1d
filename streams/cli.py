"""The command `hearsay`. Everything heavy is imported by the command that needs it, so that help comes at once."""

import json
from pathlib import Path
from typing import Annotated

import typer

from streams import (
    broker_command,
    claims_command,
    compare_command,
    kafka_commands,
    replay_command,
    report_command,
    run_commands,
    sweep_command,
)
from streams.command_line import (
    RUNS,
    ConfigFile,
    Overrides,
    console,
    friendly,
    load_settings,
    rewrite,
    say,
    warn_of_demo_key,
)
from streams.version import code_version

main = typer.Typer(
    name="hearsay",
    help="Tells trust-and-safety teams that a rumour is taking off. It measures spread, not truth.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

RunFolder = Annotated[Path | None, typer.Option("--run", help="The run folder; else the newest below ./runs.")]


@main.command()
def worker(
    only: Annotated[
        str | None, typer.Option(help="Stages, separated by commas: intake, embed, cluster, cascade; else all.")
    ] = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Read the topic `forwards`, raise alerts on the topic `alerts`, until told to stop."""
    from streams.live import worker as workers  # noqa: PLC0415 - see the head of this module

    with friendly():
        effective = load_settings(config, overrides or [])
        warn_of_demo_key(effective)
        workers.run(effective, workers.choose(only))


@main.command()
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
    from streams import explain as explains  # noqa: PLC0415
    from streams.run_folder import Run, newest  # noqa: PLC0415

    with friendly():
        effective = load_settings(config, [])
        found = explains.find(Run(run or newest(RUNS)), alert_id)
        explanation = explains.explain(found, sources or [], effective)
        say(explains.lines(explanation, everything=everything))


@main.command()
def rejections(
    run: Annotated[Path | None, typer.Argument(help="The run folder; else the newest below ./runs.")] = None,
    opened: Annotated[bool, typer.Option("--open", help="Print the refused payloads; needs the run's key.")] = False,
    config: ConfigFile = None,
) -> None:
    """List why events were refused."""
    from streams.run_folder import Run, newest  # noqa: PLC0415
    from streams.show import rejections_table  # noqa: PLC0415

    with friendly():
        folder = Run(run or newest(RUNS))
        if not opened:
            console().print(rejections_table(folder.rejections()))
            return
        from streams.unseal import payloads  # noqa: PLC0415

        for payload in payloads(folder.rejections(), load_settings(config, []).key):
            typer.echo(json.dumps(payload))  # ASCII only: a payload must not draw on the terminal


@main.command()
def settings(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="The table of all settings, for the documentation.")
    ] = False,
    into: Annotated[Path | None, typer.Option(help="Put that table into a page, between its marks.")] = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Print the effective settings as a TOML file, with where each one came from."""
    from streams.settings import as_markdown, as_toml, put_into  # noqa: PLC0415

    with friendly():
        if into is not None:
            rewrite(into, put_into)
            return
        typer.echo(as_markdown() if markdown else as_toml(load_settings(config, overrides or [])), nl=False)


@main.command()
def schema(
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("docs/schemas"),
) -> None:
    """Write the JSON Schema of each message and the AsyncAPI document of the topics."""
    from streams.schema_export import export  # noqa: PLC0415

    say([str(path) for path in export(out)])


@main.command()
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
    from streams.errors import UserError  # noqa: PLC0415 - see the head of this module
    from streams.setting_tree import from_text  # noqa: PLC0415
    from streams.simulator import SAMPLE, SimulatorConfig, write_simulation  # noqa: PLC0415

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


@main.command()
def doctor(config: ConfigFile = None, overrides: Overrides = None) -> None:
    """Check that everything a run needs is here."""
    from streams.doctor import examine, table  # noqa: PLC0415

    with friendly():
        findings = examine(load_settings(config, overrides or []))
        console().print(table(findings))
        raise typer.Exit(int(any(finding.failed for finding in findings)))


@main.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"hearsay {code_version()}")


replay_command.register(main)
sweep_command.register(main)
claims_command.register(main)
compare_command.register(main)
report_command.register(main)
run_commands.register(main)
kafka_commands.register(main)
main.add_typer(broker_command.app)
