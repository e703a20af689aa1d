"""The pages of the documentation, taken apart: prose, fenced blocks, links, headings, quoted commands."""

import re
import shlex
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted(set(ROOT.glob("*.md")) - {ROOT / "README.md"}),
    *sorted((ROOT / "docs").rglob("*.md")),
]

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


class Quoted(NamedTuple):
    """A command on a page, word by word; `whole` if it stands in a block, to be copied as it is."""

    page: str
    words: tuple[str, ...]
    whole: bool


def name(page: Path) -> str:
    """The page's path in the repository."""
    return page.relative_to(ROOT).as_posix()


def read(page: Path) -> str:
    """The page's text."""
    return page.read_text(encoding="utf-8")


def blocks(page: Path, *languages: str) -> list[str]:
    """Fenced blocks of these languages, in order."""
    return [text for language, text in _FENCED.findall(read(page)) if language in languages]


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCED.sub("", read(page))


def inline(page: Path) -> list[str]:
    """What stands between single backticks, outside of blocks."""
    return _INLINE.findall(prose(page))


def links(page: Path) -> list[str]:
    """Targets of links that stay within the repository."""
    return [target for target in _LINK.findall(_INLINE.sub("", prose(page))) if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> set[str]:
    """The names that a page's headings can be linked by: small letters, hyphens for spaces, no punctuation."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(prose(page))}


def commands(program: str) -> list[Quoted]:
    """Every command line of a program that some page quotes, in a block or between backticks."""
    found = []
    for page in PAGES:
        lines = [line.removeprefix("$ ") for text in blocks(page, "sh", "console") for line in text.splitlines()]
        for line, whole in [(line, True) for line in lines] + [(text, False) for text in inline(page)]:
            if line.startswith(f"{program} "):
                found.append(Quoted(name(page), _program_alone(line), whole))
    return found


def _program_alone(line: str) -> tuple[str, ...]:
    """The words of a command line without what the shell does with its output."""
    words = shlex.split(line, comments=True)
    return tuple(takewhile(lambda word: word not in {">", ">>", "|", "&&", "&"}, words))
