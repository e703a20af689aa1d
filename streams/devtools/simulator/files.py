"""Writes a simulated stream and its truth, so that equal settings give equal files: no name and no time in them."""

import gzip
from collections.abc import Iterable
from pathlib import Path

import msgspec

from streams.devtools.simulator.config import SimulatorConfig
from streams.devtools.simulator.disorder import Simulation
from streams.devtools.simulator.simulate import simulate
from streams.devtools.simulator.truth import Truth


def write_jsonl(path: Path, lines: Iterable[bytes]) -> None:
    """Write one line each; compressed where the name ends in .gz."""
    write_bytes(path, b"".join([line + b"\n" for line in lines]))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file; compressed where the name ends in .gz, and then the same bytes for the same data."""
    if path.suffix == ".gz":
        data = gzip.compress(data, compresslevel=9, mtime=0)
    path.write_bytes(data)


def write_simulation(config: SimulatorConfig, out: Path, truth: Path | None = None) -> Simulation:
    """Simulate a stream and keep it as JSON Lines, and its truth as one JSON object.

    Raises:
        OSError: a file cannot be written.
    """
    simulation = simulate(config)
    write_jsonl(out, simulation.lines())
    if truth is not None:
        write_bytes(truth, msgspec.json.encode(simulation.truth) + b"\n")
    return simulation


def read_truth(path: Path) -> Truth:
    """What `write_simulation` kept.

    Raises:
        OSError: it cannot be read.
        msgspec.DecodeError: it is no truth.
    """
    data = path.read_bytes()
    return msgspec.json.decode(gzip.decompress(data) if path.suffix == ".gz" else data, type=Truth)
