"""A listener that is killed loses nothing: every event is on `forwards`, and a repeated one has the same id."""

import json

from tests.streams.kafka.deployment import Deployment
from tests.streams.listeners.jetstream import InThread, Jetstream, frames_of
from tests.streams.listeners.killed import listen_through_kills, metric, report

EVENTS = 20_000


def test_a_listener_that_is_killed_three_times_loses_nothing(broker, tmp_path, capsys):
    deployment = Deployment(broker.bootstrap)
    with InThread(Jetstream(frames_of(EVENTS))) as server:
        outcome = listen_through_kills(deployment, server, tmp_path)
    with capsys.disabled():
        print(f"\n{report(outcome)}")  # noqa: T201 - the figures are wanted from each run
    assert set(outcome.published) == outcome.expected
    assert outcome.status == 0
    assert len(server.asked) >= 4
    assert all("cursor" in asked for asked in server.asked[1:])
    assert metric(outcome.metrics, "connected") == 1
    assert metric(outcome.metrics, "received_total") >= metric(outcome.metrics, "converted_total") > 0
    assert json.loads(outcome.readiness)["ready"]
    assert outcome.health == "ok\n"


def test_a_listener_without_its_topics_says_which_command_creates_them(broker):
    result = Deployment(broker.bootstrap, create=False).call("listen", "bluesky")
    assert result.exit_code == 2
    assert "hearsay topics --create" in result.stderr


def test_a_listener_without_its_token_names_the_variable_and_an_unknown_one_the_names(broker):
    deployment = Deployment(broker.bootstrap)
    assert "HEARSAY_X_TOKEN" in deployment.call("listen", "x").stderr
    assert "listen.mastodon_url" in deployment.call("listen", "mastodon").stderr
    assert "telegram-bot" in deployment.call("listen", "telegraph").stderr
