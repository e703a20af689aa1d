"""Run one listener in this process, until a signal stops it."""

import asyncio
import logging
import signal
from collections.abc import Callable

import aiohttp
import numpy as np
from kafka.errors import KafkaError

from streams.errors import UserError
from streams.kafka import topics
from streams.listeners.base import Mark, SinkError, Transport
from streams.listeners.bluesky import BlueskyTransport
from streams.listeners.cursors import TOPIC, stored_mark
from streams.listeners.http import open_session
from streams.listeners.listener import Listener
from streams.listeners.mastodon import MastodonTransport
from streams.listeners.metrics import ListenerMetrics
from streams.listeners.publisher import FORWARDS, REJECTIONS, Publisher
from streams.listeners.sink import KafkaSink, Sink
from streams.listeners.telegram_bot import TelegramBot
from streams.listeners.whatsapp_webhook import WhatsappWebhook
from streams.listeners.x import XStream
from streams.live.ops import logs
from streams.live.ops.shutdown import exit_after, exit_now
from streams.live.ops.web import Web
from streams.process import rare_collection
from streams.settings.load import ResolvedSettings, to_values

_EXIT_S = 10.0  # beyond the time to drain

_log = logging.getLogger(__name__)


def _bluesky(effective: ResolvedSettings, http: aiohttp.ClientSession) -> Transport:
    return BlueskyTransport(effective.settings.listen, http)


def _mastodon(effective: ResolvedSettings, http: aiohttp.ClientSession) -> Transport:
    settings = effective.settings.listen
    if not settings.mastodon_url.startswith(("https://", "http://")):
        raise UserError(
            "listen.mastodon_url names no server; set it to the server's address, e.g. https://mastodon.example"
        )
    return MastodonTransport(settings, http, effective.secrets.get("mastodon_token"))


def _telegram_bot(effective: ResolvedSettings, http: aiohttp.ClientSession) -> Transport:
    return TelegramBot(effective.settings.listen, http, effective.secrets.need("telegram_token"))


def _whatsapp_webhook(effective: ResolvedSettings, _: aiohttp.ClientSession) -> Transport:
    secrets = effective.secrets
    return WhatsappWebhook(
        effective.settings.listen, secrets.need("whatsapp_secret"), secrets.need("whatsapp_verify_token")
    )


def _x(effective: ResolvedSettings, http: aiohttp.ClientSession) -> Transport:
    return XStream(effective.settings.listen, http, effective.secrets.need("x_token"))


TRANSPORTS: dict[str, Callable[[ResolvedSettings, aiohttp.ClientSession], Transport]] = {
    "bluesky": _bluesky,
    "mastodon": _mastodon,
    "telegram-bot": _telegram_bot,
    "whatsapp-webhook": _whatsapp_webhook,
    "x": _x,
}
"""The listeners by name."""


def run(effective: ResolvedSettings, name: str, *, raw: bool) -> None:
    """Run a listener in this process until SIGTERM or SIGINT, and then end the process; see `listen`."""
    with rare_collection():
        clean = asyncio.run(listen(effective, name, raw=raw))
    exit_now(0 if clean else 1)


async def listen(effective: ResolvedSettings, name: str, *, raw: bool) -> bool:
    """Run until SIGTERM or SIGINT; return True if every event received is acknowledged.

    Args:
        effective: settings, key, secrets and password of the deployment.
        name: a name from `TRANSPORTS`.
        raw: publish raw identifiers, which intake pseudonymises.

    Raises:
        UserError: an unknown name, a missing secret or topic, no broker, or an address in use.

    """
    if name not in TRANSPORTS:
        raise UserError(f"no listener is named {name[:40]!r}; choose from {', '.join(TRANSPORTS)}")
    settings = effective.settings
    logs.set_up(settings.worker.log_level, settings.worker.log_format)
    _log.info("settings", extra={"settings": to_values(settings), "key": effective.key.id, "listener": name})
    async with open_session() as http:
        transport = TRANSPORTS[name](effective, http)
        resume = await _resume(effective, transport)
        _log.info("continues", extra={"position": resume.position, "at": resume.at})
        return await _listen(effective, transport, resume, raw=raw)


async def _resume(effective: ResolvedSettings, transport: Transport) -> Mark:
    """Return the place of the last cursor, after a check of the topics."""
    kafka, password = effective.settings.kafka, effective.kafka_password
    await asyncio.to_thread(topics.require, kafka, password, [FORWARDS, REJECTIONS, TOPIC])
    try:
        return await asyncio.to_thread(stored_mark, kafka, password, transport.name, transport.stream)
    except KafkaError as error:
        raise UserError(
            f"cannot read the topic {kafka.prefix}{TOPIC} at {kafka.bootstrap}: {type(error).__name__}; check that the "
            "broker runs"
        ) from None


async def _listen(effective: ResolvedSettings, transport: Transport, resume: Mark, *, raw: bool) -> bool:
    settings, metrics = effective.settings, ListenerMetrics()
    sink: Sink = KafkaSink(settings.kafka, effective.kafka_password)
    publisher = Publisher(
        transport.name,
        sink,
        effective.key.pseudonymiser(),
        metrics,
        settings.pipeline,
        raw=raw,
        max_in_flight=settings.listen.max_in_flight,
    )
    listener = Listener(
        transport, publisher, sink, metrics=metrics, settings=settings.listen, random=np.random.default_rng()
    )
    server = Web(
        settings.listen.host, settings.listen.port, metrics.registry, listener.readiness, setting="listen.port"
    )
    try:
        await sink.open()
    except SinkError as error:
        raise UserError(f"cannot connect to Kafka at {settings.kafka.bootstrap}: {error}; check the broker") from None
    drain_s = settings.worker.drain_timeout_ms / 1000
    try:
        port = await server.start()
        _log.info("listener started", extra={"listener": transport.name, "port": port})
        await _until_signal(listener, resume)
    finally:
        async with exit_after(drain_s + _EXIT_S, 1):
            clean = await _drained(listener, drain_s)
            await server.stop()
            await sink.close()
    _log.info("listener stopped", extra={"clean": clean})
    return clean


async def _until_signal(listener: Listener, resume: Mark) -> None:
    """Listen until SIGTERM or SIGINT.

    Raises:
        UserError: the error of the listener, where only a change of the settings can help.

    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    listening = asyncio.create_task(listener.run(resume))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([listening, stopping], return_when=asyncio.FIRST_COMPLETED)
    _log.info("listener stopping", extra={"reason": "signal" if stop.is_set() else "error"})
    failed = listening.done()
    for task in (listening, stopping):
        task.cancel()
    await asyncio.gather(listening, stopping, return_exceptions=True)
    if failed:
        listening.result()


async def _drained(listener: Listener, seconds: float) -> bool:
    """Wait for the events in flight and write the last cursor; return False if that fails or takes too long."""
    try:
        async with asyncio.timeout(seconds):
            await listener.drain()
    except (SinkError, TimeoutError) as error:
        _log.warning("events not acknowledged", extra={"reason": str(error) or "timeout"})
        return False
    return True


__all__ = ["TRANSPORTS", "listen", "run"]
