"""The drivers: settings, embedders, sources, replay, command line. They touch the world and know no rule of rumours.

`from streams import load_run` opens a run folder in a notebook; it is imported when it is asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from streams.runs.loaded import load_run

__all__ = ["load_run"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's attributes are of any type
    if name == "load_run":
        from streams.runs.loaded import load_run  # noqa: PLC0415 - pandas takes a while to import

        return load_run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
