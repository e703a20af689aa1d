"""Print settings as TOML and as Markdown tables."""

from collections.abc import Iterator

from streams.settings.load import ResolvedSettings, _leaves, _values
from streams.settings.platforms import TABLE
from streams.settings.tree import (
    SettingsError,
    SettingSpec,
    kind_of,
    show,
)

_BEGINS, _ENDS = "<!-- settings -->\n", "<!-- /settings -->\n"


_FOR_ONE_PLATFORM = "the same for the cascades whose first post is on that platform; what is not set there is as above"


def rows(effective: ResolvedSettings) -> Iterator[tuple[SettingSpec, str, str]]:
    """Each setting with its value as text and where that came from ("" for a default)."""
    for leaf, value in _values(effective.settings):
        yield leaf, show(leaf, value), effective.origins.get(leaf.name, "")


def as_toml(effective: ResolvedSettings) -> str:
    """The effective settings as a TOML file that gives them again; the key is masked."""
    sections: dict[str, list[str]] = {}
    for leaf, value, origin in rows(effective):
        line = f"{leaf.path[-1].removesuffix('_ms') if value.startswith(chr(34)) else leaf.path[-1]} = {value}"
        line = f"# {line}" if value == "none" else line
        section = sections.setdefault(".".join(leaf.path[:-1]), [])
        section.append(f"{line}  # {origin}" if origin else line)
    head = f"# key: {effective.key.id} ({effective.key.origin})\n"
    return head + "".join("\n".join(["", f"[{name}]", *section, ""]) for name, section in sections.items())


def as_markdown() -> str:
    """The tables of all settings for the documentation, one a section."""
    tables: dict[str, list[str]] = {}
    for leaf in _leaves():
        row = f"| `{leaf.name}` | `{show(leaf, leaf.default)}` | {kind_of(leaf)} | {leaf.meaning} |"
        tables.setdefault(leaf.path[0], []).append(row)
    tables[TABLE[0]].append(
        f"| `{'.'.join(TABLE)}.PLATFORM.NAME` | `none` | as `{TABLE[0]}.NAME` | {_FOR_ONE_PLATFORM} |"
    )
    head = "| setting | default | what it is | what it does |\n| --- | --- | --- | --- |\n"
    return "\n".join(f"### `{name}`\n\n{head}" + "\n".join(rows) + "\n" for name, rows in tables.items())


def put_into(page: str) -> str:
    """A page with the table of all settings between its marks `<!-- settings -->` and `<!-- /settings -->`.

    Raises:
        SettingsError: the page lacks the marks.

    """
    before, begins, rest = page.partition(_BEGINS)
    _, ends, after = rest.partition(_ENDS)
    if not (begins and ends):
        raise SettingsError(
            f"a page takes the table between {_BEGINS.strip()} and {_ENDS.strip()}; got one without them"
        )
    return f"{before}{begins}\n{as_markdown()}\n{ends}{after}"
