"""Holds branch coverage of `detectors/` above 95 %, reading the report that the test run wrote."""

import json
import sys
from pathlib import Path

LEAST = 95.0


def branch_coverage(report: dict, package: str) -> float:
    """Percent of the package's branches that the tests took."""
    files = [file["summary"] for name, file in report["files"].items() if name.startswith(f"{package}/")]
    covered = sum(file["covered_branches"] for file in files)
    return 100.0 * covered / sum(file["num_branches"] for file in files)


if __name__ == "__main__":
    measured = branch_coverage(json.loads(Path(sys.argv[1]).read_text()), "detectors")
    print(f"branch coverage of detectors/: {measured:.1f} % (at least {LEAST:.0f} %)")  # noqa: T201 - its output
    sys.exit(measured < LEAST)
