"""One run as one HTML file that opens from disk, offline, for people."""

from streams.runs.report.page import write_report

__all__ = ["write_report"]
