"""How the broker is reached: what is refused by name, what a client is told, and that it opens a guarded door."""

import ssl

import pytest

from streams.devtools.broker import Broker, Login, TlsFiles
from streams.errors import UserError
from streams.kafka.connection import KafkaSettings, client_options, servers, ssl_context
from streams.recordings.envelope import read
from streams.settings.load import load
from streams.settings.tree import SettingsError
from tests.streams.devtools.broker.certificates import Authority
from tests.streams.devtools.broker.fixture import started
from tests.streams.kafka.deployment import PATIENT_S, Deployment

LOGIN = Login("analyst", "s3cret-for-tests")
SASL = {"security": "sasl_plaintext", "sasl_username": "analyst"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"source_partitions": 0}, "KafkaSettings.source_partitions is 0; expected `int` >= 1"),
        ({"cascade_partitions": -1}, "KafkaSettings.cascade_partitions is -1; expected `int` >= 1"),
        ({"replication_factor": 0}, "KafkaSettings.replication_factor is 0; expected `int` >= 1"),
        ({"request_timeout_ms": 0}, "KafkaSettings.request_timeout_ms is 0; expected `int` >= 1"),
        ({"bootstrap": ""}, "write host:port, as in 127.0.0.1:9092"),
        ({"bootstrap": "localhost"}, "write host:port, as in 127.0.0.1:9092"),
        ({"bootstrap": "a:9092,"}, "write host:port, as in 127.0.0.1:9092"),
        ({"bootstrap": "a:port"}, "write host:port, as in 127.0.0.1:9092"),
        ({"bootstrap": "SSL://a:9092"}, "write host:port, as in 127.0.0.1:9092"),
        ({"security": "sasl_ssl"}, "kafka.security is 'sasl_ssl' and kafka.sasl_username is empty"),
        ({"sasl_username": "analyst"}, "kafka.security is 'plaintext' and kafka.sasl_username is set"),
        ({"security": "ssl", "cert_file": "a.pem"}, "only one of kafka.cert_file and kafka.cert_key_file is set"),
        ({"security": "ssl", "cert_key_file": "a.key"}, "only one of kafka.cert_file and kafka.cert_key_file is set"),
        ({"ca_file": "ca.pem"}, "kafka.ca_file and kafka.cert_file need TLS, but kafka.security is 'plaintext'"),
        (SASL | {"ca_file": "ca.pem"}, "kafka.ca_file and kafka.cert_file need TLS"),
    ],
    ids=str,
)
def test_settings_that_reach_no_broker_are_refused_by_name(given, said):
    with pytest.raises(ValueError, match=said.replace(".", r"\.").replace("(", r"\(")):
        KafkaSettings(**given)


@pytest.mark.parametrize(
    ("bootstrap", "found"),
    [
        ("127.0.0.1:9092", [("127.0.0.1", 9092)]),
        (" kafka-0.kafka:9092 , kafka-1.kafka:9093 ", [("kafka-0.kafka", 9092), ("kafka-1.kafka", 9093)]),
        ("[::1]:9092", [("[::1]", 9092)]),
    ],
)
def test_servers_are_hosts_and_ports(bootstrap, found):
    settings = KafkaSettings(bootstrap=bootstrap)
    assert servers(settings) == found
    assert client_options(settings, None)["bootstrap_servers"] == [f"{host}:{port}" for host, port in found]


def test_a_plain_client_is_told_nothing_of_tls_and_logins():
    options = client_options(KafkaSettings(), "unused")
    assert options["security_protocol"] == "PLAINTEXT"
    assert not {"ssl_context", "sasl_mechanism", "sasl_plain_password"} & set(options)


def test_a_login_comes_with_its_mechanism_and_password():
    options = client_options(KafkaSettings(**SASL, sasl_mechanism="SCRAM-SHA-256"), "secret")
    assert options["security_protocol"] == "SASL_PLAINTEXT"
    assert [options[f"sasl_{name}"] for name in ("mechanism", "plain_username", "plain_password")] == [
        "SCRAM-SHA-256",
        "analyst",
        "secret",
    ]


