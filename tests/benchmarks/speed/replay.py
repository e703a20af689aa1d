"""Events per CPU-second of a whole replay, file to run folder, and its peak memory: python -m tests.benchmarks.speed.replay.

The file is synthetic: 99 of 100 events bring a text that was seen before. Each replay is a process of its own, so that
its memory is its own. Decoding the same lines and nothing else says what no program in this language can do without; what
is left is told apart. Without the model its place is taken by letters, which cost next to nothing.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import process_time

import msgspec

from schemas.event import ForwardEvent
from tests.benchmarks.speed.live import events

START = 1_772_000_000_000
STEP_MS = 20.0


def decoding(path: Path) -> float:
    """CPU seconds to decode each line and nothing else."""
    decode = msgspec.json.Decoder(ForwardEvent).decode
    begin = process_time()
    with path.open("rb") as lines:
        for line in lines:
            decode(line)
    return process_time() - begin


def replay(path: Path, runtime: str) -> tuple[float, float]:
    """CPU seconds and peak MiB of a replay in a process of its own."""
    words = [
        "replay",
        str(path),
        "--out",
        str(path.with_name(runtime)),
        "--json",
        "--set",
        f"embedder.runtime={runtime}",
    ]
    command = [sys.executable, "-c", "from streams.cli.main import main; main()", *words]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return told["timings"]["cpu_seconds"], told["timings"]["peak_memory_mib"]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--model", action="store_true", help="also with the model, which takes minutes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        with path.open("wb") as file:
            file.writelines(raw + b"\n" for raw in events(given.events, START, STEP_MS))
        bare = decoding(path)
        print(
            f"{given.events:,} events, {path.stat().st_size / 1e6:.0f} MB; decoding alone {given.events / bare:,.0f}/CPU-s"
        )
        for runtime in ("hashing", *(["onnx"] if given.model else [])):
            cpu, memory = replay(path, runtime)
            print(
                f"{runtime}: {given.events / cpu:,.0f} events/CPU-s in all, {given.events / (cpu - bare):,.0f} after decoding "
                f"({cpu / bare:.1f} times decoding), peak memory {memory:,.0f} MiB"
            )


if __name__ == "__main__":
    main()
