"""Write the page: style, script and data in one file without network requests.

Texts of messages count as hostile. The data are in an element that browsers do not run, with every `<` escaped, and the
content security policy allows only the script of the page.
"""

import base64
import hashlib
from importlib.resources import files
from pathlib import Path

import msgspec

from streams.errors import UserError, already_exists
from streams.runs.folder import Run
from streams.runs.report.gather import ReportLimits, gather

_ESCAPES = (("<", "\\u003c"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029"))


def write_report(run: Run, out: Path, limits: ReportLimits | None = None, *, overwrite: bool = False) -> Path:
    """Write the page of a run and return its path.

    Raises:
        RunFolderError: the tables of the run cannot be read.
        UserError: the file exists and `overwrite` is false, or the file cannot be written.

    """
    if out.exists() and not overwrite:
        raise UserError(already_exists(out))
    page = render(msgspec.json.encode(gather(run, limits or ReportLimits())).decode())
    try:
        out.write_text(page, "utf-8")
    except OSError as error:
        raise UserError(f"cannot write the report to {out}: {error.strerror}; choose another --out") from None
    return out


def render(data: str) -> str:
    """Return the page with JSON data."""
    assets = files("streams.runs.report") / "assets"
    script, style = ((assets / name).read_text("utf-8") for name in ("report.js", "report.css"))
    for character, escape in _ESCAPES:
        data = data.replace(character, escape)
    page = (files("streams.runs.report") / "web" / "page.html").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    before, _, rest = page.partition("{{style}}")
    between, _, rest = rest.partition("{{data}}")
    last, _, after = rest.partition("{{script}}")
    return "".join((before.replace("{{digest}}", digest), style, between, data, last, script, after))


__all__ = ["render", "write_report"]
