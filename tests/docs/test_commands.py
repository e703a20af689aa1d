"""Every command that a page or the Makefile quotes is one that the program takes."""

import importlib.util
import re

import pytest
import typer

from streams.cli.main import main
from tests.docs.pages import PAGES, ROOT, commands, name, read

HEARSAY = typer.main.get_command(main)
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def parse(words):
    """Read a command line as the program would, without doing it; raises where the program would refuse it."""
    command = HEARSAY.commands[words[0]]
    with command.make_context(words[0], list(words[1:])):
        pass


def as_test(quoted):
    return f"{quoted.page}: {' '.join(quoted.words)}"


@pytest.mark.parametrize("quoted", commands("hearsay"), ids=as_test)
def test_a_quoted_command_of_hearsay_parses(quoted):
    _, *words = quoted.words
    if len(words) == 1 and not quoted.whole:  # in a sentence the command's name is enough
        assert words[0] in {*HEARSAY.commands, *(option for param in HEARSAY.params for option in param.opts)}
        return
    parse(words)


def test_a_command_that_does_not_exist_would_be_found():
    with pytest.raises(KeyError):
        parse(["foretell", "day.jsonl"])
    with pytest.raises(Exception, match="No such option"):
        parse(["replay", "day.jsonl", "--loudly"])
    with pytest.raises(Exception, match=r"Missing (argument|parameter)"):
        parse(["explain"])


def test_enough_commands_are_quoted_to_be_worth_the_test():
    assert {quoted.words[1] for quoted in commands("hearsay")} >= {"replay", "explain", "rejections", "settings"}


@pytest.mark.parametrize("quoted", commands("make"), ids=as_test)
def test_a_quoted_target_is_in_the_makefile(quoted):
    assert set(quoted.words[1:]) <= TARGETS


def test_the_makefile_declares_what_makes_no_file():
    declared = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[1].split()
    assert set(declared) == TARGETS


def test_the_makefiles_own_commands_parse():
    lines = re.findall(r"\$\(BIN\)/hearsay (.+)$", MAKEFILE, re.MULTILINE)
    assert len(lines) >= 3
    for line in lines:
        parse(line.split())


@pytest.mark.parametrize("text", [MAKEFILE, *map(read, PAGES)], ids=["Makefile", *map(name, PAGES)])
def test_a_quoted_module_can_be_run(text):
    for module in re.findall(r"python -m ([\w.]+)", text):
        assert importlib.util.find_spec(module), f"no module {module}"


def test_a_quoted_folder_of_tests_exists():
    for quoted in commands("pytest"):
        for word in quoted.words[1:]:
            assert not word.startswith("tests/") or (ROOT / word).exists(), as_test(quoted)
