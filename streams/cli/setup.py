"""The commands that set Hearsay up: `settings`, `schema`, `doctor` and `version`."""

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import (
    ConfigFile,
    Overrides,
    console,
    friendly,
    load_settings,
    rewrite,
    say,
)
from streams.version import code_version


def register(main: typer.Typer) -> None:
    """Add the commands."""
    for command in (settings, schema, doctor, version):
        main.command()(command)


def settings(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="The table of all settings, for the documentation.")
    ] = False,
    into: Annotated[Path | None, typer.Option(help="Put that table into a page, between its marks.")] = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Print the effective settings as a TOML file, with where each one came from."""
    from streams.settings.render import as_markdown, as_toml

    with friendly():
        if into is not None:
            rewrite(into, "settings", as_markdown())
            return
        typer.echo(as_markdown() if markdown else as_toml(load_settings(config, overrides or [])), nl=False)


def schema(
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("docs/schemas"),
) -> None:
    """Write the JSON Schema of each message and the AsyncAPI document of the topics."""
    from streams.kafka.contract import export

    say([str(path) for path in export(out)])


def doctor(config: ConfigFile = None, overrides: Overrides = None) -> None:
    """Check that everything a run needs is here."""
    from streams.devtools.doctor import examine, table

    with friendly():
        findings = examine(load_settings(config, overrides or []))
        console().print(table(findings))
        raise typer.Exit(int(any(finding.failed for finding in findings)))


def version() -> None:
    """Print the version."""
    typer.echo(f"hearsay {code_version()}")
