"""docs/consume-alerts.md: its example is what the code writes, and its consumer does what the page promises."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from detectors.alerting.config import PolicyConfig
from detectors.alerting.evidence import build_alert
from detectors.alerting.policy import AlertPolicy
from detectors.alerting.transition import Transition
from schemas.alert import Alert, Lifecycle
from schemas.base import encode
from streams.kafka.contract import json_schema
from tests.detectors.alerting.alert_samples import CONTEXT, NOW, SEEN, changed

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "consume-alerts.md").read_text(encoding="utf-8")
OPENED = build_alert(SEEN, Transition(Lifecycle.OPENED, 1, NOW, 0), CONTEXT)

Handle = Callable[[object, set[str]], Iterator[tuple[str, Alert]]]


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return found


@pytest.fixture
def handle() -> Handle:
    names: dict[str, object] = {"__name__": "page"}
    exec(compile(block("python"), "consume-alerts.md", "exec"), names)
    return names["handle"]


def test_the_example_on_the_page_is_what_the_code_writes() -> None:
    assert msgspec.json.decode(block("json"), type=Alert) == OPENED
    assert block("json").strip() == msgspec.json.format(encode(OPENED), indent=2).decode(), "copy the new example"


def test_every_field_of_an_alert_is_explained_on_the_page() -> None:
    fields = PAGE.partition("## Fields")[2].partition("\n## ")[0]
    for name, definition in json_schema(Alert)["$defs"].items():
        for field in definition.get("properties", ()):
            assert re.search(rf"`(evidence\.)?{field}`", fields), (
                f"docs/consume-alerts.md does not explain {name}.{field}"
            )


def test_every_state_is_on_the_page() -> None:
    drawing = block("text")
    assert all(state.value in drawing for state in Lifecycle)


def test_the_consumer_takes_each_alert_once(handle: Handle, tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_bytes((encode(OPENED) + b"\n") * 3)
    done: set[str] = set()
    with path.open("rb") as lines:
        assert list(handle(lines, done)) == [(OPENED.cluster_id, OPENED)]
    assert done == {OPENED.alert_id}


def test_the_consumer_takes_an_alert_again_if_it_failed_before(handle: Handle) -> None:
    done: set[str] = set()
    assert next(handle([encode(OPENED)], done)) == (OPENED.cluster_id, OPENED)  # and the program dies here
    assert done == set()


def test_the_consumer_keeps_a_case_over_a_merge(handle: Handle) -> None:
    other = changed(SEEN, cluster_id="bb" * 16)
    merged = changed(SEEN, aliases=("bb" * 16,))
    alerts = [
        build_alert(other, Transition(Lifecycle.OPENED, 1, NOW, 0), CONTEXT),
        build_alert(merged, Transition(Lifecycle.ESCALATED, 2, NOW + 1, 0), CONTEXT),
        build_alert(SEEN, Transition(Lifecycle.SUBSIDED, 0, NOW + 2, 0), CONTEXT),
    ]
    assert [case for case, _ in handle(map(encode, alerts), set())] == ["bb" * 16] * 3


def test_an_alert_of_a_later_release_is_read_all_the_same(handle: Handle) -> None:
    later = encode(OPENED)[:-1] + b',"mood":"unknown"}'
    assert [alert for _, alert in handle([later], set())] == [OPENED]


def test_the_promise_of_thirty_minutes_is_the_default() -> None:
    policy = AlertPolicy(PolicyConfig(), (6.0, 7.4, 8.8), 50, 5)
    policy.update(0, 6.0, 9)
    policy.update(1, 6.0, 9, 1)
    assert policy.next_timer() == 30 * 60_000
