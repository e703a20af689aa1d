"""The second listener asks for what a production cluster asks for, and turns away who has not got it."""

import socket
import ssl

import pytest
from kafka.errors import KafkaError

from streams.devtools.broker import Broker, Login, TlsFiles
from streams.devtools.broker.security import MECHANISMS
from streams.errors import UserError
from tests.streams.devtools.broker.certificates import Authority
from tests.streams.devtools.broker.clients import FAST, consume, new_topic, produce
from tests.streams.devtools.broker.fixture import started

pytestmark = pytest.mark.broker

REFUSED = "Failed authentication with /127.0.0.1"
LOGIN = Login("analyst", "s3cret-for-tests")


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


def over_tls(authority, mechanism, password=LOGIN.password):
    return {
        "security_protocol": "SASL_SSL",
        "ssl_cafile": str(authority.file),
        "sasl_mechanism": mechanism,
        "sasl_plain_username": LOGIN.user,
        "sasl_plain_password": password,
    }


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_client_with_the_login_reads_and_writes_over_tls(guarded, authority, mechanism):
    security = over_tls(authority, mechanism)
    topic = new_topic(guarded.secured_bootstrap, **security)
    produce(guarded.secured_bootstrap, topic, [b"sealed"], **security)
    assert consume(guarded.secured_bootstrap, topic, 1, **security) == [b"sealed"]
    assert consume(guarded.bootstrap, topic, 1) == [b"sealed"]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_wrong_password_is_turned_away(guarded, authority, mechanism):
    impatient = FAST | {"bootstrap_timeout_ms": 1_000}  # the client tries again until then
    before = guarded.log.read_text().count(REFUSED)
    with pytest.raises(KafkaError):
        new_topic(guarded.secured_bootstrap, **impatient, **over_tls(authority, mechanism, "guessed"))
    assert guarded.log.read_text().count(REFUSED) > before


def shake_hands(address, authority):
    """TLS without Kafka, because kafka-python leaves sockets open where it fails: the first word of the other side."""
    host, _, port = address.partition(":")
    context = ssl.create_default_context(cafile=authority.file)
    with (
        socket.create_connection((host, int(port)), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname=host) as sealed,
    ):
        return sealed.recv(1)


def test_a_client_that_trusts_another_authority_does_not_talk(guarded, tmp_path):
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(guarded.secured_bootstrap, Authority(tmp_path, "stranger"))


def test_a_login_without_tls_and_a_certificate_without_a_login(own_broker, authority):
    named = own_broker(login=LOGIN)
    security = over_tls(authority, "SCRAM-SHA-256") | {"security_protocol": "SASL_PLAINTEXT"}
    new_topic(named.secured_bootstrap, **security)
    named.stop()

    pair, client = authority.issue("second-broker"), authority.issue("client")
    asking = own_broker(tls=TlsFiles(pair.key, pair.certificate, authority.file, ask_clients=True))
    security = {"security_protocol": "SSL", "ssl_cafile": str(authority.file)}
    with pytest.raises(ssl.SSLError, match=r"(?i)certificate.required|bad.certificate"):
        shake_hands(asking.secured_bootstrap, authority)
    shown = {"ssl_certfile": str(client.certificate), "ssl_keyfile": str(client.key)}
    new_topic(asking.secured_bootstrap, **security, **shown)


def test_without_tls_and_login_there_is_no_second_listener(tmp_path):
    with pytest.raises(ValueError, match="the broker has no second listener"):
        _ = Broker(tmp_path).secured_bootstrap


@pytest.mark.parametrize("text", ["", "two words", 'quote"', "comma,", "bracket]", "ключ"])
def test_a_login_that_kafka_would_misread_is_refused_and_not_shown(text):
    with pytest.raises(ValueError, match=r"may contain only letters, digits") as refused:
        Login("user", text)
    assert not text or text not in str(refused.value)


def test_a_certificate_that_is_not_there_is_named(tmp_path, own_broker, authority):
    pair = authority.issue("third-broker")
    missing = tmp_path / "nowhere.pem"
    with pytest.raises(UserError, match=r"cannot read the TLS file .*nowhere\.pem: No such file"):
        own_broker(tls=TlsFiles(pair.key, missing, authority.file))
