"""What commands have in common: the options that name settings, and one line for what a person can put right.

The commands live in more than one module; each takes these from here, so that they read and fail alike.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.errors import STATUS, UserError

if TYPE_CHECKING:
    from rich.console import Console

    from streams.settings.load import ResolvedSettings

INTERRUPTED = 130  # the exit code, as shells have it
RUNS = Path("runs")  # where run folders go unless a place is named
ConfigFile = Annotated[Path | None, typer.Option("--config", help="A TOML file of settings; else HEARSAY_CONFIG.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", help="One setting, e.g. growth.target_size=100. Repeat for more.", metavar="NAME=VALUE"),
]


@contextmanager
def friendly() -> Iterator[None]:
    """Expected errors as one line and exit code `STATUS`; all others are defects and show where they are."""
    try:
        yield
    except UserError as error:
        typer.echo(error.line, err=True)
        raise typer.Exit(STATUS) from None


def rewrite(page: Path, name: str, table: str) -> None:
    """Replace a generated table in a file; see `put_into`.

    Raises:
        UserError: the file cannot be read or written, or lacks the marks.

    """
    try:
        page.write_text(put_into(page.read_text("utf-8"), name, table), "utf-8")
    except OSError as error:
        raise UserError(f"cannot rewrite the page {page}: {error.strerror}; check the path") from None


def put_into(page: str, name: str, table: str) -> str:
    """Return a page with a table between its marks `<!-- name -->` and `<!-- /name -->`.

    Raises:
        UserError: the page lacks the marks.

    """
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    before, begins, rest = page.partition(begin)
    _, ends, after = rest.partition(end)
    if not (begins and ends):
        raise UserError(f"the page has no lines {begin.strip()} and {end.strip()}; add both where the table belongs")
    return f"{before}{begins}\n{table}\n{ends}{after}"


def load_settings(config: Path | None, overrides: list[str]) -> "ResolvedSettings":
    """The effective settings of a command."""
    from streams.settings.load import load

    return load(config, overrides=overrides)


def console(*, stderr: bool = False) -> "Console":
    """Where tables and pictures go."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Say on a terminal that something is going on, for as long as it does."""
    errors = console(stderr=True)
    if not errors.is_terminal:
        yield
        return
    with errors.status(what):
        yield


def say(lines: list[str]) -> None:
    """Print lines."""
    for line in lines:
        typer.echo(line)


def warn_of_demo_key(effective: "ResolvedSettings") -> None:
    """Say that the pseudonyms protect nobody, where they do not."""
    if effective.key.is_demo:
        typer.echo(
            "warning: no key is set, so pseudonyms are made with the demo key that everybody knows; "
            "set HEARSAY_KEY (`openssl rand -hex 32`) before real data",
            err=True,
        )
