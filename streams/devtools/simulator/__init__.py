"""Simulate message trails with a known answer: the rumour and the parent of each message, and the large cascades.

A detector can only be measured against the truth, and real streams come without a truth. People, numbers, banks and
rumours of a simulated stream are invented; only the places are real.
"""

from streams.devtools.simulator.config import SAMPLE, Disorder, Mix, Mutations, SimulatorConfig
from streams.devtools.simulator.disorder import Simulation
from streams.devtools.simulator.files import read_truth, write_jsonl, write_simulation
from streams.devtools.simulator.identifiers import raw_identifiers
from streams.devtools.simulator.simulate import simulate
from streams.devtools.simulator.truth import (
    LEXICAL,
    MEANING,
    SURFACE,
    CascadeKind,
    CascadeTruth,
    EventTruth,
    LineTruth,
    Mutation,
    SeenOutcome,
    Truth,
)

__all__ = [
    "LEXICAL",
    "MEANING",
    "SAMPLE",
    "SURFACE",
    "CascadeKind",
    "CascadeTruth",
    "Disorder",
    "EventTruth",
    "LineTruth",
    "Mix",
    "Mutation",
    "Mutations",
    "SeenOutcome",
    "Simulation",
    "SimulatorConfig",
    "Truth",
    "raw_identifiers",
    "read_truth",
    "simulate",
    "write_jsonl",
    "write_simulation",
]
