"""Options, help and errors that commands share, so every command reads and fails alike.

Typer, the command line's only import here, loads in a tenth of a second. A command imports everything else when it
runs, after its arguments are checked, so help and errors come at once.
"""

import errno
import inspect
import logging
import os
import sys
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from streams.errors import STATUS, UserError

if TYPE_CHECKING:
    from rich.console import Console

    from streams.kafka.connection import KafkaSettings
    from streams.runs.folder import Run
    from streams.settings.load import ResolvedSettings

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
INTERRUPTED = 130  # exit code after Ctrl-C, as in a shell
RUNS = Path("runs")  # default folder of run folders
ROWS = 20  # default number of rows of a table

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings file (TOML). Default: the file that HEARSAY_CONFIG names."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Change a setting, e.g. growth.target_size=100. Can be repeated."),
]
RunFolder = Annotated[
    Path | None, typer.Argument(metavar="RUN", help="Run folder. Default: the newest run below ./runs.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output if it already exists.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AtMost = Annotated[int, typer.Option("--at-most", metavar="N", min=0, help="Maximum number of rows.")]


class Command(TyperCommand):
    """A command whose help shows metavars instead of Python types."""

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 - Typer's own context type is private
        """Return the parameters, without types."""
        return _without_types(super().get_params(ctx))


class Group(TyperGroup):
    """A group of commands whose help shows metavars instead of Python types."""

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 - Typer's own context type is private
        """Return the parameters, without types."""
        return _without_types(super().get_params(ctx))


def _without_types(params: Sequence[Any]) -> list[Any]:
    """Hide `<bool>` after flags and `<list[str]>` after arguments; the metavar and the help say more."""
    for param in params:
        if param.param_type_name == "argument":
            vars(param)["display_type_rich"] = lambda ctx: None
        elif param.metavar is None and param.is_flag:
            param.metavar = ""
    return list(params)


def add(main: typer.Typer, group: str, command: Callable[..., None], *examples: str, notes: str = "") -> None:
    """Add a command to the program.

    Args:
        main: the program.
        group: the title of the command's group in `hearsay --help`.
        command: the function; its docstring is the help.
        examples: command lines for the help.
        notes: a sentence after the examples.

    """
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    title = "Example:" if len(examples) == 1 else "Examples:"
    main.command(
        command.__name__.rstrip("_").replace("_", "-"),
        cls=Command,
        rich_help_panel=group,
        help="\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs),
        epilog="\n".join([title, *examples, "", notes]).strip(),
    )(command)


@contextmanager
def friendly() -> Iterator[None]:
    """Print an expected error as one line and exit with `STATUS`; after Ctrl-C exit with `INTERRUPTED`."""
    try:
        yield
    except UserError as error:
        typer.echo(error.line, err=True)
        raise typer.Exit(STATUS) from None
    except OSError as error:
        if error.errno not in _FULL:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is buffered would fail again at the end
        problem = os.strerror(error.errno)
        typer.echo(f"error: cannot write the output: {problem}; make room and run the command again", err=True)
        raise typer.Exit(STATUS) from None
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        raise typer.Exit(INTERRUPTED) from None


def load_settings(config: Path | None, overrides: Sequence[str] | None = None) -> "ResolvedSettings":
    """Return the effective settings of a command.

    Raises:
        SettingsError: an unknown setting, a wrong value, or an unreadable file.

    """
    from streams.settings.load import load

    return load(config, overrides=list(overrides or []))


@contextmanager
def kafka_connection(config: Path | None, overrides: list[str] | None) -> "Iterator[tuple[KafkaSettings, str | None]]":
    """Yield the settings and the password of the broker, with the client's log silenced.

    An unreachable broker is reported in one line at the end; the client logs each attempt.

    Raises:
        SettingsError: an unknown setting, a wrong value, or an unreadable file.

    """
    effective = load_settings(config, overrides)
    log = logging.getLogger("kafka")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield effective.settings.kafka, effective.kafka_password
    finally:
        log.setLevel(before)


def check_sources(sources: Sequence[str]) -> None:
    """Refuse missing source files before anything heavy is imported.

    Raises:
        SourceError: a source does not exist.

    """
    from streams.recordings.base import check_exists

    for source in sources:
        if source != "-":
            check_exists(source)


def open_run(run: Path | None) -> "Run":
    """Open a run folder; without a path, the newest below ./runs.

    Raises:
        RunFolderError: no run folder, or a folder of another version.

    """
    from streams.runs.folder import Run, newest

    return Run(run or newest(RUNS))


def rewrite(page: Path, name: str, table: str) -> None:
    """Replace a generated table in a file; see `put_into`.

    Raises:
        UserError: the file cannot be read or written, or lacks the marks.

    """
    try:
        page.write_text(put_into(page.read_text("utf-8"), name, table), "utf-8")
    except OSError as error:
        raise UserError(f"cannot rewrite the page {page}: {error.strerror}; check --into") from None


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


def console(*, stderr: bool = False) -> "Console":
    """Return the console for results or, with `stderr`, for progress."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


@contextmanager
def working(activity: str) -> Iterator[None]:
    """Show an activity on a terminal while a block runs."""
    errors = console(stderr=True)
    if not errors.is_terminal:
        yield
        return
    with errors.status(activity):
        yield


def print_lines(lines: Sequence[str]) -> None:
    """Print lines to standard output."""
    for line in lines:
        typer.echo(line)


def print_remarks(remarks: Sequence[str]) -> None:
    """Print remarks to standard error, apart from the results."""
    for remark in remarks:
        typer.echo(remark, err=True)


def print_report(run: "Run", out: Path | None, *, overwrite: bool, shown: bool) -> None:
    """Write the report of a run and print its path; with `shown`, open the page in a browser if there is a screen.

    Raises:
        UserError: the page exists and may not be replaced, or cannot be written.

    """
    from streams.runs.report import write_report

    with working("writing the report"):
        page = write_report(run, out or run.path.with_name(f"{run.path.name}.html"), overwrite=overwrite)
    typer.echo(str(page))
    if shown and _has_screen():
        webbrowser.open(page.resolve().as_uri())


def _has_screen() -> bool:
    """Return True if a graphical browser can open; a browser in the terminal would take the terminal over."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def print_json(value: object) -> None:
    """Print a value as one line of JSON; a path is a string."""
    import msgspec

    typer.echo(msgspec.json.encode(value, enc_hook=str).decode())


def warn_of_demo_key(effective: "ResolvedSettings") -> None:
    """Warn on standard error if pseudonyms use the public demo key."""
    if effective.key.is_demo:
        typer.echo(
            "warning: no key is set, so pseudonyms use the public demo key; "
            "set HEARSAY_KEY (`openssl rand -hex 32`) before you process real data",
            err=True,
        )
