"""Serve a worker's liveness, readiness and metrics over HTTP."""

from collections.abc import Callable

import msgspec
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from streams.errors import UserError
from streams.live.ops.metrics import Metrics


class Readiness(msgspec.Struct, frozen=True):
    """The readiness of a worker, with the reasons against it; those of a ready worker concern its input."""

    ready: bool
    reasons: tuple[str, ...] = ()


class Web:
    """Serves `/health`, `/ready` and `/metrics`. Accepts only GET, reads no input, and shows no personal data."""

    def __init__(self, host: str, port: int, metrics: Metrics, readiness: Callable[[], Readiness]) -> None:
        self._host, self._port = host, port
        self._metrics = metrics
        self._readiness = readiness
        self._runner: web.AppRunner | None = None

    async def start(self) -> int:
        """Start listening; return the port.

        Raises:
            UserError: the address is in use or not an address of this machine.
        """
        app = web.Application()
        app.add_routes(
            [
                web.get("/health", _serve_health),
                web.get("/ready", self._serve_readiness),
                web.get("/metrics", self._serve_metrics),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            raise UserError(
                f"cannot listen on {self._host}:{self._port}: {error.strerror}; set worker.port to a free port, or to "
                "0 to choose one"
            ) from None
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve_readiness(self, _: web.Request) -> web.Response:
        readiness = self._readiness()
        return web.Response(
            status=200 if readiness.ready else 503,
            body=msgspec.json.encode(readiness),
            content_type="application/json",
        )

    async def _serve_metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _serve_health(_: web.Request) -> web.Response:
    """Answer while the event loop runs: a restart could repair nothing else."""
    return web.Response(text="ok\n")
