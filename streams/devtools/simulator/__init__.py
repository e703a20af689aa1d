"""Simulates message trails whose answer is known: which messages are one rumour, who passed on whose, what is big.

A detector can only be measured against the truth, and real streams do not come with it. Everything in a simulated
stream is made up: people, numbers, banks, rumours; only the places are real.
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
