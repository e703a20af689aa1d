"""The command `hearsay`. Everything heavy is imported by the command that needs it, so that help comes at once."""

import typer

from streams.cli import broker, claims, compare, kafka, replay, report, runs, setup, simulate, sweep, worker

main = typer.Typer(
    name="hearsay",
    help="Tells trust-and-safety teams that a rumour is taking off. It measures spread, not truth.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for group in (worker, setup, simulate, replay, sweep, claims, compare, report, runs, kafka):
    group.register(main)
main.add_typer(broker.app)
