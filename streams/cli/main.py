"""The command `hearsay`."""

from typing import Annotated

import typer

from streams.cli import imports, kafka, listen, live, replay, runs, setup
from streams.cli.common import Group
from streams.version import code_version

main = typer.Typer(
    name="hearsay",
    help="Alert trust-and-safety teams when a rumour takes off. Hearsay measures spread, not truth.",
    epilog=(
        "`hearsay COMMAND --help` shows the options of a command and examples.\n\n"
        "Exit codes: 0 success; 1 a check failed, runs differ (compare --exit-code), or a defect; "
        "2 invalid input, settings or usage; 3 hardly any record of the source is an event; 130 interrupted."
    ),
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"hearsay {code_version()}")
        raise typer.Exit


@main.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take the options that come before a command."""


for group in (imports, replay, runs, live, listen, kafka, setup):
    group.register(main)
