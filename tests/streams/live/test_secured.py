"""A worker on a broker that asks for TLS and a login raises the same alerts, and says so where it is turned away."""

import pytest

from streams.devtools.broker import Broker, Login, TlsFiles
from tests.streams.devtools.broker.certificates import Authority
from tests.streams.devtools.broker.fixture import started
from tests.streams.live.events import sample
from tests.streams.live.harness import PATIENCE, Live

pytestmark = pytest.mark.broker

LOGIN = Login("hearsay", "s3cret-for-the-worker")


@pytest.fixture
def live(tmp_path):
    authority = Authority(tmp_path)
    pair = authority.issue("broker")
    tls = TlsFiles(pair.key, pair.certificate, authority.file)
    password = tmp_path / "password"
    password.write_text(f"{LOGIN.password}\n")
    with started(Broker(tmp_path / "broker", tls=tls, login=LOGIN)) as guarded:
        deployment = Live(
            guarded.secured_bootstrap,
            tmp_path,
            2,
            2,
            kafka__security="sasl_ssl",
            kafka__ca_file=authority.file,
            kafka__sasl_username=LOGIN.user,
            kafka__sasl_password_file=password,
            kafka__request_timeout_ms=5_000,
        )
        deployment.client = {"bootstrap_servers": guarded.bootstrap}
        yield deployment.create_topics()
        deployment.close()


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "PLAIN"])
def test_a_worker_with_the_login_raises_the_alerts_of_a_replay_and_does_not_show_its_password(live, mechanism):
    worker = live.worker(kafka__sasl_mechanism=mechanism, worker__log_level="debug")
    events, newest = sample(151, 1_500)
    live.publish(events)
    live.end(newest)
    assert live.settle() == 0
    assert LOGIN.password not in worker.log.read_text("utf-8")


def test_a_worker_with_another_password_or_authority_is_turned_away_in_one_line(live, tmp_path):
    stranger = Authority(tmp_path, "stranger").file
    for given in ({"kafka_password": "guessed-by-somebody"}, {"kafka__ca_file": str(stranger)}):
        worker = live.worker(wait=False, **given)
        assert worker.process.wait(PATIENCE) == 2, worker.log_tail()
        log = worker.log.read_text("utf-8")
        (said,) = [line for line in log.splitlines() if line.startswith("error: ")]
        assert said.startswith("error: Kafka at ")
        assert "kafka.sasl_username" in said
        assert "Traceback" not in log
        assert "guessed-by-somebody" not in log
