"""The webhook of WhatsApp: signatures before content, 200 only after the broker, and nothing of a body in the log."""

import asyncio
import hashlib
import hmac
import json
import logging

import pytest

from streams.errors import UserError
from streams.listeners.http import open_session
from streams.listeners.whatsapp_webhook import WhatsappWebhook
from tests.streams.listeners.fake import FakeSink, Running, settings

SECRET, VERIFY = "app-sesame", "verify-sesame"


def payload(number=1, text="The causeway floods at noon"):
    message = {
        "from": "447700900123",
        "id": f"wamid.SKERRY{number:06d}",
        "timestamp": str(1_775_034_000 + number),
        "type": "text",
        "text": {"body": text},
        "context": {"forwarded": True},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550001", "phone_number_id": "900"},
        "contacts": [{"wa_id": "447700900123", "profile": {"name": "Zed"}}],
        "messages": [message],
    }
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}],
    }


def signed(body, secret=SECRET):
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


async def serving(work, sink=None, *overrides, raw=True):
    sink = sink or FakeSink()
    effective = settings("listen.webhook_port=0", *overrides)
    transport = WhatsappWebhook(effective.settings.listen, SECRET, VERIFY)
    running = Running(transport, effective, sink, raw=raw).start()
    await running.until(lambda: running.listener.readiness().ready)
    async with open_session() as http:
        got = await work(http, lambda: f"http://127.0.0.1:{transport.port}/webhook", running)
    await running.stop()
    return got, running


def post(body, headers, *overrides, sink=None):
    async def work(http, url, running):
        async with http.post(url(), data=body, headers=headers) as answer:
            return answer.status

    return asyncio.run(serving(work, sink, *overrides))


def test_a_signed_webhook_is_published_before_it_is_answered():
    body = json.dumps(payload()).encode()
    status, running = post(body, signed(body))
    assert status == 200
    (event,) = running.sink.events
    assert (event.platform, event.hops_min) == ("whatsapp.tipline", 1)
    assert event.event_id == "wamid.SKERRY000001"


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Hub-Signature-256": "sha256=" + "0" * 64}, {"X-Hub-Signature-256": "é"}, signed(b"another body")],
    ids=["none", "zeros", "not ASCII", "of another body"],
)
def test_a_wrong_signature_is_401_and_counted_and_the_body_is_neither_decoded_nor_logged(headers, caplog):
    caplog.set_level(logging.DEBUG)
    body = json.dumps(payload(text="my secret rumour")).encode() + b"{"  # which no decoder would accept
    status, running = post(body, headers)
    assert status == 401
    assert running.metric("turned_away_total", reason="signature") == 1
    assert running.metric("received_total") == 0
    assert running.sink.records == []
    assert "secret rumour" not in caplog.text
    assert "447700900123" not in caplog.text


def test_a_body_over_the_bound_is_413():
    body = json.dumps(payload(text="x" * 5000)).encode()
    status, running = post(body, signed(body), "listen.max_item_bytes=2048")
    assert status == 413
    assert running.metric("turned_away_total", reason="too_large") == 1


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"entry": []}', b"\xff", b'"text"'])
def test_garbage_with_a_signature_is_kept_as_a_rejection_and_not_sent_again(body):
    status, running = post(body, signed(body))
    assert status == 200
    assert running.sink.events == []
    assert len(running.sink.rejections) == (0 if body == b"[]" else 1)


def test_a_webhook_is_to_be_repeated_while_the_broker_is_slow_or_fails():
    async def work(http, url, running):
        body = json.dumps(payload()).encode()
        statuses = []
        for prepare in (
            lambda sink: setattr(sink, "held", True),
            lambda sink: setattr(sink, "failing", 1),
            lambda sink: None,
        ):
            prepare(running.sink)
            await running.until(lambda: running.listener.readiness().ready)
            async with http.post(url(), data=body, headers=signed(body)) as answer:
                statuses.append(answer.status)
            running.sink.release()
            await asyncio.sleep(0.1)
        return statuses

    statuses, running = asyncio.run(serving(work, None, "listen.webhook_timeout_ms=150"))
    assert statuses == [503, 503, 200]
    assert {event.event_id for event in running.sink.events} == {"wamid.SKERRY000001"}
    assert running.metric("reconnects_total", reason="broker") == 1


def test_the_platform_verifies_the_address_with_the_token():
    async def work(http, url, running):
        answers = []
        for token in (VERIFY, "guess", ""):
            query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "4711"}
            async with http.get(url(), params=query) as answer:
                answers.append((answer.status, await answer.text()))
        return answers

    answers, running = asyncio.run(serving(work))
    assert answers == [(200, "4711"), (403, ""), (403, "")]
    assert running.metric("turned_away_total", reason="verify_token") == 2


def test_many_repeated_and_slow_webhooks_at_once_give_each_message_one_id():
    async def slow(body):
        for start in range(0, len(body), 40):
            yield body[start : start + 40]
            await asyncio.sleep(0.001)

    async def work(http, url, running):
        bodies = [json.dumps(payload(number % 20)).encode() for number in range(60)]

        async def one(body):
            async with http.post(url(), data=slow(body), headers=signed(body)) as answer:
                return answer.status

        return await asyncio.gather(*map(one, bodies))

    statuses, running = asyncio.run(serving(work, FakeSink(delay_s=0.005)))
    assert set(statuses) == {200}
    assert len(running.sink.events) == 60
    assert len(running.sink.ids) == 20


def test_telephone_numbers_are_digests_unless_raw_is_chosen():
    async def work(http, url, running):
        body = json.dumps(payload()).encode()
        async with http.post(url(), data=body, headers=signed(body)) as answer:
            return answer.status

    _, running = asyncio.run(serving(work, raw=False))
    (value,) = running.sink.of("forwards")
    assert b"447700900123" not in value
    assert b"wamid" not in value


def test_an_address_in_use_is_an_error_for_the_operator():
    async def work(http, url, running):
        port = url().split(":")[2].split("/")[0]
        effective = settings(f"listen.webhook_port={port}")
        second = Running(WhatsappWebhook(effective.settings.listen, SECRET, VERIFY), effective, FakeSink())
        await second.listener.run(running.publisher.done)

    with pytest.raises(UserError, match=r"listen\.webhook_port"):
        asyncio.run(serving(work))
