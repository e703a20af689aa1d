"""Receive the webhooks of WhatsApp's Business Cloud API.

A request is answered with 200 only when the broker has acknowledged its events; otherwise with 503, and the platform
repeats the request for up to seven days. So no cursor is needed. The signature is checked over the bytes of the body
before anything decodes them; a request without a valid one is answered with 401 and counted, and its body is dropped.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

from streams.adapters.base import Options, Refused
from streams.adapters.whatsapp.webhook import convert, handshake, signature_ok
from streams.errors import UserError
from streams.listeners.base import Arrival, Mark, Sent, Session, SinkError
from streams.listeners.publisher import now_ms
from streams.settings.listen import ListenSettings

_SIGNATURE = "X-Hub-Signature-256"
_AT_ONCE = 64  # requests that are worked on; further ones are asked to come again

_decode = msgspec.json.decode


class WhatsappWebhook:
    """A web server that takes webhooks; use a reverse proxy with TLS in front of it.

    Args:
        settings: address, path and bounds.
        secret: the app secret.
        verify_token: the token of the platform's verification request.

    """

    name = "whatsapp-webhook"

    def __init__(self, settings: ListenSettings, secret: str, verify_token: str) -> None:
        self._settings = settings
        self._secret = secret.encode()
        self._verify_token = verify_token
        self.stream = settings.webhook_path
        self.port = 0  # set while the server runs
        self._busy = 0

    async def run(self, session: Session, resume: Mark) -> None:
        """Serve until cancelled, or until the broker refuses a record; see `Transport`."""
        failed: asyncio.Future[SinkError] = asyncio.get_running_loop().create_future()
        async with self._serving(session, failed):
            session.connected()
            raise await failed

    @asynccontextmanager
    async def _serving(self, session: Session, failed: "asyncio.Future[SinkError]") -> AsyncIterator[None]:
        settings = self._settings

        async def post(request: web.Request) -> web.Response:
            return await self._post(request, session, failed)

        async def get(request: web.Request) -> web.Response:
            return self._verify(request, session)

        app = web.Application(client_max_size=settings.max_item_bytes)
        app.add_routes([web.get(settings.webhook_path, get), web.post(settings.webhook_path, post)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=settings.webhook_timeout_ms / 1000)
        await runner.setup()
        site = web.TCPSite(runner, settings.webhook_host, settings.webhook_port)
        try:
            await site.start()
            self.port = int(runner.addresses[0][1])
            yield
        except OSError as error:
            raise UserError(
                f"cannot listen on {settings.webhook_host}:{settings.webhook_port}: {error.strerror}; set "
                "listen.webhook_port to a free port"
            ) from None
        finally:
            await runner.cleanup()

    def _verify(self, request: web.Request, session: Session) -> web.Response:
        answer = handshake(request.query, self._verify_token)
        if answer is None:
            session.turned_away("verify_token")
            return web.Response(status=403)
        return web.Response(text=answer)

    async def _post(self, request: web.Request, session: Session, failed: "asyncio.Future[SinkError]") -> web.Response:
        if self._busy >= _AT_ONCE or failed.done():
            session.turned_away("busy")
            return web.Response(status=503)
        self._busy += 1
        try:
            async with asyncio.timeout(self._settings.webhook_timeout_ms / 1000):
                return await self._answer(request, session)
        except TimeoutError:
            session.turned_away("timeout")
            return web.Response(status=503)
        except SinkError as error:
            if not failed.done():
                failed.set_result(error)
            return web.Response(status=503)
        finally:
            self._busy -= 1

    async def _answer(self, request: web.Request, session: Session) -> web.Response:
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            session.turned_away("too_large")
            return web.Response(status=413)
        if not signature_ok(self._secret, body, request.headers.get(_SIGNATURE)):
            session.turned_away("signature")
            return web.Response(status=401)
        sent: list[Sent] = []
        try:
            payload = _decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            sent.append(
                await session.take(Arrival(Refused("not_json", "the body is not one JSON value"), Mark(), body))
            )
        else:
            for outcome in convert(payload, Options()):
                sent.append(await session.take(Arrival(outcome, Mark(None, now_ms()), body)))
        await session.acknowledged([future for futures in sent for future in futures])
        return web.Response(status=200)


__all__ = ["WhatsappWebhook"]
