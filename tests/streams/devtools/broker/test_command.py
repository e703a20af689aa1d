"""`hearsay broker` in the foreground: it says where it is, and leaves when it is told to."""

import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from streams.cli.main import main
from streams.devtools.broker.class_path import class_path
from streams.devtools.broker.ports import accepts
from streams.devtools.broker.tools import find_java
from tests.streams.devtools.broker.clients import until
from tests.streams.devtools.broker.fixture import tools_needed

pytestmark = pytest.mark.broker

COMMAND = [sys.executable, "-c", "from streams.cli.main import main; main()", "broker"]


@pytest.fixture(autouse=True, scope="module")
def _tools():
    with tools_needed():
        find_java()
        class_path()


def run(*words, sent):
    """Start it, and when it has said its address send a signal; what it said, and how it ended."""
    with subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().strip()
        assert accepts(int(address.partition(":")[2])), process.stderr.read()
        process.send_signal(sent)
        rest, said = process.communicate(timeout=60)
    assert rest == ""  # the address is all that a script reads
    assert "Traceback" not in said
    return address, said, process.returncode


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_address_and_stops_cleanly_when_told_to(tmp_path, monkeypatch, sent):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    address, said, code = run(sent=sent)
    assert code == 0
    assert said.endswith("stopped\n")
    until(lambda: not accepts(int(address.partition(":")[2])), "the port is free again")
    assert list(tmp_path.glob("hearsay-broker-*")) == []


def test_a_folder_of_its_own_stays_if_it_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    _, said, code = run("--keep", sent=signal.SIGTERM)
    (kept,) = tmp_path.glob("hearsay-broker-*")
    assert code == 0
    assert str(kept / "kafka.log") in said


def test_a_named_folder_stays_and_a_port_is_taken_as_told(tmp_path):
    address, _, code = run(str(tmp_path / "data"), sent=signal.SIGTERM)
    port = address.partition(":")[2]
    assert code == 0
    assert run(str(tmp_path / "data"), "--port", port, sent=signal.SIGTERM)[0] == address


def test_what_a_person_can_put_right_is_one_line_and_code_2(tmp_path):
    (tmp_path / "file").touch()
    result = CliRunner().invoke(main, ["broker", str(tmp_path / "file")])
    assert result.exit_code == 2
    assert "error: cannot write to the folder of the broker" in result.stderr
