"""Seconds to make and to open the report of a cascade of 100,000 messages: python -m tests.benchmarks.speed.report.

The cascade is synthetic: each message follows an earlier one, large ones more often. The page is opened from disk in
headless Chromium; it is ready when its table, charts and graph are drawn.
"""

import argparse
import tempfile
import time
from pathlib import Path

import msgspec
import numpy as np
from selenium.webdriver.support.wait import WebDriverWait

from streams.replay import replay as replays
from streams.runs.folder import Run
from streams.runs.report import write_report
from streams.settings.load import load
from tests.streams.runs.report.test_browser import make_browser

START = 1_772_000_000_000


def events(count: int, seed: int = 7) -> list[bytes]:
    """One post and its forwards: the parent of each is drawn from the earlier ones, the first most often."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        event = {
            "event_id": f"e{number}",
            "platform": "bench",
            "kind": "forward" if number else "post",
            "created_at": START + 500 * number,
            "message_id": f"m{number}",
            "actor": f"person {number}",
            "chat": f"chat {number % 5_000}",
            "text": "The dam above the town has broken, leave your houses and tell everybody at once",
        }
        if number:
            parent = min(int(rng.zipf(1.5)) - 1, number - 1) if rng.random() < 0.7 else int(rng.integers(number))
            event |= {"parent_ref": f"m{parent}", "parent_evidence": "api_parent"}
        made.append(msgspec.json.encode(event))
    return made


def main() -> None:
    """Print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "day.jsonl").write_bytes(b"\n".join(events(given.messages)) + b"\n")
        effective = load(environ={}, overrides=["embedder.runtime=hashing", "graph.max_nodes=200000"])
        replays.replay(str(folder / "day.jsonl"), folder / "run", effective.settings, effective.key)
        begin = time.perf_counter()
        page = write_report(Run(folder / "run"), folder / "run.html")
        print(f"make the page: {time.perf_counter() - begin:.2f} s, {page.stat().st_size / 1e6:.2f} MB")
        browser = make_browser()
        try:
            begin = time.perf_counter()
            browser.get(page.as_uri())
            ready = "return document.documentElement.dataset.ready === 'true'"
            WebDriverWait(browser, 60, poll_frequency=0.02).until(lambda driver: driver.execute_script(ready))
            browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
            print(f"open it: {time.perf_counter() - begin:.2f} s until the table, the charts and the graph are drawn")
        finally:
            browser.quit()


if __name__ == "__main__":
    main()
