"""Dashboard and alert rules name metrics that workers have, and say what to do; what serves them fits together."""

import json
import re

import pytest
import yaml
from prometheus_client import generate_latest

from streams.listeners.metrics import ListenerMetrics
from streams.live.ops.metrics import Metrics
from streams.settings.load import load
from tests.compose.services import COMPOSE, ROOT

MONITORING = ROOT / "examples" / "monitoring"
DASHBOARD = json.loads((MONITORING / "grafana/dashboards/hearsay.json").read_text("utf-8"))
PANELS = DASHBOARD["panels"]
SAMPLE_TYPES = {"histogram": ("_bucket", "_sum", "_count")}


def read(path):
    return yaml.safe_load((MONITORING / path).read_text("utf-8"))


RULES = [rule for group in read("rules.yml")["groups"] for rule in group["rules"]]
WATCHED = [
    *(pytest.param(target["expr"], id=panel["title"]) for panel in PANELS for target in panel["targets"]),
    *(pytest.param(rule["expr"], id=rule["alert"]) for rule in RULES),
]


def exposed():
    """The names under which the samples of a worker and of a listener come, as their own expositions give them."""
    served = b"".join(generate_latest(one().registry) for one in (Metrics, ListenerMetrics)).decode()
    told = re.findall(r"^# TYPE (\w+) (\w+)$", served, re.MULTILINE)
    return {name + end for name, kind in told for end in SAMPLE_TYPES.get(kind, ("",))}


def named(expression):
    return set(re.findall(r"\bhearsay_\w+", expression))


@pytest.mark.parametrize("expression", WATCHED)
def test_what_is_watched_exists(expression):
    assert named(expression) <= exposed()
    assert named(expression) or "up{" in expression or "ALERTS{" in expression


def test_a_metric_that_does_not_exist_would_be_found():
    assert not named("rate(hearsay_rumours_total[5m])") <= exposed()
    assert not named("hearsay_alert_latency_seconds") <= exposed()  # a histogram has no sample of its bare name


def test_everything_that_a_worker_tells_of_its_work_is_watched():
    text = json.dumps(DASHBOARD) + json.dumps(RULES)
    endings = re.compile("_(bucket|sum|count|created|total)$")
    told = {endings.sub("", name) for name in exposed()}
    assert [name for name in sorted(told) if name not in text] == ["hearsay_watermark_delay_seconds"]
    assert "time() - (max(hearsay_watermark_seconds)" in text  # instead of it: that grows also while nothing is told


def test_panels_have_numbers_and_places_of_their_own():
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    cells = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in PANELS
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_says_what_a_bad_value_means_and_what_to_do(panel):
    assert len(panel["description"].split()) >= 15
    assert len(re.findall(r"[.:?] ", panel["description"])) >= 1
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_every_panel_asks_the_data_source_that_the_reader_chose():
    (variable,) = DASHBOARD["templating"]["list"]
    assert variable["type"] == "datasource"
    assert {panel["datasource"]["uid"] for panel in PANELS} == {f"${{{variable['name']}}}"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_rule_has_a_severity_and_says_what_to_do(rule):
    assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"\d+m", rule["for"])
    assert rule["labels"]["severity"] in ("page", "warn")
    assert len(rule["annotations"]["summary"].split()) >= 12


def test_alert_rules_have_names_of_their_own():
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


def test_the_operators_page_lists_the_rules_with_their_severity():
    page = (ROOT / "docs" / "operate" / "monitor.md").read_text("utf-8")
    listed = re.findall(r"^\| `(Hearsay\w+)` \| .+ \| (\w+) \|$", page, re.MULTILINE)
    assert listed == [(rule["alert"], rule["labels"]["severity"]) for rule in RULES]


def test_settings_that_a_panel_or_a_summary_names_exist():
    texts = [panel["description"] for panel in PANELS] + [
        re.sub(r"{{.*?}}", "", rule["annotations"]["summary"]) for rule in RULES
    ]
    page = (ROOT / "docs" / "operate" / "reference.md").read_text("utf-8")
    settings = set(re.findall(r"\b[a-z]+\.[a-z]+(?:_[a-z]+)*\b", " ".join(texts)))
    assert len(settings) >= 5
    assert [name for name in settings if f"| `{name}` |" not in page] == []


def test_prometheus_finds_the_workers_and_its_rules():
    config = read("prometheus.yml")
    (job,) = config["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert set(found["names"]) <= set(COMPOSE["services"])
    assert found["port"] == load(None, {}).settings.worker.port
    assert all(f'job="{job["job_name"]}"' in rule["expr"] for rule in RULES if "up{" in rule["expr"])
    mounted = [mount.split(":")[1] for mount in COMPOSE["services"]["prometheus"]["volumes"]]
    assert {f"/etc/prometheus/{name}" for name in config["rule_files"]} <= set(mounted)


def test_grafana_finds_prometheus_and_the_dashboard():
    (source,) = read("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    (provider,) = read("grafana/provisioning/dashboards/hearsay.yml")["providers"]
    grafana = COMPOSE["services"]["grafana"]
    mounted = dict(reversed(mount.split(":")[:2]) for mount in grafana["volumes"])
    folder = mounted[provider["options"]["path"]]
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (ROOT / folder / home.rpartition("/")[2]).is_file()
    assert home.startswith(provider["options"]["path"])
