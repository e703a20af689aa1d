"""What commands have in common: the options that name settings, and one line for what a person can put right.

The commands live in more than one module; each takes these from here, so that they read and fail alike.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from streams.errors import UserError

INTERRUPTED = 130  # the exit code, as shells have it
ConfigFile = Annotated[Path | None, typer.Option("--config", help="A TOML file of settings; else HEARSAY_CONFIG.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", help="One setting, e.g. growth.big=100. Repeat for more.", metavar="NAME=VALUE"),
]


@contextmanager
def friendly() -> Iterator[None]:
    """Expected errors as one line and exit code 2; all others are defects and show where they are."""
    try:
        yield
    except UserError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None


def rewrite(page: Path, put_into: Callable[[str], str]) -> None:
    """Put what is generated into a page.

    Raises:
        UserError: the page cannot be read or written, or lacks the marks.

    """
    try:
        page.write_text(put_into(page.read_text("utf-8")), "utf-8")
    except OSError as error:
        raise UserError(f"the page must be there to be written to; got {error.strerror} for {page}") from None
