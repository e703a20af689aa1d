"""The commands that the page on alerts gives for the live topic do what it says, on a broker."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from tests.docs.pages import blocks, read
from tests.streams.kafka.deployment import HEARSAY, PATIENT_S, ROOT, Deployment
from tests.streams.kafka.some_alerts import alert, encoded

PAGE = ROOT / "docs" / "consume-alerts.md"
SECTION = re.search(r"^## Read the live topic\n(.+?)^## ", read(PAGE), re.MULTILINE | re.DOTALL)[1]
COMMANDS = [line for block in blocks(PAGE, "sh") if block in SECTION for line in block.splitlines()]


@pytest.fixture
def shell(broker, tmp_path):
    """Starts a command of the page in a folder of its own, with the examples beside it."""
    deployment = Deployment(broker.bootstrap)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HEARSAY_")}
    environ |= {f"HEARSAY_{name.upper().replace('.', '__')}": value for name, value in deployment.values.items()}
    environ["PYTHONPATH"] = str(ROOT)

    def start(line):
        line = re.sub(r"^hearsay\b", f"exec {HEARSAY}", line)
        line = re.sub(r"^python\b", f"exec {sys.executable}", line)
        return subprocess.Popen(
            ["/bin/sh", "-c", line], cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    start.deployment = deployment
    return start


@pytest.mark.broker
@pytest.mark.parametrize("line", [line for line in COMMANDS if not re.search("--follow|consume_alerts", line)])
def test_a_command_that_ends_gives_the_alerts_that_are_there(shell, tmp_path, line):
    shell.deployment.produce("alerts", encoded(alert(1)))
    out, said = shell(line).communicate(timeout=PATIENT_S)
    target = re.search(r"> (\S+)$", line)
    shown = (tmp_path / target[1]).read_bytes() if target else out
    assert said == b""
    assert b"Headline 1" in shown
    assert not target or json.loads(shown)["alert_id"] == alert(1).alert_id


@pytest.mark.broker
@pytest.mark.parametrize("line", [line for line in COMMANDS if re.search("--follow|consume_alerts", line)])
def test_a_command_that_waits_gives_what_comes(shell, line):
    process = shell(line)
    try:
        number = 0
        os.set_blocking(process.stdout.fileno(), False)
        shown = b""
        while b"Headline" not in shown:  # where it began to listen is not told, so send until it hears
            number += 1
            assert process.poll() is None, process.stderr.read()
            assert number < 1000
            shell.deployment.produce("alerts", encoded(alert(number)))
            shown += process.stdout.read() or b""
            shown += os.read(process.stderr.fileno(), 1 << 16) if "consume_alerts" in line else b""
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENT_S) == 0
    finally:
        process.kill()
        process.communicate()


def test_the_page_gives_commands_of_both_kinds():
    assert len(COMMANDS) == 4
