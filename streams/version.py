"""Provide the program's version for alerts and manifests."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


def code_version() -> str:
    """Return the version of the installed package, or "0+unknown" if the package is not installed."""
    try:
        return installed("hearsay")
    except PackageNotFoundError:
        return "0+unknown"
