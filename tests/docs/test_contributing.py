"""The floor plan in CONTRIBUTING.md lists every package of the tree."""

import re

from tests.docs.pages import ROOT, read

PLAN = read(ROOT / "CONTRIBUTING.md").partition("## Floor plan")[2].partition("\n## ")[0]


def packages():
    """Return the folders of the layers below `detectors` and `streams`."""
    return {
        f"{path.relative_to(ROOT).as_posix()}/"
        for top in ("detectors", "streams")
        for path in (ROOT / top).iterdir()
        if (path / "__init__.py").exists()
    }


def test_every_package_has_a_row_in_the_floor_plan():
    rows = set(re.findall(r"^\| `([\w/]+)` \|", PLAN, re.MULTILINE))
    assert packages() - rows == set()
    assert {row for row in rows if not (ROOT / row).is_dir()} == set()
