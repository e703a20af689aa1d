"""Run the live path on one machine: a broker, the topics, the published sample, one worker, and the alerts as they arrive.

    python examples/demo_live.py

`make demo-live` runs this script. Each step is a command of Hearsay, printed before it runs. The broker needs Java 17 and
Maven. The script stops all processes at the end. The state and the log of the worker remain in runs/demo-live until the
next run.
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
    """Start everything, publish the sample, wait for the last alert, and stop everything."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    say("starting Apache Kafka on this machine (the first time Maven fetches it)")
    with Broker(FOLDER / "broker") as broker:
        os.environ |= {
            "HEARSAY_KAFKA__BOOTSTRAP": broker.bootstrap,
            "HEARSAY_WORKER__DATA_DIR": str(FOLDER / "state"),
            "HEARSAY_WORKER__PORT": str(PORT),
            "HEARSAY_ORDER__IDLE_TIMEOUT_MS": "5000",  # the sample ends: emit the buffered events after five seconds
        }
        command("topics", "--create")
        # The sample covers three days. Publish first, so no partition looks idle while another is being published.
        published = json.loads(command("publish", SAMPLE, "--json"))["published"]
        with (FOLDER / "worker.log").open("wb") as log:
            worker = start("worker", stderr=log)
            try:
                wait_for("ready", worker)
                reader = start("alerts", "--follow", "--from", "beginning")
                wait_for_all(published, worker)
                stop(reader)
                say(f"processed {published} events; the log of the worker is {FOLDER / 'worker.log'}")
            finally:
                stop(worker)


def say(line: str) -> None:
    """Print a line of the demo."""
    print(f"# {line}", flush=True)  # noqa: T201 - a demo prints


def command(*arguments: str) -> str:
    """Run a command to its end; return its standard output."""
    say("hearsay " + " ".join(arguments))
    whole = [HEARSAY, *arguments]
    return subprocess.run(whole, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - a fixed command


def start(*arguments: str, stderr: "IO[bytes] | None" = None) -> "subprocess.Popen[bytes]":
    """Start a command in the background."""
    say("hearsay " + " ".join(arguments))
    whole = [HEARSAY, *arguments]
    return subprocess.Popen(whole, stderr=stderr)  # noqa: S603 - a fixed command


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Stop a command gracefully and wait for its end."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    process.wait(60)


def ask(path: str) -> str:
    """Return the answer of the worker; an empty text without an answer or before the worker is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/{path}", timeout=10) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def wait_for(path: str, worker: "subprocess.Popen[bytes]") -> str:
    """Wait until the worker answers; return the answer."""
    deadline = time.monotonic() + PATIENCE_S
    while not (answer := ask(path)):
        if worker.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the worker does not answer; see {FOLDER / 'worker.log'}")
        time.sleep(0.3)
    return answer


def wait_for_all(published: int, worker: "subprocess.Popen[bytes]") -> None:
    """Wait until the worker has received every event, has none buffered, and has no lag."""
    deadline, quiet = time.monotonic() + PATIENCE_S, 0
    while quiet < 5:
        counts = {
            line.split('"')[1]: float(line.split()[-1])
            for line in wait_for("metrics", worker).splitlines()
            if line.startswith("hearsay_ordered_events{")
        }
        lag = sum(
            float(line.split()[-1])
            for line in ask("metrics").splitlines()
            if line.startswith("hearsay_input_lag_records{")
        )
        done = counts.get("received") == published and counts.get("waiting") == 0 and lag == 0
        quiet = quiet + 1 if done else 0
        if time.monotonic() > deadline:
            raise SystemExit(f"the worker has not processed all events: {counts}; see {FOLDER / 'worker.log'}")
        time.sleep(1)


if __name__ == "__main__":
    main()
