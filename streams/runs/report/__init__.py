"""Write a run as one HTML file that opens offline from disk."""

from streams.runs.report.page import write_report

__all__ = ["write_report"]
