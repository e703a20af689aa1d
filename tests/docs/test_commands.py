"""Every command that a page, the Makefile or the container file quotes is one that the program takes."""

import importlib.util
import re

import pytest
import typer
import yaml

from streams.cli import main
from tests.docs.pages import PAGES, ROOT, commands, name, read

HEARSAY = typer.main.get_command(main)
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


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
        assert words[0] in HEARSAY.commands
        return
    parse(words)


def test_a_command_that_does_not_exist_would_be_found():
    with pytest.raises(KeyError):
        parse(["foretell", "day.jsonl"])
    with pytest.raises(Exception, match="No such option"):
        parse(["replay", "day.jsonl", "--loudly"])
    with pytest.raises(Exception, match=r"Missing (argument|parameter)"):
        parse(["replay"])


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


def test_the_container_runs_commands_of_hearsay():
    services = yaml.safe_load(COMPOSE)["services"]
    assert services
    for service in services.values():
        parse(service["command"])
        image = service["build"]["dockerfile_inline"]
        for line in re.findall(r"^RUN hearsay (.+)$", image, re.MULTILINE):
            parse(line.split())
        assert 'ENTRYPOINT ["hearsay"]' in image


def test_the_containers_files_volumes_and_user_are_there():
    document = yaml.safe_load(COMPOSE)
    for service in document["services"].values():
        image = service["build"]["dockerfile_inline"]
        for path in re.findall(r"-c (\S+)", image):
            assert (ROOT / path).exists()
        assert re.search(r"^USER (?!root)", image, re.MULTILINE), "a container does not run as root"
        assert {volume.split(":")[0] for volume in service["volumes"]} <= set(document["volumes"])


def test_the_container_replays_what_the_demo_replays():
    (demo,) = (service["command"] for service in yaml.safe_load(COMPOSE)["services"].values())
    made = re.search(r"\$\(BIN\)/hearsay (replay .+)$", MAKEFILE, re.MULTILINE)[1].split()
    assert [word for word in demo if not word.endswith("runs/demo")] == [
        word for word in made if not word.endswith("runs/demo")
    ]
    assert (ROOT / demo[1]).exists()
