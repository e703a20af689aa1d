"""Take the README's picture of the report: `python -m tests.docs.screenshot [PNG]`.

The command replays the sample, writes the report, opens the report in headless Chromium and saves the part about the
rumour of the README's alert: its text, its alerts and its growth. `make screenshot` runs the command after a change of
the report. It needs chromium and chromedriver.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

from streams.replay.replay import replay
from streams.runs.folder import Run
from streams.runs.report import write_report
from streams.settings.load import load
from tests.docs.pages import ROOT

PICTURE = ROOT / "docs" / "images" / "report.png"
RUMOUR = "1d5b77"  # first digits of the cluster of the README's alert
WIDTH, HEIGHT = 1200, 810
MAX_BYTES = 300_000  # a page with a larger picture loads slowly
PATIENCE_S = 60
DRAWING_S = 2  # the charts fade in


def main() -> None:
    """Replay, write the report and save the picture; exit with a message if the picture is too large."""
    picture = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    with tempfile.TemporaryDirectory() as folder:
        settings = load(environ={})
        run = replay(str(ROOT / "examples" / "sample.jsonl.gz"), Path(folder) / "demo", settings.settings, settings.key)
        take(write_report(Run(run.folder), Path(folder) / "demo.html"), picture)
    size = picture.stat().st_size
    if size > MAX_BYTES:
        sys.exit(f"{picture} has {size} bytes, more than {MAX_BYTES}; reduce WIDTH or HEIGHT in {__file__}")
    sys.stdout.write(f"{picture}: {size} bytes\n")


def take(report: Path, picture: Path) -> None:
    """Save the rumour's part of a report, from its title on, as a PNG file."""
    with browser() as driver:
        driver.get(f"{report.as_uri()}#{RUMOUR}")
        WebDriverWait(driver, PATIENCE_S).until(
            lambda page: page.execute_script("return document.documentElement.dataset.ready") == "true"
        )
        driver.execute_script("document.getElementById('rumour-title').scrollIntoView({block: 'start'})")
        time.sleep(DRAWING_S)
        picture.parent.mkdir(parents=True, exist_ok=True)
        driver.save_screenshot(str(picture))


def browser() -> webdriver.Chrome:
    """Start headless Chromium with a fixed window in the time zone UTC."""
    options = Options()
    options.binary_location = shutil.which("chromium") or ""
    for word in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--window-size={WIDTH},{HEIGHT}",
    ):
        options.add_argument(word)
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver") or ""))
    driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "UTC"})
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False},
    )
    return driver


if __name__ == "__main__":
    main()
