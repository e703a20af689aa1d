"""Serve the liveness, readiness and metrics of a worker or a listener over HTTP."""

from collections.abc import Callable

import msgspec
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from streams.errors import UserError


class Readiness(msgspec.Struct, frozen=True):
    """The readiness of a process, with the reasons against it; those of a ready process concern its input."""

    ready: bool
    reasons: tuple[str, ...] = ()


class Web:
    """Serves `/health`, `/ready` and `/metrics`. Accepts only GET, reads no input, and shows no personal data.

    Args:
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        registry: the metrics.
        readiness: called for each request of `/ready`.
        setting: name of the port's setting, for an error.

    """

    def __init__(
        self,
        host: str,
        port: int,
        registry: CollectorRegistry,
        readiness: Callable[[], Readiness],
        setting: str = "worker.port",
    ) -> None:
        self._host, self._port = host, port
        self._registry = registry
        self._setting = setting
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
                f"cannot listen on {self._host}:{self._port}: {error.strerror}; set {self._setting} to a free port, or "
                "to 0 to choose one"
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
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _serve_health(_: web.Request) -> web.Response:
    """Answer while the event loop runs: a restart could repair nothing else."""
    return web.Response(text="ok\n")
