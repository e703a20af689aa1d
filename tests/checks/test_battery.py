"""The battery over every stateful detector, and the proof that none is missing."""

import importlib
import inspect
import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import detectors
from tests.checks.battery import CHECKS, SEEDS, digest
from tests.checks.registry import PARTS_OF_OTHERS, REGISTRY

ROOT = Path(__file__).parents[2]
DIGESTS = "import json; from tests.checks.test_battery import digests; print(json.dumps(digests()))"


def digests():
    return {adapter.name: digest(adapter) for adapter in REGISTRY}


def stateful():
    """Every class in the package that can be written down and taken up again."""
    found = {}
    for module in pkgutil.walk_packages(detectors.__path__, "detectors."):
        for name, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            own = kind.__module__.startswith("detectors.")
            kept = callable(getattr(kind, "snapshot", None)) and callable(getattr(kind, "restore", None))
            idea = inspect.isabstract(kind) or getattr(kind, "_is_protocol", False)
            if own and kept and not idea:
                found[f"{kind.__module__}.{name}"] = kind
    return found


def test_no_stateful_detector_is_missing_from_the_registry():
    covered = {adapter.covers for adapter in REGISTRY}
    missing = [name for name, kind in stateful().items() if kind not in covered and name not in PARTS_OF_OTHERS]
    assert missing == [], "write an Adapter in tests/checks/registry.py, or a reason in PARTS_OF_OTHERS"


def test_the_registry_names_nothing_that_is_gone():
    found = stateful()
    assert {adapter.covers for adapter in REGISTRY} <= set(found.values())
    assert set(PARTS_OF_OTHERS) <= set(found)
    assert len({adapter.name for adapter in REGISTRY}) == len(REGISTRY)


def test_an_exemption_names_a_check_and_gives_a_reason():
    for adapter in REGISTRY:
        assert set(adapter.exempt) <= set(CHECKS), adapter.name
        assert all(len(reason) > 10 for reason in adapter.exempt.values()), adapter.name
    assert all(len(reason) > 10 for reason in PARTS_OF_OTHERS.values())


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("adapter", "check"),
    [
        pytest.param(adapter, check, id=f"{adapter.name}-{name}")
        for adapter in REGISTRY
        for name, check in CHECKS.items()
        if name not in adapter.exempt
    ],
)
def test_a_stateful_detector_passes(adapter, check, seed):
    if CHECKS["memory"] is check and seed != SEEDS[0]:
        return  # its hostile stream is one, whatever the seed
    check(adapter, seed)


def test_the_order_of_hashes_decides_nothing():
    # the same streams in a process with another seed for str hashes
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    out = subprocess.run(
        [sys.executable, "-c", DIGESTS], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(out.stdout) == digests()
