"""The help of every command, the version, shell completion, and the imports that a wrong argument costs."""

import re
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from detectors.growth.config import NAMES
from streams.cli.main import main
from streams.cli.replay import DETECTORS
from streams.cli.setup import SIMULATOR_SETTINGS
from streams.devtools.simulator import SimulatorConfig

RUNNER = CliRunner()
PROGRAM = typer.main.get_command(main)
COMMANDS = list(PROGRAM.commands)
GROUPS = {
    "Bring events in": ["import"],
    "Replay and compare": ["replay", "sweep", "compare"],
    "Look at a run": ["report", "show", "explain", "export", "calibrate", "rejections", "forwarding-cap"],
    "Run live": ["worker", "alerts", "listen"],
    "Kafka topics": ["topics", "publish", "record"],
    "Set up and try": ["doctor", "settings", "simulate", "claims", "broker", "schema"],
}
HEAVY = ("torch", "onnxruntime", "transformers", "sentence_transformers", "pandas", "pyarrow")


def hearsay(*words, code=0, **environ):
    result = RUNNER.invoke(main, words, env={"COLUMNS": "80"} | environ)
    assert result.exit_code == code, result.output
    return result


def imported(tmp_path, modules, *commands):
    """Run commands one after another in a process of their own; gives which of some modules are there after each."""
    code = (
        f"import sys\nfrom streams.cli.main import main\n"
        f"for words in {commands!r}:\n"
        f"    try:\n        main(list(words))\n    except SystemExit:\n        pass\n"
        f"    print('imported:', words, [name for name in {modules!r} if name in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    return [line for line in done.stdout.splitlines() if line.startswith("imported:")]


def test_commands_are_listed_in_groups_in_a_useful_order():
    titles = "|".join([*GROUPS, "Options"])
    found, group = {}, ""
    for line in hearsay("--help").stdout.splitlines():
        if title := re.match(rf"╭─ ({titles}) ─", line):
            group = title[1]
        elif command := re.match(r"│ ([a-z-]+) ", line):
            found.setdefault(group, []).append(command[1])
    assert found.pop("Options")[0] == "--version"
    assert found == GROUPS
    assert [name for names in GROUPS.values() for name in names] == COMMANDS


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_both_options_print_help_with_the_exit_codes(option):
    shown = hearsay(option).stdout
    assert "Exit codes: 0 success; 1" in shown
    assert "130 interrupted" in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_an_example_and_no_python_types(name):
    shown = hearsay(name, "-h").stdout
    assert shown == hearsay(name, "--help").stdout
    assert re.search(rf"^ Examples?:\s+hearsay {name}\b", shown, re.MULTILINE)
    for of_python in ("<bool>", "<str>", "<path>", "<int", "list["):
        assert of_python not in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_the_help_parse(name):
    examples = [line for line in PROGRAM.commands[name].epilog.splitlines() if line.startswith("hearsay ")]
    assert examples
    for example in examples:
        words = example.partition(" > ")[0].split()
        assert words[1] == name
        with PROGRAM.commands[name].make_context(name, words[2:]):
            pass


def options(name):
    return {option for param in PROGRAM.commands[name].params for option in param.opts}


def test_options_of_the_same_meaning_have_the_same_name():
    tables = {"compare", "show", "calibrate", "rejections", "forwarding-cap", "sweep", "topics", "doctor", "settings"}
    assert {name for name in COMMANDS if "--json" in options(name)} >= tables | {
        "replay",
        "explain",
        "alerts",
        "claims",
    }
    writing = {name for name in COMMANDS if "--out" in options(name)}
    assert writing == {"import", "replay", "sweep", "report", "export", "record", "simulate", "schema"}
    assert writing == {name for name in COMMANDS if "--overwrite" in options(name)}
    takes_run = [name for name in COMMANDS for param in PROGRAM.commands[name].params if param.metavar == "RUN"]
    assert takes_run == [*GROUPS["Replay and compare"][2:], *GROUPS["Look at a run"]]


def test_the_settings_of_the_simulator_are_named_in_its_help():
    named = [name.removesuffix(".*") for name in SIMULATOR_SETTINGS.split(", ")]
    assert sorted(named) == sorted(SimulatorConfig.__struct_fields__)


def test_the_growth_detectors_are_named_in_the_help_of_replay():
    assert tuple(DETECTORS.split(", ")) == NAMES


def test_the_version_is_an_option():
    assert re.fullmatch(r"hearsay \d+\.\d+\.\d+\S*\n", hearsay("--version").stdout)


def test_the_shell_completes_commands_and_options():
    environ = {"_HEARSAY_COMPLETE": "complete_bash", "COMP_WORDS": "hearsay re", "COMP_CWORD": "1"}
    assert hearsay(**environ).stdout.split() == ["replay", "report", "rejections", "record"]
    environ |= {"COMP_WORDS": "hearsay replay --over", "COMP_CWORD": "2"}
    assert hearsay(**environ).stdout.split() == ["--overwrite"]


@pytest.mark.parametrize("option", ["--install-completion", "--show-completion"])
def test_completion_can_be_installed(option):
    assert option in hearsay("--help").stdout


def test_help_imports_nothing_heavy(tmp_path):
    for line in imported(tmp_path, (*HEAVY, "numpy", "msgspec"), ("--version",), ("--help",), ("replay", "-h")):
        assert line.endswith("[]")


WRONG = [
    ("settings",),
    ("settings", "--json"),
    ("replay",),
    ("replay", "nosuch.jsonl"),
    ("replay", "nosuch.jsonl", "--set", "growth.bgi=1"),
    ("sweep", "nosuch.jsonl", "--vary", "growth.target_size=10,20"),
    ("publish", "nosuch.jsonl"),
    ("calibrate", "--inactive-for", "soon"),
    ("export",),
]


def test_settings_and_wrong_arguments_import_neither_the_model_nor_pandas(tmp_path):
    lines = imported(tmp_path, HEAVY, *WRONG)
    assert len(lines) == len(WRONG)
    for line in lines:
        assert line.endswith("[]")


def test_a_run_that_does_not_exist_is_refused_before_pandas_is_imported(tmp_path):
    (line,) = imported(tmp_path, ("torch", "onnxruntime", "pandas"), ("show", "nowhere"))
    assert line.endswith("[]")
