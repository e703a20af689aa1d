"""The program's version, as its alerts and manifests carry it."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


def code_version() -> str:
    """Of the installed package; "0+unknown" where it runs without having been installed."""
    try:
        return installed("hearsay")
    except PackageNotFoundError:
        return "0+unknown"
