"""Print settings as TOML and as Markdown tables."""

from collections.abc import Iterator
from typing import Any

from streams.settings.load import ResolvedSettings, catalogue, flatten, to_values
from streams.settings.platforms import TABLE
from streams.settings.tree import SettingSpec, kind_of, show

_FOR_ONE_PLATFORM = "Overrides a growth setting for cascades whose first post is on that platform."


def rows(resolved: ResolvedSettings) -> Iterator[tuple[SettingSpec, str, str]]:
    """Yield each setting with its value as text and the source of the value ("" for a default)."""
    for spec, value in flatten(resolved.settings):
        yield spec, show(spec, value), resolved.origins.get(spec.name, "")


def as_toml(resolved: ResolvedSettings) -> str:
    """Return the resolved settings as a TOML file that reproduces them; the key is masked."""
    sections: dict[str, list[str]] = {}
    for spec, value, source in rows(resolved):
        line = f"{spec.path[-1].removesuffix('_ms') if value.startswith(chr(34)) else spec.path[-1]} = {value}"
        line = f"# {line}" if value == "none" else line
        section = sections.setdefault(".".join(spec.path[:-1]), [])
        section.append(f"{line}  # from {source}" if source else line)
    head = f"# key: {resolved.key.id} ({resolved.key.origin})\n"
    return head + "".join("\n".join(["", f"[{name}]", *section, ""]) for name, section in sections.items())


def to_json(resolved: ResolvedSettings) -> dict[str, Any]:
    """Return the resolved settings for programs: the value and the source of each; the key is masked."""
    values = to_values(resolved.settings)
    return {
        "key": {"id": resolved.key.id, "origin": resolved.key.origin},
        "settings": {
            name: {"value": value, "origin": resolved.origins.get(name, "default")} for name, value in values.items()
        },
    }


def as_markdown() -> str:
    """Return the tables of all settings for the documentation, one table per section."""
    tables: dict[str, list[str]] = {}
    for spec in catalogue().values():
        row = f"| `{spec.name}` | `{show(spec, spec.default)}` | {kind_of(spec)} | {spec.description} |"
        tables.setdefault(spec.path[0], []).append(row)
    tables[TABLE[0]].append(
        f"| `{'.'.join(TABLE)}.PLATFORM.NAME` | `none` | as `{TABLE[0]}.NAME` | {_FOR_ONE_PLATFORM} |"
    )
    head = "| setting | default | value | description |\n| --- | --- | --- | --- |\n"
    return "\n".join(f"### `{name}`\n\n{head}" + "\n".join(rows) + "\n" for name, rows in tables.items())
