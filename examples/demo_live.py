"""The whole path on one machine: a broker, topics, the sample published, one worker, the alerts as they arrive.

    python examples/demo_live.py

`make demo-live` runs it. Each step is a command that you can give yourself; they are printed as they run. It needs Java 17
and Maven for the broker, which is taken down again with everything else. The state and the worker's log stay in
runs/demo-live until the next run.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import IO

from streams.devtools.broker import Broker

HEARSAY = str(Path(sys.executable).parent / "hearsay")
SAMPLE = str(Path(__file__).parent / "sample.jsonl.gz")
FOLDER = Path("runs/demo-live")
PORT = 6066
PATIENCE_S = 300


def main() -> None:
    """Bring everything up, publish, wait until all is said, take everything down."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    say("starting Apache Kafka on this machine (the first time Maven fetches it)")
    with Broker(FOLDER / "broker") as broker:
        os.environ |= {
            "HEARSAY_KAFKA__BOOTSTRAP": broker.bootstrap,
            "HEARSAY_WORKER__DATA_DIR": str(FOLDER / "state"),
            "HEARSAY_WORKER__PORT": str(PORT),
            "HEARSAY_ORDER__IDLE_TIMEOUT_MS": "5000",  # the sample ends: what waits for more is released after five seconds
        }
        command("topics", "--create")
        # Three days in some seconds: published before the worker reads, so that no partition looks idle beside another.
        published = json.loads(command("publish", SAMPLE, "--json"))["published"]
        with (FOLDER / "worker.log").open("wb") as log:
            worker = start("worker", stderr=log)
            try:
                wait_for("ready", worker)
                reader = start("alerts", "--follow", "--from", "beginning")
                wait_for_all(published, worker)
                stop(reader)
                say(f"{published} events went through; the worker's log is {FOLDER / 'worker.log'}")
            finally:
                stop(worker)


def say(line: str) -> None:
    """One line of the demo's own."""
    print(f"# {line}", flush=True)  # noqa: T201 - a demo prints


def command(*arguments: str) -> str:
    """Run a command to its end; gives what it prints."""
    say("hearsay " + " ".join(arguments))
    whole = [HEARSAY, *arguments]
    return subprocess.run(whole, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - ours


def start(*arguments: str, stderr: "IO[bytes] | None" = None) -> "subprocess.Popen[bytes]":
    """Run a command beside us."""
    say("hearsay " + " ".join(arguments))
    whole = [HEARSAY, *arguments]
    return subprocess.Popen(whole, stderr=stderr)  # noqa: S603 - ours


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Let a command finish what is at hand, and end."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    process.wait(60)


def ask(path: str) -> str:
    """What the worker answers; nothing where it does not yet, or says that it is not ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/{path}", timeout=10) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def wait_for(path: str, worker: "subprocess.Popen[bytes]") -> str:
    """Until the worker answers well."""
    deadline = time.monotonic() + PATIENCE_S
    while not (answer := ask(path)):
        if worker.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the worker does not run; see {FOLDER / 'worker.log'}")
        time.sleep(0.3)
    return answer


def wait_for_all(published: int, worker: "subprocess.Popen[bytes]") -> None:
    """Until every event was received and none waits, and every cascade partition has read what it was sent."""
    deadline, quiet = time.monotonic() + PATIENCE_S, 0
    while quiet < 5:
        account = {
            line.split('"')[1]: float(line.split()[-1])
            for line in wait_for("metrics", worker).splitlines()
            if line.startswith("hearsay_ordered_events{")
        }
        lag = sum(
            float(line.split()[-1])
            for line in ask("metrics").splitlines()
            if line.startswith("hearsay_input_lag_records{")
        )
        done = account.get("received") == published and account.get("waiting") == 0 and lag == 0
        quiet = quiet + 1 if done else 0
        if time.monotonic() > deadline:
            raise SystemExit(f"the events do not all come through: {account}; see {FOLDER / 'worker.log'}")
        time.sleep(1)


if __name__ == "__main__":
    main()
