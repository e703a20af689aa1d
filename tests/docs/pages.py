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
    """A command on a page, word by word; `whole` if the command is in a block, to be copied unchanged."""

    page: str
    words: tuple[str, ...]
    whole: bool


def name(page: Path) -> str:
    """Return the path of the page in the repository."""
    return page.relative_to(ROOT).as_posix()


def read(page: Path) -> str:
    """Return the text of the page."""
    return page.read_text(encoding="utf-8")


def blocks(page: Path, *languages: str) -> list[str]:
    """Return the fenced blocks of these languages, in order."""
    return [text for language, text in _FENCED.findall(read(page)) if language in languages]


def prose(page: Path) -> str:
    """Return the page without its fenced blocks."""
    return _FENCED.sub("", read(page))


def inline(page: Path) -> list[str]:
    """Return the texts between single backticks, outside of blocks."""
    return _INLINE.findall(prose(page))


def links(page: Path) -> list[str]:
    """Return the targets of links within the repository."""
    return [target for target in _LINK.findall(_INLINE.sub("", prose(page))) if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings: small letters, hyphens for spaces, no punctuation."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(prose(page))}


def commands(program: str) -> list[Quoted]:
    """Return every command line of a program that a page quotes, in a block or between backticks."""
    found = []
    for page in PAGES:
        lines = [line.removeprefix("$ ") for text in blocks(page, "sh", "console") for line in text.splitlines()]
        for line, whole in [(line, True) for line in lines] + [(text, False) for text in inline(page)]:
            if line.startswith(f"{program} "):
                found.append(Quoted(name(page), _program_alone(line), whole))
    return found


def _program_alone(line: str) -> tuple[str, ...]:
    """Return the words of a command line, without redirections and pipes."""
    words = shlex.split(line, comments=True)
    return tuple(takewhile(lambda word: word not in {">", ">>", "|", "&&", "&"}, words))
