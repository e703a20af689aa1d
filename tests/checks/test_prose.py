"""The check of the prose finds what it counts."""

from tests.checks import prose
from tests.checks.prose import banned_in, docstrings, measure, prose_of_code


def test_a_docstring_that_opens_without_a_verb_is_counted():
    measured = measure(["Whether it stays.", "What they give.", "Return the offset of a partition."])
    assert (measured.docstrings, measured.openings) == (3, 2)
    assert measured.opening_share == 2 / 3


def test_pronouns_are_counted_in_a_hundred_words():
    measured = measure(["Return it to the one that gave it."])
    assert (measured.pronouns, measured.words) == (4, 8)
    assert measured.pronouns_in_a_hundred == 50


def test_the_docstrings_of_functions_are_read_and_those_of_classes_are_not():
    import_free = prose.ast.parse('"""A."""\nclass B:\n    """C."""\n    def d(self):\n        """E."""\n')
    assert list(docstrings(import_free)) == ["E."]


def test_a_banned_word_is_found_in_comments_and_texts_with_its_line():
    source = 'x = 1  # stands alone\ny = """\nand nobody knows"""\ntold = 2\n'
    assert [str(hit) for hit in banned_in("a.py", prose_of_code(source))] == [
        "a.py:1: 'stands': use is",
        "a.py:3: 'nobody': name the subject: no user, no worker, no sender",
    ]


def test_an_exception_allows_one_word_in_one_file(monkeypatch):
    monkeypatch.setitem(prose.EXCEPTIONS, ("a.py", "told"), "a quotation")
    lines = [(1, "told and said")]
    assert [hit.word for hit in banned_in("a.py", iter(lines))] == ["said"]
    assert [hit.word for hit in banned_in("b.py", iter(lines))] == ["told", "said"]


def test_each_exception_gives_a_reason_and_names_a_file_with_the_word():
    for (path, word), reason in prose.EXCEPTIONS.items():
        assert len(reason) > 10
        assert word in (prose.ROOT / path).read_text("utf-8").lower()
