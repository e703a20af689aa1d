"""The command `import`, and the options about foreign formats that `replay` and `sweep` share with it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import (
    AsJson,
    ConfigFile,
    Overrides,
    Overwrite,
    add,
    check_sources,
    friendly,
    kafka_connection,
    load_settings,
    print_json,
    print_lines,
    print_remarks,
    rewrite,
    warn_of_demo_key,
    working,
)
from streams.errors import UNUSABLE, UserError
from streams.small_files import MAX_BYTES, read_at_most

if TYPE_CHECKING:
    from streams.recordings.imports.choices import ImportChoices

GROUP = "Bring events in"

_PANEL = "Exports, collections and tables"  # panel of the help for the options below

Zone = Annotated[
    str | None,
    typer.Option(
        "--zone", metavar="NAME", help="Time zone of times without one, e.g. Asia/Kolkata.", rich_help_panel=_PANEL
    ),
]
DayFirst = Annotated[
    bool | None,
    typer.Option(
        "--day-first/--month-first",
        metavar="",
        help="Order of day and month, if the dates do not show it.",
        rich_help_panel=_PANEL,
    ),
]
Chat = Annotated[
    str | None,
    typer.Option(
        "--chat",
        metavar="NAME",
        help="Name of the chat, e.g. to count two exports of a renamed chat once.",
        rich_help_panel=_PANEL,
    ),
]
MediaOption = Annotated[
    Path | None,
    typer.Option(
        "--media",
        metavar="FOLDER",
        help="Folder of the pictures and files that an export names.",
        rich_help_panel=_PANEL,
    ),
]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format", metavar="NAME", help="Format of the files, instead of recognition.", rich_help_panel=_PANEL
    ),
]
ProfileOption = Annotated[
    Path | None,
    typer.Option(
        "--profile", metavar="FILE", help="Profile of a table (TOML): which column is what.", rich_help_panel=_PANEL
    ),
]
ObjectOption = Annotated[
    str | None,
    typer.Option(
        "--object", metavar="KIND", help="Content of a column object_id: id, url or text.", rich_help_panel=_PANEL
    ),
]
CollectedAt = Annotated[
    str | None,
    typer.Option(
        "--collected-at",
        metavar="WHEN",
        help="Time of collection of counters, if the file does not have it.",
        rich_help_panel=_PANEL,
    ),
]
KeepAutomatic = Annotated[
    bool,
    typer.Option(
        "--keep-automatic",
        help="Keep the copies that Telegram makes of a channel's posts in its discussion group.",
        rich_help_panel=_PANEL,
    ),
]
Tipline = Annotated[
    str,
    typer.Option(
        "--tipline",
        metavar="KIND",
        help="Kind of a message that a person writes to a tipline without forwarding: report or post.",
        rich_help_panel=_PANEL,
    ),
]


def register(main: typer.Typer) -> None:
    """Add the commands of this group."""
    add(
        main,
        GROUP,
        import_,
        'hearsay import "WhatsApp Chat.zip" --zone Asia/Kolkata --out events.jsonl',
        "hearsay import result.json --publish",
        "hearsay import --list",
    )


def read_choices(
    *,
    zone: str | None,
    day_first: bool | None,
    chat: str | None,
    media: Path | None,
    format_name: str | None,
    profile: Path | None,
    object_kind: str | None,
    collected_at: str | None,
    keep_automatic: bool,
    tipline: str,
) -> "ImportChoices":
    """Return the choices of the options.

    Raises:
        UserError: an unknown zone or kind, or a file or folder that cannot be read.

    """
    from streams.adapters.base import ObjectKind, Options, TiplineKind
    from streams.recordings.imports.choices import ImportChoices

    if media is not None and not media.is_dir():
        raise UserError(f"cannot read the media folder {media}: it is no folder; pass --media FOLDER")
    if object_kind is not None and object_kind not in set(ObjectKind):
        raise UserError(f"--object is one of id, url and text; got {object_kind[:20]!r}")
    if tipline not in set(TiplineKind):
        raise UserError(f"--tipline is report or post; got {tipline[:20]!r}")
    options = Options(
        zone=None if zone is None else _checked_zone(zone),
        day_first=day_first,
        chat=chat,
        collected_at=None if collected_at is None else _milliseconds(collected_at),
        object_kind=None if object_kind is None else ObjectKind(object_kind),
        keep_automatic=keep_automatic,
        tipline_unmarked=TiplineKind(tipline),
    )
    return ImportChoices(
        options=options,
        format=format_name,
        profile=None if profile is None else _text_of(profile),
        profile_name="" if profile is None else profile.name,
        media=None if media is None else str(media),
    )


def _checked_zone(zone: str) -> str:
    from zoneinfo import ZoneInfo

    try:
        return str(ZoneInfo(zone))
    except (KeyError, OSError, ValueError):  # KeyError: no such name
        raise UserError(
            f"unknown time zone {zone[:60]!r}; pass the name of the tz database, e.g. --zone Asia/Kolkata"
        ) from None


def _milliseconds(when: str) -> int:
    try:
        at = datetime.fromisoformat(when)
    except ValueError:
        raise UserError(f"cannot read the time {when[:40]!r}; pass e.g. --collected-at 2026-11-24T10:30Z") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _text_of(profile: Path) -> str:
    try:
        return read_at_most(profile, MAX_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or error
        raise UserError(f"cannot read the profile {profile}: {problem}; pass a TOML file in UTF-8") from None


def import_(  # noqa: PLR0917 - typer passes by name
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE", help="Files or folders, in any known format.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File of events to write: .jsonl, .jsonl.gz or .jsonl.zst.")
    ] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Publish the events to the topic `forwards`.")] = False,
    show_formats: Annotated[bool, typer.Option("--list", help="List the formats, and what each can show.")] = False,
    profile_for: Annotated[
        Path | None,
        typer.Option("--profile-for", metavar="FILE", help="Propose a profile for a table."),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            metavar="PAGE", help="Rewrite the table between <!-- formats --> and <!-- /formats --> of a page."
        ),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Keep the platform's identifiers: for a deployment that replaces them itself.")
    ] = False,
    zone: Zone = None,
    day_first: DayFirst = None,
    chat: Chat = None,
    media: MediaOption = None,
    format_name: FormatOption = None,
    profile: ProfileOption = None,
    object_kind: ObjectOption = None,
    collected_at: CollectedAt = None,
    keep_automatic: KeepAutomatic = False,
    tipline: Tipline = "report",
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Turn exports and collections of platforms into events: a file for `hearsay replay`, or records on `forwards`.

    The format is recognised by the content. Identifiers are replaced by digests under the deployment's key, unless
    --raw is given. The report accounts for every item: events, items skipped by design, and items refused.
    """
    with friendly():
        if show_formats or into is not None or profile_for is not None:
            _inform(into, profile_for, as_json=as_json)
            return
        if not files:
            raise UserError("no file given; name the files or folders to import, or pass --list to see the formats")
        if (out is None) == (not publish):
            raise UserError("pass either --out FILE to write a file of events, or --publish to publish the events")
        check_sources(files)
        choices = read_choices(
            zone=zone, day_first=day_first, chat=chat, media=media, format_name=format_name, profile=profile,
            object_kind=object_kind, collected_at=collected_at, keep_automatic=keep_automatic, tipline=tipline,
        )  # fmt: skip
        effective = load_settings(config, overrides)
        if not raw:
            warn_of_demo_key(effective)

        from streams.cli.display.imports import report_lines
        from streams.recordings import import_files

        names = None if raw else effective.key.pseudonymiser()
        with working("importing"):
            if out is not None:
                done = import_files.import_to_file(files, out, choices, names, overwrite=overwrite)
            else:
                with kafka_connection(config, overrides) as (settings, password):
                    done = import_files.import_to_topic(files, choices, names, settings, password)
        if as_json:
            print_json(done)
        else:
            print_lines(list(report_lines(done.files)))
            where = f"wrote {out}" if out is not None else "published"
            ignored = f"; {done.ignored:,} files without messages were ignored" if done.ignored else ""
            print_remarks([f"{where}: {done.written:,} events{ignored}"])
        if not done.usable:
            typer.echo("error: hardly any item could be read; the report above names the reasons", err=True)
            raise typer.Exit(UNUSABLE)


def _inform(into: Path | None, profile_for: Path | None, *, as_json: bool) -> None:
    """Print the formats, or write them into a page, or propose a profile."""
    from streams.cli.display import imports as display

    if into is not None:
        rewrite(into, "formats", display.formats_markdown())
    elif profile_for is not None:
        from streams.recordings.import_files import proposed_profile

        check_sources([str(profile_for)])
        typer.echo(proposed_profile(str(profile_for)))
    elif as_json:
        print_json(display.formats_json())
    else:
        from streams.cli.display.tables import print_table

        print_table(display.formats_table())


__all__ = [
    "Chat", "CollectedAt", "DayFirst", "FormatOption", "KeepAutomatic", "MediaOption", "ObjectOption",
    "ProfileOption", "Tipline", "Zone",
    "read_choices", "register",
]  # fmt: skip
