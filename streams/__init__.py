"""Connect the detectors to the outside world: settings, embedders, sources, replay, live workers, command line.

`from streams import load_run` opens a run folder in a notebook. `load_run` is imported on first use, because pandas
takes a while to import.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from streams.runs.loaded import load_run

__all__ = ["load_run"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - attributes of a module are of any type
    if name == "load_run":
        return importlib.import_module("streams.runs.loaded").load_run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
