"""Replace the letters that writers use one for another by one of them, within each script.

Two keyboards write Persian kaf with two code points, Turkish capitals lose the dot of the i, and one Chinese sentence
has a traditional and a simplified form: a reader sees one message. The letters are data (`letters/*.toml`). The Arabic
letters follow the normalisation filters of Lucene, the vowels typed in two parts the chapters 12 and 13 of the Unicode
Standard, and the Han characters the tables of OpenCC.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache

import opencc

from detectors.text.letters import Folding, load_letters

_BLOCK = 7  # bits of a code point within a block; the blocks of most scripts have 128 code points
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_HAN_BLOCKS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF))

Fold = Callable[[str], str]


def folding(foldings: Iterable[Folding]) -> Fold:
    """Compile the foldings of scripts to one function, which only applies those of scripts that occur in a text.

    Costs some 3 µs for a message without any of the scripts.
    """
    compiled = [(_blocks(folding), _compile(folding)) for folding in foldings if _blocks(folding)]

    def fold(text: str) -> str:
        blocks = {ord(character) >> _BLOCK for character in set(text)}
        for needed, apply in compiled:
            if not needed.isdisjoint(blocks):
                text = apply(text)
        return text

    return fold


def fold_letters(text: str) -> str:
    """Replace the letters of each kind by one of them; the text is in NFKC and lower case."""
    text = _fold(text)
    if _HAN.search(text) is not None:
        text = text.translate(_simplified())
    return text


def _compile(folding: Folding) -> Fold:
    table = folding.table()
    may_have = re.compile("[" + "".join(re.escape(chr(code)) for code in sorted(table)) + "]").search if table else None
    rules = [(re.compile(pattern), to) for pattern, to in folding.rules]

    def apply(text: str) -> str:
        if may_have is not None and may_have(text) is not None:
            text = text.translate(table)
        for sequence, to in folding.sequences:
            text = text.replace(sequence, to)
        for pattern, to in rules:
            text = pattern.sub(to, text)
        return text

    return apply


def _blocks(folding: Folding) -> frozenset[int]:
    """Return the blocks of code points that a text must have for a folding to apply."""
    written = "".join([*(sequence for sequence, _ in folding.sequences), *(pattern for pattern, _ in folding.rules)])
    codes = {*folding.table(), *(ord(character) for character in written if not character.isascii())}
    return frozenset(code >> _BLOCK for code in codes)


@cache
def _simplified() -> dict[int, str]:
    """Return the simplified form of each traditional Han character; takes 40 ms."""
    han = "".join(chr(code) for first, last in _HAN_BLOCKS for code in range(first, last + 1))
    once = dict(zip(han, opencc.OpenCC("t2s").convert("\n".join(han)).split("\n"), strict=True))
    return {ord(character): once.get(to, to) for character, to in once.items() if character != to}


_fold = folding(load_letters().values())
