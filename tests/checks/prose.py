"""Check that the product's prose is plain English: `python -m tests.checks.prose [FOLDER ...]`.

The command prints two figures about the docstrings of functions: the share that opens with a word such as "what" or
"whether" instead of a verb, and the number of pronouns in a hundred words. It fails when a figure exceeds its limit,
and when a banned word appears in a docstring, a comment, a text of the program or a page without an exception below.
With folders, both cover those folders alone.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGES = ("streams", "detectors", "schemas")

MAX_OPENINGS = 0.02
"""Share of function docstrings that may open without a verb."""
MAX_PRONOUNS = 4.0
"""Pronouns in a hundred words of function docstrings."""

OPENING = re.compile(r"(what|whether|how|by which|where|when|who|which|as)\b", re.IGNORECASE)
PRONOUNS = frozenset(
    {
        "it",
        "itself",
        "its",
        "they",
        "them",
        "their",
        "theirs",
        "this",
        "that",
        "these",
        "those",
        "one",
        "ones",
        "what",
        "which",
    }
)
WORD = re.compile(r"[a-z']+")

BANNED = {
    "told": "use report, print or show",
    "said": "use report, publish or announce",
    "stands": "use is",
    "beside": "use compared with, next to or and",
    "settle": "use flush or drain",
    "settles": "use flushes or drains",
    "settled": "use flushed or drained",
    "nobody": "name the subject: no user, no worker, no sender",
    "somebody": "name the subject: a user, an officer, a sender",
    "whoever": "name the subject",
    "founder": "use first share",
    "lane": "use task",
    "lanes": "use tasks",
    "rung": "use method or step",
    "rungs": "use methods or steps",
    "ladder": "use candidate search",
    "akin": "use candidate pair",
}
"""Words that this project does not use in its prose, and the field's words to use instead."""

EXCEPTIONS: dict[tuple[str, str], str] = {
    ("CHANGELOG.md", "told"): "the former name of a field, quoted where the new name is given",
}
"""Reasons why a banned word may appear in a file, by path and word."""


class Figures(NamedTuple):
    """Measured figures of the docstrings of functions."""

    docstrings: int
    openings: int
    words: int
    pronouns: int

    @property
    def opening_share(self) -> float:
        """Return the share of docstrings that open without a verb."""
        return self.openings / max(1, self.docstrings)

    @property
    def pronouns_in_a_hundred(self) -> float:
        """Return the number of pronouns in a hundred words."""
        return 100 * self.pronouns / max(1, self.words)


class Hit(NamedTuple):
    """A banned word at a line of a file."""

    path: str
    line: int
    word: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: '{self.word}': {BANNED[self.word]}"


def docstrings(tree: ast.AST) -> Iterator[str]:
    """Yield the docstrings of the functions in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (text := ast.get_docstring(node)):
            yield text


def measure(texts: list[str]) -> Figures:
    """Measure the figures of some docstrings."""
    words = WORD.findall(" ".join(texts).lower())
    openings = sum(OPENING.match(text) is not None for text in texts)
    return Figures(len(texts), openings, len(words), sum(word in PRONOUNS for word in words))


def prose_of_code(source: str) -> Iterator[tuple[int, str]]:
    """Yield the comments and strings of a Python file, line by line, with their line numbers."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.STRING, tokenize.COMMENT):
            for offset, line in enumerate(token.string.split("\n")):
                yield token.start[0] + offset, line


def banned_in(path: str, lines: Iterator[tuple[int, str]]) -> Iterator[Hit]:
    """Yield the banned words of some lines that no exception allows."""
    for number, line in lines:
        for word in WORD.findall(line.lower()):
            if word in BANNED and (path, word) not in EXCEPTIONS:
                yield Hit(path, number, word)


def python_files() -> Iterator[Path]:
    """Yield the Python files of the product and its examples."""
    for folder in (*PACKAGES, "examples"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def pages() -> Iterator[Path]:
    """Yield the Markdown pages of the project."""
    yield from sorted(ROOT.glob("*.md"))
    yield from sorted((ROOT / "docs").rglob("*.md"))


def is_in(path: Path, folders: Sequence[str]) -> bool:
    """Return True if the path is in one of the folders, or if no folder is given."""
    return not folders or any(path.is_relative_to(ROOT / folder) for folder in folders)


def hits(folders: Sequence[str] = ()) -> list[Hit]:
    """Return every banned word in the project's prose that no exception allows."""
    found: list[Hit] = []
    for path in (*python_files(), *pages()):
        if is_in(path, folders):
            text = path.read_text("utf-8")
            lines = prose_of_code(text) if path.suffix == ".py" else enumerate(text.split("\n"), 1)
            found += banned_in(str(path.relative_to(ROOT)), iter(lines))
    return found


def figures(folders: Sequence[str] = ()) -> Figures:
    """Measure the docstrings of every function in the packages."""
    files = [path for folder in PACKAGES for path in sorted((ROOT / folder).rglob("*.py"))]
    texts = [path.read_text("utf-8") for path in files if is_in(path, folders)]
    return measure([docstring for text in texts for docstring in docstrings(ast.parse(text))])


def main() -> None:
    """Print the figures and the banned words; exit with 1 if a limit is exceeded or a banned word is found."""
    folders = sys.argv[1:]
    found, measured = hits(folders), figures(folders)
    for hit in found:
        print(hit)
    print(
        f"{measured.docstrings} function docstrings: {100 * measured.opening_share:.1f} % open without a verb "
        f"(limit {100 * MAX_OPENINGS:.0f} %), {measured.pronouns_in_a_hundred:.1f} pronouns in 100 words "
        f"(limit {MAX_PRONOUNS:.0f}); {len(found)} banned words"
    )
    too_many = measured.opening_share >= MAX_OPENINGS or measured.pronouns_in_a_hundred >= MAX_PRONOUNS
    sys.exit(int(too_many or bool(found)))


if __name__ == "__main__":
    main()
