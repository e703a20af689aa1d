"""Write a simulated stream and its truth. Equal settings give equal files, without a name or a time in gzip headers."""

import gzip
from collections.abc import Iterable
from pathlib import Path

import msgspec

from streams.devtools.simulator.config import SimulatorConfig
from streams.devtools.simulator.disorder import Simulation
from streams.devtools.simulator.simulate import simulate
from streams.devtools.simulator.truth import Truth


def write_jsonl(path: Path, lines: Iterable[bytes]) -> None:
    """Write lines to a file; compressed if the name ends in .gz."""
    write_bytes(path, b"".join([line + b"\n" for line in lines]))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file; compressed if the name ends in .gz, with equal bytes for equal data."""
    if path.suffix == ".gz":
        data = gzip.compress(data, compresslevel=9, mtime=0)
    path.write_bytes(data)


def write_simulation(config: SimulatorConfig, out: Path, truth: Path | None = None) -> Simulation:
    """Simulate a stream; write the stream as JSON Lines and the truth as one JSON object.

    Raises:
        OSError: a file cannot be written.
    """
    simulation = simulate(config)
    write_jsonl(out, simulation.lines())
    if truth is not None:
        write_bytes(truth, msgspec.json.encode(simulation.truth) + b"\n")
    return simulation


def read_truth(path: Path) -> Truth:
    """Read a truth that `write_simulation` wrote.

    Raises:
        OSError: the file cannot be read.
        msgspec.DecodeError: the file is no truth.
    """
    data = path.read_bytes()
    return msgspec.json.decode(gzip.decompress(data) if path.suffix == ".gz" else data, type=Truth)
