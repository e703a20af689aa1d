"""Load the letters that writers use one for another, one TOML file for each script.

Each file has two tables of the same form. The top level lists differences that a reader does not see or does not heed,
so copies of a message become equal. The table `spelling` lists differences of spelling between writers of one language,
so copies become similar. To add a script, add a file that is named for the script.
"""

from functools import cache
from importlib.resources import files

import msgspec


class Folding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The letters of one script that are folded together, in lower case and in the normal form NFKC."""

    same: dict[str, str] = {}
    """A spelling, and the letters that it replaces."""
    dropped: tuple[str, ...] = ()
    """Code points that are removed: hexadecimal numbers, or ranges such as "064B-065F"."""
    sequences: tuple[tuple[str, str], ...] = ()
    """A sequence of characters, and its replacement."""
    rules: tuple[tuple[str, str], ...] = ()
    """A regular expression, and its replacement with references to groups."""

    def table(self) -> dict[int, str]:
        """Return the replacement of each single character, for `str.translate`."""
        table = {ord(letter): to for to, letters in self.same.items() for letter in letters}
        for listed in self.dropped:
            first, _, last = listed.partition("-")
            table.update(dict.fromkeys(range(int(first, 16), int(last or first, 16) + 1), ""))
        return table


class Script(Folding, frozen=True, forbid_unknown_fields=True):
    """The foldings of one script."""

    spelling: Folding = Folding()
    """The further foldings that only make copies similar."""


@cache
def load_letters() -> dict[str, Script]:
    """Return the foldings of each script by its name, in the order of the names."""
    names = sorted(path.name for path in files(__package__).iterdir() if path.name.endswith(".toml"))
    return {
        name.removesuffix(".toml"): msgspec.toml.decode(files(__package__).joinpath(name).read_bytes(), type=Script)
        for name in names
    }
