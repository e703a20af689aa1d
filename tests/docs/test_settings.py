"""Settings, topics and metrics that a page names exist, and Configure lists ten settings to change first."""

import re

import pytest

from streams.kafka.topics import TOPICS
from streams.listeners.metrics import ListenerMetrics
from streams.live.ops.metrics import Metrics
from streams.settings.load import catalogue
from tests.docs.pages import PAGES, ROOT, inline, name, read

SETTINGS = {setting.removesuffix("_ms") for setting in catalogue()}
SECTIONS = {setting.partition(".")[0] for setting in SETTINGS}
ENDINGS = (".parquet", ".log")  # of files whose first word is a section's name
METRICS = {
    sample
    for registry in (Metrics().registry, ListenerMetrics().registry)
    for family in registry.collect()
    for sample in (family.name, f"{family.name}_total", f"{family.name}_bucket")
}

CURRENT = [page for page in PAGES if page.name != "CHANGELOG.md"]
"""Pages that name only what exists; the changelog also quotes former names."""


def settings_in(text):
    """Return the words of a quoted text that look like settings: a section, a dot and a name."""
    found = re.findall(r"(?<![\w./])([a-z]+(?:\.[a-z_0-9]+)+)\b", text)
    sections = SECTIONS - {"evidence"}  # `evidence.counts` and the like are fields of an alert
    return {word for word in found if word.partition(".")[0] in sections and not word.endswith(ENDINGS)}


def exists(setting):
    """Return True if a setting or a section of settings has this name; `policy.target_level_` stands for several."""
    if re.fullmatch(r"growth\.platforms(\.[\w-]+)?", setting):
        return True
    bare = re.sub(r"^growth\.platforms\.[\w-]+\.", "growth.", setting).removesuffix("_ms")
    start = bare if bare.endswith("_") else f"{bare}."
    return bare in SETTINGS or any(known.startswith(start) for known in SETTINGS)


@pytest.mark.parametrize("page", CURRENT, ids=name)
def test_a_setting_that_a_page_names_exists(page):
    named = set().union(*map(settings_in, inline(page)))
    assert sorted(setting for setting in named if not exists(setting)) == []


def test_an_unknown_setting_would_be_found():
    assert settings_in("set `growth.bigg` and order.idle_ms") == {"growth.bigg", "order.idle_ms"}
    assert not exists("growth.bigg")
    assert exists("growth.platforms.whatsapp.target_size")
    assert exists("policy.cool_down")


def test_the_first_ten_settings_are_ten_settings():
    page = read(ROOT / "docs" / "operate" / "configure.md")
    table = page.partition("## Ten settings to change first")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([\w.]+)` \|", table, re.MULTILINE)
    assert len(rows) == 10
    assert all(exists(setting) for setting in rows)


@pytest.mark.parametrize("page", CURRENT, ids=name)
def test_a_metric_that_a_page_names_exists(page):
    named = set(re.findall(r"\bhearsay_[a-z_]+\b", " ".join(inline(page))))
    assert named <= METRICS


def test_the_diagram_of_the_stages_names_every_topic():
    diagram = read(ROOT / "docs" / "operate" / "run.md")
    assert [topic.name for topic in TOPICS if topic.name not in diagram] == []