def test_tls_knows_its_authority_and_checks_the_servers_name(tmp_path):
    authority = Authority(tmp_path)
    context = ssl_context(KafkaSettings(security="ssl", ca_file=str(authority.file)))
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert len(context.get_ca_certs()) == 1
    assert ssl_context(KafkaSettings()) is None
    assert ssl_context(KafkaSettings(**SASL)) is None


@pytest.mark.parametrize("name", ["missing.pem", "garbage.pem"])
def test_files_for_tls_that_cannot_be_used_are_the_users_error(tmp_path, name):
    (tmp_path / "garbage.pem").write_text("not a certificate")
    with pytest.raises(UserError, match="cannot read the TLS files"):
        ssl_context(KafkaSettings(security="ssl", ca_file=str(tmp_path / name)))


def test_the_password_comes_from_the_environment_before_the_file_and_is_never_shown(tmp_path):
    (tmp_path / "password").write_text("of the file\n")
    overrides = [
        "kafka.security=sasl_plaintext",
        "kafka.sasl_username=analyst",
        f"kafka.sasl_password_file={tmp_path / 'password'}",
    ]
    assert load(environ={}, overrides=overrides).kafka_password == "of the file"
    given = load(environ={"HEARSAY_KAFKA_PASSWORD": "of the environment"}, overrides=overrides)
    assert given.kafka_password == "of the environment"
    assert "of the environment" not in str(given.settings)
    with pytest.raises(SettingsError, match=r"kafka\.sasl_username is set, but there is no password"):
        load(environ={}, overrides=overrides[:2])


def test_the_broker_changes_no_alert():
    plain = load(environ={}).settings
    other = load(environ={}, overrides=["kafka.bootstrap=kafka:9092", "kafka.prefix=b.", "kafka.source_partitions=9"])
    assert other.settings.pipeline.digest() == plain.pipeline.digest()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, authority):
    pair = authority.issue("broker")
    tls = TlsFiles(pair.key, pair.certificate, authority.file)
    running = started(Broker(tmp_path_factory.mktemp("guarded"), tls=tls, login=LOGIN))
    yield running
    running.stop()


def through_the_door(guarded, authority, mechanism):
    return Deployment(
        guarded.secured_bootstrap,
        create=False,
        kafka__security="sasl_ssl",
        kafka__ca_file=authority.file,
        kafka__sasl_mechanism=mechanism,
        kafka__sasl_username=LOGIN.user,
        environ={"HEARSAY_KAFKA_PASSWORD": LOGIN.password},
    )


@pytest.mark.broker
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_the_commands_go_through_tls_and_a_login(guarded, authority, tmp_path, mechanism):
    deployment = through_the_door(guarded, authority, mechanism)
    environ = {"HEARSAY_KAFKA_PASSWORD": LOGIN.password}
    (tmp_path / "in.jsonl").write_bytes(b'{"event_id": "1"}\n')
    for words in (
        ["topics", "--create"],
        ["publish", tmp_path / "in.jsonl"],
        ["record", "--out", tmp_path / "out.jsonl"],
        ["alerts"],
    ):
        done = deployment.call(*words, env=environ)
        assert done.exit_code == 0, done.stderr
        assert LOGIN.password not in done.output
    assert read((tmp_path / "out.jsonl").read_bytes()).value == b'{"event_id": "1"}'


# In a process of its own: a client that is turned away leaves a socket open, which pytest would not forgive.
@pytest.mark.broker
@pytest.mark.parametrize(("password", "trusts"), [("guessed", "authority"), (LOGIN.password, "other")])
def test_who_is_turned_away_is_told_in_one_line_without_the_password(guarded, authority, tmp_path, password, trusts):
    trusted = authority if trusts == "authority" else Authority(tmp_path, trusts)
    deployment = through_the_door(guarded, trusted, "PLAIN")
    process = deployment.start(
        "topics", "--set", "kafka.request_timeout_ms=2000", environ={"HEARSAY_KAFKA_PASSWORD": password}
    )
    out, said = (text.decode() for text in process.communicate(timeout=PATIENT_S))
    assert (process.returncode, out, len(said.splitlines())) == (2, "", 1)
    assert "did not answer within 2 s" in said
    assert "kafka.sasl_username" in said
    assert password not in said
